"""A command that is prepared beside the writer: once, for whoever may, and by whichever way it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest

from central.kernel import registry
from central.kernel.actor import ANONYMOUS, SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Database, Repeatable
from central.kernel.door import Door
from central.kernel.entity import Ref
from central.kernel.helper_processes import Beside, BesideConfig, Errand
from central.kernel.keys import Keys
from central.kernel.registry import handles
from central.kernel.replies import NoEntry
from central.kernel.trouble import NoDatabase
from central.kernel.tx import Tx
from central.organisation.model import OrganisationPrivilege
from central.venues.model import VenuesPrivilege
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from tests.central.kernel import works
from tests.central.small_house import Clerk, House, Watch, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Weigh:
    """Says what was prepared for it. `act`: what another process does with it."""

    context_id: Annotated[Id, Ref("context")]
    path: str
    said: str
    act: str = "note"


@dataclass(slots=True)
class Scale:
    """What the handler saw."""

    seen: list[Any] = field(default_factory=list)
    repeats: int = 0


SCALE = Scale()


def _work(want: Weigh, command_id: Id) -> Errand | None:
    acts = {"note": (works.note, (want.path, want.said)), "spin": (works.spin, ()), "wait": (works.wait_for, ("/",))}
    return Errand(*acts[want.act]) if want.act in acts else None  # type: ignore[arg-type]


def _weigh(tx: Tx, want: Weigh, parts: tuple[Any, ...]) -> Outcome[list[Any]]:
    SCALE.seen.append(parts)
    if SCALE.repeats:
        SCALE.repeats -= 1
        raise Repeatable("as if another had been faster")
    tx.feed("weighed", want.said, {"n": len(parts)})
    return Ok(list(parts))


@pytest.fixture(autouse=True)
def _declared() -> Iterator[None]:
    handles(Weigh, needs=OrganisationPrivilege.CONTEXT_MODIFY, gives=list[str], prepared=_work)(_weigh)
    SCALE.seen.clear()
    yield
    registry.COMMANDS.pop("weigh")
    registry._BY_KIND.pop(Weigh)


@pytest.fixture
async def door(place: tuple[Database, House], keys: Keys, watch: Watch) -> AsyncIterator[Door]:
    made = Door(place[0], watch, path_of, keys, beside=Beside(BesideConfig(waiting=0, cpu_s=0.5)))
    made.start()
    yield made
    await asyncio.to_thread(made.stop)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    found = tmp_path / "sheet"
    found.touch()
    return found


def lines(sheet: Path) -> int:
    return len(sheet.read_text().splitlines())


async def until(so: Callable[[], object]) -> None:
    while not so():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)


async def test_the_handler_gets_what_another_process_made(door: Door, house: House, sheet: Path) -> None:
    want = Weigh(context_id=house.organiser, path=str(sheet), said="ab")
    dry = await door.execute(SYSTEM, want, new_id(), dry_run=True)
    real = await door.execute(SYSTEM, want, new_id())
    assert dry.outcome == real.outcome == Ok(["ab", "abab"])
    assert SCALE.seen == [("ab", "abab")] * 2
    assert lines(sheet) == 2
    assert (
        await door.execute(SYSTEM, Weigh(context_id=house.organiser, path="", said="", act="nothing"), new_id())
    ).outcome == Ok([])


async def test_what_was_given_before_is_not_prepared_again(door: Door, house: House, sheet: Path) -> None:
    want, command_id = Weigh(context_id=house.organiser, path=str(sheet), said="ab"), new_id()
    first = await door.execute(SYSTEM, want, command_id)
    again = await door.execute(SYSTEM, want, command_id)
    other = await door.execute(SYSTEM, Weigh(context_id=house.organiser, path=str(sheet), said="other"), command_id)
    assert (again.repeated, again.body) == (True, first.body)
    assert other.outcome == Refused(NoEntry.ID_REUSED)
    assert lines(sheet) == 1


async def test_who_may_not_costs_no_work(door: Door, house: House, sheet: Path) -> None:
    elsewhere = house.operator(OrganisationPrivilege.CONTEXT_MODIFY, at=house.season)  # a right, and not here
    for actor in (ANONYMOUS, house.operator(VenuesPrivilege.VENUE_READ), elsewhere):
        reply = await door.execute(actor, Weigh(context_id=house.organiser, path=str(sheet), said="ab"), new_id())
        assert not reply.ok and reply.outcome == Refused(
            NoEntry.NOT_ALLOWED,
            fix=OrganisationPrivilege.CONTEXT_MODIFY,
            detail=reply.outcome.detail,  # type: ignore[union-attr]
        )
    assert lines(sheet) == 0 and not SCALE.seen


async def test_too_heavy_and_too_many_are_refused_and_use_no_id_up(
    door: Door, clerk: Clerk, house: House, sheet: Path
) -> None:
    command_id, rows = new_id(), clerk.rows("SELECT COUNT(*) FROM command_log")
    spun = asyncio.ensure_future(
        door.execute(SYSTEM, Weigh(context_id=house.organiser, path="", said="", act="spin"), command_id)
    )
    await until(lambda: door.beside.inside)
    crowded = await door.execute(SYSTEM, Weigh(context_id=house.organiser, path=str(sheet), said="ab"), new_id())
    assert crowded.outcome == Refused(NoDatabase.BUSY, detail={"waiting": 0})
    assert (await spun).outcome == Refused(NoEntry.TOO_HEAVY, detail={"limit": "cpu"})
    assert clerk.rows("SELECT COUNT(*) FROM command_log") == rows
    assert (await door.execute(SYSTEM, Weigh(context_id=house.organiser, path=str(sheet), said="ab"), command_id)).ok


@pytest.mark.postgres
async def test_a_repeat_of_the_transaction_is_prepared_once(
    postgres_template: tuple[str, House], keys: Keys, watch: Watch, sheet: Path
) -> None:
    url, house = postgres_template
    door = Door(Database(url), watch, path_of, keys)
    door.start()
    SCALE.repeats = 3
    reply = await door.execute(
        SYSTEM, Weigh(context_id=house.organiser, path=str(sheet), said="ab"), new_id(), dry_run=True
    )
    assert reply.outcome == Ok(["ab", "abab"])
    assert len(SCALE.seen) == 4 and lines(sheet) == 1
    await asyncio.to_thread(door.stop)


def test_at_once_and_in_this_thread_it_is_the_same(clerk: Clerk, house: House, sheet: Path) -> None:
    assert clerk.do(Weigh(context_id=house.organiser, path=str(sheet), said="ab")) == ["ab", "abab"]
    assert lines(sheet) == 1
