"""The outbox: what must be told outside is written in the transaction that decides it; a loop acts, a second command
confirms.

A row is claimed before anybody acts on it: however many processes share the database, one of them does it, and the
others let it be. Who dies over it loses the claim, and somebody else does it again. So an action happens once, or
twice if the one who did it could not say so any more; never not at all. Whoever is told knows it by its id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from central.kernel.actor import SYSTEM
from central.kernel.db import Connection, in_list
from central.kernel.door import Door
from central.kernel.entity import Between, Loose, Raw
from central.kernel.outbox_state import OutboxState
from central.kernel.own_commands import must_do
from central.kernel.prints import ABSENT, OUTBOX, leave, outbox_print
from central.kernel.registry import handles
from central.kernel.spans import APART, ahead
from central.kernel.subjects import People
from central.kernel.trouble import Repeatable, Unavailable
from central.kernel.tx import Read, Tx
from shared.clock import to_ms
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome
from shared.runtime.log import logger
from shared.runtime.tasks import well

log = logger(__name__)

MOST_TRIES = 12
AT_ONCE = 50
FORWARD_AT_ONCE = 1_000  # rows of a wrong clock, in one statement
ACT_S = 60.0  # what takes longer has failed
CLAIMED_FOR = timedelta(seconds=2 * ACT_S)  # so a claim outlives its act; processes' clocks agree within a minute
MOST_WHY = 500
FURTHEST = timedelta(days=2)  # nothing is put off longer at once
_FIRST = timedelta(seconds=2)

Act = Callable[[Id, dict[str, object]], Awaitable[bool]]
"""Does what a row says; False: not now, try again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOutbox:
    """Notes how an action ended; after a dozen failures it is given up, visibly. `attempt` is the claim's: the
    failure of one that ran out and was taken by somebody else counts no more."""

    outbox_id: Annotated[Id, Loose("a row of central's own outbox")]
    done: bool
    attempt: int
    why: Annotated[str, Raw(), Between(most=MOST_WHY)] = ""


@handles(SettleOutbox, told=False, needs="kernel.outbox.settle", at=lambda _, __: None)
def settle_outbox(tx: Tx, want: SettleOutbox) -> Outcome[None]:
    given_up = OutboxState.GIVEN_UP if want.attempt >= MOST_TRIES else OutboxState.WAITING
    state = OutboxState.DONE if want.done else given_up
    # log: columns that are kept beside it; rows go with `leave`
    tx.write(
        "UPDATE outbox SET state = :state, last_error = :why, due = :due, claimed_until = NULL "  # noqa: S608 - words of ours
        f"WHERE id = :id AND state = '{OutboxState.WAITING}' AND (tries = :attempt OR :done = 1)",
        state=state,
        attempt=want.attempt,
        done=int(want.done),
        why=want.why,
        due=to_ms(tx.now + _FIRST * 2 ** min(want.attempt, 10)),
        id=want.outbox_id,
    )
    return Ok(None)


def take_out(tx: Tx, which: str, **params: Any) -> int:
    """Takes rows that are done with out of the outbox; answers with their number. `which` is SQL."""
    # log: columns that are kept beside it; rows go with `leave`
    rows = tx.run(f"DELETE FROM outbox WHERE {which} RETURNING id, kind, body", **params)  # noqa: S608 - our own
    for row in rows:
        leave(tx.prints, OUTBOX, row[0], outbox_print(*row), ABSENT)
    return len(rows)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours to do: for which time it is tried, this one included."""

    id: Id
    kind: str
    body: dict[str, object]
    attempt: int


# clock: `bring_forward` mends it
DUE = f"state = '{OutboxState.WAITING}' AND due <= :now"
_AHEAD = (CLAIMED_FOR + APART) // timedelta(milliseconds=1)
# clock: taken with what a wrong clock put beyond its length
UNCLAIMED = f"{DUE} AND (claimed_until IS NULL OR claimed_until <= :now OR claimed_until > :now + {_AHEAD})"


async def claim(door: Door, outbox_id: Id, now: Callable[[], datetime] | None = None) -> Claimed | None:
    """Takes a row before anybody else does; None: somebody did, or it is not due any more. In the log this leaves
    nothing, as a sign of life of a loop's that is gone with the act: the row itself says how it ended."""
    at = now() if now else await door.read(SYSTEM, lambda read: read.now)
    return await door.chore(partial(_claimed, outbox_id, at))


def _claimed(outbox_id: Id, at: datetime, db: Connection) -> Claimed | None:
    # One guarded statement: of two that come at once the second finds the condition no longer met.
    # log: columns that are kept beside it; rows go with `leave`
    rows = db.run(
        "UPDATE outbox SET claimed_until = :until, tries = tries + 1 "  # noqa: S608 - our own words
        f"WHERE id = :id AND {UNCLAIMED} RETURNING kind, body, tries",
        {"id": outbox_id, "now": to_ms(at), "until": to_ms(at + CLAIMED_FOR)},
    )
    if not rows:
        return None
    kind, text, tries = rows[0]
    (body,) = People(db, to_ms(at)).opened([(OUTBOX, text)])  # of who is forgotten by now it says `ERASED`
    return Claimed(outbox_id, kind, body, tries)


async def bring_forward(door: Door, now: Callable[[], datetime] | None = None) -> None:
    """What a clock that was wrong put off beyond anything that is put off is due now."""
    at = now() if now else await door.read(SYSTEM, lambda read: read.now)
    while await door.chore(partial(_brought_forward, at)) == FORWARD_AT_ONCE:
        pass  # sales go on between two


def _brought_forward(at: datetime, db: Connection) -> int:
    # clock: taken with what a wrong clock put beyond its length
    # log: columns that are kept beside it; rows go with `leave`
    return db.write(
        "UPDATE outbox SET due = :now WHERE id IN "  # noqa: S608 - words of ours
        f"(SELECT id FROM outbox WHERE state = '{OutboxState.WAITING}' AND due > :ahead ORDER BY due, id LIMIT :n)",
        {"now": to_ms(at), "ahead": ahead(at, FURTHEST), "n": FORWARD_AT_ONCE},
    )


async def drain(door: Door, acts: Mapping[str, Act], *, only: bool = False, but: Iterable[str] = ()) -> int:
    """Does what is due, oldest first; answers with how many rows it did. `only`: rows of these acts' kinds; `but`: none
    of those kinds, which have a loop of their own: a far server's slowness must not hold up the rest."""
    chosen, params = in_list("kind", acts if only else but)
    which = f" AND kind {'IN' if only else 'NOT IN'} {chosen}" if params else ""

    def due(read: Read) -> list[Id]:
        sql = f"SELECT id FROM outbox WHERE {UNCLAIMED}{which} ORDER BY due, id LIMIT :n"  # noqa: S608 - our own names
        return [Id(row[0]) for row in read.run(sql, now=to_ms(read.now), n=AT_ONCE, **params)]

    done = 0
    for outbox_id in await door.read(SYSTEM, due):
        row = await claim(door, outbox_id)
        if row is None:
            continue
        did, why = await _done(acts, row)
        settled = SettleOutbox(outbox_id=row.id, done=did, attempt=row.attempt, why=why[:MOST_WHY])
        await must_do(door, settled, derived_id("outbox", row.id, row.attempt))
        done += 1
    return done


async def keep(
    door: Door, acts: Mapping[str, Act], every_s: float, *, only: bool = False, but: Iterable[str] = ()
) -> None:
    """The loop: `drain`, again and again."""
    while True:
        await drain(door, acts, only=only, but=but)
        well()
        await asyncio.sleep(every_s)


async def _done(acts: Mapping[str, Act], row: Claimed) -> tuple[bool, str]:
    act = acts.get(row.kind)
    if act is None:
        return False, f"nobody here does {row.kind}"
    try:
        async with asyncio.timeout(ACT_S):
            return await act(row.id, row.body), ""
    except OSError as fault:  # the network's business
        return False, str(fault) or type(fault).__name__
    except (Unavailable, Repeatable):  # the database's, which the loop waits for
        raise
    except Exception as fault:  # a bug of ours, which is seen, and holds up no other row
        where = RuntimeError(type(fault).__name__).with_traceback(fault.__traceback__)  # not what it says: of whom?
        log.error("a row of the outbox raises", kind=row.kind, id=row.id, attempt=row.attempt, exc_info=where)
        return False, type(fault).__name__
