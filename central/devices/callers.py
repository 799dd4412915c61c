"""Who calls with a signature: a device. At an address that has to wait, a device is told from what is tried beside it
by a pass, which each answer to it carries, and one that is about to enrol by its code.
"""

import hmac
import time
from hashlib import sha256

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.devices.codes import code_digest
from central.devices.enrolment import live_codes
from central.devices.model import Device, DevicesPrivilege, DeviceState
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.organisation.credentials import HeldSecrets
from central.web.area import DOOR
from central.web.bodies import MOST_FROM_DEVICES
from central.web.caller import ASKED, Callers, KnownCaller, in_header, problem, say_who
from central.web.limits import RequestLimit
from shared.ids import Id, is_id
from shared.wire.codec import dump
from shared.wire.refusals import DeviceRefusal
from shared.wire.requests import (
    CODE,
    DEVICE,
    DIGEST,
    MOST_NONCE,
    NONCE,
    PASS,
    SIGNATURE,
    TIME,
    TimeTold,
    body_genuine,
    in_time,
    request_genuine,
)
from shared.wire.seal import seal

say_who(
    "device",
    device=in_header(DEVICE, "A device's id."),
    device_time=in_header(TIME, "When it was signed, ISO 8601 with offset: within ten minutes of central's time."),
    device_nonce=in_header(NONCE, "Up to 64 characters that this device never used before."),
    device_digest=in_header(DIGEST, "sha-256 of the body, also of none (RFC 9530)."),
    device_signature=in_header(SIGNATURE, "Ed25519, base64: docs/interfaces.md."),
)


def devices(app: web.Application) -> Callers:
    door, passes = app[DOOR], Passes(app[DOOR].keys)
    return Callers(
        shown=_shown,
        who=lambda request: _device(door, request),
        limit=RequestLimit.DEVICES,
        most=MOST_FROM_DEVICES,
        signed=body_genuine,
        known=(passes.holder, _by_code(door)),
        answered=passes.give,
    )


def _shown(request: web.Request) -> tuple[str, str | None] | None:
    device = request.headers.get(DEVICE)
    return None if device is None else (device, request.headers.get(SIGNATURE))


def _by_code(door: Door) -> KnownCaller:
    """Which device is about to enrol. A code is guessed here as often as requests come: of 40 bits that live for ten
    minutes that leaves millions of millions, and whoever enrols is still to be approved."""
    held = HeldSecrets(door, live_codes, time.monotonic)

    async def holder(request: web.Request) -> str:
        code = request.headers.get(CODE, "")
        by = await held.by(code_digest(code)) if code and code.isascii() else ""
        return f"{ActorKind.DEVICE}:{by}" if by else ""

    return holder


class Passes:
    """A device's pass follows from its id and central's key, so it outlives a restart and is kept nowhere. It is no
    secret to who reads the wire: they can spend what is looked at for it, and nothing else."""

    def __init__(self, keys: Keys) -> None:
        self._key = hmac.digest(keys.signer.key.private_bytes_raw(), b"parterre-pass", sha256)

    def of(self, device_id: Id) -> str:
        return f"{device_id}.{hmac.digest(self._key, device_id.encode(), sha256).hex()}"

    async def holder(self, request: web.Request) -> str:
        shown = request.headers.get(PASS, "")
        device = shown.partition(".")[0]
        theirs = shown.isascii() and is_id(device) and hmac.compare_digest(shown, self.of(Id(device)))
        return f"{ActorKind.DEVICE}:{device}" if theirs else ""

    async def give(self, request: web.Request, answer: web.StreamResponse) -> None:
        """With each answer to what a device signed."""
        asked = request.get(ASKED)
        if asked and asked.kind is ActorKind.DEVICE:
            answer.headers[PASS] = self.of(Id(asked.id))


async def _device(door: Door, request: web.Request) -> Actor | web.Response | None:
    """The device whose key signed this request, about now. A revoked one is still heard: its facts go to quarantine."""
    if not is_id(request.headers[DEVICE]):
        return None
    found, now = await door.read(SYSTEM, lambda read: (read.get(Device, request.headers[DEVICE]), read.now))
    device: Device | None = found
    if device is None or device.state not in (DeviceState.ACTIVE, DeviceState.REVOKED) or not device.public_key:
        return None
    key = load_pem_public_key(device.public_key.encode())
    genuine = isinstance(key, Ed25519PublicKey) and request_genuine(
        request.headers, key, request.method, request.raw_path
    )
    if not genuine:
        return None
    if not in_time(request.headers, now):  # told to whoever holds the key: it may be the device, whose clock is wrong
        time = seal(dump(TimeTold(request.headers.get(NONCE, "")[:MOST_NONCE], now)), door.keys.signer)
        title = "The request was not signed about now. Sign it by the time told."
        return problem(401, DeviceRefusal.WRONG_TIME.value, title, fix=TIME, detail={"now": now, "time": time})
    grants = frozenset({(str(DevicesPrivilege.DEVICE_SYNC), str(device.context_id))})
    return Actor(ActorKind.DEVICE, device.id, device.code, grants, put_out=device.state is DeviceState.REVOKED)
