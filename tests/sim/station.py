"""What every simulated device shares: the real `Device` on a disk that outlives it, wired to the simulated world."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from edge.device import instructions
from edge.device.shell import Device, DeviceConfig
from shared.ids import Id
from shared.runtime.central import Declined, Unreachable
from shared.runtime.journal import Journal
from shared.runtime.keyring import Keyring
from shared.runtime.sync import Reader, SealRefused, push
from shared.wire import topics
from shared.wire.facts import Fact, FactKind
from shared.wire.feeds import FeedFamily
from tests.sim.broker import Broker, SimBus
from tests.sim.house import Kit
from tests.sim.office import Office, Wire
from tests.sim.world import SETTLE_S, Crash, Disk, Process, SimClock, World

CONFIG = DeviceConfig(Path("/"), "")
SMALL_BATCH = 6  # facts: an evening of the simulation is short, and many batches meet more faults


class SmallJournal(Journal):
    """The real journal, which uploads in small portions."""

    def pending(self, max_facts: int = SMALL_BATCH, max_bytes: int = 65536) -> list[Fact]:
        return super().pending(max_facts, max_bytes)


class Station:
    """A device with its power switch. `disk` is what a crash leaves; everything else is made anew at every start."""

    schema = ""

    def __init__(self, world: World, office: Office, broker: Broker, kit: Kit, disk: Disk, name: str = "") -> None:
        self.world, self.office, self.broker, self.kit, self.disk = world, office, broker, kit, disk
        self.name = name or kit.name
        self.clock = SimClock(world, self.name)
        self.wire = Wire(office, kit)
        self.bus_up = True  # its line to the site's broker
        self.foreign_disk = False  # a clone, or a disk from a backup: it does not know what the other one did
        self.retired = False  # broken for good, or revoked: a person settles what it leaves
        self.bad_facts: list[Id] = []
        self._process: Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.device: Device

    @property
    def on(self) -> bool:
        return self._process is not None and self._process.alive

    @property
    def id(self) -> Id:
        return self.kit.identity.device_id

    # power

    async def start(self) -> None:
        """May crash at any commit, like everything that comes later."""
        await self.buried()
        self._process = process = Process(self.disk)
        with self.risking():
            journal = SmallJournal(self.disk.db, self.id, instructions.SCHEMA + self.schema, process.hook)
            keyring = Keyring(self.kit.identity.root_pem)
            for pem in (*self.kit.identity.stored.central_certificates, self.kit.identity.certificate.pem):
                keyring.add(pem)
            self.device = Device(CONFIG, self.kit.identity, journal, keyring, self.clock, self.wire, self.readers())
            announce = self.device.bus._announce
            assert announce
            self.device.bus = SimBus(self.broker, announce)  # type: ignore[assignment]
            self.device.bus.subscribe(topics.bells(self.device.site_id), self.device.sync.rang)
            await self.work()
            if self.bus_up:
                self.broker.connect(self.device.bus)  # type: ignore[arg-type]
        await self.buried()

    def readers(self) -> dict[FeedFamily, Reader]:
        """What the role does with its feeds."""
        return {}

    async def work(self) -> None:
        """The role's own start."""

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    @contextmanager
    def risking(self) -> Iterator[None]:
        """A crash inside ends the block, and the process."""
        with suppress(Crash):
            yield

    async def buried(self) -> None:
        """If it crashed: its connections break, its tasks end, nothing more reaches the disk."""
        if self.on or self._process is None:
            return
        if self._process.crashed:
            self.world.tell(self.name, f"crashed {self._process.crashed}")
        self._process = None
        await self._end()

    async def stop(self, why: str) -> None:
        """Power or process gone, between two commits."""
        if self._process is None:
            return
        self.world.tell(self.name, why)
        self._process.alive = False
        await self.buried()

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if isinstance(bus := self.device.bus, SimBus):
            self.broker.cut(bus)

    async def settled(self) -> None:
        """Until nothing more happens by itself."""
        await asyncio.sleep(SETTLE_S)
        await self.buried()

    # the line to central

    async def pull(self, everything: bool = False) -> bool:
        """What the bells ring for; now and then a round of everything. Says whether central was reached."""
        reached, sync = True, self.device.sync
        with self.risking():
            try:
                heads = self.office.revisions()
                for feed in sync.feeds:
                    sync.rang(topics.bell(self.device.site_id, feed), str(heads.get(feed, 0)).encode())
                if everything or self.world.chance(0.2):
                    await sync.refresh()
                elif sync._due:
                    await sync._pull_due()
                else:
                    await sync._ask_feeds()
            except Unreachable:
                reached = False
            if self.on:
                sync._link(reached)
        await self.settled()
        return reached

    def behind(self) -> bool:
        """Whether a bell would ring: central has newer rows for it."""
        heads = self.office.revisions()
        return any(heads.get(feed, 0) > self.device.journal.revision(feed) for feed in self.device.sync.feeds)

    async def push(self) -> bool:
        """One batch of facts; says whether central took it."""
        taken = False
        with self.risking():
            try:
                sent = await push(self.wire, self.device.journal, self.device.signer, self.clock)
                taken = True
                if sent:
                    self.world.tell(self.name, f"{sent} facts are with central")
            except Unreachable:
                self.world.tell(self.name, "no answer to an upload")
            except Declined as no:
                self.world.fault(f"{self.name}: central declines facts: {no}")
        await self.buried()
        return taken

    async def ask_time(self) -> None:
        with self.risking():
            try:
                await self.device.clockwork.ask(self.wire, self.device.keyring)
            except (Unreachable, Declined, SealRefused):
                self.world.tell(self.name, "no time from central")
        await self.buried()

    async def record_rubbish(self, kind: FactKind, body: Any) -> None:
        """A fault of the device's own software: a fact that central cannot make sense of."""
        with self.risking():
            fact_id = self.device.fresh_id()
            self.bad_facts.append(fact_id)
            with self.device.journal.transaction() as tx:
                self.device.record(tx, kind, body, fact_id)
        await self.buried()

    def unsent(self) -> int:
        return int(self.disk.db.execute("SELECT count(*) FROM fact WHERE state = 0").fetchone()[0])

    def facts(self, *kinds: FactKind) -> list[Fact]:
        """What its disk holds, whether it runs or not."""
        return list(Journal(self.disk.db, self.id).facts(*kinds))
