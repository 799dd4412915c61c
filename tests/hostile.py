"""Messages that nobody honest sends: rubbish, and each field of a real message with each value that it may not have."""

import json
import types
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import AwareDatetime

from shared.wire.codec import dump
from shared.wire.seal import Sealed, Signer, seal
from shared.wire.topics import Claim, Instruction, Presence

WRONG: tuple[Any, ...] = (
    None, True, [], {}, [[]], {"a": {}}, "", "x" * 5000, "\u202e\n\x00", -1, 10**30, 1e308, "2026-01-01T00:00:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0" * 26, "ZZZZZZZZZZZZZZZZZZZZZZZZZZ", ["x"] * 3000,
)  # fmt: skip
RUBBISH: tuple[bytes, ...] = (
    b"", b"\x00", b"\xff\xfe", b"null", b"[]", b"{}", b'"x"', b"1e999", b"NaN", b"{", b'{"a":', b"[" * 8000,
    b'{"a":' * 3000, b'{"device_id":"\\ud800"}', b'{"text":"{}","kid":"x","signature":"!"}', "é".encode("latin-1"),
    b"x" * 16384, b'{"text":"' + b"[" * 4000 + b'","kid":"00000000","signature":""}',
)  # fmt: skip


def split(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without its Annotated and without None; the marks."""
    marks: tuple[Any, ...] = ()
    while True:
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            marks += tuple(more)
        elif hint is AwareDatetime:
            hint = datetime
        elif get_origin(hint) in (Union, types.UnionType):
            (hint,) = [arm for arm in get_args(hint) if arm is not type(None)]
        else:
            return hint, marks


def example(hint: Any) -> Any:
    """The smallest value of a type, as JSON has it."""
    hint, _ = split(hint)
    base = getattr(hint, "__supertype__", hint)
    if is_dataclass(base) and isinstance(base, type):
        hints = get_type_hints(base, include_extras=True)
        return {
            each.name: example(hints[each.name])
            for each in fields(base)
            if each.default is MISSING and each.default_factory is MISSING
        }
    if isinstance(base, type) and issubclass(base, Enum):
        return next(iter(base)).value
    if get_origin(base) is tuple:
        inner = get_args(base)
        return [] if Ellipsis in inner else [example(each) for each in inner]
    simple = {str: "", int: 0, float: 0.0, bool: False, datetime: "2026-01-01T00:00:00Z"}
    return {} if get_origin(base) is dict else simple[base]


def bent(kind: type, good: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The message without each field, with each field wrong, and with one too many."""
    for each in fields(kind):
        yield {name: value for name, value in good.items() if name != each.name}
        for wrong in WRONG:
            yield {**good, each.name: wrong}
    yield {**good, "more": 1}


def payloads(good: dict[type, Any], signers: tuple[Signer, ...]) -> Iterator[bytes]:
    """Everything that may come on a topic: `good` are honest messages, `signers` who may have sealed them."""
    yield from RUBBISH
    for kind, message in good.items():
        told = json.loads(dump(message))
        for wrong in bent(kind, told):
            text = json.dumps(wrong).encode()
            yield text
            if kind is Presence:
                continue
            for signer in signers:
                yield dump(seal(text, signer))
    sealed = seal(b"{}", signers[0])
    for wrong in bent(Sealed, json.loads(dump(sealed))):
        yield json.dumps(wrong).encode()


MESSAGES = (Presence, Claim, Instruction)
