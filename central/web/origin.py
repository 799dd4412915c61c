"""Where a request comes from: the address of whoever sent it, seen through the proxies that the house names.

A header says anything; so `X-Forwarded-For` counts only as far as a named proxy wrote it: from its right end, up to
the first address that is none of ours.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from aiohttp import web

from shared.runtime.log import logger

log = logger(__name__)
FORWARDED = "X-Forwarded-For"
MOST_HOPS = 20
MOST_FRONTS = 5


@dataclass(frozen=True, slots=True)
class Proxies:
    """The addresses and networks (`10.0.0.7`, `10.1.0.0/16`) that may say for whom they ask; ValueError for others."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, named: Iterable[str]) -> "Proxies":
        return cls(tuple(ip_network(each, strict=False) for each in named))

    def ours(self, address: str) -> bool:
        return bool(self.networks) and _within(self.networks, address)


@lru_cache(maxsize=4096)
def _within(networks: tuple[IPv4Network | IPv6Network, ...], address: str) -> bool:
    """Asked several times for each request, mostly of the same few addresses."""
    try:
        at = ip_address(address)
    except ValueError:
        return False
    return any(at in network for network in networks)


NO_PROXIES = Proxies()
PROXIES: web.AppKey[Proxies] = web.AppKey("proxies", Proxies)


class Front(StrEnum):
    """What stands in front of central, as far as it is not as the configuration says."""

    NO_PROXY_NAMED = auto()  # somebody says for whom they ask, and nobody may: all callers have one address
    ANOTHER_PROXY = auto()  # somebody does who is not named: past the named ones, or one that moved
    SAYS_NOTHING = auto()  # a named one does not say for whom it asks


class Fronts:
    """What was seen of what stands in front, since this process started: at most a few addresses of each."""

    def __init__(self) -> None:
        self.seen: dict[Front, list[str]] = {}

    def note(self, what: Front, address: str) -> None:
        """Said in the log once for each."""
        known = self.seen.setdefault(what, [])
        if address not in known and len(known) < MOST_FRONTS:
            known.append(address)
            log.warning("what stands in front is not as configured", what=what, address=address, step=_STEPS[what])


FRONT: web.AppKey[Fronts] = web.AppKey("front", Fronts)
_STEPS = {
    Front.NO_PROXY_NAMED: "set proxies to this address, so that callers are told apart",
    Front.ANOTHER_PROXY: "add this address to proxies if it is yours; otherwise let nobody reach central past them",
    Front.SAYS_NOTHING: "make this proxy send X-Forwarded-For",
}


def note_front(request: web.Request) -> None:
    """Looks whether the proxies are as the configuration says."""
    peer, proxies = request.remote or "", request.app[PROXIES]
    says = FORWARDED in request.headers
    if proxies.ours(peer):
        if not says:
            request.app[FRONT].note(Front.SAYS_NOTHING, peer)
    elif says or "Forwarded" in request.headers:
        request.app[FRONT].note(Front.ANOTHER_PROXY if proxies.networks else Front.NO_PROXY_NAMED, peer)


def address_of(request: web.Request) -> str:
    """The caller's IP address; a text that is none is never taken over from a header."""
    peer = request.remote or ""
    proxies = request.app.get(PROXIES)
    if proxies is None or not proxies.ours(peer):
        return peer
    found = peer
    said = [part.strip() for line in request.headers.getall(FORWARDED, []) for part in line.split(",")]
    for hop in reversed(said[-MOST_HOPS:]):
        try:
            ip_address(hop)
        except ValueError:
            break
        if "%" in hop:  # a zone is any text, and means something on the proxy's machine only
            break
        found = hop
        if not proxies.ours(hop):
            break
    return found
