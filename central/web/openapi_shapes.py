"""The shapes in what the API says of itself (openapi.py): every type's schema, and what the marks of its declaration
and the English texts say of each field."""

from collections.abc import Iterable
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter

from central.kernel.crud import CONFIGURED
from central.kernel.entity import BY_NAME, ENTITIES, Between, Declaration, Link, Look, Ref, item_marks, stripped
from central.kernel.registry import COMMANDS, QUERIES, Handler
from central.kernel.values import MOST_LINE, MOST_PICTURE, MOST_TEXT, TAG, Word
from central.web.ids import PATTERN, is_ids
from central.web.texts import texts
from shared.ids import Id
from shared.languages import LANGUAGES
from shared.money import MOST_MONEY

REF = "#/components/schemas/{model}"
_LOOKS: dict[Look, dict[str, Any]] = {
    Look.COLOUR: {"pattern": "^#[0-9A-Fa-f]{6}$", "description": "A colour, #rrggbb."},
    Look.TIMEZONE: {"description": "An IANA time zone.", "examples": ["Europe/Paris"]},
    Look.EMAIL: {"format": "email"},
    Look.CURRENCY: {"pattern": "^[A-Z]{3}$", "description": "ISO 4217."},
    Look.MONEY: {"minimum": 0, "maximum": MOST_MONEY, "description": "Whole minor units (cents)."},
    Look.PERCENT: {"minimum": 0, "description": "Basis points: 550 is 5.5 %."},
    Look.SECONDS: {"minimum": 0, "description": "Seconds."},
    Look.PICTURE: {"description": "A data: address of a PNG, JPEG or WebP picture; empty: none."},
    Look.URL: {"format": "uri", "description": "https, or http to this machine."},
    Look.LANGUAGE: {"enum": list(LANGUAGES)},
    Look.CODE: {"examples": ["X1"]},
}


class Shapes:
    """Every type's schema, generated together: two types of one name get two names."""

    def __init__(self) -> None:
        wanted: list[tuple[Any, Any, TypeAdapter[Any]]] = []
        for handler in (*COMMANDS.values(), *QUERIES.values()):
            wanted.append((handler.kind, "validation", handler.adapter))
            if handler.gives is not None:
                wanted.append(((handler.kind, "gives"), "serialization", TypeAdapter(handler.gives)))
        wanted += [(each.kind, "serialization", TypeAdapter(each.kind)) for each in BY_NAME.values()]
        self._schemas, said = TypeAdapter.json_schemas(wanted, ref_template=REF)
        self.components: dict[str, Any] = dict(said.get("$defs", {}))
        for handler in (*COMMANDS.values(), *QUERIES.values()):
            self._mark_fields(self.own(handler.kind, "validation"), handler.hints, handler.on)
            if handler.on in CONFIGURED and (fields := self._fields_of(handler)):
                self._mark_fields(fields, get_type_hints(CONFIGURED[handler.on].declaration.kind, include_extras=True),
                                  handler.on)  # fmt: skip
        for name, kind in sorted(_parts_of(self._kinds(), {}).items()):
            for each in (name, f"{name}-Input", f"{name}-Output"):
                self._mark_fields(self.components.get(each, {}), get_type_hints(kind, include_extras=True), None)
        for declaration in BY_NAME.values():
            self._rows(declaration)

    @staticmethod
    def _kinds() -> list[Any]:
        handlers = (*COMMANDS.values(), *QUERIES.values())
        return [hint for handler in handlers for hint in (*handler.hints.values(), handler.gives)]

    def of(self, key: Any, mode: Any) -> dict[str, Any]:
        return self._schemas[(key, mode)]

    def own(self, key: Any, mode: Any) -> dict[str, Any]:
        """The schema itself, where `of` gives a reference to it."""
        schema = self.of(key, mode)
        named = schema.get("$ref", "").rpartition("/")[2]
        found: dict[str, Any] = self.components[named] if named else schema
        return found

    def _fields_of(self, handler: Handler) -> dict[str, Any] | None:
        """The `set` of a generated change."""
        if get_args(handler.hints.get("set")) or "set" not in handler.hints or "seen" not in handler.hints:
            return None
        named = self.own(handler.kind, "validation")["properties"]["set"].get("$ref", "").rpartition("/")[2]
        return self.components.get(named)

    def _mark_fields(self, schema: dict[str, Any], hints: dict[str, Any], entity: str | None) -> None:
        for name, field in schema.get("properties", {}).items():
            if name in hints:
                bare, _, marks = stripped(hints[name])
                _mark(field, bare, (*marks, *item_marks(bare)), taken_in=True)
                _word(field, entity or "", name)

    def _rows(self, declaration: Declaration) -> None:
        """A row as it is shown: without secrets, and nothing beside what is declared."""
        schema = self.own(declaration.kind, "serialization")
        shown = [column for column in declaration.columns if not column.unlisted]
        schema["properties"] = {column.name: schema["properties"][column.name] for column in shown}
        schema["required"] = [column.name for column in shown]
        schema["additionalProperties"] = False
        for column in shown:
            field = schema["properties"][column.name]
            _mark(field, column.hint, (*column.marks, *item_marks(column.hint)), taken_in=False)
            _word(field, declaration.name, column.name)


def _parts_of(hints: Iterable[Any], found: dict[str, type[Any]]) -> dict[str, type[Any]]:
    """The dataclasses that lie within fields and answers, by their names."""
    for hint in hints:
        bare = stripped(hint)[0]
        if isinstance(bare, type) and is_dataclass(bare) and bare.__name__ not in found and bare not in ENTITIES:
            found[bare.__name__] = bare
            _parts_of(get_type_hints(bare, include_extras=True).values(), found)
        elif get_args(bare):
            _parts_of(get_args(bare), found)
    return found


def _mark(field: dict[str, Any], bare: Any, marks: tuple[Any, ...], *, taken_in: bool) -> None:
    """Puts into a field's schema what its declaration says beyond its type; limits only where something is taken in,
    since what stands in the database may be older than they are."""
    arm = next((each for each in field.get("anyOf", ()) if each.get("type") != "null"), field)
    if bare is Id:
        arm["pattern"] = PATTERN
    elif is_ids(bare):
        arm.setdefault("items", {})["pattern"] = PATTERN
    for mark in marks:
        if isinstance(mark, Ref | Link):
            field["x-ref"] = mark.table
        elif isinstance(mark, Word):
            arm["enum"] = list(mark.words())
        elif isinstance(mark, Look):
            said = _LOOKS.get(mark, {})
            arm |= {key: value for key, value in said.items() if taken_in or key in ("format", "description")}
            if "pattern" in arm and field.get("default") == "":
                arm["pattern"] = f"^$|{arm['pattern']}"
        elif isinstance(mark, Between) and taken_in:
            arm |= _limits(arm.get("type", ""), mark)
    if taken_in and arm.get("type") == "string" and not {"enum", "format", "maxLength", "pattern"} & arm.keys():
        arm["maxLength"] = MOST_TEXT if Look.LINES in marks else MOST_PICTURE if Look.PICTURE in marks else MOST_LINE
    if Look.NAMES in marks and taken_in and arm.get("type") == "object":
        arm |= {"propertyNames": {"pattern": f"^{TAG}$"}, "minProperties": 1}
        arm["additionalProperties"] = {"type": "string", "maxLength": MOST_LINE}


def _limits(kind: str, mark: Between) -> dict[str, Any]:
    least, most = {
        "string": ("minLength", "maxLength"), "array": ("minItems", "maxItems"),
        "object": ("minProperties", "maxProperties"),
    }.get(kind, ("minimum", "maximum"))  # fmt: skip
    return {name: value for name, value in ((least, mark.least), (most, mark.most)) if value is not None}


def _word(field: dict[str, Any], entity: str, name: str) -> None:
    """The English name and help, as the screens say them."""
    english = texts("en")
    field["title"] = english.field(entity, name)
    if help_ := english.help(entity, name):
        field.setdefault("description", help_)
