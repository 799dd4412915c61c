"""What legitimately touches every place of a hall, done once each through the door of a house with a hall of so many
seats: each with what it cost the writer."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson

from central.catalogue.model import PerformanceDo
from central.devices.hall import PublishHall
from central.inventory.hold_expiry import ExpireHolds
from central.inventory.model import ReleaseRule
from central.inventory.plan_actions import (
    AssignContingent,
    AssignLogicalContingent,
    BlockLogical,
    BlockPlaces,
    UnblockLogical,
    UnblockPlaces,
)
from central.inventory.release_rules import FireReleaseRules
from central.kernel.actor import SYSTEM, Actor
from central.kernel.crud import command_of
from central.kernel.door import Door
from central.kernel.log_chain import Chain
from central.kernel.privileges import Action
from central.orders.holds import HoldPlaces, ReleaseHold
from central.orders.model import PaymentMethod
from central.orders.ops import PlaceOrder, WantedPlace
from central.organisation.webhook_events import TellWebhooks
from central.organisation.webhooks import CreateWebhook
from central.programme.carryover import CarryOver
from central.programme.date_change import ReschedulePerformance
from central.programme.device_feeds import TellPerformance, TellPlan
from central.programme.performances import CreatePerformance, DeletePerformance, Schedule
from central.programme.plan_actions import OrderSeats, UndoPlanAction
from central.programme.sale_state import ChangeSale
from central.selling.model import Channel, ChannelKind, PointOfSale
from central.venues.logical_configurations import (
    CreateLogicalConfiguration,
    DeleteLogicalConfiguration,
    ValidateLogical,
)
from central.venues.model import SeatOrder
from central.venues.physical_configurations import DeletePhysicalConfiguration, ValidatePhysical
from central.venues.plan_actions import (
    AssignLogicalCategory,
    DescribeSeats,
    InvalidateSeats,
    OrderLogicalSeats,
    RevalidateSeats,
)
from central.venues.plan_import import ImportPlan, ReimportPlan
from central.venues.selection import Selection
from shared.ids import Id, derived_id
from tests.central.kernel.meter import Cost
from tests.central.small_house import STANDING, STARTS, House, new_id

ALL = Selection(everything=True)
SEATS_A_ROW = 50
SECRET = "whsec_" + b64encode(b"s" * 32).decode()
WHEN = Schedule(STARTS, STARTS - timedelta(hours=1), STARTS + timedelta(hours=3), STARTS + timedelta(minutes=30))
LATER = Schedule(STARTS, STARTS - timedelta(hours=1), STARTS + timedelta(hours=4), STARTS + timedelta(minutes=30))


def file(seats: int, step: int = 20) -> str:
    rows = [
        {
            "row_number": str(row), "position": {"x": 0, "y": 30 * row},
            "seats": [
                {"seat_number": str(n), "seat_guid": f"{row}-{n}", "category": "1re",
                 "position": {"x": step * n, "y": 0}}
                for n in range(SEATS_A_ROW)
            ],
        }
        for row in range(seats // SEATS_A_ROW)
    ]  # fmt: skip
    zone = {"name": "Z", "position": {"x": 0, "y": 0}, "rows": rows, "areas": []}
    size = {"width": 2000, "height": 60_000}
    return orjson.dumps({"name": "S", "categories": [{"name": "1re"}], "zones": [zone], "size": size}).decode()


@dataclass(slots=True)
class Bulk:
    """`costs` by command; of one that is given several times, the dearest."""

    door: Door
    cost: Cost
    house: House
    actor: Actor
    seats: int
    costs: dict[str, Cost] = field(default_factory=dict)

    async def do(self, command: Any, actor: Actor | None = None) -> Any:
        before = self.cost.copy()
        reply = await self.door.execute(actor or self.actor, command, new_id())
        assert reply.ok, (type(command).__name__, reply.body[:500])
        name = type(command).__name__
        said = self.cost - before
        self.costs[name] = max(said, self.costs.get(name, said), key=lambda cost: cost.calls)
        return reply.outcome.value  # type: ignore[union-attr]


async def play(bulk: Bulk, later: Callable[[timedelta], None]) -> None:
    """`later` moves the house's clock."""
    do, house = bulk.do, bulk.house
    keys = ("physical", "draft", "logical", "spare", "show", "other", "third", "channel", "point", "rule")
    made = {name: derived_id("bulk", name) for name in keys}
    ((space,),) = await bulk.door.read(bulk.actor, lambda read: read.run("SELECT id FROM space"))
    names, other = {"fr": "Nom"}, {"1re": house.seated}
    url = "https://listens.example/hook"
    await do(
        CreateWebhook(
            id=new_id(),
            context_id=house.institution,
            code="ALL",
            names=names,
            url=url,
            commands=("*",),
            entities=("*",),
            active=True,
            secret=SECRET,
        )
    )
    await do(ImportPlan(id=made["physical"], space_id=space, code="BULK", names=names, plan=file(bulk.seats)))
    await do(ImportPlan(id=made["draft"], space_id=space, code="DRAFT", names=names, plan=file(bulk.seats)))
    await do(ReimportPlan(configuration_id=made["draft"], plan=file(bulk.seats, 21)))
    await do(DeletePhysicalConfiguration(configuration_id=made["draft"]))
    await do(DescribeSeats(configuration_id=made["physical"], selection=ALL, wheelchair=True, restricted=True))
    await do(
        DescribeSeats(
            configuration_id=made["physical"],
            selection=Selection(runs=((0, bulk.seats // 2),)),
            companion=True,
            wheelchair=False,
        )
    )
    await do(ValidatePhysical(configuration_id=made["physical"]))
    for key in ("spare", "logical"):
        await do(
            CreateLogicalConfiguration(
                id=made[key],
                context_id=house.season,
                physical_configuration_id=made["physical"],
                code=key.upper(),
                names=names,
                categories=other,
                draft=True,
            )
        )
        await do(ValidateLogical(configuration_id=made[key]))
    await do(DeleteLogicalConfiguration(configuration_id=made["spare"]))
    for key in ("show", "other", "third"):
        await do(
            CreatePerformance(
                id=made[key],
                event_id=house.event,
                logical_configuration_id=made["logical"],
                price_grid_id=house.grid,
                schedule=WHEN,
            )
        )
    await do(DeletePerformance(performance_id=made["third"]))
    await do(ChangeSale(performance_id=made["show"], do=PerformanceDo.OPEN))
    await do(TellPlan(performance_id=made["show"]))
    await do(TellPerformance(performance_id=made["show"], points_of_sale=(house.kiosk_point,)))
    await do(ReschedulePerformance(performance_id=made["show"], schedule=LATER))
    await do(BlockLogical(configuration_id=made["logical"], selection=ALL, why="télévision"))
    await do(UnblockLogical(configuration_id=made["logical"], selection=ALL))
    await do(AssignLogicalCategory(configuration_id=made["logical"], category_id=house.standing, selection=ALL))
    await do(AssignLogicalContingent(configuration_id=made["logical"], contingent_id=house.contingent, selection=ALL))
    await do(OrderLogicalSeats(configuration_id=made["logical"], selection=ALL, order=SeatOrder.SNAKE))
    await do(CarryOver(configuration_id=made["logical"], performances=(made["other"],)))
    await do(InvalidateSeats(configuration_id=made["physical"], selection=ALL, why="fumée", remember=True))
    await do(RevalidateSeats(configuration_id=made["physical"], selection=ALL))
    acted = await do(BlockPlaces(performance_id=made["show"], selection=ALL, why="télévision"))
    await do(UndoPlanAction(action_id=acted["action_id"]))
    await do(UnblockPlaces(performance_id=made["other"], selection=ALL))
    await do(OrderSeats(performance_id=made["show"], selection=ALL, order=SeatOrder.SNAKE))
    await do(AssignContingent(performance_id=made["show"], contingent_id=house.contingent, selection=ALL))
    rule = command_of(Action.CREATE, ReleaseRule)
    await do(
        rule(
            id=made["rule"],
            context_id=house.institution,
            code="R",
            names=names,
            contingent_id=house.contingent,
            performance_id=made["show"],
            at=STARTS,
        )
    )
    await do(FireReleaseRules(context_id=house.institution))
    await sell(bulk, later, made)
    await Chain(bulk.door, None).seal()
    await do(PublishHall(performance_id=made["show"], taken="A" * (bulk.seats // 6)))
    await do(TellWebhooks(after=0, upto=200), SYSTEM)


async def sell(bulk: Bulk, later: Callable[[timedelta], None], made: dict[str, Id]) -> None:
    """Half of the hall in each cart."""
    do, house, show = bulk.do, bulk.house, made["other"]
    seats = await bulk.door.read(
        bulk.actor, lambda read: read.run("SELECT seat_id FROM place WHERE performance_id = :id ORDER BY id", id=show)
    )
    first = tuple(Id(row[0]) for row in seats[: bulk.seats // 2])
    new_channel, new_point = command_of(Action.CREATE, Channel), command_of(Action.CREATE, PointOfSale)
    names, kinds = {"fr": "Gros"}, (house.contingent,)
    await do(
        new_channel(
            id=made["channel"],
            context_id=house.institution,
            code="GROS",
            names=names,
            kind=ChannelKind.BOX_OFFICE,
            contingents=kinds,
            uncontingented=True,
            max_places=999,
            active=True,
        )
    )
    await do(
        new_point(
            id=made["point"],
            channel_id=made["channel"],
            context_id=house.organiser,
            code="GROS",
            names=names,
            active=True,
        )
    )
    await do(ChangeSale(performance_id=show, do=PerformanceDo.OPEN))
    hold = new_id()
    await do(HoldPlaces(hold_id=hold, point_of_sale_id=made["point"], performance_id=show, seats=first))
    await do(ReleaseHold(hold_id=hold))
    await do(HoldPlaces(hold_id=new_id(), point_of_sale_id=made["point"], performance_id=show, seats=first))
    later(timedelta(minutes=20))
    await do(ExpireHolds(context_id=house.institution))
    places = tuple(WantedPlace(house.full, seat_id=seat) for seat in first)
    want = PlaceOrder(
        order_id=new_id(),
        point_of_sale_id=made["point"],
        performance_id=show,
        places=places,
        method=PaymentMethod.CASH,
        amount=STANDING * len(first),
    )
    await do(want)
