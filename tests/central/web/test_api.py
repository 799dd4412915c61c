"""The HTTP face as an integration meets it: every answer has its status, and every no its reason."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator
from yarl import URL

from central.access.model import AccessPrivilege
from central.app import make_app
from central.devices.enrolment import ApproveDevice, EnrolDevice, InviteDevice, RevokeDevice
from central.inventory.model import Place
from central.kernel import registry
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import ENTITIES
from central.kernel.keys import Keys
from central.kernel.tx import Read, Tx
from central.orders.model import OrdersPrivilege
from central.organisation.ops import CreateOperator, key_digest
from central.pricing.model import PricingPrivilege
from central.selling.model import SellingPrivilege
from central.web.openapi import document
from central.web.origin import FORWARDED, PROXIES, Proxies, address_of
from central.web.rows import RowFilter, filters, wanted
from central.web.session import SESSIONS, SignedIn, csrf_of
from shared.ids import Id
from shared.outcome import Outcome
from shared.wire.certificates import DeviceKind, signing_request
from shared.wire.codec import load
from shared.wire.requests import COMMAND_ID, SIGNATURE, signed_headers
from shared.wire.seal import Signer
from tests.central.small_house import ADMIN_KEY, FULL, NOW, House, Watch, new_id


@dataclass(slots=True)
class Desk:
    """A caller with an operator's key."""

    client: TestClient[Any, Any]
    door: Door
    house: House
    operator: str
    key: str = ADMIN_KEY

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": "Basic " + b64encode(f"{self.operator}:{self.key}".encode()).decode()}

    async def post(self, name: str, body: Any, command_id: str | None = None, **more: Any) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {COMMAND_ID: command_id or new_id(), **self.auth, **more.pop("headers", {})}
        async with self.client.post(f"/api/v1/commands/{name}", data=data, headers=headers, **more) as answer:
            return answer.status, _said(answer.status, answer.content_type, await answer.read())

    async def get(self, path: str, headers: dict[str, str] | None = None, **params: str) -> tuple[int, Any]:
        said = self.auth if headers is None else headers
        async with self.client.get(f"/api/v1/{path}", params=params, headers=said) as answer:
            return answer.status, _said(answer.status, answer.content_type, await answer.read())

    async def page(self, path: str, **params: str) -> tuple[list[Any], str | None, str]:
        """Rows, the id after which to go on, and the Link header."""
        async with self.client.get(f"/api/v1/{path}", params=params, headers=self.auth) as answer:
            assert answer.status == 200, await answer.text()
            said = await answer.json()
            return said["value"], said["next"], answer.headers.get("Link", "")

    async def hired(self, *privileges: str, at: Id | None = None, points: tuple[Id, ...] = ()) -> "Desk":
        """The desk of a new operator with these privileges."""
        operator = new_id()
        made = CreateOperator(
            id=operator,
            context_id=at or self.house.institution,
            name="N",
            key_digest=key_digest(f"key of {operator}"),
            privileges=privileges,
            points_of_sale=points,
        )
        assert (await self.door.execute(SYSTEM, made, new_id())).ok
        return Desk(self.client, self.door, self.house, operator, f"key of {operator}")

    def order(self, *seats: Id, **more: Any) -> Any:
        return orjson.loads(orjson.dumps(self.house.order(*seats, **more)))


def _said(status: int, kind: str, body: bytes) -> Any:
    """Every answer is a value or a problem, and says which."""
    said = orjson.loads(body)
    if status == 200:
        assert kind == "application/json" and set(said) in ({"value"}, {"value", "next"})
        return said["value"]
    assert kind == "application/problem+json" and said["status"] == status
    assert said["type"] == f"urn:parterre:{said['reason']}" and said["title"]
    return said


@pytest.fixture
async def desk(sqlite_place: tuple[Database, House], keys: Keys) -> AsyncIterator[Desk]:
    door = Door(sqlite_place[0], Watch(), path_of, keys)
    door.start()
    async with TestClient(TestServer(make_app(door))) as client:
        yield Desk(client, door, sqlite_place[1], sqlite_place[1].admin)
    await asyncio.to_thread(door.stop)


async def test_a_sale_and_its_repeat(desk: Desk) -> None:
    order, command_id = desk.order(desk.house.seats[0]), new_id()
    first = await desk.post("place_order", order, command_id)
    assert first[0] == 200 and first[1]["total"] == FULL
    assert await desk.post("place_order", order, command_id) == first
    status, said = await desk.post("place_order", order | {"amount": 1}, command_id)
    assert (status, said["reason"]) == (409, "no_entry.id_reused")
    status, said = await desk.post("place_order", desk.order(desk.house.seats[0]))
    assert (status, said["reason"], said["fix"]) == (409, "no_place.taken", desk.house.seats[0])
    status, said = await desk.get("queries/order_of", context_id=desk.house.organiser, order_id=order["order_id"])
    assert status == 200 and len(said["tickets"]) == 1


async def test_a_dry_run_and_nothing_that_only_looks_like_one(desk: Desk) -> None:
    order, command_id = desk.order(desk.house.seats[0]), new_id()
    status, said = await desk.post("place_order", order, command_id, params={"dry_run": "1"})
    assert status == 200 and said["total"] == FULL
    for word in ("true", "yes", "", "2"):
        status, said = await desk.post("place_order", order, command_id, params={"dry_run": word})
        assert (status, said["faults"][0]["at"]) == (422, "dry_run")
    counted = (await desk.get("queries/availability", performance_id=desk.house.performance))[1]
    assert counted[0]["free"] == 20
    assert (await desk.post("place_order", order, command_id, params={"dry_run": "0"}))[0] == 200


async def test_every_fault_is_listed(desk: Desk) -> None:
    order = desk.order(desk.house.seats[0]) | {"amount": "much", "method": "shells", "places": [{"seat_id": 7}]}
    status, said = await desk.post("place_order", order)
    assert (status, said["reason"]) == (422, "bad_content")
    assert {fault["at"] for fault in said["faults"]} == {"amount", "method", "places.0.tariff_id", "places.0.seat_id"}
    assert "shells" not in orjson.dumps(said).decode(), "what was sent may be a secret"
    for bad in (b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"order_id": NaN}'):
        status, said = await desk.post("place_order", bad)
        assert (status, said["reason"]) == (422, "bad_content") and said["faults"], bad


async def test_texts_that_no_database_takes(desk: Desk) -> None:
    made = {"context_id": desk.house.institution, "id": new_id(), "code": "A", "colour": "#000000", "rank": 1}
    status, said = await desk.post("create_seat_category", made | {"names": {"fr": "A\0B"}})
    assert status == 422 and "U+0000" in said["faults"][0]["what"]
    made |= {"names": {"fr": "A\\u0000B"}}
    assert (await desk.post("create_seat_category", made))[0] == 200, "only a backslash"
    assert (await desk.post("create_seat_category", made | {"id": new_id(), "code": "C", "rank": 2**63}))[0] == 409
    assert (await desk.get("queries/availability", performance_id="a\0b"))[0] == 422
    lost = made | {"id": new_id(), "code": "D", "names": {"fr": "A\ufffdB"}}
    status, said = await desk.post("create_seat_category", lost)
    assert status == 409 and "U+FFFD" in str(said["detail"]) and said["fix"].startswith("names"), said


@pytest.mark.parametrize("path", ["queries/device_time?nonce=%ED%A0%80", "entities/site?code=%FF&nonce=%C3"])
async def test_a_query_that_is_no_text(desk: Desk, path: str) -> None:
    url = URL(f"{desk.client.make_url('/api/v1/')}{path}", encoded=True)
    async with desk.client.session.get(url, headers=desk.auth) as answer:
        said = await answer.json()
        assert answer.status == 422 and said["faults"][-1] == {"at": "nonce", "what": "is no UTF-8"}, said


async def test_a_field_that_nobody_knows(desk: Desk) -> None:
    """A slip of the sender's, or an attempt to set what is not theirs to set: refused, however deep it lies."""
    order = desk.order(desk.house.seats[0])
    place = order["places"][0] | {"price": 1}
    status, said = await desk.post("place_order", order | {"total": 1, "places": [place]})
    assert status == 422 and {fault["at"] for fault in said["faults"]} == {"total", "places.0.price"}
    site = {"id": desk.house.site, "set": {"id": new_id(), "context_id": desk.house.season, "address": "x"}}
    status, said = await desk.post("change_site", site)
    assert status == 422 and {fault["at"] for fault in said["faults"]} == {"set.id", "set.context_id"}
    profile = {"id": new_id(), "context_id": desk.house.institution, "code": "P", "names": {"fr": "P"}}
    status, said = await desk.post(
        "create_operator_profile", profile | {"privileges": [], "second_factor": True, "root": True}
    )
    assert status == 422 and [fault["at"] for fault in said["faults"]] == ["root"]
    assert (await desk.get("queries/availability", performance_id=desk.house.performance, all="1"))[0] == 422


async def test_an_id_that_is_none(desk: Desk) -> None:
    status, said = await desk.post("place_order", desk.order(desk.house.seats[0]) | {"order_id": "1"})
    assert status == 422 and said["faults"] == [{"at": "order_id", "what": "an id of 26 characters"}]
    status, said = await desk.get("queries/availability", performance_id="x")
    assert status == 422 and said["faults"][0]["at"] == "performance_id"


async def test_a_code_that_is_taken_says_by_what(desk: Desk) -> None:
    house = desk.house
    made = {
        "id": new_id(),
        "context_id": house.season,
        "code": "CHILD",
        "names": {"fr": "x"},
        "rank": 1,
        "proof": False,
    }
    status, said = await desk.post("create_tariff", made)
    assert (status, said["reason"], said["fix"]) == (409, "no_change.code_taken", "code")
    assert (said["detail"]["value"], said["detail"]["by"]) == ("CHILD", house.child)
    context = {"id": new_id(), "context_id": house.organiser, "kind": "season", "code": "S26", "names": {"fr": "26"}}
    status, said = await desk.post("create_context", context | {"settings": {}})
    assert (status, said["reason"], said["detail"]["by"]) == (409, "no_change.code_taken", house.season), (
        "by hand as well"
    )


async def test_names_that_nobody_knows(desk: Desk) -> None:
    for status, said in (
        await desk.post("sell_everything", {}),
        await desk.get("queries/everything"),
        await desk.get("entities/everything"),
        await desk.get("nowhere"),
    ):
        assert status == 404 and said["reason"] in ("unknown_command", "unknown_query", "unknown_entity", "not_found")
    status, said = await desk.get("commands/place_order")
    assert (status, said["reason"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("command_id", ["", "x", "0" * 25, "0" * 27, "8" + "0" * 25, "o" * 26, "0" * 25 + "\u00b2"])
async def test_a_command_without_a_sound_id(desk: Desk, command_id: str) -> None:
    data = orjson.dumps(desk.order(desk.house.seats[0]))
    headers = {**desk.auth, COMMAND_ID: command_id}
    async with desk.client.post("/api/v1/commands/place_order", data=data, headers=headers) as answer:
        said = orjson.loads(await answer.read())
        assert (answer.status, said["reason"]) == (400, "no_command_id") and COMMAND_ID in said["title"]


@pytest.mark.parametrize(
    "said",
    ["", "Basic", "Basic x", "Basic ####", "Bearer abc", "Basic \u00e9\u00e9",
     *("Basic " + b64encode(raw).decode() for raw in (b"nobody:x", b"\xff\xfe", b"'; DROP TABLE operator;--:x"))],
)  # fmt: skip
async def test_a_caller_that_is_not_who_it_says(desk: Desk, said: str) -> None:
    for status, answer in (
        await desk.post("place_order", {}, headers={"Authorization": said}),
        await desk.get("queries/availability", {"Authorization": said}),
        await desk.get("entities/place", {"Authorization": said}),
    ):
        assert (status, answer["reason"]) == (401, "who_are_you")


async def test_a_caller_without_the_right(desk: Desk) -> None:
    seller = await desk.hired(OrdersPrivilege.ORDER_CREATE)
    assert (await seller.post("place_order", desk.order(desk.house.seats[0])))[0] == 200
    cell = {"category_id": desk.house.seated, "tariff_id": desk.house.full, "amount": 0}
    for status, said in (
        await seller.post("set_price", {"grid_id": desk.house.grid, "cell": cell}),
        await seller.get("queries/availability", performance_id=desk.house.performance),
        await seller.get("entities/operator"),
    ):
        assert (status, said["reason"]) == (403, "no_entry.not_allowed") and said["fix"]
    nobody: dict[str, str] = {}
    for path in ("entities/place", f"queries/availability?performance_id={desk.house.performance}"):
        async with desk.client.get(f"/api/v1/{path}") as answer:
            said = _said(answer.status, answer.content_type, await answer.read())
            assert (answer.status, said["reason"]) == (401, "who_are_you"), "nobody said who they are"
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert (await desk.get("queries/device_time", nobody, nonce="n"))[0] == 200


async def test_rows_page_by_page_without_their_secrets(desk: Desk) -> None:
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page, after, link = await desk.page("entities/place", limit="7", after=after)
        assert len(page) == (7 if after else 6)
        assert link == (f'</api/v1/entities/place?limit=7&after={after}>; rel="next"' if after else "")
        seen += [row["id"] for row in page]
    assert len(seen) == len(set(seen)) == 20 and seen == sorted(seen)
    assert (await desk.page("entities/place", limit="20"))[1:] == (None, ""), "that was all, and it says so"
    row = (await desk.get("entities/place", id=seen[3]))[1]
    assert load(tuple[Place, ...], orjson.dumps(row))[0].id == seen[3]
    operators = (await desk.get("entities/operator"))[1]
    assert operators and all("key_digest" not in operator for operator in operators)
    assert (await desk.get("entities/place", id=new_id())) == (200, [])
    for bad in (
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "many"},
        {"limit": "²"},
        {"id": "x"},
        {"after": "x' OR 1=1"},
        {"at": "here"},
        {"colour": "red"},
        {"performance_id; --": "x"},
    ):
        assert (await desk.get("entities/place", **bad))[0] == 422, bad


async def test_rows_with_a_value_and_at_a_place(desk: Desk) -> None:
    house = desk.house

    async def ids(path: str, **asked: str) -> list[str]:
        return [row["id"] for row in (await desk.page(f"entities/{path}", **asked))[0]]

    assert await ids("tariff", code="CHILD") == [house.child]
    assert await ids("tariff", rank="1", code="CHILD") == []
    assert await ids("tariff", proof="1") == [house.child] == await ids("tariff", proof="true")
    assert await ids("context", kind="season") == [house.season]
    assert await ids("context", parent_id="") == [house.institution], "an empty text: no value"
    assert sorted(await ids("context", at=house.season)) == sorted([house.season, house.activity])
    assert await ids("price_grid", at=house.organiser) == [house.grid] == await ids("price_grid", at=house.season)
    assert await ids("price_grid", at=house.activity) == [], "above it"
    assert len(await ids("price", at=house.season)) == 3, "by the grid that they belong to"
    assert await ids("price", at=house.activity) == await ids("price_grid", at=new_id()) == []
    assert (await desk.page("entities/place", limit="2", at=house.activity))[1]
    for bad in ({"rank": "one"}, {"rank": str(2**63)}, {"proof": "maybe"}, {"kind": "x"}, {"code": "\0"}):
        for path in ("tariff", "context"):
            assert (await desk.get(f"entities/{path}", **bad))[0] == 422, bad
    assert (await desk.get("entities/operator", key_digest="x"))[0] == 422, "nobody guesses at a secret"
    assert (await desk.get("entities/performance", starts="2026-11-21T20:00:00"))[0] == 422, "whose eight o'clock?"


def test_only_what_may_be_empty_is_asked_for_without_a_value() -> None:
    ids = [(each, column) for each in ENTITIES.values() for column in filters(each) if column.hint is Id]
    assert len(ids) > 50
    for declaration, column in ids:
        read = isinstance(wanted(declaration, {column.name: ""}), RowFilter)
        assert read == column.nullable, (declaration.name, column.name)


async def test_rows_are_shown_within_the_perimeter(desk: Desk) -> None:
    """Who sells at one point of sale sees that one, and its channel's others not."""
    house = desk.house
    clerk = await desk.hired(SellingPrivilege.CHANNEL_READ, points=(house.desk,))
    assert [row["id"] for row in (await clerk.page("entities/point_of_sale"))[0]] == [house.desk]
    assert (await clerk.page("entities/point_of_sale", id=house.kiosk_point))[0] == []
    assert len((await desk.page("entities/point_of_sale"))[0]) == 2


async def test_rows_are_shown_to_who_holds_the_right_there(desk: Desk) -> None:
    """A right at one organiser shows that organiser's rows, whether the context is named in them or above them, and
    none of those that belong to the whole house."""
    house = desk.house
    season = await desk.hired(PricingPrivilege.PRICE_READ, at=house.season)
    other, grid = new_id(), {"code": "G", "names": {"fr": "G"}, "currency": "EUR", "prices": []}
    context = {"context_id": house.organiser, "kind": "season", "code": "S27", "names": {"fr": "27"}, "settings": {}}
    assert (await desk.post("create_context", {"id": other, **context}))[0] == 200
    assert (await desk.post("create_price_grid", {"id": new_id(), "context_id": other, **grid}))[0] == 200
    assert len((await desk.get("entities/price_grid"))[1]) == 2
    assert [row["id"] for row in (await season.get("entities/price_grid"))[1]] == [house.grid]
    assert {row["grid_id"] for row in (await season.page("entities/price"))[0]} == {house.grid}
    gate = await desk.hired(AccessPrivilege.ACCESS_READ, at=house.season)
    assert (await gate.get("entities/scan"))[0] == 403, "a scan belongs to the house"


async def test_answers_are_what_the_document_says(desk: Desk) -> None:
    """Real answers with something in them, against the schema of each."""
    said, house, order = document(), desk.house, desk.order(desk.house.seats[0], desk.house.seats[1])

    def fits(path: str, answer: tuple[int, Any]) -> None:
        (operation,) = said["paths"][f"/api/v1/{path}"].values()
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer[0] == 200 and answer[1] not in (None, [], {})
        whole = {"value": answer[1]} | ({"next": None} if path.startswith("entities/") else {})
        Draft202012Validator(schema | {"components": said["components"]}).validate(whole)

    sold = await desk.post("place_order", order)
    fits("commands/place_order", sold)
    again = {"entitlement_id": sold[1]["tickets"][0]["ticket_id"], "context_id": house.organiser}
    fits("commands/reissue_ticket", await desk.post("reissue_ticket", again))
    fits("commands/change_sale", await desk.post("change_sale", {"performance_id": house.performance, "do": "open"}))
    fits("queries/availability", await desk.get("queries/availability", performance_id=house.performance))
    asked = {"context_id": house.organiser, "order_id": order["order_id"]}
    fits("queries/order_of", await desk.get("queries/order_of", **asked))
    fits("queries/device_time", await desk.get("queries/device_time", nonce="n"))
    for name in ("ticket", "sale_order", "place", "performance", "context", "move"):
        fits(f"entities/{name}", await desk.get(f"entities/{name}"))


async def test_where_a_change_came_from_is_in_the_log(desk: Desk) -> None:
    command_id = new_id()
    assert (await desk.post("place_order", desk.order(desk.house.seats[0]), command_id))[0] == 200

    def look(read: Read) -> Any:
        return read.one("SELECT actor, origin FROM command_log WHERE id = :id", id=command_id)

    assert await desk.door.read(SYSTEM, look) == (f"operator:{desk.operator}", "api 127.0.0.1")


@pytest.mark.parametrize(
    "named, said, want",
    [
        ((), "203.0.113.9", "127.0.0.1"),
        (("127.0.0.1",), "203.0.113.9", "203.0.113.9"),
        (("127.0.0.1",), "10.0.0.1, 203.0.113.9", "203.0.113.9"),  # the first was written by who knows whom
        (("127.0.0.0/8", "10.0.0.0/8"), "203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (("127.0.0.0/8", "10.0.0.0/8"), "10.0.0.2, 10.0.0.1", "10.0.0.2"),
        (("127.0.0.1",), "2001:db8::7", "2001:db8::7"),
        (("127.0.0.1",), "<script>", "127.0.0.1"),
        (("127.0.0.1",), "fe80::1%<b>x", "127.0.0.1"),
        (("127.0.0.1",), "", "127.0.0.1"),
    ],
)
async def test_a_proxy_says_for_whom_it_asks_only_where_the_house_trusts_it(
    desk: Desk, named: tuple[str, ...], said: str, want: str
) -> None:
    app = web.Application()
    app[PROXIES] = Proxies.of(named)

    async def tell(request: web.Request) -> web.Response:
        return web.Response(text=address_of(request))

    app.router.add_get("/", tell)
    async with TestClient(TestServer(app)) as client, client.get("/", headers={FORWARDED: said}) as answer:
        assert await answer.text() == want


# --- a browser that is signed in --------------------------------------------------------------------------------------


@pytest.fixture
async def browser(sqlite_place: tuple[Database, House], keys: Keys) -> AsyncIterator[Desk]:
    """A page of somebody who is signed in: the cookie `parterre`, whatever the way to it."""
    door, house = Door(sqlite_place[0], Watch(), path_of, keys), sqlite_place[1]
    door.start()
    app = make_app(door)
    who = SignedIn(house.operator("*"), new_id(), "Anna", "fr", csrf_of("token"))

    async def session(request: web.Request) -> SignedIn | None:
        return who if request.cookies.get("parterre") == "token" else None

    app[SESSIONS] = session
    async with TestClient(TestServer(app)) as client:
        yield Desk(client, door, house, house.admin)
    await asyncio.to_thread(door.stop)


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"Cookie": "parterre=token", "X-CSRF": csrf_of("token")}, 200),
        ({"Cookie": "parterre=token"}, 403),
        ({"Cookie": "parterre=token", "X-CSRF": csrf_of("other")}, 403),
        ({"Cookie": "parterre=token", "X-CSRF": "é"}, 403),
        ({"Cookie": "parterre=other", "X-CSRF": csrf_of("token")}, 401),
        ({"X-CSRF": csrf_of("token")}, 401),
    ],
)
async def test_a_browser_changes_something_with_its_pages_token_only(
    browser: Desk, headers: dict[str, str], status: int
) -> None:
    data = orjson.dumps(browser.order(browser.house.seats[0]))
    headers = {COMMAND_ID: new_id(), **headers}
    async with browser.client.post("/api/v1/commands/place_order", data=data, headers=headers) as answer:
        said = _said(answer.status, answer.content_type, await answer.read())
        assert answer.status == status
        assert status == 200 or said["reason"] == {403: "not_our_page", 401: "who_are_you"}[status]
        assert not answer.headers.get("WWW-Authenticate", "").startswith("Basic") or "X-CSRF" not in headers


async def test_a_browser_reads_with_its_cookie(browser: Desk) -> None:
    assert len((await browser.get("entities/place", {"Cookie": "parterre=token"}))[1]) == 20
    assert (await browser.get("entities/place", {"Cookie": "parterre=x"}))[0] == 401
    assert (await browser.get("entities/place"))[0] == 200, "a program beside it, by its key"


# --- devices ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Gate:
    desk: Desk
    id: Id
    signer: Signer

    async def ask(
        self, path: str, body: bytes = b"", *, signed: str = "", sent: bytes | None = None, **more: str
    ) -> Any:
        """A request as a device signs it; `signed` and `sent` are what it did not sign."""
        method = "POST" if body else "GET"
        command_id = new_id() if body else ""
        at = NOW.isoformat()
        headers = signed_headers(self.id, self.signer, method, signed or path, at, new_id(), body, command_id) | more
        data = (body if sent is None else sent) or None
        async with self.desk.client.request(method, path, data=data, headers=headers) as answer:
            return answer.status, _said(answer.status, answer.content_type, await answer.read())


FEEDS = "/api/v1/queries/device_feeds"


@pytest.fixture
async def gate(desk: Desk) -> Gate:
    device, signer, house = new_id(), Signer.of(Ed25519PrivateKey.generate()), desk.house
    invite = InviteDevice(
        id=device,
        context_id=house.organiser,
        site_id=house.site,
        kind=DeviceKind.GATE,
        code="G1",
        label="Gate",
        enrolment_code="ABCD-2345",
    )
    for command in (
        invite,
        EnrolDevice(code="ABCD-2345", request_pem=signing_request(signer.key, "g")),
        ApproveDevice(device_id=device, kid=signer.kid),
    ):
        assert (await desk.door.execute(SYSTEM, command, new_id())).ok
    return Gate(desk, device, signer)


async def test_a_device_by_its_signature(desk: Desk, gate: Gate) -> None:
    status, said = await gate.ask(FEEDS)
    assert status == 200 and f"tickets/{desk.house.site}" in said["feeds"]
    query = f"/api/v1/queries/feed?feed=tickets/{desk.house.site}&after=0"
    assert (await gate.ask(query))[0] == 200
    assert (await gate.ask(query, signed=query.replace("after=0", "after=9")))[0] == 401, "another query"
    assert (await gate.ask(FEEDS, signed="/api/v1/queries/feed"))[0] == 401, "another path"
    assert (await gate.ask("/api/v1/queries/feed?feed=leases/x"))[1]["reason"] == "no_device.not_your_feed"


async def test_a_signature_that_is_not_this_requests(desk: Desk, gate: Gate) -> None:
    path, body = "/api/v1/commands/upload_facts", b'{"facts": [], "signature": ""}'
    assert (await gate.ask(path, body))[1]["reason"] == "no_device.bad_request", "heard, and its content refused"
    assert (await gate.ask(path, body, sent=b'{"facts": [], "signature": "x"}'))[0] == 401, "another body"
    stranger = Gate(desk, gate.id, Signer.of(Ed25519PrivateKey.generate()))
    assert (await stranger.ask(FEEDS))[0] == 401
    assert (await Gate(desk, new_id(), gate.signer).ask(FEEDS))[0] == 401
    for bad in ("", "x", "####", "\u00e9", b64encode(b"\0" * 64).decode()):
        assert (await gate.ask(FEEDS, **{SIGNATURE: bad}))[0] == 401
    for bad in ("", "\u00e9", "' OR 1=1"):
        assert (await gate.ask(FEEDS, **{"Parterre-Device": bad}))[0] == 401
    assert (await gate.ask(FEEDS, **{"Parterre-Time": "\u00e9"}))[0] == 401


async def test_a_request_heard_again_changes_nothing(desk: Desk, gate: Gate) -> None:
    """Whoever replays a signed request gets its answer again: commands are taken once, by their id."""
    order = orjson.dumps({"facts": [], "signature": ""})
    first = await gate.ask("/api/v1/commands/upload_facts", order)
    assert await gate.ask("/api/v1/commands/upload_facts", order) == first
    assert (await gate.ask("/api/v1/commands/place_order", orjson.dumps(desk.order(desk.house.seats[0]))))[0] == 403
    assert (await gate.ask("/api/v1/entities/place"))[0] == 403


async def test_a_revoked_device_is_let_in_to_be_told_so(desk: Desk, gate: Gate) -> None:
    await desk.door.execute(SYSTEM, RevokeDevice(device_id=gate.id), new_id())
    assert (await gate.ask(FEEDS))[1]["reason"] == "no_device.revoked"


@dataclass(frozen=True, slots=True)
class BreakDown:
    """A command whose handler has a fault."""


async def test_what_breaks_inside_is_a_problem_too(desk: Desk) -> None:
    def broken(_: Tx, __: BreakDown) -> Outcome[None]:
        raise RuntimeError("a secret of the house")

    registry.handles(BreakDown, needs=None)(broken)
    try:
        status, said = await desk.post("break_down", {})
    finally:
        registry.COMMANDS.pop("break_down")
        registry._BY_KIND.pop(BreakDown)
    assert (status, said["reason"]) == (500, "broken") and "secret" not in orjson.dumps(said).decode()
    assert (await desk.post("place_order", desk.order(desk.house.seats[0])))[0] == 200, "and the house goes on"


async def test_a_stranger_sends_little(desk: Desk) -> None:
    """Who is not known cannot make central hold megabytes; who is may send a stadium's plan."""
    body = b'{"code": "' + b"A" * 100_000 + b'", "request_pem": "x"}'
    for auth, status in (({}, 413), (desk.auth, 422)):  # 422: it was read, and so long a code there is not
        async with desk.client.post(
            "/api/v1/commands/enrol_device", data=body, headers={COMMAND_ID: new_id(), **auth}
        ) as said:
            assert said.status == status


@pytest.mark.parametrize(
    "body, at",
    [
        (b'{"places":[' + b"1," * 200_000 + b"1]}", "places.0"),
        (b'{"places":[' + b"{}," * 200_000 + b"{}]}", "places.0.tariff_id"),
        (b'{"places":[' + b'[":"],' * 100_000 + b"0]}", "places.0"),
        (b"{" + b",".join(b'"k%d":0' % n for n in range(60_000)) + b"}", "body"),
        (b'{"order_id":{' + b",".join(b'"k%d":0' % n for n in range(60_000)) + b"}}", "order_id"),
    ],
    ids=["members", "objects", "lists", "keys", "keys within"],
)
async def test_a_body_of_a_hundred_thousand_faults_is_a_few(desk: Desk, body: bytes, at: str) -> None:
    """Each would be an object of the library's, made in the loop that everybody's answers go through."""
    headers = {COMMAND_ID: new_id(), **desk.auth}
    async with desk.client.post("/api/v1/commands/place_order", data=body, headers=headers) as said:
        assert said.status == 422
        faults = (await said.json())["faults"]
    assert at in [fault["at"] for fault in faults] and len(faults) < 20
