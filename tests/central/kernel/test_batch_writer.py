"""How much SQLite's writer commits at once: counted with a clock that moves by what is done."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from central.kernel import batch_writer
from central.kernel.batch_writer import BATCH, BATCH_S, MOST_BATCH_S, Answers, BatchWriter
from central.kernel.db import Connection, Database
from central.kernel.traces import Traces
from central.kernel.trouble import Queued
from central.kernel.work import NOTHING, Told, Work
from tests.central.small_house import NOW, House

WORK_S = 0.0005


class Hands:
    """Does as many works as there are in `left`, each of which takes its time; so does a commit."""

    def __init__(self, database: Database, left: int, commit_s: float) -> None:
        self.s, self.left, self.commit_s = 0.0, left, commit_s
        self.batches: list[int] = []
        self._writer = BatchWriter(database.connect, lambda *_: Work("step", self._act), self._take, self._tell)

    def run(self) -> list[int]:
        self._writer.run()
        return self.batches

    def perf_counter(self) -> float:
        return self.s

    def _act(self, db: Connection, traces: Traces) -> tuple[Any, Told]:
        self.s += WORK_S
        traces.unlogged()
        commit = type(db).commit

        def slow() -> None:
            self.s += self.commit_s
            commit(db)

        db.commit = slow  # type: ignore[method-assign]  # of this very connection
        return None, NOTHING

    def _take(self, wait: bool) -> tuple[int, Any, datetime] | None:
        self.left -= 1
        return (self.left, None, NOW) if self.left >= 0 else None

    def _tell(self, answers: Answers) -> None:
        self.batches.append(len(answers.said))


@pytest.fixture
def hands(sqlite_place: tuple[Database, House], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def made(left: int, commit_s: float) -> Hands:
        hands = Hands(sqlite_place[0], left, commit_s)
        monkeypatch.setattr(batch_writer, "time", hands)
        return hands

    yield made


def test_a_rush_is_taken_in_parts(hands: Any) -> None:
    """32 callers at once would be answered at once, and the writer would have nothing to do while they are."""
    few = round(BATCH_S / WORK_S)
    assert hands(32, 0.002).run() == [few] * (32 // few) and few <= 10


def test_where_the_disk_is_slow_a_batch_works_as_long_as_its_commit(hands: Any) -> None:
    batches = hands(1000, 0.015).run()
    assert batches[0] == round(BATCH_S / WORK_S)
    assert batches[-3] == pytest.approx(0.015 / WORK_S, abs=2)


def test_nobody_waits_longer_than_that(hands: Any) -> None:
    batches = hands(1000, 0.2).run()
    assert max(batches) <= min(BATCH, round(MOST_BATCH_S / WORK_S) + 1)


class NoTurn:
    """A database whose turn does not come."""

    def begin(self, **_: Any) -> None:
        raise Queued("those before take their time")

    def close(self) -> None: ...


def test_where_the_turn_does_not_come_all_who_wait_hear_it_after_one_wait() -> None:
    waiting, told = list(range(5)), list[Answers]()

    def take(wait: bool) -> tuple[int, Any, datetime] | None:
        return (waiting.pop(0), None, NOW) if waiting else None

    BatchWriter(NoTurn, lambda *_: Work("step", lambda *_: (None, NOTHING)), take, told.append).run()  # type: ignore[arg-type]  # as much of one as is asked
    (answers,) = told
    assert [number for number, _ in answers.said] == [0, 1, 2, 3, 4]
    assert all(isinstance(each, Queued) for _, each in answers.said) and answers.trouble is None
