"""Find anything: by name, code and number, what one may see and nothing else."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.dates import get_month_names

from central.kernel.actor import SYSTEM, Actor
from central.kernel.contexts import ContextKind
from central.kernel.crud import command_of
from central.kernel.privileges import Action
from central.kernel.tx import Read
from central.organisation.ops import CreateContext
from central.pricing.model import PricingPrivilege
from central.pricing.ops import CreateTariff
from central.programme.performances import CreatePerformance, Schedule
from central.venues.model import Site
from central.venues.ops import CreateSite
from central.web.search import Group, find
from central.web.texts import texts
from shared.ids import Id
from tests.central.small_house import STARTS, Clerk, House, new_id

FR = texts("fr")
FR_MONTHS = get_month_names("wide", locale="fr")


def found(clerk: Clerk, actor: Actor, asked: str) -> list[Group]:
    return find(Read(clerk.db, actor, clerk.watch(), clerk.door.keys), clerk.door, FR, asked)


def names(groups: list[Group]) -> dict[str, list[str]]:
    return {group.title: [hit.text for hit in group.hits] for group in groups}


def things(groups: list[Group]) -> list[str]:
    return [hit.href for group in groups for hit in group.hits if hit.href.count("/") == 4]


@pytest.mark.parametrize(
    "asked, table",
    [
        ("cyr", "event"),
        ("RANO", "event"),  # a part of a word
        ("CYRANO", "event"),
        ("plein tarif", "tariff"),
        ("TARIF plein", "tariff"),  # in any order
        ("théatre dés tilleuls", "site"),  # accents do not matter, wherever they are
        ("G1", "point_of_sale"),
        ("presse", "contingent"),
    ],
)
def test_by_name_and_code(clerk: Clerk, house: House, asked: str, table: str) -> None:
    admin = house.operator("*")
    assert any(f"/admin/e/{table}/" in href for href in things(found(clerk, admin, asked))), asked


def test_by_number_and_by_id(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0]))
    ((ticket, number),) = clerk.rows("SELECT id, number FROM ticket")
    admin = house.operator("*")
    for asked in (number, str(number).lower(), str(number)[:-1], ticket, f" {ticket} "):
        assert f"/admin/e/ticket/{ticket}" in things(found(clerk, admin, asked)), asked
    assert things(found(clerk, admin, str(house.performance))) == [f"/admin/e/performance/{house.performance}"]


def performances(clerk: Clerk, house: House, *days: int) -> list[Id]:
    """On these days after the house's own, at its hour."""
    made = [new_id() for _ in days]
    for show, day in zip(made, days, strict=True):
        starts = STARTS + timedelta(days=day)
        schedule = Schedule(starts, starts - timedelta(hours=1), starts + timedelta(hours=3), starts)
        clerk.do(CreatePerformance(
            id=show, event_id=house.event, logical_configuration_id=house.logical, price_grid_id=house.grid,
            schedule=schedule,
        ))  # fmt: skip
    return made


def test_performances_by_title_and_day(clerk: Clerk, house: House) -> None:
    """By what is played, the next to come first; by its day where it is played, however that is said."""
    admin, own, day = house.operator("*"), house.performance, STARTS.astimezone(ZoneInfo("Europe/Paris"))
    before, after = performances(clerk, house, -7, 7)

    def hits(asked: str) -> list[str]:
        return [href.rpartition("/")[2] for href in things(found(clerk, admin, asked)) if "/performance/" in href]

    clerk.watch.at = STARTS - timedelta(days=1)
    assert hits("cyrano") == hits("CYR") == [own, after, before]
    said = (f"{day:%Y-%m-%d}", f"{day:%d/%m}", f"{day.day}.{day.month}.", f"{day:%d/%m/%Y}")
    words = (f"{day.day} {FR_MONTHS[day.month]}", f"{day.day} {FR_MONTHS[day.month]} {day.year}")
    for asked in (*said, *words, *(f"cyrano {each}" for each in said), f"{words[0]} cyrano"):
        assert hits(asked) == [own], asked
    assert hits(f"hamlet {day:%Y-%m-%d}") == hits(f"{day.day}") == hits("31 juin") == []
    clerk.watch.at = STARTS + timedelta(days=8)
    assert hits("cyrano") == [after, own, before], "those that were: the last first"
    mine = house.operator(PricingPrivilege.PRICE_READ, at=house.season)
    assert things(found(clerk, mine, "cyrano")) == []


def test_days_are_those_of_every_site(clerk: Clerk, house: House) -> None:
    """However many there are before the one in question, and in which zones they lie."""
    day = STARTS.astimezone(ZoneInfo("Europe/Paris"))
    zones = ("Pacific/Kiritimati", "America/New_York", "Europe/Rome")
    for n in range(60):
        site = Id(f"{n:026}")
        clerk.do(CreateSite(
            id=site, context_id=house.institution, code=f"S{n}", names={"fr": f"Lieu {n}"}, address="",
            timezone=zones[n % len(zones)],
        ))  # fmt: skip
    href = f"/admin/e/performance/{house.performance}"
    asked = f"{day:%Y-%m-%d}"
    assert things(found(clerk, house.operator("*"), asked)) == [href]
    clerk.do(command_of(Action.MODIFY, Site)(id=house.site, set={"timezone": "Pacific/Kiritimati"}))
    there = STARTS.astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert things(found(clerk, house.operator("*"), f"{there:%Y-%m-%d}")) == [href] and there.date() != day.date()
    assert things(found(clerk, house.operator("*"), asked)) == []


def test_the_better_fit_comes_first(clerk: Clerk, house: House) -> None:
    for code, name in (("ZZ1", "Presque solo ici"), ("SOL", "Un autre"), ("ZZ2", "Console")):
        clerk.do(CreateTariff(id=new_id(), context_id=house.season, code=code, names={"fr": name}, rank=9, proof=False))
    tariffs = names(found(clerk, house.operator("*"), "sol"))[FR.entities("tariff")]
    assert tariffs == ["Un autre", "Presque solo ici", "Console"]  # the word, its beginning, a part of it


def test_only_what_one_may_see(clerk: Clerk, house: House) -> None:
    other, season = new_id(), new_id()
    clerk.do(
        CreateContext(
            id=other,
            context_id=house.institution,
            kind=ContextKind.ORGANISER,
            code="AUTRE",
            names={"fr": "L’autre"},
            settings={},
        )
    )
    clerk.do(
        CreateContext(
            id=season, context_id=other, kind=ContextKind.SEASON, code="SX", names={"fr": "Leur saison"}, settings={}
        )
    )
    hidden = new_id()
    clerk.do(
        CreateTariff(id=hidden, context_id=season, code="PLEIN-X", names={"fr": "Plein ailleurs"}, rank=1, proof=False)
    )
    clerk.do(house.order(house.seats[1]))
    ((ticket, number),) = clerk.rows("SELECT id, number FROM ticket")
    mine = house.operator(PricingPrivilege.PRICE_READ, at=house.season)
    assert things(found(clerk, mine, "plein")) == [f"/admin/e/tariff/{house.full}"]
    for asked in (hidden, "ailleurs", "cyrano", str(number), ticket, "admin"):
        assert things(found(clerk, mine, asked)) == [], asked
    links = [hit.href for group in found(clerk, mine, "tarif") for hit in group.hits]
    assert "/admin/e/tariff" in links and not any("/admin/e/tariff/new" in href for href in links)
    assert things(found(clerk, Actor(SYSTEM.kind.ANONYMOUS, "", ""), "plein")) == []


def test_the_perimeter_narrows(clerk: Clerk, house: House) -> None:
    narrowed = house.operator("*", points=(house.desk,))
    assert f"/admin/e/point_of_sale/{house.kiosk_point}" not in things(found(clerk, narrowed, "borne"))
    assert f"/admin/e/point_of_sale/{house.desk}" in things(found(clerk, narrowed, "g1"))


@pytest.mark.parametrize(
    "asked",
    ["", "   ", "%", "_", "%%%", "' OR 1=1 --", "\\", "\x00", "\u202e", "x" * 10_000, "zq " * 5_000, "é" * 99, "😀"],
)
def test_what_fits_nothing_finds_nothing(clerk: Clerk, house: House, asked: str) -> None:
    assert things(found(clerk, house.operator("*"), asked[:100])) == []


def acts(clerk: Clerk, house: House, asked: str) -> list[tuple[str, str]]:
    groups = found(clerk, house.operator("*"), asked)
    return [(hit.text, hit.href) for group in groups if group.title == "Actions" for hit in group.hits]


def test_a_step_of_a_life_is_found_by_its_own_word(clerk: Clerk, house: House) -> None:
    """Before: *annuler* found the plan's undoing alone, not how a performance is cancelled."""
    assert ("Annuler la représentation", "/admin/e/performance") in acts(clerk, house, "annuler")
    assert ("Suspendre la vente", "/admin/e/performance") in acts(clerk, house, "suspendre")


def test_what_nobody_may_do_is_not_offered(clerk: Clerk, house: House) -> None:
    """Before: *Changer le mot de passe – choisir : Sessions*, which central gives itself behind one's own page."""
    assert acts(clerk, house, "mot de passe") == []
    assert acts(clerk, house, "solde") == [] and "Demander un lien" not in dict(acts(clerk, house, "lien"))
