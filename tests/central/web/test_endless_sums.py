"""Amounts that were kept before they had a bound, or that nobody ought to have kept: their sums leave 64 bits, and
every page that says one says it, exactly."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import Any

import pytest
from aiohttp import ClientSession

from central.kernel.sums import BILLION, halves, summed
from central.kernel.tx import Read
from central.reports.checks import run_checks
from central.web.settings import HttpConfig
from shared.money import MOST_MONEY
from tests.central.small_house import Clerk, House

MOST = 2**63 - 1
SOLD = 3


@pytest.mark.behind_the_door
@pytest.mark.parametrize("amounts", [(), (0,), (MOST, MOST, 7), (-MOST, -MOST, 5), (BILLION - 1, 1), (-1, BILLION)])
def test_a_sum_is_a_sum(clerk: Clerk, amounts: tuple[int, ...]) -> None:
    clerk.db.begin(write=True)
    clerk.db.run("CREATE TEMPORARY TABLE amounts (amount BIGINT)", {})
    clerk.db.write_many("INSERT INTO amounts VALUES (:n)", [{"n": each} for each in amounts])
    ((*said,),) = clerk.db.run(f"SELECT {halves('amount')} FROM amounts", {})
    clerk.db.rollback()
    assert summed(*said) == sum(amounts)


PAGES = (
    "/live", "/live?performance={performance}", "/admin", "/admin/at/{institution}",
    "/admin/e/performance/{performance}",
    "/admin/e/event/{event}", "/admin/e/sale_order", "/admin/e/order_line", "/admin/e/payment", "/admin/e/move",
    "/admin/e/account", "/admin/find?q=CYRANO",
)  # fmt: skip


@pytest.mark.behind_the_door
async def test_every_page_that_says_a_sum_says_this_one(
    serve: Callable[..., Any], quick: tuple[Clerk, House], nothing_breaks: None
) -> None:
    clerk, house = quick
    for seat in house.seats[:SOLD]:
        clerk.do(house.order(seat))
    for sql in (
        "UPDATE order_line SET price = :n", "UPDATE sale_order SET total = :n", "UPDATE payment SET amount = :n",
        "UPDATE move SET amount = :n",
    ):  # fmt: skip
        clerk.db.begin(write=True)
        clerk.db.write(sql, {"n": MOST})
        clerk.db.commit()
    async with (
        serve(HttpConfig(), live_open=True) as served,
        ClientSession(headers={"Cookie": "session=anna"}) as client,
    ):
        for path in PAGES:
            url = served.url + path.format(**asdict(house))
            async with client.get(url, allow_redirects=False) as answer:
                assert answer.status == 200, (path, answer.status)
    with closing(clerk.door.database.connect(read_only=True)) as db:
        db.begin(write=False)
        checks = run_checks(Read(db, clerk.actor, clerk.watch(), clerk.door.keys))
        db.rollback()
    books = next(each for each in checks if "moves" in each.figures)
    assert books.figures["sold"] == SOLD * MOST > SOLD * MOST_MONEY
