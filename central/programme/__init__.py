"""The life of a performance: made from an event and a hall, put on sale, moved to another time, told to devices; and
the screens of its plan, which show what it was made from as well."""

from central.kernel.feeds import Feeds, Scope
from central.programme import (
    carryover,
    carryover_page,
    checklist_items,
    date_change,
    device_feeds,
    device_loop,
    form_defaults,
    note,
    performance_search,
    performances,
    plan_actions,
    plan_page,
    plan_pictures,
    sale_state,
    season_days,
    seating_page,
    slips,
    times,
)
from central.web.area import Area
from shared.wire.certificates import EVERYBODY, Right
from shared.wire.feeds import FeedFamily

SELLERS = frozenset({Right.SELL})

AREA = Area(
    name="programme",
    modules=(performances, sale_state, date_change, note, plan_actions, carryover, device_feeds),
    pages=(
        plan_page.plan_pages,
        carryover_page.carry_pages,
        seating_page.sell_hall_routes,
        season_days.season_pages,
        times.times_pages,
        note.note_pages,
        form_defaults.openings,
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
    seekers={"performance": performance_search.seek_performances},
)
