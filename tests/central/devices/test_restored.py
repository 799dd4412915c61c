"""A database put back from a backup: devices know revisions that it never told, and miss none that it tells."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

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
from shared.wire.feeds import FeedFamily, feed_name
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


@pytest.mark.behind_the_door
def test_what_is_told_after_a_backup_was_put_back_reaches_every_device(
    sqlite_place: tuple[Database, House], opens: Opens, watch: Watch, tmp_path: Path
) -> None:
    database, house = sqlite_place
    clerk = opens()
    gate, thief = (enrol(clerk, house, kind) for kind in (DeviceKind.GATE, DeviceKind.KIOSK))
    keys_feed = feed_name(FeedFamily.KEYS, house.institution)
    with closing(Journal.open(tmp_path / "gate.db", gate.id)) as journal:
        with closing(sqlite3.connect(tmp_path / "backup.db")) as kept, closing(sqlite3.connect(database.path)) as now:
            now.backup(kept)
        for seat in house.seats[:4]:  # an hour of life, that the backup does not know
            clerk.do(house.order(seat))
        lost = [enrol(clerk, house, DeviceKind.GATE) for _ in range(5)]
        pulled(clerk, journal)
        before = {feed: journal.revision(feed) for feed in (keys_feed, feed_name(FeedFamily.TICKETS, house.site))}
        clerk.db.close()
        for end in ("-wal", "-shm"):
            Path(f"{database.path}{end}").unlink(missing_ok=True)
        shutil.copy(tmp_path / "backup.db", database.path)
        watch.at += timedelta(seconds=60)

        clerk = opens()
        clerk.do(RevokeDevice(device_id=thief.id))
        clerk.do(house.order(house.seats[0]))
        pulled(clerk, journal)
        assert all(journal.revision(feed) > revision for feed, revision in before.items())
        for feed in before:
            told = clerk.feed(feed)
            assert told and all(journal.row(feed, key) == row for key, row in told.items())
        assert (journal.row(keys_feed, thief.signer.kid) or {})["revoked_at"]
        assert all(journal.row(keys_feed, each.signer.kid) for each in lost), "what it was told in between it keeps"
        assert not list(_wrong_heads(Read(clerk.db, SYSTEM, watch(), clerk.door.keys)))
        clerk.db.close()


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
