"""Slips of a newcomer at the screens: each is refused where it was made, or said, before it costs an evening."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from central.catalogue.model import Performance
from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind
from central.kernel.crud import NoChange
from central.kernel.house_settings import DECLARED
from central.kernel.privileges import EVERYTHING
from central.kernel.tx import Read
from central.organisation.ops import CreateContext
from central.pricing.ops import CreatePriceGrid
from central.programme.performances import CreatePerformance, Schedule
from central.web.screens.changes import changed_to
from central.web.texts import texts
from shared.ids import Id
from shared.languages import LANGUAGES
from tests.central.small_house import STARTS, Clerk, House, new_id
from tests.central.web.screens.conftest import Browser, Page
from tests.central.web.screens.test_flows import done, value


async def _grid(browser: Browser, code: str, currency: str) -> Page:
    form = await browser.get(f"/admin/e/price_grid/new?at={browser.house.season}")
    return await browser.send("/admin/e/price_grid/new", form, code=code, names__fr=code, currency=currency)


async def test_a_grid_s_currency_is_one_and_another_than_the_house_s_is_said(browser: Browser) -> None:
    form = await browser.get(f"/admin/e/price_grid/new?at={browser.house.season}")
    assert form.inputs["currency"] == ["EUR"], "the house's is proposed"
    offered = form.text.partition('name="currency"')[2].partition("</select>")[0]
    first = re.search(r'</option>\s*<option value="(.*?)"', offered)
    assert first and first[1] == "EUR", "a list, with the house's first"
    assert '<option value="CHF">' in form
    for odd in ("XYZ", "euros", "XXX"):
        refused = await _grid(browser, "ODD", odd)
        assert refused.status == 422
        assert re.search(r'id="f-currency-fault1">.*ISO 4217', refused.text), odd
    euros, asked = await _grid(browser, "EU", "eur"), await _grid(browser, "SU", "CHF")
    assert done(euros) and asked.status == 422 and "Enregistrer quand même" in asked, "before it is saved"
    francs = await browser.send("/admin/e/price_grid/new", asked)
    assert done(francs)
    assert "la maison compte en" not in euros
    assert "Cette grille est en CHF\u202f; la maison compte en EUR." in francs
    assert await value(browser, "SELECT COUNT(*) FROM price_grid WHERE code = 'ODD'") == 0


async def _say(browser: Browser, context: str, **said: str) -> Page:
    """The form of a context, with these settings beside those it has."""
    at = f"/admin/e/context/{context}/edit"
    form = await browser.get(at)
    rows = {f"settings.{n}.{part}": text for n, pair in enumerate(said.items(), 50) for part, text in
            zip(("key", "value"), pair, strict=True)}  # fmt: skip
    numbers = [*form.inputs.get("settings.#", []), *(str(n) for n, _ in enumerate(said, 50))]
    form.inputs["settings.#"] = numbers
    return await browser.send(at, form, **rows)


@pytest.mark.parametrize("key, odd, fits", [
    ("timezone", "Paris", "Europe/Paris"), ("currency", "euros", "EUR"), ("language", "français", "fr"),
    ("languages", "fr deutsch", "fr de"), ("begins", "1/9/2026", "2026-09-01"), ("siret", "123", "14"),
    ("licence", "X-1", "PLATESV"), ("vat_number", "12", "FR"),
])  # fmt: skip
async def test_a_setting_that_central_reads_is_judged_where_it_was_typed(
    browser: Browser, key: str, odd: str, fits: str
) -> None:
    refused = await _say(browser, browser.house.season, **{key: odd})
    assert refused.status == 422
    said = re.search(r'id="f-settings-50-value-fault1">(.*?)</p>', refused.text)
    assert said and fits in said[1], "at its field, with what would fit"
    assert odd in refused.inputs["settings.50.value"], "what was typed stays"
    assert await value(browser, "SELECT settings FROM context WHERE id = :id", id=browser.house.season) == "{}"


async def test_settings_that_fit_are_taken_and_a_word_that_nothing_reads_is_said(browser: Browser) -> None:
    fits = {"timezone": "Europe/Zurich", "currency": "EUR", "languages": "de fr, rm", "ends": "2027-07-01"}
    kept = await _say(browser, browser.house.season, **fits)
    assert done(kept), kept.text
    assert "n’est lu par rien" not in kept
    odd = await _say(browser, browser.house.season, fuseau="Europe/Paris")
    assert done(odd), "who keeps a word for a program of their own may"
    assert "«\u202ffuseau\u202f» n’est lu par rien" in odd and "Fuseau horaire" in odd
    assert "timezone" not in re.sub("<[^>]+>", "", odd.text)


def test_what_a_program_sets_is_judged_too(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    made = CreateContext(
        id=new_id(), context_id=house.organiser, kind=ContextKind.SEASON, code="S9", names={"fr": "S"},
        settings={"currency": "euros", "timezone": "Paris"},
    )  # fmt: skip
    refused = clerk.no(made)
    assert refused.reason is NoChange.FAULTY
    assert [(each["at"], each["what"]) for each in refused.detail["faults"]] == [
        ("settings.currency", "not_a_currency"), ("settings.timezone", "bad_timezone"),
    ]  # fmt: skip


async def test_a_draft_goes_from_its_page_and_what_was_on_sale_does_not(browser: Browser) -> None:
    house = browser.house
    draft = new_id()
    assert (await browser.door.execute(browser.me["now"].actor, _evening(house, draft), new_id())).ok
    page = await browser.get(f"/admin/e/performance/{draft}")
    act = f"/admin/do/delete_performance?on={draft}"
    assert re.search(rf'<a class="stop"[^>]*href="{re.escape(act)}"[^>]*>Supprimer…</a>', page.text)
    preview = await browser.get(act)
    assert "Rien n’est encore fait" in preview
    assert done(await browser.send(act, preview, _do="1"))
    assert await value(browser, "SELECT COUNT(*) FROM performance WHERE id = :id", id=draft) == 0
    assert "/admin/do/delete_performance" not in await browser.get(f"/admin/e/performance/{house.performance}")


def _evening(house: House, made: Id, after: timedelta = timedelta(0)) -> CreatePerformance:
    """The house's performance once more, so much later."""
    times = Schedule(*(at + after for at in (STARTS, STARTS, STARTS + timedelta(hours=3), STARTS)))
    return CreatePerformance(
        id=made, event_id=house.event, logical_configuration_id=house.logical, price_grid_id=house.grid, schedule=times
    )


async def test_two_at_one_time_in_one_hall_are_said(browser: Browser) -> None:
    house, said = browser.house, "La même salle est prise au même moment"
    assert said not in await browser.get(f"/admin/e/performance/{house.performance}")
    twice, after = new_id(), new_id()
    for made, later in ((twice, timedelta(hours=1)), (after, timedelta(hours=5))):
        assert (await browser.door.execute(browser.me["now"].actor, _evening(house, made, later), new_id())).ok
    assert re.search(f"{said}.*21:00", (await browser.get(f"/admin/e/performance/{twice}")).text)
    assert said in await browser.get(f"/admin/e/performance/{house.performance}")
    assert said not in await browser.get(f"/admin/e/performance/{after}"), "one after the other"


async def test_what_its_page_would_say_is_said_before_it_is_done(browser: Browser) -> None:
    """Whoever puts on sale, or moves, what is over, stands twice in one hall or opens for days hears while it helps."""
    house, twice, past = browser.house, new_id(), new_id()
    long_ago = datetime(2020, 1, 1, tzinfo=UTC) - STARTS
    for made, later in ((twice, timedelta(hours=1)), (past, long_ago)):
        assert (await browser.door.execute(browser.me["now"].actor, _evening(house, made, later), new_id())).ok
    opening = "/admin/do/change_sale?on={}&do=open"
    assert "La même salle est prise au même moment" in await browser.get(opening.format(twice))
    assert "est terminée" in await browser.get(opening.format(past))
    calm = await browser.get(f"/admin/do/change_sale?on={house.performance}&do=suspend")
    assert "est terminée" not in calm and "L’entrée va de" not in calm
    act = f"/admin/do/reschedule_performance?on={twice}"
    times = {
        "doors": "2031-03-01T20:15",
        "starts": "2031-03-04T21:00",
        "closes": "2031-03-04T23:30",
        "sell_until": "2031-03-04T21:00",
    }
    preview = await browser.send(act, await browser.get(act), **{f"schedule.{name}": at for name, at in times.items()})
    assert "plus d’une nuit avant ou après le début" in preview and "La même salle" not in preview


async def test_a_copy_is_proposed_a_day_later(browser: Browser) -> None:
    house = browser.house
    copy = await browser.get(f"/admin/e/performance/new?from={house.performance}")
    day = (STARTS + timedelta(days=1)).date().isoformat()
    assert {copy.inputs[f"schedule.{name}"][0][:10] for name in ("starts", "doors", "sell_until")} == {day}
    asked = await browser.get(f"/admin/e/performance/new?from={house.performance}&schedule.starts=2031-01-01T20:00")
    assert asked.inputs["schedule.starts"] == ["2031-01-01T20:00"]


async def test_the_list_names_the_grid_that_lacks_a_price(browser: Browser) -> None:
    house, names = browser.house, {"fr": "Grille du festival"}
    grid = CreatePriceGrid(id=new_id(), context_id=house.season, code="F", names=names, currency="EUR")
    assert (await browser.door.execute(browser.me["now"].actor, grid, new_id())).ok
    page = f"/admin/live?at={house.activity}"
    assert "Grille du festival" not in await browser.get(page), "nothing is sold by it"
    evening = replace(_evening(house, new_id()), price_grid_id=grid.id)
    assert (await browser.door.execute(browser.me["now"].actor, evening, new_id())).ok
    assert re.search("Grille du festival.*Donnez un prix", (await browser.get(page)).text)


async def test_what_was_not_shown_is_not_done(browser: Browser) -> None:
    """The fields stay open after the preview: what is changed in them is shown again before it is done."""
    house, starts = browser.house, "SELECT starts FROM performance WHERE id = :id"
    act = f"/admin/do/reschedule_performance?on={house.performance}"
    was = await value(browser, starts, id=house.performance)

    def on(day: str) -> dict[str, str]:
        times = {"doors": "20:15", "starts": "21:00", "closes": "23:30", "sell_until": "21:00"}
        return {f"schedule.{name}": f"{day}T{at}" for name, at in times.items()}

    unseen = await browser.send(act, await browser.get(act), **on("2030-12-12"), _do="1")
    assert not done(unseen) and "13/12" not in unseen, "nobody was shown anything yet"
    preview = await browser.send(act, await browser.get(act), **on("2030-12-12"))
    other = await browser.send(act, preview, **on("2030-12-01"), _do="1")
    assert "01/12/2030" in other and "Rien n’est encore fait" in other
    assert "Vous avez changé vos réponses" in other and "Vous avez changé" not in preview
    assert await value(browser, starts, id=house.performance) == was
    assert done(await browser.send(act, other, _do="1"))
    assert await value(browser, starts, id=house.performance) != was


def test_a_change_that_is_no_field_s_changes_no_row(quick: tuple[Clerk, House]) -> None:
    """Statements of one's own say theirs in the audit as they like: a preview falls over none of it."""
    clerk, house = quick
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    said = '{"seats":{"runs":[[1,2]]},"note":["","Loge"],"starts":7}'
    ((table, row),) = changed_to(read, [("performance", house.performance, "changed", said)], {"performance"})
    assert table == "performance" and row == replace(read.get(Performance, house.performance), note="Loge")


async def test_a_setting_is_a_field_with_a_name_a_help_and_its_own_kind_of_box(browser: Browser) -> None:
    """Every word that central reads, in every language; nobody has to know how it is spelt."""
    house = browser.house
    for language in LANGUAGES:
        browser.sign_in(house.operator(EVERYTHING), language)
        for at, kind in ((house.institution, ContextKind.INSTITUTION), (house.season, ContextKind.SEASON)):
            form = await browser.get(f"/admin/e/context/{at}/edit")
            t = texts(language)
            for key, declared in DECLARED.items():
                there = f'.key" value="{key}"' in form
                assert there is (not declared.of or kind in declared.of), (key, kind)
                if there:
                    assert t.setting(key) != key and f"{t.setting(key)}</label>" in form, (language, key)
                    assert t.known(f"help:setting.{key}") in unescape(form.text), (language, key)
    assert re.search(r'<select[^>]*name="settings\.\d+\.value"[^>]*>\s*<option value="">', form.text)


async def test_settings_are_told_in_words(browser: Browser) -> None:
    house = browser.house
    kept = await _say(browser, house.season, begins="2026-09-01", currency="EUR", language="fr")
    assert done(kept), kept.text
    assert "Premier jour\xa0: 1er sept. 2026" in kept and "Devise\xa0: euro (EUR)" in kept
    assert "Langue\xa0: Français" in kept and "2026-09-01" not in kept
