"""The log as a whole: every command that came to the door, the refused ones too, newest first.

It is read along `seq`, in stretches, and for no longer than `LONGEST_S`: however rare what is looked for among millions
of rows, the answer comes at once and says how far it looked, and the next look goes on from there. So no filter needs
an index of its own, which every sale would pay for.
"""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import orjson

from central.kernel.columns import columns
from central.kernel.contexts import contexts_below, root_of_house, the_house
from central.kernel.db import in_list
from central.kernel.deleted_rows import with_gone
from central.kernel.entity import Ref
from central.kernel.former_names import command_today, names_of, names_of_command
from central.kernel.privileges import AUDIT_READ
from central.kernel.registry import COMMANDS, THE_DOORS, answers
from central.kernel.replies import NoEntry
from central.kernel.tx import Read
from shared.clock import from_ms, to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome, Reason, reason_named

PAGE = 50
LONGEST_S = 0.25
FIRST_STRETCH = 2_000
LONGEST_STRETCH = 50_000
SLACK = timedelta(minutes=10)  # rows are sealed in their order, which their times follow only so closely


@dataclass(frozen=True, slots=True)
class LogFilter:
    """`places` are the contexts in which the asker may read the log (None: all, also what stands in none); `at` a
    context and what is below it; `before` the number under which to go on."""

    places: tuple[str, ...] | None = None
    at: tuple[str, ...] | None = None
    who: str = ""
    command: str = ""
    entity: str = ""
    row_id: str = ""
    origin: str = ""
    ok: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int = 0


@dataclass(frozen=True, slots=True)
class LogRow:
    """`reason`: why it was refused; None for what was done."""

    seq: int | None
    id: str
    at: datetime
    actor: str
    origin: str
    command: str
    place: str | None
    reason: Reason | None
    hash: str

    @property
    def ok(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class LogPage:
    """`next`: where to go on, 0 where there is nothing older; `until`: the time down to which was looked, if the look
    ended before the page was full."""

    rows: list[LogRow]
    next: int
    until: datetime | None = None


def found(read: Read, want: LogFilter, most: int = PAGE, longest_s: float = LONGEST_S) -> LogPage:
    where, params = _where(want)
    rows = [] if want.before else _unsealed(read, where, params, most)
    high = min(
        want.before - 1 if want.before else _head(read), _seq_at(read, want.until + SLACK) if want.until else _MOST
    )
    low = _seq_at(read, want.since - SLACK) if want.since else 0
    if want.row_id:  # one thing's rows are few, and known
        rows += _between(read, where, params, 0, high, most + 1 - len(rows))
        return _page(rows, most)
    ends, stretch = time.monotonic() + longest_s, FIRST_STRETCH
    while high > low and len(rows) <= most:
        start = max(low, high - stretch)
        rows += _between(read, where, params, start, high, most + 1 - len(rows))
        high, stretch = start, min(2 * stretch, LONGEST_STRETCH)
        if time.monotonic() > ends and len(rows) <= most and high > low:
            return LogPage(rows, high + 1, _time_at(read, high))
    return _page(rows, most)


_MOST = 2**62


def _page(rows: list[LogRow], most: int) -> LogPage:
    sealed = [row.seq for row in rows[:most] if row.seq]
    return LogPage(rows[:most], sealed[-1] if len(rows) > most and sealed else 0)


def _where(want: LogFilter) -> tuple[str, dict[str, Any]]:
    conditions, params = ["1 = 1"], dict[str, Any]()
    for name, places in (("seen", want.places), ("below", want.at)):
        if places is not None:
            inside, more = in_list(name, places)
            conditions.append(f"l.place IN {inside}" if places else "1 = 0")
            params |= more
    if want.who:
        conditions.append("l.actor = :actor")
        params["actor"] = want.who
    if want.command:
        called, more = in_list("command", names_of_command(want.command))
        conditions.append(f"l.name IN {called}")
        params |= more
    if want.entity or want.row_id:
        parts = ["a.entity_id = :entity_id"] if want.row_id else []
        params |= {"entity_id": want.row_id} if want.row_id else {}
        if want.entity:
            called, more = in_list("entity", names_of(want.entity))
            parts.append(f"a.entity IN {called}")
            params |= more
        if want.row_id:
            conditions.append(f"l.id IN (SELECT a.command_id FROM audit a WHERE {' AND '.join(parts)})")  # noqa: S608 - names of ours, values are parameters
        else:
            conditions.append(f"EXISTS (SELECT 1 FROM audit a WHERE a.command_id = l.id AND {' AND '.join(parts)})")  # noqa: S608 - names of ours, values are parameters
    if want.origin:
        conditions.append("lower(l.origin) LIKE :origin ESCAPE '!'")
        params["origin"] = f"%{_literal(want.origin.lower())}%"
    if want.ok is not None:
        conditions.append(f"substr(l.answer, 1, 1) = '{'+' if want.ok else '-'}'")
    for sign, name, moment in ((">=", "since", want.since), ("<", "until", want.until)):
        if moment:
            conditions.append(f"l.at {sign} :{name}")
            params[name] = to_ms(moment)
    return " AND ".join(conditions), params


def _literal(text: str) -> str:
    return text[:100].replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _between(read: Read, where: str, params: dict[str, Any], low: int, high: int, most: int) -> list[LogRow]:
    rows = read.run(
        f"SELECT {_LOGGED} FROM command_log l WHERE l.seq > :low AND l.seq <= :high AND {where} "  # noqa: S608 - names of ours, values are parameters
        "ORDER BY l.seq DESC LIMIT :most",
        low=low,
        high=high,
        most=most,
        **params,
    )
    return [_row(row) for row in rows]


def _unsealed(read: Read, where: str, params: dict[str, Any], most: int) -> list[LogRow]:
    """What came a moment ago, or what nobody seals: it is shown too."""
    rows = read.run(
        f"SELECT {_LOGGED} FROM command_log l WHERE l.seq IS NULL AND {where} ORDER BY l.turn DESC LIMIT :most",  # noqa: S608 - names of ours, values are parameters
        most=most,
        **params,
    )
    return [_row(row) for row in rows]


def whole(read: Read, command_id: str) -> tuple[LogRow, str, str] | None:
    """(the row, its whole answer, its body as it is kept) of one command."""
    row = read.one(f"SELECT {_LOGGED} FROM command_log l WHERE l.id = :id", id=command_id)  # noqa: S608 - our names
    kept = read.one("SELECT answer, body FROM command_log WHERE id = :id", id=command_id)
    return (_row(row), kept[0], kept[1]) if row and kept else None


@dataclass(frozen=True, slots=True)
class _Logged:
    """`answer`: its beginning."""

    seq: int | None
    id: str
    at: int
    actor: str
    origin: str
    name: str
    place: str | None
    answer: str
    hash: str | None


_LOGGED = columns(
    _Logged, seq="l.seq", id="l.id", at="l.at", actor="l.actor", origin="l.origin", name="l.name", place="l.place",
    answer="substr(l.answer, 1, 400)", hash="l.hash",
)  # fmt: skip


def _row(row: tuple[Any, ...]) -> LogRow:
    one = _Logged(*row)
    name = command_today(one.name)
    reason = None if one.answer[:1] == "+" else kept_reason(name, reason_of(one.answer))
    return LogRow(one.seq, one.id, from_ms(one.at), one.actor, one.origin, name, one.place, reason, one.hash or "")


def reason_of(answer: str) -> str:
    """A refusal's reason, out of the beginning of its answer."""
    try:
        return str(orjson.loads(answer[1:])["reason"])
    except (ValueError, KeyError, TypeError):  # longer than what was read
        _, _, rest = answer.partition('"reason":"')
        return rest.partition('"')[0]


def kept_reason(command: str, name: str) -> Reason:
    """Why a command was refused, as whichever version of central wrote it down."""
    kinds = COMMANDS[command].kinds if command in COMMANDS else THE_DOORS
    return reason_named(name, kinds) or NoEntry.OLDER


def _head(read: Read) -> int:
    row = read.one("SELECT MAX(seq) FROM command_log")
    return int(row[0] or 0) if row else 0


def _time_at(read: Read, seq: int) -> datetime | None:
    row = read.one("SELECT at FROM command_log WHERE seq >= :seq ORDER BY seq LIMIT 1", seq=seq)
    return from_ms(row[0]) if row else None


def _seq_at(read: Read, at: datetime) -> int:
    """The last row that is not later than a moment: halved down to it, since numbers grow with time."""
    low, high, wanted = 0, _head(read), to_ms(at)
    while low < high:
        middle = (low + high + 1) // 2
        row = read.one("SELECT at FROM command_log WHERE seq >= :seq ORDER BY seq LIMIT 1", seq=middle)
        if row and row[0] <= wanted:
            low = middle
        else:
            high = middle - 1
    return low


# --- what is not in the log ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorTally:
    """How often the door turned whom away, of what and why, since the first of these days: what leaves no row in the
    log. All strangers are one caller. Newest first, the most frequent first within a day."""

    days: int = 30
    limit: int = 500


@dataclass(frozen=True, slots=True)
class Tallied:
    """`day` is UTC's; `reason` is empty for what central did for strangers."""

    day: date
    caller: str
    command: str
    reason: str
    times: int


@dataclass(frozen=True, slots=True)
class _Kept:
    day: str
    caller: str
    command: str
    reason: str
    times: int


_KEPT = columns(_Kept, day="day", caller="caller", command="command", reason="reason", times="times")


@answers(DoorTally, needs=AUDIT_READ, at=the_house, gives=list[Tallied])
def door_tally(read: Read, want: DoorTally) -> Outcome[list[Tallied]]:
    first = read.now.astimezone(UTC).date() - timedelta(days=max(0, min(want.days, 366)))
    rows = read.run(
        f"SELECT {_KEPT} FROM door_tally WHERE day > :first "  # noqa: S608 - our names
        "ORDER BY day DESC, times DESC, caller, command, reason LIMIT :n",
        first=first.isoformat(),
        n=max(1, min(want.limit, 1000)),
    )
    return Ok([_tallied(_Kept(*row)) for row in rows])


def _tallied(kept: _Kept) -> Tallied:
    reason = kept_reason(kept.command, kept.reason).key if kept.reason else ""
    return Tallied(date.fromisoformat(kept.day), kept.caller, kept.command, reason, kept.times)


# --- over the API ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLog:
    """Who did what, when and from where, at a context and below it: the log's rows without the values that were
    changed, newest first. `before` is the number under which to go on: the last one's `seq`."""

    context_id: Annotated[Id, Ref("context")]
    before: int = 0
    limit: int = 100
    actor: str = ""
    command: str = ""
    entity: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    seq: int | None
    id: Id
    at: datetime
    actor: str
    origin: str
    command: str
    context_id: Id | None
    ok: bool
    reason: str
    hash: str


@answers(AuditLog, needs=AUDIT_READ, gives=list[AuditRow])
def audit_log(read: Read, want: AuditLog) -> Outcome[list[AuditRow]]:
    below = with_gone(read, contexts_below(read, want.context_id))
    whole = want.context_id == root_of_house(read)
    asked = LogFilter(
        None if whole else below, None, want.actor, want.command, want.entity, before=max(0, min(want.before, _MOST))
    )
    rows = found(read, asked, max(1, min(want.limit, 500)), longest_s=2.0).rows
    return Ok([
        AuditRow(
            row.seq, Id(row.id), row.at, row.actor, row.origin, row.command, Id(row.place) if row.place else None,
            row.ok, row.reason.key if row.reason else "", row.hash,
        )
        for row in rows
    ])  # fmt: skip
