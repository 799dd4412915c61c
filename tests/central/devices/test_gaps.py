"""What is missing of a device's facts: right in any order, and at a price that does not grow with the gap's age."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.devices.facts import MOST_GAPS
from central.devices.model import FactRecord, NoDevice
from central.kernel.db import Connection, Params, Row, SqliteConnection
from shared.ids import derived_id
from shared.wire.certificates import DeviceKind
from shared.wire.facts import Fact, FactKind
from tests.central.devices.test_facts import Machine, enrol
from tests.central.small_house import Clerk, House
from tests.waiting import CALM

OLD, NEW = 10_000, 10  # facts since the gap opened


@dataclass(slots=True)
class Counted:
    """A connection that counts what goes through it."""

    db: Connection
    statements: int = 0
    rows: int = 0

    def run(self, sql: str, params: Params) -> list[Row]:
        found = self.db.run(sql, params)
        self.statements += 1
        self.rows += len(found)
        return found

    def write(self, sql: str, params: Params) -> int:
        touched = self.db.write(sql, params)
        self.statements += 1
        self.rows += touched
        return touched

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        self.statements += 1
        self.rows += len(rows)
        self.db.write_many(sql, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)


def aged(clerk: Clerk, gate: Machine, facts: int) -> None:
    """The gate's first fact never arrives; as many as said arrived since."""
    first, second = gate.saw(FactKind.INCIDENT, {"n": 0}), gate.saw(FactKind.INCIDENT, {"n": 1})
    gate.send(second)
    names = [each.name for each in fields(FactRecord)]
    row = clerk.rows(f"SELECT {', '.join(names)} FROM fact WHERE device_id = :d", d=gate.id)[0]
    told = dict(zip(names, row, strict=True))
    sql = f"INSERT INTO fact ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})"
    clerk.db.begin(write=True)
    clerk.db.write_many(
        sql, [told | {"id": derived_id(gate.id, seq), "seq": seq, "hash": f"{seq:064}"} for seq in range(3, facts + 3)]
    )
    clerk.db.commit()
    gate.facts += [replace(first, seq=seq) for seq in range(3, facts + 3)]


def cost(clerk: Clerk, gate: Machine) -> tuple[int, int, int]:
    """Statements, rows and (on SQLite) the database machine's own steps of one batch of five."""
    counted, steps = Counted(clerk.db), [0]

    def step() -> int:
        steps[0] += 1
        return 0

    if isinstance(clerk.db, SqliteConnection):
        clerk.db._db.set_progress_handler(step, 1)
    teller = Clerk(clerk.door, counted, clerk.watch, gate.clerk.actor)
    try:
        receipt = teller.do(gate.upload(*(gate.saw(FactKind.INCIDENT, {"n": n}) for n in range(5))))
    finally:
        if isinstance(clerk.db, SqliteConnection):
            clerk.db._db.set_progress_handler(None, 1)
    assert receipt["contiguous"] == 0 and receipt["gaps"] == [[1, 1]]
    return counted.statements, counted.rows, steps[0]


@pytest.mark.behind_the_door
def test_an_old_gap_costs_what_a_new_one_does(clerk: Clerk, house: House) -> None:
    prices = []
    for age in (NEW, OLD):
        gate = enrol(clerk, house, DeviceKind.GATE)
        aged(clerk, gate, age)
        cost(clerk, gate)  # a first time, for what is remembered from one batch to the next
        prices.append(cost(clerk, gate))
    (statements, rows, steps), old = prices
    assert old[:2] == (statements, rows)
    assert old[2] <= steps * 1.05, "the same work inside the database too"


@pytest.fixture
def gate(quick: tuple[Clerk, House]) -> Machine:
    return enrol(*quick, DeviceKind.GATE)


@settings(max_examples=60, suppress_health_check=[*CALM, HealthCheck.function_scoped_fixture])
@given(told=st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=8), min_size=1, max_size=12))
def test_any_batches_in_any_order(quick: tuple[Clerk, House], told: list[list[int]]) -> None:
    clerk, house = quick
    gate = enrol(clerk, house, DeviceKind.GATE)
    facts = [gate.saw(FactKind.INCIDENT, {"n": n}) for n in range(40)]
    here: set[int] = set()
    for batch in told:
        here |= set(batch)
        receipt = gate.send(*(facts[seq - 1] for seq in batch))
        mark = next(seq for seq in range(41) if seq + 1 not in here)
        absent = [seq for seq in range(mark + 1, max(here)) if seq not in here]
        assert receipt["contiguous"] == mark
        assert [seq for first, last in receipt["gaps"] for seq in range(first, last + 1)] == absent[: _shown(absent)]
        assert receipt["taken"] == [seq for seq in batch if seq > mark]
        ((stands, head),) = clerk.rows("SELECT contiguous, head FROM device WHERE id = :id", id=gate.id)
        assert stands == mark and (not mark or head == facts[mark - 1].hash)


def _shown(absent: Sequence[int]) -> int:
    """How many of these lie in the first gaps that a receipt names."""
    breaks = [n for n, (one, next_) in enumerate(pairwise(absent), 1) if next_ != one + 1]
    return ([*breaks, len(absent)])[:MOST_GAPS][-1]


def test_a_fact_that_names_another_device(clerk: Clerk, house: House) -> None:
    """Nothing of it is kept, and neither device's mark moves."""
    gate, kiosk = enrol(clerk, house, DeviceKind.GATE), enrol(clerk, house, DeviceKind.KIOSK)
    own = gate.saw(FactKind.INCIDENT, {"n": 1})
    foreign: list[Fact] = [kiosk.saw(FactKind.INCIDENT, {"n": n}) for n in range(2)]
    for batch in ([foreign[0]], [own, foreign[1]], [foreign[0], own]):
        refused = gate.clerk.no(gate.upload(*batch))
        assert (refused.reason, refused.fix) == (NoDevice.BAD_REQUEST, "device_id")
    assert clerk.rows("SELECT COUNT(*) FROM fact") == [(0,)]
    assert set(clerk.rows("SELECT contiguous FROM device")) == {(0,)}
    assert gate.send(own)["contiguous"] == 1


def test_a_house_that_is_brought_up_to_date_knows_its_gaps(clerk: Clerk, house: House) -> None:
    for told in ([2, 3, 7, 9, 9], [1, 2], [1, 2, 5]):
        gate = enrol(clerk, house, DeviceKind.GATE)
        facts = [gate.saw(FactKind.INCIDENT, {"n": n}) for n in range(9)]
        for seq in told:
            gate.send(facts[seq - 1])
    kept = "SELECT device_id, first_seq, last_seq FROM fact_gap ORDER BY 1, 2"
    known = clerk.rows(kept)
    assert len(known) == 4
    clerk.db.write("DELETE FROM fact_gap", {})
    clerk.db.write(import_module("central.kernel.migrations.versions.0003_gaps_of_facts").FILL, {})
    assert clerk.rows(kept) == known
