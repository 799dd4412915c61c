"""What is on offer: the rows of four feeds put together, each read again only when it changed. Pure but for its memory.

A row that cannot be read leaves out its own performance, never the others.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, TypeVar

import structlog

from edge.kiosk.model import Offer
from shared.ids import Id
from shared.wire.codec import build
from shared.wire.feeds import CatalogueRow, Family, HallRow, PerformanceRow, PlanRow

log = structlog.get_logger()
Rows = Mapping[str, dict[str, Any]]
T = TypeVar("T")

KINDS: Mapping[Family, type[Any]] = {
    Family.PERFORMANCES: PerformanceRow,
    Family.CATALOGUE: CatalogueRow,
    Family.PLANS: PlanRow,
    Family.HALL: HallRow,
}


class Programme:
    def __init__(self) -> None:
        self._rows: dict[Family, dict[str, Any]] = {family: {} for family in KINDS}

    def take(self, family: Family, rows: Rows) -> None:
        """All rows of a feed, as they stand now."""
        self._rows[family] = {key: row for key, body in rows.items() if (row := _read(family, key, body)) is not None}

    def offers(self) -> tuple[Offer, ...]:
        """Soonest first."""
        performances = sorted(self._rows[Family.PERFORMANCES].items(), key=lambda item: (item[1].starts, item[0]))
        found = (self._offer(Id(key), performance) for key, performance in performances)
        return tuple(offer for offer in found if offer is not None)

    def _offer(self, performance_id: Id, performance: PerformanceRow) -> Offer | None:
        catalogue = self._rows[Family.CATALOGUE].get(performance_id)
        plan = self._rows[Family.PLANS].get(performance.plan_id)
        if catalogue is None or plan is None:
            return None
        hall = self._rows[Family.HALL].get(performance_id)
        return Offer(performance_id, performance, catalogue, plan, flags(hall.taken, len(plan.seats)) if hall else ())


def flags(taken: str, seats: int) -> tuple[bool, ...]:
    """A hall's picture, first seat in the most significant bit of the first byte; () if it is not one."""
    try:
        octets = b64decode(taken, validate=True)
    except ValueError:
        return ()
    bits = [bool(octet >> shift & 1) for octet in octets for shift in range(7, -1, -1)]
    return tuple(bits[:seats])


def _read(family: Family, key: str, body: dict[str, Any]) -> Any:
    try:
        return build(KINDS[family], body)
    except ValueError as bad:
        log.warning("feed row not understood", feed=family, row=key, why=str(bad))
        return None
