"""A site's broker as a device: it enrols like any other, then serves its site and bridges to central's broker.

For houses without a Mosquitto of their own; where there is one, enrolment alone is run and Mosquitto reads the identity
directory (firmware_configs/mosquitto).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from edge.device.enrol import ensure_enrolled
from edge.device.identity import Identity
from shared.runtime.broker import SiteBrokerConfig, run_broker
from shared.runtime.central import HttpCentral
from shared.runtime.login import ROOT_FILE
from shared.runtime.mqtt import Endpoint
from shared.runtime.system import Clock, SystemClock
from shared.wire.certificates import DeviceKind


@dataclass(frozen=True, slots=True)
class BrokerDeviceConfig:
    """`upstream` is central's broker; without it this one serves its site alone."""

    data: Path
    central: str
    listen: Endpoint = field(default_factory=lambda: Endpoint("0.0.0.0"))  # noqa: S104  # its devices are elsewhere
    upstream: Endpoint | None = None
    code: str = ""
    label: str = "broker"
    log_level: str = "info"


async def enrol_broker(
    config: BrokerDeviceConfig, clock: Clock | None = None, say: Callable[[str], None] | None = None
) -> Identity:
    clock = clock or SystemClock()
    async with HttpCentral(config.central, clock) as central:
        return await ensure_enrolled(
            config.data, DeviceKind.BROKER, central, clock, code=config.code, label=config.label, say=say
        )


async def run_site_broker(config: BrokerDeviceConfig, ready: asyncio.Future[int] | None = None) -> None:
    """Until cancelled; an enrolled broker needs no line to start. `ready` is told the port."""
    await enrol_broker(config)
    await run_broker(SiteBrokerConfig(config.data / ROOT_FILE, config.listen, config.data, config.upstream), ready)
