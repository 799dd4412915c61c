"""Who may pass a gate: `decide` is pure and total, the same offline, online and at the helpdesk (docs/spec/edge.md).

Facts are loaded by whoever asks. The checks stand in one table in the order of `Deny`, each with the directions that
ask it; the first that fails is the answer, so a ticket that is both cancelled and at the wrong door is cancelled. An
exit only asks whether the ticket is genuine: nobody is kept inside by a rule.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from typing import Any, TypeAlias

from shared.clock import ClockState, Now
from shared.ids import Id
from shared.outcome import Ok, Outcome, Reason, Refused
from shared.wire.certificates import Certificate, Right
from shared.wire.facts import Direction
from shared.wire.feeds import OfflinePolicy, PerformanceRow
from shared.wire.token import Flag, Token

SPECIMEN = "specimen"  # why a ticket is unknown that nobody may force in


class Deny(Reason):
    """In order of precedence."""

    UNREADABLE = auto()  # not one of our codes, to the last character
    UNKNOWN_KEY = auto()  # no key that counts here: never heard of, revoked, expired, without the right, other site
    BAD_SIGNATURE = auto()  # the key is known, the signature is not its own (or not for that lease)
    UNKNOWN_TICKET = auto()  # well signed, but no such ticket: specimen, no such slot, not on a complete list
    CANCELLED = auto()  # the ticket or its whole performance
    REISSUED = auto()  # a later ticket replaces this one
    USED = auto()  # its one entry, when and where
    ENTRIES_USED_UP = auto()
    WRONG_PERFORMANCE = auto()
    WRONG_ZONE = auto()  # another door, and which
    TOO_EARLY = auto()
    TOO_LATE = auto()
    REENTRY_NOT_YET = auto()
    HOLDER_BLOCKED = auto()
    ZONE_FULL = auto()
    NEEDS_CHECK = auto()  # somebody must see the proof of a reduced tariff
    LIST_CLOSED = auto()  # no open list here, or it must not be used while the neighbours cannot be heard


class Lamp(StrEnum):
    GREEN = auto()
    AMBER = auto()  # go, and somebody should look
    RED = auto()


class Message(StrEnum):
    WELCOME = auto()
    WELCOME_BACK = auto()
    CHECK_PROOF = auto()
    GOODBYE = auto()
    VALID = auto()  # helpdesk: it would be let in
    FORCED = auto()


class Note(StrEnum):
    """What an admission was made in spite of. It goes into the scan, so that central and people see it."""

    LEASE_UNKNOWN = auto()  # sold by a device out of a lease that this gate never heard of
    TICKET_UNHEARD = auto()  # signed by central, not on the (incomplete) list
    CLOCK_UNTRUSTED = auto()  # time rules were not applied
    NEIGHBOURS_UNHEARD = auto()  # a neighbour may have let it in already
    NOT_INSIDE = auto()  # left without ever having come in
    PROOF = auto()  # let in on a reduced tariff
    FORCED = auto()  # an inspector overruled a refusal
    BACK = auto()  # was in before and came back: no new entry


class ProofRule(StrEnum):
    """What a reduced tariff means at a lane."""

    SHOW = auto()  # let in, amber, somebody looks
    ASK = auto()  # refuse until an inspector has seen the proof


@dataclass(frozen=True, slots=True)
class Credential:
    """What was held under the reader: `token` is None if it could not be read. `persons` wish to come in together;
    0 stands for all that the ticket has left. `checked`: an inspector saw the proof; `forced`: why they let in."""

    token: Token | None
    persons: int = 1
    checked: bool = False
    forced: str = ""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key as the house knows it. `revoked` once a person said so; `good` are ticket ids that stay good."""

    certificate: Certificate
    revoked: bool = False
    good: frozenset[Id] = frozenset()


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """Central's word on a ticket. `serial` is the lowest that is valid."""

    performance_id: Id
    serial: int
    cancelled: bool = False
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class LeaseFacts:
    """A lease this gate has heard of. `zones` per slot; `returned` slots were given back unsold."""

    device_id: Id
    performance_id: Id
    zones: tuple[int, ...]
    returned: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One of a ticket's entries, as all gates tell it: used at `at` by `gate`; `inside` False since `moved` if the
    person has left."""

    number: int
    at: datetime
    gate: str
    inside: bool = True
    moved: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the decision needs to know. `entries` in order of number. `complete`: the ticket list is central's
    latest, so that a ticket which is not on it does not exist. `inside` counts people of this performance; `doors`
    names the other lanes with their zones."""

    key: KeyFacts | None = None
    ticket: TicketFacts | None = None
    entries: tuple[Entry, ...] = ()
    performance: PerformanceRow | None = None
    lease: LeaseFacts | None = None
    complete: bool = False
    neighbours_heard: bool = True
    inside: int = 0
    doors: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """A lane and its rules. `zones` is a bit per control zone it opens, `owns` those for which it alone admits while
    neighbours cannot be heard under `owner_gate_only`. No `performances`: any of the site. `capacity` 0: not counted.
    `policy` is for tickets that are not for one performance."""

    name: str
    site_id: str
    zones: int = 0xFFFF
    owns: int = 0
    direction: Direction = Direction.ENTRY
    performances: frozenset[Id] = frozenset()
    capacity: int = 0
    proof: ProofRule = ProofRule.SHOW
    helpdesk: bool = False
    policy: OfflinePolicy = OfflinePolicy.ADMIT_AND_FLAG


@dataclass(frozen=True, slots=True)
class Admit:
    """Who comes in (or goes out). `entries` are the ticket's entries that this scan uses: none at the helpdesk, nor
    for a forced entry. `opens` says whether the barrier moves; `back` that they were in before; `left` counts the
    entries still unused afterwards. `overruled` is the refusal that an inspector put aside."""

    ticket_id: str
    entries: tuple[int, ...]
    count: int
    direction: Direction
    lamp: Lamp
    message: Message
    opens: bool = True
    back: bool = False
    left: int = 0
    notes: tuple[Note, ...] = ()
    overruled: Deny | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def reason_told(outcome: Outcome[Admit]) -> str:
    """What stood in the way, also of who was let in against it, as a scan tells it; empty: nothing."""
    reason = outcome.value.overruled if isinstance(outcome, Ok) else outcome.reason
    return reason.value if reason else ""


def decide(credential: Credential, facts: Facts, gate: Gate, now: Now) -> Outcome[Admit]:
    """The answer for one scan. Never raises, whatever was scanned."""
    token = credential.token
    if token is None:
        return _overruled(Refused(Deny.UNREADABLE), Deny.UNREADABLE, credential, gate)
    case = _Case(token, credential, facts, gate, now)
    leaving = gate.direction is Direction.EXIT
    for check in _CHECKS:
        fault = check.fault(case) if check.both or not leaving else None
        if fault is not None:
            return _overruled(Refused(check.reason, *fault), check.reason, credential, gate)
    return Ok(_exit(case) if leaving else _entry(case))


@dataclass(frozen=True, slots=True)
class _Case:
    token: Token
    credential: Credential
    facts: Facts
    gate: Gate
    now: Now

    @property
    def known(self) -> bool:
        """Central has taken this ticket into its list."""
        return self.facts.ticket is not None

    @property
    def policy(self) -> OfflinePolicy:
        return self.facts.performance.policy if self.facts.performance else self.gate.policy

    @property
    def timed(self) -> bool:
        """Whether time rules hold: with a clock that nobody vouches for, only a strict list insists on them."""
        return self.now.state is not ClockState.UNTRUSTED or self.policy is OfflinePolicy.DENY

    @property
    def slack(self) -> timedelta:
        """How far the clock may be off, in the guest's favour; a clock of no known bound is given none."""
        return self.now.bound if self.now.state is not ClockState.UNTRUSTED else timedelta()

    @property
    def zones(self) -> int:
        lease, slot = self.facts.lease, self.token.slot
        return self.token.zones & lease.zones[slot] if lease and slot is not None else self.token.zones

    @property
    def wished(self) -> int:
        """How many want to come in: at least one."""
        return max(self.credential.persons, 1) if self.credential.persons else max(len(self.unused), 1)

    @property
    def unused(self) -> tuple[int, ...]:
        taken = {entry.number for entry in self.facts.entries}
        return tuple(number for number in range(1, self.token.entries + 1) if number not in taken)

    @property
    def outside(self) -> tuple[Entry, ...]:
        """Entries of people who left and may come back."""
        return tuple(entry for entry in self.facts.entries if not entry.inside)

    def may_return(self, entry: Entry) -> datetime:
        wait = self.facts.performance.reentry_after_s if self.facts.performance else 0
        return (entry.moved or entry.at) + timedelta(seconds=wait)

    @property
    def returning(self) -> Entry | None:
        """The entry of somebody who left and may come back now; it burns nothing, so it goes before an unused one."""
        at = self.now.at + self.slack
        return next((entry for entry in self.outside if not self.timed or self.may_return(entry) <= at), None)


# A check's answer: None, or what to change and the words' details.
_Fault: TypeAlias = tuple[str, Mapping[str, Any]]


def _unknown_key(case: _Case) -> _Fault | None:
    key, token = case.facts.key, case.token
    if key is None:
        return token.kid, {"because": "not_heard_of"}
    holder = key.certificate
    needed = Right.ISSUE if token.lease_id is None else Right.SELL
    if needed not in holder.rights:
        return token.kid, {"because": "without_the_right"}
    if holder.site_id not in ("", case.gate.site_id):
        return token.kid, {"because": "other_site"}
    if key.revoked and token.ticket_id not in key.good:
        return token.kid, {"because": "revoked"}
    if case.timed and not case.known and not holder.may(needed, case.now.at):  # what central took in, it vouches for
        return token.kid, {"because": "expired"}
    return None


def _bad_signature(case: _Case) -> _Fault | None:
    key, lease = case.facts.key, case.facts.lease
    if key is None or not case.token.signed_by(key.certificate.key):
        return case.token.kid, {"because": "altered"}
    if lease and lease.device_id != key.certificate.holder_id:
        return case.token.kid, {"because": "not_its_lease"}
    return None


def _unknown_ticket(case: _Case) -> _Fault | None:
    token, lease = case.token, case.facts.lease
    if Flag.SPECIMEN in token.flags:
        return token.ticket_id, {"because": SPECIMEN}
    if token.slot is None or token.lease_id is None:
        if case.known or (not case.facts.complete and case.policy is OfflinePolicy.ADMIT_AND_FLAG):
            return None
        return token.ticket_id, {"because": "not_on_the_list"}
    if lease is None:
        return None
    if token.slot >= len(lease.zones):
        return token.lease_id, {"because": "no_such_slot"}
    if token.slot in lease.returned:
        return token.lease_id, {"because": "slot_returned"}
    if token.performance_id not in (None, lease.performance_id):
        return token.lease_id, {"because": "beyond_the_lease"}
    return None


def _cancelled(case: _Case) -> _Fault | None:
    if case.facts.ticket and case.facts.ticket.cancelled:
        return case.token.ticket_id, {"because": "ticket"}
    if case.facts.performance and case.facts.performance.cancelled:
        return case.token.performance_id or "", {"because": "performance", **_about(case)}
    return None


def _reissued(case: _Case) -> _Fault | None:
    ticket = case.facts.ticket
    if ticket is None or case.token.serial >= ticket.serial:
        return None
    return case.token.ticket_id, {"serial": case.token.serial, "valid": ticket.serial}


def _nobody_left(case: _Case) -> bool:
    return not case.unused and not case.outside


def _used(case: _Case) -> _Fault | None:
    if case.token.entries != 1 or not _nobody_left(case):
        return None
    entry = case.facts.entries[0]
    return case.token.ticket_id, {"at": _iso(entry.at), "gate": entry.gate, **_there(case)}


def _entries_used_up(case: _Case) -> _Fault | None:
    entries = case.facts.entries
    wished = case.credential.persons
    if _nobody_left(case):
        last = max(entries, key=lambda entry: entry.at, default=None)
        seen = {"at": _iso(last.at), "gate": last.gate} if last else {}
        return case.token.ticket_id, {"entries": case.token.entries, "left": 0, **seen, **_there(case)}
    if wished > 1 and wished > len(case.unused):
        return case.token.ticket_id, {"entries": case.token.entries, "left": len(case.unused)}
    return None


def _wrong_performance(case: _Case) -> _Fault | None:
    named = case.token.performance_id
    if named is None or not case.gate.performances or named in case.gate.performances:
        return None
    return named, _about(case)


def _wrong_zone(case: _Case) -> _Fault | None:
    zones, gate = case.zones, case.gate
    if not zones & gate.zones:
        return _right_door(case, zones, "zone")
    owner = zones & -zones  # the lowest zone's owner lets in; every zone has one
    alone = not case.facts.neighbours_heard and case.policy is OfflinePolicy.OWNER_GATE_ONLY
    return _right_door(case, owner, "owner") if alone and not owner & gate.owns else None


def _right_door(case: _Case, zones: int, because: str) -> _Fault:
    known = case.facts.performance.zones if case.facts.performance else {}
    names = [known[str(bit)] for bit in range(16) if zones >> bit & 1 and str(bit) in known]
    doors = [name for name, opens in case.facts.doors if opens & zones and name != case.gate.name]
    return (doors or names or [""])[0], {"because": because, "zones": names, "gates": doors}


def _too_early(case: _Case) -> _Fault | None:
    opens = _window(case)[0]
    if opens is None or not case.timed or case.now.at + case.slack >= opens:
        return None
    return case.token.performance_id or "", {"opens": _iso(opens), **_about(case)}


def _too_late(case: _Case) -> _Fault | None:
    closes = _window(case)[1]
    if closes is None or not case.timed or case.now.at - case.slack < closes:
        return None
    return case.token.performance_id or "", {"closed": _iso(closes), **_about(case)}


def _reentry_not_yet(case: _Case) -> _Fault | None:
    if case.unused or case.returning or not case.outside:
        return None
    at = min(case.may_return(entry) for entry in case.outside)
    return case.token.ticket_id, {"at": _iso(at), **_there(case)}


def _holder_blocked(case: _Case) -> _Fault | None:
    return (case.token.ticket_id, {}) if case.facts.ticket and case.facts.ticket.blocked else None


def _zone_full(case: _Case) -> _Fault | None:
    capacity = case.gate.capacity
    if not capacity or case.facts.inside + case.wished <= capacity:
        return None
    return case.gate.name, {"inside": case.facts.inside, "capacity": capacity}


def _needs_check(case: _Case) -> _Fault | None:
    asks = Flag.PROOF in case.token.flags and case.gate.proof is ProofRule.ASK
    return (case.token.ticket_id, {}) if asks and not case.credential.checked else None


def _list_closed(case: _Case) -> _Fault | None:
    named = case.token.performance_id
    if named is not None and case.facts.performance is None:
        return named, {"because": "no_list"}
    if not case.facts.neighbours_heard and case.policy is OfflinePolicy.DENY:
        return case.gate.name, {"because": "neighbours_unheard"}
    return None


@dataclass(frozen=True, slots=True)
class _Check:
    """`both`: an exit asks it too; without it, only who comes in is asked."""

    reason: Deny
    fault: Callable[[_Case], _Fault | None]
    both: bool = False


_CHECKS = (
    _Check(Deny.UNKNOWN_KEY, _unknown_key, both=True),
    _Check(Deny.BAD_SIGNATURE, _bad_signature, both=True),
    _Check(Deny.UNKNOWN_TICKET, _unknown_ticket, both=True),
    _Check(Deny.CANCELLED, _cancelled),
    _Check(Deny.REISSUED, _reissued),
    _Check(Deny.USED, _used),
    _Check(Deny.ENTRIES_USED_UP, _entries_used_up),
    _Check(Deny.WRONG_PERFORMANCE, _wrong_performance),
    _Check(Deny.WRONG_ZONE, _wrong_zone),
    _Check(Deny.TOO_EARLY, _too_early),
    _Check(Deny.TOO_LATE, _too_late),
    _Check(Deny.REENTRY_NOT_YET, _reentry_not_yet),
    _Check(Deny.HOLDER_BLOCKED, _holder_blocked),
    _Check(Deny.ZONE_FULL, _zone_full),
    _Check(Deny.NEEDS_CHECK, _needs_check),
    _Check(Deny.LIST_CLOSED, _list_closed),
)


def _entry(case: _Case) -> Admit:
    back = case.returning if case.credential.persons <= 1 else None
    numbers = (back.number,) if back else case.unused[: case.wished]
    proof = Flag.PROOF in case.token.flags and not case.credential.checked
    message = Message.CHECK_PROOF if proof else Message.WELCOME_BACK if back else Message.WELCOME
    notes = (*_notes(case), *((Note.BACK,) if back else ()))
    helpdesk = case.gate.helpdesk
    return Admit(
        ticket_id=case.token.ticket_id,
        entries=() if helpdesk else numbers,
        count=0 if helpdesk else len(numbers),
        direction=Direction.ENTRY,
        lamp=Lamp.AMBER if proof else Lamp.GREEN,
        message=Message.VALID if helpdesk else message,
        opens=not helpdesk,
        back=back is not None,
        left=len(case.unused) - (0 if back or helpdesk else len(numbers)),
        notes=notes,
        detail={**_about(case), "entries": case.token.entries},
    )


def _exit(case: _Case) -> Admit:
    """The one who came in last leaves first; which of a group it is makes no difference."""
    inside = [entry for entry in case.facts.entries if entry.inside]
    notes = () if inside else (Note.NOT_INSIDE,)
    helpdesk = case.gate.helpdesk
    return Admit(
        ticket_id=case.token.ticket_id,
        entries=(inside[-1].number,) if inside and not helpdesk else (),
        count=0 if helpdesk else 1,
        direction=Direction.EXIT,
        lamp=Lamp.GREEN,
        message=Message.VALID if helpdesk else Message.GOODBYE,
        opens=not helpdesk,
        left=len(case.unused),
        notes=notes,
        detail=_about(case),
    )


def _overruled(refusal: Refused, why: Deny, credential: Credential, gate: Gate) -> Outcome[Admit]:
    """An inspector's forced entry: it burns nothing, and the scan names what was put aside. A specimen stays out."""
    if not credential.forced or gate.helpdesk or refusal.detail.get("because") == SPECIMEN:
        return refusal
    return Ok(
        Admit(
            ticket_id=credential.token.ticket_id if credential.token else "",
            entries=(),
            count=1,
            direction=gate.direction,
            lamp=Lamp.AMBER,
            message=Message.FORCED,
            notes=(Note.FORCED,),
            overruled=why,
            detail={"why": credential.forced},
        )
    )


def _notes(case: _Case) -> Iterator[Note]:
    if not case.known and case.token.lease_id is None:
        yield Note.TICKET_UNHEARD
    if not case.known and case.token.lease_id is not None and case.facts.lease is None:
        yield Note.LEASE_UNKNOWN
    if case.now.state is ClockState.UNTRUSTED:
        yield Note.CLOCK_UNTRUSTED
    if not case.facts.neighbours_heard:
        yield Note.NEIGHBOURS_UNHEARD
    if Flag.PROOF in case.token.flags:
        yield Note.PROOF


def _window(case: _Case) -> tuple[datetime | None, datetime | None]:
    """From when until when this ticket lets in."""
    if case.token.window is not None:
        return _moment(case.token.window[0]), _moment(case.token.window[1])
    performance = case.facts.performance
    return (performance.doors, performance.closes) if performance else (None, None)


def _moment(seconds: int) -> datetime:
    """A window's end from a barcode, where 64 bits reach far beyond the calendar."""
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC)


def _about(case: _Case) -> dict[str, Any]:
    """What the ticket is for, in words a screen can say."""
    performance = case.facts.performance
    if performance is None:
        return {}
    return {
        "event": performance.event_names,
        "starts": _iso(performance.starts),
        **_there(case),
    }


def _there(case: _Case) -> dict[str, Any]:
    """Whose time of day a screen should say, where it is known."""
    return {"timezone": case.facts.performance.timezone} if case.facts.performance else {}


def _iso(at: datetime) -> str:
    return at.isoformat()
