"""What must hold of the coats."""

from central.kernel.invariants import Invariant, Looked, number
from central.kernel.tx import Read


def _hung_at_a_performance(read: Read, seen: Looked) -> None:
    for (coat,) in read.run(
        "SELECT c.id FROM coat c LEFT JOIN performance p ON p.id = c.performance_id WHERE p.id IS NULL OR c.number < 1"
    ):
        seen.fault(f"coat {coat} hangs nowhere")
    # house: a figure for whoever may see the whole house; nothing is refused by it
    seen.count(coats=number(read, "SELECT COUNT(*) FROM coat"))


HUNG = Invariant("cloakroom", "Each coat hangs at a performance.", _hung_at_a_performance)
