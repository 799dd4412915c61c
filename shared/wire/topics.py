"""MQTT topics. A device writes below its own id only; it reads its site's bells, its commands, its neighbours' claims.

parterre/<site>/bell/<family>/<scope>       central → site, retained: the feed's revision
parterre/<site>/command/<device>            central → device: a sealed Command
parterre/<site>/device/<device>/state       device → all, retained, also the will: Presence
parterre/<site>/device/<device>/claim       gate → its neighbours: a sealed Claim

There are no others: a broker carries nothing that is not one of these kinds, and of each no more than its measure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Annotated, Any, Final

from shared.wire.bounds import IdOrNone, IdText, Json, Moment, Short, Word
from shared.wire.codec import load

ROOT = "parterre"


class Kind(StrEnum):
    BELL = auto()
    COMMAND = auto()
    STATE = auto()
    CLAIM = auto()


@dataclass(frozen=True, slots=True)
class Measure:
    """`most`: bytes of a message. `retained`: the last one is kept for who comes later; otherwise it is of the moment,
    and a broker that kept it would tell of what is long over."""

    most: int
    retained: bool


MEASURES: Final[Mapping[Kind, Measure]] = {
    Kind.BELL: Measure(32, retained=True),
    Kind.COMMAND: Measure(16 * 1024, retained=False),
    Kind.STATE: Measure(8 * 1024, retained=True),
    Kind.CLAIM: Measure(2 * 1024, retained=False),
}
MOST_PAYLOAD: Final = max(measure.most for measure in MEASURES.values())
INSTRUCTION_BYTES: Final = 6 * 1024  # of an instruction's body: sealed as text within text, it still fits its measure
MOST_TOPIC: Final = 240  # bytes, of a topic or of a filter
_PART = r"[^/#+\x00-\x20\x7f]{1,64}"
_KINDS: Final[Mapping[Kind, re.Pattern[str]]] = {
    Kind.BELL: re.compile(f"{ROOT}/{_PART}/bell/{_PART}/{_PART}"),
    Kind.COMMAND: re.compile(f"{ROOT}/{_PART}/command/{_PART}"),
    Kind.STATE: re.compile(f"{ROOT}/{_PART}/device/{_PART}/state"),
    Kind.CLAIM: re.compile(f"{ROOT}/{_PART}/device/{_PART}/claim"),
}


def kind_of(topic: str) -> Kind | None:
    """What a message on this topic is; None for what is no topic of ours."""
    if len(topic.encode()) > MOST_TOPIC:
        return None
    return next((kind for kind, form in _KINDS.items() if form.fullmatch(topic)), None)


def bell(site_id: str, feed: str) -> str:
    return f"{ROOT}/{site_id}/bell/{feed}"


def bells(site_id: str) -> str:
    return f"{ROOT}/{site_id}/bell/#"


def command(site_id: str, device_id: str) -> str:
    return f"{ROOT}/{site_id}/command/{device_id}"


def state(site_id: str, device_id: str) -> str:
    return f"{ROOT}/{site_id}/device/{device_id}/state"


def claim(site_id: str, device_id: str) -> str:
    return f"{ROOT}/{site_id}/device/{device_id}/claim"


def claims(site_id: str) -> str:
    return f"{ROOT}/{site_id}/device/+/claim"


def states(site_id: str) -> str:
    return f"{ROOT}/{site_id}/device/+/state"


def writer_of(topic: str) -> str | None:
    """The device that alone may write here; None for central's topics."""
    parts = topic.split("/")
    return parts[3] if len(parts) == 5 and parts[2] == "device" else None


def site_of(topic: str) -> str:
    """The site that a topic of ours is about."""
    return topic.split("/")[1]


def feed_of(topic: str) -> str | None:
    """The feed that a bell's topic is about."""
    parts = topic.split("/")
    return "/".join(parts[3:]) if len(parts) == 5 and parts[2] == "bell" else None


@dataclass(frozen=True, slots=True)
class Presence:
    """Will and birth carry the session, so that a stale will after a rebirth is ignored. `health`: ok, or a code."""

    device_id: IdText
    session: Word
    online: bool
    at: Moment
    health: Word = "ok"
    detail: Annotated[dict[str, Any], Json(MEASURES[Kind.STATE].most)] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A gate tells its neighbours: this ticket's entry is used, or (`void`) was not taken after all. `inside` is False
    for a person who left. `performance_id` lets them count who is in, even of a ticket they never heard of."""

    scan_id: IdText
    ticket_id: IdText
    entry: Short
    at: Moment
    gate: Word
    device_id: IdText
    inside: bool = True
    void: bool = False
    performance_id: IdOrNone = ""


@dataclass(frozen=True, slots=True)
class Instruction:
    """A sealed instruction to a device; it never runs after `expires` (10 s for what moves anything)."""

    id: IdText
    device_id: IdText
    name: Word
    body: Annotated[dict[str, Any], Json(INSTRUCTION_BYTES)]
    issued: Moment
    expires: Moment


def presence_of(topic: str, payload: bytes) -> Presence | None:
    """What a device says of itself; None where it says nothing that can be read, or speaks for another. A broker ties
    the topic to the login, so more than this a presence does not prove: what kind of device it is, central says."""
    try:
        said = load(Presence, payload, MEASURES[Kind.STATE].most)
    except ValueError:
        return None
    return said if said.device_id == writer_of(topic) and kind_of(topic) is Kind.STATE else None
