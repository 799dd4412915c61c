"""The log's chain, on SQLite and PostgreSQL: what is sealed is proved, whatever is done to it afterwards is named."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from click.testing import CliRunner

from central.audit import Proven, report, sentence, verify
from central.config import CentralConfig
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import UNFIT, Database
from central.kernel.door import Door
from central.kernel.entity import METADATA
from central.kernel.keys import Keys, load_keys, make_keys
from central.kernel.log_chain import (
    AT_ONCE,
    COLUMNS,
    FROM_LOG,
    SEALED,
    Chain,
    Checkpoint,
    Signed,
    copy_checkpoints,
    hash_of,
    seal_now,
)
from central.kernel.log_proof import LogFault, Proof, Tampering, prove
from central.kernel.row_proof import prove_rows
from central.kernel.schema import upgrade
from central.kernel.tx import Read
from central.organisation.ops import SetUpHouse
from central.pricing.ops import PriceCell, SetPrice
from parterre.cli import main
from shared.runtime.config import Failure
from shared.runtime.tasks import Crew
from shared.wire.codec import dump, load
from shared.wire.seal import Signer, seal
from tests.central.small_house import NOW, Clerk, House, Watch, new_id
from tests.waiting import until

pytestmark = pytest.mark.behind_the_door  # the log and its rows are tampered with


@pytest.fixture
async def door(place: tuple[Database, House], keys: Keys, watch: Watch) -> AsyncIterator[Door]:
    made = Door(place[0], watch, path_of, keys)
    made.start()
    yield made
    await asyncio.to_thread(made.stop)


@dataclass(slots=True)
class Log:
    """A sealed log with two checkpoints: at `first` and, three rows later, at its head; ten rows each side."""

    clerk: Clerk
    keys: Keys
    file: Path
    first: int = 0
    head: int = 0

    def read(self) -> Read:
        return Read(self.clerk.db, SYSTEM, self.clerk.watch(), self.keys)

    def proof(self, *heads: tuple[int, str], file: bool = True) -> Proof:
        db = self.clerk.db
        db.begin(write=False)
        try:
            return prove(self.read(), self.file if file else None, self.keys.root_pem, heads)
        finally:
            db.rollback()

    def found(self, *heads: tuple[int, str]) -> list[tuple[Tampering, int, int]]:
        return [(fault.what, fault.seq, fault.last) for fault in self.proof(*heads).faults]

    def seal(self) -> int:
        return seal_now(self.clerk.db, self.read())

    def checkpoint(self, keys: Keys | None = None) -> int:
        """As the loop makes it."""
        signer, certificate = (keys or self.keys).signer, (keys or self.keys).certificate
        ((seq, digest),) = self.rows("SELECT seq, hash FROM command_log ORDER BY seq DESC NULLS LAST LIMIT 1")
        sealed = seal(dump(Checkpoint(seq, digest, 0)), signer)
        first = not self.rows("SELECT 1 FROM audit_checkpoint WHERE kid = :k", k=sealed.kid)
        self.write(
            "INSERT INTO audit_checkpoint (seq, text, kid, signature, certificate) VALUES (:s, :t, :k, :g, :c)",
            s=seq, t=sealed.text, k=sealed.kid, g=sealed.signature, c=certificate.pem if first else "",
        )  # fmt: skip
        copy_checkpoints(self.read(), self.file)
        return int(seq)

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        return self.clerk.rows(sql, **params)

    def write(self, sql: str, **params: Any) -> None:
        """By somebody at the database itself, past the door and past the foreign keys."""
        db = self.clerk.db
        if isinstance(db, _sqlite()):
            db.run("PRAGMA foreign_keys=OFF", {})
        else:
            db.run("SET session_replication_role = replica", {})
        db.write(sql, params)

    def command(self, seq: int) -> str:
        ((name, row_id),) = self.rows("SELECT name, id FROM command_log WHERE seq = :s", s=seq)
        return f"{name} {row_id}"

    def content(self, seq: int) -> tuple[bytes, tuple[Any, ...], list[Any]]:
        """Hash, content and audit of a row."""
        ((digest, *content),) = self.rows(f"SELECT l.hash, {SEALED} {FROM_LOG} WHERE l.seq = :s", s=seq)
        audit = self.rows(
            "SELECT n, entity, entity_id, action, change FROM audit WHERE command_id = :c ORDER BY n", c=content[0]
        )
        return bytes.fromhex(digest), tuple(content), audit


def _sqlite() -> type:
    from central.kernel.db import SqliteConnection

    return SqliteConnection


@pytest.fixture
def log(clerk: Clerk, house: House, keys: Keys, tmp_path: Path) -> Log:
    made = Log(clerk, keys, tmp_path / "elsewhere" / "checkpoints.jsonl")
    prices(clerk, house, 5)
    made.seal()
    made.first = made.checkpoint()
    prices(clerk, house, 10)
    made.seal()
    made.head = made.checkpoint()
    return made


def prices(clerk: Clerk, house: House, how_many: int) -> None:
    """Commands that change a row, and one that is refused."""
    for n in range(how_many - 1):
        amount = 1000 + 7 * len(clerk.said) + n
        clerk.do(SetPrice(grid_id=house.grid, cell=PriceCell(house.seated, house.full, amount)))
    clerk.no(SetPrice(grid_id=new_id(), cell=PriceCell(house.seated, house.full, 1)))


def test_what_was_sealed_is_proved(log: Log) -> None:
    proof = log.proof()
    assert proof.faults == ()
    assert (proof.rows, proof.head, proof.checkpoints) == (log.head, log.head, 2)
    assert (proof.unsealed, proof.after_checkpoint) == (0, 0)
    seqs = [row[0] for row in log.rows("SELECT seq FROM command_log ORDER BY seq")]
    assert seqs == list(range(1, log.head + 1))


def test_sealing_makes_nothing_to_seal_and_goes_on_where_it_was(log: Log, house: House) -> None:
    assert log.seal() == 0
    log.clerk.do(SetPrice(grid_id=house.grid, cell=PriceCell(house.seated, house.full, 1)))
    assert log.seal() == 1
    assert log.proof().head == log.head + 1 and log.proof().after_checkpoint == 1


def test_rows_are_sealed_in_the_order_in_which_they_happened(clerk: Clerk, house: House, log: Log) -> None:
    """The clock stands still, and ids say nothing: turns do."""
    said = []
    for amount in range(1, 40):
        clerk.do(SetPrice(grid_id=house.grid, cell=PriceCell(house.seated, house.full, amount)))
        said.append(clerk.said[-1])
    log.seal()
    sealed = [row[0] for row in log.rows("SELECT id FROM command_log WHERE seq > :h ORDER BY seq", h=log.head)]
    assert sealed == said


# --- tampering -------------------------------------------------------------------------------------------------------


def change_body(log: Log, at: int) -> None:
    log.write("UPDATE command_log SET body = body || ' ' WHERE seq = :s", s=at)


def change_answer(log: Log, at: int) -> None:
    log.write("UPDATE command_log SET answer = '+null ' WHERE seq = :s", s=at)


def change_who(log: Log, at: int) -> None:
    log.write("UPDATE command_log SET actor = 'operator:somebody else' WHERE seq = :s", s=at)


def change_when(log: Log, at: int) -> None:
    log.write("UPDATE command_log SET at = at - 1 WHERE seq = :s", s=at)


def change_hash(log: Log, at: int) -> None:
    log.write("UPDATE command_log SET hash = 'no hash' WHERE seq = :s", s=at)


def change_audit(log: Log, at: int) -> None:
    log.write("UPDATE audit SET change = '{}' WHERE command_id = (SELECT id FROM command_log WHERE seq = :s)", s=at)


def remove_audit(log: Log, at: int) -> None:
    log.write("DELETE FROM audit WHERE command_id = (SELECT id FROM command_log WHERE seq = :s)", s=at)


def add_audit(log: Log, at: int) -> None:
    log.write(
        "INSERT INTO audit (command_id, n, entity, entity_id, action, change) "
        "SELECT id, 77, 'tariff', 'X', 'created', '' FROM command_log WHERE seq = :s", s=at
    )  # fmt: skip


def change_prints(log: Log, at: int) -> None:
    where = "WHERE command_id = (SELECT id FROM command_log WHERE seq = :s)"
    log.write(f"UPDATE command_prints SET prints = '{{}}' {where}", s=at)


def remove_prints(log: Log, at: int) -> None:
    log.write("DELETE FROM command_prints WHERE command_id = (SELECT id FROM command_log WHERE seq = :s)", s=at)


def remove(log: Log, at: int) -> None:
    log.write("DELETE FROM audit WHERE command_id = (SELECT id FROM command_log WHERE seq = :s)", s=at)
    log.write("DELETE FROM command_log WHERE seq = :s", s=at)


def shift(log: Log, at: int, by: int) -> None:
    """Gives the rows from `at` on other numbers, as somebody who covers their tracks would."""
    log.write("UPDATE command_log SET seq = -seq WHERE seq >= :s", s=at)
    log.write("UPDATE command_log SET seq = -seq + :by WHERE seq < 0", by=by)


def remove_and_renumber(log: Log, at: int) -> None:
    remove(log, at)
    shift(log, at + 1, -1)


def insert(log: Log, at: int, *, hashed: bool = False) -> None:
    before, content, _ = log.content(at - 1)
    shift(log, at, 1)
    forged = (str(new_id()), *content[1:-1])
    digest = hash_of(before, (*forged, None), ()).hex() if hashed else "0" * 64
    names = ", ".join((*COLUMNS, "seq", "hash"))
    values = {f"v{n}": value for n, value in enumerate((*forged, at, digest))}
    marks = ", ".join(f":{name}" for name in values)
    log.write(f"INSERT INTO command_log ({names}) VALUES ({marks})", **values)


def insert_with_its_hash(log: Log, at: int) -> None:
    insert(log, at, hashed=True)


def swap(log: Log, at: int) -> None:
    """Two neighbours with all they have."""
    log.write("UPDATE command_log SET seq = -1 WHERE seq = :s", s=at)
    log.write("UPDATE command_log SET seq = :s WHERE seq = :t", s=at, t=at + 1)
    log.write("UPDATE command_log SET seq = :t WHERE seq = -1", t=at + 1)


def swap_contents(log: Log, at: int) -> None:
    """Two rows that keep the seals of their places."""
    swap(log, at)
    ((one,), (two,)) = log.rows("SELECT hash FROM command_log WHERE seq IN (:s, :t) ORDER BY seq", s=at, t=at + 1)
    log.write("UPDATE command_log SET hash = :h WHERE seq = :s", h=two, s=at)
    log.write("UPDATE command_log SET hash = :h WHERE seq = :s", h=one, s=at + 1)


def rewrite(log: Log, at: int) -> None:
    """Changes a row and works out every hash after it, as whoever knows how but has no key."""
    log.write("UPDATE command_log SET body = '{}' WHERE seq = :s", s=at)
    before = bytes.fromhex(log.rows("SELECT hash FROM command_log WHERE seq = :s", s=at - 1)[0][0])
    for seq in range(at, log.head + 1):
        _, content, audit = log.content(seq)
        before = hash_of(before, content, audit)
        log.write("UPDATE command_log SET hash = :h WHERE seq = :s", h=before.hex(), s=seq)


def cut(log: Log, at: int) -> None:
    for seq in range(at, log.head + 1):
        remove(log, seq)


def cut_with_checkpoint(log: Log, at: int) -> None:
    """And the database's own checkpoint with it: the file still has it."""
    cut(log, at)
    log.write("DELETE FROM audit_checkpoint WHERE seq >= :s", s=at)


def unseal(log: Log, at: int) -> None:
    log.write("UPDATE command_log SET seq = NULL, hash = NULL WHERE seq = :s", s=at)
    log.clerk.watch.at += timedelta(minutes=11)


CH, RM, IN, RO, RW = Tampering.CHANGED, Tampering.REMOVED, Tampering.INSERTED, Tampering.REORDERED, Tampering.REWRITTEN


@pytest.mark.parametrize(
    ("tamper", "want"),
    [
        (change_body, [(CH, 0, 0)]),
        (change_answer, [(CH, 0, 0)]),
        (change_who, [(CH, 0, 0)]),
        (change_when, [(CH, 0, 0)]),
        (change_audit, [(CH, 0, 0)]),
        (remove_audit, [(CH, 0, 0)]),
        (add_audit, [(CH, 0, 0)]),
        (change_prints, [(CH, 0, 0)]),
        (remove_prints, [(CH, 0, 0)]),
        (change_hash, [(CH, 0, 0), (CH, 1, 1)]),  # nothing is left to say that the next row is sound
        (remove, [(RM, 0, 0)]),
        (remove_and_renumber, [(RM, 0, 0)]),
        (insert, [(IN, 0, 0)]),
        (insert_with_its_hash, [(IN, 0, 0)]),
        (swap, [(RO, 0, 0), (RO, 1, 1), (RO, 2, 2)]),
        (swap_contents, [(RO, 0, 0), (RO, 1, 1)]),
    ],
)
def test_each_way_of_tampering_is_named_where_it_was_done(
    log: Log, tamper: Callable[[Log, int], None], want: list[tuple[Tampering, int, int]]
) -> None:
    at = log.first + 3
    tamper(log, at)
    assert log.found() == [(what, at + first, at + last) for what, first, last in want]


def test_the_row_is_named_with_its_command(log: Log) -> None:
    at = log.first + 3
    command = log.command(at)
    change_body(log, at)
    (fault,) = log.proof().faults
    assert fault == LogFault(CH, at, at, command) and command in sentence(fault)


def test_several_things_at_once_are_each_named(log: Log) -> None:
    change_who(log, 2)
    remove(log, log.first + 2)
    change_audit(log, log.first + 6)
    assert log.found() == [(CH, 2, 2), (RM, log.first + 2, log.first + 2), (CH, log.first + 6, log.first + 6)]


def test_a_chain_worked_out_anew_does_not_fit_the_signed_checkpoint(log: Log) -> None:
    rewrite(log, log.first + 4)
    assert log.found() == [(RW, log.first + 1, log.head)]


@pytest.mark.parametrize("tamper", [cut, cut_with_checkpoint])
def test_a_cut_tail_is_named(log: Log, tamper: Callable[[Log, int], None]) -> None:
    at = log.head - 2
    tamper(log, at)
    lost = [(Tampering.LOST, log.head, log.head)] if tamper is cut_with_checkpoint else []
    assert sorted(log.found()) == sorted([(Tampering.CUT, at, log.head), *lost])


def test_a_tail_cut_with_everything_that_knew_of_it_is_known_to_who_noted_the_head(log: Log) -> None:
    """Database and file alike: nothing here can tell, the auditor's note can."""
    noted = (log.head, log.proof().hash)
    cut_with_checkpoint(log, log.first + 1)
    log.file.write_bytes(log.file.read_bytes().splitlines(keepends=True)[0])
    assert log.found() == []
    assert log.found(noted) == [(Tampering.CUT, log.first + 1, log.head)]


ONE = {
    "command_log": "seq = (SELECT MAX(seq) FROM command_log)",
    "command_prints": "command_id = (SELECT id FROM command_log WHERE seq = (SELECT MAX(seq) FROM command_log))",
    "audit": "n = 0 AND command_id = (SELECT MAX(command_id) FROM audit)",
    "audit_checkpoint": "seq = (SELECT MIN(seq) FROM audit_checkpoint)",
}
ODD = (None, "no such thing", "é" * 100_000, "[1]", '{"tariff": {"x": 5}}', 0, 7, 2**63 - 1, b"\xff\x00")
"""Nothing, another type, what is huge."""


@pytest.mark.parametrize("table", ONE)
def test_whatever_a_column_holds_is_told_in_sentences(log: Log, table: str) -> None:
    """What the database itself does not take is not tampering; all else is named, by the log or by the tables."""
    db = log.clerk.db
    log.write("DELETE FROM audit WHERE 1 = 0")  # from now on no foreign key is asked
    for column in (each.name for each in METADATA.tables[table].columns):
        took, ((was,),) = 0, log.rows(f"SELECT {column} FROM {table} WHERE {ONE[table]}")
        for odd in (each for each in ODD if each != was):
            db.begin(write=True)
            try:
                db.write(f"UPDATE {table} SET {column} = :odd WHERE {ONE[table]}", {"odd": odd})
            except (*UNFIT, psycopg.Error):
                db.rollback()
                continue
            proof = Proven(prove(log.read(), log.file, log.keys.root_pem), prove_rows(log.read()))
            db.rollback()
            said = report(proof)
            assert proof.faults, (column, odd)
            assert len(said) > len(proof.faults) and all(isinstance(each, str) for each in said)
            took += 1
        assert took, column


def test_the_command_line_says_what_lost_its_place(folder: tuple[Path, Clerk]) -> None:
    data, clerk = folder
    clerk.db.write("UPDATE command_log SET seq = NULL WHERE seq = (SELECT MAX(seq) FROM command_log)", {})
    said = CliRunner().invoke(main, ["audit", "verify"], env={"PARTERRE_CENTRAL__DATA": str(data)})
    assert said.exit_code == 1 and "the newest rows are gone, as a signed checkpoint shows" in said.output
    clerk.db.write("UPDATE command_log SET seq = 'here'", {})
    said = CliRunner().invoke(main, ["audit", "verify"], env={"PARTERRE_CENTRAL__DATA": str(data)})
    assert said.exit_code == 1 and "has lost its place in the chain" in said.output


def test_a_noted_head_that_stands_is_fine_and_another_log_is_not(log: Log, house: House) -> None:
    noted = (log.head, log.proof().hash)
    prices(log.clerk, house, 3)
    log.seal()
    assert log.found(noted) == []
    assert log.found((log.head, "0" * 64)) == [(Tampering.NOT_THE_HEAD, log.head, log.head)]


def test_a_row_that_waits_too_long_is_named_and_a_fresh_one_is_not(log: Log, house: House) -> None:
    log.clerk.do(SetPrice(grid_id=house.grid, cell=PriceCell(house.seated, house.full, 4)))
    assert log.proof().faults == () and log.proof().unsealed == 1
    log.clerk.watch.at += timedelta(minutes=11)
    (fault,) = log.proof().faults
    assert fault == LogFault(Tampering.UNSEALED, 0, 0, f"set_price {log.clerk.said[-1]}")


def test_an_unsealed_row_in_the_middle_is_a_hole(log: Log) -> None:
    at = log.first + 3
    unseal(log, at)
    assert log.found() == [(Tampering.UNSEALED, 0, 0), (RM, at, at)]


# --- checkpoints -----------------------------------------------------------------------------------------------------


def test_a_checkpoint_signed_by_another_key_is_forged(log: Log, house: House) -> None:
    prices(log.clerk, house, 2)
    log.seal()
    at = log.checkpoint(make_keys(NOW))
    assert log.found() == [(Tampering.FORGED, at, at)] * 2, "in the database, and in the file"
    assert {fault.more for fault in log.proof().faults} == {"database", "file"}


def test_a_checkpoint_whose_text_was_changed_is_forged(log: Log) -> None:
    """Somebody cuts the tail and makes the checkpoint fit: its signature does not."""
    rewrite(log, log.head)
    digest = log.rows("SELECT hash FROM command_log WHERE seq = :s", s=log.head)[0][0]
    log.write(
        "UPDATE audit_checkpoint SET text = :t WHERE seq = :s", t=dump(Checkpoint(log.head, digest, 0)).decode(),
        s=log.head,
    )  # fmt: skip
    assert (Tampering.FORGED, log.head, log.head) in log.found()
    assert (RW, log.first + 1, log.head) in log.found(), "the file's is genuine"


def test_a_checkpoint_taken_out_of_the_file_or_the_database_is_missed(log: Log) -> None:
    lines = log.file.read_bytes().splitlines(keepends=True)
    signed = load(Signed, lines[0])
    log.file.write_bytes(lines[1])
    found = log.proof().faults
    assert [(each.what, each.seq, each.more) for each in found] == [(Tampering.LOST, log.first, "file")]
    log.file.write_bytes(b"".join(lines))
    log.write("DELETE FROM audit_checkpoint WHERE seq = :s", s=log.first)
    found = log.proof().faults
    assert signed.certificate and [(each.what, each.more) for each in found] == [(Tampering.LOST, "database")]


def test_a_line_that_a_crash_cut_short_is_no_fault_and_is_written_again(log: Log, house: House) -> None:
    whole = log.file.read_bytes()
    log.file.write_bytes(whole[:-40])
    assert log.proof().faults == ()
    assert copy_checkpoints(log.read(), log.file) == 1 and log.file.read_bytes() == whole


def test_rubbish_in_the_file_is_named_by_its_line(log: Log) -> None:
    log.file.write_bytes(b'{"half": \n' + log.file.read_bytes())
    (fault,) = log.proof().faults
    assert (fault.what, fault.more) == (Tampering.FORGED, "file, line 1")


# --- the loop --------------------------------------------------------------------------------------------------------


async def test_the_loop_seals_right_after_the_commit_and_signs(
    door: Door, clerk: Clerk, house: House, keys: Keys, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoints.jsonl"
    chain = Chain(door, file, checkpoint_every_s=0.3)
    tasks = [asyncio.create_task(work) for work in (chain.keep(), chain.keep_file())]
    replies = await asyncio.gather(
        *(
            door.execute(
                SYSTEM, SetPrice(grid_id=house.grid, cell=PriceCell(house.seated, house.full, n + 1)), new_id()
            )
            for n in range(30)
        )
    )
    assert all(reply.ok for reply in replies)
    await until(lambda: file.exists() and not clerk.rows("SELECT 1 FROM command_log WHERE seq IS NULL"))
    for task in tasks:
        task.cancel()
    await chain.close()
    log = Log(clerk, keys, file)
    proof = log.proof()
    assert proof.faults == () and proof.unsealed == 0 and proof.after_checkpoint == 0 and proof.checkpoints >= 1
    assert proof.rows == clerk.rows("SELECT COUNT(*) FROM command_log")[0][0]


async def test_two_that_seal_at_once_make_one_chain(door: Door, clerk: Clerk, house: House, keys: Keys) -> None:
    """As two processes on one PostgreSQL do; more rows than fit into one chunk."""
    prices(clerk, house, AT_ONCE + 100)
    chains = [Chain(door, None) for _ in range(3)]
    await asyncio.gather(*(chain.seal() for chain in chains))
    proof = Log(clerk, keys, Path("none")).proof(file=False)
    assert proof.faults == () and proof.unsealed == 0


async def test_a_file_that_cannot_be_written_does_not_stop_the_log(
    door: Door, clerk: Clerk, house: House, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    chain = Chain(door, tmp_path / "taken" / "checkpoints.jsonl")
    await chain.seal()
    assert await chain.sign() is not None
    assert clerk.rows("SELECT COUNT(*) FROM audit_checkpoint") == [(1,)]
    async with Crew() as crew:
        crew.start("checkpoints", chain.keep_file)
        (standing,) = crew.standings
        await until(lambda: standing.failing_since)
        assert "cannot be written" in standing.why
        (tmp_path / "taken").unlink()
        await until(lambda: standing.calm)
    assert len((tmp_path / "taken" / "checkpoints.jsonl").read_text().splitlines()) == 1


# --- the command line ------------------------------------------------------------------------------------------------


def test_an_auditor_proves_either_database_with_copies_and_without_a_private_key(
    log: Log, place: tuple[Database, House], tmp_path: Path
) -> None:
    root = tmp_path / "root.pem"
    root.write_text(log.keys.root_pem)
    settings = CentralConfig(data=tmp_path / "nothing here", database=place[0].url)
    assert verify(settings, file=log.file, root=root).faults == ()
    change_body(log, 3)
    (fault,) = verify(settings, (f"{log.head}:{'0' * 64}",), log.file, root).faults[:1]
    assert (fault.what, fault.seq) == (CH, 3)


def test_a_database_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text(make_keys(NOW).root_pem)
    (tmp_path / "empty.db").touch()
    for url in (f"sqlite:///{tmp_path / 'empty.db'}", "postgresql://nobody@127.0.0.1:1/none"):
        with pytest.raises(Failure, match="cannot be read"):
            verify(CentralConfig(data=tmp_path, database=url), root=tmp_path / "root.pem")


@pytest.fixture
def folder(tmp_path: Path) -> tuple[Path, Clerk]:
    """Central's folder after a founding, sealed and signed."""
    data = tmp_path / "central"
    database = Database(f"sqlite:///{data / 'parterre.db'}")
    upgrade(database)
    keys, watch = load_keys(data / "keys", NOW), Watch()
    db = database.connect()
    clerk = Clerk(Door(database, watch, path_of, keys), db, watch)
    clerk.do(
        SetUpHouse(
            institution_id=new_id(),
            code="MAISON",
            names={"fr": "La maison"},
            operator_id=new_id(),
            operator_name="Anna",
            key_digest="d",
        )
    )
    log = Log(clerk, keys, data / "audit" / "checkpoints.jsonl")
    log.seal()
    log.checkpoint()
    return data, clerk


def test_the_command_line_proves_and_gives_a_head_that_it_takes_back(folder: tuple[Path, Clerk]) -> None:
    data, clerk = folder
    env = {"PARTERRE_CENTRAL__DATA": str(data)}
    first = CliRunner().invoke(main, ["audit", "verify"], env=env)
    assert first.exit_code == 0 and "The log is what was sealed." in first.output
    head = first.output.splitlines()[-1].removeprefix("head ")
    assert CliRunner().invoke(main, ["audit", "verify", "--head", head], env=env).exit_code == 0
    clerk.db.write("UPDATE command_log SET body = '{}'", {})
    changed = CliRunner().invoke(main, ["audit", "verify"], env=env)
    assert changed.exit_code == 1
    assert f"row 1 (set_up_house {clerk.said[0]})" in changed.output and "NOT what was sealed" in changed.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--head", "12"], "no head"),
        (["--root", "/nowhere/root.pem"], "cannot be read"),
    ],
)
def test_what_cannot_be_looked_at_is_exit_code_2(folder: tuple[Path, Clerk], arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["audit", "verify", *arguments], env={"PARTERRE_CENTRAL__DATA": str(folder[0])})
    assert result.exit_code == 2 and said in result.output


def test_a_folder_without_a_database_is_exit_code_2(folder: tuple[Path, Clerk]) -> None:
    (folder[0] / "parterre.db").rename(folder[0] / "away.db")
    result = CliRunner().invoke(main, ["audit", "verify"], env={"PARTERRE_CENTRAL__DATA": str(folder[0])})
    assert result.exit_code == 2 and "no database" in result.output


def test_a_checkpoint_is_a_signed_text_that_anybody_can_check(log: Log) -> None:
    signed = load(Signed, log.file.read_bytes().splitlines()[0])
    assert signed.sealed.signed_by(log.keys.signer.key.public_key())
    assert not replace(signed.sealed, text=signed.sealed.text + " ").signed_by(log.keys.signer.key.public_key())
    assert orjson.loads(signed.sealed.text)["seq"] == log.first
    assert Signer.of(log.keys.signer.key).kid == signed.sealed.kid
