"""A plan becomes zones and seats. Over a draft the same zone, row and number keep their id, so that whoever draws a
hall can mend the file and import it again; what it no longer has goes, what is new comes (docs/spec/venues.md, Plan
files).

Reading, checking and working out every row happens beside the writer (plan_preparation.py); here it is written.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain
from typing import Annotated, Any
from unicodedata import normalize

import orjson

from central.kernel.crud import NoChange, unfit
from central.kernel.entity import ENTITIES, Between, Bulky, Raw, Ref
from central.kernel.excuses import CHECKED_BY
from central.kernel.languages import in_house
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.kernel.values import Code, Names
from central.venues.model import (
    Entrance,
    NoVenue,
    PhysicalConfiguration,
    PhysicalSeat,
    PhysicalZone,
    PlanFile,
    PlanState,
    VenuesPrivilege,
    ZoneEntrance,
)
from central.venues.plan_preparation import PlanRead, SeatRow, ZoneDrawn, reading, seat_id, zone_id
from central.venues.plan_tables import plan_mark
from central.venues.planfile_checks import MOST_BYTES
from central.venues.svg_sources import SvgMapping
from shared.ids import Id, derived_id
from shared.languages import named
from shared.outcome import Ok, Outcome, Refused
from shared.registries import add


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """A physical configuration out of a plan file (its text): refused whole with every fault, or imported whole.
    `mapping`: where an SVG that somebody else drew says which seat is which."""

    id: Id
    space_id: Annotated[Id, Ref("space")]
    code: Code
    names: Names
    plan: Annotated[str, Raw(), Bulky(), Between(most=MOST_BYTES)]
    mapping: SvgMapping | None = None


@handles(
    ImportPlan,
    needs=VenuesPrivilege.VENUE_MODIFY,
    refuses=(NoVenue, NoChange),
    gives=int,
    prepared=lambda want, _: reading(want.plan, want.id, want.mapping),
)
def import_plan(tx: Tx, want: ImportPlan, parts: tuple[Any, ...]) -> Outcome[int]:
    """Answers with the number of seats."""
    read, *seats = parts
    if isinstance(read, Refused):
        return Refused(NoVenue.PLAN_FAULTY, fix="plan", detail=read.detail)
    made = PhysicalConfiguration(
        id=want.id,
        space_id=want.space_id,
        code=want.code,
        names=want.names,
        state=PlanState.DRAFT,
        drawing=read.drawing,
    )
    if refused := unfit(tx, made):
        return refused
    tx.insert(made)
    done = put_plan(tx, made, read, seats)
    return done if isinstance(done, Refused) else Ok(done.value.seats)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReimportPlan:
    """A mended plan file over a draft: seats with the same zone, row and number keep their id."""

    configuration_id: Annotated[Id, Ref("physical_configuration")]
    plan: Annotated[str, Raw(), Bulky(), Between(most=MOST_BYTES)]
    mapping: SvgMapping | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """How many seats there are, and how many of them were there before, are new, have gone."""

    seats: int
    kept: int
    added: int
    removed: int


@handles(
    ReimportPlan,
    needs=VenuesPrivilege.VENUE_MODIFY,
    refuses=(NoVenue,),
    gives=Imported,
    prepared=lambda want, _: reading(want.plan, want.configuration_id, want.mapping),
)
def reimport_plan(tx: Tx, want: ReimportPlan, parts: tuple[Any, ...]) -> Outcome[Imported]:
    configuration = tx.get(PhysicalConfiguration, want.configuration_id)
    if configuration is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="configuration_id")
    if configuration.state is not PlanState.DRAFT:
        return Refused(NoVenue.NOT_DRAFT, fix=configuration.id)
    if configuration.gauge:
        return Refused(NoVenue.HAS_NO_PLAN, fix=configuration.id)
    read, *seats = parts
    if isinstance(read, Refused):
        return Refused(NoVenue.PLAN_FAULTY, fix="plan", detail=read.detail)
    drawing = read.drawing
    if drawing.mapping is None and configuration.drawing is not None:
        drawing = replace(drawing, mapping=configuration.drawing.mapping)
    configuration = tx.update(configuration, replace(configuration, drawing=drawing))
    return put_plan(tx, configuration, read, seats)


def put_plan(
    tx: Tx, configuration: PhysicalConfiguration, plan: PlanRead, seats: Sequence[Sequence[SeatRow]]
) -> Outcome[Imported]:
    """Makes the draft's zones and seats those of the plan, which was made ready beside the writer. Counted zones beside
    it stay."""
    refused = _put_zones(tx, configuration.id, plan)
    if refused:
        return refused
    # Row by row the audit would hold each seat once more; the configuration's own entry names the file instead.
    names = ENTITIES[PhysicalSeat].names
    before = {
        row[0]: row
        for row in tx.run(
            f"SELECT {', '.join(names)} FROM physical_seat WHERE configuration_id = :id",  # noqa: S608 - our names
            id=configuration.id,
        )
    }
    there = sum(map(len, seats))
    kept = _put_seats(tx, seats, before)
    _drop_zones(tx, configuration.id, {zone.name for zone in plan.zones})
    _put_accesses(tx, configuration, plan.zones)
    _keep_file(tx, configuration.id, plan)
    tx.touched.add(plan_mark(configuration.id))
    return Ok(Imported(there, kept, there - kept, len(before) - kept))


def _keep_file(tx: Tx, configuration_id: Id, plan: PlanRead) -> None:
    """The file for export. The audit names it by its hash: it may be 30 MB."""
    made = derived_id("plan file", configuration_id)
    # log: only columns that are kept beside it
    if not tx.write("UPDATE plan_file SET text = :text WHERE id = :id", text=plan.file, id=made):
        tx.append([PlanFile(id=made, configuration_id=configuration_id, text=plan.file)])
    tx.changed("plan_file", made, {"sha256": [None, plan.file_sha256]})


def _wrong_files(read: Read) -> Iterator[tuple[str, str]]:
    for (row_id,) in read.run("SELECT id FROM plan_file ORDER BY id"):
        ((text,),) = read.run("SELECT text FROM plan_file WHERE id = :id", id=row_id)
        said = read.run(
            "SELECT a.change FROM audit a JOIN command_log l ON l.id = a.command_id "
            "WHERE a.entity_id = :id AND a.entity = 'plan_file' ORDER BY l.turn DESC, a.n DESC LIMIT 1",
            id=row_id,
        )
        if not said or orjson.loads(said[0][0])["sha256"][1] != sha256(text.encode()).hexdigest():
            yield row_id, "its text is not the one whose SHA-256 stands in the audit"


add(CHECKED_BY, "plan_file", _wrong_files)


def _put_zones(tx: Tx, configuration_id: Id, plan: PlanRead) -> Refused | None:
    there = {zone.name: zone for zone in tx.find(PhysicalZone, "WHERE configuration_id = :id", id=configuration_id)}
    for drawn in plan.zones:
        zone = PhysicalZone(
            id=zone_id(configuration_id, drawn.name),
            configuration_id=configuration_id,
            name=drawn.name,
            numbered=True,
            capacity=drawn.capacity,
            control=drawn.control,
        )
        before = there.get(drawn.name)
        if before and not before.numbered:
            return Refused(NoVenue.CODE_TAKEN, fix=before.id, detail={"zone": drawn.name})
        if before:
            tx.update(before, zone)
        else:
            tx.insert(zone)
    return None


def _drop_zones(tx: Tx, configuration_id: Id, used: set[str]) -> None:
    for zone in tx.find(PhysicalZone, "WHERE configuration_id = :id AND numbered = 1", id=configuration_id):
        if zone.name not in used:
            tx.remove(ZoneEntrance, "WHERE zone_id = :id", id=zone.id)
            tx.delete(zone)


def _put_seats(tx: Tx, seats: Sequence[Sequence[SeatRow]], before: dict[str, SeatRow]) -> int:
    """Adds, mends and takes away; says how many were there before. What a person said about a seat that stays (that it
    is gone) is not in the file and stays too."""
    if not before:
        for some in seats:
            tx.append_rows(PhysicalSeat, some)
        return 0
    names = ENTITIES[PhysicalSeat].names
    own = len(names) - 1  # all but invalid
    new: list[SeatRow] = []
    mended: list[tuple[SeatRow, SeatRow]] = []
    gone = set(before)
    for row in chain.from_iterable(seats):
        was = before.get(row[0])
        gone.discard(row[0])
        if was is None:
            new.append(row)
        elif row[:own] != was[:own]:
            mended.append((was, (*row[:own], was[own])))
    tx.gone(PhysicalSeat, (row for seat, row in before.items() if seat in gone))
    # log: it hears of it by `Tx.gone` and `Tx.rewritten`
    tx.write_many("DELETE FROM physical_seat WHERE id = ?", [(seat,) for seat in before if seat in gone])
    tx.rewritten(PhysicalSeat, mended)
    sets = ", ".join(f"{name} = ?" for name in names[1:own])
    values = [(*row[1:own], row[0]) for _, row in mended]
    tx.write_many(f"UPDATE physical_seat SET {sets} WHERE id = ?", values)  # noqa: S608 - names of ours
    tx.append_rows(PhysicalSeat, new)
    return len(before) - len(gone)


def _put_accesses(tx: Tx, configuration: PhysicalConfiguration, zones: Sequence[ZoneDrawn]) -> None:
    """Accesses that a plan names become entrances of the site, unless it has them already by name or code; each zone is
    tied to its own. What a person tied besides stays."""
    if not any(zone.accesses for zone in zones):
        return
    ((site_id,),) = tx.run("SELECT site_id FROM space WHERE id = :id", id=configuration.space_id)
    known: dict[str, Id] = {}
    for entrance in tx.find(Entrance, "WHERE site_id = :site ORDER BY code DESC", site=site_id):
        known |= {named(entrance.names).casefold(): entrance.id, entrance.code.casefold(): entrance.id}
    for zone in zones:
        here = zone_id(configuration.id, zone.name)
        for name in zone.accesses:
            if name.casefold() not in known:
                code = _code(name, known)
                made = tx.insert(
                    Entrance(
                        id=tx.new_id("entrance", name),
                        site_id=Id(site_id),
                        code=code,
                        names=in_house(tx, name),
                        zones=0,
                    )
                ).id
                known |= {name.casefold(): made, code.casefold(): made}
            entrance_id = known[name.casefold()]
            tx.insert_if_absent(
                ZoneEntrance(id=derived_id("zone entrance", here, entrance_id), zone_id=here, entrance_id=entrance_id)
            )


def _code(name: str, taken: Collection[str]) -> str:
    """A code out of a name: Porte B → PORTE-B."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    base = re.sub(r"[^A-Z0-9]+", "-", plain).strip("-")[:30] or "ACCES"
    code, n = base, 1
    while code.casefold() in taken:
        n += 1
        code = f"{base}-{n}"
    return code


__all__ = ["ImportPlan", "Imported", "ReimportPlan", "import_plan", "put_plan", "reimport_plan", "seat_id"]
