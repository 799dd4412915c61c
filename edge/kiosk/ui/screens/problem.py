"""This visit went wrong: what happened, what to do, and what became of the money; the tickets as codes if there is no
paper for them."""

from edge.kiosk.model import Kiosk
from edge.kiosk.ui.frame import foot, head
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.paint import Align, Icon, Page, PageTurn, QrCode
from edge.kiosk.ui.parts import on_sheet, sheet
from edge.kiosk.ui.texts import has, say
from shared.look import Weight

TICKETS = "tickets"


def paint_problem(page: Page, kiosk: Kiosk) -> None:
    language, trouble = kiosk.language, kiosk.trouble
    rest = head(page, kiosk, say(language, "problem.title"))
    rest = foot(page, kiosk, rest, say(language, "button.done"), back=False, over=False)
    if trouble is None:
        return
    codes = [line.ticket for line in kiosk.sale.lines] if kiosk.sale else []
    if codes:
        side, rest = rest.base(rest.h * 0.5, page.px(20)) if page.portrait else rest.end(page.px(440), page.px(20))
        _tickets(page, language, codes, side)
    inside = sheet(page, rest)
    code, inside = inside.base(page.line("body"), page.px(8))
    said = " · ".join(filter(None, (say(language, "problem.code", code=trouble.code), trouble.detail.get("reference"))))
    page.words(code, said, "body", page.scheme.muted)
    parts = [
        (Icon.ALERT, page.scheme.stop, "", trouble.what),
        (Icon.FORWARD, page.scheme.ink, "problem.do", trouble.step),
    ]
    if trouble.money:
        parts.append((Icon.CARD, page.scheme.ink, "problem.money", trouble.money))
    for (icon, colour, title, key), cell in zip(parts, inside.rows(len(parts), page.px(10)), strict=True):
        _part(page, cell, icon, colour, say(language, title) if title else "", _told(language, key))


def _told(language: str, key: str) -> str:
    return say(language, key) if has(key) else ""


def _part(page: Page, rect: Rect, icon: Icon, colour: str, title: str, text: str) -> None:
    spot, rest = rect.left(page.px(56), page.px(20))
    page.sign(spot.top(page.px(56))[0].middle(page.px(48), page.px(48)), icon, colour)
    if title:
        above, rest = rest.top(page.line("body"))
        page.words(above, title, "body", colour, Weight.BOLD)
        page.words(rest, text, "body", lines=4, upright=0)
    else:
        page.words(rest, text, "lead", weight=Weight.BOLD, lines=3, upright=0.1)


def _tickets(page: Page, language: str, codes: list[str], rect: Rect) -> None:
    inside = sheet(page, rect).inset(-page.px(12), -page.px(8))
    at = min(page.turned.get(TICKETS, 0), len(codes) - 1)
    if len(codes) > 1:
        bar, inside = inside.base(page.px(64), page.px(8))
        less, more = bar.left(page.px(72))[0], bar.end(page.px(72))[0]
        if at:
            on_sheet(page, "tickets:less", less, "", PageTurn(TICKETS, -1), Icon.BACK)
        if at < len(codes) - 1:
            on_sheet(page, "tickets:more", more, "", PageTurn(TICKETS, 1), Icon.FORWARD)
        page.words(bar, say(language, "problem.ticket", n=at + 1, of=len(codes)), "body", align=Align.CENTRE)
    told, inside = inside.top(page.line("body", 2), page.px(4))
    page.words(told, say(language, "problem.tickets", n=len(codes)), "body", weight=Weight.SEMIBOLD, lines=2)
    page.marks.append(QrCode(inside, codes[at]))
