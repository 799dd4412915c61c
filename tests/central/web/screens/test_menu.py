"""The menu has what one may open, what one may act in before what one may only read; the live page is offered to who
may see it, and never asks in a browser's own dialog."""

import re
from datetime import timedelta

import pytest

from central.access.model import AccessPrivilege
from central.kernel.actor import SYSTEM
from central.kernel.privileges import EVERYTHING, USUAL, UsualProfile
from central.organisation.model import OrganisationPrivilege
from central.programme.performances import CreatePerformance, Schedule
from tests.central.small_house import STARTS, new_id
from tests.central.web.screens.conftest import Browser, Page

HTML = {"Accept": "text/html,application/xhtml+xml"}


def rooms(text: str) -> list[tuple[str, str]]:
    """(word, address) of the bar's rooms."""
    bar = text[text.index('<nav class="rooms"') :].partition("</nav>")[0]
    return [(word, href) for href, word in re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', bar)]


def stands(text: str) -> tuple[list[str], list[str]]:
    """What one may act in, and what one may look up, in the room on show, as addresses without their context."""
    _, _, found = text.partition('<nav class="stands"')
    acts, _, read = found.partition("</nav>")[0].partition("<details")
    return _links(acts), _links(read)


def settings(text: str) -> list[str]:
    return _links(text[text.index('<details class="pop end me"') :].partition("</details>")[0])


async def menu(browser: Browser) -> tuple[list[str], list[str]]:
    """All that is offered, room by room: to act in, and to look up."""
    home = (await browser.get("/admin")).text
    acts: list[str] = []
    read: list[str] = []
    for _, href in rooms(home)[1:]:
        more = stands((await browser.get(href.replace("&amp;", "&"))).text)
        acts, read = acts + more[0], read + more[1]
    return acts, read + [each for each in settings(home) if each != "/me"]


def _links(part: str) -> list[str]:
    return [each.partition("?")[0] for each in re.findall(r'href="(/[^"]+)"', part) if "/admin/at/" not in each]


async def test_a_box_office_has_what_it_works_with(browser: Browser) -> None:
    browser.sign_in(browser.house.operator(*USUAL[UsualProfile.BOX_OFFICE]))
    page = await browser.get("/admin")
    acts, read = await menu(browser)
    assert {"/admin/e/performance", "/admin/e/sale_order"} <= {*acts}
    assert "/admin/e/site" in read and "/admin/e/site" not in acts
    assert not {"/api", "/admin/live", "/admin/audit", "/admin/operators/new"} & {*acts, *read}
    assert "/admin/live?panel" not in page, "the going-live list is for who sets the house up"
    for href in (*acts, *read):
        assert (await browser.get(f"{href}?at={browser.house.institution}")).status == 200, href


async def test_the_bar_has_rooms_of_work_in_their_order(browser: Browser) -> None:
    home = (await browser.get("/admin")).text
    assert [word for word, _ in rooms(home)] == [
        "Aujourd’hui", "Programme", "Places", "Prix", "Vente", "Commandes", "Argent", "Appareils",
    ]  # fmt: skip
    acts, read = await menu(browser)
    assert {"/admin/e/physical_configuration", "/admin/e/tariff", "/admin/e/event", "/admin/e/site"} <= {*acts}
    assert {"/admin/e/scan", "/admin/e/account", "/api", "/admin/e/operator", "/admin/audit"} <= {*read}
    assert settings(home)[-1] == "/api"


@pytest.mark.parametrize(
    ("path", "room"),
    [
        ("/admin", "Aujourd’hui"), ("/admin/e/performance", "Programme"), ("/admin/e/tariff", "Prix"),
        ("/admin/e/allocation", "Places"), ("/admin/e/order_line", "Commandes"), ("/admin/e/scan", "Appareils"),
        ("/admin/service/2026-11-21", "Aujourd’hui"), ("/admin/e/operator", ""), ("/admin/find?q=x", ""),
    ],
)  # fmt: skip
async def test_one_sees_in_which_room_one_is(browser: Browser, path: str, room: str) -> None:
    bar = (await browser.get(path)).text.partition('<nav class="rooms"')[2].partition("</nav>")[0]
    assert re.findall(r'aria-current="true">([^<]+)<', bar) == ([room] if room else [])


async def test_another_context_shows_the_same_list(browser: Browser) -> None:
    """Where it has one; from any other page, its working day."""
    season = browser.house.season
    same = f"/admin/e/performance?at={season}"
    for path, to in (("/admin/e/performance", same), ("/admin/audit", f"/admin/at/{season}")):
        tree = (await browser.get(path)).text.partition('id="tree"')[2].partition("</nav>")[0]
        assert f'href="{to}"' in tree, path


async def test_a_list_is_narrowed_by_its_states(browser: Browser) -> None:
    house = browser.house
    path = "/admin/e/performance"
    assert chips(await browser.get(path)) == [], "one state tells nothing apart"
    draft = CreatePerformance(
        id=new_id(), event_id=house.event, logical_configuration_id=house.logical, price_grid_id=house.grid,
        schedule=Schedule(STARTS, STARTS, STARTS + timedelta(hours=2), STARTS),
    )  # fmt: skip
    assert (await browser.door.execute(SYSTEM, draft, new_id())).ok
    assert chips(await browser.get(path)) == [("en préparation", "1", False), ("en vente", "1", False)]
    narrowed = await browser.get(f"{path}?is.state=draft")
    assert chips(narrowed) == [("en préparation", "1", True), ("en vente", "1", False)]
    assert draft.id in narrowed and house.performance not in narrowed
    again = narrowed.text.partition('class="states"')[2].partition("</nav>")[0]
    assert f'href="{path}?when=all"' in again, "and off again"


async def test_performances_are_those_to_come_the_next_first(browser: Browser) -> None:
    house, path = browser.house, "/admin/e/performance"
    made = []
    for days in (-30, 30, 2):
        starts = STARTS + timedelta(days=days)
        draft = CreatePerformance(
            id=new_id(), event_id=house.event, logical_configuration_id=house.logical, price_grid_id=house.grid,
            schedule=Schedule(starts, starts, starts + timedelta(hours=2), starts),
        )  # fmt: skip
        assert (await browser.door.execute(SYSTEM, draft, new_id())).ok
        made.append(draft.id)
    gone, late, soon = made
    assert rows(await browser.get(path)) == [house.performance, soon, late]
    assert rows(await browser.get(f"{path}?when=past")) == [gone]
    assert rows(await browser.get(f"{path}?when=all")) == [late, soon, house.performance, gone], "the last first"
    assert gone in rows(await browser.get(f"{path}?q=cyrano")), "who looks for something looks through all"
    assert gone in rows(await browser.get(f"{path}?is.event_id={house.event}"))
    assert rows(await browser.get(f"{path}?when=never")) == [house.performance, soon, late]
    shown = (await browser.get(f"{path}/export.csv?when=past")).text
    assert shown.count("Cyrano") == 1


def rows(page: Page) -> list[str]:
    return re.findall(r'<a class="open" href="/admin/e/performance/(\w+)"', page.text)


def chips(page: Page) -> list[tuple[str, str, bool]]:
    found = re.findall(
        r'<a class="chip" href="[^"]*"( aria-current[^>]*)?><span class="state \w+">([^<]+)</span> <b>([^<]+)</b>',
        page.text.partition('class="states"')[2],
    )
    return [(text, count, bool(now)) for now, text, count in found]


async def test_the_live_page_asks_within_the_session(browser: Browser) -> None:
    assert (await browser.get("/live", **HTML)).status == 200
    browser.sign_in(browser.house.operator(*USUAL[UsualProfile.BOX_OFFICE]))
    refused = await browser.get("/live", **HTML)
    assert refused.status == 403 and "Pas pour vous" in refused and "Retour à l’accueil" in refused
    assert "/live?performance" not in await browser.get("/admin"), "what cannot be opened is not offered"
    browser.me.clear()
    for accept in ("text/html", "text/event-stream"):
        path = "/live" if accept == "text/html" else "/live/news"
        async with browser.client.get(path, headers={"Accept": accept}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=" + path)
    async with browser.client.get("/live", headers={"Accept": "*/*"}) as program:
        assert program.status == 401 and program.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "privileges", [(EVERYTHING,), (AccessPrivilege.ACCESS_READ, OrganisationPrivilege.CONTEXT_READ)]
)
async def test_who_may_see_it_is_led_there(browser: Browser, privileges: tuple[str, ...]) -> None:
    browser.sign_in(browser.house.operator(*privileges, "catalogue"))
    assert f"/live?performance={browser.house.performance}" in await browser.get("/admin")


async def test_what_was_done_is_told_to_who_did_it_alone(browser: Browser) -> None:
    """An address with another's command in it says nothing of it."""
    path = f"/admin/e/seat_category/new?at={browser.house.institution}"
    made = await browser.send(path, await browser.get(path), names__fr="Loge", rank="8", code="L", colour="#123456")
    told = "c’est fait."
    assert "done=" in made.url and told in made and told in await browser.get(made.url)
    browser.sign_in(browser.house.operator(EVERYTHING))  # another one
    assert told not in await browser.get(made.url)


async def test_an_address_that_is_none_answers_in_the_readers_language(browser: Browser) -> None:
    """Before: `404: Not Found`, bare and in English."""
    page = await browser.get("/admin/anything", **HTML)
    assert page.status == 404 and "Introuvable" in page and "Retour à l’accueil" in page and 'class="rooms"' in page
    browser.sign_in(browser.house.operator(EVERYTHING), "de")
    assert "Zur Startseite" in await browser.get("/nothing/here", **HTML)
    browser.me.clear()
    stranger = await browser.get("/anything", **HTML, **{"Accept-Language": "es"})
    assert stranger.status == 404 and 'lang="es"' in stranger and 'class="rooms"' not in stranger
    for path, headers in (("/api/v1/anything", HTML), ("/static/none.css", HTML), ("/anything", {"Accept": "*/*"})):
        assert "<html" not in await browser.get(path, **headers), path
