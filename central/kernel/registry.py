"""Commands and queries by name: the only ways to change and to read, registered beside their handlers."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import orjson
from pydantic import TypeAdapter

from central.kernel.entity import Secret
from central.kernel.tx import Read, Tx
from shared.outcome import Outcome

C = TypeVar("C")
Place = Callable[[Read, Any], str | None]
"""Where a command acts: the id of the context whose path of ancestors must hold the privilege; None: no such thing."""


@dataclass(frozen=True, slots=True)
class Handler:
    """`needs` None: everybody may ask (the handler checks what it must, such as a one-time code)."""

    name: str
    kind: type[Any]
    needs: str | None
    at: Place
    gives: Any
    run: Callable[[Any, Any], Outcome[Any]]
    adapter: TypeAdapter[Any]
    secrets: tuple[str, ...]
    doc: str

    def struck(self, body: bytes) -> bytes:
        """A command's JSON with its secrets struck out: what the log keeps."""
        if not self.secrets:
            return body
        fields_ = orjson.loads(body)
        return orjson.dumps({**fields_, **dict.fromkeys(self.secrets, "•")})


COMMANDS: dict[str, Handler] = {}
QUERIES: dict[str, Handler] = {}
_BY_KIND: dict[type[Any], Handler] = {}


def by_context_id(_: Read, want: Any) -> str | None:
    return str(want.context_id)


def handles(
    kind: type[C], *, needs: str | None, at: Place = by_context_id, gives: Any = None
) -> Callable[[Callable[[Tx, C], Outcome[Any]]], Callable[[Tx, C], Outcome[Any]]]:
    """Registers the handler of a command; the function itself stays as it is."""

    def register(run: Callable[[Tx, C], Outcome[Any]]) -> Callable[[Tx, C], Outcome[Any]]:
        handler = _handler(kind, needs, at, gives, run)
        COMMANDS[handler.name] = handler
        _BY_KIND[kind] = handler
        return run

    return register


def answers(
    kind: type[C], *, needs: str | None, at: Place = by_context_id, gives: Any = None
) -> Callable[[Callable[[Read, C], Outcome[Any]]], Callable[[Read, C], Outcome[Any]]]:
    """Registers the handler of a query."""

    def register(run: Callable[[Read, C], Outcome[Any]]) -> Callable[[Read, C], Outcome[Any]]:
        handler = _handler(kind, needs, at, gives, run)
        QUERIES[handler.name] = handler
        _BY_KIND[kind] = handler
        return run

    return register


def handler_of(kind: type[Any]) -> Handler:
    return _BY_KIND[kind]


def _handler(kind: type[Any], needs: str | None, at: Place, gives: Any, run: Callable[[Any, Any], Any]) -> Handler:
    name = "".join("_" + char.lower() if char.isupper() else char for char in kind.__name__).lstrip("_")
    hints = get_type_hints(kind, include_extras=True)
    secrets = tuple(
        field.name
        for field in fields(kind)
        if get_origin(hints[field.name]) is Annotated
        and any(isinstance(mark, Secret) for mark in get_args(hints[field.name])[1:])
    )
    doc = " ".join((kind.__doc__ or "").split())
    return Handler(name, kind, needs, at, gives, run, TypeAdapter(kind), secrets, doc)
