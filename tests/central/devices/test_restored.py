"""A database put back from a backup: devices know revisions that it never told, and miss none that it tells."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from central.devices.enrolment import RevokeDevice
from central.devices.feeds import heads, page
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.excuses import _wrong_heads
from central.kernel.feeds import begin_anew
from central.kernel.keys import Keys
from central.kernel.tx import Read
from shared.runtime.journal import Journal
from shared.wire.certificates import DeviceKind
from shared.wire.codec import build, dump
from shared.wire.feeds import FeedFamily, FeedPage, feed_name
from tests.central.devices.test_facts import enrol
from tests.central.small_house import Clerk, House, Watch

Opens = Callable[[], Clerk]


def pulled(clerk: Clerk, journal: Journal) -> None:
    """All that this device may be told, as it asks for it."""
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    for feed in heads(read):
        while journal.revision(feed) != heads(read)[feed]:
            journal.apply(page(read, feed, journal.revision(feed), clerk.watch()))


@pytest.fixture
def opens(sqlite_place: tuple[Database, House], keys: Keys, watch: Watch) -> Opens:
    """Central, begun anew."""

    def opened() -> Clerk:
        db = sqlite_place[0].connect()
        begin_anew(db, watch())
        return Clerk(Door(sqlite_place[0], watch, path_of, keys), db, watch)

    return opened


HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
KINDS = DeviceKind.GATE, DeviceKind.KIOSK, DeviceKind.PRINTER
BACKUP, LIFE, MORE = "a backup", "a start and some life", "more of that life"
LOST = {
    "right": [BACKUP, LIFE],
    "ahead at a start before the backup": [HOUR, LIFE, -HOUR, BACKUP, LIFE],
    "ahead at the start before the backup, right after it": [HOUR, LIFE, BACKUP, -HOUR, LIFE],
    "ahead at the start before the backup, and in what was lost": [HOUR, LIFE, BACKUP, LIFE, -HOUR],
    "ahead at the start before the backup, which is told less than it": [HOUR, LIFE, BACKUP, MORE, -HOUR],
    "ahead at the start after the backup": [LIFE, BACKUP, HOUR, LIFE, -HOUR],
    "ahead at two starts after the backup": [BACKUP, HOUR, LIFE, HOUR, LIFE, -2 * HOUR],
}
"""What a clock was in the life that was lost. It is right at the start that follows."""


@pytest.mark.behind_the_door
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_what_is_told_after_a_backup_was_put_back_reaches_every_device(
    lost: list[object], sqlite_place: tuple[Database, House], opens: Opens, watch: Watch, tmp_path: Path
) -> None:
    database, house = sqlite_place
    clerk = opens()
    gate, thief, known = (enrol(clerk, house, kind) for kind in KINDS)
    keys_feed = feed_name(FeedFamily.KEYS, house.institution)
    tickets_feed = feed_name(FeedFamily.TICKETS, house.site)
    seats, in_between = iter(house.seats), []
    with closing(Journal.open(tmp_path / "gate.db", gate.id)) as journal:
        for step in lost:
            if isinstance(step, timedelta):
                watch.at += step
            elif step is BACKUP:
                with (
                    closing(sqlite3.connect(tmp_path / "backup.db")) as kept,
                    closing(sqlite3.connect(database.path)) as now,
                ):
                    now.backup(kept)
            else:
                watch.at += MINUTE
                if step is LIFE:
                    clerk.db.close()
                    clerk = opens()
                for _ in range(4):
                    clerk.do(house.order(next(seats)))
                in_between += [enrol(clerk, house, DeviceKind.GATE) for _ in range(5)]
                pulled(clerk, journal)
        clerk.do(RevokeDevice(device_id=known.id))
        pulled(clerk, journal)
        clerk.db.close()
        for end in ("-wal", "-shm"):
            Path(f"{database.path}{end}").unlink(missing_ok=True)
        shutil.copy(tmp_path / "backup.db", database.path)
        watch.at += MINUTE

        clerk = opens()
        clerk.do(RevokeDevice(device_id=thief.id))
        for _ in range(9):  # as many rows as were lost, and more, before the gate comes
            clerk.do(house.order(next(seats)))
            enrol(clerk, house, DeviceKind.PRINTER)
        for _ in range(2):  # what it read anew, it goes on from
            pulled(clerk, journal)
            told = clerk.feed(tickets_feed)
            assert told and all(journal.row(tickets_feed, key) == row for key, row in told.items())
            kids = {kid: row["revoked_at"] for kid, row in journal.rows(keys_feed).items()}
            assert kids.keys() >= clerk.feed(keys_feed).keys()
            assert kids[thief.signer.kid] and kids[known.signer.kid], "what it heard in between it keeps"
            assert all(each.signer.kid in kids for each in in_between)
            clerk.do(house.order(next(seats)))
        assert not list(_wrong_heads(Read(clerk.db, SYSTEM, watch(), clerk.door.keys)))
        clerk.db.close()


def test_who_is_ahead_costs_a_page_each_time_it_asks(clerk: Clerk, house: House) -> None:
    """Whatever it says that it has; and who has no more than was told gets what it lacks."""
    clerk.do(house.order(*house.seats[:3]))
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    feed = feed_name(FeedFamily.TICKETS, house.site)
    head = heads(read)[feed]
    for after in (head + 1, 2**53, 2**63 - 1):
        told = page(read, feed, after, clerk.watch())
        assert (told.asked, told.after, told.upto, len(told.rows)) == (after, 0, head, 3)
    told = page(read, feed, head, clerk.watch())
    assert (told.asked, told.after, told.upto, told.rows) == (0, head, head, ())
    nothing = page(read, "tickets/nowhere", 7, clerk.watch())
    assert (nothing.asked, nothing.upto, nothing.more) == (7, 0, False)


@pytest.mark.parametrize("moved", [-3600, 0, 3600])
def test_revisions_never_go_back(clerk: Clerk, house: House, watch: Watch, moved: int) -> None:
    """Whatever the clock says at a start."""
    read = Read(clerk.db, SYSTEM, watch(), clerk.door.keys)
    begin_anew(clerk.db, watch())
    clerk.do(house.order(house.seats[0]))
    was = heads(read)
    watch.at += timedelta(seconds=moved)
    begin_anew(clerk.db, watch())
    assert all(heads(read)[feed] >= revision for feed, revision in was.items())
    clerk.do(house.order(house.seats[1]))
    tickets = feed_name(FeedFamily.TICKETS, house.site)
    assert heads(read)[tickets] > was[tickets]


def test_a_feed_that_is_new_begins_after_all_that_was_told(clerk: Clerk, house: House, watch: Watch) -> None:
    begin_anew(clerk.db, watch())
    clerk.do(house.order(house.seats[0]))
    assert heads(Read(clerk.db, SYSTEM, watch(), clerk.door.keys))[feed_name(FeedFamily.TICKETS, house.site)] == (
        int(watch().timestamp() * 1_000_000) + 1
    )


@pytest.mark.parametrize("year", [2255, 2256, 2300, 9999])
def test_a_clock_far_ahead_leaves_revisions_that_devices_take(
    clerk: Clerk, house: House, watch: Watch, year: int
) -> None:
    """Beyond a number of JSON's no device would take a page ever again."""
    read, tickets = Read(clerk.db, SYSTEM, watch(), clerk.door.keys), feed_name(FeedFamily.TICKETS, house.site)
    begin_anew(clerk.db, datetime(year, 12, 31, tzinfo=UTC))
    before = 0
    for seat in house.seats[:3]:
        clerk.do(house.order(seat))
        begin_anew(clerk.db, watch())
        told = build(FeedPage, orjson.loads(dump(page(read, tickets, before, watch()))))
        assert told.upto > before and len(told.rows) == 1
        before = told.upto
