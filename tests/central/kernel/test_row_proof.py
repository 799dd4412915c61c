"""Today's tables follow from the log: whatever is written behind the door's back, in any table and any column, is found
and named; what the log does not prove says so, and why."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from orjson import loads

import central.app  # noqa: F401 - every table and every check is declared
from central.audit import SENTENCES, row_sentence
from central.kernel.actor import SYSTEM
from central.kernel.db import Connection
from central.kernel.entity import BY_NAME, METADATA, Declaration, Unproved
from central.kernel.excuses import CHECKED_BY, UNPROVED
from central.kernel.print_adoption import AT_ONCE, older_rows, take_over
from central.kernel.prints import COUNTER, FEED_ROW, OUTBOX, UNPROVED_COUNTERS, leave, parted
from central.kernel.replies import NoEntry
from central.kernel.row_proof import RowFault, RowProof, WrongRow, prove_rows, proved_tables
from central.kernel.traces import Traces
from central.kernel.tx import Read, Tx
from central.orders.ops import ReissueTicket
from central.organisation.model import Operator
from central.selling.model import Channel
from shared.clock import to_ms
from shared.ids import Id, derived_id
from shared.outcome import Outcome, Refused
from tests.central.lives import said
from tests.central.said import asked, modules, owned, text_of
from tests.central.small_house import NOW, Clerk, House, new_id

pytestmark = pytest.mark.behind_the_door
CHANGED, REMOVED, INSERTED = WrongRow.CHANGED, WrongRow.REMOVED, WrongRow.INSERTED
OVERWRITTEN, DOES_NOT_FIT = WrongRow.OVERWRITTEN, WrongRow.DOES_NOT_FIT


def proof_of(clerk: Clerk, tables: set[str] | None = None) -> RowProof:
    return prove_rows(Read(clerk.db, SYSTEM, NOW, clerk.door.keys), tables=tables)


def found(clerk: Clerk, *tables: str) -> set[tuple[WrongRow, str, str]]:
    return {(each.what, each.table, each.row_id) for each in proof_of(clerk, set(tables) or None).faults}


def by_a_command(clerk: Clerk, act: Callable[[Tx], object], turn_back_us: int = 0) -> Id:
    """Lets a command do this, as the door would."""
    traces, command = Traces(), new_id()
    clerk.db.begin(write=True)
    tx = Tx(clerk.db, SYSTEM, NOW, command, clerk.door.keys)
    act(tx)
    traces.log(command, to_ms(NOW), "system:test", "", "test", None, "", "{}", "+null", tx.left())
    traces.gather(tx)
    traces.write(clerk.db)
    if turn_back_us:
        clerk.db.write("UPDATE command_log SET turn = turn - :us WHERE id = :id", {"us": turn_back_us, "id": command})
    clerk.db.commit()
    return command


@contextmanager
def undone(db: Connection) -> Iterator[None]:
    db.begin(write=True)
    try:
        yield
    finally:
        db.rollback()


# --- every table, every column ---------------------------------------------------------------------------------------


def test_every_table_is_proved_or_says_why_not() -> None:
    """A new table is one of the two by its declaration; there it says why, and what checks it instead."""
    proved = set(proved_tables())
    excused = set(UNPROVED) | {name for name, each in BY_NAME.items() if each.unproved}
    assert proved | excused == set(METADATA.tables) and not proved & excused
    whys = {name: UNPROVED[name].why if name in UNPROVED else BY_NAME[name].unproved for name in excused}
    assert {name for name, why in whys.items() if len(str(why)) <= 15} == set()


def unproved_columns() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, declaration in BY_NAME.items():
        for column in declaration.columns:
            if any(isinstance(mark, Unproved) for mark in column.marks):
                found.setdefault(name, set()).add(column.name)
    return found


def test_columns_beside_the_log_say_why() -> None:
    whys = {
        (name, column.name): mark.why
        for name, declaration in BY_NAME.items()
        for column in declaration.columns
        for mark in column.marks
        if isinstance(mark, Unproved)
    }
    assert {where for where, why in whys.items() if len(why) <= 15} == set() and whys
    assert set(CHECKED_BY) <= set(unproved_columns()), "what is checked there is kept beside the log"


def value_of(declaration: Declaration, n: int, other: int) -> Any:
    """A value that this column may hold; another for another `other`."""
    column = declaration.columns[n]
    if column.name == "id":
        return derived_id("row", declaration.name, other)
    hint = column.hint
    base = getattr(hint, "__supertype__", hint)
    if isinstance(base, type) and issubclass(base, StrEnum):
        return str(list(base)[other % len(list(base))])
    if base is bool:
        return other % 2
    if base is int or base is datetime:
        return 7 + other
    if base is float:
        return 5 + other  # comes back as 5.0
    if base is str:
        return f"text {other}"
    return f'{{"fr": "Nom {other}"}}'


def synthetic(declaration: Declaration, other: int) -> tuple[Any, ...]:
    return tuple(value_of(declaration, n, other) for n in range(len(declaration.columns)))


ENTITIES = [name for name in proved_tables() if name in BY_NAME]


@pytest.fixture
def one_of_each(quick: tuple[Clerk, House]) -> Clerk:
    """The house, and in every table a row that a command made, whatever it means."""
    clerk, _ = quick
    clerk.db.run("PRAGMA foreign_keys=OFF", {})

    def make(tx: Tx) -> None:
        for name in ENTITIES:
            tx.append_rows(BY_NAME[name].kind, [synthetic(BY_NAME[name], 1)])
        tx.feed("tickets/here", "one", {"serial": 1})
        tx.tell("mail", {"to": "somebody"})
        tx.counter("ticket/HOUSE")

    by_a_command(clerk, make)
    return clerk


@pytest.mark.parametrize("table", ENTITIES)
def test_a_row_of_any_entity_changed_in_any_column_taken_away_or_put_in_is_named(
    one_of_each: Clerk, table: str
) -> None:
    clerk, declaration = one_of_each, BY_NAME[table]
    row_id = derived_id("row", table, 1)
    before = found(clerk, table)
    assert not {each for each in before if each[0] is not DOES_NOT_FIT}
    for n, column in enumerate(declaration.columns):
        if column.name == "id" or column.name in unproved_columns().get(table, ()):
            continue
        now, other = value_of(declaration, n, 1), value_of(declaration, n, 2)
        for value in [other if other != now else "no word of it", *([None] if column.nullable else [])]:
            with undone(clerk.db):
                clerk.db.write(f"UPDATE {table} SET {column.name} = :v WHERE id = :id", {"v": value, "id": row_id})
                assert (CHANGED, table, row_id) in found(clerk, table), column.name
    with undone(clerk.db):
        clerk.db.write(f"DELETE FROM {table} WHERE id = :id", {"id": row_id})
        assert (REMOVED, table, row_id) in found(clerk, table)
    with undone(clerk.db):
        clerk.db.write(declaration.insert_sql, synthetic(declaration, 2))
        assert (INSERTED, table, derived_id("row", table, 2)) in found(clerk, table)
    assert found(clerk, table) == before


KERNELS = {
    COUNTER: (
        "ticket/HOUSE", "name = 'ticket/HOUSE'", {"value": 99}, "INSERT INTO counter VALUES ('put in', 1)", "put in",
    ),
    FEED_ROW: (
        "tickets/here one", "feed = 'tickets/here'", {"body": "{}", "key": "two", "feed": "tickets/there"},
        "INSERT INTO feed_row VALUES ('tickets/here', 'x', 9, '{}')", "tickets/here x",
    ),
    OUTBOX: (
        "", "kind = 'mail'", {"kind": "bell", "body": "{}"},
        "INSERT INTO outbox SELECT 'X', kind, body, due, tries, state, last_error, NULL, NULL FROM outbox LIMIT 1", "X",
    ),
}  # fmt: skip


@pytest.mark.parametrize("table", KERNELS)
def test_so_is_a_row_of_the_kernels_own(one_of_each: Clerk, table: str) -> None:
    clerk = one_of_each
    row_id, where, sets, insert, put_in = KERNELS[table]
    row_id = row_id or clerk.rows("SELECT id FROM outbox WHERE kind = 'mail'")[0][0]
    assert found(clerk, table) == set()
    for column, value in sets.items():
        with undone(clerk.db):
            clerk.db.write(f"UPDATE {table} SET {column} = :v WHERE {where}", {"v": value})
            assert {each[1:] for each in found(clerk, table)} >= {(table, row_id)}, column
    with undone(clerk.db):
        clerk.db.write(f"DELETE FROM {table} WHERE {where}", {})
        assert (REMOVED, table, row_id) in found(clerk, table)
    with undone(clerk.db):
        clerk.db.write(insert, {})
        assert (INSERTED, table, put_in) in found(clerk, table)
    assert set(KERNELS) == set(proved_tables()) - set(BY_NAME)


WORKED_OUT = {
    "found": "UPDATE found SET words = ' else ' WHERE entity = 'event'",
    "feed_head": "UPDATE feed_head SET revision = revision - 1",
    "subject_key": "UPDATE subject_key SET due = 1",
} | said("WORKED_OUT")


def test_what_checks_a_table_is_tried() -> None:
    """A new check: a statement that makes rows wrong stands in WORKED_OUT of the area's `lives.py`."""
    assert WORKED_OUT.keys() == {name for name, each in UNPROVED.items() if each.check} | set(CHECKED_BY)


@pytest.mark.parametrize("table", sorted(WORKED_OUT))
def test_what_is_worked_out_is_worked_out_again(quick: tuple[Clerk, House], table: str) -> None:
    clerk, house = quick
    clerk.do(house.order(house.seats[0], house.seats[1]))
    clerk.db.run("PRAGMA foreign_keys=OFF", {})
    device = BY_NAME["device"]
    made = dict(zip(device.names, synthetic(device, 1), strict=True)) | {"contiguous": 0, "head": ""}
    by_a_command(clerk, lambda tx: tx.insert(device.entity(tuple(made.values()))))
    assert found(clerk) == set()
    clerk.db.write(WORKED_OUT[table], {})
    assert {each[:2] for each in found(clerk, table)} == {(DOES_NOT_FIT, table)}


def test_a_gauges_sum_is_added_up_again(quick: tuple[Clerk, House]) -> None:
    clerk, _ = quick
    clerk.db.write("UPDATE gauge SET taken = taken + 1", {})
    assert {each[:2] for each in found(clerk)} == {(DOES_NOT_FIT, "place_count")}


# --- what commands do ------------------------------------------------------------------------------------------------


def test_named_by_the_adversary(clerk: Clerk, house: House) -> None:
    """On either database: serials, keys, prices, moves, an order skimmed to nothing everywhere."""
    clerk.do(house.order(house.seats[0], house.seats[1]))
    assert found(clerk) == set()
    for table, sets in (
        ("ticket", "serial = 9"), ("operator", "key_digest = 'mine'"), ("price", "amount = 1"), ("move", "amount = 0"),
        ("sale_order", "total = 0"), ("order_line", "price = 0"), ("payment", "amount = 0"),
    ):  # fmt: skip
        with undone(clerk.db):
            rows = clerk.rows(f"SELECT id FROM {table}")
            clerk.db.write(f"UPDATE {table} SET {sets}", {})
            assert {(CHANGED, table, row[0]) for row in rows} <= found(clerk), table


def test_a_change_that_a_command_writes_over_stays_found(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick

    def renamed(tx: Tx) -> None:
        before = tx.get(Operator, house.admin)
        assert before
        tx.update(before, replace(before, name="Anna B"))

    clerk.db.write("UPDATE operator SET key_digest = 'mine' WHERE id = :id", {"id": house.admin})
    by_a_command(clerk, renamed)
    (fault, *_) = proof_of(clerk).faults
    assert {(each.table, each.row_id) for each in proof_of(clerk).faults} == {("operator", house.admin)}
    assert OVERWRITTEN in {each.what for each in proof_of(clerk).faults} and fault.seq


def test_what_was_there_may_come_back_only_by_a_command(quick: tuple[Clerk, House]) -> None:
    """An older state of a row is as wrong as any other."""
    clerk, house = quick
    entitlement = clerk.do(house.order(house.seats[0]))["tickets"][0]["ticket_id"]
    (before,) = clerk.rows("SELECT id, serial, token FROM ticket")
    clerk.do(ReissueTicket(entitlement_id=entitlement, context_id=house.organiser))
    assert found(clerk) == set()
    rows = clerk.rows("SELECT id FROM ticket ORDER BY serial")
    clerk.db.write("DELETE FROM ticket WHERE id = :id", {"id": rows[-1][0]})
    assert (REMOVED, "ticket", rows[-1][0]) in found(clerk) and before[0]


def test_a_refused_command_and_a_part_that_failed_leave_no_print(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    clerk.no(replace(house.order(house.seats[0]), amount=1))

    def half(tx: Tx) -> None:
        channel = tx.find(Channel)[0]

        def fails() -> Outcome[None]:
            tx.update(channel, replace(channel, active=False))
            raise ValueError

        def refuses() -> Outcome[None]:
            tx.update(channel, replace(channel, active=False))
            return Refused(NoEntry.NOT_YOURS)

        with pytest.raises(ValueError):
            tx.attempt(fails)
        assert tx.attempt(refuses) == Refused(NoEntry.NOT_YOURS)
        assert tx.find(Channel)[0].active

    by_a_command(clerk, half)
    assert found(clerk) == set()


def test_two_changes_in_one_command_are_one(quick: tuple[Clerk, House]) -> None:
    clerk, _ = quick

    def twice(tx: Tx) -> None:
        channel = tx.find(Channel, "ORDER BY id")[0]
        off = tx.update(channel, replace(channel, active=False))
        tx.update(off, replace(off, active=True, max_places=3))
        made = tx.insert(replace(channel, id=new_id(), code="TWICE"))
        tx.delete(made)

    command = by_a_command(clerk, twice)
    assert found(clerk) == set()
    ((prints,),) = clerk.rows("SELECT prints FROM command_prints WHERE command_id = :id", id=command)
    assert len(loads(prints)["channel"]) == 1


@pytest.mark.parametrize(
    ("steps", "entry"),
    [
        ([("", "a")], "a"),
        ([("a", "b")], "a>b"),
        ([("a", "b"), ("b", "c")], "a>c"),
        ([("", "a"), ("a", "b")], "b"),
        ([("", "a"), ("a", "")], None),
        ([("a", "")], "a>"),
        ([("a", ""), ("", "b")], "a>b"),
        ([("?", "b"), ("?", "c")], "?>c"),
    ],
)
def test_what_an_entry_says(steps: list[tuple[str, str]], entry: str | None) -> None:
    prints: dict[str, dict[str, str]] = {}
    for before, after in steps:
        leave(prints, "t", "x", before, after)
    assert prints["t"].get("x") == entry
    if entry:
        assert parted(entry) == (steps[0][0], steps[-1][1])


def test_clocks_that_disagree_are_no_fault(quick: tuple[Clerk, House]) -> None:
    """Two processes on one PostgreSQL: the second change of a row stands before the first in the log."""
    clerk, _ = quick

    def to(places: int) -> Callable[[Tx], object]:
        def act(tx: Tx) -> object:
            channel = tx.find(Channel, "ORDER BY id")[0]
            return tx.update(channel, replace(channel, max_places=places))

        return act

    by_a_command(clerk, to(3))
    by_a_command(clerk, to(5), turn_back_us=10**9)
    by_a_command(clerk, to(7), turn_back_us=2 * 10**9)
    assert found(clerk) == set()


# --- rows from before ------------------------------------------------------------------------------------------------


def older(clerk: Clerk) -> None:
    """As a house looks after the update: its log says nothing of what it left."""
    clerk.db.write("DELETE FROM command_prints", {})


async def test_rows_from_before_are_taken_over_once(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0], house.seats[1]))
    older(clerk)
    said = proof_of(clerk)
    assert (said.faults, said.since) == ((), 0) and said.older == said.rows > 0
    clerk.do(house.order(house.seats[2]))
    proof = proof_of(clerk)
    assert (
        proof.faults == ()
        and 0 < proof.older < proof.rows
        and proof.since == len(clerk.rows("SELECT 1 FROM command_log"))
    )
    door = clerk.door
    door.start()
    try:
        assert older_rows(Read(clerk.db, SYSTEM, NOW, door.keys))
        assert await take_over(door) > len(proved_tables())
        assert await take_over(door) == 0
    finally:
        door.stop()
    proof = proof_of(clerk)
    assert (proof.faults, proof.older) == ((), 0)
    clerk.db.write("UPDATE price SET amount = amount + 1", {})
    clerk.db.write("DELETE FROM counter WHERE name = 'rows taken over'", {})
    assert {each[1] for each in found(clerk)} == {"price", "counter"}


async def test_what_was_changed_meanwhile_is_not_taken_over(clerk: Clerk, house: House) -> None:
    older(clerk)
    clerk.do(house.order(house.seats[0]))
    (row,) = clerk.rows("SELECT id FROM sale_order")
    clerk.db.write("UPDATE sale_order SET total = 0", {})
    clerk.door.start()
    await take_over(clerk.door)
    clerk.door.stop()
    assert (CHANGED, "sale_order", row[0]) in found(clerk)


def test_more_rows_than_fit_into_one_piece(quick: tuple[Clerk, House]) -> None:
    clerk, _ = quick
    by_a_command(clerk, lambda tx: [tx.feed("f", f"{n:05}", n) for n in range(2 * AT_ONCE + 3)])
    assert found(clerk) == set()
    clerk.db.write("UPDATE feed_row SET body = 'x' WHERE key = :key", {"key": f"{2 * AT_ONCE:05}"})
    assert found(clerk) == {(CHANGED, FEED_ROW, f"f {2 * AT_ONCE:05}")}


# --- told ------------------------------------------------------------------------------------------------------------


def test_every_word_has_its_sentence() -> None:
    for what in WrongRow:
        said = row_sentence(RowFault(what, "ticket", "X", 12, "why"))
        assert said.startswith("ticket X: ") and ("12" in said or what is DOES_NOT_FIT)
    assert not {str(what) for what in WrongRow} & {"unsealed", "forged"} and SENTENCES


# --- nothing goes round it -------------------------------------------------------------------------------------------

WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+([a-z_]+|\{\w+\})")


def test_no_statement_writes_a_proved_table_past_the_log() -> None:
    """Or it says beside it how the log hears of it, or that it need not (`# log: …`)."""
    proved = set(proved_tables())
    assert asked("log", lambda _, node: bool(proved.intersection(WRITES.findall(text_of(node, "{x}")))))
    named = {
        file
        for file, (_, tree) in modules().items()
        for _, node in owned(file, tree)
        if any(table.startswith("{") for table in WRITES.findall(text_of(node, "{x}")))
    }
    assert named == {
        "kernel/tx.py", "kernel/entity.py",  # insert, update, delete, rewrite, remove
        "kernel/people_tables.py",  # the same rows, on other pages
        "kernel/old_schemas.py",  # a house of before, rebuilt whole before anybody opens it
        "venues/plan_tables.py",  # Tx.rewritten
    }  # fmt: skip
    assert set(UNPROVED_COUNTERS) == {
        "feeds begun", "log sealed", "people written anew", "resets asked for", "test commit", "version/",
    }  # fmt: skip


# The columns that are among every print. One that comes with a later version has a default (a dataclass's own), so that
# it changes no print of before; then it is not listed here. What was renamed stands here under its first name, as it
# does in the prints. docs/history.md, "When a table changes".
def test_a_print_of_before_is_one_of_today() -> None:
    lines = (Path(__file__).parent / "printed_columns.txt").read_text().splitlines()
    said = dict(line.split(": ") for line in lines if not line.startswith("#"))
    now = {(*each.was, each.name)[0]: " ".join(fixed_columns(each)) for each in map(BY_NAME.__getitem__, ENTITIES)}
    gone = {name: columns for name, columns in said.items() if now.get(name) != columns}
    assert gone == {}, "give a new field a default; a column that goes or changes its place changes old prints"
    assert set(now) == set(said), "write a new table's columns down in printed_columns.txt"


def fixed_columns(declaration: Declaration) -> list[str]:
    defaults = {
        name for name, each in declaration.kind.__dataclass_fields__.items()
        if not (each.default is MISSING and each.default_factory is MISSING)
    }  # fmt: skip
    beside = unproved_columns().get(declaration.name, set())
    return [(*each.was, each.name)[0] for each in declaration.columns if each.name not in defaults | beside]
