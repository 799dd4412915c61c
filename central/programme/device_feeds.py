"""What is written into the feeds PERFORMANCES, PLANS and CATALOGUE. They are a projection of the house's rows: whoever
changes a row tells no device of it; the loop (device_loop.py) finds what differs from what stands in the feeds, and has
it written here, in small pieces. One row alone is written with the change itself: the performance's own, which says
whether it is sold at all.

A plan's id says what is drawn in it, so all performances that are drawn alike share one, and a row never changes: a
performance that is drawn otherwise gets another, and whatever is shown of it meanwhile fits together. A plan (a
stadium's is 20 MB) is worked out beside the writer, and written where nothing has come in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

import orjson

from central.catalogue.model import CataloguePrivilege, NoPerformance, Performance
from central.inventory.reads import categories_used
from central.kernel.db import in_list
from central.kernel.entity import Between, Ref
from central.kernel.registry import handles
from central.kernel.tx import AT_ONCE, Read, Tx
from central.programme.device_rows import DeviceRows
from central.programme.plan_reads import plan_row
from central.programme.reads import category_ranks, drawn_otherwise
from central.venues.model import LogicalConfiguration
from central.venues.plan_tables import version_of
from central.venues.reads import zones_built
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.feeds import MOST_ROW, FeedFamily, feed_name

POINTS_AT_ONCE = 20  # points of sale in one command: some 4 ms of the writer, and sales wait behind it


# --- how a performance's places are drawn -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DrawnMark:
    """How often the plans were acted on that decide how a performance's places are drawn: of all places only those
    change."""

    logical_configuration_id: Id
    logical_version: int
    own_version: int


@dataclass(frozen=True, slots=True)
class PlacesDrawn:
    """`own`: otherwise than its logical configuration says; `used`: the categories of its places. `mark`: what this
    followed from."""

    own: bool
    used: frozenset[str]
    mark: DrawnMark


def drawn_mark(read: Read, performance: Performance) -> DrawnMark:
    logical_id = performance.logical_configuration_id
    return DrawnMark(logical_id, version_of(read, logical_id), version_of(read, performance.id))


def drawn(read: Read, performance: Performance) -> PlacesDrawn:
    own = drawn_otherwise(read, performance.id, performance.logical_configuration_id)
    return PlacesDrawn(own, categories_used(read, performance.id), drawn_mark(read, performance))


# --- plans ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanMark:
    """What a plan for devices follows from, in a few numbers and names: how often the plans were acted on that it is
    made of (`source`: whose places are drawn), what zones are called, how categories rank. A hall is not built
    otherwise once it is sold."""

    source: Id
    names: tuple[tuple[str, str], ...]
    versions: tuple[int, ...]
    zones: tuple[tuple[Id, str, int], ...]
    ranks: tuple[tuple[Id, int], ...]


@dataclass(frozen=True, slots=True)
class PlanTold:
    """The plan that devices get of a performance. `body` None: it stands in the feed. `places` and `mark`: what this
    followed from. `fits`: devices take as much."""

    plan_id: Id
    body: str | None
    places: DrawnMark
    mark: PlanMark
    fits: bool = True


def source_of(performance: Performance, of_now: PlacesDrawn) -> Id:
    """Whose places are drawn: its own, or its logical configuration's."""
    return performance.id if of_now.own else performance.logical_configuration_id


def plan_mark(read: Read, performance: Performance, source: Id) -> PlanMark:
    logical = _logical(read, performance)
    versions = tuple(version_of(read, each) for each in (source, logical.id, logical.physical_configuration_id))
    zones = tuple((zone.id, zone.name, zone.control) for zone in zones_built(read, logical.physical_configuration_id))
    return PlanMark(source, tuple(sorted(logical.names.items())), versions, zones, category_ranks(read))


def plan_drawn(read: Read, performance: Performance, source: Id) -> tuple[Id, str]:
    """Its id and body, worked out whole."""
    own = performance.id if source == performance.id else ""
    body = orjson.dumps(plan_row(read, _logical(read, performance), own))
    return derived_id("plan as drawn", sha256(body).hexdigest()), body.decode()


def plan_stands(read: Read, site_id: str, plan_id: str) -> bool:
    """Whether devices have it."""
    feed = feed_name(FeedFamily.PLANS, site_id)
    sql = "SELECT 1 FROM feed_row WHERE feed = :feed AND key = :key AND body IS NOT NULL"
    return read.one(sql, feed=feed, key=plan_id) is not None


def _logical(read: Read, performance: Performance) -> LogicalConfiguration:
    logical = read.get(LogicalConfiguration, performance.logical_configuration_id)
    assert logical, "foreign keys say so"
    return logical


def _plan_to_tell(read: Read, performance_id: str) -> PlanTold | None:
    """As things stand; None: there is no such performance."""
    performance = read.get(Performance, performance_id)
    if performance is None:
        return None
    of_now = drawn(read, performance)
    source = source_of(performance, of_now)
    plan_id, body = plan_drawn(read, performance, source)
    there = plan_stands(read, performance.site_id, plan_id)
    fits = there or len(orjson.dumps(body)) <= MOST_ROW
    return PlanTold(plan_id, None if there else body, of_now.mark, plan_mark(read, performance, source), fits)


@dataclass(frozen=True, slots=True, kw_only=True)
class TellPlan:
    """Central's own: tells devices of a site how a performance's places are drawn, and that this is its plan. Answers
    whether it did: not where the plan was acted on meanwhile."""

    performance_id: Annotated[Id, Ref("performance")]


@handles(
    TellPlan, needs=CataloguePrivilege.CATALOGUE_MODIFY, refuses=(NoPerformance,), gives=bool, on="",
    looked=lambda read, want: _plan_to_tell(read, want.performance_id),
)  # fmt: skip
def tell_plan(tx: Tx, want: TellPlan, told: PlanTold | None) -> Outcome[bool]:
    performance = tx.get(Performance, want.performance_id)
    if performance is None:
        return Refused(NoPerformance.NO_SUCH_PERFORMANCE, fix="performance_id")
    if told is None or told.places != drawn_mark(tx, performance):
        return Ok(False)
    if told.mark != plan_mark(tx, performance, told.mark.source):
        return Ok(False)
    if not plan_stands(tx, performance.site_id, told.plan_id):
        if told.body is None:  # it was there, and is past
            return Ok(False)
        if not told.fits:  # it would be as one that is gone, and nobody would know
            return Refused(NoPerformance.PLAN_TOO_LARGE, fix=want.performance_id)
        tx.feed_json(feed_name(FeedFamily.PLANS, performance.site_id), told.plan_id, told.body)
    before = plan_id_of(standing_performance(tx, performance))
    publish_performance(tx, performance, told.plan_id)
    if before and before != told.plan_id:
        _drop_plan(tx, performance, before)
    return Ok(True)


def _drop_plan(tx: Tx, performance: Performance, plan_id: str) -> None:
    """A plan that no other performance has is taken away. Looked at are the rows of one site's performances: in a row
    as orjson writes it nothing but the field can read so, for a text's quotes are escaped."""
    feed, named = feed_name(FeedFamily.PERFORMANCES, performance.site_id), f'%"plan_id":"{plan_id}"%'
    others = tx.one(
        "SELECT 1 FROM feed_row WHERE feed = :feed AND key <> :key AND body LIKE :named LIMIT 1",
        feed=feed, key=performance.id, named=named,
    )  # fmt: skip
    if others is None and plan_stands(tx, performance.site_id, plan_id):
        tx.feed(feed_name(FeedFamily.PLANS, performance.site_id), plan_id, None)


# --- the rest ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TellPerformance:
    """Central's own: tells a performance to its site, and these points of sale what they may sell of it, as things
    stand now. What stands in a feed already is not told again."""

    performance_id: Annotated[Id, Ref("performance")]
    points_of_sale: Annotated[tuple[Annotated[Id, Ref("point_of_sale")], ...], Between(most=POINTS_AT_ONCE)] = ()


def _drawn_now(read: Read, performance_id: str) -> PlacesDrawn | None:
    performance = read.get(Performance, performance_id)
    return drawn(read, performance) if performance else None


@handles(
    TellPerformance, needs=CataloguePrivilege.CATALOGUE_MODIFY, refuses=(NoPerformance,), on="",
    looked=lambda read, want: _drawn_now(read, want.performance_id),
)  # fmt: skip
def tell_performance(tx: Tx, want: TellPerformance, looked: PlacesDrawn | None) -> Outcome[None]:
    performance = tx.get(Performance, want.performance_id)
    if performance is None:
        return Refused(NoPerformance.NO_SUCH_PERFORMANCE, fix="performance_id")
    if looked is None or looked.mark != drawn_mark(tx, performance):
        looked = drawn(tx, performance)
    publish_performance(tx, performance)
    rows = DeviceRows(tx)
    stood = standing_catalogues(tx, performance.id, want.points_of_sale)
    for point in rows.points(want.points_of_sale).values():
        text = rows.catalogue_text(performance, looked.used, point)
        if text != stood.get(point.id):
            tx.feed_json(feed_name(FeedFamily.CATALOGUE, point.id), performance.id, text)
    return Ok(None)


def publish_performance(tx: Tx, performance: Performance, plan_id: str = "") -> None:
    """The performance for gates and kiosks, with the change itself. Without `plan_id` its plan is the one that devices
    know of: none yet, and no kiosk offers it."""
    stood = standing_performance(tx, performance)
    text = DeviceRows(tx).performance_text(performance, plan_id or plan_id_of(stood))
    if text != stood:
        tx.feed_json(feed_name(FeedFamily.PERFORMANCES, performance.site_id), performance.id, text)


def plan_id_of(stood: str | None) -> str:
    """Out of a performance's row; empty: devices know of none."""
    return str(orjson.loads(stood)["plan_id"]) if stood else ""


def standing_performance(read: Read, performance: Performance) -> str | None:
    """Its row as it stands in the feed."""
    row = read.one(
        "SELECT body FROM feed_row WHERE feed = :feed AND key = :key",
        feed=feed_name(FeedFamily.PERFORMANCES, performance.site_id), key=performance.id,
    )  # fmt: skip
    return row[0] if row else None


def standing_catalogues(read: Read, performance_id: Id, points: Sequence[Id]) -> dict[Id, str]:
    """What stands in the feeds of these points of sale of a performance; those that were told nothing, or that it is
    gone, are left out."""
    found: dict[Id, str] = {}
    for first in range(0, len(points), AT_ONCE):
        feeds = {feed_name(FeedFamily.CATALOGUE, each): each for each in points[first : first + AT_ONCE]}
        among, params = in_list("f", list(feeds))
        rows = read.run(
            f"SELECT feed, body FROM feed_row WHERE feed IN {among} AND key = :key AND body IS NOT NULL",  # noqa: S608 - names of ours, values are parameters
            key=performance_id,
            **params,
        )
        found |= {feeds[feed]: body for feed, body in rows}
    return found
