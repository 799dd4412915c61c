"""What is kept beside the log and not proved by it (row_proof.py): each table and column says why, and what checks it
instead."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from central.kernel.entity import BY_NAME
from central.kernel.search_index import line, spoken_columns
from central.kernel.tx import Read
from shared.clock import from_ms, to_ms
from shared.registries import add

LATE = timedelta(days=2)
AT_ONCE = 2000
NOTHING = line({})  # a thing that says nothing needs no line: letters from before they kept an address

Check = Callable[[Read], Iterable[tuple[str, str]]]
"""Rows of a table that are not what they must be: (id, why)."""


@dataclass(frozen=True, slots=True)
class Excuse:
    """A table that the log does not prove, why, and what checks it instead; None: nothing need."""

    why: str
    check: Check | None


UNPROVED: dict[str, Excuse] = {
    "command_log": Excuse("proved by its chain (kernel/log_proof.py)", None),
    "command_prints": Excuse("proved with the log (kernel/log_proof.py)", None),
    "audit": Excuse("proved with the log (kernel/log_proof.py)", None),
    "audit_checkpoint": Excuse("signed (kernel/log_proof.py)", None),
    "house_key": Excuse("compared with the house's root at every start and proof (central/house_keys.py)", None),
    "schema_made": Excuse("compared with the tables at every start (kernel/schema.py)", None),
    "door_tally": Excuse("numbers for an operator's eyes, of what left no row in the log", None),
}


def unproved(table: str, why: str, check: Check | None = None) -> None:
    """Says that a table is kept beside the log."""
    add(UNPROVED, table, Excuse(why, check))


CHECKED_BY: dict[str, Check] = {}
"""Tables with columns that are kept beside the log (entity.Unproved) → what checks these."""


def worked_out(read: Read, table: str) -> Iterator[tuple[str, str]]:
    """What the checks say of a table, or of columns of it, that are kept beside the log."""
    excuse = UNPROVED.get(table)
    for check in (excuse.check if excuse else None, CHECKED_BY.get(table)):
        if check:
            yield from check(read)


def _wrong_heads(read: Read) -> Iterator[tuple[str, str]]:
    """No row of a feed is newer than its head, and no two rows are one revision: else devices would miss rows."""
    for feed, revision, newest in read.run(
        "SELECT h.feed, h.revision, MAX(r.revision) FROM feed_head h JOIN feed_row r ON r.feed = h.feed "
        "GROUP BY h.feed, h.revision HAVING MAX(r.revision) > h.revision ORDER BY h.feed"
    ):
        yield feed, f"its head is {revision}, its newest row {newest}"
    # house: a figure for whoever may see the whole house; nothing is refused by it
    for feed, rows, revisions in read.run(
        "SELECT feed, COUNT(*), COUNT(DISTINCT revision) FROM feed_row GROUP BY feed "
        "HAVING COUNT(*) <> COUNT(DISTINCT revision) ORDER BY feed"
    ):
        yield feed, f"{rows} rows have {revisions} revisions"
    for (feed,) in read.run(
        "SELECT DISTINCT r.feed FROM feed_row r LEFT JOIN feed_head h ON h.feed = r.feed WHERE h.feed IS NULL"
    ):
        yield feed, "its head is gone"


def _wrong_lines(read: Read) -> Iterator[tuple[str, str]]:
    """What things are found by follows from their rows."""
    for table in sorted(BY_NAME):
        if not spoken_columns(table):
            continue
        columns = ", ".join(f"t.{name}" for name in spoken_columns(table))
        last = ""
        while rows := read.run(
            f"SELECT t.id, f.words, {columns} FROM {table} t "  # noqa: S608 - names of ours
            "LEFT JOIN found f ON f.entity = :table AND f.entity_id = t.id WHERE t.id > :last ORDER BY t.id LIMIT :n",
            table=table, last=last, n=AT_ONCE,
        ):  # fmt: skip
            for row_id, words, *values in rows:
                if (words or NOTHING) != line(dict(zip(spoken_columns(table), values, strict=True))):
                    yield f"{table} {row_id}", "is not found by what its row says"
            last = rows[-1][0]
        for (row_id,) in read.run(
            f"SELECT f.entity_id FROM found f LEFT JOIN {table} t ON t.id = f.entity_id "  # noqa: S608 - names of ours, values are parameters
            "WHERE f.entity = :table AND t.id IS NULL ORDER BY 1",
            table=table,
        ):
            yield f"{table} {row_id}", "is found, and not there"


def _overdue(read: Read) -> Iterator[tuple[str, str]]:
    """Whose duty has ended is forgotten within the day."""
    # clock: it shows or measures, and decides about nothing that waits
    for subject, kind, due in read.run(
        "SELECT subject, kind, due FROM subject_key WHERE due < :late AND key IS NOT NULL ORDER BY subject, kind",
        late=to_ms(read.now - LATE),
    ):
        yield f"{subject} {kind}", f"should have been destroyed on {from_ms(due).date().isoformat()}"


unproved("subject_key", "chance: the prints of the rows that a key blinds fit no other", _overdue)
unproved("feed_head", "follows from the feeds' rows", _wrong_heads)
unproved("found", "follows from the rows that are looked for", _wrong_lines)
