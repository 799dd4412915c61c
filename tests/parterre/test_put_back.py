"""A copy of the database that is put back never gets the log of the file that was there: neither under a central that
runs, nor after it was killed, nor by docs/operation.md. What was only killed begins by itself with all that it had."""

import asyncio
import os
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from central.kernel.log_mark import wal_bytes
from parterre.demo.house import PRICES
from parterre.demo.office import Declined, Office
from tests.evening_house import Built, _built, copied
from tests.parterre.test_update import PAGE, parterre
from tests.processes import children
from tests.waiting import until_now

pytestmark = pytest.mark.timeout(600)  # whole centrals, one after the other
FOLDER = "/var/lib/private/parterre-central"
RESTORING = re.search(rf"\*\*Restoring\*\*: stop central, `(rm [^`]*{FOLDER}[^`]*)`", PAGE)
SOLD, SINCE = 3, 60  # orders in the copy, and after it


@dataclass
class Theatre:
    """A founded house in a folder, and what central's processes do there."""

    data: Path
    built: Built
    said: str = ""

    @property
    def file(self) -> Path:
        return self.data / "parterre.db"

    @contextmanager
    def serving(self, end: signal.Signals = signal.SIGTERM) -> Iterator[str]:
        """Its address. It ends by the signal; by a fall all its processes do at once."""
        ready = self.data / "ready"
        ready.unlink(missing_ok=True)
        process = parterre(self.data, "central", "--ready-file", str(ready))
        try:
            until_now(lambda: (ready.exists() and ready.read_text()) or process.poll() is not None, 120)
            yield ready.read_text().splitlines()[0] if ready.exists() else ""
        finally:
            for each in [process.pid, *children(process.pid)] if end is signal.SIGKILL else [process.pid]:
                os.kill(each, end)
            self.said, _ = process.communicate()
        assert process.returncode == (-end if end is signal.SIGKILL else 0), self.said

    def sells(self, url: str, start: int, end: int) -> set[str]:
        """One order for each of these seats; what came of them."""
        return asyncio.run(self._sells(url, start, end))

    async def _sells(self, url: str, start: int, end: int) -> set[str]:
        house, found = self.built.house, set()
        asked = "SELECT seat_id FROM place WHERE performance_id = ? AND category_id = ? ORDER BY id"
        with closing(sqlite3.connect(self.data / "seats.db")) as db:
            seats = [seat for (seat,) in db.execute(asked, (house.performances[0], house.categories["1re"]))]
        async with Office(url, self.built.operator, self.built.key) as office:
            for seat in seats[start:end]:
                try:
                    await office.command(
                        "place_order", order_id=office.new_id(), point_of_sale_id=house.desk_point,
                        performance_id=house.performances[0], amount=PRICES["1re"], method="cash",
                        places=[{"tariff_id": house.tariffs["FULL"], "seat_id": seat}],
                    )  # fmt: skip
                    found.add("sold")
                except Declined as no:
                    found.add(str(no.problem["reason"]))
        return found

    def orders(self) -> int:
        """In a database that is whole."""
        with closing(sqlite3.connect(self.file)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return int(db.execute("SELECT COUNT(*) FROM sale_order").fetchone()[0])

    def says(self, *words: str) -> tuple[int, str]:
        with parterre(self.data, *words) as asked:
            said, _ = asked.communicate()
        return asked.returncode, said

    def is_sound_and_sells(self) -> None:
        """With what the copy had, and goes on. The signed ends of the log are of what was lost: kept elsewhere."""
        with self.serving() as url:
            assert self.sells(url, SOLD, SOLD + 1) == {"sold"}, self.said
        assert self.orders() == SOLD + 1
        assert self.says("audit", "verify")[0] == 0


@pytest.fixture(scope="module")
def built() -> Built:
    return asyncio.run(_built())


@pytest.fixture
def theatre(built: Built, tmp_path: Path) -> Theatre:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copytree(built.folder / "keys", folder / "keys")
    copied(built.folder / "parterre.db", folder / "parterre.db")
    copied(built.folder / "parterre.db", folder / "seats.db")
    return Theatre(folder, built)


def backed_up_and_sold_since(theatre: Theatre, url: str) -> Path:
    assert theatre.sells(url, 0, SOLD) == {"sold"}
    copy = copied(theatre.file, theatre.data / "copy.db")
    assert theatre.sells(url, SOLD, SOLD + SINCE) == {"sold"}
    assert wal_bytes(theatre.file)
    return copy


def without_signed_ends(theatre: Theatre) -> None:
    (theatre.data / "audit" / "checkpoints.jsonl").unlink(missing_ok=True)


def test_under_a_central_that_runs(theatre: Theatre) -> None:
    """Before: its log stayed at the copy's name, and the next start played it in: malformed."""
    with theatre.serving() as url:
        backed_up_and_sold_since(theatre, url).replace(theatre.file)
        assert theatre.sells(url, SOLD + SINCE, SOLD + SINCE + 1) == {"no_database.database_away"}
    assert "stop central before a copy is put back" in theatre.said
    assert not wal_bytes(theatre.file) and theatre.orders() == SOLD
    without_signed_ends(theatre)
    theatre.is_sound_and_sells()


def moved(copy: Path, file: Path) -> None:
    copy.replace(file)


def written_over(copy: Path, file: Path) -> None:
    subprocess.run(["cp", str(copy), str(file)], check=True)


@pytest.mark.parametrize(
    "put_back, commands",
    [
        (moved, ["central", "audit verify"]),
        (written_over, ["schema update"]),
        (moved, ["schema repair", "keys accept --lost vault"]),
    ],
)
def test_after_a_fall(theatre: Theatre, put_back: Callable[[Path, Path], None], commands: list[str]) -> None:
    """Nobody opens it before the log is away. Before: malformed, and central said that it was ready."""
    with theatre.serving(signal.SIGKILL) as url:
        copy = backed_up_and_sold_since(theatre, url)
    put_back(copy, theatre.file)
    before = {theatre.data / name: (theatre.data / name).read_bytes() for name in ("parterre.db", "parterre.db-wal")}
    for words in commands:
        code, said = theatre.says(*words.split())
        assert code == 2 and "parterre.db-wal is not known to be the log of" in said and "Traceback" not in said, said
    assert {each: each.read_bytes() for each in before} == before
    assert RESTORING
    subprocess.run(["bash", "-ec", RESTORING[1].replace(FOLDER, str(theatre.data))], check=True)
    assert theatre.orders() == SOLD
    without_signed_ends(theatre)
    theatre.is_sound_and_sells()


def test_a_fall_alone_loses_nothing(theatre: Theatre) -> None:
    with theatre.serving(signal.SIGKILL) as url:
        backed_up_and_sold_since(theatre, url)
    assert wal_bytes(theatre.file)
    with theatre.serving(signal.SIGKILL) as url:
        assert theatre.sells(url, SOLD + SINCE, SOLD + SINCE + 1) == {"sold"}
    assert theatre.says("audit", "verify")[0] == 0, "it looks, beside a log that is its own"
    with theatre.serving():
        pass
    assert theatre.orders() == SOLD + SINCE + 1 and not wal_bytes(theatre.file)
    assert not theatre.file.with_name("parterre.db.mark").exists(), "a closed house has nothing to be marked"
