"""A drawing gone through from its first element to its last, whoever drew it: what is refused outright, where each
element lies, how large the drawing is, and the plan that comes of what was found in it.

The file is walked with expat itself, which is what defusedxml guards too: so every fault can name a line. A document
type with declarations of its own, an entity, or anything from elsewhere is refused when it is met, but for what
Illustrator writes: short names of namespaces, so few and so seldom used that nothing grows by them. A script is never
looked at.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar
from xml.parsers.expat import ExpatError, ParserCreate

from central.venues.plan import Category, Plan, Zone
from central.venues.plan_flaws import Flaw, PlanFileFault, Things
from central.venues.planfile_checks import (
    FAR,
    MOST_PLAN_NAME,
    Enough,
    PlanFault,
    PlanFileChecks,
    joined,
    refused,
    shown,
)
from central.venues.planfile_csv import UNNAMED
from central.venues.planfile_scale import enlarged, fitted
from central.venues.svg_parts import INNER_SVG, DrawnPlace
from central.venues.svg_shapes import SAME, NotSvg, moves, numbers
from shared.outcome import Ok, Outcome

DEEPEST = 100
MOST_ELEMENTS = 500_000
MOST_NAMES, MOST_USED = 40, 200  # short names of namespaces
_NAMESPACE = re.compile(r"https?://[A-Za-z0-9./#:_-]{1,100}")
MOST_SHEET = 200_000  # characters of all <style>
DRAWN = {"rect", "circle", "ellipse", "line", "polygon", "polyline", "path"}
HIDDEN = {"defs", "symbol", "clipPath", "mask", "pattern", "marker"}


class HostileFile(Exception):
    """A file that tries something: nothing more of it is read."""

    def __init__(self, at: str, what: Flaw, **said: object) -> None:
        super().__init__(at, what)
        self.fault = PlanFileFault(at, what, said)


class SvgWalk(PlanFileChecks):
    """Whoever reads a drawing says what an element that opens or closes is to it (`opened`, `closed`), what is written
    there (`characters`), and what an element hands down to those in it (`inside`)."""

    carried: ClassVar[set[str]] = {"transform", "transform-origin", "transform-box", "style"}

    def __init__(self) -> None:
        super().__init__()
        self._parser = ParserCreate("utf-8")  # what it says of itself was minded when its letters were read
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.AttlistDeclHandler = self._declares
        self._parser.ElementDeclHandler = self._declares
        self._parser.NotationDeclHandler = self._declares
        self._parser.EntityDeclHandler = self._entity
        self._parser.ExternalEntityRefHandler = self._external
        self._data = b""
        self._spaces = self._spaces_used = 0  # of namespaces, and how often they stand in the file
        self._places = [DrawnPlace()]
        self._elements = 0
        self._sheet: list[str] | None = None  # of an open <style>
        self._astray = False  # where groups of seats lie is not known, and said so: nor what they lie on
        self._name = UNNAMED
        self._size: tuple[int, int] | None = None

    def line(self) -> str:
        return f"line {self._parser.CurrentLineNumber}"

    def walk(self, data: bytes) -> None:
        self._data = data
        self._parser.Parse(data, True)

    def outcome(self, read: Callable[[], Plan | None]) -> Outcome[Plan]:
        """What `read` makes of the file, or all that is wrong with it."""
        plan = None
        try:
            plan = read()
        except Enough:
            pass
        except ExpatError as bad:
            return refused(PlanFault.NOT_XML, [PlanFileFault(f"line {bad.lineno}", Flaw.NOT_XML)], 1)
        except (LookupError, ValueError):
            return refused(PlanFault.NOT_XML, [PlanFileFault("line 1", Flaw.NOT_XML)], 1)
        except HostileFile as bad:
            return refused(PlanFault.NOT_XML, [bad.fault], 1)
        if plan is None or self.count:
            return refused(PlanFault.FAULTY, self.by_line(), self.count)
        return Ok(plan)

    def finished(self, categories: Iterable[Category], zones: Iterable[Zone]) -> Plan | None:
        """The plan of these, as large as it says or needs to be; None: a fault was found."""
        factor = 1.0 if self._astray else self.settled()
        if self.count:
            return None
        width, height = self._size or (1, 1)
        plan = enlarged(Plan(self._name, width, height, tuple(categories), joined(zones)), factor)
        return self.sized(plan if self._size else fitted(plan))

    def misread(self, at: str, bad: Exception) -> None:
        if isinstance(bad, NotSvg):
            self.fault(at, bad.what, **bad.said)
        else:
            self.fault(at, Flaw.NUMBER_SIZE)

    # what a reader says

    def opened(self, tag: str, said: dict[str, str], place: DrawnPlace) -> None:
        raise NotImplementedError

    def closed(self, tag: str) -> None:
        raise NotImplementedError

    def characters(self, words: str) -> None:
        raise NotImplementedError

    def styles(self, sheet: str) -> None:
        """Of what a style sheet may say, nothing but that it moves nothing is looked at."""

    def inside(self, said: Mapping[str, str], above: DrawnPlace) -> DrawnPlace:  # noqa: ARG002 - who reads may ask
        return DrawnPlace(above.matrix, hidden=above.hidden, moved=above.moved)

    # the parser's

    def _declares(self, *_: object) -> None:
        raise HostileFile(self.line(), Flaw.DOCTYPE)

    def _entity(self, name: str, is_parameter: bool, value: str | None, *_: object) -> None:
        """`value` is None of what stands elsewhere."""
        self._spaces += 1
        if is_parameter or value is None or not _NAMESPACE.fullmatch(value) or self._spaces > MOST_NAMES:
            raise HostileFile(self.line(), Flaw.DOCTYPE)
        self._spaces_used += self._data.count(f"&{name};".encode())
        if self._spaces_used > MOST_USED:
            raise HostileFile(self.line(), Flaw.ENTITY)

    def _external(self, *_: object) -> int:
        raise HostileFile(self.line(), Flaw.FROM_OUTSIDE)

    def _start(self, tag: str, said: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise self.too_many(self.line(), Things.ELEMENTS, MOST_ELEMENTS)
        if len(self._places) == 1:
            self._root(tag, said)
        if len(self._places) > DEEPEST:
            raise HostileFile(self.line(), Flaw.DEEP, most=DEEPEST)
        place = self._places[-1]
        if said.keys() & self.carried or tag in HIDDEN or tag == "svg":
            place = self._place(tag, said, place)
        self._places.append(place)
        self.opened(tag, said, place)
        if tag == "style":
            self._sheet = []

    def _end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "style" and self._sheet is not None:
            sheet = "".join(self._sheet)
            if names := moves(sheet):
                self.fault(self.line(), Flaw.SHEET_MOVES, names=", ".join(sorted(names)))
                self._astray = True
            self.styles(sheet[:MOST_SHEET])
            self._sheet = None
        self.closed(tag)
        self._places.pop()

    def _characters(self, words: str) -> None:
        if self._sheet is not None:
            self._sheet.append(words)
        else:
            self.characters(words)

    def _root(self, tag: str, said: dict[str, str]) -> None:
        if tag != "svg":
            self.fault(self.line(), Flaw.NOT_SVG, tag=shown(tag))
        if "data-plan" in said:
            self._name = self.text(said["data-plan"], self.line(), MOST_PLAN_NAME)
        try:
            box = numbers(said.get("viewBox", ""))
            if "data-size" in said:  # as we write it: the picture is larger than the plan
                sides = numbers(said["data-size"])
            elif len(box) == 4:
                self._places[0].matrix = SAME if not box[0] and not box[1] else (1, 0, 0, 1, -box[0], -box[1])
                sides = box[2:]
            else:
                sides = numbers(said.get("width", "")) + numbers(said.get("height", ""))
            if len(sides) == 2:
                width, height = (int(self.between(side, self.line(), 1, 4 * FAR)) for side in sides)
                self._size = (width, height)
        except NotSvg as bad:
            self.fault(self.line(), Flaw.SIZE_UNCLEAR)
            self.misread(self.line(), bad)

    def _place(self, tag: str, said: dict[str, str], above: DrawnPlace) -> DrawnPlace:
        place = self.inside(said, above)
        place.hidden = place.hidden or tag in HIDDEN
        if tag == "svg" and len(self._places) > 1 and said.keys() & {"x", "y", "viewBox"}:
            place.moved = INNER_SVG
        try:
            place.turn(said)
        except (NotSvg, ArithmeticError) as bad:
            self.misread(self.line(), bad)
            self._astray = True
        return place
