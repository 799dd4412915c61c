"""What is done every day costs the writer the same in a house that has sold for years: statements, rows that come back,
and steps of SQLite's own machine, in a house with a few of everything beside what is done and in one with very many."""

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from central.catalogue.model import PerformanceDo
from central.inventory.hold_expiry import ExpireHolds
from central.inventory.plan_actions import BlockPlaces, UnblockPlaces
from central.kernel.contexts import path_of
from central.kernel.db import Database, SqliteConnection
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.keys import Keys
from central.orders.holds import HoldPlaces, ReleaseHold
from central.organisation.letters import AskReset
from central.organisation.model import OperatorKind
from central.organisation.sessions import BeginSession, CountAttempt
from central.programme.date_change import ReschedulePerformance
from central.programme.performances import Schedule
from central.programme.sale_state import ChangeSale
from central.venues.selection import Selection
from shared.wire.certificates import DeviceKind
from shared.wire.facts import FactKind, LeaseSealed, PassageFact
from tests.central.devices.test_facts import Machine, enrol, scan
from tests.central.devices.test_flat_scans import Cost, Meter
from tests.central.growing import Grower
from tests.central.sampling import Sampler
from tests.central.small_house import STARTS, Clerk, House, Watch, new_id

OFTEN, KEPT = "often@x.example", "a password as it is kept"
FEW, MANY = 120, 1_200
SPARE, MORE = 1.3, 400
"""A tree of ten times as many rows is a level deeper."""
ALIKE = {
    **dict.fromkeys(
        ("context", "seat_category", "contingent", "tariff", "price", "channel", "point_of_sale", "sale_limit"), 20
    ),
    **dict.fromkeys(
        ("physical_zone", "physical_row", "logical_zone", "gauge", "logical_gauge", "logical_category"), 20
    ),
    **dict.fromkeys(("physical_seat", "logical_seat", "place"), 40),
    **dict.fromkeys(("operator_role", "operator_grant", "operator_perimeter", "operator_session"), 20),
}
"""What a house is, and not what is done in it: as many in both."""


@dataclass(slots=True)
class Day:
    clerk: Clerk
    house: House
    kiosk: Machine
    gate: Machine
    meter: Meter


Act = Callable[[Day], None]


def a_sale(day: Day) -> None:
    day.clerk.do(day.house.order(day.house.seats[0]))


def a_hold(day: Day) -> None:
    held = new_id()
    day.clerk.do(
        HoldPlaces(
            hold_id=held, point_of_sale_id=day.house.desk, performance_id=day.house.performance,
            seats=day.house.seats[1:3],
        )
    )  # fmt: skip
    day.clerk.do(ReleaseHold(hold_id=held))


def what_is_over(day: Day) -> None:
    day.clerk.do(ExpireHolds(context_id=day.house.institution))


def a_sale_of_a_device(day: Day) -> None:
    lease = day.kiosk.lease(day.house, day.house.seats[4], day.house.seats[5])
    day.kiosk.send(day.kiosk.saw(FactKind.SALE, day.kiosk.sale(day.house, lease, 0)))
    day.kiosk.send(day.kiosk.saw(FactKind.LEASE_SEALED, LeaseSealed(lease.id, (0,))))


def a_scan(day: Day) -> None:
    seen = day.gate.saw(FactKind.SCAN, scan(new_id(), day.house))
    day.gate.send(seen)
    day.gate.send(day.gate.saw(FactKind.PASSAGE, PassageFact(seen.id, True)))


def a_place_blocked(day: Day) -> None:
    one = Selection(seats=day.house.seats[7:8])
    day.clerk.do(BlockPlaces(performance_id=day.house.performance, selection=one, why="télévision"))
    day.clerk.do(UnblockPlaces(performance_id=day.house.performance, selection=one))


def the_sale_halted(day: Day) -> None:
    for do in (PerformanceDo.SUSPEND, PerformanceDo.OPEN):
        day.clerk.do(ChangeSale(performance_id=day.house.performance, do=do))


def another_time(day: Day) -> None:
    when = Schedule(STARTS, STARTS - timedelta(hours=1), STARTS + timedelta(hours=4), STARTS + timedelta(minutes=20))
    day.clerk.do(ReschedulePerformance(performance_id=day.house.performance, schedule=when))


def a_forgotten_password(day: Day) -> None:
    """Of somebody who has forgotten it often."""
    day.clerk.do(AskReset(email=OFTEN))


def signing_in(day: Day) -> None:
    day.clerk.do(CountAttempt(subjects=("password:a", "address:b")))
    day.clerk.do(
        BeginSession(
            id=new_id(), operator_id=day.house.admin, token_digest="t", verified=KEPT, anew="", instead_of="",
            tried=("password:a", "address:b"), came_from=new_id(), typed_email="a", address="", browser="",
        )
    )  # fmt: skip


ACTS: tuple[Act, ...] = (
    a_sale, a_hold, what_is_over, a_sale_of_a_device, a_scan, a_place_blocked, the_sale_halted, another_time,
    a_forgotten_password, signing_in,
)  # fmt: skip


COUNTED: dict[Act, int] = {
    a_sale_of_a_device: 5,  # for each lease of this device for this evening, looked at once: how many places are out
    a_forgotten_password: 16,  # for each letter of theirs of the last three months
}
"""Steps more that are meant."""


def spent(path: Path, house: House, keys: Keys, monkeypatch: pytest.MonkeyPatch, copies: int) -> dict[str, Cost]:
    database, watch = Database(f"sqlite:///{path}"), Watch()
    with closing(database.connect()) as db:
        clerk = Clerk(Door(database, watch, path_of, keys), db, watch)
        kiosk, gate = enrol(clerk, house, DeviceKind.KIOSK), enrol(clerk, house, DeviceKind.GATE)
        lease = kiosk.lease(house, house.seats[18])  # so that what is grown hangs on these
        kiosk.send(kiosk.saw(FactKind.SALE, kiosk.sale(house, lease, 0)))
        other = enrol(clerk, house, DeviceKind.GATE)  # of one device's own history: devices/test_flat_history.py
        other.send(other.saw(FactKind.SCAN, scan(new_id(), house)))
        ((fact,),) = clerk.rows("SELECT id FROM fact WHERE device_id = :id", id=other.id)
        clerk.do(house.order(house.seats[17]))
        sampler = Sampler(db, house)
        own = {table: str(getattr(house, table)) for table in BY_NAME if hasattr(house, table)}
        named = {
            "point_of_sale": house.desk, "device": gate.id, "fact": fact, "operator": house.admin,
            "tariff": house.full, "seat_category": house.seated,
        }  # fmt: skip
        rows = {table: sampler.row(table) for table in BY_NAME} | own | named
        Grower(db, rows, copies, ALIKE).grow()
        often = {"id": rows["operator"], "email": OFTEN, "kind": OperatorKind.PERSON, "kept": KEPT}
        db.begin(write=True)
        db.write("UPDATE operator SET email = :email, kind = :kind, password = :kept, active = 1 WHERE id = :id", often)
        db.write("UPDATE operator_letter SET operator_id = :id", {"id": rows["operator"]})
        db.commit()
        db.run("ANALYZE", {})
    costs = {}
    for act in ACTS:
        own_copy = path.with_name(f"{path.stem}-{act.__name__}.db")
        shutil.copy(path, own_copy)
        at = Database(f"sqlite:///{own_copy}")
        with closing(at.connect()) as db:
            assert isinstance(db, SqliteConnection)
            clerk = Clerk(Door(at, watch, path_of, keys), db, watch)
            a, b = (replace(each, clerk=clerk.as_(each.clerk.actor), facts=list(each.facts)) for each in (kiosk, gate))
            meter = Meter(clerk, monkeypatch)
            act(Day(clerk, house, a, b, meter))
            costs[act.__name__] = meter.cost
    return costs


@pytest.mark.behind_the_door
def test_what_is_done_every_day_costs_the_same_after_years(
    sqlite_template: tuple[Path, House], keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, house = sqlite_template
    found = []
    for name, copies in (("few", FEW), ("many", MANY)):
        shutil.copy(path, tmp_path / f"{name}.db")
        found.append(spent(tmp_path / f"{name}.db", house, keys, monkeypatch, copies))
    few, many = found
    meant = {act.__name__: each * (MANY - FEW) for act, each in COUNTED.items()}
    grew = [
        f"{act}: {few[act]} → {cost}" for act, cost in many.items()
        if cost.statements > few[act].statements + 2 or cost.rows > few[act].rows + 10
        or cost.steps > few[act].steps * SPARE + MORE + meant.get(act, 0)
    ]  # fmt: skip
    assert not grew, "\n".join(grew)
