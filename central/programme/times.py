"""The times of a new performance follow from its start: as far from it as the last time, or as most houses have it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from aiohttp import web

from central.catalogue.model import Performance
from central.catalogue.reads import last_of
from central.kernel.tx import Read
from central.web.frame import FRAME, Follows

USUAL: Mapping[str, timedelta] = {
    "doors": timedelta(minutes=-45),
    "closes": timedelta(hours=3),
    "sell_until": timedelta(0),
}
"""Distances from the start."""
_START = "schedule.starts"


def times_pages(app: web.Application) -> None:
    app[FRAME].list_by_days("performance", "starts", "closes")
    paths = frozenset(f"schedule.{name}" for name in USUAL)
    app[FRAME].follows["create_performance"] = Follows(paths, _filled, True, _a_day_later)


def _filled(read: Read, typed: Mapping[str, list[str]]) -> dict[str, list[str]]:
    event = (typed.get("event_id") or [""])[0]
    last = last_of(read, event)
    return {**typed, **following(typed, distances(last) if last else USUAL)}


def _a_day_later(typed: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The times of a copy: at its own, the hall is taken."""
    found = {}
    for path in (_START, *(f"schedule.{name}" for name in USUAL)):
        try:
            at = datetime.fromisoformat((typed.get(path) or [""])[0]) + timedelta(days=1)
        except (ValueError, OverflowError):
            continue
        found[path] = [at.isoformat(timespec="minutes")]
    return found


def distances(performance: Performance) -> dict[str, timedelta]:
    return {name: getattr(performance, name) - performance.starts for name in USUAL}


def following(typed: Mapping[str, list[str]], away: Mapping[str, timedelta]) -> dict[str, list[str]]:
    """The times that were left empty, as they are typed; none where the start cannot be read."""
    try:
        starts = datetime.fromisoformat((typed.get(_START) or [""])[0].strip())
    except ValueError:
        return {}
    found = {}
    for name, distance in away.items():
        if not any(said.strip() for said in typed.get(f"schedule.{name}", ())):
            try:
                found[f"schedule.{name}"] = [(starts + distance).isoformat(timespec="minutes")]
            except OverflowError:  # the last day of the last year
                return {}
    return found
