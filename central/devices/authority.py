"""What is a device's to ask, to sell and to control: what its kind may ask (shared/rules/authority.py), what its point
of sale may sell, its site.

All follow from what the device is and where it was put when somebody who may invited it; its own word changes nothing.
"""

from central.devices.model import Device, DeviceState, NoDevice
from central.kernel.contexts import path_of
from central.kernel.tx import Read
from shared.outcome import Refused
from shared.rules.authority import may_ask

MOST_REMEMBERED = 5_000
_MEMORY = "performances of devices"


def asking(read: Read, name: str) -> Device | Refused:
    """The device that asks, if it is active and one of its kind may ask this."""
    device = read.get(Device, read.actor.id)
    if device is None or device.state is not DeviceState.ACTIVE:
        return Refused(NoDevice.REVOKED, fix=read.actor.id)
    return device if may_ask(device.kind, name) else Refused(NoDevice.NOT_YOUR_FEED, fix=name)


def sells(read: Read, device: Device, performance_id: str) -> bool:
    """Whether its point of sale may sell this performance: it stands where the performance does, or above it."""
    point = read.one("SELECT context_id FROM point_of_sale WHERE id = :id", id=device.point_of_sale_id or "")
    return point is not None and point[0] in _place(read, performance_id)[1]


def controls(read: Read, device: Device, performance_id: str) -> bool:
    """Whether the performance is at its site."""
    return _place(read, performance_id)[0] == device.site_id


def belongs(read: Read, context_id: str, performance_id: str) -> bool:
    """Whether what stands in a context serves a performance."""
    return context_id in _place(read, performance_id)[1]


def _place(read: Read, performance_id: str) -> tuple[str, tuple[str, ...]]:
    """Its site, its context and those above it; neither ever changes. Empty: there is no such performance."""
    known: dict[str, tuple[str, tuple[str, ...]]] = read.memory.setdefault(_MEMORY, {})
    if (found := known.get(performance_id)) is not None:
        return found
    row = read.one("SELECT site_id, context_id FROM performance WHERE id = :id", id=performance_id)
    if row is None:
        return "", ()
    if len(known) >= MOST_REMEMBERED:
        known.clear()
    known[performance_id] = (str(row[0]), path_of(read, row[1]))
    return known[performance_id]
