"""What a command costs in the writer's thread, counted and not timed: statements, rows and bytes that go into the
database and come out of it, calls of functions, Python's and the interpreter's own. Counts are the same on a busy
machine, and a loop over all seats, or a file that is parsed, shows in the calls whatever it is made of."""

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from central.kernel.db import Connection, Database, Params, Row, SqliteConnection

WRITER = "writer"


@dataclass(slots=True)
class Cost:
    calls: int = 0
    statements: int = 0
    rows: int = 0  # written
    written: int = 0  # bytes
    read: int = 0  # bytes

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(*(getattr(self, each.name) - getattr(other, each.name) for each in fields(self)))

    def within(self, most: "Cost") -> bool:
        return all(getattr(self, each.name) <= getattr(most, each.name) for each in fields(self))

    def over(self, n: int) -> tuple[float, ...]:
        return tuple(round(getattr(self, each.name) / n, 2) for each in fields(self))

    def copy(self) -> "Cost":
        return self - Cost()


def _size(values: Any) -> int:
    members = values.values() if isinstance(values, dict) else values
    return sum(len(each) if isinstance(each, str | bytes) else 8 for each in members)


class MeteredConnection(SqliteConnection):
    """Counts what its thread does, where that is the writer."""

    cost = Cost()

    def run(self, sql: str, params: Params) -> list[Row]:
        rows = super().run(sql, params)
        if _is_writer():
            self._count(0 if sql.startswith("SELECT") else 1, _size(params), sum(map(_size, rows)))
        return rows

    def write(self, sql: str, params: Params) -> int:
        done = super().write(sql, params)
        if _is_writer():
            self._count(max(done, 0), _size(params), 0)
        return done

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        super().write_many(sql, rows)
        if _is_writer():
            self._count(len(rows), sum(map(_size, rows)), 0)

    def _count(self, rows: int, written: int, read: int) -> None:
        cost = self.cost
        cost.statements, cost.rows = cost.statements + 1, cost.rows + rows
        cost.written, cost.read = cost.written + written, cost.read + read


def _is_writer() -> bool:
    return threading.current_thread().name == WRITER


@dataclass(frozen=True, slots=True)
class MeteredDatabase(Database):
    cost: Cost = field(default_factory=Cost)

    def connect(self, *, read_only: bool = False) -> Connection:
        made = MeteredConnection(self.path, read_only=read_only)
        made.cost = self.cost
        return made

    def profile(self, _: Connection) -> None:
        """In the writer: from here on its calls are counted, but for those of the meter itself."""
        cost, own, inside = self.cost, {MeteredConnection.run.__code__, MeteredConnection.write.__code__,
                                        MeteredConnection.write_many.__code__}, [0]  # fmt: skip

        def each(frame: Any, event: str, _: Any) -> None:
            if frame.f_code in own:
                inside[0] += (event == "call") - (event == "return")
            elif not inside[0] and event in ("call", "c_call"):
                cost.calls += 1

        sys.setprofile(each)
