"""Pages of feeds are bounded in bytes: of each family the largest rows that central writes come through, whatever one
of the house's organisers fills a feed with."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

import central.app  # noqa: F401 - all areas, and their families
from central.devices.enrolment import LOST, RevokeDevice
from central.devices.feeds import DeviceFeeds, Feed, page
from central.devices.leases import MOST_OUT
from central.devices.model import NoDevice
from central.kernel.actor import SYSTEM
from central.kernel.db import SqliteConnection
from central.kernel.feeds import FEEDS
from central.kernel.tx import Read
from shared.ids import Id, derived_id
from shared.outcome import Ok
from shared.runtime.central import MAX_ANSWER, Unreachable
from shared.runtime.journal import Journal
from shared.runtime.keyring import Keyring
from shared.runtime.sync import Reader, Sync, parsed
from shared.runtime.system import SystemClock
from shared.wire.certificates import RIGHTS, DeviceKind
from shared.wire.codec import dump
from shared.wire.feeds import (
    MOST_ROW,
    PAGE_ROWS,
    PAGE_TEXT,
    AdmissionRow,
    CatalogueRow,
    CategoryRow,
    FeedFamily,
    FeedPage,
    HallRow,
    KeyRow,
    LeaseRow,
    PerformanceRow,
    PlanRow,
    PlanSeat,
    PlanShape,
    TariffRow,
    TicketRow,
)
from shared.wire.leases import Lease, LeasedPlace
from shared.wire.seal import Sealed
from tests.central.devices.test_facts import Machine, enrol
from tests.central.lives import said
from tests.central.small_house import NOW, Clerk, House, new_id

pytestmark = pytest.mark.behind_the_door

ONE = derived_id("one")
NAMES = dict.fromkeys(("de", "en", "es", "fr", "it"), "É" * 200)


def _plan(seats: int) -> PlanRow:
    """The largest that a file may be (docs/plan-files.md), with names as halls have them."""
    made = tuple(
        PlanSeat(ONE, "Premier balcon", f"{n // 400}", f"{n % 400}", n / 8, n / 7, ONE, n, zones=3)
        for n in range(seats)
    )
    return PlanRow("Stade", 9e5, 9e5, made, (PlanShape("polygon", "#d9482b", ((1234.567, 7654.321),) * 30_000),))


def _lease() -> LeaseRow:
    places = tuple(LeasedPlace(ONE, ONE, 65_535) for _ in range(MOST_OUT))
    lease = Lease(ONE, ONE, 1, ONE, "", places, 1, "EUR", NOW, NOW)
    return LeaseRow(dump(lease).decode(), "0" * 8, "x" * 88, "active")


LARGEST: Mapping[str, tuple[Any, int]] = {
    FeedFamily.KEYS: (KeyRow("x" * 1_000, NOW, (ONE,) * 20_000), 9),
    FeedFamily.PERFORMANCES: (
        PerformanceRow(NAMES, NOW, NOW, NOW, "Europe/Paris", ONE, True, zones={f"{n}": "Z" * 200 for n in range(16)}),
        500,
    ),
    FeedFamily.CATALOGUE: (
        CatalogueRow(
            "EUR", 1, 550, tuple(CategoryRow(ONE, NAMES, "#d9482b", n) for n in range(200)),
            tuple(TariffRow(ONE, NAMES, n, True, {f"{ONE}{m}": 123_456 for m in range(200)}) for n in range(60)),
            999, NOW, NAMES,
        ),
        4,
    ),
    FeedFamily.PLANS: (_plan(100_000), 2),
    FeedFamily.HALL: (HallRow("x" * 65_536), 40),
    FeedFamily.LEASES: (_lease(), 200),
    FeedFamily.TICKETS: (TicketRow(ONE, 9, True, True), PAGE_ROWS + 500),
    FeedFamily.ADMISSIONS: (AdmissionRow(ONE, 9, NOW, "A1", ONE), PAGE_ROWS + 500),
    **said("LARGEST"),
}  # fmt: skip
"""Of each family a row as large as central writes it, and so many of them. One that today's devices do not know has its
own in the file `lives.py` of its area's tests."""


def filled(clerk: Clerk, feed: str, bodies: list[str]) -> None:
    """With these rows, behind those that are there."""
    ((head,),) = clerk.rows("SELECT COALESCE(MAX(revision), 0) FROM feed_row WHERE feed = :f", f=feed)
    rows = [{"f": feed, "k": new_id(), "r": head + 1 + n, "b": body} for n, body in enumerate(bodies)]
    clerk.db.begin(write=True)
    if not isinstance(clerk.db, SqliteConnection):  # so much at once is not what a command writes
        clerk.db.run("SET LOCAL statement_timeout = 0", {})
    clerk.db.write_many("INSERT INTO feed_row (feed, key, revision, body) VALUES (:f, :k, :r, :b)", rows)
    clerk.db.write(
        "INSERT INTO feed_head (feed, revision) VALUES (:f, :r) ON CONFLICT (feed) DO UPDATE SET revision = :r",
        {"f": feed, "r": head + len(bodies)},
    )
    clerk.db.commit()


@dataclass(slots=True)
class Line:
    """The way to central of a device; how much came, by page."""

    machine: Machine
    pages: list[tuple[str, int, int]] = field(default_factory=list)

    async def query(self, name: str, params: Mapping[str, str]) -> bytes:
        want = DeviceFeeds() if name == "device_feeds" else Feed(feed=params["feed"], after=int(params["after"]))
        said = self.machine.clerk.ask(want)
        assert isinstance(said, Ok), said
        answer = orjson.dumps(said.value)
        if len(answer) > MAX_ANSWER:
            raise Unreachable("the answer is too big to be meant")
        if name == "feed":
            self.pages.append((params["feed"], len(answer), len(parsed(Sealed, answer).body(FeedPage).rows)))
        return answer

    async def command(self, name: str, command_id: Id, body: bytes) -> bytes:
        raise AssertionError(f"{name} {command_id} {body!r}")


def keyring_of(clerk: Clerk) -> Keyring:
    keyring = Keyring(clerk.door.keys.root_pem)
    keyring.add(clerk.door.keys.certificate.pem)
    return keyring


def read_by(kind: DeviceKind) -> list[str]:
    return [feeds.family for feeds in FEEDS.values() if feeds.readers & RIGHTS[kind]]


def test_the_table_has_every_family_and_somebody_reads_it() -> None:
    assert LARGEST.keys() == FEEDS.keys() == {*read_by(DeviceKind.GATE), *read_by(DeviceKind.KIOSK)}


@pytest.mark.parametrize("kind", [DeviceKind.GATE, DeviceKind.KIOSK])
async def test_a_device_comes_through_whatever_fills_its_feeds(clerk: Clerk, house: House, kind: DeviceKind) -> None:
    """A page has a mebibyte of rows, or one row; each is an answer that a device takes."""
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    device = kiosk if kind is DeviceKind.KIOSK else enrol(clerk, house, kind)
    names = device.clerk.ask(DeviceFeeds()).value["feeds"]
    for name in names:
        row, count = LARGEST[name.partition("/")[0]]
        filled(clerk, name, [dump(row).decode()] * count)
    line, seen = Line(device), dict.fromkeys(names, 0)

    def on_rows(_: Any, told: FeedPage) -> None:
        assert all(row.body is not None for row in told.rows), "of what central writes all goes"
        seen[told.feed] += len(told.rows)

    readers: dict[Any, Reader] = {family: Reader(on_rows, keep=False) for family in FEEDS}
    with closing(Journal(sqlite3.connect(":memory:"), device.id)) as journal:
        sync = Sync(line, journal, keyring_of(clerk), device.signer, SystemClock(), readers=readers)
        await sync.refresh()
        assert sync.trouble == {} and {name.partition("/")[0] for name in names} == set(read_by(kind))
    there = dict(clerk.rows("SELECT feed, COUNT(*) FROM feed_row GROUP BY feed"))
    assert seen == {name: there[name] for name in names}
    assert all(size < 2 * PAGE_TEXT or rows == 1 for _, size, rows in line.pages), line.pages
    assert all(rows <= PAGE_ROWS for _, _, rows in line.pages)
    full = [size for _, size, rows in line.pages if rows > 1]
    assert max(full) > PAGE_TEXT / 2, "and a page is no smaller than it need be"


@dataclass(slots=True)
class Weighed:
    """A database that counts the text that it hands out."""

    db: Any
    text: int = 0

    def run(self, sql: str, params: Any) -> list[Any]:
        rows: list[Any] = self.db.run(sql, params)
        self.text += sum(len(each) for row in rows for each in row if isinstance(each, str))
        return rows


def looked(clerk: Clerk, feed: str, after: int = 0) -> tuple[FeedPage, int]:
    """A page, and how much text it took."""
    weighed = Weighed(clerk.db)
    read = Read(weighed, SYSTEM, clerk.watch(), clerk.door.keys)  # type: ignore[arg-type]
    return page(read, feed, after, NOW), weighed.text


SIZES = {
    "none": ([], []),
    "as much as a page": ([PAGE_TEXT], [1]),
    "two halves": ([PAGE_TEXT // 2] * 2, [2]),
    "a little more": ([PAGE_TEXT // 2, PAGE_TEXT // 2 + 1], [1, 1]),
    "a large one between small ones": ([100, 3 * PAGE_TEXT, 100, 100], [1, 1, 2]),
    "large ones": ([3 * PAGE_TEXT] * 3, [1, 1, 1]),
    "many": ([100] * (PAGE_ROWS + 1), [PAGE_ROWS, 1]),
    "as many as go": ([100] * PAGE_ROWS, [PAGE_ROWS]),
}


@pytest.mark.parametrize("what", SIZES)
def test_a_page_ends_where_it_is_full_and_takes_no_more_from_the_database(clerk: Clerk, what: str) -> None:
    sizes, pages = SIZES[what]
    filled(clerk, "tickets/x", ['{"x":"' + "y" * (size - 8) + '"}' for size in sizes])
    after, rows, more = 0, [], True
    while more:
        told, text = looked(clerk, "tickets/x", after)
        length = sum(len(orjson.dumps(row.body)) for row in told.rows)
        assert text - length == sum(len(row.key) for row in told.rows), "no body but those of the page"
        assert told.after == after and [row.revision for row in told.rows] == [
            *range(after + 1, after + 1 + len(told.rows))
        ]
        after, more = told.upto, told.more
        rows += [len(told.rows)] if told.rows else []
    assert (rows, after) == (pages, len(sizes))


def test_what_is_gone_is_told_and_the_head_is_reached(clerk: Clerk) -> None:
    filled(clerk, "tickets/x", ['{"x":1}'] * 3)
    clerk.db.write("UPDATE feed_row SET body = NULL WHERE feed = :f AND revision < 3", {"f": "tickets/x"})
    clerk.db.write("UPDATE feed_head SET revision = 77 WHERE feed = :f", {"f": "tickets/x"})
    told, _ = looked(clerk, "tickets/x")
    assert ([row.body for row in told.rows], told.upto, told.more) == ([None, None, {"x": 1}], 77, False)


def test_a_pages_end_is_found_by_the_index(clerk: Clerk) -> None:
    """Row by row, by feed and revision: any other way walks the feed for each of 2,000 rows."""
    filled(clerk, "plans/x", ['{"x": 1}'] * 9)
    if not isinstance(clerk.db, SqliteConnection):
        pytest.skip("PostgreSQL goes by how much there is")
    said: list[str] = []
    clerk.db._db.set_trace_callback(said.append)
    looked(clerk, "plans/x", 3)
    clerk.db._db.set_trace_callback(None)
    asked = [sql for sql in said if "FROM feed_row" in sql]
    steps = [row[3] for sql in asked for row in clerk.db.run(f"EXPLAIN QUERY PLAN {sql}", {})]
    at_rows = [step for step in steps if step.startswith(("SEARCH", "SCAN")) and "told" not in step]
    assert len(asked) == 2 and len(at_rows) == 4, steps
    by = "INDEX ix_feed_row_feed_revision (feed=? AND revision"
    assert all(step.startswith("SEARCH") and by in step for step in at_rows), at_rows


@pytest.mark.parametrize("much", ["y" * MOST_ROW, '"' * (MOST_ROW // 4 + 1)], ids=["long", "in quotes"])
def test_a_row_that_no_device_takes_holds_up_nothing(clerk: Clerk, much: str) -> None:
    """It is as one that is gone; what is longest goes."""
    longest = "y" * (MOST_ROW - 14)
    filled(clerk, "plans/x", [orjson.dumps({"x": text}).decode() for text in (much, longest, "z")])
    (first, text), (second, _), (third, _) = (looked(clerk, "plans/x", after) for after in range(3))
    assert [row.body for row in first.rows] == [None] and first.more
    assert text < MOST_ROW, "what is longer than that is not even read"
    assert second.rows[0].body == {"x": longest}
    answer = orjson.dumps(Sealed(dump(second).decode(), "0" * 8, "x" * 88))
    assert len(answer) <= MAX_ANSWER - len('{"value":}') and parsed(Sealed, answer).body(FeedPage) == second
    assert third.rows[0].body == {"x": "z"} and not third.more


def test_who_is_revoked_signed_no_more_than_it_had_places(quick: tuple[Clerk, House]) -> None:
    """The feed of keys is the whole house's."""
    clerk, house = quick
    gate, kiosk = enrol(clerk, house, DeviceKind.GATE), enrol(clerk, house, DeviceKind.KIOSK)
    kiosk.lease(house, *house.seats[:3])
    for device, most in ((gate, 0), (kiosk, LOST + 3)):
        refused = clerk.no(RevokeDevice(device_id=device.id, good=tuple(new_id() for _ in range(most + 1))))
        assert (refused.reason, refused.fix, refused.detail) == (NoDevice.NOT_ITS_TICKETS, "good", {"most": most})
        good = tuple(new_id() for _ in range(most))
        clerk.do(RevokeDevice(device_id=device.id, good=good))
        assert clerk.feed(f"keys/{house.institution}")[device.signer.kid]["good"] == list(good)
