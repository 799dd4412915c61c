"""Every life cycle is a table. One walk proves them all sound, and keeps the diagrams in the documents true to them."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from central.catalogue.model import PRODUCT, ProductState
from central.devices.model import DEVICE, DeviceState
from central.inventory.model import HOLD, PLACE, HoldState, PlaceState
from central.orders.model import ORDER, OrderState
from central.venues.model import PLAN, PlanState
from shared.wire.leases import LEASE, LeaseState

DOCUMENT = Path(__file__).parents[2] / "docs" / "life-cycles.md"

# name, what it is of, the table, where it begins, where it ends
CYCLES: list[tuple[str, str, Mapping[Any, Any], set[StrEnum], set[StrEnum]]] = [
    ("Performance", "central/catalogue/model.py", PRODUCT, {ProductState.DRAFT},
     {ProductState.CLOSED, ProductState.CANCELLED}),
    ("Plan", "central/venues/model.py", PLAN, {PlanState.DRAFT}, {PlanState.VALIDATED}),
    ("Place", "central/inventory/model.py", PLACE, {PlaceState.HELD, PlaceState.LEASED, PlaceState.OPTIONED},
     {PlaceState.RELEASED}),
    ("Hold", "central/inventory/model.py", HOLD, {HoldState.ACTIVE},
     {HoldState.SOLD, HoldState.RELEASED, HoldState.EXPIRED}),
    ("Order", "central/orders/model.py", ORDER, {OrderState.CART}, {OrderState.CANCELLED, OrderState.REFUNDED}),
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


def document() -> str:
    """Every cycle as a mermaid diagram."""
    parts = [
        "# Life cycles",
        "",
        "Drawn from the tables in the code by `tests/central/test_life_cycles.py`; do not edit it by hand:",
        "`python -m tests.central.test_life_cycles` writes it anew. A step that is not in a table does not exist.",
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
