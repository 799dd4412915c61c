"""What an act would change, in words: how many rows of what, and the first few before → after."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from central.kernel.entity import BY_NAME, Declaration
from central.kernel.tx import Read
from central.web.screens.cells import Cell, CellReader, address, clipped, differing, ref_of
from central.web.screens.names import currencies_of, house_timezone, labels, timezones_of
from central.web.texts import Texts

SHOWN = 6
Row = tuple[str, str, str, str]
"""(entity, id, action, change as JSON), as the audit keeps it."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowChanges:
    """A row, and what becomes of it."""

    text: str
    href: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """`action` is created, changed or deleted; `first` are the first rows of `count`."""

    action: str
    entity: str
    count: int
    text: str
    first: tuple[RowChanges, ...]


def effects(read: Read, t: Texts, would: Iterable[Row]) -> list[Effect]:
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in would:
        grouped.setdefault((row[2], row[0]), []).append(row)
    order = {"deleted": 0, "changed": 1, "created": 2}
    found = []
    for (action, entity), rows in sorted(grouped.items(), key=lambda pair: order.get(pair[0][0], 3)):
        ids = list(dict.fromkeys(row[1] for row in rows))
        found.append(
            Effect(action, entity, len(ids), _says(t, action, entity, len(ids)), _first(read, t, entity, rows))
        )
    return found


def changed_to(read: Read, would: Iterable[Row], tables: Container[str]) -> list[tuple[str, Any]]:
    """The first rows of these tables that would be changed, each as it would be then."""
    found = list[tuple[str, Any]]()
    for table, row_id, action, change in would:
        if action != "changed" or table not in tables or len(found) == SHOWN:
            continue
        declaration = BY_NAME[table]
        if (row := read.get(declaration.kind, row_id)) is None:
            continue
        values = list(declaration.row(row))
        for name, pair in orjson.loads(change).items():
            if name in declaration.names and isinstance(pair, list) and len(pair) == 2:  # what a statement said itself
                values[declaration.names.index(name)] = pair[1]
        found.append((table, declaration.entity(tuple(values))))
    return found


def _says(t: Texts, action: str, entity: str, count: int) -> str:
    what = t.within(t.entity(entity) if count == 1 else t.entities(entity))
    number = t.number(count)
    if action == "created":
        return t("crée {n} {what}", n=number, what=what)
    if action == "deleted":
        return t("supprime {n} {what}", n=number, what=what)
    return t("modifie {n} {what}", n=number, what=what)


def _first(read: Read, t: Texts, entity: str, rows: Sequence[Row]) -> tuple[RowChanges, ...]:
    declaration = BY_NAME.get(entity)
    if declaration is None:
        return ()
    shown = [row for row in rows if row[2] != "created"][:SHOWN]
    parsed = [(row, orjson.loads(row[3]) if row[3] else {}) for row in shown]
    ids = [row[1] for row in shown]
    named = labels(read, t, [(entity, each) for each in ids] + list(_refs(declaration, parsed)))
    of = CellReader(
        t,
        declaration,
        named,
        timezones_of(read, declaration, ids),
        currencies_of(read, declaration, ids),
        house_timezone(read),
    )
    return tuple(
        RowChanges(
            clipped(named(entity, row[1])),
            address(entity, row[1]),
            () if row[2] == "deleted" else tuple(_lines(of, row[1], change)),
        )
        for row, change in parsed
    )


def _refs(declaration: Declaration, parsed: Iterable[tuple[Row, dict[str, Any]]]) -> Iterable[tuple[str, str]]:
    for _, change in parsed:
        for name, pair in change.items():
            table = ref_of(declaration.column(name)) if name in declaration.names else None
            if table and isinstance(pair, list):
                yield from ((table, each) for each in pair if isinstance(each, str))


def _lines(of: CellReader, row_id: str, change: dict[str, Any]) -> Iterable[FieldChange]:
    for name, pair in change.items():
        if not isinstance(pair, list) or len(pair) != 2:
            continue
        column = of.declaration.column(name) if name in of.declaration.names else None
        parts = differing(of.t, column, of.declaration.name, *pair) if column else None
        if parts is not None:
            nothing = of.t("rien")
            yield from (FieldChange(text, clipped(old) or nothing, clipped(new) or nothing) for text, old, new in parts)
            continue
        before, after = (_said(of, row_id, name, each) for each in pair)
        yield FieldChange(of.t.field(of.declaration.name, name), before, after)


def _said(of: CellReader, row_id: str, name: str, raw: Any) -> str:
    if raw is None or raw == "":
        return of.t("rien")
    if name not in of.declaration.names:
        return clipped(str(raw))
    column = of.declaration.column(name)
    if table := ref_of(column):
        return of.named(table, raw) if isinstance(raw, str) else clipped(str(raw))
    try:
        value = column.from_db(raw) if column.from_db and isinstance(raw, str | int) else raw
    except (ValueError, TypeError):
        value = raw
    said: Cell = of.value(column, value, row_id)
    return clipped(said.text or "; ".join(said.lines))
