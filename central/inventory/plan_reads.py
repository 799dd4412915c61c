"""A performance's plan, read as a table of columns (venues/plan_tables.py): a row is a seat as it was built, then its
place's own values and who has it."""

from collections import OrderedDict
from typing import Any

from central.catalogue.model import Performance
from central.inventory.model import Gauge, taken_by
from central.inventory.reads import taken_seats
from central.kernel.tx import Read
from central.venues.model import LogicalConfiguration, PlanState
from central.venues.plan_tables import BROKEN, LOGICAL, SEAT, TAKEN, table_of, zone_names
from central.venues.selection import Selection, Table, ZoneShare, narrowed

OF_PLACES = (*LOGICAL, BROKEN, TAKEN)
MOST_BUILT = 2
GONE = "gone"
"""What stands for the reason where a seat has no place in a performance."""


def performance_table(read: Read, performance: Performance, selection: Selection | None = None) -> Table:
    """A seat that has no place here is `invalid`; `taken` is the state of its live allocation."""
    logical = read.get(LogicalConfiguration, performance.logical_configuration_id)
    assert logical, "foreign keys say so"
    physical_id = logical.physical_configuration_id
    narrow = narrowed(selection) if selection else None
    rows = _some_rows(read, performance.id, physical_id, *narrow) if narrow else _all_rows(
        read, performance.id, physical_id
    )  # fmt: skip
    table = table_of(rows, OF_PLACES)
    table.names = zone_names(read, physical_id)
    for gauge in read.find(Gauge, "WHERE performance_id = :id ORDER BY zone_id, contingent_id", id=performance.id):
        table.shares[gauge.zone_id, gauge.contingent_id] = ZoneShare(gauge.capacity, gauge.blocked, gauge.taken)
        table.counted[gauge.zone_id] = gauge.category_id
    return table


def _some_rows(
    read: Read, performance_id: str, physical_id: str, where: str, params: dict[str, Any]
) -> list[tuple[Any, ...]]:
    return read.run(
        f"SELECT {SEAT}, COALESCE(v.id, ''), "  # noqa: S608 - names of ours, values are parameters
        "v.category_id, v.contingent_id, COALESCE(v.blocked, ''), v.quality, "
        "CASE WHEN v.id IS NULL THEN 'gone' ELSE '' END, s.invalid, COALESCE(a.state, '') FROM physical_seat s "
        "LEFT JOIN place v ON v.performance_id = :performance AND v.seat_id = s.id "
        f"{taken_by(':performance', 's.id')} "
        f"WHERE s.configuration_id = :configuration AND {where} ORDER BY s.position",
        performance=performance_id,
        configuration=physical_id,
        **params,
    )


_NO_PLACE = ("", None, None, "", None, GONE)


def _all_rows(read: Read, performance_id: str, physical_id: str) -> list[tuple[Any, ...]]:
    """The same for a whole hall: three plain scans put together here take half the time of the join."""
    places = {
        seat: columns
        for seat, *columns in read.run(
            "SELECT seat_id, id, category_id, contingent_id, blocked, quality, '' FROM place "
            "WHERE performance_id = :id",
            id=performance_id,
        )
    }
    taken = taken_seats(read, performance_id)
    broken: dict[str, str] = dict(
        read.run("SELECT id, invalid FROM physical_seat WHERE configuration_id = :id AND invalid <> ''", id=physical_id)
    )
    return [
        (*row, *places.get(row[1], _NO_PLACE), broken.get(row[1], ""), taken.get(row[1], ""))
        for row in _built(read, physical_id)
    ]


def _built(read: Read, physical_id: str) -> list[tuple[Any, ...]]:
    """A configuration's seats as they were built. Those of a validated one never change, and none comes back under its
    id: each connection remembers the last few, which spares a stadium's plan a quarter of a second."""
    known: OrderedDict[str, list[tuple[Any, ...]]] = read.memory.setdefault("built", OrderedDict())
    if physical_id in known:
        known.move_to_end(physical_id)
        return known[physical_id]
    rows = read.run(
        f"SELECT {SEAT} FROM physical_seat s WHERE s.configuration_id = :id ORDER BY s.position",  # noqa: S608 - names of ours, values are parameters
        id=physical_id,
    )
    validated = f"SELECT 1 FROM physical_configuration WHERE id = :id AND state = '{PlanState.VALIDATED}'"  # noqa: S608 - words of ours
    if not read.is_new("physical_configuration") and read.run(validated, id=physical_id):
        known[physical_id] = rows
        while len(known) > MOST_BUILT:
            known.popitem(last=False)
    return rows
