"""What other areas ask of channels and points of sale, by name."""

from central.kernel.tx import Read
from central.selling.model import Channel


def channels_naming(read: Read, contingent_id: str) -> list[Channel]:
    """Those that may sell from a contingent, by code. A house has few channels, and of a list of ids nothing but an id
    stands in quotes."""
    return read.find(Channel, "WHERE contingents LIKE :named ORDER BY code", named=f'%"{contingent_id}"%')
