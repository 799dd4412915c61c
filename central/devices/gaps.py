"""What is missing of a device's facts, kept as ranges: however old a gap, a batch costs the same few statements.

A row is a range of numbers below the highest that has arrived, none of which has. Rows are disjoint; a device that was
always heard in order has none, and its mark is the highest number then.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import sqlalchemy as sa

from central.devices.model import Device
from central.kernel.entity import METADATA
from central.kernel.excuses import CHECKED_BY, unproved
from central.kernel.tx import Read, Tx
from shared.ids import LENGTH, Id
from shared.registries import add

FACT_GAP = sa.Table(
    "fact_gap",
    METADATA,
    sa.Column("device_id", sa.String(LENGTH), sa.ForeignKey("device.id"), primary_key=True),
    sa.Column("first_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Range = tuple[int, int]  # first and last, both missing


def wrong_gaps(read: Read) -> Iterator[tuple[str, str]]:
    """A device's mark, its hash, and what is missing above it follow from its facts."""
    for device, mark, head in read.run("SELECT id, contiguous, head FROM device ORDER BY id"):
        ((facts, top, below),) = read.run(
            "SELECT COUNT(DISTINCT seq), COALESCE(MAX(seq), 0), COUNT(DISTINCT CASE WHEN seq <= :mark THEN seq END) "
            "FROM fact WHERE device_id = :d",
            d=device, mark=mark,
        )  # fmt: skip
        gaps = read.run("SELECT first_seq, last_seq FROM fact_gap WHERE device_id = :d ORDER BY first_seq", d=device)
        lacking = sum(last - first + 1 for first, last in gaps)
        within = read.one(
            "SELECT 1 FROM fact f JOIN fact_gap g ON g.device_id = f.device_id "
            "AND f.seq BETWEEN g.first_seq AND g.last_seq WHERE f.device_id = :d LIMIT 1",
            d=device,
        )
        reached = gaps[0][0] - 1 if gaps else top
        if (mark, below, facts + lacking) != (reached, reached, top) or within:
            yield device, f"its mark stands at {mark}; {facts} facts up to {top}, and {lacking} missing, say {reached}"
        hashes = {
            row[0] for row in read.run("SELECT hash FROM fact WHERE device_id = :d AND seq = :n", d=device, n=mark)
        }
        if mark and head not in hashes:
            yield device, "its head is the hash of no fact at its mark"


unproved("fact_gap", "follows from the facts, which are proved", wrong_gaps)
add(CHECKED_BY, "device", wrong_gaps)


def missing(read: Read, device_id: Id, most: int) -> tuple[Range, ...]:
    """The lowest ranges that have not arrived."""
    rows = read.run(
        "SELECT first_seq, last_seq FROM fact_gap WHERE device_id = :d ORDER BY first_seq LIMIT :n",
        d=device_id, n=most,
    )  # fmt: skip
    return tuple((first, last) for first, last in rows)


def arrive(tx: Tx, device: Device, seqs: Iterable[int]) -> int:
    """The facts with these numbers are about to be stored; answers with the device's mark after that."""
    known = bool(missing(tx, device.id, 1))
    top = _highest(tx, device.id) if known else device.contiguous
    for first, last in runs(seqs):
        if known and first <= top:
            _fill(tx, device.id, (first, min(last, top)))
        if first > top + 1:
            _open(tx, device.id, (top + 1, first - 1))
            known = True
        top = max(top, last)
    lowest = missing(tx, device.id, 1) if known else ()
    return lowest[0][0] - 1 if lowest else top


def runs(seqs: Iterable[int]) -> Iterator[Range]:
    """Numbers as ranges without a hole, ascending."""
    ordered = sorted(set(seqs))
    if not ordered:
        return
    first = ordered[0]
    for before, after in pairwise([*ordered, ordered[-1] + 2]):
        if after != before + 1:
            yield first, before
            first = after


def _highest(read: Read, device_id: Id) -> int:
    row = read.one("SELECT MAX(seq) FROM fact WHERE device_id = :d", d=device_id)
    return int(row[0] or 0) if row else 0


def _fill(tx: Tx, device_id: Id, came: Range) -> None:
    """Takes a range out of the gaps that it touches: the one it begins in, and those that begin within it."""
    first, last = came
    touched = tx.run(
        "SELECT first_seq, last_seq FROM fact_gap WHERE device_id = :d AND first_seq <= :first "
        "ORDER BY first_seq DESC LIMIT 1",
        d=device_id, first=first,
    )  # fmt: skip
    touched += tx.run(
        "SELECT first_seq, last_seq FROM fact_gap WHERE device_id = :d AND first_seq > :first AND first_seq <= :last",
        d=device_id, first=first, last=last,
    )  # fmt: skip
    for gap_first, gap_last in touched:
        if gap_last < first:
            continue
        tx.write("DELETE FROM fact_gap WHERE device_id = :d AND first_seq = :first", d=device_id, first=gap_first)
        for left in ((gap_first, first - 1), (last + 1, gap_last)):
            if left[0] <= left[1]:
                _open(tx, device_id, left)


def _open(tx: Tx, device_id: Id, gap: Range) -> None:
    tx.write("INSERT INTO fact_gap VALUES (:d, :first, :last)", d=device_id, first=gap[0], last=gap[1])
