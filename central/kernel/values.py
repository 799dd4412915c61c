"""What a value must be, as its declaration says: every fault of a form is found at once, each with its place.

A fault is `{"at": field, "what": name, …}`; the name's sentence is in the texts (`fault:<name>`).
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, get_type_hints
from zoneinfo import available_timezones

from central.kernel.characters import tidy, unseen
from central.kernel.entity import Between, Column, Look, stripped
from shared.languages import LANGUAGES
from shared.money import CURRENCIES, MOST_MONEY
from shared.outcome import Reason

TAG = r"[a-z]{2,3}"  # a language as names are filed by (ISO 639)
MOST_TEXT = 20_000
MOST_LINE = 500
MOST_PICTURE = 400_000
MOST_CODE = 40
CODE_PATTERN = rf"[A-Za-z0-9][A-Za-z0-9_.\-]{{0,{MOST_CODE - 1}}}"  # a browser reads it with the flag v
_CODE = re.compile(CODE_PATTERN)

Fault = dict[str, Any]

Names = Annotated[dict[str, str], Between(most=20), Look.NAMES]
"""Texts per language; the house's first is needed (kernel/languages.py)."""

Code = Annotated[str, Look.CODE]


@dataclass(frozen=True, slots=True)
class OneOf:
    """`Annotated[str, OneOf(kinds)]`: the key of a reason of one of these enums, shown as its sentence. They are asked
    for when it is shown: each area has its own."""

    kinds: Callable[[], Iterable[type[Reason]]]


@dataclass(frozen=True, slots=True)
class Offered:
    """`Annotated[DeviceKind, Offered(INVITED)]`: the words of an enum that the rule takes; forms offer no others."""

    words: frozenset[StrEnum]


@dataclass(frozen=True, slots=True)
class Word:
    """`Annotated[str, Word("anomaly_kind", words)]`: one of the words that areas have entered, whose texts are
    `value:<name>.<word>`. They are asked for when it is shown."""

    name: str
    words: Callable[[], Collection[str]]


@dataclass(frozen=True, slots=True)
class Zero:
    """`Annotated[int, Zero()]`: 0 is none, which is said in words: `value:zero.<entity>.<column>`."""


# Words parted by dots (RFC 5321, RFC 6531). Nothing that a header takes for a word in another code (RFC 2047, `=?`):
# it reads as another address, or as several.
_ATOM = r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\x7f\s\ud800-\udfff])+"
_LABEL = r"(?:[A-Za-z0-9-]|[^\x00-\x7f\s\ud800-\udfff])"
_SHAPES: Mapping[Look, tuple[re.Pattern[str], str]] = {
    Look.COLOUR: (re.compile(r"#[0-9A-Fa-f]{6}"), "not_a_colour"),
    Look.EMAIL: (re.compile(rf"(?!.*=\?){_ATOM}(\.{_ATOM})*@({_LABEL}+\.)+{_LABEL}{{2,}}"), "not_an_email"),
    Look.CURRENCY: (re.compile("|".join(sorted(CURRENCIES))), "not_a_currency"),
    Look.PICTURE: (re.compile(r"(data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+)?"), "not_a_picture"),
    Look.URL: (
        re.compile(r"https://[^\s]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/[^\s]*)?"),
        "not_an_address",
    ),
    Look.LANGUAGE: (re.compile("|".join(LANGUAGES)), "not_a_language"),
}


def faults_of(column: Column, value: Any) -> list[Fault]:
    """What is wrong with a value whose type fits already."""
    at = column.name
    if value is None:
        return [] if column.nullable else [{"at": at, "what": "missing"}]
    look = column.look
    if look is Look.NAMES:
        return _names(at, value)
    found = [] if look is None else looked(at, look, value)
    for mark in column.marks:
        if isinstance(mark, Between):
            found += _between(at, mark, value)
    if isinstance(value, str) and not found:
        found += _text(at, value, look)
    if isinstance(value, datetime) and value.tzinfo is None:
        found.append({"at": at, "what": "no_timezone"})
    return found


def _text(at: str, value: str, look: Look | None) -> list[Fault]:
    lines = look is Look.LINES
    most = MOST_PICTURE if look is Look.PICTURE else MOST_TEXT if lines else MOST_LINE
    if len(value) > most:
        return [{"at": at, "what": "too_long", "most": most, "is": len(value)}]
    if bad := sign_fault(at, tidy(value, lines=lines), lines=lines):
        return [bad]
    if look is Look.CODE and not _CODE.fullmatch(value):
        return [{"at": at, "what": "not_a_code"}]
    return [{"at": at, "what": "missing"}] if look is Look.NAME and not tidy(value).strip() else []


def _names(at: str, value: Mapping[str, str]) -> list[Fault]:
    """Texts per language, of which there may be more than we speak. Which is needed, the house says (languages.py)."""
    found: list[Fault] = []
    if not any(tidy(text).strip() for text in value.values()):
        found.append({"at": at, "what": "name_missing"})
    for language, text in value.items():
        if not re.fullmatch(TAG, language):
            found.append({"at": f"{at}.{language}", "what": "not_a_language"})
        elif len(text) > MOST_LINE:
            found.append({"at": f"{at}.{language}", "what": "too_long", "most": MOST_LINE, "is": len(text)})
        elif bad := sign_fault(f"{at}.{language}", tidy(text)):
            found.append(bad)
    return found


def sign_fault(at: str, text: str, *, lines: bool = False) -> Fault | None:
    """A sign in a tidy text that nobody sees."""
    sign = unseen(text, lines=lines)
    if not sign:
        return None
    control = int(sign[2:], 16) < 0xA0
    return {"at": at, "what": "control_character"} if control else {"at": at, "what": "unseen_sign", "sign": sign}


@cache
def _timezones() -> frozenset[str]:
    """They are files: looking for them takes 30 ms."""
    return frozenset(available_timezones())


def faults_of_marks(command: Any) -> list[Fault]:
    """What a command's own marks say against its fields: for one whose fields are no columns."""
    hints = get_type_hints(type(command), include_extras=True)
    looks = ((name, mark) for name, hint in hints.items() for mark in stripped(hint)[2] if isinstance(mark, Look))
    return [fault for name, look in looks for fault in looked(name, look, getattr(command, name))]


def whole_number(text: str, most: int = 2**63 - 1) -> int | None:
    """A number as an address or a field carries it: none, where it is anything but plain digits, or larger."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    return number if (number := int(text)) <= most else None


def looked(at: str, look: Look, value: Any) -> list[Fault]:
    """What a look alone says of a value."""
    shape = _SHAPES.get(look)
    if shape and not shape[0].fullmatch(value):
        return [{"at": at, "what": shape[1] if value else "missing"}]
    if look is Look.TIMEZONE and value not in _timezones():
        return [{"at": at, "what": "bad_timezone"}]
    if look is Look.MONEY and value > MOST_MONEY:
        return [{"at": at, "what": "too_big", "most": MOST_MONEY}]
    least = _LEAST.get(look)
    return [{"at": at, "what": "too_small", "least": 0}] if least is not None and value < least else []


_LEAST: Mapping[Look, int] = {Look.MONEY: 0, Look.PERCENT: 0, Look.SECONDS: 0}


def _between(at: str, mark: Between, value: Any) -> list[Fault]:
    size: Callable[[Any], int] = len if isinstance(value, str | tuple | dict) else int
    if mark.least is not None and size(value) < mark.least:
        return [{"at": at, "what": "too_small" if not isinstance(value, str) else "too_short", "least": mark.least}]
    if mark.most is not None and size(value) > mark.most:
        return [{"at": at, "what": "too_big" if not isinstance(value, str) else "too_long", "most": mark.most}]
    return []
