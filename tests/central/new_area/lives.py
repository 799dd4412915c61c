"""What a coat lives through, and what the tests of everything declared are told of coats."""

from datetime import timedelta

from central.cloakroom.ops import HandInCoat, LoseCoats
from shared.clock import from_ms
from shared.wire.certificates import DeviceKind
from shared.wire.coats import COAT_FETCHED, COATS, CoatFetched, CoatRow
from shared.wire.feeds import PAGE_ROWS
from tests.central.devices.test_facts import enrol
from tests.central.small_house import Clerk, House, new_id

LARGEST = {COATS: (CoatRow(2**31), PAGE_ROWS + 500)}
"""A row of the feed as large as it gets, and so many of them, for test_feed_pages.py."""

PIECE = "of performances that are over, so many in one command"
GROWS = {
    r"FROM coat WHERE state = :hanging": PIECE,
    r"UPDATE coat SET state": PIECE,
}
"""Statements that do more where a neighbour has more, and why they may, for test_neighbours.py."""


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
