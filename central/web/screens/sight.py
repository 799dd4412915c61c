"""Whose names the asker is told: an id that came in an address or in a form tells nothing of what their pages hide."""

from collections.abc import Iterable
from typing import Any

from central.kernel.db import in_list
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, Declaration
from central.kernel.scope import narrowed_by, narrowing
from central.kernel.tx import AT_ONCE, Read
from central.web.branches import reached
from central.web.screens.listing import seen_at
from central.web.screens.names import Labels, labels
from central.web.texts import Texts

Thing = tuple[str, str]
"""(entity, id)."""


def seen_rows(read: Read, declaration: Declaration, places: tuple[str, ...] | None, ids: Iterable[str]) -> set[str]:
    """Those of these rows that are there, in these contexts (None: all) and within the asker's perimeter."""
    joins, where, params = narrowing(read, declaration, places)
    listed, found = sorted(ids), set[str]()
    for first in range(0, len(listed), AT_ONCE):
        inside, more = in_list("wanted", listed[first : first + AT_ONCE])
        sql = f"SELECT t.id FROM {declaration.name} t{joins} WHERE t.id IN {inside} AND {where}"  # noqa: S608 - our names
        found |= {row[0] for row in read.run(sql, **params, **more)}
    return found


def named_to(door: Door, read: Read, things: Iterable[Thing]) -> set[Thing]:
    """Those of these things whose names the asker may be told: what they may see, and of contexts what the tree shows
    them. Who sees all rows of an entity costs no statement."""
    by_entity: dict[str, set[str]] = {}
    for entity, row_id in things:
        if entity in BY_NAME and row_id:
            by_entity.setdefault(entity, set()).add(row_id)
    return {(entity, each) for entity, ids in by_entity.items() for each in _named(door, read, BY_NAME[entity], ids)}


def _named(door: Door, read: Read, declaration: Declaration, ids: set[str]) -> set[str]:
    places = seen_at(door, read, declaration, None)
    if places is None and read.actor.perimeter.keys().isdisjoint(narrowed_by(declaration.name)):
        return ids
    if declaration.name == "context":
        tree = reached(read, door.permissions.path)
        return {each for each in ids if tree.sees(door.permissions.path(read, each))}
    return seen_rows(read, declaration, places, ids) if places is None or places else set()


def told_row(door: Door, read: Read, declaration: Declaration, row_id: str) -> Any | None:
    """The row, if it is there and its name is for the asker."""
    told = named_to(door, read, [(declaration.name, row_id)])
    return read.get(declaration.kind, row_id) if told else None


def labels_for(door: Door, read: Read, t: Texts, wanted: Iterable[Thing], shown: Iterable[Thing] = ()) -> Labels:
    """The names of what the asker may be told; all else is called what it is one of, as what is not there is. `shown`:
    what a row names that they see."""
    wanted = {*wanted}
    told = wanted & {*shown}
    told |= named_to(door, read, wanted - told)
    kinds = {table: t.entity(table) for table, _ in wanted if table in BY_NAME}
    return Labels(labels(read, t, sorted(told)).known, kinds)


def named_by_row(declaration: Declaration, row: Any) -> set[Thing]:
    """What a row refers to: its page says it."""
    found: set[Thing] = set()
    for column in declaration.columns:
        if table := column.shown_as:
            value = getattr(row, column.name)
            found |= {(table, str(each)) for each in (value if column.many else (value,)) if each}
    return found
