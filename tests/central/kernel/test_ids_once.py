"""An id belongs for ever to what it first named: used again elsewhere, it would carry over what is remembered of it."""

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

import central
from central.catalogue.ops import CreateEvent
from central.kernel import entity
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.contexts import Context, ContextKind, path_of
from central.kernel.crud import CONFIGURED, command_of
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, Reach, Ref, stripped
from central.kernel.id_owners import used_before
from central.kernel.keys import Keys
from central.kernel.misfits import Misfit
from central.kernel.privileges import Action
from central.kernel.registry import COMMANDS
from central.kernel.replies import NoEntry
from central.kernel.scope import home
from central.kernel.traces import Traces
from central.kernel.tx import Read, Tx
from central.organisation.ops import CreateContext
from central.pricing.model import Tariff
from central.pricing.ops import CreatePriceGrid, CreateTariff, PriceCell
from central.selling.model import PointOfSale
from central.selling.ops import CreatePointOfSale
from central.venues.ops import CreateSite, CreateSpace, ImportPlan
from central.venues.physical_configurations import AddUnnumberedZone, ChangeUnnumberedZone, DeletePhysicalConfiguration
from central.web.history.records import past
from shared.ids import Id
from shared.outcome import Refused
from tests.central.sampling import party
from tests.central.small_house import Clerk, House, new_id, plan
from tests.trees import nodes_of

DeleteTariff, ChangeTariff = command_of(Action.DELETE, Tariff), command_of(Action.MODIFY, Tariff)
DeleteContext = command_of(Action.DELETE, Context)
CHOSEN = sorted(entity.CHOSEN)
STAY = {"sale_order", "hold", "lease", "operator", "device"}
"""Nobody takes them away."""
CENTRALS = {"operator_session"}
"""It is central that gives the id."""
MADE = {
    "import_plan": "physical_configuration", "add_unnumbered_zone": "physical_zone",
    "begin_session": "operator_session", "complete_session": "operator_session",
}  # fmt: skip
"""By commands that do not say so (`makes`): no list has a button for them."""


def test_whatever_is_made_under_an_id_of_its_makers_is_looked_at() -> None:
    made = set()
    for name, handler in COMMANDS.items():
        for field, hint in handler.hints.items():
            bare, _, marks = stripped(hint)
            ref = next((mark.table for mark in marks if isinstance(mark, Ref)), None)
            if bare is Id and ((field == "id" and ref is None) or Reach.OWN in marks):
                made.add(ref or handler.makes or MADE.get(name, name))
    assert made <= set(BY_NAME) and len(made) > 20
    assert made - {*CHOSEN} <= STAY | CENTRALS
    assert not STAY & {*CONFIGURED}


def refused(outcome: Any) -> bool:
    return isinstance(outcome, Refused) and (outcome.reason, outcome.fix, outcome.detail) == (
        NoEntry.DOES_NOT_FIT, "id", {"what": Misfit.THERE_ALREADY, "fields": ["id"]},
    )  # fmt: skip


@pytest.fixture
def two(clerk: Clerk, house: House) -> tuple[Clerk, Clerk, Id]:
    """Somebody of the house's organiser, somebody of another one, and that one."""
    other = new_id()
    clerk.do(
        CreateContext(
            id=other,
            context_id=house.institution,
            kind=ContextKind.ORGANISER,
            code="AUTRE",
            names={"fr": "Autre"},
            settings={},
        )
    )
    ours, theirs = (
        Actor(ActorKind.OPERATOR, new_id(), "", frozenset({("*", str(each))})) for each in (house.organiser, other)
    )
    return clerk.as_(ours), clerk.as_(theirs), other


@pytest.mark.behind_the_door
def test_of_every_kind_only_the_thing_itself_comes_back_and_only_in_its_place(clerk: Clerk, house: House) -> None:
    """What was taken away is written into the audit; what is there stands for what was made under its id."""
    rows = party(clerk, house, "EUX").rows
    foreign = party(clerk, house, "AUTRES").rows
    clerk.db.begin(write=True)

    def came(table: str, row_id: str, entity: str, was: dict[str, Any]) -> bool:
        clerk.db.savepoint()
        ((command,),) = clerk.rows("SELECT MAX(id) FROM command_log")
        change = orjson.dumps({name: [value, None] for name, value in was.items()}).decode()
        gone = {"c": command, "e": entity, "i": row_id, "x": change}
        clerk.db.write("INSERT INTO audit VALUES (:c, 999, :e, :i, 'deleted', :x)", gone)
        tx = Tx(clerk.db, SYSTEM, clerk.watch(), new_id(), clerk.door.keys)
        tx.audit = [(table, row_id, "created", "")]
        outcome = used_before(tx, Traces())
        clerk.db.undo()
        assert outcome is None or refused(outcome)
        return outcome is None

    for table in CHOSEN:
        names = BY_NAME[table].names
        ours, theirs = (
            dict(zip(names, clerk.rows(f"SELECT {', '.join(names)} FROM {table} WHERE id = :id", id=each.row(table))[0],
                     strict=True))
            for each in (rows, foreign)
        )  # fmt: skip
        at = home(table)
        assert came(table, ours["id"], table, ours) is (table in CONFIGURED), table
        assert not came(table, ours["id"], "anomaly", ours), table
        if at:
            comes = table in CONFIGURED and ours[at.via] == theirs[at.via]
            assert came(table, ours["id"], table, theirs) == comes, table
    clerk.db.rollback()


def test_what_was_somebody_elses_cannot_be_made_again(two: tuple[Clerk, Clerk, Id], house: House) -> None:
    ours, theirs, other = two
    tariff = CreateTariff(id=new_id(), context_id=house.season, code="A", names={"fr": "Secret"}, rank=9, proof=False)
    ours.do(tariff)
    ours.do(ChangeTariff(id=tariff.id, set={"names": {"fr": "Secret deux"}}))
    ours.do(DeleteTariff(id=tariff.id))

    def seen(by: Clerk) -> bool:
        read = Read(by.db, by.actor, by.watch(), by.door.keys)
        return past(by.door, read, "tariff", tariff.id) is not None

    assert refused(
        theirs.say(CreateTariff(id=tariff.id, context_id=other, code="B", names={"fr": "B"}, rank=9, proof=False))
    )
    assert seen(ours) and not seen(theirs), "nor is its history theirs"
    event = CreateEvent(id=tariff.id, context_id=house.activity, code="E", names={"fr": "E"}, vat_bp=550)
    assert refused(ours.say(event)), "it is no other kind of thing either"
    assert refused(
        ours.say(
            CreateTariff(
                id=tariff.id, context_id=house.organiser, code="A", names={"fr": "Secret"}, rank=9, proof=False
            )
        )
    )
    ours.do(tariff)
    ours.do(ChangeTariff(id=tariff.id, set={"names": {"fr": "Wieder da"}}))
    cells = (PriceCell(house.seated, tariff.id, 100),)
    theirs.no(CreatePriceGrid(id=new_id(), context_id=other, code="G", names={"fr": "G"}, currency="EUR", prices=cells))


def test_what_names_a_living_thing_names_nothing_else(clerk: Clerk, house: House) -> None:
    """A tariff that is there, an operator, a file that has an id of its house's: no kind of thing takes its id."""
    ((plan,),) = clerk.rows("SELECT id FROM plan_file LIMIT 1")
    for row in (house.full, house.admin, house.gauge, Id(plan)):
        made = (
            CreateEvent(id=row, context_id=house.activity, code="E", names={"fr": "E"}, vat_bp=550),
            CreateContext(
                id=row, context_id=house.organiser, kind=ContextKind.SEASON, code="E", names={"fr": "E"}, settings={}
            ),
        )
        assert [refused(clerk.say(each)) for each in made] == [True, True]


def test_no_look_into_the_audit_takes_one_kinds_history_for_anothers() -> None:
    """A statement that asks the audit by an id says of which kind too."""
    root = Path(central.__file__).parent
    asks = re.compile(r"(FROM|JOIN) audit\b")
    for file in root.rglob("*.py"):
        if "migrations" in file.parts:
            continue
        for line in _statements(file):
            by_id = asks.search(line) and re.search(r"entity_id (=|IN) ", line)
            if by_id and file.name != "id_owners.py":
                assert re.search(r"\bentity (=|IN) ", line), f"{file}: {line}"


@pytest.mark.behind_the_door
def test_whatever_is_taken_away_under_an_id_that_somebody_chose_is_told(quick: tuple[Clerk, House]) -> None:
    """Of every such kind, when many are taken away at once; no statement of an area's own does it."""
    clerk, house = quick
    rows = party(clerk, house, "EUX").rows
    clerk.db.begin(write=True)
    clerk.db.run("PRAGMA defer_foreign_keys = ON", {})
    for table in CHOSEN:
        clerk.db.savepoint()
        tx = Tx(clerk.db, SYSTEM, clerk.watch(), new_id(), clerk.door.keys)
        tx.ways_in_asked = True
        assert tx.remove(BY_NAME[table].kind, "WHERE id = :id", id=rows.row(table)) == 1
        assert [each[:3] for each in tx.audit] == [(table, rows.row(table), "deleted")]
        clerk.db.undo()
    clerk.db.rollback()
    own = re.compile(r"DELETE FROM ([a-z_]+)")
    for file in Path(central.__file__).parent.rglob("*.py"):
        assert not {name for line in _statements(file) for name in own.findall(line)} & {*CHOSEN}, file


def test_a_zone_that_went_with_its_hall_is_nobody_elses(two: tuple[Clerk, Clerk, Id], house: House) -> None:
    ours, theirs, other = two
    zone = new_id()

    def hall(by: Clerk, at: Id) -> Id:
        site, space, made, names = new_id(), new_id(), new_id(), {"fr": "S"}
        by.do(CreateSite(id=site, context_id=at, code=site[-8:], names=names, address="x", timezone="Europe/Paris"))
        by.do(CreateSpace(id=space, site_id=site, code="S", names=names))
        by.do(ImportPlan(id=made, space_id=space, code="P", names=names, plan=plan()))
        return made

    def standing(at: Id) -> AddUnnumberedZone:
        return AddUnnumberedZone(id=zone, configuration_id=at, name="Debout", capacity=20, control=2)

    here, there = hall(ours, house.organiser), hall(theirs, other)
    ours.do(standing(here))
    ours.do(ChangeUnnumberedZone(zone_id=zone, name="Fosse", capacity=21, control=2))
    ours.do(DeletePhysicalConfiguration(configuration_id=here))
    assert refused(theirs.say(standing(there)))


def _statements(file: Path) -> list[str]:
    """The texts of a module, those that are put together as one line."""
    found = []
    for node in nodes_of(file):
        if isinstance(node, ast.JoinedStr):
            found.append("".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def test_every_central_answers_alike_where_a_season_was(two: tuple[Clerk, Clerk, Id], keys: Keys) -> None:
    ours, theirs, other = two
    organiser = next(context for _, context in ours.actor.grants)
    season = CreateContext(
        id=new_id(), context_id=Id(organiser), kind=ContextKind.SEASON, code="S", names={"fr": "S"}, settings={}
    )
    ours.do(season)
    tariff = CreateTariff(id=new_id(), context_id=season.id, code="T", names={"fr": "T"}, rank=9, proof=False)
    ours.do(tariff)
    ours.do(DeleteTariff(id=tariff.id))
    ours.do(DeleteContext(id=season.id))
    anew = Door(ours.door.database, ours.watch, path_of, keys)
    for door in (ours.door, anew):
        at_theirs = Clerk(door, theirs.db, theirs.watch, theirs.actor)
        assert refused(
            at_theirs.say(
                CreateContext(
                    id=season.id, context_id=other, kind=ContextKind.SEASON, code="S", names={"fr": "S"}, settings={}
                )
            )
        )
    ours.do(season)
    for door in (ours.door, anew):
        at_theirs = Clerk(door, theirs.db, theirs.watch, theirs.actor)
        assert (
            at_theirs.no(
                CreateTariff(id=new_id(), context_id=season.id, code="X", names={"fr": "X"}, rank=9, proof=False)
            ).reason
            == NoEntry.NOT_ALLOWED
        )
        Clerk(door, ours.db, ours.watch, ours.actor).do(
            CreateTariff(id=new_id(), context_id=season.id, code=f"T{id(door)}", names={"fr": "T"}, rank=9, proof=False)
        )


def test_who_is_narrowed_makes_nothing_under_what_was_beyond_them(clerk: Clerk, house: House) -> None:
    point = CreatePointOfSale(
        id=new_id(),
        channel_id=house.channel,
        context_id=house.organiser,
        code="VIP",
        names={"fr": "Guichet secret"},
        active=True,
    )
    clerk.do(point)
    clerk.do(command_of(Action.DELETE, PointOfSale)(id=point.id))
    narrowed = clerk.as_(house.operator("*", at=house.organiser, points=(house.desk,)))
    assert refused(narrowed.say(point))
    clerk.do(point)


@pytest.mark.behind_the_door
def test_one_command_makes_no_two_kinds_under_one_id(clerk: Clerk) -> None:
    """Which nothing knew before: there is no row and no history that would tell."""
    clerk.db.begin(write=True)
    row, other = new_id(), new_id()
    for tables, ids, fits in (
        (("tariff", "event"), (row, row), False),
        (("tariff", "tariff"), (row, other), True),
    ):
        tx = Tx(clerk.db, SYSTEM, clerk.watch(), new_id(), clerk.door.keys)
        tx.audit = [(table, each, "created", "") for table, each in zip(tables, ids, strict=True)]
        outcome = used_before(tx, Traces())
        assert outcome is None if fits else refused(outcome)
    clerk.db.rollback()


@pytest.mark.behind_the_door
def test_what_goes_and_comes_in_one_transaction_is_seen(clerk: Clerk, house: House) -> None:
    """Commands that are committed together: what the first has left is not in the database yet."""
    row, traces = new_id(), Traces()
    clerk.do(CreateTariff(id=row, context_id=house.season, code="A", names={"fr": "A"}, rank=9, proof=False))
    clerk.db.begin(write=True)

    def tx() -> Tx:
        return Tx(clerk.db, SYSTEM, clerk.watch(), new_id(), clerk.door.keys)

    first, second = tx(), tx()
    tariff = first.get(Tariff, row)
    assert tariff
    first.delete(tariff)
    traces.gather(first)
    second.insert(replace(tariff, context_id=house.organiser))
    assert refused(used_before(second, traces)) and not used_before(second, Traces())
    clerk.db.rollback()
