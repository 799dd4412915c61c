"""What a gate tells costs the writer the same however much was told before: statements, rows that come back, and the
steps of SQLite's own machine, so that a statement that looks through a table shows too."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

import central.access.ops as ops
from central.access.model import NoScan
from central.kernel.db import Params, Row
from shared.ids import derived_id
from shared.wire.certificates import DeviceKind
from shared.wire.facts import GENESIS, Fact, FactKind, PassageFact, fact_hash
from shared.wire.token import leased_ticket_id
from tests.central.devices.test_facts import Machine, enrol, kinds, scan
from tests.central.small_house import NOW, Clerk, House

FEW, MANY, BATCH = 40, 400, 20
SPARE = 1.25
"""A tree of ten times as many rows is a little deeper."""
COUNTED = 3
"""Steps for each scan of the ticket that is there, up to MOST_SCANS: counted in the index, and not looked at. Where
more are there, its device's own are counted, among at most twice MOST_SCANS of each."""
TICKET = derived_id("flat", "nobody ever sold it")

Tell = Callable[[Machine, House, int], Fact]


@dataclass(slots=True)
class Cost:
    statements: int = 0
    rows: int = 0
    steps: int = 0
    most: tuple[int, str] = (0, "")


def _scan(gate: Machine, house: House, n: int, seconds: int, **more: Any) -> Fact:
    said = replace(scan(TICKET, house), **more)
    return gate.saw(FactKind.SCAN, said, NOW + timedelta(seconds=seconds), derived_id("flat scan", n))


TOLD: dict[str, Tell] = {
    "each later": lambda gate, house, n: _scan(gate, house, n, n),
    "each earlier": lambda gate, house, n: _scan(gate, house, n, -n),
    "all at once": lambda gate, house, n: _scan(gate, house, n, 0),
    "each another entry": lambda gate, house, n: _scan(gate, house, n, -n, entry=n),
    "each another ticket": lambda gate, house, n: _scan(gate, house, n, n, ticket_id=derived_id("flat ticket", n)),
    "refused": lambda gate, house, n: _scan(gate, house, n, n, admitted=False, entry=0),
}


class Meter:
    def __init__(self, clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cost, db = Cost(), clerk.db
        run, write = db.run, db.write

        def counted_run(sql: str, params: Params) -> list[Row]:
            rows = run(sql, params)
            self.cost.statements, self.cost.rows = self.cost.statements + 1, self.cost.rows + len(rows)
            self.cost.most = max(self.cost.most, (len(rows), sql[:160]))
            return rows

        def counted_write(sql: str, params: Params) -> int:
            self.cost.statements += 1
            return write(sql, params)

        monkeypatch.setattr(db, "run", counted_run)
        monkeypatch.setattr(db, "write", counted_write)
        db._db.set_progress_handler(self._step, 10)  # type: ignore[attr-defined]  # SQLite's own count

    def _step(self) -> int:
        self.cost.steps += 10
        return 0

    def of(self, machine: Machine, *facts: Fact) -> Cost:
        self.cost = Cost()
        assert machine.send(*facts)["dead"] == {}
        return self.cost


@pytest.fixture
def meter(quick: tuple[Clerk, House], monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    yield Meter(quick[0], monkeypatch)


@pytest.mark.parametrize("how", TOLD)
def test_a_scan_costs_the_same_however_many_were_told_before(
    quick: tuple[Clerk, House], meter: Meter, how: str
) -> None:
    clerk, house = quick
    gate = enrol(clerk, house, DeviceKind.GATE)
    costs = [
        meter.of(gate, *(TOLD[how](gate, house, n) for n in range(first, first + BATCH)))
        for first in range(1, MANY + 1, BATCH)
    ]
    few, many = costs[FEW // BATCH], costs[-1]
    assert many.statements <= few.statements + 2 and many.rows <= few.rows + 2, (few, many)
    assert many.steps <= few.steps * SPARE + COUNTED * BATCH * (MANY - FEW), (few, many)


@pytest.mark.parametrize("after", [0, 1])
def test_a_number_told_in_many_ways_costs_the_same_each_time(
    quick: tuple[Clerk, House], meter: Meter, after: int
) -> None:
    """And so does the one after it. Before, each read all that were told of its number and of those beside it."""
    clerk, house = quick
    gate = enrol(clerk, house, DeviceKind.GATE)
    costs: list[Cost] = []
    for first in range(1, MANY + 1, BATCH):
        told = [TOLD["refused"](gate, house, n) for n in range(first, first + BATCH)]
        alike = [replace(each, seq=1 + after * (n % 2), prev=GENESIS, hash="") for n, each in enumerate(told)]
        costs.append(meter.of(gate, *(replace(each, hash=fact_hash(each)) for each in alike)))
    few, many = costs[FEW // BATCH], costs[-1]
    assert many.statements <= few.statements + 2 and many.rows <= few.rows + 2, (few, many)
    assert many.steps <= few.steps * SPARE + COUNTED * BATCH * (MANY - FEW), (few, many)
    assert kinds(clerk, house).count("chain_broken") == 1 + after


def test_an_entry_given_back_writes_no_more_where_many_scans_are(quick: tuple[Clerk, House], meter: Meter) -> None:
    """It looks for the next in one statement, among no more than MOST_SCANS."""
    clerk, house = quick
    gate = enrol(clerk, house, DeviceKind.GATE)
    costs: list[Cost] = []
    for before in (FEW, MANY):
        start = len(gate.facts)
        scans = [
            _scan(gate, house, start + n, start + n, ticket_id=derived_id("given back", before)) for n in range(before)
        ]
        for first in range(0, before, BATCH):
            meter.of(gate, *scans[first : first + BATCH])
        costs.append(
            meter.of(gate, *(gate.saw(FactKind.PASSAGE, PassageFact(each.id, False)) for each in scans[:BATCH]))
        )
    few, many = costs
    assert many.statements <= few.statements + 2 and many.rows <= few.rows + 2, (few, many)


def test_of_one_ticket_so_many_scans_are_kept(quick: tuple[Clerk, House], monkeypatch: pytest.MonkeyPatch) -> None:
    """What gives an entry back may look at them all; of a used entry a scan more is a dead letter, and its neighbours
    are taken (test_others_bounds.py: who bears it)."""
    clerk, house = quick
    monkeypatch.setattr(ops, "MOST_SCANS", 3)
    gate = enrol(clerk, house, DeviceKind.GATE)
    facts = [_scan(gate, house, n, n) for n in range(3)]
    more = _scan(gate, house, 3, 3)
    refused = _scan(gate, house, 10, 3, admitted=False, entry=0)
    other = _scan(gate, house, 4, 4, ticket_id=derived_id("flat", "another"))
    unread = [_scan(gate, house, n, n, ticket_id="", admitted=False, entry=0) for n in range(5, 10)]
    dead = gate.send(*facts, more, refused, other, *unread)["dead"]
    assert dead == {"4": f"{NoScan.TOO_MANY.key}: {TICKET} most=3"}
    assert clerk.rows("SELECT COUNT(*) FROM scan") == [(10,)]
    assert kinds(clerk, house) == ["dead_letter", *["duplicate_offline"] * 2, *["unknown_ticket_admitted"] * 2]


def test_an_entry_given_back_looks_for_another_of_its_own_alone(quick: tuple[Clerk, House], meter: Meter) -> None:
    """What shows an unknown ticket names the first of its entries: only that one's end makes it look at all of them."""
    clerk, house = quick
    gate, other = enrol(clerk, house, DeviceKind.GATE), enrol(clerk, house, DeviceKind.GATE)
    first, second, third = [_scan(gate, house, n, n, entry=n) for n in range(1, 4)]
    fourth = _scan(other, house, 4, 4, entry=4)
    meter.of(gate, first, second, third)
    meter.of(other, fourth)
    costs = [
        meter.of(device, device.saw(FactKind.PASSAGE, PassageFact(each.id, False))).statements
        for device, each in ((other, fourth), (gate, third), (gate, first))
    ]
    assert costs[0] == costs[1] < costs[2]
    assert clerk.rows("SELECT detail FROM anomaly") == [(f'{{"gate":"A1","scan":"{second.id}"}}',)]


@pytest.mark.behind_the_door
def test_the_sale_of_a_ticket_settles_all_that_was_scanned_before(quick: tuple[Clerk, House]) -> None:
    """Of a ticket that turns out to be for another performance nothing was used; nor is anything left of it."""
    clerk, house = quick
    kiosk, gate = enrol(clerk, house, DeviceKind.KIOSK), enrol(clerk, house, DeviceKind.GATE)
    lease = kiosk.lease(house, house.seats[0])
    ticket = leased_ticket_id(lease.id, 0)
    scans = [_scan(gate, house, n, n, ticket_id=ticket, entry=1 + n % 2) for n in range(6)]
    gate.send(*scans)
    assert kinds(clerk, house) == [*["duplicate_offline"] * 4, "unknown_ticket_admitted"]
    clerk.db.write("UPDATE scan SET performance_id = 'another' WHERE fact_id <> :id", {"id": scans[3].id})
    kiosk.send(kiosk.saw(FactKind.SALE, kiosk.sale(house, lease, 0)))
    assert kinds(clerk, house) == []
    assert clerk.rows("SELECT entry, gate FROM admission") == [(2, "A1")]
    fed = clerk.feed(f"admissions/{house.site}")
    assert [key for key, row in fed.items() if row] == [f"{ticket}/2"]
