"""Who is revoked, as an X.509 list: for a site's Mosquitto, which looks at certificates and follows no feed."""

from dataclasses import dataclass

import orjson

from central.devices.authority import asking
from central.devices.leases import own_context
from central.devices.model import DevicesPrivilege, NoDevice
from central.kernel.contexts import institution_of
from central.kernel.registry import answers
from central.kernel.tx import Read
from shared.outcome import Ok, Outcome, Refused
from shared.wire.certificates import Right, revocation_list
from shared.wire.codec import build
from shared.wire.feeds import FeedFamily, KeyRow, Revoked, feed_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocations:
    """Asked by a site's broker."""


@answers(Revocations, needs=DevicesPrivilege.DEVICE_SYNC, refuses=(NoDevice,), at=own_context, gives=Revoked)
def revocations(read: Read, _: Revocations) -> Outcome[Revoked]:
    device = asking(read, "revocations", frozenset({Right.RELAY}))
    if isinstance(device, Refused):
        return device
    feed = feed_name(FeedFamily.KEYS, institution_of(read, device.context_id))
    rows = read.run("SELECT body FROM feed_row WHERE feed = :feed AND body IS NOT NULL ORDER BY key", feed=feed)
    keys = [build(KeyRow, orjson.loads(body)) for (body,) in rows]
    revoked = [(key.certificate, key.revoked_at) for key in keys if key.revoked_at is not None]
    return Ok(Revoked(revocation_list(read.keys.root_key, read.keys.root_pem, revoked, read.now)))
