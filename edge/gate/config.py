"""A lane's configuration; docs/devices/gate.md explains every key."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edge.device.shell import DeviceConfig
from shared.ids import Id
from shared.rules.access import ProofRule
from shared.wire.facts import Direction
from shared.wire.feeds import OfflinePolicy

ALL_ZONES = 0xFFFF


@dataclass(frozen=True, slots=True)
class LaneConfig:
    """`name` stands on the door and in every message. `zones` and `owns` are sums of control zones' bits. `persons`:
    how many one showing of a group's ticket lets in, 0 for all. `sensor`: a contact tells who went through.
    `language`: of its words; empty: the house's, as central says."""

    name: str
    direction: Direction = Direction.ENTRY
    zones: int = ALL_ZONES
    owns: int = 0
    performances: tuple[Id, ...] = ()
    capacity: int = 0
    proof: ProofRule = ProofRule.SHOW
    policy: OfflinePolicy = OfflinePolicy.ADMIT_AND_FLAG
    helpdesk: bool = False
    sensor: bool = True
    persons: int = 1
    grant_s: float = 7.0
    gap_s: float = 3.0
    show_s: float = 4.0
    stale_s: float = 30.0
    language: str = ""
    timezone: str = "Europe/Paris"


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    device: str
    baudrate: int = 9600


@dataclass(frozen=True, slots=True)
class GpioConfig:
    """Line offsets on the chip named `chip`; None: not wired. Outputs are active high, contacts close to ground.
    `pulse_ms`: turnstiles want 100 at least."""

    chip: str = "pinctrl-rp1"
    relay: int | None = None
    green: int | None = None
    amber: int | None = None
    red: int | None = None
    buzzer: int | None = None
    passage: int | None = None
    fire: int | None = None
    pulse_ms: int = 200
    debounce_ms: int = 20


@dataclass(frozen=True, slots=True)
class PortConfig:
    """`fake` drives nothing, writes what it would have done to `log` (JSON lines), and with `passage_s` plays the
    visitor who walks through after that time."""

    kind: Literal["fake", "gpio"] = "fake"
    log: Path | None = None
    passage_s: float | None = None
    gpio: GpioConfig = field(default_factory=GpioConfig)


@dataclass(frozen=True, slots=True)
class GateConfig:
    device: DeviceConfig
    lane: LaneConfig
    reader: ReaderConfig
    port: PortConfig = field(default_factory=PortConfig)
