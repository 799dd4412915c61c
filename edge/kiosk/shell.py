"""Carries out what the core decides: disk, terminal, printer, central. Holds the one `Kiosk` value of the process.

Disk effects run at once, so that the next decision sees them; what takes time runs as a task and comes back as an
event. Whatever fails comes back as an event too: no failure leaves the screen waiting.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Protocol

import aiohttp

from edge.device.shell import Device
from edge.kiosk import paper, store
from edge.kiosk.config import KioskConfig
from edge.kiosk.core import step
from edge.kiosk.model import (
    AskLease,
    CancelPayment,
    Effect,
    Event,
    GiveBack,
    HoldSlots,
    Kiosk,
    LeaseRefused,
    LeasesChanged,
    PaymentChanged,
    PayState,
    PrintChanged,
    PrintClaim,
    PrintStage,
    PrintTickets,
    SaleFailed,
    SaleStored,
    Screen,
    StartPayment,
    StoreSale,
    TellPrinter,
    VoidPayment,
)
from edge.kiosk.payment import Payments
from edge.kiosk.payment_rules import PaymentRow
from edge.kiosk.selection import listed_of
from edge.kiosk.store import Draft
from edge.kiosk.terminal_errors import TCode
from edge.kiosk.troubles import Notice, reference_of
from shared.clock import ClockState
from shared.ids import Id
from shared.languages import names_told
from shared.outcome import Ok, Refused
from shared.runtime.central import Declined, Unreachable
from shared.runtime.log import logger
from shared.runtime.printer_client import AgentRefused, AgentUnreachable, PrinterClient
from shared.runtime.tasks import ended
from shared.wire.certificates import Right
from shared.wire.codec import dump, load
from shared.wire.facts import Sale, SalePayment
from shared.wire.leases import Lease, LeaseState
from shared.wire.printing import NO_AGENT, JobReport, PrintJob
from shared.wire.printing import PrintState as UnitState
from shared.wire.refusals import DeviceRefusal
from shared.wire.seal import Sealed

log = logger(__name__)
FRESH = timedelta(minutes=3)  # so long after a crash the visitor is believed to stand there still
SUBMIT_TRIES = 4
REFUSED_AS = {
    DeviceRefusal.LEASE_TAKEN: Notice.SEAT_TAKEN,
    DeviceRefusal.PLACE_TAKEN: Notice.SEAT_TAKEN,
    DeviceRefusal.NOT_A_SELLER: Notice.CLOSED,
    DeviceRefusal.NOT_ON_SALE: Notice.CLOSED,
    DeviceRefusal.NO_SUCH_PERFORMANCE: Notice.CLOSED,
    DeviceRefusal.RESERVE_KEPT: Notice.NOT_ENOUGH,
    DeviceRefusal.TOO_MANY_PLACES: Notice.NOT_ENOUGH,
    DeviceRefusal.LIMIT: Notice.NOT_ENOUGH,
}
"""Central's reasons that a visitor can do something about; for all others they try once more."""


class KioskFace(Protocol):
    """What shows the kiosk: the window, or a test."""

    def show(self, kiosk: Kiosk) -> None: ...


class KioskShell:
    def __init__(
        self, config: KioskConfig, device: Device, payments: Payments, printer: PrinterClient, kiosk: Kiosk
    ) -> None:
        self.kiosk = kiosk
        self.face: KioskFace | None = None
        self.settled: Callable[[], None] = lambda: None  # a payment or print job ended: time to look at the devices
        self._config, self._device, self._payments, self._printer = config, device, payments, printer
        self._journal = device.journal
        self._events: deque[Event] = deque()
        self._busy = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._report: JobReport | None = None  # of the present sale's first print job
        self._handed_out: Id | None = None

    def send(self, event: Event) -> None:
        """An event from anywhere. Never raises; events that effects bring about come after it, in order."""
        self._events.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._events:
                self._take(self._events.popleft())
        finally:
            self._busy = False
        if self.face:
            self.face.show(self.kiosk)

    async def close(self) -> None:
        """What is open now is settled at the next start."""
        await ended(self._tasks)

    def leases_changed(self) -> None:
        self.send(LeasesChanged(store.read_leases(self._journal)))

    def _take(self, event: Event) -> None:
        self.kiosk, effects = step(self.kiosk, event)
        for effect in effects:
            try:
                self._carry_out(effect)
            except Exception as bad:  # a full disk, or a bug: the screen must not stay where it waits for an answer
                log.error("effect failed", effect=type(effect).__name__, why=repr(bad), exc_info=bad)
                if isinstance(effect, StoreSale):
                    self._events.append(SaleFailed())
        self._note_handed_out()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case HoldSlots(slots):
                if not store.hold(self._journal, slots):
                    self._events.append(LeasesChanged(store.read_leases(self._journal)))
            case GiveBack(slots):
                store.give_back(self._journal, slots, self._device.now(), self._device.clock.read())
            case AskLease():
                self._start("ask lease", self._ask_for_visitor(effect))
            case StartPayment(amount, currency):
                self._start_payment(amount, currency)
            case CancelPayment():
                self._start("cancel payment", self._cancel())
            case VoidPayment():
                if self.kiosk.payment_id:
                    self._start("void payment", self._void(self.kiosk.payment_id))
            case StoreSale():
                self._store_sale(effect)
            case PrintTickets(sale, duplicate):
                self._start("print", self._print(sale, self.kiosk.reprints if duplicate else 0))
            case TellPrinter(came_out):
                if self.kiosk.sale:
                    asked = max(self.kiosk.reprints - (0 if came_out else 1), 0)  # the job before the reprint
                    self._start("tell printer", self._tell_printer(self.kiosk.sale, asked, came_out))
            case PrintClaim():
                self._start("print claim", self._print_claim(effect))

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (bad := task.exception()):
            log.error("a kiosk task fell", task=task.get_name(), why=repr(bad), exc_info=bad)

    # leases

    async def _ask_for_visitor(self, ask: AskLease) -> None:
        try:
            async with asyncio.timeout(self._config.lease_s):
                await self.ask(ask, self._device.fresh_id(), visitor=True)
        except Declined as no:
            notice = REFUSED_AS.get(no.reason, Notice.NO_ANSWER) if no.reason else Notice.NO_ANSWER
            self.send(LeaseRefused(notice, ask.seats))
        except (Unreachable, TimeoutError):
            self.send(LeaseRefused(Notice.NO_ANSWER, ask.seats))
        except Exception:
            self.send(LeaseRefused(Notice.NO_ANSWER, ask.seats))
            raise

    async def ask(self, ask: AskLease, lease_id: Id, visitor: bool) -> None:
        """A lease from central, on the disk. Raises Declined, Unreachable, or TimeoutError as the caller sets it; the
        same `lease_id` asked again gives the same lease."""
        store.note_ask(self._journal, lease_id, visitor)
        want = {
            "lease_id": lease_id,
            "performance_id": ask.performance_id,
            "seats": ask.seats,
            "category_id": ask.category_id,
            "quantity": ask.quantity,
        }
        answer = await self._device.central.command("request_lease", lease_id, dump(want))
        try:
            sealed = load(Sealed, answer)
        except ValueError as bad:
            raise Unreachable(f"central's answer is not a lease: {bad}") from None
        if self._keep_lease(sealed) is None:
            raise Unreachable("central's answer is not a lease for this device")
        self.leases_changed()

    def _keep_lease(self, sealed: Sealed) -> Lease | None:
        device = self._device
        with self._journal.transaction() as tx:
            return store.take_lease(
                tx,
                sealed,
                LeaseState.ACTIVE,
                device.id,
                lambda kid: device.keyring.trusted(kid, Right.STATE),
                device.now().at,
            )

    # money

    def _start_payment(self, amount: int, currency: str) -> None:
        """The cart is on the disk before the payment begins."""
        payment_id = self._device.fresh_id()
        self._events.append(PaymentChanged(payment_id, PayState.CREATED))
        draft = self._draft()
        if draft is None or (draft.amount, draft.currency) != (amount, currency):
            self._events.append(PaymentChanged(payment_id, PayState.DECLINED, code=TCode.INTERRUPTED))
            return
        try:
            store.keep_draft(self._journal, payment_id, draft, self._device.now())
        except sqlite3.Error:
            self._events.append(PaymentChanged(payment_id, PayState.DECLINED, code=TCode.INTERRUPTED))
            raise
        self._start("pay", self._pay(payment_id, amount, currency))

    def _draft(self) -> Draft | None:
        cart = self.kiosk.cart
        listed = listed_of(self.kiosk, cart.performance_id if cart else None)
        drafted = store.drafted(cart, listed, self.kiosk.language) if cart and listed else None
        return drafted.value if isinstance(drafted, Ok) else None

    async def _pay(self, payment_id: Id, amount: int, currency: str) -> None:
        told: list[PayState] = []

        def changed(row: PaymentRow) -> None:
            if not told or told[-1] is not row.state:
                told.append(row.state)
                self._payment_changed(row)

        try:
            changed(await self._payments.pay(payment_id, reference_of(payment_id), amount, currency, changed))
        except Exception:
            row = self._payments.row(payment_id)
            unsent = row is None or row.state in (PayState.CREATED, PayState.DECLINED)
            state = PayState.DECLINED if unsent else PayState.REVIEW
            self.send(PaymentChanged(payment_id, state, code=TCode.INTERRUPTED))
            raise
        finally:
            self.settled()

    def _payment_changed(self, row: PaymentRow) -> None:
        self.send(PaymentChanged(row.payment_id, row.state, row.reference, row.code))

    async def _cancel(self) -> None:
        await self._payments.cancel()

    async def _void(self, payment_id: Id) -> None:
        try:
            self._payment_changed(await self._payments.void(payment_id))
        finally:
            self.settled()

    def _store_sale(self, effect: StoreSale) -> None:
        kept = store.read_draft(self._journal, effect.payment_id) if effect.payment_id else None
        draft = kept[0] if kept else None if effect.payment_id else self._draft()
        sale = self.sell(draft, effect.payment_id) if draft else None
        self._events.append(SaleStored(sale) if sale else SaleFailed())

    def sell(self, draft: Draft, payment_id: Id | None) -> Sale | None:
        """The sale on disk, its payment captured with it; None if it could not be written, and then nothing was."""
        row = self._payments.row(payment_id) if payment_id else None
        payment = SalePayment(row.payment_id, "card", row.amount, row.reference) if row else None
        device, now = self._device, self._device.now()
        try:
            outcome = store.store_sale(
                self._journal,
                draft,
                payment,
                device.signer,
                now,
                device.clock.read(),
                (lambda tx: self._payments.capture(tx, row.payment_id)) if row else None,
            )
        except (sqlite3.Error, ValueError) as bad:
            log.error("sale not stored", payment=payment_id, why=str(bad))
            return None
        if isinstance(outcome, Refused):
            log.error("sale refused", payment=payment_id, why=outcome.reason, fix=outcome.fix)
            return None
        return outcome.value

    def recover(self) -> Sale | None:
        """At start, before anything else: what a crash left half done. An approved payment of a moment ago becomes its
        tickets; the sale to hand out now, if its visitor may still be there. The rest is for `Payments.recover`."""
        now = self._device.now()
        if now.state is not ClockState.UNTRUSTED:
            for payment_id in self._payments.paid():
                kept = store.read_draft(self._journal, payment_id)
                if kept and abs(now.at - kept[1]) <= FRESH:
                    self.sell(kept[0], payment_id)
        store.release_idle(self._journal)
        waiting = []
        for sale in store.not_handed_out(self._journal):
            at = store.sold_at(self._journal, sale.order_id)
            fresh = at is not None and now.state is not ClockState.UNTRUSTED and abs(now.at - at) <= FRESH
            if fresh:
                waiting.append(sale)
            else:
                log.warning("sale not handed out", order=sale.order_id, sold_at=at)
                store.handed_out(self._journal, sale.order_id)
        return waiting[-1] if waiting else None

    # paper

    def _note_handed_out(self) -> None:
        sale = self.kiosk.sale
        if sale and self.kiosk.screen in (Screen.DONE, Screen.PROBLEM) and self._handed_out != sale.order_id:
            self._handed_out = sale.order_id
            try:
                store.handed_out(self._journal, sale.order_id)
            except sqlite3.Error as bad:
                log.error("the disk failed", why=str(bad))

    async def _print(self, sale: Sale, duplicate: int) -> None:
        try:
            job = self._ticket_job(sale, duplicate)
        except (KeyError, IndexError, ValueError) as bad:
            log.error("tickets cannot be laid out", order=sale.order_id, why=repr(bad))
            self.send(PrintChanged(PrintStage.FAILED))
            return
        try:
            await self._printed(job)
        except Exception:
            self.send(PrintChanged(PrintStage.UNCERTAIN))
            raise
        finally:
            self.settled()

    def _ticket_job(self, sale: Sale, duplicate: int) -> PrintJob:
        listed = listed_of(self.kiosk, sale.performance_id)
        if listed is None:
            raise KeyError(sale.performance_id)
        units = self._report.units if duplicate and self._report else ()
        out = {unit.label for unit in units if unit.state is UnitState.CONFIRMED}
        lines = tuple(line for line in sale.lines if line.number not in out)
        at = store.sold_at(self._journal, sale.order_id) or self._device.now().at
        return paper.ticket_job(
            sale,
            listed,
            lambda lease_id, slot: store.place_of(self._journal, lease_id, slot),
            self.issuer(),
            at,
            duplicate,
            lines or sale.lines,
        )

    async def _printed(self, job: PrintJob) -> None:
        """Submit, then tell how it gets on until it is settled. Only a job that never left has failed for sure."""
        report, never_left = await self._submitted(job)
        self._report = report
        if report is None:
            self.send(PrintChanged(PrintStage.FAILED if never_left else PrintStage.UNCERTAIN, code=NO_AGENT))
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + self._config.printer.settle_s
        told: tuple[str, int] | None = None
        while not report.settled and loop.time() < until:
            if told != (report.state, report.printed):
                told = (report.state, report.printed)
                self.send(PrintChanged(PrintStage(report.state), report.printed, report.code))
            report = await self._waited(job.job_id) or report
        self._report = report
        state = PrintStage(report.state) if report.settled else PrintStage.UNCERTAIN
        self.send(PrintChanged(state, report.printed, report.code))

    async def _submitted(self, job: PrintJob) -> tuple[JobReport | None, bool]:
        never_left = True
        for attempt in range(SUBMIT_TRIES):
            if attempt:
                await asyncio.sleep(0.5 * attempt)
            try:
                return await self._printer.submit(job), False
            except AgentUnreachable as bad:
                never_left = never_left and isinstance(bad.__cause__, aiohttp.ClientConnectorError)
            except AgentRefused as bad:
                log.error("print job refused", job=job.job_id, why=str(bad))
                return None, never_left
        return None, never_left

    async def _waited(self, job_id: Id) -> JobReport | None:
        try:
            return await self._printer.wait(job_id, 1000)
        except (AgentUnreachable, AgentRefused):
            await asyncio.sleep(0.5)
            return None

    async def _tell_printer(self, sale: Sale, duplicate: int, came_out: bool) -> None:
        try:
            await self._printer.answer(paper.job_id(sale, duplicate), came_out)
        except (AgentUnreachable, AgentRefused) as bad:
            log.warning("printer agent does not hear the visitor's answer", why=str(bad))

    async def _print_claim(self, claim: PrintClaim) -> None:
        timezone = str(self._device.settings.get("timezone", "Europe/Paris"))
        job = paper.claim_job(
            claim.payment_id, claim.amount, claim.currency, claim.code, self.issuer(), self.kiosk.language,
            self._device.now().at, timezone,
        )  # fmt: skip
        if (await self._submitted(job))[0] is None:
            log.error("claim slip not printed", payment=claim.payment_id)

    def issuer(self) -> paper.Issuer:
        said = self._device.settings
        return paper.Issuer(
            names_told(said.get("point_of_sale") or self.kiosk.label),
            names_told(said.get("organiser", "")),
            self._config.contact,
        )
