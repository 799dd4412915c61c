"""The demo's house: a theatre with one evening on sale, set up as an administrator's program would, over the API."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from parterre.demo.office import Office
from shared.ids import Id
from shared.languages import LANGUAGES

PLAN = Path(__file__).parent / "theatre.json"
OKABE_ITO = {"Carré or": "#E69F00", "1re": "#0072B2", "2e": "#009E73", "3e": "#CC79A7", "PMR": "#56B4E9"}
CATEGORIES = {
    "Carré or": ("OR", "Golden square", "Goldenes Karree", "Cuadro de oro", "Quadrato d’oro"),
    "1re": ("CAT1", "Category 1", "Kategorie 1", "Categoría 1", "Categoria 1"),
    "2e": ("CAT2", "Category 2", "Kategorie 2", "Categoría 2", "Categoria 2"),
    "3e": ("CAT3", "Category 3", "Kategorie 3", "Categoría 3", "Categoria 3"),
    "PMR": ("PMR", "Wheelchair", "Rollstuhl", "Movilidad reducida", "Mobilità ridotta"),
}
FRENCH = {"1re": "1re catégorie", "2e": "2e catégorie", "3e": "3e catégorie", "PMR": "Place PMR"}
TARIFFS = (
    ("FULL", 1, False, 100, ("Plein tarif", "Full price", "Normalpreis", "Tarifa normal", "Intero")),
    ("RED", 2, True, 70, ("Tarif réduit", "Concession", "Ermäßigt", "Tarifa reducida", "Ridotto")),
    ("CHILD", 3, False, 50, ("Moins de 12 ans", "Under 12", "Unter 12", "Menores de 12", "Sotto i 12 anni")),
)
PRICES = {"Carré or": 5800, "1re": 4600, "2e": 3400, "3e": 2200, "PMR": 2800}


def names(*texts: str) -> dict[str, str]:
    return dict(zip(LANGUAGES, texts, strict=False))


@dataclass(frozen=True, slots=True)
class House:
    """What was made: ids that the story needs. `tariffs` by code, `categories` by plan name."""

    institution: Id
    organiser: Id
    site: Id
    logical: Id
    performances: tuple[Id, ...]
    grid: Id
    kiosk_point: Id
    desk_point: Id
    tariffs: dict[str, Id]
    categories: dict[str, Id]
    seats: int


async def set_up(office: Office, institution: Id, now: datetime, timezone: str = "Europe/Paris") -> House:
    """Contexts, venue with its plan, prices, channels, and two performances: tonight's is open for entry already."""
    organiser, season, activity = [office.new_id() for _ in range(3)]
    at = institution
    for made, kind, code, name, settings in (
        (organiser, "organiser", "TDT", "Théâtre des Tilleuls", MENTIONS),
        (season, "season", f"S{now.year}", f"Saison {now.year}-{now.year + 1}", {}),
        (activity, "activity", "TH", "Théâtre", {}),
    ):
        await office.command(
            "create_context", id=made, context_id=at, kind=kind, code=code, names=names(name), settings=settings
        )
        at = made
    site, logical, categories, seats = await _venue(office, institution, season, timezone)
    grid, tariffs = await _prices(office, season, categories)
    kiosk_point, desk_point = await _channels(office, institution, organiser)
    performances = await _evenings(office, activity, logical, grid, now)
    return House(
        institution, organiser, site, logical, performances, grid, kiosk_point, desk_point, tariffs, categories, seats
    )


MENTIONS = {
    "currency": "EUR",
    "address": "12 allée des Tilleuls, 69006 Lyon",
    "siret": "812 345 678 00013",
    "licence": "PLATESV-R-2026-001234",
}


async def _venue(office: Office, institution: Id, season: Id, timezone: str) -> tuple[Id, Id, dict[str, Id], int]:
    site, space, physical, logical = [office.new_id() for _ in range(4)]
    await office.command(
        "create_site", id=site, context_id=institution, code="TILLEULS", names=names("Théâtre des Tilleuls"),
        address=MENTIONS["address"], timezone=timezone,
    )  # fmt: skip
    hall = names("Grande salle", "Main hall", "Großer Saal", "Sala grande", "Sala grande")
    await office.command("create_space", id=space, site_id=site, code="GRANDE", names=hall)
    plan = PLAN.read_text()
    seats = await office.command(
        "import_plan", id=physical, space_id=space, code="ITALIEN", names=names("À l’italienne"), plan=plan
    )
    doors = [office.new_id(), office.new_id()]
    for door, code in zip(doors, "AB", strict=True):
        texts = names(f"Porte {code}", f"Door {code}")
        await office.command("create_entrance", id=door, site_id=site, code=code, names=texts, zones=0xFFFF)
    for zone in await office.rows("physical_zone"):
        await office.command("serve_zone", zone_id=zone["id"], entrances=doors)
    await office.command("validate_physical", configuration_id=physical)
    categories: dict[str, Id] = {}
    for rank, category in enumerate(orjson.loads(plan)["categories"], start=1):
        name = category["name"]
        code, *others = CATEGORIES[name]
        categories[name] = office.new_id()
        await office.command(
            "create_seat_category", id=categories[name], context_id=institution, code=code,
            names=names(FRENCH.get(name, name), *others), colour=OKABE_ITO[name], rank=rank,
        )  # fmt: skip
    await office.command(
        "create_logical_configuration", id=logical, context_id=season, physical_configuration_id=physical,
        code="SOIREE", names=names("Soirée"), categories=categories,
    )  # fmt: skip
    return site, logical, categories, seats


async def _prices(office: Office, season: Id, categories: dict[str, Id]) -> tuple[Id, dict[str, Id]]:
    tariffs: dict[str, Id] = {}
    cells = []
    for code, rank, proof, percent, texts in TARIFFS:
        tariffs[code] = office.new_id()
        await office.command(
            "create_tariff", id=tariffs[code], context_id=season, code=code, names=names(*texts), rank=rank, proof=proof
        )
        cells += [
            {"category_id": categories[name], "tariff_id": tariffs[code], "amount": amount * percent // 100}
            for name, amount in PRICES.items()
        ]
    grid = office.new_id()
    await office.command(
        "create_price_grid",
        id=grid,
        context_id=season,
        code="G1",
        names=names("Grille A"),
        currency="EUR",
        prices=cells,
    )
    return grid, tariffs


async def _channels(office: Office, institution: Id, organiser: Id) -> tuple[Id, Id]:
    points = []
    for code, kind, name, point_name in (
        ("BORNE", "kiosk", "Bornes", "Borne du hall"),
        ("GUICHET", "box_office", "Guichet", "Guichet principal"),
    ):
        channel, point = office.new_id(), office.new_id()
        await office.command(
            "create_channel", id=channel, context_id=institution, code=code, names=names(name), kind=kind,
            contingents=[], uncontingented=True, max_places=10,
        )  # fmt: skip
        await office.command(
            "create_point_of_sale", id=point, channel_id=channel, context_id=organiser, code=f"{code[0]}1",
            names=names(point_name),
        )  # fmt: skip
        points.append(point)
    return points[0], points[1]


async def _evenings(office: Office, activity: Id, logical: Id, grid: Id, now: datetime) -> tuple[Id, ...]:
    """Tonight's doors are open, so that the gates admit; next week's is only sold."""
    performances = []
    for code, texts, days in (
        ("CYRANO", ("Cyrano de Bergerac", "Cyrano de Bergerac"), 0),
        ("TARTUFFE", ("Le Tartuffe", "Tartuffe", "Tartuffe", "Tartufo", "Il Tartufo"), 7),
    ):
        event, performance = office.new_id(), office.new_id()
        await office.command("create_event", id=event, context_id=activity, code=code, names=names(*texts), vat_bp=550)
        starts = (now + timedelta(minutes=45)).replace(second=0, microsecond=0) + timedelta(days=days)
        schedule = {
            "starts": starts, "doors": starts - timedelta(minutes=90), "closes": starts + timedelta(hours=3),
            "sell_until": starts + timedelta(minutes=30),
        }  # fmt: skip
        await office.command(
            "create_performance", id=performance, event_id=event, logical_configuration_id=logical, price_grid_id=grid,
            schedule=schedule,
        )  # fmt: skip
        await office.command("change_sale", performance_id=performance, do="open")
        performances.append(performance)
    return tuple(performances)
