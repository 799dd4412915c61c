"""Stories of an operator at the generic screens: nothing typed is lost, nothing is done twice, every no says why."""

import csv
import io
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import openpyxl
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.catalogue.model import PerformanceState
from central.devices.enrolment import EnrolDevice
from central.kernel.actor import SYSTEM
from central.pricing.model import PricingPrivilege
from central.pricing.ops import CreatePriceGrid, PriceCell
from central.web.texts import texts
from shared.wire.certificates import signing_request
from tests.central.small_house import new_id
from tests.central.web.screens.conftest import Browser, Page


async def value(browser: Browser, sql: str, **params: str) -> object:
    rows = await browser.door.read(browser.me["now"].actor, lambda read: read.run(sql, **params))
    return rows[0][0] if rows else None


def done(page: Page) -> bool:
    return page.status == 200 and "done" in parse_qs(urlsplit(page.url).query)


async def test_a_tariff_is_made_changed_duplicated_and_taken_away(browser: Browser) -> None:
    form = await browser.get(f"/admin/e/tariff/new?at={browser.house.season}")
    assert form.inputs["context_id"] == [browser.house.season]
    made = await browser.send("/admin/e/tariff/new", form, code="ETU", names__fr="Étudiant", rank="3", proof="1")
    assert done(made), made.text
    assert "Étudiant" in made
    tariff = urlsplit(made.url).path.rpartition("/")[2]
    again = await browser.send("/admin/e/tariff/new", form, code="ETU", names__fr="Étudiant", rank="3", proof="1")
    assert done(again)  # the button was pressed twice
    assert await value(browser, "SELECT COUNT(*) FROM tariff WHERE code = 'ETU'") == 1
    back = await browser.send("/admin/e/tariff/new", form, code="RET", names__fr="Retraité", rank="3")
    assert done(back)  # back in the browser, and the form filled anew
    assert await value(browser, "SELECT COUNT(*) FROM tariff WHERE code IN ('RET', 'ETU')") == 2
    edit = await browser.get(f"/admin/e/tariff/{tariff}/edit")
    assert edit.inputs["rank"] == ["3"]
    changed = await browser.send(f"/admin/e/tariff/{tariff}/edit", edit, rank="4", proof=None)
    assert done(changed)
    assert await value(browser, "SELECT rank * 10 + proof FROM tariff WHERE id = :id", id=tariff) == 40
    copy = await browser.get(f"/admin/e/tariff/new?from={tariff}")
    assert copy.inputs["code"] == ["ETU-2"]
    assert done(await browser.send("/admin/e/tariff/new", copy))
    preview = await browser.get(f"/admin/do/delete_tariff?on={tariff}")
    assert preview.status == 200
    assert await value(browser, "SELECT COUNT(*) FROM tariff WHERE id = :id", id=tariff) == 1
    assert done(await browser.send(f"/admin/do/delete_tariff?on={tariff}", preview, _do="1"))
    assert await value(browser, "SELECT COUNT(*) FROM tariff WHERE id = :id", id=tariff) == 0


async def test_all_that_is_wrong_is_said_at_once_and_what_was_typed_stays(browser: Browser) -> None:
    form = await browser.get(f"/admin/e/tariff/new?at={browser.house.season}")
    sent = await browser.send("/admin/e/tariff/new", form, code="<b>FULL</b>", rank="viel")
    assert sent.status == 422
    for place in ("f-rank", "f-names-fr"):
        assert f'id="{place}-fault1"' in sent, place
    assert sent.inputs["code"] == ["<b>FULL</b>"]
    assert sent.inputs["rank"] == ["viel"]
    assert "<b>FULL</b>" not in sent
    assert done(await browser.send("/admin/e/tariff/new", sent, code="NEW", rank="9", names__fr="Neuf"))


async def test_a_code_that_is_taken_is_said_at_its_field(browser: Browser) -> None:
    form = await browser.get(f"/admin/e/tariff/new?at={browser.house.season}")
    sent = await browser.send("/admin/e/tariff/new", form, code="FULL", rank="9", names__fr="Plein")
    assert sent.status == 422
    assert 'id="f-code-fault1"' in sent


async def test_two_who_change_the_same_thing(browser: Browser) -> None:
    """What the other changed comes in, what both changed is shown beside, and nobody's work is overwritten unseen."""
    path = f"/admin/e/tariff/{browser.house.full}/edit"
    mine, theirs = await browser.get(path), await browser.get(path)
    assert done(await browser.send(path, theirs, rank="7", names__fr="Plein pot", names__de="Vollpreis"))
    conflict = await browser.send(path, mine, names__fr="Tarif plein", proof="1")
    assert conflict.status == 409
    assert "Plein pot" in conflict
    assert conflict.inputs["names.fr"] == ["Tarif plein"]
    assert conflict.inputs["rank"] == ["7"]
    assert "1" in conflict.inputs["proof"]
    assert done(await browser.send(path, conflict))
    assert await value(browser, "SELECT rank FROM tariff WHERE id = :id", id=browser.house.full) == 7


async def test_saving_what_did_not_change_changes_nothing(browser: Browser) -> None:
    path = f"/admin/e/event/{browser.house.event}/edit"
    before = await value(browser, "SELECT COUNT(*) FROM command_log")
    page = await browser.send(path, await browser.get(path))
    assert page.status == 200
    assert await value(browser, "SELECT COUNT(*) FROM command_log") == before


async def test_a_refusal_leads_to_what_stands_in_the_way(browser: Browser) -> None:
    page = await browser.get(f"/admin/do/delete_site?on={browser.house.site}")
    assert page.status == 422
    assert f'href="/admin/e/space?is.site_id={browser.house.site}"' in page
    assert 'name="_do"' not in page
    listed = await browser.get(f"/admin/e/space?is.site_id={browser.house.site}")
    assert "Grande salle" in listed


async def test_life_is_read_from_its_table(browser: Browser) -> None:
    show = f"/admin/e/performance/{browser.house.performance}"
    page = await browser.get(show)
    assert "do=suspend" in page
    assert "do=open" not in page
    act = f"/admin/do/change_sale?on={browser.house.performance}&do=suspend"
    preview = await browser.get(act)
    assert "<del>" in preview
    state = "SELECT state FROM performance WHERE id = :id"
    assert await value(browser, state, id=browser.house.performance) == PerformanceState.ON_SALE
    sent = await browser.send(act, preview, _do="1")
    assert done(sent)
    step = texts("fr").value("performance_do", "suspend")
    everything = texts("fr").do("change_sale")
    assert step != everything and f"<b>{step}</b>" in sent and everything not in sent, "the step is named, not all"
    assert await value(browser, state, id=browser.house.performance) == PerformanceState.SUSPENDED
    past = await browser.get(f"/admin/history/performance/{browser.house.performance}")
    assert step in past and everything not in past
    assert "do=open" in await browser.get(show)


async def test_many_get_one_value_and_each_says_for_itself(browser: Browser) -> None:
    rows = [("row", browser.house.full), ("row", browser.house.child)]
    path = "/admin/e/tariff/bulk"
    asked = await browser.post(path, rows)
    assert 'value="set.rank"' in asked
    assert 'value="set.code"' not in asked
    entered = await browser.post(path, [*rows, ("_what", "set.rank")])
    preview = await browser.send(path, entered, rank="12")
    assert await value(browser, "SELECT MAX(rank) FROM tariff") == 2
    assert done_all(await browser.send(path, preview, _do="1"))
    assert await value(browser, "SELECT MIN(rank) FROM tariff") == 12
    refused = await browser.post(path, [*rows, ("_what", "delete_tariff")])
    assert "/admin/e/price?is.tariff_id=" in refused
    assert 'name="_do"' not in refused
    wrong = await browser.send(path, entered, rank="viel")
    assert wrong.status == 422


def done_all(page: Page) -> bool:
    return page.status == 200 and 'class="ok"' in page and 'class="stop"' not in page


async def test_lists_filter_sort_and_turn_pages(browser: Browser) -> None:
    form = await browser.get(f"/admin/e/tariff/new?at={browser.house.season}")
    for n in range(120):
        page = await browser.send(
            "/admin/e/tariff/new", form, code=f"T{n:03}", names__fr=f"Été n° {n}", rank=str(n % 7 + 1), _id=new_id(),
            _command=new_id(),
        )  # fmt: skip
        assert done(page)
    assert "122" in (await browser.get("/admin/e/tariff"))
    found = await browser.get("/admin/e/tariff?q=ete n 117")
    assert "T117" in found
    assert "T116" not in found
    seen, path = [], "/admin/e/tariff?sort=-rank&col=code"
    for _ in range(3):
        page = await browser.get(path)
        seen += codes(page)
        path = link(page, "next")
    assert len(seen) == len(set(seen)) == 122
    assert not path
    back = await browser.get(link(page, "prev"))
    assert codes(back) == seen[50:100]
    assert not codes(await browser.get("/admin/e/tariff?q=%25&col=code"))


def codes(page: Page) -> list[str]:
    return [part.partition("<")[0] for part in page.text.split('<a class="open" href="/admin/e/tariff/')[1:]
            for part in [part.partition("<bdi>")[2]]]  # fmt: skip


def link(page: Page, rel: str) -> str:
    _, _, rest = page.text.partition(f'rel="{rel}" href="')
    return rest.partition('"')[0].replace("&amp;", "&")


async def test_columns_are_remembered(browser: Browser) -> None:
    page = await browser.get("/admin/e/tariff?col=code&col=rank")
    assert page.text.count("<th scope") == 2
    assert (await browser.get("/admin/e/tariff")).text.count("<th scope") == 2


async def test_exports_hold_the_list_as_it_is_filtered_and_no_formulas(browser: Browser) -> None:
    form = await browser.get(f"/admin/e/tariff/new?at={browser.house.season}")
    evil = '=HYPERLINK("http://x","y")'
    assert done(await browser.send("/admin/e/tariff/new", form, code="EVIL", names__fr=evil, rank="5"))
    async with browser.client.get("/admin/e/tariff/export.csv?q=evil") as answer:
        rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 2
    assert f"'{evil}" in rows[1]
    async with browser.client.get("/admin/e/tariff/export.xlsx") as answer:
        sheet = openpyxl.load_workbook(io.BytesIO(await answer.read())).active
    cells = {cell.value: cell.data_type for row in sheet.iter_rows() for cell in row}
    assert cells[evil] == "s"


@pytest.mark.parametrize(
    "path", ["/admin/e/nothing", "/admin/e/tariff/x", "/admin/do/enrol_device", "/admin/e/tariff/" + "0" * 26]
)
async def test_what_is_not_there_is_said_kindly(browser: Browser, path: str) -> None:
    page = await browser.get(path)
    assert page.status == 404
    assert 'href="/admin"' in page


async def test_who_may_little_sees_little(browser: Browser) -> None:
    house = browser.house
    browser.sign_in(house.operator(PricingPrivilege.PRICE_READ, at=house.season))
    home = await browser.get("/admin")
    assert "/admin/e/tariff" in home
    assert "/admin/e/site" not in home
    thing = await browser.get(f"/admin/e/tariff/{house.full}")
    assert thing.status == 200
    assert "/edit" not in thing
    assert "delete_tariff" not in thing
    assert (await browser.get(f"/admin/e/tariff/{house.full}/edit")).status == 403
    assert (await browser.get("/admin/e/site")).status == 403
    assert (await browser.get(f"/admin/e/site/{house.site}")).status == 404
    assert (await browser.get("/admin/e/site/export.csv")).status == 403
    assert (await browser.get(f"/admin/do/delete_tariff?on={house.full}")).status == 403
    browser.sign_in(house.operator(PricingPrivilege.PRICE_READ, at=house.activity))
    assert (await browser.get(f"/admin/e/tariff/{house.full}")).status == 404


async def test_the_price_grid_is_one_table(browser: Browser) -> None:
    house = browser.house
    path = f"/admin/pricing/grid/{house.grid}"
    page = await browser.get(path)
    cell = f"{house.seated}.{house.full}"
    assert page.inputs[cell] == ["20,00"]
    wrong = await browser.send(path, page, **{cell: "zwanzig"})
    assert (wrong.status, wrong.inputs[cell]) == (422, ["zwanzig"])
    other = await browser.send(path, page, **{cell: "21,50", f"{house.seated}.{house.child}": ""})
    assert done(other)
    assert await value(browser, "SELECT COUNT(*) FROM price WHERE grid_id = :id", id=house.grid) == 2
    assert await value(browser, "SELECT MAX(amount) FROM price") == 2150
    late = await browser.send(path, page, **{cell: "25"})
    assert late.status == 409
    assert "21,50" in late


def _code(page: Page) -> str | None:
    found = re.search(r"<b>([A-Z2-9]{4}-[A-Z2-9]{4})</b>", page.text)
    return found[1] if found else None


async def test_a_devices_code_is_shown_until_it_is_used(browser: Browser) -> None:
    form = await browser.get(f"/admin/e/device/new?at={browser.house.organiser}")
    assert "enrolment_code" not in form.inputs, "central makes a good one"
    made = await browser.send(
        "/admin/e/device/new", form, site_id=browser.house.site, kind="gate", code="P1", label="Porte 1"
    )
    assert done(made), made.text
    device = await value(browser, "SELECT id FROM device WHERE code = 'P1'")
    page = f"/admin/e/device/{device}"
    code = _code(await browser.get(page))
    assert code is not None, "also when its page was left"
    assert not await value(browser, "SELECT COUNT(*) FROM command_log WHERE body LIKE :code", code=f"%{code}%")

    browser.watch.at += timedelta(minutes=11)
    over = await browser.get(page)
    assert _code(over) is None
    assert "n’est plus valable depuis le" in over.text
    renew = f"/admin/do/renew_code?on={device}"
    assert f'href="{renew}"' in over.text
    home = (await browser.get(f"/admin/at/{browser.house.institution}")).text
    assert "Porte 1 attend un nouveau code" in home
    assert "à approuver" not in home

    assert done(await browser.send(renew, await browser.get(renew), _do="1"))
    fresh = _code(await browser.get(page))
    assert fresh not in (None, code)
    home = (await browser.get(f"/admin/at/{browser.house.institution}")).text
    assert "attend un nouveau code" not in home
    assert "à approuver" not in home
    assert ">attendu</span>" in home

    request = signing_request(Ed25519PrivateKey.generate(), "p")
    enrolled = await browser.door.execute(SYSTEM, EnrolDevice(code=fresh, request_pem=request), new_id())
    assert enrolled.ok
    used = await browser.get(page)
    assert _code(used) is None
    assert renew not in used.text
    home = (await browser.get(f"/admin/at/{browser.house.institution}")).text
    assert "Porte 1 attend votre accord" in home
    assert ">à approuver</span>" in home


async def test_a_device_has_one_form_with_the_kinds_that_enrol(browser: Browser) -> None:
    form = await browser.get(f"/admin/do/invite_device?at={browser.house.organiser}")
    assert urlsplit(form.url).path == "/admin/e/device/new"
    kinds = set(re.findall(r'<option value="(central|bar|kiosk|gate|printer|broker)"', form.text))
    assert kinds == {"kiosk", "gate", "printer", "broker"}
    unnamed = await browser.send("/admin/e/device/new", form, site_id=browser.house.site, kind="gate", code="P1")
    assert unnamed.status == 422
    assert await value(browser, "SELECT COUNT(*) FROM device WHERE code = 'P1'") == 0


async def test_a_kiosk_without_its_point_of_sale_is_asked_for_it(browser: Browser) -> None:
    form = await browser.get(f"/admin/e/device/new?at={browser.house.organiser}")
    sent = await browser.send(
        "/admin/e/device/new", form, site_id=browser.house.site, kind="kiosk", code="B9", label="Borne 9"
    )
    assert sent.status == 422
    assert "Une borne vend à un point de vente" in sent
    assert "n’existe plus" not in sent


async def test_a_part_that_may_be_left_out_says_what_it_is_then(browser: Browser) -> None:
    form = await browser.get("/admin/e/performance/new")
    assert form.inputs["schedule.reentry_after_s"] == ["0 min"]
    assert form.inputs["schedule.policy"] == ["admit_and_flag"]


async def test_times_are_in_the_zone_of_the_site(browser: Browser) -> None:
    page = await browser.get(f"/admin/e/performance/{browser.house.performance}")
    assert "21:00" in page
    assert "Europe/Paris" in page


async def test_a_preview_speaks_the_house_s_time_and_currency_and_names_what_changes(browser: Browser) -> None:
    house = browser.house
    act = f"/admin/do/reschedule_performance?on={house.performance}"
    times = {"doors": "20:15", "starts": "21:00", "closes": "23:30", "sell_until": "21:00"}
    typed = {f"schedule.{name}": f"2030-07-13T{at}" for name, at in times.items()}
    preview = await browser.send(act, await browser.get(act), **typed)
    assert "<ins><bdi>13/07/2030 21:00</bdi></ins>" in preview
    names, price = {"fr": "Prix"}, PriceCell(house.seated, house.full, 1500)
    pounds = CreatePriceGrid(
        id=new_id(), context_id=house.season, code="GB", names=names, currency="GBP", prices=(price,)
    )
    assert (await browser.door.execute(browser.me["now"].actor, pounds, new_id())).ok
    act = f"/admin/do/set_price?on={pounds.id}"
    cell = {"cell.category_id": house.seated, "cell.tariff_id": house.full, "cell.amount": "35"}
    preview = await browser.send(act, await browser.get(act), **cell)
    assert "<del><bdi>15,00\u00a0£GB</bdi></del> → <ins><bdi>35,00\u00a0£GB</bdi></ins>" in preview
    assert "Prix, 1re, Plein tarif" in preview


async def test_an_event_lists_its_performances_by_their_dates(browser: Browser) -> None:
    page = await browser.get(f"/admin/e/event/{browser.house.event}")
    heads = re.findall(r"<th scope[^>]*>(.*?)</th>", page.text.partition("Représentations")[2].partition("</thead>")[0])
    assert (heads[0], heads[-1]) == ("Début", "État")


async def test_nobody_is_sent_to_sign_in(browser: Browser) -> None:
    browser.me.clear()
    async with browser.client.get("/admin/e/tariff?q=x", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=/admin/e/tariff?q%3Dx")
    async with browser.client.get("/", allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/sign-in"


async def test_cancelling_says_whom_it_touches_and_wants_the_name_typed(browser: Browser) -> None:
    house = browser.house
    order = house.order(house.seats[0], house.seats[1])
    assert (await browser.door.execute(browser.me["now"].actor, order, new_id())).ok
    closing, page = (
        f"/admin/do/change_sale?on={house.performance}&do=close",
        f"/admin/e/performance/{house.performance}",
    )
    left, moving = "Restent à vendre", "/admin/do/reschedule_performance"
    assert left in (open_ := await browser.get(page)) and moving in open_
    closes = await browser.get(closing)
    assert "La représentation peut être remise en vente." in closes
    assert done(await browser.send(closing, closes, _do="1"))
    assert left not in (closed := await browser.get(page))
    assert moving not in closed, "what can only be refused is not offered"
    act = f"/admin/do/change_sale?on={house.performance}&do=cancel"
    assert f"{act.partition('?')[0]}?on={house.performance}&amp;do=cancel" in await browser.get(
        f"/admin/e/performance/{house.performance}"
    ), "it is offered when the sale is closed, too"
    preview = await browser.get(act)
    assert "<dt>Places vendues</dt><dd><bdi>2</bdi>" in preview
    assert "<dt>Commandes de visiteurs</dt><dd><bdi>1</bdi>" in preview
    assert "<dt>Recette</dt>" in preview and "rien ne leur est envoyé d’ici." in preview
    assert "Visiteurs déjà entrés" not in preview, "nobody is"
    assert "C’est définitif" in preview
    assert "historique" not in preview.text.partition("<main")[2], "no way back is promised"
    state = "SELECT state FROM performance WHERE id = :id"
    for typed in ("", "Roxane"):
        not_yet = await browser.send(act, preview, _do="1", _sure=typed)
        assert not_yet.status == 422
        assert "Ce n’est pas ce nom" in not_yet
    assert await value(browser, state, id=house.performance) == PerformanceState.CLOSED
    assert done(await browser.send(act, preview, _do="1", _sure=" cyrano "))
    assert await value(browser, state, id=house.performance) == PerformanceState.CANCELLED


async def test_a_sale_that_was_closed_is_opened_again(browser: Browser) -> None:
    for do in ("close", "open"):
        act = f"/admin/do/change_sale?on={browser.house.performance}&do={do}"
        preview = await browser.get(act)
        assert ("Places vendues" in preview) == (do == "close")
        assert "_sure" not in preview
        assert done(await browser.send(act, preview, _do="1"))
    state = "SELECT state FROM performance WHERE id = :id"
    assert await value(browser, state, id=browser.house.performance) == PerformanceState.ON_SALE


async def test_other_times_open_as_they_are(browser: Browser) -> None:
    """Who moves a performance that admits nobody twice does not open its doors twice by it."""
    act = f"/admin/do/reschedule_performance?on={browser.house.performance}"
    form = await browser.get(act)
    assert form.inputs["schedule.starts"][0].endswith("T21:00")
    strict = {"schedule.reentry_after_s": "15 min", "schedule.policy": "deny"}
    assert done(await browser.send(act, await browser.send(act, form, **strict), _do="1"))
    again = await browser.get(act)
    changed = {name: [text] for name, text in strict.items()}
    assert {each: again.inputs[each] for each in form.inputs if each.startswith("schedule.")} == {
        **{each: text for each, text in form.inputs.items() if each.startswith("schedule.")},
        **changed,
    }


async def test_a_move_is_undone_by_a_move_and_what_cannot_be_undone_is_not_offered(browser: Browser) -> None:
    house = browser.house
    story = f"/admin/history/performance/{house.performance}"
    assert "/undo/" not in await browser.get(story), "it was made and put on sale: nothing sets that back"
    assert "Cyrano" in await browser.get(story)
    act = f"/admin/do/reschedule_performance?on={house.performance}"
    form = await browser.get(act)
    was = await value(browser, "SELECT starts FROM performance WHERE id = :id", id=house.performance)
    moved = await browser.send(
        act, form, **{"schedule.starts": "2027-01-02T20:00", "schedule.closes": "2027-01-02T23:00"}
    )
    assert done(await browser.send(act, moved, _do="1")), moved.text
    (undo,) = re.findall(rf'href="({story}/undo/[^"]+)"', (await browser.get(story)).text)
    preview = await browser.get(undo)
    assert done(await browser.send(undo, preview)), preview.text
    assert await value(browser, "SELECT starts FROM performance WHERE id = :id", id=house.performance) == was


async def test_what_the_law_wants_on_a_ticket_has_a_form_of_its_own(browser: Browser) -> None:
    house = browser.house
    act = f"/admin/do/set_mentions?on={house.organiser}"
    assert act in await browser.get(f"/admin/e/context/{house.organiser}")
    form = await browser.get(act)
    assert form.inputs["licence"] == ["PLATESV-R-2026-000009"]
    wrong = await browser.send(act, form, siret="123", licence="PLATESV-R-2026-000123")
    assert (wrong.status, 'id="f-siret-fault1"' in wrong) == (422, True)
    right = await browser.send(act, wrong, siret="356 000 000 00048", address="1 quai du Port")
    assert done(await browser.send(act, right, _do="1")), right.text
    (settings,) = await browser.door.read(
        browser.me["now"].actor,
        lambda read: read.run("SELECT settings FROM context WHERE id = :id", id=house.organiser),
    )
    assert orjson.loads(settings[0]) == {
        "address": "1 quai du Port", "currency": "EUR", "licence": "PLATESV-R-2026-000123", "siret": "35600000000048",
    }  # fmt: skip
    below = await browser.get(f"/admin/do/set_mentions?on={house.season}")
    shown = await browser.send(f"/admin/do/set_mentions?on={house.season}", below)
    assert "35600000000048 (dit par Les Tilleuls)" in shown, "and it says from where"
