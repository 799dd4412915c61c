"""What a house sets about who may ask how much of central over HTTP: `[http]` in its configuration."""

from dataclasses import dataclass, field

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, and `per_s` from then on: 0.2 is one every five seconds. A burst of 0 limits nothing."""

    per_s: float
    burst: int


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    """Strangers by their address (IPv6: by the /64 it is in), who is known by who they are. `looks` of strangers are
    pages and the live page, `acts` whatever they send, `claims` keys, signatures and sessions that turn out to be none;
    `keys` is how many of those are looked at all the same where an address has to wait (0.4 ms each).
    `at_once` are requests that are being answered, streams of pages among them; 0 bounds nothing. Each process counts
    for itself."""

    looks: Rate = field(default_factory=lambda: Rate(10.0, 200))
    acts: Rate = field(default_factory=lambda: Rate(1.0, 60))
    claims: Rate = field(default_factory=lambda: Rate(1.0, 60))
    people: Rate = field(default_factory=lambda: Rate(50.0, 500))
    programs: Rate = field(default_factory=lambda: Rate(500.0, 5000))
    devices: Rate = field(default_factory=lambda: Rate(200.0, 2000))
    keys: Rate = field(default_factory=lambda: Rate(50.0, 100))
    at_once_of_strangers: int = 100
    at_once_of_people: int = 200
    at_once_of_programs: int = 500
    at_once_of_devices: int = 100
    remembered: int = 20_000


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """Times in seconds. `head_s`: from the first byte of a request to the last of its headers; `idle_s`: a connection
    with nothing to say; `body_s`: for a body, and `slowest` KiB/s on top; `linger_s`: for what a refused caller still
    sends; `send_s`: within which somebody reads the next 16 KiB of an answer. `connections` in all and per address (a
    named proxy is no address); `held_mib` of bodies at once, those of strangers apart; `held_of_lines_mib` of heads
    that are not whole, of what is sent ahead and of answers that nobody reads."""

    head_s: float = 20.0
    idle_s: float = 150.0
    body_s: float = 20.0
    slowest_kib_per_s: float = 32.0
    linger_s: float = 2.0
    send_s: float = 20.0
    connections: int = 4000
    connections_per_address: int = 500
    held_mib: int = 128
    held_of_strangers_mib: int = 16
    held_of_lines_mib: int = 64
    limits: LimitsConfig = field(default_factory=LimitsConfig)


_FREE = Rate(1.0, 0)
UNLIMITED = LimitsConfig(
    *(_FREE,) * 6, at_once_of_strangers=0, at_once_of_people=0, at_once_of_programs=0, at_once_of_devices=0
)
