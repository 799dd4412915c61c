"""A house with one small hall, set up through the door: twenty seats, twenty standing places, one evening on sale."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import auto
from itertools import count
from typing import Any

import orjson

import central.areas  # noqa: F401  # declares everything
from central.catalogue.model import ProductDo
from central.catalogue.ops import CreateEvent, Schedule
from central.inventory.model import InventoryPrivilege
from central.inventory.ops import CreateContingent, CreatePerformance
from central.kernel.contexts import ContextKind
from central.kernel.db import Connection
from central.kernel.door import Door
from central.kernel.tx import SYSTEM, Actor, ActorKind
from central.orders.model import PaymentMethod
from central.orders.on_sale import ChangeSale
from central.orders.ops import PlaceOrder, WantedPlace
from central.organisation.ops import CreateContext, SetUpHouse, key_digest
from central.pricing.ops import CreatePriceGrid, CreateTariff, PriceCell
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
    do(SetUpHouse(institution, "MAISON", {"fr": "La maison"}, admin, "Admin", key_digest(ADMIN_KEY)))
    settings = {"currency": "EUR", "licence": "PLATESV-R-2026-1"}
    do(CreateContext(organiser, institution, ContextKind.ORGANISER, "TDT", {"fr": "Les Tilleuls"}, settings))
    do(CreateContext(season, organiser, ContextKind.SEASON, "S26", {"fr": "Saison 26"}, {}))
    do(CreateContext(activity, season, ContextKind.ACTIVITY, "TH", {"fr": "Théâtre"}, {}))
    site, space, physical, logical, zone = (derived_id("house", "venue", n) for n in range(5))
    do(CreateSite(site, institution, "TILLEULS", {"fr": "Théâtre des Tilleuls"}, "12 allée", "Europe/Paris"))
    do(CreateSpace(space, site, "GRANDE", {"fr": "Grande salle"}))
    assert do(ImportPlan(physical, space, "P1", {"fr": "Plan"}, plan(rows, row))) == sitting
    do(AddUnnumberedZone(zone, physical, "Debout", 20, 2))
    do(ValidatePhysical(physical))
    seated, standing = derived_id("house", "seated"), derived_id("house", "standing")
    do(CreateSeatCategory(seated, institution, "CAT1", {"fr": "1re"}, "#0072B2", 1))
    do(CreateSeatCategory(standing, institution, "DEBOUT", {"fr": "Debout"}, "#009E73", 2))
    categories = {"1re": seated, "Debout": standing}
    do(CreateLogicalConfiguration(logical, season, physical, "SOIREE", {"fr": "Soirée"}, categories))
    contingent = derived_id("house", "contingent")
    do(CreateContingent(contingent, institution, "PRESSE", {"fr": "Presse"}, "#999999"))
    full, child, grid = derived_id("house", "full"), derived_id("house", "child"), derived_id("house", "grid")
    do(CreateTariff(full, season, "FULL", {"fr": "Plein tarif"}, 1, False))
    do(CreateTariff(child, season, "CHILD", {"fr": "Enfant"}, 2, True))
    cells = (PriceCell(seated, full, FULL), PriceCell(standing, full, STANDING), PriceCell(seated, child, CHILD))
    do(CreatePriceGrid(grid, season, "G1", {"fr": "Grille"}, "EUR", cells))
    channel, kiosks = derived_id("house", "channel"), derived_id("house", "kiosks")
    names = {"fr": "Guichet"}
    do(CreateChannel(channel, institution, "GUICHET", names, ChannelKind.BOX_OFFICE, (), True, 25))
    do(CreateChannel(kiosks, institution, "BORNE", {"fr": "Bornes"}, ChannelKind.KIOSK, (), True, 10))
    desk, kiosk_point = derived_id("house", "desk"), derived_id("house", "kiosk point")
    do(CreatePointOfSale(desk, channel, organiser, "G1", names))
    do(CreatePointOfSale(kiosk_point, kiosks, organiser, "B1", {"fr": "Borne"}))
    event, performance = derived_id("house", "event"), derived_id("house", "performance")
    do(CreateEvent(event, activity, "CYRANO", {"fr": "Cyrano"}, 550))
    schedule = Schedule(
        STARTS, STARTS - timedelta(minutes=90), STARTS + timedelta(hours=3), STARTS + timedelta(minutes=30)
    )
    assert do(CreatePerformance(performance, event, logical, grid, schedule)) == sitting + 20
    do(ChangeSale(performance, ProductDo.OPEN))
    seats = tuple(seat_id(physical, "Parterre", each, str(n)) for each in "ABCDEFGH"[:rows] for n in range(1, row + 1))
    ((gauge,),) = clerk.rows("SELECT id FROM gauge")
    return House(
        institution, organiser, season, activity, admin, site, physical, logical, contingent, seated, standing, full,
        child, grid, channel, desk, kiosk_point, event, performance, Id(gauge), seats,
    )  # fmt: skip


SELLER = (InventoryPrivilege.ORDER_CREATE,)
