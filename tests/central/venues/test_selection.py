"""What a selection means: each kind, their union, and what is refused (docs/spec/venues.md, Actions on a plan)."""

from math import cos, sin, tau

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.venues.history import held_back, split
from central.venues.model import NoAct
from central.venues.selection import (
    MOST_CORNERS,
    Chosen,
    Counted,
    RowRef,
    Selection,
    Table,
    ZoneShare,
    inside,
    resolve,
)
from shared.outcome import Ok, Refused

# Two rows of four seats in zone P, one of two in zone Q, a counted zone S of 30 places split in two.
HALL = Table(
    positions=range(10),
    ids=[f"s{n}" for n in range(10)],
    zones=["P"] * 8 + ["Q"] * 2,
    rows=["A"] * 4 + ["B"] * 4 + ["A"] * 2,
    numbers=["1", "2", "3", "4"] * 2 + ["1", "2"],
    xs=[0, 25, 50, 75] * 2 + [200, 225],
    ys=[0.0] * 4 + [30.0] * 4 + [0.0] * 2,
    drawn=range(10),
    values={"category_id": ["one"] * 4 + ["two"] * 6, "contingent_id": [None, "press"] * 5},
    taken=[""] * 10,
    shares={("S", ""): ZoneShare(20), ("S", "press"): ZoneShare(10, blocked=2, taken=3)},
    counted={"S": "standing"},
    names={"P": "Parterre", "Q": "Loge", "S": "Debout"},
)


@pytest.mark.parametrize(
    "selection, seats, shares",
    [
        (Selection(seats=("s7", "s2")), [2, 7], {}),
        (Selection(runs=((1, 2), (8, 1))), [1, 2, 8], {}),
        (Selection(rows=(RowRef("P", "B"),)), [4, 5, 6, 7], {}),
        (Selection(zones=("Q",)), [8, 9], {}),
        (Selection(zones=("S",)), [], {("S", ""): None, ("S", "press"): None}),
        (Selection(categories=("one",)), [0, 1, 2, 3], {}),
        (Selection(categories=("standing",)), [], {("S", ""): None, ("S", "press"): None}),
        (Selection(contingents=("press",)), [1, 3, 5, 7, 9], {("S", "press"): None}),
        (Selection(contingents=("",)), [0, 2, 4, 6, 8], {("S", ""): None}),
        (Selection(lasso=((-5, -5), (60, -5), (60, 10), (-5, 10))), [0, 1, 2], {}),
        (Selection(counts=(Counted("S", 4), Counted("S", 1))), [], {("S", ""): 5}),
        (Selection(everything=True), list(range(10)), {("S", ""): None, ("S", "press"): None}),
        (Selection(seats=("s0",), zones=("Q",), rows=(RowRef("P", "A"),)), [0, 1, 2, 3, 8, 9], {}),
    ],
)
def test_each_kind_and_the_union(selection: Selection, seats: list[int], shares: dict[tuple[str, str], int]) -> None:
    found = resolve(selection, HALL)
    assert isinstance(found, Ok)
    assert (list(found.value.seats), found.value.shares) == (seats, shares)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10)).filter(lambda run: sum(run) <= 10), min_size=1))
def test_stretches_that_overlap_mean_each_seat_once(runs: list[tuple[int, int]]) -> None:
    """A thousand times the whole hall is the hall: it costs no more than once."""
    meant = sorted({n for first, count in runs for n in range(first, first + count)})
    for said in (runs, runs * 50):
        found = resolve(Selection(runs=tuple(said)), HALL)
        assert isinstance(found, Ok) and list(found.value.seats) == meant
    assert isinstance(resolve(Selection(runs=((0, 10),) * 3 + ((4, 0),)), HALL), Refused)


def test_the_order_of_a_list_is_kept_beside_the_plan_order() -> None:
    found = resolve(Selection(seats=("s7", "s2", "s7")), HALL)
    assert isinstance(found, Ok)
    assert list(found.value.listed) == [7, 2]


@pytest.mark.parametrize(
    "selection, reason, fix",
    [
        (Selection(), NoAct.EMPTY, "selection"),
        (Selection(seats=("s0", "nobody")), NoAct.NO_SUCH_SEAT, "seats"),
        (Selection(runs=((8, 3),)), NoAct.NO_SUCH_SEAT, "runs"),
        (Selection(runs=((-1, 2),)), NoAct.NO_SUCH_SEAT, "runs"),
        (Selection(runs=((0, 10**12),)), NoAct.NO_SUCH_SEAT, "runs"),
        (Selection(rows=(RowRef("P", "Z"),)), NoAct.NO_SUCH_SEAT, "rows"),
        (Selection(zones=("Z",)), NoAct.NO_SUCH_ZONE, "zones"),
        (Selection(counts=(Counted("P", 1),)), NoAct.NO_SUCH_ZONE, "counts"),
        (Selection(counts=(Counted("S", 0),)), NoAct.EMPTY, "counts"),
        (Selection(lasso=((0, 0), (1, 1))), NoAct.NOT_FLAT, "lasso"),
        (Selection(lasso=((0, 0), (1, 1), (1e300, -1e300))), NoAct.NOT_FLAT, "lasso"),
    ],
)
def test_what_is_not_in_the_plan_is_named(selection: Selection, reason: NoAct, fix: str) -> None:
    found = resolve(selection, HALL)
    assert isinstance(found, Refused)
    assert (found.reason, found.fix) == (reason, fix)


points = st.tuples(st.integers(-50, 50), st.integers(-50, 50))


@given(corners=st.lists(points, min_size=3, max_size=30), seats=st.lists(points, max_size=40))
def test_a_lasso_is_the_even_odd_rule(corners: list[tuple[int, int]], seats: list[tuple[int, int]]) -> None:
    """Against the plain rule, edge by edge; half a unit aside, since on an edge either answer is right."""
    moved = [(x + 0.5, y + 0.25) for x, y in seats]

    def plainly(x: float, y: float) -> bool:
        odd = False
        for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
            if (y1 <= y) != (y2 <= y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
                odd = not odd
        return odd

    found = inside([(float(x), float(y)) for x, y in corners], [x for x, _ in moved], [y for _, y in moved])
    assert found == [n for n, (x, y) in enumerate(moved) if plainly(x, y)]


def test_a_round_lasso_holds_what_is_near() -> None:
    ring = [(100 * cos(tau * n / 500), 100 * sin(tau * n / 500)) for n in range(500)]
    assert inside(ring, [0, 99, 101, 70, 71], [0, 0, 0, 70, 71]) == [0, 1, 3]


def test_a_lasso_that_goes_to_and_fro_without_end_is_given_up() -> None:
    """Two thousand corners, each edge at the height of every seat: the writer would look at each of them for each."""
    zigzag = tuple((float(n), 100.0 * (n % 2)) for n in range(MOST_CORNERS))
    hall = Table(xs=[5.0] * 3000, ys=[50.0] * 3000)
    found = resolve(Selection(lasso=zigzag), hall)
    assert isinstance(found, Refused) and found.reason is NoAct.TOO_INTRICATE
    assert inside(zigzag, [5.0] * 1000, [50.0] * 1000) is not None, "fewer seats bear it"


shares_ = st.dictionaries(
    st.tuples(st.just("S"), st.sampled_from(["", "a", "b"])),
    st.builds(lambda free, blocked, taken: ZoneShare(free + blocked + taken, blocked, taken), *[st.integers(0, 9)] * 3),
    min_size=1,
)


@given(shares=shares_, data=st.data())
def test_counted_places_are_neither_lost_nor_made(
    shares: dict[tuple[str, str], ZoneShare], data: st.DataObject
) -> None:
    """Exclusive shares always add up to the zone's capacity; nothing taken moves; a refusal changes nothing."""
    wanted = [
        (key, data.draw(st.none() | st.integers(1, 12)))
        for key in data.draw(st.lists(st.sampled_from(sorted(shares)), max_size=3, unique=True))
    ]
    act = data.draw(st.sampled_from(["", "a", "c", "block", "unblock"]))
    if act in ("block", "unblock"):
        after, short = held_back(shares, wanted, block=act == "block")
    else:
        after, short = split(shares, wanted, act)
    assert sum(each.capacity for each in after.values()) == sum(each.capacity for each in shares.values())
    for key, share in after.items():
        assert share.free >= 0 and share.blocked >= 0
        assert share.taken == shares.get(key, ZoneShare(0)).taken
    if short:
        assert after == shares
        assert short[2] < next(n for key, n in wanted if key == short[:2] and n is not None)


def test_nothing_is_chosen_twice() -> None:
    found = resolve(Selection(seats=("s1",), categories=("one",), runs=((0, 4),)), HALL)
    assert found == Ok(Chosen([0, 1, 2, 3], [1, 0, 2, 3], {}))
