"""An id belongs for ever to what it first named, and to the place where that stood.

Whoever makes a thing says its id, so an id could be used again once its thing is gone: by somebody else, elsewhere.
What is remembered of it would then be another's (where it stands, in every process; its history), so only the thing
itself comes back under it: the same entity, in the same place, within the asker's perimeter. What is no row of its own
but made of many (a hall and its seats, a performance and its places) does not come back: it could be made of others,
and is known by its id as it was. Nor is an id that names
one kind of thing given to another, while the first is there or afterwards. The audit knows what was.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from central.kernel.crud import CONFIGURED
from central.kernel.db import in_list
from central.kernel.entity import BY_NAME, CHOSEN
from central.kernel.former_names import renamed, today
from central.kernel.misfits import Misfit
from central.kernel.replies import NoEntry
from central.kernel.scope import home, lay_within
from central.kernel.traces import Traces
from central.kernel.tx import AT_ONCE, Tx
from shared.outcome import Refused


def used_before(tx: Tx, traces: Traces) -> Refused | None:
    """Why a command may not have made what it made: under an id that was another's, in the words for one that still
    is. One statement, and none for a sale or what devices tell: what is never taken away, or has an id that follows
    from what it is, stands where it stood."""
    made = {(row_id, table) for table, row_id, act, _ in tx.audit if act == "created" and table in CHOSEN}
    if not made:
        return None
    ids = sorted({row_id for row_id, _ in made})
    taken = len(ids) < len(made) or any(
        (row_id, today(entity)) not in made
        or (act == "deleted" and not _comes_back(tx, today(entity), row_id, _was(entity, change)))
        for first in range(0, len(ids), AT_ONCE)
        for entity, row_id, act, change in _before(tx, traces, ids[first : first + AT_ONCE])
    )
    if not taken:
        return None
    return Refused(NoEntry.DOES_NOT_FIT, fix="id", detail={"what": Misfit.THERE_ALREADY, "fields": ["id"]})


def _before(tx: Tx, traces: Traces, ids: list[str]) -> Iterable[tuple[str, str, str, str]]:
    """(entity, id, action, of what was taken away what it was) of all that was done under them before, also in this
    transaction."""
    inside, params = in_list("id", ids)
    sql = (
        "SELECT DISTINCT entity, entity_id, action, CASE WHEN action = 'deleted' THEN change ELSE '' END FROM audit "  # noqa: S608 - names of ours, values are parameters
        f"WHERE entity_id IN {inside}"
    )
    return [*tx.run(sql, **params), *traces.done_to(ids)]


def _comes_back(tx: Tx, table: str, row_id: str, was: Mapping[str, Any]) -> bool:
    if table not in CONFIGURED:
        return False
    at = home(table)
    if not lay_within(tx, tx.actor.perimeter, BY_NAME[table], {**was, "id": row_id}):
        return False
    return at is None or tx.one(f"SELECT {at.via} FROM {table} WHERE id = :id", id=row_id) == (was.get(at.via),)  # noqa: S608 - names of ours, values are parameters


def _was(entity: str, change: str) -> Mapping[str, Any]:
    return {name: pair[0] for name, pair in renamed(entity, orjson.loads(change)).items()}
