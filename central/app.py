"""Starts central: configuration → keys → database → door → broker → pages → loops → HTTP. What there is to start, the
areas say themselves (areas.py)."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiohttp import web

from central.areas import AREAS
from central.config import CentralConfig
from central.devices.broker_access import broker_standing
from central.first_run.link import setup_link
from central.house_keys import open_keys
from central.kernel import outbox
from central.kernel.contexts import path_of
from central.kernel.door import Apart, Door
from central.kernel.feeds import begin_anew
from central.kernel.helper_processes import Beside, Errand
from central.kernel.log_chain import Chain
from central.kernel.pulse import Pulse
from central.kernel.remedy import remedy
from central.kernel.schema import SchemaError, heads, upgrade
from central.kernel.trouble import Unavailable
from central.kernel.work import BACKOFF
from central.lost_house import refuse_in_place_of_another
from central.web.api import problems
from central.web.area import BUS, CONFIG, DOOR, ROSTER, Area, Check, Work
from central.web.bodies import MOST_FROM_STRANGERS, Bodies
from central.web.caller import ASKING, AUTHENTICATE, CALLERS, one_of
from central.web.entrance import BODIES, KNOWN_CALLERS, LIMITS, VOUCHED, entrance, finish
from central.web.error_page import broken
from central.web.form import LARGE
from central.web.frame import FRAME, Frame
from central.web.health import REPORT
from central.web.kept_forms import KEEPS
from central.web.limit_sources import LIMITED
from central.web.limits import Limits
from central.web.line import listening
from central.web.metrics import NETWORKS
from central.web.origin import FRONT, NO_PROXIES, PROXIES, Fronts, Proxies
from central.web.outage_answer import away
from central.web.pages import shell_pages
from central.web.rooms import AreaMenu, Menu
from central.web.session import guard
from central.web.settings import UNLIMITED, HttpConfig
from shared.registries import add_all
from shared.runtime.broker import EmbeddedBroker
from shared.runtime.config import Failure
from shared.runtime.log import logger
from shared.runtime.login import Login
from shared.runtime.mqtt import Bus, Roster
from shared.runtime.systemd import Notifier, stay
from shared.runtime.tasks import Crew

GLANCE_S = 0.02  # so long may a right that another process took away be held still
NOTHING: Mapping[web.AppKey[Any], Any] = MappingProxyType({})
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A central that serves. `url` is where."""

    door: Door
    url: str
    broker_port: int
    app: web.Application
    pulse: Pulse
    crew: Crew


@asynccontextmanager
async def running(config: CentralConfig) -> AsyncIterator[Running]:
    """Central as a whole, until the block ends."""
    door = open_door(config)
    door.start()
    await _begun(door)
    chain = Chain(door, config.checkpoint_file, config.checkpoint_every_s)
    try:
        async with _broker(config, door) as broker_port, Crew() as crew:
            certificate = door.keys.certificate
            login = Login.of(door.keys.signer.key, certificate.pem, certificate.holder_id)
            bus = Bus(config.broker.host, broker_port, login=login, name="central")
            checks: dict[str, Check] = {}
            pulse = Pulse(door, heads(door.database), checks, lambda: crew.standings)
            app = make_app(
                door, http=config.http, proxies=_addresses(config, "proxies"),
                given={CONFIG: config, BUS: bus, REPORT: pulse.report,
                       NETWORKS: _addresses(config, "metrics_networks")},
            )  # fmt: skip
            add_all(checks, ((name, check(app)) for area in AREAS for name, check in area.health.items()))
            works: dict[str, Work] = {
                "bus": bus.run, "chain": chain.keep, "checkpoints": chain.keep_file,
                "tally": partial(door.keep_tally, config.tally_every_s),
                "pulse": partial(pulse.keep, config.pulse_every_s),
                "outbox": _outbox(app),
            }  # fmt: skip
            add_all(works, _loops(app))
            async with listening(app, config.listen.host, config.listen.port, config.http) as url:
                await pulse.begin()
                for name, work in works.items():
                    crew.start(name, work, BACKOFF)
                yield Running(door, url, broker_port, app, pulse, crew)
    finally:
        try:
            await chain.close()
        finally:
            door.stop()


async def _begun(door: Door) -> None:
    """The first that is written: where that cannot be, there is no use in serving."""
    try:
        await door.chore(partial(begin_anew, at=datetime.now(UTC)))
    except BaseException as fault:
        await asyncio.to_thread(door.stop)
        if not isinstance(fault, Unavailable):
            raise
        where = door.database.path.parent if door.database.is_sqlite else None
        raise Failure(f"The database cannot be written: {fault.why}.", remedy(fault, where)) from fault


def _loops(app: web.Application) -> Iterator[tuple[str, Work]]:
    for area in AREAS:
        for name, loop in area.loops.items():
            if work := loop(app):
                yield name, work


def _outbox(app: web.Application) -> Work:
    """The loop of all kinds that have none of their own."""
    kinds: dict[str, Callable[[web.Application], outbox.Act] | None] = {}
    add_all(kinds, (each for area in AREAS for each in area.outbox.items()))
    acts = {kind: act(app) for kind, act in kinds.items() if act}
    return partial(outbox.keep, app[DOOR], acts, app[CONFIG].outbox_every_s, but=kinds.keys() - acts.keys())


def open_door(config: CentralConfig) -> Door:
    """Keys and an up-to-date database; a sentence where one of them is not to be had."""
    database = config.opened
    try:
        refuse_in_place_of_another(config)
        if copy := upgrade(database, config.set_aside):
            log.info("the database was set aside before it was brought up to date", copy=str(copy))
        keys = open_keys(database, config.keys, datetime.now(UTC))
    except SchemaError as fault:
        raise Failure(str(fault)) from fault
    except (OSError, ValueError, sqlite3.Error) as fault:
        said = f"Central's data in {config.data} cannot be used: {fault}."
        raise Failure(said, remedy(fault, config.data)) from fault
    return Door(
        database, lambda: datetime.now(UTC), path_of, keys, config.areas, Beside(config.beside), GLANCE_S,
        Apart(("central.areas",), config.log_level) if config.writer_apart else None,
    )  # fmt: skip


@asynccontextmanager
async def _broker(config: CentralConfig, door: Door) -> AsyncIterator[int]:
    if not config.broker.embedded:
        yield config.broker.port
        return
    where = config.broker
    async with EmbeddedBroker(
        where.host, where.port, door.keys.root_pem, limits=where.limits, standing=broker_standing(door)
    ) as broker:
        yield broker.port


def _addresses(config: CentralConfig, key: str) -> Proxies:
    try:
        return Proxies.of(getattr(config, key))
    except ValueError as fault:
        raise Failure(f"The configuration's {key} cannot be read: {fault}.", "Name addresses or networks.") from fault


def make_app(
    door: Door,
    *,
    http: HttpConfig = HttpConfig(limits=UNLIMITED),  # noqa: B008 - frozen
    proxies: Proxies = NO_PROXIES,
    given: Mapping[web.AppKey[Any], Any] = NOTHING,
) -> web.Application:
    """The pages of all areas. `given`: what they need of this process; with a configuration each area makes its own.
    Without `http` nobody is counted, which a test wants and a house does not."""
    app = web.Application(client_max_size=MOST_FROM_STRANGERS)
    app.middlewares.extend((away, broken, problems, entrance, guard))
    app.on_response_prepare.append(finish)
    app[DOOR], app[FRAME] = door, Frame(door, menu_of(AREAS))
    app[ASKING] = []
    app[CALLERS] = callers = [made(app) for area in reversed(AREAS) for made in area.callers]
    app.on_response_prepare.extend(each.answered for each in callers if each.answered)
    app[AUTHENTICATE], app[KNOWN_CALLERS] = one_of(callers), [known for each in callers for known in each.known]
    app[PROXIES], app[FRONT] = proxies, Fronts()
    app[LIMITS], app[LIMITED] = Limits(http.limits, time.monotonic), []
    app[BODIES], app[LARGE], app[VOUCHED], app[KEEPS] = Bodies(http), {}, [], {}
    app[ROSTER] = Roster()
    for key, value in given.items():
        app[key] = value
    if CONFIG in app:
        for area in AREAS:
            area.means(app)
    shell_pages(app)
    for area in AREAS:
        for pages in area.pages:
            pages(app)
    return app


def menu_of(areas: Iterable[Area]) -> Menu:
    return {area.name: AreaMenu(area.room, area.menu) for area in areas}


def loaded() -> tuple[()]:
    """Asked of a process beside the writer: to find this function, it imports all that it will ever need."""
    return ()


async def run(config: CentralConfig, ready_file: Path | None = None) -> None:
    """`parterre central`: serves until it is told to stop. `ready_file` gets the address, for who started us."""
    async with running(config) as central_:
        central_.door.beside.begin(Errand(loaded, ()))
        log.info("central serves", url=central_.url, broker_port=central_.broker_port)
        try:
            link = await setup_link(central_.door, config.data, config.public_url or central_.url)
        except OSError as fault:
            raise Failure(
                f"The set-up link cannot be kept in {config.data}: {fault.strerror}.", "Make room for it."
            ) from fault
        if link:
            print(f"This house is not set up yet. Open this link in a browser:\n\n    {link}\n", flush=True)  # noqa: T201
            log.info("set-up link printed")
        print(f"Central serves at {config.public_url or central_.url}. Ctrl-C stops it.", flush=True)  # noqa: T201
        if ready_file:
            await asyncio.to_thread(ready_file.write_text, f"{central_.url}\n{central_.broker_port}\n")
        await stay(Notifier(), lambda: central_.pulse.report().alive, lambda: central_.pulse.report().status)
