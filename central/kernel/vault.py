"""A key that lies beside central's keys, never in the database: a backup alone opens nothing of what it seals.

It seals the seeds of second factors, keys the digests of what could otherwise be guessed from them (recovery codes,
addresses typed at the door), and makes the tokens of links that go out by mail.
"""

import hmac
from base64 import b64decode, b64encode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from central.kernel.keys import refuse_exposed
from shared.runtime.files import write_whole

_NONCE = 12
FILE = "vault.key"


class Vault:
    def __init__(self, key: bytes) -> None:
        assert len(key) == 32
        self._cipher = AESGCM(hmac.digest(key, b"seal", sha256))
        self._digest_key = hmac.digest(key, b"digest", sha256)
        self._token_key = hmac.digest(key, b"token", sha256)
        # What a database calls this key by: of 256 bits of chance, so nobody guesses the key from it.
        self.fingerprint = hmac.digest(key, b"fingerprint", sha256).hex()

    def seal(self, secret: str, owner: str) -> str:
        """Text that only this key opens, and only for this owner: moved to another row it is worth nothing."""
        return self.seal_bytes(secret.encode(), owner)

    def seal_bytes(self, secret: bytes, owner: str) -> str:
        nonce = token_bytes(_NONCE)
        return b64encode(nonce + self._cipher.encrypt(nonce, secret, owner.encode())).decode()

    def open(self, sealed: str, owner: str) -> str | None:
        """None: it was sealed with another key, or for somebody else."""
        found = self.open_bytes(sealed, owner)
        return None if found is None else found.decode()

    def open_bytes(self, sealed: str, owner: str) -> bytes | None:
        try:
            raw = b64decode(sealed, validate=True)
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], owner.encode())
        except (ValueError, InvalidTag):
            return None

    def token(self, *parts: str) -> str:
        """256 bits for a link, which nobody works out without this key."""
        raw = hmac.new(self._token_key, "\x1f".join(parts).encode(), sha256).digest()
        return urlsafe_b64encode(raw).rstrip(b"=").decode()

    def digest(self, *parts: str) -> str:
        return hmac.new(self._digest_key, "\x1f".join(parts).encode(), sha256).hexdigest()


def load_vault(folder: Path) -> Vault:
    """The key in central's folder of keys, made if there is none; ValueError for one that is damaged. Whether it may be
    made is asked in central/house_keys.py."""
    return read_vault(folder) or made_vault(folder)


def read_vault(folder: Path) -> Vault | None:
    """None: there is none. ValueError for one that is damaged, or that others may read."""
    path = folder / FILE
    if not path.exists():
        return None
    key = path.read_bytes()
    if len(key) != 32:
        raise ValueError(f"{path} is damaged; restore the folder from your backup")
    refuse_exposed(path)
    return Vault(key)


def made_vault(folder: Path) -> Vault:
    key = token_bytes(32)
    write_whole(folder / FILE, key, 0o600)
    return Vault(key)
