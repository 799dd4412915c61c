"""What a row was, worked out backwards from what it is: the audit keeps what each command changed, and nothing twice.

States are the values as the database keeps them, by column; a row that is not there is None. A secret is `STRUCK`
wherever it appears, so it can be told that it changed, never to what; what was said of somebody who is forgotten by now
is `ERASED`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Any

from central.kernel.briefs import is_brief
from central.kernel.personal_data import ERASED, STRUCK
from shared.outcome import Reason

State = Mapping[str, Any]


class Act(StrEnum):
    """What a command did to a row."""

    CREATED = auto()
    CHANGED = auto()
    DELETED = auto()


@dataclass(frozen=True, slots=True)
class RowEntry:
    """What one command did to one row. `change` holds (before, after) by column; it is empty for a row that was made:
    what it was then follows from what it became. `seq` is None until the log's chain has it."""

    seq: int | None
    turn: int
    n: int
    command_id: str
    at: datetime
    actor: str
    origin: str
    command: str
    act: Act
    change: Mapping[str, tuple[Any, Any]]

    @property
    def key(self) -> str:
        """`<command>.<n>`: which entry, in an address."""
        return f"{self.command_id}.{self.n}"


@dataclass(frozen=True, slots=True)
class RowMoment:
    """An entry with what the row was before and after. `doubts` are columns whose value afterwards was another than the
    entry says: something changed them that left no entry."""

    entry: RowEntry
    before: State | None
    after: State | None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDifference:
    field: str
    before: Any
    after: Any


def newest_first(entries: Iterable[RowEntry]) -> list[RowEntry]:
    """What is not sealed yet is newer than all that is."""
    return sorted(entries, key=lambda each: (each.seq is None, each.seq or 0, each.turn, each.n), reverse=True)


def moments(now: State | None, entries: Iterable[RowEntry]) -> list[RowMoment]:
    """Every entry with its states, newest first. `now` is the row as it is."""
    found: list[RowMoment] = []
    state = now
    for entry in newest_first(entries):
        after = state
        doubts: tuple[str, ...] = ()
        match entry.act:
            case Act.CREATED:
                state = None
            case Act.DELETED:
                state = {name: before for name, (before, _) in entry.change.items()}
                doubts = tuple(after) if after else ()
            case Act.CHANGED:
                known = after or {}
                doubts = tuple(name for name, (_, new) in entry.change.items() if name in known and known[name] != new)
                state = {**known, **{name: before for name, (before, _) in entry.change.items()}}
                after = {**known, **{name: new for name, (_, new) in entry.change.items()}}
        found.append(RowMoment(entry, state, after, doubts))
    return found


def state_at(now: State | None, known: Sequence[RowMoment], at: datetime) -> State | None:
    """What the row was at a moment: after everything up to and with it."""
    for moment in known:  # newest first
        if moment.entry.at <= at:
            return moment.after
    return known[-1].before if known else now


def differences(before: State | None, after: State | None, order: Sequence[str] = ()) -> list[FieldDifference]:
    """Column by column, in this order; a row that is not there has no value anywhere."""
    old, new = before or {}, after or {}
    names = [name for name in order if name in old or name in new]
    names += sorted({*old, *new} - set(names))
    return [FieldDifference(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


# --- the way back ----------------------------------------------------------------------------------------------------


class NoWayBack(Reason):
    """Why an earlier state is not brought back, in order."""

    NOTHING_TO_DO = auto()
    NO_COMMAND = auto()
    SECRET_LOST = auto()
    CHANGED_SINCE = auto()


class Way(StrEnum):
    """By which of a thing's commands it goes."""

    CREATE = auto()
    CHANGE = auto()
    DELETE = auto()


@dataclass(frozen=True, slots=True)
class Back:
    """What has to be done: by which command, with which values (as the database keeps them). `stays` are the columns
    that no command sets and that so remain as they are, although they differ. `why` says that it does not go, and
    `conflicts` what was set since."""

    way: Way
    values: Mapping[str, Any]
    stays: tuple[FieldDifference, ...] = ()
    why: NoWayBack | None = None
    conflicts: tuple[FieldDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class Means:
    """What an entity's commands can do: which there are, which columns they take."""

    ways: frozenset[Way]
    given: tuple[str, ...]
    changeable: tuple[str, ...]
    secret: frozenset[str]


def restored(means: Means, now: State | None, wanted: State | None) -> Back:
    """The way from what a row is to what it was."""
    if now is None and wanted is None:
        return Back(Way.CHANGE, {}, why=NoWayBack.NOTHING_TO_DO)
    if wanted is None:
        return _if_possible(means, Back(Way.DELETE, {}))
    if now is None:
        return _put_back(means, wanted)
    differing = [each for each in differences(now, wanted) if each.field in wanted]
    values = {each.field: each.after for each in differing if each.field in means.changeable and _known(each.after)}
    stays = tuple(each for each in differing if each.field not in values)
    if not values:
        why = NoWayBack.NO_COMMAND if stays else NoWayBack.NOTHING_TO_DO
        return Back(Way.CHANGE, {}, stays, why)
    return _if_possible(means, Back(Way.CHANGE, values, stays))


def undone(means: Means, now: State | None, moment: RowMoment) -> Back:
    """The way to take back one entry and nothing else: only while what it set still stands."""
    entry = moment.entry
    match entry.act:
        case Act.CREATED:
            later = tuple(differences(moment.after, now)) if now is not None else ()
            why = NoWayBack.NOTHING_TO_DO if now is None else NoWayBack.CHANGED_SINCE if later else None
            return _if_possible(means, Back(Way.DELETE, {}, (), why, later))
        case Act.DELETED:
            if now is not None:
                return Back(Way.CREATE, {}, why=NoWayBack.NOTHING_TO_DO)
            return _put_back(means, moment.before or {})
    if now is None:
        gone = tuple(FieldDifference(name, new, None) for name, (_, new) in entry.change.items())
        return Back(Way.CHANGE, {}, (), NoWayBack.CHANGED_SINCE, gone)
    conflicts = tuple(
        FieldDifference(name, new, now.get(name)) for name, (_, new) in entry.change.items() if now.get(name) != new
    )
    differing = [FieldDifference(name, now.get(name), old) for name, (old, _) in entry.change.items()]
    values = {each.field: each.after for each in differing if each.field in means.changeable and _known(each.after)}
    stays = tuple(each for each in differing if each.field not in values)
    if conflicts:
        return Back(Way.CHANGE, values, stays, NoWayBack.CHANGED_SINCE, conflicts)
    return _if_possible(means, Back(Way.CHANGE, values, stays, None if values else NoWayBack.NO_COMMAND))


def _put_back(means: Means, wanted: State) -> Back:
    """A row that is gone, under its own id. What is secret was never written down, so it cannot be."""
    values = {name: wanted[name] for name in means.given if name in wanted and name not in means.secret}
    stays = tuple(
        FieldDifference(name, None, value)
        for name, value in wanted.items()
        if name != "id" and name not in values and name not in means.secret
    )
    lost = any(name in means.given for name in means.secret) or not all(map(_known, values.values()))
    return _if_possible(means, Back(Way.CREATE, values, stays, NoWayBack.SECRET_LOST if lost else None))


def _known(value: Any) -> bool:
    return not (isinstance(value, str) and (value in (STRUCK, ERASED) or is_brief(value)))


def _if_possible(means: Means, back: Back) -> Back:
    """A thing without the command cannot go this way, whatever else speaks against it."""
    if back.why in (None, NoWayBack.SECRET_LOST) and back.way not in means.ways:
        return Back(back.way, back.values, back.stays, NoWayBack.NO_COMMAND, back.conflicts)
    return back
