"""The first load of a site's long lists: one SQLite file, and the sealed manifest that says what it must be.

A snapshot is nothing but a feed's rows up to a revision, so that pages go on from there. They lie in the order of their
keys: a device that fills a table in that order writes each part of it once, not a hundred times. Nothing in the file
counts until its manifest was verified: sealed by central's STATE key, for this site, not expired, not lower than the
last one taken (no roll-back), and the file to the last byte as the manifest says.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import auto
from hashlib import sha256
from typing import Annotated, Final

from pydantic import Field

from shared.clock import ClockState, Now
from shared.ids import Id, is_id
from shared.outcome import Reason
from shared.wire.bounds import Count, Hash, IdText, Line, Moment
from shared.wire.feeds import FeedFamily, feed_name

COVERED: Final = (FeedFamily.TICKETS, FeedFamily.ADMISSIONS)  # the families that grow long
LIVES_FOR: Final = timedelta(hours=48)
MOST_BYTES: Final = 2 * 1024**3
MOST_TEXT: Final = 65536
SCHEMA: Final = """
CREATE TABLE feed (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL);
CREATE TABLE feed_row (
    feed_id INTEGER NOT NULL, revision INTEGER NOT NULL, key TEXT NOT NULL, body TEXT, PRIMARY KEY (feed_id, key)
) WITHOUT ROWID;
"""
_NAME = re.compile(r"([0-9A-Z]{26})-[0-9a-f]{16}\.db")


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """`sha256` in hex, of the whole file; `rows` of all feeds together."""

    name: Line
    bytes: Count
    sha256: Hash
    rows: Count


@dataclass(frozen=True, slots=True)
class Manifest:
    """`feeds`: name → revision that the file holds. `previous`: the digest of the manifest before, empty for the first.
    `created` is the moment of the one look at the database that all rows come from."""

    site_id: IdText
    version: Count
    previous: Hash
    created: Moment
    not_after: Moment
    feeds: Annotated[dict[Line, Count], Field(max_length=20)]
    files: Annotated[tuple[SnapshotFile, ...], Field(max_length=20)]


@dataclass(frozen=True, slots=True)
class LastManifest:
    """The last manifest that a device took."""

    version: Count
    digest: Hash


class NoSnapshot(Reason):
    """Why a device does not take a manifest, in order."""

    WRONG_SITE = auto()
    BAD_TIMES = auto()
    EXPIRED = auto()
    LOWER_VERSION = auto()  # a roll-back
    BROKEN_CHAIN = auto()  # another manifest under a version that was taken, or a next one that follows on another
    BAD_FEEDS = auto()  # of another site, or of a family that comes by page
    BAD_FILES = auto()  # not one file, a name that is no snapshot's, a size out of bounds


def digest(text: str) -> str:
    """What the next manifest calls this one (its sealed text)."""
    return sha256(text.encode()).hexdigest()


def covered(site_id: Id) -> tuple[str, ...]:
    return tuple(feed_name(family, site_id) for family in COVERED)


def file_name(site_id: Id, sha256_hex: str) -> str:
    return f"{site_id}-{sha256_hex[:16]}.db"


def is_file_name(name: str) -> bool:
    found = _NAME.fullmatch(name)
    return found is not None and is_id(found[1])


def refused(manifest: Manifest, own_digest: str, site_id: Id, last: LastManifest | None, now: Now) -> NoSnapshot | None:
    """Why this manifest, whose seal was verified, is not for this device now; None if it is. An untrusted clock cannot
    tell that a manifest has expired."""
    if manifest.site_id != site_id:
        return NoSnapshot.WRONG_SITE
    if manifest.created.tzinfo is None or manifest.not_after.tzinfo is None or manifest.not_after < manifest.created:
        return NoSnapshot.BAD_TIMES
    if now.state is not ClockState.UNTRUSTED and manifest.not_after < now.at:
        return NoSnapshot.EXPIRED
    if manifest.version < max(1, last.version if last else 1):
        return NoSnapshot.LOWER_VERSION
    if last and manifest.version == last.version and own_digest != last.digest:
        return NoSnapshot.BROKEN_CHAIN
    if last and manifest.version == last.version + 1 and manifest.previous != last.digest:
        return NoSnapshot.BROKEN_CHAIN
    known = covered(site_id)
    if not manifest.feeds or any(feed not in known or upto < 0 for feed, upto in manifest.feeds.items()):
        return NoSnapshot.BAD_FEEDS
    if len(manifest.files) != 1 or not _sane(manifest.files[0], site_id):
        return NoSnapshot.BAD_FILES
    return None


def _sane(file: SnapshotFile, site_id: Id) -> bool:
    named = is_file_name(file.name) and file.name == file_name(site_id, file.sha256)
    return named and len(file.sha256) == 64 and 0 < file.bytes <= MOST_BYTES and file.rows >= 0
