"""A thing's page: what it is, what may be done with it now, what hangs on it, where it is used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from aiohttp import web

from central.kernel.contexts import contexts_below
from central.kernel.crud import CONFIGURED
from central.kernel.entity import BY_NAME, Column, Declaration
from central.kernel.privileges import Action
from central.kernel.registry import Handler, goes, handler_of
from central.kernel.scope import context_of
from central.kernel.tx import Read
from central.web.deed_words import step_field
from central.web.screens.cells import Cell, default_columns, reader, shown_columns
from central.web.screens.listing import ListFilter, found, may_see, one
from central.web.screens.lists import ListLine, lines
from central.web.screens.lost_rows import lost_row
from central.web.screens.names import labels
from central.web.screens.screen import (
    Screen,
    acts_on,
    creators,
    declared,
    deleters,
    more_columns,
    row_id,
    screen_of,
)
from central.web.text_keys import enum_name
from central.web.texts import Texts
from shared.life import Life

NO_LIFE = Life[Any, Any]({}, begins=frozenset())
RELATED = 5
MOST_HEADS = 5  # beside what areas say of such a row
MOST_RELATED = 24


@dataclass(frozen=True, slots=True)
class Button:
    """`weight`: main, quiet, stop (what takes away), or rest."""

    text: str
    href: str
    weight: str = "quiet"


@dataclass(frozen=True, slots=True)
class Related:
    """Rows that refer to this one: the first few, how many, where all of them are."""

    entity: str
    title: str
    href: str
    count: int
    heads: tuple[str, ...]
    lines: tuple[ListLine, ...]
    new: str


async def thing(request: web.Request) -> web.Response:
    screen = await screen_of(request)
    declaration = declared(request)
    row = None
    if declaration is not None and (wanted := row_id(request)):
        row = await screen.read(lambda read: one(screen.door, read, declaration, wanted))
    if declaration is None or row is None:
        return await lost_row(screen, declaration, row_id(request))
    data = await screen.read(lambda read: _data(screen, read, declaration, row))
    return await screen.page("screens/thing.html", entity=declaration.name, here=declaration.name, row=row, **data)


def _data(screen: Screen, read: Read, declaration: Declaration, row: Any) -> dict[str, Any]:
    t, name = screen.t, declaration.name
    parts = screen.frame.parts_of(name, read, t, row)
    said = {"id", *(each for _, data, _ in parts for each in data.get("says", ()))}
    columns = [each for each in shown_columns(declaration) if each.name not in said]
    of = reader(read, t, declaration, [row], columns)
    values: list[tuple[str, Cell]] = [(t.field(name, each.name), of.cell(row, each, short=False)) for each in columns]
    more = [each for each in more_columns(screen, read, declaration) if each.name not in said]
    values += [(t(each.text), cell) for each in more if (cell := each.say(read, t, [row]).get(row.id))]
    place = context_of(read, name, row.id)
    title = labels(read, t, [(name, row.id)])(name, row.id)
    timed = any(each.hint is datetime and getattr(row, each.name) for each in columns)
    return {
        "title": title,
        "at": place,
        "remarks": [each for remark in screen.frame.remarks.get(name, ()) for each in remark(read, t, row)],
        "parts": parts,
        "values": values,
        "state": _state(screen, declaration, row),
        **_split(list(buttons(screen, read, declaration, row, place))),
        "related": list(_related(screen, read, declaration, row.id, place)),
        "zone": of.zone(row.id).key if timed else "",
    }


def _split(found: list[Button]) -> dict[str, list[Button]]:
    """What one reaches for first, and the rest, which is folded away where it is much."""
    first = [each for each in found if each.weight != "rest"]
    rest = [each for each in found if each.weight == "rest"]
    return {"buttons": first, "more": rest} if len(rest) > 2 else {"buttons": found, "more": []}


def _state(screen: Screen, declaration: Declaration, row: Any) -> tuple[str, str] | None:
    if declaration.life is None:
        return None
    value = getattr(row, declaration.life[0])
    return str(value), screen.t.value(enum_name(type(value)), value)


# --- what may be done ------------------------------------------------------------------------------------------------


def buttons(screen: Screen, read: Read, declaration: Declaration, row: Any, place: str | None) -> Iterator[Button]:
    t, table = screen.t, declaration.name
    configured = CONFIGURED.get(table)
    yield from _life_buttons(screen, read, declaration, row, place)
    modify = configured.commands.get(Action.MODIFY) if configured else None
    if modify and screen.may(read, handler_of(modify), place):
        yield Button(t("Modifier"), f"/admin/e/{table}/{row.id}/edit", "main")
    for makes in creators(table):
        generated = configured is not None and makes.kind is configured.commands.get(Action.CREATE)
        follows = screen.frame.follows.get(makes.name)
        if (generated or (follows and follows.copies)) and screen.may(read, makes, place):
            yield Button(t("Dupliquer"), f"/admin/e/{table}/new?from={row.id}")
    for text, href, needs in screen.frame.pages_of(table, row):
        if screen.me.actor.may(needs, screen.door.permissions.path(read, place) if place else ()):
            yield Button(t(text), href.replace("{id}", row.id))
    for removes in () if _holds_others(read, table, row) else deleters(table):
        if screen.may(read, removes, place) and _goes(removes, declaration, row):
            yield Button(t("Supprimer…"), f"/admin/do/{removes.name}?on={row.id}", "stop")


def _holds_others(read: Read, table: str, row: Any) -> bool:
    """A context under which others stand is never taken away, and the house has the rest of it beside."""
    return table == "context" and (row.parent_id is None or len(contexts_below(read, row.id, most=2)) > 1)


def _life_buttons(
    screen: Screen, read: Read, declaration: Declaration, row: Any, place: str | None
) -> Iterator[Button]:
    """The commands that act on it. One that walks the table of its life is offered only where the table goes on."""
    state, life = declaration.life or ("", NO_LIFE)
    now = getattr(row, state) if state else None
    for handler in acts_on(declaration.name):
        if not screen.may(read, handler, place) or handler.secrets or handler.name in screen.frame.instead:
            continue
        if not _goes(handler, declaration, row):
            continue
        href = f"/admin/do/{handler.name}?on={row.id}"
        choice = step_field(handler, life)
        if choice:
            for do in dict.fromkeys(each for at, each in life if at == now):
                said = screen.t.value(enum_name(type(do)), do)
                yield Button(said, f"{href}&{choice.name}={do}", _weight(life, do))
        elif handler.does is None:
            yield Button(screen.t.do(handler.name), href, "rest")
        elif (now, handler.does) in life:
            yield Button(screen.t.do(handler.name), href, _weight(life, handler.does))


def _goes(handler: Handler, declaration: Declaration, row: Any) -> bool:
    return declaration.life is None or goes(handler.kind, getattr(row, declaration.life[0]))


def is_final(table: str, handler: Handler, given: Mapping[str, Any]) -> bool:
    """Whether a command, given this, ends a life to nobody's good: nothing leads back from there."""
    declaration = BY_NAME.get(table)
    if declaration is None or declaration.life is None:
        return False
    life = declaration.life[1]
    choice = step_field(handler, life)
    do = next((each for each in life.deeds if choice and each == given.get(choice.name)), handler.does)
    return do in life.stops and life.is_final(do)


def _weight(life: Life[Any, Any], do: StrEnum) -> str:
    return "stop" if do in life.stops else "main" if do in life.main else "quiet"


# --- what hangs on it ------------------------------------------------------------------------------------------------


def _related(
    screen: Screen, read: Read, declaration: Declaration, entity_id: str, place: str | None
) -> Iterator[Related]:
    t, shown = screen.t, 0
    for name, other in BY_NAME.items():
        for column in other.columns:
            if column.ref != declaration.name or column.unlisted or shown >= MOST_RELATED:
                continue
            if (declaration.name == "context" and name != "context") or not may_see(screen.door, read, other):
                continue  # what stands in a context is in the tree beside it
            page = found(screen.door, read, other, ListFilter(only=((column.name, entity_id),)), size=RELATED)
            new = f"/admin/e/{name}/new?{column.name}={entity_id}" + (f"&at={place}" if place else "")
            makes = new if _makes(screen, read, name, column.name) else ""
            if not page.count and not makes:
                continue
            shown += 1
            life = other.life[0] if other.life else ""
            rest = [each for each in default_columns(other) if each.name not in (column.name, life)]
            columns = [*rest[: MOST_HEADS - 1], other.column(life)] if life else rest[:MOST_HEADS]
            more = more_columns(screen, read, other)
            heads = [t.field(name, each.name) for each in columns]
            heads[1:1] = [t(each.text) for each in more]
            yield Related(
                name, _title(t, declaration, other, column), f"/admin/e/{name}?is.{column.name}={entity_id}",
                page.count, tuple(heads), tuple(lines(screen, read, other, page, columns, more)), makes,
            )  # fmt: skip


def _title(t: Texts, of: Declaration, other: Declaration, column: Column) -> str:
    """What hangs on it; where it does so in two ways, by which."""
    ways = [each for each in other.columns if each.ref == of.name and not each.unlisted]
    return t.entities(other.name) + (f" · {t.field(other.name, column.name)}" if len(ways) > 1 else "")


def _makes(screen: Screen, read: Read, table: str, column: str) -> bool:
    """Whether a new row can be made here that hangs on this one."""
    return any(
        column in handler.hints and screen.may_somewhere(read, str(handler.needs)) for handler in creators(table)
    )
