"""Who asks more often than HTTP lets them, for the page that shows who has to wait (organisation/limit_pages.py).
Each process counts for itself, so the page shows, and lifts, what this one counted."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from central.kernel.tx import Read
from central.web.actor_words import ACTOR_WORDS
from central.web.entrance import LIMITS
from central.web.limit_sources import LIMITED, Limited, LimitSource
from central.web.limits import Limits, RequestLimit, Waiting
from central.web.screens.cells import address
from central.web.screens.names import label
from central.web.texts import Texts

MOST = 500


def limits_shown(app: web.Application) -> None:
    app[LIMITED].append(of_requests(app[LIMITS], lambda: datetime.now(UTC)))


def of_requests(limits: Limits, clock: Callable[[], datetime]) -> LimitSource:
    return LimitSource("requests", _rows, lambda: limits.waiting(clock())[:MOST], limits.lift)


def _rows(read: Read, t: Texts, seen: list[Waiting]) -> list[Limited]:
    return [_row(read, t, each) for each in seen]


def _row(read: Read, t: Texts, each: Waiting) -> Limited:
    limited = partial(Limited, each.who, what=_what(t, each.limit), since=None, until=each.until)
    kind, _, who = each.who.partition(":")  # an address, or whose they are or what they carry
    if kind in ACTOR_WORDS:
        table = ACTOR_WORDS[kind].table
        return limited(who=label(read, t, table, who), where=t("partout"), href=address(table, who))
    browser = kind in ("browser", "session")
    return limited(who=t("toute personne non connectée"), where=t("son navigateur") if browser else each.who)


def _what(t: Texts, limit: RequestLimit) -> str:
    known = t("demandes")
    return {
        RequestLimit.LOOKS: t("pages demandées"),
        RequestLimit.ACTS: t("envois"),
        RequestLimit.CLAIMS: t("clés ou signatures fausses"),
    }.get(limit, known)
