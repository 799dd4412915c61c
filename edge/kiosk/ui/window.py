"""The kiosk's window: shows a `Kiosk` value, and says which event a touch was. It keeps no state of the visit.

It redraws when something to be seen has changed, never by the clock alone, and not while a finger is down: what is
under a finger stays there until it lifts. Where there is no screen it refuses to open: SDL would fall back to drawing
into memory, and a kiosk that "runs" black is worse than one that says why it does not.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from socket import AF_UNIX, create_connection, socket
from tempfile import mkdtemp
from typing import Any

from edge.kiosk.model import Event, Kiosk, Screen, Touched
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.paint import Page, PageTurn, Press
from shared.look import Scheme, look


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """`offscreen` permits drawing into memory (tests, pictures). `targets_file`: where to say, at each drawing, which
    screen is shown and where it can be touched (a robot's eyes)."""

    width: int = 1280
    height: int = 800
    fullscreen: bool = False
    offscreen: bool = False
    targets_file: Path | None = None
    frames: int = 30


class NoScreen(Exception):
    """There is nothing to draw on; the text says what to do."""


def prepare(settings: WindowSettings) -> None:
    """Set what Kivy reads when it is imported; to be called before anything else imports it."""
    wanted = {
        "KIVY_NO_ARGS": "1",
        "KIVY_NO_CONFIG": "1",
        "KIVY_NO_FILELOG": "1",
        "KIVY_NO_ENV_CONFIG": "0",
        "KIVY_LOG_MODE": "PYTHON",
        "KCFG_GRAPHICS_WIDTH": str(settings.width),
        "KCFG_GRAPHICS_HEIGHT": str(settings.height),
        "KCFG_GRAPHICS_FULLSCREEN": "auto" if settings.fullscreen else "0",
        "KCFG_GRAPHICS_MULTISAMPLES": "0",
        "KCFG_GRAPHICS_MAXFPS": str(settings.frames),
        "KCFG_GRAPHICS_RESIZABLE": "0",
        "KCFG_INPUT_MOUSE": "mouse,disable_multitouch",
        "KCFG_GRAPHICS_SHOW_CURSOR": "0" if settings.fullscreen else "1",
        "KCFG_KIVY_EXIT_ON_ESCAPE": "0",
    }
    if not os.access(
        os.environ.get("HOME", ""), os.W_OK
    ):  # a hardened unit has no home; Kivy insists on a folder of its own
        wanted["KIVY_HOME"] = mkdtemp(prefix="parterre-kiosk-")
    for name, value in wanted.items():
        os.environ.setdefault(name, value)
    if settings.offscreen:
        os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
        return
    driver, display = os.environ.get("SDL_VIDEODRIVER", ""), os.environ.get("DISPLAY", "")
    if driver == "offscreen" or not (driver or display or os.environ.get("WAYLAND_DISPLAY")):
        raise NoScreen(
            "The kiosk has no screen to draw on. Set DISPLAY, or SDL_VIDEODRIVER=kmsdrm on a board without X, "
            "or allow drawing into memory."
        )
    if display and driver in ("", "x11") and not os.environ.get("WAYLAND_DISPLAY") and not _x_answers(display):
        raise NoScreen(f"No X server answers at DISPLAY={display}. Start it, or correct DISPLAY.")
    if not driver:  # SDL may choose among screens, not choose none
        os.environ["SDL_VIDEODRIVER"] = "wayland,x11" if os.environ.get("WAYLAND_DISPLAY") else "x11"


def _x_answers(display: str) -> bool:
    """Whether somebody listens where an X server should; SDL would end the process without a word."""
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdecimal():
        return False
    if host and host != "unix":
        with suppress(OSError), create_connection((host, 6000 + int(number)), timeout=2):
            return True
        return False
    for address in (f"\0/tmp/.X11-unix/X{number}", f"/tmp/.X11-unix/X{number}"):  # noqa: S108  (X's own place)
        with suppress(OSError), socket(AF_UNIX) as wire:
            wire.connect(address)
            return True
    return False


class KioskWindow:
    """`send` is called with each event of the visitor. `show` may be called at any time, before `run` too."""

    def __init__(self, send: Callable[[Event], None], settings: WindowSettings = WindowSettings()) -> None:
        prepare(settings)
        from edge.kiosk.ui.root_widget import (
            Glass,  # Kivy opens its window on import: only now is the environment ready
        )

        self._send, self._settings = send, settings
        self._kiosk: Kiosk | None = None
        self._drawn: Kiosk | None = None
        self._page: Page | None = None
        self._turned: dict[str, int] = {}
        self._drawings = 0
        self._glass: Any = Glass(self)

    # --- what the kiosk calls --------------------------------------------------------------------------------------

    def show(self, kiosk: Kiosk) -> None:
        self._kiosk = kiosk
        self._glass.changed()

    async def run(self) -> None:
        """Until `stop` is called or the window is closed."""
        await self._glass.run()

    def stop(self) -> None:
        self._glass.stop()

    def targets(self) -> dict[str, tuple[float, float]]:
        """Every place that answers to a touch now, by its stable name: its middle in pixels from the top left. Where
        one place covers another's middle, a free spot of it is given."""
        if self._page is None:
            return {}
        found = {press.name: spot for press in self._page.presses if (spot := _spot(self._page, press))}
        if self._kiosk and self._kiosk.screen is Screen.SEATS and not self._kiosk.warned:
            seats = self._glass.plan.seats()
            found |= {f"seat:{seat_id}": spot for seat_id, spot in seats.items() if self._page.at(*spot) is None}
        return found

    def screenshot(self, path: Path) -> None:
        """Write what the window shows to a PNG."""
        self._glass.screenshot(path)

    # --- what the glass calls ----------------------------------------------------------------------------------------

    @property
    def offscreen(self) -> bool:
        return self._settings.offscreen

    @property
    def kiosk(self) -> Kiosk | None:
        return self._kiosk

    @property
    def page(self) -> Page | None:
        return self._page

    def due(self) -> bool:
        """Whether there is something new to be seen; the clock shows only while the visitor is asked to answer."""
        return self._kiosk is not None and _seen(self._kiosk) != (_seen(self._drawn) if self._drawn else None)

    def compose(self, width: float, height: float, forced: bool = False) -> Page | None:
        """The page to draw now, or None if the one on the screen still holds."""
        kiosk = self._kiosk
        if kiosk is None or not (forced or self.due()):
            return None
        if self._drawn is None or self._drawn.screen is not kiosk.screen:
            self._turned.clear()
        from edge.kiosk.ui.screens import paint

        page = Page(Rect(0, 0, width, height), look(), scheme_of(kiosk), kiosk.large, turned=dict(self._turned))
        paint(page, kiosk)
        self._drawn, self._page = kiosk, page
        return page

    def act(self, press: Press) -> None:
        """A touch went down and up on this place."""
        if isinstance(press.act, PageTurn):
            self.turn(press.act)
            self._send(Touched())  # nothing for the kiosk to do, but somebody is here
        else:
            self._send(press.act)

    def chosen(self, event: Event) -> None:
        self._send(event)

    def turn(self, turn: PageTurn) -> None:
        if turn.what == "plan":
            self._glass.plan.zoom(turn.by)
        else:
            self._turned[turn.what] = self._turned.get(turn.what, 0) + turn.by
            self._glass.changed(forced=True)

    def tell(self) -> None:
        """Write the targets file, whole or not at all."""
        path = self._settings.targets_file
        if path is None or self._kiosk is None:
            return
        self._drawings += 1
        told = {
            "drawing": self._drawings,  # goes up with each: who waits for a touch to show knows that it did
            "screen": self._kiosk.screen,
            "language": self._kiosk.language,
            "warned": self._kiosk.warned,
            "targets": {name: [round(x), round(y)] for name, (x, y) in self.targets().items()},
        }
        fresh = path.with_suffix(path.suffix + ".new")
        fresh.write_text(json.dumps(told, ensure_ascii=False))
        fresh.replace(path)


def scheme_of(kiosk: Kiosk) -> Scheme:
    return look().schemes["contrast" if kiosk.contrast else "kiosk"]


def _seen(kiosk: Kiosk) -> Kiosk:
    if kiosk.warned:
        return kiosk
    return replace(kiosk, deadline=None, now=kiosk.now.replace(second=0, microsecond=0) if kiosk.now else None)


def _spot(page: Page, press: Press) -> tuple[float, float] | None:
    """A point of the place that no other place covers: its middle, or one of a coarse grid."""
    rect = press.rect
    points = [
        rect.centre,
        *((rect.x + rect.w * u / 8, rect.y + rect.h * v / 8) for v in range(1, 8) for u in range(1, 8)),
    ]
    return next((point for point in points if page.at(*point) is press), None)
