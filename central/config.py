"""Central's configuration: one frozen object, from a TOML file and PARTERRE_CENTRAL__… variables."""

from dataclasses import dataclass, field
from enum import StrEnum, auto
from pathlib import Path

from central.kernel.beside import BesideConfig
from central.kernel.db import Database, Waits
from central.web.settings import HttpConfig
from shared.runtime.doorkeeper import BrokerLimits
from shared.runtime.mqtt import Endpoint

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
class BrokerConfig:
    """`embedded` runs our own broker in this process, within `limits`; otherwise central is a client of the one at host
    and port."""

    embedded: bool = True
    host: str = "127.0.0.1"
    port: int = 1883
    limits: BrokerLimits = field(default_factory=BrokerLimits)


@dataclass(frozen=True, slots=True)
class CentralConfig:
    """`data` holds the database (unless `database` names another) and the keys. Times in seconds. `live_open` shows the
    live page to everybody who reaches central; otherwise it asks for an operator's id and key. `public_url`
    is where browsers reach central (https there means cookies that travel over nothing else); `proxies` are the
    addresses or networks in front of central whose X-Forwarded-For is believed, `webhook_networks` those inside the
    house that webhooks may be sent to, `metrics_networks` those that may read /metrics without a
    key. `database_waits`: how long the database may keep somebody waiting; `wal_most_mb`: the size beyond which
    SQLite's log is cut."""

    data: Path
    database: str = ""
    database_waits: Waits = field(default_factory=Waits)
    wal_most_mb: int = 64
    listen: Endpoint = field(default_factory=lambda: Endpoint("127.0.0.1", 8080))
    broker: BrokerConfig = field(default_factory=BrokerConfig)
    log_level: str = "info"
    hall_every_s: float = 0.5
    bell_poll_s: float = 2.0
    outbox_every_s: float = 1.0
    snapshot_every_s: float = 60.0
    pulse_every_s: float = 5.0  # a commit that shows whether the database takes one
    tidy_every_s: float = 3600.0  # sessions that are over
    tally_every_s: float = 30.0  # counts of what left no row in the log
    live_open: bool = False
    public_url: str = ""
    mail: MailConfig = field(default_factory=MailConfig)
    sign_in: SignInConfig = field(default_factory=SignInConfig)
    beside: BesideConfig = field(default_factory=BesideConfig)
    proxies: tuple[str, ...] = ()
    webhook_networks: tuple[str, ...] = ()
    metrics_networks: tuple[str, ...] = ()
    http: HttpConfig = field(default_factory=HttpConfig)
    checkpoint_every_s: float = 300.0
    checkpoints: Path | None = None  # where the log's signed checkpoints are also kept; better on another disk

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'parterre.db'}"

    @property
    def opened(self) -> Database:
        return Database(self.database_url, self.database_waits, self.wal_most_mb * 1024 * 1024)

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def checkpoint_file(self) -> Path:
        return self.checkpoints or self.data / "audit" / "checkpoints.jsonl"

    @property
    def set_aside(self) -> Path:
        """Where a copy of the database goes before an update changes it."""
        return self.data / "before-updates"

    @property
    def snapshots(self) -> Path:
        return self.data / "snapshots"
