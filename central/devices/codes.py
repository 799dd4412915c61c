"""One-time enrolment codes. What central makes follows from its key, the device and the end of the code's life, so it
is shown as long as it lives and kept nowhere: the database holds a digest, of which nobody works out the code."""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from central.devices.model import Device, DeviceState
from central.kernel.keys import Keys
from central.kernel.spans import lasts
from shared.clock import to_ms
from shared.ids import Id

CODE_LIVES = timedelta(minutes=10)
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that can be mistaken for another
_SIGNS = 8
_DIFFERENT = 4


def new_code() -> str:
    """Eight letters, some 40 bits: for ten minutes and one use that is plenty."""
    return _parted("".join(secrets.choice(_LETTERS) for _ in range(_SIGNS)))


def made_code(keys: Keys, device_id: Id, until: datetime) -> str:
    """The code that central makes for a device, as long as one of `new_code`, and another for each end of its life."""
    said = f"parterre-enrolment|{device_id}|{to_ms(until)}"
    number = int.from_bytes(hmac.digest(keys.signer.key.private_bytes_raw(), said.encode(), sha256))
    found = []
    for _ in range(_SIGNS):
        number, at = divmod(number, len(_LETTERS))
        found.append(_LETTERS[at])
    return _parted("".join(found))


def _parted(text: str) -> str:
    return f"{text[: _SIGNS // 2]}-{text[_SIGNS // 2 :]}"


def code_digest(code: str) -> str:
    return sha256(("enrol:" + code.strip().upper()).encode()).hexdigest()


def is_weak(code: str) -> bool:
    """Whether a code that a program brings is easier to guess than central's own: too short, or of few signs."""
    bare = [each for each in code.upper() if each.isascii() and each.isalnum()]
    return len(bare) < _SIGNS or len(set(bare)) < _DIFFERENT


def code_lives(until: datetime | None, now: datetime) -> bool:
    return until is not None and lasts(until, now, CODE_LIVES)


def shown_code(keys: Keys, device: Device, now: datetime) -> str | None:
    """The code with which a device enrols now; None: there is none, or a program brought it."""
    if device.state is not DeviceState.INVITED or device.code_until is None or not code_lives(device.code_until, now):
        return None
    code = made_code(keys, device.id, device.code_until)
    return code if hmac.compare_digest(code_digest(code), device.code_digest) else None
