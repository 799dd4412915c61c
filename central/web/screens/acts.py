"""Any command as a page: its fields, what it would do, and then doing it."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central.kernel.door import Reply
from central.kernel.registry import COMMANDS
from central.kernel.values import Fault
from central.web.form import form_of
from central.web.screens.changes import effects
from central.web.screens.fields import Field, FieldKind, Setting, optional_of, typed_of
from central.web.screens.forms import FormView, typed_from
from central.web.screens.names import label
from central.web.screens.refusals import SaidRefusal, faults_in, said
from central.web.screens.screen import Screen, new_id, screen_of
from central.web.screens.sheet import (
    COMMAND,
    DO,
    OWN,
    ZONE,
    Sheet,
    attempt,
    defaults_of,
    entered_fields,
    help_of,
    id_in,
    own_id,
    parsed_form,
    place_of,
    view_of,
    with_done,
)
from central.web.session import local_path
from central.web.text_keys import enum_name
from shared.ids import is_id
from shared.outcome import Ok, Refused


async def act(request: web.Request) -> web.Response:
    """GET: the command's form, or, if it has none, what it would do. POST: what it would do, or (`_do`) does it."""
    screen = await screen_of(request)
    handler = COMMANDS.get(request.match_info["command"])
    if handler is None or handler.needs is None:
        return await screen.lost()
    on = request.query.get("on", "")
    if handler.on and not is_id(on):
        return await screen.lost()
    first = next(iter(handler.hints))
    place = await screen.read(lambda read: place_of(read, handler.on, on))
    if handler.on and not await screen.read(lambda read: screen.may(read, handler, place)):
        return await screen.forbidden(handler.needs)
    if not handler.on and not await screen.read(lambda read: screen.may_somewhere(read, str(handler.needs))):
        return await screen.forbidden(handler.needs)
    entered = tuple(each for each in entered_fields(handler, first=bool(handler.on)) if not _preset(request, each))
    of = (handler.name, handler.on) if handler.on else (handler.name,)
    quiet = frozenset(optional_of(handler.kind))
    sheet = Sheet(handler, entered, of, quiet, handler.on or "", on if handler.on else None)
    preset = {
        each.name: request.query[each.name] for each in entered_fields(handler, first=False) if _preset(request, each)
    }
    posted = request.method == "POST"
    typed = typed_from(await form_of(request)) if posted else _default_typed(sheet)
    given = {first: on} if handler.on else own_id(sheet, id_in(typed, OWN))
    if not posted and entered:
        view = await screen.read(lambda read: view_of(screen, read, sheet, typed, ()))
        return await _act_page(screen, sheet, view, None, [], None, status=200)
    return await _acted(screen, sheet, typed, {**given, **preset}, doing=posted and DO in typed)


def _preset(request: web.Request, each: Field) -> bool:
    return each.kind is FieldKind.CHOICE and each.name in request.query


def _default_typed(sheet: Sheet) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    defaults = defaults_of(sheet)
    for each in sheet.fields:
        if each.name in defaults or each.kind is FieldKind.GROUP:
            typed |= typed_of(each, defaults.get(each.name), Setting())
    return typed


async def _acted(
    screen: Screen, sheet: Sheet, typed: dict[str, list[str]], given: Mapping[str, Any], *, doing: bool
) -> web.Response:
    parsed, _, zone_moved = await parsed_form(screen, sheet, typed)
    faults: list[Fault] = [*parsed.faults, *zone_moved]
    reply: Reply | None = None
    command_id = id_in(typed, COMMAND)
    if not faults:
        values = {**parsed.values, **given}
        faults, reply, command_id = await attempt(screen, sheet, values, command_id, dry_run=not doing)
    if doing and reply is not None and reply.ok:
        raise web.HTTPSeeOther(with_done(_after(screen, sheet), command_id))
    refusal: SaidRefusal | None = None
    if reply is not None and isinstance(refused := reply.outcome, Refused):
        faults = faults_in(refused, {each.name for each in sheet.fields})
        refusal = await screen.read(lambda read: said(read, screen.t, refused, sheet.on))
    would = reply.would if reply is not None and reply.ok else ()
    told = await screen.read(lambda read: effects(read, screen.t, would))
    view = await screen.read(lambda read: view_of(screen, read, sheet, typed, faults))
    sound = reply is not None and isinstance(reply.outcome, Ok)
    answer = await _answer(screen, sheet, reply) if sound else []
    return await _act_page(screen, sheet, view, refusal, told, sound, status=200 if sound else 422, answer=answer)


async def _answer(screen: Screen, sheet: Sheet, reply: Reply | None) -> list[tuple[str, str]]:
    """What the command would answer, where its area says it in words."""
    say = screen.frame.answers.get(sheet.handler.name)
    if say is None or reply is None or not isinstance(outcome := reply.outcome, Ok):
        return []
    return await screen.read(lambda read: say(read, screen.t, outcome.value))


def _after(screen: Screen, sheet: Sheet) -> str:
    """Back to where one came from; after a deletion to the list."""
    if sheet.handler.name == f"delete_{sheet.table}":
        return f"/admin/e/{sheet.table}"
    otherwise = f"/admin/e/{sheet.table}/{sheet.on}" if sheet.on else "/admin"
    return local_path(screen.request.query.get("next"), otherwise)


async def _act_page(
    screen: Screen, sheet: Sheet, view: FormView, refusal: SaidRefusal | None, told: list[Any], sound: bool | None, *,
    status: int, answer: list[tuple[str, str]] | None = None,
) -> web.Response:  # fmt: skip
    subject = ""
    at = screen.at or await screen.read(lambda read: place_of(read, sheet.table, sheet.on))
    if sheet.on:
        subject = await screen.read(lambda read: label(read, screen.t, sheet.table, str(sheet.on)))
    back = f"/admin/e/{sheet.table}/{sheet.on}" if sheet.on else "/admin"
    return await screen.page(
        "screens/act.html", status=status, title=screen.t.do(sheet.handler.name), form=view, refusal=refusal,
        effects=told, sound=sound, hidden={COMMAND: new_id(), OWN: new_id(), ZONE: view.zone}, back=back,
        subject=subject, here=sheet.table, at=at, help=help_of(screen, sheet), entity=sheet.table,
        deletes=sheet.handler.name.startswith("delete_"), choice=_chosen(screen, sheet),
        answer=answer or [],
    )  # fmt: skip


def _chosen(screen: Screen, sheet: Sheet) -> str:
    """The word of a choice that the button made already: `Ouvrir` of a performance's `do`."""
    for each in entered_fields(sheet.handler, first=bool(sheet.on)):
        if _preset(screen.request, each):
            value = next((one for one in each.choices if one == screen.request.query[each.name]), None)
            if value is not None:
                return screen.t.value(enum_name(type(value)), value)
    return ""
