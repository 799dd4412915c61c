"""Neighbours: seat order along straight, curved and oddly filed rows, and where an aisle breaks them."""

from math import cos, sin

import pytest

from shared.rules.rows import along, runs, usual_step

ARC = [(300 * sin(n / 12), 300 * cos(n / 12)) for n in range(-9, 10)]
CLIMB = [(3.0 * n, 25.0 * n) for n in range(6)]


@pytest.mark.parametrize(
    "points, order",
    [
        ([], []),
        ([(0.0, 0.0)], [0]),
        ([(50.0, 0.0), (0.0, 0.0)], [0, 1]),
        ([(50.0, 0.0), (25.0, 0.0), (75.0, 0.0), (0.0, 0.0)], [3, 1, 0, 2]),
        (ARC, list(range(19))),
        (CLIMB[::2] + CLIMB[1::2], [0, 3, 1, 4, 2, 5]),
        (CLIMB[::-1], [0, 1, 2, 3, 4, 5]),
    ],
)
def test_order(points, order):
    assert along(points) == order


@pytest.mark.parametrize(
    "xs, usual, lengths",
    [
        ([], 25, []),
        ([0], 25, [1]),
        ([0, 25, 50, 75, 100], 25, [5]),
        ([0, 25, 71, 96, 121], 25, [2, 3]),  # an aisle
        ([0, 60], 25, [1, 1]),  # a short row is measured by its zone
        ([0, 60], 0, [2]),  # or by itself, when there is nothing else
        ([0, 60, 120, 180, 240], 25, [5]),  # a row of armchairs
        ([0, 30, 60, 150], 25, [3, 1]),
    ],
)
def test_runs(xs, usual, lengths):
    assert runs([(float(x), 0.0) for x in xs], usual) == lengths


def test_the_usual_step():
    assert usual_step([[(0.0, 0.0)], []]) == 0
    assert usual_step([[(0.0, 0.0), (25.0, 0.0), (50.0, 0.0), (96.0, 0.0)]]) == 25
