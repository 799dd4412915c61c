"""What other areas ask of channels and points of sale, by name."""

from central.kernel.tx import Read
from central.selling.model import Channel, PointOfSale


def channels_naming(read: Read, contingent_id: str) -> list[Channel]:
    """Those that may sell from a contingent, by code."""
    return read.find(Channel, "WHERE contingents LIKE :named ORDER BY code", named=f'%"{contingent_id}"%')


def points_of_sale(read: Read) -> list[PointOfSale]:
    """Of the whole house, the oldest first."""
    return read.find(PointOfSale, "ORDER BY id")
