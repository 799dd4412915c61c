"""The one door: every change of central's data goes through `execute`, and leaves a log row, its audit and its feeds.

Asynchronous outside, synchronous inside. On SQLite one thread writes for all who wait and commits them together
(sqlite_writer.py); on PostgreSQL the same handlers run in a small pool of threads, SERIALIZABLE, repeated whole when
the database cannot order them (postgres_writers.py), and sales side by side (turns.py). A database that does not serve
is a refusal too, with its name (trouble.py): of a command as its answer, of a look as `Unavailable`. Figures:
docs/performance.md.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from central.kernel.actor import Actor, ActorKind
from central.kernel.beside import Beside, Crowded, Errand, TooHeavy, Wanted
from central.kernel.db import BROKEN, TAKEN, UNFIT, Connection, Database, Misfit, is_read_only
from central.kernel.id_owners import used_before
from central.kernel.job import Job, looked_through, looked_through_beside
from central.kernel.keys import Keys
from central.kernel.log_content import is_same, kept
from central.kernel.outage import Outage
from central.kernel.permissions import Permissions
from central.kernel.postgres_writers import PostgresWriters
from central.kernel.reach import PathOf
from central.kernel.readers import EXPORTERS, Readers
from central.kernel.registry import COMMANDS, Handler, handler_of
from central.kernel.replies import NoEntry, Reply, not_allowed, reply_to, stored, unfit
from central.kernel.settings import AS_IT_COMES, Settings
from central.kernel.sqlite_writer import SqliteWriter
from central.kernel.tally import Tally
from central.kernel.traces import Care, Given, Lately, Traces
from central.kernel.trouble import NoDatabase, Repeatable, Unavailable
from central.kernel.turns import Footing
from central.kernel.tx import Read, Tx
from central.kernel.versions import Glance, version
from central.kernel.work import FORGOTTEN, Work, Writers, committed
from shared.clock import to_ms
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.runtime.metrics import counter
from shared.runtime.tasks import Standing, well

__all__ = ["Door", "NoEntry", "Reply", "reply_to"]

LARGE = 4096  # bytes of a command that is run with care at once: to run it again would keep others waiting
T = TypeVar("T")
_LOG = logging.getLogger(__name__)
DONE = counter(
    "parterre_commands_total", "Commands that came to the door, by how they ended; repeats and dry runs too.",
    command=lambda: COMMANDS, outcome=("ok", "refused", "unavailable", "broken"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """Which feeds and tables (or finer marks) a command touched: whom to wake, and what to count."""

    feeds: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    left: tuple[Actor, str, str] | None = None  # of what leaves no row in the log: who, which command, why


NOTHING = Told()


def _as_declared(handler: Handler, outcome: Outcome[Any]) -> Outcome[Any]:
    """What is refused for a reason that nobody was told of is refused all the same; no test passes that sees it."""
    if isinstance(outcome, Refused) and not isinstance(outcome.reason, handler.kinds):
        _LOG.error("%s is refused for %s, which it does not declare", handler.name, outcome.reason)
    return outcome


def _left(job: Job, outcome: Outcome[Any]) -> tuple[Reply, Told]:
    """Answers to what leaves no row in the log."""
    why = outcome.reason.key if isinstance(outcome, Refused) else ""
    return reply_to(outcome), Told(left=(job.actor, job.handler.name, why))


class Door:
    def __init__(
        self, database: Database, clock: Callable[[], datetime], path_of: PathOf, keys: Keys,
        settings: Settings = AS_IT_COMES, beside: Beside | None = None, glance_s: float = 0.0,
    ) -> None:  # fmt: skip
        self.database = database
        self._clock = clock
        self.keys, self.tally = keys, Tally(clock)
        self.settings = settings
        self.beside = beside or Beside()
        self.permissions = Permissions(path_of)
        self._lately = Lately()
        self._listeners: list[Callable[[frozenset[str], frozenset[str]], None]] = []
        told, self._readers, self._glance = self._told, Readers(database), Glance(database, glance_s)
        self._writers: Writers = (
            SqliteWriter(database, told) if database.is_sqlite else PostgresWriters(database, told, self._readers.lines)
        )
        self._exporters = Readers(database, EXPORTERS)
        self._open = False

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
        self._glance.close()
        self._write_last_tally()

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
            turned_away: Reply | None = await self._readers.look(lambda db: self._tried(db, job))
            if turned_away:
                return turned_away
        ready = await self._prepared(job) if handler.is_prepared else job
        if isinstance(ready, Reply):
            return ready
        reply: Reply = (await self._writers.do(self._work(ready)))[0]
        return reply

    async def _prepared(self, job: Job) -> Job | Reply:
        """The job with what was worked out beside the writer for it: once, however often PostgreSQL repeats it. Whoever
        may not, and what was given before, is answered by a reader first and costs no work; the writer asks again."""
        ready: Job | Reply = await self._readers.look(lambda db: self._come_early(db, job) or self._looked(db, job))
        errand = job.handler.prepare(job.command, job.command_id) if job.handler.prepare else None
        if isinstance(ready, Reply) or errand is None:
            return ready
        done = await self.work_out(errand)
        if isinstance(done, Refused):
            return self._left_out(job.actor, job.handler, done)
        return replace(job, parts=done.value)

    def _looked(self, db: Connection, job: Job) -> Job:
        if job.handler.look is None:
            return job
        read = Read(db, job.actor, self._clock(), self.keys, self.settings)
        try:
            return replace(job, parts=job.handler.look(read, job.command))
        except UNFIT:  # ids that are none: the handler says so
            return replace(job, parts=None)

    def _come_early(self, db: Connection, job: Job) -> Reply | None:
        traces, tx = Traces(), Tx(db, job.actor, self._clock(), job.command_id, self.keys, self.settings)
        given = traces.given(db, job.command_id)
        if again := self._again(db, tx, job, given, traces):
            return self._left_out(job.actor, job.handler, again) if isinstance(again, Refused) else again
        _, refused = self._entered(tx, job, given)
        return self._left_out(job.actor, job.handler, refused) if refused else None

    async def work_out(self, errand: Errand, wanted: Wanted = lambda: None) -> Outcome[tuple[Any, ...]]:
        """The parts of what another process works out; refused where too much waits already or it goes over a limit.
        `wanted` ends it where its caller is gone. Ask for rights before."""
        try:
            return Ok(await self.beside.parts(errand, wanted))
        except Crowded:
            return Refused(NoDatabase.BUSY, detail={"waiting": self.beside.config.waiting})
        except TooHeavy as limit:
            return Refused(NoEntry.TOO_HEAVY, detail={"limit": str(limit)})

    def _work(self, job: Job) -> Work:
        return Work(
            job.handler.name,
            lambda db, traces: self._run(db, job, traces),
            lambda db, traces: traces.look_up(db, job.command_id),
            getattr(job.command, "in_line", ""),
            Footing.BESIDE if job.handler.side_by_side else Footing.ORDERED,
        )

    async def chore(self, act: Callable[[Connection], T]) -> T:
        """What keeps the log itself in order (kernel/log_chain.py), and who acts on a row of the outbox just now
        (kernel/outbox.py): written where commands are, and leaving no log row. The house's own data is never changed
        in this way. Fails with whatever `act` fails with."""
        assert self._open, "the door is not open"

        def alone(db: Connection, _: Traces) -> T:
            db.savepoint()
            done = act(db)
            db.release()
            return done

        done: T = await self._writers.do(Work("chore", alone, footing=Footing.APART))
        return done

    async def write_tally(self) -> None:
        """Adds what was counted since the last time to the database."""
        if taken := self.tally.take():
            try:
                await self.chore(lambda db: self.tally.write(db, taken))
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
                self.tally.write(db, taken)
                db.commit()

    def execute_now(self, db: Connection, actor: Actor, command: Any, command_id: Id) -> Reply:
        """The same way through, at once and in this thread: for the simulation, which owns its connection."""
        job = looked_through(actor, command, command_id)
        if isinstance(job, Refused):
            return self._left_out(actor, handler_of(type(command)), job)
        errand = job.handler.prepare(job.command, command_id) if job.handler.prepare else None
        done = self._committed(db, replace(job, parts=errand.here()) if errand else self._looked(db, job))
        self._told([done])
        return done[0]

    def _committed(self, db: Connection, job: Job) -> tuple[Reply, Told]:
        done: tuple[Reply, Told] = committed(db, self._work(job))
        return done

    # --- one command ------------------------------------------------------------------------------------------------

    def _run(self, db: Connection, job: Job, traces: Traces) -> tuple[Reply, Told]:
        """Rights, repeat, handler; log, audit, feeds and outbox are for `traces`."""
        known = job.dry_run or job.command_id in self._lately or job.size > LARGE
        if not (traces.careful or known) and (done := self._quick(db, job, traces)):
            return done
        if traces.beside and not traces.careful:
            raise Care
        return self._careful(db, job, traces)

    def _quick(self, db: Connection, job: Job, traces: Traces) -> tuple[Reply, Told] | None:
        """A command that nobody gave before, as nearly all are: it is looked up only where it is refused, and nothing
        makes ready for it to be undone. None: it came before."""
        written, tx = db.written, self._tx(db, job, traces)
        if job.handler.gathered:
            tx.late = {}
        else:
            traces.flush(db)
        place, refused = self._entered(tx, job, None)
        outcome = refused or self._decided(tx, job, place, traces, quick=True)
        if isinstance(outcome, Ok):
            return self._stands(job, traces, tx, place, outcome)
        if traces.beside or db.written != written:
            raise Care
        if traces.given(db, job.command_id):
            return None
        return _left(job, refused) if refused else self._refused(db, job, traces, place, outcome)

    def _careful(self, db: Connection, job: Job, traces: Traces) -> tuple[Reply, Told]:
        """In a savepoint, and looked up first."""
        traces.flush(db)
        db.savepoint()
        given = traces.given(db, job.command_id)
        if given and given.actor != job.actor.label and job.actor.kind is ActorKind.SYSTEM:
            db.release()
            return self._run(db, self._under_another_id(job), traces)
        tx = self._tx(db, job, traces)
        if again := self._again(db, tx, job, given, traces):
            db.release()
            return (again, NOTHING) if isinstance(again, Reply) else _left(job, again)
        place, refused = self._entered(tx, job, given)
        outcome = refused or self._decided(tx, job, place, traces)
        if isinstance(outcome, Refused):
            db.undo()  # a refusal after a write leaves no trace
            return _left(job, outcome) if refused or given else self._refused(db, job, traces, place, outcome)
        if job.dry_run:
            db.undo()
            return replace(reply_to(outcome), would=tuple(tx.audit)), NOTHING
        db.release()
        return self._stands(job, traces, tx, place, outcome)

    def _decided(self, tx: Tx, job: Job, place: str | None, traces: Traces, *, quick: bool = False) -> Outcome[Any]:
        outcome = self._handled(tx, job, place, traces, quick=quick)
        return (used_before(tx, traces) or outcome) if isinstance(outcome, Ok) else outcome

    def _refused(
        self, db: Connection, job: Job, traces: Traces, place: str | None, refused: Refused
    ) -> tuple[Reply, Told]:
        """What everybody may ask and is refused leaves no row: a stranger could fill the disk with them."""
        _as_declared(job.handler, refused)
        if not job.handler.keeps_refusals:
            return _left(job, refused)
        if job.dry_run:
            return reply_to(refused), NOTHING
        return self._stands(job, traces, self._tx(db, job, traces), place, refused)

    def _tx(self, db: Connection, job: Job, traces: Traces) -> Tx:
        tx = Tx(db, job.actor, self._clock(), job.command_id, self.keys, self.settings)
        tx.earlier, tx.shared = traces.due, traces.common
        return tx

    def _stands(self, job: Job, traces: Traces, tx: Tx, place: str | None, outcome: Outcome[Any]) -> tuple[Reply, Told]:
        """What comes of it goes into the log."""
        handler, reply, who = job.handler, reply_to(outcome), job.actor
        if not (handler.logged or tx.tells):
            traces.unlogged()
            reply, told = _left(job, outcome)
            return reply, replace(told, marks=frozenset(tx.touched))
        digest, said, answer = kept(tx, job, reply)
        at, prints = to_ms(tx.now), tx.left()
        traces.log(job.command_id, at, who.label, who.origin, handler.name, place, digest, said, answer, prints)
        traces.gather(tx)
        self._lately.add(job.command_id)
        return reply, Told(frozenset(tx.feeds), frozenset(tx.touched))

    def _again(
        self, db: Connection, read: Read, job: Job, given: Given | None, traces: Traces
    ) -> Reply | Refused | None:
        """The stored answer, for whoever gave the command, as long as they hold the right where it acted and may name
        what it names: what it acted on may be gone by now."""
        if given is None or not self._gave(read, job, given):
            return None
        if refused := self.permissions.lacking(read, job.handler, given.place, job.command):
            return refused
        if self.permissions.narrowed(read, job.handler, job.command, given.place):
            return None
        return stored(traces.answer(db, job.command_id), job.handler.kinds)

    def _gave(self, read: Read, job: Job, given: Given) -> bool:
        """Whether this is the same caller with the same content."""
        return given.actor == job.actor.label and job.proves_who and is_same(read, job, given.digest)

    def _entered(self, read: Read, job: Job, given: Given | None) -> tuple[str | None, Refused | None]:
        """Where it acts, and why the handler is not asked. Whose the id is not is asked for their rights as if it were
        new, and learns nothing but that it is not. Who gave it, and may not name by now what it names, is answered as
        at a new id: refused by what is out of reach (`Permissions.reached`), with nothing of what was answered then."""
        try:
            place, refused = self.permissions.allowed(read, job.handler, job.command)
        except UNFIT as fault:
            return None, unfit(fault)
        if refused is None and given:
            narrowed = self._gave(read, job, given) and self.permissions.narrowed(read, job.handler, job.command, place)
            refused = None if narrowed else Refused(NoEntry.ID_REUSED)
        if refused is None and not job.digest:
            refused = Refused(NoEntry.DOES_NOT_FIT, detail={"what": Misfit.OUT_OF_BOUNDS, "fields": []})
        return place, refused

    def _handled(self, tx: Tx, job: Job, place: str | None, traces: Traces, *, quick: bool = False) -> Outcome[Any]:
        parts = (job.parts,) if job.handler.is_prepared else ()
        try:
            return self.permissions.reached(tx, job.handler, place, job.command, *parts)
        except UNFIT as fault:
            if quick:
                raise Care from fault  # one database goes on after that, the other does not
            if traces.races and isinstance(fault, TAKEN):
                raise Repeatable(str(fault)) from fault  # by somebody whom this transaction could not see, perhaps
            return unfit(fault)

    def _under_another_id(self, job: Job) -> Job:
        """The ids of central's loops follow from what they are for, so somebody could give a command of theirs under
        one beforehand, and the loop's would never be done. The key makes this one known to central alone."""
        own = derived_id("central's own", self.keys.signer.key.sign(job.command_id.encode()).hex())
        return replace(job, command_id=own)

    def _tried(self, db: Connection, job: Job) -> Reply | None:
        """What strangers ask, and what wants a right that is held nowhere, is tried beside the writer, who has better
        to do. None: it comes to writing, so it has to be decided in its turn."""
        traces, tx = Traces(), Tx(db, job.actor, self._clock(), job.command_id, self.keys, self.settings)
        given = traces.given(db, job.command_id)
        if again := self._again(db, tx, job, given, traces):
            return self._left_out(job.actor, job.handler, again) if isinstance(again, Refused) else again
        try:
            place, refused = self._entered(tx, job, given)
            outcome = refused or _as_declared(job.handler, self._handled(tx, job, place, traces))
        except Exception as fault:
            if is_read_only(fault):
                return None
            raise
        return self._left_out(job.actor, job.handler, outcome) if isinstance(outcome, Refused) else None

    def _left_out(self, actor: Actor, handler: Handler, outcome: Outcome[Any]) -> Reply:
        """Answers to what leaves no row in the log: it is counted."""
        self.tally.count(actor, handler.name, outcome.reason.key if isinstance(outcome, Refused) else "")
        return reply_to(outcome)

    def _told(self, answers: Iterable[Any]) -> None:
        """What was committed together, in the loop."""
        told = [each[1] for each in answers if isinstance(each, tuple)]
        for each in told:
            if each.left:
                self.tally.count(*each.left)
        feeds = frozenset().union(*(each.feeds for each in told))
        marks = frozenset().union(*(each.marks for each in told))
        self._glance.forget(marks)
        if FORGOTTEN in marks:
            self._writers.cut()
        if feeds or marks:
            for listener in self._listeners:
                listener(feeds, marks)

    # --- read -------------------------------------------------------------------------------------------------------

    async def ask(self, actor: Actor, query: Any) -> Outcome[Any]:
        """Runs a query in a reader thread: SQLite's readers never wait for the writer."""
        outcome: Outcome[Any] = await self.read(actor, lambda read: self._asked(read, query))
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

    def ask_now(self, db: Connection, actor: Actor, query: Any) -> Outcome[Any]:
        """`ask` at once and in this thread, for the simulation."""
        return self._asked(Read(db, actor, self._clock(), self.keys, self.settings), query)

    def _asked(self, read: Read, query: Any) -> Outcome[Any]:
        handler = handler_of(type(query))
        try:
            place, refused = self.permissions.allowed(read, handler, query)
            return refused or _as_declared(handler, self.permissions.reached(read, handler, place, query))
        except UNFIT as fault:
            return unfit(fault)
