"""What actions changed can be taken back, compared and undone, whatever it was (docs/spec/venues.md, Actions on a
plan)."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from central.venues.history import (
    Changes,
    SeatChange,
    SeatField,
    apply,
    changed,
    changes_in,
    compared,
    dump,
    inverse,
    positions,
    runs,
    share_changes,
    split,
    take_back,
)
from central.venues.selection import Table, ZoneShare

SEATS = 12
VALUES: dict[SeatField, list[Any]] = {
    SeatField.CATEGORY: ["one", "two"],
    SeatField.CONTINGENT: [None, "press", "club"],
    SeatField.BLOCKED: ["", "television"],
    SeatField.QUALITY: [None, 0, 25, 50],
}


def hall() -> Table:
    return Table(
        positions=range(SEATS),
        ids=[f"s{n}" for n in range(SEATS)],
        values={field: [values[0]] * SEATS for field, values in VALUES.items()},
        taken=[""] * SEATS,
        shares={("S", ""): ZoneShare(20)},
        counted={"S": "standing"},
    )


def state(table: Table) -> tuple[Any, ...]:
    kept = {key: share for key, share in table.shares.items() if share.capacity}
    return {field: list(column) for field, column in table.values.items()}, kept, dict(table.counted)


@st.composite
def acts(draw: st.DrawFn) -> tuple[SeatField, list[int], Any, int]:
    field = draw(st.sampled_from(sorted(VALUES)))
    seats = sorted(draw(st.sets(st.integers(0, SEATS - 1))))
    return field, seats, draw(st.sampled_from(VALUES[field])), draw(st.integers(0, 3))


def done(table: Table, act: tuple[SeatField, list[int], Any, int]) -> Changes:
    field, seats, value, counted = act
    goal = (lambda n: 25 * n) if field is SeatField.QUALITY and value == 50 else value
    shares, _ = split(table.shares, [(("S", ""), counted)] if counted else [], "press")
    changes = Changes(changed(table, seats, field, goal), share_changes(table.shares, shares))
    apply(changes, table)
    return changes


@given(st.lists(acts(), max_size=8))
def test_the_past_is_the_present_with_later_actions_taken_back(history: list[Any]) -> None:
    table = hall()
    states, entries = [state(table)], []
    for act in history:
        entries.append(changes_in(dump(done(table, act))))
        states.append(state(table))
    for kept in range(len(entries), -1, -1):
        back = hall()
        for entry in entries:
            apply(entry, back)
        take_back(reversed(entries[kept:]), back)
        assert state(back) == states[kept]


@given(st.lists(acts(), max_size=5), st.lists(acts(), max_size=5))
def test_what_differs_between_two_moments_leads_from_one_to_the_other(first: list[Any], then: list[Any]) -> None:
    before, after = hall(), hall()
    for act in first:
        done(before, act)
        done(after, act)
    for act in then:
        done(after, act)
    leads = compared(before, after)
    apply(leads, before)
    assert state(before) == state(after)
    assert bool(leads) is bool(compared(hall(), after)) or first


@settings(max_examples=200)
@given(acts(), st.lists(acts(), max_size=4), st.sets(st.integers(0, SEATS - 1)))
def test_undo_restores_what_nobody_changed_since_and_leaves_what_is_held(
    act: Any, later: list[Any], held: set[int]
) -> None:
    table = hall()
    was = state(table)
    changes = done(table, act)
    touched_since: set[tuple[SeatField, int]] = set()
    for each in later:
        for change in done(table, each).seats:
            touched_since |= {(change.field, position) for position in positions(change.at)}
    now = state(table)
    back, left = inverse(changes, table, lambda n: "sold" if n in held else "")
    apply(back, table)
    after = state(table)
    for change in changes.seats:
        for position, before, set_to in change:
            column = change.field
            if now[0][column][position] != set_to:
                assert left[position] == "changed_since"
                assert after[0][column][position] == now[0][column][position]
            elif position in held and column is not SeatField.QUALITY:
                assert left[position] == "sold"
                assert after[0][column][position] == set_to
            elif position not in left:
                assert after[0][column][position] == before == was[0][column][position]
    others = {(field, n) for field in VALUES for n in range(SEATS)}
    others -= {(change.field, position) for change in changes.seats for position in positions(change.at)}
    for field, n in others:
        assert after[0][field][n] == now[0][field][n], "undo touches what the action touched, and nothing else"


@given(st.sets(st.integers(0, 200)))
def test_stretches_are_the_positions(some: set[int]) -> None:
    assert list(positions(runs(sorted(some)))) == sorted(some)


def test_twenty_thousand_seats_are_a_few_numbers() -> None:
    table = Table(positions=range(80_000), ids=[""] * 80_000, values={SeatField.BLOCKED: [""] * 80_000})
    changes = Changes(changed(table, range(10_000, 30_000), SeatField.BLOCKED, "television"))
    assert changes.seats == (SeatChange(SeatField.BLOCKED, (10_000, 20_000), ("",), ("television",)),)
    assert len(dump(changes)) < 200
    assert changes.places == 20_000
