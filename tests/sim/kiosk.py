"""A kiosk in the simulation: the real core, shell, store and payment journal; card terminal and printer are simulated
with their faults, and remember what really happened to money and paper."""

import asyncio
from types import SimpleNamespace
from typing import Any

from edge.kiosk import checks, store
from edge.kiosk.caisse_ap import Operation, Reply, Request, Result, Why
from edge.kiosk.card_terminal import TerminalSettings
from edge.kiosk.main import Wiring
from edge.kiosk.model import (
    Blocked,
    Kiosk,
    Link,
    LinkChanged,
    SaleStored,
    Screen,
    Ticked,
)
from edge.kiosk.payment import Payments
from edge.kiosk.payment_rules import Lost
from edge.kiosk.programme import KINDS
from edge.kiosk.selection import wanted_leases
from edge.kiosk.shell import KioskShell
from edge.kiosk.troubles import TroubleCode, trouble
from shared.clock import EPOCH, ClockState
from shared.ids import Id
from shared.runtime.printer_client import AgentUnreachable
from shared.runtime.sync import Reader
from shared.wire.facts import Sale
from shared.wire.feeds import FeedFamily
from shared.wire.printing import JobReport, PrintJob, PrintState, UnitKind, UnitReport
from tests.sim.station import Station
from tests.sim.world import World

CONFIG = SimpleNamespace(
    language="fr", lease_s=8.0, contact="desk", device=SimpleNamespace(label=""), printer=SimpleNamespace(settle_s=20.0)
)
_NOTHING = Reply(Result.NOT_DONE, Why.UNKNOWN)


class Card:
    """A terminal that remembers one transaction, and the bank behind it that remembers all."""

    settings = TerminalSettings(pause_s=0.0, tries=3, boot_tries=3)

    def __init__(self, world: World) -> None:
        self.world = world
        self.rough = 0.0
        self.charged: dict[str, int] = {}
        self.reversed: set[str] = set()
        self._memory = _NOTHING

    async def pause(self) -> None:
        await asyncio.sleep(0.1)

    async def ask(self, request: Request, wait_s: float) -> Reply | Lost:
        await asyncio.sleep(0.1)
        if self.world.chance(self.rough / 4):
            return Lost.UNREACHABLE
        lost_before, lost_after = self.world.chance(self.rough / 4), self.world.chance(self.rough / 4)
        if lost_before:
            return Lost.CUT
        answer = self._done(request)
        return Lost.SILENT if lost_after else answer

    def _done(self, request: Request) -> Reply:
        match request.operation:
            case Operation.DUPLICATE:
                return self._memory
            case Operation.CANCEL:
                last = self._memory
                if last.operation is not Operation.DEBIT or last.result is not Result.DONE:
                    return _NOTHING
                self.reversed.add(last.reference)
            case Operation.DEBIT if self.world.chance(self.rough / 4):
                self._memory = Reply(Result.NOT_DONE, Why.REFUSED, operation=Operation.DEBIT)
                return self._memory
            case Operation.DEBIT:
                if request.reference in self.charged:
                    self.world.fault(f"payment {request.reference} was charged twice")
                self.charged[request.reference] = request.amount
        self._memory = Reply(
            Result.DONE, Why.AUTHORISED, request.amount, request.currency, request.operation,
            request.reference or self._memory.reference, f"{len(self.charged):06d}",
        )  # fmt: skip
        return self._memory


class Printer:
    """A printer agent that may be out of reach, fail, or not know."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.rough = world, name, 0.0
        self.jobs: dict[Id, JobReport] = {}

    async def submit(self, job: PrintJob) -> JobReport:
        await asyncio.sleep(0.1)
        if self.world.chance(self.rough / 4):
            raise AgentUnreachable("no agent")
        if job.job_id not in self.jobs:
            self.jobs[job.job_id] = self._printed(job)
        if self.world.chance(self.rough / 4):
            raise AgentUnreachable("no answer in time")
        return self.jobs[job.job_id]

    def _printed(self, job: PrintJob) -> JobReport:
        state = PrintState.CONFIRMED
        if self.world.chance(self.rough / 2):
            state = self.world.dice.choice((PrintState.UNCERTAIN, PrintState.FAILED))
        units = tuple(UnitReport(UnitKind.TICKET, ticket.number, state) for ticket in job.tickets)
        return JobReport(job.job_id, state, units, len(units) if state is PrintState.CONFIRMED else 0)

    async def wait(self, job_id: Id, wait_ms: int = 0) -> JobReport | None:
        return self.jobs.get(job_id)

    async def answer(self, job_id: Id, came_out: bool) -> JobReport | None:
        return self.jobs.get(job_id)


class SimKiosk(Station):
    schema = store.SCHEMA

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.card, self.printer = Card(self.world), Printer(self.world, self.name)
        self.sold: dict[Id, Sale] = {}  # order → what a visitor has in hand or on the screen
        self.codes: list[str] = []  # tickets, as visitors carry them away
        self.shell: KioskShell
        self._wiring: Wiring
        self._payments: Payments

    def readers(self) -> dict[FeedFamily, Reader]:
        self._wiring = Wiring(CONFIG)  # type: ignore[arg-type]
        return self._wiring.readers()

    async def work(self) -> None:
        """As `Wiring.work` does it, without its loops."""
        wiring, device = self._wiring, self.device
        wiring._device = device
        self._payments = Payments(device.journal, self.card, device.clock, wiring._payment_ended)
        kiosk = Kiosk(device.id, self.name, screen=Screen.OUT_OF_ORDER, blockers=(trouble(TroubleCode.STARTING),))
        self.shell = wiring.shell = KioskShell(CONFIG, device, self._payments, self.printer, kiosk)  # type: ignore[arg-type]
        unfinished = self.shell.recover()
        for family in KINDS:
            wiring._reread(family)
        self.shell.leases_changed()
        self.shell.send(Ticked(device.now().at))
        self.shell.face = self
        device.on_link.append(wiring._linked)
        wiring._linked(device.online)
        if unfinished:
            self.shell.send(SaleStored(unfinished))
        await self.look_around()

    async def _end(self) -> None:
        await self.shell.close()
        self._wiring.shell = None
        await super()._end()

    def show(self, kiosk: Kiosk) -> None:
        """The face: what a visitor sees is never lost (I1)."""
        sale = kiosk.sale
        if sale is None or kiosk.screen not in (Screen.PRINTING, Screen.DONE, Screen.PROBLEM):
            return
        if sale.order_id not in self.sold:
            self.sold[sale.order_id] = sale
            self.codes += [line.ticket for line in sale.lines]
            self.world.tell(
                self.name, f"sells order {sale.order_id[-6:]}, receipt {sale.receipt}, {len(sale.lines)} places"
            )

    async def look_around(self) -> None:
        """One round of checks, and of settling payments while nobody is served."""
        with self.risking():
            await self._wiring._settle_payments(self.device, self.shell, self._payments)
            device, now = self.device, self.device.now()
            self.shell.send(Ticked(now.at))
            knows = now.state is not ClockState.UNTRUSTED
            may_sell = checks.may_sell(device.identity.certificate, device.keyring, now.at, knows)
            found = checks.device_troubles(device.health, now, may_sell, bool(self.shell.kiosk.programme))
            if self.shell.kiosk.screen is not Screen.PAYING and self._payments.unresolved():
                found.append(trouble(TroubleCode.PAYMENT_OPEN))
            self.shell.send(Blocked(tuple(found)))
        await self.buried()

    async def touch(self, event: Any) -> None:
        with self.risking():
            self.shell.send(Ticked(self.device.now().at))
            self.shell.send(event)
        await self.settled()

    async def keep_stock(self) -> None:
        """One round of `Wiring._keep_stock`: what is over is sealed, what runs low is asked for."""
        with self.risking():
            device, shell, now = self.device, self.shell, self.device.now()
            over = now.at if now.state is not ClockState.UNTRUSTED else EPOCH
            shell.send(Ticked(now.at))
            for lease in store.seal_leases(device.journal, now, device.clock.read(), over):
                self.world.tell(self.name, f"seals lease {lease[-6:]}")
                shell.leases_changed()
            shell.send(LinkChanged(Link.ONLINE if device.online else Link.OFFLINE))
            for ask in wanted_leases(shell.kiosk):
                key = (ask.performance_id, ask.category_id)
                if self.world.seconds >= self._wiring._declined_until.get(key, 0.0):
                    await self._wiring._ask_stock(device, shell, key, ask)
        await self.settled()

    @property
    def screen(self) -> Screen:
        return self.shell.kiosk.screen
