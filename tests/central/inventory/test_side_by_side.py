"""Sales side by side on PostgreSQL (kernel/turns.py): whoever comes while another has done everything but its commit is
answered as if that one had been all alone before. Each race is run at its worst moment, not left to chance."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from central.catalogue.model import PerformanceDo
from central.inventory.model import Limit, LimitPer, NoPlace, NoSale
from central.inventory.plan_actions import AssignContingent, BlockPlaces
from central.kernel import batch_writer, patience
from central.kernel.actor import SYSTEM
from central.kernel.batch_writer import BatchWriter
from central.kernel.contexts import path_of
from central.kernel.crud import command_of
from central.kernel.db import PATIENT, Database, PostgresConnection
from central.kernel.door import Door
from central.kernel.job import job_of
from central.kernel.keys import Keys
from central.kernel.postgres_writers import REPEATED
from central.kernel.privileges import Action
from central.kernel.registry import COMMANDS, handler_of
from central.kernel.statements import tables
from central.kernel.trouble import Repeatable
from central.kernel.turns import Footing
from central.kernel.tx import Read
from central.orders.holds import BestWish, CountedWish, HoldPlaces, ReleaseHold, RenewHold
from central.orders.model import NoOrder
from central.orders.ops import PlaceOrder, WantedPlace
from central.pricing.ops import PriceCell, SetPrice
from central.programme.sale_state import ChangeSale
from central.selling.ops import ChangeChannel
from central.venues.selection import Selection
from shared.ids import Id
from shared.outcome import Ok
from tests.central.inventory.test_nothing_is_lost import prove
from tests.central.small_house import FULL, NOW, Clerk, House, Watch, new_id
from tests.waiting import until_now

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("place", ["postgres"], indirect=True)]
PATIENCE_S = 60
ORDER, HOLD = 18, 11  # statements of one in a warm house; BEGIN and its lock go together and are not among them


class Lingering(PostgresConnection):
    """Its commit waits until it is let."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.done, self.let = threading.Event(), threading.Event()

    def commit(self) -> None:
        self.done.set()
        assert self.let.wait(PATIENCE_S)
        super().commit()


@dataclass(slots=True)
class Race:
    """A house at whose doors two arrive."""

    clerk: Clerk
    house: House
    later: Watch = field(default_factory=Watch)  # of the second
    hold: Id = field(default_factory=new_id)

    def holds(self, *seats: Id, **more: Any) -> HoldPlaces:
        at = {"point_of_sale_id": self.house.desk, "performance_id": self.house.performance, "hold_id": self.hold}
        return HoldPlaces(**{**at, "seats": seats, **more})

    def sale_of_hold(self) -> Any:
        place = WantedPlace(self.house.full, self.house.seats[0])
        return self.house.order(places=(place,), amount=FULL, hold_id=self.hold)

    def limited(self, per: LimitPer, most: int) -> None:
        at = {"id": new_id(), "context_id": self.house.institution, "code": per.upper(), "names": {"fr": "L"}}
        self.clerk.do(command_of(Action.CREATE, Limit)(**at, per=per, most=most))

    def sale(self, do: PerformanceDo = PerformanceDo.SUSPEND) -> ChangeSale:
        return ChangeSale(performance_id=self.house.performance, do=do)

    def blocks(self) -> BlockPlaces:
        seats = Selection(seats=self.house.seats[:1])
        return BlockPlaces(performance_id=self.house.performance, selection=seats, why="camera")

    def assigns(self) -> AssignContingent:
        seats = Selection(seats=self.house.seats[:1])
        return AssignContingent(
            performance_id=self.house.performance, contingent_id=self.house.contingent, selection=seats
        )


Two = tuple[Any, Any]


def limited(per: LimitPer, most: int, **more: Any) -> Callable[[Race], Two]:
    def two(race: Race) -> Two:
        race.limited(per, most)
        return race.house.order(race.house.seats[0], **more), race.house.order(race.house.seats[1], **more)

    return two


def in_one_hold(race: Race) -> Two:
    race.clerk.do(race.holds(race.house.seats[0]))
    race.limited(LimitPer.ORDER, 2)
    return race.holds(race.house.seats[1]), race.holds(race.house.seats[2])


def held(two: Callable[[Race], Two]) -> Callable[[Race], Two]:
    def held_before(race: Race) -> Two:
        race.clerk.do(race.holds(race.house.seats[0]))
        return two(race)

    return held_before


def over(two: Callable[[Race], Two], first: int = 16, second: int = 16) -> Callable[[Race], Two]:
    """The hold's time is over for who comes so many minutes later."""

    def held_before(race: Race) -> Two:
        race.clerk.do(race.holds(*race.house.seats[:2], counted=(CountedWish(race.house.gauge, 20),)))
        race.clerk.watch.at, race.later.at = (NOW + timedelta(minutes=each) for each in (first, second))
        return two(race)

    return held_before


CONTACT = new_id()
RACES: dict[str, tuple[Callable[[Race], Two], Any]] = {
    "one seat": (lambda r: (r.house.order(r.house.seats[0]), r.house.order(r.house.seats[0])), NoPlace.TAKEN),
    "one seat, held": (lambda r: (r.house.order(*r.house.seats[:2]), r.holds(r.house.seats[1])), NoPlace.TAKEN),
    "two seats": (lambda r: (r.house.order(r.house.seats[0]), r.house.order(r.house.seats[1])), None),
    "best seats": (lambda r: (r.holds(best=BestWish(9), hold_id=new_id()), r.holds(best=BestWish(9))), None),
    "counted places": (lambda r: (r.house.standing_order(11), r.house.standing_order(11)), NoPlace.TAKEN),
    "counted, held": (
        lambda r: (r.house.standing_order(11), r.holds(counted=(CountedWish(r.house.gauge, 10),))),
        NoPlace.TAKEN,
    ),
    "limit per performance": (limited(LimitPer.PERFORMANCE, 1), NoPlace.LIMIT),
    "limit per event": (limited(LimitPer.EVENT, 1), NoPlace.LIMIT),
    "limit per contact": (limited(LimitPer.CONTACT, 1, contact_id=CONTACT), NoPlace.LIMIT),
    "limit per contact and event": (limited(LimitPer.CONTACT_AND_EVENT, 1, contact_id=CONTACT), NoPlace.LIMIT),
    "limit with room": (limited(LimitPer.PERFORMANCE, 2), None),
    "limit per order": (in_one_hold, NoPlace.LIMIT),
    "a hold sold, then released": (held(lambda r: (r.sale_of_hold(), ReleaseHold(hold_id=r.hold))), NoSale.HOLD_OVER),
    "a hold released, then sold": (held(lambda r: (ReleaseHold(hold_id=r.hold), r.sale_of_hold())), NoSale.HOLD_OVER),
    "a hold sold twice": (held(lambda r: (r.sale_of_hold(), r.sale_of_hold())), NoSale.HOLD_OVER),
    "a hold released, then renewed": (
        held(lambda r: (ReleaseHold(hold_id=r.hold), RenewHold(hold_id=r.hold))),
        NoSale.HOLD_OVER,
    ),
    "a hold released, then grown": (
        held(lambda r: (ReleaseHold(hold_id=r.hold), r.holds(r.house.seats[1]))),
        NoSale.HOLD_OVER,
    ),
    "a hold renewed, then sold": (held(lambda r: (RenewHold(hold_id=r.hold), r.sale_of_hold())), None),
    "one hold begun twice": (lambda r: (r.holds(r.house.seats[0]), r.holds(r.house.seats[1])), None),
    "a hold is over, and both want its seat": (
        over(lambda r: (r.house.order(r.house.seats[0]), r.house.order(r.house.seats[0]))),
        NoPlace.TAKEN,
    ),
    "a hold is over, and each wants a seat of it": (
        over(lambda r: (r.house.order(r.house.seats[0]), r.house.order(r.house.seats[1]))),
        None,
    ),
    "a hold is renewed that seemed over": (
        over(lambda r: (RenewHold(hold_id=r.hold), r.house.order(r.house.seats[0])), first=10),
        NoPlace.TAKEN,
    ),
    "counted places of a hold that seemed over": (
        over(lambda r: (RenewHold(hold_id=r.hold), r.house.standing_order()), first=10),
        NoPlace.TAKEN,
    ),
    "the sale is closed": (lambda r: (r.sale(), r.house.order(r.house.seats[0])), NoSale.NOT_ON_SALE),
    "the sale is closed behind one": (lambda r: (r.house.order(r.house.seats[0]), r.sale()), None),
    "the seat is blocked": (lambda r: (r.blocks(), r.house.order(r.house.seats[0])), NoSale.BLOCKED),
    "the seat is blocked behind one": (lambda r: (r.house.order(r.house.seats[0]), r.blocks()), None),
    "the seat is given away": (lambda r: (r.assigns(), r.house.order(r.house.seats[0])), NoSale.NOT_FOR_THIS_CHANNEL),
    "a price is changed": (
        lambda r: (
            SetPrice(grid_id=r.house.grid, cell=PriceCell(r.house.seated, r.house.full, FULL + 1)),
            r.house.order(r.house.seats[0]),
        ),
        NoOrder.WRONG_AMOUNT,
    ),
}  # fmt: skip


def say(clerk: Clerk, command: Any, grouped: bool, command_id: Id | None = None) -> Any:
    """`grouped`: in a group of sales, as the line takes it; else as what fell out of one, or is no sale."""
    handler = handler_of(type(command))
    if not (grouped and handler.side_by_side):
        return clerk.say(command, command_id)
    judge = clerk.door.judge
    writer = BatchWriter(lambda: clerk.db, judge.work, lambda _: None, lambda _: None, footing=Footing.TOGETHER)
    work = judge.work(job_of(clerk.actor, command, command_id or new_id()), clerk.watch())
    ((_, answer),) = writer.taken(clerk.db, [(0, work)]).said
    if isinstance(answer, Exception):
        raise answer
    return answer.outcome


@pytest.mark.parametrize("how", [(False, False), (True, True), (True, False), (False, True)], ids=str)
@pytest.mark.parametrize("race", RACES)
def test_the_second_finds_what_the_first_did(
    race: str, how: tuple[bool, bool], place: tuple[Database, House], clerk: Clerk, house: House, keys: Keys
) -> None:
    """Whichever of them is in a group."""
    database, (make, want) = replace(place[0], waits=PATIENT), RACES[race]
    at_the_door = Race(clerk, house)
    first, second = make(at_the_door)
    with (
        ThreadPoolExecutor(2) as pool,
        closing(Lingering(database.url)) as one,
        closing(database.connect()) as two,
        psycopg.connect(database.url, autocommit=True) as look,
    ):
        door = Door(database, clerk.watch, path_of, keys)
        going = pool.submit(say, Clerk(door, one, clerk.watch), first, how[0])
        until_now(lambda: one.done.is_set() or going.done())
        other = Door(database, at_the_door.later, path_of, keys)
        coming = pool.submit(repeated, Clerk(other, two, at_the_door.later), second, how[1])
        waits = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{database.url.split('/')[3].split('?')[0]}' "
        until_now(lambda: coming.done() or bool(look.execute(waits + "AND wait_event_type = 'Lock'").fetchall()))
        one.let.set()
        assert isinstance(going.result(PATIENCE_S), Ok)
        outcome = coming.result(PATIENCE_S)
    assert getattr(outcome, "reason", None) == want, outcome
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)


def repeated(clerk: Clerk, command: Any, grouped: bool) -> Any:
    """As the writers do it: what fell out of its group is no longer in one."""
    command_id = new_id()
    for n in range(50):
        try:
            return say(clerk, command, grouped and n == 0, command_id)
        except Repeatable:
            continue
    raise AssertionError("it could not be ordered")


async def test_whoever_wants_other_seats_repeats_nothing(
    place: tuple[Database, House], keys: Keys, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At two doors; of one contingent of counted places, of one counter of numbers, under one limit."""
    for waits in (batch_writer, patience):  # on a busy machine too nobody's turn is given up
        monkeypatch.setattr(waits, "BRIEF_S", 30.0)
    database, house = place
    with closing(database.connect()) as db:
        race = Race(Clerk(Door(database, watch, path_of, keys), db, watch), house)
        race.limited(LimitPer.PERFORMANCE, 40)
        commands = [
            *(house.order(seat) for seat in house.seats[:10]), *(house.standing_order() for _ in range(10)),
            *(race.holds(seat, hold_id=new_id()) for seat in house.seats[10:]),
        ]  # fmt: skip
        doors = [Door(database, watch, path_of, keys) for _ in range(2)]
        for door in doors:
            door.start()
        before = REPEATED.value()
        coming = [doors[n % 2].execute(SYSTEM, each, new_id()) for n, each in enumerate(commands)]
        replies = await asyncio.gather(*coming)
        for door in doors:
            await asyncio.to_thread(door.stop)
        assert all(reply.ok for reply in replies) and REPEATED.value() == before
        prove(Read(db, SYSTEM, NOW, keys), house)


# --- what they decide by ---------------------------------------------------------------------------------------------


class Listening(PostgresConnection):
    """Remembers what transactions beside others read."""

    def __init__(self, url: str) -> None:
        self.read, self.statements = set[str](), 0
        super().__init__(url)

    def _fits(self, sql: str) -> None:
        super()._fits(sql)
        self.statements += 1
        if self._footing is Footing.BESIDE:
            self.read |= tables(sql)[0]


OF_A_HOLD = {"allocation", "context", "gauge", "hold", "performance", "place", "point_of_sale"}
OFFERED = OF_A_HOLD | {"channel", "contingent", "counter", "event", "price", "price_grid", "sale_limit", "tariff"}
BEST = {"logical_configuration", "physical_seat", "place_count"}
DECIDES_BY = {
    PlaceOrder: OFFERED | {"command_log"},  # refused after it had written, it is looked up
    HoldPlaces: OFFERED | BEST | {"limit_count"},
    RenewHold: OF_A_HOLD | {"channel"},
    ReleaseHold: OF_A_HOLD | {"counter", "sale_limit"},
}


def test_what_each_decides_by(place: tuple[Database, House], clerk: Clerk, house: House, keys: Keys) -> None:
    """Whoever adds a table to one of these says in kernel/turns.py, or where it is declared, why that is right."""
    race, found = Race(clerk, house), dict[type[Any], set[str]]()
    for per in (LimitPer.PERFORMANCE, LimitPer.CONTACT):
        race.limited(per, 30)
    clerk.do(race.assigns())
    clerk.do(ChangeChannel(id=house.channel, set={"contingents": (house.contingent,)}))
    counted = (CountedWish(house.gauge, 2),)
    commands = [
        race.holds(*house.seats[:2], counted=counted), race.holds(best=BestWish(2)), RenewHold(hold_id=race.hold),
        race.sale_of_hold(), ReleaseHold(hold_id=race.hold), race.holds(house.seats[3], hold_id=new_id()),
        house.order(house.seats[1], house.seats[3]), house.order(house.seats[1], contact_id=CONTACT),
        house.standing_order(),
    ]  # fmt: skip
    for n, command in enumerate(commands):
        clerk.watch.at = NOW + timedelta(minutes=2 * n)
        with closing(Listening(place[0].url)) as db:  # one of its own: it remembers nothing
            door = Door(place[0], clerk.watch, path_of, keys)
            Clerk(door, db, clerk.watch, house.operator("*")).say(command)
            found.setdefault(type(command), set()).update(db.read)
    assert found == DECIDES_BY
    assert set(DECIDES_BY) == {each.kind for each in COMMANDS.values() if each.side_by_side}


def test_what_a_sale_says(place: tuple[Database, House], clerk: Clerk, house: House, keys: Keys) -> None:
    """Each statement is a round trip, and all of a house wait for some of them."""
    with closing(Listening(place[0].url)) as db:
        seller = Clerk(Door(place[0], clerk.watch, path_of, keys), db, clerk.watch)
        race, said = Race(seller, house), list[int]()
        for command in (house.order(house.seats[0]), house.order(house.seats[1]), race.holds(house.seats[2])):
            before = db.statements
            seller.do(command)
            said.append(db.statements - before)
    assert (said[1], said[2]) == (ORDER, HOLD)
