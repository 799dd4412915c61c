"""What the commands that are committed together have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from central.kernel.db import Connection, Row
from central.kernel.numbers import Numbers

Gathered = dict[Callable[[Connection, list[Any]], None], list[Any]]
"""What is to be written once per transaction: how → the items."""

Rows = dict[str, list[Row]]
"""Table → rows to be inserted."""


@dataclass(slots=True)
class Shared:
    """What the commands of one transaction know in common: the tables that those before have touched, the versions that
    were looked at, which nobody else can move meanwhile, and the numbers that were drawn."""

    touched: set[str] = field(default_factory=set)
    versions: dict[str, int] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=Numbers)
