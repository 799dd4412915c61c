"""At the card terminal: how much, what to do there, and how far it is."""

from edge.kiosk.model import Kiosk, PayState
from edge.kiosk.ui import words
from edge.kiosk.ui.frame import foot, head
from edge.kiosk.ui.hall import listed_of
from edge.kiosk.ui.paint import Icon, Page
from edge.kiosk.ui.parts import cart_total, progress, sheet
from edge.kiosk.ui.texts import say
from shared.look import Weight

TOLD = {
    PayState.CREATED: "paying.created",
    PayState.SENT: "paying.sent",
    PayState.APPROVED: "paying.approved",
    PayState.CAPTURED: "paying.approved",
    PayState.DECLINED: "paying.declined",
    PayState.UNKNOWN: "paying.unknown",
    PayState.REVIEW: "paying.unknown",
    PayState.VOIDED: "paying.voided",
}
_FAR = {PayState.CREATED: 1, PayState.SENT: 2, PayState.UNKNOWN: 2, PayState.APPROVED: 3, PayState.CAPTURED: 3}


def paint_paying(page: Page, kiosk: Kiosk) -> None:
    language, listed = kiosk.language, listed_of(kiosk)
    rest = head(page, kiosk, say(language, "paying.title"))
    state = kiosk.pay_state or PayState.CREATED
    may_leave = state in (PayState.CREATED, PayState.SENT) and not kiosk.busy
    rest = foot(page, kiosk, rest, back=may_leave, over=may_leave)
    inside = sheet(page, rest.middle(page.px(960), page.px(520)))
    far, inside = inside.base(page.px(16), page.px(20))
    progress(page, far, _FAR.get(state, 0), 3)
    if page.portrait:
        left, right = inside.top(page.px(180), page.px(20))
    else:
        left, right = inside.left(page.px(220), page.px(40))
    round_ = left.middle(page.px(190), page.px(190))
    page.disc(round_, page.scheme.sunken)
    icon = Icon.TICK if state in (PayState.APPROVED, PayState.CAPTURED) else Icon.CARD
    page.sign(round_.inset(page.px(46)), icon, page.scheme.accent)
    amount = cart_total(kiosk, listed) if listed else None
    top, below = right.rows([2, 3])
    if listed and amount is not None:
        cost = words.money(amount, listed.catalogue.currency, language)
        page.words(top, cost, "display", weight=Weight.BOLD, upright=1, smallest="title")
    page.words(below, say(language, TOLD[state]), "lead", lines=5, upright=0.15)
