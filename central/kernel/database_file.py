"""SQLite's database is a file, and a name that may come to be another's."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from central.kernel.log_mark import mark_log, refuse_foreign_log
from central.kernel.trouble import NoDatabase, Unavailable


class DatabaseFile:
    """Which file SQLite's database was when this program first opened it: a copy that is put in its place under a
    program that runs would get nothing of what is sold, and the one that is gone would get it all."""

    _known: tuple[int, int] | None = None

    def opened(self, path: Path, *, read_only: bool) -> Callable[[], None]:
        """To be asked before each transaction. The first that is opened is the one."""
        if self._known is None:
            self._known = _number(path)
            if not read_only:
                mark_log(path)
        self.stays(path)
        return partial(self.stays, path)

    def stays(self, path: Path) -> None:
        """Unavailable: it is another one now, or none; or, at first, the log beside it is another's."""
        if self._known is None:
            refuse_foreign_log(path)
        elif _number(path) != self._known:
            why = "is another file than when central began: stop central before a copy is put back, then start it"
            raise Unavailable(NoDatabase.DATABASE_AWAY, f"{path} {why}")

    def is_away(self, path: Path) -> bool:
        try:
            self.stays(path)
        except Unavailable:
            return True
        return False


def _number(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as fault:
        raise Unavailable(NoDatabase.DATABASE_AWAY, f"{path}: {fault.strerror}") from None
    return found.st_dev, found.st_ino
