"""How a space is built: with a plan and without, entrances, re-import, validation, deletion (docs/spec/venues.md)."""

from typing import Any

import orjson

from central.kernel.tx import Read
from central.venues.model import NoAct, NoVenue
from central.venues.ops import (
    AddUnnumberedZone,
    ChangeUnnumberedZone,
    CreateEntrance,
    CreateLogicalConfiguration,
    CreatePhysicalConfiguration,
    CreateSite,
    CreateSpace,
    DeleteLogicalConfiguration,
    DeletePhysicalConfiguration,
    DescribeSeats,
    ImportPlan,
    InvalidateSeats,
    ReimportPlan,
    RemoveUnnumberedZone,
    RevalidateSeats,
    ServeZone,
    ValidatePhysical,
    plan_of,
    seat_id,
)
from central.venues.selection import RowRef, Selection
from shared.ids import Id, derived_id
from tests.central.small_house import Clerk, House, new_id, plan

Quick = tuple[Clerk, House]


def space(clerk: Clerk, house: House) -> Id:
    made = new_id()
    clerk.do(CreateSpace(id=made, site_id=house.site, code="PETITE", names={"fr": "Petite salle"}))
    return made


def draft(clerk: Clerk, house: House, rows: int = 2, seats: int = 4) -> Id:
    made = new_id()
    clerk.do(ImportPlan(id=made, space_id=space(clerk, house), code="P2", names={"fr": "Plan"}, plan=plan(rows, seats)))
    return made


def seats_of(clerk: Clerk, configuration: Id) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = clerk.rows(
        "SELECT s.row_name, s.number, s.id, s.x, s.position FROM physical_seat s WHERE s.configuration_id = :id "
        "ORDER BY s.position",
        id=configuration,
    )
    return {(row, number): tuple(more) for row, number, *more in rows}


def test_without_a_plan_zones_are_made_until_the_gauge_is_reached(quick: Quick) -> None:
    clerk, house = quick
    field = new_id()
    assert (
        clerk.no(
            CreatePhysicalConfiguration(
                id=field, space_id=space(clerk, house), code="PRE", names={"fr": "Pré"}, gauge=0
            )
        ).reason
        == NoVenue.EMPTY
    )
    clerk.do(
        CreatePhysicalConfiguration(id=field, space_id=house_space(clerk), code="PRE", names={"fr": "Pré"}, gauge=5000)
    )
    nothing = clerk.no(ValidatePhysical(configuration_id=field))
    assert (nothing.reason, [each["what"] for each in nothing.detail["missing"]]) == (
        NoVenue.INCOMPLETE,
        ["zones", "gauge"],
    )
    for none in (0, -1, 3, 1 << 16):
        no = clerk.no(AddUnnumberedZone(id=new_id(), configuration_id=field, name="Fosse", capacity=1, control=none))
        assert no.reason is NoVenue.NO_SUCH_CONTROL
    clerk.do(AddUnnumberedZone(id=new_id(), configuration_id=field, name="Fosse", capacity=3000, control=1))
    lacking = clerk.no(ValidatePhysical(configuration_id=field)).detail["missing"]
    assert lacking == [{"what": "gauge", "gauge": 5000, "places": 2000}], "names how many places the zones lack"
    over = clerk.no(AddUnnumberedZone(id=new_id(), configuration_id=field, name="Gradins", capacity=2001, control=2))
    assert (over.reason, over.detail) == (NoVenue.ABOVE_GAUGE, {"gauge": 5000, "left": 2000})
    stands = new_id()
    clerk.do(AddUnnumberedZone(id=stands, configuration_id=field, name="Gradins", capacity=1500, control=2))
    clerk.do(ChangeUnnumberedZone(zone_id=stands, name="Gradins", capacity=2000, control=2))
    assert clerk.no(ReimportPlan(configuration_id=field, plan=plan())).reason == NoVenue.HAS_NO_PLAN, (
        "there are no seats and no plan"
    )
    clerk.do(ValidatePhysical(configuration_id=field))
    assert clerk.rows("SELECT COUNT(*) FROM physical_seat WHERE configuration_id = :id", id=field) == [(0,)]
    for late in (
        ChangeUnnumberedZone(zone_id=stands, name="G", capacity=1, control=2),
        RemoveUnnumberedZone(zone_id=stands),
    ):
        assert clerk.no(late).reason == NoVenue.NOT_DRAFT


def house_space(clerk: Clerk) -> Id:
    return Id(clerk.rows("SELECT id FROM space WHERE code = 'PETITE'")[0][0])


def test_a_zone_goes_out_of_a_draft_and_its_name_is_free_again(quick: Quick) -> None:
    clerk, house = quick
    made, first, second = draft(clerk, house), new_id(), new_id()
    clerk.do(AddUnnumberedZone(id=first, configuration_id=made, name="Debout", capacity=5, control=2))
    clerk.do(AddUnnumberedZone(id=second, configuration_id=made, name="Bancs", capacity=5, control=2))
    assert (
        clerk.no(ChangeUnnumberedZone(zone_id=second, name="Debout", capacity=5, control=2)).reason
        == NoVenue.CODE_TAKEN
    )
    clerk.do(RemoveUnnumberedZone(zone_id=first))
    clerk.do(ChangeUnnumberedZone(zone_id=second, name="Debout", capacity=5, control=2))
    assert clerk.no(RemoveUnnumberedZone(zone_id=first)).reason == NoVenue.NO_SUCH_ZONE
    numbered = Id(
        clerk.rows("SELECT id FROM physical_zone WHERE configuration_id = :id AND numbered = 1", id=made)[0][0]
    )
    assert clerk.no(RemoveUnnumberedZone(zone_id=numbered)).reason == NoVenue.HAS_PLAN, (
        "seats come and go with the plan file"
    )


def test_entrances_of_the_site_serve_zones(quick: Quick) -> None:
    clerk, house = quick
    made = draft(clerk, house)
    zone = Id(clerk.rows("SELECT id FROM physical_zone WHERE configuration_id = :id", id=made)[0][0])
    north, south = new_id(), new_id()
    clerk.do(CreateEntrance(id=north, site_id=house.site, code="N", names={"fr": "Nord"}, zones=1))
    clerk.do(CreateEntrance(id=south, site_id=house.site, code="S", names={"fr": "Sud"}, zones=1))
    elsewhere, far = new_id(), new_id()
    clerk.do(
        CreateSite(
            id=elsewhere,
            context_id=house.institution,
            code="AILLEURS",
            names={"fr": "Ailleurs"},
            address="",
            timezone="Europe/Paris",
        )
    )
    clerk.do(CreateEntrance(id=far, site_id=elsewhere, code="N", names={"fr": "Nord"}, zones=1))
    assert clerk.no(ServeZone(zone_id=zone, entrances=(north, far))).detail == {"elsewhere": [far]}
    unknown = new_id()
    assert clerk.no(ServeZone(zone_id=zone, entrances=(unknown,))).detail == {"unknown": [unknown]}
    assert clerk.do(ServeZone(zone_id=zone, entrances=(north, south, north))) == 2
    assert clerk.do(ServeZone(zone_id=zone, entrances=(south,))) == 1
    assert clerk.rows("SELECT entrance_id FROM zone_entrance WHERE zone_id = :id", id=zone) == [(south,)]
    clerk.do(ValidatePhysical(configuration_id=made))  # a zone that names no entrance would be reached through all
    assert clerk.do(ServeZone(zone_id=zone, entrances=(north,))) == 1, "doors are opened and shut in a running season"


def draft_of_another(clerk: Clerk, house: House) -> Id:
    other, made = new_id(), new_id()
    clerk.do(CreateSpace(id=other, site_id=house.site, code="FOYER", names={"fr": "Foyer"}))
    clerk.do(ImportPlan(id=made, space_id=other, code="F", names={"fr": "Foyer"}, plan=plan(1, 2)))
    return made


def test_a_re_import_over_a_draft_keeps_the_ids_of_the_same_seats(quick: Quick) -> None:
    clerk, house = quick
    made = draft(clerk, house, rows=2, seats=4)
    before = seats_of(clerk, made)
    clerk.do(InvalidateSeats(configuration_id=made, selection=Selection(seats=(before["A", "2"][0],)), why="cassé"))
    file = orjson.loads(plan(3, 4))  # a row more,
    file["zones"][0]["rows"][0]["seats"][1]["position"]["x"] = 26.5  # one seat aside,
    del file["zones"][0]["rows"][1]["seats"][3]  # one less
    assert clerk.do(ReimportPlan(configuration_id=made, plan=orjson.dumps(file).decode())) == {
        "seats": 11,
        "kept": 7,
        "added": 4,
        "removed": 1,
    }
    after = seats_of(clerk, made)
    assert {key: row[0] for key, row in after.items() if key in before} == {
        key: row[0] for key, row in before.items() if key != ("B", "4")
    }
    assert after["A", "2"][1] == 26.5, "what the file says anew is taken over"
    assert [row[2] for row in after.values()] == list(range(11))
    assert clerk.rows("SELECT invalid FROM physical_seat WHERE id = :id", id=before["A", "2"][0]) == [("cassé",)]
    assert clerk.rows("SELECT capacity FROM physical_zone WHERE configuration_id = :id", id=made) == [(11,)]
    same = clerk.do(ReimportPlan(configuration_id=made, plan=orjson.dumps(file).decode()))
    assert same == {"seats": 11, "kept": 11, "added": 0, "removed": 0}


def test_a_re_import_takes_whole_zones_and_keeps_counted_ones(quick: Quick) -> None:
    clerk, house = quick
    made = draft(clerk, house)
    door = new_id()
    clerk.do(CreateEntrance(id=door, site_id=house.site, code="N", names={"fr": "Nord"}, zones=1))
    zone = Id(clerk.rows("SELECT id FROM physical_zone WHERE configuration_id = :id", id=made)[0][0])
    clerk.do(ServeZone(zone_id=zone, entrances=(door,)))
    clerk.do(AddUnnumberedZone(id=new_id(), configuration_id=made, name="Debout", capacity=20, control=2))
    renamed = plan(2, 4).replace('"Parterre"', '"Orchestre"')
    assert clerk.do(ReimportPlan(configuration_id=made, plan=renamed)) == {
        "seats": 8,
        "kept": 0,
        "added": 8,
        "removed": 8,
    }
    names = clerk.rows("SELECT name, numbered FROM physical_zone WHERE configuration_id = :id ORDER BY name", id=made)
    assert names == [("Debout", 0), ("Orchestre", 1)]
    clash = plan(2, 4).replace('"Parterre"', '"Debout"')
    assert clerk.no(ReimportPlan(configuration_id=made, plan=clash)).reason == NoVenue.CODE_TAKEN
    assert clerk.no(ReimportPlan(configuration_id=made, plan="{")).reason == NoVenue.PLAN_FAULTY
    clerk.do(ServeZone(zone_id=derived_id("zone", made, "Orchestre"), entrances=(door,)))
    counted = Id(
        clerk.rows("SELECT id FROM physical_zone WHERE configuration_id = :id AND numbered = 0", id=made)[0][0]
    )
    clerk.do(ServeZone(zone_id=counted, entrances=(door,)))
    clerk.do(ValidatePhysical(configuration_id=made))
    assert clerk.no(ReimportPlan(configuration_id=made, plan=renamed)).reason == NoVenue.NOT_DRAFT
    assert clerk.no(ReimportPlan(configuration_id=new_id(), plan=renamed)).reason == NoVenue.NO_SUCH_CONFIGURATION


def test_a_physical_configuration_goes_only_while_no_logical_one_refers_to_it(quick: Quick) -> None:
    clerk, house = quick
    used = clerk.no(DeletePhysicalConfiguration(configuration_id=house.physical))
    assert (used.reason, used.detail["by"][0]["codes"]) == (NoVenue.IN_USE, ["SOIREE"])
    made, logical = draft_of_another(clerk, house), new_id()
    clerk.do(ValidatePhysical(configuration_id=made))
    want = CreateLogicalConfiguration(
        id=logical,
        context_id=house.season,
        physical_configuration_id=made,
        code="L2",
        names={"fr": "L2"},
        categories={"1re": house.seated},
    )
    clerk.do(want)
    assert clerk.no(DeletePhysicalConfiguration(configuration_id=made)).detail["by"][0]["ids"] == [logical]
    clerk.do(DeleteLogicalConfiguration(configuration_id=logical))
    clerk.do(DeletePhysicalConfiguration(configuration_id=made))
    for table in ("physical_seat", "physical_zone", "plan_file", "logical_seat"):
        assert clerk.rows(f"SELECT COUNT(*) FROM {table} WHERE configuration_id IN (:p, :l)", p=made, l=logical) == [
            (0,)
        ]
    assert clerk.no(DeletePhysicalConfiguration(configuration_id=made)).reason == NoVenue.NO_SUCH_CONFIGURATION
    running = clerk.no(DeleteLogicalConfiguration(configuration_id=house.logical))
    (used,) = running.detail["by"]
    assert (used["entity"], used["count"], used["ids"]) == ("performance", 1, [house.performance])


def test_what_seats_are_can_be_said_and_goes_into_the_export(quick: Quick) -> None:
    clerk, house = quick
    made = draft(clerk, house, rows=1, seats=6)
    zone = derived_id("zone", made, "Parterre")
    one, two, six = (seat_id(made, "Parterre", "A", number) for number in "126")
    clerk.do(DescribeSeats(configuration_id=made, selection=Selection(seats=(one, six)), wheelchair=True, why="rampe"))
    clerk.do(DescribeSeats(configuration_id=made, selection=Selection(seats=(two,)), companion=True, restricted=True))
    found = {row[0]: row[1:] for row in clerk.rows(
        "SELECT id, wheelchair, companion, restricted, companion_of FROM physical_seat WHERE configuration_id = :id "
        "AND wheelchair + companion + restricted > 0", id=made,
    )}  # fmt: skip
    assert found == {one: (1, 0, 0, None), six: (1, 0, 0, None), two: (0, 1, 1, one)}, "companion of the nearest one"
    clerk.do(DescribeSeats(configuration_id=made, selection=Selection(rows=(RowRef(zone, "A"),)), wheelchair=False))
    assert clerk.rows("SELECT COUNT(*) FROM physical_seat WHERE companion_of IS NOT NULL") == [(0,)]
    clerk.do(DescribeSeats(configuration_id=made, selection=Selection(seats=(six,)), wheelchair=True))
    plan_now = plan_of(Read(clerk.db, clerk.actor, clerk.watch(), clerk.door.keys), made)
    assert plan_now
    marks = {seat.number: sorted(map(str, seat.marks)) for _, _, seat in plan_now.seats()}
    assert marks == {"1": [], "2": ["companion", "view"], "3": [], "4": [], "5": [], "6": ["wheelchair"]}


def test_invalid_seats_come_back_as_they_were(quick: Quick) -> None:
    clerk, house = quick
    made = draft(clerk, house)
    seats = Selection(rows=(RowRef(derived_id("zone", made, "Parterre"), "A"),))
    assert clerk.no(InvalidateSeats(configuration_id=made, selection=seats, why="  ")).reason == NoAct.NO_REASON
    before = clerk.rows(f"SELECT * FROM physical_seat WHERE configuration_id = '{made}' ORDER BY position")
    done = clerk.do(InvalidateSeats(configuration_id=made, selection=seats, why="dégât des eaux"))
    assert (done["version"], done["places"]) == (1, 4)
    assert clerk.do(InvalidateSeats(configuration_id=made, selection=seats, why="encore"))["places"] == 0, (
        "gone is gone: the first reason stays"
    )
    assert clerk.do(RevalidateSeats(configuration_id=made, selection=seats))["version"] == 2
    assert clerk.rows(f"SELECT * FROM physical_seat WHERE configuration_id = '{made}' ORDER BY position") == before
    assert (
        clerk.no(InvalidateSeats(configuration_id=made, selection=Selection(seats=(new_id(),)), why="x")).reason
        == NoAct.NO_SUCH_SEAT
    )
    assert clerk.no(InvalidateSeats(configuration_id=new_id(), selection=seats, why="x")).reason == NoAct.NO_SUCH_PLAN


def test_an_import_leaves_one_trace_and_not_one_per_seat(quick: Quick) -> None:
    clerk, house = quick
    draft(clerk, house)
    told = clerk.rows("SELECT DISTINCT entity FROM audit WHERE command_id = :id ORDER BY 1", id=clerk.said[-1])
    assert told == [("physical_configuration",), ("physical_zone",), ("plan_file",)]
    assert clerk.rows("SELECT LENGTH(change) < 500 FROM audit WHERE entity = 'plan_file' AND command_id = :id",
                      id=clerk.said[-1]) == [(1,)]  # fmt: skip


def test_an_import_makes_the_accesses_that_the_plan_names(quick: Quick) -> None:
    """Zones, seats, the drawing and accesses come out of the file; what the site has already is used."""
    clerk, house = quick
    north = new_id()
    clerk.do(CreateEntrance(id=north, site_id=house.site, code="NORD", names={"fr": "Porte Nord"}, zones=1))
    lines = ["zone,row,seat,x,y,category,access"]
    lines += [f"Parterre,A,{n},{n * 25},0,1re,{'porte nord' if n < 3 else 'Porte Sud'}" for n in range(1, 5)]
    lines += [f"Loge,A,{n},{n * 25},90,1re,Porte Sud" for n in range(1, 3)]
    made = new_id()
    assert (
        clerk.do(
            ImportPlan(
                id=made, space_id=space(clerk, house), code="P2", names={"fr": "Plan"}, plan="\n".join(lines) + "\n"
            )
        )
        == 6
    )
    told = clerk.rows(
        "SELECT z.name, e.code FROM zone_entrance t JOIN physical_zone z ON z.id = t.zone_id "
        "JOIN entrance e ON e.id = t.entrance_id WHERE z.configuration_id = :id ORDER BY 1, 2", id=made,
    )  # fmt: skip
    assert told == [("Loge", "PORTE-SUD"), ("Parterre", "NORD"), ("Parterre", "PORTE-SUD")]
    clerk.do(ReimportPlan(configuration_id=made, plan="\n".join(lines) + "\n"))
    assert clerk.rows("SELECT COUNT(*) FROM entrance WHERE site_id = :id", id=house.site) == [(2,)], "and not again"
    clerk.do(ValidatePhysical(configuration_id=made))
