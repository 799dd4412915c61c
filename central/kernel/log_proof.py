"""`parterre audit verify`: whether the log is the one that was sealed, and if not, what was done to it and where.

The chain is walked once, in the order of `seq`. A row that does not follow from the one before it is compared with the
rows around it and with the checkpoints, to say in which way: a hash alone says only *that* something is wrong.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central.kernel.log_chain import (
    CONTENT,
    FROM_LOG,
    GENESIS,
    MOST_SEQ,
    SEALED,
    AuditRow,
    Checkpoint,
    Signed,
    audit_of,
    hash_of,
    read_file,
    signed_of,
)
from central.kernel.tx import Read
from shared.clock import to_ms
from shared.wire.certificates import DeviceKind, verified
from shared.wire.codec import load

AT_ONCE = 2000
WINDOW = 64  # how far before a row its true predecessor is looked for
MOST_COMPARED = 200  # rows that do not follow, compared each with each
UNSEALED_MS = 600_000  # sealing takes a second; a loop that fell comes back within a minute


class Tampering(StrEnum):
    """What was done to the log."""

    CHANGED = auto()  # the row, or what it says it changed, is not what was sealed
    REMOVED = auto()  # rows are gone
    INSERTED = auto()  # a row that was not sealed where it stands
    REORDERED = auto()  # a genuine row in another's place
    REWRITTEN = auto()  # the chain was worked out anew: it fits in itself and not a signed checkpoint
    CUT = auto()  # the newest rows are gone
    NOWHERE = auto()  # a row's place in the chain is no number
    UNSEALED = auto()  # a row has waited too long for its seal
    FORGED = auto()  # a checkpoint that central's key did not sign
    LOST = auto()  # a checkpoint stands in the file or in the database only
    NOT_THE_HEAD = auto()  # the row that an auditor noted is not in this log


@dataclass(frozen=True, slots=True)
class LogFault:
    """`seq` and `last`: from which row to which; 0: not of a row. `command`: its name and id, where there is one."""

    what: Tampering
    seq: int
    last: int
    command: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked at, and what is wrong. `after_checkpoint`: rows that no signature covers yet."""

    rows: int
    head: int
    hash: str
    checkpoints: int
    after_checkpoint: int
    unsealed: int
    faults: tuple[LogFault, ...]


@dataclass(frozen=True, slots=True)
class _ProvenRow:
    seq: int
    hash: bytes
    content: tuple[Any, ...]
    audit: tuple[AuditRow, ...]

    @property
    def command(self) -> str:
        return f"{self.content[CONTENT.index('name')]} {self.content[0]}"

    def follows(self, before: bytes) -> bool:
        return self.sealed_after(before) == self.hash

    def sealed_after(self, before: bytes) -> bytes | None:
        """Its hash, had it been sealed there; None: it holds what no command writes."""
        try:
            return hash_of(before, self.content, self.audit)
        except TypeError:  # bytes, where a text was
            return None


@dataclass(slots=True)
class _Odd:
    """A row that does not follow from the one before it, with what stood before."""

    row: _ProvenRow
    before: bytes
    earlier: tuple[bytes, ...]  # nearest first, without the one before it
    names: tuple[str, ...]  # the commands of the rows before it, nearest first
    gap: bool


@dataclass(slots=True)
class _Walk:
    rows: int = 0
    head: int = 0
    hash: bytes = GENESIS
    odd: list[_Odd] = field(default_factory=list)
    faults: list[LogFault] = field(default_factory=list)


def prove(
    read: Read,
    file: Path | None,
    root_pem: str,
    heads: tuple[tuple[int, str], ...] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> Proof:
    """`file` holds the checkpoints kept elsewhere; `heads` are (seq, hash) that somebody noted."""
    marks, faults = _checkpoints(read, file, root_pem)
    wanted = {mark.seq: mark.hash for mark in marks.values()}
    walk = _walk(read, progress)
    at = dict(_hashes_at(read, {*wanted, *(seq for seq, _ in heads)}))
    faults += _against_checkpoints(read, wanted, at, walk, walk.faults + _named(walk))
    for seq, digest in heads:
        if seq > walk.head:
            faults.append(LogFault(Tampering.CUT, walk.head + 1, seq, more="head"))
        elif seq and at.get(seq) != digest:
            faults.append(LogFault(Tampering.NOT_THE_HEAD, seq, seq))
    waiting, late = _unsealed(read)
    faults += late + _orphans(read)
    covered = max((seq for seq in wanted if seq <= walk.head), default=0)
    faults.sort(key=lambda fault: fault.seq)
    return Proof(walk.rows, walk.head, walk.hash.hex(), len(wanted), walk.head - covered, waiting, tuple(faults))


# --- the walk --------------------------------------------------------------------------------------------------------


def _rows(read: Read) -> Iterator[_ProvenRow]:
    last = 0
    while True:
        rows = read.run(
            f"SELECT l.seq, l.hash, {SEALED} {FROM_LOG} WHERE l.seq > :last AND l.seq <= :most ORDER BY l.seq LIMIT :n",
            last=last,
            most=MOST_SEQ,
            n=AT_ONCE,
        )
        if not rows:
            return
        audit = audit_of(
            read.run(
                "SELECT a.command_id, a.n, a.entity, a.entity_id, a.action, a.change FROM command_log l "
                "JOIN audit a ON a.command_id = l.id WHERE l.seq > :last AND l.seq <= :to ORDER BY a.command_id, a.n",
                last=last,
                to=rows[-1][0],
            )
        )
        for seq, digest, *content in rows:
            yield _ProvenRow(seq, _bytes(digest), tuple(content), tuple(audit.get(content[0], ())))
        last = rows[-1][0]


def _bytes(digest: Any) -> bytes:
    try:
        return bytes.fromhex(digest)
    except (ValueError, TypeError):
        return b""  # whatever stands there, it is no hash


def _walk(read: Read, progress: Callable[[int], None]) -> _Walk:
    walk = _Walk()
    earlier: deque[bytes] = deque([GENESIS], WINDOW)
    names: deque[str] = deque(maxlen=WINDOW)
    for row in _rows(read):
        gap = row.seq != walk.head + 1
        if gap:
            walk.faults.append(LogFault(Tampering.REMOVED, walk.head + 1, row.seq - 1, more=row.command))
        if not row.follows(walk.hash):
            before = tuple(reversed(earlier))
            walk.odd.append(_Odd(row, walk.hash, before[1:], tuple(reversed(names)), gap))
        walk.rows, walk.head, walk.hash = walk.rows + 1, row.seq, row.hash
        earlier.append(row.hash)
        names.append(row.command)
        if walk.rows % AT_ONCE == 0:
            progress(walk.rows)
    return walk


def _named(walk: _Walk) -> list[LogFault]:
    """What was done to each row that does not follow."""
    found: list[LogFault] = []
    for cluster in _clusters(walk.odd[:MOST_COMPARED]):
        swapped = any(_later(each, cluster) for each in cluster)
        inserted: set[int] = set()
        for each in cluster if not swapped else ():
            steps = next((n for n, before in enumerate(each.earlier, 1) if each.row.follows(before)), 0)
            for back in range(steps, 0, -1):
                inserted.add(each.row.seq - back)
                found.append(
                    LogFault(Tampering.INSERTED, each.row.seq - back, each.row.seq - back, each.names[back - 1])
                )
            if steps:
                inserted.add(each.row.seq)  # itself it is sound
        for each in cluster:
            if each.gap or each.row.seq in inserted:
                continue  # named already: after a gap there is no hash before to compare with
            what = Tampering.REORDERED if swapped or _elsewhere(each, cluster) else Tampering.CHANGED
            found.append(LogFault(what, each.row.seq, each.row.seq, each.row.command))
    found += [
        LogFault(Tampering.CHANGED, each.row.seq, each.row.seq, each.row.command) for each in walk.odd[MOST_COMPARED:]
    ]
    return found


def _clusters(odd: list[_Odd]) -> list[list[_Odd]]:
    """Rows that do not follow, those near each other together."""
    found: list[list[_Odd]] = []
    for each in odd:
        if found and each.row.seq - found[-1][-1].row.seq <= WINDOW:
            found[-1].append(each)
        else:
            found.append([each])
    return found


def _later(odd: _Odd, others: list[_Odd]) -> bool:
    """Whether it follows a row that stands after it."""
    return any(odd.row.follows(other.row.hash) for other in others if other.row.seq > odd.row.seq)


def _elsewhere(odd: _Odd, others: list[_Odd]) -> bool:
    """Whether its content is what was sealed where another stands."""
    return any(odd.row.sealed_after(other.before) == other.row.hash for other in others if other.row.seq != odd.row.seq)


# --- checkpoints -----------------------------------------------------------------------------------------------------


def _checkpoints(read: Read, file: Path | None, root_pem: str) -> tuple[Mapping[int, Checkpoint], list[LogFault]]:
    """Those that central's key signed, by seq, and what is wrong with the others."""
    faults: list[LogFault] = []
    filed: list[Signed] = []
    for number, signed in read_file(file) if file else ():  # before the database: it is never behind the file then
        if signed is None:
            faults.append(LogFault(Tampering.FORGED, 0, 0, more=f"file, line {number}"))
        else:
            filed.append(signed)
    kept: list[Signed] = []
    for seq, *row in read.run("SELECT seq, text, kid, signature, certificate FROM audit_checkpoint ORDER BY seq"):
        if _says(row) not in (seq, None):
            faults.append(LogFault(Tampering.FORGED, 0, 0, more="database"))
        else:
            kept.append(signed_of(tuple(row)))
    keys = _keys((*kept, *filed), root_pem)
    in_database, forged = _genuine(kept, keys, root_pem, "database")
    in_file, forged_too = _genuine(filed, keys, root_pem, "file")
    faults += forged + forged_too
    if file:
        newest = max((mark.seq for mark in in_file), default=0)
        said = {mark.seq for mark in in_file}
        faults += [
            LogFault(Tampering.LOST, mark.seq, mark.seq, more="file")
            for mark in in_database
            if mark.seq < newest and mark.seq not in said
        ]
        there = {mark.seq for mark in in_database}
        faults += [
            LogFault(Tampering.LOST, mark.seq, mark.seq, more="database") for mark in in_file if mark.seq not in there
        ]
    return {mark.seq: mark for mark in (*in_database, *in_file)}, faults


def _says(row: Sequence[Any]) -> int | None:
    """Up to which row of the log a checkpoint goes; 0: it holds what is no text; None: it is no checkpoint."""
    if not all(isinstance(each, str) for each in row):
        return 0
    try:
        return load(Checkpoint, row[0]).seq
    except ValueError:
        return None


def _keys(signed: tuple[Signed, ...], root_pem: str) -> Mapping[str, Ed25519PublicKey]:
    """Central's keys that the root vouches for."""
    found = (verified(each.certificate, root_pem) for each in signed if each.certificate)
    return {each.kid: each.key for each in found if each and each.kind is DeviceKind.CENTRAL}


def _genuine(
    signed: list[Signed], keys: Mapping[str, Ed25519PublicKey], root_pem: str, where: str
) -> tuple[list[Checkpoint], list[LogFault]]:
    good, bad = [], []
    for each in signed:
        key = keys.get(each.sealed.kid)
        try:
            mark = load(Checkpoint, each.sealed.text)
        except ValueError:
            bad.append(LogFault(Tampering.FORGED, 0, 0, more=where))
            continue
        vouched = not each.certificate or verified(each.certificate, root_pem)
        if key and vouched and each.sealed.signed_by(key):
            good.append(mark)
        else:
            bad.append(LogFault(Tampering.FORGED, mark.seq, mark.seq, more=where))
    return good, bad


def _hashes_at(read: Read, seqs: set[int]) -> Iterator[tuple[int, str]]:
    ordered = sorted(seqs)
    for start in range(0, len(ordered), 200):
        part = {f"s{n}": seq for n, seq in enumerate(ordered[start : start + 200])}
        marks = ", ".join(f":{name}" for name in part)
        yield from read.run(f"SELECT seq, hash FROM command_log WHERE seq IN ({marks})", **part)  # noqa: S608 - names of ours, values are parameters


def _against_checkpoints(
    read: Read, wanted: Mapping[int, str], at: Mapping[int, str], walk: _Walk, found: list[LogFault]
) -> list[LogFault]:
    """What was found in the chain, and where it is not the one that was signed."""
    good = 0
    for seq in sorted(wanted):
        if at.get(seq) == wanted[seq]:
            good = seq
            continue
        if seq not in at and seq <= walk.head:
            continue  # the row itself is gone, and named
        sql = "SELECT seq FROM command_log WHERE hash = :hash AND seq <= :most"  # one that has no place stands nowhere
        stands = read.one(sql, hash=wanted[seq], most=MOST_SEQ)
        if stands is None:
            gone = seq > walk.head
            return [
                *found,
                LogFault(Tampering.CUT, walk.head + 1, max(wanted))
                if gone
                else LogFault(Tampering.REWRITTEN, good + 1, seq),
            ]
        shifted = Tampering.REMOVED if stands[0] < seq else Tampering.INSERTED
        here = [each for each in found if good < each.seq <= max(seq, stands[0])]
        if not any(each.what is shifted for each in here):  # then a row that looked changed lost what stood before it
            odd = next((each for each in here if each.what is Tampering.CHANGED), None)
            found = [each for each in found if each is not odd]
            near = odd.seq if odd else good + 1
            last = near + abs(seq - stands[0]) - 1
            found.append(LogFault(shifted, near, last, more=odd.command if odd else ""))
        break  # what comes after it follows from it
    return found


# --- what stands outside of the chain --------------------------------------------------------------------------------


def _unsealed(read: Read) -> tuple[int, list[LogFault]]:
    # house: a figure for whoever may see the whole house; nothing is refused by it
    count = read.run("SELECT COUNT(*) FROM command_log WHERE seq IS NULL")[0][0]
    # clock: a row of a year ahead is sealed like any other, within seconds
    rows = read.run(
        "SELECT name, id, at FROM command_log WHERE seq IS NULL AND at < :late ORDER BY turn, id LIMIT :n",
        late=to_ms(read.now) - UNSEALED_MS,
        n=MOST_COMPARED,
    )
    lost = read.run("SELECT name, id FROM command_log WHERE seq > :most LIMIT :n", most=MOST_SEQ, n=MOST_COMPARED)
    faults = [LogFault(Tampering.UNSEALED, 0, 0, f"{row[0]} {row[1]}") for row in rows]
    return count, [*faults, *(LogFault(Tampering.NOWHERE, 0, 0, f"{row[0]} {row[1]}") for row in lost)]


def _orphans(read: Read) -> list[LogFault]:
    """Audit rows of commands that are not in the log: what is left of a removed row, or was put there."""
    rows = read.run(
        "SELECT a.command_id, MIN(a.entity), MIN(a.entity_id) FROM audit a "
        "LEFT JOIN command_log l ON l.id = a.command_id WHERE l.id IS NULL GROUP BY a.command_id LIMIT :n",
        n=MOST_COMPARED,
    )
    return [LogFault(Tampering.REMOVED, 0, 0, row[0], f"audit: {row[1]} {row[2]}") for row in rows]
