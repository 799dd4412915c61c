"""What several screens are built from: buttons, chips, paging, and the money of the cart in words."""

from collections.abc import Sequence
from typing import TypeVar

from edge.kiosk.model import Cart, Kiosk, ListedPerformance
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.paint import Act, Align, Icon, Page, PageTurn
from edge.kiosk.ui.texts import say
from shared.ids import Id
from shared.languages import named
from shared.look import Weight
from shared.outcome import Ok
from shared.rules.pricing import asked_for, price, prices_of, tariffs_for
from shared.wire.feeds import CatalogueRow, PlanSeat

T = TypeVar("T")


def button(
    page: Page, name: str, rect: Rect, text: str, act: Act, icon: Icon | None = None, icon_last: bool = False
) -> None:
    """A quiet button on the ground: outlined, the same everywhere."""
    scheme = page.scheme
    page.panel(rect, "", page.px(16), page.px(2), scheme.ground_muted)
    _label(page, rect, text, scheme.ground_ink, icon, icon_last, Weight.SEMIBOLD, "body")
    page.press(name, rect, act, page.px(16))


def on_sheet(page: Page, name: str, rect: Rect, text: str, act: Act, icon: Icon | None = None) -> None:
    """A quiet button on a sheet."""
    page.panel(rect, page.scheme.sunken, page.px(16), page.px(2), page.scheme.muted)
    _label(page, rect, text, page.scheme.ink, icon, False, Weight.SEMIBOLD, "body")
    page.press(name, rect, act, page.px(16))


def main_button(page: Page, name: str, rect: Rect, text: str, act: Act, icon: Icon | None = Icon.FORWARD) -> None:
    """The one thing to do next; its rim is the accent itself, its face the accent dark enough for white letters."""
    scheme = page.scheme
    page.panel(rect, scheme.action, page.px(20), page.px(4), scheme.accent)
    _label(page, rect, text, scheme.action_ink, icon, True, Weight.BOLD, "lead")
    page.press(name, rect, act, page.px(20))


def _label(
    page: Page, rect: Rect, text: str, ink: str, icon: Icon | None, last: bool, weight: Weight, step: str
) -> None:
    inner = rect.inset(page.px(18), page.px(4))
    side = page.type(step) * 1.25
    if icon is None:
        page.words(inner, text, step, ink, weight, Align.CENTRE, lines=2)
    elif not text:
        page.sign(rect.middle(side, side), icon, ink)
    else:
        spot, rest = inner.end(side, page.px(12)) if last else inner.left(side, page.px(12))
        page.sign(spot.middle(side, side), icon, ink)
        # Beside an icon in front a text begins at it; before one at the end it stands in the middle.
        page.words(rest, text, step, ink, weight, Align.CENTRE if last else Align.LEFT, lines=2)


def sheet(page: Page, rect: Rect) -> Rect:
    """A sheet of paper; what is left of it inside its margins."""
    edge = page.px(3) if page.scheme.sheet == page.scheme.ground else 0
    page.panel(rect, page.scheme.sheet, page.px(page.look.radius["sheet"]), edge, page.scheme.line)
    return rect.inset(page.px(32), page.px(28))


def progress(page: Page, rect: Rect, done: int, of: int) -> None:
    """A row of fields on a sheet, the first `done` filled."""
    for step, cell in enumerate(rect.columns(max(1, of), page.px(10))):
        lit = step < done
        edge = page.scheme.accent if lit else page.scheme.muted
        page.panel(cell, page.scheme.accent if lit else page.scheme.sunken, rect.h / 2, page.px(2), edge)


def paged(page: Page, what: str, items: Sequence[T], room: int) -> tuple[Sequence[T], int, int]:
    """The items of the page that is open, its number from 0, and how many pages there are."""
    room = max(1, room)
    pages = max(1, -(-len(items) // room))
    at = min(page.turned.get(what, 0), pages - 1)
    return items[at * room : (at + 1) * room], at, pages


def turner(page: Page, what: str, rect: Rect, at: int, pages: int, language: str) -> None:
    """Buttons to turn a list's pages, on the ground; nothing where there is one page only."""
    if pages < 2:
        return
    less, middle, more = rect.columns([3, 1, 3], page.px(16))
    if at:
        button(page, f"{what}:less", less, say(language, "button.less"), PageTurn(what, -1), Icon.UP)
    page.words(middle, f"{at + 1}/{pages}", "body", page.scheme.ground_ink, align=Align.CENTRE)
    if at < pages - 1:
        button(page, f"{what}:more", more, say(language, "button.more"), PageTurn(what, 1), Icon.DOWN)


# --- the cart in words -------------------------------------------------------------------------------------------


def seats_of(listed: ListedPerformance, cart: Cart) -> list[PlanSeat]:
    """The cart's seats in the cart's order."""
    by_id = {seat.id: seat for seat in listed.plan.seats}
    return [by_id[place.seat_id] for place in cart.places if place.seat_id in by_id]


def category_name(catalogue: CatalogueRow, category_id: Id, language: str) -> str:
    return next((named(row.names, language) for row in catalogue.categories if row.id == category_id), "")


def tariff_of(catalogue: CatalogueRow, category_id: Id, tariff_id: Id | None) -> Id | None:
    """The tariff a place is shown with: the one chosen, else the first that is sold in its category."""
    return tariff_id or next((tariff.id for tariff in tariffs_for(catalogue, category_id)), None)


def from_price(catalogue: CatalogueRow, category_id: Id | None = None) -> int | None:
    """The lowest price of a category, or of all; None where nothing is sold."""
    prices = prices_of(catalogue)
    categories = [category.id for category in catalogue.categories if category_id in (None, category.id)]
    return min((amount for each in categories for amount in asked_for(prices, each)), default=None)


def full_price(catalogue: CatalogueRow, category_id: Id) -> int | None:
    """What the first tariff of a category costs."""
    tariff = next(iter(tariffs_for(catalogue, category_id)), None)
    return tariff.prices[category_id] if tariff else None


def cart_prices(kiosk: Kiosk, listed: ListedPerformance) -> list[int] | None:
    """What each place of the cart costs as it stands; None while it is empty or cannot be priced."""
    if kiosk.cart is None or not kiosk.cart.places:
        return None
    choices = [
        (place.category_id, tariff)
        for place in kiosk.cart.places
        if (tariff := tariff_of(listed.catalogue, place.category_id, place.tariff_id)) is not None
    ]
    prices = prices_of(listed.catalogue)
    found = [price(prices, *choice) for choice in choices]
    costs = [each.value for each in found if isinstance(each, Ok)]
    return costs if len(costs) == len(kiosk.cart.places) else None


def cart_total(kiosk: Kiosk, listed: ListedPerformance) -> int | None:
    """The sum of `cart_prices`."""
    costs = cart_prices(kiosk, listed)
    return None if costs is None else sum(costs)
