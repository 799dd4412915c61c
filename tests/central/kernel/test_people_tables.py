"""What SQLite leaves of rows in the pages that they were moved from is gone after somebody was forgotten."""

import random
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Connection, Database, Waits
from central.kernel.door import Door
from central.kernel.entity import METADATA
from central.kernel.keys import Keys
from central.kernel.log_copier import LogCopier
from central.kernel.outage import Outage
from central.kernel.people_tables import people_tables, write_anew
from central.kernel.prints import PAGES_ANEW
from central.organisation.erasure import EraseOperator
from central.organisation.operators import InviteOperator
from shared.ids import Id
from tests.central.small_house import Clerk, House, new_id
from tests.waiting import until

ROOT = Path(__file__).parents[3]
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PLAIN = {
    "found": ("entity_id", "words"),
    "list_view": ("id", "query"),
    "operator": ("id", "name"),
    "operator_letter": ("id", "email"),
    "operator_session": ("id", "browser"),
    "sign_in_place": ("id", "typed_email"),
    "subject_key": ("subject", "key"),
}
"""Table → what a row goes by, and a column that says something of somebody, or is a key."""


def come_and_go(db: Connection, house: House, table: str, seed: int) -> None:
    """Rows that say `quatrelivres` among others that grow, so that pages are split and merged around them; then each
    of them is emptied, and the others go too, but for a few."""
    chance, (whose, said) = random.Random(seed), PLAIN[table]
    links = {"context_id": house.institution, "operator_id": house.admin}
    columns = METADATA.tables[table].columns
    others = []
    db.begin(write=True)
    for n in range(400):
        key = "".join(chance.choices(LETTERS, k=26))
        row = {c.name: 1 if isinstance(c.type, sa.Integer) else links.get(c.name, key) for c in columns}
        row |= {whose: key, said: f"quatrelivres {key}" if n % 4 == 0 else f"paul {key}"}
        db.write(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{each}' for each in row)})", row)
        others += [key] if n % 4 else []
        if n % 3 == 1:
            grown = {"it": "y" * chance.randrange(5, 400), "key": chance.choice(others)}
            db.write(f"UPDATE {table} SET {said} = :it WHERE {whose} = :key", grown)
    db.write(f"UPDATE {table} SET {said} = '' WHERE {said} LIKE 'quatrelivres%'", {})
    for key in others[::2]:
        db.write(f"DELETE FROM {table} WHERE {whose} = :key", {"key": key})
    db.commit()


def lies(database: Database) -> bool:
    """Whether the word stands in any byte beside the database."""
    files = [path for path in database.path.parent.rglob("*") if path.is_file()]
    return any(b"quatrelivres" in path.read_bytes() for path in files)


def copied(db: Connection) -> None:
    assert db.run("PRAGMA wal_checkpoint(TRUNCATE)", {})[0][0] == 0


def left_behind(db: Connection, database: Database, house: House, table: str) -> bool:
    """In the pages of a table, with no row that says it."""
    for seed in range(40):
        come_and_go(db, house, table, seed)
        copied(db)
        if lies(database):
            return True
    return False


def whole(db: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {table: sorted(db.run(f"SELECT * FROM {table}", {}), key=repr) for table in METADATA.tables}


def forgotten(db: Connection) -> None:
    db.begin(write=True)
    row = {"subject": new_id(), "kind": "identity"}
    db.write("INSERT INTO subject_key VALUES (:subject, :kind, NULL, 1, 1, NULL)", row)
    db.commit()


def test_each_table_is_tried() -> None:
    assert set(PLAIN) == set(people_tables())


@pytest.mark.behind_the_door
@pytest.mark.parametrize("table", PLAIN)
def test_no_page_keeps_what_no_row_says(
    table: str, sqlite_place: tuple[Database, House], quick: tuple[Clerk, House]
) -> None:
    """Before: a row that moves to another page leaves its bytes in the first one, and `secure_delete` lets them be."""
    db, (database, house) = quick[0].db, sqlite_place
    assert left_behind(db, database, house, table), "SQLite clears them itself by now: then nothing needs writing anew"
    forgotten(db)
    rows = whole(db)
    with closing(database.connect()) as apart:
        assert write_anew(apart)
    copied(db)
    assert not lies(database)
    now = whole(db)
    assert {name for name in rows if rows[name] != now[name]} == {"counter"}
    assert db.run("PRAGMA foreign_key_check", {}) == [] and db.run("PRAGMA integrity_check", {}) == [("ok",)]


def test_it_is_done_once_for_each_who_is_forgotten(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House]
) -> None:
    clerk, house = quick
    with closing(sqlite_place[0].connect()) as apart:
        assert not write_anew(apart), "nobody was"
        for _ in range(2):
            who = new_id()
            clerk.do(InviteOperator(id=who, context_id=house.institution, name="P", email="p@x.example", language="fr"))
            clerk.do(EraseOperator(operator_id=who))
            assert (write_anew(apart), write_anew(apart)) == (True, False)


@pytest.mark.behind_the_door
async def test_central_does_it_after_an_erasing_and_at_a_start_that_finds_one(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House], keys: Keys
) -> None:
    (database, house), (clerk, _) = sqlite_place, quick

    def comes() -> Id:
        who = new_id()
        clerk.do(InviteOperator(id=who, context_id=house.institution, name="P", email="p@x.example", language="fr"))
        return who

    assert left_behind(clerk.db, database, house, "operator_letter")
    clerk.do(EraseOperator(operator_id=comes()))  # and central fell
    door = Door(database, clerk.watch, path_of, keys)
    door.start()
    try:
        await until(lambda: not lies(database))
        assert left_behind(clerk.db, database, house, "operator")
        assert (await door.execute(SYSTEM, EraseOperator(operator_id=comes()), new_id())).ok
        await until(lambda: not lies(database))
    finally:
        door.stop()


def test_where_others_write_all_the_while_it_is_tried_again(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House]
) -> None:
    """And nobody is told that the copier fell."""
    clerk, house = quick
    copier = LogCopier(replace(sqlite_place[0], waits=Waits(lock_s=0.001)), Outage("writes"))
    who = new_id()
    clerk.do(InviteOperator(id=who, context_id=house.institution, name="P", email="p@x.example", language="fr"))
    clerk.do(EraseOperator(operator_id=who))
    clerk.db.begin(write=True)
    copier._write_anew()
    assert copier._to_write.is_set()
    clerk.db.rollback()
    copier._write_anew()
    assert not copier._to_write.is_set()
    assert clerk.rows("SELECT value FROM counter WHERE name = :name", name=PAGES_ANEW) == clerk.rows(
        "SELECT COUNT(*) FROM subject_key WHERE key IS NULL"
    )


def test_whoever_keeps_a_house_is_told_the_tables() -> None:
    """Of PostgreSQL, which writes them anew by a word of the house's own."""
    said = re.search(r"`VACUUM FULL ([\w, ]+)`", (ROOT / "docs" / "operation.md").read_text())
    assert said and said[1].split(", ") == people_tables()
