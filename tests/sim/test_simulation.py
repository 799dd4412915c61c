"""The simulation bench: many seeds, every crash point of a sale and of an admission, and proof that it can fail."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import central.access.ops
import central.devices.sales
import edge.device.clockwork
import edge.gate.used_table
import shared.runtime.sync
import tests.sim.office
from edge.kiosk.model import Next, PerformanceChosen, Screen, Touched
from shared.runtime.journal import Journal
from shared.wire.facts import Receipt
from tests.sim.bench import Result, run_seed, run_story
from tests.sim.gate import SimGate
from tests.sim.kiosk import SimKiosk
from tests.sim.scene import Scene
from tests.sim.station import Station
from tests.sim.walk import Weather
from tests.whole import part

SEEDS = 240
PORTION = 30
WILD = Weather(wire=0.6, broker=0.6, card=0.2, paper=0.2, lines=True, crashes=True)


def sound(result: Result) -> None:
    assert not result.faults, result.told()


@pytest.mark.whole
@pytest.mark.parametrize("first", part(range(0, SEEDS, PORTION), 2))
def test_evenings_hold_the_invariants(first: int) -> None:
    results = [run_seed(seed) for seed in range(first, first + PORTION)]
    for result in results:
        sound(result)
    assert sum(result.sold for result in results) > PORTION, "evenings on which nothing is sold prove nothing"
    assert sum(result.admitted for result in results) > PORTION / 2


def test_a_seed_replays_to_the_letter() -> None:
    assert run_seed(7).transcript == run_seed(7).transcript


# --- every commit point -----------------------------------------------------------------------------------------------


async def _ready(scene: Scene) -> tuple[SimKiosk, SimGate]:
    for station in scene.stations:
        await station.start()
        await station.ask_time()
        await station.pull()
    kiosk, gate = scene.kiosks[0], scene.gates[0]
    await kiosk.look_around()
    return kiosk, gate


async def _up(station: Station) -> None:
    if not station.on:
        await station.start()
        await station.ask_time()


async def _evening(scene: Scene, victim: str = "", point: int = 0, passed: dict[str, int] | None = None) -> None:
    """A lease, a sale, an upload, an entry, a second attempt; `victim` crashes at its `point`th commit point."""
    kiosk, gate = await _ready(scene)
    before = {station.name: station.disk.points for station in (kiosk, gate)}
    for station in (kiosk, gate):
        station.disk.crash_in = point if station.name == victim else 0
    await kiosk.keep_stock()
    await _up(kiosk)
    for event in (Touched(), PerformanceChosen(scene.house.performance), Next(), Next(), Next()):
        await kiosk.touch(event)
        await _up(kiosk)
    assert point or kiosk.screen is Screen.DONE
    await kiosk.push()
    await _up(kiosk)
    for code in list(kiosk.codes):
        for attempt in range(2):
            opened = await gate.show(code)
            await _up(gate)
            assert point or opened == (attempt == 0)
            if opened and not gate.busy:
                continue
            if gate.busy:
                await gate.walk_through()
                await _up(gate)
    await gate.push()
    await _up(gate)
    if passed is not None:
        passed |= {station.name: station.disk.points - before[station.name] for station in (kiosk, gate)}


@pytest.mark.parametrize("victim", ["kiosk1", "gate1"])
def test_a_crash_at_every_commit_point(victim: str) -> None:
    points: dict[str, int] = {}
    sound(run_story(0, lambda scene: _evening(scene, passed=points)))
    assert points[victim] > 10
    for point in range(1, points[victim] + 1):
        result = run_story(0, lambda scene, point=point: _evening(scene, victim, point))  # type: ignore[misc]
        assert any("crashed" in line for line in result.transcript)
        sound(result)


# --- two lanes that cannot hear each other ----------------------------------------------------------------------------


async def _two_lanes(scene: Scene) -> None:
    kiosk, _ = await _ready(scene)
    one, two = scene.gates
    await kiosk.keep_stock()
    for event in (Touched(), PerformanceChosen(scene.house.performance), Next(), Next(), Next()):
        await kiosk.touch(event)
    for gate in (one, two):
        scene.broker.cut(gate.device.bus)  # type: ignore[arg-type]
        gate.wire.up = False
    for gate in (one, two):
        for code in kiosk.codes:
            assert await gate.show(code), "admit now, detect later"
            await gate.walk_through()
    for gate in (one, two):
        scene.broker.connect(gate.device.bus)  # type: ignore[arg-type]
    await one.settled()
    await scene.deliver()
    assert not await two.show(kiosk.codes[0]), "it heard of the first entry as soon as the line was back"


def test_two_lanes_apart_admit_and_flag() -> None:
    result = run_story(0, _two_lanes)
    sound(result)
    assert result.admitted == 2
    assert result.anomalies == 2


# --- the bench can fail -----------------------------------------------------------------------------------------------


def _without_the_index(patch: pytest.MonkeyPatch) -> None:
    """Central's lock on a seat is gone, and nobody looks before whether it is taken."""
    real = tests.sim.office.open_central
    for module in ("central.orders.ops", "central.orders.holds"):
        patch.setattr(f"{module}.gone_already", lambda *_: None)

    def open_central(*args: Any) -> Any:
        door, db = real(*args)
        db.run("DROP INDEX ux_allocation_live", {})
        return door, db

    patch.setattr(tests.sim.office, "open_central", open_central)


def _blind_to_slots(patch: pytest.MonkeyPatch) -> None:
    """Central does not look whether a slot was sold before."""
    real = central.devices.sales._line

    def forgetful(tx: Any, sale: Any, line: Any, shown: Any) -> Any:
        tx.write("UPDATE lease_slot SET state = 'free' WHERE lease_id = :l AND slot = :s", l=line.lease_id, s=line.slot)
        return real(tx, sale, line, shown)

    patch.setattr(central.devices.sales, "_line", forgetful)


def _without_the_used_table(patch: pytest.MonkeyPatch) -> None:
    """A gate forgets whom it let in."""
    patch.setattr(edge.gate.used_table, "add", lambda tx, moved: None)


def _settled_without_a_receipt(patch: pytest.MonkeyPatch) -> None:
    """A device believes that what it sent has arrived."""

    async def push(central_: Any, journal: Journal, signer: Any, clock: Any) -> int:
        facts = journal.pending()
        try:
            return await shared.runtime.sync.push(central_, journal, signer, clock)
        except shared.runtime.sync.Unreachable:
            if facts:
                journal.settle(Receipt(facts[-1].seq))
            raise

    patch.setattr("tests.sim.station.push", push)


def _first_come(patch: pytest.MonkeyPatch) -> None:
    """Of two scans of one entry the one that central heard of first counts."""
    real = central.access.ops._set_admission

    def first(tx: Any, before: Any, scan: Any) -> None:
        if scan is None or before is None:
            real(tx, before, scan)

    patch.setattr(central.access.ops, "_set_admission", first)


def _nobody_is_told(patch: pytest.MonkeyPatch) -> None:
    """A second entry raises no anomaly."""
    patch.setattr(central.access.ops, "report", lambda *args: None)


def _a_bad_fact_breaks_the_batch(patch: pytest.MonkeyPatch) -> None:
    """Central does not set a fact apart that it cannot take."""
    real = central.devices.facts.have_effect

    def effect(*args: Any) -> Any:
        try:
            return real(*args)
        except ValueError as bad:
            raise RuntimeError("not set apart") from bad

    patch.setattr(central.devices.facts, "have_effect", effect)


def _no_witness_counts(patch: pytest.MonkeyPatch) -> None:
    """What contradicts a device is refused for ever, as often as central says it."""
    patch.setattr(edge.device.clockwork, "WITNESS_AFTER", timedelta(days=9999))


@pytest.mark.parametrize(
    ("breaks", "weather", "first", "named"),
    [
        (_without_the_index, WILD, 0, "I5"),
        (_blind_to_slots, Weather(clone=True), 0, "I6"),
        (_without_the_used_table, WILD, 0, "I2"),
        (_settled_without_a_receipt, WILD, 0, "I1"),
        (_first_come, WILD, 40, "I3"),
        (_nobody_is_told, WILD, 40, "I6"),
        (_a_bad_fact_breaks_the_batch, Weather(rubbish=True), 0, "cannot get rid of its facts"),
        (_no_witness_counts, Weather(crashes=True, central=True), 0, "and it is"),
    ],
)
def test_a_broken_product_is_caught(
    breaks: Callable[[pytest.MonkeyPatch], None],
    weather: Weather,
    first: int,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 150 evenings; `first` is shortly before the first one that tells, so that none is played for nothing."""
    breaks(monkeypatch)
    for seed in range(first, first + 150):
        if any(named in fault for fault in run_seed(seed, weather).faults):
            return
    pytest.fail(f"150 evenings, and nobody noticed: {breaks.__doc__}")
