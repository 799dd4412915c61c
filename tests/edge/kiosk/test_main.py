"""The whole kiosk without its window: a central that speaks the protocol, a real terminal simulator, a real printer
agent before a virtual printer."""

import asyncio
import contextlib
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from edge.device.identity import Stored, device_key, keep_identity
from edge.device.shell import DeviceConfig
from edge.kiosk.card_terminal import TerminalSettings
from edge.kiosk.config import KioskConfig, PrinterLink
from edge.kiosk.main import run
from edge.kiosk.model import Link, Next, PerformanceChosen, PrintAnswered, Screen, Touched
from edge.kiosk.troubles import TroubleCode
from edge.printer_agent.config import PrinterConfig
from edge.printer_agent.main import run as run_agent
from parterre.simulators.printer import Serving
from parterre.simulators.printer import Settings as PaperSettings
from parterre.simulators.terminal import CardTerminalSimulator, Settings
from shared.ids import derived_id
from shared.runtime.config import Failure
from shared.runtime.mqtt import Endpoint
from shared.wire.certificates import DeviceKind
from shared.wire.codec import adapter, build, load
from shared.wire.facts import FactKind, Sale
from shared.wire.leases import Lease, LeasedPlace, LeaseState
from shared.wire.refusals import DeviceRefusal
from shared.wire.seal import seal
from shared.wire.token import parse
from tests.waiting import until

_PATH = Path(__file__).parents[2] / "shared" / "runtime" / "conftest.py"
_SPEC = spec_from_file_location("runtime_fixtures", _PATH)
if "runtime_fixtures" not in sys.modules:  # root key and fake central are those of the runtime's tests
    sys.modules["runtime_fixtures"] = module_from_spec(_SPEC)
    _SPEC.loader.exec_module(sys.modules["runtime_fixtures"])
RUNTIME = sys.modules["runtime_fixtures"]
fakes = RUNTIME.fakes
pytestmark = pytest.mark.e2e  # real sockets, agent and simulators: some 12 s


def plain(value):
    return adapter(type(value)).dump_python(value, mode="json")


class Window:
    """Shows nothing, remembers everything, and touches what it is told to."""

    def __init__(self, send):
        self.send, self.kiosk, self.screens, self.closed = send, None, [], asyncio.Event()

    def show(self, kiosk):
        self.kiosk = kiosk
        if not self.screens or self.screens[-1] is not kiosk.screen:
            self.screens.append(kiosk.screen)

    async def run(self):
        await self.closed.wait()

    def stop(self):
        self.closed.set()

    async def at(self, screen):
        try:
            await until(lambda: self.kiosk is not None and self.kiosk.screen is screen)
        except TimeoutError:
            pytest.fail(f"waited for {screen}; {self.screens}, {self.kiosk and self.kiosk.blockers}")


class Bench:
    def __init__(self, house, fakes, tmp_path):
        self.keys, self.tmp, self.house = RUNTIME.House(), tmp_path, replace(house, noon=datetime.now(UTC))
        own = self.keys.holder("central", DeviceKind.CENTRAL)
        bench = self

        class Central(fakes.FakeCentral):
            def _request_lease(self, body, _):
                return bench.lease(load(dict, body))

        self.central = Central(own.signer, own.certificate, self.keys.root_pem)
        self.data = tmp_path / "kiosk"
        key = device_key(self.data)
        certificate = self.keys.certificate(key, house.kiosk_id, DeviceKind.KIOSK)
        keep_identity(
            self.data, key, certificate,
            Stored(certificate.pem, self.keys.root_pem, derived_id("institution"), (own.certificate.pem,)),
        )  # fmt: skip
        self.public, self.central.devices[house.kiosk_id] = key.public_key(), certificate
        listed, site = self.house.listed(), self.keys.site
        self.central.publish(f"performances/{site}", house.performance_id, plain(listed.performance))
        self.central.publish("catalogue/pos", house.performance_id, plain(listed.catalogue))
        self.central.publish(f"plans/{site}", "plan", plain(listed.plan))
        self.central.feeds[f"leases/{house.kiosk_id}"] = []
        self.free = [f"{row}{i}" for row in "ab" for i in range(6)]

    def lease(self, want):
        """Central's answer: the seats asked for, or the first of a category; also in the feed, as in life."""
        house = self.house
        names = {house.seat(name): name for name in self.free}
        if want["seats"]:
            chosen = [names[seat] for seat in want["seats"] if seat in names]
        else:
            row = "a" if want["category_id"] == house.a else "b"
            chosen = [name for name in self.free if name[0] == row][:4]  # the rest stays with central
        if len(chosen) < (len(want["seats"]) or 1):
            raise fakes_module().No(DeviceRefusal.LEASE_TAKEN)
        self.free = [name for name in self.free if name not in chosen]
        places = tuple(LeasedPlace(house.seat(name), house.a if name[0] == "a" else house.b, 1) for name in chosen)
        template = house.lease("a0")
        lease = replace(template, id=want["lease_id"], places=places)
        sealed = seal(adapter(Lease).dump_json(lease), self.central.signer)
        row = {**plain(sealed), "state": LeaseState.ACTIVE}
        self.central.publish(f"leases/{house.kiosk_id}", lease.id, row)
        return sealed

    @asynccontextmanager
    async def hardware(self):
        quick = Settings(port=0, control_port=0, delay_s=0.15, jitter=0.0)
        paper = PaperSettings(self.tmp / "paper", port=0, control_port=0)
        async with CardTerminalSimulator(quick) as self.terminal, Serving(paper) as self.printer:
            config = PrinterConfig(
                f"tcp://127.0.0.1:{self.printer.bound.port}", self.tmp / "p.sock", self.tmp / "agent", poll_s=0.1
            )
            ready = asyncio.Event()
            agent = asyncio.create_task(run_agent(config, ready.set))
            await ready.wait()
            try:
                yield
            finally:
                await stopped(agent)

    @asynccontextmanager
    async def kiosk(self, **terminal):
        quick = {"connect_s": 1, "answer_s": 5, "enquiry_s": 1, "idle_s": 0.2, "pause_s": 0.05}
        config = KioskConfig(
            DeviceConfig(self.data, self.central.url, Endpoint("127.0.0.1", 1), label="Foyer", poll_s=0.2, timeout_s=2),
            PrinterLink(self.tmp / "p.sock"),
            TerminalSettings(port=self.terminal.ports.terminal, **{**quick, **terminal}),
            stock_s=0.1,
            check_s=0.2,
        )
        opened = []

        def open_window(send):
            opened.append(Window(send))
            return opened[0]

        task = asyncio.create_task(run(config, open_window))
        await until(lambda: opened or task.done())
        try:
            yield opened[0]
        finally:
            await stopped(task)

    def facts(self, kind):
        return [fact.body for _, fact in sorted(self.central.facts.items()) if fact.kind == kind]


def fakes_module():
    return sys.modules["fake_central"]


async def stopped(task):
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def charged(bench):
    kinds = [entry.kind for entry in bench.terminal.ledger]
    return kinds.count("debit") - kinds.count("cancel")


@pytest.fixture
def bench(house, fakes, tmp_path):
    return Bench(house, fakes, tmp_path)


async def to_summary(window, house):
    await window.at(Screen.IDLE)
    window.send(Touched())
    window.send(PerformanceChosen(house.performance_id))
    window.send(Next())
    await window.at(Screen.TARIFFS)
    window.send(Next())
    await window.at(Screen.SUMMARY)


async def test_a_visitor_buys_two_tickets_with_and_without_a_line(bench, house):
    async with bench.hardware():
        async with bench.central, bench.kiosk() as window:
            await to_summary(window, house)
            window.send(Next())
            await window.at(Screen.DONE)
            assert window.kiosk.printed == 2 and charged(bench) == 1
            await until(lambda: bench.facts(FactKind.SALE))
            sale = build(Sale, bench.facts(FactKind.SALE)[0])
            assert [line.number for line in sale.lines] == ["K1-000001", "K1-000002"]
            assert all(parse(line.ticket).signed_by(bench.public) for line in sale.lines)
            await until(lambda: len(bench.printer.machine.tickets) == 3)
            await until(lambda: len(window.kiosk.leases) >= 2)  # standing stock of both categories
        # central's line is cut: the next kiosk process starts without it and sells out of its stock
        async with bench.kiosk() as window:
            await to_summary(window, house)
            assert window.kiosk.link is Link.OFFLINE
            window.send(Next())
            await window.at(Screen.DONE)
        assert charged(bench) == 2 and len(bench.facts(FactKind.SALE)) == 1
        async with bench.central, bench.kiosk():
            await until(lambda: len(bench.facts(FactKind.SALE)) == 2)
    numbers = [line["number"] for body in bench.facts(FactKind.SALE) for line in body["lines"]]
    assert numbers == [f"K1-{n:06d}" for n in range(1, 5)]
    slots = [(line["lease_id"], line["slot"]) for body in bench.facts(FactKind.SALE) for line in body["lines"]]
    assert len(set(slots)) == 4


async def test_the_power_goes_while_the_terminal_works(bench, house):
    """The card is charged, the tickets were never given: the money goes back, the places are free again."""
    async with bench.hardware(), bench.central:
        async with bench.kiosk() as window:
            await to_summary(window, house)
            window.send(Next())
            await until(lambda: charged(bench) == 1)  # its answer is still on the way: see idle_s
            assert window.kiosk.pay_state == "sent"
        async with bench.kiosk() as window:
            await window.at(Screen.IDLE)
            assert charged(bench) == 0
            assert {slot for held in window.kiosk.leases for slot in held.slots} <= {"free", "returned"}
            await until(lambda: bench.facts(FactKind.PAYMENT))
            assert bench.facts(FactKind.PAYMENT)[0]["state"] == "voided" and not bench.facts(FactKind.SALE)


async def test_the_power_goes_before_the_terminal_hears_of_it(bench, house):
    async with bench.hardware(), bench.central:
        async with bench.kiosk() as window:
            await to_summary(window, house)
            window.send(Next())
            await until(lambda: window.kiosk.pay_state == "sent")
        async with bench.kiosk() as window:
            await window.at(Screen.IDLE)
            assert charged(bench) == 0 and not bench.facts(FactKind.SALE)


async def test_the_power_goes_between_sale_and_paper(bench, house):
    async with bench.hardware(), bench.central:
        async with bench.kiosk() as window:
            await to_summary(window, house)
            window.send(Next())
            await until(lambda: window.kiosk.sale is not None)
            sale = window.kiosk.sale
        async with bench.kiosk() as window:
            await window.at(Screen.DONE)
            assert window.kiosk.sale == sale and charged(bench) == 1
            await until(lambda: len(bench.printer.machine.tickets) == 3)
        async with bench.kiosk() as window:
            await window.at(Screen.IDLE)
            assert Screen.PRINTING not in window.screens, "handed out once"


async def test_paper_and_terminal_are_looked_at(bench, house):
    async with bench.hardware(), bench.central, bench.kiosk() as window:
        await window.at(Screen.IDLE)
        assert window.screens[0] is Screen.OUT_OF_ORDER, "until all was looked at"
        bench.printer.machine.set(paper_end=True)
        await window.at(Screen.OUT_OF_ORDER)
        assert [each.code for each in window.kiosk.blockers] == [TroubleCode.PAPER_OUT]
        bench.printer.machine.set(paper_end=False)
        await window.at(Screen.IDLE)


async def test_a_declined_card_leaves_the_choice_and_charges_nothing(bench, house):
    async with bench.hardware(), bench.central, bench.kiosk() as window:
        await to_summary(window, house)
        bench.terminal.switch("declined", times=1)
        window.send(Next())
        await window.at(Screen.PAYING)
        await window.at(Screen.SUMMARY)
        assert window.kiosk.notice and charged(bench) == 0
        window.send(Next())
        await window.at(Screen.DONE)
        assert charged(bench) == 1


async def test_it_does_not_pretend_to_have_a_screen(bench, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    config = KioskConfig(DeviceConfig(bench.data, "http://127.0.0.1:1"), PrinterLink(bench.tmp / "p.sock"))
    with pytest.raises(Failure, match="no screen"):
        await run(config)
    with pytest.raises(Failure, match="speak"):
        await run(replace(config, language="xx"))


async def test_the_printer_s_line_breaks_and_the_visitor_is_asked(bench, house):
    async with bench.hardware(), bench.central, bench.kiosk() as window:
        await to_summary(window, house)
        bench.printer.machine.set(cut_after_bytes=2500)
        window.send(Next())
        await until(lambda: window.kiosk.print_state == "uncertain", 15)
        before = len(bench.printer.machine.tickets)
        window.send(PrintAnswered(False))
        await window.at(Screen.DONE)
        await until(lambda: len(bench.printer.machine.tickets) > before)
        assert charged(bench) == 1 and window.kiosk.reprints == 1


async def test_a_terminal_that_never_answers_leaves_a_claim_slip_and_no_second_charge(bench, house):
    async with bench.hardware(), bench.central, bench.kiosk(tries=2, answer_s=0.4, enquiry_s=0.3) as window:
        await to_summary(window, house)
        bench.terminal.switch("no_answer", on=("debit", "duplicate"))
        window.send(Next())
        await window.at(Screen.PAYING)
        await window.at(Screen.SUMMARY)
        assert charged(bench) == 0, "no dialogue before the payment: it was never sent"
        bench.terminal.switch("no_answer", on=("debit",), times=1)
        window.send(Next())
        await until(lambda: window.kiosk.pay_state in ("sent", "unknown"))
        bench.terminal.switch("no_answer", on=("debit", "duplicate"))
        await window.at(Screen.PROBLEM)
        assert window.kiosk.trouble.code == TroubleCode.PAYMENT_UNKNOWN
        await until(lambda: len(bench.printer.machine.tickets) == 1)
        await until(lambda: bench.facts(FactKind.PAYMENT))
        said = bench.facts(FactKind.PAYMENT)[0]
        assert said["state"] == "review" and said["order_ref"] == window.kiosk.trouble.detail["reference"]
        bench.terminal.clear()
        window.send(Next())
        await to_summary(window, house)
        assert [entry.kind for entry in bench.terminal.ledger] == [], "nothing was started by itself"
