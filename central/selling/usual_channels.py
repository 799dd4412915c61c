"""The channels that most houses sell through, each with its first point of sale, in one go."""

from dataclasses import dataclass
from typing import Annotated

from central.kernel.bulk import create_all
from central.kernel.contexts import whole_house
from central.kernel.crud import NoChange
from central.kernel.entity import Between, Ref
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.kernel.values import Code, Names
from central.selling.model import Channel, ChannelKind, PointOfSale, SellingPrivilege
from shared.ids import Id
from shared.outcome import Outcome


@dataclass(frozen=True, slots=True)
class NewChannel:
    code: Code
    names: Names
    kind: ChannelKind
    max_places: int
    point_code: Code
    point_names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateChannels:
    """Several channels of the institution at once, each with a point of sale of this organiser (`context_id`). They
    sell what is in no contingent."""

    context_id: Annotated[Id, Ref("context")]
    channels: Annotated[tuple[NewChannel, ...], Between(most=50)]


@handles(CreateChannels, needs=SellingPrivilege.CHANNEL_CREATE, refuses=(NoChange,), at=whole_house, gives=int)
def create_channels(tx: Tx, want: CreateChannels) -> Outcome[int]:
    institution = Id(str(whole_house(tx, want)))
    channels, points = [], []
    for n, each in enumerate(want.channels):
        made = tx.new_id("channel", n)
        channels.append(
            Channel(
                id=made,
                context_id=institution,
                code=each.code,
                names=each.names,
                kind=each.kind,
                contingents=(),
                uncontingented=True,
                max_places=each.max_places,
                active=True,
            )
        )
        points.append(
            PointOfSale(
                id=tx.new_id("point", n),
                channel_id=made,
                context_id=want.context_id,
                code=each.point_code,
                names=each.point_names,
                active=True,
            )
        )
    return create_all(tx, [*channels, *points])
