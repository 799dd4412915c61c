"""What an action on a plan works on: seats, rows, zones, categories, contingents, a lasso on the drawing, or all of it;
the union of what is given (docs/spec/venues.md, Actions on a plan). The client says *what* it means, the server finds
the seats: a lasso over 20,000 of them is a dozen points on the wire, and two screens cannot disagree.

Counted zones have no seats: whoever selects such a zone means all its places (of the contingents named, if any are);
`counts` means some of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from central.kernel.entity import Between, Reach, Ref
from central.venues.model import CONTINGENT, NoAct
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.rules.rows import Point

MOST_CORNERS = 2_000  # a lasso once around the largest screen has a thousand
FAR = 1e9  # plan units: no plan goes so far
BANDS = 256
MOST_LOOKS = 4_000_000  # of a point at an edge: a thousand corners around 80,000 seats need two million
FEW_RUNS = 20
NAMED = 20  # unknown things that a refusal lists


@dataclass(frozen=True, slots=True)
class RowRef:
    zone_id: Annotated[Id, Ref("physical_zone"), Reach.WITHIN]
    row: Annotated[str, Between(most=60)]


@dataclass(frozen=True, slots=True)
class Counted:
    """`quantity` places of a counted zone, out of those that are in a contingent now (empty: hors contingent)."""

    zone_id: Annotated[Id, Ref("physical_zone"), Reach.WITHIN]
    quantity: int
    contingent_id: Annotated[str, Ref(CONTINGENT), Reach.WITHIN, Between(most=26)] = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """`runs` are stretches of the plan's order: (first, how many). An empty id among `contingents` is hors contingent.
    `lasso` are the corners of a polygon in plan units."""

    seats: Annotated[tuple[Annotated[Id, Ref("physical_seat"), Reach.WITHIN], ...], Between(most=10_000)] = ()
    runs: Annotated[tuple[tuple[int, int], ...], Between(most=10_000)] = ()
    rows: Annotated[tuple[RowRef, ...], Between(most=2_000)] = ()
    zones: Annotated[tuple[Annotated[Id, Ref("physical_zone"), Reach.WITHIN], ...], Between(most=1_000)] = ()
    categories: Annotated[tuple[Annotated[Id, Ref("seat_category"), Reach.WITHIN], ...], Between(most=200)] = ()
    contingents: Annotated[
        tuple[Annotated[str, Ref(CONTINGENT), Reach.WITHIN, Between(most=26)], ...], Between(most=200)
    ] = ()
    lasso: Annotated[tuple[Point, ...], Between(most=MOST_CORNERS)] = ()
    counts: Annotated[tuple[Counted, ...], Between(most=1_000)] = ()
    everything: bool = False


@dataclass(frozen=True, slots=True)
class ZoneShare:
    """Places of a counted zone that are in one contingent: `taken` and `blocked` of them cannot be had."""

    capacity: int
    blocked: int = 0
    taken: int = 0

    @property
    def free(self) -> int:
        return self.capacity - self.blocked - self.taken


@dataclass(slots=True)
class Table:
    """A plan, or the part of it that may be meant, as columns: one entry per seat, in plan order. `values` are what
    actions change, by field name; `taken` is the state of who has the seat, empty: nobody."""

    positions: Sequence[int] = ()
    ids: Sequence[str] = ()
    keys: Sequence[str] = ()
    """Ids of the rows that hold the values, one per seat; empty: there is none."""
    zones: Sequence[str] = ()
    rows: Sequence[str] = ()
    numbers: Sequence[str] = ()
    xs: Sequence[float] = ()
    ys: Sequence[float] = ()
    drawn: Sequence[int] = ()
    """Quality as the drawing gives it."""
    values: dict[str, list[Any]] = field(default_factory=dict)
    taken: Sequence[str] = ()
    broken: Sequence[str] = ()
    """Why seats are physically invalid, in the table of a performance; there, `invalid` says that there is no place."""
    shares: dict[tuple[str, str], ZoneShare] = field(default_factory=dict)
    counted: dict[str, str | None] = field(default_factory=dict)
    """Counted zone → its category."""
    names: dict[str, str] = field(default_factory=dict)
    """Zone → its name."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Indices into the table, ascending; `listed` the same in the order in which the selection lists them. `shares`:
    how many of a counted zone's share, None: all."""

    seats: Sequence[int]
    listed: Sequence[int]
    shares: dict[tuple[str, str], int | None]


def resolve(selection: Selection, table: Table) -> Outcome[Chosen]:
    """The seats and shares that a selection means. An id or row that is not in the plan is refused and named."""
    found: dict[int, None] = {}
    for part in (_seats, _runs, _rows, _lasso, _kinds):
        got = part(selection, table)
        if isinstance(got, Refused):
            return got
        found.update(dict.fromkeys(got.value))
    shares = _shares(selection, table)
    if isinstance(shares, Refused):
        return shares
    if not found and not shares.value:
        return Refused(NoAct.EMPTY, fix="selection")
    return Ok(Chosen(sorted(found), list(found), shares.value))


def _seats(selection: Selection, table: Table) -> Outcome[Iterable[int]]:
    if not selection.seats:
        return Ok(())
    at = {seat: n for n, seat in enumerate(table.ids)}
    if unknown := [seat for seat in selection.seats if seat not in at]:
        return _unknown(NoAct.NO_SUCH_SEAT, "seats", unknown)
    return Ok([at[seat] for seat in selection.seats])


def _runs(selection: Selection, table: Table) -> Outcome[Iterable[int]]:
    if not selection.runs:
        return Ok(())
    whole = len(table.positions) > 0 and table.positions[-1] == len(table.positions) - 1 and table.positions[0] == 0
    at = None if whole else {position: n for n, position in enumerate(table.positions)}
    found: list[int] = []
    stretches = selection.runs
    if sum(count for _, count in stretches) > len(table.positions):  # they overlap: each seat once, in plan order
        stretches = tuple(_merged(stretches))
    for first, count in stretches:
        run = range(first, first + count)
        if count < 1 or first < 0 or count > len(table.positions):
            return _unknown(NoAct.NO_SUCH_SEAT, "runs", [[first, count]])
        if at is None:
            if run.stop > len(table.positions):
                return _unknown(NoAct.NO_SUCH_SEAT, "runs", [[first, count]])
            found.extend(run)
        elif any(position not in at for position in run):
            return _unknown(NoAct.NO_SUCH_SEAT, "runs", [[first, count]])
        else:
            found.extend(at[position] for position in run)
    return Ok(found)


def _merged(stretches: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same positions as stretches that do not overlap; one that is none stays, for whoever refuses it."""
    start = end = 0
    for first, count in sorted(stretches):
        if count < 1 or first < 0:
            yield first, count
        elif end > start and first <= end:
            end = max(end, first + count)
        else:
            if end > start:
                yield start, end - start
            start, end = first, first + count
    if end > start:
        yield start, end - start


def _rows(selection: Selection, table: Table) -> Outcome[Iterable[int]]:
    if not selection.rows:
        return Ok(())
    wanted: dict[tuple[str, str], list[int]] = {(row.zone_id, row.row): [] for row in selection.rows}
    for n, key in enumerate(zip(table.zones, table.rows, strict=True)):
        if key in wanted:
            wanted[key].append(n)
    if unknown := [list(key) for key, seats in wanted.items() if not seats]:
        return _unknown(NoAct.NO_SUCH_SEAT, "rows", unknown)
    return Ok([n for seats in wanted.values() for n in seats])


def _kinds(selection: Selection, table: Table) -> Outcome[Iterable[int]]:
    """By zone, category, contingent, or simply all."""
    if selection.everything:
        return Ok(range(len(table.ids)))
    if unknown := [zone for zone in selection.zones if zone not in table.names]:
        return _unknown(NoAct.NO_SUCH_ZONE, "zones", unknown)
    found: list[int] = []
    for wanted, column in (
        (frozenset(map(str, selection.zones)), table.zones),
        (frozenset(map(str, selection.categories)), table.values.get("category_id", ())),
        (frozenset(selection.contingents), [each or "" for each in table.values.get("contingent_id", ())]),
    ):
        if wanted:
            found += [n for n, value in enumerate(column) if value in wanted]
    return Ok(found)


def _lasso(selection: Selection, table: Table) -> Outcome[Iterable[int]]:
    corners = selection.lasso
    if not corners:
        return Ok(())
    if not 3 <= len(corners) <= MOST_CORNERS or not all(abs(x) <= FAR and abs(y) <= FAR for x, y in corners):
        return Refused(NoAct.NOT_FLAT, fix="lasso", detail={"corners": len(corners), "most": MOST_CORNERS})
    found = inside(corners, table.xs, table.ys)
    return Refused(NoAct.TOO_INTRICATE, fix="lasso", detail={"corners": len(corners)}) if found is None else Ok(found)


def inside(corners: Sequence[Point], xs: Sequence[float], ys: Sequence[float]) -> list[int] | None:
    """Which of the points lie inside the polygon (even-odd rule). Edges are sorted into bands of height first, so that
    a lasso drawn by hand, with hundreds of corners, costs each point only the few edges at its own height. None: it
    goes to and fro so often that most edges are at the height of most points."""
    low, high = min(y for _, y in corners), max(y for _, y in corners)
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    height = (high - low) / BANDS or 1.0
    bands: list[list[tuple[float, float, float, float]]] = [[] for _ in range(BANDS + 1)]
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if y1 == y2:
            continue
        edge = (x1, y1, x2, y2) if y1 < y2 else (x2, y2, x1, y1)
        for band in range(int((edge[1] - low) / height), int((edge[3] - low) / height) + 1):
            bands[min(band, BANDS)].append(edge)
    found = []
    looks = MOST_LOOKS
    for n, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if not (low <= y <= high and left <= x <= right):
            continue
        edges = bands[min(int((y - low) / height), BANDS)]
        looks -= len(edges)
        if looks < 0:
            return None
        crossed = False
        for x1, y1, x2, y2 in edges:
            if y1 <= y < y2 and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
                crossed = not crossed
        if crossed:
            found.append(n)
    return found


def _shares(selection: Selection, table: Table) -> Outcome[dict[tuple[str, str], int | None]]:
    found: dict[tuple[str, str], int | None] = {}
    zones, categories = set(map(str, selection.zones)), set(map(str, selection.categories))
    for zone, contingent in table.shares:
        by_zone = zone in zones and (not selection.contingents or contingent in selection.contingents)
        by_kind = contingent in selection.contingents and not zones
        if selection.everything or by_zone or by_kind or table.counted.get(zone) in categories:
            found[zone, contingent] = None
    for part in selection.counts:
        key = (str(part.zone_id), part.contingent_id)
        if key[0] not in table.counted:
            return _unknown(NoAct.NO_SUCH_ZONE, "counts", [key[0]])
        if part.quantity < 1:
            return Refused(NoAct.EMPTY, fix="counts", detail={"zone": key[0]})
        if found.get(key, 0) is not None:
            found[key] = (found.get(key) or 0) + part.quantity
    return Ok(found)


def _unknown(reason: NoAct, where: str, what: Sequence[Any]) -> Refused:
    return Refused(reason, fix=where, detail={"unknown": list(what[:NAMED]), "count": len(what)})


def narrowed(selection: Selection, most: int = 500) -> tuple[str, dict[str, Any]] | None:
    """SQL over `s` (physical_seat) and `v` (what holds category and contingent) that lets through at least every seat
    that is meant, so that blocking four seats does not read a stadium. None: read it all."""
    if selection.everything or len(selection.seats) + len(selection.rows) > most:
        return None
    if len(selection.zones) + len(selection.categories) + len(selection.contingents) > most:
        return None
    parts: list[str] = []
    params: dict[str, Any] = {}

    def mark(value: Any) -> str:
        name = f"sel{len(params)}"
        params[name] = value
        return f":{name}"

    for column, values in (
        ("s.id", selection.seats),
        ("s.zone_id", selection.zones),
        ("v.category_id", selection.categories),
        ("COALESCE(v.contingent_id, '')", selection.contingents),
    ):
        if values:
            parts.append(f"{column} IN ({', '.join(mark(str(value)) for value in values)})")
    stretches = selection.runs
    if len(stretches) > FEW_RUNS:  # one stretch around them all
        first = min(first for first, _ in stretches)
        stretches = ((first, max(start + count for start, count in stretches) - first),)
    parts += [f"s.position BETWEEN {mark(first)} AND {mark(first + count - 1)}" for first, count in stretches]
    parts += [f"(s.zone_id = {mark(str(row.zone_id))} AND s.row_name = {mark(row.row)})" for row in selection.rows]
    if selection.lasso:
        xs, ys = [x for x, _ in selection.lasso], [y for _, y in selection.lasso]
        parts.append(
            f"(s.x BETWEEN {mark(min(xs))} AND {mark(max(xs))} AND s.y BETWEEN {mark(min(ys))} AND {mark(max(ys))})"
        )
    return (f"({' OR '.join(parts)})" if parts else "1 = 0"), params
