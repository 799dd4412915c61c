"""The robot visitor: it sees where the kiosk can be touched, touches its window, takes tickets from the printer's tray
and holds them under a gate's reader. Nothing that it does is out of a visitor's reach."""

import asyncio
import json
import os
import tty
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import zxingcpp
from PIL import Image

from parterre.demo.stage import Stage

PATIENCE_S = 25.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What the kiosk shows: its screen's name, and where it answers to a touch, in pixels."""

    drawing: int
    screen: str
    targets: dict[str, tuple[int, int]]


class Visitor:
    """Fingers and eyes before one kiosk."""

    def __init__(self, stage: Stage, targets: Path, display: str, kiosk_pid: int) -> None:
        self._stage, self._targets, self._kiosk_pid = stage, targets, kiosk_pid
        self._env = {**os.environ, "DISPLAY": display}
        self._window = ""

    def sees(self) -> Seen | None:
        try:
            said = json.loads(self._targets.read_text())
        except (OSError, ValueError):
            return None
        return Seen(said["drawing"], said["screen"], {name: (x, y) for name, (x, y) in said["targets"].items()})

    async def waits_for(self, *screens: str, seconds: float = PATIENCE_S) -> Seen:
        def look() -> Seen | None:
            seen = self.sees()
            return seen if seen and seen.screen in screens else None

        found: Seen = await self._stage.until(f"the kiosk's screen {' or '.join(screens)}", look, seconds)
        return found

    async def touches(self, name: str, seconds: float = PATIENCE_S) -> Seen:
        """Waits until the place is there, touches it, and waits until something changed."""

        def there() -> Seen | None:
            seen = self.sees()
            return seen if seen and name in seen.targets else None

        seen: Seen = await self._stage.until(f"“{name}” on the kiosk's screen", there, seconds)
        x, y = seen.targets[name]
        await self._xdotool("mousemove", "--window", await self._find(), str(x), str(y), "mousedown", "1")
        await asyncio.sleep(0.08)
        await self._xdotool("mouseup", "1")

        def changed() -> Seen | None:
            now = self.sees()
            return now if now and now.drawing != seen.drawing else None

        after: Seen = await self._stage.until(f"an answer to “{name}”", changed, seconds)
        return after

    async def _find(self) -> str:
        if not self._window:
            for _ in range(100):
                found = (await self._xdotool("search", "--pid", str(self._kiosk_pid), check=False)).split()
                if found:
                    self._window = found[-1]
                    break
                await asyncio.sleep(0.1)
        return self._window

    async def _xdotool(self, *words: str, check: bool = True) -> str:
        process = await asyncio.create_subprocess_exec(
            "xdotool", *words, env=self._env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await process.communicate()
        if check and process.returncode:
            raise RuntimeError(f"xdotool {' '.join(words)}: {err.decode().strip()}")
        return out.decode()


class Tray:
    """Where the printer's tickets fall. A ticket is what can be read off its picture."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._stage, self._folder = stage, folder
        self._looked: set[Path] = set()
        self.tokens: list[str] = []

    async def takes(self, count: int, seconds: float = PATIENCE_S) -> list[str]:
        """The next `count` tickets' codes, in the order in which they were cut."""
        taken = len(self.tokens)
        await self._stage.until(f"{count} tickets in the tray", lambda: self._look() >= taken + count, seconds)
        return self.tokens[taken : taken + count]

    def _look(self) -> int:
        for picture in sorted(self._folder.glob("*.png")):
            if picture not in self._looked:
                self._looked.add(picture)
                with Image.open(picture) as image:
                    codes = zxingcpp.read_barcodes(image.convert("L"))
                self.tokens += [code.text for code in codes if len(code.text) > 100 and code.text not in self.tokens]
        return len(self.tokens)


class Lane:
    """A gate lane from outside: the scanner's cable on one side, lamp and relay on the other."""

    def __init__(self, stage: Stage, name: str, port_log: Path) -> None:
        self.name, self._stage, self._log = name, stage, port_log
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.device = os.ttyname(slave)
        self._slave = slave  # held open: the cable stays plugged while the gate starts
        self.shown: dict[str, Any] = {}

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)

    async def scans(self, token: str) -> str:
        """Holds a ticket under the reader; answers with the lamp that lit: green, amber or red."""
        before = len(self._entries())
        os.write(self._master, token.encode() + b"\r\n")

        def lit() -> str | None:
            lamps = [entry["lamp"] for entry in self._entries()[before:] if entry["what"] == "lamp"]
            return next((lamp for lamp in lamps if lamp != "off"), None)

        lamp: str = await self._stage.until(f"an answer from {self.name}", lit, 10)
        return lamp

    async def rests(self) -> None:
        """Waits until the last visitor is through and the lamp is out."""

        def resting() -> bool:
            lamps = [entry["lamp"] for entry in self._entries() if entry["what"] == "lamp"]
            return not lamps or lamps[-1] == "off"

        await self._stage.until(f"{self.name} to rest", resting, 15)

    def _entries(self) -> list[dict[str, Any]]:
        if not self._log.exists():
            return []
        return [orjson.loads(line) for line in self._log.read_bytes().splitlines() if line.endswith(b"}")]
