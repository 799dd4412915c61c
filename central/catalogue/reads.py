"""What other areas ask of performances, by name: where one is, what serves it, which there are, which are sold now."""

from collections.abc import Sequence
from typing import NamedTuple

from central.catalogue.model import Event, Performance, PerformanceState
from central.catalogue.ops import on_sale
from central.kernel.contexts import path_of
from central.kernel.db import in_list
from central.kernel.memory import keep
from central.kernel.tx import Read
from shared.clock import to_ms
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
    put = read.find(Performance, "WHERE state = :put ORDER BY starts, id", put=PerformanceState.ON_SALE)
    return [each for each in put if on_sale(each, read.now)]


def all_performances(read: Read) -> list[Performance]:
    """Of the whole house, in the order of their start."""
    return read.find(Performance, "ORDER BY starts, id")


def performances_in(read: Read, context_id: str) -> list[Performance]:
    """Those that stand in this context itself, in the order of their start."""
    return read.find(Performance, "WHERE context_id = :at ORDER BY starts, id", at=context_id)


def made_from(read: Read, logical_id: str, but: Sequence[PerformanceState], most: int) -> list[Performance]:
    """The first `most` with this logical configuration that are in none of these states, in the order of their
    start."""
    states, params = in_list("but", but)
    return read.find(
        Performance,
        f"WHERE logical_configuration_id = :id AND state NOT IN {states} ORDER BY starts, id LIMIT :most",
        id=logical_id,
        most=most,
        **params,
    )


def last_of(read: Read, event_id: str) -> Performance | None:
    """Of an event, the one that starts last."""
    found = read.find(Performance, "WHERE event_id = :event ORDER BY starts DESC, id LIMIT 1", event=event_id)
    return found[0] if found else None


def not_over(read: Read, most: int) -> list[Performance]:
    """Those that are no drafts, the next first, the one that is still going on before it."""
    # clock: a day that people or the law set; what is final of it waits for a steady clock
    return read.find(
        Performance, "WHERE state <> :draft AND closes > :now ORDER BY starts, id LIMIT :most",
        draft=PerformanceState.DRAFT, now=to_ms(read.now), most=most,
    )  # fmt: skip


def ids_not_over(read: Read) -> tuple[Id, ...]:
    """All of them, the next first."""
    # clock: a clock that is right again makes another list, whose rest is told
    rows = read.run(
        "SELECT id FROM performance WHERE state <> :draft AND closes > :now ORDER BY starts, id",
        draft=PerformanceState.DRAFT, now=to_ms(read.now),
    )  # fmt: skip
    return tuple(Id(row[0]) for row in rows)


def performances_among(read: Read, ids: Sequence[Id]) -> list[Performance]:
    """Those of these that are there, the next first."""
    if not ids:
        return []
    among, params = in_list("p", ids)
    return read.find(Performance, f"WHERE id IN {among} ORDER BY starts, id", **params)


def last_event(read: Read, context_id: str) -> Event | None:
    """The newest that stands in this context itself."""
    found = read.find(Event, "WHERE context_id = :at ORDER BY id DESC LIMIT 1", at=context_id)
    return found[0] if found else None


def first_event(read: Read, context_id: str) -> Event | None:
    """The oldest that stands in this context itself."""
    found = read.find(Event, "WHERE context_id = :at ORDER BY id LIMIT 1", at=context_id)
    return found[0] if found else None
