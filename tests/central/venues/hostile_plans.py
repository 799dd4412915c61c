"""Plan files made to cost as much as they can: each takes a size in bytes and has about that many."""

from collections.abc import Callable, Mapping

HEADER = b"zone,row,seat,x,y,category,access\n"
SVG = b'<svg viewBox="0 0 400 300">'
SAID = b' data-zone="Z" data-row="A" data-category="1"'
PLAN = b'{"name":"a","size":{"width":9,"height":9},"categories":[{"name":"1"}],"zones":['


def times(part: bytes, size: int) -> bytes:
    return part * max(1, size // len(part))


def numbered(part: Callable[[int], bytes], size: int, between: bytes = b"") -> bytes:
    """Parts that differ by their number."""
    n = max(1, size // (len(part(10_000)) + len(between)))
    return between.join(map(part, range(n)))


def zones_of(rows: bytes) -> bytes:
    return PLAN + b'{"name":"Z","position":{"x":0,"y":0},"rows":[' + rows + b"]}]}"


def seats_of(seats: bytes) -> bytes:
    return zones_of(b'{"row_number":"A","seats":[' + seats + b"]}")


def seat(n: int, x: float, y: float, radius: int = 10, guid: bytes = b"") -> bytes:
    return (b'{"seat_number":"%d","seat_guid":"%d%s","radius":%d,"category":"1","position":{"x":%g,"y":%g}}'
            % (n, n, guid, radius, x, y))  # fmt: skip


def drawn(inner: bytes) -> bytes:
    return SVG + inner + b"</svg>"


def area(inner: bytes) -> bytes:
    return PLAN + b'{"name":"Z","position":{"x":0,"y":0},"rows":[],"areas":[' + inner + b"]}]}"


HOSTILE: Mapping[str, Callable[[int], bytes]] = {
    "csv: columns": lambda n: b"zone,seat," + numbered(lambda i: b"c%d" % i, n, b","),
    "csv: the same column": lambda n: b"zone,seat," + times(b"x,", n),
    "csv: empty lines": lambda n: HEADER + times(b"\n", n),
    "csv: empty cells": lambda n: HEADER + times(b",", n),
    "csv: one cell": lambda n: HEADER + times(b"a", n),
    "csv: quotes": lambda n: HEADER + b'"' + times(b'""', n),
    "csv: quoted lines": lambda n: HEADER + b'"' + times(b"\n", n),
    "csv: faulty seats": lambda n: HEADER + times(b",,,,,\n", n),
    "csv: the same seat": lambda n: HEADER + times(b"Z,A,1,0,0,1,\n", n),
    "csv: seats in a heap": lambda n: HEADER + numbered(lambda i: b"Z,A,%d,0,0,1,\n" % i, n),
    "csv: seats in one row": lambda n: HEADER + numbered(lambda i: b"Z,A,%d,%d,0,1,\n" % (i, 20 * i), n),
    "csv: a row each": lambda n: HEADER + numbered(lambda i: b"Z,%d,1,%d,0,1,\n" % (i, 20 * i), n),
    "csv: a zone each": lambda n: HEADER + numbered(lambda i: b"%d,1,1,%d,0,1,\n" % (i, 20 * i), n),
    "csv: an access each": lambda n: HEADER + numbered(lambda i: b"Z,A,%d,%d,0,1,%d\n" % (i, 20 * i, i), n),
    "csv: areas": lambda n: HEADER + b"Z,A,1,0,0,1,\n" + times(b"#area,Z,ellipse,1,1\n", n),
    "csv: corners": lambda n: HEADER + b"Z,A,1,0,0,1,\n#area,Z,polygon,1,1,,,,,," + times(b"1 1;", n),
    "csv: marks": lambda n: b"zone,row,seat,x,y,category,marks\n" + times(b"Z,A,1,0,0,1," + b"a " * 9000 + b"\n", n),
    "csv: letters and marks": lambda n: HEADER + ("a" + "\u0301\u0323" * (n // 4)).encode(),
    "csv: odd spaces": lambda n: HEADER + times("\u00a0".encode(), n),
    "json: lists": lambda n: b"[" + times(b"[],", n) + b"0]",
    "json: numbers": lambda n: b"[" + times(b"1,", n) + b"0]",
    "json: texts": lambda n: b"[" + numbered(lambda i: b'"%d"' % i, n, b",") + b"]",
    "json: keys": lambda n: b"{" + numbered(lambda i: b'"%d":0' % i, n, b",") + b"}",
    "json: categories": lambda n: b'{"categories":[' + numbered(lambda i: b'{"name":"%d"}' % i, n, b",") + b"]}",
    "json: zones": lambda n: PLAN + times(b'{"name":"Z","rows":[]},', n) + b"0]}",
    "json: rows": lambda n: zones_of(times(b'{"row_number":"A","seats":[]},', n) + b"0"),
    "json: seats of nothing": lambda n: seats_of(times(b"0,", n) + b"0"),
    "json: seats of empty": lambda n: seats_of(times(b"{},", n) + b"0"),
    "json: seats in a heap": lambda n: seats_of(numbered(lambda i: seat(i, 0, 0), n, b",")),
    "json: seats as near as may be": lambda n: seats_of(
        numbered(lambda i: seat(i, i % 300, i // 300, 1), n, b",")
    ),
    "json: wheelchairs and companions": lambda n: seats_of(
        numbered(lambda i: seat(i, 20 * i, 0, 10, (b"~wheelchair", b"~companion")[i % 2]), n, b",")
    ),
    "json: wheelchairs in a heap, companions far": lambda n: seats_of(
        numbered(
            lambda i: seat(i, i % 100 + 9e5 * (i % 2), i // 100, 1, (b"~wheelchair", b"~companion")[i % 2]), n, b","
        )
    ),
    "json: marks": lambda n: seats_of(times(b'{"seat_guid":"a' + b"~view" * 90 + b'"},', n) + b"0"),
    "json: areas": lambda n: area(times(b'{"shape":"circle"},', n) + b"0"),
    "json: ellipses": lambda n: area(
        times(b'{"shape":"ellipse","position":{"x":0,"y":0},"ellipse":{"radius":{"x":1,"y":1}}},', n) + b"0"
    ),
    "json: corners": lambda n: area(b'{"shape":"polygon","polygon":{"points":[' + times(b"{},", n) + b"0]}}"),
    "json: letters and marks": lambda n: ('{"name":"a' + "\u0301\u0323" * (n // 4) + '"}').encode(),
    "json: deep": lambda n: times(b"[", n),
    "json: digits": lambda n: b'{"size":' + times(b"9", n) + b"}",
    "svg: digits in an arc": lambda n: drawn(b'<path data-seat="1" d="M0 0a' + times(b"2", n) + b'"/>'),
    "svg: commas in an arc": lambda n: drawn(b'<path data-seat="1" d="M0 0a1' + times(b",", n) + b'x"/>'),
    "svg: spaces in a transform": lambda n: drawn(b'<g transform="' + times(b" ", n) + b'x"/>'),
    "svg: letters in a transform": lambda n: drawn(b'<g transform="' + times(b"a", n) + b'"/>'),
    "svg: brackets in a transform": lambda n: drawn(b'<g transform="' + times(b"a(", n) + b'"/>'),
    "svg: transforms": lambda n: drawn(b'<g transform="' + times(b"rotate(1)", n) + b'"/>'),
    "svg: a path": lambda n: drawn(b'<path data-seat="1" d="M0 0' + times(b"c1 1 1 1 1 1", n) + b'"/>'),
    "svg: arcs": lambda n: drawn(b'<path data-seat="1" d="M0 0' + times(b"a1 1 0 0 1 1 1", n) + b'"/>'),
    "svg: points": lambda n: drawn(b'<polygon data-seat="1" points="' + times(b"1 1 ", n) + b'"/>'),
    "svg: elements": lambda n: drawn(times(b"<g/>", n)),
    "svg: deep": lambda n: SVG + times(b"<g>", n),
    "svg: attributes": lambda n: drawn(b"<g " + numbered(lambda i: b'a%d="" ' % i, n) + b"/>"),
    "svg: faulty seats": lambda n: drawn(times(b'<g data-seat=""/>', n)),
    "svg: seats in a heap": lambda n: drawn(
        numbered(lambda i: b'<circle data-seat="%d"%s cx="1" cy="1" r="1"/>' % (i, SAID), n)
    ),
    "svg: seats": lambda n: drawn(
        numbered(lambda i: b'<circle data-seat="%d"%s cx="%d" cy="1" r="10"/>' % (i, SAID, 20 * i), n)
    ),
    "svg: shapes of one seat": lambda n: drawn(
        b'<g data-seat="1"' + SAID + b">" + times(b'<circle r="1"/>', n) + b"</g>"
    ),
    "svg: rows": lambda n: drawn(b'<g data-zone="Z">' + times(b'<g data-row="A"/>', n) + b"</g>"),
    "svg: zones": lambda n: drawn(times(b'<g data-zone="Z"/>', n)),
    "svg: categories": lambda n: drawn(numbered(lambda i: b'<g data-plan-category="%d"/>' % i, n)),
    "svg: areas": lambda n: drawn(times(b'<circle data-area="" data-zone="Z" r="1"/>', n)),
    "svg: words": lambda n: drawn(b'<text data-area="" data-zone="Z">' + times(b"a b\n", n) + b"</text>"),
    "svg: styles": lambda n: drawn(
        times(b'<circle data-seat="1"%s r="1" style="%s"/>' % (SAID, b"a:b;" * 5000), n)
    ),
    "svg: a comment": lambda n: drawn(b"<!--" + times(b"a", n) + b"-->"),
    "svg: references": lambda n: drawn(b"<g>" + times(b"&amp;", n) + b"</g>"),
    "svg: letters and marks": lambda n: (
        '<svg data-plan="a' + "\u0301\u0323" * (n // 4) + '"></svg>'
    ).encode(),
}  # fmt: skip
