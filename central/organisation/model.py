"""Institution, organiser, season and activity are one tree of contexts; rights are held at a context and reach down."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.entity import Ref, Secret, entity
from shared.ids import Id

Names = dict[str, str]
"""Texts per language; French is required (spec/organisation.md)."""


class Privilege(StrEnum):
    """What may be granted at a context. `<area>.<thing>.<action>`."""

    CONTEXT_READ = "organisation.context.read"
    CONTEXT_MODIFY = "organisation.context.modify"
    OPERATOR_READ = "organisation.operator.read"
    OPERATOR_MODIFY = "organisation.operator.modify"
    VENUE_READ = "venues.venue.read"
    VENUE_MODIFY = "venues.venue.modify"
    CATALOGUE_READ = "catalogue.event.read"
    CATALOGUE_MODIFY = "catalogue.event.modify"
    PRICE_READ = "pricing.grid.read"
    PRICE_MODIFY = "pricing.grid.modify"
    CHANNEL_READ = "selling.channel.read"
    CHANNEL_MODIFY = "selling.channel.modify"
    CONTINGENT_READ = "inventory.contingent.read"
    CONTINGENT_MODIFY = "inventory.contingent.modify"
    PLACE_BLOCK = "inventory.place.block"
    LEDGER_READ = "ledger.move.read"
    ORDER_READ = "orders.order.read"
    ORDER_CREATE = "orders.order.create"
    TICKET_REISSUE = "orders.ticket.reissue"
    ACCESS_READ = "access.scan.read"
    DEVICE_READ = "devices.device.read"
    DEVICE_MODIFY = "devices.device.modify"
    DEVICE_APPROVE = "devices.device.approve"
    LEASE_WRITE_OFF = "devices.lease.write_off"
    DEVICE_SYNC = "devices.sync.execute"  # what a device itself may do: read its feeds, upload, ask for a lease


class ContextKind(StrEnum):
    INSTITUTION = auto()
    ORGANISER = auto()
    SEASON = auto()
    ACTIVITY = auto()


PARENT = {
    ContextKind.INSTITUTION: None,
    ContextKind.ORGANISER: ContextKind.INSTITUTION,
    ContextKind.SEASON: ContextKind.ORGANISER,
    ContextKind.ACTIVITY: ContextKind.SEASON,
}


@entity("context", read=Privilege.CONTEXT_READ, unique=(("parent_id", "code"),))
@dataclass(frozen=True, slots=True)
class Context:
    """`settings` are looked up along the path to the root; the nearest wins. An organiser's hold what the law wants on
    a ticket: `licence`, `address`, `siret`, and its `currency`."""

    id: Id
    parent_id: Annotated[Id, Ref("context")] | None
    kind: ContextKind
    code: str
    names: Names
    settings: dict[str, str]


@entity("operator", read=Privilege.OPERATOR_READ)
@dataclass(frozen=True, slots=True)
class Operator:
    """A person or a program (an API key is a virtual operator). `key_digest` is the SHA-256 of a 256-bit random key."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    name: str
    key_digest: Annotated[str, Secret()]
    active: bool


@entity("operator_grant", read=Privilege.OPERATOR_READ, unique=(("operator_id", "context_id", "privilege"),))
@dataclass(frozen=True, slots=True)
class Grant:
    """A privilege at a context and everything below it."""

    id: Id
    operator_id: Annotated[Id, Ref("operator")]
    context_id: Annotated[Id, Ref("context")]
    privilege: Privilege


@entity("operator_perimeter", read=Privilege.OPERATOR_READ, unique=(("operator_id", "kind", "object_id"),))
@dataclass(frozen=True, slots=True)
class Perimeter:
    """Narrows an operator to listed objects of a kind (`point_of_sale`); no row of a kind: not narrowed."""

    id: Id
    operator_id: Annotated[Id, Ref("operator")]
    kind: str
    object_id: Id


class NoContext(StrEnum):
    NO_SUCH_PARENT = auto()
    WRONG_PARENT = auto()
    CODE_TAKEN = auto()
    FRENCH_NAME_MISSING = auto()
    HOUSE_EXISTS = auto()
    NO_SUCH_OPERATOR = auto()
    NOT_YOURS_TO_GIVE = auto()
