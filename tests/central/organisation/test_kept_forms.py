"""A session ends while somebody fills a form in: they are told why, and find in it what they had typed, once; nobody
else does, and nothing of it was saved."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit
from zlib import decompress

from aiohttp import web

from central.kernel.actor import SYSTEM
from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS
from central.kernel.tx import Read
from central.organisation.model import SignInSession
from central.organisation.operators import DeactivateOperator, ReactivateOperator
from central.organisation.rules import IDLE, LONGEST
from central.organisation.sessions import EndSession, TidySessions
from central.web.kept_forms import KEEPER, KEEPS, KEPT_FOR, MOST, NAME
from central.web.screens.screen import creators
from shared.ids import Id
from tests.central.organisation.conftest import JEANNE, Browser, People
from tests.central.walked import walked
from tests.central.web.screens.conftest import _Inputs

MAPPING = "/admin/plan/new/mapping"  # opens by a drawing, of which none is kept: its own test
NOT_KEPT = {
    "/admin/device/{id}/instruction": "it is for who stands before the gate now, and for nobody an hour later",
    "/admin/e/{entity}/bulk": "rows are ticked on a list, which is as it was",
    "/admin/history/{entity}/{id}/{way}/{key}": "a press",
    "/admin/limited/lift": "a press",
    "/admin/live/usual": "a press",
    "/admin/live/usual/{item}": "a press",
    "/admin/operators/{id}/{act}": "a choice on the operator's page, with a password where it counts",
    "/admin/plan/{target}/{id}/act": "places are chosen on the plan",
    "/admin/plan/{target}/{id}/list": "places are chosen on the plan",
    "/admin/views": "a name for the list as it stands in the address",
    "/admin/views/drop": "a press",
    "/admin/webhooks/{id}/resend": "a press",
    "/admin/webhooks/{id}/secret": "a press",
    "/admin/webhooks/{id}/take-over": "a press",
}
"""Forms of who is signed in, and why what they say is not kept."""
SECRET = "quatre-lanternes-42"


class _Typed(HTMLParser):
    """The fields of a page in which somebody types, and those of passwords."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.typed: set[str] = set()
        self.secret: set[str] = set()
        self._template = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self._template += tag == "template"
        if self._template or "name" not in said:
            return
        kind = said.get("type", "text") if tag == "input" else tag
        if kind in ("text", "email", "url", "textarea"):
            self.typed.add(said["name"])
        elif kind == "password":
            self.secret.add(said["name"])

    def handle_endtag(self, tag: str) -> None:
        self._template -= tag == "template"


def inputs(text: str) -> dict[str, list[str]]:
    reader = _Inputs()
    reader.feed(text)
    return reader.found


async def sent(browser: Browser, path: str) -> dict[str, list[str]]:
    """Something typed into each field of a form that opened here while the session lived; what went off of it."""
    fields, kinds = inputs(browser.text), _Typed(browser.text)
    fields |= {name: [f"{(fields.get(name) or [''])[0]}é"[-40:]] for name in kinds.typed if not name.startswith("_")}
    fields |= {name: [SECRET] for name in kinds.secret}
    pairs = [(name, value) for name, values in fields.items() for value in values]
    async with browser.client.post(path, data=pairs) as answer:
        await browser._take(answer)
    return {name: values for name, values in fields.items() if not name.startswith("_") and name not in kinds.secret}


async def addresses(people: People) -> list[str]:
    """Of every form that keeps: of each entity that is made or changed, of each command on a row that is there."""
    house = people.house

    def look(read: Read) -> list[str]:
        found = [f"/admin/e/{name}/new" for name in walked(BY_NAME) if creators(name)]
        for name in walked(BY_NAME):
            row = read.one(f"SELECT id FROM {name} ORDER BY id LIMIT 1")
            if row and name != "operator_session":  # which is over
                found.append(f"/admin/e/{name}/{row[0]}/edit")
                found += [f"/admin/do/{each.name}?on={row[0]}" for each in COMMANDS.values() if each.on == name]
        return found

    found: list[str] = await people.door.read(SYSTEM, look)
    return [
        *found, "/admin/operators/new", f"/admin/plan/new?onto={house.physical}", f"/admin/pricing/grid/{house.grid}",
        f"/admin/sell-hall?at={house.season}", f"/admin/plan/logical/{house.logical}/carry-over",
    ]  # fmt: skip


async def test_every_form_is_as_it_was_left(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next="/me")
    opened: dict[str, str] = {}
    for path in await addresses(people):
        await browser.get(path)
        if browser.status == 200 and browser.path == urlsplit(path).path and _Typed(browser.text).typed:
            opened[path] = browser.text
    app: web.Application = people.server.app
    paths = [urlsplit(path).path for path in opened]
    there = {path for path, each in app[KEEPS].items() if not each.page} - {MAPPING}
    found = {each for each in app[KEEPS] if any(re.fullmatch(pattern(each), path) for path in paths)}
    assert found == there, "each kind of form is walked"
    before = await rows(people)
    people.watch.at += IDLE
    left: dict[str, dict[str, list[str]]] = {}
    for path, text in opened.items():
        browser.text = text
        left[path] = await sent(browser, path)
        assert browser.path == "/sign-in" and "30 min sans activité" in browser.text, path
        assert "vous attend après la connexion" in browser.text, path
    assert await rows(people) == before, "nothing was saved"
    await browser.sign_in(next="/me")
    for path, fields in left.items():
        await browser.get(path)
        again = inputs(browser.text)
        assert browser.status == 200 and "voici ce qui avait été saisi dans ce navigateur" in browser.text, path
        assert {name: again.get(name) for name in fields} == fields, path
        assert SECRET not in browser.text, path
        await browser.get(path)
        assert "voici ce qui avait été saisi dans ce navigateur" not in browser.text, "it is shown once"


def pattern(canonical: str) -> str:
    return re.sub(r"\{\w+\}", "[^/]+", canonical)


async def rows(people: People) -> dict[str, int]:
    def look(read: Read) -> dict[str, int]:
        return {name: read.run(f"SELECT COUNT(*) FROM {name}")[0][0] for name in BY_NAME}

    found: dict[str, int] = await people.door.read(SYSTEM, look)
    return found


async def test_every_form_says_whether_it_keeps(people: People) -> None:
    """A new one says so where it is declared, or why not here."""
    app = people.server.app
    posts = {each.resource.canonical for each in app.router.routes() if each.method == "POST" and each.resource}
    of_people = {each for each in posts if each.startswith("/admin/")}
    kept = set(app[KEEPS])
    assert kept <= of_people and of_people - kept == set(NOT_KEPT)
    gets = {each.resource.canonical for each in app.router.routes() if each.method == "GET" and each.resource}
    assert {each.page or path for path, each in app[KEEPS].items()} <= gets, "the form stands where it is sent to"


async def left_a_name(people: People, browser: Browser) -> str:
    """A site's name is typed; then lunch."""
    path = f"/admin/e/site/{people.house.site}/edit"
    await browser.get(path)
    people.watch.at += IDLE
    await browser.post(path, **{"names.fr": "Théâtre rebaptisé"})
    return path


async def test_nobody_else_finds_it(people: People, jeanne: Id) -> None:
    await people.person("Paul", "paul@tilleuls.example", "*")
    browser = await people.browser().sign_in(next="/me")
    path = await left_a_name(people, browser)
    await browser.sign_in("paul@tilleuls.example", next=path)
    assert browser.path == path and "rebaptisé" not in browser.text
    await browser.post("/sign-out")
    await browser.sign_in(next=path)
    assert "Théâtre rebaptisé" in browser.text, "it still waits for who typed it"


async def test_it_waits_for_an_hour(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next="/me")
    path = await left_a_name(people, browser)
    people.watch.at += KEPT_FOR
    await browser.sign_in(next=path)
    assert browser.path == path and "rebaptisé" not in browser.text


async def test_after_the_longest_day_too(people: People, jeanne: Id) -> None:
    """The row of a session that is over stays as long as a form may wait."""
    browser = await people.browser().sign_in(next="/me")
    path = f"/admin/e/site/{people.house.site}/edit"
    began = people.watch.at
    while people.watch.at < began + LONGEST - IDLE:
        people.watch.at += IDLE / 2
        await browser.get(path)
    people.watch.at = began + LONGEST
    await people.do(TidySessions())
    await browser.post(path, **{"names.fr": "Théâtre rebaptisé"})
    assert "durée maximale (12 h)" in browser.text and "vous attend" in browser.text
    await browser.sign_in(next=path)
    assert "Théâtre rebaptisé" in browser.text
    people.watch.at += LONGEST + KEPT_FOR + timedelta(seconds=1)
    await people.do(TidySessions())
    assert await people.rows(SignInSession) == []


async def test_what_somebody_ended_keeps_nothing(people: People, jeanne: Id) -> None:
    paul = await people.person("Paul", "paul@tilleuls.example", "*")
    browser = await people.browser().sign_in("paul@tilleuls.example", next="/me")
    path = f"/admin/e/site/{people.house.site}/edit"
    await browser.get(path)
    (session,) = await people.rows(SignInSession, "WHERE operator_id = :id", id=paul)
    await people.do(EndSession(session_id=session.id), await people.actor(jeanne))
    await browser.post(path, **{"names.fr": "Théâtre rebaptisé"})
    assert "Votre session a été terminée" in browser.text and "il faudra le refaire" in browser.text
    await browser.sign_in("paul@tilleuls.example", next=path)
    assert "rebaptisé" not in browser.text


async def test_who_is_deactivated_meanwhile_finds_nothing(people: People, jeanne: Id) -> None:
    """Not even once they may come in again."""
    paul = await people.person("Paul", "paul@tilleuls.example", "*")
    browser = await people.browser().sign_in("paul@tilleuls.example", next="/me")
    await browser.get(f"/admin/e/site/{people.house.site}/edit")
    boss = await people.actor(jeanne)
    await people.do(DeactivateOperator(operator_id=paul), boss)
    path = await left_a_name(people, browser)
    assert "il faudra le refaire" in browser.text and browser.token(NAME) == ""
    await people.do(ReactivateOperator(operator_id=paul), boss)
    await browser.sign_in("paul@tilleuls.example", next=path)
    assert browser.path == path and "rebaptisé" not in browser.text


async def test_it_opens_at_its_own_address_alone(people: People, jeanne: Id) -> None:
    """A browser sends it there alone; whoever sends it to another form finds nothing in that."""
    browser = await people.browser().sign_in(next="/me")
    path = await left_a_name(people, browser)
    sealed = browser.token(NAME)
    await browser.sign_in(next="/me")
    other = f"/admin/e/tariff/{people.house.full}/edit"
    for address, there in ((other, False), (path, True)):
        browser.client.cookie_jar.update_cookies({NAME: sealed}, people.server.make_url(address))
        await browser.get(address)
        assert browser.status == 200 and ("rebaptisé" in browser.text) is there


async def test_what_confirms_or_was_shown_is_not_kept(people: People, jeanne: Id) -> None:
    """Who comes back is shown it anew, and says anew that they are sure and who they are: of none of these fields, nor
    of a file, does the seal hold anything."""
    browser = await people.browser().sign_in(next="/me")
    path = f"/admin/e/site/{people.house.site}/edit"
    await browser.get(path)
    people.watch.at += IDLE
    never = {name: f"nicht {name}" for name in ("_do", "_shown", "_sure", "_now", "file")}
    await browser.post(path, **never, **{"names.fr": "Théâtre rebaptisé"})
    packed = people.server.app[KEEPER].unseal(browser.token(NAME), f"kept form:{jeanne}:{path}")
    assert packed
    held = decompress(packed).decode()
    assert "Théâtre rebaptisé" in held and "_csrf" not in held
    assert [name for name in never if f'"{name}"' in held or f"nicht {name}" in held] == []


async def test_what_is_too_much_is_not_promised(people: People, jeanne: Id) -> None:
    from secrets import token_hex

    browser = await people.browser().sign_in(next="/me")
    path = f"/admin/e/site/{people.house.site}/edit"
    await browser.get(path)
    people.watch.at += IDLE
    await browser.post(path, **{"names.fr": token_hex(MOST)})
    assert "il faudra le refaire" in browser.text and browser.token(NAME) == ""


async def test_who_only_looked_is_told_why_as_well(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next="/me")
    people.watch.at += IDLE
    await browser.get("/me")
    assert browser.path == "/sign-in" and "sans activité" in browser.text and "saisi" not in browser.text
    await (await browser.sign_in(next="/me")).post("/sign-out")
    assert "session" not in browser.text.lower().partition("<form")[0].partition("<h1>")[2], "who left knows why"


async def test_what_is_only_sent_leads_back_to_its_page(people: People, jeanne: Id) -> None:
    """A list's box, the plan's acts: their addresses are no pages."""
    browser = await people.browser().sign_in(next="/me")
    await browser.get("/admin/e/site")
    people.watch.at += IDLE
    here = str(people.server.make_url("/admin/e/site?q=a"))
    async with browser.client.post("/admin/e/site/bulk", data={}, headers={"Referer": here}) as answer:
        await browser._take(answer)
    await browser.sign_in(JEANNE, next=re.findall(r'name="next" value="([^"]*)"', browser.text)[0])
    assert browser.path == "/admin/e/site" and browser.status == 200


async def test_what_was_said_of_a_drawing_waits_for_the_drawing(people: People, jeanne: Id) -> None:
    """Whether the form itself is sent, or what comes of it is asked for as one types. Before: all of it was lost, and
    there was no page to come back to."""
    space = str(await one_of(people, "space"))
    asked = {"name": "Neuve", "code": "NEUVE", "space": space, "row-source": "attribute|0|data-rang",
             "row-pattern": "Rang {row}", "file": "packed"}  # fmt: skip
    for path in (MAPPING, f"{MAPPING}/preview"):
        browser = await people.browser().sign_in(next="/me")
        await browser.get(f"/admin/plan/new?space={space}")
        people.watch.at += IDLE
        headers = {"HX-Request": "true"} if path != MAPPING else {}
        token = re.findall(r'name="_csrf" value="([^"]+)"', browser.text)[0]
        where, data = f"{path}?space={space}", {"_csrf": token, **asked}
        async with browser.client.post(where, data=data, headers=headers, allow_redirects=False) as answer:
            leads = answer.headers.get("HX-Redirect") or answer.headers["Location"]
        assert parse_qs(urlsplit(leads).query) == {"next": [f"{MAPPING}?space={space}"], "kept": ["1"]}
        await browser.sign_in(next=f"{MAPPING}?space={space}")
        again = inputs(browser.text)
        assert browser.status == 200 and "choisissez de nouveau le fichier" in browser.text
        assert {name: again[name] for name in asked if name != "file"} == {
            name: [value] for name, value in asked.items() if name != "file"
        }
        assert f'action="/admin/plan/new?space={space}"' in browser.text, "where the drawing is sent to"


async def one_of(people: People, table: str) -> Id:
    rows: list[Id] = await people.door.read(
        SYSTEM, lambda read: [row[0] for row in read.run(f"SELECT id FROM {table} ORDER BY id LIMIT 1")]
    )
    return rows[0]
