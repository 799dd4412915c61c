"""A perimeter narrows, or is refused: what an operator is said to be kept to is what they are kept to."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from central.kernel import registry
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.checklist import ITEMS
from central.kernel.entity import BY_NAME, Declaration, Reach
from central.kernel.registry import COMMANDS, QUERIES
from central.kernel.replies import NoEntry
from central.kernel.scope import lay_within, narrowed_by, narrowing
from central.kernel.tx import Read
from central.organisation.checklist_items import perimeters
from central.organisation.grants import SetPerimeter, nameable
from central.organisation.model import NoOperator, Operator, PerimeterKind
from central.organisation.operator_view import perimeter_view
from central.organisation.operators import CreateOperator
from central.organisation.ops import actor_of, key_digest
from central.selling.model import SellingPrivilege
from central.web.rows import RowFilter, page
from central.web.texts import texts
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from tests.central.sampling import Party, leaves, named_in, of_nobody, party, put
from tests.central.small_house import Clerk, House, NoTest, new_id

pytestmark = pytest.mark.behind_the_door  # rows are put in and changed by hand


@pytest.fixture
def seller(quick: tuple[Clerk, House]) -> Id:
    clerk, house = quick
    made = CreateOperator(
        id=new_id(),
        context_id=house.organiser,
        name="Guichet",
        key_digest=key_digest("k"),
        privileges=(str(SellingPrivilege.CHANNEL_READ),),
    )
    clerk.do(made)
    return made.id


def look(clerk: Clerk, actor: Actor = SYSTEM) -> Read:
    return Read(clerk.db, actor, clerk.watch(), clerk.door.keys)


@pytest.mark.parametrize("kind", PerimeterKind)
def test_it_narrows_or_is_refused(quick: tuple[Clerk, House], seller: Id, kind: PerimeterKind) -> None:
    """Every kind that there is: with the entity it narrows, without it is told, and nothing stands there."""
    clerk, _ = quick
    if kind not in BY_NAME:
        refused = clerk.no(SetPerimeter(operator_id=seller, kind=kind, object_ids=("single_entry",)))
        assert (refused.reason, refused.fix) == (NoOperator.NARROWS_NOTHING, "kind")
        assert set(refused.detail["kinds"]) <= set(BY_NAME), "the next step: a kind that does"
        assert clerk.rows("SELECT COUNT(*) FROM operator_perimeter") == [(0,)]
        return
    ids = [row[0] for row in clerk.rows(f"SELECT id FROM {kind} ORDER BY id")]
    clerk.do(SetPerimeter(operator_id=seller, kind=kind, object_ids=tuple(ids[:1])))
    operator = look(clerk).get(Operator, seller)
    assert operator and len(ids) > 1
    read = look(clerk, actor_of(look(clerk), operator))
    joins, conditions, params = narrowing(read, BY_NAME[kind], None)
    assert [row[0] for row in read.run(f"SELECT t.id FROM {kind} t{joins} WHERE {conditions}", **params)] == ids[:1]


@pytest.mark.parametrize("kind", [kind for kind in PerimeterKind if kind not in BY_NAME])
def test_what_was_set_before_is_shown_and_can_be_lifted(
    quick: tuple[Clerk, House], seller: Id, kind: PerimeterKind
) -> None:
    clerk, house = quick
    row = {"id": new_id(), "operator": seller, "kind": kind, "object": "single_entry"}
    assert perimeters.look(look(clerk), house.institution) is None and "perimeters" in ITEMS
    assert kind not in [each.kind for each in shown(clerk, seller)], "nobody is offered it"
    clerk.db.write("INSERT INTO operator_perimeter (id, operator_id, kind, object_id) "
                   "VALUES (:id, :operator, :kind, :object)", row)  # fmt: skip
    standing = perimeters.look(look(clerk), house.institution)
    assert standing and not standing.done and standing.count == 1
    assert [each.kind for each in shown(clerk, seller) if each.idle] == [kind]
    clerk.do(SetPerimeter(operator_id=seller, kind=kind, object_ids=()))
    assert perimeters.look(look(clerk), house.institution) is None


def shown(clerk: Clerk, operator_id: Id) -> tuple[object, ...]:
    read = look(clerk)
    operator = read.get(Operator, operator_id)
    rows = read.find(BY_NAME["operator_perimeter"].kind, "WHERE operator_id = :id", id=operator_id)
    assert operator
    return perimeter_view(read, texts("fr"), operator, rows)


def test_nobody_is_narrowed_to_what_is_somebody_elses(quick: tuple[Clerk, House]) -> None:
    """Nor learns from it what others have."""
    clerk, house = quick
    theirs = party(clerk, house, "EUX")
    made = CreateOperator(
        id=new_id(), context_id=theirs.organiser, name="Guichet", key_digest=key_digest("k"), privileges=()
    )
    clerk.do(made)
    boss = Actor(ActorKind.OPERATOR, new_id(), "", frozenset({("*", str(theirs.organiser))}))
    for kind in (PerimeterKind.POINT_OF_SALE, PerimeterKind.CHANNEL):
        own = theirs.rows.row(kind)
        foreign = house.desk if kind is PerimeterKind.POINT_OF_SALE else house.channel
        operator = look(clerk).get(Operator, made.id)
        assert operator
        offered = nameable(look(clerk, boss), kind, operator)
        assert own in offered
        above = kind is PerimeterKind.CHANNEL  # the institution's channels are everybody's
        assert (foreign in offered) is above
        if above:
            continue
        nothing = new_id()
        answers = [
            clerk.as_(boss).no(SetPerimeter(operator_id=made.id, kind=kind, object_ids=(each,)))
            for each in (foreign, nothing)
        ]
        assert str(answers[0]).replace(foreign, "") == str(answers[1]).replace(nothing, "")
        clerk.as_(boss).do(SetPerimeter(operator_id=made.id, kind=kind, object_ids=(own,)))


# --- every table, every reference of every command -------------------------------------------------------------------

KINDS = [kind for kind in PerimeterKind if kind in BY_NAME]


@pytest.fixture
def parties(quick: tuple[Clerk, House]) -> tuple[Clerk, House, Party, Party]:
    clerk, house = quick
    return clerk, house, party(clerk, house, "NOUS"), party(clerk, house, "EUX")


def kept(house: House, ours: Party, kind: PerimeterKind) -> Actor:
    """May everything in the whole house, but only with one object of a kind."""
    grants = frozenset({("*", str(house.institution))})
    return Actor(ActorKind.OPERATOR, new_id(), "", grants, {kind: frozenset({ours.rows.row(kind)})})


def led_to(clerk: Clerk, table: str, row_id: str, before: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """(table, id) of all that a row names, and what that names in turn."""
    yield table, row_id
    for column in BY_NAME[table].columns:
        if column.ref and not column.many and column.ref not in (table, *before):
            for (named,) in clerk.rows(f"SELECT {column.name} FROM {table} WHERE id = :id", id=row_id):
                if named:
                    yield from led_to(clerk, column.ref, named, (*before, table))


def listed(read: Read, declaration: Declaration) -> set[str]:
    joins, where, params = narrowing(read, declaration, None)
    return {row[0] for row in read.run(f"SELECT t.id FROM {declaration.name} t{joins} WHERE {where}", **params)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_table_is_narrowed_by_what_its_rows_lead_to(
    parties: tuple[Clerk, House, Party, Party], kind: PerimeterKind
) -> None:
    """In lists and exports, to programs, and of what is gone: a ticket is the point of sale's whose order it is of."""
    clerk, house, ours, theirs = parties
    read, wrong, narrowed = look(clerk, kept(house, ours, kind)), [], set()
    for table, declaration in BY_NAME.items():
        own, other = ours.rows.row(table), theirs.rows.row(table)
        foreign = {row for name, row in led_to(clerk, table, other) if name == kind} - {ours.rows.row(kind)}
        narrowed |= {table} if foreign else set()
        programs = page(clerk.door, read, declaration, RowFilter(limit=1000))
        entity = look(clerk).get(declaration.kind, other)
        assert isinstance(programs, Ok) and entity
        ways = {
            "lists": listed(read, declaration),
            "programs": {row["id"] for row in programs.value.rows},
            "the gone": {
                row_id for row_id in (own, other)
                if lay_within(read, read.actor.perimeter, declaration, state(clerk, declaration, row_id))
            },
        }  # fmt: skip
        wrong += [(table, way) for way, seen in ways.items() if own not in seen or (other in seen) is bool(foreign)]
    assert not wrong, wrong
    assert narrowed == {table for table in BY_NAME if kind in narrowed_by(table)}
    assert {"ticket", "entitlement", "order_line", "payment", "sale_order", "hold", "lease"} <= narrowed


def state(clerk: Clerk, declaration: Declaration, row_id: str) -> dict[str, Any]:
    entity = look(clerk).get(declaration.kind, row_id)
    assert entity
    return {each.name: getattr(entity, each.name) for each in fields(entity)}


@pytest.mark.parametrize("kind", KINDS)
def test_no_reference_of_a_command_leads_out_of_it(
    parties: tuple[Clerk, House, Party, Party], kind: PerimeterKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is asked of it otherwise: parts of something else, ids of its own, the place where it acts."""
    clerk, house, ours, theirs = parties
    seen: list[Any] = []

    def stand_in(_: Any, want: Any, *__: Any) -> Outcome[Any]:
        seen.append(want)
        return Refused(NoTest.REACHED)

    for each, handler in list(registry._BY_KIND.items()):
        monkeypatch.setitem(registry._BY_KIND, each, replace(handler, run=stand_in, refuses=(NoTest,)))
    actor, read, wrong, walked = kept(house, ours, kind), look(clerk), [], set()
    for name, handler in {**COMMANDS, **QUERIES}.items():
        want = ours.rows.wanted(handler, read)
        if handler.needs is None or of_nobody(handler) or want is None or not handler.at(read, want):
            continue
        for field, hint in handler.hints.items():
            for path, leaf in named_in(handler.kind.__name__, field, hint, getattr(want, field), (field,)):
                if kind not in narrowed_by(leaf.table or ""):
                    continue
                seen.clear()
                answers = [
                    clerk.door.ask_now(clerk.db, actor, each) if name in QUERIES else clerk.as_(actor).say(each)
                    for each in (want, put(want, path, theirs.rows.row(leaf.table or "")))
                ]
                walked.add((name, leaf.reach))
                if answers[1].reason != NoEntry.NOT_YOURS or seen != [want]:
                    wrong.append((name, ".".join(map(str, path)), answers[0].reason, answers[1].reason))
    assert not wrong, wrong
    marks = {
        (name, leaf.reach)
        for name, handler in {**COMMANDS, **QUERIES}.items()
        for field, hint in handler.hints.items()
        for leaf in leaves(handler.kind.__name__, field, hint)
        if handler.needs and leaf.table and kind in narrowed_by(leaf.table)
    }
    assert {name for name, _ in marks - walked} <= DEVICES_OWN, marks - walked
    assert {("order_of", Reach.WITHIN), ("reissue_ticket", Reach.WITHIN), ("place_order", Reach.WITHIN)} <= walked


DEVICES_OWN = {"request_lease"}
"""Where a device stands that asks, which no perimeter narrows; an operator is nowhere."""
