"""What things are looked for by: their codes and names in all languages, without accents and capitals, one short line
per thing. It is written with whatever changes the thing, in the same transaction; who may see what is found is asked
when somebody looks (web/search.py).

A line is read whole at every search: 100,000 of them take SQLite some 15 ms (docs/performance.md), so that any part of
a word finds, on either database alike, without an index of its own kind.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

import orjson

from central.kernel.db import Connection, in_list
from central.kernel.entity import BY_NAME

SPOKEN = ("code", "names", "name", "label", "email")
LONGEST = 400
_KEPT = "@.+-"


@lru_cache(maxsize=4096)  # the texts of screens and commands come again at every look
def folded(text: str) -> str:
    """`Théâtre d’Été` is `theatre d ete`."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = (sign if sign.isalnum() or sign in _KEPT else "" if unicodedata.combining(sign) else " " for sign in plain)
    return " ".join("".join(kept).split())


@cache
def spoken_columns(table: str) -> tuple[str, ...]:
    """The columns that things of this table are looked for by; none: they are found by their numbers, or not at all."""
    declaration = BY_NAME[table]
    return tuple(name for name in SPOKEN if name in declaration.names and not declaration.column(name).unlisted)


def remember(db: Connection, things: list[Any]) -> None:
    """Writes the lines of these (table, id) anew, as they are now."""
    by_table: dict[str, set[str]] = {}
    for table, row_id in things:
        by_table.setdefault(table, set()).add(row_id)
    for table, ids in by_table.items():
        listed = sorted(ids)
        for first in range(0, len(listed), 400):
            _written(db, table, listed[first : first + 400])


def _written(db: Connection, table: str, ids: list[str]) -> None:
    inside, params = in_list("id", ids)
    db.write(f"DELETE FROM found WHERE entity = :table AND entity_id IN {inside}", {"table": table, **params})  # noqa: S608 - names of ours, values are parameters
    columns = ", ".join(spoken_columns(table))
    rows = db.run(f"SELECT id, {columns} FROM {table} WHERE id IN {inside}", params)  # noqa: S608 - names of ours
    lines = [(table, row[0], line(dict(zip(spoken_columns(table), row[1:], strict=True)))) for row in rows]
    if lines:
        db.write_many("INSERT INTO found (entity, entity_id, words) VALUES (?, ?, ?)", lines)


def line(values: dict[str, Any]) -> str:
    """With a space before each word and at the end, so that ` ab` is the beginning of a word and ` ab ` all of it."""
    said: list[str] = []
    for name, value in values.items():
        said += _texts(name, value)
    words = dict.fromkeys(word for text in said for word in folded(text).split())
    return f" {' '.join(words)[:LONGEST]} "


def _texts(name: str, value: Any) -> Iterable[str]:
    if value is None:
        return ()
    return orjson.loads(value).values() if name == "names" else (str(value),)
