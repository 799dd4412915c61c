"""What `tools/migration` writes holds for houses that have rows."""

from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from central.kernel.actor import SYSTEM
from central.kernel.db import Database
from central.kernel.entity import entity
from central.kernel.row_proof import prove_rows
from central.kernel.shape import Shape, difference, shape_of
from central.kernel.tx import Read
from shared.ids import Id
from tests.central.kernel.test_former_names import brought_up, config_with, declared, done
from tests.central.small_house import NOW, Clerk, House, new_id


class Ripeness(StrEnum):
    GREEN = auto()
    RIPE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pear:
    id: Id
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownPear:
    id: Id
    code: str
    weight_g: int = 0
    floor: int = -1
    sold: bool = True
    share: float = 0.5
    note: str = 'it\'s 5 % (or "so")'
    ripeness: Ripeness = Ripeness.GREEN
    tags: tuple[str, ...] = ()
    price: int | None = 250
    buyer: str | None = None


@pytest.mark.behind_the_door
def test_a_new_column_holds_its_default_in_the_rows_there_are(clerk: Clerk, house: House, tmp_path: Path) -> None:
    old, new = new_id(), new_id()
    with declared(pear=(entity("pear", read="x"), Pear)):
        brought_up(clerk.door.database, tmp_path, "pears")
        done(clerk, "create_pear", lambda tx: tx.insert(Pear(id=old, code="A")))
    with declared(pear=(entity("pear", read="x"), GrownPear)):
        brought_up(clerk.door.database, tmp_path, "grown")
        read = Read(clerk.db, SYSTEM, NOW, clerk.door.keys)
        assert read.get(GrownPear, old) == GrownPear(id=old, code="A")
        done(clerk, "create_pear", lambda tx: tx.insert(GrownPear(id=new, code="B", weight_g=3, price=None)))
        assert read.get(GrownPear, new) == GrownPear(id=new, code="B", weight_g=3, price=None)
        assert prove_rows(read).faults == (), "a print of before is one of today"
        fresh = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
        command.upgrade(config_with(fresh, tmp_path), "head")
        there, empty = shape_in(clerk.door.database), shape_in(fresh)
        assert difference(there, empty) == difference(empty, empty), "one fingerprint on both databases"
        assert "column pear.weight_g bigint not null default 0" in there


def shape_in(database: Database) -> Shape:
    engine = sa.create_engine(database.alchemy_url)
    with engine.connect() as connection:
        shape = shape_of(connection)
    engine.dispose()
    return shape
