"""The paper of the virtual printer: draws what an 80 mm, 203 dpi print head (576 dots) would burn, one strip per cut.

Text stands in character cells like a real head's: font A 12×24 dots, font B 9×17, multiplied by GS !. The typeface is
the DejaVu Sans Mono that python-barcode brings along, so that the picture is the same on every machine.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import barcode
import segno
from barcode.errors import BarcodeError
from PIL import Image, ImageDraw, ImageFont

WIDTH = 576
MARGIN = 32  # of the paper, each side: 80 mm are 640 dots
CELL = {"a": (12, 24), "b": (9, 17)}
LINE_SPACING = 30  # dots, ESC 2
KNIFE = 72  # dots from the head down to the knife: white at the top of a strip, and to be fed before a cut


@dataclass(frozen=True, slots=True)
class Style:
    """What ESC @ resets."""

    align: int = 0
    font: str = "a"
    bold: bool = False
    underline: int = 0
    invert: bool = False
    wide: int = 1
    high: int = 1
    spacing: int = LINE_SPACING
    codec: str = "cp437"


@dataclass(frozen=True, slots=True)
class _Piece:
    x: int
    picture: Image.Image


@dataclass(slots=True)
class Paper:
    """One strip; `strip` grows downwards as lines are fed. Pictures are "1": 0 is black."""

    style: Style = field(default_factory=Style)
    y: int = 0
    _strip: Image.Image = field(default_factory=lambda: Image.new("L", (WIDTH, 2000), 255))
    _line: list[_Piece] = field(default_factory=list)
    _x: int = 0
    inked: bool = False

    def text(self, text: str) -> None:
        for char in text:
            self._char(char)

    def _char(self, char: str) -> None:
        style = self.style
        wide, high = CELL[style.font][0] * style.wide, CELL[style.font][1] * style.high
        if self._x + wide > WIDTH:
            self.feed_line()
        glyph = _glyph(char, wide, high, style.bold, style.underline, style.invert)
        self._line.append(_Piece(self._x, glyph))
        self._x += wide

    def move_to(self, x: int) -> None:
        """ESC $: absolute position on the line."""
        self._x = x

    def tab(self) -> None:
        cell = CELL[self.style.font][0] * 8
        self._x = (self._x // cell + 1) * cell

    def feed_line(self) -> None:
        """LF: prints the line, all pieces on one base line, then feeds at least the line spacing."""
        height = max((piece.picture.height for piece in self._line), default=0)
        used = max((piece.x + piece.picture.width for piece in self._line), default=0)
        shift = self._shift(used)
        for piece in self._line:
            self._burn(piece.picture, piece.x + shift, self.y + height - piece.picture.height)
        self._line.clear()
        self._x = 0
        self.feed(max(self.style.spacing, height))

    def feed(self, dots: int) -> None:
        self.y += dots

    @property
    def line_open(self) -> bool:
        return bool(self._line)

    def graphic(self, picture: Image.Image) -> None:
        """A raster image, QR code or barcode: aligned, fed by its own height."""
        if self._line:
            self.feed_line()
        self._burn(picture, self._shift(picture.width), self.y)
        self.feed(picture.height)

    def qr(self, data: bytes, module: int, level: str) -> None:
        code = segno.make(
            data.decode("latin-1") if data.isascii() else data, error=level, boost_error=False, micro=False
        )
        buffer = BytesIO()
        code.save(buffer, kind="png", scale=module, border=0)
        self.graphic(Image.open(buffer).convert("L"))

    def barcode(self, kind: str, data: str, module: int, height: int, text_at: int) -> None:
        try:
            bars = "".join(barcode.get_barcode_class(kind)(data).build())
        except BarcodeError as bad:
            raise ValueError(str(bad)) from bad
        picture = Image.new("L", (len(bars) * module, height), 255)
        draw = ImageDraw.Draw(picture)
        for at, bar in enumerate(bars):
            if bar == "1":
                draw.rectangle((at * module, 0, (at + 1) * module - 1, height), fill=0)
        if text_at & 1:
            self._caption(data, picture.width)
        self.graphic(picture)
        if text_at & 2:
            self._caption(data, picture.width)

    def _caption(self, data: str, width: int) -> None:
        row = Image.new("L", (max(width, len(data) * 12), 24), 255)
        start = (row.width - len(data) * 12) // 2
        for at, char in enumerate(data):
            row.paste(_glyph(char, 12, 24, False, 0, False), (start + at * 12, 0))
        self.graphic(row)

    def reset(self) -> None:
        """ESC @: what stands in the line buffer is thrown away, as the command does."""
        self._line.clear()
        self._x = 0
        self.style = Style()

    def finish(self) -> Image.Image:
        """The strip as cut, with the paper's margins."""
        if self._line:
            self.feed_line()
        page = Image.new("L", (WIDTH + 2 * MARGIN, max(self.y, 1)), 255)
        page.paste(self._strip.crop((0, 0, WIDTH, max(self.y - KNIFE, 0))), (MARGIN, KNIFE))
        return page

    @property
    def ink_past_knife(self) -> bool:
        """True if a cut now goes through print, because too little was fed."""
        return self._strip.crop((0, max(self.y - KNIFE, 0), WIDTH, max(self.y, 1))).getextrema()[0] == 0

    def restyle(self, **changes: object) -> None:
        self.style = replace(self.style, **changes)  # type: ignore[arg-type]  # names checked by dataclasses itself

    def _shift(self, width: int) -> int:
        return (0, max(0, WIDTH - width) // 2, max(0, WIDTH - width))[self.style.align]

    def _burn(self, picture: Image.Image, x: int, y: int) -> None:
        while y + picture.height > self._strip.height:
            longer = Image.new("L", (WIDTH, self._strip.height * 2), 255)
            longer.paste(self._strip, (0, 0))
            self._strip = longer
        self._strip.paste(picture, (x, y))
        self.inked = self.inked or picture.getextrema()[0] == 0


@lru_cache(maxsize=4096)
def _glyph(char: str, wide: int, high: int, bold: bool, underline: int, invert: bool) -> Image.Image:
    """One cell, drawn at its final size and thresholded: a print head knows no grey."""
    face = _face(round(high * 0.80))
    cell = Image.new("L", (max(1, round(face.getlength("M"))), high), 255)
    draw = ImageDraw.Draw(cell)
    thick = wide // 15 if bold else 0
    for shift in (0, 1) if bold else (0,):  # emphasised type is struck twice, one dot apart
        draw.text((shift, round(high * 0.80)), char, fill=0, font=face, anchor="ls", stroke_width=thick)
    cell = cell.resize((wide, high), Image.Resampling.LANCZOS).point(lambda level: 0 if level < 150 else 255)
    if underline:
        ImageDraw.Draw(cell).rectangle((0, high - underline, wide, high), fill=0)
    return cell.point(lambda level: 255 - level) if invert else cell


@lru_cache(maxsize=64)
def _face(size: int) -> ImageFont.FreeTypeFont:
    face = files("barcode") / "fonts" / "DejaVuSansMono.ttf"
    return ImageFont.truetype(BytesIO(face.read_bytes()), size)
