"""What other areas ask of performances, by name: where one is, what serves it, which are sold now."""

from typing import NamedTuple

from central.catalogue.model import Performance, ProductState
from central.catalogue.ops import on_sale
from central.kernel.contexts import path_of
from central.kernel.memory import keep
from central.kernel.tx import Read
from shared.ids import Id

MOST_REMEMBERED = 5_000
_MEMORY = "where performances are"


def of_event(parameter: str) -> str:
    """For a statement: the performances of the event in this parameter."""
    return f"(SELECT id FROM performance WHERE event_id = :{parameter})"  # noqa: S608 - names of ours


def hall_of(read: Read, performance_id: str) -> Id | None:
    """The physical configuration that a performance is in; None: there is no such performance."""
    row = read.one(
        "SELECT l.physical_configuration_id FROM performance p "
        "JOIN logical_configuration l ON l.id = p.logical_configuration_id WHERE p.id = :id",
        id=performance_id,
    )
    return Id(row[0]) if row else None


class Whereabouts(NamedTuple):
    """Neither ever changes. `path`: its context and those above it, nearest first. Empty: no such performance."""

    site_id: str
    path: tuple[str, ...]


def whereabouts(read: Read, performance_id: str) -> Whereabouts:
    known: dict[str, Whereabouts] = read.memory.setdefault(_MEMORY, {})
    if (found := known.get(performance_id)) is not None:
        return found
    row = read.one("SELECT site_id, context_id FROM performance WHERE id = :id", id=performance_id)
    if row is None:
        return Whereabouts("", ())
    found = Whereabouts(str(row[0]), path_of(read, row[1]))
    return keep(read, "performance", known, performance_id, found, MOST_REMEMBERED)


def serves(read: Read, context_id: str, performance_id: str) -> bool:
    """Whether what stands in a context (a tariff, a point of sale) is for this performance: it stands where the
    performance does, or above it."""
    return context_id in whereabouts(read, performance_id).path


def on_sale_now(read: Read) -> list[Performance]:
    """The next first."""
    put = read.find(Performance, "WHERE state = :put ORDER BY starts, id", put=ProductState.ON_SALE)
    return [each for each in put if on_sale(each, read.now)]
