"""What the live page reads, on both databases: a small house with seats and standing places."""

from datetime import timedelta

import pytest

from central.inventory.counts import counts_of, sums_in
from central.inventory.plan_actions import BlockPlaces
from central.kernel.actor import SYSTEM
from central.kernel.tx import Read
from central.reports.evening import Evening
from central.reports.live_evening import Evenings
from central.reports.live_reads import window_for
from central.reports.live_view import draw
from central.venues.selection import Counted, Selection
from shared.clock import from_ms, to_ms
from shared.rules.place_state import PlaceState
from shared.wire.certificates import DeviceKind
from shared.wire.facts import Direction, FactKind, ScanFact
from tests.central.devices.test_facts import enrol
from tests.central.small_house import NOW, Clerk, House


def seen(clerk: Clerk, wanted: str = "") -> Evening | None:
    return Evenings()(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys), wanted)


def test_seats_and_standing_places_add_up(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0], house.seats[1]))
    clerk.do(house.standing_order())
    evening = seen(clerk)
    assert evening
    assert evening.places.total == 3
    assert evening.sold == 3
    assert list(evening.seats[:3]) == [PlaceState.SOLD, PlaceState.SOLD, PlaceState.FREE]
    capacity = clerk.rows("SELECT SUM(capacity) FROM gauge WHERE performance_id = :id", id=house.performance)[0][0]
    assert evening.capacity == len(house.seats) + capacity
    assert sum(sale.amount for sale in evening.sales) == evening.takings.total
    assert sum(1 for sale in evening.sales if not sale.seats) == 1, "standing places have no number"
    text = draw(evening, {}, "en")
    assert ">3<small>" in text.fragments["head"]
    assert all(check.ok for check in evening.checks), evening.checks


def test_a_scan_shows_who_came_in(clerk: Clerk, house: House) -> None:
    ticket = clerk.do(house.order(house.seats[0]))["tickets"][0]["ticket_id"]
    gate = enrol(clerk, house, DeviceKind.GATE)
    gate.send(
        gate.saw(FactKind.SCAN, ScanFact(ticket, 1, house.performance, "Porte A", Direction.ENTRY, True, entry=1))
    )
    evening = seen(clerk)
    assert evening
    assert evening.seats[0] is PlaceState.ADMITTED
    assert [(band.name, band.total) for band in evening.entries] == [("Porte A", 1)]


def test_places_stand_on_the_evening_as_they_are_counted_everywhere(clerk: Clerk, house: House) -> None:
    """Some standing places are blocked, one of those sold has come in, and so has one of the seats."""
    (zone,) = clerk.rows("SELECT zone_id FROM gauge WHERE performance_id = :id", id=house.performance)[0]
    some = Selection(seats=house.seats[5:7], counts=(Counted(zone, 5),))
    clerk.do(BlockPlaces(performance_id=house.performance, selection=some, why="câble"))
    seated, standing = clerk.do(house.order(house.seats[0])), clerk.do(house.standing_order(2))
    gate = enrol(clerk, house, DeviceKind.GATE)
    for sold in (seated, standing):
        ticket = sold["tickets"][0]["ticket_id"]
        scan = ScanFact(ticket, 1, house.performance, "Porte A", Direction.ENTRY, True, entry=1)
        gate.send(gate.saw(FactKind.SCAN, scan))
    evening = seen(clerk)
    assert evening
    sums = sums_in(counts_of(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys), house.performance))
    counts = evening.counts
    assert (counts[PlaceState.FREE], counts[PlaceState.BLOCKED]) == (sums.free, sums.blocked) and sums.blocked == 7
    assert (counts[PlaceState.SOLD], counts[PlaceState.ADMITTED], sums.sold) == (1, 2, 3)
    assert sum(counts.values()) == sums.capacity == evening.capacity


def test_the_next_one_is_shown_or_the_one_asked_for(clerk: Clerk, house: House) -> None:
    evening = seen(clerk, "no such performance")
    assert evening and evening.show.id == house.performance
    clerk.watch.at = NOW + timedelta(days=400)
    assert seen(clerk) is None


@pytest.mark.parametrize(
    ("ago_s", "span_s"), [(None, 120), (0, 120), (60, 120), (118, 300), (1000, 1800), (9000, 14400), (999_999, 43200)]
)
def test_a_window_holds_what_happened(ago_s: int | None, span_s: int) -> None:
    first = None if ago_s is None else NOW - timedelta(seconds=ago_s)
    window = window_for(first, NOW)
    assert window.end - window.start == timedelta(seconds=span_s)
    assert window.start < NOW < window.end <= NOW + window.step
    assert first is None or span_s == 43200 or window.start <= first


def test_a_window_stands_still_within_a_step() -> None:
    """So that a picture is not sent anew for nothing."""
    begin = from_ms(to_ms(NOW) // 2000 * 2000)
    windows = {window_for(None, begin + timedelta(milliseconds=ms)) for ms in range(0, 2000, 100)}
    assert len(windows) == 1
    assert window_for(None, begin + timedelta(seconds=2)) not in windows
