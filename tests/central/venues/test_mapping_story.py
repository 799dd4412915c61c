"""A hall that somebody else drew, through the door: imported by a mapping, mended over its draft, its mapping kept."""

from dataclasses import replace

from central.kernel.actor import SYSTEM
from central.kernel.tx import Read
from central.venues.arrivals import mapping_before
from central.venues.model import NoVenue, PhysicalConfiguration
from central.venues.ops import CreateSpace, ImportPlan, ReimportPlan, ValidatePhysical
from central.venues.plan_flaws import Flaw
from central.venues.svg_sources import NameSource, SvgMapping, Where
from tests.central.small_house import Clerk, House, new_id, plan
from tests.central.venues.strange_drawings import DRAWINGS

DRAWING = DRAWINGS["ids put together"]
MAPPING = SvgMapping(*(NameSource(Where.ATTRIBUTE, "id", 0, "{section}-{row}-{number}") for _ in range(3)))


def test_a_hall_of_somebody_elses_drawing(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    space, hall = new_id(), new_id()
    clerk.do(CreateSpace(id=space, site_id=house.site, code="PETITE", names={"fr": "Petite salle"}))
    come = ImportPlan(id=hall, space_id=space, code="P2", names={"fr": "Plan"}, plan=DRAWING, mapping=MAPPING)
    unsaid = clerk.no(replace(come, mapping=None))
    assert unsaid.detail["faults"][0]["what"] == Flaw.UNMARKED.fault
    wrong = clerk.no(replace(come, mapping=replace(MAPPING, section=NameSource(Where.SAME, "P"))))
    assert wrong.reason == NoVenue.PLAN_FAULTY and wrong.detail["count"] == 6

    assert clerk.do(come) == 12
    names = clerk.rows("SELECT row_name, number FROM physical_seat WHERE configuration_id = :id", id=hall)
    assert set(names) == {(row, str(n)) for row in "AB" for n in (1, 2, 3)}
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    drawing = read.get(PhysicalConfiguration, hall).drawing
    assert drawing.mapping == MAPPING and [shape.text for shape in drawing.shapes] == ["SCÈNE"]
    assert mapping_before(read, hall, "") == MAPPING, "for a mended file over the draft"
    assert mapping_before(read, "", space) == MAPPING, "for another plan of the space"

    longer = DRAWING.replace("</svg>", '<circle id="P-A-4" cx="170" cy="100" r="9"/></svg>')
    done = clerk.do(ReimportPlan(configuration_id=hall, plan=longer, mapping=MAPPING))
    assert done == {"seats": 13, "kept": 12, "added": 1, "removed": 0}
    clerk.do(ReimportPlan(configuration_id=hall, plan=plan(1, 3)))
    assert mapping_before(read, hall, "") == MAPPING, "which a file of ours does not forget"
    assert clerk.do(ValidatePhysical(configuration_id=hall)) is None
