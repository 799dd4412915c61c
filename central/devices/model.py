"""Devices, their one-time codes, their leases slot by slot, and every fact that they uploaded."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated

from central.access.model import GATE
from central.kernel.entity import Link, Look, Loose, Ref, Secret, Unproved, entity
from central.kernel.facts import no_effects
from central.kernel.values import Code, OneOf
from central.orders.model import SOLD_BY
from shared.ids import Id
from shared.life import Life
from shared.outcome import Reason
from shared.wire.certificates import RIGHTS, DeviceKind, Right
from shared.wire.leases import LEASE, LeaseState, SlotState

INVITED = frozenset({DeviceKind.KIOSK, DeviceKind.GATE, DeviceKind.PRINTER, DeviceKind.BROKER})
"""The kinds of devices that enrol: central's key is made with the house, and there is no device for a bar yet."""
SELLERS = frozenset(kind for kind in DeviceKind if Right.SELL in RIGHTS[kind])


class DevicesPrivilege(StrEnum):
    DEVICE_READ = "devices.device.read"
    DEVICE_MODIFY = "devices.device.modify"
    DEVICE_APPROVE = "devices.device.approve"
    LEASE_WRITE_OFF = "devices.lease.write_off"
    DEVICE_SYNC = "devices.sync.execute"  # what a device itself may do: read its feeds, upload, ask for a lease


class DeviceAnomaly(StrEnum):
    SLOT_CLASH = auto()  # one slot of a lease, two sales: a cloned card or a restored backup
    SALE_WITHOUT_LEASE = auto()  # a slot that was never given, or had come back
    SALE_AFTER_WRITE_OFF = auto()
    CHAIN_BROKEN = auto()  # a device's journal does not follow from what it sent before
    QUARANTINED = auto()  # from a revoked device
    DEAD_LETTER = auto()  # a fact that cannot be read


class DeviceState(StrEnum):
    INVITED = auto()
    PENDING = auto()  # its key is here, an operator has to approve
    ACTIVE = auto()
    REVOKED = auto()


class DeviceDo(StrEnum):
    ENROL = auto()
    APPROVE = auto()
    REVOKE = auto()


DEVICE = Life[DeviceState, DeviceDo]({
    (DeviceState.INVITED, DeviceDo.ENROL): DeviceState.PENDING,
    (DeviceState.PENDING, DeviceDo.APPROVE): DeviceState.ACTIVE,
    (DeviceState.INVITED, DeviceDo.REVOKE): DeviceState.REVOKED,
    (DeviceState.PENDING, DeviceDo.REVOKE): DeviceState.REVOKED,
    (DeviceState.ACTIVE, DeviceDo.REVOKE): DeviceState.REVOKED,
}, begins=frozenset({DeviceState.INVITED}), main=frozenset({DeviceDo.APPROVE}),
   stops=frozenset({DeviceDo.REVOKE}))  # fmt: skip


@entity(
    "device", read=DevicesPrivilege.DEVICE_READ, chosen=True, unique=(("context_id", "code"), ("point_of_sale_id",)),
    index=(("code_digest",), ("kid",)), life=("state", DEVICE), fills=(GATE, SOLD_BY),
)  # fmt: skip
@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """`code` is short and names its series of numbers and receipts. A point of sale is one workstation, so it has one
    device at most (docs/spec/domain-facts.md, Box office). `contiguous`: every fact up to here arrived; `head` is the
    hash of that fact. `code_digest` and `code_until` are its one-time enrolment code's. `lease_epoch`: how many leases
    it was given; each is signed with its number."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    site_id: Annotated[Id, Ref("site")]
    point_of_sale_id: Annotated[Id, Ref("point_of_sale")] | None
    kind: DeviceKind
    code: Code
    label: str
    state: DeviceState
    kid: str
    public_key: Annotated[str, Look.MACHINE]
    certificate: Annotated[str, Look.MACHINE]
    code_digest: Annotated[str, Look.MACHINE, Secret()]
    code_until: datetime | None
    contiguous: Annotated[
        int, Unproved("how far its facts have come, which are proved: what is asked for follows from them")
    ]
    head: Annotated[str, Look.MACHINE, Unproved("the hash of the fact that `contiguous` names")]
    lease_epoch: int


@entity(
    "lease", read=DevicesPrivilege.DEVICE_READ, index=(("device_id", "performance_id"), ("performance_id",)),
    life=("state", LEASE),
)  # fmt: skip
@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRecord:
    """A lease as given out: the signed text, and what has become of it since."""

    id: Id
    device_id: Annotated[Id, Ref("device")]
    performance_id: Annotated[Id, Ref("performance")]
    state: LeaseState
    text: Annotated[str, Look.MACHINE]
    kid: Annotated[str, Look.MACHINE]
    signature: Annotated[str, Look.MACHINE]
    issued: datetime
    sell_until: datetime


@entity("lease_slot", read=DevicesPrivilege.DEVICE_READ, unique=(("lease_id", "slot"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseSlot:
    """Its id is the id of the ticket that its sale issues. FREE here means: with the device, nothing heard yet."""

    id: Id
    lease_id: Annotated[Id, Ref("lease")]
    slot: int
    allocation_id: Annotated[Id, Ref("allocation")]
    category_id: Annotated[Id, Link("seat_category")]
    seat_id: Annotated[Id, Link("physical_seat")] | None
    zones: int
    state: SlotState
    order_id: Annotated[Id, Link("sale_order")] | None


class FactState(StrEnum):
    TAKEN = auto()
    DEAD = auto()  # could not be read; a person may retry it
    QUARANTINED = auto()


class FactDo(StrEnum):
    RETRY = auto()


FACT = Life[FactState, FactDo]({(FactState.DEAD, FactDo.RETRY): FactState.TAKEN}, begins=frozenset(FactState))


@entity("fact", read=DevicesPrivilege.DEVICE_READ, unique=(("device_id", "seq", "hash"),), life=("state", FACT))
@dataclass(frozen=True, slots=True, kw_only=True)
class FactRecord:
    """What a device uploaded, as it came; `fact_id` is the id that it gave it (a scan's, say). The id here
    follows from device and hash: the same fact twice is one row. Of a dead letter `reason` says why nothing follows
    from it, `why` has the particulars; of one that came before there were reasons it is None."""

    id: Id
    device_id: Annotated[Id, Ref("device")]
    seq: int
    kind: str
    fact_id: Annotated[Id, Look.MACHINE, Loose("what its device called it")]
    at: datetime
    received: datetime
    clock: str
    body: str
    prev: Annotated[str, Look.MACHINE]
    hash: Annotated[str, Look.MACHINE]
    state: FactState
    why: str
    reason: Annotated[str, OneOf(no_effects)] | None = None


@entity("snapshot", read=DevicesPrivilege.DEVICE_READ, unique=(("site_id", "version"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRecord:
    """A first load that was made for a site: its sealed manifest, and the file's name."""

    id: Id
    site_id: Annotated[Id, Ref("site")]
    version: int
    file: str
    text: Annotated[str, Look.MACHINE]
    kid: Annotated[str, Look.MACHINE]
    signature: Annotated[str, Look.MACHINE]


class NoDevice(Reason):
    NO_SUCH_DEVICE = auto()
    BAD_CODE = auto()
    CODE_EXPIRED = auto()
    BAD_REQUEST = auto()
    NOT_POSSIBLE_NOW = auto()
    NOT_INVITED = auto()  # no device of this kind enrols
    NO_LABEL = auto()
    NO_SUCH_SITE = auto()
    NO_SUCH_POINT_OF_SALE = auto()
    WEAK_ENROLMENT_CODE = auto()  # easier to guess than those that central makes
    CODE_TAKEN = auto()
    ENROLMENT_CODE_TAKEN = auto()  # it enrols another device, within the ten minutes that it lives
    KEY_TAKEN = auto()  # it is or was that of another device, or is central's
    NOT_YOUR_FEED = auto()
    NO_DEAD_LETTER = auto()  # it was taken meanwhile, or never was one
    NO_SNAPSHOT = auto()  # none was made, or its time is over: the feeds come by page
    REVOKED = auto()
    NOT_ITS_TICKETS = auto()  # more than it can have signed
    # whose: a revoked device's own
    QUARANTINE_FULL = auto()  # of one that is not ours any more as much is kept as people can look at


class NotLeased(Reason):
    """Why nothing follows from what a device says that it sold, returned or sealed."""

    NO_POINT_OF_SALE = auto()
    NOT_ITS_LEASE = auto()
    OTHER_PERFORMANCE = auto()


class NoLease(Reason):
    """Why no lease is given, in order."""

    NOT_A_SELLER = auto()
    NO_SUCH_PERFORMANCE = auto()
    NOT_ON_SALE = auto()
    TOO_MANY = auto()  # whose: a device and a performance
    TAKEN = auto()
    RESERVE_KEPT = auto()
    NO_SUCH_LEASE = auto()
    NOT_POSSIBLE_NOW = auto()
