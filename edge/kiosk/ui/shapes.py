"""Every shape on the screen is one primitive, a box with round corners, filled or as an outline, at any angle.

Discs, rings, rules and arrows are such boxes too. Many of them make one `Mesh`: a hall of 5,000 seats is one draw call
(as widgets they took seconds to build). The fragment shader knows the distance to the box's edge, so edges are smooth
at every zoom without multisampling, which small boards do poorly."""

from array import array
from collections.abc import Sequence
from itertools import pairwise
from math import hypot

from kivy.graphics import Mesh, RenderContext
from kivy.graphics.tesselator import TYPE_POLYGONS, WINDING_ODD, Tesselator

RGBA = tuple[float, float, float, float]
_MOST = 16_000  # boxes in one Mesh: indices are 16 bits
_FORMAT = [(b"vPosition", 2, "float"), (b"vColour", 4, "float"), (b"vLocal", 2, "float"), (b"vBox", 4, "float")]
_FAR = 1e6

_VERTEX = """
#ifdef GL_ES
precision highp float;
#endif
attribute vec2 vPosition; attribute vec4 vColour; attribute vec2 vLocal; attribute vec4 vBox;
uniform mat4 modelview_mat; uniform mat4 projection_mat; uniform vec4 view;
varying vec4 colour; varying vec2 at; varying vec4 box;
void main(void) {
    colour = vColour; at = vLocal; box = vBox;
    gl_Position = projection_mat * modelview_mat * vec4(vPosition * view.xy + view.zw, 0.0, 1.0);
}
"""
_FRAGMENT = """
#ifdef GL_ES
precision highp float;
#endif
varying vec4 colour; varying vec2 at; varying vec4 box;
uniform float pixel;
void main(void) {
    vec2 out_by = abs(at) - box.xy + vec2(box.z);
    float away = length(max(out_by, 0.0)) + min(max(out_by.x, out_by.y), 0.0) - box.z;
    if (box.w > 0.0) away = abs(away + box.w * 0.5) - box.w * 0.5;
    gl_FragColor = vec4(colour.rgb, colour.a * clamp(0.5 - away / pixel, 0.0, 1.0));
}
"""


_PLAIN = """
#ifdef GL_ES
precision mediump float;
#endif
varying vec4 colour;
void main(void) { gl_FragColor = colour; }
"""


class Shapes:
    """Collects boxes, then `seal` makes the instruction. Coordinates are the caller's: y may grow down; `look_at` maps
    them to the window and may be called at any time, which is how a plan is moved without being built again. `plain` is
    for fans only: large areas without edges, cheaper where a processor does the work of a graphics chip."""

    def __init__(self, plain: bool = False) -> None:
        self.instruction = RenderContext(
            use_parent_projection=True, use_parent_modelview=True, vs=_VERTEX, fs=_PLAIN if plain else _FRAGMENT
        )
        self._vertices = array("f")
        self._indices = array("H")
        self._count = 0
        self.look_at(1, 1, 0, 0)

    def look_at(self, across: float, down: float, dx: float, dy: float) -> None:
        """Window x = x·across + dx, y = y·down + dy; `down` is negative for a picture whose y grows downwards."""
        self.instruction["view"] = (float(across), float(down), float(dx), float(dy))
        self.instruction["pixel"] = 1.0 / abs(across)

    def box(
        self, x: float, y: float, w: float, h: float, colour: RGBA, radius: float = 0, edge: float = 0, rim: float = 1
    ) -> None:
        """An upright box from its lower corner. `edge` > 0 draws only an outline that thick; `rim` is the soft border
        around it, at least one pixel in the caller's units."""
        self.slanted(x + w / 2, y + h / 2, w / 2, h / 2, 1, 0, colour, radius, edge, rim)

    def disc(self, x: float, y: float, radius: float, colour: RGBA, edge: float = 0, rim: float = 1) -> None:
        self.slanted(x, y, radius, radius, 1, 0, colour, radius, edge, rim)

    def stroke(self, points: Sequence[tuple[float, float]], width: float, colour: RGBA, rim: float = 1) -> None:
        """A line through the points with round ends and joints."""
        for (x0, y0), (x1, y1) in pairwise(points):
            long = hypot(x1 - x0, y1 - y0) or 1e-6
            half = width / 2
            along = ((x1 - x0) / long, (y1 - y0) / long)
            self.slanted((x0 + x1) / 2, (y0 + y1) / 2, long / 2 + half, half, *along, colour, half, 0, rim)

    def slanted(
        self,
        x: float,
        y: float,
        half_w: float,
        half_h: float,
        along_x: float,
        along_y: float,
        colour: RGBA,
        radius: float,
        edge: float,
        rim: float,
    ) -> None:
        """A box around (x, y) whose own x axis points along the unit vector."""
        self._room(4)
        radius = min(radius, half_w, half_h)
        for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            u, v = sx * (half_w + rim), sy * (half_h + rim)
            self._vertices.extend((x + u * along_x - v * along_y, y + u * along_y + v * along_x))
            self._vertices.extend(colour)
            self._vertices.extend((u, v, half_w, half_h, radius, edge))
        first = self._count
        self._indices.extend((first, first + 1, first + 2, first + 2, first + 3, first))
        self._count += 4

    def polygon(self, points: Sequence[tuple[float, float]], colour: RGBA) -> None:
        """A filled outline, bent inwards or not."""
        shape = Tesselator()
        shape.add_contour([part for point in points for part in point])
        if len(points) < 3 or not shape.tesselate(WINDING_ODD, TYPE_POLYGONS):
            return
        for flat, _ in shape.meshes:
            self.fan([(flat[at], flat[at + 1]) for at in range(0, len(flat), 4)], [colour] * (len(flat) // 4))

    def fan(self, points: Sequence[tuple[float, float]], colours: Sequence[RGBA]) -> None:
        """Triangles from the first point, with a colour at each."""
        self._room(len(points))
        first = self._count
        for (x, y), colour in zip(points, colours, strict=True):
            self._vertices.extend((x, y))
            self._vertices.extend(colour)
            self._vertices.extend((0, 0, _FAR, _FAR, 0, 0))
        for at in range(1, len(points) - 1):
            self._indices.extend((first, first + at, first + at + 1))
        self._count += len(points)

    def seal(self) -> RenderContext:
        """What was collected since the last time becomes a Mesh of the instruction."""
        if self._count:
            self.instruction.add(Mesh(vertices=self._vertices, indices=self._indices, fmt=_FORMAT, mode="triangles"))
        self._vertices, self._indices, self._count = array("f"), array("H"), 0
        return self.instruction

    def clear(self) -> None:
        self.instruction.clear()
        self._vertices, self._indices, self._count = array("f"), array("H"), 0

    def _room(self, corners: int) -> None:
        if self._count + corners > _MOST * 4:
            self.seal()
