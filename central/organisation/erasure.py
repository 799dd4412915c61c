"""Somebody who worked here is forgotten: nobody comes in as them any more, and nothing says who they were. So is a
program, whose name may be its maker's or its user's."""

from dataclasses import dataclass, replace
from typing import Annotated

from central.kernel.entity import Ref
from central.kernel.erasure import Stays, forget
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.organisation.access_guard import opens
from central.organisation.grants import below_you, governed
from central.organisation.model import (
    Grant,
    Letter,
    NoOperator,
    Operator,
    OrganisationPrivilege,
    Perimeter,
    Role,
)
from central.organisation.sessions import end_sessions_of
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseOperator:
    """Forgets a person, or a program, for good: name and address go from everywhere, the history too. What they did
    stays, under a number that says nothing. Answers with what has to stay, until when and why. Nobody forgets
    themselves."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(EraseOperator, needs=OrganisationPrivilege.OPERATOR_DELETE, refuses=(NoOperator,), gives=list[Stays])
def erase_operator(tx: Tx, want: EraseOperator) -> Outcome[list[Stays]]:
    person = below_you(tx, want.operator_id)
    if isinstance(person, Refused):
        return person
    if refused := opens(tx, person.id):
        return refused
    closed = governed(tx, lambda: _close(tx, person))
    return closed if isinstance(closed, Refused) else Ok(forget(tx, "operator", person.id))


def _close(tx: Tx, person: Operator) -> None:
    """Whatever lets them in or lets them do anything."""
    end_sessions_of(tx, person.id)
    tx.remove(Letter, "WHERE operator_id = :id", id=person.id)
    for kind in (Role, Grant, Perimeter):  # the audit says who had them
        for row in tx.find(kind, "WHERE operator_id = :id ORDER BY id", id=person.id):
            tx.delete(row)
    tx.update(
        person, replace(person, active=False, key_digest="", password="", totp="", totp_step=0, recovery=())
    )  # fmt: skip
