"""In a house of thousands of contexts a page shows the way to where one is and a little beside it; every other one is
found by its name, or page by page, and by nobody who holds no right there."""

import re
from typing import Any

import pytest

from central.kernel.contexts import ContextKind
from central.kernel.db import Row
from central.kernel.privileges import EVERYTHING
from central.kernel.tx import Read
from central.organisation.ops import CreateContext
from central.web import branches
from central.web.branches import MOST_BESIDE, Branch, contexts_found, seen_branch, tree, way_to
from shared.ids import Id
from tests.central.small_house import Clerk, House, new_id
from tests.central.web.screens.conftest import Browser, browser

__all__ = ["browser"]  # a fixture
MANY = 55


def made(clerk: Clerk, house: House, kind: ContextKind, under: Id, code: str, name: str = "") -> Id:
    own = new_id()
    names = {"fr": name or f"Saison {code}"}
    clerk.do(CreateContext(id=own, context_id=under, kind=kind, code=code, names=names, settings={}))
    return own


@pytest.fixture
def large(clerk: Clerk, house: House, monkeypatch: pytest.MonkeyPatch) -> tuple[Id, list[Id]]:
    """Another organiser with many seasons."""
    monkeypatch.setattr(branches, "SMALL", 20)
    theirs = made(clerk, house, ContextKind.ORGANISER, house.institution, "B", "Les Voisins")
    return theirs, [made(clerk, house, ContextKind.SEASON, theirs, f"S{n:03}") for n in range(MANY)]


def look(clerk: Clerk, house: House, at: Id | None = None) -> Read:
    return Read(clerk.db, house.operator(EVERYTHING, at=at or house.institution), clerk.watch(), clerk.door.keys)


def ids(shown: tuple[Branch, ...]) -> set[str]:
    return {each.id for root in shown for each in root.all()}


def test_a_large_house_shows_the_way_and_a_little_beside_it(
    clerk: Clerk, house: House, large: tuple[Id, list[Id]]
) -> None:
    theirs, seasons = large
    read = look(clerk, house)
    for at in (house.institution, theirs, seasons[0], seasons[-1], house.activity):
        shown = tree(read, at)
        assert {each.id for each in way_to(read, at)} <= ids(shown)
        assert all(len(each.children) <= MOST_BESIDE + 1 for root in shown for each in root.all())
    assert seasons[0] not in ids(tree(read, house.institution))
    assert [each.id for root in tree(read, theirs) for each in root.all() if each.more] == [theirs]


def test_a_context_above_is_asked_for_once_a_look(
    clerk: Clerk, house: House, large: tuple[Id, list[Id]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before: once for each level of each way of each part of a page."""
    asked, one = list[str](), Read.one

    def counted(read: Read, sql: str, /, **params: Any) -> Row | None:
        asked.extend([params["id"]] if "SELECT parent_id FROM context" in sql else [])
        return one(read, sql, **params)

    monkeypatch.setattr(Read, "one", counted)
    read = look(clerk, house, house.organiser)
    for at in (house.organiser, house.season, house.activity, house.season):
        tree(read, at)
        way_to(read, at)
    assert sorted(asked) == sorted({house.institution, house.organiser, house.season, house.activity})


def test_a_small_one_shows_all(clerk: Clerk, house: House) -> None:
    shown = ids(tree(look(clerk, house), house.institution))
    assert shown == {row[0] for row in clerk.rows("SELECT id FROM context")}


def test_all_are_found_page_by_page_and_by_name(clerk: Clerk, house: House, large: tuple[Id, list[Id]]) -> None:
    theirs, seasons = large
    read, found, after = look(clerk, house), list[str](), ""
    for _ in range(3):
        page = contexts_found(read, "", theirs, after)
        found, after = [*found, *(each.id for each in page.rows)], page.after
        if not after:
            break
    assert found == seasons, "in the order of their codes, each once"
    assert [each.id for each in contexts_found(read, "saison s017", "", "").rows] == [seasons[17]]
    assert [each.id for each in contexts_found(read, "voisins", "", "").rows] == [theirs]
    assert contexts_found(read, "%zz", "", "").rows == ()


def test_nobody_finds_what_they_hold_no_right_in(clerk: Clerk, house: House, large: tuple[Id, list[Id]]) -> None:
    theirs, seasons = large
    read = look(clerk, house, seasons[3])
    assert ids(tree(read, seasons[3])) == {house.institution, theirs, seasons[3]} == ids(tree(read, seasons[4]))
    assert {each.id for each in contexts_found(read, "", "", "").rows} == {house.institution, theirs, seasons[3]}
    assert [each.id for each in contexts_found(read, "", theirs, "").rows] == [seasons[3]]
    assert contexts_found(read, "saison s004", "", "").rows == ()
    assert seen_branch(read, seasons[4]) is None and seen_branch(read, "nonsense") is None
    nobody: Any = Read(clerk.db, house.operator(), clerk.watch(), clerk.door.keys)
    assert tree(nobody) == () and contexts_found(nobody, "", "", "").rows == () and seen_branch(nobody, "") is None


async def test_the_page_leads_to_the_same_list_there(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches, "SMALL", 1)
    monkeypatch.setattr(branches, "MOST_FOUND", 2)
    house = browser.house
    home = await browser.get("/admin/e/tariff")
    assert 'id="tree"' in home
    page = await browser.get("/admin/where?of=tariff")
    assert page.status == 200 and f'href="/admin/e/tariff?at={house.institution}"' in page
    following = re.search(r'href="(/admin/where\?[^"]+after=[^"]+)"', page.text)
    assert following
    more = await browser.get(following.group(1).replace("&amp;", "&"))
    assert more.status == 200 and "tariff?at=" in more
    for path in (
        "/admin/where?q=zzz",
        "/admin/where?under=nonsense&of=nothing&after=x",
        f"/admin/where?under={house.season}",
    ):
        assert (await browser.get(path)).status == 200, path
