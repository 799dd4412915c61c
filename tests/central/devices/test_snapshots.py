"""Snapshots at central: when one is due, what stands in it, and how its manifests follow on each other."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from central.areas import AREAS
from central.devices.snapshots import BEHIND, WORTH_IT, NoteSnapshot, _newer, draw, due
from central.kernel.actor import SYSTEM
from central.kernel.door import NoEntry
from central.kernel.feeds import begin_anew
from central.kernel.tx import Read
from shared.ids import derived_id
from shared.wire.seal import Sealed
from shared.wire.snapshots import LIVES_FOR, Manifest, SnapshotFile, digest, file_name
from tests.central.small_house import NOW, Clerk, House

SITE = derived_id("site")
FEED, OTHER = f"tickets/{SITE}", f"admissions/{SITE}"
SHA = "ab" * 32
MUCH = 100_000
FILE = SnapshotFile(file_name(SITE, SHA), 4096, SHA, MUCH)
AFTER = int(MUCH * (1 + BEHIND))


def made(minutes: float) -> Manifest:
    created = NOW - timedelta(minutes=minutes)
    return Manifest(SITE, 1, "", created, created + LIVES_FOR, {FEED: MUCH, OTHER: 0}, (FILE,))


@pytest.mark.parametrize(
    ("tickets", "last", "there", "want"),
    [
        (WORTH_IT - 1, None, False, False),  # a few pages do
        (WORTH_IT, None, False, True),
        (MUCH, made(11), True, False),  # nothing new
        (AFTER, made(11), True, False),
        (AFTER + 1, made(11), True, True),
        (AFTER + 1, made(9), True, False),
        (10 * MUCH, made(9), True, False),  # not again so soon, whatever comes in
        (MUCH, made(9), False, False),
        (MUCH, made(11), False, True),  # a disk that was restored without it
        (MUCH, made(23 * 60), True, False),
        (MUCH, made(25 * 60), True, True),  # long before it expires
    ],
)
def test_when_one_is_due(tickets: int, last: Manifest | None, there: bool, want: bool) -> None:
    def newer(than: Mapping[str, int], most: int) -> int:
        return min(most, tickets - than.get(FEED, 0))

    assert due(newer, last, there, NOW) is want


def test_rows_are_counted_and_revisions_are_not(clerk: Clerk, house: House, tmp_path: Path) -> None:
    """A central that begins again lifts all revisions, and makes no snapshot for that."""
    clerk.do(house.order(*house.seats[:3]))
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    heads, _ = draw(read, house.site, tmp_path / "drawn.new")
    assert [_newer(read, house.site, than, 10) for than in ({}, heads)] == [3, 0]
    begin_anew(clerk.db, clerk.watch())
    assert [_newer(read, house.site, than, 10) for than in ({}, heads)] == [3, 0]
    clerk.do(house.order(house.seats[3]))
    assert [_newer(read, house.site, heads, most) for most in (10, 1, 0)] == [1, 1, 0]
    assert _newer(read, house.site, {}, 2) == 2


def test_a_file_holds_the_rows_of_one_look(clerk: Clerk, house: House, tmp_path: Path) -> None:
    seats = house.seats[:3]
    clerk.do(house.order(*seats))
    path = tmp_path / "drawn.new"
    path.write_bytes(b"left by a crash")
    heads, rows = draw(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys), house.site, path)
    feed = f"tickets/{house.site}"
    assert (heads, rows) == ({feed: 3, f"admissions/{house.site}": 0}, 3)
    with closing(sqlite3.connect(path)) as db:
        assert dict(db.execute("SELECT name, revision FROM feed").fetchall()) == heads
        found = db.execute("SELECT f.name, r.revision, r.key, r.body FROM feed_row r JOIN feed f ON f.id = r.feed_id")
        drawn = [(name, revision, key, orjson.loads(body)) for name, revision, key, body in found]
    known = clerk.rows("SELECT feed, revision, key, body FROM feed_row WHERE feed = :f ORDER BY revision", f=feed)
    assert sorted(drawn, key=lambda row: row[1]) == [
        (name, revision, key, orjson.loads(body)) for name, revision, key, body in known
    ]


def test_versions_follow_on_each_other(clerk: Clerk, house: House) -> None:
    sha = "cd" * 32
    file = SnapshotFile(file_name(house.site, sha), 4096, sha, 3)
    note = NoteSnapshot(site_id=house.site, created=clerk.watch(), feeds={f"tickets/{house.site}": 3}, file=file)
    sealed = [Sealed(**clerk.do(note)) for _ in range(3)]
    first, second, third = (each.body(Manifest) for each in sealed)
    assert [each.version for each in (first, second, third)] == [1, 2, 3]
    assert [first.previous, second.previous, third.previous] == ["", digest(sealed[0].text), digest(sealed[1].text)]
    assert all(each.signed_by(clerk.door.keys.certificate.key) for each in sealed)
    assert first.not_after == first.created + LIVES_FOR
    operator = clerk.as_(house.operator(*(each for area in AREAS for each in area.privileges)))
    assert operator.no(note).reason == NoEntry.NOT_ALLOWED, "central's own: nobody else says what is in a file"
