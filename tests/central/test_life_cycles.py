"""Every life cycle is a table. One walk proves them all sound, and keeps the diagrams in the documents true to them."""

import ast
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import central.app  # noqa: F401  # declares everything
from central.catalogue.model import PRODUCT, ProductState
from central.devices.model import DEVICE, DeviceState
from central.inventory.model import HOLD, PLACE, HoldState, PlaceState
from central.kernel.entity import BY_NAME, stripped
from central.kernel.registry import COMMANDS
from central.venues.model import PLAN, PlanState
from shared.wire.leases import LEASE, LeaseState

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "life-cycles.md"

# name, what it is of, the table, where it begins, where it ends
CYCLES: list[tuple[str, str, Mapping[Any, Any], set[StrEnum], set[StrEnum]]] = [
    ("Performance", "central/catalogue/model.py", PRODUCT, {ProductState.DRAFT}, {ProductState.CANCELLED}),
    ("Plan", "central/venues/model.py", PLAN, {PlanState.DRAFT}, {PlanState.VALIDATED}),
    ("Place", "central/inventory/model.py", PLACE, {PlaceState.HELD, PlaceState.LEASED},
     {PlaceState.SOLD, PlaceState.RELEASED}),
    ("Hold", "central/inventory/model.py", HOLD, {HoldState.ACTIVE},
     {HoldState.SOLD, HoldState.RELEASED, HoldState.EXPIRED}),
    ("Device", "central/devices/model.py", DEVICE, {DeviceState.INVITED}, {DeviceState.REVOKED}),
    ("Lease", "shared/wire/leases.py", LEASE, {LeaseState.ACTIVE}, {LeaseState.CLOSED, LeaseState.WRITTEN_OFF}),
]  # fmt: skip
TABLES = pytest.mark.parametrize("cycle", CYCLES, ids=[cycle[0] for cycle in CYCLES])


def states_of(table: Mapping[Any, Any]) -> type[StrEnum]:
    return type(next(iter(table.values())))


@TABLES
def test_every_state_is_reached_and_left_or_is_an_end(cycle: Any) -> None:
    _, _, table, begins, ends = cycle
    every = set(states_of(table))
    assert begins | ends <= every
    reached = set(begins)
    while more := {after for (state, _), after in table.items() if state in reached} - reached:
        reached |= more
    assert reached == every, "no state that nobody comes to"
    assert {state for state, _ in table} == every - ends, "whatever is no end can be left, an end cannot"


@TABLES
def test_every_word_of_a_table_is_its_own(cycle: Any) -> None:
    """States and deeds come from one enum each, and each deed is of some use."""
    _, _, table, _, _ = cycle
    (deeds,) = {type(do) for _, do in table}
    assert {type(state) for state, _ in table} | {type(after) for after in table.values()} == {states_of(table)}
    assert {do for _, do in table} == set(deeds)
    assert all(state is not after for (state, _), after in table.items())


@cache
def named_in_code() -> set[tuple[str, str]]:
    """(enum, member) for every member of an enum that our code names, but for the tables themselves. Whether that code
    runs, and from which of the states, is not known by it."""
    found: set[tuple[str, str]] = set()
    for file in (each for part in ("central", "edge", "shared") for each in (ROOT / part).rglob("*.py")):
        tree = ast.parse(file.read_text())
        tables = {id(inner) for node in ast.walk(tree) if is_table(node) for inner in ast.walk(node)}
        real = {alias.asname: alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
                for alias in node.names if alias.asname}  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and id(node) not in tables:
                found.add((real.get(node.value.id, node.value.id), node.attr))
    return found


def is_table(node: ast.AST) -> bool:
    """`HOLD: Mapping[…] = {…}`, with pairs for keys."""
    return (isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict)
            and any(isinstance(key, ast.Tuple) for key in node.value.keys))  # fmt: skip


@TABLES
def test_every_deed_is_named_by_code(cycle: Any) -> None:
    """A state in which things begin is written by some code; a deed is named where it is done, or is what a command is
    asked for. A step for later comes with the code that runs it.
    Whether a step really runs is not known here: only the tests of its commands can tell."""
    _, _, table, begins, _ = cycle
    named, asked = named_in_code(), {stripped(hint)[0] for each in COMMANDS.values() for hint in each.hints.values()}
    never = {state for state in begins if (type(state).__name__, state.name) not in named}
    never |= {do for _, do in table if type(do) not in asked and (type(do).__name__, do.name) not in named}
    assert never == set()


def test_what_nothing_runs_is_seen() -> None:
    named = named_in_code()
    assert ("HoldDo", "EXPIRE") in named and ("PlaceState", "LEASED") in named
    assert ("HoldDo", "RETURN") not in named and ("DeviceState", "CART") not in named


def test_every_table_of_an_entity_is_walked() -> None:
    walked = [table for _, _, table, _, _ in CYCLES]
    assert all(any(each.life[1] is table for table in walked) for each in BY_NAME.values() if each.life)


def document() -> str:
    """Every cycle as a mermaid diagram."""
    parts = [
        "# Life cycles",
        "",
        "Drawn from the tables in the code by `tests/central/test_life_cycles.py`; do not edit it by hand:",
        "`python -m tests.central.test_life_cycles` writes it anew. A step that is not in a table does not exist,",
        "and a deed that no code names is in no table. Whether a step is run from each of its states is",
        "not known by this.",
    ]
    for name, where, table, begins, ends in CYCLES:
        parts += ["", f"## {name}", "", f"`{where}`", "", "```mermaid", "stateDiagram-v2"]
        parts += [f"    [*] --> {state}" for state in states_of(table) if state in begins]
        parts += [f"    {state} --> {after}: {do}" for (state, do), after in table.items()]
        parts += [f"    {state} --> [*]" for state in states_of(table) if state in ends]
        parts += ["```"]
    return "\n".join(parts) + "\n"


def test_the_document_is_what_the_tables_say() -> None:
    assert DOCUMENT.read_text() == document(), "python -m tests.central.test_life_cycles"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
