"""A plan becomes zones and seats. Over a draft the same zone, row and number keep their id, so that whoever draws a
hall can mend the file and import it again; what it no longer has goes, what is new comes (spec/venues.md, Plan files).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated, Any
from unicodedata import normalize

from central.kernel.declared import unfit
from central.kernel.entity import ENTITIES, Raw, Ref
from central.kernel.registry import handles
from central.kernel.scope import context_of
from central.kernel.tx import Tx
from central.organisation.model import Names, Privilege
from central.venues.model import (
    Entrance,
    NoVenue,
    PhysicalConfiguration,
    PhysicalSeat,
    PhysicalZone,
    PlanState,
    ZoneEntrance,
)
from central.venues.plan import Mark, Plan, write_plan
from central.venues.plan_actions import pair_companions
from central.venues.plan_rows import drawing_of
from central.venues.plan_tables import plan_mark
from central.venues.planfile import read_plan
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """A physical configuration out of a plan file (its text): refused whole with every fault, or imported whole."""

    id: Id
    space_id: Annotated[Id, Ref("space")]
    code: str
    names: Names
    plan: Annotated[str, Raw()]


@handles(
    ImportPlan, needs=Privilege.VENUE_MODIFY, at=lambda read, want: context_of(read, "space", want.space_id), gives=int
)
def import_plan(tx: Tx, want: ImportPlan) -> Outcome[int]:
    """Answers with the number of seats."""
    read = read_plan(want.plan.encode())
    if isinstance(read, Refused):
        return Refused(NoVenue.PLAN_FAULTY, fix="plan", detail=read.detail)
    configuration = PhysicalConfiguration(want.id, want.space_id, want.code, want.names, PlanState.DRAFT)
    if refused := unfit(tx, configuration):
        return refused
    tx.insert(configuration)
    done = put_plan(tx, configuration, read.value)
    return done if isinstance(done, Refused) else Ok(done.value.seats)


@dataclass(frozen=True, slots=True)
class ReimportPlan:
    """A mended plan file over a draft: seats with the same zone, row and number keep their id."""

    configuration_id: Annotated[Id, Ref("physical_configuration")]
    plan: Annotated[str, Raw()]


@dataclass(frozen=True, slots=True)
class Imported:
    """How many seats there are, and how many of them were there before, are new, have gone."""

    seats: int
    kept: int
    added: int
    removed: int


@handles(
    ReimportPlan,
    needs=Privilege.VENUE_MODIFY,
    at=lambda read, want: context_of(read, "physical_configuration", want.configuration_id),
    gives=Imported,
)
def reimport_plan(tx: Tx, want: ReimportPlan) -> Outcome[Imported]:
    configuration = tx.get(PhysicalConfiguration, want.configuration_id)
    if configuration is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="configuration_id")
    if configuration.state is not PlanState.DRAFT:
        return Refused(NoVenue.NOT_DRAFT, fix=configuration.id)
    if configuration.gauge:
        return Refused(NoVenue.HAS_NO_PLAN, fix=configuration.id)
    read = read_plan(want.plan.encode())
    if isinstance(read, Refused):
        return Refused(NoVenue.PLAN_FAULTY, fix="plan", detail=read.detail)
    return put_plan(tx, configuration, read.value)


def seat_id(configuration_id: Id, zone: str, row: str, number: str) -> Id:
    """A seat is its zone, row and number within a configuration: a re-import over a draft keeps its id."""
    return derived_id("seat", configuration_id, zone, row, number)


def put_plan(tx: Tx, configuration: PhysicalConfiguration, plan: Plan) -> Outcome[Imported]:
    """Makes the draft's zones and seats those of the plan. Counted zones beside it stay."""
    zones = _put_zones(tx, configuration.id, plan)
    if isinstance(zones, Refused):
        return zones
    # Row by row the audit would hold each seat once more; the configuration's own entry names the file instead.
    names = ENTITIES[PhysicalSeat].names
    before = {
        row[0]: row
        for row in tx.run(
            f"SELECT {', '.join(names)} FROM physical_seat WHERE configuration_id = :id",  # noqa: S608 - our names
            id=configuration.id,
        )
    }
    seats = [
        PhysicalSeat(
            id=seat_id(configuration.id, place.zone, place.row, place.seat.number),
            configuration_id=configuration.id,
            zone_id=zones.value[place.zone].id,
            position=position,
            row_name=place.row,
            number=place.seat.number,
            guid=place.seat.guid,
            x=place.seat.x,
            y=place.seat.y,
            quality=place.quality,
            wheelchair=place.wheelchair,
            companion=place.companion,
            aisle=place.aisle,
            category=place.seat.category,
            restricted=Mark.VIEW in place.seat.marks,
        )
        for position, place in enumerate(plan.places)
    ]
    kept = _put_seats(tx, seats, before)
    pair_companions(tx, configuration.id)
    _drop_zones(tx, configuration.id, {seat.zone_id for seat in seats})
    _put_accesses(tx, configuration, plan.accesses)
    tx.update(configuration, replace(configuration, drawing=drawing_of(plan)))
    _keep_file(tx, configuration.id, write_plan(plan).decode())
    tx.touched.add(plan_mark(configuration.id))
    return Ok(Imported(len(seats), kept, len(seats) - kept, len(before) - kept))


def _keep_file(tx: Tx, configuration_id: Id, text: str) -> None:
    """The file for export. The audit names it by its hash: it may be 20 MB."""
    made = derived_id("plan file", configuration_id)
    tx.write(
        "INSERT INTO plan_file (id, configuration_id, text) VALUES (:id, :configuration, :text) "
        "ON CONFLICT (id) DO UPDATE SET text = excluded.text",
        id=made, configuration=configuration_id, text=text,
    )  # fmt: skip
    tx.changed("plan_file", made, {"sha256": [None, sha256(text.encode()).hexdigest()]})


def _put_zones(tx: Tx, configuration_id: Id, plan: Plan) -> Outcome[dict[str, PhysicalZone]]:
    capacity: dict[str, int] = {}
    for place in plan.places:
        capacity[place.zone] = capacity.get(place.zone, 0) + 1
    there = {zone.name: zone for zone in tx.find(PhysicalZone, "WHERE configuration_id = :id", id=configuration_id)}
    found: dict[str, PhysicalZone] = {}
    for name, bit in plan.control_zones.items():
        zone = PhysicalZone(
            derived_id("zone", configuration_id, name), configuration_id, name, True, capacity[name], bit
        )
        before = there.get(name)
        if before and not before.numbered:
            return Refused(NoVenue.CODE_TAKEN, fix=before.id, detail={"zone": name})
        found[name] = tx.update(before, zone) if before else tx.insert(zone)
    return Ok(found)


def _drop_zones(tx: Tx, configuration_id: Id, used: set[Id]) -> None:
    for zone in tx.find(PhysicalZone, "WHERE configuration_id = :id AND numbered = 1", id=configuration_id):
        if zone.id not in used:
            tx.write("DELETE FROM zone_entrance WHERE zone_id = :id", id=zone.id)
            tx.delete(zone)


def _put_seats(tx: Tx, seats: list[PhysicalSeat], before: dict[str, tuple[Any, ...]]) -> int:
    """Adds, mends and takes away; says how many were there before. What a person said about a seat that stays (that it
    is gone) is not in the file and stays too."""
    if not before:
        tx.append(seats)
        return 0
    declaration = ENTITIES[PhysicalSeat]
    mended, new, wanted = [], [], set()
    own = len(declaration.names) - 2  # all but companion_of and invalid
    for seat in seats:
        wanted.add(seat.id)
        row, was = declaration.row(seat), before.get(seat.id)
        if was is None:
            new.append(seat)
        elif row[:own] != was[:own]:
            mended.append(dict(zip(declaration.names, row, strict=True)))
    gone = [{"id": seat} for seat in before if seat not in wanted]
    tx.write_many("DELETE FROM physical_seat WHERE id = :id", gone)
    sets = ", ".join(f"{name} = :{name}" for name in declaration.names[1:own])
    tx.write_many(
        f"UPDATE physical_seat SET {sets} WHERE id = :id",  # noqa: S608 - names of ours
        [{name: row[name] for name in declaration.names[:own]} for row in mended],
    )
    tx.append(new)
    return len(seats) - len(new)


def _put_accesses(tx: Tx, configuration: PhysicalConfiguration, accesses: Mapping[str, tuple[str, ...]]) -> None:
    """Accesses that a plan names become entrances of the site, unless it has them already by name or code; each zone is
    tied to its own. What a person tied besides stays."""
    if not accesses:
        return
    ((site_id,),) = tx.run("SELECT site_id FROM space WHERE id = :id", id=configuration.space_id)
    known: dict[str, Id] = {}
    for entrance in tx.find(Entrance, "WHERE site_id = :site ORDER BY code DESC", site=site_id):
        known |= {entrance.names.get("fr", "").casefold(): entrance.id, entrance.code.casefold(): entrance.id}
    for zone, names in accesses.items():
        zone_id = derived_id("zone", configuration.id, zone)
        for name in names:
            if name.casefold() not in known:
                code = _code(name, known)
                made = tx.insert(Entrance(tx.new_id("entrance", name), Id(site_id), code, {"fr": name}, 0)).id
                known |= {name.casefold(): made, code.casefold(): made}
            tie = ZoneEntrance(derived_id("zone entrance", zone_id, known[name.casefold()]), zone_id,
                               known[name.casefold()])  # fmt: skip
            tx.insert_if_absent(tie)


def _code(name: str, taken: Collection[str]) -> str:
    """A code out of a name: Porte B → PORTE-B."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    base = re.sub(r"[^A-Z0-9]+", "-", plain).strip("-")[:30] or "ACCES"
    code, n = base, 1
    while code.casefold() in taken:
        n += 1
        code = f"{base}-{n}"
    return code
