"""What was done to plans, as pages tell of it: which acts were taken back, and what was done at a moment."""

from collections.abc import Sequence
from datetime import datetime

from central.kernel.db import in_list
from central.kernel.tx import Read
from central.venues.model import PlanAct, PlanAction
from shared.clock import to_ms
from shared.ids import Id


def undone_on(read: Read, target_id: str) -> set[Id]:
    """Which actions on a plan were taken back."""
    sql = "SELECT of_id FROM plan_action WHERE target_id = :id AND act = :undo"
    return {row[0] for row in read.run(sql, id=target_id, undo=PlanAct.UNDO)}


def acts_at(read: Read, moments: Sequence[tuple[str, datetime]]) -> list[PlanAction]:
    """What was done to plans (ids) at moments."""
    if not moments:
        return []
    plans, params = in_list("p", sorted({plan for plan, _ in moments}))
    times, more = in_list("m", sorted({to_ms(at) for _, at in moments}))
    return read.find(PlanAction, f"WHERE target_id IN {plans} AND at IN {times} ORDER BY version", **params, **more)
