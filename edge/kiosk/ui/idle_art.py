"""The idle picture: a curtain that breathes above rows of lights, the hall waiting. Drawn by the project itself.

It moves slowly and in few frames a second: a kiosk stands there all day, often on a board without a fan. Everything is
two meshes whose vertices are computed anew for each frame.
"""

from math import cos, pi, sin

from kivy.graphics import InstructionGroup

from edge.kiosk.ui.canvas import rgba
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.shapes import RGBA, Shapes
from shared.look import Scheme, look

FRAMES = 8  # a second
_FOLDS = 13
_STRIPS = 104  # of the curtain's width: eight to a fold
_ROWS = 9


class CurtainPicture:
    """`move` draws the picture as it is `at` seconds after its beginning."""

    def __init__(self) -> None:
        self.group = InstructionGroup()
        self._areas, self._shapes = Shapes(plain=True), Shapes()
        self.group.add(self._areas.instruction)
        self.group.add(self._shapes.instruction)

    def move(self, rect: Rect, height: float, scheme: Scheme, at: float) -> None:
        for part in (self._areas, self._shapes):
            part.clear()
            part.look_at(1, -1, 0, height)
        plain = scheme.sheet == scheme.ground  # high contrast: the picture steps back behind the words
        self._ground(rect, scheme)
        self._lights(rect, at, 0.5 if plain else 1.0)
        if not plain:
            self._curtain(rect, at)
        self._areas.seal()
        self._shapes.seal()

    def _ground(self, rect: Rect, scheme: Scheme) -> None:
        top, low = rgba(look().colours["aubergine"]), rgba(scheme.hall)
        corners = [(rect.x, rect.y), (rect.right, rect.y), (rect.right, rect.bottom), (rect.x, rect.bottom)]
        self._areas.fan(corners, [top, top, low, low] if scheme.sheet != scheme.ground else [low] * 4)

    def _curtain(self, rect: Rect, at: float) -> None:
        """Strips from the top edge down to a hem that hangs lower at the sides, light and dark by the fold."""
        deep, bright = rgba("#5a1710"), rgba("#b93a22")

        def fold(share: float) -> float:  # 0 in the depth, 1 on the ridge
            return 0.5 + 0.5 * sin(2 * pi * _FOLDS * share + 0.55 * sin(at * 0.22 + share * 7) + 0.3 * sin(at * 0.11))

        def hem(share: float) -> float:
            side = abs(2 * share - 1) ** 3
            sway = 0.006 * sin(at * 0.35 + share * 9)
            return rect.y + rect.h * (0.10 + 0.36 * side + sway + 0.012 * fold(share))

        def tone(share: float, shade: float) -> RGBA:
            lit = fold(share) * (0.55 + 0.45 * sin(pi * share))
            red, green, blue = ((d + (b - d) * lit) * shade for d, b in zip(deep[:3], bright[:3], strict=True))
            return red, green, blue, 1.0

        for strip in range(_STRIPS):
            one, two = strip / _STRIPS, (strip + 1) / _STRIPS
            xs = rect.x + rect.w * one, rect.x + rect.w * two
            corners = [(xs[0], rect.y), (xs[1], rect.y), (xs[1], hem(two)), (xs[0], hem(one))]
            self._areas.fan(corners, [tone(one, 0.55), tone(two, 0.55), tone(two, 1), tone(one, 1)])
            gold = rgba("#c99b62")
            self._shapes.stroke([corners[3], corners[2]], max(2.0, rect.h * 0.004), gold)

    def _lights(self, rect: Rect, at: float, strength: float) -> None:
        """Rows of seats as lights in arcs; each has its own slow breath, and a wave goes through the house."""
        glow = rgba(look().colours["glow"])
        unit = min(rect.w, rect.h * 1.6)
        quiet = rect.y + rect.h * 0.66
        for row in range(_ROWS):
            share = row / (_ROWS - 1)
            radius = unit * (0.36 + 0.42 * share)
            size = unit * (0.0042 + 0.0034 * share)
            count = int(16 + 10 * share)
            for seat in range(count + 1):
                turn = (seat / count - 0.5) * (1.25 - 0.15 * share)
                x = rect.centre[0] + radius * sin(turn) * 1.18
                y = rect.y + rect.h * 0.20 + radius * 0.86 * (1 - turn * turn / 2) - unit * 0.18
                breath = 0.5 + 0.5 * sin(at * 0.5 + row * 1.7 + seat * 2.399)
                wave = max(0.0, sin(at * 0.28 - share * 4 + turn * 2)) ** 4
                alpha = strength * (0.2 + 0.45 * breath**3 + 0.5 * wave) * (0.6 + 0.4 * share)
                if y > quiet:  # behind the words
                    alpha *= 0.35
                if alpha > 0.2:
                    self._halo(x, y, size * 3.2, (*glow[:3], alpha * 0.4))
                self._shapes.disc(x, y, size, (*glow[:3], min(1.0, alpha)))

    def _halo(self, x: float, y: float, radius: float, colour: RGBA) -> None:
        """Light that fades outwards."""
        around = [(x + radius * cos(turn * pi / 5), y + radius * sin(turn * pi / 5)) for turn in range(11)]
        self._areas.fan([(x, y), *around], [colour, *[(*colour[:3], 0.0)] * 11])
