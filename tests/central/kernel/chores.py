"""What tests let the writer do, which may be another process: it finds these by their names."""

import gc
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

from central.inventory import halls
from central.kernel.batch_writer import BatchWriter
from central.kernel.db import Connection
from central.kernel.registry import COMMANDS
from tests.waiting import until_now

UNPROVED = "test commit"  # a counter that no log tells of


def step(db: Connection) -> int:
    """Counts."""
    (row,) = db.run(
        "INSERT INTO counter (name, value) VALUES (:name, 1) "
        "ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
        {"name": UNPROVED},
    )
    return int(row[0])


def where(_: Connection) -> int:
    return os.getpid()


def be_patient(_: Connection) -> None:
    """Whoever is asked together from now on shares a commit, however slow the machine is."""
    (writer,) = (each for each in gc.get_objects() if type(each) is BatchWriter)
    writer._batch_s = 3600.0


def wait_for(path: str, _: Connection) -> None:
    """Until it is there; whoever comes meanwhile waits in the same line."""
    until_now(Path(path).exists)


def die(_: Connection) -> None:
    """In the middle of a transaction, as where memory ends."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_done(db: Connection) -> None:
    """Right after the commit: nobody hears that it was done."""
    commit = db.commit

    def last() -> None:
        commit()
        os.kill(os.getpid(), signal.SIGKILL)

    db.commit = last  # type: ignore[method-assign]  # of this very connection, whose process ends with it


def stand(_: Connection) -> None:
    """In the middle of a transaction, which has the database's lock."""
    os.kill(os.getpid(), signal.SIGSTOP)


def stand_done(db: Connection) -> None:
    """Right after the commit: nobody hears that it was done."""
    commit = db.commit

    def last() -> None:
        commit()
        os.kill(os.getpid(), signal.SIGSTOP)

    db.commit = last  # type: ignore[method-assign]  # of this very connection, whose process ends with it


def work_until(path: str, _: Connection) -> None:
    """Without a pause."""
    while not Path(path).exists():
        sum(range(10_000))


def hold(path: str, db: Connection) -> None:
    """For ever, with the database's lock; `path` is there from then on."""
    step(db)
    Path(path).touch()
    signal.pause()


def commands(_: Connection) -> list[str]:
    return list(COMMANDS)


def fall(_: Connection) -> None:
    raise ValueError("not like this")


def break_all(db: Connection) -> None:
    """A fault at the commit, which all have from each other."""

    def commit() -> None:
        raise sqlite3.OperationalError("no such table: of a fault")

    db.commit = commit  # type: ignore[method-assign]  # of this very connection, which is closed for it


def unsayable(db: Connection) -> Any:
    step(db)
    return lambda: None


def halls_ahead(_: Connection) -> int:
    return len(halls._READY)


class Unopenable:
    """It can be sent, and nobody can take it out of the message."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _never, ()


def _never() -> None:
    raise ValueError("cannot be had here")


def unopenable(db: Connection) -> Any:
    step(db)
    return Unopenable()


def take(what: Any, _: Connection) -> None:
    assert what
