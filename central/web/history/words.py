"""A history in words: who, from where, what they did, and each value before and after as the screens show it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from central.kernel.actor import ActorKind
from central.kernel.briefs import in_brief
from central.kernel.deleted_rows import was
from central.kernel.entity import BY_NAME, Declaration, Look
from central.kernel.personal_data import ERASED, STRUCK
from central.kernel.tx import Read
from central.web.actor_words import ACTOR_WORDS, actor_of, nobodys_name
from central.web.deed_words import done_words
from central.web.history.part_words import PARTS, FieldWords
from central.web.history.past_states import Act, FieldDifference, RowMoment, State, restored, undone
from central.web.history.records import Past, means_of
from central.web.screens.cells import Cell, CellReader, address, differing, ref_of
from central.web.screens.names import Labels, called, currencies_of, house_timezone, labels, timezones_of, title_column
from central.web.screens.value_words import inner_text
from central.web.texts import Texts

_DIGEST = re.compile(r"[0-9a-f]{40,}")


@dataclass(frozen=True, slots=True)
class Who:
    """`kind` in words: a person, a program, a device, the house itself."""

    name: str
    kind: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class EntryWords:
    """One entry. `sealed`: its number in the chain. `undoable`: a way leads back over it, as far as is known without
    asking the door; `restorable`: one to the state after it, or, where it deleted, before it."""

    key: str
    command_id: str
    when: str
    iso: str
    who: Who
    origin: str
    did: str
    act: str
    lines: tuple[FieldWords, ...]
    sealed: int | None
    undoable: bool
    restorable: bool


class Sayer:
    """Says values of one thing. What they refer to is named, also where it is no more. `house` is the zone where the
    thing's own is not asked for, because none of its values is a time: a log names many things at once."""

    def __init__(
        self, read: Read, t: Texts, declaration: Declaration, row_id: str, states: Iterable[State],
        house: ZoneInfo | None = None,
    ) -> None:  # fmt: skip
        self.t, self._declaration, self._row_id = t, declaration, row_id
        known = [state for state in states if state]
        kinds = {declaration.column(name) for state in known for name in state if name in declaration.names}
        asks = house is None or any(column.hint is datetime for column in kinds)
        zones = timezones_of(read, declaration, [row_id]) if asks else {}
        self.zone = zones.get(row_id) or house or house_timezone(read)
        wanted = [pair for state in known for pair in _refs(declaration, state)]
        whole = any(column.hint is int for column in kinds)
        self._reader = CellReader(
            t=t, declaration=declaration, named=labels_ever(read, t, wanted), zones={row_id: self.zone},
            currencies=currencies_of(read, declaration, [row_id]) if whole else {}, house=self.zone,
        )  # fmt: skip

    def field(self, name: str) -> str:
        return self.t("Identifiant") if name == "id" else self.t.field(self._declaration.name, name)

    def cell(self, name: str, raw: Any) -> Cell:
        """A value as the database keeps it; what cannot be read any more is shown as it is."""
        if raw == STRUCK:
            return Cell(self.t("gardé secret"))
        if raw == ERASED:
            return Cell(self.t("effacé"))
        if raw is None or raw == "":
            return Cell("")
        if name not in self._declaration.names:
            return Cell(inner_text(self.t, str(raw)))
        column = self._declaration.column(name)
        if column.bulky:
            return Cell(inner_text(self.t, in_brief(str(raw))))
        try:
            value = raw if column.from_db is None else column.from_db(raw)
            row = SimpleNamespace(id=self._row_id, **({} if name == "id" else {name: value}))
            return self._reader.cell(row, column, short=False)
        except (ValueError, TypeError, KeyError, AttributeError):  # of an older shape
            return Cell(inner_text(self.t, str(raw)))

    def _is_said(self, name: str, *values: Any) -> bool:
        """What is for programs says nothing to anybody."""
        if any(isinstance(each, str) and _DIGEST.fullmatch(each) for each in values):
            return False
        column = self._declaration.column(name) if name in self._declaration.names else None
        return column is None or column.look is not Look.MACHINE

    def lines(self, found: Iterable[FieldDifference], doubts: Sequence[str] = ()) -> tuple[FieldWords, ...]:
        said = (each for each in found if self._is_said(each.field, each.before, each.after))
        return tuple(line for each in said for line in self._differ(each, doubtful=each.field in doubts))

    def _differ(self, each: FieldDifference, *, doubtful: bool) -> Iterator[FieldWords]:
        """Of what holds several things, those that differ."""
        column = self._declaration.column(each.field) if each.field in self._declaration.names else None
        name = self._declaration.name
        parts = differing(self.t, column, name, each.before, each.after) if column and not column.bulky else None
        if parts is None:
            before, after = self.cell(each.field, each.before), self.cell(each.field, each.after)
            yield FieldWords(self.field(each.field), before, after, doubtful)
        else:
            yield from (FieldWords(text, Cell(old), Cell(new), doubtful) for text, old, new in parts)

    def state(self, state: State) -> tuple[FieldWords, ...]:
        """All that it was."""
        return tuple(
            FieldWords(self.field(name), None, self.cell(name, state[name]))
            for name in (*self._declaration.names, *sorted(set(state) - set(self._declaration.names)))
            if name in state and name != "id" and self._is_said(name, state[name])
        )


def sayer(read: Read, t: Texts, past: Past) -> Sayer:
    states = [state for moment in past.moments for state in (moment.before, moment.after) if state]
    return Sayer(read, t, past.declaration, past.id, [past.last, *states])


def in_words(read: Read, t: Texts, say: Sayer, past: Past, found: Sequence[RowMoment]) -> list[EntryWords]:
    who = people(read, t, [moment.entry.actor for moment in found])
    did = done_words(read, t, [(moment.entry.command_id, moment.entry.command) for moment in found])
    commands = [moment.entry.command_id for moment in found]
    parts = PARTS[past.declaration.name].said(read, t, past.id, commands) if past.declaration.name in PARTS else {}
    return [
        _told(t, say, past, moment, who, did[moment.entry.command_id], parts.get(moment.entry.command_id, ()))
        for moment in found
    ]


def _told(
    t: Texts, say: Sayer, past: Past, moment: RowMoment, who: Mapping[str, Who], did: str, parts: tuple[FieldWords, ...]
) -> EntryWords:
    entry = moment.entry
    match entry.act:
        case Act.CHANGED:
            changed = [FieldDifference(name, old, new) for name, (old, new) in entry.change.items()]
            lines = say.lines(changed, moment.doubts)
        case Act.CREATED:
            lines = say.state(moment.after or {})
        case Act.DELETED:
            lines = tuple(FieldWords(line.field, line.after, None) for line in say.state(moment.before or {}))
    lines = tuple(line for line in (*parts, *lines) if _says(line.before) or _says(line.after))
    means = means_of(past.declaration, past.now)
    wanted = moment.before if entry.act is Act.DELETED else moment.after
    return EntryWords(
        entry.key, entry.command_id, t.moment(entry.at, say.zone), entry.at.isoformat(), who[entry.actor],
        origin_text(t, entry.origin, entry.actor), did, str(entry.act), lines, entry.seq,
        undone(means, past.now, moment).why is None, restored(means, past.now, wanted).why is None,
    )  # fmt: skip


def _says(cell: Cell | None) -> bool:
    return cell is not None and bool(cell.text or cell.links or cell.lines or cell.picture)


def act_text(t: Texts, act: Act) -> str:
    return {Act.CREATED: t("Créé"), Act.CHANGED: t("Modifié"), Act.DELETED: t("Supprimé")}[act]


def origin_text(t: Texts, origin: str, actor: str) -> str:
    """`web 10.0.0.7` in words. What central does by itself is on nobody's screen, whoever's page asked for it."""
    kind, _, place = origin.partition(" ")
    match kind:
        case "web" if actor_of(actor)[0] == ActorKind.SYSTEM:
            return t("depuis {place}", place=place or "?")
        case "web":
            return t("à l’écran, depuis {place}", place=place or "?")
        case "api":
            return t("par l’API, depuis {place}", place=place or "?")
        case "console":
            return t("à la console")
        case "":
            return ""
    return origin


# --- names -----------------------------------------------------------------------------------------------------------


def people(read: Read, t: Texts, actors: Iterable[str]) -> dict[str, Who]:
    """Who acted, by `kind:id` as the log has it."""
    pairs = {actor: actor_of(actor) for actor in set(actors)}
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for kind, row_id in pairs.values():
        if kind in ACTOR_WORDS:
            ids[kind].append(row_id)
    names = labels_ever(read, t, [(ACTOR_WORDS[kind].table, row_id) for kind, many in ids.items() for row_id in many])
    said = {kind: ACTOR_WORDS[kind].said(read, t, many) for kind, many in ids.items()}
    return {actor: _who(t, kind, row_id, names, said.get(kind, {})) for actor, (kind, row_id) in pairs.items()}


def _who(t: Texts, kind: str, row_id: str, names: Labels, said: Mapping[str, str]) -> Who:
    if kind in ACTOR_WORDS:
        table = ACTOR_WORDS[kind].table
        return Who(names(table, row_id), said.get(row_id, ""), address(table, row_id))
    return Who(nobodys_name(t, f"{kind}:{row_id}"), t("de lui-même") if kind == ActorKind.SYSTEM else "")


def labels_ever(read: Read, t: Texts, wanted: Iterable[tuple[str, str]]) -> Labels:
    """Names of things, also of those that are gone: by what they were called."""
    listed = set(wanted)
    there = labels(read, t, listed)
    known = dict(there.known)
    for entity, row_id in sorted(listed - set(known)):
        title = title_column(entity) if entity in BY_NAME else None
        state = was(read, entity, row_id) if title else None
        if title and state and state.get(title.name) not in (None, "", STRUCK, ERASED):
            said = called(t, title, state[title.name])
            known[(entity, row_id)] = t("{name} (supprimé)", name=said)
    return Labels(known, there.kinds)


def _refs(declaration: Declaration, state: State) -> Iterable[tuple[str, str]]:
    for name, raw in state.items():
        table = ref_of(declaration.column(name)) if name in declaration.names else None
        if not table or not isinstance(raw, str) or raw in (STRUCK, ERASED):
            continue
        if declaration.column(name).many:
            try:
                yield from ((table, each) for each in orjson.loads(raw) if isinstance(each, str))
            except ValueError:
                continue
        else:
            yield table, raw


def title_of(read: Read, t: Texts, past: Past) -> str:
    """What it is called, or was."""
    title = title_column(past.declaration.name)
    raw = past.last.get(title.name) if title else None
    if not title and past.now:
        return labels(read, t, [(past.declaration.name, past.id)])(past.declaration.name, past.id)
    if not title or not raw or raw in (STRUCK, ERASED):
        return t.entity(past.declaration.name)
    return called(t, title, raw)
