"""Decides one command inside a transaction: rights, repeat, handler, and what of it goes into the log.

It knows no thread and no wire, and asks no clock: `now` comes with each command. So it may be wherever the writer is,
in a thread of central's process, in a process of its own or in the simulation, and beside it in the readers.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from central.kernel.actor import ActorKind
from central.kernel.db import NOT_UNIQUE, UNFIT, Connection, is_read_only
from central.kernel.helper_processes import Packed
from central.kernel.id_owners import used_before
from central.kernel.job import Job
from central.kernel.keys import Keys
from central.kernel.log_content import is_same, kept
from central.kernel.misfits import Misfit
from central.kernel.permissions import Permissions
from central.kernel.reach import PathOf
from central.kernel.registry import Handler
from central.kernel.replies import NoEntry, Reply, reply_to, stored, unfit
from central.kernel.settings import Settings
from central.kernel.tally import caller
from central.kernel.traces import Care, Given, Lately, Traces
from central.kernel.trouble import Repeatable
from central.kernel.turns import Footing
from central.kernel.tx import Read, Tx
from central.kernel.work import NOTHING, Answered, Chore, Told, Work
from shared.clock import to_ms
from shared.ids import derived_id
from shared.outcome import Ok, Outcome, Refused

LARGE = 4096  # bytes of a command that is run with care at once: to run it again would keep others waiting
_LOG = logging.getLogger(__name__)


def as_declared(handler: Handler, outcome: Outcome[Any]) -> Outcome[Any]:
    """What is refused for a reason that nobody was told of is refused all the same; no test passes that sees it."""
    if isinstance(outcome, Refused) and not isinstance(outcome.reason, handler.kinds):
        _LOG.error("%s is refused for %s, which it does not declare", handler.name, outcome.reason)
    return outcome


def _left(job: Job, outcome: Outcome[Any]) -> Answered:
    """Answers to what leaves no row in the log: it is counted."""
    why = outcome.reason.key if isinstance(outcome, Refused) else ""
    return reply_to(outcome), Told(left=((caller(job.actor), job.handler.name, why),))


def _alone(chore: Chore, db: Connection, _: Traces) -> tuple[Any, Told]:
    db.savepoint()
    done = chore.act(db)
    db.release()
    return done, NOTHING


@dataclass(slots=True)
class Judge:
    """`lately`: the last ids that came into the log through this one."""

    keys: Keys
    settings: Settings
    permissions: Permissions
    lately: Lately

    @classmethod
    def of(cls, path_of: PathOf, keys: Keys, settings: Settings) -> "Judge":
        return cls(keys, settings, Permissions(path_of), Lately())

    # --- in the writer ----------------------------------------------------------------------------------------------

    def work(self, asked: Job | Chore, now: datetime) -> Work:
        if isinstance(asked, Chore):
            return Work("chore", partial(_alone, asked), footing=Footing.APART)
        return Work(
            asked.handler.name,
            lambda db, traces: self.run(db, asked, now, traces),
            lambda db, traces: traces.look_up(db, asked.command_id),
            getattr(asked.command, "in_line", ""),
            Footing.BESIDE if asked.handler.side_by_side else Footing.ORDERED,
        )

    def run(self, db: Connection, job: Job, now: datetime, traces: Traces) -> Answered:
        """Rights, repeat, handler; log, audit, feeds and outbox are for `traces`."""
        known = job.dry_run or job.command_id in self.lately or job.size > LARGE
        if not (traces.careful or known) and (done := self._quick(db, job, now, traces)):
            return done
        if traces.beside and not traces.careful:
            raise Care
        return self._careful(db, job, now, traces)

    def _quick(self, db: Connection, job: Job, now: datetime, traces: Traces) -> Answered | None:
        """A command that nobody gave before, as nearly all are: it is looked up only where it is refused, and nothing
        makes ready for it to be undone. None: it came before."""
        tx = self._tx(db, job, now, traces)
        if job.handler.gathered:
            tx.late = {}
        else:
            traces.flush(db)
        written = db.written  # what others have left is not this one's
        place, refused = self._entered(tx, job, None)
        outcome = refused or self._decided(tx, job, place, traces, quick=True)
        if isinstance(outcome, Ok):
            return self._stands(job, traces, tx, place, outcome)
        if traces.beside or db.written != written:
            raise Care
        if traces.given(db, job.command_id):
            return None
        return _left(job, refused) if refused else self._refused(db, job, now, traces, place, outcome)

    def _careful(self, db: Connection, job: Job, now: datetime, traces: Traces) -> Answered:
        """In a savepoint, and looked up first."""
        traces.flush(db)
        db.savepoint()
        given = traces.given(db, job.command_id)
        if given and given.actor != job.actor.label and job.actor.kind is ActorKind.SYSTEM:
            db.release()
            return self.run(db, self._under_another_id(job), now, traces)
        tx = self._tx(db, job, now, traces)
        if again := self._again(db, tx, job, given, traces):
            db.release()
            return (again, NOTHING) if isinstance(again, Reply) else _left(job, again)
        place, refused = self._entered(tx, job, given)
        outcome = refused or self._decided(tx, job, place, traces)
        if isinstance(outcome, Refused):
            db.undo()  # a refusal after a write leaves no trace
            return _left(job, outcome) if refused or given else self._refused(db, job, now, traces, place, outcome)
        if job.dry_run:
            db.undo()
            return replace(reply_to(outcome), would=tuple(tx.audit)), NOTHING
        db.release()
        return self._stands(job, traces, tx, place, outcome)

    def _decided(self, tx: Tx, job: Job, place: str | None, traces: Traces, *, quick: bool = False) -> Outcome[Any]:
        outcome = self._handled(tx, job, place, traces, quick=quick)
        return (used_before(tx, traces) or outcome) if isinstance(outcome, Ok) else outcome

    def _refused(
        self, db: Connection, job: Job, now: datetime, traces: Traces, place: str | None, refused: Refused
    ) -> Answered:
        """What everybody may ask and is refused leaves no row: a stranger could fill the disk with them. Nor does what
        somebody is refused who was put out, with a key that may be a thief's; nor, of theirs, what changes nothing."""
        as_declared(job.handler, refused)
        if job.actor.put_out or not job.handler.keeps_refusals:
            return _left(job, refused)
        if job.dry_run:
            return reply_to(refused), NOTHING
        return self._stands(job, traces, self._tx(db, job, now, traces), place, refused)

    def _tx(self, db: Connection, job: Job, now: datetime, traces: Traces) -> Tx:
        return Tx(
            db, job.actor, now, job.command_id, self.keys, self.settings, earlier=traces.due, shared=traces.common
        )

    def _stands(self, job: Job, traces: Traces, tx: Tx, place: str | None, outcome: Outcome[Any]) -> Answered:
        """What comes of it goes into the log."""
        handler, reply, who = job.handler, reply_to(outcome), job.actor
        if not tx.tells and (who.put_out or not handler.logged):
            traces.unlogged()
            reply, told = _left(job, outcome)
            return reply, replace(told, marks=frozenset(tx.touched))
        digest, said, answer = kept(tx, job, reply)
        at, prints = to_ms(tx.now), tx.left()
        traces.log(job.command_id, at, who.label, who.origin, handler.name, place, digest, said, answer, prints)
        traces.gather(tx)
        self.lately.add(job.command_id)
        return reply, Told(frozenset(tx.feeds), frozenset(tx.touched))

    def _under_another_id(self, job: Job) -> Job:
        """The ids of central's loops follow from what they are for, so somebody could give a command of theirs under
        one beforehand, and the loop's would never be done. The key makes this one known to central alone."""
        own = derived_id("central's own", self.keys.signer.key.sign(job.command_id.encode()).hex())
        return replace(job, command_id=own)

    # --- in a reader ------------------------------------------------------------------------------------------------

    def tried(self, db: Connection, job: Job, now: datetime) -> Answered | None:
        """What strangers ask, and what wants a right that is held nowhere, is tried beside the writer, who has better
        to do. None: it comes to writing, so it has to be decided in its turn."""
        traces, tx = Traces(), Tx(db, job.actor, now, job.command_id, self.keys, self.settings)
        given = traces.given(db, job.command_id)
        if again := self._again(db, tx, job, given, traces):
            return _left(job, again) if isinstance(again, Refused) else (again, NOTHING)
        try:
            place, refused = self._entered(tx, job, given)
            outcome = refused or as_declared(job.handler, self._handled(tx, job, place, traces))
        except Exception as fault:
            if is_read_only(fault):
                return None
            raise
        return _left(job, outcome) if isinstance(outcome, Refused) else None

    def come_early(self, db: Connection, job: Job, now: datetime) -> Answered | None:
        """The answer to who may not, and to what was given before: for them nothing is worked out beside the writer."""
        traces, tx = Traces(), Tx(db, job.actor, now, job.command_id, self.keys, self.settings)
        given = traces.given(db, job.command_id)
        if again := self._again(db, tx, job, given, traces):
            return _left(job, again) if isinstance(again, Refused) else (again, NOTHING)
        _, refused = self._entered(tx, job, given)
        return _left(job, refused) if refused else None

    def looked(self, db: Connection, job: Job, now: datetime) -> Job:
        """With what its handler wants looked up before its turn comes."""
        if job.handler.look is None:
            return job
        try:
            return replace(job, parts=job.handler.look(Read(db, job.actor, now, self.keys, self.settings), job.command))
        except UNFIT:  # ids that are none: the handler says so
            return replace(job, parts=None)

    # --- in both ----------------------------------------------------------------------------------------------------

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
        parts = (job.parts.opened() if isinstance(job.parts, Packed) else job.parts,) if job.handler.is_prepared else ()
        try:
            return self.permissions.reached(tx, job.handler, place, job.command, *parts)
        except UNFIT as fault:
            if quick:
                raise Care from fault  # one database goes on after that, the other does not
            if traces.races and isinstance(fault, NOT_UNIQUE):
                raise Repeatable(str(fault)) from fault  # by somebody whom this transaction could not see, perhaps
            return unfit(fault)
