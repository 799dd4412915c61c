"""What must hold of the inventory: all that its audit proves, of the whole house."""

from central.inventory.audit import house_differences
from central.inventory.model import AllocationState
from central.kernel.invariants import Invariant, Looked, number
from central.kernel.tx import Read


def _places_add_up(read: Read, seen: Looked) -> None:
    """I5. A place has one holder, and what is counted is what the rows say."""
    for performance, found in house_differences(read):
        for each in found:
            seen.fault(f"performance {performance}: {each.at}: {each.what}")
    # house: a figure for whoever may see the whole house; nothing is refused by it
    seen.count(
        places=number(read, "SELECT COUNT(*) FROM place"),
        sold=number(
            read,
            "SELECT COUNT(*) FROM allocation "  # noqa: S608 - words of ours
            f"WHERE state = '{AllocationState.SOLD}' AND seat_id IS NOT NULL",
        ),
    )


PLACES = Invariant("I5", "No place is sold twice, and every count of places adds up.", _places_add_up)
