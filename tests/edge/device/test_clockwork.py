"""Trusted, holdover, untrusted; the floor; what central's time must be like to count."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from edge.device.clockwork import BUILT, Clockwork
from shared.clock import ClockState, Reading
from shared.ids import derived_id
from shared.runtime.journal import Journal
from shared.runtime.keyring import Keyring
from shared.runtime.sync import SealRefused
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump
from shared.wire.facts import FactKind
from shared.wire.feeds import FeedPage
from shared.wire.seal import seal

TRUE = datetime(2027, 3, 1, 20, tzinfo=UTC)
DEVICE = derived_id("device")
HOUR = timedelta(hours=1)


@dataclass
class Hands:
    """A clock that is moved by hand; its wall is wrong by a year."""

    wall: datetime = TRUE - timedelta(days=365)
    mono_ms: int = 5_000
    boot_id: str = "one"

    def read(self) -> Reading:
        return Reading(self.wall, self.mono_ms, self.boot_id)

    def go(self, by: timedelta) -> None:
        self.wall += by
        self.mono_ms += by // timedelta(milliseconds=1)


class Teller:
    """Central's answer to `device_time`, with its faults."""

    def __init__(self, house, clock: Hands) -> None:
        self.signer = house.holder("central", DeviceKind.CENTRAL)
        self.keyring = Keyring(house.root_pem)
        self.keyring.add(self.signer.certificate.pem)
        self.clock, self.at, self.nonce, self.trip = clock, TRUE, "", timedelta(milliseconds=200)

    async def query(self, name, params):
        assert name == "device_time"
        self.clock.go(self.trip)
        return dump(seal(dump({"nonce": self.nonce or params["nonce"], "at": self.at}), self.signer.signer))

    async def command(self, *_):
        raise AssertionError


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def teller(house, hands) -> Teller:
    return Teller(house, hands)


@pytest.fixture
def journal() -> Journal:
    return Journal(sqlite3.connect(":memory:"), DEVICE)


async def test_from_untrusted_to_trusted_to_holdover(hands, teller, journal) -> None:
    work = Clockwork(hands, journal)
    assert (work.now().state, work.now().at) == (ClockState.UNTRUSTED, BUILT), "never before this release was built"
    now = await work.ask(teller, teller.keyring)
    assert (now.state, now.at) == (ClockState.TRUSTED, TRUE + timedelta(milliseconds=100))
    hands.wall += timedelta(days=900)  # somebody sets the wall clock: nobody cares
    hands.go(23 * HOUR)
    assert work.tick().state is ClockState.TRUSTED
    hands.go(2 * HOUR)
    now = work.tick()
    assert now.state is ClockState.HOLDOVER
    assert timedelta(seconds=4) < now.bound < timedelta(seconds=5)
    changes = [(f.body["was"], f.body["state"]) for f in journal.facts(FactKind.CLOCK)]
    assert changes == [("untrusted", "trusted"), ("trusted", "holdover")]


async def test_a_restart_in_the_same_boot_still_knows_the_time(hands, teller, journal) -> None:
    await Clockwork(hands, journal).ask(teller, teller.keyring)
    hands.go(HOUR)
    again = Clockwork(hands, journal)
    assert (again.now().state, again.now().at) == (ClockState.TRUSTED, TRUE + timedelta(milliseconds=100) + HOUR)


async def test_after_a_power_cut_time_does_not_go_back(hands, teller, journal) -> None:
    first = Clockwork(hands, journal)
    await first.ask(teller, teller.keyring)
    hands.go(HOUR)
    first.tick()
    hands.boot_id, hands.mono_ms, hands.wall = "two", 0, datetime(1970, 1, 1, tzinfo=UTC)
    again = Clockwork(hands, journal)
    now = again.now()
    assert now.state is ClockState.UNTRUSTED
    assert now.at == TRUE + HOUR + timedelta(milliseconds=100)


def test_an_untrusted_future_does_not_stick(hands, journal) -> None:
    hands.wall = datetime(2099, 1, 1, tzinfo=UTC)
    Clockwork(hands, journal).tick()
    hands.wall = TRUE
    assert Clockwork(hands, journal).now().at == TRUE


def test_a_sealed_page_raises_the_floor(hands, journal) -> None:
    work = Clockwork(hands, journal)
    work.saw(FeedPage("f", 0, 1, False, TRUE, ()))
    assert work.now().at == TRUE


@pytest.mark.parametrize(
    ("fault", "match"),
    [
        ({"nonce": "another"}, "another question"),
        ({"at": BUILT - HOUR}, "lies before"),
        ({"trip": timedelta(seconds=6)}, "took 6000 ms"),
    ],
)
async def test_a_time_that_proves_nothing_is_refused(hands, teller, journal, fault, match) -> None:
    for name, value in fault.items():
        setattr(teller, name, value)
    work = Clockwork(hands, journal)
    with pytest.raises(SealRefused, match=match):
        await work.ask(teller, teller.keyring)
    assert work.now().state is ClockState.UNTRUSTED


async def test_only_central_tells_the_time(house, hands, teller, journal) -> None:
    teller.signer = house.holder("gate", DeviceKind.GATE)
    teller.keyring.add(teller.signer.certificate.pem)
    with pytest.raises(SealRefused):
        await Clockwork(hands, journal).ask(teller, teller.keyring)
