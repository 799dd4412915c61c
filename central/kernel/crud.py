"""An entity that is declared can be configured: its create, change and delete commands come from its declaration.

    @configured(kept={"version": 1}, initial={"active": True})
    @entity("tariff", read=PricingPrivilege.PRICE_READ, unique=(("context_id", "code"),))
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Tariff: …

gives `create_tariff`, `change_tariff` and `delete_tariff`, each with a privilege of its own on the entity's screen
(`pricing.grid.create` …). All that is wrong with a form is said at once: values, references, what must be unique. What
more an area asks of its rows is one function, registered with `checked`. A row does not move: the reference that leads
to its context is fixed once it is there. A change says what differs and, in `seen`, which state it was made from.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, make_dataclass, replace
from enum import auto
from hashlib import sha256
from typing import Annotated, Any, Literal, ParamSpec, Protocol, TypeVar, get_type_hints, overload

import orjson
from pydantic import ConfigDict
from typing_extensions import TypedDict

from central.kernel.entity import CHOSEN, ENTITIES, SUBJECTS, Column, Declaration, Look, Ref
from central.kernel.languages import unnamed
from central.kernel.privileges import Action
from central.kernel.registry import Refuses, Where, handles, refuses_too
from central.kernel.scope import context_of_new, home, is_there
from central.kernel.tx import Read, Tx
from central.kernel.uses import uses
from central.kernel.values import Fault, faults_of
from shared.ids import Id
from shared.outcome import Ok, Outcome, Reason, Refused
from shared.registries import add

K = TypeVar("K", bound=type[Any])
P = ParamSpec("P")

Check = Callable[[Read, Any, Any], Refused | None]
"""(read, the row as it was or None, the row as it shall be or None) → why not."""


MOST_KINDS = 200
"""In one context, of what its places and prices are sorted by: those of a context and of the ones above it are offered
in full wherever one is chosen. What stands in one organiser's contexts takes nothing from another's."""


class NoChange(Reason):
    """Why a declared row is not changed."""

    NO_SUCH = auto()
    CHANGED_MEANWHILE = auto()
    FAULTY = auto()
    CODE_TAKEN = auto()
    # whose: a context, by whose right it is made (test_kinds_end.py)
    TOO_MANY = auto()  # of a kind that people choose from, and that screens show whole
    IN_USE = auto()


class Configured:
    """What can be done with an entity's rows. `kept` are fields that the system alone sets, with what they begin as;
    `initial` what may be left out when a row is made; `fixed` fields that do not change once it is there; `most`: so
    many there may be in one context (0: as many as one likes)."""

    def __init__(
        self, declaration: Declaration, kept: Mapping[str, Any], initial: Mapping[str, Any], fixed: frozenset[str],
        most: int = 0,
    ) -> None:  # fmt: skip
        spare = {each.name: each.default for each in fields(declaration.kind) if each.default is not MISSING}
        self.declaration, self.kept, self.fixed, self.most = declaration, kept, fixed, most
        self.initial = {name: value for name, value in {**spare, **initial}.items() if name not in kept}
        self.commands: dict[Action, Any] = {}

    @property
    def given(self) -> list[Column]:
        """The fields that somebody enters, in order."""
        return [each for each in self.declaration.columns if each.name not in self.kept and each.name != "id"]

    @property
    def changeable(self) -> list[Column]:
        return [each for each in self.given if each.name not in self.fixed]


CONFIGURED: dict[str, Configured] = {}


@dataclass(frozen=True, slots=True)
class Resetting:
    """How columns that a `command` written by hand sets together are set back: `make(id, all of them)` makes it."""

    columns: tuple[str, ...]
    command: type[Any]
    make: Callable[[Id, Mapping[str, Any]], Any]


RESETTING: dict[str, Resetting] = {}
_CHECKS: dict[str, list[Check]] = {}
Uses = Callable[[Read, Any], list[dict[str, Any]]]
_USED_BY: dict[type[Any], list[Uses]] = {}


def configured(
    *,
    kept: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    fixed: tuple[str, ...] = (),
    without: tuple[Action, ...] = (),
    most: int = 0,
) -> Callable[[K], K]:
    """Declares an entity's commands; `without` leaves out those that an area writes by hand. Of people a delete is
    always one of those: to take their row away forgets nothing, to forget them does (kernel/erasure.py)."""

    def declare(kind: K) -> K:
        declaration = ENTITIES[kind]
        if SUBJECTS.get(declaration.name) and Action.DELETE not in without:
            raise TypeError(f"{declaration.name} says something about people: leave its delete out, and forget them")
        at = home(declaration.name)
        stays = frozenset({*fixed, *([at.via] if at else [])})
        made = Configured(declaration, kept or {}, initial or {}, stays, most)
        add(CONFIGURED, declaration.name, made)
        CHOSEN.add(declaration.name)
        makers = {Action.CREATE: _create, Action.MODIFY: _change, Action.DELETE: _delete}
        made.commands = {action: make(made) for action, make in makers.items() if action not in without}
        return kind

    return declare


class ChangeCommand(Protocol):
    """How a generated change is made; which names `set` may hold, the command's own check says."""

    def __call__(self, *, id: Id, set: Mapping[str, Any], seen: str = "") -> Any: ...


class DeleteCommand(Protocol):
    def __call__(self, *, id: Id) -> Any: ...


@overload
def command_of(action: Literal[Action.CREATE], kind: Callable[P, Any]) -> Callable[P, Any]: ...


@overload
def command_of(action: Literal[Action.MODIFY], kind: type[Any]) -> ChangeCommand: ...


@overload
def command_of(action: Literal[Action.DELETE], kind: type[Any]) -> DeleteCommand: ...


@overload
def command_of(action: Action, kind: type[Any]) -> Any: ...


def command_of(action: Action, kind: Any) -> Any:
    """The generated command's class: `command_of(Action.CREATE, Tariff)` is CreateTariff. To a type checker it takes
    what its entity takes, so that a name that is no field of it is seen; it asks for `initial` fields, too."""
    return CONFIGURED[ENTITIES[kind].name].commands[action]


def checked(kind: type[Any], refuses: Refuses) -> Callable[[Check], Check]:
    """Registers what an area asks of its rows beyond what is declared, and why it may refuse them. A later area may ask
    for more: each is asked, in the order of the areas."""

    def register(check: Check) -> Check:
        table = ENTITIES[kind].name
        _CHECKS.setdefault(table, []).append(check)
        for command in CONFIGURED[table].commands.values():
            refuses_too(command, refuses)
        return check

    return register


def used_by(kind: type[Any]) -> Callable[[Uses], Uses]:
    """Registers, in a later area, what uses a row of this entity though no column names it; in the form of `uses`."""

    def register(found: Uses) -> Uses:
        _USED_BY.setdefault(kind, []).append(found)
        return found

    return register


def checks_of(table: str) -> tuple[Check, ...]:
    return tuple(_CHECKS.get(table, ()))


def _checked(read: Read, table: str, before: Any, after: Any) -> Refused | None:
    asked = (check(read, before, after) for check in checks_of(table))
    return next((refused for refused in asked if refused), None)


def revision(entity: Any) -> str:
    """A short mark of a row's state: what a form saw, so that nobody overwrites what they have not seen."""
    row = ENTITIES[type(entity)].row(entity)
    return sha256(orjson.dumps(row)).hexdigest()[:16]


# --- making the three commands ---------------------------------------------------------------------------------------


def _create(of: Configured) -> Any:
    kind, hints = of.declaration.kind, get_type_hints(of.declaration.kind, include_extras=True)
    needed = [(each.name, hints[each.name]) for each in of.given if each.name not in of.initial]
    spare = [
        (each.name, hints[each.name], _default(of.initial[each.name])) for each in of.given if each.name in of.initial
    ]
    command = _dataclass(f"Create{kind.__name__}", [("id", Id), *needed, *spare], kind.__doc__)
    names = [name for name, *_ in (*needed, *spare)]

    def at(read: Read, want: Any) -> str | None:
        return context_of_new(read, of.declaration, {name: getattr(want, name) for name in names})

    def run(tx: Tx, want: Any) -> Outcome[Id]:
        row = kind(id=want.id, **{name: getattr(want, name) for name in names}, **of.kept)
        refused = refused_row(tx, of, None, row)
        if refused:
            return refused
        tx.insert(row)
        return Ok(want.id)

    return _registered(of, command, Action.CREATE, at, run, on=None)


def with_article(table: str) -> str:
    return f"{'an' if table[0] in 'aeiou' else 'a'} {table.replace('_', ' ')}"


def _change(of: Configured) -> Any:
    kind, table = of.declaration.kind, of.declaration.name
    hints = get_type_hints(kind, include_extras=True)
    typed: Any = TypedDict  # made at run time, which no type checker can follow
    allowed = typed(f"{kind.__name__}Fields", {each.name: hints[each.name] for each in of.changeable}, total=False)
    allowed.__pydantic_config__ = ConfigDict(extra="forbid")
    one = with_article(table)
    doc = f"Changes {one}: `set` holds the fields that differ, `seen` the revision they were read at, or nothing."
    own = [("id", Annotated[Id, Ref(table)]), ("set", allowed), ("seen", str, field(default=""))]
    command = _dataclass(f"Change{kind.__name__}", own, doc)

    def run(tx: Tx, want: Any) -> Outcome[Id]:
        before = tx.get(kind, want.id)
        if before is None:
            return Refused(NoChange.NO_SUCH, fix="id")
        if want.seen and want.seen != revision(before):
            return Refused(NoChange.CHANGED_MEANWHILE, fix=want.id, detail={"now": revision(before)})
        after = replace(before, **want.set)
        refused = refused_row(tx, of, before, after)
        if refused:
            return refused
        tx.update(before, after)
        return Ok(want.id)

    return _registered(of, command, Action.MODIFY, None, run, on=table)


def _delete(of: Configured) -> Any:
    kind, table = of.declaration.kind, of.declaration.name
    one = with_article(table)
    doc = f"Takes {one} away that nothing refers to; its history stays, and it can be put back from there."
    command = _dataclass(f"Delete{kind.__name__}", [("id", Annotated[Id, Ref(table)])], doc)

    def run(tx: Tx, want: Any) -> Outcome[None]:
        before = tx.get(kind, want.id)
        if before is None:
            return Refused(NoChange.NO_SUCH, fix="id")
        if used := uses(tx, table, want.id, most=20):
            return Refused(NoChange.IN_USE, fix=want.id, detail={"by": used})
        if refused := _checked(tx, table, before, None):
            return refused
        used = uses(tx, table, want.id, most=20, links=True)
        used += [each for found in _USED_BY.get(kind, ()) for each in found(tx, before)]
        if used:
            return Refused(NoChange.IN_USE, fix=want.id, detail={"by": used})
        tx.delete(before)
        return Ok(None)

    return _registered(of, command, Action.DELETE, None, run, on=table)


def _registered(
    of: Configured,
    command: Any,
    action: Action,
    at: Where | None,
    run: Callable[[Tx, Any], Outcome[Any]],
    on: str | None,
) -> Any:
    gives = None if action is Action.DELETE else Id
    needs = f"{of.declaration.screen}.{action}"
    makes = of.declaration.name if action is Action.CREATE else ""
    deletes = action is Action.DELETE
    handles(command, needs=needs, refuses=(NoChange,), at=at, gives=gives, on=on, makes=makes, deletes=deletes)(run)
    return command


def _dataclass(name: str, own: list[Any], doc: str | None) -> Any:
    return make_dataclass(
        name, own, frozen=True, slots=True, kw_only=True, namespace={"__doc__": doc, "__module__": __name__}
    )


def _default(value: Any) -> Any:
    return field(default_factory=lambda: dict(value)) if isinstance(value, dict) else field(default=value)


# --- what must hold --------------------------------------------------------------------------------------------------


def refused_row(read: Read, of: Configured, before: Any, after: Any) -> Refused | None:
    """Everything that speaks against this row, at once; the areas' own checks are asked when the fields are sound."""
    found: list[Fault] = []
    for column in of.given:
        value = getattr(after, column.name)
        if before is None or value != getattr(before, column.name):
            found += faults_of(column, value) or _lost(read, column, value) or _unnamed(read, column, value)
    taken = _taken(read, of.declaration, before, after)
    if taken and not found:
        return Refused(NoChange.CODE_TAKEN, fix=taken[0]["at"], detail={**taken[0], "faults": taken})
    if found:
        return Refused(NoChange.FAULTY, fix=found[0]["at"], detail={"faults": [*found, *taken]})
    if before is None and (refused := _full(read, after)):
        return refused
    return _checked(read, of.declaration.name, before, after)


def _full(read: Read, row: Any) -> Refused | None:
    """Whether no further row may be made in its context, in whatever way."""
    table = ENTITIES[type(row)].name
    most = CONFIGURED[table].most if table in CONFIGURED else 0
    if not most:
        return None
    ((there,),) = read.run(f"SELECT COUNT(*) FROM {table} WHERE context_id = :at", at=row.context_id)  # noqa: S608 - our names
    if there >= most:
        return Refused(NoChange.TOO_MANY, fix=table, detail={"most": most})
    return None


def _lost(read: Read, column: Column, value: Any) -> list[Fault]:
    """References that name nothing."""
    if column.ref is None or value is None:
        return []
    named = list(value) if column.many else [value]
    gone = [each for each in named if not is_there(read, column.ref, each)]
    return [{"at": column.name, "what": "no_such", "entity": column.ref, "ids": gone}] if gone else []


def _unnamed(read: Read, column: Column, value: Any) -> list[Fault]:
    return unnamed(read, column.name, value) if column.look is Look.NAMES else []


def unfit(read: Read, row: Any) -> Refused | None:
    """For commands written by hand: all that a new row's declaration says against it, at once."""
    declaration = ENTITIES[type(row)]
    found: list[Fault] = []
    for column in declaration.columns:
        value = getattr(row, column.name)
        found += faults_of(column, value) or _unnamed(read, column, value)
    if found:
        return Refused(NoChange.FAULTY, fix=found[0]["at"], detail={"faults": found})
    return _full(read, row) or code_taken(read, row)


def code_taken(read: Read, row: Any) -> Refused | None:
    """For commands written by hand: which row has already what this new one wants alone."""
    taken = _taken(read, ENTITIES[type(row)], None, row)
    return Refused(NoChange.CODE_TAKEN, fix=taken[0]["at"], detail={**taken[0], "faults": taken}) if taken else None


def _taken(read: Read, declaration: Declaration, before: Any, after: Any) -> list[Fault]:
    """What another row has already."""
    found: list[Fault] = []
    for names in declaration.unique:
        values = {name: getattr(after, name) for name in names}
        if None in values.values() or (before and all(getattr(before, name) == values[name] for name in names)):
            continue
        where = " AND ".join(f"{name} = :{name}" for name in names)
        other = read.one(f"SELECT id FROM {declaration.name} WHERE {where} AND id <> :own", own=after.id, **values)  # noqa: S608 - names of ours, values are parameters
        if other:
            found.append({"at": names[-1], "what": "taken", "value": str(values[names[-1]]), "by": other[0]})
    return found
