"""What other areas ask of channels and points of sale, by name."""

from central.kernel.tx import Read
from central.selling.model import Channel


def channels_naming(read: Read, contingent_id: str) -> list[Channel]:
    """Those that may sell from a contingent, by code."""
    return read.find(Channel, "WHERE contingents LIKE :named ORDER BY code", named=f'%"{contingent_id}"%')
