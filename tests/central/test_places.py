"""What asks for a right at a context answers and acts for that context: not a sum, an id or a row of anybody beside it.

Every query and command that names its place itself (`context_id`) is given by another organiser, for their own place,
before and after the small house came to have something to tell: sales, a hold that is over, a rule that is due.
"""

from dataclasses import fields
from datetime import timedelta
from typing import Any

import orjson
import pytest

import central.app  # noqa: F401  # declares everything
from central.inventory.model import ReleaseRule
from central.inventory.plan_actions import AssignContingent
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.crud import command_of
from central.kernel.entity import BY_NAME
from central.kernel.privileges import Action
from central.kernel.registry import COMMANDS, QUERIES
from central.kernel.tx import Read
from central.orders.holds import HoldPlaces
from central.venues.selection import Selection
from shared.outcome import Ok
from tests.central.sampling import Party, party
from tests.central.small_house import STARTS, Clerk, House, new_id

pytestmark = pytest.mark.behind_the_door  # rows of its own making

PLACED = {name: each for name, each in {**QUERIES, **COMMANDS}.items() if "context_id" in each.hints and each.needs}
WHOLE = {"anomalies", "checks", "dead_letters", "expire_holds"}
"""Asked for at the whole house, because they tell of all of it or act on all of it."""


def rows_of(clerk: Clerk) -> dict[tuple[str, str], str]:
    """Every row that there is, as text."""
    return {
        (table, row[0]): repr(row)
        for table, declaration in BY_NAME.items()
        for row in clerk.rows(f"SELECT id, {', '.join(declaration.names)} FROM {table}")
    }


def boss(theirs: Party) -> Actor:
    return Actor(ActorKind.OPERATOR, new_id(), "", frozenset({("*", str(theirs.organiser))}))


def wanted(clerk: Clerk, theirs: Party, handler: Any) -> Any:
    """A question of theirs about their own place; far enough ahead to see all that is to come."""
    want = theirs.rows.wanted(handler, Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys))
    given = {each.name: getattr(want, each.name) for each in fields(want)}
    more = {"until": STARTS} if "until" in given else {}
    return handler.kind(**(given | {"context_id": theirs.organiser} | more))


def busy(clerk: Clerk, house: House) -> None:
    """Sales and their takings, a hold that is over by now, a rule that is due by now."""
    clerk.do(house.order(house.seats[0]))
    clerk.do(
        HoldPlaces(
            hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=house.seats[1:3]
        )
    )
    clerk.do(
        AssignContingent(
            performance_id=house.performance,
            contingent_id=house.contingent,
            selection=Selection(seats=house.seats[5:8]),
        )
    )
    make = command_of(Action.CREATE, ReleaseRule)
    at = STARTS - timedelta(hours=1)
    clerk.do(
        make(
            id=new_id(),
            context_id=house.organiser,
            code="RETOUR",
            names={"fr": "Retour"},
            contingent_id=house.contingent,
            at=at,
        )
    )
    clerk.watch.at = STARTS - timedelta(minutes=30)


def test_nobody_is_answered_for_a_place_beside_theirs(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    theirs = party(clerk, house, "EUX")
    asked = {name: wanted(clerk, theirs, each) for name, each in PLACED.items() if name in QUERIES}
    actor = boss(theirs)

    def answers() -> dict[str, str]:
        found = {name: clerk.as_(actor).ask(want) for name, want in asked.items()}
        return {
            name: orjson.dumps(each.value).decode() if isinstance(each, Ok) else each.reason.key
            for name, each in found.items()
        }

    known = {row_id for _, row_id in rows_of(clerk)}
    before = answers()
    busy(clerk, house)
    after, theirs_alone = answers(), known
    new = {row_id for _, row_id in rows_of(clerk)} - theirs_alone
    wrong = [name for name in asked if before[name] != after[name] or any(each in after[name] for each in new)]
    assert not wrong, wrong
    assert {name for name, said in after.items() if said == "no_entry.not_allowed"} == WHOLE & set(asked)
    assert {"coming_releases", "order_of", "who_may", "audit_log"} <= set(after)


def test_nobody_acts_on_a_place_beside_theirs(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    busy(clerk, house)
    ours = rows_of(clerk)
    theirs = party(clerk, house, "EUX")
    actor, wrong, done = boss(theirs), [], set()
    for name, handler in PLACED.items():
        if name in COMMANDS:
            outcome = clerk.as_(actor).say(wanted(clerk, theirs, handler))
            done |= {name} if isinstance(outcome, Ok) else set()
            now = rows_of(clerk)
            wrong += [(name, key) for key, row in ours.items() if now.get(key) != row]
            ours = {key: now[key] for key in ours if key in now}
    assert not wrong, wrong
    assert "fire_release_rules" in done and "expire_holds" not in done
