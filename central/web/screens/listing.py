"""A list out of the database: what somebody may see of an entity, filtered, sorted, a page at a time.

Pages go by the last row's values, not by a count of rows to skip, so the thousandth costs what the first does. What is
counted is counted up to `COUNTED`: nobody reads "41,307", and counting them would take longer than showing them.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import orjson

from central.kernel.contexts import contexts_below, path_of
from central.kernel.db import in_list
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, Column, Declaration, Look
from central.kernel.scope import home, narrowing
from central.kernel.search_index import folded, spoken_columns
from central.kernel.tx import Read
from central.kernel.values import OneOf, Word, whole_number
from central.web.kept_views import When
from central.web.screens.names import stands_for, title_column
from shared.clock import to_ms

PAGE = 50
COUNTED = 1000
MOST_WORDS = 6
FEW = 1500  # more than is counted
MOST_NEEDLE = 200
LEAST = -(2**62)  # stands for NULL among numbers


@dataclass(frozen=True, slots=True)
class ListFilter:
    """`only` are (column, value) that rows must have; `after` the mark of the row that the page follows, `back` turns
    the direction. `dated`: the columns that say when a row begins and when it is over, where the list goes by days."""

    at: str | None = None
    q: str = ""
    sort: str = ""
    down: bool = False
    after: str = ""
    back: bool = False
    only: tuple[tuple[str, str], ...] = ()
    dated: tuple[str, str] | None = None
    when: When = When.ALL


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of rows. `count` is right up to `COUNTED`, beyond that it is `COUNTED` + 1. `before` and `after` are the
    marks for turning pages, empty where there is none."""

    rows: list[Any]
    count: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Query:
    joins: str
    where: str
    params: dict[str, Any] = field(default_factory=dict)
    many: bool = False  # more than anybody counts, as far as is known without counting


def seen_at(door: Door, read: Read, declaration: Declaration, at: str | None) -> tuple[str, ...] | None:
    """The contexts whose rows are shown: those the asker may see, of these only what lies below `at`."""
    allowed = door.permissions.holding(read, declaration.read)
    if home(declaration.name) is None:
        return None if allowed is None else ()
    if at is None:
        return allowed
    if len(path_of(read, at)) == 1:  # all of the house
        return allowed
    below = contexts_below(read, at)
    return tuple(each for each in below if allowed is None or each in allowed)


def may_see(door: Door, read: Read, declaration: Declaration) -> bool:
    allowed = door.permissions.holding(read, declaration.read)
    return allowed is None or (bool(allowed) and home(declaration.name) is not None)


def one(door: Door, read: Read, declaration: Declaration, row_id: str) -> Any | None:
    """A row that the asker may see."""
    joins, where, params = narrowing(read, declaration, seen_at(door, read, declaration, None))
    names = ", ".join(f"t.{name}" for name in declaration.names)
    sql = f"SELECT {names} FROM {declaration.name} t{joins} WHERE t.id = :row_id AND {where}"  # noqa: S608 - our names
    row = read.one(sql, row_id=row_id, **params)
    return declaration.entity(row) if row else None


# --- sorting ---------------------------------------------------------------------------------------------------------


def sortable(column: Column) -> bool:
    return not column.unlisted and not column.many and (_is_text(column) or not _is_json(column))


def default_sort(declaration: Declaration) -> tuple[str, bool]:
    """By code or number, or else the newest first: as central learnt of it, where that is kept beside what was told."""
    for name in ("code", "rank", "name"):
        if name in declaration.names:
            return name, False
    moments = [each.name for each in declaration.columns if str(getattr(each.hint, "__name__", "")) == "datetime"]
    moments.sort(key=lambda name: name != "received")
    return (moments[0], True) if moments else ("id", True)


def _is_json(column: Column) -> bool:
    origin = getattr(column.hint, "__origin__", None)
    return origin in (dict, tuple) or hasattr(column.hint, "__dataclass_fields__")


def _is_text(column: Column) -> bool:
    """Columns that are searched: texts and names per language."""
    if column.unlisted or column.look in (Look.PICTURE, Look.COLOUR):
        return False
    if any(isinstance(mark, OneOf | Word) for mark in column.marks):
        return False
    return column.look is Look.NAMES or (isinstance(column.hint, type) and issubclass(column.hint, str)
                                      and not issubclass(column.hint, StrEnum))  # fmt: skip


def searched(declaration: Declaration) -> tuple[str, ...]:
    return tuple(each.name for each in declaration.columns if _is_text(each) and each.name != "id" and not each.ref)


# --- the query -------------------------------------------------------------------------------------------------------


def found(door: Door, read: Read, declaration: Declaration, wanted: ListFilter, *, size: int = PAGE) -> ListPage:
    query = _query(door, read, declaration, wanted)
    column, down = sort_of(declaration, wanted)
    key = _key(declaration, column)
    turn = down != wanted.back
    where, params = query.where, dict(query.params)
    number = _is_number(declaration.column(column))
    if (mark := _mark(wanted.after)) and isinstance(mark[0], str) != number:
        # The first half alone lets the database begin in the middle of an index.
        sign = "<" if turn else ">"
        where += f" AND {key} {sign}= :mark AND ({key} {sign} :mark OR t.id {sign} :mark_id)"
        params |= {"mark": mark[0], "mark_id": mark[1]}
    order = "DESC" if turn else "ASC"
    names = ", ".join(f"t.{name}" for name in declaration.names)
    by = f"{key} {order}, t.id {order}" if column != "id" else f"t.id {order}"
    sql = f"SELECT {names} FROM {declaration.name} t{query.joins} WHERE {where} ORDER BY {by} LIMIT :size"  # noqa: S608 - names of ours, values are parameters
    raw = read.run(sql, **params, size=size + 1)
    more, raw = len(raw) > size, raw[:size]
    if wanted.back:
        raw.reverse()
    position = declaration.names.index(column)
    marks = [
        _write_mark((LEAST if number else "") if raw[n][position] is None else raw[n][position], raw[n][0])
        for n in ((0, -1) if raw else ())
    ]
    first, last = marks or ("", "")
    return ListPage(
        rows=[declaration.entity(row) for row in raw],
        count=_count(read, declaration, query),
        before=first if (more if wanted.back else bool(wanted.after)) else "",
        after=last if (wanted.back or more) else "",
    )


def by_value(
    door: Door, read: Read, declaration: Declaration, wanted: ListFilter, column: str
) -> dict[str, int] | None:
    """How many rows of the list each value of a column has, were it not narrowed by it; None: more than anybody
    counts."""
    apart = tuple(each for each in wanted.only if each[0] != column)
    query = _query(door, read, declaration, replace(wanted, only=apart))
    if query.many:
        return None
    rows = read.run(
        f"SELECT said, COUNT(*) FROM (SELECT t.{column} AS said FROM {declaration.name} t{query.joins} "  # noqa: S608 - names of ours, values are parameters
        f"WHERE {query.where} LIMIT :most) AS some GROUP BY said",
        **query.params, most=COUNTED + 1,
    )  # fmt: skip
    counts = {str(value): int(number) for value, number in rows}
    return counts if sum(counts.values()) <= COUNTED else None


def every(door: Door, read: Read, declaration: Declaration, wanted: ListFilter, *, most: int) -> Iterator[list[Any]]:
    """All rows of a list in its order, some at a time: for exports."""
    query = _query(door, read, declaration, wanted)
    column, down = sort_of(declaration, wanted)
    key, order = _key(declaration, column), "DESC" if down else "ASC"
    names = ", ".join(f"t.{name}" for name in declaration.names)
    by = f"{key} {order}, t.id {order}"
    sql = f"SELECT {names} FROM {declaration.name} t{query.joins} WHERE {query.where} ORDER BY {by} LIMIT :most"  # noqa: S608 - names of ours, values are parameters
    raw = read.run(sql, **query.params, most=most)
    for start in range(0, len(raw), 1000):
        yield [declaration.entity(row) for row in raw[start : start + 1000]]


def sort_of(declaration: Declaration, wanted: ListFilter) -> tuple[str, bool]:
    if wanted.sort in declaration.names and sortable(declaration.column(wanted.sort)):
        return wanted.sort, wanted.down
    if wanted.dated:
        return wanted.dated[0], wanted.when is not When.COMING
    return default_sort(declaration)


def _key(declaration: Declaration, column: str) -> str:
    """NULL is smaller than everything here, on either database."""
    declared = declaration.column(column)
    if not declared.nullable:
        return f"t.{column}"
    return f"COALESCE(t.{column}, {LEAST if _is_number(declared) else chr(39) * 2})"


def _mark(text: str) -> tuple[Any, str] | None:
    try:
        value, row_id = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        fits = isinstance(value, str) or (isinstance(value, int | float) and abs(value) < 2**63)
        return (value, str(row_id)) if fits else None
    except (ValueError, TypeError):
        return None


def _write_mark(value: Any, row_id: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([value, row_id])).decode().rstrip("=")


def _query(door: Door, read: Read, declaration: Declaration, wanted: ListFilter) -> _Query:
    joins, where, params = narrowing(read, declaration, seen_at(door, read, declaration, wanted.at))
    for n, (name, value) in enumerate(wanted.only):
        column = declaration.column(name) if name in declaration.names else None
        if column is None or column.unlisted or not (bound := _bound(column, value)):
            continue
        if column.many:
            where += f" AND t.{name} LIKE :only{n}"
            params[f"only{n}"] = f'%"{bound[0]}"%'
        else:
            where += f" AND t.{name} = :only{n}"
            params[f"only{n}"] = bound[0]
    if wanted.dated and wanted.when is not When.ALL:
        where += f" AND t.{wanted.dated[1]} {'>' if wanted.when is When.COMING else '<='} :now"
        params["now"] = to_ms(read.now)
    narrowed, many = where != "(1 = 1)", False
    if needle := wanted.q.strip()[:MOST_NEEDLE]:
        said, more = _search(read, declaration, needle, sort_of(declaration, wanted)[0])
        where, params = f"{where} AND ({said})", params | more
        many = not narrowed and ("EXISTS (" in said or "IN (SELECT" in said)
    return _Query(joins, where, params, many)


def _bound(column: Column, text: str) -> tuple[Any] | None:
    """A filter's text as its column keeps it; None: no such value."""
    if column.hint is bool:
        return (int(text == "1"),)
    if _is_number(column):
        return None if (number := whole_number(text)) is None else (number,)
    return (text,)


def _is_number(column: Column) -> bool:
    kind = getattr(column.hint, "__supertype__", column.hint)
    return isinstance(kind, type) and not issubclass(kind, str) and not _is_json(column)


def _count(read: Read, declaration: Declaration, query: _Query) -> int:
    if query.many:
        return COUNTED + 1
    sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {declaration.name} t{query.joins} WHERE {query.where} LIMIT :most) c"  # noqa: S608 - names of ours, values are parameters
    return int(read.run(sql, **query.params, most=COUNTED + 1)[0][0])


# --- searching -------------------------------------------------------------------------------------------------------


def _search(read: Read, declaration: Declaration, needle: str, sort: str) -> tuple[str, dict[str, Any]]:
    """Rows whose own texts hold the needle, or that refer to something whose name does."""
    words = [_literal(word) for word in folded(needle).split()[:MOST_WORDS]]
    params: dict[str, Any] = {f"word{n}": f"%{word}%" for n, word in enumerate(words)}
    said: list[str] = []
    own = searched(declaration)
    if words and spoken_columns(declaration.name):
        text, more = _among(read, declaration.name, "id", params, few=FEW, indexed=sort in _indexed(declaration))
        said.append(text)
        params |= more
        own = tuple(name for name in own if name not in spoken_columns(declaration.name))
    for column in _named_refs(declaration):
        if words:
            text, more = _among(read, str(column.ref), column.name, params, few=FEW, indexed=False)
            said.append(text)
            params |= more
    if own:
        params["needle"] = f"%{_literal(needle.lower())}%"
        said += [f"LOWER(t.{name}) LIKE :needle ESCAPE '!'" for name in own]
    said = [each for each in said if each]
    used = {
        name: value for name, value in params.items() if not name.startswith("word") or f":{name}" in " ".join(said)
    }
    return " OR ".join(said) or "1 = 0", used


def _among(
    read: Read, table: str, column: str, params: dict[str, Any], *, few: int, indexed: bool
) -> tuple[str, dict[str, Any]]:
    """That `t.column` names a row of `table` whose line in `found` holds every word. A few are listed: lines are then
    read once; of many, one looks at each row that comes along where the order of rows is an index's, since a page of
    them is soon full; else all are gathered."""
    inside = " AND ".join(f"f.words LIKE :{name} ESCAPE '!'" for name in params if name.startswith("word"))
    lines = f"FROM found f WHERE f.entity = '{table}' AND {inside}"
    words = {name: value for name, value in params.items() if name.startswith("word")}
    ids = [row[0] for row in read.run(f"SELECT f.entity_id {lines} LIMIT :few", **words, few=few + 1)]
    if not ids:
        return "", {}
    if len(ids) <= few:
        listed, more = in_list(f"named_{column}", ids)
        return f"t.{column} IN {listed}", more
    if indexed:
        return f"EXISTS (SELECT 1 {lines} AND f.entity_id = t.{column})", {}
    return f"t.{column} IN (SELECT f.entity_id {lines})", {}


def _indexed(declaration: Declaration) -> set[str]:
    """Columns whose order the database can walk without sorting."""
    first = {next(iter(index.columns)).name for index in declaration.table.indexes}
    return {"id", *first, *(names[0] for names in declaration.unique if len(names) == 1)}


def _literal(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _named_refs(declaration: Declaration) -> list[Column]:
    """Searched through: what stands for a row without a name, or else what it refers to."""
    columns = stands_for(declaration.name) if title_column(declaration.name) is None else declaration.columns
    return [each for each in columns if each.ref in BY_NAME and not each.many and spoken_columns(str(each.ref))]
