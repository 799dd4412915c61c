"""For a site whose broker is a Mosquitto: central's list of who is revoked, fetched into the file that it reads."""

from pathlib import Path

from edge.device.identity import read_identity
from edge.device.site_broker import BrokerDeviceConfig
from shared.runtime.central import Declined, HttpCentral, Unreachable
from shared.runtime.config import Failure
from shared.runtime.files import write_whole
from shared.runtime.sync import parsed
from shared.runtime.system import Clock, SystemClock
from shared.wire.certificates import revoked_serials
from shared.wire.feeds import Revoked


async def fetch_revoked(config: BrokerDeviceConfig, out: Path, clock: Clock | None = None) -> bool:
    """Whether the file has changed. A list that names fewer than the one there is not taken: nobody is un-revoked, and
    an old one is what a liar would show. Failure with the next step for everything that a person must put right."""
    identity = read_identity(config.data)
    if identity is None:
        raise Failure("This broker is not enrolled.", "Start `parterre broker` once, until an operator approved it.")
    clock = clock or SystemClock()
    try:
        async with HttpCentral(config.central, clock, identity.device_id, identity.signer) as central:
            told: Revoked = parsed(Revoked, await central.query("revocations", {}))
    except (Unreachable, Declined) as bad:
        raise Failure(f"Central gives no list of who is revoked ({bad}).", "The one that is there stays.") from bad
    new = revoked_serials(told.pem, identity.root_pem)
    if new is None:
        raise Failure("The list of who is revoked is not signed by the house's root.", "Look who answers for central.")
    return _kept(told.pem, new, out, identity.root_pem)


def _kept(pem: str, new: frozenset[int], out: Path, root_pem: str) -> bool:
    """Whether it says more than the file that is there."""
    old = revoked_serials(out.read_text(), root_pem) if out.exists() else None
    if old is not None and not new > old:
        return False
    try:
        write_whole(out, pem.encode(), 0o644)
    except OSError as bad:
        raise Failure(f"The list {out} cannot be written ({bad.strerror}).", "Check the folder and its owner.") from bad
    return True
