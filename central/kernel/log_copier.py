"""A thread that copies SQLite's log into the database, so that the writer does not wait for that, and cuts it when it
has grown. After somebody was forgotten it also has the tables of people written anew (kernel/people_tables.py). It does
not end before it is told to."""

import threading
import time
from contextlib import closing, suppress

from central.kernel.db import BROKEN, Connection, Database
from central.kernel.log_mark import mark_change, wal_bytes
from central.kernel.outage import Outage
from central.kernel.people_tables import write_anew
from central.kernel.trouble import NoDatabase, trouble_of
from central.kernel.work import BACKOFF
from shared.runtime.log import logger
from shared.runtime.metrics import gauge
from shared.runtime.tasks import Standing

log = logger(__name__)
COPY_EVERY_S = 1.0
LONGEST_END_S = 10.0
CUT_WAIT_S = 0.05  # the longest that cutting the log may keep the writer, while it waits for readers to be done
REST = 19  # times as long as it took to write the tables of people anew, nobody has it done again
LOG = gauge("parterre_wal_bytes", "The size of SQLite's log beside the database.")


class LogCopier:
    """`outage`: of those who write. `line`: its connection, while it has one."""

    def __init__(self, database: Database, outage: Outage) -> None:
        self._database, self._outage = database, outage
        self._stopping, self._to_cut, self._to_write = threading.Event(), threading.Event(), threading.Event()
        self._rests_until = 0.0  # of the monotonic clock
        self.cut()  # who fell right after somebody was forgotten has it still to do
        self._thread = threading.Thread(target=self._copy_forever, name="checkpoint", daemon=True)
        self._copies = Standing("checkpoint", BACKOFF)
        self.line: Connection | None = None
        self._number = 0  # of the schema, as it is marked

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(LONGEST_END_S)
        if self._thread.is_alive():  # at a disk that does not answer: it goes with its process
            log.warning("what copies the log does not end", after_s=LONGEST_END_S)

    def cut(self) -> None:
        """Somebody was forgotten."""
        self._to_write.set()
        self._to_cut.set()

    @property
    def standing(self) -> Standing:
        self._copies.ended = self._thread.ident is not None and not self._thread.is_alive()
        return self._copies

    def _copy_forever(self) -> None:
        pause_s = COPY_EVERY_S
        while not self._stopping.wait(pause_s):
            try:
                self.line = self.line or self._hasty()
                self._copy(self.line)
            except Exception as fault:
                pause_s = max(COPY_EVERY_S, self._copies.fell(trouble_of(fault) or fault))
                self._close()
            else:
                pause_s = COPY_EVERY_S
                self._copies.well()
        if self.line is not None and self._is_away():
            with suppress(*BROKEN):
                self._copy(self.line)  # or SQLite would leave the log at the other's name
        self._close()

    def _close(self) -> None:
        if self.line is not None:
            with suppress(*BROKEN):
                self.line.close()
        self.line = None

    def _hasty(self) -> Connection:
        db = self._database.connect()
        db.run(f"PRAGMA busy_timeout={int(CUT_WAIT_S * 1000)}", {})
        return db

    def _copy(self, db: Connection) -> None:
        """Copies what readers allow, beside the writer. A log that has grown is copied to its end and cut, for which
        the writer has to wait a moment; so is one on a full disk, where every byte counts, and one whose file is not
        at its place any more: under that name it would be taken for another's."""
        if (number := int(db.run("PRAGMA schema_version", {})[0][0])) != self._number and not self._is_away():
            mark_change(self._database.path, number)  # somebody changed the schema by hand
            self._number = number
        db.run("PRAGMA wal_checkpoint(PASSIVE)", {})
        outage = self._outage.now
        full = outage is not None and outage.reason is NoDatabase.DISK_FULL
        asked = self._to_cut.is_set()
        self._to_cut.clear()
        if asked or full or self._is_away() or wal_bytes(self._database.path) > self._database.wal_most:
            ((busy, _, _),) = db.run("PRAGMA wal_checkpoint(TRUNCATE)", {})
            if asked and busy:
                self._to_cut.set()  # a reader still looks at what was there: the next round
        LOG.set(wal_bytes(self._database.path))
        if self._to_write.is_set() and not full and time.monotonic() >= self._rests_until:
            self._write_anew()

    def _is_away(self) -> bool:
        return self._database.file.is_away(self._database.path)

    def _write_anew(self) -> None:
        """What the log holds of it is cut in the next round. Where others write all the while, that round tries too."""
        self._to_write.clear()
        began = time.monotonic()
        try:
            with closing(self._database.connect()) as db:
                if write_anew(db):
                    self._to_cut.set()
        except BaseException as fault:
            self._to_write.set()
            if (trouble := trouble_of(fault)) and trouble.reason is NoDatabase.DATABASE_HELD:
                return
            raise
        ended = time.monotonic()
        self._rests_until = ended + REST * (ended - began)
