"""The outbox: written with the decision, done after it, tried again with patience, given up visibly."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from central.devices.instructions import OUTBOX_KIND, CommandDevice
from central.devices.model import NoDevice
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.outbox import MOST_TRIES, drain
from central.kernel.traces import Traces
from central.kernel.tx import Tx
from shared.clock import from_ms
from shared.ids import Id
from tests.central.small_house import Clerk, House, Watch, new_id

pytestmark = pytest.mark.behind_the_door  # the log and its rows are tampered with


@pytest.fixture
async def door(place: Any, keys: Keys, watch: Watch) -> AsyncIterator[Door]:
    made = Door(place[0], watch, path_of, keys)
    made.start()
    yield made
    await asyncio.to_thread(made.stop)


def told(clerk: Clerk, kind: str, **body: Any) -> Id:
    """A row as a command would leave it."""
    tx = Tx(clerk.db, SYSTEM, clerk.watch(), new_id(), clerk.door.keys)
    tx.tell(kind, body)
    traces = Traces()
    traces.gather(tx)
    clerk.db.begin(write=True)
    traces.write(clerk.db)
    clerk.db.commit()
    return tx.new_id("outbox", 0)


def state(clerk: Clerk, row: Id) -> tuple[Any, ...]:
    return clerk.rows("SELECT state, tries, due, last_error FROM outbox WHERE id = :id", id=row)[0]


async def test_done_once_and_never_again(door: Door, clerk: Clerk) -> None:
    row = told(clerk, "mail", to="anna")
    seen: list[tuple[Id, dict[str, object]]] = []

    async def act(outbox_id: Id, body: dict[str, object]) -> bool:
        seen.append((outbox_id, body))
        return True

    assert await drain(door, {"mail": act}) == 1
    assert await drain(door, {"mail": act}) == 0
    assert seen == [(row, {"to": "anna"})] and state(clerk, row)[:2] == ("done", 1)


async def test_a_failing_act_is_patient_and_then_gives_up_visibly(door: Door, clerk: Clerk, watch: Watch) -> None:
    row = told(clerk, "mail")
    waits: list[float] = []

    async def act(_: Id, __: dict[str, object]) -> bool:
        raise OSError("no line")

    for _ in range(MOST_TRIES):
        assert await drain(door, {"mail": act}) == 1
        assert await drain(door, {"mail": act}) == 0, "not before it is due"
        due = from_ms(state(clerk, row)[2])
        waits.append((due - watch.at).total_seconds())
        watch.at = due
    assert waits[:4] == [4, 8, 16, 32] and max(waits) == 2048
    assert state(clerk, row)[:2] == ("given_up", MOST_TRIES) and state(clerk, row)[3] == "no line"
    assert await drain(door, {"mail": act}) == 0


async def test_one_that_cannot_be_done_does_not_hold_up_its_neighbours(door: Door, clerk: Clerk) -> None:
    first, second = told(clerk, "telegram"), told(clerk, "mail")

    async def act(_: Id, __: dict[str, object]) -> bool:
        return True

    assert await drain(door, {"mail": act}) == 2
    assert state(clerk, first)[0] == "waiting" and state(clerk, first)[3] == "nobody here does telegram"
    assert state(clerk, second)[0] == "done"


async def test_one_that_raises_holds_up_nobody_and_is_given_up(door: Door, clerk: Clerk, watch: Watch) -> None:
    """Before: the loop fell over it, the oldest, before any other row was done, and it was never given up."""
    first, second = told(clerk, "mail", to="bad"), told(clerk, "mail", to="anna")

    async def act(_: Id, body: dict[str, object]) -> bool:
        if body["to"] == "bad":
            raise IndexError(body["to"])
        return True

    with capture_logs() as logs:
        assert await drain(door, {"mail": act}) == 2
        assert state(clerk, second)[0] == "done" and state(clerk, first)[:2] == ("waiting", 1)
        assert state(clerk, first)[3] == "IndexError", "what it says may be about somebody"
        for _ in range(MOST_TRIES - 1):
            watch.at = from_ms(state(clerk, first)[2])
            await drain(door, {"mail": act})
    assert state(clerk, first)[:2] == ("given_up", MOST_TRIES)
    raised = [each for each in logs if each.get("exc_info")]
    assert [each["id"] for each in raised] == [first] * MOST_TRIES
    said = "".join(traceback.format_exception(raised[0]["exc_info"]))
    assert "IndexError" in said and "in act" in said, "what is wrong and where is found in the log"
    assert "bad" not in said.replace('"bad"', "") and "During handling" not in said, "and nothing of whom it is about"


async def test_an_act_that_says_not_now_is_tried_again(door: Door, clerk: Clerk, watch: Watch) -> None:
    row = told(clerk, "mail")
    answers = iter([False, True])

    async def act(_: Id, __: dict[str, object]) -> bool:
        return next(answers)

    await drain(door, {"mail": act})
    assert state(clerk, row)[0] == "waiting"
    watch.at += timedelta(minutes=1)
    await drain(door, {"mail": act})
    assert state(clerk, row)[:2] == ("done", 2)


def test_what_a_refused_command_would_have_told_is_not_told(clerk: Clerk, house: House) -> None:
    assert clerk.no(CommandDevice(device_id=new_id(), name="open", body={})).reason == NoDevice.NO_SUCH_DEVICE
    assert clerk.rows("SELECT COUNT(*) FROM outbox WHERE kind = :k", k=OUTBOX_KIND) == [(0,)]
