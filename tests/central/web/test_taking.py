"""No body costs the loop more than a little, whatever is in it and whoever sent it: every command is given the worst
that its caller may send. What is counted are bytes and values that are read in the loop, and the faults that are made
of them; never time."""

import pickle
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields

import orjson
import pytest
from aiohttp import web
from pydantic import ValidationError

from central.kernel.actor import ANONYMOUS, SYSTEM
from central.kernel.bounds import parts_of
from central.kernel.registry import COMMANDS, Handler
from central.kernel.trouble import NoDatabase
from central.web import command_body
from central.web.bodies import MOST_FROM_DEVICES, MOST_FROM_STRANGERS, MOST_USUALLY
from central.web.command_body import (
    EACH,
    FEW,
    PIECE,
    READING,
    SMALL,
    Faulty,
    Piece,
    Taking,
    is_light,
    put_together,
    read,
    read_beside,
)  # fmt: skip
from shared.outcome import Ok, Refused
from shared.wire.codec import MOST_FAULTS, MOST_SPELT, faults, spelt
from tests.central.kernel.heaviest import Maker

ALL = sorted(COMMANDS.values(), key=lambda handler: handler.name)


def hostile(handler: Handler, size: int) -> Iterator[bytes]:
    """Bodies of about this size, none of which is a command."""
    yield b"[" * size
    yield b'{"' + b"k" * size + b'":1}'
    yield b"{" + b",".join(b'"%x":1' % n for n in range(size // 10)) + b"}"
    for each in fields(handler.kind):
        name, kind = each.name.encode(), parts_of(handler.hints[each.name])[0]
        if kind == "list":
            for member in (b"1", b"{}", b'""'):
                yield b'{"' + name + b'":[' + b",".join([member] * (size // (len(member) + 1))) + b"]}"
        elif kind in ("mapping", "any", "fields"):
            yield b'{"' + name + b'":{' + b",".join(b'"%x":{}' % n for n in range(size // 11)) + b"}}"
        elif kind != "plain":
            yield b'{"' + name + b'":' + b"9" * size + b"}"


@pytest.mark.parametrize("handler", ALL, ids=lambda handler: handler.name)
def test_what_is_read_in_the_loop_is_little(handler: Handler) -> None:
    for body in hostile(handler, SMALL - 100):
        assert is_light(body)
        found = read(handler, body)
        assert isinstance(found, Faulty) and 0 < len(found.faults) <= MOST_FAULTS + 1, body[:60]
        assert len(orjson.dumps(found.faults)) < 64 * 1024
        try:
            handler.adapter.validate_json(body)
        except ValidationError as bad:  # else it is only larger than may be
            assert bad.error_count() < SMALL / 4, (body[:60], bad.error_count())
            assert len(spelt(bad)) <= MOST_SPELT


@pytest.mark.parametrize("size", [MOST_FROM_STRANGERS, MOST_FROM_DEVICES, MOST_USUALLY])
def test_many_values_are_not_read_in_the_loop(size: int) -> None:
    for body in (b for handler in (COMMANDS["place_order"], COMMANDS["upload_facts"]) for b in hostile(handler, size)):
        few = sum(body.count(sign) for sign in (b",", b"[", b"{")) <= FEW
        assert is_light(body) == (few or len(body) <= SMALL)


def test_of_very_many_faults_their_number_is_said() -> None:
    adapter = COMMANDS["place_order"].adapter
    for count, told in ((MOST_FAULTS + 10, MOST_FAULTS + 1), (MOST_SPELT + 10, 1)):
        with pytest.raises(ValidationError) as bad:
            adapter.validate_json(orjson.dumps({f"k{n}": 1 for n in range(count)}))
        said = faults(bad.value)
        assert len(said) == told
        assert str(bad.value.error_count() - (told - 1)) in said[-1]["what"]


@pytest.fixture
async def reader() -> AsyncIterator[Taking]:
    made = Taking()
    yield made
    await made.stop(web.Application())


@pytest.mark.parametrize("handler", ALL, ids=lambda handler: handler.name)
def test_the_heaviest_comes_over_in_pieces_as_it_is(handler: Handler) -> None:
    body = orjson.dumps(Maker().command(handler.kind))
    here = read(handler, body)
    parts = tuple(pickle.loads(pickle.dumps(part)) for part in read_beside(handler.name, body))
    assert put_together(handler, parts) == here
    assert all(len(part[1].members) <= PIECE for part in parts if isinstance(part, tuple) and type(part[1]) is Piece)


async def test_what_holds_much_is_read_in_another_process(reader: Taking, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = COMMANDS["block_places"]
    much = orjson.dumps(Maker().command(handler.kind))
    wrong = b'{"places":[' + b",".join([b"1"] * 200_000) + b"]}"
    assert not is_light(much) and not is_light(wrong)
    expected = [read(handler, body) for body in (much, wrong)]
    monkeypatch.setattr(command_body, "read", None)  # nobody reads it here
    assert [await reader.take(SYSTEM, handler, body) for body in (much, wrong)] == [Ok(each) for each in expected]


async def test_too_many_at_once_are_refused(reader: Taking) -> None:
    handler, body = COMMANDS["place_order"], b"[" + b"1," * SMALL + b"1]"
    reader._held[ANONYMOUS.label] = EACH
    assert await reader.take(ANONYMOUS, handler, body) == Refused(NoDatabase.BUSY)
    assert reader._held[SYSTEM.label] == 0
    reader.beside.inside = READING.at_once + READING.waiting
    assert await reader.take(SYSTEM, handler, body) == Refused(NoDatabase.BUSY)
    assert not reader._held[SYSTEM.label]
