"""A list's page: filter as one types, sort, pages, columns, what is chosen for an act on many, and its export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from central.kernel.crud import CONFIGURED
from central.kernel.entity import Column, Declaration
from central.kernel.tx import Read
from central.web.cookies import cookie
from central.web.frame import FRAME, ListColumn
from central.web.kept_views import MOST_NAME, MOST_VIEWS, ONLY, When, worth_keeping
from central.web.screens.cells import Cell, CellReader, default_columns, is_number, reader, ref_of, shown_columns
from central.web.screens.exports import EXPORTS
from central.web.screens.listing import (
    COUNTED,
    PAGE,
    ListFilter,
    ListPage,
    by_value,
    found,
    may_see,
    sort_of,
    sortable,
)
from central.web.screens.names import labels
from central.web.screens.screen import Screen, creators, declared, more_columns, screen_of
from central.web.screens.sight import labels_for
from central.web.text_keys import enum_name
from shared.ids import is_id

COLUMNS_FOR_S = 365 * 24 * 3600
_MOST_COLUMNS = 2000  # characters of a cookie


@dataclass(frozen=True, slots=True)
class ListLine:
    """A row: where its page is, its cells."""

    id: str
    href: str
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: `turns` is the address that sorts by it, empty where that cannot be."""

    name: str
    text: str
    turns: str
    sorted: str
    number: bool


@dataclass(frozen=True, slots=True)
class StateChip:
    """A state to narrow the list to; chosen, a press takes it off. `count` is empty where nobody counts so far."""

    state: str
    text: str
    count: str
    href: str
    chosen: bool


def wanted_in(request: web.Request, declaration: Declaration) -> ListFilter:
    """Of what goes by days, what is to come; unless something else is asked for."""
    query = request.query
    dated = request.app[FRAME].dated.get(declaration.name)
    only = tuple((name.removeprefix(ONLY), value) for name, value in query.items() if name.startswith(ONLY))[:8]
    sort = query.get("sort", "")
    at = query.get("at", "")
    usual = When.COMING if dated and not only and not query.get("q") else When.ALL
    when = When(said) if dated and (said := query.get("when", "")) in set(When) else usual
    return ListFilter(
        at=at if is_id(at) else None, q=query.get("q", ""), sort=sort.removeprefix("-"), down=sort.startswith("-"),
        after=query.get("after") or query.get("before") or "", back=bool(query.get("before")), only=only,
        dated=dated, when=when,
    )  # fmt: skip


def address(declaration: Declaration, wanted: ListFilter, **changed: str) -> str:
    """The list's address with something changed; turning pages starts over when anything else changes."""
    said = {"at": wanted.at or "", "q": wanted.q, "sort": f"{'-' * wanted.down}{wanted.sort}" if wanted.sort else ""}
    if wanted.dated:
        said["when"] = wanted.when
    pairs = {**said, **{f"{ONLY}{name}": value for name, value in wanted.only}, **changed}
    query = urlencode({name: value for name, value in pairs.items() if value})
    return f"/admin/e/{declaration.name}{'?' if query else ''}{query}"


async def listed(request: web.Request) -> web.Response:
    screen = await screen_of(request)
    declaration = declared(request)
    if declaration is None:
        return await screen.lost()
    if not await screen.read(lambda read: may_see(screen.door, read, declaration)):
        return await screen.forbidden(declaration.read)
    wanted = wanted_in(request, declaration)
    columns, remember = _columns(screen, declaration)
    part = "HX-Request" in request.headers and request.headers.get("HX-Target") == "rows"

    def look(read: Read) -> dict[str, Any]:
        views = [] if part else screen.frame.kept_views(read, screen.me.actor, declaration.name)
        return {"views": views, **_data(screen, read, declaration, wanted, columns)}

    data = await screen.read(look)
    answer = await screen.page(
        "screens/rows.html" if part else "screens/list.html", title=screen.t.entities(declaration.name),
        entity=declaration.name, here=declaration.name, wanted=wanted, page=PAGE, counted=COUNTED,
        all_columns=shown_columns(declaration), chosen={each.name for each in columns}, exports=EXPORTS,
        link=lambda **changed: address(declaration, wanted, **changed), only=ONLY, **data,
        view_query=_query(declaration, wanted, columns), most_views=MOST_VIEWS, most_name=MOST_NAME,
    )  # fmt: skip
    if remember is not None:
        answer.set_cookie(
            _cookie(declaration), remember, max_age=COLUMNS_FOR_S, path="/admin", httponly=True, samesite="Lax"
        )
    return answer


def _query(declaration: Declaration, wanted: ListFilter, columns: list[Column]) -> str:
    """How the list is seen now, as a view keeps it."""
    query = address(declaration, wanted, col=".".join(each.name for each in columns)).partition("?")[2]
    return worth_keeping(declaration.name, query)


def _cookie(declaration: Declaration) -> str:
    return f"columns-{declaration.name}"


def _columns(screen: Screen, declaration: Declaration) -> tuple[list[Column], str | None]:
    """What is shown, and, if it was just chosen, what the browser shall remember."""
    known = {each.name: each for each in shown_columns(declaration)}
    asked = [name for said in screen.request.query.getall("col", []) for name in said.split(".")]
    if asked:
        chosen = [each for name, each in known.items() if name in asked]
        if chosen:
            return chosen, ".".join(each.name for each in chosen)
    said = cookie(screen.request, _cookie(declaration), _MOST_COLUMNS).split(".")
    return [each for name, each in known.items() if name in said] or default_columns(declaration), None


def columns_of(screen: Screen, declaration: Declaration) -> list[Column]:
    return _columns(screen, declaration)[0]


def _data(
    screen: Screen, read: Read, declaration: Declaration, wanted: ListFilter, columns: list[Column]
) -> dict[str, Any]:
    page = found(screen.door, read, declaration, wanted)
    more = more_columns(screen, read, declaration)
    heads = list(_heads(screen, declaration, wanted, columns))
    heads[1:1] = [Head(each.name, screen.t(each.text), "", "", each.number) for each in more]
    return {
        "lines": list(lines(screen, read, declaration, page, columns, more)),
        "heads": heads,
        "found": page,
        "days": _days(screen, declaration, wanted),
        "chips": _chips(screen, read, declaration, wanted),
        "filters": list(_filters(screen, read, declaration, wanted)),
        "may_create": any(screen.may_somewhere(read, str(each.needs)) for each in creators(declaration.name)),
        "may_bulk": _may_bulk(screen, read, declaration),
    }


def _days(screen: Screen, declaration: Declaration, wanted: ListFilter) -> list[tuple[str, str, bool]]:
    """(text, address, whether it is chosen), of a list that goes by days."""
    if not wanted.dated:
        return []
    t = screen.t
    texts = {When.COMING: t("À venir"), When.PAST: t("Passées"), When.ALL: t("Toutes")}
    return [(text, address(declaration, wanted, when=when), when is wanted.when) for when, text in texts.items()]


def _chips(screen: Screen, read: Read, declaration: Declaration, wanted: ListFilter) -> list[StateChip]:
    """One for each state that rows are in; none where that tells nothing apart."""
    if declaration.life is None:
        return []
    column = declaration.column(declaration.life[0])
    now = dict(wanted.only).get(column.name, "")
    counts = by_value(screen.door, read, declaration, wanted, column.name)
    there = [state for state in column.hint if counts is None or state in counts or state == now]
    if len(there) < 2 and not now:
        return []
    return [
        StateChip(
            str(state), screen.t.value(enum_name(column.hint), state),
            "" if counts is None else screen.t.number(counts.get(state, 0)),
            address(declaration, wanted, **{f"{ONLY}{column.name}": "" if state == now else str(state)}), state == now,
        )
        for state in there
    ]  # fmt: skip


def _may_bulk(screen: Screen, read: Read, declaration: Declaration) -> bool:
    configured = CONFIGURED.get(declaration.name)
    names = [f"{declaration.screen}.{action}" for action in (configured.commands if configured else ())]
    return any(screen.may_somewhere(read, name) for name in names)


def lines(
    screen: Screen, read: Read, declaration: Declaration, page: ListPage, columns: list[Column],
    more: Sequence[ListColumn] = (),
) -> Iterator[ListLine]:  # fmt: skip
    of = reader(read, screen.t, declaration, page.rows, columns)
    own = labels(read, screen.t, [(declaration.name, row.id) for row in page.rows])
    beside = [each.say(read, screen.t, page.rows) if page.rows else {} for each in more]
    begins = screen.frame.dated.get(declaration.name, ("", ""))[0]
    for row in page.rows:
        cells = [_dated(of, row, column) if column.name == begins else of.cell(row, column) for column in columns]
        cells[1:1] = [said.get(row.id, Cell("")) for said in beside]
        yield ListLine(row.id, f"/admin/e/{declaration.name}/{row.id}", own(declaration.name, row.id), tuple(cells))


def _dated(of: CellReader, row: Any, column: Column) -> Cell:
    return Cell(of.t.dated(getattr(row, column.name), of.zone(row.id)))


def _heads(screen: Screen, declaration: Declaration, wanted: ListFilter, columns: list[Column]) -> Iterator[Head]:
    name, down = sort_of(declaration, wanted)
    for column in columns:
        now = ("descending" if down else "ascending") if column.name == name else ""
        turns = "-" if now == "ascending" else ""
        href = address(declaration, wanted, sort=f"{turns}{column.name}") if sortable(column) else ""
        yield Head(column.name, screen.t.field(declaration.name, column.name), href, now, is_number(column))


def _filters(
    screen: Screen, read: Read, declaration: Declaration, wanted: ListFilter
) -> Iterator[tuple[str, str, str]]:
    """(field, value, address without it) of what narrows the list beside the text."""
    for name, value in wanted.only:
        if name not in declaration.names or (declaration.life and name == declaration.life[0]):
            continue  # a state is among the chips
        column = declaration.column(name)
        table = ref_of(column)
        said = labels_for(screen.door, read, screen.t, [(table, value)])(table, value) if table else value
        yield screen.t.field(declaration.name, name), said, address(declaration, wanted, **{f"{ONLY}{name}": ""})
