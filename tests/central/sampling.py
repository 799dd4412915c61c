"""Rows of every entity, and commands and queries of every kind that name them, made up from what is declared: a new
command, entity or field is walked by the tests without a line of theirs."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import count
from typing import Any, get_args, get_origin, get_type_hints

from central.devices.model import DevicesPrivilege
from central.kernel.contexts import ContextKind
from central.kernel.db import Connection
from central.kernel.entity import BY_NAME, Column, Loose, Reach, Ref, stripped
from central.kernel.registry import Handler
from central.kernel.tx import Read
from central.organisation.ops import CreateContext
from shared.ids import Id, derived_id
from tests.central.small_house import NOW, Clerk, House, new_id

_NUMBER = count(1)


class Sampler:
    """A row of every entity, and a command or query of every kind that names them. `fresh`: all below this context, and
    none of them a row that was there before."""

    def __init__(self, db: Connection, house: House, fresh: Id | None = None) -> None:
        self._db = db
        self._fresh = fresh
        self._rows: dict[str, str] = {"context": fresh or house.activity}
        db.begin(write=True)
        for table in BY_NAME:
            self.row(table)
        db.commit()

    def row(self, table: str) -> str:
        """The id of a row that is there, or of one that is made up for it."""
        if table not in self._rows:
            found = None if self._fresh else self._db.run(f"SELECT id FROM {table} ORDER BY id LIMIT 1", {})
            self._rows[table] = found[0][0] if found else self._made(table)
        return self._rows[table]

    def _made(self, table: str) -> str:
        declaration = BY_NAME[table]
        values = {column.name: self._column(table, column) for column in declaration.columns}
        self._rows[table] = values["id"] = derived_id("matrix", table, self._fresh or "")
        marks = ", ".join(f":{name}" for name in values)
        self._db.write(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", values)
        return values["id"]

    def _column(self, table: str, column: Column) -> Any:
        if column.name == "id":
            return ""
        if column.ref and not column.many:
            return None if column.nullable and column.ref == table else self.row(column.ref)
        if column.nullable:
            return None
        value = new_id() if column.hint is Id else () if column.many else self.value(column.name, column.hint)
        return column.to_db(value) if column.to_db else value

    def value(self, name: str, hint: Any) -> Any:
        """A value of this type; every reference in it names a row."""
        bare, nullable, marks = stripped(hint)
        table = next((mark.table for mark in marks if isinstance(mark, Ref)), None)
        base = getattr(bare, "__supertype__", bare)
        if base is str and (table or bare is Id):
            return self.row(table) if table else self._named(name)
        if nullable and not (is_dataclass(base) and references(hint)):
            return None
        if get_origin(bare) is tuple:
            return (self.value(name, get_args(bare)[0]),) if references(hint) else ()
        if isinstance(base, type) and issubclass(base, StrEnum):
            return next(iter(base))
        plain: dict[Any, Any] = {
            str: f"text {next(_NUMBER)}", int: 1, float: 1.0, bool: True, datetime: NOW, date: NOW.date(),
        }  # fmt: skip
        if base in plain:
            return plain[base]
        if is_dataclass(base):
            hints = get_type_hints(base, include_extras=True)
            return base(**{each.name: self.value(each.name, hints[each.name]) for each in fields(base)})
        if hasattr(base, "__total__"):  # what a form changes: of a row's fields, those that name something
            hints = get_type_hints(base, include_extras=True)
            return {each: self.value(each, hints[each]) for each in hints if references(hints[each])}
        arms = get_args(bare)
        if get_origin(bare) is dict:
            if name == "names":  # what has no name is no row of a house
                return {"fr": f"text {next(_NUMBER)}"}
            return {"1re": self.value(name, arms[1])} if references(hint) else {}
        return self.value(name, arms[0]) if arms else {}

    def _named(self, name: str) -> str:
        """`performance_id` is a performance, `id` is a new one."""
        table = name.removesuffix("_id")
        return self.row(table) if name != "id" and table in BY_NAME else new_id()

    def wanted(self, handler: Handler, read: Read) -> Any:
        """A command that acts on something which is there, if it acts on anything."""
        hints = get_type_hints(handler.kind, include_extras=True)
        made = handler.kind(**{each.name: self.value(each.name, hints[each.name]) for each in fields(handler.kind)})
        if handler.needs is None or of_nobody(handler) or handler.at(read, made):
            return made
        unnamed = [name for name, hint in hints.items() if stripped(hint)[0] is Id and not _table(hint)]
        kinds = [(name, stripped(hint)[0]) for name, hint in hints.items() if _is_enum(hint)]
        for name in unnamed:  # `target_id`: whatever row it takes to stand somewhere
            for table in BY_NAME:
                for more in ({kind: member} for kind, members in kinds for member in members) if kinds else ({},):
                    tried = replace(made, **{name: self.row(table)}, **more)
                    if handler.at(read, tried):
                        return tried
        return made if self._stands(handler, read, made) else None

    def _stands(self, handler: Handler, read: Read, made: Any) -> bool:
        """Some rows name what they are about without saying of which kind (`target_id`): it is found by trying."""
        for name, hint in get_type_hints(handler.kind, include_extras=True).items():
            for table in (mark.table for mark in stripped(hint)[2] if isinstance(mark, Ref)):
                loose = [each.name for each in BY_NAME[table].columns if each.hint is Id and each.name.endswith("_id")]
                for column in (each for each in loose if not BY_NAME[table].column(each).ref):
                    for other in BY_NAME:
                        sql = f"UPDATE {table} SET {column} = :other WHERE id = :id"
                        self._db.write(sql, {"other": self.row(other), "id": getattr(made, name)})
                        if handler.at(read, made):
                            return True
        return handler.needs == DevicesPrivilege.DEVICE_SYNC  # where a device stands that asks; an operator is none


def _table(hint: Any) -> str | None:
    return next((mark.table for mark in stripped(hint)[2] if isinstance(mark, Ref)), None)


def _is_enum(hint: Any) -> bool:
    bare = stripped(hint)[0]
    return isinstance(bare, type) and issubclass(bare, StrEnum)


def of_nobody(handler: Handler) -> bool:
    """Central's own: it stands at no place, whatever is asked, so that no grant reaches it."""
    try:
        return handler.at(None, object()) is None  # type: ignore[arg-type]
    except AttributeError:
        return False


# --- two organisers ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Party:
    """An organiser with a row of every entity, all of them at its one activity."""

    organiser: Id
    activity: Id
    rows: Sampler


def party(clerk: Clerk, house: House, code: str) -> Party:
    organiser, season, activity = new_id(), new_id(), new_id()
    clerk.do(
        CreateContext(
            id=organiser,
            context_id=house.institution,
            kind=ContextKind.ORGANISER,
            code=code,
            names={"fr": code},
            settings={},
        )
    )
    clerk.do(
        CreateContext(
            id=season,
            context_id=organiser,
            kind=ContextKind.SEASON,
            code=f"{code}S",
            names={"fr": "Saison"},
            settings={},
        )
    )
    clerk.do(
        CreateContext(
            id=activity,
            context_id=season,
            kind=ContextKind.ACTIVITY,
            code=f"{code}A",
            names={"fr": "Théâtre"},
            settings={},
        )
    )
    return Party(organiser, activity, Sampler(clerk.db, house, activity))


# --- what is declared to name something ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field that holds ids, of a command or of what it is made of. `owner` is the class that declares it."""

    owner: str
    name: str
    hint: Any
    marks: tuple[Any, ...]

    @property
    def table(self) -> str | None:
        return next((mark.table for mark in self.marks if isinstance(mark, Ref)), None)

    @property
    def reach(self) -> Reach | None:
        return next((mark for mark in self.marks if isinstance(mark, Reach)), None)

    @property
    def loose(self) -> bool:
        return any(isinstance(mark, Loose) for mark in self.marks)


def leaves(owner: str, name: str, hint: Any, above: tuple[Any, ...] = ()) -> Iterator[Leaf]:
    """Every field at or below a type that holds ids, by its type or by its name."""
    bare, _, own = stripped(hint)
    marks = (*above, *own)
    base = getattr(bare, "__supertype__", bare)
    if base is str:
        if bare is Id or name.endswith(("_id", "_ids")) or any(isinstance(each, Ref) for each in marks):
            yield Leaf(owner, name, hint, marks)
    elif is_dataclass(base) or hasattr(base, "__total__"):
        loose = tuple(each for each in marks if isinstance(each, Loose))
        for each, inner in get_type_hints(base, include_extras=True).items():
            yield from leaves(base.__name__, each, inner, loose)
    else:
        for inner in get_args(bare):
            yield from leaves(owner, name, inner, marks)


def references(hint: Any) -> bool:
    return any(each.table for each in leaves("", "", hint))


def named_in(owner: str, name: str, hint: Any, value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Leaf]]:
    """(where it stands in a value, what is declared of it) for every reference that a value holds."""
    bare, _, marks = stripped(hint)
    base = getattr(bare, "__supertype__", bare)
    if value is None or any(isinstance(each, Loose) for each in marks):
        return
    if base is str:
        if any(isinstance(each, Ref) for each in marks):
            yield path, Leaf(owner, name, hint, marks)
    elif is_dataclass(base):
        for each, inner in get_type_hints(base, include_extras=True).items():
            yield from named_in(base.__name__, each, inner, getattr(value, each), (*path, each))
    elif hasattr(base, "__total__"):
        for each, inner in get_type_hints(base, include_extras=True).items():
            if each in value:
                yield from named_in(base.__name__, each, inner, value[each], (*path, each))
    elif get_origin(bare) is tuple:
        for n, each in enumerate(value):
            yield from named_in(owner, name, get_args(bare)[0], each, (*path, n))
    elif get_origin(bare) is dict:
        for key, each in value.items():
            yield from named_in(owner, name, get_args(bare)[1], each, (*path, key))


def put(value: Any, path: tuple[Any, ...], instead: Any) -> Any:
    """The same value with something else at one place in it."""
    if not path:
        return instead
    first, *rest = path
    if isinstance(value, tuple):
        return (*value[:first], put(value[first], tuple(rest), instead), *value[first + 1 :])
    if isinstance(value, dict):
        return {**value, first: put(value[first], tuple(rest), instead)}
    return replace(value, **{first: put(getattr(value, first), tuple(rest), instead)})
