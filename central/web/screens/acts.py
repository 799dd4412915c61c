"""Changing things: the form of a new row, of a row that changes, and of any other command, with what it would do first.

A form carries the id of its command, so sending it twice does it once; a refused one gets a new id. That of a change
also carries what its fields were (as digests) and the revision they were read at: only what somebody really changed is
sent, and what somebody else changed meanwhile is shown beside it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from hashlib import sha256
from typing import Any, get_type_hints

import orjson
from aiohttp import web
from pydantic import ValidationError

from central.kernel.declared import CONFIGURED, NoChange, revision
from central.kernel.door import Reply
from central.kernel.entity import Declaration
from central.kernel.privileges import Action
from central.kernel.registry import COMMANDS, Handler, handler_of
from central.kernel.scope import context_of
from central.kernel.tx import Read
from central.kernel.values import Fault, faults_of
from central.web.screens.changes import effects
from central.web.screens.desk import Desk, creators, declared, desk, new_id, row_id
from central.web.screens.fields import Field, Kind, Parsed, Setting, Typed, fields_of, optional_of, parse, typed_of
from central.web.screens.forms import FormView, faults_of_validation, named_of, options_of, refs_of, typed_from
from central.web.screens.listing import one
from central.web.screens.names import label, setting_of
from central.web.screens.refusals import Said, faults_in, said
from central.web.screens.shown import reader
from central.web.session import local_path
from central.web.texts_needed import enum_name
from shared.clock import from_ms
from shared.ids import Id, is_id
from shared.outcome import Ok, Refused

COMMAND = "_command"
OWN = "_id"
SEEN = "_seen"
WAS = "_was"
ZONE = "_zone"
DO = "_do"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form's fixed part: whose command, on what, where it leads."""

    handler: Handler
    fields: tuple[Field, ...]
    of: tuple[str, ...]
    quiet: frozenset[str]
    table: str
    on: str | None


async def new(request: web.Request) -> web.Response:
    """GET: the empty form, or one filled from another row (`from`) or from the address. POST: saves."""
    at_desk = await desk(request)
    declaration = declared(request)
    makers = creators(declaration.name) if declaration else []
    if declaration is None or not makers:
        return await at_desk.lost()
    handler = next((each for each in makers if each.name == request.query.get("by")), makers[0])
    if not await at_desk.read(lambda read: at_desk.may_somewhere(read, str(handler.needs))):
        return await at_desk.forbidden(str(handler.needs))
    configured = CONFIGURED.get(declaration.name)
    generated = configured is not None and configured.commands.get(Action.CREATE) is handler.kind
    spare = frozenset(configured.initial) if configured and generated else frozenset(optional_of(handler.kind))
    sheet = Sheet(
        handler, _fields(handler, first=False), (handler.name, declaration.name), spare, declaration.name, None
    )
    title = at_desk.t.do(handler.name)
    if request.method == "POST":
        return await _create(at_desk, declaration, sheet, title)
    typed = await at_desk.read(lambda read: _first_typed(at_desk, read, declaration, sheet))
    view = await at_desk.read(lambda read: _view(at_desk, read, sheet, typed, ()))
    return await _form(at_desk, sheet, view, title, own=new_id())


def _fields(handler: Handler, *, first: bool) -> tuple[Field, ...]:
    """A command's fields for a form; the id of what is made, or acted on, is not entered."""
    hints = dict(handler.hints)
    if first or next(iter(hints), "") == "id":
        hints.pop(next(iter(hints)), None)
    return fields_of(hints, optional=optional_of(handler.kind))


def _first_typed(at_desk: Desk, read: Read, declaration: Declaration, sheet: Sheet) -> dict[str, list[str]]:
    query = at_desk.request.query
    typed: dict[str, list[str]] = {}
    source = query.get("from", "")
    row = one(at_desk.door, read, declaration, source) if is_id(source) else None
    setting = setting_of(read, declaration.name, row.id if row else None, {}, at_desk.at)
    values = _defaults(sheet)
    if row is not None:
        values |= {each.name: getattr(row, each.name) for each in sheet.fields if hasattr(row, each.name)}
        if isinstance(code := values.get("code"), str):
            values["code"] = _next_code(code)
    for each in sheet.fields:
        if each.name in values or each.kind is Kind.GROUP:
            typed |= typed_of(each, values.get(each.name), setting)
        if each.path in query:
            typed[each.path] = [query[each.path]]
        elif each.name == "context_id" and at_desk.at and row is None:
            typed[each.path] = [at_desk.at]
    return typed


def _defaults(sheet: Sheet) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in fields(sheet.handler.kind):
        if each.default is not MISSING:
            found[each.name] = each.default
        elif each.default_factory is not MISSING:
            found[each.name] = each.default_factory()
    return found


def _next_code(code: str) -> str:
    """`PARTERRE-2` after `PARTERRE`, `PARTERRE-3` after that."""
    stem, dash, number = code.rpartition("-")
    if dash and number.isascii() and number.isdigit() and len(number) < 6:
        return f"{stem}-{int(number) + 1}"
    return f"{code[:37]}-2"


async def _create(at_desk: Desk, declaration: Declaration, sheet: Sheet, title: str) -> web.Response:
    typed = typed_from(await at_desk.request.post())
    own, command_id = _id_in(typed, OWN), _id_in(typed, COMMAND)
    parsed, _, zone_moved = await _parsed(at_desk, sheet, typed)
    faults = [*parsed.faults, *zone_moved, *_declared_faults(declaration, sheet, parsed)]
    reply: Reply | None = None
    if not faults:
        faults, reply, used = await _try(at_desk, sheet, {**parsed.values, **_own(sheet, own)}, command_id)
        if (
            reply is not None and not reply.ok and used != command_id
        ):  # the row of this form is there already: a new one
            own = new_id()
            faults, reply, used = await _try(at_desk, sheet, {**parsed.values, **_own(sheet, own)}, new_id())
        command_id = used
    else:
        faults += await at_desk.read(lambda read: _taken(read, declaration, parsed))
    to = _with_done(f"/admin/e/{declaration.name}/{own}", command_id)
    return await _answer(at_desk, sheet, typed, faults, reply, title, own, to)


def _own(sheet: Sheet, own: Id) -> dict[str, Any]:
    """The new row's id, for commands whose first field it is."""
    return {"id": own} if next(iter(sheet.handler.hints)) == "id" else {}


def _id_in(typed: Typed, name: str) -> Id:
    found = (typed.get(name) or [""])[0]
    return Id(found) if is_id(found) else new_id()


async def _parsed(at_desk: Desk, sheet: Sheet, typed: Typed) -> tuple[Parsed, Setting, list[Fault]]:
    given = refs_of(sheet.fields, typed)
    setting = await at_desk.read(lambda read: setting_of(read, sheet.table, sheet.on, given, at_desk.at))
    if said := (typed.get("currency") or [""])[0]:
        setting = replace(setting, currency=said.strip().upper()[:3])
    moved: list[Fault] = []
    first = next((path for path in _moments(sheet.fields)), None)
    shown = (typed.get(ZONE) or [""])[0]
    if first and shown and shown != setting.zone.key:
        moved.append({"at": first, "what": "zone_changed", "zone": setting.zone.key})
    return parse(sheet.fields, typed, setting), setting, moved


def _moments(of: Iterable[Field]) -> Iterable[str]:
    for each in of:
        if each.kind is Kind.MOMENT:
            yield each.path
        yield from (f"{each.path}.{path}" for path in _moments(each.parts))


def _declared_faults(declaration: Declaration, sheet: Sheet, parsed: Parsed) -> list[Fault]:
    """What the declaration says of the values that could be read: told together with those that could not."""
    if declaration.name not in CONFIGURED:
        return []
    found: list[Fault] = []
    for each in sheet.fields:
        if each.name in parsed.values and each.name in declaration.names:
            value = parsed.values[each.name]
            found += faults_of(declaration.column(each.name), tuple(value) if isinstance(value, list) else value)
    return found


def _taken(read: Read, declaration: Declaration, parsed: Parsed) -> list[Fault]:
    """What another row has already, as far as it can be told."""
    found: list[Fault] = []
    for names in declaration.unique:
        values = {name: parsed.values.get(name) for name in names}
        if all(isinstance(value, str) for value in values.values()):
            where = " AND ".join(f"{name} = :{name}" for name in names)
            if read.one(f"SELECT 1 FROM {declaration.name} WHERE {where}", **values):  # noqa: S608 - our own names
                found.append({"at": names[-1], "what": "taken", "value": values[names[-1]]})
    return found


async def _try(
    at_desk: Desk, sheet: Sheet, values: Mapping[str, Any], command_id: Id, *, dry_run: bool = False
) -> tuple[list[Fault], Reply | None, Id]:
    """(faults of a command that cannot even be built, the door's answer, the id it was given under)."""
    try:
        command = sheet.handler.adapter.validate_python(dict(values))
    except ValidationError as bad:
        return faults_of_validation(bad), None, command_id
    reply, used = await at_desk.execute(command, command_id, dry_run=dry_run)
    return [], reply, used


async def _answer(
    at_desk: Desk, sheet: Sheet, typed: Typed, faults: list[Fault], reply: Reply | None, title: str, own: Id, to: str
) -> web.Response:
    """On to the page of what was saved, or the form again with all that speaks against it."""
    if reply is not None and reply.ok:
        raise web.HTTPSeeOther(to)
    refusal: Said | None = None
    if reply is not None:
        refused = reply.outcome
        assert isinstance(refused, Refused)
        faults = faults_in(refused, {each.name for each in sheet.fields})
        if not faults or refused.reason not in (NoChange.FAULTY, NoChange.CODE_TAKEN):
            refusal = await at_desk.read(lambda read: said(read, at_desk.t, refused, sheet.on))
    view = await at_desk.read(lambda read: _view(at_desk, read, sheet, typed, faults))
    return await _form(at_desk, sheet, view, title, own=own, refusal=refusal, status=422)


def _with_done(to: str, command_id: str) -> str:
    return f"{to}{'&' if '?' in to else '?'}done={command_id}"


def _view(at_desk: Desk, read: Read, sheet: Sheet, typed: Typed, faults: Iterable[Fault], **more: Any) -> FormView:
    t = at_desk.t
    setting = setting_of(read, sheet.table, sheet.on, refs_of(sheet.fields, typed), at_desk.at)
    return FormView(
        t, sheet.of, sheet.fields, typed, setting,
        options=options_of(at_desk.door, read, t, sheet.fields), named=named_of(read, t, sheet.fields, typed),
        faults=tuple(faults), quiet=sheet.quiet, **more,
    )  # fmt: skip


async def _form(
    at_desk: Desk, sheet: Sheet, view: FormView, title: str, *, own: Id, refusal: Said | None = None, status: int = 200,
    hidden: Mapping[str, str] | None = None, subject: str = "", conflict: str = "",
) -> web.Response:  # fmt: skip
    held = {COMMAND: new_id(), OWN: own, ZONE: view.zone, **(hidden or {})}
    back = f"/admin/e/{sheet.table}/{sheet.on}" if sheet.on else f"/admin/e/{sheet.table}"
    at = at_desk.at or await at_desk.read(lambda read: _place(read, sheet.table, sheet.on))
    return await at_desk.page(
        "screens/form.html", status=status, title=title, form=view, hidden=held, refusal=refusal, subject=subject,
        back=back, here=sheet.table, at=at, conflict=conflict, help=_help(at_desk, sheet),
    )  # fmt: skip


def _help(at_desk: Desk, sheet: Sheet) -> str:
    return at_desk.t.known(f"help:{sheet.handler.name}") or ""


# --- changing --------------------------------------------------------------------------------------------------------


async def edit(request: web.Request) -> web.Response:
    at_desk = await desk(request)
    declaration = declared(request)
    configured = CONFIGURED.get(declaration.name) if declaration else None
    kind = configured.commands.get(Action.MODIFY) if configured else None
    row = await _row(at_desk, declaration, row_id(request))
    if declaration is None or configured is None or kind is None or row is None:
        return await at_desk.lost()
    handler = handler_of(kind)
    place = await at_desk.read(lambda read: handler.at(read, _Named(row.id)))
    if not await at_desk.read(lambda read: at_desk.may(read, handler, place)):
        return await at_desk.forbidden(str(handler.needs))
    hints = get_type_hints(declaration.kind, include_extras=True)
    entered = fields_of({each.name: hints[each.name] for each in configured.changeable})
    quiet = frozenset(each for each in configured.initial)
    sheet = Sheet(handler, entered, (handler.name, declaration.name), quiet, declaration.name, row.id)
    subject = await at_desk.read(lambda read: label(read, at_desk.t, declaration.name, row.id))
    title = at_desk.t.do(handler.name)
    if request.method == "POST":
        return await _change(at_desk, declaration, sheet, title, subject)
    return await _fresh(at_desk, sheet, row, title, subject)


@dataclass(frozen=True, slots=True)
class _Named:
    """Enough of a command for asking where it acts."""

    id: str


async def _row(at_desk: Desk, declaration: Declaration | None, wanted: str) -> Any | None:
    if declaration is None or not wanted:
        return None
    return await at_desk.read(lambda read: one(at_desk.door, read, declaration, wanted))


async def _fresh(at_desk: Desk, sheet: Sheet, row: Any, title: str, subject: str) -> web.Response:
    typed, was = await at_desk.read(lambda read: _as_typed(at_desk, read, sheet, row))
    view = await at_desk.read(lambda read: _view(at_desk, read, sheet, typed, ()))
    hidden = {SEEN: revision(row), WAS: orjson.dumps(was).decode()}
    return await _form(at_desk, sheet, view, title, own=Id(row.id), hidden=hidden, subject=subject)


def _as_typed(at_desk: Desk, read: Read, sheet: Sheet, row: Any) -> tuple[dict[str, list[str]], dict[str, str]]:
    """A row as its form carries it, and the digest of each value."""
    setting = setting_of(read, sheet.table, row.id, {}, at_desk.at)
    typed: dict[str, list[str]] = {}
    for each in sheet.fields:
        typed |= typed_of(each, getattr(row, each.name), setting)
    return typed, _digests(parse(sheet.fields, typed, setting).values)


def _digests(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:10]
        for name, value in values.items()
    }


async def _change(at_desk: Desk, declaration: Declaration, sheet: Sheet, title: str, subject: str) -> web.Response:
    typed = typed_from(await at_desk.request.post())
    was = _was_in(typed)
    seen = (typed.get(SEEN) or [""])[0]
    parsed, _, zone_moved = await _parsed(at_desk, sheet, typed)
    here = _digests(parsed.values)
    mine = {name for name in parsed.values if here[name] != was.get(name)}
    faults = [*parsed.faults, *zone_moved]
    faults += [each for each in _declared_faults(declaration, sheet, parsed) if each["at"].partition(".")[0] in mine]
    to, command_id = f"/admin/e/{declaration.name}/{sheet.on}", _id_in(typed, COMMAND)
    if not faults and not mine:
        raise web.HTTPSeeOther(to)
    reply: Reply | None = None
    if not faults:
        values = {"id": sheet.on, "set": {name: parsed.values[name] for name in mine}, "seen": seen}
        faults, reply, command_id = await _try(at_desk, sheet, values, command_id)
    if reply is not None and reply.ok:
        raise web.HTTPSeeOther(_with_done(to, command_id))
    refusal: Said | None = None
    if reply is not None:
        refused = reply.outcome
        assert isinstance(refused, Refused)
        if refused.reason == NoChange.CHANGED_MEANWHILE:
            return await _meanwhile(at_desk, declaration, sheet, typed, was, mine, title, subject)
        faults = faults_in(refused, {each.name for each in sheet.fields})
        if not faults or refused.reason not in (NoChange.FAULTY, NoChange.CODE_TAKEN):
            refusal = await at_desk.read(lambda read: said(read, at_desk.t, refused, sheet.on))
    view = await at_desk.read(lambda read: _view(at_desk, read, sheet, typed, faults))
    hidden = {SEEN: seen, WAS: orjson.dumps(was).decode()}
    return await _form(
        at_desk, sheet, view, title, own=Id(str(sheet.on)), refusal=refusal, status=422, hidden=hidden, subject=subject
    )


def _was_in(typed: Typed) -> dict[str, str]:
    try:
        found = orjson.loads((typed.get(WAS) or ["{}"])[0])
    except orjson.JSONDecodeError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


async def _meanwhile(
    at_desk: Desk, declaration: Declaration, sheet: Sheet, typed: dict[str, list[str]], was: Mapping[str, str],
    mine: set[str], title: str, subject: str,
) -> web.Response:  # fmt: skip
    """Somebody else was faster: their values where mine are not, both where we changed the same."""
    row = await _row(at_desk, declaration, str(sheet.on))
    if row is None:
        return await at_desk.lost()
    now_typed, now = await at_desk.read(lambda read: _as_typed(at_desk, read, sheet, row))
    theirs = {name for name in now if now[name] != was.get(name)}
    merged = dict(typed)
    for each in sheet.fields:
        if each.name in theirs - mine or each.name not in mine:
            for path in [path for path in merged if path == each.path or path.startswith(f"{each.path}.")]:
                del merged[path]
            merged |= {
                path: value
                for path, value in now_typed.items()
                if path == each.path or path.startswith(f"{each.path}.")
            }

    def look(read: Read) -> tuple[FormView, str]:
        columns = [declaration.column(name) for name in sorted(theirs & mine)]
        of = reader(read, at_desk.t, declaration, [row], columns)
        beside = {column.name: of.text(row, column) or at_desk.t("rien") for column in columns}
        names = ", ".join(at_desk.t.field(declaration.name, name) for name in sorted(theirs))
        return _view(at_desk, read, sheet, merged, (), theirs=beside), _by_whom(at_desk, read, row.id, names)

    view, conflict = await at_desk.read(look)
    hidden = {SEEN: revision(row), WAS: orjson.dumps(now).decode()}
    return await _form(
        at_desk, sheet, view, title, own=Id(row.id), status=409, hidden=hidden, subject=subject, conflict=conflict
    )


def _by_whom(at_desk: Desk, read: Read, entity_id: str, names: str) -> str:
    t = at_desk.t
    last = read.one(
        "SELECT l.actor, l.at FROM audit a JOIN command_log l ON l.id = a.command_id WHERE a.entity_id = :id "
        "ORDER BY l.at DESC LIMIT 1",
        id=entity_id,
    )
    kind, _, actor_id = str(last[0]).partition(":") if last else ("", "", "")
    who = label(read, t, "operator", actor_id) if kind == "operator" else t("Quelqu’un")
    when = t.moment(from_ms(last[1]), setting_of(read, "", None, {}, at_desk.at).zone, "short") if last else ""
    return t("{who} a changé ceci entre-temps ({when}) : {names}.", who=who, when=when, names=names)


# --- any other command -----------------------------------------------------------------------------------------------


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
    place = await at_desk.read(lambda read: _place(read, handler.on, on))
    if handler.on and not await at_desk.read(lambda read: at_desk.may(read, handler, place)):
        return await at_desk.forbidden(handler.needs)
    if not handler.on and not await at_desk.read(lambda read: at_desk.may_somewhere(read, str(handler.needs))):
        return await at_desk.forbidden(handler.needs)
    entered = tuple(each for each in _fields(handler, first=bool(handler.on)) if not _preset(request, each))
    of = (handler.name, handler.on) if handler.on else (handler.name,)
    quiet = frozenset(optional_of(handler.kind))
    sheet = Sheet(handler, entered, of, quiet, handler.on or "", on if handler.on else None)
    preset = {each.name: request.query[each.name] for each in _fields(handler, first=False) if _preset(request, each)}
    posted = request.method == "POST"
    typed = typed_from(await request.post()) if posted else _default_typed(sheet)
    given = {first: on} if handler.on else _own(sheet, _id_in(typed, OWN))
    if not posted and entered:
        view = await at_desk.read(lambda read: _view(at_desk, read, sheet, typed, ()))
        return await _act_page(at_desk, sheet, view, None, [], None, status=200)
    return await _acted(at_desk, sheet, typed, {**given, **preset}, doing=posted and DO in typed)


def _preset(request: web.Request, each: Field) -> bool:
    return each.kind is Kind.CHOICE and each.name in request.query


def _default_typed(sheet: Sheet) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    defaults = _defaults(sheet)
    for each in sheet.fields:
        if each.name in defaults or each.kind is Kind.GROUP:
            typed |= typed_of(each, defaults.get(each.name), Setting())
    return typed


def _place(read: Read, table: str | None, on: str | None) -> str | None:
    return context_of(read, table, on) if table and on else None


async def _acted(
    at_desk: Desk, sheet: Sheet, typed: dict[str, list[str]], given: Mapping[str, Any], *, doing: bool
) -> web.Response:
    parsed, _, zone_moved = await _parsed(at_desk, sheet, typed)
    faults: list[Fault] = [*parsed.faults, *zone_moved]
    reply: Reply | None = None
    command_id = _id_in(typed, COMMAND)
    if not faults:
        values = {**parsed.values, **given}
        faults, reply, command_id = await _try(at_desk, sheet, values, command_id, dry_run=not doing)
    if doing and reply is not None and reply.ok:
        raise web.HTTPSeeOther(_with_done(_after(at_desk, sheet), command_id))
    refusal: Said | None = None
    if reply is not None and isinstance(refused := reply.outcome, Refused):
        faults = faults_in(refused, {each.name for each in sheet.fields})
        refusal = await at_desk.read(lambda read: said(read, at_desk.t, refused, sheet.on))
    would = reply.would if reply is not None and reply.ok else ()
    told = await at_desk.read(lambda read: effects(read, at_desk.t, would))
    view = await at_desk.read(lambda read: _view(at_desk, read, sheet, typed, faults))
    sound = reply is not None and isinstance(reply.outcome, Ok)
    return await _act_page(at_desk, sheet, view, refusal, told, sound, status=200 if sound else 422)


def _after(at_desk: Desk, sheet: Sheet) -> str:
    """Back to where one came from; after a deletion to the list."""
    if sheet.handler.name == f"delete_{sheet.table}":
        return f"/admin/e/{sheet.table}"
    otherwise = f"/admin/e/{sheet.table}/{sheet.on}" if sheet.on else "/admin"
    return local_path(at_desk.request.query.get("next"), otherwise)


async def _act_page(
    at_desk: Desk, sheet: Sheet, view: FormView, refusal: Said | None, told: list[Any], sound: bool | None, *,
    status: int,
) -> web.Response:  # fmt: skip
    subject = ""
    at = at_desk.at or await at_desk.read(lambda read: _place(read, sheet.table, sheet.on))
    if sheet.on:
        subject = await at_desk.read(lambda read: label(read, at_desk.t, sheet.table, str(sheet.on)))
    back = f"/admin/e/{sheet.table}/{sheet.on}" if sheet.on else "/admin"
    return await at_desk.page(
        "screens/act.html", status=status, title=at_desk.t.do(sheet.handler.name), form=view, refusal=refusal,
        effects=told, sound=sound, hidden={COMMAND: new_id(), OWN: new_id(), ZONE: view.zone}, back=back,
        subject=subject, here=sheet.table, at=at, help=_help(at_desk, sheet), entity=sheet.table,
        deletes=sheet.handler.name.startswith("delete_"), choice=_chosen(at_desk, sheet),
    )  # fmt: skip


def _chosen(at_desk: Desk, sheet: Sheet) -> str:
    """The word of a choice that the button made already: `Ouvrir` of a performance's `do`."""
    for each in _fields(sheet.handler, first=bool(sheet.on)):
        if _preset(at_desk.request, each):
            value = next((one for one in each.choices if one == at_desk.request.query[each.name]), None)
            if value is not None:
                return at_desk.t.value(enum_name(type(value)), value)
    return ""
