"""From the log to the deliveries: which webhooks are told of a command that stands, and what of it.

Right and perimeter are those of the webhook's operator at this moment. A command is told to who may read the log where
it acted (`organisation.audit.read`); what it did to an entity's rows to who may read those. It is told in pieces, so
that sales come between them however many are told of however much: a piece's deliveries, their outbox rows and how far
it came are one transaction, so nothing is told twice and nothing is forgotten. The loop that asks for it is
webhook_delivery.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Annotated, Any

import orjson

from central.kernel.contexts import by_house_alone, root_of_house
from central.kernel.db import in_list
from central.kernel.deleted_rows import context_then, path_then
from central.kernel.entity import BY_NAME, Declaration, Ref
from central.kernel.former_names import names_of, names_of_command, renamed, today
from central.kernel.outbox import take_out
from central.kernel.personal_data import ERASED, Personal
from central.kernel.registry import COMMANDS, handles
from central.kernel.scope import context_of, lay_within
from central.kernel.tx import Read, Tx
from central.organisation.model import OrganisationPrivilege
from central.organisation.webhook_log import (
    Asking,
    LoggedCommand,
    asks_for,
    cursor,
    done_after,
    fits_any,
    place_in_row,
    still_asking,
    those_on,
    those_told,
    touched_by,
    wanted_by,
    with_eyes,
)
from central.organisation.webhooks import (
    EXECUTE,
    FORGOTTEN_AT_ONCE,
    TRIED,
    Delivery,
    DeliveryState,
    NoWebhook,
    Webhook,
    by_hand,
    forget_some,
    keep_cursor,
    tell_post,
    write_delivery,
)
from shared.clock import to_ms
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused

AT_ONCE = 200  # rows of the log in one transaction
PIECE = 500  # deliveries in one transaction
MOST_ROWS = 100  # of an entity in one delivery
MOST_BYTES = 20_000  # of a delivery, as Standard Webhooks advises; beyond it what can be asked for is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class TellWebhooks:
    """Central's own: writes deliveries of this stretch of the log, a piece. `within`: in its first row those up to this
    place are told already."""

    after: int
    upto: int
    within: int = 0


@dataclass(frozen=True, slots=True)
class ToTell:
    """A delivery to be written: its id follows from webhook, command and event. `seq`, `place`: where it stands in the
    log."""

    id: Id
    webhook_id: Id
    event: str
    payload: str
    seq: int
    place: int


@dataclass(frozen=True, slots=True)
class TellingPiece:
    """What is written at once, and up to where everybody is told then."""

    told: list[ToTell]
    upto: int
    within: int = 0


def to_tell(read: Read, want: TellWebhooks) -> TellingPiece:
    """A piece of what this stretch of the log says to whom, put together beside the writer."""
    told = list(islice(_stretch(read, want), PIECE + 1))
    if len(told) <= PIECE:
        return TellingPiece(told, want.upto)
    last = told[PIECE - 1]
    return TellingPiece(told[:PIECE], last.seq - 1, last.place)


def _stretch(read: Read, want: TellWebhooks) -> Iterator[ToTell]:
    webhooks, eyes = those_on(read), dict[Id, Asking | None]()
    found = done_after(read, want.after, want.upto) if webhooks else []
    touched = touched_by(read, [each.id for each in found])
    for done in found:
        past = want.within if done.seq == want.after + 1 else 0
        for each in webhooks:
            if wanted_by(each, done, touched.get(done.id, ())):
                one = eyes[each.id] if each.id in eyes else eyes.setdefault(each.id, with_eyes(read, each))
                yield from _told(read, one, done, touched.get(done.id, ()), past) if one else ()


@handles(
    TellWebhooks, told=False, needs=OrganisationPrivilege.WEBHOOK_MODIFY, at=by_house_alone, gives=int, looked=to_tell
)
def tell_webhooks(tx: Tx, want: TellWebhooks, piece: TellingPiece | None) -> Outcome[int]:
    """Answers with how many are new. Each is told at most once, and none to a webhook that is off by now."""
    if (want.after, want.within) < cursor(tx):
        return Ok(0)  # another process told it meanwhile
    piece = piece or TellingPiece([], want.upto)
    still = {each for each in {one.webhook_id for one in piece.told} if still_asking(tx, each)}
    known = those_told(tx, [each.id for each in piece.told])
    new = [
        Delivery(
            id=each.id,
            webhook_id=each.webhook_id,
            event=each.event,
            body=each.payload,
            made=tx.now,
            state=DeliveryState.WAITING,
            tries=0, tried=None,
            next_try=tx.now,
            answer=None,
            why="",
            took=0,
        )
        for each in piece.told if each.webhook_id in still and each.id not in known
    ]  # fmt: skip
    tx.append(new)
    for delivery in new:
        tell_post(tx, delivery, 1, tx.now)
    keep_cursor(tx, piece.upto, piece.within)
    return Ok(len(new))


def _told(read: Read, one: Asking, done: LoggedCommand, touched: Iterable[str], past: int) -> Iterator[ToTell]:
    """What a row of the log says to a webhook, behind this place in it."""
    for n, event in enumerate(("command." + done.name, *touched)):
        place = place_in_row(one.webhook.id, n)
        if place <= past:
            continue
        data = None
        if n == 0 and fits_any(one.webhook.commands, *names_of_command(done.name)):
            data = _command(read, one, done)
        elif n and asks_for(one.webhook, event):
            data = _rows(read, one, done, *event.split("."))
        if data is not None:
            made = derived_id("webhook", one.webhook.id, done.id, event)
            yield ToTell(made, one.webhook.id, event, payload(event, done.at, data), done.seq, place)


def payload(event: str, at: datetime, data: dict[str, Any]) -> str:
    """Type, time and data, as Standard Webhooks has them; what makes it too big is left out, since it can be asked
    for: first the rows' values, then what changed in them, then a command's fields."""
    for drop in ((), ("row",), ("row", "change")):
        rows = [{key: value for key, value in row.items() if key not in drop} for row in data.get("rows", ())]
        slim = {**data, **({"rows": rows} if "rows" in data else {})}
        body = orjson.dumps({"type": event, "timestamp": at.isoformat(), "data": slim})
        if len(body) <= MOST_BYTES:
            return body.decode()
    slim.pop("fields", None)
    return orjson.dumps({"type": event, "timestamp": at.isoformat(), "data": slim}).decode()


# --- what its operator may read --------------------------------------------------------------------------------------


def _command(read: Read, one: Asking, done: LoggedCommand) -> dict[str, Any] | None:
    """To who may read the log there. Whoever is narrowed to some objects is told of no command: its fields may name
    others."""
    place = done.place or root_of_house(read)
    if place is None or not _logs(read, one, place):
        return None
    if len(done.body) > MOST_BYTES:  # they would be left out below
        return {"command": done.public, "context": place}
    handler = COMMANDS.get(done.name)
    fields = orjson.loads(done.body)
    for secret in handler.secrets if handler else ():
        fields.pop(secret, None)
    return {"command": done.public, "context": place, "fields": fields}


def _logs(read: Read, one: Asking, place: str) -> bool:
    return not one.owner.perimeter and _here(read, one, OrganisationPrivilege.AUDIT_READ, place)


def _here(read: Read, one: Asking, privilege: str, place: str) -> bool:
    """Whether this stands in the webhook's context or below, and its operator holds the privilege there."""
    path = path_then(read, place)
    return one.webhook.context_id in path and one.owner.may(privilege, path)


def _rows(read: Read, one: Asking, done: LoggedCommand, entity: str, action: str) -> dict[str, Any] | None:
    """What happened to an entity's rows, as far as the webhook's operator sees them; None: nothing."""
    declaration = BY_NAME.get(entity)
    if declaration is None:
        return None
    changes, more = _changes(read, declaration, done.id, action)
    rows = []
    for row_id, change in changes.items():
        row = _seen(read, one, declaration, row_id, change if action == "deleted" else None)
        if row is not None:
            _seal(read, declaration, done, row_id, row, change)
            rows.append({"id": row_id, **({"change": change} if change else {}), **({"row": row} if row else {})})
    if not rows:
        return None
    return {"command": done.public, "entity": entity, "action": action, "rows": rows[:MOST_ROWS], "more": more}


def _changes(
    read: Read, declaration: Declaration, command_id: str, action: str
) -> tuple[dict[str, dict[str, list[Any]]], bool]:
    """What a command changed in an entity's rows, by their ids, and whether there is more of it."""
    called, params = in_list("entity", names_of(declaration.name))
    found = read.run(
        f"SELECT entity_id, change FROM audit WHERE command_id = :id AND entity IN {called} AND action = :action "  # noqa: S608 - names of ours, values are parameters
        "ORDER BY n LIMIT :most",
        id=command_id,
        action=action,
        most=MOST_ROWS + 1,
        **params,
    )
    changes = {}
    for row_id, group in groupby(found, itemgetter(0)):
        told = read.people.opened([(command_id, change or "{}") for _, change in group])
        changes[row_id] = _change(declaration, action, told)
    return changes, len(found) > MOST_ROWS


def _seen(
    read: Read, one: Asking, declaration: Declaration, row_id: str, was: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The row as it is, without secrets; empty for one that is gone; None: not theirs to see."""
    entity = None if was is not None else read.get(declaration.kind, row_id)
    values = declaration.public(entity) if entity is not None else _before(was or {})
    place = context_of(read, declaration.name, row_id) if entity is not None else None
    if not _theirs(read, one, declaration, {**values, "id": row_id}, place):
        return None
    return values if entity is not None else {}


def _before(change: Mapping[str, Any]) -> dict[str, Any]:
    return {name: before for name, (before, _) in change.items()}


def _theirs(
    read: Read, one: Asking, declaration: Declaration, values: Mapping[str, Any], place: str | None = None
) -> bool:
    """Whether they may see a row with these values; `place`: where it stands, if it is there."""
    place = place or context_then(read, declaration, values)
    return (
        place is not None
        and _here(read, one, declaration.read, place)
        and lay_within(read, one.owner.perimeter, declaration, values)
    )


# --- whether they still may ------------------------------------------------------------------------------------------


def still_told(read: Read, webhook: Webhook, delivery: Delivery) -> bool:
    """Whether the webhook's operator is there and may read now what a delivery says: all of it, since it is sent as it
    was. Asked at each try, the first too: what it says was put together with the rights of then."""
    one, said = with_eyes(read, webhook), orjson.loads(delivery.body)["data"]
    if one is None:
        return False
    if delivery.event.startswith("command."):
        return _logs(read, one, said["context"])
    declaration = BY_NAME.get(today(said["entity"]))
    if declaration is None:
        return False
    was: Mapping[str, Any] = {}
    if said["action"] == "deleted":  # what was too big for the body stands in the audit
        was, _ = _changes(read, declaration, said["command"]["id"], "deleted")
    return all(_still_seen(read, one, declaration, row, was.get(row["id"])) for row in said["rows"])


def _still_seen(
    read: Read, one: Asking, declaration: Declaration, told: Mapping[str, Any], was: Mapping[str, Any] | None
) -> bool:
    """The row as it was told or was deleted, and as it is if it is there."""
    entity, row_id = read.get(declaration.kind, told["id"]), told["id"]
    then = told.get("row") or (_before(was) if was else None)
    shown = entity is not None or then is not None
    if entity is not None:
        place = context_of(read, declaration.name, row_id)
        shown = _theirs(read, one, declaration, {**declaration.public(entity), "id": row_id}, place)
    return shown and (then is None or _theirs(read, one, declaration, {**then, "id": row_id}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendDelivery:
    """Sends a delivery again as it was, with the same id: a receiver that had it knows it."""

    delivery_id: Annotated[Id, Ref("webhook_delivery")]


@handles(ResendDelivery, needs=EXECUTE, refuses=(NoWebhook,))
def resend_delivery(tx: Tx, want: ResendDelivery) -> Outcome[None]:
    delivery = tx.get(Delivery, want.delivery_id)
    webhook = tx.get(Webhook, delivery.webhook_id) if delivery else None
    if delivery is None or webhook is None:
        return Refused(NoWebhook.NO_SUCH, fix="delivery_id")
    if not webhook.active:
        return Refused(NoWebhook.NOT_ACTIVE, fix=webhook.id)
    if not webhook.secret:
        return Refused(NoWebhook.NO_SECRET, fix=webhook.id)
    if not still_told(tx, webhook, delivery):  # or it would be given up as soon as its turn comes
        return Refused(NoWebhook.WITHHELD, fix=webhook.id, detail={"operator_id": webhook.operator_id})
    # Its tries go on from where they were, so that a try under way cannot be taken for one of the new ones.
    waiting = replace(delivery, state=DeliveryState.WAITING, next_try=tx.now)
    write_delivery(tx, waiting)
    tell_post(tx, waiting, delivery.tries + 1, tx.now, by_hand(webhook.id))
    return Ok(None)


# --- what is said about people ---------------------------------------------------------------------------------------


def _seal(
    read: Read,
    declaration: Declaration,
    done: LoggedCommand,
    row_id: str,
    row: dict[str, Any],
    change: dict[str, list[Any]],
) -> None:
    """What is told about people waits as the log keeps it, and is opened when it is sent (webhooks.body_of)."""
    for each in declaration.personal:
        whose = (change.get(each.mark.of) or [None])[0] if not row else row[each.mark.of]
        subject = row_id if each.mark.of == "id" else whose

        def kept(value: Any, mark: Personal = each.mark, subject: str | None = subject) -> Any:
            return read.people.seal(mark, subject, value, done.id) if subject and value != ERASED else None

        if each.name in row:
            row[each.name] = kept(row[each.name])
        if each.name in change:
            change[each.name] = [kept(value) for value in change[each.name]]


def _change(declaration: Declaration, action: str, told: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """{field: [before, after]} as programs read values, without secrets; several changes of one row in one."""
    merged: dict[str, list[Any]] = {}
    for each in told:
        for name, (before, after) in renamed(declaration.name, each).items():
            merged[name] = [merged[name][0] if name in merged else before, after]
    columns = {column.name: column for column in declaration.columns}
    found = {}
    for name, pair in merged.items():
        column = columns.get(name)
        if column is None or not column.secret:
            raw = (
                column is None or column.from_db is None or action == "deleted"
            )  # a deleted row is told as it was shown
            found[name] = pair if raw or not column else [_read(column.from_db, value) for value in pair]
    return found


def _read(from_db: Any, value: Any) -> Any:
    try:
        return value if value is None else from_db(value)
    except (ValueError, TypeError):
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetDeliveries:
    """Central's own: deliveries that have ended, older than this, with their outbox rows; a piece of them."""

    before: datetime


@handles(ForgetDeliveries, told=False, needs=OrganisationPrivilege.WEBHOOK_MODIFY, at=by_house_alone)
def forget_deliveries(tx: Tx, want: ForgetDeliveries) -> Outcome[None]:
    before = to_ms(want.before)  # clock: final, and waits for a steady one
    forget_some(tx, f"made < :before AND state <> '{DeliveryState.WAITING}'", before=before)
    some = f"SELECT id FROM outbox WHERE {TRIED} AND due < :before ORDER BY due, id LIMIT :n"  # noqa: S608 - our own words
    take_out(tx, f"id IN ({some})", before=before, n=FORGOTTEN_AT_ONCE)
    return Ok(None)
