"""A device that says of everything that it happens in a year: nothing of it stays in front of what comes after it, in
what is asked first when something is wrong."""

import re
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from central.access.ops import AHEAD, Anomalies
from central.devices.facts import DeadLetters
from central.kernel.entity import BY_NAME
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


@pytest.mark.parametrize("apart", [AHEAD, -HOUR, -YEAR, YEAR])
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
