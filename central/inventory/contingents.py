"""An external contingent belongs to exactly one external channel; one that holds places stays
(docs/spec/contingents.md)."""

from central.inventory.model import Contingent, NoContingent
from central.kernel.declared import checked
from central.kernel.tx import Read
from central.selling.model import ChannelKind
from shared.outcome import Refused

_HELD = (
    ("place", "performance_id", ""),
    ("gauge", "performance_id", "AND capacity > 0"),
    ("logical_seat", "configuration_id", ""),
    ("logical_gauge", "configuration_id", "AND capacity > 0"),
)


@checked(Contingent, refuses=(NoContingent,))
def contingent_fits(read: Read, before: Contingent | None, after: Contingent | None) -> Refused | None:
    if after is None:
        return _held(read, before.id) if before else None
    if after.external_channel_id is None:
        return None
    kind = read.one("SELECT kind FROM channel WHERE id = :id", id=after.external_channel_id)
    if kind is None or kind[0] != ChannelKind.EXTERNAL:
        return Refused(NoContingent.NOT_EXTERNAL, fix="external_channel_id", detail={"kind": kind[0] if kind else ""})
    others = read.run(
        "SELECT id, code FROM channel WHERE contingents LIKE :named AND id <> :own ORDER BY code",
        named=f'%"{after.id}"%', own=after.external_channel_id,
    )  # fmt: skip
    if others:
        detail = {"channels": [row[0] for row in others], "codes": [row[1] for row in others]}
        return Refused(NoContingent.NAMED_ELSEWHERE, fix="external_channel_id", detail=detail)
    return None


def _held(read: Read, contingent_id: str) -> Refused | None:
    """Where places are in it."""
    by = []
    for table, owner, real in _HELD:
        rows = read.run(
            f"SELECT DISTINCT {owner} FROM {table} WHERE contingent_id = :id {real} ORDER BY 1 LIMIT 20",  # noqa: S608
            id=contingent_id,
        )
        if rows:
            by.append({"entity": table, "field": "contingent_id", "count": len(rows), "ids": [row[0] for row in rows]})
    return Refused(NoContingent.IN_USE, fix=contingent_id, detail={"by": by}) if by else None
