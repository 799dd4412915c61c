"""Where to sit? The hall with the places proposed at once; how many, which category, or a finger on the plan."""

from edge.kiosk.model import BestAsked, CategoryChosen, Kiosk, ListedPerformance, QuantityChosen
from edge.kiosk.ui import words
from edge.kiosk.ui.frame import foot, has_message, head, message
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.hall import listed_of
from edge.kiosk.ui.paint import Align, HallArea, Icon, Page, PageTurn
from edge.kiosk.ui.parts import from_price, full_price, paged, turner
from edge.kiosk.ui.texts import say
from shared.ids import Id
from shared.languages import named
from shared.look import Weight, solid

PLAN = "plan"  # the window's own: `Turn("plan", steps)` zooms, 0 shows the whole hall


def paint_seats(page: Page, kiosk: Kiosk) -> None:
    language, listed = kiosk.language, listed_of(kiosk)
    rest = head(page, kiosk, say(language, "seats.title"))
    cart = kiosk.cart
    chosen = len(cart.places) if cart else 0
    rest = foot(page, kiosk, rest, say(language, "button.next") if chosen else "")
    if listed is None or cart is None:
        return
    if page.portrait:
        below, plan = rest.base(page.px(470 if page.large else 372), page.px(16))
    else:
        below, plan = rest.end(page.px(430 if page.large else 396), page.px(20))
    _plan(page, kiosk, plan)
    stepper, below = below.top(page.px(76), page.px(8))
    best, below = below.top(page.px(62), page.px(8))
    _stepper(page, kiosk, listed, stepper)
    _best(page, kiosk, best)
    _categories(page, kiosk, listed, below)


def _plan(page: Page, kiosk: Kiosk, rect: Rect) -> None:
    scheme = page.scheme
    page.panel(rect, scheme.hall, page.px(24), page.px(2), scheme.ground_muted)
    legend, above = rect.inset(page.px(14), page.px(6)).base(page.line("body") + page.px(6))
    page.marks.append(HallArea(above))
    _legend(page, kiosk.language, legend)
    inside = above.inset(0, page.px(6))
    if has_message(kiosk):
        told = rect.inset(page.px(8)).base(page.line("body", 2) + page.px(12))[0]
        message(page, kiosk, told.left(told.w - page.px(84))[0])
    side, gap = page.px(64), page.px(10)
    column = Rect(inside.right - side, inside.bottom - 3 * side - 2 * gap, side, 3 * side + 2 * gap)
    for (name, icon, steps), cell in zip(
        (("in", Icon.PLUS, 1), ("out", Icon.MINUS, -1), ("all", Icon.FIT, 0)), column.rows(3, gap), strict=True
    ):
        page.panel(cell, scheme.ground, page.px(14), page.px(2), scheme.ground_muted)
        page.sign(cell.middle(page.px(32), page.px(32)), icon, scheme.ground_ink)
        page.press(f"zoom:{name}", cell, PageTurn(PLAN, steps), page.px(14))


def _legend(page: Page, language: str, rect: Rect) -> None:
    """What the shapes mean."""
    scheme = page.scheme
    cells = rect.inset(page.px(8), 0).columns([5, 7, 7, 9], page.px(8))
    keys = ("seats.free", "seats.taken", "seats.yours", "seats.wheelchair")
    for key, cell in zip(keys, cells, strict=True):
        spot, text = cell.left(page.px(24), page.px(10))
        shape = spot.middle(page.px(18), page.px(18))
        if key == "seats.wheelchair":
            page.panel(shape, scheme.hall_muted, page.px(3))
        elif key == "seats.yours":
            page.disc(spot.middle(page.px(24), page.px(24)), scheme.accent)
            page.disc(shape, "#ffffff")
        else:
            page.disc(shape, scheme.hall_muted, 0 if key == "seats.free" else page.px(2))
        page.words(text, say(language, key), "body", scheme.hall_muted)


def _best(page: Page, kiosk: Kiosk, rect: Rect) -> None:
    scheme = page.scheme
    page.panel(rect, "", page.px(16), page.px(3), scheme.accent)
    spot, text = rect.inset(page.px(16), 0).left(page.px(34), page.px(10))
    page.sign(spot.middle(page.px(34), page.px(34)), Icon.STAR, scheme.accent)
    page.words(text, say(kiosk.language, "seats.best"), "body", scheme.ground_ink, Weight.BOLD)
    page.press("best", rect, BestAsked(), page.px(16))


def _stepper(page: Page, kiosk: Kiosk, listed: ListedPerformance, rect: Rect) -> None:
    scheme = page.scheme
    quantity = kiosk.cart.quantity if kiosk.cart else 1
    page.panel(rect, scheme.sheet, page.px(20), page.px(3) if scheme.sheet == scheme.ground else 0, scheme.line)
    inside = rect.inset(page.px(8))
    side = inside.h
    plus, inside = inside.end(side)
    count, inside = inside.end(page.px(62))
    minus, inside = inside.end(side)
    label = inside.inset(page.px(10), 0)
    page.words(label, say(kiosk.language, "seats.how_many"), "body", weight=Weight.SEMIBOLD, lines=2)
    page.words(count, words.number(quantity, kiosk.language), "title", weight=Weight.BOLD, align=Align.CENTRE)
    for name, cell, icon, wanted in (
        ("less", minus, Icon.MINUS, quantity - 1),
        ("more", plus, Icon.PLUS, quantity + 1),
    ):
        if 1 <= wanted <= listed.catalogue.max_places:
            page.panel(cell, scheme.sunken, page.px(14), page.px(2), scheme.muted)
            page.sign(cell.middle(page.px(30), page.px(30)), icon)
            page.press(f"quantity:{name}", cell, QuantityChosen(wanted), page.px(14))


def _categories(page: Page, kiosk: Kiosk, listed: ListedPerformance, rect: Rect) -> None:
    rows: list[tuple[Id | None, str, str, int | None]] = [
        (None, say(kiosk.language, "seats.any"), "", from_price(listed.catalogue)),
        *(
            (
                category.id,
                named(category.names, kiosk.language),
                category.colour,
                full_price(listed.catalogue, category.id),
            )
            for category in sorted(listed.catalogue.categories, key=lambda category: category.rank)
        ),
    ]
    least, gap = max(page.px(60), page.line("body") + page.px(18)), page.px(6)
    across = 2 if page.portrait and not page.large else 1
    if len(rows) > across * max(1, int((rect.h + gap) / (least + gap))):
        bar, rect = rect.base(page.px(64), page.px(8))
        shown, at, pages = paged(page, "categories", rows, across * int((rect.h + gap) / (least + gap)))
        turner(page, "categories", bar, at, pages, kiosk.language)
    else:
        shown = rows
    down = -(-len(shown) // across)
    tall = min(page.px(76), (rect.h + gap) / max(1, down) - gap)
    cells = Rect(rect.x, rect.y, rect.w, down * (tall + gap) - gap).grid(across, down, gap)
    for cell, row in zip(cells, shown, strict=False):
        _category(page, kiosk, listed, cell, *row)


def _category(
    page: Page,
    kiosk: Kiosk,
    listed: ListedPerformance,
    rect: Rect,
    category_id: Id | None,
    name: str,
    colour: str,
    cost: int | None,
) -> None:
    scheme = page.scheme
    on = kiosk.cart is not None and kiosk.cart.category_id == category_id
    fill, ink = (scheme.ground_ink, scheme.ground) if on else (scheme.hall, scheme.hall_ink)
    page.panel(rect, fill, page.px(16), page.px(4 if on else 2), scheme.accent if on else scheme.ground_muted)
    spot, text = rect.inset(page.px(16), 0).left(page.px(26), page.px(12))
    if colour:
        page.disc(spot.middle(page.px(26), page.px(26)), scheme.hall)
        page.disc(spot.middle(page.px(22), page.px(22)), solid(colour, scheme.hall_ink))
    else:
        page.disc(spot.middle(page.px(22), page.px(22)), ink, page.px(3))
    told = ""
    if cost is not None:
        told = words.price(cost, listed.catalogue.currency, kiosk.language)
        told = say(kiosk.language, "price.from", price=told) if category_id is None and cost else told
    price, label = text.end(page.px(134) if page.large or category_id is None else page.px(104), page.px(8))
    weight = Weight.BOLD if on else Weight.SEMIBOLD
    page.words(label, name, "body", ink, weight, lines=2)
    page.words(price, told, "body", ink, Weight.SEMIBOLD, Align.RIGHT)
    page.press(f"category:{category_id or 'any'}", rect, CategoryChosen(category_id), page.px(16))
