"""The printer agent as a process: configuration, journal, printer line, and the UNIX socket on which the till calls.

It needs neither central nor a broker: a till prints with every line down. Only who may open the socket may print, so
the socket is for its owner and group alone.
"""

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from edge.device.health import Trouble
from edge.device.shell import Device, start
from edge.printer_agent import core, layout
from edge.printer_agent.agent import Agent
from edge.printer_agent.config import PrinterConfig
from edge.printer_agent.errors import STATUS_CODE, PrinterCode
from edge.printer_agent.sheet import Sheet
from edge.printer_agent.store import SCHEMA, IdReused, QueueFull, Store, Tell
from edge.printer_agent.transport import Printer, address
from shared.ids import derived_id
from shared.runtime.config import Failure
from shared.runtime.journal import Journal, JournalTx
from shared.runtime.log import logger
from shared.runtime.system import Clock, SystemClock
from shared.runtime.systemd import Notifier, stay
from shared.runtime.tasks import Crew
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump, load
from shared.wire.facts import FactKind
from shared.wire.printing import MOST_JOB, Answer, JobReport, PrintJob

WAIT_MAX_MS = 30_000
BODY_MAX = 512 * 1024
AGENT = web.AppKey("agent", Agent)
log = logger(__name__)


def faces(agent: Agent) -> web.Application:
    """The four requests a till makes."""
    app = web.Application(client_max_size=BODY_MAX)
    app[AGENT] = agent
    app.router.add_post("/jobs", _submit)
    app.router.add_get("/jobs/{id}", _job)
    app.router.add_post("/jobs/{id}/answer", _answer)
    app.router.add_get("/status", _status)
    return app


async def _submit(request: web.Request) -> web.Response:
    try:
        job = load(PrintJob, await request.read(), MOST_JOB)
    except ValueError as bad:
        return _refusal(400, str(bad))
    if found := layout.faults(job):
        return _refusal(400, "; ".join(found))
    try:
        return _report(request.app[AGENT].submit(job))
    except IdReused as reused:
        return _refusal(409, str(reused))
    except QueueFull as full:
        return _refusal(503, f"{PrinterCode.QUEUE_FULL}: {full}")


async def _job(request: web.Request) -> web.Response:
    wait = request.query.get("wait_ms", "0")
    if not (wait.isascii() and wait.isdigit() and int(wait) <= WAIT_MAX_MS):
        return _refusal(400, f"wait_ms is a number from 0 to {WAIT_MAX_MS}")
    return _report(await request.app[AGENT].wait(request.match_info["id"], int(wait)))


async def _answer(request: web.Request) -> web.Response:
    try:
        answer = load(Answer, await request.read())
    except ValueError as bad:
        return _refusal(400, str(bad))
    return _report(request.app[AGENT].answer(request.match_info["id"], answer.came_out))


async def _status(request: web.Request) -> web.Response:
    return _json(await request.app[AGENT].status())


def _report(job: core.Job | None) -> web.Response:
    return _refusal(404, "no such job") if job is None else _json(core.report(job))


def _json(value: object) -> web.Response:
    return web.Response(body=dump(value), content_type="application/json")


def _refusal(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=why)


async def run(config: PrinterConfig, ready: Callable[[], None] | None = None, clock: Clock | None = None) -> None:
    """Runs until cancelled; `ready` is called when the till may come. Raises Failure when it cannot start."""
    clock = clock or SystemClock()
    if config.device is None:
        journal = Journal.open(config.data / "printer.db", derived_id("printer", str(config.data)), SCHEMA)
        try:
            await _serve(config, journal, clock, ready)
        finally:
            journal.close()
        return
    async with start(config.device, DeviceKind.PRINTER, schema=SCHEMA, clock=clock) as device:
        await _serve(config, device.journal, clock, ready, device)


async def _serve(
    config: PrinterConfig,
    journal: Journal,
    clock: Clock,
    ready: Callable[[], None] | None,
    device: Device | None = None,
) -> None:
    try:
        where = address(config.printer)
    except ValueError as bad:
        raise Failure(f"The printer's address cannot be used: {bad}.", "Set `printer` in the configuration.") from bad
    if journal.salvaged is not None:
        log.error("print queue was damaged and is lost; a ticket printed before may come without DUPLICATA")
    printer = Printer(where, config.times, config.proof)
    store = Store(journal, clock, _teller(device), config.max_open_jobs, config.keep_jobs)
    limits = core.Limits(round(config.patience_s * 1000), round(config.max_age_s * 1000))
    agent = Agent(store, printer, clock, limits, _look(config), config.poll_s)
    agent.on_status = _reporter(device)
    runner = web.AppRunner(faces(agent), access_log=None, shutdown_timeout=1.0)
    try:
        agent.recover()  # before anybody can ask: a till must not read "sending" of a ticket that nobody sends
        await runner.setup()
        await _listen(runner, config.socket)
        log.info("printer agent ready", printer=config.printer, socket=str(config.socket))
        if ready is not None:
            ready()
        async with Crew() as crew:
            if device is None:  # a device's own shell does it
                crew.start("watchdog", lambda: stay(Notifier()))
            await agent.run()
    finally:
        await runner.cleanup()
        await printer.close()


def _teller(device: Device | None) -> Tell | None:
    """Each job's end is a fact, in the transaction that ends it."""
    if device is None:
        return None

    def tell(tx: JournalTx, report: JobReport) -> None:
        device.record(tx, FactKind.PRINT, report, derived_id("print", report.job_id, report.state))

    return tell


def _reporter(device: Device | None) -> Callable[[str], None] | None:
    """The printer's state is the device's health."""
    if device is None:
        return None

    def report(now: str) -> None:
        for code in set(STATUS_CODE.values()) - {""}:
            device.health.set(Trouble(code), present=code == now)

    return report


def _look(config: PrinterConfig) -> layout.PrinterLook:
    try:
        Sheet(config.code_pages).text("é")
    except (LookupError, ValueError) as bad:
        raise Failure(f"The code pages cannot be used: {bad}.", "Set `code_pages` in the configuration.") from bad
    if not 4 <= config.qr_module <= 10:
        raise Failure("A QR code's module is 4 to 10 dots wide.", "Set `qr_module` in the configuration.")
    return layout.PrinterLook(config.code_pages, config.qr, config.qr_module)


async def _listen(runner: web.AppRunner, path: Path) -> None:
    if _alive(path):
        raise Failure(f"Another printer agent answers on {path}.", "Stop it, or give this one another socket.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        await web.UnixSite(runner, str(path)).start()
        path.chmod(0o660)  # noqa: ASYNC240  # once, at start
    except OSError as bad:
        raise Failure(
            f"The socket {path} cannot be opened ({bad.strerror or bad}).",
            "Check the folder, its rights and its length.",
        ) from bad


def _alive(path: Path) -> bool:
    """A socket left by a crash is taken over; one with somebody behind it is not."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
