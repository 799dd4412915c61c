"""Signed statements: a JSON text, the id of the key that signed it, the signature. Ed25519 throughout.

The text travels as it was signed, so no two sides need to agree on a canonical form. `kid` says which key; who holds a
key and what it may sign is the certificate's business (`wire.certificates`).
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import Field

from shared.wire.bounds import Signature, Word
from shared.wire.codec import MOST_MESSAGE, load

T = TypeVar("T")
KID_BYTES = 4
MOST_TEXT = MOST_MESSAGE - 4096  # what is around it also counts


def kid_of(key: Ed25519PublicKey) -> str:
    """A key's id: the first 4 bytes of the SHA-256 of its raw public half, in hex."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).digest()[:KID_BYTES].hex()


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its kid, worked out once."""

    key: Ed25519PrivateKey
    kid: str

    @classmethod
    def of(cls, key: Ed25519PrivateKey) -> "Signer":
        return cls(key, kid_of(key.public_key()))


def genuine(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed JSON text on the wire. `signature` is base64 of 64 bytes."""

    text: Annotated[str, Field(max_length=MOST_TEXT)]
    kid: Word
    signature: Signature

    def signed_by(self, key: Ed25519PublicKey) -> bool:
        try:
            signature = b64decode(self.signature, validate=True)
        except ValueError:
            return False
        return genuine(key, signature, self.text.encode())

    def body(self, kind: type[T]) -> T:
        """The statement itself; call it after `signed_by`."""
        return load(kind, self.text)


def seal(text: bytes, signer: Signer) -> Sealed:
    return Sealed(text.decode(), signer.kid, b64encode(signer.key.sign(text)).decode())
