"""Commands and queries by name: the only ways to change and to read, registered beside their handlers."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar, get_type_hints, overload

import orjson
from pydantic import ConfigDict, TypeAdapter
from typing_extensions import is_typeddict

from central.kernel.briefs import in_brief
from central.kernel.entity import BY_NAME, Bulky, Reach, Ref, Secret, mark_of, stripped
from central.kernel.helper_processes import Errand
from central.kernel.memory import remembered
from central.kernel.personal_data import STRUCK, Path, Personal, is_said, value_at
from central.kernel.privileges import nodes
from central.kernel.reach import NamedRow, naming
from central.kernel.replies import NoEntry
from central.kernel.scope import context_of
from central.kernel.trouble import NoDatabase
from central.kernel.tx import Read, Tx
from central.kernel.versions import COUNTED, TOLD
from shared.ids import Id
from shared.outcome import Outcome, Reason
from shared.registries import add
from shared.wire.codec import adapter

C = TypeVar("C")
L = TypeVar("L")
M = TypeVar("M")
H2 = Callable[[Tx, C], Outcome[Any]]
H3 = Callable[[Tx, C, tuple[Any, ...]], Outcome[Any]]
HL = Callable[[Tx, C, L], Outcome[Any]]
PARTS = (Reach.WITHIN, Reach.OWN, Reach.PLACE)
KEPT = 65_536  # characters of a text that the log keeps with its command; of a longer one it keeps the hash
Where = Callable[[Read, Any], str | None]
"""Where a command acts: the id of the context whose path of ancestors must hold the privilege; None: no such thing."""

Refuses = tuple[type[Reason], ...]
THE_DOORS: Refuses = (NoEntry, NoDatabase)
"""Why the door refuses, whatever the command."""

Prepare = Callable[[C, Id], Errand | None]
"""What is to be worked out beside the writer for a command and its id, once rights are held; None: nothing this time.
The handler gets the parts of the answer as its third argument."""

Weighs = Callable[[C], int]


@dataclass(frozen=True, slots=True)
class Handler:
    """`needs` None: everybody may ask (the handler checks what it must, such as a one-time code). `on`: the entity that
    it acts on, whose id is its first field; its screen shows a button for it (empty: none does). `makes`: the entity of
    which it makes a row; its list shows a button. `deletes`: takes what it acts on away. `told` False: of no concern to
    anybody outside. `named` tells what a
    command refers to, `parts` what it names within that and of its own. `refuses` are the enums of what its rule may
    say against it, in the order in which it asks; the door's own reasons come before. `logged` False: central gives it
    as often as strangers like (a try at a password), so it stands in the log only where it changed what that tells of.
    `gathered`: what it appends is written with that of others at the end of their transaction, for it reads none of
    it. `side_by_side`: indexes, guards and locked rows decide it, however many run at once (kernel/turns.py). `weighs`:
    how much work it is; such take turns before the writer (kernel/heavy_lane.py). `whole`: a query that
    reads a whole hall or house; such take turns too, in threads of their own. `alone`: one whose answer
    may be large: a caller has one of them under way, until it has left. `does`: the step in the life of what it
    acts on that it is; its screen shows a button only where life goes on so. `only`: the states of what it acts on
    in which it may be given, where it is no step of its life (empty: in all); its rule asks `goes`, and so do screens.
    `personal`: where in it something is said about people; `bulky`: where something stands that it keeps in
    brief."""

    name: str
    kind: type[Any]
    needs: str | None
    at: Where
    gives: Any
    run: Callable[..., Outcome[Any]]
    secrets: tuple[str, ...]
    personal: Mapping[Path, Personal] = field(hash=False)
    bulky: Mapping[Path, Bulky] = field(hash=False)
    doc: str
    on: str | None
    named: Callable[[Any], list[NamedRow]]
    parts: Callable[[Any], list[NamedRow]]
    logged: bool
    refuses: Refuses = ()
    makes: str = ""
    prepare: Prepare[Any] | None = None
    look: Callable[[Read, Any], Any] | None = None
    gathered: bool = False
    side_by_side: bool = False
    weighs: Callable[[Any], int] | None = None
    whole: bool = False
    alone: bool = False
    does: StrEnum | None = None
    only: frozenset[StrEnum] = frozenset()
    deletes: bool = False
    told: bool = True

    @property
    def adapter(self) -> TypeAdapter[Any]:
        """Made when it is first asked for: all of them together are a sixth of what central needs to come up."""
        return adapter(self.kind)

    @property
    def is_prepared(self) -> bool:
        """Whether its handler gets a third argument: what was worked out before it."""
        return self.prepare is not None or self.look is not None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why its rule may refuse it, enum by enum in the order in which it asks."""
        return tuple(reason for kind in self.refuses for reason in kind)

    @property
    def kinds(self) -> Refuses:
        """Of every reason that its answer may have."""
        return (*self.refuses, *THE_DOORS)

    @property
    def keeps_refusals(self) -> bool:
        """Whether what it is refused by its rule stays in the log: not where everybody may try again and again."""
        return self.logged and self.needs is not None

    def kept(self, command: Any, body: bytes) -> bytes:
        """A command's JSON (`body`) as the log keeps it: secrets are struck out, of long texts their hash is left. What
        it says about people is struck too: the door puts it in again, sealed, where the command went well."""
        if len(body) <= KEPT and not (self.secrets or self.bulky or self.personal):
            return body
        brief = ((path, in_brief(value)) for path in self.bulky if (value := value_at(command, path)))
        struck = ((path, STRUCK) for path, _ in self.said_of_people(command))
        told = {**self._with(command, (*brief, *struck)), **dict.fromkeys(self.secrets, STRUCK)}
        names = [field.name for field in fields(self.kind)] if told or len(body) > KEPT else []
        if len(body) > KEPT:
            told |= {name: _hashed(getattr(command, name)) for name in names if name not in told}
        return orjson.dumps({name: told.get(name, getattr(command, name)) for name in names}) if told else body

    def public(self, command: Any, body: bytes) -> bytes:
        """A command's JSON without what it says about people."""
        if not self.personal:
            return body
        told = self._with(command, ((path, STRUCK) for path, _ in self.said_of_people(command)))
        names = [field.name for field in fields(self.kind)] if told else []
        return orjson.dumps({name: told.get(name, getattr(command, name)) for name in names}) if told else body

    @staticmethod
    def _with(command: Any, others: Iterable[tuple[Path, str]]) -> dict[str, Any]:
        """Those of its fields in which something else stands than in it."""
        told: dict[str, Any] = {}
        for (first, *inner), text in others:
            told[first] = {**told.get(first, getattr(command, first)), inner[0]: text} if inner else text
        return told

    def said_of_people(self, command: Any) -> list[tuple[Path, Any]]:
        """What a command says about people, by where."""
        if not self.personal:
            return []
        return [(path, value) for path in self.personal if is_said(value := value_at(command, path))]

    @property
    def hints(self) -> dict[str, Any]:
        """Its fields' types with their marks, in order."""
        hints = get_type_hints(self.kind, include_extras=True)
        return {field.name: hints[field.name] for field in fields(self.kind)}


COMMANDS: dict[str, Handler] = {}
QUERIES: dict[str, Handler] = {}
BESIDE: set[str] = set()
"""Privileges that areas declare: those that no command, query or entity names, but a hand-made route asks for, too."""
_BY_KIND: dict[type[Any], Handler] = {}


def by_reference(kind: type[Any], hints: dict[str, Any], at: str = "") -> Where | None:
    """Where the thing stands that a command names, but for what is its own or within something else. Of several `at`
    says which: were it the first, whoever moves a field would move a right."""
    found: dict[str, str] = {}
    for each in fields(kind):
        _, _, marks = stripped(hints[each.name])
        ref = next((mark for mark in marks if isinstance(mark, Ref)), None)
        if ref and not any(mark in PARTS for mark in marks):
            found[each.name] = ref.table
    assert at or len(found) <= 1, f"{kind.__name__} names {', '.join(found)}: say `at` which of them a right is for"
    field = at or next(iter(found), "")
    return partial(_at, field, found[field]) if field else None


def _at(field: str, table: str, read: Read, want: Any) -> str | None:
    named = str(getattr(want, field))
    if table == "context":
        return named
    if (version := COUNTED.get(table)) and version != TOLD:  # of halls it is asked too seldom to be worth a look
        return remembered(read, version, ("context of", table, named), lambda: context_of(read, table, named))
    return context_of(read, table, named)


def _nowhere(_: Read, __: Any) -> str | None:
    return None


def _hashed(value: Any) -> Any:
    """A long text as its hash, also in a change's `set`; all else as it is."""
    if isinstance(value, dict):
        return {name: _hashed(each) for name, each in value.items()}
    return in_brief(value) if isinstance(value, str) and len(value) > KEPT else value


@overload
def handles(
    kind: type[C],
    *,
    needs: str | None,
    refuses: Refuses = ...,
    at: Where | str | None = ...,
    gives: Any = ...,
    on: str | None = ...,
    makes: str = ...,
    logged: bool = ...,
    does: StrEnum | None = ...,
    only: Collection[StrEnum] = ...,
    deletes: bool = ...,
    told: bool = ...,
    gathered: bool = ...,
    side_by_side: bool = ...,
    weighs: Weighs[C] | None = ...,
) -> Callable[[H2[C]], H2[C]]: ...


@overload
def handles(
    kind: type[C],
    *,
    needs: str | None,
    refuses: Refuses = ...,
    at: Where | str | None = ...,
    gives: Any = ...,
    on: str | None = ...,
    makes: str = ...,
    logged: bool = ...,
    does: StrEnum | None = ...,
    only: Collection[StrEnum] = ...,
    deletes: bool = ...,
    told: bool = ...,
    prepared: Prepare[C],
) -> Callable[[H3[C]], H3[C]]: ...


@overload
def handles(
    kind: type[C],
    *,
    needs: str | None,
    refuses: Refuses = ...,
    at: Where | str | None = ...,
    gives: Any = ...,
    on: str | None = ...,
    makes: str = ...,
    logged: bool = ...,
    does: StrEnum | None = ...,
    only: Collection[StrEnum] = ...,
    deletes: bool = ...,
    told: bool = ...,
    looked: Callable[[Read, C], L],
) -> Callable[[HL[C, L]], HL[C, L]]: ...


def handles(
    kind: type[C],
    *,
    needs: str | None,
    refuses: Refuses = (),
    at: Where | str | None = None,
    gives: Any = None,
    on: str | None = None,
    makes: str = "",
    logged: bool = True,
    does: StrEnum | None = None,
    only: Collection[StrEnum] = (),
    deletes: bool = False,
    told: bool = True,
    gathered: bool = False,
    side_by_side: bool = False,
    weighs: Weighs[C] | None = None,
    prepared: Prepare[C] | None = None,
    looked: Callable[[Read, C], Any] | None = None,
) -> Any:
    """Registers the handler of a command; the function itself stays as it is. It acts where the thing stands that
    it names; of several, `at` says which field, or a place of its own. What takes long and asks nothing of the
    database is `prepared` in another process; what only reads may be `looked` up in a reader, and the handler sees to
    it that nothing came in between."""

    def register(run: Callable[..., Outcome[Any]]) -> Callable[..., Outcome[Any]]:
        made = _handler(kind, needs, at, gives, run, on, logged)
        handler = replace(
            made, refuses=refuses, makes=makes, prepare=prepared, look=looked, gathered=gathered,
            side_by_side=side_by_side, weighs=weighs, does=does, only=frozenset(only), deletes=deletes, told=told,
        )  # fmt: skip
        add(COMMANDS, handler.name, handler)
        add(_BY_KIND, kind, handler)
        return run

    return register


def answers(
    kind: type[C], *, needs: str | None, refuses: Refuses = (), at: Where | str | None = None, gives: Any = None,
    whole: bool = False, alone: bool = False,
) -> Callable[[Callable[[Read, C], Outcome[Any]]], Callable[[Read, C], Outcome[Any]]]:  # fmt: skip
    """Registers the handler of a query; see Handler for what is said of it."""

    def register(run: Callable[[Read, C], Outcome[Any]]) -> Callable[[Read, C], Outcome[Any]]:
        made = _handler(kind, needs, at, gives, run, None, logged=False)
        handler = replace(made, refuses=refuses, whole=whole, alone=alone)
        add(QUERIES, handler.name, handler)
        add(_BY_KIND, kind, handler)
        return run

    return register


def handler_of(kind: type[Any]) -> Handler:
    return _BY_KIND[kind]


def goes(kind: type[Any], state: StrEnum) -> bool:
    """Whether a command may be given to what is in this state, as its declaration says."""
    only = handler_of(kind).only
    return not only or state in only


def refuses_too(kind: type[Any], refuses: Refuses) -> None:
    """Of what is registered already: what was added to its rule may refuse it for more."""
    handler = _BY_KIND[kind]
    _BY_KIND[kind] = COMMANDS[handler.name] = replace(handler, refuses=(*handler.refuses, *refuses))


def _handler(
    kind: type[Any],
    needs: str | None,
    at: Where | str | None,
    gives: Any,
    run: Callable[[Any, Any], Any],
    on: str | None,
    logged: bool,
) -> Handler:
    name = "".join("_" + char.lower() if char.isupper() else char for char in kind.__name__).lstrip("_")
    assert all(field.kw_only for field in fields(kind)), f"{name}: `kw_only`, so that a field may come anywhere"
    hints = get_type_hints(kind, include_extras=True)
    secrets = tuple(
        field.name
        for field in fields(kind)
        if mark_of(stripped(hints[field.name])[2], Secret)  # also of what may be left out
    )
    doc = " ".join((kind.__doc__ or "").split())
    kind.__pydantic_config__ = ConfigDict(extra="forbid")  # a field that we do not know is a slip, or an attack
    acts_on = _acts_on(kind, hints) if on is None else on
    named, parts = naming(kind), naming(kind, PARTS)
    place = by_reference(kind, hints, at or "") if at is None or isinstance(at, str) else at
    assert place or needs is None, f"{name} names nothing that stands anywhere: say `at`"
    names = [field.name for field in fields(kind)]
    personal, bulky = _marked(hints, names, Personal), _marked(hints, names, Bulky)
    return Handler(
        name, kind, needs, place or _nowhere, gives, run, secrets, personal, bulky, doc, acts_on, named, parts, logged
    )


def _marked(hints: Mapping[str, Any], names: Iterable[str], kind: type[M]) -> dict[Path, M]:
    """Where a mark of this kind stands, also in what a generated change sets."""
    found: dict[Path, M] = {}
    for name in names:
        bare, _, marks = stripped(hints[name])
        if mark := mark_of(marks, kind):
            found[name,] = mark
        if name == "set" and is_typeddict(bare):
            inner = get_type_hints(bare, include_extras=True)
            marked = ((each, mark_of(stripped(hint)[2], kind)) for each, hint in inner.items())
            found |= {("set", each): mark for each, mark in marked if mark}
    return dict(sorted(found.items()))


def _acts_on(kind: type[Any], hints: dict[str, Any]) -> str | None:
    """The entity that the first field names."""
    if not (first := next(iter(fields(kind)), None)):
        return None
    _, _, marks = stripped(hints[first.name])
    if any(mark in (Reach.OWN, Reach.WITHIN) for mark in marks):
        return None
    return next((mark.table for mark in marks if isinstance(mark, Ref)), None)


def privileges() -> list[str]:
    """Every privilege that a declaration names, in alphabetical order: `<module>.<screen>.<action>`."""
    named = {handler.needs for handler in (*COMMANDS.values(), *QUERIES.values()) if handler.needs}
    return sorted(named | BESIDE | {declaration.read for declaration in BY_NAME.values()})


def known_nodes() -> frozenset[str]:
    """Every node that may be granted: the privileges of all declarations and the branches they hang on."""
    return frozenset({node for privilege in privileges() for node in nodes(privilege)})
