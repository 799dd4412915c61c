"""What an operator's page shows, as far as the asker may see it: what they were given and where, to what they are
narrowed, where they are signed in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from central.kernel.contexts import Context, contexts_below, path_of
from central.kernel.db import in_list
from central.kernel.erasure import Stays, stays_of
from central.kernel.privileges import nodes
from central.kernel.replies import NoEntry
from central.kernel.tx import Read
from central.organisation.grants import nameable, narrowing_kinds
from central.organisation.model import (
    Grant,
    Letter,
    Operator,
    OperatorProfile,
    OrganisationPrivilege,
    Perimeter,
    PerimeterKind,
    Role,
    SignInSession,
)
from central.organisation.rights import second_factor_demanded
from central.organisation.rules import ended, is_good
from central.web.context_marks import context_marks
from central.web.screens.names import Labels, house_timezone, labels
from central.web.texts import Texts
from shared.ids import Id
from shared.outcome import Refused

MOST_CONTEXTS = 200


@dataclass(frozen=True, slots=True)
class Narrowed:
    """One kind of the perimeter: what is chosen, and what there is to choose from. `idle`: it narrows nothing, and can
    only be lifted."""

    kind: PerimeterKind
    chosen: frozenset[str]
    choices: tuple[tuple[str, str], ...]
    idle: bool


@dataclass(frozen=True, slots=True)
class OperatorView:
    """All that the operator's page shows. `may` are the acts that the asker holds the privilege for."""

    operator: Operator
    roles: tuple[Role, ...]
    grants: tuple[Grant, ...]
    perimeter: tuple[Narrowed, ...]
    sessions: tuple[SignInSession, ...] | None
    letter: Letter | None
    profiles: tuple[OperatorProfile, ...]
    contexts: tuple[tuple[str, str], ...]
    named: Labels
    demanded: bool
    may_change: bool
    may_end: bool
    may_erase: bool
    stays: list[Stays]
    zone: Any
    now: Any


def operator_view(read: Read, t: Texts, operator_id: str, idle: timedelta) -> OperatorView | Refused | None:
    """`idle`: what ends a session that nobody uses."""
    operator = read.get(Operator, operator_id)
    if operator is None:
        return None
    path = path_of(read, operator.context_id)
    if not read.actor.may(OrganisationPrivilege.OPERATOR_READ, path) and operator.id != read.actor.id:
        return Refused(NoEntry.NOT_ALLOWED, fix=OrganisationPrivilege.OPERATOR_READ)
    may_change = read.actor.may(OrganisationPrivilege.OPERATOR_MODIFY, path)
    roles = read.find(Role, "WHERE operator_id = :id ORDER BY id", id=operator.id)
    grants = read.find(Grant, "WHERE operator_id = :id ORDER BY privilege, id", id=operator.id)
    rows = read.find(Perimeter, "WHERE operator_id = :id ORDER BY kind, object_id", id=operator.id)
    sees_sessions = read.actor.may(OrganisationPrivilege.SESSION_READ, path)
    sessions = read.find(SignInSession, "WHERE operator_id = :id ORDER BY seen DESC", id=operator.id)
    letters = read.find(Letter, "WHERE operator_id = :id AND used IS NULL ORDER BY asked DESC LIMIT 1", id=operator.id)
    profiles = read.find(OperatorProfile, "ORDER BY code")
    wanted: list[tuple[str, str]] = [("operator_profile", each.profile_id) for each in roles]
    wanted += [("context", operator.context_id)]
    wanted += [("context", each.context_id) for each in roles] + [("context", each.context_id) for each in grants]
    wanted += [(each.kind, each.object_id) for each in rows]
    return OperatorView(
        operator, tuple(roles), tuple(grants), perimeter_view(read, t, operator, rows),
        tuple(each for each in sessions if not ended(each, read.now, idle)) if sees_sessions else None,
        letters[0] if letters and is_good(letters[0], read.now) else None,
        tuple(each for each in profiles if set(path_of(read, each.context_id)) & set(path) or may_change),
        contexts_with(read, t, OrganisationPrivilege.OPERATOR_MODIFY, operator.context_id), labels(read, t, wanted),
        second_factor_demanded(read, operator.id), may_change, read.actor.may(OrganisationPrivilege.SESSION_END, path),
        read.actor.may(OrganisationPrivilege.OPERATOR_DELETE, path),
        stays_of(read, "operator", operator.id) if operator.erased else [],
        house_timezone(read), read.now,
    )  # fmt: skip


def perimeter_view(read: Read, t: Texts, operator: Operator, rows: list[Perimeter]) -> tuple[Narrowed, ...]:
    """Every kind that narrows; and of the others those that somebody was narrowed to before they were refused."""
    narrowing = narrowing_kinds()
    kinds = [kind for kind in PerimeterKind if kind in narrowing or any(each.kind is kind for each in rows)]
    return tuple(_narrowed(read, t, operator, rows, kind, idle=kind not in narrowing) for kind in kinds)


def _narrowed(
    read: Read, t: Texts, operator: Operator, rows: list[Perimeter], kind: PerimeterKind, *, idle: bool
) -> Narrowed:
    chosen = frozenset(each.object_id for each in rows if each.kind is kind)
    if idle:
        return Narrowed(kind, chosen, (), idle=True)
    allowed = [each for each in sorted(nameable(read, kind, operator)) if read.actor.within(kind, each)]
    named = labels(read, t, [(kind, each) for each in allowed])
    found = sorted(((each, named(kind, each)) for each in allowed), key=lambda pair: pair[1].casefold())
    return Narrowed(kind, chosen, tuple(found), idle=False)


def contexts_with(read: Read, t: Texts, privilege: str, at: str = "") -> tuple[tuple[str, str], ...]:
    """(id, path in words) of the contexts in which the asker holds this: the uppermost ones, and `at`. In others it is
    given by the form of its command, where one looks for them."""
    held = {context for node, context in read.actor.grants if node in nodes(privilege)}
    found = set(contexts_below(read, *sorted(held), most=MOST_CONTEXTS))
    if at and read.actor.may(privilege, path_of(read, at)):
        found.add(Id(at))
    known: dict[str, Context] = {}
    wanted: set[str] = {*found}
    while wanted:
        among, params = in_list("c", sorted(wanted))
        known |= {each.id: each for each in read.find(Context, f"WHERE id IN {among}", **params)}
        wanted = {str(each.parent_id) for each in known.values() if each.parent_id} - known.keys()
    marks = context_marks(t, known.values())

    def said(each: Context) -> str:
        above = known.get(each.parent_id or "")
        return (f"{said(above)} › " if above else "") + t.of(each.names) + marks.get(each.id, "")

    return tuple(sorted(((each, said(known[each])) for each in found), key=lambda pair: pair[1].casefold()))
