"""What is gone, as the audit remembers it: what it was, and where it stood. Rights are asked there too, so that what
was said of a thing is not hidden from everybody as soon as the context above it is taken away as well."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from central.kernel.contexts import MOST_LEVELS, root_of_house
from central.kernel.db import in_list
from central.kernel.entity import BY_NAME, Declaration
from central.kernel.former_names import names_of, renamed
from central.kernel.scope import context_of, home
from central.kernel.tables import GONE_CONTEXT
from central.kernel.tx import Read


def was(read: Read, entity: str, row_id: str) -> Mapping[str, Any] | None:
    """What a row was when it was last taken away, under today's names."""
    called, params = in_list("entity", names_of(entity))
    row = read.one(
        "SELECT a.command_id, a.entity, a.change FROM audit a JOIN command_log l ON l.id = a.command_id "  # noqa: S608 - names of ours, values are parameters
        f"WHERE a.entity_id = :id AND a.entity IN {called} AND a.action = 'deleted' ORDER BY l.turn DESC LIMIT 1",
        id=row_id,
        **params,
    )
    if row is None:
        return None
    (told,) = read.people.opened([(row[0], row[2] or "{}")])
    return {name: pair[0] for name, pair in renamed(row[1], told).items()}


def path_then(read: Read, context_id: str) -> tuple[str, ...]:
    """A context and what it stood in, nearest first, across those that are gone; empty for one that never was."""
    path: list[str] = []
    at: str | None = context_id
    while at and len(path) < MOST_LEVELS:
        row = read.one("SELECT parent_id FROM context WHERE id = :id", id=at)
        above = {"parent_id": row[0]} if row else was(read, "context", at)
        if above is None:
            break
        path.append(at)
        at = above["parent_id"]
    return tuple(path)


def with_gone(read: Read, places: Iterable[str]) -> tuple[str, ...]:
    """Contexts, and those that are gone and stood below one of them: who may look there may look at what happened in
    the season that was cleared away."""
    said = read.run(f"SELECT entity_id, entity, change FROM audit WHERE {GONE_CONTEXT}")  # noqa: S608 - a text of ours
    above = {row[0]: renamed(row[1], orjson.loads(row[2]))["parent_id"][0] for row in said}
    found = dict.fromkeys(places)
    for _ in range(MOST_LEVELS):
        found |= dict.fromkeys(each for each, parent in above.items() if parent in found)
    return tuple(found)


def context_then(read: Read, declaration: Declaration, values: Mapping[str, Any]) -> str | None:
    """The context in which a row with these values stands or stood, whatever of what it belonged to is gone."""
    at = home(declaration.name)
    if at is None:
        return root_of_house(read)
    named, up = values.get(at.via), str(declaration.column(at.via).ref)
    if named is None or up == "context":
        return named
    if there := context_of(read, up, named):
        return there
    above = was(read, up, named)
    return context_then(read, BY_NAME[up], above) if above else None
