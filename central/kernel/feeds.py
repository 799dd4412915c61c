"""The feeds that areas tell devices: of each family, for whom there is one and who may read it. An area declares its
families (web/area.py), writes their rows (`tx.feed`), and devices/feeds.py hands them out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto

from central.kernel.db import Connection
from shared.clock import from_ms, to_ms
from shared.runtime.log import logger
from shared.wire.certificates import Right


class Scope(StrEnum):
    """Whose id stands in a feed's name after its family's."""

    INSTITUTION = auto()
    SITE = auto()
    POINT_OF_SALE = auto()
    SELLER = auto()  # a device that sells: it reads its own, others those of all sellers of their site


@dataclass(frozen=True, slots=True)
class Feeds:
    """A family. `readers`: a device needs one of these rights."""

    family: str
    scope: Scope
    readers: frozenset[Right]


FEEDS: dict[str, Feeds] = {}
_LOG = logger(__name__)

# --- after a backup was put back --------------------------------------------------------------------------------------

BEGUN = "feeds begun"
"""The counter from which the revisions of a feed that is new begin."""

ROOM = 600_000_000
"""Revisions, ten minutes as a clock counts them: more rows than any life of central's tells, and so little that a
central which starts every five seconds does it for a year before a revision is no number of JSON's (2^53)."""

HIGHEST = 2**53 - 2**40
"""No start lifts them beyond this: a page says a number of JSON's (shared/wire/bounds.py, `Count`), and ten rows a
second may be told for three thousand years after."""


def begin_anew(db: Connection, at: datetime) -> None:
    """At each start of central every feed goes on from the moment, in microseconds since 1970. A database that was put
    back from a backup knows no revision that was told since; its next ones are higher than all of those, so no device
    takes itself to be ahead, or to have what it never heard. What a device heard in between it keeps: it was so.
    Where an earlier start had its clock ahead they go on once or twice `ROOM` after what was told, by when it is, so
    that two lives that go on from one backup are far apart. Who was told more in the one that is lost is ahead then, by
    too much for central to get there by telling rows: such a device is told so when it comes (devices/feeds.py). A
    clock of 2255 lifts them to `HIGHEST`, where they stay but for the rows that are told."""
    revision = to_ms(at) * 1000
    (highest,) = db.run(
        "SELECT MAX(value) FROM (SELECT MAX(revision) AS value FROM feed_head "
        "UNION ALL SELECT value FROM counter WHERE name = :name) told",
        {"name": BEGUN},
    )[0]
    if highest is not None and highest > revision:
        _LOG.warning("feeds are ahead of the clock", until=from_ms(highest // 1000).isoformat())
        revision = highest + ROOM + revision % ROOM
    if revision > HIGHEST:
        _LOG.error("feeds begin no higher: who was told what a backup lost may miss what is told", revision=revision)
        revision = HIGHEST
    # clock: it only lifts: a clock ahead leaves room, one behind does nothing
    db.write("UPDATE feed_head SET revision = :at WHERE revision < :at", {"at": revision})
    # log: the counter `feeds begun` is kept beside it
    db.write(
        "INSERT INTO counter (name, value) VALUES (:name, :at) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE counter.value < excluded.value",
        {"name": BEGUN, "at": revision},
    )
