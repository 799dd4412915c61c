"""The one door: every change of central's data goes through `execute`, and leaves a log row, its audit and its feeds.

Asynchronous outside, synchronous inside. On SQLite one thread writes for all who wait and commits them together
(sqlite_writer.py); on PostgreSQL the same handlers run in a small pool of threads, SERIALIZABLE, repeated whole when
the database cannot order them (postgres_writers.py). A database that does not serve is a refusal too, with its name
(trouble.py): of a command as its answer, of a look as `Unavailable`. Figures: docs/performance.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Any, TypeVar

import orjson

from central.kernel.asked import Job, job_beside, job_of
from central.kernel.db import UNFIT, Connection, Database, is_read_only
from central.kernel.entity import Declaration
from central.kernel.keys import Keys
from central.kernel.outage import Outage
from central.kernel.postgres_writers import PostgresWriters
from central.kernel.privileges import nodes
from central.kernel.reach import PathOf, Reaching, hidden, nothing_like
from central.kernel.readers import Readers
from central.kernel.registry import COMMANDS, Handler, handler_of
from central.kernel.scope import home
from central.kernel.sqlite_writer import SqliteWriter
from central.kernel.traces import Given, Traces
from central.kernel.trouble import Unavailable
from central.kernel.tx import AS_IT_COMES, Actor, ActorKind, Read, Settings, Tx
from central.kernel.values import Fault
from central.kernel.worded import worded
from central.kernel.work import Work, Writers, committed
from shared.clock import to_ms
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.runtime.metrics import counter
from shared.runtime.tasks import Standing

T = TypeVar("T")
DONE = counter(
    "parterre_commands_total", "Commands that came to the door, by how they ended; repeats and dry runs too.",
    command=lambda: COMMANDS, outcome=("ok", "refused", "unavailable", "broken"),
)  # fmt: skip


class NoEntry(StrEnum):
    """Why the door itself refuses, in order."""

    FAULTY = auto()  # a sign that nobody sees in a text
    NOT_ALLOWED = auto()
    NOT_YOURS = auto()  # something outside of the asker's perimeter
    ID_REUSED = auto()
    DOES_NOT_FIT = auto()  # an id that is there already or names nothing, a number out of bounds


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and its JSON as stored with the command: a repeat gives the same bytes. `would` is what a dry run would
    have left in the audit: (entity, id, action, change as JSON)."""

    ok: bool
    body: bytes
    repeated: bool = False
    would: tuple[tuple[str, str, str, str], ...] = ()

    @property
    def outcome(self) -> Outcome[Any]:
        """The answer as a value; what was a dataclass comes as a dict."""
        said = orjson.loads(self.body)
        return Ok(said) if self.ok else Refused(said["reason"], said["fix"], said["detail"])


def reply_to(outcome: Outcome[Any]) -> Reply:
    if isinstance(outcome, Ok):
        return Reply(True, orjson.dumps(outcome.value))
    return Reply(False, orjson.dumps({"reason": outcome.reason, "fix": outcome.fix, "detail": outcome.detail}))


def _not_allowed(needs: str, command: Any) -> Refused:
    """A place that is not there and one of somebody else are answered alike: `at` is what the asker said."""
    return Refused(NoEntry.NOT_ALLOWED, fix=needs, detail={"at": getattr(command, "context_id", "")})


def _stored(answer: str) -> Reply:
    return Reply(answer[0] == "+", answer[1:].encode(), repeated=True)


def _faulty(faults: list[Fault]) -> Reply:
    return reply_to(Refused(NoEntry.FAULTY, fix=faults[0]["at"], detail={"faults": faults}))


def _unfit(fault: Exception) -> Reply:
    return reply_to(Refused(NoEntry.DOES_NOT_FIT, detail={"why": str(fault).partition("\n")[0]}))


@dataclass(frozen=True, slots=True)
class Told:
    """Which feeds and tables (or finer marks) a command touched: whom to wake."""

    feeds: frozenset[str]
    marks: frozenset[str]


NOTHING = Told(frozenset(), frozenset())


class Door:
    def __init__(
        self, database: Database, clock: Callable[[], datetime], path_of: PathOf, keys: Keys,
        settings: Settings = AS_IT_COMES,
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._path_of = path_of
        self.keys = keys
        self.settings = settings
        self._reaching = Reaching(self._path)
        self._paths: dict[str, tuple[str, ...]] = {}  # a context never moves, so a path once read stays true
        self._listeners: list[Callable[[frozenset[str], frozenset[str]], None]] = []
        told, self._readers = self._told, Readers(database)
        self._writers: Writers = (
            SqliteWriter(database, told) if database.is_sqlite else PostgresWriters(database, told, self._readers.lines)
        )
        self._open = False

    # --- life -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Call it in the running loop."""
        self._open = True
        self._writers.start()

    def stop(self) -> None:
        """Finishes what waits, then closes every connection."""
        self._open = False
        self._writers.stop()
        self._readers.stop()

    @property
    def standings(self) -> tuple[Standing, ...]:
        """How the threads stand that keep the database."""
        return self._writers.standings

    @property
    def outages(self) -> tuple[Outage, Outage]:
        """What is wrong with the database for commands, and for looks."""
        return self._writers.outage, self._readers.outage

    @property
    def waiting(self) -> tuple[int, int]:
        """How many commands and how many looks wait or run."""
        return self._writers.waiting, self._readers.waiting

    def on_commit(self, listener: Callable[[frozenset[str], frozenset[str]], None]) -> None:
        """`listener(feeds, marks)` is called in the loop after each commit: a bell for loops, never a decision."""
        self._listeners.append(listener)

    # --- change -----------------------------------------------------------------------------------------------------

    async def execute(self, actor: Actor, command: Any, command_id: Id, *, dry_run: bool = False) -> Reply:
        """Runs a command and answers after its commit. `dry_run` takes the same way and is rolled back. A database that
        does not serve is a refusal, which leaves nothing: the same command may be sent again with its id."""
        try:
            return await self.act(actor, command, command_id, dry_run=dry_run)
        except Unavailable as trouble:
            return reply_to(trouble.refused)

    async def act(self, actor: Actor, command: Any, command_id: Id, *, dry_run: bool = False) -> Reply:
        """As `execute`, for loops: fails with `Unavailable`, so that they wait and come back."""
        assert self._open, "the door is not open"
        how = "broken"
        try:
            reply = await self._acted(actor, command, command_id, dry_run)
            how = "ok" if reply.ok else "refused"
        except Unavailable:
            how = "unavailable"
            raise
        finally:
            DONE.add(command=handler_of(type(command)).name, outcome=how)
        return reply

    async def _acted(self, actor: Actor, command: Any, command_id: Id, dry_run: bool) -> Reply:
        command, faults = worded(command)
        if faults:
            return _faulty(faults)
        job = await job_beside(actor, command, command_id, dry_run=dry_run)
        if turned_away := await self._turned_away(job):
            return turned_away
        reply: Reply = (await self._writers.do(self._work(job)))[0]
        return reply

    def _work(self, job: Job) -> Work:
        return Work(
            job.handler.name,
            lambda db, traces: self._run(db, job, traces),
            lambda db, traces: traces.look_up(db, job.command_id),
            getattr(job.command, "in_line", ""),
        )

    async def chore(self, act: Callable[[Connection], T]) -> T:
        """What keeps the log itself in order (kernel/chain.py), written where commands are, and leaving no log row: the
        house's own data is never changed in this way. Fails with whatever `act` fails with."""
        assert self._open, "the door is not open"

        def alone(db: Connection, _: Traces) -> T:
            db.savepoint()
            done = act(db)
            db.release()
            return done

        done: T = await self._writers.do(Work("chore", alone, apart=True))
        return done

    def execute_now(self, db: Connection, actor: Actor, command: Any, command_id: Id) -> Reply:
        """The same way through, at once and in this thread: for the simulation, which owns its connection."""
        command, faults = worded(command)
        if faults:
            return _faulty(faults)
        done = self._committed(db, job_of(actor, command, command_id))
        self._told([done])
        return done[0]

    def _committed(self, db: Connection, job: Job) -> tuple[Reply, Told]:
        done: tuple[Reply, Told] = committed(db, self._work(job))
        return done

    # --- one command ------------------------------------------------------------------------------------------------

    def _run(self, db: Connection, job: Job, traces: Traces) -> tuple[Reply, Told]:
        """Rights, repeat, handler in a savepoint; log, audit, feeds and outbox are for `traces`. Whoever may not, and
        what everybody may ask and is refused, leaves no row: a stranger could fill the disk with them."""
        given = traces.given(db, job.command_id)
        if given and given.actor != job.actor.label and job.actor.kind is ActorKind.SYSTEM:
            return self._run(db, self._under_another_id(job), traces)
        handler, now = job.handler, self._clock()
        db.savepoint()
        tx = Tx(db, job.actor, now, job.command_id, self.keys, self.settings)
        tx.earlier = traces.due
        place, early = self._entered(db, tx, job, given, traces)
        if early:
            db.undo()
            return early, NOTHING
        outcome = self._handled(tx, job, place)
        if isinstance(outcome, Refused):
            db.undo()  # a refusal after a write leaves no trace
            if handler.needs is None:
                return reply_to(outcome), NOTHING
            db.savepoint()
            tx = Tx(db, job.actor, now, job.command_id, self.keys, self.settings)
        reply = reply_to(outcome)
        if job.dry_run:
            db.undo()
            return replace(reply, would=tuple(tx.audit)), NOTHING
        db.release()
        answer = ("+" if reply.ok else "-") + reply.body.decode()
        said = job.said if reply.ok else job.said_refused
        at, who = to_ms(now), job.actor
        traces.log(job.command_id, at, who.label, who.origin, handler.name, place, job.digest, said, answer)
        traces.gather(tx)
        return reply, Told(frozenset(tx.feeds), frozenset(tx.touched))

    def _entered(
        self, db: Connection, tx: Tx, job: Job, given: Given | None, traces: Traces
    ) -> tuple[str | None, Reply | None]:
        """Where it acts, and what is answered without asking the handler. A stored answer is for whoever gave the
        command, as long as they hold the right where it acted; what it acted on may be gone by now. All others are
        asked for their rights as if the id were new, and learn nothing but that it is not."""
        own = given is not None and job.proves_who and given.actor == job.actor.label
        if given and own and given.digest == job.digest:
            refused = self._lacking(tx, job.handler, given.place, job.command)
            return None, reply_to(refused) if refused else _stored(traces.answer(db, job.command_id))
        try:
            place, refused = self._allowed(tx, job.handler, job.command)
        except UNFIT as fault:
            return None, _unfit(fault)
        if refused is None and given:
            refused = Refused(NoEntry.ID_REUSED)
        if refused is None and not job.digest:
            refused = Refused(NoEntry.DOES_NOT_FIT, detail={"why": "a number that no column holds"})
        return place, reply_to(refused) if refused else None

    def _handled(self, tx: Tx, job: Job, place: str | None) -> Outcome[Any]:
        try:
            return self._reached(tx, job.handler, place, job.command)
        except UNFIT as fault:
            return _unfit(fault).outcome

    def _under_another_id(self, job: Job) -> Job:
        """The ids of central's loops follow from what they are for, so somebody could give a command of theirs under
        one beforehand, and the loop's would never be done. The key makes this one known to central alone."""
        own = derived_id("central's own", self.keys.signer.key.sign(job.command_id.encode()).hex())
        return replace(job, command_id=own)

    # --- rights -----------------------------------------------------------------------------------------------------

    def _allowed(self, read: Read, handler: Handler, command: Any) -> tuple[str | None, Refused | None]:
        """The context in which a command or query acts (None: nowhere that is known), and why it may not."""
        place = handler.at(read, command) if handler.needs else None
        place = place if place and self._path(read, place) else None
        return place, self._lacking(read, handler, place, command)

    def _lacking(self, read: Read, handler: Handler, place: str | None, command: Any) -> Refused | None:
        if handler.needs is None or read.actor.may(handler.needs, self._path(read, place) if place else ()):
            return None
        return _not_allowed(handler.needs, command)

    def _reached(self, read: Any, handler: Handler, place: str | None, command: Any) -> Outcome[Any]:
        """Runs the handler of what is allowed. What the asker may not name is not there for it (kernel/reach.py): the
        words of its refusal are those for an id that names nothing."""
        if handler.needs is None or place is None or read.actor.kind is ActorKind.SYSTEM:
            return handler.run(read, command)
        named = handler.named(command)
        strangers, outside = self._reaching.strangers(read, handler.needs, self._path(read, place), named)
        if not strangers:
            return Refused(NoEntry.NOT_YOURS, fix=outside.row_id) if outside else handler.run(read, command)
        instead = {row_id: str(nothing_like(row_id)) for row_id in strangers}
        outcome = handler.run(read, hidden(command, instead))
        if isinstance(outcome, Ok):  # it does not care whether the thing is there; we do
            first = next(iter(strangers.values()))
            return Refused(NoEntry.DOES_NOT_FIT, fix=first.at, detail={"entity": first.table})
        as_sent = {made: row_id for row_id, made in instead.items()}
        return Refused(outcome.reason, as_sent.get(outcome.fix, outcome.fix), hidden(dict(outcome.detail), as_sent))

    async def _turned_away(self, job: Job) -> Reply | None:
        """Refuses beside the writer, who has better to do, what strangers ask and what wants a right that is held
        nowhere. None: it has to be decided in its turn."""
        stranger, needs = job.actor.kind is ActorKind.ANONYMOUS, job.handler.needs
        if stranger and needs:
            return reply_to(_not_allowed(needs, job.command))
        if stranger or not job.actor.may_somewhere(needs):
            turned_away: Reply | None = await self._readers.look(lambda db: self._tried(db, job))
            return turned_away
        return None

    def _tried(self, db: Connection, job: Job) -> Reply | None:
        """The refusal, or the stored answer, if it comes to one before anything has to be written."""
        traces, tx = Traces(), Tx(db, job.actor, self._clock(), job.command_id, self.keys, self.settings)
        try:
            place, early = self._entered(db, tx, job, traces.given(db, job.command_id), traces)
            if early:
                return early
            outcome = self._handled(tx, job, place)
        except Exception as fault:
            if is_read_only(fault):
                return None
            raise
        return reply_to(outcome) if isinstance(outcome, Refused) else None

    def places(self, read: Read, declaration: Declaration) -> tuple[str, ...] | None:
        """The contexts whose rows of an entity the asker may see; None: all. Rows that stand in no context of their own
        are shown to who holds the privilege for the whole house."""
        places = self.holding(read, declaration.read)
        return places if places is None or home(declaration.name) else ()

    def holding(self, read: Read, privilege: str) -> tuple[str, ...] | None:
        """The contexts in which the asker holds a privilege; None: in the whole house."""
        held = {context for node, context in read.actor.grants if node in nodes(privilege)}
        if read.actor.kind is ActorKind.SYSTEM or any(len(self._path(read, context)) == 1 for context in held):
            return None
        known = read.run("SELECT id FROM context ORDER BY id") if held else []
        return tuple(row[0] for row in known if held & {*self._path(read, row[0])})

    def path(self, read: Read, context_id: str) -> tuple[str, ...]:
        """A context and those above it, nearest first: where a right must be held that reaches it."""
        return self._path(read, context_id)

    def _path(self, read: Read, context_id: str) -> tuple[str, ...]:
        path = self._paths.get(context_id)
        if path is None:
            path = self._path_of(read, context_id)
            if path:
                self._paths[context_id] = path
        return path

    def _told(self, answers: Iterable[Any]) -> None:
        """What was committed together, in the loop."""
        told = [each[1] for each in answers if isinstance(each, tuple)]
        feeds = frozenset().union(*(each.feeds for each in told))
        marks = frozenset().union(*(each.marks for each in told))
        if feeds or marks:
            for listener in self._listeners:
                listener(feeds, marks)

    # --- read -------------------------------------------------------------------------------------------------------

    async def ask(self, actor: Actor, query: Any) -> Outcome[Any]:
        """Runs a query in a reader thread: SQLite's readers never wait for the writer."""
        outcome: Outcome[Any] = await self.read(actor, lambda read: self._asked(read, query))
        return outcome

    async def read(self, actor: Actor, look: Callable[[Read], Any]) -> Any:
        """A look of one's own, for screens and loops that need several tables at one moment."""
        assert self._open, "the door is not open"
        return await self._readers.look(lambda db: look(Read(db, actor, self._clock(), self.keys, self.settings)))

    def ask_now(self, db: Connection, actor: Actor, query: Any) -> Outcome[Any]:
        """`ask` at once and in this thread, for the simulation."""
        return self._asked(Read(db, actor, self._clock(), self.keys, self.settings), query)

    def _asked(self, read: Read, query: Any) -> Outcome[Any]:
        handler = handler_of(type(query))
        try:
            place, refused = self._allowed(read, handler, query)
            return refused or self._reached(read, handler, place, query)
        except UNFIT as fault:
            return _unfit(fault).outcome
