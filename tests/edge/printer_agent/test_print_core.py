"""The life of a print job without wires: the table walked, transcripts, and a crash at every commit."""

import itertools

import pytest

from edge.printer_agent import core
from edge.printer_agent.core import (
    UNIT,
    Answered,
    Ask,
    Broken,
    Effect,
    Limits,
    Restarted,
    Seen,
    Send,
    Settled,
    Turn,
    UnitDo,
    Written,
)
from edge.printer_agent.store import SCHEMA, IdReused, QueueFull, Store
from shared.ids import Id, derived_id
from shared.runtime.journal import Journal
from shared.runtime.system import SystemClock
from shared.wire.printing import SETTLED, PrinterStatus, PrintState, UnitKind

LIMITS = Limits(patience_ms=1000, max_age_ms=5000)
Q, S, T, C, U, F = PrintState
OK, OUT, SILENT = PrinterStatus.OK, PrinterStatus.PAPER_OUT, PrinterStatus.UNKNOWN


def fresh(count):
    return core.Job(Id("J"), tuple(core.Unit(UnitKind.TICKET, str(n)) for n in range(count)), created_ms=0)


def played(job, *events):
    effect = None
    for event in events:
        job, effect = core.step(job, event, LIMITS)
    return job, effect


def states(job):
    return "".join({Q: "q", S: "s", T: "t", C: "C", U: "U", F: "F"}[unit.state] for unit in job.units)


def test_nothing_leaves_an_end_but_a_persons_word_on_doubt():
    for state, do in itertools.product(PrintState, UnitDo):
        if state in (C, F):
            assert (state, do) not in UNIT
        if state is U:
            assert ((state, do) in UNIT) == (do in (UnitDo.SAID_YES, UnitDo.SAID_NO))
        if UNIT.get((state, do)) is C:
            assert do in (UnitDo.PROVED, UnitDo.SAID_YES)  # never confirmed on silence
        if state in (S, T) and (state, do) in UNIT:
            assert UNIT[state, do] is not F  # bytes have left: "certainly not printed" is no longer ours to say
        if UNIT.get((state, do)) is S:
            assert state is Q  # nothing is ever sent twice


GOOD = (Turn(0), Seen(OK, 0), Written(), Settled(True, OK))
STORIES = [
    ("three good ones", 3, [*GOOD, *GOOD[1:], *GOOD[1:]], "CCC", "", Effect.REST),
    ("near the end still prints", 1, [Turn(0), Seen(PrinterStatus.NEAR_END, 0)], "s", "", Send(0)),
    ("all sent: ask for proof", 1, [Turn(0), Seen(OK, 0), Written()], "t", "", Ask(0)),
    ("no paper: wait", 2, [Turn(0), Seen(OUT, 0)], "qq", "P-01", Effect.PAUSE),
    ("paper comes", 1, [Turn(0), Seen(OUT, 0), Turn(900), Seen(OK, 900)], "s", "", Send(0)),
    ("no paper for too long", 2, [Turn(0), Seen(OUT, 0), Turn(999), Seen(OUT, 1000)], "FF", "P-01", Effect.REST),
    ("silence is not ready", 1, [Turn(0), Seen(SILENT, 0), Turn(9), Seen(SILENT, 1001)], "F", "P-05", Effect.REST),
    ("paper ends between two", 2, [*GOOD, Seen(OUT, 0), Turn(999), Seen(OUT, 1000)], "CF", "P-01", Effect.REST),
    ("line lost in the second", 3, [*GOOD, Seen(OK, 0), Broken()], "CUF", "P-07", Effect.REST),
    ("no proof, printer well", 2, [Turn(0), Seen(OK, 0), Written(), Settled(False, OK)], "UF", "P-08", Effect.REST),
    ("proof, but paper out", 1, [Turn(0), Seen(OK, 0), Written(), Settled(True, OUT)], "U", "P-01", Effect.REST),
    ("proof, then silence", 1, [Turn(0), Seen(OK, 0), Written(), Settled(True, SILENT)], "U", "P-05", Effect.REST),
    ("restart while sending", 2, [Turn(0), Seen(OK, 0), Restarted()], "UF", "P-09", Effect.REST),
    ("restart before the proof", 2, [Turn(0), Seen(OK, 0), Written(), Restarted()], "UF", "P-09", Effect.REST),
    ("restart while queued changes nothing", 2, [Turn(0), Restarted()], "qq", "", Effect.REST),
    ("too old", 2, [Turn(5001)], "FF", "P-10", Effect.REST),
    ("it came out", 2, [*GOOD, Seen(OK, 0), Broken(), Answered(True)], "CC", "", Effect.REST),
    ("it did not", 2, [*GOOD, Seen(OK, 0), Broken(), Answered(False)], "CF", "P-07", Effect.REST),
    ("an answer nobody asked for", 1, [*GOOD, Answered(False)], "C", "", Effect.REST),
    ("a late proof changes nothing", 1, [Turn(0), Seen(OK, 0), Broken(), Settled(True, OK)], "U", "P-07", Effect.REST),
]


@pytest.mark.parametrize("count, events, want, code, effect", [s[1:] for s in STORIES], ids=[s[0] for s in STORIES])
def test_transcripts(count, events, want, code, effect):
    job, said = played(fresh(count), *events)
    assert (states(job), core.report(job).code, said) == (want, code, effect)
    assert all(unit.exposed for unit in job.units if unit.state not in (Q, F))
    assert not any(unit.exposed for unit in job.units if unit.state is Q or unit.code in ("P-10", "P-11"))


def test_no_order_of_events_breaks_the_rules():
    """Every sequence of five events: ends stay ends, at most one unit is under way, nothing is sent twice."""
    events = [Turn(0), Seen(OK, 0), Seen(OUT, 0), Written(), Broken(), Settled(True, OK), Settled(False, OUT)]
    events += [Restarted(), Answered(True), Answered(False)]
    for sequence in itertools.product(events, repeat=5):
        job, sent = fresh(2), []
        for event in sequence:
            before = job
            job, effect = core.step(job, event, LIMITS)
            if isinstance(effect, Send):
                sent.append(effect.index)
            for old, new in zip(before.units, job.units, strict=True):
                assert old.state is new.state or old.state not in (C, F)
                assert new.exposed >= old.exposed
            assert sum(unit.state in (S, T) for unit in job.units) <= 1
        assert len(sent) == len(set(sent))


class _PowerCut(BaseException):
    pass


def store_at(path, cut_at=None):
    """A store on disk whose power goes at the `cut_at`-th phase of a commit, counted from 1."""
    count = itertools.count(1)

    def hook(phase):
        if next(count) == cut_at:
            raise _PowerCut

    journal = Journal.open(path, derived_id("printer"), SCHEMA, on_commit=None)
    journal._on_commit = hook
    return journal, Store(journal, SystemClock())


def print_through(store, request, paper):
    """What the agent does with a good printer; `paper` collects the units whose bytes reached it."""
    job = store.submit(request)
    now = SystemClock().read().mono_ms
    event = Turn(now)
    while True:
        after, effect = core.step(job, event, Limits())
        if after != job:
            store.save(after)
        job = after
        match effect:
            case Effect.LOOK:
                event = Seen(OK, now)
            case Send(index):
                paper.append(index)
                event = Written()
            case Ask():
                event = Settled(True, OK)
            case _:
                return job


def test_a_power_cut_at_every_commit(tmp_path, samples):
    """Whatever the moment: nothing is printed twice, nothing that was printed is called not printed."""
    outcomes = set()
    for cut_at in range(1, 40):
        path, paper = tmp_path / f"{cut_at}.db", []
        request = samples.job("cut", 2)
        journal, store = store_at(path, cut_at)
        try:
            print_through(store, request, paper)
            journal.close()
            break
        except _PowerCut:
            journal.close()
        journal, store = store_at(path)
        for job in store.open_jobs():
            store.save(core.step(job, Restarted(), Limits())[0])
        printed_before = list(paper)
        job = print_through(store, request, paper)  # the till asks again with the same id
        assert len(paper) == len(set(paper)), f"printed twice after a cut at {cut_at}"
        assert job.state in SETTLED
        for at, unit in enumerate(job.units):
            if unit.state is C:
                assert at in paper
            if unit.state is F:
                assert at not in paper
            if at in printed_before:
                assert unit.state in (C, U)
        outcomes.add(states(job))
        journal.close()
    else:
        pytest.fail("the job never got through")
    assert {"CC", "UF", "CU"} <= outcomes


def test_the_disk_remembers_what_may_exist(tmp_path, samples):
    journal, store = store_at(tmp_path / "printer.db")
    first = samples.job("first", 1)
    assert not store.submit(first).units[0].duplicate
    assert store.submit(samples.job("while it waits", 1)).units[0].duplicate
    sent, _ = played(store.get(first.job_id), Seen(OK, 0), Broken(), Answered(False))
    store.save(sent)
    journal.close()
    journal, store = store_at(tmp_path / "printer.db")
    assert [unit.duplicate for unit in store.submit(samples.job("both", 2)).units] == [True, False]
    assert store.get(first.job_id) == sent
    journal.close()


def test_the_queue_has_an_end_and_ids_stand_for_one_thing(tmp_path, samples):
    journal = Journal.open(tmp_path / "printer.db", derived_id("printer"), SCHEMA)
    told = []
    store = Store(journal, SystemClock(), lambda tx, report: told.append(report), max_open=2, keep=3)
    store.submit(samples.job("one"))
    store.submit(samples.job("two"))
    with pytest.raises(QueueFull):
        store.submit(samples.job("three"))
    assert store.submit(samples.job("one")).id == samples.job("one").job_id  # a repeat needs no room
    with pytest.raises(IdReused):
        store.submit(samples.job("one", duplicate=True))
    for name in ("one", "two", "a", "b", "c", "d"):
        store.submit(samples.job(name))
        job, _ = core.step(store.get(samples.job(name).job_id), Turn(10**12), Limits())
        store.save(job)
        store.save(job)  # a second time says nothing new
    assert [report.state for report in told] == [F] * 6
    assert store.get(samples.job("one").job_id) is None  # settled and long ago
    assert store.get(samples.job("d").job_id) is not None
    journal.close()


def test_a_job_of_an_earlier_boot_is_too_old(tmp_path, samples):
    class Reborn(SystemClock):
        def read(self):
            reading = super().read()
            return type(reading)(reading.wall, 5, "another boot")

    journal = Journal.open(tmp_path / "printer.db", derived_id("printer"), SCHEMA)
    Store(journal, SystemClock()).submit(samples.job("old"))
    [job] = Store(journal, Reborn()).open_jobs()
    assert states(core.step(job, Turn(5), Limits())[0]) == "F"
    journal.close()
