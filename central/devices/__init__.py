"""The devices: enrolment, keys, leases, feeds out and facts in."""

from central.devices import (
    bells,
    checklist_items,
    enrolment,
    facts,
    feeds,
    hall,
    hall_pictures,
    instructions,
    leases,
    pages,
    presence,
    revocations,
    snapshots,
)
from central.devices.model import DevicesPrivilege
from central.kernel.feeds import Feeds, Scope
from central.web.area import Area
from shared.wire.feeds import Family

AREA = Area(
    name="devices",
    modules=(enrolment, facts, feeds, hall, leases, instructions, revocations, snapshots),
    privileges=tuple(DevicesPrivilege),
    means=snapshots.folder,
    pages=(pages.device_pages, presence.presences, snapshots.files),
    loops={"bells": bells.ringing, "halls": hall_pictures.drawing, "snapshots": snapshots.keeping},
    outbox={instructions.OUTBOX_KIND: instructions.sending},
    checklist=(checklist_items.devices,),
    health={"broker": presence.broker},
    feeds=(
        Feeds.of(Family.KEYS, Scope.INSTITUTION),
        Feeds.of(Family.HALL, Scope.SITE),
        Feeds.of(Family.LEASES, Scope.SELLER),
    ),
)
