"""Who calls the API: a device by its signature, an operator's program by its key, or anybody, who may next to nothing.

What a program may do takes several looks to find out, so it is remembered under the number that counts the changes of
what operators hold (organisation/rights.py), and is as good as new as long as that number is the same: one look for
each request, whichever process made the change, and a key or right that was withdrawn ends with the commit.

At an address that has to wait, whoever is genuine is told from what is tried beside them before anybody looks: a right
key and a right code for enrolment by the digests of the house's own, a device by a pass, which each answer to it
carries.
"""

import hmac
import time
from base64 import b64decode
from dataclasses import replace
from hashlib import sha256

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.devices.enrolment import code_digest, live_codes
from central.devices.model import Device, DevicesPrivilege, DeviceState
from central.kernel.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.versions import OPERATORS
from central.organisation.credentials import HeldSecrets, keys
from central.organisation.rights import key_digest, operator_of
from central.web.caller import ASKED, Authenticate, origin_of, problem
from central.web.entrance import KnownCaller
from shared.ids import Id, is_id
from shared.wire.codec import dump
from shared.wire.requests import (
    CODE,
    DEVICE,
    MOST_NONCE,
    NONCE,
    PASS,
    TIME,
    WRONG_TIME,
    TimeTold,
    in_time,
    request_genuine,
)
from shared.wire.seal import seal

MOST_KNOWN = 1000


def authenticator(door: Door) -> Authenticate:
    known: dict[tuple[str, str], tuple[int, Actor]] = {}

    async def authenticate(request: web.Request) -> Actor | web.Response | None:
        if DEVICE in request.headers:
            return await _device(door, request)
        said = request.headers.get("Authorization")
        if said is None:
            return ANONYMOUS
        if (named := _named(said)) is None:
            return None
        shown = said, origin_of(request)
        if (before := known.get(shown)) and before[0] == await door.version(OPERATORS):
            return before[1]
        found: tuple[int, Actor | None] = await door.read(
            SYSTEM, lambda read: (read.version(OPERATORS), operator_of(read, *named))
        )
        version, actor = found
        if actor is None:
            known.pop(shown, None)
            return None
        if len(known) >= MOST_KNOWN:
            known.clear()
        actor = replace(actor, origin=shown[1])  # the same object each time: what is asked at once names it once
        known[shown] = (version, actor)
        return actor

    return authenticate


# --- at an address that has to wait -----------------------------------------------------------------------------------


def by_key(door: Door) -> KnownCaller:
    """Whose key a program shows."""
    held = HeldSecrets(door, keys, time.monotonic)

    async def holder(request: web.Request) -> str:
        named = _named(request.headers.get("Authorization", ""))
        by = await held.by(key_digest(named[1])) if named else ""
        return f"operator:{by}" if named and by == named[0] else ""

    return holder


def by_code(door: Door) -> KnownCaller:
    """Which device is about to enrol. A code is guessed here as often as requests come: of 40 bits that live for ten
    minutes that leaves millions of millions, and whoever enrols is still to be approved."""
    held = HeldSecrets(door, live_codes, time.monotonic)

    async def holder(request: web.Request) -> str:
        code = request.headers.get(CODE, "")
        by = await held.by(code_digest(code)) if code and code.isascii() else ""
        return f"device:{by}" if by else ""

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
        return f"device:{device}" if theirs else ""

    async def give(self, request: web.Request, answer: web.StreamResponse) -> None:
        """With each answer to what a device signed."""
        asked = request.get(ASKED)
        if asked and asked.kind is ActorKind.DEVICE:
            answer.headers[PASS] = self.of(Id(asked.id))


# --- who it is --------------------------------------------------------------------------------------------------------


def _named(said: str) -> tuple[str, str] | None:
    """Operator id and key."""
    scheme, _, encoded = said.partition(" ")
    try:
        operator_id, _, key = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:  # neither base 64 nor text
        return None
    return (operator_id, key) if scheme.lower() == "basic" and is_id(operator_id) else None


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
        return problem(401, WRONG_TIME, title, fix=TIME, detail={"now": now, "time": time})
    grants = frozenset({(str(DevicesPrivilege.DEVICE_SYNC), str(device.context_id))})
    return Actor(ActorKind.DEVICE, device.id, device.code, grants)
