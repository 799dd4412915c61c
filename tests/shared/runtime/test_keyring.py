"""Which keys are believed, for what, and until when."""

from datetime import UTC, datetime, timedelta

from shared.clock import ClockState, Now
from shared.ids import derived_id
from shared.runtime.keyring import Keyring
from shared.wire.certificates import DeviceKind, Right
from shared.wire.seal import seal

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATE = datetime(2040, 1, 1, tzinfo=UTC)


def at(when: datetime, state: ClockState = ClockState.TRUSTED) -> Now:
    return Now(when, state, timedelta(0))


def test_only_the_roots_certificates_are_known(house) -> None:
    ring = Keyring(house.root_pem)
    kiosk, stranger = house.holder("kiosk", DeviceKind.KIOSK), type(house)().holder("kiosk", DeviceKind.KIOSK)
    assert ring.add(kiosk.certificate.pem) == kiosk.certificate == ring.certificate(kiosk.certificate.kid)
    assert ring.add(stranger.certificate.pem) is None
    assert ring.add("rubbish") is None
    assert ring.certificate(stranger.certificate.kid) is None


def test_rights_period_and_revocation(house) -> None:
    ring = Keyring(house.root_pem)
    kiosk = house.holder("kiosk", DeviceKind.KIOSK)
    kid = kiosk.certificate.kid
    ring.add(kiosk.certificate.pem)
    assert ring.trusted(kid, Right.SELL) == kiosk.certificate
    assert ring.trusted(kid, Right.STATE) is None
    assert ring.trusted("00000000", Right.SELL) is None
    assert ring.trusted(kid, Right.SELL, at(NOON)) is not None
    assert ring.trusted(kid, Right.SELL, at(LATE)) is None
    assert ring.trusted(kid, Right.SELL, at(LATE, ClockState.UNTRUSTED)) is not None
    good, other = derived_id("sold before"), derived_id("sold after")
    ring.revoke(kid, NOON, (good,))
    assert ring.revoked(kid) == NOON
    assert ring.trusted(kid, Right.SELL) is None
    assert ring.trusted(kid, Right.SELL, about=other) is None
    assert ring.trusted(kid, Right.SELL, about=good) == kiosk.certificate
    assert ring.certificate(kid) == kiosk.certificate, "still known: `revoked` is another answer than `unknown`"


def test_who_vouches_for_a_statement(house) -> None:
    ring = Keyring(house.root_pem)
    central, kiosk = house.holder("central", DeviceKind.CENTRAL), house.holder("kiosk", DeviceKind.KIOSK)
    for holder in (central, kiosk):
        ring.add(holder.certificate.pem)
    said = seal(b"{}", central.signer)
    assert ring.vouches(said, Right.STATE) == central.certificate
    assert ring.vouches(seal(b"{}", kiosk.signer), Right.STATE) is None
    assert ring.vouches(type(said)("{ }", said.kid, said.signature), Right.STATE) is None
    assert ring.vouches(type(said)(said.text, said.kid, "!"), Right.STATE) is None


def test_rows_of_the_feed_of_keys(house) -> None:
    ring = Keyring(house.root_pem)
    kiosk, gate = house.holder("kiosk", DeviceKind.KIOSK), house.holder("gate", DeviceKind.GATE)
    stranger = type(house)().holder("x", DeviceKind.GATE)
    refused = ring.take(
        {
            kiosk.certificate.kid: {"certificate": kiosk.certificate.pem, "revoked_at": NOON.isoformat()},
            gate.certificate.kid: {"certificate": gate.certificate.pem},
            stranger.certificate.kid: {"certificate": stranger.certificate.pem},
            "0badf00d": {"certificate": gate.certificate.pem},
            "11111111": {"wrong": 1},
        }
    )
    assert sorted(refused) == sorted([stranger.certificate.kid, "0badf00d", "11111111"])
    assert ring.trusted(gate.certificate.kid, Right.CONTROL) == gate.certificate
    assert ring.revoked(kiosk.certificate.kid) == NOON
    assert ring.take({gate.certificate.kid: None}) == []
    assert ring.certificate(gate.certificate.kid) is None
    ring.take({kiosk.certificate.kid: {"certificate": kiosk.certificate.pem}})
    assert ring.revoked(kiosk.certificate.kid) is None
