"""Going on sale: what every device of the site has to know of a performance is written into its feeds, whole."""

from dataclasses import dataclass, replace
from typing import Annotated

from central.catalogue.model import PRODUCT, Event, NoProduct, Performance, ProductDo, ProductState
from central.catalogue.ops import performance_context
from central.inventory.counts import hall_mark
from central.kernel.entity import Ref
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.ledger.ops import open_accounts
from central.organisation.model import Context, Privilege
from central.organisation.ops import organiser_of, path_of
from central.pricing.model import Price, PriceGrid, Tariff
from central.selling.model import Channel, PointOfSale
from central.venues.model import LogicalConfiguration, PhysicalZone, SeatCategory, Site
from central.venues.ops import plan_row
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.feeds import CatalogueRow, CategoryRow, Family, PerformanceRow, TariffRow, feed_name


@dataclass(frozen=True, slots=True)
class ChangeSale:
    """Opens, suspends, closes or cancels a performance's sale; `open` on one that is on sale tells devices anew."""

    performance_id: Annotated[Id, Ref("performance")]
    do: ProductDo


@handles(
    ChangeSale,
    needs=Privilege.CATALOGUE_MODIFY,
    at=lambda read, want: performance_context(read, want.performance_id),
    gives=ProductState,
)
def change_sale(tx: Tx, want: ChangeSale) -> Outcome[ProductState]:
    before = tx.get(Performance, want.performance_id)
    if before is None:
        return Refused(NoProduct.NO_SUCH_PERFORMANCE, fix="performance_id")
    after = PRODUCT.get((before.state, want.do))
    if after is None and (before.state, want.do) == (ProductState.ON_SALE, ProductDo.OPEN):
        after = before.state
    if after is None:
        return Refused(NoProduct.NOT_POSSIBLE_NOW, fix=before.id, detail={"state": before.state, "do": want.do})
    performance = tx.update(before, replace(before, state=after))
    publish_performance(tx, performance)
    tx.touched.add(hall_mark(performance.id))
    for (point_of_sale_id,) in tx.run("SELECT id FROM point_of_sale WHERE active = 1"):
        publish_catalogue(tx, performance, point_of_sale_id)
    return Ok(after)


def publish_performance(tx: Tx, performance: Performance) -> None:
    """The performance for gates and kiosks, and its plan; the organiser's accounts are opened on the way."""
    event = tx.get(Event, performance.event_id)
    logical = tx.get(LogicalConfiguration, performance.logical_configuration_id)
    site = tx.get(Site, performance.site_id)
    grid = tx.get(PriceGrid, performance.price_grid_id)
    assert event and logical and site and grid, "foreign keys say so"
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
            plan_id=logical.id,
            on_sale=performance.state is ProductState.ON_SALE,
            cancelled=performance.state is ProductState.CANCELLED,
            reentry_after_s=performance.reentry_after_s,
            policy=performance.policy,
            zones={str(zone.control.bit_length() - 1): zone.name for zone in zones},
            venue=site.names["fr"],
        ),
    )
    tx.feed(feed_name(Family.PLANS, site.id), logical.id, plan_row(tx, logical))
    organiser = organiser_of(tx, performance.context_id)
    if organiser:
        open_accounts(tx, organiser, grid.currency)


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
