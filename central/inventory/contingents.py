"""An external contingent belongs to exactly one external channel; one that holds places stays
(docs/spec/contingents.md)."""

from central.inventory.model import Contingent, NoContingent
from central.inventory.reads import where_places_are_in
from central.kernel.crud import checked, command_of
from central.kernel.db import in_list
from central.kernel.privileges import Action
from central.kernel.tx import Read
from central.selling.model import Channel, ChannelKind, NoChannel
from central.selling.reads import channels_naming
from shared.outcome import Refused

CreateContingent = command_of(Action.CREATE, Contingent)


@checked(Contingent, refuses=(NoContingent,))
def contingent_fits(read: Read, before: Contingent | None, after: Contingent | None) -> Refused | None:
    if after is None:
        return _held(read, before.id) if before else None
    if after.external_channel_id is None:
        return None
    channel = read.get(Channel, after.external_channel_id)
    if channel is None or channel.kind is not ChannelKind.EXTERNAL:
        kind = channel.kind if channel else ""
        return Refused(NoContingent.NOT_EXTERNAL, fix="external_channel_id", detail={"kind": kind})
    others = [each for each in channels_naming(read, after.id) if each.id != channel.id]
    if others:
        detail = {"channels": [each.id for each in others], "codes": [each.code for each in others]}
        return Refused(NoContingent.NAMED_ELSEWHERE, fix="external_channel_id", detail=detail)
    return None


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


def _held(read: Read, contingent_id: str) -> Refused | None:
    """Where places are in it."""
    by = [
        {"entity": table, "field": "contingent_id", "count": len(ids), "ids": ids}
        for table, ids in where_places_are_in(read, contingent_id).items()
        if ids
    ]
    return Refused(NoContingent.IN_USE, fix=contingent_id, detail={"by": by}) if by else None
