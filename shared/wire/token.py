"""The ticket's barcode: a signed statement of at most 120 bytes that a gate verifies without asking anybody.

Two forms (docs/spec/edge.md, Trust). `1`: issued by central, names the ticket. `2`: sold by a device out of a lease,
names lease and slot; the ticket's id follows from them, so a gate that never heard of the sale knows the same id as
central. `serial` goes up at every reissue. Layout, big-endian, signature (64 bytes, Ed25519) over all that stands
before it:

    version 1 | kid 4 | ticket 16          (form 1) | serial 2 | scope 16 | zones 2 | entries 1 | flags 1 | signature 64
    version 1 | kid 4 | lease 16 | slot 2  (form 2) | …

`scope` is the performance's id, or with flag WINDOW two unsigned 64-bit times (Unix seconds, from and to). `zones` is a
bit per control zone of the venue. On paper it is base 32 without padding (upper case letters and 2–7): QR's compact
alphanumeric mode, and the same keys on every keyboard layout a scanner may pretend to be.
"""

from base64 import b32decode
from dataclasses import dataclass, replace
from enum import IntFlag
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.ids import Id, derived_id, id_bytes, id_from_bytes
from shared.wire.base32 import b32
from shared.wire.seal import Signer, genuine

MAX_INPUT = 512  # bytes a reader may deliver; anything longer is unreadable
_SIGNATURE = 64
_SIZE = {1: 107, 2: 109}
_TEXT_SIZE = {-(-size * 8 // 5): version for version, size in _SIZE.items()}


class Flag(IntFlag):
    WINDOW = 1  # `scope` is a validity window
    PROOF = 2  # a reduced tariff: somebody must see the proof
    SPECIMEN = 4  # training; never opens a gate


PLAIN = Flag(0)


def asking(proof: bool) -> Flag:
    """The flags of a ticket sold at a tariff, by whether that asks for a proof: the same whoever sells."""
    return Flag.PROOF if proof else PLAIN


@dataclass(frozen=True, slots=True)
class Token:
    """A parsed token. `lease_id` and `slot` are None in form 1. `window` is (from, to) in Unix seconds or None."""

    kid: str
    ticket_id: Id
    serial: int
    performance_id: Id | None
    zones: int
    entries: int
    flags: Flag = PLAIN
    lease_id: Id | None = None
    slot: int | None = None
    window: tuple[int, int] | None = None
    signature: bytes = b""

    def signed_by(self, key: Ed25519PublicKey) -> bool:
        return genuine(key, self.signature, _message(self))


def leased_ticket_id(lease_id: Id, slot: int) -> Id:
    """The id of the ticket, and of the sale, of one slot of a lease."""
    return derived_id("slot", lease_id, slot)


def sign(token: Token, signer: Signer) -> Token:
    """The token under the signer's key."""
    unsigned = replace(token, kid=signer.kid)
    return replace(unsigned, signature=signer.key.sign(_message(unsigned)))


def write(token: Token) -> str:
    """The text for the barcode."""
    return b32(_message(token) + token.signature)


def barcode_text(
    signer: Signer, ticket_id: Id, serial: int, performance_id: Id, zones: int, entries: int, flags: Flag
) -> str:
    """The text for the barcode of a ticket of central's for a performance: what `write(sign(Token(…), signer))` gives,
    without the token, for an on-sale asks for thousands a minute."""
    message = _form_1(signer.kid, ticket_id) + _rest(serial, _scope(performance_id), zones, entries, flags)
    return b32(message + signer.key.sign(message))


def parse(text: str) -> Token | None:
    """The token, or None if a single character is not as `write` would have written it. Never raises."""
    version = _TEXT_SIZE.get(len(text))
    if version is None or not text.isascii():
        return None
    try:
        raw = b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        return None
    if raw[0] != version or len(raw) != _SIZE[version]:
        return None
    return _read(raw) if b32(raw) == text else None  # loose bits in the last letter


def _read(raw: bytes) -> Token | None:
    body, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    kid, named, rest = body[1:5].hex(), id_from_bytes(body[5:21]), body[21:]
    lease_id = slot = None
    if body[0] == 2:
        lease_id, slot, rest = named, int.from_bytes(rest[:2], "big"), rest[2:]
    serial, scope, zones = int.from_bytes(rest[:2], "big"), rest[2:18], int.from_bytes(rest[18:20], "big")
    entries, bits = rest[20], rest[21]
    if bits & ~(Flag.WINDOW | Flag.PROOF | Flag.SPECIMEN):
        return None
    windowed = bool(bits & Flag.WINDOW)
    return Token(
        kid=kid,
        ticket_id=named if lease_id is None or slot is None else leased_ticket_id(lease_id, slot),
        serial=serial,
        performance_id=None if windowed else id_from_bytes(scope),
        zones=zones,
        entries=entries,
        flags=Flag(bits),
        lease_id=lease_id,
        slot=slot,
        window=(int.from_bytes(scope[:8], "big"), int.from_bytes(scope[8:], "big")) if windowed else None,
        signature=signature,
    )


def _message(token: Token) -> bytes:
    if token.lease_id is not None and token.slot is not None:
        head = b"\x02" + bytes.fromhex(token.kid) + id_bytes(token.lease_id) + token.slot.to_bytes(2, "big")
    else:
        head = _form_1(token.kid, token.ticket_id)
    if token.window is not None:
        scope = token.window[0].to_bytes(8, "big") + token.window[1].to_bytes(8, "big")
    elif token.performance_id is not None:
        scope = _scope(token.performance_id)
    else:
        raise ValueError("a token is for a performance or for a window of time")
    flags = token.flags | (Flag.WINDOW if token.window is not None else 0)
    return head + _rest(token.serial, scope, token.zones, token.entries, flags)


def _form_1(kid: str, ticket_id: Id) -> bytes:
    return b"\x01" + bytes.fromhex(kid) + id_bytes(ticket_id)


_scope = lru_cache(256)(id_bytes)  # of a performance: what is on sale now is few


def _rest(serial: int, scope: bytes, zones: int, entries: int, flags: int) -> bytes:
    return serial.to_bytes(2, "big") + scope + zones.to_bytes(2, "big") + bytes((entries, flags))
