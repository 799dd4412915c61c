"""Curves, bars and rows of strokes as SVG: server-drawn, so that mail, PDF and screen can show the same picture."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import accumulate

from markupsafe import Markup

from central.reports.evening import Series, Window

WIDTH = 480
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 10, 24
LABELS = 118  # to the right of a stack, for the names of its bands
SLOTS = 6  # colours for bands; more gates than that share them, their names do not
LINE = 17  # least distance of two labels

TimeText = Callable[[datetime], str]
AmountText = Callable[[int], str]


def ceiling(most: int) -> int:
    """The next round number at or above: where an axis ends. Never below 4, so that one sale is no mountain."""
    unit = 1
    while True:
        for step in (4, 5, 6, 8, 10, 12, 15, 20, 30):
            if most <= step * unit:
                return step * unit
        unit *= 10


def steps_curve(series: Series, window: Window, *, says: str, time: TimeText, height: int = 150) -> Markup:
    """How a count grew: a line that climbs in steps over a filled ground."""
    sums = _sums(series)
    most = ceiling(max(sums[-1], 1))
    frame = _Frame(window, most, height, WIDTH - RIGHT)
    line = frame.stairs(sums)
    area = f"{line} V{frame.y(0):g} H{LEFT} Z"
    body = Markup(
        '<path d="{}" class="area"/><path d="{}" class="line"/><circle cx="{:g}" cy="{:g}" r="5" class="tip"/>'
    )
    drawn = body.format(area, line, frame.x(window.count), frame.y(sums[-1]))
    return _picture(height, says, frame.axes(time, str) + drawn)


def bars(series: Series, window: Window, *, says: str, time: TimeText, amount: AmountText, height: int = 80) -> Markup:
    """How much came in each step."""
    most = ceiling(max(*series.steps, 1))
    frame = _Frame(window, most, height, WIDTH - RIGHT)
    wide = (frame.right - LEFT) / window.count
    drawn = Markup("").join(
        Markup('<rect x="{:g}" y="{:g}" width="{:g}" height="{:g}" rx="1.5"/>').format(
            round(LEFT + at * wide + 0.6, 1), round(frame.y(value), 1), round(max(wide - 1.2, 1), 1),
            round(frame.y(0) - frame.y(value), 1),
        )
        for at, value in enumerate(series.steps)
        if value > 0
    )  # fmt: skip
    return _picture(height, says, frame.axes(time, amount, ticks=1) + Markup('<g class="bars">{}</g>').format(drawn))


def stack(bands: Sequence[Series], window: Window, *, says: str, time: TimeText, height: int = 170) -> Markup:
    """How several counts grew together, one band on the other, each with its name and figure at its end."""
    sums = [_sums(band) for band in bands]
    most = ceiling(max(sum(each[-1] for each in sums), 1))
    frame = _Frame(window, most, height, WIDTH - LABELS)
    below = [0] * (window.count + 1)
    drawn: list[Markup] = []
    middles: list[float] = []
    for slot, band in enumerate(sums):
        above = [low + own for low, own in zip(below, band, strict=True)]
        path = f"{frame.stairs(above)} {frame.stairs_back(below)} Z"
        drawn.append(Markup('<path d="{}" class="band band-{}"/>').format(path, slot % SLOTS + 1))
        middles.append((frame.y(above[-1]) + frame.y(below[-1])) / 2)
        below = above
    for slot, (band_, y) in enumerate(zip(bands, _spread(middles, TOP + 6, frame.y(0)), strict=True)):
        drawn.append(
            Markup(
                '<g transform="translate({:g} {:g})"><rect x="0" y="-6" width="12" height="12" rx="3" '
                'class="band band-{}"/><text x="18" y="5" class="name">{}</text></g>'
            ).format(frame.right + 8, round(y, 1), slot % SLOTS + 1, f"{shortened(band_.name, 9)} {band_.total}")
        )
    return _picture(height, says, frame.axes(time, str) + Markup("").join(drawn))


STROKES = 24


def stroke_counts(sold: int, held: int, capacity: int) -> tuple[int, int]:
    """(full, part) of a row of `STROKES`: nothing is drawn as none that is some, nor as all that is not all."""
    if capacity <= 0:
        return 0, 0
    least, most = int(sold > 0), STROKES - int(sold < capacity)
    full = min(max(round(STROKES * sold / capacity), least), most)
    part = min(max(round(STROKES * held / capacity), int(held > 0)), STROKES - full)
    return full, part


def row_of_strokes(sold: int, held: int, capacity: int, *, says: str) -> Markup:
    """How full a hall is, as a row of its seats: full what is sold, in between what is held, pale what is left."""
    full, part = stroke_counts(sold, held, capacity)
    kinds = ["full"] * full + ["part"] * part + ["left"] * (STROKES - full - part)
    drawn = Markup("").join(
        Markup('<path d="M{} 2v10" class="{}"/>').format(2 + 5 * at, kind) for at, kind in enumerate(kinds)
    )
    return Markup(
        '<svg class="strokes" viewBox="0 0 {} 14" preserveAspectRatio="xMinYMid" role="img" aria-label="{}">{}</svg>'
    ).format(5 * STROKES - 1, says, drawn)


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _sums(series: Series) -> list[int]:
    """The count before the window and after each of its steps."""
    return list(accumulate(series.steps, initial=series.before))


def _spread(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Places for labels, bottom one first as the bands are, at least a line apart."""
    placed: list[float] = []
    limit = bottom
    for y in wanted:
        y = min(y, limit)
        placed.append(y)
        limit = y - LINE
    if placed and placed[-1] < top:
        placed = [max(y, top + LINE * (len(placed) - 1 - at)) for at, y in enumerate(placed)]
    return placed


def _picture(height: int, says: str, body: Markup) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, height, says, body
    )


class _Frame:
    """The axes: time to the right, amount upwards."""

    def __init__(self, window: Window, most: int, height: int, right: float) -> None:
        self.window, self.most, self.height, self.right = window, most, height, right

    def x(self, step: int) -> float:
        return round(LEFT + (self.right - LEFT) * step / self.window.count, 1)

    def y(self, value: float) -> float:
        span = self.height - TOP - BOTTOM
        return round(TOP + span * (1 - value / self.most), 1)

    def stairs(self, sums: Sequence[int]) -> str:
        """From the left edge to the right; flat steps that change nothing are left out."""
        path = [f"M{LEFT} {self.y(sums[0]):g}"]
        for at in range(1, len(sums)):
            if sums[at] != sums[at - 1]:
                path.append(f"H{self.x(at):g} V{self.y(sums[at]):g}")
        return " ".join([*path, f"H{self.x(len(sums) - 1):g}"])

    def stairs_back(self, sums: Sequence[int]) -> str:
        path = [f"L{self.x(len(sums) - 1):g} {self.y(sums[-1]):g}"]
        for at in range(len(sums) - 1, 0, -1):
            if sums[at] != sums[at - 1]:
                path.append(f"H{self.x(at):g} V{self.y(sums[at - 1]):g}")
        return " ".join([*path, f"H{LEFT}"])

    def axes(self, time: TimeText, amount: AmountText, ticks: int = 2) -> Markup:
        lines = [self.most * at // ticks for at in range(ticks + 1)]
        rows = Markup("").join(
            Markup(
                '<line x1="{}" x2="{:g}" y1="{:g}" y2="{:g}"/><text x="{}" y="{:g}" text-anchor="end">{}</text>'
            ).format(LEFT, self.right, self.y(value), self.y(value), LEFT - 6, self.y(value) + 4.5, amount(value))
            for value in dict.fromkeys(lines)
        )
        width = self.window.end - self.window.start
        marks = Markup("").join(
            Markup('<text x="{:g}" y="{}" text-anchor="{}">{}</text>').format(
                LEFT + (self.right - LEFT) * part, self.height - 6, anchor, time(self.window.start + width * part)
            )
            for part, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end"))
        )
        return Markup('<g class="axes">{}{}</g>').format(rows, marks)
