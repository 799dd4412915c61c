"""Sends what webhooks have to tell: signed, once at a time per receiver, in turn (delivery_turns.py), again and again
with patience, and never to an address inside the house.

Headers and signature are those of Standard Webhooks 1.0: `webhook-id` stays the same through all tries, so that a
receiver knows what it had already; `webhook-timestamp` is the try's; `webhook-signature` is HMAC-SHA256 over
id.timestamp.body, once per secret that is valid. An address is looked up once per try, checked, and that very one is
spoken to: a name that answers differently the second time gains nothing (receivers.py).
"""

import asyncio
import hmac
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from ssl import SSLContext
from typing import Annotated, Any

import aiohttp
import orjson

from central.kernel.actor import SYSTEM
from central.kernel.contexts import by_house_alone
from central.kernel.door import Door
from central.kernel.entity import Between, Look, Loose, Raw, Ref
from central.kernel.outbox import CLAIMED_FOR, DUE, claim
from central.kernel.outbox_state import OutboxState
from central.kernel.own_commands import OwnCommands, must_do
from central.kernel.registry import handles
from central.kernel.spans import lasts
from central.kernel.tx import Read, Tx
from central.organisation import webhook_events, webhook_log
from central.organisation.delivery_turns import TURN_MS, DeliveryTurns
from central.organisation.model import OrganisationPrivilege
from central.organisation.receivers import Connector, Lookup, Network, Pinned, look_up
from central.organisation.webhooks import (
    Delivery,
    DeliveryState,
    Webhook,
    body_of,
    by_hand,
    signing_keys,
    tell_post,
    write_delivery,
)
from shared.clock import from_ms, to_ms
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome
from shared.runtime.log import logger
from shared.runtime.tasks import wait_any

log = logger(__name__)

WAITS = tuple(
    timedelta(seconds=each)
    for each in (5, 60, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)  # three days and a bit in all; then a delivery is given up, and can be sent again by hand
LONGEST = WAITS[-1]
TIMEOUT_S, CONNECT_S = 15.0, 5.0
MOST_ANSWER = 4096  # bytes read of an answer, which nobody looks at
IN_A_ROW = 50  # deliveries to one receiver before the others get a look
POLL_S, GAP_S = 1.0, 0.05  # a look at least as often, and at most: many commits, one look
KEPT_FOR = timedelta(days=30)
TIDY_EVERY_S = 3600.0


# --- one try ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReceiverAnswer:
    """How a try went. `after`: the receiver asks us to wait at least so long; `gone`: it wants nothing more;
    `withheld`: nobody was spoken to, since the webhook's operator may not read this (any more)."""

    ok: bool
    status: int | None
    why: Annotated[str, Raw(), Between(most=1_000)]
    took_ms: int
    after: timedelta | None = None
    gone: bool = False
    withheld: bool = False


def signature(secret: bytes, message_id: str, at_s: int, body: str) -> str:
    return "v1," + b64encode(hmac.digest(secret, f"{message_id}.{at_s}.{body}".encode(), sha256)).decode()


def headers_of(message_id: str, at: datetime, body: str, secrets: Iterable[bytes]) -> dict[str, str]:
    at_s = int(at.timestamp())
    return {
        "content-type": "application/json",
        "user-agent": "Parterre-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signature(each, message_id, at_s, body) for each in secrets),
    }


@dataclass(frozen=True, slots=True)
class Post:
    """How to send. `ssl`: what a receiver's certificate is checked against, the machine's own roots unless said."""

    allowed: tuple[Network, ...] = ()
    lookup: Lookup = look_up
    timeout_s: float = TIMEOUT_S
    ssl: SSLContext | None = None

    async def __call__(self, url: str, headers: dict[str, str], body: str) -> ReceiverAnswer:
        began = time.monotonic()

        def answer(ok: bool, status: int | None, why: str, **more: Any) -> ReceiverAnswer:
            return ReceiverAnswer(ok, status, why, int((time.monotonic() - began) * 1000), **more)

        resolver = Pinned(self.allowed, self.lookup)
        timeout = aiohttp.ClientTimeout(total=self.timeout_s, connect=min(CONNECT_S, self.timeout_s))
        connector = Connector(resolver, use_dns_cache=False, force_close=True, limit=1, ssl=self.ssl or True)
        try:
            resolver.check_literal(url)
            jar = aiohttp.DummyCookieJar()
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=jar) as session,
                session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as said,
            ):
                await said.content.read(MOST_ANSWER)
                return answer(
                    200 <= said.status < 300, said.status, _why(said.status), gone=said.status == 410,
                    after=_after(said.headers.get("Retry-After", "")),
                )  # fmt: skip
        except TimeoutError:
            return answer(False, None, f"no answer within {self.timeout_s:g} s")
        except (OSError, aiohttp.ClientError, ValueError) as fault:
            return answer(False, None, _inner(fault)[:300])
        finally:
            await connector.close()


def _why(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return "redirects are not followed" if 300 <= status < 400 else f"answered {status}"


def _inner(fault: BaseException) -> str:
    cause = getattr(fault, "os_error", None) or fault
    return str(cause) or type(cause).__name__


def _after(said: str) -> timedelta | None:
    return min(timedelta(seconds=int(said)), LONGEST) if said.isascii() and said.isdigit() and len(said) < 9 else None


# --- what comes of it ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAttempt:
    """Central's own: how a try went, and when the next one is."""

    outbox_id: Annotated[Id, Loose("a row of central's own outbox")]
    delivery_id: Annotated[Id, Ref("webhook_delivery")]
    attempt: int
    ok: bool
    status: int | None
    why: Annotated[str, Raw(), Between(most=1_000)]
    took_ms: int
    after_s: Annotated[int, Look.SECONDS]
    gone: bool
    withheld: bool = False


def next_try(message_id: str, attempt: int, now: datetime, after: timedelta) -> datetime | None:
    """After the `attempt`-th try; None: it is given up. Up to a tenth is added, so that what failed together does not
    come back together."""
    if attempt > len(WAITS):
        return None
    spread = sha256(f"{message_id}{attempt}".encode()).digest()[0] / 2550
    return now + max(WAITS[attempt - 1] * (1 + spread), after)


@handles(NoteAttempt, told=False, needs=OrganisationPrivilege.WEBHOOK_MODIFY, at=by_house_alone)
def note_attempt(tx: Tx, want: NoteAttempt) -> Outcome[None]:  # log: only columns that are kept beside it
    tx.write(f"UPDATE outbox SET state = '{OutboxState.DONE}', claimed_until = NULL, last_error = :why WHERE id = :id",  # noqa: S608 - words of ours
             id=want.outbox_id, why=want.why)  # fmt: skip
    before = tx.get(Delivery, want.delivery_id)
    if before is None or want.attempt <= before.tries:
        return Ok(None)  # it was taken away meanwhile, or this try is noted already
    ended = want.ok or want.gone or want.withheld
    due = None if ended else next_try(before.id, want.attempt, tx.now, timedelta(seconds=want.after_s))
    state = DeliveryState.DELIVERED if want.ok else DeliveryState.WAITING if due else DeliveryState.GIVEN_UP
    after = replace(
        before, state=state, tries=want.attempt, tried=tx.now, next_try=due, answer=want.status, why=want.why,
        took=want.took_ms,
    )  # fmt: skip
    write_delivery(tx, after)
    if due:
        tell_post(tx, after, want.attempt + 1, due)
    webhook = tx.get(Webhook, before.webhook_id)
    if webhook and webhook.active and not want.withheld:
        failing = None if want.ok else webhook.failing or tx.now
        if failing != webhook.failing or want.gone:
            tx.update(webhook, replace(webhook, failing=failing, active=not want.gone))
    return Ok(None)


@dataclass(frozen=True, slots=True)
class DueDelivery:
    outbox_id: Id
    delivery_id: Id
    webhook_id: Id
    attempt: int


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What a try sends, and where."""

    url: str
    headers: dict[str, str]
    body: str


class Webhooks:
    """The loop: reads the log as far as it is sealed, writes deliveries, sends what is due."""

    def __init__(self, door: Door, post: Post, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._door, self._post, self._clock = door, post, clock
        self._own, self._upto = OwnCommands(door), 0
        self._bell = asyncio.Event()
        self._busy: dict[Id, asyncio.Task[int]] = {}
        self._turns = DeliveryTurns()
        door.on_commit(lambda _, __: self._bell.set())

    async def keep(self) -> None:
        """For ever. Slow receivers hold up themselves alone, however many they are."""
        tidy = 0.0
        async with asyncio.TaskGroup() as group:
            while True:
                _, more = await self._tell_piece()
                if more:
                    self._bell.set()
                waiting: list[Id] = await self._door.read(SYSTEM, self._waiting)
                for webhook_id in self._turns.whose(waiting, self._busy):
                    task = group.create_task(self._serve(webhook_id), name=f"webhook {webhook_id}")
                    self._busy[webhook_id] = task
                    task.add_done_callback(partial(self._served, webhook_id))
                if time.monotonic() >= tidy:
                    tidy = time.monotonic() + TIDY_EVERY_S
                    await self.tidy()
                self._own.say()
                await wait_any(self._bell, POLL_S)
                await asyncio.sleep(GAP_S)

    def _served(self, webhook_id: Id, _: asyncio.Task[int]) -> None:
        self._busy.pop(webhook_id, None)
        self._bell.set()  # a place is free

    # --- telling ----------------------------------------------------------------------------------------------------

    async def tell(self) -> int:
        """Writes the deliveries of what was sealed since; how many."""
        told, more = 0, True
        while more:
            new, more = await self._tell_piece()
            told += new
        return told

    async def _tell_piece(self) -> tuple[int, bool]:
        """Writes a piece of them: how many, and whether there may be more."""
        look = partial(webhook_log.news, looked=self._upto, most=webhook_events.AT_ONCE)
        news: webhook_log.LogStretch = await self._door.read(SYSTEM, look)
        if not news.concerns:
            self._upto = news.upto
            return 0, news.upto - news.after == webhook_events.AT_ONCE
        command = webhook_events.TellWebhooks(after=news.after, upto=news.upto, within=news.within)
        tell_id = derived_id("tell webhooks", news.after, news.within, news.upto)
        told = await self._own.do(command, "tell", news.upto, tell_id)
        return int(told.value) if told else 0, told is not None

    # --- sending ----------------------------------------------------------------------------------------------------

    def _waiting(self, read: Read) -> list[Id]:
        """The webhooks that have something due and whose receivers do not rest, the longest waiting first; without
        those that another process speaks to just now. A look at each webhook's own rows, so that none hides another."""
        now, found = self._clock(), []
        for (webhook_id,) in read.run("SELECT id FROM webhook"):
            lanes = [by_hand(webhook_id), *([] if self._turns.rests(webhook_id, now) else [webhook_id])]
            first = [row for lane in lanes for row in _first_due(read, lane, now, IN_A_ROW)]
            if first and all(until is None or not lasts(from_ms(until), now, CLAIMED_FOR) for *_, until in first):
                found.append((min(due for _, _, due, _ in first), Id(webhook_id)))
        return [webhook_id for _, webhook_id in sorted(found)]

    async def deliver(self) -> int:
        """Sends what is due now and waits for it; how many tries. For tests and for who closes the house."""
        waiting: list[Id] = await self._door.read(SYSTEM, self._waiting)
        return sum(await asyncio.gather(*[self._serve(each) for each in waiting]))

    async def _serve(self, webhook_id: Id) -> int:
        """One receiver's turn: what is due, one after the other. It ends with a failure, and where it took long."""
        self._turns.began(webhook_id)
        tried = took_ms = 0
        ok, after = True, timedelta()
        due: list[DueDelivery] = await self._door.read(SYSTEM, partial(self._due, webhook_id=webhook_id))
        for each in due:
            ours = await claim(self._door, each.outbox_id, self._clock)
            if ours is None:
                continue  # another process sends it
            answer = await self._try(each)
            await self._note(each, answer, ours.attempt)
            if answer.withheld:
                continue
            tried, took_ms = tried + 1, took_ms + answer.took_ms
            ok, after = answer.ok, answer.after or timedelta()
            if not ok or took_ms >= TURN_MS:
                break
        if tried:
            self._turns.ended(webhook_id, ok, took_ms, self._clock(), after)
        return tried

    def _due(self, read: Read, webhook_id: Id) -> list[DueDelivery]:
        now = self._clock()
        lanes = [by_hand(webhook_id), *([] if self._turns.rests(webhook_id, now) else [webhook_id])]
        rows = [row[:2] for lane in lanes for row in _first_due(read, lane, now, IN_A_ROW)]
        said = [(Id(outbox_id), orjson.loads(body)) for outbox_id, body in rows[:IN_A_ROW]]
        return [DueDelivery(outbox_id, each["delivery"], webhook_id, each["attempt"]) for outbox_id, each in said]

    async def _try(self, each: DueDelivery) -> ReceiverAnswer:
        """What may not be sent any more since it was written, or since the one before it was sent, is not."""
        message: WebhookRequest | ReceiverAnswer = await self._door.read(SYSTEM, partial(self._message, each=each))
        if isinstance(message, ReceiverAnswer):
            return message
        return await self._post(message.url, message.headers, message.body)

    def _message(self, read: Read, each: DueDelivery) -> WebhookRequest | ReceiverAnswer:
        """Whose webhook it is, what they may read, where it goes and its secrets, all as they are now; or why nothing
        is sent."""
        webhook, delivery, now = read.get(Webhook, each.webhook_id), read.get(Delivery, each.delivery_id), self._clock()
        if webhook is None or delivery is None:
            return ReceiverAnswer(False, None, "it was taken away", 0, withheld=True)
        if not webhook_events.still_told(read, webhook, delivery):
            return ReceiverAnswer(False, None, "the webhook's operator may not read this any more", 0, withheld=True)
        if not webhook.active:
            return ReceiverAnswer(False, None, "the webhook is off", 0)
        secrets = signing_keys(webhook, self._door.keys, now)
        if not secrets:
            return ReceiverAnswer(False, None, "the webhook has no secret that central can open", 0)
        body = body_of(read, delivery)
        return WebhookRequest(webhook.url, headers_of(delivery.id, now, body, secrets), body)

    async def _note(self, each: DueDelivery, answer: ReceiverAnswer, claimed: int) -> None:
        after_s = int(answer.after.total_seconds()) if answer.after else 0
        note = NoteAttempt(
            outbox_id=each.outbox_id,
            delivery_id=each.delivery_id,
            attempt=each.attempt,
            ok=answer.ok,
            status=answer.status,
            why=answer.why,
            took_ms=answer.took_ms,
            after_s=after_s,
            gone=answer.gone,
            withheld=answer.withheld,
        )
        await must_do(self._door, note, derived_id("webhook try", each.outbox_id, claimed))
        if not answer.ok:
            log.info("webhook not delivered", webhook=each.webhook_id, delivery=each.delivery_id, why=answer.why)

    async def tidy(self) -> None:
        """Deliveries that ended a month ago are forgotten, and who was a receiver."""
        there: list[tuple[Id]] = await self._door.read(SYSTEM, lambda read: read.run("SELECT id FROM webhook"))
        self._turns.forget_all_but({each for (each,) in there} | set(self._busy))
        before = self._clock() - KEPT_FOR
        day = before.replace(hour=0, minute=0, second=0, microsecond=0)

        def first(read: Read) -> Id | None:
            row = read.one(  # clock: a day that people or the law set; what is final of it waits for a steady clock
                "SELECT id FROM webhook_delivery "  # noqa: S608 - words of ours
                f"WHERE made < :before AND state <> '{DeliveryState.WAITING}' ORDER BY made, id LIMIT 1",
                before=to_ms(day),
            )
            return Id(row[0]) if row else None

        while self._door.believes_its_clock() and (oldest := await self._door.read(SYSTEM, first)):  # in pieces
            forgotten = derived_id("forget deliveries", oldest)
            if await self._own.do(webhook_events.ForgetDeliveries(before=day), "tidy", command_id=forgotten) is None:
                break


def _first_due(read: Read, lane: str, now: datetime, most: int) -> list[tuple[Id, str, int, int | None]]:
    """Id, body, when it was due, and until when it is somebody's to do."""
    rows = read.run(
        f"SELECT id, body, due, claimed_until FROM outbox WHERE lane = :lane AND {DUE} "  # noqa: S608 - our own words
        "ORDER BY due, id LIMIT :n",
        lane=lane, now=to_ms(now), n=most,
    )  # fmt: skip
    return [(Id(row[0]), row[1], row[2], row[3]) for row in rows]
