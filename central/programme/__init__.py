"""The life of a performance: made from an event and a hall, put on sale, moved to another time, told to devices; and
the screens of its plan, which show what it was made from as well."""

from central.kernel.feeds import Feeds, Scope
from central.programme import (
    carry_over,
    carry_page,
    checklist_items,
    device_feeds,
    device_loop,
    note,
    on_sale,
    openings,
    performances,
    plan_actions,
    plan_page,
    plan_pictures,
    reschedule,
    season_days,
    seek,
    sell_hall,
    slips,
    times,
)
from central.web.area import Area
from shared.wire.certificates import EVERYBODY, Right
from shared.wire.feeds import FeedFamily

SELLERS = frozenset({Right.SELL})

AREA = Area(
    name="programme",
    modules=(performances, on_sale, reschedule, note, plan_actions, carry_over, device_feeds),
    pages=(
        plan_page.plan_pages,
        carry_page.carry_pages,
        sell_hall.sell_hall_routes,
        season_days.season_pages,
        times.times_pages,
        note.note_pages,
        openings.openings,
        slips.slip_pages,
    ),
    words={"value:count": plan_pictures.STATES.values()},
    loops={"devices": device_loop.telling},
    checklist=(checklist_items.logical_configuration, checklist_items.performance, checklist_items.on_sale),
    feeds=(
        Feeds(FeedFamily.PERFORMANCES, Scope.SITE, EVERYBODY),
        Feeds(FeedFamily.CATALOGUE, Scope.POINT_OF_SALE, SELLERS),
        Feeds(FeedFamily.PLANS, Scope.SITE, SELLERS),
    ),
    seekers={"performance": seek.seek_performances},
)
