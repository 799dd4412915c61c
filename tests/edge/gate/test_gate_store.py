"""A lane's disk: one entry per entry, whatever arrives in whatever order and wherever the power goes."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orjson import loads

from edge.gate import used_table
from edge.gate.core import Check
from edge.gate.store import Around, GateStore, Verdict
from shared.clock import ClockState
from shared.ids import Id, derived_id
from shared.outcome import Ok, Refused
from shared.rules.access import Deny, Message, Note
from shared.runtime.journal import Phase, chain_faults
from shared.runtime.system import fresh_id
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump
from shared.wire.facts import Direction, FactKind, Receipt
from shared.wire.feeds import AdmissionRow, OfflinePolicy, TicketRow
from shared.wire.leases import Lease, LeasedPlace
from shared.wire.token import leased_ticket_id, parse
from shared.wire.topics import Claim
from tests.waiting import CALM

TOGETHER, ALONE = Around(), Around(heard=False)


def scan(lane: GateStore, clock: Any, code: str, around: Around = TOGETHER, **wish: Any) -> Verdict:
    return lane.admit(Check(code, **wish), fresh_id(clock), clock.moment(), around)


def reason(verdict: Verdict) -> str:
    return "" if isinstance(verdict.answer.outcome, Ok) else verdict.answer.outcome.reason


def facts(lane: GateStore, *kinds: FactKind) -> list[dict[str, Any]]:
    return [fact.body for fact in lane.journal.facts(*kinds)]


def test_one_entry_then_used_when_and_where(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    first = scan(lane, clock, house.code())
    assert reason(first) == ""
    clock.wait(60)
    second = scan(lane, clock, house.code())
    assert isinstance(second.answer.outcome, Refused)
    assert second.answer.outcome.reason is Deny.USED
    assert second.answer.outcome.detail["gate"] == "A"
    assert second.answer.outcome.detail["at"] == (clock.wall - timedelta(seconds=60)).isoformat()
    assert second.claims == ()


def test_every_scan_is_a_fact_and_a_barcode_is_not_written_down(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    for code in (house.code(), house.code(), "hello\x00"):
        scan(lane, clock, code)
    told = facts(lane, FactKind.SCAN)
    assert [(one["admitted"], one["reason"], one["entry"]) for one in told] == [
        (True, "", 1),
        (False, "used", 0),
        (False, "unreadable", 0),
    ]
    assert [one["raw"] for one in told] == ["", "", "'hello\\x00'"]
    assert chain_faults(list(lane.journal.facts())) == []


def test_a_sale_nobody_heard_of_is_let_in_and_flagged(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    verdict = scan(lane, clock, house.sold(slot=3))
    assert reason(verdict) == ""
    assert facts(lane, FactKind.SCAN)[0]["flags"] == [Note.LEASE_UNKNOWN]
    assert facts(lane, FactKind.SCAN)[0]["ticket_id"] == leased_ticket_id(derived_id("lease", 1), 3)


def test_a_known_lease_bounds_what_its_kiosk_may_sell(house: Any, clock: Any, play: Any) -> None:
    lane = house.lane("A")
    place = LeasedPlace("seat", derived_id("category"), 1)
    day = timedelta(days=1)
    lease = Lease(
        derived_id("lease", 1), derived_id("device", "kiosk"), 1, play[0], "", (place, place), 1, "EUR",
        clock.wall - day, clock.wall + day,
    )  # fmt: skip
    house.lease(lane, lease)
    house.member("other kiosk", DeviceKind.KIOSK)
    house.feed(lane, "keys/house", list(house.rows.items()))
    assert facts(lane) == []
    assert reason(scan(lane, clock, house.sold(slot=1))) == ""
    assert reason(scan(lane, clock, house.sold(slot=2))) == Deny.UNKNOWN_TICKET
    assert reason(scan(lane, clock, house.sold(slot=0, signer="other kiosk"))) == Deny.BAD_SIGNATURE
    assert facts(lane)[0]["flags"] == []


def test_the_ticket_list_says_cancelled_reissued_blocked_and_gone(house: Any, clock: Any, play: Any) -> None:
    lane = house.lane("A")
    known = TicketRow(play[0], 1)
    ids = [derived_id("ticket", number) for number in range(5)]
    house.tickets(
        lane,
        (ids[0], replace(known, cancelled=True)),
        (ids[1], replace(known, serial=2)),
        (ids[2], replace(known, blocked=True)),
        (ids[3], known),
        (ids[3], None),
        (ids[4], known),
    )
    got = [reason(scan(lane, clock, house.code(number), Around(complete=True))) for number in range(5)]
    assert got == [Deny.CANCELLED, Deny.REISSUED, Deny.HOLDER_BLOCKED, Deny.UNKNOWN_TICKET, ""]
    assert lane.lists.count() == 4
    assert lane.lists.revision() == 6
    assert facts(lane)[4]["revision"] == 6


def test_read_anew_the_lists_bar_more_and_never_less(house: Any, clock: Any, play: Any) -> None:
    """Central lost a life in which a ticket was cancelled, one reissued, one blocked, and one used."""
    lane = house.lane("A")
    known, ids = TicketRow(play[0], 1), [derived_id("ticket", number) for number in range(6)]
    house.tickets(
        lane,
        (ids[0], replace(known, cancelled=True)),
        (ids[1], replace(known, serial=2)),
        (ids[2], replace(known, blocked=True)),
        *((each, known) for each in ids[3:]),
    )
    for entry in (1, 2):
        house.admission(lane, AdmissionRow(ids[3], entry, house.noon, "B", derived_id("scan", entry)))
    older = [*((each, dump(known)) for each in ids[:2]), (ids[2], None), (ids[5], dump(replace(known, cancelled=True)))]
    house.feed(lane, "tickets/site", [(key, row and loads(row)) for key, row in older], anew=True)
    house.feed(lane, "admissions/site", [(f"{ids[3]}/1", None)], anew=True)
    got = [reason(scan(lane, clock, house.code(number), Around(complete=True))) for number in range(6)]
    assert got == [Deny.CANCELLED, Deny.REISSUED, Deny.HOLDER_BLOCKED, Deny.USED, "", Deny.CANCELLED]


def test_a_row_that_makes_no_sense_holds_up_no_other(house: Any, clock: Any, play: Any) -> None:
    lane = house.lane("A")
    good = {"performance_id": play[0], "serial": 1}
    house.feed(
        lane, "tickets/site", [("rubbish", good), (derived_id("x"), {"serial": "?"}), (derived_id("ticket", 1), good)]
    )
    house.feed(lane, "admissions/site", [("rubbish", {}), (f"{derived_id('x')}/0", {}), (f"{derived_id('x')}/1", {})])
    house.feed(lane, "performances/site", [("rubbish", {"starts": 3})])
    house.feed(lane, "keys/house", [("rubbish", {"certificate": "rubbish"})])
    assert reason(scan(lane, clock, house.code(), Around(complete=True))) == ""
    assert lane.lists.faults == 7


def test_a_feed_that_moves_is_believed_at_the_next_scan(house: Any, clock: Any, play: Any) -> None:
    lane = house.lane("A")
    assert reason(scan(lane, clock, house.code(1))) == ""
    house.feed(lane, "performances/site", [(play[0], {**_row(lane, play[0]), "cancelled": True})])
    assert reason(scan(lane, clock, house.code(2))) == Deny.CANCELLED
    house.feed(lane, "keys/house", [(house.signers["central"].kid, None)])
    assert reason(scan(lane, clock, house.code(3))) == Deny.UNKNOWN_KEY


def test_of_a_revoked_kiosk_only_the_listed_tickets_stay_good(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    kid = house.signers["kiosk"].kid
    good = leased_ticket_id(derived_id("lease", 1), 1)
    revoked = {**house.rows[kid], "revoked_at": clock.wall.isoformat(), "good": [good]}
    house.feed(lane, "keys/house", [(kid, revoked)])
    assert reason(scan(lane, clock, house.sold(slot=0))) == Deny.UNKNOWN_KEY
    assert reason(scan(lane, clock, house.sold(slot=1))) == ""


# --- groups, exits, helpdesk, force ---------------------------------------------------------------------------------


def test_a_group_comes_one_by_one(house: Any, clock: Any) -> None:
    lane, code = house.lane("A"), house.code(entries=3)
    assert [reason(scan(lane, clock, code)) for _ in range(4)] == ["", "", "", Deny.ENTRIES_USED_UP]
    assert [one["entry"] for one in facts(lane, FactKind.SCAN)] == [1, 2, 3, 0]


def test_a_group_at_once_is_a_fact_and_a_claim_for_each(house: Any, clock: Any) -> None:
    lane, code = house.lane("A", persons=0), house.code(entries=3)
    verdict = scan(lane, clock, code)
    assert [claim.entry for claim in verdict.claims] == [1, 2, 3]
    assert len({claim.scan_id for claim in verdict.claims}) == 3
    assert [one["entry"] for one in facts(lane, FactKind.SCAN)] == [1, 2, 3]
    given_back = lane.settle(verdict.answer, 2, clock.moment())
    assert [(claim.entry, claim.void) for claim in given_back] == [(3, True)]
    assert [one["passed"] for one in facts(lane, FactKind.PASSAGE)] == [True, True, False]
    assert [entry.number for entry in lane.entries(derived_id("ticket", 1))] == [1, 2]


def test_out_and_in_again(house: Any, clock: Any, play: Any) -> None:
    entry = house.lane("A")
    out = house.lane("B", house.gate("B", direction=Direction.EXIT))
    house.feed(entry, "performances/site", [(play[0], {**_row(entry, play[0]), "reentry_after_s": 600})])

    def tell(verdict: Verdict, by: str, to: GateStore) -> None:
        for claim in verdict.claims:
            assert to.hear(house.said(claim, by), claim.device_id, clock.moment().now)

    tell(scan(entry, clock, house.code()), "A", out)
    clock.wait(60)
    left = scan(out, clock, house.code())
    assert left.answer.outcome.value.message is Message.GOODBYE  # type: ignore[union-attr]
    tell(left, "B", entry)
    clock.wait(300)
    assert reason(scan(entry, clock, house.code())) == Deny.REENTRY_NOT_YET
    clock.wait(300)
    back = scan(entry, clock, house.code())
    assert back.answer.outcome.value.message is Message.WELCOME_BACK  # type: ignore[union-attr]
    assert reason(scan(entry, clock, house.code())) == Deny.USED
    told = [(one["entry"], one["flags"]) for one in facts(entry, FactKind.SCAN) if one["admitted"]]
    assert told == [(1, ["ticket_unheard"]), (0, ["ticket_unheard", "back"])]  # central counts entries, not returns


def test_the_helpdesk_burns_nothing(house: Any, clock: Any) -> None:
    lane = house.lane("A", house.gate("A", helpdesk=True))
    for _ in range(2):
        verdict = scan(lane, clock, house.code())
        assert verdict.answer.outcome.value.message is Message.VALID  # type: ignore[union-attr]
        assert verdict.claims == ()
    assert [(one["admitted"], one["mode"]) for one in facts(lane)] == [(False, "helpdesk")] * 2


def test_a_forced_entry_names_what_was_put_aside_and_burns_nothing(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    verdict = scan(lane, clock, "no ticket", forced="fire brigade")
    assert verdict.answer.admitted is not None
    lane.settle(verdict.answer, 1, clock.moment())
    told = facts(lane, FactKind.SCAN)[0]
    assert (told["admitted"], told["reason"], told["note"], told["entry"]) == (True, "unreadable", "fire brigade", 0)
    assert reason(scan(lane, clock, house.code())) == ""


def test_people_are_counted_where_the_zone_has_a_capacity(house: Any, clock: Any) -> None:
    lane = house.lane("A", house.gate("A", capacity=2))
    inside = [scan(lane, clock, house.code(number)) for number in (1, 2)]
    assert reason(scan(lane, clock, house.code(3))) == Deny.ZONE_FULL
    lane.settle(inside[0].answer, 0, clock.moment())
    assert reason(scan(lane, clock, house.code(3))) == ""
    restarted = house.lane("A", house.gate("A", capacity=2))
    assert reason(scan(restarted, clock, house.code(4))) == Deny.ZONE_FULL
    house.admission(restarted, AdmissionRow(derived_id("ticket", 2), 1, clock.wall, "A", _scan_of(inside[1]), False))
    assert reason(scan(restarted, clock, house.code(4))) == ""


# --- clocks and neighbours ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "policy", "want"),
    [
        (ClockState.TRUSTED, OfflinePolicy.ADMIT_AND_FLAG, Deny.TOO_LATE),
        (ClockState.HOLDOVER, OfflinePolicy.ADMIT_AND_FLAG, Deny.TOO_LATE),
        (ClockState.UNTRUSTED, OfflinePolicy.ADMIT_AND_FLAG, ""),
        (ClockState.UNTRUSTED, OfflinePolicy.DENY, Deny.TOO_LATE),
    ],
)
def test_clock_states(house: Any, clock: Any, play: Any, state: ClockState, policy: OfflinePolicy, want: str) -> None:
    lane = house.lane("A")
    house.feed(lane, "performances/site", [(play[0], {**_row(lane, play[0]), "policy": policy})])
    clock.wait(3 * 3600)
    verdict = lane.admit(Check(house.sold()), fresh_id(clock), clock.moment(state), Around())
    assert reason(verdict) == want
    fact = next(lane.journal.facts())
    assert fact.clock is state
    assert (Note.CLOCK_UNTRUSTED in fact.body["flags"]) == (want == "")


def test_the_neighbour_refuses_naming_when_and_where(house: Any, clock: Any) -> None:
    one, two = house.lane("A"), house.lane("B")
    (claim,) = scan(one, clock, house.code()).claims
    at = clock.wall.isoformat()
    clock.wait(30)
    assert two.hear(house.said(claim, "A"), claim.device_id, clock.moment().now) == claim
    refusal = scan(two, clock, house.code()).answer.outcome
    assert isinstance(refusal, Refused)
    assert (refusal.reason, refusal.detail["at"], refusal.detail["gate"]) == (Deny.USED, at, "A")


def test_a_claim_heard_twice_costs_one_commit(house: Any, clock: Any) -> None:
    commits: list[Phase] = []
    one, two = house.lane("A"), house.lane("B", on_commit=commits.append)
    (claim,) = scan(one, clock, house.code()).claims
    commits.clear()
    for _ in range(3):
        assert two.hear(house.said(claim, "A"), claim.device_id, clock.moment().now) == claim
    assert commits == [Phase.BEFORE_COMMIT, Phase.AFTER_COMMIT]


def test_an_entry_given_back_is_free_at_the_neighbour_too(house: Any, clock: Any) -> None:
    one, two = house.lane("A"), house.lane("B")
    verdict = scan(one, clock, house.code())
    (void,) = one.settle(verdict.answer, 0, clock.moment())
    for claim in (void, *verdict.claims):  # even if the withdrawal overtakes the claim
        two.hear(house.said(claim, "A"), claim.device_id, clock.moment().now)
    assert reason(scan(two, clock, house.code())) == ""
    assert reason(scan(one, clock, house.code())) == ""


def test_alone_it_admits_and_flags_and_says_under_which_rule(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    scan(lane, clock, house.code(), ALONE)
    assert facts(lane)[0]["mode"] == "admit_and_flag"
    assert facts(lane)[0]["flags"] == [Note.TICKET_UNHEARD, Note.NEIGHBOURS_UNHEARD]


def _forgeries() -> list[tuple[str, Callable[[Any, Claim], tuple[bytes, str | None]]]]:
    a, b, far = (derived_id("device", name) for name in ("A", "B", "far"))
    return [
        ("not JSON", lambda house, claim: (b"\xff{", a)),
        ("not sealed", lambda house, claim: (b"{}", a)),
        ("under another's topic", lambda house, claim: (house.said(claim, "A"), b)),
        ("on no device's topic", lambda house, claim: (house.said(claim, "A"), None)),
        ("in another's name", lambda house, claim: (house.said(replace(claim, device_id=b), "A"), b)),
        ("by a kiosk", lambda house, claim: (house.said(claim, "kiosk"), a)),
        ("by nobody known", lambda house, claim: (_altered(house.said(claim, "A"), b"kid"), a)),
        ("altered", lambda house, claim: (house.said(claim, "A").replace(b"entry", b"eentry"), a)),
        ("broken seal", lambda house, claim: (_altered(house.said(claim, "A"), b"signature"), a)),
        ("by a gate of another site", lambda house, claim: (house.said(replace(claim, device_id=far), "far"), far)),
        ("entry 0", lambda house, claim: (house.said(replace(claim, entry=0), "A"), a)),
        ("no ticket", lambda house, claim: (house.said(replace(claim, ticket_id=Id("x")), "A"), a)),
    ]


def _altered(payload: bytes, name: bytes) -> bytes:
    start = payload.index(b'"' + name + b'":"') + len(name) + 4
    return payload[:start] + bytes([payload[start] ^ 1]) + payload[start + 1 :]


@pytest.mark.parametrize(("story", "forge"), _forgeries(), ids=[row[0] for row in _forgeries()])
def test_a_claim_that_is_not_a_neighbours_own_changes_nothing(house: Any, clock: Any, story: str, forge: Any) -> None:
    house.member("far", DeviceKind.GATE, site="elsewhere")
    one, two = house.lane("A"), house.lane("B")
    (claim,) = scan(one, clock, house.code()).claims
    payload, writer = forge(house, claim)
    assert two.hear(payload, writer, clock.moment().now) is None
    assert reason(scan(two, clock, house.code())) == ""


def test_a_revoked_gate_is_not_heard(house: Any, clock: Any) -> None:
    one, two = house.lane("A"), house.lane("B")
    (claim,) = scan(one, clock, house.code()).claims
    kid = house.signers["A"].kid
    house.feed(two, "keys/house", [(kid, {**house.rows[kid], "revoked_at": clock.wall.isoformat()})])
    assert two.hear(house.said(claim, "A"), claim.device_id, clock.moment().now) is None
    assert reason(scan(two, clock, house.code())) == ""


def test_nobody_withdraws_anothers_entry(house: Any, clock: Any) -> None:
    one, two = house.lane("A"), house.lane("B")
    (claim,) = scan(one, clock, house.code()).claims
    two.hear(house.said(claim, "A"), claim.device_id, clock.moment().now)
    theirs = replace(claim, device_id=derived_id("device", "C"), void=True)
    two.hear(house.said(theirs, "C"), theirs.device_id, clock.moment().now)
    assert reason(scan(two, clock, house.code())) == Deny.USED


# --- the merge ------------------------------------------------------------------------------------------------------


def test_any_order_of_arrival_gives_the_same_picture(house: Any, clock: Any) -> None:
    """Two partitioned lanes let the same ticket in; one entry is given back; central tells what it knows of both."""
    ticket = derived_id("ticket", 1)
    first = Claim(derived_id("s1"), ticket, 1, clock.wall, "A", derived_id("device", "A"), performance_id="")
    later = replace(first, scan_id=derived_id("s2"), at=clock.wall + timedelta(seconds=9), gate="B")
    later = replace(later, device_id=derived_id("device", "B"))
    void = replace(first, void=True)
    row = AdmissionRow(ticket, 1, later.at, "B", later.scan_id)
    heard: list[Callable[[GateStore], object]] = [
        lambda lane: lane.hear(house.said(first, "A"), first.device_id, clock.moment().now),
        lambda lane: lane.hear(house.said(later, "B"), later.device_id, clock.moment().now),
        lambda lane: lane.hear(house.said(void, "A"), void.device_id, clock.moment().now),
        lambda lane: house.admission(lane, row),
    ]
    lane = house.lane("C")
    pictures = set()
    for order in permutations(heard):
        with lane.journal.transaction() as tx:
            tx.run("DELETE FROM gate_used")
        for tell in (*order, *order):  # twice: repeats change nothing
            tell(lane)
        rows = lane.journal.read("SELECT scan, at, state, source, device FROM gate_used ORDER BY scan")
        pictures.add((lane.entries(ticket), tuple(map(tuple, rows))))
    assert len(pictures) == 1
    ((entries, _),) = pictures
    assert [(entry.number, entry.gate, entry.at) for entry in entries] == [(1, "B", later.at)]


def test_of_two_offline_entries_the_earlier_one_is_named(house: Any, clock: Any) -> None:
    one, two = house.lane("A"), house.lane("B")
    at = clock.wall
    (early,) = scan(one, clock, house.code(), ALONE).claims
    clock.wait(5)
    (late,) = scan(two, clock, house.code(), ALONE).claims
    two.hear(house.said(early, "A"), early.device_id, clock.moment().now)
    one.hear(house.said(late, "B"), late.device_id, clock.moment().now)
    seen = {lane.entries(derived_id("ticket", 1)) for lane in (one, two)}
    assert [(entry.at, entry.gate) for entries in seen for entry in entries] == [(at, "A")]


def test_central_takes_back_an_entry(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    (claim,) = scan(lane, clock, house.code()).claims
    row = AdmissionRow(claim.ticket_id, 1, claim.at, "A", claim.scan_id)
    house.admission(lane, row)
    assert reason(scan(lane, clock, house.code())) == Deny.USED
    house.admission(lane, row, gone=True)
    assert reason(scan(lane, clock, house.code())) == ""


def test_uploading_empties_nothing(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    lane.settle(scan(lane, clock, house.code()).answer, 1, clock.moment())
    lane.journal.settle(Receipt(lane.journal.pending()[-1].seq))
    lane.journal.forget(keep=1)
    assert reason(scan(house.lane("A"), clock, house.code())) == Deny.USED


# --- power ----------------------------------------------------------------------------------------------------------


class PowerCut(BaseException):
    pass


class Fuse:
    """Blows at the n-th half of a commit."""

    def __init__(self) -> None:
        self.left = -1

    def __call__(self, phase: Phase) -> None:
        self.left -= 1
        if self.left == 0:
            raise PowerCut(phase)


@settings(max_examples=40, suppress_health_check=[*CALM, HealthCheck.function_scoped_fixture])
@given(
    visits=st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["passes", "turns back"])), min_size=1, max_size=6),
    blow_at=st.integers(1, 30),
)
def test_power_may_go_at_any_commit(house: Any, clock: Any, visits: list[tuple[int, str]], blow_at: int) -> None:
    """Who was shown a green light and went through is never let in again; who was shown nothing lost nothing."""
    clock.wall = house.noon
    for old in house.folder.glob("A.*"):
        old.unlink()
    fuse = Fuse()
    lane = house.lane("A", on_commit=fuse)
    fuse.left = blow_at
    went: dict[int, int] = {}
    shown: set[int] = set()  # the light was green and nobody can tell what came of it
    for number, does in visits:
        clock.wait(30)
        try:
            verdict = scan(lane, clock, house.code(number))
            if verdict.answer.admitted is None:
                assert went.get(number) or number in shown
                continue
            lane.opening(verdict.answer.scan_id)
            shown.add(number)
            went[number] = went.get(number, 0) + (does == "passes")  # the person moves now, power or not
            lane.settle(verdict.answer, int(does == "passes"), clock.moment())
            shown.discard(number)
        except PowerCut:
            lane.journal.close()
            lane = house.lane("A")
            lane.recover(clock.moment())
            if number not in shown and not went.get(number):
                assert reason(scan(lane, clock, house.code(number))) == ""
                went[number] = 1
    fuse.left = -1
    assert all(times <= 1 for times in went.values())
    assert chain_faults(list(lane.journal.facts())) == []
    for number, times in went.items():
        if times:
            assert reason(scan(lane, clock, house.code(number))) == Deny.USED
    lane.journal.close()


def test_a_grant_that_nobody_was_shown_is_given_back_and_told(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    (claim,) = scan(lane, clock, house.code()).claims
    restarted = house.lane("A")
    (void,) = restarted.recover(clock.moment())
    assert void == replace(claim, void=True)
    assert facts(restarted, FactKind.PASSAGE) == [{"scan_id": claim.scan_id, "passed": False}]
    assert restarted.recover(clock.moment()) == ()
    assert reason(scan(restarted, clock, house.code())) == ""


def test_a_grant_that_was_shown_stays_used(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    lane.opening(scan(lane, clock, house.code()).answer.scan_id)
    restarted = house.lane("A")
    assert restarted.recover(clock.moment()) == ()
    assert reason(scan(restarted, clock, house.code())) == Deny.USED


def test_the_table_itself_refuses_a_second_first_entry(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    scan(lane, clock, house.code())
    row = used_table.latest_own(lane.journal, 1)[0]
    with pytest.raises(Exception, match="UNIQUE"), lane.journal.transaction() as tx:
        used_table.add(tx, replace(row, scan_id=derived_id("another")))


def test_a_broken_file_gives_back_what_was_done_here(house: Any, clock: Any) -> None:
    lane = house.lane("A")
    verdicts = [scan(lane, clock, house.code(number)) for number in (1, 2)]
    lane.settle(verdicts[0].answer, 1, clock.moment())
    lane.settle(verdicts[1].answer, 0, clock.moment())
    lane.journal.close()
    path = house.folder / "A.db"
    with closing(sqlite3.connect(path)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'gate_used_once'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(raw)
    mended = house.lane("A")
    assert mended.journal.salvaged is not None
    assert reason(scan(mended, clock, house.code(1))) == Deny.USED
    assert reason(scan(mended, clock, house.code(2))) == ""


# --- hostile barcodes -----------------------------------------------------------------------------------------------


@settings(suppress_health_check=[*CALM, HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=600), st.binary(max_size=600).map(lambda raw: raw.decode("latin-1"))))
def test_any_text_gets_an_answer(lane_and_clock: tuple[GateStore, Any], text: str) -> None:
    lane, clock = lane_and_clock
    assert reason(scan(lane, clock, text)) == Deny.UNREADABLE


@settings(suppress_health_check=[*CALM, HealthCheck.function_scoped_fixture])
@given(st.integers(0, 106), st.integers(1, 255), st.booleans())
def test_any_altered_ticket_gets_a_refusal(
    lane_and_clock: tuple[GateStore, Any], house: Any, place: int, flip: int, leased: bool
) -> None:
    from base64 import b32decode, b32encode

    lane, clock = lane_and_clock
    text = house.sold() if leased else house.code()
    raw = bytearray(b32decode(text + "=" * (-len(text) % 8)))
    raw[place] ^= flip
    altered = b32encode(raw).decode().rstrip("=")
    assert reason(scan(lane, clock, altered)) in {Deny.UNREADABLE, Deny.UNKNOWN_KEY, Deny.BAD_SIGNATURE}


@pytest.fixture
def lane_and_clock(house: Any, clock: Any) -> tuple[GateStore, Any]:
    return house.lane("A"), clock


def _row(lane: GateStore, performance_id: str) -> dict[str, Any]:
    found = lane.journal.row("performances/site", performance_id)
    assert found is not None
    return found


def _scan_of(verdict: Verdict) -> Id:
    assert parse(verdict.answer.code) is not None
    return verdict.answer.scan_id
