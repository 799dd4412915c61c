"""What may be wrong with a database as a whole, by name; and, on PostgreSQL, what is wrong for one transaction only.

A trouble is nobody's fault who calls: nothing was done (or nobody knows, and the command's own id tells), and the same
request may be sent again. So it is a refusal with a reason, for all who wait at once, and never a trace in their faces.
"""

import sqlite3
from enum import auto
from typing import Any

import psycopg

from shared.outcome import Reason, Refused
from shared.runtime.tasks import NotNow


class NoDatabase(Reason):
    """Why the database cannot serve just now."""

    # whose: a crowd, in which each has so many places (heavy_lane.py, web/entrance.py)
    BUSY = auto()  # too many wait, or it could not order this among others for too long: no trouble, only too much
    # whose: nobody: the machine's
    DISK_FULL = auto()  # its disk takes nothing more: full, over a quota, or failing
    DATABASE_HELD = auto()  # another program keeps it, or what this needs of it, locked for too long
    DATABASE_AWAY = auto()  # it cannot be opened or reached, or does not answer


class Unavailable(NotNow):
    """`why` is the driver's first line, for the log and for whoever runs central."""

    def __init__(self, reason: NoDatabase, why: str) -> None:
        super().__init__(f"{reason}: {why}")
        self.reason, self.why = reason, why

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.why)

    @property
    def refused(self) -> Refused:
        return Refused(self.reason)  # the driver names hosts and paths, which are nobody's business who calls


class Crowd(Unavailable):
    """As many wait as may: said before the database was asked, so it tells nothing of the database."""


class Silence(Unavailable):
    """Whoever writes says nothing: no answer of the database's, as no crowd is one."""


class Repeatable(Exception):
    """The database could not order this transaction among others, or the line to it was cut: run it again, whole."""


class Cut(Repeatable):
    """The line was cut, in the middle of something perhaps; or it is not what we take it for, and has to be."""


class Queued(Repeatable):
    """Those before it in a line that has a name took their time: nothing of its own was in its way."""


class Stuck(Repeatable):
    """One transaction's own: somebody kept what it wants, or it took too long, or too much. The database serves whoever
    wants something else. `again`: it may do with more patience."""

    def __init__(self, reason: NoDatabase, why: str, *, again: bool = False) -> None:
        super().__init__(why)
        self.reason, self.again = reason, again


def given_up(fault: Exception, repeats: int) -> Unavailable:
    """What a caller is told whose work was repeated for as long as may be."""
    if isinstance(fault, Stuck):
        return Unavailable(fault.reason, str(fault))
    reason = NoDatabase.DATABASE_AWAY if isinstance(fault, Cut) else NoDatabase.BUSY
    return Unavailable(reason, f"{repeats} repeats: {fault}")


_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE,
         sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_DIR_FSYNC}  # fmt: skip
_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_AWAY = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM,
         sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_AUTH}  # fmt: skip
_DEEP = 8
_PRIMARY = 0xFF  # an extended code holds its primary one in the lowest byte


def of_sqlite(fault: BaseException) -> Unavailable | None:
    """What an error of SQLite's says about the database; None: it is about the statement."""
    code = getattr(fault, "sqlite_errorcode", None)
    if not isinstance(fault, sqlite3.Error):
        return None
    if code is None:  # of the driver, not of SQLite: its connection was closed under us
        closed = isinstance(fault, sqlite3.ProgrammingError) and "closed" in str(fault)
        return Unavailable(NoDatabase.DATABASE_AWAY, str(fault)) if closed else None
    for reason, codes in (
        (NoDatabase.DISK_FULL, _FULL), (NoDatabase.DATABASE_HELD, _HELD), (NoDatabase.DATABASE_AWAY, _AWAY),
    ):  # fmt: skip
        if code in codes or (code & _PRIMARY) in codes:
            return Unavailable(reason, f"{fault} ({fault.sqlite_errorname})")
    return None


LOCKED = "55P03"
_STUCK = {
    LOCKED: NoDatabase.DATABASE_HELD,
    "57014": NoDatabase.DATABASE_HELD,  # a statement that took too long, or that somebody cancelled
    "25P03": NoDatabase.DATABASE_HELD, "25P04": NoDatabase.DATABASE_HELD,  # a transaction; its line is gone as well
    "53200": NoDatabase.BUSY, "53400": NoDatabase.BUSY,  # it wanted more memory, or room, than a statement may have
}  # fmt: skip
ENDED = ("25P03", "25P04")


def of_postgres(fault: psycopg.Error) -> Unavailable | Cut | Stuck | None:
    """What an error of PostgreSQL's says about the server, or about this transaction; None: it is about the statement,
    or about its order among others."""
    state, why = fault.sqlstate or "", (str(fault).strip() or type(fault).__name__).splitlines()[0]
    if state == "53100":
        return Unavailable(NoDatabase.DISK_FULL, why)
    if state in _STUCK:
        return Stuck(_STUCK[state], why, again=state == LOCKED)
    if state[:2] in ("53", "58") or state in ("57P03", "25006"):
        return Unavailable(NoDatabase.DATABASE_AWAY, why)
    lost = isinstance(fault, psycopg.OperationalError) and state[:2] in ("", "08", "57")
    return Cut(why) if lost or isinstance(fault, psycopg.InterfaceError) or _is_other(fault) else None


_OTHER = ("26000", "42P05")
"""A statement that we believe prepared is not; one of its name is there that we know nothing of."""
_STALE = "RevalidateCachedQuery"


def _is_other(fault: psycopg.Error) -> bool:
    """Whether the line is in another state than we and the driver believe. What somebody did to a table between two
    uses of a prepared statement has no code of its own, but a place in the server's source, which it names in every
    language ("cached plan must not change result type")."""
    return fault.sqlstate in _OTHER or (fault.sqlstate == "0A000" and fault.diag.source_function == _STALE)


def trouble_of(fault: BaseException) -> Unavailable | None:
    """A fault as a trouble of the database as a whole; None: it is something else. A transaction that SQLite gave up by
    itself has no savepoint left to go back to, so what was met first may stand behind what was met last."""
    met: BaseException | None = fault
    for _ in range(_DEEP):
        if met is None:
            return None
        if trouble := met if isinstance(met, Unavailable) else of_sqlite(met):
            return trouble
        met = met.__cause__ or met.__context__
    return None
