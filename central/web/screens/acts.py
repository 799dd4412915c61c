"""Any command as a page: its fields, what it would do, and then doing it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from central.kernel.crud import CONFIGURED
from central.kernel.door import Reply
from central.kernel.entity import BY_NAME
from central.kernel.privileges import Action
from central.kernel.registry import COMMANDS
from central.kernel.tx import Read
from central.kernel.values import Fault
from central.web.deed_words import step_field
from central.web.form import form_of
from central.web.preview_mark import SHOWN, how_it_stands, shown_mark, unseen_because
from central.web.screens.changes import changed_to, effects
from central.web.screens.conflicts import changers
from central.web.screens.fields import Field, FieldKind, Setting, optional_of, typed_of
from central.web.screens.forms import FormView, typed_from
from central.web.screens.lost_rows import lost_row
from central.web.screens.names import label, name_to_type, setting_of
from central.web.screens.refusals import SaidRefusal, faults_in, said_above
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
from central.web.screens.sight import told_row
from central.web.screens.things import is_final
from central.web.session import local_path
from central.web.text_keys import enum_name
from shared.ids import is_id
from shared.outcome import Ok, Refused

SURE = "_sure"  # the name that is typed before what is final is done


async def act(request: web.Request) -> web.Response:
    """GET: the command's form, or, if it has none, what it would do. POST: what it would do, or (`_do`) does what was
    shown: after another answer it shows again."""
    screen = await screen_of(request)
    handler = COMMANDS.get(request.match_info["command"])
    if handler is None or handler.needs is None:
        return await screen.lost()
    if handler.makes and not handler.on and request.method == "GET":  # what makes a row has one form, its entity's
        raise web.HTTPSeeOther(f"/admin/e/{handler.makes}/new?{urlencode({**request.query, 'by': handler.name})}")
    on = request.query.get("on", "")
    row = await _row(screen, handler.on, on) if handler.on else None
    if handler.on and row is None:
        return await lost_row(screen, BY_NAME[handler.on], on)
    first = next(iter(handler.hints), "")  # a command may ask nothing
    place = await screen.read(lambda read: place_of(read, handler.on, on))
    if handler.on and not await screen.read(lambda read: screen.may(read, handler, place)):
        return await screen.forbidden(handler.needs)
    if not handler.on and not await screen.read(lambda read: screen.may_somewhere(read, str(handler.needs))):
        return await screen.forbidden(handler.needs)
    entered = tuple(each for each in entered_fields(handler, first=bool(handler.on)) if not _preset(request, each))
    of = (handler.name, handler.on) if handler.on else (handler.name,)
    quiet = frozenset(optional_of(handler.kind))
    sheet = Sheet(handler, entered, of, quiet, handler.on or "", on if handler.on else None, row)
    preset = {
        each.name: request.query[each.name] for each in entered_fields(handler, first=False) if _preset(request, each)
    }
    posted = request.method == "POST"
    typed = (
        typed_from(await form_of(request))
        if posted
        else await screen.opening(lambda read: _first_typed(screen, read, sheet))
    )
    given = {first: on} if handler.on else own_id(sheet, id_in(typed, OWN))
    if not posted and entered:
        view = await screen.read(lambda read: view_of(screen, read, sheet, typed, ()))
        return await _act_page(screen, sheet, view, None, [], None, status=200)
    return await _acted(screen, sheet, typed, {**given, **preset}, doing=posted and DO in typed)


def _preset(request: web.Request, each: Field) -> bool:
    return each.kind is FieldKind.CHOICE and each.name in request.query


def _first_typed(screen: Screen, read: Read, sheet: Sheet) -> dict[str, list[str]]:
    """How a form opens: fields that belong together as the row has them now, all else as the command would take it."""
    typed: dict[str, list[str]] = {}
    opening = screen.frame.openings.get(sheet.handler.name)
    defaults = {**defaults_of(sheet), **(opening(read, str(sheet.on)) if opening else {})}
    row = sheet.row
    there = {*BY_NAME[sheet.table].names} if row else set[str]()
    setting = (
        setting_of(read, sheet.table, sheet.on, {}, None, screen.t.point) if row else Setting(point=screen.t.point)
    )
    for each in sheet.fields:
        if each.kind is FieldKind.GROUP and {part.name for part in each.parts} <= there:
            typed |= typed_of(each, row, setting)
        elif each.name in defaults or each.kind is FieldKind.GROUP:
            typed |= typed_of(each, defaults.get(each.name), setting)
    return typed


async def _row(screen: Screen, table: str, on: str) -> Any | None:
    """What is acted on; None where there is nothing that they see: its acts are no more told of than its page."""
    return await screen.read(lambda read: told_row(screen.door, read, BY_NAME[table], on)) if is_id(on) else None


async def _acted(
    screen: Screen, sheet: Sheet, typed: dict[str, list[str]], given: Mapping[str, Any], *, doing: bool
) -> web.Response:
    parsed, _, zone_moved = await parsed_form(screen, sheet, typed)
    faults: list[Fault] = [*parsed.faults, *zone_moved]
    reply: Reply | None = None
    command_id = id_in(typed, COMMAND)
    values = {**parsed.values, **given}
    stands = how_it_stands(sheet.row)
    answers = shown_mark(parsed.values)
    unseen = unseen_because(typed.get(SHOWN) or [], answers, stands) if doing else ""
    doing = doing and not unseen
    name = await screen.read(lambda read: _name_to_type(read, screen, sheet, values))
    unsure = doing and _plain((typed.get(SURE) or [""])[0]) != _plain(name)
    doing = doing and not unsure
    if not faults:
        faults, reply, command_id = await attempt(screen, sheet, values, command_id, dry_run=not doing)
    if doing and reply is not None and reply.ok:
        raise web.HTTPSeeOther(with_done(_after(screen, sheet), command_id))
    refusal: SaidRefusal | None = None
    if reply is not None and isinstance(refused := reply.outcome, Refused):
        faults = faults_in(refused, {each.name for each in sheet.fields})
        refusal = await screen.read(
            lambda read: (
                _already(screen, read, sheet, values)
                or said_above(screen.door, read, screen.t, refused, faults, sheet.on)
            )
        )
    would = reply.would if reply is not None and reply.ok else ()
    told = await screen.read(lambda read: effects(read, screen.t, would))
    remarks = await screen.read(lambda read: _remarks(read, screen, would))
    view = await screen.read(lambda read: view_of(screen, read, sheet, typed, faults))
    sound = reply is not None and isinstance(reply.outcome, Ok)
    answer = await _answer(screen, sheet, values, reply) if sound else []
    return await _act_page(
        screen, sheet, view, refusal, told, sound, status=200 if sound and not unsure else 422, answer=answer,
        name=name, unsure=unsure, mark=answers and f"{answers}{stands}", unseen=unseen, remarks=remarks,
    )  # fmt: skip


def _already(screen: Screen, read: Read, sheet: Sheet, values: Mapping[str, Any]) -> SaidRefusal | None:
    """Where a step of a life leads to where the thing is: somebody was there before, and nothing is left to do."""
    declaration = BY_NAME.get(sheet.table)
    if declaration is None or declaration.life is None or sheet.row is None:
        return None
    column, life = declaration.life
    state, step = getattr(sheet.row, column), step_field(sheet.handler, life)
    do = values.get(step.name) if step else sheet.handler.does
    if do is None or life.after(state, do) is not None or state not in {life[each] for each in life if each[1] == do}:
        return None
    t, by = screen.t, changers(read, screen.t, sheet.table, [str(sheet.on)]).get((str(sheet.on), column))
    said = t("C’est déjà fait : {state}.", state=t.within(t.value(enum_name(type(state)), state)))
    return SaidRefusal(f"{said} {t('{who}, {when}.', who=by.who, when=by.when) if by else ''}".strip())


def _remarks(read: Read, screen: Screen, would: Iterable[tuple[str, str, str, str]]) -> list[str]:
    """What the pages of those that would be changed are going to say: before it is done it still helps."""
    said = screen.frame.remarks
    rows = changed_to(read, would, said)
    return list(
        dict.fromkeys(each for table, row in rows for remark in said[table] for each in remark(read, screen.t, row))
    )


def _name_to_type(read: Read, screen: Screen, sheet: Sheet, values: Mapping[str, Any]) -> str:
    """Of what nothing leads back from; empty: a press is enough."""
    final = sheet.on is not None and is_final(sheet.table, sheet.handler, values)
    return name_to_type(read, screen.t, sheet.table, str(sheet.on)) if final else ""


def _plain(text: str) -> str:
    """Who types a capital or a space otherwise means the same."""
    return " ".join(text.split()).casefold()


async def _answer(
    screen: Screen, sheet: Sheet, values: Mapping[str, Any], reply: Reply | None
) -> list[tuple[str, str]]:
    """What else is to be known, where its area says it in words."""
    say = screen.frame.answers.get(sheet.handler.name)
    if say is None or reply is None or not isinstance(outcome := reply.outcome, Ok):
        return []
    return await screen.read(lambda read: say(read, screen.t, values, outcome.value))


def _after(screen: Screen, sheet: Sheet) -> str:
    """Back to where one came from; after a deletion to the list."""
    if sheet.handler.deletes:
        return f"/admin/e/{sheet.table}"
    otherwise = f"/admin/e/{sheet.table}/{sheet.on}" if sheet.on else "/admin"
    return local_path(screen.request.query.get("next"), otherwise)


async def _act_page(
    screen: Screen, sheet: Sheet, view: FormView, refusal: SaidRefusal | None, told: list[Any], sound: bool | None, *,
    status: int, answer: list[tuple[str, str]] | None = None, name: str = "", unsure: bool = False,
    mark: str = "", unseen: str = "", remarks: Sequence[str] = (),
) -> web.Response:  # fmt: skip
    subject = ""
    at = screen.at or await screen.read(lambda read: place_of(read, sheet.table, sheet.on))
    if sheet.on:
        subject = await screen.read(lambda read: label(read, screen.t, sheet.table, str(sheet.on)))
    back = f"/admin/e/{sheet.table}/{sheet.on}" if sheet.on else "/admin"
    hidden = {COMMAND: new_id(), OWN: new_id(), ZONE: view.zone} | ({SHOWN: mark} if sound else {})
    return await screen.page(
        "screens/act.html", status=status, title=_chosen(screen, sheet) or screen.t.do(sheet.handler.name),
        form=view, refusal=refusal,
        effects=told, sound=sound, hidden=hidden, back=back,
        subject=subject, here=sheet.table, at=at, help=help_of(screen, sheet), entity=sheet.table,
        deletes=sheet.handler.deletes, returns=_returns(sheet), answer=answer or [],
        name=name, unsure=unsure, SURE=SURE, unseen=unseen, remarks=remarks,
    )  # fmt: skip


def _returns(sheet: Sheet) -> bool:
    """Whether what is deleted can be put back out of its history."""
    made = CONFIGURED.get(sheet.table)
    return made is not None and Action.CREATE in made.commands and not any(each.secret for each in made.given)


def _chosen(screen: Screen, sheet: Sheet) -> str:
    """The word of a choice that the button made already: `Ouvrir` of a performance's `do`."""
    for each in entered_fields(sheet.handler, first=bool(sheet.on)):
        if _preset(screen.request, each):
            value = next((one for one in each.choices if one == screen.request.query[each.name]), None)
            if value is not None:
                return screen.t.value(enum_name(type(value)), value)
    return ""
