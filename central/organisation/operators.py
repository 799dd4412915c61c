"""People and programs: inviting them, changing them, their letters, keys and second factors. What they are given, and
the rules that stand above it: grants.py."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from central.kernel.crud import NoChange
from central.kernel.entity import ENTITIES, Between, Look, Ref, Secret
from central.kernel.personal_data import Personal, PersonalKind
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.kernel.values import faults_of
from central.organisation.access_guard import closes, lately, opens, shows_its_key
from central.organisation.contexts import insert_program
from central.organisation.grants import GiveRole, below_you, give_role, governed, not_yours, unknown
from central.organisation.letters import ask_letter, tell_owner, void_letters
from central.organisation.model import (
    SELLS_AT,
    AskedBy,
    NoOperator,
    NoSignIn,
    Operator,
    OperatorKind,
    OrganisationPrivilege,
    Perimeter,
    PerimeterKind,
)
from central.organisation.sessions import end_sessions_of
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

# --- making them ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteOperator:
    """A person who signs in: gets a letter with a link that sets the password. `profile_id`: what they begin with, at
    `context_id`. Who is narrowed themselves invites people as narrowed as they are."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    name: Annotated[str, Personal(PersonalKind.IDENTITY), Look.NAME]
    email: Annotated[str, Look.EMAIL, Personal(PersonalKind.CONTACT)]
    language: Annotated[str, Look.LANGUAGE]
    profile_id: Annotated[Id, Ref("operator_profile")] | None = None


@handles(
    InviteOperator,
    needs=OrganisationPrivilege.OPERATOR_CREATE,
    at="context_id",
    refuses=(NoOperator, NoChange, NoSignIn),
    gives=Id,
    makes="operator",
)
def invite_operator(tx: Tx, want: InviteOperator) -> Outcome[Id]:
    email = mail_address(want.email)
    refused = opens(tx, want.id) or _faulty(tx, "", {"name": want.name, "email": email, "language": want.language})
    if refused:
        return refused
    insert_person(tx, want.id, want.context_id, want.name, email, want.language)
    own = [(kind, each) for kind, allowed in sorted(tx.actor.perimeter.items()) for each in sorted(allowed)]
    tx.insert_all(
        [
            Perimeter(id=tx.new_id(kind, each), operator_id=want.id, kind=PerimeterKind(kind), object_id=each)
            for kind, each in own
        ]
    )
    if want.profile_id:
        given = give_role(tx, GiveRole(operator_id=want.id, profile_id=want.profile_id, context_id=want.context_id))
        if isinstance(given, Refused):
            return given
    person = tx.get(Operator, want.id)
    assert person, "just made"
    ask_letter(tx, person, AskedBy.HOUSE)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOperator:
    """A program with privileges at `context_id`; the caller made the key and keeps it, we keep its digest.
    `points_of_sale` narrows where it may sell; empty: everywhere in its contexts."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    name: Annotated[str, Personal(PersonalKind.IDENTITY), Look.NAME]
    key_digest: Annotated[str, Secret()]
    privileges: Annotated[tuple[str, ...], Look.PRIVILEGES]
    points_of_sale: Annotated[tuple[Annotated[Id, Ref(SELLS_AT)], ...], Between(most=500)] = ()


@handles(
    CreateOperator,
    needs=OrganisationPrivilege.OPERATOR_CREATE,
    refuses=(NoOperator, NoChange),
    gives=Id,
    makes="operator",
)
def create_operator(tx: Tx, want: CreateOperator) -> Outcome[Id]:
    """Nobody gives a right that they do not hold there themselves."""
    refused = opens(tx, want.id) or _faulty(tx, "", {"name": want.name}) or unknown(want.privileges)
    if refused:
        return refused
    wanted = {SELLS_AT.table: frozenset(map(str, want.points_of_sale))} if want.points_of_sale else {}
    refused = not_yours(tx, {(node, want.context_id) for node in want.privileges}, {**tx.actor.perimeter, **wanted})
    if refused := refused or _key_taken(tx, want.key_digest):
        return refused
    insert_program(tx, want.id, want.context_id, want.name.strip(), want.key_digest, want.privileges)
    narrowed = {**tx.actor.perimeter, **wanted}
    pairs = [(kind, each) for kind, allowed in sorted(narrowed.items()) for each in sorted(allowed)]
    tx.insert_all(
        [
            Perimeter(id=tx.new_id(kind, each), operator_id=want.id, kind=PerimeterKind(kind), object_id=each)
            for kind, each in pairs
        ]
    )
    return Ok(want.id)


# --- changing them ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOperator:
    """Name, mail address and language; a program has no mail address. Who gets another address is told at the old one
    too, and links that are on their way there open nothing any more. One's own address is
    changed on their own page."""

    operator_id: Annotated[Id, Ref("operator")]
    name: Annotated[str, Personal(PersonalKind.IDENTITY, "operator_id"), Look.NAME]
    language: Annotated[str, Look.LANGUAGE]
    email: Annotated[str, Look.EMAIL, Personal(PersonalKind.CONTACT, "operator_id")] | None = None


@handles(ChangeOperator, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoOperator, NoChange))
def change_operator(tx: Tx, want: ChangeOperator) -> Outcome[None]:
    before = below_you(tx, want.operator_id)
    if isinstance(before, Refused):
        return before
    person = before.kind is OperatorKind.PERSON
    email = mail_address(want.email or "") if person else None
    moves = person and before.email != email
    if moves and (refused := opens(tx, before.id)):
        return refused
    said = {"name": want.name, "language": want.language} | ({"email": email} if person else {})
    if refused := _faulty(tx, before.id, said):
        return refused
    tx.update(before, replace(before, name=want.name.strip(), language=want.language, email=email))
    if moves:
        void_letters(tx, before.id)
        tell_owner(tx, before, "mail_address_changed", to=before.email or "")
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeactivateOperator:
    """They may do nothing any more, from this moment: their sessions end, their key and their links open nothing."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(DeactivateOperator, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoOperator,))
def deactivate_operator(tx: Tx, want: DeactivateOperator) -> Outcome[None]:
    before = below_you(tx, want.operator_id)
    if isinstance(before, Refused):
        return before
    refused = lately(tx) if before.id == tx.actor.id else closes(tx, before.id)
    if refused:
        return refused

    def change() -> None:
        tx.update(before, replace(before, active=False))
        end_sessions_of(tx, before.id)

    return governed(tx, change)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactivateOperator:
    """They may again what their profiles say, with the password or key they had."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(ReactivateOperator, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoOperator,))
def reactivate_operator(tx: Tx, want: ReactivateOperator) -> Outcome[None]:
    before = below_you(tx, want.operator_id)
    if isinstance(before, Refused):
        return before
    if refused := opens(tx, before.id):
        return refused
    tx.update(before, replace(before, active=True))
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLetter:
    """Writes to a person again: an invitation as long as they have no password, afterwards a link to a new one."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(SendLetter, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoOperator, NoSignIn))
def send_letter(tx: Tx, want: SendLetter) -> Outcome[None]:
    person = _person_below_you(tx, want.operator_id)
    if isinstance(person, Refused):
        return person
    if refused := opens(tx, person.id):
        return refused
    letter = ask_letter(tx, person, AskedBy.HOUSE)
    return letter if isinstance(letter, Refused) else Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearSecondFactor:
    """For somebody whose telephone and recovery codes are both lost: they sign in without, and set up a new one where
    a profile wants it. Make sure that it is them who asks."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(ClearSecondFactor, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoOperator,))
def clear_second_factor(tx: Tx, want: ClearSecondFactor) -> Outcome[None]:
    person = _person_below_you(tx, want.operator_id)
    if isinstance(person, Refused):
        return person
    if refused := opens(tx, person.id):
        return refused
    tx.update(person, replace(person, totp="", totp_step=0, recovery=()))
    end_sessions_of(tx, person.id)
    tell_owner(tx, person, "second_factor_removed")
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewKey:
    """A program's new key; the old one opens nothing from this moment. The caller made it, we keep its digest."""

    operator_id: Annotated[Id, Ref("operator")]
    key_digest: Annotated[str, Secret()]


@handles(RenewKey, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoOperator,))
def renew_key(tx: Tx, want: RenewKey) -> Outcome[None]:
    program = below_you(tx, want.operator_id)
    if isinstance(program, Refused):
        return program
    if program.kind is not OperatorKind.PROGRAM:
        return Refused(NoOperator.NOT_A_PROGRAM, fix=program.id)
    refused = None if shows_its_key(tx, program.id) else opens(tx, program.id)
    if refused := refused or _key_taken(tx, want.key_digest, program.id):
        return refused
    tx.update(program, replace(program, key_digest=want.key_digest))
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawKey:
    """A program's key opens nothing any more; a new one can be made."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(WithdrawKey, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoOperator,))
def withdraw_key(tx: Tx, want: WithdrawKey) -> Outcome[None]:
    program = below_you(tx, want.operator_id)
    if isinstance(program, Refused):
        return program
    if program.kind is not OperatorKind.PROGRAM:
        return Refused(NoOperator.NOT_A_PROGRAM, fix=program.id)
    refused = None if shows_its_key(tx, program.id) else closes(tx, program.id)
    if refused:
        return refused
    return governed(tx, lambda: tx.update(program, replace(program, key_digest="")))


# --- what several ask ---


def _person_below_you(tx: Tx, operator_id: str) -> Operator | Refused:
    operator = below_you(tx, operator_id)
    if isinstance(operator, Operator) and operator.kind is not OperatorKind.PERSON:
        return Refused(NoOperator.NOT_A_PERSON, fix=operator.id)
    return operator


def _key_taken(read: Read, key_digest: str, own_id: str = "") -> Refused | None:
    """A key says who shows it: two programs with one would be each other, where they wait and where it is renewed."""
    sql = "SELECT 1 FROM operator WHERE key_digest = :key AND key_digest <> '' AND id <> :own"
    taken = read.one(sql, key=key_digest, own=own_id)
    return Refused(NoOperator.KEY_TAKEN, fix="key_digest") if taken else None


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
