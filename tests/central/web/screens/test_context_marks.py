"""Contexts of one name say which they are, where one chooses them and in crumbs."""

import pytest

from central.kernel.contexts import Context, ContextKind
from central.kernel.crud import command_of
from central.kernel.privileges import Action
from central.organisation.operator_view import contexts_with
from central.web.context_marks import context_marks
from central.web.texts import texts
from shared.ids import Id
from tests.central.small_house import new_id
from tests.central.web.screens.conftest import Browser

INSTITUTION, ORGANISER, SEASON, ACTIVITY = ContextKind


def tree(*lines: tuple[str, str, ContextKind, str, str]) -> list[Context]:
    """(id, parent, kind, code, name)."""
    return [
        Context(
            id=Id(own), parent_id=Id(above) if above else None, kind=kind, code=code, names={"fr": name}, settings={}
        )
        for own, above, kind, code, name in lines
    ]


@pytest.mark.parametrize(
    "below, marks",
    [
        ([("o", "i", ORGANISER, "ORMES", "Théâtre des Ormes")], {"i": " (institution)", "o": " (organisateur)"}),
        ([("o", "i", ORGANISER, "ORMES", "théâtre des ormes")], {"i": " (institution)", "o": " (organisateur)"}),
        ([("o", "i", ORGANISER, "CIE", "Compagnie")], {}),
        (
            [
                ("o", "i", ORGANISER, "A", "Compagnie A"), ("p", "i", ORGANISER, "B", "Compagnie B"),
                ("s", "o", SEASON, "S26", "2026–27"), ("t", "p", SEASON, "S26", "2026–27"),
            ],
            {"s": " (Compagnie A)", "t": " (Compagnie B)"},
        ),
        (
            [
                ("o", "i", ORGANISER, "A", "Compagnie"),
                ("s", "o", SEASON, "S1", "2026–27"), ("t", "o", SEASON, "S2", "2026–27"),
                ("u", "s", ACTIVITY, "X", "2026–27"),
            ],
            {"s": " (S1)", "t": " (S2)", "u": " (activité)"},
        ),
    ],
)  # fmt: skip
def test_what_tells_namesakes_apart(below: list[tuple[str, str, ContextKind, str, str]], marks: dict[str, str]) -> None:
    assert context_marks(texts("fr"), tree(("i", "", INSTITUTION, "ORMES", "Théâtre des Ormes"), *below)) == marks


async def test_a_choice_and_the_crumbs_say_which(browser: Browser) -> None:
    house = browser.house
    name = {"fr": "La maison"}
    reply = await browser.door.execute(
        browser.me["now"].actor, command_of(Action.MODIFY, Context)(id=house.organiser, set={"names": name}), new_id()
    )
    assert reply.ok, reply.outcome
    form = await browser.get(f"/admin/e/tariff/new?at={house.season}")
    assert ">La maison (institution)</option>" in form
    assert ">La maison (organisateur)</option>" in form
    assert form.inputs["context_id"] == [house.season]
    page = (await browser.get(f"/admin/e/event/{house.event}")).text
    crumbs = page.partition('<p class="crumb">')[2].partition("</p>")[0]
    assert (
        crumbs.index("La maison (institution)") < crumbs.index("La maison (organisateur)") < crumbs.index("Saison 26")
    )
    ways = await browser.door.read(
        browser.me["now"].actor, lambda read: contexts_with(read, texts("fr"), "organisation.operator.create")
    )
    assert (house.season, "La maison (institution) › La maison (organisateur) › Saison 26") in ways


async def test_a_new_thing_stands_where_the_tree_stands(browser: Browser) -> None:
    house = browser.house
    for path, at in (
        (f"/admin/e/site/new?at={house.organiser}", house.organiser),
        ("/admin/e/site/new", house.institution),
        (f"/admin/e/context/new?at={house.season}&kind=activity", house.season),
    ):
        form = await browser.get(path)
        assert (form.inputs.get("context_id") or form.inputs["parent_id"]) == [at], path
    related = await browser.get(f"/admin/e/event/{house.event}")
    assert f"/admin/e/performance/new?event_id={house.event}&amp;at={house.activity}" in related
    browser.sign_in(house.operator("venues", "pricing", at=house.organiser))  # nothing is theirs to make at the top
    assert "context_id" not in (await browser.get("/admin/e/site/new")).inputs
