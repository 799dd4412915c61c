"""A device that says of everything that it happens in a year: nothing of it stays in front of what comes after it, in
what is asked first when something is wrong."""

import re
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from central.access.ops import Anomalies
from central.catalogue.model import Performance
from central.devices.facts import DeadLetters
from central.kernel.actor import SYSTEM
from central.kernel.entity import BY_NAME
from central.kernel.tx import Read
from central.reports.live_reads import lanes_of
from central.web.screens.listing import default_sort
from shared.clock import to_ms
from shared.wire.certificates import DeviceKind
from shared.wire.facts import FactKind
from tests.central.devices.test_facts import Machine, enrol, scan
from tests.central.small_house import NOW, Clerk, House, new_id

YEAR, HOUR = timedelta(days=365), timedelta(hours=1)


def tell(gate: Machine, house: House, at: datetime) -> None:
    """A scan of a ticket that there is none of, which is an anomaly, and what nobody can read, which is a letter."""
    told = [gate.saw(FactKind.SCAN, asdict(scan(new_id(), house)), at), gate.saw("unheard", {"what": "ever"}, at)]
    gate.send(*told)


def test_what_comes_after_stands_before_it(clerk: Clerk, house: House) -> None:
    ahead, gate = (enrol(clerk, house, DeviceKind.GATE) for _ in range(2))
    tell(ahead, house, NOW + YEAR)
    before = {table: {row[0] for row in clerk.rows(f"SELECT id FROM {table}")} for table in ("anomaly", "fact")}
    clerk.watch.at = NOW + HOUR
    tell(gate, house, clerk.watch.at)
    anomalies = [each["id"] for each in clerk.ask(Anomalies(context_id=house.institution)).value]
    assert len(anomalies) == 4 and set(anomalies[2:]) == before["anomaly"]
    assert clerk.ask(DeadLetters(context_id=house.institution)).value[0]["id"] not in before["fact"]


@pytest.mark.parametrize("apart", [timedelta(minutes=5), -HOUR, -YEAR, YEAR])
def test_what_was_told_is_kept_as_it_was_told(clerk: Clerk, house: House, apart: timedelta) -> None:
    gate = enrol(clerk, house, DeviceKind.GATE)
    gate.send(gate.saw(FactKind.SCAN, asdict(scan(new_id(), house)), NOW + apart))
    for table in ("scan", "admission", "anomaly", "fact"):
        assert clerk.rows(f"SELECT DISTINCT at FROM {table}") == [(to_ms(NOW + apart),)]


def test_no_list_goes_by_what_a_fact_says_of_itself() -> None:
    central = Path(__file__).parents[3] / "central"
    by = re.compile(r"FROM fact\b[^\"]*ORDER BY[^\"]*\bat\b|FactRecord, \"[^\"]*ORDER BY[^\"]*\bat\b")
    assert [path.name for path in central.rglob("*.py") if by.search(path.read_text())] == []
    assert default_sort(BY_NAME["fact"]) == ("received", True)
    assert {default_sort(BY_NAME[table]) for table in ("scan", "admission", "anomaly")} == {("received", True)}


def test_what_central_heard_last_comes_first_page_by_page(clerk: Clerk, house: House) -> None:
    """Of two gates with clocks that lie, and one that uploads what it saw all evening."""
    late, early, gate = (enrol(clerk, house, DeviceKind.GATE) for _ in range(3))
    tell(late, house, NOW + YEAR)
    clerk.watch.at = NOW + HOUR
    gate.send(*[gate.saw(FactKind.SCAN, asdict(scan(new_id(), house)), NOW + n * HOUR) for n in range(5)])
    clerk.watch.at = NOW + 2 * HOUR
    tell(early, house, NOW - YEAR)
    whole = clerk.ask(Anomalies(context_id=house.institution)).value
    heard = [each["received"] for each in whole]
    assert len(whole) == 9 and heard == sorted(heard, reverse=True) and len(set(heard)) == 3
    together = [each["at"] for each in whole if each["received"] == heard[2]]
    assert len(together) == 5 and together == sorted(together, reverse=True)
    found, last = list[str](), None
    while page := clerk.ask(Anomalies(context_id=house.institution, limit=2, before=last)).value:
        assert len(page) <= 2
        found += [each["id"] for each in page]
        last = page[-1]["id"]
    assert found == [each["id"] for each in whole]
    assert {row[0] for row in clerk.rows("SELECT DISTINCT received FROM scan")} == {
        to_ms(NOW), to_ms(NOW + HOUR), to_ms(NOW + 2 * HOUR)
    }  # fmt: skip
    assert clerk.rows(
        "SELECT COUNT(*) FROM admission a JOIN scan s ON s.id = a.scan_id AND s.received = a.received"
    ) == clerk.rows("SELECT COUNT(*) FROM admission")


def test_a_lane_shows_what_its_gate_told_last(clerk: Clerk, house: House) -> None:
    """Its clock was a year ahead, and then was mended."""
    gate = enrol(clerk, house, DeviceKind.GATE)
    tell(gate, house, NOW + YEAR)
    clerk.watch.at = NOW + HOUR
    tell(gate, house, clerk.watch.at)
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    performance = read.get(Performance, house.performance)
    assert performance
    (shown,) = [each.last for each in lanes_of(read, performance, ()) if each.last]
    assert shown.at == NOW + HOUR
