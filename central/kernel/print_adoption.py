"""Rows from before there were prints (kernel/prints.py) are believed as they are found, once: after an update, a loop
walks all tables and leaves their prints in the log, piece by piece. From then on a row that is in no print was put in
by somebody. A house that began with prints has nothing to take over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from central.kernel.actor import SYSTEM
from central.kernel.db import in_list
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, ENTITIES, SUBJECTS
from central.kernel.prints import TAKEN_OVER, leave
from central.kernel.registry import handles
from central.kernel.row_proof import DONE, page_of, proved_tables
from central.kernel.tx import Read, Tx
from shared.ids import derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.runtime.log import logger

log = logger(__name__)
AT_ONCE = 500
PEOPLE_AT_ONCE = 100
PAUSE_S = 0.01  # between two pieces: others want to write too
TAKE_OVER = "kernel.rows.take_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRowsOver:
    """Central's own, once after an update: the next rows of a table as they are. Without a table: that was all."""

    table: str
    after: str


@handles(TakeRowsOver, needs=TAKE_OVER, at=lambda _, __: None, gives=str)
def take_rows_over(tx: Tx, want: TakeRowsOver) -> Outcome[str]:
    """Answers with where to go on; empty: at the next table."""
    if not want.table:
        tx.set_counter(DONE, 1)
        return Ok("")
    rows, after = page_of(tx, want.table, want.after, AT_ONCE)
    tx.prints.setdefault(want.table, {}).update((row_id, TAKEN_OVER + print_) for row_id, print_ in rows)
    return Ok(after)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePeopleOver:
    """Central's own, once after an update: the next people of a table who are there without keys get theirs."""

    table: str


@handles(TakePeopleOver, needs=TAKE_OVER, at=lambda _, __: None)
def take_people_over(tx: Tx, want: TakePeopleOver) -> Outcome[None]:
    give_keys(tx, want.table, without_keys(tx, want.table))
    return Ok(None)


def without_keys(read: Read, table: str) -> list[str]:
    rows = read.run(
        f"SELECT t.id FROM {table} t WHERE NOT EXISTS "  # noqa: S608 - our names
        "(SELECT 1 FROM subject_key k WHERE k.subject = t.id) ORDER BY t.id LIMIT :n",
        n=PEOPLE_AT_ONCE,
    )
    return [row[0] for row in rows]


def give_keys(tx: Tx, table: str, ids: Sequence[str]) -> None:
    """Of rows that say something about people from before there were keys, the log keeps how their prints were, and are
    now that they are blinded: the rows themselves stay as they are."""
    if not ids:
        return
    inside, params = in_list("s", ids)
    rows = {
        kind: tx.run(f"{declaration.select_sql} WHERE {declaration.names[said.of]} IN {inside}", **params)
        for kind, declaration in ENTITIES.items()
        for said in declaration.personal
        if said.whose == table and not declaration.unproved
    }
    before = {kind: tx.blinded(ENTITIES[kind], found) for kind, found in rows.items()}
    tx.people.born(table, ids)
    for kind, found in rows.items():
        declaration = ENTITIES[kind]
        for was, now in zip(before[kind], tx.blinded(declaration, found), strict=True):
            if was != now:
                leave(tx.prints, declaration.name, now[0], declaration.print_of(was), declaration.print_of(now))


async def people_over(door: Door) -> int:
    """All who are there without keys; answers with the number of pieces."""
    pieces = 0
    for table in sorted(SUBJECTS.keys() & BY_NAME.keys()):
        while ids := await door.read(SYSTEM, partial(without_keys, table=table)):
            command = TakePeopleOver(table=table)
            reply = await door.execute(SYSTEM, command, derived_id("people taken over", table, ids[0], ids[-1]))
            if isinstance(reply.outcome, Refused):
                raise RuntimeError(f"people of {table} get no keys: {reply.outcome.reason}")
            pieces += 1
            await asyncio.sleep(PAUSE_S)
    return pieces


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
            reply = await door.execute(
                SYSTEM, TakeRowsOver(table=table, after=after), derived_id("rows taken over", table, after)
            )
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
    await people_over(door)
    await work()
