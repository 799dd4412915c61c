"""Which scans count, by name: for whoever settles entries, and whoever checks that they were settled; and what did not
fit."""

from enum import StrEnum
from typing import Final

from central.access.model import TOLD_ID
from central.kernel.entity import BY_NAME
from central.kernel.scope import narrowing
from central.kernel.tx import Read
from shared.ids import Id, derived_id
from shared.wire.facts import Direction

TELLS_OF_AN_ENTRY: Final = f"scan.admitted = 1 AND scan.entry > 0 AND scan.direction = '{Direction.ENTRY}'"
"""Of a statement's `scan`: its gate let somebody in on an entry."""

USED_AN_ENTRY: Final = (
    f"{TELLS_OF_AN_ENTRY} "  # noqa: S608 - our own text
    f"AND NOT EXISTS (SELECT 1 FROM passage p WHERE p.scan_id = {TOLD_ID} AND p.device_id = scan.device_id "
    "AND p.passed = 0) "
    "AND NOT EXISTS (SELECT 1 FROM entitlement e JOIN performance f ON f.id = e.performance_id "
    "WHERE e.id = scan.ticket_id AND (f.site_id <> scan.site_id OR scan.performance_id NOT IN ('', f.id)))"
)
"""Of a statement's `scan`: it used an entry of its ticket. Somebody went in, at the site of the ticket's
performance; what is not known yet (the passage, the sale) speaks for it."""

FIRST_COUNTS: Final = f"scan.at, {TOLD_ID}, scan.device_id"
"""The order of those of one entry: the first of them counts, as among gates (edge/gate/used_table.py)."""


def surplus_id(ticket_id: str, device_id: str) -> Id:
    """Of the anomaly that counts what a device told of a ticket and that is not kept."""
    return derived_id("scanned too often", ticket_id, device_id)


def open_anomalies(read: Read, places: tuple[str, ...] | None, most: int) -> int:
    """How many anomalies wait for a person, counted up to `most`; they belong to the whole house."""
    joins, where, params = narrowing(read, BY_NAME["anomaly"], places)
    rows = read.run(
        f"SELECT 1 FROM anomaly t{joins} WHERE t.settled = 0 AND {where} LIMIT :most",  # noqa: S608 - names of ours, values are parameters
        most=most,
        **params,
    )
    return len(rows)


def came_in(read: Read, performance_id: str) -> int:
    """Tickets with which somebody was let in, however often."""
    ((tickets,),) = read.run(
        "SELECT COUNT(DISTINCT ticket_id) FROM admission WHERE performance_id = :id", id=performance_id
    )
    return int(tickets)


def ids_shown_as(read: Read, *kinds: StrEnum) -> set[str]:
    """Of the anomalies of these kinds, settled or not."""
    return {row[0] for kind in kinds for row in read.run("SELECT id FROM anomaly WHERE kind = :kind", kind=kind)}
