"""Webhooks against a real receiver: what is told to whom, how it is signed, what happens when nobody listens well."""

import asyncio
import hmac
import html
import re
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from central.app import make_app
from central.kernel.actor import SYSTEM, Actor
from central.kernel.contexts import Context, ContextKind, path_of
from central.kernel.crud import NoChange, command_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.log_chain import Chain
from central.kernel.outbox import drain
from central.kernel.privileges import Action
from central.kernel.replies import NoEntry
from central.kernel.settings import Settings
from central.kernel.tx import Read
from central.orders.model import OrdersPrivilege
from central.organisation import webhook_events, webhooks
from central.organisation.erasure import EraseOperator
from central.organisation.grants import SetPerimeter, TakePrivilege
from central.organisation.model import Operator, OrganisationPrivilege, PerimeterKind
from central.organisation.operators import ChangeOperator, CreateOperator, DeactivateOperator, InviteOperator
from central.organisation.ops import CreateContext
from central.organisation.receivers import may_reach, networks
from central.organisation.rights import actor_of, key_digest
from central.organisation.settings import OrganisationSettings
from central.organisation.webhook_delivery import (
    KEPT_FOR,
    WAITS,
    Post,
    Webhooks,
    next_try,
    signature,
)
from central.organisation.webhook_events import MOST_BYTES, ResendDelivery, still_told
from central.organisation.webhook_log import cursor, head
from central.organisation.webhooks import (
    CreateWebhook,
    DeleteWebhook,
    Delivery,
    DeliveryState,
    NoWebhook,
    SetWebhookSecret,
    TakeOverWebhook,
    Webhook,
)
from central.pricing.model import PricingPrivilege, Tariff
from central.pricing.ops import CreatePriceGrid, CreateTariff, PriceCell
from central.venues.model import Site, VenuesPrivilege
from central.web.session import SESSIONS, SignedIn, csrf_of
from shared.ids import Id
from shared.outcome import Ok
from tests.central.small_house import NOW, House, Watch, new_id
from tests.waiting import PATIENCE_S

LOCAL = networks(["127.0.0.0/8", "::1"])
SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
OTHER_SECRET = "whsec_" + b64encode(bytes(range(1, 33))).decode()
ALL = ("*",)


@dataclass
class Receiver:
    """Another program's server: `answers` says with what it answers next, then 200 for ever."""

    heard: list[tuple[dict[str, str], str]] = field(default_factory=list)
    answers: list[int | asyncio.Event | tuple[int, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    bell: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.heard.append((dict(request.headers), (await request.read()).decode()))
        async with self.bell:
            self.bell.notify_all()
        say = self.answers.pop(0) if self.answers else 200
        if isinstance(say, asyncio.Event):
            await say.wait()
            say = 200
        status, headers = say if isinstance(say, tuple) else (say, {})
        return web.Response(status=int(status), headers=headers, text="ok" * 50_000)

    async def rang(self, times: int) -> None:
        """Until that many were heard."""
        async with self.bell:
            await self.bell.wait_for(lambda: len(self.heard) >= times)

    @property
    def events(self) -> list[Any]:
        return [orjson.loads(body) for _, body in self.heard]

    def genuine(self, secret: str, n: int = -1) -> bool:
        """As docs/interfaces.md tells a receiver to check."""
        headers, body = self.heard[n]
        key = b64decode(secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
        want = b64encode(hmac.digest(key, signed, sha256)).decode()
        return any(hmac.compare_digest(said, f"v1,{want}") for said in headers["webhook-signature"].split())


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/in"
    yield made
    await runner.cleanup()


@dataclass
class Desk:
    """The house, with its webhooks' loop wound by hand."""

    door: Door
    house: House
    watch: Watch
    chain: Chain
    hooks: Webhooks
    admin: Actor

    async def do(self, command: Any, actor: Actor | None = None) -> Any:
        reply = await self.door.execute(actor or self.admin, command, new_id())
        assert reply.ok, reply.body
        return reply.outcome.value if isinstance(reply.outcome, Ok) else None

    async def no(self, command: Any, actor: Actor | None = None) -> Any:
        reply = await self.door.execute(actor or self.admin, command, new_id())
        assert not reply.ok, reply.body
        return reply.outcome

    async def hired(self, *privileges: str, at: Id | None = None, points: tuple[Id, ...] = ()) -> Actor:
        operator = new_id()
        made = CreateOperator(
            id=operator,
            context_id=at or self.house.institution,
            name="N",
            key_digest=key_digest(f"key of {operator}"),
            privileges=privileges,
            points_of_sale=points,
        )
        await self.do(made, SYSTEM)
        return await self.look(lambda read: actor_of(read, _there(read.get(Operator, operator))))

    async def hook(self, url: str, owner: Actor | None = None, at: Id | None = None, **what: Any) -> Id:
        await self.chain.seal()  # what lies before it is not told
        what = what or {"entities": ("site",)}
        made = CreateWebhook(
            id=new_id(),
            context_id=at or self.house.institution,
            code=f"H{new_id()[-6:]}",
            names={"fr": "x"},
            url=url,
            secret=SECRET,
            **what,
        )
        return Id(await self.do(made, owner))

    async def tell(self) -> int:
        await self.chain.seal()
        return await self.hooks.tell()

    async def round(self) -> int:
        """Sealed, told, sent."""
        await self.tell()
        return await self.hooks.deliver()

    async def look(self, look: Callable[[Read], Any]) -> Any:
        return await self.door.read(SYSTEM, look)

    async def deliveries(self) -> list[Delivery]:
        found: list[Delivery] = await self.look(lambda read: read.find(Delivery, "ORDER BY id"))
        return found

    async def webhook(self, webhook_id: Id) -> Webhook:
        found: Webhook = await self.look(lambda read: read.get(Webhook, webhook_id))
        return found

    async def move_in(self, address: str = "1 rue Neuve") -> Id:
        site = new_id()
        make = command_of(Action.CREATE, Site)
        await self.do(make(id=site, context_id=self.house.institution, code=f"S{site[-6:]}", names={"fr": "Neuf"},
                           address=address, timezone="Europe/Paris"))  # fmt: skip
        return site


def _there(found: Any) -> Any:
    assert found is not None
    return found


@pytest.fixture
async def desk(place: tuple[Database, House], keys: Keys, watch: Watch) -> AsyncIterator[Desk]:
    door = Door(place[0], watch, path_of, keys, Settings((OrganisationSettings(webhook_networks=LOCAL),)))
    door.start()
    admin = await door.read(SYSTEM, lambda read: actor_of(read, _there(read.get(Operator, place[1].admin))))
    made = Desk(
        door, place[1], watch, Chain(door, None), Webhooks(door, Post(LOCAL, timeout_s=PATIENCE_S), watch), admin
    )
    yield made
    await asyncio.to_thread(door.stop)


# --- what is told -----------------------------------------------------------------------------------------------------


async def test_a_change_is_told_once_and_signed(desk: Desk, receiver: Receiver) -> None:
    await desk.hook(receiver.url, entities=("site",), commands=("change_site",))
    site = await desk.move_in()
    change = command_of(Action.MODIFY, Site)
    await desk.do(change(id=site, set={"address": "2 rue Vieille"}))
    assert await desk.round() == 3 and receiver.genuine(SECRET) and not receiver.genuine(OTHER_SECRET)
    assert await desk.round() == 0, "once"
    assert sorted(each["type"] for each in receiver.events) == ["command.change_site", "site.changed", "site.created"]
    by_type = {each["type"]: each for each in receiver.events}
    (row,) = by_type["site.changed"]["data"]["rows"]
    assert row["id"] == site and row["change"] == {"address": ["1 rue Neuve", "2 rue Vieille"]}
    assert row["row"]["names"] == {"fr": "Neuf"} and by_type["site.changed"]["timestamp"] == NOW.isoformat()
    command = by_type["command.change_site"]["data"]
    assert command["fields"]["set"] == {"address": "2 rue Vieille"} and command["context"] == desk.house.institution
    assert command["command"]["by"] == f"operator:{desk.admin.id}"
    headers = receiver.heard[0][0]
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp())) and headers["Content-Type"] == "application/json"
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 3
    assert {each.state for each in await desk.deliveries()} == {DeliveryState.DELIVERED}


async def test_a_deletion_is_told_by_what_was(desk: Desk, receiver: Receiver) -> None:
    site = await desk.move_in()
    await desk.hook(receiver.url, entities=("site.deleted",))
    await desk.do(command_of(Action.DELETE, Site)(id=site))
    await desk.round()
    (event,) = receiver.events
    (row,) = event["data"]["rows"]
    assert event["type"] == "site.deleted" and row["change"]["address"] == ["1 rue Neuve", None] and "row" not in row


@pytest.mark.parametrize("late", [False, True], ids=["gone when told", "gone when sent"])
async def test_what_goes_with_all_above_it_is_told_all_the_same(desk: Desk, receiver: Receiver, late: bool) -> None:
    """Rights are asked where it stood: the context is gone, and what it stood in is not."""
    owner = await desk.hired(
        "organisation.webhook", OrganisationPrivilege.AUDIT_READ, OrganisationPrivilege.CONTEXT_READ,
        PricingPrivilege.PRICE_READ, at=desk.house.organiser,
    )  # fmt: skip
    await desk.hook(receiver.url, owner, at=desk.house.organiser, entities=("tariff", "context"),
                    commands=("*_tariff", "*_context"))  # fmt: skip
    season, activity, tariff = new_id(), new_id(), new_id()
    await desk.do(
        CreateContext(
            id=season,
            context_id=desk.house.organiser,
            kind=ContextKind.SEASON,
            code="S",
            names={"fr": "S"},
            settings={},
        )
    )
    await desk.do(
        CreateContext(
            id=activity, context_id=season, kind=ContextKind.ACTIVITY, code="A", names={"fr": "A"}, settings={}
        )
    )
    await desk.do(CreateTariff(id=tariff, context_id=activity, code="T", names={"fr": "T"}, rank=9, proof=False))
    await desk.round()
    before = len(receiver.events)
    assert before == 6
    await desk.do(command_of(Action.DELETE, Tariff)(id=tariff))
    if late:
        await desk.tell()
    for context in (activity, season):
        await desk.do(command_of(Action.DELETE, Context)(id=context))
    await desk.round()
    told = sorted(event["type"] for event in receiver.events[before:])
    assert told == [*["command.delete_context"] * 2, "command.delete_tariff", *["context.deleted"] * 2,
                    "tariff.deleted"]  # fmt: skip


async def test_people_are_told_of_in_plain_words_and_kept_sealed(desk: Desk, receiver: Receiver) -> None:
    """Who was forgotten before it was sent is told of without a word of who they were."""
    await desk.hook(receiver.url, entities=("operator.changed",), commands=("change_operator",))
    who = new_id()
    await desk.do(
        InviteOperator(
            id=who, context_id=desk.house.institution, name="Zoe Quince", email="zoe@x.example", language="fr"
        ),
        SYSTEM,
    )
    for name in ("Zoe Q.", "Zoe Quince"):
        await desk.do(ChangeOperator(operator_id=who, name=name, language="fr", email="zoe@x.example"), SYSTEM)
    await desk.tell()
    assert len(await desk.deliveries()) == 4
    assert all("Zoe" not in each.body and "zoe@" not in each.body for each in await desk.deliveries())
    assert await desk.hooks.deliver() >= 2
    told = {event["type"]: event["data"] for event in receiver.events}
    assert told["command.change_operator"]["fields"]["email"] == "zoe@x.example"
    (row,) = told["operator.changed"]["rows"]
    assert row["row"]["name"] == "Zoe Quince" and sorted(row["change"]["name"]) == ["Zoe Q.", "Zoe Quince"]
    await desk.do(ChangeOperator(operator_id=who, name="Zoe Q.", language="fr", email="zoe@x.example"), SYSTEM)
    await desk.tell()
    await desk.do(EraseOperator(operator_id=who), SYSTEM)
    before = len(receiver.heard)
    while await desk.round():
        pass
    assert len(receiver.heard) > before
    assert all("Zoe" not in body and "zoe@" not in body for _, body in receiver.heard[before:])


async def test_what_was_refused_or_only_tried_is_not_told(desk: Desk, receiver: Receiver) -> None:
    await desk.hook(receiver.url, commands=("*_site",), entities=("site",))
    make = command_of(Action.CREATE, Site)(
        id=new_id(), context_id=desk.house.institution, code="TILLEULS", names={"fr": "x"}, address="", timezone="UTC"
    )
    assert (await desk.no(make)).reason == NoChange.CODE_TAKEN
    await desk.door.execute(
        desk.admin, command_of(Action.MODIFY, Site)(id=desk.house.site, set={"address": "x"}), new_id(), dry_run=True
    )
    assert await desk.round() == 0


async def test_many_rows_are_one_delivery_with_an_end(desk: Desk, receiver: Receiver) -> None:
    """A grid's prices are told together; what is too much is left out, and says so."""
    house = desk.house
    await desk.hook(receiver.url, entities=("price",))
    for count in (3, 40, 150):
        tariffs = [new_id() for _ in range(count)]
        for n, tariff in enumerate(tariffs):
            await desk.do(
                CreateTariff(
                    id=tariff, context_id=house.season, code=f"T{count}-{n}", names={"fr": "x"}, rank=1, proof=False
                )
            )
        cells = tuple(PriceCell(house.seated, tariff, 100) for tariff in tariffs)
        await desk.do(
            CreatePriceGrid(
                id=new_id(), context_id=house.season, code=f"G{count}", names={"fr": "x"}, currency="EUR", prices=cells
            )
        )
    await desk.round()
    small, middle, big = sorted((event["data"] for event in receiver.events), key=lambda data: len(data["rows"]))
    assert len(small["rows"]) == 3 and small["rows"][0]["row"]["amount"] == 100 and small["more"] is False
    assert len(middle["rows"]) == 40 and middle["more"] is False
    assert len(big["rows"]) == 100 and big["more"] is True and "row" not in big["rows"][0]
    assert all(len(body) <= MOST_BYTES for _, body in receiver.heard)


@pytest.mark.parametrize(
    "privileges, at, told",
    [
        (("organisation", VenuesPrivilege.VENUE_READ), "institution", ["command.change_site", "site.changed"]),
        (("organisation.webhook", VenuesPrivilege.VENUE_READ), "institution", ["site.changed"]),
        (("organisation",), "institution", ["command.change_site"]),  # all of it, and so the log
        (("organisation.webhook",), "institution", []),
        (ALL, "season", []),  # the site stands above it
    ],
)  # fmt: skip
async def test_a_webhook_tells_what_its_operator_may_read(
    desk: Desk, receiver: Receiver, privileges: tuple[str, ...], at: str, told: list[str]
) -> None:
    context = getattr(desk.house, at)
    owner = await desk.hired(*privileges, at=context)
    await desk.hook(receiver.url, owner, context, entities=("*",), commands=("*",))
    await desk.do(command_of(Action.MODIFY, Site)(id=desk.house.site, set={"address": "here"}))
    await desk.round()
    assert sorted(each["type"] for each in receiver.events if "site" in each["type"]) == told


async def test_a_perimeter_narrows_what_is_told(desk: Desk, receiver: Receiver) -> None:
    owner = await desk.hired(*ALL, points=(desk.house.desk,))
    await desk.hook(receiver.url, owner, entities=("sale_order", "point_of_sale"), commands=("place_order",))
    await desk.do(desk.house.order(desk.house.seats[0], point_of_sale_id=desk.house.kiosk_point), SYSTEM)
    await desk.do(desk.house.order(desk.house.seats[1]), SYSTEM)
    await desk.round()
    points = [row["row"].get("point_of_sale_id") for each in receiver.events for row in each["data"]["rows"]]
    assert points and set(points) == {desk.house.desk}
    assert all(not each["type"].startswith("command.") for each in receiver.events)


@pytest.mark.behind_the_door
async def test_a_right_that_was_withdrawn_ends_the_telling(desk: Desk, receiver: Receiver) -> None:
    owner = await desk.hired("organisation.webhook", VenuesPrivilege.VENUE_READ)
    await desk.hook(receiver.url, owner)
    await desk.move_in()
    assert await desk.round() == 1

    db = desk.door.database.connect()
    db.begin(write=True)
    db.write("DELETE FROM operator_grant WHERE operator_id = :id AND privilege = :p",
             {"id": owner.id, "p": str(VenuesPrivilege.VENUE_READ)})  # fmt: skip
    db.commit()
    db.close()
    await desk.move_in()
    assert await desk.round() == 0


async def test_no_secret_is_told(desk: Desk, receiver: Receiver) -> None:
    """Neither an operator's key's digest, nor another webhook's secret, in what is told of either."""
    await desk.hook(receiver.url, entities=("operator", "webhook"), commands=("*",))
    hired = await desk.hired(*ALL)
    second = await desk.hook(receiver.url + "/other", entities=("event",))
    await desk.do(SetWebhookSecret(webhook_id=second, secret=OTHER_SECRET))
    await desk.round()
    said = " ".join(body for _, body in receiver.heard)
    assert "operator.created" in said and "webhook.changed" in said and "command.set_webhook_secret" in said
    for secret in (SECRET, OTHER_SECRET, key_digest(f"key of {hired.id}"), '"secret"', '"key_digest"', "•"):
        assert secret not in said
    logged = await desk.look(lambda read: read.run("SELECT body FROM command_log"))
    assert all(SECRET not in row[0] and OTHER_SECRET not in row[0] for row in logged)
    kept = await desk.look(lambda read: read.run("SELECT secret, old_secret FROM webhook"))
    assert all("whsec" not in (row[0] + row[1]) for row in kept), "sealed"


async def test_two_secrets_sign_while_the_receiver_changes_over(desk: Desk, receiver: Receiver, watch: Watch) -> None:
    hook = await desk.hook(receiver.url)
    await desk.do(SetWebhookSecret(webhook_id=hook, secret=OTHER_SECRET))
    await desk.move_in()
    await desk.round()
    assert receiver.genuine(SECRET) and receiver.genuine(OTHER_SECRET)
    watch.at += timedelta(hours=25)
    await desk.move_in()
    await desk.round()
    assert not receiver.genuine(SECRET) and receiver.genuine(OTHER_SECRET)


async def test_it_goes_on_where_it_stopped(desk: Desk, receiver: Receiver) -> None:
    """A new process reads on from what was told; what lies before a webhook is nobody's to be told."""
    await desk.move_in()
    await desk.hook(receiver.url)
    await desk.move_in()
    await desk.round()
    again = Webhooks(desk.door, Post(LOCAL), desk.watch)
    await desk.move_in()
    await desk.chain.seal()
    assert (await again.tell(), await again.deliver()) == (1, 1)
    assert len(receiver.heard) == 2


async def said_to(desk: Desk) -> dict[Id, list[tuple[int, str]]]:
    """What each webhook was told, with its row of the log."""
    found: dict[Id, list[tuple[int, str]]] = {}
    for each in await desk.deliveries():
        seq = orjson.loads(each.body)["data"]["command"]["seq"]
        found.setdefault(each.webhook_id, []).append((seq, each.event))
    return {hook: sorted(said) for hook, said in found.items()}


async def pieces(desk: Desk, between: Callable[[], Awaitable[None]] | None = None) -> list[int]:
    """How many deliveries each piece wrote. Central stops after each: who goes on knows what the database says."""
    await desk.chain.seal()
    wrote, more = [], True
    while more:
        assert len(wrote) < 50, "it never ends"
        new, more = await Webhooks(desk.door, Post(LOCAL), desk.watch)._tell_piece()
        wrote.append(new)
        desk.watch.at += timedelta(milliseconds=1)
        if between:
            await between()
    return wrote


async def test_a_row_of_the_log_is_told_in_pieces(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many webhooks it is told to: each of them once, with nothing left out, also where central stops between
    two pieces."""
    monkeypatch.setattr(webhook_events, "PIECE", 2)
    hooks = [await desk.hook("https://shop.example/in", entities=("site",), commands=("*_site",)) for _ in range(5)]
    for _ in range(3):
        await desk.move_in()
    wrote = await pieces(desk)
    assert max(wrote) == 2 and sum(wrote) == 5 * 3 * 2 and len(wrote) >= 15
    told = await said_to(desk)
    assert told.keys() == set(hooks)
    for said in told.values():
        assert [event for _, event in said] == ["command.create_site", "site.created"] * 3
        assert len(set(said)) == 6
    assert await pieces(desk) == [0]
    await desk.move_in()
    assert sum(await pieces(desk)) == 10


@pytest.mark.parametrize("ends", [TakeOverWebhook, DeleteWebhook, "off"])
async def test_webhooks_that_come_and_go_between_pieces(desk: Desk, monkeypatch: pytest.MonkeyPatch, ends: Any) -> None:
    """Nobody else's place in the row moves by it, and nothing that was taken away is told a second time."""
    monkeypatch.setattr(webhook_events, "PIECE", 1)
    hooks = [await desk.hook("https://shop.example/in", entities=("site",), commands=("*_site",)) for _ in range(4)]
    other, gone = await desk.hired("organisation", VenuesPrivilege.VENUE_READ), list[Id]()
    await desk.move_in()

    async def change() -> None:
        """After its first delivery, the webhook that was told first."""
        if gone:
            return
        told = (await desk.deliveries())[0].webhook_id
        gone.append(told)
        if ends == "off":
            await desk.do(command_of(Action.MODIFY, Webhook)(id=told, set={"active": False}))
        else:
            await desk.do(ends(webhook_id=told), other)
        await desk.hook("https://shop.example/new", entities=("site",), commands=("*_site",))

    await pieces(desk, change)
    told = await said_to(desk)
    for hook in hooks:
        if hook not in gone:
            assert [event for _, event in told[hook]] == ["command.create_site", "site.created"]
    left = {TakeOverWebhook: ["site.created"], DeleteWebhook: [], "off": ["command.create_site"]}[ends]
    assert [event for _, event in told.get(gone[0], [])] == left
    assert told.keys() <= set(hooks), "what was before a webhook is not told to it"


async def test_two_that_tell_the_same_stretch_tell_it_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes: the slower one has looked at more of the log, or at less."""
    monkeypatch.setattr(webhook_events, "PIECE", 2)
    await desk.hook("https://shop.example/in", entities=("site",), commands=("*_site",))
    for _ in range(2):
        await desk.move_in()
    await desk.chain.seal()
    (after, within), upto = await desk.look(lambda read: (cursor(read), head(read)))
    assert within == 0
    for reach in (upto, upto - 1, upto):
        await desk.do(webhook_events.TellWebhooks(after=after, upto=reach), SYSTEM)
    assert len(await desk.deliveries()) == 2
    assert sum(await pieces(desk)) == 2 and len(await desk.deliveries()) == 4


# --- how it is sent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer, why",
    [
        (500, "answered 500"), (404, "answered 404"), (204, ""), (202, ""),
        ((302, {"Location": "http://127.0.0.1:1/"}), "redirects are not followed"),
    ],
)  # fmt: skip
async def test_wrong_answers(desk: Desk, receiver: Receiver, watch: Watch, answer: Any, why: str) -> None:
    await desk.hook(receiver.url)
    await desk.move_in()
    receiver.answers = [answer]
    assert await desk.round() == 1
    (delivery,) = await desk.deliveries()
    assert (delivery.state, delivery.why) == (DeliveryState.WAITING if why else DeliveryState.DELIVERED, why)
    assert await desk.hooks.deliver() == 0, "not before it is due"
    watch.at += timedelta(seconds=6)
    assert await desk.hooks.deliver() == (1 if why else 0)
    (delivery,) = await desk.deliveries()
    assert delivery.state is DeliveryState.DELIVERED and delivery.tries == len(receiver.heard) == (2 if why else 1)
    ids = {headers["webhook-id"] for headers, _ in receiver.heard}
    stamps = {headers["webhook-timestamp"] for headers, _ in receiver.heard}
    assert len(ids) == 1 and len(stamps) == len(receiver.heard), "the same message, another try"


async def test_who_does_not_answer_is_tried_again(desk: Desk, receiver: Receiver, watch: Watch) -> None:
    patient, desk.hooks = desk.hooks, Webhooks(desk.door, Post(LOCAL, timeout_s=0.2), watch)
    await desk.hook(receiver.url)
    await desk.move_in()
    receiver.answers = [asyncio.Event()]
    assert await desk.round() == 1
    (delivery,) = await desk.deliveries()
    assert (delivery.state, delivery.why) == (DeliveryState.WAITING, "no answer within 0.2 s")
    watch.at += timedelta(seconds=6)
    receiver.answers = []  # which it may never have come to
    assert await patient.deliver() == 1
    (delivery,) = await desk.deliveries()
    assert (delivery.state, delivery.tries) == (DeliveryState.DELIVERED, 2)


async def test_nobody_there_is_tried_for_three_days_and_then_given_up(desk: Desk, watch: Watch, free_port: int) -> None:
    hook = await desk.hook(f"http://127.0.0.1:{free_port}/")
    await desk.move_in()
    waited = []
    await desk.tell()
    for _ in range(len(WAITS)):
        assert await desk.hooks.deliver() == 1
        (delivery,) = await desk.deliveries()
        assert delivery.state is DeliveryState.WAITING and delivery.next_try and "onnect" in delivery.why
        waited.append(delivery.next_try - watch.at)
        watch.at = delivery.next_try
    assert all(wait <= real <= wait * 1.1 for wait, real in zip(WAITS, waited, strict=True))
    assert await desk.hooks.deliver() == 1 and await desk.hooks.deliver() == 0
    (delivery,) = await desk.deliveries()
    assert delivery.state is DeliveryState.GIVEN_UP and (await desk.webhook(hook)).failing == NOW
    watch.at += timedelta(days=7)
    assert await desk.hooks.deliver() == 0


async def test_sent_again_by_hand(desk: Desk, receiver: Receiver) -> None:
    hook = await desk.hook(receiver.url)
    await desk.move_in()
    receiver.answers = [500]
    await desk.round()
    (delivery,) = await desk.deliveries()
    assert (await desk.webhook(hook)).failing == NOW
    await desk.do(ResendDelivery(delivery_id=delivery.id))
    assert await desk.hooks.deliver() == 1 and (await desk.deliveries())[0].state is DeliveryState.DELIVERED
    assert (await desk.webhook(hook)).failing is None
    await desk.do(ResendDelivery(delivery_id=delivery.id))
    await desk.hooks.deliver()
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1 and len(receiver.heard) == 3
    stranger = await desk.hired(OrganisationPrivilege.WEBHOOK_READ)
    assert (await desk.no(ResendDelivery(delivery_id=delivery.id), stranger)).reason == NoEntry.NOT_ALLOWED
    assert (await desk.no(ResendDelivery(delivery_id=new_id()))).reason in (NoWebhook.NO_SUCH, NoEntry.NOT_ALLOWED)


async def test_a_receiver_that_wants_nothing_more_is_left_alone(desk: Desk, receiver: Receiver) -> None:
    hook = await desk.hook(receiver.url)
    await desk.move_in()
    receiver.answers = [410]
    await desk.round()
    assert (await desk.deliveries())[0].state is DeliveryState.GIVEN_UP and not (await desk.webhook(hook)).active
    await desk.move_in()
    assert await desk.round() == 0
    assert (await desk.no(ResendDelivery(delivery_id=(await desk.deliveries())[0].id))).reason == NoWebhook.NOT_ACTIVE


async def test_a_receiver_that_asks_for_patience_gets_it(desk: Desk, receiver: Receiver, watch: Watch) -> None:
    await desk.hook(receiver.url)
    await desk.move_in()
    receiver.answers = [(429, {"Retry-After": "600"})]
    await desk.round()
    assert (await desk.deliveries())[0].next_try == watch.at + timedelta(seconds=600)


async def test_a_slow_receiver_holds_up_itself_alone(desk: Desk, receiver: Receiver) -> None:
    let_go = asyncio.Event()
    slow = Receiver(answers=[let_go])
    app = web.Application()
    app.router.add_post("/", slow.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await desk.hook(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await desk.hook(receiver.url)
    keeping = asyncio.create_task(desk.hooks.keep())
    try:
        await desk.move_in()
        await desk.chain.seal()
        async with asyncio.timeout(PATIENCE_S):
            await receiver.rang(1)
            await desk.move_in()
            await desk.chain.seal()
            await receiver.rang(2)
            let_go.set()
            await slow.rang(2)
        assert [headers["webhook-id"] for headers, _ in receiver.heard] != [
            headers["webhook-id"] for headers, _ in slow.heard
        ]
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await runner.cleanup()


async def test_a_try_noted_twice_counts_once(desk: Desk, receiver: Receiver) -> None:
    """Central stopped between the receiver's answer and its own note: the receiver hears it again, and knows the id."""
    await desk.hook(receiver.url)
    await desk.move_in()
    await desk.tell()
    due = await desk.look(lambda read: desk.hooks._due(read, desk.hooks._waiting(read)[0]))
    await desk.hooks._try(due[0])
    assert await desk.hooks.deliver() == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1 and len(receiver.heard) == 2
    (delivery,) = await desk.deliveries()
    assert (delivery.state, delivery.tries) == (DeliveryState.DELIVERED, 1)


async def test_other_outbox_rows_do_not_wait_for_it(desk: Desk, receiver: Receiver) -> None:
    await desk.hook(receiver.url)
    await desk.move_in()
    await desk.tell()
    assert await drain(desk.door, {}, but=("webhook",)) == 0 and receiver.heard == []


async def test_what_ended_long_ago_is_forgotten(desk: Desk, receiver: Receiver, watch: Watch) -> None:
    await desk.hook(receiver.url)
    await desk.move_in()
    await desk.round()
    watch.at += KEPT_FOR
    await desk.hooks.tidy()
    assert len(await desk.deliveries()) == 1
    watch.at += timedelta(days=1)
    await desk.hooks.tidy()
    assert len(await desk.deliveries()) == 1, "for a clock that just jumped that is not long ago"
    desk.door.steady.began(watch.at, None)
    await desk.hooks.tidy()
    assert await desk.deliveries() == []


# --- where it may be sent ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address, may",
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("255.255.255.255", False),
        ("224.0.0.1", False), ("240.0.0.1", False), ("198.18.0.1", False), ("192.0.2.1", False),
        ("::", False), ("::1", False), ("fe80::1", False), ("fe80::1%eth0", False), ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False), ("::ffff:10.0.0.1", False), ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False), ("64:ff9b::a9fe:a9fe", False), ("64:ff9b::5db8:d70e", True),
        ("2002:7f00:1::", False), ("2002:a00:1::1", False),
    ],
)  # fmt: skip
def test_addresses_inside_are_not_reached(address: str, may: bool) -> None:
    assert may_reach(address, ()) is may


def test_addresses_that_the_house_names_are_reached() -> None:
    named = networks(["10.1.0.0/16"])
    assert may_reach("10.1.2.3", named) and may_reach("::ffff:10.1.2.3", named) and not may_reach("10.2.0.1", named)
    with pytest.raises(ValueError, match="x"):
        networks(["x"])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"]
)
async def test_a_name_for_an_address_inside_gains_nothing(receiver: Receiver, host: str) -> None:
    """As a number, in other spellings, by a name: what it resolves to counts."""
    answer = await Post(timeout_s=PATIENCE_S)(receiver.url.replace("127.0.0.1", host), {}, "{}")
    assert not answer.ok and answer.status is None and receiver.heard == []


async def test_a_name_that_changes_its_mind_gains_nothing(receiver: Receiver) -> None:
    """Looked up once per try; what was checked is what is spoken to."""
    asked: list[str] = []

    async def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.3"]

    post = Post(networks(["127.0.0.1/32"]), lookup, PATIENCE_S)
    assert (await post(receiver.url.replace("127.0.0.1", "shop.example"), {}, "{}")).ok and asked == ["shop.example"]
    assert not (await post(receiver.url.replace("127.0.0.1", "shop.example"), {}, "{}")).ok
    assert len(receiver.heard) == 1 and receiver.heard[0][0]["Host"].startswith("shop.example")


async def test_https_with_a_certificate_that_must_be_right(tmp_path: Path) -> None:
    """A certificate that nobody vouches for, or for another name, is no receiver."""
    heard: list[str] = []

    async def take(request: web.Request) -> web.Response:
        heard.append(await request.text())
        return web.Response()

    pem = _certificate("shop.example", tmp_path)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(pem)
    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=serving).start()
    port = runner.addresses[0][1]

    async def lookup(host: str, _: int) -> list[str]:
        return ["127.0.0.1"]

    known = ssl.create_default_context(cafile=str(pem))
    assert not (await Post(LOCAL, lookup, PATIENCE_S)(f"https://shop.example:{port}/", {}, "a")).ok
    assert not (await Post(LOCAL, lookup, PATIENCE_S, known)(f"https://other.example:{port}/", {}, "b")).ok
    assert (await Post(LOCAL, lookup, PATIENCE_S, known)(f"https://shop.example:{port}/", {}, "c")).ok
    assert heard == ["c"]
    await runner.cleanup()


def _certificate(name: str, folder: Path) -> Path:
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(NOW.tzinfo)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


def test_the_signature_of_the_specification() -> None:
    """The values that Standard Webhooks' own libraries are tested with."""
    secret = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    said = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_patience_grows_and_spreads() -> None:
    assert next_try("a", len(WAITS) + 1, NOW, timedelta()) is None
    spread = {next_try(f"m{n}", 3, NOW, timedelta()) for n in range(20)}
    assert len(spread) > 10 and all(WAITS[2] <= each - NOW <= WAITS[2] * 1.1 for each in spread if each)


# --- whose it is, and what they may read by now ---------------------------------------------------------------------

Change = Callable[["Desk", Id, Actor], Awaitable[None]]
EVENTS = {"command.place_order", "sale_order.created", "site.created"}


def loses(privilege: str) -> Change:
    async def change(desk: Desk, _: Id, owner: Actor) -> None:
        sql = "SELECT id FROM operator_grant WHERE operator_id = :o AND privilege = :p"
        ((grant,),) = await desk.look(lambda read: read.run(sql, o=owner.id, p=privilege))
        await desk.do(TakePrivilege(grant_id=grant), SYSTEM)

    return change


async def nothing(_: Desk, __: Id, ___: Actor) -> None:
    pass


async def narrowed(desk: Desk, _: Id, owner: Actor) -> None:
    await desk.do(
        SetPerimeter(operator_id=Id(owner.id), kind=PerimeterKind.POINT_OF_SALE, object_ids=(str(desk.house.desk),)),
        SYSTEM,
    )


async def deactivated(desk: Desk, _: Id, owner: Actor) -> None:
    await desk.do(DeactivateOperator(operator_id=Id(owner.id)), SYSTEM)


async def taken_over(desk: Desk, hook: Id, _: Actor) -> None:
    """By somebody who may read all of it as well: what was told was told to another."""
    await desk.do(TakeOverWebhook(webhook_id=hook))


CHANGES: dict[str, tuple[Change, set[str]]] = {
    "nothing": (nothing, EVENTS),
    "loses the log": (loses(OrganisationPrivilege.AUDIT_READ), EVENTS - {"command.place_order"}),
    "loses orders": (loses(OrdersPrivilege.ORDER_READ), EVENTS - {"sale_order.created"}),
    "loses the halls": (loses(VenuesPrivilege.VENUE_READ), EVENTS - {"site.created"}),
    "narrowed": (narrowed, {"site.created"}),
    "deactivated": (deactivated, set()),
    "taken over": (taken_over, set()),
}
"""What becomes of a webhook's operator → what of its deliveries they may read still."""


async def first(desk: Desk, receiver: Receiver, change: Callable[[], Awaitable[None]]) -> None:
    await desk.tell()
    await change()
    await desk.hooks.deliver()


async def again(desk: Desk, receiver: Receiver, change: Callable[[], Awaitable[None]]) -> None:
    """A receiver that was away comes back."""
    await desk.tell()
    receiver.answers = [500]
    await desk.hooks.deliver()
    await change()
    for _ in range(2):  # that failed rests first
        desk.watch.at += timedelta(hours=1)
        await desk.hooks.deliver()


async def by_hand(desk: Desk, receiver: Receiver, change: Callable[[], Awaitable[None]]) -> None:
    """By a colleague, who may send again what they do not see."""
    await desk.round()
    told = await desk.deliveries()
    await change()
    for each in told:
        said = (await desk.door.execute(desk.admin, ResendDelivery(delivery_id=each.id), new_id())).outcome
        assert isinstance(said, Ok) or said.reason in (NoWebhook.WITHHELD, NoEntry.NOT_ALLOWED, NoWebhook.NO_SUCH)
    await desk.hooks.deliver()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("way", [first, again, by_hand])
@pytest.mark.parametrize("what", CHANGES)
async def test_every_sending_asks_what_its_operator_may_read_now(
    desk: Desk, receiver: Receiver, window: "Window", way: Callable[..., Awaitable[None]], what: str
) -> None:
    owner = await desk.hired(
        "organisation.webhook", OrganisationPrivilege.AUDIT_READ, OrdersPrivilege.ORDER_READ, VenuesPrivilege.VENUE_READ
    )
    hook = await desk.hook(receiver.url, owner, entities=("sale_order", "site"), commands=("place_order",))
    await desk.move_in()
    await desk.do(desk.house.order(desk.house.seats[0], point_of_sale_id=desk.house.kiosk_point), SYSTEM)
    act, left = CHANGES[what]
    heard: list[int] = []

    async def change() -> None:
        await act(desk, hook, owner)
        heard.append(len(receiver.heard))

    await way(desk, receiver, change)
    assert {each["type"] for each in receiver.events[heard[0] :]} == left
    kept = await desk.deliveries()
    went = EVENTS if way is by_hand and what != "taken over" else left
    assert {each.event for each in kept if each.state is DeliveryState.DELIVERED} == went
    over = {each.event for each in kept if each.state is DeliveryState.GIVEN_UP}
    refused = way is by_hand or what == "taken over"
    assert over == (set() if refused else EVENTS - left), "at once, and not after three days"
    after = await desk.webhook(hook)
    assert after.active and (way is again or after.failing is None), "nobody was spoken to"
    sent = len(receiver.heard)
    desk.watch.at += timedelta(days=4)
    await desk.hooks.deliver()
    assert len(receiver.heard) == sent

    window.who = await desk.look(lambda read: actor_of(read, _there(read.get(Operator, after.operator_id))))
    page = html.unescape(await window.get(f"/admin/webhooks/{hook}"))
    assert {event for event in EVENTS if f'"type":"{event}"' in page} == left, "nor shown"


async def test_what_is_gone_by_now_is_judged_by_what_was_told(desk: Desk, receiver: Receiver) -> None:
    """Made and deleted meanwhile; and where a body would have been too big, by what the audit says."""
    owner = await desk.hired("organisation.webhook", VenuesPrivilege.VENUE_READ)
    hook = await desk.hook(receiver.url, owner)
    site = await desk.move_in()
    await desk.tell()
    await desk.do(command_of(Action.DELETE, Site)(id=site))
    await desk.tell()
    told = {each.event: each for each in await desk.deliveries()}
    brief = orjson.loads(told["site.deleted"].body)
    brief["data"]["rows"] = [{"id": site}]
    told["in brief"] = replace(told["site.deleted"], body=orjson.dumps(brief).decode())
    assert set(told) == {"site.created", "site.deleted", "in brief"}

    def still(read: Read) -> set[bool]:
        return {still_told(read, _there(read.get(Webhook, hook)), each) for each in told.values()}

    assert await desk.look(still) == {True}
    await loses(VenuesPrivilege.VENUE_READ)(desk, hook, owner)
    assert await desk.look(still) == {False}


# --- how many there may be --------------------------------------------------------------------------------------------


async def test_an_organiser_has_so_many_webhooks_wherever_they_stand(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that happens below it is told to them: they are its own, and no other's. Who has more keeps them."""
    monkeypatch.setattr(webhooks, "MOST_WEBHOOKS", 3)
    house, other = desk.house, new_id()
    await desk.do(
        CreateContext(
            id=other, context_id=house.institution, kind=ContextKind.ORGANISER, code="B", names={"fr": "B"},
            settings={},
        )
    )  # fmt: skip
    url = "https://shop.example/in"
    made = [await desk.hook(url, at=at) for at in (house.organiser, house.season, house.activity)]
    for at in (house.organiser, house.season, house.activity):
        fields = {"id": new_id(), "context_id": at, "code": "MORE", "names": {"fr": "x"}, "url": url}
        said = await desk.no(CreateWebhook(**fields, entities=("site",)))
        assert (said.reason, said.fix, said.detail) == (NoWebhook.TOO_MANY, "context_id", {"most": 3})
    for at in (other, house.institution):
        made += [await desk.hook(url, at=at) for _ in range(3)]
        said = await desk.no(CreateWebhook(**fields | {"context_id": at}, entities=("site",)))
        assert said.reason == NoWebhook.TOO_MANY
    await desk.do(DeleteWebhook(webhook_id=made[1]))
    await desk.hook(url, at=house.activity)
    monkeypatch.setattr(webhooks, "MOST_WEBHOOKS", 1)
    await desk.do(command_of(Action.MODIFY, Webhook)(id=made[0], set={"active": False}))
    await desk.do(SetWebhookSecret(webhook_id=made[2], secret=OTHER_SECRET))


# --- who may set one up -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes, reason, at",
    [
        ({"url": "http://shop.example/in"}, NoChange.FAULTY, "url"),
        ({"url": "https://shop example/in"}, NoChange.FAULTY, "url"),
        ({"url": "file:///etc/passwd"}, NoChange.FAULTY, "url"),
        ({"entities": ("sites",)}, NoChange.FAULTY, "entities"),
        ({"entities": ("site; --",)}, NoChange.FAULTY, "entities"),
        ({"entities": ("site.read",)}, NoChange.FAULTY, "entities"),
        ({"commands": ("change_site.created",)}, NoChange.FAULTY, "commands"),
        ({"entities": ()}, NoChange.FAULTY, "commands"),
        ({"names": {}}, NoChange.FAULTY, "names"),
        ({"secret": "password"}, NoWebhook.BAD_SECRET, ""),
        ({"secret": "whsec_" + b64encode(bytes(23)).decode()}, NoWebhook.BAD_SECRET, ""),
    ],
)
async def test_a_webhook_that_is_not_sound(desk: Desk, changes: dict[str, Any], reason: str, at: str) -> None:
    fields = {"id": new_id(), "context_id": desk.house.institution, "code": "H", "names": {"fr": "x"},
              "url": "https://shop.example/in", "entities": ("site",)} | changes  # fmt: skip
    said = await desk.no(CreateWebhook(**fields))
    assert said.reason == reason and (not at or said.detail["faults"][0]["at"] == at)


async def test_nobody_turns_another_ones_webhook_to_themselves(desk: Desk, receiver: Receiver) -> None:
    """Whoever may change webhooks could else let the administrator's tell them all that the administrator sees."""
    hook = await desk.hook(receiver.url)
    other = await desk.hired("organisation.webhook")
    change = command_of(Action.MODIFY, Webhook)
    assert (await desk.no(change(id=hook, set={"url": "https://evil.example/"}), other)).reason == NoWebhook.NOT_YOURS
    assert (await desk.no(SetWebhookSecret(webhook_id=hook, secret=OTHER_SECRET), other)).reason == NoWebhook.NOT_YOURS
    await desk.do(TakeOverWebhook(webhook_id=hook), other)
    await desk.do(change(id=hook, set={"entities": ("site", "operator")}), other)
    await desk.move_in()
    assert await desk.round() == 0, "now it tells what they may read"
    assert (
        await desk.no(change(id=hook, set={"active": False}), await desk.hired(OrganisationPrivilege.WEBHOOK_READ))
    ).reason == NoEntry.NOT_ALLOWED
    assert (
        await desk.no(
            CreateWebhook(
                id=new_id(),
                context_id=desk.house.institution,
                code="Z",
                names={"fr": "x"},
                url=receiver.url,
                entities=("site",),
            ),
            SYSTEM,
        )
    ).reason == NoWebhook.NOT_AN_OPERATOR


async def test_without_a_secret_nothing_leaves(desk: Desk, receiver: Receiver) -> None:
    make = CreateWebhook(
        id=new_id(),
        context_id=desk.house.institution,
        code="H",
        names={"fr": "x"},
        url=receiver.url,
        entities=("site",),
    )
    await desk.do(make)
    await desk.move_in()
    assert await desk.round() == 0
    await desk.do(SetWebhookSecret(webhook_id=make.id, secret=SECRET))
    await desk.move_in()
    assert await desk.round() == 1


async def test_a_webhook_goes_with_its_deliveries(desk: Desk, receiver: Receiver) -> None:
    hook = await desk.hook(receiver.url)
    await desk.move_in()
    receiver.answers = [500]
    await desk.round()
    await desk.do(DeleteWebhook(webhook_id=hook))
    assert await desk.deliveries() == []
    desk.watch.at += timedelta(minutes=10)
    await desk.round()
    assert len(receiver.heard) == 1, "what was waiting is not sent any more"
    assert await desk.hooks.deliver() == 0


@pytest.mark.parametrize("ends", [TakeOverWebhook, DeleteWebhook])
@pytest.mark.parametrize("on", [True, False])
async def test_what_a_webhook_told_goes_in_pieces(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, ends: type[TakeOverWebhook | DeleteWebhook],
    on: bool,
) -> None:  # fmt: skip
    """It tells nothing meanwhile, and nobody has it before all of it is gone; then it is on or off as it was."""
    monkeypatch.setattr(webhooks, "FORGOTTEN_AT_ONCE", 2)
    hook, other = await desk.hook(receiver.url), await desk.hired("organisation.webhook")
    for _ in range(3):
        await desk.move_in()
        await desk.tell()
    before = await desk.webhook(hook)
    told = len(await desk.deliveries())
    assert told >= 3
    if not on:
        await desk.do(command_of(Action.MODIFY, Webhook)(id=hook, set={"active": False}))

    def waits(read: Read) -> int:
        return int(read.run("SELECT COUNT(*) FROM outbox WHERE kind = 'webhook' AND state = 'waiting'")[0][0])

    for left in range(told - 2, 0, -2):
        assert await desk.do(ends(webhook_id=hook), other) == left
        assert await desk.look(waits) == left, "it took them all at once"
        now = await desk.webhook(hook)
        assert (now.active, now.operator_id, len(await desk.deliveries())) == (False, before.operator_id, left)
    assert await desk.do(ends(webhook_id=hook), other) == 0
    assert await desk.deliveries() == []
    if ends is TakeOverWebhook:
        assert (await desk.webhook(hook)).active is on


async def test_old_deliveries_are_forgotten_in_pieces(
    desk: Desk, receiver: Receiver, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (webhooks, webhook_events):
        monkeypatch.setattr(module, "FORGOTTEN_AT_ONCE", 2)
    await desk.hook(receiver.url)
    for _ in range(5):
        await desk.move_in()
    await desk.round()
    assert len(await desk.deliveries()) == 5

    def given(read: Read) -> int:
        return int(read.run("SELECT COUNT(*) FROM command_log WHERE name = 'forget_deliveries'")[0][0])

    watch.at += KEPT_FOR + timedelta(days=1)
    await desk.hooks.tidy()
    assert await desk.deliveries() == [] and await desk.look(given) == 3
    await desk.hooks.tidy()
    assert await desk.look(given) == 3, "there is nothing to forget"


def test_networks_are_read() -> None:
    assert networks(["192.168.1.7"]) == (ip_network("192.168.1.7/32"),)


# --- its page ---------------------------------------------------------------------------------------------------------


@dataclass
class Window:
    """A browser: whoever is in `who` is signed in at it."""

    client: TestClient[Any, Any]
    who: Actor

    async def get(self, path: str, status: int = 200) -> str:
        async with self.client.get(path) as said:
            assert said.status == status
            return await said.text()

    async def post(self, path: str, status: int = 200, csrf: str = csrf_of("t"), **form: str) -> str:
        async with self.client.post(path, data={"_csrf": csrf, **form}, allow_redirects=False) as said:
            assert said.status == status
            return await said.text()


@pytest.fixture
async def window(desk: Desk) -> AsyncIterator[Window]:
    app = make_app(desk.door)
    made = Window(TestClient(TestServer(app)), desk.admin)

    async def session(_: web.Request) -> SignedIn:
        return SignedIn(made.who, new_id(), "Anna", "fr", csrf_of("t"))

    app[SESSIONS] = session
    async with made.client:
        yield made


async def test_the_secret_is_shown_once(desk: Desk, receiver: Receiver, window: Window) -> None:
    hook = await desk.hook(receiver.url)
    path = f"/admin/webhooks/{hook}"
    assert "whsec_" not in await window.get(path)
    said = await window.post(path + "/secret")
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", html.unescape(said)))
    assert "whsec_" not in await window.get(path), "and never again"
    await desk.move_in()
    await desk.round()
    assert receiver.genuine(secret) and receiver.genuine(SECRET), "the one before it signs beside it for a day"
    await window.post(path + "/secret", 403, csrf="")


async def test_deliveries_can_be_read_and_sent_again(desk: Desk, receiver: Receiver, window: Window) -> None:
    hook = await desk.hook(receiver.url)
    await desk.move_in("<script>alert(1)</script>")
    receiver.answers = [503]
    await desk.round()
    path = f"/admin/webhooks/{hook}"
    said = await window.get(path)
    assert (
        "site.created" in said and "answered 503" in said and "&lt;script&gt;" in said and "<script>alert" not in said
    )
    (delivery,) = await desk.deliveries()
    await window.post(path + "/resend", 303, delivery=delivery.id)
    assert await desk.hooks.deliver() == 1 and (await desk.deliveries())[0].state is DeliveryState.DELIVERED
    await window.post(path + "/resend", 404, delivery="x")
    window.who = await desk.hired(OrganisationPrivilege.WEBHOOK_READ)
    said = await window.get(path)
    assert "site.created" in said and "script&gt;" not in said, "what was told is for whose eyes it was told with"
    assert "whsec" not in await window.post(path + "/secret", 409)
    await window.post(path + "/resend", 409, delivery=delivery.id)
    window.who = await desk.hired(VenuesPrivilege.VENUE_READ)
    await window.get(path, 404)
    await window.post(path + "/secret", 404)


async def test_who_sends_again_what_its_operator_may_not_read_any_more_is_told_so(
    desk: Desk, receiver: Receiver, window: Window
) -> None:
    owner = await desk.hired("organisation.webhook", VenuesPrivilege.VENUE_READ)
    hook = await desk.hook(receiver.url, owner)
    await desk.move_in()
    await desk.round()
    (delivery,) = await desk.deliveries()
    await loses(VenuesPrivilege.VENUE_READ)(desk, hook, owner)
    said = await desk.no(ResendDelivery(delivery_id=delivery.id))
    assert (said.reason, said.fix, said.detail) == (NoWebhook.WITHHELD, hook, {"operator_id": owner.id})
    assert await desk.deliveries() == [delivery]
    page = await window.post(f"/admin/webhooks/{hook}/resend", 409, delivery=delivery.id)
    assert "ne peut plus lire ceci" in page


@pytest.mark.parametrize("ends", [TakeOverWebhook, DeleteWebhook])
async def test_what_waits_goes_with_what_was_told(
    desk: Desk, receiver: Receiver, ends: type[TakeOverWebhook | DeleteWebhook]
) -> None:
    """On the webhook's own lane as on that of what is sent by hand."""
    hook = await desk.hook(receiver.url)
    await desk.move_in()
    await desk.round()
    (delivery,) = await desk.deliveries()
    await desk.do(ResendDelivery(delivery_id=delivery.id))
    await desk.move_in()
    await desk.tell()

    def lanes(read: Read) -> set[str]:
        return {row[0] for row in read.run("SELECT lane FROM outbox WHERE kind = 'webhook' AND state = 'waiting'")}

    assert len(await desk.look(lanes)) == 2
    await desk.do(ends(webhook_id=hook), await desk.hired("organisation.webhook"))
    assert await desk.look(lanes) == set() and await desk.deliveries() == []


async def test_taken_over_on_its_page(desk: Desk, receiver: Receiver, window: Window) -> None:
    hook = await desk.hook(receiver.url)
    warning = "efface le journal des envois"
    assert warning not in await window.get(f"/admin/webhooks/{hook}")
    window.who = await desk.hired("organisation.webhook")
    assert warning in await window.get(f"/admin/webhooks/{hook}")
    await window.post(f"/admin/webhooks/{hook}/take-over", 303)
    assert (await desk.webhook(hook)).operator_id == window.who.id
    assert "whsec_" in await window.post(f"/admin/webhooks/{hook}/secret")


async def test_many_deliveries_are_read_page_by_page(desk: Desk, receiver: Receiver, window: Window) -> None:
    hook = await desk.hook(receiver.url)
    for _ in range(60):
        await desk.move_in()
        desk.watch.at += timedelta(milliseconds=1)
    await desk.tell()
    seen: list[str] = []
    path = f"/admin/webhooks/{hook}"
    while path:
        said = await window.get(path)
        seen += re.findall(r'name="delivery" value="(\w+)"', said)
        onwards = re.search(r'href="(\?after=[^"]+)"', said)
        path = f"/admin/webhooks/{hook}{onwards[1]}" if onwards else ""
    assert len(seen) == len(set(seen)) == 60
