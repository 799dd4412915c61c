"""A house with a root key and certificates for whoever a test needs."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.ids import Id, derived_id
from shared.runtime.login import Login
from shared.wire.certificates import Certificate, DeviceKind, issue, root_certificate, verified
from shared.wire.seal import Signer

FROM, TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Holder:
    key: Ed25519PrivateKey
    certificate: Certificate

    @property
    def id(self) -> Id:
        return self.certificate.holder_id

    @property
    def signer(self) -> Signer:
        return Signer.of(self.key)

    @property
    def login(self) -> Login:
        return Login.of(self.key, self.certificate.pem, self.id)


@dataclass
class House:
    root_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    root_pem: str = ""
    site: str = derived_id("site")

    def __post_init__(self) -> None:
        self.root_pem = root_certificate(self.root_key, "Test house", FROM, TO)

    def holder(self, name: str, kind: DeviceKind, site: str | None = None) -> Holder:
        key = Ed25519PrivateKey.generate()
        return Holder(key, self.certificate(key, derived_id(name), kind, site))

    def certificate(
        self, key: Ed25519PrivateKey, holder_id: Id, kind: DeviceKind, site: str | None = None
    ) -> Certificate:
        pem = issue(
            self.root_key,
            self.root_pem,
            key.public_key(),
            holder_id=holder_id,
            kind=kind,
            site_id="" if kind is DeviceKind.CENTRAL else site or self.site,
            certificate_id=derived_id("certificate", holder_id, kind),
            valid_from=FROM,
            valid_to=TO,
        )
        found = verified(pem, self.root_pem)
        assert found is not None
        return found


@pytest.fixture
def house() -> House:
    return House()
