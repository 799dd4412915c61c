"""The price grid: seat category × tariff."""

from datetime import UTC, datetime

import pytest

from shared.ids import derived_id
from shared.outcome import Ok, Refused
from shared.rules.pricing import NoPrice, asked_for, price, prices_of, tariffs_for, total
from shared.wire.feeds import CatalogueRow, CategoryRow, TariffRow

FIRST, SECOND, GALLERY = (derived_id("category", n) for n in range(3))
FULL, CHILD, STUDENT = (derived_id("tariff", n) for n in range(3))
NOWHERE = derived_id("nowhere")
GRID = CatalogueRow(
    currency="EUR",
    price_version=1,
    vat_bp=550,
    categories=tuple(
        CategoryRow(each, {"fr": "c"}, "#000", rank) for rank, each in enumerate((FIRST, SECOND, GALLERY))
    ),
    tariffs=(
        TariffRow(CHILD, {"fr": "Enfant"}, 3, True, {FIRST: 1500, SECOND: 0}),
        TariffRow(STUDENT, {"fr": "Étudiant"}, 1, True, {FIRST: 2000, SECOND: -5}),
        TariffRow(FULL, {"fr": "Plein tarif"}, 1, False, {FIRST: 4200, SECOND: 3000}),
    ),
    max_places=6,
    sell_until=datetime(2026, 12, 1, tzinfo=UTC),
    mentions={},
)
PRICES = prices_of(GRID)


@pytest.mark.parametrize(
    "category, tariff, want",
    [
        (FIRST, FULL, Ok(4200)),
        (SECOND, CHILD, Ok(0)),  # free is a price
        (SECOND, STUDENT, Refused(NoPrice.NOT_SOLD, STUDENT, {"category_id": SECOND})),  # nobody is paid to come
        (GALLERY, FULL, Refused(NoPrice.NOT_SOLD, FULL, {"category_id": GALLERY})),
        (FIRST, NOWHERE, Refused(NoPrice.NOT_SOLD, NOWHERE, {"category_id": FIRST})),
        (NOWHERE, FULL, Refused(NoPrice.NOT_SOLD, FULL, {"category_id": NOWHERE})),
    ],
)
def test_price(category, tariff, want):
    assert price(PRICES, category, tariff) == want


def test_a_total_is_the_sum_or_the_first_refusal():
    assert total(PRICES, []) == Ok(0)
    assert total(PRICES, [(FIRST, FULL), (FIRST, FULL), (SECOND, CHILD)]) == Ok(8400)
    assert total(PRICES, [(FIRST, FULL), (GALLERY, FULL), (NOWHERE, FULL)]) == Refused(
        NoPrice.NOT_SOLD, FULL, {"category_id": GALLERY}
    )


def test_the_full_tariff_comes_first_and_what_is_not_sold_not_at_all():
    assert [tariff.id for tariff in tariffs_for(GRID, FIRST)] == [FULL, STUDENT, CHILD]
    assert [tariff.id for tariff in tariffs_for(GRID, SECOND)] == [FULL, CHILD]
    assert tariffs_for(GRID, GALLERY) == ()


def test_what_a_place_of_a_category_may_cost():
    assert asked_for(PRICES, FIRST) == [1500, 2000, 4200]
    assert asked_for(PRICES, SECOND) == [0, 3000]
    assert asked_for(PRICES, GALLERY) == []
