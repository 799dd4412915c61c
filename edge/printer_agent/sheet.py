"""One strip of paper in the making: python-escpos renders the bytes, this keeps names, widths and spacing in hand.

576 dots across at 203 dpi: 48 columns of font A (12×24), 64 of font B (9×17). Every text goes through `clean`.
"""

from dataclasses import dataclass
from enum import StrEnum, auto

from escpos.magicencode import Encoder
from escpos.printer import Dummy
from PIL import Image

from edge.printer_agent.text import clean, clip, wrap

WIDTH = 576
FEED_BEFORE_CUT = 90  # dots between head and knife on common mechanisms, and a little air
QUIET = 24


class QrMode(StrEnum):
    NATIVE = auto()  # the printer draws it: half the bytes
    IMAGE = auto()  # for printers that cannot


@dataclass(frozen=True, slots=True)
class Type:
    """A way to set a line. `small` is font B."""

    wide: int = 1
    high: int = 1
    bold: bool = False
    small: bool = False
    invert: bool = False
    align: str = "left"

    @property
    def columns(self) -> int:
        return (64 if self.small else 48) // self.wide

    @property
    def cell(self) -> int:
        """Dots across one character."""
        return (9 if self.small else 12) * self.wide

    @property
    def spacing(self) -> int:
        return self.high * (17 if self.small else 24) + (5 if self.small else 6)


BODY = Type()


class Sheet:
    """Build it line by line, then take `data`."""

    def __init__(self, code_pages: dict[str, int], qr: QrMode = QrMode.NATIVE) -> None:
        self._pages = tuple(code_pages)
        encoder = Encoder(dict(code_pages))
        encoder.used_encodings.add(self._pages[0])  # tried first: one page for a whole Latin ticket
        self._printer = Dummy(profile="TM-T20II", magic_encode_args={"encoder": encoder})
        self._qr_mode = qr
        self._raw(b"\x1b@")

    @property
    def data(self) -> bytes:
        return bytes(self._printer.output)

    def clean(self, text: str) -> str:
        return clean(text, self._pages)

    def text(self, text: str, style: Type = BODY, lines: int = 1) -> None:
        """`text` on at most `lines` lines; nothing at all if nothing of it can be printed."""
        for row in wrap(self.clean(text), style.columns, lines):
            self._style(style)
            self._put(row + "\n")

    def band(self, text: str, style: Type) -> None:
        """White on black, the whole width."""
        self._style(style)
        for row in wrap(self.clean(text), style.columns - 2, 2):
            self._put(row.center(style.columns) + "\n")

    def pair(self, left: str, right: str, style: Type = BODY) -> None:
        """Left and right on one line; the left gives way: prices and numbers stand on the right."""
        right = clip(self.clean(right), style.columns * 2 // 3)
        left = clip(self.clean(left), style.columns - len(right) - 1)
        self._style(style)
        self._put(left + " " * (style.columns - len(left) - len(right)) + right + "\n")

    def columns(self, *cells: tuple[int, str, Type]) -> None:
        """Texts at dot positions on one line."""
        for x, text, style in cells:
            self._style(style)
            self._raw(b"\x1b$" + x.to_bytes(2, "little"))
            self._put(clip(self.clean(text), max(1, (WIDTH - x) // style.cell)))
        self._raw(b"\n")

    def rule(self, dots: int = 2) -> None:
        self._style(BODY)
        self._printer.image(Image.new("1", (WIDTH, dots), 0), impl="bitImageRaster", center=False)

    def gap(self, dots: int) -> None:
        self._raw(b"\x1bJ" + bytes([dots]))

    def qr(self, text: str, module: int) -> None:
        """A QR code in the middle, `module` dots a square (7 are 0.9 mm), with its quiet zone above and below."""
        self._style(Type(align="center"))
        self.gap(QUIET)
        native = self._qr_mode is QrMode.NATIVE
        # As an image it goes in narrow stripes: no command of a ticket is longer than a thousand bytes, see Printer.
        self._printer.qr(text, ec=1, size=module, native=native, image_arguments={"fragment_height": 24})
        self.gap(QUIET)

    def cut(self) -> None:
        self._style(BODY)
        self.gap(FEED_BEFORE_CUT)
        self._raw(b"\x1dV\x00")

    def _style(self, style: Type) -> None:
        self._printer.set(
            align=style.align,
            font="b" if style.small else "a",
            bold=style.bold,
            invert=style.invert,
            custom_size=True,
            width=style.wide,
            height=style.high,
        )
        self._raw(b"\x1b3" + bytes([style.spacing]))

    def _put(self, text: str) -> None:
        """Only text that `clean` made, and our own line feeds."""
        self._printer.text(text)

    def _raw(self, data: bytes) -> None:
        self._printer._raw(data)
