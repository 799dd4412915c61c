"""Who a broker lets in, and what he may say and hear there."""

from base64 import b64encode

import pytest

from shared.runtime.config import Failure
from shared.runtime.login import CERTIFICATE_FILE, KEY_FILE, ROOT_FILE, Login, admitted, read_login
from shared.wire import topics
from shared.wire.certificates import DeviceKind
from shared.wire.topic_rights import may_read, may_write


def test_a_device_of_the_house_comes_in(house) -> None:
    gate = house.holder("gate", DeviceKind.GATE)
    assert admitted(gate.login.username, gate.login.password, house.root_pem) == gate.certificate


def test_nobody_else_does(house) -> None:
    gate, kiosk = house.holder("gate", DeviceKind.GATE), house.holder("kiosk", DeviceKind.KIOSK)
    stranger = type(house)().holder("gate", DeviceKind.GATE)
    pem, signature = gate.login.password.split(".")
    tries = [
        (gate.id, ""),
        ("", gate.login.password),
        (kiosk.id, gate.login.password),
        (gate.id, kiosk.login.password),
        (gate.id, stranger.login.password),
        (gate.id, f"{pem}."),
        (gate.id, f"{pem}.{kiosk.login.password.split('.')[1]}"),
        (gate.id, f"{b64encode(b'no certificate').decode()}.{signature}"),
        (gate.id, "é.ü"),
        (gate.id, Login.of(kiosk.key, gate.certificate.pem, gate.id).password),
    ]
    assert [admitted(name, password, house.root_pem) for name, password in tries] == [None] * len(tries)


WRITES = {
    "parterre/{site}/device/{gate}/state": "gate central relay",
    "parterre/{site}/device/{gate}/claim": "gate central relay",
    "parterre/{site}/device/{kiosk}/state": "kiosk central relay",
    "parterre/{site}/device/{kiosk}/claim": "central relay",
    "parterre/{site}/device/{gate}/other": "",
    "parterre/{site}/device/{gate}/state/more": "",
    "parterre/{site}/bell/tickets": "",
    "parterre/{site}/command/{gate}/more": "",
    "parterre/{site}/command/+": "",
    "parterre/{site}/bell/tickets/{site}": "central relay",
    "parterre/{site}/command/{gate}": "central relay",
    "parterre/other/device/{gate}/state": "central",
    "elsewhere": "",
}
READS = {
    "parterre/{site}/bell/#": "gate kiosk central relay",
    "parterre/{site}/bell/tickets/{site}": "gate kiosk central relay",
    "parterre/{site}/bell/tickets/+": "gate kiosk central relay",
    "parterre/{site}/command/{gate}": "gate central relay",
    "parterre/{site}/command/+": "central relay",
    "parterre/{site}/command/{kiosk}": "kiosk central relay",
    "parterre/{site}/device/+/claim": "gate central relay",
    "parterre/{site}/device/{kiosk}/claim": "gate central relay",
    "parterre/{site}/device/+/state": "gate kiosk central relay",
    "parterre/{site}/device/{kiosk}/state": "gate kiosk central relay",
    "parterre/{site}/device/#": "central relay",
    "parterre/{site}/device/+/+": "central relay",
    "parterre/{site}/#": "central relay",
    "parterre/+/bell/#": "central",
    "parterre/other/bell/#": "central",
    "#": "central",
    "+/{site}/bell/#": "",
    "$SYS/#": "",
}


@pytest.mark.parametrize(("table", "may"), [(WRITES, may_write), (READS, may_read)], ids=["write", "read"])
def test_what_each_may(house, table, may) -> None:
    who = {
        "gate": house.holder("gate", DeviceKind.GATE),
        "kiosk": house.holder("kiosk", DeviceKind.KIOSK),
        "central": house.holder("central", DeviceKind.CENTRAL),
        "relay": house.holder("broker", DeviceKind.BROKER),
    }
    for pattern, allowed in table.items():
        topic = pattern.format(site=house.site, gate=who["gate"].id, kiosk=who["kiosk"].id)
        got = {name for name, holder in who.items() if may(holder.certificate, topic)}
        assert got == set(allowed.split()), pattern


def test_the_tables_speak_of_the_real_topics(house) -> None:
    assert topics.claims("s") == "parterre/s/device/+/claim"
    assert topics.bells("s") == "parterre/s/bell/#"


def test_login_from_an_identity_directory(house, tmp_path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    broker = house.holder("broker", DeviceKind.BROKER)
    with pytest.raises(Failure, match="no complete identity"):
        read_login(tmp_path)
    pem = broker.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / KEY_FILE).write_bytes(pem)
    (tmp_path / CERTIFICATE_FILE).write_text(broker.certificate.pem)
    (tmp_path / ROOT_FILE).write_text(house.root_pem)
    assert read_login(tmp_path) == (broker.login, broker.certificate)
    (tmp_path / ROOT_FILE).write_text(type(house)().root_pem)
    with pytest.raises(Failure, match="not one of its root"):
        read_login(tmp_path)
