"""People and programs, and what they are given: profiles at contexts, single privileges, a perimeter.

Three rules stand above all of it. Nobody gives what they do not hold themselves, there, within their own perimeter.
Nobody changes who holds more than they do: a new mail address would be a way into that account. And the last
administrator stays, because afterwards nobody could give anything any more.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

from central.kernel.declared import NoChange, checked
from central.kernel.entity import BY_NAME, ENTITIES, Look, Ref, Secret
from central.kernel.registry import Place, handles
from central.kernel.scope import context_of
from central.kernel.tx import ActorKind, Read, Tx
from central.kernel.values import faults_of
from central.organisation.contexts import insert_program, path_of
from central.organisation.letters import ask_letter, tell_owner, void_letters
from central.organisation.model import (
    Grant,
    LetterKind,
    NoContext,
    NoOperator,
    Operator,
    OperatorKind,
    Perimeter,
    PerimeterKind,
    Privilege,
    Profile,
    Role,
    Session,
)
from central.organisation.rights import administrators, held_by, known_nodes, lacking, perimeter_of
from central.organisation.rules import Held, administrator_remains, uncovered
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused


def at_operator(read: Read, want: Any) -> str | None:
    return context_of(read, "operator", want.operator_id)


def at_row(table: str, field: str) -> Place:
    """The context of the operator that a row of `table` belongs to, whatever context the row itself names."""

    def at(read: Read, want: Any) -> str | None:
        row = read.one(f"SELECT operator_id FROM {table} WHERE id = :id", id=getattr(want, field))  # noqa: S608
        return context_of(read, "operator", row[0]) if row else None

    return at


# --- making them ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InviteOperator:
    """A person who signs in: gets a letter with a link that sets the password. `profile_id`: what they begin with, at
    `context_id`. Who is narrowed themselves invites people as narrowed as they are."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    name: str
    email: Annotated[str, Look.EMAIL]
    language: Annotated[str, Look.LANGUAGE]
    profile_id: Annotated[Id, Ref("profile")] | None = None


@handles(InviteOperator, needs=Privilege.OPERATOR_CREATE, gives=Id)
def invite_operator(tx: Tx, want: InviteOperator) -> Outcome[Id]:
    email = mail_address(want.email)
    refused = _faulty(tx, "", {"name": want.name, "email": email, "language": want.language})
    if refused:
        return refused
    insert_person(tx, want.id, want.context_id, want.name, email, want.language)
    own = [(kind, each) for kind, allowed in sorted(tx.actor.perimeter.items()) for each in sorted(allowed)]
    tx.insert_all([Perimeter(tx.new_id(kind, each), want.id, PerimeterKind(kind), each) for kind, each in own])
    if want.profile_id:
        given = give_role(tx, GiveRole(want.id, want.profile_id, want.context_id))
        if isinstance(given, Refused):
            return given
    ask_letter(tx, want.id, LetterKind.INVITATION)
    return Ok(want.id)


def insert_person(tx: Tx, operator_id: Id, context_id: Id, name: str, email: str, language: str) -> None:
    """Somebody without a password yet, whom nothing lets in before a letter does."""
    tx.insert(
        Operator(
            id=operator_id, context_id=context_id, kind=OperatorKind.PERSON, name=name.strip(), email=email,
            language=language, active=True, key_digest="", password="", totp="", totp_step=0, recovery=(),
        )
    )  # fmt: skip


def mail_address(said: str) -> str:
    """As it is kept and looked for: who types a capital is the same person."""
    return said.strip().casefold()


@dataclass(frozen=True, slots=True)
class CreateOperator:
    """A program with privileges at `context_id`; the caller made the key and keeps it, we keep its digest.
    `points_of_sale` narrows where it may sell; empty: everywhere in its contexts."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    name: str
    key_digest: Annotated[str, Secret()]
    privileges: Annotated[tuple[str, ...], Look.PRIVILEGES]
    points_of_sale: tuple[Annotated[Id, Ref("point_of_sale")], ...] = ()


@handles(CreateOperator, needs=Privilege.OPERATOR_CREATE, gives=Id)
def create_operator(tx: Tx, want: CreateOperator) -> Outcome[Id]:
    """Nobody gives a right that they do not hold there themselves."""
    refused = _faulty(tx, "", {"name": want.name}) or _unknown(want.privileges)
    if refused:
        return refused
    wanted = {"point_of_sale": frozenset(map(str, want.points_of_sale))} if want.points_of_sale else {}
    refused = _not_yours(tx, {(node, want.context_id) for node in want.privileges}, {**tx.actor.perimeter, **wanted})
    if refused:
        return refused
    insert_program(tx, want.id, want.context_id, want.name.strip(), want.key_digest, want.privileges)
    narrowed = {**tx.actor.perimeter, **wanted}
    pairs = [(kind, each) for kind, allowed in sorted(narrowed.items()) for each in sorted(allowed)]
    tx.insert_all([Perimeter(tx.new_id(kind, each), want.id, PerimeterKind(kind), each) for kind, each in pairs])
    return Ok(want.id)


# --- changing them ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChangeOperator:
    """Name, mail address and language; a program has no mail address. Who gets another address is told at the old one
    too, and links that are on their way there open nothing any more."""

    operator_id: Annotated[Id, Ref("operator")]
    name: str
    language: Annotated[str, Look.LANGUAGE]
    email: Annotated[str, Look.EMAIL] | None = None


@handles(ChangeOperator, needs=Privilege.OPERATOR_MODIFY, at=at_operator)
def change_operator(tx: Tx, want: ChangeOperator) -> Outcome[None]:
    before = _below_you(tx, want.operator_id)
    if isinstance(before, Refused):
        return before
    person = before.kind is OperatorKind.PERSON
    email = mail_address(want.email or "") if person else None
    said = {"name": want.name, "language": want.language} | ({"email": email} if person else {})
    if refused := _faulty(tx, before.id, said):
        return refused
    tx.update(before, replace(before, name=want.name.strip(), language=want.language, email=email))
    if person and before.email != email:
        void_letters(tx, before.id)
        tell_owner(tx, before, "mail_address_changed", to=before.email or "")
    return Ok(None)


@dataclass(frozen=True, slots=True)
class DeactivateOperator:
    """They may do nothing any more, from this moment: their sessions end, their key and their links open nothing."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(DeactivateOperator, needs=Privilege.OPERATOR_MODIFY, at=at_operator)
def deactivate_operator(tx: Tx, want: DeactivateOperator) -> Outcome[None]:
    before = _below_you(tx, want.operator_id)
    if isinstance(before, Refused):
        return before

    def change() -> None:
        tx.update(before, replace(before, active=False))
        end_sessions_of(tx, before.id)

    return _governed(tx, change)


@dataclass(frozen=True, slots=True)
class ReactivateOperator:
    """They may again what their profiles say, with the password or key they had."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(ReactivateOperator, needs=Privilege.OPERATOR_MODIFY, at=at_operator)
def reactivate_operator(tx: Tx, want: ReactivateOperator) -> Outcome[None]:
    before = _below_you(tx, want.operator_id)
    if isinstance(before, Refused):
        return before
    tx.update(before, replace(before, active=True))
    return Ok(None)


@dataclass(frozen=True, slots=True)
class SendLetter:
    """Writes to a person again: an invitation as long as they have no password, afterwards a link to a new one."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(SendLetter, needs=Privilege.OPERATOR_MODIFY, at=at_operator)
def send_letter(tx: Tx, want: SendLetter) -> Outcome[None]:
    person = _person_below_you(tx, want.operator_id)
    if isinstance(person, Refused):
        return person
    ask_letter(tx, person.id, LetterKind.RESET if person.password else LetterKind.INVITATION)
    return Ok(None)


@dataclass(frozen=True, slots=True)
class ClearSecondFactor:
    """For somebody whose telephone and recovery codes are both lost: they sign in without, and set up a new one where
    a profile wants it. Make sure that it is them who asks."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(ClearSecondFactor, needs=Privilege.OPERATOR_MODIFY, at=at_operator)
def clear_second_factor(tx: Tx, want: ClearSecondFactor) -> Outcome[None]:
    person = _person_below_you(tx, want.operator_id)
    if isinstance(person, Refused):
        return person
    tx.update(person, replace(person, totp="", totp_step=0, recovery=()))
    end_sessions_of(tx, person.id)
    tell_owner(tx, person, "second_factor_removed")
    return Ok(None)


@dataclass(frozen=True, slots=True)
class RenewKey:
    """A program's new key; the old one opens nothing from this moment. The caller made it, we keep its digest."""

    operator_id: Annotated[Id, Ref("operator")]
    key_digest: Annotated[str, Secret()]


@handles(RenewKey, needs=Privilege.OPERATOR_MODIFY, at=at_operator)
def renew_key(tx: Tx, want: RenewKey) -> Outcome[None]:
    program = _below_you(tx, want.operator_id)
    if isinstance(program, Refused):
        return program
    if program.kind is not OperatorKind.PROGRAM:
        return Refused(NoOperator.NOT_A_PROGRAM, fix=program.id)
    tx.update(program, replace(program, key_digest=want.key_digest))
    return Ok(None)


@dataclass(frozen=True, slots=True)
class WithdrawKey:
    """A program's key opens nothing any more; a new one can be made."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(WithdrawKey, needs=Privilege.OPERATOR_MODIFY, at=at_operator)
def withdraw_key(tx: Tx, want: WithdrawKey) -> Outcome[None]:
    program = _below_you(tx, want.operator_id)
    if isinstance(program, Refused):
        return program
    if program.kind is not OperatorKind.PROGRAM:
        return Refused(NoOperator.NOT_A_PROGRAM, fix=program.id)
    return _governed(tx, lambda: tx.update(program, replace(program, key_digest="")))


# --- what they are given ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GiveRole:
    """A profile, held at a context and everything below it: the profile's own context, or one below."""

    operator_id: Annotated[Id, Ref("operator")]
    profile_id: Annotated[Id, Ref("profile")]
    context_id: Annotated[Id, Ref("context")]


@handles(GiveRole, needs=Privilege.OPERATOR_MODIFY, at=at_operator)
def give_role(tx: Tx, want: GiveRole) -> Outcome[Id]:
    operator, profile = tx.get(Operator, want.operator_id), tx.get(Profile, want.profile_id)
    if operator is None:
        return Refused(NoOperator.NO_SUCH_OPERATOR, fix="operator_id")
    if profile is None:
        return Refused(NoOperator.NO_SUCH_PROFILE, fix="profile_id")
    path = path_of(tx, want.context_id)
    if not path:
        return Refused(NoOperator.NO_SUCH_CONTEXT, fix="context_id")
    if profile.context_id not in path:
        return Refused(NoOperator.WRONG_CONTEXT, fix="context_id", detail={"profile_stands_at": profile.context_id})
    given = {(node, str(want.context_id)) for node in profile.privileges}
    if refused := _not_yours(tx, given, perimeter_of(tx, operator.id)):
        return refused
    role = Role(tx.new_id("role"), operator.id, profile.id, want.context_id)
    if not tx.insert_if_absent(role):
        return Refused(NoOperator.ALREADY_GIVEN, fix=profile.code)
    return Ok(role.id)


@dataclass(frozen=True, slots=True)
class TakeRole:
    """Takes a profile away from an operator at a context."""

    role_id: Annotated[Id, Ref("operator_role")]


@handles(TakeRole, needs=Privilege.OPERATOR_MODIFY, at=at_row("operator_role", "role_id"))
def take_role(tx: Tx, want: TakeRole) -> Outcome[None]:
    role = tx.get(Role, want.role_id)
    if role is None:
        return Refused(NoOperator.NO_SUCH_ROLE, fix=want.role_id)
    profile = tx.get(Profile, role.profile_id)
    assert profile, "a foreign key"
    more = lacking(tx, [(node, role.context_id) for node in profile.privileges])
    if more:
        return Refused(NoOperator.HOLDS_MORE, fix=role.operator_id, detail={"privileges": more})
    return _governed(tx, lambda: tx.delete(role))


@dataclass(frozen=True, slots=True)
class GivePrivilege:
    """A single node of the tree of privileges, at a context and everything below it, beside any profile."""

    operator_id: Annotated[Id, Ref("operator")]
    context_id: Annotated[Id, Ref("context")]
    privilege: str


@handles(GivePrivilege, needs=Privilege.OPERATOR_MODIFY, at=at_operator)
def give_privilege(tx: Tx, want: GivePrivilege) -> Outcome[Id]:
    operator = tx.get(Operator, want.operator_id)
    if operator is None:
        return Refused(NoOperator.NO_SUCH_OPERATOR, fix="operator_id")
    if not path_of(tx, want.context_id):
        return Refused(NoOperator.NO_SUCH_CONTEXT, fix="context_id")
    given = {(want.privilege, str(want.context_id))}
    refused = _unknown((want.privilege,)) or _not_yours(tx, given, perimeter_of(tx, operator.id))
    if refused:
        return refused
    grant = Grant(tx.new_id("grant"), operator.id, want.context_id, want.privilege)
    if not tx.insert_if_absent(grant):
        return Refused(NoOperator.ALREADY_GIVEN, fix=want.privilege)
    return Ok(grant.id)


@dataclass(frozen=True, slots=True)
class TakePrivilege:
    """Takes a single privilege away."""

    grant_id: Annotated[Id, Ref("operator_grant")]


@handles(TakePrivilege, needs=Privilege.OPERATOR_MODIFY, at=at_row("operator_grant", "grant_id"))
def take_privilege(tx: Tx, want: TakePrivilege) -> Outcome[None]:
    grant = tx.get(Grant, want.grant_id)
    if grant is None:
        return Refused(NoOperator.NO_SUCH_ROLE, fix=want.grant_id)
    if more := lacking(tx, [(grant.privilege, grant.context_id)]):
        return Refused(NoOperator.HOLDS_MORE, fix=grant.operator_id, detail={"privileges": more})
    return _governed(tx, lambda: tx.delete(grant))


@dataclass(frozen=True, slots=True)
class SetPerimeter:
    """Narrows an operator to these objects of a kind; none: not narrowed in it. Who is narrowed themselves narrows
    others at least as much."""

    operator_id: Annotated[Id, Ref("operator")]
    kind: PerimeterKind
    object_ids: tuple[str, ...]


@handles(SetPerimeter, needs=Privilege.OPERATOR_MODIFY, at=at_operator)
def set_perimeter(tx: Tx, want: SetPerimeter) -> Outcome[None]:
    operator = _below_you(tx, want.operator_id)
    if isinstance(operator, Refused):
        return operator
    wanted = frozenset(want.object_ids)
    own = tx.actor.perimeter.get(want.kind)
    if own is not None and not (wanted and wanted <= own):
        return Refused(NoOperator.NOT_YOURS_TO_GIVE, fix=want.kind, detail={"perimeter": [want.kind]})
    if gone := _unknown_objects(tx, want.kind, wanted):
        fault = {"at": "object_ids", "what": "no_such", "entity": want.kind, "ids": gone}
        return Refused(NoChange.FAULTY, fix="object_ids", detail={"faults": [fault]})
    there = {each.object_id: each for each in tx.find(
        Perimeter, "WHERE operator_id = :id AND kind = :kind", id=operator.id, kind=want.kind
    )}  # fmt: skip

    def change() -> None:
        for object_id in sorted(there.keys() - wanted):
            tx.delete(there[object_id])
        new = sorted(wanted - there.keys())
        tx.insert_all([Perimeter(tx.new_id(want.kind, each), operator.id, want.kind, each) for each in new])

    return _governed(tx, change)


def _unknown_objects(read: Read, kind: PerimeterKind, wanted: frozenset[str]) -> list[str]:
    """A kind whose entity is declared names its rows; the others are codes of the trade."""
    if kind not in BY_NAME:
        return []
    return [each for each in sorted(wanted) if not read.one(f"SELECT 1 FROM {kind} WHERE id = :id", id=each)]  # noqa: S608


# --- sessions ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EndSession:
    """Signs somebody out at one browser."""

    session_id: Annotated[Id, Ref("operator_session")]


@handles(EndSession, needs=Privilege.SESSION_END, at=at_row("operator_session", "session_id"))
def end_session(tx: Tx, want: EndSession) -> Outcome[None]:
    session = tx.get(Session, want.session_id)
    if session is None:
        return Refused(NoChange.NO_SUCH, fix=want.session_id)
    tx.delete(session)
    return Ok(None)


@dataclass(frozen=True, slots=True)
class EndSessions:
    """Signs somebody out everywhere."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(EndSessions, needs=Privilege.SESSION_END, at=at_operator)
def end_sessions(tx: Tx, want: EndSessions) -> Outcome[None]:
    end_sessions_of(tx, want.operator_id)
    return Ok(None)


def end_sessions_of(tx: Tx, operator_id: str, but: str = "") -> None:
    for session in tx.find(Session, "WHERE operator_id = :id AND id <> :but ORDER BY id", id=operator_id, but=but):
        tx.delete(session)


# --- profiles ---------------------------------------------------------------------------------------------------------


@checked(Profile)
def sound_profile(read: Read, before: Profile | None, after: Profile | None) -> Refused | None:
    """What the form of a profile must not do: name what nobody can hold, give what its writer does not hold, or leave
    the house without an administrator."""
    profile = after or before
    assert profile
    if after and (refused := _unknown(after.privileges)):
        return refused
    was = (set(before.privileges), before.second_factor) if before else (set[str](), False)
    shall = (set(after.privileges), after.second_factor) if after else (set[str](), False)
    if was == shall:
        return None
    refused = _not_yours(read, {(node, profile.context_id) for node in was[0] | shall[0]}, read.actor.perimeter)
    if refused:
        return refused
    if shall[0] - was[0] and read.actor.perimeter and before:  # it may be held by people who are not narrowed
        detail = {"perimeter": sorted(read.actor.perimeter)}
        return Refused(NoOperator.NOT_YOURS_TO_GIVE, fix="privileges", detail=detail)
    left = administrators(read, profile.id, shall[0])
    return None if administrator_remains(administrators(read), left) else Refused(NoOperator.LAST_ADMINISTRATOR)


# --- what all of them ask ---------------------------------------------------------------------------------------------


def _below_you(tx: Tx, operator_id: str) -> Operator | Refused:
    """An operator who holds nothing that the asker does not hold."""
    operator = tx.get(Operator, operator_id)
    if operator is None:
        return Refused(NoOperator.NO_SUCH_OPERATOR, fix=operator_id)
    if operator.id == tx.actor.id or tx.actor.kind is ActorKind.SYSTEM:
        return operator
    more, wider = lacking(tx, held_by(tx, operator.id)), uncovered(tx.actor.perimeter, perimeter_of(tx, operator.id))
    if more or wider:
        return Refused(NoOperator.HOLDS_MORE, fix=operator.id, detail={"privileges": more, "perimeter": wider})
    return operator


def _person_below_you(tx: Tx, operator_id: str) -> Operator | Refused:
    operator = _below_you(tx, operator_id)
    if isinstance(operator, Operator) and operator.kind is not OperatorKind.PERSON:
        return Refused(NoOperator.NOT_A_PERSON, fix=operator.id)
    return operator


def _not_yours(read: Read, given: Held | set[tuple[str, str]], perimeter: dict[str, frozenset[str]]) -> Refused | None:
    """Why the asker may not give this to somebody with that perimeter."""
    lacks = lacking(read, given)
    wider = uncovered(read.actor.perimeter, perimeter)
    if not lacks and not wider:
        return None
    detail = {"privileges": lacks} | ({"perimeter": wider} if wider else {})
    return Refused(NoContext.NOT_YOURS_TO_GIVE, fix="privileges", detail=detail)


def _unknown(wanted: tuple[str, ...]) -> Refused | None:
    strangers = sorted(set(wanted) - known_nodes())
    if not strangers:
        return None
    faults = [{"at": "privileges", "what": "unknown_privilege", "value": each} for each in strangers]
    return Refused(NoOperator.UNKNOWN_PRIVILEGE, fix=strangers[0], detail={"privileges": strangers, "faults": faults})


def _faulty(read: Read, own_id: str, said: dict[str, Any]) -> Refused | None:
    """All that is wrong with what somebody typed, at once."""
    declaration = ENTITIES[Operator]
    faults = [fault for name, value in said.items() for fault in faults_of(declaration.column(name), value)]
    if len(str(said.get("name", "")).splitlines()) > 1:  # it stands in mails, where a line of its own could mislead
        faults.append({"at": "name", "what": "control_character"})
    email = said.get("email")
    if email and read.one("SELECT 1 FROM operator WHERE email = :email AND id <> :own", email=email, own=own_id):
        faults.append({"at": "email", "what": "taken", "value": email})
    return Refused(NoChange.FAULTY, fix=faults[0]["at"], detail={"faults": faults}) if faults else None


def _governed(tx: Tx, change: Callable[[], Any]) -> Outcome[None]:
    """Makes a change unless nobody would be left who can give everything: a refusal after it leaves no trace."""
    before = administrators(tx)
    change()
    return Ok(None) if administrator_remains(before, administrators(tx)) else Refused(NoOperator.LAST_ADMINISTRATOR)
