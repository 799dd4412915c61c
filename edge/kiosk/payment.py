"""Card payments of one kiosk: exactly one charge per payment id or none, whatever the terminal, the line or the power
does (docs/spec/edge.md, Paper and money).

Each step is on the disk before it is taken: the `sent` row before the first byte leaves, `voiding` before the request
to take money back. A payment id is sent once, ever; what became of it is asked, never tried again. What was left open
by a crash is settled by `recover` before the kiosk may sell: money whose tickets were never given goes back.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from sqlite3 import Row

from edge.kiosk.caisse_ap import Operation, Reply, Result
from edge.kiosk.card_terminal import CardPort
from edge.kiosk.model import UNSETTLED, PayState
from edge.kiosk.payment_rules import (
    PAYMENT,
    Finding,
    Lost,
    PaymentDo,
    PaymentRow,
    Reversal,
    charged,
    judge_answer,
    judge_memory,
    judge_reversal,
    request_for,
    reversed_by,
)
from edge.kiosk.terminal_errors import TCode
from shared.clock import to_ms
from shared.ids import Id
from shared.runtime.journal import Journal, JournalTx
from shared.runtime.system import Clock
from shared.wire.codec import dump, load

UNSETTLED_SQL = f"state IN ({', '.join(map(repr, map(str, UNSETTLED)))})"
"""As the index has it, which is taken for these words alone."""
PAYMENTS_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS payment (
    payment_id TEXT PRIMARY KEY, order_ref TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
    state TEXT NOT NULL, reference TEXT NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL, before TEXT,
    voiding INTEGER NOT NULL, created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS payment_unfinished ON payment (created_ms)
    WHERE {UNSETTLED_SQL};
"""
_COLUMNS = "payment_id, order_ref, amount, currency, state, reference, code, detail, before, voiding"
_UNFINISHED = f"{UNSETTLED_SQL} ORDER BY created_ms, rowid"

Changed = Callable[[PaymentRow], None]
Ended = Callable[[JournalTx, PaymentRow], None]


class Payments:
    """`journal` was opened with PAYMENTS_SCHEMA among its schema. `ended` is called inside the transaction that voids a
    payment or puts it to review, so that the fact for central is written with it."""

    def __init__(self, journal: Journal, terminal: CardPort, clock: Clock, ended: Ended | None = None) -> None:
        self._journal = journal
        self._terminal = terminal
        self._clock = clock
        self._ended = ended
        self._one_at_a_time = asyncio.Lock()
        self._stop = False

    def row(self, payment_id: Id) -> PaymentRow | None:
        found = self._journal.read(f"SELECT {_COLUMNS} FROM payment WHERE payment_id = ?", (payment_id,))  # noqa: S608
        return _row(found[0]) if found else None

    def paid(self) -> list[Id]:
        """Approved, and not on their way back."""
        approved = "SELECT payment_id FROM payment WHERE state = ? AND voiding = 0"
        return [Id(found["payment_id"]) for found in self._journal.read(approved, (PayState.APPROVED,))]

    def unresolved(self) -> list[PaymentRow]:
        """Payments that keep the kiosk from selling, oldest first."""
        return [row for row in self._unfinished() if row.open]

    async def pay(
        self, payment_id: Id, order_ref: str, amount: int, currency: str, changed: Changed = lambda _: None
    ) -> PaymentRow:
        """Ask for the money. `changed` is called after each state is on the disk. Ends APPROVED, DECLINED or REVIEW;
        called again with the same id it only settles what is there and sends nothing."""
        self._stop = False
        async with self._one_at_a_time:
            known = self.row(payment_id)
            if known is None:
                row = await self._started(payment_id, order_ref, amount, currency, changed)
            else:
                row = (
                    known
                    if known.state is not PayState.CREATED
                    else self._move(known, Finding(PaymentDo.DECLINE, TCode.INTERRUPTED))
                )
            if row.state in (PayState.SENT, PayState.UNKNOWN):
                row = await self._clarified(row, self._terminal.settings.tries)
                if row.open:
                    row = self._move(row, Finding(PaymentDo.DOUBT, TCode.STILL_OPEN))
                changed(row)
            return row

    async def cancel(self) -> bool:
        """The visitor gives up at the screen. True: the payment will not be sent. False: it was, and only the
        terminal's own red key stops it; its answer still comes."""
        self._stop = True
        return not any(row.state in (PayState.SENT, PayState.UNKNOWN) for row in self._unfinished())

    def capture(self, tx: JournalTx, payment_id: Id) -> PaymentRow:
        """The money is earned: call it in the transaction that stores the sale. ValueError if it was not approved or
        is on its way back."""
        found = tx.run(f"SELECT {_COLUMNS} FROM payment WHERE payment_id = ?", (payment_id,))  # noqa: S608
        row = _row(found[0]) if found else None
        if row is None or row.state is not PayState.APPROVED or row.voiding:
            raise ValueError(f"payment {payment_id} cannot be captured: {row.state if row else 'unknown id'}")
        return self._write(tx, row, Finding(PaymentDo.CAPTURE))

    async def void(self, payment_id: Id) -> PaymentRow:
        """Give approved money back, since the tickets cannot be given. Ends VOIDED or REVIEW; a payment that is not
        approved is returned as it is."""
        async with self._one_at_a_time:
            row = self.row(payment_id)
            if row is None:
                raise ValueError(f"no payment {payment_id}")
            if row.state is PayState.APPROVED:
                row = await self._given_back(row, self._terminal.settings.tries)
                if row.state is PayState.APPROVED:
                    row = self._move(row, Finding(PaymentDo.DOUBT, TCode.NOT_REVERSED, row.reference))
            return row

    async def recover(self, give_up: bool = False) -> list[PaymentRow]:
        """Settle what a crash or a dead terminal left: unsent is declined, unknown is asked for, approved without a
        sale goes back. Returns every row it looked at as it is now; call it again while `unresolved()` is not empty.
        With `give_up` (service menu: the terminal is gone) what stays open goes to REVIEW."""
        async with self._one_at_a_time:
            return [await self._settled(row, give_up) for row in self._unfinished()]

    async def check(self, currency: str = "EUR") -> TCode | None:
        """Whether a payment could be started: None, or what is wrong. For an idle kiosk, every minute or so; it also
        finds a charge that a hanging terminal made too late. Says nothing while a payment is under way."""
        if self._one_at_a_time.locked():
            return None
        async with self._one_at_a_time:
            if not self._terminal.settings.duplicate:
                return None  # there is nothing harmless to ask such a model
            nobody = PaymentRow(Id(""), "", 0, currency, PayState.CREATED)
            return _unwell(await self._ask(nobody, Operation.DUPLICATE))

    async def _settled(self, row: PaymentRow, give_up: bool) -> PaymentRow:
        tries = self._terminal.settings.boot_tries
        if row.state is PayState.CREATED:
            row = self._move(row, Finding(PaymentDo.DECLINE, TCode.INTERRUPTED))
        if row.state in (PayState.SENT, PayState.UNKNOWN):
            row = await self._clarified(row, tries)
        if row.state is PayState.APPROVED:
            row = await self._given_back(row, tries)
        if give_up and row.open:
            row = self._move(row, Finding(PaymentDo.DOUBT, TCode.STILL_OPEN, row.reference))
        return row

    async def _started(
        self, payment_id: Id, order_ref: str, amount: int, currency: str, changed: Changed
    ) -> PaymentRow:
        blocked = bool(self.unresolved())
        row = self._create(PaymentRow(payment_id, order_ref, amount, currency, PayState.CREATED))
        changed(row)
        before = Lost.UNREACHABLE if blocked else await self._memory_before(row)
        match before:
            case _ if blocked:
                row = self._move(row, Finding(PaymentDo.DECLINE, TCode.EARLIER_OPEN))
            case _ if self._stop:
                row = self._move(row, Finding(PaymentDo.DECLINE, TCode.ABANDONED))
            case Lost():
                row = self._move(row, Finding(PaymentDo.DECLINE, _unwell(before) or "", detail=before))
            case _:
                row = self._move(replace(row, before=before), Finding(PaymentDo.SEND))
                changed(row)  # on the disk: now bytes may leave
                answer = await self._terminal.ask(request_for(row, Operation.DEBIT), self._terminal.settings.answer_s)
                row = self._move(row, judge_answer(row, answer))
        changed(row)
        return row

    async def _memory_before(self, row: PaymentRow) -> Reply | Lost | None:
        """The terminal's last transaction before ours; None on a model that cannot tell."""
        if not self._terminal.settings.duplicate:
            return None
        memory: Reply | Lost = Lost.SILENT
        for attempt in range(3):
            if attempt:
                await self._terminal.pause()
            memory = await self._ask(row, Operation.DUPLICATE)
            if self._stop or (isinstance(memory, Reply) and memory.result is not Result.TAKEN):
                return memory
        return memory if isinstance(memory, Lost) else Lost.SILENT

    async def _clarified(self, row: PaymentRow, tries: int) -> PaymentRow:
        if row.state is PayState.SENT:
            row = self._move(row, Finding(PaymentDo.LOSE, TCode.ANSWER_LOST))
        if not self._terminal.settings.duplicate:
            return self._move(row, Finding(PaymentDo.DOUBT, TCode.NOT_CLEAR))
        for attempt in range(tries):
            if attempt:
                await self._terminal.pause()
            memory = await self._ask(row, Operation.DUPLICATE)
            found = None if isinstance(memory, Lost) else judge_memory(row, memory, self._terminal.settings.exclusive)
            if found:
                return self._move(row, found)
        return row

    async def _given_back(self, row: PaymentRow, tries: int) -> PaymentRow:
        """Cancel, looking before each attempt at what the terminal did last: never the wrong payment, never twice.
        Left APPROVED and voiding while the terminal cannot be asked."""
        settings = self._terminal.settings
        doubt = Finding(PaymentDo.DOUBT, TCode.NOT_REVERSED, row.reference)
        if not (settings.cancel and settings.duplicate):
            return self._move(row, doubt)
        if not row.voiding:
            row = self._mark_voiding(row)
        for attempt in range(tries):
            if attempt:
                await self._terminal.pause()
            memory = await self._ask(row, Operation.DUPLICATE)
            match None if isinstance(memory, Lost) else judge_reversal(row, memory):
                case Reversal.REVERSED:
                    return self._move(row, Finding(PaymentDo.VOID, TCode.REVERSED, row.reference))
                case Reversal.NOT_OURS:
                    return self._move(row, doubt)
                case Reversal.STANDS:
                    answer = await self._ask(row, Operation.CANCEL)
                    if isinstance(answer, Reply) and reversed_by(row, answer):
                        return self._move(row, Finding(PaymentDo.VOID, TCode.REVERSED, row.reference))
                    if isinstance(answer, Reply) and answer.result is Result.NOT_DONE:
                        return self._move(row, doubt)
        return row

    async def _ask(self, row: PaymentRow, operation: Operation) -> Reply | Lost:
        settings = self._terminal.settings
        wait_s = settings.cancel_s if operation is Operation.CANCEL else settings.enquiry_s
        answer = await self._terminal.ask(request_for(row, operation), wait_s)
        if operation is Operation.DUPLICATE and isinstance(answer, Reply):
            self._notice_late_charge(answer)
        return answer

    def _notice_late_charge(self, memory: Reply) -> None:
        """A terminal that hung may do what it was asked long after it said that nothing was done."""
        late = self.row(Id(charged(memory)))
        if late and late.state is PayState.DECLINED:
            self._move(late, Finding(PaymentDo.DOUBT, TCode.CHARGED_LATE, memory.authorisation))

    # the disk

    def _unfinished(self) -> list[PaymentRow]:
        return [_row(found) for found in self._journal.read(f"SELECT {_COLUMNS} FROM payment WHERE {_UNFINISHED}")]  # noqa: S608

    def _create(self, row: PaymentRow) -> PaymentRow:
        now_ms = to_ms(self._clock.read().wall)
        with self._journal.transaction() as tx:
            tx.run(
                f"INSERT INTO payment ({_COLUMNS}, created_ms, changed_ms)"  # noqa: S608
                " VALUES (?, ?, ?, ?, ?, '', '', '', NULL, 0, ?, ?)",
                (row.payment_id, row.order_ref, row.amount, row.currency, row.state, now_ms, now_ms),
            )
        return row

    def _mark_voiding(self, row: PaymentRow) -> PaymentRow:
        with self._journal.transaction() as tx:
            tx.run("UPDATE payment SET voiding = 1 WHERE payment_id = ?", (row.payment_id,))
        return replace(row, voiding=True)

    def _move(self, row: PaymentRow, found: Finding) -> PaymentRow:
        with self._journal.transaction() as tx:
            return self._write(tx, row, found)

    def _write(self, tx: JournalTx, row: PaymentRow, found: Finding) -> PaymentRow:
        """The one place where a state changes. ValueError if the life cycle does not know the step."""
        to = PAYMENT.after(row.state, found.do)
        if to is None:
            raise ValueError(f"a payment that is {row.state} cannot {found.do}")
        after = replace(row, state=to, code=found.code, reference=found.reference or row.reference, detail=found.detail)
        changed = tx.run(
            "UPDATE payment SET state = ?, code = ?, reference = ?, detail = ?, before = ?, changed_ms = ?"
            " WHERE payment_id = ? AND state = ? RETURNING 1",
            (to, after.code, after.reference, after.detail, dump(after.before).decode() if after.before else None,
             to_ms(self._clock.read().wall), row.payment_id, row.state),
        )  # fmt: skip
        if not changed:
            raise ValueError(f"payment {row.payment_id} is no longer {row.state}")
        if self._ended and to in (PayState.VOIDED, PayState.REVIEW):
            self._ended(tx, after)
        return after


def _unwell(memory: Reply | Lost | None) -> TCode | None:
    if not isinstance(memory, Lost):
        return None
    return TCode.UNREACHABLE if memory is Lost.UNREACHABLE else TCode.NO_DIALOGUE


def _row(found: Row) -> PaymentRow:
    return PaymentRow(
        Id(found["payment_id"]),
        found["order_ref"],
        found["amount"],
        found["currency"],
        PayState(found["state"]),
        found["reference"],
        found["code"],
        found["detail"],
        load(Reply, found["before"]) if found["before"] else None,
        bool(found["voiding"]),
    )
