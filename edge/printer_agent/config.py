"""What a printer agent has to be told."""

from dataclasses import dataclass, field
from pathlib import Path

from edge.device.shell import DeviceConfig
from edge.printer_agent.sheet import QrMode
from edge.printer_agent.text import CODE_PAGES
from edge.printer_agent.transport import Proof, Times


@dataclass(frozen=True, slots=True)
class PrinterConfig:
    """`printer`: tcp://host:9100 or serial:/dev/ttyUSB0?baud=19200. `socket`: where the till finds the agent.

    With `device` the agent is a device of its own: it enrols, shows its presence and reports print jobs to central;
    without it works all the same, and keeps its queue in `data`. `proof`, `qr` and `code_pages` (codec → ESC t number,
    the first is preferred) are the printer model's.
    """

    printer: str
    socket: Path
    data: Path
    device: DeviceConfig | None = None
    proof: Proof = Proof.ECHO
    qr: QrMode = QrMode.NATIVE
    qr_module: int = 7
    code_pages: dict[str, int] = field(default_factory=lambda: dict(CODE_PAGES))
    times: Times = field(default_factory=Times)
    poll_s: float = 0.5
    patience_s: float = 20
    max_age_s: float = 120
    max_open_jobs: int = 50
    keep_jobs: int = 1000
    log_level: str = "info"
