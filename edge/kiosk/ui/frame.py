"""What stands in the same place on every screen: steps, title, languages, help for the eyes; back, start over, price.

The head is for looking and for the few who need another language or larger letters; everything that the visit needs is
in the lower two thirds, under one thumb.
"""

from edge.kiosk.model import (
    AccessToggled,
    Back,
    Kiosk,
    LanguageChosen,
    Link,
    Next,
    Screen,
    StartOver,
    Touched,
)
from edge.kiosk.ui import words
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.hall import listed_of
from edge.kiosk.ui.paint import Align, Icon, Page
from edge.kiosk.ui.parts import button, cart_total, main_button, on_sheet, seats_of, sheet
from edge.kiosk.ui.texts import has, say
from shared.languages import LANGUAGES
from shared.look import Weight

STEPS = (Screen.PERFORMANCES, Screen.SEATS, Screen.TARIFFS, Screen.SUMMARY, Screen.PAYING)
_PAID = (Screen.PRINTING, Screen.DONE, Screen.PROBLEM)


def head(page: Page, kiosk: Kiosk, title: str) -> Rect:
    """Steps, title, languages and help for the eyes; returns what is left below."""
    page.panel(page.area, page.scheme.ground)
    inside = page.area.inset(page.px(24), page.px(20))
    if page.portrait:
        tools, rest = inside.top(page.px(64), page.px(12))
        text, rest = rest.top(page.line("title") + page.px(24), page.px(12))
    else:
        bar, rest = inside.top(page.px(92), page.px(16))
        tools, text = bar.end(page.px(556), page.px(24))
        tools = tools.top(page.px(64))[0]
    dots, text = text.top(page.px(20), page.px(4))
    _steps(page, kiosk, dots)
    page.words(text, title, "title", page.scheme.ground_ink, Weight.BOLD, lines=1, upright=0.4, smallest="lead")
    _tools(page, kiosk, tools)
    return rest


def _steps(page: Page, kiosk: Kiosk, rect: Rect) -> None:
    if kiosk.screen not in (*STEPS, Screen.PRINTING, Screen.DONE):
        return
    at = STEPS.index(kiosk.screen) if kiosk.screen in STEPS else len(STEPS)
    side, x = page.px(14), rect.x
    for step in range(len(STEPS)):
        wide = side * 3 if step == at else side
        spot = Rect(x, rect.y, wide, side)
        if step <= at:
            page.panel(spot, page.scheme.accent if step == at else page.scheme.ground_ink, side / 2)
        else:
            page.panel(spot, "", side / 2, page.px(2), page.scheme.ground_muted)
        x += wide + side * 0.8


def _tools(page: Page, kiosk: Kiosk, rect: Rect) -> None:
    cells = rect.columns([1] * len(LANGUAGES) + [1.15, 1.15], page.px(8))
    for language, cell in zip(LANGUAGES, cells, strict=False):
        _tool(
            page, f"language:{language}", cell, language.upper(), kiosk.language == language, LanguageChosen(language)
        )
    large, contrast = cells[len(LANGUAGES) :]
    _tool(page, "access:large", large, "A+", kiosk.large, AccessToggled("large"))
    _tool(page, "access:contrast", contrast, "", kiosk.contrast, AccessToggled("contrast"), Icon.CONTRAST)


def _tool(
    page: Page,
    name: str,
    rect: Rect,
    text: str,
    on: bool,
    act: LanguageChosen | AccessToggled,
    icon: Icon | None = None,
) -> None:
    scheme = page.scheme
    fill, ink = (scheme.ground_ink, scheme.ground) if on else ("", scheme.ground_ink)
    page.panel(rect, fill, page.px(14), 0 if on else page.px(2), scheme.ground_muted)
    if icon:
        page.sign(rect.middle(page.px(34), page.px(34)), icon, ink)
    else:
        page.words(rect, text, "body", ink, Weight.BOLD if on else Weight.SEMIBOLD, Align.CENTRE)
    page.press(name, rect, act, page.px(14))


def foot(page: Page, kiosk: Kiosk, rest: Rect, main: str = "", back: bool = True, over: bool = True) -> Rect:
    """Back, start over, what it costs, and the one main button (`main` is its text); returns what is left above."""
    tall = page.px(84)
    if page.portrait:
        low, rest = rest.base(tall, page.px(12))
        first, rest = rest.base(tall, page.px(16))
        price, action = first.columns([5, 6], page.px(16))
        ways = low.columns(2, page.px(16))
    else:
        bar, rest = rest.base(tall, page.px(16))
        action, bar = bar.end(page.px(360), page.px(20))
        left, price = bar.left(page.px(430), page.px(20))
        ways = left.columns([4, 5], page.px(12))
    if back:
        button(page, "back", ways[0], say(kiosk.language, "button.back"), Back(), Icon.BACK)
    if over:
        button(page, "over", ways[1], say(kiosk.language, "button.over"), StartOver(), Icon.OVER)
    _price(page, kiosk, price)
    if main and not kiosk.busy:
        main_button(page, "next", action, main, Next())
    if has_message(kiosk) and kiosk.screen is not Screen.SEATS:  # there it lies over the plan, so that nothing jumps
        strip, rest = rest.base(_strip(page), page.px(12))
        message(page, kiosk, strip)
    return rest


def _strip(page: Page) -> float:
    return max(page.px(60), page.line("body") + page.px(20))


def _price(page: Page, kiosk: Kiosk, rect: Rect) -> None:
    listed = listed_of(kiosk)
    if listed is None or kiosk.cart is None or kiosk.screen not in STEPS:
        return
    amount = cart_total(kiosk, listed)
    if amount is None:
        if kiosk.screen is Screen.SEATS:
            hint = say(kiosk.language, "seats.none_yet")
            page.words(rect, hint, "body", page.scheme.ground_ink, align=Align.RIGHT, lines=3)
        return
    names = words.seats(seats_of(listed, kiosk.cart), kiosk.language)
    above, below = rect.top(rect.h * 0.42)
    page.words(above, " · ".join(names), "body", page.scheme.ground_muted, Weight.SEMIBOLD, Align.RIGHT)
    cost = words.price(amount, listed.catalogue.currency, kiosk.language)
    page.words(below, cost, "title", page.scheme.ground_ink, Weight.BOLD, Align.RIGHT)


def has_message(kiosk: Kiosk) -> bool:
    return bool(_message(kiosk)[0])


def message(page: Page, kiosk: Kiosk, rect: Rect) -> None:
    """One line: what is being done, why a choice did not hold, or that the line to central is cut."""
    key, icon = _message(kiosk)
    if not key:
        return
    page.panel(rect, page.scheme.sunken, page.px(14), page.px(3), page.scheme.accent)
    spot, text = rect.inset(page.px(18), page.px(4)).left(page.px(34), page.px(14))
    page.sign(spot.middle(page.px(32), page.px(32)), icon, page.scheme.ink)
    page.words(text, say(kiosk.language, key), "body", page.scheme.ink, Weight.SEMIBOLD, lines=2)


def _message(kiosk: Kiosk) -> tuple[str, Icon]:
    offline = "offline.note" if kiosk.link is Link.OFFLINE and kiosk.screen is Screen.SEATS else ""
    for key, icon in ((kiosk.busy, Icon.PAUSE), (kiosk.notice, Icon.ALERT), (offline, Icon.ALERT)):
        if key and has(key):
            return key, icon
    return "", Icon.ALERT


def still_there(page: Page, kiosk: Kiosk) -> None:
    """Over everything else: the visitor is asked before the screen gives up. Nothing behind it answers."""
    page.dim(0.78)
    paid = kiosk.screen in _PAID
    inside = sheet(page, page.area.middle(page.px(760), page.px(470 if page.large else 420)))
    buttons, inside = inside.base(page.px(92), page.px(20))
    ring, text = inside.left(page.px(130), page.px(28))
    left = ""
    if kiosk.deadline and kiosk.now:
        left = str(max(0, round((kiosk.deadline - kiosk.now).total_seconds())))
    page.ring(ring.middle(page.px(120), page.px(120)), page.scheme.accent, page.px(8))
    page.words(ring, left, "title", weight=Weight.BOLD, align=Align.CENTRE)
    title, what = text.top(page.line("title"), page.px(12))
    page.words(title, say(kiosk.language, "warned.title"), "title", weight=Weight.BOLD, smallest="lead")
    told = say(kiosk.language, "warned.what_paid" if paid else "warned.what")
    page.words(what, told, "body", page.scheme.muted, lines=4, upright=0)
    over, stay = buttons.columns([4, 5], page.px(20))
    on_sheet(page, "over", over, say(kiosk.language, "button.over"), StartOver(), Icon.OVER)
    main_button(page, "stay", stay, say(kiosk.language, "warned.yes"), Touched(), Icon.TICK)
