"""Who calls: a device's request holds for what it says, about now; a program's key and rights end with the commit that
ends them, at every process of the house."""

from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.app import make_app
from central.devices.enrolment import ApproveDevice, EnrolDevice, InviteDevice
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import command_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.keys import Keys
from central.kernel.privileges import Action
from central.kernel.versions import COUNTED, OPERATORS
from central.organisation.grants import GivePrivilege, GiveRole, SetPerimeter, TakePrivilege, TakeRole
from central.organisation.model import PerimeterKind, Profile
from central.organisation.operators import CreateOperator, DeactivateOperator, RenewKey, WithdrawKey
from central.organisation.ops import key_digest
from central.selling.model import SellingPrivilege
from shared.ids import Id
from shared.wire.certificates import DeviceKind, Right, signing_request, verified
from shared.wire.codec import build
from shared.wire.requests import (
    COMMAND_ID,
    DEVICE,
    DIGEST,
    NONCE,
    TIME,
    WINDOW,
    TimeTold,
    digest_of,
    signed_headers,
)
from shared.wire.seal import Sealed, Signer
from tests.central.small_house import NOW, House, Watch, new_id

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
        (NOW - WINDOW + MINUTE, True),
        (NOW + WINDOW - MINUTE, True),
        (NOW - WINDOW - MINUTE, False),
        (NOW + WINDOW + MINUTE, False),
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
        lambda program, _: command_of(Action.MODIFY, Profile)(id=program.profile, set={"privileges": ()}),
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
        profile = command_of(Action.CREATE, Profile)(
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


def test_all_that_lets_in_is_counted() -> None:
    """Whatever hangs on an operator, and the profiles that they are given."""
    theirs = {name for name, each in BY_NAME.items() if any(column.ref == "operator" for column in each.columns)}
    told_only = {"operator_letter", "plan_action", "webhook"}  # says nothing of who may what
    wanted = ({"operator", "profile"} | theirs) - told_only
    assert {table for table, number in COUNTED.items() if number == OPERATORS} >= wanted
