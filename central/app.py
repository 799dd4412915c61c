"""The wiring of central: configuration → keys → database → door → broker → loops → HTTP. It alone knows all."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_urlsafe

from aiohttp import web

import central.areas  # noqa: F401  # declares every command, query and entity
from central.access.model import AccessPrivilege
from central.callers import authenticator
from central.config import CentralConfig
from central.devices import snapshots
from central.devices.pages import device_pages
from central.devices.standing import standing
from central.first_run.link import FILE, setup_link
from central.first_run.pages import Wizard
from central.first_run.sell_hall import sell_hall_routes
from central.house_keys import open_keys
from central.inventory import keeping as inventory
from central.inventory.plan_page import PlanPages
from central.kernel import taking_over
from central.kernel.beside import Beside
from central.kernel.chain import Chain
from central.kernel.door import Door
from central.kernel.pulse import Pulse, Report
from central.kernel.schema import SchemaError, heads, upgrade
from central.kernel.trouble import Unavailable
from central.kernel.tx import SYSTEM, Settings
from central.kernel.work import BACKOFF
from central.loops import Loops
from central.organisation.letters import MAIL
from central.organisation.model import NoContext, OrganisationPrivilege
from central.organisation.ops import SetUpHouse, key_digest, path_of
from central.organisation.pages import WayIn, organisation_pages
from central.organisation.posting import Post, Webhooks
from central.organisation.receivers import networks
from central.organisation.vault import load_vault
from central.organisation.webhook_pages import webhook_pages
from central.organisation.webhooks import OUTBOX_KIND as WEBHOOK
from central.pricing.pages import pricing_pages
from central.reports.live import Evenings
from central.venues.workshop import Workshop
from central.web.api import AUTHENTICATE, DOOR, problems, routes
from central.web.api_page import api_pages
from central.web.assets import serve
from central.web.away import away
from central.web.bodies import LARGE, MOST_FROM_STRANGERS, Bodies
from central.web.checklist import checklist_routes
from central.web.entrance import BODIES, LIMITS, VOUCHED, entrance, finish
from central.web.files import snapshot_routes
from central.web.find import find_routes
from central.web.frame import FRAME, Frame
from central.web.health import health_routes, of_health
from central.web.history.routes import history
from central.web.limited import LIMITED
from central.web.limits import Limits
from central.web.limits_shown import of_requests
from central.web.line import listening
from central.web.live import LIVE, LivePage
from central.web.metrics import METRICS_READ, metrics_route
from central.web.notices import of_front
from central.web.origin import FRONT, NO_PROXIES, PROXIES, Fronts, Proxies
from central.web.screens.routes import screens
from central.web.session import guard
from central.web.settings import UNLIMITED, HttpConfig
from shared.ids import Id
from shared.outcome import Refused
from shared.runtime.broker import EmbeddedBroker
from shared.runtime.config import Failure
from shared.runtime.log import logger
from shared.runtime.login import Login
from shared.runtime.mqtt import Bus, Roster
from shared.runtime.notify import Notifier, stay
from shared.runtime.system import SystemClock, fresh_id
from shared.runtime.tasks import Crew

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A central that serves. `url` is where."""

    door: Door
    loops: Loops
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
    chain = Chain(door, config.checkpoint_file, config.checkpoint_every_s)
    try:
        async with _broker(config, door) as broker_port:
            certificate = door.keys.certificate
            login = Login.of(door.keys.signer.key, certificate.pem, certificate.holder_id)
            bus = Bus(config.broker.host, broker_port, login=login, name="central")
            loops = Loops(
                door, bus, bell_poll_s=config.bell_poll_s, hall_every_s=config.hall_every_s,
                outbox_every_s=config.outbox_every_s, tidy_every_s=config.tidy_every_s,
                tally_every_s=config.tally_every_s,
            )  # fmt: skip
            way_in = _way_in(config, door)
            loops.far[MAIL] = way_in.mailer.send
            crew = Crew()
            pulse = Pulse(
                door, heads(door.database), lambda: bus.connected, lambda: (*crew.standings, *app[LIVE].standings)
            )
            app = make_app(
                door, loops, config.snapshots, live_open=config.live_open, proxies=_addresses(config, "proxies"),
                setup_file=config.data / FILE, way_in=way_in, scrapers=_addresses(config, "metrics_networks"),
                report=pulse.report, http=config.http,
            )  # fmt: skip
            webhooks = Webhooks(door, Post(door.settings.webhook_networks))
            loops.elsewhere.add(WEBHOOK)
            async with crew, listening(app, config.listen.host, config.listen.port, config.http) as url:
                for name, work in (
                    ("bus", bus.run), ("bells", loops.bells), ("halls", loops.halls), ("outbox", loops.outbox),
                    ("tidy", loops.tidy), ("tally", loops.tally), ("chain", chain.keep), ("webhooks", webhooks.keep),
                    ("checkpoints", chain.keep_file), ("inventory", partial(inventory.keep, door)),
                    ("pulse", partial(pulse.keep, config.pulse_every_s)),
                    ("snapshots", partial(taking_over.first, door, partial(
                        snapshots.keep, door, config.snapshots, config.snapshot_every_s))),
                ):  # fmt: skip
                    crew.start(name, work, BACKOFF)
                if way_in.mailer.works:
                    crew.start("mail", partial(loops.outbox_of, MAIL), BACKOFF)
                yield Running(door, loops, url, broker_port, app, pulse, crew)
    finally:
        await chain.close()
        door.stop()


def open_door(config: CentralConfig) -> Door:
    """Keys and an up-to-date database; a sentence where one of them is not to be had."""
    database, settings = config.opened, _settings(config)
    try:
        if copy := upgrade(database, config.set_aside):
            log.info("the database was set aside before it was brought up to date", copy=str(copy))
        keys = open_keys(database, config.keys, datetime.now(UTC))
    except SchemaError as fault:
        raise Failure(str(fault)) from fault
    except (OSError, ValueError) as fault:
        raise Failure(
            f"Central's data in {config.data} cannot be used: {fault}.", "Check the folder's owner."
        ) from fault
    return Door(database, lambda: datetime.now(UTC), path_of, keys, settings, Beside(config.beside))


@asynccontextmanager
async def _broker(config: CentralConfig, door: Door) -> AsyncIterator[int]:
    if not config.broker.embedded:
        yield config.broker.port
        return
    where = config.broker
    async with EmbeddedBroker(
        where.host, where.port, door.keys.root_pem, limits=where.limits, standing=standing(door)
    ) as broker:
        yield broker.port


def _way_in(config: CentralConfig, door: Door) -> WayIn:
    try:
        vault = load_vault(config.keys)
    except (OSError, ValueError) as fault:
        raise Failure(f"Central's keys cannot be used: {fault}.", "Check the folder's owner.") from fault
    url = config.public_url or f"http://{config.listen.host}:{config.listen.port}"
    return WayIn.of(door, vault, config.sign_in, config.mail, url)


def _settings(config: CentralConfig) -> Settings:
    try:
        return Settings(networks(config.webhook_networks))
    except ValueError as fault:
        raise Failure(f"The configuration's webhook_networks cannot be read: {fault}.", "Name networks.") from fault


def _addresses(config: CentralConfig, key: str) -> Proxies:
    try:
        return Proxies.of(getattr(config, key))
    except ValueError as fault:
        raise Failure(f"The configuration's {key} cannot be read: {fault}.", "Name addresses or networks.") from fault


def make_app(
    door: Door,
    loops: Loops | None = None,
    files: Path | None = None,
    *,
    live_open: bool = False,
    proxies: Proxies = NO_PROXIES,
    setup_file: Path | None = None,
    way_in: WayIn | None = None,
    scrapers: Proxies = NO_PROXIES,
    report: Callable[[], Report] | None = None,
    http: HttpConfig = HttpConfig(limits=UNLIMITED),  # noqa: B008 - frozen
) -> web.Application:
    """`http`: without it nobody is counted, which a test wants and a house does not."""
    app = web.Application(client_max_size=MOST_FROM_STRANGERS)
    app.middlewares.extend((away, problems, entrance, guard))
    app.on_response_prepare.append(finish)
    app[PROXIES] = proxies
    app[LIMITS] = Limits(http.limits, time.monotonic)
    app[BODIES] = Bodies(http)
    app[LARGE] = {}
    app[VOUCHED] = []
    app[DOOR] = door
    app[FRAME] = Frame(door)
    app[FRONT] = Fronts()
    app[FRAME].notice(of_front(app[FRONT]), METRICS_READ)
    app.router.add_get("/static/{name:.+}", serve)
    if way_in:
        organisation_pages(app, door, way_in)
        app[LIMITED].append(of_requests(app[LIMITS], lambda: datetime.now(UTC)))
    screens(app)
    pricing_pages(app)
    api_pages(app)
    webhook_pages(app, door)
    history(app, door)
    checklist_routes(app, door)
    sell_hall_routes(app, door)
    find_routes(app, door)
    app[AUTHENTICATE] = authenticator(door)
    Wizard(door, setup_file).routes(app)
    Workshop(door).routes(app)
    PlanPages(door).routes(app)
    device_pages(app)
    routes(app)
    metrics_route(app, door, scrapers)
    if report:
        health_routes(app, report)
        app[FRAME].notice(of_health(report), needs=OrganisationPrivilege.METRICS_READ)
    if files:
        snapshot_routes(app, partial(snapshots.located, door, files))
    roster = loops.roster if loops else Roster()
    live = LivePage(door, Evenings(), roster, needs=None if live_open else AccessPrivilege.ACCESS_READ)
    live.routes(app)
    app[LIVE] = live
    if loops:
        loops.on_presence.append(live.wake)
    return app


async def run(config: CentralConfig, ready_file: Path | None = None) -> None:
    """`parterre central`: serves until it is told to stop. `ready_file` gets the address, for who started us."""
    async with running(config) as central_:
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
        if ready_file:
            await asyncio.to_thread(ready_file.write_text, f"{central_.url}\n{central_.broker_port}\n")
        await stay(Notifier(), lambda: central_.pulse.report().alive, lambda: central_.pulse.report().status)


async def found_house(config: CentralConfig, code: str, name: str, operator_name: str) -> tuple[Id, Id, str]:
    """`parterre found`: the institution and its first administrator, whose key is shown once and kept nowhere."""
    door = open_door(config)
    door.start()
    clock = SystemClock()
    institution_id, operator_id, key = fresh_id(clock), fresh_id(clock), token_urlsafe(32)
    command = SetUpHouse(institution_id, code, {"fr": name}, operator_id, operator_name, key_digest(key))
    try:
        reply = await door.execute(SYSTEM, command, fresh_id(clock))
    except Unavailable as trouble:
        raise Failure(
            f"The database does not serve ({trouble}).", "Nothing was made: mend it, and start again."
        ) from None
    finally:
        door.stop()
    if isinstance(reply.outcome, Refused):
        if reply.outcome.reason == NoContext.HOUSE_EXISTS:
            raise Failure("This database holds a house already.", "Sign in with its operators.")
        raise Failure(f"The house cannot be founded: {reply.outcome.reason} ({reply.outcome.fix}).", "Name it.")
    return institution_id, operator_id, key
