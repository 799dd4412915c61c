"""A site's Mosquitto reads a file: central's list comes into it, and nothing else does."""

import pytest
from click.testing import CliRunner

from edge.device.identity import Stored, device_key, keep_identity
from edge.device.revocation_list import fetch_revoked
from edge.device.site_broker import BrokerDeviceConfig
from parterre.cli import main
from shared.ids import derived_id
from shared.runtime.config import Failure
from shared.wire.certificates import DeviceKind, revocation_list, revoked_serials
from shared.wire.feeds import Revoked

BROKER = derived_id("broker")


@pytest.fixture
def config(house, central, tmp_path) -> BrokerDeviceConfig:
    key = device_key(tmp_path / "b")
    certificate = house.certificate(key, BROKER, DeviceKind.BROKER)
    keep_identity(
        tmp_path / "b", key, certificate,
        Stored(certificate.pem, house.root_pem, derived_id("house"), (central.certificate.pem,)),
    )  # fmt: skip
    central.devices[BROKER] = certificate
    return BrokerDeviceConfig(tmp_path / "b", central.url)


async def test_a_list_comes_when_it_says_more_and_never_says_less(house, central, config, tmp_path) -> None:
    gates = [house.holder(f"gate {n}", DeviceKind.GATE).certificate for n in range(2)]
    now, out = gates[0].valid_from, tmp_path / "revoked.pem"

    def told(*named, key=house.root_key) -> None:
        pem = revocation_list(key, house.root_pem, [(each.pem, now) for each in named], now)
        central._revocations = lambda *_: Revoked(pem)

    told()
    assert await fetch_revoked(config, out) and revoked_serials(out.read_text(), house.root_pem) == frozenset()
    assert not await fetch_revoked(config, out), "nothing new: the broker is not restarted"
    told(gates[0])
    assert await fetch_revoked(config, out)
    held = out.read_text()
    assert len(revoked_serials(held, house.root_pem) or ()) == 1
    for fewer in ((), (gates[1],)):
        told(*fewer)
        assert not await fetch_revoked(config, out) and out.read_text() == held
    told(*gates, key=type(house)().root_key)
    with pytest.raises(Failure, match="not signed by the house's root"):
        await fetch_revoked(config, out)
    central._revocations = lambda *_: {"pem": "nonsense"}
    with pytest.raises(Failure, match="not signed"):
        await fetch_revoked(config, out)
    assert out.read_text() == held
    told(*gates)
    with pytest.raises(Failure, match="cannot be written"):
        await fetch_revoked(config, tmp_path / "no folder" / "revoked.pem")
    await central.__aexit__()
    with pytest.raises(Failure, match="Central gives no list"):
        await fetch_revoked(config, out)
    await central.__aenter__()


async def test_only_an_enrolled_broker_asks(tmp_path, central) -> None:
    with pytest.raises(Failure, match="not enrolled"):
        await fetch_revoked(BrokerDeviceConfig(tmp_path / "none", central.url), tmp_path / "x")


def test_what_to_do_then_is_done_once_it_changed(tmp_path, monkeypatch) -> None:
    said = iter([True, False])

    async def fetched(*_: object) -> bool:
        return next(said)

    monkeypatch.setattr("edge.device.revocation_list.fetch_revoked", fetched)
    (tmp_path / "broker.toml").write_text(f'data = "{tmp_path}"\ncentral = "http://127.0.0.1:9"\n')
    made = tmp_path / "restarted"
    for restarted in (True, False):
        wanted = ["revoked", "--config", str(tmp_path / "broker.toml"), "--out", str(tmp_path / "r.pem")]
        assert CliRunner().invoke(main, [*wanted, "--then", f"touch {made}"]).exit_code == 0
        assert made.exists() is restarted
        made.unlink(missing_ok=True)
