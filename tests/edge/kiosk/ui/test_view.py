"""The plan's geometry: what a finger moves, and which seat it means."""

from math import hypot
from typing import Any

import pytest

from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.view import CLOSEST, bounds_of, nearest, pitch, whole
from shared.wire.feeds import PlanRow

SCREEN = Rect(30, 130, 800, 500)
HALL = Rect(0, 0, 1000, 1000)


def test_the_whole_hall_is_seen_at_first() -> None:
    view = whole(SCREEN, HALL)
    for corner in ((0, 0), (1000, 0), (0, 1000), (1000, 1000)):
        x, y = view.to_screen(*corner)
        assert SCREEN.x <= x <= SCREEN.right and SCREEN.y <= y <= SCREEN.bottom
        assert view.to_plan(x, y) == pytest.approx(corner)


def test_zoom_keeps_what_is_under_the_fingers() -> None:
    view = whole(SCREEN, HALL).zoomed(3, 430, 380)
    before = view.to_plan(400, 400)
    assert view.zoomed(1.5, 400, 400).to_plan(400, 400) == pytest.approx(before)


def test_zoom_has_ends() -> None:
    view = whole(SCREEN, HALL)
    assert view.zoomed(0.1, 400, 400).zoom == 1
    assert view.zoomed(100, 400, 400).zoom == CLOSEST


def test_the_hall_cannot_be_dragged_out_of_sight() -> None:
    view = whole(SCREEN, HALL).zoomed(4, *SCREEN.centre)
    far = view.moved(99_999, -99_999)
    left, _ = far.to_screen(0, 0)
    _, low = far.to_screen(0, 1000)
    assert left == pytest.approx(SCREEN.x) and low == pytest.approx(SCREEN.bottom)
    assert view.moved(40, 0).to_screen(500, 500)[0] == pytest.approx(view.to_screen(500, 500)[0] + 40)


def test_a_finger_means_the_nearest_seat_within_reach(sample: Any) -> None:
    seats = sample.plan.seats
    seat = sample.row_f[0]
    assert nearest(seats, seat.x + 3, seat.y - 4, 18) is seat
    assert nearest(seats, seat.x, -900, 18) is None
    assert nearest([], 0, 0, 18) is None


def test_the_usual_distance_of_seats(sample: Any) -> None:
    assert 20 <= pitch(sample.plan.seats) <= 28
    assert pitch([]) == pitch(sample.plan.seats[:1]) == 25


def test_bounds_hold_every_seat_and_survive_an_empty_plan(sample: Any) -> None:
    bounds = bounds_of(sample.plan, 10)
    assert all(bounds.has(seat.x, seat.y) for seat in sample.plan.seats)
    assert bounds_of(PlanRow("", 0, 0, ()), 10).w >= 1
    assert hypot(bounds.w, bounds.h) < 2 * hypot(sample.plan.width, sample.plan.height)


def test_rectangles_are_cut_without_loss() -> None:
    area = Rect(10, 20, 300, 100)
    top, rest = area.top(30, 10)
    assert (top.y, top.h, rest.y, rest.h) == (20, 30, 60, 60)
    low, rest = area.base(30, 10)
    assert (low.bottom, rest.bottom) == (120, 80)
    assert [cell.w for cell in area.columns([1, 2], 30)] == [90, 180]
    assert len(area.grid(3, 2, 5)) == 6 and area.grid(3, 2, 5)[-1].bottom == pytest.approx(120)
    assert area.inset(1000).w == 0
