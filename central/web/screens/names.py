"""What rows are called, and where their money's currency and their times' zone come from: found by following the
references of the declarations, so that no screen knows an area."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from central.kernel.contexts import Context, root_of_house, setting_at
from central.kernel.db import in_list
from central.kernel.entity import BY_NAME, Column, Declaration, Look
from central.kernel.house_settings import TIMEZONE, currency_at, timezone_called
from central.kernel.languages import house_languages
from central.kernel.scope import context_of, home
from central.kernel.tx import Read
from central.web.branches import small_house
from central.web.context_marks import context_marks
from central.web.screens.fields import Setting
from central.web.seekers import CALLED
from central.web.text_keys import enum_name
from central.web.texts import Texts
from shared.clock import from_ms
from shared.languages import LANGUAGES

MOST_STEPS = 5
_TITLES = ("names", "name", "label", "number", "code", "title")
_LABELS = 400  # ids per statement


@cache
def title_column(table: str) -> Column | None:
    """The column that names a row for people."""
    declaration = BY_NAME[table]
    return next((declaration.column(name) for name in _TITLES if name in declaration.names), None)


@cache
def stands_for(table: str) -> tuple[Column, ...]:
    """Of an entity without a name: the references and the moment that tell its rows apart, a price by its grid, its
    category and its tariff; or else what makes it the only one of its context, an account its kind and currency."""
    declaration = BY_NAME[table]
    refs = [each for each in declaration.columns if each.ref and not each.many and each.ref not in ("context", table)]
    alone = next((each for each in declaration.unique if all(declaration.column(name).ref for name in each)), ())
    moments = [each for each in declaration.columns if each.from_db is from_ms and not each.nullable]
    found = (*([each for each in refs if each.name in alone] or refs[:1]), *moments[:1])
    if found:
        return found
    only = next(iter(declaration.unique), ())
    return tuple(declaration.column(name) for name in only if not declaration.column(name).ref)


@cache
def numbered(table: str) -> tuple[Column, ...]:
    """Of what is called by a number that others have too, all that makes it the only one: a seat's zone and row."""
    declaration, title = BY_NAME[table], title_column(table)
    if title is None or title.name != "number":
        return ()
    keys = (each for each in declaration.unique if title.name in each and len(each) > 1)
    return tuple(declaration.column(name) for name in next(keys, ()))


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of rows, read together: `labels("site", id)`. What is gone, and what nothing tells from its like, is called
    what it is one of: `kinds`, by table."""

    known: Mapping[tuple[str, str], str]
    kinds: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, table: str, row_id: str | None) -> str:
        return self.known.get((table, str(row_id))) or self.kinds.get(table) or "?"


def labels(read: Read, t: Texts, wanted: Iterable[tuple[str, str]], *, depth: int = 2) -> Labels:
    """`wanted` are (table, id) pairs; a table that is not declared has no names."""
    by_table: dict[str, set[str]] = {}
    for table, row_id in wanted:
        if table in BY_NAME and row_id:
            by_table.setdefault(table, set()).add(row_id)
    known: dict[tuple[str, str], str] = {}
    for table, ids in by_table.items():
        listed = sorted(ids)
        for first in range(0, len(listed), _LABELS):
            known |= _labelled(read, t, table, listed[first : first + _LABELS], depth)
    return Labels(known, {table: t.entity(table) for table in by_table})


def _labelled(read: Read, t: Texts, table: str, ids: list[str], depth: int) -> dict[tuple[str, str], str]:
    if table == "context":
        return _contexts(read, t, set(ids))
    if called_by := CALLED.get(table):
        return {(table, row_id): name for row_id, name in called_by(read, ids).items()}
    inside, params = in_list("id", ids)
    title = title_column(table)
    columns = numbered(table) if depth else ()
    if title and not columns:
        rows = read.run(f"SELECT id, {title.name} FROM {table} WHERE id IN {inside}", **params)  # noqa: S608 - our names
        return {(table, row[0]): called(t, title, row[1]) for row in rows}
    columns = columns or stands_for(table)
    if not columns or not depth:
        return {}
    names = ", ".join(each.name for each in columns)
    rows = read.run(f"SELECT id, {names} FROM {table} WHERE id IN {inside}", **params)  # noqa: S608 - our names
    refs = [(str(each.ref), row[n]) for row in rows for n, each in enumerate(columns, 1) if each.ref]
    inner = labels(read, t, refs, depth=depth - 1)
    zones = timezones_of(read, BY_NAME[table], ids) if any(each.from_db is from_ms for each in columns) else {}
    return {
        (table, row[0]): ", ".join(
            inner(each.ref, row[n]) if each.ref else _told(read, t, each, row[n], zones.get(row[0]))
            for n, each in enumerate(columns, 1)
        )
        for row in rows
    }


def _told(read: Read, t: Texts, column: Column, raw: Any, there: ZoneInfo | None) -> str:
    """A moment, a word of an enum, or a code, as one of the things that tell a row from its like."""
    if column.from_db is from_ms:
        return t.moment(from_ms(raw), there or house_timezone(read), "short")
    if isinstance(column.hint, type) and issubclass(column.hint, StrEnum):
        return t.value(enum_name(column.hint), raw)
    return str(raw)


def _contexts(read: Read, t: Texts, ids: set[str]) -> dict[tuple[str, str], str]:
    """A name that others have as well says which it is: a few of these, and what these hang under, are looked at."""
    if (all_of_them := small_house(read)) is not None:
        marks = context_marks(t, all_of_them)
        return {
            ("context", each.id): t.of(each.names) + marks.get(each.id, "") for each in all_of_them if each.id in ids
        }
    among, params = in_list("c", sorted(ids))
    mine = read.find(Context, f"WHERE id IN {among}", **params)
    known = {each.id: each for each in mine}
    called, params = in_list("n", sorted({orjson.dumps(each.names).decode() for each in mine}))
    twins = f"SELECT MIN(id), MAX(id) FROM context WHERE names IN {called} GROUP BY names HAVING COUNT(*) > 1"  # noqa: S608 - names of parameters
    near = {each for pair in (read.run(twins, **params) if mine else ()) for each in pair}
    near |= {each.parent_id for each in mine if each.parent_id}
    for wanted in (near - known.keys(), None):  # the twins, then what these hang under
        more = wanted if wanted is not None else {each.parent_id for each in known.values() if each.parent_id}
        if missing := sorted(more - known.keys()):
            among, params = in_list("c", missing)
            known |= {each.id: each for each in read.find(Context, f"WHERE id IN {among}", **params)}
    marks = context_marks(t, known.values())
    return {("context", each.id): t.of(each.names) + marks.get(each.id, "") for each in mine}


def called(t: Texts, title: Column, raw: Any) -> str:
    """A row's name, of what its title column holds in the database."""
    if title.look is Look.NAMES:
        return t.of(orjson.loads(raw))
    return str(raw)


def label(read: Read, t: Texts, table: str, row_id: str) -> str:
    return labels(read, t, [(table, row_id)])(table, row_id)


def name_to_type(read: Read, t: Texts, table: str, row_id: str) -> str:
    """What somebody types to say that they mean this row: its name, or that of what it is one of."""
    first = title_column(table) or next(iter(stands_for(table)), None)
    if first is None or not first.ref:
        return label(read, t, table, row_id)
    row = read.one(f"SELECT {first.name} FROM {table} WHERE id = :id", id=row_id)  # noqa: S608 - our names
    return label(read, t, first.ref, row[0]) if row else ""


# --- currency and zone -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JoinPath:
    """SQL that leads from a row `t` to a column of what it hangs on."""

    joins: str
    column: str
    steps: int


@cache
def way(table: str, look: Look) -> JoinPath | None:
    """The shortest way over references, all of them there, to a column of this look."""
    waiting: list[tuple[str, str, str, int]] = [(table, "t", "", 0)]
    seen = {table}
    while waiting:
        at, alias, joins, steps = waiting.pop(0)
        declaration = BY_NAME[at]
        found = next((each for each in declaration.columns if each.look is look or _is_currency(each, look)), None)
        if found:
            return JoinPath(joins, f"{alias}.{found.name}", steps)
        if steps == MOST_STEPS:
            continue
        for column in declaration.columns:
            if not column.ref or column.many or column.nullable or column.ref in seen or column.ref not in BY_NAME:
                continue
            seen.add(column.ref)
            next_alias = f"w{steps}_{column.ref}"
            join = f"{joins} JOIN {column.ref} {next_alias} ON {next_alias}.id = {alias}.{column.name}"
            waiting.append((column.ref, next_alias, join, steps + 1))
    return None


def _is_currency(column: Column, look: Look) -> bool:
    return look is Look.CURRENCY and column.name == "currency"


def timezones_of(read: Read, declaration: Declaration, ids: list[str]) -> dict[str, ZoneInfo]:
    """The zone of each row's site; a row that hangs on none is not in it."""
    return {row_id: ZoneInfo(name) for row_id, name in _found(read, declaration, ids, Look.TIMEZONE)}


def currencies_of(read: Read, declaration: Declaration, ids: list[str]) -> dict[str, str]:
    return {row_id: str(name) for row_id, name in _found(read, declaration, ids, Look.CURRENCY)}


def _found(read: Read, declaration: Declaration, ids: list[str], look: Look) -> list[tuple[str, str]]:
    found = way(declaration.name, look)
    if found is None or not ids:
        return []
    rows: list[tuple[str, str]] = []
    for first in range(0, len(ids), _LABELS):
        inside, params = in_list("id", ids[first : first + _LABELS])
        sql = f"SELECT t.id, {found.column} FROM {declaration.name} t{found.joins} WHERE t.id IN {inside}"  # noqa: S608 - names of ours, values are parameters
        rows += [(row[0], row[1]) for row in read.run(sql, **params)]
    return rows


def house_timezone(read: Read) -> ZoneInfo:
    """The house's setting `timezone`, or that of its only site, or Paris."""
    return read.once("context", _timezone_said)


def _timezone_said(read: Read) -> ZoneInfo:
    said = setting_at(read, root_of_house(read), TIMEZONE.key)
    if said is None:
        found = next((each for each in BY_NAME.values() if any(c.look is Look.TIMEZONE for c in each.columns)), None)
        if found:
            column = next(each.name for each in found.columns if each.look is Look.TIMEZONE)
            row = read.one(f"SELECT {column} FROM {found.name} ORDER BY id LIMIT 1")  # noqa: S608 - our names
            said = row[0] if row else None
    return timezone_called(said)


def setting_of(
    read: Read, table: str, row_id: str | None, given: Mapping[str, str], at: str | None, point: str = "."
) -> Setting:
    """Currency and zone for a form on a row, or for one that is to be: by what it refers to already (`given`: table →
    id), or else by its context, or else the house's."""
    declaration = BY_NAME.get(table)
    found_zone: ZoneInfo | None = None
    currency: str | None = None
    if declaration and row_id:
        found_zone = timezones_of(read, declaration, [row_id]).get(row_id)
        currency = currencies_of(read, declaration, [row_id]).get(row_id)
        at = context_of(read, table, row_id) or at
    for ref, ref_id in sorted(given.items(), key=lambda pair: _distance(pair[0])):
        if ref not in BY_NAME:
            continue
        found_zone = found_zone or timezones_of(read, BY_NAME[ref], [ref_id]).get(ref_id)
        currency = currency or currencies_of(read, BY_NAME[ref], [ref_id]).get(ref_id)
        at = at or (context_of(read, ref, ref_id) if home(ref) else None)
    if currency is None:
        currency = currency_at(read, at)
    return Setting(currency, found_zone or house_timezone(read), house_languages(read) or LANGUAGES, point)


def _distance(table: str) -> int:
    found = way(table, Look.TIMEZONE) if table in BY_NAME else None
    return found.steps if found else 99
