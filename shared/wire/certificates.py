"""Who holds a key and what it may do: X.509 certificates under the house's own Ed25519 root (docs/spec/edge.md, Trust).

Devices and central's working keys carry the same kind of certificate; only `kind` and `rights` differ. They stand in
the certificate as SAN URIs (`parterre:kind:kiosk`), so that any TLS stack can show them. A device makes its own key and
sends a signing request; the private half never leaves it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from shared.foreign_input import understood
from shared.ids import Id, id_bytes, is_id
from shared.wire.seal import kid_of

_URI = "parterre:"
MOST_PEM = 4096  # ours are some 900 bytes


class DeviceKind(StrEnum):
    CENTRAL = auto()
    KIOSK = auto()
    GATE = auto()
    PRINTER = auto()
    BROKER = auto()
    BAR = auto()


class Right(StrEnum):
    """What a key may sign."""

    ISSUE = auto()  # tickets of any performance of the institution
    SELL = auto()  # tickets out of its own leases
    CONTROL = auto()  # scans and claims
    STATE = auto()  # feeds, leases and commands to devices
    RELAY = auto()  # carry messages of its site (a broker's bridge)
    PRINT = auto()


EVERYBODY: Final = frozenset(Right)
"""Every device has one of them."""

RIGHTS: Mapping[DeviceKind, frozenset[Right]] = {
    DeviceKind.CENTRAL: frozenset({Right.ISSUE, Right.STATE}),
    DeviceKind.KIOSK: frozenset({Right.SELL, Right.PRINT}),
    DeviceKind.GATE: frozenset({Right.CONTROL}),
    DeviceKind.PRINTER: frozenset({Right.PRINT}),
    DeviceKind.BROKER: frozenset({Right.RELAY}),
    DeviceKind.BAR: frozenset({Right.SELL}),
}


class EnrolmentState(StrEnum):
    """How central sees a request for a certificate."""

    PENDING = auto()
    APPROVED = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Certificate:
    """A verified certificate. `site_id` is empty for central itself; validity is aware UTC."""

    holder_id: Id
    kind: DeviceKind
    site_id: str
    rights: frozenset[Right]
    valid_from: datetime
    valid_to: datetime
    key: Ed25519PublicKey
    kid: str
    pem: str

    def may(self, right: Right, at: datetime) -> bool:
        return right in self.rights and self.valid_from <= at < self.valid_to


def signing_request(key: Ed25519PrivateKey, label: str) -> str:
    """PEM of a PKCS#10 request; `label` is for the operator who approves."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label[:64])])
    return (
        x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, None).public_bytes(Encoding.PEM).decode()
    )


def requested_key(request_pem: str) -> Ed25519PublicKey | None:
    """The public key of a request whose sender holds the private half; None for anything else."""
    if len(request_pem) > MOST_PEM:
        return None

    def key() -> object:
        request = x509.load_pem_x509_csr(request_pem.encode())
        return request.public_key() if request.is_signature_valid else None

    found = understood(key)
    return found if isinstance(found, Ed25519PublicKey) else None


def root_certificate(key: Ed25519PrivateKey, house: str, valid_from: datetime, valid_to: datetime) -> str:
    """PEM of the self-signed root; its private half signs certificates and nothing else."""
    name = _name(house)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(valid_from)
        .not_valid_after(valid_to)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, None)
        .public_bytes(Encoding.PEM)
        .decode()
    )


def issue(
    root_key: Ed25519PrivateKey,
    root_pem: str,
    public_key: Ed25519PublicKey,
    *,
    holder_id: Id,
    kind: DeviceKind,
    site_id: str,
    certificate_id: Id,
    valid_from: datetime,
    valid_to: datetime,
) -> str:
    """PEM of a certificate for a holder's key; `certificate_id` becomes its serial number."""
    uris = [
        f"{_URI}kind:{kind}",
        f"{_URI}site:{site_id}",
        *(f"{_URI}right:{right}" for right in sorted(RIGHTS[kind])),
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(_name(holder_id))
        .issuer_name(x509.load_pem_x509_certificate(root_pem.encode()).subject)
        .public_key(public_key)
        .serial_number(int.from_bytes(id_bytes(certificate_id), "big") or 1)
        .not_valid_before(valid_from)
        .not_valid_after(valid_to)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris]), critical=False
        )
        .sign(root_key, None)
        .public_bytes(Encoding.PEM)
        .decode()
    )


def verified(pem: str, root_pem: str) -> Certificate | None:
    """The certificate if the root signed it and every field is as we write it; None otherwise. Reads no clock:
    validity is asked with `may(right, at)`, since a device's time may be wrong."""
    return understood(lambda: _vouched(pem, root_pem)) if len(pem) <= MOST_PEM else None


def _vouched(pem: str, root_pem: str) -> Certificate | None:
    """Raises whatever the library has for what it cannot read, and ours for a field that is not as we write it."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(root_pem.encode()))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    fields = [
        uri.removeprefix(_URI).partition(":") for uri in names.get_values_for_type(x509.UniformResourceIdentifier)
    ]
    said = {name: value for name, _, value in fields if name != "right"}
    holder = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    key = certificate.public_key()
    if not isinstance(key, Ed25519PublicKey) or not isinstance(holder, str) or not is_id(holder):
        return None
    return Certificate(
        holder_id=Id(holder),
        kind=DeviceKind(said["kind"]),
        site_id=said["site"],
        rights=frozenset(Right(value) for name, _, value in fields if name == "right"),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        key=key,
        kid=kid_of(key),
        pem=pem,
    )


def revocation_list(
    root_key: Ed25519PrivateKey, root_pem: str, revoked: Iterable[tuple[str, datetime]], at: datetime
) -> str:
    """PEM of an X.509 CRL: certificates (PEM) and since when each does not count, as of `at`. It never runs out before
    the root does: a program that takes an old list for none would shut out every device of a site without a line."""
    root = x509.load_pem_x509_certificate(root_pem.encode())
    made = x509.CertificateRevocationListBuilder(root.subject, at, root.not_valid_after_utc)
    for pem, since in revoked:
        serial = x509.load_pem_x509_certificate(pem.encode()).serial_number
        made = made.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
        )
    return made.sign(root_key, None).public_bytes(Encoding.PEM).decode()


def revoked_serials(crl_pem: str, root_pem: str) -> frozenset[int] | None:
    """The serial numbers on a list; None if the root did not sign it."""

    def serials() -> frozenset[int] | None:
        found = x509.load_pem_x509_crl(crl_pem.encode())
        key = x509.load_pem_x509_certificate(root_pem.encode()).public_key()
        if not isinstance(key, Ed25519PublicKey) or not found.is_signature_valid(key):
            return None
        return frozenset(each.serial_number for each in found)

    return understood(serials)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])
