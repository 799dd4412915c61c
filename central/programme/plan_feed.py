"""A plan as devices draw it and sell from it."""

from central.kernel.tx import Read
from central.venues.model import Drawing, LogicalConfiguration, PhysicalConfiguration
from shared.ids import Id
from shared.languages import named
from shared.wire.feeds import PlanRow, PlanSeat

CATEGORY_STEP = 300  # in quality units: how a house ranks its categories weighs more than a few rows


def plan_row(read: Read, logical: LogicalConfiguration, performance_id: str = "") -> PlanRow:
    """The plan as devices get it, seats in plan order with this configuration's categories and its order of seats; with
    those of a performance, where that has places of its own."""
    physical = read.get(PhysicalConfiguration, logical.physical_configuration_id)
    assert physical, "a logical configuration has a physical one"
    drawing = physical.drawing or Drawing(1, 1)
    rows = read.run(
        "SELECT s.id, z.name, s.row_name, s.number, s.x, s.y, c.id, "
        "COALESCE(CASE WHEN p.id IS NULL THEN v.quality ELSE p.quality END, s.quality), c.rank, "
        "s.wheelchair, s.companion, s.aisle, z.control FROM physical_seat s "
        "JOIN logical_seat v ON v.configuration_id = :logical AND v.seat_id = s.id "
        "LEFT JOIN place p ON p.performance_id = :performance AND p.seat_id = s.id "
        "JOIN seat_category c ON c.id = COALESCE(p.category_id, v.category_id) "
        "JOIN physical_zone z ON z.id = s.zone_id "
        "WHERE s.configuration_id = :physical ORDER BY s.position",
        logical=logical.id,
        physical=physical.id,
        performance=performance_id,
    )
    return PlanRow(
        name=named(logical.names),
        width=drawing.width,
        height=drawing.height,
        seats=tuple(
            PlanSeat(
                id=Id(seat), zone=zone, row=row, number=number, x=x, y=y, category_id=Id(category),
                quality=quality + CATEGORY_STEP * (rank - 1), wheelchair=bool(wheelchair), companion=bool(companion),
                aisle=bool(aisle), zones=control,
            )
            for seat, zone, row, number, x, y, category, quality, rank, wheelchair, companion, aisle, control in rows
        ),
        shapes=drawing.shapes,
    )  # fmt: skip
