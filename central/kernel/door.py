"""The one door: every change of central's data goes through `execute`, and leaves a log row, its audit and its feeds.

Asynchronous outside, synchronous inside. On SQLite one thread writes for all who wait and commits them together
(sqlite_writer.py); on PostgreSQL the same handlers run in a small pool of threads, SERIALIZABLE, repeated whole when
the database cannot order them (postgres_writers.py), and sales side by side (turns.py). A database that does not serve
is a refusal too, with its name (trouble.py): of a command as its answer, of a look as `Unavailable`. Figures:
docs/performance.md.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.carriers import Beginning, ProcessCarrier, ThreadCarrier
from central.kernel.clock_trust import SteadyClock
from central.kernel.db import BROKEN, UNFIT, Connection, Database
from central.kernel.heavy_lane import TRIED, HeavyLane
from central.kernel.helper_processes import Beside, Crowded, Errand, TooHeavy, Wanted
from central.kernel.job import Job, looked_through, looked_through_beside
from central.kernel.judge import Judge, as_declared
from central.kernel.keys import Keys
from central.kernel.log_mark import forget_mark
from central.kernel.outage import Outage
from central.kernel.permissions import Permissions
from central.kernel.postgres_writers import PostgresWriters
from central.kernel.reach import PathOf
from central.kernel.readers import EXPORTERS, WHOLE_READERS, Readers
from central.kernel.registry import COMMANDS, Handler, handler_of
from central.kernel.replies import NoEntry, Reply, not_allowed, reply_to, unfit
from central.kernel.settings import AS_IT_COMES, Settings
from central.kernel.sqlite_writer import SqliteWriter
from central.kernel.tally import Tally, add_tally, caller
from central.kernel.trouble import NoDatabase, Unavailable
from central.kernel.turns import Footing
from central.kernel.tx import Read
from central.kernel.versions import Glance, version
from central.kernel.work import FORGOTTEN, Ahead, Answered, Chore, Told, Writers, committed
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.runtime.metrics import counter
from shared.runtime.tasks import Standing, well

__all__ = ["Door", "NoEntry", "Reply", "reply_to"]

T = TypeVar("T")
DONE = counter(
    "parterre_commands_total", "Commands that came to the door, by how they ended; repeats and dry runs too.",
    command=lambda: COMMANDS, outcome=("ok", "refused", "unavailable", "broken"),
)  # fmt: skip


MOST_WHOLE, WHOLE_LONGEST_S = 64, 20.0  # looks at whole halls that wait, and for how long


@dataclass(frozen=True, slots=True)
class Apart:
    """SQLite's writer in a process of its own: the modules that declare all commands, and what it logs."""

    modules: tuple[str, ...]
    log_level: str = "info"


class Door:
    """`apart`: None where SQLite's writer is a thread of this process."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], path_of: PathOf, keys: Keys,
        settings: Settings = AS_IT_COMES, beside: Beside | None = None, glance_s: float = 0.0,
        apart: Apart | None = None,
    ) -> None:  # fmt: skip
        self.database = database
        self._clock = clock
        self.keys, self.tally = keys, Tally(clock)
        self.settings = settings
        self.beside = beside or Beside()
        self.judge = Judge.of(path_of, keys, settings)
        self._listeners: list[Callable[[frozenset[str], frozenset[str]], None]] = []
        self._readers, self._glance = Readers(database), Glance(database, glance_s)
        self._apart = apart if database.is_sqlite else None
        self._writers = self._made(path_of)
        self._exporters = Readers(database, EXPORTERS)
        self._whole_readers = Readers(database, WHOLE_READERS)
        self._whole = HeavyLane(self._readers.outage.refuses, WHOLE_READERS, MOST_WHOLE, WHOLE_LONGEST_S)
        self._heavy = HeavyLane(self._writers.outage.refuses)
        self._open = False
        self.steady = SteadyClock()

    def _made(self, path_of: PathOf) -> Writers:
        database, judge, apart = self.database, self.judge, self._apart
        if not database.is_sqlite:
            return PostgresWriters(database, judge, self._told, self._readers.lines)
        if apart is None:
            return SqliteWriter(database, self._told, ThreadCarrier(database.connect, judge))
        told = Beginning(apart.modules, database, path_of, self.keys.texts, self.settings, apart.log_level)
        return SqliteWriter(database, self._told, ProcessCarrier(told))

    def believes_its_clock(self) -> bool:
        """Asked before what is due by the clock is done for good."""
        return self.steady.believes(self._clock())

    @property
    def permissions(self) -> Permissions:
        return self.judge.permissions

    # --- life -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Call it in the running loop."""
        self._open = True
        self._writers.start()

    def stop(self) -> None:
        """Finishes what waits, then closes every connection. What is being prepared is given up."""
        self._open = False
        self.beside.stop()
        self._writers.stop()
        self._readers.stop()
        self._exporters.stop()
        self._whole_readers.stop()
        self._glance.close()
        self._write_last_tally()
        if self.database.is_sqlite:
            with suppress(*BROKEN):
                self.database.connect().close()  # the log goes with who closes last and may write: readers may not
            forget_mark(self.database.path)

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
        return self._writers.waiting + self._heavy.waiting, self._readers.waiting

    @property
    def answers(self) -> int:
        """Counts up as long as whoever writes answers anybody."""
        return self._writers.answers

    def on_commit(self, listener: Callable[[frozenset[str], frozenset[str]], None]) -> None:
        """`listener(feeds, marks)` is called in the loop after each commit: a bell for loops, never a decision."""
        self._listeners.append(listener)

    # --- change -----------------------------------------------------------------------------------------------------

    async def execute(self, actor: Actor, command: Any, command_id: Id, *, dry_run: bool = False) -> Reply:
        """Runs a command and answers after its commit. `dry_run` takes the same way and is rolled back. A database that
        does not serve is a refusal, which leaves nothing: the same command may be sent again with its id. Central's own
        commands fail with `Unavailable` instead: a loop comes back, and takes no trouble for an answer."""
        assert self._open, "the door is not open"
        how = "broken"
        try:
            reply = await self._acted(actor, command, command_id, dry_run)
            how = "ok" if reply.ok else "refused"
        except Unavailable as trouble:
            how = "unavailable"
            if actor.kind is ActorKind.SYSTEM:
                raise
            reply = reply_to(trouble.refused)
        finally:
            DONE.add(command=handler_of(type(command)).name, outcome=how)
        return reply

    def turned_away(self, actor: Actor, handler: Handler) -> Refused | None:
        """Whether somebody may give a command, or ask a query, nowhere at all: nothing that they sent need be read."""
        if not handler.needs or (actor.kind is not ActorKind.ANONYMOUS and actor.may_somewhere(handler.needs)):
            return None
        refused = not_allowed(handler.needs, None)
        if handler.name in COMMANDS:
            DONE.add(command=handler.name, outcome="refused")
            self._left_out(actor, handler, refused)
        return refused

    async def _acted(self, actor: Actor, command: Any, command_id: Id, dry_run: bool) -> Reply:
        handler = handler_of(type(command))
        if handler.needs and actor.kind is ActorKind.ANONYMOUS:  # not even what they sent is looked at
            return self._left_out(actor, handler, not_allowed(handler.needs, command))
        job = await looked_through_beside(actor, command, command_id, dry_run=dry_run)
        if isinstance(job, Refused):
            return self._left_out(actor, handler, job)
        if actor.kind is ActorKind.ANONYMOUS or not actor.may_somewhere(handler.needs):
            now = self._clock()
            turned_away: Answered | None = await self._readers.look(lambda db: self.judge.tried(db, job, now))
            if turned_away:
                return self._counted(turned_away)
        ready = await self._prepared(job) if handler.is_prepared else job
        if isinstance(ready, Reply):
            return ready
        weight = handler.weighs(command) if handler.weighs else 0
        if dry_run and actor.kind is not ActorKind.SYSTEM:
            weight = max(weight, TRIED)
        if not weight:
            return await self._written(ready)
        async with self._heavy.entered(weight, actor.label):
            return await self._written(ready)

    async def _written(self, job: Job) -> Reply:
        reply: Reply = await self._writers.do(job, self._clock())
        return reply

    async def _prepared(self, job: Job) -> Job | Reply:
        """The job with what was worked out beside the writer for it: once, however often PostgreSQL repeats it. Whoever
        may not, and what was given before, is answered by a reader first and costs no work; the writer asks again."""
        now, judge = self._clock(), self.judge
        ready: Job | Answered = await self._readers.look(
            lambda db: judge.come_early(db, job, now) or judge.looked(db, job, now)
        )
        if not isinstance(ready, Job):
            return self._counted(ready)
        errand = job.handler.prepare(job.command, job.command_id) if job.handler.prepare else None
        if errand is None:
            return ready
        done = await self._worked_out(self.beside.packed(errand))
        if isinstance(done, Refused):
            return self._left_out(job.actor, job.handler, done)
        return replace(job, parts=done.value)

    async def work_out(self, errand: Errand, wanted: Wanted = lambda: None) -> Outcome[tuple[Any, ...]]:
        """The parts of what another process works out; refused where too much waits already or it goes over a limit.
        `wanted` ends it where its caller is gone. Ask for rights before."""
        return await self._worked_out(self.beside.parts(errand, wanted))

    async def _worked_out(self, work: Awaitable[T]) -> Outcome[T]:
        try:
            return Ok(await work)
        except Crowded:
            return Refused(NoDatabase.BUSY, detail={"waiting": self.beside.config.waiting})
        except TooHeavy as limit:
            return Refused(NoEntry.TOO_HEAVY, detail={"limit": str(limit)})

    async def chore(self, act: Callable[[Connection], T]) -> T:
        """What keeps the log itself in order (kernel/log_chain.py), and who acts on a row of the outbox just now
        (kernel/outbox.py): written where commands are, and leaving no log row. The house's own data is never changed
        in this way. Fails with whatever `act` fails with. The writer may be another process: `act` is a module's
        function, perhaps with some of its arguments, and what it answers goes over a line."""
        assert self._open, "the door is not open"
        done: T = await self._writers.do(Chore(act), self._clock())
        return done

    async def look_ahead(self, look: Callable[[Read], None]) -> None:
        """A look beside the writer, in whose memory it leaves what a command will need. `look` as in `chore`."""
        assert self._open, "the door is not open"
        if self._apart and isinstance(self._writers, SqliteWriter):
            await self._writers.do(Ahead(look), self._clock())
        else:
            await self.read(SYSTEM, look)

    @property
    def memory(self) -> int:
        """In whose memory a look ahead leaves it: another number, another memory, in which nothing is left yet."""
        return self._writers.memory if isinstance(self._writers, SqliteWriter) else 0

    async def write_tally(self) -> None:
        """Adds what was counted since the last time to the database."""
        if taken := self.tally.take():
            try:
                await self.chore(partial(add_tally, taken=taken, today=self.tally.today))
            except BaseException:
                self.tally.give_back(taken)
                raise

    async def keep_tally(self, every_s: float) -> None:
        """The loop: what the door counted of those whom it turned away."""
        while True:
            await asyncio.sleep(every_s)
            await self.write_tally()
            well()

    def _write_last_tally(self) -> None:
        if taken := self.tally.take():
            with suppress(*BROKEN), closing(self.database.connect()) as db:
                db.begin(write=True, footing=Footing.APART)
                add_tally(db, taken, self.tally.today)
                db.commit()

    def execute_now(self, db: Connection, actor: Actor, command: Any, command_id: Id) -> Reply:
        """The same way through, at once and in this thread: for the simulation, which owns its connection."""
        job = looked_through(actor, command, command_id)
        if isinstance(job, Refused):
            return self._left_out(actor, handler_of(type(command)), job)
        errand, now = job.handler.prepare(job.command, command_id) if job.handler.prepare else None, self._clock()
        ready = replace(job, parts=errand.here()) if errand else self.judge.looked(db, job, now)
        reply, told = committed(db, self.judge.work(ready, now))
        self._told(told)
        return cast(Reply, reply)

    # --- what is told ------------------------------------------------------------------------------------------------

    def _left_out(self, actor: Actor, handler: Handler, outcome: Outcome[Any]) -> Reply:
        """Answers to what leaves no row in the log: it is counted."""
        self.tally.count(caller(actor), handler.name, outcome.reason.key if isinstance(outcome, Refused) else "")
        return reply_to(outcome)

    def _counted(self, answered: Answered) -> Reply:
        """What a reader answered."""
        reply, told = answered
        for each in told.left:
            self.tally.count(*each)
        return reply

    def _told(self, told: Told) -> None:
        """What was committed together, in the loop."""
        for each in told.left:
            self.tally.count(*each)
        self._glance.forget(told.marks)
        if FORGOTTEN in told.marks:
            self._writers.cut()
        if told.feeds or told.marks:
            for listener in self._listeners:
                listener(told.feeds, told.marks)

    # --- read -------------------------------------------------------------------------------------------------------

    async def ask(self, actor: Actor, query: Any) -> Outcome[Any]:
        """Runs a query in a reader thread: SQLite's readers never wait for the writer."""
        reads = self.read_whole if handler_of(type(query)).whole else self.read
        outcome: Outcome[Any] = await reads(actor, lambda read: self._asked(read, query))
        return outcome

    async def version(self, name: str) -> int:
        """How often what this number counts has changed (kernel/versions.py), as of `glance_s` ago where another
        process did it; call it in the loop."""
        seen = self._glance.version(name)
        return await self._readers.look(lambda db: version(db, name)) if seen is None else seen

    async def read(self, actor: Actor, look: Callable[[Read], Any]) -> Any:
        """A look of one's own, for screens and loops that need several tables at one moment."""
        assert self._open, "the door is not open"
        return await self._readers.look(lambda db: look(Read(db, actor, self._clock(), self.keys, self.settings)))

    async def read_long(self, actor: Actor, look: Callable[[Read], Any]) -> Any:
        """A look that may take long, in threads of their own, of which the others do not notice."""
        assert self._open, "the door is not open"
        return await self._exporters.look(lambda db: look(Read(db, actor, self._clock(), self.keys, self.settings)))

    async def read_whole(self, actor: Actor, look: Callable[[Read], Any]) -> Any:
        """A look at a whole hall or house, however large: in turns, in threads of their own."""
        assert self._open, "the door is not open"
        async with self._whole.entered(1, actor.label):
            return await self._whole_readers.look(
                lambda db: look(Read(db, actor, self._clock(), self.keys, self.settings))
            )

    def ask_now(self, db: Connection, actor: Actor, query: Any) -> Outcome[Any]:
        """`ask` at once and in this thread, for the simulation."""
        return self._asked(Read(db, actor, self._clock(), self.keys, self.settings), query)

    def _asked(self, read: Read, query: Any) -> Outcome[Any]:
        handler = handler_of(type(query))
        try:
            place, refused = self.permissions.allowed(read, handler, query)
            return refused or as_declared(handler, self.permissions.reached(read, handler, place, query))
        except UNFIT as fault:
            return unfit(fault)
