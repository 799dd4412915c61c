"""A performance outside the days of its season is taken (a preview, a tour's last evening), and said: the year may be a
slip."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from central.kernel.contexts import settings_at
from central.kernel.entity import BY_NAME
from central.kernel.house_settings import BEGINS, ENDS
from central.kernel.tx import Read
from central.web.frame import FRAME
from central.web.screens.names import house_timezone, timezones_of
from central.web.texts import Texts

DAYS = (BEGINS.key, ENDS.key)


def season_pages(app: web.Application) -> None:
    app[FRAME].remark_on("performance", _remark)


def outside(starts: datetime, zone: ZoneInfo, settings: Mapping[str, str]) -> tuple[date, date] | None:
    """The first and last day of a season, as its settings say them, where this is on none of its days."""
    try:
        begins, ends = (date.fromisoformat(settings.get(key, "")) for key in DAYS)
    except ValueError:  # a season whose days nobody said
        return None
    return None if begins <= starts.astimezone(zone).date() <= ends else (begins, ends)


def _remark(read: Read, t: Texts, performance: Any) -> list[str]:
    zone = timezones_of(read, BY_NAME["performance"], [performance.id]).get(performance.id) or house_timezone(read)
    said = settings_at(read, performance.context_id, DAYS)
    days = outside(performance.starts, zone, {key: each.text for key, each in said.items()})
    if days is None:
        return []
    first, last = (t.calendar_day(day) for day in days)
    return [t("Cette date est hors de la saison {season}, du {first} au {last}.",
              season=t.of(said[BEGINS.key].by.names), first=first, last=last)]  # fmt: skip
