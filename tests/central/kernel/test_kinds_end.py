"""Of what places and prices are sorted by no command makes more in a context than may be, whichever way it makes them;
and what one organiser has takes nothing from another."""

import asyncio
from contextlib import closing, suppress
from typing import Any

import pytest

from central.kernel.bounds import beyond
from central.kernel.contexts import ContextKind, path_of
from central.kernel.crud import CONFIGURED, NoChange, command_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.keys import Keys
from central.kernel.privileges import EVERYTHING, Action
from central.kernel.registry import COMMANDS
from central.kernel.tx import Read
from central.organisation.ops import CreateContext
from central.pricing.usual_tariffs import CreateTariffs, NewTariff
from central.venues.usual_categories import CreateSeatCategories, NewCategory
from shared.ids import Id
from shared.outcome import Refused
from tests.central.kernel.heaviest import Maker
from tests.central.sampling import Sampler
from tests.central.small_house import Clerk, House, Watch, new_id
from tests.central.walked import walked

BOUNDED = sorted(table for table, each in CONFIGURED.items() if each.most)
NAMES = {"fr": "Nom"}


def here(house: House, table: str) -> Id:
    """Where the house has its own."""
    return house.season if table == "tariff" else house.institution


def counted(clerk: Clerk, house: House, table: str) -> int:
    rows = clerk.rows(f"SELECT COUNT(*) FROM {table} WHERE context_id = :at", at=here(house, table))
    return int(rows[0][0])


def several(house: House, n: int) -> list[tuple[str, Any]]:
    """Each command that makes such rows, with so many where it makes several; sound."""
    fresh = [f"K{new_id()[-6:]}" for _ in range(n)]
    categories = tuple(NewCategory(code, NAMES, "#123456", 1) for code in fresh)
    tariffs = tuple(NewTariff(code, NAMES, 1, False) for code in fresh)
    return [
        ("seat_category", CreateSeatCategories(context_id=house.institution, categories=categories)),
        ("tariff", CreateTariffs(context_id=house.season, tariffs=tariffs)),
    ]


def one_more(read: Read, table: str, at: Id | None = None) -> Any:
    kind = BY_NAME[table].kind
    row = read.find(kind, "ORDER BY id LIMIT 1")[0]
    given = {each.name: getattr(row, each.name) for each in CONFIGURED[table].given}
    other = {"code": f"K{new_id()[-6:]}", **({"context_id": at} if at else {})}
    return command_of(Action.CREATE, kind)(id=new_id(), **{**given, **other})


@pytest.mark.parametrize("table", BOUNDED)
def test_the_last_one_is_made_and_no_further_one(
    quick: tuple[Clerk, House], monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    clerk, house = quick
    read = Read(clerk.db, clerk.actor, clerk.watch(), clerk.door.keys)
    monkeypatch.setattr(CONFIGURED[table], "most", counted(clerk, house, table) + 3)
    for of, want in several(house, 4):
        if of == table:
            assert clerk.no(want).reason is NoChange.TOO_MANY
    for of, want in several(house, 2):
        if of == table:
            clerk.do(want)
    while counted(clerk, house, table) < CONFIGURED[table].most:
        clerk.do(one_more(read, table))
    for want in (one_more(read, table), *(want for of, want in several(house, 1) if of == table)):
        refused = clerk.no(want)
        assert refused.reason is NoChange.TOO_MANY and refused.detail == {"most": CONFIGURED[table].most}
    theirs, organiser = new_id(), ContextKind.ORGANISER
    clerk.do(CreateContext(id=theirs, context_id=house.institution, kind=organiser, code="B", names=NAMES, settings={}))
    for _ in range(CONFIGURED[table].most):
        clerk.do(one_more(read, table, theirs))
    assert clerk.no(one_more(read, table, theirs)).reason is NoChange.TOO_MANY
    assert clerk.no(one_more(read, table)).reason is NoChange.TOO_MANY
    assert counted(clerk, house, table) == CONFIGURED[table].most, "neither has taken from the other"


@pytest.mark.behind_the_door
async def test_no_command_makes_one_more(
    sqlite_place: tuple[Database, House], keys: Keys, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each that there is, tried as heavy as it may be and as sound as a sample."""
    database, house = sqlite_place
    actor = house.operator(EVERYTHING)
    with closing(database.connect()) as db:
        sampler = Sampler(db, house)
        rows = {table: Id(sampler.row(table)) for table in BY_NAME}
        read = Read(db, actor, watch(), keys)
        wanted = [
            (each.name, want) for each in walked(COMMANDS).values()
            for want in (Maker(rows).command(each.kind), sampler.wanted(each, read)) if want and beyond(want) == []
        ]  # fmt: skip
        wanted += [(f"create_{table}", one_more(read, table)) for table in BOUNDED]
        for table in BOUNDED:
            monkeypatch.setattr(CONFIGURED[table], "most", -1)  # whichever context is named has as many
    door, full, made = Door(database, watch, path_of, keys), set(), set()
    door.start()
    for name, want in wanted:
        with suppress(AssertionError, ValueError):  # a sample's row says "text 7" where JSON belongs
            reply = await door.execute(actor, want, new_id(), dry_run=True)
            if isinstance(reply.outcome, Refused) and reply.outcome.reason is NoChange.TOO_MANY:
                full.add(name)
            made |= {name for entity, _, action, _ in reply.would if entity in BOUNDED and action == "created"}
    await asyncio.to_thread(door.stop)
    assert made == set()
    assert full >= {f"create_{table}" for table in BOUNDED}
