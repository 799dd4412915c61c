"""Orders: sealed by central, in time, once."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from edge.device.instructions import SCHEMA, Handler, Instructions, NotDone, may_run
from shared.clock import ClockState, Now
from shared.ids import derived_id
from shared.outcome import Ok, Refused
from shared.runtime.journal import Journal, Phase
from shared.runtime.keyring import Keyring
from shared.runtime.system import SystemClock
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump
from shared.wire.facts import FactKind
from shared.wire.seal import seal
from shared.wire.topics import Instruction

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DEVICE = derived_id("gate")
OPEN = Instruction(derived_id("order"), DEVICE, "open", {}, NOON, NOON + timedelta(seconds=10))
SECOND = timedelta(seconds=1)


def now(state: ClockState = ClockState.TRUSTED, after: timedelta = SECOND, bound: timedelta = timedelta(0)) -> Now:
    return Now(NOON + after, state, bound)


async def nothing(_: Instruction) -> str:
    return "done"


MOVES, TALKS = Handler(nothing, physical=True), Handler(nothing)
LONG = replace(OPEN, expires=NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    ("command", "handler", "when", "done", "want"),
    [
        (OPEN, MOVES, now(), False, None),
        (OPEN, MOVES, now(), True, NotDone.DONE_BEFORE),
        (OPEN, MOVES, now(after=10 * SECOND), False, NotDone.EXPIRED),
        (OPEN, MOVES, now(after=8 * SECOND, bound=3 * SECOND), False, NotDone.EXPIRED),
        (OPEN, MOVES, now(ClockState.HOLDOVER), False, None),
        (OPEN, MOVES, now(ClockState.UNTRUSTED), False, NotDone.NO_CLOCK),
        (OPEN, TALKS, now(ClockState.UNTRUSTED), False, None),
        (OPEN, MOVES, now(after=-4 * SECOND), False, None),
        (OPEN, MOVES, now(after=-6 * SECOND), False, NotDone.NOT_YET),
        (LONG, MOVES, now(), False, NotDone.LIVES_TOO_LONG),
        (LONG, TALKS, now(), False, None),
        (OPEN, None, now(), False, NotDone.UNKNOWN),
        (replace(OPEN, device_id=derived_id("other")), MOVES, now(), False, NotDone.OTHER_DEVICE),
    ],
)
def test_may_run(command, handler, when, done, want) -> None:
    verdict = may_run(command, DEVICE, handler, when, done)
    assert (verdict.reason if isinstance(verdict, Refused) else None) == want


class Bench:
    def __init__(self, house, **more) -> None:
        self.central = house.holder("central", DeviceKind.CENTRAL)
        self.gate = house.holder("gate", DeviceKind.GATE)
        keyring = Keyring(house.root_pem)
        for holder in (self.central, self.gate):
            keyring.add(holder.certificate.pem)
        self.journal = Journal(sqlite3.connect(":memory:"), DEVICE, SCHEMA, **more)
        self.opened = 0
        self.instructions = Instructions(DEVICE, self.journal, keyring, SystemClock(), now)
        self.instructions.handle("open", self.open, physical=True)

    async def open(self, _: Instruction) -> str:
        self.opened += 1
        return "gate opened"

    async def send(self, command: Instruction = OPEN, signer=None):
        return await self.instructions.take(dump(seal(dump(command), signer or self.central.signer)))


async def test_once_and_on_record(house) -> None:
    bench = Bench(house)
    assert await bench.send() == Ok("gate opened")
    assert await bench.send() == Refused(NotDone.DONE_BEFORE)
    assert bench.opened == 1
    fact = next(bench.journal.facts(FactKind.INCIDENT))
    assert (fact.body["code"], fact.body["sentence"], fact.body["step"]) == ("command.open", "gate opened", OPEN.id)


async def test_only_central_gives_orders(house) -> None:
    bench = Bench(house)
    for payload in (b"", b"{}", b"\xff", dump(OPEN)):
        assert await bench.instructions.take(payload) == Refused(NotDone.NOT_SEALED)
    stranger = type(house)().holder("central", DeviceKind.CENTRAL)
    for who in (bench.gate, stranger):
        outcome = await bench.send(signer=who.signer)
        assert isinstance(outcome, Refused)
        assert outcome.reason is NotDone.NOT_SEALED
    rubbish = dump(seal(b'{"not": "a command"}', bench.central.signer))
    assert await bench.instructions.take(rubbish) == Refused(NotDone.NOT_SEALED)
    await bench.instructions.heard("topic", b"nonsense")
    assert bench.opened == 0


async def test_power_cut_leaves_it_undone_but_never_doubled(house) -> None:
    def cut(phase: Phase) -> None:
        if armed and phase is Phase.AFTER_COMMIT:
            raise KeyboardInterrupt

    armed = False
    bench = Bench(house, on_commit=cut)
    armed = True
    with pytest.raises(KeyboardInterrupt):
        await bench.send()
    armed = False
    assert bench.opened == 0
    assert await bench.send() == Refused(NotDone.DONE_BEFORE)


async def test_a_handler_that_fails_is_told_as_that(house) -> None:
    bench = Bench(house)

    async def jam(_: Instruction) -> str:
        raise OSError("jammed")

    bench.instructions.handle("open", jam, physical=True)
    assert await bench.send() == Ok("failed: OSError")
    assert next(bench.journal.facts()).body["sentence"] == "failed: OSError"
