"""A real window that draws into memory, and a sample house: the demo's theatre with three plays on."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from central.venues.plan import Shape
from edge.kiosk.model import (
    Cart,
    CartPlace,
    Event,
    Kiosk,
    Link,
    ListedPerformance,
    PayState,
    PrintStage,
    Screen,
)
from edge.kiosk.troubles import TroubleCode, trouble
from edge.kiosk.ui.window import KioskWindow, WindowSettings
from parterre.demo.theatre import theatre
from shared.ids import Id, derived_id
from shared.wire.facts import Sale, SaleLine, SalePayment
from shared.wire.feeds import CatalogueRow, CategoryRow, PerformanceRow, PlanRow, PlanSeat, PlanShape, TariffRow

NOW = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
PLAYS = [
    ({"fr": "Le Songe d’une nuit d’été", "en": "A Midsummer Night’s Dream", "de": "Ein Sommernachtstraum",
      "es": "El sueño de una noche de verano", "it": "Sogno di una notte di mezza estate"}, 2.5),
    ({"fr": "Carmen", "en": "Carmen"}, 26.5),
    ({"fr": "La Cerisaie", "en": "The Cherry Orchard", "de": "Der Kirschgarten", "es": "El jardín de los cerezos",
      "it": "Il giardino dei ciliegi"}, 50),
]  # fmt: skip
TICKET = "AEXQ4Z7KM2" * 17 + "ABCDE"  # as long as a real token


def named(*parts: str | int) -> Id:
    return derived_id("sample", *parts)


def _plan() -> PlanRow:
    drawn = theatre()
    seats = tuple(
        PlanSeat(named("seat", place.seat.guid), place.zone, place.row, place.seat.number, place.seat.x, place.seat.y,
                 named("category", place.seat.category), place.quality, place.wheelchair, place.companion, place.aisle,
                 place.control)
        for place in drawn.places
    )  # fmt: skip
    shapes = tuple(
        PlanShape("polygon", area.colour, area.outline(), text=area.text)
        if area.outline()
        else PlanShape("text", area.text_colour, ((area.text_x, area.text_y),), text=area.text)
        for area in drawn.areas
        if area.outline() or area.shape is Shape.TEXT
    )
    return PlanRow(drawn.name, drawn.width, drawn.height, seats, shapes)


def _catalogue(plan: PlanRow) -> CatalogueRow:
    names = [category.name for category in theatre().categories]
    prices = {"Carré or": 4600, "1re": 3800, "2e": 2900, "3e": 1800, "PMR": 2400}
    english = {"Carré or": "Golden square", "1re": "1st", "2e": "2nd", "3e": "3rd", "PMR": "Wheelchair"}
    tariffs = [("Plein tarif", "Full price", 100, False), ("Tarif réduit", "Reduced", 75, True),
               ("Moins de 26 ans", "Under 26", 50, True)]  # fmt: skip
    return CatalogueRow(
        currency="EUR",
        price_version=1,
        vat_bp=210,
        categories=tuple(
            CategoryRow(named("category", name), {"fr": name, "en": english.get(name, name)},
                        next(c.colour for c in theatre().categories if c.name == name), rank)
            for rank, name in enumerate(names)
        ),
        tariffs=tuple(
            TariffRow(named("tariff", fr), {"fr": fr, "en": en}, rank, proof,
                      {named("category", name): cost * share // 100 for name, cost in prices.items()})
            for rank, (fr, en, share, proof) in enumerate(tariffs)
        ),
        max_places=8,
        sell_until=NOW + timedelta(days=9),
        mentions={},
    )  # fmt: skip


class Sample:
    """`kiosk(screen)` is a kiosk in the middle of an ordinary visit to that screen."""

    now = NOW

    def __init__(self) -> None:
        self.plan = _plan()
        self.catalogue = _catalogue(self.plan)
        size = len(self.plan.seats)
        self.programme = tuple(
            ListedPerformance(
                named("performance", at),
                PerformanceRow(names, NOW + timedelta(hours=hours), NOW + timedelta(hours=hours - 1),
                               NOW + timedelta(hours=hours + 3), "Europe/Paris", "plan", True,
                               venue={"fr": "Théâtre des Tilleuls"}),
                self.catalogue,
                self.plan,
                tuple((seat * 7919 + at) % 100 < [31, 94, 12][at] for seat in range(size)),
            )
            for at, (names, hours) in enumerate(PLAYS)
        )  # fmt: skip
        self.row_f = [s for s in self.plan.seats if (s.zone, s.row) == ("Parterre", "F") and 12 <= int(s.number) <= 13]

    def cart(self, count: int = 2) -> Cart:
        seats = self.row_f if count == 2 else [s for s in self.plan.seats if s.row == "H" and s.zone == "Parterre"]
        reduced = [named("tariff", "Plein tarif"), named("tariff", "Tarif réduit")]
        places = tuple(
            CartPlace(seat.id, seat.category_id, reduced[at % 2], named("lease"), at)
            for at, seat in enumerate(seats[:count])
        )
        return Cart(self.programme[0].performance_id, places, None, count)

    def sale(self, count: int = 2) -> Sale:
        lines = tuple(
            SaleLine(named("lease"), at, named("tariff", "Plein tarif"), 4600, 210, TICKET[at:] + TICKET[:at], f"T{at}")
            for at in range(count)
        )
        return Sale(named("order"), 1042, self.programme[0].performance_id, "EUR", lines,
                    (SalePayment(named("payment"), "card", 4600 * count),))  # fmt: skip

    def kiosk(self, screen: Screen = Screen.IDLE, language: str = "fr", **more: Any) -> Kiosk:
        kiosk = Kiosk(named("device"), "Foyer 1", screen, language, link=Link.ONLINE, programme=self.programme, now=NOW)
        if screen not in (Screen.IDLE, Screen.PERFORMANCES, Screen.OUT_OF_ORDER):
            kiosk = replace(kiosk, cart=self.cart())
        match screen:
            case Screen.PAYING:
                kiosk = replace(kiosk, pay_state=PayState.SENT)
            case Screen.PRINTING:
                kiosk = replace(kiosk, sale=self.sale(), print_state=PrintStage.SENDING, printed=1)
            case Screen.DONE:
                kiosk = replace(kiosk, sale=self.sale(), print_state=PrintStage.CONFIRMED, printed=2)
            case Screen.PROBLEM:
                kiosk = replace(kiosk, sale=self.sale(), print_state=PrintStage.FAILED,
                                trouble=trouble(TroubleCode.PRINT_FAILED))  # fmt: skip
            case Screen.OUT_OF_ORDER:
                kiosk = replace(kiosk, blockers=(trouble(TroubleCode.PAPER_OUT),))
        return replace(kiosk, **more)


class Stage:
    """A running window with the events that it sent, and a visitor's finger."""

    def __init__(self, window: KioskWindow, sent: list[Event]) -> None:
        self.window, self.sent = window, sent

    async def frames(self, count: int = 3) -> None:
        from kivy.clock import Clock

        until = Clock.frames + count
        while Clock.frames < until:  # noqa: ASYNC110  (Kivy counts frames; it has no event for one)
            await asyncio.sleep(0.002)

    async def show(self, kiosk: Kiosk) -> None:
        self.window.show(kiosk)
        await self.frames()

    async def tap(self, spot: str | tuple[float, float]) -> None:
        """Put a finger on a named place, or on a point from the top left, and lift it."""
        x, y = self.window.targets()[spot] if isinstance(spot, str) else spot
        await self.drag([(x, y)])

    async def drag(self, points: list[tuple[float, float]]) -> None:
        from kivy.core.window import Window
        from kivy.tests.common import UnitTestTouch

        flipped = [(x, Window.height - 1 - y) for x, y in points]
        touch = UnitTestTouch(*flipped[0])
        touch.touch_down()
        await self.frames(2)
        for point in flipped[1:]:
            touch.touch_move(*point)
            await self.frames(1)
        touch.touch_up()
        await self.frames(3)

    async def resize(self, width: int, height: int) -> None:
        from kivy.core.window import Window

        if tuple(Window.size) != (width, height):
            Window.size = (width, height)
            await self.frames(4)


@pytest.fixture(scope="session")
def sample() -> Sample:
    return Sample()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    before = dict(os.environ)
    os.environ["KIVY_HOME"] = str(tmp_path)
    sent: list[Event] = []
    settings = WindowSettings(1920, 1280, offscreen=True, targets_file=tmp_path / "targets.json", frames=200)
    window = KioskWindow(sent.append, settings)
    running = asyncio.create_task(window.run(), name="window")
    found = Stage(window, sent)
    await found.frames(3)
    await found.resize(1280, 800)
    yield found
    window.stop()
    await running
    os.environ.clear()  # other tests start kiosks of their own: they must not inherit a window in memory
    os.environ.update(before)
