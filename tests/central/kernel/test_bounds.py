"""How large a command may be is said by its declaration, of every text, list and mapping in it; what is beyond is
refused before anything else."""

from typing import Any

import orjson
import pytest

import central.app  # noqa: F401 - declares everything
from central.kernel.actor import ANONYMOUS
from central.kernel.bounds import MOST_JSON, Unbounded, beyond, heaviest, json_bytes, most_of
from central.kernel.registry import COMMANDS, KEPT, Handler
from central.kernel.replies import NoEntry
from shared.outcome import Refused
from tests.central.kernel.heaviest import Maker, fields_of, sized_parts
from tests.central.small_house import Clerk, House

ALL = sorted(COMMANDS.values(), key=lambda handler: handler.name)
SIZED = [
    (handler, at) for handler in ALL for name, hint in fields_of(handler.kind).items()
    for at, _ in sized_parts(hint, name)
]  # fmt: skip


def named(value: Any) -> str:
    return value.name if isinstance(value, Handler) else str(value)


@pytest.mark.parametrize("handler", ALL, ids=named)
def test_everything_in_a_command_has_a_bound(handler: Handler) -> None:
    for name, hint in fields_of(handler.kind).items():
        for at, part in sized_parts(hint, name):
            try:
                assert most_of(part, at) > 0
            except Unbounded as missing:
                pytest.fail(f"{handler.name}: {missing.at} does not say how much there may be: Between(most=…)")


@pytest.mark.parametrize("handler", ALL, ids=named)
def test_the_log_keeps_no_text_that_is_long_beside_the_hash(handler: Handler) -> None:
    command = Maker().command(handler.kind)
    kept = orjson.loads(handler.kept(command, orjson.dumps(command)))
    waiting = [kept]
    while waiting:
        value = waiting.pop()
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        assert not isinstance(value, str) or len(value) <= KEPT
    assert kept.keys() == {*fields_of(handler.kind)}


@pytest.mark.parametrize("handler, at", SIZED, ids=named)
def test_one_more_than_may_be_does_not_fit(handler: Handler, at: str) -> None:
    if at.partition(".")[0].partition("[")[0] == "plan":
        return  # 32 MB: see below
    want = Maker(more=at).command(handler.kind)
    (first, *_) = beyond(want)
    assert first["what"] in ("too_long", "too_big") and first["is"] == first["most"] + 1
    assert first["at"].partition(".")[0] == at.partition(".")[0].partition("[")[0]


@pytest.mark.parametrize("handler", ALL, ids=named)
def test_the_heaviest_is_let_through_and_known_from_the_declaration(handler: Handler) -> None:
    want = Maker().command(handler.kind)
    assert beyond(want) == []
    assert len(orjson.dumps(want)) < 8 * heaviest(handler.kind) + 1000


def test_json_of_whatever_shape_has_a_bound() -> None:
    handler = COMMANDS["command_device"]
    name, hint = next((name, hint) for name, hint in fields_of(handler.kind).items() if name == "body")
    most = json_bytes(hint)
    assert most < MOST_JSON == json_bytes(Any)
    for body, fits in (({"a": "x" * (most - 8)}, True), ({"a": "x" * (most - 7)}, False),
                       ({"a": [[[0] * most]]}, False), ({"a": 2**70}, True)):  # fmt: skip
        want = handler.kind(**{**{n: Maker().value(h, n) for n, h in fields_of(handler.kind).items()}, "body": body})
        assert (beyond(want) == []) is fits, (name, hint)


def test_what_is_beyond_is_refused_before_rights_are_asked(quick: tuple[Clerk, House]) -> None:
    """By whichever way it comes; and it leaves nothing."""
    clerk, house = quick
    rows = clerk.rows("SELECT COUNT(*) FROM command_log")
    for clerk_ in (clerk, clerk.as_(ANONYMOUS), clerk.as_(house.operator("inventory.place.block"))):
        want = Maker(more="why").command(COMMANDS["block_places"].kind)
        refused = clerk_.no(want)
        assert refused == Refused(NoEntry.FAULTY, fix="why", detail=refused.detail)
        assert refused.detail["faults"] == [{"at": "why", "what": "too_long", "most": 500, "is": 501}]
    assert clerk.rows("SELECT COUNT(*) FROM command_log") == rows
