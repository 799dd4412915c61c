"""An entity is a frozen dataclass declared once; its table, rows, JSON schema, form, list and rights are read from it.

Columns are portable on purpose, so that one SQL text serves SQLite and PostgreSQL: times are milliseconds since 1970
UTC, booleans 0/1, names per language and other small structures are JSON text.
"""

import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import datetime
from enum import StrEnum, auto
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson
import sqlalchemy as sa

from central.kernel.briefs import in_brief
from central.kernel.personal_data import STRUCK, Personal, PersonalKind
from central.kernel.prints import Printed, printer
from central.kernel.slots import Slot, name_in
from shared.clock import from_ms, to_ms
from shared.ids import LENGTH, Id
from shared.life import Life
from shared.money import Minor
from shared.wire.codec import build

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Entity(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> Id: ...


E = TypeVar("E", bound=Entity)


@dataclass(frozen=True, slots=True, init=False)
class Ref:
    """`Annotated[Id, Ref("site")]`: a foreign key to another entity's table."""

    to: str | Slot
    table: str = field(compare=False)

    def __init__(self, to: str | Slot) -> None:
        name_in(self, to)


class Reach(StrEnum):
    """`Annotated[Id, Ref("site"), Reach.HELD]`: how far a command's right has to go for what it names, by which rule
    (kernel/reach.py). Without a mark the thing stands on the line of the place where the right is asked, or the right
    is held there too."""

    HELD = auto()  # the right reaches it itself; that it stands above is not enough
    WITHIN = auto()  # only a part of what another field names: the handler looks for it there and nowhere else
    OWN = auto()  # the command's own: it is new, or was made by who sends it, which the handler sees to
    PLACE = auto()  # the place itself, where the right is asked; which entity it is, another field says


@dataclass(frozen=True, slots=True)
class Loose:
    """`Annotated[Id, Loose("why")]`: an id that names no row that rights could be asked for, and why that is so."""

    why: str


@dataclass(frozen=True, slots=True)
class Unproved:
    """`Annotated[int, Unproved("why")]`: a value that is left out of the log's proof of rows (kernel/prints.py), since
    it is worked out from others, or a sign of life; and what checks it, or why nothing need."""

    why: str


@dataclass(frozen=True, slots=True, init=False)
class Was:
    """`Annotated[str, Was("colour")]`: what the column was called before, oldest first (kernel/former_names.py). Its
    prints go on under the oldest name, and `tools/migration` renames instead of dropping."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@dataclass(frozen=True, slots=True, init=False)
class Link:
    """`Annotated[Id, Link("device")]`: the row of another entity that it names, which may come later or be gone by now:
    no foreign key, and nothing follows from it but that it is shown by its name. Of an area after it: a slot."""

    to: str | Slot
    table: str = field(compare=False)

    def __init__(self, to: str | Slot) -> None:
        name_in(self, to)


@dataclass(frozen=True, slots=True)
class Secret:
    """`Annotated[str, Secret()]`: never shown, logged or exported. One that a command may leave out is a program's to
    bring: no form asks for it."""


@dataclass(frozen=True, slots=True)
class Bulky:
    """`Annotated[str, Bulky()]`: too large to be kept twice. The log and the audit keep its size and its digest; lists
    leave it out, but for pictures; it is no secret, and exported where it has a file of its own."""


@dataclass(frozen=True, slots=True)
class Raw:
    """`Annotated[str, Raw()]`: a text in a language of its own (a plan file, a key), judged by who parses it."""


class Look(StrEnum):
    """`Annotated[str, Look.COLOUR]`: how a value is entered and shown, and what it must be (kernel/values.py)."""

    COLOUR = auto()  # #rrggbb
    TIMEZONE = auto()  # an IANA name
    EMAIL = auto()
    CURRENCY = auto()  # three letters, ISO 4217
    LINES = auto()  # several lines of text
    ACTOR = auto()  # who acted, as the log has them: `kind:id`
    MACHINE = auto()  # for programs (a digest, a key, bits): pages leave it out
    ASIDE = auto()  # lists leave it out unless somebody asks: other columns say the same, but for its page
    MONEY = auto()  # minor units
    PERCENT = auto()  # basis points: 550 is 5.5 %
    SECONDS = auto()
    PICTURE = auto()  # a data: URL of a PNG, JPEG or WebP
    URL = auto()  # https, or http to this machine
    PRIVILEGES = auto()  # nodes of the tree of privileges
    LANGUAGE = auto()
    CODE = auto()  # letters, digits and . _ -, unique where its entity says so; lists go by it
    NAME = auto()  # a line that is not left blank
    NAMES = auto()  # a text per language; the house's first is needed


@dataclass(frozen=True, slots=True)
class Between:
    """`Annotated[int, Between(1, 99)]`: the smallest and the largest number, or the length of a text."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class WaysIn:
    """These columns decide who comes in as whom: the operator that `owner` names (empty: whoever holds the row). They
    are written only where organisation/access_guard.py was asked first; anything else is a fault of the code."""

    owner: str
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Column:
    """`hint` is the bare type (no Annotated, no None); `marks` say the rest."""

    name: str
    to_db: Callable[[Any], Any] | None
    from_db: Callable[[Any], Any] | None
    secret: bool
    hint: Any
    nullable: bool
    marks: tuple[Any, ...]
    plain: bool = True  # the audit keeps it as it is

    @property
    def ref(self) -> str | None:
        """The table that the value, or each of its values, names."""
        return next((mark.table for mark in (*self.marks, *item_marks(self.hint)) if isinstance(mark, Ref)), None)

    @property
    def shown_as(self) -> str | None:
        """The table of the rows by whose names it is shown."""
        return named_by((*self.marks, *item_marks(self.hint)))

    @property
    def was(self) -> tuple[str, ...]:
        return next((mark.names for mark in self.marks if isinstance(mark, Was)), ())

    @property
    def many(self) -> bool:
        return get_origin(self.hint) is tuple

    @property
    def look(self) -> Look | None:
        return next((mark for mark in self.marks if isinstance(mark, Look)), None)

    @property
    def personal(self) -> Personal | None:
        return mark_of(self.marks, Personal)

    @property
    def bulky(self) -> bool:
        return mark_of(self.marks, Bulky) is not None

    @property
    def unlisted(self) -> bool:
        """Whether rows are shown and given out without it."""
        return self.secret or (self.bulky and self.look is not Look.PICTURE)

    def told(self, value: Any) -> Any:
        """A value as the audit keeps it."""
        return STRUCK if self.secret and value else in_brief(value) if self.bulky and value else value

    def told_change(self, old: Any, new: Any) -> list[Any]:
        """The same of a change; of a secret that there was one, whatever it was."""
        return [STRUCK, STRUCK] if self.secret else [self.told(old), self.told(new)]


M = TypeVar("M")


def mark_of(marks: Iterable[Any], kind: type[M]) -> M | None:
    return next((mark for mark in marks if isinstance(mark, kind)), None)


def named_by(marks: Iterable[Any]) -> str | None:
    """The table of the row that an id names."""
    return next((mark.table for mark in marks if isinstance(mark, Ref | Link)), None)


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    """A column that says something about a person: it stands `at` a position, and whom it is of in the one `of`, which
    names a row of the table `whose`. `first` is what it was called first: prints name it so. `empty` is what it holds
    when that person is forgotten."""

    name: str
    first: str
    at: int
    of: int
    whose: str
    mark: Personal
    empty: Any


def item_marks(hint: Any) -> tuple[Any, ...]:
    """What is said of the members of `tuple[Annotated[Id, Ref("x")], ...]`."""
    if get_origin(hint) is not tuple:
        return ()
    inner = get_args(hint)[0]
    return tuple(get_args(inner)[1:]) if get_origin(inner) is Annotated else ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """One entity as declared: its table, its columns in field order, who may read it. `unique` are the columns that no
    two rows share, `life` the column of its state and the table of what leads from one state to the next."""

    kind: type[Any]
    name: str
    names: tuple[str, ...]
    table: sa.Table
    columns: tuple[Column, ...]
    unique: tuple[tuple[str, ...], ...]
    life: tuple[str, Life[Any, Any]] | None
    to_db: tuple[tuple[int, Callable[[Any], Any]], ...]  # position and way there, where a value is not stored as it is
    read_all: Callable[[Any], tuple[Any, ...]]
    read: str
    insert_sql: str
    select_sql: str
    ways_in: WaysIn | None
    personal: tuple[PersonalColumn, ...]
    unproved: str  # why its rows are not proved by the log; empty: they are
    print_of: Callable[[tuple[Any, ...]], str]  # of a row: kernel/prints.py
    was: tuple[str, ...]  # what it was called before, oldest first: kernel/former_names.py

    @property
    def former(self) -> Mapping[str, str]:
        """What its columns were called before → what they are called."""
        return {name: column.name for column in self.columns for name in column.was}

    def row(self, entity: Any) -> tuple[Any, ...]:
        """Its values in column order, as the database keeps them: the parameters of `insert_sql`."""
        values = list(self.read_all(entity))
        for position, to_db in self.to_db:
            if (value := values[position]) is not None:
                values[position] = to_db(value)
        return tuple(values)

    def entity(self, row: tuple[Any, ...]) -> Any:
        return self.kind(
            **{
                column.name: value if column.from_db is None or value is None else column.from_db(value)
                for column, value in zip(self.columns, row, strict=True)
            }
        )

    def column(self, name: str) -> Column:
        return self.columns[self.names.index(name)]

    @property
    def screen(self) -> str:
        """`venues.venue`: what its privileges are called, without the action."""
        return self.read.rpartition(".")[0]

    def public(self, entity: Any) -> dict[str, Any]:
        """The entity as a dict for people and programs, without its secrets and what is too large for it."""
        return {column.name: getattr(entity, column.name) for column in self.columns if not column.unlisted}


ENTITIES: dict[type[Any], Declaration] = {}
BY_NAME: dict[str, Declaration] = {}
CHOSEN: set[str] = set()
"""Tables of which whoever makes a row says its id: once used, it is never another thing's (kernel/id_owners.py)."""
SUBJECTS: dict[str, set[PersonalKind]] = {}
"""Tables whose rows are people, or say something of them → the kinds of what is said of one, there or elsewhere."""


def entity(
    table: str,
    *,
    read: str,
    unique: tuple[tuple[str, ...], ...] = (),
    index: tuple[tuple[str, ...], ...] = (),
    unique_where: Mapping[str, tuple[tuple[str, ...], str]] | None = None,
    life: tuple[str, Life[Any, Any]] | None = None,
    ways_in: tuple[str, tuple[str, ...]] | None = None,
    chosen: bool = False,
    unproved: str = "",
    was: tuple[str, ...] = (),
    fills: tuple[Slot, ...] = (),
) -> Callable[[type[E]], type[E]]:
    """Declares a frozen dataclass (`kw_only`) as an entity of `table`. `read` is the privilege that shows it;
    `unique_where` maps an index name to (columns, SQL condition): the lock on live rows; `ways_in`: (owner, columns),
    see WaysIn; `chosen`: whoever makes one says its id (of what is `configured` that is known); `was`: what the table
    was called before, oldest first; `fills`: what it is to areas before it (kernel/slots.py)."""

    def declare(kind: type[E]) -> type[E]:
        hints = get_type_hints(kind, include_extras=True)
        named = [_column(field.name, hints[field.name]) for field in fields(kind)]
        _named_once(table, was, [column for _, column in named])
        sa_table = sa.Table(table, METADATA, *[sa_column for sa_column, _ in named], sqlite_with_rowid=False)
        for columns in unique:
            sa_table.append_constraint(sa.UniqueConstraint(*columns))
        for columns in (*index, *((column.name,) for _, column in named if column.look is Look.CODE)):
            sa.Index(None, *[sa_table.c[name] for name in columns])
        for name, (columns, where) in (unique_where or {}).items():
            live = sa.text(where)
            found = [sa_table.c[column] for column in columns]
            sa.Index(name, *found, unique=True, sqlite_where=live, postgresql_where=live)
        names = [column.name for _, column in named]
        assert names[0] == "id", table
        assert all(field.kw_only for field in fields(kind)), f"{table}: `kw_only`, so that a field may come anywhere"
        columns_ = tuple(column for _, column in named)
        marks = ", ".join("?" * len(names))  # by position: binding by name costs a sale a twentieth of its time
        declaration = Declaration(
            kind=kind,
            name=table,
            names=tuple(names),
            table=sa_table,
            columns=columns_,
            unique=unique,
            life=life,
            to_db=tuple((n, column.to_db) for n, (_, column) in enumerate(named) if column.to_db),
            read_all=attrgetter(*names),
            read=read,
            insert_sql=f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - our own names
            select_sql=f"SELECT {', '.join(names)} FROM {table}",  # noqa: S608 - our own names
            ways_in=WaysIn(ways_in[0], frozenset(ways_in[1])) if ways_in else None,
            personal=_said_of_people(table, columns_),
            unproved=unproved,
            print_of=printer(
                (*was, table)[0], [_printed(each, made) for each, (_, made) in zip(fields(kind), named, strict=True)]
            ),
            was=was,
        )
        ENTITIES[kind] = declaration
        BY_NAME[table] = declaration
        if chosen:
            CHOSEN.add(table)
        for slot in fills:
            slot.fill(table)
        return kind

    return declare


def _named_once(table: str, was: tuple[str, ...], columns: list[Column]) -> None:
    """No former name is another's today: what the log says would be two things."""
    assert not {table, *was} & {name for each in BY_NAME.values() for name in each.was}, table
    assert not {table, *was} & BY_NAME.keys(), table
    names = [name for column in columns for name in (*column.was, column.name)]
    assert len(names) == len(set(names)), table


_EMPTY: Mapping[Any, str] = {str: ""}
"""What else a column holds that says nothing: one that cannot be null has to be one of these types to be forgotten."""


def _said_of_people(table: str, columns: tuple[Column, ...]) -> tuple[PersonalColumn, ...]:
    """And notes whose keys there have to be for it."""
    names = [column.name for column in columns]
    found = []
    for at, column in enumerate(columns):
        if mark := column.personal:
            of = names.index(mark.of)
            whose = table if mark.of == "id" else columns[of].ref
            assert whose and not columns[of].nullable, f"{table}.{column.name} says something of nobody"
            SUBJECTS.setdefault(whose, set()).add(mark.kind)
            empty = None if column.nullable else _EMPTY[column.hint]
            found.append(PersonalColumn(column.name, (*column.was, column.name)[0], at, of, whose, mark, empty))
    return tuple(found)


def _printed(field: Field[Any], column: Column) -> Printed | None:
    if any(isinstance(mark, Unproved) for mark in column.marks):
        return None
    name, default = (*column.was, column.name)[0], stored_default(field, column)
    if default is MISSING:
        return Printed(name, column.hint is float, has_default=False, default=None)
    return Printed(name, column.hint is float, has_default=True, default=default)


def stored_default(field: Field[Any], column: Column) -> Any:
    """What the column holds where nothing is said, as the database has it; MISSING: something has to be said."""
    value = field.default
    if value is MISSING and field.default_factory is not MISSING:
        value = field.default_factory()
    return column.to_db(value) if column.to_db and value not in (None, MISSING) else value


def stripped(hint: Any) -> tuple[Any, bool, tuple[Any, ...]]:
    """A hint as (bare type, may be None, marks)."""
    marks: tuple[Any, ...] = ()
    nullable = False
    while True:
        if get_origin(hint) is Annotated:
            hint, *rest = get_args(hint)
            marks = (*marks, *rest)
        elif get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
            nullable = True
            (hint,) = [arm for arm in get_args(hint) if arm is not type(None)]
        elif hint is Minor and mark_of(marks, Look) is None:
            marks = (*marks, Look.MONEY)
        else:
            return hint, nullable, marks


def _column(name: str, hint: Any) -> tuple[sa.Column[Any], Column]:
    bare, nullable, marks = stripped(hint)
    sql_type, to_db, from_db = _storage(bare)
    keys = [sa.ForeignKey(f"{mark.table}.id") for mark in marks if isinstance(mark, Ref)]
    secret = any(isinstance(mark, Secret) for mark in marks)
    plain = not secret and mark_of(marks, Bulky) is None
    column: sa.Column[Any] = sa.Column(name, sql_type, *keys, nullable=nullable, primary_key=name == "id")
    return column, Column(name, to_db, from_db, secret, bare, nullable, marks, plain)


def _storage(hint: Any) -> tuple[sa.types.TypeEngine[Any], Callable[[Any], Any] | None, Callable[[Any], Any] | None]:
    """SQL type, and how a value goes to the database and comes back (None: as it is)."""
    if hint is Id:
        return sa.String(LENGTH), None, None
    base = getattr(hint, "__supertype__", hint)  # NewType
    if base is str:
        return sa.Text(), None, None
    if base is bool:
        return sa.Integer(), int, bool
    if base is int:
        return sa.BigInteger(), None, None
    if base is float:
        return sa.Float(), None, None
    if base is datetime:
        return sa.BigInteger(), to_ms, from_ms
    if isinstance(base, type) and issubclass(base, StrEnum):
        return sa.Text(), str, base
    return sa.Text(), lambda value: orjson.dumps(value).decode(), lambda text: build(hint, orjson.loads(text))
