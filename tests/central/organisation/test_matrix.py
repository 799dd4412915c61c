"""Every command, query and entity × profiles, through the real door: allowed exactly where what is declared says so.

The rows are made up from the declarations, so that a new command or entity is walked without a line here. What stands
behind the door is taken out: here it is asked only who gets as far as that.
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from central.app import make_app
from central.devices.model import DevicesPrivilege
from central.kernel import registry
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.contexts import ContextKind, path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS, QUERIES, privileges
from central.kernel.replies import NoEntry
from central.kernel.scope import context_of
from central.kernel.tx import Read
from central.organisation.operators import CreateOperator
from central.organisation.ops import CreateContext
from central.organisation.rights import key_digest
from shared.ids import Id
from shared.outcome import Refused
from tests.central.sampling import Sampler, of_nobody
from tests.central.small_house import Clerk, House, NoTest, Watch, new_id

pytestmark = pytest.mark.behind_the_door  # rows are put in and changed by hand

_NUMBER = count(1)


# --- profiles ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, and places that are not above it."""

    path: tuple[str, ...]
    elsewhere: tuple[str, ...]


def profiles(needs: str, place: Place) -> Iterator[tuple[str, frozenset[tuple[str, str]], bool]]:
    """(what it is, what it holds, whether it may)."""
    module, screen, action = needs.split(".", 2)
    everything = [each for each in privileges() if each != needs]
    reading = [each for each in privileges() if each.endswith(".read")]
    root = place.path[-1]

    def held(*nodes: str, at: str) -> frozenset[tuple[str, str]]:
        return frozenset((node, at) for node in nodes)

    yield "nothing", frozenset(), False
    for at in place.path:
        yield f"just this, at {at[-4:]}", held(needs, at=at), True
        yield f"its screen, at {at[-4:]}", held(f"{module}.{screen}", at=at), True
        yield f"its module, at {at[-4:]}", held(module, at=at), True
        yield f"everything, at {at[-4:]}", held("*", at=at), True
        yield f"all but this, at {at[-4:]}", held(*everything, at=at), False
    yield "reading alone", held(*reading, at=root), needs in reading
    yield "a name that only begins alike", held(f"{module}.{screen[:-1]}", module[:-1], f"{needs}.more", at=root), False
    yield "another action of the screen", held(f"{module}.{screen}.{action}x", at=root), False
    for at in place.elsewhere:
        yield f"everything elsewhere, at {at[-4:]}", held("*", needs, module, at=at), False


@pytest.fixture
def other(quick: tuple[Clerk, House]) -> tuple[Id, ...]:
    """Another organiser with a season, and an activity beside and one below nothing of ours."""
    clerk, house = quick
    organiser, season, activity = new_id(), new_id(), new_id()
    clerk.do(
        CreateContext(
            id=organiser,
            context_id=house.institution,
            kind=ContextKind.ORGANISER,
            code="AUTRE",
            names={"fr": "Autre"},
            settings={},
        )
    )
    clerk.do(
        CreateContext(
            id=season, context_id=organiser, kind=ContextKind.SEASON, code="S", names={"fr": "Saison"}, settings={}
        )
    )
    clerk.do(
        CreateContext(
            id=activity,
            context_id=house.season,
            kind=ContextKind.ACTIVITY,
            code="CINE",
            names={"fr": "Cinéma"},
            settings={},
        )
    )
    return (organiser, season, activity)


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is done: whoever gets through the door is told so."""

    def stand_in(*_: Any) -> Refused:
        return Refused(NoTest.REACHED)

    for kind, handler in list(registry._BY_KIND.items()):
        monkeypatch.setitem(registry._BY_KIND, kind, replace(handler, run=stand_in, refuses=(NoTest,)))


def _place(clerk: Clerk, house: House, other: tuple[Id, ...], at: str | None) -> Place | None:
    if at is None:
        return None
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    path = path_of(read, at)
    below = (house.institution, house.organiser, house.season, house.activity)
    return Place(path, tuple(each for each in (*other, *below) if each not in path))


def test_every_command_and_query(quick: tuple[Clerk, House], other: tuple[Id, ...], behind: None) -> None:
    clerk, house = quick
    sampler = Sampler(clerk.db, house)
    wrong, asked, nowhere = [], 0, []
    for name, handler in [*COMMANDS.items(), *QUERIES.items()]:
        read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
        wanted = sampler.wanted(handler, read)

        def reached(actor: Actor, wanted: Any = wanted, query: bool = name in QUERIES) -> bool:
            hand = clerk.as_(actor)
            outcome = hand.door.ask_now(hand.db, actor, wanted) if query else hand.say(wanted)
            assert outcome.reason in (NoTest.REACHED, NoEntry.NOT_ALLOWED), (wanted, outcome)
            return bool(outcome.reason is NoTest.REACHED)

        if handler.needs is None:
            assert reached(Actor(ActorKind.ANONYMOUS, "", "")), name
            continue
        place = _place(clerk, house, other, None if of_nobody(handler) else handler.at(read, wanted))
        if place is None:
            nowhere.append((name, handler.needs))
            held = frozenset((node, at) for node in ("*", handler.needs) for at in (house.institution, house.season))
            assert not reached(Actor(ActorKind.OPERATOR, new_id(), "", held)), f"{name} is central's own"
            assert of_nobody(handler) or handler.needs == DevicesPrivilege.DEVICE_SYNC, (
                f"{name}: no row makes it stand anywhere"
            )
            continue
        for what, held, may in profiles(handler.needs, place):
            asked += 1
            if reached(Actor(ActorKind.OPERATOR, new_id(), "", held)) is not may:
                wrong.append((name, handler.needs, what, may))
    assert not wrong, wrong[:20]
    assert asked > 2000 and len(nowhere) < 40


def test_every_privilege_is_one_node_of_module_screen_action() -> None:
    assert [each for each in privileges() if each.count(".") != 2 or each != each.lower()] == []


async def test_every_entity_read(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House], other: tuple[Id, ...], keys: Keys, watch: Watch
) -> None:
    """Over HTTP, by the keys of programs: rows of one's contexts and below them, and of no others."""
    clerk, house = quick
    sampler = Sampler(clerk.db, house)
    door = Door(sqlite_place[0], watch, path_of, keys)
    door.start()
    wrong = []
    async with TestClient(TestServer(make_app(door))) as client:

        async def status(who: tuple[str, str], table: str, row_id: str) -> bool | None:
            said = {"Authorization": "Basic " + b64encode(":".join(who).encode()).decode()}
            async with client.get(f"/api/v1/entities/{table}", params={"id": row_id}, headers=said) as answer:
                body = orjson.loads(await answer.read())
                assert answer.status in (200, 403), body
                return None if answer.status == 403 else bool(body["value"])

        async def program(*nodes: str, at: Id) -> tuple[str, str]:
            who, key = new_id(), f"key {next(_NUMBER)}"
            made = CreateOperator(id=who, context_id=at, name="Program", key_digest=key_digest(key), privileges=nodes)
            assert (await door.execute(SYSTEM, made, new_id())).ok
            return who, key

        nobody = await program(at=house.institution)
        for table, declaration in BY_NAME.items():
            row_id = sampler.row(table)
            place = await door.read(SYSTEM, lambda read, t=table, r=row_id: context_of(read, t, r))
            path = await door.read(SYSTEM, lambda read, p=place: path_of(read, p))
            here, away = await program(declaration.read, at=path[0]), await program(declaration.read, at=other[0])
            root, but = (
                await program(declaration.screen, at=house.institution),
                await program(*[each for each in privileges() if each != declaration.read], at=house.institution),
            )
            found = [await status(who, table, row_id) for who in (nobody, here, away, root, but)]
            if found[0] is not None or found[1] is not True or found[3] is not True or found[4] is not None:
                wrong.append((table, declaration.read, found))
            if found[2]:
                wrong.append((table, "seen from elsewhere", found))
    door.stop()
    assert not wrong, wrong
