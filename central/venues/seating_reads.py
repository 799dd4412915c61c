"""How halls are sold, season by season: what there is, and what one could begin with."""

from dataclasses import dataclass

from central.kernel.contexts import path_of
from central.kernel.db import in_list
from central.kernel.tx import Read
from central.venues.model import PlanState


@dataclass(frozen=True, slots=True)
class Seatings:
    """How halls are sold in a season: how many ways are validated, the first that is not yet, the first hall that one
    could be made of, and whether there are categories for it (empty: none)."""

    validated: int
    draft: str
    hall: str
    categories: bool


def seatings_of(read: Read, season: str) -> Seatings:
    rows = read.run(
        "SELECT state, COUNT(*), MIN(id) FROM logical_configuration WHERE context_id = :at GROUP BY state", at=season
    )
    inside, params = in_list("at", path_of(read, season))
    hall = read.one(
        "SELECT c.id FROM physical_configuration c "  # noqa: S608 - parameters
        "JOIN space s ON s.id = c.space_id JOIN site i ON i.id = s.site_id "
        f"WHERE c.state = '{PlanState.VALIDATED}' AND i.context_id IN {inside} ORDER BY c.id LIMIT 1",
        **params,
    )
    categories = read.one(f"SELECT 1 FROM seat_category WHERE context_id IN {inside}", **params)  # noqa: S608 - names of ours, values are parameters
    return Seatings(
        sum(count for state, count, _ in rows if state == "validated"),
        min((first for state, _, first in rows if state != "validated"), default=""),
        hall[0] if hall else "",
        categories is not None,
    )
