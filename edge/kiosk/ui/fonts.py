"""Text that fits: wrapped, made smaller within limits, cut with … at last; drawn once and kept as a texture.

Titles and names come from strangers, so no text may leave its place, and no letter may show as a box: what the house's
type lacks is drawn with the one that Kivy brings, by Pillow, which sets right-to-left and joined scripts as they are
read (where Debian's libfribidi0 is installed); what neither type has, colour pictures mostly, is left out.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import kivy
from kivy.core.text import Label as CoreLabel
from kivy.graphics.texture import Texture
from PIL import Image, ImageDraw, ImageFont

from shared.look import Weight, font_path
from shared.look.glyphs import coverage

LEADING = 1.22  # line to line, in letter sizes
_NATURAL = 1.257  # the same as the house's type brings it
_KEPT = 600  # textures
_FALLBACK = Path(kivy.kivy_data_dir) / "fonts" / "DejaVuSans.ttf"
_SPACES = re.compile(" +")
_INVISIBLE = {0x200B, 0x200D, 0x200E, 0x200F, 0x2060, 0xFE0E, 0xFE0F, 0xFEFF, *range(0x202A, 0x202F)}


@dataclass(frozen=True, slots=True)
class Fitted:
    lines: tuple[str, ...]
    size: float
    font: Path

    @property
    def height(self) -> float:
        return self.size * LEADING * len(self.lines)


def readable(text: str, weight: Weight) -> tuple[str, Path]:
    """The text without what cannot be drawn, and the font that draws all the rest."""
    house = font_path(weight)
    codes = {ord(char) for char in text} - {0x20}
    if codes <= _known(house):
        return text, house
    spare = _known(_FALLBACK)
    has_others = any(ord(char) not in _known(house) and char.isalpha() and ord(char) in spare for char in text)
    font, known = (_FALLBACK, spare) if has_others else (house, _known(house))
    kept = "".join(char for char in text if (ord(char) in known and ord(char) not in _INVISIBLE) or char in " \n")
    return _SPACES.sub(" ", kept).strip() or "…", font


@cache
def _known(font: Path) -> frozenset[int]:
    return coverage(font.read_bytes())


@lru_cache(maxsize=4096)
def fit(text: str, weight: Weight, size: float, smallest: float, width: float, height: float, lines: int = 1) -> Fitted:
    """`text` in a box of this size and at most `lines` lines: as large as it can be between `smallest` and `size`."""
    text, font = readable(text, weight)
    smallest = min(smallest, size)
    at = size
    while True:
        broken = _broken(text, font, at, width)
        room = max(1, min(lines, int(height / (at * LEADING) + 0.01)))
        if len(broken) <= room and all(_width(line, font, at) <= width for line in broken):
            return Fitted(tuple(broken), at, font)
        if at <= smallest:
            return Fitted(tuple(_cut(broken, room, font, at, width)), at, font)
        at = max(smallest, at * 0.94)


def _broken(text: str, font: Path, size: float, width: float) -> list[str]:
    done: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and _width(longer, font, size) > width:
                done.append(line)
                line = word
            else:
                line = longer
        done.append(line)
    return done


def _cut(lines: list[str], room: int, font: Path, size: float, width: float) -> list[str]:
    kept = lines[:room]
    if len(lines) > room:
        kept[-1] += " …"
    return [_shortened(line, font, size, width) for line in kept]


def _shortened(line: str, font: Path, size: float, width: float) -> str:
    if _width(line, font, size) <= width:
        return line
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        if _width(line[:middle].rstrip(" …") + "…", font, size) <= width:
            low = middle
        else:
            high = middle - 1
    return line[:low].rstrip(" …") + "…"


@lru_cache(maxsize=8192)
def _width(text: str, font: Path, size: float) -> float:
    if font == _FALLBACK:
        return float(ImageFont.truetype(font, size).getlength(text))
    return float(CoreLabel(font_name=str(font), font_size=size).get_extents(text)[0]) if text else 0


class Letters:
    """Textures of texts, white, to be tinted; the least recently used go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Fitted, str], Texture] = OrderedDict()

    def texture(self, fitted: Fitted, align: str) -> Texture:
        key = (fitted, align)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = _others(fitted, align) if fitted.font == _FALLBACK else _ours(fitted, align)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found


def _ours(fitted: Fitted, align: str) -> Texture:
    label = CoreLabel(
        text="\n".join(fitted.lines),
        font_name=str(fitted.font),
        font_size=fitted.size,
        halign={"centre": "center"}.get(align, align),
        line_height=LEADING / _NATURAL,
        color=(1, 1, 1, 1),
    )
    label.refresh()
    return label.texture


def _others(fitted: Fitted, align: str) -> Texture:
    font = ImageFont.truetype(fitted.font, fitted.size)
    step = fitted.size * LEADING
    size = (max(1, round(max(map(font.getlength, fitted.lines)))), max(1, round(step * len(fitted.lines))))
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    for at, line in enumerate(fitted.lines):
        share = {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
        pen.text(((size[0] - font.getlength(line)) * share, step * (at + 0.5)), line, fill=255, font=font, anchor="lm")
    picture = Image.merge("RGBA", [*[Image.new("L", size, 255)] * 3, mask])
    texture = Texture.create(size=size, colorfmt="rgba")
    texture.blit_buffer(picture.tobytes(), colorfmt="rgba", bufferfmt="ubyte")
    texture.flip_vertical()
    return texture
