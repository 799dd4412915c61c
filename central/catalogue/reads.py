"""What other areas ask of performances, by name."""

from central.kernel.tx import Read
from shared.ids import Id


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
