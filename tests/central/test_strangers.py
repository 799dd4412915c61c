"""What a stranger leaves behind: nothing that grows with the number of tries. Over HTTP and on both databases, every
registered command with bodies that fit, that do not, and the biggest that a stranger may send. A new command is walked
without a line here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from central.app import make_app
from central.kernel.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from central.kernel.contexts import path_of
from central.kernel.db import Connection, Database
from central.kernel.door import Door
from central.kernel.entity import METADATA
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS, Handler
from central.kernel.replies import NoEntry
from central.kernel.tally import KEPT, MOST_WAITING, OTHERS, Tally, caller
from central.kernel.tx import Read
from central.organisation.letters import AskReset
from central.organisation.sessions import CountAttempt
from central.pricing.ops import CreateTariff
from central.web.bodies import MOST_FROM_STRANGERS
from central.web.history.log import DoorTally, Tallied
from shared.outcome import Ok, Refused
from shared.wire.requests import COMMAND_ID
from tests.central.organisation.test_matrix import Sampler
from tests.central.small_house import NOW, House, Watch, new_id

pytestmark = pytest.mark.behind_the_door  # rows are put in and changed by hand

ROOM = 200  # of the biggest body, for its other fields


@dataclass(slots=True)
class Gate:
    """A served API, and what lies in the database behind it."""

    client: TestClient[Any, Any]
    door: Door
    database: Database
    db: Connection
    house: House
    sampler: Sampler

    async def say(self, name: str, body: bytes, **headers: str) -> int:
        headers = {COMMAND_ID: new_id(), **headers}
        async with self.client.post(f"/api/v1/commands/{name}", data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    def rows(self) -> dict[str, int]:
        return {name: int(self.db.run(f"SELECT COUNT(*) FROM {name}", ())[0][0]) for name in METADATA.tables}

    def bytes_(self) -> int:
        """Of the data and of its log."""
        if not self.database.is_sqlite:
            ours = "SELECT SUM(pg_relation_size(relid)) FROM pg_stat_user_tables"
            return int(self.db.run(ours, ())[0][0])
        path = self.database.path
        return sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*") if not each.name.endswith("-shm"))

    def cut_the_log(self) -> None:
        """Central does so too once it has a moment; what it holds of before is nothing that a stranger left."""
        if self.database.is_sqlite:
            self.db.run("PRAGMA wal_checkpoint(TRUNCATE)", ())

    def tallied(self) -> dict[tuple[str, str, str], int]:
        return {
            (row[0], row[1], row[2]): int(row[3])
            for row in self.db.run("SELECT caller, command, reason, times FROM door_tally", ())
        }


@pytest.fixture
async def gate(place: tuple[Database, House], keys: Keys) -> AsyncIterator[Gate]:
    database, house = place
    db = database.connect()
    door = Door(database, Watch(), path_of, keys)
    door.start()
    sampler = Sampler(db, house)
    async with TestClient(TestServer(make_app(door))) as client:
        yield Gate(client, door, database, db, house, sampler)
    db.close()
    door.stop()


def bodies(handler: Handler, want: Any) -> list[bytes]:
    """One that fits, two that do not, one for each text that takes all the room there is."""
    fits = orjson.loads(orjson.dumps(want))
    made = [fits, {}, {**fits, "no_such_field": 1}]
    room = MOST_FROM_STRANGERS - len(orjson.dumps(fits)) - ROOM
    made += [{**fits, each.name: "x" * room} for each in fields(handler.kind) if isinstance(fits[each.name], str)]
    return [orjson.dumps(each) for each in made]


async def test_strangers_leave_nothing_that_grows(gate: Gate) -> None:
    read = Read(gate.db, SYSTEM, Watch()(), gate.door.keys)
    tries = [
        (name, body)
        for name, handler in COMMANDS.items()
        for body in bodies(handler, gate.sampler.wanted(handler, read))
    ]
    tries += [("no_such_command", b"{}"), ("create_context", b"[" * 1000), ("create_context", b"")]
    assert len(tries) > 4 * len(COMMANDS) and max(len(body) for _, body in tries) > MOST_FROM_STRANGERS - 2 * ROOM
    gate.cut_the_log()
    rows, size = gate.rows(), gate.bytes_()
    said = {await gate.say(name, body) for name, body in tries}
    assert 401 in said and 409 in said and not any(status < 400 or status >= 500 for status in said), said
    assert gate.rows() == rows, "not a row"
    assert gate.bytes_() == size, "not a byte"

    await gate.door.write_tally()
    once, first = gate.rows(), gate.tallied()
    assert {each: n for each, n in once.items() if rows[each] != n} == {"door_tally": once["door_tally"]}
    assert set(first) >= {("anonymous", name, "no_entry.not_allowed") for name in COMMANDS if COMMANDS[name].needs}
    assert ("anonymous", "enrol_device", "no_device.bad_code") in first
    for name, body in [*tries, *tries]:
        await gate.say(name, body)
    await gate.door.write_tally()
    assert gate.rows() == once, "however often"
    assert gate.tallied() == {each: 3 * n for each, n in first.items()}, "and each of them is counted"


async def test_who_has_no_right_is_counted_by_name_and_leaves_nothing_else(gate: Gate) -> None:
    actor, rows = gate.house.operator("pricing.grid.create", at=gate.house.activity), gate.rows()
    for at in (gate.house.season, gate.house.institution):
        tariff = CreateTariff(id=new_id(), context_id=at, code="X", names={"fr": "X"}, rank=9, proof=False)
        assert (await gate.door.execute(actor, tariff, new_id())).outcome.reason == NoEntry.NOT_ALLOWED
        assert (await gate.door.execute(gate.house.operator(), tariff, new_id())).outcome.reason == NoEntry.NOT_ALLOWED
    await gate.door.write_tally()
    assert {each: n for each, n in gate.rows().items() if rows[each] != n} == {"door_tally": 3}
    assert gate.tallied()[f"operator:{actor.id}", "create_tariff", "no_entry.not_allowed"] == 2
    told = await gate.door.ask(gate.house.operator("organisation.audit.read"), DoorTally())
    assert isinstance(told, Ok)
    assert told.value[0] == Tallied(NOW.date(), f"operator:{actor.id}", "create_tariff", "no_entry.not_allowed", 2)
    part = gate.house.operator("organisation.audit.read", at=gate.house.organiser)
    assert isinstance(await gate.door.ask(part, DoorTally()), Refused), "it is the whole house's"


async def test_what_central_does_for_strangers_is_logged_where_it_changed_something(gate: Gate) -> None:
    """A try at a password is counted and leaves no row; a letter that is on its way does."""
    logged = "SELECT COUNT(*) FROM command_log"
    ((before,),) = gate.db.run(logged, ())
    for n in range(20):
        for command in (CountAttempt(subjects=(f"password:{n}",)), AskReset(email=f"nobody{n}@x.example")):
            assert (await gate.door.execute(SYSTEM, command, new_id())).ok
    assert gate.db.run(logged, ()) == [(before,)]
    assert gate.db.run("SELECT COUNT(*) FROM sign_in_attempt WHERE wrong = 1 AND subject LIKE 'password:%'", ()) >= [
        (20,)
    ]
    await gate.door.write_tally()
    assert gate.tallied()["system:central", "ask_reset", ""] == 20
    gate.db.write(
        "UPDATE operator SET email = ?, active = 1, kind = 'person' WHERE id = ?", ("a@x.example", gate.house.admin)
    )
    assert (await gate.door.execute(SYSTEM, AskReset(email="a@x.example"), new_id())).ok
    assert gate.db.run(logged, ()) == [(before + 1,)]


# --- the tally itself ------------------------------------------------------------------------------------------------


def test_a_tally_is_bounded_in_memory() -> None:
    tally, watch = Tally(Watch()), Watch()
    house_of_many = [ANONYMOUS, *(Actor(ActorKind.OPERATOR, f"{n}", "") for n in range(MOST_WAITING + 50))]
    for actor in house_of_many:
        tally.count(caller(actor), "create_context", "not_allowed")
    taken = tally.take()
    day = watch().date().isoformat()
    assert len(taken) == MOST_WAITING + 1 and sum(taken.values()) == MOST_WAITING + 51
    assert taken[day, OTHERS, "create_context", "not_allowed"] == 51
    tally.give_back(taken)
    assert tally.take() == taken and not tally.take()


async def test_what_is_counted_while_the_database_is_away_is_written_later(
    place: tuple[Database, House], keys: Keys, watch: Watch
) -> None:
    door = Door(place[0], watch, path_of, keys)
    door.start()
    db = place[0].connect()

    def refuse(_: Connection) -> None:
        raise OSError("the disk is full")

    chore = door.chore

    async def broken(_: Any) -> Any:
        return await chore(refuse)

    want = CreateTariff(id=new_id(), context_id=place[1].season, code="X", names={"fr": "X"}, rank=9, proof=False)
    await door.execute(ANONYMOUS, want, new_id())
    door.chore = broken  # type: ignore[method-assign]
    with pytest.raises(OSError, match="full"):
        await door.write_tally()
    door.chore = chore  # type: ignore[method-assign]
    await door.execute(ANONYMOUS, want, new_id())
    watch.at += KEPT
    await door.execute(ANONYMOUS, want, new_id())
    await door.write_tally()
    counts = "SELECT times FROM door_tally ORDER BY day"
    assert db.run(counts, ()) == [(2,), (1,)]
    watch.at += KEPT
    await door.execute(ANONYMOUS, want, new_id())
    door.stop()
    assert db.run(counts, ()) == [(1,), (1,)], "the last are written at the end, the oldest forgotten"
    db.close()
