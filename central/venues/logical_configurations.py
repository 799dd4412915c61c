"""How a physical configuration is sold in one season: drafts, categories with their colours, validation, deletion
(docs/spec/venues.md, Entities and Life cycle). What is done on the plan: plan_actions.py, before and after validation
alike."""

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any

from central.kernel.crud import NoChange, unfit
from central.kernel.entity import Between, Look, Ref
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.kernel.uses import uses
from central.kernel.values import Code, Names
from central.venues.model import (
    PLAN,
    LogicalCategory,
    LogicalConfiguration,
    LogicalGauge,
    LogicalSeat,
    LogicalZone,
    NoAct,
    NoVenue,
    PhysicalConfiguration,
    PhysicalZone,
    PlanDo,
    PlanState,
    ShopPicture,
    VenuesPrivilege,
)
from central.venues.plan_actions import category_twice, pick_categories
from central.venues.plan_tables import plan_mark
from central.venues.reads import categories_by_rank
from shared.ids import Id, derived_id, near_id
from shared.outcome import Ok, Outcome, Refused

NAMED = 20
_COLOUR = re.compile(r"(#[0-9A-Fa-f]{6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLogicalConfiguration:
    """How a validated physical configuration is sold in a season (`context_id`). `categories` maps the plan file's
    category names, and the names of unnumbered zones, to seat categories. Validated at once, unless it is to be a
    `draft`, which may lack some."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    physical_configuration_id: Annotated[Id, Ref("physical_configuration")]
    code: Code
    names: Names
    categories: Annotated[dict[str, Annotated[Id, Ref("seat_category")]], Between(most=1_200)]
    draft: bool = False


@handles(
    CreateLogicalConfiguration,
    needs=VenuesPrivilege.VENUE_MODIFY,
    at="context_id",
    refuses=(NoVenue, NoChange, NoAct),
    gives=int,
    makes="logical_configuration",
)
def create_logical_configuration(tx: Tx, want: CreateLogicalConfiguration) -> Outcome[int]:
    """Answers with the number of places."""
    physical = tx.get(PhysicalConfiguration, want.physical_configuration_id)
    if physical is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="physical_configuration_id")
    if physical.state is not PlanState.VALIDATED:
        return Refused(NoVenue.NOT_VALIDATED, fix=physical.id)
    seats = tx.run(
        "SELECT id, category FROM physical_seat WHERE configuration_id = :id ORDER BY position", id=physical.id
    )
    counted = tx.find(PhysicalZone, "WHERE configuration_id = :id AND numbered = 0 ORDER BY name", id=physical.id)
    needed = {category for _, category in seats} | {zone.name for zone in counted}
    known = {
        each.id
        for each in categories_by_rank(tx, used={want.categories[name] for name in needed & want.categories.keys()})
    }
    unknown = sorted(name for name, category in want.categories.items() if category not in known and name in needed)
    missing = unknown if want.draft else sorted(name for name in needed if want.categories.get(name) not in known)
    if missing:
        return Refused(NoVenue.CATEGORY_MISSING, fix="categories", detail={"missing": missing})
    state = PlanState.DRAFT if want.draft else PlanState.VALIDATED
    logical = LogicalConfiguration(
        id=want.id,
        physical_configuration_id=physical.id,
        context_id=want.context_id,
        code=want.code,
        names=want.names,
        state=state,
    )
    if refused := unfit(tx, logical):
        return refused
    tx.insert(logical)
    # The seats are their physical configuration's; the audit says that the configuration was made, not each of them.
    chosen = want.categories.get
    tx.append(
        [
            LogicalSeat(
                id=near_id(want.id, seat),
                configuration_id=want.id,
                seat_id=Id(seat),
                category_id=chosen(category),
                contingent_id=None,
                blocked="",
            )
            for seat, category in seats
        ]
    )
    for zone in counted:
        made = derived_id("logical", want.id, zone.id)
        tx.insert(
            LogicalZone(
                id=made,
                configuration_id=want.id,
                zone_id=zone.id,
                category_id=chosen(zone.name),
                capacity=zone.capacity,
            )
        )
        tx.insert(
            LogicalGauge(
                id=derived_id("logical", want.id, zone.id, ""),
                configuration_id=want.id,
                zone_id=zone.id,
                contingent_id="",
                capacity=zone.capacity,
                blocked=0,
            )
        )
    if twice := category_twice(tx, want.id):
        return twice
    pick_categories(tx, want.id)
    return Ok(len(seats) + sum(zone.capacity for zone in counted))


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateLogical:
    """Only a validated logical configuration can receive performances. Refused while a place has no category."""

    configuration_id: Annotated[Id, Ref("logical_configuration")]


@handles(ValidateLogical, does=PlanDo.VALIDATE, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoVenue,))
def validate_logical(tx: Tx, want: ValidateLogical) -> Outcome[None]:
    logical = tx.get(LogicalConfiguration, want.configuration_id)
    if logical is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="configuration_id")
    after = PLAN.after(logical.state, PlanDo.VALIDATE)
    if after is None:
        return Refused(NoVenue.NOT_DRAFT, fix=logical.id)
    if missing := lacks(tx, logical):
        return Refused(NoVenue.INCOMPLETE, fix=logical.id, detail={"missing": missing})
    tx.update(logical, replace(logical, state=after))
    return Ok(None)


def lacks(read: Read, logical: LogicalConfiguration) -> list[dict[str, Any]]:
    """All that a draft still needs, zone by zone: a category for each seat and each counted zone."""
    rows = read.run(
        "SELECT z.id, z.name, COUNT(*) FROM logical_seat v JOIN physical_seat s ON s.id = v.seat_id "
        "JOIN physical_zone z ON z.id = s.zone_id WHERE v.configuration_id = :id AND v.category_id IS NULL "
        "GROUP BY z.id, z.name UNION ALL SELECT z.id, z.name, v.capacity FROM logical_zone v "
        "JOIN physical_zone z ON z.id = v.zone_id WHERE v.configuration_id = :id AND v.category_id IS NULL ORDER BY 2",
        id=logical.id,
    )
    return [{"what": "category", "zone": zone, "name": name, "places": int(n)} for zone, name, n in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class PickCategory:
    """A seat category in this configuration: picked, in a colour of its own here (empty: the category's), and whether
    options are allowed on it."""

    configuration_id: Annotated[Id, Ref("logical_configuration")]
    category_id: Annotated[Id, Ref("seat_category")]
    colour: Annotated[str, Look.COLOUR] = ""
    options: bool = True


@handles(PickCategory, needs=VenuesPrivilege.VENUE_MODIFY, at="configuration_id", refuses=(NoVenue,), gives=Id)
def pick_category(tx: Tx, want: PickCategory) -> Outcome[Id]:
    if not tx.one("SELECT 1 FROM logical_configuration WHERE id = :id", id=want.configuration_id):
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="configuration_id")
    if not tx.one("SELECT 1 FROM seat_category WHERE id = :id", id=want.category_id):
        return Refused(NoVenue.CATEGORY_MISSING, fix="category_id")
    if not _COLOUR.fullmatch(want.colour):
        return Refused(NoVenue.NO_COLOUR, fix="colour", detail={"colour": want.colour[:40]})
    before = tx.find(
        LogicalCategory, "WHERE configuration_id = :id AND category_id = :category",
        id=want.configuration_id, category=want.category_id,
    )  # fmt: skip
    tx.touched.add(plan_mark(want.configuration_id))
    if before:
        return Ok(tx.update(before[0], replace(before[0], colour=want.colour, options=want.options)).id)
    made = tx.new_id("picked", want.configuration_id, want.category_id)
    tx.insert(
        LogicalCategory(
            id=made,
            configuration_id=want.configuration_id,
            category_id=want.category_id,
            colour=want.colour,
            options=want.options,
        )
    )
    return Ok(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropCategory:
    """A category out of this configuration: only while no place of it has it."""

    configuration_id: Annotated[Id, Ref("logical_configuration")]
    category_id: Annotated[Id, Ref("seat_category")]


@handles(DropCategory, needs=VenuesPrivilege.VENUE_MODIFY, at="configuration_id", refuses=(NoVenue,))
def drop_category(tx: Tx, want: DropCategory) -> Outcome[None]:
    picked = tx.find(
        LogicalCategory, "WHERE configuration_id = :id AND category_id = :category",
        id=want.configuration_id, category=want.category_id,
    )  # fmt: skip
    if not picked:
        return Refused(NoVenue.CATEGORY_MISSING, fix="category_id")
    ((seats, zones),) = tx.run(
        "SELECT (SELECT COUNT(*) FROM logical_seat WHERE configuration_id = :id AND category_id = :category), "
        "(SELECT COUNT(*) FROM logical_zone WHERE configuration_id = :id AND category_id = :category)",
        id=want.configuration_id,
        category=want.category_id,
    )
    if seats or zones:
        return Refused(NoVenue.IN_USE, fix="category_id", detail={"seats": int(seats), "zones": int(zones)})
    tx.delete(picked[0])
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteLogicalConfiguration:
    """With its plan; only while no performance refers to it."""

    configuration_id: Annotated[Id, Ref("logical_configuration")]


@handles(DeleteLogicalConfiguration, deletes=True, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoVenue,))
def delete_logical_configuration(tx: Tx, want: DeleteLogicalConfiguration) -> Outcome[None]:
    logical = tx.get(LogicalConfiguration, want.configuration_id)
    if logical is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="configuration_id")
    parts = (LogicalSeat, LogicalGauge, LogicalZone, LogicalCategory, ShopPicture)
    if by := uses(tx, "logical_configuration", logical.id, most=NAMED, besides=parts):
        return Refused(NoVenue.IN_USE, fix=logical.id, detail={"by": by})
    for kind in parts:
        tx.remove(kind, "WHERE configuration_id = :id", id=logical.id)
    tx.delete(logical)
    tx.touched.add(plan_mark(logical.id))
    return Ok(None)
