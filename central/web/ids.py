"""Ids in what a program sends: a text that is no id is a slip of the sender's, said before anything is looked up.

Only a command's own fields are looked at. What lies deeper is the handler's business: a device's facts are taken even
where one of them is faulty.
"""

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from central.kernel.entity import stripped
from shared.ids import Id, is_id

AN_ID = "an id of 26 characters"
PATTERN = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"


def bad_ids(want: Any) -> Iterator[dict[str, str]]:
    """Every field of a command or query that should be an id, or ids, and is not."""
    kind: Any = type(want)
    one, many = _id_fields(kind)
    for name in one:
        if (value := getattr(want, name)) is not None and not is_id(value):
            yield {"at": name, "what": AN_ID}
    for name in many:
        for n, each in enumerate(getattr(want, name)):
            if not is_id(each):
                yield {"at": f"{name}.{n}", "what": AN_ID}


@cache
def _id_fields(kind: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    hints = get_type_hints(kind, include_extras=True)
    bare = {field.name: stripped(hints[field.name])[0] for field in fields(kind)}
    return (
        tuple(name for name, hint in bare.items() if hint is Id),
        tuple(name for name, hint in bare.items() if is_ids(hint)),
    )


def is_ids(hint: Any) -> bool:
    """`tuple[Id, ...]`, with marks or without."""
    return get_origin(hint) is tuple and stripped(get_args(hint)[0])[0] is Id
