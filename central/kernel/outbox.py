"""The outbox: what must be told outside is written in the transaction that decides it; a loop acts, a second command
confirms. An action may so happen twice, never not at all; whoever is told knows it by its id."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import orjson

from central.kernel.db import in_list
from central.kernel.door import Door
from central.kernel.entity import Loose, Raw
from central.kernel.registry import handles
from central.kernel.tx import SYSTEM, Read, Tx
from shared.clock import to_ms
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome

MOST_TRIES = 12
AT_ONCE = 50
_FIRST = timedelta(seconds=2)

Act = Callable[[Id, dict[str, object]], Awaitable[bool]]
"""Does what a row says; False: not now, try again later."""


@dataclass(frozen=True, slots=True)
class SettleOutbox:
    """Notes how an action ended; after `MOST_TRIES` failures it is given up, visibly."""

    outbox_id: Annotated[Id, Loose("a row of central's own outbox")]
    done: bool
    attempt: int
    why: Annotated[str, Raw()] = ""


@handles(SettleOutbox, needs="kernel.outbox.settle", at=lambda _, __: None)
def settle_outbox(tx: Tx, want: SettleOutbox) -> Outcome[None]:
    state = "done" if want.done else "given_up" if want.attempt >= MOST_TRIES else "waiting"
    tx.write(
        "UPDATE outbox SET state = :state, tries = :tries, last_error = :why, due = :due WHERE id = :id",
        state=state,
        tries=want.attempt,
        why=want.why[:500],
        due=to_ms(tx.now + _FIRST * 2 ** min(want.attempt, 10)),
        id=want.outbox_id,
    )
    return Ok(None)


async def drain(door: Door, acts: Mapping[str, Act], *, only: bool = False, but: Iterable[str] = ()) -> int:
    """Does what is due, oldest first; answers with how many rows it looked at. `only`: rows of these acts' kinds;
    `but`: none of those kinds, which have a loop of their own: a far server's slowness must not hold up the rest."""
    chosen, params = in_list("kind", acts if only else but)
    which = f" AND kind {'IN' if only else 'NOT IN'} {chosen}" if params else ""

    def due(read: Read) -> list[tuple[Id, str, str, int]]:
        return [
            (Id(row[0]), row[1], row[2], row[3])
            for row in read.run(
                "SELECT id, kind, body, tries FROM outbox "  # noqa: S608 - our own names
                f"WHERE state = 'waiting' AND due <= :now{which} ORDER BY due LIMIT :n",
                now=to_ms(read.now),
                n=AT_ONCE,
                **params,
            )
        ]

    rows: list[tuple[Id, str, str, int]] = await door.read(SYSTEM, due)
    for outbox_id, kind, body, tries in rows:
        done, why = await _done(acts, outbox_id, kind, body)
        settled = SettleOutbox(outbox_id, done, tries + 1, why)
        await door.execute(SYSTEM, settled, derived_id("outbox", outbox_id, tries + 1))
    return len(rows)


async def _done(acts: Mapping[str, Act], outbox_id: Id, kind: str, body: str) -> tuple[bool, str]:
    act = acts.get(kind)
    if act is None:
        return False, f"nobody here does {kind}"
    try:
        return await act(outbox_id, orjson.loads(body)), ""
    except OSError as fault:  # the network's business; anything else is a bug and should be seen
        return False, str(fault)
