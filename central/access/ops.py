"""Scans from the gates, merged so that the order of arrival does not matter: for each (ticket, entry) the earliest
corrected time counts, the others are `duplicate offline`. A scan is held against the one that counts, and no more; what
gives an entry back looks at the scans of its ticket, of which each device has at most MOST_SCANS.

A bound takes from the device that told too much, and from nobody else: what used an entry and what used none are
counted apart, each by device; and a scan of an entry that nobody used yet is taken whatever was told before."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from central.access.model import AccessPrivilege, Admission, Anomaly, NoScan, Passage, Scan, ScanAnomaly
from central.access.reads import FIRST_COUNTS, TELLS_OF_AN_ENTRY, USED_AN_ENTRY, surplus_id
from central.catalogue.reads import whereabouts
from central.kernel.contexts import whole_house
from central.kernel.entity import Loose, Ref
from central.kernel.facts import Author
from central.kernel.registry import answers
from central.kernel.tx import Read, Tx
from central.orders.model import Entitlement
from shared.clock import from_ms, to_ms
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.facts import Direction, Fact
from shared.wire.facts import PassageFact as PassageFact
from shared.wire.facts import ScanFact as ScanFact
from shared.wire.feeds import AdmissionRow, FeedFamily, feed_name

MOST_SCANS = 500
"""Of one ticket and one device: those that used an entry, and as many that used none. A ticket is for one evening: no
honest device comes near."""
MOST_ENTRIES = 255
"""A barcode has a byte for how many it is for."""

_OF = f"WHERE scan.ticket_id = :ticket AND {USED_AN_ENTRY}"


def take_scan(tx: Tx, gate: Author, fact: Fact, said: ScanFact) -> Outcome[None]:
    """Notes a scan once, and lets it bear on its entry."""
    if refused := _not_its_own(tx, gate, said):
        return refused
    scan = Scan(
        id=_scan_id(gate.id, fact.id),
        device_id=gate.id,
        site_id=gate.site_id,
        performance_id=said.performance_id,
        ticket_id=said.ticket_id,
        serial=said.serial,
        gate=said.gate,
        direction=said.direction,
        at=fact.at,
        admitted=said.admitted,
        reason=said.reason,
        entry=said.entry,
        persons=said.persons,
        fact_id=fact.id,
        received=from_ms(to_ms(tx.now)),  # as its row says it again
    )
    uses = said.admitted and said.entry > 0 and said.direction is Direction.ENTRY
    full = bool(said.ticket_id) and _told_enough(tx, said.ticket_id, gate.id, uses)
    if full and not uses:
        if tx.get(Scan, scan.id) is None:
            _count_surplus(tx, scan)
        return Ok()
    before = tx.get(Admission, derived_id("admission", said.ticket_id, said.entry)) if full else None
    if not tx.insert_if_absent(scan):
        return Ok()
    counts = uses and _let_count(tx, scan)
    if full and (not counts or before or said.entry > MOST_ENTRIES):  # nobody's first: of that the device told enough
        return Refused(NoScan.TOO_MANY, fix=said.ticket_id, detail={"most": MOST_SCANS})
    return Ok()


def _told_enough(read: Read, ticket_id: str, device_id: Id, uses: bool) -> bool:
    """Whether this device has told as many scans of the ticket as are kept, of this sort. All are counted first, in the
    index alone: seldom are there so many."""
    more = "SELECT 1 FROM scan WHERE scan.ticket_id = :ticket{} LIMIT 1 OFFSET :last"
    if read.one(more.format(""), ticket=ticket_id, last=MOST_SCANS - 1) is None:
        return False
    own = f" AND scan.device_id = :device AND {'' if uses else 'NOT '}({TELLS_OF_AN_ENTRY})"
    return read.one(more.format(own), ticket=ticket_id, last=MOST_SCANS - 1, device=device_id) is not None


def _count_surplus(tx: Tx, scan: Scan) -> None:
    """A scan more that used no entry: nothing follows from it, so one anomaly says how many there are."""
    found = surplus_id(scan.ticket_id, scan.device_id)
    if shown := tx.get(Anomaly, found):
        tx.update(shown, replace(shown, detail=shown.detail | {"more": shown.detail["more"] + 1}))
        return
    report(
        tx, found, ScanAnomaly.SCANNED_TOO_OFTEN, scan.at, scan.device_id, scan.ticket_id,
        {"gate": scan.gate, "kept": MOST_SCANS, "more": 1},
    )  # fmt: skip


def _not_its_own(read: Read, gate: Author, said: ScanFact) -> Refused | None:
    """What used an entry has to be the gate's to control: a ticket of a performance at its site. A scan that was
    refused names whatever was shown, and one that was forced used nothing."""
    if not (said.admitted and said.entry):
        return None
    ticket = read.get(Entitlement, said.ticket_id)
    performance = ticket.performance_id if ticket else said.performance_id
    if said.performance_id not in ("", performance):
        return Refused(NoScan.OTHER_PERFORMANCE, fix=said.ticket_id, detail={"performance": said.performance_id})
    if performance and whereabouts(read, performance).site_id != gate.site_id:
        return Refused(NoScan.NOT_AT_ITS_SITE, fix=performance)
    return None


def _scan_id(device_id: Id, told: Id) -> Id:
    """A device's ids are its own: nobody else's scan is in the place of this one."""
    return derived_id("scan", device_id, told)


def take_passage(tx: Tx, gate: Author, _: Fact, said: PassageFact) -> Outcome[None]:
    """A person did not go through: the entry is not used after all. Of a ticket of which its device has told as much as
    is kept it stays used, or the same entry could be used and given back without end."""
    passage = Passage(
        id=derived_id("passage", said.scan_id, gate.id), scan_id=said.scan_id, device_id=gate.id, passed=said.passed
    )
    if not tx.insert_if_absent(passage) or said.passed:
        return Ok()
    scan = tx.get(Scan, _scan_id(gate.id, said.scan_id)) or tx.get(Scan, said.scan_id)  # one from before
    if scan and scan.device_id == gate.id and scan.admitted and scan.entry:
        if _told_enough(tx, scan.ticket_id, gate.id, uses=True):
            return Refused(NoScan.TOO_MANY, fix=scan.ticket_id, detail={"most": MOST_SCANS})
        _give_back(tx, scan)
    return Ok()


def _let_count(tx: Tx, new: Scan) -> bool:
    """One scan more of its (ticket, entry): it is the first, or one too many; then the first so far may be. Whether it
    is the first."""
    now = tx.get(Admission, derived_id("admission", new.ticket_id, new.entry))
    both = tx.find(
        Scan, f"WHERE scan.id IN (:new, :first) AND {USED_AN_ENTRY} ORDER BY {FIRST_COUNTS}",
        new=new.id, first=now.scan_id if now else "",
    )  # fmt: skip
    if all(each.id != new.id for each in both):
        return False  # its passage came before it: nobody went through
    first, *seconds = both
    _set_admission(tx, now, first)
    for second in seconds:
        report(
            tx, derived_id("duplicate", second.id), ScanAnomaly.DUPLICATE_OFFLINE, second.at, second.device_id,
            f"{second.ticket_id}/{second.entry}", {"gate": second.gate, "scan": second.told_id},
        )  # fmt: skip
    _note_unknown(tx, first)
    return first.id == new.id


def _note_unknown(tx: Tx, first: Scan) -> None:
    """A ticket admitted on its signature is an anomaly until its sale arrives. It names the first of its entries,
    whichever was told first."""
    if tx.one("SELECT 1 FROM entitlement WHERE id = :id", id=first.ticket_id):
        return
    shown = tx.get(Anomaly, derived_id("unknown ticket", first.ticket_id))
    if shown is None or _counts_as(first) < (shown.at, shown.detail.get("scan", ""), shown.device_id):
        _show_unknown(tx, shown, first)


def _counts_as(scan: Scan) -> tuple[datetime, str, str]:
    """FIRST_COUNTS, of one that is here."""
    return scan.at, scan.told_id, scan.device_id


def _show_unknown(tx: Tx, shown: Anomaly | None, first: Scan) -> None:
    said = {"gate": first.gate, "scan": first.told_id}
    if shown:
        tx.update(shown, replace(shown, at=first.at, device_id=first.device_id, detail=said))
    else:
        anomaly_id, kind = derived_id("unknown ticket", first.ticket_id), ScanAnomaly.UNKNOWN_TICKET_ADMITTED
        report(tx, anomaly_id, kind, first.at, first.device_id, first.ticket_id, said)


def _give_back(tx: Tx, scan: Scan) -> None:
    """A scan that used its entry uses none: where it was the first, the next counts."""
    now = tx.get(Admission, derived_id("admission", scan.ticket_id, scan.entry))
    if now is None or now.scan_id != scan.id:
        _take_off(tx, derived_id("duplicate", scan.id))
        return
    next_one = _first(tx, f"{_OF} AND scan.entry = :entry", ticket=scan.ticket_id, entry=scan.entry)
    _set_admission(tx, now, next_one)
    if next_one:
        _take_off(tx, derived_id("duplicate", next_one.id))
    shown = tx.get(Anomaly, derived_id("unknown ticket", scan.ticket_id))
    if shown and (shown.at, shown.device_id) == (scan.at, scan.device_id):
        next_one = _first(tx, _OF, ticket=scan.ticket_id)
        if next_one:
            _show_unknown(tx, shown, next_one)
        else:
            tx.delete(shown)


def _first(read: Read, where: str, **named: Any) -> Scan | None:
    return next(iter(read.find(Scan, f"{where} ORDER BY {FIRST_COUNTS} LIMIT 1", **named)), None)


def _take_off(tx: Tx, anomaly_id: Id) -> None:
    if shown := tx.get(Anomaly, anomaly_id):
        tx.delete(shown)


def settle_ticket(tx: Tx, ticket_id: str) -> None:
    """The sale of a ticket has arrived: what was scanned of it before, and is not what it is for, used no entry."""
    before = tx.find(Scan, "WHERE scan.ticket_id = :ticket AND scan.admitted = 1 AND scan.entry > 0", ticket=ticket_id)
    if not before:
        return
    firsts: dict[int, Scan] = {}
    seconds: set[Id] = set()
    for scan in tx.find(Scan, f"{_OF} ORDER BY {FIRST_COUNTS}", ticket=ticket_id):
        if firsts.setdefault(scan.entry, scan) is not scan:
            seconds.add(scan.id)
    for now in tx.find(Admission, "WHERE ticket_id = :ticket ORDER BY entry", ticket=ticket_id):
        _set_admission(tx, now, firsts.get(now.entry))
    for scan in before:
        if scan.id not in seconds:
            _take_off(tx, derived_id("duplicate", scan.id))
    _take_off(tx, derived_id("unknown ticket", ticket_id))


def _set_admission(tx: Tx, before: Admission | None, scan: Scan | None) -> None:
    """Of its (ticket, entry), `before` as it stands: this scan counts; None: none does any more."""
    if scan is None:
        if before:
            tx.delete(before)
            tx.feed(feed_name(FeedFamily.ADMISSIONS, before.site_id), f"{before.ticket_id}/{before.entry}", None)
        return
    after = Admission(
        id=derived_id("admission", scan.ticket_id, scan.entry),
        ticket_id=Id(scan.ticket_id),
        entry=scan.entry,
        performance_id=scan.performance_id,
        scan_id=scan.id,
        site_id=scan.site_id,
        at=scan.at,
        gate=scan.gate,
        received=scan.received,
    )
    if before == after:
        return
    if before:
        tx.update(before, after)
    else:
        tx.insert(after)
    row = AdmissionRow(after.ticket_id, after.entry, scan.at, scan.gate, scan.told_id)
    tx.feed(feed_name(FeedFamily.ADMISSIONS, scan.site_id), f"{after.ticket_id}/{after.entry}", row)


def report(
    tx: Tx, anomaly_id: Id, kind: StrEnum, at: datetime, device_id: str, subject: str, detail: dict[str, Any]
) -> None:
    """Makes an anomaly visible, once: of a kind that its area has entered."""
    tx.insert_if_absent(
        Anomaly(
            id=anomaly_id,
            kind=str(kind),
            at=at,
            device_id=device_id,
            subject=subject,
            detail=detail,
            settled=False,
            received=tx.now,
        )
    )


def settle(tx: Tx, anomaly_id: Id) -> None:
    """It is no more to be looked at, if it was made visible."""
    if shown := tx.get(Anomaly, anomaly_id):
        tx.update(shown, replace(shown, settled=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomalies:
    """Open anomalies, the one that central heard of last first; `before`: those that come after this one."""

    context_id: Annotated[Id, Ref("context")]
    limit: int = 200
    before: Annotated[Id, Loose("an anomaly of the whole house, of which whoever asks reads all")] | None = None


@answers(Anomalies, needs=AccessPrivilege.ACCESS_READ, at=whole_house, gives=list[Anomaly])
def anomalies(read: Read, want: Anomalies) -> Outcome[list[Anomaly]]:
    older = "(received, at, id) < (SELECT b.received, b.at, b.id FROM anomaly b WHERE b.id = :before)"
    last = {"before": want.before} if want.before else {}
    which = f"settled = 0 AND {older}" if last else "settled = 0"
    order = "ORDER BY received DESC, at DESC, id DESC LIMIT :n"
    return Ok(read.find(Anomaly, f"WHERE {which} {order}", n=min(want.limit, 1000), **last))
