"""Central's clock stood a year ahead for a while: what was promised in minutes is over in minutes once it is right."""

import ast
import asyncio
import re
from datetime import datetime, timedelta

import pyotp
import pytest

from central.inventory.hold_expiry import ExpireHolds, holds_over
from central.inventory.loops import keep
from central.kernel import outbox, spans
from central.kernel.actor import SYSTEM
from central.kernel.clock_trust import AWAY, STAYS_S, STEP, SteadyClock
from central.kernel.contexts import path_of
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.pulse import Pulse
from central.kernel.traces import Traces
from central.kernel.tx import Read, Tx
from central.organisation.delivery_turns import LONGEST_REST, DeliveryTurns
from central.organisation.model import Attempt
from central.organisation.rules import FREE, IDLE, LONGEST_WAIT, counted, locked
from central.organisation.second_factor import step_of
from central.organisation.webhook_delivery import WAITS, next_try
from shared.clock import to_ms
from tests.central.orders.test_holds import wish
from tests.central.organisation.conftest import PASSWORD, People, box, jeanne, people  # noqa: F401 - its fixtures
from tests.central.said import asked, text_of
from tests.central.small_house import NOW, Clerk, House, Watch, new_id

YEAR, MINUTE = timedelta(days=365), timedelta(minutes=1)

IN_SQL = re.compile(r"[<>]=? ?:(now|ahead|late|old|idle|since|far|before|until|at)\b")


def compares(_: str, node: ast.AST) -> bool:
    """A moment with now, in Python or in a statement."""
    if isinstance(node, ast.Compare):
        ordered = any(isinstance(each, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for each in node.ops)
        return ordered and any(_is_now(each) for each in ast.walk(node))
    return bool(IN_SQL.search(text_of(node)))


def _is_now(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id == "now") or (isinstance(node, ast.Attribute) and node.attr == "now")


def test_whoever_compares_a_moment_with_now_says_how_it_bears_a_clock_that_jumped() -> None:
    """New: ask `spans.lasts` or `spans.recent` instead, or say beside it why not (`# clock: …`)."""
    assert asked("clock", compares)


@pytest.mark.parametrize("off", [YEAR, 2 * timedelta(hours=1), -YEAR])
def test_a_span_is_over_when_it_lies_further_ahead_than_it_is_long(off: timedelta) -> None:
    length, stored = timedelta(minutes=15), NOW + off
    assert not spans.lasts(stored + length, NOW, length) and not spans.recent(stored, NOW, length)
    for still in (timedelta(), length - MINUTE):
        assert spans.lasts(NOW + length, NOW + still, length) and spans.recent(NOW, NOW + still, length)
    assert spans.recent(NOW + spans.APART, NOW, length), "by the clock of another process"
    assert not spans.lasts(NOW + length, NOW + length, length) and not spans.recent(NOW, NOW + length, length)


def test_nobody_waits_a_year_before_an_account() -> None:
    wrong = NOW + YEAR
    tried = Attempt(id=new_id(), subject="password:x", wrong=0, last=wrong, locked_until=None)
    for _ in range(FREE["password"] + 5):
        tried = counted(tried, wrong)
    assert locked(tried, wrong) == wrong + LONGEST_WAIT
    assert locked(tried, NOW) is None
    assert counted(tried, NOW).wrong == 1, "and those tries count no more"


def test_a_code_that_a_wrong_clock_took_holds_nothing_against_those_of_today() -> None:
    seed = pyotp.random_base32()
    phone = pyotp.TOTP(seed)
    used = step_of(seed, phone.at(NOW + YEAR), NOW + YEAR, 0)
    assert used
    now = step_of(seed, phone.at(NOW), NOW, used)
    assert now and step_of(seed, phone.at(NOW), NOW, now) is None, "and once is still once"


def test_a_receiver_rests_no_longer_than_it_may() -> None:
    turns, receiver = DeliveryTurns(), new_id()
    turns.ended(receiver, ok=False, took_ms=1, now=NOW + YEAR)
    assert turns.rests(receiver, NOW + YEAR) and not turns.rests(receiver, NOW)
    turns.ended(receiver, ok=False, took_ms=1, now=NOW, after=YEAR)
    assert turns.rests(receiver, NOW + LONGEST_REST - MINUTE)


async def test_a_session_begun_by_a_wrong_clock_ends_with_it(people: People, jeanne: str) -> None:  # noqa: F811
    people.watch.at += YEAR
    browser = await people.browser().sign_in(next="/me")
    assert browser.path == "/me"
    for _ in range(9):
        await people.browser().sign_in(password="wrong password here")
    people.watch.at -= YEAR
    assert (await browser.get("/me")).path == "/sign-in"
    again = await people.browser().sign_in(next="/me", password=PASSWORD)
    assert again.path == "/me", "and those tries make nobody wait"
    people.watch.at += IDLE
    assert (await again.get("/me")).path == "/sign-in"


@pytest.mark.behind_the_door  # a row as a command would leave it
async def test_what_a_wrong_clock_put_off_leaves_today(place, keys: Keys, watch: Watch, clerk: Clerk) -> None:
    door = Door(place[0], watch, path_of, keys)
    tx = Tx(clerk.db, SYSTEM, watch() + YEAR, new_id(), keys)
    tx.tell("bell", {})
    traces = Traces()
    traces.gather(tx)
    clerk.db.begin(write=True)
    traces.write(clerk.db)
    clerk.db.commit()
    row = tx.new_id("outbox", 0)
    door.start()
    try:
        assert await outbox.claim(door, row) is None
        await outbox.bring_forward(door)
        watch.at += YEAR
        assert await outbox.claim(door, row), "taken while the clock is wrong once more"
        watch.at -= YEAR
        claimed = await outbox.claim(door, row)
        assert claimed and claimed.attempt == 2, "a claim of a year is none"
        assert await outbox.claim(door, row) is None, "a claim of two minutes is"
    finally:
        await asyncio.to_thread(door.stop)


@pytest.mark.behind_the_door  # rows as commands would leave them
async def test_what_was_put_off_is_brought_forward_in_pieces(
    place, keys: Keys, watch: Watch, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before: all of it in one statement, for which every sale waited."""
    monkeypatch.setattr(outbox, "FORWARD_AT_ONCE", 2)
    row = {"due": to_ms(watch() + YEAR), "id": ""}
    clerk.db.begin(write=True)
    for _ in range(5):
        clerk.db.write(
            "INSERT INTO outbox (id, kind, body, due, tries, state, last_error) "
            "VALUES (:id, 'bell', '{}', :due, 0, 'waiting', '')",
            {**row, "id": new_id()},
        )
    clerk.db.commit()
    changed = clerk.db.written
    clerk.db.begin(write=True)
    assert outbox._brought_forward(watch(), clerk.db) == 2 and clerk.db.written == changed + 2
    clerk.db.commit()
    door = Door(place[0], watch, path_of, keys)
    door.start()
    try:
        await outbox.bring_forward(door)
    finally:
        await asyncio.to_thread(door.stop)
    assert {due for (due,) in clerk.rows("SELECT due FROM outbox WHERE kind = 'bell'")} == {to_ms(watch())}


def test_nothing_is_put_off_further_than_is_brought_forward() -> None:
    tries = [next_try(new_id(), attempt, NOW, WAITS[-1]) for attempt in range(1, len(WAITS) + 1)]
    assert max(each - NOW for each in tries if each) < outbox.FURTHEST


def test_a_hold_of_a_wrong_clock_is_given_back(clerk: Clerk, house: House) -> None:
    wrong = clerk.do(wish(house, house.seats[0]))
    clerk.watch.at -= timedelta(days=30)
    kept = clerk.do(wish(house, house.seats[1]))
    assert (
        holds_over(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys))
        and clerk.do(ExpireHolds(context_id=house.institution)) == 1
    )
    states = dict(clerk.rows("SELECT id, state FROM hold"))
    assert states == {wrong["hold_id"]: "expired", kept["hold_id"]: "active"}
    assert holds_over(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)) is None


# --- what cannot be taken back ----------------------------------------------------------------------------------------


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.mark.parametrize("off", [YEAR, -YEAR, 2 * STEP])
def test_a_clock_that_jumped_is_believed_when_it_stays_or_is_back(off: timedelta) -> None:
    seconds = Seconds()
    steady = SteadyClock(seconds)
    at = lambda: NOW + timedelta(seconds=seconds.at)  # noqa: E731
    steady.began(at(), NOW - MINUTE)
    seconds.at = 86_400
    assert steady.believes(at()) and not steady.doubted
    assert not steady.believes(at() + off) and steady.doubted
    seconds.at += STAYS_S - 1
    assert not steady.believes(at() + off)
    assert steady.believes(at()), "it is back"
    assert not steady.believes(at() + off), "and begins anew"
    seconds.at += STAYS_S
    assert steady.believes(at() + off) and not steady.doubted
    assert not steady.believes(at()), "now it is the right time that has to stay"


@pytest.mark.parametrize(
    ("last", "believed"),
    [
        (None, True),
        (NOW - MINUTE, True),
        (NOW - AWAY, True),
        (NOW - timedelta(days=3), False),
        (NOW - YEAR, False),
        (NOW + YEAR, False),
    ],
)
def test_a_process_begins_where_the_last_one_ended(last: datetime | None, believed: bool) -> None:
    seconds = Seconds()
    steady = SteadyClock(seconds)
    steady.began(NOW, last)
    assert steady.believes(NOW) is believed and steady.doubted is not believed
    seconds.at = STAYS_S
    assert steady.believes(NOW + timedelta(seconds=STAYS_S))


@pytest.mark.parametrize(("last", "believed"), [(NOW - MINUTE, True), (NOW - YEAR, False), (NOW + YEAR, False)])
async def test_the_last_sign_of_life_is_in_the_database(
    place, keys: Keys, watch: Watch, clerk: Clerk, last: datetime, believed: bool
) -> None:
    clerk.db.write(
        "INSERT INTO counter (name, value) VALUES ('test commit', :at) ON CONFLICT (name) DO UPDATE SET value = :at",
        {"at": to_ms(last)},
    )
    door = Door(place[0], watch, path_of, keys)
    door.start()
    try:
        await Pulse(door, (), {}, lambda: ()).begin()
        assert door.believes_its_clock() is believed
    finally:
        await asyncio.to_thread(door.stop)


async def test_no_loop_does_for_good_what_a_jumped_clock_calls_due(
    place, keys: Keys, watch: Watch, clerk: Clerk, house: House
) -> None:
    clerk.do(wish(house, house.seats[0]))
    door = Door(place[0], watch, path_of, keys)
    door.start()
    pulse = Pulse(door, (), {}, lambda: ())
    try:
        assert door.believes_its_clock()
        watch.at += YEAR
        looked = asyncio.Event()
        real, turns = door.believes_its_clock, 0

        def asked() -> bool:
            nonlocal turns
            turns += 1
            if turns > 2:
                looked.set()
            return real()

        door.believes_its_clock = asked  # type: ignore[method-assign]
        keeping = asyncio.create_task(keep(door, 0.0))
        await looked.wait()
        keeping.cancel()
        assert clerk.rows("SELECT state FROM hold") == [("active",)]
        assert pulse.report().clock_jumped and "clock: jumped" in pulse.report().status
        watch.at -= YEAR
        watch.at += timedelta(minutes=4)
        assert real() and not pulse.report().clock_jumped
    finally:
        await asyncio.to_thread(door.stop)
