"""Channels and points of sale."""

from dataclasses import dataclass

from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.organisation.model import Names, Privilege
from central.selling.model import Channel, ChannelKind, NoChannel, PointOfSale
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused


@dataclass(frozen=True, slots=True)
class CreateChannel:
    """`contingents` that it may sell from; `uncontingented`: whether it may also sell hors contingent."""

    id: Id
    context_id: Id
    code: str
    names: Names
    kind: ChannelKind
    contingents: tuple[Id, ...]
    uncontingented: bool
    max_places: int


@handles(CreateChannel, needs=Privilege.CHANNEL_MODIFY, gives=Id)
def create_channel(tx: Tx, want: CreateChannel) -> Outcome[Id]:
    known = {row[0] for row in tx.run("SELECT id FROM contingent")} if want.contingents else set()
    missing = [each for each in want.contingents if each not in known]
    if missing:
        return Refused(NoChannel.NO_SUCH_CONTINGENT, fix="contingents", detail={"missing": missing})
    channel = Channel(
        want.id, want.context_id, want.code, want.names, want.kind, want.contingents, want.uncontingented,
        want.max_places, active=True,
    )  # fmt: skip
    return Ok(want.id) if tx.insert_if_absent(channel) else Refused(NoChannel.CODE_TAKEN, fix="code")


@dataclass(frozen=True, slots=True)
class CreatePointOfSale:
    id: Id
    channel_id: Id
    context_id: Id
    code: str
    names: Names


@handles(CreatePointOfSale, needs=Privilege.CHANNEL_MODIFY, gives=Id)
def create_point_of_sale(tx: Tx, want: CreatePointOfSale) -> Outcome[Id]:
    if tx.get(Channel, want.channel_id) is None:
        return Refused(NoChannel.NO_SUCH_CHANNEL, fix="channel_id")
    point = PointOfSale(want.id, want.channel_id, want.context_id, want.code, want.names, active=True)
    return Ok(want.id) if tx.insert_if_absent(point) else Refused(NoChannel.CODE_TAKEN, fix="code")
