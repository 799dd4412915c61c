"""A form's text as values: every value that can be read, every fault of those that cannot."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import orjson
from babel.numbers import get_currency_symbol

from central.kernel.entity import Look
from central.kernel.house_settings import DECLARED
from central.kernel.values import TAG, Fault
from central.web.screens.fields import UNITS, Field, FieldKind, Setting, Typed
from central.web.screens.moments import ClockChange, moment, said_time
from central.web.screens.rights import without_covered
from shared.ids import Id
from shared.languages import LANGUAGES
from shared.money import exponent

MOST_ROWS = 500
_ROW = re.compile(r"[0-9]{1,4}")
_DECIMAL = re.compile(r"[+-]?\d{1,15}([.,]\d{0,6})?|[+-]?[.,]\d{1,6}", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*([.,])\d*", re.ASCII)
_MARKED = re.compile(r"([^\d.,+-]*)([+-]?[\d.,]+)([^\d.,]*)", re.ASCII)
_SPACES = re.compile(r"[\s\u00a0\u202f'’]")
_DURATION = re.compile(r"(?:(\d{1,4})(?:d|j|t|g))?(?:(\d{1,5})h)?(?:(\d{1,6})(?:min|mn|m|$))?(?:(\d{1,8})s)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parsed:
    """`values` are JSON-like, ready for the command; a field with a fault is absent."""

    values: dict[str, Any]
    faults: list[Fault]


def duration_of(text: str) -> int | None:
    """Seconds of `1 h 30`, `90 min`, `45 s`, `2 j`; a bare number is minutes."""
    found = _DURATION.fullmatch(_SPACES.sub("", text).lower())
    if not found or not any(found.groups()):
        return None
    return sum(int(part or 0) * size for part, (_, size) in zip(found.groups(), UNITS, strict=True))


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
    text = (
        _first(typed, path).strip() if field.kind is not FieldKind.LINES else _first(typed, path).replace("\r\n", "\n")
    )
    if text == "":
        return _empty(field, path)
    return _PLAIN[field.kind](field, text, setting, path)


def _empty(field: Field, path: str) -> tuple[Any, list[Fault]]:
    if field.nullable:
        return None, []
    if not field.required:
        return ("" if field.hint is str or field.kind is FieldKind.LINES else ABSENT), []
    needed = field.look in (Look.CODE, Look.NAME) or field.hint is Id
    if field.kind in (FieldKind.TEXT, FieldKind.LINES, FieldKind.PICTURE) and not needed:
        return "", []  # whether a text may be empty is the rule's business
    return ABSENT, [{"at": path, "what": "missing"}]


def _first(typed: Typed, path: str) -> str:
    found = typed.get(path)
    return found[0] if found else ""


def _same(field: Field, text: str, __: Setting, ___: str) -> tuple[Any, list[Fault]]:
    return (text.upper() if field.look is Look.CURRENCY else text), []


def _decimal(text: str) -> Decimal | None:
    bare = _SPACES.sub("", text)
    if (grouped := _GROUPED.fullmatch(bare)) and grouped[1] != grouped[2]:  # 1,234.50 or 1.234,50
        bare = bare.replace(grouped[1], "")
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
    """With or without the sign or the code of the currency that it is in; another's is a slip, not for overlooking."""
    marked = _MARKED.fullmatch(_SPACES.sub("", text))
    mark = (marked[1] + marked[3]) if marked else ""
    if marked is None or not mark:
        return _scaled(text, exponent(setting.currency), path)
    ours = _marks_of(setting.currency)  # who says $ means the dollars of here
    if mark.upper() in ours or (not mark.isalpha() and any(mark in each for each in ours)):
        return _scaled(marked[2], exponent(setting.currency), path)
    return ABSENT, [{"at": path, "what": "other_mark", "currency": setting.currency}]


@cache
def _marks_of(currency: str) -> frozenset[str]:
    return frozenset({currency, *(get_currency_symbol(currency, language) for language in LANGUAGES)})


def _percent(_: Field, text: str, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    return _scaled(text.removesuffix("%"), 2, path)


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


_PLAIN: Mapping[FieldKind, Callable[[Field, str, Setting, str], tuple[Any, list[Fault]]]] = {
    **dict.fromkeys(
        (
            FieldKind.TEXT, FieldKind.LINES, FieldKind.SECRET, FieldKind.COLOUR, FieldKind.ZONE, FieldKind.PICTURE,
            FieldKind.REF,
        ),
        _same,
    ),
    FieldKind.WHOLE: _whole, FieldKind.REAL: _real, FieldKind.MONEY: _money, FieldKind.PERCENT: _percent,
    FieldKind.DURATION: _duration, FieldKind.MAYBE: _yes, FieldKind.CHOICE: _choice, FieldKind.JSON: _json,
}  # fmt: skip


def _read_yes(_: Field, typed: Typed, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    """A box that is not ticked sends nothing."""
    return "1" in typed.get(path, []), []


def _read_many(field: Field, typed: Typed, _: Setting, path: str) -> tuple[Any, list[Fault]]:
    found = [text for text in typed.get(path, []) if text]
    offered = {str(each) for each in field.choices}
    if field.kind is FieldKind.CHOICES and not offered.issuperset(found):
        return ABSENT, [{"at": path, "what": "not_offered"}]
    return list(dict.fromkeys(found)), []


def _read_words(_: Field, typed: Typed, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    lines = [line.strip() for text in typed.get(path, []) for line in text.splitlines()]
    return [line for line in lines if line], []


def _read_rights(_: Field, typed: Typed, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    return without_covered(text for text in typed.get(path, []) if text), []


def _read_names(_: Field, typed: Typed, setting: Setting, path: str) -> tuple[Any, list[Fault]]:
    """The house's first language first, always in the same order: so that lists sort by it. A name given in another
    language alone also stands as that one, until somebody writes it: nobody is kept from going on by a language they do
    not speak. What was named in a language that the house has given up stays.
    """
    first = setting.languages[0]
    said = {language: _first(typed, f"{path}.{language}").strip() for language in languages_in(typed, setting, path)}
    names = {language: text for language, text in said.items() if text}
    if not names:
        return ABSENT, [{"at": f"{path}.{first}", "what": "name_missing"}]
    return {first: next(iter(names.values())), **names}, []


def languages_in(typed: Typed, setting: Setting, path: str) -> list[str]:
    """The house's languages, and those that a form holds besides."""
    besides = [key.removeprefix(f"{path}.") for key in typed if key.startswith(f"{path}.")]
    return list(dict.fromkeys([*setting.languages, *(each for each in besides if re.fullmatch(TAG, each))]))


def rows_at(typed: Typed, path: str) -> list[str]:
    """The numbers of the rows that a form holds."""
    return [n for n in dict.fromkeys(typed.get(f"{path}.#", [])) if _ROW.fullmatch(n)][:MOST_ROWS]


def _read_pairs(_: Field, typed: Typed, __: Setting, path: str) -> tuple[Any, list[Fault]]:
    pairs: dict[str, str] = {}
    faults: list[Fault] = []
    for n in rows_at(typed, path):
        key, value = _first(typed, f"{path}.{n}.key").strip(), _first(typed, f"{path}.{n}.value").strip()
        value = value.replace("\r\n", "\n")
        if key in DECLARED and not value:  # a setting that is left empty is not said
            continue
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
    here = said_time(text)
    if here is None:
        return ABSENT, [{"at": path, "what": "not_a_moment"}]
    if here.tzinfo is not None:
        return here, []
    chosen = _first(typed, f"{path}.second")
    found = moment(here, setting.zone, second=chosen == "1")
    if found.clock is ClockChange.SKIPPED:
        after = found.at.astimezone(setting.zone)
        return ABSENT, [{"at": path, "what": "time_skipped", "after": after.strftime("%H:%M")}]
    if found.clock is ClockChange.TWICE and chosen not in ("0", "1"):
        return ABSENT, [{"at": path, "what": "time_twice"}]
    return found.at, []


_STRUCTURES: Mapping[FieldKind, Callable[[Field, Typed, Setting, str], tuple[Any, list[Fault]]]] = {
    FieldKind.YES: _read_yes,
    FieldKind.REFS: _read_many,
    FieldKind.CHOICES: _read_many,
    FieldKind.WORDS: _read_words,
    FieldKind.RIGHTS: _read_rights,
    FieldKind.NAMES: _read_names,
    FieldKind.PAIRS: _read_pairs,
    FieldKind.GROUP: _read_group,
    FieldKind.ROWS: _read_rows,
    FieldKind.MOMENT: _read_moment,
}
