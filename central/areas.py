"""The areas of central in their order: each imports, and names in its statements, only what stands before it
(`tools/checks.py sql` reads the order here and looks). Importing this declares everything."""

import central.web.history.log  # noqa: F401  # the shell's own queries
from central import (
    access,
    catalogue,
    devices,
    first_run,
    inventory,
    ledger,
    orders,
    organisation,
    pricing,
    programme,
    reports,
    selling,
    venues,
)
from central.web.area import Area

AREAS: tuple[Area, ...] = (
    organisation.AREA,
    venues.AREA,
    catalogue.AREA,
    selling.AREA,
    pricing.AREA,
    inventory.AREA,
    ledger.AREA,
    programme.AREA,
    orders.AREA,
    access.AREA,
    devices.AREA,
    reports.AREA,
    first_run.AREA,
)

for _area in AREAS:
    _area.declare()
