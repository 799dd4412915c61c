"""The tree of contexts: the institution, its organisers, their seasons, and what is on in these. All of a house stands
somewhere in it, and the path from there to the root carries rights, perimeters and settings, so the kernel knows the
tree itself. What is done with contexts is the organisation's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Annotated, Any

import orjson

from central.kernel.db import in_list
from central.kernel.entity import Between, Ref, entity
from central.kernel.privileges import CONTEXT_READ
from central.kernel.tx import Read
from central.kernel.values import Code, Names
from shared.ids import Id

MOST_LEVELS = 8


class ContextKind(StrEnum):
    INSTITUTION = auto()
    ORGANISER = auto()
    SEASON = auto()
    ACTIVITY = auto()


PARENT = {
    ContextKind.INSTITUTION: None,
    ContextKind.ORGANISER: ContextKind.INSTITUTION,
    ContextKind.SEASON: ContextKind.ORGANISER,
    ContextKind.ACTIVITY: ContextKind.SEASON,
}


@entity("context", read=CONTEXT_READ, unique=(("parent_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """`settings` are looked up along the path to the root; the nearest wins. An organiser's hold what the law wants on
    a ticket: `licence`, `address`, `siret`, and its `currency`."""

    id: Id
    parent_id: Annotated[Id, Ref("context")] | None
    kind: ContextKind
    code: Code
    names: Names
    settings: Annotated[dict[str, str], Between(most=100)]


# --- up: to the root --------------------------------------------------------------------------------------------------


def root_of_house(read: Read) -> Id | None:
    """The institution; None before there is a house."""
    row = read.one("SELECT id FROM context WHERE parent_id IS NULL")
    return Id(row[0]) if row else None


def the_institution(read: Read) -> Context | None:
    return next(iter(read.find(Context, "WHERE parent_id IS NULL")), None)


def path_of(read: Read, context_id: str) -> tuple[str, ...]:
    """A context and its ancestors, nearest first; empty for one that does not exist."""
    parents = read.once("context", _parents)
    path: list[str] = []
    at: str | None = context_id
    while at and len(path) < MOST_LEVELS:
        if at not in parents:
            row = read.one("SELECT parent_id FROM context WHERE id = :id", id=at)
            if row is None:
                break
            parents[at] = row[0]
        path.append(at)
        at = parents[at]
    return tuple(path)


def _parents(_: Read) -> dict[str, str | None]:
    """Of the contexts that one look has met: pages ask for the same ways again and again."""
    return {}


def institution_of(read: Read, context_id: str) -> Id:
    return Id(path_of(read, context_id)[-1])


def organiser_of(read: Read, context_id: str) -> Context | None:
    """Who sells, whose numbers stand on the tickets: of what is below an organiser."""
    for at in path_of(read, context_id):
        context = read.get(Context, at)
        if context and context.kind is ContextKind.ORGANISER:
            return context
    return None


@dataclass(frozen=True, slots=True)
class SaidSetting:
    """What holds at a context, and the context that says it."""

    text: str
    by: Context


def said_at(context: Context, keys: Sequence[str]) -> dict[str, str]:
    """Of these settings those that a context itself says. An empty text says none."""
    return {key: text for key in keys if (text := context.settings.get(key))}


def settings_at(read: Read, context_id: str | None, keys: Sequence[str]) -> dict[str, SaidSetting]:
    """Of these settings those that hold at a context: its own, or the nearest's above it that says one."""
    found: dict[str, SaidSetting] = {}
    for at in path_of(read, context_id) if context_id else ():
        if context := read.get(Context, at):
            said = said_at(context, [key for key in keys if key not in found])
            found |= {key: SaidSetting(text, context) for key, text in said.items()}
        if len(found) == len(keys):
            break
    return found


def setting_at(read: Read, context_id: str | None, key: str) -> str | None:
    found = settings_at(read, context_id, (key,))
    return found[key].text if found else None


def any_setting(read: Read, key: str) -> str | None:
    """The first that anybody in the house says."""
    rows = read.run("SELECT settings FROM context WHERE settings <> '{}' ORDER BY id LIMIT 20")
    return next((str(said) for (settings,) in rows if (said := orjson.loads(settings).get(key))), None)


def on_path(contexts: Sequence[str], used: Collection[str]) -> tuple[str, dict[str, Any]]:
    """In a statement, of rows that stand in contexts: those in these (a path: what may be chosen there), and these."""
    said, params = list[str](), dict[str, Any]()
    for column, values in (("context_id", contexts), ("id", sorted(used))):
        if values:
            among, more = in_list(f"on_{column}_", values)
            said, params = [*said, f"{column} IN {among}"], params | more
    return f"({' OR '.join(said) or '1 = 0'})", params  # alone, or SQLite takes no index


# --- down: what stands below ------------------------------------------------------------------------------------------


def contexts_below(read: Read, *at: str, most: int = 0) -> tuple[Id, ...]:
    """These contexts and everything below them, each once; what there is none of has nothing below it. `most`: not more
    than so many, whichever (0: all, in the order of their ids)."""
    if not at:
        return ()
    tops, params = in_list("top", at)
    rows = read.run(
        f"WITH RECURSIVE below (id) AS (SELECT id FROM context WHERE id IN {tops} "  # noqa: S608 - names of parameters
        "UNION SELECT c.id FROM context c JOIN below b ON c.parent_id = b.id) "
        f"SELECT id FROM below {'LIMIT :most' if most else 'ORDER BY id'}",
        **params, **({"most": most} if most else {}),
    )  # fmt: skip
    return tuple(Id(row[0]) for row in rows)


# --- where commands act -----------------------------------------------------------------------------------------------


def the_house(read: Read, _: Any) -> Id | None:
    """Of commands that are about all of it: who gives them holds the right for the whole house."""
    return root_of_house(read)


def whole_house(read: Read, want: Any) -> str | None:
    """Of what shows the rows of every organiser: the house itself, whichever of its contexts was named."""
    path = path_of(read, want.context_id)
    return path[-1] if path else None


def by_house_alone(_: Read, __: Any) -> str | None:
    """Where commands act that central alone may give (sign-in, letters): no operator holds anything there, whatever
    their privileges, so they cannot come in over the API."""
    return None
