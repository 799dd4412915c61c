"""Setting up the house: its first institution and administrator, contexts, operators, grants; and who is asking."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

import orjson

from central.kernel.entity import Secret
from central.kernel.privileges import EVERYTHING
from central.kernel.registry import handles
from central.kernel.tx import Actor, ActorKind, Read, Tx
from central.organisation.model import (
    PARENT,
    Context,
    ContextKind,
    Grant,
    Names,
    NoContext,
    Operator,
    OperatorKind,
    Perimeter,
    Privilege,
)
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

MOST_LEVELS = 8


@dataclass(frozen=True, slots=True)
class SetUpHouse:
    """The first command of an empty database, from the console: institution, first administrator."""

    institution_id: Id
    code: str
    names: Names
    operator_id: Id
    operator_name: str
    key_digest: Annotated[str, Secret()]


@handles(SetUpHouse, needs=Privilege.CONTEXT_MODIFY, at=lambda _, __: None)
def set_up_house(tx: Tx, want: SetUpHouse) -> Outcome[Id]:
    if tx.one("SELECT 1 FROM context WHERE parent_id IS NULL"):
        return Refused(NoContext.HOUSE_EXISTS)
    if not want.names.get("fr"):
        return Refused(NoContext.FRENCH_NAME_MISSING, fix="names")
    tx.insert(Context(want.institution_id, None, ContextKind.INSTITUTION, want.code, want.names, {}))
    _insert_operator(tx, want.operator_id, want.institution_id, want.operator_name, want.key_digest, (EVERYTHING,))
    return Ok(want.institution_id)


@dataclass(frozen=True, slots=True)
class CreateContext:
    """An organiser, season or activity below `context_id`. An organiser's `settings` carry what tickets must show."""

    id: Id
    context_id: Id
    kind: ContextKind
    code: str
    names: Names
    settings: dict[str, str]


@handles(CreateContext, needs=Privilege.CONTEXT_MODIFY, gives=Id)
def create_context(tx: Tx, want: CreateContext) -> Outcome[Id]:
    parent = tx.get(Context, want.context_id)
    if parent is None:
        return Refused(NoContext.NO_SUCH_PARENT, fix="context_id")
    if PARENT[want.kind] is not parent.kind:
        return Refused(NoContext.WRONG_PARENT, fix="kind", detail={"wants": PARENT[want.kind], "is": parent.kind})
    if not want.names.get("fr"):
        return Refused(NoContext.FRENCH_NAME_MISSING, fix="names")
    if not tx.insert_if_absent(Context(want.id, parent.id, want.kind, want.code, want.names, want.settings)):
        return Refused(NoContext.CODE_TAKEN, fix="code")
    return Ok(want.id)


@dataclass(frozen=True, slots=True)
class CreateOperator:
    """A person or program with privileges at `context_id`; the caller made the key and keeps it, we keep its digest.
    `points_of_sale` narrows where it may sell; empty: everywhere in its contexts."""

    id: Id
    context_id: Id
    name: str
    key_digest: Annotated[str, Secret()]
    privileges: tuple[str, ...]
    points_of_sale: tuple[Id, ...] = ()


@handles(CreateOperator, needs=Privilege.OPERATOR_MODIFY, gives=Id)
def create_operator(tx: Tx, want: CreateOperator) -> Outcome[Id]:
    """Nobody gives a right that they do not hold there themselves."""
    path = path_of(tx, want.context_id)
    lacking = [node for node in want.privileges if not tx.actor.may(node, path)]
    if lacking:
        return Refused(NoContext.NOT_YOURS_TO_GIVE, fix="privileges", detail={"privileges": lacking})
    _insert_operator(tx, want.id, want.context_id, want.name, want.key_digest, want.privileges)
    tx.insert_all(
        [Perimeter(tx.new_id("perimeter", pos), want.id, "point_of_sale", pos) for pos in sorted(want.points_of_sale)]
    )
    return Ok(want.id)


def _insert_operator(
    tx: Tx, operator_id: Id, context_id: Id, name: str, digest: str, privileges: tuple[str, ...]
) -> None:
    tx.insert(
        Operator(
            id=operator_id, context_id=context_id, kind=OperatorKind.PROGRAM, name=name, email=None, language="fr",
            active=True, key_digest=digest, password="", totp="", wrong=0, locked_until=None,
        )
    )  # fmt: skip
    tx.insert_all([Grant(tx.new_id(operator_id, p), operator_id, context_id, p) for p in sorted(set(privileges))])


def key_digest(key: str) -> str:
    """Keys carry 256 bits of chance, so a plain hash is enough: there is nothing to guess."""
    return sha256(key.encode()).hexdigest()


def operator_of(read: Read, operator_id: str, key: str) -> Actor | None:
    """The operator that holds this key, with what it may do."""
    operator = read.get(Operator, operator_id)
    if operator is None or not operator.active or not hmac.compare_digest(operator.key_digest, key_digest(key)):
        return None
    return actor_of(read, operator)


def actor_of(read: Read, operator: Operator) -> Actor:
    """An operator with what it may do: its own grants and those of its profiles, within its perimeter."""
    grants = {
        (str(node), str(context_id))
        for node, context_id in read.run(
            "SELECT privilege, context_id FROM operator_grant WHERE operator_id = :id", id=operator.id
        )
    }
    for nodes, context_id in read.run(
        "SELECT p.privileges, r.context_id FROM operator_role r JOIN profile p ON p.id = r.profile_id "
        "WHERE r.operator_id = :id",
        id=operator.id,
    ):
        grants |= {(node, str(context_id)) for node in orjson.loads(nodes)}
    perimeter: dict[str, set[str]] = {}
    for kind, object_id in read.run(
        "SELECT kind, object_id FROM operator_perimeter WHERE operator_id = :id", id=operator.id
    ):
        perimeter.setdefault(kind, set()).add(object_id)
    narrowed = {kind: frozenset(ids) for kind, ids in perimeter.items()}
    return Actor(ActorKind.OPERATOR, operator.id, operator.name, frozenset(grants), narrowed)


def path_of(read: Read, context_id: str) -> tuple[str, ...]:
    """A context and its ancestors, nearest first; empty for one that does not exist."""
    path: list[str] = []
    at: str | None = context_id
    while at and len(path) < MOST_LEVELS:
        row = read.one("SELECT parent_id FROM context WHERE id = :id", id=at)
        if row is None:
            break
        path.append(at)
        at = row[0]
    return tuple(path)


def whole_house(read: Read, want: Any) -> str | None:
    """For what shows the rows of every organiser: the house itself, whichever of its contexts was named."""
    path = path_of(read, want.context_id)
    return path[-1] if path else None


def institution_of(read: Read, context_id: str) -> Id:
    return Id(path_of(read, context_id)[-1])


def organiser_of(read: Read, context_id: str) -> Id | None:
    for at in path_of(read, context_id):
        context = read.get(Context, at)
        if context and context.kind is ContextKind.ORGANISER:
            return context.id
    return None
