"""A device that says of everything that it happens in a year: nothing of it stays in front of what comes after it, in
any list that goes by time, and nothing is left out of tonight's figures until then."""

import re
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from central.access.ops import Anomalies
from central.devices.facts import AHEAD, DeadLetters, RetryFact
from central.kernel.actor import SYSTEM
from central.kernel.entity import BY_NAME
from central.kernel.tx import Read
from central.web.screens.listing import ListFilter, default_sort, found
from shared.clock import to_ms
from shared.wire.certificates import DeviceKind
from shared.wire.facts import FactKind, LeaseSealed, PassageFact, SlotsReturned
from tests.central.devices.test_facts import Machine, enrol, scan
from tests.central.small_house import NOW, Clerk, House, new_id

YEAR, HOUR = timedelta(days=365), timedelta(hours=1)
PROMISED = {
    ("performance", None), ("release_rule", None), ("hold", None), ("allocation", "until"), ("lease", "sell_until"),
    ("operator_session", None), ("operator_letter", None), ("webhook", None), ("device", "code_until"),
}  # fmt: skip
"""Days that people set, and ends that central sets. Of an allocation it is the hold's."""
AS_TOLD = {("fact", "at")}
"""The fact itself, which is kept as it came; no list goes by it."""


def moments(table: str) -> list[str]:
    names = [each.name for each in BY_NAME[table].columns if each.hint is datetime]
    return [name for name in names if not {(table, None), (table, name)} & (PROMISED | AS_TOLD)]


@pytest.fixture
def machines(clerk: Clerk, house: House) -> list[Machine]:
    return [enrol(clerk, house, kind) for kind in (DeviceKind.KIOSK, DeviceKind.GATE, DeviceKind.PRINTER)]


def tell_everything(machines: list[Machine], house: House, at: datetime, seat: int = 0) -> None:
    """They tell of every kind there is, with what does not fit: each then is an anomaly, or a letter."""
    kiosk, gate, printer = machines
    told = [len(each.facts) for each in machines]
    lease, sealed = kiosk.lease(house, *house.seats[seat : seat + 4]), kiosk.lease(house, house.seats[seat + 5])
    sale = kiosk.sale(house, lease, 0, 1, price=1)
    kiosk.saw(FactKind.SALE, asdict(sale), at)
    kiosk.saw(FactKind.SALE, asdict(kiosk.sale(house, lease, 0, receipt=2)), at)
    kiosk.saw(FactKind.SLOTS_RETURNED, asdict(SlotsReturned(lease.id, (1, 2))), at)
    kiosk.saw(FactKind.LEASE_SEALED, asdict(LeaseSealed(sealed.id, ())), at)
    for kind in (FactKind.PAYMENT, FactKind.PRINT, FactKind.INCIDENT, FactKind.CLOCK, "unheard"):
        kiosk.saw(kind, {"what": "ever"}, at)
    first = gate.saw(FactKind.SCAN, asdict(scan(new_id(), house)), at)
    gate.saw(FactKind.SCAN, asdict(scan(first.body["ticket_id"], house)), at + HOUR)
    gate.saw(FactKind.PASSAGE, asdict(PassageFact(first.id, True)), at)
    printer.saw(FactKind.SCAN, asdict(scan(new_id(), house)), at)
    assert {fact.kind for each in machines for fact in each.facts} == {*FactKind, "unheard"}
    for each, before in zip(machines, told, strict=True):
        each.send(*each.facts[before:])


def test_nothing_that_follows_is_further_ahead_than_clocks_differ(
    clerk: Clerk, house: House, machines: list[Machine]
) -> None:
    tell_everything(machines, house, NOW + YEAR)
    for letter in clerk.ask(DeadLetters(context_id=house.institution)).value:
        clerk.do(RetryFact(fact_record_id=letter["id"]))
    late = {
        (table, name)
        for table in BY_NAME for name in moments(table)
        if clerk.rows(f"SELECT 1 FROM {table} WHERE {name} > :late", late=to_ms(NOW + AHEAD))
    }  # fmt: skip
    assert late == set()
    assert {
        table
        for table in ("scan", "admission", "sale_order", "ticket", "anomaly")
        if not clerk.rows(f"SELECT 1 FROM {table}")
    } == set()


@pytest.mark.parametrize("apart", [timedelta(), AHEAD, -HOUR, -YEAR])
def test_what_fits_is_kept_as_it_was_told(clerk: Clerk, house: House, apart: timedelta) -> None:
    gate = enrol(clerk, house, DeviceKind.GATE)
    gate.send(gate.saw(FactKind.SCAN, asdict(scan(new_id(), house)), NOW + apart))
    for table in ("scan", "admission", "anomaly", "fact"):
        assert clerk.rows(f"SELECT DISTINCT at FROM {table}") == [(to_ms(NOW + apart),)]


def test_what_comes_after_stands_before_it_in_every_list(clerk: Clerk, house: House, machines: list[Machine]) -> None:
    tell_everything(machines, house, NOW + YEAR)
    clerk.watch.at = NOW + HOUR
    before = {table: {row[0] for row in clerk.rows(f"SELECT id FROM {table}")} for table in BY_NAME}
    tell_everything(machines, house, clerk.watch.at, 8)
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    looked = set()
    for table, declaration in BY_NAME.items():
        new = {row[0] for row in clerk.rows(f"SELECT id FROM {table}")} - before[table]
        column, down = default_sort(declaration)
        if new and column in moments(table):
            assert down and found(clerk.door, read, declaration, ListFilter(), size=1).rows[0].id in new, table
            looked.add(table)
    assert looked >= {"scan", "admission", "sale_order", "ticket", "anomaly", "fact", "lease"}
    for query in (Anomalies(context_id=house.institution, limit=1), DeadLetters(context_id=house.institution)):
        table = "anomaly" if isinstance(query, Anomalies) else "fact"
        assert clerk.ask(query).value[0]["id"] not in before[table]


def test_no_list_goes_by_what_a_fact_says_of_itself() -> None:
    central = Path(__file__).parents[3] / "central"
    by = re.compile(r"FROM fact\b[^\"]*ORDER BY[^\"]*\bat\b|FactRecord, \"[^\"]*ORDER BY[^\"]*\bat\b")
    assert [path.name for path in central.rglob("*.py") if by.search(path.read_text())] == []
    assert default_sort(BY_NAME["fact"]) == ("received", True)
