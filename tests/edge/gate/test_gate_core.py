"""One lane, told as transcripts: what comes in, what must happen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gate.core import (
    AlarmChanged,
    Barrier,
    Check,
    Close,
    Decided,
    Effect,
    Event,
    Forced,
    GateAnswer,
    HelpdeskChanged,
    HoldOpen,
    Lane,
    LaneFace,
    LaneTicked,
    Matter,
    Open,
    Passed,
    ProofSeen,
    Report,
    Scanned,
    Settle,
    Show,
    Undecided,
    step,
)
from shared.ids import Id, derived_id
from shared.outcome import Ok, Refused
from shared.rules.access import Admit, Deny, Lamp, Message
from shared.wire.facts import Direction

ADMIT = Admit("T", (1,), 1, Direction.ENTRY, Lamp.GREEN, Message.WELCOME)


def admitted(code: str = "A", count: int = 1) -> GateAnswer:
    admit = replace(ADMIT, count=count, entries=tuple(range(1, count + 1)))
    return GateAnswer(derived_id("scan", code), code, Ok(admit))


def refused(code: str = "A") -> GateAnswer:
    return GateAnswer(derived_id("scan", code), code, Refused(Deny.USED))


def play(lane: Lane, *events: Event) -> tuple[Lane, list[Effect]]:
    """The lane after these events, and what the last one of them caused."""
    effects: list[Effect] = []
    for event in events:
        lane, effects = step(lane, event)
    return lane, effects


A, B, NO = admitted("A"), admitted("B"), refused("A")
GRANTED, _ = play(Lane(), Scanned("A", 0), Decided(A, 5))


def test_a_ticket_is_decided_shown_and_the_barrier_opens() -> None:
    lane, effects = play(Lane(), Scanned("A", 0))
    assert effects == [Check("A")]
    lane, effects = play(lane, Decided(A, 5))
    assert effects == [Open(A.scan_id, 1), Show(LaneFace.ANSWER, A)]
    assert lane.barrier is Barrier.GRANTED


def test_whoever_goes_through_closes_the_grant() -> None:
    lane, effects = play(GRANTED, Passed(900))
    assert effects == [Close(), Settle(A, 1)]
    assert (lane.barrier, lane.counts.entered, lane.counts.released) == (Barrier.IDLE, 1, 0)


def test_whoever_does_not_come_gets_the_entry_back_after_seven_seconds() -> None:
    assert play(GRANTED, LaneTicked(7004))[1] == []
    lane, effects = play(GRANTED, LaneTicked(7005))
    assert effects == [Close(), Settle(A, 0), Show(LaneFace.READY)]
    assert (lane.barrier, lane.counts.entered, lane.counts.released) == (Barrier.IDLE, 0, 1)
    assert play(lane, Scanned("A", 7006))[1] == [Check("A")]  # and may ask again at once


def test_a_code_held_under_the_reader_shows_the_same_answer_and_gains_no_time() -> None:
    lane, effects = play(GRANTED, Scanned("A", 300), Scanned("A", 6900))
    assert effects == [Show(LaneFace.ANSWER, A, again=True)]
    assert play(lane, LaneTicked(7005))[1][:2] == [Close(), Settle(A, 0)]


def test_held_on_after_the_passage_it_is_no_second_entry() -> None:
    lane, effects = play(GRANTED, Passed(900), Scanned("A", 2000), Scanned("A", 4500), Scanned("A", 7400))
    assert effects == [Show(LaneFace.ANSWER, A, again=True)]
    assert lane.barrier is Barrier.IDLE
    assert play(lane, Scanned("A", 10_400))[1] == [Check("A")]  # away for three seconds: shown anew


def test_held_on_after_a_refusal_it_is_not_decided_again_until_it_was_away() -> None:
    lane, effects = play(Lane(), Scanned("A", 0), Decided(NO, 5))
    assert effects == [Show(LaneFace.ANSWER, NO)]
    lane, effects = play(lane, Scanned("A", 1000), Scanned("A", 3900))
    assert effects == [Show(LaneFace.ANSWER, NO, again=True)]
    assert play(lane, Scanned("A", 6900))[1] == [Check("A")]


def test_another_code_in_between_ends_the_holding() -> None:
    lane, _ = play(Lane(), Scanned("A", 0), Decided(NO, 5), Scanned("B", 100), Decided(refused("B"), 105))
    assert play(lane, Scanned("A", 200))[1] == [Check("A")]


def test_the_next_one_waits_until_the_one_before_is_through() -> None:
    lane, effects = play(GRANTED, Scanned("B", 100))
    assert effects == [Show(LaneFace.WAIT, A)]
    lane, effects = play(lane, Passed(800))
    assert effects == [Close(), Settle(A, 1), Show(LaneFace.READY)]
    assert play(lane, Scanned("B", 900))[1] == [Check("B")]


def test_without_a_sensor_the_next_ticket_or_the_end_of_time_means_passed() -> None:
    lane, _ = play(Lane(sensor=False), Scanned("A", 0), Decided(A, 5))
    assert play(lane, Scanned("B", 100))[1] == [Close(), Settle(A, 1), Check("B")]
    lane, effects = play(lane, LaneTicked(7005))
    assert effects == [Close(), Settle(A, 1), Show(LaneFace.READY)]
    assert lane.counts.entered == 1


def test_a_group_passes_one_by_one_and_the_rest_is_given_back() -> None:
    three = admitted("G", 3)
    lane, effects = play(Lane(), Scanned("G", 0), Decided(three, 0))
    assert effects[0] == Open(three.scan_id, 3)
    lane, effects = play(lane, Passed(6000), Passed(12_000))  # each has the full time again
    assert effects == []
    lane, effects = play(lane, LaneTicked(19_000))
    assert effects[:2] == [Close(), Settle(three, 2)]
    assert (lane.counts.entered, lane.counts.released) == (2, 1)


def test_a_passage_without_a_grant_is_reported_and_burns_nothing() -> None:
    lane, effects = play(Lane(), Passed(10))
    assert effects == [Report(Matter.INTRUSION)]
    assert lane.counts.intruded == 1


def test_the_fire_alarm_opens_everything_and_burns_no_ticket() -> None:
    lane, effects = play(Lane(), AlarmChanged(True, 0))
    assert effects == [HoldOpen(), Show(LaneFace.ALARM), Report(Matter.ALARM)]
    lane, effects = play(lane, Scanned("A", 10))
    assert effects == [Show(LaneFace.ALARM)]  # no Check: nothing is decided, nothing is used
    lane, effects = play(lane, Passed(20), LaneTicked(99_999))
    assert effects == []
    lane, effects = play(lane, AlarmChanged(False, 100_000))
    assert effects == [Close(), Show(LaneFace.READY), Report(Matter.ALARM, over=True)]
    assert lane.barrier is Barrier.IDLE


def test_the_alarm_gives_back_the_grant_it_interrupts() -> None:
    lane, effects = play(GRANTED, AlarmChanged(True, 100))
    assert effects == [HoldOpen(), Show(LaneFace.ALARM), Settle(A, 0), Report(Matter.ALARM)]
    assert lane.barrier is Barrier.ALARM


def test_an_admission_that_the_alarm_overtook_is_given_back() -> None:
    _, effects = play(Lane(), Scanned("A", 0), AlarmChanged(True, 1), Decided(A, 2))
    assert effects == [Settle(A, 0), Show(LaneFace.ALARM)]


def test_an_alarm_contact_that_chatters_says_it_once() -> None:
    assert play(Lane(), AlarmChanged(True, 0), AlarmChanged(True, 1))[1] == []
    assert play(Lane(), AlarmChanged(False, 0))[1] == []


def test_the_helpdesk_shows_and_never_opens() -> None:
    lane, effects = play(Lane(), HelpdeskChanged(True))
    assert effects == [Show(LaneFace.HELPDESK)]
    valid = GateAnswer(Id("S"), "A", Ok(replace(ADMIT, opens=False, count=0, entries=(), message=Message.VALID)))
    lane, effects = play(lane, Scanned("A", 0), Decided(valid, 5))
    assert effects == [Show(LaneFace.ANSWER, valid)]
    assert play(lane, LaneTicked(5000))[1] == [Show(LaneFace.HELPDESK)]


def test_going_to_the_helpdesk_settles_an_open_grant() -> None:
    assert play(GRANTED, HelpdeskChanged(True))[1] == [Close(), Settle(A, 0), Show(LaneFace.HELPDESK)]


def test_what_cannot_be_written_opens_nothing() -> None:
    lane, effects = play(Lane(), Scanned("A", 0), Undecided(5))
    assert effects == [Show(LaneFace.FAULT)]
    assert play(lane, Scanned("A", 10))[1] == [Check("A")]
    assert play(lane, LaneTicked(4005))[1] == [Show(LaneFace.READY)]


def test_an_inspector_forces_an_entry_and_says_why() -> None:
    lane, _ = play(Lane(), Scanned("A", 0), Decided(NO, 5))
    assert play(lane, Forced("lost child", "A"))[1] == [Check("A", forced="lost child")]


def test_an_inspector_has_seen_the_proof() -> None:
    ask = GateAnswer(Id("S"), "A", Refused(Deny.NEEDS_CHECK))
    lane, _ = play(Lane(), Scanned("A", 0), Decided(ask, 5))
    assert play(lane, ProofSeen())[1] == [Check("A", checked=True)]
    assert play(Lane(), ProofSeen())[1] == []


def test_the_screen_goes_back_to_rest() -> None:
    lane, _ = play(Lane(), Scanned("A", 0), Decided(NO, 5))
    assert play(lane, LaneTicked(4004))[1] == []
    assert play(lane, LaneTicked(4005))[1] == [Show(LaneFace.READY)]


EVENTS = st.one_of(
    st.builds(Scanned, st.sampled_from("ABC"), st.just(0)),
    st.builds(Passed, st.just(0)),
    st.builds(AlarmChanged, st.booleans(), st.just(0)),
    st.builds(HelpdeskChanged, st.booleans()),
    st.builds(LaneTicked, st.just(0)),
    st.builds(Forced, st.just("why")),
)


@pytest.mark.parametrize("sensor", [True, False])
@given(steps=st.lists(st.tuples(EVENTS, st.integers(0, 5000)), max_size=60), says=st.randoms(use_true_random=False))
def test_whatever_happens_each_grant_is_settled_once_and_opens_once(
    sensor: bool, steps: list[tuple[Event, int]], says: object
) -> None:
    lane, clock, number = Lane(sensor=sensor), 0, 0
    opened: list[Id] = []
    settled: list[Id] = []
    held = False
    for event, wait in steps:
        clock += wait
        queue: list[Event] = [replace(event, at_ms=clock) if hasattr(event, "at_ms") else event]
        while queue:
            lane, effects = step(lane, queue.pop(0))
            for effect in effects:
                match effect:
                    case Check(code):
                        number += 1
                        scan = derived_id("scan", number)
                        admit = replace(ADMIT, count=1 + number % 3)
                        outcome = Ok(admit) if says.random() < 0.7 else Refused(Deny.USED)  # type: ignore[attr-defined]
                        queue.append(Decided(GateAnswer(scan, code, outcome), clock))
                    case Open(scan_id):
                        assert not held
                        opened.append(scan_id)
                    case Settle(answer, passed):
                        assert 0 <= passed <= answer.outcome.value.count  # type: ignore[union-attr]
                        settled.append(answer.scan_id)
                    case HoldOpen():
                        held = True
                    case Close():
                        held = False
    lane, effects = step(lane, LaneTicked(clock + 60_000))
    settled += [effect.answer.scan_id for effect in effects if isinstance(effect, Settle)]
    assert sorted(settled) == sorted(opened)
    assert len(set(settled)) == len(settled)
    assert held == (lane.barrier is Barrier.ALARM)
