"""ESC/POS as the virtual printer understands it: bytes in, calls on the paper and answers out.

Strict on purpose: a command that is not in the table is an error with its bytes, never skipped in silence, because a
real printer would print the rest of it as text. Real-time commands (DLE …) are taken out by the printer before the
bytes come here, as the hardware does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image

from parterre.simulators.escpos_paper import WIDTH, Paper

CODECS = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737", 15: "iso8859-7", 16: "cp1252",
    17: "cp866", 18: "cp852", 19: "cp858", 33: "cp775", 34: "cp855", 35: "cp861", 36: "cp862", 37: "cp864",
    38: "cp869", 39: "iso8859-2", 40: "iso8859-15", 45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254",
    49: "cp1255", 50: "cp1256", 51: "cp1257", 52: "cp1258",
}  # fmt: skip
BARCODES = {65: "upca", 67: "ean13", 68: "ean8", 69: "code39", 70: "itf", 73: "code128"}
LEVELS = {48: "l", 49: "m", 50: "q", 51: "h"}


class _More(Exception):
    """The command goes on in bytes that have not come yet."""


class Unknown(Exception):
    """Bytes that no command of the table begins with."""


@dataclass(slots=True)
class Parser:
    """`feed` takes bytes as they come and works off whole commands until `blocked` says stop. `on_cut(paper)` gets each
    strip; `answer(bytes)` sends what the host asked for in sequence (GS r)."""

    on_cut: Callable[[Paper], None]
    answer: Callable[[bytes], None]
    paper_sensor: Callable[[], int]
    on_asb: Callable[[int], None] = lambda _: None
    blocked: Callable[[], bool] = lambda: False
    errors: list[str] = field(default_factory=list)
    paper: Paper = field(default_factory=Paper)
    _data: bytearray = field(default_factory=bytearray)
    _at: int = 0
    _qr: bytes = b""
    _qr_module: int = 3
    _qr_level: str = "l"
    _bar_high: int = 162
    _bar_wide: int = 3
    _bar_text: int = 0

    def feed(self, data: bytes) -> None:
        self._data += data
        self.work()

    def work(self) -> None:
        """Goes on with what is in the buffer, e.g. after paper was put in."""
        while self._data and not self.blocked():
            self._at = 0
            try:
                self._command()
            except _More:
                return
            except Unknown as unknown:
                self.errors.append(str(unknown))
            except (ValueError, LookupError) as bad:
                self.errors.append(f"bad data: {bad}")
            del self._data[: self._at]

    @property
    def waiting(self) -> int:
        """Bytes in the buffer that are not printed."""
        return len(self._data)

    def drop(self) -> None:
        """Power off: the buffer is gone, the strip stays in the machine."""
        self._data.clear()

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise _More
        taken = bytes(self._data[self._at : self._at + count])
        self._at += count
        return taken

    def _byte(self) -> int:
        return self._take(1)[0]

    def _word(self) -> int:
        return int.from_bytes(self._take(2), "little")

    def _command(self) -> None:
        first = self._byte()
        match first:
            case 0x1B:
                self._esc()
            case 0x1D:
                self._gs()
            case 0x0A:
                self.paper.feed_line()
            case 0x00 | 0x0D:
                pass  # NUL is nothing; CR is nothing while automatic line feed is off, as delivered
            case 0x09:
                self.paper.tab()
            case _ if first >= 0x20:
                self.paper.text(bytes([first]).decode(self.paper.style.codec, "replace"))
            case _:
                raise Unknown(f"unknown control byte {first:02x}")

    def _esc(self) -> None:
        paper, command = self.paper, self._byte()
        match command:
            case 0x40:  # @
                paper.reset()
            case 0x21:  # !
                bits = self._byte()
                paper.restyle(
                    font="b" if bits & 1 else "a",
                    bold=bool(bits & 8),
                    high=2 if bits & 16 else 1,
                    wide=2 if bits & 32 else 1,
                    underline=1 if bits & 128 else 0,
                )
            case 0x24:  # $
                paper.move_to(self._word())
            case 0x2D:  # -
                paper.restyle(underline=self._byte() & 3)
            case 0x32:  # 2
                paper.restyle(spacing=30)
            case 0x33:  # 3
                paper.restyle(spacing=self._byte())
            case 0x45 | 0x47:  # E, G
                paper.restyle(bold=bool(self._byte() & 1))
            case 0x4A:  # J
                self._flush_line()
                paper.feed(self._byte())
            case 0x4D:  # M
                paper.restyle(font="b" if self._byte() & 1 else "a")
            case 0x52 | 0x7B:  # R, {: international set, upside down — accepted, not drawn
                if self._byte() not in (0, 0x30):
                    raise Unknown(f"ESC {command:02x} with a value this printer does not draw")
            case 0x61:  # a
                paper.restyle(align={0: 0, 1: 1, 2: 2}[self._byte() & 0x0F])
            case 0x64:  # d
                lines = self._byte()
                self._flush_line()
                paper.feed(lines * paper.style.spacing)
            case 0x70:  # p: cash drawer
                self._take(3)
            case 0x74:  # t
                page = self._byte()
                if page not in CODECS:
                    raise Unknown(f"unknown code page {page}")
                paper.restyle(codec=CODECS[page])
            case _:
                raise Unknown(f"unknown command ESC {command:02x}")

    def _gs(self) -> None:
        paper, command = self.paper, self._byte()
        match command:
            case 0x21:  # !
                size = self._byte()
                paper.restyle(wide=(size >> 4 & 7) + 1, high=(size & 7) + 1)
            case 0x28:  # (
                self._gs_paren()
            case 0x42:  # B
                paper.restyle(invert=bool(self._byte() & 1))
            case 0x48:  # H
                self._bar_text = self._byte() & 3
            case 0x61:  # a
                self.on_asb(self._byte())
            case 0x62 | 0x66:  # b smoothing, f barcode text's font: make no difference here
                self._byte()
            case 0x4C | 0x57:  # L, W
                value = self._word()
                if (command == 0x4C and value) or (command == 0x57 and value != WIDTH):
                    raise Unknown(f"margins are not drawn: GS {command:02x} {value}")
            case 0x56:  # V
                self._cut()
            case 0x68:  # h
                self._bar_high = self._byte()
            case 0x77:  # w
                self._bar_wide = self._byte()
            case 0x6B:  # k
                self._barcode()
            case 0x72:  # r
                which = self._byte()
                if which not in (1, 49):
                    raise Unknown(f"unknown status GS r {which}")
                self.answer(bytes([self.paper_sensor()]))
            case 0x76:  # v
                self._raster()
            case _:
                raise Unknown(f"unknown command GS {command:02x}")

    def _flush_line(self) -> None:
        if self.paper.line_open:
            self.paper.feed_line()

    def _cut(self) -> None:
        how = self._byte()
        if how in (65, 66):
            self.paper.feed(self._byte())
        elif how not in (0, 1, 48, 49):
            raise Unknown(f"unknown cut {how}")
        done, self.paper = self.paper, Paper(style=self.paper.style)
        self.on_cut(done)

    def _gs_paren(self) -> None:
        family, length = self._byte(), self._word()
        body = self._take(length)
        if family != 0x6B or body[:1] != b"1":
            raise Unknown(f"unknown command GS ( {family:02x}, {length} bytes")
        match body[1]:
            case 65:
                if body[2] != 50:
                    raise Unknown(f"QR model {body[2]} is not drawn")
            case 67:
                self._qr_module = body[2]
            case 69:
                self._qr_level = LEVELS[body[2]]
            case 80:
                self._qr = body[3:]
            case 81:
                self.paper.qr(self._qr, self._qr_module, self._qr_level)
            case function:
                raise Unknown(f"unknown QR function {function}")

    def _barcode(self) -> None:
        kind = self._byte()
        if kind >= 65:
            data = self._take(self._byte())
        else:
            end = self._data.find(0, self._at)
            if end < 0:
                raise _More
            data = self._take(end - self._at)
            self._byte()
            kind += 65
        if kind not in BARCODES:
            raise Unknown(f"unknown barcode {kind}")
        text = data.decode("ascii")
        if kind == 73 and text[:1] == "{":
            text = text[2:]
        self.paper.barcode(BARCODES[kind], text, self._bar_wide, self._bar_high, self._bar_text)

    def _raster(self) -> None:
        if self._byte() != 0x30:
            raise Unknown("unknown command GS v")
        mode, across, down = self._byte(), self._word(), self._word()
        data = self._take(across * down)
        if across * 8 > WIDTH:
            raise Unknown(f"image {across * 8} dots wide, the head has {WIDTH}")
        picture = Image.frombytes("1", (across * 8, down), bytes(byte ^ 0xFF for byte in data)).convert("L")
        wide, high = 1 + (mode & 1), 1 + (mode >> 1 & 1)
        self.paper.graphic(picture.resize((picture.width * wide, picture.height * high), Image.Resampling.NEAREST))
