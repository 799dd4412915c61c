"""What stands around a page of the administration: the house, the tree of contexts, what the chosen one holds,
and the word on the act that led here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from central.kernel.actor import Actor
from central.kernel.contexts import Context
from central.kernel.crud import CONFIGURED
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, Declaration
from central.kernel.former_names import command_today, today
from central.kernel.privileges import Action, nodes
from central.kernel.registry import COMMANDS, handler_of, privileges
from central.kernel.scope import home
from central.kernel.tx import Read
from central.web.context_marks import context_marks
from central.web.texts import Texts


@dataclass(frozen=True, slots=True)
class Branch:
    """A context in the tree: its children in alphabetical order of their codes."""

    id: str
    parent_id: str | None
    kind: str
    code: str
    names: dict[str, str]
    children: tuple["Branch", ...]

    def all(self) -> Iterator["Branch"]:
        yield self
        for child in self.children:
            yield from child.all()


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of an area's own in the menu: `text` is its msgid, `needs` the privilege that shows it."""

    text: str
    href: str
    needs: str | None = None


Menu = Mapping[str, Sequence[MenuEntry]]
"""Each area's own pages, in the order of the areas."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """`acts`: there is something that the reader may do there, and not only read."""

    text: str
    href: str
    current: bool
    acts: bool = True


@dataclass(frozen=True, slots=True)
class DoneAct:
    """An act that came to its end: its command, and what it touched."""

    command: str
    touched: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Shell:
    """`marks` follow the names of contexts that share one."""

    house: str
    tree: tuple[Branch, ...]
    at: str
    path: tuple[Branch, ...]
    marks: dict[str, str]
    groups: tuple[tuple[str, tuple[MenuItem, ...]], ...]
    done: DoneAct | None

    @property
    def read_only(self) -> list[MenuItem]:
        return [item for _, items in self.groups for item in items if not item.acts]


def shell(read: Read, door: Door, t: Texts, *, at: str | None, here: str, menu: Menu, done: str) -> Shell:
    """`at` is the chosen context, `here` the entity or address on show, `done` the id of the act that led here."""
    branches = tree(read)
    everything = [each for root in branches for each in root.all()]
    known = {each.id: each for each in everything}
    chosen = known.get(at or "") or (branches[0] if branches else None)
    path: tuple[Branch, ...] = ()
    groups: tuple[tuple[str, tuple[MenuItem, ...]], ...] = ()
    if chosen:
        ids = door.permissions.path(read, chosen.id)
        path = tuple(known[each] for each in reversed(ids) if each in known)
        reach = {*ids, *(each.id for each in chosen.all())}
        groups = tuple(_groups(read.actor, t, chosen, reach, here, menu))
    house = t.of(branches[0].names) if branches else ""
    at = chosen.id if chosen else ""
    return Shell(house, branches, at, path, context_marks(t, everything), groups, _done(read, done))


def _groups(
    actor: Actor, t: Texts, at: Branch, reach: set[str], here: str, menu: Menu
) -> Iterator[tuple[str, tuple[MenuItem, ...]]]:
    """By module: its lists from A to Z, what one may act in before what one may only read; then its own pages."""
    listed: dict[str, list[MenuItem]] = {module: [] for module in menu}
    for declaration in BY_NAME.values():
        if stands(declaration, at) and _holds(actor, declaration.read, reach):
            href = f"/admin/e/{declaration.name}?at={at.id}"
            acts = any(_holds(actor, each, reach) for each in acted_on().get(declaration.name, ()))
            item = MenuItem(t.entities(declaration.name), href, here == declaration.name, acts)
            listed.setdefault(declaration.screen.partition(".")[0], []).append(item)
    for items in listed.values():
        items.sort(key=lambda item: (not item.acts, item.text.casefold()))
    for module, entries in menu.items():
        for entry in entries:
            if entry.needs is None or _holds(actor, entry.needs, reach):
                href = f"{entry.href}{'&' if '?' in entry.href else '?'}at={at.id}"
                listed[module].append(MenuItem(t(entry.text), href, here == entry.href))
    for module, items in listed.items():
        if items:
            said = t.known(f"privilege:{module}") or module.capitalize()
            yield said, tuple(items)


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
        return at.kind == "institution"
    own = declaration.life is not None and "names" in declaration.names
    return own or "context_id" in declaration.names or declaration.name in CONFIGURED


def _holds(actor: Actor, privilege: str, contexts: set[str]) -> bool:
    return any((node, context) in actor.grants for node in nodes(privilege) for context in contexts)


def tree(read: Read) -> tuple[Branch, ...]:
    """The contexts that the asker may see anything of: where they hold a grant, what lies below, and the way there."""
    known = read.find(Context, "ORDER BY code")
    parents: dict[str, str | None] = {each.id: each.parent_id for each in known}
    held = {context for _, context in read.actor.grants}
    shown: set[str] = set()
    for leaf in parents:
        path: list[str] = []
        at: str | None = leaf
        while at:
            path.append(at)
            at = parents.get(at)
        if held & set(path):
            shown |= set(path)
    below: dict[str | None, list[Context]] = {}
    for one in known:
        if one.id in shown:
            below.setdefault(one.parent_id, []).append(one)

    def branches(parent: str | None) -> tuple[Branch, ...]:
        return tuple(
            Branch(each.id, each.parent_id, each.kind, each.code, each.names, branches(each.id))
            for each in below.get(parent, ())
        )

    return branches(None)


def _done(read: Read, command_id: str) -> DoneAct | None:
    """Only one's own acts are told, and only those that took place."""
    if not command_id:
        return None
    row = read.one("SELECT name, actor, answer FROM command_log WHERE id = :id", id=command_id)
    if row is None or row[1] != read.actor.label or not str(row[2]).startswith("+"):
        return None
    touched = read.run("SELECT entity, entity_id FROM audit WHERE command_id = :id ORDER BY n LIMIT 5", id=command_id)
    return DoneAct(command_today(row[0]), tuple((today(entity), entity_id) for entity, entity_id in touched))
