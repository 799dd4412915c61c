"""Which performance? One card each: what, when in the venue's time, from which price, and how full in words."""

from edge.kiosk.model import Kiosk, ListedPerformance, PerformanceChosen
from edge.kiosk.ui import words
from edge.kiosk.ui.frame import foot, head
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.hall import Fullness, fullness
from edge.kiosk.ui.paint import Align, Icon, Page
from edge.kiosk.ui.parts import from_price, paged, sheet, turner
from edge.kiosk.ui.texts import say
from shared.languages import named
from shared.look import Weight


def paint_performances(page: Page, kiosk: Kiosk) -> None:
    rest = head(page, kiosk, say(kiosk.language, "performances.title"))
    rest = foot(page, kiosk, rest)
    programme = sorted(kiosk.programme, key=lambda listed: listed.performance.starts)
    if not programme:
        inside = sheet(page, rest.middle(page.px(820), page.px(260)))
        page.words(inside, say(kiosk.language, "performances.none"), "lead", lines=4, align=Align.CENTRE)
        return
    most = _fitting(page, rest)
    if len(programme) > most:
        bar, rest = rest.base(page.px(68), page.px(14))
        shown, at, pages = paged(page, "performances", programme, _fitting(page, rest))
        middle = bar.middle(page.px(640), bar.h)
        turner(page, "performances", middle, at, pages, kiosk.language)
    else:
        shown = programme
    for listed, cell in zip(shown, _cells(page, rest, len(shown), most), strict=False):
        _card(page, kiosk, listed, cell)


def _fitting(page: Page, rest: Rect) -> int:
    across = 1 if page.portrait else 2 if page.large else 3
    return across * max(1, int((rest.h + page.px(20)) / (_tall(page) + page.px(20))))


def _tall(page: Page) -> float:
    return page.line("lead", 2) + page.line("body", 4) + page.px(76)


def _cells(page: Page, rest: Rect, count: int, most: int) -> list[Rect]:
    gap = page.px(20)
    across = 1 if page.portrait else min(count, 2 if page.large else 3)
    if not page.portrait and count == 4:
        across = 2
    down = -(-min(count, most) // across)
    tall = min(rest.h, down * (_tall(page) * 1.25 + gap) - gap)
    wide = min(rest.w, across * (page.px(620) + gap) - gap)
    middle = rest.middle(wide, tall)
    lower = Rect(middle.x, middle.y + (rest.bottom - middle.bottom) * 0.4, wide, tall)  # nearer to the hand
    return lower.grid(across, down, gap)


def _card(page: Page, kiosk: Kiosk, listed: ListedPerformance, rect: Rect) -> None:
    scheme, language = page.scheme, kiosk.language
    state = fullness(kiosk, listed)
    cheapest = from_price(listed.catalogue)
    on = cheapest is not None and state in (Fullness.GOOD, Fullness.FEW)
    edge = page.px(3) if scheme.sheet == scheme.ground else 0
    page.panel(rect, scheme.sheet, page.px(20), edge, scheme.line)
    inside = rect.inset(page.px(28), page.px(24))
    low, inside = inside.base(page.line("body", 2) + page.px(8), page.px(8))
    title, inside = inside.top(page.line("lead", 2), page.px(4))
    page.words(title, named(listed.performance.event_names, language), "lead", weight=Weight.BOLD, lines=2, upright=0)
    day, inside = inside.top(page.line("body"))
    hour, inside = inside.top(page.line("body"))
    page.words(day, words.day(listed.performance, language), "body", weight=Weight.SEMIBOLD)
    told = " · ".join(
        filter(None, (words.hour(listed.performance, language), named(listed.performance.venue, language)))
    )
    page.words(hour, told, "body", scheme.muted)
    if on and cheapest is not None:
        spot, low = low.end(page.px(60), page.px(12))
        round_ = spot.base(page.px(60))[0]
        page.disc(round_, scheme.action)
        page.sign(round_.inset(page.px(14)), Icon.FORWARD, scheme.action_ink)
        page.press(f"performance:{listed.performance_id}", rect, PerformanceChosen(listed.performance_id), page.px(20))
    above, below = low.rows(2, page.px(4))
    _state(page, above, state, language)
    if on and cheapest is not None:
        cost = words.price(cheapest, listed.catalogue.currency, language)
        page.words(below, say(language, "price.from", price=cost) if cheapest else cost, "body", weight=Weight.BOLD)


def _state(page: Page, rect: Rect, state: Fullness, language: str) -> None:
    """In words, with a shape for who reads no colour: filled, half, hollow."""
    colour = {Fullness.GOOD: page.scheme.ok, Fullness.FEW: page.scheme.warn}.get(state, page.scheme.stop)
    spot, text = rect.left(page.px(22), page.px(10))
    if state is Fullness.GOOD:
        page.disc(spot.middle(page.px(18), page.px(18)), colour)
    elif state is Fullness.FEW:
        page.disc(spot.middle(page.px(18), page.px(18)), colour, page.px(3))
        page.disc(spot.middle(page.px(8), page.px(8)), colour)
    else:
        page.sign(spot.middle(page.px(22), page.px(22)), Icon.CROSS, colour)
    page.words(text, say(language, state), "body", colour, Weight.SEMIBOLD)
