"""The live page over HTTP: who may see it, what it says, and that watchers get what changed, once drawn for all."""

import asyncio
import re
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from central.access.model import AccessPrivilege
from central.app import running
from central.catalogue.model import PerformanceState
from central.config import BrokerConfig, CentralConfig
from central.devices.model import DeviceState
from central.kernel.actor import SYSTEM
from central.kernel.settings import Settings
from central.kernel.tx import Read
from central.organisation.operators import WithdrawKey
from central.organisation.ops import CreateOperator, key_digest
from central.reports.evening import Evening, KnownDevice, Series, Window
from central.reports.live_evening import Evenings
from central.reports.live_page import LIVE, LiveLook
from central.reports.live_view import draw, legend
from central.reports.pages import ReportsSettings
from central.reports.site_map import Node, Stand, device_nodes, trouble_text
from central.web.area import ROSTER
from central.web.texts import language_for, texts
from shared.ids import Id
from shared.languages import LANGUAGES
from shared.rules.place_state import PlaceState
from shared.runtime.bridge import SiteBrokerConfig, run_broker
from shared.runtime.mqtt import Endpoint
from shared.runtime.system import SystemClock, fresh_id
from shared.runtime.tasks import Crew
from shared.wire.certificates import DeviceKind
from shared.wire.token import leased_ticket_id
from shared.wire.topics import Presence
from tests.evening_house import EveningHouse, evening_house, play_evening
from tests.waiting import PATIENCE_S, lines_run, until, until_so

HOSTILE = "<script>alert('x')</script>\"&"


@pytest.fixture
async def evening(tmp_path: Path) -> AsyncIterator[EveningHouse]:
    async with evening_house(tmp_path, live_open=True) as house:
        yield house


async def get(url: str, **headers: str) -> tuple[int, str, Any]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.text(), answer.headers


SEES = str(AccessPrivilege.ACCESS_READ)


def basic_auth(operator_id: str, key: str) -> str:
    return "Basic " + b64encode(f"{operator_id}:{key}".encode()).decode()


def news_of(url: str, text: str) -> str:
    found = re.search(r'data-news="([^"]+)"', text)
    assert found
    return url + unescape(found[1])


@asynccontextmanager
async def watching(url: str, **headers: str) -> AsyncIterator["Watcher"]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        assert answer.status == 200
        yield Watcher(answer)


class Watcher:
    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.id = ""

    async def next(self) -> dict[str, Any]:
        """The next message; a comment is none."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                line = (await self._answer.content.readline()).decode().rstrip("\n")
                if line.startswith("id: "):
                    self.id = line[4:]
                elif line.startswith("event: "):
                    return {"event": line[7:]}
                elif line.startswith("data: "):
                    message: dict[str, Any] = orjson.loads(line[6:])
                    return message

    async def until(self, part: str, text: str) -> dict[str, Any]:
        while True:
            message = await self.next()
            if text in message["parts"].get(part, ""):
                return message


# --- who may see it ---------------------------------------------------------------------------------------------------


async def test_closed_unless_told_otherwise(tmp_path: Path) -> None:
    async with evening_house(tmp_path) as house:
        url = house.central.url + "/live"
        status, _, headers = await get(url)
        assert status == 401
        assert headers["WWW-Authenticate"].startswith("Basic")
        assert (await get(url + "/news"))[0] == 401
        assert (await get(url, Authorization=basic_auth(house.operator, "wrong")))[0] == 401
        seller, key = fresh_id(SystemClock()), "a key of somebody who only sells"
        command = CreateOperator(
            id=seller, context_id=house.house.institution, name="Vendeur", key_digest=key_digest(key), privileges=()
        )
        assert (await house.central.door.execute(SYSTEM, command, fresh_id(SystemClock()))).ok
        assert (await get(url, Authorization=basic_auth(seller, key)))[0] == 401
        beside = CreateOperator(
            id=fresh_id(SystemClock()),
            context_id=house.house.organiser,
            name="Porte",
            key_digest=key_digest("a key of one organiser's"),
            privileges=(SEES,),
        )
        assert (await house.central.door.execute(SYSTEM, beside, fresh_id(SystemClock()))).ok
        assert (await get(url, Authorization=basic_auth(beside.id, "a key of one organiser's")))[0] == 401, (
            "it shows every organiser's"
        )
        assert (await get(url, Authorization=basic_auth(house.operator, house.key)))[0] == 200


async def test_whoever_may_no_more_watches_no_more(tmp_path: Path) -> None:
    async with evening_house(tmp_path) as house:
        watcher, key = fresh_id(SystemClock()), "a key that is withdrawn"
        made = CreateOperator(
            id=watcher, context_id=house.house.institution, name="Régie", key_digest=key_digest(key), privileges=(SEES,)
        )
        auth = {"Authorization": basic_auth(watcher, key)}
        assert (await house.central.door.execute(SYSTEM, made, fresh_id(SystemClock()))).ok
        _, text, _ = await get(house.central.url + "/live", **auth)
        async with (
            aiohttp.ClientSession() as session,
            session.get(news_of(house.central.url, text), headers=auth) as answer,
            asyncio.timeout(PATIENCE_S),
        ):
            assert answer.status == 200
            assert (
                await house.central.door.execute(SYSTEM, WithdrawKey(operator_id=watcher), fresh_id(SystemClock()))
            ).ok
            while await answer.content.readany():
                pass
            assert answer.content.at_eof()


async def test_nothing_planned_says_what_to_do(tmp_path: Path) -> None:
    config = CentralConfig(
        tmp_path,
        listen=Endpoint("127.0.0.1", 0),
        broker=BrokerConfig(True, "127.0.0.1", 0),
        areas=Settings((ReportsSettings(live_open=True),)),
    )
    async with running(config) as central:
        _, text, _ = await get(central.url + "/live?lang=en")
        assert "No performance is planned." in text and "Create a performance" in text
        async with watching(news_of(central.url, text)):
            pass


# --- what it says -----------------------------------------------------------------------------------------------------


async def test_the_front_door_is_the_administration_s(evening: EveningHouse) -> None:
    status, _, headers = await get(evening.central.url + "/")
    assert (status, headers["Location"]) == (303, "/sign-in")


async def test_page_is_strict_and_whole(evening: EveningHouse) -> None:
    status, text, headers = await get(evening.central.url + "/live")
    assert status == 200
    assert headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert " style=" not in text and "<style" not in text and "<script>" not in text and " on" + "click" not in text
    assert text.count('data-n="') == 981
    for name in re.findall(r'(?:href|src)="(/static/[^"]+)"', text):
        assert (await get(evening.central.url + name))[0] == 200, name
    css = (await get(evening.central.url + "/static/tokens.css"))[1]
    for font in re.findall(r'url\("([^"]+)"\)', css):
        assert font.startswith("/static/fonts/")
        async with aiohttp.ClientSession() as session, session.get(evening.central.url + font) as answer:
            assert answer.status == 200 and len(await answer.read()) > 1000
    for outside in ("http://", "https://", "//fonts"):
        assert outside not in text.replace("http://www.w3.org/2000/svg", "") and outside not in css


@pytest.mark.parametrize("name", ["../live.py", "nothing.css", "%2e%2e/live.py", "templates/live_page.html"])
async def test_no_other_file_is_served(evening: EveningHouse, name: str) -> None:
    assert (await get(f"{evening.central.url}/static/{name}"))[0] == 404


@pytest.mark.parametrize(
    ("asked", "accept", "language", "words"),
    [
        ("", "", "fr", "Les ventes"),
        ("", "en-GB,en;q=0.8", "en", "Do the books agree?"),
        ("", "pt,de-AT;q=0.7", "de", "Der Saal"),
        ("es", "en", "es", "Los pasos"),
        ("xx", "it", "it", "I varchi"),
    ],
)
async def test_languages(evening: EveningHouse, asked: str, accept: str, language: str, words: str) -> None:
    url = f"{evening.central.url}/live" + (f"?lang={asked}" if asked else "")
    _, text, headers = await get(url, **({"Accept-Language": accept} if accept else {}))
    assert f'<html lang="{language}">' in text
    assert headers["Content-Language"] == language
    assert words in unescape(text)
    assert language_for(asked, accept) == language


async def test_figures_add_up_and_agree(evening: EveningHouse) -> None:
    await play_evening(evening)
    drawn: Evening = await evening.central.door.read(SYSTEM, lambda read: Evenings()(read, ""))
    assert drawn.capacity == evening.house.seats == 981
    assert sum(count for _, count in legend(drawn)) == 981
    seats = {state: sum(each is state for each in drawn.seats) for state in PlaceState}
    assert {state: drawn.counts.get(state, 0) for state in PlaceState} == seats
    assert drawn.sold == drawn.places.total == 43
    assert drawn.takings.total == 32 * 5800 + 11 * 4600
    assert drawn.counts[PlaceState.LEASED] == 8
    assert drawn.counts[PlaceState.BLOCKED] == 9
    assert drawn.counts[PlaceState.ADMITTED] == sum(each.total for each in drawn.entries) == 34
    one, two = drawn.lanes
    assert (one.admitted, one.refused, two.admitted, two.refused) == (23, 0, 11, 1)
    assert one.last and one.last.verdict == "admitted"
    assert two.last and (two.last.verdict, two.last.reason, two.last.used_gate) == ("refused", "used", "Porte A")
    assert [sale.late for sale in drawn.sales] == [False] * 4 + [True]
    text = draw(drawn, evening.central.app[ROSTER].all(), "en").fragments
    assert "43" in text["head"] and "€2,362.00" in text["head"]
    assert drawn.checks and f"{len(drawn.checks)}/{len(drawn.checks)}" in text["head"]
    gone = replace(drawn, show=replace(drawn.show, state=PerformanceState.CANCELLED))
    assert PlaceState.FREE in dict(legend(drawn)) and PlaceState.FREE not in dict(legend(gone))
    assert "cancelled" in draw(gone, {}, "en").fragments["head"] and "cancelled" not in text["head"]
    assert "sold offline" in text["last"]
    assert "already in at" in text["lanes"] and "Porte A" in text["lanes"]
    for language in LANGUAGES:
        say = texts(language)
        for check in drawn.checks:
            assert say.known(f"value:check.{check.name.lower()}")
            for name in check.figures:
                assert say.known(f"value:figure.{name}", f"value:anomaly_kind.{name}"), name


async def test_an_entry_in_doubt_is_amber(evening: EveningHouse) -> None:
    """Admitted on its signature alone: no sale has come yet. The day it comes, the lane is green."""
    kiosk = await evening.device(DeviceKind.KIOSK, "K1", "Borne")
    lane = await evening.device(DeviceKind.GATE, "G1", "Porte A")
    lease = await kiosk.lease(evening.tonight, evening.house.categories["Carré or"], 1)
    lane.scan(leased_ticket_id(lease.id, 0), evening.tonight)
    await lane.upload()
    collect = Evenings()

    async def verdict() -> str:
        seen: Evening = await evening.central.door.read(SYSTEM, lambda read: collect(read, evening.tonight))
        assert seen.lanes[0].last
        return seen.lanes[0].last.verdict

    assert await verdict() == "look"
    kiosk.sale(evening.house, lease, (0,))
    await kiosk.upload()
    assert await verdict() == "admitted"


async def test_names_are_escaped_everywhere(evening: EveningHouse) -> None:
    lane = await evening.device(DeviceKind.GATE, "G1", HOSTILE)
    await evening.device(DeviceKind.PRINTER, "P1", HOSTILE)
    sold = await evening.sell(0)
    ticket = sold["tickets"][0]["ticket_id"]
    lane.scan(ticket, evening.tonight)
    lane.scan(ticket, evening.tonight, admitted=False, reason=HOSTILE)
    await lane.upload()
    lane.health = HOSTILE
    await lane.appear()

    async def shown() -> bool:
        return "alert" in (await get(evening.central.url + "/live"))[1]

    await until(lambda: evening.central.app[ROSTER].online(lane.id))
    await until_so(shown)
    _, text, _ = await get(evening.central.url + "/live")
    assert "Porte" not in text and "alert" in text
    assert "<script>alert" not in text
    assert re.search(r'alert[^&<]*"&(?!amp|#)', text) is None


# --- what changes -----------------------------------------------------------------------------------------------------


async def test_a_sale_comes_as_what_changed(evening: EveningHouse) -> None:
    url = evening.central.url
    _, text, _ = await get(url + "/live?lang=en")
    async with watching(news_of(url, text)) as watcher:
        await evening.sell(3, 4)
        message = await watcher.until("head", "€92.00")
        assert list(message["seats"].values()) == ["sold", "sold"]
        assert "hall" not in message["parts"] and "lanes" not in message["parts"]
        assert "€92.00" in message["parts"]["last"]
        assert len(orjson.dumps(message)) < 20_000


async def test_presence_comes_at_once(evening: EveningHouse) -> None:
    lane = await evening.device(DeviceKind.GATE, "G1", "Porte A")
    url = evening.central.url
    _, text, _ = await get(url + "/live?lang=en")
    async with watching(news_of(url, text)) as watcher:
        await lane.appear()
        await watcher.until("devices", "online")
        lane.unsent, lane.reaches_central = 3, False
        await lane.say()
        message = await watcher.until("devices", "works alone")
        assert "3 to send" in message["parts"]["devices"]
        await lane.vanish()
        await watcher.until("devices", "offline")


class Line:
    """A stretch of the way to central that a digger can cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._ends: list[asyncio.StreamWriter] = []
        self.port = 0

    async def __aenter__(self) -> "Line":
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def cut(self) -> None:
        self._server.close()
        for end in self._ends:
            end.close()
        self._ends.clear()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends += [writer, far_writer]
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    @staticmethod
    async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()


async def test_a_cut_line_is_drawn_cut(evening: EveningHouse, tmp_path: Path) -> None:
    """A site with a relay of its own: its kiosk goes on talking to it while central hears of neither."""
    relay = await evening.device(DeviceKind.BROKER, "R1", "Relais")
    kiosk = await evening.device(DeviceKind.KIOSK, "K1", "Borne")
    pem = relay.signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, text in (("key.pem", pem.decode()), ("certificate.pem", relay.certificate), ("root.pem", relay.root)):
        (tmp_path / name).write_text(text)
    (tmp_path / "key.pem").chmod(0o600)
    url, ready = evening.central.url, asyncio.get_running_loop().create_future()
    async with Line(evening.central.broker_port) as line, Crew() as crew:
        local = Endpoint("127.0.0.1", 0)
        config = SiteBrokerConfig(tmp_path / "root.pem", local, tmp_path, Endpoint("127.0.0.1", line.port))
        crew.start("relay", lambda: run_broker(config, ready))
        kiosk.broker_port = await asyncio.wait_for(ready, PATIENCE_S)
        await kiosk.appear()
        _, text, _ = await get(url + "/live?lang=en")
        async with watching(news_of(url, text)) as watcher:
            await until(lambda: all(evening.central.app[ROSTER].online(each.id) for each in (relay, kiosk)))
            await line.cut()
            message = await watcher.until("devices", "LINE CUT")
            assert "Borne (kiosk): out of reach" in message["parts"]["devices"]
        await kiosk.vanish()


async def test_many_watchers_cost_one_drawing(evening: EveningHouse) -> None:
    url = evening.central.url
    _, text, _ = await get(url + "/live?lang=en")
    drawings = 0

    async def watch() -> str:
        async with watching(news_of(url, text)) as watcher:
            ready.release()
            message = await watcher.until("head", "€46.00")
            return str(message["parts"]["head"])

    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(watch()) for _ in range(25)]
    for _ in tasks:
        await ready.acquire()
    drawings = _drawings(evening)
    await evening.sell(0)
    assert len(set(await asyncio.gather(*tasks))) == 1
    assert _drawings(evening) - drawings < len(tasks) / 2, "one for the sale and one for each tick, not one for each"


async def test_a_performance_that_cannot_be_drawn_holds_up_no_other(
    evening: EveningHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever watches another gets its news; the loop's trouble is told all the same."""
    live, url = evening.central.app[LIVE], evening.central.url
    _, text, _ = await get(url + "/live?lang=en")
    broken = live._views["fr", ""] = LiveLook("fr", "", watchers=1)
    live._views = {("fr", ""): broken, **live._views}  # it is drawn before the other
    freshen = live._freshen

    async def failing(view: LiveLook, least_s: float = 0.0) -> None:
        if view is broken:
            raise OverflowError("a sum that no number holds")
        await freshen(view, least_s)

    monkeypatch.setattr(live, "_freshen", failing)
    async with watching(news_of(url, text)) as watcher:
        await evening.sell(0)
        await watcher.until("head", "€46.00")


def _drawings(evening: EveningHouse) -> int:
    return evening.central.app[LIVE].drawings


async def test_changes_are_bounded_in_time(evening: EveningHouse) -> None:
    """Twenty sales in a row are a few messages, and the last one says it all."""
    url = evening.central.url
    _, text, _ = await get(url + "/live?lang=en")
    async with watching(news_of(url, text)) as watcher:
        started, before = time.monotonic(), _drawings(evening)
        for n in range(20):
            await evening.sell(n)
        await watcher.until("head", "€920.00")
        allowed = (time.monotonic() - started) / 0.25 + 2
        assert _drawings(evening) - before <= allowed


async def test_a_broken_line_goes_on_where_it_was(evening: EveningHouse) -> None:
    url = evening.central.url
    _, text, _ = await get(url + "/live?lang=en")
    news = news_of(url, text)
    async with watching(news) as watcher:
        await evening.sell(0)
        await watcher.until("head", "€46.00")
        last = watcher.id
    await evening.sell(1)
    async with watching(news, **{"Last-Event-ID": last}) as watcher:
        message = await watcher.until("head", "€92.00")
        assert len(message["seats"]) == 1, "the seat of before has been told"


@pytest.mark.parametrize("since", ["", "0", "cafebabe-1", "-", "x-1-2", "{boot}-99999", "{boot}-²"])
async def test_a_number_of_another_life_reloads(evening: EveningHouse, since: str) -> None:
    url = evening.central.url
    _, text, _ = await get(url + "/live?lang=en")
    news, _, known = news_of(url, text).partition("&since=")
    async with watching(f"{news}&since=" + since.replace("{boot}", known.split("-")[0])) as watcher:
        assert await watcher.next() == {"event": "reload"}


async def test_watchers_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        house = await stack.enter_async_context(evening_house(tmp_path, live_open=True))
        _, text, _ = await get(house.central.url + "/live")
        answer = await session.get(news_of(house.central.url, text))
        assert answer.status == 200
        async with asyncio.timeout(PATIENCE_S):  # half of what the server gives an answer that is under way
            await stack.aclose()
        answer.close()


async def test_the_page_is_drawn_fast(evening: EveningHouse) -> None:
    """A thousand seats: a look is a few statements, and a line or two for each seat."""
    await play_evening(evening)
    collect = Evenings()

    def look(read: Read) -> tuple[int, int]:
        asked: list[str] = []
        run = read._db.run
        counting = SimpleNamespace(run=lambda sql, params: (asked.append(sql), run(sql, params))[1])
        counted = Read(counting, read.actor, read.now, read.keys)  # type: ignore[arg-type]

        def drawn() -> None:
            found = collect(counted, evening.tonight)
            assert found
            draw(found, {}, "fr")

        drawn()
        asked.clear()
        return lines_run(drawn), len(asked)

    lines, statements = await evening.central.door.read(SYSTEM, look)
    assert statements <= 100, "checks and all, of which I5 asks a dozen for each performance of the house"
    assert lines <= 150_000, "some 120 for each of 981 seats"


# --- devices ----------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 3, 1, 20, tzinfo=UTC)


def said(device: str, *, online: bool = True, health: str = "ok", **detail: Any) -> Presence:
    return Presence(Id(device), "s", online, NOW, health, detail or None)


@pytest.mark.parametrize(
    ("heard", "want"),
    [
        ({}, {"relay": Stand.UNHEARD, "kiosk": Stand.UNHEARD}),
        ({"relay": {}, "kiosk": {}}, {"relay": Stand.ONLINE, "kiosk": Stand.ONLINE}),
        ({"relay": {"online": False}, "kiosk": {}}, {"relay": Stand.OFFLINE, "kiosk": Stand.BEYOND}),
        ({"relay": {}, "kiosk": {"online": False}}, {"relay": Stand.ONLINE, "kiosk": Stand.OFFLINE}),
        ({"relay": {}, "kiosk": {"health": "D-02"}}, {"relay": Stand.ONLINE, "kiosk": Stand.TROUBLE}),
        ({"relay": {}, "kiosk": {"central": False}}, {"relay": Stand.ONLINE, "kiosk": Stand.ALONE}),
        ({"kiosk": {}}, {"relay": Stand.UNHEARD, "kiosk": Stand.ONLINE}),
    ],
)
def test_how_devices_stand(heard: dict[str, dict[str, Any]], want: dict[str, Stand]) -> None:
    devices = [
        KnownDevice("relay", "broker", "Relais", DeviceState.ACTIVE, 0),
        KnownDevice("kiosk", "kiosk", "Borne", DeviceState.ACTIVE, 0),
    ]
    found: list[Node] = device_nodes(devices, {name: said(name, **values) for name, values in heard.items()})
    assert {node.device.id: node.stand for node in found} == want


@pytest.mark.parametrize(
    ("code", "language", "want"),
    [
        (
            "P-01",
            "de",
            ("Der Drucker hat kein Papier mehr.", "Eine neue 80-mm-Rolle einlegen und die Abdeckung schließen."),
        ),
        ("K-08", "it", ("Il coperchio della stampante è aperto.", "chiudere il coperchio fino allo scatto.")),
        ("X-99", "en", ("", "")),
    ],
)
def test_a_trouble_is_told_in_the_readers_language(code: str, language: str, want: tuple[str, str]) -> None:
    devices = [KnownDevice("kiosk", "kiosk", "Borne", DeviceState.ACTIVE, 0)]
    (node,) = device_nodes(devices, {"kiosk": said("kiosk", health=code)})
    assert trouble_text(node, texts(language)) == want


def test_a_presence_with_nonsense_in_it_is_harmless() -> None:
    devices = [
        KnownDevice("kiosk", "kiosk", "Borne", DeviceState.ACTIVE, 0),
        KnownDevice("new", "gate", "Porte", DeviceState.PENDING, 0),
    ]
    found = device_nodes(devices, {"kiosk": said("kiosk", unsent="many", central="perhaps")})
    assert [(node.stand, node.unsent) for node in found] == [(Stand.ONLINE, 0), (Stand.PENDING, 0)]


def test_series_know_what_was_before() -> None:
    window = Window(NOW, timedelta(seconds=2), 60)
    assert window.end == NOW + timedelta(minutes=2)
    assert Series("x", 5, (1, 2)).total == 8
