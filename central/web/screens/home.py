"""Where one begins: the page of a context, and the search in a reference's field."""

from typing import Any, NamedTuple

from aiohttp import web

from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS
from central.kernel.tx import Read
from central.web.branches import Branch, seen_branch
from central.web.frame import HOME
from central.web.notices import shown
from central.web.rooms import DAY
from central.web.screens.forms import options
from central.web.screens.listing import ListFilter, found, may_see
from central.web.screens.screen import Screen, creators, declared, screen_of
from central.web.shell import stands

MOST_PICKED = 20


async def house(request: web.Request) -> web.Response:
    """The chosen context, or the topmost that one may see."""
    screen = await screen_of(request)
    wanted = request.match_info.get("context", "")
    chosen = await screen.read(lambda read: seen_branch(read, wanted))
    if chosen is None and wanted:
        return await screen.lost()
    cards = await screen.read(lambda read: _cards(screen, read, chosen)) if chosen else []
    below = await screen.read(lambda read: _below(screen, read, chosen)) if chosen else {"steps": "", "details": False}
    notices = await screen.read(lambda read: shown(screen.door, read, screen.t, screen.frame.notices))
    parts = await screen.read(lambda read: screen.frame.parts_of(HOME, read, screen.t, chosen)) if chosen else []
    return await screen.page(
        "screens/house.html", notices=notices, title=screen.t.of(chosen.names) if chosen else screen.t("La maison"),
        at=chosen.id if chosen else None, here=DAY, context=chosen, cards=cards, parts=parts,
        **below,
    )  # fmt: skip


class HouseCard(NamedTuple):
    """What stands here of an entity: its name and address, how many, the address of a new one, its module."""

    name: str
    href: str
    number: int
    new: str
    module: str


def _cards(screen: Screen, read: Read, chosen: Branch) -> list[HouseCard]:
    t, cards = screen.t, []
    for name, declaration in BY_NAME.items():
        if name == "context" or not stands(declaration, chosen) or not may_see(screen.door, read, declaration):
            continue
        count = found(screen.door, read, declaration, ListFilter(at=chosen.id), size=1).count
        makes = any(screen.may_somewhere(read, str(each.needs)) for each in creators(name))
        module = t.known(f"privilege:{declaration.screen.partition('.')[0]}") or ""
        new = f"/admin/e/{name}/new?at={chosen.id}" if makes else ""
        cards.append(HouseCard(t.entities(name), f"/admin/e/{name}?at={chosen.id}", count, new, module))
    return sorted(cards, key=lambda card: (not card.new, card.module.casefold(), card.name.casefold()))


_BELOW = {"institution": "organiser", "organiser": "season", "season": "activity"}


def _below(screen: Screen, read: Read, chosen: Branch) -> dict[str, Any]:
    """`steps`: the kind of context that comes next below this one, for who may make it; `details`: whether this one's
    own page may be seen."""
    path = screen.door.permissions.path(read, chosen.id)
    creates = COMMANDS["create_context"].needs
    may = creates is not None and read.actor.may(creates, path)
    return {
        "steps": _BELOW.get(chosen.kind, "") if may else "",
        "details": read.actor.may(BY_NAME["context"].read, path),
    }


async def pick(request: web.Request) -> web.Response:
    """What a reference may name, as it is searched: a list of buttons, as a fragment."""
    screen = await screen_of(request)
    declaration = declared(request)
    if declaration is None:
        return await screen.lost()
    needle = request.query.get("q", "") or next(
        (value for name, value in request.query.items() if name.startswith("_q.")), ""
    )
    found_ = await screen.read(
        lambda read: options(screen.door, read, screen.t, declaration.name, needle, most=MOST_PICKED)
    )
    return await screen.page("screens/picked.html", options=found_, needle=needle, title="")
