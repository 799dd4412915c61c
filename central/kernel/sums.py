"""Sums of amounts that may be any number a column holds: a database's own sum fails where it leaves 64 bits, and takes
the page with it. So it adds billions and the rest apart, and they are put together here."""

from typing import Any

BILLION = 10**9


def halves(column: str) -> str:
    """The two sums of a statement for `summed`, of a column or expression of whole numbers."""
    return f"SUM({column} / {BILLION}), SUM({column} % {BILLION})"


def summed(billions: Any, rest: Any) -> int:
    """The sum itself; of nothing 0."""
    return int(billions or 0) * BILLION + int(rest or 0)
