"""What a service tells systemd: ready, well, going. The watchdog is fed by the work itself, never by a free timer."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping

from shared.runtime.log import logger

log = logger(__name__)


class Notifier:
    """systemd's notify protocol; silent where there is no systemd."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        env = os.environ if env is None else env
        self._address = env.get("NOTIFY_SOCKET", "")
        usec = env.get("WATCHDOG_USEC", "")
        ours = env.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s: float | None = int(usec) / 1_000_000 if usec.isdigit() and ours else None

    def say(self, **values: str) -> None:
        """E.g. `say(READY="1", STATUS="selling")`."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        text = "\n".join(f"{name}={value}" for name, value in values.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.connect(address)
                sock.sendall(text.encode())
        except OSError as bad:
            log.warning("systemd does not hear", why=str(bad))


async def stay(
    notifier: Notifier, alive: Callable[[], bool] = lambda: True, status: Callable[[], str] | None = None
) -> None:
    """Ready, and from now on well as long as the event loop turns and `alive` says so, until cancelled: for a process
    that is not a device (which has a health of its own: edge/device/health.py)."""
    notifier.say(READY="1")
    told = ""
    try:
        while notifier.watchdog_s:
            if status and (said := status()) != told:
                told = said
                notifier.say(STATUS=said)
            if alive():
                notifier.say(WATCHDOG="1")
            await asyncio.sleep(notifier.watchdog_s / 3)
        await asyncio.Event().wait()
    finally:
        notifier.say(STOPPING="1")
