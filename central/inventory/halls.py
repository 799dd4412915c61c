"""Best seats of a performance, chosen inside the transaction that takes them: among a herd of buyers each gets the best
of what the one before left over, and nobody is refused while there are seats.

To choose among 80,000 seats without reading them, each connection remembers the hall as it last saw it. That is a cache
and never the truth: before a choice it takes in what changed since, in other transactions (`place_change`) and in this
one (what is counted and not written yet); what is chosen is looked up in the database before it is taken, and taking
it is decided by the unique index. If memory and database differ after all, the hall is read anew and the choice made
again; now and then also before anybody is refused.

A transaction may fail after a choice was made in it, so what was seen uncommitted is looked up again in the next one.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from central.catalogue.reads import hall_of
from central.inventory import counts
from central.inventory.model import FREE, TAKEN_BY
from central.inventory.places import AT_ONCE, SeatToTake
from central.inventory.reads import places_of, seats_now, taken_seats
from central.kernel.db import in_list
from central.kernel.keys import Keys
from central.kernel.tx import Read, Tx
from central.venues.reads import look_of_hall, seats_built
from shared.ids import Id
from shared.rules.seating import Buys, Hall, Vacancy, Want, best

MOST_HALLS = 32  # remembered per connection
MOST_PLANNED = 640_000  # seats of all plans remembered: those of eight stadiums, or of thousands of small halls
LARGE = 5000  # places from which a hall is read ahead of its first buyer
MOST_CHANGES = 4000  # seats; if more have changed, the hall is read anew
CHECK_EVERY = timedelta(seconds=2)  # a sold-out stadium that thousands ask for is not counted for each of them


class _PlanSeat(NamedTuple):
    """What the rule reads of a seat; `zone` is the zone's id."""

    zone: str
    row: str
    x: float
    y: float
    category_id: str
    quality: int
    wheelchair: bool
    companion: bool
    aisle: bool


@dataclass(frozen=True, slots=True)
class SeatsInOrder:
    """What no sale changes: a physical configuration's seats in plan order."""

    ids: tuple[Id, ...]
    index: dict[str, int]
    seats: tuple[_PlanSeat, ...]
    hall: Hall


@dataclass(slots=True)
class _Known:
    """A hall as last seen. `known`: up to which revision of each count. `unsure`: seats seen as a transaction left them
    that may have failed since (None: all). `seen`: whose gathered counts were taken in, `read_to`: how many of them."""

    plan: SeatsInOrder
    vacancy: Vacancy
    kinds: list[tuple[str, str]]
    qualities: dict[int, int]  # of those that are not as drawn
    known: dict[counts.Key, int]
    seen: Any = None
    read_to: int = 0
    own: set[str] = field(default_factory=set)
    unsure: set[str] | None = field(default_factory=set)
    checked: datetime | None = None


def choose(tx: Tx, performance_id: Id, want: Want) -> list[SeatToTake] | None:
    """The best seats for this wish as this transaction sees the hall; None: there are not enough."""
    hall = _current(tx, performance_id)
    for _ in range(2):
        found = best(hall.vacancy, want)
        if found is None and not _doubtful(tx, performance_id, hall):
            return None
        seats = free_seats(tx, performance_id, [hall.plan.ids[index] for index in found or ()])
        if found and len(seats) == len(found):
            return seats
        hall = _read_anew(tx, performance_id)  # memory and database differ
    return None


def room(tx: Tx, performance_id: Id, want: Want) -> int:
    """How many seats are free for such a wish, whoever sits beside whom; wheelchair places are not counted."""
    view = _current(tx, performance_id).vacancy.view(Buys(want.category_id, want.contingents))
    return sum(mask.bit_count() for mask in view.masks)


def _doubtful(tx: Tx, performance_id: Id, hall: _Known) -> bool:
    """Whether another number of seats is free than memory says; not asked more often than CHECK_EVERY."""
    # clock: of a look that was made later than now nothing is believed
    if hall.checked and hall.checked <= tx.now < hall.checked + CHECK_EVERY:
        return False
    hall.checked = tx.now
    (free,) = tx.run(
        f"SELECT COUNT(*) FROM place p {TAKEN_BY} WHERE p.performance_id = :id AND {FREE}",  # noqa: S608 - names of ours, values are parameters
        id=performance_id,
    )[0]
    return bool(free != len(hall.vacancy))


def free_seats(tx: Tx, performance_id: Id, seats: Sequence[Id]) -> list[SeatToTake]:
    """Those of the seats that are free in the database, with what they count as."""
    if not seats:
        return []
    among, params = in_list("s", seats)
    rows = tx.run(
        "SELECT p.seat_id, p.category_id, COALESCE(p.contingent_id, '') FROM place p "  # noqa: S608 - names of ours
        f"{TAKEN_BY} WHERE p.performance_id = :performance AND {FREE} "
        f"AND p.seat_id IN {among}",
        performance=performance_id,
        **params,
    )
    found = {row[0]: SeatToTake(Id(row[0]), row[1], row[2]) for row in rows}
    return [found[seat] for seat in seats if seat in found]


# --- keeping up ------------------------------------------------------------------------------------------------------


def _halls(tx: Tx) -> OrderedDict[str, _Known]:
    found: OrderedDict[str, _Known] = tx.memory.setdefault("halls", OrderedDict())
    return found


def _current(tx: Tx, performance_id: Id) -> _Known:
    halls = _halls(tx)
    hall = halls.get(performance_id)
    if hall is None and (ready := _READY.pop((id(tx.keys), performance_id), None)):
        hall = _remember(tx, performance_id, ready[1])
    changed = None if hall is None else _changes(tx, performance_id, hall)
    if hall is None or changed is None or not _refreshed(tx, performance_id, hall, changed):
        return _read_anew(tx, performance_id)
    halls.move_to_end(performance_id)
    return hall


def _changes(tx: Tx, performance_id: Id, hall: _Known) -> set[str] | None:
    """Seats that may not be what memory says; None: it cannot be said which."""
    changed = hall.own  # the command that saw them may have been refused
    if hall.seen is not tx.earlier:  # another transaction
        told = counts.changed_since(tx, performance_id, hall.known, MOST_CHANGES)
        if told is None or hall.unsure is None:
            return None
        changed = changed | told | hall.unsure
        hall.unsure, hall.seen, hall.read_to = set(), tx.earlier, 0
    earlier = counts.counted(tx.earlier)
    since = _seats_of(earlier[hall.read_to :], performance_id)
    own = _seats_of(counts.counted(tx.due), performance_id)
    if since is None or own is None or hall.unsure is None:
        return None
    hall.read_to, hall.own = len(earlier), own
    hall.unsure |= since | own
    return changed | since | own


def _seats_of(items: Sequence[counts.Moved], performance_id: str) -> set[str] | None:
    seats: set[str] = set()
    for item in items:
        if item.performance_id == performance_id:
            if item.seats is None:
                return None
            seats.update(item.seats)
    return seats


def _refreshed(tx: Tx, performance_id: Id, hall: _Known, changed: set[str]) -> bool:
    """Looks these seats up; False if there are too many of them, or one is now sold as something else, or in another
    order."""
    if len(changed) > MOST_CHANGES:
        return False
    seats = sorted(changed)
    free: list[int] = []
    for first in range(0, len(seats), AT_ONCE):
        for place in seats_now(tx, performance_id, seats[first : first + AT_ONCE]):
            index = hall.plan.index.get(place.seat_id)
            kind = (place.category_id, place.contingent_id)
            if index is None or hall.kinds[index] != kind or hall.qualities.get(index) != place.quality:
                return False
            if place.is_free:
                free.append(index)
    known = {hall.plan.index[seat] for seat in seats if seat in hall.plan.index}
    hall.vacancy.take(known.difference(free))
    hall.vacancy.free(free)
    return True


# --- from the database -----------------------------------------------------------------------------------------------


def _read_anew(tx: Tx, performance_id: Id) -> _Known:
    """The hall as this transaction sees it."""
    made = _look(tx, performance_id)
    earlier = counts.counted(tx.earlier)
    since, own = _seats_of(earlier, performance_id), _seats_of(counts.counted(tx.due), performance_id)
    made.seen, made.read_to, made.own = tx.earlier, len(earlier), own or set()
    made.unsure = None if since is None or own is None else since | own
    return _remember(tx, performance_id, made)


def _remember(tx: Tx, performance_id: Id, hall: _Known) -> _Known:
    halls = _halls(tx)
    halls[performance_id] = hall
    halls.move_to_end(performance_id)
    if len(halls) > MOST_HALLS:
        halls.popitem(last=False)
    return hall


def _look(read: Read, performance_id: Id) -> _Known:
    plan = hall_in_order(read, performance_id)
    known = counts.revisions(read, performance_id)
    taken = taken_seats(read, performance_id)
    kinds = [("", "")] * len(plan.ids)
    qualities: dict[int, int] = {}
    free: list[int] = []
    for place in places_of(read, performance_id):
        index = plan.index[place.seat_id]
        kinds[index] = (place.category_id, place.contingent_id)
        if place.quality is not None:
            qualities[index] = place.quality
        if not place.blocked and place.seat_id not in taken:
            free.append(index)
    base = plan.hall
    if qualities:
        base = Hall.of([s._replace(quality=qualities.get(n, s.quality)) for n, s in enumerate(plan.seats)])
    hall = base.sold_as([category for category, _ in kinds], [contingent for _, contingent in kinds])
    return _Known(plan, Vacancy.of(hall, free), kinds, qualities, known, checked=read.now)


_PLANS: dict[tuple[Any, ...], SeatsInOrder] = {}
"""Of all connections: a validated configuration does not change. The key says what it looks like all the same."""


def hall_in_order(read: Read, performance_id: Id) -> SeatsInOrder:
    configuration_id = hall_of(read, performance_id)
    assert configuration_id, "a performance is in a hall"
    key = (configuration_id, *look_of_hall(read, configuration_id))
    found = _PLANS.get(key)
    if found is None:
        built = seats_built(read, configuration_id)
        ids = tuple(seat.seat_id for seat in built)
        seats = tuple(
            _PlanSeat(
                zone=seat.zone_id, row=seat.row, x=seat.x, y=seat.y, category_id="", quality=seat.quality,
                wheelchair=bool(seat.wheelchair), companion=bool(seat.companion), aisle=bool(seat.aisle),
            )
            for seat in built
        )  # fmt: skip
        found = SeatsInOrder(ids, {seat: n for n, seat in enumerate(ids)}, seats, Hall.of(seats))
        if not read.is_new("physical_configuration"):
            _keep(key, found)
    return found


def _keep(key: tuple[Any, ...], plan: SeatsInOrder) -> None:
    """The oldest make room, until all together have at most `MOST_PLANNED` seats; one is always kept."""
    _PLANS[key] = plan
    room = MOST_PLANNED
    for each, kept in reversed(list(_PLANS.items())):
        room -= len(kept.ids)
        if room < 0 and each != key:
            _PLANS.pop(each, None)


# --- ahead of the first buyer ----------------------------------------------------------------------------------------

_READY: dict[tuple[int, str], tuple[Keys, _Known]] = {}
"""Halls that a reader has looked at for a writer to take over. By house (its keys are one object in a process)."""


def make_ready(read: Read, performance_id: Id) -> None:
    """Reads a hall beside the writer, who would take most of a second for a stadium and let everybody wait."""
    _READY[id(read.keys), performance_id] = (read.keys, _look(read, performance_id))
