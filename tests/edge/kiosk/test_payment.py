"""Exactly one charge per payment or none: over real TCP against the simulated terminal, whose ledger is the truth."""

import asyncio
import sqlite3
from dataclasses import dataclass, replace
from itertools import count, product
from pathlib import Path

import pytest

from edge.kiosk.caisse_ap import Operation, Reply, Result, Why
from edge.kiosk.card_terminal import CardTerminal, TerminalSettings
from edge.kiosk.model import PayState
from edge.kiosk.payment import Payments
from edge.kiosk.payment_rules import (
    FINAL,
    PAYMENT,
    Finding,
    Lost,
    PaymentDo,
    PaymentRow,
    Reversal,
    judge_answer,
    judge_memory,
    judge_reversal,
    reversed_by,
)
from edge.kiosk.terminal_errors import ERRORS, TCode, code_of
from parterre.simulators.terminal import CardTerminalSimulator
from shared.ids import derived_id
from shared.runtime.journal import Phase
from tests.edge.kiosk.paying import EARLIER, PAY, PRICE, QUICK, booted, charged_once, driver, visit
from tests.waiting import until, until_so


class PowerCut(BaseException):
    pass


@dataclass
class Cutter:
    """Cuts the power at the `at`-th commit event (0: never); two events per commit, before it and after it."""

    at: int = 0
    seen: int = 0

    def __call__(self, phase: Phase) -> None:
        self.seen += 1
        if self.seen == self.at:
            raise PowerCut(phase)


async def settled(payments: Payments) -> None:
    async def tried() -> bool:
        await payments.recover()
        return not payments.unresolved()

    await until_so(tried)


async def asked(payments: Payments, terminal: CardTerminalSimulator) -> None:
    """The terminal works at the payment, and has not answered yet."""
    await until(lambda: (row := payments.row(PAY)) and row.state is PayState.SENT and terminal.working)


def assert_honest(state: PayState | None, terminal: CardTerminalSimulator) -> None:
    paid, charges = terminal.net(PAY), terminal.charges(PAY)
    assert charges <= 1
    match state:
        case PayState.CAPTURED:
            assert (paid, charges) == (PRICE, 1)
        case PayState.REVIEW:
            pass  # a person looks: at most one charge is all that is promised
        case None | PayState.DECLINED | PayState.VOIDED:
            assert paid == 0
        case other:
            raise AssertionError(f"no end: {other}")


FAULTS = {
    "none": ({}, PayState.CAPTURED, PayState.VOIDED),
    "declined": ({"name": "declined"}, PayState.DECLINED, PayState.DECLINED),
    "no answer": ({"name": "no_answer", "on": ["debit"]}, PayState.DECLINED, PayState.DECLINED),
    "dropped": ({"name": "drop_before_processing"}, PayState.DECLINED, PayState.DECLINED),
    "cut after charge": ({"name": "answer_after_cut"}, PayState.CAPTURED, PayState.VOIDED),
    "garbage": ({"name": "garbage"}, PayState.CAPTURED, PayState.VOIDED),
    "wrong amount": ({"name": "wrong_amount"}, PayState.REVIEW, PayState.REVIEW),
    "slow": ({"name": "slow", "seconds": 0.2}, PayState.CAPTURED, PayState.VOIDED),
    "busy": ({"name": "busy", "times": 9}, PayState.DECLINED, PayState.DECLINED),
    "busy for a moment": ({"name": "busy"}, PayState.CAPTURED, PayState.VOIDED),
    "cancel cut": ({"name": "answer_after_cut", "on": ["cancel"]}, PayState.CAPTURED, PayState.VOIDED),
    "cancel dropped": ({"name": "drop_before_processing", "on": ["cancel"]}, PayState.CAPTURED, PayState.VOIDED),
    "cancel garbage": ({"name": "garbage", "on": ["cancel"]}, PayState.CAPTURED, PayState.VOIDED),
    "cancel declined": ({"name": "declined", "on": ["cancel"]}, PayState.CAPTURED, PayState.REVIEW),
}


@pytest.mark.parametrize(("fault", "give_tickets"), list(product(FAULTS, [True, False])))
async def test_every_fault_ends_as_it_should(tmp_path, fault, give_tickets):
    switch, if_given, if_not = FAULTS[fault]
    async with CardTerminalSimulator(QUICK) as terminal:
        if switch:
            terminal.switch(**{"times": 1, **switch})
        with booted(tmp_path / "kiosk.db", driver(terminal)) as payments:
            state = await visit(payments, give_tickets)
            assert payments.unresolved() == []
        assert state is (if_given if give_tickets else if_not)
        assert_honest(state, terminal)


@pytest.mark.parametrize(("fault", "give_tickets"), list(product(FAULTS, [True, False])))
async def test_power_cut_at_every_commit_under_every_fault(tmp_path, fault, give_tickets):
    async def cut_at(point: int) -> bool:
        path = tmp_path / f"{point}.db"
        cutter = Cutter(point)
        async with CardTerminalSimulator(QUICK) as terminal:
            if switch := FAULTS[fault][0]:
                terminal.switch(**{"times": 1, **switch})
            with booted(path, driver(terminal), cutter) as payments:
                try:
                    await visit(payments, give_tickets)
                    return False  # the story has fewer commits than that
                except PowerCut:
                    pass
            with booted(path, driver(terminal)) as payments:
                await settled(payments)
                row = payments.row(PAY)
                assert_honest(row and row.state, terminal)
                if row is None or point == 1:
                    assert terminal.charges(PAY) == 0, "nothing on the disk, so nothing may have been sent"
                again = await payments.pay(PAY, "A-17", PRICE, "EUR") if row else None
                assert again == row, "a payment id is sent once, ever"
                assert_honest(row and row.state, terminal)
        return True

    for first in count(1, 20):
        cut = await asyncio.gather(*[cut_at(point) for point in range(first, first + 20)])
        if not all(cut):
            assert sum(cut) >= 4, "the story has commits, and the power was cut at each"
            return


@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.03, 0.06, 0.12])
async def test_the_process_dies_while_the_terminal_works(tmp_path, after_s):
    async with CardTerminalSimulator(replace(QUICK, delay_s=0.05)) as terminal:
        with booted(tmp_path / "k.db", driver(terminal, answer_s=1.0)) as payments:
            dying = asyncio.create_task(payments.pay(PAY, "A-17", PRICE, "EUR"))
            await asyncio.sleep(after_s)
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
        with booted(tmp_path / "k.db", driver(terminal)) as payments:
            await settled(payments)
            row = payments.row(PAY)
            assert_honest(row and row.state, terminal)
            assert row is None or row.state in (PayState.DECLINED, PayState.VOIDED)


async def test_the_sent_row_is_on_the_disk_before_the_first_byte(tmp_path):
    seen = []

    async def look(reader, writer):
        assert b"CD0010" in await reader.read(4096)
        other = sqlite3.connect(tmp_path / "k.db")
        seen.extend(other.execute("SELECT state, order_ref FROM payment").fetchall())
        other.close()
        writer.write(b"CZ0040320AE00201AF00204")
        writer.close()

    server = await asyncio.start_server(look, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with booted(tmp_path / "k.db", CardTerminal(TerminalSettings(port=port, duplicate=False))) as payments:
        row = await payments.pay(PAY, "A-17", PRICE, "EUR")
    server.close()
    assert seen == [("sent", "A-17")]
    assert (row.state, row.code) == (PayState.DECLINED, TCode.DECLINED)


async def test_a_terminal_that_is_not_there_costs_nobody_anything(tmp_path):
    async with CardTerminalSimulator(QUICK) as terminal:
        gone = driver(terminal)
    states = []
    with booted(tmp_path / "k.db", gone) as payments:
        row = await payments.pay(PAY, "A-17", PRICE, "EUR", lambda row: states.append(row.state))
    assert (row.state, row.code) == (PayState.DECLINED, TCode.UNREACHABLE)
    assert states == [PayState.CREATED, PayState.DECLINED]


async def test_states_are_told_in_order_and_ends_are_told_in_their_transaction(tmp_path):
    states, ends = [], []
    async with CardTerminalSimulator(QUICK) as terminal:
        terminal.switch("answer_after_cut", times=1)
        with booted(tmp_path / "k.db", driver(terminal), ends=ends) as payments:
            row = await payments.pay(PAY, "A-17", PRICE, "EUR", lambda row: states.append(row.state))
            await payments.void(PAY)
    assert states == [PayState.CREATED, PayState.SENT, PayState.UNKNOWN, PayState.APPROVED]
    assert row.reference == "184001"
    assert ends == [PayState.VOIDED]


async def test_a_terminal_that_dies_keeps_the_kiosk_shut_until_it_is_back(tmp_path):
    async with CardTerminalSimulator(QUICK) as terminal:
        terminal.switch("slow", seconds=2.0)
        with booted(tmp_path / "k.db", driver(terminal)) as payments:
            dying = asyncio.create_task(payments.pay(PAY, "A-17", PRICE, "EUR"))
            await asked(payments, terminal)
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
        with booted(tmp_path / "k.db", driver(terminal, boot_tries=1)) as payments:
            assert [row.state for row in await payments.recover()] == [PayState.UNKNOWN]
            assert [row.payment_id for row in payments.unresolved()] == [PAY]
            refused = await payments.pay(derived_id("next visitor"), "A-18", 100, "EUR")
            assert (refused.state, refused.code) == (PayState.DECLINED, TCode.EARLIER_OPEN)
            await settled(payments)
            assert payments.row(PAY).state is PayState.VOIDED
        assert terminal.net(PAY) == 0


async def test_nobody_pays_while_money_is_on_its_way_back(tmp_path):
    async with CardTerminalSimulator(QUICK) as terminal:
        with booted(tmp_path / "k.db", driver(terminal)) as payments:
            await payments.pay(PAY, "A-17", PRICE, "EUR")
            terminal.switch("busy")
            dying = asyncio.create_task(payments.void(PAY))
            await until(lambda: (row := payments.row(PAY)) and row.voiding)
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
            assert payments.row(PAY).state is PayState.APPROVED
            refused = await payments.pay(EARLIER, "A-18", 100, "EUR")
            assert (refused.state, refused.code) == (PayState.DECLINED, TCode.EARLIER_OPEN)
            with pytest.raises(ValueError, match="captured"), payments._journal.transaction() as tx:
                payments.capture(tx, PAY)


async def test_a_terminal_that_is_gone_for_good_is_written_off_to_review(tmp_path):
    ends = []
    async with CardTerminalSimulator(QUICK) as terminal:
        terminal.switch("no_answer", on=["debit"])
        with booted(tmp_path / "k.db", driver(terminal)) as payments:
            dying = asyncio.create_task(payments.pay(PAY, "A-17", PRICE, "EUR"))
            await until(lambda: (row := payments.row(PAY)) and row.state is PayState.SENT)
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
        gone = driver(terminal)
    with booted(tmp_path / "k.db", gone, ends=ends) as payments:
        await payments.recover()
        assert len(payments.unresolved()) == 1
        await payments.recover(give_up=True)
        assert (payments.unresolved(), payments.row(PAY).code, ends) == ([], TCode.STILL_OPEN, [PayState.REVIEW])


@pytest.mark.parametrize(
    ("model", "known", "fault", "want"),
    [
        ({"duplicates": False}, {}, "answer_after_cut", PayState.REVIEW),
        ({"duplicates": False}, {"duplicate": False}, "drop_before_processing", PayState.REVIEW),
        ({"fresh": True}, {}, "drop_before_processing", PayState.REVIEW),
        ({"fresh": True}, {}, "answer_after_cut", PayState.APPROVED),
        ({"echoes": False}, {}, "answer_after_cut", PayState.REVIEW),
        ({"echoes": False}, {"exclusive": True}, "answer_after_cut", PayState.APPROVED),
        ({"echoes": False}, {"exclusive": True}, "declined", PayState.DECLINED),
    ],
)
async def test_a_model_that_can_do_less_leaves_more_to_people_never_a_guess(tmp_path, model, known, fault, want):
    async with CardTerminalSimulator(replace(QUICK, **model)) as terminal:
        terminal.switch(fault, times=1)
        with booted(tmp_path / "k.db", driver(terminal, **known)) as payments:
            row = await payments.pay(PAY, "A-17", PRICE, "EUR")
        assert row.state is want


@pytest.mark.parametrize(("model", "known"), [({"cancels": False}, {}), ({}, {"cancel": False})])
async def test_what_cannot_be_taken_back_goes_to_a_person(tmp_path, model, known):
    async with CardTerminalSimulator(replace(QUICK, **model)) as terminal:
        with booted(tmp_path / "k.db", driver(terminal, **known)) as payments:
            await payments.pay(PAY, "A-17", PRICE, "EUR")
            row = await payments.void(PAY)
        assert (row.state, row.code, row.reference) == (PayState.REVIEW, TCode.NOT_REVERSED, "184001")
        assert terminal.net(PAY) == PRICE


async def test_only_our_own_payment_is_ever_taken_back(tmp_path):
    async with CardTerminalSimulator(QUICK) as terminal:
        with booted(tmp_path / "k.db", driver(terminal)) as payments:
            await payments.pay(PAY, "A-17", PRICE, "EUR")
            by_hand = b"CZ0040320CJ012000000000001CA00201CB0044250CD0010CE003978CF006manual"
            reader, writer = await asyncio.open_connection("127.0.0.1", terminal.ports.terminal)
            writer.write(by_hand)
            assert b"AE00210" in await reader.read(4096)
            writer.close()
            assert (await payments.void(PAY)).state is PayState.REVIEW
        assert (terminal.net("manual"), terminal.net(PAY)) == (4250, PRICE)


async def test_cancelled_before_it_is_sent_or_not_at_all(tmp_path):
    async with CardTerminalSimulator(replace(QUICK, delay_s=0.5)) as terminal:
        with booted(tmp_path / "k.db", driver(terminal, answer_s=20.0)) as payments:
            early = asyncio.create_task(payments.pay(EARLIER, "A-16", 100, "EUR"))
            await asyncio.sleep(0)
            assert await payments.cancel() is True
            assert ((await early).state, terminal.charges(EARLIER)) == (PayState.DECLINED, 0)
            late = asyncio.create_task(payments.pay(PAY, "A-17", PRICE, "EUR"))
            await asked(payments, terminal)
            assert await payments.cancel() is False
            assert (await late).state is PayState.APPROVED


async def test_the_loop_is_never_held_up(tmp_path):
    async with CardTerminalSimulator(replace(QUICK, delay_s=0.1)) as terminal:
        with booted(tmp_path / "k.db", driver(terminal, answer_s=1.0)) as payments:
            paying = asyncio.create_task(payments.pay(PAY, "A-17", PRICE, "EUR"))
            ticks = 0
            while not paying.done():
                ticks += 1
                await asyncio.sleep(0)
            assert (await paying).state is PayState.APPROVED
    assert ticks >= 10


async def test_a_charge_that_comes_after_the_terminal_denied_it_is_found_and_goes_to_a_person(tmp_path):
    ends = []
    async with CardTerminalSimulator(QUICK) as terminal:
        terminal.switch("late", times=1, seconds=0.3)
        with booted(tmp_path / "k.db", driver(terminal), ends=ends) as payments:
            assert (await payments.pay(PAY, "A-17", PRICE, "EUR")).state is PayState.DECLINED
            assert await payments.check() is None
            assert (payments.row(PAY).state, ends) == (PayState.DECLINED, [])
            await charged_once(terminal)
            assert await payments.check() is None
            late = payments.row(PAY)
            assert (late.state, late.code, late.reference) == (PayState.REVIEW, TCode.CHARGED_LATE, "184001")
            assert ends == [PayState.REVIEW]
            assert (await payments.pay(EARLIER, "A-18", 100, "EUR")).state is PayState.APPROVED


async def test_the_check_says_what_is_wrong_with_the_terminal(tmp_path):
    async with CardTerminalSimulator(QUICK) as terminal:
        with booted(tmp_path / "k.db", driver(terminal)) as payments:
            assert await payments.check() is None
            terminal.switch("busy")
            assert await payments.check() is TCode.NO_DIALOGUE
            terminal.switch("no_answer")
            assert await payments.check() is TCode.NO_DIALOGUE
        gone = driver(terminal)
    with booted(tmp_path / "k.db", gone) as payments:
        assert await payments.check() is TCode.UNREACHABLE


async def test_asked_to_pay_again_an_open_payment_is_settled_not_sent(tmp_path):
    async with CardTerminalSimulator(QUICK) as terminal:
        terminal.switch("answer_after_cut", times=1)
        with booted(tmp_path / "k.db", driver(terminal)) as payments:
            dying = asyncio.create_task(payments.pay(PAY, "A-17", PRICE, "EUR"))
            await charged_once(terminal)
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
            assert payments.unresolved()
            assert (await payments.pay(PAY, "A-17", PRICE, "EUR")).state is PayState.APPROVED
            assert (await payments.pay(PAY, "A-17", PRICE, "EUR")).state is PayState.APPROVED
        assert terminal.charges(PAY) == 1


async def test_a_captured_payment_stays_captured(tmp_path):
    async with CardTerminalSimulator(QUICK) as terminal:
        with booted(tmp_path / "k.db", driver(terminal)) as payments:
            assert await visit(payments, give_tickets=True) is PayState.CAPTURED
            assert (await payments.void(PAY)).state is PayState.CAPTURED
            assert await payments.recover() == []
            with pytest.raises(ValueError, match="captured"), payments._journal.transaction() as tx:
                payments.capture(tx, PAY)
        assert terminal.net(PAY) == PRICE


# --- the rules alone --------------------------------------------------------------------------------------------------

ROW = PaymentRow(PAY, "A-17", PRICE, "EUR", PayState.SENT)
DONE = Reply(Result.DONE, None, PRICE, "EUR", Operation.DEBIT, PAY, "184001")
OLD = Reply(Result.DONE, None, 900, "EUR", Operation.DEBIT, EARLIER, "183999")
NAMELESS = replace(OLD, reference="", authorisation="")
NO = Reply(Result.NOT_DONE, Why.REFUSED, PRICE, "EUR", Operation.DEBIT, PAY)


@pytest.mark.parametrize(
    ("answer", "want"),
    [
        (DONE, Finding(PaymentDo.APPROVE, "", "184001")),
        (replace(DONE, reference="1010000000"), Finding(PaymentDo.APPROVE, "", "184001")),
        (NO, Finding(PaymentDo.DECLINE, TCode.DECLINED)),
        (replace(NO, why=Why.INPUT_TIMEOUT), Finding(PaymentDo.DECLINE, TCode.ABANDONED)),
        (Lost.UNREACHABLE, Finding(PaymentDo.DECLINE, TCode.UNREACHABLE)),
        (Lost.SILENT, Finding(PaymentDo.LOSE, TCode.ANSWER_LOST, detail="silent")),
        (Lost.GARBLED, Finding(PaymentDo.LOSE, TCode.ANSWER_LOST, detail="garbled")),
        (OLD, Finding(PaymentDo.LOSE, TCode.ANSWER_LOST)),
        (replace(DONE, operation=Operation.CANCEL), Finding(PaymentDo.LOSE, TCode.ANSWER_LOST)),
        (Reply(Result.TAKEN), Finding(PaymentDo.LOSE, TCode.ANSWER_LOST)),
        (replace(DONE, amount=1),
         Finding(PaymentDo.DOUBT, TCode.AMOUNT_DIFFERS, "184001", f"charged 1 EUR for {PRICE} EUR")),
        (replace(DONE, currency="CHF"),
         Finding(PaymentDo.DOUBT, TCode.AMOUNT_DIFFERS, "184001", f"charged {PRICE} CHF for {PRICE} EUR")),
    ],
)  # fmt: skip
def test_what_an_answer_proves(answer, want):
    assert judge_answer(ROW, answer) == want


APPROVED, NEVER = Finding(PaymentDo.APPROVE, "", "184001"), Finding(PaymentDo.DECLINE, TCode.INTERRUPTED)
DOUBT = Finding(PaymentDo.DOUBT, TCode.NOT_CLEAR)
EMPTY = Reply(Result.NOT_DONE, Why.BAD_SELECTION)


@pytest.mark.parametrize(
    ("before", "memory", "exclusive", "want"),
    [
        (OLD, DONE, False, APPROVED),
        (None, DONE, False, APPROVED),
        (OLD, NO, False, Finding(PaymentDo.DECLINE, TCode.DECLINED)),
        (OLD, OLD, False, NEVER),
        (NO, replace(NO, reference=EARLIER), False, DOUBT),
        (None, OLD, False, DOUBT),
        (NAMELESS, NAMELESS, True, DOUBT),
        (EMPTY, EMPTY, False, DOUBT),
        (OLD, EMPTY, True, DOUBT),
        (OLD, replace(DONE, reference="manual"), False, DOUBT),
        (OLD, replace(DONE, reference="1010000000"), True, APPROVED),
        (OLD, replace(DONE, reference=derived_id("someone else")), True, DOUBT),
        (OLD, Reply(Result.TAKEN), False, None),
        (OLD, replace(OLD, operation=Operation.CANCEL), False, DOUBT),
        (replace(OLD, operation=Operation.CANCEL), replace(OLD, operation=Operation.CANCEL), False, NEVER),
    ],
)
def test_what_the_terminals_memory_proves(before, memory, exclusive, want):
    assert judge_memory(replace(ROW, before=before), memory, exclusive) == want


@pytest.mark.parametrize(
    ("memory", "want"),
    [
        (DONE, Reversal.STANDS),
        (replace(DONE, operation=Operation.CANCEL), Reversal.REVERSED),
        (replace(DONE, reference=""), Reversal.STANDS),
        (replace(DONE, reference="", amount=1), Reversal.NOT_OURS),
        (OLD, Reversal.NOT_OURS),
        (NO, Reversal.NOT_OURS),
        (Reply(Result.TAKEN), None),
    ],
)
def test_what_may_be_taken_back(memory, want):
    assert judge_reversal(replace(ROW, state=PayState.APPROVED, reference="184001"), memory) is want


@pytest.mark.parametrize(
    ("answer", "want"),
    [
        (replace(DONE, operation=Operation.CANCEL), True),
        (replace(DONE, operation=Operation.CANCEL, amount=PRICE - 1), False),
        (replace(DONE, operation=Operation.CANCEL, reference=EARLIER), False),
        (DONE, False),
        (replace(NO, operation=Operation.CANCEL), False),
        (Reply(Result.TAKEN), False),
    ],
)
def test_given_back_is_our_whole_amount(answer, want):
    assert reversed_by(replace(ROW, state=PayState.APPROVED), answer) is want


def test_a_step_that_the_table_does_not_have_is_refused_and_changes_nothing_on_disk(tmp_path):
    """Those it has are taken by real payments (tests/edge/test_device_lives.py)."""
    with booted(tmp_path / "k.db", CardTerminal(TerminalSettings())) as payments:
        row = payments._create(PaymentRow(PAY, "A-17", PRICE, "EUR", PayState.CREATED))
        for state, do in product(PayState, PaymentDo):
            if (state, do) not in PAYMENT:
                with payments._journal.transaction() as tx:
                    tx.run("UPDATE payment SET state = ?", (state,))
                with pytest.raises(ValueError, match="cannot"):
                    payments._move(replace(row, state=state), Finding(do))
                assert payments.row(PAY).state is state


def test_the_ends_are_ends_but_a_late_charge():
    assert PAYMENT.ends == FINAL - {PayState.DECLINED}
    assert [do for state, do in PAYMENT if state is PayState.DECLINED] == [PaymentDo.DOUBT]


def test_every_code_has_its_words_and_the_handbook_has_them_too():
    handbook = (Path(__file__).parents[3] / "docs/devices/card-terminal.md").read_text()
    assert set(ERRORS) == set(TCode)
    for code, error in ERRORS.items():
        assert f"| {code} | {error.sentence} | {error.charged} | {error.step} |" in handbook
    assert all(code_of(why) in (TCode.DECLINED, TCode.ABANDONED, TCode.REQUEST_REFUSED) for why in [*Why, None])
