"""A bound takes from who went beyond it. Whatever devices tell of what is not theirs, and whatever a guest does at a
reader, an evening leads to the same books as if nothing had been told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import central.access.ops as ops
import central.app  # noqa: F401 - all areas, and their reasons
from central.access.model import NoScan
from central.catalogue.model import Performance
from central.devices.facts import RetryFact
from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind
from central.kernel.job import job_of
from central.kernel.traces import Traces
from central.kernel.tx import Read
from central.organisation.ops import CreateContext
from central.reports import live_reads
from central.reports.checks import run_checks
from central.venues.ops import CreateSite
from shared.ids import Id
from shared.outcome import Ok
from shared.wire.certificates import DeviceKind
from shared.wire.facts import Direction, FactKind, LeaseSealed, PassageFact, SlotsReturned
from tests.central.devices.test_facts import Machine, enrol, kinds, scan
from tests.central.small_house import NOW, Clerk, House, new_id

MOST = 3


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "MOST_SCANS", MOST)
    monkeypatch.setattr(live_reads, "MOST_SCANS", MOST)


@pytest.fixture
def beside(quick: tuple[Clerk, House]) -> House:
    """Another organiser, with a site of its own."""
    clerk, house = quick
    organiser, site = new_id(), new_id()
    clerk.do(
        CreateContext(
            id=organiser, context_id=house.institution, kind=ContextKind.ORGANISER, code="BBB", names={"fr": "B"},
            settings={},
        )
    )  # fmt: skip
    clerk.do(
        CreateSite(
            id=site, context_id=organiser, code="SB", names={"fr": "SB"}, address="x", timezone="Europe/Paris"
        )
    )  # fmt: skip
    return replace(house, organiser=organiser, site=site)


def ticket_of(clerk: Clerk, house: House) -> str:
    return str(clerk.do(house.order(house.seats[0]))["tickets"][0]["ticket_id"])


def refused(machine: Machine, house: House, ticket: str, n: int) -> Any:
    said = replace(scan(ticket, house, admitted=False, entry=0), reason="used_up")
    return machine.saw(FactKind.SCAN, said, NOW - timedelta(seconds=n))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("own", [False, True], ids=["another organiser's gate", "a reader before the doors"])
def test_refused_scans_take_nothing_from_an_admission(quick: tuple[Clerk, House], beside: House, own: bool) -> None:
    clerk, house = quick
    ticket, gate = ticket_of(clerk, house), enrol(clerk, house, DeviceKind.GATE)
    reader = gate if own else enrol(clerk, beside, DeviceKind.GATE)
    assert reader.send(*(refused(reader, house, ticket, n) for n in range(MOST + 4)))["dead"] == {}
    assert clerk.rows("SELECT COUNT(*) FROM scan") == [(MOST,)], "the others are counted"
    assert clerk.rows("SELECT detail FROM anomaly WHERE kind = 'scanned_too_often'") == [
        (f'{{"gate":"A1","kept":{MOST},"more":4}}',)
    ]
    assert gate.send(gate.saw(FactKind.SCAN, scan(ticket, house)))["dead"] == {}
    assert clerk.rows("SELECT ticket_id, entry, site_id FROM admission") == [(ticket, 1, house.site)]
    assert clerk.feed(f"admissions/{house.site}")[f"{ticket}/1"]["gate"] == "A1"
    assert kinds(clerk, house) == ["scanned_too_often"], "one, however many"
    assert gate.send(gate.saw(FactKind.SCAN, scan(ticket, house), NOW + timedelta(seconds=1)))["dead"] == {}
    assert kinds(clerk, house) == ["duplicate_offline", "scanned_too_often"], "nor from what an entry given back needs"
    _holds(clerk)


@pytest.mark.usefixtures("few")
def test_what_a_device_tells_too_often_takes_from_itself_alone(quick: tuple[Clerk, House]) -> None:
    """Of entries that are used it is heard no more; of one that nobody used yet it is, and so is any other device."""
    clerk, house = quick
    ticket = ticket_of(clerk, house)
    mad, gate = enrol(clerk, house, DeviceKind.GATE), enrol(clerk, house, DeviceKind.GATE)

    def told(machine: Machine, seconds: int, **more: Any) -> dict[str, str]:
        said = replace(scan(ticket, house), **more)
        dead: dict[str, str] = machine.send(machine.saw(FactKind.SCAN, said, NOW + timedelta(seconds=seconds)))["dead"]
        return dead

    assert [told(mad, -n) for n in range(MOST)] == [{}] * MOST
    why = f"{NoScan.TOO_MANY.key}: {ticket} most={MOST}"
    assert [list(told(mad, n).values()) for n in (9, -9)] == [[why], [why]], "neither later nor earlier"
    assert told(mad, 9, entry=2) == {}, "nobody used it"
    assert list(told(mad, 10, entry=2).values()) == [why]
    assert list(told(mad, 10, entry=ops.MOST_ENTRIES + 1).values()) == [why], "no barcode has so many"
    assert told(gate, -20, gate="B1") == {} and told(gate, 20, entry=3) == {}
    assert clerk.rows("SELECT entry, gate FROM admission ORDER BY entry") == [(1, "B1"), (2, "A1"), (3, "A1")]
    last = mad.saw(FactKind.PASSAGE, PassageFact(mad.facts[0].id, False))
    assert list(mad.send(last)["dead"].values()) == [why], "nor is an entry given back and used without end"
    assert gate.send(gate.saw(FactKind.PASSAGE, PassageFact(gate.facts[0].id, False)))["dead"] == {}
    assert clerk.rows("SELECT gate FROM admission WHERE entry = 1") == [("A1",)]
    _holds(clerk)


@pytest.mark.usefixtures("few")
def test_a_letter_from_before_has_its_effect(quick: tuple[Clerk, House]) -> None:
    """An admission that a bound once refused is there after another try."""
    clerk, house = quick
    ticket, gate = ticket_of(clerk, house), enrol(clerk, house, DeviceKind.GATE)
    gate.send(*(refused(gate, house, ticket, n) for n in range(MOST)))
    with pytest.MonkeyPatch.context() as then:
        then.setattr(ops, "_told_enough", lambda *_, **__: True)
        then.setattr(ops, "MOST_ENTRIES", 0)
        gate.send(fact := gate.saw(FactKind.SCAN, scan(ticket, house)))
    ((record,),) = clerk.rows("SELECT id FROM fact WHERE fact_id = :id AND state = 'dead'", id=fact.id)
    assert clerk.do(RetryFact(fact_record_id=record)) == "taken"
    assert clerk.rows("SELECT ticket_id FROM admission") == [(ticket,)]


def _read(clerk: Clerk) -> Read:
    return Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)


def _holds(clerk: Clerk) -> None:
    checks = run_checks(_read(clerk))
    assert [(check.name, check.wrong) for check in checks if not check.ok] == []


# --- every fact, told of what is another's ----------------------------------------------------------------------------

Naming = Callable[[House, Id, str], Any]
SAYS: dict[str, Naming] = {
    "a scan that let nobody in": lambda house, _, ticket: scan(ticket, house, admitted=False, entry=0),
    "one that was forced": lambda house, _, ticket: scan(ticket, house, entry=0),
    "one that let somebody out": lambda house, _, ticket: replace(scan(ticket, house), direction=Direction.EXIT),
    "one that let somebody in": lambda house, _, ticket: scan(ticket, house),
    "that nobody went through theirs": lambda _, scan_id, __: PassageFact(scan_id, False),
    "one of no performance": lambda house, _, ticket: replace(scan(ticket, house), performance_id=""),
}
"""What a gate may say of a ticket, or of the first scan that its own gate will tell; each for itself."""


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("what", SAYS)
def test_what_is_told_elsewhere_counts_for_nothing_here(quick: tuple[Clerk, House], beside: House, what: str) -> None:
    """The same evening, with and without it: the books and the feeds of who owns the ticket are the same."""
    clerk, house = quick
    foreign = enrol(clerk, beside, DeviceKind.GATE)
    kiosk, one, two = (enrol(clerk, house, kind) for kind in (DeviceKind.KIOSK, DeviceKind.GATE, DeviceKind.GATE))
    ticket, lease = ticket_of(clerk, house), kiosk.lease(house, *house.seats[1:3])
    evening = [
        (one, one.saw(FactKind.SCAN, scan(ticket, house), NOW)),
        (two, two.saw(FactKind.SCAN, scan(ticket, house, gate="B1"), NOW - timedelta(seconds=1))),
        (two, two.saw(FactKind.PASSAGE, PassageFact(two.facts[-1].id, False))),
        (two, two.saw(FactKind.SCAN, scan(ticket, house, entry=2, gate="B1"))),
        (kiosk, kiosk.saw(FactKind.SALE, kiosk.sale(house, lease, 0))),
        (kiosk, kiosk.saw(FactKind.SLOTS_RETURNED, SlotsReturned(lease.id, (1,)))),
        (kiosk, kiosk.saw(FactKind.LEASE_SEALED, LeaseSealed(lease.id, (0,)))),
    ]
    said = SAYS[what](house, one.facts[0].id, ticket)
    kind = FactKind.PASSAGE if isinstance(said, PassageFact) else FactKind.SCAN
    noise = [foreign.saw(kind, said, NOW + timedelta(seconds=60 * n)) for n in range(-3 * MOST, 3 * MOST)]
    quiet, loud = (_books(clerk, house, evening, foreign, facts) for facts in ((), noise))
    assert loud == quiet


def _books(
    clerk: Clerk, house: House, evening: list[tuple[Machine, Any]], foreign: Machine, noise: Any
) -> dict[str, Any]:
    """What an evening leads to after this, which is forgotten again."""
    clerk.db.begin(write=True)
    try:
        if noise:
            _told(clerk, foreign, *noise)
        for machine, fact in evening:
            assert _told(clerk, machine, fact)["dead"] == {}
        read = _read(clerk)
        performance = read.get(Performance, house.performance)
        assert performance is not None
        return {
            "admissions": clerk.rows("SELECT ticket_id, entry, scan_id, gate, at FROM admission ORDER BY id"),
            "fed": clerk.rows(
                "SELECT feed, key, body FROM feed_row WHERE feed LIKE :of ORDER BY 1, 2", of=f"%/{house.site}"
            ),
            "sold": clerk.rows("SELECT id, state, total FROM sale_order ORDER BY id"),
            "leased": clerk.rows("SELECT id, state FROM lease_slot ORDER BY id"),
            "told": clerk.rows("SELECT device_id, kind, subject FROM anomaly WHERE device_id <> :id", id=foreign.id),
            "lanes": live_reads.lanes_of(read, performance, ()),
        }
    finally:
        clerk.db.rollback()


def _told(clerk: Clerk, machine: Machine, *facts: Any) -> Any:
    """In a transaction that the test holds."""
    job = job_of(machine.clerk.actor, machine.upload(*facts), new_id())
    reply = clerk.door.judge.run(clerk.db, job, clerk.watch(), Traces())[0].outcome
    assert isinstance(reply, Ok), reply
    return reply.value
