"""What the simulation found, each as a story of its own."""

from typing import Any

from central.access.model import AnomalyKind
from edge.kiosk.model import Next, PerformanceChosen, Touched
from tests.sim.bench import run_story
from tests.sim.kiosk import SimKiosk
from tests.sim.scene import Scene


async def opened(scene: Scene) -> SimKiosk:
    for station in scene.stations:
        await station.start()
        await station.ask_time()
        await station.pull()
    kiosk = scene.kiosks[0]
    await kiosk.look_around()
    await kiosk.keep_stock()
    return kiosk


async def sell(kiosk: SimKiosk) -> None:
    events: list[Any] = [Touched(), PerformanceChosen(kiosk.office.house.performance), Next(), Next(), Next()]
    for event in events:
        await kiosk.touch(event)


def test_a_cloned_kiosk_sells_the_same_places_and_both_sales_are_in_the_books() -> None:
    """Both twins make the same order id of the same places; central dropped the second sale, and its money."""

    async def story(scene: Scene) -> None:
        kiosk = await opened(scene)
        twin = scene.add("kiosk1", kiosk.disk.image(), "kiosk1'")
        scene.cloned.add(kiosk.id)
        await twin.start()
        await twin.ask_time()
        assert isinstance(twin, SimKiosk)
        await twin.look_around()
        for each in (kiosk, twin):
            await sell(each)
            await each.push()
        assert kiosk.sold.keys() == twin.sold.keys()
        assert len(scene.office.rows("SELECT id FROM sale_order")) == 2
        clashes = scene.office.rows("SELECT id FROM anomaly WHERE kind = :kind", kind=AnomalyKind.SLOT_CLASH)
        assert len(clashes) == 2

    result = run_story(0, story)
    assert not result.faults, result.told()
