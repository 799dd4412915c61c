"""A webhook's page: how its deliveries went, sending one again, and its secret, which is shown once when it is made."""

from base64 import b64encode
from dataclasses import dataclass, replace
from secrets import token_bytes
from typing import Any

from aiohttp import web

from central.kernel.contexts import path_of
from central.kernel.door import Door
from central.kernel.entity import ENTITIES
from central.kernel.tx import Read
from central.kernel.values import whole_number
from central.organisation.model import Operator, OrganisationPrivilege
from central.organisation.webhook_events import ResendDelivery, still_told
from central.organisation.webhooks import (
    EXECUTE,
    PREFIX,
    Delivery,
    SetWebhookSecret,
    TakeOverWebhook,
    Webhook,
    body_of,
)
from central.web.area import DOOR
from central.web.form import form_of
from central.web.frame import FRAME, Frame
from central.web.rows import RowFilter, page
from central.web.screens.names import house_timezone
from central.web.session import SignedIn
from shared.ids import Id, is_id
from shared.outcome import Ok, Reason
from shared.runtime.system import SystemClock, fresh_id

ROWS = 50
HREF = "/admin/webhooks/{id}"
BYTES = 32
PIECES = 50  # of what a webhook told, that one press takes away


def webhook_pages(app: web.Application) -> None:
    frame, door = app[FRAME], app[DOOR]
    pages = WebhookPages(door, frame)
    frame.templates("central.organisation")
    frame.page_for("webhook", "Envois et secret", HREF, OrganisationPrivilege.WEBHOOK_READ)
    app.router.add_get("/admin/webhooks/{id}", pages.show)
    app.router.add_post("/admin/webhooks/{id}/secret", pages.secret)
    app.router.add_post("/admin/webhooks/{id}/take-over", pages.take_over)
    app.router.add_post("/admin/webhooks/{id}/resend", pages.resend)


@dataclass(frozen=True, slots=True)
class WebhookView:
    """What the page shows; `mine`: the asker is its operator, and sees what was told and they may still read."""

    webhook: Webhook
    owner: str
    deliveries: list[Delivery]
    next: str | None
    mine: bool
    may_change: bool
    may_resend: bool
    zone: Any


class WebhookPages:
    def __init__(self, door: Door, frame: Frame) -> None:
        self._door, self._frame = door, frame

    async def show(self, request: web.Request) -> web.Response:
        me = await self._frame.who(request)
        return await self._page(request, me)

    async def secret(self, request: web.Request) -> web.StreamResponse:
        """Made here, shown in the answer to this very request, and nowhere else: the page may not be kept."""
        me, webhook_id = await self._frame.who(request), request.match_info["id"]
        made = PREFIX + b64encode(token_bytes(BYTES)).decode()
        refused = await self._do(me, SetWebhookSecret(webhook_id=await self._known(me, webhook_id), secret=made))
        return await self._page(request, me, secret="" if refused else made, refused=refused)

    async def take_over(self, request: web.Request) -> web.StreamResponse:
        me, webhook_id = await self._frame.who(request), request.match_info["id"]
        command = TakeOverWebhook(webhook_id=await self._known(me, webhook_id))
        for _ in range(PIECES):  # of what it told before; sales go on between two
            reply = await self._door.execute(me.actor, command, fresh_id(SystemClock()))
            if not isinstance(reply.outcome, Ok) or not reply.outcome.value:
                break
        return await self._after(request, me, reply.reason)

    async def resend(self, request: web.Request) -> web.StreamResponse:
        me = await self._frame.who(request)
        delivery_id = str((await form_of(request)).get("delivery", ""))
        if not is_id(delivery_id):
            raise web.HTTPNotFound
        return await self._after(request, me, await self._do(me, ResendDelivery(delivery_id=Id(delivery_id))))

    async def _after(self, request: web.Request, me: SignedIn, refused: Reason | None) -> web.StreamResponse:
        if refused:
            return await self._page(request, me, refused=refused)
        raise web.HTTPSeeOther(HREF.format(id=request.match_info["id"]))

    async def _do(self, me: SignedIn, command: Any) -> Reason | None:
        """The reason why not; None: it is done."""
        return (await self._door.execute(me.actor, command, fresh_id(SystemClock()))).reason

    async def _known(self, me: SignedIn, webhook_id: str) -> Id:
        if await self._door.read(me.actor, lambda read: self._seen(read, webhook_id)) is None:
            raise web.HTTPNotFound
        return Id(webhook_id)

    async def _page(
        self, request: web.Request, me: SignedIn, *, secret: str = "", refused: Reason | None = None
    ) -> web.Response:
        webhook_id, after = request.match_info["id"], request.query.get("after", "")
        shown = await self._door.read(me.actor, lambda read: self._look(read, webhook_id, after))
        if shown is None:
            raise web.HTTPNotFound
        status = 409 if refused else 200
        return await self._frame.page(
            request, "webhook.html", status=status, title=shown.webhook.code, shown=shown, secret=secret,
            refused=refused, here="webhook", at=shown.webhook.context_id,
        )  # fmt: skip

    def _seen(self, read: Read, webhook_id: str) -> Webhook | None:
        if not is_id(webhook_id):
            return None
        outcome = page(self._door, read, ENTITIES[Webhook], RowFilter(id=webhook_id))
        there = isinstance(outcome, Ok) and outcome.value.rows
        return read.get(Webhook, webhook_id) if there else None

    def _look(self, read: Read, webhook_id: str, after: str) -> WebhookView | None:
        webhook = self._seen(read, webhook_id)
        if webhook is None:
            return None
        owner = read.get(Operator, webhook.operator_id)
        made, _, last = after.partition("-")
        before = whole_number(made)
        older = "AND (made < :made OR (made = :made AND id < :last)) " if before is not None else ""
        found = read.find(
            Delivery,
            f"WHERE webhook_id = :id {older}ORDER BY made DESC, id DESC LIMIT :n",
            id=webhook.id, n=ROWS + 1, **({"made": before, "last": last} if older else {}),
        )  # fmt: skip
        path, mine = path_of(read, webhook.context_id), read.actor.id == webhook.operator_id

        def body(each: Delivery) -> str:
            return body_of(read, each) if mine and still_told(read, webhook, each) else ""

        more = found[ROWS - 1] if len(found) > ROWS else None
        return WebhookView(
            webhook, owner.name if owner else "", [replace(each, body=body(each)) for each in found[:ROWS]],
            f"{int(more.made.timestamp() * 1000)}-{more.id}" if more else None,
            mine, read.actor.may(OrganisationPrivilege.WEBHOOK_MODIFY, path),
            read.actor.may(EXECUTE, path), house_timezone(read),
        )  # fmt: skip
