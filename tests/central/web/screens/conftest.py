"""The administration over HTTP, with somebody signed in: the session comes from the test, everything else is real."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from central.app import make_app
from central.kernel.actor import Actor
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.privileges import EVERYTHING
from central.web.session import SESSIONS, SignedIn, csrf_of
from tests.central.small_house import House, Watch, new_id

CSRF = csrf_of("token")


@dataclass(slots=True)
class Page:
    status: int
    text: str
    url: str
    inputs: dict[str, list[str]]

    def __contains__(self, text: str) -> bool:
        return text in self.text


class _Inputs(HTMLParser):
    """What a browser would send of a page's last form: the values of its fields as they stand."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, list[str]] = {}
        self._select, self._area, self._template = "", "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "template":
            self._template += 1
        if self._template:
            return
        if tag == "form":
            self.found = {} if said.get("method") == "post" else self.found
        elif tag == "input" and "name" in said:
            sent = said.get("type") not in ("checkbox", "radio") or "checked" in said
            if sent and "disabled" not in said:
                self.found.setdefault(said["name"], []).append(said.get("value", ""))
        elif tag == "select":
            self._select = said["name"]
        elif tag == "option" and self._select and "selected" in said:
            self.found.setdefault(self._select, []).append(said.get("value", ""))
        elif tag == "textarea":
            self._area = said["name"]
            self.found[self._area] = [""]

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area][0] += data.removeprefix("\n") if not self.found[self._area][0] else data

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._template -= 1
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""


@dataclass(slots=True)
class Browser:
    """Somebody at a browser without scripts."""

    client: TestClient[Any, Any]
    door: Door
    house: House
    me: dict[str, SignedIn] = field(default_factory=dict)
    watch: Watch = field(default_factory=Watch)

    def sign_in(self, actor: Actor, language: str = "fr") -> None:
        self.me["now"] = SignedIn(actor, new_id(), "Ada", language, CSRF)

    async def get(self, path: str, **headers: str) -> Page:
        async with self.client.get(path, headers=headers) as answer:
            return await self._page(answer)

    async def send(self, path: str, page: Page, **changed: Any) -> Page:
        """Sends a page's form with some answers changed (`names__fr` is names.fr); None leaves one out."""
        fields = {**page.inputs, **{name.replace("__", "."): value for name, value in changed.items()}}
        pairs = [
            (name, one)
            for name, value in fields.items()
            if value is not None
            for one in (value if isinstance(value, list) else [value])
        ]
        async with self.client.post(path, data=pairs) as answer:
            return await self._page(answer)

    async def post(self, path: str, pairs: list[tuple[str, str]]) -> Page:
        async with self.client.post(path, data=[("_csrf", CSRF), *pairs]) as answer:
            return await self._page(answer)

    async def _page(self, answer: Any) -> Page:
        text = await answer.text()
        reader = _Inputs()
        reader.feed(text)
        return Page(answer.status, text, str(answer.url.relative()), reader.found)


@pytest.fixture
async def browser(sqlite_place: tuple[Database, House], keys: Keys) -> AsyncIterator[Browser]:
    database, house = sqlite_place
    watch = Watch()
    door = Door(database, watch, path_of, keys)
    door.start()
    me: dict[str, SignedIn] = {}

    async def session(_: web.Request) -> SignedIn | None:
        return me.get("now")

    app = make_app(door)
    app[SESSIONS] = session
    async with TestClient(TestServer(app)) as client:
        made = Browser(client, door, house, me, watch)
        made.sign_in(house.operator(EVERYTHING))
        yield made
    door.stop()
