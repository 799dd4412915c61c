"""The audit's screen: everything that came to the door, filtered, page by page; one command with all it changed; and
the same as a sheet. What a row touched is named only to who may see it.

GET /admin/audit            ?who=&command=&entity=&id=&origin=&ok=&since=&until=&at=&before=
GET /admin/audit/<command>  one command
GET /admin/audit.csv, /admin/audit.xlsx    with the same filters
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web

from central.kernel.actor import ActorKind
from central.kernel.columns import columns
from central.kernel.contexts import contexts_below, root_of_house
from central.kernel.db import in_list
from central.kernel.deleted_rows import with_gone
from central.kernel.door import Door, NoEntry
from central.kernel.entity import BY_NAME
from central.kernel.former_names import today
from central.kernel.privileges import AUDIT_READ
from central.kernel.registry import COMMANDS
from central.kernel.scope import narrowing
from central.kernel.tx import Read
from central.web.actor_words import ACTOR_WORDS
from central.web.deed_words import LOG_WORDS, done_words
from central.web.frame import Frame
from central.web.history.command_fields import LogField, asked_fields
from central.web.history.entries import LogEntry, TouchedThing
from central.web.history.log import LogFilter, LogPage, LogRow, found, kept_reason, whole
from central.web.history.part_words import PARTS, FieldWords
from central.web.history.past_states import Act, FieldDifference
from central.web.history.records import changes, visible
from central.web.history.sheets import Write, csv_sheet, excel_sheet
from central.web.history.words import Sayer, act_text, labels_ever, origin_text, people
from central.web.screens.export_lane import EXPORT_LANE
from central.web.screens.listing import seen_at
from central.web.screens.moments import said_moment
from central.web.screens.names import house_timezone, labels, title_column
from central.web.screens.refusals import words_of
from central.web.screens.sight import Thing
from central.web.session import SignedIn, still
from central.web.texts import Texts
from shared.ids import is_id
from shared.outcome import Refused

NAMED = 4  # things named in a row of the list
LISTED = 200  # things shown of one command
CHOICES = 300
FILTERS = ("who", "command", "entity", "id", "origin", "ok", "since", "until")


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be filtered by: (value, text)."""

    who: list[tuple[str, str]]
    command: list[tuple[str, str]]
    entity: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class One:
    """A command: what was asked, by whom, what came of it."""

    entry: LogEntry
    fields: tuple[LogField, ...]
    asked: bool  # whether the asker may see what was asked
    refusal: str
    hash: str
    about: tuple[str, str] | None = None  # name and address of what it acted on, for who may see it


class Audit:
    def __init__(self, door: Door, frame: Frame) -> None:
        self._door, self._frame = door, frame

    def routes(self, app: web.Application) -> None:
        app.router.add_get("/admin/audit", self.page)
        app.router.add_get("/admin/audit/{id:[0-9A-Z]{26}}", self.one)
        app.router.add_get("/admin/audit.{kind:csv|xlsx}", self.export, allow_head=False)

    async def page(self, request: web.Request) -> web.Response:
        me, t = await self._reader(request)
        asked = {name: request.query.get(name, "")[:200] for name in FILTERS}
        before = _number(request.query.get("before", ""))

        def look(read: Read) -> tuple[list[LogEntry], LogPage, Choices, str, bool]:
            zone = house_timezone(read)
            want = replace(self._wanted(read, asked, zone, request.query.get("at")), before=before)
            rows = found(read, want)
            entries = in_words(self._door, read, t, rows.rows, zone)
            return (
                entries,
                rows,
                choices(self._door, read, t),
                str(zone),
                self._door.permissions.holding(read, AUDIT_READ) is None,
            )

        entries, rows, offered, zone, whole = await self._door.read(me.actor, look)
        kept = {name: value for name, value in (*asked.items(), ("at", request.query.get("at", ""))) if value}
        until = t.moment(rows.until, ZoneInfo(zone)) if rows.until else ""
        template = "audit_rows.html" if "more" in request.query else "audit.html"
        return await self._frame.page(
            request, template, title=t("Journal"), here="/admin/audit", entries=entries, asked=asked, offered=offered,
            zone=zone, whole=whole, until=until, query=urlencode(kept), next=rows.next, first=not before,
        )  # fmt: skip

    async def one(self, request: web.Request) -> web.Response:
        """Everybody may look at what they did themselves; of what it touched they see what they may see."""
        me = await self._frame.who(request)
        t = self._frame.texts(request, me)
        made: One | None = await self._door.read(
            me.actor, lambda read: one(self._door, read, t, request.match_info["id"])
        )
        if made is None:
            await self._reader(request)
            raise web.HTTPNotFound(text=t("Il n’y a rien ici que vous puissiez voir."))
        return await self._frame.page(
            request, "audit_one.html", title=t("Journal"), here="/admin/audit", one=made, at=made.entry.row.place
        )

    async def export(self, request: web.Request) -> web.StreamResponse:
        """Read and written in chunks: a million rows take no more memory than a thousand."""
        me, t = await self._reader(request)
        asked = {name: request.query.get(name, "")[:200] for name in FILTERS}
        at = request.query.get("at")

        async def chunk(before: int, most: int, write: Write) -> tuple[bytes, int]:
            def look(read: Read) -> tuple[bytes, int]:
                zone = house_timezone(read)
                rows = found(read, replace(self._wanted(read, asked, zone, at), before=before), most)
                return write(in_words(self._door, read, t, rows.rows, zone, lines=True), zone), rows.next

            reader = await still(request)  # a long sheet ends with the right to it, in the middle
            if reader is None or not await self._may(reader):
                raise web.HTTPForbidden
            answer: tuple[bytes, int] = await self._door.read_long(reader.actor, look)
            return answer

        made = csv_sheet if request.match_info["kind"] == "csv" else excel_sheet
        with request.app[EXPORT_LANE].entered(me.actor.id, request) as turn:
            return await made(request, t, turn, chunk)

    async def _reader(self, request: web.Request) -> tuple[SignedIn, Texts]:
        me = await self._frame.who(request)
        t = self._frame.texts(request, me)
        if not await self._may(me):
            raise web.HTTPForbidden(text=await self._door.read(me.actor, lambda read: _not_allowed(read, t)))
        return me, t

    async def _may(self, me: SignedIn) -> bool:
        places = await self._door.read(me.actor, lambda read: self._door.permissions.holding(read, AUDIT_READ))
        return places is None or bool(places)

    def _wanted(self, read: Read, asked: Mapping[str, str], zone: ZoneInfo, at: str | None) -> LogFilter:
        """An unknown context is none: nothing is shown, rather than everything."""
        below = None if not at or at == root_of_house(read) else with_gone(read, contexts_below(read, at))
        since, until = said_moment(asked["since"], zone), said_moment(asked["until"], zone)
        return LogFilter(
            _places(self._door, read, AUDIT_READ), below, asked["who"], asked["command"], asked["entity"],
            asked["id"] if is_id(asked["id"]) else "", asked["origin"].strip(),
            {"1": True, "0": False}.get(asked["ok"]), since, until + timedelta(minutes=1) if until else None,
        )  # fmt: skip


def _places(door: Door, read: Read, privilege: str) -> tuple[str, ...] | None:
    """Where the asker holds a right, and where they held it before the place was cleared away; None: everywhere."""
    places = door.permissions.holding(read, privilege)
    return None if places is None else with_gone(read, places)


def _not_allowed(read: Read, t: Texts) -> str:
    return words_of(read, t, Refused(NoEntry.NOT_ALLOWED, fix=AUDIT_READ))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def choices(door: Door, read: Read, t: Texts) -> Choices:
    who = [(f"{ActorKind.SYSTEM}:central", t("Parterre"))]
    for kind, words in ACTOR_WORDS.items():
        if title := title_column(table := words.table):
            declaration = BY_NAME[table]
            joins, where, params = narrowing(read, declaration, seen_at(door, read, declaration, None))
            sql = f"SELECT t.id, t.{title.name} FROM {table} t{joins} WHERE {where} ORDER BY t.{title.name} LIMIT :n"  # noqa: S608 - names of ours, values are parameters
            rows = read.run(sql, n=CHOICES, **params)
            who += [(f"{kind}:{row[0]}", str(row[1])) for row in rows]
    commands = sorted(((name, t.do(name)) for name in COMMANDS), key=lambda pair: pair[1].casefold())
    entities = sorted(((name, t.entities(name)) for name in BY_NAME), key=lambda pair: pair[1].casefold())
    return Choices(who, commands, entities)


# --- rows in words ---------------------------------------------------------------------------------------------------


def in_words(
    door: Door, read: Read, t: Texts, rows: list[LogRow], zone: ZoneInfo, *, lines: bool = False, most: int = NAMED
) -> list[LogEntry]:
    """`lines`: with what was changed, for a sheet or for a single command."""
    touched = _touched(read, [row.id for row in rows], most)
    counts = _counts(read, [row.id for row in rows])
    things = {thing for each in touched.values() for _, thing, _ in each}
    seen = visible(door, read, things)
    names = labels_ever(read, t, seen)
    who = people(read, t, [row.actor for row in rows])
    places = labels(read, t, [("context", row.place) for row in rows if row.place])
    did = {**done_words(read, t, [(row.id, row.command) for row in rows])}
    for row_id, more in _more_words(door, read, rows).items():
        did[row_id] += f"{t.colon}{more}"
    made = []
    for row in rows:
        wholes = [thing for _, thing, _ in touched.get(row.id, ()) if lines and thing in seen and thing[0] in PARTS]
        parts = {(table, each): PARTS[table].said(read, t, each, [row.id]).get(row.id, ()) for table, each in wholes}
        told = {PARTS[entity].table for entity, _ in parts}
        shown = tuple(
            _thing(read, t, names, act, thing, change if lines else {}, thing in seen, zone, parts.get(thing, ()))
            for act, thing, change in touched.get(row.id, ())
            if thing[0] not in told
        )
        made.append(
            LogEntry(
                row, t.moment(row.at, zone), who[row.actor], origin_text(t, row.origin, row.actor), did[row.id],
                places("context", row.place) if row.place else "", t.reason(row.reason) if row.reason else "", shown,
                max(0, counts.get(row.id, 0) - len(touched.get(row.id, ()))),
            )
        )  # fmt: skip
    return made


def _more_words(door: Door, read: Read, rows: Sequence[LogRow]) -> Mapping[str, str]:
    """Of commands of which an area says more, about what the asker may see: by their ids."""
    asked = {row.id: row for row in rows if row.ok and row.command in LOG_WORDS}
    if not asked:
        return {}
    listed, params = in_list("c", list(asked))
    kept = read.run(f"SELECT id, body FROM command_log WHERE id IN {listed}", **params)  # noqa: S608 - our names
    bodies = zip((row_id for row_id, _ in kept), read.people.opened(kept), strict=True)
    things = {row_id: thing for row_id, body in bodies if (thing := _acted_on(asked[row_id].command, body))}
    seen = visible(door, read, set(things.values()))
    found: dict[str, str] = {}
    for say in {LOG_WORDS[row.command].said for row in asked.values()}:
        mine = {
            row_id: (thing[1], asked[row_id].at)
            for row_id, thing in things.items()
            if thing in seen and LOG_WORDS[asked[row_id].command].said is say
        }
        said = say(read, list(mine.values()))
        found |= {row_id: said[moment] for row_id, moment in mine.items() if said.get(moment)}
    return found


def _acted_on(command: str, body: Mapping[str, Any]) -> Thing | None:
    handler = COMMANDS.get(command)
    return (handler.on, str(body.get(next(iter(handler.hints)), ""))) if handler and handler.on else None


@dataclass(frozen=True, slots=True)
class _Touched:
    command_id: str
    entity: str
    entity_id: str
    action: str
    change: str


_TOUCHED = columns(
    _Touched, command_id="command_id", entity="entity", entity_id="entity_id", action="action", change="change"
)  # fmt: skip


def _touched(read: Read, ids: list[str], most: int) -> dict[str, list[tuple[Act, Thing, Mapping[str, Any]]]]:
    if not ids:
        return {}
    inside, params = in_list("c", ids)
    found_: dict[str, list[tuple[Act, Thing, Mapping[str, Any]]]] = {}
    rows = [_Touched(*row) for row in read.run(
        f"SELECT {_TOUCHED} FROM audit WHERE command_id IN {inside} AND n < :most ORDER BY command_id, n",  # noqa: S608 - our names
        most=most,
        **params,
    )]  # fmt: skip
    said = changes(read, [(row.command_id, row.entity, row.change) for row in rows])
    for row, change in zip(rows, said, strict=True):
        found_.setdefault(row.command_id, []).append((Act(row.action), (today(row.entity), row.entity_id), change))
    return found_


def _counts(read: Read, ids: list[str]) -> dict[str, int]:
    if not ids:
        return {}
    inside, params = in_list("c", ids)
    return dict(
        read.run(f"SELECT command_id, COUNT(*) FROM audit WHERE command_id IN {inside} GROUP BY command_id", **params)  # noqa: S608 - names of ours, values are parameters
    )


def _thing(
    read: Read, t: Texts, names: Any, act: Act, thing: Thing, change: Mapping[str, Any], seen: bool, zone: ZoneInfo,
    parts: tuple[FieldWords, ...] = (),
) -> TouchedThing:  # fmt: skip
    entity, row_id = thing
    if not seen:
        return TouchedThing(act_text(t, act), t.entity(entity), "", "", seen=False)
    name = names(entity, row_id)
    href = f"/admin/history/{entity}/{row_id}" if entity in BY_NAME else ""
    lines: tuple[FieldWords, ...] = ()
    if change and entity in BY_NAME:
        pairs = [FieldDifference(field, *pair) for field, pair in change.items() if len(pair) == 2]
        declaration = BY_NAME[entity]
        states = [{each.field: each.before for each in pairs}, {each.field: each.after for each in pairs}]
        lines = Sayer(read, t, declaration, row_id, states, zone).lines(pairs)
    return TouchedThing(act_text(t, act), t.entity(entity), name, href, lines=(*parts, *lines))


# --- one command -----------------------------------------------------------------------------------------------------


def one(door: Door, read: Read, t: Texts, command_id: str) -> One | None:
    found_ = whole(read, command_id)
    if found_ is None:
        return None
    logged, answer, sealed = found_
    places = _places(door, read, AUDIT_READ)
    if places is not None and logged.place not in places and logged.actor != read.actor.label:
        return None
    (entry,) = in_words(door, read, t, [logged], house_timezone(read), lines=True, most=LISTED)
    may = _may_see_what_was_asked(door, read, logged)
    body = read.people.opened([(logged.id, sealed)])[0]
    about = _about(door, read, t, logged.command, body)
    asked = tuple(asked_fields(door, read, t, logged.command, body, about)) if may else ()
    refusal = "" if logged.ok else _refusal(read, t, logged.command, answer, may)
    return One(entry, asked, may, refusal, logged.hash, about)


def _about(door: Door, read: Read, t: Texts, command: str, body: Mapping[str, Any]) -> tuple[str, str] | None:
    thing = _acted_on(command, body)
    if thing is None or thing not in visible(door, read, {thing}):
        return None
    return labels(read, t, [thing])(*thing), f"/admin/e/{thing[0]}/{thing[1]}"


def _may_see_what_was_asked(door: Door, read: Read, row: LogRow) -> bool:
    """Who may read what the command acts on, there; what acts on nothing is for who may give the command itself."""
    handler = COMMANDS.get(row.command)
    if handler is None:
        return door.permissions.holding(read, AUDIT_READ) is None
    needs = BY_NAME[handler.on].read if handler.on in BY_NAME else handler.needs
    places = _places(door, read, needs or AUDIT_READ)
    return not read.actor.perimeter and (places is None or row.place in places)


def _refusal(read: Read, t: Texts, command: str, answer: str, may: bool) -> str:
    """Its reason; with what it names only for who may see what was asked."""
    refused = orjson.loads(answer[1:])
    reason = kept_reason(command, refused["reason"])
    return words_of(read, t, Refused(reason, refused["fix"], refused["detail"])) if may else t.reason(reason)
