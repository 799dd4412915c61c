"""Lists on either database: every column sorts, pages join without a gap, what is narrowed is narrowed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from central.catalogue.model import Event
from central.kernel.actor import Actor
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, ENTITIES
from central.kernel.keys import Keys
from central.kernel.privileges import EVERYTHING
from central.kernel.tx import Read
from central.web.screens.listing import ListFilter, ListPage, found, one, searched, sortable
from central.web.screens.names import setting_of
from tests.central.small_house import House, Watch


@pytest.fixture
async def door(place: tuple[Database, House], keys: Keys) -> AsyncIterator[Door]:
    made = Door(place[0], Watch(), path_of, keys)
    made.start()
    yield made
    made.stop()


async def listed(door: Door, actor: Actor, name: str, wanted: ListFilter, size: int = 50) -> ListPage:
    answer: ListPage = await door.read(actor, lambda read: found(door, read, BY_NAME[name], wanted, size=size))
    return answer


async def test_every_column_of_every_list_sorts_and_turns(door: Door, house: House) -> None:
    me = house.operator(EVERYTHING)
    for name, declaration in BY_NAME.items():
        for column in filter(sortable, declaration.columns):
            for down in (False, True):
                every = await listed(door, me, name, ListFilter(sort=column.name, down=down))
                first = await listed(door, me, name, ListFilter(sort=column.name, down=down), size=2)
                assert [row.id for row in first.rows] == [row.id for row in every.rows[:2]], (name, column.name)
                if first.after:
                    after = ListFilter(sort=column.name, down=down, after=first.after)
                    second = await listed(door, me, name, after, size=2)
                    assert [row.id for row in second.rows] == [row.id for row in every.rows[2:4]], (name, column.name)
                    back = ListFilter(sort=column.name, down=down, after=second.before, back=True)
                    again = await listed(door, me, name, back, size=2)
                    assert [row.id for row in again.rows] == [row.id for row in first.rows], (name, column.name)
        assert (await listed(door, me, name, ListFilter(q="théâtre % _ ! ' x"))).rows == [], name
        assert searched(declaration) is not None


@pytest.mark.parametrize(
    "name, wanted, count",
    [
        ("tariff", ListFilter(q="plein"), 1),
        ("tariff", ListFilter(q="PLÉIN TARIF"), 1),
        ("tariff", ListFilter(q="full"), 1),
        ("tariff", ListFilter(q="saison"), 2),  # by the context's name
        ("performance", ListFilter(q="cyrano"), 1),  # by what stands for its name
        ("performance", ListFilter(only=(("state", "on_sale"),)), 1),
        ("performance", ListFilter(only=(("state", "draft"),)), 0),
        ("performance", ListFilter(only=(("nothing", "x"),)), 1),
        ("tariff", ListFilter(only=(("proof", "1"),)), 1),
        ("tariff", ListFilter(only=(("rank", "2"),)), 1),
        ("tariff", ListFilter(only=(("rank", "two"),)), 2),
        ("tariff", ListFilter(after="broken", sort="rank"), 2),
        ("tariff", ListFilter(after="WyJ4IiwieCJd", sort="rank"), 2),  # the mark of another column's page
        ("tariff", ListFilter(after="WzkyMjMzNzIwMzY4NTQ3NzU4MDgsIngiXQ", sort="rank"), 2),  # more than a column holds
    ],
)  # fmt: skip
async def test_what_is_found(door: Door, house: House, name: str, wanted: ListFilter, count: int) -> None:
    assert (await listed(door, house.operator(EVERYTHING), name, wanted)).count == count


async def test_who_may_see_what(door: Door, house: House) -> None:
    """Only what stands where one holds the right; below `at`; within the perimeter."""

    def names(answer: ListPage) -> int:
        return len(answer.rows)

    everybody = house.operator(EVERYTHING)
    assert names(await listed(door, everybody, "tariff", ListFilter(at=house.activity))) == 0
    assert names(await listed(door, everybody, "tariff", ListFilter(at=house.organiser))) == 2
    season = house.operator("pricing", at=house.season)
    assert names(await listed(door, season, "tariff", ListFilter())) == 2
    assert names(await listed(door, season, "site", ListFilter())) == 0
    assert names(await listed(door, house.operator("pricing", at=house.activity), "tariff", ListFilter())) == 0
    organiser = house.operator("venues", at=house.organiser)
    assert names(await listed(door, organiser, "space", ListFilter())) == 0  # the site is the institution's
    narrowed = house.operator("selling", points=(house.kiosk_point,))
    assert [row.id for row in (await listed(door, narrowed, "point_of_sale", ListFilter())).rows] == [house.kiosk_point]

    def look(read: Read) -> Any:
        return one(door, read, ENTITIES[Event], house.event)

    assert await door.read(everybody, look) is not None
    assert await door.read(season, look) is None


async def test_money_and_times_know_where_they_are(door: Door, house: House) -> None:
    """The currency of what a price hangs on, the zone of the site that a performance is at, the house's otherwise."""

    def look(read: Read) -> list[tuple[str, str]]:
        price = read.one("SELECT id FROM price LIMIT 1")
        assert price
        found_ = [
            setting_of(read, "price", price[0], {}, None),
            setting_of(read, "performance", house.performance, {}, None),
            setting_of(read, "performance", None, {"logical_configuration": house.logical}, None),
            setting_of(read, "tariff", house.full, {}, None),
            setting_of(read, "", None, {}, None),
        ]
        return [(each.currency, each.zone.key) for each in found_]

    assert await door.read(house.operator(EVERYTHING), look) == [("EUR", "Europe/Paris")] * 5
