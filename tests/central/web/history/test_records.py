"""The audit as it is read back, on SQLite and PostgreSQL: whatever was done through the door, in whatever order."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.devices.model import NoLease
from central.inventory.model import NoPlace
from central.kernel.actor import SYSTEM, Actor
from central.kernel.contexts import Context, ContextKind
from central.kernel.crud import NoChange, command_of
from central.kernel.entity import ENTITIES
from central.kernel.log_chain import seal_now
from central.kernel.privileges import Action
from central.kernel.replies import NoEntry
from central.kernel.tx import Read
from central.organisation.model import OperatorProfile, OrganisationPrivilege
from central.organisation.ops import CreateContext
from central.web.history.log import AuditLog, LogFilter, LogPage, found, kept_reason
from central.web.history.past_states import NoWayBack, State, Way, restored, state_at
from central.web.history.records import Past, command_for, means_of, past, visible
from central.web.screens.listing import contexts_below
from shared.ids import Id
from tests.central.small_house import NOW, Clerk, House, new_id
from tests.waiting import CALM

CreateProfile = command_of(Action.CREATE, OperatorProfile)
ChangeProfile = command_of(Action.MODIFY, OperatorProfile)
DeleteProfile = command_of(Action.DELETE, OperatorProfile)
DECLARED = ENTITIES[OperatorProfile]

STEPS = st.lists(
    st.one_of(
        st.just(None),
        st.fixed_dictionaries(
            {},
            optional={
                "code": st.sampled_from(["A", "B", "C"]),
                "names": st.sampled_from([{"fr": "Un"}, {"fr": "Deux", "en": "Two"}]),
                "privileges": st.sampled_from([(), ("venues",), ("venues", "orders.order")]),
                "second_factor": st.booleans(),
            },
        ),
    ),
    min_size=1,
    max_size=8,
)


def look(clerk: Clerk, actor: Actor = SYSTEM) -> Read:
    return Read(clerk.db, actor, clerk.watch(), clerk.door.keys)


def seen(clerk: Clerk, row: Id, actor: Actor = SYSTEM) -> Past | None:
    return past(clerk.door, look(clerk, actor), "operator_profile", row)


def stored(clerk: Clerk, row: Id) -> State | None:
    rows = clerk.rows(f"{DECLARED.select_sql} WHERE id = :i", i=row)
    return dict(zip(DECLARED.names, rows[0], strict=True)) if rows else None


def play(clerk: Clerk, house: House, row: Id, steps: list[dict[str, Any] | None]) -> list[State | None]:
    """Makes, changes and takes away one profile; what it was after each step, a minute apart."""
    states: list[State | None] = []
    for step in steps:
        clerk.watch.at += timedelta(minutes=1)
        if stored(clerk, row) is None:
            whole = {"code": "Z", "names": {"fr": "Z"}, "privileges": (), "second_factor": False, **(step or {})}
            clerk.do(
                CreateProfile(id=row, context_id=house.institution, **{**whole, "code": f"{row[-12:]}{whole['code']}"})
            )
        elif step is None:
            clerk.do(DeleteProfile(id=row))
        else:
            code = {"code": f"{row[-12:]}{step['code']}"} if "code" in step else {}
            clerk.do(ChangeProfile(id=row, set={**step, **code}))
        states.append(stored(clerk, row))
    return states


@settings(max_examples=20, suppress_health_check=[*CALM, HealthCheck.function_scoped_fixture])
@given(steps=STEPS, seal=st.booleans())
def test_the_state_at_every_moment_is_what_was_there(
    clerk: Clerk, house: House, steps: list[dict[str, Any] | None], seal: bool
) -> None:
    row, began = new_id(), clerk.watch.at
    states = play(clerk, house, row, steps)
    if seal:
        seal_now(clerk.db, look(clerk))
    known = seen(clerk, row)
    assert known is not None and not any(each.doubts for each in known.moments)
    for n, state in enumerate(states, 1):
        assert state_at(known.now, known.moments, began + timedelta(minutes=n, seconds=1)) == state
    assert state_at(known.now, known.moments, began) is None


@settings(max_examples=20, suppress_health_check=[*CALM, HealthCheck.function_scoped_fixture])
@given(steps=STEPS, pick=st.integers(0, 7))
def test_any_state_is_brought_back_through_the_door_and_is_history_again(
    clerk: Clerk, house: House, steps: list[dict[str, Any] | None], pick: int
) -> None:
    row = new_id()
    states = play(clerk, house, row, steps)
    wanted = states[pick % len(states)]
    known = seen(clerk, row)
    assert known is not None
    back = restored(means_of(DECLARED), known.now, wanted)
    if back.why is NoWayBack.NOTHING_TO_DO:
        assert stored(clerk, row) == wanted
        return
    clerk.watch.at += timedelta(minutes=1)
    clerk.do(command_for(DECLARED, row, back.way, back.values, ""))
    assert stored(clerk, row) == wanted and back.why is None and not back.stays
    again = seen(clerk, row)
    assert again is not None and len(again.moments) == len(known.moments) + 1
    assert (again.moments[0].before, again.moments[0].after) == (known.now, wanted)
    undo = restored(means_of(DECLARED), again.now, again.moments[0].before)
    clerk.do(command_for(DECLARED, row, undo.way, undo.values, ""))
    assert stored(clerk, row) == states[-1], "going back is undone like anything else"


def test_changes_within_a_millisecond_keep_their_order(clerk: Clerk, house: House) -> None:
    """The clock stands still."""
    row = new_id()
    clerk.do(
        CreateProfile(
            id=row, context_id=house.institution, code="P0", names={"fr": "P"}, privileges=(), second_factor=False
        )
    )
    for n in range(1, 20):
        clerk.do(ChangeProfile(id=row, set={"code": f"P{n}"}))
    for _ in ("unsealed", "sealed"):
        known = seen(clerk, row)
        assert known is not None
        assert [each.after["code"] for each in known.moments if each.after] == [f"P{n}" for n in range(19, -1, -1)]
        assert not any(each.doubts for each in known.moments)
        seal_now(clerk.db, look(clerk))


def test_a_deleted_row_is_written_down_as_the_database_kept_it_without_its_secrets(clerk: Clerk, house: House) -> None:
    row = new_id()
    clerk.do(
        CreateProfile(
            id=row,
            context_id=house.institution,
            code="P",
            names={"fr": "É", "en": "E"},
            privileges=("venues",),
            second_factor=True,
        )
    )
    before = stored(clerk, row)
    clerk.do(DeleteProfile(id=row))
    known = seen(clerk, row)
    assert known is not None and known.now is None and known.last == before
    assert restored(means_of(DECLARED), None, known.last).way is Way.CREATE


# --- rights ----------------------------------------------------------------------------------------------------------


def test_who_may_see_what(clerk: Clerk, house: House) -> None:
    own, other, gone = new_id(), new_id(), new_id()
    clerk.do(
        CreateProfile(
            id=own, context_id=house.organiser, code="OWN", names={"fr": "O"}, privileges=(), second_factor=False
        )
    )
    clerk.do(
        CreateProfile(
            id=other, context_id=house.institution, code="OTHER", names={"fr": "O"}, privileges=(), second_factor=False
        )
    )
    clerk.do(
        CreateProfile(
            id=gone, context_id=house.organiser, code="GONE", names={"fr": "O"}, privileges=(), second_factor=False
        )
    )
    clerk.do(DeleteProfile(id=gone))
    things = [
        ("operator_profile", own),
        ("operator_profile", other),
        ("operator_profile", gone),
        ("site", house.site),
        ("nothing", own),
    ]
    here = house.operator(OrganisationPrivilege.PROFILE_READ, at=house.organiser)
    assert visible(clerk.door, look(clerk, here), things) == {("operator_profile", own), ("operator_profile", gone)}
    everywhere = house.operator(OrganisationPrivilege.PROFILE_READ)
    assert visible(clerk.door, look(clerk, everywhere), things) == {
        ("operator_profile", each) for each in (own, other, gone)
    }
    assert visible(clerk.door, look(clerk, house.operator()), things) == set()


def test_what_is_gone_is_seen_from_above_when_its_context_is_gone_as_well(clerk: Clerk, house: House) -> None:
    season, row = new_id(), new_id()
    clerk.do(
        CreateContext(
            id=season, context_id=house.organiser, kind=ContextKind.SEASON, code="S27", names={"fr": "S"}, settings={}
        )
    )
    clerk.do(
        CreateProfile(id=row, context_id=season, code="GONE", names={"fr": "O"}, privileges=(), second_factor=False)
    )
    clerk.do(DeleteProfile(id=row))
    clerk.do(command_of(Action.DELETE, Context)(id=season))
    for at, sees in ((house.organiser, True), (house.institution, True), (house.season, False)):
        actor = house.operator(OrganisationPrivilege.PROFILE_READ, at=at)
        assert (visible(clerk.door, look(clerk, actor), [("operator_profile", row)]) != set()) == sees


def test_the_perimeter_holds_for_what_is_gone_too(clerk: Clerk, house: House) -> None:
    actor = replace(house.operator("organisation"), perimeter={"context": frozenset({str(house.season)})})
    inside, outside = new_id(), new_id()
    for row, at in ((inside, house.season), (outside, house.organiser)):
        clerk.do(
            CreateProfile(
                id=row, context_id=at, code=f"P{at[-6:]}", names={"fr": "P"}, privileges=(), second_factor=False
            )
        )
        clerk.do(DeleteProfile(id=row))
    assert visible(clerk.door, look(clerk, actor), [("operator_profile", inside), ("operator_profile", outside)]) == {
        ("operator_profile", inside)
    }


# --- the log ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seal", [True, False])
def test_the_log_is_filtered_alike_on_both_databases(clerk: Clerk, house: House, seal: bool) -> None:
    anna = replace(house.operator("*"), origin="web 10.0.0.7")
    row = new_id()
    clerk.watch.at += timedelta(hours=1)
    clerk.as_(anna).do(
        CreateProfile(
            id=row, context_id=house.organiser, code="P", names={"fr": "P"}, privileges=(), second_factor=False
        )
    )
    clerk.as_(house.operator("*")).no(ChangeProfile(id=row, set={"code": "Q"}, seen="as it was long ago"))
    if seal:
        seal_now(clerk.db, look(clerk))
    read = look(clerk)

    def names(want: LogFilter) -> list[str]:
        got: LogPage = found(read, want)
        return [each.command for each in got.rows]

    below = contexts_below(read, house.organiser)
    assert names(LogFilter(who=anna.label)) == ["create_operator_profile"]
    assert names(LogFilter(row_id=row, entity="operator_profile")) == ["create_operator_profile"]
    assert names(LogFilter(row_id=row, entity="site")) == []
    assert names(LogFilter(entity="operator_profile")) == ["create_operator_profile"]
    assert names(LogFilter(ok=False)) == ["change_operator_profile"]
    assert names(LogFilter(origin="10.0.0")) == ["create_operator_profile"]
    assert names(LogFilter(origin="1%")) == [] and names(LogFilter(origin="_")) == []
    assert names(LogFilter(since=NOW + timedelta(minutes=30))) == ["change_operator_profile", "create_operator_profile"]
    assert "change_operator_profile" not in names(LogFilter(until=NOW + timedelta(minutes=30)))
    assert {*names(LogFilter(places=below))} > {"change_operator_profile", "create_operator_profile", "create_event"}
    assert "create_site" not in names(LogFilter(places=below)) and "set_up_house" not in names(LogFilter(places=below))
    assert names(LogFilter(places=())) == [] and names(LogFilter(at=())) == []
    assert next(each.reason for each in found(read, LogFilter(ok=False)).rows) is NoChange.CHANGED_MEANWHILE


def test_a_look_that_takes_too_long_says_how_far_it_came_and_goes_on(clerk: Clerk, house: House) -> None:
    seal_now(clerk.db, look(clerk))
    read = look(clerk)
    want, seen_to, looks = LogFilter(who="operator:nobody"), 10**9, 0
    import central.web.history.log as log

    before = log.FIRST_STRETCH, log.LONGEST_STRETCH
    log.FIRST_STRETCH = log.LONGEST_STRETCH = 3
    try:
        while True:
            got = found(read, want, longest_s=0.0)
            looks += 1
            if not got.next:
                break
            assert got.next < seen_to and got.until is not None
            seen_to, want = got.next, replace(want, before=got.next)
    finally:
        log.FIRST_STRETCH, log.LONGEST_STRETCH = before
    total = clerk.rows("SELECT MAX(seq) FROM command_log")[0][0]
    assert looks == -(-total // 3), "every row was looked at once"


def test_refusals_of_before_reasons_had_whole_names_are_read_by_what_their_command_refuses_with() -> None:
    assert kept_reason("place_order", "taken") is kept_reason("place_order", "no_place.taken") is NoPlace.TAKEN
    assert kept_reason("request_lease", "taken") is NoLease.TAKEN
    assert kept_reason("a_command_of_once", "not_allowed") is NoEntry.NOT_ALLOWED
    assert kept_reason("place_order", "given_up_long_ago") is NoEntry.OLDER


def test_the_log_over_the_api_is_for_who_may_read_it_there(clerk: Clerk, house: House) -> None:
    seal_now(clerk.db, look(clerk))
    auditor = clerk.as_(house.operator(OrganisationPrivilege.AUDIT_READ, at=house.organiser))
    assert auditor.ask(AuditLog(context_id=house.institution)).reason == NoEntry.NOT_ALLOWED
    rows = auditor.ask(AuditLog(context_id=house.organiser, limit=3)).value
    assert len(rows) == 3 and all(row["context_id"] for row in rows)
    more = auditor.ask(AuditLog(context_id=house.organiser, before=rows[-1]["seq"], limit=500)).value
    assert more and more[0]["seq"] < rows[-1]["seq"] and "create_site" not in {row["command"] for row in more}
    whole = (
        clerk.as_(house.operator(OrganisationPrivilege.AUDIT_READ))
        .ask(AuditLog(context_id=house.institution, limit=500))
        .value
    )
    assert {row["command"] for row in whole} >= {"set_up_house", "create_site"}
