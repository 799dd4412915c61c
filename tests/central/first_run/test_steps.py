"""The steps of the first run on an empty database, on either kind: each is whole or nothing, and can be done again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from central.first_run.model import Block, NoSetUp
from central.first_run.ops import (
    AcceptHall,
    AppointAdministrator,
    FirstProfile,
    SettleHall,
    SettleInstitution,
    SettleOrganiser,
    SettleSeason,
    SettleVenue,
    house,
)
from central.first_run.simple_hall import small_hall
from central.kernel.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from central.kernel.contexts import path_of
from central.kernel.crud import CONFIGURED
from central.kernel.db import Database
from central.kernel.door import Door, NoEntry
from central.kernel.entity import Look, stripped
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS
from central.kernel.schema import upgrade
from central.kernel.tx import Read
from tests.central.small_house import Clerk, Watch, new_id

INSTITUTION = SettleInstitution(
    code="LAVOIR", names={"fr": "Théâtre du Lavoir"}, timezone="Europe/Paris", currency="EUR", language="fr"
)
ORGANISER = SettleOrganiser(
    code="ASSO",
    names={"fr": "Le Lavoir"},
    address="4 rue du Lavoir",
    siret="732 829 320 00074",
    licence="PLATESV-R-2026-000123",
)
SEASON = SettleSeason(
    code="S26",
    names={"fr": "Saison"},
    begins=date(2026, 9, 1),
    ends=date(2027, 8, 31),
    activity_code="TH",
    activity_names={"fr": "Théâtre"},
)
VENUE = SettleVenue(
    code="LAVOIR",
    names={"fr": "Le Lavoir"},
    address="4 rue du Lavoir",
    timezone="Europe/Paris",
    space_code="GRANDE",
    space_names={"fr": "Grande salle"},
)
ROWS = SettleHall(
    names={"fr": "Plan"},
    plan=small_hall(3, 8, name="Plan", zone="Orchestre", category=lambda _: "1re", stage="Scène"),
)
ADMIN = AppointAdministrator(
    name="Inès",
    email="Ines@Lavoir.example",
    language="fr",
    password="argon2 text",
    administration=FirstProfile("ADMIN", {"fr": "Administration"}, ("*",)),
    profiles=(FirstProfile("GATE", {"fr": "Contrôle"}, ("access",)),),
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest, keys: Keys, watch: Watch) -> Iterator[Clerk]:
    """The wizard's hand on an empty database of either kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("wizard")
        return
    database: Database = request.getfixturevalue("empty_postgres")
    upgrade(database)
    yield from clerk_of(database, keys, watch)


@pytest.fixture
def wizard(empty: Database, keys: Keys, watch: Watch) -> Iterator[Clerk]:
    yield from clerk_of(empty, keys, watch)


def clerk_of(database: Database, keys: Keys, watch: Watch) -> Iterator[Clerk]:
    db = database.connect()
    yield Clerk(Door(database, watch, path_of, keys), db, watch, replace(SYSTEM, id="setup"))
    db.close()


def now(wizard: Clerk) -> Read:
    return Read(wizard.db, SYSTEM, wizard.watch(), wizard.door.keys)


def seen(wizard: Clerk) -> AcceptHall:
    """Of the hall as it is drawn now."""
    hall = house(now(wizard)).hall
    assert hall
    return AcceptHall(configuration_id=hall.id)


def test_no_hall_is_accepted_that_was_drawn_after_the_one_that_was_seen(either: Clerk) -> None:
    wizard = either
    for step in (INSTITUTION, ORGANISER, SEASON, VENUE, ROWS):
        wizard.do(step)
    old = seen(wizard)
    wizard.do(replace(ROWS, blocks=(Block("Fosse", 7),)))
    assert wizard.no(old).fix == "configuration_id"
    assert not house(now(wizard)).accepted
    wizard.do(seen(wizard))
    assert wizard.no(old).fix == "configuration_id", "nor does the other one's being accepted make it so"
    assert house(now(wizard)).accepted


def test_step_after_step(either: Clerk) -> None:
    wizard = either
    for step in (INSTITUTION, ORGANISER, SEASON, VENUE):
        wizard.do(step)
    assert wizard.do(ROWS) == 24
    wizard.do(seen(wizard))
    wizard.do(seen(wizard))  # pressed twice
    operator = wizard.do(ADMIN)
    found = house(now(wizard))
    assert found.over and found.accepted
    assert found.organiser and found.organiser.settings == {
        "currency": "EUR", "address": "4 rue du Lavoir", "siret": "73282932000074", "licence": "PLATESV-R-2026-000123",
    }  # fmt: skip
    assert found.season and (found.season.settings["begins"], found.season.settings["ends"]) == (
        "2026-09-01",
        "2027-08-31",
    )
    assert wizard.rows("SELECT id, email, kind, password FROM operator") == [
        (operator, "ines@lavoir.example", "person", "argon2 text")
    ]
    held = wizard.rows(
        "SELECT p.code, r.context_id FROM operator_role r JOIN operator_profile p ON p.id = r.profile_id"
    )
    assert found.institution and held == [("ADMIN", found.institution.id)]
    assert (
        wizard.rows("SELECT body FROM command_log WHERE name = 'appoint_administrator' AND body LIKE '%argon2 text%'")
        == []
    )


def test_a_step_done_again_changes_what_it_made(wizard: Clerk) -> None:
    first = wizard.do(INSTITUTION)
    assert wizard.do(replace(INSTITUTION, names={"fr": "Le Lavoir"}, currency="CHF")) == first
    wizard.do(ORGANISER)
    assert wizard.do(replace(ORGANISER, siret="")) == wizard.do(ORGANISER)
    wizard.do(SEASON)
    wizard.do(replace(SEASON, activity_names={"fr": "Danse"}))
    wizard.do(VENUE)
    wizard.do(replace(VENUE, space_names={"fr": "Petite salle"}))
    assert wizard.rows("SELECT kind, COUNT(*) FROM context GROUP BY kind ORDER BY kind") == [
        ("activity", 1), ("institution", 1), ("organiser", 1), ("season", 1),
    ]  # fmt: skip
    assert wizard.rows("SELECT names FROM space") == [('{"fr":"Petite salle"}',)]


def test_a_hall_takes_the_place_of_the_one_before(either: Clerk) -> None:
    wizard = either
    for step in (INSTITUTION, ORGANISER, SEASON, VENUE):
        wizard.do(step)
    assert wizard.do(SettleHall(names={"fr": "Plan"}, blocks=(Block("Fosse", 200), Block("Balcon", 80)))) == 280
    wizard.do(seen(wizard))
    assert wizard.do(ROWS) == 24  # accepted already, but nobody sells it yet
    assert wizard.rows("SELECT name, capacity FROM physical_zone") == [("Orchestre", 24)]
    refused = wizard.no(SettleHall(names={"fr": "Plan"}, plan="{}"))
    assert refused.detail["faults"]
    assert wizard.rows("SELECT COUNT(*) FROM physical_seat") == [(24,)]  # the one before is still there
    refused = wizard.no(SettleHall(names={"fr": "Plan"}))
    assert wizard.rows("SELECT COUNT(*) FROM physical_seat") == [(24,)]


@pytest.mark.parametrize(
    "command, at",
    [
        (replace(INSTITUTION, names={"fr": " "}), ["names"]),
        (replace(INSTITUTION, code="a b"), ["code"]),
        (replace(ORGANISER, siret="1", licence="X-1"), ["siret", "licence"]),
        (replace(ORGANISER, names={}, siret="1"), ["siret", "names"]),
        (replace(SEASON, ends=date(2026, 8, 1), activity_names={}), ["ends", "activity_names"]),
        (replace(VENUE, timezone="Europe/Lavoir", space_names={}), ["timezone", "space_names"]),
        (replace(ADMIN, email="nobody", name=""), ["name", "email"]),
    ],
)
def test_all_that_is_wrong_is_said_at_once_and_nothing_is_half_done(
    wizard: Clerk, command: object, at: list[str]
) -> None:
    for step in (INSTITUTION, ORGANISER, SEASON, VENUE):
        if type(step) is type(command):
            break
        wizard.do(step)
    before = wizard.rows("SELECT COUNT(*) FROM audit")
    refused = wizard.no(command)
    assert [fault["at"] for fault in refused.detail["faults"]] == at
    assert wizard.rows("SELECT COUNT(*) FROM audit") == before


def test_no_step_before_its_turn_and_none_after_the_end(wizard: Clerk) -> None:
    steps = (ORGANISER, SEASON, VENUE, ROWS, AcceptHall(configuration_id=new_id()), ADMIN)
    for step in steps:
        refused = wizard.no(step)
        assert refused.reason == NoSetUp.STEP_BEFORE_MISSING
    for step in (INSTITUTION, ORGANISER, SEASON, ADMIN):  # a hall may follow later
        wizard.do(step)
    for step in (INSTITUTION, *steps, replace(ADMIN, email="other@lavoir.example")):
        refused = wizard.no(step)
        assert refused.reason == NoSetUp.OVER
    assert wizard.rows("SELECT COUNT(*) FROM operator") == [(1,)]


@pytest.mark.parametrize("actor", [ANONYMOUS, Actor(ActorKind.DEVICE, "d", "d"), Actor(ActorKind.OPERATOR, "o", "o")])
def test_nobody_else_takes_these_ways(wizard: Clerk, actor: Actor) -> None:
    """The commands stand in the API like any other; the door lets nobody but the wizard through."""
    for step in (INSTITUTION, ADMIN):
        refused = wizard.as_(actor).no(step)
        assert refused.reason == NoEntry.NOT_ALLOWED


MARKED = {"settle_institution", "settle_venue", "create_price_grid"}
"""Commands written by hand that take a time zone or a currency; those of a declaration ask its columns."""


def test_whatever_takes_a_time_zone_or_a_currency_is_known_here() -> None:
    made = {each for of in CONFIGURED.values() for each in of.commands.values()}
    looks = {
        name
        for name, handler in COMMANDS.items()
        for hint in handler.hints.values()
        if handler.kind not in made and {*stripped(hint)[2]} & {Look.TIMEZONE, Look.CURRENCY}
    }
    assert looks == MARKED


@pytest.mark.parametrize("field, odd", [
    ("timezone", "../../etc/passwd"), ("timezone", ""), ("timezone", "europe/paris"), ("currency", "€€€"),
    ("currency", ""), ("currency", "EURO"), ("currency", "eur"), ("language", "xx"),
])  # fmt: skip
def test_what_is_no_time_zone_and_no_currency_is_said_at_its_field(wizard: Clerk, field: str, odd: str) -> None:
    refused = wizard.no(replace(INSTITUTION, **{field: odd}))
    assert (refused.reason, refused.fix) == (NoSetUp.FAULTY, field)
    wizard.do(INSTITUTION)
    wizard.do(ORGANISER)
    wizard.do(SEASON)
    if field == "timezone":
        assert wizard.no(replace(VENUE, timezone=odd)).fix == "timezone"


@pytest.mark.parametrize("field, day", [("begins", date(1, 1, 1)), ("ends", date(9999, 12, 31))])
def test_a_season_is_about_now(wizard: Clerk, field: str, day: date) -> None:
    wizard.do(INSTITUTION)
    wizard.do(ORGANISER)
    refused = wizard.no(replace(SEASON, **{field: day}))
    assert (refused.reason, refused.fix, refused.detail["faults"][0]["what"]) == (NoSetUp.FAULTY, field, "not_a_day")
