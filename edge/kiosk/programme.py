"""What is on: the rows of four feeds put together, each read again only when it changed. Pure but for its memory.

A row that cannot be read leaves out its own performance, never the others.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, TypeVar

import structlog

from edge.kiosk.model import ListedPerformance
from shared.ids import Id
from shared.wire.codec import build
from shared.wire.feeds import CatalogueRow, FeedFamily, HallRow, PerformanceRow, PlanRow

log = structlog.get_logger()
Rows = Mapping[str, dict[str, Any]]
T = TypeVar("T")

KINDS: Mapping[FeedFamily, type[Any]] = {
    FeedFamily.PERFORMANCES: PerformanceRow,
    FeedFamily.CATALOGUE: CatalogueRow,
    FeedFamily.PLANS: PlanRow,
    FeedFamily.HALL: HallRow,
}


class Programme:
    def __init__(self) -> None:
        self._rows: dict[FeedFamily, dict[str, Any]] = {family: {} for family in KINDS}

    def take(self, family: FeedFamily, rows: Rows) -> None:
        """All rows of a feed, as they stand now."""
        self._rows[family] = {key: row for key, body in rows.items() if (row := _read(family, key, body)) is not None}

    def performances(self) -> tuple[ListedPerformance, ...]:
        """Soonest first."""
        performances = sorted(self._rows[FeedFamily.PERFORMANCES].items(), key=lambda item: (item[1].starts, item[0]))
        found = (self._listed(Id(key), performance) for key, performance in performances)
        return tuple(listed for listed in found if listed is not None)

    def _listed(self, performance_id: Id, performance: PerformanceRow) -> ListedPerformance | None:
        catalogue = self._rows[FeedFamily.CATALOGUE].get(performance_id)
        plan = self._rows[FeedFamily.PLANS].get(performance.plan_id)
        if catalogue is None or plan is None:
            return None
        hall = self._rows[FeedFamily.HALL].get(performance_id)
        return ListedPerformance(
            performance_id, performance, catalogue, plan, flags(hall.taken, len(plan.seats)) if hall else ()
        )


def flags(taken: str, seats: int) -> tuple[bool, ...]:
    """A hall's picture, first seat in the most significant bit of the first byte; () if it is not one."""
    try:
        octets = b64decode(taken, validate=True)
    except ValueError:
        return ()
    bits = [bool(octet >> shift & 1) for octet in octets for shift in range(7, -1, -1)]
    return tuple(bits[:seats])


def _read(family: FeedFamily, key: str, body: dict[str, Any]) -> Any:
    try:
        return build(KINDS[family], body)
    except ValueError as bad:
        log.warning("feed row not understood", feed=family, row=key, why=str(bad))
        return None
