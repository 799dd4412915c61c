"""Numbers that count changes of certain tables, so that what was worked out from them is known to be as good as new by
one look, whichever process changed them. They move in the transaction of the change: who sees the number sees the rows.
"""

from typing import Any, Final

from central.kernel.db import Connection

OPERATORS: Final = "operators"
"""Counts what lets somebody in or says what they may."""

COUNTED: dict[str, str] = {}
"""Table → the number that its changes move."""


def counts(name: str, *tables: str) -> None:
    """Declares which tables a number is about."""
    COUNTED.update(dict.fromkeys(tables, name))


def move(db: Connection, names: list[Any]) -> None:
    """One step for all that a transaction changed."""
    for name in sorted(set(names)):
        db.write(
            "INSERT INTO counter (name, value) VALUES (:name, 1) "
            "ON CONFLICT (name) DO UPDATE SET value = counter.value + 1",
            {"name": f"version/{name}"},
        )


def version(db: Connection, name: str) -> int:
    found = db.run("SELECT value FROM counter WHERE name = :name", {"name": f"version/{name}"})
    return int(found[0][0]) if found else 0
