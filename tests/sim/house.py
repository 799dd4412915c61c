"""A small theatre, made once per process through the door's own commands and the devices' own enrolment, then copied.

Sixty seats in two zones, two categories, three tariffs (one of them free), two kiosks, two gates, a box office.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import central.areas  # declares every command and entity
import central.kernel.tables  # noqa: F401
from central.catalogue.model import PerformanceDo
from central.catalogue.ops import CreateEvent
from central.devices.enrolment import ApproveDevice, EnrolDevice, Enrolment, InviteDevice
from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind, path_of
from central.kernel.db import Database, SqliteConnection
from central.kernel.door import Door
from central.kernel.entity import METADATA
from central.kernel.keys import Keys
from central.organisation.ops import CreateContext, SetUpHouse, key_digest
from central.pricing.ops import CreatePriceGrid, CreateTariff, PriceCell
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from central.selling.model import ChannelKind
from central.selling.ops import CreateChannel, CreatePointOfSale
from central.venues.ops import (
    CreateLogicalConfiguration,
    CreateSeatCategory,
    CreateSite,
    CreateSpace,
    ImportPlan,
    ValidatePhysical,
)
from edge.device.identity import Identity, Stored
from shared.ids import Id, derived_id
from shared.outcome import Ok
from shared.wire.certificates import DeviceKind, issue, root_certificate, signing_request, verified
from shared.wire.seal import Signer
from tests.sim.world import START
from tests.telling import tell

ROWS = {"Parterre": ("ABC", "1re"), "Balcon": ("DE", "2e")}
SEATS_IN_ROW = 12
PRICES = {"1re": 4600, "2e": 3000}
TARIFFS = (("FULL", 100, False), ("RED", 70, True), ("GUEST", 0, False))
DEVICES = {"kiosk1": DeviceKind.KIOSK, "kiosk2": DeviceKind.KIOSK, "gate1": DeviceKind.GATE, "gate2": DeviceKind.GATE}
SELL_UNTIL = START + timedelta(hours=2)
CLOSES = START + timedelta(hours=5)


@dataclass(frozen=True)
class Kit:
    """What a device was given when it was enrolled."""

    name: str
    kind: DeviceKind
    identity: Identity
    context_id: Id


@dataclass(frozen=True)
class House:
    image: bytes  # central's database
    keys: Keys
    institution: Id
    organiser: Id
    site: Id
    performance: Id
    desk: Id
    tariffs: tuple[Id, ...]
    prices: dict[tuple[Id, Id], int]  # category, tariff → minor units
    seats: dict[Id, Id]  # seat → category
    kits: dict[str, Kit]


def key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


def made_id(name: str) -> Id:
    return derived_id("sim", name)


class PowerCut(Exception):
    """Central's machine stops just before it commits."""


class SimConnection(SqliteConnection):
    """The real connection, which may lose power at the next commit."""

    power_cut = False

    def commit(self) -> None:
        if self.power_cut:
            self.power_cut = False
            raise PowerCut
        super().commit()


def open_central(image: bytes | None, keys: Keys, clock: Any) -> tuple[Door, SimConnection]:
    """A central in memory: the schema is the entities' own (migrations are tested elsewhere)."""
    db = SimConnection(Path(":memory:"))
    if image is None:
        engine = sa.create_engine("sqlite://", creator=lambda: db._db, poolclass=sa.StaticPool)
        METADATA.create_all(engine)
    else:
        db._db.deserialize(image)
    return Door(Database("sqlite:///:memory:"), clock, path_of, keys), db


def names(text: str) -> dict[str, str]:
    return dict.fromkeys(("fr", "en", "de", "es", "it"), text)


def plan() -> str:
    zones = []
    for z, (name, (rows, category)) in enumerate(ROWS.items()):
        zones.append({
            "name": name,
            "position": {"x": 0, "y": 200 * z},
            "rows": [{
                "row_number": row,
                "row_number_position": "both",
                "position": {"x": 0, "y": 30 * r},
                "seats": [
                    {"seat_number": str(n), "seat_guid": f"{row}-{n}", "category": category,
                     "position": {"x": 25 * n, "y": 0}}
                    for n in range(1, SEATS_IN_ROW + 1)
                ],
            } for r, row in enumerate(rows)],
            "areas": [],
        })  # fmt: skip
    categories = [{"name": "1re", "color": "#0072B2"}, {"name": "2e", "color": "#009E73"}]
    size = {"width": 400, "height": 400}
    return orjson.dumps({"name": "Salle", "categories": categories, "zones": zones, "size": size}).decode()


def house_keys(now: datetime) -> Keys:
    """The same keys in every run, so that a seed replays to the letter."""
    root, signer = key("root"), Signer.of(key("central"))
    year = timedelta(days=365)
    root_pem = root_certificate(root, "Simulation", now - year, now + 20 * year)
    pem = issue(
        root, root_pem, signer.key.public_key(), holder_id=made_id("central"), kind=DeviceKind.CENTRAL, site_id="",
        certificate_id=made_id("certificate"), valid_from=now - year, valid_to=now + 3 * year,
    )  # fmt: skip
    certificate = verified(pem, root_pem)
    assert certificate
    return Keys(root, root_pem, signer, certificate)


@cache
def the_house() -> House:
    keys = house_keys(START)
    door, db = open_central(None, keys, lambda: START - timedelta(hours=1))
    count = 0

    def do(command: Any) -> Any:
        nonlocal count
        count += 1
        outcome = door.execute_now(db, SYSTEM, command, made_id(f"command {count}")).outcome
        assert isinstance(outcome, Ok), f"{command}: {outcome}"
        return outcome.value

    institution, organiser, season, activity = map(made_id, ("institution", "organiser", "season", "activity"))
    do(
        SetUpHouse(
            institution_id=institution,
            code="SIM",
            names={"fr": "Sim"},
            operator_id=made_id("operator"),
            operator_name="Sim",
            key_digest=key_digest("sim"),
        )
    )
    legal = {"currency": "EUR", "address": "1 rue du Banc", "siret": "81234567800013", "licence": "1-123456"}
    do(
        CreateContext(
            id=organiser,
            context_id=institution,
            kind=ContextKind.ORGANISER,
            code="TDS",
            names=names("Théâtre du Banc"),
            settings=legal,
        )
    )
    do(
        CreateContext(
            id=season, context_id=organiser, kind=ContextKind.SEASON, code="S26", names=names("Saison"), settings={}
        )
    )
    do(
        CreateContext(
            id=activity, context_id=season, kind=ContextKind.ACTIVITY, code="TH", names=names("Théâtre"), settings={}
        )
    )
    site, space, physical, logical = map(made_id, ("site", "space", "physical", "logical"))
    do(
        CreateSite(
            id=site,
            context_id=institution,
            code="BANC",
            names=names("Banc"),
            address="1 rue du Banc",
            timezone="Europe/Paris",
        )
    )
    do(CreateSpace(id=space, site_id=site, code="SALLE", names=names("Salle")))
    do(ImportPlan(id=physical, space_id=space, code="PLAN", names=names("Plan"), plan=plan()))
    do(ValidatePhysical(configuration_id=physical))
    categories = {name: made_id(f"category {name}") for name in PRICES}
    for rank, (name, category) in enumerate(categories.items(), 1):
        do(
            CreateSeatCategory(
                id=category, context_id=institution, code=f"C{rank}", names=names(name), colour="#0072B2", rank=rank
            )
        )
    do(
        CreateLogicalConfiguration(
            id=logical,
            context_id=season,
            physical_configuration_id=physical,
            code="SOIR",
            names=names("Soirée"),
            categories=categories,
        )
    )
    tariffs = []
    prices: dict[tuple[Id, Id], int] = {}
    for rank, (code, percent, proof) in enumerate(TARIFFS, 1):
        tariffs.append(made_id(f"tariff {code}"))
        do(CreateTariff(id=tariffs[-1], context_id=season, code=code, names=names(code), rank=rank, proof=proof))
        prices |= {(categories[name], tariffs[-1]): amount * percent // 100 for name, amount in PRICES.items()}
    grid = made_id("grid")
    cells = tuple(PriceCell(category, tariff, amount) for (category, tariff), amount in prices.items())
    do(CreatePriceGrid(id=grid, context_id=season, code="G", names=names("Grille"), currency="EUR", prices=cells))
    points = {}
    for code, kind, count_ in (("BORNE", ChannelKind.KIOSK, 2), ("GUICHET", ChannelKind.BOX_OFFICE, 1)):
        channel = made_id(f"channel {code}")
        do(
            CreateChannel(
                id=channel,
                context_id=institution,
                code=code,
                names=names(code),
                kind=kind,
                contingents=(),
                uncontingented=True,
                max_places=6,
                active=True,
            )
        )
        for n in range(1, count_ + 1):
            points[f"{code}{n}"] = made_id(f"point {code}{n}")
            do(
                CreatePointOfSale(
                    id=points[f"{code}{n}"],
                    channel_id=channel,
                    context_id=organiser,
                    code=f"{code[0]}{n}",
                    names=names(f"{code} {n}"),
                    active=True,
                )
            )
    event, performance = made_id("event"), made_id("performance")
    do(CreateEvent(id=event, context_id=activity, code="CYRANO", names=names("Cyrano"), vat_bp=550))
    when = Schedule(START + timedelta(minutes=90), START - timedelta(hours=2), CLOSES, SELL_UNTIL)
    do(
        CreatePerformance(
            id=performance, event_id=event, logical_configuration_id=logical, price_grid_id=grid, schedule=when
        )
    )
    do(ChangeSale(performance_id=performance, do=PerformanceDo.OPEN))
    tell(door, db, START, do)
    kits = {}
    for name, kind in DEVICES.items():
        device = made_id(name)
        point = points["BORNE" + name[-1]] if kind is DeviceKind.KIOSK else None
        do(
            InviteDevice(
                id=device,
                context_id=institution,
                site_id=site,
                kind=kind,
                code=name.upper(),
                label=name,
                enrolment_code=f"code {name}",
                point_of_sale_id=point,
            )
        )
        do(EnrolDevice(code=f"code {name}", request_pem=signing_request(key(name), name), label=name))
        signer = Signer.of(key(name))
        do(ApproveDevice(device_id=device, kid=signer.kid))
        told = door.ask_now(db, SYSTEM, Enrolment(device_id=device, kid=signer.kid))
        assert isinstance(told, Ok)
        said = told.value
        certificate = verified(said["certificate"], keys.root_pem)
        assert certificate
        stored = Stored(
            said["certificate"], keys.root_pem, said["institution_id"], tuple(said["central_certificates"]),
            said["settings"],
        )  # fmt: skip
        kits[name] = Kit(name, kind, Identity(Path("/"), signer.key, certificate, stored), institution)
    seats = {Id(row[0]): Id(row[1]) for row in db.run("SELECT seat_id, category_id FROM place ORDER BY seat_id", {})}
    image = db._db.serialize()
    db.close()
    return House(
        image, keys, institution, organiser, site, performance, points["GUICHET1"], tuple(tariffs), prices, seats, kits
    )
