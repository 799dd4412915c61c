"""A small house for kiosk tests: one hall of two rows, two categories, two tariffs, one performance."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from edge.kiosk.model import HeldLease, Kiosk, Link, ListedPerformance
from shared.ids import Id, derived_id
from shared.wire.feeds import CatalogueRow, CategoryRow, PerformanceRow, PlanRow, PlanSeat, TariffRow
from shared.wire.leases import Lease, LeasedPlace, SlotState

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = {"fr": "nom", "en": "name"}


def named(*parts: str | int) -> Id:
    return derived_id("test", *parts)


KIOSK, PERFORMANCE = named("kiosk"), named("performance")
DEAR, CHEAP = named("category", "a"), named("category", "b")
FULL, CHILD = named("tariff", "full"), named("tariff", "child")


@dataclass(frozen=True)
class House:
    """`a` is the dear category (row A, seats a0..a5), `b` the cheap one (row B). `full` costs 30.00 and 20.00,
    `child` 10.00 and nothing; the child tariff wants a proof."""

    noon: datetime = NOON
    kiosk_id: Id = KIOSK
    performance_id: Id = PERFORMANCE
    a: Id = DEAR
    b: Id = CHEAP
    full: Id = FULL
    child: Id = CHILD

    def seat(self, name: str) -> Id:
        """`a0` .. `a5`, `b0` .. `b5`"""
        return named("seat", name)

    def listed(self, taken: str = "") -> ListedPerformance:
        """`taken`: names of seats that central's picture of the hall shows as gone."""
        seats = tuple(
            PlanSeat(self.seat(f"{row}{i}"), "Parterre", row.upper(), str(i + 1), 25.0 * i, 25.0 * line,
                     self.a if row == "a" else self.b, quality=10 * line + abs(i - 2))
            for line, row in enumerate("ab")
            for i in range(6)
        )  # fmt: skip
        gone = {self.seat(name) for name in taken.split()}
        return ListedPerformance(
            self.performance_id,
            PerformanceRow(NAMES, self.noon + timedelta(hours=8), self.noon + timedelta(hours=7),
                           self.noon + timedelta(hours=9), "Europe/Paris", "plan", on_sale=True),
            CatalogueRow(
                currency="EUR",
                price_version=1,
                vat_bp=550,
                categories=(CategoryRow(self.a, NAMES, "#800", 1), CategoryRow(self.b, NAMES, "#080", 2)),
                tariffs=(
                    TariffRow(self.full, NAMES, 1, proof=False, prices={self.a: 3000, self.b: 2000}),
                    TariffRow(self.child, NAMES, 2, proof=True, prices={self.a: 1000, self.b: 0}),
                ),
                max_places=4,
                sell_until=self.noon + timedelta(hours=8),
                mentions={},
                number_prefix="K1",
            ),
            PlanRow("hall", 200.0, 100.0, seats),
            tuple(seat.id in gone for seat in seats),
        )  # fmt: skip

    def lease(self, seats: str, name: str = "stock") -> Lease:
        places = tuple(
            LeasedPlace(self.seat(seat), self.a if seat[0] == "a" else self.b, zones=1) for seat in seats.split()
        )
        return Lease(
            named("lease", name), self.kiosk_id, 1, self.performance_id, "", places, 1, "EUR", self.noon,
            self.noon + timedelta(hours=8),
        )  # fmt: skip

    def held(self, seats: str, name: str = "stock", visitor: bool = False) -> HeldLease:
        lease = self.lease(seats, name)
        return HeldLease(lease, (SlotState.FREE,) * len(lease.places), visitor=visitor)

    def kiosk(self, *leases: HeldLease, online: bool = True, taken: str = "") -> Kiosk:
        """At its idle picture, all well. Leased seats look taken in the hall, as they do in life."""
        mine = " ".join(
            f"{row}{i}" for row in "ab" for i in range(6)
            if any(place.seat_id == self.seat(f"{row}{i}") for held in leases for place in held.lease.places)
        )  # fmt: skip
        return replace(
            Kiosk(self.kiosk_id, "Foyer"),
            programme=(self.listed(f"{taken} {mine}"),),
            leases=leases,
            link=Link.ONLINE if online else Link.OFFLINE,
            now=self.noon,
        )


@pytest.fixture
def house() -> House:
    return House()
