"""What the live page shows of an evening, out of all the books."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson

from central.access.model import ScanAnomaly
from central.catalogue.model import Performance
from central.devices.model import DeviceState
from central.devices.reads import devices_at, is_lapsed
from central.inventory.counts import counts_of, sums_in
from central.inventory.model import TAKEN_BY, AllocationState
from central.kernel.columns import columns
from central.kernel.db import in_list
from central.kernel.sums import halves, summed
from central.kernel.tx import Read
from central.kernel.values import Names
from central.programme.plan_reads import plan_row
from central.reports.evening import (
    Decision,
    EveningHall,
    EveningSale,
    KnownDevice,
    Lane,
    Series,
    Show,
    Verdict,
    Window,
)
from central.venues.model import LogicalConfiguration
from central.venues.reads import categories_by_rank
from central.venues.seat_names import row_and_number
from shared.clock import from_ms, to_ms
from shared.ids import Id
from shared.rules.place_state import PlaceState, state_of
from shared.wire.certificates import DeviceKind
from shared.wire.facts import Direction
from shared.wire.feeds import CategoryRow

MOST_SALES = 5
MOST_SCANS = 60  # looked at per performance to find each lane's last word
SPANS = tuple(timedelta(minutes=minutes) for minutes in (2, 5, 10, 30, 60, 120, 240, 720))
STEPS = 60  # of a curve
LATE = timedelta(seconds=5)  # a sale that reached us later than this was made while its line was cut


def _names(text: str) -> Names:
    names: Names = orjson.loads(text)
    return names


def show_of(read: Read, performance: Performance) -> Show:
    names, site, timezone, currency = read.run(
        "SELECT e.names, s.names, s.timezone, g.currency FROM performance p JOIN event e ON e.id = p.event_id "
        "JOIN site s ON s.id = p.site_id JOIN price_grid g ON g.id = p.price_grid_id WHERE p.id = :id",
        id=performance.id,
    )[0]
    return Show(
        performance.id, _names(names), _names(site), performance.starts, performance.doors, timezone, currency,
        performance.state,
    )  # fmt: skip


# --- hall -------------------------------------------------------------------------------------------------------------


def evening_hall(read: Read, performance: Performance) -> EveningHall:
    """The logical configuration's plan, each seat in the category that it has in this performance."""
    logical = read.get(LogicalConfiguration, performance.logical_configuration_id)
    assert logical, "a foreign key says so"
    plan = plan_row(read, logical)
    own: dict[str, Id] = dict(
        read.run("SELECT seat_id, category_id FROM place WHERE performance_id = :id", id=performance.id)
    )
    seats = tuple(replace(seat, category_id=own.get(seat.id, seat.category_id)) for seat in plan.seats)
    used = set(own.values())
    categories = categories_by_rank(read, used=used)
    return EveningHall(
        performance.id,
        replace(plan, seats=seats),
        tuple(CategoryRow(each.id, each.names, each.colour, each.rank) for each in categories),
    )


def places_seen(
    read: Read, performance_id: Id, seat_ids: Sequence[str]
) -> tuple[tuple[PlaceState, ...], dict[PlaceState, int]]:
    """Each seat's state in the hall's order, and all places counted, numbered or not."""
    inside = {
        row[0]
        for row in read.run(
            "SELECT l.allocation_id FROM admission a JOIN entitlement e ON e.id = a.ticket_id "
            "JOIN order_line l ON l.id = e.line_id WHERE a.performance_id = :id",
            id=performance_id,
        )
    }
    states = {
        seat: _state(blocked, allocation, state, inside)
        for seat, blocked, allocation, state in read.run(
            f"SELECT p.seat_id, p.blocked, a.id, a.state FROM place p {TAKEN_BY} WHERE p.performance_id = :id",  # noqa: S608 - names of ours, values are parameters
            id=performance_id,
        )
    }
    sums = sums_in(counts_of(read, performance_id))
    counts = {state: getattr(sums, state.bucket, 0) if state.bucket == state else 0 for state in PlaceState}
    seated = sum(state is PlaceState.ADMITTED for state in states.values())
    counts[PlaceState.ADMITTED] = admitted = seated + _counted_inside(read, performance_id, inside)
    counts[PlaceState.SOLD] -= admitted
    return tuple(states.get(seat, PlaceState.INVALID) for seat in seat_ids), counts


def _state(blocked: str, allocation: str | None, state: str | None, inside: set[str]) -> PlaceState:
    stands = state_of(state, blocked)
    return PlaceState.ADMITTED if allocation in inside and stands is PlaceState.SOLD else stands


def _counted_inside(read: Read, performance_id: Id, inside: set[str]) -> int:
    """Of counted places those whose visitors came."""
    rows = read.run(
        "SELECT id, quantity FROM allocation WHERE performance_id = :id AND gauge_id IS NOT NULL AND state = :sold",
        id=performance_id, sold=AllocationState.SOLD,
    )  # fmt: skip
    return sum(quantity for allocation, quantity in rows if allocation in inside)


# --- curves -----------------------------------------------------------------------------------------------------------


def window_for(first: datetime | None, now: datetime) -> Window:
    """The shortest span that shows everything since `first`; its end moves in whole steps, so that a picture changes
    only when something did or a step is over."""
    reach = now - first if first else timedelta(0)
    span = next((each for each in SPANS if reach <= each * 0.96), SPANS[-1])
    step = span / STEPS
    step_ms = step // timedelta(milliseconds=1)
    end = (to_ms(now) // step_ms + 1) * step_ms
    return Window(from_ms(end - step_ms * STEPS), step, STEPS)


def sold(read: Read, performance_id: Id) -> tuple[Window, Series, Series]:
    first, count, *sum_ = read.run(
        f"SELECT MIN(o.placed), COUNT(*), {halves('l.price')} FROM order_line l "  # noqa: S608 - names of ours
        "JOIN sale_order o ON o.id = l.order_id WHERE l.performance_id = :id",
        id=performance_id,
    )[0]
    window = window_for(None if first is None else from_ms(first), read.now)
    rows = read.run(
        f"SELECT (o.placed - :start) / :step, COUNT(*), {halves('l.price')} FROM order_line l "  # noqa: S608 - names of ours
        "JOIN sale_order o ON o.id = l.order_id WHERE l.performance_id = :id AND o.placed >= :start GROUP BY 1",
        id=performance_id, **_span(window),
    )  # fmt: skip
    places = _series("places", count, [(int(at), int(n)) for at, n, *_ in rows], window)
    takings = _series("takings", summed(*sum_), [(int(at), summed(*amount)) for at, _, *amount in rows], window)
    return window, places, takings


def entries_of(read: Read, performance_id: Id) -> tuple[Window, tuple[Series, ...]]:
    totals = read.run(
        "SELECT gate, COUNT(*), MIN(at) FROM admission WHERE performance_id = :id GROUP BY gate ORDER BY gate",
        id=performance_id,
    )
    window = window_for(from_ms(min(row[2] for row in totals)) if totals else None, read.now)
    rows = read.run(
        "SELECT gate, (at - :start) / :step, COUNT(*) FROM admission WHERE performance_id = :id AND at >= :start "
        "GROUP BY 1, 2",
        id=performance_id, **_span(window),
    )  # fmt: skip
    return window, tuple(
        _series(gate, count, [(int(at), int(n)) for named, at, n in rows if named == gate], window)
        for gate, count, _ in totals
    )


def _span(window: Window) -> dict[str, int]:
    return {"start": to_ms(window.start), "step": window.step // timedelta(milliseconds=1)}


def _series(name: str, total: int, rows: list[tuple[int, int]], window: Window) -> Series:
    """A device's clock may be a little ahead: what is beyond the window's end counts in its last step."""
    steps = [0] * window.count
    for at, amount in rows:
        steps[min(at, window.count - 1)] += amount
    return Series(name, total - sum(steps), tuple(steps))


# --- sales ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _OrderSeen:
    """`taken`: when its first payment was, in milliseconds; None: it has none."""

    id: str
    placed: int
    total: int
    device_id: str | None
    point: str
    taken: int | None

    @property
    def late(self) -> bool:
        known = self.device_id is not None and self.taken is not None
        return known and (self.taken or 0) - self.placed > LATE // timedelta(milliseconds=1)


_ORDER = columns(
    _OrderSeen, id="o.id", placed="o.placed", total="o.total", device_id="o.device_id", point="s.names",
    taken="(SELECT MIN(p.at) FROM payment p WHERE p.order_id = o.id)",
)  # fmt: skip


def last_sales(read: Read, performance_id: Id) -> tuple[EveningSale, ...]:
    rows = read.run(
        f"SELECT {_ORDER} FROM sale_order o JOIN point_of_sale s ON s.id = o.point_of_sale_id "  # noqa: S608 - ours
        "WHERE o.id IN (SELECT l.order_id FROM order_line l WHERE l.performance_id = :id) "
        "ORDER BY o.placed DESC, o.id DESC LIMIT :n",
        id=performance_id, n=MOST_SALES,
    )  # fmt: skip
    if not rows:
        return ()
    orders = [_OrderSeen(*row) for row in rows]
    wanted, params = in_list("o", [order.id for order in orders])
    seats: dict[str, dict[str, list[str]]] = {}
    for order, zone, row_name, number in read.run(
        "SELECT l.order_id, z.name, s.row_name, s.number FROM order_line l "  # noqa: S608 - names of parameters
        "JOIN physical_seat s ON s.id = l.seat_id JOIN physical_zone z ON z.id = s.zone_id "
        f"WHERE l.order_id IN {wanted} ORDER BY l.order_id, s.position",
        **params,
    ):
        seats.setdefault(order, {}).setdefault(zone, []).append(row_and_number(row_name, number))
    return tuple(
        EveningSale(
            id=order.id,
            at=from_ms(order.placed),
            where=_names(order.point),
            seats=tuple(f"{zone} {' '.join(places)}" for zone, places in seats.get(order.id, {}).items()),
            amount=order.total,
            device=order.device_id is not None,
            late=order.late,
        )
        for order in orders
    )


# --- lanes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scan:
    id: str
    device: str
    ticket: str
    at: int
    admitted: int
    reason: str
    direction: str
    received: int

    @property
    def since(self) -> tuple[int, int]:
        """Of what came together the gate's own word says which was the last."""
        return self.received, self.at


_SCAN = columns(
    _Scan, id="id", device="device_id", ticket="ticket_id", at="at", admitted="admitted", reason="reason",
    direction="direction", received="received",
)  # fmt: skip


def lanes_of(read: Read, performance: Performance, current: Sequence[str]) -> tuple[Lane, ...]:
    devices = read.run(
        "SELECT id, label FROM device WHERE site_id = :site AND kind = :kind AND state = :state ORDER BY code, id",
        site=performance.site_id, kind=DeviceKind.GATE, state=DeviceState.ACTIVE,
    )  # fmt: skip
    last: dict[str, _Scan] = {}
    counts: dict[tuple[str, int], int] = {}
    for about in dict.fromkeys([performance.id, *current, ""]):  # "": a code that named no performance
        scans = read.run(
            f"SELECT {_SCAN} FROM scan WHERE performance_id = :id "  # noqa: S608 - names of ours
            "AND site_id = :site ORDER BY received DESC, at DESC, id DESC LIMIT :n",
            id=about, site=performance.site_id, n=MOST_SCANS,
        )  # fmt: skip
        for scan in (_Scan(*row) for row in scans):
            if scan.device not in last or last[scan.device].since < scan.since:
                last[scan.device] = scan
        since = to_ms(performance.doors) if about != performance.id else 0
        # clock: it shows or measures, and decides about nothing that waits
        for device, admitted, number in read.run(
            "SELECT device_id, admitted, COUNT(*) FROM scan "  # noqa: S608 - words of ours
            f"WHERE performance_id = :id AND received >= :since AND direction = '{Direction.ENTRY}' GROUP BY 1, 2",
            id=about, since=since,
        ):  # fmt: skip
            counts[device, admitted] = counts.get((device, admitted), 0) + number
    return tuple(
        Lane(
            device, label, _decision(read, last[device]) if device in last else None,
            counts.get((device, 1), 0), counts.get((device, 0), 0),
        )
        for device, label in devices
    )  # fmt: skip


def _decision(read: Read, scan: _Scan) -> Decision:
    seat = read.one(
        "SELECT z.name, s.row_name, s.number FROM entitlement e JOIN order_line l ON l.id = e.line_id "
        "JOIN physical_seat s ON s.id = l.seat_id JOIN physical_zone z ON z.id = s.zone_id WHERE e.id = :id",
        id=scan.ticket,
    )
    used = None
    if not scan.admitted:
        used = read.one("SELECT at, gate FROM admission WHERE ticket_id = :id ORDER BY at DESC LIMIT 1", id=scan.ticket)
    look = scan.admitted and read.one(
        "SELECT 1 FROM anomaly WHERE device_id = :device AND settled = 0 AND at = :at "
        "AND kind IN (:second, :unknown)",
        device=scan.device, at=scan.at, second=ScanAnomaly.DUPLICATE_OFFLINE,
        unknown=ScanAnomaly.UNKNOWN_TICKET_ADMITTED,
    )  # fmt: skip
    verdict = Verdict.REFUSED if not scan.admitted else Verdict.LOOK if look else Verdict.ADMITTED
    if scan.admitted and scan.direction == Direction.EXIT:
        verdict = Verdict.LEFT
    return Decision(
        at=from_ms(scan.at),
        verdict=verdict,
        reason=scan.reason,
        seat=f"{seat[0]} {row_and_number(*seat[1:])}" if seat else "",
        used_at=from_ms(used[0]) if used else None,
        used_gate=used[1] if used else "",
    )


def devices_seen(read: Read, site_id: Id) -> tuple[KnownDevice, ...]:
    return tuple(
        KnownDevice(
            each.id,
            each.kind,
            each.label or each.code,
            each.state,
            each.contiguous,
            is_lapsed(each.state, each.code_until, read.now),
        )
        for each in devices_at(read, site_id)
    )


def open_kinds(read: Read) -> dict[str, int]:
    """How many anomalies of each kind wait for a person."""
    # house: a figure for whoever may see the whole house; nothing is refused by it
    return dict(read.run("SELECT kind, COUNT(*) FROM anomaly WHERE settled = 0 GROUP BY kind ORDER BY kind"))
