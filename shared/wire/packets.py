"""MQTT 3.1.1 as a device of ours speaks it to a broker: each packet is whole and judged before anything acts on it.

Stricter than the standard on purpose: what none of our clients needs is not taken. No QoS 2 (a claim may come twice),
no session that outlives its connection, no message kept where the topic's kind is of the moment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum, auto
from typing import Final

from shared.wire.topics import MEASURES, MOST_PAYLOAD, MOST_TOPIC, Kind, kind_of

MOST_ID: Final = 128  # bytes of a client's id or of a name
MOST_PASSWORD: Final = 4096  # a certificate and a signature are some 1,200
MOST_FILTERS: Final = 32  # of one request, and of one connection
FILTER_COUNTS: Final = 10  # packets: for each a broker looks through all that it keeps
_LONGEST_LENGTH: Final = 4  # bytes of a packet's length


class Wrong(StrEnum):
    """Why a packet is not taken; its connection ends."""

    NOT_CONNECT = auto()  # something else came first, or a second CONNECT
    PROTOCOL = auto()  # another version of MQTT
    MALFORMED = auto()
    TOO_BIG = auto()
    NOT_TAKEN = auto()  # right by the standard; nothing of ours says it
    RETAINED = auto()  # a message to be kept, on a topic that is of the moment


class Packet(IntEnum):
    """What a client may send, by the first four bits."""

    CONNECT = 1
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    UNSUBSCRIBE = 10
    PINGREQ = 12
    DISCONNECT = 14


_FRAME: Final = 2 + MOST_TOPIC + 2  # a topic and a packet's id
MOST_OF: Final[Mapping[Packet, int]] = {
    Packet.CONNECT: 10 + 2 + MOST_ID + _FRAME + MEASURES[Kind.STATE].most + 2 + MOST_ID + 2 + MOST_PASSWORD,
    Packet.PUBLISH: _FRAME + MOST_PAYLOAD,
    Packet.PUBACK: 2,
    Packet.SUBSCRIBE: 2 + MOST_FILTERS * (2 + MOST_TOPIC + 1),
    Packet.UNSUBSCRIBE: 2 + MOST_FILTERS * (2 + MOST_TOPIC),
    Packet.PINGREQ: 0,
    Packet.DISCONNECT: 0,
}
"""Bytes after the fixed header: more is cut before it is read."""
_FLAGS: Final[Mapping[Packet, int]] = {Packet.SUBSCRIBE: 2, Packet.UNSUBSCRIBE: 2}


@dataclass(frozen=True, slots=True)
class Connect:
    """`will` is None without one. `keepalive_s` 0: the client promises nothing."""

    client_id: str
    keepalive_s: int
    username: str
    password: str
    will_topic: str = ""
    will: bytes | None = None


def head(first: int) -> Packet | Wrong:
    """What a packet's first byte says."""
    try:
        packet = Packet(first >> 4)
    except ValueError:
        return Wrong.NOT_TAKEN if first >> 4 in (5, 6, 7) else Wrong.MALFORMED  # QoS 2, or a server's own
    if packet is not Packet.PUBLISH and first & 15 != _FLAGS.get(packet, 0):
        return Wrong.MALFORMED
    return packet


def length(digits: bytes) -> int | Wrong | None:
    """The length that these bytes tell; None while the last is still to come."""
    if digits and digits[-1] < 128:
        return sum((digit & 127) << 7 * place for place, digit in enumerate(digits))
    return None if len(digits) < _LONGEST_LENGTH else Wrong.MALFORMED


def connect(body: bytes) -> Connect | Wrong:
    """Reads the body of a CONNECT."""
    at = _Cursor(body)
    try:
        name, level, flags = at.text(), at.number(1), at.number(1)
        if (name, level) != ("MQTT", 4):
            return Wrong.PROTOCOL
        keepalive_s, client_id = at.number(2), at.text(MOST_ID)
        has_will, will_qos, will_kept = bool(flags & 4), flags >> 3 & 3, bool(flags & 32)
        if flags & 1 or will_qos == 3 or (not has_will and (will_qos or will_kept)) or flags & 192 == 64:
            return Wrong.MALFORMED
        if not flags & 2 or will_qos == 2:  # a session that outlives its connection
            return Wrong.NOT_TAKEN
        will_topic, will = (at.text(), at.data()) if has_will else ("", None)
        username = at.text(MOST_ID) if flags & 128 else ""
        password = at.text(MOST_PASSWORD) if flags & 64 else ""
    except ValueError:
        return Wrong.MALFORMED
    if not at.done:
        return Wrong.MALFORMED
    if will is not None and (fault := _message(will_topic, will, kept=will_kept)):
        return fault
    return Connect(client_id, keepalive_s, username, password, will_topic, will)


def fault(first: int, body: bytes) -> Wrong | None:
    """What is wrong with a packet that came after the CONNECT."""
    packet = head(first)
    if isinstance(packet, Wrong):
        return packet
    at = _Cursor(body)
    try:
        match packet:
            case Packet.CONNECT:
                return Wrong.NOT_CONNECT
            case Packet.PUBLISH:
                return _publish(first & 15, at)
            case Packet.PUBACK:
                at.number(2)
            case Packet.SUBSCRIBE | Packet.UNSUBSCRIBE:
                return _filters(at, with_qos=packet is Packet.SUBSCRIBE)
    except ValueError:
        return Wrong.MALFORMED
    return None if at.done else Wrong.MALFORMED


def _publish(flags: int, at: "_Cursor") -> Wrong | None:
    qos, kept = flags >> 1 & 3, bool(flags & 1)
    if qos == 3 or (qos == 0 and flags & 8):
        return Wrong.MALFORMED
    if qos == 2:
        return Wrong.NOT_TAKEN
    topic = at.text()
    if not topic or "#" in topic or "+" in topic or (qos and at.number(2) == 0):
        return Wrong.MALFORMED
    return _message(topic, at.rest(), kept=kept)


def _message(topic: str, payload: bytes, *, kept: bool) -> Wrong | None:
    kind = kind_of(topic)
    if kind is None:
        return Wrong.NOT_TAKEN
    if len(payload) > MEASURES[kind].most:
        return Wrong.TOO_BIG
    return Wrong.RETAINED if kept and not MEASURES[kind].retained else None


def _filters(at: "_Cursor", *, with_qos: bool) -> Wrong | None:
    if at.number(2) == 0 or at.done:
        return Wrong.MALFORMED
    asked = list(_asked(at, with_qos=with_qos))
    if any(not wanted or qos > 2 for wanted, qos in asked):
        return Wrong.MALFORMED
    return Wrong.TOO_BIG if len(asked) > MOST_FILTERS else None


def _asked(at: "_Cursor", *, with_qos: bool) -> Iterator[tuple[str, int]]:
    while not at.done:
        yield at.text(), at.number(1) if with_qos else 0


def counts(first: int, body: bytes) -> int:
    """As how many packets a right one counts, where a pace is kept."""
    packet = head(first)
    if packet not in (Packet.SUBSCRIBE, Packet.UNSUBSCRIBE):
        return 1
    at = _Cursor(body)
    at.number(2)
    return FILTER_COUNTS * len(list(_asked(at, with_qos=packet is Packet.SUBSCRIBE)))


def acknowledged(first: int, body: bytes) -> int | None:
    """The number of the message whose receipt a right packet tells; None where it tells none."""
    return _Cursor(body).number(2) if head(first) is Packet.PUBACK else None


class _Cursor:
    """Reads a body from its beginning; ValueError where it ends too early or says what no text may."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    @property
    def done(self) -> bool:
        return self._at == len(self._body)

    def take(self, count: int) -> bytes:
        piece = self._body[self._at : self._at + count]
        if len(piece) < count:
            raise ValueError("the packet ends too early")
        self._at += count
        return piece

    def rest(self) -> bytes:
        return self.take(len(self._body) - self._at)

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def data(self) -> bytes:
        return self.take(self.number(2))

    def text(self, most: int = MOST_TOPIC) -> str:
        raw = self.data()
        if len(raw) > most or b"\0" in raw:
            raise ValueError("no such text")
        return raw.decode()
