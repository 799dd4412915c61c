"""Where central may send what a webhook tells: the public internet, and networks inside the house that its
configuration names. Nobody sends central to its own database, to a router's page or to the cloud's store of keys.

A host is judged as it will be dialled, which is not as it is written: ①②⑦.0.0.1 is 127.0.0.1 by then. It is judged
when the webhook is made, when its name was looked up, and once more by the peer that the connection has, before
anything is sent.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
Lookup = Callable[[str, int], Awaitable[list[str]]]
"""Host and port → addresses."""

_NOT_PUBLIC = tuple(
    ip_network(each)
    for each in (
        # IANA's registries of special-purpose addresses, whatever this Python's own list is as old as
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/3", "2001::/23", "2001:db8::/32", "3fff::/20",
    )
)  # fmt: skip
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_HOLDS_IPV4 = tuple(
    IPv6Network(each) for each in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)  # compatible, mapped, translated, NAT64: the last four bytes are an IPv4 address
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?!.{{254}})({_LABEL}\.)*{_LABEL}")
_ISATAP = (0x00005EFE, 0x02005EFE)  # the half of an interface's id that says: an IPv4 address follows


def may_reach(address: str, allowed: Iterable[Network]) -> bool:
    """Whether a numeric address is public, or the house has named it; what carries an IPv4 address is judged by that
    one too."""
    return _public(ip_address(address.partition("%")[0]), tuple(allowed))


def _public(at: Address, allowed: tuple[Network, ...]) -> bool:
    if any(at in network for network in allowed):
        return True
    if any(at in network for network in _NOT_PUBLIC):
        return False
    if isinstance(at, IPv4Address):
        return at.is_global
    if any(at in network for network in _HOLDS_IPV4):
        return _public(_last(at), allowed)
    inside = [at.sixtofour, _last(at) if (int(at) >> 32) & 0xFFFFFFFF in _ISATAP else None]
    return at in _GLOBAL_UNICAST and all(_public(each, allowed) for each in inside if each)


def _last(at: IPv6Address) -> IPv4Address:
    return IPv4Address(int(at) & 0xFFFFFFFF)


def dialled(url: str) -> str:
    """The host that will be dialled: IDNA done, as aiohttp reads it. ValueError for what names none: what is neither
    an address nor letters, digits and hyphens, or ends in a number and is no address, would be read by everybody in a
    way of their own (aiohttp asks no resolver for it)."""
    try:
        host = (URL(url).raw_host or "").removesuffix(".")
    except IndexError as fault:  # of brackets with nothing between
        raise ValueError(f"{url[:200]} names no host") from fault
    number = ":" in host or host.rpartition(".")[2].isdigit()
    if literal(host) is None and (number or not _NAME.fullmatch(host)):
        raise ValueError(f"{url[:200]} names no host")
    return host


def literal(host: str) -> Address | None:
    """The address that a host is, in any spelling that a machine's own look-up takes without asking anybody
    (0x7f.1, 2130706433, 127.1); None: it is a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))  # a host has no space, after which it would read no further
    except (OSError, ValueError):
        return None


def never_reached(url: str, allowed: Iterable[Network]) -> bool:
    """Whether nothing could ever be sent there, which is known without a look-up: an address inside, this machine's own
    name, no host at all."""
    try:
        host = dialled(url)
    except ValueError:
        return True
    if host == "localhost" or host.endswith(".localhost"):
        own = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
        return not any(at in network for at in own for network in tuple(allowed))
    at = literal(host)
    return at is not None and not _public(at, tuple(allowed))


class NotReachable(OSError):
    """An address that we do not speak to."""


async def look_up(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Pinned(AbstractResolver):
    """Gives the addresses that were checked, and refuses the host whole if one of them is not for us."""

    def __init__(self, allowed: tuple[Network, ...], lookup: Lookup = look_up) -> None:
        self._allowed, self._lookup = allowed, lookup

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - whatever there is
    ) -> list[ResolveResult]:
        addresses = await self._lookup(host, port)
        self.check(addresses)
        return [
            ResolveResult(
                hostname=host, host=each, port=port, family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0, flags=socket.AI_NUMERICHOST,
            )
            for each in addresses
        ]  # fmt: skip

    def check(self, addresses: Iterable[str]) -> None:
        for each in addresses:
            if not may_reach(each, self._allowed):
                raise NotReachable(f"{each} is an address inside, which webhooks are not sent to")

    def check_literal(self, url: str) -> None:
        """aiohttp asks no resolver for a host that is an address already."""
        at = literal(dialled(url))
        if at is not None:
            self.check([str(at)])

    async def close(self) -> None:
        pass


class Connector(aiohttp.TCPConnector):
    """Looks at who is at the other end once more, before a request is sent: however it came to that."""

    def __init__(self, resolver: Pinned, **more: Any) -> None:
        super().__init__(resolver=resolver, **more)
        self._pinned = resolver

    async def connect(self, *args: Any, **more: Any) -> aiohttp.connector.Connection:
        connection = await super().connect(*args, **more)
        peer = connection.transport.get_extra_info("peername") if connection.transport else None
        try:
            self._pinned.check([peer[0]] if peer else [])
        except NotReachable:
            connection.close()
            raise
        if not peer:
            connection.close()
            raise NotReachable("nobody knows who is at the other end")
        return connection


def networks(named: Iterable[str]) -> tuple[Network, ...]:
    """The configuration's; ValueError for what is no network."""
    return tuple(ip_network(each, strict=False) for each in named)
