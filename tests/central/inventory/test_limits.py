"""Limits on what is counted, and the contingents that a channel may sell from: each rule, and the refusal that names it
(docs/spec/contingents.md)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from central.catalogue.ops import CreateEvent
from central.inventory.audit import InventoryAudit
from central.inventory.contingents import CreateContingent
from central.inventory.model import Limit, LimitPer, NoPlace, NoSale
from central.inventory.plan_actions import AssignContingent
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import command_of
from central.kernel.db import Database, Params, Row
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.privileges import Action
from central.orders.holds import BestWish, CountedWish, HoldPlaces, ReleaseHold
from central.orders.ops import WantedPlace
from central.selling.model import Channel, ChannelKind, NoChannel
from central.selling.ops import CreateChannel, CreatePointOfSale
from central.venues.selection import Counted, Selection
from shared.ids import Id
from shared.outcome import Refused
from tests.central.small_house import CHILD, FULL, STANDING, Clerk, House, Watch, new_id

CreateLimit, ChangeLimit = command_of(Action.CREATE, Limit), command_of(Action.MODIFY, Limit)
ChangeChannel = command_of(Action.MODIFY, Channel)


def limit(clerk: Clerk, house: House, per: LimitPer, most: int, **of: Id) -> Id:
    made = new_id()
    clerk.do(
        CreateLimit(
            id=made,
            context_id=house.institution,
            code=f"L{most}-{made[-4:]}",
            names={"fr": "Limite"},
            per=per,
            most=most,
            **of,
        )
    )
    return made


def wish(house: House, *seats: Id, hold: Id | None = None, **more: Any) -> HoldPlaces:
    return HoldPlaces(
        hold_id=hold or new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=seats, **more
    )


def hit(refused: Refused, limit_id: Id, left: int) -> None:
    assert (refused.reason, refused.fix) == (NoPlace.LIMIT, limit_id)
    assert refused.detail["left"] == left and refused.detail["names"] == {"fr": "Limite"}


def sound(clerk: Clerk, house: House) -> None:
    assert clerk.ask(InventoryAudit(performance_id=house.performance)).value == []


def test_per_performance(clerk: Clerk, house: House) -> None:
    five = limit(clerk, house, LimitPer.PERFORMANCE, 5)
    clerk.do(house.order(*house.seats[:2]))
    held = clerk.do(wish(house, *house.seats[2:4]))
    hit(clerk.no(house.order(*house.seats[4:6])), five, left=1)
    hit(clerk.no(wish(house, counted=(CountedWish(house.gauge, 2),))), five, left=1)
    hit(clerk.no(wish(house, best=BestWish(2))), five, left=1)
    clerk.do(wish(house, house.seats[4]))
    clerk.do(house.order(*house.seats[2:4], hold_id=held["hold_id"]))
    hit(clerk.no(house.order(house.seats[9])), five, left=0)
    sound(clerk, house)


def test_a_limit_that_comes_late_counts_what_there_is(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(*house.seats[:4]))
    three = limit(clerk, house, LimitPer.PERFORMANCE, 3)
    hit(clerk.no(house.order(house.seats[9])), three, left=0)
    clerk.do(ChangeLimit(id=three, set={"most": 5}))
    clerk.do(house.order(house.seats[9]))
    hit(clerk.no(house.order(house.seats[10])), three, left=0)
    clerk.do(ChangeLimit(id=three, set={"active": False}))
    clerk.do(house.order(house.seats[10]))
    clerk.do(ChangeLimit(id=three, set={"active": True, "most": 6, "category_id": house.standing}))
    clerk.do(house.order(house.seats[11]))  # it counts something else now, and from the beginning
    clerk.do(house.standing_order(6))
    hit(clerk.no(house.standing_order(1)), three, left=0)
    sound(clerk, house)


def test_what_comes_back_may_be_taken_again(clerk: Clerk, house: House) -> None:
    limit(clerk, house, LimitPer.PERFORMANCE, 3)
    for _ in range(3):
        clerk.do(ReleaseHold(hold_id=clerk.do(wish(house, *house.seats[:3]))["hold_id"]))
    assert clerk.rows("SELECT n FROM limit_count") == [(0,)]
    sound(clerk, house)


def test_per_channel(clerk: Clerk, house: House) -> None:
    two = limit(clerk, house, LimitPer.PERFORMANCE, 2, channel_id=house.channel)
    clerk.do(house.order(*house.seats[:2]))
    hit(clerk.no(house.order(house.seats[2])), two, left=0)
    clerk.do(house.order(house.seats[2], point_of_sale_id=house.kiosk_point))
    sound(clerk, house)


def test_per_tariff(clerk: Clerk, house: House) -> None:
    """A hold has no tariff yet: the limit is met when it is sold."""
    one = limit(clerk, house, LimitPer.PERFORMANCE, 1, tariff_id=house.child)
    child = tuple(WantedPlace(house.child, seat) for seat in house.seats[:2])
    hit(clerk.no(house.order(places=child, amount=2 * CHILD)), one, left=1)
    hold = clerk.do(wish(house, *house.seats[:2]))["hold_id"]
    hit(clerk.no(house.order(places=child, amount=2 * CHILD, hold_id=hold)), one, left=1)
    mixed = (child[0], WantedPlace(house.full, house.seats[1]))
    clerk.do(house.order(places=mixed, amount=CHILD + FULL, hold_id=hold))
    sound(clerk, house)


def test_per_order(clerk: Clerk, house: House) -> None:
    """A hold is an order that is not paid yet, however often it is added to."""
    three = limit(clerk, house, LimitPer.ORDER, 3)
    hit(clerk.no(house.order(*house.seats[:4])), three, left=3)
    hold = clerk.do(wish(house, *house.seats[:2]))["hold_id"]
    hit(clerk.no(wish(house, *house.seats[2:4], hold=hold)), three, left=1)
    clerk.do(wish(house, house.seats[2], hold=hold))
    places = tuple(WantedPlace(house.full, seat) for seat in house.seats[:3])
    more = (*places, WantedPlace(house.full, gauge_id=house.gauge))
    hit(clerk.no(house.order(places=more, amount=3 * FULL + STANDING, hold_id=hold)), three, left=0)
    clerk.do(house.order(places=places, amount=3 * FULL, hold_id=hold))
    clerk.do(house.order(*house.seats[3:6]))
    sound(clerk, house)


def test_per_contact(clerk: Clerk, house: House) -> None:
    """Over all orders and holds of a contact; who gives no name is a contact for as long as the order lasts."""
    two = limit(clerk, house, LimitPer.CONTACT, 2)
    ada, bob = new_id(), new_id()
    clerk.do(house.order(house.seats[0], contact_id=ada))
    hold = clerk.do(wish(house, house.seats[1], contact_id=ada))["hold_id"]
    hit(clerk.no(house.order(house.seats[2], contact_id=ada)), two, left=0)
    clerk.do(house.order(house.seats[1], hold_id=hold))
    hit(clerk.no(wish(house, house.seats[2], contact_id=ada)), two, left=0)
    clerk.do(house.order(*house.seats[2:4], contact_id=bob))
    hit(clerk.no(house.order(*house.seats[4:7])), two, left=2)
    for n in (4, 6):
        clerk.do(house.order(*house.seats[n : n + 2]))
    sound(clerk, house)


def test_a_limit_reaches_as_far_as_its_context_and_event(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    elsewhere = new_id()
    clerk.do(
        CreateLimit(
            id=elsewhere, context_id=house.organiser, code="HERE", names={"fr": "Limite"}, per=LimitPer.EVENT, most=4
        )
    )
    clerk.do(house.order(*house.seats[:4]))
    hit(clerk.no(house.order(house.seats[4])), elsewhere, left=0)
    clerk.do(ChangeLimit(id=elsewhere, set={"active": False}))
    limit(clerk, house, LimitPer.PERFORMANCE, 0, contingent_id=house.contingent)
    clerk.do(house.order(house.seats[4]))  # hors contingent


@pytest.fixture
async def door(place: tuple[Database, House], keys: Keys, watch: Watch) -> AsyncIterator[Door]:
    made = Door(place[0], watch, path_of, keys)
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("per", [LimitPer.PERFORMANCE, LimitPer.EVENT, LimitPer.CONTACT])
async def test_a_limit_holds_under_a_crowd(door: Door, clerk: Clerk, house: House, per: LimitPer) -> None:
    limit(clerk, house, per, 7)
    ada = new_id()
    wishes = [wish(house, best=BestWish(1), contact_id=ada) for _ in range(20)]
    orders = [house.standing_order(1, contact_id=ada) for _ in range(12)]
    replies = await asyncio.gather(*(door.execute(SYSTEM, each, new_id()) for each in (*wishes, *orders)))
    assert sum(reply.ok for reply in replies) == 7
    assert {reply.outcome.reason for reply in replies if not reply.ok} == {NoPlace.LIMIT}
    sound(clerk, house)


# --- contingents -----------------------------------------------------------------------------------------------------


def desk(clerk: Clerk, house: House, contingents: tuple[Id, ...], uncontingented: bool) -> tuple[Id, Id]:
    """A channel of its own, and its point of sale."""
    channel, point, code = new_id(), new_id(), new_id()[-6:]
    names = {"fr": "Autre"}
    clerk.do(
        CreateChannel(
            id=channel,
            context_id=house.institution,
            code=code,
            names=names,
            kind=ChannelKind.EXTERNAL,
            contingents=contingents,
            uncontingented=uncontingented,
            max_places=9,
            active=True,
        )
    )
    clerk.do(
        CreatePointOfSale(id=point, channel_id=channel, context_id=house.organiser, code=code, names=names, active=True)
    )
    return channel, point


def test_hors_contingent_is_a_right_of_the_channel(clerk: Clerk, house: House) -> None:
    channel, point = desk(clerk, house, (house.contingent,), uncontingented=False)
    for command in (
        house.order(house.seats[0], point_of_sale_id=point),
        house.standing_order(1, point_of_sale_id=point),
        HoldPlaces(hold_id=new_id(), point_of_sale_id=point, performance_id=house.performance, seats=house.seats[:1]),
        HoldPlaces(
            hold_id=new_id(),
            point_of_sale_id=point,
            performance_id=house.performance,
            counted=(CountedWish(house.gauge, 1),),
        ),
    ):
        refused = clerk.no(command)
        assert (refused.reason, refused.fix) == (NoSale.NOT_FOR_THIS_CHANNEL, channel)
        assert refused.detail == {"contingent": "", "right": "uncontingented"}
    assert (
        clerk.no(
            HoldPlaces(hold_id=new_id(), point_of_sale_id=point, performance_id=house.performance, best=BestWish(1))
        ).reason
        == NoSale.NOT_ENOUGH
    )
    clerk.do(ChangeChannel(id=channel, set={"uncontingented": True}))
    clerk.do(house.order(house.seats[0], point_of_sale_id=point))


def test_a_contingent_is_sold_by_who_names_it(clerk: Clerk, house: House) -> None:
    _, point = desk(clerk, house, (house.contingent,), uncontingented=False)
    ((zone,),) = clerk.rows("SELECT id FROM physical_zone WHERE numbered = 0")
    some = Selection(seats=house.seats[:3], counts=(Counted(zone, 4),))
    clerk.do(AssignContingent(performance_id=house.performance, contingent_id=house.contingent, selection=some))
    ((gauge,),) = clerk.rows("SELECT id FROM gauge WHERE contingent_id <> ''")
    refused = clerk.no(house.order(house.seats[0]))
    assert refused.detail == {"contingent": house.contingent, "code": "PRESSE", "belongs_to": ""}
    clerk.do(house.order(house.seats[0], point_of_sale_id=point))
    places = (WantedPlace(house.full, gauge_id=gauge),) * 4
    clerk.do(house.order(places=places, amount=4 * STANDING, point_of_sale_id=point))
    assert clerk.no(house.order(places=places[:1], amount=STANDING, point_of_sale_id=point)).reason == NoPlace.TAKEN
    held = clerk.do(
        HoldPlaces(hold_id=new_id(), point_of_sale_id=point, performance_id=house.performance, best=BestWish(2))
    )
    assert {place["contingent_id"] for place in held["places"]} == {house.contingent}
    sound(clerk, house)


@pytest.mark.behind_the_door
def test_an_external_contingent_is_its_owners_alone(clerk: Clerk, house: House) -> None:
    """No other channel may name it, and one that did (when the data came from elsewhere, say) could still not sell
    from it; its owner need not name it."""
    owner, point = desk(clerk, house, (), uncontingented=False)
    agency = new_id()
    clerk.do(
        CreateContingent(
            id=agency,
            context_id=house.institution,
            code="AGENCE",
            names={"fr": "Agence"},
            colour="#112233",
            external_channel_id=owner,
        )
    )
    assert (
        clerk.no(ChangeChannel(id=house.channel, set={"contingents": (agency,)})).reason
        == NoChannel.CONTINGENT_ELSEWHERE
    )
    clerk.db.write("UPDATE channel SET contingents = :it WHERE id = :id", {"it": f'["{agency}"]', "id": house.channel})
    clerk.do(
        AssignContingent(
            performance_id=house.performance, contingent_id=agency, selection=Selection(seats=house.seats[:2])
        )
    )
    refused = clerk.no(house.order(house.seats[0]))
    assert (refused.reason, refused.detail["code"], refused.detail["belongs_to"]) == (
        NoSale.NOT_FOR_THIS_CHANNEL, "AGENCE", owner,
    )  # fmt: skip
    clerk.do(house.order(house.seats[0], point_of_sale_id=point))
    clerk.do(HoldPlaces(hold_id=new_id(), point_of_sale_id=point, performance_id=house.performance, best=BestWish(1)))
    sound(clerk, house)


def test_limits_of_other_evenings_are_not_even_read(
    quick: tuple[Clerk, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A house may have one for each of its events; the order is that of their codes over all performances."""
    clerk, house = quick
    event, ours = new_id(), limit(clerk, house, LimitPer.PERFORMANCE, 3, event_id=house.event)
    clerk.do(CreateEvent(id=event, context_id=house.activity, code="E2", names={"fr": "Autre"}, vat_bp=550))
    for _ in range(40):
        limit(clerk, house, LimitPer.PERFORMANCE, 1, event_id=event)
    rows = list[int]()
    run = clerk.db.run

    def counted(sql: str, params: Params) -> list[Row]:
        found = run(sql, params)
        rows.append(len(found))
        return found

    monkeypatch.setattr(clerk.db, "run", counted)
    clerk.do(house.order(*house.seats[:2]))
    assert max(rows) < 20
    hit(clerk.no(house.order(*house.seats[2:4])), ours, left=1)
