"""Who may be refused for several things at once is refused for the first: the enums of a command's reasons stand in the
order in which its rule asks, and so do the members of an enum that says so (`in order`), for one thing: of several
places the first one's reason comes. Read from the rules themselves, in the order in which they run, with all they call.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import pytest

import central.app  # noqa: F401  # declares everything
from central.kernel import crud
from central.kernel.actor import SYSTEM
from central.kernel.crud import CONFIGURED, NoChange, checks_of, refused_row
from central.kernel.entity import Look
from central.kernel.registry import COMMANDS, QUERIES, Handler
from central.kernel.tx import Read
from shared.outcome import Ok, Outcome, Reason, Refused
from tests.central.sampling import Sampler
from tests.central.small_house import NOW, Clerk, House, NoTest

GENERATED = crud.__name__
SEVERAL = [each for each in (*COMMANDS.values(), *QUERIES.values()) if len(each.refuses) > 1]
BY_HAND = [each for each in SEVERAL if each.run.__module__ != GENERATED]

AGAIN = {
    "import_plan": "a plan's own codes are looked at while its rows are written",
    "hold_places": "each way to take places asks for what it needs and takes, before the next way is asked",
    "set_perimeter": "whether an administrator is left is seen when it is done",
    "invite_operator": "a role is given once the operator is there",
    "create_operator": "privileges are given once the operator is there",
    "invite_device": "a device that is known is asked for its state, one that is not for its code",
    "settle_institution": "what another command makes of the form is told last, as faults of the form",
    "settle_organiser": "as settle_institution",
    "settle_season": "as settle_institution",
    "settle_venue": "as settle_institution",
    "settle_hall": "one configuration is taken away before the next is made",
    "appoint_administrator": "as settle_institution",
}
"""Rules that come back to an enum after a later one, and why; their order is that of the first time. Only shrinks."""

APART = {
    "hold_places-NoSale": "the places are looked at before the hold, which every sale would wait for",
    "renew_hold-NoSale": "whose a hold is can be asked once it is there",
    "release_hold-NoSale": "as renew_hold",
}
"""Rules that do not keep to the order of an enum that says that it has one, and why. Only shrinks."""


@cache
def asked(function: FunctionType, above: tuple[FunctionType, ...] = ()) -> tuple[Reason, ...]:
    """The reasons that a function answers with, in the order of its source, what it calls in its place."""
    function = inspect.unwrap(function)
    if function in above or not str(function.__module__).startswith(("central.", "shared.rules.", __name__)):
        return ()
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    return tuple(_asked(tree, tree, known, (*above, function)))


def _asked(node: ast.AST, whole: ast.AST, known: dict[str, Any], above: tuple[FunctionType, ...]) -> Iterator[Reason]:
    if isinstance(node, ast.Attribute) and isinstance(said := _said(node.value, known), type):
        yield from [said[node.attr]] if issubclass(said, Reason) and node.attr in said.__members__ else []
    elif isinstance(node, ast.Call):
        for each in (*node.args, *(keyword.value for keyword in node.keywords)):
            yield from _asked(each, whole, known, above)
        if isinstance(called := _said(node.func, known), FunctionType):
            yield from asked(called, above)
        else:
            yield from _asked(node.func, whole, known, above)
    elif isinstance(node, ast.FunctionDef):
        for each in node.body if node is whole else []:  # its decorators and types refuse nothing
            yield from _asked(each, whole, known, above)
    elif isinstance(node, ast.If) and all(isinstance(each, ast.Raise) for each in node.body):
        for each in node.orelse:  # what is raised about is no answer
            yield from _asked(each, whole, known, above)
    elif not isinstance(node, ast.Lambda | ast.Assert):
        for each in ast.iter_child_nodes(node):
            yield from _asked(each, whole, known, above)


def _said(node: ast.AST, known: dict[str, Any]) -> Any:
    """What a name or `module.name` stands for."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(owner := _said(node.value, known), ModuleType):
        return getattr(owner, node.attr, None)
    return None


def places(handler: Handler, said: tuple[Reason, ...]) -> list[int]:
    """Where what was asked stands in the declared order."""
    return [handler.refuses.index(type(each)) for each in said if type(each) in handler.refuses]


ORDERED = [
    (handler, kind) for handler in (*COMMANDS.values(), *QUERIES.values()) if handler.run.__module__ != GENERATED
    for kind in handler.refuses if "in order" in (kind.__doc__ or "")
]  # fmt: skip


@pytest.mark.parametrize("handler, kind", ORDERED, ids=[f"{each.name}-{kind.__name__}" for each, kind in ORDERED])
def test_members_come_in_the_order_that_their_enum_says(handler: Handler, kind: type[Reason]) -> None:
    order = list(kind)
    found = [order.index(each) for each in dict.fromkeys(asked(handler.run)) if type(each) is kind]
    apart = f"{handler.name}-{kind.__name__}" in APART
    assert (found != sorted(found)) is apart, [order[each].name for each in found]


@pytest.mark.parametrize("handler", BY_HAND, ids=lambda handler: handler.name)
def test_reasons_come_in_the_declared_order(handler: Handler) -> None:
    assert isinstance(handler.run, FunctionType)
    found = places(handler, asked(handler.run))
    assert [*dict.fromkeys(found)] == [*range(len(handler.refuses))], "each is asked, and for the first time in order"
    assert (found != sorted(found)) is (handler.name in AGAIN), "never again, but where it is said why"


def early(late: bool) -> Outcome[None]:
    return _first(late) or Refused(NoTest.REACHED) if late else Ok()


def sure(late: bool) -> Outcome[None]:
    if refused := _first(late):
        raise AssertionError(refused)
    assert not _first(late)
    return Refused(NoTest.REACHED)


def _first(late: bool) -> Refused | None:
    return Refused(NoChange.FAULTY) if late else None


def test_the_order_is_seen() -> None:
    assert asked(early) == (NoChange.FAULTY, NoTest.REACHED)
    assert asked(sure) == (NoTest.REACHED,), "a refusal that is a fault of the code does not come out"


WITH_CHECK = [each for name, each in CONFIGURED.items() if checks_of(name)]


@pytest.mark.behind_the_door
@pytest.mark.parametrize("of", WITH_CHECK, ids=lambda of: of.declaration.name)
def test_an_areas_own_check_is_asked_when_a_row_is_sound(
    quick: tuple[Clerk, House], of: crud.Configured, keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the generated commands: their own reasons stand first."""
    clerk, house = quick
    sampled = Sampler(clerk.db, house)
    read = Read(clerk.db, SYSTEM, NOW, keys)
    row = read.get(of.declaration.kind, sampled.row(of.declaration.name))
    assert row
    monkeypatch.setitem(crud._CHECKS, of.declaration.name, [lambda *_: Refused(NoTest.REACHED)])
    (code,) = (each.name for each in of.declaration.columns if each.look is Look.CODE)
    faulty = refused_row(read, of, row, replace(row, **{code: "not a code"}))
    assert faulty and faulty.reason is NoChange.FAULTY
    sound = refused_row(read, of, row, replace(row, **{code: "SOUND"}))
    assert sound and sound.reason is NoTest.REACHED
    for command in of.commands.values():
        (handler,) = (each for each in SEVERAL if each.kind is command)
        assert handler.refuses[0] is NoChange
