"""From a plan file to a hall that can be sold, and what is refused on the way."""

import orjson

from central.catalogue.model import NoPerformance
from central.kernel.contexts import ContextKind
from central.kernel.crud import NoChange
from central.organisation.model import NoContext
from central.organisation.ops import CreateContext, SetUpHouse
from central.programme.performances import CreatePerformance, Schedule
from central.venues.model import NoVenue
from central.venues.ops import (
    AddUnnumberedZone,
    CreateLogicalConfiguration,
    CreateSite,
    CreateSpace,
    ImportPlan,
    ValidatePhysical,
)
from shared.ids import Id
from tests.central.small_house import STARTS, Clerk, House, new_id, plan

Quick = tuple[Clerk, House]


def space(clerk: Clerk, house: House) -> Id:
    made = new_id()
    clerk.do(CreateSpace(id=made, site_id=house.site, code="PETITE", names={"fr": "Petite salle"}))
    return made


def test_a_plan_is_refused_whole_with_every_fault(quick: Quick) -> None:
    clerk, house = quick
    said = orjson.loads(plan())
    seats = said["zones"][0]["rows"][0]["seats"]
    seats[3]["seat_number"] = seats[2]["seat_number"]
    seats[5]["category"] = "nowhere"
    del seats[7]["position"]
    hall = space(clerk, house)
    before = clerk.rows("SELECT COUNT(*) FROM physical_seat")
    refused = clerk.no(
        ImportPlan(id=new_id(), space_id=hall, code="P2", names={"fr": "Plan"}, plan=orjson.dumps(said).decode())
    )
    assert (refused.reason, refused.fix) == (NoVenue.PLAN_FAULTY, "plan")
    assert len(refused.detail["faults"]) >= 3
    assert clerk.rows("SELECT COUNT(*) FROM physical_seat") == before
    for rubbish in ("", "{", "[]", "null"):
        assert (
            clerk.no(ImportPlan(id=new_id(), space_id=hall, code="P2", names={"fr": "Plan"}, plan=rubbish)).reason
            == NoVenue.PLAN_FAULTY
        )


def test_a_logical_configuration_names_what_it_lacks(quick: Quick) -> None:
    clerk, house = quick

    def logical(categories: dict[str, Id]) -> CreateLogicalConfiguration:
        return CreateLogicalConfiguration(
            id=new_id(),
            context_id=house.season,
            physical_configuration_id=house.physical,
            code="L2",
            names={"fr": "L2"},
            categories=categories,
        )

    assert clerk.no(logical({})).detail == {"missing": ["1re", "Debout"]}
    assert clerk.no(logical({"1re": house.seated, "Debout": new_id()})).detail == {"missing": ["Debout"]}
    assert clerk.do(logical({"1re": house.seated, "Debout": house.standing, "more": house.seated})) == 40
    again = clerk.no(logical({"1re": house.seated, "Debout": house.standing}))
    assert (again.reason, again.fix) == (NoChange.CODE_TAKEN, "code")


def test_a_draft_is_built_on_and_then_validated_once(quick: Quick) -> None:
    clerk, house = quick
    draft = new_id()
    clerk.do(ImportPlan(id=draft, space_id=space(clerk, house), code="P2", names={"fr": "Plan"}, plan=plan(1, 3)))
    early = CreateLogicalConfiguration(
        id=new_id(),
        context_id=house.season,
        physical_configuration_id=draft,
        code="L2",
        names={"fr": "L2"},
        categories={"1re": house.seated},
    )
    assert clerk.no(early).reason == NoVenue.NOT_VALIDATED
    assert (
        clerk.no(AddUnnumberedZone(id=new_id(), configuration_id=draft, name="Debout", capacity=0, control=2)).reason
        == NoVenue.EMPTY
    )
    clerk.do(AddUnnumberedZone(id=new_id(), configuration_id=draft, name="Debout", capacity=5, control=2))
    assert (
        clerk.no(AddUnnumberedZone(id=new_id(), configuration_id=draft, name="Debout", capacity=5, control=2)).reason
        == NoChange.CODE_TAKEN
    )
    clerk.do(ValidatePhysical(configuration_id=draft))
    assert clerk.no(ValidatePhysical(configuration_id=draft)).reason == NoVenue.NOT_DRAFT
    assert (
        clerk.no(AddUnnumberedZone(id=new_id(), configuration_id=draft, name="Balcon", capacity=5, control=2)).reason
        == NoVenue.NOT_DRAFT
    )
    assert clerk.no(ValidatePhysical(configuration_id=new_id())).reason == NoVenue.NO_SUCH_CONFIGURATION


def test_times_that_make_no_evening(quick: Quick) -> None:
    clerk, house = quick
    naive = STARTS.replace(tzinfo=None)
    for schedule in (
        Schedule(STARTS, STARTS.replace(hour=21), STARTS.replace(hour=23), STARTS),  # doors after the start
        Schedule(STARTS, STARTS, STARTS, STARTS),  # over when it starts
        Schedule(STARTS, STARTS, STARTS.replace(hour=22), STARTS.replace(hour=23)),  # sold when it is over
        Schedule(naive, naive, naive.replace(hour=23), naive),  # at which hour, where?
        Schedule(STARTS.replace(year=1), STARTS.replace(year=1), STARTS, STARTS),
        Schedule(STARTS, STARTS, STARTS.replace(year=9999), STARTS),
    ):
        want = CreatePerformance(
            id=new_id(),
            event_id=house.event,
            logical_configuration_id=house.logical,
            price_grid_id=house.grid,
            schedule=schedule,
        )
        assert clerk.no(want).reason == NoPerformance.BAD_TIMES


def test_the_house_is_founded_once(quick: Quick) -> None:
    clerk, house = quick
    again = SetUpHouse(
        institution_id=new_id(),
        code="B",
        names={"fr": "Une autre"},
        operator_id=new_id(),
        operator_name="Anna",
        key_digest="digest",
    )
    assert clerk.no(again).reason == NoContext.HOUSE_EXISTS
    site = CreateSite(
        id=new_id(),
        context_id=house.institution,
        code="LUNE",
        names={"fr": "Lune"},
        address="",
        timezone="Moon/Tranquility",
    )
    assert clerk.no(site).detail["faults"][0]["at"] == "timezone"
    for kind, parent, reason in (
        (ContextKind.SEASON, house.institution, NoContext.WRONG_PARENT),
        (ContextKind.INSTITUTION, house.institution, NoContext.WRONG_PARENT),
        (ContextKind.ACTIVITY, new_id(), NoContext.NO_SUCH_PARENT),
    ):
        assert (
            clerk.no(
                CreateContext(id=new_id(), context_id=parent, kind=kind, code="X", names={"fr": "X"}, settings={})
            ).reason
            == reason
        )
    nameless = CreateContext(
        id=new_id(), context_id=house.institution, kind=ContextKind.ORGANISER, code="X", names={"en": "X"}, settings={}
    )
    assert clerk.no(nameless).detail["faults"] == [{"at": "names.fr", "what": "name_missing"}]
