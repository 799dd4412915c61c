"""What is a device's to ask and to sell: by the rights of its kind, and by what its point of sale may sell.

All follow from what the device is and where it was put when somebody who may invited it; its own word changes nothing.
"""

from central.catalogue.reads import serves
from central.devices.model import Device, DeviceState, NoDevice
from central.kernel.facts import Author
from central.kernel.tx import Read
from central.selling.model import PointOfSale
from shared.outcome import Refused
from shared.wire.certificates import EVERYBODY, RIGHTS, Right


def asking(read: Read, what: str, rights: frozenset[Right] = EVERYBODY) -> Device | Refused:
    """The device that asks, if it is active and its kind has one of these rights."""
    device = read.get(Device, read.actor.id)
    if device is None or device.state is not DeviceState.ACTIVE:
        return Refused(NoDevice.REVOKED, fix=read.actor.id)
    return device if rights & RIGHTS[device.kind] else Refused(NoDevice.NOT_YOUR_FEED, fix=what)


def sells(read: Read, device: Author, performance_id: str) -> bool:
    """Whether its point of sale may sell this performance."""
    point = read.get(PointOfSale, device.point_of_sale_id or "")
    return point is not None and serves(read, point.context_id, performance_id)
