"""Scans from the gates, merged so that the order of arrival does not matter: for each (ticket, entry) the earliest
corrected time counts, the others are `duplicate offline`. What follows from the scans is worked out anew each time."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from central.access.model import AccessPrivilege, Admission, Anomaly, AnomalyKind, NoScan, Passage, Scan
from central.access.reads import FIRST_COUNTS, USED_AN_ENTRY
from central.catalogue.reads import whereabouts
from central.kernel.contexts import whole_house
from central.kernel.entity import Ref
from central.kernel.facts import Author
from central.kernel.registry import answers
from central.kernel.tx import Read, Tx
from central.orders.model import Entitlement
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.facts import Direction, Fact
from shared.wire.facts import Passage as PassageFact
from shared.wire.facts import Scan as ScanFact
from shared.wire.feeds import AdmissionRow, Family, feed_name

_OF = f"WHERE scan.ticket_id = :ticket AND {USED_AN_ENTRY}"


def take_scan(tx: Tx, gate: Author, fact: Fact, said: ScanFact) -> Outcome[None]:
    """Notes a scan once; entries that it bears on are settled again."""
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
    )
    if tx.insert_if_absent(scan) and said.admitted and said.entry and said.direction is Direction.ENTRY:
        settle_entry(tx, said.ticket_id, said.entry)
    return Ok()


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
    """A person did not go through: the entry is not used after all."""
    passage = Passage(
        id=derived_id("passage", said.scan_id, gate.id), scan_id=said.scan_id, device_id=gate.id, passed=said.passed
    )
    if not tx.insert_if_absent(passage) or said.passed:
        return Ok()
    scan = tx.get(Scan, _scan_id(gate.id, said.scan_id)) or tx.get(Scan, said.scan_id)  # one from before
    if scan and scan.device_id == gate.id and scan.admitted and scan.entry:
        settle_entry(tx, scan.ticket_id, scan.entry)
    return Ok()


def settle_entry(tx: Tx, ticket_id: str, entry: int) -> None:
    """Makes admission and anomalies of one (ticket, entry) what its scans say."""
    scans = tx.find(Scan, f"{_OF} AND scan.entry = :entry ORDER BY {FIRST_COUNTS}", ticket=ticket_id, entry=entry)
    _set_admission(tx, ticket_id, entry, scans[0] if scans else None)
    losers = {derived_id("duplicate", scan.id): scan for scan in scans[1:]}
    shown = tx.find(
        Anomaly, "WHERE kind = :kind AND subject = :s", kind=AnomalyKind.DUPLICATE_OFFLINE, s=f"{ticket_id}/{entry}"
    )
    for anomaly in shown:
        if anomaly.id not in losers:
            tx.delete(anomaly)
    for anomaly_id, scan in losers.items():
        report(
            tx, anomaly_id, AnomalyKind.DUPLICATE_OFFLINE, scan.at, scan.device_id, f"{ticket_id}/{entry}",
            {"gate": scan.gate, "scan": scan.told_id},
        )  # fmt: skip
    settle_unknown(tx, ticket_id)


def settle_ticket(tx: Tx, ticket_id: str) -> None:
    """The sale of a ticket has arrived: what was scanned of it before is settled by what it is for."""
    for (entry,) in tx.run(
        "SELECT DISTINCT entry FROM scan WHERE ticket_id = :ticket AND entry > 0 ORDER BY entry", ticket=ticket_id
    ):
        settle_entry(tx, ticket_id, entry)


def settle_unknown(tx: Tx, ticket_id: str) -> None:
    """A ticket admitted on its signature is an anomaly until its sale arrives; call it from both sides. It names the
    first of its entries, whichever was told first."""
    anomaly_id = derived_id("unknown ticket", ticket_id)
    shown = tx.get(Anomaly, anomaly_id)
    first = None
    if not tx.one("SELECT 1 FROM entitlement WHERE id = :id", id=ticket_id):
        first = next(iter(tx.find(Scan, f"{_OF} ORDER BY {FIRST_COUNTS} LIMIT 1", ticket=ticket_id)), None)
    if first is None:
        if shown:
            tx.delete(shown)
        return
    said = {"gate": first.gate}
    if shown is None:
        report(tx, anomaly_id, AnomalyKind.UNKNOWN_TICKET_ADMITTED, first.at, first.device_id, ticket_id, said)
    else:
        tx.update(shown, replace(shown, at=first.at, device_id=first.device_id, detail=said))


def _set_admission(tx: Tx, ticket_id: str, entry: int, scan: Scan | None) -> None:
    admission_id = derived_id("admission", ticket_id, entry)
    before = tx.get(Admission, admission_id)
    if scan is None:
        if before:
            tx.delete(before)
            tx.feed(feed_name(Family.ADMISSIONS, before.site_id), f"{ticket_id}/{entry}", None)
        return
    after = Admission(
        id=admission_id,
        ticket_id=Id(ticket_id),
        entry=entry,
        performance_id=scan.performance_id,
        scan_id=scan.id,
        site_id=scan.site_id,
        at=scan.at,
        gate=scan.gate,
    )
    if before == after:
        return
    if before:
        tx.update(before, after)
    else:
        tx.insert(after)
    row = AdmissionRow(after.ticket_id, entry, scan.at, scan.gate, scan.told_id)
    tx.feed(feed_name(Family.ADMISSIONS, scan.site_id), f"{ticket_id}/{entry}", row)


def report(
    tx: Tx, anomaly_id: Id, kind: AnomalyKind, at: datetime, device_id: str, subject: str, detail: dict[str, Any]
) -> None:
    """Makes an anomaly visible, once."""
    tx.insert_if_absent(
        Anomaly(id=anomaly_id, kind=kind, at=at, device_id=device_id, subject=subject, detail=detail, settled=False)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomalies:
    """Open anomalies, newest first."""

    context_id: Annotated[Id, Ref("context")]
    limit: int = 200


@answers(Anomalies, needs=AccessPrivilege.ACCESS_READ, at=whole_house, gives=list[Anomaly])
def anomalies(read: Read, want: Anomalies) -> Outcome[list[Anomaly]]:
    return Ok(read.find(Anomaly, "WHERE settled = 0 ORDER BY at DESC, id LIMIT :n", n=min(want.limit, 1000)))
