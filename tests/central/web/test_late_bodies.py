"""Who asks is who they are when the body is there, however late that is: what was withdrawn meanwhile has ended. Each
way in, with each way in which it ends."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from central.kernel.actor import SYSTEM
from central.organisation.grants import TakePrivilege
from central.organisation.operators import CreateOperator, DeactivateOperator, WithdrawKey
from central.organisation.rights import key_digest
from central.organisation.sessions import EndSessions
from central.web.bodies import STEP, Asks
from central.web.entrance import BODIES, LIMITS
from central.web.limits import RequestLimit, counted_as
from central.web.session import csrf_of
from central.web.settings import UNLIMITED, HttpConfig, Rate
from shared.ids import Id
from shared.wire.codec import dump
from shared.wire.requests import COMMAND_ID, signed_headers
from tests.central.small_house import NOW, new_id
from tests.central.web.serving import Served, answer_of, enrolled, signed_in
from tests.waiting import until

pytestmark = [
    pytest.mark.behind_the_door,  # a session's row of its own making; a device whose key is another
    pytest.mark.usefixtures("nothing_breaks"),
]

ORDER, UPLOAD, FORM = "/api/v1/commands/place_order", "/api/v1/commands/upload_facts", "/admin/do/create_limit"
Ending = Callable[[Served, Id], Awaitable[None]]


async def did(served: Served, command: Any) -> None:
    done = await served.door.execute(SYSTEM, command, new_id())
    assert done.ok, done


async def _found(served: Served, sql: str, **params: Any) -> Id:
    ((found,),) = await served.door.read(SYSTEM, lambda read: read.run(sql, **params))
    return Id(found)


async def deactivated(served: Served, who: Id) -> None:
    await did(served, DeactivateOperator(operator_id=who))


async def key_withdrawn(served: Served, who: Id) -> None:
    await did(served, WithdrawKey(operator_id=who))


async def privilege_taken(served: Served, who: Id) -> None:
    grant = await _found(served, "SELECT id FROM operator_grant WHERE operator_id = :id", id=who)
    await did(served, TakePrivilege(grant_id=grant))


async def signed_out(served: Served, who: Id) -> None:
    await did(served, EndSessions(operator_id=who))


async def given_another_key(served: Served, who: Id) -> None:
    sql = "UPDATE device SET public_key = '' WHERE id = :id"
    await served.door.chore(lambda db: db.write(sql, {"id": who}))


async def nothing(_: Served, __: Id) -> None:
    """Told apart from a body that is refused for being late."""


@dataclass(frozen=True, slots=True)
class WayIn:
    path: str
    headers: dict[str, str]
    body: bytes
    who: Id


async def by_key(served: Served) -> WayIn:
    who = new_id()
    made = CreateOperator(
        id=who, context_id=served.house.institution, name="P", key_digest=key_digest("k"), privileges=("*",)
    )
    await did(served, made)
    key = b64encode(f"{who}:k".encode()).decode()
    order = dump(served.house.order(served.house.seats[0]))
    return WayIn(ORDER, {"Authorization": f"Basic {key}", COMMAND_ID: new_id()}, order, who)


async def by_session(served: Served) -> WayIn:
    await signed_in(served.door, served.house, "berta")
    who = await _found(served, "SELECT id FROM operator WHERE name = 'Berta'")
    headers = {"Cookie": "session=berta", "X-CSRF": csrf_of("berta"), COMMAND_ID: new_id()}
    return WayIn(ORDER, headers, dump(served.house.order(served.house.seats[0])), who)


async def by_form(served: Served) -> WayIn:
    seated = await by_session(served)
    headers = {"Cookie": "session=berta", "Content-Type": "application/x-www-form-urlencoded"}
    return WayIn(FORM, headers, b"_csrf=" + csrf_of("berta").encode(), seated.who)


async def by_signature(served: Served) -> WayIn:
    device, signer = await enrolled(served)
    body = b'{"facts": [], "signature": ""}'
    headers = signed_headers(device, signer, "POST", UPLOAD, NOW.isoformat(), "n", body, new_id())
    return WayIn(UPLOAD, headers, body, device)


LATE = [
    (by_key, nothing, 200),
    (by_key, deactivated, 401),
    (by_key, key_withdrawn, 401),
    (by_key, privilege_taken, 403),
    (by_session, nothing, 200),
    (by_session, deactivated, 401),
    (by_session, signed_out, 401),
    (by_session, privilege_taken, 403),
    (by_form, nothing, 422),
    (by_form, deactivated, 303),
    (by_form, signed_out, 303),
    (by_form, privilege_taken, 403),
    (by_signature, nothing, 409),
    (by_signature, given_another_key, 401),
]


ONE_TRY = HttpConfig(limits=replace(UNLIMITED, claims=Rate(0.001, 1)))


def tries(served: Served) -> bool:
    """Whether somebody at this address has tried to be somebody."""
    return served.app[LIMITS].wait(RequestLimit.CLAIMS, counted_as("127.0.0.1")) > 0


async def test_another_body_than_the_signed_one_is_a_try(serve: Callable[..., Any]) -> None:
    async with serve(ONE_TRY) as served, aiohttp.ClientSession() as client:
        way = await by_signature(served)
        for body, status, tried in ((way.body, 409, False), (way.body.replace(b"[]", b"{}"), 401, True)):
            async with client.post(served.url + way.path, headers=way.headers, data=body) as answer:
                assert answer.status == status, await answer.text()
            assert tries(served) is tried


@pytest.mark.parametrize("length", [True, False], ids=["with its length", "in chunks"])
@pytest.mark.parametrize(
    ("way_in", "ending", "status"), LATE, ids=[f"{way.__name__}, {how.__name__}" for way, how, _ in LATE]
)
async def test_what_ended_while_the_body_came_has_ended(
    serve: Callable[..., Any], way_in: Callable[[Served], Awaitable[WayIn]], ending: Ending, status: int, length: bool
) -> None:
    async with serve(ONE_TRY) as served:
        way = await way_in(served)
        asks = Asks.CALLER if way_in is by_signature else Asks.PERSON  # the budget of all who are known
        framed = f"Content-Length: {len(way.body)}" if length else "Transfer-Encoding: chunked"
        said = "".join(f"{name}: {value}\r\n" for name, value in way.headers.items())
        parts = [way.body[:3], way.body[3:]]
        if not length:
            parts = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts]
            parts[1] += b"0\r\n\r\n"
        reader, writer = await served.call()
        head = f"POST {way.path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{said}{framed}\r\n\r\n"
        writer.write(head.encode() + parts[0])
        await until(lambda: served.app[BODIES].held(asks) == STEP)
        await ending(served, way.who)
        writer.write(parts[1])
        answered, text = await answer_of(reader)
        writer.close()
        assert answered == status, text
        shows = way_in in (by_key, by_signature)  # what only they can have, and is worth trying
        assert tries(served) is (shows and status == 401), "whoever turns out to be nobody has tried"
        sold = await served.door.read(SYSTEM, lambda read: read.run("SELECT id FROM sale_order"))
        assert bool(sold) is (way.path == ORDER and ending is nothing)
