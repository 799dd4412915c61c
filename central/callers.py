"""Who calls the API: a device by its signature, an operator's program by its key, or anybody, who may next to nothing.

What a program may do takes several looks to find out, so it is remembered under the number that counts the changes of
what operators hold (organisation/rights.py), and is as good as new as long as that number is the same: one look for
each request, whichever process made the change, and a key or right that was withdrawn ends with the commit.
"""

from base64 import b64decode

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.devices.model import Device, DevicesPrivilege, DeviceState
from central.kernel.door import Door
from central.kernel.tx import ANONYMOUS, SYSTEM, Actor, ActorKind
from central.kernel.versions import OPERATORS
from central.organisation.rights import operator_of
from central.web.caller import Authenticate, problem
from shared.ids import is_id
from shared.wire.codec import dump
from shared.wire.requests import DEVICE, MOST_NONCE, NONCE, TIME, WRONG_TIME, TimeTold, in_time, request_genuine
from shared.wire.seal import seal

MOST_KNOWN = 1000


def authenticator(door: Door) -> Authenticate:
    known: dict[str, tuple[int, Actor]] = {}

    async def authenticate(request: web.Request) -> Actor | web.Response | None:
        if DEVICE in request.headers:
            return await _device(door, request)
        said = request.headers.get("Authorization")
        if said is None:
            return ANONYMOUS
        if (named := _named(said)) is None:
            return None
        if (before := known.get(said)) and before[0] == await door.version(OPERATORS):
            return before[1]
        found: tuple[int, Actor | None] = await door.read(
            SYSTEM, lambda read: (read.version(OPERATORS), operator_of(read, *named))
        )
        version, actor = found
        if actor is None:
            known.pop(said, None)
            return None
        if len(known) >= MOST_KNOWN:
            known.clear()
        known[said] = (version, actor)
        return actor

    return authenticate


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
