"""Whose figures a day, a performance and a sheet tell: those of what the asker may see, where two organisers play in
one house; and that none of it walks through all there ever was."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from central.access.model import AccessPrivilege
from central.catalogue.model import CataloguePrivilege, PerformanceDo
from central.catalogue.ops import CreateEvent
from central.inventory.model import InventoryPrivilege
from central.kernel.contexts import ContextKind
from central.orders.model import OrdersPrivilege
from central.orders.ops import WantedPlace
from central.organisation.contexts import CreateContext
from central.pricing.ops import CreatePriceGrid, CreateTariff, PriceCell
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from central.reports.day import MOST_GOING_ON, MOST_PLAYED
from central.selling.ops import CreatePointOfSale
from central.venues.ops import CreateLogicalConfiguration
from shared.clock import to_ms
from shared.ids import Id
from shared.wire.certificates import DeviceKind
from tests.central.devices.test_facts import enrol
from tests.central.reports.test_day import SEES, Counted, another, day_of, figures, sheet
from tests.central.small_house import FULL, NOW, STANDING, STARTS, Clerk, House, new_id


@dataclass(frozen=True)
class Other:
    """Another organiser of the house, with a performance in the same hall and a till."""

    organiser: Id
    performance: Id
    desk: Id
    full: Id


def other_organiser(clerk: Clerk, house: House) -> Other:
    organiser, season, activity, event, logical, full, grid, desk, performance = (new_id() for _ in range(9))
    contexts = (
        (organiser, house.institution, ContextKind.ORGANISER, {"currency": "EUR", "licence": "PLATESV-R-2026-000002"}),
        (season, organiser, ContextKind.SEASON, {}),
        (activity, season, ContextKind.ACTIVITY, {}),
    )
    for made, above, kind, settings in contexts:
        name = {"fr": f"Brume {kind}"}
        clerk.do(CreateContext(id=made, context_id=above, kind=kind, code=made, names=name, settings=settings))
    name = {"fr": "Brume"}
    clerk.do(
        CreateLogicalConfiguration(
            id=logical, context_id=season, physical_configuration_id=house.physical, code="BRUME", names=name,
            categories={"1re": house.seated, "Debout": house.standing},
        )
    )  # fmt: skip
    clerk.do(CreateTariff(id=full, context_id=season, code="BRUME", names=name, rank=1, proof=False))
    cells = (PriceCell(house.seated, full, FULL), PriceCell(house.standing, full, STANDING))
    clerk.do(CreatePriceGrid(id=grid, context_id=season, code="B1", names=name, currency="EUR", prices=cells))
    clerk.do(CreateEvent(id=event, context_id=activity, code="MAREES", names={"fr": "Marées"}, vat_bp=550))
    clerk.do(
        CreatePerformance(
            id=performance, event_id=event, logical_configuration_id=logical, price_grid_id=grid,
            schedule=Schedule(STARTS, STARTS, STARTS + timedelta(hours=3), STARTS),
        )
    )  # fmt: skip
    clerk.do(ChangeSale(performance_id=performance, do=PerformanceDo.OPEN))
    point = {"channel_id": house.channel, "context_id": organiser, "code": "B2", "names": name, "active": True}
    clerk.do(CreatePointOfSale(id=desk, **point))
    return Other(organiser, performance, desk, full)


def anomaly(clerk: Clerk) -> None:
    clerk.db.begin(write=True)
    clerk.db.write(
        "INSERT INTO anomaly (id, kind, at, device_id, subject, detail, settled) "
        "VALUES (:id, 'slot_clash', :at, '', 'x', '{}', 0)",
        {"id": new_id(), "at": to_ms(NOW)},
    )
    clerk.db.commit()


@pytest.mark.behind_the_door("an anomaly is put there")
def test_another_organisers_evening_is_not_told(clerk: Clerk, house: House) -> None:
    other = other_organiser(clerk, house)
    clerk.do(house.order(house.seats[0], house.seats[1]))
    place = WantedPlace(other.full, seat_id=house.seats[0])
    clerk.do(house.order(point_of_sale_id=other.desk, performance_id=other.performance, places=(place,), amount=FULL))
    enrol(clerk, house, DeviceKind.GATE)
    anomaly(clerk)
    may = (*SEES, AccessPrivilege.ACCESS_READ, InventoryPrivilege.CONTINGENT_READ)
    theirs = house.operator(*may, at=other.organiser)
    day = day_of(clerk, house, theirs)
    assert [each.played.id for each in day.tonight] == [other.performance] and day.days == ()
    assert day.tonight[0].takings and [each.places for each in day.tonight[0].takings] == [1]
    assert day.takings and [(each.places, each.amount) for each in day.takings] == [(1, FULL)]
    assert (day.devices, day.anomalies) == ((), 0), "devices and anomalies are the whole house's"
    told = sheet(clerk, house, STARTS.date(), theirs)
    assert [each.day.id for each in told["lines"]] == [other.performance] and told["devices"] == []
    whole = day_of(clerk, house, house.operator(*may))
    assert len(whole.tonight) == 2 and len(whole.devices) == whole.anomalies == 1
    assert whole.takings and sum(each.places for each in whole.takings) == 3


def test_takings_of_a_performance_that_one_sees_but_whose_orders_one_does_not(clerk: Clerk, house: House) -> None:
    """The programme of the whole house, the orders of one organiser."""
    other = other_organiser(clerk, house)
    clerk.do(house.order(house.seats[0]))
    reads = house.operator(CataloguePrivilege.CATALOGUE_READ)
    sells = house.operator(OrdersPrivilege.ORDER_READ, InventoryPrivilege.CONTINGENT_READ, at=other.organiser)
    both = replace(reads, grants=reads.grants | sells.grants)
    found = figures(clerk, house, both)
    assert found["hall"].sold == "1" and not found["amounts"] and found["curve"] is None
    assert (found["channels"], found["tariffs"]) == ([], [])
    by_id = {each.played.id: each for each in day_of(clerk, house, both).tonight}
    assert by_id[house.performance].takings == () and len(by_id) == 2


@pytest.mark.behind_the_door("some are made to go on")
def test_tonight_is_never_pushed_off_by_what_goes_on_for_weeks(clerk: Clerk, house: House) -> None:
    for n in range(MOST_GOING_ON + 3):
        begins = STARTS - timedelta(days=20, minutes=n)
        made = another(clerk, house, begins)
        clerk.db.begin(write=True)
        closes = to_ms(STARTS + timedelta(days=20))
        clerk.db.write("UPDATE performance SET closes = :c WHERE id = :id", {"c": closes, "id": made})
        clerk.db.commit()
    day = day_of(clerk, house)
    assert house.performance in [each.played.id for each in day.tonight]
    assert len(day.tonight) == 1 + MOST_GOING_ON and day.more
    assert len(day.tonight) <= MOST_PLAYED + MOST_GOING_ON


GROWING = ("allocation", "anomaly", "audit", "entitlement", "fact", "order_line", "payment", "performance", "place",
           "sale_order", "scan", "ticket")  # fmt: skip
"""What a house has more of every day."""


def test_no_figure_walks_through_all_there_ever_was(quick: tuple[Clerk, House]) -> None:
    """SQLite's own plan for each statement: what grows is found by an index."""
    clerk, house = quick
    clerk.do(house.order(house.seats[0]))
    enrol(clerk, house, DeviceKind.GATE)
    asked = Asked(clerk.db)
    everything = (*SEES, AccessPrivilege.ACCESS_READ, InventoryPrivilege.CONTINGENT_READ)
    for actor in (house.operator("*"), house.operator(*everything, at=house.organiser)):
        day_of(clerk, house, actor, db=asked)
        sheet(clerk, house, STARTS.date(), actor, db=asked)
        figures(clerk, house, actor, db=asked)
    assert len(asked.said) > 20
    walked = []
    for sql, params in asked.said:
        for *_, detail in clerk.db.run("EXPLAIN QUERY PLAN " + sql, params):
            if found := re.match(r"SCAN (\w+)", detail):
                table = _table_of(sql, found[1])
                walked += [(table, sql)] if table in GROWING else []
    assert walked == []


class Asked(Counted):
    """Keeps what is asked, with its values."""

    def __init__(self, db: Any) -> None:
        super().__init__(db)
        self.said: list[tuple[str, Any]] = []

    def run(self, sql: str, params: Any) -> Any:
        self.said.append((sql, params))
        return super().run(sql, params)


def _table_of(sql: str, alias: str) -> str:
    found = re.search(rf"(?:FROM|JOIN) (\w+) {alias}\b", sql)
    return found[1] if found else alias
