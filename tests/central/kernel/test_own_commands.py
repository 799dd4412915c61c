"""What central's loops ask of its own door: a command that is refused is given again later and later, keeps no other
from being done, and the loop says that it is not well."""

import ast
from pathlib import Path

import pytest

from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.own_commands import FIRST_S, MOST_S, MOST_WAITING, NotDone, OwnCommands, must_do
from central.organisation.sessions import TidySessions
from central.programme import device_feeds
from central.programme.device_feeds import TellPerformance
from shared.ids import derived_id
from shared.outcome import Ok
from shared.runtime.tasks import FALLS, Backoff, Standing, supervise
from tests.central.small_house import House, Watch, new_id

NOBODYS = TellPerformance(performance_id=derived_id("nobody made this"))


class Seconds:
    at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def door(sqlite_place: tuple[Database, House], keys: Keys):
    door = Door(sqlite_place[0], Watch(), path_of, keys)
    door.start()
    yield door
    door.stop()


async def tried(door: Door) -> int:
    row = await door.chore(lambda db: db.run("SELECT COUNT(*) FROM command_log WHERE name = 'tell_performance'", {}))
    return int(row[0][0])


async def test_what_is_refused_is_given_again_later_and_later(door: Door) -> None:
    seconds = Seconds()
    own, before = OwnCommands(door, seconds), await tried(door)
    assert await own.do(NOBODYS, "it", 1) is None
    assert own.trouble and own.trouble.reason == "no_performance.no_such_performance"
    for _ in range(5):
        assert not own.due and await own.do(NOBODYS, "it", 1) is None
    assert await tried(door) == before + 1, "a row of the log for each"
    for pause_s in (FIRST_S, 2 * FIRST_S, 4 * FIRST_S):
        seconds.at += pause_s
        assert own.due and await own.do(NOBODYS, "it", 1) is None
        assert not own.due
    assert await tried(door) == before + 4
    assert await own.do(NOBODYS, "it", 2) is None and await tried(door) == before + 5, "what it is made of changed"
    for _ in range(20):
        seconds.at += MOST_S
        assert own.due and await own.do(NOBODYS, "it", 2) is None
    assert await own.do(TidySessions(), "other") == Ok(False), "nobody waits for it"


async def test_it_is_forgotten_when_it_is_done_or_not_wanted_any_more(door: Door) -> None:
    own = OwnCommands(door)
    assert await own.do(NOBODYS, "it") is None
    assert await own.do(TidySessions(), "it", "another mark") is not None
    assert own.trouble is None
    assert await own.do(NOBODYS, "it") is None
    own.begin()
    assert await own.do(NOBODYS, "it") is None
    own.forget_rest()
    assert own.trouble, "it is asked for still"
    own.begin()
    own.forget_rest()
    assert own.trouble is None
    for n in range(MOST_WAITING + 5):
        own._refused(n, None, NotDone("it", "refused"))
    assert len(own._waiting) == MOST_WAITING and 0 in own._waiting, "those that wait go on waiting"


async def test_a_loop_whose_command_is_refused_is_not_well(door: Door) -> None:
    standing, own, rounds = Standing("teller", Backoff()), OwnCommands(door), []

    async def work() -> None:
        for _ in range(3):
            await own.do(NOBODYS, "it")
            own.say()
            rounds.append((standing.calm, standing.fault, FALLS.value(task="teller")))
        own.forget("it")
        own.say()
        rounds.append((standing.calm, standing.fault, FALLS.value(task="teller")))

    await supervise("teller", work, standing=standing)
    assert rounds == [(False, "no_performance.no_such_performance", 1)] * 3 + [(True, "", 1)], (
        "one fall, until it is well again"
    )


async def test_a_command_that_falls_keeps_no_other_from_being_done(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(device_feeds, "standing_catalogues", broken)
    own = OwnCommands(door)
    known = await door.chore(lambda db: db.run("SELECT id FROM performance LIMIT 1", {}))
    command = TellPerformance(performance_id=known[0][0])
    assert await own.do(command, "broken") is None
    assert own.trouble and own.trouble.reason == "ZeroDivisionError"
    with pytest.raises(NotDone, match="no_such_performance"):
        await must_do(door, NOBODYS, new_id())


def test_no_loop_ignores_what_becomes_of_its_commands() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in sorted(Path("central").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Await) and ".execute(SYSTEM" in ast.unparse(node)
    ]
    assert not found, f"its answer is looked at by nobody (kernel/own_commands.py): {found}"
