"""Whose messages a broker keeps for who comes later (MQTT calls them retained): so many of each writer, whose oldest go
first. Nobody's take the room of another's, and central's bells go for nobody. No I/O."""

from collections import OrderedDict
from collections.abc import Collection

from shared.wire.certificates import Certificate, DeviceKind

MOST_RETAINED = 5_000
MOST_OF_RELAY = 2_000  # the presence of all of its site's devices, or on the site's own broker all bells
MOST_OF_DEVICE = 20  # its presence is one
KEPT_FOR_S = 7 * 86_400.0  # of who is not here


class Kept:
    def __init__(self) -> None:
        self._of: dict[str, OrderedDict[str, float]] = {}  # writer → topic → when; the oldest first
        self._whose: dict[str, str] = {}  # topic → who wrote it last
        self._central: set[str] = set()  # writers

    def wrote(self, topic: str, who: Certificate, now_s: float) -> list[str]:
        """The topics whose messages go, since `who` wrote one to keep under this one."""
        self.cleared(topic)
        if who.kind is DeviceKind.CENTRAL:
            self._central.add(who.holder_id)
        self._of.setdefault(who.holder_id, OrderedDict())[topic] = now_s
        self._whose[topic] = who.holder_id
        gone = []
        if len(self._of[who.holder_id]) > _most(who.kind):
            gone.append(self._oldest(who.holder_id))
        if len(self._whose) > MOST_RETAINED:
            others = self._of.keys() - self._central or self._of.keys()
            gone.append(self._oldest(max(sorted(others), key=lambda each: len(self._of[each]))))
        return gone

    def cleared(self, topic: str) -> None:
        writer = self._whose.pop(topic, None)
        if writer is None:
            return
        del self._of[writer][topic]
        if not self._of[writer]:
            del self._of[writer]

    def over(self, here: Collection[str], now_s: float) -> list[str]:
        """The topics whose messages go, since their writers are not `here` (ids) and wrote them long ago."""
        gone = [
            topic
            for writer, topics in self._of.items() if writer not in here
            for topic, at_s in topics.items() if now_s - at_s > KEPT_FOR_S
        ]  # fmt: skip
        for topic in gone:
            self.cleared(topic)
        return gone

    def _oldest(self, writer: str) -> str:
        topic = next(iter(self._of[writer]))
        self.cleared(topic)
        return topic


def _most(kind: DeviceKind) -> int:
    return {DeviceKind.CENTRAL: MOST_RETAINED, DeviceKind.BROKER: MOST_OF_RELAY}.get(kind, MOST_OF_DEVICE)
