"""The hall as it has just been drawn: what the wizard shows before it is accepted."""

from collections import Counter
from dataclasses import dataclass

from central.kernel.tx import Read
from central.venues.hall_svg import hall_svg
from central.venues.model import Drawing, PhysicalConfiguration
from central.venues.reads import whole_seats, zones_built
from central.web.texts import Texts
from shared.ids import Id
from shared.rules.place_state import PlaceState
from shared.wire.feeds import CategoryRow, PlanRow, PlanSeat

MOST_DRAWN = 20_000  # seats: a stadium's picture would be heavier than any page


@dataclass(frozen=True, slots=True)
class HallPicture:
    """`svg` empty: there is nothing to draw. `categories`: what the plan calls them, with their places."""

    svg: str
    places: int
    wheelchairs: int
    zones: tuple[tuple[str, int], ...]
    categories: tuple[tuple[str, int], ...]


def hall_picture(read: Read, hall: PhysicalConfiguration, t: Texts) -> HallPicture:
    zones = zones_built(read, hall.id)
    named = {zone.id: zone.name for zone in zones}
    seats = whole_seats(read, hall.id)
    counts = Counter(seat.category for seat in seats)
    svg = ""
    if seats and len(seats) <= MOST_DRAWN:
        drawing = hall.drawing or Drawing(1, 1)
        colours = {each.name: each.colour for each in drawing.categories}
        drawn = tuple(
            PlanSeat(
                id=seat.id, zone=named[seat.zone_id], row=seat.row_name, number=seat.number, x=seat.x, y=seat.y,
                category_id=Id(seat.category), quality=seat.quality, wheelchair=seat.wheelchair,
                companion=seat.companion, aisle=seat.aisle,
            )
            for seat in seats
        )  # fmt: skip
        plan = PlanRow(t.of(hall.names), drawing.width, drawing.height, drawn, drawing.shapes)
        categories = [CategoryRow(Id(name), {t.language: name}, colours.get(name, ""), 1) for name in counts]
        states = [PlaceState.FREE] * len(seats)
        svg = hall_svg(plan, states, categories, t.language, styled=False, legend=False)
    return HallPicture(
        svg,
        sum(zone.capacity for zone in zones),
        sum(seat.wheelchair for seat in seats),
        tuple((zone.name, zone.capacity) for zone in zones),
        tuple(sorted(counts.items())),
    )
