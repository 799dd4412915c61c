"""Who may hold a connection to our broker: how many, for how long, and who waits after failing to come in.

A stranger costs one connection for a few seconds, some kilobytes and one look at a signature, and may not have many of
those at once. No I/O here: the broker asks, and does what it is told.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum, auto
from ipaddress import IPv6Address, ip_address
from itertools import count
from typing import Any

from shared.wire.certificates import Certificate

MOST_ADDRESSES = 10_000  # of which failures are remembered
MOST_KNOWN = 10_000  # holders who once came in
MOST_SHOWN = 20  # passwords of one of them: a device has one, and a new one for each certificate


@dataclass(frozen=True, slots=True)
class BrokerLimits:
    """What the embedded broker bears. Connections in all and from one address (a network of an IPv6 address); of those,
    how many may not have logged in yet. Seconds: until the login is complete, until a packet that has begun is whole,
    the longest silence of a client that promises no shorter one, and how long it may take nothing of what waits for it.
    Packets a second that one device may go on sending, on all its lines together, and how many at once: beyond that it
    is read more slowly, and loses nothing."""

    connections: int = 1000
    per_address: int = 200
    strangers: int = 200
    strangers_per_address: int = 40
    per_device: int = 4
    connect_s: float = 5.0
    packet_s: float = 10.0
    idle_s: float = 180.0
    unread_s: float = 10.0
    packets_per_s: float = 200.0
    packets_at_once: int = 2000
    free_failures: int = 5
    first_wait_s: float = 1.0
    most_wait_s: float = 60.0
    looks_per_s: float = 20.0  # at logins from an address that waits: beside a script, a new device comes in too


class Away(StrEnum):
    """Why a connection is turned away or ended, beside what may be wrong with a packet (`packets.Wrong`)."""

    FULL = auto()
    FULL_ADDRESS = auto()
    STRANGERS = auto()
    STRANGERS_ADDRESS = auto()
    SILENT = auto()
    SLOW = auto()
    HUNG_UP = auto()  # in the middle of a login or a packet
    LOGIN = auto()  # not of this house
    WAIT = auto()  # too many failures from there
    STANDING = auto()  # of this house no more
    UNSURE = auto()  # whether it is of this house cannot be asked now
    WILL = auto()  # on a topic that is not its own
    REPLACED = auto()  # the same device came again, too often
    NOT_READING = auto()
    FELL = auto()  # a fault of ours


@dataclass(slots=True)
class Bucket:
    """A measure for what one may send: full at first, refilled evenly."""

    per_s: float
    most: float
    level: float
    at_s: float

    def take(self, now_s: float, many: int = 1) -> float:
        """So many out of it; how many seconds to wait before acting on it."""
        self.level = min(self.most, self.level + (now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        self.level -= many
        return max(0.0, -self.level / self.per_s)

    def may(self, now_s: float) -> bool:
        """One out of it, if there is one; nothing is owed otherwise."""
        owed = self.take(now_s) > 0
        self.level += owed
        return not owed


@dataclass(slots=True, eq=False)
class DeviceLine:
    """One connection. `cut` ends it at once; the first reason is kept. `pace` is its device's, once that is known."""

    number: int
    address: str
    hang_up: Callable[[], None]
    who: Certificate | None = None
    why: str = ""
    filters: set[str] = field(default_factory=set)
    pace: Bucket = field(default_factory=lambda: Bucket(1.0, 0.0, 0.0, 0.0))

    def cut(self, why: str) -> None:
        self.why = self.why or why
        self.hang_up()


class Doorkeeper:
    """`clock` in seconds, of any beginning."""

    def __init__(self, limits: BrokerLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self._clock = limits, clock
        self._numbers = count(1)
        self._lines: dict[int, DeviceLine] = {}
        self._at: Counter[str] = Counter()
        self._strangers: dict[str, dict[int, DeviceLine]] = {}  # by address, the oldest first
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()  # address → how many, until when it waits
        self._looks: OrderedDict[str, Bucket] = OrderedDict()  # of addresses that wait
        self._once_in: OrderedDict[int, str] = OrderedDict()  # what was shown, not whose it is: ids are no secret
        self._shown: OrderedDict[str, OrderedDict[int, None]] = OrderedDict()  # by holder, the oldest first
        self._paces: OrderedDict[str, Bucket] = OrderedDict()  # by holder: who comes again has no new one

    def now(self) -> float:
        """Seconds, of any beginning."""
        return self._clock()

    @property
    def lines(self) -> tuple[DeviceLine, ...]:
        return tuple(self._lines.values())

    @property
    def known(self) -> tuple[DeviceLine, ...]:
        return tuple(line for line in self._lines.values() if line.who is not None)

    def enter(
        self, address: str, hang_up: Callable[[], None]
    ) -> tuple[DeviceLine | None, DeviceLine | None, Away | None]:
        """A connection that has come, or None; the one that makes room for it; why either of them goes. Whoever has not
        logged in makes room for who comes later: a device of ours is known after an instant, and a script that only
        sits there, behind the same address even, keeps none out."""
        address, limits = _network(address), self.limits
        here = len(self._strangers.get(address, ()))
        if len(self._lines) >= limits.connections:
            why, crowd = Away.FULL, self._most_strangers()
        elif self._at[address] >= limits.per_address:
            why, crowd = Away.FULL_ADDRESS, address
        elif here >= limits.strangers_per_address:
            why, crowd = Away.STRANGERS_ADDRESS, address
        elif sum(map(len, self._strangers.values())) >= limits.strangers:
            why, crowd = Away.STRANGERS, self._most_strangers()
        else:
            return self._entered(address, hang_up), None, None
        oldest = next(iter(self._strangers.get(crowd, {}).values()), None)
        if oldest is None:
            return None, None, why
        self.leave(oldest)
        return self._entered(address, hang_up), oldest, why

    def _entered(self, address: str, hang_up: Callable[[], None]) -> DeviceLine:
        line = DeviceLine(next(self._numbers), address, hang_up)
        self._lines[line.number] = line
        self._at[address] += 1
        self._strangers.setdefault(address, {})[line.number] = line
        return line

    def _most_strangers(self) -> str:
        return max(self._strangers, key=lambda address: len(self._strangers[address]), default="")

    def welcome(self, line: DeviceLine, who: Certificate, shown: str) -> tuple[DeviceLine, ...]:
        """The holder has logged in on this line, showing this password; the older ones of theirs that are too many."""
        line.who = who
        per_s, most = self.limits.packets_per_s, self.limits.packets_at_once
        line.pace = self._paces.get(who.holder_id) or Bucket(per_s, most, most, self._clock())
        _remember(self._paces, who.holder_id, line.pace, MOST_KNOWN)
        self._known_now(line)
        self._came_in(who.holder_id, hash(shown))
        theirs = [each for each in self.known if each.who and each.who.holder_id == who.holder_id]
        return tuple(theirs[: -self.limits.per_device])

    def _came_in(self, holder_id: str, shown: int) -> None:
        """Each holder has so many: whoever shows ever new passwords makes the house forget its own."""
        theirs = self._shown.get(holder_id) or OrderedDict()
        if holder_id not in self._shown and len(self._shown) >= MOST_KNOWN:
            for gone in self._shown.popitem(last=False)[1]:
                self._once_in.pop(gone, None)
        _remember(self._shown, holder_id, theirs, MOST_KNOWN)
        if shown not in theirs and len(theirs) >= MOST_SHOWN:
            self._once_in.pop(theirs.popitem(last=False)[0], None)
        theirs[shown] = None
        theirs.move_to_end(shown)
        self._once_in[shown] = holder_id

    def leave(self, line: DeviceLine) -> None:
        if self._lines.pop(line.number, None) is None:
            return
        self._at[line.address] -= 1
        if not self._at[line.address]:
            del self._at[line.address]
        self._known_now(line)

    def _known_now(self, line: DeviceLine) -> None:
        """Counted among the strangers no more."""
        theirs = self._strangers.get(line.address, {})
        theirs.pop(line.number, None)
        if not theirs:
            self._strangers.pop(line.address, None)

    def must_wait(self, line: DeviceLine, shown: str) -> bool:
        """Whether to refuse without a look at the signature. The very password with which somebody came in before is
        looked at all the same, and of the others some, or one script behind a house's address would lock its devices
        out. What is none takes of the address's looks, in whosever name."""
        known, now = self._failures.get(line.address), self._clock()
        if known is None or now >= known[1] or hash(shown) in self._once_in:
            return False
        per_s = self.limits.looks_per_s
        looks = self._looks.get(line.address) or Bucket(per_s, per_s, 0.0, now)
        _remember(self._looks, line.address, looks, MOST_ADDRESSES)
        return not looks.may(now)

    def failed(self, line: DeviceLine) -> None:
        """A login that was none: the next from this address waits, twice as long each time."""
        limits, now = self.limits, self._clock()
        failures, until = self._failures.get(line.address, (0, now))
        if now - until > limits.most_wait_s:
            failures = 0
        over = failures + 1 - limits.free_failures
        wait_s = min(limits.most_wait_s, limits.first_wait_s * 2 ** min(over - 1, 32)) if over > 0 else 0.0
        _remember(self._failures, line.address, (failures + 1, now + wait_s), MOST_ADDRESSES)

    def disowned(self, line: DeviceLine, shown: str) -> None:
        """A login of somebody who is of this house no more: it is as good as none, however genuine it is."""
        self._shown.get(self._once_in.pop(hash(shown), ""), OrderedDict()).pop(hash(shown), None)
        self.failed(line)


def _network(address: str) -> str:
    """Who has one IPv6 address has its whole /64."""
    try:
        told = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(told, IPv6Address):
        return str(told.ipv4_mapped or IPv6Address(int(told) >> 64 << 64))
    return str(told)


def _remember(held: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    held.pop(key, None)
    while len(held) >= most:
        held.popitem(last=False)
    held[key] = value
