"""Paper is on its way: how many of how many; or, when the printer fell silent, the visitor is asked what came out."""

from edge.kiosk.model import Kiosk, PrintAnswered, PrintStage
from edge.kiosk.ui.frame import foot, head
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.paint import Icon, Page
from edge.kiosk.ui.parts import main_button, on_sheet, progress, sheet
from edge.kiosk.ui.texts import say
from shared.look import Weight


def paint_printing(page: Page, kiosk: Kiosk) -> None:
    language = kiosk.language
    rest = head(page, kiosk, say(language, "printing.title"))
    rest = foot(page, kiosk, rest, back=False, over=False)
    count = len(kiosk.sale.lines) if kiosk.sale else len(kiosk.cart.places) if kiosk.cart else 1
    inside = sheet(page, rest.middle(page.px(960), page.px(500)))
    if kiosk.print_state is PrintStage.UNCERTAIN:
        _asked(page, language, count, inside)
        return
    far, inside = inside.base(page.px(20), page.px(24))
    progress(page, far, kiosk.printed, count)
    left, right = inside.top(page.px(190), page.px(20)) if page.portrait else inside.left(page.px(220), page.px(40))
    round_ = left.middle(page.px(190), page.px(190))
    page.disc(round_, page.scheme.sunken)
    page.sign(round_.inset(page.px(42)), Icon.TICKET, page.scheme.accent)
    top, below = right.rows([2, 3])
    told = say(language, "printing.progress", n=kiosk.printed, of=count)
    page.words(top, told, "display", weight=Weight.BOLD, upright=1, smallest="title")
    page.words(below, say(language, "printing.wait", n=count), "lead", lines=4, upright=0.15)


def _asked(page: Page, language: str, count: int, inside: Rect) -> None:
    buttons, inside = inside.base(page.px(96), page.px(24))
    title, text = inside.top(page.line("title", 2), page.px(12))
    page.words(title, say(language, "printing.asked", n=count), "title", weight=Weight.BOLD, lines=2, smallest="lead")
    page.words(text, say(language, "printing.silent"), "lead", page.scheme.muted, lines=4, upright=0)
    no, yes = buttons.columns([2, 3], page.px(20))
    on_sheet(page, "printed:no", no, say(language, "printing.no"), PrintAnswered(False), Icon.CROSS)
    main_button(page, "printed:yes", yes, say(language, "printing.yes"), PrintAnswered(True), Icon.TICK)
