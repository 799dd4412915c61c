"""Where a command acts follows from what it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import pytest

from central.kernel import registry
from central.kernel.actor import SYSTEM
from central.kernel.entity import Reach, Ref
from central.kernel.registry import handler_of, handles
from central.kernel.tx import Read, Tx
from central.venues.model import VenuesPrivilege
from shared.ids import Id
from shared.outcome import Ok, Outcome
from tests.central.small_house import Clerk, House, new_id


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


def test_it_acts_where_the_first_thing_stands_that_it_names(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    handles(Paint, needs=VenuesPrivilege.VENUE_MODIFY)(_done)
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


def test_what_names_nothing_says_where_it_acts_or_needs_no_right() -> None:
    with pytest.raises(AssertionError, match="whistle"):
        handles(Whistle, needs=VenuesPrivilege.VENUE_MODIFY)(_done)
    handles(Whistle, needs=None)(_done)
