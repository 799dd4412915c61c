"""A form as its template draws it: fields with labels, what was typed, what is wrong with it, what may be chosen."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.house_settings import DECLARED, Declared, currency_at, day_of
from central.kernel.tx import Read
from central.kernel.values import Fault
from central.web.screens.conflicts import Theirs
from central.web.screens.fields import Field, FieldKind, Setting, Typed
from central.web.screens.form_values import MOST_ROWS, languages_in, rows_at
from central.web.screens.listing import ListFilter, found, may_see
from central.web.screens.moments import moment, offset_text, said_time
from central.web.screens.names import Labels, labels
from central.web.screens.rights import RightBoxes, right_boxes
from central.web.screens.sight import Thing, labels_for
from central.web.text_keys import enum_name
from central.web.texts import Texts
from shared.languages import OWN_NAMES
from shared.wire.codec import MOST_FAULTS, spelt

MOST_OPTIONS = 200
BODY = "body"


@dataclass(frozen=True, slots=True)
class Options:
    """What a reference may name: all of it (`few`), or so much that one searches."""

    few: bool
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A word of a context's settings, and the number of its row in the form."""

    declared: Declared
    n: str


@dataclass(frozen=True, slots=True)
class FormView:
    """`of` is what the fields belong to in the texts: names of commands or entities, the nearest first. `theirs` is
    by path what somebody else saved meanwhile."""

    t: Texts
    of: tuple[str, ...]
    fields: tuple[Field, ...]
    typed: Typed
    setting: Setting
    options: Mapping[str, Options] = field(default_factory=dict)
    named: Labels = field(default_factory=lambda: Labels({}))
    faults: tuple[Fault, ...] = ()
    theirs: Mapping[str, Theirs] = field(default_factory=dict)
    quiet: frozenset[str] = frozenset()
    may: Callable[[str], bool] = lambda _: True  # whether who looks may give a right
    stored: bool = False  # these are a row's values
    context: str = ""  # of what kind the context is whose settings these are; "": that is not known

    def value(self, path: str) -> str:
        found = self.typed.get(path)
        return found[0] if found else ""

    def values(self, path: str) -> list[str]:
        return [each for each in self.typed.get(path, []) if each]

    def rows(self, path: str) -> list[str]:
        return rows_at(self.typed, path)

    def settings(self, path: str) -> tuple[list[SettingRow], list[str]]:
        """The words that central reads, each in a row, where they may be said or are; and the rows of all others."""
        said = {self.value(f"{path}.{n}.key").strip(): n for n in self.rows(path)}
        free = (str(n) for n in range(MOST_ROWS, 0, -1) if str(n) not in said.values())
        there = [
            each for each in DECLARED.values()
            if each.key in said or not each.of or not self.context or self.context in each.of
        ]  # fmt: skip
        rows = [SettingRow(each, said.get(each.key) or next(free)) for each in there]
        taken = {row.n for row in rows}
        return rows, [n for n in self.rows(path) if n not in taken]

    def languages(self, path: str) -> list[str]:
        """Those of a name, the reader's own first: where they speak none of the house's, its first."""
        found = languages_in(self.typed, self.setting, path)
        own = self.t.language if self.t.language in found else found[0]
        return [own, *(each for each in found if each != own)]

    def label(self, one: Field) -> str:
        keys = [f"field:{of}.{one.name}" for of in self.of]
        said = self.t.known(*keys, f"field:{one.name}")
        return said or self.t.field(self.of[-1], one.name)

    def help(self, one: Field) -> str:
        look = [f"look:{one.look}"] if one.look else []
        return self.t.known(*[f"help:{of}.{one.name}" for of in self.of], f"help:{one.name}", *look) or ""

    def currencies(self, value: str) -> list[tuple[str, str]]:
        """Those there are, the house's own first; and what was typed otherwise."""
        listed = dict(self.t.currencies())
        found = [(code, listed.get(code, "")) for code in dict.fromkeys((self.setting.currency, *listed)) if code]
        return found if value in listed or not value else [*found, (value, "")]

    def is_day(self, value: str) -> bool:
        return day_of(value) is not None

    def choice(self, value: Any) -> str:
        return self.t.value(enum_name(type(value)), value)

    def said(self, path: str) -> list[str]:
        """The sentences about the faults at this place."""
        return [sentence(self.t, fault) for fault in self.faults if fault["at"] == path]

    def any_within(self, path: str) -> bool:
        return any(fault["at"] == path or fault["at"].startswith(f"{path}.") for fault in self.faults)

    def elsewhere(self) -> list[str]:
        """Faults whose place is no field of this form."""
        paths = [each.path for each in self.fields]
        return [
            sentence(self.t, fault)
            for fault in self.faults
            if not any(fault["at"] == path or fault["at"].startswith(f"{path}.") for path in paths)
        ]

    def summary(self) -> list[tuple[str, str, str]]:
        """(path, label, sentence) of every fault, in the order of the fields; of one that stands at a field of its own
        no sentence: it is read there."""
        listed = []
        for one in self.fields:
            own = {one.path: one, **{f"{one.path}.{part.name}": part for part in one.parts}}
            for fault in self.faults:
                at = fault["at"]
                if at in own:
                    listed.append((at, self.label(own[at]), ""))
                elif at.startswith(f"{one.path}."):
                    listed.append((at, self._inside(one, at), sentence(self.t, fault)))
        return listed

    def _inside(self, one: Field, at: str) -> str:
        """What a place within a field is called: which of its rows and what of it, which setting, which language."""
        label, rows = self.label(one), self.rows(one.path)
        first, _, inner = at.removeprefix(f"{one.path}.").partition(".")
        if one.kind is FieldKind.PAIRS and (key := self.value(f"{one.path}.{first}.key").strip()):
            return f"{label} · {self.t.setting(key)}"
        if first in rows:
            label = self.t("{field}, ligne {n}", field=label, n=self.t.number(rows.index(first) + 1))
            part = next((each for each in one.parts if each.name == inner.partition(".")[0]), None)
            return f"{label} · {self.label(part)}" if part else label
        many = one.kind is FieldKind.NAMES and len(self.languages(one.path)) > 1
        return f"{label} ({OWN_NAMES[first]})" if many and first in OWN_NAMES else label

    def sections(self) -> list[tuple[str, list[Field]]]:
        """What is needed first, what may stay as it is after it."""
        first = [each for each in self.fields if each.name not in self.quiet]
        rest = [each for each in self.fields if each.name in self.quiet]
        return [(name, part) for name, part in (("", first), (self.t("Réglages"), rest)) if part]

    def rights(self, path: str) -> RightBoxes:
        return right_boxes(self.t, self.values(path), self.may, stored=self.stored)

    def option(self, one: Field) -> Options:
        return self.options.get(one.ref or "", Options(False, ()))

    def twice(self, path: str) -> list[tuple[str, str]]:
        """The two moments of a local time that comes twice: (`0` or `1`, how far from UTC)."""
        if not any(fault["at"] == path and fault["what"] == "time_twice" for fault in self.faults) and not self.value(
            f"{path}.second"
        ):
            return []
        local = said_time(self.value(path))
        if local is None:
            return []
        pair = [moment(local, self.setting.zone, second=second).at for second in (False, True)]
        if pair[0] == pair[1]:
            return []
        return [(str(n), offset_text(at, self.setting.zone)) for n, at in enumerate(pair)]

    @property
    def zone(self) -> str:
        return self.setting.zone.key


def sentence(t: Texts, fault: Fault) -> str:
    if reason := fault.get("reason"):
        return t.reason(reason)
    values = {name: value for name, value in fault.items() if name not in ("at", "what")}
    try:
        return t.fault(fault["what"], **values)
    except (KeyError, IndexError, ValueError):  # a text that wants more than this fault says
        return t.fault(fault["what"])


def at_rows(fields: Iterable[Field], typed: Typed, faults: Iterable[Fault]) -> list[Fault]:
    """A fault of a word's text (`settings.timezone`) stands at the row in which it was typed."""
    rows = {
        f"{each.path}.{(typed.get(f'{each.path}.{n}.key') or [''])[0].strip()}": f"{each.path}.{n}.value"
        for each in fields
        if each.kind is FieldKind.PAIRS
        for n in rows_at(typed, each.path)
    }
    return [{**fault, "at": rows.get(fault["at"], fault["at"])} for fault in faults]


def tables(fields: Iterable[Field]) -> set[str]:
    """The tables that a form's references name, of its groups and rows too."""
    found: set[str] = set()
    for each in fields:
        if each.kind in (FieldKind.REF, FieldKind.REFS) and each.ref in BY_NAME:
            found.add(str(each.ref))
        found |= tables(each.parts)
    return found


def refs_of(fields: Iterable[Field], typed: Typed) -> dict[str, str]:
    """What a form refers to so far: table → id."""
    return {
        str(each.ref): typed[each.path][0]
        for each in fields
        if each.kind is FieldKind.REF and each.ref and typed.get(each.path) and typed[each.path][0]
    }


def options_of(door: Door, read: Read, t: Texts, fields: Iterable[Field]) -> dict[str, Options]:
    return {table: options(door, read, t, table) for table in tables(fields)}


def options(door: Door, read: Read, t: Texts, table: str, q: str = "", most: int = MOST_OPTIONS) -> Options:
    """The rows of a table that the asker may name, by their names."""
    declaration = BY_NAME[table]
    if not may_see(door, read, declaration):
        return Options(True, ())
    page = found(door, read, declaration, ListFilter(q=q), size=most + 1)
    ids = [row.id for row in page.rows[:most]]
    named = labels(read, t, [(table, each) for each in ids])
    ours = currency_at(read, None) if "currency" in declaration.names else ""
    rows = sorted(((each, _spelt(named, table, each, page.rows[n], ours)) for n, each in enumerate(ids)), key=_by_name)
    return Options(len(page.rows) <= most, tuple(rows))


def _by_name(row: tuple[str, str]) -> str:
    return row[1].casefold()


def _spelt(named: Labels, table: str, row_id: str, row: Any, ours: str) -> str:
    """The name with its code, where it has one: names alone may be the same twice. Contexts say which they are, and
    what is in another currency than the house's (`ours`) says which."""
    said, code = named(table, row_id), getattr(row, "code", "") if table != "context" else ""
    said = said if len(said) <= 90 else said[:89] + "…"
    said = f"{said} ({code})" if code and code != said else said
    return f"{said} · {row.currency}" if ours and row.currency != ours else said


def named_of(
    door: Door, read: Read, t: Texts, fields: Iterable[Field], typed: Typed, shown: Iterable[Thing] = ()
) -> Labels:
    """The names of what is chosen already, for references that are searched. `shown`: what the form's own row names."""
    wanted = []
    for each in fields:
        if each.ref:
            wanted += [(each.ref, row_id) for row_id in typed.get(each.path, []) if row_id]
        for part in each.parts:
            for path, values in typed.items():
                if part.ref and path.startswith(f"{each.path}.") and path.endswith(f".{part.name}"):
                    wanted += [(part.ref, row_id) for row_id in values if row_id]
    return labels_for(door, read, t, wanted, shown)


# --- pydantic's word on it -------------------------------------------------------------------------------------------

_TYPES: Mapping[str, str] = {
    "missing": "missing",
    "int_parsing": "not_a_whole_number",
    "int_from_float": "not_a_whole_number",
    "enum": "not_offered",
    "float_parsing": "not_a_number",
    "datetime_parsing": "not_a_moment",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
}


def faults_of_validation(bad: ValidationError) -> list[Fault]:
    """The first of them; of very many only that there are some."""
    told = [
        {
            "at": ".".join(str(part) for part in each["loc"] if part != "set") or BODY,
            "what": _TYPES.get(each["type"], "does_not_fit"),
        }
        for each in spelt(bad)[:MOST_FAULTS]
    ]
    return told or [{"at": BODY, "what": "does_not_fit"}]


def typed_from(form: Mapping[str, Any]) -> dict[str, list[str]]:
    """A posted form's texts; files are no business of these forms."""
    typed: dict[str, list[str]] = {}
    for name, value in form.items():
        if isinstance(value, str):
            typed.setdefault(name, []).append(value)
    return typed
