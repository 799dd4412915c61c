"""The tables that say something about people in plain words, and how SQLite's pages are rid of what they held of those
who are forgotten.

`secure_delete` writes zeros over a row that goes, and over a page that is given back. It does not where a row *moves*:
when pages are balanced, a row is copied to another one, and its bytes stay between the cells of the page where it was,
for nobody to find but who reads the file. So after somebody was forgotten each of these tables is written anew, in a
transaction each: emptied whole, which gives back all of its pages and those of its indexes, and filled again with the
rows there are. Keys are among them: an old copy of one would open what the log keeps sealed.

What that takes grows with these tables (docs/operation.md has figures), so it is done at most a twentieth of the time,
beside the writer, by whoever copies SQLite's log (kernel/log_copier.py). Whether it is still to be done the database
says: how many keys were destroyed when it was done last.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from central.kernel.db import Connection
from central.kernel.entity import BY_NAME
from central.kernel.prints import PAGES_ANEW
from central.kernel.tx import Tx
from shared.ids import Id
from shared.registries import add

Forget = Callable[[Tx, Id], None]
"""What is done with a table's rows when the one whose they are is forgotten."""

FORGETTING: dict[tuple[str, str], Forget] = {}
"""(whose: the table of people, the table) → what is done."""

BESIDE = ("found", "subject_key")
"""The kernel's own, of nobody in particular."""

ASKED = (
    "SELECT (SELECT COUNT(*) FROM subject_key WHERE key IS NULL), "
    "COALESCE((SELECT value FROM counter WHERE name = :name), 0)"
)
"""How many keys are destroyed, and how many were when the tables were written anew last."""


def forgets(entity: str, table: str, forget: Forget) -> None:
    """Says what goes from a table that is no entity with a person, a row of `entity`: at once, whatever else stays."""
    add(FORGETTING, (entity, table), forget)


def people_tables() -> list[str]:
    said = {name for name, declaration in BY_NAME.items() if declaration.personal}
    return sorted(said.union((table for _, table in FORGETTING), BESIDE))


def write_anew(db: Connection) -> bool:
    """Rids SQLite's pages of whoever was forgotten since it was done last; False: nobody was. `db` is in no
    transaction, and used for nothing else."""
    ((gone, done),) = db.run(ASKED, {"name": PAGES_ANEW})
    if gone == done:
        return False
    db.run("PRAGMA foreign_keys=OFF", {})  # the rows are the same afterwards; and a table is emptied page by page
    for table in people_tables():
        with _transaction(db):
            db.run(f"CREATE TEMP TABLE anew AS SELECT * FROM {table}", {})  # noqa: S608 - names of ours
            db.write(f"DELETE FROM {table}", {})  # noqa: S608 - names of ours
            db.write(f"INSERT INTO {table} SELECT * FROM anew ORDER BY rowid", {})  # noqa: S608 - names of ours
            db.run("DROP TABLE anew", {})
    with _transaction(db):
        # log: a counter that is kept beside it
        db.write(
            "INSERT INTO counter (name, value) VALUES (:name, :n) ON CONFLICT (name) DO UPDATE SET value = :n",
            {"name": PAGES_ANEW, "n": gone},
        )
    return True


@contextmanager
def _transaction(db: Connection) -> Iterator[None]:
    db.begin(write=True)
    try:
        yield
        db.commit()
    except BaseException:
        db.rollback()
        raise
