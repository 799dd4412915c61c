"""Making a row and changing one.

A form carries the id of its command, so sending it twice does it once; a refused one gets a new id. That of a change
also carries what its fields were (as digests) and the revision they were read at: only what somebody really changed is
sent, and what somebody else changed meanwhile is shown beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, get_type_hints

import orjson
from aiohttp import web

from central.kernel.contexts import Context, contexts_below, root_of_house
from central.kernel.crud import CONFIGURED, NoChange, revision
from central.kernel.db import in_list
from central.kernel.door import Reply
from central.kernel.entity import BY_NAME, Declaration, Look
from central.kernel.privileges import Action
from central.kernel.registry import handler_of
from central.kernel.scope import context_of_new
from central.kernel.tx import Read
from central.kernel.values import Fault, faults_of
from central.web.form import form_of
from central.web.screens.blanks import easier, filled, known, next_code
from central.web.screens.cells import reader
from central.web.screens.conflicts import Changer, Theirs, changers
from central.web.screens.doubts import DOUBTED, doubts_of
from central.web.screens.fields import FieldKind, Typed, fields_of, optional_of, typed_of
from central.web.screens.form_values import Parsed, parse
from central.web.screens.forms import MOST_OPTIONS, FormView, options, typed_from
from central.web.screens.listing import one
from central.web.screens.lost_rows import lost_row
from central.web.screens.names import label, setting_of
from central.web.screens.refusals import SaidRefusal, faults_in, said_above
from central.web.screens.screen import Screen, creators, declared, made_elsewhere, new_id, row_id, screen_of
from central.web.screens.sheet import (
    COMMAND,
    OWN,
    SEEN,
    STOOD,
    WAS,
    Sheet,
    attempt,
    defaults_of,
    entered_fields,
    form_page,
    id_in,
    known_typed,
    own_id,
    parsed_form,
    view_of,
    with_done,
)
from shared.ids import Id, is_id
from shared.outcome import Refused

MOST_SHOWN = 300  # characters of what a field was


async def new(request: web.Request) -> web.Response:
    """GET: the empty form, or one filled from another row (`from`) or from the address. POST: saves."""
    screen = await screen_of(request)
    declaration = declared(request)
    makers = creators(declaration.name) if declaration else []
    if declaration is None or not makers:
        return await screen.lost()
    if to := made_elsewhere(screen, declaration.name):
        raise web.HTTPSeeOther(to)
    handler = next((each for each in makers if each.name == request.query.get("by")), makers[0])
    if not await screen.read(lambda read: screen.may_somewhere(read, str(handler.needs))):
        return await screen.forbidden(str(handler.needs))
    configured = CONFIGURED.get(declaration.name)
    generated = configured is not None and configured.commands.get(Action.CREATE) is handler.kind
    spare = frozenset(configured.initial) if configured and generated else frozenset(optional_of(handler.kind))
    follows = screen.frame.follows.get(handler.name)
    entered = easier(declaration, entered_fields(handler, first=False), follows.paths if follows else ())
    source = await _row(screen, declaration, copied if is_id(copied := request.query.get("from", "")) else "")
    sheet = Sheet(handler, entered, (handler.name, declaration.name), spare, declaration.name, None, source)
    title = screen.t.do(handler.name)
    if request.method == "POST":
        return await _create(screen, declaration, sheet, title)
    typed = await screen.opening(lambda read: _first_typed(screen, read, declaration, sheet))
    view = await screen.read(lambda read: view_of(screen, read, sheet, typed, ()))
    return await form_page(screen, sheet, view, title, own=id_in(typed, OWN))


def _first_typed(screen: Screen, read: Read, declaration: Declaration, sheet: Sheet) -> dict[str, list[str]]:
    query = screen.request.query
    typed: dict[str, list[str]] = {}
    row = sheet.row
    setting = setting_of(read, declaration.name, row.id if row else None, {}, screen.at, screen.t.point)
    values, place = defaults_of(sheet), _stands_at(screen, read, sheet)
    if row is None:
        opening = screen.frame.new_openings.get(sheet.handler.name)
        values |= known(read, declaration, sheet.fields, place) | dict(opening(read, place) if opening else {})
    else:
        values |= {each.name: getattr(row, each.name) for each in sheet.fields if hasattr(row, each.name)}
        values |= {each.name: next_code(values[each.name]) for each in sheet.fields
                   if each.look is Look.CODE and each.name in values}  # fmt: skip
    for each in sheet.fields:
        if (
            row is not None
            and each.kind is FieldKind.GROUP
            and {part.name for part in each.parts} <= {*declaration.names}
        ):
            typed |= typed_of(each, row, setting)  # what belongs together in the form stands in the row by itself
        elif each.name in values or each.kind is FieldKind.GROUP:
            typed |= typed_of(each, values.get(each.name), setting)
        if each.path in query:
            typed[each.path] = [query[each.path]]
        elif each.look is Look.CURRENCY and row is None:
            typed[each.path] = [setting.currency]
        elif each.ref == "context" and each.kind is FieldKind.REF and row is None:
            typed[each.path] = [_fitting(screen, read, sheet, place)]
        elif each.kind is FieldKind.REF and each.ref in BY_NAME and each.required and row is None:
            offered = options(screen.door, read, screen.t, each.ref, most=2).rows
            typed[each.path] = [offered[0][0]] if len(offered) == 1 else []
    follows = screen.frame.follows.get(sheet.handler.name)
    if row is not None and follows:
        typed |= follows.afresh(typed)
    typed |= {path: [query[path]] for path in {*typed} & {*query}}
    return typed


def _stands_at(screen: Screen, read: Read, sheet: Sheet) -> str:
    """Where the tree stands, for who may make one there."""
    place = screen.at or root_of_house(read)
    return place if place and screen.may(read, sheet.handler, place) else ""


def _fitting(screen: Screen, read: Read, sheet: Sheet, place: str) -> str:
    """The context where one is, if such a row is meant to stand there; else the only one below that is right for it."""
    kind, here = screen.frame.homes.get(sheet.table), read.get(Context, Id(place))
    if kind is None or here is None or here.kind == kind:
        return place
    among, params = in_list("c", contexts_below(read, place, most=MOST_OPTIONS))
    fitting = read.find(Context, f"WHERE kind = :kind AND id IN {among}", kind=kind, **params)
    fit = [each.id for each in fitting if screen.may(read, sheet.handler, each.id)]
    return fit[0] if len(fit) == 1 else ""


async def _create(screen: Screen, declaration: Declaration, sheet: Sheet, title: str) -> web.Response:
    said = typed_from(await form_of(screen.request))
    own, command_id = id_in(said, OWN), id_in(said, COMMAND)
    typed = await screen.read(lambda read: _filled(screen, read, declaration, sheet, said))
    parsed, _, zone_moved = await parsed_form(screen, sheet, typed)
    faults = [*parsed.faults, *zone_moved, *_declared_faults(declaration, sheet, parsed)]
    reply: Reply | None = None
    doubts = await screen.read(lambda read: doubts_of(screen, read, declaration.name, parsed.values))
    if not faults and doubts.unread(typed):
        view = await screen.read(lambda read: view_of(screen, read, sheet, typed, ()))
        asked = {DOUBTED: doubts.mark}
        return await form_page(screen, sheet, view, title, own=own, status=422, hidden=asked, doubts=doubts.said)
    if not faults:
        faults, reply, used = await attempt(screen, sheet, {**parsed.values, **own_id(sheet, own)}, command_id)
        if (
            reply is not None and not reply.ok and used != command_id
        ):  # the row of this form is there already: a new one
            own = new_id()
            faults, reply, used = await attempt(screen, sheet, {**parsed.values, **own_id(sheet, own)}, new_id())
        command_id = used
    else:
        faults += await screen.read(lambda read: _taken(screen, read, declaration, sheet, parsed))
    to = screen.frame.leads_to.get(sheet.handler.name, f"/admin/e/{declaration.name}/{{id}}").format(id=own)
    to = with_done(to, command_id)
    return await _answer(screen, sheet, typed, faults, reply, title, own, to)


def _filled(screen: Screen, read: Read, declaration: Declaration, sheet: Sheet, said: Typed) -> dict[str, list[str]]:
    """With what follows from what was typed."""
    typed = filled(read, declaration, sheet.fields, said)
    follows = screen.frame.follows.get(sheet.handler.name)
    return {**typed, **follows.fill(read, known_typed(screen, read, sheet, typed))} if follows else typed


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


def _taken(screen: Screen, read: Read, declaration: Declaration, sheet: Sheet, parsed: Parsed) -> list[Fault]:
    """What another row has already, as far as it can be told: to who may make one there."""
    found: list[Fault] = []
    if not screen.may(read, sheet.handler, context_of_new(read, declaration, parsed.values)):
        return found
    for names in declaration.unique:
        values = {name: parsed.values.get(name) for name in names}
        if all(isinstance(value, str) for value in values.values()):
            where = " AND ".join(f"{name} = :{name}" for name in names)
            if read.one(f"SELECT 1 FROM {declaration.name} WHERE {where}", **values):  # noqa: S608 - our own names
                found.append({"at": names[-1], "what": "taken", "value": values[names[-1]]})
    return found


async def _answer(
    screen: Screen, sheet: Sheet, typed: Typed, faults: list[Fault], reply: Reply | None, title: str, own: Id, to: str
) -> web.Response:
    """On to the page of what was saved, or the form again with all that speaks against it."""
    if reply is not None and reply.ok:
        raise web.HTTPSeeOther(to)
    refusal: SaidRefusal | None = None
    if reply is not None:
        refused = reply.outcome
        assert isinstance(refused, Refused)
        faults = faults_in(refused, {each.name for each in sheet.fields})
        refusal = await screen.read(lambda read: said_above(screen.door, read, screen.t, refused, faults, sheet.on))
    view = await screen.read(lambda read: view_of(screen, read, sheet, typed, faults))
    return await form_page(screen, sheet, view, title, own=own, refusal=refusal, status=422)


async def edit(request: web.Request) -> web.Response:
    screen = await screen_of(request)
    declaration = declared(request)
    configured = CONFIGURED.get(declaration.name) if declaration else None
    kind = configured.commands.get(Action.MODIFY) if configured else None
    row = await _row(screen, declaration, row_id(request))
    if declaration is None or configured is None or kind is None or row is None:
        return await lost_row(screen, declaration, row_id(request))
    handler = handler_of(kind)
    place = await screen.read(lambda read: handler.at(read, _Named(row.id)))
    if not await screen.read(lambda read: screen.may(read, handler, place)):
        return await screen.forbidden(str(handler.needs))
    hints = get_type_hints(declaration.kind, include_extras=True)
    entered = fields_of({each.name: hints[each.name] for each in configured.changeable})
    quiet = frozenset(each for each in configured.initial)
    sheet = Sheet(handler, entered, (handler.name, declaration.name), quiet, declaration.name, row.id, row)
    subject = await screen.read(lambda read: label(read, screen.t, declaration.name, row.id))
    title = screen.t.do(handler.name)
    if request.method == "POST":
        return await _change(screen, declaration, sheet, title, subject)
    if kept := await screen.kept():
        view = await screen.read(lambda read: view_of(screen, read, sheet, kept, ()))
        hidden = {name: (kept.get(name) or [""])[0] for name in (SEEN, WAS, STOOD)}
        return await form_page(screen, sheet, view, title, own=row.id, hidden=hidden, subject=subject)
    return await _fresh(screen, declaration, sheet, row, title, subject)


@dataclass(frozen=True, slots=True)
class _Named:
    """Enough of a command for asking where it acts."""

    id: str


async def _row(screen: Screen, declaration: Declaration | None, wanted: str) -> Any | None:
    if declaration is None or not wanted:
        return None
    return await screen.read(lambda read: one(screen.door, read, declaration, wanted))


async def _fresh(
    screen: Screen, declaration: Declaration, sheet: Sheet, row: Any, title: str, subject: str
) -> web.Response:
    typed, was = await screen.read(lambda read: _as_typed(screen, read, sheet, row))
    view = await screen.read(lambda read: view_of(screen, read, sheet, typed, ()))
    stood = await screen.read(lambda read: _shown(screen, read, declaration, sheet, row))
    hidden = {SEEN: revision(row), WAS: orjson.dumps(was).decode(), STOOD: orjson.dumps(stood).decode()}
    return await form_page(screen, sheet, view, title, own=Id(row.id), hidden=hidden, subject=subject)


def _as_typed(screen: Screen, read: Read, sheet: Sheet, row: Any) -> tuple[dict[str, list[str]], dict[str, str]]:
    """A row as its form carries it, and the digest of each value."""
    setting = setting_of(read, sheet.table, row.id, {}, screen.at, screen.t.point)
    typed: dict[str, list[str]] = {}
    for each in sheet.fields:
        typed |= typed_of(each, getattr(row, each.name), setting)
    return typed, _digests(parse(sheet.fields, typed, setting).values)


def _digests(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:10]
        for name, value in values.items()
    }


async def _change(screen: Screen, declaration: Declaration, sheet: Sheet, title: str, subject: str) -> web.Response:
    typed = typed_from(await form_of(screen.request))
    was = _texts_in(typed, WAS)
    seen = (typed.get(SEEN) or [""])[0]
    parsed, _, zone_moved = await parsed_form(screen, sheet, typed)
    here = _digests(parsed.values)
    mine = {name for name in parsed.values if here[name] != was.get(name)}
    faults = [*parsed.faults, *zone_moved]
    faults += [each for each in _declared_faults(declaration, sheet, parsed) if each["at"].partition(".")[0] in mine]
    to, command_id = f"/admin/e/{declaration.name}/{sheet.on}", id_in(typed, COMMAND)
    if not faults and not mine:
        raise web.HTTPSeeOther(to)
    reply: Reply | None = None
    stands = {each.name: getattr(sheet.row, each.name) for each in sheet.fields}
    doubts = await screen.read(lambda read: doubts_of(screen, read, declaration.name, stands | parsed.values))
    if not faults and doubts.unread(typed):
        view = await screen.read(lambda read: view_of(screen, read, sheet, typed, ()))
        asked = {SEEN: seen, WAS: orjson.dumps(was).decode(), STOOD: (typed.get(STOOD) or ["{}"])[0],
                 DOUBTED: doubts.mark}  # fmt: skip
        return await form_page(
            screen, sheet, view, title, own=Id(str(sheet.on)), status=422, hidden=asked, subject=subject,
            doubts=doubts.said,
        )  # fmt: skip
    if not faults:
        values = {"id": sheet.on, "set": {name: parsed.values[name] for name in mine}, "seen": seen}
        faults, reply, command_id = await attempt(screen, sheet, values, command_id)
    if reply is not None and reply.ok:
        raise web.HTTPSeeOther(with_done(to, command_id))
    refusal: SaidRefusal | None = None
    if reply is not None:
        refused = reply.outcome
        assert isinstance(refused, Refused)
        if refused.reason == NoChange.CHANGED_MEANWHILE:
            return await _meanwhile(screen, declaration, sheet, typed, was, mine, title, subject)
        faults = faults_in(refused, {each.name for each in sheet.fields})
        refusal = await screen.read(lambda read: said_above(screen.door, read, screen.t, refused, faults, sheet.on))
    view = await screen.read(lambda read: view_of(screen, read, sheet, typed, faults))
    hidden = {SEEN: seen, WAS: orjson.dumps(was).decode(), STOOD: (typed.get(STOOD) or ["{}"])[0]}
    return await form_page(
        screen, sheet, view, title, own=Id(str(sheet.on)), refusal=refusal, status=422, hidden=hidden, subject=subject
    )


def _texts_in(typed: Typed, name: str) -> dict[str, str]:
    try:
        found = orjson.loads((typed.get(name) or ["{}"])[0])
    except orjson.JSONDecodeError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


async def _meanwhile(
    screen: Screen, declaration: Declaration, sheet: Sheet, typed: dict[str, list[str]], was: Mapping[str, str],
    mine: set[str], title: str, subject: str,
) -> web.Response:  # fmt: skip
    """Somebody else was faster: their values where mine are not, both where we changed the same."""
    row = await _row(screen, declaration, str(sheet.on))
    if row is None:
        return await lost_row(screen, declaration, sheet.on)
    now_typed, now = await screen.read(lambda read: _as_typed(screen, read, sheet, row))
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

    stood = _texts_in(typed, STOOD)

    def look(read: Read) -> tuple[FormView, str, dict[str, str]]:
        texts = _shown(screen, read, declaration, sheet, row)
        beside = _theirs(screen, read, declaration, row.id, texts, stood, theirs, mine)
        view = view_of(screen, read, sheet, merged, (), theirs=beside)
        return view, _by_whom(screen, read, declaration, row.id, theirs), texts

    view, conflict, texts = await screen.read(look)
    hidden = {SEEN: revision(row), WAS: orjson.dumps(now).decode(), STOOD: orjson.dumps(texts).decode()}
    return await form_page(
        screen, sheet, view, title, own=Id(row.id), status=409, hidden=hidden, subject=subject, conflict=conflict
    )


def _shown(screen: Screen, read: Read, declaration: Declaration, sheet: Sheet, row: Any) -> dict[str, str]:
    """What each field says of the row, for who is told later what it was."""
    columns = [declaration.column(each.name) for each in sheet.fields]
    of = reader(read, screen.t, declaration, [row], columns)
    said = {column.name: of.text(row, column) for column in columns}
    return {name: text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…" for name, text in said.items()}


def _theirs(
    screen: Screen, read: Read, declaration: Declaration, row_id: str, texts: Mapping[str, str],
    stood: Mapping[str, str], theirs: set[str], mine: set[str],
) -> dict[str, Theirs]:  # fmt: skip
    t, by = screen.t, changers(read, screen.t, declaration.name, [row_id])
    unknown = Changer(t("Quelqu’un"), "")
    found = {}
    for name in theirs:
        who = by.get((row_id, name)) or by.get((row_id, "")) or unknown
        before = stood[name] or t("rien") if name in stood else None
        found[name] = Theirs(texts[name] or t("rien"), before, who.who, who.when, name not in mine)
    return found


def _by_whom(screen: Screen, read: Read, declaration: Declaration, row_id: str, theirs: set[str]) -> str:
    t = screen.t
    last = changers(read, t, declaration.name, [row_id]).get((row_id, ""), Changer(t("Quelqu’un"), ""))
    names = ", ".join(t.field(declaration.name, name) for name in sorted(theirs))
    return t("{who} a changé ceci entre-temps ({when}) : {names}.", who=last.who, when=last.when, names=names)
