"""The wizard's pages over HTTP: who gets in, what a form keeps, what a hostile one cannot do."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer

from central.app import make_app
from central.first_run.link import FILE, setup_link
from central.first_run.ops import house
from central.first_run.pages import SETUP_FILE, _timezones
from central.kernel.actor import SYSTEM
from central.kernel.checklist import ITEMS
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.tx import Read
from central.kernel.vault import Vault
from central.organisation import passwords
from central.organisation.pages import SIGN_IN_SERVICES, SignInServices
from central.organisation.settings import MailConfig
from central.venues.capacity import capacity_part
from central.venues.model import PhysicalConfiguration
from central.web.checklist import _named
from central.web.texts import texts
from shared.ids import Id
from shared.look import look
from tests.central.organisation.conftest import CHEAP
from tests.central.small_house import Watch
from tests.central.venues.strange_drawings import DRAWINGS

THEATRE = Path(__file__).parents[3] / "parterre" / "demo" / "theatre.json"
HOSTILE = "<script>alert(1)</script>=cmd|' /C calc'!A0"
INSTITUTION = {"name": "Le Lavoir", "timezone": "Europe/Paris", "currency": "EUR"}
ORGANISER = {"name": "Le Lavoir", "address": "4 rue du Lavoir", "siret": "", "licence": ""}
SEASON = {"name": "Saison", "begins": "2026-09-01", "ends": "2027-08-31", "activity": "Théâtre"}
VENUE = {"name": "Le Lavoir", "address": "", "timezone": "Europe/Paris", "space": "Grande salle"}
STEPS = (("institution", INSTITUTION), ("organiser", ORGANISER), ("season", SEASON), ("venue", VENUE))
PASSWORD = "onze lanternes au bord du lavoir"


@dataclass
class Visitor:
    client: TestClient[Any, Any]
    door: Door
    folder: Path

    async def link(self) -> str:
        found = await setup_link(self.door, self.folder, "")
        assert found
        return found

    async def get(self, path: str, **more: Any) -> tuple[int, str, str]:
        async with self.client.get(path, **more) as answer:
            return answer.status, answer.url.path, await answer.text()

    async def send(self, step: str, form: Any, **more: Any) -> tuple[int, str, str]:
        async with self.client.post(f"/setup/{step}", data=form, **more) as answer:
            return answer.status, answer.url.path, await answer.text()

    async def up_to_the_hall(self) -> None:
        await self.get(await self.link())
        for step, form in STEPS:
            status, _, text = await self.send(step, form)
            assert status == 200, text


def accepted(page: str) -> dict[str, str]:
    """What the button under a hall's picture sends."""
    (shown,) = re.findall(r'name="_shown" value="(\w+)"', page)
    return {"do": "accept", "_shown": shown}


@pytest.fixture
async def visitor(
    empty: Database, tmp_path: Path, keys: Keys, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Visitor]:
    monkeypatch.setattr(passwords, "Costs", lambda: CHEAP.passwords)
    door = Door(empty, watch, path_of, keys)
    door.start()
    ways = SignInServices.of(door, Vault(b"k" * 32), CHEAP, MailConfig(), "http://house.test")
    app = make_app(door, given={SETUP_FILE: tmp_path / FILE, SIGN_IN_SERVICES: ways})
    async with TestClient(TestServer(app)) as client:
        yield Visitor(client, door, tmp_path)
    door.stop()


async def test_only_the_link_opens_it(visitor: Visitor) -> None:
    link = await visitor.link()
    for path in ("/setup", "/setup?token=guess", "/setup?token=", "/setup/institution", "/setup/administrator", "/"):
        status, _, text = await visitor.get(path)
        assert status == 403 and "<form" not in text, path
    status, path, _ = await visitor.send("institution", INSTITUTION)
    assert (status, path) == (403, "/setup")
    async with visitor.client.get(link, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
        assert answer.headers["Location"] == "/setup/institution"
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/setup" in cookie
    status, path, text = await visitor.get("/setup")
    assert (status, path) == (200, "/setup/institution") and link.partition("=")[2] not in text


async def test_a_link_that_a_full_disk_cut_off_is_made_anew(visitor: Visitor) -> None:
    """Before: a start on a full disk left an empty file, and every later one printed a link that opens nothing."""
    (visitor.folder / FILE).touch()
    (visitor.folder / f"{FILE}.new").write_text("half")
    link = await visitor.link()
    assert len(link.partition("token=")[2]) > 40 and await visitor.link() == link
    async with visitor.client.get(link, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/setup/institution"


async def test_the_link_outlives_a_restart_and_dies_with_the_end(visitor: Visitor) -> None:
    link = await visitor.link()
    assert await visitor.link() == link
    assert (visitor.folder / FILE).stat().st_mode & 0o077 == 0
    await visitor.up_to_the_hall()
    form = {"name": "Inès", "email": "ines@lavoir.example", "password": PASSWORD, "again": PASSWORD}
    async with visitor.client.post("/setup/administrator", data=form, allow_redirects=False) as answer:
        assert answer.status == 303 and answer.headers["Location"].startswith("/sign-in")
    assert not (visitor.folder / FILE).exists()
    assert await setup_link(visitor.door, visitor.folder, "") is None
    for path in (link, "/setup", "/setup/institution", "/setup/hall"):
        async with visitor.client.get(path, allow_redirects=False) as answer:
            assert answer.status == 303 and answer.headers["Location"].startswith("/sign-in"), path


async def test_whoever_sets_the_house_up_is_signed_in_at_its_end(visitor: Visitor) -> None:
    """Before: the password was asked for again, ten seconds after it was chosen."""
    await visitor.up_to_the_hall()
    form = {"name": "Inès", "email": "ines@lavoir.example", "password": PASSWORD, "again": PASSWORD}
    status, path, text = await visitor.send("administrator", form)
    assert (status, path) == (200, "/admin/live") and "Inès" in text and 'name="password"' not in text
    async with visitor.client.post("/sign-out", allow_redirects=False) as answer:
        assert answer.status == 403, "the session is one, with its token"


async def test_a_step_ahead_leads_back_to_where_it_stands(visitor: Visitor) -> None:
    await visitor.get(await visitor.link())
    await visitor.send("institution", INSTITUTION)
    for step in ("season", "hall", "administrator"):
        assert (await visitor.get(f"/setup/{step}"))[1] == "/setup/organiser"
    assert (await visitor.get("/setup/institution"))[1] == "/setup/institution"


async def test_what_was_typed_is_kept_and_harmless(visitor: Visitor) -> None:
    await visitor.get(await visitor.link())
    status, _, text = await visitor.send("institution", {**INSTITUTION, "name": HOSTILE, "code": "<b>"})
    assert status == 422 and "<script>alert" not in text and "&lt;script&gt;" in text and 'value="&lt;b&gt;"' in text
    status, _, text = await visitor.send("institution", {**INSTITUTION, "name": HOSTILE})
    assert status == 200  # a name is a name
    for step in ("institution", "organiser"):
        _, _, text = await visitor.get(f"/setup/{step}")
        assert "<script>alert" not in text and "&lt;script&gt;" in text
    status, _, text = await visitor.send("institution", {**INSTITUTION, "name": "x" * 10_000})
    assert status == 422


async def test_no_other_site_sends_its_forms(visitor: Visitor) -> None:
    await visitor.get(await visitor.link())
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        assert (await visitor.send("institution", INSTITUTION, headers=headers))[0] == 403
    assert (await visitor.get("/setup"))[1] == "/setup/institution"


async def test_a_plan_file_is_shown_before_it_counts(visitor: Visitor) -> None:
    await visitor.up_to_the_hall()
    form = FormData({"way": "plan"})
    form.add_field("plan", THEATRE.read_bytes(), filename="theatre.json")
    status, path, text = await visitor.send("hall", form)
    assert (status, path) == (200, "/setup/hall") and "981" in text and text.count("data-n=") == 981
    unseen = await visitor.send("hall", {"do": "accept"})
    assert unseen[1] == "/setup/hall" and not await visitor.door.read(SYSTEM, lambda read: house(read).accepted)
    await visitor.send("hall", DRAWN)  # in another window
    assert (await visitor.send("hall", accepted(text)))[1] == "/setup/hall", "another hall than the one that was shown"
    text = (await visitor.get("/setup/hall"))[2]
    assert (await visitor.send("hall", accepted(text)))[1] == "/setup/administrator"


async def test_a_seat_list_as_a_spreadsheet_saves_it_is_a_hall(visitor: Visitor) -> None:
    await visitor.up_to_the_hall()
    form = FormData({"way": "plan"})
    list_of_seats = "Plan;;;\r\nZone;Rangée;Place;Catégorie\r\nCôté cour;A;1;1re\r\n".encode("cp1252")
    form.add_field("plan", list_of_seats, filename="plan.csv")
    status, _, text = await visitor.send("hall", form)
    assert status == 200 and text.count("data-n=") == 1 and "Côté cour" in text


@pytest.mark.parametrize(
    "data, said",
    [
        (b'{"name": "x", "zones": 3}', "zones"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "C’est une image"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00[Content_Types].xml", "C’est un classeur"),
        (b"", 'id="plan-fault1"'),
    ],
)
async def test_a_plan_file_that_is_none(visitor: Visitor, data: bytes, said: str) -> None:
    await visitor.up_to_the_hall()
    form = FormData({"way": "plan"})
    form.add_field("plan", data, filename="plan.json")
    status, _, text = await visitor.send("hall", form)
    assert status == 422 and said in re.sub(r"<head>.*</head>", "", text, flags=re.DOTALL)
    assert "data-n=" not in text


def a_file(data: bytes | str, **more: str) -> FormData:
    form = FormData({"way": "plan", **more})
    form.add_field("plan", data if isinstance(data, bytes) else data.encode(), filename="plan")
    return form


async def test_all_that_is_wrong_with_a_file_is_told_or_counted(visitor: Visitor) -> None:
    """Before: twenty of 96 lines, and not a word of the others."""
    await visitor.up_to_the_hall()
    lines = "".join(f"P;A;{n};oops;1\n" for n in range(96))
    text = (await visitor.send("hall", a_file(f"zone;row;seat;x;y\n{lines}")))[2]
    assert "ligne 21," in text and "Encore 76 fois la même chose" in text.replace("\u202f", " "), re.findall(
        "<li><code>.*", text
    )[-2:]


async def test_after_a_refused_file_the_hall_before_is_not_taken_for_it(visitor: Visitor) -> None:
    """Before: its picture, with the main button below it to accept it."""
    await visitor.up_to_the_hall()
    before = (await visitor.send("hall", DRAWN))[2]
    assert '<button class="main">C’est bien elle, continuer' in before
    status, _, text = await visitor.send("hall", a_file("zone;row;seat;x;y\nP;A;1;oops;1\n"))
    form, _, kept = text.partition("La salle d’avant n’a pas changé")
    assert status == 422 and "data-n=" not in form and "oops" in form and 'id="plan"' in form
    assert re.findall(r'class="main">([^<]*)', text) == ["Voir la salle"]
    assert kept.count("data-n=") == before.count("data-n=") > 0 and "Garder celle-ci, continuer" in kept
    assert (await visitor.send("hall", accepted(text)))[1] == "/setup/administrator"


def mapped(page: str, **more: str) -> dict[str, str]:
    """What the step's form sends, as a browser does."""
    form = {
        each[0]: unescape(each[1]) for each in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    }
    form |= {each[0]: unescape(each[1]) for each in re.findall(r'<input name="(\w+-pattern)" value="([^"]*)"', page)}
    for name, options in re.findall(r'<select name="([^"]*)">(.*?)</select>', page):
        (form[name],) = [unescape(each) for each in re.findall(r'<option value="([^"]*)" selected', options)]
    return {**form, **more}


@pytest.mark.parametrize("name", sorted(DRAWINGS))
async def test_a_drawing_from_elsewhere_is_asked_about_and_comes_in(visitor: Visitor, name: str) -> None:
    """Before: it was refused, and sent to pages that nobody has yet."""
    await visitor.up_to_the_hall()
    status, path, page = await visitor.send("hall", a_file(DRAWINGS[name]))
    assert (status, path) == (200, "/setup/hall") and "Ce dessin vient d’ailleurs" in page and "map-picture" in page
    assert await visitor.door.read(SYSTEM, lambda read: house(read).hall) is None, "nothing came in yet"
    unseen = (await visitor.send("hall", mapped(page, **{"row-pattern": "*{row}", "import": "1"})))[2]
    assert "Vos réponses ont changé" in unseen
    comes = (await visitor.send("hall/mapping", mapped(page)))[2]
    assert "Importer 12 places" in comes and "<html" not in comes
    status, path, text = await visitor.send("hall", mapped(page, **{"import": "1"}))
    assert (status, path) == (200, "/setup/hall") and text.count("data-n=") == 12, text[-3000:]
    hall = await visitor.door.read(SYSTEM, lambda read: house(read).hall)
    assert hall is not None and hall.drawing is not None and hall.drawing.mapping is not None
    assert (await visitor.send("hall", accepted(text)))[1] == "/setup/administrator"


async def test_one_in_our_words_takes_the_step_if_it_is_asked_for(visitor: Visitor) -> None:
    await visitor.up_to_the_hall()
    text = '<svg><circle data-zone="P" data-row="A" data-seat="1" cx="9" cy="9" r="5"/></svg>'
    assert "Ce dessin vient d’ailleurs" in (await visitor.send("hall", a_file(text, map="1")))[2]
    assert (await visitor.send("hall", a_file(text)))[2].count("data-n=") == 1


async def test_a_drawing_that_came_back_broken_is_asked_for_again(visitor: Visitor) -> None:
    await visitor.up_to_the_hall()
    status, _, text = await visitor.send("hall", {"way": "plan", "file": "no file"})
    assert status == 200 and "Ce fichier est revenu abîmé" in text


@pytest.mark.parametrize(
    "form",
    [
        {"way": "drawn", "rows": "0", "seats": "81"},
        {"way": "drawn", "rows": "-1", "seats": "٣"},
        {"way": "drawn", "rows": "1e3", "seats": ""},
        {"way": "blocks", "zone_0": "Fosse", "places_0": "100001"},
        {"way": "blocks", "zone_0": "", "places_0": ""},
        {"way": "elsewhere"},
        {},
    ],
)
async def test_numbers_that_are_none(visitor: Visitor, form: dict[str, str]) -> None:
    await visitor.up_to_the_hall()
    status, _, text = await visitor.send("hall", form)
    assert status == 422 and 'class="fault"' in text


async def test_a_weak_password_is_refused_with_everything_else(visitor: Visitor) -> None:
    await visitor.up_to_the_hall()
    form = {"name": "", "email": "nobody", "password": "azertyuiop12", "again": "azertyuiop13", "profile": "GATE"}
    status, _, text = await visitor.send("administrator", form)
    assert status == 422 and text.count('class="fault"') == 4
    assert "azertyuiop" not in text  # a password never comes back
    assert re.search(r'value="GATE" checked', text) and not re.search(r'value="READER" checked', text)


@pytest.mark.parametrize(
    "language, word", [("en", "Welcome"), ("de", "Willkommen"), ("es", "Bienvenido"), ("it", "Benvenuto")]
)
async def test_in_the_readers_language(visitor: Visitor, language: str, word: str) -> None:
    status, _, text = await visitor.get(await visitor.link(), headers={"Accept-Language": language})
    assert status == 200 and word in text and f'lang="{language}"' in text


def _chosen(page: str, name: str) -> list[str]:
    found = re.search(rf'<select id="{name}".*?</select>', page, re.S)
    assert found
    return re.findall(r'value="([^"]*)" selected', found[0])


@pytest.mark.parametrize(("said", "zone", "currency"), [
    ("en-GB,en;q=0.9", "Europe/London", "GBP"), ("en", "Europe/London", "GBP"), ("fr,en;q=0.5", "Europe/Paris", "EUR"),
    ("fr-CH, fr;q=0.9", "Europe/Zurich", "CHF"), ("de", "Europe/Berlin", "EUR"), ("zh-Hant-TW", "Asia/Taipei", None),
    ("en-US,en;q=0.5", None, "USD"), ("-" * 3000, "Europe/Paris", "EUR"),
])  # fmt: skip
async def test_where_it_is_is_proposed_as_far_as_it_is_sure(
    visitor: Visitor, said: str, zone: str | None, currency: str | None
) -> None:
    """Before: Paris and the euro, whoever asked."""
    _, _, page = await visitor.get(await visitor.link(), headers={"Accept-Language": said})
    assert _chosen(page, "timezone") == ([zone] if zone else [])
    assert _chosen(page, "currency") == ([currency] if currency else [])
    assert page.count('<option value="">') == (zone, currency).count(None), "what is not sure is asked for"


async def test_who_chose_is_not_proposed_anything_else(visitor: Visitor) -> None:
    await visitor.get(await visitor.link())
    await visitor.send("institution", INSTITUTION)
    _, _, page = await visitor.get("/setup/institution", headers={"Accept-Language": "en-GB"})
    assert _chosen(page, "timezone") == ["Europe/Paris"] and "data-guess" not in page


@pytest.mark.parametrize(("zone", "asked"), [("Europe/London", False), ("Indian/Reunion", True)])
async def test_french_numbers_are_asked_for_in_france(visitor: Visitor, zone: str, asked: bool) -> None:
    await visitor.get(await visitor.link())
    await visitor.send("institution", {**INSTITUTION, "timezone": zone})
    _, _, page = await visitor.get("/setup/organiser")
    assert ('name="siret"' in page, 'name="licence"' in page) == (asked, asked)
    assert (await visitor.send("organiser", {"name": "The Wharf", "address": "Bristol"}))[1] == "/setup/season"


@pytest.mark.parametrize(("form", "places"), [
    ({"way": "plan", "rows": "5", "seats": "8"}, 40), ({"zone_0": "Fosse", "places_0": "120"}, 120),
])  # fmt: skip
async def test_how_the_hall_is_told_follows_from_what_is_filled_in(
    visitor: Visitor, form: dict[str, str], places: int
) -> None:
    await visitor.up_to_the_hall()
    status, _, page = await visitor.send("hall", form)
    assert status == 200 and f"{places} places" in page


async def test_what_was_chosen_goes_before_what_was_filled_in(visitor: Visitor) -> None:
    await visitor.up_to_the_hall()
    form = {"way": "blocks", "rows": "5", "seats": "8", "zone_0": "Fosse", "places_0": "120"}
    assert "120 places" in (await visitor.send("hall", form))[2]
    assert (await visitor.send("hall", {"way": "drawn"}))[0] == 422


async def test_categories_keep_the_colours_of_the_first_picture(visitor: Visitor) -> None:
    await visitor.up_to_the_hall()
    _, _, page = await visitor.send("hall", {**DRAWN, "bands": "2, 3"}, headers={"Accept-Language": "fr"})
    ((house,),) = await visitor.door.read(
        SYSTEM, lambda read: read.run("SELECT id FROM context WHERE kind = 'institution'")
    )
    item = ITEMS["seat_categories"].usual
    assert item
    wanted = await visitor.door.read(SYSTEM, lambda read: item(read, house, Id(""), _named))
    colours = [each.colour for each in wanted.categories]
    assert colours == [each.upper() for each in look().categories[:2]]
    assert all(each.lower() in page.lower() for each in colours)


def test_zones_are_named_by_region() -> None:
    zones = {value for value, *_ in _timezones()}
    assert {"Europe/Paris", "Pacific/Noumea", "America/Montreal"} <= zones
    assert not [each for each in zones if each.startswith(("Etc/", "US/")) or "/" not in each]


DRAWN = {"way": "drawn", "rows": "5", "seats": "8"}


@pytest.mark.parametrize("said", ["2, 2", "5, 0", "6", "zwei", "2 3 x", "1,1,1,1,1,1"])
async def test_price_zones_have_all_rows_of_the_hall(visitor: Visitor, said: str) -> None:
    await visitor.up_to_the_hall()
    status, _, text = await visitor.send("hall", {**DRAWN, "bands": said}, headers={"Accept-Language": "fr"})
    assert status == 422 and "La salle a 5 rangs" in text


@pytest.mark.parametrize(
    ("said", "want"), [("", {"Catégorie 1": 40}), ("2, 3", {"Catégorie 1": 16, "Catégorie 2": 24})]
)
async def test_a_hall_is_drawn_with_its_price_zones(visitor: Visitor, said: str, want: dict[str, int]) -> None:
    """And all that follows asks for a price of each: the plan's names are the categories that are proposed."""
    await visitor.up_to_the_hall()
    french = {"Accept-Language": "fr"}
    status, _, text = await visitor.send("hall", {**DRAWN, "bands": said}, headers=french)
    assert status == 200, text
    rows = await visitor.door.read(
        SYSTEM, lambda read: read.run("SELECT category, COUNT(*) FROM physical_seat GROUP BY category")
    )
    assert dict(rows) == want
    assert ("Catégorie 2" in text) == (len(want) > 1)
    await visitor.send("hall", accepted(text), headers=french)
    season = await visitor.door.read(SYSTEM, lambda read: read.run("SELECT id FROM context WHERE kind = 'institution'"))
    item = ITEMS["seat_categories"]
    assert item.usual

    def proposed(read: Read) -> list[str]:
        wanted = item.usual(read, season[0][0], Id(""), _named) if item.usual else None
        return [each.names["fr"] for each in wanted.categories]

    assert await visitor.door.read(SYSTEM, proposed) == list(want)
    (hall,) = await visitor.door.read(SYSTEM, lambda read: read.find(PhysicalConfiguration))
    told = await visitor.door.read(SYSTEM, lambda read: capacity_part(read, texts("fr"), hall))
    assert told and (told["places"], told["seats"]) == (40, 40), "its gauge says nothing of a plan"
