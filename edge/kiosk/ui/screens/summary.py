"""Is everything right? The order as a ticket: what, when, which places at which price, and the sum."""

from edge.kiosk.model import Kiosk
from edge.kiosk.ui import words
from edge.kiosk.ui.frame import foot, head
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.hall import listed_of
from edge.kiosk.ui.paint import Align, Page
from edge.kiosk.ui.parts import cart_prices, paged, seats_of, sheet, tariff_of, turner
from edge.kiosk.ui.texts import say
from shared.languages import named
from shared.look import Weight
from shared.outcome import Ok
from shared.rules.pricing import price, prices_of
from shared.rules.vat import Charged, vat_by_rate


def paint_summary(page: Page, kiosk: Kiosk) -> None:
    language, listed, cart = kiosk.language, listed_of(kiosk), kiosk.cart
    rest = head(page, kiosk, say(language, "summary.title"))
    costs = cart_prices(kiosk, listed) if listed else None
    amount = sum(costs or ())
    currency = listed.catalogue.currency if listed else ""
    pay = say(language, "button.pay", price=words.money(amount, currency, language)) if amount else ""
    rest = foot(page, kiosk, rest, pay or say(language, "button.free"))
    if listed is None or cart is None or costs is None:
        return
    prices = prices_of(listed.catalogue)
    lines = []
    for place, seat in zip(cart.places, seats_of(listed, cart), strict=False):
        tariff_id = tariff_of(listed.catalogue, place.category_id, place.tariff_id)
        tariff = next((row for row in listed.catalogue.tariffs if row.id == tariff_id), None)
        cost = price(prices, place.category_id, tariff.id) if tariff else None
        told = words.price(cost.value, currency, language) if isinstance(cost, Ok) else ""
        label = named(tariff.names, language) if tariff else ""
        lines.append((words.seats([seat], language)[0], label, told))
    tall = page.line("body") + page.px(12)
    fixed = page.line("title") + page.line("body") + page.line("title") + page.px(112)
    room = max(1, int((rest.h - fixed) / tall))
    if len(lines) > room:
        bar, rest = rest.base(page.px(64), page.px(12))
        room = max(1, int((rest.h - fixed) / tall))
        shown, at, pages = paged(page, "summary", lines, room)
        turner(page, "summary", bar.middle(page.px(640), bar.h), at, pages, language)
    else:
        shown = lines
    inside = sheet(page, rest.middle(page.px(1000), min(rest.h, fixed + len(shown) * tall + page.px(10))))
    title, inside = inside.top(page.line("title"), page.px(2))
    page.words(title, named(listed.performance.event_names, language), "title", weight=Weight.BOLD, lines=2)
    what, inside = inside.top(page.line("body"), page.px(16))
    told = " · ".join(
        filter(None, (words.when(listed.performance, language), named(listed.performance.venue, language)))
    )
    page.words(what, told, "body", page.scheme.muted)
    _perforation(page, inside)
    inside = Rect(inside.x, inside.y + page.px(18), inside.w, inside.h - page.px(18))
    for name, label, told in shown:
        line, inside = inside.top(tall)
        where, rate, cost_at = line.columns([11, 8, 4], page.px(16))
        page.words(where, name, "body", weight=Weight.SEMIBOLD)
        page.words(rate, label, "body", page.scheme.muted)
        page.words(cost_at, told, "body", align=Align.RIGHT)
    page.panel(inside.top(page.px(2))[0], page.scheme.line)
    left, right = inside.base(page.line("title"))[0].columns([3, 2], page.px(16))
    vat_bp = listed.catalogue.vat_bp
    vat = vat_by_rate(Charged(cost, vat_bp) for cost in costs)[vat_bp]
    rate_told, vat_told = words.rate(vat_bp, language), words.money(vat, currency, language)
    page.words(left, say(language, "summary.vat", rate=rate_told, amount=vat_told), "body", page.scheme.muted)
    page.words(right, words.price(amount, currency, language), "title", weight=Weight.BOLD, align=Align.RIGHT)


def _perforation(page: Page, rect: Rect) -> None:
    """The line a ticket is torn along: dots, and a bite out of the sheet at both ends."""
    y, dot = rect.y, page.px(5)
    x = rect.x
    while x < rect.right:
        page.disc(Rect(x, y, dot, dot), page.scheme.line)
        x += dot * 2.4
    bite = page.px(28)
    for end in (rect.x - page.px(32), rect.right + page.px(32)):
        page.disc(Rect(end - bite / 2, y + dot / 2 - bite / 2, bite, bite), page.scheme.ground)
