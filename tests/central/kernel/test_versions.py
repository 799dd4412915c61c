"""Numbers that count changes: they move with the commit, for every process, and a look at them never waits."""

import sqlite3

from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.replies import NoEntry
from central.kernel.tx import Read
from central.kernel.versions import OPERATORS, Glance
from central.organisation.model import NoOperator
from central.organisation.operators import CreateOperator, DeactivateOperator
from central.organisation.ops import key_digest
from tests.central.small_house import Clerk, House, Watch, new_id


def operator(house: House) -> CreateOperator:
    return CreateOperator(
        id=new_id(), context_id=house.institution, name="Program", key_digest=key_digest(new_id()), privileges=()
    )


def test_it_moves_with_what_it_counts(clerk: Clerk, house: House) -> None:
    def now() -> int:
        return Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys).version(OPERATORS)

    before, made = now(), operator(house)
    clerk.do(made)
    assert now() == before + 1, "one step for all that a command changed"
    clerk.do(house.order(house.seats[0]))
    stranger = Actor(ActorKind.OPERATOR, new_id(), "")
    assert clerk.as_(stranger).no(DeactivateOperator(operator_id=made.id)).reason == NoEntry.NOT_ALLOWED
    assert clerk.no(DeactivateOperator(operator_id=new_id())).reason == NoOperator.NO_SUCH_OPERATOR
    assert now() == before + 1, "neither what has nothing to do with it, nor what was refused"
    clerk.do(DeactivateOperator(operator_id=made.id))
    assert now() == before + 2


def test_a_glance_sees_the_others_commits_and_never_waits(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House], keys: Keys, watch: Watch
) -> None:
    database, house = sqlite_place
    clerk, _ = quick
    glance = Glance(database)
    before = glance.version(OPERATORS)
    assert before is not None
    clerk.do(operator(house))
    assert glance.version(OPERATORS) == before + 1
    clerk.db.close()
    glance.close()
    holder = sqlite3.connect(database.path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN IMMEDIATE")
    holder.execute("UPDATE counter SET value = value")
    assert glance.version(OPERATORS) is None, "the readers ask, and say what is wrong"
    holder.execute("ROLLBACK")
    holder.close()
    assert glance.version(OPERATORS) == before + 1
    glance.close()


def test_what_this_process_changes_is_seen_at_once_and_what_others_do_soon(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House]
) -> None:
    database, house = sqlite_place
    clerk, _ = quick
    glance = Glance(database, within_s=3600)
    before = glance.version(OPERATORS)
    assert before is not None
    clerk.do(operator(house))
    assert glance.version(OPERATORS) == before, "by another process, as far as it knows"
    glance.forget({"tariff", "hall:x"})
    assert glance.version(OPERATORS) == before
    glance.forget({"operator"})
    assert glance.version(OPERATORS) == before + 1
    soon = Glance(database, within_s=0.0)
    clerk.do(operator(house))
    assert soon.version(OPERATORS) == before + 2
    glance.close(), soon.close()


async def test_the_door_forgets_what_it_changed(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    database, house = sqlite_place
    door = Door(database, Watch(), path_of, keys, glance_s=3600)
    door.start()
    before = await door.version(OPERATORS)
    assert (await door.execute(SYSTEM, operator(house), new_id())).ok
    assert await door.version(OPERATORS) == before + 1
    door.stop()


def test_only_sqlite_is_asked_in_the_loop() -> None:
    assert Glance(Database("postgresql://nobody@localhost/none")).version(OPERATORS) is None
