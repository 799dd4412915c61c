"""What is done again and again costs the writer the same each time: a small upload, a hold that is given back, an order
that is refused. Counted as in test_flat_scans.py."""

from collections.abc import Callable

import pytest

from central.orders.holds import HoldPlaces, ReleaseHold
from shared.wire.certificates import DeviceKind
from shared.wire.facts import FactKind, Incident
from tests.central.devices.test_facts import Machine, enrol
from tests.central.devices.test_flat_scans import SPARE, Cost, Meter, meter
from tests.central.small_house import Clerk, House, new_id

__all__ = ["meter"]
FEW, MANY = 20, 300

Again = Callable[[Clerk, House, Machine], None]


def an_upload_of_one(_: Clerk, __: House, machine: Machine) -> None:
    machine.send(machine.saw(FactKind.INCIDENT, Incident("E1", "", "")))


def a_hold_given_back(clerk: Clerk, house: House, _: Machine) -> None:
    held = HoldPlaces(
        hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=house.seats[:2]
    )
    clerk.do(held)
    clerk.do(ReleaseHold(hold_id=held.hold_id))


def a_seat_that_is_gone(clerk: Clerk, house: House, _: Machine) -> None:
    clerk.no(house.order(house.seats[9]))


@pytest.mark.parametrize("again", [an_upload_of_one, a_hold_given_back, a_seat_that_is_gone])
def test_the_hundredth_time_costs_what_the_tenth_did(quick: tuple[Clerk, House], meter: Meter, again: Again) -> None:
    clerk, house = quick
    machine = enrol(clerk, house, DeviceKind.GATE)
    clerk.do(house.order(house.seats[9]))
    costs: list[Cost] = []
    for _ in range(MANY):
        meter.cost = Cost()
        again(clerk, house, machine)
        costs.append(meter.cost)
    few, many = max(costs[FEW : FEW + 10], key=lambda each: each.steps), costs[-1]
    assert many.statements <= few.statements + 2 and many.rows <= few.rows + 2, (few, many)
    assert many.steps <= few.steps * SPARE + 100, (few, many)
