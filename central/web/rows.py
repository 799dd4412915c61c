"""An entity's rows over the API: what the asker may see of them, page by page in the order of their ids.

The page's end is an id, not a number: what is added or taken away meanwhile moves nothing from one page to the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from central.kernel.contexts import contexts_below, root_of_house
from central.kernel.db import in_list
from central.kernel.door import Door, NoEntry
from central.kernel.entity import Column, Declaration, mark_of
from central.kernel.scope import home, narrowing
from central.kernel.tx import Read
from central.kernel.values import Word
from central.web.ids import AN_ID
from shared.ids import Id, is_id
from shared.outcome import Ok, Outcome, Refused

MOST_ROWS = 500
ROWS = 100
OWN = ("id", "after", "limit", "at")  # the parameters that are no column's; `at` is the context
MOST = 2**63


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows: one by its id, or up to `limit` after an id; standing at a context or below; with these values."""

    id: str | None = None
    after: str = ""
    limit: int = ROWS
    at: str | None = None
    equal: tuple[tuple[Column, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class RowPage:
    """`next`: what to ask for `after`; None: that was all."""

    rows: list[dict[str, Any]]
    next: str | None


def filters(declaration: Declaration) -> list[Column]:
    """The columns by whose value rows can be asked for."""
    return [each for each in declaration.columns if each.name not in OWN and not each.unlisted and _is_plain(each.hint)]


def _is_plain(hint: Any) -> bool:
    base = getattr(hint, "__supertype__", hint)
    return base in (str, int, bool, datetime) or (isinstance(base, type) and issubclass(base, StrEnum))


def wanted(declaration: Declaration, asked: Mapping[str, str]) -> RowFilter | list[dict[str, str]]:
    """What is asked for, or everything that is wrong with it."""
    found: list[dict[str, str]] = []
    columns = {column.name: column for column in filters(declaration)}
    for name in asked:
        if name not in OWN and name not in columns:
            found.append({"at": name, "what": f"is none of {', '.join((*OWN, *columns))}"})
    found += [{"at": name, "what": AN_ID} for name in ("id", "at") if name in asked and not is_id(asked[name])]
    if (after := asked.get("after", "")) and not is_id(after):
        found.append({"at": "after", "what": AN_ID})
    limit = asked.get("limit", str(ROWS))
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= MOST_ROWS:
        found.append({"at": "limit", "what": f"a whole number from 1 to {MOST_ROWS}"})
    equal = []
    for name, column in columns.items():
        if name in asked:
            none = asked[name] == "" and column.nullable
            if column.hint is Id and not none and not is_id(asked[name]):
                found.append({"at": name, "what": AN_ID})
                continue
            if (word := mark_of(column.marks, Word)) and asked[name] not in word.words():
                found.append({"at": name, "what": f"is none of {', '.join(word.words())}"})
                continue
            try:
                equal.append((column, _value(column, asked[name])))
            except ValidationError as bad:
                found.append({"at": name, "what": bad.errors()[0]["msg"]})
    return found or RowFilter(asked.get("id"), after, int(limit), asked.get("at"), tuple(equal))


def _value(column: Column, text: str) -> Any:
    """As the database keeps it; an empty text asks for rows that have no value, where a column may be empty."""
    if text == "" and column.nullable:
        return None
    value = _adapter(_exact(column.hint)).validate_strings(text)
    return value if column.to_db is None else column.to_db(value)


def _exact(hint: Any) -> Any:
    """A moment is nothing without its zone, and a number no more than a column holds."""
    base = getattr(hint, "__supertype__", hint)
    return AwareDatetime if base is datetime else Annotated[int, Field(ge=-MOST, lt=MOST)] if base is int else hint


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint)


def page(door: Door, read: Read, declaration: Declaration, want: RowFilter) -> Outcome[RowPage]:
    places = door.permissions.places(read, declaration)
    if places is not None and not places:
        return Refused(NoEntry.NOT_ALLOWED, fix=declaration.read)
    _, seen, params = narrowing(read, declaration, places)
    where, standing = [seen], home(declaration.name)
    if want.id is not None:
        where.append("t.id = :wanted_id")
        params["wanted_id"] = want.id
    if want.after:
        where.append("t.id > :wanted_after")
        params["wanted_after"] = want.after
    for number, (column, value) in enumerate(want.equal):
        where.append(f"t.{column.name} IS NULL" if value is None else f"t.{column.name} = :equal_{number}")
        params |= {} if value is None else {f"equal_{number}": value}
    if want.at is not None:
        below = contexts_below(read, want.at)
        inside, more = in_list("below", below)
        if standing is None:  # the whole house's own rows stand at its root
            where.append("1 = 1" if want.at == root_of_house(read) else "1 = 0")
        else:
            where.append(f"{standing.context} IN {inside}" if below else "1 = 0")
            params |= more if below else {}
    joins = standing.joins if standing and (places is not None or want.at is not None) else ""
    columns = ", ".join(f"t.{name}" for name in declaration.names)
    found = read.run(
        f"SELECT {columns} FROM {declaration.name} t{joins} WHERE {' AND '.join(where)} ORDER BY t.id LIMIT :n",  # noqa: S608 - names of ours, values are parameters
        n=want.limit + 1,
        **params,
    )
    rows = [declaration.public(declaration.entity(row)) for row in found[: want.limit]]
    return Ok(RowPage(rows, rows[-1]["id"] if len(found) > want.limit else None))
