"""Named reads of devices."""

from dataclasses import dataclass
from datetime import datetime

from central.devices.codes import code_lives
from central.devices.model import Device, DeviceState
from central.kernel.columns import columns
from central.kernel.db import Connection
from central.kernel.entity import BY_NAME
from central.kernel.scope import narrowing
from central.kernel.tx import Read
from shared.ids import Id


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device that is not revoked, as the books have it; `label` is its code where it has no name. `code_until`,
    in milliseconds: of one that nobody has enrolled, until when its code does."""

    id: Id
    kind: str
    label: str
    state: str
    facts: int
    code_until: int | None


_SEEN = columns(
    DeviceSeen,
    id="t.id",
    kind="t.kind",
    label="CASE WHEN t.label = '' THEN t.code ELSE t.label END",
    state="t.state",
    facts="t.contiguous",
    code_until="t.code_until",
)


def devices_of(read: Read, places: tuple[str, ...] | None, most: int) -> list[DeviceSeen]:
    """Those of these contexts (None: all) and within the asker's perimeter."""
    joins, where, params = narrowing(read, BY_NAME["device"], places)
    rows = read.run(
        f"SELECT {_SEEN} FROM device t{joins} WHERE t.state <> :revoked AND {where} "  # noqa: S608 - names of ours, values are parameters
        "ORDER BY t.kind, t.code, t.id LIMIT :most",
        revoked=DeviceState.REVOKED,
        most=most,
        **params,
    )
    return [DeviceSeen(*row) for row in rows]


def is_lapsed(state: str, code_until: datetime | None, now: datetime) -> bool:
    """Whether nobody has enrolled a device, and nobody can before it has a new code."""
    return state == DeviceState.INVITED and not code_lives(code_until, now)


def devices_at(read: Read, site_id: Id) -> list[Device]:
    """Those of a site that are not revoked, by kind and code."""
    return read.find(
        Device, "WHERE site_id = :site AND state <> :revoked ORDER BY kind, code, id",
        site=site_id, revoked=DeviceState.REVOKED,
    )  # fmt: skip


def certificates(db: Connection) -> list[tuple[str]]:
    """Of all devices that were ever given one."""
    return db.run("SELECT certificate FROM device WHERE certificate <> '' AND certificate IS NOT NULL", {})
