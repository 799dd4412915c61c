"""The first load end to end: a real central over HTTP, an enrolled gate's real store, one file instead of pages."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from central.devices import snapshots
from edge.gate.lists import KEPT
from edge.gate.main import HEARD_OF
from edge.gate.store import SCHEMA, GateStore
from shared.clock import ClockState, Now
from shared.ids import Id, derived_id, id_bytes
from shared.rules.access import Gate
from shared.runtime.central import Declined, HttpCentral
from shared.runtime.journal import Journal
from shared.runtime.keyring import Keyring
from shared.runtime.snapshot import Snapshots
from shared.runtime.sync import Reader, Sync
from shared.wire.certificates import DeviceKind
from shared.wire.feeds import FeedFamily, feed_name
from shared.wire.snapshots import Manifest
from tests.evening_house import CLOCK, Device, EveningHouse, evening_house

ROWS = 12_000
NOW = Now(datetime.now(UTC), ClockState.TRUSTED, timedelta())


@dataclass
class Place:
    evening: EveningHouse
    folder: Path
    gate: Device

    @property
    def files(self) -> Path:
        return self.folder / "central" / "snapshots"

    @property
    def site(self) -> Id:
        return self.gate.site

    def publish(self, first: int, last: int, serial: int = 1, gone: tuple[int, ...] = ()) -> None:
        """Rows of the ticket list as commands would leave them, without the sales."""
        feed = feed_name(FeedFamily.TICKETS, self.site)
        body = {"performance_id": self.evening.tonight, "serial": serial, "cancelled": False, "blocked": False}
        text = orjson.dumps(body).decode()
        with closing(sqlite3.connect(self.folder / "central" / "parterre.db", timeout=10)) as db, db:
            (head,) = db.execute(
                "INSERT INTO feed_head VALUES (?, ?) ON CONFLICT (feed) DO UPDATE SET "
                "revision = revision + excluded.revision RETURNING revision",
                (feed, last - first),
            ).fetchone()
            db.executemany(
                "INSERT OR REPLACE INTO feed_row (feed, key, revision, body) VALUES (?, ?, ?, ?)",
                [
                    (feed, derived_id("t", n), head - (last - first) + place + 1, None if n in gone else text)
                    for place, n in enumerate(range(first, last))
                ],
            )

    async def make(self) -> Manifest:
        return (await snapshots.make(self.evening.central.door, self.files, self.site)).body(Manifest)

    def lane(self, name: str) -> "Lane":
        return Lane(self, name)


class Lane:
    """The gate's own parts, as its `main` puts them together; opening one again is a restart."""

    def __init__(self, place: Place, name: str) -> None:
        folder = place.folder / name
        folder.mkdir(exist_ok=True)
        central, device = place.evening.central, place.gate
        self.asked: list[str] = []
        self.journal = Journal.open(folder / "journal.db", device.id, SCHEMA)
        keyring = Keyring(central.door.keys.root_pem)
        keyring.add(central.door.keys.certificate.pem)
        self.store = GateStore(self.journal, Gate(name, device.site, zones=1), central.door.keys.root_pem)
        self.line = HttpCentral(central.url, CLOCK, device.id, device.signer)
        readers = {family: Reader(self.store.take, keep=family in KEPT) for family in HEARD_OF}
        self.sync = Sync(self.line, self.journal, keyring, device.signer, CLOCK, readers=readers)
        self.snapshots = Snapshots(self.line, self.journal, keyring, folder, device.site, lambda: NOW)
        self.sync.first_load = self.snapshots.first_load
        query = self.line.query

        async def noted(name: str, params: dict[str, str]) -> bytes:
            self.asked.append(f"{name} {params.get('feed', '')}".strip())
            return await query(name, params)

        self.line.query = noted  # type: ignore[assignment,method-assign]  # what the wire saw

    def serial(self, number: int) -> int | None:
        rows = self.journal.read("SELECT serial FROM gate_ticket WHERE id = ?", (id_bytes(derived_id("t", number)),))
        return int(rows[0][0]) if rows else None

    async def refresh(self) -> None:
        await self.sync.refresh()
        assert self.sync.trouble == {}

    async def close(self) -> None:
        await self.line.close()
        self.journal.close()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with evening_house(tmp_path / "central") as evening:
        gate = await evening.device(DeviceKind.GATE, "G1", "Porte A")
        found = Place(evening, tmp_path, gate)
        found.publish(0, ROWS, gone=(7,))
        yield found


async def test_a_new_gate_loads_one_file_and_goes_on_by_page(place: Place) -> None:
    manifest = await place.make()
    tickets = feed_name(FeedFamily.TICKETS, place.site)
    assert manifest.version == 1 and manifest.files[0].rows == ROWS - 1 and manifest.feeds[tickets] == ROWS
    place.publish(3, 5, serial=2)  # after the snapshot: pages bring it
    lane = place.lane("A")
    await lane.refresh()
    assert lane.asked.count(f"feed {tickets}") == 1, "what came after the snapshot, in one page"
    assert lane.store.lists.count() == ROWS - 1
    assert [lane.serial(n) for n in (0, 3, 4, 7, ROWS - 1)] == [1, 2, 2, None, 1]
    assert lane.store.lists.revision() == ROWS + 2
    assert lane.store.lists.faults == 0
    assert (place.folder / "A" / manifest.files[0].name).stat().st_size == manifest.files[0].bytes
    asked = len(lane.asked)
    await lane.refresh()
    assert "snapshot" not in lane.asked[asked:], "known feeds come by page"
    await lane.close()

    by_page = place.lane("B")
    by_page.sync.first_load = None
    await by_page.refresh()
    assert by_page.asked.count(f"feed {tickets}") > 5
    one, other = (
        sqlite3.connect(place.folder / name / "journal.db").execute("SELECT * FROM gate_ticket").fetchall()
        for name in "AB"
    )
    assert one == other and len(one) == ROWS - 1, "both ways lead to the same list"
    await by_page.close()


async def test_without_a_good_file_the_list_comes_by_page(place: Place) -> None:
    for loss in ("no snapshot", "file gone", "file cut", "one bit"):
        if loss != "no snapshot":
            path = place.files / (await place.make()).files[0].name
            held = bytearray(path.read_bytes())
            held[len(held) // 2] ^= 1
            path.unlink()
            if loss != "file gone":
                path.write_bytes(bytes(held) if loss == "one bit" else bytes(held)[:-4096])
        lane = place.lane(loss)
        await lane.refresh()
        assert lane.store.lists.count() == ROWS - 1, loss
        assert list((place.folder / loss).glob("*snapshot*")) == [], loss
        assert lane.journal.note("snapshot") is None, "what was not good is not the last good one"
        await lane.close()


async def test_a_crash_in_the_middle_goes_on_from_the_kept_file(place: Place) -> None:
    manifest = await place.make()
    lane = place.lane("A")
    left = 3

    def crash(tx: object, page: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    reader = Reader(lambda tx, page: (lane.store.take(tx, page), crash(tx, page))[0], keep=False)
    with pytest.raises(KeyboardInterrupt):
        await lane.snapshots.first_load(feed_name(FeedFamily.TICKETS, place.site), reader)
    half = lane.store.lists.count()
    assert 0 < half < ROWS - 1
    assert lane.journal.revision(feed_name(FeedFamily.TICKETS, place.site)) == 0, "not known before it is known whole"
    await lane.close()

    shutil.rmtree(place.files)  # central has it no longer: the kept one serves
    again = place.lane("A")
    await again.refresh()
    assert again.store.lists.count() == ROWS - 1
    tickets = feed_name(FeedFamily.TICKETS, place.site)
    assert again.asked.count(f"feed {tickets}") == 1 and "snapshot" in again.asked  # for the admissions
    assert manifest.feeds[tickets] == again.journal.revision(tickets)
    await again.close()


async def test_who_may_fetch_which_file(place: Place) -> None:
    name = (await place.make()).files[0].name
    gate = await place.evening.device(DeviceKind.GATE, "G2", "Porte")
    printer = await place.evening.device(DeviceKind.PRINTER, "P1", "Imprimante")

    async def fetched(line: HttpCentral, wanted: str) -> int:
        return sum([len(piece) async for piece in line.download(wanted)])

    lane = place.lane("A")
    assert await fetched(lane.line, name) == (place.files / name).stat().st_size
    neighbour = HttpCentral(place.evening.central.url, CLOCK, gate.id, gate.signer)
    assert await fetched(neighbour, name) > 0, "another gate of the same site"
    async with HttpCentral(place.evening.central.url, CLOCK, printer.id, printer.signer) as beside:
        with pytest.raises(Declined, match="no_such_file"):
            await fetched(beside, name)
    for hostile in (f"{place.site}-{'0' * 16}.db", "..%2Fparterre.db", "../parterre.db", "parterre.db", name + "\0"):
        with pytest.raises(Declined):
            await fetched(lane.line, hostile)
    async with HttpCentral(place.evening.central.url, CLOCK) as nobody:
        with pytest.raises(Declined, match="no_such_file"):
            await fetched(nobody, name)
    await place.evening.office.command("revoke_device", device_id=gate.id)
    with pytest.raises(Declined, match="no_such_file"):
        await fetched(neighbour, name)
    for rows in (1, 2):
        place.publish(ROWS, ROWS + rows)
        last = await place.make()
    assert (last.version, len(list(place.files.iterdir()))) == (3, 2), "the last two stay"
    with pytest.raises(Declined, match="no_such_file"):
        await fetched(lane.line, name)
    await neighbour.close()
    await lane.close()
