"""Who sends much waits behind themselves."""

from types import SimpleNamespace
from typing import Any

from shared.runtime.message_turns import MessageTurns


def message(whose: str | None, n: int) -> dict[str, Any]:
    return {"session": None if whose is None else SimpleNamespace(username=whose), "topic": "t", "n": n}


def test_those_who_have_messages_take_turns_and_each_ones_stay_in_order() -> None:
    turns = MessageTurns()
    for n in range(5):
        turns.put_nowait(message("flood", n))
    turns.put_nowait(message("lane", 0))
    turns.put_nowait(message(None, 0))
    turns.put_nowait(message("lane", 1))
    assert (turns.qsize(), turns.waiting("flood"), turns.waiting("lane"), turns.waiting("other")) == (8, 5, 2, 0)
    assert turns.share(200, 2000) == 200 and turns.share(200, 9) == 3, "of three who have some"
    said = [turns.get_nowait() for _ in range(8)]
    assert [(each["session"] and each["session"].username, each["n"]) for each in said] == [
        ("flood", 0), ("lane", 0), (None, 0), ("flood", 1), ("lane", 1), ("flood", 2), ("flood", 3), ("flood", 4),
    ]  # fmt: skip
    assert turns.empty() and turns.qsize() == 0 and turns.waiting("flood") == 0
