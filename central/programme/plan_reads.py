"""A plan as devices draw it and sell from it."""

from dataclasses import dataclass

from central.kernel.columns import columns
from central.kernel.tx import Read
from central.venues.model import Drawing, LogicalConfiguration, PhysicalConfiguration
from shared.ids import Id
from shared.languages import named
from shared.wire.feeds import PlanRow, PlanSeat

CATEGORY_STEP = 300  # in quality units: how a house ranks its categories weighs more than a few rows


@dataclass(frozen=True, slots=True)
class _SeatTold:
    id: Id
    zone: str
    row: str
    number: str
    x: float
    y: float
    category_id: Id
    quality: int
    rank: int
    wheelchair: bool
    companion: bool
    aisle: bool
    zones: int


_TOLD = columns(
    _SeatTold,
    id="s.id",
    zone="z.name",
    row="s.row_name",
    number="s.number",
    x="s.x",
    y="s.y",
    category_id="c.id",
    quality="COALESCE(CASE WHEN p.id IS NULL THEN v.quality ELSE p.quality END, s.quality)",
    rank="c.rank",
    wheelchair="s.wheelchair",
    companion="s.companion",
    aisle="s.aisle",
    zones="z.control",
)


def plan_row(read: Read, logical: LogicalConfiguration, performance_id: str = "") -> PlanRow:
    """The plan as devices get it, seats in plan order with this configuration's categories and its order of seats; with
    those of a performance, where that has places of its own."""
    physical = read.get(PhysicalConfiguration, logical.physical_configuration_id)
    assert physical, "a logical configuration has a physical one"
    drawing = physical.drawing or Drawing(1, 1)
    rows = read.run(
        f"SELECT {_TOLD} FROM physical_seat s "  # noqa: S608 - names of ours
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
                id=seat.id, zone=seat.zone, row=seat.row, number=seat.number, x=seat.x, y=seat.y,
                category_id=seat.category_id, quality=seat.quality + CATEGORY_STEP * (seat.rank - 1),
                wheelchair=bool(seat.wheelchair), companion=bool(seat.companion), aisle=bool(seat.aisle),
                zones=seat.zones,
            )
            for seat in (_SeatTold(*each) for each in rows)
        ),
        shapes=drawing.shapes,
    )  # fmt: skip
