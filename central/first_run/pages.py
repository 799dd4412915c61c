"""/setup: the wizard that opens on an empty database, for whoever holds the link that central printed.

Where the set-up stands is read from the database each time, so that it goes on where it was, in any browser. The link
is dead once there is an operator.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from hmac import compare_digest
from pathlib import Path
from typing import Any

from aiohttp import web
from babel.numbers import get_currency_name

from central.first_run import profiles
from central.first_run.forms import (
    FormAnswer,
    Values,
    by_field,
    day,
    done,
    french,
    known,
    lines,
    step_of,
)
from central.first_run.hall import HallStep
from central.first_run.link import FILE
from central.first_run.model import NoSetUp, Step
from central.first_run.ops import (
    AppointAdministrator,
    House,
    SettleInstitution,
    SettleOrganiser,
    SettleSeason,
    SettleVenue,
    house,
    is_over,
)
from central.first_run.picture import HallPicture, hall_picture
from central.first_run.whereabouts import proposed
from central.kernel.actor import SYSTEM
from central.kernel.countries import country_of, currency_of, timezones
from central.kernel.door import Door
from central.kernel.house_settings import LANGUAGE
from central.kernel.languages import house_languages, names
from central.kernel.values import Fault
from central.organisation.pages import SERVICES
from central.organisation.passwords import LONGEST, SHORTEST, hashed, weakness
from central.venues.flaw_words import flaws_in
from central.venues.import_report import report_words
from central.venues.model import NoVenue
from central.venues.planfile_checks import MOST_BYTES
from central.web.area import CONFIG, DOOR
from central.web.codes import code_of
from central.web.cookies import cookie
from central.web.entrance import VOUCHED
from central.web.form import LARGE, form_of, line
from central.web.frame import FRAME, LANGUAGE_COOKIE, LANGUAGE_FOR
from central.web.origin import address_of
from central.web.preview_mark import SHOWN
from central.web.settings import MIB
from central.web.texts import Texts
from shared.languages import LANGUAGES
from shared.outcome import Outcome, Refused
from shared.runtime.system import SystemClock, fresh_id

COOKIE = "setup"
SECRET = ("password", "again")
CURRENCIES = ("EUR", "CHF", "GBP", "USD", "CAD", "XPF", "XOF", "MAD", "TND", "DKK", "SEK", "NOK", "PLN", "CZK", "JPY")
COOKIE_DAYS = 30
KINDS = ".json,.svg,.csv,application/json,image/svg+xml,text/csv"
_CLOCK = SystemClock()
_ORDER = list(Step)


SETUP_FILE: web.AppKey[Path] = web.AppKey("setup_file", Path)
"""Where the link's secret is."""


def wizard(app: web.Application) -> None:
    Wizard(app[DOOR], app.get(SETUP_FILE)).routes(app)


def setup_file(app: web.Application) -> None:
    app[SETUP_FILE] = app[CONFIG].data / FILE


class Wizard:
    """`file` holds the link's secret."""

    def __init__(self, door: Door, file: Path | None) -> None:
        self._door, self._file = door, file
        self._hall = HallStep(door, self._do)
        self._took: Mapping[Step, Callable[[web.Request, Any, Texts], Awaitable[Outcome[Any]]]] = {
            Step.INSTITUTION: self._institution,
            Step.ORGANISER: self._organiser,
            Step.SEASON: self._season,
            Step.VENUE: self._venue,
            Step.HALL: self._hall.settled,
            Step.ADMINISTRATOR: self._administrator,
        }

    def routes(self, app: web.Application) -> None:
        app[FRAME].templates("central.first_run")
        app[LARGE].update(dict.fromkeys((f"/setup/{Step.HALL}", f"/setup/{Step.HALL}/mapping"), MOST_BYTES + MIB))
        app[VOUCHED].append(self._vouches)
        app.router.add_get("/", self.front)
        app.router.add_get("/setup", self.enter)
        for step in Step:
            app.router.add_get(f"/setup/{step}", self.show)
            app.router.add_post(f"/setup/{step}", self.take)
        app.router.add_post(f"/setup/{Step.HALL}/mapping", self._mapping)

    # --- pages --------------------------------------------------------------------------------------------------------

    async def front(self, request: web.Request) -> web.Response:
        """A house without anybody is set up first; who is signed in gets on with work."""
        if not await self._door.read(SYSTEM, is_over):
            raise web.HTTPSeeOther("/setup")
        raise web.HTTPSeeOther("/admin" if await request.app[FRAME].known(request) else "/sign-in")

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """The link's own page: it gives the browser its cookie and leads to the step where the set-up stands."""
        now: House = await self._door.read(SYSTEM, house)
        if now.over:
            raise web.HTTPSeeOther("/sign-in")
        said = request.query.get("token", "")
        if said and self._genuine(said):
            answer = web.HTTPSeeOther(f"/setup/{step_of(now)}")
            answer.set_cookie(
                COOKIE,
                said,
                path="/setup",
                httponly=True,
                samesite="Strict",
                secure=request.secure,
                max_age=86_400 * COOKIE_DAYS,
            )
            raise answer
        if self._genuine(cookie(request, COOKIE)):
            raise web.HTTPSeeOther(f"/setup/{step_of(now)}")
        return await request.app[FRAME].page(
            request, "setup_closed.html", status=403, title=self._t(request)("Installation"), wrong=bool(said)
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        now, step = await self._there(request)
        values = known(now, step, self._t(request), datetime.now(UTC).date())
        guess = step is Step.INSTITUTION and now.institution is None
        return await self._page(
            request, now, step, FormAnswer({**values, **(self._guessed(request) if guess else {})}, {}), guess=guess
        )

    async def take(self, request: web.Request) -> web.StreamResponse:
        now, step = await self._there(request)
        t, form = self._t(request), await form_of(request)
        if step is Step.HALL and (asked := await self._hall.asked(request, form, t)):
            return await self._page(request, now, step, FormAnswer({}, {}), asked=asked)
        outcome = await self._took[step](request, form, t)
        if isinstance(outcome, Refused):
            if outcome.reason == NoSetUp.OVER:
                raise web.HTTPSeeOther("/sign-in")
            if outcome.reason == NoSetUp.ANOTHER_HALL:
                raise web.HTTPSeeOther("/setup/hall")  # drawn anew meanwhile, in another window: the picture again
            values = {name: said for name, said in form.items() if isinstance(said, str) and name not in SECRET}
            values["profiles"] = " ".join(str(each) for each in form.getall("profile", []))
            return await self._page(request, now, step, FormAnswer(values, by_field(outcome, t), outcome), status=422)
        if step is Step.ADMINISTRATOR:
            answer = web.HTTPSeeOther("/sign-in?ready=1&next=%2Fadmin%2Flive")
            answer.del_cookie(COOKIE, path="/setup")
            await self._signed_in(request, form, answer)
            if self._file:
                self._file.unlink(missing_ok=True)
            raise answer
        stays = step is Step.HALL and form.get("do") != "accept"  # first the picture, then on
        to = f"/setup/{step if stays else _ORDER[_ORDER.index(step) + 1]}"
        raise web.HTTPSeeOther(await self._hall.reported(request, form, to) if stays else to)

    async def _mapping(self, request: web.Request) -> web.StreamResponse:
        """What comes of a drawing by the answers so far, a fragment."""
        await self._there(request)
        comes = await self._hall.what_comes(request, await form_of(request), self._t(request))
        return await request.app[FRAME].page(request, "plan_mapping_result.html", **comes)

    async def _signed_in(self, request: web.Request, form: Any, answer: web.HTTPException) -> None:
        """Whoever chose the password a moment ago comes in by it, as at any sign-in: what still stands before them (a
        second factor) does. Where that cannot be, the page of the way in waits for them."""
        ways = request.app.get(SERVICES)
        if ways is None:
            return
        visitor = ways.browsers.visitor(request)
        entered = await ways.sign_in.enter(visitor, line(form, "email"), str(form.get("password", "")))
        if not isinstance(entered, Refused):
            ways.cookies.set(answer, entered.value)

    async def _page(
        self, request: web.Request, now: House, step: Step, answer: FormAnswer, status: int = 200, *,
        guess: bool = False, asked: Mapping[str, Any] | None = None,
    ) -> web.Response:  # fmt: skip
        t = self._t(request)
        picture: HallPicture | None = None
        if step is Step.HALL and (hall := now.hall):
            picture = await self._door.read(SYSTEM, lambda read: hall_picture(read, hall, t))
        page = await request.app[FRAME].page(
            request, "setup_mapping.html" if asked else f"setup_{step}.html", status=status, title=t("Installation"),
            step=step, steps=_ORDER, titles=titles(t), done=done(now), now=now, values=answer.values,
            faults=answer.faults, refused=answer.refused, picture=picture, SHOWN=SHOWN, zones=_timezones(),
            guess=guess, french=french(now),
            suggested=profiles.usual(t.language),
            chosen=answer.values.get("profiles", "").split(), kinds=KINDS,
            plan_faults=_in_plan(answer.refused, t), remarks=report_words(t, request.query),
            currencies={code: get_currency_name(code, locale=t.language) for code in CURRENCIES},
            **(asked or {}),
        )  # fmt: skip
        if request.query.get("lang") in LANGUAGES:
            page.set_cookie(
                LANGUAGE_COOKIE, request.query["lang"], max_age=int(LANGUAGE_FOR.total_seconds()), samesite="Lax"
            )
        return page

    def _guessed(self, request: web.Request) -> Values:
        found = proposed(request.headers.get("Accept-Language", ""), self._t(request).language)
        return {**found, "currency": found["currency"] if found["currency"] in CURRENCIES else ""}

    def _t(self, request: web.Request) -> Texts:
        return request.app[FRAME].texts(request, None)

    def _vouches(self, request: web.Request) -> bool:
        return request.path.startswith("/setup/") and self._genuine(cookie(request, COOKIE))

    def _genuine(self, token: str) -> bool:
        if not token or self._file is None or not self._file.exists():
            return False
        return compare_digest(token.encode(), self._file.read_text().strip().encode())

    async def _there(self, request: web.Request) -> tuple[House, Step]:
        """The step that was asked for, or the one that comes first."""
        now: House = await self._door.read(SYSTEM, house)
        if now.over:
            raise web.HTTPSeeOther("/sign-in")
        if not self._genuine(cookie(request, COOKIE)):
            raise web.HTTPSeeOther("/setup")
        step, reached = Step(request.path.split("/")[2]), step_of(now)
        wanted = _ORDER.index(step)
        if wanted > _ORDER.index(reached) and not (step is Step.ADMINISTRATOR and reached is Step.HALL):
            raise web.HTTPSeeOther(f"/setup/{reached}")
        return now, step

    async def _do(self, request: web.Request, command: Any) -> Outcome[Any]:
        actor = replace(SYSTEM, id="setup", name="set-up", origin=f"web {address_of(request)}")
        return (await self._door.execute(actor, command, fresh_id(_CLOCK))).outcome

    async def _first(self, t: Texts) -> str:
        """The house's first language: the one in which somebody begins to set it up."""
        languages = await self._door.read(SYSTEM, house_languages)
        return next(iter(languages), t.language)

    # --- the steps ----------------------------------------------------------------------------------------------------

    async def _institution(self, request: web.Request, form: Any, t: Texts) -> Outcome[Any]:
        first = await self._first(t)
        name = line(form, "name")
        return await self._do(request, SettleInstitution(
            code=line(form, "code") or code_of(name, "HOUSE"), names=names(name, t.language, first),
            timezone=line(form, "timezone"), currency=line(form, "currency"), language=t.language,
        ))  # fmt: skip

    async def _organiser(self, request: web.Request, form: Any, t: Texts) -> Outcome[Any]:
        first = await self._first(t)
        name = line(form, "name")
        return await self._do(request, SettleOrganiser(
            code=line(form, "code") or code_of(name, "ORGANISER"), names=names(name, t.language, first),
            address=lines(form, "address"), siret=line(form, "siret"), licence=line(form, "licence"),
        ))  # fmt: skip

    async def _season(self, request: web.Request, form: Any, t: Texts) -> Outcome[Any]:
        first = await self._first(t)
        name, activity = line(form, "name"), line(form, "activity")
        days = {field: day(line(form, field)) for field in ("begins", "ends")}
        if missing := [field for field, day in days.items() if day is None]:
            return Refused(NoSetUp.FAULTY, detail={"faults": [{"at": field, "what": "not_a_day"} for field in missing]})
        return await self._do(request, SettleSeason(
            code=line(form, "code") or code_of(name, "SEASON"), names=names(name, t.language, first),
            begins=days["begins"] or date.min, ends=days["ends"] or date.min,
            activity_code=line(form, "activity_code") or code_of(activity, "ACTIVITY"),
            activity_names=names(activity, t.language, first),
        ))  # fmt: skip

    async def _venue(self, request: web.Request, form: Any, t: Texts) -> Outcome[Any]:
        first = await self._first(t)
        name, space = line(form, "name"), line(form, "space")
        return await self._do(request, SettleVenue(
            code=line(form, "code") or code_of(name, "SITE"), names=names(name, t.language, first),
            address=lines(form, "address"), timezone=line(form, "timezone"),
            space_code=line(form, "space_code") or code_of(space, "HALL"),
            space_names=names(space, t.language, first),
        ))  # fmt: skip

    async def _administrator(self, request: web.Request, form: Any, t: Texts) -> Outcome[Any]:
        name, email = line(form, "name"), line(form, "email")
        password = str(form.get("password", ""))
        faults: list[Fault] = []
        now: House = await self._door.read(SYSTEM, house)
        own = (name, email, *(now.institution.names.values() if now.institution else ()))
        if weak := await asyncio.to_thread(weakness, password, own):
            faults.append({"at": "password", "what": weak, "least": SHORTEST, "most": LONGEST})
        if password != form.get("again"):
            faults.append({"at": "again", "what": "not_the_same"})
        wanted = set(form.getall("profile", []))
        language = now.institution.settings.get(LANGUAGE.key, t.language) if now.institution else t.language
        made = AppointAdministrator(
            name=name, email=email, language=t.language, password="", administration=profiles.administration(),
            profiles=tuple(each for profile, each in profiles.usual(language).items() if profile in wanted),
        )  # fmt: skip
        if not faults:
            made = replace(made, password=await hashed(password))
        return await self._appointed(request, made, faults)

    async def _appointed(self, request: web.Request, made: AppointAdministrator, faults: list[Fault]) -> Outcome[Any]:
        """All faults at once, also those that the door would find."""
        if not faults:
            return await self._do(request, made)
        actor = replace(SYSTEM, id="setup")
        tried = (await self._door.execute(actor, made, fresh_id(_CLOCK), dry_run=True)).outcome
        more = tried.detail.get("faults", []) if isinstance(tried, Refused) else []
        return Refused(NoSetUp.FAULTY, detail={"faults": [*more, *faults]})


def titles(t: Texts) -> Mapping[Step, str]:
    return dict(zip(_ORDER, (
        t("L’institution"), t("L’organisateur"), t("La saison"), t("Le site"), t("La salle"), t("Vous"),
    ), strict=True))  # fmt: skip


@cache
def _timezones() -> list[tuple[str, str, str]]:
    """(zone, as a person reads it, what is paid with there)."""
    return [(each, each.replace("_", " "), currency_of(country_of(each))) for each in timezones()]


def _in_plan(refused: Refused | None, t: Texts) -> list[dict[str, str]]:
    """What is wrong in a plan file: who drew it mends it there."""
    if refused is None or refused.reason != NoVenue.PLAN_FAULTY:
        return []
    return flaws_in(refused, t)
