"""Exports have a lane of their own: two at once in the process, and one of each person. Whoever comes then hears that
central is busy and when to come back, and nothing that others ask waits for an export."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from central.kernel.readers import EXPORTERS
from central.kernel.trouble import NoDatabase, Unavailable


class ExportLane:
    def __init__(self) -> None:
        self.inside: set[str] = set()

    @contextmanager
    def entered(self, who: str) -> Iterator[None]:
        """Held by this person's export meanwhile. Raises Unavailable where there is no room."""
        if who in self.inside or len(self.inside) >= EXPORTERS:
            raise Unavailable(NoDatabase.BUSY, f"{EXPORTERS} exports, one of each person")
        self.inside.add(who)
        try:
            yield
        finally:
            self.inside.discard(who)


EXPORT_LANE: web.AppKey[ExportLane] = web.AppKey("export_lane", ExportLane)
