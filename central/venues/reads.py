"""Named reads of halls: how one is built, how it is sold, and what was done to its plan."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from central.kernel.columns import columns
from central.kernel.contexts import on_path
from central.kernel.db import in_list
from central.kernel.tx import Read
from central.venues.history import SeatField
from central.venues.model import (
    LogicalConfiguration,
    PhysicalSeat,
    PhysicalZone,
    PlanAction,
    PlanState,
    SeatCategory,
    Site,
)
from shared.ids import Id

AT_ONCE = 500  # ids in one statement

# --- as it is built ---------------------------------------------------------------------------------------------------


def validated_halls(read: Read, contexts: Sequence[str], first: str = "", most: int = 1) -> list[Id]:
    """Those of the sites that stand in these contexts, at most `most`: `first`, then the oldest."""
    inside, params = in_list("at", contexts)
    rows = read.run(
        "SELECT c.id FROM physical_configuration c JOIN space s ON s.id = c.space_id JOIN site i ON i.id = s.site_id "  # noqa: S608 - parameters
        f"WHERE c.state = '{PlanState.VALIDATED}' AND i.context_id IN {inside} "
        "ORDER BY CASE WHEN c.id = :first THEN 0 ELSE 1 END, c.id LIMIT :most",
        **params, first=first, most=most,
    )  # fmt: skip
    return [Id(row[0]) for row in rows]


def zones_built(read: Read, physical_id: str) -> list[PhysicalZone]:
    """By name."""
    return read.find(PhysicalZone, "WHERE configuration_id = :id ORDER BY name", id=physical_id)


def whole_seats(read: Read, physical_id: str) -> list[PhysicalSeat]:
    """With all that a plan says of them, in its order; `seats_built` is lighter."""
    return read.find(PhysicalSeat, "WHERE configuration_id = :id ORDER BY position", id=physical_id)


@dataclass(frozen=True, slots=True)
class ZoneStretch:
    """Where a zone's numbered places begin and end in the plan's order, and how many they are."""

    zone_id: Id
    first: int
    last: int
    places: int


_STRETCH = columns(
    ZoneStretch, zone_id="zone_id", first="MIN(position)", last="MAX(position)", places="COUNT(*)"
)  # fmt: skip


def zone_stretches(read: Read, physical_id: str) -> list[ZoneStretch]:
    """In the plan's order."""
    rows = read.run(
        f"SELECT {_STRETCH} FROM physical_seat WHERE configuration_id = :id GROUP BY zone_id ORDER BY MIN(position)",  # noqa: S608 - names of ours
        id=physical_id,
    )
    return [ZoneStretch(*row) for row in rows]


def places_in_row(read: Read, zone_id: str, row: str) -> int:
    return int(
        read.run("SELECT COUNT(*) FROM physical_seat WHERE zone_id = :z AND row_name = :r", z=zone_id, r=row)[0][0]
    )


@dataclass(frozen=True, slots=True)
class Part:
    """What a plan calls a part of it, or the name of a counted zone."""

    name: str
    places: int
    numbered: bool


def parts_of(read: Read, physical_id: str) -> list[Part]:
    """In the plan's order, counted zones last."""
    seats = read.run(
        "SELECT category, COUNT(*) FROM physical_seat WHERE configuration_id = :id GROUP BY category "
        "ORDER BY MIN(position)",
        id=physical_id,
    )
    counted = read.run(
        "SELECT name, capacity FROM physical_zone WHERE configuration_id = :id AND numbered = 0 ORDER BY name",
        id=physical_id,
    )
    return [Part(name, n, True) for name, n in seats] + [Part(name, n, False) for name, n in counted]


@dataclass(frozen=True, slots=True)
class BuiltSeat:
    seat_id: Id
    zone_id: str
    row: str
    x: float
    y: float
    quality: int
    wheelchair: bool
    companion: bool
    aisle: bool


_BUILT = columns(
    BuiltSeat,
    seat_id="id",
    zone_id="zone_id",
    row="row_name",
    x="x",
    y="y",
    quality="quality",
    wheelchair="wheelchair",
    companion="companion",
    aisle="aisle",
)


def seats_built(read: Read, physical_id: str) -> list[BuiltSeat]:
    """In the plan's order."""
    rows = read.run(
        f"SELECT {_BUILT} FROM physical_seat WHERE configuration_id = :id ORDER BY position",  # noqa: S608 - names of ours
        id=physical_id,
    )
    return [BuiltSeat(*row) for row in rows]


def look_of_hall(read: Read, physical_id: str) -> tuple[Any, ...]:
    """Sums that differ where seats do: a validated hall does not change, and this says so."""
    return read.run(
        "SELECT COUNT(*), SUM(x), SUM(y), SUM(quality), SUM(wheelchair), SUM(companion), SUM(aisle) "
        "FROM physical_seat WHERE configuration_id = :id",
        id=physical_id,
    )[0]


def seats_in_order(read: Read, physical_id: str) -> list[Id]:
    rows = read.run("SELECT id FROM physical_seat WHERE configuration_id = :id ORDER BY position", id=physical_id)
    return [row[0] for row in rows]


def seats_counted(read: Read, physical_id: str) -> list[tuple[bool, int]]:
    """(out of order, how many) of a hall's seats, counted where they lie."""
    sql = "SELECT invalid <> '', COUNT(*) FROM physical_seat WHERE configuration_id = :id GROUP BY 1"
    return [(bool(invalid), count) for invalid, count in read.run(sql, id=physical_id)]


@dataclass(frozen=True, slots=True)
class SeatsCounted:
    """So many seats of a configuration are alike. `contingent_id` is empty hors contingent."""

    category_id: Id | None
    contingent_id: str
    blocked: bool
    invalid: bool
    count: int


_COUNTED = columns(
    SeatsCounted,
    category_id="v.category_id",
    contingent_id="COALESCE(v.contingent_id, '')",
    blocked="CASE WHEN v.blocked = '' THEN 0 ELSE 1 END",
    invalid="CASE WHEN s.invalid = '' THEN 0 ELSE 1 END",
    count="COUNT(*)",
)


def logical_seats_counted(read: Read, logical: LogicalConfiguration) -> list[SeatsCounted]:
    """A stadium's 100,000 as a few rows."""
    rows = read.run(
        f"SELECT {_COUNTED} FROM logical_seat v JOIN physical_seat s ON s.id = v.seat_id "  # noqa: S608 - names of ours
        "WHERE v.configuration_id = :id GROUP BY 1, 2, 3, 4",
        id=logical.id,
    )
    return [SeatsCounted(*row) for row in rows]


def positions_of(read: Read, seats: Sequence[str]) -> set[int]:
    found: set[int] = set()
    for at in range(0, len(seats), AT_ONCE):
        among, params = in_list("s", seats[at : at + AT_ONCE])
        found.update(row[0] for row in read.run(f"SELECT position FROM physical_seat WHERE id IN {among}", **params))  # noqa: S608 - names of ours
    return found


def marks_of(read: Read, physical_id: str) -> dict[int, int]:
    """By position, of seats that have any: 1 wheelchair, 2 companion, 4 aisle, 8 restricted view."""
    return dict(
        read.run(
            "SELECT position, wheelchair + 2 * companion + 4 * aisle + 8 * restricted FROM physical_seat "
            "WHERE configuration_id = :id AND (wheelchair = 1 OR companion = 1 OR aisle = 1 OR restricted = 1)",
            id=physical_id,
        )
    )


def entrances_of(read: Read, physical_id: str) -> dict[str, list[str]]:
    """Of each zone, in the order of their codes."""
    served: dict[str, list[str]] = {}
    for zone, entrance in read.run(
        "SELECT t.zone_id, t.entrance_id FROM zone_entrance t JOIN physical_zone z ON z.id = t.zone_id "
        "JOIN entrance e ON e.id = t.entrance_id WHERE z.configuration_id = :id ORDER BY e.code",
        id=physical_id,
    ):
        served.setdefault(zone, []).append(entrance)
    return served


# --- as it is sold ----------------------------------------------------------------------------------------------------


def first_validated(read: Read, context_id: str) -> LogicalConfiguration | None:
    """The oldest that stands in this context itself."""
    found = read.find(
        LogicalConfiguration, "WHERE context_id = :at AND state = :validated ORDER BY id LIMIT 1",
        at=context_id, validated=PlanState.VALIDATED,
    )  # fmt: skip
    return found[0] if found else None


def categories_by_rank(read: Read, contexts: Sequence[str] = (), used: Collection[str] = ()) -> list[SeatCategory]:
    """The seat categories that stand in these contexts (a path: what may be chosen there), and these, dearest first."""
    where, params = on_path(contexts, used)
    return read.find(SeatCategory, f"WHERE {where} ORDER BY rank, code, id", **params)


@dataclass(frozen=True, slots=True)
class SoldSeat:
    """A seat that is there, as a logical configuration sells it; `zones` those that it opens, a bit each."""

    seat_id: Id
    category_id: Id
    contingent_id: Id | None
    blocked: str
    zones: int
    quality: int | None


_SOLD = columns(
    SoldSeat,
    seat_id="l.seat_id",
    category_id="l.category_id",
    contingent_id="l.contingent_id",
    blocked="l.blocked",
    zones="z.control",
    quality="l.quality",
)


def seats_sold_as(read: Read, logical_id: str) -> list[SoldSeat]:
    """In the plan's order, without those that are invalid."""
    rows = read.run(
        f"SELECT {_SOLD} FROM logical_seat l JOIN physical_seat p ON p.id = l.seat_id "  # noqa: S608 - names of ours
        "JOIN physical_zone z ON z.id = p.zone_id WHERE l.configuration_id = :id AND p.invalid = '' "
        "ORDER BY p.position",
        id=logical_id,
    )
    return [SoldSeat(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class SoldShare:
    """A counted zone's share of a contingent (empty: hors contingent)."""

    zone_id: Id
    category_id: Id
    contingent_id: str
    capacity: int
    blocked: int
    zones: int


_SHARE = columns(
    SoldShare,
    zone_id="g.zone_id",
    category_id="z.category_id",
    contingent_id="g.contingent_id",
    capacity="g.capacity",
    blocked="g.blocked",
    zones="p.control",
)


def shares_sold_as(read: Read, logical_id: str) -> list[SoldShare]:
    rows = read.run(
        f"SELECT {_SHARE} FROM logical_gauge g "  # noqa: S608 - names of ours
        "JOIN logical_zone z ON z.configuration_id = g.configuration_id AND z.zone_id = g.zone_id "
        "JOIN physical_zone p ON p.id = g.zone_id WHERE g.configuration_id = :id ORDER BY g.zone_id, g.contingent_id",
        id=logical_id,
    )
    return [SoldShare(*row) for row in rows]


def categories_sold(read: Read, context_id: str) -> dict[Id, str]:
    """The categories that the halls sold in a context have, with their codes, in the order of these."""
    return dict(
        read.run(
            "SELECT DISTINCT c.id, c.code FROM logical_category l "
            "JOIN logical_configuration f ON f.id = l.configuration_id "
            "JOIN seat_category c ON c.id = l.category_id WHERE f.context_id = :at ORDER BY c.code",
            at=context_id,
        )
    )


@dataclass(frozen=True, slots=True)
class CategoryShown:
    """A seat category as a logical configuration shows it; `names` are JSON."""

    id: Id
    code: str
    names: str
    colour: str
    options: bool


_SHOWN = columns(
    CategoryShown,
    id="c.id",
    code="c.code",
    names="c.names",
    colour="COALESCE(NULLIF(l.colour, ''), c.colour)",
    options="COALESCE(l.options, 1)",
)


def categories_shown(read: Read, logical_id: str, used: Sequence[str]) -> list[CategoryShown]:
    """Those that it picks, and these, dearest first."""
    among, params = in_list("c", used)
    rows = read.run(
        f"SELECT {_SHOWN} FROM seat_category c "  # noqa: S608 - names of ours
        "LEFT JOIN logical_category l ON l.category_id = c.id AND l.configuration_id = :logical "
        f"WHERE l.id IS NOT NULL {f'OR c.id IN {among}' if used else ''} ORDER BY c.rank, c.code",
        logical=logical_id,
        **params,
    )
    return [CategoryShown(*row) for row in rows]


# --- what was done to a plan ------------------------------------------------------------------------------------------


def actions_before(read: Read, target_id: str, before: int, most: int) -> list[PlanAction]:
    """On a plan, below a version (0: all), newest first."""
    return read.find(  # clock: it shows or measures, and decides about nothing that waits
        PlanAction, "WHERE target_id = :id AND (:before = 0 OR version < :before) ORDER BY version DESC LIMIT :most",
        id=target_id, before=before, most=most,
    )  # fmt: skip


def actions_since(read: Read, target_id: str, version: int, most: int) -> list[PlanAction]:
    """On a plan, above a version, oldest first."""
    return read.find(
        PlanAction, "WHERE target_id = :id AND version > :version ORDER BY version LIMIT :most",
        id=target_id, version=version, most=most,
    )  # fmt: skip


def actions_behind(read: Read, target_id: str, version: int, most: int) -> list[int]:
    """How many places each action on a plan above a version touched, oldest first: without what it did."""
    sql = "SELECT places FROM plan_action WHERE target_id = :id AND version > :version ORDER BY version LIMIT :most"
    return [row[0] for row in read.run(sql, id=target_id, version=version, most=most)]


def actions_on(read: Read, target_id: str, field: SeatField) -> list[PlanAction]:
    """On a plan, that changed this field of seats, newest first."""
    return read.find(
        PlanAction, "WHERE target_id = :id AND changes LIKE :named ORDER BY version DESC",
        id=target_id, named=f'%"{field}"%',
    )  # fmt: skip


# --- sites ------------------------------------------------------------------------------------------------------------


def all_sites(read: Read) -> list[Site]:
    """The oldest first."""
    return read.find(Site, "ORDER BY id")


def timezones_of_sites(read: Read) -> list[str]:
    """Of all sites, each once."""
    return [zone for (zone,) in read.run("SELECT DISTINCT timezone FROM site ORDER BY timezone")]


def sites_in(zones: Sequence[str]) -> str:
    """For a statement: the ids of the sites in these time zones, which are given as it writes parameters."""
    return f"SELECT id FROM site WHERE timezone IN ({', '.join(zones)})"  # noqa: S608 - names of ours, values are parameters
