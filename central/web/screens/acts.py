"""Any command as a page: its fields, what it would do, and then doing it."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central.kernel.door import Reply
from central.kernel.registry import COMMANDS
from central.kernel.values import Fault
from central.web.form import form_of
from central.web.screens.changes import effects
from central.web.screens.desk import Desk, desk, new_id
from central.web.screens.fields import Field, Kind, Setting, optional_of, typed_of
from central.web.screens.forms import FormView, typed_from
from central.web.screens.names import label
from central.web.screens.refusals import Said, faults_in, said
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
from central.web.texts_needed import enum_name
from shared.ids import is_id
from shared.outcome import Ok, Refused


async def act(request: web.Request) -> web.Response:
    """GET: the command's form, or, if it has none, what it would do. POST: what it would do, or (`_do`) does it."""
    at_desk = await desk(request)
    handler = COMMANDS.get(request.match_info["command"])
    if handler is None or handler.needs is None:
        return await at_desk.lost()
    on = request.query.get("on", "")
    if handler.on and not is_id(on):
        return await at_desk.lost()
    first = next(iter(handler.hints))
    place = await at_desk.read(lambda read: place_of(read, handler.on, on))
    if handler.on and not await at_desk.read(lambda read: at_desk.may(read, handler, place)):
        return await at_desk.forbidden(handler.needs)
    if not handler.on and not await at_desk.read(lambda read: at_desk.may_somewhere(read, str(handler.needs))):
        return await at_desk.forbidden(handler.needs)
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
        view = await at_desk.read(lambda read: view_of(at_desk, read, sheet, typed, ()))
        return await _act_page(at_desk, sheet, view, None, [], None, status=200)
    return await _acted(at_desk, sheet, typed, {**given, **preset}, doing=posted and DO in typed)


def _preset(request: web.Request, each: Field) -> bool:
    return each.kind is Kind.CHOICE and each.name in request.query


def _default_typed(sheet: Sheet) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    defaults = defaults_of(sheet)
    for each in sheet.fields:
        if each.name in defaults or each.kind is Kind.GROUP:
            typed |= typed_of(each, defaults.get(each.name), Setting())
    return typed


async def _acted(
    at_desk: Desk, sheet: Sheet, typed: dict[str, list[str]], given: Mapping[str, Any], *, doing: bool
) -> web.Response:
    parsed, _, zone_moved = await parsed_form(at_desk, sheet, typed)
    faults: list[Fault] = [*parsed.faults, *zone_moved]
    reply: Reply | None = None
    command_id = id_in(typed, COMMAND)
    if not faults:
        values = {**parsed.values, **given}
        faults, reply, command_id = await attempt(at_desk, sheet, values, command_id, dry_run=not doing)
    if doing and reply is not None and reply.ok:
        raise web.HTTPSeeOther(with_done(_after(at_desk, sheet), command_id))
    refusal: Said | None = None
    if reply is not None and isinstance(refused := reply.outcome, Refused):
        faults = faults_in(refused, {each.name for each in sheet.fields})
        refusal = await at_desk.read(lambda read: said(read, at_desk.t, refused, sheet.on))
    would = reply.would if reply is not None and reply.ok else ()
    told = await at_desk.read(lambda read: effects(read, at_desk.t, would))
    view = await at_desk.read(lambda read: view_of(at_desk, read, sheet, typed, faults))
    sound = reply is not None and isinstance(reply.outcome, Ok)
    answer = await _answer(at_desk, sheet, reply) if sound else []
    return await _act_page(at_desk, sheet, view, refusal, told, sound, status=200 if sound else 422, answer=answer)


async def _answer(at_desk: Desk, sheet: Sheet, reply: Reply | None) -> list[tuple[str, str]]:
    """What the command would answer, where its area says it in words."""
    say = at_desk.frame.answers.get(sheet.handler.name)
    if say is None or reply is None or not isinstance(outcome := reply.outcome, Ok):
        return []
    return await at_desk.read(lambda read: say(read, at_desk.t, outcome.value))


def _after(at_desk: Desk, sheet: Sheet) -> str:
    """Back to where one came from; after a deletion to the list."""
    if sheet.handler.name == f"delete_{sheet.table}":
        return f"/admin/e/{sheet.table}"
    otherwise = f"/admin/e/{sheet.table}/{sheet.on}" if sheet.on else "/admin"
    return local_path(at_desk.request.query.get("next"), otherwise)


async def _act_page(
    at_desk: Desk, sheet: Sheet, view: FormView, refusal: Said | None, told: list[Any], sound: bool | None, *,
    status: int, answer: list[tuple[str, str]] | None = None,
) -> web.Response:  # fmt: skip
    subject = ""
    at = at_desk.at or await at_desk.read(lambda read: place_of(read, sheet.table, sheet.on))
    if sheet.on:
        subject = await at_desk.read(lambda read: label(read, at_desk.t, sheet.table, str(sheet.on)))
    back = f"/admin/e/{sheet.table}/{sheet.on}" if sheet.on else "/admin"
    return await at_desk.page(
        "screens/act.html", status=status, title=at_desk.t.do(sheet.handler.name), form=view, refusal=refusal,
        effects=told, sound=sound, hidden={COMMAND: new_id(), OWN: new_id(), ZONE: view.zone}, back=back,
        subject=subject, here=sheet.table, at=at, help=help_of(at_desk, sheet), entity=sheet.table,
        deletes=sheet.handler.name.startswith("delete_"), choice=_chosen(at_desk, sheet),
        answer=answer or [],
    )  # fmt: skip


def _chosen(at_desk: Desk, sheet: Sheet) -> str:
    """The word of a choice that the button made already: `Ouvrir` of a performance's `do`."""
    for each in entered_fields(sheet.handler, first=bool(sheet.on)):
        if _preset(at_desk.request, each):
            value = next((one for one in each.choices if one == at_desk.request.query[each.name]), None)
            if value is not None:
                return at_desk.t.value(enum_name(type(value)), value)
    return ""
