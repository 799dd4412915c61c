"""A performance's figures on its page: sold, free, held and blocked by category and contingent, what came in by channel
and tariff, and the hall as it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from central.catalogue.model import Performance, PerformanceState
from central.catalogue.ops import sale_over
from central.inventory.counts import PlaceCounts, counts_of, sums_in
from central.inventory.model import Contingent
from central.inventory.reads import contingents as these_contingents
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.tx import Read
from central.orders.reads import Takings, first_sold, sold_over_time, takings_by
from central.reports.curves import row_of_strokes, steps_curve
from central.reports.day_view import share_text
from central.reports.evening import Series, Window
from central.venues.model import SeatCategory
from central.venues.reads import categories_by_rank
from central.web.frame import Part
from central.web.screens.listing import may_see, seen_at
from central.web.screens.names import house_timezone, labels, timezones_of
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
    leased: str
    blocked: str
    free: str


@dataclass(frozen=True, slots=True)
class TakingsLine:
    name: str
    places: str
    share: str
    amount: str


def figures_part(door: Door) -> Part:
    def part(read: Read, t: Texts, performance: Performance) -> Mapping[str, Any] | None:
        counts = counts_of(read, performance.id)
        if not counts:
            return None
        hall = sums_in(counts)
        contingents = may_see(door, read, BY_NAME["contingent"])
        kinds = kinds_of(read, counts, contingents=contingents)
        there = performance.state is not PerformanceState.CANCELLED
        return {
            "hall": place_line(t, t("Salle"), "", counts, open_to_sell=there),
            "left": "" if sale_over(performance, read.now) else t.number(hall.left),
            "share": share_text(t, hall.sold, hall.capacity),
            "strokes": row_of_strokes(hall.sold, hall.going, hall.capacity, says=t("Remplissage")),
            "lines": list(place_lines(t, counts, *kinds, open_to_sell=there)),
            "contingents": contingents,
            "plan": f"/admin/plan/performance/{performance.id}",
            "picture": f"/admin/performance/{performance.id}/hall.svg" if hall.capacity <= MOST_DRAWN else "",
            **_takings(door, read, t, performance),
            "note": performance.note,
            "says": ("note", "sold"),
        }

    return part


def place_line(
    t: Texts, name: str, colour: str, counts: Iterable[PlaceCounts], *, inner: bool = False, open_to_sell: bool = True
) -> PlaceLine:
    """`open_to_sell`: of what is cancelled no place is free."""
    sums = sums_in(counts)
    says = t("{sold} vendues sur {all}", sold=t.number(sums.sold), all=t.number(sums.capacity))

    def some(n: int) -> str:
        return t.number(n) if n else ""

    return PlaceLine(
        name, solid(colour, NO_COLOUR) if colour else "", inner,
        row_of_strokes(sums.sold, sums.going, sums.capacity, says=says),
        t.number(sums.capacity), some(sums.sold), some(sums.going), some(sums.leased), some(sums.blocked),
        t.number(sums.free) if open_to_sell else "",
    )  # fmt: skip


def kinds_of(
    read: Read, counts: Iterable[PlaceCounts], *, contingents: bool
) -> tuple[list[SeatCategory], list[Contingent]]:
    """Of places the categories, dearest first, and their contingents if these are shown."""
    found = list(counts)
    shares = {each.contingent_id for each in found if each.contingent_id} if contingents else set[str]()
    categories = categories_by_rank(read, used={each.category_id for each in found})
    return categories, these_contingents(read, used=shares) if shares else []


def place_lines(
    t: Texts, counts: Sequence[PlaceCounts], ranked: Iterable[SeatCategory], contingents: Iterable[Contingent], *,
    open_to_sell: bool = True,
) -> Iterable[PlaceLine]:  # fmt: skip
    """The categories in their order, and under each those of its places that one of `contingents` has."""
    categories = {each.id: each for each in ranked}
    shares = {each.id: each for each in contingents}
    order = {row_id: n for n, row_id in enumerate(categories)}
    for category_id in sorted({each.category_id for each in counts}, key=lambda each: order.get(each, len(order))):
        category = categories.get(category_id)
        mine = [each for each in counts if each.category_id == category_id]
        name, colour = (t.of(category.names), category.colour) if category else ("", NO_COLOUR)
        yield place_line(t, name, colour, mine, open_to_sell=open_to_sell)
        for each in mine:
            share = shares.get(each.contingent_id)  # type: ignore[call-overload]  # an id or nothing, which no key is
            if share is not None:
                yield place_line(t, t.of(share.names), share.colour, [each], inner=True, open_to_sell=open_to_sell)


def _takings(door: Door, read: Read, t: Texts, performance: Performance) -> dict[str, Any]:
    """Nothing for who may not see orders."""
    places = seen_at(door, read, BY_NAME["sale_order"], None)
    if places == ():
        return {"amounts": None, "curve": None}
    channels, tariffs = takings_by(read, places, performance.id)
    sold = sum(each.places for each in channels)
    named = labels(read, t, [("channel", each.what) for each in channels] + [("tariff", each.what) for each in tariffs])

    def lines(table: str, taken: Sequence[Takings]) -> list[TakingsLine]:
        return [
            TakingsLine(named(table, each.what), t.number(each.places), share_text(t, each.places, sold),
                      t.money(each.amount, each.currency))
            for each in taken
        ]  # fmt: skip

    sums: dict[str, int] = {}
    for each in channels:
        sums[each.currency] = sums.get(each.currency, 0) + each.amount
    return {
        "curve": _curve(read, t, places, performance),
        "amounts": [t.money(amount, currency) for currency, amount in sums.items()],
        "mean": t.money(next(iter(sums.values())) // sold, next(iter(sums))) if sold and len(sums) == 1 else "",
        "channels": lines("channel", channels),
        "tariffs": lines("tariff", tariffs),
    }


STEPS = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6),
    timedelta(days=1), timedelta(weeks=1),
)  # fmt: skip
MOST_STEPS = 100
BY_DAYS = timedelta(hours=6)  # from this step on the axis says days


def _curve(read: Read, t: Texts, places: tuple[str, ...] | None, performance: Performance) -> Markup | None:
    """How places were sold, from the first one until now or the performance's end. Nothing where none was."""
    first = first_sold(read, places, performance.id)
    until = min(read.now, performance.closes)
    if first is None or first >= until:
        return None
    there = timezones_of(read, BY_NAME["performance"], [performance.id]).get(performance.id) or house_timezone(read)
    window = sale_window(first, until)
    before, steps = sold_over_time(read, places, performance.id, window.start, window.step, window.count)
    series = Series(t("Vendues"), before, tuple(steps.get(at, 0) for at in range(window.count)))
    says = t.n("{n} place vendue depuis le {day}", "{n} places vendues depuis le {day}", series.total,
               day=t.day(first, there))  # fmt: skip

    def time(at: datetime) -> str:
        if window.step >= BY_DAYS:
            return t.day(at, there, "short")
        one_day = window.start.astimezone(there).date() == window.end.astimezone(there).date()
        return t.time(at, there) if one_day else t.moment(at, there, "short")

    return steps_curve(series, window, says=says, time=time)


def sale_window(first: datetime, until: datetime) -> Window:
    """The smallest of `STEPS`, or weeks, of which `MOST_STEPS` are enough, and that end now: the first is the one in
    which the first place was sold. What is sold is drawn at the end of its step: of few it would be late."""
    long = until - first
    step = next((each for each in STEPS if long <= MOST_STEPS * each), STEPS[-1])
    while long > MOST_STEPS * step:
        step *= 2
    count = max(1, -(-long // step))
    return Window(until - count * step, step, count)
