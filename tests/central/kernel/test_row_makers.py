"""What `row_maker` makes is what the entity's own row would be."""

from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any

import pytest

import central.areas  # noqa: F401  # declares every entity
from central.kernel.entity import ENTITIES
from central.kernel.row_makers import row_maker
from central.ledger.model import Move
from central.orders.model import Entitlement, Order, OrderLine, OrderState, Payment, PaymentMethod, Ticket
from tests.central.small_house import new_id

NOW = datetime(2026, 11, 21, 18, 0, 0, 123_000, tzinfo=UTC)
OF_A_TYPE: dict[Any, Any] = {
    str: "a", int: 7, bool: False, datetime: NOW, PaymentMethod: PaymentMethod.CASH, OrderState: OrderState.SOLD,
}  # fmt: skip


@pytest.mark.parametrize("kind", [Order, OrderLine, Payment, Entitlement, Ticket, Move], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("whole", [True, False])
def test_a_row_is_the_entitys(kind: Any, whole: bool) -> None:
    values = {}
    for column, each in zip(ENTITIES[kind].columns, fields(kind), strict=True):
        if whole or (each.default is MISSING and not column.nullable):
            base = getattr(column.hint, "__supertype__", column.hint)
            values[column.name] = OF_A_TYPE[base] if base is not str else new_id()
        elif each.default is MISSING:
            values[column.name] = None
    assert row_maker(kind)(**values) == ENTITIES[kind].row(kind(**values))


def test_what_is_missing_or_none_of_its_fields_is_a_fault() -> None:
    make: Any = row_maker(Entitlement)
    said = {"id": new_id(), "line_id": new_id(), "performance_id": new_id(), "zones": 1, "entries": 1}
    with pytest.raises(TypeError, match="cancelled"):
        make(**said)
    with pytest.raises(TypeError, match="colour"):
        make(**said, cancelled=False, colour="red")
