"""Named reads of the places of a performance."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson

from central.catalogue.reads import on_sale_now, serves
from central.inventory.model import FREE, TAKEN, TAKEN_BY, AllocationState, Contingent, has_seat, taken_by
from central.kernel.columns import apart, columns
from central.kernel.contexts import PARENT, on_path
from central.kernel.db import in_list
from central.kernel.tx import Read
from central.pricing.reads import CELL, cells, prices_in, proofs_in
from shared.clock import to_ms
from shared.ids import Id
from shared.rules.pricing import Prices


@dataclass(frozen=True, slots=True)
class ForSale:
    """What is said of a place. `contingent_id` is empty hors contingent, `blocked` where it is not; `zones` are those
    that it opens, a bit each; `taken`: whether somebody has the seat, if only a hold that is over."""

    category_id: Id
    contingent_id: str
    blocked: str
    zones: int
    taken: bool


_SEAT = columns(
    ForSale,
    category_id="category_id",
    contingent_id="COALESCE(contingent_id, '')",
    blocked="blocked",
    zones="zones",
    taken=f"EXISTS (SELECT 1 FROM allocation a WHERE {has_seat('place.performance_id', 'place.seat_id')})",  # noqa: S608 - names of ours
)
_COUNTED = columns(
    ForSale,
    category_id="category_id",
    contingent_id="contingent_id",
    blocked="''",  # blocked places of a gauge are counted: take_counted refuses
    zones="zones",
    taken="1 = 0",
)


def places_called(read: Read, allocations: Sequence[str]) -> dict[str, str]:
    """What the place of each allocation is called, as its seat is: zone, row and number; of a counted one its zone."""
    among, params = in_list("a", allocations)
    rows = read.run(
        "SELECT a.id, z.name, COALESCE(s.row_name, ''), COALESCE(s.number, '') FROM allocation a "  # noqa: S608 - names of ours, values are parameters
        "LEFT JOIN physical_seat s ON s.id = a.seat_id LEFT JOIN gauge g ON g.id = a.gauge_id "
        f"JOIN physical_zone z ON z.id = COALESCE(s.zone_id, g.zone_id) WHERE a.id IN {among}",
        **params,
    )
    return {row_id: ", ".join(filter(None, words)) for row_id, *words in rows}


def taken_seats(read: Read, performance_id: str) -> dict[str, str]:
    """Seats that are not free → the state of who has them."""
    rows = read.run(
        f"SELECT seat_id, state FROM allocation WHERE performance_id = :id AND {TAKEN} AND seat_id IS NOT NULL",  # noqa: S608 - names of ours, values are parameters
        id=performance_id,
    )
    return dict(rows)


@dataclass(frozen=True, slots=True)
class PlacesCounted:
    """So many numbered places are alike. `contingent_id` is empty hors contingent, `state` where nobody has them."""

    category_id: Id
    contingent_id: str
    state: str
    blocked: int
    count: int


_ALIKE = columns(
    PlacesCounted,
    category_id="p.category_id",
    contingent_id="COALESCE(p.contingent_id, '')",
    state="COALESCE(a.state, '')",
    blocked="CASE WHEN p.blocked = '' THEN 0 ELSE 1 END",
    count="COUNT(*)",
)


def places_counted(read: Read, performance_id: str) -> list[PlacesCounted]:
    """A performance's, counted where they lie."""
    rows = read.run(
        f"SELECT {_ALIKE} FROM place p {TAKEN_BY} WHERE p.performance_id = :id GROUP BY 1, 2, 3, 4",  # noqa: S608 - names of ours, values are parameters
        id=performance_id,
    )
    return [PlacesCounted(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PlaceNow:
    """A numbered place as it stands. `contingent_id` is empty hors contingent, `blocked` where it is not; `quality`
    None: as the hall is drawn."""

    seat_id: Id
    category_id: Id
    contingent_id: str
    blocked: str
    quality: int | None


_NOW = columns(
    PlaceNow,
    seat_id="seat_id",
    category_id="category_id",
    contingent_id="COALESCE(contingent_id, '')",
    blocked="blocked",
    quality="quality",
)


def places_of(read: Read, performance_id: str) -> list[PlaceNow]:
    rows = read.run(f"SELECT {_NOW} FROM place WHERE performance_id = :id", id=performance_id)  # noqa: S608 - names of ours, values are parameters
    return [PlaceNow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PlaceStanding(PlaceNow):
    """And whether anybody has it."""

    taken: bool

    @property
    def is_free(self) -> bool:
        return not self.blocked and not self.taken


_STANDING = columns(
    PlaceStanding,
    seat_id="p.seat_id",
    category_id="p.category_id",
    contingent_id="COALESCE(p.contingent_id, '')",
    blocked="p.blocked",
    quality="p.quality",
    taken="a.id IS NOT NULL",
)


def seats_now(read: Read, performance_id: str, seats: Sequence[str]) -> list[PlaceStanding]:
    among, params = in_list("s", seats)
    rows = read.run(
        f"SELECT {_STANDING} FROM place p {TAKEN_BY} WHERE p.performance_id = :id AND p.seat_id IN {among}",  # noqa: S608 - names of ours, values are parameters
        id=performance_id,
        **params,
    )
    return [PlaceStanding(*row) for row in rows]


def taken_at(read: Read, performance_id: str, at: datetime) -> dict[str, str]:
    """As `taken_seats`, at a moment: allocations of now, with what the audit says was done to them later taken back."""
    rows = read.run(
        "SELECT id, seat_id, state FROM allocation WHERE performance_id = :id AND seat_id IS NOT NULL",
        id=performance_id,
    )
    states: dict[str, str | None] = {allocation: state for allocation, _, state in rows}
    # clock: it shows or measures, and decides about nothing that waits
    for allocation, action, change in read.run(
        "SELECT u.entity_id, u.action, u.change FROM allocation a JOIN audit u ON u.entity_id = a.id "
        "JOIN command_log l ON l.id = u.command_id WHERE a.performance_id = :id AND u.entity = 'allocation' "
        "AND l.at > :at ORDER BY l.at DESC, u.n DESC",
        at=to_ms(at), id=performance_id,
    ):  # fmt: skip
        if action == "created":
            states[allocation] = None
        elif action == "changed" and (was := orjson.loads(change).get("state")):
            states[allocation] = str(was[0])
    found = ((seat, states[allocation]) for allocation, seat, _ in rows)
    return {seat: state for seat, state in found if state and state != AllocationState.RELEASED}


def seats_gone(read: Read, performance_id: str) -> list[bool]:
    """Of each seat of the hall, in its order, whether it cannot be had: taken, blocked, or no place here."""
    rows = read.run(
        f"SELECT p.id IS NOT NULL AND {FREE} FROM performance f "  # noqa: S608 - names of ours, values are parameters
        "JOIN logical_configuration l ON l.id = f.logical_configuration_id "
        "JOIN physical_seat s ON s.configuration_id = l.physical_configuration_id "
        "LEFT JOIN place p ON p.performance_id = f.id AND p.seat_id = s.id "
        f"{taken_by('f.id', 's.id')} "
        "WHERE f.id = :id ORDER BY s.position",
        id=performance_id,
    )
    return [not row[0] for row in rows]


def categories_used(read: Read, performance_id: str) -> frozenset[str]:
    """Of its numbered places."""
    rows = read.run("SELECT DISTINCT category_id FROM place WHERE performance_id = :id", id=performance_id)
    return frozenset(row[0] for row in rows)


def places_sold(read: Read, performance_id: str) -> int:
    ((sold,),) = read.run(
        "SELECT COALESCE(SUM(sold), 0) FROM place_count WHERE performance_id = :id", id=performance_id
    )
    return int(sold)


def seats_for_sale(read: Read, performance_id: Id, seats: Sequence[Id]) -> dict[Id, ForSale]:
    return _for_sale(read, f"SELECT seat_id, {_SEAT} FROM place", "seat_id", performance_id, seats)  # noqa: S608 - names of ours, values are parameters


def counted_for_sale(read: Read, performance_id: Id, gauges: Sequence[Id]) -> dict[Id, ForSale]:
    return _for_sale(read, f"SELECT id, {_COUNTED} FROM gauge", "id", performance_id, gauges)  # noqa: S608 - names of ours, values are parameters


def _for_sale(read: Read, select: str, key: str, performance_id: Id, ids: Sequence[Id]) -> dict[Id, ForSale]:
    if not ids:
        return {}
    among, params = in_list("p", ids)
    where = f"WHERE performance_id = :performance AND {key} IN {among}"
    rows = read.run(f"{select} {where}", performance=performance_id, **params)
    return {place_id: ForSale(*facts) for place_id, *facts in rows}


_IN_CONTINGENT = {
    "place": "SELECT f.id FROM performance f "
    "WHERE EXISTS (SELECT 1 FROM place p WHERE p.performance_id = f.id AND p.contingent_id = :id)",
    "gauge": "SELECT DISTINCT performance_id FROM gauge WHERE contingent_id = :id AND capacity > 0",
    "logical_seat": "SELECT DISTINCT configuration_id FROM logical_seat WHERE contingent_id = :id",
    "logical_gauge": "SELECT DISTINCT configuration_id FROM logical_gauge WHERE contingent_id = :id AND capacity > 0",
}


def where_places_are_in(read: Read, contingent_id: str) -> dict[str, list[Id]]:
    """Per table the performances, or configurations, with places in a contingent: twenty of each at most."""
    return {
        table: [Id(row[0]) for row in read.run(f"{places} ORDER BY 1 LIMIT 20", id=contingent_id)]
        for table, places in _IN_CONTINGENT.items()
    }


def contingents(read: Read, contexts: Sequence[str] = (), used: Collection[str] = ()) -> list[Contingent]:
    """Those that stand in these contexts (a path: what may be chosen there), and these, by code."""
    where, params = on_path(contexts, used)
    return read.find(Contingent, f"WHERE {where} ORDER BY code, id", **params)


def hold_context(read: Read, hold_id: str) -> str | None:
    """Where it is sold, which is not where its performance stands."""
    row = read.one(
        "SELECT s.context_id FROM hold h JOIN point_of_sale s ON s.id = h.point_of_sale_id WHERE h.id = :id", id=hold_id
    )
    return str(row[0]) if row else None


# --- where it is sold -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SellingTerms:
    """Point of sale, channel, performance and prices (of the tariffs that were asked for) in one look. `proofs`: those
    of them that ask for a proof at the gate."""

    organiser: Id
    organiser_code: str
    channel: Id
    point_active: bool
    channel_active: bool
    most: int
    contingents: str
    uncontingented: bool
    hold_minutes: int
    hold_most_minutes: int
    state: str
    sell_until: int
    closes: int
    site: str
    vat_bp: int
    grid: str
    currency: str
    prices: Prices = field(default_factory=dict, kw_only=True)
    proofs: frozenset[Id] = field(default=frozenset(), kw_only=True)
    sold_here: bool = field(default=False, kw_only=True)


_TERMS = columns(
    SellingTerms,
    organiser="s.context_id",
    organiser_code="o.code",
    channel="c.id",
    point_active="s.active",
    channel_active="c.active",
    most="c.max_places",
    contingents="c.contingents",
    uncontingented="c.uncontingented",
    hold_minutes="c.hold_minutes",
    hold_most_minutes="c.hold_most_minutes",
    state="p.state",
    sell_until="p.sell_until",
    closes="p.closes",
    site="p.site_id",
    vat_bp="e.vat_bp",
    grid="g.id",
    currency="g.currency",
)


def terms_at(read: Read, point_of_sale_id: Id, performance_id: Id, tariffs: Collection[Id]) -> SellingTerms | None:
    """None: there is no such point of sale."""
    with_prices, params = cells(tariffs)
    rows = read.run(
        f"SELECT {_TERMS}, {CELL} FROM point_of_sale s JOIN channel c ON c.id = s.channel_id "  # noqa: S608 - names of ours, values are parameters
        "JOIN context o ON o.id = s.context_id "
        "LEFT JOIN performance p ON p.id = :performance LEFT JOIN event e ON e.id = p.event_id "
        f"LEFT JOIN price_grid g ON g.id = p.price_grid_id {with_prices} WHERE s.id = :id",
        id=point_of_sale_id,
        performance=performance_id,
        **params,
    )
    if not rows:
        return None
    found = apart(SellingTerms, rows)
    facts, _ = found[0]
    of_cells = [each for _, each in found]
    terms = SellingTerms(*facts, prices=prices_in(of_cells), proofs=proofs_in(of_cells))
    return replace(terms, sold_here=serves(read, terms.organiser, performance_id))


# --- what comes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coming:
    """A release rule that has not fired yet for a performance; `at` in milliseconds since 1970 UTC."""

    rule_id: Id
    performance_id: Id
    contingent_id: Id
    to_contingent_id: Id | None
    at: int


_COMING = columns(
    Coming, rule_id="r.id", performance_id="p.id", contingent_id="r.contingent_id",
    to_contingent_id="r.to_contingent_id", at="COALESCE(r.at, p.starts - r.before_s * 1000)",
)  # fmt: skip


_PATH = (
    "JOIN context c0 ON c0.id = p.context_id LEFT JOIN context c1 ON c1.id = c0.parent_id "
    "LEFT JOIN context c2 ON c2.id = c1.parent_id LEFT JOIN context c3 ON c3.id = c2.parent_id "
)
"""Of a performance's context and all above it: there are four kinds, one below the other. A recursion would walk the
whole tree, with everything that neighbours have in it."""
_ON_IT = "IN (c0.id, c1.id, c2.id, c3.id)"
assert len(PARENT) == 4, "each has its place in both"


def not_fired(read: Read, below: str, until: datetime, most: int, only: tuple[Id, Id] | None = None) -> list[Coming]:
    """What fires until then of performances at this context or under it that are not over and have places in the rule's
    contingent: the first ones, rule by rule, of each those that begin first. `only`: of this rule and performance."""
    # clock: a day that people or the law set; what is final of it waits for a steady clock
    rows = read.run(
        f"SELECT DISTINCT {_COMING}, r.code, p.starts FROM performance p "  # noqa: S608 - names of ours
        "JOIN place_count n ON n.performance_id = p.id "  # a count for each category
        f"JOIN release_rule r ON r.contingent_id = n.contingent_id {_PATH}"
        f"WHERE p.closes > :now AND r.active = 1 {'AND r.id = :rule AND p.id = :performance ' if only else ''}"
        f"AND r.context_id {_ON_IT} AND :below {_ON_IT} "
        "AND COALESCE(r.performance_id, p.id) = p.id AND COALESCE(r.event_id, p.event_id) = p.event_id "
        "AND COALESCE(r.at, p.starts - r.before_s * 1000) <= :until AND NOT EXISTS "
        "(SELECT 1 FROM release_firing f WHERE f.rule_id = r.id AND f.performance_id = p.id) "
        "ORDER BY r.code, r.id, p.starts, p.id LIMIT :most",
        now=to_ms(read.now), below=below, until=to_ms(until), most=most,
        **(dict(zip(("rule", "performance"), only, strict=True)) if only else {}),
    )  # fmt: skip
    return [Coming(*facts) for facts, _ in apart(Coming, rows)]


def large_halls(read: Read, least: int, most: int) -> list[Id]:
    """Performances on sale with so many places at least, the next first."""
    sold = [each.id for each in on_sale_now(read)]
    if not sold:
        return []
    among, params = in_list("p", sold)
    rows = read.run(
        f"SELECT performance_id FROM place_count WHERE performance_id IN {among} "  # noqa: S608 - names of ours, values are parameters
        "GROUP BY performance_id HAVING SUM(capacity) >= :least",
        least=least,
        **params,
    )
    large = {row[0] for row in rows}
    return [each for each in sold if each in large][:most]
