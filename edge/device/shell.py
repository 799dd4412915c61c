"""The common start of every device: identity, journal, keys, bus, sync, clock, health; then the role's own work.

    async with start(config.device, DeviceKind.GATE, schema=SCHEMA, readers=READERS) as device:
        device.instructions.handle("open", open_gate, physical=True)
        await role(device)

An enrolled device starts without any network: everything here goes on by itself when the line comes.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from edge.device import health, instructions
from edge.device.clockwork import Clockwork
from edge.device.enrolment import ensure_enrolled, standing_of
from edge.device.health import Health
from edge.device.identity import Identity, keep_central
from edge.device.instructions import Instructions
from shared.clock import ClockState, Now
from shared.ids import Id
from shared.languages import spoken
from shared.runtime.central import Central, Declined, HttpCentral, Unreachable
from shared.runtime.journal import Journal, JournalTx
from shared.runtime.keyring import Keyring
from shared.runtime.log import logger
from shared.runtime.mqtt import Announce, Bus, Endpoint
from shared.runtime.snapshot import Snapshots
from shared.runtime.sync import Reader, SealRefused, Sync
from shared.runtime.system import Clock, SystemClock, fresh_id
from shared.runtime.systemd import Notifier
from shared.runtime.tasks import Crew, Standing, wait_any
from shared.wire import topics
from shared.wire.certificates import DeviceKind, Right
from shared.wire.facts import Fact
from shared.wire.feeds import FeedFamily, FeedPage, feed_name
from shared.wire.seal import Signer
from shared.wire.topics import Presence

log = logger(__name__)
TICK_S = 10.0
CLOCK_EVERY_S = 3600.0
RENEW_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """`data` holds key, journal and all else that must survive; `central` is its address; `code` the one-time code,
    needed once. `broker_tls`: a Mosquitto that wants certificates; the embedded broker takes none."""

    data: Path
    central: str
    broker: Endpoint = field(default_factory=Endpoint)
    broker_tls: bool = False
    code: str = ""
    label: str = ""
    poll_s: float = 30.0
    timeout_s: float = 10.0
    keep_facts: int = 100_000
    log_level: str = "info"


class Device:
    """What a role works with. `identity` and `settings` are as central last said."""

    def __init__(
        self,
        config: DeviceConfig,
        identity: Identity,
        journal: Journal,
        keyring: Keyring,
        clock: Clock,
        central: Central,
        readers: Mapping[FeedFamily, Reader],
    ) -> None:
        self.config, self.identity, self.journal, self.keyring = config, identity, journal, keyring
        self.clock, self.central = clock, central
        self.clockwork = Clockwork(clock, journal)
        self.health = Health(journal, clock, self.now, lambda: self.language)
        self.instructions = Instructions(identity.device_id, journal, keyring, clock, self.now)
        self.standings: list[Standing] = []  # of all tasks that do this device's work, the role's too
        self.heartbeats: list[Callable[[], bool]] = []  # False from any of them: the watchdog is not fed
        self.on_settings: list[Callable[[dict[str, Any]], None]] = []
        self.on_link: list[Callable[[bool], None]] = []  # central reached, or not
        self.describe: Callable[[], dict[str, Any]] = dict  # what the role adds to its presence
        self._settings_told = identity.settings
        self._announce_again = asyncio.Event()
        self.health.on_change = self._announce_again.set
        self._time_due = asyncio.Event()
        self._checks = 0
        self.clockwork.on_change = lambda now: self.health.set(health.NO_CLOCK, now.state is ClockState.UNTRUSTED)
        session = fresh_id(clock)
        where = topics.state(identity.site_id, identity.device_id)
        self.bus = Bus(
            config.broker.host,
            config.broker.port,
            login=identity.login,
            announce=Announce(where, session, lambda online: self._presence(session, online)),
            tls=identity.tls() if config.broker_tls else None,
            name=identity.certificate.kind,
        )
        self.sync = Sync(
            central,
            journal,
            keyring,
            identity.signer,
            clock,
            readers={family: self._timed(reader) for family, reader in _all_families(readers).items()},
            feeds=(feed_name(FeedFamily.KEYS, identity.institution_id),),
            now=self.now,
            poll_s=config.poll_s,
            on_link=self._linked,
            on_settings=self._take_settings,
            renew_keys=self._renew_keys,
        )
        self.sync.on_sent = self._announce_again.set
        self.bus.subscribe(topics.bells(identity.site_id), self.sync.rang)
        self.bus.subscribe(topics.command(identity.site_id, identity.device_id), self.instructions.heard)

    @property
    def id(self) -> Id:
        return self.identity.device_id

    @property
    def site_id(self) -> str:
        return self.identity.site_id

    @property
    def signer(self) -> Signer:
        return self.identity.signer

    @property
    def settings(self) -> dict[str, Any]:
        return self.identity.settings

    @property
    def language(self) -> str:
        """The house's, as central said."""
        return spoken(str(self.settings.get("language", "")))

    @property
    def online(self) -> bool:
        """Whether central answered last time."""
        return self.sync.online

    def now(self) -> Now:
        return self.clockwork.now()

    def fresh_id(self) -> Id:
        return fresh_id(self.clock)

    def record(self, tx: JournalTx, kind: str, body: object, fact_id: Id | None = None) -> Fact:
        """A fact of now, inside the role's transaction."""
        reading = self.clock.read()
        return tx.record(kind, body, self.clockwork.at(reading), reading, fact_id or self.fresh_id())

    async def tell(self, topic: str, payload: bytes, retain: bool = False) -> bool:
        return await self.bus.publish(topic, payload, retain)

    def _presence(self, session: str, online: bool) -> Presence:
        now = self.now()
        detail = {"kind": self.identity.certificate.kind, "unsent": self.journal.unsent(), "clock": now.state}
        detail |= {"central": self.sync.online, "label": self.config.label, **self.describe()}
        return Presence(self.id, session, online, now.at, self.health.word, detail)

    def _timed(self, reader: Reader) -> Reader:
        """The role's reader; every sealed page also tells the clock how late it is at least."""

        def on_rows(tx: JournalTx, page: FeedPage) -> None:
            if reader.on_rows:
                reader.on_rows(tx, page)
            self.clockwork.saw(page)

        return Reader(on_rows, reader.keep, reader.after)

    def _linked(self, online: bool) -> None:
        self._announce_again.set()
        if online and self.now().state is not ClockState.TRUSTED:
            self._time_due.set()
        for listener in self.on_link:
            listener(online)

    def _take_settings(self, settings: dict[str, Any]) -> None:
        self.identity = keep_central(self.identity, self.identity.stored.central_certificates, settings)
        if settings != self._settings_told:
            self._settings_told = settings
            for listener in self.on_settings:
                listener(settings)

    async def _renew_keys(self) -> None:
        """Central speaks with a key that we do not know: learn it, if the root signed it."""
        standing = await standing_of(self.central, self.id, self.identity.certificate.kid)
        known = tuple(pem for pem in standing.central_certificates if self.keyring.add(pem) is not None)
        if known:
            self.identity = keep_central(self.identity, known, self.identity.settings)

    # loops

    async def keep_time(self) -> None:
        """Ask central for the time when the line comes and once an hour, oftener while the clock is not trusted."""
        while True:
            wait_s = CLOCK_EVERY_S
            try:
                await self.clockwork.ask(self.central, self.keyring)
            except (Unreachable, Declined, SealRefused) as bad:
                log.info("no time from central", why=str(bad))
                wait_s = self.config.poll_s if self.now().state is not ClockState.TRUSTED else CLOCK_EVERY_S / 10
                if isinstance(bad, SealRefused):
                    await self._try_renew()
            await wait_any(self._time_due, wait_s)

    async def _try_renew(self) -> None:
        try:
            await self._renew_keys()
        except (Unreachable, Declined) as bad:
            log.info("no keys from central", why=str(bad))

    async def keep_present(self) -> None:
        """Say how we are when it changed, and once a minute."""
        while True:
            await wait_any(self._announce_again, 60)
            if self.bus.connected:
                await self.bus.announce()

    async def keep_watch(self, notifier: Notifier) -> None:
        """Look after the journal, the disk and the certificate; feed the watchdog while all that must work does."""
        every_s = min(TICK_S, notifier.watchdog_s / 3) if notifier.watchdog_s else TICK_S
        while True:
            if self.check() and all(beat() for beat in self.heartbeats):
                notifier.say(WATCHDOG="1", STATUS=self.status())
            await asyncio.sleep(every_s)

    def check(self) -> bool:
        """One round of health; False if this device cannot do its work at all."""
        try:
            now = self.clockwork.tick()
            with self.journal.transaction() as tx:  # the test commit: what sells and admits needs just this
                tx.set_note("alive", now.at.isoformat())
            self.journal.forget(self.config.keep_facts)
            self.health.set(health.NO_COMMIT, present=False)
            self.health.set(health.SALVAGED, self.journal.salvaged is not None)
            self.health.set(health.DISK_FULL, health.low_disk(self.config.data))
            self._checks += 1
            if self._checks > 2:  # in the first seconds central has not been asked yet
                self.health.set(health.NO_CLOCK, now.state is ClockState.UNTRUSTED)
            self.health.set(health.CLOCK_DISPUTED, self.clockwork.disputed)
            self.health.set(health.FEED_STUCK, bool(self.sync.trouble))
            falling = any(each.falls >= health.FALLS and not each.calm for each in self.standings)
            self.health.set(health.FALLING, falling)
            knows = now.state is not ClockState.UNTRUSTED
            self.health.set(health.CERTIFICATE, knows and now.at > self.identity.certificate.valid_to - RENEW_BEFORE)
        except (sqlite3.Error, OSError) as bad:
            log.error("journal cannot be written", why=str(bad))
            self.health.set(health.NO_COMMIT)
            return False
        return True

    def status(self) -> str:
        """One line for `systemctl status`."""
        line = "central reached" if self.sync.online else "without central"
        return f"{line}, {self.journal.unsent()} facts waiting, clock {self.now().state}, health {self.health.word}"


@asynccontextmanager
async def start(
    config: DeviceConfig,
    kind: DeviceKind,
    *,
    schema: str = "",
    readers: Mapping[FeedFamily, Reader] | None = None,
    clock: Clock | None = None,
    say: Callable[[str], None] | None = None,
    notifier: Notifier | None = None,
) -> AsyncIterator[Device]:
    """A running device. Raises Failure for everything that a person must put right first. `say` hears how enrolment
    gets on."""
    clock = clock or SystemClock()
    notifier = notifier or Notifier()
    async with HttpCentral(config.central, clock, timeout_s=config.timeout_s, code=config.code) as unsigned:
        identity = await ensure_enrolled(
            config.data, kind, unsigned, clock, code=config.code, label=config.label, say=say
        )
    journal = Journal.open(config.data / "journal.db", identity.device_id, instructions.SCHEMA + schema)
    try:
        keyring = Keyring(identity.root_pem)
        for pem in (*identity.stored.central_certificates, identity.certificate.pem):
            keyring.add(pem)
        central = HttpCentral(config.central, clock, identity.device_id, identity.signer, config.timeout_s)
        central.vouches = lambda sealed: keyring.vouches(sealed, Right.STATE) is not None
        device = Device(config, identity, journal, keyring, clock, central, readers or {})
        async with central, Crew(device.standings) as crew:
            device.check()
            snapshots = Snapshots(central, journal, keyring, config.data, Id(device.site_id), device.now)
            device.sync.first_load = snapshots.first_load
            crew.start("bus", device.bus.run)
            crew.start("sync", device.sync.run)
            crew.start("time", device.keep_time)
            crew.start("presence", device.keep_present)
            crew.start("watch", lambda: device.keep_watch(notifier))
            log.info("device started", device=device.id, kind=kind, site=device.site_id)
            notifier.say(READY="1", STATUS=device.status())
            try:
                yield device
            finally:
                notifier.say(STOPPING="1")
    finally:
        journal.close()


def _all_families(readers: Mapping[FeedFamily, Reader]) -> dict[FeedFamily, Reader]:
    return {family: readers.get(family, Reader()) for family in FeedFamily}
