"""Plans in another measure than plan units, or around an origin of their own: feet from the stage's axis, metres."""

from dataclasses import replace

from central.venues.plan import DrawnArea, Plan, Seat
from central.venues.planfile_checks import SEAT_RADIUS, extent


def enlarged(plan: Plan, factor: float) -> Plan:
    """All of it times `factor`; the seats as large as usual, at most."""
    if factor == 1:
        return plan
    sized = _mapped(plan, factor, 0.0, 0.0)
    width, height = (max(1, round(side * factor)) for side in (plan.width, plan.height))
    return replace(sized, width=width, height=height, report=replace(plan.report, times=factor))


def fitted(plan: Plan) -> Plan:
    """A plan that told no size: as large as its seats need, and moved into sight where any lies above or left of it."""
    seats = [seat for _, _, seat in plan.seats()]
    x, y = min(seat.x for seat in seats), min(seat.y for seat in seats)
    if x < 0 or y < 0:
        plan = _mapped(plan, 1.0, 2 * SEAT_RADIUS - x if x < 0 else 0.0, 2 * SEAT_RADIUS - y if y < 0 else 0.0)
        seats = [seat for _, _, seat in plan.seats()]
    width, height = extent(seats)
    return replace(plan, width=width, height=height)


def _mapped(plan: Plan, factor: float, dx: float, dy: float) -> Plan:
    def at(x: float, y: float) -> tuple[float, float]:
        return round(x * factor + dx, 3) + 0.0, round(y * factor + dy, 3) + 0.0

    def seat(one: Seat) -> Seat:
        x, y = at(one.x, one.y)
        return replace(one, x=x, y=y, radius=min(SEAT_RADIUS, round(one.radius * factor)) if factor > 1 else one.radius)

    def area(one: DrawnArea) -> DrawnArea:
        x, y = at(one.x, one.y)
        text_x, text_y = at(one.text_x, one.text_y) if one.text else (one.text_x, one.text_y)
        return replace(one, x=x, y=y, points=tuple(at(*point) for point in one.points), text_x=text_x, text_y=text_y,
                       width=round(one.width * factor, 3), height=round(one.height * factor, 3),
                       text_size=max(1, round(one.text_size * factor)))  # fmt: skip

    return replace(plan, zones=tuple(
        replace(zone, rows=tuple(replace(row, seats=tuple(map(seat, row.seats))) for row in zone.rows),
                areas=tuple(map(area, zone.areas)))
        for zone in plan.zones
    ))  # fmt: skip
