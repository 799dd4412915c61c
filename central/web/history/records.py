"""The audit of a thing and of many, within what the asker may see: contexts, privileges, perimeter. A thing that is
gone is judged by what it was."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from central.kernel.columns import columns
from central.kernel.crud import CONFIGURED, RESETTING, Resetting
from central.kernel.db import in_list
from central.kernel.deleted_rows import context_then, path_then, was
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, Declaration
from central.kernel.former_names import command_today, names_of, renamed
from central.kernel.privileges import Action
from central.kernel.registry import goes
from central.kernel.scope import context_of_new, is_there, lay_within
from central.kernel.tx import Read
from central.web.history.past_states import Act, Means, RowEntry, RowMoment, State, Way, moments
from central.web.screens.listing import seen_at
from central.web.screens.sight import Thing, seen_rows
from shared.clock import from_ms
from shared.ids import Id

MOST = 2000  # entries of one thing that are looked at: more than anybody reads, and a bound


@dataclass(frozen=True, slots=True)
class Past:
    """A thing: what it is now (None: gone), and everything that happened to it, newest first."""

    declaration: Declaration
    id: str
    now: State | None
    moments: tuple[RowMoment, ...]
    context: str | None
    cut: bool  # there are older entries than are shown

    @property
    def last(self) -> State:
        """What it is, or what it was before it went."""
        return self.now or next((each.before for each in self.moments if each.before), {})


@dataclass(frozen=True, slots=True)
class _Audited:
    """A row of the audit, with its command's of the log."""

    seq: int | None
    turn: int
    n: int
    command_id: str
    at: int
    actor: str
    origin: str
    command: str
    action: str
    entity: str
    entity_id: str
    change: str


_AUDITED = columns(
    _Audited, seq="l.seq", turn="l.turn", n="a.n", command_id="a.command_id", at="l.at", actor="l.actor",
    origin="l.origin", command="l.name", action="a.action", entity="a.entity", entity_id="a.entity_id",
    change="a.change",
)  # fmt: skip


def _entry(row: _Audited, said: Mapping[str, Any]) -> RowEntry:
    """With what its change says."""
    pairs = {name: (pair[0], pair[1]) for name, pair in said.items() if isinstance(pair, list) and len(pair) == 2}
    return RowEntry(
        row.seq, row.turn, row.n, row.command_id, from_ms(row.at), row.actor, row.origin, command_today(row.command),
        Act(row.action), pairs,
    )  # fmt: skip


def entries(read: Read, entity: str, row_id: str) -> list[RowEntry]:
    return entries_of(read, entity, [row_id]).get(row_id, [])


def entries_of(read: Read, entity: str, ids: Sequence[str]) -> dict[str, list[RowEntry]]:
    """By id, newest first; of all together no more than of one."""
    called, params = in_list("entity", names_of(entity))
    those, more = in_list("id", ids)
    rows = read.run(
        f"SELECT {_AUDITED} FROM audit a JOIN command_log l ON l.id = a.command_id "  # noqa: S608 - our names
        f"WHERE a.entity IN {called} AND a.entity_id IN {those} "
        "ORDER BY CASE WHEN l.seq IS NULL THEN 0 ELSE 1 END, l.seq DESC, l.turn DESC, a.n DESC LIMIT :n",
        n=MOST + 1,
        **params,
        **more,
    )
    audited = [_Audited(*row) for row in rows]
    said = changes(read, [(row.command_id, row.entity, row.change) for row in audited])
    found: dict[str, list[RowEntry]] = {}
    for row, change in zip(audited, said, strict=True):
        found.setdefault(row.entity_id, []).append(_entry(row, change))
    return found


def moments_of(read: Read, entity: str, ids: Sequence[str]) -> dict[str, list[RowMoment]]:
    """What happened to each of many rows, newest first, with what it was."""
    declaration = BY_NAME[entity]
    those, params = in_list("id", ids)
    rows = read.run(f"{declaration.select_sql} WHERE id IN {those}", **params)
    at = declaration.names.index("id")
    now = {row[at]: struck(declaration, dict(zip(declaration.names, row, strict=True))) for row in rows}
    return {each: moments(now.get(each), said) for each, said in entries_of(read, entity, ids).items()}


def changes(read: Read, rows: Sequence[tuple[str, str, str]]) -> list[Mapping[str, Any]]:
    """What rows of the audit (command, entity, change) say under today's names; what is said of people is opened."""
    opened = read.people.opened([(command_id, change or "{}") for command_id, _, change in rows])
    return [renamed(entity, change) for (_, entity, _), change in zip(rows, opened, strict=True)]


def state_now(read: Read, declaration: Declaration, row_id: str) -> State | None:
    """As the database keeps it, secrets struck, what is too large in brief."""
    row = read.one(f"{declaration.select_sql} WHERE id = :id", id=row_id)
    if row is None:
        return None
    return struck(declaration, dict(zip(declaration.names, row, strict=True)))


def struck(declaration: Declaration, state: Mapping[str, Any]) -> State:
    return {name: declaration.column(name).told(value) for name, value in state.items()}


def past(door: Door, read: Read, entity: str, row_id: str) -> Past | None:
    """None: there never was such a thing, or it is not for the asker to see."""
    declaration = BY_NAME.get(entity)
    if declaration is None:
        return None
    found = entries(read, entity, row_id)
    now = state_now(read, declaration, row_id)
    if now is None and not found:
        return None
    made = Past(declaration, row_id, now, tuple(moments(now, found[:MOST])), None, len(found) > MOST)
    if not visible(door, read, [(entity, row_id)], {(entity, row_id): made.last}):
        return None
    context = row_id if entity == "context" else context_of_new(read, declaration, made.last)
    return replace(made, context=context)


# --- what the asker may see ------------------------------------------------------------------------------------------


def visible(door: Door, read: Read, things: Iterable[Thing], gone: Mapping[Thing, State] | None = None) -> set[Thing]:
    """Those of these things that the asker may see. `gone`: what things that are no more were, where it is known."""
    by_entity: dict[str, set[str]] = {}
    for entity, row_id in things:
        if entity in BY_NAME:
            by_entity.setdefault(entity, set()).add(row_id)
    found: set[Thing] = set()
    for entity, ids in by_entity.items():
        declaration = BY_NAME[entity]
        places = seen_at(door, read, declaration, None)
        if places is not None and not places:
            continue
        there = seen_rows(read, declaration, places, ids)
        found |= {(entity, row_id) for row_id in there}
        for row_id in ids - there:
            if _may_have_seen(read, declaration, places, row_id, (gone or {}).get((entity, row_id))):
                found.add((entity, row_id))
    return found


def _may_have_seen(
    read: Read, declaration: Declaration, places: tuple[str, ...] | None, row_id: str, known: State | None
) -> bool:
    """Of a row that is not there, or not to be seen."""
    if is_there(read, declaration.name, row_id):
        return False
    state = known if known is not None else was(read, declaration.name, row_id)
    if state is None or not lay_within(read, read.actor.perimeter, declaration, {**state, "id": row_id}):
        return False
    if places is None:
        return True
    place = context_then(read, declaration, state)
    return place is not None and not set(places).isdisjoint(path_then(read, place))


# --- what can be done about it ---------------------------------------------------------------------------------------

_ACTIONS = {Way.CREATE: Action.CREATE, Way.CHANGE: Action.MODIFY, Way.DELETE: Action.DELETE}


def means_of(declaration: Declaration, now: State | None = None) -> Means:
    """`now`: the row as it is, of which it depends whether a command written by hand may be given."""
    secret = frozenset(column.name for column in declaration.columns if column.secret)
    made = CONFIGURED.get(declaration.name)
    if made is None and (resetting := RESETTING.get(declaration.name)) and now and _goes(resetting, declaration, now):
        return Means(frozenset((Way.CHANGE,)), (), resetting.columns, secret)
    if made is None:
        return Means(frozenset(), (), (), secret)
    ways = frozenset(way for way, action in _ACTIONS.items() if action in made.commands)
    given, changeable = (tuple(column.name for column in columns) for columns in (made.given, made.changeable))
    return Means(ways, given, changeable, secret)


def _goes(resetting: Resetting, declaration: Declaration, now: State) -> bool:
    column, _ = declaration.life or ("", None)
    return not column or goes(resetting.command, value_of(declaration, column, now[column]))


def command_for(
    declaration: Declaration, row_id: str, way: Way, values: Mapping[str, Any], seen: str, now: State | None = None
) -> Any:
    """The command that goes this way; `values` as the database keeps them, `seen` the revision it was decided by."""
    if declaration.name in RESETTING and declaration.name not in CONFIGURED:
        resetting, whole = RESETTING[declaration.name], {**(now or {}), **values}
        return resetting.make(
            Id(row_id), {name: value_of(declaration, name, whole[name]) for name in resetting.columns}
        )
    kind = CONFIGURED[declaration.name].commands[_ACTIONS[way]]
    if way is Way.DELETE:
        return kind(id=row_id)
    typed = {name: value_of(declaration, name, value) for name, value in values.items()}
    return kind(id=row_id, **typed) if way is Way.CREATE else kind(id=row_id, set=typed, seen=seen)


def value_of(declaration: Declaration, name: str, raw: Any) -> Any:
    column = declaration.column(name)
    return raw if raw is None or column.from_db is None else column.from_db(raw)
