"""The going-live list: what the house still needs before it can sell, each with what to do next and the form for it.

GET  /admin/live?at=<context>              the list along the tree; with `panel` a card for the page of a context
GET  /admin/live/usual/<item>?at=…         what most houses would have there, shown before it is made
POST /admin/live/usual/<item>?at=…         makes it
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from aiohttp import web

from central.kernel.checklist import ITEMS, ChecklistItem, ItemStanding, items
from central.kernel.door import Door
from central.kernel.registry import handler_of
from central.kernel.tx import Read
from central.web.area import DOOR
from central.web.branches import Branch, children_of, seen_branch, way_to
from central.web.form import form_of
from central.web.frame import FRAME, Frame
from central.web.live import LIVE
from central.web.session import SignedIn
from central.web.shown import SHOWN, shown_mark, was_shown
from central.web.texts import texts
from shared.ids import Id, is_id
from shared.languages import LANGUAGES
from shared.outcome import Refused
from shared.runtime.system import SystemClock, fresh_id

MOST_FORKS = 50

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """An item as it stands. `usual`: where a proposal is, if somebody may take it."""

    item: ChecklistItem
    standing: ItemStanding
    at: str
    usual: str = ""

    @property
    def state(self) -> str:
        if self.standing.done:
            return "done"
        return "waits" if self.standing.waits else "optional" if self.item.optional else "open"


@dataclass(frozen=True, slots=True)
class ChecklistPart:
    """A context on the way, and what it needs."""

    branch: Branch
    lines: tuple[ChecklistLine, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """`forks`: where the tree divides, the contexts whose lists go on from here. `next`: the first thing to do."""

    parts: tuple[ChecklistPart, ...]
    forks: tuple[Branch, ...]

    @property
    def must(self) -> list[ChecklistLine]:
        return [line for part in self.parts for line in part.lines if not line.item.optional]

    @property
    def done(self) -> int:
        return sum(line.standing.done for line in self.must)

    @property
    def next(self) -> ChecklistLine | None:
        left = [line for line in self.in_order if not line.standing.done and not line.item.optional]
        return next((line for line in left if not line.standing.waits), left[0] if left else None)

    @property
    def in_order(self) -> list[ChecklistLine]:
        return sorted((line for part in self.parts for line in part.lines), key=lambda line: line.item.order)


def checklist(read: Read, door: Door, at: str) -> Checklist:
    """Along the path to this context and on below it, as far as there is only one way."""
    chosen = seen_branch(read, at) or seen_branch(read, "")
    if chosen is None:
        return Checklist((), ())
    way = list(way_to(read, chosen.id))
    while len(forks := children_of(read, way[-1].id, MOST_FORKS)) == 1:
        way.append(forks[0])
    return Checklist(tuple(ChecklistPart(each, tuple(_lines(read, door, each))) for each in way), forks)


def _lines(read: Read, door: Door, branch: Branch) -> list[ChecklistLine]:
    path = door.permissions.path(read, branch.id)
    found = []
    for item in items(branch.kind):
        if item.needs and not read.actor.may(item.needs, path):
            continue
        standing, usual = item.look(read, branch.id), ""
        if standing is None:
            continue
        if item.usual and not standing.done and not standing.count:
            wanted = item.usual(read, branch.id, Id(""), _named)
            if wanted is not None and _may(read, door, wanted):
                usual = f"/admin/live/usual/{item.name}?at={branch.id}"
        found.append(ChecklistLine(item, standing, branch.id, usual))
    return found


def _may(read: Read, door: Door, command: Any) -> bool:
    handler = handler_of(type(command))
    place = handler.at(read, command)
    return (
        handler.needs is not None
        and place is not None
        and read.actor.may(handler.needs, door.permissions.path(read, place))
    )


def _named(msgid: str, **values: Any) -> dict[str, str]:
    """A text as a name in every language."""
    return {language: texts(language)(msgid, **values) for language in LANGUAGES}


# --- pages -----------------------------------------------------------------------------------------------------------


def checklist_routes(app: web.Application) -> None:
    frame, door = app[FRAME], app[DOOR]

    async def show(request: web.Request) -> web.Response:
        me = await frame.who(request)
        at = request.query.get("at", "")
        found: Checklist = await door.read(me.actor, lambda read: checklist(read, door, at))
        live = LIVE in app and await door.read(me.actor, app[LIVE].open_to)
        template = "checklist_card.html" if "panel" in request.query else "checklist.html"
        title = frame.texts(request, me)("Mise en vente")
        return await frame.page(request, template, title=title, list=found, here="/admin/live", chosen=at, live=live)

    async def usual(request: web.Request) -> web.Response:
        me, item, at = await frame.who(request), ITEMS.get(request.match_info["item"]), request.query.get("at", "")
        propose = item.usual if item else None
        if item is None or propose is None or not is_id(at):
            raise web.HTTPNotFound
        wanted = await door.read(me.actor, lambda read: propose(read, at, Id(""), _named))
        if wanted is None:
            raise web.HTTPSeeOther(f"/admin/live?at={at}")
        return await _proposed(request, frame, door, me, item, at, wanted)

    app.router.add_get("/admin/live", show)
    app.router.add_get("/admin/live/usual/{item}", usual)
    app.router.add_post("/admin/live/usual/{item}", usual)


async def _proposed(
    request: web.Request, frame: Frame, door: Door, me: SignedIn, item: ChecklistItem, at: str, wanted: Any
) -> web.Response:
    """What would be made, of which one may leave out; or, asked to, makes what was left in."""
    t, posted = frame.texts(request, me), await form_of(request) if request.method == "POST" else None
    taken = None if posted is None else {str(each) for each in posted.getall("take", [])}
    rows = list(_rows(wanted))
    mark = shown_mark(rows)
    unseen = posted is not None and not was_shown([str(each) for each in posted.getall(SHOWN, [])], mark)
    chosen = wanted if taken is None else only(wanted, taken)
    said = str(posted.get("_command", "")) if posted is not None else ""
    command_id = Id(said) if is_id(said) else fresh_id(_CLOCK)
    refused: Refused | None = None
    if taken != set():
        outcome = (await door.execute(me.actor, chosen, command_id, dry_run=posted is None or unseen)).outcome
        if posted is not None and not unseen and not isinstance(outcome, Refused):
            raise web.HTTPSeeOther(f"/admin/live?at={at}&done={command_id}")
        refused = outcome if isinstance(outcome, Refused) else None
    return await frame.page(
        request, "checklist_usual.html", status=200 if posted is None else 422, title=t(item.title), item=item, at=at,
        rows=rows, taken=taken, refused=refused, command=command_id, here="/admin/live",
        SHOWN=SHOWN, mark=mark, unseen=unseen,
    )  # fmt: skip


def only(command: Any, codes: Collection[str]) -> Any:
    """The same command with those of its rows that have these codes."""
    lists = {each.name: getattr(command, each.name) for each in fields(command)}
    return replace(command, **{
        name: tuple(row for row in rows if row.code in codes) for name, rows in lists.items() if _is_rows(rows)
    })  # fmt: skip


def _is_rows(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(getattr(each, "names", None), dict) for each in value)


def _rows(command: Any) -> Iterator[tuple[str, str, dict[str, str], str]]:
    """(code of the row to take, its code, names, colour) of what a command would make, and of what comes with it: that
    is taken with it, and has no code to take."""
    for field in fields(command):
        value = getattr(command, field.name)
        for each in value if _is_rows(value) else ():
            yield each.code, each.code, each.names, getattr(each, "colour", "")
            if hasattr(each, "point_code"):
                yield "", each.point_code, each.point_names, ""
