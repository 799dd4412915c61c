"""No command or query is refused for a reason that its declaration does not name: what the door says of it is heard."""

import logging
from collections.abc import Iterator

import pytest


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.fixture(autouse=True)
def undeclared() -> Iterator[list[str]]:
    """A test that means to do it takes away what was said."""
    heard, door = _Heard(), logging.getLogger("central.kernel.judge")
    door.addHandler(heard)
    yield heard.said
    door.removeHandler(heard)
    assert heard.said == []
