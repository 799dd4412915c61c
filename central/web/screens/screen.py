"""What the pages of the generic administration share: who asks, what they ask for, and the pages that say no."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from central.kernel.contexts import by_house_alone
from central.kernel.crud import CONFIGURED
from central.kernel.door import Door, NoEntry, Reply
from central.kernel.entity import BY_NAME, Declaration
from central.kernel.privileges import Action
from central.kernel.registry import COMMANDS, Handler
from central.kernel.tx import Read
from central.web.frame import FRAME, Frame, ListColumn
from central.web.kept_forms import Typed, kept
from central.web.session import SignedIn
from central.web.texts import Texts
from shared.ids import Id, is_id
from shared.outcome import Refused
from shared.runtime.system import SystemClock, fresh_id

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Screen:
    """One request of somebody who is signed in."""

    request: web.Request
    frame: Frame
    me: SignedIn
    t: Texts

    @property
    def door(self) -> Door:
        return self.frame.door

    @property
    def at(self) -> str | None:
        said = self.request.query.get("at", "")
        return said if is_id(said) else None

    async def read(self, look: Callable[[Read], T]) -> T:
        found: T = await self.door.read(self.me.actor, look)
        return found

    async def kept(self) -> Typed | None:
        """What they had typed into this form when their session was over."""
        return await kept(self.request, str(self.me.actor.id))

    async def opening(self, look: Callable[[Read], Typed]) -> Typed:
        """That, or else how the form opens."""
        held = await self.kept()
        return await self.read(look) if held is None else held

    async def execute(self, command: Any, command_id: Id, *, dry_run: bool = False) -> tuple[Reply, Id]:
        """The door's answer, and the id under which it was given. Who goes back in the browser and sends other content
        under an id that is spent means something new."""
        reply = await self.door.execute(self.me.actor, command, command_id, dry_run=dry_run)
        outcome = reply.outcome
        if not isinstance(outcome, Refused) or outcome.reason != NoEntry.ID_REUSED:
            return reply, command_id
        command_id = new_id()
        return await self.door.execute(self.me.actor, command, command_id, dry_run=dry_run), command_id

    async def page(self, template: str, /, **data: Any) -> web.Response:
        return await self.frame.page(self.request, template, **data)

    async def lost(self) -> web.Response:
        """There is no such thing, or it is not theirs to see: one answer for both."""
        return await self.page("screens/lost.html", status=404, title=self.t("Introuvable"))

    async def forbidden(self, privilege: str) -> web.Response:
        return await self.frame.forbidden(self.request, self.me, privilege)

    def may(self, read: Read, handler: Handler, place: str | None) -> bool:
        """Whether a button for this command is shown: the door decides again when it is pressed."""
        if handler.needs is None or handler.at is by_house_alone:
            return False
        return place is not None and self.me.actor.may(handler.needs, self.door.permissions.path(read, place))

    def may_somewhere(self, read: Read, privilege: str) -> bool:
        held = self.door.permissions.holding(read, privilege)
        return held is None or bool(held)


async def screen_of(request: web.Request) -> Screen:
    frame = request.app[FRAME]
    me = await frame.who(request)
    return Screen(request, frame, me, frame.texts(request, me))


def declared(request: web.Request) -> Declaration | None:
    return BY_NAME.get(request.match_info["entity"])


def row_id(request: web.Request) -> str:
    return request.match_info["id"] if is_id(request.match_info["id"]) else ""


def new_id() -> Id:
    return fresh_id(SystemClock())


def creators(table: str) -> list[Handler]:
    """The commands that make a row of an entity, by their names."""
    return sorted((each for each in COMMANDS.values() if each.makes == table), key=lambda each: each.name)


def made_elsewhere(screen: Screen, table: str) -> str:
    """Where a row is made on a page of its own: unless somebody asks for another way, or for a copy."""
    page, query = screen.frame.new_at.get(table, ""), screen.request.query
    if not page or screen.request.method != "GET" or {"by", "from"} & {*query}:
        return ""
    return f"{page}?{urlencode(dict(query))}" if query else page


def deleters(table: str) -> list[Handler]:
    """The commands that take a row away: the generated one, or those that an area writes by hand."""
    return [each for each in COMMANDS.values() if each.on == table and each.deletes]


def acts_on(table: str) -> list[Handler]:
    """The commands that act on a row, but for those that every entity has."""
    changes = CONFIGURED[table].commands.get(Action.MODIFY) if table in CONFIGURED else None
    return [each for each in COMMANDS.values() if each.on == table and not each.deletes and each.kind is not changes]


def more_columns(screen: Screen, read: Read, declaration: Declaration) -> list[ListColumn]:
    """What areas say of the rows of a list beside their own columns, for who may see it."""
    said = screen.frame.list_columns.get(declaration.name, [])
    return [each for each in said if screen.may_somewhere(read, each.needs)]
