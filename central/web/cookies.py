"""What a cookie says. A browser gives back what we gave it; anybody else may send any bytes, and aiohttp keeps those
that are no text in a form that nothing can encode."""

from aiohttp import web

MOST = 200  # characters of one, where nobody says otherwise


def cookie(request: web.Request, name: str, most: int = MOST) -> str:
    """What we gave; empty: nothing, or what we cannot have given."""
    said = request.cookies.get(name, "")[:most]
    return said if said.isascii() and said.isprintable() else ""
