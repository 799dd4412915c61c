"""A house with one small hall, set up through the door: twenty seats, twenty standing places, one evening on sale."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import auto
from itertools import count
from typing import Any

import orjson

import central.areas  # noqa: F401  # declares everything
from central.catalogue.model import PerformanceDo
from central.catalogue.ops import CreateEvent
from central.inventory.contingents import CreateContingent
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.contexts import ContextKind
from central.kernel.db import Connection
from central.kernel.door import Door
from central.orders.model import OrdersPrivilege, PaymentMethod
from central.orders.ops import PlaceOrder, WantedPlace
from central.organisation.ops import CreateContext, SetUpHouse, key_digest
from central.pricing.ops import CreatePriceGrid, CreateTariff, PriceCell
from central.programme.device_loop import FeedsKnown
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from central.selling.model import ChannelKind
from central.selling.ops import CreateChannel, CreatePointOfSale
from central.venues.ops import (
    AddUnnumberedZone,
    CreateLogicalConfiguration,
    CreateSeatCategory,
    CreateSite,
    CreateSpace,
    ImportPlan,
    ValidatePhysical,
    seat_id,
)
from shared.ids import Id, derived_id
from shared.outcome import Ok, Reason, Refused
from tests.telling import tell

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
STARTS = NOW + timedelta(hours=2)


class NoTest(Reason):
    """Why the handlers that tests make up refuse."""

    NOT_TODAY = auto()
    UNLUCKY = auto()
    REACHED = auto()  # the door let it through to here


ADMIN_KEY = "the administrator's key"
FULL, STANDING, CHILD = 2000, 1200, 900
_FRESH = count(1)


def new_id() -> Id:
    return derived_id("test", next(_FRESH))


@dataclass(slots=True)
class Watch:
    """A clock that a test sets."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Clerk:
    """Somebody at the door, one command at a time and at once."""

    door: Door
    db: Connection
    watch: Watch
    actor: Actor = SYSTEM
    said: list[Id] = field(default_factory=list)

    def do(self, command: Any) -> Any:
        """The value of a command that has to succeed."""
        outcome = self.say(command)
        assert isinstance(outcome, Ok), outcome
        return outcome.value

    def no(self, command: Any) -> Refused:
        """The refusal of one that must not."""
        outcome = self.say(command)
        assert isinstance(outcome, Refused), outcome
        return outcome

    def say(self, command: Any, command_id: Id | None = None) -> Any:
        self.said.append(command_id or new_id())
        return self.door.execute_now(self.db, self.actor, command, self.said[-1]).outcome

    def ask(self, query: Any) -> Any:
        """A query's answer as JSON would carry it."""
        outcome = self.door.ask_now(self.db, self.actor, query)
        return Ok(orjson.loads(orjson.dumps(outcome.value))) if isinstance(outcome, Ok) else outcome

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        return self.db.run(sql, params)

    def feed(self, name: str) -> dict[str, Any]:
        return {
            key: None if body is None else orjson.loads(body)
            for key, body in self.rows("SELECT key, body FROM feed_row WHERE feed = :f", f=name)
        }

    def tell(self, known: FeedsKnown | None = None) -> list[Any]:
        """Devices hear of all that changed; answers with the commands that told them."""
        return tell(self.door, self.db, self.watch(), self.as_(SYSTEM).do, known)

    def as_(self, actor: Actor) -> "Clerk":
        return Clerk(self.door, self.db, self.watch, actor)


@dataclass(frozen=True, slots=True)
class House:
    """What was made. `seats` in plan order: row A then row B, ten each."""

    institution: Id
    organiser: Id
    season: Id
    activity: Id
    admin: Id
    site: Id
    physical: Id
    logical: Id
    contingent: Id
    seated: Id
    standing: Id
    full: Id
    child: Id
    grid: Id
    channel: Id
    desk: Id
    kiosk_point: Id
    event: Id
    performance: Id
    gauge: Id
    seats: tuple[Id, ...]

    def operator(self, *privileges: str, at: Id | None = None, points: tuple[Id, ...] = ()) -> Actor:
        """An operator with these privileges at a context (the institution unless said)."""
        perimeter = {"point_of_sale": frozenset(map(str, points))} if points else {}
        grants = frozenset((str(each), str(at or self.institution)) for each in privileges)
        return Actor(ActorKind.OPERATOR, new_id(), "Operator", grants, perimeter)

    def order(self, *seats: Id, order_id: Id | None = None, amount: int | None = None, **more: Any) -> PlaceOrder:
        """Seats at the full price over the counter."""
        fields: dict[str, Any] = {
            "order_id": order_id or new_id(), "point_of_sale_id": self.desk, "performance_id": self.performance,
            "places": tuple(WantedPlace(self.full, seat_id=seat) for seat in seats),
            "method": PaymentMethod.CASH, "amount": FULL * len(seats) if amount is None else amount,
        } | more  # fmt: skip
        return PlaceOrder(**fields)

    def standing_order(self, places: int = 1, **more: Any) -> PlaceOrder:
        wanted = tuple(WantedPlace(self.full, gauge_id=self.gauge) for _ in range(places))
        return self.order(places=wanted, amount=STANDING * places, **more)


def plan(rows: int = 2, seats: int = 10) -> str:
    """A plan file of one zone."""
    zone = {
        "name": "Parterre",
        "position": {"x": 0, "y": 0},
        "rows": [
            {
                "row_number": "ABCDEFGH"[row],
                "row_number_position": "both",
                "position": {"x": 0, "y": 30 * row},
                "seats": [
                    {
                        "seat_number": str(n + 1),
                        "seat_guid": f"{row}-{n}",
                        "position": {"x": 25 * n, "y": 0},
                        "category": "1re",
                    }
                    for n in range(seats)
                ],
            }
            for row in range(rows)
        ],
        "areas": [],
    }
    return orjson.dumps(
        {
            "name": "Petite salle",
            "categories": [{"name": "1re", "color": "#0072B2"}],
            "zones": [zone],
            "size": {"width": 400, "height": 200},
        }
    ).decode()


def set_up(clerk: Clerk, rows: int = 2, row: int = 10) -> House:
    do, sitting = clerk.do, rows * row
    institution, organiser, season, activity, admin = (derived_id("house", n) for n in range(5))
    do(
        SetUpHouse(
            institution_id=institution,
            code="MAISON",
            names={"fr": "La maison"},
            operator_id=admin,
            operator_name="Admin",
            key_digest=key_digest(ADMIN_KEY),
        )
    )
    settings = {"currency": "EUR", "licence": "PLATESV-R-2026-000009"}
    do(
        CreateContext(
            id=organiser,
            context_id=institution,
            kind=ContextKind.ORGANISER,
            code="TDT",
            names={"fr": "Les Tilleuls"},
            settings=settings,
        )
    )
    do(
        CreateContext(
            id=season, context_id=organiser, kind=ContextKind.SEASON, code="S26", names={"fr": "Saison 26"}, settings={}
        )
    )
    do(
        CreateContext(
            id=activity, context_id=season, kind=ContextKind.ACTIVITY, code="TH", names={"fr": "Théâtre"}, settings={}
        )
    )
    site, space, physical, logical, zone = (derived_id("house", "venue", n) for n in range(5))
    do(
        CreateSite(
            id=site,
            context_id=institution,
            code="TILLEULS",
            names={"fr": "Théâtre des Tilleuls"},
            address="12 allée",
            timezone="Europe/Paris",
        )
    )
    do(CreateSpace(id=space, site_id=site, code="GRANDE", names={"fr": "Grande salle"}))
    assert do(ImportPlan(id=physical, space_id=space, code="P1", names={"fr": "Plan"}, plan=plan(rows, row))) == sitting
    do(AddUnnumberedZone(id=zone, configuration_id=physical, name="Debout", capacity=20, control=2))
    do(ValidatePhysical(configuration_id=physical))
    seated, standing = derived_id("house", "seated"), derived_id("house", "standing")
    do(
        CreateSeatCategory(
            id=seated, context_id=institution, code="CAT1", names={"fr": "1re"}, colour="#0072B2", rank=1
        )
    )
    do(
        CreateSeatCategory(
            id=standing, context_id=institution, code="DEBOUT", names={"fr": "Debout"}, colour="#009E73", rank=2
        )
    )
    categories = {"1re": seated, "Debout": standing}
    do(
        CreateLogicalConfiguration(
            id=logical,
            context_id=season,
            physical_configuration_id=physical,
            code="SOIREE",
            names={"fr": "Soirée"},
            categories=categories,
        )
    )
    contingent = derived_id("house", "contingent")
    do(CreateContingent(id=contingent, context_id=institution, code="PRESSE", names={"fr": "Presse"}, colour="#999999"))
    full, child, grid = derived_id("house", "full"), derived_id("house", "child"), derived_id("house", "grid")
    do(CreateTariff(id=full, context_id=season, code="FULL", names={"fr": "Plein tarif"}, rank=1, proof=False))
    do(CreateTariff(id=child, context_id=season, code="CHILD", names={"fr": "Enfant"}, rank=2, proof=True))
    cells = (PriceCell(seated, full, FULL), PriceCell(standing, full, STANDING), PriceCell(seated, child, CHILD))
    do(CreatePriceGrid(id=grid, context_id=season, code="G1", names={"fr": "Grille"}, currency="EUR", prices=cells))
    channel, kiosks = derived_id("house", "channel"), derived_id("house", "kiosks")
    names = {"fr": "Guichet"}
    do(
        CreateChannel(
            id=channel,
            context_id=institution,
            code="GUICHET",
            names=names,
            kind=ChannelKind.BOX_OFFICE,
            contingents=(),
            uncontingented=True,
            max_places=25,
            active=True,
        )
    )
    do(
        CreateChannel(
            id=kiosks,
            context_id=institution,
            code="BORNE",
            names={"fr": "Bornes"},
            kind=ChannelKind.KIOSK,
            contingents=(),
            uncontingented=True,
            max_places=10,
            active=True,
        )
    )
    desk, kiosk_point = derived_id("house", "desk"), derived_id("house", "kiosk point")
    do(CreatePointOfSale(id=desk, channel_id=channel, context_id=organiser, code="G1", names=names, active=True))
    do(
        CreatePointOfSale(
            id=kiosk_point, channel_id=kiosks, context_id=organiser, code="B1", names={"fr": "Borne"}, active=True
        )
    )
    event, performance = derived_id("house", "event"), derived_id("house", "performance")
    do(CreateEvent(id=event, context_id=activity, code="CYRANO", names={"fr": "Cyrano"}, vat_bp=550))
    schedule = Schedule(
        STARTS, STARTS - timedelta(minutes=90), STARTS + timedelta(hours=3), STARTS + timedelta(minutes=30)
    )
    assert (
        do(
            CreatePerformance(
                id=performance, event_id=event, logical_configuration_id=logical, price_grid_id=grid, schedule=schedule
            )
        )
        == sitting + 20
    )
    do(ChangeSale(performance_id=performance, do=PerformanceDo.OPEN))
    clerk.tell()
    seats = tuple(seat_id(physical, "Parterre", each, str(n)) for each in "ABCDEFGH"[:rows] for n in range(1, row + 1))
    ((gauge,),) = clerk.rows("SELECT id FROM gauge")
    return House(
        institution, organiser, season, activity, admin, site, physical, logical, contingent, seated, standing, full,
        child, grid, channel, desk, kiosk_point, event, performance, Id(gauge), seats,
    )  # fmt: skip


SELLER = (OrdersPrivilege.ORDER_CREATE,)
