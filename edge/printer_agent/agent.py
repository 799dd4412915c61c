"""Carries out what the core decides: one job after the other, saved before each effect."""

import asyncio
from collections.abc import Callable

from edge.device.health import Trouble
from edge.printer_agent import core, layout
from edge.printer_agent.errors import STATUS_CODE
from edge.printer_agent.store import Store
from edge.printer_agent.transport import LineLost, Printer
from shared.languages import LANGUAGES
from shared.runtime.log import logger
from shared.runtime.system import Clock
from shared.wire.printing import READY, SETTLED, PrinterStatus, PrintJob, StatusReport, UnitKind

IDLE_LOOK_S = 10.0  # how often an idle printer is asked, so that staff hear of paper before a visitor does
log = logger(__name__)


class Agent:
    """`run` is its one task; the other methods are called from the same loop. A printer that is not ready is looked at
    every `poll_s`; a status younger than that is given again, since screens ask often."""

    def __init__(
        self,
        store: Store,
        printer: Printer,
        clock: Clock,
        limits: core.Limits,
        look: layout.PrinterLook,
        poll_s: float,
    ) -> None:
        self._store = store
        self._printer = printer
        self._clock = clock
        self._limits = limits
        self._look = look
        self._poll_s = poll_s
        self._changed = asyncio.Event()
        self._line = asyncio.Lock()
        self._status = PrinterStatus.UNKNOWN
        self._seen_ms: int | None = None
        self.on_status: Callable[[str], None] | None = None  # hears the code of each new status, "" when well

    def recover(self) -> None:
        """At start, before anything is printed: what was under way when the agent went down is uncertain now."""
        for job in self._store.open_jobs():
            after, _ = core.step(job, core.Restarted(), self._limits)
            if after != job:
                log.warning("print job uncertain after restart", job_id=job.id)
                self._store.save(after)
                self._printer.fragment = True

    async def run(self) -> None:
        self.recover()
        while True:
            changed = self._changed
            jobs = self._store.open_jobs()
            if not jobs:
                await self._idle(changed)
                continue
            try:
                await self._work(jobs[0])
            except Exception:  # a fault in one job must not take the others with it; what it was doing is uncertain
                log.exception("print job broke", job_id=jobs[0].id)
                await asyncio.sleep(self._poll_s)
                self.recover()

    async def _idle(self, changed: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(IDLE_LOOK_S):
                await changed.wait()
        except TimeoutError:
            await self._look_now()

    async def _look_now(self) -> None:
        async with self._line:
            self._note(await self._printer.status())

    def submit(self, request: PrintJob) -> core.Job:
        """Raises IdReused or QueueFull."""
        job = self._store.submit(request)
        self._ring()
        return job

    def get(self, job_id: str) -> core.Job | None:
        return self._store.get(job_id)

    async def wait(self, job_id: str, wait_ms: int) -> core.Job | None:
        """The job once it is settled, or after `wait_ms` as it stands."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_ms / 1000
        while True:
            changed = self._changed
            job = self._store.get(job_id)
            left = until - loop.time()
            if job is None or core.report(job).settled or left <= 0:
                return job
            try:
                async with asyncio.timeout(left):
                    await changed.wait()
            except TimeoutError:
                return self._store.get(job_id)

    def answer(self, job_id: str, came_out: bool) -> core.Job | None:
        job = self._store.get(job_id)
        if job is None:
            return None
        after, _ = core.step(job, core.Answered(came_out), self._limits)
        if after != job:
            log.info("print job answered", job_id=job.id, came_out=came_out)
            self._store.save(after)
            self._ring()
        return after

    async def status(self) -> StatusReport:
        """Asks the printer, unless a ticket is on its way or the last answer is still fresh."""
        stale = self._seen_ms is None or self._clock.read().mono_ms - self._seen_ms >= self._poll_s * 1000
        if stale and not self._line.locked():
            await self._look_now()
        code = STATUS_CODE[self._status]
        trouble = Trouble(code) if code else None
        return StatusReport(
            self._status,
            ready=self._status in READY,
            code=code,
            sentences={each: trouble.what(each) for each in LANGUAGES} if trouble else {},
            steps={each: trouble.step(each) for each in LANGUAGES} if trouble else {},
            waiting=sum(unit.state not in SETTLED for job in self._store.open_jobs() for unit in job.units),
        )

    async def _work(self, job: core.Job) -> None:
        """Takes one job to its end."""
        event: core.Event = core.Turn(self._clock.read().mono_ms)
        while True:
            after, effect = core.step(job, event, self._limits)
            if after != job:
                self._store.save(after)
                self._ring()
            job = after
            if effect is core.Effect.REST:
                log.info("print job done", job_id=job.id, state=job.state, trouble=job.code)
                return
            event = await self._perform(job, effect)

    async def _perform(self, job: core.Job, effect: core.Effect | core.Send | core.Ask) -> core.Event:
        if effect is core.Effect.PAUSE:
            await asyncio.sleep(self._poll_s)
            return core.Turn(self._clock.read().mono_ms)
        async with self._line:
            match effect:
                case core.Send(index):
                    return await self._send(job, index)
                case core.Ask():
                    echoed, status = await self._printer.settled()
                    self._note(status)
                    return core.Settled(echoed, status)
                case _:
                    status = await self._printer.status()
                    self._note(status)
                    return core.Seen(status, self._clock.read().mono_ms)

    async def _send(self, job: core.Job, index: int) -> core.Event:
        data = rendered(self._store.request(job.id), job.units[index], index, self._look)
        try:
            await self._printer.send(data)
        except LineLost as lost:
            log.warning("printer line lost", job_id=job.id, unit=index, why=str(lost))
            self._note(PrinterStatus.UNKNOWN)
            return core.Broken()
        return core.Written()

    def _note(self, status: PrinterStatus) -> None:
        if status is not self._status:
            log.info("printer status", status=status, trouble=STATUS_CODE[status])
            if self.on_status is not None:
                self.on_status(STATUS_CODE[status])
        self._status = status
        self._seen_ms = self._clock.read().mono_ms

    def _ring(self) -> None:
        """Wakes everybody who waits for a change; who waits next gets a new bell."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def rendered(request: PrintJob, unit: core.Unit, index: int, look: layout.PrinterLook) -> bytes:
    """The bytes of one unit."""
    match unit.kind:
        case UnitKind.TICKET:
            return layout.ticket(request.tickets[index], request.language, unit.duplicate, look)
        case UnitKind.RECEIPT if request.receipt is not None:
            return layout.receipt(request.receipt, request.language, unit.duplicate, look)
        case UnitKind.CLAIM if request.claim is not None:
            return layout.claim(request.claim, request.language, unit.duplicate, look)
    raise ValueError(f"unit {index} of job {request.job_id} is not in its request")
