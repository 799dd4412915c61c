"""How people sign in, how letters leave the house, and where webhooks may go."""

from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Annotated

from pydantic import BeforeValidator

from central.organisation.receivers import Network, networks

IDLE_S = 1800.0  # without a sign of life a session is over
LONGEST_S = 43_200


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

    idle_s: float = IDLE_S
    longest_s: int = LONGEST_S
    passwords: Costs = field(default_factory=Costs)


@dataclass(frozen=True, slots=True)
class OrganisationSettings:
    """`webhook_networks` are those inside the house that webhooks may be sent to. `tidy_every_s`: seconds between two
    looks for sessions that are over."""

    mail: MailConfig = field(default_factory=MailConfig)
    sign_in: SignInConfig = field(default_factory=SignInConfig)
    webhook_networks: Annotated[tuple[Network, ...], BeforeValidator(networks)] = ()
    tidy_every_s: float = 3600.0
