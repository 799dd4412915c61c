"""Who may hold a connection: bounds per house and address, waiting after failures, a client's pace."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from shared.runtime.doorkeeper import MOST_SHOWN, Away, BrokerLimits, Bucket, DeviceLine, Doorkeeper
from shared.runtime.throttle import MOST_KINDS, Seldom
from shared.wire.certificates import DeviceKind

FEW = BrokerLimits(
    connections=8, per_address=5, strangers=4, strangers_per_address=2, per_device=2, free_failures=2, first_wait_s=1.0,
    most_wait_s=8.0, looks_per_s=0.01,
)  # fmt: skip


@dataclass
class Watch:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def came(door: Doorkeeper, address: str) -> DeviceLine:
    line, crowded_out, _ = door.enter(address, lambda: None)
    assert line is not None and crowded_out is None
    return line


def crowds(door: Doorkeeper, address: str) -> tuple[DeviceLine | None, Away | None]:
    """Who goes, and why, when one more comes."""
    line, crowded_out, why = door.enter(address, lambda: None)
    assert line is None or line in door.lines
    return crowded_out, why


def test_every_bound_has_its_name_and_the_oldest_stranger_goes(house) -> None:
    gates = [house.holder(f"gate {n}", DeviceKind.GATE).certificate for n in range(12)]
    door = Doorkeeper(FEW)
    one, two = came(door, "10.0.0.1"), came(door, "10.0.0.1")
    assert crowds(door, "10.0.0.1") == (one, Away.STRANGERS_ADDRESS)
    came(door, "10.0.0.2")
    came(door, "10.0.0.3")
    assert crowds(door, "10.0.0.4") == (two, Away.STRANGERS), "of the address that has most of them"
    assert len(door.lines) == 4
    door = Doorkeeper(FEW)
    for n in range(5):
        door.welcome(came(door, "10.0.0.1"), gates[n], "shown")
    assert crowds(door, "10.0.0.1") == (None, Away.FULL_ADDRESS), "who is known makes room for nobody"
    door.welcome(came(door, "10.0.0.4"), gates[5], "shown")
    late = came(door, "10.0.0.5")
    door.welcome(came(door, "10.0.0.4"), gates[6], "shown")
    assert crowds(door, "10.0.0.6") == (late, Away.FULL)
    door.welcome(door.lines[-1], gates[7], "shown")
    assert crowds(door, "10.0.0.6") == (None, Away.FULL)
    assert (len(door.lines), len(door.known)) == (8, 8)
    for line in (*door.lines, *door.lines):  # a line leaves once
        door.leave(line)
    assert not door.lines and not door._at and not door._strangers, "nothing is left of who was here"


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::2:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("gone", "gone", True),
    ],
)  # fmt: skip
def test_who_has_one_address_of_a_network_has_them_all(one: str, two: str, same: bool) -> None:
    door = Doorkeeper(FEW)
    assert (came(door, one).address == came(door, two).address) is same


def test_the_oldest_lines_of_one_device_go(house) -> None:
    gate, door = house.holder("gate", DeviceKind.GATE).certificate, Doorkeeper(replace(FEW, strangers_per_address=4))
    lines = [came(door, "a") for _ in range(4)]
    assert [door.welcome(line, gate, "shown") for line in lines] == [(), (), (lines[0],), (lines[0], lines[1])]


def test_failures_wait_twice_as_long_each_time_and_are_forgotten() -> None:
    watch = Watch()
    door = Doorkeeper(FEW, watch)
    line = came(door, "10.0.0.1")
    waits = []
    for _ in range(7):
        assert not door.must_wait(line, "x")
        door.failed(line)
        start = watch.now
        while door.must_wait(line, "x"):
            watch.now += 0.5
        waits.append(watch.now - start)
    assert waits == [0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert not door.must_wait(came(door, "10.0.0.2"), "x"), "another address"
    watch.now += FEW.most_wait_s + 1
    door.failed(line)
    assert not door.must_wait(line, "x"), "long ago"


def test_a_script_behind_the_houses_address_locks_no_device_of_it_out(house) -> None:
    """Nor does one that guesses in its name: only the very password is looked at, and guesses take nothing of that."""
    watch, gate = Watch(), house.holder("gate", DeviceKind.GATE).certificate
    door = Doorkeeper(FEW, watch)
    door.welcome(came(door, "10.0.0.1"), gate, "shown")
    line, looks = came(door, "10.0.0.1"), 0
    for n in range(1000):
        watch.now += 0.01
        if not door.must_wait(line, f"a guess {n}"):
            looks += 1
            door.failed(line)
        assert not door.must_wait(line, "shown")
    assert looks <= 8, "the free ones, and whenever its waiting is over"


def test_a_new_device_comes_in_beside_a_script_that_goes_on_and_on() -> None:
    watch = Watch()
    door = Doorkeeper(replace(FEW, looks_per_s=5.0, most_wait_s=60.0), watch)
    line, looks = came(door, "10.0.0.1"), 0
    for _ in range(6000):  # a hundred guesses a second, for a minute
        watch.now += 0.01
        if not door.must_wait(line, "new"):
            looks += 1
            door.failed(line)
    assert 250 <= looks <= 320, "five a second, and the free ones"


def test_what_is_remembered_is_bounded(house, monkeypatch) -> None:
    for name in ("MOST_ADDRESSES", "MOST_KNOWN"):
        monkeypatch.setattr(f"shared.runtime.doorkeeper.{name}", 10)
    door = Doorkeeper(BrokerLimits(connections=10_000, free_failures=0))
    for n in range(200):
        line = came(door, f"10.0.{n}.1")
        door.failed(line)
        door.welcome(line, house.holder(f"gate {n}", DeviceKind.GATE).certificate, f"shown {n}")
        door.leave(line)
        door.must_wait(line, "x")
    assert len(door._failures) == len(door._once_in) == len(door._shown) == 10 and len(door._looks) <= 10
    last = range(190, 200)
    assert list(door._failures) == [f"10.0.{n}.1" for n in last], "who came last is remembered"
    assert list(door._once_in) == [hash(f"shown {n}") for n in last]
    assert list(door._shown) == [house.holder(f"gate {n}", DeviceKind.GATE).id for n in last]


def test_one_device_makes_nobody_forget_the_others(house) -> None:
    """Its password may be written in a hundred ways. Before: each took the room of another device's."""
    door = Doorkeeper(FEW, Watch())
    gate, other = (house.holder(name, DeviceKind.GATE).certificate for name in ("gate", "other"))
    door.welcome(came(door, "10.0.0.1"), gate, "shown")
    line = came(door, "10.0.0.2")
    for n in range(11_000):
        door.welcome(line, other, f"shown {n}")
    door.welcome(line, other, f"shown {n}")
    assert len(door._once_in) == MOST_SHOWN + 1
    for _ in range(5):
        door.failed(line)
    at_home = came(door, "10.0.0.1")
    for _ in range(5):
        door.failed(at_home)
    assert not door.must_wait(at_home, "shown")
    assert not any(door.must_wait(line, f"shown {each}") for each in (n, n - 1)), "and its own last ones"
    door.disowned(line, f"shown {n}")
    assert len(door._once_in) == MOST_SHOWN


def test_a_client_goes_at_its_pace() -> None:
    bucket = Bucket(per_s=10.0, most=3.0, level=3.0, at_s=0.0)
    assert [round(bucket.take(0.0), 3) for _ in range(5)] == [0.0, 0.0, 0.0, 0.1, 0.2]
    assert [round(bucket.take(10.0), 3) for _ in range(4)] == [0.0, 0.0, 0.0, 0.1], "refilled, no further than full"


class Lines(list[dict[str, Any]]):
    def warning(self, event: str, **said: Any) -> None:
        self.append({"event": event, **said})


def test_one_line_a_minute_for_each_kind() -> None:
    said, watch = Lines(), Watch()
    seldom = Seldom(said, 60.0, watch)
    for second in range(180):
        watch.now = 100.0 + second
        for _ in range(100):
            seldom.warn("ended", "silent", address="a")
        seldom.warn("ended", "login", address="b")
    watch.now += 60.0
    seldom.flush()
    seldom.flush()
    counts = {kind: [line["count"] for line in said if line["why"] == kind] for kind in ("silent", "login")}
    assert counts["silent"] == [1, 6000, 6000, 5999] and sum(counts["login"]) == 180 and len(counts["login"]) == 4
    for n in range(10 * MOST_KINDS):
        seldom.warn("ended", f"kind {n}")
    assert len(seldom._said) <= MOST_KINDS
