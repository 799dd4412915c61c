"""What a house sets about signing in and about mail."""

from dataclasses import dataclass, field
from enum import StrEnum, auto

from central.organisation.rules import IDLE, LONGEST


class Tls(StrEnum):
    NONE = auto()  # in the clear: for a server on this machine only
    STARTTLS = auto()
    TLS = auto()


@dataclass(frozen=True, slots=True)
class MailConfig:
    """`host` empty: no mail leaves the house; links are then shown to who may hand them over."""

    host: str = ""
    port: int = 587
    tls: Tls = Tls.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Costs:
    """argon2id: `memory_kib` and `rounds` for each look (RFC 9106's second choice), `threads` looks at once; further
    `waiting` ones are kept, more are turned away."""

    memory_kib: int = 65536
    rounds: int = 3
    threads: int = 2
    waiting: int = 32


@dataclass(frozen=True, slots=True)
class SignInConfig:
    """How long a session lasts without a sign of life, and at most; what a look at a password costs."""

    idle_s: float = IDLE.total_seconds()
    longest_s: int = int(LONGEST.total_seconds())
    passwords: Costs = field(default_factory=Costs)
