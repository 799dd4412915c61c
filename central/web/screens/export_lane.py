"""Exports have a lane of their own: two at once in the process, one of each person, each for as long as its caller
waits and its time lasts. Whoever comes while there is no room hears that central is busy and when to come back, and
nothing that others ask waits for an export."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from central.kernel.readers import EXPORTERS
from central.kernel.trouble import NoDatabase, Unavailable
from central.web.caller import awaited
from central.web.texts import Texts

LONGEST_S = 300.0  # 200,000 rows of a list take some 20
LOOKED_EVERY = 100  # rows
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Turn:
    """One export's, in whichever threads it is made. `ends` is a monotonic second."""

    request: web.Request
    ends: float

    @property
    def left_s(self) -> float:
        return max(0.0, self.ends - time.monotonic())

    def wanted(self) -> None:
        """Raises HungUp where nobody waits for it any more."""
        awaited(self.request)

    def up_to(self, most: int, rows: Iterable[T], more: T) -> Iterator[T]:
        """The rows; where there are more than `most`, or more than time is left for, `more` is the last one."""
        for n, row in enumerate(rows):
            looks = n % LOOKED_EVERY == 0
            if looks:
                self.wanted()
            if n == most or (looks and not self.left_s):
                yield more
                return
            yield row


def there_is_more(t: Texts) -> str:
    return t("Tout n’y est pas, il y en a d’autres : filtrez davantage et exportez de nouveau.")


class ExportLane:
    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self.inside: set[str] = set()
        self.longest_s = longest_s

    @contextmanager
    def entered(self, who: str, request: web.Request) -> Iterator[Turn]:
        """Held by this person's export meanwhile. Raises Unavailable where there is no room."""
        if who in self.inside or len(self.inside) >= EXPORTERS:
            raise Unavailable(NoDatabase.BUSY, f"{EXPORTERS} exports, one of each person")
        self.inside.add(who)
        try:
            yield Turn(request, time.monotonic() + self.longest_s)
        finally:
            self.inside.discard(who)


EXPORT_LANE: web.AppKey[ExportLane] = web.AppKey("export_lane", ExportLane)
