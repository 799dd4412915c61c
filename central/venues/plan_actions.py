"""Actions on the plan of a physical and of a logical configuration (docs/spec/venues.md, Actions on a plan). Each works
on a selection, is one entry in the plan's history, and answers with what it left as it was. Blocks and contingents are
inventory/plan_actions.py's; undo, carrying over, and the same for a performance are programme/plan_actions.py's.

A seat that is invalid keeps its category, contingent, block and order in every logical configuration: it is only not
there. So "invalidate and remember" needs no memory of its own, and revalidating gives everything back.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from central.kernel.columns import columns
from central.kernel.entity import ENTITIES, Between, Reach, Ref
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.venues.companions import Nearest, Spot
from central.venues.history import (
    Changes,
    SeatChange,
    SeatField,
    changed,
)
from central.venues.model import (
    LogicalCategory,
    LogicalConfiguration,
    NoAct,
    PhysicalConfiguration,
    PhysicalSeat,
    PlanAct,
    PlanTarget,
    SeatOrder,
    VenuesPrivilege,
)
from central.venues.plan_act import (
    ActOnPlan,
    PlanInHand,
    carried_out,
    to_categorise,
    to_order,
)
from central.venues.plan_tables import (
    Acted,
    LeftPlace,
    left_places,
    logical_table,
    physical_table,
    save_logical,
    save_physical,
)
from central.venues.rules import there
from central.venues.selection import Chosen, Selection, Table
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

Physical = Annotated[Id, Ref("physical_configuration")]
Logical = Annotated[Id, Ref("logical_configuration")]


# --- physical: seats that are there, and what they are ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidateSeats:
    """Seats that are gone for good (a broken chair), with the reason. A seat that a logical configuration has in a
    contingent is refused; with `remember` it goes all the same, and contingent and history come back with it."""

    configuration_id: Physical
    selection: Selection
    why: str
    remember: bool = False


@handles(
    InvalidateSeats,
    needs=VenuesPrivilege.VENUE_MODIFY,
    refuses=(NoAct,),
    gives=Acted,
)
def invalidate_seats(tx: Tx, want: InvalidateSeats) -> Outcome[Acted]:
    if not want.why.strip():
        return Refused(NoAct.NO_REASON, fix="why")

    def decide(table: Table, chosen: Chosen) -> Changes | Refused:
        valid = [n for n in chosen.seats if not table.values[SeatField.INVALID][n]]
        if not want.remember and (held := _with_contingent(tx, want.configuration_id, table, valid)):
            names = [place.seat_id for place in held[:20]]
            detail = {"count": len(held), "seats": names, "places": [f"{p.zone} {p.row} {p.number}" for p in held[:20]]}
            return Refused(NoAct.HAS_CONTINGENT, fix="remember", detail=detail)
        return Changes(changed(table, valid, SeatField.INVALID, want.why.strip()))

    what = {"remember": "yes"} if want.remember else {}
    act = ActOnPlan(PlanAct.INVALIDATE, decide, want.why.strip(), what)
    return _on_physical(tx, want.configuration_id, want.selection, act)


def _with_contingent(tx: Tx, configuration_id: str, table: Table, seats: list[int]) -> list[LeftPlace]:
    held = {
        seat
        for (seat,) in tx.run(
            "SELECT DISTINCT v.seat_id FROM logical_configuration l JOIN logical_seat v ON v.configuration_id = l.id "
            "WHERE l.physical_configuration_id = :id AND v.contingent_id IS NOT NULL",
            id=configuration_id,
        )
    }
    return left_places(table, [(n, "contingent") for n in seats if table.ids[n] in held])


@dataclass(frozen=True, slots=True, kw_only=True)
class RevalidateSeats:
    """Seats that can be used again; what a logical configuration knew of them is as it was."""

    configuration_id: Physical
    selection: Selection
    why: str = ""


@handles(
    RevalidateSeats,
    needs=VenuesPrivilege.VENUE_MODIFY,
    refuses=(NoAct,),
    gives=Acted,
)
def revalidate_seats(tx: Tx, want: RevalidateSeats) -> Outcome[Acted]:
    def decide(table: Table, chosen: Chosen) -> Changes:
        return Changes(changed(table, chosen.seats, SeatField.INVALID, ""))

    act = ActOnPlan(PlanAct.REVALIDATE, decide, want.why.strip())
    return _on_physical(tx, want.configuration_id, want.selection, act)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeSeats:
    """What seats are: wheelchair place, companion's seat, restricted view. What is left out stays as it is."""

    configuration_id: Physical
    selection: Selection
    wheelchair: bool | None = None
    companion: bool | None = None
    restricted: bool | None = None
    why: str = ""


@handles(
    DescribeSeats,
    needs=VenuesPrivilege.VENUE_MODIFY,
    refuses=(NoAct,),
    gives=Acted,
)
def describe_seats(tx: Tx, want: DescribeSeats) -> Outcome[Acted]:
    said = {
        SeatField.WHEELCHAIR: want.wheelchair,
        SeatField.COMPANION: want.companion,
        SeatField.RESTRICTED: want.restricted,
    }
    wanted = {field: value for field, value in said.items() if value is not None}

    def decide(table: Table, chosen: Chosen) -> Changes:
        parts: list[SeatChange] = []
        for field, value in wanted.items():
            parts += changed(table, chosen.seats, field, value)
        return Changes(tuple(parts))

    what = {str(field): "yes" if value else "no" for field, value in wanted.items()}
    act = ActOnPlan(PlanAct.ATTRIBUTE, decide, want.why.strip(), what)
    done = _on_physical(tx, want.configuration_id, want.selection, act)
    if isinstance(done, Ok) and done.value.places:
        pair_companions(tx, want.configuration_id)
    return done


@dataclass(frozen=True, slots=True)
class _Mate:
    """A seat that is for a wheelchair, or for who comes with one."""

    id: str
    zone_id: str
    x: float
    y: float
    wheelchair: int
    companion: int
    companion_of: str | None


_MATE = columns(
    _Mate, id="id", zone_id="zone_id", x="x", y="y", wheelchair="wheelchair", companion="companion",
    companion_of="companion_of",
)  # fmt: skip


def pair_companions(tx: Tx, configuration_id: str) -> None:
    """Each companion's seat belongs to the wheelchair place that is nearest to it in its zone."""
    rows = tx.run(
        f"SELECT {_MATE} FROM physical_seat "  # noqa: S608 - names of ours
        "WHERE configuration_id = :id AND (wheelchair = 1 OR companion = 1 OR companion_of IS NOT NULL)",
        id=configuration_id,
    )
    seats = [_Mate(*row) for row in rows]
    chairs: dict[str, list[Spot]] = {}
    for seat in seats:
        if seat.wheelchair:
            chairs.setdefault(seat.zone_id, []).append((seat.x, seat.y, seat.id))
    nearest = {zone: Nearest(spots) for zone, spots in chairs.items()}
    names, moved = ENTITIES[PhysicalSeat].names, list[dict[str, Any]]()
    for seat in seats:
        mate = nearest[seat.zone_id].of(seat.x, seat.y) if seat.companion and seat.zone_id in nearest else None
        if mate != seat.companion_of:
            moved.append({"mate": mate, "id": seat.id})
    before, field = tx.rows_of(PhysicalSeat, [each["id"] for each in moved]), names.index("companion_of")
    # log: it hears of it by `Tx.rewritten`
    tx.write_many("UPDATE physical_seat SET companion_of = :mate WHERE id = :id", moved)
    was = [(before[each["id"]], each["mate"]) for each in moved]
    tx.rewritten(PhysicalSeat, [(row, (*row[:field], mate, *row[field + 1 :])) for row, mate in was])


def _on_physical(tx: Tx, configuration_id: Id, selection: Selection, act: ActOnPlan) -> Outcome[Acted]:
    if tx.get(PhysicalConfiguration, configuration_id) is None:
        return Refused(NoAct.NO_SUCH_PLAN, fix="configuration_id")
    table = physical_table(tx, configuration_id, selection)
    plan = PlanInHand(
        PlanTarget.PHYSICAL, configuration_id, table,
        there=_seats_of, save=lambda changes: save_physical(tx, changes, table),
    )  # fmt: skip
    return carried_out(tx, plan, selection, act)


def _seats_of(chosen: Chosen) -> tuple[Chosen, list[LeftPlace]] | Refused:
    return (chosen, []) if chosen.seats else Refused(NoAct.EMPTY, fix="selection")


# --- logical: how the places are sold --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignLogicalCategory:
    """Seats into a category; a counted zone has exactly one, so it is assigned as a whole. A category serves either
    counted zones or seats of the plan, never both."""

    configuration_id: Logical
    category_id: Annotated[Id, Ref("seat_category")]
    selection: Selection
    why: str = ""


@handles(
    AssignLogicalCategory,
    needs=VenuesPrivilege.VENUE_MODIFY,
    at="configuration_id",
    refuses=(NoAct,),
    gives=Acted,
)
def assign_logical_category(tx: Tx, want: AssignLogicalCategory) -> Outcome[Acted]:
    act = to_categorise(tx, want.category_id, want.why)
    done = on_logical(tx, want.configuration_id, want.selection, act)
    if isinstance(done, Ok):
        if twice := category_twice(tx, want.configuration_id):
            return twice
        pick_categories(tx, want.configuration_id)
    return done


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLogicalSeats:
    """In which order seats are proposed. `first_zones` come before the others, in this order."""

    configuration_id: Logical
    selection: Selection
    order: SeatOrder
    first_zones: Annotated[tuple[Annotated[Id, Ref("physical_zone"), Reach.WITHIN], ...], Between(most=1_000)] = ()
    why: str = ""


@handles(
    OrderLogicalSeats,
    needs=VenuesPrivilege.VENUE_MODIFY,
    refuses=(NoAct,),
    gives=Acted,
)
def order_logical_seats(tx: Tx, want: OrderLogicalSeats) -> Outcome[Acted]:
    act = to_order(want.order, want.first_zones, want.why)
    return on_logical(tx, want.configuration_id, want.selection, act)


def on_logical(tx: Tx, configuration_id: Id, selection: Selection, act: ActOnPlan | Refused) -> Outcome[Acted]:
    if isinstance(act, Refused):
        return act
    logical = tx.get(LogicalConfiguration, configuration_id)
    if logical is None:
        return Refused(NoAct.NO_SUCH_PLAN, fix="configuration_id")
    table = logical_table(tx, logical, selection)
    plan = PlanInHand(
        PlanTarget.LOGICAL, logical.id, table,
        there=lambda chosen: there(table, chosen), save=lambda changes: save_logical(tx, logical.id, changes, table),
    )  # fmt: skip
    return carried_out(tx, plan, selection, act)


# --- categories of a configuration ------------------------------------------------------------------------------------


def category_twice(tx: Tx, configuration_id: str) -> Refused | None:
    """A seat category may not serve both a counted zone and seats of the plan (docs/spec/venues.md, Actions
    on a plan)."""
    both = tx.run(
        "SELECT z.category_id, p.name FROM logical_zone z JOIN physical_zone p ON p.id = z.zone_id "
        "WHERE z.configuration_id = :id AND EXISTS (SELECT 1 FROM logical_seat s "
        "WHERE s.configuration_id = z.configuration_id AND s.category_id = z.category_id) ORDER BY p.name",
        id=configuration_id,
    )
    if not both:
        return None
    detail = {"category_id": both[0][0], "zones": [name for _, name in both]}
    return Refused(NoAct.CATEGORY_TWICE, fix=both[0][0], detail=detail)


def pick_categories(tx: Tx, configuration_id: Id) -> None:
    """A category that is used is picked."""
    for (category,) in tx.run(
        "SELECT category_id FROM logical_seat WHERE configuration_id = :id AND category_id IS NOT NULL UNION "
        "SELECT category_id FROM logical_zone WHERE configuration_id = :id AND category_id IS NOT NULL ORDER BY 1",
        id=configuration_id,
    ):
        tx.insert_if_absent(
            LogicalCategory(
                id=tx.new_id("picked", configuration_id, category),
                configuration_id=configuration_id,
                category_id=category,
            )
        )
