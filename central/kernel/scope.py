"""Where a row stands in the tree of contexts: in one of its own, or in that of what it belongs to. Rights, perimeters
and lists follow from that."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from central.kernel.contexts import root_of_house
from central.kernel.db import in_list
from central.kernel.entity import BY_NAME, Column, Declaration
from central.kernel.tx import Read


@dataclass(frozen=True, slots=True)
class Home:
    """`via`: the column that leads towards the context; `joins`: SQL that leads there from the alias `t`; `context`:
    SQL that gives the context's id."""

    via: str
    joins: str
    context: str


@cache
def home(table: str) -> Home | None:
    """None: its rows belong to the whole house."""
    declaration = BY_NAME[table]
    if table == "context":
        return Home("parent_id", "", "t.id")
    if "context_id" in declaration.names:
        return Home("context_id", "", "t.context_id")
    for column in declaration.columns:  # the first reference that leads to a context
        if column.ref and not column.many and not column.nullable and column.ref != table and (up := home(column.ref)):
            alias = f"h_{column.ref}"
            joins = f" JOIN {column.ref} {alias} ON {alias}.id = t.{column.name}" + _moved(up.joins, alias)
            return Home(column.name, joins, _moved(up.context, alias))
    return None


def _moved(sql: str, alias: str) -> str:
    return sql.replace("t.", f"{alias}.") if sql.startswith("t.") else sql.replace(" t.", f" {alias}.")


def context_of(read: Read, table: str, row_id: str) -> str | None:
    """The context of a row that is there."""
    at = home(table)
    if at is None:
        return root_of_house(read)
    row = read.one(f"SELECT {at.context} FROM {table} t{at.joins} WHERE t.id = :id", id=row_id)  # noqa: S608 - our names
    return str(row[0]) if row else None


def contexts_of(read: Read, table: str, among: Sequence[str] | None, most: int) -> dict[str, str]:
    """Rows of a table → the context of each: of these rows, or (None) of the first `most`."""
    at = home(table)
    assert at, f"a {table} belongs to the whole house"
    if among is not None and not among:
        return {}
    inside, params = in_list("among", among or ())
    where = f"WHERE t.id IN {inside} " if among else ""
    sql = f"SELECT t.id, {at.context} FROM {table} t{at.joins} {where}ORDER BY t.id LIMIT :most"  # noqa: S608 - our names
    return dict(read.run(sql, most=most, **params))


def is_there(read: Read, table: str, row_id: str) -> bool:
    """Whether what a reference to this table names is there."""
    return read.one(f"SELECT 1 FROM {table} WHERE id = :id", id=row_id) is not None  # noqa: S608 - our names


def context_of_new(read: Read, declaration: Declaration, fields: Mapping[str, Any]) -> str | None:
    """The context in which a row with these values would stand."""
    at = home(declaration.name)
    if at is None:
        return root_of_house(read)
    named = fields.get(at.via)
    if named is None:
        return None
    target = declaration.column(at.via).ref
    return str(named) if target == "context" else context_of(read, str(target), str(named))


# --- perimeters -------------------------------------------------------------------------------------------------------


@cache
def narrowed_by(table: str, before: tuple[str, ...] = ()) -> frozenset[str]:
    """Kinds of objects to which a perimeter may narrow its rows: itself, and what its columns lead to, however far: a
    ticket is a point of sale's because its order is."""
    return frozenset({table}).union(
        *(narrowed_by(str(each.ref), (*before, table)) for each in _ways(table) if each.ref not in (*before, table))
    )


@cache
def _ways(table: str) -> tuple[Column, ...]:
    return tuple(each for each in BY_NAME[table].columns if each.ref and not each.many and each.ref != table)


def kept_to(table: str, perimeter: Mapping[str, frozenset[str]]) -> tuple[list[str], dict[str, Any]]:
    """(conditions, parameters) that keep `table t` to a perimeter. What names nothing where it might is shown."""
    conditions, params = list[str](), dict[str, Any]()
    for kind in sorted(perimeter.keys() & narrowed_by(table)):
        inside, more = in_list(f"only_{kind}", sorted(perimeter[kind]))
        conditions += _leading(table, "t", kind, inside, ())
        params |= more
    return conditions, params


def _leading(table: str, alias: str, kind: str, inside: str, before: tuple[str, ...]) -> list[str]:
    if table == kind:
        return [f"{alias}.id IN {inside}"]
    conditions, before = [], (*before, table)
    for n, column in enumerate(_ways(table)):
        up, there = str(column.ref), f"{alias}.{column.name}"
        if up in before or kind not in narrowed_by(up, before):
            continue
        if up == kind:
            said = f"{there} IN {inside}"
        else:
            inner = f"{alias}{n}"
            further = " AND ".join(f"({each})" for each in _leading(up, inner, kind, inside, before))
            said = f"EXISTS (SELECT 1 FROM {up} {inner} WHERE {inner}.id = {there} AND {further})"  # noqa: S608 - ours
        conditions.append(said + f" OR {there} IS NULL" * column.nullable)
    return conditions


def outside(read: Read, perimeter: Mapping[str, frozenset[str]], table: str, ids: Iterable[str]) -> frozenset[str]:
    """Those of these rows that are there and lie outside of a perimeter."""
    kinds = perimeter.keys() & narrowed_by(table)
    suspect = [each for each in ids if kinds != {table} or each not in perimeter[table]]
    if not kinds or not suspect:
        return frozenset()
    conditions, params = kept_to(table, perimeter)
    inside, more = in_list("named", suspect)
    where = " AND ".join(f"({each})" for each in conditions)
    sql = f"SELECT t.id FROM {table} t WHERE t.id IN {inside} AND NOT ({where})"  # noqa: S608 - our own names
    return frozenset(str(row[0]) for row in read.run(sql, **params, **more))


def lay_within(
    read: Read, perimeter: Mapping[str, frozenset[str]], declaration: Declaration, values: Mapping[str, Any]
) -> bool:
    """The same of a row that the database cannot be asked about, by what its columns held. What they led to and is gone
    as well tells nothing any more, so the row is not shown."""
    table = declaration.name
    if table in perimeter and values.get("id") not in perimeter[table]:
        return False
    for column in _ways(table):
        up, value = str(column.ref), values.get(column.name)
        kinds = perimeter.keys() & narrowed_by(up, (table,))
        if not kinds or (value is None and column.nullable):
            continue
        if value is None or (up in kinds and value not in perimeter[up]):
            return False
        conditions, params = kept_to(up, {kind: perimeter[kind] for kind in kinds - {up}})
        where = " AND ".join(f"({each})" for each in conditions)
        sql = f"SELECT 1 FROM {up} t WHERE t.id = :named AND {where}"  # noqa: S608 - our own names
        if conditions and read.one(sql, named=value, **params) is None:
            return False
    return True


def narrowing(read: Read, declaration: Declaration, places: tuple[str, ...] | None) -> tuple[str, str, dict[str, Any]]:
    """(joins, conditions, parameters) that leave of `table t` what the asker may see: in these contexts (None: all),
    and within the perimeter."""
    at = home(declaration.name)
    conditions, params = ["1 = 1"], dict[str, Any]()
    joins = ""
    if places is not None:
        if at is None:
            return "", "1 = 0", {}
        inside, params = in_list("place", places)
        conditions.append(f"{at.context} IN {inside}" if places else "1 = 0")
        joins = at.joins
    kept, more = kept_to(declaration.name, read.actor.perimeter)
    return joins, " AND ".join(f"({each})" for each in (*conditions, *kept)), params | more
