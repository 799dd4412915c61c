"""The kiosk's wiring: configuration, device, feeds, terminal, printer, window, and the loops between them. Decides
nothing; `core` does.

It starts and sells without a line. Until printer, terminal and open payments were looked at once it is out of order.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Protocol

from edge.device.health import Trouble
from edge.device.identity import IDENTITY_FILE, device_key
from edge.device.shell import Device, start
from edge.kiosk import checks, store
from edge.kiosk.card_terminal import CardTerminal
from edge.kiosk.config import KioskConfig
from edge.kiosk.model import (
    AskLease,
    Blocked,
    Event,
    Kiosk,
    KioskTrouble,
    Link,
    LinkChanged,
    ProgrammeChanged,
    SaleStored,
    Screen,
    Ticked,
)
from edge.kiosk.payment import Payments
from edge.kiosk.payment_rules import PaymentRow, end_of
from edge.kiosk.programme import KINDS, Programme
from edge.kiosk.selection import wanted_leases
from edge.kiosk.shell import KioskShell
from edge.kiosk.text_table import SAID
from edge.kiosk.troubles import TroubleCode, trouble
from edge.kiosk.ui.window import KioskWindow, NoScreen
from shared.clock import EPOCH, ClockState
from shared.ids import Id, derived_id
from shared.languages import FIRST_LANGUAGE, LANGUAGES
from shared.runtime.central import Declined, Unreachable
from shared.runtime.config import Failure
from shared.runtime.journal import JournalTx
from shared.runtime.log import logger
from shared.runtime.printer_client import PrinterClient
from shared.runtime.sync import Reader
from shared.runtime.tasks import Crew, ended, wait_any
from shared.wire.certificates import DeviceKind, Right
from shared.wire.facts import FactKind
from shared.wire.feeds import FeedFamily, FeedPage, feed_name
from shared.wire.seal import kid_of

log = logger(__name__)
TICK_S = 0.25
REFUSED_FOR_S = 60.0  # stock that central declined is not asked for again so soon
TERMINAL_EVERY_S = 15.0  # while it answers
RECOVER_EVERY_S = 10.0
_INCIDENTS = (
    TroubleCode.NOT_ENROLLED,
    TroubleCode.PAYMENT_OPEN,
    TroubleCode.PRINTER_GONE,
    TroubleCode.PAPER_OUT,
    TroubleCode.COVER_OPEN,
    TroubleCode.CUTTER,
    TroubleCode.TERMINAL_GONE,
    TroubleCode.NO_PROGRAMME,
)
_WAITING = frozenset({Screen.IDLE, Screen.OUT_OF_ORDER})


class Window(Protocol):
    def show(self, kiosk: Kiosk) -> None: ...
    async def run(self) -> None: ...
    def stop(self) -> None: ...


OpenWindow = Callable[[Callable[[Event], None]], Window]


async def run(config: KioskConfig, open_window: OpenWindow | None = None) -> None:
    """Until the window closes. `open_window` stands in for the real one (tests, a kiosk without a screen)."""
    wiring = Wiring(config)
    window = wiring.open(open_window or (lambda send: KioskWindow(send, config.window)))
    window.show(wiring.before_enrolment())
    tasks = {
        asyncio.create_task(window.run(), name="window"),
        asyncio.create_task(wiring.serve(window), name="kiosk"),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a Failure to start, or a bug: it comes out as it is
    finally:
        window.stop()
        await ended(tasks)


class Wiring:
    """`shell` is there once the device is."""

    def __init__(self, config: KioskConfig) -> None:
        if config.language not in ("", *LANGUAGES):
            raise Failure(f"The kiosk does not speak {config.language!r}.", f"Choose one of {', '.join(LANGUAGES)}.")
        self.config = config
        self.shell: KioskShell | None = None
        self._device: Device | None = None
        self._programme = Programme()
        self._check_now = asyncio.Event()
        self._paper, self._card = checks.Silence(), checks.Silence()
        self._card_answers, self._card_due, self._recover_due = True, 0.0, 0.0
        self._declined_until: dict[tuple[Id, Id | None], float] = {}
        self._asking: dict[tuple[Id, Id | None], tuple[Id, AskLease]] = {}
        self._ticked_at = 0.0
        self._found_before: set[str] = set()

    def open(self, open_window: OpenWindow) -> Window:
        try:
            return open_window(self._touched)
        except NoScreen as no:
            raise Failure(str(no), "In the configuration that is window.offscreen = true.") from no

    def _touched(self, event: Event) -> None:
        if self.shell:
            self.shell.send(event)

    # feeds

    def readers(self) -> dict[FeedFamily, Reader]:
        read = {family: Reader(after=lambda family=family: self._reread(family)) for family in KINDS}  # type: ignore[misc]
        return {**read, FeedFamily.LEASES: Reader(self._take_leases, keep=False, after=self._leases_came)}

    def _take_leases(self, tx: JournalTx, page: FeedPage) -> None:
        device = self._device
        assert device, "sync runs only once the device is there"
        if page.feed == feed_name(FeedFamily.LEASES, device.id):
            store.take_lease_rows(tx, page, device.id, lambda kid: device.keyring.trusted(kid, Right.STATE))

    def _leases_came(self) -> None:
        if self.shell:
            self.shell.leases_changed()

    def _reread(self, family: FeedFamily) -> None:
        if self._device is None:
            return
        rows = {}
        for feed in self._device.sync.feeds:
            if feed.startswith(f"{family}/"):
                rows.update(self._device.journal.rows(feed))
        self._programme.take(family, rows)
        if self.shell:
            self.shell.send(ProgrammeChanged(self._programme.performances()))
            self._check_now.set()

    # life

    def before_enrolment(self) -> Kiosk:
        """What the screen shows until the device is there. At the very first start a person must approve it, who
        compares the key's id: it stands where the device's own will stand."""
        if (self.config.device.data / IDENTITY_FILE).exists():
            return self._out_of_order("", trouble(TroubleCode.STARTING))
        kid = kid_of(device_key(self.config.device.data).public_key())
        return self._out_of_order(f"key {kid}", trouble(TroubleCode.NOT_ENROLLED, key=kid))

    async def serve(self, window: Window) -> None:
        async with start(self.config.device, DeviceKind.KIOSK, schema=store.SCHEMA, readers=self.readers()) as device:
            await self.work(device, window)

    async def work(self, device: Device, window: Window) -> None:
        """Until cancelled."""
        self._device = device
        if device.journal.salvaged is not None:
            store.distrust(device.journal, device.journal.salvaged.whole)
        terminal = CardTerminal(self.config.terminal)
        payments = Payments(device.journal, terminal, device.clock, self._payment_ended)
        async with (
            PrinterClient(str(self.config.printer.socket), self.config.printer.timeout_s) as printer,
            Crew(device.standings) as crew,
        ):
            shell = self.shell = KioskShell(
                self.config, device, payments, printer, self._out_of_order(device.id, trouble(TroubleCode.STARTING))
            )
            shell.settled = self._check_now.set
            unfinished = shell.recover()
            for family in KINDS:
                self._reread(family)
            shell.leases_changed()
            shell.send(Ticked(device.now().at))
            shell.face = window
            device.on_link.append(self._linked)
            self._linked(device.online)
            device.heartbeats.append(self._alive)
            crew.start("tick", self._tick)
            crew.start("checks", lambda: self._check(device, shell, payments, printer))
            crew.start("stock", lambda: self._keep_stock(device, shell))
            if unfinished:
                shell.send(SaleStored(unfinished))
            try:
                await asyncio.Event().wait()
            finally:
                await shell.close()
                self.shell = None

    def _out_of_order(self, device_id: str, why: KioskTrouble) -> Kiosk:
        said = self._device.settings.get("label", "") if self._device else ""
        language = self.config.language or (self._device.language if self._device else FIRST_LANGUAGE)
        return Kiosk(
            device_id=Id(device_id),
            label=self.config.device.label or str(said),
            screen=Screen.OUT_OF_ORDER,
            language=language,
            home_language=language,
            blockers=(why,),
        )

    def _linked(self, online: bool) -> None:
        if self.shell:
            self.shell.send(LinkChanged(Link.ONLINE if online else Link.OFFLINE))

    def _payment_ended(self, tx: JournalTx, row: PaymentRow) -> None:
        assert self._device, "payments run only once the device is there"
        self._device.record(tx, FactKind.PAYMENT, end_of(row), derived_id("payment", row.payment_id))

    async def _tick(self) -> None:
        assert self._device and self.shell
        while True:
            self.shell.send(Ticked(self._device.now().at))
            self._ticked_at = asyncio.get_running_loop().time()
            await asyncio.sleep(TICK_S)

    def _alive(self) -> bool:
        return asyncio.get_running_loop().time() - self._ticked_at < 5

    # checks

    async def _check(self, device: Device, shell: KioskShell, payments: Payments, printer: PrinterClient) -> None:
        while True:
            await self._settle_payments(device, shell, payments)
            found = await self._troubles(device, shell, payments, printer)
            self._tell_health(device, {each.code for each in found})
            if shell.kiosk.blockers != tuple(found):
                shell.send(Blocked(tuple(found)))
            await wait_any(self._check_now, self.config.check_s)

    async def _settle_payments(self, device: Device, shell: KioskShell, payments: Payments) -> None:
        """While nobody is served: ask the terminal what became of payments that are open, and not in a hurry."""
        loop = asyncio.get_running_loop()
        if shell.kiosk.screen in _WAITING and loop.time() >= self._recover_due:
            await payments.recover()
            self._recover_due = loop.time() + RECOVER_EVERY_S
            if shell.kiosk.screen in _WAITING:  # still nobody: places of payments that are settled now are free
                store.release_idle(device.journal)
                shell.leases_changed()

    async def _troubles(
        self, device: Device, shell: KioskShell, payments: Payments, printer: PrinterClient
    ) -> list[KioskTrouble]:
        now = device.now()
        knows = now.state is not ClockState.UNTRUSTED
        may_sell = checks.may_sell(device.identity.certificate, device.keyring, now.at, knows)
        found = checks.device_troubles(device.health, now, may_sell, bool(shell.kiosk.programme))
        if shell.kiosk.screen is not Screen.PAYING and payments.unresolved():
            found.append(trouble(TroubleCode.PAYMENT_OPEN))
        report = await printer.status()
        found += checks.printer_troubles(report, self._paper.heard(not checks.silent(report)))
        if not await self._terminal_answers(shell):
            found.append(trouble(TroubleCode.TERMINAL_GONE))
        return sorted(found, key=lambda each: each.code)

    async def _terminal_answers(self, shell: KioskShell) -> bool:
        """A terminal takes one caller at a time, so it is called only while nobody is about to pay."""
        loop = asyncio.get_running_loop()
        if shell.kiosk.screen in _WAITING and (not self._card_answers or loop.time() >= self._card_due):
            terminal = self.config.terminal
            heard = await checks.listens(terminal.host, terminal.port, terminal.connect_s)
            self._card_answers = self._card.heard(heard)
            self._card_due = loop.time() + TERMINAL_EVERY_S if heard else 0.0
        return self._card_answers

    def _tell_health(self, device: Device, found: set[str]) -> None:
        """What stood for two rounds is an incident for central and a word in the site's presence. Disk and clock are
        the device's own to tell."""
        stood, self._found_before = found & self._found_before, found
        try:
            for code in _INCIDENTS:
                device.health.set(Trouble(code, SAID), present=code in stood)
        except sqlite3.Error as bad:
            log.error("the disk failed", why=str(bad))

    # stock

    async def _keep_stock(self, device: Device, shell: KioskShell) -> None:
        loop = asyncio.get_running_loop()
        while True:
            now = device.now()
            over = now.at if now.state is not ClockState.UNTRUSTED else EPOCH
            if store.seal_leases(device.journal, now, device.clock.read(), over):
                shell.leases_changed()
            for ask in wanted_leases(shell.kiosk):
                key = (ask.performance_id, ask.category_id)
                if loop.time() >= self._declined_until.get(key, 0.0):
                    await self._ask_stock(device, shell, key, ask)
            await asyncio.sleep(self.config.stock_s)

    async def _ask_stock(self, device: Device, shell: KioskShell, key: tuple[Id, Id | None], ask: AskLease) -> None:
        """The same question with the same id until central answers it: an answer that was lost is no second lease."""
        lease_id, ask = self._asking.setdefault(key, (device.fresh_id(), ask))
        try:
            await shell.ask(ask, lease_id, visitor=False)
        except Declined as no:
            log.info("no stock", performance=ask.performance_id, why=no.said)
            self._declined_until[key] = asyncio.get_running_loop().time() + REFUSED_FOR_S
        except Unreachable as bad:
            log.info("stock not asked", why=str(bad))
            return
        self._asking.pop(key, None)
