"""Named reads of a performance's plan."""

from central.kernel.tx import Read


def drawn_otherwise(read: Read, performance_id: str, logical_id: str) -> bool:
    """Whether categories or order of a performance's seats are other ones than its logical configuration's."""
    found = read.one(
        "SELECT 1 FROM place p JOIN logical_seat v ON v.configuration_id = :logical AND v.seat_id = p.seat_id "
        "WHERE p.performance_id = :id AND (p.category_id <> v.category_id "
        "OR COALESCE(p.quality, -1) <> COALESCE(v.quality, -1)) LIMIT 1",
        logical=logical_id,
        id=performance_id,
    )
    return found is not None
