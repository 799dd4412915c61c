"""The one door, the same stories on SQLite, wherever its writer is, and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from central.access.model import AccessPrivilege
from central.access.ops import Anomalies
from central.devices.facts import DeadLetters
from central.devices.model import DevicesPrivilege
from central.inventory.model import NoPlace
from central.kernel.actor import ANONYMOUS, SYSTEM
from central.kernel.contexts import ContextKind, path_of
from central.kernel.crud import NoChange
from central.kernel.db import Connection, Database
from central.kernel.door import Apart, Door, Reply
from central.kernel.keys import Keys
from central.kernel.registry import THE_DOORS, handles
from central.kernel.replies import NoEntry, stored
from central.kernel.trouble import NoDatabase
from central.kernel.work import QUEUE
from central.orders.model import OrdersPrivilege
from central.organisation.model import NoOperator, OrganisationPrivilege
from central.organisation.ops import CreateContext, CreateOperator, key_digest, operator_of
from central.pricing.model import PricingPrivilege
from central.pricing.ops import PriceCell, SetPrice
from shared.outcome import Ok, Reason, Refused
from tests.central.kernel.scribbles import Scribble, declare, forget, scribble
from tests.central.small_house import FULL, Clerk, House, NoTest, Watch, new_id
from tests.waiting import PATIENCE_S

APART = Apart(("central.areas", "tests.central.kernel.scribbling"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On SQLite with the writer in a thread, and in a process of its own but for a handler that is changed here."""
    here = metafunc.function is test_a_reason_that_is_not_declared_is_a_fault_of_ours
    if "door" in metafunc.fixturenames and not here:
        on_postgres = pytest.param("postgres", marks=pytest.mark.postgres)
        everywhere = pytest.mark.parametrize("place", ["sqlite", "apart", on_postgres], indirect=True)
        metafunc.definition.add_marker(everywhere)


@pytest.fixture(autouse=True)
def _declared() -> Iterator[None]:
    """A command of the test's own, which is gone afterwards."""
    declare()
    yield
    forget()


@pytest.fixture
async def door(
    place: tuple[Database, House], keys: Keys, watch: Watch, request: pytest.FixtureRequest
) -> AsyncIterator[Door]:
    is_apart = request.node.callspec.params["place"] == "apart"
    made = Door(place[0], watch, path_of, keys, apart=APART if is_apart else None)
    made.start()
    yield made
    await asyncio.to_thread(made.stop)


def traces(clerk: Clerk) -> dict[str, Any]:
    """What a scribble leaves anywhere."""
    one = {
        table: clerk.rows(f"SELECT COUNT(*) FROM {table}")[0][0]
        for table in ("context", "audit", "outbox", "command_log")
    }
    return one | {
        "counter": clerk.rows("SELECT COALESCE(MAX(value), 0) FROM counter WHERE name = 'scribbles'")[0][0],
        "feed": clerk.rows("SELECT COALESCE(MAX(revision), 0) FROM feed_head WHERE feed = 'scribbles/x'")[0][0],
        "rows": clerk.rows("SELECT COUNT(*) FROM feed_row WHERE feed = 'scribbles/x'")[0][0],
    }


async def test_a_repeat_gets_the_same_bytes_and_changes_nothing(door: Door, clerk: Clerk, house: House) -> None:
    command, command_id = Scribble(context_id=house.organiser, key="A"), new_id()
    first = await door.execute(SYSTEM, command, command_id)
    after = traces(clerk)
    again = await door.execute(SYSTEM, command, command_id)
    assert first.ok and not first.repeated and again.repeated
    assert (again.ok, again.body) == (first.ok, first.body)
    assert traces(clerk) == after


async def test_a_refusal_is_repeated_too_even_when_it_would_go_well_now(door: Door, house: House) -> None:
    command, command_id = house.order(house.seats[0], amount=1), new_id()
    first = await door.execute(SYSTEM, command, command_id)
    await door.execute(SYSTEM, SetPrice(grid_id=house.grid, cell=PriceCell(house.seated, house.full, 1)), new_id())
    again = await door.execute(SYSTEM, command, command_id)
    assert not first.ok and again.body == first.body and again.repeated


async def test_the_same_id_with_other_content_is_refused(door: Door, clerk: Clerk, house: House) -> None:
    command_id = new_id()
    await door.execute(SYSTEM, Scribble(context_id=house.organiser, key="A"), command_id)
    after = traces(clerk)
    other = await door.execute(SYSTEM, Scribble(context_id=house.organiser, key="B"), command_id)
    assert other.outcome == Refused(NoEntry.ID_REUSED)
    assert traces(clerk) == after


async def test_nobody_takes_an_id_away_from_central(door: Door, clerk: Clerk, house: House) -> None:
    """The ids of its loops' commands follow from what they are for, and somebody may have given one beforehand."""
    command_id, anna = new_id(), house.operator("*")
    first = await door.execute(anna, Scribble(context_id=house.organiser, key="A"), command_id)
    command = Scribble(context_id=house.organiser, key="B")
    ours = await door.execute(SYSTEM, command, command_id)
    assert first.ok and ours.ok and not ours.repeated and traces(clerk)["rows"] == 2
    again = await door.execute(SYSTEM, command, command_id)
    assert again.ok and again.repeated and again.body == ours.body and traces(clerk)["rows"] == 2
    theirs = await door.execute(anna, Scribble(context_id=house.organiser, key="A"), command_id)
    assert theirs.repeated and theirs.body == first.body, "whoever gave it has their answer still"
    actors = clerk.rows("SELECT actor FROM command_log WHERE name = 'scribble' ORDER BY actor")
    assert actors == sorted([(anna.label,), (SYSTEM.label,)])


async def test_the_same_id_from_many_callers_at_once_acts_once(door: Door, clerk: Clerk, house: House) -> None:
    command, command_id = Scribble(context_id=house.organiser, key="A"), new_id()
    replies = await asyncio.gather(*(door.execute(SYSTEM, command, command_id) for _ in range(12)))
    assert {reply.body for reply in replies} == {b'"1"'}
    assert [reply.repeated for reply in replies].count(False) == 1
    assert traces(clerk)["rows"] == 1


async def test_a_refusal_after_a_write_leaves_its_log_row_and_nothing_else(
    door: Door, clerk: Clerk, house: House
) -> None:
    before = traces(clerk)
    reply = await door.execute(SYSTEM, Scribble(context_id=house.organiser, key="A", ending="refuse"), new_id())
    assert reply.outcome == Refused(NoTest.NOT_TODAY, fix="A")
    assert traces(clerk) == before | {"command_log": before["command_log"] + 1}


async def test_a_reason_that_is_not_declared_is_a_fault_of_ours(
    door: Door, clerk: Clerk, house: House, undeclared: list[str]
) -> None:
    """Whoever asked is refused all the same; a test that does not look at it fails (tests/undeclared.py)."""
    forget()
    handles(Scribble, needs=OrganisationPrivilege.CONTEXT_MODIFY, refuses=(NoPlace,), gives=str)(scribble)
    said = "scribble is refused for no_test.not_today, which it does not declare"
    for command_id in (new_id(), new_id()):
        reply = await door.execute(SYSTEM, Scribble(context_id=house.organiser, key="A", ending="refuse"), command_id)
        assert reply.reason is NoTest.NOT_TODAY and undeclared == [said]
        undeclared.clear()


@pytest.mark.parametrize(
    ("kept", "reason", "body"),
    [
        ('-{"reason":"no_place.taken","fix":"A"}', NoPlace.TAKEN, b'{"reason":"no_place.taken","fix":"A"}'),
        ('-{"reason":"taken","fix":"A"}', NoPlace.TAKEN, b'{"reason":"no_place.taken","fix":"A"}'),
        ('-{"reason":"id_reused","fix":""}', NoEntry.ID_REUSED, b'{"reason":"no_entry.id_reused","fix":""}'),
        ('-{"reason":"given_up_long_ago","fix":""}', NoEntry.OLDER, b'{"reason":"no_entry.older","fix":""}'),
        ("+null", None, b"null"),
    ],
)
def test_an_answer_of_before_an_update_is_given_in_todays_words(kept: str, reason: Reason | None, body: bytes) -> None:
    again = stored(kept, (NoPlace, *THE_DOORS))
    assert (again.reason, again.body, again.repeated) == (reason, body, True)


async def test_a_dry_run_answers_and_leaves_nothing(door: Door, clerk: Clerk, house: House) -> None:
    before = traces(clerk)
    command_id = new_id()
    for ending in ("ok", "refuse"):
        reply = await door.execute(
            SYSTEM, Scribble(context_id=house.organiser, key="A", ending=ending), command_id, dry_run=True
        )
        assert reply.ok is (ending == "ok")
        assert traces(clerk) == before
    real = await door.execute(SYSTEM, Scribble(context_id=house.organiser, key="A"), command_id)
    assert real.ok and not real.repeated, "a dry run does not use its id up"


async def test_dry_runs_leave_nothing_in_a_commit_that_they_share(door: Door, clerk: Clerk, house: House) -> None:
    before = traces(clerk)
    commands = [Scribble(context_id=house.organiser, key=f"K{n}") for n in range(40)]
    await asyncio.gather(
        *(door.execute(SYSTEM, command, new_id(), dry_run=n % 2 == 0) for n, command in enumerate(commands))
    )
    after = traces(clerk)
    assert after["context"] == before["context"] + 20
    assert (after["counter"], after["rows"]) == (20, 20)


async def test_one_broken_command_of_a_group_touches_no_other(door: Door, clerk: Clerk, house: House) -> None:
    before = traces(clerk)
    commands = [
        Scribble(context_id=house.organiser, key=f"K{n}", ending="raise" if n % 5 == 2 else "ok") for n in range(40)
    ]
    replies = await asyncio.gather(
        *(door.execute(SYSTEM, command, new_id()) for command in commands), return_exceptions=True
    )
    for n, reply in enumerate(replies):
        if n % 5 == 2:
            assert isinstance(reply, RuntimeError) and str(reply) == f"K{n} broke"
        else:
            assert isinstance(reply, Reply) and reply.ok
    after = traces(clerk)
    assert after["context"] - before["context"] == after["counter"] == after["feed"] == after["rows"] == 32
    assert after["command_log"] - before["command_log"] == 32, "what broke may be sent again"


async def test_feeds_grow_without_a_gap_in_the_order_of_commits(door: Door, clerk: Clerk, house: House) -> None:
    endings = ["ok", "refuse", "ok", "raise"] * 10
    replies = await asyncio.gather(
        *(
            door.execute(SYSTEM, Scribble(context_id=house.organiser, key=f"K{n}", ending=end), new_id())
            for n, end in enumerate(endings)
        ),
        return_exceptions=True,
    )
    numbers = sorted(int(reply.outcome.value) for reply in replies if isinstance(reply, Reply) and reply.ok)
    assert numbers == list(range(1, 21)), "the counter has no gap"
    rows = clerk.rows("SELECT revision, body FROM feed_row WHERE feed = 'scribbles/x' ORDER BY revision")
    assert rows == [(n, f'{{"n":{n}}}') for n in range(1, 21)]
    assert traces(clerk)["feed"] == 20


async def test_a_row_told_again_moves_to_the_newest_revision(door: Door, clerk: Clerk, house: House) -> None:
    for ending in ("A", "B"):
        await door.execute(SYSTEM, Scribble(context_id=house.organiser, key=ending), new_id())
    await door.execute(SYSTEM, Scribble(context_id=house.institution, key="A"), new_id())
    rows = clerk.rows("SELECT key, revision FROM feed_row WHERE feed = 'scribbles/x' ORDER BY revision")
    assert rows == [("B", 2), ("A", 3)]


async def test_the_last_twenty_seats_and_sixty_four_buyers(door: Door, clerk: Clerk, house: House) -> None:
    """Three refusals for each sale, and still no ticket number is missing."""
    orders = [house.order(house.seats[n % 20], order_id=new_id()) for n in range(64)]
    replies = await asyncio.gather(*(door.execute(SYSTEM, order, new_id()) for order in orders))
    sold = [reply.outcome.value for reply in replies if reply.ok]
    assert {reply.outcome.reason for reply in replies if not reply.ok} == {NoPlace.TAKEN}
    assert sorted(ticket["number"] for order in sold for ticket in order["tickets"]) == [
        f"TDT-{n:07d}" for n in range(1, 21)
    ]
    live = clerk.rows("SELECT COUNT(*), COUNT(DISTINCT seat_id) FROM allocation WHERE state = 'sold'")
    assert live == [(20, 20)]
    assert clerk.rows("SELECT SUM(amount) FROM move WHERE note = 'sale'") == [(20 * FULL,)]


async def test_counted_places_are_never_oversold(door: Door, clerk: Clerk, house: House) -> None:
    orders = [house.standing_order(1 + n % 3) for n in range(40)]
    replies = await asyncio.gather(*(door.execute(SYSTEM, order, new_id()) for order in orders))
    sold = sum(len(reply.outcome.value["tickets"]) for reply in replies if reply.ok)
    assert {reply.outcome.reason for reply in replies if not reply.ok} == {NoPlace.TAKEN}
    assert sold == 20 == clerk.rows("SELECT taken FROM gauge")[0][0]
    assert clerk.rows("SELECT SUM(quantity) FROM allocation WHERE gauge_id IS NOT NULL") == [(20,)]
    assert clerk.rows("SELECT COUNT(DISTINCT number), COUNT(*) FROM ticket") == [(20, 20)]


async def test_a_read_sees_one_moment(door: Door, house: House) -> None:
    def twice(read: Any) -> tuple[Any, Any]:
        first = read.one("SELECT COUNT(*) FROM context")
        asyncio.run_coroutine_threadsafe(
            door.execute(SYSTEM, Scribble(context_id=house.organiser, key="A"), new_id()), loop
        ).result(PATIENCE_S)
        return first, read.one("SELECT COUNT(*) FROM context")

    loop = asyncio.get_running_loop()
    first, second = await door.read(SYSTEM, twice)
    assert first == second


# --- rights ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["institution", "organiser", "season", "activity"])
async def test_a_right_reaches_down_and_not_up(door: Door, house: House, at: str) -> None:
    order = ["institution", "organiser", "season", "activity"]
    for place in order[:3]:
        actor = house.operator(OrganisationPrivilege.CONTEXT_MODIFY, at=getattr(house, at))
        reply = await door.execute(actor, Scribble(context_id=getattr(house, place), key=f"{at}-{place}"), new_id())
        allowed = order.index(at) <= order.index(place)
        assert reply.ok is allowed
        if not allowed:
            assert reply.outcome == Refused(
                NoEntry.NOT_ALLOWED, OrganisationPrivilege.CONTEXT_MODIFY, {"at": getattr(house, place)}
            )


async def test_another_privilege_or_nobody_at_all_is_not_enough(door: Door, house: House) -> None:
    for actor in (house.operator(OrganisationPrivilege.CONTEXT_READ), ANONYMOUS):
        assert (
            await door.execute(actor, Scribble(context_id=house.organiser, key="A"), new_id())
        ).outcome.reason == NoEntry.NOT_ALLOWED
    nowhere = await door.execute(
        house.operator(OrganisationPrivilege.CONTEXT_MODIFY), Scribble(context_id=new_id(), key="A"), new_id()
    )
    assert nowhere.outcome.reason == NoEntry.NOT_ALLOWED


async def test_rights_and_perimeter_of_an_operator_by_key(door: Door, house: House) -> None:
    operator, elsewhere = new_id(), house.kiosk_point
    sells = (OrdersPrivilege.ORDER_CREATE,)
    make = CreateOperator(
        id=operator,
        context_id=house.institution,
        name="Guichetier",
        key_digest=key_digest("k"),
        privileges=sells,
        points_of_sale=(elsewhere,),
    )
    assert (await door.execute(SYSTEM, make, new_id())).ok
    assert await door.read(SYSTEM, lambda read: operator_of(read, operator, "wrong")) is None
    actor = await door.read(SYSTEM, lambda read: operator_of(read, operator, "k"))
    refused = await door.execute(actor, house.order(house.seats[0]), new_id())
    assert (refused.outcome.reason, refused.outcome.fix) == (NoEntry.NOT_YOURS, house.desk)
    allowed = await door.execute(actor, house.order(house.seats[0], point_of_sale_id=elsewhere), new_id())
    assert allowed.ok


async def test_nobody_gives_what_they_do_not_hold(door: Door, house: House) -> None:
    here = house.operator(OrganisationPrivilege.OPERATOR_CREATE, OrdersPrivilege.ORDER_CREATE, at=house.season)

    def give(*privileges: str) -> CreateOperator:
        return CreateOperator(
            id=new_id(), context_id=house.season, name="Stagiaire", key_digest=key_digest("k"), privileges=privileges
        )

    assert (await door.execute(here, give(OrdersPrivilege.ORDER_CREATE), new_id())).ok
    refused = (
        await door.execute(here, give(OrdersPrivilege.ORDER_CREATE, PricingPrivilege.PRICE_MODIFY), new_id())
    ).outcome
    assert (refused.reason, refused.detail) == (NoOperator.NOT_YOURS_TO_GIVE, {"privileges": ["pricing.grid.modify"]})


async def test_what_shows_every_organisers_rows_wants_a_right_to_the_whole_house(door: Door, house: House) -> None:
    for query, privilege in ((Anomalies, AccessPrivilege.ACCESS_READ), (DeadLetters, DevicesPrivilege.DEVICE_READ)):
        for at in (house.institution, house.organiser):
            outcome = await door.ask(house.operator(privilege, at=at), query(context_id=at))
            assert isinstance(outcome, Ok) is (at == house.institution)
        lost = new_id()  # said as it is asked, whether there is such a place or not
        nowhere = await door.ask(house.operator(privilege), query(context_id=lost))
        assert nowhere == Refused(NoEntry.NOT_ALLOWED, privilege, {"at": lost})


# --- what stays ------------------------------------------------------------------------------------------------------


async def test_the_audit_names_fields_before_and_after(door: Door, clerk: Clerk, house: House) -> None:
    command_id = new_id()
    await door.execute(SYSTEM, SetPrice(grid_id=house.grid, cell=PriceCell(house.seated, house.full, 2100)), command_id)
    rows = clerk.rows("SELECT entity, action, change FROM audit WHERE command_id = :c ORDER BY n", c=command_id)
    assert rows == [("price", "changed", '{"amount":[2000,2100]}'), ("price_grid", "changed", '{"version":[1,2]}')]
    ((actor, name, at),) = clerk.rows("SELECT actor, name, at FROM command_log WHERE id = :c", c=command_id)
    assert (actor, name) == ("system:central", "set_price") and at == 1795284000000


async def test_secrets_stay_out_of_the_log(door: Door, clerk: Clerk, house: House) -> None:
    secret = key_digest("a key that nobody may read")
    make = CreateOperator(id=new_id(), context_id=house.institution, name="Programme", key_digest=secret, privileges=())
    await door.execute(SYSTEM, make, new_id())
    for table, column in (("command_log", "body"), ("command_log", "answer"), ("audit", "change")):
        assert clerk.rows(f"SELECT COUNT(*) FROM {table} WHERE {column} LIKE :s", s=f"%{secret}%") == [(0,)]
    assert clerk.rows("SELECT body FROM command_log WHERE name = 'create_operator'")[0][0].count("•") == 1


async def test_what_does_not_fit_the_database_is_a_refusal(door: Door, clerk: Clerk, house: House) -> None:
    """An id that is there already, one that names nothing, a number that no column holds."""
    first = house.order(house.seats[0])
    assert (await door.execute(SYSTEM, first, new_id())).ok
    again = house.order(house.seats[1], order_id=first.order_id)
    nothing = SetPrice(grid_id=house.grid, cell=PriceCell(new_id(), house.full, 1))
    huge = [SetPrice(grid_id=house.grid, cell=PriceCell(house.seated, house.full, n)) for n in (2**63, 2**70)]
    before = traces(clerk)
    for command in (again, nothing, *huge):
        assert (await door.execute(SYSTEM, command, new_id())).outcome.reason == NoEntry.DOES_NOT_FIT, command
    after = traces(clerk)
    assert after | {"command_log": 0} == before | {"command_log": 0}


async def test_who_waits_is_told_which_feeds_and_tables_changed(door: Door, house: House) -> None:
    heard: list[tuple[frozenset[str], frozenset[str]]] = []
    door.on_commit(lambda feeds, marks: heard.append((feeds, marks)))
    await door.execute(SYSTEM, Scribble(context_id=house.organiser, key="A", ending="refuse"), new_id())
    assert heard == []
    await door.execute(SYSTEM, Scribble(context_id=house.organiser, key="A"), new_id())
    assert heard == [(frozenset({"scribbles/x"}), frozenset({"context"}))]


# --- the end, and the worst ------------------------------------------------------------------------------------------


async def test_stop_finishes_what_waits(place: tuple[Database, House], keys: Keys, clerk: Clerk) -> None:
    database, house = place
    door = Door(database, Watch(), path_of, keys)
    door.start()
    waiting = [
        asyncio.ensure_future(door.execute(SYSTEM, Scribble(context_id=house.organiser, key=f"K{n}"), new_id()))
        for n in range(100)
    ]
    await asyncio.sleep(0)  # each has reached the queue
    await asyncio.to_thread(door.stop)
    replies = await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE_S)
    assert all(reply.ok for reply in replies)
    assert traces(clerk)["rows"] == 100


class _Counting(Database):
    """A database whose connections count their commits, or refuse them."""

    commits: list[str]
    broken: bool

    def connect(self, *, read_only: bool = False) -> Connection:
        made = Database(self.url).connect(read_only=read_only)
        outer, commit = self, made.commit

        def counted() -> None:
            outer.commits.append("commit")
            if outer.broken:
                raise OSError("the disk is full")
            commit()

        made.commit = counted  # type: ignore[method-assign]
        return made


def _counting(url: str) -> _Counting:
    made = _Counting(url)
    object.__setattr__(made, "commits", [])
    object.__setattr__(made, "broken", False)
    return made


@contextmanager
def _opened(database: Database, keys: Keys) -> Iterator[Door]:
    door = Door(database, Watch(), path_of, keys)
    door.start()
    yield door


async def test_many_commands_share_a_commit(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    database = _counting(sqlite_place[0].url)
    with _opened(database, keys) as door:
        replies = await asyncio.gather(
            *(
                door.execute(SYSTEM, Scribble(context_id=sqlite_place[1].organiser, key=f"K{n}"), new_id())
                for n in range(128)
            )
        )
        await asyncio.to_thread(door.stop)
    assert all(reply.ok for reply in replies)
    assert 2 <= len(database.commits) <= 64


async def test_a_commit_that_fails_is_heard_by_all_who_shared_it(
    sqlite_place: tuple[Database, House], keys: Keys, quick: tuple[Clerk, House]
) -> None:
    database, house = _counting(sqlite_place[0].url), sqlite_place[1]
    before = traces(quick[0])
    with _opened(database, keys) as door:
        object.__setattr__(database, "broken", True)
        replies = await asyncio.gather(
            *(door.execute(SYSTEM, Scribble(context_id=house.organiser, key=f"K{n}"), new_id()) for n in range(20)),
            return_exceptions=True,
        )
        assert [str(reply) for reply in replies] == ["the disk is full"] * 20
        assert traces(quick[0]) == before
        object.__setattr__(database, "broken", False)
        assert (await door.execute(SYSTEM, Scribble(context_id=house.organiser, key="A"), new_id())).ok, (
            "and it goes on"
        )
        await asyncio.to_thread(door.stop)


async def test_a_full_queue_says_busy(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    database, house = sqlite_place
    door = Door(database, Watch(), path_of, keys)
    door._open = True  # the writer has not come yet: nobody takes from the queue
    waiting = [
        asyncio.ensure_future(door.execute(SYSTEM, Scribble(context_id=house.organiser, key=f"K{n}"), new_id()))
        for n in range(QUEUE)
    ]
    await asyncio.sleep(0)
    busy = await door.execute(house.operator("*"), Scribble(context_id=house.organiser, key="one more"), new_id())
    assert busy.outcome == Refused(NoDatabase.BUSY)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.postgres
async def test_a_line_to_postgres_that_was_cut_is_mended(
    postgres_template: tuple[str, House], postgres_url: str, keys: Keys
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("CREATE DATABASE house_cut TEMPLATE house_template")
        database, house = Database(postgres_url.replace("/postgres?", "/house_cut?")), postgres_template[1]
        with _opened(database, keys) as door:
            assert (await door.execute(SYSTEM, Scribble(context_id=house.organiser, key="A"), new_id())).ok
            assert await door.read(SYSTEM, lambda read: read.one("SELECT COUNT(*) FROM context")) == (5,)
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'house_cut'"
            assert len(server.execute(cut).fetchall()) >= 2
            replies = await asyncio.gather(
                *(door.execute(SYSTEM, Scribble(context_id=house.organiser, key=f"B{n}"), new_id()) for n in range(8))
            )
            assert all(reply.ok for reply in replies)
            for _ in range(4):
                assert await door.read(SYSTEM, lambda read: read.one("SELECT COUNT(*) FROM context")) == (13,)
            await asyncio.to_thread(door.stop)


async def test_a_season_twice_is_refused_by_name(door: Door, house: House) -> None:
    make = CreateContext(
        id=new_id(),
        context_id=house.organiser,
        kind=ContextKind.SEASON,
        code="S26",
        names={"fr": "Encore"},
        settings={},
    )
    said = (await door.execute(SYSTEM, make, new_id())).outcome
    assert isinstance(said, Refused) and (said.reason, said.fix) == (NoChange.CODE_TAKEN, "code")
    assert (said.detail["value"], said.detail["by"]) == ("S26", house.season), "and by what"
