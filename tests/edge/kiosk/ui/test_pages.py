"""Every page keeps its promises before anything is drawn: large enough to hit, in reach, nothing beside the screen."""

from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest

from edge.kiosk.model import Back, Kiosk, Link, Next, PerformanceChosen, PrintStage, Screen, StartOver
from edge.kiosk.troubles import Busy, Notice, TroubleCode, trouble
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.paint import FittedText, Page, QrCode
from edge.kiosk.ui.screens import paint
from edge.kiosk.ui.window import scheme_of
from shared.languages import LANGUAGES
from shared.look import look

SIZES = [(1280, 800), (1920, 1080), (800, 1280)]


def page_of(kiosk: Kiosk, size: tuple[int, int] = (1280, 800), **turned: int) -> Page:
    page = Page(Rect(0, 0, *size), look(), scheme_of(kiosk), kiosk.large, turned=turned)
    paint(page, kiosk)
    return page


def names(page: Page) -> set[str]:
    return {press.name for press in page.presses}


def visits(sample: Any, language: str, large: bool) -> list[Kiosk]:
    found = [sample.kiosk(screen, language, large=large) for screen in Screen]
    found += [
        replace(sample.kiosk(screen, language, large=large), warned=True) for screen in (Screen.SEATS, Screen.DONE)
    ]
    found.append(sample.kiosk(Screen.SEATS, language, large=large, notice=Notice.NOT_ENOUGH))
    found.append(sample.kiosk(Screen.SUMMARY, language, large=large, notice=Notice.DECLINED))
    found.append(sample.kiosk(Screen.PRINTING, language, large=large, print_state=PrintStage.UNCERTAIN))
    found.append(sample.kiosk(Screen.TARIFFS, language, large=large, cart=sample.cart(8)))
    found += [
        sample.kiosk(Screen.PROBLEM, language, large=large, sale=None, trouble=trouble(code))
        for code in TroubleCode
        if code >= TroubleCode.PAYMENT_UNKNOWN
    ]
    return found


@pytest.mark.parametrize("language, size, large", list(product(LANGUAGES, SIZES, [False, True])))
def test_every_place_can_be_hit_and_every_text_is_on_the_screen(
    sample: Any, language: str, size: tuple[int, int], large: bool
) -> None:
    for kiosk in visits(sample, language, large):
        page = page_of(kiosk, size)
        least = page.px(look().kiosk.target) - 0.6
        for press in page.presses:
            assert press.rect.w >= least and press.rect.h >= least, (kiosk.screen, press)
            assert press.rect.x >= 0 and press.rect.right <= size[0], (kiosk.screen, press)
            assert press.rect.y >= 0 and press.rect.bottom <= size[1], (kiosk.screen, press)
        for one, two in combinations([press for press in page.presses if press.rect != page.area], 2):
            apart = (
                one.rect.right <= two.rect.x + 0.5
                or two.rect.right <= one.rect.x + 0.5
                or one.rect.bottom <= two.rect.y + 0.5
                or two.rect.bottom <= one.rect.y + 0.5
            )
            assert apart, (kiosk.screen, one.name, two.name)
        for mark in page.marks:
            if isinstance(mark, FittedText) and mark.text:
                assert mark.smallest >= page.px(24) - 0.01, (kiosk.screen, mark)
                assert mark.rect.x >= -0.5 and mark.rect.right <= size[0] + 0.5, (kiosk.screen, mark)
                assert mark.rect.y >= -0.5 and mark.rect.bottom <= size[1] + 0.5, (kiosk.screen, mark)


@pytest.mark.parametrize("screen", [Screen.PERFORMANCES, Screen.SEATS, Screen.TARIFFS, Screen.SUMMARY])
def test_the_answer_is_in_reach_and_the_ways_out_are_always_there(sample: Any, screen: Screen) -> None:
    places = {press.name: press for press in page_of(sample.kiosk(screen)).presses}
    assert places["back"].act == Back() and places["over"].act == StartOver()
    assert places["back"].rect == {p.name: p for p in page_of(sample.kiosk(Screen.SEATS)).presses}["back"].rect
    for name, place in places.items():
        if name.partition(":")[0] not in ("language", "access", "quantity", "best", "category"):
            assert place.rect.bottom > 800 / 3, name
    assert {f"language:{language}" for language in LANGUAGES} <= set(places)


def test_the_price_is_always_in_sight(sample: Any) -> None:
    for screen in (Screen.SEATS, Screen.TARIFFS, Screen.SUMMARY, Screen.PAYING):
        told = [mark.text for mark in page_of(sample.kiosk(screen)).marks if isinstance(mark, FittedText)]
        assert "80,50\xa0€" in told, screen
    assert "Payer 80,50\xa0€" in [
        m.text for m in page_of(sample.kiosk(Screen.SUMMARY)).marks if isinstance(m, FittedText)
    ]


def test_only_what_can_be_bought_answers(sample: Any) -> None:
    first, second, third = sample.programme
    gone = replace(second, taken=(True,) * len(second.taken))
    off = replace(third, performance=replace(third.performance, cancelled=True))
    page = page_of(sample.kiosk(Screen.PERFORMANCES, "en", programme=(first, gone, off)))
    told = [mark.text for mark in page.marks if isinstance(mark, FittedText)]
    assert "Sold out" in told and "Cancelled" in told and "Seats available" in told
    chosen = [press.act for press in page.presses if press.name.startswith("performance:")]
    assert chosen == [PerformanceChosen(first.performance_id)]


def test_nothing_on_sale_says_so(sample: Any) -> None:
    page = page_of(sample.kiosk(Screen.PERFORMANCES, "en", programme=()))
    assert any("box office" in mark.text for mark in page.marks if isinstance(mark, FittedText))


def test_many_performances_are_turned_through(sample: Any) -> None:
    programme = tuple(replace(sample.programme[0], performance_id=f"P{at:02}") for at in range(20))
    kiosk = sample.kiosk(Screen.PERFORMANCES, programme=programme)
    seen: set[str] = set()
    for at in range(20):
        page = page_of(kiosk, performances=at)
        seen |= {name for name in names(page) if name.startswith("performance:")}
        if "performances:more" not in names(page):
            break
    assert len(seen) == 20 and at > 0


def test_a_warned_visitor_can_stay_or_leave_and_nothing_else(sample: Any) -> None:
    page = page_of(sample.kiosk(Screen.SEATS, warned=True))
    assert names(page) == {"stay", "over"}


def test_busy_takes_no_second_order(sample: Any) -> None:
    page = page_of(sample.kiosk(Screen.SEATS, busy=Busy.LEASE))
    assert Next() not in [press.act for press in page.presses]
    assert any("réservons" in mark.text for mark in page.marks if isinstance(mark, FittedText))


def test_offline_is_said_where_seats_are_chosen(sample: Any) -> None:
    page = page_of(sample.kiosk(Screen.SEATS, "en", link=Link.OFFLINE))
    assert any(mark.text.startswith("Offline") for mark in page.marks if isinstance(mark, FittedText))


def test_a_failed_print_shows_the_tickets_one_by_one(sample: Any) -> None:
    kiosk = sample.kiosk(Screen.PROBLEM)
    shown = [
        next(mark.text for mark in page_of(kiosk, tickets=at).marks if isinstance(mark, QrCode)) for at in range(2)
    ]
    assert shown == [line.ticket for line in kiosk.sale.lines]
    assert "tickets:more" not in names(page_of(kiosk, tickets=1))


def test_a_visit_that_went_wrong_says_what_became_of_the_money(sample: Any) -> None:
    for code in TroubleCode:
        if code >= TroubleCode.PAYMENT_UNKNOWN:
            page = page_of(sample.kiosk(Screen.PROBLEM, "en", sale=None, trouble=trouble(code, reference="REF7")))
            told = [mark.text for mark in page.marks if isinstance(mark, FittedText)]
            assert "Your money" in told and "What to do" in told
            assert f"code {code} · REF7" in told


def test_out_of_order_says_why_with_code_and_name(sample: Any) -> None:
    """And no id of 26 letters; before it has a name, what it is known by."""
    kiosk = sample.kiosk(Screen.OUT_OF_ORDER, "en")
    told = " ".join(mark.text for mark in page_of(kiosk).marks if isinstance(mark, FittedText))
    assert "There is no ticket paper left." in told and "K-07" in told and kiosk.label in told
    assert "put in a new roll" in told and kiosk.device_id not in told
    unnamed = page_of(replace(kiosk, label="", device_id="key 3f9a"))
    assert "key 3f9a" in " ".join(mark.text for mark in unnamed.marks if isinstance(mark, FittedText))
