"""The gate's rule: every refusal by name, every way in, and the order of the refusals."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import ClockState, Now
from shared.ids import Id, derived_id
from shared.outcome import Ok, Refused
from shared.rules.access import (
    Admit,
    Credential,
    Deny,
    Entry,
    Facts,
    Gate,
    KeyFacts,
    Lamp,
    LeaseFacts,
    Message,
    Note,
    ProofRule,
    TicketFacts,
    decide,
)
from shared.wire.certificates import RIGHTS, Certificate, DeviceKind
from shared.wire.facts import Direction
from shared.wire.feeds import OfflinePolicy, PerformanceRow
from shared.wire.seal import Signer
from shared.wire.token import PLAIN, Flag, Token, leased_ticket_id, parse, sign, write

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HAMLET, LEAR = derived_id("performance", "hamlet"), derived_id("performance", "lear")
TICKET, LEASE, KIOSK = derived_id("ticket", 1), derived_id("lease", 1), derived_id("kiosk", 1)
STALLS, BALCONY = 1, 2
CENTRAL_KEY = Signer.of(Ed25519PrivateKey.from_private_bytes(b"c" * 32))
KIOSK_KEY = Signer.of(Ed25519PrivateKey.from_private_bytes(b"k" * 32))
NOW = Now(NOON, ClockState.TRUSTED, timedelta())


def certificate(signer: Signer, kind: DeviceKind, site: str, holder: Id = KIOSK) -> Certificate:
    return Certificate(
        holder, kind, site, RIGHTS[kind], NOON - 9 * HOUR, NOON + 99 * HOUR, signer.key.public_key(), signer.kid, ""
    )


CENTRAL = KeyFacts(certificate(CENTRAL_KEY, DeviceKind.CENTRAL, ""))
TILL = KeyFacts(certificate(KIOSK_KEY, DeviceKind.KIOSK, "site"))
PLAY = PerformanceRow(
    event_names={"fr": "Hamlet"},
    starts=NOON + HOUR,
    doors=NOON - HOUR,
    closes=NOON + 2 * HOUR,
    timezone="Europe/Paris",
    plan_id="plan",
    on_sale=True,
    zones={"0": "Parterre", "1": "Balcon"},
    reentry_after_s=600,
)
DOOR = Gate("A", "site", zones=STALLS)
HEARD = Facts(key=CENTRAL, ticket=TicketFacts(HAMLET, 1), performance=PLAY)


def ticket(signer: Signer = CENTRAL_KEY, **over: object) -> Token:
    plain = Token("", TICKET, 1, HAMLET, STALLS, 1)
    return sign(replace(plain, **over), signer)  # type: ignore[arg-type]


def kiosk_ticket(slot: int = 0, **over: object) -> Token:
    return ticket(KIOSK_KEY, ticket_id=leased_ticket_id(LEASE, slot), lease_id=LEASE, slot=slot, **over)


@dataclass(frozen=True)
class Scene:
    """One scan with everything that bears on it."""

    credential: Credential
    facts: Facts = HEARD
    gate: Gate = DOOR
    now: Now = NOW

    def answer(self) -> Ok[Admit] | Refused:
        return decide(self.credential, self.facts, self.gate, self.now)


def scene(token: Token | None = None, **facts: object) -> Scene:
    return Scene(Credential(token or ticket()), replace(HEARD, **facts))  # type: ignore[arg-type]


def kiosk_scene(token: Token | None = None, **facts: object) -> Scene:
    """A sale that nobody but the kiosk has heard of."""
    return scene(token or kiosk_ticket(), **{"key": TILL, "ticket": None, **facts})


def at(clock: datetime, state: ClockState = ClockState.TRUSTED) -> Now:
    return Now(clock, state, timedelta.max if state is ClockState.UNTRUSTED else timedelta())


def come_in(number: int = 1, minutes_ago: int = 30, gate: str = "B") -> Entry:
    return Entry(number, NOON - timedelta(minutes=minutes_ago), gate)


def gone_out(number: int = 1, minutes_ago: int = 30) -> Entry:
    return Entry(number, NOON - HOUR, "B", inside=False, moved=NOON - timedelta(minutes=minutes_ago))


KNOWN_LEASE = LeaseFacts(KIOSK, HAMLET, (STALLS, BALCONY), frozenset({1}))
POLICY = {policy: replace(PLAY, policy=policy) for policy in OfflinePolicy}
YESTERDAY = NOON - 24 * HOUR

REFUSALS: list[tuple[str, Scene, Deny, dict[str, object]]] = [
    ("garbage", Scene(Credential(None)), Deny.UNREADABLE, {}),
    ("no such key", scene(key=None), Deny.UNKNOWN_KEY, {"because": "not_heard_of"}),
    (
        "a kiosk signs what only central may",
        scene(ticket(KIOSK_KEY), key=TILL),
        Deny.UNKNOWN_KEY,
        {"because": "without_the_right"},
    ),
    (
        "a kiosk of another house",
        kiosk_scene(key=KeyFacts(certificate(KIOSK_KEY, DeviceKind.KIOSK, "elsewhere"))),
        Deny.UNKNOWN_KEY,
        {"because": "other_site"},
    ),
    (
        "a printer has no right to sell",
        kiosk_scene(key=KeyFacts(certificate(KIOSK_KEY, DeviceKind.PRINTER, "site"))),
        Deny.UNKNOWN_KEY,
        {"because": "without_the_right"},
    ),
    ("a revoked kiosk", kiosk_scene(key=replace(TILL, revoked=True)), Deny.UNKNOWN_KEY, {"because": "revoked"}),
    (
        "an expired kiosk",
        replace(kiosk_scene(), now=at(NOON + 100 * HOUR)),
        Deny.UNKNOWN_KEY,
        {"because": "expired"},
    ),
    ("one bit altered", scene(replace(ticket(), entries=9)), Deny.BAD_SIGNATURE, {"because": "altered"}),
    (
        "signed by another kiosk for this lease",
        kiosk_scene(lease=replace(KNOWN_LEASE, device_id=derived_id("kiosk", 2))),
        Deny.BAD_SIGNATURE,
        {"because": "not_its_lease"},
    ),
    ("specimen", scene(ticket(flags=Flag.SPECIMEN)), Deny.UNKNOWN_TICKET, {"because": "specimen"}),
    (
        "not on a complete list",
        scene(ticket=None, complete=True),
        Deny.UNKNOWN_TICKET,
        {"because": "not_on_the_list"},
    ),
    (
        "not on a strict list, complete or not",
        scene(ticket=None, performance=POLICY[OfflinePolicy.DENY]),
        Deny.UNKNOWN_TICKET,
        {"because": "not_on_the_list"},
    ),
    (
        "a slot beyond the lease",
        kiosk_scene(kiosk_ticket(2), lease=KNOWN_LEASE),
        Deny.UNKNOWN_TICKET,
        {"because": "no_such_slot"},
    ),
    (
        "a slot given back",
        kiosk_scene(kiosk_ticket(1), lease=KNOWN_LEASE),
        Deny.UNKNOWN_TICKET,
        {"because": "slot_returned"},
    ),
    (
        "another performance than the lease's",
        kiosk_scene(lease=replace(KNOWN_LEASE, performance_id=LEAR)),
        Deny.UNKNOWN_TICKET,
        {"because": "beyond_the_lease"},
    ),
    ("cancelled", scene(ticket=TicketFacts(HAMLET, 1, cancelled=True)), Deny.CANCELLED, {"because": "ticket"}),
    (
        "performance cancelled",
        scene(performance=replace(PLAY, cancelled=True)),
        Deny.CANCELLED,
        {"because": "performance"},
    ),
    ("reissued", scene(ticket=TicketFacts(HAMLET, 2)), Deny.REISSUED, {"serial": 1, "valid": 2}),
    (
        "used",
        scene(entries=(come_in(),)),
        Deny.USED,
        {"at": (NOON - HOUR / 2).isoformat(), "gate": "B"},
    ),
    (
        "a group that is all in",
        scene(ticket(entries=2), entries=(come_in(1), come_in(2, 5, "C"))),
        Deny.ENTRIES_USED_UP,
        {"left": 0, "gate": "C"},
    ),
    ("a ticket for nobody", scene(ticket(entries=0)), Deny.ENTRIES_USED_UP, {"left": 0}),
    (
        "three with two entries left",
        Scene(Credential(ticket(entries=3), persons=3), replace(HEARD, entries=(come_in(),))),
        Deny.ENTRIES_USED_UP,
        {"left": 2},
    ),
    (
        "another performance than this gate's",
        replace(scene(), gate=replace(DOOR, performances=frozenset({LEAR}))),
        Deny.WRONG_PERFORMANCE,
        {"event": {"fr": "Hamlet"}},
    ),
    (
        "balcony ticket at the stalls, the lane is known",
        scene(ticket(zones=BALCONY), doors=(("A", STALLS), ("C", BALCONY))),
        Deny.WRONG_ZONE,
        {"because": "zone", "zones": ["Balcon"], "gates": ["C"]},
    ),
    ("a ticket for no zone", scene(ticket(zones=0)), Deny.WRONG_ZONE, {"zones": [], "gates": []}),
    (
        "the lease gave less than the token says",
        kiosk_scene(kiosk_ticket(zones=3), lease=replace(KNOWN_LEASE, zones=(BALCONY,))),
        Deny.WRONG_ZONE,
        {"zones": ["Balcon"]},
    ),
    (
        "alone, and another gate owns the stalls",
        scene(performance=POLICY[OfflinePolicy.OWNER_GATE_ONLY], neighbours_heard=False, doors=(("B", STALLS),)),
        Deny.WRONG_ZONE,
        {"because": "owner", "gates": ["B"]},
    ),
    ("too early", replace(scene(), now=at(NOON - 2 * HOUR)), Deny.TOO_EARLY, {"opens": (NOON - HOUR).isoformat()}),
    ("too late", replace(scene(), now=at(NOON + 2 * HOUR)), Deny.TOO_LATE, {"closed": (NOON + 2 * HOUR).isoformat()}),
    (
        "a pass before its window",
        scene(ticket(performance_id=None, window=(int(NOON.timestamp()) + 1, 2**64 - 1))),
        Deny.TOO_EARLY,
        {},
    ),
    (
        "a pass after its window",
        scene(ticket(performance_id=None, window=(0, int(NOON.timestamp())))),
        Deny.TOO_LATE,
        {},
    ),
    (
        "back too soon",
        scene(entries=(gone_out(minutes_ago=4),)),
        Deny.REENTRY_NOT_YET,
        {"at": (NOON + timedelta(minutes=6)).isoformat()},
    ),
    ("holder blocked", scene(ticket=TicketFacts(HAMLET, 1, blocked=True)), Deny.HOLDER_BLOCKED, {}),
    (
        "full",
        replace(scene(inside=10), gate=replace(DOOR, capacity=10)),
        Deny.ZONE_FULL,
        {"inside": 10, "capacity": 10},
    ),
    (
        "room for one, and two come together",
        Scene(Credential(ticket(entries=2), persons=2), replace(HEARD, inside=9), replace(DOOR, capacity=10)),
        Deny.ZONE_FULL,
        {"inside": 9, "capacity": 10},
    ),
    (
        "a reduced tariff where the lane asks",
        replace(scene(ticket(flags=Flag.PROOF)), gate=replace(DOOR, proof=ProofRule.ASK)),
        Deny.NEEDS_CHECK,
        {},
    ),
    ("no list for this performance", scene(performance=None), Deny.LIST_CLOSED, {"because": "no_list"}),
    (
        "alone under a strict list",
        scene(performance=POLICY[OfflinePolicy.DENY], neighbours_heard=False),
        Deny.LIST_CLOSED,
        {"because": "neighbours_unheard"},
    ),
    (
        "no trusted time, strict list",
        replace(scene(performance=POLICY[OfflinePolicy.DENY]), now=at(YESTERDAY, ClockState.UNTRUSTED)),
        Deny.TOO_EARLY,
        {},
    ),
]


@pytest.mark.parametrize(("story", "case", "reason", "detail"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_refused(story: str, case: Scene, reason: Deny, detail: dict[str, object]) -> None:
    answer = case.answer()
    assert isinstance(answer, Refused)
    assert answer.reason is reason
    assert {key: answer.detail[key] for key in detail} == detail


def test_every_reason_is_in_the_table() -> None:
    assert {row[2] for row in REFUSALS} == set(Deny)


PROOF = ticket(flags=Flag.PROOF)
ADMISSIONS: list[tuple[str, Scene, dict[str, object]]] = [
    ("plain", scene(), {"ticket_id": TICKET, "entries": (1,), "count": 1, "lamp": Lamp.GREEN, "notes": (), "left": 0}),
    ("at the doors' opening", replace(scene(), now=at(NOON - HOUR)), {"message": Message.WELCOME}),
    (
        "a clock a second behind lets in a second early",
        replace(scene(), now=Now(NOON - HOUR - timedelta(seconds=1), ClockState.HOLDOVER, timedelta(seconds=2))),
        {"message": Message.WELCOME},
    ),
    (
        "a sale nobody heard of",
        kiosk_scene(),
        {"ticket_id": leased_ticket_id(LEASE, 0), "entries": (1,), "notes": (Note.LEASE_UNKNOWN,)},
    ),
    ("a sale out of a known lease", kiosk_scene(lease=KNOWN_LEASE), {"notes": ()}),
    (
        "a sale that stays good after the kiosk was revoked",
        kiosk_scene(key=replace(TILL, revoked=True, good=frozenset({leased_ticket_id(LEASE, 0)}))),
        {"count": 1},
    ),
    (
        "sold before the kiosk's certificate ran out, and in central's list",
        replace(
            kiosk_scene(ticket=TicketFacts(HAMLET, 1), performance=replace(PLAY, doors=NOON, closes=NOON + 200 * HOUR)),
            now=at(NOON + 100 * HOUR),
        ),
        {"notes": ()},
    ),
    ("not on an incomplete list", scene(ticket=None), {"notes": (Note.TICKET_UNHEARD,)}),
    ("newer than the list", scene(ticket(serial=3)), {"count": 1}),
    ("second of a group", scene(ticket(entries=3), entries=(come_in(1),)), {"entries": (2,), "left": 1}),
    (
        "a group at once",
        Scene(Credential(ticket(entries=4), persons=0), replace(HEARD, entries=(come_in(2),))),
        {"entries": (1, 3, 4), "count": 3, "left": 0},
    ),
    (
        "two of a group together",
        Scene(Credential(ticket(entries=4), persons=2)),
        {"entries": (1, 2), "count": 2, "left": 2},
    ),
    (
        "back after ten minutes",
        scene(entries=(gone_out(minutes_ago=10),)),
        {"entries": (1,), "message": Message.WELCOME_BACK, "back": True, "left": 0, "notes": (Note.BACK,)},
    ),
    (
        "of a group, one who went out burns nothing new",
        scene(ticket(entries=3), entries=(come_in(1), gone_out(2))),
        {"entries": (2,), "back": True, "left": 1},
    ),
    (
        "of a group, one too soon back takes an unused entry",
        scene(ticket(entries=3), entries=(gone_out(1, minutes_ago=1),)),
        {"entries": (2,), "back": False, "left": 1},
    ),
    ("reduced: somebody looks", scene(PROOF), {"lamp": Lamp.AMBER, "message": Message.CHECK_PROOF}),
    (
        "reduced: proof seen",
        Scene(Credential(PROOF, checked=True), gate=replace(DOOR, proof=ProofRule.ASK)),
        {"lamp": Lamp.GREEN, "message": Message.WELCOME},
    ),
    ("the last place inside", replace(scene(inside=9), gate=replace(DOOR, capacity=10)), {"count": 1}),
    (
        "no trusted time, lenient list",
        replace(scene(), now=at(YESTERDAY, ClockState.UNTRUSTED)),
        {"notes": (Note.CLOCK_UNTRUSTED,)},
    ),
    ("alone, lenient list", scene(neighbours_heard=False), {"notes": (Note.NEIGHBOURS_UNHEARD,)}),
    (
        "alone, and this gate owns the stalls",
        replace(
            scene(performance=POLICY[OfflinePolicy.OWNER_GATE_ONLY], neighbours_heard=False),
            gate=replace(DOOR, owns=STALLS),
        ),
        {"notes": (Note.NEIGHBOURS_UNHEARD,)},
    ),
    (
        "a pass within its window",
        scene(ticket(performance_id=None, window=(0, 2**64 - 1)), performance=None),
        {"entries": (1,)},
    ),
    (
        "helpdesk: valid, burns nothing",
        replace(scene(), gate=replace(DOOR, helpdesk=True)),
        {"message": Message.VALID, "entries": (), "count": 0, "opens": False, "left": 1},
    ),
    (
        "out",
        replace(scene(entries=(come_in(),)), gate=replace(DOOR, direction=Direction.EXIT)),
        {"entries": (1,), "message": Message.GOODBYE, "direction": Direction.EXIT, "notes": ()},
    ),
    (
        "out with a cancelled ticket at another door after hours: nobody is kept inside",
        replace(
            scene(ticket(zones=BALCONY), ticket=TicketFacts(HAMLET, 9, cancelled=True), performance=None),
            gate=replace(DOOR, direction=Direction.EXIT),
            now=at(NOON + 50 * HOUR),
        ),
        {"entries": (), "count": 1, "opens": True, "notes": (Note.NOT_INSIDE,)},
    ),
    (
        "forced",
        Scene(Credential(ticket(), forced="lost child"), replace(HEARD, entries=(come_in(),))),
        {"entries": (), "count": 1, "message": Message.FORCED, "overruled": Deny.USED, "notes": (Note.FORCED,)},
    ),
    (
        "forced without any ticket",
        Scene(Credential(None, forced="fire brigade")),
        {"ticket_id": "", "overruled": Deny.UNREADABLE, "detail": {"why": "fire brigade"}},
    ),
    (
        "a reason given where none was needed: a plain entry",
        Scene(Credential(ticket(), forced="x")),
        {"entries": (1,), "message": Message.WELCOME, "overruled": None},
    ),
]


@pytest.mark.parametrize(("story", "case", "want"), ADMISSIONS, ids=[row[0] for row in ADMISSIONS])
def test_admitted(story: str, case: Scene, want: dict[str, object]) -> None:
    answer = case.answer()
    assert isinstance(answer, Ok), answer
    assert {name: getattr(answer.value, name) for name in want} == want


def test_a_specimen_stays_out_even_when_forced() -> None:
    answer = Scene(Credential(ticket(flags=Flag.SPECIMEN), forced="please")).answer()
    assert isinstance(answer, Refused)
    assert answer.detail["because"] == "specimen"


def test_the_helpdesk_never_forces() -> None:
    used = Scene(Credential(ticket(), forced="x"), replace(HEARD, entries=(come_in(),)))
    answer = replace(used, gate=replace(DOOR, helpdesk=True)).answer()
    assert isinstance(answer, Refused)
    assert answer.reason is Deny.USED


def test_an_exit_still_wants_a_genuine_ticket() -> None:
    answer = replace(scene(replace(ticket(), zones=7)), gate=replace(DOOR, direction=Direction.EXIT)).answer()
    assert isinstance(answer, Refused)
    assert answer.reason is Deny.BAD_SIGNATURE


def test_what_is_printed_is_what_is_decided() -> None:
    assert scene(parse(write(ticket()))).answer() == scene().answer()


# --- precedence: one fault each, laid over one another --------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """How to spoil a scan: what is printed, what is known, which lane, when."""

    token: Callable[[dict[str, object]], dict[str, object]] = lambda fields: fields
    facts: Callable[[Facts], Facts] = lambda facts: facts
    gate: Callable[[Gate], Gate] = lambda gate: gate
    now: Callable[[Now], Now] = lambda now: now
    torn: bool = False
    unread: bool = False


def _ticket(**over: object) -> Callable[[Facts], Facts]:
    return lambda facts: replace(facts, ticket=replace(facts.ticket or TicketFacts(HAMLET, 1), **over))


FAULTS: dict[Deny, Fault] = {
    Deny.UNREADABLE: Fault(unread=True),
    Deny.UNKNOWN_KEY: Fault(facts=lambda facts: replace(facts, key=replace(CENTRAL, revoked=True))),
    Deny.BAD_SIGNATURE: Fault(torn=True),
    Deny.UNKNOWN_TICKET: Fault(token=lambda fields: {**fields, "flags": fields["flags"] | Flag.SPECIMEN}),
    Deny.CANCELLED: Fault(facts=_ticket(cancelled=True)),
    Deny.REISSUED: Fault(facts=_ticket(serial=2)),
    Deny.USED: Fault(facts=lambda facts: replace(facts, entries=(come_in(),))),
    Deny.ENTRIES_USED_UP: Fault(token=lambda fields: {**fields, "entries": 0}),
    Deny.WRONG_PERFORMANCE: Fault(gate=lambda gate: replace(gate, performances=frozenset({LEAR}))),
    Deny.WRONG_ZONE: Fault(token=lambda fields: {**fields, "zones": BALCONY}),
    Deny.TOO_EARLY: Fault(now=lambda now: replace(now, at=NOON - 2 * HOUR)),
    Deny.TOO_LATE: Fault(now=lambda now: replace(now, at=NOON + 3 * HOUR)),
    Deny.REENTRY_NOT_YET: Fault(
        facts=lambda facts: replace(facts, entries=(replace(come_in(), inside=False, moved=NOON + 99 * HOUR),))
    ),
    Deny.HOLDER_BLOCKED: Fault(facts=_ticket(blocked=True)),
    Deny.ZONE_FULL: Fault(facts=lambda facts: replace(facts, inside=500), gate=lambda gate: replace(gate, capacity=5)),
    Deny.NEEDS_CHECK: Fault(
        token=lambda fields: {**fields, "flags": fields["flags"] | Flag.PROOF},
        gate=lambda gate: replace(gate, proof=ProofRule.ASK),
    ),
    Deny.LIST_CLOSED: Fault(
        facts=lambda facts: replace(facts, performance=POLICY[OfflinePolicy.DENY], neighbours_heard=False)
    ),
}
# These pairs cannot both be true of one ticket, or say the same thing at once.
EXCLUSIVE = [
    {Deny.USED, Deny.ENTRIES_USED_UP},
    {Deny.TOO_EARLY, Deny.TOO_LATE},
    {Deny.USED, Deny.REENTRY_NOT_YET},
    {Deny.ENTRIES_USED_UP, Deny.REENTRY_NOT_YET},
]


def spoiled(faults: list[Fault]) -> Scene:
    fields: dict[str, object] = {"flags": PLAIN, "entries": 1, "zones": STALLS}
    facts, gate, now = HEARD, DOOR, NOW
    for fault in faults:
        fields, facts, gate, now = fault.token(fields), fault.facts(facts), fault.gate(gate), fault.now(now)
    token = ticket(**fields)
    if any(fault.torn for fault in faults):
        token = replace(token, signature=bytes(64))
    return Scene(Credential(None if any(fault.unread for fault in faults) else token), facts, gate, now)


def pairs() -> Iterator[tuple[Deny, Deny]]:
    for first, second in combinations(Deny, 2):
        if {first, second} not in EXCLUSIVE:
            yield first, second


# What an exit asks too: whether the ticket is genuine. All else keeps nobody inside.
ALSO_OUT = {Deny.UNREADABLE, Deny.UNKNOWN_KEY, Deny.BAD_SIGNATURE, Deny.UNKNOWN_TICKET}


@pytest.mark.parametrize("policy", OfflinePolicy)
@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("reason", Deny)
def test_each_fault_alone(reason: Deny, direction: Direction, policy: OfflinePolicy) -> None:
    case = spoiled([FAULTS[reason]])
    performance = case.facts.performance
    assert performance is not None
    if reason is not Deny.LIST_CLOSED:  # that one is a policy's own
        performance = replace(performance, policy=policy)
    gate = replace(case.gate, direction=direction)
    answer = replace(case, facts=replace(case.facts, performance=performance), gate=gate).answer()
    if direction is Direction.EXIT and reason not in ALSO_OUT:
        assert isinstance(answer, Ok)
        assert (answer.value.message, answer.value.opens) == (Message.GOODBYE, True)
    else:
        assert isinstance(answer, Refused)
        assert answer.reason is reason


@pytest.mark.parametrize(("story", "case", "reason", "detail"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_out_only_what_is_genuine(story: str, case: Scene, reason: Deny, detail: dict[str, object]) -> None:
    answer = replace(case, gate=replace(case.gate, direction=Direction.EXIT)).answer()
    assert isinstance(answer, Refused) == (reason in ALSO_OUT), answer


@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize("owns", [0, STALLS, BALCONY, STALLS | BALCONY])
@pytest.mark.parametrize("policy", OfflinePolicy)
def test_of_two_zones_the_lowest_has_the_owner(policy: OfflinePolicy, owns: int, heard: bool) -> None:
    """A ticket for stalls and balcony: were any owner enough, two gates that cannot hear each other would let it in."""
    case = scene(ticket(zones=STALLS | BALCONY), performance=POLICY[policy], neighbours_heard=heard)
    answer = replace(case, gate=replace(DOOR, zones=STALLS | BALCONY, owns=owns)).answer()
    refused = {
        OfflinePolicy.OWNER_GATE_ONLY: Deny.WRONG_ZONE if not owns & STALLS else None,
        OfflinePolicy.DENY: Deny.LIST_CLOSED,
        OfflinePolicy.ADMIT_AND_FLAG: None,
    }[policy]
    if heard or refused is None:
        assert isinstance(answer, Ok)
    else:
        assert isinstance(answer, Refused)
        assert answer.reason is refused


def test_several_together_never_pass_as_one_who_comes_back() -> None:
    """One of them was in before: the two of a group burn two unused entries, and nobody's return hides one of them."""
    facts = replace(HEARD, entries=(gone_out(1),))
    answer = Scene(Credential(ticket(entries=4), persons=2), facts).answer()
    assert isinstance(answer, Ok)
    assert (answer.value.entries, answer.value.count, answer.value.back) == ((2, 3), 2, False)


@pytest.mark.parametrize(("first", "second"), list(pairs()))
def test_of_two_faults_the_earlier_is_named(first: Deny, second: Deny) -> None:
    for order in ([first, second], [second, first]):
        answer = spoiled([FAULTS[reason] for reason in order]).answer()
        assert isinstance(answer, Refused)
        assert answer.reason is first


@given(st.lists(st.sampled_from(list(Deny)), unique=True), st.sampled_from(list(Direction)), st.booleans())
def test_any_heap_of_faults_gets_an_answer(reasons: list[Deny], direction: Direction, helpdesk: bool) -> None:
    case = spoiled([FAULTS[reason] for reason in reasons])
    answer = replace(case, gate=replace(case.gate, direction=direction, helpdesk=helpdesk)).answer()
    if isinstance(answer, Ok):
        assert answer.value.count <= 1
        assert not (helpdesk and (answer.value.opens or answer.value.entries))
        assert direction is Direction.EXIT or not reasons
    else:
        assert answer.reason in Deny
