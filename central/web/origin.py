"""Where a request comes from: the address of whoever sent it, seen through the proxies that the house names.

A header says anything; so `X-Forwarded-For` counts only as far as a named proxy wrote it: from its right end, up to
the first address that is none of ours.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from aiohttp import web

FORWARDED = "X-Forwarded-For"
MOST_HOPS = 20


@dataclass(frozen=True, slots=True)
class Proxies:
    """The addresses and networks (`10.0.0.7`, `10.1.0.0/16`) that may say for whom they ask; ValueError for others."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, named: Iterable[str]) -> "Proxies":
        return cls(tuple(ip_network(each, strict=False) for each in named))

    def ours(self, address: str) -> bool:
        try:
            at = ip_address(address)
        except ValueError:
            return False
        return any(at in network for network in self.networks)


NO_PROXIES = Proxies()
PROXIES: web.AppKey[Proxies] = web.AppKey("proxies", Proxies)


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
        found = hop
        if not proxies.ours(hop):
            break
    return found
