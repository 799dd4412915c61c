"""Where a command acts follows from what it names."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

from central.areas import AREAS
from central.kernel import registry
from central.kernel.actor import SYSTEM
from central.kernel.crud import RESETTING
from central.kernel.entity import Reach, Ref
from central.kernel.excuses import CHECKED_BY, unproved
from central.kernel.people_tables import forgets
from central.kernel.registry import handler_of, handles
from central.kernel.tx import Read, Tx
from central.kernel.versions import counts
from central.venues.model import VenuesPrivilege
from central.web.area import Area
from shared.ids import Id
from shared.outcome import Ok, Outcome
from shared.registries import add
from tests.central.small_house import Clerk, House, new_id
from tests.trees import tree_of

CENTRAL = Path(__file__).parents[3] / "central"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """Names an id of its own first, then a part of something, then what it acts on."""

    id: Annotated[Id, Ref("tariff"), Reach.OWN]
    place_id: Annotated[Id, Ref("place"), Reach.WITHIN]
    performance_id: Annotated[Id, Ref("performance")]
    context_id: Annotated[Id, Ref("context")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whistle:
    """Names nothing."""

    tune: str


def _done(_: Tx, __: object) -> Outcome[None]:
    return Ok(None)


@pytest.fixture(autouse=True)
def _declared() -> Iterator[None]:
    yield
    for name, kind in (("paint", Paint), ("whistle", Whistle)):
        registry.COMMANDS.pop(name, None)
        registry._BY_KIND.pop(kind, None)


def test_it_acts_where_the_thing_stands_that_is_said(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    handles(Paint, needs=VenuesPrivilege.VENUE_MODIFY, at="performance_id")(_done)
    at, read = handler_of(Paint).at, Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    assert (
        at(read, Paint(id=new_id(), place_id=new_id(), performance_id=house.performance, context_id=house.institution))
        == house.activity
    )
    assert (
        at(read, Paint(id=new_id(), place_id=new_id(), performance_id=new_id(), context_id=house.institution)) is None
    ), "it names no row"


def test_unless_another_place_is_said(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    handles(Paint, needs=VenuesPrivilege.VENUE_MODIFY, at=lambda _, want: str(want.context_id))(_done)
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    assert (
        handler_of(Paint).at(
            read, Paint(id=new_id(), place_id=new_id(), performance_id=new_id(), context_id=house.season)
        )
        == house.season
    )


def test_a_command_is_declared_once() -> None:
    handles(Whistle, needs=None)(_done)
    with pytest.raises(ValueError, match="'whistle' is declared twice"):
        handles(Whistle, needs=None)(_done)


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_what_an_area_declares_is_declared_once(area: Area) -> None:
    """Its items, facts, feeds and what it seeks: the second would replace the first, and nobody would hear of it."""
    if area.checklist or area.facts or area.feeds or area.seekers:
        with pytest.raises(ValueError, match="is declared twice"):
            area.declare()


@pytest.mark.parametrize(
    "again",
    [
        lambda: counts("another number", "price"),
        lambda: unproved("command_log", "another reason"),
        lambda: forgets("operator", "list_view", lambda _, __: None),
        lambda: add(CHECKED_BY, "device", lambda _: iter(())),
        lambda: add(RESETTING, "performance", RESETTING["performance"]),
    ],
)
def test_what_proves_and_counts_is_declared_once(again: Callable[[], None]) -> None:
    """Before: a second number for a table replaced the first, and a price that had changed stayed the old one."""
    with pytest.raises(ValueError, match="is declared twice"):
        again()


def test_no_registry_is_written_past_the_one_way() -> None:
    """`add` is that: whatever assigns to a registry at the top of a module would let the second of one name win."""
    past = [
        f"{file.relative_to(CENTRAL)}:{node.lineno}"
        for file in CENTRAL.rglob("*.py")
        for node in tree_of(file).body
        for target in (node.targets if isinstance(node, ast.Assign) else ())
        if isinstance(target, ast.Subscript)
    ]
    assert past == []


def test_loops_health_and_letters_have_names_of_their_own() -> None:
    for kind in ("loops", "health", "outbox"):
        names = [name for area in AREAS for name in getattr(area, kind)]
        assert sorted(names) == sorted(set(names)), kind


def test_what_names_nothing_says_where_it_acts_or_needs_no_right() -> None:
    with pytest.raises(AssertionError, match="whistle"):
        handles(Whistle, needs=VenuesPrivilege.VENUE_MODIFY)(_done)
    handles(Whistle, needs=None)(_done)
