"""How a device signs its HTTP requests, so that they mean the same behind any proxy, with or without TLS.

The signature covers method, path with query, the device's time and the body. A repeated request is harmless: commands
carry an id and are taken once. The time is for the record; a device whose clock is wrong must still be heard.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.ids import Id
from shared.wire.seal import Signer, genuine

DEVICE = "Parterre-Device"
TIME = "Parterre-Time"
SIGNATURE = "Parterre-Signature"
COMMAND_ID = "Idempotency-Key"


def signed_headers(device_id: Id, signer: Signer, method: str, path: str, at: str, body: bytes) -> dict[str, str]:
    """Headers to send; `path` includes the query string, `at` is ISO 8601."""
    signature = signer.key.sign(_message(device_id, method, path, at, body))
    return {DEVICE: device_id, TIME: at, SIGNATURE: b64encode(signature).decode()}


def request_genuine(headers: Mapping[str, str], key: Ed25519PublicKey, method: str, path: str, body: bytes) -> bool:
    """Whether the holder of `key` sent this request as it stands."""
    try:
        signature = b64decode(headers.get(SIGNATURE, ""), validate=True)
    except ValueError:
        return False
    device_id, at = headers.get(DEVICE, ""), headers.get(TIME, "")
    return genuine(key, signature, _message(device_id, method, path, at, body))


def _message(device_id: str, method: str, path: str, at: str, body: bytes) -> bytes:
    return "\n".join(("parterre-request", device_id, method, path, at, sha256(body).hexdigest())).encode(
        errors="surrogateescape"  # a header may hold any bytes
    )
