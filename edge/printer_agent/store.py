"""The print queue on disk: what was asked for, where each unit stands, and which tickets may exist on paper."""

from collections.abc import Callable

from edge.printer_agent import core
from shared.ids import Id
from shared.runtime.journal import Journal, JournalTx
from shared.runtime.system import Clock
from shared.wire.codec import dump, load
from shared.wire.printing import SETTLED, JobReport, PrintJob, UnitKind

SCHEMA = """
CREATE TABLE IF NOT EXISTS print_job (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, request BLOB NOT NULL, job BLOB NOT NULL,
    boot_id TEXT NOT NULL, settled INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS print_job_open ON print_job (n) WHERE settled = 0;
CREATE TABLE IF NOT EXISTS print_out (n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);  -- units whose bytes have left
"""
KEEP_OUT = 200_000  # units remembered as having left
_LONG_AGO = -(10**15)  # a job of an earlier boot: the monotonic clock says nothing about it

Tell = Callable[[JournalTx, JobReport], None]


class IdReused(Exception):
    """The job id stands for another job."""


class QueueFull(Exception):
    pass


class Store:
    """`tell` hears of each job's end inside the transaction that ends it; a device with an identity records a fact."""

    def __init__(
        self, journal: Journal, clock: Clock, tell: Tell | None = None, max_open: int = 50, keep: int = 1000
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._tell = tell
        self._max_open = max_open
        self._keep = keep

    def submit(self, request: PrintJob) -> core.Job:
        """Puts the job on disk, or finds it there. A unit whose bytes have left before, or wait in another job, is
        marked a duplicate whatever the request says."""
        body = dump(request)
        with self._journal.transaction() as tx:
            known = tx.run("SELECT request, job FROM print_job WHERE id = ?", (request.job_id,))
            if known:
                if bytes(known[0]["request"]) != body:
                    raise IdReused(f"job {request.job_id} was submitted before with other content")
                return load(core.Job, known[0]["job"])
            if int(tx.run("SELECT count(*) FROM print_job WHERE settled = 0")[0][0]) >= self._max_open:
                raise QueueFull(f"{self._max_open} jobs wait already")
            out = {str(row[0]) for row in tx.run(_OUT.format(",".join("?" * len(_keys(request)))), _keys(request))}
            for row in tx.run("SELECT request FROM print_job WHERE settled = 0"):
                out.update(_keys(load(PrintJob, row[0])))
            reading = self._clock.read()
            job = core.Job(request.job_id, _units(request, out), reading.mono_ms)
            tx.run(
                "INSERT INTO print_job (id, request, job, boot_id) VALUES (?, ?, ?, ?)",
                (job.id, body, dump(job), reading.boot_id),
            )
            tx.run("DELETE FROM print_job WHERE settled = 1 AND n <= (SELECT max(n) FROM print_job) - ?", (self._keep,))
        return job

    def save(self, job: core.Job) -> None:
        """The job as it stands now, before anything that follows from it happens."""
        settled = job.state in SETTLED
        with self._journal.transaction() as tx:
            row = tx.run("SELECT request, job FROM print_job WHERE id = ?", (job.id,))[0]
            before = load(core.Job, row["job"])
            for key, unit in zip(_keys(load(PrintJob, row["request"])), job.units, strict=True):
                if unit.exposed:
                    tx.run("INSERT OR IGNORE INTO print_out (key) VALUES (?)", (key,))
            if settled:
                tx.run("DELETE FROM print_out WHERE n <= (SELECT max(n) FROM print_out) - ?", (KEEP_OUT,))
            tx.run("UPDATE print_job SET job = ?, settled = ? WHERE id = ?", (dump(job), settled, job.id))
            if settled and before.state is not job.state and self._tell is not None:
                self._tell(tx, core.report(job))

    def get(self, job_id: str) -> core.Job | None:
        rows = self._journal.read("SELECT job FROM print_job WHERE id = ?", (job_id,))
        return load(core.Job, rows[0]["job"]) if rows else None

    def request(self, job_id: Id) -> PrintJob:
        return load(PrintJob, self._journal.read("SELECT request FROM print_job WHERE id = ?", (job_id,))[0]["request"])

    def open_jobs(self) -> list[core.Job]:
        """What is not settled, oldest first."""
        boot_id = self._clock.read().boot_id
        rows = self._journal.read("SELECT job, boot_id FROM print_job WHERE settled = 0 ORDER BY n")
        return [_aged(load(core.Job, row["job"]), row["boot_id"] == boot_id) for row in rows]


_OUT = "SELECT key FROM print_out WHERE key IN ({})"


def _aged(job: core.Job, same_boot: bool) -> core.Job:
    return job if same_boot else core.Job(job.id, job.units, _LONG_AGO, None, job.code)


def _keys(request: PrintJob) -> list[str]:
    """What each unit is, wherever it is printed; in the order of the job's units."""
    keys = [f"{UnitKind.TICKET}/{one.organiser}/{one.number}" for one in request.tickets]
    if request.receipt is not None:
        keys.append(f"{UnitKind.RECEIPT}/{request.receipt.order}/{request.receipt.number}")
    if request.claim is not None:
        keys.append(f"{UnitKind.CLAIM}/{request.claim.reference}")
    return keys


def _units(request: PrintJob, out: set[str]) -> tuple[core.Unit, ...]:
    named = [(UnitKind.TICKET, one.number) for one in request.tickets]
    if request.receipt is not None:
        named.append((UnitKind.RECEIPT, str(request.receipt.number)))
    if request.claim is not None:
        named.append((UnitKind.CLAIM, request.claim.reference))
    return tuple(
        core.Unit(kind, label, request.duplicate or key in out)
        for (kind, label), key in zip(named, _keys(request), strict=True)
    )
