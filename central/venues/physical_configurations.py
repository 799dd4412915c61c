"""How a space is built: drafts of physical configurations, their zones and which entrances serve them, validation and
deletion (docs/spec/venues.md, Entities and Life cycle). Plans come in through plan_import.py."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from central.kernel.crud import NoChange, unfit
from central.kernel.db import in_list
from central.kernel.entity import Between, Look, Ref
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.kernel.values import Code, Names
from central.venues.model import (
    PLAN,
    NoVenue,
    PhysicalConfiguration,
    PhysicalSeat,
    PhysicalZone,
    PlanDo,
    PlanFile,
    PlanState,
    VenuesPrivilege,
    ZoneEntrance,
)
from central.venues.plan import CONTROL_BITS
from central.venues.plan_tables import plan_mark
from central.venues.reads import zones_built
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused

NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePhysicalConfiguration:
    """A draft without a plan: accesses are made, then zones until the gauge (its whole capacity) is reached."""

    id: Id
    space_id: Annotated[Id, Ref("space")]
    code: Code
    names: Names
    gauge: int


@handles(
    CreatePhysicalConfiguration,
    needs=VenuesPrivilege.VENUE_MODIFY,
    refuses=(NoVenue, NoChange),
    gives=Id,
    makes="physical_configuration",
)
def create_physical_configuration(tx: Tx, want: CreatePhysicalConfiguration) -> Outcome[Id]:
    if want.gauge < 1:
        return Refused(NoVenue.EMPTY, fix="gauge")
    made = PhysicalConfiguration(
        id=want.id,
        space_id=want.space_id,
        code=want.code,
        names=want.names,
        state=PlanState.DRAFT,
        drawing=None,
        gauge=want.gauge,
    )
    if refused := unfit(tx, made):
        return refused
    tx.insert(made)
    return Ok(want.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddUnnumberedZone:
    """A zone without seats: standing places, benches. `control` is the bit of its control zone."""

    id: Id
    configuration_id: Annotated[Id, Ref("physical_configuration")]
    name: Annotated[str, Look.NAME]
    capacity: int
    control: int


@handles(AddUnnumberedZone, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoVenue, NoChange), gives=Id)
def add_unnumbered_zone(tx: Tx, want: AddUnnumberedZone) -> Outcome[Id]:
    zone = PhysicalZone(
        id=want.id,
        configuration_id=want.configuration_id,
        name=want.name,
        numbered=False,
        capacity=want.capacity,
        control=want.control,
    )
    if refused := _fits(tx, zone) or unfit(tx, zone):
        return refused
    tx.insert(zone)
    return Ok(want.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeUnnumberedZone:
    """Name, capacity and control zone, while the configuration is a draft."""

    zone_id: Annotated[Id, Ref("physical_zone")]
    name: Annotated[str, Look.NAME]
    capacity: int
    control: int


@handles(ChangeUnnumberedZone, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoVenue,), gives=Id)
def change_unnumbered_zone(tx: Tx, want: ChangeUnnumberedZone) -> Outcome[Id]:
    zone = tx.get(PhysicalZone, want.zone_id)
    if zone is None:
        return Refused(NoVenue.NO_SUCH_ZONE, fix="zone_id")
    if zone.numbered:
        return Refused(NoVenue.HAS_PLAN, fix=zone.id)
    after = replace(zone, name=want.name, capacity=want.capacity, control=want.control)
    if refused := _fits(tx, after):
        return refused
    if tx.one(
        "SELECT 1 FROM physical_zone WHERE configuration_id = :c AND name = :name AND id <> :id",
        c=zone.configuration_id, name=want.name, id=zone.id,
    ):  # fmt: skip
        return Refused(NoVenue.CODE_TAKEN, fix="name")
    tx.update(zone, after)
    return Ok(zone.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveUnnumberedZone:
    """Out of a draft; zones with seats go when a plan without them is imported."""

    zone_id: Annotated[Id, Ref("physical_zone")]


@handles(RemoveUnnumberedZone, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoVenue,))
def remove_unnumbered_zone(tx: Tx, want: RemoveUnnumberedZone) -> Outcome[None]:
    zone = tx.get(PhysicalZone, want.zone_id)
    if zone is None:
        return Refused(NoVenue.NO_SUCH_ZONE, fix="zone_id")
    if zone.numbered:
        return Refused(NoVenue.HAS_PLAN, fix=zone.id)
    if refused := _not_draft(tx, zone.configuration_id):
        return refused
    tx.remove(ZoneEntrance, "WHERE zone_id = :id", id=zone.id)
    tx.delete(zone)
    return Ok(None)


def _not_draft(read: Read, configuration_id: str) -> Refused | None:
    configuration = read.get(PhysicalConfiguration, configuration_id)
    if configuration is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="configuration_id")
    return None if configuration.state is PlanState.DRAFT else Refused(NoVenue.NOT_DRAFT, fix=configuration_id)


def _fits(read: Read, zone: PhysicalZone) -> Refused | None:
    """Why a counted zone cannot be in its configuration."""
    if refused := _not_draft(read, zone.configuration_id):
        return refused
    if zone.capacity < 1:
        return Refused(NoVenue.EMPTY, fix="capacity")
    if zone.control not in CONTROL_BITS:
        return Refused(NoVenue.NO_SUCH_CONTROL, fix="control", detail={"one_of": CONTROL_BITS})
    gauge, others = _gauge(read, zone.configuration_id, zone.id)
    if gauge and others + zone.capacity > gauge:
        return Refused(NoVenue.ABOVE_GAUGE, fix="capacity", detail={"gauge": gauge, "left": gauge - others})
    return None


def _gauge(read: Read, configuration_id: str, without: str = "") -> tuple[int, int]:
    """The gauge (0: as drawn), and what the zones hold."""
    ((gauge, held),) = read.run(
        "SELECT c.gauge, (SELECT COALESCE(SUM(z.capacity), 0) FROM physical_zone z WHERE z.configuration_id = c.id "
        "AND z.id <> :without) FROM physical_configuration c WHERE c.id = :id",
        id=configuration_id,
        without=without,
    )
    return int(gauge), int(held)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeZone:
    """Through which entrances of the site a zone is reached: these and no others."""

    zone_id: Annotated[Id, Ref("physical_zone")]
    entrances: Annotated[tuple[Annotated[Id, Ref("entrance")], ...], Between(most=200)]


@handles(ServeZone, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoVenue,), gives=int)
def serve_zone(tx: Tx, want: ServeZone) -> Outcome[int]:
    """Answers with the number of entrances. It may change at any time: a season closes doors."""
    found = tx.one(
        "SELECT s.site_id, c.id FROM physical_zone z JOIN physical_configuration c ON c.id = z.configuration_id "
        "JOIN space s ON s.id = c.space_id WHERE z.id = :id",
        id=want.zone_id,
    )
    if found is None:
        return Refused(NoVenue.NO_SUCH_ZONE, fix="zone_id")
    among, named = in_list("entrance", want.entrances or [""])
    sites: dict[str, str] = dict(tx.run(f"SELECT id, site_id FROM entrance WHERE id IN {among}", **named))  # noqa: S608 - names of ours, values are parameters
    if unknown := [each for each in want.entrances if each not in sites]:
        return Refused(NoVenue.NO_SUCH_ENTRANCE, fix="entrances", detail={"unknown": unknown})
    if elsewhere := [each for each in want.entrances if sites[each] != found[0]]:
        return Refused(NoVenue.ELSEWHERE, fix="entrances", detail={"elsewhere": elsewhere})
    before = {tie.entrance_id: tie for tie in tx.find(ZoneEntrance, "WHERE zone_id = :id", id=want.zone_id)}
    for entrance_id in dict.fromkeys(want.entrances):
        if entrance_id not in before:
            tx.insert(
                ZoneEntrance(
                    id=derived_id("zone entrance", want.zone_id, entrance_id),
                    zone_id=want.zone_id,
                    entrance_id=entrance_id,
                )
            )
    for entrance_id, tie in before.items():
        if entrance_id not in want.entrances:
            tx.delete(tie)
    tx.touched.add(plan_mark(found[1]))
    return Ok(len(set(want.entrances)))


# --- life ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatePhysical:
    """Only a validated physical configuration can receive logical ones. Refused while it is incomplete."""

    configuration_id: Annotated[Id, Ref("physical_configuration")]


@handles(ValidatePhysical, does=PlanDo.VALIDATE, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoVenue,))
def validate_physical(tx: Tx, want: ValidatePhysical) -> Outcome[None]:
    configuration = tx.get(PhysicalConfiguration, want.configuration_id)
    if configuration is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="configuration_id")
    after = PLAN.after(configuration.state, PlanDo.VALIDATE)
    if after is None:
        return Refused(NoVenue.NOT_DRAFT, fix=configuration.id)
    if missing := lacks(tx, configuration):
        return Refused(NoVenue.INCOMPLETE, fix=configuration.id, detail={"missing": missing})
    tx.update(configuration, replace(configuration, state=after))
    return Ok(None)


def lacks(read: Read, configuration: PhysicalConfiguration) -> list[dict[str, Any]]:
    """All that a draft still needs: zones, and zones up to the gauge. A zone that names no entrance is reached through
    all of them."""
    zones = zones_built(read, configuration.id)
    missing: list[dict[str, Any]] = []
    if not zones:
        missing.append({"what": "zones"})
    gauge, held = _gauge(read, configuration.id)
    if gauge and held < gauge:
        missing.append({"what": "gauge", "gauge": gauge, "places": gauge - held})
    return missing


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePhysicalConfiguration:
    """With its zones and seats; only while no logical configuration refers to it."""

    configuration_id: Annotated[Id, Ref("physical_configuration")]


@handles(DeletePhysicalConfiguration, deletes=True, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoVenue,))
def delete_physical_configuration(tx: Tx, want: DeletePhysicalConfiguration) -> Outcome[None]:
    configuration = tx.get(PhysicalConfiguration, want.configuration_id)
    if configuration is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="configuration_id")
    if used := tx.run(
        "SELECT id, code, COUNT(*) OVER () FROM logical_configuration WHERE physical_configuration_id = :id "
        "ORDER BY code, id LIMIT :n",
        id=configuration.id, n=NAMED,
    ):  # fmt: skip
        ids, codes = [row[0] for row in used], [row[1] for row in used]
        by = [{"entity": "logical_configuration", "count": used[0][2], "ids": ids, "codes": codes}]
        return Refused(NoVenue.IN_USE, fix=configuration.id, detail={"by": by})
    tx.remove(
        ZoneEntrance, "WHERE zone_id IN (SELECT id FROM physical_zone WHERE configuration_id = :id)",
        id=configuration.id,
    )  # fmt: skip
    for kind in (PhysicalSeat, PhysicalZone, PlanFile):
        tx.remove(kind, "WHERE configuration_id = :id", id=configuration.id)
    tx.delete(configuration)
    tx.touched.add(plan_mark(configuration.id))
    return Ok(None)
