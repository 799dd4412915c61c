"""What of the log webhooks could be told, before anybody looks closer: which are on, what stands in a stretch of it,
what that touched; and how far they have been told."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from central.kernel.actor import Actor
from central.kernel.columns import columns
from central.kernel.db import in_list
from central.kernel.former_names import command_today, names_of, names_of_command, today
from central.kernel.registry import COMMANDS
from central.kernel.tx import Read
from central.organisation.model import Operator
from central.organisation.rights import actor_of
from central.organisation.webhooks import CURSOR, WITHIN, Webhook
from shared.clock import from_ms
from shared.ids import Id


@dataclass(frozen=True, slots=True)
class LoggedCommand:
    """A command that stands, as the log has it."""

    id: str
    seq: int
    at_ms: int
    actor: str
    name: str
    place: str | None
    body: str

    @property
    def at(self) -> datetime:
        return from_ms(self.at_ms)

    @property
    def public(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "by": self.actor, "seq": self.seq}


_LOGGED = columns(
    LoggedCommand, id="id", seq="seq", at_ms="at", actor="actor", name="name", place="place", body="body"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asking:
    """A webhook with the eyes it looks through."""

    webhook: Webhook
    owner: Actor


def those_on(read: Read) -> list[Webhook]:
    """In the order in which they are told. Whose eyes they look through is asked of those alone that something
    concerns: a house may have thousands, and each is some statements."""
    found = read.find(Webhook, "WHERE active = 1 AND secret <> ''")
    return sorted(found, key=lambda webhook: place_in_row(webhook.id, 0))


def still_asking(read: Read, webhook_id: Id) -> bool:
    """Whether it is on, and its operator is still there."""
    webhook = read.get(Webhook, webhook_id)
    operator = read.get(Operator, webhook.operator_id) if webhook and webhook.active and webhook.secret else None
    return operator is not None and operator.active


def with_eyes(read: Read, webhook: Webhook) -> Asking | None:
    operator = read.get(Operator, webhook.operator_id)
    return Asking(webhook, actor_of(read, operator)) if operator and operator.active else None


def done_after(read: Read, after: int, upto: int) -> list[LoggedCommand]:
    """What stands in this stretch of the log, without the tellings themselves and without what was refused."""
    rows = read.run(
        f"SELECT {_LOGGED} FROM command_log "  # noqa: S608 - names of ours
        "WHERE seq > :after AND seq <= :upto AND answer LIKE '+%' ORDER BY seq",
        after=after,
        upto=upto,
    )
    said = [replace(one, name=command_today(one.name)) for one in (LoggedCommand(*row) for row in rows)]
    return [one for one in said if (handler := COMMANDS.get(one.name)) is None or handler.told]  # or it never ends


def wanted_by(one: Webhook, done: LoggedCommand, touched: Iterable[str]) -> bool:
    """Whether anything of this could be told to it, before anybody looks closer. `touched`: `site.changed` …"""
    if done.at < one.since:
        return False
    return fits_any(one.commands, *names_of_command(done.name)) or any(asks_for(one, each) for each in touched)


def asks_for(one: Webhook, event: str) -> bool:
    """Whether it asks for an event, by its name of today or a former one."""
    entity, _, action = event.partition(".")
    return any(fits_any(one.entities, f"{name}.{action}", name) for name in names_of(entity))


def fits_any(patterns: Iterable[str], *names: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def touched_by(read: Read, commands: Iterable[str]) -> dict[str, list[str]]:
    """`entity.action` by command."""
    found: dict[str, list[str]] = {}
    if ids := list(commands):
        inside, params = in_list("c", ids)
        for command_id, entity, action in read.run(
            f"SELECT DISTINCT command_id, entity, action FROM audit WHERE command_id IN {inside} "  # noqa: S608 - names of ours, values are parameters
            "ORDER BY command_id, entity, action",
            **params,
        ):
            found.setdefault(command_id, []).append(f"{today(entity)}.{action}")
    return found


def place_in_row(webhook_id: Id, event: int) -> int:
    """Where the telling of an event stands among those of one row of the log: it stays there whatever webhooks come,
    go or are switched off while the row is told. `event`: 0 for the command, then what it touched, in order. A number,
    as a counter keeps it; digests of 48 bits, since ids are made by whoever makes the webhook."""
    return int.from_bytes(sha256(webhook_id.encode()).digest()[:6]) << 14 | event


def head(read: Read) -> int:
    return int(read.run("SELECT COALESCE(MAX(seq), 0) FROM command_log")[0][0])


def cursor(read: Read) -> tuple[int, int]:
    """Up to which row of the log everybody was told, and up to which place in the row after it."""
    kept: dict[str, int] = dict(
        map(tuple, read.run("SELECT name, value FROM counter WHERE name IN (:a, :b)", a=CURSOR, b=WITHIN))
    )
    return kept.get(CURSOR, 0), kept.get(WITHIN, 0)


@dataclass(frozen=True, slots=True)
class LogStretch:
    """From where to where to look next, and whether anything in it concerns anybody."""

    after: int
    within: int
    upto: int
    concerns: bool


def news(read: Read, looked: int, most: int) -> LogStretch:
    """`looked`: up to where somebody looked who found nothing to tell. `most`: rows of the log."""
    (kept, within), last = cursor(read), head(read)
    webhooks = those_on(read)
    if not webhooks:
        return LogStretch(last, 0, last, False)
    after = max(kept, looked)
    upto = min(last, after + most)
    found = done_after(read, after, upto)
    touched = touched_by(read, [each.id for each in found])
    wanted = {
        each.id for done in found for each in webhooks if wanted_by(each, done, touched.get(done.id, ()))
    }  # fmt: skip
    concerns = any(still_asking(read, each) for each in sorted(wanted))
    return LogStretch(after, within if after == kept else 0, upto, concerns)


def those_told(read: Read, ids: list[Id]) -> set[str]:
    """Of these deliveries those that stand."""
    if not ids:
        return set()
    among, params = in_list("id", ids)
    return {row[0] for row in read.run(f"SELECT id FROM webhook_delivery WHERE id IN {among}", **params)}  # noqa: S608 - values are parameters
