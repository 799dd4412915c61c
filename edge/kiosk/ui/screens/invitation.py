"""Nobody is here: the hall waits, and the invitation goes through the languages one after the other."""

from edge.kiosk.model import Kiosk, LanguageChosen, Touched
from edge.kiosk.ui.paint import Align, Curtain, Page
from edge.kiosk.ui.texts import say
from shared.languages import LANGUAGES, OWN_NAMES
from shared.look import Weight

TURNS = "idle"  # how many languages further than the house's own the invitation has come


def paint_idle(page: Page, kiosk: Kiosk) -> None:
    scheme = page.scheme
    first = LANGUAGES.index(kiosk.language)
    language = LANGUAGES[(first + page.turned.get(TURNS, 0)) % len(LANGUAGES)]
    page.marks.append(Curtain(page.area))
    page.press("start", page.area, Touched())
    inside = page.area.inset(page.px(40), page.px(36))
    bar, rest = inside.base(page.px(76), page.px(24))
    for code, cell in zip(LANGUAGES, bar.columns(len(LANGUAGES), page.px(16)), strict=True):
        lit = code == language
        page.panel(cell, scheme.ground_ink if lit else scheme.hall, page.px(16), page.px(2), scheme.ground_ink)
        ink = scheme.ground if lit else scheme.ground_ink
        page.words(cell.inset(page.px(8), 0), OWN_NAMES[code], "body", ink, Weight.SEMIBOLD, Align.CENTRE)
        page.press(f"language:{code}", cell, LanguageChosen(code), page.px(16))
    low, rest = rest.base(page.line("lead"), page.px(8))
    big, _ = rest.base(page.px(96) if page.portrait else page.px(104))
    page.words(
        big, say(language, "idle.touch"), "display", scheme.hall_ink, Weight.BOLD, Align.CENTRE, smallest="title"
    )
    page.words(low, say(language, "idle.what"), "lead", scheme.hall_ink, Weight.SEMIBOLD, Align.CENTRE)
