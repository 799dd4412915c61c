"""Find anything (Ctrl-K): things by name, code and number, screens, and what can be done. Only what one may see.

GET /admin/find?q=…     the page, or for htmx the list alone

Things with a name are looked for in `found` (kernel/search_index.py), any part of a word; a ticket, whose
numbers are too many for that, by how its number begins, out of the index; what has neither as its area says
(seekers.py); anything by its id.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aiohttp import web

from central.kernel.actor import Actor
from central.kernel.contexts import by_house_alone
from central.kernel.db import in_list
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, Declaration
from central.kernel.privileges import nodes
from central.kernel.registry import COMMANDS, Handler
from central.kernel.scope import narrowing
from central.kernel.search_index import folded, spoken_columns
from central.kernel.tx import Read
from central.web.area import DOOR
from central.web.deed_words import step_field
from central.web.frame import FRAME
from central.web.rooms import MenuEntry
from central.web.screens.names import labels
from central.web.seekers import SEEKERS
from central.web.text_keys import enum_name
from central.web.texts import Texts
from shared.ids import is_id

MOST_OF_A_KIND = 6
MOST_WORDS = 6
MOST_QUERY = 100
EVERYWHERE = "(1 = 1)"  # what narrowing says to who may see all
NOWHERE: Mapping[str, str] = MappingProxyType({})
_RANGE_END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Hit:
    text: str
    more: str
    href: str


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    hits: tuple[Hit, ...]


def find_routes(app: web.Application) -> None:
    door = app[DOOR]

    async def show(request: web.Request) -> web.Response:
        frame = request.app[FRAME]
        me = await frame.who(request)
        t, asked = frame.texts(request, me), request.query.get("q", "")[:MOST_QUERY]
        pages = [entry for part in frame.menu.values() for entry in part.entries]
        groups = await door.read(me.actor, lambda read: find(read, door, t, asked, pages, frame.given_at))
        alone = "HX-Request" in request.headers or "panel" in request.query
        template = "find_list.html" if alone else "find.html"
        return await frame.page(request, template, title=t("Rechercher"), q=asked, groups=groups)

    app.router.add_get("/admin/find", show)


def find(
    read: Read, door: Door, t: Texts, asked: str, pages: Iterable[MenuEntry] = (), given_at: Mapping[str, str] = NOWHERE
) -> list[Group]:
    """What fits, in groups: where one can go, things by kind, what one can do. `given_at`: pages of an area's own on
    which a command is given, by its name."""
    words = folded(asked).split()[:MOST_WORDS]
    if not words:
        return []
    actor = read.actor
    groups = [
        Group(t("Aller à"), tuple(_fitting(words, _screens(actor, t, pages)))),
        *_things(read, door, t, asked.strip(), words),
        Group(t("Actions"), tuple(_fitting(words, _commands(actor, t, given_at)))),
    ]
    return [group for group in groups if group.hits]


# --- screens and commands --------------------------------------------------------------------------------------------


def _screens(actor: Actor, t: Texts, pages: Iterable[MenuEntry]) -> Iterator[Hit]:
    """Those that belong to nobody, the areas' own, and the lists."""
    yield Hit(t("Accueil"), "", "/admin")
    yield Hit(t("Ma page"), t("langue, mot de passe, sessions"), "/me")
    yield Hit(t("Interface de programmation"), "API", "/api")
    for page in pages:
        if page.needs is None or _may(actor, page.needs):
            yield Hit(t(page.text), "", page.href)
    for name, declaration in BY_NAME.items():
        if _may(actor, declaration.read):
            yield Hit(t.entities(name), t("liste"), f"/admin/e/{name}")


def _commands(actor: Actor, t: Texts, given_at: Mapping[str, str]) -> Iterator[Hit]:
    """Those for people: what makes a thing, and what acts on one, which leads to the list where it is chosen."""
    for name, handler in COMMANDS.items():
        if handler.needs is None or handler.at is by_house_alone or not _may(actor, handler.needs):
            continue
        if page := given_at.get(name):
            yield Hit(t.do(name), "", page)
        elif handler.makes:
            yield Hit(t.do(name), t.entity(handler.makes), f"/admin/e/{handler.makes}/new?by={name}")
        elif handler.on and handler.on in BY_NAME:
            more = t("choisir : {things}", things=t.entities(handler.on))
            for text in _steps(t, handler) or [t.do(name)]:
                yield Hit(text, more, f"/admin/e/{handler.on}")


def _steps(t: Texts, handler: Handler) -> list[str]:
    """What a command that walks a life offers, each by its own word."""
    life = BY_NAME[str(handler.on)].life
    choice = step_field(handler, life[1]) if life else None
    return [t.value(enum_name(type(each)), each) for each in choice.choices] if choice else []


def _may(actor: Actor, privilege: str) -> bool:
    """Somewhere: the screen itself shows only what is within reach."""
    held = nodes(privilege)
    return any(node in held for node, _ in actor.grants)


def _fitting(words: list[str], hits: Iterable[Hit]) -> list[Hit]:
    """Those in which each word begins one, the shortest first."""
    found = []
    for hit in hits:
        line = f" {folded(f'{hit.text} {hit.more}')}"
        if all(f" {word}" in line for word in words):
            found.append(hit)
    return sorted(found, key=lambda hit: (len(hit.text), hit.text))[:MOST_OF_A_KIND]


# --- things ----------------------------------------------------------------------------------------------------------


def _things(read: Read, door: Door, t: Texts, asked: str, words: list[str]) -> Iterator[Group]:
    found: list[tuple[int, str, list[str]]] = []
    for name, declaration in BY_NAME.items():
        places = door.permissions.places(read, declaration)
        if places == ():
            continue
        best, ids = _of_kind(read, declaration, places, t.language, asked, words)
        if ids:
            found.append((best, name, ids))
    found.sort(key=lambda each: (each[0], t.entities(each[1])))
    named = labels(read, t, [(table, row_id) for _, table, ids in found for row_id in ids])
    for _, table, ids in found:
        codes = _codes(read, table, ids)
        hits = [Hit(named(table, row_id), codes.get(row_id, ""), f"/admin/e/{table}/{row_id}") for row_id in ids]
        yield Group(t.entities(table), tuple(hits))


def _of_kind(
    read: Read,
    declaration: Declaration,
    places: tuple[str, ...] | None,
    language: str,
    asked: str,
    words: list[str],
) -> tuple[int, list[str]]:
    """(how well the best fits, 0 being best; ids): whole words before beginnings before parts of words."""
    if is_id(asked.upper()):
        rows = _narrowed(read, declaration, places, "t.id = :id", {"id": asked.upper()}, "0")
    elif spoken_columns(declaration.name):
        # One letter is in every line: alone it is a whole word, or nothing.
        params: dict[str, Any] = {
            f"w{n}": f"%{word}%" if len(word) > 1 else f"% {word} %" for n, word in enumerate(words)
        }
        inside = " AND ".join(f"f.words LIKE :w{n}" for n in range(len(words)))
        rank = "CASE WHEN f.words LIKE :whole THEN 0 WHEN f.words LIKE :start THEN 1 ELSE 2 END"
        params |= {"whole": f"% {' '.join(words)} %", "start": f"% {words[0]}%", "table": declaration.name}
        rows = _narrowed(read, declaration, places, inside, params, rank)
    elif column := numbered(declaration):
        start = asked.upper()
        params = {"start": start, "end": start + _RANGE_END}
        rows = _narrowed(read, declaration, places, f"t.{column} >= :start AND t.{column} < :end", params, "0")
    elif seek := SEEKERS.get(declaration.name):
        sought = seek(read, language, words)
        rows = _narrowed(read, declaration, places, f"({sought.where})", dict(sought.params), "0", sought.order)
    else:
        return 9, []
    return (int(rows[0][1]) if rows else 9), [str(row[0]) for row in rows]


def _narrowed(
    read: Read,
    declaration: Declaration,
    places: tuple[str, ...] | None,
    where: str,
    params: dict[str, Any],
    rank: str,
    order: str = "2, 1",
) -> list[tuple[Any, ...]]:
    joins, conditions, more = narrowing(read, declaration, places)
    source, row_id = f"{declaration.name} t{joins}", "t.id"
    if "f.words" in where:
        where, order = f"f.entity = :table AND {where}", "2, f.words"
        if conditions == EVERYWHERE:  # the lines alone tell all: they are read without the things themselves
            source, row_id = "found f", "f.entity_id"
        else:
            source = f"found f JOIN {declaration.name} t ON t.id = f.entity_id{joins}"
    return read.run(
        f"SELECT {row_id}, {rank} FROM {source} WHERE {where} AND {conditions} "  # noqa: S608 - our own names
        f"ORDER BY {order} LIMIT {MOST_OF_A_KIND}",
        **params,
        **more,
    )


def numbered(declaration: Declaration) -> str | None:
    """The column `number`, if an index begins with it."""
    led = {next(iter(index.columns)).name for index in declaration.table.indexes}
    return "number" if "number" in led else None


def _codes(read: Read, table: str, ids: list[str]) -> dict[str, str]:
    if not {"code", "names"} <= set(BY_NAME[table].names):
        return {}
    inside, params = in_list("id", ids)
    rows = read.run(f"SELECT id, code FROM {table} WHERE id IN {inside}", **params)  # noqa: S608 - our own names
    return {row[0]: str(row[1]) for row in rows}
