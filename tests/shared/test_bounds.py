"""Every field of every message has a bound, and a message beyond it is refused with the field's name. A new dataclass
of `shared.wire` is walked without a line here."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_args, get_origin, get_type_hints

import orjson
import pytest
from pydantic import TypeAdapter, ValidationError

import shared.wire
from edge.device.clockwork import DeviceTime
from edge.device.enrolment import EnrolmentStanding, Requested
from shared.clock import ClockState
from shared.ids import derived_id
from shared.money import MOST_MONEY
from shared.wire.bounds import MOST_DEPTH, Json, depth, longest
from shared.wire.certificates import MOST_PEM, Certificate, requested_key, verified
from shared.wire.codec import MOST_FAULTS, MOST_MESSAGE, build, dump, load
from shared.wire.facts import BATCH_BYTES, Fact, FactKind, Receipt, Sale, SaleLine, SalePayment
from shared.wire.packets import Connect
from shared.wire.seal import Signer
from shared.wire.token import MAX_INPUT, Token, parse
from shared.wire.topics import MEASURES, Kind, Measure, Presence, presence_of
from tests.hostile import example, split

NO_MESSAGE = {
    Token: "a barcode: its size is one of two (test_what_is_not_json)",
    Certificate: "read out of a PEM (test_what_is_not_json)",
    Connect: "read out of a packet (test_packets)",
    Signer: "never sent",
    Measure: "never sent",
    Json: "never sent",
}
Path = tuple[str | int, ...]


def messages() -> list[type]:
    modules = [import_module(f"shared.wire.{each.name}") for each in iter_modules(shared.wire.__path__)]
    found = {
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and is_dataclass(each) and each.__module__ == module.__name__
    }
    assert found >= set(NO_MESSAGE)
    return sorted({*found, DeviceTime, Requested, EnrolmentStanding} - set(NO_MESSAGE), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", messages(), ids=lambda kind: kind.__name__)
def test_no_field_takes_just_anything(kind: type) -> None:
    """What is too much for each field, at each depth, is refused, and the refusal names the place."""
    good = example(kind)
    assert build(kind, good) is not None
    cases = list(_beyond(kind, ()))
    assert cases or set(get_type_hints(kind).values()) == {bool}
    for path, much in cases:
        with pytest.raises(ValueError) as refused:
            load(kind, json.dumps(_with(good, kind, path, much)))
        assert any(str(step) in str(refused.value) for step in path), (path, str(refused.value)[:200])
        assert len(str(refused.value)) < 100_000


def _beyond(hint: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """(place, what is too much there) for every field within a type."""
    hint, marks = split(hint)
    base = getattr(hint, "__supertype__", hint)
    if is_dataclass(base) and isinstance(base, type):
        for name, each in get_type_hints(base, include_extras=True).items():
            yield from _beyond(each, (*path, name))
    elif get_origin(base) is tuple:
        inner = get_args(base)
        if Ellipsis in inner:
            yield path, [example(inner[0])] * (_longest(hint, marks) + 1)
            yield from _beyond(inner[0], (*path, 0))
        else:
            yield from ((found, much) for n, each in enumerate(inner) for found, much in _beyond(each, (*path, n)))
    elif get_origin(base) is dict:
        yield from _much_of_a_dict(get_args(base), marks, path)
    elif base is str:
        yield path, "x" * (_longest(hint, marks) + 1)
    elif base in (int, float):
        yield path, 10**30
        yield path, -(10**30)
        yield from [(path, 2**63)] if base is int else []
    elif base is datetime:
        yield path, "0001-01-01T00:00:00+14:00"
        yield path, "9999-12-31T23:59:59-14:00"
        yield path, "2026-01-01T00:00:00"
    else:
        assert base is bool or issubclass(base, Enum), base


def _much_of_a_dict(inner: tuple[Any, ...], marks: tuple[Any, ...], path: Path) -> Iterator[tuple[Path, Any]]:
    whole = next((mark for mark in marks if isinstance(mark, Json)), None)
    if whole:
        yield path, {"x": "y" * (whole.most + 1)}
        yield path, {str(n): n for n in range(whole.most)}
        deep: Any = 0
        for _ in range(MOST_DEPTH + 1):
            deep = [deep]
        yield path, {"x": deep}
        yield path, {"x": 10**30}
        return
    key, value = inner
    yield path, {str(n): example(value) if value is not Any else 0 for n in range(_longest(dict, marks) + 1)}
    yield path, {"k" * (_longest(*split(key)) + 1): example(value) if value is not Any else 0}
    if value is not Any:
        yield from _beyond(value, (*path, "k"))


def _longest(hint: Any, marks: tuple[Any, ...]) -> int:
    """The bound that a type's marks tell; there must be one."""
    told = longest(marks)
    assert told is not None, f"{hint} has no bound"
    return told


def _with(good: Any, hint: Any, path: Path, much: Any) -> Any:
    """The example with one place replaced; what leads there is filled in."""
    if not path:
        return much
    hint, _ = split(hint)
    base = getattr(hint, "__supertype__", hint)
    step, rest = path[0], path[1:]
    if is_dataclass(base) and isinstance(base, type):
        inner = get_type_hints(base, include_extras=True)[str(step)]
        held = good if isinstance(good, dict) else example(base)
        return {**held, str(step): _with(held.get(step) or example(inner), inner, rest, much)}
    if get_origin(base) is dict:
        return {str(step): _with(None, get_args(base)[1], rest, much)}
    inners = get_args(base)
    if Ellipsis in inners:
        return [_with(example(inners[0]), inners[0], rest, much)]
    return [_with(example(each), each, rest, much) if n == step else example(each) for n, each in enumerate(inners)]


@pytest.mark.parametrize("kind", messages(), ids=lambda kind: kind.__name__)
def test_a_message_is_measured_before_it_is_read(kind: type) -> None:
    with pytest.raises(ValueError, match="bytes are more than 100"):
        load(kind, b" " * 101, 100)
    with pytest.raises(ValueError, match=f"more than {MOST_MESSAGE}"):
        load(kind, b" " * (MOST_MESSAGE + 1))


@pytest.mark.parametrize("kind", messages(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("much", [b"[" * 100_000, b'{"a":' * 100_000, b'{"body":' + b"[" * 5000 + b"]" * 5000 + b"}"])
def test_nesting_without_end_is_a_refusal(kind: type, much: bytes) -> None:
    with pytest.raises(ValueError):
        load(kind, much)


def test_a_thousand_faults_are_told_in_part() -> None:
    with pytest.raises(ValueError) as refused:
        load(Receipt, orjson.dumps({"contiguous": 1, "dead": {f"{n}": 1 for n in range(200)}}))
    assert str(refused.value).count("dead.") == MOST_FAULTS
    assert "and 150 more" in str(refused.value)
    with pytest.raises(ValueError) as refused:
        load(Receipt, orjson.dumps({"contiguous": 1, "dead": {"k" * 1_000_000: 1}}))
    assert len(str(refused.value)) < 5000


def test_depth() -> None:
    cases: list[tuple[Any, int]] = [({}, 0), ({"a": 1}, 0), ({"a": [1]}, 1), ([[], [[1]]], 2), ({"a": {"b": {}}}, 2)]
    assert [depth(value) for value, _ in cases] == [want for _, want in cases]
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert depth(deep) == MOST_DEPTH + 1, "and looks no further"


def test_what_is_not_json() -> None:
    for size in (MAX_INPUT + 1, 10_000_000):
        assert parse("A" * size) is None
    huge = "-----BEGIN CERTIFICATE-----\n" + "A" * MOST_PEM + "\n-----END CERTIFICATE-----\n"
    assert verified(huge, huge) is None and requested_key(huge) is None


def test_a_presence_is_its_own_topics_device() -> None:
    one, two = derived_id("one"), derived_id("two")
    said = dump(Presence(one, "s", True, datetime(2026, 1, 1, tzinfo=UTC)))
    assert presence_of(f"parterre/S/device/{one}/state", said) is not None
    for topic in (f"parterre/S/device/{two}/state", f"parterre/S/device/{one}/claim", f"parterre/S/command/{one}", "x"):
        assert presence_of(topic, said) is None
    assert presence_of(f"parterre/S/device/{one}/state", said + b" " * MEASURES[Kind.STATE].most) is None


def test_nothing_honest_comes_near() -> None:
    """The longest that a device says: a sale of a hundred places, a lane that misses sixty others."""
    one, token = derived_id("one"), "A" * 175
    lines = tuple(SaleLine(one, n, one, 10**6, 2000, token, f"K1-{n:08}") for n in range(100))
    sale = Sale(one, 1, one, "EUR", lines, (SalePayment(one, "card", 10**8, "A" * 40, "T" * 20),))
    at = datetime(2026, 1, 1, tzinfo=UTC)
    fact = Fact(one, 1, one, FactKind.SALE, at, 1, "boot", ClockState.TRUSTED, orjson.loads(dump(sale)), "0" * 64)
    assert len(dump(fact)) < BATCH_BYTES and build(Sale, load(Fact, dump(fact)).body) == sale
    lane = {"lane": "Parterre gauche", "missing": [f"Parterre gauche {n}" for n in range(60)], "counts": {"a": 1}}
    said = Presence(one, "s" * 26, True, at, "D-01", lane)
    assert presence_of(f"parterre/S/device/{one}/state", dump(said)) == said


MONEY = {"price", "prices", "amount"}


def test_money_is_what_a_sum_holds() -> None:
    """Each field that is called so, of every message: nine million of them are less than 64 bits."""
    assert MOST_MONEY * 9_000_000 < 2**63
    fields_of_money = [
        (kind, field.name, hint)
        for kind in messages()
        for field in fields(kind)
        if field.name in MONEY and (hint := get_type_hints(kind, include_extras=True)[field.name])
    ]
    assert {name for _, name, _ in fields_of_money} == MONEY
    for kind, name, hint in fields_of_money:
        for amount in (MOST_MONEY, MOST_MONEY + 1, -MOST_MONEY - 1):
            told = {"T": amount} if name == "prices" else amount
            fits = not _refuses(hint, told)
            assert fits is (amount == MOST_MONEY), (kind, name)


def _refuses(hint: Any, told: Any) -> bool:
    try:
        TypeAdapter(hint).validate_python(told)
    except ValidationError:
        return True
    return False
