"""What is believed of a line to PostgreSQL and is not so any more: a statement that was never prepared, one whose plan
is too old, a lock or a transaction that nobody ended. None of them reaches whoever calls, and none stays."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from central.kernel.actor import SYSTEM
from central.kernel.db import UNFIT, Database, PostgresConnection
from central.kernel.keys import Keys
from central.kernel.trouble import Cut
from tests.central.kernel.test_postgres_locks import open_door, site
from tests.central.small_house import House, new_id

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("place", ["postgres"], indirect=True)]
OFTEN = 8  # more often than the driver says a statement before it prepares it


@pytest.fixture
def line(place: tuple[Database, House]) -> Iterator[PostgresConnection]:
    with closing(PostgresConnection(place[0].url)) as db:
        db.run("CREATE TEMPORARY TABLE scrap (id INTEGER PRIMARY KEY, said TEXT)", {})
        yield db


def _often(db: PostgresConnection) -> None:
    for n in range(OFTEN):
        db.run("SELECT said FROM scrap WHERE id = :id", {"id": n})
        db.run("DELETE FROM scrap WHERE id = :id", {"id": n})


def _twice(db: PostgresConnection) -> None:
    db.write_many("INSERT INTO scrap (id, said) VALUES (:id, 'x')", [{"id": 1}, {"id": 1}])


BEHIND: dict[str, Callable[[PostgresConnection], Any]] = {
    "a statement": lambda db: db.run("DELETE FROM scrap WHERE said = :said", {"said": "y"}),
    "rows": lambda db: db.write_many("UPDATE scrap SET said = 'z' WHERE id = :id", [{"id": 5}]),
}


@pytest.mark.parametrize("back", ["rollback", "undo"])
@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("before", range(OFTEN))
def test_what_the_server_passed_over_is_not_believed_prepared(
    line: PostgresConnection, behind: str, back: str, before: int
) -> None:
    """Whatever was said how often before the fault, and whichever way one goes back from it."""
    say = BEHIND[behind]
    line.begin(write=True)  # the driver forgets what it prepared at a line's first way back, and at no later one
    line.savepoint()
    line.undo()
    line.rollback()
    for _ in range(before):
        say(line)
    for _ in range(2):
        line.begin(write=True)
        line.savepoint()
        with pytest.raises(UNFIT), line.in_one_go():
            _twice(line)
            say(line)
        line.undo() if back == "undo" else line.rollback()
        if back == "undo":
            say(line)
            line.commit()
        for _ in range(OFTEN):
            say(line)


def test_many_at_once_poison_no_line(place: tuple[Database, House], keys: Keys) -> None:
    """Before: of 160 that came at once some thirty were answered 500, and one in ten ever after."""

    async def given() -> Counter[str]:
        async with open_door(Database(place[0].url), keys) as door:
            said: Counter[str] = Counter()
            for _ in range(4):
                replies = await asyncio.gather(
                    *(door.execute(SYSTEM, site(place[1]), new_id()) for _ in range(40)), return_exceptions=True
                )
                said += Counter("ok" if not isinstance(r, BaseException) and r.ok else repr(r)[:120] for r in replies)
            for _ in range(30):
                said["ok" if (await door.execute(SYSTEM, site(place[1]), new_id())).ok else "refused"] += 1
            return said

    assert asyncio.run(given()) == {"ok": 190}


SPOILED: dict[str, str] = {
    "a statement that is gone": "DEALLOCATE ALL",
    "a table that looks otherwise": "ALTER TABLE scrap ALTER COLUMN said TYPE VARCHAR(9)",
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_line_that_is_not_what_we_take_it_for_is_dropped(line: PostgresConnection, how: str) -> None:
    """Whatever made it so: who asks on it hears that the line was cut, so the command is given again."""
    _often(line)
    with pytest.raises(Cut):
        line._db.pgconn.exec_(SPOILED[how].encode())  # behind the driver's back
        line.run("SELECT said FROM scrap WHERE id = :id", {"id": 1})
    assert line.closed


def test_a_name_that_is_taken_is_cut_as_well(line: PostgresConnection) -> None:
    line._db.pgconn.exec_(b"PREPARE _pg3_0 AS SELECT 1")
    with pytest.raises(Cut):
        _often(line)
    assert line.closed


@pytest.mark.parametrize("what", ["a transaction", "a lock"])
def test_what_could_not_be_ended_ends_with_its_line(
    place: tuple[Database, House], line: PostgresConnection, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A rollback, or the giving back of a lock, that fails: the line would go on in the old transaction, or keep the
    lock for as long as it lives."""
    asked = line._execute

    def fails(sql: str, params: Any) -> Any:
        if sql == "ROLLBACK" or "advisory_unlock" in sql:
            line._guard(lambda: line._db.execute("SET statement_timeout = 1; SELECT pg_sleep(9)", prepare=False))
        return asked(sql, params)

    monkeypatch.setattr(line, "_execute", fails)
    if what == "a lock":
        with line.alone("a word"):
            pass
    else:
        line.begin(write=True)
        line.rollback()
    assert line.closed
