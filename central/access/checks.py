"""What must hold of the entries, whatever came in which order."""

from central.access.reads import FIRST_COUNTS, USED_AN_ENTRY
from central.kernel.invariants import Invariant, Looked, number
from central.kernel.tx import Read

GENUINE = (
    "SELECT scan.ticket_id, scan.entry, scan.id, scan.at, scan.gate, ROW_NUMBER() OVER "  # noqa: S608 - our own text
    f"(PARTITION BY scan.ticket_id, scan.entry ORDER BY {FIRST_COUNTS}) AS nth FROM scan WHERE {USED_AN_ENTRY}"
)


def _entries_follow(read: Read, seen: Looked) -> None:
    """I3. The entries worked out anew from all scans are those in the books: the order of arrival left no trace."""
    wrong = read.run(
        f"SELECT g.ticket_id, g.entry FROM ({GENUINE}) g LEFT JOIN admission a "  # noqa: S608 - our own text
        "ON a.ticket_id = g.ticket_id AND a.entry = g.entry AND a.scan_id = g.id AND a.at = g.at AND a.gate = g.gate "
        "WHERE g.nth = 1 AND a.id IS NULL ORDER BY 1, 2"
    )
    for ticket, entry in wrong:
        seen.fault(f"entry {entry} of ticket {ticket}: its earliest scan is not the one that counts")
    extra = read.run(
        f"SELECT a.ticket_id, a.entry FROM admission a LEFT JOIN ({GENUINE}) g "  # noqa: S608 - names of ours, values are parameters
        "ON g.ticket_id = a.ticket_id AND g.entry = a.entry AND g.nth = 1 WHERE g.id IS NULL ORDER BY 1, 2"
    )
    for ticket, entry in extra:
        seen.fault(f"entry {entry} of ticket {ticket} has no scan")
    # house: a figure for whoever may see the whole house; nothing is refused by it
    seen.count(
        scans=number(read, "SELECT COUNT(*) FROM scan"), admissions=number(read, "SELECT COUNT(*) FROM admission")
    )


ENTRIES = Invariant("I3", "Entries are what the scans say, in whatever order they came.", _entries_follow)
