"""A plan's places are counted where they lie: as one would count them seat by seat, and without reading a seat."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from central.inventory.plan_actions import AssignContingent, AssignLogicalContingent, BlockLogical, BlockPlaces
from central.kernel.contexts import path_of
from central.kernel.db import Database, Params, Row
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.schema import upgrade
from central.kernel.tx import Read
from central.programme.plan_pictures import BLOCKED, FREE, GONE, HAD, PlanCounts, states_of
from central.programme.plans import plan_table
from central.venues.history import SeatField
from central.venues.model import NoAct, PlanTarget
from central.venues.ops import InvalidateSeats
from central.venues.selection import Selection
from shared.ids import Id
from tests.central.small_house import NOW, Clerk, House, Watch, new_id, set_up

ROWS, ROW = 4, 60
FEW = 30
"""Rows that come back: of categories, contingents, counted zones and states, never of seats."""


@pytest.fixture
def hall(tmp_path: Path, keys: Keys) -> Iterator[tuple[Clerk, House]]:
    """A hall of some hundred seats, of which some are blocked, given to a contingent, sold, held, or out of order."""
    database = Database(f"sqlite:///{tmp_path / 'house.db'}")
    upgrade(database)
    with closing(database.connect()) as db:
        clerk = Clerk(Door(database, Watch(), path_of, keys), db, Watch())
        house = set_up(clerk, ROWS, ROW)
        physical, logical, played = house.physical, house.logical, house.performance

        def some(first: int, count: int) -> Selection:
            return Selection(seats=house.seats[first : first + count])

        clerk.do(
            AssignLogicalContingent(configuration_id=logical, contingent_id=house.contingent, selection=some(5, 9))
        )
        clerk.do(BlockLogical(configuration_id=logical, why="caméra", selection=some(10, 7)))
        clerk.do(AssignContingent(performance_id=played, contingent_id=house.contingent, selection=some(20, 9)))
        clerk.do(BlockPlaces(performance_id=played, why="caméra", selection=some(25, 7)))
        clerk.do(InvalidateSeats(configuration_id=physical, selection=some(100, 5), why="cassé"))
        clerk.do(house.order(*house.seats[40:44]))
        clerk.do(house.standing_order(3))
        yield clerk, house


def seat_by_seat(read: Read, target: PlanTarget, target_id: Id) -> Counter[tuple[str | None, str, str]]:
    table = plan_table(read, target, target_id)
    assert table
    nothing = [None] * len(table.ids)
    found: Counter[tuple[str | None, str, str]] = Counter()
    for category, contingent, letter in zip(
        table.values.get(SeatField.CATEGORY, nothing), table.values.get(SeatField.CONTINGENT, nothing),
        states_of(table), strict=True,
    ):  # fmt: skip
        found[category, contingent or "", "taken" if letter in HAD else letter] += 1
    for (zone, contingent), share in table.shares.items():
        for letter, count in ((FREE, share.free), (BLOCKED, share.blocked), ("taken", share.taken)):
            found[table.counted[zone], contingent, letter] += count
    return +found


@pytest.mark.parametrize("target", PlanTarget)
def test_a_plan_is_counted_without_reading_its_seats(
    hall: tuple[Clerk, House], target: PlanTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, house = hall
    of = {PlanTarget.PHYSICAL: house.physical, PlanTarget.LOGICAL: house.logical}.get(target, house.performance)
    clerk.db.begin(write=False)
    wanted = seat_by_seat(Read(clerk.db, clerk.actor, NOW, clerk.door.keys), target, of)
    clerk.db.rollback()
    assert sum(wanted.values()) >= ROWS * ROW
    came: list[int] = []
    run = clerk.db.run

    def counted(sql: str, params: Params) -> list[Row]:
        rows = run(sql, params)
        came.append(len(rows))
        return rows

    monkeypatch.setattr(clerk.db, "run", counted)
    lines: list[dict[str, Any]] = clerk.ask(PlanCounts(target=target, target_id=of)).value
    assert sum(came) <= FEW, came
    names = {FREE: "free", BLOCKED: "blocked", GONE: "invalid", "taken": "taken"}
    found = {
        (line["category_id"], line["contingent_id"], letter): line[name]
        for line in lines for letter, name in names.items() if line[name]
    }  # fmt: skip
    assert found == wanted
    assert all(line["capacity"] == line["free"] + line["blocked"] + line["taken"] for line in lines)


def test_a_plan_that_is_not_there_is_not_counted(quick: tuple[Clerk, House]) -> None:
    for target in PlanTarget:
        assert quick[0].ask(PlanCounts(target=target, target_id=new_id())).reason is NoAct.NO_SUCH_PLAN
