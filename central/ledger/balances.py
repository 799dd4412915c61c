"""What an account stands at: debits less credits of all its moves, without adding them all up at each look.

What was moved until some moment is carried forward, a row for each account; a look adds what was moved since. No sale
writes these rows: they would be one that every buyer of a house changes. Who carries is a loop, when some thousand
moves have come together, and never further than `SETTLES` ago: what is moved under an earlier time than now, by another
process or in a transaction that is still open, is not older than that. A clock that went back further has the sums made
anew, a piece at a time: whatever is moved is moved after what was carried.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import NamedTuple

import sqlalchemy as sa
from aiohttp import web

from central.kernel.actor import SYSTEM
from central.kernel.contexts import by_house_alone
from central.kernel.db import in_list
from central.kernel.door import Door
from central.kernel.entity import METADATA
from central.kernel.excuses import unproved
from central.kernel.own_commands import OwnCommands
from central.kernel.registry import handles
from central.kernel.sums import BILLION, summed
from central.kernel.tx import Read, Tx
from central.ledger.model import LedgerPrivilege
from central.web.area import DOOR, Work
from shared.clock import to_ms
from shared.ids import LENGTH
from shared.outcome import Ok, Outcome

SETTLES = timedelta(minutes=10)
WORTH = 1_000  # moves that are worth being carried
MOST = 1_000  # at once
EVERY_S = 10.0

CARRIED = sa.Table(
    "balance_carried",
    METADATA,
    sa.Column("account_id", sa.String(LENGTH), primary_key=True),
    sa.Column("through", sa.BigInteger, nullable=False),  # the last moment that is in it, of those in which it moved
    sa.Column("billions", sa.BigInteger, nullable=False),  # debits less credits, in two parts (kernel/sums.py)
    sa.Column("rest", sa.BigInteger, nullable=False),
    sa.Index("ix_balance_carried_through", "through"),
    sqlite_with_rowid=False,
)

_THROUGH = "COALESCE((SELECT MAX(through) FROM balance_carried), -1)"
_SIDES = (("debit_id", ""), ("credit_id", "-"))


class _Sum(NamedTuple):
    """Debits less credits, for `summed`."""

    account: str
    billions: int
    rest: int


def balances_of(read: Read, accounts: Sequence[str]) -> dict[str, int]:
    """Debits less credits of each, in minor units: one statement, however many they are and whatever they moved."""
    among, params = in_list("a", [*accounts, ""])
    since = " ".join(
        f"UNION ALL SELECT {side}, {sign}(amount / {BILLION}), {sign}(amount % {BILLION}) FROM move "  # noqa: S608 - names of ours
        f"WHERE at > {_THROUGH} AND {side} IN {among}"
        for side, sign in _SIDES
    )
    rows = read.run(
        "SELECT account, SUM(billions), SUM(rest) FROM ("  # noqa: S608 - names of ours, values are parameters
        f"SELECT account_id AS account, billions, rest FROM balance_carried WHERE account_id IN {among} {since}"
        ") AS parts GROUP BY account",
        **params,
    )
    return dict.fromkeys(accounts, 0) | {account: summed(billions, rest) for account, billions, rest in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryBalances:
    """Central's own: carries what was moved into the accounts' balances, a piece at a time."""


@handles(CarryBalances, needs=LedgerPrivilege.LEDGER_READ, at=by_house_alone)
def carry_balances(tx: Tx, _: CarryBalances) -> Outcome[None]:
    through, last = _through(tx), to_ms(tx.now - SETTLES)
    if through > last:  # the clock went back, and what is moved from now on may be older than what was carried
        tx.write("DELETE FROM balance_carried")
        return Ok(None)
    until = min(last, _moment(tx, through, MOST) or last)
    for each in _moved(tx, through, until):
        tx.write(
            "INSERT INTO balance_carried (account_id, through, billions, rest) "
            "VALUES (:account, :until, :billions, :rest) ON CONFLICT (account_id) DO UPDATE SET "
            "through = excluded.through, billions = balance_carried.billions + excluded.billions, "
            "rest = balance_carried.rest + excluded.rest",
            until=until, **each._asdict(),
        )  # fmt: skip
    return Ok(None)


def to_carry(read: Read) -> bool:
    """What the loop asks: whether as many have come together as are worth it, or a clock went back."""
    through, last = _through(read), to_ms(read.now - SETTLES)
    worth = _moment(read, through, WORTH)
    return through > last or (worth is not None and worth <= last)


def _through(read: Read) -> int:
    ((through,),) = read.run(f"SELECT {_THROUGH}")
    return int(through)


def _moment(read: Read, after: int, n: int) -> int | None:
    """When the so manieth move was after that moment."""
    row = read.one("SELECT at FROM move WHERE at > :after ORDER BY at LIMIT 1 OFFSET :n", after=after, n=n - 1)
    return int(row[0]) if row else None


def _moved(read: Read, after: int, through: int) -> list[_Sum]:
    sides = " UNION ALL ".join(
        f"SELECT {side} AS account, {sign}(amount / {BILLION}) AS billions, {sign}(amount % {BILLION}) AS rest "  # noqa: S608 - names of ours
        "FROM move WHERE at > :after AND at <= :through"
        for side, sign in _SIDES
    )
    rows = read.run(
        f"SELECT account, SUM(billions), SUM(rest) FROM ({sides}) AS sides GROUP BY account ORDER BY account",  # noqa: S608 - names of ours
        after=after, through=through,
    )  # fmt: skip
    return [_Sum(account, int(billions), int(rest)) for account, billions, rest in rows]


def _wrong_sums(read: Read) -> Iterator[tuple[str, str]]:
    """What is carried is what was moved."""
    kept = read.run("SELECT account_id, billions, rest FROM balance_carried ORDER BY account_id")
    carried = {account: summed(billions, rest) for account, billions, rest in kept}
    moved = {each.account: summed(each.billions, each.rest) for each in _moved(read, -1, _through(read))}
    for account in sorted(carried.keys() | moved.keys()):
        if carried.get(account, 0) != moved.get(account, 0):
            yield account, f"{carried.get(account, 0)} is carried, {moved.get(account, 0)} was moved"


unproved("balance_carried", "the sums of what was moved, which is proved row by row", _wrong_sums)


def carrying(app: web.Application) -> Work:
    return partial(keep, app[DOOR])


async def keep(door: Door, every_s: float = EVERY_S) -> None:
    """Until cancelled. Each command does a bounded piece of work, so that sales go on between two of them."""
    own = OwnCommands(door)
    while True:
        own.begin()
        while door.believes_its_clock() and await door.read(SYSTEM, to_carry):
            if await own.do(CarryBalances(), CarryBalances) is None:
                break
        own.say()
        await asyncio.sleep(every_s)
