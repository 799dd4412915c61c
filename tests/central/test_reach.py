"""What a command names: nothing of somebody else's, in no field of it, and not a word about whether it is there.

Every reference of every command and query is walked, with one foreign id at a time, as an operator who may everything
in their own house, as one with the smallest right that does, and as every kind of device. The rows and the commands are
made up from the declarations. Parts that a handler looks for within something else (`Reach.WITHIN`) and ids of the
command's own (`Reach.OWN`) are walked with commands that succeed, against the handlers themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_type_hints

import orjson
import pytest

import central.app  # noqa: F401  # declares everything
from central.devices.enrolment import Enrolment, InviteDevice
from central.devices.leases import RequestLease
from central.devices.model import DevicesPrivilege
from central.inventory.plan_actions import AssignContingent, BlockLogical, BlockPlaces
from central.kernel import registry
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.door import NoEntry
from central.kernel.entity import BY_NAME, Reach, Ref, stripped
from central.kernel.reach import reached
from central.kernel.registry import COMMANDS, QUERIES, Handler, handler_of
from central.kernel.scope import home
from central.kernel.tx import Read
from central.orders.holds import BestWish, CountedWish, HoldPlaces, ReleaseHold
from central.orders.ops import OrderOf, PlaceOrder, ReissueTicket, WantedPlace
from central.programme.carryover import CarryOver, PreviewCarryOver
from central.programme.plan_actions import OrderSeats
from central.venues.model import NoAct, SeatOrder
from central.venues.plan_actions import OrderLogicalSeats
from central.venues.selection import Counted, RowRef, Selection
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.certificates import DeviceKind
from tests.central.sampling import Leaf, Party, leaves, named_in, of_nobody, party, put
from tests.central.small_house import FULL, STANDING, Clerk, House, NoTest, new_id

pytestmark = pytest.mark.behind_the_door  # rows are put in and changed by hand

ALL = {**COMMANDS, **QUERIES}


# --- the rule --------------------------------------------------------------------------------------------------------

ROOT, OURS, THEIRS = ("root",), ("ours", "root"), ("theirs", "root")
SEASON, ACTIVITY = ("season", *OURS), ("activity", "season", *OURS)


@pytest.mark.parametrize(
    ("place", "thing", "held", "reach", "may"),
    [
        (OURS, OURS, True, None, True),
        (OURS, SEASON, True, None, True),  # below: who holds a right above holds it there
        (ACTIVITY, SEASON, False, None, True),  # above: what serves everybody below it
        (ACTIVITY, ROOT, False, None, True),
        (OURS, THEIRS, False, None, False),
        (SEASON, ("other season", *OURS), False, None, False),  # beside
        (OURS, THEIRS, True, None, True),  # the right is held there too
        (ACTIVITY, ROOT, False, Reach.HELD, False),
        (ACTIVITY, SEASON, True, Reach.HELD, True),
    ],
)
def test_the_line_of_a_place(
    place: tuple[str, ...], thing: tuple[str, ...], held: bool, reach: Reach | None, may: bool
) -> None:
    assert reached(place, thing, held, reach) is may


# --- marks -----------------------------------------------------------------------------------------------------------


def leaves_of(handler: Handler) -> Iterator[Leaf]:
    for name, hint in handler.hints.items():
        yield from leaves(handler.kind.__name__, name, hint)


def test_every_id_says_what_it_names() -> None:
    """A reference, one with a reason why it is none, or the id of the row that the command makes."""
    unmarked = [
        (name, leaf.owner, leaf.name)
        for name, handler in ALL.items()
        for leaf in leaves_of(handler)
        if not (leaf.table or leaf.loose or leaf.reach is Reach.PLACE or (leaf.name == "id" and not leaf.marks))
    ]
    assert not unmarked


def test_what_stands_nowhere_is_found_within_something_else() -> None:
    """A row without a context of its own counts as the whole house's, which is above everything."""
    nowhere = {
        (leaf.owner, leaf.name)
        for handler in ALL.values()
        for leaf in leaves_of(handler)
        if leaf.table and home(leaf.table) is None and leaf.reach not in (Reach.WITHIN, Reach.PLACE)
    }
    assert not nowhere


# --- two organisers --------------------------------------------------------------------------------------------------


@pytest.fixture
def parties(quick: tuple[Clerk, House]) -> tuple[Clerk, Party, Party]:
    clerk, house = quick
    return clerk, party(clerk, house, "NOUS"), party(clerk, house, "EUX")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The commands that came as far as a handler; nothing is done with them."""
    found: list[Any] = []

    def stand_in(_: Any, want: Any, *__: Any) -> Outcome[Any]:
        found.append(want)
        return Refused(NoTest.REACHED, fix=str(want))

    for kind, handler in list(registry._BY_KIND.items()):
        monkeypatch.setitem(registry._BY_KIND, kind, replace(handler, run=stand_in, refuses=(NoTest,)))
    return found


def said(clerk: Clerk, actor: Actor, want: Any) -> Any:
    if type(want) in {each.kind for each in QUERIES.values()}:
        return clerk.door.ask_now(clerk.db, actor, want)
    return clerk.as_(actor).say(want)


def foreign_row(leaf: Leaf, own: str, ours: Party, theirs: Party) -> str:
    """The other organiser's row of the same kind."""
    table = leaf.table or next(name for name in BY_NAME if ours.rows.row(name) == own)
    return theirs.activity if table == "context" else theirs.rows.row(table)


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = getattr(value, step) if isinstance(step, str) and not isinstance(value, dict) else value[step]
    return value


def operators(handler: Handler, place: str, ours: Party) -> Iterator[Actor]:
    """One who may everything at the organiser's, and one with just this right; but where it is asked at the whole
    house, nothing in it is out of its reach."""
    assert handler.needs
    below = place == ours.activity
    for held in (("*", ours.organiser), *([(handler.needs, place)] if below else [])):
        yield Actor(ActorKind.OPERATOR, new_id(), "", frozenset({(str(held[0]), str(held[1]))}))


def devices(clerk: Clerk, ours: Party) -> Iterator[Actor]:
    device = ours.rows.row("device")
    for kind in DeviceKind:
        clerk.db.write("UPDATE device SET kind = :kind WHERE id = :id", {"kind": kind, "id": device})
        yield Actor(ActorKind.DEVICE, device, "", frozenset({(str(DevicesPrivilege.DEVICE_SYNC), str(ours.activity))}))


def walked(
    clerk: Clerk, actor: Actor, want: Any, ours: Party, theirs: Party, seen: list[Any]
) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) for each reference of a command."""
    for name, hint in get_type_hints(type(want), include_extras=True).items():
        for path, leaf in named_in(type(want).__name__, name, hint, getattr(want, name), (name,)):
            if leaf.reach in (Reach.WITHIN, Reach.OWN):
                continue
            foreign, nothing = foreign_row(leaf, at(want, path), ours, theirs), new_id()
            seen.clear()
            answers = [said(clerk, actor, put(want, path, each)) for each in (foreign, nothing)]
            if not all(isinstance(each, Refused) for each in answers) or foreign in str(seen):
                yield ".".join(map(str, path)), "a stranger's thing was let in"
            elif answers[0].reason is not NoTest.REACHED and alike(answers[0], foreign) != alike(answers[1], nothing):
                yield ".".join(map(str, path)), f"{answers[0]} is not as {answers[1]}"


def alike(outcome: Refused, named: str) -> str:
    return orjson.dumps([outcome.reason, outcome.fix, dict(outcome.detail)]).decode().replace(named, "…")


def test_no_command_or_query_names_what_is_somebody_elses(parties: tuple[Clerk, Party, Party], seen: list[Any]) -> None:
    clerk, ours, theirs = parties
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    wrong, walks = [], 0
    for name, handler in ALL.items():
        want = ours.rows.wanted(handler, read)
        if handler.needs is None or of_nobody(handler) or want is None:
            continue
        place = handler.at(read, want)
        for actor in operators(handler, place, ours) if place else ():
            if place == ours.activity:
                seen.clear()
                assert said(clerk, actor, want).reason is NoTest.REACHED and seen == [want], (
                    name,
                    "its own things are not",
                )
            for field, what in walked(clerk, actor, want, ours, theirs, seen):
                wrong.append((name, field, what))
            walks += 1
        for actor in devices(clerk, ours):
            wrong += [(name, actor.kind, *each) for each in walked(clerk, actor, want, ours, theirs, seen)]
    assert not wrong, wrong[:30]
    assert walks > 150


def test_the_door_walks_all_that_is_marked(parties: tuple[Clerk, Party, Party]) -> None:
    """However deep it stands in a command: what a mark says is asked for."""
    clerk, ours, _ = parties
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    for name, handler in ALL.items():
        want = ours.rows.wanted(handler, read)
        if want is None:
            continue
        marked = {
            (leaf.owner, leaf.name) for leaf in leaves_of(handler) if leaf.table and leaf.reach in (None, Reach.HELD)
        }
        found = {
            ".".join(map(str, path)): (leaf.owner, leaf.name)
            for field, hint in handler.hints.items()
            for path, leaf in named_in(handler.kind.__name__, field, hint, getattr(want, field), (field,))
            if leaf.reach in (None, Reach.HELD)
        }
        assert set(found.values()) == marked, (name, "the samples leave something out")
        assert {each.at for each in handler.named(want)} == set(found), name


# --- parts, and ids of one's own -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scene:
    """The small house with a hold, an order, a lease and an action on its plan; and the other organiser."""

    clerk: Clerk
    house: House
    theirs: Party
    seller: Actor
    kiosk: Actor
    hold: Id
    kept: tuple[Id, ...]
    order: Id
    ticket: Id
    zones: dict[str, Id]
    standing_zone: Id
    action: Id
    device: Id


@pytest.fixture
def scene(quick: tuple[Clerk, House]) -> Scene:
    return staged(*quick)


def staged(clerk: Clerk, house: House) -> Scene:
    theirs = party(clerk, house, "EUX")
    hold, order, device = new_id(), new_id(), new_id()
    held = clerk.do(
        HoldPlaces(hold_id=hold, point_of_sale_id=house.desk, performance_id=house.performance, seats=house.seats[:3])
    )
    sold = clerk.do(house.order(house.seats[5], order_id=order))
    zones = dict(clerk.rows("SELECT name, id FROM physical_zone"))
    clerk.do(BlockLogical(configuration_id=house.logical, selection=Selection(seats=house.seats[-1:]), why="trou"))
    ((action,),) = clerk.rows("SELECT id FROM plan_action WHERE target_id = :l AND act = 'block'", l=house.logical)
    clerk.do(
        InviteDevice(
            id=device,
            context_id=house.organiser,
            site_id=house.site,
            kind=DeviceKind.KIOSK,
            code="K1",
            label="K",
            enrolment_code="ABCD-1111",
            point_of_sale_id=house.kiosk_point,
        )
    )
    clerk.db.write("UPDATE device SET state = 'active' WHERE id = :id", {"id": device})
    grants = frozenset({(str(DevicesPrivilege.DEVICE_SYNC), str(house.organiser))})
    return Scene(
        clerk, house, theirs,
        Actor(ActorKind.OPERATOR, new_id(), "", frozenset({("*", str(house.organiser))})),
        Actor(ActorKind.DEVICE, device, "K1", grants),
        hold, tuple(each["allocation_id"] for each in held["places"]), order, Id(sold["tickets"][0]["ticket_id"]),
        {name: Id(row) for name, row in zones.items()}, Id(zones["Debout"]), Id(action), device,
    )  # fmt: skip


def good(s: Scene) -> Iterator[tuple[Actor, Any]]:
    """Commands that succeed as they stand, one by one: for each field that is a part of something or its own id."""
    house, seats = s.house, s.house.seats
    some = Selection(
        seats[8:9], rows=(RowRef(s.zones["Parterre"], "B"),), zones=(s.zones["Parterre"],), categories=(house.seated,),
        contingents=(house.contingent,), counts=(Counted(s.standing_zone, 1, house.contingent),),
    )  # fmt: skip
    press = Selection(seats=seats[17:18], counts=(Counted(s.standing_zone, 5),))
    s.clerk.do(
        AssignContingent(
            performance_id=house.performance, contingent_id=house.contingent, selection=press, why="presse"
        )
    )
    yield (
        s.seller,
        HoldPlaces(
            hold_id=s.hold,
            point_of_sale_id=house.desk,
            performance_id=house.performance,
            seats=seats[10:11],
            counted=(CountedWish(house.gauge, 1),),
            best=BestWish(1, house.seated, s.zones["Parterre"]),
        ),
    )
    yield s.seller, ReleaseHold(hold_id=s.hold, allocations=s.kept[1:2])
    yield (
        s.seller,
        PlaceOrder(
            order_id=new_id(),
            point_of_sale_id=house.desk,
            performance_id=house.performance,
            places=(WantedPlace(house.full, seats[0]), WantedPlace(house.full, gauge_id=house.gauge)),
            method="cash",
            amount=FULL + STANDING,
            hold_id=s.hold,
        ),
    )
    yield s.seller, ReissueTicket(entitlement_id=s.ticket, context_id=house.organiser)
    yield s.seller, OrderOf(context_id=house.organiser, order_id=s.order)
    yield s.kiosk, RequestLease(lease_id=new_id(), performance_id=house.performance, seats=seats[12:13])
    yield (
        s.kiosk,
        RequestLease(
            lease_id=new_id(), performance_id=house.performance, seats=(), category_id=house.seated, quantity=1
        ),
    )
    yield (
        s.seller,
        OrderSeats(
            performance_id=house.performance,
            selection=Selection(everything=True),
            order=SeatOrder.SNAKE,
            first_zones=(s.zones["Parterre"],),
            why="ordre",
        ),
    )
    yield (
        s.seller,
        OrderLogicalSeats(
            configuration_id=house.logical,
            selection=Selection(everything=True),
            order=SeatOrder.SNAKE,
            first_zones=(s.zones["Parterre"],),
            why="ordre",
        ),
    )
    yield (
        s.seller,
        PreviewCarryOver(configuration_id=house.logical, performance_id=house.performance, action_id=s.action),
    )
    yield s.seller, CarryOver(configuration_id=house.logical, performances=(house.performance,), action_id=s.action)
    yield s.seller, BlockPlaces(performance_id=house.performance, selection=some, why="bloc")


FILTERS = {
    ("Selection", "categories"): "means those places of this plan that are in it: of none, none",
    ("Selection", "contingents"): "means those places of this plan that are in it: of none, none",
    ("BestWish", "zone_id"): "a wish, kept if it can be: the places are this performance's all the same",
}
"""Parts that need not be refused, because they only choose among what is named already. None may come back."""


def parts(want: Any) -> Iterator[tuple[tuple[Any, ...], Leaf]]:
    for name, hint in get_type_hints(type(want), include_extras=True).items():
        for path, leaf in named_in(type(want).__name__, name, hint, getattr(want, name), (name,)):
            if leaf.reach in (Reach.WITHIN, Reach.OWN) and at(want, path):
                yield path, leaf


def test_parts_and_own_ids_against_the_handlers_themselves(scene: Scene) -> None:
    clerk, theirs = scene.clerk, scene.theirs
    covered, wrong = set(), []
    for actor, want in good(scene):
        for path, leaf in parts(want):
            covered.add((leaf.owner, leaf.name))
            if (leaf.owner, leaf.name) in FILTERS:
                continue
            foreign, nothing = theirs.rows.row(leaf.table or ""), new_id()
            answer = said(clerk, actor, put(want, path, foreign))
            where = (type(want).__name__, ".".join(map(str, path)))
            if isinstance(answer, Ok):
                wrong.append((*where, "was let in"))
            elif leaf.reach is Reach.WITHIN and isinstance(answer, Refused):
                other = said(clerk, actor, put(want, path, nothing))
                if not isinstance(other, Refused) or alike(answer, foreign) != alike(other, nothing):
                    wrong.append((*where, f"{answer} is not as {other}"))
        outcome = said(clerk, actor, want)
        assert isinstance(outcome, Ok), (want, outcome, wrong)
    assert not wrong, wrong
    declared = {
        (leaf.owner, leaf.name)
        for handler in ALL.values()
        if not of_nobody(handler) and handler.needs
        for leaf in leaves_of(handler)
        if leaf.reach in (Reach.WITHIN, Reach.OWN) and leaf.table
    }
    assert declared - covered <= {("InviteDevice", "id")}, declared - covered
    assert set(FILTERS) <= covered


def test_what_only_chooses_chooses_among_what_is_named(scene: Scene) -> None:
    house, theirs = scene.house, scene.theirs.rows
    clerk = scene.clerk.as_(scene.seller)
    for table, chosen in (("seat_category", "categories"), ("contingent", "contingents")):
        answers = [
            clerk.no(
                BlockPlaces(performance_id=house.performance, selection=Selection(**{chosen: (each,)}), why="bloc")
            )
            for each in (theirs.row(table), new_id())
        ]
        assert answers[0] == answers[1] and answers[0].reason == NoAct.EMPTY
    wish = BestWish(2, zone_id=Id(theirs.row("physical_zone")))
    held = clerk.do(
        HoldPlaces(hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance, best=wish)
    )
    assert {each["seat_id"] for each in held["places"]} <= set(house.seats)


def test_what_needs_no_right_is_asked_of_nobody_else(scene: Scene) -> None:
    """Handlers that everybody may call see to it themselves: a foreign id opens nothing, and says nothing."""
    clerk, theirs = scene.clerk, scene.theirs
    free = {name: handler for name, handler in ALL.items() if handler.needs is None}
    for name, handler in free.items():
        want = theirs.rows.wanted(handler, Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys))
        for field, hint in handler.hints.items():
            for path, leaf in named_in(handler.kind.__name__, field, hint, getattr(want, field), (field,)):
                for actor in (scene.seller, scene.kiosk):
                    foreign, nothing = theirs.rows.row(leaf.table or ""), new_id()
                    answers = [said(clerk, actor, put(want, path, each)) for each in (foreign, nothing)]
                    assert all(isinstance(each, Refused) for each in answers), (name, answers)
                    assert alike(answers[0], foreign) == alike(answers[1], nothing), (name, field)
    assert handler_of(Enrolment).needs is None


def test_a_device_of_somebody_else_is_not_invited_again(scene: Scene) -> None:
    """Who sends an invitation again gets a new code: for their own device, as they invited it."""
    clerk, house, theirs = scene.clerk, scene.house, scene.theirs
    invited = new_id()
    clerk.do(
        InviteDevice(
            id=invited,
            context_id=theirs.activity,
            site_id=house.site,
            kind=DeviceKind.GATE,
            code="G",
            label="Gate",
            enrolment_code="ABCD-1111",
        )
    )
    here = Actor(ActorKind.OPERATOR, new_id(), "", frozenset({
        ("devices", str(house.organiser)), ("devices", str(house.institution)),
    }))  # fmt: skip
    again = InviteDevice(
        id=invited,
        context_id=house.organiser,
        site_id=house.site,
        kind=DeviceKind.GATE,
        code="G",
        label="Gate",
        enrolment_code="EFGH-2222",
    )
    assert isinstance(clerk.as_(here).say(again), Refused)
    assert clerk.rows("SELECT context_id FROM device WHERE id = :id", id=invited) == [(theirs.activity,)]


# --- where the right is for -------------------------------------------------------------------------------------------

FOR = {
    "assign_contingent": "performance_id",
    "assign_logical_category": "configuration_id",
    "assign_logical_contingent": "configuration_id",
    "create_logical_configuration": "context_id",
    "create_performance": "event_id",
    "drop_category": "configuration_id",
    "give_privilege": "operator_id",
    "give_role": "operator_id",
    "hold_places": "point_of_sale_id",
    "invite_device": "context_id",
    "invite_operator": "context_id",
    "pick_category": "configuration_id",
    "place_order": "point_of_sale_id",
    "preview_carry_over": "configuration_id",
    "what_may_they_do": "operator_id",
}
"""Of what names several things, and says no place of its own: the one at which the right is asked."""


def test_of_several_things_it_is_said_which_a_right_is_for() -> None:
    several = {
        name: getattr(each.at, "args", ("",))[0]
        for name, each in {**COMMANDS, **QUERIES}.items()
        if sum(_is_placed(hint) for hint in each.hints.values()) > 1
    }
    assert {name: field for name, field in several.items() if field} == FOR


def _is_placed(hint: Any) -> bool:
    marks = stripped(hint)[2]
    return any(isinstance(mark, Ref) for mark in marks) and not any(mark in registry.PARTS for mark in marks)


def test_what_names_two_things_and_says_none_is_refused() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class TakeTwo:
        performance_id: Annotated[Id, Ref("performance")]
        point_of_sale_id: Annotated[Id, Ref("point_of_sale")]

    with pytest.raises(AssertionError, match="TakeTwo names performance_id, point_of_sale_id: say `at`"):
        registry.by_reference(TakeTwo, get_type_hints(TakeTwo, include_extras=True))


def test_who_may_sell_at_an_activity_sells_at_no_till_of_the_organiser(clerk: Clerk, house: House) -> None:
    def sells(at: Id) -> Outcome[Any]:
        seller = house.operator("orders.order.create", at=at)
        return clerk.door.execute_now(clerk.db, seller, house.order(house.seats[0]), new_id()).outcome

    refused = sells(house.activity)
    assert isinstance(refused, Refused) and refused.reason is NoEntry.NOT_ALLOWED
    assert isinstance(sells(house.organiser), Ok)
