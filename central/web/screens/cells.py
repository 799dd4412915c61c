"""Values as people read them: on a page, in a list's cell, in an export."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from central.kernel.entity import BY_NAME, Column, Declaration, Look, mark_of
from central.kernel.house_settings import CURRENCY, DECLARED, SettingLook, day_of
from central.kernel.scope import is_there
from central.kernel.tx import Read
from central.kernel.values import OneOf, Word, Zero
from central.web.actor_words import actor_row, nobodys_name
from central.web.screens.fields import FieldKind, duration_text, field_of
from central.web.screens.names import Labels, currencies_of, house_timezone, labels, timezones_of
from central.web.screens.notation import Value
from central.web.screens.rights import node_text
from central.web.screens.value_words import in_json, inner_lines, inner_text
from central.web.text_keys import enum_name
from central.web.texts import Texts
from shared.ids import Id
from shared.languages import OWN_NAMES
from shared.money import Minor, to_decimal
from shared.outcome import reason_named

MOST_CELL = 80
MOST_DEFAULT = 6
NAMING = ("names", "name", "label", "number", "code", "starts")  # a performance is called by its date


@dataclass(frozen=True, slots=True)
class Cell:
    """`links` are (text, address) pairs instead of a text; `colour` and `picture` are drawn beside it; `number` stands
    at the right; `value` is what a sheet has instead."""

    text: str
    links: tuple[tuple[str, str], ...] = ()
    colour: str = ""
    picture: str = ""
    number: bool = False
    lines: tuple[str, ...] = ()
    state: str = ""
    value: Value = None

    @property
    def in_line(self) -> str:
        """Whole, without links: for a sheet."""
        return "; ".join(self.lines or [text for text, _ in self.links]) or self.text


@dataclass(frozen=True, slots=True)
class CellReader:
    """What is needed to say the values of some rows: names of what they refer to, zones and currencies."""

    t: Texts
    declaration: Declaration
    named: Labels
    zones: dict[str, ZoneInfo]
    currencies: dict[str, str]
    house: ZoneInfo
    guessed: dict[str, str] = field(default_factory=dict)

    def ref(self, column: Column) -> str | None:
        return ref_of(column) or self.guessed.get(column.name)

    def zone(self, row_id: str) -> ZoneInfo:
        return self.zones.get(row_id, self.house)

    def currency(self, row_id: str) -> str:
        return self.currencies.get(row_id, CURRENCY.fallback)

    def cell(self, row: Any, column: Column, *, short: bool = True) -> Cell:
        return self.value(column, getattr(row, column.name), row.id, short=short)

    def value(self, column: Column, value: Any, row_id: str, *, short: bool = True) -> Cell:
        """A value of a row that need not hold it any more, or not yet."""
        return _cell(self, column, value, row_id, short)

    def text(self, row: Any, column: Column) -> str:
        """For exports: whole, without links."""
        return self.cell(row, column, short=False).in_line


def reader(
    read: Read, t: Texts, declaration: Declaration, rows: Sequence[Any], columns: Iterable[Column]
) -> CellReader:
    chosen = list(columns)
    wanted: list[tuple[str, str]] = []
    guessed = {each.name: table for each in chosen if (table := _guessed(read, rows, each))}
    for column in chosen:
        if column.look is Look.ACTOR:
            wanted += [found for row in rows if (found := actor_row(getattr(row, column.name)))]
        table = ref_of(column) or guessed.get(column.name)
        if not table:
            continue
        for row in rows:
            value = getattr(row, column.name)
            wanted += [(table, each) for each in (value if column.many else [value]) if each]
    ids = [row.id for row in rows]
    timed = any(_kind(column) is FieldKind.MOMENT for column in chosen)
    paid = any(_kind(column) is FieldKind.MONEY for column in chosen)
    return CellReader(
        t, declaration, labels(read, t, wanted),
        timezones_of(read, declaration, ids) if timed else {},
        currencies_of(read, declaration, ids) if paid else {},
        house_timezone(read) if timed else ZoneInfo("UTC"), guessed,
    )  # fmt: skip


def _guessed(read: Read, rows: Sequence[Any], column: Column) -> str | None:
    """The table of an id whose declaration does not say it: where the first of these rows' ids is found."""
    if column.hint is not Id or column.name == "id" or ref_of(column):
        return None
    first = next((value for row in rows if (value := getattr(row, column.name))), None)
    return table_of(read, first) if first else None


def table_of(read: Read, row_id: str) -> str | None:
    """Which entity an id belongs to: ids are unique in the house, and each look goes by a primary key."""
    for table in BY_NAME:
        if is_there(read, table, row_id):
            return table
    return None


def ref_of(column: Column) -> str | None:
    """The table that a column names, by its mark or by its name."""
    return column.shown_as


@cache
def _kind(column: Column) -> FieldKind:
    return field_of(column.name, _marked(column)).kind


def _marked(column: Column) -> Any:
    hint: Any = column.hint
    for mark in column.marks:
        hint = Annotated[hint, mark]
    return hint


def shown_columns(declaration: Declaration) -> list[Column]:
    """All that a page, a list or an export may show: what names a row comes first."""
    shown = [each for each in declaration.columns if not each.unlisted and each.look is not Look.MACHINE]
    return sorted(shown, key=lambda column: NAMING.index(column.name) if column.name in NAMING else len(NAMING))


def default_columns(declaration: Declaration) -> list[Column]:
    """What a list shows unasked: short values, the naming ones first; of what has no name, when it was."""
    quiet = {
        FieldKind.LINES,
        FieldKind.PICTURE,
        FieldKind.JSON,
        FieldKind.PAIRS,
        FieldKind.GROUP,
        FieldKind.ROWS,
        FieldKind.WORDS,
        FieldKind.RIGHTS,
        FieldKind.REFS,
    }
    shown = (each for each in shown_columns(declaration) if each.name != "id" and each.look is not Look.ASIDE)
    fit = [each for each in shown if _kind(each) not in quiet]
    named = any(each.name in NAMING for each in fit)
    first = [] if named else [each for each in fit if _kind(each) is FieldKind.MOMENT][:1]
    telling = [*first, *(each for each in fit if each.name in (*NAMING, "state") or _kind(each) is FieldKind.MONEY)]
    rest = [each for each in fit if each not in telling]
    if not named:  # what it is about and how it ended, before what it was called and counted
        rest.sort(key=_weight)
    chosen = [*telling, *rest][:MOST_DEFAULT]
    told = [*first, *(each for each in fit if each in chosen and each not in first)]
    if not named and not first:  # where it stands names no row
        told.sort(key=lambda each: each.ref == "context")
    return told or shown_columns(declaration)[:1]


def _weight(column: Column) -> int:
    kind = _kind(column)
    if kind is FieldKind.REF:
        return 0
    if kind in (FieldKind.YES, FieldKind.MAYBE, FieldKind.CHOICE):
        return 1
    return 3 if is_number(column) else 2


def is_number(column: Column) -> bool:
    return _kind(column) in (FieldKind.MONEY, FieldKind.PERCENT, FieldKind.DURATION, FieldKind.WHOLE, FieldKind.REAL)


def clipped(text: str, most: int = MOST_CELL) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _cell(of: CellReader, column: Column, value: Any, row_id: str, short: bool) -> Cell:
    t, kind = of.t, _kind(column)
    clip = clipped if short else str
    if value is None or value == "":
        return Cell("")
    if column.name == "id":
        return Cell(str(value))
    if value == 0 and mark_of(column.marks, Zero):
        return Cell(of.t.value("zero", f"{of.declaration.name}.{column.name}"))
    if table := of.ref(column):
        named = [(clip(of.named(table, each)), address(table, each)) for each in (value if column.many else [value])]
        return Cell("", links=tuple(named)) if named else Cell("")
    if column.look is Look.ACTOR:
        stands = actor_row(value)
        named = [(clip(of.named(*stands)), address(*stands))] if stands else []
        return Cell("" if named else nobodys_name(t, value), links=tuple(named))
    match kind:
        case FieldKind.NAMES:
            return Cell(clip(t.of(value))) if short else Cell(t.of(value), lines=_languages(value))
        case FieldKind.COLOUR:
            return Cell(value, colour=value)
        case FieldKind.PICTURE:
            return Cell(t("Image"), picture=value)
        case FieldKind.YES | FieldKind.MAYBE:
            return Cell(t("oui") if value else t("non"))
        case FieldKind.MONEY:
            return Cell(t.money(value, of.currency(row_id)), number=True)
        case FieldKind.PERCENT:
            return Cell(f"{t.number(value / 100)} %", number=True)
        case FieldKind.DURATION:
            return Cell(duration_text(value), number=True)
        case FieldKind.MOMENT:
            return Cell(t.moment(value, of.zone(row_id), "short" if short else "medium"))
        case FieldKind.WHOLE | FieldKind.REAL:
            return Cell(t.number(value), number=True)
    return _cell_of_many(of, column, value, short)


def _cell_of_many(of: CellReader, column: Column, value: Any, short: bool) -> Cell:
    t, clip = of.t, clipped if short else str
    if said := _reason(t, column, value):
        return Cell(clip(said))
    if word := mark_of(column.marks, Word):
        return Cell(t.value(word.name, value))
    if isinstance(value, StrEnum):
        said = t.value(enum_name(type(value)), value)
        is_state = of.declaration.life is not None and of.declaration.life[0] == column.name
        return Cell(said, state=str(value) if is_state else "")
    if isinstance(value, tuple):
        in_words = node_text if _kind(column) is FieldKind.RIGHTS else inner_text
        lines = tuple(in_words(t, each) for each in value)
        return Cell(clip(", ".join(lines))) if short else Cell("", lines=lines)
    if isinstance(value, dict):
        if column.name == "settings":
            lines = tuple(f"{t.setting(key)}{t.colon}{setting_text(t, key, text)}" for key, text in value.items())
        else:
            lines = tuple(f"{key}{t.colon}{inner_text(t, each)}" for key, each in value.items())
        return Cell(clip(", ".join(lines))) if short else Cell("", lines=lines)
    if is_dataclass(value) or in_json(value) is not value:
        lines = tuple(map(clipped, inner_lines(t, value, of=column.name)))
        return Cell(clip(", ".join(lines))) if short else Cell("", lines=lines)
    return Cell(clip(str(value)))


def parts_of(t: Texts, column: Column, entity: str, raw: Any) -> dict[str, tuple[str, str]] | None:
    """Of a value that holds several under keys, as the database keeps it: key → (what it is called, what it says)."""
    try:
        value = column.from_db(raw) if column.from_db and isinstance(raw, str) and raw else None
    except (ValueError, TypeError):
        return None
    if not isinstance(value, dict):
        return None
    if column.name == "settings":
        return {key: (t.setting(key), setting_text(t, key, text)) for key, text in value.items()}
    if _kind(column) is FieldKind.NAMES:
        field = t.field(entity, column.name)
        return {key: (f"{field} ({OWN_NAMES.get(key, key)})", text) for key, text in value.items()}
    return {key: (key, inner_text(t, text)) for key, text in value.items()}


def differing(t: Texts, column: Column, entity: str, before: Any, after: Any) -> list[tuple[str, str, str]] | None:
    """What of such a value is another afterwards: (what it is called, what it said, what it says); empty where it is
    not there. None: it is said in whole."""
    old, new = (parts_of(t, column, entity, each) for each in (before, after))
    if old is None or new is None:
        return None
    keys = [key for key in old | new if old.get(key) != new.get(key)]
    nothing = ("", "")
    return [((new.get(key) or old[key])[0], old.get(key, nothing)[1], new.get(key, nothing)[1]) for key in keys]


def setting_text(t: Texts, key: str, text: str) -> str:
    """As it is kept, but for a day, a language and a currency."""
    look = DECLARED[key].look if key in DECLARED else SettingLook.LINE
    if look is SettingLook.DAY and (day := day_of(text)):
        return t.calendar_day(day)
    if look is SettingLook.LANGUAGE:
        return OWN_NAMES.get(text, text)
    if look is SettingLook.CURRENCY:
        return next((f"{name} ({code})" for code, name in t.currencies() if code == text), text)
    return text


def _reason(t: Texts, column: Column, value: Any) -> str | None:
    """Of a field that holds the key of a reason, its sentence."""
    mark = mark_of(column.marks, OneOf)
    reason = reason_named(str(value), mark.kinds()) if mark else None
    return t.reason(reason) if reason else None


def _languages(names: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{text} ({language})" if len(names) > 1 else text for language, text in names.items())


def address(table: str, row_id: str) -> str:
    """A row's page."""
    return f"/admin/e/{table}/{row_id}" if table in BY_NAME else ""


# --- exports ---------------------------------------------------------------------------------------------------------


def exported(of: CellReader, row: Any, column: Column) -> Value:
    """A value for a sheet: numbers as numbers (money in major units), times in their zone, all else as text."""
    value: Any = getattr(row, column.name)
    said: int | float | Decimal
    match _kind(column):
        case _ if value is None or of.ref(column):
            return of.text(row, column) if value is not None else None
        case FieldKind.MONEY:
            said = to_decimal(Minor(value), of.currency(row.id))
            return said
        case FieldKind.PERCENT:
            return Decimal(format((Decimal(value) / 100).normalize(), "f"))
        case FieldKind.WHOLE | FieldKind.DURATION | FieldKind.REAL:
            said = value
            return said
        case FieldKind.MOMENT:
            at: datetime = value
            return at.astimezone(of.zone(row.id)).replace(tzinfo=None, microsecond=0)
        case FieldKind.NAMES:
            return of.t.of(value)
        case FieldKind.PICTURE:
            return of.t("Image")
    return of.text(row, column)
