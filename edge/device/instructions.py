"""Instructions from central to this device: sealed, short-lived, done at most once.

The id is on disk before anything moves, so power loss can leave one undone but never doubled. A physical action
expires within 10 s and needs a clock that knows it: whoever cannot tell the time does not open gates from afar.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import auto

from shared.clock import ClockState, Now, to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome, Reason, Refused
from shared.runtime.journal import Journal
from shared.runtime.keyring import Keyring
from shared.runtime.log import logger
from shared.runtime.system import Clock, fresh_id
from shared.runtime.throttle import Seldom
from shared.wire.certificates import Right
from shared.wire.codec import load
from shared.wire.facts import FactKind, Incident
from shared.wire.seal import Sealed
from shared.wire.topics import MEASURES, Instruction, Kind

log = logger(__name__)
seldom = Seldom(log)
SCHEMA = """
CREATE TABLE IF NOT EXISTS command_done (id TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
"""
PHYSICAL_LIFE = timedelta(seconds=10)
EARLY = timedelta(seconds=5)  # how far central's clock may be ahead of ours
KEEP = 10_000

Run = Callable[[Instruction], Awaitable[str]]  # does it and answers with a sentence for the record


class NotDone(Reason):
    """Why an instruction is not carried out, in order of precedence."""

    NOT_SEALED = auto()
    OTHER_DEVICE = auto()
    UNKNOWN = auto()
    NO_CLOCK = auto()
    LIVES_TOO_LONG = auto()
    NOT_YET = auto()
    EXPIRED = auto()
    DONE_BEFORE = auto()


@dataclass(frozen=True, slots=True)
class Handler:
    run: Run
    physical: bool = False


def may_run(instruction: Instruction, device_id: Id, handler: Handler | None, now: Now, done: bool) -> Outcome[None]:
    """Whether to carry it out now."""
    if instruction.device_id != device_id:
        return Refused(NotDone.OTHER_DEVICE)
    if handler is None:
        return Refused(NotDone.UNKNOWN, fix=instruction.name)
    known = now.state is not ClockState.UNTRUSTED
    if handler.physical and not known:
        return Refused(NotDone.NO_CLOCK)
    if handler.physical and instruction.expires - instruction.issued > PHYSICAL_LIFE:
        return Refused(NotDone.LIVES_TOO_LONG)
    if known and instruction.issued > now.at + now.bound + EARLY:
        return Refused(NotDone.NOT_YET)
    if known and now.at + now.bound >= instruction.expires:
        return Refused(NotDone.EXPIRED)
    return Refused(NotDone.DONE_BEFORE) if done else Ok(None)


class Instructions:
    def __init__(self, device_id: Id, journal: Journal, keyring: Keyring, clock: Clock, now: Callable[[], Now]) -> None:
        self._device_id, self._journal, self._keyring = device_id, journal, keyring
        self._clock, self._now = clock, now
        self._handlers: dict[str, Handler] = {}

    def handle(self, name: str, run: Run, physical: bool = False) -> None:
        """What this device does on the instruction `name`. The result of a physical one becomes a fact."""
        self._handlers[name] = Handler(run, physical)

    async def heard(self, _: str, payload: bytes) -> None:
        """A message on this device's instruction topic."""
        outcome = await self.take(payload)
        if isinstance(outcome, Refused):
            seldom.warn("instruction not carried out", outcome.reason.value, fix=outcome.fix[:64])

    async def take(self, payload: bytes) -> Outcome[str]:
        now = self._now()
        try:
            sealed = load(Sealed, payload, MEASURES[Kind.COMMAND].most)
            if self._keyring.vouches(sealed, Right.STATE, now) is None:
                return Refused(NotDone.NOT_SEALED, fix=sealed.kid)
            instruction = sealed.body(Instruction)
        except ValueError:
            return Refused(NotDone.NOT_SEALED)
        handler = self._handlers.get(instruction.name)
        with self._journal.transaction() as tx:
            done = bool(tx.run("SELECT 1 FROM command_done WHERE id = ?", (instruction.id,)))
            verdict = may_run(instruction, self._device_id, handler, now, done)
            if isinstance(verdict, Refused) or handler is None:
                return verdict if isinstance(verdict, Refused) else Refused(NotDone.UNKNOWN)
            tx.run("INSERT INTO command_done VALUES (?, ?)", (instruction.id, to_ms(instruction.expires)))
            tx.run(
                "DELETE FROM command_done WHERE id IN"
                " (SELECT id FROM command_done ORDER BY expires DESC LIMIT -1 OFFSET ?)",
                (KEEP,),
            )
        try:
            said = await handler.run(instruction)
        except Exception as bad:
            log.exception("instruction failed", instruction=instruction.name)
            said = f"failed: {type(bad).__name__}"
        log.info("instruction carried out", instruction=instruction.name, result=said)
        if handler.physical:
            after = self._now()
            with self._journal.transaction() as tx:
                body = Incident(f"command.{instruction.name}", said, instruction.id, cleared=True)
                tx.record(FactKind.INCIDENT, body, after, self._clock.read(), fresh_id(self._clock))
        return Ok(said)
