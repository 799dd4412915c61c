"""A command's fields as a form: what each is, and how its value becomes text (form_values.py: and a value again).

A form's content is `Typed`: names to lists of texts, as a browser sends them. A page is drawn from such a content,
whether it comes from a row or from what somebody just typed, so nothing that was typed is lost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, is_dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum, auto
from typing import Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import orjson

from central.kernel.entity import Between, Look, Secret, item_marks, mark_of, named_by, stripped
from central.kernel.house_settings import CURRENCY, TIMEZONE
from central.kernel.values import Offered
from central.web.screens.moments import local
from shared.ids import Id
from shared.languages import LANGUAGES
from shared.money import exponent

Typed = Mapping[str, list[str]]


class FieldKind(StrEnum):
    TEXT = auto()
    LINES = auto()
    SECRET = auto()
    COLOUR = auto()
    ZONE = auto()
    PICTURE = auto()
    WHOLE = auto()
    REAL = auto()
    MONEY = auto()
    PERCENT = auto()
    DURATION = auto()
    MOMENT = auto()
    YES = auto()
    MAYBE = auto()  # yes, no, or left open
    CHOICE = auto()
    CHOICES = auto()
    REF = auto()
    REFS = auto()
    NAMES = auto()  # a text per language
    PAIRS = auto()  # a word and its text
    WORDS = auto()  # one a line
    RIGHTS = auto()  # nodes of the tree of privileges
    GROUP = auto()
    ROWS = auto()
    JSON = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """`path` is its name in the form (`schedule.starts`); `label` says it in texts; `parts` are those of a group, or of
    one row."""

    path: str
    name: str
    kind: FieldKind
    hint: Any
    nullable: bool = False
    required: bool = True
    ref: str | None = None
    look: Look | None = None
    between: Between | None = None
    parts: tuple["Field", ...] = ()
    default: Any = None  # of a part that may be left out
    secret: bool = False
    offered: frozenset[StrEnum] | None = None  # of a choice; None: all

    @property
    def choices(self) -> tuple[StrEnum, ...]:
        kind = get_args(self.hint)[0] if self.kind is FieldKind.CHOICES else self.hint
        if self.kind not in (FieldKind.CHOICE, FieldKind.CHOICES):
            return ()
        return tuple(each for each in kind if self.offered is None or each in self.offered)

    def at(self, prefix: str) -> "Field":
        """The same field, as part of another one or of a row of it."""
        path = f"{prefix}.{self.name}"
        return Field(
            path, self.name, self.kind, self.hint, self.nullable, self.required, self.ref, self.look, self.between,
            tuple(part.at(path) for part in self.parts), self.default, self.secret, self.offered,
        )  # fmt: skip


USUAL_TIMEZONE = ZoneInfo(TIMEZONE.fallback)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a form's values depend on: the currency of its money, the zone of its times, the house's languages; `point`
    is what its reader writes before decimals (a form reads a point and a comma)."""

    currency: str = CURRENCY.fallback
    zone: ZoneInfo = USUAL_TIMEZONE
    languages: tuple[str, ...] = LANGUAGES
    point: str = "."


# --- what a field is -------------------------------------------------------------------------------------------------


def fields_of(hints: Mapping[str, Any], *, optional: Iterable[str] = ()) -> tuple[Field, ...]:
    """The fields of a command, in order. `optional` may be left out."""
    spare = set(optional)
    return tuple(field_of(name, hint, required=name not in spare) for name, hint in hints.items())


def optional_of(kind: type[Any]) -> set[str]:
    """The names of a dataclass's fields that have a default."""
    return {
        each.name
        for each in dataclass_fields(kind)
        if each.default is not MISSING or each.default_factory is not MISSING
    }


def field_of(name: str, hint: Any, *, required: bool = True) -> Field:
    bare, nullable, marks = stripped(hint)
    look = next((mark for mark in marks if isinstance(mark, Look)), None)
    between = next((mark for mark in marks if isinstance(mark, Between)), None)
    ref, secret = named_by((*marks, *item_marks(bare))), mark_of(marks, Secret) is not None
    offered = mark_of(marks, Offered)
    base = getattr(bare, "__supertype__", bare)  # NewType
    kind, parts = _kind(bare, base, look, nullable, secret, ref)
    if kind is FieldKind.REFS and ref is None:
        kind = FieldKind.WORDS
    return Field(name, name, kind, bare, nullable, required, ref, look, between, parts,
                 secret=secret, offered=offered.words if offered else None)  # fmt: skip


_LOOKS: Mapping[Look, FieldKind] = {
    Look.COLOUR: FieldKind.COLOUR,
    Look.LINES: FieldKind.LINES,
    Look.TIMEZONE: FieldKind.ZONE,
    Look.PICTURE: FieldKind.PICTURE,
    Look.MONEY: FieldKind.MONEY,
    Look.PERCENT: FieldKind.PERCENT,
    Look.SECONDS: FieldKind.DURATION,
    Look.NAMES: FieldKind.NAMES,
    Look.PRIVILEGES: FieldKind.RIGHTS,
}


def _kind(
    bare: Any, base: Any, look: Look | None, nullable: bool, secret: bool, ref: str | None
) -> tuple[FieldKind, tuple[Field, ...]]:
    if secret:
        return FieldKind.SECRET, ()
    if look is not None and look in _LOOKS:
        return _LOOKS[look], ()
    origin = get_origin(base)
    if origin is dict:
        key, value = get_args(base)
        plain = key is str and getattr(value, "__supertype__", value) is str
        return (FieldKind.PAIRS if plain else FieldKind.JSON), ()
    if origin is tuple:
        return _tuple_kind(base)
    if isinstance(base, type) and is_dataclass(base):
        return FieldKind.GROUP, _parts(base)
    return _plain_kind(bare, base, nullable, ref), ()


def _tuple_kind(base: Any) -> tuple[FieldKind, tuple[Field, ...]]:
    arguments = get_args(base)
    if len(arguments) != 2 or arguments[1] is not Ellipsis:
        return FieldKind.JSON, ()
    item, _, _ = stripped(arguments[0])
    item = getattr(item, "__supertype__", item) if item is not Id else item
    if item is Id:
        return FieldKind.REFS, ()
    if is_dataclass(item):
        return FieldKind.ROWS, _parts(item)
    if isinstance(item, type) and issubclass(item, StrEnum):
        return FieldKind.CHOICES, ()
    return (FieldKind.WORDS if item is str else FieldKind.JSON), ()


def _plain_kind(bare: Any, base: Any, nullable: bool, ref: str | None) -> FieldKind:
    if bare is Id or ref:
        return FieldKind.REF if ref else FieldKind.TEXT
    if base is bool:
        return FieldKind.MAYBE if nullable else FieldKind.YES
    if base is int:
        return FieldKind.WHOLE
    if base is float:
        return FieldKind.REAL
    if base is datetime:
        return FieldKind.MOMENT
    if isinstance(base, type) and issubclass(base, StrEnum):
        return FieldKind.CHOICE
    return FieldKind.TEXT if base is str else FieldKind.JSON


def _parts(kind: type[Any]) -> tuple[Field, ...]:
    spare = optional_of(kind)
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        replace(
            field_of(each.name, hints[each.name], required=each.name not in spare),
            default=None if each.default is MISSING else each.default,
        )
        for each in dataclass_fields(kind)
    )


# --- a value as text -------------------------------------------------------------------------------------------------


def typed_of(field: Field, value: Any, setting: Setting, prefix: str = "") -> dict[str, list[str]]:
    """A value as a form would carry it."""
    path = prefix or field.path
    if field.kind is FieldKind.SECRET:
        return {}
    if field.kind is FieldKind.NAMES:
        names = value or {}
        return {f"{path}.{each}": [names.get(each, "")] for each in dict.fromkeys((*setting.languages, *names))}
    if field.kind is FieldKind.PAIRS:
        return _typed_pairs(path, value or {})
    if field.kind is FieldKind.GROUP:
        return _typed_group(field, value, setting, path)
    if field.kind is FieldKind.ROWS:
        return _typed_rows(field, value or (), setting, path)
    if value is None:
        return {path: [""]}
    if field.kind in (FieldKind.REFS, FieldKind.CHOICES, FieldKind.RIGHTS):
        return {path: [str(each) for each in value]}
    if field.kind is FieldKind.WORDS:
        return {path: ["\n".join(value)]}
    if field.kind is FieldKind.MOMENT:
        here, second = local(value, setting.zone)
        return {path: [here.isoformat(timespec="minutes" if not here.second else "seconds")],
                f"{path}.second": ["1" if second else ""]}  # fmt: skip
    return {path: [_text(field, value, setting)]}


def _text(field: Field, value: Any, setting: Setting) -> str:
    if field.kind in (FieldKind.YES, FieldKind.MAYBE):
        return "1" if value else "0"
    if field.kind is FieldKind.MONEY:
        return _pointed(format(Decimal(value).scaleb(-exponent(setting.currency)), "f"), setting)
    if field.kind is FieldKind.PERCENT:
        return _pointed(format((Decimal(value) / 100).normalize(), "f"), setting)
    if field.kind is FieldKind.REAL:
        return _pointed(str(value), setting)
    if field.kind is FieldKind.DURATION:
        return duration_text(int(value))
    if field.kind is FieldKind.JSON:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return str(value)


def _pointed(plain: str, setting: Setting) -> str:
    return plain.replace(".", setting.point)


def _typed_pairs(path: str, value: Mapping[str, Any]) -> dict[str, list[str]]:
    typed = {f"{path}.#": [str(n) for n in range(len(value))]}
    for n, (key, text) in enumerate(value.items()):
        typed |= {f"{path}.{n}.key": [key], f"{path}.{n}.value": [str(text)]}
    return typed


def _typed_group(field: Field, value: Any, setting: Setting, path: str) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    for part in field.parts:
        at = f"{path}.{part.name}"
        typed |= typed_of(part, part.default if value is None else _member(value, part.name), setting, at)
    return typed


def _typed_rows(field: Field, value: Iterable[Any], setting: Setting, path: str) -> dict[str, list[str]]:
    rows = list(value)
    typed = {f"{path}.#": [str(n) for n in range(len(rows))]}
    for n, row in enumerate(rows):
        typed |= _typed_group(field, row, setting, f"{path}.{n}")
    return typed


def secrets_of(fields: Iterable[Field]) -> set[str]:
    """The names of those that are secret, of groups and rows too."""
    found: set[str] = set()
    for each in fields:
        found |= ({each.name} if each.secret or each.kind is FieldKind.SECRET else set()) | secrets_of(each.parts)
    return found


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name)


UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def duration_text(seconds: int) -> str:
    """`1 h 30 min`."""
    parts = []
    for unit, size in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 min"
