"""The going-live list: what the house still needs before it can sell, each with what to do next and the form for it.

GET  /admin/live?at=<context>              the list along the tree; with `panel` a card for the page of a context
GET  /admin/live/usual/<item>?at=…         what most houses would have there, shown before it is made
POST /admin/live/usual/<item>?at=…         makes it
GET, POST /admin/live/usual?at=…           the same of all that is proposed on the way, in one go
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from central.kernel.checklist import ITEMS, ChecklistItem, ItemRest, ItemStanding, items
from central.kernel.door import Door
from central.kernel.registry import handler_of
from central.kernel.tx import Read
from central.web.area import DOOR
from central.web.branches import Branch, children_of, seen_branch, way_to
from central.web.checklist_proposals import proposed
from central.web.frame import FRAME, ON_SALE
from central.web.shell import MOST_DONE
from central.web.texts import texts
from shared.ids import Id, is_id
from shared.languages import LANGUAGES

MOST_FORKS = 50


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
    def missing(self) -> list[ChecklistPart]:
        """What has to be done yet, but for the next step, which stands above it."""
        step = self.next
        return self._only(lambda line: not line.item.optional and not line.standing.done and line != step)

    @property
    def there(self) -> list[ChecklistPart]:
        return self._only(lambda line: not line.item.optional and line.standing.done)

    @property
    def spare(self) -> list[ChecklistPart]:
        """What one can sell without, there or not."""
        return self._only(lambda line: line.item.optional)

    def _only(self, wanted: Callable[[ChecklistLine], bool]) -> list[ChecklistPart]:
        return [replace(part, lines=tuple(line for line in part.lines if wanted(line))) for part in self.parts]

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
    def proposals(self) -> list[ChecklistLine]:
        """What can be made now as most houses have it."""
        return [line for line in self.in_order if line.usual and not line.standing.waits]

    @property
    def unsold(self) -> bool:
        """Whether the last that must be done, a first sale, is still to come."""
        return any(not line.standing.done for line in [each for each in self.in_order if not each.item.optional][-1:])

    @property
    def resting(self) -> list[ItemRest]:
        """What is there and does not hold now."""
        return [line.standing.rests for line in self.in_order if line.standing.rests]

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


def _all_usual(read: Read, found: Checklist) -> list[tuple[ChecklistItem, Any]]:
    wanted = [
        (line.item, line.item.usual(read, line.at, Id(""), _named)) for line in found.proposals if line.item.usual
    ]
    return [(item, command) for item, command in wanted if command is not None]


def _touched(read: Read, command_id: str, entity: str, row_id: str) -> bool:
    sql = "SELECT 1 FROM audit WHERE command_id = :id AND entity = :entity AND entity_id = :row LIMIT 1"
    return read.one(sql, id=command_id, entity=entity, row=row_id) is not None


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
        template = "checklist_card.html" if "panel" in request.query else "checklist.html"
        t = frame.texts(request, me)
        parts = await door.read(me.actor, lambda read: frame.parts_of(ON_SALE, read, t, at))
        return await frame.page(
            request, template, title=t("Mise en vente"), list=found, here="/admin/live", chosen=at, parts=parts
        )

    async def usual(request: web.Request) -> web.Response:
        me, item, at = await frame.who(request), ITEMS.get(request.match_info["item"]), request.query.get("at", "")
        propose = item.usual if item else None
        if item is None or propose is None or not is_id(at):
            raise web.HTTPNotFound
        wanted = await door.read(me.actor, lambda read: propose(read, at, Id(""), _named))
        if wanted is None:
            raise web.HTTPSeeOther(f"/admin/live?at={at}")
        title = frame.texts(request, me)(item.title)
        return await proposed(request, frame, door, me, at, [(item, wanted)], title)

    async def all_usual(request: web.Request) -> web.Response:
        me, at = await frame.who(request), request.query.get("at", "")
        wanted = await door.read(me.actor, lambda read: _all_usual(read, checklist(read, door, at)))
        if not wanted:
            raise web.HTTPSeeOther(f"/admin/live?at={at}" if is_id(at) else "/admin/live")
        t = frame.texts(request, me)
        return await proposed(request, frame, door, me, at if is_id(at) else "", wanted, t("Propositions standard"))

    def next_step(read: Read, at: str, done: str) -> tuple[str, str] | None:
        found = checklist(read, door, at)
        if found.next is None or found.next.standing.waits or not found.unsold:
            return None
        link, acts_on = found.next.usual or found.next.standing.link, found.next.standing.acts_on
        if acts_on and not any(_touched(read, each, *acts_on) for each in done.split(".")[:MOST_DONE]):
            link = f"/admin/live?at={at}"  # an act on another thing than one was at is not pressed in passing
        return found.next.item.title, link

    frame.next_step = next_step

    app.router.add_get("/admin/live", show)
    app.router.add_get("/admin/live/usual", all_usual)
    app.router.add_post("/admin/live/usual", all_usual)
    app.router.add_get("/admin/live/usual/{item}", usual)
    app.router.add_post("/admin/live/usual/{item}", usual)
