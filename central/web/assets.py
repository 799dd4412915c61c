"""What `/static/` serves: what stands in an area's `static/`, and in the shell's, all in memory and compressed once. A
name that is not here does not exist; with one that stands twice central does not start."""

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from shared.look import css, web_fonts
from shared.registries import add

_AREAS = Path(__file__).parents[1]
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_YEAR_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Asset:
    """`small` is the gzip text, or None where that gains nothing. `version` goes into the address, so that a browser
    may keep the file for ever."""

    content_type: str
    whole: bytes
    small: bytes | None
    version: str


@cache
def assets() -> dict[str, Asset]:
    files: dict[str, bytes] = {}
    for folder in sorted(_AREAS.glob("*/static")):
        for path in folder.rglob("*"):
            if path.suffix in _TYPES:
                add(files, path.relative_to(folder).as_posix(), path.read_bytes())
    fonts = {f"fonts/{name}": data for name, data in web_fonts().items()}
    tokens = {"tokens.css": css("/static/fonts").encode()}
    return {name: _asset(name, data) for name, data in {**files, **fonts, **tokens}.items()}


def _asset(name: str, data: bytes) -> Asset:
    suffix = Path(name).suffix
    small = None if suffix == ".woff2" else gzip.compress(data, 9, mtime=0)
    return Asset(_TYPES[suffix], data, small, sha256(data).hexdigest()[:12])


def asset_address(name: str) -> str:
    """The address of an asset, with its version."""
    return f"/static/{name}?v={assets()[name].version}"


async def serve(request: web.Request) -> web.Response:
    found = assets().get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    kept = f"public, max-age={_YEAR_S}, immutable" if request.query.get("v") == found.version else "no-cache"
    headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
    body = found.whole
    if found.small and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = found.small
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, content_type=found.content_type, headers=headers)
