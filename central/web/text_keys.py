"""Which texts the screens need: what templates and pages say with `t(…)`, and a key for everything declared.

Read by `tools/texts` and by the test that lets no text be missing or stale in any of the five languages.
"""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import jinja2
from babel.messages.pofile import read_po
from jinja2 import nodes as parsed

from central.kernel.entity import BY_NAME, Look, mark_of, stripped
from central.kernel.house_settings import DECLARED
from central.kernel.invariants import INVARIANTS
from central.kernel.registry import COMMANDS, privileges
from central.kernel.values import Word, Zero
from central.web.page_words import PAGE_WORDS
from central.web.texts import FOLDER
from shared.languages import FIRST_LANGUAGE, LANGUAGES
from shared.outcome import Reason

CENTRAL = Path(__file__).parents[1]
_KINDS = "entity|entities|field|setting|help|value|do|reason|fault|privilege|action|look|live|kiosk|gate|paper|troubles"
_KEY = re.compile(rf"({_KINDS}):[a-z0-9_.*]+")

COMPUTED = ("value:figure.",)
"""Beginnings of keys of what is found out: of a check its figures."""

DEVICES = ("kiosk:", "gate:", "paper:", "troubles:")
"""Beginnings of what devices say; tools/device_texts.py and their tests look after it."""

Msgid = str | tuple[str, str]
"""A text, or one for a single thing and one for several: only together do they have plurals. A sentence that means
several things has before it which is meant, and WHICH between (gettext's own way to tell them apart)."""

WHICH = "\x04"

Where = dict[Msgid, str]
"""A msgid and one place that needs it."""

Row = tuple[str, Msgid, str]
"""A language, a msgid, and where that is needed or stands."""


def is_key(msgid: str) -> bool:
    return bool(_KEY.fullmatch(msgid))


Keys = tuple[tuple[str, ...], str]
"""Alternatives of which one must be there, and what needs them."""


def needed() -> tuple[Where, list[Keys]]:
    """(the texts said somewhere, the keys of what is declared)."""
    said: Where = {}
    for path in sorted(CENTRAL.rglob("*.py")):
        for msgid in _in_python(path):
            said.setdefault(msgid, str(path.relative_to(CENTRAL)))
    for path in sorted(CENTRAL.rglob("templates/**/*.html")):
        for msgid in _in_template(path):
            said.setdefault(msgid, str(path.relative_to(CENTRAL)))
    return said, list(_declared())


def _in_python(path: Path) -> Iterator[Msgid]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call):
            wanted = {"t": 1, "t.n": 2}.get(_name(node.func), 0)
            if isinstance(node.func, ast.Attribute) and node.func.attr == "meant":
                yield WHICH.join(str(each.value) for each in node.args[:2] if isinstance(each, ast.Constant))
            named = isinstance(node.func, ast.Attribute) and node.func.attr in ("menu", "page_for")
            texts = node.args[1:2] if named else node.args[:wanted]  # of an area's own page: its name in menus
            yield from _said(wanted, [each.value for each in texts if isinstance(each, ast.Constant)])
        elif isinstance(node, ast.Dict):  # a fault: {"at": …, "what": "too_long"}
            yield from (
                f"fault:{said.value}"
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == "what"
                for said in ((value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,))
                if isinstance(said, ast.Constant) and isinstance(said.value, str)
            )


def _said(wanted: int, values: list[Any]) -> Iterator[Msgid]:
    """Texts out of a call's values; two of them make one where `wanted` says so."""
    texts = [value for value in values if isinstance(value, str)]
    if wanted == 2 and len(texts) == 2:
        yield texts[0], texts[1]
    else:
        yield from texts


def _words_in_code() -> set[str]:
    return {
        node.value
        for path in CENTRAL.rglob("*.py")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _name(called: ast.expr) -> str:
    """`t`, `self.t`, `say.t` are t; `t.n` and `self.t.n` are t.n."""
    if isinstance(called, ast.Name):
        return called.id
    if isinstance(called, ast.Attribute):
        if called.attr == "t":
            return "t"
        if called.attr == "n" and _name(called.value) == "t":
            return "t.n"
    return ""


_JINJA = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True)


def _in_template(path: Path) -> Iterator[Msgid]:
    for call in _JINJA.parse(path.read_text()).find_all(parsed.Call):
        called = call.node
        plain = isinstance(called, parsed.Name) and called.name == "t"
        plural = isinstance(called, parsed.Getattr) and called.attr == "n" and getattr(called.node, "name", "") == "t"
        wanted = 1 if plain else 2 if plural else 0
        if isinstance(called, parsed.Getattr) and called.attr == "meant":
            yield WHICH.join(str(each.value) for each in call.args[:2] if isinstance(each, parsed.Const))
        yield from _said(wanted, [each.value for each in call.args[:wanted] if isinstance(each, parsed.Const)])


def _declared() -> Iterator[Keys]:
    for name, declaration in BY_NAME.items():
        yield (f"entity:{name}",), name
        yield (f"entities:{name}",), name
        for column in declaration.columns:
            if column.name != "id" and not column.unlisted:
                yield (f"field:{name}.{column.name}", f"field:{column.name}"), name
                yield from _values(column.hint, name)
                if mark_of(column.marks, Zero):
                    yield (f"value:zero.{name}.{column.name}",), name
                if word := mark_of(column.marks, Word):
                    yield from (((f"value:{word.name}.{each}",), name) for each in word.words())
                for part in _parts(column.hint, deep=False):
                    yield (f"field:{column.name}.{part}", f"field:{part}"), name
    for name, handler in COMMANDS.items():
        yield (f"do:{name}",), name
        for field, hint in handler.hints.items():
            yield from _values(stripped(hint)[0], name)
            entity = handler.on or name.partition("_")[2]
            for each in (field, *_parts(stripped(hint)[0])):
                if each != "id":
                    yield (f"field:{name}.{each}", f"field:{entity}.{each}", f"field:{each}"), name
    for key in DECLARED:
        yield (f"field:{key}", f"setting:{key}"), "settings"
        yield (f"help:setting.{key}",), "settings"
    for name in INVARIANTS:
        yield (f"value:check.{name.lower()}",), name
    for kind, words in PAGE_WORDS.items():
        yield from (((f"{kind}.{word}", f"{kind.partition(':')[0]}:{word}"), kind) for word in words)
    for reasons in Reason.__subclasses__():
        if reasons.__module__.startswith("central."):
            yield from (((f"reason:{reason.key}",), reasons.__name__) for reason in reasons)
    for privilege in privileges():
        module, screen, action = privilege.split(".")
        yield (f"privilege:{module}",), privilege
        yield (f"privilege:{module}.{screen}",), privilege
        yield (f"privilege:{privilege}", f"action:{action}"), privilege


def _parts(hint: Any, *, deep: bool = True) -> Iterator[str]:
    """The fields of what a field is made of: of a selection its seats, rows, zones …; `deep`: and of those in turn."""
    for kind in (hint, *get_args(hint)):
        if is_dataclass(kind) and isinstance(kind, type):
            for name, part in get_type_hints(kind, include_extras=True).items():
                yield name
                yield from _parts(stripped(part)[0]) if deep else ()
        elif kind is not hint:
            yield from _parts(kind, deep=deep)


def _values(hint: Any, where: str) -> Iterator[Keys]:
    for kind in (hint, *get_args(hint)):
        if (
            get_origin(kind) is None
            and isinstance(kind, type)
            and issubclass(kind, StrEnum | Reason)
            and kind is not Look
        ):
            for value in kind:
                yield (f"value:{enum_name(kind)}.{value.value}", f"value:{value.value}"), where


def enum_name(kind: type[StrEnum | Reason]) -> str:
    """`PlanState` is plan_state."""
    return "".join("_" + char.lower() if char.isupper() else char for char in kind.__name__).lstrip("_")


def translated(language: str) -> dict[Msgid, str]:
    """Every msgid of a language's files and its file; those without a text (in any of their plurals) are left out."""
    found: dict[Msgid, str] = {}
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
                if message.id and all(texts):
                    which = f"{message.context}{WHICH}" if message.context else ""
                    found[which + message.id if isinstance(message.id, str) else (message.id[0], message.id[1])] = (
                        path.name
                    )
    return found


def missing_and_stale() -> tuple[list[Row], list[Row]]:
    """([(language, msgid, where it is needed)], [(language, msgid, its file)])."""
    said, declared = needed()
    missing: list[Row] = []
    stale: list[Row] = []
    fields = {key for keys, _ in declared for key in keys}
    allowed: set[Msgid] = (
        fields | set(said) | {key.replace("field:", "help:", 1) for key in fields} | {f"look:{each}" for each in Look}
    )
    allowed |= {f"fault:{word}" for word in _words_in_code()}  # of faults that a table names
    for language in LANGUAGES:
        there = translated(language)
        for msgid, where in said.items():
            if msgid not in there and (language != FIRST_LANGUAGE or (isinstance(msgid, str) and is_key(msgid))):
                missing.append((language, msgid, where))
        missing += [(language, keys[-1], where) for keys, where in declared if not any(key in there for key in keys)]
        stale += [
            (language, msgid, file)
            for msgid, file in there.items()
            if msgid not in allowed and not first_of(msgid).startswith((*COMPUTED, *DEVICES))
        ]
    return sorted(set(missing), key=str), sorted(stale, key=str)


def half_meant(said: Iterable[Msgid]) -> list[str]:
    """Sentences of which it is said in one place which is meant, and in another not; or that are one text here and the
    one of two for a single thing there: a catalogue has one place for both."""
    sentences = [first_of(each) for each in said]
    plain = Counter(each for each in sentences if WHICH not in each)
    meant = {each.partition(WHICH)[2] for each in sentences if WHICH in each}
    return sorted(each for each, times in plain.items() if each in meant or times > 1)


def first_of(msgid: Msgid) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


def write_stubs(area: str, rows: Iterable[Row], folder: Path = FOLDER) -> None:
    """Puts what is missing (rows of `missing_and_stale`) at the end of the area's files, without texts. What stands
    there stays as it is."""
    for language, msgid, _ in rows:
        path = folder / language / f"{area}.po"
        there = path.read_text() if path.exists() else HEAD.format(language, PLURALS.get(language, "(n != 1)"))
        which, _, sentence = first_of(msgid).rpartition(WHICH)
        said, several = json.dumps(sentence, ensure_ascii=False), ""
        context = f"\nmsgctxt {json.dumps(which, ensure_ascii=False)}" if which else ""
        texts = '\nmsgstr ""\n'
        if not isinstance(msgid, str):
            several = f"\nmsgid_plural {json.dumps(msgid[1], ensure_ascii=False)}"
            texts = '\nmsgstr[0] ""\nmsgstr[1] ""\n'
        if f"{context or chr(10)}\nmsgid {said}{several}\nmsgstr" not in there:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{there}{context}\nmsgid {said}{several}{texts}")


HEAD = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: {}\\n"
"Plural-Forms: nplurals=2; plural={};\\n"
"""
PLURALS = {"fr": "(n > 1)"}
