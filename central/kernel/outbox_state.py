"""How far a row of the outbox is."""

from enum import StrEnum, auto


class OutboxState(StrEnum):
    WAITING = auto()
    DONE = auto()
    GIVEN_UP = auto()  # tried too often
