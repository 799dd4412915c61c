"""How a device signs its HTTP requests, so that they mean the same behind any proxy, with or without TLS.

The signature covers method, path with query, the command's id, the device's time, a nonce and the body's digest
(`Content-Digest`, RFC 9530): the headers alone prove who asks, before a byte of the body is read, and the body must
then be the one that they name. It holds for `WINDOW`, so what somebody took down opens nothing tomorrow; within it a
repeated command is harmless (it is taken once, by its id), and a repeated question is answered with what its reader
could have read then. Clocks of devices may be wrong: whoever is out of time is told central's, sealed with the
request's nonce, and signs again by that. Which time it is for the device itself is another question
(edge/device/clockwork.py).
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.ids import Id
from shared.wire.bounds import Moment, Word
from shared.wire.seal import Signer, genuine

DEVICE = "Parterre-Device"
TIME = "Parterre-Time"
NONCE = "Parterre-Nonce"
DIGEST = "Content-Digest"
SIGNATURE = "Parterre-Signature"
PASS = "Parterre-Pass"  # noqa: S105 - a header's name
"""Central's answers to what a device signed carry it, the device's later requests too. It opens nothing; by it central
tells the device from others at its address that sign falsely in its name, before it looks at a signature."""
CODE = "Parterre-Code"
"""The code that a device enrols with, beside the one in the body: for the same, before it has a name."""
COMMAND_ID = "Idempotency-Key"
WINDOW: Final = timedelta(minutes=10)
MOST_NONCE = 64
PASS_FORM = re.compile(r"[0-9A-Z]{26}\.[0-9a-f]{64}")  # an id and 256 bits: anything else cannot be sent again


@dataclass(frozen=True, slots=True)
class TimeTold:
    """What central seals for who is out of time (`DeviceRefusal.WRONG_TIME`; under `time` of the answer's detail): the
    asker's own nonce, so that an old answer is useless, and its time (aware)."""

    nonce: Word
    at: Moment


def signed_headers(
    device_id: Id, signer: Signer, method: str, path: str, at: str, nonce: str, body: bytes, command_id: str = ""
) -> dict[str, str]:
    """Headers to send; `path` includes the query string, `at` is ISO 8601 with its offset."""
    digest = digest_of(body)
    signature = signer.key.sign(_message(device_id, method, path, command_id, at, nonce, digest))
    headers = {DEVICE: device_id, TIME: at, NONCE: nonce, DIGEST: digest, SIGNATURE: b64encode(signature).decode()}
    return {**headers, COMMAND_ID: command_id} if command_id else headers


def request_genuine(headers: Mapping[str, str], key: Ed25519PublicKey, method: str, path: str) -> bool:
    """Whether the holder of `key` signed these headers, at whatever time, for a body that `body_genuine` looks at."""
    try:
        signature = b64decode(headers.get(SIGNATURE, ""), validate=True)
    except ValueError:
        return False
    said = [headers.get(name, "") for name in (DEVICE, COMMAND_ID, TIME, NONCE, DIGEST)]
    device_id, command_id, at, nonce, digest = said
    return genuine(key, signature, _message(device_id, method, path, command_id, at, nonce, digest))


def body_genuine(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether this is the body (empty for none) that was signed."""
    return headers.get(DIGEST) == digest_of(body)


def digest_of(body: bytes) -> str:
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


def in_time(headers: Mapping[str, str], now: datetime) -> bool:
    """Whether a request that is genuine was signed about now, and for once: it has a nonce."""
    try:
        at = datetime.fromisoformat(headers.get(TIME, ""))
    except ValueError:
        return False
    return at.tzinfo is not None and abs(now - at) <= WINDOW and 0 < len(headers.get(NONCE, "")) <= MOST_NONCE


def _message(device_id: str, method: str, path: str, command_id: str, at: str, nonce: str, digest: str) -> bytes:
    lines = ("parterre-request", device_id, method, path, command_id, at, nonce, digest)
    return "\n".join(lines).encode(errors="surrogateescape")  # a header may hold any bytes
