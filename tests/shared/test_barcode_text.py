"""The barcode's text as central issues it: Python's own base 32, and what `sign` and `write` would say."""

from base64 import b32encode
from hashlib import shake_128

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.ids import derived_id
from shared.wire.base32 import LONGEST, b32
from shared.wire.seal import Signer
from shared.wire.token import PLAIN, Flag, Token, barcode_text, parse, sign, write


@pytest.mark.parametrize("fill", [b"\x00", b"\xff", None], ids=["zeros", "ones", "chance"])
def test_base_32_is_pythons_without_its_padding(fill: bytes | None) -> None:
    for length in range(LONGEST + 1):
        raw = shake_128(str(length).encode()).digest(length) if fill is None else fill * length
        assert b32(raw) == b32encode(raw).decode().rstrip("="), length


def test_what_is_longer_is_refused_and_not_cut() -> None:
    with pytest.raises(ValueError, match="more than"):
        b32(bytes(LONGEST + 1))


@pytest.mark.parametrize("flags", [PLAIN, Flag.PROOF])
def test_an_issued_ticket_is_the_token_signed_and_written(flags: Flag) -> None:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "0a0b0c0d")
    ticket, performance = derived_id("ticket"), derived_id("performance")
    token = Token(signer.kid, ticket, 3, performance, 0x8001, 2, flags)
    text = barcode_text(signer, ticket, 3, performance, 0x8001, 2, flags)
    assert text == write(sign(token, signer))
    read = parse(text)
    assert read is not None and read.signed_by(signer.key.public_key()) and read.flags == flags
