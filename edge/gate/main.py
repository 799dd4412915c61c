"""The gate agent of one lane as a process: configuration, journal, reader, port, neighbours. Wiring and nothing else.

A lane starts without any network, on what its disk knows; the reader and the line come and go without a restart.
"""

from asyncio import Event
from collections.abc import Callable, Mapping

from edge.device.shell import start
from edge.gate.config import GateConfig, LaneConfig, PortConfig
from edge.gate.lane import LaneShell
from edge.gate.lists import KEPT
from edge.gate.mark import Mark
from edge.gate.port import FakePort, GatePort
from edge.gate.reader import SerialReader
from edge.gate.store import SCHEMA, GateStore, Moment
from shared.rules.access import Gate
from shared.runtime.journal import JournalTx
from shared.runtime.sync import Reader
from shared.runtime.system import Clock
from shared.runtime.tasks import Crew
from shared.wire.certificates import DeviceKind
from shared.wire.feeds import FeedFamily, FeedPage

HEARD_OF = (FeedFamily.KEYS, FeedFamily.PERFORMANCES, FeedFamily.LEASES, FeedFamily.TICKETS, FeedFamily.ADMISSIONS)


async def run(
    config: GateConfig,
    ready: Callable[[LaneShell], None] | None = None,
    clock: Clock | None = None,
    port: GatePort | None = None,
    say: Callable[[str], None] | None = None,
) -> None:
    """Runs until cancelled; `ready` is called once the lane decides. Raises Failure when it cannot start."""
    port = port or _port(config.port, config.lane)  # first: whoever misses a chip need not enrol to hear of it
    lists = _Lists()
    async with start(
        config.device, DeviceKind.GATE, schema=SCHEMA, readers=lists.readers(), clock=clock, say=say
    ) as device:
        gate = _gate(config.lane, device.site_id)
        mark = Mark(config.device.data / "grant.mark")
        store = GateStore(device.journal, gate, device.identity.root_pem, mark, config.lane.persons)
        lists.store = store
        lists.warm()
        reading = device.clock.read()
        given_back = store.recover(Moment(device.clockwork.at(reading), reading))
        shell = LaneShell(device, store, port, config.lane)
        shell.tell(given_back)
        shell.take_instructions()
        await port.start(shell.contact)
        reader = SerialReader(config.reader.device, shell.scanned, shell.reader_changed, config.reader.baudrate)
        try:
            async with Crew(device.standings) as crew:
                crew.start("ticks", shell.keep_ticking)
                crew.start("reader", reader.run)
                crew.start("claims", shell.keep_telling)
                crew.start("watch lane", shell.keep_watching)
                crew.start("lane presence", shell.keep_present)
                if ready is not None:
                    ready(shell)
                await Event().wait()
        finally:
            shell.closing = True  # the last presence says that nobody need miss this lane
            await port.stop()
            mark.close()


class _Lists:
    """Feed rows for a store that is opened only once the device has started."""

    store: GateStore | None = None

    def readers(self) -> Mapping[FeedFamily, Reader]:
        return {family: Reader(self.take, keep=family in KEPT, after=self.warm) for family in HEARD_OF}

    def warm(self) -> None:
        """Read what moved into memory now, not under the next visitor's ticket."""
        if self.store is not None:
            self.store.lists.performances()

    def take(self, tx: JournalTx, page: FeedPage) -> None:
        if self.store is None:
            raise RuntimeError("a feed came before the lane was there")
        self.store.take(tx, page)


def _gate(lane: LaneConfig, site_id: str) -> Gate:
    return Gate(
        name=lane.name,
        site_id=site_id,
        zones=lane.zones,
        owns=lane.owns,
        direction=lane.direction,
        performances=frozenset(lane.performances),
        capacity=lane.capacity,
        proof=lane.proof,
        helpdesk=lane.helpdesk,
        policy=lane.policy,
    )


def _port(config: PortConfig, lane: LaneConfig) -> GatePort:
    if config.kind == "gpio":
        from edge.gate.gpio import GpioPort

        return GpioPort(config.gpio)
    return FakePort(config.log, config.passage_s, lane.name)
