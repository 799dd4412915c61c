"""Whatever a page or a form's address names beside the thing that it is of (`onto`, `at`, `from`, `physical` …) is
asked for as that is: a thing of another organiser is told nothing about. Which names an address may have is what each
page asks its own for; what is told is looked for in every answer."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from multidict import MultiDictProxy

from central.kernel.entity import BY_NAME
from central.kernel.privileges import EVERYTHING
from central.venues.mapping_report import packed
from central.venues.model import Drawing
from central.venues.svg_sources import NameSource, SvgMapping, Where
from tests.central.venues.strange_drawings import circle, flat
from tests.central.web.screens.conftest import CSRF
from tests.central.web.screens.test_hidden_names import Stage, _of, parties, stage  # noqa: F401 - fixtures

pytestmark = pytest.mark.behind_the_door  # rows are put in by hand

Route = tuple[str, str]  # its method and its path, with the names in braces
ODD = flat(lambda z, r, n, x, y: circle(f'data-label="Y{n}X{z}{r}"', x, y))
NAMES = {
    "at": ("context",), "under": ("context",), "of": tuple(BY_NAME), "on": tuple(BY_NAME),
    "id": tuple(BY_NAME), "from": ("performance",),
    "onto": ("physical_configuration",), "physical": ("physical_configuration",), "space": ("space",),
    "space_id": ("space",),
    "who": ("operator",), "after": ("performance",), "before": ("performance",),
}  # fmt: skip
"""What an address may name, and of which tables."""
NOTHING = {
    "lang", "done", "q", "sort", "when", "command", "until", "origin", "entity", "ok", "since", "then", "by", "page",
    "view", "version", "mark", "privilege", "unit", "times", "laid_out", "next", "kept", "token",
}  # fmt: skip
OURS = {
    "/plan/logical": "logical_configuration", "/plan/": "physical_configuration", "/operator": "operator",
    "/who/": "operator", "/webhooks/": "webhook", "/grid/": "price_grid",
}  # fmt: skip
FIXED = {
    "entity": "performance", "command": "create_event", "form": "csv", "kind": "csv", "format": "csv",
    "target": "physical",
}  # fmt: skip
"""What an address holds: of which table the row of ours is, and what is no row."""


class Noting(MultiDictProxy[str]):
    """What an address says, and which of its names a page asks for."""

    asked: set[str]

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


@dataclass(slots=True)
class Walker:
    """`addresses`: of each route one that answers, of our things."""

    stage: Stage
    asked: dict[Route, set[str]]
    addresses: dict[Route, str]

    async def sends(self, route: Route, **said: str) -> str:
        """What is answered; nothing of a stream, which does not end."""
        (method, _), path = route, self.addresses[route]
        sent = {"_csrf": CSRF, "file": packed(ODD), **said} if method == "POST" else None
        asked = self.stage.browser.client.request(method, path, params=said, data=sent, allow_redirects=False)
        async with asked as answer:
            return "" if answer.content_type == "text/event-stream" else (await answer.read()).decode(errors="replace")


@pytest.fixture
async def walker(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Walker:  # noqa: F811
    asked: dict[Route, set[str]] = {}

    def query(request: web.Request) -> Noting:
        found = Noting(request.rel_url.query)
        resource = request.match_info.route.resource
        found.asked = asked.setdefault((request.method, resource.canonical if resource else ""), set())
        return found

    monkeypatch.setattr(web.Request, "query", property(query))
    made = Walker(stage, asked, {})
    stage.browser.sign_in(_of(EVERYTHING, stage.ours.organiser))
    for route in stage.browser.client.app.router.routes():
        resource = route.resource
        if resource and route.method in ("GET", "POST") and resource.canonical.startswith("/admin"):
            of = next((table for part, table in OURS.items() if part in resource.canonical), "performance")
            values = {name: stage.ours.rows.row(of) for name in re.findall(r"\{(\w+)\}", resource.canonical)} | FIXED
            made.addresses[key := (route.method, resource.canonical)] = resource.canonical.format(**values)
            await made.sends(key)
    return made


async def _hall_is_read(stage: Stage) -> None:  # noqa: F811
    """Their hall's drawing was read by words of their own."""
    of, fixed = BY_NAME["physical_configuration"], NameSource(Where.SAME, "secret hall")
    number = NameSource(Where.ATTRIBUTE, "data-label", pattern="Y{number}X*")
    mapping = SvgMapping(fixed, NameSource(Where.ATTRIBUTE, "data-label", pattern="*X{row}"), number)
    column = next(each for each in of.columns if each.name == "drawing")
    said = (column.to_db or str)(Drawing(100, 100, mapping=mapping))
    sql = "UPDATE physical_configuration SET drawing = :said WHERE id = :id"
    await stage.browser.door.chore(lambda db: db.write(sql, {"said": said, "id": stage.theirs.rows.row(of.name)}))


async def test_whatever_an_address_names_beside_is_asked_for(walker: Walker) -> None:
    """Before: who might mend a hall somewhere was told how that of another organiser had been read (`onto`)."""
    stage = walker.stage  # noqa: F811
    await _hall_is_read(stage)
    actor = _of(EVERYTHING, stage.ours.organiser)
    stage.browser.sign_in(actor)
    new = {name for names in walker.asked.values() for name in names} - {*NAMES} - NOTHING
    assert not new, "say above whether it names a thing, and of which table"
    secrets = {"secret hall", *stage.names.values()}
    told, walked = list[tuple[str, ...]](), set[tuple[str, ...]]()
    for route, names in list(walker.asked.items()):
        for name in sorted(names - NOTHING):
            for table in NAMES[name]:
                thing = stage.theirs.organiser if table == "context" else stage.theirs.rows.row(table)
                walked.add((*route, name))
                answer = await walker.sends(route, **{name: thing})
                if any(each in answer for each in secrets):
                    told.append((*route, name, table))
    assert not told, told
    assert {("POST", "/admin/plan/new/mapping/preview", name) for name in ("onto", "space")} <= walked
    assert len(walked) > 50, walked
