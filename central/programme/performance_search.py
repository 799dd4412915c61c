"""Performances are looked for by what is played and by their day (Ctrl-K): `cyrano`, `12 décembre`, `samedi cyrano`."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from central.kernel.tx import Read
from central.venues.reads import sites_in, timezones_of_sites
from central.web.day_words import Days, days_meant
from central.web.seekers import Sought
from shared.clock import to_ms


def seek_performances(read: Read, language: str, words: Sequence[str]) -> Sought:
    """Those to come first, the next of them before all. What may be a day may be a word of a title, too."""
    meant = days_meant(words, language, read.now.date())
    params: dict[str, Any] = {"now": to_ms(read.now)}
    where = _played(words, params)
    if meant.days:
        on = _on(read, meant.days, params)
        where = f"({where}) OR ({on} AND {_played(meant.rest, params)})" if meant.rest else f"({where}) OR {on}"
    # clock: a day that people or the law set; what is final of it waits for a steady clock
    order = "CASE WHEN t.starts >= :now THEN 0 ELSE 1 END, ABS(t.starts - :now)"
    return Sought(where, params, order)


def _played(words: Sequence[str], params: dict[str, Any]) -> str:
    """Of an event with all these words in its line; what a name needs is put among the parameters."""
    named = []
    for word in words:
        name = f"p{len(params)}"
        params[name] = f"%{word}%" if len(word) > 1 else f"% {word} %"
        named.append(f"e.words LIKE :{name}")
    return f"t.event_id IN (SELECT e.entity_id FROM found e WHERE e.entity = 'event' AND {' AND '.join(named)})"  # noqa: S608 - names of ours, words are parameters


def _on(read: Read, days: Sequence[Days], params: dict[str, Any]) -> str:
    """On one of these days, where it is played. Zones in which a day begins and ends together are asked at once: there
    are some forty of those, however many sites there are."""
    zones = timezones_of_sites(read)
    together = defaultdict[tuple[int, ...], list[str]](list)
    for stretch in days:
        for zone in zones:
            together[tuple(to_ms(datetime.combine(day, time(), ZoneInfo(zone))) for day in stretch)].append(zone)
    ways = []
    for bounds, there in together.items():
        names = [f"p{len(params) + n}" for n in range(len(bounds) + len(there))]
        params |= dict(zip(names, (*bounds, *there), strict=True))
        begins, ends, *at = (f":{name}" for name in names)
        ways.append(f"(t.site_id IN ({sites_in(at)}) AND t.starts >= {begins} AND t.starts < {ends})")
    return f"({' OR '.join(ways)})" if ways else "1 = 0"
