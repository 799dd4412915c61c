"""A price grid as one writes it: categories down, tariffs across, one save for all of it.

GET, POST /admin/pricing/grid/{id}
GET       /admin/pricing/grid/{id}/export.csv, export.xlsx
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from central.kernel.contexts import path_of
from central.kernel.entity import ENTITIES
from central.kernel.scope import context_of
from central.kernel.tx import Read
from central.kernel.values import Fault, whole_number
from central.pricing.checklist_items import first_of_season
from central.pricing.model import NoGrid, Price, PriceGrid, PricingPrivilege
from central.pricing.ops import PriceCell, SetPrices, price_id
from central.pricing.reads import grid_prices, tariffs_by_rank
from central.pricing.slips import beside, far_beyond, other_currency, price_slips
from central.venues.reads import categories_by_rank
from central.web.form import form_of
from central.web.frame import FRAME
from central.web.kept_forms import keeps
from central.web.screens.conflicts import Changer, Theirs, changers
from central.web.screens.doubts import DOUBTED, FormDoubts
from central.web.screens.exports import EXPORTS, answer
from central.web.screens.fields import Field, FieldKind, Setting, Typed, typed_of
from central.web.screens.form_values import ABSENT, value_of
from central.web.screens.forms import sentence, typed_from
from central.web.screens.listing import one
from central.web.screens.notation import Value, notation_of
from central.web.screens.refusals import SaidRefusal, said
from central.web.screens.screen import Screen, new_id, row_id, screen_of
from central.web.texts import Texts
from shared.ids import Id, is_id
from shared.money import Minor, to_decimal
from shared.outcome import Refused

MOST_CELLS = 1_000  # on a page: as many prices as a grid may have
_WAS = "_was."
_AMOUNT = Field("amount", "amount", FieldKind.MONEY, int, required=False)


@dataclass(frozen=True, slots=True)
class GridHead:
    """A category or a tariff, at the head of a line or of a column."""

    id: str
    code: str
    names: dict[str, str]
    colour: str = ""


@dataclass(frozen=True, slots=True)
class GridSheet:
    """What the grid's page shows: `typed` per `category.tariff`. `tariffs` are those of the page."""

    grid: PriceGrid
    categories: tuple[GridHead, ...]
    every_tariff: tuple[GridHead, ...]
    prices: tuple[Price, ...]
    typed: dict[str, list[str]]
    may: bool
    context: str
    page: int = 1

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.every_tariff) // self._a_page))

    @property
    def tariffs(self) -> tuple[GridHead, ...]:
        first = (min(self.page, self.pages) - 1) * self._a_page
        return self.every_tariff[first : first + self._a_page]

    @property
    def _a_page(self) -> int:
        return max(1, MOST_CELLS // max(1, len(self.categories)))


def pricing_pages(app: web.Application) -> None:
    frame = app[FRAME]
    frame.templates("central.pricing")
    frame.page_for(
        "price_grid", "Prix", "/admin/pricing/grid/{id}", PricingPrivilege.PRICE_READ, ("set_price", "set_prices")
    )
    price_slips(app)
    frame.lead_to("create_price_grid", "/admin/pricing/grid/{id}")
    frame.opening_of_new("create_price_grid", first_of_season)
    app.router.add_get("/admin/pricing/grid/{id}", show)
    app.router.add_post("/admin/pricing/grid/{id}", save)
    keeps(app, "/admin/pricing/grid/{id}")
    app.router.add_get("/admin/pricing/grid/{id}/export.{form}", export)


async def show(request: web.Request) -> web.Response:
    screen = await screen_of(request)
    sheet = await _sheet(screen)
    if sheet is None:
        return await screen.lost()
    kept = await screen.kept()
    return await _page(screen, sheet, typed=kept, seen=_seen_in(kept) if kept else None)


async def save(request: web.Request) -> web.Response:
    screen = await screen_of(request)
    sheet = await _sheet(screen)
    if sheet is None:
        return await screen.lost()
    typed = typed_from(await form_of(request))
    cells, faults = _cells(sheet, typed)
    if faults:
        return await _page(screen, sheet, typed=typed, faults=faults, seen=_seen_in(typed), status=422)
    far = await screen.read(
        lambda read: far_beyond(read, sheet.grid, sheet.prices, cells, beside(screen.door, read, sheet.grid))
    )
    doubts = FormDoubts.of([_far_said(screen.t, sheet, each) for each in far])
    if doubts.unread(typed):
        return await _page(screen, sheet, typed=typed, seen=_seen_in(typed), status=422, doubts=doubts)
    want = SetPrices(grid_id=sheet.grid.id, prices=tuple(cells), seen=_seen_in(typed).version)
    command_id = Id(found) if is_id(found := (typed.get("_command") or [""])[0]) else new_id()
    reply, command_id = await screen.execute(want, command_id)
    outcome = reply.outcome
    if isinstance(outcome, Refused):
        if outcome.reason == NoGrid.CHANGED_MEANWHILE:
            return await _meanwhile(screen, sheet, typed)
        refusal = await screen.read(lambda read: said(screen.door, read, screen.t, outcome, sheet.grid.id))
        return await _page(screen, sheet, typed=typed, refusal=refusal, seen=_seen_in(typed), status=409)
    raise web.HTTPSeeOther(f"/admin/pricing/grid/{sheet.grid.id}?page={sheet.page}&done={command_id}")


def _far_said(t: Texts, sheet: GridSheet, cell: PriceCell) -> str:
    names = {each.id: t.of(each.names) for each in (*sheet.categories, *sheet.every_tariff)}
    return t(
        "{category}, {tariff} : {amount}. C’est bien au-delà de tous les autres prix.",
        category=names[cell.category_id], tariff=names[cell.tariff_id],
        amount=t.money(cell.amount, sheet.grid.currency),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SeenGrid:
    """What a sheet was opened on: the grid's version, and by path what stood in each cell."""

    version: int
    was: Mapping[str, str]


def _seen_in(typed: Typed) -> SeenGrid:
    return SeenGrid(
        whole_number((typed.get("_seen") or ["0"])[0]) or 0,
        {path.removeprefix(_WAS): values[0] for path, values in typed.items() if path.startswith(_WAS)},
    )


async def _meanwhile(screen: Screen, sheet: GridSheet, typed: Typed) -> web.Response:
    """Somebody else saved prices: theirs where nothing else was typed, both where both changed the same."""
    was, merged = _seen_in(typed).was, dict(typed)
    paths = [f"{category.id}.{tariff.id}" for category in sheet.categories for tariff in sheet.tariffs]
    theirs = [path for path in paths if _at(sheet.typed, path) != was.get(path, "")]
    mine = {path for path in paths if _at(typed, path) != was.get(path, "")}
    for path in theirs:
        if path not in mine:
            merged[path] = [_at(sheet.typed, path)]
    t = screen.t

    def look(read: Read) -> dict[str, Theirs]:
        ids = {path: price_id(sheet.grid.id, *path.split(".")) for path in theirs}
        by = changers(read, t, "price", ids.values())
        unknown = Changer(t("Quelqu’un"), "")
        found = {}
        for path, price in ids.items():
            who = by.get((price, ""), unknown)
            before, after = was.get(path, "") or t("vide"), _at(sheet.typed, path) or t("vide")
            if _at(sheet.typed, path) != _at(typed, path) or path not in mine:
                found[path] = Theirs(after, before, who.who, who.when, path not in mine)
        return found

    beside = await screen.read(look)
    return await _page(screen, sheet, typed=merged, theirs=beside, meanwhile=True, status=409)


def _at(typed: Typed, path: str) -> str:
    return (typed.get(path) or [""])[0].strip()


async def export(request: web.Request) -> web.Response:
    """The grid as it stands, with its prices as numbers."""
    screen, form = await screen_of(request), request.match_info["form"]
    sheet = await _sheet(screen)
    if sheet is None or form not in EXPORTS:
        return await screen.lost()
    t = screen.t
    body = await asyncio.to_thread(EXPORTS[form][1], table_of(sheet, t), notation_of(t))
    return answer(form, f"price_grid-{sheet.grid.code}", body)


def table_of(sheet: GridSheet, t: Texts) -> list[list[Value]]:
    """A head, and a line per category: its code and name, and what it costs at each tariff; empty where it is not
    sold."""
    lines: list[list[Value]] = [
        [t.field("seat_category", "code"), f"{t.entity('seat_category')} ({sheet.grid.currency})",
         *(t.of(each.names) for each in sheet.every_tariff)]
    ]  # fmt: skip
    known = {(each.category_id, each.tariff_id): each.amount for each in sheet.prices}
    for category in sheet.categories:
        amounts = (known.get((Id(category.id), Id(tariff.id))) for tariff in sheet.every_tariff)
        prices = ("" if each is None else to_decimal(Minor(each), sheet.grid.currency) for each in amounts)
        lines.append([category.code, t.of(category.names), *prices])
    return lines


def _cells(sheet: GridSheet, typed: Typed) -> tuple[list[PriceCell], list[Fault]]:
    """Every cell that holds a price, and what is wrong with those that cannot be read. An empty one is not for sale;
    what stands on another page stays."""
    here = {each.id for each in sheet.tariffs}
    others = (each for each in sheet.prices if each.tariff_id not in here)
    cells = [PriceCell(each.category_id, each.tariff_id, each.amount) for each in others]
    faults: list[Fault] = []
    setting = Setting(sheet.grid.currency)
    for category in sheet.categories:
        for tariff in sheet.tariffs:
            path = f"{category.id}.{tariff.id}"
            amount, wrong = value_of(_AMOUNT, typed, setting, path)
            faults += wrong
            if not wrong and amount is not ABSENT:
                if amount < 0:
                    faults.append({"at": path, "what": "too_small", "least": 0})
                cells.append(PriceCell(Id(category.id), Id(tariff.id), amount))
    return cells, faults


async def _sheet(screen: Screen) -> GridSheet | None:
    grid_id = row_id(screen.request)
    return await screen.read(lambda read: _read(screen, read, grid_id)) if grid_id else None


def _read(screen: Screen, read: Read, grid_id: str) -> GridSheet | None:
    grid = one(screen.door, read, ENTITIES[PriceGrid], grid_id)
    if grid is None:
        return None
    path = path_of(read, grid.context_id)
    prices = grid_prices(read, grid.id)
    setting, typed = Setting(grid.currency, point=screen.t.point), dict[str, list[str]]()
    for price in prices:
        typed |= typed_of(_AMOUNT, price.amount, setting, f"{price.category_id}.{price.tariff_id}")
    context = context_of(read, "price_grid", grid.id) or ""
    may = screen.me.actor.may(PricingPrivilege.PRICE_MODIFY, screen.door.permissions.path(read, context))
    page = whole_number(screen.request.query.get("page", "")) or 1
    return GridSheet(
        grid, _categories(read, path, prices), _tariffs(read, path, prices), tuple(prices), typed, may, context,
        max(1, page),
    )  # fmt: skip


def _categories(read: Read, path: tuple[str, ...], prices: list[Price]) -> tuple[GridHead, ...]:
    """Those that may be chosen there, by rank, and any other that has a price already."""
    found = categories_by_rank(read, path, {price.category_id for price in prices})
    return tuple(GridHead(each.id, each.code, each.names, each.colour) for each in found)


def _tariffs(read: Read, path: tuple[str, ...], prices: list[Price]) -> tuple[GridHead, ...]:
    found = tariffs_by_rank(read, path, {price.tariff_id for price in prices})
    return tuple(GridHead(each.id, each.code, each.names) for each in found)


async def _page(
    screen: Screen, sheet: GridSheet, *, typed: Typed | None = None, faults: list[Fault] | None = None,
    refusal: SaidRefusal | None = None, theirs: Mapping[str, Theirs] | None = None, status: int = 200,
    seen: SeenGrid | None = None, meanwhile: bool = False, doubts: FormDoubts | None = None,
) -> web.Response:  # fmt: skip
    grid = sheet.grid
    remarks = await screen.read(lambda read: other_currency(read, screen.t, grid.context_id, grid.currency))
    at_faults = {fault["at"]: sentence(screen.t, fault) for fault in faults or []}
    return await screen.page(
        "price_grid.html", status=status, title=screen.t.of(sheet.grid.names), at=sheet.context, here="price_grid",
        sheet=sheet, typed=sheet.typed if typed is None else typed, faults=at_faults, refusal=refusal,
        theirs=theirs or {}, command=new_id(), remarks=remarks, meanwhile=meanwhile, WAS=_WAS,
        doubts=doubts, DOUBTED=DOUBTED,
        seen=seen or SeenGrid(sheet.grid.version, {path: values[0] for path, values in sheet.typed.items()}),
    )  # fmt: skip
