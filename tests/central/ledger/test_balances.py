"""What an account stands at: what was carried, and what was moved since; on both databases."""

import asyncio
from datetime import timedelta

import pytest

from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.excuses import worked_out
from central.kernel.keys import Keys
from central.kernel.tx import Read
from central.ledger import balances
from central.ledger.balances import SETTLES, CarryBalances, balances_of, keep, to_carry
from central.ledger.model import AccountKind
from central.ledger.ops import account_id
from shared.clock import to_ms
from shared.ids import Id, derived_id
from tests.central.devices.test_flat_scans import Cost, Meter
from tests.central.small_house import FULL, NOW, STANDING, Clerk, House, Watch
from tests.waiting import until

FEW, MANY = 40, 2_000
AHEAD = timedelta(hours=2)


def account(house: House, kind: AccountKind) -> Id:
    return account_id(house.organiser, kind, "EUR")


def looked(clerk: Clerk) -> Read:
    return Read(clerk.db, clerk.actor, clerk.watch(), clerk.door.keys)


def standing_at(clerk: Clerk, house: House) -> dict[str, int]:
    """What each kind of account stands at, where it is not nothing."""
    of = {account(house, kind): str(kind) for kind in AccountKind}
    found = balances_of(looked(clerk), list(of))
    return {of[each]: balance for each, balance in found.items() if balance}


def added_up(clerk: Clerk, house: House) -> dict[str, int]:
    """The same of all moves, one by one."""
    of = {account(house, kind): str(kind) for kind in AccountKind}
    sums = dict.fromkeys(of.values(), 0)
    for debit, credit, amount in clerk.rows("SELECT debit_id, credit_id, amount FROM move"):
        sums[of[debit]] += amount
        sums[of[credit]] -= amount
    return {kind: balance for kind, balance in sums.items() if balance}


def carried(clerk: Clerk) -> int:
    ((rows,),) = clerk.rows("SELECT COUNT(*) FROM balance_carried")
    return int(rows)


def test_an_account_stands_at_what_was_moved_to_it_less_what_was_moved_from_it(clerk: Clerk, house: House) -> None:
    assert standing_at(clerk, house) == {}
    clerk.do(house.order(house.seats[0], house.seats[1]))
    clerk.do(house.standing_order(3))
    assert standing_at(clerk, house) == {"cash": 2 * FULL + 3 * STANDING, "revenue": -2 * FULL - 3 * STANDING}
    assert balances_of(looked(clerk), []) == {}
    assert balances_of(looked(clerk), ["nobody's"]) == {"nobody's": 0}


def test_it_stands_at_the_same_however_much_of_it_is_carried(
    clerk: Clerk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three at once, sales between: what is of one moment is carried together, what is too new is not."""
    monkeypatch.setattr(balances, "MOST", 3)
    for seat in house.seats[:5]:
        clerk.do(house.order(seat))
        clerk.watch.at += timedelta(minutes=1)
    clerk.do(CarryBalances())
    assert carried(clerk) == 0, "nothing of it is ten minutes old"
    clerk.watch.at += SETTLES - timedelta(minutes=3)
    rows = []
    for seat in house.seats[5:9]:
        clerk.do(CarryBalances())
        rows.append(carried(clerk))
        assert standing_at(clerk, house) == added_up(clerk, house)
        assert list(worked_out(looked(clerk), "balance_carried")) == []
        clerk.do(house.order(seat))
    assert rows[-1] == 3, "cash, revenue, and the customers, at nothing"
    clerk.watch.at += timedelta(days=1)
    for _ in range(9):
        clerk.do(CarryBalances())
        assert standing_at(clerk, house) == added_up(clerk, house)
    ((through,),) = clerk.rows("SELECT MAX(through) FROM balance_carried")
    ((newest,),) = clerk.rows("SELECT MAX(at) FROM move")
    assert through >= newest, "all of it"


def test_what_was_carried_by_a_clock_that_went_back_is_carried_anew(clerk: Clerk, house: House) -> None:
    clerk.watch.at += AHEAD
    clerk.do(house.order(house.seats[0]))
    clerk.watch.at += SETTLES
    clerk.do(CarryBalances())
    assert carried(clerk) == 3
    clerk.watch.at -= AHEAD
    assert to_carry(looked(clerk)), "unasked"
    clerk.do(CarryBalances())
    clerk.do(house.order(house.seats[1]))
    clerk.watch.at += 2 * SETTLES
    clerk.do(CarryBalances())
    assert standing_at(clerk, house) == added_up(clerk, house) == {"cash": 2 * FULL, "revenue": -2 * FULL}


def test_it_is_carried_when_it_is_worth_it(clerk: Clerk, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balances, "WORTH", 4)
    clerk.do(house.order(house.seats[0]))
    clerk.watch.at += 2 * SETTLES
    assert not to_carry(looked(clerk)), "two moves are read as fast as a sum"
    clerk.do(house.order(house.seats[1]))
    assert not to_carry(looked(clerk)), "the fourth is too new"
    clerk.watch.at += SETTLES
    assert to_carry(looked(clerk))


def made_up(clerk: Clerk, house: House, moves: int, amount: int = FULL) -> None:
    """So many an hour apart, the last one a day ago."""
    row = {"debit": account(house, AccountKind.CASH), "credit": account(house, AccountKind.CUSTOMERS), "amount": amount}
    sql = (
        "INSERT INTO move (id, at, debit_id, credit_id, amount, currency, order_id, note) "
        "VALUES (:id, :at, :debit, :credit, :amount, 'EUR', NULL, 'made up')"
    )
    at = (to_ms(NOW - timedelta(days=1, hours=n)) for n in range(moves))
    clerk.db.write_many(sql, [row | {"id": derived_id("made up", n), "at": each} for n, each in enumerate(at)])


@pytest.mark.behind_the_door  # rows are put in by hand
def test_a_look_costs_the_same_however_much_was_moved(
    quick: tuple[Clerk, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a carry it goes by what was moved, after it by what came since."""
    clerk, house = quick
    meter, costs = Meter(clerk, monkeypatch), []

    def steps() -> int:
        meter.cost = Cost()
        standing_at(clerk, house)
        return meter.cost.steps

    for moves in (FEW, MANY):
        clerk.db.write("DELETE FROM move", {})
        clerk.db.write("DELETE FROM balance_carried", {})
        made_up(clerk, house, moves)
        whole = steps()
        for _ in range(0, moves, balances.MOST):
            clerk.do(CarryBalances())
        costs.append((whole, steps()))
        assert standing_at(clerk, house) == {"cash": moves * FULL, "customers": -moves * FULL}
    (few_whole, few), (many_whole, many) = costs
    assert many_whole > 10 * few_whole and many <= few + 20, costs


@pytest.mark.behind_the_door  # rows are put in by hand
def test_a_sum_beyond_what_a_database_adds_up_is_one(clerk: Clerk, house: House) -> None:
    made_up(clerk, house, 3, 2**62)
    for _ in range(2):
        assert standing_at(clerk, house) == {"cash": 3 * 2**62, "customers": -3 * 2**62}
        clerk.do(CarryBalances())
    assert carried(clerk) == 2


async def test_the_loop_carries_unasked(
    sqlite_place: tuple[Database, House], keys: Keys, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(balances, "WORTH", 2)
    database, house = sqlite_place
    door = Door(database, watch, path_of, keys)
    door.start()
    db = database.connect()
    clerk = Clerk(door, db, watch)
    clerk.do(house.order(house.seats[0]))
    watch.at += 2 * SETTLES
    working = asyncio.create_task(keep(door, 0.01))
    try:
        await until(lambda: carried(clerk) == 3)
        assert standing_at(clerk, house) == added_up(clerk, house)
    finally:
        working.cancel()
        db.close()
        await asyncio.to_thread(door.stop)
