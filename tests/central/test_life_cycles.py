"""Every life cycle is a table. One walk proves them all sound, and keeps the diagrams in the documents true to them."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
import pytest

import central.app  # noqa: F401  # declares everything
from central.catalogue.model import PRODUCT, ProductDo
from central.devices.enrolment import InviteDevice, RevokeDevice
from central.devices.facts import RetryFact
from central.devices.leases import DrainLease, WriteOffLease
from central.devices.model import DEVICE, FACT, FactState
from central.inventory.hold_expiry import ExpireHolds
from central.inventory.model import HOLD, PLACE
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, ENTITIES
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS
from central.kernel.schema import upgrade
from central.kernel.tx import Tx
from central.orders.holds import HoldPlaces, ReleaseHold
from central.programme.on_sale import ChangeSale
from central.programme.performances import CreatePerformance, Schedule
from central.venues.logical import CreateLogicalConfiguration, ValidateLogical
from central.venues.model import PLAN
from shared.clock import from_ms
from shared.life import Life
from shared.wire.certificates import DeviceKind
from shared.wire.facts import FactKind, LeaseSealed, SlotsReturned
from shared.wire.leases import LEASE
from tests.central.devices.test_facts import enrol
from tests.central.small_house import STARTS, Clerk, House, Watch, new_id, set_up

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "life-cycles.md"

# name, what it is of, the table
CYCLES: list[tuple[str, str, Life[Any, Any]]] = [
    ("Performance", "central/catalogue/model.py", PRODUCT),
    ("Plan", "central/venues/model.py", PLAN),
    ("Place", "central/inventory/model.py", PLACE),
    ("Hold", "central/inventory/model.py", HOLD),
    ("Device", "central/devices/model.py", DEVICE),
    ("Lease", "shared/wire/leases.py", LEASE),
    ("Fact", "central/devices/model.py", FACT),
]
NO_LIFE = {
    "sale_order": "has one state until returns come",
    "lease_slot": "what its device told last, in whatever order that came in; central refuses none of it",
    "webhook_delivery": "what came of its last try",
}
TABLES = pytest.mark.parametrize("cycle", CYCLES, ids=[cycle[0] for cycle in CYCLES])


def states_of(life: Life[Any, Any]) -> type[StrEnum]:
    return type(next(iter(life.values())))


@TABLES
def test_every_state_is_reached_and_left_or_is_an_end(cycle: Any) -> None:
    _, _, life = cycle
    reached = set(life.begins)
    while more := {after for (state, _), after in life.items() if state in reached} - reached:
        reached |= more
    assert reached == set(states_of(life)), "no state that nobody comes to"
    assert life.main | life.stops <= life.deeds


@TABLES
def test_every_word_of_a_table_is_its_own(cycle: Any) -> None:
    """States and deeds come from one enum each, and each deed is of some use."""
    _, _, life = cycle
    (deeds,) = {type(do) for do in life.deeds}
    assert {type(state) for state, _ in life} | {type(after) for after in life.values()} == {states_of(life)}
    assert life.deeds == set(deeds)
    assert all(state is not after for (state, _), after in life.items())


def test_every_state_has_a_life() -> None:
    states = {
        each.name for each in BY_NAME.values() for column in each.columns
        if column.name == "state" and isinstance(column.hint, type) and issubclass(column.hint, StrEnum)
    }  # fmt: skip
    assert states - {each.name for each in BY_NAME.values() if each.life} == NO_LIFE.keys()


def test_a_step_of_a_command_is_one_of_what_it_acts_on() -> None:
    for handler in COMMANDS.values():
        if handler.does:
            life = BY_NAME[str(handler.on)].life
            assert life and handler.does in life[1].deeds, handler.name


def test_every_table_of_an_entity_is_walked() -> None:
    walked = [life for _, _, life in CYCLES]
    assert all(any(each.life[1] is life for life in walked) for each in BY_NAME.values() if each.life)


# --- every step is one that code takes --------------------------------------------------------------------------------

Step = tuple[str, str, str]
"""(table, the state before, the state after)"""


def in_tables() -> set[Step]:
    return {
        (each.name, state, after) for each in BY_NAME.values() if each.life
        for (state, _), after in each.life[1].items()
    }  # fmt: skip


@pytest.mark.behind_the_door
def test_every_step_is_taken_and_no_other(tmp_path: Path, keys: Keys, watch: Watch, monkeypatch: Any) -> None:
    """A season of everything that may become of a thing, through the door; each row that changed its state is noted.
    A step that no command takes is missing, one that is in no table is too many."""
    taken: set[Step] = set()
    real = Tx.update

    def update(tx: Tx, before: Any, after: Any) -> Any:
        declaration = ENTITIES[type(before)]
        if declaration.life and before.state is not after.state:
            taken.add((declaration.name, before.state, after.state))
        return real(tx, before, after)

    monkeypatch.setattr(Tx, "update", update)
    database = Database(f"sqlite:///{tmp_path / 'house.db'}")
    upgrade(database)
    db = database.connect()
    clerk = Clerk(Door(database, watch, path_of, keys), db, watch)
    house = set_up(clerk)
    plans(clerk, house)
    performances(clerk, house)
    places(clerk, house)
    devices(clerk, house)
    db.close()
    assert taken == in_tables()


def plans(clerk: Clerk, house: House) -> None:
    logical = new_id()
    clerk.do(CreateLogicalConfiguration(
        id=logical, context_id=house.season, physical_configuration_id=house.physical, code="AUTRE",
        names={"fr": "Autre"}, categories={"1re": house.seated, "Debout": house.standing}, draft=True,
    ))  # fmt: skip
    clerk.do(ValidateLogical(configuration_id=logical))


def performances(clerk: Clerk, house: House) -> None:
    ways = (
        (ProductDo.OPEN, ProductDo.SUSPEND, ProductDo.OPEN, ProductDo.CLOSE, ProductDo.OPEN, ProductDo.CANCEL),
        (ProductDo.OPEN, ProductDo.SUSPEND, ProductDo.CLOSE, ProductDo.CANCEL),
        (ProductDo.OPEN, ProductDo.SUSPEND, ProductDo.CANCEL),
    )
    for n, way in enumerate(ways, 2):
        starts = STARTS + timedelta(days=n)
        schedule = Schedule(starts, starts - timedelta(hours=1), starts + timedelta(hours=3), starts)
        show = new_id()
        clerk.do(CreatePerformance(
            id=show, event_id=house.event, logical_configuration_id=house.logical, price_grid_id=house.grid,
            schedule=schedule,
        ))  # fmt: skip
        for do in way:
            clerk.do(ChangeSale(performance_id=show, do=do))


def places(clerk: Clerk, house: House) -> None:
    """Held and sold, held and given back, held until it was over."""
    sold, left, late = (
        clerk.do(HoldPlaces(
            hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=(house.seats[n],),
        ))["hold_id"] for n in (0, 1, 2)
    )  # fmt: skip
    clerk.do(house.order(house.seats[0], hold_id=sold))
    clerk.do(ReleaseHold(hold_id=left))
    (((until,),)) = clerk.rows("SELECT until FROM hold WHERE id = :id", id=late)
    now, clerk.watch.at = clerk.watch.at, from_ms(until)
    assert clerk.do(ExpireHolds(context_id=house.institution)) == 1
    clerk.watch.at = now


def devices(clerk: Clerk, house: House) -> None:
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    leases = [kiosk.lease(house, *house.seats[n : n + 2]) for n in (10, 12, 14, 16)]
    drained, sealed, lost, drained_and_lost = leases
    for lease in (drained, drained_and_lost):
        clerk.do(DrainLease(lease_id=lease.id))
    for lease in (lost, drained_and_lost):
        clerk.do(WriteOffLease(lease_id=lease.id, reason="stolen"))
    sale = kiosk.saw(FactKind.SALE, kiosk.sale(house, drained, 0))
    kiosk.send(kiosk.saw(FactKind.LEASE_SEALED, LeaseSealed(drained.id, (0,))))
    kiosk.send(sale)
    kiosk.send(kiosk.saw(FactKind.LEASE_SEALED, LeaseSealed(sealed.id, ())))
    letter = kiosk.saw(FactKind.SLOTS_RETURNED, {"lease_id": sealed.id, "slots": "both"})
    kiosk.send(letter)
    (((record,),)) = clerk.rows("SELECT id FROM fact WHERE state = 'dead'")
    body = orjson.dumps(SlotsReturned(sealed.id, (0,))).decode()
    clerk.db.write("UPDATE fact SET body = :body WHERE id = :id", {"body": body, "id": record})  # what it is mended by
    assert clerk.do(RetryFact(fact_record_id=record)) == FactState.TAKEN
    for approve in (True, False):
        gate = enrol(clerk, house, DeviceKind.GATE, approve=approve)
        clerk.do(RevokeDevice(device_id=gate.id))
    invited = new_id()
    clerk.do(InviteDevice(
        id=invited, context_id=house.organiser, site_id=house.site, kind=DeviceKind.GATE, code="G9", label="Gate",
        enrolment_code="ABCD-2345", point_of_sale_id=None,
    ))  # fmt: skip
    clerk.do(RevokeDevice(device_id=invited))


def document() -> str:
    """Every cycle as a mermaid diagram."""
    parts = [
        "# Life cycles",
        "",
        "Drawn from the tables in the code by `tests/central/test_life_cycles.py`; do not edit it by hand:",
        "`python -m tests.central.test_life_cycles` writes it anew. A step that is not in a table does not exist,",
        "and each of them is taken by a command of the same test.",
    ]
    for name, where, life in CYCLES:
        parts += ["", f"## {name}", "", f"`{where}`", "", "```mermaid", "stateDiagram-v2"]
        parts += [f"    [*] --> {state}" for state in states_of(life) if state in life.begins]
        parts += [f"    {state} --> {after}: {do}" for (state, do), after in life.items()]
        parts += [f"    {state} --> [*]" for state in states_of(life) if state in life.ends]
        parts += ["```"]
    return "\n".join(parts) + "\n"


def test_the_document_is_what_the_tables_say() -> None:
    assert DOCUMENT.read_text() == document(), "python -m tests.central.test_life_cycles"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
