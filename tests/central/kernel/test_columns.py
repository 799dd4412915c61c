"""Facts by name: no order of columns is kept in two places."""

from dataclasses import dataclass, field

import pytest

from central.kernel.columns import apart, columns


@dataclass(frozen=True, slots=True)
class Fares:
    code: str
    most: int
    cells: dict[str, int] = field(default_factory=dict)


def test_columns_stand_in_the_order_of_the_fields() -> None:
    assert columns(Fares, most="c.max_places", code="o.code") == "o.code AS code, c.max_places AS most"


@pytest.mark.parametrize("read_from", [{"code": "o.code"}, {"code": "o.code", "most": "c.most", "least": "c.least"}])
def test_a_field_that_is_read_from_nowhere_or_is_none(read_from: dict[str, str]) -> None:
    with pytest.raises(TypeError, match=r"Fares: (most|least)"):
        columns(Fares, **read_from)


def test_rows_that_begin_with_a_kind_are_taken_apart_where_the_kind_ends() -> None:
    assert apart(Fares, [("A", 4, "else", 9), ("A", 4)]) == [(("A", 4), ("else", 9)), (("A", 4), ())]
