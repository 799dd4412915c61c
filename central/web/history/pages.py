"""A thing's history on the screen: the panel beside it, the full page, its state at a moment, two moments compared, and
the way back with a preview. Deleted things keep their page.

GET      /admin/history/<entity>/<id>               ?panel=1 | ?state=<entry> | ?when=<time> | ?a=<entry>&b=<entry>
GET POST /admin/history/<entity>/<id>/undo/<entry>  takes back that entry alone
GET POST /admin/history/<entity>/<id>/back/<entry>  brings back the state after that entry (`…/before` it)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from central.kernel.actor import Actor
from central.kernel.crud import revision
from central.kernel.door import Door, Reply
from central.kernel.tx import Read
from central.web.form import form_of
from central.web.frame import Frame
from central.web.history.part_words import FieldWords
from central.web.history.past_states import (
    FieldDifference,
    NoWayBack,
    RowMoment,
    State,
    Way,
    differences,
    restored,
    state_at,
    undone,
)
from central.web.history.records import Past, command_for, means_of, past
from central.web.history.words import EntryWords, Sayer, in_words, sayer, title_of
from central.web.screens.changes import effects
from central.web.screens.moments import said_moment
from central.web.screens.refusals import SaidRefusal, said
from central.web.texts import Texts
from shared.ids import Id, is_id
from shared.outcome import Outcome, Refused
from shared.runtime.system import SystemClock, fresh_id

IN_PANEL = 6
A_PAGE = 40
NOW = "now"


@dataclass(frozen=True, slots=True)
class Option:
    """A moment to choose from."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class StateView:
    """A state, or what tells two of them apart. `key`: what to go back to."""

    title: str
    lines: tuple[FieldWords, ...]
    same: bool = False
    gone: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    entity: str
    id: str
    context: str | None
    title: str
    there: bool
    entries: list[EntryWords]
    options: list[Option]
    more: int
    cut: bool
    zone: str
    shown: StateView | None = None


@dataclass(frozen=True, slots=True)
class WayBack:
    """A way back, in words. `act` is the command's name."""

    entity: str
    id: str
    context: str | None
    title: str
    of: EntryWords
    way: Way
    why: str
    act: str
    lines: tuple[FieldWords, ...]
    stays: tuple[FieldWords, ...]
    conflicts: tuple[FieldWords, ...]
    command: Any


class History:
    """`door` for what is decided, `frame` for what is shown."""

    def __init__(self, door: Door, frame: Frame) -> None:
        self._door, self._frame, self._clock = door, frame, SystemClock()

    def routes(self, app: web.Application) -> None:
        thing = "/admin/history/{entity:[a-z_]{1,60}}/{id:[0-9A-Z]{26}}"
        entry = "{key:[0-9A-Z]{26}[.][0-9]{1,6}}"
        app.router.add_get(thing, self.page)
        app.router.add_get(f"{thing}/{{way:undo|back|before}}/{entry}", self.preview)
        app.router.add_post(f"{thing}/{{way:undo|back|before}}/{entry}", self.act)

    # --- looking ------------------------------------------------------------------------------------------------------

    async def page(self, request: web.Request) -> web.Response:
        me = await self._frame.who(request)
        t = self._frame.texts(request, me)
        panel = "panel" in request.query
        entity, row_id, asked = request.match_info["entity"], request.match_info["id"], dict(request.query)

        def look(read: Read) -> HistoryPage | None:
            found = past(self._door, read, entity, row_id)
            return _page(read, t, found, asked, IN_PANEL if panel else _most(asked)) if found else None

        found: HistoryPage | None = await self._door.read(me.actor, look)
        if found is None:
            raise web.HTTPNotFound(text=t("Il n’y a rien ici que vous puissiez voir."))
        template = "history_panel.html" if panel else "history.html"
        title = t("Historique : {name}", name=found.title)
        return await self._frame.page(request, template, title=title, page=found, at=found.context, here=entity)

    # --- going back ---------------------------------------------------------------------------------------------------

    async def preview(self, request: web.Request) -> web.Response:
        return await self._plan_page(request, str(fresh_id(self._clock)), None)

    async def act(self, request: web.Request) -> web.Response:
        """Through the same door as every other change; a form sent twice acts once."""
        me = await self._frame.who(request)
        form = await form_of(request)
        command_id, seen = str(form.get("_id", "")), str(form.get("seen", ""))
        plan = await self._plan(request, me.actor, seen)
        if not is_id(command_id) or plan is None:
            raise web.HTTPBadRequest
        if plan.command is None or (not seen and getattr(plan.command, "seen", None)):  # nothing of it was shown
            return await self._plan_page(request, command_id, None)
        reply = await self._door.execute(me.actor, plan.command, Id(command_id))
        if not reply.ok:
            return await self._plan_page(request, str(fresh_id(self._clock)), reply)
        raise web.HTTPSeeOther(f"/admin/history/{plan.entity}/{plan.id}?done={command_id}")

    async def _plan(self, request: web.Request, actor: Actor, seen: str = "") -> WayBack | None:
        me = await self._frame.who(request)
        t = self._frame.texts(request, me)
        match = request.match_info
        found: WayBack | None = await self._door.read(
            actor,
            lambda read: _plan(self._door, read, t, match["entity"], match["id"], match["way"], match["key"], seen),
        )
        return found

    async def _plan_page(self, request: web.Request, command_id: str, failed: Reply | None) -> web.Response:
        me = await self._frame.who(request)
        t = self._frame.texts(request, me)
        plan = await self._plan(request, me.actor)
        if plan is None:
            raise web.HTTPNotFound(text=t("Il n’y a rien ici que vous puissiez voir."))
        reply = failed
        if plan.command is not None and reply is None:
            reply = await self._door.execute(me.actor, plan.command, fresh_id(self._clock), dry_run=True)
        refusal: SaidRefusal | None = None
        others: list[Any] = []
        if reply is not None:
            outcome: Outcome[Any] = reply.outcome
            would = [row for row in reply.would if (row[0], row[1]) != (plan.entity, plan.id)]

            def look(read: Read) -> tuple[SaidRefusal | None, list[Any]]:
                why = said(self._door, read, t, outcome, plan.id) if isinstance(outcome, Refused) else None
                return why, effects(read, t, would)

            refusal, others = await self._door.read(me.actor, look)
        title = t("Revenir en arrière : {name}", name=plan.title)
        return await self._frame.page(
            request, "history_back.html", title=title, plan=plan, refusal=refusal, others=others, command_id=command_id,
            seen=getattr(plan.command, "seen", ""), at=plan.context, here=plan.entity,
            status=409 if failed is not None else 200,
        )  # fmt: skip


def _most(asked: dict[str, str]) -> int:
    shown = asked.get("n", "")
    return min(int(shown), 2000) if shown.isascii() and shown.isdigit() and len(shown) < 6 else A_PAGE


def _page(read: Read, t: Texts, found: Past, asked: dict[str, str], most: int) -> HistoryPage:
    say = sayer(read, t, found)
    entries = in_words(read, t, say, found, found.moments[:most])
    everything = in_words(read, t, say, found, found.moments[:200]) if len(found.moments) > most else entries
    options = [Option(each.key, f"{each.when} · {each.who.name} · {each.did}") for each in everything]
    return HistoryPage(
        found.declaration.name, found.id, found.context, title_of(read, t, found), found.now is not None, entries,
        options, max(0, len(found.moments) - most), found.cut, str(say.zone), _shown(t, say, found, asked),
    )  # fmt: skip


def _shown(t: Texts, say: Sayer, found: Past, asked: dict[str, str]) -> StateView | None:
    """What somebody asked to see beside the list."""
    if "a" in asked and "b" in asked:
        one, other = _state_by(found, asked["a"]), _state_by(found, asked["b"])
        if one is None or other is None:
            return None
        lines = say.lines(differences(one[0], other[0], found.declaration.names))
        title = t("Entre {a} et {b}", a=_when(t, say, one[1]), b=_when(t, say, other[1]))
        return StateView(title, lines, same=not lines)
    if "when" in asked:
        at = said_moment(asked["when"], say.zone, second=True)  # the later of two: nothing of it is left out
        if at is None:
            return None
        state = state_at(found.now, found.moments, at)
        last = next((each for each in found.moments if each.entry.at <= at), None)
        return _state(t, say, found, state, t.moment(at, say.zone), last.entry.key if last else "")
    if "state" in asked:
        moment = _moment_by(found.moments, asked["state"])
        if moment:
            return _state(t, say, found, moment.after, t.moment(moment.entry.at, say.zone), moment.entry.key)
    return None


def _state(t: Texts, say: Sayer, found: Past, state: State | None, when: str, key: str) -> StateView:
    """All it was then, and beside it what it is now where that differs."""
    if state is None:
        return StateView(t("Le {when}, cela n’existait pas.", when=when), (), gone=True, key=key)
    if restored(means_of(found.declaration, found.now), found.now, state).why is not None:
        key = ""  # no way leads back there
    changed = {each.field: each.after for each in differences(state, found.now)} if found.now else {}
    lines = tuple(
        FieldWords(
            say.field(name), say.cell(name, state[name]), say.cell(name, changed[name]) if name in changed else None
        )
        for name in found.declaration.names
        if name in state and name != "id"
    )
    return StateView(
        t("Tel que c’était le {when}", when=when), lines, same=found.now is not None and not changed, key=key
    )


def _when(t: Texts, say: Sayer, moment: RowMoment | None) -> str:
    return t("le {when}", when=t.moment(moment.entry.at, say.zone)) if moment else t("maintenant")


def _state_by(found: Past, key: str) -> tuple[State | None, RowMoment | None] | None:
    if key == NOW:
        return found.now, None
    moment = _moment_by(found.moments, key)
    return (moment.after, moment) if moment else None


def _moment_by(known: Sequence[RowMoment], key: str) -> RowMoment | None:
    return next((each for each in known if each.entry.key == key), None)


# --- the way back ----------------------------------------------------------------------------------------------------


def _plan(door: Door, read: Read, t: Texts, entity: str, row_id: str, way: str, key: str, seen: str) -> WayBack | None:
    found = past(door, read, entity, row_id)
    moment = _moment_by(found.moments, key) if found else None
    if found is None or moment is None:
        return None
    means = means_of(found.declaration, found.now)
    if way == "undo":
        back = undone(means, found.now, moment)
    else:
        back = restored(means, found.now, moment.after if way == "back" else moment.before)
    say = sayer(read, t, found)
    (of,) = in_words(read, t, say, found, [moment])
    act = {Way.CREATE: "create", Way.CHANGE: "change", Way.DELETE: "delete"}[back.way]
    now = found.now or {}
    lines = [
        FieldDifference(name, now.get(name), value) for name, value in back.values.items() if value != now.get(name)
    ]
    return WayBack(
        entity, row_id, found.context, title_of(read, t, found), of, back.way,
        _why(t, back.why), f"{act}_{entity}", say.lines(lines), say.lines(back.stays), say.lines(back.conflicts),
        None if back.why else command_for(
            found.declaration, row_id, back.way, back.values, seen or _seen(read, found), found.now
        ),
    )  # fmt: skip


def _seen(read: Read, found: Past) -> str:
    row = read.get(found.declaration.kind, found.id)
    return revision(row) if row else ""


def _why(t: Texts, why: NoWayBack | None) -> str:
    match why:
        case None:
            return ""
        case NoWayBack.NOTHING_TO_DO:
            return t("C’est déjà ainsi : il n’y a rien à faire.")
        case NoWayBack.NO_COMMAND:
            return t("Cela ne s’annule pas d’ici : aucune action de cet objet ne le permet.")
        case NoWayBack.SECRET_LOST:
            return t("Il contenait un secret ou une image, qui ne sont écrits nulle part : il faut le créer à nouveau.")
        case NoWayBack.CHANGED_SINCE:
            return t(
                "D’autres changements ont eu lieu depuis ; annulez-les d’abord, ou revenez à l’état complet d’une date."
            )
