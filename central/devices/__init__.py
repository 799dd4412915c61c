"""The devices: enrolment, keys, leases, feeds out and facts in."""

from central.devices import (
    bells,
    callers,
    checklist_items,
    checks,
    enrolment,
    facts,
    feeds,
    hall,
    hall_pictures,
    instruction_page,
    instructions,
    lease_exposure,
    leases,
    pages,
    presence,
    revocations,
    snapshots,
)
from central.devices.model import DeviceAnomaly, DevicesPrivilege, NotLeased
from central.devices.sales import take_sale
from central.devices.settings import DevicesSettings
from central.kernel.actor import ActorKind
from central.kernel.facts import KindOfFact
from central.kernel.feeds import Feeds, Scope
from central.kernel.privileges import UsualProfile
from central.orders.device_sales import NotBooked
from central.web.area import Area
from central.web.rooms import Room
from shared.wire.certificates import EVERYBODY, Right
from shared.wire.facts import FactKind, LeaseSealed, Sale, SlotsReturned
from shared.wire.feeds import FeedFamily

SELLERS = frozenset({Right.SELL})

AREA = Area(
    name="devices",
    room=Room.DEVICES,
    modules=(enrolment, facts, feeds, hall, lease_exposure, leases, instructions, revocations, snapshots),
    settings=DevicesSettings,
    privileges=tuple(DevicesPrivilege),
    usual={
        UsualProfile.BACK_OFFICE: (DevicesPrivilege.DEVICE_READ,),
        UsualProfile.GATE: (DevicesPrivilege.DEVICE_READ,),
        UsualProfile.READER: (DevicesPrivilege.DEVICE_READ,),
    },
    means=snapshots.folder,
    pages=(pages.device_pages, instruction_page.instruction_pages, presence.presences, snapshots.files),
    callers=(callers.devices,),
    actors={ActorKind.DEVICE: pages.DEVICES},
    loops={
        "bells": bells.ringing,
        "halls": hall_pictures.drawing,
        "snapshots": snapshots.keeping,
        "presences": presence.proving,
    },
    outbox={instructions.OUTBOX_KIND: instructions.sending},
    checklist=(checklist_items.devices,),
    health={"broker": presence.broker},
    facts=(
        KindOfFact(FactKind.SALE, SELLERS, Sale, take_sale, refuses=(NotLeased, NotBooked)),
        KindOfFact(FactKind.SLOTS_RETURNED, SELLERS, SlotsReturned, leases.take_returned, refuses=(NotLeased,)),
        KindOfFact(FactKind.LEASE_SEALED, SELLERS, LeaseSealed, leases.take_sealed, refuses=(NotLeased,)),
        KindOfFact(FactKind.PAYMENT, SELLERS),
        KindOfFact(FactKind.PRINT, frozenset({Right.PRINT})),
        KindOfFact(FactKind.INCIDENT, EVERYBODY),
        KindOfFact(FactKind.CLOCK, EVERYBODY),
    ),
    anomalies=tuple(DeviceAnomaly),
    checks=(checks.LOST, checks.EFFECTS, checks.VISIBLE, checks.BLOCKED),
    feeds=(
        Feeds(FeedFamily.KEYS, Scope.INSTITUTION, EVERYBODY),
        Feeds(FeedFamily.HALL, Scope.SITE, SELLERS),
        Feeds(FeedFamily.LEASES, Scope.SELLER, SELLERS | {Right.CONTROL}),  # a seller's own; a gate's are its site's
    ),
)
