"""One transaction as a handler sees it: entities in and out, statements, and what else the change leaves behind.

A handler is a plain function over a `Tx`: it cannot await, so no network can hide in it. Audit, feed and outbox rows
are gathered here and written by the door in the same transaction (kernel/traces.py).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import orjson

from central.kernel.actor import Actor
from central.kernel.batch import Gathered, Rows, Shared
from central.kernel.db import Connection, Params, Row, in_list
from central.kernel.entity import BY_NAME, CHOSEN, ENTITIES, SUBJECTS, Declaration, E
from central.kernel.keys import Keys
from central.kernel.numbers import stepped
from central.kernel.prints import ABSENT, ANY, COUNTER, OUTBOX, Prints, counter_proved, leave, left
from central.kernel.search_index import remember, spoken_columns
from central.kernel.settings import AS_IT_COMES, Settings
from central.kernel.subjects import People
from central.kernel.versions import COUNTED, TABLES_OF, move, row_of, version
from shared.clock import to_ms
from shared.ids import Id, near_id
from shared.outcome import Ok, Outcome

T = TypeVar("T")
AT_ONCE = 400  # ids in one statement
_if_absent = cache(lambda insert_sql: insert_sql + " ON CONFLICT DO NOTHING")


class Read:
    """A consistent look at the database."""

    __slots__ = ("_db", "_known", "_people", "actor", "keys", "now", "settings", "ways_in_asked")

    def __init__(
        self, db: Connection, actor: Actor, now: datetime, keys: Keys, settings: Settings = AS_IT_COMES
    ) -> None:
        self._db = db
        self.actor = actor
        self.now = now
        self.keys = keys
        self.settings = settings
        self._people: People | None = None
        self._known: dict[Callable[[Read], Any], Any] = {}
        self.ways_in_asked = False  # organisation/access_guard.py sets it: what lets people in may be written then

    @property
    def shard(self) -> int:
        return self._db.shard

    @property
    def people(self) -> People:
        """The keys of those of whom something is said."""
        self._people = self._people or People(self._db, to_ms(self.now))
        return self._people

    @property
    def memory(self) -> dict[str, Any]:
        """This connection's, kept from one transaction to the next: a cache, never the truth."""
        return self._db.memory

    def version(self, name: str) -> int:
        """How often what this number counts has changed (kernel/versions.py)."""
        return version(self._db, name)

    def is_moving(self, name: str) -> bool:  # noqa: ARG002 - a look changes nothing, whatever is asked
        """Whether what this number counts is changed by the very transaction that looks."""
        return False

    def is_new(self, table: str) -> bool:  # noqa: ARG002 - a look writes nothing
        """Whether rows of a table may be gone again when this transaction ends, for it has written them itself."""
        return False

    def run(self, sql: str, /, **params: Any) -> list[Row]:
        return self._db.run(sql, params)

    def one(self, sql: str, /, **params: Any) -> Row | None:
        rows = self._db.run(sql, params)
        return rows[0] if rows else None

    def find(self, kind: type[E], where: str = "", /, **params: Any) -> list[E]:
        """Entities whose row meets `where` (SQL after the table's name: WHERE, ORDER BY, LIMIT)."""
        declaration = ENTITIES[kind]
        return [declaration.entity(row) for row in self._db.run(f"{declaration.select_sql} {where}", params)]

    def get(self, kind: type[E], entity_id: str) -> E | None:
        found = self.find(kind, "WHERE id = :id", id=entity_id)
        return found[0] if found else None

    def once(self, table: str, look: Callable[["Read"], T]) -> T:  # noqa: ARG002 - of whoever writes
        """What `look` finds in a table, looked up once however many rows ask for it."""
        if look not in self._known:
            self._known[look] = look(self)
        found: T = self._known[look]
        return found


class Tx(Read):
    """A `Read` that may write. `due` is what this command gathered, `earlier` what the commands before it did that are
    committed together with it (both are not in the database yet). `late`: the rows that it inserts, where they are
    written with those of others at the end; None: at once. `drawn`: its numbers (numbers.py), where that is so."""

    __slots__ = (
        "_whose", "audit", "command_id", "drawn", "due", "earlier", "feeds", "late", "outbox", "prints", "shared",
        "touched",
    )  # fmt: skip

    def __init__(
        self, db: Connection, actor: Actor, now: datetime, command_id: Id, keys: Keys,
        settings: Settings = AS_IT_COMES, earlier: Gathered | None = None, shared: Shared | None = None,
    ) -> None:  # fmt: skip
        super().__init__(db, actor, now, keys, settings)
        self.command_id = command_id
        self.audit: list[tuple[str, str, str, str]] = []
        self.feeds: dict[str, dict[str, str | None]] = {}
        self.outbox: list[tuple[str, str, int, str | None]] = []
        self._whose: dict[tuple[str, str], Row] = {}  # rows of people, as the audit's entries found them
        self.touched: set[str] = set()
        self.prints: Prints = {}
        self.due: Gathered = {}
        self.earlier: Gathered = {} if earlier is None else earlier
        self.late: Rows | None = None
        self.drawn: dict[str, int] = {}
        self.shared = shared or Shared()

    def version(self, name: str) -> int:
        if self.late is not None and not self._db.locking:
            return self.shared.numbers.now(self._db, row_of(name))
        if name not in self.shared.versions:
            self.shared.versions[name] = version(self._db, name)
        return self.shared.versions[name]

    def is_moving(self, name: str) -> bool:
        tables = TABLES_OF[name]
        return not (tables.isdisjoint(self.touched) and tables.isdisjoint(self.shared.touched))

    def is_new(self, table: str) -> bool:
        return table in self.touched or table in self.shared.touched

    def once(self, table: str, look: Callable[[Read], T]) -> T:
        """The same; anew where this command has written in that table."""
        return look(self) if table in self.touched else super().once(table, look)

    def get_locked(self, kind: type[E], entity_id: str) -> E | None:
        """A row that nobody else changes until the commit, as whoever had it before has left it."""
        found = self.find(kind, f"WHERE id = :id{self._db.locking}", id=entity_id)
        return found[0] if found else None

    def wait_for(self, word: str) -> None:
        """Whoever else waits for this word waits until the commit, and sees then what this command did."""
        self._db.wait_for(word)

    @property
    def tells(self) -> bool:
        """Whether it has done something that is told on: in the audit, to devices, by letter, in a sum, in rows that
        the log proves."""
        return bool(self.audit or self.feeds or self.outbox or self.due or self.prints)

    @property
    def outbox_rows(self) -> list[tuple[Any, ...]]:
        """id, kind, body, due."""
        return [(self.new_id("outbox", n), *row) for n, row in enumerate(self.outbox)]

    @property
    def audit_rows(self) -> list[tuple[str, str, str, str]]:
        """The audit as it is kept: what it says of people is sealed."""
        rows = [self._sealed(*row) if row[3] else row for row in self.audit]
        if self._people:
            self._people.note_use()
        return rows

    def _sealed(self, table: str, row_id: str, action: str, change: str) -> tuple[str, str, str, str]:
        declaration = BY_NAME.get(table)
        if declaration is None or not declaration.personal:
            return table, row_id, action, change
        row = self._whose.get((table, row_id)) or self.run(f"{declaration.select_sql} WHERE id = :id", id=row_id)[0]
        said = orjson.loads(change)
        for each in declaration.personal:
            if each.name in said:
                said[each.name] = [
                    self.people.seal(each.mark, row[each.of], value, self.command_id) for value in said[each.name]
                ]
        return table, row_id, action, orjson.dumps(said).decode()

    def left(self) -> str:
        """The prints of all rows that this command leaves."""
        return left(self.prints, self.feeds, self.outbox_rows)

    def write(self, sql: str, /, **params: Any) -> int:
        """Rows touched by one guarded statement on what the log does not prove (sums, signs of life): rows that it does
        are written by `rewrite` and `remove`, or `rewritten` is told."""
        return self._db.write(sql, params)

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        if rows:
            self._db.write_many(sql, rows)

    def insert(self, entity: E) -> E:
        declaration = ENTITIES[type(entity)]
        self._inserted(declaration, [declaration.row(entity)], late=None)
        return entity

    def insert_row(self, kind: type[E], row: Row) -> None:
        """The same of a row by a `row_maker`, which this command does not read: it may be written `late`."""
        self._inserted(ENTITIES[kind], [row], self.late)

    def insert_all(self, entities: Sequence[E]) -> None:
        if entities:
            declaration = ENTITIES[type(entities[0])]
            self._inserted(declaration, [declaration.row(entity) for entity in entities], late=None)

    def _inserted(self, declaration: Declaration, rows: list[Row], late: Rows | None) -> None:
        self._owned(declaration)
        if late is not None:
            late.setdefault(declaration.name, []).extend(rows)
        elif len(rows) == 1:
            self._db.write(declaration.insert_sql, rows[0])
        else:
            self._db.write_many(declaration.insert_sql, rows)
        self._made(declaration, rows)
        for row in rows:
            self._created(declaration.name, row[0])

    def append(self, records: Sequence[E]) -> None:
        """Rows that are never changed: each is its own history, so the audit does not repeat it."""
        if records:
            declaration = ENTITIES[type(records[0])]
            self._owned(declaration)
            self.append_rows(type(records[0]), [declaration.row(record) for record in records])

    def append_rows(self, kind: type[E], rows: Sequence[tuple[Any, ...]]) -> None:
        """`append`, of rows in the order of the entity's columns: made beside the writer, or by a `row_maker`."""
        if not rows:
            return
        declaration = ENTITIES[kind]
        if self.late is None:
            self._db.write_many(declaration.insert_sql, rows)
        else:
            self.late.setdefault(declaration.name, []).extend(rows)
        self._made(declaration, rows)
        self.touched.add(declaration.name)

    def insert_if_absent(self, entity: E) -> bool:
        """False when a unique index holds the place already: the index is the lock, the caller names the reason."""
        return self.insert_row_if_absent(type(entity), ENTITIES[type(entity)].row(entity))

    def insert_row_if_absent(self, kind: type[E], row: Row) -> bool:
        """The same of a row by a `row_maker`."""
        declaration = ENTITIES[kind]
        self._owned(declaration)
        if self._db.write(_if_absent(declaration.insert_sql), row) == 0:
            return False
        self._made(declaration, [row])
        self._created(declaration.name, row[0])
        return True

    def update(self, before: E, after: E) -> E:
        """Writes what differs; `before` is the entity as it was loaded in this transaction."""
        declaration = ENTITIES[type(after)]
        was, row = declaration.row(before), declaration.row(after)
        pairs = zip(declaration.columns, was, row, strict=True)
        changed = {column.name: (old, new, column) for column, old, new in pairs if old != new}
        if changed:
            if declaration.ways_in and not declaration.ways_in.columns.isdisjoint(changed):
                self._asked(declaration)
            table = declaration.name
            sets = ", ".join(f"{name} = :{name}" for name in changed)
            values = {name: new for name, (_, new, _) in changed.items()}
            self._db.write(f"UPDATE {table} SET {sets} WHERE id = :id", {**values, "id": before.id})  # noqa: S608 - names of ours, values are parameters
            change = {
                name: [old, new] if column.plain else column.told_change(old, new)
                for name, (old, new, column) in changed.items()
            }
            self.rewritten(type(after), [(was, row)])
            self.changed(table, before.id, change)
        return after

    def delete(self, entity: E) -> None:
        declaration = ENTITIES[type(entity)]
        self._owned(declaration)
        self._db.write(f"DELETE FROM {declaration.name} WHERE id = :id", {"id": entity.id})  # noqa: S608 - names of ours, values are parameters
        row = declaration.row(entity)
        self.gone(type(entity), [row])
        self._deleted(declaration, row)
        self._touch(declaration.name, entity.id)

    def _deleted(self, declaration: Declaration, row: Row) -> None:
        pairs = zip(declaration.columns, row, strict=True)
        was = {column.name: [value if column.plain else column.told(value), None] for column, value in pairs}
        self.audit.append((declaration.name, row[0], "deleted", orjson.dumps(was).decode()))

    def _owned(self, declaration: Declaration) -> None:
        if declaration.ways_in and declaration.ways_in.owner:
            self._asked(declaration)

    def _asked(self, declaration: Declaration) -> None:
        if not self.ways_in_asked:
            raise AssertionError(f"{declaration.name} lets people in: ask organisation/access_guard.py, then write it")

    def rewrite(self, kind: type[E], sets: dict[str, Any], where: str, /, **params: Any) -> list[Id]:
        """Sets columns (in the database's form) of all rows that meet `where` (SQL from WHERE on); answers with their
        ids. Not in the audit: whoever wants it there says `changed`."""
        declaration = ENTITIES[kind]
        if declaration.ways_in and not declaration.ways_in.columns.isdisjoint(sets):
            self._asked(declaration)
        rows = self._db.run(f"{declaration.select_sql} {where}", params)
        if not rows:
            return []
        named = {f"set_{name}": value for name, value in sets.items()}
        columns = ", ".join(f"{name} = :set_{name}" for name in sets)
        self._db.write(f"UPDATE {declaration.name} SET {columns} {where}", {**params, **named})  # noqa: S608 - our names
        at = {declaration.names.index(name): value for name, value in sets.items()}
        self.rewritten(kind, [(row, tuple(at.get(n, value) for n, value in enumerate(row))) for row in rows])
        for row in rows:
            self._touch(declaration.name, row[0])
        return [row[0] for row in rows]

    def remove(self, kind: type[E], where: str, /, **params: Any) -> int:
        """Takes away all rows that meet `where`; answers with their number. In the audit only where ids are chosen."""
        declaration = ENTITIES[kind]
        self._owned(declaration)
        columns = ", ".join(declaration.names)
        rows = self._db.run(f"DELETE FROM {declaration.name} {where} RETURNING {columns}", params)  # noqa: S608 - names of ours, values are parameters
        self.gone(kind, rows)
        for row in rows:
            if declaration.name in CHOSEN:
                self._deleted(declaration, row)
            self._touch(declaration.name, row[0])
        return len(rows)

    def rows_of(self, kind: type[E], ids: Sequence[str]) -> dict[str, Row]:
        """Rows as they are in the database, by id: for who writes many with a statement of their own."""
        found: dict[str, Row] = {}
        for first in range(0, len(ids), AT_ONCE):
            inside, params = in_list("id", ids[first : first + AT_ONCE])
            rows = self._db.run(f"{ENTITIES[kind].select_sql} WHERE id IN {inside}", params)
            found.update((row[0], row) for row in rows)
        return found

    def rewritten(self, kind: type[E], rows: Iterable[tuple[Row, Row]]) -> None:
        """Said of rows (before, after) that a statement of one's own has written."""
        declaration = ENTITIES[kind]
        self._moves(declaration.name)
        if declaration.unproved:
            return
        if declaration.personal:
            pairs = list(rows)
            before, after = (self.blinded(declaration, [pair[n] for pair in pairs]) for n in (0, 1))
            rows = zip(before, after, strict=True)
        for was_row, row in rows:
            was, now = declaration.print_of(was_row), declaration.print_of(row)
            if was != now:  # else only what is kept beside the log has changed
                leave(self.prints, declaration.name, row[0], was, now)

    def gone(self, kind: type[E], rows: Iterable[Row]) -> None:
        """Said of rows that a statement of one's own has taken away."""
        declaration = ENTITIES[kind]
        self._moves(declaration.name)
        if declaration.unproved:
            return
        if declaration.personal:
            rows = self.blinded(declaration, list(rows))
        for row in rows:
            leave(self.prints, declaration.name, row[0], declaration.print_of(row), ABSENT)

    def _made(self, declaration: Declaration, rows: Sequence[Row]) -> None:
        if declaration.name in COUNTED:
            self._moves(declaration.name)
        if declaration.name in SUBJECTS:
            self.people.born(declaration.name, [row[0] for row in rows])
        if declaration.unproved:
            return
        if declaration.personal:
            rows = self.blinded(declaration, rows)
        known, print_of = self.prints.setdefault(declaration.name, {}), declaration.print_of
        for row in rows:
            if row[0] in known:
                leave(self.prints, declaration.name, row[0], ABSENT, print_of(row))
            else:
                known[row[0]] = print_of(row)

    def blinded(self, declaration: Declaration, rows: Sequence[Row]) -> list[Row]:
        """Rows that say something about people, as their prints are made of them; whose they are is remembered for the
        audit."""
        self._whose.update(((declaration.name, row[0]), row) for row in rows)
        return self.people.blinded(declaration, rows)

    def _created(self, table: str, entity_id: str) -> None:
        self.audit.append((table, entity_id, "created", ""))
        self._touch(table, entity_id)

    def _touch(self, table: str, entity_id: str) -> None:
        self.touched.add(table)
        if spoken_columns(table):
            self.gather(remember, (table, entity_id))

    def _moves(self, table: str) -> None:
        if counted := COUNTED.get(table):
            self.touched.add(table)
            self.gather(move, counted)

    def changed(self, table: str, entity_id: str, change: dict[str, Any]) -> None:
        """Puts a change made by a statement of one's own into the audit: {field: [before, after]}."""
        assert table in BY_NAME, table
        self.audit.append((table, entity_id, "changed", orjson.dumps(change).decode()))
        self._touch(table, entity_id)
        self._moves(table)

    def feed(self, feed: str, key: str, body: Any) -> None:
        """A row for devices; None takes it away. The last word on a key within a command counts."""
        self.feeds.setdefault(feed, {})[key] = None if body is None else orjson.dumps(body).decode()

    def feed_json(self, feed: str, key: str, body: str | None) -> None:
        """`feed`, of a body that is JSON already."""
        self.feeds.setdefault(feed, {})[key] = body

    def tell(self, kind: str, body: Any, due: datetime | None = None, lane: str | None = None) -> None:
        """Something for the outbox: a loop acts on it after the commit. `lane`: with what it shares its turns. What it
        says of people is `sealed` before."""
        self.outbox.append((kind, orjson.dumps(body).decode(), to_ms(due or self.now), lane))

    def sealed(self, entity: E, name: str, value: Any) -> Any:
        """A value of a column that says something about a person, for the outbox."""
        declaration = ENTITIES[type(entity)]
        mark = declaration.column(name).personal
        assert mark, f"{declaration.name}.{name} says nothing about people"
        return self.people.seal(mark, getattr(entity, mark.of), value, OUTBOX)

    def gather(self, write: Callable[[Connection, list[Any]], None], item: Any) -> None:
        """For a row that every command changes a little: `write` gets the items of the whole transaction at once, right
        before its commit."""
        self.due.setdefault(write, []).append(item)

    def counter(self, name: str, step: int = 1) -> int:
        """The next number of a gap-free series: taken with the transaction, given back with it."""
        if self.late is not None:
            numbers = self.shared.numbers
            value = numbers.first(self._db, name, step) or (self.drawn.get(name) or numbers.now(self._db, name)) + step
            self.drawn[name] = value
        else:
            value = stepped(self._db, name, step)
        if counter_proved(name):
            leave(self.prints, COUNTER, name, str(value - step) if value != step else ABSENT, str(value))
        return value

    def set_counter(self, name: str, value: int) -> None:
        """A counter that says how far something has come."""
        # log: it hears of it by `Tx.set_counter`
        self._db.write(
            "INSERT INTO counter (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
            {"name": name, "value": value},
        )
        leave(self.prints, COUNTER, name, ANY, str(value))

    def new_id(self, *parts: str | int) -> Id:
        """An id that follows from this command, so that running it again makes the same one."""
        return near_id(self.command_id, *parts)

    def attempt(self, act: Callable[[], Outcome[T]]) -> Outcome[T]:
        """Runs a part of a command on its own: if it refuses or raises, it leaves no trace here; the rest can go on."""
        assert self.late is None, "what is written later cannot be undone in parts"
        audit, outbox, touched = len(self.audit), len(self.outbox), set(self.touched)
        feeds = {feed: dict(rows) for feed, rows in self.feeds.items()}
        due = {write: list(items) for write, items in self.due.items()}
        prints = {table: dict(rows) for table, rows in self.prints.items()}
        self._db.savepoint("part")
        done = False
        try:
            outcome = act()
            done = isinstance(outcome, Ok)
        finally:
            if done:
                self._db.release("part")
            else:
                self._db.undo("part")
                del self.audit[audit:], self.outbox[outbox:]
                self.touched, self.feeds, self.due, self.prints = touched, feeds, due, prints
                self._people = None  # whose keys were made in it have none
        return outcome
