"""What an operator may do, and why: its own grants, its profiles at their contexts, its perimeter. The same rows make
the actor at the door and the answer on the screen."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

import orjson

from central.kernel.actor import Actor, ActorKind
from central.kernel.columns import columns
from central.kernel.contexts import path_of, root_of_house
from central.kernel.db import in_list
from central.kernel.entity import Ref
from central.kernel.privileges import EVERYTHING, nodes
from central.kernel.registry import answers, known_nodes
from central.kernel.tx import Read
from central.kernel.versions import OPERATORS, counts
from central.organisation.model import NoOperator, Operator, OperatorKind, OrganisationPrivilege
from central.organisation.rules import Held
from central.web.screens.rights import action_of, by_screen
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

counts(
    OPERATORS,
    "operator",
    "operator_grant",
    "operator_role",
    "operator_perimeter",
    "operator_session",
    "operator_profile",
)


@dataclass(frozen=True, slots=True)
class RightSource:
    """Where a node comes from, as programs hear it: a profile (a role's id) or a grant of the operator's own."""

    node: str
    context_id: str
    through: str  # role | grant
    id: str
    profile_id: str
    profile_code: str
    profile_names: dict[str, str]


@dataclass(frozen=True, slots=True)
class _ProfileHeld:
    """A role with its profile; `names` and `privileges` are JSON."""

    role_id: str
    context_id: str
    profile_id: str
    code: str
    names: str
    privileges: str


_ROLE = columns(
    _ProfileHeld,
    role_id="r.id",
    context_id="r.context_id",
    profile_id="p.id",
    code="p.code",
    names="p.names",
    privileges="p.privileges",
)


def sources(read: Read, operator_id: str) -> list[RightSource]:
    """All that gives an operator anything, profiles first."""
    found = []
    for row in read.run(
        f"SELECT {_ROLE} FROM operator_role r "  # noqa: S608 - names of ours
        "JOIN operator_profile p ON p.id = r.profile_id WHERE r.operator_id = :id ORDER BY p.code, r.id",
        id=operator_id,
    ):
        role = _ProfileHeld(*row)
        for node in orjson.loads(role.privileges):
            found.append(
                RightSource(
                    node=node, context_id=role.context_id, through="role", id=role.role_id,
                    profile_id=role.profile_id, profile_code=role.code, profile_names=orjson.loads(role.names),
                )
            )  # fmt: skip
    for grant_id, context_id, node in read.run(
        "SELECT id, context_id, privilege FROM operator_grant WHERE operator_id = :id ORDER BY privilege, id",
        id=operator_id,
    ):
        found.append(RightSource(node, context_id, "grant", grant_id, "", "", {}))
    return found


def held_by(read: Read, operator_id: str) -> Held:
    return frozenset((each.node, each.context_id) for each in sources(read, operator_id))


def perimeter_of(read: Read, operator_id: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for kind, object_id in read.run(
        "SELECT kind, object_id FROM operator_perimeter WHERE operator_id = :id", id=operator_id
    ):
        found.setdefault(kind, set()).add(object_id)
    return {kind: frozenset(ids) for kind, ids in found.items()}


def actor_of(read: Read, operator: Operator, origin: str = "") -> Actor:
    """An operator with what it may do: its own grants and those of its profiles, within its perimeter."""
    return Actor(
        ActorKind.OPERATOR, operator.id, operator.name, held_by(read, operator.id), perimeter_of(read, operator.id),
        origin,
    )  # fmt: skip


def second_factor_demanded(read: Read, operator_id: str) -> bool:
    """Whether a profile of theirs wants them to sign in with one."""
    found = read.one(
        "SELECT 1 FROM operator_role r JOIN operator_profile p ON p.id = r.profile_id "
        "WHERE r.operator_id = :id AND p.second_factor = 1 LIMIT 1",
        id=operator_id,
    )
    return found is not None


def key_digest(key: str) -> str:
    """Keys carry 256 bits of chance, so a plain hash is enough: there is nothing to guess."""
    return sha256(key.encode()).hexdigest()


def operator_of(read: Read, operator_id: str, key: str) -> Actor | None:
    """The operator that holds this key, with what it may do."""
    operator = read.get(Operator, operator_id)
    if operator is None or not operator.active or not hmac.compare_digest(operator.key_digest, key_digest(key)):
        return None
    return actor_of(read, operator)


# --- who may give what ------------------------------------------------------------------------------------------------


def lacking(read: Read, held: Iterable[tuple[str, str]]) -> list[str]:
    """What of these (node, context) the asker does not hold there."""
    return sorted({node for node, context_id in held if not read.actor.may(node, path_of(read, context_id))})


def administrators(read: Read, profile_id: str = "", instead: Iterable[str] | None = None) -> list[tuple[str, bool]]:
    """(operator, is a person) of those who hold everything at the institution, are not narrowed and can come in: one
    person and one program, if there are any. `instead`: as it would be if this profile held these nodes."""
    root = root_of_house(read)
    if root is None:
        return []
    whole = list[str]()
    for held_profile, said in read.run(
        "SELECT id, privileges FROM operator_profile WHERE id IN "
        "(SELECT profile_id FROM operator_role WHERE context_id = :root)",
        root=root,
    ):
        held = orjson.loads(said) if instead is None or held_profile != profile_id else instead
        if EVERYTHING in held:
            whole.append(held_profile)
    among, params = in_list("profile", whole or [""])
    rows = read.run(
        "SELECT MIN(o.id), o.kind FROM operator o WHERE o.active = 1 "  # noqa: S608 - names of ours, values are parameters
        "AND CASE o.kind WHEN :person THEN o.password ELSE o.key_digest END <> '' "
        "AND NOT EXISTS (SELECT 1 FROM operator_perimeter n WHERE n.operator_id = o.id) AND (EXISTS "
        "(SELECT 1 FROM operator_grant g WHERE g.operator_id = o.id AND g.context_id = :root AND g.privilege = :all) "
        f"OR EXISTS (SELECT 1 FROM operator_role r WHERE r.operator_id = o.id AND r.context_id = :root "
        f"AND r.profile_id IN {among})) GROUP BY o.kind ORDER BY o.kind",
        root=root, all=EVERYTHING, person=OperatorKind.PERSON, **params,
    )  # fmt: skip
    return [(Id(who), kind == OperatorKind.PERSON) for who, kind in rows]


# --- what may they do, and why ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RightCell:
    """One thing that may be done on a screen. `why` is empty where it may not be done."""

    privilege: str
    action: str
    why: tuple[RightSource, ...]


@dataclass(frozen=True, slots=True)
class RightLine:
    """A screen: its actions as `FIVE` orders them, then those with a name of their own."""

    module: str
    screen: str
    cells: tuple[RightCell, ...]


def overview(found: Iterable[RightSource], path: tuple[str, ...] | None = None) -> list[RightLine]:
    """Everything that can be done, and through what; `path`: only what holds at this context (nearest first)."""
    by_node: dict[str, list[RightSource]] = {}
    for each in found:
        if path is None or each.context_id in path:
            by_node.setdefault(each.node, []).append(each)

    def cell(privilege: str) -> RightCell:
        why = tuple(source for node in nodes(privilege) for source in by_node.get(node, ()))
        return RightCell(privilege, action_of(privilege), why)

    return [
        RightLine(module, screen.partition(".")[2], tuple(cell(each) for each in listed))
        for module, screens in by_screen().items()
        for screen, listed in screens.items()
    ]


@dataclass(frozen=True, slots=True)
class Rights:
    """An operator's screens with their actions, and how it is narrowed."""

    operator_id: str
    name: str
    active: bool
    lines: tuple[RightLine, ...]
    perimeter: dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatMayTheyDo:
    """All that an operator may do, and through what. `at` a context: what holds there; left out: anywhere."""

    operator_id: Annotated[Id, Ref("operator")]
    at: Annotated[Id, Ref("context")] | None = None


@answers(
    WhatMayTheyDo, needs=OrganisationPrivilege.OPERATOR_READ, at="operator_id", refuses=(NoOperator,), gives=Rights
)
def what_may_they_do(read: Read, want: WhatMayTheyDo) -> Outcome[Rights]:
    operator = read.get(Operator, want.operator_id)
    if operator is None:
        return Refused(NoOperator.NO_SUCH_OPERATOR, fix=want.operator_id)
    lines = overview(sources(read, operator.id), path_of(read, want.at) if want.at else None)
    perimeter = {kind: sorted(ids) for kind, ids in sorted(perimeter_of(read, operator.id).items())}
    return Ok(Rights(operator.id, operator.name, operator.active, tuple(lines), perimeter))


@dataclass(frozen=True, slots=True)
class RightHolder:
    """Somebody who may, and through what."""

    operator_id: str
    name: str
    kind: OperatorKind
    why: tuple[RightSource, ...]
    perimeter: dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoMay:
    """Everybody active who holds a privilege at a context, and through what."""

    context_id: Annotated[Id, Ref("context")]
    privilege: str


@answers(WhoMay, needs=OrganisationPrivilege.OPERATOR_READ, refuses=(NoOperator,), gives=list[RightHolder])
def who_may(read: Read, want: WhoMay) -> Outcome[list[RightHolder]]:
    if want.privilege not in known_nodes():
        return Refused(NoOperator.UNKNOWN_PRIVILEGE, fix=want.privilege)
    path, wanted = path_of(read, want.context_id), nodes(want.privilege)
    found = []
    for operator in read.find(Operator, "WHERE active = 1 ORDER BY name, id"):
        why = tuple(each for each in sources(read, operator.id) if each.context_id in path and each.node in wanted)
        if why:
            narrowed = {kind: sorted(ids) for kind, ids in sorted(perimeter_of(read, operator.id).items())}
            found.append(RightHolder(operator.id, operator.name, operator.kind, why, narrowed))
    return Ok(found)
