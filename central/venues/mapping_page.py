"""The step between an SVG that somebody else drew and its import: the operator says where the drawing says which seat
is which, sees at once what comes of it, and changes it until it is right. The first answer is proposed; the hall's next
drawing is read as its last one was.

POST  /admin/plan/new/mapping           looks, or imports what was looked at      ?space=<id>  ?onto=<id>
POST  /admin/plan/new/mapping/preview   what comes of it, a fragment
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from central.kernel.helper_processes import Errand
from central.kernel.languages import spoken_first
from central.venues.arrivals import brought, hall_of, mapping_before, sent_by
from central.venues.flaw_words import flaws_in, place_text
from central.venues.mapping_report import LookAt, MappingLook, file_of, looked_at
from central.venues.planfile_checks import MOST_BYTES, MOST_PLAN_NAME
from central.venues.svg_proposal import Offer
from central.venues.svg_sources import KNOWN, MOST_READ, MOST_UP, NEAREST, NameSource, SeatPart, SvgMapping, Where
from central.web.caller import awaited
from central.web.form import LARGE
from central.web.frame import FRAME
from central.web.kept_forms import keeps
from central.web.preview_mark import SHOWN, shown_mark, was_shown
from central.web.session import SignedIn
from central.web.settings import MIB
from central.web.texts import Texts, texts
from shared.outcome import Refused

HERE = "/admin/plan/new/mapping"
Sent = Mapping[str, str]


class MappingStep:
    def __init__(self, door: Door) -> None:
        self._door = door

    def routes(self, app: web.Application) -> None:
        app[LARGE].update(dict.fromkeys((HERE, f"{HERE}/preview"), MOST_BYTES + MIB))
        app.router.add_post(HERE, self._take)
        keeps(app, HERE)
        keeps(app, f"{HERE}/preview", page=HERE)
        app.router.add_post(f"{HERE}/preview", self._preview)

    async def opened(self, request: web.Request, me: SignedIn, sent: Sent, text: str) -> web.Response:
        """A drawing has come: what it seems to say."""
        return await self._page(request, me, sent, text, is_packed=False)

    async def _take(self, request: web.Request) -> web.Response:
        me = await request.app[FRAME].who(request)
        sent = await sent_by(request, me)
        mapping = wanted_mapping(sent)
        if mapping is None:
            return await self._page(request, me, sent, sent.get("file", ""), unseen="import" in sent)
        opened = await self._door.work_out(Errand(file_of, (sent.get("file", ""),)), partial(awaited, request))
        if isinstance(opened, Refused) or opened.value[0] is None:
            return await self._page(request, me, sent, sent.get("file", ""))
        t = request.app[FRAME].texts(request, me)
        mapping = mapping.in_one_category(await only_category(self._door))
        refused, words = await brought(self._door, request, me, t, dict(sent), opened.value[0], mapping)
        return await self._page(request, me, sent, sent["file"], status=422, refused=refused, words=words)

    async def _preview(self, request: web.Request) -> web.Response:
        frame = request.app[FRAME]
        me = await frame.who(request)
        sent = await sent_by(request, me)
        _, look = await self._look(request, me, sent, sent.get("file", ""))
        return await frame.page(request, "plan_mapping_result.html", **what_comes(frame.texts(request, me), look))

    async def _look(
        self, request: web.Request, me: SignedIn, sent: Sent, text: str, *, is_packed: bool = True
    ) -> tuple[str, MappingLook | Refused | None]:
        onto, space = request.query.get("onto", ""), sent.get("space") or request.query.get("space", "")
        before = await self._door.read(me.actor, lambda read: mapping_before(read, onto, space))
        return await look_at(self._door, request, sent, text, before, is_packed=is_packed)

    async def _page(
        self, request: web.Request, me: SignedIn, sent: Sent, text: str, *, is_packed: bool = True, status: int = 200,
        unseen: bool = False, refused: Refused | None = None, words: Any = None,
    ) -> web.Response:  # fmt: skip
        frame = request.app[FRAME]
        t = frame.texts(request, me)
        onto, space = request.query.get("onto", ""), request.query.get("space", "")
        hall = await self._door.read(me.actor, lambda read: hall_of(read, t, onto, space))
        if hall is None:
            raise web.HTTPNotFound
        file, look = await self._look(request, me, sent, text, is_packed=is_packed)
        return await frame.page(
            request, "plan_mapping.html", status=status, **hall, sent=sent, most_name=MOST_PLAN_NAME, unseen=unseen,
            refused=words, faults=flaws_in(refused, t) if refused else [], **asked_of(t, file, look),
            here=str(request.rel_url.with_path(HERE, keep_query=True)),
            preview=str(request.rel_url.with_path(f"{HERE}/preview", keep_query=True)),
        )  # fmt: skip


async def look_at(
    door: Door, request: web.Request, sent: Sent, text: str, before: SvgMapping | None = None, *, is_packed: bool = True
) -> tuple[str, MappingLook | Refused | None]:
    """The file as the page carries it, and what comes of it by what the form says. None: it came back broken."""
    t = texts(await door.read(SYSTEM, spoken_first))
    want = LookAt(t("Orchestre"), "1", mapping_in(sent), before, await only_category(door))
    done = await door.work_out(Errand(looked_at, (text, is_packed, want)), partial(awaited, request))
    if isinstance(done, Refused):
        return text if is_packed else "", done
    carried, *look = done.value
    return carried or "", look[0] if look else None


async def only_category(door: Door) -> str:
    """What the category of all seats is called where the drawing says none: as in a hall that is drawn here."""
    return texts(await door.read(SYSTEM, spoken_first))("Catégorie {n}", n=1)


def wanted_mapping(sent: Sent) -> SvgMapping | None:
    """By which it is to be imported: of what was looked at, and nothing else."""
    mapping = mapping_in(sent)
    shown = mapping is not None and was_shown([sent.get(SHOWN, "")], _mark(mapping))
    return mapping if "import" in sent and shown else None


def answers_in(sent: Sent) -> dict[str, str]:
    """What a form says of a drawing's parts: carried until the drawing is there again."""
    asked = [f"{part}-{what}" for part in SeatPart for what in ("source", "pattern")]
    return {name: sent[name] for name in asked if name in sent}


def asked_of(t: Texts, file: str, look: MappingLook | Refused | None) -> dict[str, Any]:
    """For the page that asks: the file, the questions, and what comes of the answers."""
    parts = _parts(t, look, look.mapping) if isinstance(look, MappingLook) else []
    return {"file": file, "parts": parts, "most_read": MOST_READ, **what_comes(t, look)}


# --- the form ---------------------------------------------------------------------------------------------------------


def mapping_in(sent: Sent) -> SvgMapping | None:
    """What the form says; None: it says nothing yet."""
    found = {part.value: _source(sent, part) for part in SeatPart}
    said = {name: source for name, source in found.items() if source is not None}
    return SvgMapping(**said) if len(said) == len(SeatPart) else None


def _source(sent: Sent, part: SeatPart) -> NameSource | None:
    """`<where>|<up>|<name>`, and beside it the pattern; of what is the same for all, that is the text."""
    where, _, rest = sent.get(f"{part}-source", "").partition("|")
    up, _, name = rest.partition("|")
    pattern = sent.get(f"{part}-pattern", "")
    if where not in list(Where) or len(name) > MOST_READ or len(pattern) > MOST_READ:
        return None
    if where == Where.SAME:
        return NameSource(Where.SAME, pattern)
    level = int(up) if up.removeprefix("-").isdecimal() and up.isascii() and len(up) < 3 else 0
    return NameSource(Where(where), name, level, pattern) if NEAREST <= level <= MOST_UP else None


def _value(source: NameSource) -> str:
    return f"{source.where}|{source.up}|{'' if source.where is Where.SAME else source.name}"


def _mark(mapping: SvgMapping) -> str:
    return shown_mark([[_value(mapping.of(part)), _text(mapping.of(part))] for part in SeatPart])


def _text(source: NameSource) -> str:
    return source.name if source.where is Where.SAME else source.pattern


def _parts(t: Texts, look: MappingLook, mapping: SvgMapping) -> list[dict[str, Any]]:
    """What the form asks of each part: where it stands, of which places there are, and what it is now."""
    return [
        {
            "name": part.value,
            "label": t.value("svg_part", part),
            "options": _options(t, look.offers, mapping.of(part), part),
            "value": _value(mapping.of(part)),
            "text": _text(mapping.of(part)),
            "why": t.value("svg_why", look.reasons[part]) if part in look.reasons else "",
        }
        for part in SeatPart
    ]


def _options(t: Texts, offers: tuple[Offer, ...], chosen: NameSource, part: SeatPart) -> list[tuple[str, str]]:
    found = {}
    for offer in offers:
        if offer.source.where is Where.COLOUR and part is not SeatPart.CATEGORY:
            continue
        words = ", ".join(example if len(example) <= 20 else f"{example[:19]}…" for example in offer.examples)
        found[_value(offer.source)] = t("« {examples} » {place}", place=_place(t, offer.source), examples=words)
    found.setdefault(_value(chosen), _place(t, chosen))
    same = t("nulle part : une seule catégorie") if part is SeatPart.CATEGORY else t("le même pour toutes les places :")
    found[_value(NameSource(Where.SAME))] = same
    return list(found.items())


def _place(t: Texts, source: NameSource) -> str:
    """A place of the drawing in words: the label of the group around."""
    if source.where is Where.ATTRIBUTE:
        known = source.name in KNOWN
        what = t.value("svg_attribute", source.name) if known else t("attribut {name}", name=source.name)
    else:
        what = t.value("svg_where", source.where)
    if source.where is Where.COLOUR:
        return what
    match source.up:
        case 0:
            return t("{what}, de la forme", what=what)
        case 1:
            return t("{what}, du groupe autour", what=what)
        case -1:
            return t("{what}, de la forme ou du groupe le plus proche", what=what)
    return t("{what}, du groupe {n} niveaux au-dessus", what=what, n=source.up)


# --- what comes of it -------------------------------------------------------------------------------------------------


def what_comes(t: Texts, look: MappingLook | Refused | None) -> dict[str, Any]:
    if not isinstance(look, MappingLook):
        faults = flaws_in(look, t) if look is not None else []
        said = t.reason(look.reason) if look is not None else t("Ce fichier est revenu abîmé : apportez-le de nouveau.")
        return {"look": None, "broken": said, "wrong": faults, "wrong_count": len(faults), "mark": ""}
    wrong = flaws_in(look.refused, t) if look.refused else []
    return {
        "look": look,
        "broken": "",
        "wrong": wrong,
        "wrong_count": int(look.refused.detail.get("count", len(wrong))) if look.refused else 0,
        "mark": _mark(look.mapping),
        "said": [
            (t.value("svg_part", part), said.first, said.count)
            for part, said in look.said.items()
            if said.count and part is not SeatPart.CATEGORY
        ],
        "left": [
            (each, [(place_text(t, at), text) for at, text in each.examples], t.value("svg_left", each.why))
            for each in look.left
        ],
        "examples": [(*names, place_text(t, at)) for *names, at in look.examples],
    }
