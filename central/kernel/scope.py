"""Where a row stands in the tree of contexts: in one of its own, or in that of what it belongs to. Rights, perimeters
and lists follow from that."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from central.kernel.db import in_list
from central.kernel.entity import BY_NAME, Declaration
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
        root = read.one("SELECT id FROM context WHERE parent_id IS NULL")
        return str(root[0]) if root else None
    row = read.one(f"SELECT {at.context} FROM {table} t{at.joins} WHERE t.id = :id", id=row_id)  # noqa: S608 - our names
    return str(row[0]) if row else None


def context_of_new(read: Read, declaration: Declaration, fields: Mapping[str, Any]) -> str | None:
    """The context in which a row with these values would stand."""
    at = home(declaration.name)
    if at is None:
        root = read.one("SELECT id FROM context WHERE parent_id IS NULL")
        return str(root[0]) if root else None
    named = fields.get(at.via)
    if named is None:
        return None
    target = declaration.column(at.via).ref
    return str(named) if target == "context" else context_of(read, str(target), str(named))


@cache
def narrowed_by(table: str) -> frozenset[str]:
    """Kinds of objects to which a perimeter may narrow its rows: itself, and what its columns name."""
    return frozenset({table} | {each.ref for each in BY_NAME[table].columns if each.ref and not each.many})


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
    for kind, allowed in read.actor.perimeter.items():
        for column in declaration.columns:
            if column.many or (column.name != "id" if declaration.name == kind else column.ref != kind):
                continue
            inside, more = in_list(f"only_{kind}_{column.name}", sorted(allowed))
            conditions.append(f"t.{column.name} IN {inside}" + (f" OR t.{column.name} IS NULL" * column.nullable))
            params |= more
    return joins, " AND ".join(f"({each})" for each in conditions), params
