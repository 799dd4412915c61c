"""The live page: hall, sales, lanes, devices and checks as pictures, kept up to date while somebody watches.

One task draws; watchers only send. A commit or a presence wakes it, it draws each language and performance that is
being watched once, at most every `EVERY_S` (and slower when drawing itself is slow), in a reader's thread, and notes
which fragments and seats changed. A watcher gets what changed since the number it has, whoever else is watching.

GET /live            the page                                  ?lang= &performance=
GET /live/news       its changes as server-sent events         ?lang= &performance= &since=
"""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex

import orjson
from aiohttp import web

from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from central.kernel.tx import Read
from central.kernel.versions import OPERATORS
from central.reports.evening import CheckLine, Evening
from central.reports.live_view import Drawn, LiveFrame, draw, empty_page, page
from central.web.caller import ASKING, AUTHENTICATE, is_browser, problem, unknown_caller
from central.web.frame import FRAME
from central.web.kept_forms import to_sign_in
from central.web.session import ASKED_S, still
from central.web.texts import language_for
from shared.ids import is_id
from shared.languages import named
from shared.runtime.mqtt import Roster
from shared.runtime.tasks import wait_any, well

EVERY_S = 0.25  # between two drawings, at least
TICK_S = 5.0  # time moves the curves on although nothing happened
CHECKS_EVERY_S = 2.0  # the checks read whole tables
SHARE = 4  # drawing takes at most 1/4 of the time of one thread, checks 1/20
MOST_VIEWS = 32
MOST_WATCHERS = 500
ALIVE_S = 15.0  # a comment when there is no news, so that proxies keep the line

_NUMBER = re.compile(r"[0-9]{1,12}")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Collect = Callable[[Read, str, tuple[CheckLine, ...] | None], Evening | None]
"""The evening of a performance (or the next one), with the checks of before or, for None, new ones."""


@dataclass(slots=True)
class LiveLook:
    """One performance in one language, as it was drawn last. `number` counts its drawings that changed anything;
    `changed` says in which each fragment and `seats` in which each seat changed last."""

    language: str
    performance: str
    number: int = 0
    drawn: Drawn | None = None
    evening: Evening | None = None
    seen: int = -1  # the page's count of changes when it was drawn
    at: float = 0.0
    watchers: int = 0
    changed: dict[str, int] = field(default_factory=dict)
    seats: list[int] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    rights: int = 0  # the number of changes of rights when it was drawn
    written: dict[int, bytes] = field(default_factory=dict)  # messages of this number, by the number they start from

    def take(self, drawn: Drawn) -> None:
        """A new drawing: note what is other than before, and wake the watchers if anything is."""
        before, self.drawn = self.drawn, drawn
        other_hall = before is None or before.hall_key != drawn.hall_key
        parts = [
            name
            for name, text in drawn.fragments.items()
            if before is None or (other_hall if name == "hall" else before.fragments[name] != text)
        ]
        moved: list[int] = []
        if before and not other_hall:
            moved = [at for at, state in enumerate(drawn.seats) if before.seats[at] is not state]
        if not parts and not moved:
            return
        self.number += 1
        self.written.clear()
        self.changed.update(dict.fromkeys(parts, self.number))
        if other_hall:
            self.seats = [self.number] * len(drawn.seats)
        for at in moved:
            self.seats[at] = self.number
        self.wake()

    def wake(self) -> None:
        """Whoever watches looks what there is for them."""
        self.news.set()
        self.news = asyncio.Event()

    def since(self, number: int) -> bytes:
        """What changed after drawing `number`, encoded once for all who ask."""
        assert self.drawn, "drawn before it is watched"
        found = self.written.get(number)
        if found is None:
            drawn = self.drawn
            parts = {name: drawn.fragments[name] for name, at in self.changed.items() if at > number}
            seats = {} if "hall" in parts else {at: drawn.seats[at] for at, n in enumerate(self.seats) if n > number}
            news = {"parts": parts, "seats": {str(at): state for at, state in seats.items()}, "at": drawn.at}
            found = self.written[number] = orjson.dumps(news)
        return found


class LivePage:
    """`needs`: the privilege that shows the page; None shows it to everybody."""

    def __init__(self, door: Door, collect: Collect, roster: Roster, *, needs: str | None) -> None:
        self._door, self._collect, self._roster, self._needs = door, collect, roster, needs
        self._views: dict[tuple[str, str], LiveLook] = {}
        self._wake = asyncio.Event()
        self._changes = 0
        self._closing = False
        self._boot = token_hex(4)  # numbers of an earlier life mean nothing
        self._checks: tuple[CheckLine, ...] | None = None
        self._checks_at, self._checks_cost, self._checks_seen = 0.0, 0.0, -1
        self._watchers = 0
        self.drawings = 0  # how often anything was drawn: many watchers must not make it more

    def routes(self, app: web.Application) -> None:
        app[ASKING].append("/live")
        app.router.add_get("/live", self._page)
        app.router.add_get("/live/news", self._news, allow_head=False)
        app.on_shutdown.append(self._close)
        self._door.on_commit(lambda _, tables: self.wake() if tables else None)
        self._roster.on_change.append(self.wake)

    def wake(self) -> None:
        """Something changed that the page may show."""
        self._changes += 1
        self._wake.set()

    def open_to(self, read: Read) -> bool:
        """Whether the asker may see it: what cannot be opened is not offered."""
        return self._needs is None or self._door.permissions.holding(read, self._needs) is None

    # --- drawing ------------------------------------------------------------------------------------------------------

    async def _close(self, _: web.Application) -> None:
        """Lets the watchers go: a stopping server waits for its open answers."""
        self._closing = True
        for view in self._views.values():
            view.news.set()

    async def keep(self) -> None:
        """Draws what is watched, for ever."""
        while True:
            await wait_any(self._wake, TICK_S)
            started = time.monotonic()
            failed: Exception | None = None
            for view in [view for view in self._views.values() if view.watchers]:
                try:
                    await self._freshen(view)
                except Exception as fault:  # one performance's rows are no reason for another's watchers to wait
                    failed = fault
            if failed:
                raise failed
            well()
            took = time.monotonic() - started
            await asyncio.sleep(max(EVERY_S, took * SHARE) if took > 0.001 else EVERY_S)

    async def _freshen(self, view: LiveLook, least_s: float = 0.0) -> None:
        """The view as of now, or of `least_s` ago: nothing is drawn twice, however many ask."""
        async with view.lock:
            age = time.monotonic() - view.at
            if age < least_s or (view.seen == self._changes and age < TICK_S - EVERY_S):
                return
            view.seen, view.at = self._changes, time.monotonic()
            rights = view.rights
            looked = await self._door.read(SYSTEM, lambda read: self._look(read, view))
            self.drawings += 1
            if view.rights != rights:
                view.wake()
            view.evening = looked[0] if looked else None
            if looked:
                view.take(looked[1])

    def _look(self, read: Read, view: LiveLook) -> tuple[Evening, Drawn] | None:
        """In a reader's thread: one consistent look, drawn at once. The checks are looked at anew now and then only."""
        started = time.monotonic()
        anew = self._checks is None or (
            self._checks_seen != view.seen and started - self._checks_at > max(CHECKS_EVERY_S, 20 * self._checks_cost)
        )
        view.rights = read.version(OPERATORS)
        evening = self._collect(read, view.performance, None if anew else self._checks)
        if evening is None:
            return None
        if anew:
            self._checks, self._checks_seen = evening.checks, view.seen
            self._checks_at, self._checks_cost = started, time.monotonic() - started
        return evening, draw(evening, self._roster.all(), view.language)

    def _view(self, language: str, performance: str) -> LiveLook:
        """The view that all who ask for the same share; old ones that nobody watches make room."""
        key = (language, performance if is_id(performance) else "")
        if key not in self._views:
            for idle in [each for each, view in self._views.items() if not view.watchers]:
                if len(self._views) >= MOST_VIEWS:
                    del self._views[idle]
            self._views[key] = LiveLook(*key)
        return self._views[key]

    # --- answers ------------------------------------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.Response:
        refused = await self._refused(request)
        if refused:
            return refused
        language = language_for(request.query.get("lang", ""), request.headers.get("Accept-Language", ""))
        view = self._view(language, request.query.get("performance", ""))
        await self._freshen(view, EVERY_S)
        evening, drawn = view.evening, view.drawn
        house = evening.house if evening else {}
        frame = LiveFrame(named(house, language), language, view.performance, f"{self._boot}-{view.number}")
        text = page(frame, drawn, evening.shows, evening.show) if evening and drawn else empty_page(frame)
        headers = {**_HEADERS, "Cache-Control": "no-store", "Vary": "Accept-Language", "Content-Language": language}
        return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)

    async def _news(self, request: web.Request) -> web.StreamResponse:
        """Changes, from the number that the page (`since`) or a broken line (Last-Event-ID) came to."""
        refused = await self._refused(request)
        if refused:
            return refused
        if self._watchers >= MOST_WATCHERS:
            return problem(503, "too_many_watchers", "Too many people are watching; reload the page now and then.")
        language = language_for(request.query.get("lang", ""), request.headers.get("Accept-Language", ""))
        view = self._view(language, request.query.get("performance", ""))
        boot, _, number = request.headers.get("Last-Event-ID", request.query.get("since", "")).partition("-")
        headers = {
            **_HEADERS,
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(request)
        if boot != self._boot or not _NUMBER.fullmatch(number) or int(number) > view.number:
            await answer.write(b"event: reload\ndata:\n\n")
            return answer
        view.watchers += 1
        self._watchers += 1
        self._wake.set()
        try:
            await self._tell(view, int(number), answer, request)
        except (ConnectionError, asyncio.CancelledError):
            pass  # gone
        finally:
            view.watchers -= 1
            self._watchers -= 1
        return answer

    async def _tell(self, view: LiveLook, number: int, answer: web.StreamResponse, request: web.Request) -> None:
        """Until the page is left, or whoever watches may no more: asked again when what anybody may has changed, and
        now and then, because sessions end by themselves."""
        rights, asked = -1, 0.0
        while not self._closing:
            news = view.news
            if view.rights != rights or time.monotonic() - asked >= ASKED_S:
                rights, asked = view.rights, time.monotonic()
                if not await self._may_still(request):
                    return
            if view.number > number:
                number, message = view.number, view.since(number)
                await answer.write(b"id: %s-%d\ndata: %s\n\n" % (self._boot.encode(), number, message))
            elif not await wait_any(news, ALIVE_S):
                await answer.write(b":\n\n")

    async def _may_still(self, request: web.Request) -> bool:
        try:
            return await self._refused(request) is None
        except web.HTTPException:  # the way in, where nobody is signed in any more: no answer to one that has begun
            return False

    async def _refused(self, request: web.Request) -> web.Response | None:
        """None: they may watch. A program is told how to say who it is; a browser never asks for a name and a key in a
        dialog of its own."""
        if self._needs is None:
            return None
        signed_in = await still(request)
        actor = signed_in.actor if signed_in else await request.app[AUTHENTICATE](request)
        if isinstance(actor, web.Response):
            return actor
        if actor and await self._door.read(actor, self.open_to):
            return None
        if not is_browser(request):
            return unknown_caller(request)
        if signed_in is None:
            raise await to_sign_in(request)
        return await request.app[FRAME].forbidden(request, signed_in, self._needs)


LIVE = web.AppKey("live", LivePage)
