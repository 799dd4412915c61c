"""The working day on the page of a house, and a performance's figures on its own: numbers, rights, statements. On both
databases."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from central.catalogue.model import CataloguePrivilege, NoPerformance, Performance, PerformanceDo, PerformanceState
from central.devices.model import DevicesPrivilege
from central.inventory.counts import counts_of, sums_in, sums_of
from central.inventory.model import InventoryPrivilege
from central.inventory.plan_actions import AssignContingent, BlockPlaces
from central.kernel.actor import SYSTEM, Actor
from central.kernel.tx import Read
from central.orders.holds import HoldPlaces
from central.orders.model import OrdersPrivilege
from central.orders.reads import first_sold, sold_over_time
from central.programme.note import NotePerformance
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from central.reports.curves import STROKES, stroke_counts
from central.reports.day import MOST_PLAYED, NEXT_DAYS, WorkingDay, working_day
from central.reports.day_view import day_shown, sight
from central.reports.performance_view import MOST_STEPS, figures_part, sale_window
from central.reports.service_sheet import sheet_of
from central.venues.selection import Selection
from central.web.branches import Branch
from central.web.texts import texts
from shared.ids import Id
from shared.wire.certificates import DeviceKind
from shared.wire.topics import Presence
from tests.central.devices.test_facts import enrol
from tests.central.small_house import FULL, NOW, STANDING, STARTS, Clerk, House, new_id

ROOT = Path(__file__).parents[3]
ADDED = re.compile(r"\bheld\W* \+ [\w.]*optioned|\bfree\W* \+ [\w.]*leased")
"""What somebody is about to have, and what may still be sold, worked out."""
MAY = {CataloguePrivilege.CATALOGUE_MODIFY: True, InventoryPrivilege.CONTINGENT_READ: True}
SEES = (CataloguePrivilege.CATALOGUE_READ, OrdersPrivilege.ORDER_READ, DevicesPrivilege.DEVICE_READ)


@dataclass
class Counted:
    """A connection that keeps what is asked of it."""

    db: Any
    statements: list[str] = field(default_factory=list)

    def run(self, sql: str, params: Any) -> Any:
        self.statements.append(sql)
        return self.db.run(sql, params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)


def here(house: House, at: str = "") -> Branch:
    kinds = {house.institution: "institution", house.organiser: "organiser", house.activity: "activity"}
    at = at or house.institution
    return Branch(at, None if at == house.institution else house.institution, kinds[Id(at)], "X", {}, ())


def day_of(
    clerk: Clerk,
    house: House,
    actor: Actor = SYSTEM,
    at: str = "",
    heard: Mapping[str, Presence] | None = None,
    db: Any = None,
) -> WorkingDay:
    read = Read(db or clerk.db, actor, clerk.watch(), clerk.door.keys)
    return working_day(read, sight(clerk.door, read, here(house, at)), heard or {})


def shown(clerk: Clerk, house: House, day: WorkingDay, language: str = "fr") -> Mapping[str, Any]:
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    return day_shown(read, texts(language), here(house), day, MAY)


def figures(clerk: Clerk, house: House, actor: Actor = SYSTEM, db: Any = None) -> Mapping[str, Any]:
    read = Read(db or clerk.db, actor, clerk.watch(), clerk.door.keys)
    performance = read.get(Performance, house.performance)
    found = figures_part(clerk.door)(read, texts("en"), performance)
    assert found
    return found


def another(clerk: Clerk, house: House, starts: datetime, *, on_sale: bool = True) -> Id:
    made = new_id()
    when = Schedule(starts, starts - timedelta(hours=1), starts + timedelta(hours=3), starts)
    clerk.do(
        CreatePerformance(
            id=made, event_id=house.event, logical_configuration_id=house.logical, price_grid_id=house.grid,
            schedule=when,
        )
    )  # fmt: skip
    if on_sale:
        clerk.do(ChangeSale(performance_id=made, do=PerformanceDo.OPEN))
    return made


def test_numbers_are_those_of_the_places_and_the_orders(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0], house.seats[1]))
    clerk.do(house.standing_order(3))
    clerk.do(HoldPlaces(hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance,
                        seats=(house.seats[5],)))  # fmt: skip
    clerk.do(BlockPlaces(performance_id=house.performance, selection=Selection(seats=(house.seats[19],)), why="régie"))
    clerk.do(
        AssignContingent(
            performance_id=house.performance,
            contingent_id=house.contingent,
            selection=Selection(seats=house.seats[7:10]),
        )
    )
    day = day_of(clerk, house)
    (tonight,) = day.tonight
    sums = tonight.sums
    assert (sums.capacity, sums.sold, sums.held, sums.blocked, sums.kept) == (40, 5, 1, 1, 3)
    assert sums.free == 40 - 5 - 1 - 1
    money = 2 * FULL + 3 * STANDING
    assert tonight.takings and [(each.currency, each.places, each.amount) for each in tonight.takings] == [
        ("EUR", 5, money)
    ]
    assert day.takings and [(each.what, each.places, each.amount) for each in day.takings] == [
        (house.channel, 5, money)
    ]
    said = shown(clerk, house, day, "en")
    assert said["tonight"][0].sold == "5" and said["tonight"][0].share == "12%", "rounded down"
    assert said["sums"] == [("€76.00", "5 seats")]


def test_a_performances_figures_add_up(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0], house.seats[1]))
    clerk.do(house.standing_order())
    clerk.do(
        AssignContingent(
            performance_id=house.performance,
            contingent_id=house.contingent,
            selection=Selection(seats=house.seats[7:10]),
        )
    )
    found = figures(clerk, house)
    lines = [(each.name, each.inner, each.capacity, each.sold, each.free) for each in found["lines"]]
    assert lines == [
        ("1re", False, "20", "2", "18"),
        ("Presse", True, "3", "", "3"),
        ("Debout", False, "20", "1", "19"),
    ]
    assert (found["hall"].capacity, found["hall"].sold, found["hall"].free) == ("40", "3", "37")
    assert found["amounts"] == ["€52.00"] and found["mean"] == "€17.33"
    assert [(each.places, each.share, each.amount) for each in found["tariffs"]] == [("3", "100%", "€52.00")]


def test_what_is_played_stands_on_its_day(clerk: Clerk, house: House) -> None:
    """The small house plays at 21:00 in Paris, on 21 November."""
    late = another(clerk, house, datetime(2026, 11, 21, 22, 30, tzinfo=UTC))  # 23:30 in Paris
    after = another(clerk, house, datetime(2026, 11, 21, 23, 30, tzinfo=UTC))  # half past midnight
    draft = another(clerk, house, datetime(2026, 11, 24, 19, 0, tzinfo=UTC), on_sale=False)
    day = day_of(clerk, house)
    assert [each.played.id for each in day.tonight] == [house.performance, late]
    assert [(str(each), [one.played.id for one in found]) for each, found in day.days] == [
        ("2026-11-22", [after]),
        ("2026-11-24", [draft]),
    ]
    due = [each for each in shown(clerk, house, day)["todo"] if draft in each.href]
    assert [(each.tone, each.why) for each in due] == [("due", "Pas encore en vente.")]
    clerk.watch.at = STARTS + timedelta(hours=3, minutes=30)  # past midnight: one is over, one goes on
    assert [each.played.id for each in day_of(clerk, house).tonight] == [late, after]
    clerk.watch.at = STARTS + timedelta(days=9)
    assert day_of(clerk, house).tonight == ()


def test_statements_do_not_follow_how_much_is_played(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0]))
    once = Counted(clerk.db)
    day_of(clerk, house, db=once)
    for n in range(MOST_PLAYED + 3):
        another(clerk, house, STARTS + timedelta(days=n % 12))
    more = Counted(clerk.db)
    day = day_of(clerk, house, db=more)
    assert len(more.statements) == len(once.statements) <= 12
    assert sum(len(found) for _, found in day.days) + len(day.tonight) <= MOST_PLAYED
    assert len(day.days) == NEXT_DAYS and day.more


def test_each_figure_is_for_who_may_see_what_it_is_made_of(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0]))
    enrol(clerk, house, DeviceKind.GATE)
    day = day_of(clerk, house, house.operator(*SEES))
    assert day.tonight[0].takings and day.takings and len(day.devices) == 1
    reader = day_of(clerk, house, house.operator(CataloguePrivilege.CATALOGUE_READ))
    assert reader.tonight[0].sums.sold == 1
    assert (reader.tonight[0].takings, reader.takings, reader.devices) == (None, None, ())
    assert "Recette" not in [label for label, _, _ in shown(clerk, house, reader)["tonight"][0].figures]
    seller = day_of(clerk, house, house.operator(OrdersPrivilege.ORDER_READ))
    assert (seller.tonight, seller.days) == ((), ()) and seller.takings
    lower = day_of(clerk, house, house.operator(*SEES, at=house.activity))
    assert len(lower.tonight) == 1 and not lower.tonight[0].takings, "orders stand with the organiser"
    assert (lower.takings, lower.devices) == ((), ())
    elsewhere = day_of(clerk, house, house.operator(*SEES, points=(house.kiosk_point,)))
    assert not elsewhere.takings, "a perimeter leaves the desk's sales out"
    at_activity = day_of(clerk, house, house.operator(*SEES), at=house.activity)
    assert len(at_activity.tonight) == 1 and at_activity.takings is None


def test_a_performances_takings_are_for_who_sees_orders(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0]))
    found = figures(clerk, house, house.operator(CataloguePrivilege.CATALOGUE_READ))
    assert found["hall"].sold == "1" and found["amounts"] is None
    assert not found["contingents"], "a contingent's share is for who reads contingents"
    assert figures(clerk, house, house.operator(*SEES))["amounts"] == ["€20.00"]


def test_what_waits_is_said_the_most_pressing_first(clerk: Clerk, house: House) -> None:
    gone, ill, fine = (enrol(clerk, house, DeviceKind.GATE) for _ in range(3))
    new = enrol(clerk, house, DeviceKind.GATE, approve=False)
    heard = {
        each.id: Presence(each.id, "s", online, NOW, health)
        for each, online, health in ((gone, False, "ok"), (ill, True, "paper_out"), (fine, True, "ok"))
    }
    clerk.do(
        AssignContingent(
            performance_id=house.performance,
            contingent_id=house.contingent,
            selection=Selection(seats=house.seats[7:10]),
        )
    )
    said = shown(clerk, house, day_of(clerk, house, heard=heard))
    assert [(each.tone, each.href.rpartition("/")[2]) for each in said["todo"]] == [
        ("stop", gone.id), ("warn", ill.id), ("due", new.id), ("due", house.performance),
    ]  # fmt: skip
    assert said["devices_wrong"] == 3
    clerk.do(ChangeSale(performance_id=house.performance, do=PerformanceDo.SUSPEND))
    tones = {each.href.rpartition("/")[2]: each.why for each in shown(clerk, house, day_of(clerk, house))["todo"]}
    assert tones[house.performance] == "La vente est suspendue."
    assert clerk.rows("SELECT state FROM performance")[0][0] == PerformanceState.SUSPENDED


def sheet(clerk: Clerk, house: House, day: date, actor: Actor = SYSTEM, db: Any = None) -> Mapping[str, Any]:
    read = Read(db or clerk.db, actor, clerk.watch(), clerk.door.keys)
    return sheet_of(clerk.door, read, texts("en"), here(house), day)


def test_a_note_is_for_who_works_there(clerk: Clerk, house: House) -> None:
    clerk.do(NotePerformance(performance_id=house.performance, note="  A class of forty.\nRow F. "))
    said = "A class of forty.\nRow F."
    assert shown(clerk, house, day_of(clerk, house))["tonight"][0].note == said
    assert figures(clerk, house)["note"] == said
    (line,) = sheet(clerk, house, STARTS.date())["lines"]
    assert line.day.note == said
    clerk.do(ChangeSale(performance_id=house.performance, do=PerformanceDo.CANCEL))
    clerk.do(NotePerformance(performance_id=house.performance))
    assert figures(clerk, house)["note"] == "", "in whatever state"
    no = clerk.no(NotePerformance(performance_id=new_id(), note="x"))
    assert (no.reason, no.fix) == (NoPerformance.NO_SUCH_PERFORMANCE, "performance_id")


def test_a_service_sheet_has_its_day_and_no_other(clerk: Clerk, house: House) -> None:
    late = another(clerk, house, datetime(2026, 11, 21, 23, 30, tzinfo=UTC))  # half past midnight in Paris
    enrol(clerk, house, DeviceKind.GATE)
    clerk.do(house.order(house.seats[0], house.seats[1]))
    today = sheet(clerk, house, date(2026, 11, 21))
    (line,) = today["lines"]
    assert (line.day.id, line.day.hour, line.day.sold) == (house.performance, "21:00", "2")
    assert [(each.name, each.capacity, each.sold, each.free) for each in line.places] == [
        ("1re", "20", "2", "18"), ("Debout", "20", "", "20"), ("Hall", "40", "2", "38"),
    ]  # fmt: skip
    assert [kind for kind, _ in today["devices"]] == ["gate"]
    assert [each.day.id for each in sheet(clerk, house, date(2026, 11, 22))["lines"]] == [late]
    assert sheet(clerk, house, date(2026, 11, 23))["lines"] == []
    reader = house.operator(CataloguePrivilege.CATALOGUE_READ)
    assert sheet(clerk, house, date(2026, 11, 21), reader)["devices"] == []
    statements = []
    for _ in range(2):
        counted = Counted(clerk.db)
        sheet(clerk, house, date(2026, 11, 21), db=counted)
        statements.append(len(counted.statements))
        for n in range(8):
            another(clerk, house, STARTS + timedelta(minutes=n))
    assert statements[0] == statements[1] <= 12


def test_a_curve_has_all_that_was_sold(clerk: Clerk, house: House) -> None:
    assert figures(clerk, house)["curve"] is None, "nothing was sold"
    start = clerk.watch.at - timedelta(days=6)
    for n, days in enumerate((0, 0, 2, 5)):
        clerk.watch.at = start + timedelta(days=days)
        clerk.do(house.order(house.seats[n]))
    clerk.watch.at += timedelta(hours=1)
    assert "4 seats sold since" in figures(clerk, house)["curve"]
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    assert first_sold(read, None, house.performance) == start
    window = sale_window(start, clerk.watch.at)
    before, steps = sold_over_time(read, None, house.performance, window.start, window.step, window.count)
    assert (before, steps) == (0, {0: 2, 8: 1, 20: 1})
    later = window.start + timedelta(days=1)
    assert sold_over_time(read, None, house.performance, later, window.step, 8) == (2, {4: 1})
    assert sold_over_time(read, (), house.performance, window.start, window.step, window.count) == (0, {})
    assert figures(clerk, house, house.operator(CataloguePrivilege.CATALOGUE_READ))["curve"] is None


@pytest.mark.parametrize(
    ("long", "step", "count"),
    [
        (timedelta(seconds=40), timedelta(minutes=1), 1), (timedelta(minutes=20), timedelta(minutes=1), 20),
        (timedelta(hours=2), timedelta(minutes=5), 24), (timedelta(hours=24), timedelta(minutes=15), 96),
        (timedelta(days=3), timedelta(hours=1), 72),
        (timedelta(days=5), timedelta(hours=6), 20), (timedelta(days=98), timedelta(days=1), 98),
        (timedelta(days=101), timedelta(weeks=1), 15), (timedelta(days=4000), timedelta(weeks=8), 72),
    ],
)  # fmt: skip
def test_a_curve_has_few_steps_and_ends_now(long: timedelta, step: timedelta, count: int) -> None:
    window = sale_window(NOW, NOW + long)
    assert (window.step, window.count) == (step, count) and count <= MOST_STEPS
    assert window.start <= NOW < window.start + window.step and window.end == NOW + long


def test_of_what_is_cancelled_no_place_is_free(clerk: Clerk, house: House) -> None:
    """Before: its page went on counting them."""
    assert figures(clerk, house)["hall"].free == "40"
    clerk.do(ChangeSale(performance_id=house.performance, do=PerformanceDo.CANCEL))
    after = figures(clerk, house)
    assert [after["hall"].free, *(each.free for each in after["lines"])] == ["", "", ""] and not after["left"]


def test_a_late_show_is_tonights_as_soon_as_its_doors_are_open(clerk: Clerk, house: House) -> None:
    """It begins after midnight; before, nothing was said to play while people came in."""
    late = another(clerk, house, datetime(2026, 11, 22, 23, 10, tzinfo=UTC))  # ten past midnight of the 23rd in Paris
    clerk.watch.at = datetime(2026, 11, 22, 22, 5, tzinfo=UTC)
    before = day_of(clerk, house)
    assert before.tonight == () and [str(day) for day, _ in before.days] == ["2026-11-23"]
    clerk.watch.at += timedelta(minutes=5)
    day = day_of(clerk, house)
    assert [each.played.id for each in day.tonight] == [late] and day.days == ()
    assert shown(clerk, house, day)["tonight"][0].day == "lun. 23 nov."


@pytest.mark.parametrize(
    ("sold", "held", "capacity", "want"),
    [
        (0, 0, 0, (0, 0)), (0, 0, 981, (0, 0)), (1, 0, 981, (1, 0)), (980, 0, 981, (STROKES - 1, 0)),
        (981, 0, 981, (STROKES, 0)), (0, 1, 981, (0, 1)), (490, 245, 980, (12, 6)), (970, 11, 981, (23, 1)),
    ],
)  # fmt: skip
def test_nothing_is_drawn_as_none_that_is_some(sold: int, held: int, capacity: int, want: tuple[int, int]) -> None:
    assert stroke_counts(sold, held, capacity) == want


def test_what_is_left_is_said_in_one_place(clerk: Clerk, house: House) -> None:
    """The page of the day and that of a performance add up the same; nothing but the counts says what they mean."""
    clerk.do(BlockPlaces(performance_id=house.performance, selection=Selection(seats=house.seats[:2]), why="x"))
    clerk.do(HoldPlaces(hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance,
                        seats=(house.seats[5],)))  # fmt: skip
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    sums = sums_in(counts_of(read, house.performance))
    assert sums == sums_of(read, [house.performance])[house.performance]
    assert (sums.going, sums.left) == (1, sums.capacity - 3)
    said = [each.name for each in (ROOT / "central").rglob("*.py") if ADDED.search(each.read_text())]
    assert said == ["counts.py"]
