"""A command id that comes a second time, over HTTP and on both databases: every registered command, given once by who
may, then by everybody else. A new command is walked without a line here.

What stands behind the door is taken out: it answers with a mark, so that whoever sees the mark has seen the answer.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.app import make_app
from central.devices.codes import new_code
from central.devices.enrolment import EnrolDevice, InviteDevice
from central.devices.model import DevicesPrivilege
from central.kernel import registry
from central.kernel.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from central.kernel.contexts import ContextKind, path_of
from central.kernel.crud import command_of
from central.kernel.db import Connection, Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.privileges import Action
from central.kernel.registry import COMMANDS, Handler
from central.kernel.replies import NoEntry
from central.kernel.scope import context_of, narrowed_by
from central.kernel.tx import Read
from central.organisation.model import OperatorProfile, PerimeterKind
from central.organisation.ops import CreateContext, CreateOperator
from central.organisation.sessions import EndOwnSession, SetLanguage
from central.pricing.ops import CreateTariff
from central.web.caller import AUTHENTICATE
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.certificates import DeviceKind, signing_request
from shared.wire.requests import COMMAND_ID
from tests.central.organisation.test_matrix import Sampler, of_nobody
from tests.central.small_house import House, NoTest, Watch, new_id
from tests.central.walked import walked

pytestmark = pytest.mark.behind_the_door  # rows are put in and changed by hand

MARK = "what only the caller may see"


@dataclass(slots=True)
class Counter:
    """The API's, with callers who say who they are."""

    client: TestClient[Any, Any]
    door: Door
    db: Connection
    house: House
    sampler: Sampler
    other: Id
    actors: dict[str, Actor] = field(default_factory=dict)

    async def say(self, actor: Actor, want: Any, command_id: Id, **params: str) -> tuple[int, bytes]:
        headers = {COMMAND_ID: command_id}
        if actor is not ANONYMOUS:
            self.actors[f"{actor.label} {len(actor.grants)}"] = actor
            headers["Authorization"] = f"{actor.label} {len(actor.grants)}"
        name = registry.handler_of(type(want)).name
        async with self.client.post(
            f"/api/v1/commands/{name}", data=orjson.dumps(want), headers=headers, params=params
        ) as answer:
            return answer.status, await answer.read()

    def read(self, actor: Actor) -> Read:
        return Read(self.db, actor, Watch()(), self.door.keys)

    def logged(self, command_id: Id) -> list[tuple[Any, ...]]:
        return self.db.run("SELECT actor, answer FROM command_log WHERE id = ?", (command_id,))

    def device(self, table_row: str) -> Actor:
        place = context_of(self.read(SYSTEM), "device", table_row)
        return Actor(ActorKind.DEVICE, table_row, "", frozenset({(DevicesPrivilege.DEVICE_SYNC, str(place))}))

    def rightful(self, handler: Handler) -> Actor:
        """Who may give it."""
        if handler.needs is None:
            return ANONYMOUS if handler.secrets else self.house.operator()
        if handler.needs == DevicesPrivilege.DEVICE_SYNC:
            return self.device(self.sampler.row("device"))
        return SYSTEM if of_nobody(handler) else self.house.operator("*")

    def strangers(self, handler: Handler, rightful: Actor) -> dict[str, Actor]:
        """Who has no right to it."""
        found = {
            "nobody": ANONYMOUS,
            "another organiser's": self.house.operator("*", at=self.other),
            "with all rights but this": self.house.operator(
                *(each for each in registry.privileges() if each != handler.needs)
            ),
            "a device": Actor(ActorKind.DEVICE, new_id(), "", frozenset({(DevicesPrivilege.DEVICE_SYNC, self.other)})),
        }
        if rightful.kind is not ActorKind.SYSTEM:
            found["whose right ended"] = replace(rightful, grants=frozenset())
            found["whose right is elsewhere now"] = replace(rightful, grants=frozenset({("*", self.other)}))
        return {} if handler.needs is None else found

    def others(self, handler: Handler, rightful: Actor) -> dict[str, Actor]:
        """Who may give it too."""
        if handler.needs is None:
            found = {"nobody": ANONYMOUS, "somebody": self.house.operator(), "a device": self.device(new_id())}
            return {what: each for what, each in found.items() if each is not rightful}
        if handler.needs == DevicesPrivilege.DEVICE_SYNC or of_nobody(handler):
            return {}
        return {"a colleague": self.house.operator("*")}


@pytest.fixture
async def counter(place: tuple[Database, House], keys: Keys, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counter]:
    database, house = place
    other, db = new_id(), database.connect()
    door = Door(database, Watch(), path_of, keys)
    door.start()
    beside = CreateContext(
        id=other,
        context_id=house.institution,
        kind=ContextKind.ORGANISER,
        code="AUTRE",
        names={"fr": "Autre"},
        settings={},
    )
    assert (await door.execute(SYSTEM, beside, new_id())).ok
    sampler = Sampler(db, house)
    app = make_app(door)
    actors: dict[str, Actor] = {}

    async def by_name(request: web.Request) -> Actor | None:
        return actors[request.headers["Authorization"]] if "Authorization" in request.headers else ANONYMOUS

    app[AUTHENTICATE] = by_name
    async with TestClient(TestServer(app)) as client:
        yield Counter(client, door, db, house, sampler, other, actors)
    db.close()
    door.stop()


def behind(monkeypatch: pytest.MonkeyPatch, outcome: Outcome[Any]) -> None:
    for kind, handler in list(registry._BY_KIND.items()):
        monkeypatch.setitem(
            registry._BY_KIND, kind, replace(handler, run=lambda *_: outcome, refuses=(NoTest,), prepare=None)
        )


@pytest.mark.parametrize("outcome", [Ok(MARK), Refused(NoTest.REACHED, MARK)], ids=["done", "refused"])
async def test_a_stored_answer_is_its_callers_alone(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, outcome: Outcome[Any]
) -> None:
    wanted = {
        name: (handler, counter.sampler.wanted(handler, counter.read(SYSTEM)))
        for name, handler in walked(COMMANDS).items()
    }
    behind(monkeypatch, outcome)
    for name, (handler, want) in wanted.items():
        command_id, rightful = new_id(), counter.rightful(handler)
        strangers = counter.strangers(handler, rightful)
        for who, actor in strangers.items():
            as_new = await counter.say(actor, want, command_id)
            assert as_new[0] == (401 if actor is ANONYMOUS else 403), (name, who, as_new)
        assert counter.logged(command_id) == [], f"{name}: a refused try took the id"

        first = await counter.door.execute(rightful, want, command_id)
        assert MARK.encode() in first.body and not first.repeated, (name, first)
        stored = counter.logged(command_id)
        if not (handler.logged if isinstance(outcome, Ok) else handler.keeps_refusals):
            assert stored == [], f"{name}: whoever likes can fill the log"
            continue
        assert [row[0] for row in stored] == [rightful.label], name

        for who, actor in strangers.items():
            said = await counter.say(actor, want, command_id)
            assert said == await counter.say(actor, want, new_id()), f"{name}: {who} is told more than at a new id"
            assert said[0] == (401 if actor is ANONYMOUS else 403) and MARK.encode() not in said[1], (name, who)
        for who, actor in counter.others(handler, rightful).items():
            said = await counter.say(actor, want, command_id)
            assert said[0] == 409 and orjson.loads(said[1])["reason"] == "no_entry.id_reused", (name, who, said)
            assert MARK.encode() not in said[1], (name, who)
            assert said == await counter.say(actor, EndOwnSession(session_id=new_id()), command_id), (
                "whatever they send"
            )
            assert said == await counter.say(actor, want, command_id, dry_run="1"), (name, who)
        other_content = await counter.door.execute(rightful, EndOwnSession(session_id=new_id()), command_id)
        assert other_content.outcome == Refused(NoEntry.ID_REUSED), name
        for dry_run in (False, True):
            again = await counter.door.execute(rightful, want, command_id, dry_run=dry_run)
            assert again.repeated and again.body == first.body, name
        assert counter.logged(command_id) == stored, name


async def test_who_is_nobody_has_no_stored_answer(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers are all called alike: without a one-time code in what they send, the next is not the same one."""
    wanted = {name: counter.sampler.wanted(each, counter.read(SYSTEM)) for name, each in COMMANDS.items()}
    behind(monkeypatch, Ok(MARK))
    walked = {name for name, each in COMMANDS.items() if each.needs is None and not each.secrets}
    assert {"set_language", "end_own_session"} <= walked
    for name in walked:
        command_id = new_id()
        first = await counter.door.execute(ANONYMOUS, wanted[name], command_id)
        assert MARK.encode() in first.body and counter.logged(command_id), name
        for dry_run in (False, True):
            said = await counter.door.execute(ANONYMOUS, wanted[name], command_id, dry_run=dry_run)
            assert said.outcome == Refused(NoEntry.ID_REUSED) and MARK.encode() not in said.body, name


# --- stories ---------------------------------------------------------------------------------------------------------


async def test_what_one_took_away_is_gone_for_others_and_answered_again_to_oneself(counter: Counter) -> None:
    """Where it acted is known from the log: the row that led there is no more."""
    anna, bert, command_id = counter.house.operator("*"), counter.house.operator("*"), new_id()
    profile = new_id()
    make = command_of(Action.CREATE, OperatorProfile)(
        id=profile, context_id=counter.house.season, code="X", names={"fr": "X"}, privileges=(), second_factor=False
    )
    assert (await counter.say(anna, make, new_id()))[0] == 200
    gone = command_of(Action.DELETE, OperatorProfile)(id=profile)
    first = await counter.say(anna, gone, command_id)
    assert first == (200, b'{"value":null}') == await counter.say(anna, gone, command_id)
    assert (await counter.say(bert, gone, command_id))[0] == 403, "as for any thing that is not there"
    assert (await counter.say(bert, EndOwnSession(session_id=new_id()), command_id))[0] == 409


async def test_who_may_not_name_it_any_more_is_answered_as_at_a_new_id(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that names something: its caller is kept to other things by now, or holds the right elsewhere."""
    walked: dict[str, set[str]] = {"perimeter": set(), "reach": set()}
    wanted = {
        name: (handler, counter.sampler.wanted(handler, counter.read(SYSTEM))) for name, handler in COMMANDS.items()
    }
    behind(monkeypatch, Ok(MARK))
    for name, (handler, want) in wanted.items():
        if handler.needs in (None, DevicesPrivilege.DEVICE_SYNC) or of_nobody(handler):
            continue
        place = handler.at(counter.read(SYSTEM), want)
        assert place, name
        whole, command_id = counter.house.operator("*"), new_id()
        given = await counter.door.execute(whole, want, command_id)
        assert MARK.encode() in given.body, name
        kinds = {kind for each in handler.named(want) for kind in narrowed_by(each.table)} & {*PerimeterKind}
        narrowed = {
            "perimeter": replace(whole, perimeter=dict.fromkeys(kinds, frozenset({new_id()}))),
            "reach": replace(whole, grants=frozenset({("*", place)})),
        }
        for how, actor in narrowed.items():
            as_new = await counter.door.execute(actor, want, new_id(), dry_run=True)
            if as_new.ok:
                continue  # it may still name all of it
            walked[how].add(name)
            for dry_run in (False, True):
                said = await counter.door.execute(actor, want, command_id, dry_run=dry_run)
                assert (said.body, said.repeated) == (as_new.body, False), (name, how)
        assert (await counter.door.execute(whole, want, command_id)).body == given.body, name
    assert {"place_order", "hold_places", "change_limit", "change_point_of_sale"} <= walked["perimeter"], walked
    assert walked["reach"], "a right at one place does not let another's thing be named"


async def test_a_device_whose_enrolment_got_lost_asks_again_and_nobody_else_is_told(counter: Counter) -> None:
    house, code, device, command_id = counter.house, new_code(), new_id(), new_id()
    invite = InviteDevice(
        id=device,
        context_id=house.organiser,
        site_id=house.site,
        kind=DeviceKind.GATE,
        code="G1",
        label="Porte",
        enrolment_code=code,
    )
    assert (await counter.door.execute(SYSTEM, invite, new_id())).ok
    pem = signing_request(Ed25519PrivateKey.generate(), "gate")
    wrong = EnrolDevice(code=new_code(), request_pem=pem)
    for _ in range(2):
        assert orjson.loads((await counter.say(ANONYMOUS, wrong, command_id))[1])["reason"] == "no_device.bad_code"
    assert counter.logged(command_id) == [], "a wrong code uses no id up"
    right = EnrolDevice(code=code, request_pem=pem)
    first = await counter.say(ANONYMOUS, right, command_id)
    assert first[0] == 200 and device.encode() in first[1]
    assert first == await counter.say(ANONYMOUS, right, command_id), "the answer was lost on the way"
    assert orjson.loads((await counter.say(ANONYMOUS, right, new_id()))[1])["reason"] == "no_device.bad_code", (
        "once only"
    )
    for actor in (ANONYMOUS, house.operator("*")):
        said = await counter.say(actor, wrong if actor is ANONYMOUS else right, command_id)
        assert (said[0], orjson.loads(said[1])["reason"]) == (409, "no_entry.id_reused")


async def test_one_person_is_one_caller_in_the_browser_and_by_a_program(counter: Counter) -> None:
    anna = counter.house.operator("*")
    program = replace(anna, grants=anna.grants | {("more", counter.house.institution)})
    order, command_id = counter.house.order(counter.house.seats[0]), new_id()
    sold = await counter.say(anna, order, command_id)
    assert sold[0] == 200 and sold == await counter.say(program, order, command_id)
    assert counter.db.run("SELECT COUNT(*) FROM sale_order WHERE id = ?", (order.order_id,)) == [(1,)]


async def test_of_one_batch_the_first_has_the_id_and_the_answer(counter: Counter) -> None:
    """Also while none of it is in the database yet."""
    anna, house, command_id = counter.house.operator("*"), counter.house, new_id()
    order = house.order(house.seats[0])
    bert = house.operator("*")
    stranger = house.operator("*", at=counter.other)
    replies = await asyncio.gather(
        *(counter.door.execute(who, order, command_id) for who in (stranger, anna, bert, stranger, ANONYMOUS, anna))
    )
    said = [reply.outcome.reason.key if isinstance(reply.outcome, Refused) else "sold" for reply in replies]
    assert said == ["no_entry.not_allowed",
                    *(["sold", "no_entry.id_reused"] if replies[1].ok else ["no_entry.id_reused", "sold"]),
                    "no_entry.not_allowed", "no_entry.not_allowed", said[1]]  # fmt: skip
    assert b"tickets" not in replies[2 if replies[1].ok else 1].body


async def test_nobody_keeps_a_loop_from_its_work_by_taking_its_id(counter: Counter) -> None:
    """The ids of central's loops can be worked out by whoever knows what they are for."""
    guessed, anna = derived_id("tell webhooks", 0, 1), counter.house.operator()
    person = new_id()
    make = CreateOperator(
        id=person, context_id=counter.house.institution, name="Anna", key_digest="digest", privileges=()
    )
    assert (await counter.door.execute(SYSTEM, make, new_id())).ok
    anna = replace(anna, id=person)
    assert (await counter.say(anna, SetLanguage(language="de"), guessed))[0] == 200
    loop = CreateTariff(
        id=new_id(), context_id=counter.house.season, code="LOOP", names={"fr": "L"}, rank=9, proof=False
    )
    first, again = [await counter.door.execute(SYSTEM, loop, guessed) for _ in range(2)]
    assert first.ok and not first.repeated and again.repeated and again.body == first.body
    assert (await counter.say(anna, SetLanguage(language="de"), guessed))[0] == 200, "and she has her own answer"
