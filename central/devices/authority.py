"""What is a device's to ask, to sell and to control: what its kind may ask (shared/rules/authority.py), what its point
of sale may sell, its site.

All follow from what the device is and where it was put when somebody who may invited it; its own word changes nothing.
"""

from central.catalogue.reads import serves, whereabouts
from central.devices.model import Device, DeviceState, NoDevice
from central.kernel.tx import Read
from central.selling.model import PointOfSale
from shared.outcome import Refused
from shared.rules.authority import may_ask


def asking(read: Read, name: str) -> Device | Refused:
    """The device that asks, if it is active and one of its kind may ask this."""
    device = read.get(Device, read.actor.id)
    if device is None or device.state is not DeviceState.ACTIVE:
        return Refused(NoDevice.REVOKED, fix=read.actor.id)
    return device if may_ask(device.kind, name) else Refused(NoDevice.NOT_YOUR_FEED, fix=name)


def sells(read: Read, device: Device, performance_id: str) -> bool:
    """Whether its point of sale may sell this performance."""
    point = read.get(PointOfSale, device.point_of_sale_id or "")
    return point is not None and serves(read, point.context_id, performance_id)


def controls(read: Read, device: Device, performance_id: str) -> bool:
    """Whether the performance is at its site."""
    return whereabouts(read, performance_id).site_id == device.site_id
