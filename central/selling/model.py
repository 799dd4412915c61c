"""Sales channels and points of sale (docs/spec/sale-rules.md)."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.crud import configured
from central.kernel.entity import Between, Ref, entity
from central.kernel.values import Code, Names
from central.organisation.model import SELLS_AT
from central.venues.model import CONTINGENT
from shared.ids import Id
from shared.outcome import Reason


class SellingPrivilege(StrEnum):
    CHANNEL_READ = "selling.channel.read"
    CHANNEL_CREATE = "selling.channel.create"


class ChannelKind(StrEnum):
    BOX_OFFICE = auto()
    CALL_CENTRE = auto()
    INTERNET_PUBLIC = auto()
    KIOSK = auto()
    GATE_SALE = auto()
    BAR = auto()
    EXTERNAL = auto()


@configured(initial={"active": True})
@entity("channel", read=SellingPrivilege.CHANNEL_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """`contingents` it may sell from; `uncontingented` whether it may also sell hors contingent. A hold keeps its
    places for `hold_minutes`, renewed for `hold_most_minutes` at most."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    kind: ChannelKind
    contingents: Annotated[tuple[Annotated[Id, Ref(CONTINGENT)], ...], Between(most=200)]
    uncontingented: bool
    max_places: Annotated[int, Between(1, 999)]
    active: bool
    hold_minutes: Annotated[int, Between(1, 1440)] = 15
    hold_most_minutes: Annotated[int, Between(1, 10080)] = 60


@configured(initial={"active": True})
@entity("point_of_sale", read=SellingPrivilege.CHANNEL_READ, unique=(("context_id", "code"),), fills=(SELLS_AT,))
@dataclass(frozen=True, slots=True, kw_only=True)
class PointOfSale:
    """Belongs to one channel and, by `context_id`, to an organiser."""

    id: Id
    channel_id: Annotated[Id, Ref("channel")]
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    active: bool


class NoChannel(Reason):
    """Why a channel cannot be as it shall be."""

    CONTINGENT_ELSEWHERE = auto()  # an external contingent belongs to exactly one external channel
    NOT_EXTERNAL = auto()
