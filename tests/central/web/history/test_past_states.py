"""States out of entries, and the way back: tables, and every sequence of changes that chance finds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.web.history.past_states import (
    STRUCK,
    Act,
    FieldDifference,
    Means,
    NoWayBack,
    RowEntry,
    RowMoment,
    State,
    Way,
    differences,
    moments,
    newest_first,
    restored,
    state_at,
    undone,
)

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALL = Means(frozenset(Way), ("id", "code", "rank"), ("code", "rank"), frozenset())


def entry(n: int, act: Act, change: dict[str, tuple[Any, Any]] | None = None, seq: int | None = 0) -> RowEntry:
    return RowEntry(
        n if seq == 0 else seq, n, 0, f"C{n}", START + timedelta(minutes=n), "operator:A", "web ::1", "change_x", act,
        change or {},
    )  # fmt: skip


MADE = entry(1, Act.CREATED)
NAMED = entry(2, Act.CHANGED, {"code": ("A", "B")})
RANKED = entry(3, Act.CHANGED, {"rank": (1, 2)})
GONE = entry(4, Act.DELETED, {"id": ("X", None), "code": ("B", None), "rank": (2, None)})
NOW = {"id": "X", "code": "B", "rank": 2}


def test_states_are_worked_out_backwards_from_the_row() -> None:
    found = moments(NOW, [MADE, NAMED, RANKED])
    assert [(each.before, each.after) for each in found] == [
        ({"id": "X", "code": "B", "rank": 1}, NOW),
        ({"id": "X", "code": "A", "rank": 1}, {"id": "X", "code": "B", "rank": 1}),
        (None, {"id": "X", "code": "A", "rank": 1}),
    ]
    assert not any(each.doubts for each in found)


def test_a_row_that_is_gone_keeps_its_past() -> None:
    found = moments(None, [MADE, NAMED, RANKED, GONE])
    assert found[0].before == NOW and found[0].after is None
    assert found[-1].after == {"id": "X", "code": "A", "rank": 1}


def test_what_left_no_entry_is_doubted() -> None:
    (found, *_) = moments({**NOW, "rank": 9}, [MADE, NAMED, RANKED])
    assert found.doubts == ("rank",) and found.before is not None and found.before["rank"] == 1


@pytest.mark.parametrize(
    ("minutes", "want"),
    [
        (0, None),
        (1, {"id": "X", "code": "A", "rank": 1}),
        (2.5, {"id": "X", "code": "B", "rank": 1}),
        (3, NOW),
        (99, NOW),
    ],
)
def test_the_state_at_a_moment(minutes: float, want: State | None) -> None:
    assert state_at(NOW, moments(NOW, [MADE, NAMED, RANKED]), START + timedelta(minutes=minutes)) == want


def test_unsealed_entries_are_the_newest_and_turns_tell_them_apart() -> None:
    late, later = replace(NAMED, seq=None, turn=90), replace(RANKED, seq=None, turn=91)
    assert newest_first([late, MADE, later]) == [later, late, MADE]


# --- the way back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "wanted", "way", "values", "stays", "why"),
    [
        (NOW, NOW, Way.CHANGE, {}, [], NoWayBack.NOTHING_TO_DO),
        (NOW, {**NOW, "code": "A"}, Way.CHANGE, {"code": "A"}, [], None),
        (NOW, {**NOW, "state": "old"}, Way.CHANGE, {}, ["state"], NoWayBack.NO_COMMAND),
        ({**NOW, "state": "new"}, {**NOW, "rank": 1, "state": "old"}, Way.CHANGE, {"rank": 1}, ["state"], None),
        (None, NOW, Way.CREATE, NOW, [], None),
        (None, {**NOW, "state": "old"}, Way.CREATE, NOW, ["state"], None),
        (NOW, None, Way.DELETE, {}, [], None),
        (None, None, Way.CHANGE, {}, [], NoWayBack.NOTHING_TO_DO),
    ],
)
def test_restoring_sets_what_differs_and_says_what_stays(
    now: State | None, wanted: State | None, way: Way, values: State, stays: list[str], why: NoWayBack | None
) -> None:
    back = restored(ALL, now, wanted)
    assert (back.way, back.values, [each.field for each in back.stays], back.why) == (way, values, stays, why)


def test_a_thing_without_commands_says_so() -> None:
    bare = replace(ALL, ways=frozenset(), given=(), changeable=())
    assert restored(bare, NOW, {**NOW, "code": "A"}).why is NoWayBack.NO_COMMAND
    assert restored(bare, None, NOW).why is NoWayBack.NO_COMMAND
    assert undone(bare, NOW, moments(NOW, [NAMED])[0]).why is NoWayBack.NO_COMMAND


def test_what_was_secret_cannot_be_put_back() -> None:
    means = replace(ALL, given=(*ALL.given, "password"), secret=frozenset({"password"}))
    assert restored(means, None, {**NOW, "password": STRUCK}).why is NoWayBack.SECRET_LOST
    back = restored(replace(means, changeable=(*ALL.changeable, "password")), {**NOW, "password": "•x"},
                    {**NOW, "password": STRUCK})  # fmt: skip
    assert back.values == {} and back.why is NoWayBack.NO_COMMAND


def test_undoing_takes_back_one_entry_and_leaves_what_came_after() -> None:
    (_, named, _) = moments(NOW, [MADE, NAMED, RANKED])
    back = undone(ALL, NOW, named)
    assert (back.way, back.values, back.why) == (Way.CHANGE, {"code": "A"}, None), "the rank stays 2"


def test_undoing_names_what_was_changed_since() -> None:
    since = entry(4, Act.CHANGED, {"code": ("B", "C")})
    now = {**NOW, "code": "C"}
    found = moments(now, [MADE, NAMED, RANKED, since])
    back = undone(ALL, now, found[2])
    assert back.why is NoWayBack.CHANGED_SINCE and back.conflicts == (FieldDifference("code", "B", "C"),)


@pytest.mark.parametrize(
    ("now", "entries", "at", "way", "why"),
    [
        (NOW, [entry(1, Act.CREATED)], 0, Way.DELETE, None),
        (None, [MADE, GONE], 1, Way.DELETE, NoWayBack.NOTHING_TO_DO),
        (NOW, [MADE, NAMED], 1, Way.DELETE, NoWayBack.CHANGED_SINCE),
        (None, [MADE, GONE], 0, Way.CREATE, None),
        (NOW, [MADE, GONE, entry(5, Act.CREATED)], 1, Way.CREATE, NoWayBack.NOTHING_TO_DO),
        (None, [MADE, NAMED, RANKED, GONE], 1, Way.CHANGE, NoWayBack.CHANGED_SINCE),
    ],
)
def test_undoing_a_making_and_a_taking_away(
    now: State | None, entries: list[RowEntry], at: int, way: Way, why: NoWayBack | None
) -> None:
    back = undone(ALL, now, moments(now, entries)[at])
    assert (back.way, back.why) == (way, why)


# --- chance ----------------------------------------------------------------------------------------------------------

FIELDS = ("code", "rank", "colour")
STEP = st.one_of(
    st.just("delete"),
    st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 3), min_size=1),
)


def played(steps: list[Any]) -> tuple[State | None, list[RowEntry], list[State | None]]:
    """Runs the steps on a row, writing entries as the kernel does; the states in between."""
    now: dict[str, Any] | None = None
    entries: list[RowEntry] = []
    states: list[State | None] = [None]
    for n, step in enumerate(steps, 1):
        if step == "delete":
            if now is None:
                continue
            entries.append(entry(n, Act.DELETED, {name: (value, None) for name, value in now.items()}))
            now = None
        elif now is None:
            now = {"id": "X", **dict.fromkeys(FIELDS, 0), **step}
            entries.append(entry(n, Act.CREATED))
        else:
            changed = {name: (now[name], value) for name, value in step.items() if now[name] != value}
            if not changed:
                continue
            now = {**now, **step}
            entries.append(entry(n, Act.CHANGED, changed))
        states.append(now)
    return now, entries, states


@given(st.lists(STEP, max_size=12), st.randoms())
def test_every_state_is_found_again_whatever_happened(steps: list[Any], chance: Any) -> None:
    now, entries, states = played(steps)
    shuffled = list(entries)
    chance.shuffle(shuffled)
    found = moments(now, shuffled)
    assert [each.after for each in reversed(found)] == states[1:]
    assert [each.before for each in reversed(found)] == states[:-1]
    assert not any(each.doubts for each in found)
    for one, state in zip(entries, states[1:], strict=True):
        assert state_at(now, found, one.at) == state
        assert state_at(now, found, one.at + timedelta(seconds=30)) == state
    assert state_at(now, found, START) is None


@given(st.lists(STEP, min_size=1, max_size=12), st.integers(0, 11))
def test_going_back_to_any_state_gives_that_state(steps: list[Any], pick: int) -> None:
    now, _, states = played(steps)
    means = replace(ALL, given=FIELDS, changeable=FIELDS)
    wanted = states[pick % len(states)]
    back = restored(means, now, wanted)
    assert _done(now, back.way, back.values) == wanted if back.why is None else now == wanted


@given(st.lists(STEP, min_size=1, max_size=12), st.integers(0, 11))
def test_undoing_changes_only_what_the_entry_set(steps: list[Any], pick: int) -> None:
    now, entries, _ = played(steps)
    if not entries:
        return
    found = moments(now, entries)
    moment: RowMoment = found[pick % len(found)]
    back = undone(replace(ALL, given=FIELDS, changeable=FIELDS), now, moment)
    if back.why is not None:
        return
    after = _done(now, back.way, back.values)
    if moment.entry.act is Act.CHANGED:
        assert after is not None and now is not None
        assert {each.field for each in differences(now, after)} == set(moment.entry.change)
        assert all(after[name] == old for name, (old, _) in moment.entry.change.items())
    else:
        assert after == moment.before


def _done(now: State | None, way: Way, values: State) -> State | None:
    if way is Way.DELETE:
        return None
    return {"id": "X", **values} if way is Way.CREATE else {**(now or {}), **values}
