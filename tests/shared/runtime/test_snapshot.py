"""What a device takes as its first load and what it does not: manifests that lie, files that lie, loads that stop."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from shared.clock import ClockState, Now
from shared.ids import derived_id
from shared.runtime.central import Declined, Unreachable
from shared.runtime.journal import Journal, Phase
from shared.runtime.keyring import Keyring
from shared.runtime.snapshot import Snapshots
from shared.runtime.sync import Reader
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump
from shared.wire.seal import Sealed, Signer, seal
from shared.wire.snapshots import (
    LIVES_FOR,
    SCHEMA,
    LastManifest,
    Manifest,
    NoSnapshot,
    SnapshotFile,
    digest,
    file_name,
    is_file_name,
    refused,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOW = Now(NOON, ClockState.TRUSTED, timedelta(0))
ROWS = 1200
OTHER = derived_id("another site")


@dataclass
class Line:
    """The way to central in one process: a manifest, and bytes that may be other than it says."""

    sealed: Sealed | None = None
    content: bytes = b""
    breaks_after: int | None = None
    down: bool = False
    fetched: list[str] = field(default_factory=list)

    async def query(self, name: str, params: object) -> bytes:
        assert name == "snapshot"
        if self.down:
            raise Unreachable("no line")
        if self.sealed is None:
            raise Declined("no_device.no_snapshot")
        return dump(self.sealed)

    async def command(self, name: str, command_id: str, body: bytes) -> bytes:
        raise AssertionError("a snapshot changes nothing at central")

    async def download(self, name: str) -> AsyncIterator[bytes]:
        self.fetched.append(name)
        for at in range(0, len(self.content), 4096):
            if self.breaks_after is not None and at >= self.breaks_after:
                raise Unreachable("cut")
            yield self.content[at : at + 4096]


class Bench:
    def __init__(self, house, folder: Path) -> None:
        self.house, self.folder, self.now = house, folder / "device", NOW
        self.folder.mkdir()
        self.central = house.holder("central", DeviceKind.CENTRAL)
        self.feed = f"tickets/{house.site}"
        self.line, self.on_commit = Line(), None
        self.restart()
        self.path = folder / "made.db"

    def restart(self) -> None:
        self.taken: list[str] = []
        self.journal = Journal.open(self.folder / "journal.db", derived_id("gate"), on_commit=self._committed)
        keyring = Keyring(self.house.root_pem)
        keyring.add(self.central.certificate.pem)
        keyring.add(self.house.holder("kiosk", DeviceKind.KIOSK).certificate.pem)
        self.snapshots = Snapshots(self.line, self.journal, keyring, self.folder, self.house.site, lambda: self.now)

    def _committed(self, phase: Phase) -> None:
        if self.on_commit:
            self.on_commit(phase)

    def file(self, rows: int = ROWS, feed: str | None = None, **over) -> tuple[bytes, Manifest]:
        self.path.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.path)) as db, db:
            db.executescript(SCHEMA)
            db.execute("INSERT INTO feed VALUES (1, ?, ?)", (feed or self.feed, rows))
            db.executemany(
                "INSERT INTO feed_row VALUES (1, ?, ?, ?)",
                [(n, f"t{-n % 10007:05}", '{"serial":1}') for n in range(1, rows + 1)],
            )
        content = self.path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        held = SnapshotFile(file_name(self.house.site, sha256), len(content), sha256, rows)
        made = Manifest(self.house.site, 1, "", NOON, NOON + LIVES_FOR, {self.feed: rows}, (held,))
        return content, replace(made, **over)

    def offer(self, content: bytes, manifest: Manifest, signer: Signer | None = None) -> None:
        self.line.content, self.line.sealed = content, seal(dump(manifest), signer or self.central.signer)

    async def load(self) -> bool:
        reader = Reader(lambda tx, page: self.taken.extend(row.key for row in page.rows))
        return await self.snapshots.first_load(self.feed, reader)

    def left(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("journal.db"))


@pytest.fixture
def bench(house, tmp_path: Path):
    made = Bench(house, tmp_path)
    yield made
    made.journal.close()


async def test_a_load_takes_all_rows_and_keeps_the_file(bench: Bench) -> None:
    content, manifest = bench.file()
    bench.offer(content, manifest)
    assert await bench.load()
    assert bench.taken == sorted(bench.taken) and len(bench.taken) == ROWS
    assert bench.journal.revision(bench.feed) == ROWS
    assert len(bench.journal.rows(bench.feed)) == ROWS
    assert bench.left() == [manifest.files[0].name, "snapshot.json"]
    assert not await bench.load() and len(bench.line.fetched) == 1


# what is wrong → a bent (content, manifest), and whose seal it carries
def _file_bent(**over):
    def bend(content: bytes, manifest: Manifest) -> tuple[bytes, Manifest]:
        return content, replace(manifest, files=(replace(manifest.files[0], **over),))

    return bend


def _bent(**over):
    return lambda content, manifest: (content, replace(manifest, **over))


def _inside_out(content: bytes, manifest: Manifest) -> tuple[bytes, Manifest]:
    rubbish = b"not a database at all, but well signed " * 200
    sha256 = hashlib.sha256(rubbish).hexdigest()
    held = SnapshotFile(file_name(manifest.site_id, sha256), len(rubbish), sha256, 1)
    return rubbish, replace(manifest, files=(held,))


def _upto(family: str, manifest: Manifest) -> dict[str, int]:
    return {f"{family}/{manifest.site_id}": ROWS + 1}


FAULTS = {
    "another site": _bent(site_id=OTHER),
    "expired": _bent(created=NOON - LIVES_FOR, not_after=NOON - timedelta(seconds=1)),
    "ends before it begins": _bent(not_after=NOON - timedelta(seconds=1)),
    "version zero": _bent(version=0),
    "no feeds": _bent(feeds={}),
    "feed of another site": _bent(feeds={f"tickets/{OTHER}": ROWS}),
    "feed that comes by page": lambda content, manifest: (content, replace(manifest, feeds={"keys/x": 1})),
    "no file": _bent(files=()),
    "hash of another file": _file_bent(sha256="0" * 64),
    "hostile name": _file_bent(name="../../journal.db"),
    "name with a folder": _file_bent(name="/etc/passwd"),
    "too big": _file_bent(bytes=2**40),
    "cut": lambda content, manifest: (content[:-1], manifest),
    "bytes too many": lambda content, manifest: (content + b"x", manifest),
    "one bit": lambda content, manifest: (content[:5000] + bytes([content[5000] ^ 1]) + content[5001:], manifest),
    "empty": lambda content, manifest: (b"", manifest),
    "no database": _inside_out,
    "another feed in the file": lambda content, manifest: (
        content,
        replace(manifest, feeds={f"admissions/{manifest.site_id}": 9}),
    ),
    "other revision": lambda content, manifest: (content, replace(manifest, feeds={f"tickets/{manifest.site_id}": 9})),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_is_not_right_is_not_taken(bench: Bench, fault: str) -> None:
    bench.offer(*FAULTS[fault](*bench.file()))
    assert not await bench.load()
    assert (bench.taken, bench.journal.revision(bench.feed)) == ([], 0)
    assert "snapshot.new" not in bench.left()
    if fault not in (
        "no database",
        "another feed in the file",
        "other revision",
    ):  # those are central's own, well sealed
        assert bench.left() == [] and bench.journal.note("snapshot") is None


async def test_who_may_seal_it(bench: Bench) -> None:
    content, manifest = bench.file()
    bench.offer(content, manifest, bench.house.holder("kiosk", DeviceKind.KIOSK).signer)
    assert not await bench.load()
    bench.restart()
    bench.offer(content, manifest)
    bent = bench.line.sealed.text.replace('"version":1', '"version":2')
    bench.line.sealed = replace(bench.line.sealed, text=bent)
    assert not await bench.load()
    assert bench.line.fetched == [] and bench.left() == []


async def test_a_line_that_breaks_leaves_nothing_and_is_asked_again(bench: Bench) -> None:
    bench.offer(*bench.file())
    bench.line.down = True
    assert not await bench.load()
    bench.line.down, bench.line.breaks_after = False, 8192
    assert not await bench.load()
    assert bench.left() == [] and bench.taken == []
    bench.line.breaks_after = None
    assert await bench.load()


async def test_a_crash_at_any_commit_leaves_the_old_or_the_new(bench: Bench) -> None:
    bench.offer(*bench.file())
    commits = crash_at = 0
    seen: set[int] = set()

    class Crash(BaseException):
        pass

    def count(phase: Phase) -> None:
        nonlocal commits
        commits += 1
        if commits == crash_at:
            raise Crash

    bench.on_commit = count
    for attempt in range(1, 20):
        crash_at, commits = attempt, 0
        with suppress(Crash):
            await bench.load()
        have = bench.journal.revision(bench.feed)
        there = len(bench.journal.rows(bench.feed))
        assert have == 0 or (have, there) == (ROWS, ROWS), "unknown, or known: nothing in between"
        seen.add(there)
        bench.journal.close()
        bench.restart()
        if have == ROWS:
            break
    assert bench.journal.revision(bench.feed) == ROWS
    assert len(seen) >= 3 and len(bench.line.fetched) <= 2, "the kept file serves"


SITE = derived_id("site")
TAKEN = LastManifest(5, digest("five"))


def manifest(**over) -> Manifest:
    held = SnapshotFile(file_name(SITE, "a" * 64), 10, "a" * 64, 1)
    made = Manifest(SITE, 6, TAKEN.digest, NOON, NOON + LIVES_FOR, {f"tickets/{SITE}": 1}, (held,))
    return replace(made, **over)


@pytest.mark.parametrize(
    ("offered", "text", "want"),
    [
        (manifest(), "six", None),
        (manifest(version=9, previous="what came between is not known here"), "nine", None),
        (manifest(version=5), "five", None),
        (manifest(version=5), "another five", NoSnapshot.BROKEN_CHAIN),
        (manifest(previous=digest("another five")), "six", NoSnapshot.BROKEN_CHAIN),
        (manifest(version=4), "four", NoSnapshot.LOWER_VERSION),
        (manifest(not_after=NOON - timedelta(seconds=1), created=NOON - LIVES_FOR), "six", NoSnapshot.EXPIRED),
        (manifest(created=NOON.replace(tzinfo=None)), "six", NoSnapshot.BAD_TIMES),
        (manifest(site_id=OTHER), "six", NoSnapshot.WRONG_SITE),
    ],
)
def test_a_next_manifest(offered: Manifest, text: str, want: NoSnapshot | None) -> None:
    assert refused(offered, digest(text), SITE, TAKEN, NOW) == want


def test_an_untrusted_clock_cannot_tell_that_it_has_expired() -> None:
    old = manifest(created=NOON - 2 * LIVES_FOR, not_after=NOON - LIVES_FOR)
    assert refused(old, digest("six"), SITE, TAKEN, NOW) is NoSnapshot.EXPIRED
    assert refused(old, digest("six"), SITE, TAKEN, replace(NOW, state=ClockState.UNTRUSTED)) is None


@pytest.mark.parametrize(
    ("name", "want"),
    [
        (file_name(SITE, "0" * 64), True),
        (file_name(SITE, "0" * 64) + "\n", False),
        ("../" + file_name(SITE, "0" * 64), False),
        ("snapshot.json", False),
        ("Z" * 26 + "-" + "0" * 16 + ".db", False),
        ("", False),
    ],
)
def test_names_of_files(name: str, want: bool) -> None:
    assert is_file_name(name) is want


async def test_a_roll_back_is_refused_after_a_load(bench: Bench) -> None:
    content, first = bench.file(version=7)
    bench.offer(content, first)
    assert await bench.load()
    with bench.journal.transaction() as tx:  # as after a broken journal: the feed is gone, the note was saved
        tx.run("DELETE FROM feed")
    bench.journal.close()
    bench.restart()
    bench.offer(*bench.file(rows=600, version=6))
    assert await bench.load(), "the last good file serves instead"
    assert bench.journal.revision(bench.feed) == ROWS and len(bench.line.fetched) == 1
    assert orjson.loads(bench.journal.note("snapshot") or "")["version"] == 7
    assert bench.left() == [first.files[0].name, "snapshot.json"]
