"""What a visitor reads of VAT before paying and after: the screen and the paper say the sum of what each ticket
includes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.kiosk.model import Cart, CartPlace, Kiosk, ListedPerformance, Screen
from edge.kiosk.paper import Issuer, ticket_job
from edge.kiosk.ui import words
from edge.kiosk.ui.geometry import Rect
from edge.kiosk.ui.paint import FittedText, Page
from edge.kiosk.ui.screens import paint
from edge.kiosk.ui.texts import say
from edge.kiosk.ui.window import scheme_of
from edge.printer_agent import layout
from edge.printer_agent.layout import PrinterLook
from edge.printer_agent.text import clean
from edge.printer_agent.words import PaperWords
from shared.ids import derived_id
from shared.look import look
from shared.rules.vat import vat_in
from shared.wire.facts import Sale, SaleLine
from shared.wire.leases import LeasedPlace
from shared.wire.printing import ReceiptLine, ReceiptPrint
from tests.waiting import CALM

LEASE = derived_id("test", "lease")


class Visit:
    """Places at any prices of one performance: `costs` in minor units, one for each place, `rate` in basis points."""

    def __init__(self, house: Any, costs: Sequence[int], rate: int, currency: str = "EUR") -> None:
        listed = house.listed()
        tariffs = tuple(
            replace(listed.catalogue.tariffs[0], id=derived_id("test", "tariff", cost), prices={house.a: cost})
            for cost in dict.fromkeys(costs)
        )
        catalogue = replace(listed.catalogue, currency=currency, vat_bp=rate, tariffs=tariffs)
        self.house, self.costs, self.rate, self.currency = house, costs, rate, currency
        self.listed: ListedPerformance = replace(listed, catalogue=catalogue)

    def screen(self) -> list[str]:
        """The summary's texts, in English."""
        places = tuple(
            CartPlace(self.house.seat(f"a{at}"), self.house.a, derived_id("test", "tariff", cost), LEASE, at)
            for at, cost in enumerate(self.costs)
        )
        cart = Cart(self.house.performance_id, places)
        kiosk: Kiosk = replace(
            self.house.kiosk(), screen=Screen.SUMMARY, language="en", programme=(self.listed,), cart=cart
        )
        page = Page(Rect(0, 0, 1280, 800), look(), scheme_of(kiosk), turned={})
        paint(page, kiosk)
        return [mark.text for mark in page.marks if isinstance(mark, FittedText)]

    def receipt(self) -> ReceiptPrint:
        lines = tuple(
            SaleLine(LEASE, at, derived_id("test", "tariff", cost), cost, self.rate, f"TOKEN{at}", f"K1-{at}")
            for at, cost in enumerate(self.costs)
        )
        sale = Sale(derived_id("test", "order"), 1, self.house.performance_id, self.currency, lines, (), "en")
        issuer = Issuer({"en": "Foyer"}, {"en": "House"}, "")
        job = ticket_job(sale, self.listed, self.place, issuer, self.house.noon, 0, lines)
        assert job.receipt is not None
        return job.receipt

    def place(self, lease_id: str, slot: int) -> LeasedPlace:
        return LeasedPlace(self.house.seat(f"a{slot}"), self.house.a, zones=1)


def told(receipt: ReceiptPrint, what: str, rate: int) -> str:
    """The amount in the paper's one row that begins with this word."""
    paper = PaperWords("en", "UTC")
    label = clean(paper(what, rate=paper.rate(rate)))
    data = layout.receipt(receipt, "en", False, PrinterLook.usual())
    (row,) = [row for row in data.decode("cp1252", "replace").split("\n") if label in row]
    return row.partition(label)[2].strip()


def money(amount: int, currency: str) -> str:
    return clean(words.money(amount, currency, "en"))


@pytest.mark.parametrize(
    "costs, rate, currency, want",
    [
        ([1001] * 3, 550, "EUR", 156),
        ([1005] * 3, 1000, "JPY", 273),
        ([10_005] * 3, 700, "TND", 1965),
        ([1001, 1001, 3000], 550, "EUR", 52 + 52 + 156),
        ([1001] * 3, 0, "EUR", 0),
        ([0, 0], 550, "EUR", 0),
        ([0, 15], 2000, "EUR", 3),
    ],
)
def test_screen_and_paper_say_one_amount(house: Any, costs: list[int], rate: int, currency: str, want: int) -> None:
    visit = Visit(house, costs, rate, currency)
    on_screen = say("en", "summary.vat", rate=words.rate(rate, "en"), amount=words.money(want, currency, "en"))
    assert on_screen in visit.screen()
    assert told(visit.receipt(), "vat", rate) == money(want, currency)


@settings(max_examples=60, suppress_health_check=[*CALM, HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(0, 3) | st.integers(0, 100_000), min_size=1, max_size=6),
    st.sampled_from([0, 210, 550, 1000, 2000]) | st.integers(0, 3000),
    st.sampled_from(["EUR", "JPY", "TND"]),
)
def test_what_is_told_is_the_sum_of_the_lines(house: Any, costs: list[int], rate: int, currency: str) -> None:
    visit, want = Visit(house, costs, rate, currency), sum(vat_in(cost, rate) for cost in costs)
    on_screen = say("en", "summary.vat", rate=words.rate(rate, "en"), amount=words.money(want, currency, "en"))
    assert on_screen in visit.screen()
    receipt = visit.receipt()
    assert told(receipt, "vat", rate) == money(want, currency)
    assert told(receipt, "net", rate) == money(sum(costs) - want, currency)


@pytest.mark.parametrize(
    "line, want",
    [
        (ReceiptLine("given back", 3, -3003, 550), -156),
        (ReceiptLine("given back", -3, -3003, 550), -156),
        (ReceiptLine("not three alike", 3, 3004, 550), 157),
        (ReceiptLine("nothing", 0, 0, 550), 0),
    ],
)
def test_a_line_that_no_kiosk_writes_today(house: Any, line: ReceiptLine, want: int) -> None:
    receipt = replace(Visit(house, [1001], 550).receipt(), lines=(line,))
    assert told(receipt, "vat", 550) == money(want, "EUR")
