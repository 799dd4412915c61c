"""Ids that devices make are known to their neighbours. Whatever another device told under one of them, before or after,
what an honest one tells has its whole effect, and nobody need look at it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind
from central.kernel.facts import FACTS
from central.kernel.tx import Read
from central.organisation.ops import CreateContext
from central.reports.checks import run_checks
from central.selling.ops import CreatePointOfSale
from central.venues.ops import CreateSite
from shared.ids import Id
from shared.wire.certificates import RIGHTS, DeviceKind
from shared.wire.facts import (
    Direction,
    Fact,
    FactKind,
    LeaseSealed,
    PassageFact,
    Sale,
    SalePayment,
    ScanFact,
    SlotsReturned,
)
from shared.wire.leases import Lease
from shared.wire.token import leased_ticket_id
from tests.central.devices.test_facts import Machine, counts, effects, enrol, lease_state, scan
from tests.central.sampling import Sampler
from tests.central.small_house import FULL, Clerk, House, new_id

pytestmark = pytest.mark.behind_the_door


@dataclass(slots=True)
class Evening:
    """A kiosk and a gate, and their neighbours that know the ids they make: a kiosk at a counter of its own, a gate of
    the same site, and one of another organiser's."""

    clerk: Clerk
    house: House
    kiosk: Machine
    gate: Machine
    neighbours: dict[str, Machine]
    lease: Lease
    theirs: Lease
    ticket: Id

    def sale(self) -> Sale:
        return self.kiosk.sale(self.house, self.lease, 0)


@pytest.fixture
def evening(quick: tuple[Clerk, House]) -> Evening:
    clerk, house = quick
    kiosk, gate, beside = (enrol(clerk, house, kind) for kind in (DeviceKind.KIOSK, DeviceKind.GATE, DeviceKind.GATE))
    counter, site, organiser = new_id(), new_id(), new_id()
    (channel,) = clerk.rows("SELECT channel_id FROM point_of_sale WHERE id = :id", id=house.kiosk_point)[0]
    clerk.do(
        CreatePointOfSale(
            id=counter, channel_id=channel, context_id=house.organiser, code="B2", names={"fr": "Borne"}, active=True
        )
    )
    clerk.do(
        CreateContext(
            id=organiser,
            context_id=house.institution,
            kind=ContextKind.ORGANISER,
            code="AUTRE",
            names={"fr": "Autre"},
            settings={},
        )
    )
    clerk.do(
        CreateSite(
            id=site,
            context_id=organiser,
            code="AILLEURS",
            names={"fr": "Ailleurs"},
            address="",
            timezone="Europe/Paris",
        )
    )
    neighbours = {
        "kiosk": enrol(clerk, replace(house, kiosk_point=counter), DeviceKind.KIOSK),
        "gate": beside,
        "gate elsewhere": enrol(clerk, replace(house, organiser=organiser, site=site), DeviceKind.GATE),
    }
    lease = kiosk.lease(house, *house.seats[:2])
    kiosk.send(kiosk.saw(FactKind.SALE, kiosk.sale(house, lease, 1, receipt=9)))
    theirs = neighbours["kiosk"].lease(house, house.seats[5])
    return Evening(clerk, house, kiosk, gate, neighbours, lease, theirs, leased_ticket_id(lease.id, 1))


# --- what an honest device tells, and what it is to leave ------------------------------------------------------------

Told = tuple[Machine, Fact]
Left = Callable[[], None]


def a_scan(at: Evening) -> tuple[Told, Left]:
    fact = at.gate.saw(FactKind.SCAN, scan(at.ticket, at.house))

    def left() -> None:
        assert at.clerk.rows("SELECT ticket_id, gate FROM admission") == [(at.ticket, "A1")]
        row = at.clerk.feed(f"admissions/{at.house.site}")[f"{at.ticket}/1"]
        assert row["scan_id"] == fact.id, "under the id by which its gate knows it"

    return (at.gate, fact), left


def a_passage(at: Evening) -> tuple[Told, Left]:
    came = at.gate.saw(FactKind.SCAN, scan(at.ticket, at.house))
    at.gate.send(came)
    fact = at.gate.saw(FactKind.PASSAGE, PassageFact(came.id, False))
    return (at.gate, fact), lambda: nobody(at.clerk)


def nobody(clerk: Clerk) -> None:
    assert clerk.rows("SELECT ticket_id FROM admission") == [], "the person did not go through"


def a_sale(at: Evening) -> tuple[Told, Left]:
    fact = at.kiosk.saw(FactKind.SALE, at.sale())

    def left() -> None:
        ((order, total),) = at.clerk.rows(
            "SELECT id, total FROM sale_order WHERE device_id = :d AND receipt = 1", d=at.kiosk.id
        )
        paid = at.clerk.rows("SELECT SUM(amount) FROM payment WHERE order_id = :id", id=order)
        assert (total, paid) == (FULL, [(FULL,)])
        slot = at.clerk.rows("SELECT state, order_id FROM lease_slot WHERE lease_id = :l AND slot = 0", l=at.lease.id)
        assert slot == [("sold", order)]
        ticket = leased_ticket_id(at.lease.id, 0)
        assert at.clerk.rows("SELECT 1 FROM entitlement WHERE id = :id", id=ticket), "of the ticket that was printed"

    return (at.kiosk, fact), left


def places_given_back(at: Evening) -> tuple[Told, Left]:
    fact = at.kiosk.saw(FactKind.SLOTS_RETURNED, SlotsReturned(at.lease.id, (0,)))
    return (at.kiosk, fact), lambda: closed(at)


def a_sealed_lease(at: Evening) -> tuple[Told, Left]:
    fact = at.kiosk.saw(FactKind.LEASE_SEALED, LeaseSealed(at.lease.id, (1,)))
    return (at.kiosk, fact), lambda: closed(at)


def closed(at: Evening) -> None:
    assert lease_state(at.clerk, at.lease.id) == "closed" and counts(at.clerk, at.house)["leased"] <= 1


def made_up(kind: str) -> Callable[[Evening], tuple[Told, Left]]:
    """Of a new area: a kind that somebody here may tell, of rows that are there."""

    def honest(at: Evening) -> tuple[Told, Left]:
        tellers = FACTS[kind].tellers
        machine = at.kiosk if tellers & RIGHTS[DeviceKind.KIOSK] else at.gate
        fact = machine.saw(kind, Sampler(at.clerk.db, at.house).value("", FACTS[kind].body))
        return (machine, fact), nothing_more

    return honest


def nothing_more() -> None:
    """That it had an effect is seen of every kind."""


HONEST: dict[str, Callable[[Evening], tuple[Told, Left]]] = {
    FactKind.SCAN: a_scan,
    FactKind.PASSAGE: a_passage,
    FactKind.SALE: a_sale,
    FactKind.SLOTS_RETURNED: places_given_back,
    FactKind.LEASE_SEALED: a_sealed_lease,
}
HONEST |= {kind: made_up(kind) for kind, facts in FACTS.items() if facts.take and kind not in HONEST}

# --- what a neighbour tells under the same ids -----------------------------------------------------------------------


def of_the_fact(at: Evening, honest: Fact) -> list[Told]:
    """The fact's own id, for whatever the neighbour may tell."""
    return [
        (at.neighbours[who], at.neighbours[who].saw(kind, body, fact_id=honest.id))
        for who, kind, body in (
            (
                "gate elsewhere",
                FactKind.SCAN,
                ScanFact("nothing", 1, "", "X1", Direction.ENTRY, False, "unreadable", 0),
            ),
            ("gate", FactKind.SCAN, scan(at.ticket, at.house, admitted=False, entry=0, gate="A2")),
            ("gate", FactKind.PASSAGE, PassageFact(new_id(), True)),
            ("gate elsewhere", FactKind.INCIDENT, {"n": 1}),
            ("kiosk", FactKind.INCIDENT, {"n": 1}),
            ("kiosk", FactKind.SLOTS_RETURNED, SlotsReturned(at.theirs.id, ())),
        )
    ]


def of_the_scan(at: Evening, honest: Fact) -> list[Told]:
    """A scan's id, in what passages say of it."""
    scan_id = Id(honest.body.get("scan_id", honest.id))
    gates = [at.neighbours["gate"], at.neighbours["gate elsewhere"]]
    went = honest.kind == FactKind.PASSAGE
    refused = ScanFact("nothing", 1, "", "X1", Direction.ENTRY, False, "unreadable", 0)
    return [
        (gate, fact)
        for gate in gates
        for fact in (
            gate.saw(FactKind.SCAN, refused, fact_id=scan_id), gate.saw(FactKind.PASSAGE, PassageFact(scan_id, went))
        )
    ]  # fmt: skip


def of_the_order(at: Evening, honest: Fact) -> list[Told]:
    """An order's id and its payments', for money of the neighbour's own."""
    kiosk, body = at.neighbours["kiosk"], honest.body
    paid = SalePayment(body["payments"][0]["id"], "card", 5)
    mine = kiosk.sale(at.house, at.theirs, 0, order_id=body["order_id"], payments=(paid,), receipt=1)
    return [(kiosk, kiosk.saw(FactKind.SALE, mine))]


EARLIER: list[tuple[str, Callable[[Evening, Fact], list[Told]]]] = [
    *((kind, of_the_fact) for kind in HONEST),
    (FactKind.SCAN, of_the_scan),
    (FactKind.PASSAGE, of_the_scan),
    (FactKind.SALE, of_the_order),
]


@pytest.mark.parametrize("first", ["neighbour", "honest"])
@pytest.mark.parametrize(("kind", "under"), EARLIER)
def test_another_devices_use_of_an_id_takes_nothing_away(
    evening: Evening, kind: str, under: Callable[[Evening, Fact], list[Told]], first: str
) -> None:
    (machine, fact), left = HONEST[kind](evening)
    others, books = under(evening, fact), wrong(evening.clerk)
    for device, each in [*others, (machine, fact)] if first == "neighbour" else [(machine, fact), *others]:
        before = effects(evening.clerk)
        assert device.send(each)["dead"] == {}
        assert each is not fact or effects(evening.clerk) != before
    left()
    assert evening.clerk.rows("SELECT kind FROM anomaly WHERE device_id = :d", d=machine.id) == []
    assert wrong(evening.clerk) == books
    assert not books or left is nothing_more, "rows that are made up are in no books"


def wrong(clerk: Clerk) -> list[str]:
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    return [said for check in run_checks(read) for said in check.wrong]


@pytest.mark.parametrize("effect", ["none", "another's"])
def test_a_scan_that_vanished_is_seen(evening: Evening, effect: str) -> None:
    """As it was before ids were bound to their devices: told and taken, and in its place nothing or another's scan."""
    (gate, fact), _ = a_scan(evening)
    gate.send(fact)
    clerk = evening.clerk
    clerk.db.write("DELETE FROM admission", {})
    if effect == "none":
        clerk.db.write("DELETE FROM scan", {})
    else:
        clerk.db.write("UPDATE scan SET ticket_id = 'nothing', entry = 0, admitted = 0", {})
    assert wrong(clerk) == [f"{gate.clerk.actor.name}: the scan that fact {fact.seq} told is not in the books"]


def test_a_scan_from_before_is_known_by_its_own_id(evening: Evening) -> None:
    """Rows of an earlier version have the gate's id for their own."""
    (gate, fact), left = a_scan(evening)
    gate.send(fact)
    clerk, other = evening.clerk, evening.neighbours["gate"]
    clerk.db.write("PRAGMA foreign_keys=OFF", {})
    clerk.db.write("UPDATE admission SET scan_id = :id", {"id": fact.id})
    clerk.db.write("UPDATE scan SET id = fact_id, fact_id = NULL", {})
    refused = scan(evening.ticket, evening.house, gate="A2", admitted=False, entry=0)
    for told in (
        other.saw(FactKind.SCAN, refused, fact_id=fact.id),
        other.saw(FactKind.PASSAGE, PassageFact(fact.id, False)),
    ):
        other.send(told)
    left()
    assert wrong(clerk) == []
    gate.send(gate.saw(FactKind.PASSAGE, PassageFact(fact.id, False)))
    nobody(clerk)
    assert wrong(clerk) == []
