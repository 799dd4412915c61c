"""The site's broker enrols itself and carries what its gates say while central is away."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import orjson

from edge.device.identity import device_key, read_pending
from edge.device.site_broker import BrokerDeviceConfig, run_site_broker
from shared.ids import derived_id
from shared.runtime.broker import EmbeddedBroker
from shared.runtime.mqtt import Bus, Endpoint
from shared.runtime.tasks import Backoff
from shared.wire import topics
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump
from shared.wire.feeds import FeedFamily, KeyRow, feed_name
from shared.wire.seal import kid_of
from tests.waiting import PATIENCE_S, until

QUICK = Backoff(first_s=0.05, most_s=0.1, calm_s=1.0)


def nowhere() -> Endpoint:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return Endpoint("127.0.0.1", sock.getsockname()[1])


@asynccontextmanager
async def serving(config, house, central=None) -> AsyncIterator[int]:
    """The site's broker, its port; approved by `central` if it is its first start."""
    ready = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run_site_broker(config, ready))
    if central:
        await until(lambda: read_pending(config.data) is not None)
        key = device_key(config.data)
        device_id = derived_id("enrolled", kid_of(key.public_key()))
        central.approve(device_id, house.certificate(key, device_id, DeviceKind.BROKER), derived_id("house"))
    try:
        yield await asyncio.wait_for(ready, PATIENCE_S)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_enrols_then_serves_without_central(house, central, tmp_path) -> None:
    central.codes["77"] = ""
    config = BrokerDeviceConfig(tmp_path / "b", central.url, Endpoint("127.0.0.1", 0), nowhere(), "77")
    for line in (True, False):
        if not line:
            await central.__aexit__()
        async with serving(config, house, central if line else None) as port:
            await _two_gates_hear_each_other(house, port)
    await central.__aenter__()


async def _two_gates_hear_each_other(house, port: int) -> None:
    heard: list[bytes] = []
    one, two = house.holder("one", DeviceKind.GATE), house.holder("two", DeviceKind.GATE)
    buses = [Bus("127.0.0.1", port, login=who.login) for who in (one, two)]
    buses[1].subscribe(topics.claims(house.site), lambda _, payload: heard.append(payload))
    tasks = [asyncio.create_task(bus.run()) for bus in buses]
    for bus in buses:
        await asyncio.wait_for(bus.wait_connected(), PATIENCE_S)
    assert await buses[0].publish(topics.claim(house.site, one.id), b"used")
    await until(lambda: heard == [b"used"])
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_whoever_is_revoked_is_put_out_and_stays_out_without_a_line(house, central, tmp_path) -> None:
    """Central's bell comes over the bridge; what it told is remembered when the line is cut and the broker restarts."""
    central.codes["77"] = ""
    office = house.holder("central", DeviceKind.CENTRAL)
    gate, other = house.holder("gate", DeviceKind.GATE), house.holder("other", DeviceKind.GATE)
    keys = feed_name(FeedFamily.KEYS, derived_id("house"))
    for who in (gate, other):
        central.publish(keys, who.certificate.kid, orjson.loads(dump(KeyRow(who.certificate.pem))))
    async with EmbeddedBroker("127.0.0.1", 0, house.root_pem) as far, AsyncExitStack() as stack:
        config = BrokerDeviceConfig(
            tmp_path / "b", central.url, Endpoint("127.0.0.1", 0), Endpoint("127.0.0.1", far.port), "77", poll_s=600.0
        )
        bell = Bus("127.0.0.1", far.port, login=office.login)
        ringing = asyncio.create_task(bell.run())
        async with serving(config, house, central) as port:
            buses = [Bus("127.0.0.1", port, login=who.login, backoff=QUICK) for who in (gate, other)]
            tasks = [asyncio.create_task(bus.run()) for bus in buses]
            for bus in (*buses, bell):
                await asyncio.wait_for(bus.wait_connected(), PATIENCE_S)
            revoked = KeyRow(gate.certificate.pem, revoked_at=gate.certificate.valid_from)
            central.publish(keys, gate.certificate.kid, orjson.loads(dump(revoked)))
            await until(lambda: len(far.door.known) == 2)  # the bridge is there to hear
            assert await bell.publish(topics.bell(house.site, keys), b"3", retain=True)
            await until(lambda: not buses[0].connected and "uthor" in buses[0].why)
            assert buses[1].connected
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
        await central.__aexit__()
        stack.push_async_callback(central.__aenter__)
        async with serving(config, house) as port:
            buses = [Bus("127.0.0.1", port, login=who.login, backoff=QUICK) for who in (gate, other)]
            tasks = [asyncio.create_task(bus.run()) for bus in buses]
            await asyncio.wait_for(buses[1].wait_connected(), PATIENCE_S)
            await until(lambda: "uthor" in buses[0].why)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
