"""What the simulation found, each as a story of its own."""

from typing import Any

import orjson

from central.devices.model import DeviceAnomaly
from central.inventory.model import NoPlace
from central.orders.model import PaymentMethod
from central.orders.ops import PlaceOrder, WantedPlace
from edge.kiosk.model import Next, PerformanceChosen, Touched
from shared.ids import Id, derived_id
from shared.outcome import Refused
from shared.wire.facts import FactKind, SlotsReturned
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
        ((detail,),) = scene.office.rows("SELECT detail FROM anomaly WHERE kind = :kind", kind=DeviceAnomaly.SLOT_CLASH)
        assert orjson.loads(detail)["count"] == 2, "one of the sale, with both of its places"

    result = run_story(0, story)
    assert not result.faults, result.told()


def test_nobody_gives_back_another_devices_places() -> None:
    """Any device's word freed any lease's seats, which its kiosk went on selling: two holders of one seat."""

    async def story(scene: Scene) -> None:
        kiosk = await opened(scene)
        lease, seat = scene.office.rows(
            "SELECT s.lease_id, s.seat_id FROM lease_slot s JOIN lease l ON l.id = s.lease_id "
            "WHERE l.device_id = :kiosk AND s.slot = 0 ORDER BY 1",
            kiosk=kiosk.id,
        )[0]
        gate = scene.gates[0]
        await gate.record_rubbish(FactKind.SLOTS_RETURNED, SlotsReturned(Id(lease), (0,)))
        await gate.push()
        house = scene.house
        tariff, order = house.tariffs[0], derived_id("desk order")
        amount = house.prices[house.seats[Id(seat)], tariff]
        wanted = (WantedPlace(tariff, Id(seat)),)
        outcome = scene.office.order(
            PlaceOrder(
                order_id=order,
                point_of_sale_id=house.desk,
                performance_id=house.performance,
                places=wanted,
                method=PaymentMethod.CASH,
                amount=amount,
            )
        )
        assert isinstance(outcome, Refused) and outcome.reason == NoPlace.TAKEN

    result = run_story(0, story)
    assert not result.faults, result.told()
