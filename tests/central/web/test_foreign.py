"""What a form, an address, a header or a file says that is almost right: it is taken or refused, and nobody falls over
it."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

import central.areas  # noqa: F401
from central.devices.facts import UploadFacts
from central.kernel.registry import COMMANDS
from central.organisation.callers import _named
from central.organisation.webhooks import secret_bytes
from central.programme.plan_news import known_of
from central.venues.plan import Category, DrawnArea, Plan, Seat, SeatRow, Shape, Zone
from central.venues.planfile import Format, read_plan, written
from central.web.command_body import read as read_command
from central.web.numbers import MOST, pairs, whole
from central.web.screens.listing import _mark, _write_mark
from central.web.screens.row_forms import WAS, _texts_in
from shared.ids import derived_id
from tests.mangled import EDITS, edited

PLAN = Plan(
    "Salle", 100, 100, (Category("1re", "#abc"),),
    (
        Zone(
            "Z",
            (SeatRow("A", tuple(Seat(str(n), f"g{n}", 10.0 * n, 10.0, "1re") for n in range(1, 4))),),
            (DrawnArea(Shape.POLYGON, 1.0, 1.0, "gold", "none", 0.0, ((0.0, 0.0), (5.0, 0.0), (5.0, 5.0)), 0.0, 0.0),),
        ),
    ),
)  # fmt: skip
FACT = {
    "device_id": derived_id("d"), "seq": 1, "id": derived_id("f"), "kind": "scan", "at": "2026-01-01T00:00:00Z",
    "mono_ms": 0, "boot_id": "b", "clock": "trusted", "body": {"n": 1}, "prev": "0" * 64, "hash": "0" * 64,
}  # fmt: skip
UPLOAD = orjson.dumps({"facts": [FACT], "signature": "AAAA"})


def by_value_error(read: Callable[[str], Any]) -> Callable[[bytes], Any]:
    """Of those that say ValueError for what is none."""

    def tried(data: bytes) -> Any:
        try:
            return read(data.decode(errors="replace"))
        except ValueError:
            return None

    return tried


def _text(read: Callable[[str], Any]) -> Callable[[bytes], Any]:
    return lambda data: read(data.decode(errors="replace"))


PARSERS: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    **{f"a plan as {each}": (written(PLAN, each), read_plan) for each in Format},
    "an operator's key": (
        b"Basic " + b64encode(f"{derived_id('operator')}:key".encode()),
        lambda data: _named(data.decode(errors="surrogateescape")),
    ),
    "where a list goes on": (_write_mark("A", derived_id("row")).encode(), _text(_mark)),
    "a webhook's secret": (b"whsec_" + b64encode(b"s" * 32), _text(secret_bytes)),
    "what a form began with": (b'{"code":"A"}', _text(lambda text: _texts_in({WAS: [text]}, WAS))),
    "places that are chosen": (b"[[0,5],[1200,1]]", by_value_error(pairs)),
    "how far a plan was told": (b'[["a","b",1,2]]', _text(known_of)),
    "a command": (UPLOAD, lambda data: read_command(COMMANDS["upload_facts"], data)),
}


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=200)
@given(edits=EDITS)
def test_a_mangled_one_is_taken_or_refused(name: str, edits: list[tuple[str, int, int]]) -> None:
    real, read = PARSERS[name]
    read(edited(real, edits))


def test_the_real_ones_are_read() -> None:
    for name, (real, read) in PARSERS.items():
        assert read(real), name
    assert isinstance(PARSERS["a command"][1](UPLOAD), UploadFacts)


# --- numbers beside the fields of a sheet -----------------------------------------------------------------------------

NONE = ("", "-1", "1.5", "1e3", "²", "1_000", "٣", "9" * 40, str(MOST + 1), 1.0, -1, True, None, 10**30, MOST + 1, [1])
NO_PAIRS = (
    "[[1e308,1]]", "[[99999999999999999999999,1]]", "[[0,1e308]]", "[[true,1]]", '{"ab":1}', "[[null,1]]", "[[-1,5]]",
    "5", "[[[1],2]]", "[[1,2,3]]", "[1e400]", '["ab"]', f"[[0,{'9' * 300}]]", "[[1,", "\ufffd",
)  # fmt: skip


def test_a_number_is_whole_and_bounded() -> None:
    assert [whole(said) for said in ("0", " 12 ", str(MOST), 0, MOST)] == [0, 12, MOST, 0, MOST]
    for said in NONE:
        with pytest.raises(ValueError):
            whole(said)
    assert pairs("") == [] and pairs('[[1,2],["3",4]]') == [(1, 2), (3, 4)]
    for text in NO_PAIRS:
        with pytest.raises(ValueError):
            pairs(text)
