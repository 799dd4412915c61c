"""Every text of every command, as its declaration has it, is judged at the door: a new field is walked without a line
here."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from central.kernel.command_texts import worded
from central.kernel.door import NoEntry
from central.kernel.entity import Look, Raw, Secret, stripped
from central.kernel.registry import COMMANDS, Handler
from central.organisation.ops import CreateContext
from shared.ids import Id
from tests.central.small_house import Clerk, House, new_id

HIDDEN = "a\u202eb"
RAW = {  # texts in a language of their own: who parses them judges their letters
    ("import_plan", "plan"), ("reimport_plan", "plan"), ("settle_hall", "plan"), ("enrol_device", "request_pem"),
    ("settle_outbox", "why"), ("note_attempt", "why"),
}  # fmt: skip
Quick = tuple[Clerk, House]


def texts(hint: Any, put: str) -> Iterator[tuple[str, Any]]:
    """(where it stands, a value of this type with `put` there), for each text that the type has."""
    bare, _, marks = stripped(hint)
    base = getattr(bare, "__supertype__", bare)
    if bare is Id or any(isinstance(mark, Secret | Raw) or mark is Look.PICTURE for mark in marks):
        return
    if base is str or base is Any:
        yield "", put
    elif is_typeddict(base):
        for name, inner in get_type_hints(base, include_extras=True).items():
            yield from ((f".{name}{at}", {name: value}) for at, value in texts(inner, put))
    elif is_dataclass(base) and not base.__module__.startswith("shared.wire"):
        for name, values in of_fields(base, put):
            yield name, base(**values)
    elif get_origin(base) is dict:
        for at, value in texts(get_args(base)[1], put):
            yield f".fr{at}", {"fr": value}
    elif get_origin(base) is tuple:
        yield from ((f".0{at}", (value,)) for at, value in texts(get_args(base)[0], put))
    else:
        assert isinstance(base, type) and (issubclass(base, Enum) or base is not str), base


def of_fields(kind: Any, put: str) -> Iterator[tuple[str, dict[str, Any]]]:
    hints = get_type_hints(kind, include_extras=True)
    empty = dict.fromkeys([each.name for each in fields(kind)])
    for name in empty:
        for at, value in texts(hints[name], put):
            yield f".{name}{at}".replace(".set.", "."), {**empty, name: value}


def of_command(handler: Handler, put: str) -> list[tuple[str, Any]]:
    if handler.kind.__module__.startswith("shared.wire"):
        return []
    return [(at[1:], handler.kind(**values)) for at, values in of_fields(handler.kind, put)]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_sign_that_nobody_sees_is_refused_with_its_place(quick: Quick, name: str) -> None:
    clerk, _ = quick
    for at, command in of_command(COMMANDS[name], HIDDEN):
        refused = clerk.no(command)
        assert refused.reason == NoEntry.FAULTY, (name, at)
        assert refused.detail["faults"] == [{"at": at, "what": "unseen_sign", "sign": "U+202E"}]
        assert clerk.rows("SELECT 1 FROM command_log WHERE id = :id", id=clerk.said[-1]) == [], "and leaves nothing"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_what_only_looks_different_is_made_one(name: str) -> None:
    spaced = dict(of_command(COMMANDS[name], "a\u00a0b"))
    plain = dict(of_command(COMMANDS[name], "a b"))
    for at, command in spaced.items():
        assert worded(command) == (plain[at], []), at


def test_there_are_texts_to_walk() -> None:
    walked = [at for handler in COMMANDS.values() for at, _ in of_command(handler, HIDDEN)]
    assert len(walked) > 150 and "set.names.fr" not in walked and "names.fr" in walked
    raw = {
        (handler.name, name)
        for handler in COMMANDS.values()
        for name, hint in handler.hints.items()
        if any(isinstance(mark, Raw) for mark in stripped(hint)[2])
    }
    assert raw == RAW, "whoever adds one says here why"


def test_a_command_without_such_signs_is_the_same_object() -> None:
    command = CreateContext(
        id=new_id(), context_id=new_id(), kind="season", code="S", names={"fr": "Saison", "en": "«Été»"}, settings={}
    )
    assert worded(command)[0] is command


def test_keys_are_texts_too() -> None:
    _, found = worded(
        CreateContext(
            id=new_id(), context_id=new_id(), kind="season", code="S", names={"fr": "S"}, settings={HIDDEN: "x"}
        )
    )
    assert [each["at"] for each in found] == ["settings"]


@pytest.mark.behind_the_door
def test_rows_from_before_stay_and_change(quick: Quick) -> None:
    """A name that was taken in before the rule does not stand in the way of changing something else."""
    from central.kernel.crud import command_of
    from central.kernel.privileges import Action
    from central.pricing.model import Tariff

    clerk, house = quick
    clerk.db.begin(write=True)
    clerk.db.write("UPDATE tariff SET names = :n WHERE id = :id", {"n": '{"fr": "a\u202eb"}', "id": house.full})
    clerk.db.commit()
    clerk.do(command_of(Action.MODIFY, Tariff)(id=house.full, set={"rank": 9}))
    assert clerk.rows("SELECT rank FROM tariff WHERE id = :id", id=house.full) == [(9,)]
