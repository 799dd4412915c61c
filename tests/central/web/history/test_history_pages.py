"""Histories on the screen, through the door and over HTTP: what is told, what is hidden, and the way back."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from central.app import make_app
from central.catalogue.model import CataloguePrivilege
from central.inventory.plan_actions import (
    AssignContingent,
    AssignLogicalContingent,
    BlockLogical,
    BlockPlaces,
    UnblockLogical,
    UnblockPlaces,
)
from central.kernel.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from central.kernel.contexts import Context, ContextKind, path_of
from central.kernel.crud import command_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.log_chain import seal_now
from central.kernel.privileges import Action
from central.kernel.replies import NoEntry
from central.kernel.tables import GONE_CONTEXT
from central.kernel.tally import add_tally, caller
from central.kernel.tx import Read
from central.organisation.model import OperatorProfile, OrganisationPrivilege
from central.organisation.ops import CreateContext
from central.programme.plan_actions import OrderSeats, UndoPlanAction
from central.selling.ops import ChangeChannel
from central.venues.model import PlanTarget, SeatOrder, VenuesPrivilege
from central.venues.plan_actions import InvalidateSeats, OrderLogicalSeats, RevalidateSeats
from central.venues.selection import Counted, Selection
from central.web.history.log import AuditLog
from central.web.session import SESSIONS, SignedIn
from central.web.texts import texts
from shared.ids import Id, is_id
from tests.central.small_house import Clerk, House, Watch, new_id

CSRF = "token"
CreateProfile = command_of(Action.CREATE, OperatorProfile)
ChangeProfile = command_of(Action.MODIFY, OperatorProfile)
DeleteProfile = command_of(Action.DELETE, OperatorProfile)
DeleteContext = command_of(Action.DELETE, Context)


@dataclass(slots=True)
class Browser:
    """Somebody signed in. `actor` may be set to somebody else."""

    client: TestClient[Any, Any]
    actor: Actor
    clerk: Clerk
    house: House

    async def get(self, path: str, want: int = 200) -> str:
        async with self.client.get(path) as answer:
            text = await answer.text()
            assert answer.status == want, (answer.status, text[:500])
            return unescape(text)

    async def post(self, path: str, want: int = 303, **form: str) -> str:
        async with self.client.post(path, data={"_csrf": CSRF, **form}, allow_redirects=False) as answer:
            text = await answer.text()
            assert answer.status == want, (answer.status, text[:500])
            return answer.headers["Location"] if want == 303 else unescape(text)

    def do(self, command: Any) -> Any:
        return self.clerk.as_(self.actor).do(command)

    def entries(self, row: Id) -> list[str]:
        """The keys of a thing's entries, newest first."""
        found = self.clerk.rows(
            "SELECT a.command_id, a.n FROM audit a JOIN command_log l ON l.id = a.command_id WHERE a.entity_id = :i "
            "ORDER BY l.turn DESC, a.n DESC", i=row
        )  # fmt: skip
        return [f"{command}.{n}" for command, n in found]


@pytest.fixture
async def browser(
    sqlite_place: tuple[Database, House], keys: Keys, watch: Watch, quick: tuple[Clerk, House]
) -> AsyncIterator[Browser]:
    door = Door(sqlite_place[0], watch, path_of, keys)
    door.start()
    house = quick[1]
    anna = replace(house.operator("*"), id=house.admin, name="Anna", origin="web 10.0.0.7")
    app = make_app(door)
    made = Browser(TestClient(TestServer(app)), anna, quick[0], house)

    async def sessions(_: web.Request) -> SignedIn | None:
        return SignedIn(made.actor, new_id(), made.actor.name, "fr", CSRF)

    app[SESSIONS] = sessions
    async with made.client:
        yield made
    await asyncio.to_thread(door.stop)


@pytest.fixture
def profile(browser: Browser) -> Id:
    """Made, renamed, and changed once more, a minute apart."""
    row = new_id()
    steps = [
        CreateProfile(
            id=row,
            context_id=browser.house.institution,
            code="CAISSE",
            names={"fr": "Caisse"},
            privileges=("venues.venue",),
            second_factor=False,
        ),
        ChangeProfile(id=row, set={"names": {"fr": "Guichet", "en": "Box office"}}),
        ChangeProfile(id=row, set={"second_factor": True, "code": "GUICHET"}),
    ]
    for step in steps:
        browser.clerk.watch.at += timedelta(minutes=1)
        browser.do(step)
    return row


def at(row: Id) -> str:
    return f"/admin/history/operator_profile/{row}"


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return found.group(1)


async def test_a_thing_says_who_changed_what_when_and_from_where(browser: Browser, profile: Id) -> None:
    text = await browser.get(at(profile))
    assert "Admin" in text and "depuis 10.0.0.7" in text
    assert text.index("GUICHET") < text.index("Box office"), "the newest first"
    assert re.search(r'class="was">.*?Caisse.*?class="now">.*?Guichet', text, re.S), "before and after"
    assert re.search(r'class="was">.*?non.*?class="now">.*?oui', text, re.S), "in words, not 0 and 1"


async def test_the_panel_is_a_fragment(browser: Browser, profile: Id) -> None:
    text = await browser.get(at(profile) + "?panel=1")
    assert "<html" not in text and "Guichet" in text and f'href="{at(profile)}"' in text


async def test_its_state_at_a_moment_and_after_an_entry(browser: Browser, profile: Id) -> None:
    (_, renamed, made) = browser.entries(profile)
    text = await browser.get(f"{at(profile)}?state={made}")
    assert "Tel que c’était le" in text and "Caisse" in text
    moment = (browser.clerk.watch.at - timedelta(seconds=90)).astimezone().isoformat()
    assert "Tel que c’était" in await browser.get(at(profile) + "?when=" + moment.replace("+", "%2B"))
    early = "2026-11-21T18:00:30"
    assert "n’existait pas" in await browser.get(f"{at(profile)}?when={early}")
    assert "Aucune différence" in await browser.get(f"{at(profile)}?a={renamed}&b={renamed}")
    text = await browser.get(f"{at(profile)}?a={made}&b=now")
    assert re.search(r"CAISSE.*?GUICHET", text, re.S)


@pytest.mark.parametrize("query", ["when=nonsense", "when=9999-99-99", "state=X.1", "a=now&b=nothing", "n=99999999999"])
async def test_nonsense_in_the_address_shows_the_plain_page(browser: Browser, profile: Id, query: str) -> None:
    assert "Historique" in await browser.get(f"{at(profile)}?{query}")


async def test_an_earlier_state_is_brought_back_through_the_door(browser: Browser, profile: Id) -> None:
    made = browser.entries(profile)[-1]
    page = await browser.get(f"{at(profile)}/back/{made}")
    assert re.search(r"GUICHET.*?CAISSE", page, re.S) and "Ce qui changera" in page
    form = {"_id": hidden(page, "_id"), "seen": hidden(page, "seen")}
    where = await browser.post(f"{at(profile)}/back/{made}", **form)
    row = browser.clerk.rows("SELECT code, second_factor FROM operator_profile WHERE id = :i", i=profile)
    assert row == [("CAISSE", 0)] and where.startswith(at(profile))
    ((name, actor, origin),) = browser.clerk.rows(
        "SELECT name, actor, origin FROM command_log WHERE id = :i", i=form["_id"]
    )
    assert (name, actor, origin) == ("change_operator_profile", f"operator:{browser.house.admin}", "web 10.0.0.7")
    assert len(browser.entries(profile)) == 4, "going back is a change like any other, and can be undone"
    await browser.post(f"{at(profile)}/back/{made}", want=200, **form)
    assert len(browser.entries(profile)) == 4, "a form sent twice acts once"


async def test_what_changed_while_somebody_looked_is_not_overwritten(browser: Browser, profile: Id) -> None:
    made = browser.entries(profile)[-1]
    page = await browser.get(f"{at(profile)}/back/{made}")
    browser.do(ChangeProfile(id=profile, set={"code": "AUTRE"}))
    form = {"_id": hidden(page, "_id"), "seen": hidden(page, "seen")}
    await browser.post(f"{at(profile)}/back/{made}", want=409, **form)
    assert browser.clerk.rows("SELECT code FROM operator_profile WHERE id = :i", i=profile) == [("AUTRE",)]


async def test_one_entry_is_undone_and_what_came_after_stays(browser: Browser, profile: Id) -> None:
    renamed = browser.entries(profile)[1]
    page = await browser.get(f"{at(profile)}/undo/{renamed}")
    await browser.post(f"{at(profile)}/undo/{renamed}", _id=hidden(page, "_id"), seen=hidden(page, "seen"))
    row = browser.clerk.rows("SELECT code, names, second_factor FROM operator_profile WHERE id = :i", i=profile)
    assert row == [("GUICHET", '{"fr":"Caisse"}', 1)]


async def test_an_undo_that_would_overwrite_names_what_stands_there_now(browser: Browser, profile: Id) -> None:
    coded = browser.entries(profile)[0]
    browser.do(ChangeProfile(id=profile, set={"code": "TROISIEME"}))
    page = await browser.get(f"{at(profile)}/undo/{coded}")
    assert "D’autres changements ont eu lieu depuis" in page and "TROISIEME" in page
    assert "<button" not in page.partition("<main")[2].partition("</main>")[0]
    await browser.post(f"{at(profile)}/undo/{coded}", want=200, _id=new_id())
    assert browser.clerk.rows("SELECT code FROM operator_profile WHERE id = :i", i=profile) == [("TROISIEME",)]


async def test_what_was_deleted_keeps_its_page_and_is_put_back_under_its_id(browser: Browser, profile: Id) -> None:
    before = browser.clerk.rows("SELECT * FROM operator_profile WHERE id = :i", i=profile)
    browser.do(DeleteProfile(id=profile))
    gone = browser.entries(profile)[0]
    text = await browser.get(at(profile))
    assert "Cet objet a été supprimé" in text and "Guichet" in text
    page = await browser.get(f"{at(profile)}/undo/{gone}")
    assert "remis en place" in page
    await browser.post(f"{at(profile)}/undo/{gone}", _id=hidden(page, "_id"), seen="")
    assert browser.clerk.rows("SELECT * FROM operator_profile WHERE id = :i", i=profile) == before
    assert browser.clerk.rows("SELECT name FROM command_log WHERE id = :i", i=hidden(page, "_id")) == [
        ("create_operator_profile",)
    ]
    text = await browser.get(at(profile))
    assert "Cet objet a été supprimé" not in text and len(browser.entries(profile)) == 5


async def test_a_making_is_undone_by_deleting_and_refused_while_it_is_used(browser: Browser, profile: Id) -> None:
    row = new_id()
    browser.do(
        CreateProfile(
            id=row,
            context_id=browser.house.institution,
            code="NEUF",
            names={"fr": "Neuf"},
            privileges=(),
            second_factor=False,
        )
    )
    (made,) = browser.entries(row)
    page = await browser.get(f"{at(row)}/undo/{made}")
    assert "sera supprimé" in page
    await browser.post(f"{at(row)}/undo/{made}", _id=hidden(page, "_id"), seen="")
    assert browser.clerk.rows("SELECT 1 FROM operator_profile WHERE id = :i", i=row) == []


async def test_a_thing_without_such_an_act_says_so(browser: Browser) -> None:
    """An order is not edited, by nobody."""
    order = new_id()
    browser.clerk.do(browser.house.order(browser.house.seats[0], order_id=order))
    base = f"/admin/history/sale_order/{order}"
    assert "Historique" in await browser.get(base)
    made = browser.entries(order)[-1]
    page = await browser.get(f"{base}/undo/{made}")
    assert "aucune action de cet objet ne le permet" in page
    await browser.post(f"{base}/undo/{made}", want=200, _id=new_id())


async def test_what_is_in_use_is_said_not_to_go_and_nothing_else_is(browser: Browser) -> None:
    """A tariff that prices use: its making is not undone, and nothing is told of what would be."""
    tariff = browser.house.full
    page = await browser.get(f"/admin/history/tariff/{tariff}/undo/{browser.entries(tariff)[-1]}")
    assert "Cela ne se fait pas" in page and "s’en servent encore" in page
    assert "L’objet sera supprimé" not in page and 'class="stop"' not in page


# --- who may see it --------------------------------------------------------------------------------------------------


def seller(browser: Browser, *privileges: str, at: Id | None = None, **more: Any) -> Actor:
    return replace(browser.house.operator(*privileges, at=at), name="Bob", **more)


@pytest.mark.parametrize("path", ["", "?panel=1", "/undo/{key}", "/back/{key}"])
async def test_who_may_not_read_a_thing_sees_nothing_of_its_history(browser: Browser, profile: Id, path: str) -> None:
    key = browser.entries(profile)[0]
    for actor in (
        seller(browser, VenuesPrivilege.VENUE_READ),
        seller(browser, OrganisationPrivilege.PROFILE_READ, at=browser.house.organiser),
    ):
        browser.actor = actor
        text = await browser.get(at(profile) + path.format(key=key), want=404)
        assert "Guichet" not in text


async def test_the_same_holds_for_what_is_gone(browser: Browser, profile: Id) -> None:
    browser.do(DeleteProfile(id=profile))
    browser.actor = seller(browser, OrganisationPrivilege.PROFILE_READ)
    assert "Guichet" in await browser.get(at(profile))
    browser.actor = seller(browser, OrganisationPrivilege.PROFILE_READ, at=browser.house.organiser)
    await browser.get(at(profile), want=404)


async def test_the_perimeter_holds_for_histories(browser: Browser) -> None:
    desk, other = browser.house.desk, browser.house.kiosk_point
    browser.actor = seller(browser, "selling", perimeter={"point_of_sale": frozenset({str(desk)})})
    assert "Historique" in await browser.get(f"/admin/history/point_of_sale/{desk}")
    await browser.get(f"/admin/history/point_of_sale/{other}", want=404)


async def test_who_may_look_and_not_change_is_told_so(browser: Browser, profile: Id) -> None:
    made = browser.entries(profile)[-1]
    browser.actor = seller(browser, OrganisationPrivilege.PROFILE_READ)
    page = await browser.get(f"{at(profile)}/back/{made}")
    assert "Il vous manque le droit" in page
    await browser.post(f"{at(profile)}/back/{made}", want=409, _id=new_id(), seen=hidden(page, "seen"))
    assert browser.clerk.rows("SELECT code FROM operator_profile WHERE id = :i", i=profile) == [("GUICHET",)]


async def test_secrets_are_told_of_and_never_told(browser: Browser) -> None:
    text = await browser.get(f"/admin/history/operator/{browser.house.admin}")
    digest = browser.clerk.rows("SELECT key_digest FROM operator WHERE id = :i", i=browser.house.admin)[0][0]
    assert digest not in text and "gardé secret" in text


async def test_hostile_names_do_no_harm(browser: Browser, profile: Id) -> None:
    browser.do(ChangeProfile(id=profile, set={"names": {"fr": "<script>alert(1)</script>"}}))
    async with browser.client.get(at(profile)) as answer:
        raw = await answer.text()
    assert "<script>alert" not in raw and "&lt;script&gt;alert" in raw


@pytest.mark.parametrize("path", ["/admin/history/nothing/{id}", "/admin/history/operator_profile/{other}"])
async def test_what_never_was_is_not_there(browser: Browser, profile: Id, path: str) -> None:
    await browser.get(path.format(id=profile, other=new_id()), want=404)


def sealed(browser: Browser) -> int:
    db = browser.clerk.db
    return seal_now(db, Read(db, SYSTEM, browser.clerk.watch(), browser.clerk.door.keys))


# --- the log ---------------------------------------------------------------------------------------------------------


async def test_the_log_shows_everything_also_what_was_refused(browser: Browser, profile: Id) -> None:
    browser.clerk.as_(seller(browser, VenuesPrivilege.VENUE_READ)).no(ChangeProfile(id=profile, set={"code": "VOL"}))
    for _ in ("before the seal", "after it"):
        text = await browser.get("/admin/audit")
        assert "refusé" in text and "Guichet" in text and "10.0.0.7" in text
        sealed(browser)


@pytest.mark.parametrize(
    ("query", "there", "absent"),
    [
        ("who=operator:{admin}", "GUICHET_", "TILLEULS_"),
        ("who=system:central", "TILLEULS_", "GUICHET_"),
        ("command=change_operator_profile", "GUICHET_", "TILLEULS_"),
        ("entity=site", "TILLEULS_", "GUICHET_"),
        ("entity=operator_profile&id={profile}", "GUICHET_", "TILLEULS_"),
        ("origin=10.0.0", "GUICHET_", "TILLEULS_"),
        ("ok=0", "", "GUICHET_"),
        ("ok=1", "GUICHET_", ""),
        ("since=2026-11-21T19:00:30", "GUICHET_", "TILLEULS_"),
        ("until=2026-11-21T19:00", "TILLEULS_", "GUICHET_"),
        ("at={organiser}", "", "GUICHET_"),
        ("at={institution}", "GUICHET_", ""),
        ("at=nowhere", "", "GUICHET_"),
        ("origin=%25", "", "GUICHET_"),
        ("since=nonsense&before=-1&ok=7", "GUICHET_", ""),
    ],
)
@pytest.mark.parametrize("seal", [True, False])
async def test_filters(browser: Browser, profile: Id, query: str, there: str, absent: str, seal: bool) -> None:
    house = browser.house
    if seal:
        sealed(browser)
    named = {"admin": house.admin, "profile": profile, "organiser": house.organiser, "institution": house.institution}
    text = await browser.get("/admin/audit?" + query.format(**named))
    rows = text.partition('id="audit-rows"')[2]
    marks = {"GUICHET_": f"/admin/history/operator_profile/{profile}", "TILLEULS_": f"/admin/history/site/{house.site}"}
    assert (marks[there] in rows) if there else True
    assert (marks[absent] not in rows) if absent else True


async def test_pages_follow_each_other_without_a_gap(browser: Browser, profile: Id) -> None:
    for n in range(120):
        browser.do(ChangeProfile(id=profile, set={"code": f"C{n}"}))
    sealed(browser)
    seen: list[int] = []
    path = "/admin/audit"
    while path:
        text = await browser.get(path)
        seen += [int(each) for each in re.findall(r'<td class="number">(\d+)', text)]
        found = re.search(r'class="quiet" href="(/admin/audit\?[^"]*before=\d+)"', text)
        path = found.group(1) if found else ""
    assert seen == sorted(seen, reverse=True) and seen[-1] == 1 and len(seen) == seen[0]


async def test_one_command_with_what_was_asked_and_what_it_changed(browser: Browser, profile: Id) -> None:
    command = browser.entries(profile)[1].partition(".")[0]
    sealed(browser)
    text = await browser.get(f"/admin/audit/{command}")
    assert "Box office" in text and "change_operator_profile" in text and "depuis 10.0.0.7" in text
    digest = browser.clerk.rows("SELECT hash FROM command_log WHERE id = :i", i=command)[0][0]
    assert digest in text
    await browser.get(f"/admin/audit/{new_id()}", want=404)


async def test_who_may_not_read_the_log_is_told_which_right_is_missing(browser: Browser) -> None:
    browser.actor = seller(browser, VenuesPrivilege.VENUE_READ)
    for path in ("/admin/audit", "/admin/audit.csv", "/admin/audit.xlsx", f"/admin/audit/{new_id()}"):
        assert "Il vous manque le droit" in await browser.get(path, want=403)


async def test_the_log_of_an_organiser_shows_what_stands_there_alone(browser: Browser, profile: Id) -> None:
    house = browser.house
    event = browser.clerk.rows("SELECT command_id FROM audit WHERE entity_id = :i", i=house.event)[0][0]
    command = browser.entries(profile)[1].partition(".")[0]
    sealed(browser)
    browser.actor = seller(
        browser, OrganisationPrivilege.AUDIT_READ, CataloguePrivilege.CATALOGUE_READ, at=house.organiser
    )
    text = await browser.get("/admin/audit")
    assert event in text and command not in text
    await browser.get(f"/admin/audit/{command}", want=404)
    await browser.get(f"/admin/audit/{event}")


async def test_the_log_of_an_organiser_goes_on_where_a_season_was_cleared_away(browser: Browser) -> None:
    house, clerk = browser.house, browser.clerk
    given: dict[str, list[Id]] = {}
    other = new_id()
    make = CreateContext(
        id=other, context_id=house.institution, kind=ContextKind.ORGANISER, code="O2", names={"fr": "O"}, settings={}
    )
    clerk.do(make)
    for name, at in (("ours", house.organiser), ("theirs", other)):
        season, activity = new_id(), new_id()
        for command in (
            replace(make, id=season, context_id=at, kind=ContextKind.SEASON, code="GONE"),
            replace(make, id=activity, context_id=season, kind=ContextKind.ACTIVITY, code="GONE"),
            DeleteContext(id=activity),
            DeleteContext(id=season),
        ):
            clerk.do(command)
        given[name] = clerk.said[-4:]
    sealed(browser)
    browser.actor = seller(
        browser, OrganisationPrivilege.AUDIT_READ, OrganisationPrivilege.CONTEXT_MODIFY, at=house.organiser
    )
    for path in ("/admin/audit", f"/admin/audit?at={house.organiser}", "/admin/audit.csv?command=delete_context"):
        text = await browser.get(path)
        assert given["ours"][2] in text and given["ours"][3] in text, path
        assert not any(each in text for each in given["theirs"]), path
    for each in given["ours"]:
        await browser.get(f"/admin/audit/{each}")
    assert "GONE" in await browser.get(f"/admin/audit/{given['ours'][1]}"), "what was asked for in the season, too"
    for each in given["theirs"]:
        await browser.get(f"/admin/audit/{each}", want=404)
    rows = clerk.as_(browser.actor).ask(AuditLog(context_id=house.organiser, command="delete_context")).value
    assert [row["id"] for row in rows] == [given["ours"][3], given["ours"][2]]
    plan = clerk.rows(f"EXPLAIN QUERY PLAN SELECT entity_id, entity, change FROM audit WHERE {GONE_CONTEXT}")
    assert "ix_audit_gone_context" in str(plan), "and none walks through all of the audit for it"


async def test_what_a_reader_may_not_see_is_struck(browser: Browser, profile: Id) -> None:
    browser.clerk.as_(browser.actor).no(
        ChangeProfile(id=profile, set={"code": "SECRET_CODE"}, seen="as it was long ago")
    )
    refused = browser.clerk.rows(
        "SELECT id FROM command_log WHERE answer LIKE '-%' AND name = 'change_operator_profile'"
    )[0][0]
    command = browser.entries(profile)[1].partition(".")[0]
    sealed(browser)
    browser.actor = seller(browser, OrganisationPrivilege.AUDIT_READ)
    text = await browser.get("/admin/audit")
    assert command in text and "•••" in text and "Guichet" not in text
    one = await browser.get(f"/admin/audit/{command}")
    assert "Guichet" not in one and "Box office" not in one
    assert "SECRET_CODE" not in await browser.get(f"/admin/audit/{refused}")
    csv = await browser.get("/admin/audit.csv")
    assert "Guichet" not in csv and "•••" in csv


async def test_devices_and_programs_are_named_as_such(browser: Browser, profile: Id) -> None:
    row = new_id()
    program = Actor(ActorKind.OPERATOR, browser.house.admin, "x", browser.actor.grants, {}, "api ::1")
    browser.clerk.as_(program).do(
        CreateProfile(
            id=row,
            context_id=browser.house.institution,
            code="API",
            names={"fr": "API"},
            privileges=(),
            second_factor=False,
        )
    )
    text = await browser.get(at(row))
    assert "par l’API, depuis ::1" in text and "rogram" in text
    text = await browser.get(f"/admin/history/site/{browser.house.site}")
    assert "Parterre" in text and "de lui-même" in text


async def test_what_central_does_for_nobody_is_on_no_screen(browser: Browser) -> None:
    """The set-up is done by central itself, for a page: from where, and not on whose screen."""
    row = new_id()
    browser.clerk.as_(replace(SYSTEM, origin="web ::7")).do(
        CreateProfile(
            id=row,
            context_id=browser.house.institution,
            code="API",
            names={"fr": "API"},
            privileges=(),
            second_factor=False,
        )
    )
    text = await browser.get(at(row))
    assert "de lui-même" in text and "depuis ::7" in text and "à l’écran" not in text


# --- sheets ----------------------------------------------------------------------------------------------------------


async def test_the_sheets_hold_the_same_rows_and_no_formula(browser: Browser, profile: Id) -> None:
    import csv
    import io

    import openpyxl

    browser.do(ChangeProfile(id=profile, set={"names": {"fr": "=cmd|' /C calc'!A0"}}))
    browser.do(ChangeProfile(id=profile, set={"names": {"fr": "+1"}}))
    sealed(browser)
    count = browser.clerk.rows("SELECT COUNT(*) FROM command_log WHERE name = 'change_operator_profile'")[0][0]
    text = await browser.get("/admin/audit.csv?command=change_operator_profile")
    lines = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))
    assert len(lines) == count + 1
    assert not [cell for line in lines for cell in line if cell[:1] in ("=", "+", "-", "@")]
    async with browser.client.get("/admin/audit.xlsx?command=change_operator_profile") as answer:
        book = openpyxl.load_workbook(io.BytesIO(await answer.read()))
    rows = list(book.active.iter_rows())
    assert len(rows) == count + 1
    assert not [cell for row in rows for cell in row if cell.data_type == "f"]
    assert {line[-1] for line in lines[1:]} == {row[-1].value for row in rows[1:]}
    assert all(is_id(line[-1]) for line in lines[1:])


async def test_what_the_door_turned_away_is_counted_on_a_page(browser: Browser) -> None:
    """By whom, what and why; strangers as one; for who may read the log of the whole house."""
    tally, stranger = browser.clerk.door.tally, browser.house.operator("organisation.audit.read")
    for actor, times in ((ANONYMOUS, 3), (browser.actor, 1)):
        for _ in range(times):
            tally.count(caller(actor), "create_operator_profile", "not_allowed")
    tally.count(caller(SYSTEM), "ask_reset", "")
    add_tally(browser.clerk.db, tally.take(), tally.today)
    assert "/admin/audit/turned-away" in await browser.get("/admin/audit")
    page = " ".join(re.sub(r"<[^>]+>", " ", await browser.get("/admin/audit/turned-away")).split())
    t = texts("fr")
    refused = t.reason(NoEntry.NOT_ALLOWED)
    assert f"Quelqu’un sans accès {t.do('create_operator_profile')} {refused} 3" in page
    assert f"{t.do('ask_reset')} essai sans suite 1" in page
    browser.actor = replace(stranger, grants=frozenset({("organisation.audit.read", browser.house.organiser)}))
    assert "/admin/audit/turned-away" not in await browser.get("/admin/audit")
    await browser.get("/admin/audit/turned-away", want=403)


# --- actions on a plan -----------------------------------------------------------------------------------------------


async def test_an_action_on_a_plan_is_told_in_words_wherever_it_stands(browser: Browser) -> None:
    house = browser.house
    did = browser.do(
        BlockPlaces(performance_id=house.performance, selection=Selection(seats=tuple(house.seats[:3])), why="TV")
    )
    ((seats,),) = browser.clerk.rows(
        "SELECT json_extract(what, '$.seats') FROM plan_action WHERE id = :id", id=did["action_id"]
    )
    assert "–" in seats

    page = await browser.get(f"/admin/e/plan_action/{did['action_id']}")
    for said in ("Blocage", seats, "Admin", f"/admin/do/undo_plan_action?on={did['action_id']}"):
        assert said in page, said
    for raw in ("operator:", '"seats"', "Rien n’a été noté", "act:"):
        assert raw not in page, raw
    assert "operator:" not in await browser.get("/admin/e/plan_action?col=who&col=act")

    logged = await browser.get("/admin/audit?command=block_places")
    assert f"Bloquer des places : {seats}".replace(" :", "\u202f:") in logged.replace("\u00a0:", "\u202f:")
    one = await browser.get(re.search(r"/admin/audit/[0-9A-Z]{26}", logged)[0])
    assert seats in one
    assert house.performance not in re.sub(r'href="[^"]*"', "", one)
    assert '"seats"' not in one and "sha256" not in one

    undone = browser.do(UndoPlanAction(action_id=did["action_id"]))
    for each in (did, undone):
        assert "undo_plan_action" not in await browser.get(f"/admin/e/plan_action/{each['action_id']}")


CHANGED = "Ne peut plus être annulé\u202f: tout a changé depuis."
HELD = "Ne peut plus être annulé\u202f: ces places sont prises, hors service ou changées depuis."
PERFORMANCE, LOGICAL, PHYSICAL = PlanTarget.PERFORMANCE, PlanTarget.LOGICAL, PlanTarget.PHYSICAL
TWO_ACTS: dict[str, tuple[PlanTarget, Any, Any, dict[str, Any], dict[str, Any]]] = {
    "blocked and freed": (PERFORMANCE, BlockPlaces, UnblockPlaces, {"why": "TV"}, {}),
    "moved and back": (PERFORMANCE, AssignContingent, AssignContingent, {"to": True}, {"to": False}),
    "in two orders": (PERFORMANCE, OrderSeats, OrderSeats, {"order": SeatOrder.LISTED}, {"order": SeatOrder.DRAWN}),
    "blocked and freed in the hall as it is sold": (LOGICAL, BlockLogical, UnblockLogical, {"why": "TV"}, {}),
    "moved there": (LOGICAL, AssignLogicalContingent, AssignLogicalContingent, {"to": True}, {"to": False}),
    "ordered there": (
        LOGICAL, OrderLogicalSeats, OrderLogicalSeats, {"order": SeatOrder.LISTED}, {"order": SeatOrder.DRAWN}
    ),
    "broken and mended": (PHYSICAL, InvalidateSeats, RevalidateSeats, {"why": "cassé", "remember": True}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO_ACTS)
async def test_an_undo_that_finds_nothing_is_not_offered_and_it_is_said_why(browser: Browser, name: str) -> None:
    """Before: of a block that was lifted since the undo was offered, refused, and offered again."""
    house = browser.house
    target, act, back, first, then = TWO_ACTS[name]
    plan = {PERFORMANCE: house.performance, LOGICAL: house.logical, PHYSICAL: house.physical}[target]
    where = {"performance_id" if target is PERFORMANCE else "configuration_id": plan}

    def put(command: Any, said: dict[str, Any]) -> str:
        more = {"contingent_id": house.contingent if said["to"] else None} if "to" in said else said
        return str(browser.do(command(**where, **more, selection=Selection(seats=house.seats[2::-1])))["action_id"])

    undo = 'name="action_id" value="{}"'
    one = put(act, first)
    assert undo.format(one) in await browser.get(f"/admin/plan/{target}/{plan}")
    two = put(back, then)
    page = await browser.get(f"/admin/plan/{target}/{plan}")
    assert undo.format(two) in page and undo.format(one) not in page
    assert page.count(CHANGED) == 1 and f'"last":"{two}"' in unescape(page).replace('": "', '":"')
    own = await browser.get(f"/admin/e/plan_action/{one}")
    assert CHANGED in own and "/admin/do/undo_plan_action" not in own
    browser.do(UndoPlanAction(action_id=Id(two)))
    again = await browser.get(f"/admin/plan/{target}/{plan}")
    assert undo.format(one) in again and CHANGED not in again, "it can go back once more"


async def test_of_counted_places_and_of_sold_seats_too(browser: Browser) -> None:
    house = browser.house
    ((standing,),) = browser.clerk.rows("SELECT zone_id FROM gauge")
    here = {"performance_id": house.performance}
    some = Selection(counts=(Counted(Id(standing), 5),))
    counted = browser.do(BlockPlaces(**here, selection=some, why="bancs"))["action_id"]
    browser.do(UnblockPlaces(**here, selection=some))
    seats = Selection(seats=(house.seats[4],))
    moved = browser.do(AssignContingent(**here, selection=seats, contingent_id=house.contingent))["action_id"]
    browser.do(ChangeChannel(id=house.channel, set={"contingents": (house.contingent,)}))
    browser.do(house.order(house.seats[4]))
    page = await browser.get(f"/admin/plan/performance/{house.performance}")
    for action in (counted, moved):
        assert f'name="action_id" value="{action}"' not in page
    assert page.count(HELD) == 2
