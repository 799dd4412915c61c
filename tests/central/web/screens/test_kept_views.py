"""Lists that somebody finds again as they left them: their own, bounded, and gone with them."""

import html
import re

import pytest

from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.organisation.list_views import DropListView, KeepListView, NoView, views_of
from central.organisation.model import NoSignIn
from central.web.kept_views import MOST_VIEWS, worth_keeping
from shared.ids import Id, derived_id
from shared.outcome import Refused
from tests.central.small_house import new_id
from tests.central.web.screens.conftest import Browser, Page

LIST = "/admin/e/tariff"
AN_ID = derived_id("test", "a season")


async def kept(browser: Browser) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = await browser.door.read(
        SYSTEM, lambda read: read.run("SELECT operator_id, entity, name, query FROM list_view ORDER BY name")
    )
    return found


async def keep(browser: Browser, name: str, query: str) -> Page:
    return await browser.post("/admin/views", [("entity", "tariff"), ("name", name), ("query", query)])


def field(page: Page, name: str) -> str:
    """The value of the first hidden field of that name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


async def test_a_list_is_kept_as_it_is_seen_and_found_again(browser: Browser) -> None:
    page = await browser.get(f"{LIST}?sort=-rank&col=code&q=Dupont&after=x")
    query = field(page, "query")
    assert query == "sort=-rank&col=code", "neither the page nor what was typed"
    said = await keep(browser, "  Par   <b>rang</b> ", query)
    assert said.url == f"{LIST}?{query}"
    assert [row[1:] for row in await kept(browser)] == [("tariff", "Par <b>rang</b>", query)]
    again = await browser.get(LIST)
    assert "<b>rang" not in again.text and f'href="{LIST}?sort=-rank&amp;col=code"' in again.text
    there = await browser.get(f"{LIST}?{query}")
    assert re.search(r'aria-current="page"[^>]*><bdi>Par &lt;b&gt;rang', there.text)
    assert 'data-rows-of="tariff"' in there.text and there.text.count('<th scope="col"') == 1
    await keep(browser, "par <b>RANG</b>", "sort=code")
    assert [row[2:] for row in await kept(browser)] == [("par <b>RANG</b>", "sort=code")], "of one name the newer"
    await browser.post("/admin/views/drop", [("entity", "tariff"), ("view_id", field(again, "view_id"))])
    assert await kept(browser) == []


async def test_a_list_has_so_many_views_and_says_so(browser: Browser) -> None:
    for n in range(MOST_VIEWS):
        await keep(browser, f"Vue {n:02}", "sort=code")
    await keep(browser, "Une de trop", "sort=code")
    full = await browser.get(LIST)
    assert len(await kept(browser)) == MOST_VIEWS and "Une de trop" not in full.text
    assert f"{MOST_VIEWS} vues au plus" in full.text and 'form="keep-view"' not in full.text
    await keep(browser, "Vue 03", "sort=rank")
    assert ("Vue 03", "sort=rank") in [row[2:] for row in await kept(browser)], "one that is there is replaced still"


async def test_a_view_is_its_keepers_alone_and_of_a_list_that_is(browser: Browser) -> None:
    await keep(browser, "La mienne", "sort=code")
    (own,) = await kept(browser)
    view = Id(field(await browser.get(LIST), "view_id"))
    stranger = Actor(ActorKind.OPERATOR, new_id(), ())
    dropped = await browser.door.execute(stranger, DropListView(view_id=view), new_id())
    assert dropped.ok and await kept(browser) == [own], "somebody else's is not there for them"
    for who, command, why in (
        (stranger, KeepListView(entity="nothing", name="A", query=""), NoView.NO_SUCH_LIST),
        (SYSTEM, KeepListView(entity="tariff", name="A", query=""), NoSignIn.UNKNOWN),
        (SYSTEM, DropListView(view_id=view), NoSignIn.UNKNOWN),
    ):
        said = (await browser.door.execute(who, command, new_id())).outcome
        assert isinstance(said, Refused) and said.reason == why
    assert await browser.door.read(SYSTEM, lambda read: views_of(read, stranger.id, "tariff")) == []


async def test_what_was_typed_is_kept_by_no_way(browser: Browser) -> None:
    """Not by the page, and not by whoever gives the command: of values those that are chosen."""
    said = await browser.post(
        "/admin/views", [("entity", "tariff"), ("name", "A"), ("query", "&".join(f"x{n}=1" for n in range(400)))]
    )
    assert said.status == 200 and [row[3] for row in await kept(browser)] == [""]
    own = Actor(ActorKind.OPERATOR, new_id(), ())
    typed = "is.email=paul%40secret.example&q=Paul&is.kind=person&sort=name"
    assert (await browser.door.execute(own, KeepListView(entity="operator", name="P", query=typed), new_id())).ok
    assert (await kept(browser))[-1][3] == "is.kind=person&sort=name"
    bodies = await browser.door.read(
        SYSTEM, lambda read: read.run("SELECT body FROM command_log WHERE name = 'keep_list_view'")
    )
    assert bodies and not [body for (body,) in bodies if "paul" in body.casefold()]


@pytest.mark.parametrize(
    "query, want",
    [
        ("q=Dupont&after=1&before=2&done=3&sort=code", "sort=code"),
        ("is.state=on_sale&when=all", "is.state=on_sale&when=all"),
        (f"at={AN_ID}&col=code.names", f"at={AN_ID}&col=code.names"), ("at=X&col=a.b", ""), ("", ""),
        ("sort=%22%3E%3Cscript%3E", ""), ("is.proof=true", "is.proof=true"), ("is.code=Dupont", ""),
        (f"is.context_id={AN_ID}", f"is.context_id={AN_ID}"), ("is.context_id=Dupont", ""),
    ],
)  # fmt: skip
def test_of_an_address_a_view_is_how_the_list_is_seen(query: str, want: str) -> None:
    assert worth_keeping("performance" if "state" in query else "tariff", query) == want
