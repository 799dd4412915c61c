"""What other areas ask of channels and points of sale, by name."""

from collections.abc import Collection

from central.kernel.db import in_list
from central.kernel.tx import Read
from central.selling.model import Channel, PointOfSale
from shared.ids import Id


def channels_naming(read: Read, contingent_id: str) -> list[Channel]:
    """Those that may sell from a contingent, by code."""
    return read.find(Channel, "WHERE contingents LIKE :named ORDER BY code", named=f'%"{contingent_id}"%')


def points_of_sale(read: Read, among: Collection[Id] | None = None) -> list[PointOfSale]:
    """Of the whole house, or those of these that are there; the oldest first."""
    if among is None:
        return read.find(PointOfSale, "ORDER BY id")
    inside, params = in_list("point", among or [""])
    return read.find(PointOfSale, f"WHERE id IN {inside} ORDER BY id", **params)
