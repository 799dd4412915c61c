"""Named reads of what was sold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from central.inventory.model import AllocationState
from central.inventory.reads import places_sold
from central.kernel.columns import columns
from central.kernel.db import in_list
from central.kernel.entity import BY_NAME
from central.kernel.scope import narrowing
from central.kernel.sums import halves, summed
from central.kernel.tx import Read
from shared.clock import from_ms, to_ms
from shared.ids import Id
from shared.money import Minor


@dataclass(frozen=True, slots=True)
class AsSold:
    """An entitlement as its line and order say. `zones` in bits; `code` begins the organiser's numbers."""

    performance: Id
    zones: int
    entries: int
    site: str
    price: Minor
    seat: Id | None
    organiser: Id
    code: str
    tariff: Id


_AS_SOLD = columns(
    AsSold,
    performance="e.performance_id",
    zones="e.zones",
    entries="e.entries",
    site="p.site_id",
    price="l.price",
    seat="l.seat_id",
    organiser="o.context_id",
    code="c.code",
    tariff="l.tariff_id",
)


class Takings(NamedTuple):
    """Places sold and their prices in minor units. `what`: a channel or a tariff, or nothing where all is one."""

    what: str
    currency: str
    places: int
    amount: int


def as_sold(read: Read, entitlement_id: str) -> AsSold | None:
    """None: there is none, or it is cancelled."""
    row = read.one(
        f"SELECT {_AS_SOLD} FROM entitlement e JOIN order_line l ON l.id = e.line_id "  # noqa: S608 - names of ours
        "JOIN sale_order o ON o.id = l.order_id JOIN performance p ON p.id = e.performance_id "
        "JOIN context c ON c.id = o.context_id WHERE e.id = :id AND e.cancelled = 0",
        id=entitlement_id,
    )
    return AsSold(*row) if row else None


def sold_and_orders(read: Read, performance_id: str) -> tuple[int, int]:
    """(places that are sold, orders that hold one of them)."""
    ((orders,),) = read.run(
        "SELECT COUNT(DISTINCT l.order_id) FROM order_line l JOIN allocation a ON a.id = l.allocation_id "  # noqa: S608 - words of ours
        f"WHERE l.performance_id = :id AND a.state = '{AllocationState.SOLD}'",
        id=performance_id,
    )
    return places_sold(read, performance_id), int(orders)


def takings_for(read: Read, places: tuple[str, ...] | None, performances: Sequence[str]) -> dict[str, list[Takings]]:
    """What was sold of each performance, per currency, in the orders of these contexts (None: all) and within the
    asker's perimeter: one statement, however many performances."""
    if not performances:
        return {}
    joins, where, params = narrowing(read, BY_NAME["sale_order"], places)
    among, more = in_list("p", performances)
    rows = read.run(
        f"SELECT l.performance_id, t.currency, COUNT(*), {halves('l.price')} FROM sale_order t "  # noqa: S608 - names of ours, values are parameters
        f"JOIN order_line l ON l.order_id = t.id{joins} "
        f"WHERE l.performance_id IN {among} AND {where} GROUP BY 1, 2 ORDER BY 1, 2",
        **params,
        **more,
    )
    found: dict[str, list[Takings]] = {}
    for performance, currency, number, *amount in rows:
        found.setdefault(performance, []).append(Takings("", currency, int(number), summed(*amount)))
    return found


def takings_between(read: Read, places: tuple[str, ...] | None, start: datetime, end: datetime) -> list[Takings]:
    """What was sold from one moment to before another, whatever it was for: per channel and currency, most first.
    Orders are kept by context and moment: each context's own day is looked at, never all that was ever sold."""
    joins, where, params = narrowing(read, BY_NAME["sale_order"], places)
    rows = read.run(
        f"SELECT t.channel_id, t.currency, COUNT(*), {halves('l.price')} FROM sale_order t "  # noqa: S608 - names of ours, values are parameters
        f"JOIN order_line l ON l.order_id = t.id{joins} "
        "WHERE t.context_id IN (SELECT id FROM context) AND t.placed >= :start AND t.placed < :end "
        f"AND {where} GROUP BY 1, 2 ORDER BY 4 DESC, 5 DESC, 1, 2",
        start=to_ms(start), end=to_ms(end), **params,
    )  # fmt: skip
    return [Takings(channel, currency, int(number), summed(*amount)) for channel, currency, number, *amount in rows]


def sold_over_time(
    read: Read, places: tuple[str, ...] | None, performance_id: str, start: datetime, step: timedelta, count: int
) -> tuple[int, dict[int, int]]:
    """(places of a performance sold before `start`, those of each of `count` steps after it that has any)."""
    joins, where, params = narrowing(read, BY_NAME["sale_order"], places)
    # clock: it shows or measures, and decides about nothing that waits
    rows = read.run(
        "SELECT CASE WHEN t.placed < :start THEN -1 ELSE (t.placed - :start) / :step END, COUNT(*) "  # noqa: S608 - names of ours, values are parameters
        f"FROM sale_order t JOIN order_line l ON l.order_id = t.id{joins} "
        f"WHERE l.performance_id = :id AND t.placed < :until AND {where} GROUP BY 1",
        id=performance_id, start=to_ms(start), step=step // timedelta(milliseconds=1),
        until=to_ms(start + count * step), **params,
    )  # fmt: skip
    found = {int(at): int(number) for at, number in rows}
    return found.pop(-1, 0), found


def first_sold(read: Read, places: tuple[str, ...] | None, performance_id: str) -> datetime | None:
    """When the first place of a performance was sold that the asker may know of."""
    joins, where, params = narrowing(read, BY_NAME["sale_order"], places)
    ((first,),) = read.run(
        f"SELECT MIN(t.placed) FROM sale_order t JOIN order_line l ON l.order_id = t.id{joins} "  # noqa: S608 - names of ours, values are parameters
        f"WHERE l.performance_id = :id AND {where}",
        id=performance_id, **params,
    )  # fmt: skip
    return None if first is None else from_ms(first)


def takings_by(read: Read, places: tuple[str, ...] | None, performance_id: str) -> tuple[list[Takings], list[Takings]]:
    """What was sold of a performance, per channel and per tariff, the most first."""
    joins, where, params = narrowing(read, BY_NAME["sale_order"], places)
    by = []
    for named in ("t.channel_id", "l.tariff_id"):
        rows = read.run(
            f"SELECT {named}, t.currency, COUNT(*), {halves('l.price')} FROM sale_order t "  # noqa: S608 - names of ours, values are parameters
            f"JOIN order_line l ON l.order_id = t.id{joins} "
            f"WHERE l.performance_id = :id AND {where} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
            id=performance_id, **params,
        )  # fmt: skip
        by.append([Takings(what, currency, int(number), summed(*amount)) for what, currency, number, *amount in rows])
    return by[0], by[1]


def numbers_of(read: Read, entitlements: Sequence[str]) -> dict[str, str]:
    """The number of each one's newest ticket: by that people know it."""
    among, params = in_list("e", entitlements)
    rows = read.run(
        f"SELECT t.entitlement_id, MAX(t.number) FROM ticket t WHERE t.entitlement_id IN {among} AND NOT EXISTS "  # noqa: S608 - names of ours, values are parameters
        "(SELECT 1 FROM ticket n WHERE n.entitlement_id = t.entitlement_id AND n.serial > t.serial) "
        "GROUP BY t.entitlement_id",
        **params,
    )
    return {row[0]: row[1] for row in rows}


def numbers_on(read: Read, lines: Sequence[str]) -> dict[str, str]:
    """The number of the newest ticket of each line that has one."""
    among, params = in_list("l", [*lines, ""])
    rows = read.run(
        "SELECT e.line_id, MAX(t.number) FROM entitlement e JOIN ticket t ON t.entitlement_id = e.id "  # noqa: S608 - names of ours, values are parameters
        f"WHERE e.line_id IN {among} "
        "AND NOT EXISTS (SELECT 1 FROM ticket n WHERE n.entitlement_id = t.entitlement_id AND n.serial > t.serial) "
        "GROUP BY e.line_id",
        **params,
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class SoldIn:
    """What an order is for: its performances, how many tickets it has, the first one's number."""

    performances: tuple[str, ...]
    tickets: int
    first: str


def sold_in(read: Read, orders: Sequence[str]) -> dict[str, SoldIn]:
    """One look for a whole page of orders."""
    among, params = in_list("o", [*orders, ""])
    rows = read.run(
        "SELECT l.order_id, l.performance_id, COUNT(DISTINCT l.id), MIN(t.number) FROM order_line l "  # noqa: S608 - names of ours, values are parameters
        "LEFT JOIN entitlement e ON e.line_id = l.id LEFT JOIN ticket t ON t.entitlement_id = e.id "
        f"WHERE l.order_id IN {among} GROUP BY l.order_id, l.performance_id ORDER BY l.order_id, MIN(t.number)",
        **params,
    )
    found: dict[str, SoldIn] = {}
    for order_id, performance_id, n, first in rows:
        known = found.get(order_id, SoldIn((), 0, ""))
        found[order_id] = SoldIn((*known.performances, performance_id), known.tickets + n, known.first or first or "")
    return found
