"""Every life cycle is a table. One walk proves them all sound, and keeps the diagrams in the documents true to them."""

from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from central.areas import AREAS  # importing them declares everything
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, ENTITIES
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS
from central.kernel.schema import upgrade
from central.kernel.tx import Tx
from shared.life import Life
from tests.central.lives import lives
from tests.central.small_house import Clerk, Watch, set_up
from tests.sound_life import assert_all_is_reached, assert_words_are_its_own, states_of

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "life-cycles.md"


def declared() -> list[Life[Any, Any]]:
    """In the areas' order, once each."""
    order = {area.name: n for n, area in enumerate(AREAS)}
    entities = sorted(BY_NAME.values(), key=lambda each: order.get(each.kind.__module__.split(".")[1], -1))
    return list({id(each.life[1]): each.life[1] for each in entities if each.life}.values())


def name_of(life: Life[Any, Any]) -> str:
    """As its states are called."""
    return states_of(life).__name__.removesuffix("State")


CYCLES = declared()
NO_LIFE = {
    "sale_order": "has one state until returns come",
    "lease_slot": "what its device told last, in whatever order that came in; central refuses none of it",
    "webhook_delivery": "what came of its last try",
}
TABLES = pytest.mark.parametrize("life", CYCLES, ids=name_of)


@TABLES
def test_every_state_is_reached_and_left_or_is_an_end(life: Life[Any, Any]) -> None:
    assert_all_is_reached(life)


@TABLES
def test_every_word_of_a_table_is_its_own(life: Life[Any, Any]) -> None:
    assert_words_are_its_own(life)


def test_every_state_has_a_life() -> None:
    states = {
        each.name for each in BY_NAME.values() for column in each.columns
        if column.name == "state" and isinstance(column.hint, type) and issubclass(column.hint, StrEnum)
    }  # fmt: skip
    assert states - {each.name for each in BY_NAME.values() if each.life} == NO_LIFE.keys()


def test_a_step_of_a_command_is_one_of_what_it_acts_on() -> None:
    for handler in COMMANDS.values():
        if handler.does:
            life = BY_NAME[str(handler.on)].life
            assert life and handler.does in life[1].deeds, handler.name


# --- every step is one that code takes --------------------------------------------------------------------------------

Step = tuple[str, str, str]
"""(table, the state before, the state after)"""


def in_tables() -> set[Step]:
    return {
        (each.name, state, after) for each in BY_NAME.values() if each.life
        for (state, _), after in each.life[1].items()
    }  # fmt: skip


@pytest.mark.behind_the_door
def test_every_step_is_taken_and_no_other(tmp_path: Path, keys: Keys, watch: Watch, monkeypatch: Any) -> None:
    """A season of everything that may become of a thing, through the door; each row that changed its state is noted.
    A step that no command takes is missing, one that is in no table is too many. What an area's rows live through it
    says itself: `lives(clerk, house)` in the file lives.py of its tests."""
    taken: set[Step] = set()
    real = Tx.update

    def update(tx: Tx, before: Any, after: Any) -> Any:
        declaration = ENTITIES[type(before)]
        if declaration.life and before.state is not after.state:
            taken.add((declaration.name, before.state, after.state))
        return real(tx, before, after)

    monkeypatch.setattr(Tx, "update", update)
    database = Database(f"sqlite:///{tmp_path / 'house.db'}")
    upgrade(database)
    db = database.connect()
    clerk = Clerk(Door(database, watch, path_of, keys), db, watch)
    house = set_up(clerk)
    for each in lives():
        each.lives(clerk, house)
    db.close()
    assert taken == in_tables()


def document() -> str:
    """Every cycle as a mermaid diagram."""
    parts = [
        "# Life cycles",
        "",
        "Drawn from the tables in the code by `tests/central/test_life_cycles.py`; do not edit it by hand:",
        "`python -m tests.central.test_life_cycles` writes it anew. A step that is not in a table does not exist,",
        "and each of them is taken by a command of the same test.",
    ]
    for life in CYCLES:
        file = f"{states_of(life).__module__.replace('.', '/')}.py"
        parts += ["", f"## {name_of(life)}", "", f"`{file}`", "", "```mermaid", "stateDiagram-v2"]
        parts += [f"    [*] --> {state}" for state in states_of(life) if state in life.begins]
        parts += [f"    {state} --> {after}: {do}" for (state, do), after in life.items()]
        parts += [f"    {state} --> [*]" for state in states_of(life) if state in life.ends]
        parts += ["```"]
    return "\n".join(parts) + "\n"


def test_the_document_is_what_the_tables_say() -> None:
    assert DOCUMENT.read_text() == document(), "python -m tests.central.test_life_cycles"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
