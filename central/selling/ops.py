"""Channels and points of sale: what is declared, and whose contingents a channel may name."""

from central.kernel.db import in_list
from central.kernel.declared import checked, command_of
from central.kernel.privileges import Action
from central.kernel.tx import Read
from central.selling.model import Channel, ChannelKind, NoChannel, PointOfSale
from shared.outcome import Refused

CreateChannel = command_of(Action.CREATE, Channel)
ChangeChannel = command_of(Action.MODIFY, Channel)
CreatePointOfSale = command_of(Action.CREATE, PointOfSale)


@checked(Channel, refuses=(NoChannel,))
def channel_fits(read: Read, _: Channel | None, after: Channel | None) -> Refused | None:
    """A channel names no external contingent of another one, and stays external while contingents belong to it."""
    if after is None:
        return None
    among, params = in_list("c", after.contingents)
    foreign = read.run(
        f"SELECT id, code, external_channel_id FROM contingent WHERE id IN {among} "  # noqa: S608 - names of parameters
        "AND external_channel_id IS NOT NULL AND external_channel_id <> :id ORDER BY code",
        id=after.id, **params,
    ) if params else []  # fmt: skip
    if foreign:
        detail = {"contingents": [row[0] for row in foreign], "codes": [row[1] for row in foreign]}
        return Refused(NoChannel.CONTINGENT_ELSEWHERE, fix="contingents", detail=detail)
    if after.kind is not ChannelKind.EXTERNAL:
        own = read.run("SELECT code FROM contingent WHERE external_channel_id = :id ORDER BY code", id=after.id)
        if own:
            return Refused(NoChannel.NOT_EXTERNAL, fix="kind", detail={"contingents": [row[0] for row in own]})
    return None
