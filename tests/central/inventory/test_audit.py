"""`parterre audit inventory`: what it finds is what was done to a sound database, and it finds nothing else."""

import pytest
from click.testing import CliRunner

from central.inventory.audit import InventoryAudit
from central.inventory.model import Limit, LimitPer
from central.kernel.crud import command_of
from central.kernel.db import Database
from central.kernel.privileges import Action
from central.orders.holds import CountedWish, HoldPlaces
from parterre.cli import main
from tests.central.small_house import Clerk, House, new_id

pytestmark = pytest.mark.behind_the_door  # harm is done to it


@pytest.fixture(autouse=True)
def busy(clerk: Clerk, house: House) -> None:
    """A performance with some of everything."""
    counted = (CountedWish(house.gauge, 2),)
    clerk.do(
        HoldPlaces(
            hold_id=new_id(),
            point_of_sale_id=house.desk,
            performance_id=house.performance,
            seats=house.seats[:2],
            counted=counted,
        )
    )
    clerk.do(
        command_of(Action.CREATE, Limit)(
            id=new_id(), context_id=house.institution, code="L", names={"fr": "L"}, per=LimitPer.PERFORMANCE, most=30
        )
    )
    clerk.do(house.order(house.seats[2]))
    clerk.do(house.standing_order(1))


HARM: list[tuple[str, str, set[str]]] = [
    ("UPDATE place_count SET free = free - 1, sold = sold + 1 WHERE category_id = :seated "
     "AND shard = (SELECT MIN(shard) FROM place_count)", "a wrong count",
     {"counted: free 16, in truth 17; sold 2, in truth 1"}),
    ("DELETE FROM place_count", "no counts",
     {"counted: free 0, in truth 17; held 0, in truth 2; sold 0, in truth 1",
      "counted: free 0, in truth 17; held 0, in truth 2; sold 0, in truth 1 "}),
    ("UPDATE gauge SET taken = 4", "a wrong gauge", {"4 taken, 3 given out", "counted: free 17, in truth 16"}),
    ("UPDATE gauge SET capacity = 2", "an oversold gauge",
     {"3 taken and 0 blocked of 2", "counted: free 17, in truth -1"}),
    ("UPDATE hold SET state = 'expired'", "a hold that was lost", {"is over, and keeps places"}),
    ("UPDATE limit_count SET n = 29", "a wrong limit", {"29 counted, in truth 6"}),
    ("DELETE FROM place WHERE id IN (SELECT p.id FROM place p JOIN allocation a ON a.seat_id = p.seat_id "
     "WHERE a.state = 'sold')", "a sold seat without a place",
     {"taken, but no place of this performance", "counted: sold 1, in truth 0"}),
]  # fmt: skip


@pytest.mark.parametrize("sql, says", [(sql, says) for sql, _, says in HARM], ids=[name for _, name, _ in HARM])
def test_each_kind_of_harm_is_named(clerk: Clerk, house: House, sql: str, says: set[str]) -> None:
    assert clerk.ask(InventoryAudit(performance_id=house.performance)).value == []
    clerk.db.write(sql, {"seated": house.seated} if ":seated" in sql else {})
    found = clerk.ask(InventoryAudit(performance_id=house.performance)).value
    assert {each["what"].strip() for each in found} == {each.strip() for each in says}
    assert all(each["performance_id"] == house.performance and each["at"] for each in found)


@pytest.mark.parametrize(
    "harm, code, ends", [("", 0, "0 differences"), ("UPDATE gauge SET taken = 4", 1, "2 differences")]
)
def test_the_command_line(
    place: tuple[Database, House], clerk: Clerk, harm: str, code: int, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if harm:
        clerk.db.write(harm, {})
    monkeypatch.setenv("PARTERRE_CENTRAL__DATABASE", place[0].url)
    monkeypatch.setenv("PARTERRE_CENTRAL__DATA", "/nowhere")
    said = CliRunner().invoke(main, ["audit", "inventory"])
    assert (said.exit_code, said.output.strip().endswith(ends)) == (code, True), said.output


def test_a_count_that_does_not_add_up_is_not_written(clerk: Clerk) -> None:
    with pytest.raises(Exception, match=r"(?i)check|adds_up"):
        clerk.db.write("UPDATE place_count SET sold = sold + 1", {})
