"""How many places a drawn hall has, on its page: its gauge is what it may not go beyond, and says nothing of a plan."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central.kernel.tx import Read
from central.venues.model import PhysicalConfiguration
from central.web.frame import FRAME
from central.web.texts import Texts


def capacity_pages(app: web.Application) -> None:
    app[FRAME].part_of("physical_configuration", "hall_capacity.html", capacity_part)


def capacity_part(read: Read, _: Texts, hall: PhysicalConfiguration) -> Mapping[str, Any] | None:
    """None: it is not drawn yet."""
    ((zones, places),) = read.run(
        "SELECT COUNT(*), COALESCE(SUM(capacity), 0) FROM physical_zone WHERE configuration_id = :id", id=hall.id
    )
    ((seats,),) = read.run("SELECT COUNT(*) FROM physical_seat WHERE configuration_id = :id", id=hall.id)
    if not zones:
        return None
    return {"places": int(places), "seats": int(seats)}
