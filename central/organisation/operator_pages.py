"""People and programs: inviting them, what they are given, where they are signed in; what they may do and why, and who
may do a thing here.

GET POST /admin/operators/new            somebody, or a program           ?at=
GET      /admin/e/operator/<id>          the operator's page, in the place of the generic one
POST     /admin/operators/<id>/<act>     its buttons
GET      /admin/who/<operator>           what may they do, and why        ?at=
GET      /admin/who                      who may do this here             ?privilege= &at=
"""

from collections.abc import Callable, Mapping
from secrets import token_urlsafe
from typing import Any

from aiohttp import web

from central.kernel.contexts import path_of
from central.kernel.registry import known_nodes, privileges
from central.kernel.tx import Read
from central.organisation.erasure import EraseOperator
from central.organisation.grants import (
    MOST_OBJECTS,
    GivePrivilege,
    GiveRole,
    SetPerimeter,
    TakePrivilege,
    TakeRole,
)
from central.organisation.model import (
    NoOperator,
    OperatorKind,
    OperatorProfile,
    OrganisationPrivilege,
    PerimeterKind,
)
from central.organisation.operator_view import OperatorView, contexts_with, operator_view
from central.organisation.operators import (
    ChangeOperator,
    ClearSecondFactor,
    CreateOperator,
    DeactivateOperator,
    InviteOperator,
    ReactivateOperator,
    RenewKey,
    SendLetter,
    WithdrawKey,
)
from central.organisation.pages import SERVICES, PageServices, typed
from central.organisation.rights import WhatMayTheyDo, WhoMay, key_digest
from central.organisation.sessions import EndSession, EndSessions
from central.web.form import form_of
from central.web.kept_forms import flat, keeps, kept
from central.web.screens.names import Labels, labels
from central.web.screens.refusals import SaidRefusal
from central.web.screens.rights import FIVE, node_text, privilege_text
from central.web.session import SignedIn
from central.web.texts import Texts
from shared.ids import Id, is_id
from shared.outcome import Ok, Refused
from shared.runtime.system import SystemClock, fresh_id

Form = Mapping[str, Any]


def operator_routes(app: web.Application) -> None:
    services = app[SERVICES]
    pages = OperatorPages(services)
    app.router.add_get("/admin/operators/new", pages.new_form)
    app.router.add_post("/admin/operators/new", pages.new)
    keeps(app, "/admin/operators/new")
    app.router.add_get("/admin/e/operator/new", pages.new_form)
    app.router.add_get("/admin/e/operator/{id:[0-9A-HJKMNP-TV-Z]{26}}", pages.show)
    app.router.add_post("/admin/operators/{id}/{act}", pages.act)
    app.router.add_get("/admin/who/{id}", pages.rights)
    app.router.add_get("/admin/who", pages.who)


class OperatorPages:
    def __init__(self, services: PageServices) -> None:
        self._services = services

    # --- somebody new -------------------------------------------------------------------------------------------------

    async def new_form(self, request: web.Request) -> web.StreamResponse:
        me = await self._services.frame.who(request)
        return await self._new_page(request, flat(await kept(request, str(me.actor.id))))

    async def _new_page(self, request: web.Request, form: Form, refused: Refused | None = None) -> web.Response:
        me = await self._services.frame.who(request)
        t = self._services.frame.texts(request, me)
        said = await self._services.said(t, me.actor, refused) if refused else None
        faults = {each["at"]: t.fault(each["what"], **_words(each)) for each in _faults(refused)}

        def look(read: Read) -> tuple[Any, Any]:
            contexts = contexts_with(read, t, OrganisationPrivilege.OPERATOR_CREATE, request.query.get("at", ""))
            profiles = read.find(OperatorProfile, "ORDER BY code")
            path = [path_of(read, each.context_id) for each in profiles]
            may = [read.actor.may(OrganisationPrivilege.OPERATOR_CREATE, each) for each in path]
            return contexts, [each for each, yes in zip(profiles, may, strict=True) if yes]

        contexts, profiles = await self._services.door.read(me.actor, look)
        if not contexts:
            return await self._not_yours(request, OrganisationPrivilege.OPERATOR_CREATE)
        return await self._services.frame.page(
            request, "operator_new.html", status=400 if refused else 200, title=t("Inviter quelqu’un"), said=said,
            faults=faults, form={name: typed(form, name) for name in _NEW}, contexts=contexts, profiles=profiles,
            at=typed(form, "context_id") or request.query.get("at", ""), here="/admin/operators/new",
            mails=self._services.mailer.works,
        )  # fmt: skip

    async def new(self, request: web.Request) -> web.StreamResponse:
        me, form = await self._services.frame.who(request), await form_of(request)
        if wrong := await self._services.given_again(request, form):
            return await self._services.ask_again(request, form, wrong)
        operator_id, context_id = fresh_id(SystemClock()), Id(typed(form, "context_id"))
        key = ""
        command: Any
        if typed(form, "kind") == OperatorKind.PROGRAM:
            key = token_urlsafe(32)
            command = CreateOperator(
                id=operator_id,
                context_id=context_id,
                name=typed(form, "name"),
                key_digest=key_digest(key),
                privileges=(),
            )
        else:
            profile = typed(form, "profile_id")
            command = InviteOperator(
                id=operator_id,
                context_id=context_id,
                name=typed(form, "name"),
                email=typed(form, "email"),
                language=typed(form, "language"),
                profile_id=Id(profile) if profile else None,
            )
        command_id, outcome = await self._services.do(me.actor, command)
        if isinstance(outcome, Refused):
            if outcome.reason == NoOperator.CONFIRM_FIRST:
                return await self._services.ask_again(request, form)
            return await self._new_page(request, form, outcome)
        if key:
            profile = typed(form, "profile_id")
            if profile:
                _, given = await self._services.do(
                    me.actor, GiveRole(operator_id=operator_id, profile_id=Id(profile), context_id=context_id)
                )
                if isinstance(given, Refused):
                    return await self._show(request, operator_id, given, key=key)
            return await self._show(request, operator_id, key=key)
        if not self._services.mailer.works:
            return await self._with_link(request, me, operator_id)
        raise web.HTTPSeeOther(f"/admin/e/operator/{operator_id}?done={command_id}")

    # --- the operator's page ------------------------------------------------------------------------------------------

    async def show(self, request: web.Request) -> web.StreamResponse:
        return await self._show(request, request.match_info["id"])

    async def _show(
        self, request: web.Request, operator_id: str, refused: Refused | None = None, *, key: str = "", link: str = ""
    ) -> web.Response:
        """`key` and `link` are shown this once."""
        me = await self._services.frame.who(request)
        t = self._services.frame.texts(request, me)
        view: OperatorView | Refused | None = await self._services.door.read(
            me.actor, lambda read: operator_view(read, t, operator_id, self._services.idle)
        )
        if view is None:
            raise web.HTTPNotFound
        if isinstance(view, Refused):
            return await self._not_yours(request, view.fix)
        said: SaidRefusal | None = await self._services.said(t, me.actor, refused, operator_id) if refused else None
        return await self._services.frame.page(
            request, "operator.html", status=400 if refused else 200,
            title=view.operator.name or t("Personne effacée"), view=view, said=said,
            key=key, link=link, at=view.operator.context_id, here="operator", own=view.operator.id == me.actor.id,
            why=_lacks(t, refused), nodes=sorted(known_nodes()) if view.may_change else [],
            privilege=lambda node: node_text(t, node),
        )  # fmt: skip

    async def act(self, request: web.Request) -> web.StreamResponse:
        me, form = await self._services.frame.who(request), await form_of(request)
        operator_id, act = Id(request.match_info["id"]), request.match_info["act"]
        if not is_id(operator_id) or act not in _ACTS:
            raise web.HTTPNotFound
        if wrong := await self._services.given_again(request, form):
            return await self._services.ask_again(request, form, wrong)
        key = token_urlsafe(32) if act == "key" else ""
        command = _ACTS[act](operator_id, form, key)
        command_id, outcome = await self._services.do(me.actor, command)
        if isinstance(outcome, Refused):
            if outcome.reason == NoOperator.CONFIRM_FIRST:
                return await self._services.ask_again(request, form)
            return await self._show(request, operator_id, outcome)
        if key:
            return await self._show(request, operator_id, key=key)
        if act == "letter" and not self._services.mailer.works:
            return await self._with_link(request, me, operator_id)
        raise web.HTTPSeeOther(f"/admin/e/operator/{operator_id}?done={command_id}")

    async def _with_link(self, request: web.Request, me: SignedIn, operator_id: Id) -> web.Response:
        """Where no mail leaves the house: who may write to somebody hands the link over themselves."""
        link = await self._services.sign_in.link(me.actor, operator_id)
        if isinstance(link, Refused):
            return await self._show(request, operator_id, link)
        return await self._show(request, operator_id, link=f"{self._services.public_url}/invitation/{link.value}")

    # --- who may what -------------------------------------------------------------------------------------------------

    async def rights(self, request: web.Request) -> web.StreamResponse:
        me = await self._services.frame.who(request)
        t = self._services.frame.texts(request, me)
        operator_id, at = request.match_info["id"], request.query.get("at", "")
        if not is_id(operator_id):
            raise web.HTTPNotFound
        outcome = await self._services.door.ask(
            me.actor,
            WhatMayTheyDo(operator_id=Id(operator_id), at=Id(at) if is_id(at) and "here" in request.query else None),
        )
        if isinstance(outcome, Refused):
            return await self._not_yours(request, outcome.fix)
        found = outcome.value

        def look(read: Read) -> tuple[Labels, Any]:
            contexts = {source.context_id for line in found.lines for cell in line.cells for source in cell.why}
            wanted = [("context", each) for each in contexts]
            wanted += [(kind, each) for kind, ids in found.perimeter.items() for each in ids]
            return labels(read, t, wanted), contexts_with(read, t, OrganisationPrivilege.OPERATOR_READ, at)

        named, contexts = await self._services.door.read(me.actor, look)
        shown = [line for line in found.lines if "all" in request.query or any(cell.why for cell in line.cells)]
        return await self._services.frame.page(
            request, "rights.html", title=t("Ce que peut {name}", name=found.name), found=found, lines=shown,
            named=named, contexts=contexts, five=FIVE, everything="all" in request.query,
            chosen=at if "here" in request.query else "", here="operator",
            privilege=lambda node: node_text(t, node),
        )  # fmt: skip

    async def who(self, request: web.Request) -> web.StreamResponse:
        me = await self._services.frame.who(request)
        t = self._services.frame.texts(request, me)
        wanted, at = request.query.get("privilege", ""), request.query.get("at", "")
        contexts = await self._services.door.read(
            me.actor, lambda read: contexts_with(read, t, OrganisationPrivilege.OPERATOR_READ, at)
        )
        if not contexts:
            return await self._not_yours(request, OrganisationPrivilege.OPERATOR_READ)
        at = at if at in {each for each, _ in contexts} else contexts[0][0]
        holders, named = None, None
        if wanted in known_nodes():
            outcome = await self._services.door.ask(me.actor, WhoMay(context_id=Id(at), privilege=wanted))
            if isinstance(outcome, Ok):
                holders = outcome.value
                ids = {source.context_id for each in holders for source in each.why}
                named = await self._services.door.read(
                    me.actor, lambda read: labels(read, t, [("context", each) for each in ids])
                )
        texts = sorted(((node_text(t, each), each) for each in privileges()), key=lambda pair: pair[0].casefold())
        return await self._services.frame.page(
            request, "who.html", title=t("Qui peut quoi"), wanted=wanted, chosen=at, contexts=contexts, choices=texts,
            holders=holders, named=named, at=at, here="/admin/who", privilege=lambda node: node_text(t, node),
        )  # fmt: skip

    async def _not_yours(self, request: web.Request, privilege: str) -> web.Response:
        me = await self._services.frame.who(request)
        t = self._services.frame.texts(request, me)
        return await self._services.frame.page(
            request, "not_yours.html", status=403, title=t("Cette page ne vous est pas ouverte"),
            lacks=privilege_text(t, privilege),
        )  # fmt: skip


_NEW = ("name", "email", "language", "profile_id", "kind", "context_id")

_ACTS: dict[str, Callable[[Id, Form, str], Any]] = {
    "change": lambda who, form, _: ChangeOperator(
        operator_id=who, name=typed(form, "name"), language=typed(form, "language"), email=typed(form, "email") or None
    ),
    "deactivate": lambda who, _, __: DeactivateOperator(operator_id=who),
    "reactivate": lambda who, _, __: ReactivateOperator(operator_id=who),
    "erase": lambda who, _, __: EraseOperator(operator_id=who),
    "letter": lambda who, _, __: SendLetter(operator_id=who),
    "second-factor": lambda who, _, __: ClearSecondFactor(operator_id=who),
    "key": lambda who, _, key: RenewKey(operator_id=who, key_digest=key_digest(key)),
    "no-key": lambda who, _, __: WithdrawKey(operator_id=who),
    "role": lambda who, form, _: GiveRole(
        operator_id=who, profile_id=Id(typed(form, "profile_id")), context_id=Id(typed(form, "context_id"))
    ),
    "no-role": lambda _, form, __: TakeRole(role_id=Id(typed(form, "role_id"))),
    "privilege": lambda who, form, _: GivePrivilege(
        operator_id=who, context_id=Id(typed(form, "context_id")), privilege=typed(form, "privilege")
    ),
    "no-privilege": lambda _, form, __: TakePrivilege(grant_id=Id(typed(form, "grant_id"))),
    "perimeter": lambda who, form, _: SetPerimeter(
        operator_id=who, kind=PerimeterKind(typed(form, "kind")), object_ids=_objects(form)
    ),
    "session": lambda _, form, __: EndSession(session_id=Id(typed(form, "session_id"))),
    "sessions": lambda who, _, __: EndSessions(operator_id=who),
}
"""What the buttons do; which of them somebody may press is the door's business."""


def _objects(form: Any) -> tuple[str, ...]:
    """Those that are ticked."""
    return tuple(dict.fromkeys(str(each) for each in form.getall("object", [])))[:MOST_OBJECTS]


def _lacks(t: Texts, refused: Refused | None) -> list[str]:
    """The privileges that a refusal names, in words."""
    named = refused.detail.get("privileges", []) if refused else []
    return [node_text(t, str(each)) for each in named][:20] if isinstance(named, list) else []


def _faults(refused: Refused | None) -> list[dict[str, Any]]:
    found = refused.detail.get("faults", []) if refused else []
    return [dict(each) for each in found] if isinstance(found, list) else []


def _words(fault: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fault.items() if name not in ("at", "what") and isinstance(value, str | int)}
