"""Which price for each place? A row per place, the tariffs sold in its category side by side."""

from edge.kiosk.model import Kiosk, ListedPerformance, TariffChosen
from edge.kiosk.ui import words
from edge.kiosk.ui.frame import foot, head
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.hall import listed_of
from edge.kiosk.ui.paint import Icon, Page
from edge.kiosk.ui.parts import category_name, paged, seats_of, sheet, tariff_of, turner
from edge.kiosk.ui.texts import say
from shared.ids import Id
from shared.languages import named
from shared.look import Weight
from shared.rules.pricing import tariffs_for
from shared.wire.feeds import PlanSeat, TariffRow


def paint_tariffs(page: Page, kiosk: Kiosk) -> None:
    language, listed, cart = kiosk.language, listed_of(kiosk), kiosk.cart
    one = cart is not None and len(cart.places) == 1
    rest = head(page, kiosk, say(language, "tariffs.one" if one else "tariffs.title"))
    rest = foot(page, kiosk, rest, say(language, "button.next"))
    if listed is None or cart is None:
        return
    proofs = {tariff.id for tariff in listed.catalogue.tariffs if tariff.proof}
    if any(place.tariff_id in proofs for place in cart.places):
        note, rest = rest.base(page.line("body") + page.px(8), page.px(8))
        page.sign(note.left(page.px(30))[0].middle(page.px(28), page.px(28)), Icon.ALERT, page.scheme.ground_ink)
        page.words(
            note.left(page.px(30), page.px(12))[1], say(language, "tariffs.proof"), "body", page.scheme.ground_ink
        )
    rows = list(enumerate(seats_of(listed, cart)))
    tall = _tall(page, listed, rows, rest.w - page.px(64))
    gap = page.px(14)
    room = int((rest.h - page.px(56) + gap) / (tall + gap))
    if len(rows) > room:
        bar, rest = rest.base(page.px(64), page.px(12))
        room = int((rest.h - page.px(56) + gap) / (tall + gap))
        shown, at, pages = paged(page, "tariffs", rows, room)
        turner(page, "tariffs", bar.middle(page.px(640), bar.h), at, pages, language)
    else:
        shown = rows
    needed = len(shown) * (tall + gap) - gap + page.px(56)
    inside = sheet(page, rest.middle(rest.w, min(rest.h, needed + page.px(40))))
    for (index, seat), cell in zip(shown, inside.rows(len(shown), gap), strict=True):
        _row(page, kiosk, listed, cell, index, seat)


def _across(page: Page, width: float, count: int) -> int:
    room = width if page.portrait else width * 0.7
    return max(1, min(count, int(room / page.px(226 if page.large else 186))))


def _tall(page: Page, listed: ListedPerformance, rows: list[tuple[int, PlanSeat]], width: float) -> float:
    """The height that the fullest row needs."""
    most = max((len(tariffs_for(listed.catalogue, seat.category_id)) for _, seat in rows), default=1)
    lines = -(-most // _across(page, width, most))
    chips = lines * (_chip(page) + page.px(8)) - page.px(8)
    return chips + page.line("lead") + page.px(8) if page.portrait else max(chips, page.line("body", 2))


def _chip(page: Page) -> float:
    return max(page.px(72), page.line("body", 2) + page.px(12))


def _row(page: Page, kiosk: Kiosk, listed: ListedPerformance, rect: Rect, index: int, seat: PlanSeat) -> None:
    tariffs = tariffs_for(listed.catalogue, seat.category_id)
    name = words.seats([seat], kiosk.language)[0]
    category = category_name(listed.catalogue, seat.category_id, kiosk.language)
    if page.portrait:
        label, chips = rect.top(page.line("lead"), page.px(8))
        page.words(label, f"{name} · {category}", "body", weight=Weight.SEMIBOLD)
    else:
        label, chips = rect.left(rect.w * 0.3, page.px(16))
        page.words(label, f"{name}\n{category}", "body", weight=Weight.SEMIBOLD, lines=3)
    across = _across(page, rect.w, len(tariffs))
    down = -(-len(tariffs) // across)
    chips = chips.middle(chips.w, min(chips.h, down * (_chip(page) * 1.2 + page.px(8))))
    place = kiosk.cart.places[index] if kiosk.cart else None
    taken = tariff_of(listed.catalogue, seat.category_id, place.tariff_id if place else None)
    for tariff, cell in zip(tariffs, chips.grid(across, down, page.px(8)), strict=False):
        _choice(page, kiosk, listed, cell, index, seat.category_id, tariff, tariff.id == taken)


def _choice(
    page: Page,
    kiosk: Kiosk,
    listed: ListedPerformance,
    rect: Rect,
    index: int,
    category_id: Id,
    tariff: TariffRow,
    on: bool,
) -> None:
    scheme = page.scheme
    fill, ink = (scheme.ink, scheme.sheet) if on else (scheme.sunken, scheme.ink)
    page.panel(rect, fill, page.px(14), page.px(2), scheme.ink if on else scheme.muted)
    inside = rect.inset(page.px(14), page.px(4))
    if on:
        spot, inside = inside.end(page.px(28), page.px(6))
        page.sign(spot.middle(page.px(28), page.px(28)), Icon.TICK, ink)
    name, cost = inside.rows([1, 1])
    page.words(name, named(tariff.names, kiosk.language), "body", ink, Weight.SEMIBOLD if on else Weight.REGULAR)
    amount = tariff.prices[category_id]
    page.words(cost, words.price(amount, listed.catalogue.currency, kiosk.language), "body", ink, Weight.SEMIBOLD)
    page.press(f"tariff:{index}:{tariff.id}", rect, TariffChosen(index, tariff.id), page.px(14))
