"""The device's memory: durable, chained, gap-free; crash at any commit; a broken file is set aside and salvaged."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.clock import ClockState, Now, Reading
from shared.ids import Id, derived_id
from shared.runtime.config import Failure
from shared.runtime.journal import Journal, PageRefused, Phase, chain_faults
from shared.runtime.salvage import SKIP
from shared.wire.codec import dump, load
from shared.wire.facts import Fact, FactKind, Incident, Receipt, Upload, fact_hash
from shared.wire.feeds import FeedPage, FeedRow

DEVICE = derived_id("device")
NOON = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
TRUE_NOON = Now(NOON, ClockState.TRUSTED, timedelta(0))
READING = Reading(NOON, 1000, "boot")
FEED = "performances/site"


def memory(**more: object) -> Journal:
    return Journal(sqlite3.connect(":memory:"), DEVICE, **more)  # type: ignore[arg-type]


def see(journal: Journal, *numbers: int, note: str = "") -> list[Fact]:
    with journal.transaction() as tx:
        return [
            tx.record(FactKind.INCIDENT, Incident(f"E{n}", note, ""), TRUE_NOON, READING, derived_id("fact", n))
            for n in numbers
        ]


def page(after: int, upto: int, *rows: FeedRow) -> FeedPage:
    return FeedPage(FEED, after, upto, False, NOON, rows)


class PowerCut(Exception):
    pass


def cut_at(nth: int, phase: Phase) -> Callable[[Phase], None]:
    seen = 0

    def hook(now: Phase) -> None:
        nonlocal seen
        seen += now is phase
        if now is phase and seen == nth:
            raise PowerCut

    return hook


def test_facts_are_numbered_chained_and_stand_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "data" / "journal.db"
    journal = Journal.open(path, DEVICE)
    facts = [*see(journal, 1, 2), *see(journal, 3)]
    journal.close()
    assert [fact.seq for fact in facts] == [1, 2, 3]
    assert path.stat().st_mode & 0o077 == 0
    again = Journal.open(path, DEVICE)
    assert again.salvaged is None
    assert again.pending() == facts == list(again.facts(FactKind.INCIDENT))
    assert chain_faults(again.pending()) == []
    assert again.read("PRAGMA synchronous")[0][0] == 2
    assert again.read("PRAGMA journal_mode")[0][0] == "wal"


def test_hash_survives_the_wire() -> None:
    facts = see(memory(), 1, 2)
    there = load(Upload, dump(Upload(facts=tuple(facts), signature="")))
    assert chain_faults(there.facts) == []


def test_a_rolled_back_transaction_leaves_no_trace() -> None:
    journal = memory()
    with pytest.raises(ZeroDivisionError), journal.transaction() as tx:
        tx.counter("receipt")
        tx.set_note("a", "b")
        tx.record(FactKind.INCIDENT, Incident("E", "", ""), TRUE_NOON, READING, derived_id(1))
        _ = 1 / 0
    assert journal.unsent() == 0
    assert journal.note("a") is None
    with journal.transaction() as tx:
        assert [tx.counter("receipt"), tx.counter("receipt"), tx.counter("ticket")] == [1, 2, 1]
    assert see(journal, 1)[0].seq == 1


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("nth", [2, 3, 4])
def test_crash_at_any_commit(tmp_path: Path, phase: Phase, nth: int) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, DEVICE, on_commit=cut_at(nth, phase))
    told = 0
    with pytest.raises(PowerCut):
        for number in range(1, 6):
            see(journal, number)
            told = number
    after = Journal.open(path, DEVICE)
    kept = [fact.seq for fact in after.pending()]
    assert kept[:told] == list(range(1, told + 1)), "whatever was told ok is there"
    assert len(kept) == told + (phase is Phase.AFTER_COMMIT)
    see(after, 99)
    assert chain_faults(after.pending()) == []


@given(count=st.integers(2, 12), data=st.data())
def test_any_loss_or_edit_of_a_fact_is_noticed(count: int, data: st.DataObject) -> None:
    facts = see(memory(), *range(count))
    victim = data.draw(st.integers(0, count - 1))
    fact = facts[victim]
    edits = {
        "lost": [],
        "body": [replace(fact, body={**fact.body, "code": "other"})],
        "time": [replace(fact, at=fact.at + timedelta(seconds=1))],
        "kind": [replace(fact, kind=FactKind.CLOCK)],
        "clock": [replace(fact, clock=ClockState.UNTRUSTED)],
        "twice": [fact, fact],
        "number": [replace(fact, seq=fact.seq + 1)],
        "owner": [replace(fact, device_id=derived_id("thief"))],
    }
    edit = data.draw(st.sampled_from(sorted(edits)))
    forged = [*facts[:victim], *edits[edit], *facts[victim + 1 :]]
    if edit == "lost" and victim == count - 1:
        return  # the last one missing shows only with the next
    assert chain_faults(forged)


def test_batches_are_bounded_but_never_stuck() -> None:
    journal = memory()
    see(journal, *range(300))
    assert len(journal.pending(max_bytes=10**6)) == 200
    whole = journal.pending()
    assert 100 < len(whole) < 200
    assert 60_000 < len(dump(Upload(facts=tuple(whole), signature="s" * 88))) <= 65_536
    small = journal.pending(max_bytes=2000)
    assert 1 <= len(small) < 10
    assert sum(len(dump(fact)) for fact in small) <= 2000
    assert len(journal.pending(max_bytes=1)) == 1


def test_only_centrals_receipt_settles() -> None:
    journal = memory()
    see(journal, 1, 2, 3, 4, 5, 6)
    journal.settle(Receipt(contiguous=2, taken=(4,), gaps=((3, 3),), dead={"5": "unknown lease"}))
    assert [fact.seq for fact in journal.pending()] == [3, 6]
    assert journal.dead() == {5: "unknown lease"}
    journal.settle(Receipt(contiguous=2, taken=(), gaps=((3, 4),)))
    assert [fact.seq for fact in journal.pending()] == [3, 4, 6], "what central wants again is sent again"
    journal.settle(Receipt(contiguous=6))
    assert journal.unsent() == 0
    assert journal.dead() == {5: "unknown lease"}, "a dead letter stays visible"
    assert see(journal, 7)[0].prev == list(journal.facts())[5].hash


def test_what_a_clone_sent_under_our_number_does_not_settle_ours() -> None:
    journal = memory()
    see(journal, 1, 2, 3)
    journal.settle(Receipt(contiguous=9), sent=2)
    assert [fact.seq for fact in journal.pending()] == [3], "fact 3 was never sent"


def test_a_flipped_bit_holds_up_no_other_fact() -> None:
    journal = memory()
    see(journal, 1, 2, 3)
    with journal.transaction() as tx:
        tx.run("UPDATE fact SET json = CAST(replace(json, '\"E1\"', '\"E9\"') AS BLOB) WHERE seq = 1")
        tx.run("UPDATE fact SET json = x'ff00' WHERE seq = 2")
    assert [fact.seq for fact in journal.pending(max_facts=2)] == [3]
    assert sorted(journal.dead()) == [1, 2]
    assert journal.unsent() == 1


def test_a_disk_from_a_backup_does_not_use_numbers_again() -> None:
    journal = memory()
    see(journal, 1)
    journal.settle(Receipt(contiguous=5))
    assert see(journal, 2)[0].seq == 6


def test_who_listens_hears_of_committed_facts_only() -> None:
    journal = memory()
    heard: list[int] = []
    journal.on_fact = lambda: heard.append(journal.unsent())
    see(journal, 1, 2)
    with journal.transaction() as tx:
        tx.set_note("a", "b")
    with pytest.raises(sqlite3.IntegrityError):
        see(journal, 2)
    assert heard == [2]


def test_forget_keeps_the_chain() -> None:
    journal = memory()
    see(journal, *range(10))
    journal.settle(Receipt(contiguous=8))
    assert journal.forget(keep=0) == 8
    assert [fact.seq for fact in journal.facts()] == [9, 10]
    journal.settle(Receipt(contiguous=10))
    journal.forget(keep=0)
    assert see(journal, 11)[0].seq == 11


def test_a_page_is_taken_whole_and_never_back() -> None:
    journal = memory(schema="CREATE TABLE mine (key TEXT PRIMARY KEY);")
    journal.apply(page(0, 3, FeedRow("a", 1, {"x": 1}), FeedRow("b", 2, {"x": 2}), FeedRow("a", 3, {"x": 3})))
    assert journal.rows(FEED) == {"a": {"x": 3}, "b": {"x": 2}}
    journal.apply(page(3, 5, FeedRow("b", 4, None)), lambda tx, _: tx.run("INSERT INTO mine VALUES ('seen')") and None)
    assert (journal.row(FEED, "b"), journal.row(FEED, "a"), journal.revision(FEED)) == (None, {"x": 3}, 5)
    assert journal.read("SELECT key FROM mine")[0][0] == "seen"

    def fail(*_: object) -> None:
        raise ValueError

    with pytest.raises(ValueError):
        journal.apply(page(5, 6, FeedRow("a", 6, None)), fail)
    assert journal.revision(FEED) == 5
    assert journal.row(FEED, "a") == {"x": 3}


@pytest.mark.parametrize(
    "wrong",
    [
        page(0, 3),
        page(5, 4),
        page(6, 7),
        page(4, 6),
        page(5, 7, FeedRow("a", 5, None)),
        page(5, 7, FeedRow("a", 8, None)),
    ],
)
def test_pages_that_do_not_follow_are_refused(wrong: FeedPage) -> None:
    journal = memory()
    journal.apply(page(0, 5, FeedRow("a", 5, {})))
    with pytest.raises(PageRefused):
        journal.apply(wrong)
    assert (journal.revision(FEED), journal.row(FEED, "a")) == (5, {})


KEYS = "keys/house"


def key_rows(*told: tuple[str, int, str | None]) -> tuple[FeedRow, ...]:
    return tuple(FeedRow(kid, revision, {"certificate": kid, "revoked_at": at}) for kid, revision, at in told)


def test_a_feed_whose_revision_was_never_told_is_read_anew_and_keeps_what_is_revoked(tmp_path: Path) -> None:
    """Over two pages and a restart between them; after the end central's word counts as ever."""
    journal = Journal.open(tmp_path / "journal.db", DEVICE)
    was = key_rows(("a", 70, None), ("b", 80, "2026-04-01T00:00:00Z"), ("c", 90, "2026-04-02T00:00:00Z"))
    journal.apply(FeedPage(KEYS, 0, 90, False, NOON, was))
    seen: list[tuple[int, int]] = []

    def on_rows(_: object, given: FeedPage) -> None:
        seen.append((given.upto, given.asked))

    first = key_rows(("a", 3, "2026-05-01T00:00:00Z"), ("b", 5, None))
    journal.apply(FeedPage(KEYS, 0, 5, True, NOON, first, asked=90), on_rows)
    journal.close()
    journal = Journal.open(tmp_path / "journal.db", DEVICE)
    assert journal.revision(KEYS) == 5
    journal.apply(FeedPage(KEYS, 5, 7, False, NOON, (FeedRow("c", 6, None), *key_rows(("d", 7, None)))), on_rows)
    revoked = {kid: row["revoked_at"] for kid, row in journal.rows(KEYS).items()}
    assert revoked == {
        "a": "2026-05-01T00:00:00Z",
        "b": "2026-04-01T00:00:00Z",
        "c": "2026-04-02T00:00:00Z",
        "d": None,
    }
    journal.apply(FeedPage(KEYS, 7, 8, False, NOON, key_rows(("b", 8, None))), on_rows)
    assert (journal.row(KEYS, "b") or {})["revoked_at"] is None
    assert seen == [(5, 90), (7, 90), (8, 0)]


def test_other_rows_are_read_anew_as_central_tells_them() -> None:
    journal = memory()
    journal.apply(page(0, 9, FeedRow("a", 8, {"x": 1}), FeedRow("b", 9, {"x": 1}), FeedRow("c", 9, {"x": 1})))
    journal.apply(FeedPage(FEED, 0, 4, False, NOON, (FeedRow("a", 3, {"x": 2}), FeedRow("b", 4, None)), asked=9))
    assert journal.rows(FEED) == {"a": {"x": 2}, "c": {"x": 1}}, "what central does not know at all stays"
    assert journal.revision(FEED) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        FeedPage(FEED, 0, 4, False, NOON, (), asked=4),  # of another question: told again, it changes nothing
        FeedPage(FEED, 0, 4, False, NOON, (), asked=6),
        FeedPage(FEED, 0, 5, False, NOON, (), asked=5),  # not back
        FeedPage(FEED, 0, 6, False, NOON, (), asked=5),
        FeedPage(FEED, 1, 4, False, NOON, (), asked=5),  # not from the beginning
        FeedPage(FEED, 0, 4, False, NOON, (FeedRow("a", 5, {}),), asked=5),
    ],
)
def test_a_page_takes_a_feed_back_only_in_answer_to_just_that_question(wrong: FeedPage) -> None:
    journal = memory()
    journal.apply(page(0, 5, FeedRow("a", 5, {"x": 1})))
    with pytest.raises(PageRefused):
        journal.apply(wrong)
    assert (journal.revision(FEED), journal.row(FEED, "a")) == (5, {"x": 1})


def test_big_feeds_may_live_in_the_roles_own_table_only() -> None:
    journal = memory(schema="CREATE TABLE ticket (id TEXT PRIMARY KEY, serial INTEGER) WITHOUT ROWID;")
    journal.apply(
        page(0, 1, FeedRow("t1", 1, {"serial": 2})),
        lambda tx, given: tx.run_many(
            "INSERT INTO ticket VALUES (?, ?)", [(r.key, r.body["serial"]) for r in given.rows]
        ),  # type: ignore[index]
        keep=False,
    )
    assert journal.rows(FEED) == {}
    assert tuple(journal.read("SELECT * FROM ticket")[0]) == ("t1", 2)


def test_another_devices_journal_is_refused(tmp_path: Path) -> None:
    Journal.open(tmp_path / "j.db", DEVICE).close()
    with pytest.raises(Failure, match="belongs to device"):
        Journal.open(tmp_path / "j.db", Id(derived_id("other")))


def filled(path: Path, count: int = 400) -> None:
    journal = Journal.open(path, DEVICE, schema=ROLE)
    for start in range(0, count, 50):
        see(journal, *range(start, start + 50), note="x" * 200)
    with journal.transaction() as tx:
        tx.set_note("floor", "then")
        for _ in range(7):
            tx.counter("receipt")
        tx.run("INSERT INTO slot VALUES ('lease', 3, 'sold')")
    journal.settle(Receipt(contiguous=100))
    journal.apply(page(0, 1, FeedRow("a", 1, {})))
    journal.close()


ROLE = "CREATE TABLE IF NOT EXISTS slot (lease TEXT, slot INTEGER, state TEXT, PRIMARY KEY (lease, slot));"


def test_a_broken_page_is_worked_around(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    filled(path)
    spoil(path, "SELECT pageno FROM dbstat WHERE name = 'fact' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 10")
    journal = Journal.open(path, DEVICE, schema=ROLE, moment=NOON)
    assert journal.salvaged is not None
    assert journal.salvaged.set_aside == tmp_path / "journal.db.broken-20260501T120000"
    assert journal.salvaged.set_aside.exists()
    assert not journal.salvaged.whole
    kept = {fact.seq for fact in journal.facts()}
    assert 350 < len(kept) < 400
    assert {1, 400} <= kept
    assert min(fact.seq for fact in journal.pending()) > 100, "what central had is not sent again"
    assert (journal.note("floor"), journal.revision(FEED)) == ("then", 0)
    assert tuple(journal.read("SELECT * FROM slot")[0]) == ("lease", 3, "sold")
    with journal.transaction() as tx:
        assert tx.counter("receipt") == 8
    assert see(journal, 1000)[0].seq == 401


def test_a_torn_tail_leaves_a_hole_rather_than_a_number_used_twice(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    filled(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 2 // 3)
    journal = Journal.open(path, DEVICE, schema=ROLE)
    assert journal.salvaged is not None
    last = max((fact.seq for fact in journal.facts()), default=0)
    assert see(journal, 1000)[0].seq in (401, last + SKIP + 1)


def test_rubbish_instead_of_a_database(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database, but long enough to be looked at " * 40)
    journal = Journal.open(path, DEVICE)
    assert journal.salvaged is not None
    assert (journal.salvaged.facts, journal.salvaged.whole) == (0, False)
    assert journal.salvaged.set_aside.read_bytes().startswith(b"not a database")
    assert see(journal, 1)[0].seq == SKIP + 1


def test_a_forged_fact_is_not_salvaged(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    filled(path)
    with sqlite3.connect(path) as db:
        text = db.execute("SELECT json FROM fact WHERE seq = 42").fetchone()[0]
        db.execute("UPDATE fact SET json = ? WHERE seq = 42", (text.replace(b'"E41"', b'"E99"'),))
    db.close()
    spoil(path, "SELECT rootpage FROM sqlite_master WHERE name = 'fact_waiting'")
    journal = Journal.open(path, DEVICE, schema=ROLE)
    assert journal.salvaged is not None
    assert 42 not in {fact.seq for fact in journal.facts()}
    assert journal.salvaged.facts == 399


def test_a_log_torn_by_a_power_cut_loses_only_what_was_not_committed(tmp_path: Path) -> None:
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    journal = Journal.open(path, DEVICE)
    see(journal, 1)
    see(journal, 2)
    wal = Path(f"{path}-wal").read_bytes()
    copy.write_bytes(path.read_bytes())
    Path(f"{copy}-wal").write_bytes(wal[:-100])
    journal.close()
    after = Journal.open(copy, DEVICE)
    assert after.salvaged is None
    assert [fact.seq for fact in after.pending()] == [1]


def spoil(path: Path, which: str) -> None:
    """Overwrite one page of the file: `which` is SQL for its number."""
    db = sqlite3.connect(path)
    number = db.execute(which).fetchone()[0]
    size = db.execute("PRAGMA page_size").fetchone()[0]
    db.close()
    with path.open("r+b") as file:
        file.seek((number - 1) * size)
        file.write(b"\xff" * size)


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "journal.db"
    filled(path, 100)
    return path.read_bytes()


@settings(max_examples=60)
@given(
    damage=st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from([1, 16, 512, 5000]), st.binary(min_size=1, max_size=4)),
        min_size=1,
        max_size=3,
    ),
    keep=st.integers(0, 200),
)
@example(damage=[(3836, 1, b"\x80")], keep=200)
@example(damage=[(25, 512, b"\x05")], keep=200)
def test_whatever_happens_to_the_file_the_device_starts(
    whole_file: bytes, tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, int, bytes]], keep: int
) -> None:
    """Any run of bytes overwritten, any tail lost: it opens, tells no forged fact, and goes on with a sound chain."""
    raw = bytearray(whole_file)
    for start, length, filling in damage:
        start %= len(raw)
        end = min(start + length, len(raw))
        raw[start:end] = (filling * length)[: end - start]
    del raw[len(raw) * keep // 100 :]
    path = tmp_path_factory.mktemp("torn") / "journal.db"
    path.write_bytes(raw)
    try:
        journal = Journal.open(path, DEVICE, schema=ROLE)
    except Failure as told:
        assert "belongs to device" in str(told)
        return
    assert all(fact_hash(fact) == fact.hash for fact in journal.pending(max_bytes=10**6))
    fresh = see(journal, 5000)[0]
    assert chain_faults([fresh], fresh.seq - 1, fresh.prev) == []
    journal.close()
