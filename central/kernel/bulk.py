"""Several declared rows in one command: all of them, or none and everything that is wrong with them."""

from collections.abc import Sequence
from typing import Any

from central.kernel.crud import CONFIGURED, NoChange, refused_row
from central.kernel.entity import ENTITIES
from central.kernel.tx import Tx
from central.kernel.values import Fault
from shared.outcome import Ok, Outcome, Refused


def create_all(tx: Tx, rows: Sequence[Any]) -> Outcome[int]:
    """Answers with how many there are now. A fault's place says which row it is in: `2.code`."""
    faults: list[Fault] = []
    for n, row in enumerate(rows):
        refused = refused_row(tx, CONFIGURED[ENTITIES[type(row)].name], None, row)
        if refused is None:
            tx.insert(row)
        elif "faults" in refused.detail:
            faults += [{**fault, "at": f"{n}.{fault['at']}"} for fault in refused.detail["faults"]]
        else:
            return refused
    if faults:
        return Refused(NoChange.FAULTY, fix=faults[0]["at"], detail={"faults": faults})
    return Ok(len(rows))
