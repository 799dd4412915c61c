"""A rename says so where it is declared: rows, log, history and proof go on under today's name; the sealed log stays as
it was said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from central.kernel.actor import SYSTEM
from central.kernel.db import Database
from central.kernel.deleted_rows import was
from central.kernel.difference import versions, write_difference
from central.kernel.entity import BY_NAME, ENTITIES, METADATA, Ref, Was, entity
from central.kernel.former_names import command_today, names_of, names_of_command, renamed, today
from central.kernel.log_chain import seal_now
from central.kernel.log_proof import prove
from central.kernel.row_proof import prove_rows
from central.kernel.schema import alembic_config
from central.kernel.traces import Traces
from central.kernel.tx import Read, Tx
from central.organisation.webhook_log import touched_by
from central.web.history.log import LogFilter, found
from central.web.history.records import entries
from shared.clock import to_ms
from shared.ids import Id
from tests.central.small_house import NOW, Clerk, House, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    id: Id
    code: str
    colour: str
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Egg:
    id: Id
    basket_id: Annotated[Id, Ref("basket")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hamper:
    id: Id
    code: str
    tint: Annotated[str, Was("colour")]
    grams: Annotated[int, Was("weight")] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HamperEgg:
    id: Id
    hamper_id: Annotated[Id, Ref("hamper"), Was("basket_id")]


@contextmanager
def declared(**kinds: Any) -> Iterator[None]:
    """Declares these entities until the block ends: name → what declares it."""
    made = [(declare, kind) for declare, kind in kinds.values()]
    try:
        for declare, kind in made:
            declare(kind)
        yield
    finally:
        for _, kind in made:
            if declaration := ENTITIES.pop(kind, None):
                BY_NAME.pop(declaration.name)
                METADATA.remove(declaration.table)


BEFORE = {
    "basket": (entity("basket", read="x", unique=(("code",),)), Basket),
    "egg": (entity("egg", read="x", index=(("basket_id",),)), Egg),
}
TODAY = {
    "hamper": (entity("hamper", read="x", unique=(("code",),), was=("basket",)), Hamper),
    "hamper_egg": (entity("hamper_egg", read="x", index=(("hamper_id",),), was=("egg",)), HamperEgg),
}


def brought_up(database: Database, folder: Path, what: str) -> str:
    """Writes the migration to what is declared and runs it; answers with its text."""
    scratch = Database(f"sqlite:///{folder / what}.db")
    command.upgrade(config_with(scratch, folder), "head")
    text = write_difference(scratch, what, folder).read_text()
    command.upgrade(config_with(database, folder), "head")
    return text


def config_with(database: Database, folder: Path) -> Config:
    """The migrations that stand in the folder follow ours."""
    config = alembic_config(database)
    config.set_main_option("version_locations", f"{versions(config)} {folder}")
    config.set_main_option("path_separator", "space")
    return config


def done(clerk: Clerk, name: str, act: Callable[[Tx], object]) -> Id:
    """A command of this name, as the door would log it."""
    traces, command_id = Traces(), new_id()
    clerk.db.begin(write=True)
    tx = Tx(clerk.db, SYSTEM, NOW, command_id, clerk.door.keys)
    act(tx)
    traces.log(command_id, to_ms(NOW), "system:test", "", name, None, "", "{}", "+null", tx.left())
    traces.gather(tx)
    traces.write(clerk.db)
    clerk.db.commit()
    return command_id


@pytest.mark.behind_the_door
def test_what_is_renamed_goes_on_under_its_name_of_today(clerk: Clerk, house: House, tmp_path: Path) -> None:
    database = clerk.door.database
    one, gone = Basket(id=new_id(), code="A", colour="red", weight=3), Basket(id=new_id(), code="B", colour="blue")
    egg = new_id()
    with declared(**BEFORE):
        brought_up(database, tmp_path, "baskets")
        made = done(
            clerk, "create_basket", lambda tx: [tx.insert(each) for each in (one, gone, Egg(id=egg, basket_id=one.id))]
        )
        done(clerk, "change_basket", lambda tx: tx.update(one, replace(one, colour="green", weight=5)))
        done(clerk, "delete_basket", lambda tx: tx.delete(gone))
    read = Read(clerk.db, SYSTEM, NOW, clerk.door.keys)
    seal_now(clerk.db, read)
    with declared(**TODAY):
        text = brought_up(database, tmp_path, "hampers")
        assert "drop_table" not in text and "drop_column" not in text
        engine = sa.create_engine(database.alchemy_url)
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        engine.dispose()
        now = read.get(Hamper, one.id)
        assert now == Hamper(id=one.id, code="A", tint="green", grams=5)
        assert read.get(HamperEgg, egg) == HamperEgg(id=egg, hamper_id=one.id)

        changed, created = entries(read, "hamper", one.id)
        assert dict(changed.change) == {"tint": ("red", "green"), "grams": (3, 5)}
        assert (changed.command, created.command) == ("change_hamper", "create_hamper")
        assert was(read, "hamper", gone.id) == {"id": gone.id, "code": "B", "tint": "blue", "grams": 0}
        assert [row.command for row in found(read, LogFilter(entity="hamper", row_id=gone.id)).rows] == [
            "delete_hamper", "create_hamper",
        ]  # fmt: skip
        assert [row.command for row in found(read, LogFilter(command="create_hamper")).rows] == ["create_hamper"]
        assert touched_by(read, [made]) == {made: ["hamper.created", "hamper_egg.created"]}

        done(clerk, "change_hamper", lambda tx: tx.update(now, replace(now, tint="white", grams=0)))
        seal_now(clerk.db, read)
        assert prove(read, None, clerk.door.keys.root_pem).faults == ()
        assert prove_rows(read).faults == (), "prints go on under the first name"
        clerk.db.write("UPDATE hamper SET grams = 1", {})
        assert [(each.table, each.row_id) for each in prove_rows(read).faults] == [("hamper", one.id)]


def test_names_of_today_and_before() -> None:
    with declared(**TODAY):
        assert (today("basket"), today("hamper"), today("nobody's")) == ("hamper", "hamper", "nobody's")
        assert names_of("hamper") == ("basket", "hamper") and names_of("nobody's") == ("nobody's",)
        assert renamed("basket", {"colour": 1, "code": 2, "gone": 3}) == {"tint": 1, "code": 2, "gone": 3}
        assert command_today("delete_basket") == "delete_hamper" and command_today("change_sale") == "change_sale"
        assert names_of_command("create_hamper") == ("create_basket", "create_hamper")


@pytest.mark.parametrize("name, was_", [("basket", ()), ("other", ("hamper",)), ("other", ("basket",))])
def test_a_name_is_given_once(name: str, was_: tuple[str, ...]) -> None:
    again = {**TODAY, "again": (entity(name, read="x", was=was_), Basket)}
    with pytest.raises(AssertionError, match=name), declared(**again):
        pytest.fail("two things of one name")
