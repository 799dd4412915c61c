"""A plan as a list: for keyboard and screen reader, without a script. A page of it is a stretch of the plan's order,
so that no page is larger because the hall is. What was ticked stays ticked from page to page: each sends what is ticked
on it, and what it was told of the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import orjson

from central.kernel.tx import Read
from central.programme.plan_form import Form
from central.programme.plan_news import part_of
from central.programme.plan_pictures import STATES, built_from, states_of
from central.venues.history import SeatField
from central.venues.model import PlanTarget
from central.venues.reads import places_in_row, zone_stretches
from central.venues.selection import Selection, Table
from central.web.numbers import pairs
from central.web.screens.names import labels
from central.web.texts import Texts
from shared.ids import Id, is_id

PLACES = 400  # on a page
SHARES = 100  # counted zones' contingents on a page
MOST_RUNS = 2_000  # kept from other pages: stretches of places
MOST_KEPT = 400  # and of rows, zones, numbers of places each
MOST_SAID = 10
UNSAID = dict.fromkeys(("act", "contingent_id", "category_id", "order", "why", "remember"), "")
"""What else the form asks."""


Run = tuple[int, int]
"""(first position, how many)"""


@dataclass(frozen=True, slots=True)
class Ticked:
    """What is ticked. `runs` stand for places, on this page and on others; `said`: what else the form
    said, by its fields' names. `too_much`: more than a page carries along, so nothing is."""

    runs: tuple[Run, ...] = ()
    rows: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    contingents: frozenset[str] = frozenset()
    counts: tuple[tuple[str, str], ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)
    too_much: bool = False


NOTHING = Ticked()


def page_of(said: str) -> int:
    """The page that a form or an address names, from 1; any other word is the first."""
    return int(said) if said.isascii() and said.isdecimal() and 0 < len(said) < 7 and int(said) else 1


def kept_of(read: Read, target: PlanTarget, target_id: Id, form: Form) -> Ticked:
    """What a page of the list sent: `seat`, `row`, `zone` as they are ticked on it, `runs` of other pages."""
    try:
        runs = pairs((form.get("runs") or ("",))[0])
    except ValueError:
        runs = []
    seats = frozenset(seat for seat in form.get("seat", ()) if is_id(seat))
    rows, zones = frozenset(form.get("row", ())), frozenset(form.get("zone", ()))
    counts = tuple((name, said[0]) for name, said in form.items() if name.startswith("count:") and said[0].strip())
    kinds = frozenset(form.get("of_category", ())), frozenset(form.get("of_contingent", ()))
    said = {name: form[name][0] for name in UNSAID if form.get(name)}
    sizes = (len(rows), len(zones), len(counts), len(kinds[0]), len(kinds[1]), len(seats))
    if len(runs) > MOST_RUNS or max(sizes) > MOST_KEPT:
        return Ticked(said=said, too_much=True)
    here = part_of(read, target, target_id, Selection(seats=tuple(map(Id, sorted(seats))))) if seats else None
    ticked = [at for at, seat in zip(here.positions, here.ids, strict=True) if seat in seats] if here else []
    runs = joined([*runs, *((at, 1) for at in ticked)])
    return Ticked(tuple(runs), rows, zones, *kinds, counts, said, too_much=len(runs) > MOST_RUNS)


def joined(runs: Iterable[Run]) -> list[Run]:
    """The same positions in as few stretches as there can be, in the plan's order."""
    found: list[list[int]] = []
    for first, count in sorted(run for run in runs if run[0] >= 0 and run[1] > 0):
        if found and first <= found[-1][1]:
            found[-1][1] = max(found[-1][1], first + count)
        else:
            found.append([first, first + count])
    return [(first, end - first) for first, end in found]


def beside(runs: Iterable[Run], first: int, count: int) -> list[Run]:
    """What of them lies before and after a page."""
    found = []
    for start, many in runs:
        before, after = min(start + many, first), max(start, first + count)
        found += [(start, before - start)] if before > start else []
        found += [(after, start + many - after)] if start + many > after else []
    return found


def holds(runs: Iterable[Run], first: int, count: int) -> set[int]:
    """Which positions of a page they name."""
    return {at for start, many in runs for at in range(max(start, first), min(start + many, first + count))}


def list_data(read: Read, t: Texts, target: PlanTarget, target_id: Id, page: int, kept: Ticked) -> dict[str, Any]:
    """What `plan_list.html` shows of one page; after the last one there is the last."""
    physical_id, _ = built_from(read, target, target_id)
    whole = zone_stretches(read, physical_id)
    shares = shares_of(read, t, target, target_id)
    places = max((each.last + 1 for each in whole), default=0)
    pages = max(1, -(-places // PLACES), -(-len(shares) // SHARES))
    page = min(page, pages)
    first = (page - 1) * PLACES
    table = part_of(read, target, target_id, Selection(runs=((first, PLACES),))) or Table()
    counts: dict[str, int] = {each.zone_id: each.places for each in whole}
    kept_counts = dict(kept.counts)
    zones = _zones(read, t, table, counts, kept, holds(kept.runs, first, PLACES))
    shown = shares[(page - 1) * SHARES : page * SHARES]
    rows_here = {row["value"] for zone in zones for row in zone["rows"]}
    others = Ticked(
        runs=tuple(beside(kept.runs, first, PLACES)),
        rows=kept.rows - rows_here,
        zones=kept.zones - {zone["id"] for zone in zones},
        counts=tuple(each for each in kept.counts if each[0] not in {share["name"] for share in shown}),
    )
    return {
        "zones": zones,
        "shares": [{**share, "said": kept_counts.get(share["name"], "")} for share in shown],
        "page": page,
        "pages": pages,
        "first_pages": [(each.first // PLACES + 1, table.names.get(each.zone_id, "")) for each in whole],
        "others": others,
        "others_runs": orjson.dumps(others.runs).decode(),
        "others_said": _said(t, table, others),
        "kept": kept,
        "given": {**UNSAID, **kept.said},
        "more_shares": False,
    }


def _zones(
    read: Read, t: Texts, table: Table, counts: Mapping[str, int], kept: Ticked, ticked: set[int]
) -> list[dict[str, Any]]:
    """Zones → rows → seats in words, as far as they are on the page. `whole` counts all of a row's places: of those at
    the page's edges some may stand on another one."""
    nothing = [None] * len(table.ids)
    categories = table.values.get(SeatField.CATEGORY, nothing)
    contingents = table.values.get(SeatField.CONTINGENT, nothing)
    named = labels(read, t, [
        *(("seat_category", each) for each in set(categories) if each),
        *(("contingent", each) for each in set(contingents) if each),
    ])  # fmt: skip
    edges = [(table.zones[n], table.rows[n]) for n in (0, -1)] if table.ids else []
    columns = (
        table.zones, table.rows, table.positions, table.ids, table.numbers, states_of(table), categories, contingents
    )  # fmt: skip
    zones = []
    for zone, in_zone in groupby(zip(*columns, strict=True), key=lambda seat: seat[0]):
        rows = []
        for row, in_row in groupby(in_zone, key=lambda seat: seat[1]):
            seats = [
                {
                    "id": seat,
                    "number": number,
                    "ticked": at in ticked,
                    "state": t(f"value:count.{STATES[state]}"),
                    "category": named("seat_category", category) if category else "",
                    "contingent": named("contingent", contingent) if contingent else "",
                }
                for _, _, at, seat, number, state, category, contingent in in_row
            ]
            value = f"{zone}|{row}"
            rows.append({
                "name": row,
                "value": value,
                "ticked": value in kept.rows,
                "open": any(seat["ticked"] for seat in seats) or value in kept.rows,
                "whole": places_in_row(read, zone, row) if (zone, row) in edges else len(seats),
                "seats": seats,
            })  # fmt: skip
        ticked_zone = zone in kept.zones
        zones.append({
            "id": zone,
            "name": table.names.get(zone, ""),
            "rows": rows,
            "count": counts.get(zone, 0),
            "ticked": ticked_zone,
            "open": ticked_zone or any(row["open"] for row in rows),
        })  # fmt: skip
    return zones


def shares_of(read: Read, t: Texts, target: PlanTarget, target_id: Id) -> list[dict[str, Any]]:
    """Counted zones: how many places of which contingent may be meant."""
    table = part_of(read, target, target_id, Selection())
    if table is None or not table.shares:
        return []
    names = labels(read, t, [("contingent", contingent) for _, contingent in table.shares if contingent])
    return [
        {
            "name": f"count:{zone}:{contingent}",
            "zone": table.names.get(zone, ""),
            "contingent": names("contingent", contingent) if contingent else t("hors contingent"),
            "free": share.free,
            "capacity": share.capacity,
        }
        for (zone, contingent), share in table.shares.items()
    ]


def _said(t: Texts, table: Table, others: Ticked) -> str:
    """What is ticked on other pages, in words; nothing: nothing is."""
    places = sum(count for _, count in others.runs)
    said = [t.n("{n} place", "{n} places", places)] if places else []
    said += [table.names.get(zone, "") for zone in sorted(others.zones)]
    for value in sorted(others.rows):
        zone, _, row = value.partition("|")
        said.append(f"{table.names.get(zone, '')} {row}")
    said += [t.n("{n} place", "{n} places", int(n)) for _, n in others.counts if n.isdecimal() and len(n) < 7]
    return ", ".join(_first(said))


def _first(said: Sequence[str]) -> list[str]:
    return [*said[:MOST_SAID], *(["…"] if len(said) > MOST_SAID else [])]
