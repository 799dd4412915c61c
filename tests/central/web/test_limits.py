"""How often somebody may ask, as laws: for every rate, every caller, every order of moments."""

import tracemalloc
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.web.limits import Buckets, Limits, RequestLimit, after_one_more, counted_as
from central.web.settings import LimitsConfig, Rate

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
RATES = st.builds(Rate, st.floats(0.01, 1000), st.integers(1, 1000))


class Seconds:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@given(RATES, st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_nobody_gets_more_than_burst_and_rate(rate: Rate, gaps: list[float]) -> None:
    now, full_at, let_in = 0.0, 0.0, []
    for gap in gaps:
        now += gap
        full_at, wait = after_one_more(full_at, rate, now)
        if not wait:
            let_in.append(now)
    for n, first in enumerate(let_in):
        for m in range(n, len(let_in)):
            assert m - n + 1 <= rate.burst + (let_in[m] - first) * rate.per_s + 1e-3


@given(RATES)
def test_the_whole_burst_is_let_in_at_once(rate: Rate) -> None:
    full_at, wait = 0.0, 0.0
    for _ in range(rate.burst):
        full_at, wait = after_one_more(full_at, rate, 0.0)
        assert wait == 0
    assert after_one_more(full_at, rate, 0.0)[1] > 0


@given(RATES, st.integers(1, 20))
def test_who_waits_as_long_as_was_said_is_let_in(rate: Rate, more: int) -> None:
    full_at = now = 0.0
    for _ in range(rate.burst + more):
        full_at, wait = after_one_more(full_at, rate, now)
        if wait:
            now += wait
            full_at, wait = after_one_more(full_at, rate, now)
        assert wait == 0


def test_a_million_addresses_take_no_more_room_than_some_thousand() -> None:
    buckets = Buckets(Rate(1.0, 2), 5_000, Seconds())
    for n in range(5_000):
        buckets.take(f"10.0.{n >> 8}.{n & 255}")
    for n in range(1_000_000):
        buckets.take(f"2001:db8:{n >> 16:x}:{n & 0xFFFF:x}::/64")
    assert len(buckets) == 5_000
    tracemalloc.start()
    for n in range(20_000):
        buckets.take(f"2001:db8:f:{n:x}::/64")
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 5_000 * 400, "as much as the same number of others"


def test_who_keeps_asking_is_remembered_while_others_come_and_go() -> None:
    buckets = Buckets(Rate(0.01, 1), 100, Seconds())
    assert buckets.take("10.0.0.1") == 0
    for n in range(1000):
        buckets.take(f"10.1.{n >> 8}.{n & 255}")
        if n % 50 == 0:
            assert buckets.take("10.0.0.1") > 0


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "", True),
    ],
)
def test_an_ipv6_address_is_counted_by_its_network(one: str, other: str, same: bool) -> None:
    assert (counted_as(one) == counted_as(other)) is same


def of(**more: object) -> tuple[Limits, Seconds]:
    clock = Seconds()
    return Limits(LimitsConfig(acts=Rate(0.1, 2), looks=Rate(1.0, 3), **more), clock), clock  # type: ignore[arg-type]


def test_an_operator_sees_who_waits_and_lifts_it() -> None:
    limits, clock = of()
    for _ in range(3):
        limits.take(RequestLimit.ACTS, "10.0.0.1")
    for _ in range(9):
        limits.take(RequestLimit.LOOKS, "10.0.0.2")
    limits.take(RequestLimit.LOOKS, "10.0.0.3")
    waiting = limits.waiting(NOON)
    assert [(each.limit, each.who) for each in waiting] == [
        (RequestLimit.ACTS, "10.0.0.1"),
        (RequestLimit.LOOKS, "10.0.0.2"),
    ]
    assert [each.until - NOON for each in waiting] == [timedelta(seconds=10), timedelta(seconds=1)]
    limits.lift("10.0.0.1")
    assert limits.take(RequestLimit.ACTS, "10.0.0.1") == 0
    clock.at += 60
    assert limits.waiting(NOON) == []


def test_asking_how_long_takes_nothing() -> None:
    limits, _ = of()
    assert [limits.wait(RequestLimit.ACTS, "10.0.0.1") for _ in range(100)] == [0.0] * 100
    assert [limits.take(RequestLimit.ACTS, "10.0.0.1") for _ in range(3)] == [0.0, 0.0, 10.0]
    assert limits.wait(RequestLimit.ACTS, "10.0.0.1") == 10.0


def test_what_is_shown_beside_an_address_that_waits_has_its_turn() -> None:
    limits, clock = of(keys=Rate(0.1, 2))
    limits.missed(1)
    assert limits.look(1, "10.0.0.1") == 30.0, "it was none just now"
    assert [limits.look(n, "10.0.0.1") for n in (2, 3, 4)] == [0.0, 0.0, 10.0]
    assert limits.look(2, "10.0.0.2") == 0.0, "another address has its own"
    clock.at += 10
    assert limits.look(4, "10.0.0.1") == 0.0, "as long as was said"
    assert limits.look(5, "10.0.0.1") == 10.0
    limits.lift("10.0.0.1")
    assert limits.look(5, "10.0.0.1") == 0.0, "and what held it is lifted with its address"


def test_so_much_is_answered_at_once_for_each() -> None:
    limits, _ = of(at_once_of_strangers=2, at_once_of_people=3, at_once_of_programs=5, at_once_of_devices=0)
    assert [limits.enter(RequestLimit.LOOKS, "10.0.0.1") for _ in range(3)] == [True, True, False]
    limits.leave("10.0.0.1")
    assert limits.enter(RequestLimit.ACTS, "10.0.0.1") and not limits.enter(RequestLimit.ACTS, "10.0.0.1")
    assert [limits.enter(RequestLimit.PEOPLE, "anna") for _ in range(4)] == [True, True, True, False]
    assert [limits.enter(RequestLimit.PROGRAMS, "shop") for _ in range(6)] == [True] * 5 + [False]
    assert limits.enter(RequestLimit.PROGRAMS, "desk"), "another has its own"
    limits.leave("shop")
    assert limits.enter(RequestLimit.PROGRAMS, "shop")
    assert all(limits.enter(RequestLimit.DEVICES, "gate") for _ in range(1000)), "0 bounds nothing"


def test_waits_are_told_longest_first() -> None:
    limits, _ = of()
    for n in range(1, 6):
        for _ in range(3):
            limits.take(RequestLimit.ACTS, f"10.0.0.{n}")
    assert all(a.until >= b.until for a, b in pairwise(limits.waiting(NOON)))
