"""Who calls: a device's request holds for what it says, about now; a program's key and rights end with the commit that
ends them, at every process of the house."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.app import make_app
from central.devices.callers import Passes
from central.devices.enrolment import (
    CODE_LIVES,
    ApproveDevice,
    EnrolDevice,
    InviteDevice,
    RevokeDevice,
    live_codes,
)
from central.devices.model import NoDevice
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import command_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.keys import Keys, make_keys
from central.kernel.privileges import Action
from central.kernel.tx import Read
from central.kernel.versions import COUNTED, OPERATORS
from central.organisation.credentials import Held, sessions
from central.organisation.credentials import keys as keys_held
from central.organisation.erasure import EraseOperator
from central.organisation.grants import GivePrivilege, GiveRole, SetPerimeter, TakePrivilege, TakeRole
from central.organisation.model import NoOperator, Operator, OperatorProfile, PerimeterKind, SignInSession
from central.organisation.operators import CreateOperator, DeactivateOperator, InviteOperator, RenewKey, WithdrawKey
from central.organisation.ops import key_digest, operator_of
from central.organisation.rules import IDLE, LONGEST, SessionStanding, standing
from central.organisation.sessions import NoteSeen
from central.selling.model import SellingPrivilege
from shared.clock import to_ms
from shared.ids import Id
from shared.outcome import Ok, Refused
from shared.wire.certificates import DeviceKind, Right, signing_request, verified
from shared.wire.codec import build
from shared.wire.requests import (
    COMMAND_ID,
    DEVICE,
    DIGEST,
    NONCE,
    TIME,
    TimeTold,
    digest_of,
    signed_headers,
)
from shared.wire.seal import Sealed, Signer
from tests.central.kernel.meter import Cost, MeteredDatabase
from tests.central.small_house import NOW, Clerk, House, Watch, new_id
from tests.central.web.serving import SESSION

FEEDS = "/api/v1/queries/device_feeds"
UPLOAD = "/api/v1/commands/upload_facts"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def doors(place: tuple[Database, House], keys: Keys, watch: Watch) -> AsyncIterator[tuple[Door, Door]]:
    """Two processes' doors on one database."""
    made = Door(place[0], watch, path_of, keys), Door(place[0], watch, path_of, keys)
    for door in made:
        door.start()
    yield made
    for door in made:
        door.stop()


# --- devices ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Asker:
    client: TestClient[Any, Any]
    id: Id
    signer: Signer

    async def ask(self, method: str, path: str, at: str, body: bytes = b"", **instead: str) -> tuple[int, Any]:
        """A request as the device signed it; `instead` are headers that somebody changed on the way."""
        command_id = new_id() if body else ""
        headers = signed_headers(self.id, self.signer, method, path, at, new_id(), body, command_id)
        async with self.client.request(method, path, data=body or None, headers={**headers, **instead}) as answer:
            return answer.status, orjson.loads(await answer.read())


@pytest.fixture
async def gate(doors: tuple[Door, Door], house: House) -> AsyncIterator[Asker]:
    door, device, signer = doors[0], new_id(), Signer.of(Ed25519PrivateKey.generate())
    for command in (
        InviteDevice(
            id=device,
            context_id=house.organiser,
            site_id=house.site,
            kind=DeviceKind.GATE,
            code="G1",
            label="Gate",
            enrolment_code="ABCD-2345",
        ),
        EnrolDevice(code="ABCD-2345", request_pem=signing_request(signer.key, "g")),
        ApproveDevice(device_id=device, kid=signer.kid),
    ):
        assert (await door.execute(SYSTEM, command, new_id())).ok
    async with TestClient(TestServer(make_app(door))) as client:
        yield Asker(client, device, signer)


@pytest.mark.parametrize(
    ("at", "heard"),
    [
        (NOW, True),
        (NOW - 9 * MINUTE, True),  # ten minutes are what docs/security.md promises
        (NOW + 9 * MINUTE, True),
        (NOW - 11 * MINUTE, False),
        (NOW + 11 * MINUTE, False),
        (NOW.replace(year=2025), False),  # taken down last year
        (NOW.replace(tzinfo=None), False),
        ("", False),
        ("yesterday", False),
    ],
)
async def test_a_signature_expires(gate: Asker, keys: Keys, at: datetime | str, heard: bool) -> None:
    said_at = at if isinstance(at, str) else at.isoformat()
    for method, path, body in (("GET", FEEDS, b""), ("POST", UPLOAD, b'{"facts": [], "signature": ""}')):
        status, said = await gate.ask(method, path, said_at, body)
        assert (status != 401) is heard, said
        if heard:
            continue
        assert (said["reason"], said["fix"]) == ("wrong_time", TIME)
        told = build(Sealed, said["detail"]["time"])
        central = verified(keys.certificate.pem, keys.root_pem)
        assert central and Right.STATE in central.rights and told.signed_by(central.key)
        assert told.body(TimeTold).at == NOW, "what a device with a wrong clock signs by"


async def test_whoever_was_put_out_is_heard_and_what_they_are_refused_leaves_no_row(
    gate: Asker, doors: tuple[Door, Door]
) -> None:
    """A key that was stolen, and revoked: each of its refusals was kept for ever."""
    (door, _), refused, asked = doors, b'{"facts": [], "signature": ""}', NOW.isoformat()

    async def kept() -> int:
        return int(await door.read(SYSTEM, lambda read: read.run("SELECT COUNT(*) FROM command_log")[0][0]))

    before = await kept()
    assert (await gate.ask("POST", UPLOAD, asked, refused))[0] == 409 and await kept() == before + 1
    await door.execute(SYSTEM, RevokeDevice(device_id=gate.id), new_id())
    before = await kept()
    for _ in range(3):
        status, said = await gate.ask("POST", UPLOAD, asked, refused)
        assert (status, said["reason"]) == (409, NoDevice.BAD_REQUEST.key)
    assert await kept() == before


async def test_who_holds_no_key_is_told_no_time(gate: Asker) -> None:
    stranger = Asker(gate.client, gate.id, Signer.of(Ed25519PrivateKey.generate()))
    status, said = await stranger.ask("GET", FEEDS, NOW.replace(year=2025).isoformat())
    assert (status, said["reason"]) == (401, "who_are_you") and "detail" not in said


@pytest.mark.parametrize("header", [DEVICE, TIME, NONCE, COMMAND_ID, DIGEST])
async def test_every_header_is_under_the_signature(gate: Asker, header: str) -> None:
    """The command's id too: the same facts under another id would be another command; and by its digest the body."""
    other = {DEVICE: new_id(), TIME: (NOW + MINUTE).isoformat(), DIGEST: digest_of(b"{}")}.get(header, new_id())
    body = b'{"facts": [], "signature": ""}'
    assert (await gate.ask("POST", UPLOAD, NOW.isoformat(), body, **{header: other}))[0] == 401
    assert (await gate.ask("GET", FEEDS, NOW.isoformat(), **{header: other}))[0] == 401


# --- programs ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Program:
    id: Id
    grant: Id
    role: Id
    profile: Id


Ending = Callable[[Program, House], Any]

ENDINGS: dict[str, tuple[Ending, int]] = {
    "the key is withdrawn": (lambda program, _: WithdrawKey(operator_id=program.id), 401),
    "the key is renewed": (lambda program, _: RenewKey(operator_id=program.id, key_digest=key_digest("another")), 401),
    "it is deactivated": (lambda program, _: DeactivateOperator(operator_id=program.id), 401),
    "a privilege is taken": (lambda program, _: TakePrivilege(grant_id=program.grant), 403),
    "a profile is taken": (lambda program, _: TakeRole(role_id=program.role), 403),
    "a profile loses it": (
        lambda program, _: command_of(Action.MODIFY, OperatorProfile)(id=program.profile, set={"privileges": ()}),
        403,
    ),
    "it is narrowed": (
        lambda program, house: SetPerimeter(
            operator_id=program.id, kind=PerimeterKind.CHANNEL, object_ids=(house.channel,)
        ),
        0,
    ),
}


@pytest.mark.parametrize("how", ENDINGS)
async def test_what_ends_ends_with_the_commit(doors: tuple[Door, Door], house: House, how: str) -> None:
    """Asked at one process, ended at the other, asked again at once: nobody waits, nothing is left over."""
    here, there = doors
    through_profile = "profile" in how
    program = Program(new_id(), new_id(), new_id(), new_id())
    sees, at = str(SellingPrivilege.CHANNEL_READ), house.institution
    own = () if through_profile else (sees,)
    done = await here.execute(
        SYSTEM,
        CreateOperator(id=program.id, context_id=at, name="Program", key_digest=key_digest("k"), privileges=own),
        new_id(),
    )
    assert done.ok, done
    if through_profile:
        profile = command_of(Action.CREATE, OperatorProfile)(
            id=program.profile, context_id=at, code="P", names={"fr": "P"}, privileges=(sees,), second_factor=False
        )
        assert (await here.execute(SYSTEM, profile, new_id())).ok
        given = await here.execute(
            SYSTEM, GiveRole(operator_id=program.id, profile_id=program.profile, context_id=at), new_id()
        )
        program = Program(program.id, program.grant, orjson.loads(given.body), program.profile)
    else:
        sql = "SELECT id FROM operator_grant WHERE operator_id = :id"
        ((grant,),) = await here.read(SYSTEM, lambda read: read.run(sql, id=program.id))
        program = Program(program.id, Id(grant), program.role, program.profile)
    ending, status = ENDINGS[how]
    auth = {"Authorization": "Basic " + b64encode(f"{program.id}:k".encode()).decode()}
    async with TestClient(TestServer(make_app(there))) as client:

        async def channels() -> tuple[int, int]:
            async with client.get("/api/v1/entities/channel", headers=auth) as answer:
                said = orjson.loads(await answer.read())
                return answer.status, len(said.get("value") or ())

        assert await channels() == (200, 2) and await channels() == (200, 2), "twice: it is remembered"
        ended = await here.execute(SYSTEM, ending(program, house), new_id())
        assert ended.ok, ended
        assert await channels() == ((status, 0) if status else (200, 1))
        if how == "a privilege is taken":  # and what begins begins as fast
            assert (
                await here.execute(
                    SYSTEM, GivePrivilege(operator_id=program.id, context_id=at, privilege=sees), new_id()
                )
            ).ok
            assert await channels() == (200, 2)


# --- what is told from what is tried beside it ------------------------------------------------------------------------


def a_program(house: House, key: str) -> CreateOperator:
    return CreateOperator(
        id=new_id(), context_id=house.institution, name="Program", key_digest=key_digest(key), privileges=("venues",)
    )


def an_invitation(house: House, code: str, enrolment_code: str) -> InviteDevice:
    return InviteDevice(
        id=new_id(), context_id=house.organiser, site_id=house.site, kind=DeviceKind.GATE, code=code, label="Gate",
        enrolment_code=enrolment_code,
    )  # fmt: skip


def told(clerk: Clerk, look: Held) -> set[str]:
    """Of whom something opens the house now."""
    return {row[1] for row in look(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys))}


@pytest.mark.parametrize("end", [DeactivateOperator, WithdrawKey, EraseOperator])
def test_a_key_that_opens_nothing_is_nobodys(clerk: Clerk, house: House, end: Callable[..., Any]) -> None:
    program = a_program(house, "k")
    clerk.do(program)
    assert program.id in told(clerk, keys_held)
    clerk.do(end(operator_id=program.id))
    assert program.id not in told(clerk, keys_held)


def test_a_code_for_enrolment_is_nobodys_after_its_ten_minutes(clerk: Clerk, house: House) -> None:
    invited = an_invitation(house, "G1", "ABCD-2345")
    clerk.do(invited)
    clerk.watch.at += CODE_LIVES - timedelta(milliseconds=1)
    assert told(clerk, live_codes) == {invited.id}
    clerk.watch.at += timedelta(milliseconds=1)
    assert told(clerk, live_codes) == set()
    clerk.do(invited)
    assert told(clerk, live_codes) == {invited.id}, "invited anew"
    clerk.do(RevokeDevice(device_id=invited.id))
    assert told(clerk, live_codes) == set()


async def test_what_a_code_costs_does_not_grow_with_who_was_invited(
    sqlite_place: tuple[Database, House], keys: Keys, watch: Watch
) -> None:
    """Invitations that nobody took stay without end, and anybody may try a code: the writer reads none of them."""
    house, metered = sqlite_place[1], MeteredDatabase(sqlite_place[0].url)
    door, costs = Door(metered, watch, path_of, keys), list[Cost]()
    door.start()

    async def cost(code: str) -> Cost:
        before = metered.cost.copy()
        tried = EnrolDevice(code=code, request_pem="none")
        refused = (await door.execute(SYSTEM, tried, new_id())).outcome
        assert isinstance(refused, Refused) and refused.reason == NoDevice.BAD_CODE
        invited = await door.execute(SYSTEM, an_invitation(house, f"N{code}", f"NEW-{code}"), new_id())
        assert isinstance(invited.outcome, Ok)
        return metered.cost - before

    await cost("WARM-1")
    for n in range(30):
        costs.append(await cost(f"WRONG-{n:02}"))
    with closing(metered.connect()) as db:
        params = {"digest": "x", "invited": "invited"}
        sql = "EXPLAIN QUERY PLAN SELECT id FROM device WHERE code_digest = :digest AND state = :invited"
        (plan,) = db.run(sql, params)
    await asyncio.to_thread(door.stop)
    assert costs[0].read == costs[-1].read and costs[0].statements == costs[-1].statements
    assert "USING INDEX ix_device_code_digest" in plan[-1]


@pytest.mark.behind_the_door
@pytest.mark.parametrize("seen_every", [IDLE - MINUTE, IDLE], ids=["used", "idle"])
def test_a_session_that_is_over_is_nobodys(clerk: Clerk, house: House, seen_every: timedelta) -> None:
    who, session = new_id(), new_id()
    clerk.do(InviteOperator(id=who, context_id=house.institution, name="Anna", email="anna@x.example", language="fr"))
    begun = {"id": session, "who": who, "token": "t", "now": to_ms(NOW), "until": to_ms(NOW + LONGEST)}
    clerk.db.begin(write=True)
    clerk.db.write(SESSION, begun)
    clerk.db.commit()
    over = []
    while not over or not over[-1]:
        read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
        (there,), (owner,) = read.find(SignInSession), read.find(Operator, "WHERE id = :id", id=who)
        over.append(standing(there, owner, False, clerk.watch()) is SessionStanding.OVER)
        assert (session in told(clerk, sessions(IDLE))) is not over[-1]
        if not over[-1]:
            clerk.watch.at += seen_every
            if seen_every < IDLE:
                clerk.do(NoteSeen(session_id=session))
    assert len(over) == (2 if seen_every == IDLE else 1 + ceil(LONGEST / seen_every))


def test_a_pass_is_made_with_centrals_key(keys: Keys) -> None:
    """Whoever knows how passes are made, and a device's id, makes none."""
    device, other = new_id(), new_id()
    ours, theirs = Passes(keys), Passes(make_keys(NOW))
    assert ours.of(device) == Passes(keys).of(device), "after a restart too"
    assert len({ours.of(device), ours.of(other), theirs.of(device), theirs.of(other)}) == 4
    assert theirs.of(device).partition(".")[2] != ours.of(device).partition(".")[2]


# --- what one alone may have ------------------------------------------------------------------------------------------


def test_a_programs_key_is_no_other_programs(clerk: Clerk, house: House) -> None:
    first, second = a_program(house, "k"), a_program(house, "l")
    for each in (first, second):
        clerk.do(each)

    def taken(command: Any) -> bool:
        refused = clerk.no(command)
        return (refused.reason, refused.fix) == (NoOperator.KEY_TAKEN, "key_digest")

    assert taken(a_program(house, "k"))
    assert taken(RenewKey(operator_id=second.id, key_digest=key_digest("k")))
    clerk.do(RenewKey(operator_id=first.id, key_digest=key_digest("k")))  # its own
    clerk.do(DeactivateOperator(operator_id=first.id))
    assert taken(a_program(house, "k")), "it may come back with it"
    clerk.do(WithdrawKey(operator_id=first.id))
    clerk.do(WithdrawKey(operator_id=second.id))
    clerk.do(RenewKey(operator_id=second.id, key_digest=key_digest("k")))
    assert clerk.no(RenewKey(operator_id=new_id(), key_digest=key_digest("k"))).reason is not NoOperator.KEY_TAKEN


@pytest.mark.behind_the_door
def test_two_programs_from_before_with_one_key_go_on_until_one_gets_another(clerk: Clerk, house: House) -> None:
    first, second = a_program(house, "k"), a_program(house, "l")
    for each in (first, second):
        clerk.do(each)
    clerk.db.begin(write=True)
    clerk.db.write("UPDATE operator SET key_digest = :k WHERE id = :id", {"k": key_digest("k"), "id": second.id})
    clerk.db.commit()
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    assert all(operator_of(read, each.id, "k") for each in (first, second))
    clerk.do(RenewKey(operator_id=second.id, key_digest=key_digest("l")))


def test_a_devices_key_and_code_are_no_other_devices(clerk: Clerk, house: House) -> None:
    signer = Signer.of(Ed25519PrivateKey.generate())
    first, second = an_invitation(house, "G1", "ABCD-2345"), an_invitation(house, "G2", "WXYZ-6789")
    clerk.do(first)
    again = clerk.no(an_invitation(house, "G2", "abcd-2345 "))
    assert (again.reason, again.fix) == (NoDevice.ENROLMENT_CODE_TAKEN, "enrolment_code")
    clerk.do(first)  # renewed with its own
    clerk.do(second)
    request = signing_request(signer.key, "g")
    clerk.do(EnrolDevice(code="ABCD-2345", request_pem=request))

    def taken(pem: str = request) -> bool:
        refused = clerk.no(EnrolDevice(code="WXYZ-6789", request_pem=pem))
        return (refused.reason, refused.fix) == (NoDevice.KEY_TAKEN, "request_pem")

    assert taken(), "while it waits for its approval"
    clerk.do(ApproveDevice(device_id=first.id, kid=signer.kid))
    assert taken()
    assert taken(signing_request(clerk.door.keys.signer.key, "g")), "nor is it central's"
    clerk.do(RevokeDevice(device_id=first.id))
    told = clerk.feed(f"keys/{house.institution}")[signer.kid]
    assert told["revoked_at"]
    assert taken(), "what stays good of it is said under its key, and stays so"
    assert clerk.feed(f"keys/{house.institution}")[signer.kid] == told
    clerk.do(EnrolDevice(code="WXYZ-6789", request_pem=signing_request(Ed25519PrivateKey.generate(), "g")))


def test_a_key_that_was_never_let_in_is_free_again(clerk: Clerk, house: House) -> None:
    first, second = an_invitation(house, "G1", "ABCD-2345"), an_invitation(house, "G2", "WXYZ-6789")
    request = signing_request(Ed25519PrivateKey.generate(), "g")
    for each in (first, second):
        clerk.do(each)
    clerk.do(EnrolDevice(code="ABCD-2345", request_pem=request))
    clerk.do(RevokeDevice(device_id=first.id))
    clerk.do(EnrolDevice(code="WXYZ-6789", request_pem=request))  # the same machine under a new name


def test_a_code_that_is_over_is_free_again(clerk: Clerk, house: House) -> None:
    first, second = an_invitation(house, "G1", "ABCD-2345"), an_invitation(house, "G2", "ABCD-2345")
    clerk.do(first)
    clerk.watch.at += CODE_LIVES
    clerk.do(second)
    request = signing_request(Ed25519PrivateKey.generate(), "g")
    assert clerk.do(EnrolDevice(code="ABCD-2345", request_pem=request))["device_id"] == second.id


def test_all_that_lets_in_is_counted() -> None:
    """Whatever hangs on an operator, and the profiles that they are given."""
    theirs = {name for name, each in BY_NAME.items() if any(column.ref == "operator" for column in each.columns)}
    told_only = {"operator_letter", "plan_action", "webhook"}  # says nothing of who may what
    wanted = ({"operator", "operator_profile"} | theirs) - told_only
    assert {table for table, number in COUNTED.items() if number == OPERATORS} >= wanted
