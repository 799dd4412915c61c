"""What a process takes from its machine: the two clocks, and chance for fresh ids. Tests and the simulation bring
their own clock; everything else asks this one."""

import time
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Protocol, runtime_checkable

from shared.clock import Reading, to_ms
from shared.ids import Id, id_at

_KERNEL_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    def read(self) -> Reading: ...


@runtime_checkable
class Dice(Protocol):
    """A clock that also brings its own chance, so that a simulated run replays from its seed."""

    def chance(self, size: int) -> bytes: ...


class SystemClock:
    """The machine's clocks. The boot is the kernel's where it tells us: a process that restarts without a line then
    still knows the time that central gave it, as the monotonic clock has gone on counting (sleep included)."""

    __slots__ = ("_boot_id", "_source")

    def __init__(self) -> None:
        try:
            self._boot_id = _KERNEL_BOOT.read_text().strip().replace("-", "")
            self._source = time.CLOCK_BOOTTIME
        except (OSError, AttributeError):
            self._boot_id, self._source = token_hex(16), time.CLOCK_MONOTONIC

    def read(self) -> Reading:
        mono_ms = time.clock_gettime_ns(self._source) // 1_000_000
        return Reading(wall=datetime.now(UTC), mono_ms=mono_ms, boot_id=self._boot_id)


def fresh_id(clock: Clock) -> Id:
    """A new id: 48 bits of the clock's wall time, 80 bits of chance."""
    chance = clock.chance(10) if isinstance(clock, Dice) else token_bytes(10)
    return id_at(to_ms(clock.read().wall), chance)
