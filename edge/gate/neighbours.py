"""The other gates of the site, as their presence tells: which door opens what, and whether all of them can be heard.

A gate that closed in good order is no neighbour any more; one whose will came, or that has been silent for too long,
may be letting people in without our hearing of it. Until it is heard again the lists' offline policy holds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.ids import Id
from shared.runtime.mqtt import Roster
from shared.wire.topics import Presence

MOST_NAME = 64  # characters of a lane's name, as it calls itself
MOST_ZONES = 0xFFFF  # a bit for each
FORGET = timedelta(hours=12)  # a gate that went down before last night's audience left is not missed today


@dataclass(slots=True)
class Neighbours:
    """`own` is this device; `is_gate` says which others are gates of this site now, as central lists them: what a
    device calls itself is not asked. Times are the machine's monotonic milliseconds."""

    own: Id
    stale_ms: int
    is_gate: Callable[[Id], bool]
    connected: bool = False
    _roster: Roster = field(default_factory=Roster)
    _heard_ms: dict[Id, int] = field(default_factory=dict)
    _sessions: dict[Id, str] = field(default_factory=dict)

    def take(self, presence: Presence, at_ms: int, now: datetime) -> bool:
        """True if this gate has come (or come back): it must be told what it missed."""
        if presence.device_id == self.own or not self.is_gate(presence.device_id):
            return False
        if not presence.online and presence.at < now - FORGET:
            return False
        known = self._roster.all().get(presence.device_id)
        if known and known.online and not presence.online and known.session != presence.session:
            return False  # the will of an earlier session
        self._roster.take(presence)
        self._heard_ms[presence.device_id] = at_ms
        back = presence.online and not (
            known and known.online and self._sessions.get(presence.device_id) == presence.session
        )
        self._sessions[presence.device_id] = presence.session
        return back

    def missing(self, at_ms: int) -> tuple[str, ...]:
        """Names of the gates that cannot be heard."""
        found = []
        for presence in self._gates():
            detail = presence.detail or {}
            if not presence.online and detail.get("closed"):
                continue
            if not presence.online or at_ms - self._heard_ms[presence.device_id] > self.stale_ms:
                found.append(str(detail.get("lane") or presence.device_id)[:MOST_NAME])
        return tuple(sorted(found))

    def heard(self, at_ms: int) -> bool:
        """Whether everybody can be heard: without a broker, nobody."""
        return self.connected and not self.missing(at_ms)

    def doors(self) -> tuple[tuple[str, int], ...]:
        """The other lanes that let people in, with their zones."""
        found = []
        for presence in self._gates():
            detail = presence.detail or {}
            zones = detail.get("zones")
            if (
                presence.online
                and isinstance(zones, int)
                and 0 <= zones <= MOST_ZONES
                and detail.get("direction") == "entry"
            ):
                found.append((str(detail.get("lane", ""))[:MOST_NAME], zones))
        return tuple(sorted(found))

    def _gates(self) -> list[Presence]:
        """Those that central still lists: a gate that was revoked is missed by nobody."""
        return [presence for presence in self._roster.all().values() if self.is_gate(presence.device_id)]
