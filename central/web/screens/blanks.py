"""What a new row's form may leave empty, because it follows: a code from its name, a colour from those still free."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from central.kernel.entity import Declaration, Look
from central.kernel.languages import spoken_first
from central.kernel.tx import Read
from central.web.codes import code_of
from central.web.screens.fields import Field, FieldKind, Typed
from shared.look import look

MOST_TRIED = 50
MOST_RANK = 999


def derivable(declaration: Declaration, each: Field) -> bool:
    """A code beside a name, and any colour."""
    if each.name not in declaration.names:
        return False
    return each.kind is FieldKind.COLOUR or (each.look is Look.CODE and "names" in declaration.names)


def easier(declaration: Declaration, fields: tuple[Field, ...], paths: Collection[str] = ()) -> tuple[Field, ...]:
    """The fields of its form: what follows, and what stands at these paths, need not be filled in."""
    return tuple(
        replace(
            each,
            required=each.required and not derivable(declaration, each) and each.path not in paths,
            parts=tuple(
                replace(part, required=part.required and f"{each.path}.{part.name}" not in paths) for part in each.parts
            ),
        )
        for each in fields
    )


def known(read: Read, declaration: Declaration, fields: tuple[Field, ...], place: str) -> dict[str, Any]:
    """What a new row opens with, by fields: the rank after the last of its like there, the house's language."""
    found: dict[str, Any] = {}
    for each in fields:
        if each.name == "rank" and each.name in declaration.names:
            found[each.name] = min(_last_rank(read, declaration, place) + 1, MOST_RANK)
        elif each.look is Look.LANGUAGE and each.required:
            found[each.name] = spoken_first(read)
    return found


def _last_rank(read: Read, declaration: Declaration, place: str) -> int:
    where = " WHERE context_id = :place" if place and "context_id" in declaration.names else ""
    ((last,),) = read.run(f"SELECT MAX(rank) FROM {declaration.name}{where}", place=place)  # noqa: S608 - our names
    return int(last or 0)


def next_code(code: str) -> str:
    """`PARTERRE-2` after `PARTERRE`, `PARTERRE-3` after that."""
    stem, dash, number = code.rpartition("-")
    if dash and number.isascii() and number.isdigit() and len(number) < 6:
        return f"{stem}-{int(number) + 1}"
    return f"{code[:37]}-2"


def filled(read: Read, declaration: Declaration, fields: tuple[Field, ...], typed: Typed) -> dict[str, list[str]]:
    """What was typed, with what follows from it where nothing was."""
    found = {path: list(values) for path, values in typed.items()}
    for each in fields:
        if not derivable(declaration, each) or any(said.strip() for said in found.get(each.path, ())):
            continue
        if each.kind is FieldKind.COLOUR:
            found[each.path] = [_free_colour(read, declaration, each.name)]
        elif name := _name(found):
            found[each.path] = [_free_code(read, declaration, code_of(name, declaration.name.upper()))]
    return found


def _name(typed: Typed) -> str:
    """In whichever language it was said first."""
    said = (value.strip() for path, values in typed.items() if path.startswith("names.") for value in values)
    return next((each for each in said if each), "")


def _free_code(read: Read, declaration: Declaration, code: str) -> str:
    """Not taken by its like anywhere, so that no list has it twice."""
    for _ in range(MOST_TRIED):
        if read.one(f"SELECT 1 FROM {declaration.name} WHERE code = :code LIMIT 1", code=code) is None:  # noqa: S608 - our names
            return code
        code = next_code(code)
    return code


def _free_colour(read: Read, declaration: Declaration, name: str) -> str:
    """The first of the look's colours that none of its like has, or else the one that fewest have."""
    # house: a colour that is proposed; nothing is refused by it
    rows = read.run(f"SELECT {name}, COUNT(*) FROM {declaration.name} GROUP BY {name}")  # noqa: S608 - our names
    taken = {str(colour).lower(): int(number) for colour, number in rows}
    return min(look().categories, key=lambda colour: taken.get(colour.lower(), 0))
