"""Where to sit? The hall with the places proposed at once; how many, which category, or a finger on the plan."""

from edge.kiosk.model import BestAsked, CategoryChosen, Kiosk, Offer, QuantityChosen
from edge.kiosk.ui import words
from edge.kiosk.ui.frame import foot, head
from edge.kiosk.ui.hall import offer_of
from edge.kiosk.ui.paint import Align, Hall, Icon, Page, Turn
from edge.kiosk.ui.parts import from_price, full_price, paged, turner
from edge.kiosk.ui.place import Rect
from edge.kiosk.ui.texts import say
from shared.ids import Id
from shared.look import Weight, solid

PLAN = "plan"  # the window's own: `Turn("plan", steps)` zooms, 0 shows the whole hall


def paint_seats(page: Page, kiosk: Kiosk) -> None:
    language, offer = kiosk.language, offer_of(kiosk)
    rest = head(page, kiosk, say(language, "seats.title"))
    cart = kiosk.cart
    chosen = len(cart.places) if cart else 0
    rest = foot(page, kiosk, rest, say(language, "button.next") if chosen else "")
    if offer is None or cart is None:
        return
    if page.portrait:
        below, plan = rest.base(rest.h * 0.42, page.px(16))
    else:
        below, plan = rest.end(page.px(430 if page.large else 396), page.px(20))
    _plan(page, kiosk, plan)
    stepper, below = below.top(page.px(76), page.px(14))
    _stepper(page, kiosk, offer, stepper)
    _categories(page, kiosk, offer, below)


def _plan(page: Page, kiosk: Kiosk, rect: Rect) -> None:
    scheme = page.scheme
    page.panel(rect, scheme.hall, page.px(24), page.px(2), scheme.ground_muted)
    page.marks.append(Hall(rect.inset(page.px(6))))
    inside = rect.inset(page.px(14))
    side, gap = page.px(64), page.px(10)
    column = Rect(inside.right - side, inside.bottom - 3 * side - 2 * gap, side, 3 * side + 2 * gap)
    for (name, icon, steps), cell in zip(
        (("in", Icon.PLUS, 1), ("out", Icon.MINUS, -1), ("all", Icon.FIT, 0)), column.rows(3, gap), strict=True
    ):
        page.panel(cell, scheme.ground, page.px(14), page.px(2), scheme.ground_muted)
        page.sign(cell.middle(page.px(32), page.px(32)), icon, scheme.ground_ink)
        page.press(f"zoom:{name}", cell, Turn(PLAN, steps), page.px(14))
    wide = min(page.px(330 if page.large else 290), inside.w - side - gap)
    best = Rect(inside.x, inside.bottom - side, wide, side)
    page.panel(best, scheme.ground, page.px(14), page.px(2), scheme.ground_muted)
    spot, text = best.inset(page.px(14), 0).left(page.px(32), page.px(10))
    page.sign(spot.middle(page.px(32), page.px(32)), Icon.STAR, scheme.accent)
    page.words(text, say(kiosk.language, "seats.best"), "body", scheme.ground_ink, Weight.SEMIBOLD, lines=1)
    page.press("best", best, BestAsked(), page.px(14))


def _stepper(page: Page, kiosk: Kiosk, offer: Offer, rect: Rect) -> None:
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
        if 1 <= wanted <= offer.catalogue.max_places:
            page.panel(cell, scheme.sunken, page.px(14), page.px(2), scheme.muted)
            page.sign(cell.middle(page.px(30), page.px(30)), icon)
            page.press(f"quantity:{name}", cell, QuantityChosen(wanted), page.px(14))


def _categories(page: Page, kiosk: Kiosk, offer: Offer, rect: Rect) -> None:
    rows: list[tuple[Id | None, str, str, int | None]] = [
        (None, say(kiosk.language, "seats.any"), "", from_price(offer.catalogue)),
        *(
            (
                category.id,
                words.name(category.names, kiosk.language),
                category.colour,
                full_price(offer.catalogue, category.id),
            )
            for category in sorted(offer.catalogue.categories, key=lambda category: category.rank)
        ),
    ]
    least, gap = max(page.px(60), page.line("body") + page.px(18)), page.px(6)
    room = max(1, int((rect.h + gap) / (least + gap)))
    if len(rows) > room:
        bar, rect = rect.base(page.px(64), page.px(8))
        shown, at, pages = paged(page, "categories", rows, max(1, int((rect.h + gap) / (least + gap))))
        turner(page, "categories", bar, at, pages, kiosk.language)
    else:
        shown = rows
    tall = min(page.px(76), (rect.h + gap) / max(1, len(shown)) - gap)
    for at_row, row in enumerate(shown):
        _category(page, kiosk, offer, Rect(rect.x, rect.y + at_row * (tall + gap), rect.w, tall), *row)


def _category(
    page: Page, kiosk: Kiosk, offer: Offer, rect: Rect, category_id: Id | None, name: str, colour: str, cost: int | None
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
        page.sign(spot.middle(page.px(26), page.px(26)), Icon.STAR, ink)
    told = ""
    if cost is not None:
        told = words.price(cost, offer.catalogue.currency, kiosk.language)
        told = say(kiosk.language, "price.from", price=told) if category_id is None and cost else told
    price, label = text.end(page.px(134) if page.large or category_id is None else page.px(104), page.px(8))
    weight = Weight.BOLD if on else Weight.REGULAR
    page.words(label, name, "body", ink, weight, lines=2)
    page.words(price, told, "body", ink, Weight.SEMIBOLD, Align.RIGHT)
    page.press(f"category:{category_id or 'any'}", rect, CategoryChosen(category_id), page.px(16))
