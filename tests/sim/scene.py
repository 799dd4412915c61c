"""An evening of the simulation: a house, its devices, and what people do there, drawn from the seed."""

import asyncio
import logging
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import structlog

from shared.ids import Id
from shared.wire.certificates import DeviceKind
from tests.sim.broker import Broker
from tests.sim.gate import SimGate
from tests.sim.house import DEVICES, House, the_house
from tests.sim.kiosk import SimKiosk
from tests.sim.office import Office
from tests.sim.station import Station
from tests.sim.world import Disk, SimLoop, World

AFTER_S = 600.0  # an evening begins so long after its devices were enrolled
KINDS: dict[DeviceKind, type[Station]] = {DeviceKind.KIOSK: SimKiosk, DeviceKind.GATE: SimGate}


@dataclass
class Scene:
    """Everything of one run. `papers`: tickets that people carry, with who sold them."""

    world: World
    house: House
    office: Office
    broker: Broker
    stations: list[Station] = field(default_factory=list)
    desk_codes: list[str] = field(default_factory=list)
    desk_orders: dict[Id, int] = field(default_factory=dict)  # orders that the box office was told are sold → amount
    written_off: set[Id] = field(default_factory=set)
    revoked: set[Id] = field(default_factory=set)
    cloned: set[Id] = field(default_factory=set)

    @property
    def kiosks(self) -> list[SimKiosk]:
        return [station for station in self.stations if isinstance(station, SimKiosk)]

    @property
    def gates(self) -> list[SimGate]:
        return [station for station in self.stations if isinstance(station, SimGate)]

    @property
    def codes(self) -> list[str]:
        return [code for kiosk in self.kiosks for code in kiosk.codes] + self.desk_codes

    def add(self, name: str, image: bytes, alias: str = "") -> Station:
        kit = self.house.kits[name]
        station = KINDS[kit.kind](self.world, self.office, self.broker, kit, Disk(image), alias)
        self.stations.append(station)
        return station

    async def deliver(self) -> None:
        """What waits at the broker; who crashes over it is buried."""
        self.broker.deliver()
        for station in self.stations:
            await station.buried()

    async def close(self) -> None:
        for station in self.stations:
            await station.stop("the evening is over")
            station.disk.close()
        self.office.close()


def quiet_logs() -> None:
    """Devices log much; the transcript is the log here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)


def in_simulation(seed: int, story: Callable[[World], object]) -> World:
    """Runs an async story on a loop of its own. The product's own jitter is drawn from the seed too."""
    said, loud = structlog.get_config(), logging.getLogger("asyncio").level
    quiet_logs()
    kept = random.getstate()
    random.seed(seed)
    loop = SimLoop(0.0 if seed < 0 else AFTER_S)
    world = World(seed, loop)
    try:
        loop.run_until_complete(story(world))  # type: ignore[arg-type]
        return world
    finally:
        loop.close()
        random.setstate(kept)
        structlog.configure(**said)  # whoever comes after in this process is heard
        logging.getLogger("asyncio").setLevel(loud)


@cache
def first_images() -> dict[str, bytes]:
    """The devices' disks as they are after enrolment and a first round of feeds."""
    images: dict[str, bytes] = {}

    async def story(world: World) -> None:
        empty = sqlite3.connect(":memory:")
        empty.execute("PRAGMA user_version = 1")
        scene = Scene(world, the_house(), Office(world, the_house()), Broker(world))
        for name in DEVICES:
            station = scene.add(name, empty.serialize())
            await station.start()
            await station.ask_time()
            await station.pull(everything=True)
            await asyncio.sleep(10)
        for station in scene.stations:
            await station.stop("ready")
            images[station.name] = station.disk.image()
        empty.close()
        await scene.close()
        assert not world.faults, world.faults

    in_simulation(-1, story)
    return images


def new_scene(world: World) -> Scene:
    scene = Scene(world, the_house(), Office(world, the_house()), Broker(world))
    for name in DEVICES:
        scene.add(name, first_images()[name]).clock.reboot()
    return scene
