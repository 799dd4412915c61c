"""What becomes of a lane's barrier: whatever comes in, from every lane that whatever came in before has made."""

from dataclasses import replace
from pathlib import Path

from edge.gate.core import (
    AlarmChanged,
    Check,
    Decided,
    Event,
    Forced,
    GateAnswer,
    HelpdeskChanged,
    Lane,
    LaneTicked,
    Passed,
    Scanned,
    step,
)
from shared.ids import derived_id
from shared.outcome import Ok, Refused
from shared.rules.access import Admit, Deny, Lamp, Message
from shared.wire.facts import Direction

YES = GateAnswer(
    derived_id("yes"), "A", Ok(Admit("T", (1,), 1, Direction.ENTRY, Lamp.GREEN, Message.WELCOME))
)  # fmt: skip
NO = GateAnswer(derived_id("no"), "A", Refused(Deny.USED))
EVENTS: tuple[Event, ...] = (
    Scanned("A", 0), Decided(YES, 5), Decided(NO, 5), Passed(900), AlarmChanged(True, 10), AlarmChanged(False, 20),
    LaneTicked(60_000), HelpdeskChanged(True), Forced("why", "A"),
)  # fmt: skip


async def every_lane(_: Path) -> None:
    seen, new = set[str](), [(Lane(), False)]
    while new:
        before, asked = new.pop()
        for event in EVENTS:
            if isinstance(event, Decided) and not asked:
                continue  # nobody decides what was not asked
            after, effects = step(before, event)
            waits = any(isinstance(each, Check) for each in effects) or (asked and not isinstance(event, Decided))
            found = replace(after, counts=Lane().counts), waits
            if repr(found) not in seen and len(seen) < 5_000:
                seen.add(repr(found))
                new.append(found)
    assert len(seen) < 5_000, "all of them were tried"


LIVES = {"edge.gate.core.LANE": every_lane}
DRAWN: dict[str, str] = {}
