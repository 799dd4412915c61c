"""A profile's rights are boxes: every right once, in words; what somebody may not give stays as it is."""

from urllib.parse import urlsplit

import pytest

import central.areas  # noqa: F401 - what they declare
from central.kernel.privileges import EVERYTHING, nodes
from central.kernel.registry import privileges
from central.web.screens.rights import RightBox, RightBoxes, right_boxes, without_covered
from central.web.texts import texts
from shared.languages import LANGUAGES
from tests.central.web.screens.conftest import Browser
from tests.central.web.screens.test_flows import done, value

NEW, HELD = "/admin/e/operator_profile/new", "SELECT privileges FROM operator_profile WHERE id = :id"


def leaves(boxes: RightBoxes) -> list[RightBox]:
    return [
        box
        for module in boxes.modules
        for screen in module.screens
        for box in (*screen.five, *screen.apart)
        if box is not None
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_right_there_is_stands_there_once_in_words(language: str) -> None:
    boxes = right_boxes(texts(language), (), lambda _: True, stored=True)
    assert sorted(box.node for box in leaves(boxes)) == privileges()
    wholes = [module.whole for module in boxes.modules] + [s.whole for m in boxes.modules for s in m.screens]
    t = texts(language)
    for box in wholes:
        assert box.text == t.known(f"privilege:{box.node}"), box.node
    for box in leaves(boxes):
        assert box.text == t.known(f"privilege:{box.node}", f"action:{box.node.rpartition('.')[2]}"), box.node


@pytest.mark.parametrize(
    "held, may, ticked, through, shut",
    [
        ({"venues"}, {"*"}, {"venues", "venues.venue", "venues.venue.read"}, {"venues.venue.read"}, set()),
        ({"venues.venue"}, {"*"}, {"venues.venue.read"}, {"venues.venue.read"}, set()),
        ({"venues.venue.read"}, {"venues.venue.read"}, {"venues.venue.read"}, set(), {"venues.venue.modify", "orders"}),
        ({"venues.venue.read", "orders"}, {"venues"}, {"orders"}, set(), {"venues.venue.read", "orders", "*"}),
    ],
)
def test_a_box_says_what_is_held_and_through_what(
    held: set[str], may: set[str], ticked: set[str], through: set[str], shut: set[str]
) -> None:
    boxes = right_boxes(texts("fr"), held, lambda node: not may.isdisjoint(nodes(node)), stored=True)
    found = {box.node: box for box in leaves(boxes)} | {EVERYTHING: boxes.everything}
    for module in boxes.modules:
        found |= {module.whole.node: module.whole} | {screen.whole.node: screen.whole for screen in module.screens}
    assert {node for node in ticked if not found[node].ticked} == set()
    assert {node for node in through if not found[node].through} == set()
    assert {node for node in shut if not found[node].shut} == set()
    assert bool(boxes.kept) == ("orders" in held)


def test_a_branch_is_enough() -> None:
    assert without_covered(["venues.venue.read", "venues", "orders.order.create"]) == ["orders.order.create", "venues"]
    assert without_covered(["orders", EVERYTHING]) == [EVERYTHING]


async def test_a_profile_is_ticked_and_changed(browser: Browser) -> None:
    form = await browser.get(f"{NEW}?at={browser.house.institution}")
    assert "<textarea" not in form.text.partition('id="f-privileges"')[2].partition("</fieldset>")[0]
    made = await browser.send(NEW, form, code="DESK", names__fr="Guichet", privileges=["venues", "orders.order.create"])
    assert done(made), made.text
    assert "Commandes › " in made
    profile = urlsplit(made.url).path.rpartition("/")[2]
    path = f"/admin/e/operator_profile/{profile}/edit"
    edit = await browser.get(path)
    assert edit.inputs["privileges"] == ["orders.order.create", "venues"]  # what hangs on a branch is not sent with it
    log = await value(browser, "SELECT COUNT(*) FROM command_log")
    await browser.send(path, edit)
    assert await value(browser, "SELECT COUNT(*) FROM command_log") == log
    assert done(await browser.send(path, edit, privileges=["venues.venue.read"]))
    assert await value(browser, HELD, id=profile) == '["venues.venue.read"]'


async def test_what_one_may_not_give_stays_and_is_said(browser: Browser) -> None:
    form = await browser.get(f"{NEW}?at={browser.house.institution}")
    made = await browser.send(NEW, form, code="ALL", names__fr="Tout", privileges=["venues.venue", "ledger"])
    profile = urlsplit(made.url).path.rpartition("/")[2]
    path = f"/admin/e/operator_profile/{profile}/edit"
    browser.sign_in(browser.house.operator("organisation.profile", "venues"))
    edit = await browser.get(path)
    assert "droits que vous n’avez pas" in edit
    assert done(await browser.send(path, edit, names__fr="Tout à fait"))
    assert await value(browser, HELD, id=profile) == '["ledger","venues.venue"]'
    forged = await browser.send(path, await browser.get(path), privileges=["venues.venue"])
    assert forged.status == 422
    assert 'id="f-privileges-fault1"' in forged
    assert await value(browser, HELD, id=profile) == '["ledger","venues.venue"]'
