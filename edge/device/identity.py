"""Who this device is, on its disk: a key made here that never leaves, and what central gave for it at enrolment.

`identity.json` is written last and all at once, so a device is either enrolled or not, whatever happens to its power.
`key.pem`, `certificate.pem` and `root.pem` lie beside it for other programs (a Mosquitto, a TLS socket).
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from shared.ids import Id, is_id
from shared.runtime.config import Failure
from shared.runtime.files import write_whole
from shared.runtime.login import CERTIFICATE_FILE, KEY_FILE, ROOT_FILE, Login
from shared.wire.certificates import Certificate, verified
from shared.wire.codec import dump, load
from shared.wire.seal import Signer, kid_of

IDENTITY_FILE = "identity.json"
PENDING_FILE = "pending.json"
ASKED_FILE = "asked.json"


@dataclass(frozen=True, slots=True)
class Stored:
    """What `identity.json` holds."""

    certificate: str
    root_pem: str
    institution_id: Id
    central_certificates: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What `asked.json` holds: what central was asked, by which key with which code, and under which id: asked the same
    again, it answers again, however the code and the label are written this time."""

    command_id: Id
    kid: str
    code: str
    body: str


@dataclass(frozen=True, slots=True)
class Pending:
    """What `pending.json` holds: enrolment was asked for, a person must approve it."""

    device_id: Id
    root_pem: str


@dataclass(frozen=True, slots=True)
class Identity:
    directory: Path
    key: Ed25519PrivateKey
    certificate: Certificate
    stored: Stored

    @property
    def device_id(self) -> Id:
        return self.certificate.holder_id

    @property
    def site_id(self) -> str:
        return self.certificate.site_id

    @property
    def institution_id(self) -> Id:
        return self.stored.institution_id

    @property
    def root_pem(self) -> str:
        return self.stored.root_pem

    @property
    def settings(self) -> dict[str, Any]:
        return self.stored.settings

    @property
    def signer(self) -> Signer:
        return Signer.of(self.key)

    @property
    def login(self) -> Login:
        return Login.of(self.key, self.certificate.pem, self.device_id)

    def tls(self) -> ssl.SSLContext:
        """To a broker of the house: both sides show certificates of the root. Names in them are ids, not hosts."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata=self.root_pem)
        context.load_cert_chain(self.directory / CERTIFICATE_FILE, self.directory / KEY_FILE)
        return context


def device_key(directory: Path) -> Ed25519PrivateKey:
    """This device's key, made on the first call. Failure if others may read it."""
    path = directory / KEY_FILE
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            key = Ed25519PrivateKey.generate()
            write_whole(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        if path.stat().st_mode & 0o077:
            raise Failure(f"Others may read this device's key {path}.", f"Set it right with `chmod 600 {path}`.")
        found = load_pem_private_key(path.read_bytes(), None)
    except OSError as bad:
        raise Failure(
            f"The key {path} cannot be read or made ({bad.strerror}).", "Check the data directory's owner."
        ) from bad
    except ValueError as bad:
        raise Failure(f"The key {path} is damaged.", "Move it away and enrol this device again.") from bad
    if not isinstance(found, Ed25519PrivateKey):
        raise Failure(f"The key {path} is not an Ed25519 key.", "Move it away and enrol this device again.")
    return found


def read_identity(directory: Path) -> Identity | None:
    """None if this device is not enrolled; Failure if what lies there does not fit together."""
    path = directory / IDENTITY_FILE
    if not path.exists():
        return None
    try:
        stored = load(Stored, path.read_bytes())
    except (OSError, ValueError) as bad:
        raise Failure(f"The identity {path} cannot be read.", "Move it away and enrol this device again.") from bad
    key = device_key(directory)
    certificate = verified(stored.certificate, stored.root_pem)
    if certificate is None or certificate.kid != kid_of(key.public_key()):
        raise Failure(
            f"Key and certificate in {directory} do not belong together.", "Move them away and enrol this device again."
        )
    return Identity(directory, key, certificate, stored)


def keep_identity(directory: Path, key: Ed25519PrivateKey, certificate: Certificate, stored: Stored) -> Identity:
    """Write it to disk; `identity.json` last, which makes it count."""
    write_whole(directory / CERTIFICATE_FILE, stored.certificate.encode(), 0o644)
    write_whole(directory / ROOT_FILE, stored.root_pem.encode(), 0o644)
    write_whole(directory / IDENTITY_FILE, dump(stored), 0o600)
    keep_pending(directory, None)
    forget_asked(directory)
    return Identity(directory, key, certificate, stored)


def keep_central(identity: Identity, certificates: tuple[str, ...], settings: dict[str, Any]) -> Identity:
    """The same device with newer certificates of central or settings, on disk too if they differ."""
    stored = replace(identity.stored, central_certificates=certificates, settings=settings)
    if stored == identity.stored:
        return identity
    write_whole(identity.directory / IDENTITY_FILE, dump(stored), 0o600)
    return replace(identity, stored=stored)


def read_pending(directory: Path) -> Pending | None:
    try:
        return load(Pending, (directory / PENDING_FILE).read_bytes())
    except (OSError, ValueError):
        return None


def keep_pending(directory: Path, pending: Pending | None) -> None:
    if pending is None:
        (directory / PENDING_FILE).unlink(missing_ok=True)
    else:
        write_whole(directory / PENDING_FILE, dump(pending), 0o600)


def keep_asked(directory: Path, kid: str, code: str, body: bytes, fresh: Callable[[], Id]) -> Asked:
    """What central is asked, and under which id: kept before it is asked, for its answer may be lost. Of the same key
    and code that is what it was asked before."""
    meant = code.strip().upper()  # as central reads it
    try:
        before = load(Asked, (directory / ASKED_FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        before = None
    if before is not None and (before.kid, before.code) == (kid, meant) and is_id(before.command_id):
        return before
    asked = Asked(fresh(), kid, meant, body.decode())
    write_whole(directory / ASKED_FILE, dump(asked), 0o600)
    return asked


def forget_asked(directory: Path) -> None:
    (directory / ASKED_FILE).unlink(missing_ok=True)
