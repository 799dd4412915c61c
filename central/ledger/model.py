"""Accounts and moves: every move debits one account and credits another, whole minor units, append only.

What is owed or owned is a sum of moves; nothing is edited, a mistake is moved back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.entity import Link, Ref, entity
from central.kernel.slots import Slot
from shared.ids import Id
from shared.money import Minor

SOLD = Slot("the order that a move is for")


class LedgerPrivilege(StrEnum):
    LEDGER_READ = "ledger.move.read"


class AccountKind(StrEnum):
    REVENUE = auto()
    CUSTOMERS = auto()  # what customers owe: a sale debits it, a payment credits it
    CARD = auto()
    CASH = auto()
    DEFERRED = auto()


@entity("account", read=LedgerPrivilege.LEDGER_READ, unique=(("context_id", "kind", "currency"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An organiser's account in one currency."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    kind: AccountKind
    currency: str


@entity("move", read=LedgerPrivilege.LEDGER_READ, index=(("order_id",), ("at",)))
@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`amount` minor units from debit to credit."""

    id: Id
    at: datetime
    debit_id: Annotated[Id, Ref("account")]
    credit_id: Annotated[Id, Ref("account")]
    amount: Minor
    currency: str
    order_id: Annotated[Id, Link(SOLD)] | None
    note: str
