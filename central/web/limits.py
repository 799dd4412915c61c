"""How often somebody may ask: a bucket per address or caller that fills with time (GCRA, as telephone networks do it).

One number is kept of each: when its bucket will be full again. So a look costs a microsecond, memory is bounded by
`most` whatever strangers do, and what was forgotten was full or had not been heard for longest. Each process counts for
itself: behind two centrals a caller may ask twice as much.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from central.web.settings import LimitsConfig, Rate

OF_IPV6 = 64  # bits: what one household or one machine is given


class RequestLimit(StrEnum):
    """Who is counted, by what they do."""

    LOOKS = auto()
    ACTS = auto()
    CLAIMS = auto()
    PEOPLE = auto()
    PROGRAMS = auto()
    DEVICES = auto()


OF_STRANGERS = (RequestLimit.LOOKS, RequestLimit.ACTS, RequestLimit.CLAIMS)


@lru_cache(maxsize=4096)
def counted_as(address: str) -> str:
    """The address as it is counted: an IPv6 address by its /64, since whoever has one has all of them."""
    try:
        at = ip_address(address)
    except ValueError:
        return address
    if isinstance(at, IPv6Address):
        if at.ipv4_mapped:
            return str(at.ipv4_mapped)
        return f"{IPv6Address(int(at) >> OF_IPV6 << OF_IPV6)}/{OF_IPV6}"
    return str(at)


def after_one_more(full_at: float, rate: Rate, now: float) -> tuple[float, float]:
    """(when the bucket is full again, 0), or (the same as before, how many seconds until there is room for one)."""
    after = max(full_at, now) + 1 / rate.per_s
    wait = after - now - rate.burst / rate.per_s
    return (after, 0.0) if wait <= 1e-9 else (full_at, wait)


class Buckets:
    """The buckets of one limit, at most `most` of them."""

    def __init__(self, rate: Rate, most: int, clock: Callable[[], float]) -> None:
        self.rate, self._most, self._clock = rate, most, clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str) -> float:
        """0: there was room; otherwise the seconds to wait."""
        if self.rate.burst <= 0:
            return 0.0
        after, wait = after_one_more(self._full_at.get(key, 0.0), self.rate, self._clock())
        self._full_at[key] = after
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return wait

    def wait(self, key: str) -> float:
        """What `take` would say, without taking."""
        return after_one_more(self._full_at.get(key, 0.0), self.rate, self._clock())[1] if self.rate.burst > 0 else 0.0

    def lift(self, key: str) -> None:
        self._full_at.pop(key, None)

    def waiting(self) -> Iterator[tuple[str, float]]:
        """(key, seconds) of those who would be refused now."""
        now = self._clock()
        for key, full_at in self._full_at.items():
            if wait := after_one_more(full_at, self.rate, now)[1]:
                yield key, wait


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who has to wait: `who` is an address, a network, or `kind:id` as the log names who acts."""

    limit: RequestLimit
    who: str
    until: datetime


class Limits:
    """All of a process's buckets, and how much is being answered for whom. `clock` counts seconds."""

    def __init__(self, config: LimitsConfig, clock: Callable[[], float]) -> None:
        rates = {each: getattr(config, each) for each in RequestLimit}
        self._buckets = {each: Buckets(rate, config.remembered, clock) for each, rate in rates.items()}
        self._looks = Buckets(config.keys, config.remembered, clock)
        self._none = Buckets(Rate(1 / NONE_FOR_S, 1), config.remembered, clock)
        self._at_once: dict[str, int] = {}
        self._most_at_once = {
            **dict.fromkeys(OF_STRANGERS, config.at_once_of_strangers),
            RequestLimit.PEOPLE: config.at_once_of_people,
            RequestLimit.PROGRAMS: config.at_once_of_programs,
            RequestLimit.DEVICES: config.at_once_of_devices,
        }

    def take(self, limit: RequestLimit, who: str) -> float:
        """0, or the seconds to wait."""
        return self._buckets[limit].take(who)

    def wait(self, limit: RequestLimit, who: str) -> float:
        """What `take` would say, for what is counted only if it turns out to be nothing."""
        return self._buckets[limit].wait(who)

    def waiting(self, now: datetime) -> list[Waiting]:
        """Who has to wait, longest first: for the page that shows it."""
        found = [
            Waiting(limit, who, now + timedelta(seconds=wait))
            for limit, buckets in self._buckets.items()
            for who, wait in buckets.waiting()
        ]
        return sorted(found, key=lambda each: each.until, reverse=True)

    def lift(self, who: str) -> None:
        """Somebody may ask again at once."""
        for buckets in (*self._buckets.values(), self._looks):
            buckets.lift(who)

    # --- keys beside an address that waits ----------------------------------------------------------------------------

    def look(self, shown: int, address: str) -> float:
        """Whether a key, signature or session is looked at although its address has to wait: 0, or the seconds until it
        may be. All of an address share its looks, whomever they pretend to be: nobody's are spent by claims in their
        name. What was none just now takes nothing from whoever shows something else."""
        wait = max(self._none.wait(str(shown)), self._looks.wait(address))
        if not wait:
            self._looks.take(address)
        return wait

    def missed(self, shown: int) -> None:
        """This turned out to be none."""
        self._none.take(str(shown))

    # --- at once ------------------------------------------------------------------------------------------------------

    def enter(self, limit: RequestLimit, who: str) -> bool:
        """Whether one more request of theirs may be answered now; `leave` when it is."""
        most, there = self._most_at_once[limit], self._at_once.get(who, 0)
        if most and there >= most:
            return False
        self._at_once[who] = there + 1
        return True

    def leave(self, who: str) -> None:
        there = self._at_once[who] - 1
        if there:
            self._at_once[who] = there
        else:
            del self._at_once[who]


NONE_FOR_S = 30.0
