"""A drawing as a stranger made it: every shape in it with where it lies, what it and the groups around it say of
themselves, and which text stands in it or beside it. What of that names a seat is not decided here (svg_sources.py)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import hypot
from statistics import median_low

from central.venues.plan import STAGE_WORDS
from central.venues.plan_flaws import Flaw
from central.venues.planfile_checks import COLOUR, FAR, shown
from central.venues.svg_parts import DrawnPlace, followed
from central.venues.svg_shapes import SAME, Matrix, NotSvg, Point, corners, numbers, scale, styled, times
from central.venues.svg_shapes import at as mapped
from central.venues.svg_sources import MOST_READ, NameSource, Where, unescaped
from central.venues.svg_walk import DRAWN, HIDDEN, SvgWalk

Box = tuple[float, float, float, float]
GROUPS = {"g", "svg", "a", "symbol", "switch"}
NOTES = {"title": "title", "desc": "description"}
MOST_IN_CELL = 24  # shapes of which a text may be: where more lie on each other, none is the nearest
REACH = 2.5  # times a seat's radius: further away a text belongs to something else
APART = 1.2  # times as far the second nearest is at least, or nobody knows whose the text is
LETTER = 0.55  # of its size a letter is wide, usually
_CLASS = re.compile(r"\.([\w-]{1,60})[^{}]{0,200}\{([^{}]{0,2000})\}")


@dataclass(slots=True)
class SvgElement:
    """A shape or a group. `box`: what it takes up, as drawn; `flaw`: why nobody knows where it lies."""

    above: "SvgElement | None"
    tag: str
    line: int
    said: Mapping[str, str]
    hidden: bool = False
    box: Box | None = None
    flaw: NotSvg | None = None
    title: str = ""
    description: str = ""
    written: str = ""
    uses: int = 0  # how many <use> stand in it
    shapes: int = 0  # and how much of the drawing right in it
    texts: int = 0

    @property
    def at(self) -> str:
        return f"line {self.line}"

    def around(self) -> Iterator["SvgElement"]:
        """Itself, the group around it, and so on outwards; the drawing itself says nothing about a seat."""
        found: SvgElement | None = self
        while found is not None and found.above is not None:
            yield found
            found = found.above

    @property
    def middle(self) -> Point:
        x0, y0, x1, y1 = self.box or (0.0, 0.0, 0.0, 0.0)
        return (x0 + x1) / 2, (y0 + y1) / 2

    @property
    def radius(self) -> float:
        x0, y0, x1, y1 = self.box or (0.0, 0.0, 0.0, 0.0)
        return min(x1 - x0, y1 - y0) / 2


@dataclass(slots=True)
class SvgText:
    above: SvgElement
    said: Mapping[str, str]
    place: DrawnPlace
    inner: Mapping[str, str] = field(default_factory=dict)  # of its first <tspan>
    words: list[str] = field(default_factory=list)
    length: int = 0

    def said_of(self, name: str) -> str:
        for said in (self.inner, self.said):
            if value := styled(said.get("style", ""), name) or said.get(name, ""):
                return value
        return ""

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    @property
    def size(self) -> float:
        return _first(self.said_of("font-size") or "12")

    def middle(self) -> Point:
        """Of its letters, nearly: a file does not say how wide they are."""
        x, y = (_first(self.said_of(axis) or "0") for axis in ("x", "y"))
        size = self.size
        wide = size * LETTER * len(self.text)
        x += {"middle": 0.0, "end": -wide / 2}.get(self.said_of("text-anchor"), wide / 2)
        if self.said_of("dominant-baseline") not in ("middle", "central"):
            y -= 0.35 * size
        return mapped(self.place.matrix, x, y)


def _first(text: str) -> float:
    return (numbers(text) or [0.0])[0]


class SvgSurvey(SvgWalk):
    """The walk. What it finds stands in `shapes`, in the order of the file, once `look` was called."""

    carried = SvgWalk.carried | {"display", "visibility"}

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[SvgElement] = []
        self.texts: list[SvgText] = []
        self._stack: list[SvgElement | None] = []
        self._by_id: dict[str, tuple[SvgElement, Matrix]] = {}  # and what lies around it does to it
        self._defined = 0  # elements that are there to be used, and are open
        self._uses: list[tuple[SvgElement, Matrix]] = []
        self._text: SvgText | None = None
        self._note: tuple[SvgElement, str] | None = None
        self._sheets: list[str] = []
        self._fills: dict[str, str] = {}  # by class
        self.stages: list[SvgText] = []  # texts that name what everybody looks at

    def look(self, data: bytes) -> None:
        self.walk(data)
        for used, m in self._uses:
            try:
                used.box = self._shown(used.said, m)
            except NotSvg as bad:
                used.flaw = bad
            except (ArithmeticError, ValueError):
                used.flaw = NotSvg(Flaw.NUMBER_SIZE)
        self._fills = {name: styled(body, "fill") for name, body in _CLASS.findall(" ".join(self._sheets))}
        self._write()

    def inside(self, said: Mapping[str, str], above: DrawnPlace) -> DrawnPlace:
        place = super().inside(said, above)
        style = said.get("style", "")
        if (styled(style, "display") or said.get("display", "")) == "none":
            place.hidden = True
        if (styled(style, "visibility") or said.get("visibility", "")) in ("hidden", "collapse"):
            place.hidden = True
        return place

    def styles(self, sheet: str) -> None:
        self._sheets.append(sheet)

    # elements

    def opened(self, tag: str, said: dict[str, str], place: DrawnPlace) -> None:
        above = next((each for each in reversed(self._stack) if each is not None), None)
        found: SvgElement | None = None
        if tag in DRAWN or tag in GROUPS or tag == "use":
            found = SvgElement(above, tag, self._parser.CurrentLineNumber, said, place.hidden)
            if "id" in said:
                self._by_id.setdefault(said["id"], (found, self._places[-2].matrix))
            if tag not in GROUPS:
                self._outline(found, place)
                if not self._defined:
                    self.shapes.append(found)
                    if above is not None:
                        above.shapes += 1
        elif tag == "text" and above is not None and not place.hidden and not self._defined:
            self._text = SvgText(above, said, place)
            self.texts.append(self._text)
            above.texts += 1
        elif tag == "tspan" and self._text is not None and not self._text.inner:
            self._text.inner = said
        elif tag in NOTES and above is not None and not getattr(above, NOTES[tag]):
            self._note = (above, NOTES[tag])
        self._stack.append(found)
        self._defined += tag in HIDDEN

    def _outline(self, found: SvgElement, place: DrawnPlace) -> None:
        try:
            followed(found.said, place)
            if found.tag == "use":
                self._uses.append((found, place.matrix))
                found.uses = 1
            elif found.tag == "circle":
                x, y, r = (_first(found.said.get(name) or "0") for name in ("cx", "cy", "r"))
                x, y = mapped(place.matrix, x, y)
                r *= scale(place.matrix)
                found.box = (x - r, y - r, x + r, y + r)
            else:
                points = corners(found.tag, found.said) or []
                found.box = _around(mapped(place.matrix, *point) for point in points)
        except NotSvg as bad:
            found.flaw = bad
        except (ArithmeticError, ValueError):
            found.flaw = NotSvg(Flaw.NUMBER_SIZE)

    def closed(self, tag: str) -> None:
        found = self._stack.pop()
        self._defined -= tag in HIDDEN
        if tag == "text":
            self._text = None
        elif tag in NOTES:
            self._note = None
        above = found.above if found is not None else None
        if found is not None and above is not None:
            above.uses += found.uses
            above.flaw = above.flaw or found.flaw
            if found.box is not None:
                above.box = found.box if above.box is None else _around(_ends(above.box) + _ends(found.box))

    def characters(self, words: str) -> None:
        if self._note is not None:
            found, kind = self._note
            setattr(found, kind, (getattr(found, kind) + words)[: MOST_READ + 1])
        elif self._text is not None and self._text.length <= MOST_READ:
            self._text.words.append(words)
            self._text.length += len(words)

    # what a <use> shows

    def _shown(self, said: Mapping[str, str], m: Matrix) -> Box:
        name = next((value for key, value in said.items() if key.rpartition(":")[2] == "href"), "")
        target, frame = self._by_id.get(name.removeprefix("#"), (None, SAME))
        if target is None or target.uses or target.box is None or target.flaw is not None:
            raise NotSvg(Flaw.USE_UNCLEAR, name=shown(name))
        x, y = (_first(said.get(axis) or "0") for axis in ("x", "y"))
        m = times(m, (1.0, 0.0, 0.0, 1.0, x, y))
        if target.tag in ("symbol", "svg"):
            m = times(m, _fit(target.said, said, name))
        return _around(mapped(times(m, _back(frame)), *point) for point in _ends(target.box))

    # what is written where

    def _write(self) -> None:
        """Gives each text to the one shape that it stands in or beside; what is no shape's is its group's."""
        drawn = [each for each in self.shapes if each.box and not each.hidden and each.flaw is None and _sane(each)]
        usual = median_low([each.radius for each in drawn]) if drawn else 0.0
        small = [each for each in drawn if each.radius <= 3 * usual]
        near = _Near(small, REACH * usual)
        alone = {id(each.above): each for each in small if each.above is not None and each.above.shapes == 1}
        claims: dict[int, tuple[float, SvgText]] = {}
        whose: dict[int, SvgElement] = {}
        rest = []
        for text in self.texts:
            if not 0 < len(text.text) <= MOST_READ:
                continue
            if any(word in text.text.casefold() for word in STAGE_WORDS):
                self.stages.append(text)
                continue
            away, shape = self._nearest(text, near, alone)
            if shape is None:
                rest.append(text)
                continue
            whose[id(shape)] = shape
            before = claims.get(id(shape))
            if before is None or away < before[0]:
                claims[id(shape)] = (away, text)
                rest += [before[1]] if before else []
            else:
                rest.append(text)
        for key, (_, text) in claims.items():
            whose[key].written = text.text
        several: set[int] = set()
        for text in rest:
            group = text.above
            if group.written not in ("", text.text) or id(group) in several:
                several.add(id(group))  # which of them it is called by, nobody knows
                group.written = ""
            else:
                group.written = text.text

    def _nearest(
        self, text: SvgText, near: "_Near", alone: Mapping[int, SvgElement]
    ) -> tuple[float, SvgElement | None]:
        shape = alone.get(id(text.above))
        if shape is not None and text.above.texts == 1 and text.above.above is not None:
            return 0.0, shape
        try:
            followed(text.said, text.place)
            x, y = text.middle()
        except (NotSvg, ArithmeticError, ValueError):
            return 0.0, None
        return near.of(x, y)

    def filled(self, shape: SvgElement) -> str:
        """Its colour, small letters; empty where it has none of its own."""
        for each in shape.around():
            by_class = [self._fills[name] for name in each.said.get("class", "").split() if name in self._fills]
            value = styled(each.said.get("style", ""), "fill") or (by_class or [each.said.get("fill", "")])[-1]
            if value:
                value = value.lower()
                return value if COLOUR.fullmatch(value) and value not in NO_FILL else ""
        return ""

    def told(self, element: SvgElement, source: NameSource) -> list[str]:
        """What the element says of itself there."""
        match source.where:
            case Where.ATTRIBUTE:
                value = element.said.get(source.name, "")
                if source.name == "class":
                    return value.split()[:20]
                return [unescaped(value) if source.name == "id" else value]
            case Where.TITLE:
                return [" ".join(element.title.split())]
            case Where.DESCRIPTION:
                return [" ".join(element.description.split())]
            case Where.WRITTEN:
                return [element.written]
            case Where.COLOUR:
                return [self.filled(element)]
            case Where.SAME:
                return [source.name]


NO_FILL = ("none", "inherit", "currentcolor", "transparent")


class _Near:
    """Shapes by where they lie. A cell never holds more than a few, whatever the file says."""

    def __init__(self, shapes: Iterable[SvgElement], reach: float) -> None:
        self._reach = max(reach, 1e-6)
        self._cells: dict[tuple[int, int], list[SvgElement]] = {}
        for shape in shapes:
            x, y = shape.middle
            cell = self._cells.setdefault((int(x // self._reach), int(y // self._reach)), [])
            if len(cell) < MOST_IN_CELL:
                cell.append(shape)

    def of(self, x: float, y: float) -> tuple[float, SvgElement | None]:
        """Whose a text here is, and how far away that lies."""
        if not (abs(x) <= FAR and abs(y) <= FAR):
            return 0.0, None
        column, line = int(x // self._reach), int(y // self._reach)
        found = []
        for cell in ((column + dx, line + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
            for shape in self._cells.get(cell, ()):
                away = hypot(shape.middle[0] - x, shape.middle[1] - y)
                if away <= self._reach:
                    found.append((away, shape))
        if not found:
            return 0.0, None
        found.sort(key=lambda each: each[0])
        away, shape = found[0]
        unclear = len(found) > 1 and away > 0.9 * shape.radius and found[1][0] < APART * away
        return (0.0, None) if unclear else (away, shape)


def _sane(shape: SvgElement) -> bool:
    return all(abs(side) <= FAR for side in shape.box or ())


def _ends(box: Box) -> list[Point]:
    x0, y0, x1, y1 = box
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _around(points: Iterable[Point]) -> Box:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _back(m: Matrix) -> Matrix:
    a, b, c, d, e, f = m
    if m == SAME:
        return SAME
    area = a * d - b * c
    return d / area, -b / area, -c / area, a / area, (c * f - d * e) / area, (b * e - a * f) / area


def _fit(target: Mapping[str, str], use: Mapping[str, str], name: str) -> Matrix:
    """How what a symbol shows is laid into the room that its <use> gives it."""
    box = numbers(target.get("viewBox", ""))
    if not box:
        return SAME
    sides = [use.get(side) or target.get(side, "") for side in ("width", "height")]
    kept = target.get("preserveAspectRatio", "xMidYMid meet").split()
    laid = kept[:1] in (["xMidYMid"], ["none"]) and "slice" not in kept
    if len(box) != 4 or not all(sides) or "%" in "".join(sides) or not laid:
        raise NotSvg(Flaw.USE_UNCLEAR, name=shown(name))
    x, y, wide, high = box
    width, height = map(_first, sides)
    across, down = width / wide, height / high
    if kept[0] != "none":
        across = down = min(across, down)
    return across, 0.0, 0.0, down, (width - wide * across) / 2 - x * across, (height - high * down) / 2 - y * down
