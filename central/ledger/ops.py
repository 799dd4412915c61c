"""Accounts and moves. A move has both sides, so the books balance by their shape; the checks prove the sums that people
rely on: what was sold is what customers owed, what they owed is what they paid."""

from functools import cache

from central.kernel.row_makers import row_maker
from central.kernel.tx import Tx
from central.ledger.model import Account, AccountKind, Move
from shared.ids import Id, derived_id, near_id
from shared.money import Minor

_move = row_maker(Move)


@cache
def account_id(context_id: str, kind: AccountKind, currency: str) -> Id:
    return derived_id("account", context_id, kind, currency)


def open_accounts(tx: Tx, context_id: Id, currency: str) -> None:
    """The organiser's accounts in a currency; those that exist stay as they are."""
    for kind in AccountKind:
        tx.insert_if_absent(
            Account(id=account_id(context_id, kind, currency), context_id=context_id, kind=kind, currency=currency)
        )


def book_sale(
    tx: Tx, context_id: Id, currency: str, order_id: Id, total: int, paid: list[tuple[AccountKind, int]]
) -> None:
    """A sale makes the customer owe, a payment settles it; nothing moves for what is free."""
    customers = account_id(context_id, AccountKind.CUSTOMERS, currency)
    sides = [(customers, account_id(context_id, AccountKind.REVENUE, currency), total, "sale")]
    sides += [(account_id(context_id, kind, currency), customers, amount, "payment") for kind, amount in paid]
    tx.append_rows(Move, [
        _move(
            id=near_id(order_id, "move", n),
            at=tx.now,
            debit_id=debit,
            credit_id=credit,
            amount=Minor(amount),
            currency=currency,
            order_id=order_id,
            note=note,
        )
        for n, (debit, credit, amount, note) in enumerate(sides)
        if amount
    ])  # fmt: skip
