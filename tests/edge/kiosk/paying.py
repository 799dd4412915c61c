"""A kiosk's payments at a simulated terminal, from power on to power off, and what becomes of a visitor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from edge.kiosk.card_terminal import CardTerminal, TerminalSettings
from edge.kiosk.model import PayState
from edge.kiosk.payment import PAYMENTS_SCHEMA, Payments
from parterre.simulators.terminal import CardTerminalSimulator, Settings
from shared.ids import derived_id
from shared.runtime.journal import Journal, connect
from shared.runtime.system import SystemClock
from tests.waiting import until

DEVICE = derived_id("device")
PAY = derived_id("payment")
EARLIER = derived_id("earlier payment")
PRICE = 4250
QUICK = Settings(port=0, control_port=0, delay_s=0.01, quiet_s=0.004)


def driver(terminal: CardTerminalSimulator, **more: object) -> CardTerminal:
    quick = TerminalSettings(
        port=terminal.ports.terminal,
        idle_s=0.004,
        pause_s=0.01,
        answer_s=0.1,
        enquiry_s=0.1,
        cancel_s=0.2,
        boot_tries=2,
    )
    return CardTerminal(replace(quick, **more))


@contextmanager
def booted(path: Path, terminal: CardTerminal, cutter=None, ends=None) -> Iterator[Payments]:
    """A kiosk's payments from power on to power off. `ends` collects what would become facts."""
    disk = connect(path)
    disk.execute("PRAGMA synchronous = OFF")  # it is this process that dies here, not the disk
    journal = Journal(disk, DEVICE, PAYMENTS_SCHEMA)
    journal._on_commit = cutter  # only from here on: opening the file is another test's matter
    ended = None if ends is None else lambda _, row: ends.append(row.state)
    try:
        yield Payments(journal, terminal, SystemClock(), ended)
    finally:
        journal.close()


async def visit(payments: Payments, give_tickets: bool) -> PayState:
    """What the kiosk does with a visitor: take the money, then store the sale or give the money back."""
    row = await payments.pay(PAY, "A-17", PRICE, "EUR")
    if row.state is PayState.APPROVED and give_tickets:
        with payments._journal.transaction() as tx:
            return payments.capture(tx, PAY).state
    return (await payments.void(PAY)).state


async def charged_once(terminal: CardTerminalSimulator) -> None:
    await until(lambda: terminal.ledger)
