"""What stands around a page of the administration: the house, the tree of contexts, what the chosen one holds,
and the word on the act that led here."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from central.kernel.actor import Actor
from central.kernel.contexts import ContextKind
from central.kernel.crud import CONFIGURED
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, Declaration
from central.kernel.former_names import command_today, today
from central.kernel.privileges import Action, nodes
from central.kernel.registry import COMMANDS, handler_of, privileges
from central.kernel.scope import home
from central.kernel.tx import Read
from central.web.branches import Branch, seen_branch, small_house, tree, way_to, whole_tree
from central.web.context_marks import context_marks
from central.web.deed_words import done_words
from central.web.rooms import AT_THUMB, DAY, ROOM_TEXTS, Menu, MenuItem, Room, RoomShown
from central.web.texts import Texts

MOST_DONE = 12  # acts of one press that are told


@dataclass(frozen=True, slots=True)
class DoneAct:
    """An act that came to its end: its words, and the page of all that it changed; "": nothing."""

    said: str
    changed: str


@dataclass(frozen=True, slots=True)
class Shell:
    """`marks` follow the names of contexts that share one; `rooms` are those of the bar, `settings` the house's."""

    house: str
    tree: tuple[Branch, ...]
    at: str
    path: tuple[Branch, ...]
    marks: dict[str, str]
    rooms: tuple[RoomShown, ...]
    settings: RoomShown | None
    here: str
    done: DoneAct | None

    @property
    def large(self) -> bool:
        """Whether there is more of the house than is shown."""
        return any(each.more for root in self.tree for each in root.all())

    @property
    def room(self) -> RoomShown | None:
        """Where one is."""
        return next((each for each in (*self.rooms, self.settings) if each and each.current), None)

    def switched(self, to: Branch) -> str:
        """Where one is at another context: the same list where it has one, else its working day."""
        listed = BY_NAME.get(self.here)
        return f"/admin/e/{self.here}?at={to.id}" if listed and stands(listed, to) else f"/admin/at/{to.id}"


def shell(read: Read, door: Door, t: Texts, *, at: str | None, here: str, menu: Menu, done: str) -> Shell:
    """`at` is the chosen context, `here` the entity or address on show, `done` the id of the act that led here, or of
    several, with points between."""
    known = small_house(read)
    if known is None:
        chosen = seen_branch(read, at or "") or seen_branch(read, "")
        branches = tree(read, chosen.id if chosen else None)
        way = way_to(read, chosen.id) if chosen else ()
    else:
        branches = whole_tree(read, known)
        seen = {each.id: each for root in branches for each in root.all()}
        chosen = seen.get(at or "") or (branches[0] if branches else None)
        way = tuple(seen[each] for each in reversed(door.permissions.path(read, chosen.id))) if chosen else ()
    path: tuple[Branch, ...] = ()
    rooms: list[RoomShown] = []
    if chosen:
        path = way
        ids = {each.id for each in path}
        held = {context for _, context in read.actor.grants}
        below = {each for each in held if chosen.id in door.permissions.path(read, each)}
        rooms = list(_rooms(read.actor, t, chosen, ids | below, here, menu))
    everything = [*path, *(each for root in branches for each in root.all())]
    return Shell(
        house=t.of(branches[0].names) if branches else "", tree=branches, at=chosen.id if chosen else "", path=path,
        marks=context_marks(t, everything), rooms=tuple(each for each in rooms if each.room is not Room.HOUSE),
        settings=next((each for each in rooms if each.room is Room.HOUSE), None), here=here, done=_done(read, t, done),
    )  # fmt: skip


def _rooms(actor: Actor, t: Texts, at: Branch, reach: set[str], here: str, menu: Menu) -> Iterator[RoomShown]:
    """Today, and each room in which there is something to open: its areas' lists from A to Z, then their own pages."""
    listed: dict[Room, list[MenuItem]] = {room: [] for room in Room}
    for area, lists in _lists(actor, t, at, reach, here).items():
        listed[_room_of(area, menu)] += sorted(lists, key=lambda item: item.text.casefold())
    for part in menu.values():
        for entry in part.entries:
            if entry.needs is None or _holds(actor, entry.needs, reach):
                href = f"{entry.href}{'&' if '?' in entry.href else '?'}at={at.id}"
                listed[part.room].append(MenuItem(t(entry.text), href, here == entry.href))
    about = BY_NAME.get(here)
    in_room = Room.TODAY if here == DAY else _room_of(_area_of(about), menu) if about else None
    for room, found in listed.items():
        items, rest = ([item for item in found if item.acts is acts] for acts in (True, False))
        first = DAY if room is Room.TODAY else next((item.href for item in (*items, *rest)), "")
        if first:
            current = room is in_room or any(item.current for item in found)
            href = f"/admin/at/{at.id}" if room is Room.TODAY else first
            yield RoomShown(room, t(ROOM_TEXTS[room]), href, current, tuple(items), tuple(rest), room in AT_THUMB)


def _lists(actor: Actor, t: Texts, at: Branch, reach: set[str], here: str) -> dict[str, list[MenuItem]]:
    found: dict[str, list[MenuItem]] = {}
    for declaration in BY_NAME.values():
        if stands(declaration, at) and _holds(actor, declaration.read, reach):
            href = f"/admin/e/{declaration.name}?at={at.id}"
            acts = any(_holds(actor, each, reach) for each in acted_on().get(declaration.name, ()))
            item = MenuItem(t.entities(declaration.name), href, here == declaration.name, acts)
            found.setdefault(_area_of(declaration), []).append(item)
    return found


def _area_of(declaration: Declaration) -> str:
    """That of its right."""
    return declaration.screen.partition(".")[0]


def _room_of(area: str, menu: Menu) -> Room:
    return menu[area].room if area in menu else Room.HOUSE


@cache
def acted_on() -> dict[str, frozenset[str]]:
    """Entities → the rights of which one lets somebody do something in their lists, on their pages, or with what their
    screen is about."""
    found: dict[str, set[str]] = {}
    for right in privileges():
        screen, _, action = right.rpartition(".")
        if action != Action.READ:
            for table in (name for name, each in BY_NAME.items() if each.screen == screen):
                found.setdefault(table, set()).add(right)
    for handler in COMMANDS.values():
        for table in filter(None, (handler.makes, handler.on)):
            found.setdefault(table, set()).add(str(handler.needs or ""))
    for table, configured in CONFIGURED.items():
        found.setdefault(table, set()).update(
            str(handler_of(kind).needs or "") for kind in configured.commands.values()
        )
    return {table: frozenset(rights - {""}) for table, rights in found.items()}


def stands(declaration: Declaration, at: Branch) -> bool:
    """Whether an entity has a list of its own at a context; rows that only belong to another one are on its page, but
    for those that have a name and a life of their own, as a drawn hall."""
    if home(declaration.name) is None:
        return at.kind == ContextKind.INSTITUTION
    own = declaration.life is not None and "names" in declaration.names
    return own or "context_id" in declaration.names or declaration.name in CONFIGURED


def _holds(actor: Actor, privilege: str, contexts: set[str]) -> bool:
    return any((node, context) in actor.grants for node in nodes(privilege) for context in contexts)


def _done(read: Read, t: Texts, done: str) -> DoneAct | None:
    """Of several that were done by one press, all."""
    found = [each for one in done.split(".")[:MOST_DONE] if (each := _one_done(read, t, one))]
    if len(found) < 2:
        return next(iter(found), None)
    return DoneAct(", ".join(each.said for each in found), "/admin/audit")


def _one_done(read: Read, t: Texts, command_id: str) -> DoneAct | None:
    """Only one's own acts are told, and only those that took place."""
    if not command_id:
        return None
    row = read.one("SELECT name, actor, answer FROM command_log WHERE id = :id", id=command_id)
    if row is None or row[1] != read.actor.label or not str(row[2]).startswith("+"):
        return None
    touched = read.run("SELECT entity, entity_id FROM audit WHERE command_id = :id ORDER BY n LIMIT 2", id=command_id)
    said = done_words(read, t, [(command_id, command_today(row[0]))])[command_id]
    pages = [f"/admin/history/{today(entity)}/{entity_id}" for entity, entity_id in touched]
    return DoneAct(said, pages[0] if len(pages) == 1 else f"/admin/audit/{command_id}" if pages else "")
