"""All is done: take the tickets, and a word of thanks."""

from edge.kiosk.model import Kiosk
from edge.kiosk.ui.frame import foot, head
from edge.kiosk.ui.paint import Icon, Page
from edge.kiosk.ui.parts import sheet
from edge.kiosk.ui.texts import say
from shared.look import Weight


def paint_done(page: Page, kiosk: Kiosk) -> None:
    language = kiosk.language
    rest = head(page, kiosk, "")
    rest = foot(page, kiosk, rest, say(language, "button.done"), back=False, over=False)
    inside = sheet(page, rest.middle(page.px(960), page.px(480)))
    left, right = inside.top(page.px(190), page.px(20)) if page.portrait else inside.left(page.px(220), page.px(40))
    round_ = left.middle(page.px(190), page.px(190))
    page.disc(round_, page.scheme.ok)
    page.sign(round_.inset(page.px(44)), Icon.TICK, page.scheme.sheet)
    title, text = right.rows([1, 1])
    page.words(title, say(language, "done.title"), "title", weight=Weight.BOLD, lines=2, upright=0.9, smallest="lead")
    if kiosk.sale:
        take, receipt = text.top(page.line("lead", 2), page.px(8))
        page.words(take, say(language, "done.take", n=len(kiosk.sale.lines)), "lead", lines=2, upright=0)
        number = say(language, "done.receipt", number=kiosk.sale.receipt)
        page.words(receipt, number, "body", page.scheme.muted, upright=0)
