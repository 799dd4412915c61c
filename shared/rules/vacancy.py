"""What is free in a hall, kept up to date seat by seat and indexed for the search.

`take` and `free` cost a few microseconds per row touched, so a hall can be kept for as long as it is on sale; made anew
from a picture of the hall (one bit per seat) it costs a few operations per row. For each set of kinds that somebody may
buy (a `View`: a category, some contingents) the index knows

* for k = 1 … 9 the rows that may have k free neighbours, as one integer with a bit per row, best row first. "May":
  taking seats only shortens runs, so an entry is corrected when a search finds it wrong, or when a split must be found;
* for each hood (three rows that neighbour each other) how many free runs of each length it has, and which hoods have
  the same.

Not for several threads at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from shared.rules.hall import MOST, Hall, Kind, SeatLine, bits

FIELD = 24  # bits for a number of runs in a profile
ONES = (1 << FIELD) - 1
SETTLED = 12  # rows that each search brings up to date

# A profile is one integer: field k - 1 counts the runs of at least k neighbours. Profiles of rows add up.


def profile_of(line: SeatLine, mask: int) -> int:
    """The row's runs, counted up to nine neighbours and up to nine runs of a length: a party has no more parts."""
    joined = line.joined
    starts = mask & ~((mask & joined) << 1)
    longer = mask & (mask >> 1) & joined
    windows, profile = mask, 0
    for length in range(MOST):
        count = (starts & windows).bit_count()
        if not count:
            break
        profile |= min(count, MOST) << length * FIELD
        windows &= longer >> length
    return profile


@lru_cache(maxsize=65_536)
def capped(profile: int) -> int:
    """Hoods that differ only in runs nobody needs are the same."""
    found = 0
    for length in range(MOST):
        found |= min(profile >> length * FIELD & ONES, MOST) << length * FIELD
    return found


@lru_cache(maxsize=65_536)
def fewest(profile: int, size: int) -> tuple[int, int] | None:
    """(parts, people alone) of a party of `size` in a hood: the longest runs first hold the most, and each part with a
    place to spare takes a second person as long as there are any."""
    counts = [profile >> length * FIELD & ONES for length in range(MOST)]
    for parts in range(1, MOST + 1):
        if sum(min(parts, count) for count in counts) >= size:
            return parts, parts - min(parts, counts[1], size - parts)
    return None


@dataclass(frozen=True, slots=True)
class Buys:
    """What somebody may buy. `category_id` "": any. `contingents` None: any; "" in it: outside any."""

    category_id: str = ""
    contingents: frozenset[str] | None = None


Narrow = tuple[int, list[list[int]]]


class View:
    """The free seats of some kinds, by rank. `masks` leaves out wheelchair places and companions' seats."""

    def __init__(self, hall: Hall, free: list[int], buys: Buys) -> None:
        self.hall = hall
        self.of = _allowed(hall, buys)
        self.masks = [now & of & line.ordinary for now, of, line in zip(free, self.of, hall.lines, strict=True)]
        some = _flags(self.masks)
        self.floors = [line.floor for line in hall.lines]  # no free seat of the row is better
        self.rows = [some] * (MOST + 1)  # rows[k]: rows that may have k neighbours
        self._stale: set[int] = set(bits(some))
        self._profiles = [0] * len(hall.lines)
        self._hoods: list[int] | None = None  # capped profiles, made when first needed
        self.hoods: dict[int, int] = {}  # capped profile → hoods as bits
        self._narrow: list[dict[int, Narrow | None]] = [{} for _ in hall.zones]

    def set(self, rank: int, mask: int) -> None:
        """The row's free seats, now."""
        before = self.masks[rank]
        if mask == before:
            return
        self.masks[rank] = mask
        self._stale.add(rank)
        self._narrow[self.hall.zone_of[rank]].clear()
        if mask & ~before:
            flag = 1 << rank
            self.rows = [rows | flag for rows in self.rows]
            self.floors[rank] = self.hall.lines[rank].floor

    def holds(self, people: int, rows: int) -> bool:
        """Whether these rows have so many free seats."""
        for rank in bits(rows & self.rows[1]):
            people -= self.masks[rank].bit_count()
            if people <= 0:
                return True
        return False

    def correct(self, rank: int) -> None:
        """Brings the index of one row up to date."""
        if rank not in self._stale:
            return
        self._stale.discard(rank)
        line, mask = self.hall.lines[rank], self.masks[rank]
        profile = profile_of(line, mask)
        if mask:
            self.floors[rank] = line.total(line.cheapest(mask, 1), 1)
        longest = (profile.bit_length() + FIELD - 1) // FIELD
        for length in range(longest + 1, MOST + 1):
            self.rows[length] &= ~(1 << rank)
        before = self._profiles[rank]
        self._profiles[rank] = profile
        if self._hoods is not None and profile != before:
            for hood in self.hall.hoods_of[rank]:
                self._sort_in(hood, self._hoods)

    def settle(self) -> None:
        """Some of what has changed, so that it never piles up until a split must be found."""
        for rank in list(islice(self._stale, SETTLED)):
            self.correct(rank)

    def correct_all(self) -> None:
        for rank in list(self._stale):
            self.correct(rank)
        if self._hoods is None:  # not before somebody must be split up
            self._hoods = [-1] * len(self.hall.hoods)
            for hood in range(len(self.hall.hoods)):
                self._sort_in(hood, self._hoods)

    def profile(self, ranks: Iterable[int]) -> int:
        """Of any rows; call `correct_all` first."""
        return sum(map(self._profiles.__getitem__, ranks))

    def narrowest(self, zone: int, people: int) -> Narrow | None:
        """The fewest rows one behind the other, of the zone with this index, that have so many free seats: how many
        rows further back the last is, and each such choice, its empty rows left out. None if the zone has too few."""
        known = self._narrow[zone]
        if people not in known:
            ranks, masks_of = self.hall.zone_masks[zone]
            known[people] = _narrowest(ranks, list(map(int.bit_count, masks_of(self.masks)))[:-1], people)
        return known[people]

    def _sort_in(self, hood: int, hoods: list[int]) -> None:
        profile = capped(self.profile(self.hall.hoods[hood]))
        before = hoods[hood]
        if profile == before:
            return
        hoods[hood] = profile
        flag = 1 << hood
        if before >= 0:
            left = self.hoods[before] & ~flag
            if left:
                self.hoods[before] = left
            else:
                del self.hoods[before]
        self.hoods[profile] = self.hoods.get(profile, 0) | flag


class Vacancy:
    """The free seats of a hall."""

    def __init__(self, hall: Hall, free: list[int]) -> None:
        self.hall = hall
        self._free = free  # by rank
        self._views: dict[Buys, View] = {}

    @classmethod
    def of(cls, hall: Hall, seats: Iterable[int]) -> "Vacancy":
        """Just these seats are free."""
        free = [0] * len(hall.lines)
        for rank, bit in map(hall.where.__getitem__, seats):
            free[rank] |= 1 << bit
        return cls(hall, free)

    @classmethod
    def but(cls, hall: Hall, taken: bytes) -> "Vacancy":
        """All seats but those of a picture of the hall (`wire.feeds.HallRow`): one bit per seat in plan order, the
        first seat in the most significant bit of the first byte, 1 = taken. What it does not reach is free."""
        octets = taken.translate(_TURNED).ljust(hall.places + 7 >> 3, b"\0")
        found = []
        for line in hall.lines:
            gone = 0
            for first, length, bit in line.spans:
                part = int.from_bytes(octets[first >> 3 : first + length + 7 >> 3], "little") >> (first & 7)
                gone |= (part & (1 << length) - 1) << bit
            found.append(~gone & (1 << len(line.seats)) - 1)
        return cls(hall, found)

    def picture(self) -> bytes:
        """The picture that `but` reads."""
        octets = bytearray(self.hall.places + 7 >> 3)
        for rank, line in enumerate(self.hall.lines):
            for bit in bits(~self._free[rank] & (1 << len(line.seats)) - 1):
                octets[line.seats[bit] >> 3] |= 1 << (line.seats[bit] & 7)
        return bytes(octets).translate(_TURNED)

    def __len__(self) -> int:
        return sum(mask.bit_count() for mask in self._free)

    def __contains__(self, seat: int) -> bool:
        rank, bit = self.hall.where[seat]
        return bool(self._free[rank] >> bit & 1)

    def take(self, seats: Iterable[int]) -> None:
        """These are free no more; one that was not stays so."""
        for rank, mask in self._by_row(seats).items():
            self._set(rank, self._free[rank] & ~mask)

    def free(self, seats: Iterable[int]) -> None:
        """These are free again; one that was stays so."""
        for rank, mask in self._by_row(seats).items():
            self._set(rank, self._free[rank] | mask)

    def view(self, buys: Buys) -> View:
        found = self._views.get(buys)
        if found is None:
            found = self._views[buys] = View(self.hall, self._free, buys)
        return found

    def all_kinds(self, view: View, rank: int) -> int:
        """What is free of a row for this view, wheelchair places and companions' seats included."""
        return self._free[rank] & view.of[rank]

    def _by_row(self, seats: Iterable[int]) -> dict[int, int]:
        rows: dict[int, int] = {}
        for rank, bit in map(self.hall.where.__getitem__, seats):
            rows[rank] = rows.get(rank, 0) | 1 << bit
        return rows

    def _set(self, rank: int, mask: int) -> None:
        if mask == self._free[rank]:
            return
        self._free[rank] = mask
        ordinary = self.hall.lines[rank].ordinary
        for view in self._views.values():
            view.set(rank, mask & view.of[rank] & ordinary)


_TURNED = bytes(
    int(f"{octet:08b}"[::-1], 2) for octet in range(256)
)  # the wire's first bit is the highest, ours lowest


def _allowed(hall: Hall, buys: Buys) -> list[int]:
    """By rank: the seats that are of these kinds."""
    found = hall.allowed.get(buys)
    if found is None:
        rows = zip(hall.lines, hall.kinds, strict=True)
        found = hall.allowed[buys] = [_of_kinds(line, kinds, buys) for line, kinds in rows]
    return found


def _of_kinds(line: SeatLine, kinds: dict[Kind, int], buys: Buys) -> int:
    if not buys.category_id and buys.contingents is None:
        return (1 << len(line.seats)) - 1
    mask = 0
    for (category, contingent), seats in kinds.items():
        if buys.category_id in ("", category) and (buys.contingents is None or contingent in buys.contingents):
            mask |= seats
    return mask


def _narrowest(ranks: Sequence[int], counts: Sequence[int], people: int) -> Narrow | None:
    if sum(counts) < people:
        return None
    some = [at for at, count in enumerate(counts) if count]
    found: Narrow = (len(ranks), [])
    have = first = 0
    for last, at in enumerate(some):
        have += counts[at]
        while have - counts[some[first]] >= people:
            have -= counts[some[first]]
            first += 1
        if have >= people and (span := at - some[first]) <= found[0]:
            if span < found[0]:
                found = (span, [])
            found[1].append([ranks[one] for one in some[first : last + 1]])
    return found


def _flags(masks: list[int]) -> int:
    """Bit r: the r-th is not empty."""
    return int("".join("1" if mask else "0" for mask in reversed(masks)) or "0", 2)
