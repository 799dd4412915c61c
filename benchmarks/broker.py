"""What lanes notice while strangers, and a device gone wrong, are at the embedded broker: a claim's way from one lane
to another, beside them and without. Loopback only; the broker is a process of its own, whose memory and processor time
are looked at from outside.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.ids import Id, derived_id
from shared.runtime.broker import EmbeddedBroker
from shared.runtime.login import Login
from shared.runtime.mqtt import Bus
from shared.wire import topics
from shared.wire.certificates import DeviceKind, issue, root_certificate

SITE = derived_id("site")
LANES = 20
GAP_S = 0.02  # between two claims of all lanes together
STRANGERS = 300
SPAWN = multiprocessing.get_context("spawn")
CLAIM = b"x" * 600  # as long as a sealed claim


class House:
    """A root, and logins under it."""

    def __init__(self) -> None:
        self._key, now = Ed25519PrivateKey.generate(), datetime.now(UTC)
        self._period = now - timedelta(days=1), now + timedelta(days=1)
        self.root_pem = root_certificate(self._key, "bench", *self._period)

    def login(self, name: str) -> Login:
        key, holder = Ed25519PrivateKey.generate(), derived_id(name)
        pem = issue(
            self._key, self.root_pem, key.public_key(), holder_id=holder, kind=DeviceKind.GATE, site_id=SITE,
            certificate_id=derived_id("certificate", name), valid_from=self._period[0], valid_to=self._period[1],
        )  # fmt: skip
        return Login.of(key, pem, holder)


def serve(root_pem: str, say: Connection) -> None:
    async def run() -> None:
        async with EmbeddedBroker("127.0.0.1", 0, root_pem) as broker:
            say.send(broker.port)
            await asyncio.to_thread(say.recv)

    asyncio.run(run())


def used(pid: int) -> tuple[float, float]:
    """Processor seconds and megabytes of a process."""
    proc = Path(f"/proc/{pid}")
    user, system = (proc / "stat").read_text().rpartition(")")[2].split()[11:13]
    ticks, pages = int(user) + int(system), int((proc / "statm").read_text().split()[1])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def nothing(_: int, __: Login) -> None:
    await asyncio.Event().wait()


async def silent(port: int, _: Login) -> None:
    """Connections that say nothing; each that is ended is opened again."""

    async def one() -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                await reader.read()
                writer.close()
            await asyncio.sleep(0.1)

    await asyncio.gather(*(one() for _ in range(STRANGERS)))


async def noise(port: int, _: Login) -> None:
    """Bytes that are no MQTT, and hang-ups, as fast as they go."""
    chance = random.Random(8)

    async def one() -> None:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(chance.randbytes(200))
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            await asyncio.sleep(0)

    await asyncio.gather(*(one() for _ in range(20)))


async def guesses(port: int, _: Login) -> None:
    """Logins of another house: each costs a look at a certificate, until the address has to wait."""
    other = House().login("guess")
    await asyncio.gather(*(Bus("127.0.0.1", port, login=other).run() for _ in range(20)))


async def flood(port: int, login: Login) -> None:
    """A device of the house that sends claims as fast as the broker takes them."""
    async with running(Bus("127.0.0.1", port, login=login)) as bus:
        topic = topics.claim(SITE, login.username)

        async def one() -> None:
            while True:
                await bus.publish(topic, CLAIM)

        await asyncio.gather(*(one() for _ in range(50)))


BESIDE: dict[str, Callable[[int, Login], Coroutine[Any, Any, object]]] = {
    "nothing": nothing, f"{STRANGERS} silent": silent, "noise and hang-ups": noise, "wrong logins": guesses,
    "a device that floods": flood,
}  # fmt: skip


@asynccontextmanager
async def running(bus: Bus) -> AsyncIterator[Bus]:
    task = asyncio.create_task(bus.run())
    await asyncio.wait_for(bus.wait_connected(), 30)
    try:
        yield bus
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def disturb(name: str, port: int, login: Login) -> None:
    """A process of its own, so that what it costs itself is not in the lanes' figures."""
    asyncio.run(BESIDE[name](port, login))


async def measured(port: int, house: House, seconds: float, name: str) -> tuple[list[float], int]:
    """Milliseconds of each claim from one lane to one other, and how many never came."""
    sent: dict[int, float] = {}
    took: list[float] = []

    def heard(_: str, payload: bytes) -> None:
        began = sent.pop(int(payload[:9]), None) if payload[:9].isdigit() else None
        if began is not None:
            took.append((time.perf_counter() - began) * 1000)

    async with contextlib.AsyncExitStack() as stack:
        lanes = []
        for n in range(LANES):
            login = house.login(f"lane {n}")
            bus = Bus("127.0.0.1", port, login=login)
            if n == 0:
                bus.subscribe(topics.claims(SITE), heard)
            lanes.append((await stack.enter_async_context(running(bus)), topics.claim(SITE, Id(login.username))))
        beside = SPAWN.Process(target=disturb, args=(name, port, house.login("flood")))
        beside.start()
        await asyncio.sleep(3)
        until, number = time.perf_counter() + seconds, 0
        while time.perf_counter() < until:
            bus, topic = lanes[1 + number % (LANES - 1)]
            sent[number] = time.perf_counter()
            await bus.publish(topic, f"{number:09}".encode() + CLAIM[9:])
            number += 1
            await asyncio.sleep(GAP_S)
        await asyncio.sleep(1)
        beside.kill()
        await asyncio.to_thread(beside.join)
    return sorted(took), len(sent)


async def bench(seconds: float) -> None:
    print(f"{'beside':22} {'claims':>7} {'lost':>5} {'p50 ms':>8} {'p99 ms':>8} {'cpu %':>6} {'MB':>6}")
    for name in BESIDE:
        house, (here, there) = House(), multiprocessing.Pipe()
        process = SPAWN.Process(target=serve, args=(house.root_pem, there))
        process.start()
        assert process.pid is not None
        port = await asyncio.to_thread(here.recv)
        before, began = used(process.pid)[0], time.perf_counter()
        took, lost = await measured(port, house, seconds, name)
        spent, memory = used(process.pid)
        share = 100 * (spent - before) / (time.perf_counter() - began)
        here.send("enough")
        await asyncio.to_thread(process.join, 10)
        p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
        print(f"{name:22} {len(took):7} {lost:5} {p50:8.1f} {p99:8.1f} {share:6.0f} {memory:6.0f}")
        print(json.dumps({"beside": name, "claims": len(took), "lost": lost, "p50_ms": p50, "p99_ms": p99}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    asyncio.run(bench(parser.parse_args().seconds))
