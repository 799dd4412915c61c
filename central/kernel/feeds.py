"""The feeds that areas tell devices: of each family, for whom there is one and who may read it. An area declares its
families (web/area.py), writes their rows (`tx.feed`), and devices/feeds.py hands them out."""

from dataclasses import dataclass
from enum import StrEnum, auto

from shared.wire.certificates import Right


class Scope(StrEnum):
    """Whose id stands in a feed's name after its family's."""

    INSTITUTION = auto()
    SITE = auto()
    POINT_OF_SALE = auto()
    SELLER = auto()  # a device that sells: it reads its own, others those of all sellers of their site


@dataclass(frozen=True, slots=True)
class Feeds:
    """A family. `readers`: a device needs one of these rights."""

    family: str
    scope: Scope
    readers: frozenset[Right]


FEEDS: dict[str, Feeds] = {}
