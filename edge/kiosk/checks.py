"""Is everything there that a sale needs? Paper, terminal, disk, time, rights, programme: else the kiosk says why not.

Silence is not a fault at once: a printer or terminal that misses one question is asked again before the screen changes.
"""

import asyncio
import contextlib
from datetime import datetime

from edge.device.health import DISK_FULL, NO_COMMIT, Health
from edge.kiosk.model import KioskTrouble
from edge.kiosk.troubles import TroubleCode, trouble
from shared.clock import ClockState, Now
from shared.runtime.keyring import Keyring
from shared.wire.certificates import Certificate, Right
from shared.wire.printing import PrinterStatus, StatusReport

_PAPER = {
    PrinterStatus.PAPER_OUT: TroubleCode.PAPER_OUT,
    PrinterStatus.COVER_OPEN: TroubleCode.COVER_OPEN,
    PrinterStatus.CUTTER_ERROR: TroubleCode.CUTTER,
}
PATIENCE = 2  # silent answers in a row that count


class Silence:
    """Counts silent answers; `broken` once there were enough of them in a row, and at the very first if none was ever
    heard."""

    def __init__(self) -> None:
        self._silent = PATIENCE - 1

    def heard(self, ok: bool) -> bool:
        self._silent = 0 if ok else self._silent + 1
        return self._silent < PATIENCE


def printer_troubles(report: StatusReport, answers: bool) -> list[KioskTrouble]:
    """`answers` is false when the printer, or its agent, has been silent for a while."""
    if report.status in _PAPER:
        return [trouble(_PAPER[report.status], printer=report.code)]
    return [] if answers else [trouble(TroubleCode.PRINTER_GONE, printer=report.code)]


def silent(report: StatusReport) -> bool:
    return not report.ready and report.status not in _PAPER


def device_troubles(health: Health, now: Now, may_sell: bool, has_programme: bool) -> list[KioskTrouble]:
    codes = {each.code for each in health.troubles}
    found = []
    if not may_sell:
        found.append(trouble(TroubleCode.NOT_ENROLLED))
    if codes & {DISK_FULL.code, NO_COMMIT.code}:
        found.append(trouble(TroubleCode.DISK))
    if now.state is ClockState.UNTRUSTED:
        found.append(trouble(TroubleCode.CLOCK))
    if not has_programme:
        found.append(trouble(TroubleCode.NO_PROGRAMME))
    return found


def may_sell(certificate: Certificate, keyring: Keyring, at: datetime, knows_time: bool) -> bool:
    """A revoked or expired key signs tickets that no gate believes."""
    if keyring.revoked(certificate.kid) is not None or Right.SELL not in certificate.rights:
        return False
    return not knows_time or certificate.may(Right.SELL, at)


async def listens(host: str, port: int, timeout_s: float) -> bool:
    """Whether somebody takes a connection there; nothing is said to him."""
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
