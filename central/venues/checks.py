"""What must hold of halls: a ticket tells their zones apart."""

from central.kernel.invariants import Invariant, Looked
from central.kernel.tx import Read
from central.venues.plan import CONTROL_BITS


def _zones_apart(read: Read, seen: Looked) -> None:
    """I8. Plans of earlier versions with more zones than a ticket has bits gave the last of them all to the rest: who
    has a ticket for one of these is let into each."""
    # house: a look for whoever may see the whole house; nothing is refused by it
    for configuration, control, zones in read.run(
        "SELECT configuration_id, control, COUNT(*) FROM physical_zone WHERE numbered = 1 "
        "GROUP BY configuration_id, control HAVING COUNT(*) > 1 ORDER BY configuration_id, control"
    ):
        seen.fault(f"hall {configuration}: {zones} zones with seats share the control zone {control}")
    bits = ", ".join(map(str, CONTROL_BITS))
    for zone, control in read.run(
        f"SELECT id, control FROM physical_zone WHERE control NOT IN ({bits}) ORDER BY id"  # noqa: S608 - numbers of ours
    ):
        seen.fault(f"zone {zone}: no ticket has the control zone {control}")


ZONES = Invariant("I8", "A ticket tells the zones of a hall's seats apart.", _zones_apart)
