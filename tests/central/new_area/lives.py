"""What a coat lives through, for test_life_cycles.py."""

from datetime import timedelta

from central.cloakroom.ops import HandInCoat, LoseCoats
from shared.clock import from_ms
from shared.wire.certificates import DeviceKind
from shared.wire.coats import COAT_FETCHED, CoatFetched
from tests.central.devices.test_facts import enrol
from tests.central.small_house import Clerk, House, new_id


def lives(clerk: Clerk, house: House) -> None:
    """Fetched in time; left until the end, and fetched all the same."""
    gate, early, late = enrol(clerk, house, DeviceKind.GATE), new_id(), new_id()
    for coat in (early, late):
        clerk.do(HandInCoat(id=coat, performance_id=house.performance))
    gate.send(gate.saw(COAT_FETCHED, CoatFetched(early)))
    (((closes,),)) = clerk.rows("SELECT closes FROM performance WHERE id = :id", id=house.performance)
    now, clerk.watch.at = clerk.watch.at, from_ms(closes) + timedelta(hours=1)
    assert clerk.do(LoseCoats()) == 1
    clerk.watch.at = now
    gate.send(gate.saw(COAT_FETCHED, CoatFetched(late)))
