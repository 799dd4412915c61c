"""A virtual printer on a socket, an agent before it, and tickets to print."""

import asyncio
import json
import sys
from base64 import b32encode
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from edge.printer_agent.config import PrinterConfig
from edge.printer_agent.main import run
from edge.printer_agent.transport import Times
from parterre.simulators.printer import Serving, Settings
from shared.ids import Id, derived_id
from shared.runtime.printer_client import PrinterClient
from shared.wire.printing import ClaimPrint, PrintJob, ReceiptLine, ReceiptPrint, TicketPrint

_PATH = Path(__file__).parents[2] / "shared" / "runtime" / "conftest.py"
_SPEC = spec_from_file_location("runtime_fixtures", _PATH)
assert _SPEC is not None and _SPEC.loader is not None
if "runtime_fixtures" not in sys.modules:  # the test house is that of the runtime's tests
    sys.modules["runtime_fixtures"] = module_from_spec(_SPEC)
    _SPEC.loader.exec_module(sys.modules["runtime_fixtures"])
house = sys.modules["runtime_fixtures"].house

QUICK = Times(reply_ms=120, connect_ms=500, send_ms=1000, settle_ms=1500, print_ms=50)


def token(number: int) -> str:
    """As long as a real one, and another for each number."""
    return b32encode(bytes([number]) + bytes(range(100, 208))).decode().rstrip("=")


TICKET = TicketPrint(
    token=token(1),
    number="T1-0000001",
    order="K1-000117",
    event="Le Misanthrope",
    starts=datetime(2026, 11, 21, 19, 0, tzinfo=UTC),
    timezone="Europe/Paris",
    venue="Théâtre du Parterre",
    category="1re catégorie",
    tariff="Plein tarif",
    zone="Orchestre",
    row="C",
    seat="12",
    price=4200,
    currency="EUR",
    sold_at=datetime(2026, 11, 21, 17, 32, tzinfo=UTC),
    point_of_sale="Borne du hall",
    organiser="Théâtre du Parterre",
    licence="PLATESV-R-2026-000042",
    mentions=("12, place de la Comédie, Lyon",),
)
RECEIPT = ReceiptPrint(
    number=731,
    order="K1-000117",
    at=datetime(2026, 11, 21, 17, 32, tzinfo=UTC),
    timezone="Europe/Paris",
    currency="EUR",
    lines=(ReceiptLine("Le Misanthrope, plein tarif", 2, 8400, 550), ReceiptLine("Programme", 1, 500, 2000)),
    payment="Carte bancaire",
    organiser="Théâtre du Parterre",
    point_of_sale="Borne du hall",
    slip=("CARTE BANCAIRE SANS CONTACT", "AUTO 123456"),
)
CLAIM = ClaimPrint(
    reference="K1-000117-R",
    order="K1-000117",
    at=datetime(2026, 11, 21, 17, 32, tzinfo=UTC),
    timezone="Europe/Paris",
    amount=8400,
    currency="EUR",
    code="T-07",
    point_of_sale="Borne du hall",
    organiser="Théâtre du Parterre",
    contact="Guichet du hall, ou billetterie@parterre.example",
)


def tickets(count: int) -> tuple[TicketPrint, ...]:
    return tuple(replace(TICKET, token=token(n), number=f"T1-{n:07}", seat=str(11 + n)) for n in range(1, count + 1))


def job(name: str, count: int = 1, **more: Any) -> PrintJob:
    return PrintJob(Id(derived_id(name)), "fr", tickets(count), **more)


@pytest.fixture
def samples() -> Any:
    """The makers above, for tests that cannot import this file."""

    class Samples:
        ticket, receipt, claim, quick = TICKET, RECEIPT, CLAIM, QUICK
        tickets = staticmethod(tickets)
        job = staticmethod(job)

    return Samples


@pytest.fixture
async def paper(tmp_path: Path) -> AsyncIterator[Serving]:
    """The virtual printer, TCP and pty; `paper.machine.set(...)` switches its faults."""
    settings = Settings(tmp_path / "paper", port=0, control_port=0, pty=tmp_path / "tty")
    async with Serving(settings) as serving:
        yield serving


@pytest.fixture
def order(paper: Serving) -> Callable[..., Any]:
    """Sends one line to the control port."""

    async def send(line: object) -> Any:
        reader, writer = await asyncio.open_connection("127.0.0.1", paper.bound.control_port)
        text = line if isinstance(line, bytes) else json.dumps(line).encode()
        writer.write(text + b"\n")
        answer = json.loads(await reader.readline())
        writer.close()
        await writer.wait_closed()
        return answer

    return send


AgentAt = Callable[..., AbstractAsyncContextManager[PrinterClient]]


@pytest.fixture
def agent(paper: Serving, tmp_path: Path) -> AgentAt:
    """`async with agent() as client:` runs the real agent before the virtual printer; twice is a restart."""

    @asynccontextmanager
    async def running(**changes: Any) -> AsyncIterator[PrinterClient]:
        config = PrinterConfig(
            printer=f"tcp://127.0.0.1:{paper.bound.port}",
            socket=tmp_path / "s",
            data=tmp_path / "data",
            times=QUICK,
            patience_s=0.2,
            poll_s=0.05,
        )
        ready = asyncio.Event()
        task = asyncio.create_task(run(replace(config, **changes), ready.set))
        started = asyncio.create_task(ready.wait())
        await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            started.cancel()
            task.result()
        try:
            async with PrinterClient(str(tmp_path / "s")) as client:
                yield client
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return running
