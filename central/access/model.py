"""Scans as gates saw them, the entries that count, and anomalies: what happened although it does not fit."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated, Any

from central.kernel.anomalies import ANOMALIES
from central.kernel.entity import Link, Loose, Ref, Unproved, entity
from central.kernel.slots import Slot
from central.kernel.values import Word
from shared.clock import from_ms
from shared.ids import Id
from shared.outcome import Reason

GATE = Slot("the gate that saw it")


class AccessPrivilege(StrEnum):
    ACCESS_READ = "access.scan.read"


HEARD = Unproved("when central heard it first: lists are in this order, and nothing is decided by it")
LONG_AGO = from_ms(0)
"""Of a row that nobody said it of there is none: migration 0023 took what rows from before state themselves."""


class NoScan(Reason):
    """Why a scan uses no entry: its ticket has to be the gate's to control, and one of which this device has not told
    too much already, or the entry one that nobody has used."""

    OTHER_PERFORMANCE = auto()
    NOT_AT_ITS_SITE = auto()
    TOO_MANY = auto()  # whose: a device and a ticket


TOLD_ID = "COALESCE(scan.fact_id, scan.id)"
"""In a statement that reads `scan` by its own name: what its gate called it (`Scan.told_id`)."""


@entity("scan", read=AccessPrivilege.ACCESS_READ, index=(("ticket_id",), ("performance_id", "received")))
@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Every scan, refusals too. `at` is what the gate says, `received` when central heard it. `fact_id` is what the
    gate called it, under which its passage, its neighbours and the feed know it. The id here follows from device and
    `fact_id`: no other device's scan can take its place. Of a scan from before, whose id is the gate's own, `fact_id`
    is None."""

    id: Id
    device_id: Annotated[Id, Link(GATE)]
    site_id: Annotated[str, Link("site")]
    performance_id: Annotated[str, Link("performance")]
    ticket_id: Annotated[str, Link("entitlement")]
    serial: int
    gate: str
    direction: str
    at: datetime
    admitted: bool
    reason: str
    entry: int
    persons: int
    fact_id: Annotated[Id, Loose("what its device called it")] | None = None
    received: Annotated[datetime, HEARD] = LONG_AGO

    @property
    def told_id(self) -> Id:
        return self.fact_id or self.id


@entity("passage", read=AccessPrivilege.ACCESS_READ, unique=(("scan_id", "device_id"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Whether the person of a scan went through, by the word of the gate that scanned; another gate's word on it is
    kept and counts for nothing. Its id follows from scan and device: it may arrive before the scan does."""

    id: Id
    scan_id: Annotated[Id, Link("scan")]
    device_id: Annotated[Id, Link(GATE)]
    passed: bool


@entity(
    "admission", read=AccessPrivilege.ACCESS_READ, unique=(("ticket_id", "entry"),), index=(("performance_id", "at"),)
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The entry that counts for (ticket, entry): of several scans the earliest, whatever order they arrived in."""

    id: Id
    ticket_id: Annotated[Id, Link("entitlement")]
    entry: int
    performance_id: Annotated[str, Link("performance")]
    scan_id: Annotated[Id, Ref("scan")]
    site_id: Annotated[str, Link("site")]
    at: datetime
    gate: str
    received: Annotated[datetime, HEARD] = LONG_AGO


class ScanAnomaly(StrEnum):
    DUPLICATE_OFFLINE = auto()  # one entry, two gates that could not hear each other
    UNKNOWN_TICKET_ADMITTED = auto()  # admitted on its signature; no sale has arrived (yet)
    SCANNED_TOO_OFTEN = auto()  # a device refused one ticket more often than is kept


@entity("anomaly", read=AccessPrivilege.ACCESS_READ, index=(("kind", "at"), ("settled", "received")))
@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """For a person to settle; never deleted. `kind` is one of those that the page of anomalies has words for, `subject`
    what it is about (ticket, slot, order, fact)."""

    id: Id
    kind: Annotated[str, Word("anomaly_kind", lambda: ANOMALIES)]
    at: datetime
    device_id: str
    subject: str
    detail: dict[str, Any]
    settled: bool
    received: Annotated[datetime, HEARD] = LONG_AGO
