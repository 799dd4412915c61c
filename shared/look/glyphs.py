"""Which characters a TrueType font can draw: read from its own `cmap` table (OpenType 1.9, formats 4 and 12).

Names come from anywhere; a screen or a ticket must not show boxes for letters that the house's type does not have.
"""

from struct import unpack_from


def coverage(data: bytes) -> frozenset[int]:
    """The code points of a font file's content; empty for what is none."""
    if data[:4] not in (b"\x00\x01\x00\x00", b"OTTO", b"true"):
        return frozenset()
    tables = {}
    for at in range(12, 12 + 16 * unpack_from(">H", data, 4)[0], 16):
        tag, _, offset, _ = unpack_from(">4sLLL", data, at)
        tables[tag] = offset
    start = tables[b"cmap"]
    found: set[int] = set()
    for at in range(start + 4, start + 4 + 8 * unpack_from(">H", data, start + 2)[0], 8):
        table = start + unpack_from(">L", data, at + 4)[0]
        kind = unpack_from(">H", data, table)[0]
        if kind == 4:
            found |= _segments(data, table)
        elif kind == 12:
            found |= _groups(data, table)
    return frozenset(found)


def _segments(data: bytes, table: int) -> set[int]:
    count = unpack_from(">H", data, table + 6)[0] // 2
    last = unpack_from(f">{count}H", data, table + 14)
    first = unpack_from(f">{count}H", data, table + 16 + 2 * count)
    return {code for low, high in zip(first, last, strict=True) for code in range(low, high + 1) if code != 0xFFFF}


def _groups(data: bytes, table: int) -> set[int]:
    count = unpack_from(">L", data, table + 12)[0]
    groups = [unpack_from(">LLL", data, table + 16 + 12 * at) for at in range(count)]
    return {code for low, high, _ in groups for code in range(low, high + 1)}
