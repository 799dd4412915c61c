"""What prices are asked about: facts by name."""

import re
from pathlib import Path

import pytest

import central
from central.kernel.actor import SYSTEM
from central.kernel.tx import Read
from central.pricing.ops import CreatePriceGrid, PriceCell
from central.pricing.reads import price_list, tariff_contexts
from shared.ids import Id
from tests.central.small_house import CHILD, FULL, STANDING, Clerk, House, new_id


@pytest.fixture
def read(clerk: Clerk) -> Read:
    return Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)


def test_what_a_performance_is_sold_for(read: Read, house: House) -> None:
    found = price_list(read, house.performance)
    assert found
    assert (found.context_id, found.site_id, found.vat_bp, found.currency) == (house.activity, house.site, 550, "EUR")
    assert found.prices == {
        house.full: {house.seated: FULL, house.standing: STANDING},
        house.child: {house.seated: CHILD},
    }


def test_some_tariffs_only_and_of_its_own_grid(clerk: Clerk, read: Read, house: House) -> None:
    dearer = (PriceCell(house.seated, house.child, CHILD + 1), PriceCell(house.standing, house.child, 1))
    clerk.do(
        CreatePriceGrid(
            id=new_id(), context_id=house.season, code="G2", names={"fr": "Autre"}, currency="EUR", prices=dearer
        )
    )

    def prices(*tariffs: Id) -> object:
        found = price_list(read, house.performance, tariffs)
        return found and found.prices

    assert prices(house.child) == {house.child: {house.seated: CHILD}}
    assert prices() == prices(new_id()) == {}


def test_no_such_performance(read: Read, house: House) -> None:
    assert price_list(read, new_id()) is None


def test_where_tariffs_stand(read: Read, house: House) -> None:
    assert tariff_contexts(read, [house.full, new_id()]) == {house.full: house.season}
    assert tariff_contexts(read, []) == {}


def test_what_a_gate_called_a_scan_stands_once() -> None:
    root = Path(central.__file__).parent
    files = (file for file in root.rglob("*.py") if "migrations" not in file.parts)
    said = [file for file in files if re.search(r"COALESCE\((\w+\.)?fact_id", file.read_text())]
    assert said == [root / "access" / "model.py"]
