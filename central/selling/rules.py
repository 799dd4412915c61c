"""Whether anything is sold at a point of sale: orders, holds, leases and what kiosks are told ask this one function."""


def is_open(point_active: bool, channel_active: bool) -> bool:
    return point_active and channel_active
