"""A gate in the simulation: the real lane shell, store and used table; the port notes what people saw."""

from dataclasses import dataclass
from typing import Any

from edge.gate.config import LaneConfig
from edge.gate.core import Barrier, LaneTicked
from edge.gate.lane import LaneShell
from edge.gate.lists import KEPT
from edge.gate.main import HEARD_OF, _gate
from edge.gate.mark import Mark
from edge.gate.port import Contact
from edge.gate.store import SCHEMA, GateStore, Moment
from shared.ids import Id
from shared.outcome import Refused
from shared.runtime.journal import JournalTx
from shared.runtime.sync import Reader
from shared.wire.feeds import FeedFamily, FeedPage
from tests.sim.station import Station


@dataclass(frozen=True, slots=True)
class Opened:
    """The barrier opened: somebody saw green."""

    gate: str
    scan_id: Id
    ticket_id: Id
    entries: tuple[int, ...]


class Port:
    """Notes what a human being sees."""

    def __init__(self, gate: "SimGate") -> None:
        self._gate = gate

    def pulse(self) -> None:
        answer = self._gate.shell.lane.answer
        assert answer and answer.admitted, "the barrier opens for an admission only"
        admit = answer.admitted
        self._gate.opened.append(Opened(self._gate.name, answer.scan_id, Id(admit.ticket_id), admit.entries))
        self._gate.world.tell(self._gate.name, f"opens for {admit.ticket_id[-6:]} {admit.entries}")

    def hold_open(self) -> None: ...
    def close(self) -> None: ...
    def lamp(self, lamp: Any) -> None: ...
    def sound(self, sound: Any) -> None: ...


class SimGate(Station):
    schema = SCHEMA

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.opened: list[Opened] = []
        self.refused: list[Id] = []  # scan ids of refusals that were shown
        self.mark = Mark(None)
        self.shell: LaneShell
        self.store: GateStore

    def readers(self) -> dict[FeedFamily, Reader]:
        return {family: Reader(self._take, keep=family in KEPT) for family in HEARD_OF}

    def _take(self, tx: JournalTx, page: FeedPage) -> None:
        self.store.take(tx, page)

    async def work(self) -> None:
        config = LaneConfig(self.name, stale_s=36_000.0)
        device = self.device
        self.store = GateStore(
            device.journal, _gate(config, device.site_id), device.identity.root_pem, self.mark, config.persons
        )
        reading = device.clock.read()
        given_back = self.store.recover(Moment(device.clockwork.at(reading), reading))
        self.shell = LaneShell(device, self.store, Port(self), config)  # type: ignore[arg-type]
        self.shell.tell(given_back)
        self.run(self.shell.keep_telling())

    def lose_mark(self) -> None:
        """A power cut may take the file that was written and not synced."""
        self.mark = Mark(None)

    async def show(self, code: str) -> bool:
        """Somebody holds a code under the reader; says whether the barrier opened."""
        before = len(self.opened)
        with self.risking():
            self.shell.scanned(code)
            answer = self.shell.lane.answer
            if len(self.opened) == before and answer and answer.code == code:
                outcome = answer.outcome
                if isinstance(outcome, Refused):
                    self.refused.append(answer.scan_id)
                    self.world.tell(self.name, f"refuses: {outcome.reason} {outcome.detail.get('because', '')}")
        await self.settled()
        return len(self.opened) > before

    async def walk_through(self) -> None:
        with self.risking():
            self.shell.contact(Contact.PASSAGE, True)
        await self.settled()

    async def turn_away(self) -> None:
        """The one let in does not go: the time runs out."""
        with self.risking():
            at = self.clock.read().mono_ms
            self.shell.happened(LaneTicked(at + 8000))
        await self.settled()

    @property
    def busy(self) -> bool:
        return self.shell.lane.barrier is Barrier.GRANTED
