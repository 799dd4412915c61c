"""Looks at a whole hall or house take turns in threads of their own: however many somebody asks for, nobody's other
look waits for them. Which queries are such is counted."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from central.inventory.plan_actions import BlockPlaces
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.heavy_lane import MOST_OF_ONE
from central.kernel.keys import Keys
from central.kernel.privileges import EVERYTHING
from central.kernel.readers import READERS, WHOLE_READERS
from central.kernel.registry import QUERIES
from central.kernel.schema import upgrade
from central.kernel.trouble import NoDatabase, Unavailable
from central.kernel.tx import Read
from central.venues.model import PlanTarget
from central.venues.selection import Selection
from shared.clock import from_ms
from shared.outcome import Ok
from tests.central.small_house import Clerk, House, Watch, set_up
from tests.waiting import until

FEW = 200  # rows that a query may read of a hall of 800
NOT_OF_A_HALL = {
    "audit_log", "anomalies", "coming_releases", "device_feeds", "device_time", "door_tally", "enrolment", "feed",
    "hold_of", "lease_exposure", "order_of", "revocations", "snapshot", "what_may_they_do", "who_may",
}  # fmt: skip
"""A page of a list, or one thing: bounded by what it asks for (a lease has at most its slots)."""

WITHIN = {"checks", "inventory_audit", "plan_changes"}
"""Their work is in the database, or in what one row holds: few rows come back."""


async def test_no_look_keeps_central_from_ending(
    sqlite_place: tuple[Database, House], keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before: it was waited for, however long it took."""
    monkeypatch.setattr("central.kernel.readers.LONGEST_END_S", 0.01)
    database, house = sqlite_place
    door, begun = Door(database, Watch(), path_of, keys), Event()

    def endless(read: Read) -> None:
        begun.set()
        read.run("WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n")

    door.start()
    look = asyncio.create_task(door.read_whole(house.operator(EVERYTHING), endless))
    await until(begun.is_set)
    door.stop()
    await asyncio.wait({look})
    assert "interrupted" in str(look.exception())


async def test_nobody_waits_for_somebodys_halls(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    database, house = sqlite_place
    door, held, begun = Door(database, Watch(), path_of, keys), Event(), []

    def whole(_: Read) -> str:
        begun.append(1)
        held.wait()
        return "drawn"

    one, other = house.operator(EVERYTHING), house.operator(EVERYTHING)
    door.start()
    try:
        mine = [asyncio.create_task(door.read_whole(one, whole)) for _ in range(WHOLE_READERS + MOST_OF_ONE)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as refused:
            await door.read_whole(one, whole)
        assert refused.value.reason is NoDatabase.BUSY
        theirs = asyncio.create_task(door.read_whole(other, whole))
        looks = [door.read(other, lambda read: read.one("SELECT 1")) for _ in range(2 * READERS)]
        assert await asyncio.gather(*looks) == [(1,)] * (2 * READERS), "while all threads for halls are taken"
        held.set()
        assert await asyncio.gather(*mine, theirs) == ["drawn"] * (WHOLE_READERS + MOST_OF_ONE + 1)
    finally:
        held.set()
        await asyncio.to_thread(door.stop)


class Rows:
    """A connection that counts what it gives."""

    def __init__(self, db: Any) -> None:
        self._db, self.given = db, 0

    def run(self, sql: str, params: Any) -> list[Any]:
        rows: list[Any] = self._db.run(sql, params)
        self.given += len(rows)
        return rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


def asked(house: House) -> Iterator[tuple[str, Any]]:
    """Every query that is about a hall or the house, of each kind of plan."""
    plans = {
        PlanTarget.PHYSICAL: house.physical, PlanTarget.LOGICAL: house.logical,
        PlanTarget.PERFORMANCE: house.performance,
    }  # fmt: skip
    given = {
        "performance_id": house.performance, "configuration_id": house.logical, "context_id": house.institution,
        "since": 0, "at": None, "until": None,
    }  # fmt: skip
    for name, handler in QUERIES.items():
        if name in NOT_OF_A_HALL:
            continue
        for target, plan in plans.items() if "target" in handler.hints else [("", "")]:
            more = {"target": target, "target_id": plan, "since": from_ms(0) if name == "compare_plan" else 0}
            known = {each: value for each, value in {**given, **more}.items() if each in handler.hints}
            yield f"{name} {target}".strip(), handler.kind(**known)


def test_what_reads_a_whole_hall_says_so(tmp_path: Path, keys: Keys) -> None:
    """By what it reads of eight hundred seats."""
    database, watch = Database(f"sqlite:///{tmp_path / 'hall.db'}"), Watch()
    upgrade(database)
    with closing(database.connect()) as db:
        clerk = Clerk(Door(database, watch, path_of, keys), db, watch)
        house = set_up(clerk, 8, 100)
        clerk.do(BlockPlaces(performance_id=house.performance, selection=Selection(everything=True), why="x"))
        read = {}
        for said, query in asked(house):
            rows = Rows(db)
            outcome = clerk.door.ask_now(rows, house.operator(EVERYTHING), query)
            assert isinstance(outcome, Ok), (said, outcome)
            read[said] = rows.given
    whole = {said.partition(" ")[0] for said, rows in read.items() if rows > FEW}
    assert {name for name, handler in QUERIES.items() if handler.whole} == whole | WITHIN and not whole & WITHIN


def test_what_is_left_out_is_there() -> None:
    assert QUERIES.keys() >= NOT_OF_A_HALL and not any(QUERIES[name].whole for name in NOT_OF_A_HALL)
