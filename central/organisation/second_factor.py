"""The second factor: a code out of a telephone every half minute (TOTP, RFC 6238), and codes on paper for a lost one.

A code is right in its half minute and the one before and after, since telephones' clocks differ; a code that was used,
and any before it, opens nothing again.
"""

import hmac
import io
from datetime import datetime
from secrets import choice

import pyotp
import segno

from central.kernel.db import Connection
from central.kernel.spans import APART

STEP_S = 30
DRIFT = 1
CODES = 10
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1
_GROUPS = (5, 5, 5)  # 75 bits a code


def new_seed() -> str:
    return pyotp.random_base32()


def otpauth_address(seed: str, operator: str, house: str) -> str:
    """The otpauth address that an authenticator reads."""
    return pyotp.TOTP(seed).provisioning_uri(name=operator, issuer_name=house)


def picture(text: str) -> str:
    """A QR code as SVG, without any colour or style of its own: the page's CSS draws it."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4, svgclass="qr", lineclass=None, light=None
    )
    return out.getvalue().decode()


def step_of(seed: str, code: str, now: datetime, used: int) -> int | None:
    """The half minute that this code belongs to, if it is one that was not used yet."""
    digits = "".join(each for each in code if each.isdigit() and each.isascii())
    if len(digits) != 6:
        return None
    here = int(now.timestamp()) // STEP_S
    made = pyotp.TOTP(seed)
    right = [step for step in range(here - DRIFT, here + DRIFT + 1)
             if hmac.compare_digest(made.generate_otp(step), digits)]  # fmt: skip
    # clock: steps, of which `last_used` takes none that is yet to come
    return next((step for step in right if step > last_used(used, now)), None)


def last_used(step: int, now: datetime) -> int:
    """The half minute of the last code that was used; one that no telephone can have shown yet was stored by a clock
    that was wrong, and holds nothing against the codes of today."""
    newest = int((now + APART).timestamp()) // STEP_S + DRIFT
    return step if step <= newest else 0


def new_recovery_codes() -> list[str]:
    return ["-".join("".join(choice(_LETTERS) for _ in range(n)) for n in _GROUPS) for _ in range(CODES)]


def bare(code: str) -> str:
    """A recovery code as it is digested: however somebody typed it."""
    return "".join(each for each in code.upper() if each in _LETTERS)


def sealed_factors(db: Connection) -> list[tuple[str, str]]:
    """(sealed text, owner) of all there are."""
    return [(row[0], row[1]) for row in db.run("SELECT totp, id FROM operator WHERE totp <> ''", {})]
