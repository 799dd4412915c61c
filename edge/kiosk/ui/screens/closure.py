"""The kiosk cannot sell: why, where else to go, and for the staff a code, the kiosk's name and the next step."""

from edge.kiosk.model import Kiosk
from edge.kiosk.ui.frame import head
from edge.kiosk.ui.paint import Icon, Page
from edge.kiosk.ui.parts import sheet
from edge.kiosk.ui.texts import has, say
from shared.look import Weight


def paint_out_of_order(page: Page, kiosk: Kiosk) -> None:
    language = kiosk.language
    rest = head(page, kiosk, "")
    inside = sheet(page, rest.middle(page.px(1000), page.px(520)))
    first = kiosk.blockers[0] if kiosk.blockers else kiosk.trouble
    low, inside = inside.base(page.line("body", 3), page.px(12))
    left, right = inside.top(page.px(160), page.px(20)) if page.portrait else inside.left(page.px(190), page.px(40))
    round_ = left.middle(page.px(160), page.px(160))
    page.disc(round_, page.scheme.sunken)
    page.sign(round_.inset(page.px(36)), Icon.PAUSE, page.scheme.accent)
    title, text = right.top(page.line("title", 2), page.px(8))
    page.words(title, say(language, "out.title"), "title", weight=Weight.BOLD, lines=2, upright=0.9, smallest="lead")
    why = [say(language, first.what)] if first is not None and has(first.what) else []
    page.words(text, "\n".join([*why, say(language, "out.other")]), "lead", lines=4, upright=0)
    page.panel(low.top(page.px(2))[0], page.scheme.line)
    step, device = low.inset(0, page.px(8)).rows([2, 1])
    if first is not None and has(first.step):
        told = say(language, "out.staff", step=say(language, first.step))
        page.words(step, told, "body", page.scheme.muted, lines=2)
    code = first.code if first is not None else "–"
    told = say(language, "out.code", code=code, label=kiosk.label or kiosk.device_id)  # a key, before it has a name
    page.words(device, told, "body", page.scheme.muted)
