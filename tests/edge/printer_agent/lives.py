"""What becomes of a unit of paper: whatever comes in, for every job that whatever came in before has made."""

from pathlib import Path

from edge.printer_agent.core import (
    Answered,
    Broken,
    Event,
    Job,
    Limits,
    Restarted,
    Seen,
    Settled,
    Turn,
    Unit,
    Written,
    step,
)
from shared.ids import Id
from shared.wire.printing import PrinterStatus, UnitKind

OK, OUT = PrinterStatus.OK, PrinterStatus.PAPER_OUT
EVENTS: tuple[Event, ...] = (
    Turn(0), Turn(9_000), Seen(OK, 0), Seen(OUT, 0), Seen(OUT, 2_000), Written(), Broken(),
    Settled(True, OK), Settled(True, OUT), Settled(False, OK), Restarted(), Answered(True), Answered(False),
)  # fmt: skip
LIMITS = Limits(patience_ms=1000, max_age_ms=5000)


async def every_job(_: Path) -> None:
    fresh = Job(Id("J"), tuple(Unit(UnitKind.TICKET, each) for each in "12"), created_ms=0)
    seen, new = {fresh}, [fresh]
    while new:
        before = new.pop()
        for event in EVENTS:
            after, _effect = step(before, event, LIMITS)
            if after not in seen and len(seen) < 5_000:
                seen.add(after)
                new.append(after)
    assert len(seen) < 5_000, "all of them were tried"


LIVES = {"edge.printer_agent.core.UNIT": every_job}
DRAWN = {"edge.printer_agent.core.UNIT": "docs/devices/printer.md"}
