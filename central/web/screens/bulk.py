"""One act on many rows: a field that gets one value, or a command that needs nothing more. What each row would say is
shown first; every row is a command of its own, so one that refuses holds up no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from aiohttp import web
from pydantic import ValidationError

from central.kernel.crud import CONFIGURED, Configured, revision
from central.kernel.door import Reply
from central.kernel.entity import Declaration
from central.kernel.privileges import Action
from central.kernel.registry import Handler, handler_of
from central.kernel.tx import Read
from central.kernel.values import Fault
from central.web.form import form_of
from central.web.preview_mark import SHOWN, how_it_stands, shown_mark, unseen_because
from central.web.screens.changes import Effect, effects
from central.web.screens.fields import Field, FieldKind, Setting, Typed, fields_of
from central.web.screens.form_values import parse
from central.web.screens.forms import FormView, faults_of_validation, named_of, options_of, sentence, typed_from
from central.web.screens.listing import one
from central.web.screens.names import labels, setting_of
from central.web.screens.refusals import SaidRefusal, said
from central.web.screens.screen import Screen, acts_on, declared, new_id, screen_of
from central.web.text_keys import enum_name
from shared.ids import Id, is_id, near_id
from shared.outcome import Refused

MOST = 200
ROW, FIELD, DO, COMMAND, WHAT = "row", "_field", "_do", "_command", "_what"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be done to many rows: `what` names it in the form."""

    what: str
    text: str
    field: Field | None
    handler: Handler
    preset: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BulkLine:
    """What becomes of a row."""

    title: str
    href: str
    ok: bool
    refusal: SaidRefusal | None


async def bulk(request: web.Request) -> web.Response:
    """POST: rows → what can be done → what it would do → done."""
    screen = await screen_of(request)
    declaration = declared(request)
    if declaration is None:
        return await screen.lost()
    typed = typed_from(await form_of(request))
    ids = [each for each in dict.fromkeys(typed.get(ROW, [])) if is_id(each)][:MOST]
    rows = await screen.read(lambda read: [row for each in ids if (row := one(screen.door, read, declaration, each))])
    choices = await screen.read(lambda read: _choices(screen, read, declaration))
    chosen = choices.get((typed.get(WHAT) or [""])[0])
    if not rows or chosen is None:
        return await _page(screen, declaration, rows, choices, None, typed, [], [], [])
    values: dict[str, Any] = dict(chosen.preset)
    faults: list[Fault] = []
    if chosen.field is not None:
        if (typed.get("_entered") or [""])[0] != chosen.what:
            return await _page(screen, declaration, rows, choices, chosen, typed, [], [], [])
        setting = await screen.read(lambda read: setting_of(read, declaration.name, rows[0].id, {}, screen.at))
        parsed = parse((chosen.field,), typed, setting)
        values, faults = parsed.values, parsed.faults
    if faults:
        return await _page(screen, declaration, rows, choices, chosen, typed, faults, [], [])
    answers = shown_mark([chosen.what, [row.id for row in rows], values])
    stand = shown_mark([how_it_stands(row) for row in rows])
    unseen = unseen_because(typed.get(SHOWN) or [], answers, stand) if DO in typed else ""
    doing = DO in typed and not unseen
    batch = Id(found) if is_id(found := (typed.get(COMMAND) or [""])[0]) else new_id()
    told, would, faults = await _each(screen, declaration, chosen, rows, values, batch, doing=doing)
    return await _page(screen, declaration, rows, choices, chosen, typed, faults, told, would, done=doing,
        mark=f"{answers}{stand}", unseen=unseen,
    )  # fmt: skip


def _choices(screen: Screen, read: Read, declaration: Declaration) -> dict[str, Choice]:
    found: dict[str, Choice] = {}
    configured = CONFIGURED.get(declaration.name)
    modify = configured.commands.get(Action.MODIFY) if configured else None
    if configured and modify and screen.may_somewhere(read, str(handler_of(modify).needs)):
        for field in _fields(configured):
            what = f"set.{field.name}"
            found[what] = Choice(what, screen.t.field(declaration.name, field.name), field, handler_of(modify), {})
    for handler in acts_on(declaration.name):
        if not handler.needs or not screen.may_somewhere(read, handler.needs) or handler.secrets:
            continue
        rest = fields_of(dict(list(handler.hints.items())[1:]))
        if not rest:
            found[handler.name] = Choice(handler.name, screen.t.do(handler.name), None, handler, {})
        elif len(rest) == 1 and rest[0].kind is FieldKind.CHOICE:
            for value in rest[0].choices:
                text = f"{screen.t.do(handler.name)} : {screen.t.value(enum_name(type(value)), value)}"
                what = f"{handler.name}.{value}"
                found[what] = Choice(what, text, None, handler, {rest[0].name: str(value)})
    remove = configured.commands.get(Action.DELETE) if configured else None
    if remove and screen.may_somewhere(read, str(handler_of(remove).needs)):
        handler = handler_of(remove)
        found[handler.name] = Choice(handler.name, screen.t.do(handler.name), None, handler, {})
    return found


def _fields(configured: Configured) -> tuple[Field, ...]:
    """What makes sense the same for many: not what must be unique, nor what somebody may do."""
    hints = get_type_hints(configured.declaration.kind, include_extras=True)
    own = {name for names in configured.declaration.unique for name in names}
    found = fields_of({each.name: hints[each.name] for each in configured.changeable if each.name not in own})
    return tuple(each for each in found if each.kind is not FieldKind.RIGHTS)


async def _each(
    screen: Screen, declaration: Declaration, chosen: Choice, rows: list[Any], values: dict[str, Any], batch: Id, *,
    doing: bool,
) -> tuple[list[BulkLine], list[Effect], list[Fault]]:  # fmt: skip
    replies: list[tuple[Any, Reply]] = []
    for row in rows:
        command_id = near_id(batch, row.id)
        built = _built(chosen, row, values)
        if isinstance(built, list):
            return [], [], built
        replies.append((row, await screen.door.execute(screen.me.actor, built, command_id, dry_run=not doing)))

    def look(read: Read) -> tuple[list[BulkLine], list[Effect]]:
        t, name = screen.t, declaration.name
        named = labels(read, t, [(name, row.id) for row in rows])
        told = [
            BulkLine(
                named(name, row.id), f"/admin/e/{name}/{row.id}", reply.ok,
                said(screen.door, read, t, out, row.id) if isinstance(out := reply.outcome, Refused) else None,
            )
            for row, reply in replies
        ]  # fmt: skip
        faulty = [_worded(screen, line, reply) for line, (_, reply) in zip(told, replies, strict=True)]
        return faulty, effects(read, t, [each for _, reply in replies for each in reply.would])

    told, would = await screen.read(look)
    return told, would, []


def _worded(screen: Screen, line: BulkLine, reply: Reply) -> BulkLine:
    """A refusal that lists faults says the first of them."""
    if line.refusal is None or not isinstance(out := reply.outcome, Refused):
        return line
    listed = out.detail.get("faults")
    if not isinstance(listed, list) or not listed:
        return line
    return BulkLine(
        line.title, line.href, line.ok, SaidRefusal(sentence(screen.t, listed[0]), line.refusal.links, out.reason)
    )


def _built(chosen: Choice, row: Any, values: dict[str, Any]) -> Any:
    first = next(iter(chosen.handler.hints))
    content: dict[str, Any] = {first: row.id, **values}
    if chosen.field is not None:
        content = {"id": row.id, "set": values, "seen": revision(row)}
    try:
        return chosen.handler.adapter.validate_python(content)
    except ValidationError as bad:
        return faults_of_validation(bad)


async def _page(
    screen: Screen, declaration: Declaration, rows: list[Any], choices: dict[str, Choice], chosen: Choice | None,
    typed: Typed, faults: list[Fault], told: list[BulkLine], would: list[Effect], *, done: bool = False, mark: str = "",
    unseen: str = "",
) -> web.Response:  # fmt: skip
    def look(read: Read) -> tuple[list[tuple[str, str]], FormView]:
        named = labels(read, screen.t, [(declaration.name, row.id) for row in rows])
        entered = (chosen.field,) if chosen and chosen.field else ()
        setting = setting_of(read, declaration.name, rows[0].id, {}, screen.at) if rows else Setting()
        view = FormView(
            screen.t, (declaration.name,), entered, typed, setting,
            options=options_of(screen.door, read, screen.t, entered),
            named=named_of(screen.door, read, screen.t, entered, typed), faults=tuple(faults),
        )  # fmt: skip
        return [(row.id, named(declaration.name, row.id)) for row in rows], view

    listed, view = await screen.read(look)
    return await screen.page(
        "screens/bulk.html", title=screen.t("Agir sur plusieurs"), entity=declaration.name, here=declaration.name,
        rows=listed, choices=list(choices.values()), chosen=chosen, form=view, told=told, effects=would, done=done,
        command=new_id(), refused=sum(not each.ok for each in told), status=422 if faults else 200, most=MOST,
        SHOWN=SHOWN, mark=mark, unseen=unseen,
    )  # fmt: skip
