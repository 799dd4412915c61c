"""The hall as a plan: a seat's shape says its state, its colour its category, so that no state hangs on a colour.

Every seat is one `use` of a mark; the page changes marks in place, so an evening's changes cost a few bytes each.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from markupsafe import Markup, escape

from central.web.evening import Hall, HallShape, SeatState
from shared.look import contrast, look, solid

MARKS = Markup(
    '<g id="seat-free"><circle r="9.5" class="fill"/></g>'
    '<g id="seat-held"><circle r="8.2" class="ring"/><path d="M-9.3 0a9.3 9.3 0 0 1 18.6 0z" class="fill"/></g>'
    '<g id="seat-leased"><circle r="9" class="ring"/><circle r="4.6" class="fill"/></g>'
    '<g id="seat-optioned"><circle r="8.2" class="ring"/><path d="M0-9.3a9.3 9.3 0 0 1 0 18.6z" class="fill"/></g>'
    '<g id="seat-sold"><circle r="8.2" class="ring"/></g>'
    '<g id="seat-admitted"><rect x="-10" y="-10" width="20" height="20" rx="5" class="inside"/>'
    '<path d="M-5 .5l3.6 4L5.5-4.5" class="tick"/></g>'
    '<g id="seat-blocked"><path d="M-6.5-6.5l13 13m0-13l-13 13" class="cross"/></g>'
)
_PALE = 6.0  # contrast to the hall's dark from which a plan's surface would blind: it is drawn as a breath of light


def hall_picture(hall: Hall, seats: Sequence[SeatState], says: str) -> Markup:
    """The whole plan. `says` is what it shows in words, for who does not see it."""
    shapes = Markup("").join(_shape(shape) for shape in hall.shapes)
    return Markup(
        '<svg class="hall" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}"><defs>{}</defs>'
        '<g class="shapes">{}</g><g class="seats">{}</g></svg>'
    ).format(hall.width, hall.height, says, MARKS, shapes, Markup("").join(_seats(hall, seats)))


def mark(state: SeatState, title: str = "") -> Markup:
    """One mark alone, for the legend."""
    return Markup('<svg class="mark" viewBox="-12 -12 24 24" aria-hidden="true"><use href="#seat-{}"/></svg>').format(
        state
    )


def _seats(hall: Hall, states: Sequence[SeatState]) -> Iterator[Markup]:
    """In the hall's order, grouped by runs of a category, whose colour the group carries."""
    at = 0
    for category, run in groupby(hall.seats, key=attrgetter("category")):
        colour = solid(hall.categories[category].colour, look().categories[category % len(look().categories)])
        uses = []
        for seat in run:
            uses.append(f'<use href="#seat-{states[at]}" x="{seat.x:g}" y="{seat.y:g}"/>')
            at += 1
        yield Markup(f'<g color="{colour}">{"".join(uses)}</g>')  # noqa: S704 - numbers, an enum and a checked colour


def _shape(shape: HallShape) -> Markup:
    drawn = Markup("")
    if shape.radius:
        x, y = shape.points[0]
        drawn = Markup('<circle cx="{:g}" cy="{:g}" r="{:g}" {}/>').format(x, y, shape.radius, _surface(shape.colour))
    elif len(shape.points) > 2:
        points = " ".join(f"{x:g},{y:g}" for x, y in shape.points)
        drawn = Markup('<polygon points="{}" {}/>').format(points, _surface(shape.colour))
    if not shape.text:
        return drawn
    x, y = shape.text_at
    turn = Markup(' transform="rotate({:g} {:g} {:g})"').format(shape.turn, x, y) if shape.turn else Markup("")
    return drawn + Markup('<text x="{:g}" y="{:g}" font-size="{:g}"{}>{}</text>').format(
        x, y, max(shape.text_size, 20), turn, escape(shape.text)
    )


def _surface(colour: str) -> Markup:
    """Plans are drawn for white paper; here it is dark."""
    scheme = look().schemes["light"]
    fill = solid(colour, scheme.hall_muted)
    if contrast(fill, scheme.hall) >= _PALE:
        return Markup('fill="{}" fill-opacity=".09"').format(fill)
    return Markup('fill="{}"').format(fill)
