"""A house with very much of everything: rows of every entity, told to the database and not to the door, made from what
is declared. A new entity grows with the others."""

from collections.abc import Iterable, Iterator
from typing import Any

from central.kernel.db import Connection
from central.kernel.entity import BY_NAME, Column, Declaration
from shared.clock import to_ms
from shared.ids import derived_id
from tests.central.small_house import NOW

HOUR_MS = 3_600_000


class Grower:
    """`copies` (of some tables others) of a row of every entity that `rows` names (table → id), each beside it: they
    hang on what it hangs on, so that whatever may have many of something has."""

    def __init__(self, db: Connection, rows: dict[str, str], copies: int, others: dict[str, int]) -> None:
        self._db, self._rows, self._copies, self._others = db, rows, copies, others

    def grow(self) -> None:
        """A row may name one that comes later, so references are looked at when all is there."""
        self._db.run("PRAGMA foreign_keys = OFF", {})
        self._db.begin(write=True)
        for declaration in BY_NAME.values():
            self._table(declaration)
        assert self._db.run("PRAGMA foreign_key_check", {}) == []
        self._db.commit()
        self._db.run("PRAGMA foreign_keys = ON", {})

    def many(self, table: str) -> int:
        return self._others.get(table, self._copies)

    def _table(self, declaration: Declaration) -> None:
        table, names = declaration.name, declaration.names
        ((*values,),) = self._db.run(
            f"SELECT {', '.join(names)} FROM {table} WHERE id = :id", {"id": self._rows[table]}
        )
        row = dict(zip(names, values, strict=True))
        alone = {name for unique in _alone(declaration) for name in _told_apart(declaration, unique, row)}
        marks = ", ".join(f":{name}" for name in names)
        told = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
        self._db.write_many(told, list(self._copies_of(declaration, row, alone)))
        found = "SELECT words FROM found WHERE entity = :e AND entity_id = :id"
        for (words,) in self._db.run(found, {"e": table, "id": row["id"]}):
            self._db.write_many(
                "INSERT INTO found (entity, entity_id, words) VALUES (:entity, :id, :words)",
                [{"entity": table, "id": copy_of(table, n), "words": words} for n in range(self.many(table))],
            )

    def _copies_of(self, declaration: Declaration, row: dict[str, Any], alone: set[str]) -> Iterator[dict[str, Any]]:
        moments = [
            each.name for each in declaration.columns
            if isinstance(row[each.name], int) and getattr(each.hint, "__name__", "") == "datetime"
        ]  # fmt: skip
        first = 0
        if "position" in declaration.names:  # the order of a hall's seats has no holes
            ((first,),) = self._db.run(f"SELECT MAX(position) + 1 FROM {declaration.name}", {})
        for n in range(self.many(declaration.name)):
            copy = row | {"id": copy_of(declaration.name, n)}
            if len(moments) == 1:
                copy[moments[0]] = min(row[moments[0]], to_ms(NOW)) - n * HOUR_MS
            if "position" in copy:
                copy["position"] = first + n
            for name in alone:
                ref = declaration.column(name).ref
                copy[name] = copy_of(ref, n % max(1, self.many(ref))) if ref else _bent(row[name], n)
            yield copy


def copy_of(table: str, n: int) -> str:
    return derived_id("copy", table, n)


def _alone(declaration: Declaration) -> Iterator[tuple[str, ...]]:
    """Columns that no two rows may have alike, of those that live as well."""
    yield from declaration.unique
    yield from (tuple(c.name for c in index.columns) for index in declaration.table.indexes if index.unique)


def _told_apart(declaration: Declaration, unique: tuple[str, ...], row: dict[str, Any]) -> Iterable[str]:
    """The one of these columns by which the copies differ: a text or number, else what it names."""
    if any(row[name] is None for name in unique):  # which no two rows have alike
        return ()
    columns = [declaration.column(name) for name in unique]
    plain = [each.name for each in columns if not each.ref and _bends(each, row[each.name])]
    named = [each.name for each in columns if each.ref and row[each.name] is not None and each.ref != "context"]
    return (plain or named or list(unique))[-1:]


def _bends(column: Column, value: Any) -> bool:
    hint = column.hint if isinstance(column.hint, type) else str
    return not (issubclass(hint, bool) or hasattr(hint, "__members__")) and isinstance(value, str | int)


def _bent(value: Any, n: int) -> Any:
    return value + n + 1 if isinstance(value, int) else f"{value}-{n}" if value is not None else None
