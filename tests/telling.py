"""What the loop of central/programme/device_loop.py does, at once and in this thread: for houses that have no loops."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from central.kernel.actor import SYSTEM
from central.kernel.db import Connection
from central.kernel.door import Door
from central.kernel.tx import Read
from central.programme.device_loop import PERFORMANCES_AT_ONCE, FeedsKnown, Untold, heard, untold

MOST = 5  # looks in a row that find something


def not_told(door: Door, db: Connection, at: datetime, known: FeedsKnown) -> list[Untold]:
    """What devices do not know yet."""
    read, found = Read(db, SYSTEM, at, door.keys, door.settings), list[Untold]()
    ids = heard(read).performances
    known.catalogues.begin(read)
    for first in range(0, len(ids), PERFORMANCES_AT_ONCE):
        found += untold(read, ids[first : first + PERFORMANCES_AT_ONCE], known)
    return found


def tell(
    door: Door, db: Connection, at: datetime, do: Callable[[Any], Any], known: FeedsKnown | None = None
) -> list[Any]:
    """Tells devices whatever they do not know yet; answers with the commands. `known`: of a loop that went on before;
    None: one that begins."""
    given, known = list[Any](), known or FeedsKnown()
    for _ in range(MOST):
        commands = [command for each in not_told(door, db, at, known) for command in each.commands()]
        if not commands:
            return given
        for command in commands:
            do(command)
        given += commands
    raise AssertionError(f"told again and again: {given[-1]}")
