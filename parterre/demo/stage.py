"""The demo's stage: every part as a process of its own, as it would run in a house, and the line that can be cut."""

import asyncio
import os
import shutil
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from shared.runtime.config import Failure
from shared.runtime.tasks import ended

PROGRAM = (sys.executable, "-m", "parterre")
START_S = 40.0
ROLE_PREFIX: dict[tuple[str, ...], str] = {
    ("simulate", "printer"): "PARTERRE_PRINTER_SIMULATOR",
    ("simulate", "terminal"): "PARTERRE_TERMINAL",
    ("found", "--name=Les Tilleuls"): "PARTERRE_CENTRAL",
}


def free_port() -> int:
    """A port that is free now. Somebody else may take it before we do: then the process that wanted it says so."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def variables(prefix: str, values: Mapping[str, Any]) -> dict[str, str]:
    """A nested configuration as the environment variables that every role reads."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        key = f"{prefix}__{name.upper()}"
        if isinstance(value, Mapping):
            flat |= variables(key, value)
        else:
            flat[key] = str(value)
    return flat


class Stage:
    """`async with Stage(folder) as stage`: what was started is stopped again, the last first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[tuple[str, Process]] = []
        self._files: list[IO[bytes]] = []
        self._tasks: list[asyncio.Task[Any]] = []

    async def __aenter__(self) -> "Stage":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await ended(self._tasks)
        for _, process in reversed(self._running):
            if process.returncode is None:
                process.terminate()
        for _, process in reversed(self._running):
            try:
                async with asyncio.timeout(8):
                    await process.wait()
            except TimeoutError:
                process.kill()
        for log in self._files:
            log.close()

    async def role(self, name: str, command: tuple[str, ...], config: Mapping[str, Any], **env: str) -> Process:
        """Starts `parterre <command>` with its configuration in the environment; its words go to `<name>.log`."""
        prefix = ROLE_PREFIX.get(command, f"PARTERRE_{command[0].upper()}")
        return await self.start(name, (*PROGRAM, *command), variables(prefix, config) | env)

    async def start(self, name: str, command: tuple[str, ...], env: Mapping[str, str]) -> Process:
        log = self.log(name)
        process = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, **env}, stdin=DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        self._running.append((name, process))
        return process

    def log(self, name: str) -> IO[bytes]:
        """Where a process's words go."""
        file = (self.folder / f"{name}.log").open("ab")
        self._files.append(file)
        return file

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        self._tasks.append(asyncio.create_task(work))

    def forget(self, name: str) -> None:
        """A process that was to end."""
        self._running = [each for each in self._running if each[0] != name]

    def fallen(self) -> str | None:
        """The first process that is no longer there, with its last words."""
        for name, process in self._running:
            if process.returncode is not None:
                words = (self.folder / f"{name}.log").read_text(errors="replace").strip().splitlines()
                return f"{name} stopped with exit code {process.returncode}: {words[-1] if words else 'without a word'}"
        return None

    def check(self, what: str) -> None:
        """Failure if a process has fallen while `what` was waited for."""
        if fallen := self.fallen():
            raise Failure(f"While waiting for {what}: {fallen.rstrip('.')}.", f"See the logs in {self.folder}.")

    async def until(self, what: str, look: Any, seconds: float = START_S) -> Any:
        """Waits until `look()` gives something true; a process that falls meanwhile ends the wait with its words."""
        async with asyncio.timeout(seconds) as limit:
            try:
                while not (found := look()):
                    self.check(what)
                    await asyncio.sleep(0.05)
                return found
            except (TimeoutError, asyncio.CancelledError):
                if limit.expired():
                    raise Failure(
                        f"{what} took more than {seconds:.0f} s.", f"See the logs in {self.folder}."
                    ) from None
                raise


async def _answers(display: str) -> bool:
    """Whether there is an X server behind DISPLAY: a forgotten variable is no screen."""
    process = await asyncio.create_subprocess_exec(
        "xdotool", "getdisplaygeometry", env={**os.environ, "DISPLAY": display}, stdout=DEVNULL, stderr=DEVNULL
    )
    return await process.wait() == 0


async def screen(stage: Stage) -> str:
    """The display to open windows on: this machine's, or a virtual one if it has none."""
    shown = os.environ.get("DISPLAY")
    if shown and shutil.which("xdotool") and await _answers(shown):
        return shown
    if not shutil.which("Xvfb"):
        raise Failure("There is no screen and no virtual one.", "Install it: apt-get install xvfb xdotool")
    read, write = os.pipe()
    log = stage.log("Xvfb")
    process = await asyncio.create_subprocess_exec(
        "Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset",
        pass_fds=(write,), stdin=DEVNULL, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    stage._running.append(("Xvfb", process))
    os.close(write)
    with os.fdopen(read) as told:  # to the end of the line: who closes sooner kills the server as it writes
        number = await asyncio.to_thread(told.readline)
    if not number.strip():
        raise Failure("The virtual screen did not start.", "Try: Xvfb :99 -screen 0 1280x800x24")
    return f":{number.strip()}"


class Line:
    """The line from the site to central: a TCP relay per port that can be cut, as a digger in the road would do it."""

    def __init__(self) -> None:
        self.whole = True
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.StreamWriter] = set()

    async def relay(self, to_port: int) -> int:
        """A port on this machine that leads to `to_port` as long as the line is whole."""

        async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if not self.whole:
                writer.transport.abort()
                return
            try:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", to_port)
            except OSError:
                writer.transport.abort()
                return
            ends = {writer, far_writer}
            self._open |= ends
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
            self._open -= ends

        server = await asyncio.start_server(joined, "127.0.0.1", 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        self.whole = False
        for end in list(self._open):
            end.transport.abort()

    def mend(self) -> None:
        self.whole = True

    def close(self) -> None:
        self.cut()
        for server in self._servers:
            server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        writer.close()
