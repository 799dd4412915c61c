"""A command's fields as a form: what each is, how its value becomes text, and how text becomes a value again.

A form's content is `Typed`: names to lists of texts, as a browser sends them. A page is drawn from such a content,
whether it comes from a row or from what somebody just typed, so nothing that was typed is lost. Parsing gives every
value that can be read and every fault of those that cannot.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, is_dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum, auto
from typing import Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import orjson

from central.kernel.entity import BY_NAME, Between, Look, Ref, Secret, item_marks, stripped
from central.kernel.values import FIRST_LANGUAGE, LANGUAGES, Fault
from central.web.screens.moments import Clock, local, moment
from shared.clock import to_ms
from shared.ids import Id
from shared.money import exponent

Typed = Mapping[str, list[str]]
MOST_ROWS = 500
_ROW = re.compile(r"[0-9]{1,4}")
_DECIMAL = re.compile(r"[+-]?\d{1,15}([.,]\d{0,6})?|[+-]?[.,]\d{1,6}", re.ASCII)
_SPACES = re.compile(r"[\s\u00a0\u202f'’]")


class Kind(StrEnum):
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
    GROUP = auto()
    ROWS = auto()
    JSON = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """`path` is its name in the form (`schedule.starts`); `label` says it in texts; `parts` are those of a group, or of
    one row."""

    path: str
    name: str
    kind: Kind
    hint: Any
    nullable: bool = False
    required: bool = True
    ref: str | None = None
    look: Look | None = None
    between: Between | None = None
    parts: tuple["Field", ...] = ()
    default: Any = None  # of a part that may be left out

    @property
    def choices(self) -> tuple[StrEnum, ...]:
        kind = get_args(self.hint)[0] if self.kind is Kind.CHOICES else self.hint
        return tuple(kind) if self.kind in (Kind.CHOICE, Kind.CHOICES) else ()

    def at(self, prefix: str) -> "Field":
        """The same field, as part of another one or of a row of it."""
        path = f"{prefix}.{self.name}"
        return Field(
            path, self.name, self.kind, self.hint, self.nullable, self.required, self.ref, self.look, self.between,
            tuple(part.at(path) for part in self.parts), self.default,
        )  # fmt: skip


PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a form's values depend on: the currency of its money, the zone of its times."""

    currency: str = "EUR"
    zone: ZoneInfo = PARIS


@dataclass(frozen=True, slots=True)
class Parsed:
    """`values` are JSON-like, ready for the command; a field with a fault is absent."""

    values: dict[str, Any]
    faults: list[Fault]


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
    ref = next((mark.table for mark in (*marks, *item_marks(bare)) if isinstance(mark, Ref)), None)
    base = getattr(bare, "__supertype__", bare)  # NewType
    if ref is None and bare is Id:
        ref = _named(name)
    secret = any(isinstance(mark, Secret) for mark in marks)
    kind, parts = _kind(name, bare, base, look, nullable, secret, ref)
    if kind is Kind.REFS and ref is None:
        kind = Kind.WORDS
    return Field(name, name, kind, bare, nullable, required, ref, look, between, parts)


def _named(name: str) -> str | None:
    """`performance_id` names a performance although its type does not say so."""
    table = name.removesuffix("_id")
    return table if table != name and table in BY_NAME else None


_LOOKS: Mapping[Look, Kind] = {
    Look.COLOUR: Kind.COLOUR, Look.LINES: Kind.LINES, Look.TIMEZONE: Kind.ZONE, Look.PICTURE: Kind.PICTURE,
    Look.MONEY: Kind.MONEY, Look.PERCENT: Kind.PERCENT, Look.SECONDS: Kind.DURATION,
}  # fmt: skip


def _kind(
    name: str, bare: Any, base: Any, look: Look | None, nullable: bool, secret: bool, ref: str | None
) -> tuple[Kind, tuple[Field, ...]]:
    if secret:
        return Kind.SECRET, ()
    if look is not None and look in _LOOKS:
        return _LOOKS[look], ()
    origin = get_origin(base)
    if origin is dict:
        key, value = get_args(base)
        if name.endswith("names"):
            return Kind.NAMES, ()
        plain = key is str and getattr(value, "__supertype__", value) is str
        return (Kind.PAIRS if plain else Kind.JSON), ()
    if origin is tuple:
        return _tuple_kind(base)
    if isinstance(base, type) and is_dataclass(base):
        return Kind.GROUP, _parts(base)
    return _plain_kind(name, bare, base, nullable, ref), ()


def _tuple_kind(base: Any) -> tuple[Kind, tuple[Field, ...]]:
    arguments = get_args(base)
    if len(arguments) != 2 or arguments[1] is not Ellipsis:
        return Kind.JSON, ()
    item, _, _ = stripped(arguments[0])
    item = getattr(item, "__supertype__", item) if item is not Id else item
    if item is Id:
        return Kind.REFS, ()
    if is_dataclass(item):
        return Kind.ROWS, _parts(item)
    if isinstance(item, type) and issubclass(item, StrEnum):
        return Kind.CHOICES, ()
    return (Kind.WORDS if item is str else Kind.JSON), ()


def _plain_kind(name: str, bare: Any, base: Any, nullable: bool, ref: str | None) -> Kind:
    if bare is Id or ref:
        return Kind.REF if ref else Kind.TEXT
    if base is bool:
        return Kind.MAYBE if nullable else Kind.YES
    if base is int:
        return Kind.DURATION if name.endswith("_s") else Kind.PERCENT if name.endswith("_bp") else _number(name)
    if base is float:
        return Kind.REAL
    if base is datetime:
        return Kind.MOMENT
    if isinstance(base, type) and issubclass(base, StrEnum):
        return Kind.CHOICE
    return Kind.TEXT if base is str else Kind.JSON


def _number(name: str) -> Kind:
    """An amount is money although its type is a bare number: the wire's types have no marks."""
    return Kind.MONEY if name == "amount" else Kind.WHOLE


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
    if field.kind is Kind.SECRET:
        return {}
    if field.kind is Kind.NAMES:
        return {f"{path}.{language}": [(value or {}).get(language, "")] for language in LANGUAGES}
    if field.kind is Kind.PAIRS:
        return _typed_pairs(path, value or {})
    if field.kind is Kind.GROUP:
        return _typed_group(field, value, setting, path)
    if field.kind is Kind.ROWS:
        return _typed_rows(field, value or (), setting, path)
    if value is None:
        return {path: [""]}
    if field.kind in (Kind.REFS, Kind.CHOICES):
        return {path: [str(each) for each in value]}
    if field.kind is Kind.WORDS:
        return {path: ["\n".join(value)]}
    if field.kind is Kind.MOMENT:
        here, second = local(value, setting.zone)
        return {path: [here.isoformat(timespec="minutes" if not here.second else "seconds")],
                f"{path}.second": ["1" if second else ""]}  # fmt: skip
    return {path: [_text(field, value, setting)]}


def _text(field: Field, value: Any, setting: Setting) -> str:
    if field.kind in (Kind.YES, Kind.MAYBE):
        return "1" if value else "0"
    if field.kind is Kind.MONEY:
        return format(Decimal(value).scaleb(-exponent(setting.currency)), "f")
    if field.kind is Kind.PERCENT:
        return format((Decimal(value) / 100).normalize(), "f")
    if field.kind is Kind.DURATION:
        return duration_text(int(value))
    if field.kind is Kind.JSON:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return str(value)


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


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name)


_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_DURATION = re.compile(r"(?:(\d{1,4})(?:d|j|t|g))?(?:(\d{1,5})h)?(?:(\d{1,6})(?:min|mn|m|$))?(?:(\d{1,8})s)?", re.ASCII)


def duration_text(seconds: int) -> str:
    """`1 h 30 min`."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 min"


def duration_of(text: str) -> int | None:
    """Seconds of `1 h 30`, `90 min`, `45 s`, `2 j`; a bare number is minutes."""
    found = _DURATION.fullmatch(_SPACES.sub("", text).lower())
    if not found or not any(found.groups()):
        return None
    return sum(int(part or 0) * size for part, (_, size) in zip(found.groups(), _UNITS, strict=True))


# --- text as a value -------------------------------------------------------------------------------------------------


def parse(fields: Iterable[Field], typed: Typed, setting: Setting) -> Parsed:
    """Every value that can be read, every fault of those that cannot."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in fields:
        found, wrong = value_of(field, typed, setting, field.path)
        faults += wrong
        if not wrong and found is not ABSENT:
            values[field.name] = found
    return Parsed(values, faults)


class _Absent:
    """A field that the form left empty and the command fills itself."""


ABSENT = _Absent()


def value_of(field: Field, typed: Typed, setting: Setting, path: str) -> tuple[Any, list[Fault]]:
    reader = _STRUCTURES.get(field.kind)
    if reader:
        return reader(field, typed, setting, path)
    text = _first(typed, path).strip() if field.kind is not Kind.LINES else _first(typed, path).replace("\r\n", "\n")
    if text == "":
        return _empty(field, path)
    return _PLAIN[field.kind](field, text, setting, path)


def _empty(field: Field, path: str) -> tuple[Any, list[Fault]]:
    if field.nullable:
        return None, []
    if not field.required:
        return ("" if field.hint is str or field.kind is Kind.LINES else ABSENT), []
    if field.kind in (Kind.TEXT, Kind.LINES, Kind.PICTURE) and field.name not in ("code", "name", "id"):
        return "", []  # whether a text may be empty is the rule's business
    return ABSENT, [{"at": path, "what": "missing"}]


def _first(typed: Typed, path: str) -> str:
    found = typed.get(path)
    return found[0] if found else ""


def _same(_: Field, text: str, __: Setting, ___: str) -> tuple[Any, list[Fault]]:
    return text, []


def _decimal(text: str) -> Decimal | None:
    bare = _SPACES.sub("", text).rstrip("%€$£")
    if not _DECIMAL.fullmatch(bare):
        return None
    try:
        return Decimal(bare.replace(",", "."))
    except InvalidOperation:
        return None


def _scaled(text: str, places: int, path: str) -> tuple[Any, list[Fault]]:
    """Whole units of the last decimal place; more decimals than that are a slip, not for rounding."""
    found = _decimal(text)
    if found is None:
        return ABSENT, [{"at": path, "what": "not_a_number"}]
    whole = found.scaleb(places)
    if whole != whole.to_integral_value():
        return ABSENT, [{"at": path, "what": "too_fine", "places": places}]
    return int(whole), []


def _whole(_: Field, text: str, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    found, wrong = _scaled(text, 0, path)
    return found, [{"at": path, "what": "not_a_whole_number"}] if wrong else []


def _real(_: Field, text: str, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    found = _decimal(text)
    return (ABSENT, [{"at": path, "what": "not_a_number"}]) if found is None else (float(found), [])


def _money(_: Field, text: str, setting: Setting, path: str) -> tuple[Any, list[Fault]]:
    return _scaled(text.replace(setting.currency, ""), exponent(setting.currency), path)


def _percent(_: Field, text: str, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    return _scaled(text, 2, path)


def _duration(_: Field, text: str, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    found = duration_of(text)
    return (ABSENT, [{"at": path, "what": "not_a_duration"}]) if found is None else (found, [])


def _yes(_: Field, text: str, __: Setting, ___: str) -> tuple[Any, list[Fault]]:
    return text == "1", []


def _choice(field: Field, text: str, _: Setting, path: str) -> tuple[Any, list[Fault]]:
    if text not in {str(each) for each in field.choices}:
        return ABSENT, [{"at": path, "what": "not_offered"}]
    return text, []


def _json(_: Field, text: str, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    try:
        return orjson.loads(text), []
    except orjson.JSONDecodeError:
        return ABSENT, [{"at": path, "what": "not_json"}]


_PLAIN: Mapping[Kind, Callable[[Field, str, Setting, str], tuple[Any, list[Fault]]]] = {
    **dict.fromkeys((Kind.TEXT, Kind.LINES, Kind.SECRET, Kind.COLOUR, Kind.ZONE, Kind.PICTURE, Kind.REF), _same),
    Kind.WHOLE: _whole, Kind.REAL: _real, Kind.MONEY: _money, Kind.PERCENT: _percent, Kind.DURATION: _duration,
    Kind.MAYBE: _yes, Kind.CHOICE: _choice, Kind.JSON: _json,
}  # fmt: skip


def _read_yes(_: Field, typed: Typed, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    """A box that is not ticked sends nothing."""
    return "1" in typed.get(path, []), []


def _read_many(field: Field, typed: Typed, _: Setting, path: str) -> tuple[Any, list[Fault]]:
    found = [text for text in typed.get(path, []) if text]
    offered = {str(each) for each in field.choices}
    if field.kind is Kind.CHOICES and not offered.issuperset(found):
        return ABSENT, [{"at": path, "what": "not_offered"}]
    return list(dict.fromkeys(found)), []


def _read_words(_: Field, typed: Typed, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    lines = [line.strip() for text in typed.get(path, []) for line in text.splitlines()]
    return [line for line in lines if line], []


def _read_names(_: Field, typed: Typed, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    """French first, always in the same order: so that lists sort by it."""
    said = {language: _first(typed, f"{path}.{language}").strip() for language in LANGUAGES}
    names = {language: text for language, text in said.items() if text}
    if FIRST_LANGUAGE not in names:
        return ABSENT, [{"at": f"{path}.{FIRST_LANGUAGE}", "what": "french_name_missing"}]
    return names, []


def rows_at(typed: Typed, path: str) -> list[str]:
    """The numbers of the rows that a form holds."""
    return [n for n in dict.fromkeys(typed.get(f"{path}.#", [])) if _ROW.fullmatch(n)][:MOST_ROWS]


def _read_pairs(_: Field, typed: Typed, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    pairs: dict[str, str] = {}
    faults: list[Fault] = []
    for n in rows_at(typed, path):
        key, value = _first(typed, f"{path}.{n}.key").strip(), _first(typed, f"{path}.{n}.value").strip()
        if key in pairs:
            faults.append({"at": f"{path}.{n}.key", "what": "twice"})
        elif value and not key:
            faults.append({"at": f"{path}.{n}.key", "what": "missing"})
        elif key:
            pairs[key] = value
    return pairs, faults


def _read_group(field: Field, typed: Typed, setting: Setting, path: str) -> tuple[Any, list[Fault]]:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for part in field.parts:
        found, wrong = value_of(part, typed, setting, f"{path}.{part.name}")
        faults += wrong
        if not wrong and found is not ABSENT:
            values[part.name] = found
    return values, faults


def _read_rows(field: Field, typed: Typed, setting: Setting, path: str) -> tuple[Any, list[Fault]]:
    rows: list[Any] = []
    faults: list[Fault] = []
    for n in rows_at(typed, path):
        row, wrong = _read_group(field, typed, setting, f"{path}.{n}")
        rows.append(row)
        faults += wrong
    return rows, faults


def _read_moment(field: Field, typed: Typed, setting: Setting, path: str) -> tuple[Any, list[Fault]]:
    text = _first(typed, path).strip()
    if not text:
        return _empty(field, path)
    try:
        here = datetime.fromisoformat(text)
    except ValueError:
        return ABSENT, [{"at": path, "what": "not_a_moment"}]
    if here.tzinfo is not None:
        return here, []
    chosen = _first(typed, f"{path}.second")
    found = moment(here, setting.zone, second=chosen == "1")
    if found.clock is Clock.SKIPPED:
        after = found.at.astimezone(setting.zone)
        return ABSENT, [{"at": path, "what": "time_skipped", "after": after.strftime("%H:%M")}]
    if found.clock is Clock.TWICE and chosen not in ("0", "1"):
        return ABSENT, [{"at": path, "what": "time_twice"}]
    return found.at, []


_STRUCTURES: Mapping[Kind, Callable[[Field, Typed, Setting, str], tuple[Any, list[Fault]]]] = {
    Kind.YES: _read_yes, Kind.REFS: _read_many, Kind.CHOICES: _read_many, Kind.WORDS: _read_words,
    Kind.NAMES: _read_names, Kind.PAIRS: _read_pairs, Kind.GROUP: _read_group, Kind.ROWS: _read_rows,
    Kind.MOMENT: _read_moment,
}  # fmt: skip


def plain(value: Any) -> Any:
    """A value as its row keeps it, for telling whether two are the same."""
    return to_ms(value) if isinstance(value, datetime) else value
