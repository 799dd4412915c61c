"""The rooms of work of the administration's bar: what people come to do, not what is stored. Each area says which is
its own (`Area.room`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from central.kernel.checklist import t


class Room(StrEnum):
    """In the order of the bar. `HOUSE` is not in it: settings stand under one's own name."""

    TODAY = auto()
    PROGRAMME = auto()
    SEATS = auto()
    PRICES = auto()
    OPENINGS = auto()
    ORDERS = auto()
    CUSTOMERS = auto()
    MONEY = auto()
    DEVICES = auto()
    HOUSE = auto()


ROOM_TEXTS = {
    Room.TODAY: t("Aujourd’hui"),
    Room.PROGRAMME: t("Programme"),
    Room.SEATS: t("Places"),
    Room.PRICES: t("Prix"),
    Room.OPENINGS: t("Vente"),
    Room.ORDERS: t("Commandes"),
    Room.CUSTOMERS: t("Clients"),
    Room.MONEY: t("Argent"),
    Room.DEVICES: t("Appareils"),
    Room.HOUSE: t("Maison"),
}
AT_THUMB = frozenset({Room.TODAY, Room.PROGRAMME, Room.ORDERS, Room.DEVICES})
"""On a telephone's bar; all others are one touch away."""
DAY = "/admin"
"""`here` of the pages of the day."""


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of an area's own in the menu: `text` is its msgid, `needs` the privilege that shows it."""

    text: str
    href: str
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class AreaMenu:
    """Where an area's lists and own pages stand."""

    room: Room
    entries: Sequence[MenuEntry] = ()


Menu = Mapping[str, AreaMenu]
"""By area, in the order of the areas."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """`acts`: there is something that the reader may do there, and not only read."""

    text: str
    href: str
    current: bool
    acts: bool = True


@dataclass(frozen=True, slots=True)
class RoomShown:
    """A room that has something for the reader. `items`: where they may do something, and then the areas' own pages;
    `read_only` what they may look up."""

    room: Room
    text: str
    href: str
    current: bool
    items: tuple[MenuItem, ...] = ()
    read_only: tuple[MenuItem, ...] = ()
    at_thumb: bool = False
