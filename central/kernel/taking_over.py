"""Rows from before there were prints (kernel/prints.py) are believed as they are found, once: after an update, a loop
walks all tables and leaves their prints in the log, piece by piece. From then on a row that is in no print was put in
by somebody. A house that began with prints has nothing to take over.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from central.kernel.door import Door
from central.kernel.prints import TAKEN_OVER
from central.kernel.registry import handles
from central.kernel.row_proof import DONE, page_of, proved_tables
from central.kernel.tx import SYSTEM, Read, Tx
from shared.ids import derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.runtime.log import logger

log = logger(__name__)
AT_ONCE = 500
PAUSE_S = 0.01  # between two pieces: others want to write too


@dataclass(frozen=True, slots=True)
class TakeRowsOver:
    """Central's own, once after an update: the next rows of a table as they are. Without a table: that was all."""

    table: str
    after: str


@handles(TakeRowsOver, needs="kernel.rows.take_over", at=lambda _, __: None, gives=str)
def take_rows_over(tx: Tx, want: TakeRowsOver) -> Outcome[str]:
    """Answers with where to go on; empty: at the next table."""
    if not want.table:
        tx.set_counter(DONE, 1)
        return Ok("")
    rows, after = page_of(tx, want.table, want.after, AT_ONCE)
    tx.prints.setdefault(want.table, {}).update((row_id, TAKEN_OVER + print_) for row_id, print_ in rows)
    return Ok(after)


def older_rows(read: Read) -> bool:
    """Whether the log began without prints, and nobody has taken over what there was."""
    first = read.one(
        "SELECT p.prints IS NULL FROM command_log l LEFT JOIN command_prints p ON p.command_id = l.id "
        "ORDER BY l.seq IS NULL, l.seq, l.turn LIMIT 1"
    )
    return bool(first and first[0]) and not read.one("SELECT 1 FROM counter WHERE name = :done", done=DONE)


async def take_over(door: Door) -> int:
    """All there is; answers with the number of pieces. Stopped in between, it begins anew: what was done is answered
    from the log."""
    if not await door.read(SYSTEM, older_rows):
        return 0
    pieces = 0
    for table in [*proved_tables(), ""]:
        after = ""
        while True:
            reply = await door.execute(SYSTEM, TakeRowsOver(table, after), derived_id("rows taken over", table, after))
            if isinstance(reply.outcome, Refused):
                raise RuntimeError(f"rows of {table} are not taken over: {reply.outcome.reason}")
            pieces += 1
            after = reply.outcome.value
            if not after:
                break
            await asyncio.sleep(PAUSE_S)
    log.info("rows from before the log proved them were taken over", pieces=pieces)
    return pieces


async def first(door: Door, work: Callable[[], Awaitable[None]]) -> None:
    """Before the work of a loop that can wait for it, once after an update."""
    await take_over(door)
    await work()
