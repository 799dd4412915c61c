"""The site's broker enrols itself and carries what its gates say while central is away."""

import asyncio
import socket

from edge.device.identity import device_key, read_pending
from edge.device.site_broker import BrokerDeviceConfig, run_site_broker
from shared.ids import derived_id
from shared.runtime.mqtt import Bus, Endpoint
from shared.wire import topics
from shared.wire.certificates import DeviceKind
from shared.wire.seal import kid_of
from tests.waiting import PATIENCE_S, until


def nowhere() -> Endpoint:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return Endpoint("127.0.0.1", sock.getsockname()[1])


async def test_enrols_then_serves_without_central(house, central, tmp_path) -> None:
    central.codes["77"] = ""
    config = BrokerDeviceConfig(tmp_path / "b", central.url, Endpoint("127.0.0.1", 0), nowhere(), "77")
    for line in (True, False):
        if not line:
            await central.__aexit__()
        ready = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(run_site_broker(config, ready))
        if line:
            await until(lambda: read_pending(config.data) is not None)
            key = device_key(config.data)
            device_id = derived_id("enrolled", kid_of(key.public_key()))
            central.approve(device_id, house.certificate(key, device_id, DeviceKind.BROKER), derived_id("house"))
        port = await asyncio.wait_for(ready, PATIENCE_S)
        heard: list[bytes] = []
        one, two = house.holder("one", DeviceKind.GATE), house.holder("two", DeviceKind.GATE)
        buses = [Bus("127.0.0.1", port, login=who.login) for who in (one, two)]
        buses[1].subscribe(topics.claims(house.site), lambda _, payload, into=heard: into.append(payload))
        tasks = [asyncio.create_task(bus.run()) for bus in buses]
        for bus in buses:
            await asyncio.wait_for(bus.wait_connected(), PATIENCE_S)
        assert await buses[0].publish(topics.claim(house.site, one.id), b"used")
        await until(lambda heard=heard: heard == [b"used"])
        for each in (*tasks, task):
            each.cancel()
        await asyncio.gather(*tasks, task, return_exceptions=True)
    await central.__aenter__()
