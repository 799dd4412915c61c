"""Each invariant holds on an honest evening, and is seen to fail on a row that was bent behind the door's back."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.kernel.actor import SYSTEM
from central.kernel.db import Database
from central.kernel.keys import make_keys
from central.kernel.tx import Read
from central.reports.checks import Check, run_checks
from shared.clock import to_ms
from shared.ids import derived_id
from shared.wire.certificates import DeviceKind
from shared.wire.facts import FactKind
from shared.wire.leases import Lease
from shared.wire.token import leased_ticket_id
from tests.evening_house import Device, EveningHouse, copied, evening_house

NOW = datetime.now(UTC)


@pytest.fixture
async def evening(tmp_path: Path) -> AsyncIterator[EveningHouse]:
    """Sales at the counter and out of a lease, entries at two lanes, one entry taken twice, one dead letter."""
    async with evening_house(tmp_path) as house:
        await play(house)
        yield house


async def play(house: EveningHouse) -> None:
    kiosk = await house.device(DeviceKind.KIOSK, "K1", "Borne")
    one, two = [await house.device(DeviceKind.GATE, f"G{n}", f"Porte {n}") for n in (1, 2)]
    lease = await kiosk.lease(house.tonight, house.house.categories["Carré or"], 4)
    kiosk.sale(house.house, lease, (0, 1), NOW)
    kiosk.record(FactKind.SALE, {"nonsense": True})
    kiosk.sale(house.house, lease, (2,), NOW)
    await kiosk.upload()
    sold = await house.sell(0, 1, 2)
    tickets = [ticket["ticket_id"] for ticket in sold["tickets"]]
    tickets.append(leased_ticket_id(lease.id, 0))
    for ticket in tickets:
        one.scan(ticket, house.tonight, at=NOW)
    two.scan(tickets[0], house.tonight, at=NOW + timedelta(seconds=3))
    await two.upload()
    await one.upload()


async def checked(evening: EveningHouse) -> dict[str, Check]:
    checks: list[Check] = await evening.central.door.read(SYSTEM, run_checks)
    return {check.name: check for check in checks}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The honest evening's database, closed: what is bent is a copy."""
    folder = tmp_path_factory.mktemp("books")

    async def fill() -> None:
        async with evening_house(folder) as house:
            await play(house)

    asyncio.run(fill())
    return folder / "parterre.db"


@pytest.fixture
def copy(books: Path, tmp_path: Path) -> Path:
    return copied(books, tmp_path / "copy.db")


def bent(database: Path, *statements: str) -> set[str]:
    """Changes rows behind the door's back; the names of the checks that see it."""
    with closing(sqlite3.connect(database, timeout=10)) as db:
        db.execute("PRAGMA foreign_keys=OFF")
        for statement in statements:
            assert db.execute(statement).rowcount != 0, f"nothing to bend: {statement}"
        db.commit()
    return {check.name for check in looked(database) if not check.ok}


def looked(database: Path) -> list[Check]:
    with closing(Database(f"sqlite:///{database}").connect()) as db:
        return run_checks(Read(db, SYSTEM, NOW, make_keys(NOW)))


async def test_an_honest_evening_holds(evening: EveningHouse) -> None:
    checks = await checked(evening)
    assert [name for name, check in checks.items() if not check.ok] == [], [check.wrong for check in checks.values()]
    assert list(checks) == ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8"]
    assert checks["I1"].figures == {"devices": 3, "facts": 8, "sales": 2, "scans": 5}
    assert checks["I3"].figures == {"scans": 5, "admissions": 4}
    assert checks["I4"].figures == {"orders": 3, "moves": 6, "sold": 31200, "paid": 31200}
    assert checks["I6"].figures == {"open": 2, "without_place": 0, "duplicate_offline": 1, "dead_letter": 1}
    assert checks["I7"].figures == {"taken": 7, "dead": 1, "quarantined": 0}


SALE = "(SELECT id FROM sale_order WHERE device_id IS NULL)"
FIRST_LINE = f"(SELECT MIN(id) FROM order_line WHERE order_id = {SALE})"
FIRST_PAYMENT = "(SELECT MIN(id) FROM move WHERE note = 'payment')"
FIRST_SOLD = "(SELECT MIN(id) FROM allocation WHERE state = 'sold')"
DEVICE_SALE = "(SELECT id FROM sale_order WHERE device_id IS NOT NULL ORDER BY receipt LIMIT 1)"


@pytest.mark.parametrize(
    ("name", "statements"),
    [
        ("I1", ["DELETE FROM fact WHERE kind = 'sale' AND seq = 1"]),
        ("I1", [f"UPDATE sale_order SET device_id = NULL WHERE id = {DEVICE_SALE}"]),
        ("I1", ["DELETE FROM scan WHERE id = (SELECT scan_id FROM admission LIMIT 1)"]),
        ("I2", [f"UPDATE sale_order SET receipt = 2 WHERE id = {DEVICE_SALE}"]),
        ("I2", ["UPDATE ticket SET number = (SELECT MIN(number) FROM ticket)"]),
        ("I2", ["UPDATE fact SET seq = 1 WHERE kind = 'scan' AND seq = 2"]),
        ("I2", ["UPDATE fact SET kind = 'print' WHERE kind = 'scan' AND seq = 2"]),
        ("I3", ["UPDATE admission SET gate = 'elsewhere' WHERE id = (SELECT MIN(id) FROM admission)"]),
        ("I3", ["DELETE FROM admission WHERE id = (SELECT MIN(id) FROM admission)"]),
        ("I3", ["UPDATE scan SET admitted = 0 WHERE id = (SELECT MIN(scan_id) FROM admission)"]),
        ("I4", [f"UPDATE order_line SET price = price + 1 WHERE id = {FIRST_LINE}"]),
        ("I4", [f"UPDATE move SET amount = amount - 1 WHERE id = {FIRST_PAYMENT}"]),
        ("I4", [f"DELETE FROM payment WHERE order_id = {SALE}"]),
        (
            "I4",
            [
                f"UPDATE payment SET amount = amount - 1 WHERE order_id = {SALE}",
                f"UPDATE move SET amount = amount - 1 WHERE note = 'payment' AND order_id = {SALE}",
            ],
        ),
        ("I4", ["UPDATE move SET debit_id = credit_id WHERE id = (SELECT MIN(id) FROM move)"]),
        (
            "I5",
            [
                "DROP INDEX ux_allocation_live",
                "INSERT INTO allocation (id, performance_id, seat_id, quantity, state, holder_id) "
                "SELECT '7' || SUBSTR(id, 2), performance_id, seat_id, 1, 'held', holder_id FROM allocation "
                "WHERE state = 'sold' LIMIT 1",
            ],
        ),
        ("I4", [f"UPDATE order_line SET allocation_id = NULL WHERE order_id = {DEVICE_SALE}"]),
        ("I4", [f"UPDATE allocation SET state = 'released' WHERE id = {FIRST_SOLD}"]),
        ("I5", [f"UPDATE allocation SET state = 'released' WHERE id = {FIRST_SOLD}"]),
        ("I5", ["UPDATE place_count SET free = free - 1, capacity = capacity - 1 WHERE free > 0"]),
        ("I6", [f"UPDATE order_line SET allocation_id = NULL WHERE order_id = {DEVICE_SALE}"]),
        ("I6", ["DELETE FROM anomaly WHERE kind = 'duplicate_offline'"]),
        ("I6", ["DELETE FROM anomaly WHERE kind = 'dead_letter'"]),
        ("I6", ["DELETE FROM entitlement WHERE id = (SELECT MIN(ticket_id) FROM admission)"]),
        ("I8", ["UPDATE physical_zone SET control = 1"]),
        ("I8", ["UPDATE physical_zone SET control = 65536 WHERE id = (SELECT MIN(id) FROM physical_zone)"]),
        ("I8", ["UPDATE physical_zone SET control = 3 WHERE id = (SELECT MIN(id) FROM physical_zone)"]),
        ("I7", ["UPDATE device SET contiguous = 1 WHERE code = 'K1'"]),
        ("I7", ["INSERT INTO fact_gap (device_id, first_seq, last_seq) SELECT id, 90, 91 FROM device LIMIT 1"]),
    ],
)  # fmt: skip
def test_a_bent_row_is_seen(copy: Path, name: str, statements: list[str]) -> None:
    assert name in bent(copy, *statements)


@pytest.mark.parametrize("kind", ["sale", "scan"])
@pytest.mark.parametrize("body", ["'{'", "''", "5", "X'7B7D'", "'{}'"])
def test_a_fact_that_cannot_be_read_any_more_is_named(copy: Path, kind: str, body: str) -> None:
    assert bent(copy, f"UPDATE fact SET body = {body} WHERE kind = '{kind}' AND seq = 1") == {"I1"}
    told = [each for each in looked(copy)[0].wrong if f": the {kind} that fact 1 told is not in the books" in each]
    assert told == list(looked(copy)[0].wrong) and told


def test_the_copy_itself_is_sound(copy: Path) -> None:
    """What is bent above was straight before."""
    assert [check.ok for check in looked(copy)] == [True] * 8
    assert looked(copy)[3].figures["orders"] == 3


async def test_the_api_answers_with_the_same_table(evening: EveningHouse) -> None:
    said = await evening.office.query("checks", context_id=evening.house.institution)
    assert [(check["name"], check["ok"]) for check in said] == [(f"I{n}", True) for n in range(1, 9)]


async def test_a_gap_names_its_device(evening: EveningHouse) -> None:
    """The second fact is on its way still: nothing is lost yet for the device, but central has not got it."""
    lane = evening.devices[1]
    late = lane.scan("01ARZ3NDEKTSV4RRFFQ69G5FAV", evening.tonight, admitted=False, reason="unknown_ticket")
    await lane.upload(lane.scan("01ARZ3NDEKTSV4RRFFQ69G5FAV", evening.tonight, admitted=False, reason="unknown_ticket"))
    first = (await checked(evening))["I1"]
    assert not first.ok
    assert first.wrong == ("G1: 1 of 6 facts have not arrived",)
    await lane.upload(late)
    assert (await checked(evening))["I1"].ok


async def cloned(evening: EveningHouse) -> tuple[Device, Lease]:
    """A kiosk whose disk was copied: it sells a slot again that it sold before."""
    kiosk = evening.devices[0]
    lease = await kiosk.lease(evening.tonight, evening.house.categories["Carré or"], 2)
    kiosk.sale(evening.house, lease, (0,))
    kiosk.sale(evening.house, lease, (0, 1))
    await kiosk.upload()
    return kiosk, lease


async def test_a_second_sale_of_a_slot_needs_its_anomaly(evening: EveningHouse, tmp_path: Path) -> None:
    await cloned(evening)
    checks = await checked(evening)
    assert checks["I5"].ok, checks["I5"].wrong
    assert checks["I6"].figures["without_place"] == 1
    assert checks["I6"].figures["slot_clash"] == 1
    assert bent(tmp_path / "parterre.db", "DELETE FROM anomaly WHERE kind = 'slot_clash'") == {"I6"}


async def test_what_a_device_took_too_much_is_no_hole_in_the_books(evening: EveningHouse, tmp_path: Path) -> None:
    """The sum differs because the device said so: an anomaly, and the books still say what was paid."""
    kiosk = evening.devices[0]
    lease = await kiosk.lease(evening.tonight, evening.house.categories["Carré or"], 1)
    sale = kiosk.sale(evening.house, lease, (0,))
    kiosk.facts.pop()
    kiosk.record(FactKind.SALE, {**_as_dict(sale), "payments": [{**_as_dict(sale.payments[0]), "amount": 9900}]})
    await kiosk.upload()
    fourth = (await checked(evening))["I4"]
    assert fourth.ok, fourth.wrong
    assert fourth.figures["paid"] - fourth.figures["sold"] == 9900 - 5800
    assert bent(tmp_path / "parterre.db", "DELETE FROM anomaly WHERE kind = 'amount_differs'") == {"I6"}


def _as_dict(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}  # type: ignore[attr-defined]


async def test_a_later_earliest_scan_is_worked_out_anew(evening: EveningHouse) -> None:
    """Lane 2 had let the ticket in before lane 1 did; its fact comes last and turns the tables: still one truth."""
    lane = evening.devices[2]
    ticket = (await evening.office.rows("admission"))[0]["ticket_id"]
    lane.scan(ticket, evening.tonight, at=NOW - timedelta(minutes=5))
    await lane.upload()
    checks = await checked(evening)
    assert checks["I3"].ok and checks["I6"].ok, (checks["I3"].wrong, checks["I6"].wrong)
    counted = {row["ticket_id"]: row["at"] for row in await evening.office.rows("admission")}
    assert datetime.fromisoformat(counted[ticket]) == datetime.fromtimestamp(
        to_ms(NOW - timedelta(minutes=5)) / 1000, UTC
    )
    assert derived_id("admission", ticket, 1) in {row["id"] for row in await evening.office.rows("admission")}
