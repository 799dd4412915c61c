"""A price grid is shown a page of tariffs at a time; what stands on another page stays when one is saved. And of what a
house chooses from, no more is made than is offered."""

from typing import Any

import pytest

import central.pricing.pages as pages
from central.kernel.crud import CONFIGURED, MOST_KINDS, NoChange
from central.kernel.tx import Read
from central.pricing.model import PriceGrid
from central.pricing.ops import CreateTariff, PriceCell
from central.pricing.pages import GridHead, GridSheet, _cells
from central.pricing.reads import grid_prices
from tests.central.small_house import CHILD, FULL, NOW, STANDING, Clerk, House, new_id


def test_what_stands_on_another_page_stays(quick: tuple[Clerk, House], monkeypatch: pytest.MonkeyPatch) -> None:
    clerk, house = quick
    monkeypatch.setattr(pages, "MOST_CELLS", 2)
    clerk.db.begin(write=False)
    read = Read(clerk.db, clerk.actor, NOW, clerk.door.keys)
    grid = read.get(PriceGrid, house.grid)
    prices = tuple(grid_prices(read, house.grid))
    clerk.db.rollback()
    assert grid
    categories = tuple(GridHead(each, "", {}) for each in (house.seated, house.standing))
    tariffs = tuple(GridHead(each, "", {}) for each in (house.full, house.child))

    def on(page: int) -> GridSheet:
        return GridSheet(grid, categories, tariffs, prices, {}, True, house.season, page)

    assert [on(page).tariffs for page in (1, 2, 99)] == [tariffs[:1], tariffs[1:], tariffs[1:]]
    typed: dict[str, Any] = {f"{house.standing}.{house.child}": ["7.00"], f"{house.seated}.{house.full}": ["1.00"]}
    cells, faults = _cells(on(2), typed)
    full = {PriceCell(house.seated, house.full, FULL), PriceCell(house.standing, house.full, STANDING)}
    assert faults == [] and set(cells) == full | {PriceCell(house.standing, house.child, 700)}
    cells, faults = _cells(on(1), typed)
    assert set(cells) == {PriceCell(house.seated, house.full, 100), PriceCell(house.seated, house.child, CHILD)}


def test_no_more_is_made_than_is_offered(quick: tuple[Clerk, House], monkeypatch: pytest.MonkeyPatch) -> None:
    clerk, house = quick
    assert {name for name, each in CONFIGURED.items() if each.most} == {"seat_category", "contingent", "tariff"}
    assert CONFIGURED["tariff"].most == MOST_KINDS

    def tariff(code: str) -> Any:
        return CreateTariff(id=new_id(), context_id=house.season, code=code, names={"fr": code}, rank=9, proof=False)

    monkeypatch.setattr(CONFIGURED["tariff"], "most", 3)
    clerk.do(tariff("THIRD"))
    refused = clerk.no(tariff("FOURTH"))
    assert refused.reason is NoChange.TOO_MANY and refused.detail == {"most": 3}
