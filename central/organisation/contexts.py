"""What is done with contexts: the house is set up, and organisers, seasons and activities are put below it."""

from dataclasses import dataclass
from typing import Annotated

from central.kernel.contexts import PARENT, Context, ContextKind, root_of_house
from central.kernel.crud import NoChange, checked, configured, unfit
from central.kernel.entity import Between, Reach, Ref, Secret
from central.kernel.house_settings import faults_of_settings
from central.kernel.personal_data import Personal, PersonalKind
from central.kernel.privileges import EVERYTHING, Action
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.kernel.values import Code, Names
from central.organisation.access_guard import by_the_house
from central.organisation.model import (
    Grant,
    NoContext,
    Operator,
    OperatorKind,
    OrganisationPrivilege,
)
from shared.ids import Id
from shared.languages import FIRST_LANGUAGE
from shared.outcome import Ok, Outcome, Refused

configured(fixed=("kind",), without=(Action.CREATE,))(Context)


@checked(Context, refuses=(NoChange,))
def settings_fit(_: Read, before: Context | None, after: Context | None) -> Refused | None:
    faults = faults_of_settings(after.settings, before.settings if before else {}) if after else []
    return Refused(NoChange.FAULTY, fix=faults[0]["at"], detail={"faults": faults}) if faults else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpHouse:
    """The first command of an empty database, from the console: institution, first administrator."""

    institution_id: Annotated[Id, Ref("context"), Reach.OWN]
    code: Code
    names: Names
    operator_id: Annotated[Id, Ref("operator"), Reach.OWN]
    operator_name: Annotated[str, Personal(PersonalKind.IDENTITY, "operator_id")]
    key_digest: Annotated[str, Secret()]


@handles(SetUpHouse, needs=OrganisationPrivilege.CONTEXT_MODIFY, refuses=(NoContext, NoChange), at=lambda _, __: None)
def set_up_house(tx: Tx, want: SetUpHouse) -> Outcome[Id]:
    if root_of_house(tx):
        return Refused(NoContext.HOUSE_EXISTS)
    made = Context(
        id=want.institution_id,
        parent_id=None,
        kind=ContextKind.INSTITUTION,
        code=want.code,
        names=want.names,
        settings={},
    )
    if refused := unfit(tx, made):
        return refused
    by_the_house(tx)
    tx.insert(made)
    insert_program(tx, want.operator_id, want.institution_id, want.operator_name, want.key_digest, (EVERYTHING,))
    return Ok(want.institution_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateContext:
    """An organiser, season or activity below `context_id`. An organiser's `settings` carry what tickets must show."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    kind: ContextKind
    code: Code
    names: Names
    settings: Annotated[dict[str, str], Between(most=100)]


@handles(
    CreateContext, needs=OrganisationPrivilege.CONTEXT_MODIFY, refuses=(NoContext, NoChange), gives=Id, makes="context"
)
def create_context(tx: Tx, want: CreateContext) -> Outcome[Id]:
    parent = tx.get(Context, want.context_id)
    if parent is None:
        return Refused(NoContext.NO_SUCH_PARENT, fix="context_id")
    if PARENT[want.kind] is not parent.kind:
        return Refused(NoContext.WRONG_PARENT, fix="kind", detail={"wants": PARENT[want.kind], "is": parent.kind})
    made = Context(
        id=want.id, parent_id=parent.id, kind=want.kind, code=want.code, names=want.names, settings=want.settings
    )
    if refused := unfit(tx, made) or settings_fit(tx, None, made):
        return refused
    tx.insert(made)
    return Ok(want.id)


def insert_program(
    tx: Tx,
    operator_id: Id,
    context_id: Id,
    name: str,
    digest: str,
    privileges: tuple[str, ...],
    language: str = FIRST_LANGUAGE,
) -> None:  # fmt: skip
    """A program with its key's digest and its own privileges."""
    tx.insert(
        Operator(
            id=operator_id, context_id=context_id, kind=OperatorKind.PROGRAM, name=name, email=None, language=language,
            active=True, key_digest=digest, password="", totp="", totp_step=0, recovery=(),
        )
    )  # fmt: skip
    tx.insert_all(
        [
            Grant(id=tx.new_id(operator_id, p), operator_id=operator_id, context_id=context_id, privilege=p)
            for p in sorted(set(privileges))
        ]
    )
