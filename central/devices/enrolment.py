"""How a device becomes one of the house's: one-time code, its own key, an operator's approval (docs/spec/edge.md,
Trust)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from central.devices.codes import CODE_LIVES, code_digest, code_lives, is_weak, made_code
from central.devices.model import DEVICE, INVITED, SELLERS, Device, DeviceDo, DevicesPrivilege, DeviceState, NoDevice
from central.kernel.contexts import Context, institution_of
from central.kernel.crud import NoChange, code_taken
from central.kernel.db import Row
from central.kernel.entity import Between, Look, Loose, Raw, Reach, Ref, Secret
from central.kernel.languages import spoken_first
from central.kernel.registry import answers, goes, handles
from central.kernel.spans import ahead
from central.kernel.tx import Read, Tx
from central.kernel.values import Code, Offered
from central.selling.model import PointOfSale
from central.venues.model import Site
from shared.clock import to_ms
from shared.ids import Id
from shared.languages import in_all
from shared.outcome import Ok, Outcome, Refused
from shared.wire.certificates import DeviceKind, EnrolmentState, requested_key
from shared.wire.facts import GENESIS
from shared.wire.feeds import FeedFamily, KeyRow, feed_name
from shared.wire.seal import kid_of

LOST = 500  # tickets of a revoked device that a backup, put back, may not know: some evenings of a kiosk


def live_codes(read: Read) -> Iterable[Row]:
    """Digests of the codes that enrol a device now, and whose they are. It walks every device: not for the writer."""
    # clock: taken with what a wrong clock put beyond its length
    sql = "SELECT code_digest, id FROM device WHERE state = :invited AND code_until > :now AND code_until <= :ahead"
    return read.run(sql, invited=DeviceState.INVITED, now=to_ms(read.now), ahead=ahead(read.now, CODE_LIVES))


def invited_by(read: Read, digest: str) -> list[Device]:
    """The devices that were invited with the code of this digest, also where its time is over. Asked of the index:
    invitations that nobody took stay without end. How long that takes says nothing of a code: who guesses does not
    choose how its digest begins."""
    return read.find(
        Device, "WHERE code_digest = :digest AND state = :invited", digest=digest, invited=DeviceState.INVITED
    )


def enrols(device: Device, now: datetime) -> bool:
    """Whether its code lives."""
    return code_lives(device.code_until, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteDevice:
    """Makes a device known and opens its enrolment for ten minutes; sent again for a device that has not enrolled, it
    renews the code. Without a code central makes it, and the device's page shows it while it lives; one that a program
    brings is shown nowhere. A selling device needs a point of sale of its own."""

    id: Annotated[Id, Ref("device"), Reach.OWN]
    context_id: Annotated[Id, Ref("context")]
    site_id: Annotated[Id, Ref("site"), Reach.HELD]
    kind: Annotated[DeviceKind, Offered(INVITED)]
    code: Code
    label: Annotated[str, Look.NAME]
    enrolment_code: Annotated[str | None, Secret()] = None
    point_of_sale_id: Annotated[Id, Ref("point_of_sale"), Reach.HELD] | None = None


@handles(
    InviteDevice,
    needs=DevicesPrivilege.DEVICE_MODIFY,
    at="context_id",
    refuses=(NoDevice, NoChange),
    gives=datetime,
    makes="device",
)
def invite_device(tx: Tx, want: InviteDevice) -> Outcome[datetime]:
    """Answers with the end of the code's life."""
    if want.kind not in INVITED:  # central's key would speak for the house
        return Refused(NoDevice.NOT_INVITED, fix="kind", detail={"kind": want.kind})
    if not want.label.strip():
        return Refused(NoDevice.NO_LABEL, fix="label")
    if tx.get(Site, want.site_id) is None:
        return Refused(NoDevice.NO_SUCH_SITE, fix="site_id")
    if (want.kind in SELLERS) != (want.point_of_sale_id is not None):
        return Refused(NoDevice.NO_SUCH_POINT_OF_SALE, fix="point_of_sale_id", detail={"kind": want.kind})
    if want.enrolment_code is not None and is_weak(want.enrolment_code):
        return Refused(NoDevice.WEAK_ENROLMENT_CODE, fix="enrolment_code")
    until = tx.now + CODE_LIVES
    known = tx.get(Device, want.id)
    if known and known.context_id != want.context_id:  # somebody else's, who would lose it to whoever has the new code
        return Refused(NoDevice.NO_SUCH_DEVICE, fix="id")
    if known and (known.site_id, known.kind, known.point_of_sale_id) != (
        want.site_id, want.kind, want.point_of_sale_id,
    ):  # fmt: skip
        return Refused(NoDevice.NOT_POSSIBLE_NOW, fix=known.id, detail={"state": known.state})
    if known and known.state is not DeviceState.INVITED:
        return Refused(NoDevice.NOT_POSSIBLE_NOW, fix=known.id, detail={"state": known.state})
    digest = code_digest(want.enrolment_code or made_code(tx.keys, want.id, until))
    if _enrols_another(tx, want.id, digest):
        return Refused(NoDevice.ENROLMENT_CODE_TAKEN, fix="enrolment_code")
    if known:
        tx.update(known, replace(known, code_digest=digest, code_until=until))
        return Ok(until)
    device = Device(
        id=want.id, context_id=want.context_id, site_id=want.site_id, point_of_sale_id=want.point_of_sale_id,
        kind=want.kind, code=want.code, label=want.label, state=DeviceState.INVITED, kid="", public_key="",
        certificate="", code_digest=digest, code_until=until, contiguous=0, head=GENESIS,
        lease_epoch=0,
    )  # fmt: skip
    if tx.insert_if_absent(device):
        return Ok(until)
    return code_taken(tx, device) or Refused(NoDevice.CODE_TAKEN, fix="code")


def _enrols_another(read: Read, device_id: Id, digest: str) -> bool:
    return any(each.id != device_id and enrols(each, read.now) for each in invited_by(read, digest))


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewCode:
    """Opens the enrolment of a device that nobody has enrolled yet for another ten minutes, with a new code: also when
    the last one's time is over. The device's page shows it."""

    device_id: Annotated[Id, Ref("device")]


@handles(
    RenewCode, only=(DeviceState.INVITED,), needs=DevicesPrivilege.DEVICE_MODIFY, refuses=(NoDevice,), gives=datetime
)
def renew_code(tx: Tx, want: RenewCode) -> Outcome[datetime]:
    """Answers with the end of the code's life."""
    device = tx.get(Device, want.device_id)
    if device is None:
        return Refused(NoDevice.NO_SUCH_DEVICE, fix="device_id")
    if not goes(RenewCode, device.state):
        return Refused(NoDevice.NOT_POSSIBLE_NOW, fix=device.id, detail={"state": device.state})
    until = tx.now + CODE_LIVES
    digest = code_digest(made_code(tx.keys, device.id, until))
    if _enrols_another(tx, device.id, digest):  # of so many millions; a moment later it is another
        return Refused(NoDevice.ENROLMENT_CODE_TAKEN, fix=device.id)
    tx.update(device, replace(device, code_digest=digest, code_until=until))
    return Ok(until)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolDevice:
    """Sent by the device itself: the one-time code and a signing request for the key that it made."""

    code: Annotated[str, Secret()]
    request_pem: Annotated[str, Raw(), Between(most=4_000)]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Enrolled:
    device_id: Id
    root_pem: str


_HAS_KEY = f"WHERE kid = :kid AND (state <> '{DeviceState.REVOKED}' OR certificate <> '')"
"""A key that was ever certified stays its device's: gates hold its row, and with it which of its tickets stay good."""


@handles(EnrolDevice, needs=None, refuses=(NoDevice,), gives=Enrolled)  # open: a one-time code says who may
def enrol_device(tx: Tx, want: EnrolDevice) -> Outcome[Enrolled]:
    found = invited_by(tx, code_digest(want.code))
    if not found:
        return Refused(NoDevice.BAD_CODE, fix="code")
    live = [device for device in found if enrols(device, tx.now)]
    if not live:
        return Refused(NoDevice.CODE_EXPIRED, fix="code")
    key = requested_key(want.request_pem)
    if key is None:
        return Refused(NoDevice.BAD_REQUEST, fix="request_pem")
    kid, device = kid_of(key), live[0]
    if kid == tx.keys.signer.kid or tx.find(Device, _HAS_KEY, kid=kid):
        return Refused(NoDevice.KEY_TAKEN, fix="request_pem")
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    after = DEVICE[device.state, DeviceDo.ENROL]
    tx.update(device, replace(device, state=after, kid=kid, public_key=pem, code_digest="", code_until=None))
    return Ok(Enrolled(device.id, tx.keys.root_pem))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveDevice:
    """An operator has compared the key's id on the device's screen with `kid`, and lets it in."""

    device_id: Annotated[Id, Ref("device")]
    kid: str


@handles(
    ApproveDevice,
    does=DeviceDo.APPROVE,
    needs=DevicesPrivilege.DEVICE_APPROVE,
    refuses=(NoDevice,),
)
def approve_device(tx: Tx, want: ApproveDevice) -> Outcome[None]:
    device = tx.get(Device, want.device_id)
    if device is None:
        return Refused(NoDevice.NO_SUCH_DEVICE, fix="device_id")
    after = DEVICE.after(device.state, DeviceDo.APPROVE)
    if after is None or device.kid != want.kid:
        return Refused(NoDevice.NOT_POSSIBLE_NOW, fix=device.id, detail={"state": device.state, "kid": device.kid})
    key = load_pem_public_key(device.public_key.encode())
    assert isinstance(key, Ed25519PublicKey), "enrolment takes no other"
    pem = tx.keys.certify(tx.new_id("certificate"), device.id, device.kind, device.site_id, key, tx.now)
    tx.update(device, replace(device, state=after, certificate=pem))
    publish_key(tx, device.context_id, device.kid, KeyRow(pem))
    publish_key(tx, device.context_id, tx.keys.signer.kid, KeyRow(tx.keys.certificate.pem))
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeDevice:
    """Its later signatures do not count; what it still uploads goes to quarantine. `good`: tickets it signed that stay
    good all the same. Who sells nothing signs none, others no more than they ever had places: every device of the house
    is told them."""

    device_id: Annotated[Id, Ref("device")]
    good: Annotated[
        tuple[Annotated[Id, Loose("tickets that it signed: their sales may still be with it")], ...],
        Between(most=20_000),
    ] = ()


@handles(
    RevokeDevice,
    does=DeviceDo.REVOKE,
    needs=DevicesPrivilege.DEVICE_MODIFY,
    refuses=(NoDevice,),
)
def revoke_device(tx: Tx, want: RevokeDevice) -> Outcome[None]:
    device = tx.get(Device, want.device_id)
    if device is None:
        return Refused(NoDevice.NO_SUCH_DEVICE, fix="device_id")
    after = DEVICE.after(device.state, DeviceDo.REVOKE)
    if after is None:
        return Refused(NoDevice.NOT_POSSIBLE_NOW, fix=device.id, detail={"state": device.state})
    if want.good and len(want.good) > (most := _most_signed(tx, device)):
        return Refused(NoDevice.NOT_ITS_TICKETS, fix="good", detail={"most": most})
    tx.update(device, replace(device, state=after, code_digest="", code_until=None))
    if device.certificate:
        publish_key(tx, device.context_id, device.kid, KeyRow(device.certificate, tx.now, want.good))
    return Ok(None)


def _most_signed(read: Read, device: Device) -> int:
    """A ticket is signed out of a slot: of a lease that central knows, or of one that it lost with a life of its."""
    if device.kind not in SELLERS:
        return 0
    sql = "SELECT COUNT(*) FROM lease_slot s JOIN lease l ON l.id = s.lease_id WHERE l.device_id = :id"
    return int(read.run(sql, id=device.id)[0][0]) + LOST


def publish_key(tx: Tx, context_id: Id, kid: str, row: KeyRow) -> None:
    tx.feed(feed_name(FeedFamily.KEYS, institution_of(tx, context_id)), kid, row)


# --- what an enrolled device asks -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Asked by a device until it is approved; `kid` is its key's id, so that nobody else reads its answer."""

    device_id: Annotated[Id, Ref("device"), Reach.OWN]
    kid: str


_SEEN = {DeviceState.ACTIVE: EnrolmentState.APPROVED, DeviceState.REVOKED: EnrolmentState.REFUSED}


# open: the key that was enrolled asks how it stands
@answers(Enrolment, needs=None, refuses=(NoDevice,), gives=dict[str, Any])
def enrolment(read: Read, want: Enrolment) -> Outcome[dict[str, Any]]:
    device = read.get(Device, want.device_id)
    if device is None or device.kid != want.kid:
        return Refused(NoDevice.NO_SUCH_DEVICE, fix="device_id")
    state = _SEEN.get(device.state, EnrolmentState.PENDING)
    if state is not EnrolmentState.APPROVED:
        return Ok({"state": state})
    return Ok(
        {
            "state": state,
            "certificate": device.certificate,
            "root_pem": read.keys.root_pem,
            "central_certificates": [read.keys.certificate.pem],
            "site_id": device.site_id,
            "institution_id": institution_of(read, device.context_id),
            "settings": settings_of(read, device),
        }
    )


def settings_of(read: Read, device: Device) -> dict[str, Any]:
    """What a device must know of its house to work offline."""
    site = read.get(Site, device.site_id)
    context = read.get(Context, device.context_id)
    point = read.get(PointOfSale, device.point_of_sale_id) if device.point_of_sale_id else None
    assert site and context, "foreign keys say so"
    return {
        "label": device.label,
        "code": device.code,
        "timezone": site.timezone,
        "language": spoken_first(read),
        "site": in_all(site.names),
        "organiser": in_all(context.names),
        "point_of_sale_id": point.id if point else "",
        "point_of_sale": in_all(point.names) if point else {},
    }
