"""The bus to a Mosquitto that lets in only holders of a certificate of the house, as firmware_configs sets it up."""

import asyncio
import shutil
import socket
from pathlib import Path

import pytest

from edge.device.identity import Stored, device_key, keep_identity
from shared.ids import derived_id
from shared.runtime.login import CERTIFICATE_FILE, KEY_FILE, ROOT_FILE
from shared.runtime.mqtt import Bus
from shared.runtime.tasks import Backoff
from shared.wire import topics
from shared.wire.certificates import DeviceKind
from tests.waiting import until

MOSQUITTO = shutil.which("mosquitto") or next(iter(p for p in ["/usr/sbin/mosquitto"] if Path(p).exists()), None)
QUICK = Backoff(first_s=0.05, most_s=0.1)


def identity(house, directory: Path, name: str, kind: DeviceKind):
    key = device_key(directory)
    certificate = house.certificate(key, derived_id(name), kind)
    return keep_identity(directory, key, certificate, Stored(certificate.pem, house.root_pem, derived_id("house")))


# paho leaves the socket of a failed handshake to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
async def test_certificates_open_the_door(house, tmp_path) -> None:
    broker, gate = tmp_path / "broker", identity(house, tmp_path / "gate", "gate", DeviceKind.GATE)
    identity(house, broker, "broker", DeviceKind.BROKER)
    stranger = identity(type(house)(), tmp_path / "stranger", "gate", DeviceKind.GATE)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    config = tmp_path / "mosquitto.conf"
    config.write_text(
        f"""per_listener_settings true
user root
listener {port} 127.0.0.1
cafile {broker / ROOT_FILE}
certfile {broker / CERTIFICATE_FILE}
keyfile {broker / KEY_FILE}
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
acl_file {tmp_path / "acl"}
"""
    )
    (tmp_path / "acl").write_text("pattern readwrite parterre/+/device/%u/#\n")
    (tmp_path / "acl").chmod(0o600)
    assert MOSQUITTO is not None
    process = await asyncio.create_subprocess_exec(
        MOSQUITTO, "-c", str(config), stderr=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
    )
    heard: list[bytes] = []
    bus = Bus("127.0.0.1", port, login=gate.login, tls=gate.tls(), backoff=QUICK)
    bus.subscribe(topics.state(house.site, gate.device_id), lambda _, payload: heard.append(payload))
    out = Bus("127.0.0.1", port, login=stranger.login, tls=stranger.tls(), backoff=QUICK)
    bare = Bus("127.0.0.1", port, login=gate.login, backoff=QUICK, timeout_s=0.5)
    tasks = [asyncio.create_task(each.run()) for each in (bus, out, bare)]
    try:
        await until(lambda: bus.connected)
        assert await bus.publish(topics.state(house.site, gate.device_id), b"here")
        await until(lambda: heard == [b"here"])
        await until(lambda: "certificate" in out.why.lower() and bare.why != "not connected yet")
        assert not out.connected
        assert not bare.connected
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        process.kill()
        await process.wait()
