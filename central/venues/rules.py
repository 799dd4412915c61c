"""What an action changes in a plan: decided from the plan and the selection alone, for logical configurations and
performances alike."""

from collections.abc import Callable

from central.venues.history import Changes, SeatField, ZoneChange, changed, held_back, share_changes, split
from central.venues.model import NoAct, SeatOrder
from central.venues.plan_tables import LeftPlace, left_places, too_many
from central.venues.seat_order import ordered
from central.venues.selection import Chosen, Table
from shared.ids import Id
from shared.outcome import Refused

INVALID = "invalid"


def there(table: Table, chosen: Chosen, hindered: Callable[[int], str] | None = None) -> tuple[Chosen, list[LeftPlace]]:
    """The seats that can be changed, and those that are left: invalid ones, and what `hindered` names."""
    invalid = table.values[SeatField.INVALID]
    why = {n: INVALID for n in chosen.seats if invalid[n]}
    if hindered:
        why |= {n: reason for n in chosen.seats if n not in why and (reason := hindered(n))}
    if not why:
        return chosen, []
    seats = [n for n in chosen.seats if n not in why]
    return Chosen(seats, [n for n in chosen.listed if n not in why], chosen.shares), left_places(table, why.items())


def blocking(table: Table, chosen: Chosen, reason: str) -> Changes | Refused:
    """An empty reason unblocks."""
    shares, short = held_back(table.shares, list(chosen.shares.items()), block=bool(reason))
    if short:
        return too_many(short)
    return Changes(changed(table, chosen.seats, SeatField.BLOCKED, reason), share_changes(table.shares, shares))


def assigning(table: Table, chosen: Chosen, contingent_id: str | None) -> Changes | Refused:
    shares, short = split(table.shares, list(chosen.shares.items()), contingent_id or "")
    if short:
        return too_many(short)
    seats = changed(table, chosen.seats, SeatField.CONTINGENT, contingent_id)
    return Changes(seats, share_changes(table.shares, shares))


def categorising(table: Table, chosen: Chosen, category_id: str) -> Changes | Refused:
    zones = {zone for zone, _ in chosen.shares}
    for key in table.shares:
        if key[0] in zones and chosen.shares.get(key, 0) is not None:
            return Refused(NoAct.WHOLE_ZONE, fix=key[0], detail={"zone": table.names.get(key[0], "")})
    counted = [ZoneChange(zone, table.counted.get(zone), category_id) for zone in sorted(zones)]
    seats = changed(table, chosen.seats, SeatField.CATEGORY, category_id)
    return Changes(seats, (), tuple(zone for zone in counted if zone.was != zone.now))


def ordering(table: Table, chosen: Chosen, order: SeatOrder, first_zones: tuple[Id, ...]) -> Changes | Refused:
    if unknown := [zone for zone in first_zones if zone not in table.names]:
        return Refused(NoAct.NO_SUCH_ZONE, fix="first_zones", detail={"unknown": unknown})
    if not chosen.seats:
        return Refused(NoAct.EMPTY, fix="selection")
    ranks = ordered(table, chosen, order, first_zones)
    return Changes(changed(table, chosen.seats, SeatField.QUALITY, ranks.__getitem__))
