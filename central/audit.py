"""`parterre audit verify`: proves a database's log, and its tables by the log, whether or not central runs on it, and
says it in sentences."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import central.areas  # noqa: F401  # declares every entity
from central.config import CentralConfig
from central.house_keys import refuse_other_root
from central.kernel.actor import SYSTEM
from central.kernel.db import BROKEN, PATIENT, Database
from central.kernel.keys import make_keys
from central.kernel.log_proof import LogFault, Proof, Tampering, prove
from central.kernel.row_proof import RowFault, RowProof, WrongRow, prove_rows
from central.kernel.tx import Read
from shared.runtime.config import Failure

SENTENCES = {
    Tampering.CHANGED: "is not what was sealed: it was changed afterwards, or what stood before it was taken away",
    Tampering.REMOVED: "gone",
    Tampering.INSERTED: "was put in afterwards",
    Tampering.REORDERED: "stands in another's place",
    Tampering.REWRITTEN: "fit together, but not with the checkpoint that central signed: the chain was worked out anew",
    Tampering.CUT: "the newest rows are gone",
    Tampering.NOWHERE: "has lost its place in the chain: what stands there is no number",
    Tampering.UNSEALED: "has waited for its seal for more than ten minutes",
    Tampering.FORGED: "is not signed by central's key",
    Tampering.LOST: "is missing",
    Tampering.NOT_THE_HEAD: "is not the row that was noted",
}


ROW_SENTENCES = {
    WrongRow.CHANGED: "is not what the log says was left in it",
    WrongRow.REMOVED: "is gone, and no command took it away",
    WrongRow.INSERTED: "is there, and no command made it",
    WrongRow.OVERWRITTEN: "was changed behind the door's back before this command changed it again",
    WrongRow.DOES_NOT_FIT: "does not follow from the rows that it is worked out from",
}


@dataclass(frozen=True, slots=True)
class Proven:
    """What was found of the log, and of the tables."""

    log: Proof
    rows: RowProof

    @property
    def faults(self) -> tuple[LogFault | RowFault, ...]:
        return (*self.log.faults, *self.rows.faults)


def head(text: str) -> tuple[int, str]:
    """`12345:9f86d0…`, as `verify` prints it."""
    seq, _, digest = text.strip().partition(":")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 19 and len(digest) == 64):
        raise Failure(f"{text!r} is no head.", "Give it as it was printed: number:hash.")
    return int(seq), digest.lower()


def verify(
    config: CentralConfig,
    heads: tuple[str, ...] = (),
    file: Path | None = None,
    root: Path | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Proven:
    """Reads only, all at one moment of the database. `file` and `root` stand for the ones in central's folder, where an
    auditor keeps copies."""
    root = root or config.keys / "root.pem"
    try:
        root_pem = root.read_text()
    except OSError as fault:
        raise Failure(
            f"{root} cannot be read ({fault.strerror}).", "Give the house's root certificate: --root."
        ) from fault
    database = Database(config.database_url, PATIENT)
    if database.is_sqlite and not database.path.exists():
        raise Failure(f"There is no database at {database.path}.", "Give central's configuration: --config.")
    noted = tuple(head(each) for each in heads)
    keys = make_keys(datetime.now(UTC))  # a look wants some; nothing here is signed
    try:
        db = database.connect(read_only=True)
        try:
            db.begin(write=False)
            refuse_other_root(db, root_pem, root)
            read = Read(db, SYSTEM, datetime.now(UTC), keys)
            log = prove(read, file or config.checkpoint_file, root_pem, noted, progress)
            return Proven(log, prove_rows(read, progress))
        finally:
            db.rollback()
            db.close()
    except BROKEN as fault:
        raise Failure(f"The log cannot be read: {fault}.", "Is this central's database, of this version?") from fault


def sentence(fault: LogFault) -> str:
    rows = f"row {fault.seq}" if fault.seq == fault.last else f"rows {fault.seq} to {fault.last}"
    named = f" ({fault.command})" if fault.command else ""
    said = SENTENCES[fault.what]
    match fault.what:
        case Tampering.REMOVED if fault.seq == 0:
            return (
                f"the audit holds what command {fault.command} changed ({fault.more}), the log not the command itself"
            )
        case Tampering.REMOVED:
            before = f", before {fault.more}" if fault.more else ""
            return f"{rows}: {said}{before}"
        case Tampering.CUT:
            return f"{rows}: {said}, as {'the noted head' if fault.more else 'a signed checkpoint'} shows"
        case Tampering.FORGED | Tampering.LOST:
            at = f"at row {fault.seq} " if fault.seq else ""
            return f"checkpoint {at}in the {fault.more}: {said}"
        case Tampering.UNSEALED | Tampering.NOWHERE:
            return f"command {fault.command}: {said}"
        case _:
            return f"{rows}{named}: {said}"


def row_sentence(fault: RowFault) -> str:
    after = f" (row {fault.seq} of the log was the last to touch it)" if fault.seq else ""
    by = f" (row {fault.seq} of the log)" if fault.seq else ""
    said = ROW_SENTENCES[fault.what]
    match fault.what:
        case WrongRow.OVERWRITTEN:
            return f"{fault.table} {fault.row_id}: {said}{by}"
        case WrongRow.DOES_NOT_FIT:
            return f"{fault.table} {fault.row_id}: {said}: {fault.more}"
        case _:
            return f"{fault.table} {fault.row_id}: {said}{after}"


def report(found: Proven) -> list[str]:
    """Line by line what was found; the log's head last, to be noted."""
    return [*_of_rows(found.rows), *_of_log(found.log)]


def _of_rows(proof: RowProof) -> list[str]:
    lines = [f"{fault.what:12} {row_sentence(fault)}" for fault in proof.faults]
    if proof.count > len(proof.faults):
        lines.append(f"and {proof.count - len(proof.faults)} more")
    since = f", from row {proof.since} of the log on" if proof.since > 1 else ""
    older = f"; {proof.older} rows are older than that, and not proved" if proof.older else ""
    lines.append(f"{proof.rows} rows of {proof.tables} tables{since}{older}")
    return [*lines, "The tables are NOT what the log left." if proof.count else "The tables are what the log left."]


def _of_log(proof: Proof) -> list[str]:
    lines = [f"{fault.what:12} {sentence(fault)}" for fault in proof.faults]
    lines.append(
        f"{proof.rows} rows, {proof.checkpoints} signed checkpoints; {proof.after_checkpoint} rows after the last one, "
        f"{proof.unsealed} not sealed yet"
    )
    lines.append("The log is NOT what was sealed." if proof.faults else "The log is what was sealed.")
    return [*lines, f"head {proof.head}:{proof.hash}"]
