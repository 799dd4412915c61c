"""What every device of a site has to know of a performance, written into its feeds, whole: the performance for gates
and kiosks, its plan, and what each point of sale may sell. Told when the sale opens or closes, and when the plan of a
performance on sale changes.

Performances that are as their logical configuration says share its plan; one whose categories or order of seats are its
own has a plan of its own.
"""

from collections.abc import Iterable

from central.catalogue.model import Event, Performance, ProductState
from central.kernel.tx import Read, Tx
from central.organisation.model import Context
from central.organisation.ops import organiser_of, path_of
from central.pricing.model import Price, PriceGrid, Tariff
from central.selling.model import Channel, PointOfSale
from central.venues.history import Change, Field
from central.venues.model import LogicalConfiguration, PhysicalZone, SeatCategory, Site
from central.venues.ops import plan_row
from shared.ids import Id
from shared.wire.feeds import CatalogueRow, CategoryRow, Family, PerformanceRow, TariffRow, feed_name

_DRAWN = (Field.CATEGORY, Field.QUALITY)
"""What a device's plan says beside the drawing."""


def tell_devices(tx: Tx, performance: Performance) -> None:
    publish_performance(tx, performance)
    for (point_of_sale_id,) in tx.run("SELECT id FROM point_of_sale WHERE active = 1"):
        publish_catalogue(tx, performance, point_of_sale_id)


def plan_changed(tx: Tx, performance_id: str, changes: Iterable[Change]) -> None:
    """After an action on the plan of a performance that is on sale: devices get the plan as it is now."""
    if not any(change.field in _DRAWN for change in changes):
        return
    performance = tx.get(Performance, performance_id)
    if performance and performance.state is ProductState.ON_SALE:
        tell_devices(tx, performance)


def _plan(tx: Tx, performance: Performance, logical: LogicalConfiguration) -> Id:
    """Tells the plan and says under which id."""
    feed = feed_name(Family.PLANS, performance.site_id)
    own = tx.one(
        "SELECT 1 FROM place p JOIN logical_seat v ON v.configuration_id = :logical AND v.seat_id = p.seat_id "
        "WHERE p.performance_id = :id AND (p.category_id <> v.category_id "
        "OR COALESCE(p.quality, -1) <> COALESCE(v.quality, -1)) LIMIT 1",
        logical=logical.id,
        id=performance.id,
    )
    if own:
        tx.feed(feed, performance.id, plan_row(tx, logical, performance.id))
        return performance.id
    if tx.one("SELECT 1 FROM feed_row WHERE feed = :feed AND key = :key", feed=feed, key=performance.id):
        tx.feed(feed, performance.id, None)
    tx.feed(feed, logical.id, plan_row(tx, logical))
    return logical.id


def publish_performance(tx: Tx, performance: Performance) -> None:
    """The performance for gates and kiosks, and its plan."""
    event = tx.get(Event, performance.event_id)
    logical = tx.get(LogicalConfiguration, performance.logical_configuration_id)
    site = tx.get(Site, performance.site_id)
    assert event and logical and site, "foreign keys say so"
    zones = tx.find(PhysicalZone, "WHERE configuration_id = :id", id=logical.physical_configuration_id)
    tx.feed(
        feed_name(Family.PERFORMANCES, site.id),
        performance.id,
        PerformanceRow(
            event_names=event.names,
            starts=performance.starts,
            doors=performance.doors,
            closes=performance.closes,
            timezone=site.timezone,
            plan_id=_plan(tx, performance, logical),
            on_sale=performance.state is ProductState.ON_SALE,
            cancelled=performance.state is ProductState.CANCELLED,
            reentry_after_s=performance.reentry_after_s,
            policy=performance.policy,
            zones={str(zone.control.bit_length() - 1): zone.name for zone in zones},
            venue=site.names["fr"],
        ),
    )


def publish_catalogue(tx: Tx, performance: Performance, point_of_sale_id: str) -> None:
    """What this point of sale may sell of it; nothing while it is not on sale there."""
    row = catalogue_row(tx, performance, point_of_sale_id)
    tx.feed(feed_name(Family.CATALOGUE, point_of_sale_id), performance.id, row)


def catalogue_row(read: Read, performance: Performance, point_of_sale_id: str) -> CatalogueRow | None:
    point = read.get(PointOfSale, point_of_sale_id)
    channel = read.get(Channel, point.channel_id) if point else None
    event = read.get(Event, performance.event_id)
    grid = read.get(PriceGrid, performance.price_grid_id)
    assert point and channel and event and grid, "foreign keys say so"
    organiser = read.get(Context, organiser_of(read, performance.context_id) or "")
    selling = performance.state is ProductState.ON_SALE and channel.active and organiser is not None
    if not selling or organiser is None or point.context_id not in path_of(read, performance.context_id):
        return None
    prices = read.find(Price, "WHERE grid_id = :id", id=grid.id)
    used = {category for (category,) in read.run(
        "SELECT DISTINCT category_id FROM place WHERE performance_id = :id", id=performance.id
    )}  # fmt: skip
    categories = [each for each in read.find(SeatCategory, "ORDER BY rank, code") if each.id in used]
    tariffs = read.find(Tariff, "ORDER BY rank, code")
    return CatalogueRow(
        currency=grid.currency,
        price_version=grid.version,
        vat_bp=event.vat_bp,
        categories=tuple(CategoryRow(each.id, each.names, each.colour, each.rank) for each in categories),
        tariffs=tuple(
            TariffRow(each.id, each.names, each.rank, each.proof, cells)
            for each in tariffs
            if (cells := {str(price.category_id): int(price.amount) for price in prices if price.tariff_id == each.id})
        ),
        max_places=channel.max_places,
        sell_until=performance.sell_until,
        mentions={"organiser": organiser.names["fr"], **organiser.settings},
        number_prefix=f"{organiser.code}-{point.code}",
    )
