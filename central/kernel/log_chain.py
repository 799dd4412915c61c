"""The log as a chain: each row's hash covers the row, what it changed, and the hash before it; checkpoints are signed.

Sealing comes right after the commit and not in it: commands need not wait for each other's hashes, on PostgreSQL they
could not run side by side. It reads beside the writer and writes only `seq` and `hash` into rows that are there, so it
leaves nothing to seal behind. A signed checkpoint says how far the chain had come; it lies in the database and in a
file elsewhere, so that a cut tail, or a chain worked out anew by somebody without central's key, shows. What is proved
by it, and what is not: docs/history.md. Checking: kernel/log_proof.py.
"""

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from central.kernel.actor import SYSTEM
from central.kernel.db import UNFIT, Connection
from central.kernel.door import Door
from central.kernel.trouble import Repeatable
from central.kernel.turns import Footing
from central.kernel.tx import Read
from shared.clock import to_ms
from shared.runtime.log import logger
from shared.runtime.tasks import NotNow, at_most, wait_any, well
from shared.wire.codec import dump, load
from shared.wire.seal import Sealed, seal

log = logger(__name__)

GENESIS = bytes(32)
MOST_SEQ = 2**63 - 1  # SQLite puts texts and bytes after all numbers
AT_ONCE = 500
GAP_S = 0.2  # many commits, one round: a seal a fifth of a second later proves as much
POLL_S = 5.0  # what was refused rings no bell, and another process may share the database
CHECKPOINT_EVERY_S = 300.0
CLOSE_S = 5.0
TAIL = 65_536

COLUMNS = ("id", "at", "actor", "origin", "name", "place", "turn", "digest", "body", "answer")
"""The columns of the log that a seal covers, besides the row's prints and its audit."""
CONTENT = (*COLUMNS, "prints")
"""`prints` is null for rows from before there were any, and not among their values then."""
SEALED = f"{', '.join(f'l.{name}' for name in COLUMNS)}, p.prints"
FROM_LOG = "FROM command_log l LEFT JOIN command_prints p ON p.command_id = l.id"

AuditRow = tuple[int, str, str, str, str]
"""n, entity, entity_id, action, change."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain's head at a moment (milliseconds): what central signs."""

    seq: int
    hash: str
    at: int


@dataclass(frozen=True, slots=True)
class Seal:
    command_id: str
    seq: int
    hash: str


def hash_of(before: bytes, content: tuple[Any, ...], audit: Iterable[AuditRow]) -> bytes:
    """sha256(previous hash ‖ the row's values in the order of `CONTENT` and its audit rows, as one JSON array)."""
    values = content if content[-1] is not None else content[:-1]
    return sha256(before + orjson.dumps([*values, [list(each) for each in audit]])).digest()


# --- sealing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """Where the chain ends, and the seals that come next."""

    head: int
    seals: tuple[Seal, ...]


def head_of(read: Read) -> tuple[int, bytes]:
    row = read.one("SELECT seq, hash FROM command_log WHERE seq = (SELECT MAX(seq) FROM command_log)")
    return (int(row[0]), bytes.fromhex(row[1])) if row else (0, GENESIS)


def next_seals(read: Read) -> ChainEnd:
    """Worked out beside the writer, at one moment of the database."""
    head, before = head_of(read)
    rows = read.run(
        f"SELECT {SEALED} {FROM_LOG} WHERE l.seq IS NULL ORDER BY l.turn, l.id LIMIT :n",
        n=AT_ONCE,
    )
    audit = audit_of(
        read.run(
            "SELECT a.command_id, a.n, a.entity, a.entity_id, a.action, a.change FROM audit a JOIN "
            "(SELECT id FROM command_log WHERE seq IS NULL ORDER BY turn, id LIMIT :n) l ON l.id = a.command_id "
            "ORDER BY a.command_id, a.n",
            n=AT_ONCE,
        )
    )
    seals = []
    for seq, row in enumerate(rows, head + 1):
        before = hash_of(before, row, audit.get(row[0], ()))
        seals.append(Seal(row[0], seq, before.hex()))
    return ChainEnd(head, tuple(seals))


def audit_of(rows: Iterable[tuple[Any, ...]]) -> Mapping[str, list[AuditRow]]:
    """Audit rows (command_id first, in order) by their command."""
    return {command: [(*row[1:],) for row in group] for command, group in groupby(rows, itemgetter(0))}


def write_seals(db: Connection, found: ChainEnd) -> bool:
    """False: somebody else sealed meanwhile, look again. The counter's row is where two of them wait for each other."""
    # log: the counter `log sealed` is kept beside it
    db.write(
        "INSERT INTO counter (name, value) VALUES ('log sealed', 0) "
        "ON CONFLICT (name) DO UPDATE SET value = counter.value",
        {},
    )
    if db.run("SELECT COALESCE(MAX(seq), 0) FROM command_log", {}) != [(found.head,)]:
        return False
    db.write_many(
        "UPDATE command_log SET seq = ?, hash = ? WHERE id = ? AND seq IS NULL",
        [(each.seq, each.hash, each.command_id) for each in found.seals],
    )
    return True


def seal_now(db: Connection, read: Read) -> int:
    """Seals all there is, on a connection of one's own, with nobody else about. How many rows."""
    sealed = 0
    while True:
        db.begin(write=True, footing=Footing.APART)
        try:
            found = next_seals(read)
            write_seals(db, found)
            db.commit()
        except BaseException:
            db.rollback()
            raise
        sealed += len(found.seals)
        if len(found.seals) < AT_ONCE:
            return sealed


# --- checkpoints -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as kept. `certificate` is the key's, where it signed for the first time; otherwise empty."""

    sealed: Sealed
    certificate: str = ""

    def line(self) -> bytes:
        return dump(self) + b"\n"


def signed_of(row: tuple[Any, ...]) -> Signed:
    """Of the columns text, kid, signature, certificate."""
    return Signed(Sealed(row[0], row[1], row[2]), row[3])


class Chain:
    """Keeps the log sealed. `file` is where checkpoints are also written, away from the database; None: nowhere."""

    def __init__(self, door: Door, file: Path | None, checkpoint_every_s: float = CHECKPOINT_EVERY_S) -> None:
        self._door, self._file, self._every_s = door, file, checkpoint_every_s
        self._waiting, self._signed = asyncio.Event(), asyncio.Event()
        door.on_commit(lambda _, __: self._waiting.set())

    async def keep(self) -> None:
        """For ever: seals what was committed, and signs where the chain stands, once in a while."""
        clock = asyncio.get_running_loop()
        due = clock.time()
        while True:
            await self.seal()
            if clock.time() >= due:
                await self.sign()
                self._signed.set()
                due = clock.time() + self._every_s
            well()
            await asyncio.sleep(GAP_S)
            await wait_any(self._waiting, min(POLL_S, max(0.0, due - clock.time())))

    async def keep_file(self) -> None:
        """For ever, beside it: what is signed also goes into the file. Where its disk takes nothing, the sealing goes
        on, and this says so until it does again (`audit verify` tells too)."""
        while self._file:
            await self._copied(self._file)
            well()
            await wait_any(self._signed, self._every_s)

    async def close(self) -> None:
        """Before the door closes: nothing stays unsealed overnight. What fails is made up for at the next start."""
        try:
            await at_most(CLOSE_S, self._closed())
        except (NotNow, TimeoutError) as trouble:
            log.warning("the log was not sealed at the end", why=str(trouble) or "it took too long")
        except Exception:
            log.exception("the log was not sealed at the end")

    async def _closed(self) -> None:
        await self.seal()
        await self.checkpoint()

    async def seal(self) -> int:
        """All that waits, in chunks, between which commands get their turn."""
        sealed = 0
        while True:
            found: ChainEnd = await self._door.read(SYSTEM, next_seals)
            if not found.seals:
                return sealed
            try:
                written = await self._door.chore(partial(write_seals, found=found))
            except (Repeatable, *UNFIT):  # another process was faster; if it was not, the next round shows it
                written = False
            if not written:
                await asyncio.sleep(GAP_S)
                continue
            sealed += len(found.seals)

    async def checkpoint(self) -> Checkpoint | None:
        """Signs the head, if it moved, and copies that. The file gets whatever it lacks: a crash between the two is
        made up for."""
        made = await self.sign()
        if self._file:
            await self._copied(self._file)
        return made

    async def sign(self) -> Checkpoint | None:
        made: tuple[Checkpoint, Signed] | None = await self._door.read(SYSTEM, self._due)
        if made:
            await self._door.chore(partial(_write_checkpoint, *made))
        return made[0] if made else None

    async def _copied(self, file: Path) -> None:
        try:
            await self._door.read(SYSTEM, partial(copy_checkpoints, file=file))
        except OSError as fault:
            raise NotNow(f"checkpoints cannot be written to {file}: {fault.strerror or fault}") from fault

    def _due(self, read: Read) -> tuple[Checkpoint, Signed] | None:
        seq, head = head_of(read)
        known = read.one("SELECT 1 FROM audit_checkpoint WHERE seq = :seq", seq=seq)
        if not seq or known:
            return None
        keys = self._door.keys
        checkpoint = Checkpoint(seq, head.hex(), to_ms(read.now))
        first = not read.one("SELECT 1 FROM audit_checkpoint WHERE kid = :kid", kid=keys.signer.kid)
        return checkpoint, Signed(seal(dump(checkpoint), keys.signer), keys.certificate.pem if first else "")


def _write_checkpoint(made: Checkpoint, signed: Signed, db: Connection) -> None:
    db.write(
        "INSERT INTO audit_checkpoint (seq, text, kid, signature, certificate) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (made.seq, signed.sealed.text, signed.sealed.kid, signed.sealed.signature, signed.certificate),
    )


def copy_checkpoints(read: Read, file: Path) -> int:
    """Appends to the file the checkpoints that are newer than its last; takes away only a line that a crash cut."""
    newest = 0
    if file.exists():
        with file.open("r+b") as out:
            newest = _newest(out)
    rows = read.run(
        "SELECT text, kid, signature, certificate FROM audit_checkpoint WHERE seq > :newest ORDER BY seq", newest=newest
    )
    if rows:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as out:
            out.writelines(signed_of(row).line() for row in rows)
            out.flush()
            os.fsync(out.fileno())
    return len(rows)


def _newest(file: BinaryIO) -> int:
    """The seq of the last whole line, read from the end; what is left after it is cut off."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    tail = file.read()
    whole = tail[: tail.rfind(b"\n") + 1]
    file.truncate(size - len(tail) + len(whole))
    for line in reversed(whole.splitlines()):
        try:
            return load(Checkpoint, load(Signed, line).sealed.text).seq
        except ValueError:  # damaged by whoever; `audit verify` names it
            continue
    return 0


def read_file(file: Path) -> Iterator[tuple[int, Signed | None]]:
    """The file's lines by number; None for one that is no checkpoint. A last line cut short by a crash is left out."""
    if not file.exists():
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                signed = load(Signed, line)
                load(Checkpoint, signed.sealed.text)
            except ValueError:
                yield number, None
            else:
                yield number, signed
