"""What is remembered of the database beyond a transaction is only what was committed, and of the very thing that is
there: each memory after a commit that failed; and no other thing comes under an id that is remembered."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from central.catalogue.model import PerformanceDo
from central.catalogue.ops import CreateEvent
from central.catalogue.reads import whereabouts
from central.inventory import halls
from central.inventory.model import Limit, LimitPer
from central.inventory.plan_actions import BlockPlaces, UnblockPlaces
from central.kernel.contexts import ContextKind
from central.kernel.crud import command_of
from central.kernel.db import Connection
from central.kernel.door import Door
from central.kernel.job import job_of
from central.kernel.misfits import Misfit
from central.kernel.privileges import Action
from central.kernel.traces import Traces
from central.kernel.work import write
from central.orders.holds import BestWish, HoldPlaces
from central.organisation.ops import CreateContext
from central.programme.performances import CreatePerformance, DeletePerformance, Schedule
from central.programme.sale_state import ChangeSale
from central.venues.logical_configurations import DeleteLogicalConfiguration
from central.venues.ops import CreateLogicalConfiguration, ImportPlan, ValidatePhysical
from central.venues.physical_configurations import DeletePhysicalConfiguration
from central.venues.selection import Selection
from shared.ids import Id
from shared.rules.seating import Hall
from tests.central.small_house import STARTS, Clerk, House, new_id, plan

LONG, NONE = timedelta(hours=3), Id("")
Memory = dict[Any, Any]
CreateLimit = command_of(Action.CREATE, Limit)


def memories(door: Door, db: Connection) -> dict[str, Memory]:
    """All that is kept of rows by a connection, a door or this process."""
    return {
        "paths": door.permissions._paths, "homes": door.permissions._reaching._homes, "plans": halls._PLANS, **db.memory
    }  # fmt: skip


class Evening:
    """An evening of its own, in a hall of its own, under the same ids each time it is made."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.ids = [new_id() for _ in range(7)]
        self.season, self.activity, self.event, self.hall, self.sale, self.show, self.limit = self.ids

    def made(self, clerk: Clerk, text: str) -> list[Any]:
        house, names = self.house, {"fr": "X"}
        ((space,),) = clerk.rows("SELECT id FROM space")
        kind = ContextKind.ACTIVITY
        return [
            CreateContext(id=self.activity, context_id=house.season, kind=kind, code="A2", names=names, settings={}),
            CreateEvent(id=self.event, context_id=self.activity, code="E2", names=names, vat_bp=550),
            ImportPlan(id=self.hall, space_id=space, code="P2", names=names, plan=text),
            ValidatePhysical(configuration_id=self.hall),
            CreateLogicalConfiguration(
                id=self.sale, context_id=house.season, physical_configuration_id=self.hall, code="L2", names=names,
                categories={"1re": house.seated},
            ),
            CreatePerformance(
                id=self.show, event_id=self.event, logical_configuration_id=self.sale, price_grid_id=house.grid,
                schedule=Schedule(STARTS, STARTS - LONG, STARTS + LONG, STARTS),
            ),
            *self.blocked(),
            ChangeSale(performance_id=self.show, do=PerformanceDo.OPEN),
        ]  # fmt: skip

    def blocked(self) -> list[Any]:
        return [
            BlockPlaces(performance_id=self.show, selection=Selection(everything=True), why="x"),
            UnblockPlaces(performance_id=self.show, selection=Selection(everything=True)),
        ]

    def used(self) -> list[Any]:
        """What looks it up in every memory there is."""
        house = self.house
        return [
            *self.blocked(),
            CreateLimit(id=new_id(), context_id=house.institution, code=new_id()[-8:], names={"fr": "L"},
                        per=LimitPer.ORDER, most=9, event_id=self.event),
            HoldPlaces(hold_id=new_id(), point_of_sale_id=house.desk, performance_id=self.show,
                       best=BestWish(quantity=2)),
        ]  # fmt: skip

    def gone(self) -> list[Any]:
        return [
            DeletePerformance(performance_id=self.show),
            DeleteLogicalConfiguration(configuration_id=self.sale),
            DeletePhysicalConfiguration(configuration_id=self.hall),
        ]


def together(clerk: Clerk, commands: list[Any], show: Id = NONE, *, fails: bool = False) -> None:
    """In one transaction, which may fail at its end. `show`: a performance that is asked for there as devices' commands
    ask for one."""
    judge, db, now, traces = clerk.door.judge, clerk.db, clerk.watch(), Traces()
    db.begin(write=True)
    for command in commands:
        job = job_of(clerk.actor, command, new_id())
        errand = job.handler.prepare(command, job.command_id) if job.handler.prepare else None
        ready = replace(job, parts=errand.here()) if errand else judge.looked(db, job, now)
        reply, _ = judge.work(ready, now).act(db, traces)
        assert reply.ok, (command, reply.outcome)
    whereabouts(judge._tx(db, job, now, traces), show)
    if fails:
        db.rollback()
    else:
        write(db, traces)
        db.commit()


def mentions(memory: Memory, ids: list[Id]) -> set[Id]:
    return {each for each in ids if each in repr(memory)}


@pytest.fixture
def evening(quick: tuple[Clerk, House], monkeypatch: pytest.MonkeyPatch) -> tuple[Clerk, Evening]:
    monkeypatch.setattr(halls, "_PLANS", {})
    clerk, house = quick
    return clerk.as_(house.operator("*")), Evening(house)


def test_each_memory_remembers_what_was_committed(evening: tuple[Clerk, Evening]) -> None:
    """Otherwise the next test shows nothing."""
    clerk, made = evening
    together(clerk, made.made(clerk, plan()))
    together(clerk, made.used(), made.show)
    for name, memory in memories(clerk.door, clerk.db).items():
        assert mentions(memory, made.ids), name
    assert {*memories(clerk.door, clerk.db)} == {
        "paths", "homes", "plans", "built", "halls", "selling terms", "where performances are",
    }  # fmt: skip


def test_no_memory_remembers_what_was_undone(evening: tuple[Clerk, Evening]) -> None:
    clerk, made = evening
    together(clerk, [*made.made(clerk, plan()), *made.used()], made.show, fails=True)
    for name, memory in memories(clerk.door, clerk.db).items():
        if name == "halls":  # which says of each hall what it is not sure of
            assert all(hall.unsure is None for hall in memory.values()), "all of it"
        else:
            assert not mentions(memory, made.ids), name


def test_what_is_known_by_its_id_as_it_was_does_not_come_back_under_it(evening: tuple[Clerk, Evening]) -> None:
    """A hall, how it is sold, and a performance: their seats and places are remembered, here and in other processes."""
    clerk, made = evening
    house, commands = made.house, made.made(clerk, plan(1, 4))
    together(clerk, commands[:-1])
    together(clerk, made.gone())
    hall, sold_as, show = commands[2], commands[4], commands[5]
    categories = {"1re": house.seated, "Debout": house.standing}
    for command in (
        hall,
        replace(sold_as, physical_configuration_id=house.physical, categories=categories),
        replace(show, logical_configuration_id=house.logical),
    ):
        refused = clerk.no(command)
        assert (refused.fix, refused.detail["what"]) == ("id", Misfit.THERE_ALREADY), command


def test_plans_of_halls_are_remembered_up_to_a_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many halls are on sale: a small one takes a small part of it."""
    kept: dict[Any, halls.SeatsInOrder] = {}
    monkeypatch.setattr(halls, "_PLANS", kept)

    def hall(seats: int) -> halls.SeatsInOrder:
        return halls.SeatsInOrder((new_id(),) * seats, {}, (), Hall.of([]))

    for n in range(100):
        halls._keep((n,), hall(500))
    assert len(kept) == 100
    for n in range(8):
        halls._keep(("stadium", n), hall(80_000))
        assert sum(len(each.ids) for each in kept.values()) <= halls.MOST_PLANNED
    assert [*kept] == [("stadium", n) for n in range(8)]
    halls._keep(("larger than all",), hall(halls.MOST_PLANNED + 1))
    assert [*kept] == [("larger than all",)]
