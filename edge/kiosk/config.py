"""What a kiosk has to be told (docs/devices/kiosk.md)."""

from dataclasses import dataclass, field
from pathlib import Path

from edge.device.shell import DeviceConfig
from edge.kiosk.card_terminal import TerminalSettings
from edge.kiosk.ui.window import WindowSettings


@dataclass(frozen=True, slots=True)
class PrinterLink:
    """`socket`: where the printer agent listens. `settle_s`: after so long without a word the paper is uncertain; the
    agent itself gives up a ticket that did not come out much earlier."""

    socket: Path
    timeout_s: float = 3.0
    settle_s: float = 150.0


@dataclass(frozen=True, slots=True)
class KioskConfig:
    """`language`: of the idle picture; empty: the house's, as central says. `contact`: where a claim slip sends its
    holder. `lease_s`: how long a visitor waits for central's answer about seats. `stock_s` and `check_s`: how often
    stock, and printer, terminal and the rest, are looked at."""

    device: DeviceConfig
    printer: PrinterLink
    terminal: TerminalSettings = field(default_factory=TerminalSettings)
    window: WindowSettings = field(default_factory=WindowSettings)
    language: str = ""
    contact: str = ""
    lease_s: float = 8.0
    stock_s: float = 2.0
    check_s: float = 2.0

    @property
    def log_level(self) -> str:
        return self.device.log_level
