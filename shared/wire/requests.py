"""How a device signs its HTTP requests, so that they mean the same behind any proxy, with or without TLS.

The signature covers method, path with query, the command's id, the device's time, a nonce and the body. It holds for
`WINDOW`, so what somebody took down opens nothing tomorrow; within it a repeated command is harmless (it is taken once,
by its id), and a repeated question is answered with what its reader could have read then. Clocks of devices may be
wrong: whoever is out of time is told central's, sealed with the request's nonce, and signs again by that. Which time it
is for the device itself is another question (edge/device/clockwork.py).
"""

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
SIGNATURE = "Parterre-Signature"
COMMAND_ID = "Idempotency-Key"
WRONG_TIME = "wrong_time"
"""The refusal's reason: its detail has under `time` what central says, a sealed `TimeTold`."""
WINDOW: Final = timedelta(minutes=10)
MOST_NONCE = 64


@dataclass(frozen=True, slots=True)
class TimeTold:
    """What central seals: the asker's own nonce, so that an old answer is useless, and its time (aware)."""

    nonce: Word
    at: Moment


def signed_headers(
    device_id: Id, signer: Signer, method: str, path: str, at: str, nonce: str, body: bytes, command_id: str = ""
) -> dict[str, str]:
    """Headers to send; `path` includes the query string, `at` is ISO 8601 with its offset."""
    signature = signer.key.sign(_message(device_id, method, path, command_id, at, nonce, body))
    headers = {DEVICE: device_id, TIME: at, NONCE: nonce, SIGNATURE: b64encode(signature).decode()}
    return {**headers, COMMAND_ID: command_id} if command_id else headers


def request_genuine(headers: Mapping[str, str], key: Ed25519PublicKey, method: str, path: str, body: bytes) -> bool:
    """Whether the holder of `key` sent this request as it stands, at whatever time."""
    try:
        signature = b64decode(headers.get(SIGNATURE, ""), validate=True)
    except ValueError:
        return False
    said = [headers.get(name, "") for name in (DEVICE, COMMAND_ID, TIME, NONCE)]
    device_id, command_id, at, nonce = said
    return genuine(key, signature, _message(device_id, method, path, command_id, at, nonce, body))


def in_time(headers: Mapping[str, str], now: datetime) -> bool:
    """Whether a request that is genuine was signed about now, and for once: it has a nonce."""
    try:
        at = datetime.fromisoformat(headers.get(TIME, ""))
    except ValueError:
        return False
    return at.tzinfo is not None and abs(now - at) <= WINDOW and 0 < len(headers.get(NONCE, "")) <= MOST_NONCE


def _message(device_id: str, method: str, path: str, command_id: str, at: str, nonce: str, body: bytes) -> bytes:
    lines = ("parterre-request", device_id, method, path, command_id, at, nonce, sha256(body).hexdigest())
    return "\n".join(lines).encode(errors="surrogateescape")  # a header may hold any bytes
