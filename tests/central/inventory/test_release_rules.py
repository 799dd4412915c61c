"""Release rules: when the unsold rest of a contingent falls back, and whereto (docs/spec/contingents.md)."""

from datetime import timedelta
from typing import Any

import pytest

from central.catalogue.ops import CreateEvent
from central.inventory import release_rules
from central.inventory.audit import InventoryAudit
from central.inventory.contingents import CreateContingent
from central.inventory.counts import Availability
from central.inventory.hold_expiry import ExpireHolds
from central.inventory.model import NoRule, ReleaseRule
from central.inventory.plan_actions import AssignContingent, BlockPlaces
from central.inventory.release_rules import ComingReleases, FireReleaseRules, due, releases_due
from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind
from central.kernel.crud import command_of
from central.kernel.db import SqliteConnection
from central.kernel.privileges import Action
from central.kernel.tx import Read
from central.orders.holds import BestWish, HoldPlaces
from central.organisation.ops import CreateContext
from central.programme.plan_actions import UndoPlanAction
from central.selling.model import ChannelKind
from central.selling.ops import CreateChannel, CreatePointOfSale
from central.venues.selection import Counted, Selection
from shared.ids import Id
from tests.central.small_house import NOW, STARTS, Clerk, House, new_id

CreateReleaseRule = command_of(Action.CREATE, ReleaseRule)


def rule(clerk: Clerk, house: House, **more: Any) -> Id:
    made = new_id()
    given = {"context_id": house.institution, "code": f"R{made[-4:]}", **more}
    clerk.do(CreateReleaseRule(id=made, names={"fr": "Retour"}, contingent_id=house.contingent, **given))
    return made


def fire(clerk: Clerk, house: House) -> list[Any]:
    fired: list[Any] = clerk.do(FireReleaseRules(context_id=house.institution))
    return fired


def shares(clerk: Clerk, house: House) -> dict[tuple[str, str], dict[str, int]]:
    assert clerk.ask(InventoryAudit(performance_id=house.performance)).value == []
    kept = ("free", "blocked", "held", "leased", "optioned", "sold")
    return {
        ({house.seated: "seats", house.standing: "standing"}[row["category_id"]], row["contingent_id"]): {
            name: row[name] for name in kept if row[name]
        }
        for row in clerk.ask(Availability(performance_id=house.performance)).value
        if row["capacity"]
    }


@pytest.fixture
def press(clerk: Clerk, house: House) -> Id:
    return _press(clerk, house)


@pytest.fixture
def press_of() -> Any:
    return _press


def _press(clerk: Clerk, house: House) -> Id:
    """A counter of the press, whose contingent has four seats and five standing places."""
    channel, point = new_id(), new_id()
    names = {"fr": "Presse"}
    clerk.do(
        CreateChannel(
            id=channel,
            context_id=house.institution,
            code="P",
            names=names,
            kind=ChannelKind.BOX_OFFICE,
            contingents=(house.contingent,),
            uncontingented=False,
            max_places=9,
            active=True,
        )
    )
    clerk.do(
        CreatePointOfSale(id=point, channel_id=channel, context_id=house.organiser, code="P", names=names, active=True)
    )
    ((zone,),) = clerk.rows("SELECT id FROM physical_zone WHERE numbered = 0")
    some = Selection(seats=house.seats[:4], counts=(Counted(zone, 5),))
    clerk.do(AssignContingent(performance_id=house.performance, contingent_id=house.contingent, selection=some))
    return point


@pytest.mark.parametrize("when", [{"at": STARTS - timedelta(hours=1)}, {"before_s": 3600}], ids=["a date", "before"])
def test_the_unsold_rest_falls_back(clerk: Clerk, house: House, press: Id, when: dict[str, Any]) -> None:
    clerk.do(house.order(house.seats[0], point_of_sale_id=press))
    clerk.do(BlockPlaces(performance_id=house.performance, selection=Selection(seats=house.seats[1:2]), why="camera"))
    made = rule(clerk, house, **when)
    clerk.watch.at = STARTS - timedelta(seconds=3601)
    assert fire(clerk, house) == []
    coming = clerk.ask(ComingReleases(context_id=house.institution, until=STARTS)).value
    assert [(each["rule_id"], each["at"]) for each in coming] == [(made, (STARTS - timedelta(hours=1)).isoformat())]
    clerk.watch.at = STARTS - timedelta(seconds=3600)
    assert releases_due(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)) == house.institution
    (fired,) = fire(clerk, house)
    assert (fired["rule_id"], fired["places"]) == (made, 8)
    assert shares(clerk, house) == {
        ("seats", ""): {"free": 18, "blocked": 1},
        ("seats", house.contingent): {"sold": 1},
        ("standing", ""): {"free": 20},
    }
    assert fire(clerk, house) == [], "once"
    assert releases_due(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)) is None
    clerk.do(house.order(house.seats[2]))


def test_neither_contexts_without_performances_nor_other_rules_make_it_dear(
    quick: tuple[Clerk, House], press_of: Any
) -> None:
    """Before: it walked up from every context of the house, in the writer."""
    clerk, house = quick
    press_of(clerk, house)
    rule(clerk, house, at=NOW)

    def steps() -> tuple[int, int]:
        spent, read = [0], Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
        assert isinstance(clerk.db, SqliteConnection)
        clerk.db._db.set_progress_handler(lambda: spent.__setitem__(0, spent[0] + 1), 1)
        (found,) = due(read, NOW, house.institution, 5)
        looked = spent[0]
        assert due(read, NOW, house.institution, 5, (found.rule_id, found.performance_id)) == [found]
        clerk.db._db.set_progress_handler(None, 0)
        return looked, spent[0] - looked

    few = steps()
    for _ in range(40):
        season = new_id()
        clerk.do(CreateContext(id=season, context_id=house.organiser, kind=ContextKind.SEASON, code=season[-6:],
                               names={"fr": "S"}, settings={}))  # fmt: skip
    assert steps() == few


def test_what_another_process_fired_meanwhile_is_not_fired_again(
    quick: tuple[Clerk, House], press_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, house = quick
    press_of(clerk, house)
    rule(clerk, house, at=NOW)
    looked = due(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys), NOW, house.institution, 5)
    assert len(fire(clerk, house)) == 1
    monkeypatch.setattr(release_rules, "due", lambda *said: looked if len(said) == 4 else due(*said))
    assert fire(clerk, house) == []


def test_it_is_in_the_plans_history_and_can_be_taken_back(clerk: Clerk, house: House, press: Id) -> None:
    rule(clerk, house, at=NOW)
    fire(clerk, house)
    ((action,),) = clerk.rows("SELECT id FROM plan_action WHERE why LIKE 'release rule R%'")
    clerk.do(UndoPlanAction(action_id=action))
    assert shares(clerk, house)["seats", house.contingent] == {"free": 4}
    assert fire(clerk, house) == [], "what a person has taken back stays so"


def test_another_contingent_inherits(clerk: Clerk, house: House, press: Id) -> None:
    friends = new_id()
    clerk.do(
        CreateContingent(id=friends, context_id=house.institution, code="AMIS", names={"fr": "Amis"}, colour="#123456")
    )
    rule(clerk, house, at=NOW, to_contingent_id=friends)
    fire(clerk, house)
    assert shares(clerk, house) == {
        ("seats", ""): {"free": 16}, ("seats", friends): {"free": 4},
        ("standing", ""): {"free": 15}, ("standing", friends): {"free": 5},
    }  # fmt: skip


def test_what_was_held_follows_when_it_comes_back(clerk: Clerk, house: House, press: Id) -> None:
    clerk.do(HoldPlaces(hold_id=new_id(), point_of_sale_id=press, performance_id=house.performance, best=BestWish(2)))
    rule(clerk, house, at=NOW)
    fire(clerk, house)
    assert shares(clerk, house)["seats", house.contingent] == {"held": 2}
    clerk.watch.at = NOW + timedelta(minutes=15)
    assert clerk.do(ExpireHolds(context_id=house.institution)) == 1
    assert shares(clerk, house) == {("seats", ""): {"free": 20}, ("standing", ""): {"free": 20}}
    clerk.do(
        AssignContingent(
            performance_id=house.performance, contingent_id=house.contingent, selection=Selection(seats=house.seats[:1])
        )
    )
    assert fire(clerk, house) == []
    assert shares(clerk, house)["seats", house.contingent] == {"free": 1}, "a person decided otherwise afterwards"


def test_a_rule_fires_where_it_stands_and_for_what_it_names(clerk: Clerk, house: House, press: Id) -> None:
    """Of one that names another evening, or stands elsewhere, nothing is due here."""
    season, event = new_id(), new_id()
    names = {"fr": "Autre"}
    clerk.do(
        CreateContext(
            id=season, context_id=house.organiser, kind=ContextKind.SEASON, code="S2", names=names, settings={}
        )
    )
    clerk.do(CreateEvent(id=event, context_id=house.activity, code="E2", names=names, vat_bp=550))
    rule(clerk, house, at=NOW, event_id=event)
    rule(clerk, house, at=NOW, context_id=season)
    rule(clerk, house, at=NOW, active=False)
    rule(clerk, house, at=NOW + timedelta(seconds=1))
    assert fire(clerk, house) == []
    made = rule(clerk, house, at=NOW, context_id=house.activity, event_id=house.event, performance_id=house.performance)
    assert clerk.do(FireReleaseRules(context_id=season)) == []
    (fired,) = clerk.do(FireReleaseRules(context_id=house.season))
    assert (fired["rule_id"], fired["places"]) == (made, 9)


def test_many_rules_are_one_question_and_fire_a_few_at_a_time(
    clerk: Clerk, house: House, press: Id, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of their codes, until none is left; no further one is begun once so many places have moved."""
    made = [rule(clerk, house, at=NOW, code=f"R{n:02}") for n in range(12)]
    said = list[str]()
    run = clerk.db.run
    monkeypatch.setattr(clerk.db, "run", lambda sql, params: (said.append(sql), run(sql, params))[1])
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    found = due(read, clerk.watch(), house.institution, 12)
    assert [each.rule_id for each in found] == made and len(said) == 1
    monkeypatch.setattr(release_rules, "PLACES_AT_ONCE", 9)
    pieces = [[each["rule_id"] for each in fire(clerk, house)] for _ in range(5)]
    assert pieces == [made[:1], made[1:6], made[6:11], made[11:], []]


def test_a_rule_says_one_moment(clerk: Clerk, house: House) -> None:
    for more, reason in (
        ({}, NoRule.ONE_MOMENT),
        ({"at": NOW, "before_s": 60}, NoRule.ONE_MOMENT),
        ({"at": NOW, "to_contingent_id": house.contingent}, NoRule.INTO_ITSELF),
    ):
        names = {"fr": "Retour"}
        made = CreateReleaseRule(
            id=new_id(), context_id=house.institution, code="R", names=names, contingent_id=house.contingent, **more
        )
        assert clerk.no(made).reason == reason
