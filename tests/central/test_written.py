"""The tables are proved after each test that has written (tests/central/conftest.py): none of those is taken for one
that has not."""

from pathlib import Path

from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from tests.central.conftest import written
from tests.central.small_house import Clerk, House, Watch


def test_what_was_written_is_seen(sqlite_place: tuple[Database, House], keys: Keys, tmp_path: Path) -> None:
    database, house = sqlite_place
    file = tmp_path / "house.db"
    db = database.connect()
    assert db.run("SELECT COUNT(*) FROM ticket", {}) == [(0,)]
    db.close()
    assert not written(file), "nobody wrote"
    db, watch = database.connect(), Watch()
    Clerk(Door(database, watch, path_of, keys), db, watch).do(house.order(house.seats[0]))
    assert written(file), "it stands ahead of the file"
    db.close()
    assert written(file), "it stands in the file"
