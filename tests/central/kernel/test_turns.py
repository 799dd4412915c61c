"""What a transaction may say beside others, by its statements' tables."""

import pytest

import central.areas  # noqa: F401  # declares what sales read and write
from central.kernel.turns import Footing, fits


@pytest.mark.parametrize("sql, sale, other", [
    ("SELECT 1 FROM place WHERE id = :id", True, True),
    ("UPDATE place SET blocked = '' WHERE id = :id", False, False),
    ("SELECT h.id FROM hold h", True, False),
    ("INSERT INTO hold (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET id = ?", True, False),
    ("SELECT 1 FROM operator", False, True),
    ("INSERT INTO audit (id) VALUES (?)", True, True),
    ("DELETE FROM session WHERE id IN (SELECT s.id FROM session s JOIN hold h ON h.id = s.id)", False, False),
    ("SELECT id FROM hold WHERE id = :id FOR UPDATE", True, False),
    ("SELECT 1 FROM place JOIN operator ON operator.id = place.id", False, True),
    ('SELECT 1 FROM "operator"', False, True),
])  # fmt: skip
def test_what_may_be_said_beside_a_sale(sql: str, sale: bool, other: bool) -> None:
    assert (fits(Footing.BESIDE, sql), fits(Footing.ORDERED, sql)) == (sale, other)
    assert fits(Footing.ALONE, sql) and fits(Footing.APART, sql)
