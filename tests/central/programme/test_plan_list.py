"""A plan as a list, a page at a time and without a script: what is ticked stays ticked from page to page, whatever is
done with it finds all of it, and a page is no larger because the hall is."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.programme import plan_list
from central.programme.plan_list import MOST_KEPT, MOST_RUNS, Run, beside, holds, joined, page_of
from central.venues.model import VenuesPrivilege
from tests.central.small_house import House
from tests.central.web.screens.conftest import Browser, Page, browser

__all__ = ["browser"]  # a fixture
PLACES, HALL = 8, 20
SEAT = re.compile(r'<input type="checkbox" name="seat" value="(\w+)" form="plan-acts"( checked)?>')
ROW_BOX = re.compile(r'name="row" value="([^"]+)" form="plan-acts"( checked)?>')


@pytest.fixture
def large(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """The small hall, two rows of ten, with pages that are smaller still: A1 to A8, A9 to B6, B7 to B10."""
    monkeypatch.setattr(plan_list, "PLACES", PLACES)
    return browser


def base(house: House, target: str = "performance") -> str:
    here = {"performance": house.performance, "logical": house.logical, "physical": house.physical}[target]
    return f"/admin/plan/{target}/{here}"


def seats_of(page: Page) -> list[str]:
    return [seat for seat, _ in SEAT.findall(page.text)]


def ticked(page: Page) -> list[str]:
    """What the browser would send of the places of this page."""
    return [seat for seat, on in SEAT.findall(page.text) if on]


class _Form(HTMLParser):
    """The fields of the form with this id, wherever on the page they stand, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sent: list[tuple[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = said.get("id") == "plan-acts"
        ours = said.get("form") == "plan-acts" or (self._inside and "form" not in said)
        ticked = said.get("type") not in ("checkbox", "radio") or "checked" in said
        if tag == "input" and ours and ticked and said["name"] != "_csrf":
            self.sent.append((said["name"], said.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def sent(page: Page, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """With more ticked, and with texts and choices that are other ones."""
    form = _Form()
    form.feed(page.text)
    once = {name for name, _ in more} & {"why", "act", "contingent_id"}
    return [*(pair for pair in form.sent if pair[0] not in once), *more]


def said(page: Page, name: str) -> list[str]:
    return [value for each, value in sent(page) if each == name]


async def went(browser: Browser, page: Page, to: int, *more: tuple[str, str], target: str = "performance") -> Page:
    return await browser.post(f"{base(browser.house, target)}/list", [*sent(page, *more), ("page", str(to))])


@pytest.mark.parametrize("target", ["physical", "logical", "performance"])
async def test_every_place_is_on_one_page_and_no_page_has_more_than_its_share(large: Browser, target: str) -> None:
    here = base(large.house, target)
    found: list[str] = []
    for n in range(1, 4):
        page = await large.get(f"{here}?view=list&page={n}")
        assert f"Page {n} sur 3" in page
        assert 0 < len(seats_of(page)) <= PLACES
        found += seats_of(page)
    assert found == list(large.house.seats)
    assert seats_of(await large.get(f"{here}?view=list&page=9")) == found[2 * PLACES :], "the last one"
    assert seats_of(await large.get(f"{here}?view=list&page=0")) == found[:PLACES]


async def test_a_row_that_goes_over_the_edge_says_how_much_of_it_is_here(large: Browser) -> None:
    page = await large.get(f"{base(large.house)}?view=list")
    assert "Rang A · 8 places sur 10" in page
    assert f"Parterre · {HALL} places" in page
    assert "Rang B · 4 places sur 10" in await large.get(f"{base(large.house)}?view=list&page=3")


async def test_who_may_only_look_goes_by_links(large: Browser) -> None:
    large.sign_in(large.house.operator(VenuesPrivilege.VENUE_READ))
    page = await large.get(f"{base(large.house)}?view=list&page=2")
    assert f'<a rel="prev" href="{base(large.house)}?view=list&amp;page=1">' in page
    assert f'<a rel="next" href="{base(large.house)}?view=list&amp;page=3">' in page
    assert "/list" not in page.text.split("<main")[1]


async def test_what_is_ticked_stays_from_page_to_page_and_is_acted_on_together(large: Browser) -> None:
    house = large.house
    first = await large.get(f"{base(house)}?view=list")
    zone = ROW_BOX.findall(first.text)[0][0].partition("|")[0]
    third = await went(
        large, first, 3, *(("seat", seat) for seat in house.seats[:3]), ("row", f"{zone}|A"), ("act", "block"),
        ("why", "caméra"),
    )  # fmt: skip
    assert ticked(third) == [], "nothing of this page"
    assert "Aussi cochées, sur d’autres pages\u202f: 3 places, Parterre A ·" in third
    assert 'value="caméra"' in third and '<option value="block" selected>' in third, "what was said beside"
    second = await went(large, third, 2, *(("seat", seat) for seat in house.seats[16:18]))
    assert (f"{zone}|A", " checked") in ROW_BOX.findall(second.text), "its other end is here"
    assert "sur d’autres pages\u202f: 5 places ·" in second
    back = await went(large, second, 1)
    assert ticked(back) == list(house.seats[:3]) and (f"{zone}|A", " checked") in ROW_BOX.findall(back.text)
    assert "sur d’autres pages\u202f: 2 places ·" in back
    left = [pair for pair in sent(back) if pair != ("seat", house.seats[0]) and pair[0] != "row"]
    would = await large.post(f"{base(house)}/act", [*left, ("act", "block"), ("dry_run", "1")])
    assert "4 places changeraient" in would
    assert ticked(would) == list(house.seats[1:3]), "what was tried is still ticked"
    done = await large.post(f"{base(house)}/act", [*sent(would), ("act", "block")])
    assert "4 places changées" in done
    assert ticked(done) == [] and said(done, "runs") == [], "what was done is not"
    assert said(done, "shown") == ["1"]
    blocked = await large.door.read(
        large.me["now"].actor, lambda read: read.run("SELECT seat_id FROM place WHERE blocked <> ''")
    )
    assert {seat for (seat,) in blocked} == {*house.seats[1:3], *house.seats[16:18]}


async def test_what_was_refused_is_still_ticked(large: Browser) -> None:
    page = await large.get(f"{base(large.house)}?view=list")
    first = await went(large, page, 1, ("seat", large.house.seats[0]))
    refused = await large.post(f"{base(large.house)}/act", [*sent(first), ("act", "block")])
    assert 'class="plan-refused"' in refused and ticked(refused) == [large.house.seats[0]]


async def test_a_zone_ticked_on_one_page_is_ticked_on_each_of_its_pages(large: Browser) -> None:
    first = await large.get(f"{base(large.house)}?view=list")
    zone = ROW_BOX.findall(first.text)[0][0].partition("|")[0]
    third = await went(large, first, 3, ("zone", zone))
    assert f'name="zone" value="{zone}" form="plan-acts" checked' in third
    done = await large.post(f"{base(large.house)}/act", sent(third, ("act", "block"), ("why", "x")))
    assert f"{HALL} places changées" in done
    assert said(done, "shown") == ["3"], "where one was"


async def test_a_zone_is_gone_to_by_its_name(large: Browser) -> None:
    page = await large.get(f"{base(large.house)}?view=list")
    there = await large.post(f"{base(large.house)}/list", [*sent(page), ("to", "2"), ("jump", "1")])
    assert "Page 2 sur 3" in there


async def test_counted_zones_are_a_page_at_a_time_and_what_was_said_of_them_stays(
    large: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_list, "SHARES", 1)
    house = large.house
    page = await large.get(f"{base(house)}?view=list")
    (count,) = [name for name, _ in sent(page) if name.startswith("count:")]
    second = await large.post(f"{base(house)}/list", [(count, "4"), ("page", "2")])
    assert said(second, count) == ["4"] and "4 places ·" in second, "carried along"
    back = await went(large, second, 1)
    assert said(back, count) == ["4"] and "sur d’autres pages" not in back
    done = await large.post(f"{base(house)}/act", sent(second, ("act", "block"), ("why", "x")))
    assert "4 places changées" in done


@pytest.mark.parametrize(
    "pairs",
    [
        [("runs", str([[2 * n, 1] for n in range(MOST_RUNS + 1)]))],
        [("row", f"z|{n}") for n in range(MOST_KEPT + 1)],
        [("zone", str(n)) for n in range(MOST_KEPT + 1)],
        [(f"count:{n}:", "1") for n in range(MOST_KEPT + 1)],
        [("seat", f"{n:026}") for n in range(MOST_KEPT + 1)],
    ],
    ids=["runs", "rows", "zones", "counts", "seats"],
)
async def test_no_page_carries_more_than_its_bound(large: Browser, pairs: list[tuple[str, str]]) -> None:
    page = await large.post(f"{base(large.house)}/list", [*pairs, ("page", "2")])
    assert page.status == 200 and "Trop de choses étaient cochées" in page
    assert {"runs", "zone", "row", "seat"} & {name for name, _ in sent(page)} == set() and len(page.text) < 100_000


@pytest.mark.parametrize("to", ["list", "act"])
async def test_what_is_no_place_is_carried_nowhere(large: Browser, to: str) -> None:
    """A number that no JSON holds, or that is none, is said back as little as it is acted on."""
    for runs in ("[[1e308,1]]", f"[[{10**22},1]]", "[[0,1e308]]", f"[[0,{2**63}]]", "[[true,1]]", '{"ab":1}', "5"):
        page = await large.post(f"{base(large.house)}/{to}", [("runs", runs), ("page", "1"), ("act", "block")])
        assert page.status == 200, runs
        assert said(page, "runs") in ([], ["[]"], [""]), runs


@pytest.mark.parametrize(
    "said, page", [("2", 2), ("", 1), ("0", 1), ("-1", 1), ("²", 1), ("9" * 30, 1), ("1e3", 1), ("٢", 1)]
)
def test_the_page_that_is_named(said: str, page: int) -> None:
    assert page_of(said) == page


RUNS = st.lists(st.tuples(st.integers(-2, 40), st.integers(-1, 12)), max_size=8)


def positions(runs: list[Run]) -> set[int]:
    return {at for first, count in runs if first >= 0 for at in range(first, first + count)}


@given(RUNS, st.integers(0, 30), st.integers(1, 12))
def test_stretches_are_the_positions_that_they_name(runs: list[Run], first: int, count: int) -> None:
    whole = joined(runs)
    assert positions(whole) == positions(runs)
    assert all(a + n < b for (a, n), (b, _) in pairwise(whole)), "as few as there can be"
    here = set(range(first, first + count))
    assert holds(whole, first, count) == positions(runs) & here
    assert positions(beside(whole, first, count)) == positions(runs) - here
