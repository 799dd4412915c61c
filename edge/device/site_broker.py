"""A site's broker as a device: it enrols like any other, then serves its site and bridges to central's broker.

It follows the feed of keys, so that whoever is revoked is put out here too, as soon as central's word comes through;
what it knows survives a restart without a line. For houses without a Mosquitto of their own; where there is one,
enrolment alone is run and Mosquitto reads the identity directory (firmware_configs/mosquitto).
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from edge.device.enrolment import ensure_enrolled, standing_of
from edge.device.identity import Identity
from shared.runtime.bridge import SiteBrokerConfig, run_broker
from shared.runtime.central import HttpCentral
from shared.runtime.doorkeeper import BrokerLimits
from shared.runtime.journal import Journal
from shared.runtime.keyring import Keyring
from shared.runtime.login import ROOT_FILE
from shared.runtime.mqtt import Endpoint
from shared.runtime.sync import Reader, Sync
from shared.runtime.system import Clock, SystemClock
from shared.runtime.tasks import Crew
from shared.wire.certificates import Certificate, DeviceKind
from shared.wire.feeds import FeedFamily, feed_name


@dataclass(frozen=True, slots=True)
class BrokerDeviceConfig:
    """`upstream` is central's broker; without it this one serves its site alone. `limits`: what it bears."""

    data: Path
    central: str
    listen: Endpoint = field(default_factory=lambda: Endpoint("0.0.0.0"))  # noqa: S104  # its devices are elsewhere
    upstream: Endpoint | None = None
    code: str = ""
    label: str = "broker"
    poll_s: float = 30.0
    log_level: str = "info"
    limits: BrokerLimits = field(default_factory=BrokerLimits)


async def enrol_broker(
    config: BrokerDeviceConfig, clock: Clock | None = None, say: Callable[[str], None] | None = None
) -> Identity:
    clock = clock or SystemClock()
    async with HttpCentral(config.central, clock, code=config.code) as central:
        return await ensure_enrolled(
            config.data, DeviceKind.BROKER, central, clock, code=config.code, label=config.label, say=say
        )


async def run_site_broker(config: BrokerDeviceConfig, ready: asyncio.Future[int] | None = None) -> None:
    """Until cancelled; an enrolled broker needs no line to start. `ready` is told the port."""
    clock = SystemClock()
    identity = await enrol_broker(config, clock)
    journal = Journal.open(config.data / "journal.db", identity.device_id)
    site = SiteBrokerConfig(config.data / ROOT_FILE, config.listen, config.data, config.upstream, config.limits)
    try:
        async with HttpCentral(config.central, clock, identity.device_id, identity.signer) as central, Crew() as crew:
            keyring, ask_again = Keyring(identity.root_pem), asyncio.Event()
            for pem in (*identity.stored.central_certificates, identity.certificate.pem):
                keyring.add(pem)

            async def renew() -> None:
                standing = await standing_of(central, identity.device_id, identity.certificate.kid)
                for pem in standing.central_certificates:
                    keyring.add(pem)

            async def stand(asked: Collection[Certificate]) -> Collection[str]:
                return {each.kid for each in asked if keyring.revoked(each.kid) is None}

            sync = Sync(
                central, journal, keyring, identity.signer, clock,
                readers={FeedFamily.KEYS: Reader(after=ask_again.set)},
                feeds=(feed_name(FeedFamily.KEYS, identity.institution_id),),
                poll_s=config.poll_s, renew_keys=renew,
            )  # fmt: skip
            crew.start("keys", sync.run)
            await run_broker(site, ready, standing=stand, ask_again=ask_again, on_bell=sync.rang)
    finally:
        journal.close()
