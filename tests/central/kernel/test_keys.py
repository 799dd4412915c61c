"""Central's keys folder: made once, private, read back; damaged or half gone it is refused, never replaced."""

import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from central.kernel.keys import load_keys
from shared.ids import derived_id
from shared.wire.certificates import DeviceKind, Right, verified
from tests.central.small_house import NOW

FILES = ("root.key", "root.pem", "working.key", "working.pem")


def test_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "keys"
    made, again = load_keys(folder, NOW), load_keys(folder, NOW + timedelta(days=400))
    assert sorted(file.name for file in folder.iterdir()) == sorted(FILES)
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (again.root_pem, again.certificate.pem, again.signer.kid) == (
        made.root_pem, made.certificate.pem, made.signer.kid,
    )  # fmt: skip
    assert again.signer.key.sign(b"x") == made.signer.key.sign(b"x")
    assert made.certificate.may(Right.ISSUE, NOW) and made.certificate.may(Right.STATE, NOW)


def test_an_empty_folder_and_one_half_made_are_a_first_start(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys.new").mkdir()
    (tmp_path / "keys.new" / "root.key").write_text("the machine stopped here")
    load_keys(tmp_path / "keys", NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys"]


def _another_key(file: Path) -> None:
    key = Ed25519PrivateKey.generate()
    how = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    file.write_bytes(key.private_bytes(*how))


def _other_house(file: Path) -> None:
    load_keys(file.parent.parent / "other", NOW)
    file.write_bytes((file.parent.parent / "other" / file.name).read_bytes())


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "harm",
    [Path.unlink, lambda file: file.write_bytes(b"\xff\x00 rubbish"), lambda file: file.write_text(""), _another_key,
     _other_house],
    ids=["gone", "rubbish", "empty", "locked", "of another house"],
)  # fmt: skip
def test_a_damaged_folder_is_refused_and_not_replaced(tmp_path: Path, name: str, harm: Callable[[Path], None]) -> None:
    folder = tmp_path / "keys"
    load_keys(folder, NOW)
    harm(folder / name)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(ValueError, match="restore the folder from your backup"):
        load_keys(folder, NOW)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_certificate_for_a_device(tmp_path: Path) -> None:
    keys = load_keys(tmp_path / "keys", NOW)
    key = Ed25519PrivateKey.generate().public_key()
    pem = keys.certify(derived_id("c"), derived_id("holder"), DeviceKind.GATE, "site", key, NOW)
    certificate = verified(pem, keys.root_pem)
    assert certificate and certificate.holder_id == derived_id("holder") and certificate.site_id == "site"
    assert certificate.may(Right.CONTROL, NOW) and not certificate.may(Right.SELL, NOW)
