"""What who works at a performance has to know: a class of forty, a late admission after the first act."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from aiohttp import web

from central.catalogue.model import CataloguePrivilege, NoPerformance, Performance
from central.kernel.entity import Look, Ref
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.web.frame import FRAME
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePerformance:
    """Writes a performance's note anew, whatever its state; empty takes it away."""

    performance_id: Annotated[Id, Ref("performance")]
    note: Annotated[str, Look.LINES] = ""


@handles(NotePerformance, needs=CataloguePrivilege.CATALOGUE_MODIFY, refuses=(NoPerformance,))
def note_performance(tx: Tx, want: NotePerformance) -> Outcome[None]:
    before = tx.get(Performance, want.performance_id)
    if before is None:
        return Refused(NoPerformance.NO_SUCH_PERFORMANCE, fix="performance_id")
    tx.update(before, replace(before, note=want.note.strip()))
    return Ok(None)


def note_pages(app: web.Application) -> None:
    app[FRAME].opening_of("note_performance", _as_it_is)


def _as_it_is(read: Read, performance_id: str) -> Mapping[str, Any]:
    performance = read.get(Performance, Id(performance_id))
    return {"note": performance.note} if performance else {}
