"""What a Mosquitto as it is delivered lets each kind of device say and hear, beside what shared/wire/topic_rights.py
says of it: for every kind and every topic the two are the same, or their difference is named here."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket

import aiomqtt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.wire import topics
from shared.wire.certificates import RIGHTS, Certificate, DeviceKind, Right, issue, verified
from shared.wire.topic_rights import may_read, may_write
from tests.frame.test_mosquitto import (
    NORTH,
    SITE,
    House,
    connected,
    heard,
    private_pem,
    site_configuration,
    start,
    stop,
    the_id,
)
from tests.frame.test_mosquitto import house as house  # a fixture
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.e2e
ELSEWHERE = the_id("another site")
KINDS = [kind for kind in DeviceKind if kind is not DeviceKind.CENTRAL]
WHO = [*((kind, SITE) for kind in KINDS), (DeviceKind.GATE, ELSEWHERE)]
END = "the end"


@dataclass(frozen=True, slots=True)
class Place:
    """A running site broker: the port of the devices, and one on which this test speaks as central's bridge does."""

    port: int
    above: int


@pytest.fixture
def place(mosquitto_binary: str, house: House, tmp_path: Path, free_port: int) -> Iterator[Place]:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        above = probe.getsockname()[1]
    configuration = site_configuration(tmp_path / "site", house, free_port)
    (tmp_path / "site" / "conf.d" / "above.conf").write_text(f"listener {above} 127.0.0.1\nallow_anonymous true\n")
    server = start(mosquitto_binary, configuration)
    yield Place(free_port, above)
    stop(server)


def enrolled(house: House, name: str, kind: DeviceKind, site: str) -> Certificate:
    root, key, now = (house.folder / "root.pem").read_text(), Ed25519PrivateKey.generate(), datetime.now(UTC)
    pem = issue(
        house.root_key, root, key.public_key(), holder_id=the_id(name), kind=kind, site_id=site,
        certificate_id=the_id(f"certificate of {name}"), valid_from=now - timedelta(hours=1),
        valid_to=now + timedelta(days=1),
    )  # fmt: skip
    (house.folder / name).mkdir(exist_ok=True)
    (house.folder / name / "key.pem").write_bytes(private_pem(key))
    (house.folder / name / "certificate.pem").write_text(pem)
    found = verified(pem, root)
    assert found is not None
    return found


def everything(own: str) -> list[str]:
    """Every kind of topic, of this site and another, of the device itself and of a neighbour; and what is none."""
    said = [
        topic
        for site in (SITE, ELSEWHERE)
        for topic in (
            *(of(site, device) for of in (topics.state, topics.claim, topics.command) for device in (own, NORTH)),
            topics.bell(site, "keys/house"),
        )
    ]
    return [*said, f"parterre/{SITE}/device/{own}/other", f"parterre/{SITE}/{own}", f"other/{SITE}/device/{own}/state"]


def named(who: Certificate, topic: str) -> str:
    """Why Mosquitto may be wider there, or narrower; empty: it may not."""
    own = (topics.state(SITE, who.holder_id), topics.claim(SITE, who.holder_id))
    if who.kind is DeviceKind.BROKER:
        return "a Mosquitto is its site's relay itself, and nobody logs in as that"
    if who.site_id != SITE:
        return "its site is not looked at" if topic.startswith(f"parterre/{SITE}/") or who.site_id in topic else ""
    if Right.CONTROL not in who.rights and (topic == own[1] or topics.kind_of(topic) is topics.Kind.CLAIM):
        return "its rights are not looked at; gates look at them, under each claim"
    return ""


@pytest.mark.parametrize(("kind", "site"), WHO)
async def test_it_says_what_the_embedded_broker_says(place: Place, house: House, kind: DeviceKind, site: str) -> None:
    name = f"{kind} of {site}"
    who = enrolled(house, name, kind, site)
    own, want = who.holder_id, everything(who.holder_id)
    async with connected(place.port, house.tls(name)) as device, aiomqtt.Client("127.0.0.1", place.above) as above:
        await above.subscribe("#", qos=1)
        for topic in want:
            await device.publish(topic, topic, qos=1)
        await device.publish(topics.state(SITE, own), END, qos=1)
        said = {text for _, text in await heard(above, END)} - {END}
        await device.subscribe("#", qos=1)
        for topic in want:
            await above.publish(topic, topic, qos=1)
        await above.publish(topics.state(SITE, own), END, qos=1)
        got = {text for _, text in await heard(device, END)} - {END}
    for topic in want:
        for does, broker, ours in (("write", said, may_write), ("read", got, may_read)):
            assert (topic in broker) == ours(who, topic) or named(who, topic), f"{name} {does} {topic}"
    assert not said - {topics.state(SITE, own), topics.claim(SITE, own)}, "whatever is named: below its own id only"
    assert RIGHTS[kind] == who.rights


async def test_a_device_keeps_two_messages_here_and_has_one_connection(place: Place, house: House) -> None:
    """Before: a name of a site for each message, and 1,000 connections, after which nobody else came in."""
    enrolled(house, "busy", DeviceKind.GATE, SITE)
    busy = the_id("busy")
    async with connected(place.port, house.tls("busy")) as device:
        for site in (SITE, *(f"{SITE}{n}" for n in range(50))):
            for topic in (topics.state(site, busy), topics.claim(site, busy)):
                await device.publish(topic, topic, qos=1, retain=True)
        await device.publish(topics.claim(SITE, busy), END, qos=1)
    async with aiomqtt.Client("127.0.0.1", place.above) as above:
        await above.subscribe("#", qos=1)
        await above.publish("parterre/the/bell/last/one", END, qos=1)
        kept = [topic for topic, _ in await heard(above, END)][:-1]
    assert sorted(kept) == sorted([topics.state(SITE, busy), topics.claim(SITE, busy)])
    ended = []
    async with connected(place.port, house.tls("busy")) as first:
        async with connected(place.port, house.tls("busy")):
            with suppress(aiomqtt.MqttError):
                async with asyncio.timeout(PATIENCE_S):
                    async for message in first.messages:
                        ended.append(message)
                pytest.fail("two connections of one device")
            assert not ended
        first._disconnected = asyncio.get_running_loop().create_future()
        first._disconnected.set_result(None)  # it is over: leaving would say goodbye
