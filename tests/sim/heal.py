"""After the evening: every line is mended, every device is switched on, everybody goes home, and everything is told
until nothing is left to tell. What then is still missing is lost."""

import asyncio
from datetime import timedelta

from central.devices.leases import WriteOffLease
from edge.device.clockwork import PLAUSIBLE, WITNESS_AFTER
from edge.kiosk.model import Next, PrintAnswered, Screen, StartOver
from shared.clock import ClockState
from shared.ids import Id
from tests.sim.house import SELL_UNTIL
from tests.sim.kiosk import SimKiosk
from tests.sim.office import arrived
from tests.sim.scene import Scene
from tests.sim.station import Station

ROUNDS = 12


async def heal(scene: Scene) -> None:
    world = scene.world
    world.tell("all", "lines are mended, everything is switched on")
    scene.broker.rough, scene.office.off = 0.0, timedelta()
    for station in scene.stations:
        station.disk.crash_in, station.wire.rough, station.wire.up, station.bus_up = 0, 0.0, True, True
        if isinstance(station, SimKiosk):
            station.card.rough = station.printer.rough = 0.0
        if not station.on:
            await station.start()
        scene.broker.connect(station.device.bus)  # type: ignore[arg-type]
        await station.ask_time()
        await station.pull()
    await _agreed(scene)
    _deliver_late(scene)
    for gate in scene.gates:
        if gate.busy:
            await gate.walk_through()
    for kiosk in scene.kiosks:
        await _sent_home(kiosk)
    await _round(scene)
    _check_drained(scene)
    await asyncio.sleep(max((SELL_UNTIL - world.now).total_seconds() + 60, 0))
    for _ in range(ROUNDS):
        if not await _round(scene):
            break
    else:
        world.fault(f"not quiet after {ROUNDS} rounds: {[(s.name, s.unsent()) for s in scene.stations]}")
    if _settle_orphans(scene):
        await _round(scene)


async def _agreed(scene: Scene) -> None:
    """Who followed a wrong central wants to hear twice that it is right again."""
    disputing = [station for station in scene.stations if station.device.clockwork.disputed]
    if disputing:
        await asyncio.sleep(WITNESS_AFTER.total_seconds() + 1)
        for station in disputing:
            await station.ask_time()
    for station in scene.stations:
        now = station.device.now()
        if now.state is ClockState.UNTRUSTED or abs(now.at - scene.world.now) > PLAUSIBLE + now.bound:
            scene.world.fault(f"{station.name} says {now.at}, {now.state}, and it is {scene.world.now}")


def _deliver_late(scene: Scene) -> None:
    late, scene.world.late = scene.world.late, []
    scene.world.dice.shuffle(late)
    for arrive in late:
        arrived(arrive)


async def _sent_home(kiosk: SimKiosk) -> None:
    """The visitor at the screen finishes, and whatever became of the money is settled."""
    for _ in range(8):
        await kiosk.look_around()
        if kiosk.screen in (Screen.IDLE, Screen.OUT_OF_ORDER):
            await asyncio.sleep(30)
            await kiosk.look_around()
            return
        uncertain = kiosk.screen is Screen.PRINTING
        await kiosk.touch(PrintAnswered(True) if uncertain else Next() if kiosk.screen is Screen.DONE else StartOver())
        await asyncio.sleep(40)
    kiosk.world.fault(f"{kiosk.name} stays at {kiosk.screen} {kiosk.shell.kiosk.trouble}")


async def _round(scene: Scene) -> bool:
    """One round of everything; whether anything was still told."""
    told = False
    for station in scene.stations:
        await scene.deliver()
        if isinstance(station, SimKiosk):
            await station.keep_stock()
            await station.look_around()
        told = await _uploaded(station) or told
        if station.behind() and station.id not in scene.revoked:
            await station.pull()
            if station.behind():
                scene.world.fault(f"{station.name} does not get on with its feeds: {station.device.sync.trouble}")
    return told


async def _uploaded(station: Station) -> bool:
    told = False
    for _ in range(100):
        if not station.unsent():
            return told
        told = True
        if not await station.push():
            break
    station.world.fault(f"{station.name} cannot get rid of its facts: {station.unsent()} wait")
    return told


def _check_drained(scene: Scene) -> None:
    """Who is asked to stop selling out of a lease and to seal it, does."""
    for lease, device in scene.office.rows("SELECT id, device_id FROM lease WHERE state = 'draining' ORDER BY id"):
        if device not in scene.cloned | scene.revoked:
            scene.world.fault(f"lease {lease[-6:]} is draining, and its kiosk does not seal it")


def _settle_orphans(scene: Scene) -> bool:
    """A lease comes back by its device's word, or by a person's. Only where a device cannot be asked any more, or does
    not know what its twin sold, is a person needed."""
    left = scene.office.rows("SELECT id, device_id FROM lease WHERE state NOT IN ('closed', 'written_off') ORDER BY id")
    for lease, device in left:
        if device in scene.cloned | scene.revoked:
            scene.office.order(WriteOffLease(lease_id=Id(lease), reason="after the evening"))
            scene.written_off.add(lease)
        else:
            state = scene.office.rows("SELECT state FROM lease WHERE id = :id", id=lease)[0][0]
            scene.world.fault(f"lease {lease[-6:]} of a sound kiosk did not come back: {state}")
    return bool(left)
