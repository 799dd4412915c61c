"""What a command or query names, and whether who asks may name it.

A right is asked at one place. Everything else that a command refers to has to be within its reach: on the line of that
place, or where the same right is held as well, and inside the perimeter. What is not is, for the command, not there:
its handler is given an id that names nothing in its place, so that a stranger's thing and none at all are answered with
the same words. The marks of a command's fields say what it refers to; nothing is written for a command.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, get_args, get_origin, get_type_hints

from central.kernel.entity import Loose, Reach, Ref, mark_of, stripped
from central.kernel.memory import keep
from central.kernel.scope import context_of, outside
from central.kernel.tx import Read
from shared.ids import Id, derived_id

PathOf = Callable[[Read, str], tuple[str, ...]]
"""A context's id and its ancestors' ids, nearest first."""

MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row that a command names: in which field (`places.0.seat_id`), of which table, how far the right must go."""

    at: str
    table: str
    row_id: str
    reach: Reach | None


def reached(place: tuple[str, ...], thing: tuple[str, ...], held: bool, reach: Reach | None) -> bool:
    """Whether a right asked at `place` lets a thing be named that stands at `thing` (each a path: a context and those
    above it, nearest first). `held`: the asker has this right at the thing too, which is so for all that stands below
    where they hold it. What stands above the place serves all that is below it: an organiser sells in the
    institution's hall. `Reach.HELD` asks for more: there it has to be held."""
    return held or (reach is not Reach.HELD and thing[0] in place)


# --- what a command names --------------------------------------------------------------------------------------------

Walk = Callable[[Any, str], Iterator[NamedRow]]


TO_REACH: tuple[Reach | None, ...] = (None, Reach.HELD)


def naming(kind: type[Any], reaches: tuple[Reach | None, ...] = TO_REACH) -> Callable[[Any], list[NamedRow]]:
    """Made once for a command: what tells its references. The place itself, parts that are looked for within something
    else, own ids and loose ones are left out: an order with a thousand seats costs no more than one with one. Who has a
    perimeter is asked for the parts and own ids too."""
    walk = _of_class(kind, reaches)
    return (lambda want: list(walk(want, ""))) if walk else lambda _: []


def _of_class(kind: type[Any], reaches: tuple[Reach | None, ...]) -> Walk | None:
    hints = get_type_hints(kind, include_extras=True)
    names = [each.name for each in fields(kind)] if is_dataclass(kind) else list(hints)
    walks = [(name, walk) for name in names if (walk := _of_hint(hints[name], reaches))]
    if not walks:
        return None

    def walk_all(value: Any, at: str) -> Iterator[NamedRow]:
        for name, walk in walks:
            yield from walk(getattr(value, name), f"{at}{name}.")

    def walk_set(value: Any, at: str) -> Iterator[NamedRow]:
        for name, walk in walks:
            if name in value:  # a form's `set`: what is not there stays as it is
                yield from walk(value[name], f"{at}{name}.")

    return walk_all if is_dataclass(kind) else walk_set


def _of_hint(hint: Any, reaches: tuple[Reach | None, ...]) -> Walk | None:
    bare, _, marks = stripped(hint)
    if any(isinstance(mark, Loose) for mark in marks):
        return None
    reach = next((mark for mark in marks if isinstance(mark, Reach)), None)
    if ref := mark_of(marks, Ref):
        return _of_id(ref, reach) if reach in reaches else None
    if is_dataclass(bare) or hasattr(bare, "__total__"):  # a TypedDict says whether it is total
        return _optional(_of_class(bare, reaches))
    if get_origin(bare) is tuple:
        return _of_many(_of_hint(get_args(bare)[0], reaches))
    if get_origin(bare) is dict:
        inner = _of_hint(get_args(bare)[1], reaches)
        return _of_dict(inner) if inner else None
    return None


def _of_id(ref: Ref, reach: Reach | None) -> Walk:
    def walk(value: Any, at: str) -> Iterator[NamedRow]:
        if value:
            yield NamedRow(at[:-1], ref.table, str(value), reach)  # a slot may be filled by now

    return walk


def _optional(inner: Walk | None) -> Walk | None:
    return (lambda value, at: iter(()) if value is None else inner(value, at)) if inner else None


def _of_many(inner: Walk | None) -> Walk | None:
    if inner is None:
        return None

    def walk(values: Any, at: str) -> Iterator[NamedRow]:
        for n, each in enumerate(values or ()):
            yield from inner(each, f"{at}{n}.")

    return walk


def _of_dict(inner: Walk) -> Walk:
    def walk(values: Any, at: str) -> Iterator[NamedRow]:
        for key, each in (values or {}).items():
            yield from inner(each, f"{at}{key}.")

    return walk


# --- whether it may --------------------------------------------------------------------------------------------------


class Reaching:
    """Asks for all that a command names. Where a row stands never changes, so it is remembered."""

    def __init__(self, path_of: PathOf) -> None:
        self._path_of = path_of
        self._homes: dict[tuple[str, str], str] = {}

    def strangers(self, read: Read, needs: str, place: tuple[str, ...], named: list[NamedRow]) -> dict[str, NamedRow]:
        """Of what is named, by id, what is out of reach."""
        out: dict[str, NamedRow] = {}
        for each in named:
            thing = self._path(read, each)
            if thing and not reached(place, thing, read.actor.may(needs, thing), each.reach):
                out[each.row_id] = each
        return out

    def _path(self, read: Read, named: NamedRow) -> tuple[str, ...]:
        """Where it stands; empty: there is no such thing, which its handler says."""
        if named.table == "context":
            return self._path_of(read, named.row_id)
        key = (named.table, named.row_id)
        home = self._homes.get(key)
        if home is None:
            home = context_of(read, *key)
            if home is None:
                return ()
            keep(read, named.table, self._homes, key, home, MOST_REMEMBERED)
        return self._path_of(read, home)


def beyond(read: Read, named: list[NamedRow]) -> NamedRow | None:
    """The first of what is named that is there and lies outside of the asker's perimeter."""
    perimeter = read.actor.perimeter
    tables: dict[str, dict[str, NamedRow]] = {}
    for each in named:
        tables.setdefault(each.table, {}).setdefault(each.row_id, each)
    for table, rows in tables.items():
        if out := outside(read, perimeter, table, rows):
            return next(each for row_id, each in rows.items() if row_id in out)
    return None


# --- hidden ----------------------------------------------------------------------------------------------------------


def nothing_like(row_id: str) -> Id:
    """An id that names nothing, to stand for one that the asker may not name."""
    return derived_id("nothing", row_id)


def hidden(value: Any, instead: Mapping[str, str]) -> Any:
    """The same command with other ids."""
    if isinstance(value, str):
        return instead.get(value, value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: hidden(getattr(value, each.name), instead) for each in fields(value)})
    if isinstance(value, tuple | list):
        return type(value)(hidden(each, instead) for each in value)
    if isinstance(value, dict):
        return {key: hidden(each, instead) for key, each in value.items()}
    return value
