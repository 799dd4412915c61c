"""The site broker as it is delivered: a real Mosquitto with firmware_configs/mosquitto, the house's own certificates.

A broker does not tell a publisher that a message was refused. So each story sends what is forbidden, then something
allowed over the same connection: messages keep their order, and whoever listens has heard the second one only.
"""

import asyncio
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from socket import socket

import aiomqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from shared.ids import Id, id_from_bytes
from shared.wire import topics
from shared.wire.certificates import DeviceKind, issue, revocation_list, root_certificate
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.e2e

DELIVERED = Path(__file__).parents[2] / "firmware_configs" / "mosquitto"


def the_id(name: str) -> Id:
    return id_from_bytes(sha256(name.encode()).digest()[:16])


NORTH, SOUTH, BROKER, SITE = the_id("north gate"), the_id("south gate"), the_id("broker"), the_id("site")
BELL = topics.bell(SITE, "keys/house")


@dataclass(frozen=True, slots=True)
class House:
    """The house's root and, in a folder a name, what each holder keeps: key.pem and certificate.pem."""

    folder: Path
    root_key: Ed25519PrivateKey

    def revoke(self, *names: str) -> Path:
        """A folder's own list with these holders on it."""
        now = datetime.now(UTC)
        revoked = [((self.folder / name / "certificate.pem").read_text(), now) for name in names]
        file = self.folder / f"revoked-{'-'.join(names)}.pem"
        file.write_text(revocation_list(self.root_key, (self.folder / "root.pem").read_text(), revoked, now))
        return file

    def tls(self, name: str, *, certificate: bool = True) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.folder / "root.pem")
        context.check_hostname = False  # a device's certificate says its id, not an address
        if certificate:
            context.load_cert_chain(self.folder / name / "certificate.pem", self.folder / name / "key.pem")
        return context


def private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_house(folder: Path, root_key: Ed25519PrivateKey, holders: dict[str, tuple[Id, DeviceKind]]) -> House:
    now = datetime.now(UTC).replace(microsecond=0)
    since, until = now - timedelta(hours=1), now + timedelta(days=1)
    root = root_certificate(root_key, "Theatre", since, until)
    folder.mkdir()
    (folder / "root.pem").write_text(root)
    (folder / "revoked.pem").write_text(revocation_list(root_key, root, [], now))
    for name, (holder_id, kind) in holders.items():
        key = Ed25519PrivateKey.generate()
        certificate = issue(
            root_key, root, key.public_key(), holder_id=holder_id, kind=kind, site_id=SITE,
            certificate_id=the_id(f"certificate of {name}"), valid_from=since, valid_to=until,
        )  # fmt: skip
        (folder / name).mkdir()
        (folder / name / "key.pem").write_bytes(private_pem(key))
        (folder / name / "certificate.pem").write_text(certificate)
    return House(folder, root_key)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    holders = {
        "north": (NORTH, DeviceKind.GATE), "south": (SOUTH, DeviceKind.GATE), "broker": (BROKER, DeviceKind.BROKER),
    }  # fmt: skip
    return make_house(tmp_path_factory.mktemp("house") / "keys", Ed25519PrivateKey.generate(), holders)


def delivered(name: str, changes: dict[str, str]) -> str:
    """A delivered file with this test's places in it; a place that is not there any more fails the test."""
    text = (DELIVERED / name).read_text()
    for old, new in changes.items():
        assert old in text, f"{name} no longer says {old!r}"
        text = text.replace(old, new)
    assert "/etc/parterre" not in "".join(line for line in text.splitlines(True) if not line.startswith("#"))
    return text


def start(binary: str, configuration: Path) -> subprocess.Popen[bytes]:
    if os.geteuid() == 0:  # or it becomes user mosquitto, who may not enter this test's folder
        configuration.write_text("user root\n" + configuration.read_text())
    with (configuration.parent / "log").open("w") as log:
        return subprocess.Popen([binary, "-c", configuration], stdout=log, stderr=log)


def stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    server.wait(timeout=10)


def site_configuration(folder: Path, house: House, port: int) -> Path:
    """parterre.conf and its access list, for a port and a folder of this test."""
    folder.mkdir()
    (folder / "conf.d").mkdir()
    acl = folder / "parterre.acl"
    acl.write_text(delivered("parterre.acl", {"parterre/SITE/": f"parterre/{SITE}/"}))
    configuration = folder / "mosquitto.conf"
    configuration.write_text(
        delivered("parterre.conf", {
            "listener 8883": f"listener {port} 127.0.0.1",
            "/etc/parterre/broker/root.pem": str(house.folder / "root.pem"),
            "/etc/parterre/broker/certificate.pem": str(house.folder / "broker" / "certificate.pem"),
            "/etc/parterre/broker/key.pem": str(house.folder / "broker" / "key.pem"),
            "/etc/parterre/broker/revoked.pem": str(house.folder / "revoked.pem"),
            "/etc/parterre/broker/parterre.acl": str(acl),
            "/var/lib/mosquitto/": f"{folder}/",
            "log_dest syslog": "log_dest stderr",
            "/etc/mosquitto/conf.d": str(folder / "conf.d"),
        })
    )  # fmt: skip
    return configuration


@pytest.fixture
def site(mosquitto_binary: str, house: House, tmp_path: Path, free_port: int) -> Iterator[int]:
    """The port of a running site broker."""
    server = start(mosquitto_binary, site_configuration(tmp_path / "site", house, free_port))
    yield free_port
    stop(server)


@asynccontextmanager
async def connected(port: int, tls: ssl.SSLContext, host: str = "127.0.0.1") -> AsyncIterator[aiomqtt.Client]:
    """A client, as soon as the broker answers (it has only just been started)."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                client = await aiomqtt.Client(host, port, tls_context=tls, timeout=3).__aenter__()
                break
            except aiomqtt.MqttError:
                await asyncio.sleep(0.05)
    try:
        yield client
    finally:
        await client.__aexit__(None, None, None)


async def heard(client: aiomqtt.Client, until: str) -> list[tuple[str, str]]:
    """(topic, payload) of what arrives, up to and with the payload `until`."""
    messages = []
    async with asyncio.timeout(PATIENCE_S):
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            messages.append((str(message.topic), message.payload.decode()))
            if messages[-1][1] == until:
                break
    return messages


async def test_a_device_writes_below_its_own_id_only(site: int, house: House) -> None:
    async with connected(site, house.tls("south")) as south, connected(site, house.tls("north")) as north:
        await south.subscribe(topics.claims(SITE), qos=1)
        await south.subscribe(topics.states(SITE), qos=1)
        await south.subscribe(topics.bells(SITE), qos=1)
        await south.subscribe(topics.command(SITE, SOUTH), qos=1)
        for topic in (
            topics.claim(SITE, SOUTH),
            topics.state(SITE, SOUTH),
            topics.command(SITE, SOUTH),
            topics.bell(SITE, "keys/house"),
            f"parterre/{SITE}/device/{NORTH}/other",
        ):
            await north.publish(topic, "forged", qos=1)
        await north.publish(topics.state(SITE, NORTH), "here", qos=1)
        await north.publish(topics.claim(SITE, NORTH), "mine", qos=1)
        assert await heard(south, "mine") == [
            (topics.state(SITE, NORTH), "here"),
            (topics.claim(SITE, NORTH), "mine"),
        ]


@pytest.mark.parametrize("name", ["nobody", "stranger"])
async def test_only_the_houses_own_come_in(name: str, site: int, house: House, tmp_path: Path) -> None:
    async with connected(site, house.tls("north")):
        pass  # the broker is up: what follows is a refusal, not a late start
    tls = house.tls("nobody", certificate=False)
    if name == "stranger":  # the right id, but under a root that somebody else made
        other = make_house(tmp_path / "other", Ed25519PrivateKey.generate(), {"north": (NORTH, DeviceKind.GATE)})
        tls.load_cert_chain(other.folder / "north" / "certificate.pem", other.folder / "north" / "key.pem")
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", site, tls_context=tls, timeout=1) as client:
            await client.publish(topics.claim(SITE, NORTH), "let me in", qos=1)


async def test_whoever_is_on_centrals_list_does_not_come_in(
    mosquitto_binary: str, house: House, tmp_path: Path, free_port: int
) -> None:
    """Central's list as its root signs it: OpenSSL takes it, and it shuts out whom it names and nobody else."""
    configuration = site_configuration(tmp_path / "site", house, free_port)
    configuration.write_text(
        configuration.read_text().replace(str(house.folder / "revoked.pem"), str(house.revoke("north")))
    )
    server = start(mosquitto_binary, configuration)
    try:
        async with connected(free_port, house.tls("south")):
            with pytest.raises(aiomqtt.MqttError):
                async with aiomqtt.Client("127.0.0.1", free_port, tls_context=house.tls("north"), timeout=1) as client:
                    await client.publish(topics.claim(SITE, NORTH), "let me in", qos=1)
    finally:
        stop(server)


@pytest.mark.parametrize(
    ("size", "qos", "heard_of"), [(16_384, 1, True), (16_385, 1, False), (30_000, 1, False), (10, 2, False)]
)
async def test_a_device_is_bounded_here_too(site: int, house: House, size: int, qos: int, heard_of: bool) -> None:
    """Messages of ours go through; what is larger, or of a quality that nothing of ours has, goes nowhere."""
    async with connected(site, house.tls("south")) as south:
        await south.subscribe(topics.claims(SITE), qos=1)
        async with connected(site, house.tls("north")) as north:
            with suppress(aiomqtt.MqttError):
                await north.publish(topics.claim(SITE, NORTH), "x" * size, qos=qos, timeout=2)
        async with connected(site, house.tls("north")) as north:
            await north.publish(topics.claim(SITE, NORTH), "after", qos=1)
            got = await heard(south, "after")
    assert [len(text) for _, text in got] == ([size] if heard_of else []) + [len("after")]


def server_certificate(folder: Path) -> None:
    """A certificate for 127.0.0.1 under an authority of its own, as central's broker shows one to the world."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "central")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, None)
    )
    (folder / "central.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "central.key").write_bytes(private_pem(key))


@pytest.fixture
def central(mosquitto_binary: str, house: House, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A broker as central has one: (port, the certificate it shows)."""
    folder = tmp_path / "central"
    folder.mkdir()
    server_certificate(folder)
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = folder / "mosquitto.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\ncafile {house.folder}/root.pem\n"
        f"certfile {folder}/central.pem\nkeyfile {folder}/central.key\n"
        "require_certificate true\nuse_identity_as_username true\n"
    )
    server = start(mosquitto_binary, configuration)
    yield port, folder / "central.pem"
    stop(server)


async def test_bells_come_down_the_bridge_and_claims_go_up(
    central: tuple[int, Path], mosquitto_binary: str, house: House, tmp_path: Path, free_port: int
) -> None:
    central_port, shown = central
    configuration = site_configuration(tmp_path / "site", house, free_port)
    (tmp_path / "site" / "conf.d" / "bridge.conf").write_text(
        delivered("bridge.conf", {
            "central.example:8883": f"127.0.0.1:{central_port}",
            "/etc/ssl/certs/ca-certificates.crt": str(shown),
            "/etc/parterre/broker/certificate.pem": str(house.folder / "broker" / "certificate.pem"),
            "/etc/parterre/broker/key.pem": str(house.folder / "broker" / "key.pem"),
            "SITE/": f"{SITE}/",
            "clientid BROKER": f"clientid {BROKER}",
        })
    )  # fmt: skip
    tls = house.tls("broker")
    tls.load_verify_locations(shown)
    async with connected(central_port, tls) as above:
        await above.publish(BELL, "revision 5", qos=1, retain=True)  # rung while the site is not there at all
        await above.subscribe(topics.claims(SITE), qos=1)
        server = start(mosquitto_binary, configuration)
        try:
            async with connected(free_port, house.tls("north")) as north:
                await north.subscribe(topics.bells(SITE), qos=1)
                await north.subscribe(topics.command(SITE, NORTH), qos=1)
                await north.subscribe(topics.command(SITE, SOUTH), qos=1)  # a neighbour's, which it may not hear
                assert (await heard(north, "revision 5"))[-1] == (BELL, "revision 5")
                await above.publish(topics.command(SITE, SOUTH), "not for you", qos=1)
                await above.publish(topics.command(SITE, NORTH), "for you", qos=1)
                assert await heard(north, "for you") == [(topics.command(SITE, NORTH), "for you")]
                await north.publish(topics.claim(SITE, NORTH), "mine", qos=1)
                assert await heard(above, "mine") == [(topics.claim(SITE, NORTH), "mine")]
        finally:
            stop(server)
