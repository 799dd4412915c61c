"""What a screen is made of: marks in order from back to front, and the places that answer to a finger. Pure values.

A screen is a function that puts marks on a `Page`; `canvas.py` draws them and `window.py` turns a touch into the event
of the topmost place under it. So a test can ask what is where without a window, and nothing is kept from one drawing to
the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto

from edge.kiosk.model import Event
from edge.kiosk.ui.geometry import Rect
from shared.look import HouseLook, Scheme, Weight


class Icon(StrEnum):
    BACK = auto()
    OVER = auto()
    FORWARD = auto()
    PLUS = auto()
    MINUS = auto()
    TICK = auto()
    CROSS = auto()
    FIT = auto()
    CONTRAST = auto()
    CARD = auto()
    TICKET = auto()
    STAR = auto()
    PERSON = auto()
    WHEELCHAIR = auto()
    UP = auto()
    DOWN = auto()
    ALERT = auto()
    PAUSE = auto()


class Align(StrEnum):
    LEFT = auto()
    CENTRE = auto()
    RIGHT = auto()


@dataclass(frozen=True, slots=True)
class PageTurn:
    """The window's own business, not the kiosk's: turn the pages of a list (`what` is the list), or zoom the plan."""

    what: str
    by: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """A rectangle with round corners, filled unless `colour` is empty; `edge` is the width of its outline, in
    `edge_colour`; `alpha` is for the fill."""

    rect: Rect
    colour: str = ""
    radius: float = 0
    edge: float = 0
    edge_colour: str = ""
    alpha: float = 1


@dataclass(frozen=True, slots=True)
class Disc:
    """A circle in the middle of `rect`, filled, or a ring of width `edge`."""

    rect: Rect
    colour: str
    edge: float = 0


@dataclass(frozen=True, slots=True)
class FittedText:
    """A text that is made to fit: in at most `lines` lines, smaller if it must be, cut with … at last."""

    rect: Rect
    text: str
    size: float
    colour: str
    weight: Weight = Weight.REGULAR
    align: Align = Align.LEFT
    lines: int = 1
    smallest: float = 24
    upright: float = 0.5  # where in the rectangle's height: 0 top, 1 bottom


@dataclass(frozen=True, slots=True)
class Sign:
    rect: Rect
    icon: Icon
    colour: str


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code of `text`, black on white, on whole pixels."""

    rect: Rect
    text: str


@dataclass(frozen=True, slots=True)
class Arc:
    """A ring with `share` (0 to 1) of it drawn, clockwise from the top."""

    rect: Rect
    colour: str
    share: float
    edge: float


@dataclass(frozen=True, slots=True)
class HallArea:
    """Where the seat plan goes; the plan is the one thing that lives from drawing to drawing."""

    rect: Rect


@dataclass(frozen=True, slots=True)
class Curtain:
    """Where the idle picture moves."""

    rect: Rect


Act = Event | PageTurn
Mark = Panel | Disc | FittedText | Sign | QrCode | Arc | HallArea | Curtain


@dataclass(frozen=True, slots=True)
class Press:
    """A place that answers to a finger. `name` is stable: a robot finds its way by it."""

    name: str
    rect: Rect
    act: Act
    radius: float = 0


@dataclass(slots=True)
class Page:
    """One drawing. `unit` scales the sizes of the tokens to this screen, `type` the letters (the large-type switch)."""

    area: Rect
    look: HouseLook
    scheme: Scheme
    large: bool = False
    turned: Mapping[str, int] = field(default_factory=dict)  # list → the page of it that the visitor turned to
    marks: list[Mark] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)

    @property
    def portrait(self) -> bool:
        return self.area.h > self.area.w

    @property
    def unit(self) -> float:
        """Screen pixels per token pixel."""
        w, h = self.look.kiosk.width, self.look.kiosk.height
        return min(self.area.w / h, self.area.h / w) if self.portrait else min(self.area.w / w, self.area.h / h)

    def px(self, tokens: float) -> float:
        return tokens * self.unit

    def type(self, name: str) -> float:
        """Letter size of a step of the scale, in screen pixels."""
        return self.px(self.look.type.kiosk[name]) * (self.look.type.large if self.large else 1)

    def line(self, name: str, lines: int = 1) -> float:
        """Height that so many lines of this size need."""
        return self.type(name) * 1.32 * lines

    def panel(self, rect: Rect, colour: str = "", radius: float = 0, edge: float = 0, edge_colour: str = "") -> None:
        self.marks.append(Panel(rect, colour, radius, edge, edge_colour))

    def ring(self, rect: Rect, colour: str, edge: float, share: float = 1) -> None:
        self.marks.append(Arc(rect, colour, share, edge))

    def disc(self, rect: Rect, colour: str, edge: float = 0) -> None:
        self.marks.append(Disc(rect, colour, edge))

    def dim(self, alpha: float) -> None:
        """Put a veil over all that is drawn, and let none of it answer."""
        self.marks.append(Panel(self.area, "#000000", alpha=alpha))
        self.presses.clear()

    def words(
        self,
        rect: Rect,
        text: str,
        step: str = "body",
        colour: str = "",
        weight: Weight = Weight.REGULAR,
        align: Align = Align.LEFT,
        lines: int = 1,
        upright: float = 0.5,
        smallest: str = "body",
    ) -> None:
        """A text at a step of the scale; it may shrink, but not below `smallest` at normal type."""
        least = self.px(self.look.type.kiosk[smallest])
        ink = colour or self.scheme.ink
        self.marks.append(FittedText(rect, text, self.type(step), ink, weight, align, lines, least, upright))

    def sign(self, rect: Rect, icon: Icon, colour: str = "") -> None:
        self.marks.append(Sign(rect, icon, colour or self.scheme.ink))

    def press(self, name: str, rect: Rect, act: Act, radius: float = 0) -> None:
        self.presses.append(Press(name, rect, act, radius))

    def at(self, x: float, y: float) -> Press | None:
        """The topmost place under a finger."""
        return next((press for press in reversed(self.presses) if press.rect.has(x, y)), None)
