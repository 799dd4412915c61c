"""A performance's figures on its page: sold, free, held and blocked by category and contingent, what came in by channel
and tariff, and the hall as it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from central.catalogue.model import Performance
from central.inventory.counts import PlaceCounts, counts_of
from central.inventory.reads import contingents as all_contingents
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.tx import Read
from central.orders.reads import Taken, taken_by
from central.reports.day_view import share_text
from central.venues.reads import categories_by_rank
from central.web.curves import row_of_strokes
from central.web.frame import Part
from central.web.screens.listing import may_see, seen_at
from central.web.screens.names import labels
from central.web.texts import Texts
from shared.look import solid

MOST_DRAWN = 3_000  # seats of a picture: a stadium's would take longer than anybody looks at it
NO_COLOUR = "#8a8594"


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """Places of a category, or those of it that a contingent has (`inner`); the hall's own line has no colour."""

    name: str
    colour: str
    inner: bool
    strokes: Markup
    capacity: str
    sold: str
    held: str
    blocked: str
    free: str


@dataclass(frozen=True, slots=True)
class TakenLine:
    name: str
    places: str
    share: str
    amount: str


def figures_part(door: Door) -> Part:
    def part(read: Read, t: Texts, performance: Performance) -> Mapping[str, Any] | None:
        counts = counts_of(read, performance.id)
        if not counts:
            return None
        hall = _sum(counts)
        contingents = may_see(door, read, BY_NAME["contingent"])
        return {
            "hall": _line(t, t("Salle"), "", counts),
            "share": share_text(t, hall["sold"], hall["capacity"]),
            "strokes": row_of_strokes(hall["sold"], _held(hall), hall["capacity"], says=t("Remplissage")),
            "lines": list(_lines(read, t, counts, contingents)),
            "contingents": contingents,
            "plan": f"/admin/plan/performance/{performance.id}",
            "picture": f"/admin/performance/{performance.id}/hall.svg" if hall["capacity"] <= MOST_DRAWN else "",
            **_takings(door, read, t, performance),
        }

    return part


def _sum(counts: Iterable[PlaceCounts]) -> dict[str, int]:
    names = ("capacity", "free", "blocked", "held", "leased", "optioned", "sold")
    found = list(counts)
    return {name: sum(getattr(each, name) for each in found) for name in names}


def _held(sums: Mapping[str, int]) -> int:
    """What somebody is about to have: in a basket, lent to a device, under an option."""
    return sums["held"] + sums["leased"] + sums["optioned"]


def _line(t: Texts, name: str, colour: str, counts: Iterable[PlaceCounts], *, inner: bool = False) -> PlaceLine:
    sums = _sum(counts)
    says = t("{sold} vendues sur {all}", sold=t.number(sums["sold"]), all=t.number(sums["capacity"]))
    number = {key: t.number(value) if value else "" for key, value in {**sums, "held": _held(sums)}.items()}
    return PlaceLine(
        name, solid(colour, NO_COLOUR) if colour else "", inner,
        row_of_strokes(sums["sold"], _held(sums), sums["capacity"], says=says),
        t.number(sums["capacity"]), number["sold"], number["held"], number["blocked"], t.number(sums["free"]),
    )  # fmt: skip


def _lines(read: Read, t: Texts, counts: Sequence[PlaceCounts], contingents: bool) -> Iterable[PlaceLine]:
    """The categories in their order, and under each those of its places that a contingent has."""
    categories = {each.id: each for each in categories_by_rank(read)}
    shares = {each.id: each for each in all_contingents(read)} if contingents else {}
    order = {row_id: n for n, row_id in enumerate(categories)}
    for category_id in sorted({each.category_id for each in counts}, key=lambda each: order.get(each, len(order))):
        category = categories.get(category_id)
        mine = [each for each in counts if each.category_id == category_id]
        yield _line(t, t.of(category.names) if category else "", category.colour if category else NO_COLOUR, mine)
        for each in mine:
            share = shares.get(each.contingent_id)  # type: ignore[call-overload]  # an id or nothing, which no key is
            if share is not None:
                yield _line(t, t.of(share.names), share.colour, [each], inner=True)


def _takings(door: Door, read: Read, t: Texts, performance: Performance) -> dict[str, Any]:
    """Nothing for who may not see orders."""
    places = seen_at(door, read, BY_NAME["sale_order"], None)
    if places == ():
        return {"amounts": None}
    channels, tariffs = taken_by(read, places, performance.id)
    sold = sum(each.places for each in channels)
    named = labels(read, t, [("channel", each.what) for each in channels] + [("tariff", each.what) for each in tariffs])

    def lines(table: str, taken: Sequence[Taken]) -> list[TakenLine]:
        return [
            TakenLine(named(table, each.what), t.number(each.places), share_text(t, each.places, sold),
                      t.money(each.amount, each.currency))
            for each in taken
        ]  # fmt: skip

    sums: dict[str, int] = {}
    for each in channels:
        sums[each.currency] = sums.get(each.currency, 0) + each.amount
    return {
        "amounts": [t.money(amount, currency) for currency, amount in sums.items()],
        "mean": t.money(next(iter(sums.values())) // sold, next(iter(sums))) if sold and len(sums) == 1 else "",
        "channels": lines("channel", channels),
        "tariffs": lines("tariff", tariffs),
    }
