"""Whoever is revoked is off central's broker at once and does not come back; everybody else notices nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.devices.broker_access import broker_standing
from central.web.area import ROSTER
from shared.ids import Id, derived_id
from shared.runtime.broker import ENDED
from shared.runtime.doorkeeper import Away
from shared.runtime.login import Login
from shared.runtime.mqtt import Bus
from shared.wire import topics
from shared.wire.certificates import DeviceKind, verified
from shared.wire.seal import Signer
from tests.evening_house import Device, EveningHouse, evening_house
from tests.waiting import until

KINDS = [kind for kind in DeviceKind if kind not in (DeviceKind.CENTRAL, DeviceKind.BAR)]


@pytest.fixture
async def evening(tmp_path: Path) -> AsyncIterator[EveningHouse]:
    async with evening_house(tmp_path) as house:
        yield house


def ended() -> float:
    return ENDED.value(why=Away.STANDING)


async def test_a_revoked_device_is_put_out_at_once_and_stays_out(evening: EveningHouse) -> None:
    """Every kind of device; the broker's own periodic look is half a minute away and plays no part."""
    made = [await evening.device(kind, f"D{n}", f"Device {n}") for n, kind in enumerate(KINDS)]
    witness = await evening.device(DeviceKind.GATE, "W", "Witness")
    for device in (*made, witness):
        await device.appear()
    assert witness._bus
    links: list[bool] = []
    witness._bus.on_link.append(links.append)
    for device in made:
        before, bus = ended(), device._bus
        assert bus
        await evening.office.command("revoke_device", device_id=device.id, good=[])
        await until(lambda bus=bus: not bus.connected and "uthor" in bus.why)
        assert ended() >= before + 2, "its line was ended, and its way back is refused"
        assert not evening.central.app[ROSTER].online(device.id), "its will told the others"
    assert links == [] and witness._bus.connected


async def test_only_the_key_that_was_approved(evening: EveningHouse) -> None:
    """A certificate of the root says who somebody once was: not active, not this key, or not known is not enough."""
    keys, door = evening.central.door.keys, evening.central.door
    gate = await evening.device(DeviceKind.GATE, "G", "Gate")
    now, key = door._clock(), Ed25519PrivateKey.generate()
    for holder in (gate.id, derived_id("nobody knows it")):
        pem = keys.certify(
            derived_id("certificate", holder), Id(holder), DeviceKind.GATE, gate.site, key.public_key(), now
        )
        stranger = replace(gate, id=Id(holder), signer=Signer.of(key), certificate=pem)
        await refused(stranger)
    certificate = verified(gate.certificate, keys.root_pem)
    assert certificate is not None
    stand = broker_standing(door)
    assert set(await stand([certificate, keys.certificate])) == {gate.signer.kid, keys.signer.kid}
    assert set(await stand([certificate] * 1200)) == {gate.signer.kid}
    await gate.appear()


async def refused(device: Device) -> None:
    login = Login.of(device.signer.key, device.certificate, device.id)
    bus = Bus("127.0.0.1", device.broker_port, login=login)
    bus.subscribe(topics.bells(device.site), lambda *_: None)
    task = asyncio.create_task(bus.run())
    await until(lambda: "uthor" in bus.why)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
