"""None for anything else: whatever a stranger makes of a real one, it is one or none, and nobody falls over it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings

from shared.foreign_input import understood
from shared.ids import derived_id
from shared.runtime.login import Login, admitted
from shared.wire import token
from shared.wire.certificates import (
    DeviceKind,
    issue,
    requested_key,
    revocation_list,
    revoked_serials,
    root_certificate,
    signing_request,
    verified,
)
from shared.wire.codec import dump, load
from shared.wire.facts import ScanFact, Upload
from shared.wire.seal import Sealed, Signer, seal
from tests.mangled import EDITS, Edited, edited_text, inside_pem

AT, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
ROOT = Ed25519PrivateKey.from_private_bytes(b"r" * 32)
OWN = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
ROOT_PEM = root_certificate(ROOT, "Test house", AT, LATER)
HOLDER = derived_id("gate")
PEM = issue(
    ROOT, ROOT_PEM, OWN.public_key(), holder_id=HOLDER, kind=DeviceKind.GATE, site_id=derived_id("site"),
    certificate_id=derived_id("certificate"), valid_from=AT, valid_to=LATER,
)  # fmt: skip
LOGIN = Login.of(OWN, PEM, HOLDER)
SIGNER = Signer.of(OWN)
SEALED = seal(b'{"at":1}', SIGNER)
TOKEN = token.write(
    token.sign(
        token.Token(SIGNER.kid, derived_id("ticket"), 1, derived_id("performance"), 1, 1), SIGNER
    )
)  # fmt: skip
SCAN = dump(ScanFact(HOLDER, 1, HOLDER, "A1", "entry", True, entry=1)).decode()  # type: ignore[arg-type]


def by_value_error(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Of those that say ValueError for what is none."""

    def tried(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            return None

    return tried


@dataclass(frozen=True)
class Parser:
    real: str
    read: Callable[[str], Any]
    edit: Edited = edited_text


PARSERS: dict[str, Parser] = {
    "a certificate": Parser(PEM, lambda pem: verified(pem, ROOT_PEM)),
    "a certificate's inside": Parser(PEM, lambda pem: verified(pem, ROOT_PEM), inside_pem),
    "a root": Parser(ROOT_PEM, lambda root: verified(PEM, root), inside_pem),
    "a request": Parser(signing_request(OWN, "lobby"), requested_key),
    "a request's inside": Parser(signing_request(OWN, "lobby"), requested_key, inside_pem),
    "a list of the revoked": Parser(
        revocation_list(ROOT, ROOT_PEM, [(PEM, AT)], AT), lambda crl: revoked_serials(crl, ROOT_PEM), inside_pem
    ),
    "a login": Parser(LOGIN.password, lambda password: admitted(HOLDER, password, ROOT_PEM)),
    "a login's certificate": Parser(
        PEM,
        lambda pem: admitted(HOLDER, Login.of(OWN, pem, HOLDER).password, ROOT_PEM),
        inside_pem,
    ),
    "a barcode": Parser(TOKEN, token.parse),
    "a seal's signature": Parser(
        SEALED.signature, lambda text: Sealed(SEALED.text, SIGNER.kid, text).signed_by(OWN.public_key())
    ),
    "a fact's body": Parser(SCAN, by_value_error(lambda text: load(ScanFact, text))),
    "an upload": Parser(
        f'{{"facts":[{{"body":{SCAN}}}],"signature":"AAAA"}}', by_value_error(lambda text: load(Upload, text))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PARSERS)
def test_a_real_one_is_one(name: str) -> None:
    parser = PARSERS[name]
    assert parser.read(parser.real) or name == "an upload"


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=300)
@given(edits=EDITS)
def test_a_mangled_one_is_one_or_none(name: str, edits: list[tuple[str, int, int]]) -> None:
    parser = PARSERS[name]
    parser.read(parser.edit(parser.real, edits))


ODD: dict[str, Callable[[str], str]] = {
    "a version that there is none of": lambda pem: _swapped(pem, b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x32"),
    "a key of no known kind": lambda pem: _swapped(pem, b"\x06\x03\x2b\x65\x70", b"\x06\x03\x2b\x65\x77"),
    "a name that is no text": lambda pem: _swapped(pem, HOLDER.encode(), b"\xff" * len(HOLDER)),
}


def _swapped(pem: str, before: bytes, after: bytes) -> str:
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    assert before in der and len(before) == len(after)
    at = der.index(before)
    edits = [("change", at + n, byte) for n, byte in enumerate(after)]
    return inside_pem(pem, edits)


@pytest.mark.parametrize("name", ODD)
def test_an_odd_certificate_is_none(name: str) -> None:
    assert verified(ODD[name](PEM), ROOT_PEM) is None


def test_an_odd_request_is_none() -> None:
    real = signing_request(OWN, "lobby")
    for at in range(len(real) // 2):
        for byte in (0x00, 0x32, 0x77, 0xFF):
            requested_key(inside_pem(real, [("change", at, byte)]))


# --- the one place for it ---------------------------------------------------------------------------------------------


class PanicException(BaseException):
    """As a library in Rust falls."""


@pytest.mark.parametrize(
    "fault", [ValueError(), KeyError(), PanicException(), RecursionError(), x509.InvalidVersion("", 51)]
)
def test_whatever_it_cannot_take_is_none(fault: BaseException) -> None:
    def falls() -> object:
        raise fault

    assert understood(falls) is None
    assert understood(lambda: 1) == 1


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), asyncio.CancelledError(), MemoryError(), SystemExit()])
def test_what_is_not_the_strangers_goes_on(fault: BaseException) -> None:
    def falls() -> object:
        raise fault

    with pytest.raises(type(fault)):
        understood(falls)
