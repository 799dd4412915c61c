"""Puts a page's marks into Kivy's graphics: shapes in as few meshes as their order allows, texts as tinted textures."""

from collections.abc import Mapping, Sequence
from math import cos, pi, sin

import zxingcpp
from kivy.graphics import Color, InstructionGroup, Rectangle
from kivy.graphics.texture import Texture

from edge.kiosk.ui.fonts import Letters, fit
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.icons import ICONS, WEIGHT
from edge.kiosk.ui.paint import Arc, Curtain, Disc, FittedText, HallArea, Mark, Panel, QrCode, Sign
from edge.kiosk.ui.shapes import RGBA, Shapes
from shared.look import rgb


def rgba(colour: str, alpha: float = 1) -> RGBA:
    return (*rgb(colour), alpha)


class Painter:
    """Draws into instruction groups of a window `height` pixels high: pages measure from the top, Kivy from below."""

    def __init__(self) -> None:
        self.letters = Letters()

    def draw(
        self,
        marks: Sequence[Mark],
        height: float,
        into: InstructionGroup,
        living: Mapping[type[Mark], InstructionGroup],
    ) -> None:
        """`living`: what draws itself and only has to be put in its place."""
        into.clear()
        shapes = Shapes()
        shapes.look_at(1, -1, 0, height)
        pending = False
        for mark in marks:
            if isinstance(mark, FittedText | QrCode | HallArea | Curtain):
                if pending:
                    into.add(shapes.seal())
                    shapes, pending = Shapes(), False
                    shapes.look_at(1, -1, 0, height)
                if isinstance(mark, FittedText):
                    self._words(mark, height, into)
                elif isinstance(mark, QrCode):
                    _code(mark, height, into)
                else:
                    into.add(living[type(mark)])
            else:
                pending = True
                _shape(mark, shapes)
        if pending:
            into.add(shapes.seal())

    def _words(self, mark: FittedText, height: float, into: InstructionGroup) -> None:
        rect = mark.rect
        if not mark.text or rect.w < 1 or rect.h < 1:
            return
        fitted = fit(mark.text, mark.weight, mark.size, mark.smallest, rect.w, rect.h, mark.lines)
        texture = self.letters.texture(fitted, mark.align)
        w, h = texture.size
        x = {"left": rect.x, "centre": rect.x + (rect.w - w) / 2, "right": rect.right - w}[mark.align]
        y = rect.y + (rect.h - h) * mark.upright
        into.add(Color(*rgba(mark.colour)))
        into.add(Rectangle(texture=texture, pos=(round(x), round(height - y - h)), size=(w, h)))


def _shape(mark: Mark, shapes: Shapes) -> None:
    match mark:
        case Panel(rect, colour, radius, edge, edge_colour, alpha):
            if colour:
                shapes.box(rect.x, rect.y, rect.w, rect.h, rgba(colour, alpha), radius)
            if edge and edge_colour:
                shapes.box(rect.x, rect.y, rect.w, rect.h, rgba(edge_colour), radius, edge)
        case Disc(rect, colour, edge):
            shapes.disc(*rect.centre, min(rect.w, rect.h) / 2, rgba(colour), edge)
        case Sign(rect, icon, colour):
            side = min(rect.w, rect.h)
            box = rect.middle(side, side)
            for stroke in ICONS[icon]:
                points = [(box.x + x * side, box.y + y * side) for x, y in stroke]
                shapes.stroke(points, side * WEIGHT, rgba(colour))
        case Arc(rect, colour, share, edge):
            _arc(rect, colour, share, edge, shapes)


def _arc(rect: Rect, colour: str, share: float, edge: float, shapes: Shapes) -> None:
    (x, y), radius = rect.centre, min(rect.w, rect.h) / 2 - edge / 2
    steps = max(1, round(72 * min(1, share)))
    turns = [2 * pi * share * step / steps for step in range(steps + 1)]
    if share > 0:
        shapes.stroke([(x + radius * sin(t), y - radius * cos(t)) for t in turns], edge, rgba(colour))


def _code(mark: QrCode, height: float, into: InstructionGroup) -> None:
    """A QR code with its quiet zone; each module is a whole number of pixels wide, so that cameras see clean edges."""
    image = zxingcpp.create_barcode(mark.text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=1, add_quiet_zones=True)
    rows, columns = image.shape
    texture = Texture.create(size=(columns, rows), colorfmt="luminance")
    texture.mag_filter = texture.min_filter = "nearest"
    pixels = bytes(image)  # type: ignore[call-overload]  # an image speaks the buffer protocol
    texture.blit_buffer(pixels, colorfmt="luminance", bufferfmt="ubyte")
    texture.flip_vertical()
    scale = max(1, int(min(mark.rect.w / columns, mark.rect.h / rows)))
    box = mark.rect.middle(columns * scale, rows * scale)
    into.add(Color(1, 1, 1, 1))
    into.add(Rectangle(texture=texture, pos=(round(box.x), round(height - box.y - box.h)), size=(box.w, box.h)))
