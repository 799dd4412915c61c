"""MQTT topics. A device writes below its own id only; it reads its site's bells, its commands, its neighbours' claims.

parterre/<site>/bell/<family>/<scope>       central → site, retained: the feed's revision
parterre/<site>/command/<device>            central → device: a sealed Command
parterre/<site>/device/<device>/state       device → all, retained, also the will: Presence
parterre/<site>/device/<device>/claim       gate → its neighbours: a sealed Claim
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.ids import Id

ROOT = "parterre"


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


def feed_of(topic: str) -> str | None:
    """The feed that a bell's topic is about."""
    parts = topic.split("/")
    return "/".join(parts[3:]) if len(parts) == 5 and parts[2] == "bell" else None


@dataclass(frozen=True, slots=True)
class Presence:
    """Will and birth carry the session, so that a stale will after a rebirth is ignored. `health`: ok, or a code."""

    device_id: Id
    session: str
    online: bool
    at: datetime
    health: str = "ok"
    detail: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A gate tells its neighbours: this ticket's entry is used, or (`void`) was not taken after all. `inside` is False
    for a person who left. `performance_id` lets them count who is in, even of a ticket they never heard of."""

    scan_id: Id
    ticket_id: Id
    entry: int
    at: datetime
    gate: str
    device_id: Id
    inside: bool = True
    void: bool = False
    performance_id: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A sealed order to a device; it never runs after `expires` (10 s for what moves anything)."""

    id: Id
    device_id: Id
    name: str
    body: dict[str, Any]
    issued: datetime
    expires: datetime
