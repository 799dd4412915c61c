"""No page of the administration grows with the house: each is asked of a house in which every list fills its page, and
of one that has more of everything, in statements, rows that come back, and bytes. The page of a command without fields
tries it, so what such a command reads is counted too; what others do, in kernel/test_heaviest.py."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from central.app import make_app
from central.kernel.checklist import items
from central.kernel.contexts import ContextKind, path_of
from central.kernel.crud import MOST_KINDS
from central.kernel.db import Connection, Database, Params, Row, SqliteConnection
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.keys import Keys
from central.kernel.privileges import EVERYTHING
from central.kernel.registry import COMMANDS
from central.organisation import webhooks
from central.programme.plan_page import PlanPages
from central.web.screens import listing
from central.web.session import SESSIONS, SignedIn, csrf_of
from shared.ids import Id, derived_id
from tests.central.growing import Grower, copy_of
from tests.central.sampling import Sampler
from tests.central.small_house import NOW, House, Watch, new_id

KINDS = dict.fromkeys(("seat_category", "contingent", "tariff"), MOST_KINDS - 1)
"""No more may be (`NoChange.TOO_MANY`)."""
ALIKE = {
    **KINDS,
    "price": MOST_KINDS - 1,
    **dict.fromkeys(
        ("physical_zone", "logical_zone", "logical_gauge", "gauge", "logical_category", "zone_entrance"), 60
    ),
    **dict.fromkeys(
        ("operator_role", "operator_grant", "operator_perimeter", "operator_session", "operator_letter"),
        20,
    ),
}
"""As many in both houses. Zones and what they are cut into are the hall's own, which its maker draws; MOST_ZONES bounds
them. Who a person is and where they are signed in is that person's: at most 20 sessions, letters of three months, and
as many roles as somebody gives by hand."""
PLACES = ("physical_seat", "logical_seat", "place", "allocation")
FEW, MANY, HALL, STADIUM = 410, 1_200, 900, 20_000
SLACK = (1.1, 20)
BYTES = (1.1, 4_000)

DRAWN = "the drawing of one hall: each of its places once, made beside or in a reader's thread, and kept"
OPEN = "an answer that stays open"
WHOLE = "a file that somebody asks for in whole, bounded in rows and in time"
NOBODY = "no page of the administration: it says nothing of the house, or only before there is one"
EXCLUDED = {
    "/live": DRAWN, "/live/news": OPEN, "/admin/performance/{id}/hall.svg": DRAWN,
    "/admin/plan/{target}/{id}/picture": DRAWN, "/admin/plan/{target}/{id}/news": OPEN,
    "/admin/plan/{target}/{id}/changes": "little, or in turns (test_plan_news.py)",
    "/admin/e/{entity}/export.{form}": WHOLE, "/admin/audit.{kind}": WHOLE,
    "/admin/pricing/grid/{id}/export.{form}": WHOLE, "/admin/plan/physical/{id}/export/{format}": WHOLE,
    "/admin/history/{entity}/{id}/{way}/{key}": "about one entry of the log, of which there is none here",
    "/admin/audit/{id}": "about one entry of the log, of which there is none here",
    "/admin/device/{id}/instruction": "a form about one enrolled device, of which there is none here",
    "/static/{name}": NOBODY, "/metrics": NOBODY, "/healthz": NOBODY, "/readyz": NOBODY, "/setup": NOBODY, "/": NOBODY,
    "/sign-in": NOBODY, "/sign-in/code": NOBODY, "/sign-in/second-factor": NOBODY, "/reset": NOBODY,
    "/invitation/{token}": NOBODY, "/address/{token}": NOBODY, "/me/second-factor": NOBODY,
    "/me/confirm": NOBODY, "/api/v1/snapshots/{name}": "for devices",
    "/api/v1/queries/{name}": "a query says its own bound", "/api/v1/entities/{name}": "at most MOST_ROWS",
}  # fmt: skip


# --- counting ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Spent:
    statements: int = 0
    rows: int = 0
    most: tuple[int, str] = (0, "")


class Counted(SqliteConnection):
    spent: Spent

    def run(self, sql: str, params: Params) -> list[Row]:
        rows = super().run(sql, params)
        self.spent.statements += 1
        self.spent.rows += len(rows)
        self.spent.most = max(self.spent.most, (len(rows), sql[:120]))
        return rows


@dataclass(frozen=True, slots=True)
class CountedDatabase(Database):
    spent: Spent = field(default_factory=Spent)

    def connect(self, *, read_only: bool = False) -> Connection:
        made = Counted(self.path, read_only=read_only)
        made.spent = self.spent
        return made


@dataclass(frozen=True, slots=True)
class PageCost:
    status: int
    statements: int
    rows: int
    size: int
    most: tuple[int, str]

    def grew_from(self, few: "PageCost") -> bool:
        pairs = ((self.statements, few.statements, SLACK), (self.rows, few.rows, SLACK), (self.size, few.size, BYTES))
        return any(now > before * factor + more for now, before, (factor, more) in pairs)


# --- houses -----------------------------------------------------------------------------------------------------------


def grown(database: Database, house: House, keys: Keys, copies: int, places: int) -> dict[str, str]:
    """The row of each entity that the others stand beside."""
    with closing(database.connect()) as db:
        sampler = Sampler(db, house)
        named = {"physical_configuration": house.physical, "logical_configuration": house.logical,
                 "seat_category": house.seated, "tariff": house.full, "price_grid": house.grid,
                 "point_of_sale": house.desk, "operator": house.admin}  # fmt: skip
        own = {table: str(getattr(house, table)) for table in BY_NAME if hasattr(house, table)}
        rows = {table: sampler.row(table) for table in BY_NAME} | own | named
        db.begin(write=True)
        db.write('UPDATE webhook_delivery SET body = \'{"data": {"entity": "nothing"}}\'', {})  # what is told is JSON
        db.commit()
        Grower(db, rows, copies, ALIKE | dict.fromkeys(PLACES, places)).grow()
        db.begin(write=True)
        all_ = {"all": EVERYTHING, "root": house.institution}
        made = [{"id": derived_id("all", n), "who": copy_of("operator", n), **all_} for n in range(copies)]
        sql = "INSERT INTO operator_grant (id, operator_id, context_id, privilege) VALUES (:id, :who, :root, :all)"
        db.write_many(sql, made)
        db.commit()
    return rows


def paths(app: web.Application, rows: dict[str, str]) -> Iterator[str]:
    """Every page: of each entity and command, and those made by hand."""
    for table in BY_NAME:
        yield from (f"/admin/e/{table}", f"/admin/e/{table}?q=a", f"/admin/pick/{table}", f"/admin/e/{table}/new")
        yield from (f"/admin/e/{table}/{rows[table]}{more}" for more in ("", "/edit"))
        yield f"/admin/history/{table}/{rows[table]}"
    for each in COMMANDS.values():
        if each.needs:
            yield f"/admin/do/{each.name}" + (f"?on={rows[each.on]}" if each.on else "")
    own = {"/admin/pricing/grid/{id}": "price_grid", "/admin/who/{id}": "operator", "/admin/webhooks/{id}": "webhook",
           "/admin/plan/logical/{id}/carry-over": "logical_configuration"}  # fmt: skip
    for path in handmade(app):
        if "{item}" in path:
            for item in (each for kind in ContextKind for each in items(kind) if each.usual):
                yield path.format(item=item.name) + f"?at={rows['context']}"
        elif "{target}" in path:
            for target in ("physical", "logical"):
                yield path.format(target=target, id=rows[f"{target}_configuration"])
            yield path.format(target="performance", id=rows["performance"])
        elif path in own:
            yield path.format(id=rows[own[path]])
        else:
            yield path.format(context=rows["context"], performance=rows["performance"], id=rows["performance"],
                              kind="commands", name="place_order", day=NOW.date())  # fmt: skip
    for target, table in (("physical", "physical_configuration"), ("logical", "logical_configuration"),
                          ("performance", "performance")):  # fmt: skip
        yield from (f"/admin/plan/{target}/{rows[table]}?view=list&page={page}" for page in (1, 2))
    yield from (f"/admin/plan/new?space={rows['space']}", "/admin/find?q=a")
    yield f"/admin/pricing/grid/{rows['price_grid']}?page=2"


GENERIC = re.compile(r"/admin/(e/\{entity\}|pick/|do/|history/\{entity\}/\{id\}$)|/setup/")


def handmade(app: web.Application) -> list[str]:
    found = {
        route.resource.canonical
        for route in app.router.routes() if route.method == "GET" and route.resource
    }  # fmt: skip
    return sorted(path for path in found if path not in EXCLUDED and not GENERIC.match(path))


@asynccontextmanager
async def served(database: CountedDatabase, house: House, keys: Keys) -> AsyncIterator[tuple[web.Application, str]]:
    door = Door(database, Watch(), path_of, keys)
    door.start()
    me = SignedIn(replace(house.operator(EVERYTHING), id=house.admin), new_id(), "Ada", "fr", csrf_of("token"))

    other = replace(me, actor=replace(me.actor, id=Id(copy_of("operator", 0))))

    async def session(request: web.Request) -> SignedIn | None:
        return other if request.path.startswith("/admin/do/") else me  # nobody acts on their own account there

    app = make_app(door)
    app[SESSIONS] = session
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield app, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()
    await asyncio.to_thread(door.stop)


async def walked(
    database: Database, house: House, keys: Keys, copies: int, places: int, about: tuple[str, ...]
) -> dict[str, PageCost]:
    rows = grown(database, house, keys, copies, places)
    counted = CountedDatabase(database.url)
    spent, found = counted.spent, dict[str, PageCost]()
    async with served(counted, house, keys) as (app, url), ClientSession() as client:
        asked = (path for path in paths(app, rows) if not about or any(word in path for word in about))
        for path in ("/admin", *asked):  # the first for what is worked out but once
            spent.statements, spent.rows, spent.most = 0, 0, (0, "")
            async with client.get(url + path, allow_redirects=False) as answer:
                size = len(await answer.read())
            found[path] = PageCost(answer.status, spent.statements, spent.rows, size, spent.most)
    return found


async def nothing_ahead(*_: object) -> None: ...


async def asked_of_both(
    template: tuple[Path, House], folder: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch, *about: str
) -> tuple[dict[str, PageCost], dict[str, PageCost]]:
    """Page → what it costs, in either house; of those alone whose addresses have one of these words in them."""
    monkeypatch.setattr(listing, "FEW", 100)  # of what is found: a bound, and less than either house has
    monkeypatch.setattr(webhooks, "FORGOTTEN_AT_ONCE", 100)  # of what a webhook told: so, too
    monkeypatch.setattr(PlanPages, "_packed_now", nothing_ahead)  # the drawing, begun while a browser fetches the page
    path, house = template
    costs = []
    for name, copies, places in (("few", FEW, HALL), ("many", MANY, STADIUM)):
        (folder / name).write_bytes(path.read_bytes())
        costs.append(await walked(Database(f"sqlite:///{folder / name}"), house, keys, copies, places, about))
    few, many = costs
    assert few.keys() == many.keys()
    return few, many


def grown_of(few: dict[str, PageCost], many: dict[str, PageCost]) -> list[str]:
    return [f"{each}: {few[each]} → {cost}" for each, cost in many.items() if cost.grew_from(few[each])]


@pytest.mark.behind_the_door
@pytest.mark.timeout(400)
async def test_no_page_grows_with_the_house(
    sqlite_template: tuple[Path, House], tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = await asked_of_both(sqlite_template, tmp_path, keys, monkeypatch)
    assert len(few) > 5 * len(BY_NAME)
    assert {each: cost for each, cost in many.items() if cost.status >= 500} == {}
    assert not (grew := grown_of(few, many)), "\n".join(grew)
    lost = {each for each, cost in many.items() if cost.status == 404 and "/e/" not in each and "/history/" not in each}
    assert lost == set()
