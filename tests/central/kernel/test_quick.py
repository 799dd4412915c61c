"""Commands at the first try, without care: the same comes of them as of each alone with a savepoint and a look-up."""

import random
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from central.catalogue.model import PerformanceDo
from central.inventory.model import Limit, LimitPer
from central.kernel import memory
from central.kernel.actor import SYSTEM, Actor
from central.kernel.batch_writer import BatchWriter
from central.kernel.contexts import path_of
from central.kernel.crud import Action, command_of
from central.kernel.db import Connection, Database
from central.kernel.door import Door
from central.kernel.job import Job, job_of
from central.kernel.keys import Keys
from central.kernel.traces import Lately, Traces
from central.kernel.tx import Read
from central.kernel.versions import COUNTED, OPERATORS
from central.orders.holds import HoldPlaces
from central.orders.ops import PlaceOrder, ReissueTicket
from central.pricing.ops import CreateTariff, PriceCell, SetPrice
from central.programme.sale_state import ChangeSale
from shared.ids import Id, near_id
from tests.central.small_house import FULL, NOW, Clerk, House, Watch, new_id

CreateLimit = command_of(Action.CREATE, Limit)
DIFFERENT = ("turn",)  # between two runs of the same


def priced(house: House, amount: int) -> SetPrice:
    cell = PriceCell(house.seated, house.full, amount)
    return SetPrice(grid_id=house.grid, cell=cell)


def a_tariff(house: House, tariff: Id, code: str) -> CreateTariff:
    return CreateTariff(id=tariff, context_id=house.season, code=code, names={"fr": "X"}, rank=9, proof=False)


def house_of(path: Path, keys: Keys) -> tuple[Door, Connection]:
    database = Database(f"sqlite:///{path}")
    return Door(database, Watch(), path_of, keys), database.connect()


def tables(db: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All that a house has, but for what differs between two runs."""
    found = {}
    for (name,) in db.run("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", ()):
        columns = [row[1] for row in db.run(f"PRAGMA table_info({name})", ()) if row[1] not in DIFFERENT]
        if columns:
            found[name] = sorted(map(repr, db.run(f"SELECT {', '.join(columns)} FROM {name}", ())))
    return found


def an_evening(house: House, chance: random.Random) -> list[tuple[Actor, Any, Id]]:
    """What may come in a rush: sales, seats that are gone, the second seat gone, the same once more, by the same and by
    another, an id that is there already, prices and the sale itself changed in between, and what is not there."""
    anna, bert, nobody = house.operator("*"), house.operator("*"), house.operator()

    def at(**more: Id) -> dict[str, Any]:
        return {"id": new_id(), "context_id": house.institution, **more}

    limits = [(LimitPer.ORDER, 2, at()), (LimitPer.PERFORMANCE, 9, at(category_id=house.standing))]
    came: list[tuple[Actor, Any, Id]] = [
        (anna, CreateLimit(code=per.upper(), names={"fr": "L"}, per=per, most=most, **more), new_id())
        for per, most, more in limits
    ]
    prices = [FULL, FULL + 100]
    sales = (PerformanceDo.SUSPEND, PerformanceDo.OPEN, PerformanceDo.OPEN)
    orders: list[Id] = []
    for _ in range(40):
        seats = chance.sample(house.seats[:12], k=chance.choice((1, 1, 1, 2, 3)))
        amount, tariff = chance.choice(prices), chance.choice((house.full, new_id()))
        repeated = chance.choice(came)[1:] if came else None
        first = house.order(*seats, amount=amount * len(seats))
        orders.append(first.order_id)
        at = {"point_of_sale_id": house.desk, "performance_id": house.performance}
        command: Any = chance.choice(
            (
                first, first, house.order(*seats), house.order(seats[0], order_id=orders[0]), house.order(new_id()),
                house.standing_order(chance.randint(1, 3)), HoldPlaces(hold_id=new_id(), seats=tuple(seats), **at),
                ChangeSale(performance_id=house.performance, do=chance.choice(sales)), priced(house, amount),
                a_tariff(house, tariff, chance.choice("XYZ")),
            )
        )  # fmt: skip
        if repeated and chance.random() < 0.3:
            came.append((chance.choice((anna, bert)), *repeated))
        else:
            came.append((chance.choice((anna, anna, anna, bert, nobody)), command, new_id()))
        if isinstance(command, PlaceOrder) and command.places[0].seat_id and chance.random() < 0.4:
            seat = near_id(came[-1][2], "seat", house.performance, command.places[0].seat_id)
            sold = near_id(seat, "entitlement")
            came.append((anna, ReissueTicket(entitlement_id=sold, context_id=house.organiser), new_id()))
    return came


def together(door: Door, db: Connection, jobs: list[Job], chance: random.Random, *, careful: bool = False) -> list[Any]:
    """As the writer takes them: a few at a time."""
    judge, said, left = door.judge, [], list(jobs)
    writer = BatchWriter(door.database.connect, judge.work, lambda _: None, lambda _: None)
    while left:
        if chance.random() < 0.3:
            judge.lately = Lately()  # as after a restart
        n = chance.randint(1, 12)
        some, left = left[:n], left[n:]
        batch = [(n, judge.work(judge.looked(db, job, NOW), NOW)) for n, job in enumerate(some)]
        group = writer.tried(db, batch, Traces()) if careful else writer.taken(db, batch)
        for _, answer in group.said:
            if isinstance(answer, Exception):
                raise answer
            said.append(answer)
    return said


@pytest.mark.parametrize("seed", range(12))
def test_the_same_comes_of_them(seed: int, sqlite_place: tuple[Database, House], keys: Keys, tmp_path: Path) -> None:
    database, house = sqlite_place
    shutil.copy(database.path, tmp_path / "other.db")
    chance = random.Random(seed)
    jobs = [job_of(*each) for each in an_evening(house, chance)]
    (quick, db), (careful, other) = house_of(database.path, keys), house_of(tmp_path / "other.db", keys)
    with closing(db), closing(other):
        said = together(quick, db, jobs, random.Random(seed))
        want = together(careful, other, jobs, random.Random(seed), careful=True)
        for job, each, wanted in zip(jobs, said, want, strict=True):
            assert (each.reason, each.body, each.repeated) == (wanted.reason, wanted.body, wanted.repeated), job.command
        assert any(each.repeated for each in said) or seed
        assert tables(db) == tables(other)


def test_of_what_is_remembered_there_is_a_bound(quick: tuple[Clerk, House]) -> None:
    read, asked = Read(quick[0].db, SYSTEM, NOW, quick[0].door.keys), memory.MOST + 10
    for n in range(asked):
        assert memory.remembered(read, OPERATORS, n, lambda n=n: n) == n  # type: ignore[misc]  # mypy infers no lambda with a default
    _, kept = read.memory[OPERATORS]
    assert 0 < len(kept) <= memory.MOST and kept[asked - 1] == asked - 1


def test_what_one_did_is_seen_by_the_next(quick: tuple[Clerk, House]) -> None:
    """In the same transaction, where what was worked out of it is remembered from before."""
    clerk, house = quick
    clerk.do(house.order(house.seats[0]))
    anna = house.operator("*")
    dearer = priced(house, FULL + 1)
    over = ChangeSale(performance_id=house.performance, do=PerformanceDo.SUSPEND)
    commands = [
        house.order(house.seats[1]), dearer, house.order(house.seats[2], amount=FULL + 1), over,
        house.order(house.seats[3], amount=FULL + 1),
    ]  # fmt: skip
    jobs = [job_of(anna, command, new_id()) for command in commands]
    said = together(clerk.door, clerk.db, jobs, random.Random(0))
    assert [each.reason and each.reason.key for each in said] == [None, None, None, None, "no_sale.not_on_sale"]


def test_what_is_written_late_is_there_for_who_reads_it(quick: tuple[Clerk, House]) -> None:
    """A ticket of an order in the same transaction is reissued: its rows wait until somebody asks for them."""
    clerk, house = quick
    clerk.do(house.order(house.seats[0]))  # what is remembered is remembered
    anna, order, sale = house.operator("*"), house.order(house.seats[1]), new_id()
    sold = near_id(near_id(sale, "seat", house.performance, house.seats[1]), "entitlement")
    jobs = [
        job_of(anna, order, sale),
        job_of(anna, ReissueTicket(entitlement_id=sold, context_id=house.organiser), new_id()),
    ]
    judge = clerk.door.judge
    batch = [(n, judge.work(judge.looked(clerk.db, job, NOW), NOW)) for n, job in enumerate(jobs)]
    writer = BatchWriter(clerk.door.database.connect, judge.work, lambda _: None, lambda _: None)
    (_, first), (_, second) = writer.taken(clerk.db, batch).said
    assert first.ok and second.ok, second.reason
    assert clerk.rows("SELECT serial FROM ticket WHERE entitlement_id = :id ORDER BY serial", id=sold) == [(1,), (2,)]


def test_what_others_changed_is_seen(quick: tuple[Clerk, House], keys: Keys) -> None:
    clerk, house = quick
    clerk.do(house.order(house.seats[0]))
    other = clerk.door.database.connect()
    with closing(other):
        beside = Clerk(Door(clerk.door.database, clerk.watch, path_of, keys), other, clerk.watch)
        beside.do(priced(house, FULL + 7))
        clerk.do(house.order(house.seats[1], amount=FULL + 7))
        beside.do(ChangeSale(performance_id=house.performance, do=PerformanceDo.SUSPEND))
        assert clerk.no(house.order(house.seats[2], amount=FULL + 7)).reason.key == "no_sale.not_on_sale"


@pytest.mark.parametrize("seats", [(0, 9), (9, 0), (0,), (9, 1, 0, 2)])
def test_a_seat_that_is_gone_costs_the_others_of_its_commit_nothing(
    seats: tuple[int, ...], quick: tuple[Clerk, House]
) -> None:
    """Nothing was written by the one that is refused, so nobody runs again."""
    clerk, house = quick
    anna, judge = house.operator("*"), clerk.door.judge
    clerk.as_(anna).do(house.order(house.seats[0]))
    wanted = tuple(house.seats[n] for n in seats)
    held = HoldPlaces(hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=wanted)
    orders = [house.order(house.seats[5]), house.order(*wanted), held, house.order(house.seats[6])]
    works = [(n, judge.work(job_of(anna, each, new_id()), NOW)) for n, each in enumerate(orders)]
    answers = BatchWriter(clerk.door.database, judge.work, lambda _: None, lambda _: None).tried(
        clerk.db, works, Traces(careful=False)
    )
    said = [answer.reason and answer.reason.key for _, answer in answers.said]
    assert said == [None, "no_place.taken", "no_place.taken", None]
    assert {answers.said[n][1].outcome.fix for n in (1, 2)} == {house.seats[0]}


def test_of_a_hold_that_is_over_the_seats_are_had(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    held = HoldPlaces(
        hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=house.seats[:3]
    )
    clerk.do(held)
    assert clerk.no(house.order(*house.seats[2:5])).reason.key == "no_place.taken"
    clerk.watch.at += timedelta(minutes=20)
    assert len(clerk.do(house.order(*house.seats[2:5]))["tickets"]) == 3


def test_only_the_last_ids_are_kept() -> None:
    lately = Lately()
    ids = [new_id() for _ in range(8193)]
    for each in ids:
        lately.add(each)
    assert ids[0] not in lately and ids[1] in lately and ids[-1] in lately


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """(number, statement) of all that is remembered while a test runs."""
    made: list[tuple[str, str]] = []
    real = memory.remembered

    def told(read: Read, name: str, key: Any, look: Any) -> Any:
        def listening() -> Any:
            object.__setattr__(read, "_db", Listening(read._db, lambda sql: made.append((name, sql))))
            try:
                return look()
            finally:
                object.__setattr__(read, "_db", read._db.inner)  # type: ignore[attr-defined]  # ours, just above

        return real(read, name, key, listening)

    for module in ("central.kernel.registry", "central.inventory.selling_terms", "central.inventory.limits"):
        monkeypatch.setattr(f"{module}.remembered", told)
    yield made


class Listening:
    def __init__(self, inner: Connection, hear: Any) -> None:
        self.inner, self._hear = inner, hear

    def run(self, sql: str, params: Any) -> Any:
        self._hear(sql)
        return self.inner.run(sql, params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_what_is_remembered_asks_only_what_is_counted(quick: tuple[Clerk, House], looks: list[tuple[str, str]]) -> None:
    """Or a change would not be seen."""
    clerk, house = quick
    clerk.as_(house.operator("*")).do(house.order(house.seats[0]))
    assert len(looks) >= 3
    for name, sql in looks:
        named = set(re.findall(r"\b(?:FROM|JOIN)\s+([a-z_]+)\b", sql))
        assert named and all(COUNTED.get(table) == name for table in named), sql
