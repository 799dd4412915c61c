"""A process without a health of its own: systemd hears that it is ready, that its loop turns, and that it goes."""

import asyncio
import socket

from shared.runtime.systemd import Notifier, stay
from tests.waiting import PATIENCE_S


async def test_a_service_is_ready_stays_well_and_says_when_it_goes(tmp_path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(
            stay(Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000"}))
        )
        async with asyncio.timeout(PATIENCE_S):
            assert [await loop.sock_recv(systemd, 100) for _ in range(4)] == [b"READY=1"] + [b"WATCHDOG=1"] * 3
            task.cancel()
            said = [await loop.sock_recv(systemd, 100)]
            while said[-1] == b"WATCHDOG=1":
                said.append(await loop.sock_recv(systemd, 100))
            assert said[-1] == b"STOPPING=1"
