"""What a client says, judged: total over any bytes, and what it lets through amqtt reads to the last byte."""

import asyncio
import struct

from amqtt.adapters import BufferReader
from amqtt.mqtt import packet_class
from amqtt.mqtt.packet import MQTTFixedHeader
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.wire.packets import MOST_OF, Connect, Packet, Wrong, acknowledged, connect, counts, fault, head, length
from shared.wire.topics import MEASURES, MOST_PAYLOAD, MOST_TOPIC, Kind, kind_of

topics = st.sampled_from(
    ["parterre/S/device/D/state", "parterre/S/device/D/claim", "parterre/S/bell/keys/x", "parterre/S/command/D", "é"]
)
texts = st.one_of(topics.map(str.encode), st.binary(max_size=12)).map(lambda raw: struct.pack("!H", len(raw)) + raw)
bodies = st.one_of(
    st.binary(max_size=60),
    st.lists(st.one_of(texts, st.binary(max_size=3)), max_size=6).map(b"".join),
    st.builds(lambda topic, rest: topic + b"\0\7" + rest, texts, st.binary(max_size=30)),
    st.builds(
        lambda level, flags, more: b"\0\4MQTT" + bytes((level, flags)) + b"\0\5" + more,
        st.sampled_from([3, 4, 4, 4, 5]), st.integers(0, 255), st.lists(texts, max_size=6).map(b"".join),
    ),
)  # fmt: skip


SEVERAL = b"\0\x19parterre/S/device/D/state" * 5
"""A body whose length takes two bytes."""


def sized(size: int) -> bytes:
    """A length as MQTT writes it, 7 bits a byte, the lowest first (3.1.1, 2.2.3)."""
    digits = bytearray()
    while not digits or size:
        digits.append(size & 127 | (128 if size > 127 else 0))
        size >>= 7
    return bytes(digits)


def read_by_amqtt(raw: bytes) -> bytes:
    """What amqtt leaves of a packet."""

    async def read() -> bytes:
        reader = BufferReader(raw)
        header = await MQTTFixedHeader.from_stream(reader)
        await packet_class(header).from_stream(reader, fixed_header=header)
        return await reader.read()

    return asyncio.run(read())


@settings(max_examples=1500)
@given(first=st.integers(0, 255), body=bodies)
@example(first=0x30, body=SEVERAL)
def test_what_is_let_through_is_read_to_the_end(first: int, body: bytes) -> None:
    packet = head(first)
    verdict = connect(body) if packet is Packet.CONNECT else fault(first, body)
    if isinstance(verdict, Wrong) or isinstance(packet, Wrong):
        assert packet is Packet.CONNECT or fault(first, body) is not None
        return
    assert len(body) <= MOST_OF[packet] < 128**4
    assert isinstance(verdict, Connect) or verdict is None
    if packet is Packet.CONNECT:
        assert fault(first, body) is Wrong.NOT_CONNECT
    else:
        assert counts(first, body) >= 1 and (acknowledged(first, body) is None) == (packet is not Packet.PUBACK)
    assert read_by_amqtt(bytes((first,)) + sized(len(body)) + body) == b""


@given(st.integers(0, 128**4 - 1), st.binary(max_size=3))
def test_lengths(size: int, more: bytes) -> None:
    digits = sized(size)
    assert length(digits) == size
    for cut in range(len(digits)):
        assert length(digits[:cut]) is None
    assert length(b"\xff\xff\xff\xff") is Wrong.MALFORMED


def test_every_kind_of_topic_has_a_measure_and_a_form() -> None:
    assert set(MEASURES) == set(Kind) and max(each.most for each in MEASURES.values()) == MOST_PAYLOAD
    for kind, topic in {
        Kind.BELL: "parterre/S/bell/keys/x", Kind.COMMAND: "parterre/S/command/D",
        Kind.STATE: "parterre/S/device/D/state", Kind.CLAIM: "parterre/S/device/D/claim",
    }.items():  # fmt: skip
        assert kind_of(topic) is kind
        parts = topic.split("/")
        for n in range(len(parts)):
            for bent in ("", "+", "#", "a\0", "x" * 65, "a\n/b"):
                assert kind_of("/".join([*parts[:n], bent, *parts[n + 1 :]])) is None, (topic, n, bent)
        assert kind_of(topic + "/more") is None and kind_of(topic + "\n") is None
    assert kind_of("parterre/" + "/".join(["é" * 60] * 1) + "/bell/" + "é" * 60 + "/é") is None, (
        f"over {MOST_TOPIC} bytes"
    )
