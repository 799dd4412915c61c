"""What people and programs are given: profiles at contexts, single privileges, a perimeter.

Four rules stand above all of it. Nobody gives what they do not hold themselves, there, within their own perimeter.
Nobody changes who holds more than they do: a new mail address would be a way in as them. Nobody changes their
own rights, and who gives to others gave their password a short while ago (access_guard.py). And the last administrator
stays, because afterwards nobody could give anything any more.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from central.kernel.actor import ActorKind
from central.kernel.contexts import path_of
from central.kernel.crud import NoChange, checked
from central.kernel.entity import BY_NAME, Between, Loose, Ref
from central.kernel.reach import reached
from central.kernel.registry import Where, handles, known_nodes
from central.kernel.scope import context_of, contexts_of
from central.kernel.tx import Read, Tx
from central.organisation.access_guard import closes, lately, opens
from central.organisation.model import (
    Grant,
    NoOperator,
    Operator,
    OperatorProfile,
    OrganisationPrivilege,
    Perimeter,
    PerimeterKind,
    Role,
    SignInSession,
)
from central.organisation.rights import administrators, held_by, lacking, perimeter_of
from central.organisation.rules import Held, administrator_remains, uncovered
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

MOST_OBJECTS = 500  # to choose from on a screen


def at_row(kind: type[Role | Grant | SignInSession], field: str) -> Where:
    """The context of the operator that such a row belongs to, whatever context the row itself names."""

    def at(read: Read, want: Any) -> str | None:
        row = read.get(kind, getattr(want, field))
        return context_of(read, "operator", row.operator_id) if row else None

    return at


# --- what they are given ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveRole:
    """A profile, held at a context and everything below it: the profile's own context, or one below."""

    operator_id: Annotated[Id, Ref("operator")]
    profile_id: Annotated[Id, Ref("operator_profile")]
    context_id: Annotated[Id, Ref("context")]


@handles(GiveRole, needs=OrganisationPrivilege.OPERATOR_MODIFY, at="operator_id", refuses=(NoOperator,))
def give_role(tx: Tx, want: GiveRole) -> Outcome[Id]:
    operator, profile = tx.get(Operator, want.operator_id), tx.get(OperatorProfile, want.profile_id)
    if operator is None:
        return Refused(NoOperator.NO_SUCH_OPERATOR, fix="operator_id")
    if profile is None:
        return Refused(NoOperator.NO_SUCH_PROFILE, fix="profile_id")
    if operator.erased:
        return Refused(NoOperator.ERASED, fix=operator.id)
    if refused := opens(tx, operator.id, NoOperator.OWN_RIGHTS):
        return refused
    path = path_of(tx, want.context_id)
    if not path:
        return Refused(NoOperator.NO_SUCH_CONTEXT, fix="context_id")
    if profile.context_id not in path:
        return Refused(NoOperator.WRONG_CONTEXT, fix="context_id", detail={"profile_stands_at": profile.context_id})
    given = {(node, str(want.context_id)) for node in profile.privileges}
    if refused := not_yours(tx, given, perimeter_of(tx, operator.id)):
        return refused
    role = Role(id=tx.new_id("role"), operator_id=operator.id, profile_id=profile.id, context_id=want.context_id)
    if not tx.insert_if_absent(role):
        return Refused(NoOperator.ALREADY_GIVEN, fix=profile.code)
    return Ok(role.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRole:
    """Takes a profile away from an operator at a context."""

    role_id: Annotated[Id, Ref("operator_role")]


@handles(TakeRole, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoOperator,), at=at_row(Role, "role_id"))
def take_role(tx: Tx, want: TakeRole) -> Outcome[None]:
    role = tx.get(Role, want.role_id)
    if role is None:
        return Refused(NoOperator.NO_SUCH_ROLE, fix=want.role_id)
    if refused := closes(tx, role.operator_id, NoOperator.OWN_RIGHTS):
        return refused
    profile = tx.get(OperatorProfile, role.profile_id)
    assert profile, "a foreign key"
    more = lacking(tx, [(node, role.context_id) for node in profile.privileges])
    if more:
        return Refused(NoOperator.HOLDS_MORE, fix=role.operator_id, detail={"privileges": more})
    return governed(tx, lambda: tx.delete(role))


@dataclass(frozen=True, slots=True, kw_only=True)
class GivePrivilege:
    """A single node of the tree of privileges, at a context and everything below it, beside any profile."""

    operator_id: Annotated[Id, Ref("operator")]
    context_id: Annotated[Id, Ref("context")]
    privilege: str


@handles(GivePrivilege, needs=OrganisationPrivilege.OPERATOR_MODIFY, at="operator_id", refuses=(NoOperator,))
def give_privilege(tx: Tx, want: GivePrivilege) -> Outcome[Id]:
    operator = tx.get(Operator, want.operator_id)
    if operator is None:
        return Refused(NoOperator.NO_SUCH_OPERATOR, fix="operator_id")
    if operator.erased:
        return Refused(NoOperator.ERASED, fix=operator.id)
    if refused := opens(tx, operator.id, NoOperator.OWN_RIGHTS):
        return refused
    if not path_of(tx, want.context_id):
        return Refused(NoOperator.NO_SUCH_CONTEXT, fix="context_id")
    given = {(want.privilege, str(want.context_id))}
    refused = unknown((want.privilege,)) or not_yours(tx, given, perimeter_of(tx, operator.id))
    if refused:
        return refused
    grant = Grant(id=tx.new_id("grant"), operator_id=operator.id, context_id=want.context_id, privilege=want.privilege)
    if not tx.insert_if_absent(grant):
        return Refused(NoOperator.ALREADY_GIVEN, fix=want.privilege)
    return Ok(grant.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePrivilege:
    """Takes a single privilege away."""

    grant_id: Annotated[Id, Ref("operator_grant")]


@handles(
    TakePrivilege,
    needs=OrganisationPrivilege.OPERATOR_MODIFY,
    refuses=(NoOperator,),
    at=at_row(Grant, "grant_id"),
)
def take_privilege(tx: Tx, want: TakePrivilege) -> Outcome[None]:
    grant = tx.get(Grant, want.grant_id)
    if grant is None:
        return Refused(NoOperator.NO_SUCH_ROLE, fix=want.grant_id)
    if refused := closes(tx, grant.operator_id, NoOperator.OWN_RIGHTS):
        return refused
    if more := lacking(tx, [(grant.privilege, grant.context_id)]):
        return Refused(NoOperator.HOLDS_MORE, fix=grant.operator_id, detail={"privileges": more})
    return governed(tx, lambda: tx.delete(grant))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPerimeter:
    """Narrows an operator to these objects of a kind; none: not narrowed in it. Who is narrowed themselves narrows
    others at least as much."""

    operator_id: Annotated[Id, Ref("operator")]
    kind: PerimeterKind
    object_ids: Annotated[
        tuple[
            Annotated[str, Loose("rows of a kind that another field says; each is asked for"), Between(most=26)], ...
        ],
        Between(most=500),
    ]


@handles(SetPerimeter, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoOperator, NoChange))
def set_perimeter(tx: Tx, want: SetPerimeter) -> Outcome[None]:
    operator = below_you(tx, want.operator_id)
    if isinstance(operator, Refused):
        return operator
    if refused := opens(tx, operator.id, NoOperator.OWN_RIGHTS):
        return refused
    wanted = frozenset(want.object_ids)
    if wanted and want.kind not in narrowing_kinds():  # it may be lifted, where it was set before this was refused
        return Refused(NoOperator.NARROWS_NOTHING, fix="kind", detail={"kinds": narrowing_kinds()})
    own = tx.actor.perimeter.get(want.kind)
    if own is not None and not (wanted and wanted <= own):
        return Refused(NoOperator.NOT_YOURS_TO_GIVE, fix=want.kind, detail={"perimeter": [want.kind]})
    if wanted and (gone := sorted(wanted - nameable(tx, want.kind, operator, sorted(wanted)))):
        fault = {"at": "object_ids", "what": "no_such", "entity": want.kind, "ids": gone}
        return Refused(NoChange.FAULTY, fix="object_ids", detail={"faults": [fault]})
    there = {each.object_id: each for each in tx.find(
        Perimeter, "WHERE operator_id = :id AND kind = :kind", id=operator.id, kind=want.kind
    )}  # fmt: skip

    def change() -> None:
        for object_id in sorted(there.keys() - wanted):
            tx.delete(there[object_id])
        new = sorted(wanted - there.keys())
        tx.insert_all(
            [
                Perimeter(id=tx.new_id(want.kind, each), operator_id=operator.id, kind=want.kind, object_id=each)
                for each in new
            ]
        )

    return governed(tx, change)


def _held_oneself(read: Read, profile_id: str, *, stricter: bool) -> Refused | None:
    """`stricter`: all that changes is that a second factor is wanted from now on, which nobody gains by."""
    refused = lately(read)
    mine = read.one(
        "SELECT 1 FROM operator_role WHERE profile_id = :id AND operator_id = :me", id=profile_id, me=read.actor.id
    )
    return Refused(NoOperator.OWN_RIGHTS, fix=profile_id) if mine and not stricter else refused


def narrowing_kinds() -> list[PerimeterKind]:
    """Those that narrow: what somebody sees and does is told by the rows that name such an object."""
    return [kind for kind in PerimeterKind if kind in BY_NAME]


def nameable(read: Read, kind: PerimeterKind, operator: Operator, among: Sequence[str] | None = None) -> frozenset[str]:
    """The objects to which the asker may narrow this operator (of `among`; none said: the first `MOST_OBJECTS`): on the
    line of where the operator stands, or where the asker changes operators too. Others are not there (reach.py)."""
    stands = contexts_of(read, kind, among, max(MOST_OBJECTS, len(among or ())))
    place = path_of(read, operator.context_id)
    paths = {context: path_of(read, context) for context in set(stands.values())}
    within = {
        context
        for context, path in paths.items()
        if reached(place, path, read.actor.may(OrganisationPrivilege.OPERATOR_MODIFY, path), None)
    }
    return frozenset(object_id for object_id, context in stands.items() if context in within)


# --- profiles ---------------------------------------------------------------------------------------------------------


@checked(OperatorProfile, refuses=(NoOperator,))
def sound_profile(read: Read, before: OperatorProfile | None, after: OperatorProfile | None) -> Refused | None:
    """What the form of a profile must not do: name what nobody can hold, give what its writer does not hold, change
    what its writer holds themselves, or leave the house without an administrator."""
    profile = after or before
    assert profile
    was = (set(before.privileges), before.second_factor) if before else (set[str](), False)
    shall = (set(after.privileges), after.second_factor) if after else (set[str](), False)
    if refused := unknown(shall[0] - was[0]):  # what an older release knew may stay: it opens nothing
        return refused
    if was == shall:
        return None
    if before and after and (refused := _held_oneself(read, before.id, stricter=was == (shall[0], False))):
        return refused
    refused = not_yours(read, {(node, profile.context_id) for node in was[0] | shall[0]}, read.actor.perimeter)
    if refused:
        return refused
    if shall[0] - was[0] and read.actor.perimeter and before:  # it may be held by people who are not narrowed
        detail = {"perimeter": sorted(read.actor.perimeter)}
        return Refused(NoOperator.NOT_YOURS_TO_GIVE, fix="privileges", detail=detail)
    left = administrators(read, profile.id, shall[0])
    return None if administrator_remains(administrators(read), left) else Refused(NoOperator.LAST_ADMINISTRATOR)


# --- what all of them ask ---------------------------------------------------------------------------------------------


def below_you(tx: Tx, operator_id: str) -> Operator | Refused:
    """An operator who holds nothing that the asker does not hold."""
    operator = tx.get(Operator, operator_id)
    if operator is None:
        return Refused(NoOperator.NO_SUCH_OPERATOR, fix=operator_id)
    if operator.erased:
        return Refused(NoOperator.ERASED, fix=operator_id)
    if operator.id == tx.actor.id or tx.actor.kind is ActorKind.SYSTEM:
        return operator
    more, wider = lacking(tx, held_by(tx, operator.id)), uncovered(tx.actor.perimeter, perimeter_of(tx, operator.id))
    if more or wider:
        return Refused(NoOperator.HOLDS_MORE, fix=operator.id, detail={"privileges": more, "perimeter": wider})
    return operator


def not_yours(read: Read, given: Held | set[tuple[str, str]], perimeter: dict[str, frozenset[str]]) -> Refused | None:
    """Why the asker may not give this to somebody with that perimeter."""
    lacks = lacking(read, given)
    wider = uncovered(read.actor.perimeter, perimeter)
    if not lacks and not wider:
        return None
    detail = {"privileges": lacks} | ({"perimeter": wider} if wider else {})
    return Refused(NoOperator.NOT_YOURS_TO_GIVE, fix="privileges", detail=detail)


def unknown(wanted: Collection[str]) -> Refused | None:
    strangers = sorted(set(wanted) - known_nodes())
    if not strangers:
        return None
    faults = [{"at": "privileges", "what": "unknown_privilege", "value": each} for each in strangers]
    return Refused(NoOperator.UNKNOWN_PRIVILEGE, fix=strangers[0], detail={"privileges": strangers, "faults": faults})


def governed(tx: Tx, change: Callable[[], Any]) -> Outcome[None]:
    """Makes a change unless nobody would be left who can give everything: a refusal after it leaves no trace."""
    before = administrators(tx)
    change()
    return Ok(None) if administrator_remains(before, administrators(tx)) else Refused(NoOperator.LAST_ADMINISTRATOR)
