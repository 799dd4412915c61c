"""SQLite's database is a file, and a name that may come to be another's."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from central.kernel.trouble import NoDatabase, Unavailable


class DatabaseFile:
    """Which file SQLite's database was when this program first opened it: a copy that is put in its place under a
    program that runs would get nothing of what is sold, and the one that is gone would get it all."""

    _known: tuple[int, int] | None = None

    def opened(self, path: Path) -> Callable[[], None]:
        """To be asked before each transaction. The first that is opened is the one."""
        self._known = self._known or _number(path)
        self.stays(path)
        return partial(self.stays, path)

    def stays(self, path: Path) -> None:
        """Unavailable: it is another one now, or none."""
        if self._known and _number(path) != self._known:
            why = "is another file than when central began: stop central before a copy is put back, then start it"
            raise Unavailable(NoDatabase.DATABASE_AWAY, f"{path} {why}")


def _number(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as fault:
        raise Unavailable(NoDatabase.DATABASE_AWAY, f"{path}: {fault.strerror}") from None
    return found.st_dev, found.st_ino


def wal_bytes(path: Path) -> int:
    """How much of SQLite's log lies beside the database."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except FileNotFoundError:
        return 0
