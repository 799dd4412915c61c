"""The menu has what one may open, what one may act in before what one may only read; the live page is offered to who
may see it, and never asks in a browser's own dialog."""

import re

import pytest

from central.access.model import AccessPrivilege
from central.kernel.privileges import EVERYTHING, USUAL, UsualProfile
from central.organisation.model import OrganisationPrivilege
from tests.central.web.screens.conftest import Browser

HTML = {"Accept": "text/html,application/xhtml+xml"}


def menu(text: str) -> tuple[list[str], list[str]]:
    """What one may act in, and what one may look up, as addresses without their context."""
    tree = text[text.index('<nav class="tree"') : text.index("</nav>", text.index('<nav class="tree"'))]
    stands, _, read = tree[tree.index('class="stands"') :].partition("<details")
    return _links(stands), _links(read.partition("</details>")[0])


def _links(part: str) -> list[str]:
    return [each.partition("?")[0] for each in re.findall(r'href="(/[^"]+)"', part) if "/admin/at/" not in each]


async def test_a_box_office_has_what_it_works_with(browser: Browser) -> None:
    browser.sign_in(browser.house.operator(*USUAL[UsualProfile.BOX_OFFICE]))
    page = await browser.get("/admin")
    acts, read = menu(page.text)
    assert {"/admin/e/performance", "/admin/e/sale_order"} <= {*acts}
    assert "/admin/e/site" in read and "/admin/e/site" not in acts
    assert not {"/api", "/admin/live", "/admin/audit", "/admin/operators/new"} & {*acts, *read}
    assert "/admin/live?panel" not in page, "the going-live list is for who sets the house up"
    for href in (*acts, *read):
        assert (await browser.get(f"{href}?at={browser.house.institution}")).status == 200, href


async def test_who_may_everything_finds_drawn_halls_and_the_api_behind_its_work(browser: Browser) -> None:
    acts, read = menu((await browser.get("/admin")).text)
    assert "/admin/e/physical_configuration" in acts
    assert acts.index("/admin/e/event") < acts.index("/admin/e/tariff") < acts.index("/admin/e/site")
    assert acts[-1] == "/api" and acts.index("/admin/e/operator") < acts.index("/admin/audit")
    assert "/admin/e/scan" in read and "/admin/e/account" in read


async def test_the_live_page_asks_within_the_session(browser: Browser) -> None:
    assert (await browser.get("/live", **HTML)).status == 200
    browser.sign_in(browser.house.operator(*USUAL[UsualProfile.BOX_OFFICE]))
    refused = await browser.get("/live", **HTML)
    assert refused.status == 403 and "Pas pour vous" in refused and "Retour à la maison" in refused
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


async def test_an_address_that_is_none_answers_in_the_readers_language(browser: Browser) -> None:
    """Before: `404: Not Found`, bare and in English."""
    page = await browser.get("/admin/anything", **HTML)
    assert page.status == 404 and "Introuvable" in page and "Retour à la maison" in page and 'class="tree"' in page
    browser.sign_in(browser.house.operator(EVERYTHING), "de")
    assert "Zurück zum Haus" in await browser.get("/nothing/here", **HTML)
    browser.me.clear()
    stranger = await browser.get("/anything", **HTML, **{"Accept-Language": "es"})
    assert stranger.status == 404 and 'lang="es"' in stranger and 'class="tree"' not in stranger
    for path, headers in (("/api/v1/anything", HTML), ("/static/none.css", HTML), ("/anything", {"Accept": "*/*"})):
        assert "<html" not in await browser.get(path, **headers), path
