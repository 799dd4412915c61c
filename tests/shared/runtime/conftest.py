"""A house with a root key and certificates for whoever a test needs."""

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

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


@pytest.fixture
def fakes():
    """The module with the fake central; tests are no package, so it comes as a fixture."""
    spec = spec_from_file_location("fake_central", Path(__file__).parent / "fake_central.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules.get("fake_central")
    if module is None:
        module = module_from_spec(spec)
        sys.modules["fake_central"] = module
        spec.loader.exec_module(module)
    return module


@pytest.fixture
async def central(house, fakes):
    """A fake central of the house, listening."""
    own = house.holder("central", DeviceKind.CENTRAL)
    async with fakes.FakeCentral(own.signer, own.certificate, house.root_pem) as running:
        yield running
