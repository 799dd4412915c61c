"""The seat plan on the screen: the hall in the dark, its free seats lit in the colours of their categories.

A state is a shape as well as a colour (look.md): free filled, taken hollow, chosen a white disc with a tick; wheelchair
places are square. Seats are one mesh that is built when they change; moving and zooming only sets where it is looked at
from. A finger on seats too small to be meant brings the place nearer instead of guessing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import hypot

from kivy.graphics import Color, InstructionGroup, Rectangle, ScissorPop, ScissorPush

from edge.kiosk.ui.canvas import rgba
from edge.kiosk.ui.fonts import Letters, fit
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.hall import SeatLook
from edge.kiosk.ui.icons import ICONS
from edge.kiosk.ui.paint import Icon
from edge.kiosk.ui.shapes import Shapes
from edge.kiosk.ui.view import PlanView, bounds_of, nearest, pitch, whole
from shared.ids import Id
from shared.look import Scheme, Weight, contrast, solid
from shared.wire.feeds import PlanRow, PlanSeat

TAPPABLE = 30.0  # pixels from seat to seat (8 mm) from which a finger can mean one
_READABLE = 11.0  # pixels: letters below this are not drawn
_DRAG = 14.0  # pixels a finger may wander in a tap


@dataclass(frozen=True, slots=True)
class Shown:
    """What the plan shows. `colours`: category id → `#rrggbb`; `only`: the category wished for; `stage`: the word for
    the stage in the visitor's language."""

    plan: PlanRow
    looks: tuple[SeatLook, ...]
    colours: tuple[tuple[Id, str], ...]
    only: Id | None
    scheme: Scheme
    stage: str
    unit: float


_STAGE = {"scène", "scene", "stage", "bühne", "escenario", "palcoscenico", "palco"}


class HallPlan:
    """Owns its instruction group, its view and the fingers on it; `choose` is called with the seat that was meant."""

    def __init__(self, letters: Letters, choose: Callable[[Id], None], changed: Callable[[], None]) -> None:
        self.group = InstructionGroup()
        self.view: PlanView | None = None
        self._letters, self._choose, self._changed = letters, choose, changed
        self._shown: Shown | None = None
        self._height = 0.0
        self._step, self._rows = 25.0, list[tuple[str, float, float]]()  # of the plan that is shown
        self._areas, self._seats, self._chosen, self._words = Shapes(), Shapes(), Shapes(), InstructionGroup()
        self._fingers: dict[object, tuple[float, float]] = {}
        self._wandered = 0.0

    # --- showing -----------------------------------------------------------------------------------------------

    def show(self, shown: Shown, rect: Rect, height: float) -> None:
        """Draw this plan into `rect` of a window `height` pixels high."""
        before, self._shown = self._shown, shown
        moved = self.view is None or self.view.rect != rect or self._height != height
        self._height = height
        if before is None or self.view is None or before.plan is not shown.plan:
            self._step = pitch(shown.plan.seats)
            self._rows = _row_names(shown.plan.seats, self._step)
            self.view = whole(rect, bounds_of(shown.plan, self._step))
        elif moved:
            self.view = replace(self.view, rect=rect).kept()
        if before != shown or moved:
            self._build(shown)
            self.group.clear()
            self.group.add(
                ScissorPush(x=int(rect.x), y=int(height - rect.bottom), width=int(rect.w), height=int(rect.h))
            )
            for part in (self._areas.instruction, self._seats.instruction, self._chosen.instruction, self._words):
                self.group.add(part)
            self.group.add(ScissorPop())
        self._aim()

    def forget(self) -> None:
        """The visitor left: the next one starts from the whole hall."""
        self.view = self._shown = None
        self._fingers.clear()
        self.group.clear()

    def _build(self, shown: Shown) -> None:
        self._areas.clear()
        self._seats.clear()
        for shape in shown.plan.shapes:
            fill = rgba(_in_the_dark(solid(shape.colour, shown.scheme.ground), shown.scheme))
            if shape.kind == "circle" and shape.points:
                self._areas.disc(*shape.points[0], shape.radius, fill)
            elif shape.kind in ("polygon", "rectangle"):
                self._areas.polygon(shape.points, fill)
        colours = dict(shown.colours)
        for seat, look in zip(shown.plan.seats, shown.looks, strict=True):
            if look is SeatLook.CHOSEN:
                continue  # drawn on top, at a size that can be seen from afar
            free = look is SeatLook.FREE
            wished = shown.only in (None, seat.category_id)
            colour = rgba(colours.get(seat.category_id, shown.scheme.hall_ink), 1 if wished else 0.3)
            self._seat(seat, self._step * 0.41, colour if free else rgba(shown.scheme.hall_muted, 0.35), free)
        self._areas.seal()
        self._seats.seal()

    def _seat(self, seat: PlanSeat, radius: float, colour: tuple[float, float, float, float], filled: bool) -> None:
        edge, rim = (0 if filled else radius * 0.22), radius * 0.4
        if seat.wheelchair:
            side = radius * 1.9
            self._seats.box(seat.x - side / 2, seat.y - side / 2, side, side, colour, radius * 0.3, edge, rim)
        else:
            self._seats.disc(seat.x, seat.y, radius, colour, edge, rim)

    def _aim(self) -> None:
        """Set where everything is looked at from, and put the letters and the chosen seats in their places."""
        view, shown = self.view, self._shown
        if view is None or shown is None:
            return
        (cx, cy), scale = view.rect.centre, view.scale
        for part in (self._areas, self._seats):
            part.look_at(scale, -scale, cx - view.x * scale, self._height - cy + view.y * scale)
        self._chosen.clear()
        self._chosen.look_at(1, -1, 0, self._height)
        radius = max(self._step * 0.44 * scale, 6 * shown.unit)
        self._mark(self._chosen_spots(), radius, shown)
        self._chosen.seal()
        self._words.clear()
        self._letter(view, shown)

    def _chosen_spots(self) -> list[tuple[float, float]]:
        view, shown = self.view, self._shown
        if view is None or shown is None:
            return []
        pairs = zip(shown.plan.seats, shown.looks, strict=True)
        return [view.to_screen(seat.x, seat.y) for seat, look in pairs if look is SeatLook.CHOSEN]

    def _mark(self, chosen: list[tuple[float, float]], radius: float, shown: Shown) -> None:
        """The chosen seats; while they are small, with a ring around them that can be seen from afar."""
        rim = max(2.5, radius * 0.2)
        for x, y in chosen:
            self._chosen.disc(x, y, radius + rim, rgba(shown.scheme.accent))
        for x, y in chosen:
            self._chosen.disc(x, y, radius, rgba("#ffffff"))
            if radius > 10:
                side = radius * 1.5
                for stroke in ICONS[Icon.TICK]:
                    points = [(x + (u - 0.5) * side, y + (v - 0.5) * side) for u, v in stroke]
                    self._chosen.stroke(points, side * 0.13, rgba("#000000"))
        if chosen and radius <= 10:
            x, y = _middle(chosen)
            far = max(hypot(px - x, py - y) for px, py in chosen)
            if far < 90 * shown.unit:
                self._chosen.disc(x, y, far + 24 * shown.unit, rgba(shown.scheme.hall_ink), 3 * shown.unit)

    # --- letters -----------------------------------------------------------------------------------------------

    def _letter(self, view: PlanView, shown: Shown) -> None:
        (cx, cy), scale = view.rect.centre, view.scale
        dx, dy = cx - view.x * scale, cy - view.y * scale
        seats = shown.plan.seats
        spots = [(seat.x * scale + dx, seat.y * scale + dy) for seat in seats]
        for shape in shown.plan.shapes:
            if shape.text and shape.points:
                text = shown.stage if shape.text.casefold() in _STAGE else shape.text
                x, y = view.to_screen(*_middle(shape.points))
                size = min(30, max(18, self._step * scale * 0.75)) * shown.unit
                wide, tall = size * 0.31 * len(text), size * 0.7
                if not any(abs(sx - x) < wide and abs(sy - y) < tall for sx, sy in spots):  # seats go before words
                    self._put(text, x, y, size, shown.scheme.hall_ink)
        size = self._step * 0.5 * scale
        if size < _READABLE * shown.unit:
            return
        for text, x, y in self._rows:
            self._put(text, *view.to_screen(x, y), min(size * 1.2, 26 * shown.unit), shown.scheme.hall_muted)
        inks = {category: _ink_on(colour) for category, colour in shown.colours}
        for seat, look, (x, y) in zip(seats, shown.looks, spots, strict=True):
            if look is SeatLook.FREE and view.rect.has(x, y):
                wished = shown.only in (None, seat.category_id)
                ink = inks.get(seat.category_id, "#000000") if wished else shown.scheme.hall_ink
                self._put(seat.number, x, y, size * 0.9, ink)

    def _put(self, text: str, x: float, y: float, size: float, colour: str) -> None:
        size = round(size)
        fitted = fit(text, Weight.SEMIBOLD, size, size, 600, size * 2)
        texture = self._letters.texture(fitted, "centre")
        w, h = texture.size
        self._words.add(Color(*rgba(colour)))
        self._words.add(
            Rectangle(texture=texture, pos=(round(x - w / 2), round(self._height - y - h / 2)), size=(w, h))
        )

    # --- fingers -----------------------------------------------------------------------------------------------

    def zoom(self, steps: int) -> None:
        """Nearer (+1), further (-1), or the whole hall (0). From the whole hall the way leads to the chosen seats."""
        if self.view is None:
            return
        view, chosen = self.view, self._chosen_spots()
        if not steps:
            self.view = whole(view.rect, view.bounds)
        elif view.zoom == 1 and chosen:
            self.view = replace(view.zoomed(1.8**steps, *view.rect.centre), x=view.x, y=view.y)
            (x, y), (cx, cy) = _middle(chosen), view.rect.centre
            self.view = replace(self.view, x=view.x + (x - cx) / view.scale, y=view.y + (y - cy) / view.scale).kept()
        else:
            self.view = view.zoomed(1.8**steps, *view.rect.centre)
        self._moved()

    def down(self, finger: object, x: float, y: float) -> None:
        if not self._fingers:
            self._wandered = 0
        self._fingers[finger] = (x, y)

    def move(self, finger: object, x: float, y: float) -> None:
        if finger not in self._fingers or self.view is None:
            return
        old_x, old_y = self._fingers[finger]
        self._fingers[finger] = (x, y)
        self._wandered += hypot(x - old_x, y - old_y)
        if self._wandered < _DRAG:
            return
        others = [place for other, place in self._fingers.items() if other is not finger]
        if others:
            (ox, oy) = others[0]
            spread = hypot(x - ox, y - oy) / max(1, hypot(old_x - ox, old_y - oy))
            self.view = self.view.zoomed(spread, (x + ox) / 2, (y + oy) / 2)
        else:
            self.view = self.view.moved(x - old_x, y - old_y)
        self._moved()

    def up(self, finger: object, x: float, y: float) -> bool:
        """Whether the finger chose a seat; else it looked around."""
        last = self._fingers.pop(finger, None) is not None and not self._fingers
        return last and self._wandered < _DRAG and self.tap(x, y)

    def tap(self, x: float, y: float) -> bool:
        """Choose the seat under a finger, or bring it nearer while it is too small; whether one was chosen."""
        if self.view is None or self._shown is None:
            return False
        near = self._step * self.view.scale / (TAPPABLE * self._shown.unit)
        if near < 1:
            self.view = self.view.zoomed(1.1 / near, x, y)
            self._moved()
            return False
        seat = nearest(self._open(), *self.view.to_plan(x, y), self._step * 0.75)
        if seat is not None:
            self._choose(seat.id)
        return seat is not None

    def seats(self) -> dict[str, tuple[float, float]]:
        """The seats that a finger can mean now, by id, in pixels from the top left."""
        if self.view is None or self._shown is None:
            return {}
        if self._step * self.view.scale < TAPPABLE * self._shown.unit:
            return {}
        places = {seat.id: self.view.to_screen(seat.x, seat.y) for seat in self._open()}
        return {seat_id: place for seat_id, place in places.items() if self.view.rect.inset(8).has(*place)}

    def _open(self) -> list[PlanSeat]:
        assert self._shown is not None
        pairs = zip(self._shown.plan.seats, self._shown.looks, strict=True)
        return [seat for seat, look in pairs if look is not SeatLook.TAKEN]

    def _moved(self) -> None:
        self._aim()
        self._changed()


def _middle(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def _row_names(seats: Sequence[PlanSeat], step: float) -> list[tuple[str, float, float]]:
    """Each row's name beyond both its ends, and in every aisle that it crosses."""
    rows: dict[tuple[str, str], list[PlanSeat]] = {}
    for seat in seats:
        rows.setdefault((seat.zone, seat.row), []).append(seat)
    found = []
    for (_, name), row in rows.items():
        if not name or len(row) <= 4:
            continue
        for end, inner in ((row[0], row[1]), (row[-1], row[-2])):
            long = hypot(end.x - inner.x, end.y - inner.y) or 1
            far = step * 1.1 / long
            found.append((name, end.x + (end.x - inner.x) * far, end.y + (end.y - inner.y) * far))
        for one, two in pairwise(row):
            if hypot(two.x - one.x, two.y - one.y) > step * 1.6:
                found.append((name, (one.x + two.x) / 2, (one.y + two.y) / 2))
    return found


def _in_the_dark(colour: str, scheme: Scheme) -> str:
    """Plans are drawn on white paper; what is pale there would outshine the seats here."""
    return scheme.ground if contrast(colour, scheme.hall) > 4 or colour == scheme.hall else colour


def _ink_on(ground: str) -> str:
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, ground))
