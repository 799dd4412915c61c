"""Central's configuration: one frozen object, from a TOML file and PARTERRE_CENTRAL__… variables."""

from dataclasses import dataclass, field
from pathlib import Path

from central.kernel.db import Database, Waits
from central.kernel.helper_processes import BesideConfig
from central.kernel.settings import AS_IT_COMES, Settings
from central.web.settings import HttpConfig
from shared.runtime.doorkeeper import BrokerLimits
from shared.runtime.mqtt import Endpoint


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
    """`data` holds the database (unless `database` names another) and the keys. Times in seconds. `public_url` is where
    browsers reach central (https there means cookies that travel over nothing else); `proxies` are the addresses or
    networks in front of central whose X-Forwarded-For is believed, `metrics_networks` those that may read /metrics
    without a key. `database_waits`: how long the database may keep somebody waiting; `wal_most_mb`: the size beyond
    which SQLite's log is cut; `writer_apart`: SQLite's writer is a process of its own, not a thread of central's.
    `areas`: what the areas' own keys say, which stand in the file among these (config_file.py)."""

    data: Path
    database: str = ""
    database_waits: Waits = field(default_factory=Waits)
    wal_most_mb: int = 64
    writer_apart: bool = True
    listen: Endpoint = field(default_factory=lambda: Endpoint("127.0.0.1", 8080))
    broker: BrokerConfig = field(default_factory=BrokerConfig)
    log_level: str = "info"
    outbox_every_s: float = 1.0
    pulse_every_s: float = 5.0  # a commit that shows whether the database takes one
    tally_every_s: float = 30.0  # counts of what left no row in the log
    public_url: str = ""
    beside: BesideConfig = field(default_factory=BesideConfig)
    proxies: tuple[str, ...] = ()
    metrics_networks: tuple[str, ...] = ()
    http: HttpConfig = field(default_factory=HttpConfig)
    checkpoint_every_s: float = 300.0
    checkpoints: Path | None = None  # where the log's signed checkpoints are also kept; better on another disk
    areas: Settings = AS_IT_COMES

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
