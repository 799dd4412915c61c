"""A whole central with the demo's theatre, for tests of what people see: sales over the API, devices that enrol, upload
facts and say that they are there as real ones do (signed, chained, over HTTP and the broker)."""

import asyncio
import atexit
import shutil
import sqlite3
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.app import Running, running
from central.config import BrokerConfig, CentralConfig
from central.devices.codes import new_code
from central.founding import found_house
from central.kernel.settings import Settings
from central.reports.pages import ReportsSettings
from parterre.demo.house import House, set_up
from parterre.demo.office import Office
from shared.clock import ClockState
from shared.ids import Id, derived_id
from shared.runtime.login import Login
from shared.runtime.mqtt import Announce, Bus, Endpoint
from shared.runtime.system import SystemClock, fresh_id
from shared.runtime.tasks import ended
from shared.wire import topics
from shared.wire.certificates import DeviceKind, signing_request
from shared.wire.codec import dump, load
from shared.wire.facts import (
    GENESIS,
    Direction,
    Fact,
    FactKind,
    Sale,
    SaleLine,
    SalePayment,
    ScanFact,
    Upload,
    fact_hash,
)
from shared.wire.leases import Lease
from shared.wire.requests import signed_headers
from shared.wire.seal import Sealed, Signer
from shared.wire.token import Token, leased_ticket_id, sign, write
from tests.waiting import PATIENCE_S

CLOCK = SystemClock()


@dataclass
class Device:
    """A device's outside: its key, its journal's facts, its presence."""

    url: str
    id: Id
    site: Id
    kind: DeviceKind
    label: str
    signer: Signer
    certificate: str
    root: str
    broker_port: int
    facts: list[Fact] = field(default_factory=list)
    receipts: int = 0
    unsent: int = 0
    health: str = "ok"
    session: str = ""
    reaches_central: bool = True
    _bus: Bus | None = None
    _task: asyncio.Task[None] | None = None

    def record(self, kind: FactKind, body: Any, at: datetime | None = None) -> Fact:
        """The next fact of the chain; it is not sent yet."""
        prev = self.facts[-1].hash if self.facts else GENESIS
        fact = Fact(
            self.id, len(self.facts) + 1, fresh_id(CLOCK), kind, at or datetime.now(UTC), 0, "boot",
            ClockState.TRUSTED, orjson.loads(dump(body)), prev,
        )  # fmt: skip
        fact = replace(fact, hash=fact_hash(fact))
        self.facts.append(fact)
        return fact

    async def upload(self, *facts: Fact) -> dict[str, Any]:
        """Central's receipt. Without arguments: everything, again."""
        sent = facts or tuple(self.facts)
        signature = b64encode(self.signer.key.sign(sent[-1].hash.encode())).decode()
        return await self.command("upload_facts", dump(Upload(facts=sent, signature=signature)))

    async def command(self, name: str, body: bytes) -> dict[str, Any]:
        path = f"/api/v1/commands/{name}"
        at = datetime.now(UTC).isoformat()
        headers = signed_headers(self.id, self.signer, "POST", path, at, fresh_id(CLOCK), body, fresh_id(CLOCK))
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url + path, data=body, headers=headers) as answer,
        ):
            said = await answer.json(content_type=None)
        assert "value" in said, said
        value: dict[str, Any] = said["value"]
        return value

    async def lease(self, performance: Id, category: Id, quantity: int) -> Lease:
        asked = {
            "lease_id": fresh_id(CLOCK), "performance_id": performance, "category_id": category, "quantity": quantity
        }  # fmt: skip
        sealed = load(Sealed, orjson.dumps(await self.command("request_lease", orjson.dumps(asked))))
        lease: Lease = sealed.body(Lease)
        return lease

    def sale(
        self, house: House, lease: Lease, slots: tuple[int, ...], at: datetime | None = None, price: int = 0
    ) -> Sale:
        """A fact of a card sale out of a lease at the full tariff."""
        self.receipts += 1
        lines = tuple(
            SaleLine(
                lease.id,
                slot,
                house.tariffs["FULL"],
                price or PRICE,
                550,
                self._token(lease, slot),
                f"TDT-B1-{self.receipts:04}{slot:04}",
            )
            for slot in slots
        )
        total = sum(line.price for line in lines)
        paid = (SalePayment(fresh_id(CLOCK), "card", total, "ref"),)
        sale = Sale(fresh_id(CLOCK), self.receipts, lease.performance_id, "EUR", lines, paid)
        self.record(FactKind.SALE, sale, at)
        return sale

    def _token(self, lease: Lease, slot: int) -> str:
        named = Token(
            self.signer.kid, leased_ticket_id(lease.id, slot), 1, lease.performance_id, lease.places[slot].zones, 1,
            lease_id=lease.id, slot=slot,
        )  # fmt: skip
        return write(sign(named, self.signer))

    def scan(
        self, ticket: str, performance: str, *, admitted: bool = True, reason: str = "", at: datetime | None = None
    ) -> Fact:
        body = ScanFact(ticket, 1, performance, self.label, Direction.ENTRY, admitted, reason, entry=1)
        return self.record(FactKind.SCAN, body, at)

    async def appear(self) -> None:
        """Births itself on central's broker, with a will, as a device's bus does."""
        self.session = fresh_id(CLOCK)
        login = Login.of(self.signer.key, self.certificate, self.id)
        announce = Announce(topics.state(self.site, self.id), self.session, self._presence)
        self._bus = Bus("127.0.0.1", self.broker_port, login=login, announce=announce)
        self._task = asyncio.create_task(self._bus.run(), name=f"bus of {self.label}")
        await asyncio.wait_for(self._bus.wait_connected(), PATIENCE_S)

    async def say(self) -> None:
        """Tells its presence again after `health` or `unsent` changed."""
        assert self._bus
        await self._bus.announce()

    async def vanish(self) -> None:
        if self._task:
            await ended([self._task])
            self._task = None

    def _presence(self, online: bool) -> topics.Presence:
        detail = {"kind": self.kind, "unsent": self.unsent, "central": self.reaches_central, "label": self.label}
        return topics.Presence(self.id, self.session, online, datetime.now(UTC), self.health, detail)


PRICE = 5800  # of the golden square, at the full tariff


@dataclass
class EveningHouse:
    central: Running
    office: Office
    house: House
    operator: Id
    key: str
    devices: list[Device] = field(default_factory=list)
    _seats: list[dict[str, Any]] = field(default_factory=list)

    @property
    def tonight(self) -> Id:
        return self.house.performances[0]

    async def seats(self) -> list[dict[str, Any]]:
        """The 1re category's places of tonight, in a steady order."""
        if not self._seats:
            category = self.house.categories["1re"]
            physical = {row["id"]: row["position"] for row in await self.office.rows("physical_seat")}
            rows = [row for row in await self.office.rows("place") if row["performance_id"] == self.tonight]
            self._seats = sorted(
                (row for row in rows if row["category_id"] == category), key=lambda row: physical[row["seat_id"]]
            )
        return self._seats

    async def sell(self, *at: int) -> dict[str, Any]:
        """Sells the nth places of the 1re category at the box office, in cash."""
        seats = await self.seats()
        places = [{"tariff_id": self.house.tariffs["FULL"], "seat_id": seats[n]["seat_id"]} for n in at]
        sold: dict[str, Any] = await self.office.command(
            "place_order", order_id=self.office.new_id(), point_of_sale_id=self.house.desk_point,
            performance_id=self.tonight, places=places, method="cash", amount=4600 * len(at),
        )  # fmt: skip
        return sold

    async def device(self, kind: DeviceKind, code: str, label: str) -> Device:
        """Invited, enrolled with a key of its own, approved."""
        device_id, secret, key = self.office.new_id(), new_code(), Ed25519PrivateKey.generate()
        point = {"point_of_sale_id": self.house.kiosk_point} if kind is DeviceKind.KIOSK else {}
        await self.office.command(
            "invite_device", id=device_id, context_id=self.house.organiser, site_id=self.house.site, kind=kind,
            code=code, label=label, enrolment_code=secret, **point,
        )  # fmt: skip
        await self.office.command("enrol_device", code=secret, request_pem=signing_request(key, label), label=label)
        signer = Signer.of(key)
        await self.office.command("approve_device", device_id=device_id, kid=signer.kid)
        standing = await self.office.query("enrolment", device_id=device_id, kid=signer.kid)
        made = Device(
            self.office.url, device_id, self.house.site, kind, label, signer, standing["certificate"],
            standing["root_pem"], self.central.broker_port,
        )  # fmt: skip
        self.devices.append(made)
        return made


@dataclass(frozen=True, slots=True)
class Built:
    """A house that was set up once over the API, to be copied."""

    folder: Path
    house: House
    operator: Id
    key: str


_BUILT: list[Built] = []


async def _built() -> Built:
    if not _BUILT:
        folder = Path(tempfile.mkdtemp(prefix="parterre-house-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        settings = _settings(folder)
        institution, operator, key = await found_house(settings, "H", "Maison des Tilleuls", "Admin")
        async with running(settings) as central, Office(central.url, operator, key) as office:
            now = datetime.now(UTC)
            house = await set_up(office, institution, now, where_it_is_afternoon(now))
        _BUILT.append(Built(folder, house, operator, key))
    return _BUILT[0]


def where_it_is_afternoon(now: datetime) -> str:
    """A zone in which it is two o'clock, so that this evening is today whenever tests run."""
    east = 14 - now.hour
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


def _settings(folder: Path, port: int = 0, live_open: bool = False) -> CentralConfig:
    return CentralConfig(
        folder, listen=Endpoint("127.0.0.1", port), broker=BrokerConfig(True, "127.0.0.1", 0),
        areas=Settings((ReportsSettings(live_open),)),
    )  # fmt: skip


def copied(database: Path, to: Path) -> Path:
    """With what still stands in the write-ahead log, which a plain copy of the file would leave out."""
    with closing(sqlite3.connect(database)) as db, closing(sqlite3.connect(to)) as other:
        db.backup(other)
    return to


@asynccontextmanager
async def evening_house(folder: Path, port: int = 0, live_open: bool = False) -> AsyncIterator[EveningHouse]:
    """The demo's theatre, open for sale and entry, on ports of its own. In a folder that has one it goes on."""
    built = await _built()
    if not (folder / "parterre.db").exists():
        shutil.copytree(built.folder / "keys", folder / "keys")
        copied(built.folder / "parterre.db", folder / "parterre.db")
    async with (
        running(_settings(folder, port, live_open)) as central,
        Office(central.url, built.operator, built.key) as office,
    ):
        made = EveningHouse(central, office, built.house, built.operator, built.key)
        try:
            yield made
        finally:
            for device in made.devices:
                await device.vanish()


async def play_evening(evening: EveningHouse) -> None:
    """A good hour of an evening: counter and kiosk sell, two lanes admit and refuse, a kiosk sold while cut off."""
    now = datetime.now(UTC)
    relay = await evening.device(DeviceKind.BROKER, "R1", "Serveur de la cave")
    kiosk = await evening.device(DeviceKind.KIOSK, "K1", "Borne du hall")
    lanes = [await evening.device(DeviceKind.GATE, f"G{n}", f"Porte {name}") for n, name in ((1, "A"), (2, "B"))]
    printer = await evening.device(DeviceKind.PRINTER, "P1", "Imprimante")
    for device in (relay, kiosk, *lanes, printer):
        await device.appear()
    lease = await kiosk.lease(evening.tonight, evening.house.categories["Carré or"], 40)
    tickets: list[str] = []
    for n in range(16):  # told late: the kiosk's line was cut
        slots = (2 * n, 2 * n + 1)
        kiosk.sale(evening.house, lease, slots, now - timedelta(seconds=540 - 30 * n - n * n // 8))
        tickets += [leased_ticket_id(lease.id, slot) for slot in slots]
    await kiosk.upload()
    for n in range(4):
        sold = await evening.sell(*range(20 * n, 20 * n + 2 + n % 3))
        tickets += [ticket["ticket_id"] for ticket in sold["tickets"]]
    for n, ticket in enumerate(tickets[:34]):
        lanes[n % 3 % 2].scan(ticket, evening.tonight, at=now - timedelta(seconds=300 - 9 * n + n * n // 8))
    lanes[1].scan(tickets[0], evening.tonight, admitted=False, reason="used", at=now + timedelta(seconds=2))
    for lane in lanes:
        await lane.upload()
    seats = await evening.seats()
    await evening.office.command(
        "block_places",
        performance_id=evening.tonight,
        selection={"seats": [seat["seat_id"] for seat in seats[-9:]]},
        why="régie",
    )
    kiosk.unsent = 0
    await kiosk.say()


def unknown_ticket(name: str) -> str:
    return derived_id("nobody sold this", name)
