"""Who has to wait just now, for what, and until when: each part of central that limits anybody gives a source, and one
page shows them all and lifts what should not be (organisation/limit_pages.py).

    app[LIMITED].append(Source("sign_in", rows, lifted))
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from central.kernel.tx import Read
from central.web.texts import Texts


@dataclass(frozen=True, slots=True)
class Limited:
    """Somebody who has to wait. `id` is what lifts it, within its source; `who` (with a page about them, if there is
    one) and `what` they did too often are in the reader's words; `where` is their address."""

    id: str
    who: str
    what: str
    where: str
    since: datetime | None
    until: datetime
    tries: int | None = None
    href: str = ""


def _nothing(*_: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class LimitSource:
    """`rows` says who is limited now, in a reader's thread, given what `seen` saw in the loop. Lifting is a command,
    `lift_limit`, so that it is allowed and logged like all others; `lifted` is told the id afterwards, for what a
    process counts in its memory alone."""

    name: str
    rows: Callable[[Read, Texts, Any], list[Limited]]
    seen: Callable[[], Any] = _nothing
    lifted: Callable[[str], None] = _nothing


LIMITED: web.AppKey[list[LimitSource]] = web.AppKey("limited", list)
