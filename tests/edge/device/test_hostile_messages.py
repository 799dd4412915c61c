"""What every device hears, whatever its kind: no message makes it fall, and the next honest one is acted on."""

from datetime import timedelta

import aiomqtt
import pytest
from structlog.testing import capture_logs

from edge.device.identity import Stored, device_key, keep_identity
from edge.device.shell import DeviceConfig, start
from shared.ids import derived_id
from shared.runtime.bridge import Bridge
from shared.runtime.mqtt import Bus, Endpoint
from shared.wire import topics
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump
from shared.wire.seal import seal
from shared.wire.topics import Claim, Instruction, Presence
from tests.hostile import payloads

ME, OTHER = derived_id("me"), derived_id("other")
NOWHERE = 9


@pytest.mark.parametrize("kind", [DeviceKind.KIOSK, DeviceKind.GATE, DeviceKind.PRINTER, DeviceKind.BAR])
async def test_no_message_makes_a_device_fall(house, tmp_path, kind) -> None:
    central, other = house.holder("central", DeviceKind.CENTRAL), house.holder("other", DeviceKind.GATE)
    key = device_key(tmp_path / "me")
    certificate = house.certificate(key, ME, kind)
    stored = Stored(certificate.pem, house.root_pem, derived_id("house"), (central.certificate.pem,))
    keep_identity(tmp_path / "me", key, certificate, stored)
    config = DeviceConfig(tmp_path / "me", f"http://127.0.0.1:{NOWHERE}", Endpoint("127.0.0.1", NOWHERE))
    done: list[str] = []

    async def run(command: Instruction) -> str:
        done.append(command.id)
        return "done"

    async with start(config, kind) as device:
        now = device.now().at
        device.instructions.handle("do", run)
        order = Instruction(derived_id("order"), ME, "do", {}, now, now + timedelta(minutes=9))
        claim = Claim(derived_id("scan"), derived_id("ticket"), 1, now, "B", other.id)
        good = {Presence: Presence(other.id, "s", True, now), Claim: claim, Instruction: order}
        told = list(payloads(good, (other.signer, central.signer)))
        heard = {wanted.replace("+", other.id).replace("#", "keys/x") for wanted, _ in device.bus._handlers}
        heard.add(topics.state(device.site_id, device.id))  # its own comes back to it
        assert len(heard) >= 3
        with capture_logs() as lines:
            for topic in heard:
                for payload in told:
                    await device.bus._dispatch(aiomqtt.Topic(topic), payload)
        assert [line for line in lines if "exc_info" in line] == []
        assert len([line for line in lines if line["log_level"] in ("warning", "error")]) < 20
        fresh = Instruction(derived_id("another order"), ME, "do", {}, now, now + timedelta(minutes=9))
        topic = topics.command(device.site_id, ME)
        await device.bus._dispatch(aiomqtt.Topic(topic), dump(seal(dump(fresh), central.signer)))
        assert done[-1:] == [fresh.id] and device.check()


async def test_a_bridge_carries_what_it_does_not_read(house) -> None:
    near, far = (Bus("127.0.0.1", NOWHERE, name=name) for name in ("near", "far"))
    bridge = Bridge(near, far, house.site)
    gate = house.holder("gate", DeviceKind.GATE)
    said = {Presence: Presence(gate.id, "s", True, gate.certificate.valid_from)}
    with capture_logs() as lines:
        for bus in (near, far):
            for wanted, _ in bus._handlers:
                for payload in payloads(said, (gate.signer,)):
                    topic = wanted.replace("+", gate.id).replace("#", "keys/x")
                    await bus._dispatch(aiomqtt.Topic(topic), payload)
    assert [line for line in lines if "exc_info" in line] == []
    assert set(bridge._states) == {topics.state(house.site, gate.id)}
