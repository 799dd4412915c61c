"""Requests are signed about now. A device whose clock is wrong is told central's time, and heard at its second try."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.clock import Reading
from shared.runtime.central import Declined, HttpCentral
from shared.runtime.keyring import Keyring
from shared.wire.certificates import DeviceKind, Right
from shared.wire.refusals import DeviceRefusal
from shared.wire.requests import WINDOW, TimeTold
from shared.wire.seal import Sealed
from tests.shared.runtime.fake_central import FakeCentral


class Off:
    """A clock that is wrong by so much."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def read(self) -> Reading:
        return Reading(datetime.now(UTC) + self.by, 0, "boot")


def line(central: FakeCentral, house, by: timedelta) -> HttpCentral:
    device = house.holder("kiosk", DeviceKind.KIOSK)
    central.devices[device.id] = device.certificate
    keyring = Keyring(house.root_pem)
    keyring.add(central.certificate.pem)
    made = HttpCentral(central.url, Off(by), device.id, device.signer, timeout_s=5.0)

    def vouches(sealed: Sealed) -> bool:
        return keyring.vouches(sealed, Right.STATE) is not None

    made.vouches = vouches
    return made


@pytest.mark.parametrize("years", [-56, -1, 1, 40])
async def test_a_wrong_clock_locks_nobody_out(central: FakeCentral, house, years: int) -> None:
    """A battery that ran empty, a clock set to another century: the question and the facts come through at once."""
    async with line(central, house, timedelta(days=365 * years)) as wrong:
        assert b"feeds" in await wrong.query("device_feeds", {})
        assert [name for name, _ in central.requests] == ["device_feeds", "device_feeds"]
        await wrong.query("device_feeds", {})
        assert len(central.requests) == 3, "later ones are right at the first try"


async def test_a_clock_that_is_put_right_later(central: FakeCentral, house) -> None:
    off = timedelta(days=900)
    async with line(central, house, off) as wrong:
        await wrong.query("device_feeds", {})
        wrong._clock.by = timedelta(0)  # type: ignore[attr-defined]
        await wrong.query("device_feeds", {})
        assert len(central.requests) == 4


async def test_a_small_error_costs_nothing(central: FakeCentral, house) -> None:
    async with line(central, house, WINDOW - timedelta(minutes=1)) as slow:
        await slow.query("device_feeds", {})
        assert len(central.requests) == 1


@pytest.mark.parametrize("lie", ["another request's", "nobody's", "unsealed"])
async def test_nobody_else_says_what_time_it_is(central: FakeCentral, house, lie: str) -> None:
    """Who could would have requests signed for next year, and send them then."""
    async with line(central, house, timedelta(days=900)) as wrong:
        match lie:
            case "another request's":
                central.bend_time = lambda told: TimeTold("0" * 32, told.at)
            case "nobody's":
                wrong.vouches = lambda _: False
            case _:
                wrong.vouches = None
        with pytest.raises(Declined, match=DeviceRefusal.WRONG_TIME.value):
            await wrong.query("device_feeds", {})


async def test_keys_and_time_are_asked_for_unsigned(central: FakeCentral, house) -> None:
    """They get a device going whose clock and keys are both out of date."""
    async with line(central, house, timedelta(days=900)) as wrong:
        wrong.vouches = None
        assert b"text" in await wrong.query("device_time", {"nonce": "n"})
