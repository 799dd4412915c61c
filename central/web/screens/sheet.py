"""What the forms share: whose command a form is for, what its hidden fields carry, how it is read and drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from central.kernel.contexts import Context
from central.kernel.door import Reply
from central.kernel.entity import BY_NAME
from central.kernel.registry import Handler
from central.kernel.scope import context_of
from central.kernel.tx import Read
from central.kernel.values import Fault
from central.web.screens.fields import Field, FieldKind, Setting, Typed, fields_of, optional_of
from central.web.screens.form_values import Parsed, parse
from central.web.screens.forms import FormView, at_rows, faults_of_validation, named_of, options_of, refs_of
from central.web.screens.names import setting_of
from central.web.screens.refusals import SaidRefusal
from central.web.screens.screen import Screen, new_id
from central.web.screens.sight import Thing, named_by_row, named_to
from shared.ids import Id, is_id

COMMAND = "_command"
OWN = "_id"
SEEN = "_seen"
WAS = "_was"
STOOD = "_stood"
ZONE = "_zone"
DO = "_do"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form's fixed part: whose command, on what, where it leads. `row`: what is acted on, changed or copied; what it
    names may be said to who sees it."""

    handler: Handler
    fields: tuple[Field, ...]
    of: tuple[str, ...]
    quiet: frozenset[str]
    table: str
    on: str | None
    row: Any = None

    @property
    def shown(self) -> set[Thing]:
        return set() if self.row is None else named_by_row(BY_NAME[self.table], self.row)


def entered_fields(handler: Handler, *, first: bool) -> tuple[Field, ...]:
    """A command's fields for a form; the id of what is made, or acted on, is not entered, nor a secret that may be left
    out: whoever does leaves it to central to make a good one."""
    hints = dict(handler.hints)
    if first or next(iter(hints), "") == "id":
        hints.pop(next(iter(hints)), None)
    found = fields_of(hints, optional=optional_of(handler.kind))
    return tuple(each for each in found if each.required or not each.secret)


def defaults_of(sheet: Sheet) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in fields(sheet.handler.kind):
        if each.default is not MISSING:
            found[each.name] = each.default
        elif each.default_factory is not MISSING:
            found[each.name] = each.default_factory()
    return found


def own_id(sheet: Sheet, own: Id) -> dict[str, Any]:
    """The new row's id, for commands whose first field it is."""
    return {"id": own} if next(iter(sheet.handler.hints), "") == "id" else {}


def id_in(typed: Typed, name: str) -> Id:
    found = (typed.get(name) or [""])[0]
    return Id(found) if is_id(found) else new_id()


async def parsed_form(screen: Screen, sheet: Sheet, typed: Typed) -> tuple[Parsed, Setting, list[Fault]]:
    setting = await screen.read(
        lambda read: setting_of(read, sheet.table, sheet.on, _given(screen, read, sheet, typed), screen.at)
    )
    if said := (typed.get("currency") or [""])[0]:
        setting = replace(setting, currency=said.strip().upper()[:3])
    moved: list[Fault] = []
    first = next((path for path in _moments(sheet.fields)), None)
    shown = (typed.get(ZONE) or [""])[0]
    if first and shown and shown != setting.zone.key:
        moved.append({"at": first, "what": "zone_changed", "zone": setting.zone.key})
    return parse(sheet.fields, typed, setting), setting, moved


def known_typed(screen: Screen, read: Read, sheet: Sheet, typed: Typed) -> Typed:
    """What was typed, without the references to what the asker may not be told of: nothing follows from those."""
    named = {
        each.path: (str(each.ref), typed[each.path][0])
        for each in sheet.fields
        if each.kind is FieldKind.REF and each.ref and typed.get(each.path) and typed[each.path][0]
    }
    told = sheet.shown | named_to(screen.door, read, {*named.values()} - sheet.shown)
    return {path: values for path, values in typed.items() if path not in named or named[path] in told}


def _given(screen: Screen, read: Read, sheet: Sheet, typed: Typed) -> dict[str, str]:
    return refs_of(sheet.fields, known_typed(screen, read, sheet, typed))


def _moments(of: Iterable[Field]) -> Iterable[str]:
    for each in of:
        if each.kind is FieldKind.MOMENT:
            yield each.path
        yield from (f"{each.path}.{path}" for path in _moments(each.parts))


async def attempt(
    screen: Screen, sheet: Sheet, values: Mapping[str, Any], command_id: Id, *, dry_run: bool = False
) -> tuple[list[Fault], Reply | None, Id]:
    """(faults of a command that cannot even be built, the door's answer, the id it was given under)."""
    try:
        command = sheet.handler.adapter.validate_python(dict(values))
    except ValidationError as bad:
        return faults_of_validation(bad), None, command_id
    reply, used = await screen.execute(command, command_id, dry_run=dry_run)
    return [], reply, used


def with_done(to: str, command_id: str) -> str:
    return f"{to}{'&' if '?' in to else '?'}done={command_id}"


def view_of(screen: Screen, read: Read, sheet: Sheet, typed: Typed, faults: Iterable[Fault], **more: Any) -> FormView:
    t = screen.t
    given = _given(screen, read, sheet, typed)
    setting = setting_of(read, sheet.table, sheet.on, given, screen.at)
    actor, place = screen.me.actor, place_of(read, sheet.table, sheet.on) or given.get("context")
    path = screen.door.permissions.path(read, place) if place else ()
    return FormView(
        t, sheet.of, sheet.fields, typed, setting,
        options=options_of(screen.door, read, t, sheet.fields),
        named=named_of(screen.door, read, t, sheet.fields, typed, sheet.shown),
        faults=tuple(at_rows(sheet.fields, typed, faults)), quiet=sheet.quiet, stored=sheet.on is not None,
        context=_kind_of_context(read, sheet),
        may=lambda right: actor.may(right, path) if path else actor.may_somewhere(right), **more,
    )  # fmt: skip


def _kind_of_context(read: Read, sheet: Sheet) -> str:
    context = read.get(Context, Id(sheet.on)) if sheet.table == "context" and sheet.on else None
    return context.kind if context else ""


async def form_page(
    screen: Screen, sheet: Sheet, view: FormView, title: str, *,
    own: Id, refusal: SaidRefusal | None = None, status: int = 200,
    hidden: Mapping[str, str] | None = None, subject: str = "", conflict: str = "",
    doubts: Sequence[str] = (),
) -> web.Response:  # fmt: skip
    held = {COMMAND: new_id(), OWN: own, ZONE: view.zone, **(hidden or {})}
    back = f"/admin/e/{sheet.table}/{sheet.on}" if sheet.on else f"/admin/e/{sheet.table}"
    at = screen.at or await screen.read(lambda read: place_of(read, sheet.table, sheet.on))
    return await screen.page(
        "screens/form.html", status=status, title=title, form=view, hidden=held, refusal=refusal, subject=subject,
        back=back, here=sheet.table, at=at, conflict=conflict, help=help_of(screen, sheet), doubts=doubts,
    )  # fmt: skip


def help_of(screen: Screen, sheet: Sheet) -> str:
    return screen.t.known(f"help:{sheet.handler.name}") or ""


def place_of(read: Read, table: str | None, on: str | None) -> str | None:
    return context_of(read, table, on) if table and on else None
