"""What a field is, its declaration says by a mark; no code guesses it from what the field is called."""

import ast
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import central.app  # noqa: F401  # declares everything
from central.kernel.entity import BY_NAME, Link, Look, Loose, Ref, Secret, item_marks, mark_of, stripped
from central.kernel.registry import COMMANDS, QUERIES
from central.web.screens.fields import FieldKind, field_of
from central.web.screens.screen import creators
from shared.ids import Id
from shared.money import Minor

CENTRAL = Path(__file__).parents[2] / "central"
KINDS = (*(each.kind for each in BY_NAME.values()), *(each.kind for each in (*COMMANDS.values(), *QUERIES.values())))


def declared(kind: type[Any], seen: set[Any]) -> Iterator[tuple[str, str, Any]]:
    """(class, field, hint) of everything that is declared of this, however deep; not of what the wire agrees on."""
    if kind in seen or kind.__module__.startswith("shared."):
        return
    seen.add(kind)
    for name, hint in get_type_hints(kind, include_extras=True).items():
        yield kind.__name__, name, hint
        bare = stripped(hint)[0]
        for inner in (bare, *(stripped(each)[0] for each in get_args(bare))):
            if isinstance(inner, type) and (is_dataclass(inner) or hasattr(inner, "__total__")):
                yield from declared(inner, seen)


DECLARED = [each for seen in [set[Any]()] for kind in KINDS for each in declared(kind, seen)]


def unmarked(end: str, marks: tuple[Any, ...], bare: tuple[Any, ...]) -> list[str]:
    """Fields that end so, are of one of these types, and have none of the marks."""
    found = []
    for owner, name, hint in DECLARED:
        of, _, said = stripped(hint)
        base = getattr(of, "__supertype__", of)
        if name.endswith(end) and base in bare and not any(mark in marks for mark in said):
            found.append(f"{owner}.{name}")
    return found


@pytest.mark.parametrize(
    ("end", "mark", "bare"),
    [
        ("_s", Look.SECONDS, int),
        ("_bp", Look.PERCENT, int),
        ("amount", Look.MONEY, int),
        ("names", Look.NAMES, dict[str, str]),
        ("code", Look.CODE, str),
    ],
)
def test_what_is_called_so_is_marked_so(end: str, mark: Look, bare: Any) -> None:
    """Nothing reads the name any more: a field whose mark was forgotten would be entered and shown as something else.
    Of codes, what is a secret is not one."""
    assert unmarked(end, (mark, Secret()), (bare,)) == []
    assert any(name.endswith(end) for _, name, _ in DECLARED)


def test_every_id_of_a_row_says_what_it_names() -> None:
    silent = [
        f"{declaration.name}.{column.name}"
        for declaration in BY_NAME.values()
        for column in declaration.columns
        if column.name != "id"
        and (column.hint is Id or Id in get_args(column.hint))
        and not any(isinstance(mark, Ref | Link | Loose) for mark in (*column.marks, *item_marks(column.hint)))
    ]
    assert silent == []
    assert all(mark.table in BY_NAME for *_, hint in DECLARED if (mark := mark_of(stripped(hint)[2], Link)))


def test_a_link_is_no_reference() -> None:
    """It is shown as one; the database holds nobody to it."""
    column = BY_NAME["scan"].column("device_id")
    assert (column.ref, column.shown_as) == (None, "device")
    assert not BY_NAME["scan"].table.c.device_id.foreign_keys


def test_a_name_alone_makes_nothing_of_a_field_and_money_is_money() -> None:
    for name, hint, kind in (
        ("amount", int, FieldKind.WHOLE),
        ("total", Minor, FieldKind.MONEY),
        ("total", Minor | None, FieldKind.MONEY),
        ("wait_s", int, FieldKind.WHOLE),
        ("vat_bp", int, FieldKind.WHOLE),
        ("names", dict[str, str], FieldKind.PAIRS),
        ("performance_id", Id, FieldKind.TEXT),
    ):
        assert field_of(name, hint).kind is kind, name


def test_who_makes_a_row_says_so() -> None:
    assert [each.name for each in creators("operator")] == ["create_operator", "invite_operator"]
    assert [each.name for each in creators("device")] == ["invite_device"]
    assert [each.name for each in creators("tariff")] == ["create_tariff"]
    assert {each.makes for each in COMMANDS.values()} - {""} <= BY_NAME.keys()


ENDINGS = ("names", "amount", "code")


def compared_by_ending(source: str) -> list[str]:
    """Comparisons with the end of a text as fields are called: `name.endswith("_s")`, `name.removesuffix("_id")`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            said = node.args[0]
            ends = said.elts if isinstance(said, ast.Tuple) else [said]
            texts = [each.value for each in ends if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if node.func.attr in ("endswith", "removesuffix") and any(
                text.startswith("_") or text in ENDINGS for text in texts
            ):
                found.append(ast.unparse(node))
    return found


def test_no_code_compares_what_fields_are_called_by_their_endings() -> None:
    assert compared_by_ending('if name.endswith(("_s", "x")) or n.removesuffix("_id"): ...') != []
    found = {str(file): said for file in CENTRAL.rglob("*.py") if (said := compared_by_ending(file.read_text()))}
    assert found == {}


def test_every_field_is_a_keyword() -> None:
    assert all(each.kw_only for kind in KINDS for each in fields(kind))
