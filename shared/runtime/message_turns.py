"""What the embedded broker has still to hand out: everybody's messages wait behind their own, and those who have some
take turns. One device that sends as fast as it may, on all its lines, keeps the claims of its neighbours no longer."""

import asyncio
from collections import OrderedDict, deque
from typing import Any


class MessageTurns(asyncio.Queue[dict[str, Any]]):
    """In the place of amqtt's queue. A message's `session` says whose it is; what nobody sent is the broker's own."""

    def _init(self, _: int) -> None:
        self._lanes: OrderedDict[str, deque[dict[str, Any]]] = OrderedDict()
        self._size = 0

    def _put(self, item: dict[str, Any]) -> None:
        self._lanes.setdefault(_whose(item), deque()).append(item)
        self._size += 1

    def _get(self) -> dict[str, Any]:
        whose, lane = self._lanes.popitem(last=False)
        if len(lane) > 1:
            self._lanes[whose] = lane
        self._size -= 1
        return lane.popleft()

    def qsize(self) -> int:
        return self._size

    def empty(self) -> bool:
        return not self._size

    def waiting(self, whose: str) -> int:
        """How many of this device's."""
        return len(self._lanes.get(whose, ()))

    def share(self, of_one: int, of_all: int) -> int:
        """So many of one device's may wait: nobody is kept out by what others have here."""
        return min(of_one, of_all // max(1, len(self._lanes)))


def _whose(item: dict[str, Any]) -> str:
    return str(getattr(item["session"], "username", "") or "")
