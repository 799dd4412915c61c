"""The going-live list as somebody reads it."""

import re
from datetime import timedelta

from central.catalogue.model import PerformanceDo
from central.catalogue.ops import CreateEvent
from central.organisation.mentions import SetMentions
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from shared.ids import Id
from tests.central.small_house import STARTS, new_id
from tests.central.web.screens.conftest import Browser


async def test_what_is_missing_stands_open_and_the_rest_is_folded(browser: Browser) -> None:
    """Of two dozen lines those are seen that want something; each of the others is one press away, and counted."""
    page = await browser.get(f"/admin/live?at={browser.house.season}")
    opened = re.sub(r"<details.*?</details>", "", page.text, flags=re.S)
    assert "is-done" not in opened and "is-optional" not in opened and opened.count('class="need ') < 8
    folded = re.findall(r'<details class="stretch".*?</details>', page.text, re.S)
    for each in folded:
        count = re.search(r'<b class="count">(\d+)</b></h2></summary>', each)
        assert count and each.count('class="need ') == int(count[1]) > 0
        assert "is-open" not in each
    assert len(folded) == 2
    done = re.search(r"(\d+) étapes faites", opened)
    assert done and f'Ce qui est fait <b class="count">{done[1]}</b>' in page.text, "one figure for one thing"


async def told(browser: Browser, command: object) -> Id:
    """The id of an act that took place, by who is signed in."""
    act = new_id()
    assert (await browser.door.execute(browser.me["now"].actor, command, act)).ok
    return act


def another(browser: Browser) -> CreateEvent:
    return CreateEvent(id=new_id(), context_id=browser.house.activity, code="E2", names={"fr": "Autre"}, vat_bp=210)


async def mentioned(browser: Browser) -> None:
    """What the law wants on a ticket: the only other thing that the house lacks."""
    said = {"address": "1 rue des Tilleuls", "siret": "73282932000074", "licence": "PLATESV-R-2026-000009"}
    await told(browser, SetMentions(context_id=browser.house.organiser, **said))


def banner(text: str) -> str:
    found = re.search(r'<p class="done".*?</p>', text, re.S)
    return found[0] if found else ""


async def test_a_sale_that_was_stopped_is_said_to_be_and_no_banner_opens_it(browser: Browser) -> None:
    """Before: *En vente – Configurer* in red on the house's page, and *Ensuite : En vente* after any act, which one
    press and a confirmation away undid what somebody had decided."""
    house = browser.house
    opens = f"/admin/do/change_sale?on={house.performance}&amp;do=open"
    suspended = await told(browser, ChangeSale(performance_id=house.performance, do=PerformanceDo.SUSPEND))
    event = another(browser)
    made = await told(browser, event)
    for act, path in ((suspended, f"/admin/e/performance/{house.performance}"), (made, f"/admin/e/event/{event.id}")):
        said = banner((await browser.get(f"{path}?done={act}")).text)
        assert "c’est fait" in said and opens not in said and "change_sale" not in said, said
    card = (await browser.get(f"/admin/live?panel=1&at={house.activity}")).text
    assert "is-next" not in card or "En vente" not in card
    page = (await browser.get(f"/admin/live?at={house.activity}")).text
    assert "La vente est suspendue" in page and opens in page and "c’est en vente." not in page


async def test_a_banner_leads_to_no_act_on_another_thing_nor_to_where_one_is(browser: Browser) -> None:
    house = browser.house
    await told(browser, ChangeSale(performance_id=house.performance, do=PerformanceDo.CANCEL))
    schedule = Schedule(STARTS, STARTS, STARTS + timedelta(hours=3), STARTS)
    draft = CreatePerformance(
        id=new_id(), event_id=house.event, logical_configuration_id=house.logical, price_grid_id=house.grid,
        schedule=schedule,
    )  # fmt: skip
    made = await told(browser, draft)
    event = another(browser)
    other = await told(browser, event)
    opens = f"/admin/do/change_sale?on={draft.id}&amp;do=open"
    mentions = f"/admin/do/set_mentions?on={house.organiser}"
    on_the_way = banner((await browser.get(f"/admin/e/event/{event.id}?at={house.activity}&done={other}")).text)
    assert mentions in on_the_way.replace("&amp;", "&"), "what the house lacks first"
    assert "Ensuite" not in banner((await browser.get(f"{mentions}&at={house.activity}&done={other}")).text)
    await mentioned(browser)
    own = banner((await browser.get(f"/admin/e/performance/{draft.id}?done={made}")).text)
    assert opens in own, "the one that was just made"
    for at in (f"/admin/e/event/{event.id}?at={house.activity}", f"/admin/e/event/{house.event}?at={house.activity}"):
        said = banner((await browser.get(f"{at}&done={other}")).text)
        assert "change_sale" not in said and "/admin/live?at=" in said, said


async def test_no_word_of_an_earlier_act_stands_above_a_refusal(browser: Browser) -> None:
    event = another(browser)
    made = await told(browser, event)
    path = f"/admin/e/event/new?done={made}"
    assert banner((await browser.get(path)).text)
    refused = await browser.send(path, await browser.get(path), names__fr="")
    assert refused.status == 422 and not banner(refused.text)
