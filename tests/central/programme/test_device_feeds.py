"""What devices are told follows from the rows: whichever column changes, by whichever command, a feed says it, or a
line here says why no device need know. Each new column is the one or the other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest

from central.areas import AREAS
from central.catalogue.model import NoPerformance, PerformanceDo
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import CONFIGURED, command_of
from central.kernel.db import Connection, Database, SqliteConnection
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.job import Job, looked_through
from central.kernel.keys import Keys
from central.kernel.privileges import Action
from central.kernel.statements import tables
from central.kernel.tx import Read, Tx
from central.kernel.versions import COUNTED, SELLING_TERMS, TOLD
from central.kernel.work import committed
from central.organisation.mentions import SetMentions
from central.pricing.model import Tariff
from central.pricing.ops import PriceCell, SetPrice, SetPrices
from central.programme import device_feeds
from central.programme.carryover import CarryOver
from central.programme.date_change import ReschedulePerformance
from central.programme.device_feeds import POINTS_AT_ONCE, TellPerformance, TellPlan
from central.programme.device_loop import DeviceLoop, FeedsKnown, heard
from central.programme.note import NotePerformance
from central.programme.performances import Schedule
from central.programme.plan_actions import OrderSeats
from central.programme.sale_state import ChangeSale
from central.selling.ops import CreatePointOfSale
from central.venues.model import SeatOrder
from central.venues.plan_actions import AssignLogicalCategory, DescribeSeats
from shared.ids import Id
from shared.outcome import Ok
from shared.wire.feeds import OfflinePolicy
from tests.central.inventory.test_plan_performance import seats
from tests.central.programme.test_carryover import another, other_category
from tests.central.small_house import STARTS, Clerk, House, Watch, new_id
from tests.telling import not_told
from tests.waiting import until

HOUR = timedelta(hours=1)
FAMILIES = ("performances", "plans", "catalogue")

# --- each column -----------------------------------------------------------------------------------------------------

STAYS = "never changes while its row is there"
CENTRAL = "central alone goes by it"
PEOPLE = "people read it on central's screens"
EQUALS = "only orders those of one rank, as the walk by rank tells"
BUILT = "a hall that is sold is not built otherwise"
PICTURE = "the hall's picture says it"
OWN = "a performance's places are its own from the moment it is made"
HISTORY = "an entry of a plan's history: what it did to seats is told"

Do = Callable[[Clerk, House], Any]


def to(table: str, row: str, **sets: Any) -> Do:
    """By the command that changes any row of its kind."""
    change = command_of(Action.MODIFY, BY_NAME[table].kind)
    return lambda clerk, house: clerk.do(change(id=getattr(house, row), set=sets))


def at(**when: Any) -> Do:
    """At other times."""
    usual = {"starts": STARTS, "doors": STARTS - HOUR, "closes": STARTS + 3 * HOUR, "sell_until": STARTS} | when
    return lambda clerk, house: clerk.do(
        ReschedulePerformance(performance_id=house.performance, schedule=Schedule(**usual))
    )


def moved(clerk: Clerk, house: House) -> None:
    """The kiosk's point of sale, into the channel of the desk."""
    to("point_of_sale", "kiosk_point", channel_id=house.channel)(clerk, house)


def priced(clerk: Clerk, house: House, amount: int = 4321) -> None:
    clerk.do(SetPrice(grid_id=house.grid, cell=PriceCell(house.seated, house.full, amount)))


def paid_otherwise(clerk: Clerk, house: House) -> None:
    """A grid's currency changes where it has no price."""
    clerk.do(SetPrices(grid_id=house.grid, prices=()))
    to("price_grid", "grid", currency="CHF")(clerk, house)


def carried(clerk: Clerk, house: House) -> None:
    """Two seats in another category, first for those who come, then here."""
    other = other_category(clerk, house)
    clerk.do(AssignLogicalCategory(configuration_id=house.logical, category_id=other, selection=seats(house, 0, 1)))
    clerk.do(CarryOver(configuration_id=house.logical, performances=(house.performance,)))


def ordered(clerk: Clerk, house: House) -> None:
    chosen = seats(house, 3, 2)
    clerk.do(OrderSeats(performance_id=house.performance, selection=chosen, order=SeatOrder.LISTED))


def described(**what: bool) -> Do:
    return lambda clerk, house: clerk.do(
        DescribeSeats(configuration_id=house.physical, selection=seats(house, 0, 3), **what)
    )


OTHERWISE = {"fr": "Autrement", "en": "Otherwise"}
CHANGES: dict[str, Do] = {
    "context.code": to("context", "organiser", code="AUTRE"),
    "context.names": to("context", "organiser", names=OTHERWISE),
    "context.settings": lambda clerk, house: clerk.do(SetMentions(context_id=house.season, mention="Merci")),
    "site.names": to("site", "site", names=OTHERWISE),
    "site.timezone": to("site", "site", timezone="Europe/London"),
    "seat_category.names": to("seat_category", "seated", names=OTHERWISE),
    "seat_category.colour": to("seat_category", "seated", colour="#112233"),
    "seat_category.rank": to("seat_category", "seated", rank=7),
    "performance.state": lambda clerk, house: clerk.do(
        ChangeSale(performance_id=house.performance, do=PerformanceDo.SUSPEND)
    ),
    "performance.starts": at(starts=STARTS + HOUR),
    "performance.doors": at(doors=STARTS),
    "performance.closes": at(closes=STARTS + 5 * HOUR),
    "performance.sell_until": at(sell_until=STARTS + HOUR),
    "performance.reentry_after_s": at(reentry_after_s=60),
    "performance.policy": at(policy=OfflinePolicy.DENY),
    "event.names": to("event", "event", names=OTHERWISE),
    "event.vat_bp": to("event", "event", vat_bp=1000),
    "point_of_sale.channel_id": moved,
    "point_of_sale.code": to("point_of_sale", "kiosk_point", code="B9"),
    "point_of_sale.active": to("point_of_sale", "kiosk_point", active=False),
    "channel.max_places": to("channel", "channel", max_places=3),
    "channel.active": to("channel", "channel", active=False),
    "price_grid.currency": paid_otherwise,
    "price_grid.version": priced,
    "price.amount": priced,
    "tariff.names": to("tariff", "full", names=OTHERWISE),
    "tariff.rank": to("tariff", "full", rank=9),
    "tariff.proof": to("tariff", "full", proof=True),
    "place.category_id": carried,
    "place.quality": ordered,
    "physical_seat.wheelchair": described(wheelchair=True),
    "physical_seat.companion": described(companion=True),
}


def all_of(table: str, why: str, *names: str) -> dict[str, str]:
    """These columns, or all but the id."""
    return {f"{table}.{name}": why for name in names or BY_NAME[table].names if name != "id"}


NOT_TOLD: dict[str, str] = {
    **all_of("context", STAYS, "parent_id", "kind"),
    **all_of("site", STAYS, "context_id"),
    **all_of("site", CENTRAL, "code"),
    **all_of("site", PEOPLE, "address"),
    **all_of("seat_category", STAYS, "context_id"),
    **all_of("seat_category", EQUALS, "code"),
    **all_of("physical_configuration", STAYS, "space_id"),
    **all_of("physical_configuration", PEOPLE, "code", "names"),
    **all_of("physical_configuration", BUILT, "state", "drawing", "gauge"),
    **all_of("physical_zone", STAYS, "configuration_id"),
    **all_of("physical_zone", BUILT, "name", "numbered", "capacity", "control"),
    **all_of("logical_configuration", STAYS, "physical_configuration_id", "context_id", "code", "names"),
    **all_of("logical_configuration", "only what is validated is sold", "state"),
    **all_of("plan_action", HISTORY),
    **all_of("performance", STAYS, "event_id", "context_id", "site_id", "logical_configuration_id", "price_grid_id"),
    **all_of("performance", PEOPLE, "note"),
    **all_of("event", STAYS, "context_id"),
    **all_of("event", PEOPLE, "code"),
    **all_of("point_of_sale", STAYS, "context_id"),
    **all_of("point_of_sale", PEOPLE, "names"),
    **all_of("channel", STAYS, "context_id"),
    **all_of("channel", PEOPLE, "code", "names"),
    **all_of("channel", CENTRAL, "kind", "contingents", "uncontingented", "hold_minutes", "hold_most_minutes"),
    **all_of("price_grid", STAYS, "context_id"),
    **all_of("price_grid", PEOPLE, "code", "names"),
    **all_of("price", STAYS, "grid_id", "category_id", "tariff_id"),
    **all_of("tariff", STAYS, "context_id"),
    **all_of("tariff", EQUALS, "code"),
    **all_of("contingent", "central leases out of them, or does not"),
    **all_of("sale_limit", "kiosks sell out of leases, which are counted"),
    **all_of("place", STAYS, "performance_id", "seat_id", "zones"),
    **all_of("place", CENTRAL, "contingent_id"),
    **all_of("place", PICTURE, "blocked"),
    **all_of("logical_seat", OWN),
    **all_of("physical_seat", STAYS, "configuration_id", "companion_of"),
    **all_of("physical_seat", BUILT, "zone_id", "position", "row_name", "number", "x", "y", "quality", "aisle"),
    **all_of("physical_seat", CENTRAL, "guid", "category", "restricted"),
    **all_of("physical_seat", PICTURE, "invalid"),
}

BY_HISTORY = ("place", "logical_seat", "physical_seat")
"""No number counts their changes: of each that may be told there is a `plan_action`."""
FEEDS = ("feed_row", "feed_head", "counter")


def test_each_column_is_told_or_says_why_not() -> None:
    counted = [table for area in AREAS for table in (*area.sales.offered, *area.told)]
    columns = {f"{table}.{name}" for table in (*counted, *BY_HISTORY) for name in BY_NAME[table].names if name != "id"}
    assert CHANGES.keys() | NOT_TOLD.keys() == columns
    assert not CHANGES.keys() & NOT_TOLD.keys()


@pytest.mark.parametrize("column", [each for each, why in NOT_TOLD.items() if why is STAYS])
def test_what_stays_is_changed_by_no_form(column: str) -> None:
    table, _, name = column.partition(".")
    if (configured := CONFIGURED.get(table)) and Action.MODIFY in configured.commands:
        assert name not in {each.name for each in configured.changeable}


def feeds(clerk: Clerk) -> dict[tuple[str, str], Any]:
    """What devices have heard."""
    rows = clerk.rows("SELECT feed, key, body FROM feed_row")
    told = {(feed, key): orjson.loads(body) if body else None for feed, key, body in rows}
    return {name: body for name, body in told.items() if name[0].partition("/")[0] in FAMILIES}


def read_of(clerk: Clerk) -> Read:
    return Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)


@pytest.mark.parametrize("column", CHANGES)
def test_what_changes_is_told(quick: tuple[Clerk, House], column: str) -> None:
    clerk, house = quick
    at()(clerk, house)
    known = FeedsKnown()
    clerk.tell(known)
    before, numbers = feeds(clerk), heard(read_of(clerk)).numbers
    CHANGES[column](clerk, house)
    assert heard(read_of(clerk)).numbers != numbers, "the loop looks"
    clerk.tell(known)
    assert feeds(clerk) != before
    assert clerk.tell() == [], "and once, and all of it: whoever begins anew finds no more"


class Listening:
    """A connection that remembers what it was asked."""

    def __init__(self, inner: Connection) -> None:
        self.inner, self.said = inner, set[str]()

    def run(self, sql: str, params: Any) -> Any:
        self.said.add(sql)
        return self.inner.run(sql, params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_rows_are_made_of_what_is_counted_alone(quick: tuple[Clerk, House]) -> None:
    """Or a change would not be told: a table that is new in them belongs into `Area.told`."""
    clerk, house = quick
    ordered(clerk, house)
    clerk.tell()
    listening: Any = Listening(clerk.db)
    assert not_told(clerk.door, listening, clerk.watch(), FeedsKnown()) == []
    named = {table for sql in listening.said for table in tables(sql)[0]}
    assert named >= {"performance", "price", "context", "site", "seat_category", *BY_HISTORY}
    odd = {table for table in named if COUNTED.get(table) not in (SELLING_TERMS, TOLD)}
    assert odd <= {*BY_HISTORY, *FEEDS}


# --- no more than that -----------------------------------------------------------------------------------------------


def test_what_devices_need_not_know_is_not_told(clerk: Clerk, house: House) -> None:
    heads = "SELECT feed, revision FROM feed_head ORDER BY feed"
    assert clerk.tell() == []
    before = clerk.rows(heads)
    clerk.do(NotePerformance(performance_id=house.performance, note="Une classe de quarante"))
    other = other_category(clerk, house)
    clerk.do(AssignLogicalCategory(configuration_id=house.logical, category_id=other, selection=seats(house, 0)))
    another(clerk, house)
    assert clerk.tell() == [] and clerk.rows(heads) == before, "not of a draft, nor of a hall's next season"


def test_performances_that_are_drawn_alike_share_a_plan(clerk: Clerk, house: House) -> None:
    second = another(clerk, house)
    clerk.do(ChangeSale(performance_id=second, do=PerformanceDo.OPEN))
    row = clerk.feed(f"performances/{house.site}")[second]
    assert row["on_sale"] and not row["plan_id"], "no kiosk offers it before it has the plan"
    clerk.tell()
    told = clerk.feed(f"performances/{house.site}")
    shared = told[house.performance]["plan_id"]
    assert told[second]["plan_id"] == shared and list(clerk.feed(f"plans/{house.site}")) == [shared]
    ordered(clerk, house)
    assert clerk.tell() == [TellPlan(performance_id=house.performance)], "the other one has its plan still"
    assert clerk.feed(f"plans/{house.site}")[shared]
    assert clerk.feed(f"performances/{house.site}")[house.performance]["plan_id"] != shared


def test_a_plan_goes_with_the_last_performance_that_has_it(clerk: Clerk, house: House) -> None:
    """Before: one whose event was called by its id kept it."""
    second = another(clerk, house)
    clerk.do(ChangeSale(performance_id=second, do=PerformanceDo.OPEN))
    clerk.do(OrderSeats(performance_id=second, selection=seats(house, 3, 2), order=SeatOrder.LISTED))
    clerk.tell()
    told = clerk.feed(f"performances/{house.site}")
    first_plan, second_plan = (told[each]["plan_id"] for each in (house.performance, second))
    to("event", "event", names={"fr": f'{first_plan} "plan_id":"{first_plan}"'})(clerk, house)
    clerk.do(OrderSeats(performance_id=house.performance, selection=seats(house, 5, 4), order=SeatOrder.LISTED))
    clerk.tell()
    plans = clerk.feed(f"plans/{house.site}")
    assert plans[first_plan] is None and plans[second_plan]


def test_what_is_over_is_told_no_more_and_a_clock_that_was_wrong_takes_nothing(clerk: Clerk, house: House) -> None:
    clerk.watch.at, now = clerk.watch.at + timedelta(days=365), clerk.watch.at
    priced(clerk, house)
    assert clerk.tell() == []
    clerk.watch.at = now
    assert clerk.tell() == [
        TellPerformance(performance_id=house.performance, points_of_sale=(house.desk, house.kiosk_point))
    ]


def test_a_plan_that_was_acted_on_meanwhile_is_looked_at_again(clerk: Clerk, house: House) -> None:
    ordered(clerk, house)
    want = TellPlan(performance_id=house.performance)
    (found,) = not_told(clerk.door, clerk.db, clerk.watch(), FeedsKnown())
    assert list(found.commands()) == [want]
    judge, job = clerk.door.judge, looked_through(SYSTEM, want, new_id())
    assert isinstance(job, Job)
    ready = judge.looked(clerk.db, job, clerk.watch())
    carried(clerk, house)
    before = feeds(clerk)
    reply, _ = committed(clerk.db, judge.work(ready, clerk.watch()))
    assert reply.outcome == Ok(False) and feeds(clerk) == before
    assert want in clerk.tell()


# --- in pieces -------------------------------------------------------------------------------------------------------

MANY = 2 * POINTS_AT_ONCE + 5


def points(clerk: Clerk, house: House, many: int) -> list[Id]:
    made = [new_id() for _ in range(many)]
    for n, each in enumerate(made):
        clerk.do(CreatePointOfSale(
            id=each, channel_id=house.channel, context_id=house.organiser, code=f"P{n}", names={"fr": f"{n}"},
            active=True,
        ))  # fmt: skip
    return made


def sold_at(clerk: Clerk, house: House) -> int:
    """At how many points of sale devices are told that it is sold."""
    sql = "SELECT COUNT(*) FROM feed_row WHERE feed LIKE 'catalogue/%' AND key = :id AND body IS NOT NULL"
    return int(clerk.rows(sql, id=house.performance)[0][0])


def test_a_point_of_sale_that_comes_later_is_told(clerk: Clerk, house: House) -> None:
    (new,) = points(clerk, house, 1)
    assert clerk.tell() == [TellPerformance(performance_id=house.performance, points_of_sale=(new,))]
    assert clerk.feed(f"catalogue/{new}")[house.performance]["number_prefix"] == "TDT-P0"


def test_many_points_of_sale_are_told_in_pieces_that_a_crash_may_part(clerk: Clerk, house: House) -> None:
    points(clerk, house, MANY)
    before = clerk.rows("SELECT COUNT(*) FROM feed_row")
    clerk.do(ChangeSale(performance_id=house.performance, do=PerformanceDo.SUSPEND))
    clerk.do(ChangeSale(performance_id=house.performance, do=PerformanceDo.OPEN))
    assert clerk.rows("SELECT COUNT(*) FROM feed_row") == before, "a sale opens in one row"
    (found,) = not_told(clerk.door, clerk.db, clerk.watch(), FeedsKnown())
    first, *rest = found.commands()
    assert len(rest) == 2
    clerk.do(first)
    assert sold_at(clerk, house) == 2 + POINTS_AT_ONCE
    told = set(clerk.rows("SELECT feed, revision FROM feed_row WHERE feed LIKE 'catalogue/%'"))
    assert len(clerk.tell()) == 2, "whoever begins anew goes on"
    assert sold_at(clerk, house) == 2 + MANY
    assert told <= set(clerk.rows("SELECT feed, revision FROM feed_row WHERE feed LIKE 'catalogue/%'")), "and not again"
    clerk.do(first)
    assert told <= set(clerk.rows("SELECT feed, revision FROM feed_row WHERE feed LIKE 'catalogue/%'")), "nor another"


def statements(clerk: Clerk, act: Callable[[], Any]) -> int:
    said: list[str] = []
    assert isinstance(clerk.db, SqliteConnection)
    clerk.db._db.set_trace_callback(said.append)
    act()
    clerk.db._db.set_trace_callback(None)
    return len(said)


def test_a_piece_costs_the_writer_two_statements_for_each_point_of_sale(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    told = points(clerk, house, POINTS_AT_ONCE + 1)

    def tell(*some: Id) -> int:
        want = TellPerformance(performance_id=house.performance, points_of_sale=some)
        return statements(clerk, lambda: clerk.do(want))

    one, many = tell(told[0]), tell(*told[1:])
    assert many - one <= 2 * (POINTS_AT_ONCE - 1) and one <= 60, (one, many)
    assert tell(*told[1:]) <= one, "what stands is not written again"


# --- the loop --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def opened(database: Database, keys: Keys, watch: Watch) -> AsyncIterator[Door]:
    door = Door(database, watch, path_of, keys)
    door.start()
    try:
        yield door
    finally:
        await asyncio.to_thread(door.stop)


@pytest.mark.parametrize("whose", ["this process", "another"])
async def test_the_loop_hears_of_what_is_changed(
    place: tuple[Database, House], clerk: Clerk, keys: Keys, watch: Watch, whose: str
) -> None:
    database, house = place
    change = command_of(Action.MODIFY, Tariff)(id=house.full, set={"names": OTHERWISE})

    def told() -> bool:
        tariffs = clerk.feed(f"catalogue/{house.kiosk_point}")[house.performance]["tariffs"]
        return OTHERWISE["en"] in {each["names"]["en"] for each in tariffs}

    async with opened(database, keys, watch) as door:
        loop = DeviceLoop(door, every_s=0.05 if whose == "another" else 3600.0)
        assert not await loop.tell()
        keeping = asyncio.create_task(loop.keep())
        if whose == "another":
            clerk.do(change)
        else:
            assert (await door.execute(SYSTEM, change, new_id())).ok
        await until(told)
        keeping.cancel()


@pytest.mark.behind_the_door
async def test_a_plan_that_no_device_takes_is_refused_and_named(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House], keys: Keys, watch: Watch, monkeypatch: Any
) -> None:
    """Before: it was told as one that is gone, and nobody knew but who reads the log."""
    clerk, house = quick
    clerk.db.write("DELETE FROM feed_row WHERE feed = :feed", {"feed": f"plans/{house.site}"})
    async with opened(sqlite_place[0], keys, watch) as door:
        loop = DeviceLoop(door)
        monkeypatch.setattr(device_feeds, "MOST_ROW", 100)
        while await loop.tell():
            pass
        assert loop._own.trouble and loop._own.trouble.reason == NoPerformance.PLAN_TOO_LARGE.key
        assert not clerk.feed(f"plans/{house.site}")
        monkeypatch.undo()
        loop._own.forget(TellPlan(performance_id=house.performance))
        loop._told = None
        assert await loop.tell()
        assert clerk.feed(f"plans/{house.site}") and not loop._own.trouble


@pytest.mark.behind_the_door
async def test_what_is_refused_waits_whatever_else_changes(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House], keys: Keys, watch: Watch, monkeypatch: Any
) -> None:
    """Before: each change anywhere in the house gave it again, and the log kept a row of each."""
    clerk, house = quick
    clerk.db.write("DELETE FROM feed_row WHERE feed = :feed", {"feed": f"plans/{house.site}"})
    monkeypatch.setattr(device_feeds, "MOST_ROW", 100)

    def refused() -> int:
        sql = "SELECT COUNT(*) FROM command_log WHERE name = 'tell_plan' AND answer LIKE '-%'"
        return int(clerk.rows(sql)[0][0])

    async with opened(sqlite_place[0], keys, watch) as door:
        loop = DeviceLoop(door)
        monkeypatch.setattr(loop._own, "_now", lambda: 0.0)
        while await loop.tell():
            pass
        assert refused() == 1
        for n in range(5):
            clerk.do(command_of(Action.MODIFY, Tariff)(id=house.full, set={"names": {"fr": f"Plein {n}"}}))
            assert await loop.tell(), "the tariff is told"
        assert refused() == 1
        ordered(clerk, house)
        await loop.tell()
        assert refused() == 2, "it is another plan"


async def test_a_point_of_sale_that_cannot_be_told_keeps_no_other_from_being_told(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House], keys: Keys, watch: Watch, monkeypatch: Any
) -> None:
    """Before: it was tried again with each look, and named nowhere."""
    clerk, house = quick
    some, tried = points(clerk, house, 3), list[Any]()
    bad = some[1]
    stood = device_feeds.standing_catalogues

    def stands(tx: Read, performance_id: Id, asked: Any) -> dict[str, str]:
        if isinstance(tx, Tx):
            tried.append(asked)
            if bad in asked:
                raise ZeroDivisionError
        return stood(tx, performance_id, asked)

    monkeypatch.setattr(device_feeds, "standing_catalogues", stands)
    async with opened(sqlite_place[0], keys, watch) as door:
        loop = DeviceLoop(door)
        assert await loop.tell()
        assert {each for each in some if clerk.feed(f"catalogue/{each}")} == {some[0], some[2]}
        assert loop._own.trouble and tried[-3:] == [(each,) for each in sorted(some)], "all of them, then each alone"
        before = tried.count((bad,))
        while await loop.tell():
            pass
        assert tried.count((bad,)) == before, "it waits"
        monkeypatch.setattr(device_feeds, "standing_catalogues", stood)
        clerk.do(command_of(Action.MODIFY, Tariff)(id=house.full, set={"names": OTHERWISE}))
        assert await loop.tell()
    assert clerk.feed(f"catalogue/{bad}") and not loop._own.trouble


@pytest.mark.behind_the_door
async def test_what_was_told_is_compared_once_more(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House], keys: Keys, watch: Watch
) -> None:
    clerk, house = quick
    async with opened(sqlite_place[0], keys, watch) as door:
        loop = DeviceLoop(door)
        (new,) = points(clerk, house, 1)
        assert await loop.tell()
        clerk.db.write("DELETE FROM feed_row WHERE feed = :feed", {"feed": f"catalogue/{new}"})
        assert await loop.tell() and not await loop.tell()
    assert clerk.feed(f"catalogue/{new}")[house.performance]


@pytest.mark.postgres
@pytest.mark.parametrize("place", ["postgres"], indirect=True)
async def test_two_processes_tell_nothing_twice(
    place: tuple[Database, House], clerk: Clerk, keys: Keys, watch: Watch
) -> None:
    database, house = place
    points(clerk, house, MANY)
    clerk.tell()
    heads = "SELECT feed, revision FROM feed_head WHERE feed LIKE 'catalogue/%'"
    before = dict(clerk.rows(heads))
    priced(clerk, house)
    async with opened(database, keys, watch) as one, opened(database, keys, watch) as other:
        loops = DeviceLoop(one), DeviceLoop(other)
        while any(await asyncio.gather(*(each.tell() for each in loops))):
            pass
    assert dict(clerk.rows(heads)) == {feed: revision + 1 for feed, revision in before.items()}
