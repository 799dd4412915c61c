"""The frame around every page: who is there, in which language, where in the house, and what they may open.

A page is a template that extends `base.html`; the frame gives it `t` (the texts), `me`, `csrf`, `static` (addresses of
assets) and, for who is signed in, `shell` (shell.py). `at=` says in which context the page stands, `here=` which entity
or which of the menu's own pages it shows; `panel` in the address asks for a fragment, without any of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jinja2
from aiohttp import web

from central.kernel.contexts import ContextKind
from central.kernel.door import Door
from central.kernel.tx import Read
from central.kernel.values import CODE_PATTERN, MOST_CODE
from central.web.assets import asset_address
from central.web.cookies import cookie
from central.web.kept_forms import OPENED, forget, to_sign_in
from central.web.kept_views import ViewsOf
from central.web.notices import Provider
from central.web.rooms import Menu
from central.web.screens.rights import privilege_text
from central.web.session import SESSIONS, SignedIn, masked
from central.web.shell import shell
from central.web.texts import Texts, language_for, own_name, texts
from shared.languages import LANGUAGES, OWN_NAMES
from shared.registries import add

if TYPE_CHECKING:
    from central.web.screens.cells import Cell

LANGUAGE_COOKIE = "language"
FIRST_REFUSAL = 400  # from this status on, nothing was done
LANGUAGE_FOR = timedelta(days=365)
AnswerWords = Callable[[Read, Texts, Mapping[str, Any], Any], list[tuple[str, str]]]
"""(read, texts, what the command was given, what it would answer) → (name, text) of what else is to be known."""

Part = Callable[[Read, Texts, Any], Mapping[str, Any] | None]
"""(read, texts, what the page is about) → what the part's template needs; None: there is nothing to show."""

HOME = "home"
"""The place of what stands on the page of a context, which its parts are given (a `Branch`)."""

ON_SALE = "on_sale"
"""The place of what stands on the going-live list once nothing is missing; its parts are given a context's id."""

NextStep = Callable[[Read, str, str], tuple[str, str] | None]
"""(read, a context, the id of the act that was done) → (what, its address) of what a house that sells nothing yet does
next."""

Remark = Callable[[Read, Texts, Any], list[str]]
"""(read, texts, a row) → what somebody should look at again."""


Doubt = Callable[[Read, Texts, Mapping[str, Any]], list[str]]
"""(read, texts, the values of a form, with those of its row) → what is rarely meant, before anything is saved."""


@dataclass(frozen=True, slots=True)
class Follows:
    """What the form of a new row may leave empty, beside what follows for any (screens/blanks.py): the paths of its
    fields, and what fills them in, of what was typed. `copies`: a row is duplicated by this form; `afresh`: what its
    copy opens with instead."""

    paths: frozenset[str]
    fill: Callable[[Read, Mapping[str, list[str]]], dict[str, list[str]]]
    copies: bool = False
    afresh: Callable[[Mapping[str, list[str]]], dict[str, list[str]]] = lambda _: {}


@dataclass(frozen=True, slots=True)
class ListColumn:
    """What an area has to say of the rows of a list and no column of theirs holds. `say`: (read, texts, the rows of a
    page) → by id what stands there, in so many statements however many rows there are; `needs`: the right to see it."""

    name: str
    text: str
    needs: str
    say: Callable[[Read, Texts, Sequence[Any]], Mapping[str, "Cell"]]
    number: bool = False


class Frame:
    def __init__(self, door: Door, menu: Menu) -> None:
        self.door, self.menu = door, menu
        self._loaders: list[jinja2.BaseLoader] = []
        self._pages: dict[str, list[tuple[str, str, str, Callable[[Any], bool]]]] = {}
        self.instead: set[str] = set()
        self.notices: list[tuple[Provider, str]] = []
        self.answers: dict[str, AnswerWords] = {}
        self.remarks: dict[str, list[Remark]] = {}
        self.doubts: dict[str, list[Doubt]] = {}
        self.homes: dict[str, ContextKind] = {}
        self._parts: dict[str, list[tuple[str, Part, str]]] = {}
        self.follows: dict[str, Follows] = {}
        self.openings: dict[str, Callable[[Read, str], Mapping[str, Any]]] = {}
        self.new_openings: dict[str, Callable[[Read, str], Mapping[str, Any]]] = {}
        self.leads_to: dict[str, str] = {}
        self.given_at: dict[str, str] = {}  # command → the page of its own on which it is given, for who looks for it
        self.new_at: dict[str, str] = {}  # entity → the page of its own on which one is made, unless asked otherwise
        self.next_step: NextStep = lambda *_: None
        self.dated: dict[str, tuple[str, str]] = {}
        self.list_columns: dict[str, list[ListColumn]] = {}
        self.kept_views: ViewsOf = lambda *_: []
        self._templates = jinja2.Environment(
            loader=jinja2.ChoiceLoader(self._loaders),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            static=asset_address, languages=LANGUAGES, own_names=OWN_NAMES, own_name=own_name
        )
        self._templates.globals.update(most_code=MOST_CODE, code_pattern=CODE_PATTERN)
        self._templates.globals["shell"] = None
        self.templates("central.web")

    def templates(self, package: str, folder: str = "templates") -> None:
        """Adds an area's folder of templates."""
        self._loaders.append(jinja2.PackageLoader(package, folder))

    def page_for(
        self, entity: str, text: str, href: str, needs: str, instead: tuple[str, ...] = (), *,
        when: Callable[[Any], bool] = lambda _: True,
    ) -> None:  # fmt: skip
        """A hand-made page about each row of an entity, as a button on its page: `{id}` in `href` is the row's. It
        stands `instead` of the buttons of these commands, for rows of which `when` holds."""
        self.instead.update(instead)
        self._pages.setdefault(entity, []).append((text, href, needs, when))

    def answer_of(self, command: str, told: AnswerWords) -> None:
        """What is said of a command beside what it would change, before it is done."""
        add(self.answers, command, told)

    def remark_on(self, entity: str, remark: Remark) -> None:
        """What is said on the page of each row of an entity; nothing is refused by it."""
        self.remarks.setdefault(entity, []).append(remark)

    def doubt(self, entity: str, doubt: Doubt) -> None:
        """What is asked back before a row is made or changed by its form: it is saved by whoever says so once more."""
        self.doubts.setdefault(entity, []).append(doubt)

    def stands_at(self, entity: str, kind: ContextKind) -> None:
        """In which kind of context its rows are meant to stand: a new one's form opens there, and asks about others."""
        add(self.homes, entity, kind)

    def part_of(self, place: str, template: str, part: Part, style: str = "") -> None:
        """What an area puts on a page that is not its own: that of each row of an entity, of `HOME` or of `ON_SALE`.
        Its template is given `part`; `style` is its sheet."""
        self._parts.setdefault(place, []).append((template, part, style))

    def parts_of(self, place: str, read: Read, t: Texts, about: Any) -> list[tuple[str, Mapping[str, Any], str]]:
        """(template, what it needs, sheet) of what there is to show; `says`: fields, also of lists, that the page need
        not say."""
        shown = ((template, part(read, t, about), style) for template, part, style in self._parts.get(place, ()))
        return [(template, data, style) for template, data, style in shown if data is not None]

    def opening_of(self, command: str, values: Callable[[Read, str], Mapping[str, Any]]) -> None:
        """What a command's form opens with, by fields, for the row it acts on."""
        add(self.openings, command, values)

    def opening_of_new(self, command: str, values: Callable[[Read, str], Mapping[str, Any]]) -> None:
        """What the form of a new row opens with, by fields, in the context in which it is made ("": none is chosen)."""
        add(self.new_openings, command, values)

    def lead_to(self, command: str, href: str) -> None:
        """Where the form of a new row leads when it is made, instead of its page: `{id}` is the row's."""
        add(self.leads_to, command, href)

    def list_by_days(self, entity: str, begins: str, ends: str) -> None:
        """The list of an entity goes by days: by these columns, what is not over yet first."""
        add(self.dated, entity, (begins, ends))

    def list_column(self, entity: str, column: ListColumn) -> None:
        """What stands in an entity's list behind what names its rows."""
        self.list_columns.setdefault(entity, []).append(column)

    def pages_of(self, entity: str, row: Any) -> list[tuple[str, str, str]]:
        return [page[:3] for page in self._pages.get(entity, []) if page[3](row)]

    def notice(self, provider: Provider, needs: str) -> None:
        """What its provider has to say stands on the administration's front page, for who holds `needs`."""
        self.notices.append((provider, needs))

    def filter(self, name: str, made: Callable[..., Any]) -> None:
        self._templates.filters[name] = made

    async def who(self, request: web.Request) -> SignedIn:
        """Who is there; nobody is sent to sign in."""
        signed_in = await self.known(request)
        if signed_in is None:
            raise await to_sign_in(request)
        return signed_in

    async def known(self, request: web.Request) -> SignedIn | None:
        return await request.app[SESSIONS](request) if SESSIONS in request.app else None

    def language(self, request: web.Request, me: SignedIn | None) -> str:
        chosen = request.query.get("lang") or (me.language if me else cookie(request, LANGUAGE_COOKIE))
        return language_for(chosen, request.headers.get("Accept-Language", ""))

    def texts(self, request: web.Request, me: SignedIn | None) -> Texts:
        return texts(self.language(request, me))

    async def page(self, request: web.Request, template: str, /, *, status: int = 200, **data: Any) -> web.Response:
        """A whole page, or a fragment of one."""
        me = await self.known(request)
        t = self.texts(request, me)
        at, here = data.get("at") or request.query.get("at"), data.setdefault("here", "")
        if me and "panel" not in request.query and "HX-Request" not in request.headers:
            done = request.query.get("done", "") if status < FIRST_REFUSAL else ""
            data["shell"] = await self.door.read(
                me.actor,
                lambda read: shell(read, self.door, t, at=at, here=here, menu=self.menu, done=done),
            )
            at = data["shell"].at
            data["next_step"] = None
            if data["shell"].done:
                step = await self.door.read(me.actor, lambda read: self.next_step(read, at, done))
                data["next_step"] = step if step and urlsplit(step[1]).path != request.path else None
        again = request.get(OPENED, False)
        said = self.render(template, t, me=me, request=request, csrf=masked(me.csrf) if me else "", again=again, **data)
        answer = web.Response(status=status, text=said, content_type="text/html", headers={"Cache-Control": "no-store"})
        forget(request, answer)
        answer.enable_compression()
        return answer

    async def forbidden(self, request: web.Request, me: SignedIn, privilege: str) -> web.Response:
        """What is there, and not for them: with the right that it takes."""
        t = self.texts(request, me)
        right = privilege_text(t, privilege)
        return await self.page(request, "screens/forbidden.html", status=403, title=t("Pas pour vous"), right=right)

    def render(self, template: str, t: Texts, /, **data: Any) -> str:
        return self._templates.get_template(template).render(t=t, **data)


FRAME: web.AppKey[Frame] = web.AppKey("frame")
