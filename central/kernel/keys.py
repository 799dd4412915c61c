"""Central's own keys: the root, which signs certificates only, and a working key under it, which signs tickets, leases,
feeds and commands. They lie in a folder of their own, readable by central alone, never in the database or its backups.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificate

from central.kernel.mounts import is_mount
from shared.foreign_input import understood
from shared.ids import Id, derived_id
from shared.runtime.files import settle_names, write_whole
from shared.wire.certificates import Certificate, DeviceKind, issue, root_certificate, verified
from shared.wire.seal import Signer

ROOT_YEARS = 20
WORKING_YEARS = 3
DEVICE_YEARS = 3
_YEAR = timedelta(days=365)
_NAMES = ("root.key", "root.pem", "working.key", "working.pem")
_PRIVATE = ("root.key", "working.key")
_BACKDATED = timedelta(days=1)  # a device's clock may be behind ours


@dataclass(frozen=True, slots=True)
class Keys:
    """`certificate` is the working key's, under the root."""

    root_key: Ed25519PrivateKey
    root_pem: str
    signer: Signer
    certificate: Certificate

    @property
    def texts(self) -> list[bytes]:
        """As they lie in their folder, private ones too: for another process of central's."""
        return [_pem(self.root_key), self.root_pem.encode(), _pem(self.signer.key), self.certificate.pem.encode()]

    def certify(
        self, certificate_id: Id, holder_id: Id, kind: DeviceKind, site_id: str, key: Ed25519PublicKey, now: datetime
    ) -> str:
        """PEM of a certificate for a device's key."""
        return issue(
            self.root_key, self.root_pem, key,
            holder_id=holder_id, kind=kind, site_id=site_id, certificate_id=certificate_id,
            valid_from=now - _BACKDATED, valid_to=now + DEVICE_YEARS * _YEAR,
        )  # fmt: skip


def make_keys(now: datetime, house: str = "Parterre") -> Keys:
    """A new root with its working key; valid from yesterday, since a device's clock may be behind."""
    root_key = Ed25519PrivateKey.generate()
    root_pem = root_certificate(root_key, house, now - _BACKDATED, now + ROOT_YEARS * _YEAR)
    return _with_working_key(root_key, root_pem, Ed25519PrivateKey.generate(), now)


def load_keys(folder: Path, now: datetime) -> Keys:
    """The keys in `folder`, made if there are none. Whether they may be made is asked in central/house_keys.py."""
    return read_keys(folder) or made_keys(folder, now)


def read_keys(folder: Path) -> Keys | None:
    """The keys in `folder`; None: it is empty, or not there. ValueError for a folder that is damaged or not whole, or
    that others may read, since new keys in the place of lost ones would lock out every device."""
    if not folder.exists() or not any(folder.iterdir()):
        return None
    missing = [name for name in _NAMES if not (folder / name).exists()]
    if missing:
        raise ValueError(f"{folder} lacks {', '.join(missing)}; restore the folder from your backup")
    keys = keys_of([(folder / name).read_bytes() for name in _NAMES])
    if keys is None:
        raise ValueError(f"{folder}: these are not the keys of a house; restore the folder from your backup")
    for name in _PRIVATE:
        refuse_exposed(folder / name)
    return keys


def refuse_exposed(path: Path) -> None:
    """ValueError for a private key that others than its owner may read or replace: a copy by `cp` often is."""
    if path.stat().st_mode & 0o077:
        raise ValueError(f"others may read {path}: run  chmod -R go= {path.parent}  and consider who has read it")


def fingerprint(root_pem: str) -> str:
    """SHA-256 of a root's public key, in hex: what a database calls it by."""
    key = load_pem_x509_certificate(root_pem.encode()).public_key()
    assert isinstance(key, Ed25519PublicKey), "a house's root"
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def made_keys(folder: Path, now: datetime) -> Keys:
    """All four files or, if the machine stops in between, none. Where `folder` is a link they lie where it leads."""
    if folder.is_symlink() and not folder.exists():
        raise ValueError(f"{folder} points to {folder.readlink()}, which is not there: mount its disk")
    if is_mount(folder := folder.resolve()):
        raise ValueError(f"{folder} is a disk of its own: make a folder on it, and {folder} a link to that")
    keys = make_keys(now)
    half = folder.with_name(folder.name + ".new")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True, mode=0o700)
    for name, text in zip(_NAMES, keys.texts, strict=True):
        write_whole(half / name, text, 0o600)
    half.replace(folder)
    settle_names(folder.parent)
    return keys


def keys_of(texts: list[bytes]) -> Keys | None:
    """The keys of which these are the texts, if they belong together."""
    root_text, root_pem, working_text, working_pem = texts
    root_key, working_key = (
        understood(partial(load_pem_private_key, text, None)) for text in (root_text, working_text)
    )
    root = understood(lambda: load_pem_x509_certificate(root_pem).public_key())
    certificate = understood(lambda: verified(working_pem.decode(), root_pem.decode()))
    if not isinstance(root_key, Ed25519PrivateKey) or not isinstance(working_key, Ed25519PrivateKey):
        return None
    signer = Signer.of(working_key)
    together = root == root_key.public_key() and certificate is not None and certificate.kid == signer.kid
    return Keys(root_key, root_pem.decode(), signer, certificate) if together and certificate else None


def _with_working_key(root_key: Ed25519PrivateKey, root_pem: str, key: Ed25519PrivateKey, now: datetime) -> Keys:
    signer = Signer.of(key)
    pem = issue(
        root_key, root_pem, key.public_key(),
        holder_id=derived_id("central", signer.kid), kind=DeviceKind.CENTRAL, site_id="",
        certificate_id=derived_id("certificate", signer.kid),
        valid_from=now - _BACKDATED, valid_to=now + WORKING_YEARS * _YEAR,
    )  # fmt: skip
    certificate = verified(pem, root_pem)
    assert certificate, "what we signed, we verify"
    return Keys(root_key, root_pem, signer, certificate)


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
