"""What devices are told of a performance, made from the rows as they stand: the performance for gates and kiosks, and
what each point of sale may sell of it. Nothing is remembered here of what was told before."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any, TypeVar

import orjson

from central.catalogue.model import Event, Performance, PerformanceState
from central.catalogue.ops import sale_of
from central.catalogue.reads import serves
from central.kernel.contexts import Context, organiser_of
from central.kernel.tx import Read
from central.organisation.mentions import mentions_at
from central.pricing.model import Price, PriceGrid
from central.pricing.reads import grid_prices, tariffs_by_rank
from central.programme.reads import PointTold, points_told
from central.selling.rules import SoldThere, sold_there
from central.venues.model import LogicalConfiguration, PhysicalZone, Site
from central.venues.reads import categories_by_rank, zones_built
from shared.ids import Id
from shared.languages import in_all
from shared.rules.numbering import device_series
from shared.wire.feeds import CatalogueRow, CategoryRow, PerformanceRow, TariffRow

T = TypeVar("T")
TOLD = (SoldThere.OPEN, SoldThere.OVER)
"""A row stands until somebody says otherwise: a kiosk knows by itself when a sale is over."""


class DeviceRows:
    """Of one look: what several performances or points of sale share is looked up once."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._known: dict[tuple[Any, ...], Any] = {}

    def _once(self, look: Callable[..., T], *what: Any) -> T:
        if (look, what) not in self._known:
            self._known[look, what] = look(self._read, *what)
        found: T = self._known[look, what]
        return found

    def points(self, among: tuple[Id, ...] | None = None) -> dict[Id, PointTold]:
        return self._once(points_told, among)

    def performance(self, performance: Performance, plan_id: str) -> PerformanceRow:
        """`plan_id` empty: devices know of no plan of its yet."""
        event = self._once(_event, performance.event_id)
        site = self._once(_site, performance.site_id)
        return PerformanceRow(
            event_names=in_all(event.names),
            starts=performance.starts,
            doors=performance.doors,
            closes=performance.closes,
            timezone=site.timezone,
            plan_id=plan_id,
            on_sale=performance.state is PerformanceState.ON_SALE,
            cancelled=performance.state is PerformanceState.CANCELLED,
            reentry_after_s=performance.reentry_after_s,
            policy=performance.policy,
            zones={
                str(zone.control.bit_length() - 1): zone.name
                for zone in self._once(_zones, performance.logical_configuration_id)
            },
            venue=in_all(site.names),
        )

    def performance_text(self, performance: Performance, plan_id: str) -> str:
        """As it stands in the feed."""
        return orjson.dumps(self.performance(performance, plan_id)).decode()

    def catalogue(self, performance: Performance, used: frozenset[str], point: PointTold) -> CatalogueRow | None:
        """What it may sell of a performance, whose places are of the categories `used`; None while it is not sold
        there."""
        sale, here = sale_of(performance, self._read.now), serves(self._read, point.context_id, performance.id)
        if sold_there(point.active, point.channel_active, sale, here) not in TOLD:
            return None
        organiser, row = self._everywhere(performance, used)
        if organiser is None or row is None:
            return None
        series = device_series(organiser.code, point.code)
        return replace(row, max_places=point.max_places, number_prefix=series)

    def catalogue_text(self, performance: Performance, used: frozenset[str], point: PointTold) -> str | None:
        """As it stands in the feed; None: nothing does."""
        row = self.catalogue(performance, used, point)
        return orjson.dumps(row).decode() if row else None

    def digest(self, performance: Performance, used: frozenset[str]) -> bytes:
        """Of all that is asked of a performance for its rows: two points of sale that are equal are told the same of
        it as long as this is the same."""
        put = performance.state is PerformanceState.ON_SALE
        organiser, row = self._everywhere(performance, used) if put else (None, None)
        return sha256(orjson.dumps((organiser.code, row) if organiser else None)).digest()

    def _everywhere(self, performance: Performance, used: frozenset[str]) -> tuple[Context | None, CatalogueRow | None]:
        """The organiser, and what is told at every point of sale."""
        organiser = self._once(organiser_of, performance.context_id)
        if organiser is None:
            return None, None
        row = self._known.get((performance, used))
        if row is None:
            row = self._known[performance, used] = self._at_every_point(performance, used, organiser)
        return organiser, row

    def _at_every_point(self, performance: Performance, used: frozenset[str], organiser: Context) -> CatalogueRow:
        grid = self._once(_grid, performance.price_grid_id)
        event = self._once(_event, performance.event_id)
        return CatalogueRow(
            currency=grid.currency,
            price_version=grid.version,
            vat_bp=event.vat_bp,
            categories=self._once(_categories, used),
            tariffs=self._once(_tariffs, grid.id),
            max_places=0,
            sell_until=performance.sell_until,
            mentions=self._once(mentions_at, performance.context_id),
            organiser=in_all(organiser.names),
        )


def _zones(read: Read, logical_id: str) -> list[PhysicalZone]:
    """Those of the hall behind a logical configuration, by name."""
    logical = read.get(LogicalConfiguration, logical_id)
    assert logical, "foreign keys say so"
    return zones_built(read, logical.physical_configuration_id)


def _event(read: Read, event_id: str) -> Event:
    event = read.get(Event, event_id)
    assert event, "foreign keys say so"
    return event


def _site(read: Read, site_id: str) -> Site:
    site = read.get(Site, site_id)
    assert site, "foreign keys say so"
    return site


def _grid(read: Read, grid_id: str) -> PriceGrid:
    grid = read.get(PriceGrid, grid_id)
    assert grid, "foreign keys say so"
    return grid


def _categories(read: Read, used: frozenset[str]) -> tuple[CategoryRow, ...]:
    found = categories_by_rank(read, used=used)
    return tuple(CategoryRow(each.id, in_all(each.names), each.colour, each.rank) for each in found)


def _tariffs(read: Read, grid_id: str) -> tuple[TariffRow, ...]:
    cells: dict[Id, list[Price]] = {}
    for price in grid_prices(read, grid_id):
        cells.setdefault(price.tariff_id, []).append(price)
    return tuple(
        TariffRow(each.id, in_all(each.names), each.rank, each.proof, _by_category(cells[each.id]))
        for each in tariffs_by_rank(read, used=cells.keys())
    )


def _by_category(prices: list[Price]) -> dict[str, int]:
    """In one order always: a row that says the same is the same."""
    return {price.category_id: int(price.amount) for price in sorted(prices, key=lambda each: each.category_id)}
