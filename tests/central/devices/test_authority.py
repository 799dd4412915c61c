"""What a device may tell and read: by its kind, and of what is its own. A fact is never refused; one that is not for
its author to tell, or names what is not theirs, is kept with its reason and has no effect."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from central.access.model import NoScan
from central.catalogue.model import PerformanceDo
from central.devices import snapshots
from central.devices.enrolment import InviteDevice
from central.devices.feeds import DeviceFeeds, Feed
from central.devices.leases import RequestLease
from central.devices.model import DevicesPrivilege, NoDevice, NoLease, NotLeased
from central.devices.revocations import Revocations
from central.devices.snapshots import Snapshot
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.facts import FACTS, NoEffect
from central.kernel.feeds import FEEDS, Scope
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS, QUERIES
from central.kernel.replies import NoEntry
from central.kernel.tx import Read
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from shared.ids import Id
from shared.outcome import Refused
from shared.wire.certificates import RIGHTS, DeviceKind
from shared.wire.facts import Fact, FactKind, LeaseSealed, PassageFact, Sale, SlotsReturned
from shared.wire.feeds import FeedFamily, feed_name
from shared.wire.snapshots import Manifest
from tests.central.devices.test_facts import effects, enrol, scan
from tests.central.sampling import Leaf, Party, Sampler, leaves, of_nobody, party
from tests.central.small_house import STARTS, Clerk, House, Watch, new_id

pytestmark = pytest.mark.behind_the_door  # rows are put in and changed by hand

KINDS = [kind for kind in DeviceKind if kind is not DeviceKind.CENTRAL]


@pytest.fixture
def theirs(quick: tuple[Clerk, House]) -> Party:
    """Another organiser with a site of its own, and a row of everything."""
    return party(*quick, "EUX")


def state(clerk: Clerk, fact_id: Id) -> tuple[str, str]:
    return clerk.rows("SELECT state, why FROM fact WHERE fact_id = :id", id=fact_id)[0]


def reason(clerk: Clerk, fact: Fact) -> str | None:
    ((found,),) = clerk.rows("SELECT reason FROM fact WHERE hash = :hash", hash=fact.hash)
    return found


# --- by kind ----------------------------------------------------------------------------------------------------------

SELL, CONTROL = {DeviceKind.KIOSK, DeviceKind.BAR}, {DeviceKind.GATE}
PRINT, RELAY = {DeviceKind.KIOSK, DeviceKind.PRINTER}, {DeviceKind.BROKER}
TELLS: dict[str, set[DeviceKind]] = {
    FactKind.SALE: SELL, FactKind.SLOTS_RETURNED: SELL, FactKind.LEASE_SEALED: SELL, FactKind.PAYMENT: SELL,
    FactKind.SCAN: CONTROL, FactKind.PASSAGE: CONTROL, FactKind.PRINT: PRINT,
    FactKind.INCIDENT: set(KINDS), FactKind.CLOCK: set(KINDS),
}  # fmt: skip
READS: dict[str, set[DeviceKind]] = {
    FeedFamily.KEYS: set(KINDS), FeedFamily.PERFORMANCES: set(KINDS),
    FeedFamily.CATALOGUE: SELL, FeedFamily.PLANS: SELL, FeedFamily.HALL: SELL, FeedFamily.LEASES: SELL | CONTROL,
    FeedFamily.TICKETS: CONTROL, FeedFamily.ADMISSIONS: CONTROL,
}  # fmt: skip
ASKS = {
    "device_feeds": set(KINDS), "feed": set(KINDS), "upload_facts": set(KINDS), "snapshot": CONTROL,
    "revocations": RELAY, "request_lease": SELL,
}  # fmt: skip
"""Which kinds of device tell, read and ask what of today's; of a new area's its declaration holds."""


def told_by(kind: str) -> set[DeviceKind]:
    return TELLS.get(kind) or {each for each in KINDS if FACTS[kind].tellers & RIGHTS[each]}


def read_by(family: str) -> set[DeviceKind]:
    return READS.get(family) or {each for each in KINDS if FEEDS[family].readers & RIGHTS[each]}


def test_the_tables_are_whole() -> None:
    assert set(TELLS) == set(FactKind) <= set(FACTS) and set(READS) == set(FeedFamily) <= set(FEEDS)
    theirs = {
        name
        for name, handler in {**COMMANDS, **QUERIES}.items()
        if handler.needs == DevicesPrivilege.DEVICE_SYNC and not of_nobody(handler)
    }
    assert set(ASKS) == theirs


BODIES: dict[str, Callable[[House, str], Any]] = {
    FactKind.SALE: lambda house, _: Sale(new_id(), 1, house.performance, "EUR", (), ()),
    FactKind.SLOTS_RETURNED: lambda _, __: SlotsReturned(new_id(), (0,)),
    FactKind.LEASE_SEALED: lambda _, __: LeaseSealed(new_id(), ()),
    FactKind.SCAN: lambda house, ticket: scan(ticket, house),
    FactKind.PASSAGE: lambda _, __: PassageFact(new_id(), True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_who_tells_what(quick: tuple[Clerk, House], kind: DeviceKind) -> None:
    """Every kind of device × every kind of fact."""
    clerk, house = quick
    machine = enrol(clerk, house, kind)
    ticket = clerk.do(house.order(house.seats[0]))["tickets"][0]["ticket_id"]
    for told in FACTS:
        before = effects(clerk)
        fact = machine.saw(told, BODIES[told](house, ticket) if told in BODIES else {"n": 1})
        machine.send(fact)
        found, why = state(clerk, fact.id)
        assert (reason(clerk, fact) == NoEffect.NOT_ITS_TO_TELL.key) is (kind not in told_by(told)), (told, why)
        if kind not in told_by(told):
            assert found == "dead" and effects(clerk) == before, told
    assert clerk.rows("SELECT COUNT(*) FROM scan") == [(int(kind is DeviceKind.GATE),)]


def test_no_device_is_central(quick: tuple[Clerk, House]) -> None:
    """Its key would sign tickets of every performance, and feeds."""
    clerk, house = quick
    want = InviteDevice(
        id=new_id(),
        context_id=house.organiser,
        site_id=house.site,
        kind=DeviceKind.CENTRAL,
        code="C",
        label="Gate",
        enrolment_code="ABCD-2345",
    )
    assert clerk.no(want).fix == "kind"


# --- of what is its own -----------------------------------------------------------------------------------------------


def test_a_device_is_let_in_by_who_may_where_it_stands(quick: tuple[Clerk, House], theirs: Party) -> None:
    """The institution's hall is above every organiser; who lets a device into it holds the right there."""
    clerk, house = quick
    here = clerk.as_(house.operator(DevicesPrivilege.DEVICE_MODIFY, at=house.organiser))
    own_site = Id(theirs.rows.row("site"))
    above = InviteDevice(
        id=new_id(),
        context_id=house.organiser,
        site_id=house.site,
        kind=DeviceKind.GATE,
        code="G1",
        label="Gate",
        enrolment_code="ABCD-2345",
    )
    foreign = replace(above, id=new_id(), site_id=own_site, enrolment_code="ABCD-2346")
    nothing = replace(foreign, site_id=new_id())
    assert {here.no(each).reason for each in (above, foreign, nothing)} == {NoDevice.NO_SUCH_SITE}
    both = Actor(ActorKind.OPERATOR, new_id(), "", frozenset({
        (str(DevicesPrivilege.DEVICE_MODIFY), str(at)) for at in (theirs.organiser, house.institution)
    }))  # fmt: skip
    clerk.as_(both).do(replace(above, kind=DeviceKind.KIOSK, point_of_sale_id=house.kiosk_point))
    beside = replace(
        above, id=new_id(), context_id=theirs.organiser, site_id=own_site, kind=DeviceKind.KIOSK, code="K2",
        point_of_sale_id=house.desk, enrolment_code="ABCD-2347",
    )  # fmt: skip
    alone = Actor(
        ActorKind.OPERATOR, new_id(), "", frozenset({(str(DevicesPrivilege.DEVICE_MODIFY), str(theirs.organiser))})
    )
    assert clerk.as_(alone).no(beside).reason == NoEntry.DOES_NOT_FIT, "as for one that is not there"


def test_a_lease_is_for_what_the_point_of_sale_may_sell(quick: tuple[Clerk, House], theirs: Party) -> None:
    """Also where the device itself stands above."""
    clerk, house = quick
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    kiosk.clerk = clerk.as_(replace(kiosk.clerk.actor, grants=frozenset({("devices", str(house.institution))})))
    clerk.db.write("UPDATE device SET context_id = :c WHERE id = :id", {"c": house.institution, "id": kiosk.id})
    answers = [
        kiosk.clerk.no(RequestLease(lease_id=new_id(), performance_id=each, seats=(), category_id=None, quantity=2))
        for each in (Id(theirs.rows.row("performance")), new_id())
    ]
    assert answers[0] == answers[1] and answers[0].reason == NoLease.NO_SUCH_PERFORMANCE
    assert kiosk.lease(house, house.seats[0])


OWN = {
    ("Sale", "order_id"): "made by the device; one that is there already gets an order of its own (a twin's)",
    (
        "SalePayment",
        "id",
    ): "made by the device; one that it told before is the same money, another's is not (test_earlier_ids.py)",
    ("PassageFact", "scan_id"): "may come before its scan; another gate's word counts for nothing (access/ops.py)",
}
"""What in a fact's body names nothing that has to be the device's already."""
CALLED = {"ticket_id": "entitlement"}
"""Whose row stands where a name is not its table's."""


def in_facts() -> list[tuple[str, Leaf]]:
    """(the kind of fact, what in its body is an id)."""
    return [
        (kind, leaf) for kind, facts in FACTS.items() if facts.body for leaf in leaves("", "", facts.body)
    ]  # fmt: skip


def test_what_names_nothing_is_in_a_fact() -> None:
    assert set(OWN) <= {(leaf.owner, leaf.name) for _, leaf in in_facts()}


@pytest.mark.parametrize(
    ("kind", "leaf"),
    [each for each in in_facts() if (each[1].owner, each[1].name) not in OWN],
    ids=lambda each: each if isinstance(each, str) else f"{each.owner}.{each.name}",
)
def test_a_fact_that_names_what_is_not_the_devices(quick: tuple[Clerk, House], kind: str, leaf: Leaf) -> None:
    """Every id in every kind of fact. What a new area's device tells is made up of rows of its own."""
    clerk, house = quick
    machines = {each: enrol(clerk, house, each) for each in KINDS if each is not DeviceKind.BAR}  # at the kiosk's point
    kiosk = machines[DeviceKind.KIOSK]
    lease = kiosk.lease(house, *house.seats[:2])
    ticket = clerk.do(house.order(house.seats[5]))["tickets"][0]["ticket_id"]
    honest: dict[str, Any] = {
        FactKind.SALE: kiosk.sale(house, lease, 0),
        FactKind.SLOTS_RETURNED: SlotsReturned(lease.id, (1,)),
        FactKind.LEASE_SEALED: LeaseSealed(lease.id, (0,)),
        FactKind.SCAN: scan(ticket, house),
    }
    body = honest.get(kind) or Sampler(clerk.db, house).value("", FACTS[kind].body)
    machine = next(each for told, each in machines.items() if told in told_by(kind))
    row = party(clerk, house, "EUX").rows.row(CALLED.get(leaf.name, leaf.name.removesuffix("_id")))
    wrong = naming(body, leaf, row)
    assert wrong != body, "made up, it names none: it stands in `honest` what does"
    before = effects(clerk)
    fact = machine.saw(kind, wrong)
    receipt = machine.send(fact)
    assert receipt["contiguous"] == 1, "it is taken: it has happened, whatever it says"
    found, why = state(clerk, fact.id)
    assert found == "dead" and row in why, why
    assert effects(clerk) == before
    again = machine.saw(kind, body)
    machine.send(again)
    assert state(clerk, again.id) == ("taken", ""), "as it should be, it has its effect"
    assert effects(clerk) != before


def naming(body: Any, leaf: Leaf, row: str) -> Any:
    """The same with this row wherever that field stands in it."""
    if isinstance(body, tuple):
        return tuple(naming(each, leaf, row) for each in body)
    if not is_dataclass(body) or isinstance(body, type):
        return body
    named = {each.name: naming(getattr(body, each.name), leaf, row) for each in fields(body)}
    return replace(body, **named | ({leaf.name: row} if type(body).__name__ == leaf.owner else {}))


@pytest.mark.parametrize("named", [True, False])
def test_a_foreign_scan_does_not_count_when_the_sale_comes_later(
    quick: tuple[Clerk, House], theirs: Party, named: bool
) -> None:
    """Their gate knows the id of a ticket that our kiosk sold without a line, and scans it first."""
    clerk, house = quick
    kiosk, gate = enrol(clerk, house, DeviceKind.KIOSK), enrol(clerk, house, DeviceKind.GATE)
    lease = kiosk.lease(house, house.seats[0])
    sale = kiosk.saw(FactKind.SALE, kiosk.sale(house, lease, 0))
    site = theirs.rows.row("site")
    clerk.db.write("UPDATE device SET site_id = :site WHERE id = :id", {"site": site, "id": gate.id})
    clerk.db.write("UPDATE performance SET site_id = :site WHERE id = :id",
                   {"site": site, "id": theirs.rows.row("performance")})  # fmt: skip
    ((ticket,),) = clerk.rows("SELECT id FROM lease_slot WHERE lease_id = :id", id=lease.id)
    burnt = scan(ticket, house)
    performance = theirs.rows.row("performance") if named else ""
    gate.send(gate.saw(FactKind.SCAN, replace(burnt, performance_id=performance)))
    admitted = "SELECT site_id FROM admission WHERE ticket_id = :ticket"
    assert clerk.rows(admitted, ticket=ticket) == [(site,)]
    kiosk.send(sale)
    assert clerk.rows(admitted, ticket=ticket) == []
    own = enrol(clerk, house, DeviceKind.GATE)
    own.send(own.saw(FactKind.SCAN, burnt))
    assert clerk.rows(admitted, ticket=ticket) == [(house.site,)]


@pytest.mark.parametrize("known", [True, False])
def test_a_gate_lets_nobody_in_elsewhere(quick: tuple[Clerk, House], theirs: Party, known: bool) -> None:
    """A ticket of a performance at another site: one that central knows, and one whose sale has not arrived."""
    clerk, house = quick
    gate, site = enrol(clerk, house, DeviceKind.GATE), theirs.rows.row("site")
    performance = theirs.rows.row("performance")
    clerk.db.write("UPDATE performance SET site_id = :s WHERE id = :id", {"s": site, "id": performance})
    ticket = theirs.rows.row("entitlement") if known else new_id()
    clerk.db.write("UPDATE entitlement SET performance_id = :p WHERE id = :id", {"p": performance, "id": ticket})
    before = effects(clerk)
    fact = gate.saw(FactKind.SCAN, replace(scan(ticket, house), performance_id=performance))
    assert gate.send(fact)["contiguous"] == 1
    assert reason(clerk, fact) == NoScan.NOT_AT_ITS_SITE.key and effects(clerk) == before


def test_a_lease_sells_its_own_performance_alone(quick: tuple[Clerk, House]) -> None:
    """Also where the device may sell the other one, and has places of it."""
    clerk, house = quick
    kiosk, other = enrol(clerk, house, DeviceKind.KIOSK), new_id()
    schedule = Schedule(
        STARTS, STARTS - timedelta(minutes=90), STARTS + timedelta(hours=3), STARTS + timedelta(minutes=30)
    )
    clerk.do(
        CreatePerformance(
            id=other,
            event_id=house.event,
            logical_configuration_id=house.logical,
            price_grid_id=house.grid,
            schedule=schedule,
        )
    )
    clerk.do(ChangeSale(performance_id=other, do=PerformanceDo.OPEN))
    lease = kiosk.lease(house, house.seats[0])
    kiosk.lease(replace(house, performance=other), house.seats[0])
    before = effects(clerk)
    kiosk.send(fact := kiosk.saw(FactKind.SALE, kiosk.sale(house, lease, 0, performance_id=other)))
    assert reason(clerk, fact) == NotLeased.OTHER_PERFORMANCE.key and effects(clerk) == before


# --- route by route ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_device_reads(quick: tuple[Clerk, House], theirs: Party, kind: DeviceKind) -> None:
    """Every query × every kind: what is for devices as the table says, and nothing else, whatever it names."""
    clerk, house = quick
    machine = enrol(clerk, house, kind)
    sampler = Sampler(clerk.db, house)
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    for name, handler in QUERIES.items():
        if handler.needs is None or name in ASKS:
            continue
        for rows in (sampler, theirs.rows):
            want = rows.wanted(handler, read)
            assert want is None or isinstance(machine.clerk.ask(want), Refused), (kind, name)
    assert not isinstance(machine.clerk.ask(DeviceFeeds()), Refused)
    stock = RequestLease(lease_id=new_id(), performance_id=house.performance, quantity=1)
    given = machine.clerk.say(stock)
    assert (isinstance(given, Refused) and given.reason is NoLease.NOT_A_SELLER) is (kind not in ASKS["request_lease"])
    assert isinstance(machine.clerk.ask(Revocations()), Refused) is (kind not in ASKS["revocations"])
    no_snapshot = machine.clerk.ask(Snapshot())
    assert no_snapshot.reason is (NoDevice.NO_SNAPSHOT if kind in ASKS["snapshot"] else NoDevice.NOT_YOUR_FEED)


@pytest.mark.parametrize("kind", KINDS)
def test_which_feeds_a_device_reads(quick: tuple[Clerk, House], theirs: Party, kind: DeviceKind) -> None:
    """Every family × its own scope and every other that there is."""
    clerk, house = quick
    machine = enrol(clerk, house, kind)
    seller = machine if machine.point else enrol(clerk, house, DeviceKind.KIOSK)
    own = {
        Scope.INSTITUTION: house.institution, Scope.SITE: house.site, Scope.POINT_OF_SALE: machine.point,
        Scope.SELLER: seller.id,
    }  # fmt: skip
    scopes = {
        str(house.site),
        str(house.institution),
        str(house.kiosk_point),
        str(house.desk),
        str(machine.id),
        str(seller.id),
        *(str(theirs.rows.row(each)) for each in ("site", "point_of_sale", "device", "context")),
    }
    read = set()
    for family, scope in product(FEEDS, sorted(scopes)):
        answer = machine.clerk.ask(Feed(feed=feed_name(family, scope)))
        mine = kind in read_by(family) and scope == own[FEEDS[family].scope]
        assert isinstance(answer, Refused) is not mine, (family, scope, answer)
        read |= {feed_name(family, scope)} if mine else set()
    assert set(machine.clerk.ask(DeviceFeeds()).value["feeds"]) == read


@pytest.mark.parametrize(("kind", "elsewhere"), list(product(KINDS, (False, True))))
async def test_who_fetches_a_snapshot(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House], theirs: Party, keys: Keys, watch: Watch,
    tmp_path: Path, kind: DeviceKind, elsewhere: bool,
) -> None:  # fmt: skip
    clerk, house = quick
    machine = enrol(clerk, house, kind)
    if elsewhere:
        clerk.db.write(
            "UPDATE device SET site_id = :s WHERE id = :id", {"s": theirs.rows.row("site"), "id": machine.id}
        )
    door = Door(sqlite_place[0], watch, path_of, keys)
    door.start()
    try:
        made = (await snapshots.make(door, tmp_path, house.site)).body(Manifest)
        found = await snapshots.located(door, tmp_path, machine.clerk.actor, made.files[0].name)
    finally:
        door.stop()
    assert (found is not None) is (kind in ASKS["snapshot"] and not elsewhere)
