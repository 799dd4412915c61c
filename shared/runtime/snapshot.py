"""The first load by snapshot: a feed that this device knows nothing of comes as one verified file instead of by page.

Fetched into a temporary file, checked to the last byte against its sealed manifest, renamed, and only then read: by
the same reader as pages, some hundred rows to a transaction. Not in one: a million tickets keep the disk for longer
than the watchdog waits, and nobody could scan. The feed gets its revision with the last of them, so that after a crash
it is either unknown, as it was, or known; rows that came already do no harm, since each is central's word for itself.
The last good file is kept: the next start, or a journal that broke, fetches nothing anew. Whatever fails here is
logged, and pages do the work.
"""

import asyncio
import hashlib
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import orjson

from shared.clock import Now
from shared.ids import Id
from shared.runtime.central import Central, Declined, Unreachable
from shared.runtime.journal import Journal, PageRefused
from shared.runtime.keyring import Keyring
from shared.runtime.log import logger
from shared.runtime.sync import Reader, SealRefused, opened, parsed
from shared.wire.codec import dump, load
from shared.wire.feeds import FeedPage, FeedRow
from shared.wire.seal import Sealed
from shared.wire.snapshots import (
    MOST_TEXT,
    LastManifest,
    Manifest,
    NoSnapshot,
    SnapshotFile,
    covered,
    digest,
    is_file_name,
    refused,
)

log = logger(__name__)
CHUNK = 500  # rows to a transaction: a scan waits for one at most
ROOM = 3  # times the file must be free on the disk: the file, the role's table, the journal's log
_TAKEN = "snapshot"  # note: version and digest of the last manifest that was taken
_MANIFEST = "snapshot.json"
_NEW = "snapshot.new"


class Source(Central, Protocol):
    """A way to central that also brings files."""

    def download(self, name: str) -> AsyncIterator[bytes]: ...


class SnapshotRefused(Exception):
    """This snapshot is not taken; the reason is logged and the feeds come by page."""


class Snapshots:
    """One device's snapshots in its data folder: the last good file and its manifest."""

    def __init__(
        self,
        central: Source,
        journal: Journal,
        keyring: Keyring,
        folder: Path,
        site_id: Id,
        now: Callable[[], Now],
    ) -> None:
        self._central, self._journal, self._keyring = central, journal, keyring
        self._folder, self._site_id, self._now = folder, site_id, now
        self._tried: set[str] = set()

    async def first_load(self, feed: str, reader: Reader) -> bool:
        """Bring a feed as far as a snapshot goes, where one is of use; says whether rows came. Tried once a start."""
        if feed in self._tried or feed not in covered(self._site_id):
            return False
        self._tried.add(feed)
        if self._journal.revision(feed):
            return False
        for way in (self._fetched, self._kept):
            try:
                found = await way(feed)
                if found is not None:
                    await self._take(feed, found[0], self._folder / found[1].name, reader)
                    return True
            except Unreachable as bad:
                self._tried.discard(feed)  # without a line there are no pages either: ask again when it is back
                log.info("no snapshot yet", feed=feed, why=str(bad))
                return False
            except (Declined, SealRefused, PageRefused, SnapshotRefused) as bad:
                log.info("no snapshot; the feed comes by page", feed=feed, why=str(bad))
            except (sqlite3.Error, OSError, ValueError) as bad:
                log.warning("the snapshot cannot be used; the feed comes by page", feed=feed, why=str(bad))
        return False

    async def _fetched(self, feed: str) -> tuple[Manifest, SnapshotFile] | None:
        """The manifest that central offers, with its file on this disk."""
        sealed = parsed(Sealed, await self._central.query("snapshot", {}))
        manifest, file = self._verified(sealed)
        if manifest.feeds.get(feed, 0) == 0:
            return None
        if not await asyncio.to_thread(_as_said, self._folder / file.name, file):
            await self._download(file)
        self._keep(sealed, manifest, file)
        return manifest, file

    async def _kept(self, feed: str) -> tuple[Manifest, SnapshotFile] | None:
        """The file of before, where central offers none that is any good."""
        path = self._folder / _MANIFEST
        if not path.is_file() or path.stat().st_size > 2 * MOST_TEXT:
            return None
        sealed = load(Sealed, path.read_bytes())
        manifest, file = self._verified(sealed)
        if manifest.feeds.get(feed, 0) == 0:
            return None
        return (manifest, file) if await asyncio.to_thread(_as_said, self._folder / file.name, file) else None

    def _verified(self, sealed: Sealed) -> tuple[Manifest, SnapshotFile]:
        now = self._now()
        if len(sealed.text) > MOST_TEXT:
            raise SnapshotRefused(NoSnapshot.BAD_FILES)
        manifest: Manifest = opened(sealed, Manifest, self._keyring, now)
        stored = self._journal.note(_TAKEN)
        why = refused(manifest, digest(sealed.text), self._site_id, load(LastManifest, stored) if stored else None, now)
        if why:
            raise SnapshotRefused(why)
        return manifest, manifest.files[0]

    async def _download(self, file: SnapshotFile) -> None:
        """Into a temporary file, never more than was announced; it gets its name once it is right and on the disk."""
        if shutil.disk_usage(self._folder).free < ROOM * file.bytes:
            raise SnapshotRefused(f"{file.bytes} bytes do not fit on this disk")
        new, got, hashed = self._folder / _NEW, 0, hashlib.sha256()
        try:
            with new.open("wb") as out:
                new.chmod(0o600)
                async for piece in self._central.download(file.name):
                    got += len(piece)
                    if got > file.bytes:
                        break
                    hashed.update(piece)
                    out.write(piece)
                out.flush()
                await asyncio.to_thread(os.fsync, out.fileno())
            if got != file.bytes:
                raise SnapshotRefused(f"the file has {'more' if got > file.bytes else 'fewer'} bytes than it should")
            if hashed.hexdigest() != file.sha256:
                raise SnapshotRefused("the file is not the one of the manifest")
            new.replace(self._folder / file.name)
        finally:
            new.unlink(missing_ok=True)

    def _keep(self, sealed: Sealed, manifest: Manifest, file: SnapshotFile) -> None:
        """From here on this is the last good one; nothing lower is taken any more."""
        new = self._folder / (_MANIFEST + ".new")
        new.write_bytes(dump(sealed))
        new.replace(self._folder / _MANIFEST)
        with self._journal.transaction() as tx:
            tx.set_note(_TAKEN, dump(LastManifest(manifest.version, digest(sealed.text))).decode())
        for old in self._folder.glob(f"{self._site_id}-*.db"):
            if old.name != file.name and is_file_name(old.name):
                old.unlink(missing_ok=True)

    async def _take(self, feed: str, manifest: Manifest, path: Path, reader: Reader) -> None:
        uri = f"file:{quote(str(path))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            for part in parts(db, feed, manifest):
                self._journal.load(part, reader.on_rows, reader.keep)
                await asyncio.sleep(0)  # whoever scans comes first


def parts(db: sqlite3.Connection, feed: str, manifest: Manifest, size: int = CHUNK) -> Iterator[FeedPage]:
    """The file's rows of a feed as pages of a first load, in the order of their keys."""
    upto = manifest.feeds[feed]
    known = db.execute("SELECT id, revision FROM feed WHERE name = ?", (feed,)).fetchone()
    if known is None or known[1] != upto:
        raise SnapshotRefused(f"the file does not hold {feed} up to revision {upto}")
    after, more = "", True
    while more:
        found = db.execute(
            "SELECT key, revision, body FROM feed_row WHERE feed_id = ? AND key > ? ORDER BY key LIMIT ?",
            (known[0], after, size),
        ).fetchall()
        more = len(found) == size
        after = found[-1][0] if found else after
        rows = tuple(FeedRow(key, revision, orjson.loads(body) if body else None) for key, revision, body in found)
        yield FeedPage(feed, 0, upto, more, manifest.created, rows)


def _as_said(path: Path, file: SnapshotFile) -> bool:
    """Whether this very file is on the disk already."""
    try:
        if path.stat().st_size != file.bytes:
            return False
        with path.open("rb") as held:
            return hashlib.file_digest(held, "sha256").hexdigest() == file.sha256
    except FileNotFoundError:
        return False
