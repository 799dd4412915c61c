"""How a device shows a broker who it is: its certificate as the password, signed with the key that it is for.

A broker checks it with the root certificate alone, without asking anybody. The password is the same every time, so a
broker outside the house's own wires is spoken to over TLS. Nothing that a broker carries is believed without its own
seal, so the certificate's period is not the broker's business: a Pi without a battery clock must not shut out its site.
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.foreign_input import understood
from shared.runtime.config import Failure
from shared.wire.certificates import Certificate, verified
from shared.wire.seal import genuine

KEY_FILE = "key.pem"
CERTIFICATE_FILE = "certificate.pem"
ROOT_FILE = "root.pem"


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str

    @classmethod
    def of(cls, key: Ed25519PrivateKey, certificate_pem: str, holder_id: str) -> "Login":
        signature = key.sign(_message(holder_id))
        pem = certificate_pem.encode()
        return cls(holder_id, f"{b64encode(pem).decode()}.{b64encode(signature).decode()}")


def admitted(username: str, password: str, root_pem: str) -> Certificate | None:
    """The certificate of who logs in, or None."""
    said, _, signed = password.partition(".")
    shown = understood(lambda: (b64decode(said, validate=True).decode(), b64decode(signed, validate=True)))
    if shown is None:
        return None
    pem, signature = shown
    certificate = verified(pem, root_pem)
    if certificate is None or certificate.holder_id != username:
        return None
    return certificate if genuine(certificate.key, signature, _message(username)) else None


def read_login(directory: Path) -> tuple[Login, Certificate]:
    """Login and certificate out of a device's identity directory; Failure if it is not enrolled."""
    try:
        key_text = (directory / KEY_FILE).read_bytes()
        pem = (directory / CERTIFICATE_FILE).read_text()
        root_pem = (directory / ROOT_FILE).read_text()
    except (OSError, ValueError) as bad:
        raise Failure(f"There is no complete identity in {directory} ({bad}).", "Enrol this device first.") from bad
    key = understood(lambda: load_pem_private_key(key_text, None))
    certificate = verified(pem, root_pem)
    if certificate is None or not isinstance(key, Ed25519PrivateKey):
        raise Failure(f"The certificate in {directory} is not one of its root.", "Enrol this device again.")
    return Login.of(key, pem, certificate.holder_id), certificate


def _message(holder_id: str) -> bytes:
    return f"parterre-mqtt:{holder_id}".encode()
