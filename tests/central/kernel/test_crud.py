"""What is declared can be configured: the commands that come from a declaration, and all they refuse."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import pytest
from pydantic import ValidationError

from central.catalogue.model import Event
from central.inventory.model import Contingent
from central.kernel.actor import SYSTEM
from central.kernel.contexts import Context
from central.kernel.crud import CONFIGURED, NoChange, checked, checks_of, command_of, revision
from central.kernel.entity import BY_NAME, ENTITIES, METADATA, entity
from central.kernel.privileges import Action, nodes
from central.kernel.registry import COMMANDS, privileges
from central.kernel.replies import NoEntry
from central.kernel.scope import context_of, home, narrowing
from central.kernel.tx import Read
from central.kernel.uses import uses
from central.organisation.model import OperatorProfile
from central.pricing.model import PriceGrid, Tariff
from central.selling.model import Channel, ChannelKind, PointOfSale
from central.venues.model import SeatCategory, Site, Space
from shared.outcome import Ok, Refused
from tests.central.small_house import NOW, Clerk, House, NoTest, new_id

Quick = tuple[Clerk, House]
CreateTariff, ChangeTariff = command_of(Action.CREATE, Tariff), command_of(Action.MODIFY, Tariff)
DeleteTariff = command_of(Action.DELETE, Tariff)
CreateSite, CreateSpace = command_of(Action.CREATE, Site), command_of(Action.CREATE, Space)
CreateChannel, ChangeChannel = command_of(Action.CREATE, Channel), command_of(Action.MODIFY, Channel)


@pytest.fixture
def read(quick: Quick, keys: Any) -> Iterator[Read]:
    clerk, _ = quick
    yield Read(clerk.db, SYSTEM, NOW, keys)


def get(clerk: Clerk, kind: Any, row_id: str) -> Any:
    declaration = ENTITIES[kind]
    (row,) = clerk.rows(f"{declaration.select_sql} WHERE id = :id", id=row_id)
    return declaration.entity(row)


# --- the life of a row ------------------------------------------------------------------------------------------------


def test_a_row_is_made_changed_and_taken_away(quick: Quick) -> None:
    clerk, house = quick
    made = new_id()
    clerk.do(CreateTariff(id=made, context_id=house.season, code="SENIOR", names={"fr": "Senior"}, rank=4, proof=True))
    seen = revision(get(clerk, Tariff, made))
    clerk.do(ChangeTariff(id=made, set={"rank": 5, "names": {"fr": "Aînés", "en": "Seniors"}}, seen=seen))
    assert get(clerk, Tariff, made) == Tariff(
        id=made, context_id=house.season, code="SENIOR", names={"fr": "Aînés", "en": "Seniors"}, rank=5, proof=True
    )
    clerk.do(DeleteTariff(id=made))
    assert clerk.rows("SELECT id FROM tariff WHERE id = :id", id=made) == []
    told = clerk.rows("SELECT action, change FROM audit WHERE entity_id = :id ORDER BY command_id", id=made)
    assert sorted(action for action, _ in told) == ["changed", "created", "deleted"]


def test_what_was_not_seen_is_not_overwritten(quick: Quick) -> None:
    clerk, house = quick
    seen = revision(get(clerk, Tariff, house.full))
    clerk.do(ChangeTariff(id=house.full, set={"rank": 7}, seen=seen))
    late = clerk.no(ChangeTariff(id=house.full, set={"proof": True}, seen=seen))
    now = get(clerk, Tariff, house.full)
    assert (late.reason, late.detail) == (NoChange.CHANGED_MEANWHILE, {"now": revision(now)})
    assert (now.rank, now.proof) == (7, False)


def test_an_unchanged_change_leaves_no_history(quick: Quick) -> None:
    clerk, house = quick
    before = clerk.rows("SELECT COUNT(*) FROM audit")
    clerk.do(ChangeTariff(id=house.full, set={"code": "FULL"}))
    assert clerk.rows("SELECT COUNT(*) FROM audit") == before


@pytest.mark.parametrize("command", [ChangeTariff(id=new_id(), set={}), DeleteTariff(id=new_id())])
def test_what_is_not_there(quick: Quick, command: Any) -> None:
    assert quick[0].no(command) == Refused(NoChange.NO_SUCH, "id")


# --- what is refused --------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_said_at_once(quick: Quick) -> None:
    clerk, _ = quick
    lost = new_id()
    refused = clerk.no(
        CreateTariff(
            id=new_id(), context_id=lost, code="two words", names={"en": "Full", "?": "?"}, rank=0, proof=False
        )
    )
    assert refused.reason == NoChange.FAULTY and refused.fix == "context_id"
    assert [(each["at"], each["what"]) for each in refused.detail["faults"]] == [
        ("context_id", "no_such"),
        ("code", "not_a_code"),
        ("names.?", "not_a_language"),
        ("rank", "too_small"),
    ]


def test_a_code_that_is_taken_is_named_with_who_has_it(quick: Quick) -> None:
    clerk, house = quick
    refused = clerk.no(
        CreateTariff(id=new_id(), context_id=house.season, code="FULL", names={"fr": "Encore"}, rank=1, proof=False)
    )
    assert (refused.reason, refused.fix) == (NoChange.CODE_TAKEN, "code")
    assert (refused.detail["value"], refused.detail["by"]) == ("FULL", house.full)
    assert clerk.no(ChangeTariff(id=house.child, set={"code": "FULL"})).reason == NoChange.CODE_TAKEN
    clerk.do(ChangeTariff(id=house.child, set={"code": "CHILD"}))  # its own


def test_what_is_used_stays_and_says_where(quick: Quick) -> None:
    clerk, house = quick
    refused = clerk.no(DeleteTariff(id=house.full))
    assert (refused.reason, refused.fix) == (NoChange.IN_USE, house.full)
    assert [(each["entity"], each["field"], each["count"]) for each in refused.detail["by"]] == [
        ("price", "tariff_id", 2)
    ]


def test_use_inside_a_list_counts(quick: Quick, read: Read) -> None:
    clerk, house = quick
    assert clerk.do(ChangeChannel(id=house.channel, set={"contingents": (house.contingent,)})) == house.channel
    found = uses(read, "contingent", house.contingent, most=5)
    assert {"entity": "channel", "field": "contingents", "count": 1, "ids": [house.channel]} in found
    assert clerk.no(command_of(Action.DELETE, Contingent)(id=house.contingent)).reason == NoChange.IN_USE


def test_an_area_may_ask_for_more(quick: Quick) -> None:
    """And is asked only about rows that are sound."""
    clerk, house = quick
    asked: list[tuple[Any, Any]] = []

    def no_thirteen(_: Read, before: Any, after: Any) -> Refused | None:
        asked.append((before, after))
        return Refused(NoTest.UNLUCKY, fix="rank") if after and after.rank == 13 else None

    from central.kernel import crud

    before = checks_of("tariff")
    checked(Tariff, refuses=(NoTest,))(no_thirteen)
    checked(Tariff, refuses=(NoTest,))(lambda *_: None)  # and a later one: none replaces another
    try:
        assert clerk.no(ChangeTariff(id=house.full, set={"rank": 0})).reason == NoChange.FAULTY and asked == []
        assert clerk.no(ChangeTariff(id=house.full, set={"rank": 13})) == Refused(NoTest.UNLUCKY, "rank")
        clerk.do(ChangeTariff(id=house.full, set={"rank": 12}))
    finally:
        crud._CHECKS["tariff"] = list(before)
    assert [(before.rank, after.rank) for before, after in asked] == [(1, 13), (1, 12)]


@pytest.mark.parametrize(
    "body",
    [
        {"set": {"version": 9}},  # the system's own
        {"set": {"context_id": "0" * 26}},  # a row does not move
        {"set": {"id": "0" * 26}},
        {"set": {"grants": ["*"]}},
        {"set": {}, "actor": "system"},
    ],
)
def test_nothing_is_assigned_that_is_not_offered(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"extra_forbidden|unexpected_keyword"):
        COMMANDS["change_price_grid"].adapter.validate_python({"id": "0" * 26, **body})


def test_what_may_be_left_out_begins_as_declared(quick: Quick) -> None:
    clerk, house = quick
    made = new_id()
    clerk.do(
        CreateChannel(
            id=made,
            context_id=house.institution,
            code="TEL",
            names={"fr": "Téléphone"},
            kind=ChannelKind.CALL_CENTRE,
            contingents=(),
            uncontingented=True,
            max_places=9,
            active=True,
        )
    )
    assert get(clerk, Channel, made).active is True


# --- rights and places ------------------------------------------------------------------------------------------------


def test_each_act_has_a_privilege_of_its_own(quick: Quick) -> None:
    clerk, house = quick
    for held, command in (
        ("pricing.grid.modify", ChangeTariff(id=house.full, set={"rank": 2})),
        (
            "pricing.grid.create",
            CreateTariff(id=new_id(), context_id=house.season, code="X1", names={"fr": "X"}, rank=1, proof=False),
        ),
        (
            "pricing.grid",
            CreateTariff(id=new_id(), context_id=house.season, code="X2", names={"fr": "X"}, rank=1, proof=False),
        ),
        (
            "pricing",
            CreateTariff(id=new_id(), context_id=house.season, code="X3", names={"fr": "X"}, rank=1, proof=False),
        ),
        ("*", CreateTariff(id=new_id(), context_id=house.season, code="X4", names={"fr": "X"}, rank=1, proof=False)),
    ):
        clerk.as_(house.operator(held)).do(command)
    for held in ("pricing.grid.read", "pricing.grid.delete", "pricing.gri", "venues", ""):
        refused = clerk.as_(house.operator(held)).no(ChangeTariff(id=house.full, set={"rank": 3}))
        assert refused.reason == NoEntry.NOT_ALLOWED, held


def test_a_right_held_elsewhere_does_not_reach(quick: Quick) -> None:
    clerk, house = quick
    here = clerk.as_(house.operator("venues", at=house.season))
    assert (
        here.no(CreateSpace(id=new_id(), site_id=house.site, code="X", names={"fr": "X"})).reason == NoEntry.NOT_ALLOWED
    ), "the house owns the site"
    clerk.as_(house.operator("venues")).do(CreateSpace(id=new_id(), site_id=house.site, code="X", names={"fr": "X"}))


def test_branches_of_the_tree() -> None:
    assert nodes("a.b.c") == ("a.b.c", "a.b", "a", "*")
    assert all(name.count(".") == 2 for name in privileges()), "module, screen, action"


@pytest.mark.parametrize(
    "table, via, steps",
    [("context", "parent_id", 0), ("tariff", "context_id", 0), ("space", "site_id", 1), ("price", "grid_id", 1),
     ("physical_seat", "configuration_id", 3)],
)  # fmt: skip
def test_the_way_to_a_context(table: str, via: str, steps: int) -> None:
    found = home(table)
    assert found and (found.via, found.joins.count("JOIN")) == (via, steps)


def test_where_rows_stand(quick: Quick, read: Read) -> None:
    _, house = quick
    assert context_of(read, "physical_seat", house.seats[0]) == house.institution
    assert context_of(read, "tariff", house.full) == house.season
    assert context_of(read, "tariff", new_id()) is None
    for table in BY_NAME:
        at = home(table)
        if at:
            read.run(f"SELECT {at.context} FROM {table} t{at.joins} LIMIT 1")  # the SQL holds for every entity


def test_a_perimeter_narrows_what_is_seen(quick: Quick, keys: Any) -> None:
    clerk, house = quick
    actor = house.operator("selling", points=(house.desk,))
    read = Read(clerk.db, actor, NOW, keys)

    def seen(kind: Any, places: tuple[str, ...] | None) -> set[str]:
        declaration = ENTITIES[kind]
        joins, where, params = narrowing(read, declaration, places)
        return {row[0] for row in read.run(f"SELECT t.id FROM {declaration.name} t{joins} WHERE {where}", **params)}

    assert seen(PointOfSale, None) == {house.desk}
    assert len(seen(Channel, None)) == 2 and seen(Channel, (house.season,)) == set() == seen(Channel, ())


# --- every declaration ------------------------------------------------------------------------------------------------


def test_declarations_name_fields_that_exist() -> None:
    for name, made in CONFIGURED.items():
        assert {*made.kept, *made.initial, *made.fixed} <= set(made.declaration.names), name
        assert {"id"} | {each.name for each in made.given} | set(made.kept) == set(made.declaration.names), name


@pytest.mark.parametrize("kind", [Context, OperatorProfile, Event, PriceGrid, SeatCategory, Site, PointOfSale])
def test_a_change_to_the_same_is_always_sound(quick: Quick, kind: Any) -> None:
    """Rows that stand meet what their declaration asks: a form that is opened and saved is not refused."""
    clerk, _ = quick
    made = CONFIGURED[ENTITIES[kind].name]
    for (row_id,) in clerk.rows(f"SELECT id FROM {made.declaration.name}"):
        row = get(clerk, kind, row_id)
        same = {each.name: getattr(row, each.name) for each in made.changeable}
        assert clerk.say(made.commands[Action.MODIFY](id=row_id, set=same)) == Ok(row_id)
        assert replace(row) == get(clerk, kind, row_id)


def test_a_new_small_entity_costs_one_declaration() -> None:
    """Eleven lines: a table, a form, rights, history, an API."""
    from central.kernel.crud import configured

    @configured()
    @entity("theme_of_a_test", read="catalogue.theme.read", unique=(("code",),))
    @dataclass(frozen=True, slots=True, kw_only=True)
    class ThemeOfATest:
        """What a play is about."""

        id: Annotated[str, "its id"]
        code: str
        names: dict[str, str]

    made = {"create_theme_of_a_test", "change_theme_of_a_test", "delete_theme_of_a_test"}
    try:
        assert made <= set(COMMANDS)
        assert {f"catalogue.theme.{action}" for action in ("read", "create", "modify", "delete")} <= set(privileges())
    finally:
        for name in made:
            del COMMANDS[name]
        del CONFIGURED["theme_of_a_test"], BY_NAME["theme_of_a_test"], ENTITIES[ThemeOfATest]
        METADATA.remove(METADATA.tables["theme_of_a_test"])
