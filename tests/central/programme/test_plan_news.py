"""What an open plan asks when somebody acted: a reader finds what is little; how much it is, it sees without reading
it, and much has its turn. Nothing that was done since is missing in the answer."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from central.inventory import counts
from central.inventory.plan_actions import BlockPlaces, UnblockPlaces
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.privileges import EVERYTHING
from central.kernel.schema import upgrade
from central.kernel.tx import Read
from central.programme import plan_news
from central.programme.plan_actions import OrderSeats
from central.programme.plan_news import News, little_news, mark_of
from central.programme.plan_pictures import PlanPicture, plan_picture
from central.venues.model import PlanTarget, SeatOrder
from central.venues.plan_actions import DescribeSeats, OrderLogicalSeats
from central.venues.selection import Selection
from tests.central.kernel.test_whole_looks import FEW, Rows
from tests.central.small_house import Clerk, House, Watch, set_up
from tests.central.web.screens.conftest import Browser, browser

__all__ = ["browser"]  # a fixture
ALL = Selection(everything=True)
PERFORMANCE = PlanTarget.PERFORMANCE


@pytest.fixture
def hall(tmp_path: Path, keys: Keys) -> Iterator[tuple[Clerk, House]]:
    """Eight hundred seats."""
    database, watch = Database(f"sqlite:///{tmp_path / 'hall.db'}"), Watch()
    upgrade(database)
    with closing(database.connect()) as db:
        clerk = Clerk(Door(database, watch, path_of, keys), db, watch)
        yield clerk, set_up(clerk, 8, 100)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_news, "FEW_SEATS", 20)
    monkeypatch.setattr(plan_news, "FEW_CHANGES", 6)


def plans(house: House) -> dict[PlanTarget, Any]:
    return {
        PlanTarget.PHYSICAL: house.physical, PlanTarget.LOGICAL: house.logical, PERFORMANCE: house.performance,
    }  # fmt: skip


def looked(clerk: Clerk, house: House, target: PlanTarget, version: int, mark: str) -> tuple[News | None, int]:
    """And how many rows it read."""
    rows = Rows(clerk.db)
    read = Read(rows, house.operator(EVERYTHING), clerk.watch(), clerk.door.keys)  # type: ignore[arg-type]  # counts
    return little_news(read, target, plans(house)[target], version, mark), rows.given


def now(clerk: Clerk, house: House) -> tuple[int, str]:
    read = Read(clerk.db, house.operator(EVERYTHING), clerk.watch(), clerk.door.keys)
    return plan_news.version_of(read, house.performance), mark_of(read, PERFORMANCE, house.performance)


def block(clerk: Clerk, house: House, *which: int) -> None:
    chosen = Selection(seats=tuple(house.seats[n] for n in which))
    clerk.do(BlockPlaces(performance_id=house.performance, selection=chosen, why="x"))


@pytest.mark.parametrize("target", PlanTarget)
def test_an_act_on_all_of_it_has_its_turn(hall: tuple[Clerk, House], target: PlanTarget) -> None:
    clerk, house = hall
    clerk.do(DescribeSeats(configuration_id=house.physical, selection=ALL, companion=True))
    clerk.do(OrderLogicalSeats(configuration_id=house.logical, selection=ALL, order=SeatOrder.SNAKE))
    clerk.do(OrderSeats(performance_id=house.performance, selection=ALL, order=SeatOrder.SNAKE))
    news, read = looked(clerk, house, target, 0, "")
    assert news is None and read < FEW, "nothing of the hall was read to see so"


def test_what_is_little_is_found_at_once(hall: tuple[Clerk, House]) -> None:
    clerk, house = hall
    version, mark = now(clerk, house)
    block(clerk, house, 3, 5)
    news, read = looked(clerk, house, PERFORMANCE, version, mark)
    assert news and not news.whole and [state for *_, state in news.seats] == ["b", "b"] and read < FEW
    assert looked(clerk, house, PERFORMANCE, news.version, news.mark)[0] == News(news.version, news.mark, False, [])


def test_many_sales_have_their_turn(hall: tuple[Clerk, House]) -> None:
    clerk, house = hall
    version, mark = now(clerk, house)
    for n in range(4):
        block(clerk, house, n)
        clerk.do(UnblockPlaces(performance_id=house.performance, selection=Selection(seats=(house.seats[n],))))
    here, _ = now(clerk, house)
    news, read = looked(clerk, house, PERFORMANCE, here, mark)
    assert here == version + 8 and news is None and read < FEW


def test_whoever_is_far_behind_draws_anew_and_misses_nothing(
    hall: tuple[Clerk, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of changes only the last ones are kept: a screen that stood still for longer was told the rest of them."""
    clerk, house = hall
    monkeypatch.setattr(counts, "KEPT_CHANGES", 4)
    _, mark = now(clerk, house)
    for n in range(9):
        block(clerk, house, 2 * n, 2 * n + 1)
    version, _ = now(clerk, house)
    read = Read(clerk.db, house.operator(EVERYTHING), clerk.watch(), clerk.door.keys)
    found = plan_news.plan_news(read, PERFORMANCE, house.performance, version, mark)
    assert found.whole or len(found.seats) == 18


@pytest.mark.parametrize("revision", ["-5", "99999999999999999999999999", "1e300", "9223372036854775807"])
async def test_a_mark_that_is_none_of_ours_draws_anew(browser: Browser, revision: str) -> None:
    browser.sign_in(browser.house.operator(EVERYTHING))
    plan = f"/admin/plan/performance/{browser.house.performance}/changes"
    page = await browser.get(plan)
    ((category, contingent, shard, _), *_) = orjson.loads(orjson.loads(page.text)["mark"]) or [["c", "", 0, 1]]
    mark = f'[["{category}","{contingent}",{shard},{revision}]]'
    page = await browser.get(f"{plan}?version=0&mark={mark}")
    assert page.status == 200, page.text


async def test_the_page_of_changes_takes_its_turn_for_much(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    door, house, whole = browser.door, browser.house, list[str]()
    read_whole = door.read_whole

    async def seen(actor: Any, look: Any) -> Any:
        whole.append(actor.label)
        return await read_whole(actor, look)

    monkeypatch.setattr(Door, "read_whole", lambda _, actor, look: seen(actor, look))
    browser.sign_in(house.operator(EVERYTHING))
    plan = f"/admin/plan/performance/{house.performance}"
    few = [("act", "block"), ("why", "x"), *(("seat", seat) for seat in house.seats[:2])]
    every = [("act", "block"), ("why", "x"), *(("seat", seat) for seat in house.seats)]
    monkeypatch.setattr(plan_news, "FEW_SEATS", 2)
    for pairs, turns, version in ((few, 0, 0), (every, 1, 1)):
        assert (await browser.post(f"{plan}/act", pairs)).status == 200
        said = orjson.loads((await browser.get(f"{plan}/changes?version={version}")).text)
        assert len(whole) == turns and said["version"] == version + 1
        assert said["whole"] or len(said["seats"]) >= 2
    drawn = await browser.get(f"{plan}/picture")
    assert drawn.status == 200 and len(whole) == 2


def test_a_picture_has_what_the_news_say(hall: tuple[Clerk, House]) -> None:
    clerk, house = hall
    version, mark = now(clerk, house)
    block(clerk, house, 3, 5)
    news, _ = looked(clerk, house, PERFORMANCE, version, mark)
    read = Read(clerk.db, house.operator(EVERYTHING), clerk.watch(), clerk.door.keys)
    drawn: Any = plan_picture(read, PlanPicture(target=PERFORMANCE, target_id=house.performance, at=None))
    assert news and drawn.value.states.count("b") == len(news.seats) == 2
