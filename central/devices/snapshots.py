"""Snapshots: a site's long feeds as one file, so that a new gate has a million tickets without ten thousand questions.

Made ahead by a loop, not while a device waits: fifty gates that start at once cost one file. One is due when there is
much that pages would have to bring, at most every `AT_LEAST`; nobody needs a newer one, since pages go on from it.
Rows come from one consistent look, in a reader's thread, with pauses in which the others breathe.
"""

import asyncio
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import orjson
from aiohttp import web

from central.devices.authority import asking
from central.devices.leases import own_context
from central.devices.model import Device, DevicesPrivilege, NoDevice, SnapshotRecord
from central.devices.settings import DevicesSettings
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.door import Door
from central.kernel.entity import Between, Ref
from central.kernel.feeds import FEEDS
from central.kernel.print_adoption import first
from central.kernel.registry import answers, handles
from central.kernel.spans import recent
from central.kernel.trouble import trouble_of
from central.kernel.tx import Read, Tx
from central.venues.reads import all_sites
from central.web.area import CONFIG, DOOR, Work
from central.web.files import files_of
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.runtime.log import logger
from shared.runtime.system import SystemClock, fresh_id
from shared.runtime.tasks import well
from shared.wire.certificates import Right
from shared.wire.codec import dump, load
from shared.wire.seal import Sealed, seal
from shared.wire.snapshots import (
    COVERED,
    LIVES_FOR,
    SCHEMA,
    Manifest,
    SnapshotFile,
    covered,
    digest,
    file_name,
    is_file_name,
)

log = logger(__name__)
WORTH_IT = 10_000  # rows: below that, five pages do
BEHIND = 0.2  # of what it holds, and a snapshot is behind
AT_LEAST = timedelta(minutes=10)  # between two of a site
KEPT = 2  # files of a site: who began with the one before may end
CHUNK = 5_000
PAUSE_S = 0.002  # after each chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSnapshot:
    """Central's own: a snapshot of a site was made; it gets its version and its sealed manifest here. `created`: when
    its rows were read."""

    site_id: Annotated[Id, Ref("site")]
    created: datetime
    feeds: Annotated[dict[str, int], Between(most=1_000)]
    file: SnapshotFile


@handles(NoteSnapshot, needs=DevicesPrivilege.DEVICE_MODIFY, at=lambda _, __: None, gives=Sealed, on="")
def note_snapshot(tx: Tx, want: NoteSnapshot) -> Outcome[Sealed]:
    last = newest(tx, want.site_id)
    version = tx.counter(f"snapshot/{want.site_id}")
    previous = digest(last.text) if last else ""
    not_after = want.created + LIVES_FOR
    manifest = Manifest(want.site_id, version, previous, want.created, not_after, want.feeds, (want.file,))
    sealed = seal(dump(manifest), tx.keys.signer)
    row = SnapshotRecord(
        id=tx.new_id("snapshot"),
        site_id=want.site_id,
        version=version,
        file=want.file.name,
        text=sealed.text,
        kid=sealed.kid,
        signature=sealed.signature,
    )
    tx.insert(row)
    return Ok(sealed)


def newest(read: Read, site_id: str) -> SnapshotRecord | None:
    found = read.find(SnapshotRecord, "WHERE site_id = :site ORDER BY version DESC LIMIT 1", site=site_id)
    return found[0] if found else None


# --- what a device asks -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The manifest of the newest snapshot of the asking device's site."""


@answers(Snapshot, needs=DevicesPrivilege.DEVICE_SYNC, refuses=(NoDevice,), at=own_context, gives=Sealed)
def snapshot(read: Read, _: Snapshot) -> Outcome[Sealed]:
    device = _asking(read)
    if isinstance(device, Refused):
        return device
    found = newest(read, device.site_id)
    # clock: a day at most, after which pages bring the same
    if found is None or load(Manifest, found.text).not_after < read.now:
        return Refused(NoDevice.NO_SNAPSHOT, fix=device.site_id)
    return Ok(Sealed(found.text, found.kid, found.signature))


def _asking(read: Read) -> Device | Refused:
    """Who may read all that a snapshot holds."""
    readers: frozenset[Right] = frozenset.intersection(*(FEEDS[family].readers for family in COVERED))
    return asking(read, "snapshot", readers)


async def located(door: Door, folder: Path, actor: Actor, name: str) -> Path | None:
    """The file of this name, if it is a snapshot of the asking device's own site and the device may have those; None
    says no more than that."""
    if actor.kind is not ActorKind.DEVICE or not is_file_name(name):
        return None

    def look(read: Read) -> bool:
        device = _asking(read)
        if isinstance(device, Refused):
            return False
        known = read.one(
            "SELECT 1 FROM snapshot WHERE site_id = :site AND file = :name", site=device.site_id, name=name
        )
        return known is not None

    return folder / name if await door.read(actor, look) and (folder / name).is_file() else None


Newer = Callable[[Mapping[str, int], int], int]
"""How many rows of a site's feeds are newer than these revisions, counted up to so many."""

# --- how one is made --------------------------------------------------------------------------------------------------


def due(newer: Newer, last: Manifest | None, there: bool, now: datetime) -> bool:
    """Whether a site's snapshot is to be made; `there` says if the last file is."""
    if newer({}, WORTH_IT) < WORTH_IT:
        return False
    if last is None:
        return True
    if recent(last.created, now, AT_LEAST):
        return False
    if not there or not recent(last.created, now, LIVES_FOR / 2):
        return True
    much = int(BEHIND * sum(file.rows for file in last.files)) + 1
    return newer(last.feeds, much) >= much


SNAPSHOTS: web.AppKey[Path] = web.AppKey("snapshots", Path)
"""The folder."""


def folder(app: web.Application) -> None:
    app[SNAPSHOTS] = app[CONFIG].data / "snapshots"


def files(app: web.Application) -> None:
    if SNAPSHOTS in app:
        files_of(app, partial(located, app[DOOR], app[SNAPSHOTS]))


def keeping(app: web.Application) -> Work:
    """Rows from before the log proved them are taken over first."""
    return partial(
        first,
        app[DOOR],
        partial(keep, app[DOOR], app[SNAPSHOTS], app[CONFIG].areas.of(DevicesSettings).snapshot_every_s),
    )


async def keep(door: Door, folder: Path, every_s: float) -> None:
    """The loop: looks at every site now and then, one after the other, and makes what is due."""
    while True:
        for site_id in await door.read(SYSTEM, lambda read: _sites_due(read, folder)):
            sealed = await make(door, folder, site_id)
            log.info("snapshot made", site=site_id, files=load(Manifest, sealed.text).files)
        well()
        await asyncio.sleep(every_s)


async def make(door: Door, folder: Path, site_id: Id) -> Sealed:
    """Draws, names and notes a site's snapshot. The file has its name, and is on the disk, before anybody hears of it.
    Raises OSError where the disk does not take it."""
    created, feeds, file = await door.read(SYSTEM, lambda read: _made(read, site_id, folder))
    reply = await door.execute(
        SYSTEM, NoteSnapshot(site_id=site_id, created=created, feeds=feeds, file=file), fresh_id(SystemClock())
    )
    if isinstance(reply.outcome, Refused):
        raise OSError(f"the snapshot was not noted: {reply.outcome.reason}")
    await door.read(SYSTEM, lambda read: _tidy(read, site_id, folder))
    return Sealed(**orjson.loads(reply.body))


def _made(read: Read, site_id: Id, folder: Path) -> tuple[datetime, dict[str, int], SnapshotFile]:
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{site_id}.new"
    try:
        feeds, rows = draw(read, site_id, new)
        return read.now, feeds, _named(new, site_id, rows)
    except sqlite3.Error as fault:
        if trouble_of(fault) is None:
            raise
        # Nearly always this file's trouble, and not the house's database's.
        raise OSError(f"the snapshot could not be drawn: {fault}") from None
    finally:
        new.unlink(missing_ok=True)


def draw(read: Read, site_id: Id, path: Path) -> tuple[dict[str, int], int]:
    """Writes the rows of one look at the database; answers the feeds' revisions and how many rows there are."""
    path.unlink(missing_ok=True)  # a look that the database asks us to repeat, or that a crash left
    heads, rows = _heads(read, site_id), 0
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = OFF")  # the file has no name yet: a half one is thrown away
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(SCHEMA)
        db.execute("BEGIN")
        for number, (feed, head) in enumerate(sorted(heads.items()), 1):
            db.execute("INSERT INTO feed VALUES (?, ?, ?)", (number, feed, head))
            after = ""
            while found := read.run(
                "SELECT key, revision, body FROM feed_row WHERE feed = :feed AND key > :after ORDER BY key LIMIT :n",
                feed=feed,
                after=after,
                n=CHUNK,
            ):
                live = [(number, *row) for row in found if row[2] is not None]  # a first load has nothing to take away
                # log: a file for devices, not the house's
                db.executemany("INSERT INTO feed_row (feed_id, key, revision, body) VALUES (?, ?, ?, ?)", live)
                after = found[-1][0]
                rows += len(live)
                time.sleep(PAUSE_S)
        db.execute("COMMIT")
    return heads, rows


def _named(new: Path, site_id: Id, rows: int) -> SnapshotFile:
    with new.open("rb+") as file:
        sha256_hex = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    name = file_name(site_id, sha256_hex)
    size = new.stat().st_size
    new.replace(new.with_name(name))
    return SnapshotFile(name, size, sha256_hex, rows)


def _heads(read: Read, site_id: str) -> dict[str, int]:
    found = {}
    for feed in covered(Id(site_id)):
        head = read.one("SELECT revision FROM feed_head WHERE feed = :feed", feed=feed)
        found[feed] = int(head[0]) if head else 0
    return found


def _tidy(read: Read, site_id: Id, folder: Path) -> None:
    """Files of before go; who is just fetching one gets it to its end."""
    sql = "SELECT file FROM snapshot WHERE site_id = :site ORDER BY version DESC LIMIT :n"
    kept = {row[0] for row in read.run(sql, site=site_id, n=KEPT)}
    for old in folder.glob(f"{site_id}-*.db"):
        if old.name not in kept:
            old.unlink(missing_ok=True)


def _sites_due(read: Read, folder: Path) -> list[Id]:
    found = []
    for site in all_sites(read):
        last = newest(read, site.id)
        there = last is not None and (folder / last.file).is_file()
        if due(partial(_newer, read, site.id), load(Manifest, last.text) if last else None, there, read.now):
            found.append(site.id)
    return found


def _newer(read: Read, site_id: Id, than: Mapping[str, int], most: int) -> int:
    """Counted, for a revision is no number of rows (kernel/feeds.py)."""
    count = 0
    for feed in covered(site_id):
        sql = "SELECT COUNT(*) FROM (SELECT 1 FROM feed_row WHERE feed = :feed AND revision > :after LIMIT :n) newer"
        count += int(read.run(sql, feed=feed, after=than.get(feed, 0), n=most - count)[0][0])
    return count
