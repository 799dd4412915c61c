"""A copy of the database from before anything is changed in it: with SQLite by the database itself, at one moment; with
PostgreSQL by `pg_dump`. docs/operation.md says how to go back to it.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from central.kernel.db import Database
from shared.clock import from_ms


class NoCopy(Exception):
    """It could not be made; says why."""


def set_aside(database: Database, folder: Path, revision: str, last: int) -> Path:
    """Where it is. `last`: the turn of the last command in it, in microseconds since 1970, which names the file: a
    start that is repeated makes no second copy of the same."""
    end = "db" if database.is_sqlite else "dump"
    done = folder / f"schema-{revision}-{from_ms(last // 1000):%Y%m%dT%H%M%S}.{last % 1_000_000:06}Z.{end}"
    if done.exists():
        return done
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _whole(done) as part:
            if database.is_sqlite:
                _copied(database.path, part)
            else:
                _dumped(database.url, part)
    except (OSError, sqlite3.Error) as fault:
        raise NoCopy(str(fault)) from fault
    return done


def _copied(source: Path, to: Path) -> None:
    with closing(sqlite3.connect(source, isolation_level=None)) as db:
        db.execute("VACUUM INTO ?", (str(to),))  # an empty file is one that it may fill


def _dumped(url: str, to: Path) -> None:
    line: dict[str, Any] = conninfo_to_dict(url)
    secret = {"PGPASSWORD": line.pop("password")} if "password" in line else {}  # never where others see it
    program = shutil.which("pg_dump")
    if program is None:
        raise NoCopy("pg_dump is not installed")
    asked = [program, "--no-password", "--format=custom", f"--file={to}", f"--dbname={make_conninfo(**line)}"]
    ended = subprocess.run(asked, env={**os.environ, **secret}, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise NoCopy((ended.stderr.strip().splitlines() or [f"pg_dump ended with {ended.returncode}"])[-1])


@contextmanager
def _whole(done: Path) -> Iterator[Path]:
    """A file to fill, for nobody else to read; it is on the disk before it has its name."""
    part = done.with_name(f"{done.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(done)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(done.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
