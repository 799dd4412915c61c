"""Where a row is used: whoever takes it away is told, and does not.

Each column that names it is asked by itself. Of what grows with every sale, where an index would cost each of them a
page, the whole table is read (tests/central/test_neighbours.py says which, and what it takes)."""

from collections.abc import Collection
from typing import Any

from central.kernel.entity import BY_NAME, Column, Declaration
from central.kernel.tx import Read


def uses(
    read: Read, table: str, row_id: str, most: int, besides: Collection[type[Any]] = (), *, links: bool = False
) -> list[dict[str, Any]]:
    """Where a row is used: `{"entity", "field", "count", "ids"}` per column that names it, with the first few ids.
    `besides`: entities that are parts of it, and go with it; `links`: where it is only linked to (what was sold at a
    tariff is told by its name for ever)."""
    found = []
    for name, declaration in BY_NAME.items():
        for column in declaration.columns:
            named = column.ref if not links else column.shown_as if column.ref is None else None
            if named != table or declaration.kind in besides:
                continue
            where = f"{column.name} LIKE :value" if column.many else f"{column.name} = :value"
            where = _led_to(declaration, column) + where if links else where  # of what is referred to SQLite reads all
            value = f'%"{row_id}"%' if column.many else row_id
            count = read.run(f"SELECT COUNT(*) FROM {name} WHERE {where}", value=value)[0][0]  # noqa: S608 - our names
            if count:
                ids = read.run(f"SELECT id FROM {name} WHERE {where} ORDER BY id LIMIT :n", value=value, n=most)  # noqa: S608 - names of ours, values are parameters
                found.append({"entity": name, "field": column.name, "count": count, "ids": [row[0] for row in ids]})
    return found


def _led_to(declaration: Declaration, column: Column) -> str:
    """Where no index begins with a column, and it stands second in one (of places: performance and contingent): the
    condition that has it looked for in the index once for each of the first, and not in all rows. Each names one."""
    indexes = [[each.name for each in index.columns] for index in declaration.table.indexes]
    indexes += [list(each) for each in declaration.unique]
    if any(each[0] == column.name for each in indexes):
        return ""
    for first in (declaration.column(each[0]) for each in indexes if each[1:2] == [column.name]):
        if first.ref and not first.nullable and not first.many:
            return f"{first.name} IN (SELECT id FROM {first.ref}) AND "  # noqa: S608 - our names
    return ""
