"""What becomes of a card payment: real payments at a simulated terminal, with what may happen to one."""

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from edge.kiosk.model import PayState
from parterre.simulators.terminal import CardTerminalSimulator
from tests.edge.kiosk.paying import PAY, PRICE, QUICK, booted, charged_once, driver, visit

STORIES: tuple[tuple[dict[str, Any], dict[str, Any], bool, PayState], ...] = (
    # the terminal's fault, what is known of the terminal, whether tickets come out, and the end
    ({}, {}, True, PayState.CAPTURED),
    ({}, {}, False, PayState.VOIDED),
    ({"name": "declined"}, {}, True, PayState.DECLINED),
    ({"name": "drop_before_processing"}, {}, True, PayState.DECLINED),
    ({"name": "answer_after_cut"}, {}, True, PayState.CAPTURED),
    ({"name": "answer_after_cut"}, {"duplicate": False}, True, PayState.REVIEW),
    ({"name": "wrong_amount"}, {}, True, PayState.REVIEW),
    ({"name": "declined", "on": ["cancel"]}, {}, False, PayState.REVIEW),
)


async def every_payment(folder: Path) -> None:
    names = count()
    for fault, known, given, end in STORIES:
        async with CardTerminalSimulator(QUICK) as terminal:
            if fault:
                terminal.switch(**{"times": 1, **fault})
            with booted(folder / f"{next(names)}.db", driver(terminal, **known)) as payments:
                assert await visit(payments, given) is end
    async with CardTerminalSimulator(QUICK) as terminal:
        gone = driver(terminal)
    with booted(folder / "gone.db", gone) as payments:
        assert await visit(payments, True) is PayState.DECLINED
    async with CardTerminalSimulator(replace(QUICK, delay_s=0.0)) as terminal:
        terminal.switch("late", times=1, seconds=0.3)
        with booted(folder / "late.db", driver(terminal)) as payments:
            assert (await payments.pay(PAY, "A-17", PRICE, "EUR")).state is PayState.DECLINED
            await charged_once(terminal)
            await payments.check()
            row = payments.row(PAY)
            assert row is not None and row.state is PayState.REVIEW


LIVES = {"edge.kiosk.payment_rules.PAYMENT": every_payment}
DRAWN = {"edge.kiosk.payment_rules.PAYMENT": "docs/devices/card-terminal.md"}
