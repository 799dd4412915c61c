"""Trusted, holdover, untrusted; the floor; what central's time must be like to count."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from edge.device.clockwork import BUILT, PLAUSIBLE, WITNESS_AFTER, Clockwork
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
YEAR = timedelta(days=365)
MINUTE = timedelta(minutes=1)


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


class Days:
    """A device at a central whose clock is `off` the truth; time goes on for both."""

    def __init__(self, hands: Hands, teller: Teller, journal: Journal) -> None:
        self.hands, self.teller, self.journal = hands, teller, journal
        self.off, self._began = timedelta(), hands.wall
        self.work = Clockwork(hands, journal)

    @property
    def true(self) -> datetime:
        return TRUE + (self.hands.wall - self._began)

    async def ask(self) -> bool:
        """Whether central's time was taken."""
        self.teller.at = self.true + self.off
        try:
            await self.work.ask(self.teller, self.teller.keyring)
        except SealRefused as no:
            assert "contradicts" in str(no) and "look at both clocks" in str(no)
            return False
        return True

    def sees_a_page(self) -> None:
        self.work.saw(FeedPage("f", 0, 1, False, self.true + self.off, ()))

    def power_cut(self) -> None:
        self.hands.boot_id, self.hands.mono_ms = self.hands.boot_id + "'", 0
        self.work = Clockwork(self.hands, self.journal)

    @property
    def error(self) -> timedelta:
        return abs(self.work.now().at - self.true)


@pytest.fixture
def days(hands, teller, journal) -> Days:
    return Days(hands, teller, journal)


@pytest.mark.parametrize("off", [YEAR, -YEAR / 4, HOUR, -HOUR, PLAUSIBLE + MINUTE])
async def test_central_wrong_for_less_than_a_witness_moves_nobody(days, hands, off) -> None:
    """One answer, one page, or both as long as they do not last."""
    assert await days.ask()
    hands.go(HOUR)
    days.off = off
    days.sees_a_page()
    assert not await days.ask() and days.work.disputed
    hands.go(WITNESS_AFTER - MINUTE)
    assert not await days.ask()
    assert days.error < MINUTE and days.work.tick().state is ClockState.TRUSTED, "it goes on with what it knows"
    days.off = timedelta()
    hands.go(MINUTE)
    assert await days.ask() and not days.work.disputed
    days.power_cut()
    assert days.work.now().at <= days.true, "and nothing of it is in the journal"


async def test_two_wrong_answers_that_do_not_go_on_from_each_other_are_no_witness(days, hands) -> None:
    assert await days.ask()
    for off in (YEAR, -HOUR, YEAR, 2 * YEAR):
        days.off = off
        hands.go(2 * WITNESS_AFTER)
        assert not await days.ask()
    assert days.error < MINUTE


@pytest.mark.parametrize("restarted", [False, True], ids=["same boot", "after a power cut"])
@pytest.mark.parametrize("began", ["an answer", "a page", "both", "two answers"])
async def test_a_device_that_followed_a_wrong_central_follows_the_right_one(days, hands, began, restarted) -> None:
    """It started while central was wrong, or believed its witness. It is right ten minutes after central is."""
    if began == "two answers":
        assert await days.ask()
    days.off = YEAR
    if began in ("a page", "both"):
        days.sees_a_page()
    if began == "two answers":
        assert not await days.ask()
        hands.go(WITNESS_AFTER)
    if began != "a page":
        assert await days.ask()
        days.work.tick()
    assert days.error > YEAR / 2, "it had nothing better"
    if restarted:
        days.power_cut()
    days.off = timedelta()
    hands.go(HOUR)
    taken = await days.ask()
    assert taken is (restarted and began == "a page"), "a page alone is in no journal"
    hands.go(WITNESS_AFTER)
    assert await days.ask() and not days.work.disputed
    assert days.error < MINUTE and days.work.now().state is ClockState.TRUSTED
    days.power_cut()
    assert days.work.now().at <= days.true, "the floor came along"
    assert await days.ask()
    if not taken:
        (moved,) = [f.body["moved_ms"] for f in days.journal.facts(FactKind.CLOCK) if f.body["moved_ms"] < 0]
        assert moved < -HOUR // timedelta(milliseconds=1)


async def test_who_was_long_without_an_answer_believes_more_by_what_its_clock_may_have_run(days, hands) -> None:
    assert await days.ask()
    hands.go(timedelta(days=60))
    bound = days.work.now().bound
    assert bound > MINUTE
    days.off = bound + PLAUSIBLE + MINUTE
    assert not await days.ask()
    days.off = bound + PLAUSIBLE - MINUTE / 2
    assert await days.ask()


async def test_a_small_step_of_centrals_needs_no_witness(days, hands) -> None:
    assert await days.ask()
    for off in (MINUTE, -MINUTE / 2):
        days.off = off
        hands.go(HOUR)
        assert await days.ask()


async def test_who_slept_for_a_year_takes_the_first_answer(days, hands) -> None:
    assert await days.ask()
    hands.go(YEAR)
    days.power_cut()
    assert await days.ask() and days.error < MINUTE


async def test_nothing_brings_a_device_before_its_release(days, hands) -> None:
    assert await days.ask()
    days.teller.at = BUILT - YEAR
    for _ in range(2):
        with pytest.raises(SealRefused, match="lies before the day"):
            await days.work.ask(days.teller, days.teller.keyring)
        hands.go(WITNESS_AFTER)


async def test_a_set_clock_of_its_own_reopens_nothing(days, hands) -> None:
    """Without central nothing lowers the floor, whatever is done to the device."""
    assert await days.ask()
    hands.go(HOUR)
    days.work.tick()
    seen = days.work.now().at
    for _ in range(3):
        hands.wall = datetime(2000, 1, 1, tzinfo=UTC)
        hands.go(WITNESS_AFTER)
        days.power_cut()
        days.work.tick()
        assert days.work.now().at >= seen
