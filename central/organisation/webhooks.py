"""Webhooks: another program is told of what changes here. Who is told, what, and how each delivery went.

A webhook belongs to the operator who made it and tells what that operator may read, no more; whoever else may change
webhooks takes it over first, and by that lends it their own eyes. Its secret is made by the sender of the command, is
kept sealed, and leaves again only as a signature. What is told: webhook_events.py. How it is sent: webhook_delivery.py.
"""

import hmac
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Annotated, Any

import orjson

from central.kernel.actor import ActorKind
from central.kernel.contexts import organiser_of
from central.kernel.crud import CONFIGURED, NoChange, checked, configured, refused_row
from central.kernel.entity import BY_NAME, Between, Look, Ref, Secret, Unproved, entity
from central.kernel.keys import Keys
from central.kernel.outbox_state import OutboxState
from central.kernel.personal_data import ERASED, SIGN, replaced
from central.kernel.privileges import Action
from central.kernel.registry import COMMANDS, handler_of, handles
from central.kernel.spans import lasts
from central.kernel.tx import Read, Tx
from central.kernel.values import Code, Fault, Names
from central.kernel.vault import Vault
from central.organisation.model import OrganisationPrivilege
from central.organisation.receivers import never_reached
from central.organisation.settings import OrganisationSettings
from shared.clock import to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome, Reason, Refused

CREATE, DELETE, EXECUTE = (f"organisation.webhook.{each}" for each in (Action.CREATE, Action.DELETE, Action.EXECUTE))
OUTBOX_KIND = "webhook"
TRIED = f"kind = '{OUTBOX_KIND}' AND state <> '{OutboxState.WAITING}'"
"""Rows of the outbox that wait no more."""
CURSOR = "webhooks"  # the counter that says up to where in the log everybody was told
WITHIN = "webhooks within"  # and how far, in the row of the log that comes next (webhook_log.place_in_row)
MOST_WEBHOOKS = 20  # of an organiser, wherever below it they stand; and of the institution itself
FORGOTTEN_AT_ONCE = 2_000  # deliveries in one command
OLD_FOR = timedelta(hours=24)  # a secret that was replaced still signs beside the new one
PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)
_PATTERN = re.compile(r"[a-z_*]{1,60}(\.(created|changed|deleted|\*))?")


class NoWebhook(Reason):
    NO_SUCH = auto()
    NOT_AN_OPERATOR = auto()  # a device or central itself: nobody whose rights could say what is told
    NOT_YOURS = auto()
    BAD_SECRET = auto()
    NO_SECRET = auto()
    NOT_ACTIVE = auto()
    WITHHELD = auto()  # its operator may not read this any more
    TOO_MANY = auto()  # whose: an organiser, for all below it


class DeliveryState(StrEnum):
    WAITING = auto()
    DELIVERED = auto()
    GIVEN_UP = auto()


@configured(
    initial={"active": True},
    kept={"operator_id": "", "secret": "", "old_secret": "", "old_until": None, "since": None, "failing": None},
    without=(Action.CREATE, Action.DELETE),
)
@entity("webhook", read=OrganisationPrivilege.WEBHOOK_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Tells `url` of commands and of entities by name (`place_order`, `plan_*`; `site.changed`), in its context and
    below, as far as its operator may read. `failing`: since when nothing came through."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    url: Annotated[str, Look.URL]
    commands: Annotated[tuple[str, ...], Between(0, 50)]
    entities: Annotated[tuple[str, ...], Between(0, 50)]
    active: bool
    operator_id: Annotated[Id, Ref("operator")]
    secret: Annotated[str, Secret()]
    old_secret: Annotated[str, Secret()]
    old_until: datetime | None
    since: datetime
    failing: datetime | None


_TRY = Unproved("how the last try went: what was to be sent, and to whom, is proved")


@entity("webhook_delivery", read=OrganisationPrivilege.WEBHOOK_READ, index=(("webhook_id", "made"), ("state", "made")))
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One telling: what was or will be sent, and how the last try went (`answer` is the HTTP status, `took` in ms).
    Only the webhook's operator sees `body`. It is its own log, so the audit does not repeat it."""

    id: Id
    webhook_id: Annotated[Id, Ref("webhook")]
    event: str
    body: Annotated[str, Secret()]
    made: datetime
    state: Annotated[DeliveryState, _TRY]
    tries: Annotated[int, _TRY]
    tried: Annotated[datetime | None, _TRY]
    next_try: Annotated[datetime | None, _TRY]
    answer: Annotated[int | None, _TRY]
    why: Annotated[str, _TRY]
    took: Annotated[int, _TRY]


# --- secrets ---------------------------------------------------------------------------------------------------------


def vault_of(keys: Keys) -> Vault:
    """Sealed with a key that follows from central's root key, which is never in the database."""
    return Vault(hmac.digest(keys.root_key.private_bytes_raw(), b"parterre webhooks", sha256))


def secret_bytes(secret: str) -> bytes | None:
    """The key in `whsec_…`, as Standard Webhooks writes it; None for what is no such text."""
    try:
        raw = b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        return None
    return raw if secret.startswith(PREFIX) and len(raw) in SECRET_BYTES else None


def signing_keys(webhook: Webhook, keys: Keys, now: datetime) -> list[bytes]:
    """The newest first; the one before it as long as receivers may still hold it."""
    vault = vault_of(keys)
    sealed = [webhook.secret]
    if webhook.old_secret and webhook.old_until and lasts(webhook.old_until, now, OLD_FOR):
        sealed.append(webhook.old_secret)
    opened = [vault.open(each, webhook.id) for each in sealed if each]
    return [raw for each in opened if each and (raw := secret_bytes(each))]


# --- setting one up --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateWebhook:
    """A webhook of yours: it tells what you may read. `secret`: `whsec_` and base64 of 24 to 64 random bytes, made by
    you; without one it is made later, and nothing is sent before."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    url: Annotated[str, Look.URL]
    commands: Annotated[tuple[str, ...], Between(0, 50)] = ()
    entities: Annotated[tuple[str, ...], Between(0, 50)] = ()
    active: bool = True
    secret: Annotated[str, Secret()] = ""


@handles(CreateWebhook, needs=CREATE, refuses=(NoWebhook, NoChange), gives=Id, makes="webhook")
def create_webhook(tx: Tx, want: CreateWebhook) -> Outcome[Id]:
    if tx.actor.kind is not ActorKind.OPERATOR:
        return Refused(NoWebhook.NOT_AN_OPERATOR)
    if want.secret and secret_bytes(want.secret) is None:
        return Refused(NoWebhook.BAD_SECRET, fix="secret")
    if _beside(tx, want.context_id) >= MOST_WEBHOOKS:
        return Refused(NoWebhook.TOO_MANY, fix="context_id", detail={"most": MOST_WEBHOOKS})
    made = Webhook(
        id=want.id,
        context_id=want.context_id,
        code=want.code,
        names=want.names,
        url=want.url,
        commands=want.commands,
        entities=want.entities,
        active=want.active,
        operator_id=Id(tx.actor.id),
        secret=vault_of(tx.keys).seal(want.secret, want.id) if want.secret else "",
        old_secret="",
        old_until=None,
        since=tx.now,
        failing=None,
    )
    refused = refused_row(tx, CONFIGURED["webhook"], None, made)
    if refused:
        return refused
    if not tx.one("SELECT 1 FROM webhook WHERE active = 1"):
        skip_to_head(tx)  # nobody was told so far, so what lies behind is nobody's to be told
    tx.insert(made)
    return Ok(want.id)


def _beside(read: Read, context_id: Id) -> int:
    """How many webhooks there are of whose it would be. What happens at a context is told to all above it, so what an
    organiser has below it counts together: else each season would have as many again."""
    organiser = organiser_of(read, context_id)
    if organiser is None:  # the institution's: those of its organisers are theirs
        return int(read.run("SELECT COUNT(*) FROM webhook WHERE context_id = :at", at=context_id)[0][0])
    ((there,),) = read.run(
        "WITH RECURSIVE stands (id, at) AS (SELECT id, context_id FROM webhook UNION ALL "
        "SELECT stands.id, context.parent_id FROM stands JOIN context ON context.id = stands.at) "
        "SELECT COUNT(*) FROM stands WHERE at = :at",
        at=organiser.id,
    )
    return int(there)


def skip_to_head(tx: Tx) -> None:
    (head,) = tx.run("SELECT COALESCE(MAX(seq), 0) FROM command_log")[0]
    keep_cursor(tx, head)


def keep_cursor(tx: Tx, seq: int, within: int = 0) -> None:
    tx.set_counter(CURSOR, seq)
    tx.set_counter(WITHIN, within)


@checked(Webhook, refuses=(NoWebhook,))
def webhook_sound(read: Read, before: Webhook | None, after: Webhook | None) -> Refused | None:
    if after is None:
        return None
    if before and not _own(read, before):
        return Refused(NoWebhook.NOT_YOURS, fix=before.id, detail={"operator_id": before.operator_id})
    found = [
        *_pattern_faults("commands", after.commands, COMMANDS),
        *_pattern_faults("entities", after.entities, BY_NAME),
    ]
    moved = before is None or before.url != after.url or after.active > before.active
    if moved and never_reached(after.url, read.settings.of(OrganisationSettings).webhook_networks):
        found.append({"at": "url", "what": "never_reached", "value": after.url[:200]})
    if not found and not after.commands and not after.entities:
        found.append({"at": "commands", "what": "nothing_chosen"})
    return Refused(NoChange.FAULTY, fix=found[0]["at"], detail={"faults": found}) if found else None


def _own(read: Read, webhook: Webhook) -> bool:
    return read.actor.kind is ActorKind.SYSTEM or read.actor.id == webhook.operator_id


def _pattern_faults(at: str, patterns: Iterable[str], known: Iterable[str]) -> Iterator[Fault]:
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern) or (at == "commands" and "." in pattern):
            yield {"at": at, "what": "not_a_pattern", "value": pattern[:60]}
        elif not any(fnmatchcase(name, pattern.partition(".")[0]) for name in known):
            yield {"at": at, "what": "matches_nothing", "value": pattern}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWebhookSecret:
    """A new secret, made by you: `whsec_` and base64 of 24 to 64 random bytes. The one before it signs beside it for a
    day, so that the receiver can change over."""

    webhook_id: Annotated[Id, Ref("webhook")]
    secret: Annotated[str, Secret()]


@handles(SetWebhookSecret, needs=OrganisationPrivilege.WEBHOOK_MODIFY, refuses=(NoWebhook,))
def set_webhook_secret(tx: Tx, want: SetWebhookSecret) -> Outcome[None]:
    before = tx.get(Webhook, want.webhook_id)
    if before is None:
        return Refused(NoWebhook.NO_SUCH, fix="webhook_id")
    if not _own(tx, before):
        return Refused(NoWebhook.NOT_YOURS, fix=before.id, detail={"operator_id": before.operator_id})
    if secret_bytes(want.secret) is None:
        return Refused(NoWebhook.BAD_SECRET, fix="secret")
    sealed = vault_of(tx.keys).seal(want.secret, before.id)
    until = tx.now + OLD_FOR if before.secret else None
    tx.update(before, replace(before, secret=sealed, old_secret=before.secret, old_until=until))
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverWebhook:
    """The webhook is yours from now on: it tells what you may read, and you may change it. What it told and was to tell
    with the eyes of who had it goes before that, log and content. Answers with how many deliveries are left; give it
    again until none is."""

    webhook_id: Annotated[Id, Ref("webhook")]


@handles(TakeOverWebhook, needs=OrganisationPrivilege.WEBHOOK_MODIFY, refuses=(NoWebhook,), gives=int)
def take_over_webhook(tx: Tx, want: TakeOverWebhook) -> Outcome[int]:
    before = tx.get(Webhook, want.webhook_id)
    if before is None:
        return Refused(NoWebhook.NO_SUCH, fix="webhook_id")
    if tx.actor.kind is not ActorKind.OPERATOR:
        return Refused(NoWebhook.NOT_AN_OPERATOR)
    if before.operator_id != tx.actor.id:
        if left := _forget_told(tx, before):
            return Ok(left)
        tx.update(before, replace(before, operator_id=Id(tx.actor.id), active=_stays_on(tx, before)))
    return Ok(0)


def _stays_on(tx: Tx, webhook: Webhook) -> bool:
    """Whether it was on before it was taken over: that alone has switched it off, or nothing has."""
    if webhook.active:
        return True
    last = tx.one(
        "SELECT l.name FROM audit a JOIN command_log l ON l.id = a.command_id WHERE a.entity_id = :id "
        "AND a.entity = 'webhook' AND a.change LIKE '%\"active\"%' ORDER BY l.at DESC, l.turn DESC LIMIT 1",
        id=webhook.id,
    )
    return last is not None and last[0] == handler_of(TakeOverWebhook).name


def _forget_told(tx: Tx, webhook: Webhook) -> int:
    """Takes its deliveries away, and what is waiting to be sent, a piece of each at a time. Answers with how many are
    left: it tells nothing then, and the command is given again."""
    lanes = {"lane": webhook.id, "hand": by_hand(webhook.id)}
    # log: only columns that are kept beside it
    tx.write(
        f"UPDATE outbox SET state = '{OutboxState.DONE}' WHERE id IN "  # noqa: S608 - words of ours
        "(SELECT id FROM outbox WHERE lane IN (:lane, :hand) "
        f"AND state = '{OutboxState.WAITING}' ORDER BY due, id LIMIT :n)",
        n=FORGOTTEN_AT_ONCE, **lanes,
    )  # fmt: skip
    forget_some(tx, "webhook_id = :id", id=webhook.id)
    ((told,),) = tx.run("SELECT COUNT(*) FROM webhook_delivery WHERE webhook_id = :id", id=webhook.id)
    ((waits,),) = tx.run(
        "SELECT COUNT(*) FROM outbox "  # noqa: S608 - words of ours
        f"WHERE lane IN (:lane, :hand) AND state = '{OutboxState.WAITING}'",
        **lanes,
    )
    left = max(told, waits)
    if left and webhook.active:
        tx.update(webhook, replace(webhook, active=False))
    return int(left)


def forget_some(tx: Tx, which: str, **params: Any) -> int:
    """The oldest deliveries of these (SQL), as many as one command takes away; answers with their number."""
    some = f"SELECT id FROM webhook_delivery WHERE {which} ORDER BY made, id LIMIT :n"  # noqa: S608 - our own words
    return tx.remove(Delivery, f"WHERE id IN ({some})", n=FORGOTTEN_AT_ONCE, **params)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteWebhook:
    """Takes a webhook away, and before it the log of its deliveries; what is waiting is not sent any more. Answers with
    how many deliveries are left: it stands and tells nothing then; give it again until none is."""

    webhook_id: Annotated[Id, Ref("webhook")]


@handles(DeleteWebhook, deletes=True, needs=DELETE, refuses=(NoWebhook,), gives=int)
def delete_webhook(tx: Tx, want: DeleteWebhook) -> Outcome[int]:
    before = tx.get(Webhook, want.webhook_id)
    if before is None:
        return Refused(NoWebhook.NO_SUCH, fix="webhook_id")
    if left := _forget_told(tx, before):
        return Ok(left)
    tx.delete(before)
    return Ok(0)


# --- deliveries ------------------------------------------------------------------------------------------------------


def by_hand(webhook_id: Id) -> str:
    """The lane of what a person sends again: it does not wait until a receiver that failed has rested."""
    return f"{webhook_id} by hand"


def tell_post(tx: Tx, delivery: Delivery, attempt: int, due: datetime, lane: str = "") -> None:
    body = {"webhook": delivery.webhook_id, "delivery": delivery.id, "attempt": attempt}
    tx.tell(OUTBOX_KIND, body, due, lane or delivery.webhook_id)


def body_of(read: Read, delivery: Delivery) -> str:
    """What is sent: what it says about people is opened now; of who is forgotten by now it says nothing."""
    if SIGN not in delivery.body:
        return delivery.body
    said = orjson.loads(delivery.body)
    opened = read.people.open(said["data"]["command"]["id"], said)
    return orjson.dumps(replaced(opened, lambda text: None if text == ERASED else text)).decode()


def write_delivery(tx: Tx, after: Delivery) -> None:
    """Without an audit row: a delivery is its own log."""
    # log: only columns that are kept beside it
    tx.write(
        "UPDATE webhook_delivery SET state = :state, tries = :tries, tried = :tried, next_try = :next_try, "
        "answer = :answer, why = :why, took = :took WHERE id = :id",
        id=after.id, state=after.state, tries=after.tries, tried=_ms(after.tried), next_try=_ms(after.next_try),
        answer=after.answer, why=after.why, took=after.took,
    )  # fmt: skip
    tx.touched.add("webhook_delivery")


def _ms(at: datetime | None) -> int | None:
    return to_ms(at) if at else None
