"""What every device of a site has to know of a performance, written into its feeds, whole: the performance for gates
and kiosks, its plan, and what each point of sale may sell. Told when the sale opens or closes, and when the plan of a
performance on sale changes.

Performances that are as their logical configuration says share its plan; one whose categories or order of seats are its
own has a plan of its own.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from central.catalogue.model import Event, Performance, PerformanceState
from central.catalogue.reads import serves
from central.inventory.reads import categories_used
from central.kernel.contexts import organiser_of
from central.kernel.tx import Read, Tx
from central.organisation.mentions import mentions_at
from central.pricing.model import PriceGrid
from central.pricing.reads import prices_of, tariffs_by_rank
from central.programme.plan_reads import plan_row
from central.programme.reads import drawn_otherwise
from central.selling.model import Channel, PointOfSale
from central.selling.reads import points_of_sale
from central.selling.rules import is_open
from central.venues.history import SeatField
from central.venues.model import LogicalConfiguration, Site
from central.venues.plan_tables import version_of
from central.venues.reads import categories_by_rank, zones_built
from shared.ids import Id
from shared.languages import in_all
from shared.rules.numbering import device_series
from shared.wire.feeds import CatalogueRow, CategoryRow, FeedFamily, PerformanceRow, TariffRow, feed_name

DRAWN = frozenset({SeatField.CATEGORY, SeatField.QUALITY})
"""What a device's plan says beside the drawing."""


@dataclass(frozen=True, slots=True)
class PlanTold:
    """What devices get of a performance's plan, worked out beside the writer: a stadium's is 20 MB. `body` None: it
    stands in the feed as it is. `categories`: of the performance's places. `mark` says what all this followed from."""

    key: Id
    body: str | None
    categories: frozenset[str]
    mark: tuple[Any, ...]


def plan_to_tell(read: Read, performance_id: str) -> PlanTold | None:
    """As things stand; None: there is no such performance."""
    performance = read.get(Performance, performance_id)
    return _plan_told(read, performance) if performance else None


def tell_devices(tx: Tx, performance: Performance, told: PlanTold | None = None) -> None:
    """`told` is what a reader worked out before; it is worked out here if something came in between."""
    if told is None or told.mark != _mark(tx, performance):
        told = _plan_told(tx, performance)
    _publish_plan(tx, performance, told)
    publish_performance(tx, performance, told.key)
    for point in points_of_sale(tx):
        publish_catalogue(tx, performance, point.id, told.categories)


def plan_changed(tx: Tx, performance_id: str) -> None:
    """After an action on what devices draw of a plan: they get it as it is now, if the performance is on sale."""
    performance = tx.get(Performance, performance_id)
    if performance and performance.state is PerformanceState.ON_SALE:
        tell_devices(tx, performance)


def _mark(read: Read, performance: Performance) -> tuple[Any, ...]:
    """What a plan for devices follows from, in a few numbers: how often the plans it is made of were acted on, how its
    categories rank, and how far the feed has come."""
    logical = read.get(LogicalConfiguration, performance.logical_configuration_id)
    assert logical, "foreign keys say so"
    plans = (performance.id, logical.id, logical.physical_configuration_id)
    versions = [version_of(read, each) for each in plans]
    ranks = [(each.id, each.rank) for each in categories_by_rank(read, used=categories_used(read, performance.id))]
    rows = read.run(
        "SELECT key, revision FROM feed_row WHERE feed = :feed AND key IN (:logical, :own) ORDER BY key",
        feed=feed_name(FeedFamily.PLANS, performance.site_id), logical=logical.id, own=performance.id,
    )  # fmt: skip
    return logical.id, *versions, tuple(ranks), tuple(rows)


def _plan_told(read: Read, performance: Performance) -> PlanTold:
    logical = read.get(LogicalConfiguration, performance.logical_configuration_id)
    assert logical, "foreign keys say so"
    own = drawn_otherwise(read, performance.id, logical.id)
    key = performance.id if own else logical.id
    body = orjson.dumps(plan_row(read, logical, performance.id if own else "")).decode()
    there = read.one(
        "SELECT 1 FROM feed_row WHERE feed = :feed AND key = :key AND body = :body",
        feed=feed_name(FeedFamily.PLANS, performance.site_id), key=key, body=body,
    )  # fmt: skip
    return PlanTold(key, None if there else body, categories_used(read, performance.id), _mark(read, performance))


def _publish_plan(tx: Tx, performance: Performance, told: PlanTold) -> None:
    """A plan of its own that it has no more is taken away; what stands in the feed already is not told again."""
    feed = feed_name(FeedFamily.PLANS, performance.site_id)
    own = "SELECT 1 FROM feed_row WHERE feed = :feed AND key = :key"
    if told.key != performance.id and tx.one(own, feed=feed, key=performance.id):
        tx.feed(feed, performance.id, None)
    if told.body is not None:
        tx.feed_json(feed, told.key, told.body)


def publish_performance(tx: Tx, performance: Performance, plan_id: Id) -> None:
    """The performance for gates and kiosks."""
    event = tx.get(Event, performance.event_id)
    logical = tx.get(LogicalConfiguration, performance.logical_configuration_id)
    site = tx.get(Site, performance.site_id)
    assert event and logical and site, "foreign keys say so"
    zones = zones_built(tx, logical.physical_configuration_id)
    tx.feed(
        feed_name(FeedFamily.PERFORMANCES, site.id),
        performance.id,
        PerformanceRow(
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
            zones={str(zone.control.bit_length() - 1): zone.name for zone in zones},
            venue=in_all(site.names),
        ),
    )


def publish_catalogue(tx: Tx, performance: Performance, point_of_sale_id: str, used: frozenset[str]) -> None:
    """What this point of sale may sell of it; nothing while it is not on sale there. `used`: the categories of its
    places."""
    row = catalogue_row(tx, performance, point_of_sale_id, used)
    tx.feed(feed_name(FeedFamily.CATALOGUE, point_of_sale_id), performance.id, row)


def catalogue_row(
    read: Read, performance: Performance, point_of_sale_id: str, used: frozenset[str]
) -> CatalogueRow | None:
    point = read.get(PointOfSale, point_of_sale_id)
    channel = read.get(Channel, point.channel_id) if point else None
    event = read.get(Event, performance.event_id)
    grid = read.get(PriceGrid, performance.price_grid_id)
    assert point and channel and event and grid, "foreign keys say so"
    organiser = organiser_of(read, performance.context_id)
    put = performance.state is PerformanceState.ON_SALE and serves(read, point.context_id, performance.id)
    if not put or not is_open(point.active, channel.active) or organiser is None:
        return None
    prices = prices_of(read, grid.id)
    categories = categories_by_rank(read, used=used)
    tariffs = tariffs_by_rank(read, used={price.tariff_id for price in prices})
    return CatalogueRow(
        currency=grid.currency,
        price_version=grid.version,
        vat_bp=event.vat_bp,
        categories=tuple(CategoryRow(each.id, in_all(each.names), each.colour, each.rank) for each in categories),
        tariffs=tuple(
            TariffRow(each.id, in_all(each.names), each.rank, each.proof, cells)
            for each in tariffs
            if (cells := {str(price.category_id): int(price.amount) for price in prices if price.tariff_id == each.id})
        ),
        max_places=channel.max_places,
        sell_until=performance.sell_until,
        mentions=mentions_at(read, performance.context_id),
        number_prefix=device_series(organiser.code, point.code),
        organiser=in_all(organiser.names),
    )
