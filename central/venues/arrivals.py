"""A plan that somebody brings: who may, into which hall, what they sent, and how it comes in. Whether it is a file, a
drawing of the workshop, or a file with a mapping makes no difference from here on."""

import re
from typing import Any

from aiohttp import web

from central.kernel.contexts import path_of
from central.kernel.door import Door
from central.kernel.languages import in_house
from central.kernel.scope import context_of
from central.kernel.tx import Read
from central.venues.import_report import with_report
from central.venues.model import PhysicalConfiguration, Space, VenuesPrivilege
from central.venues.plan_import import ImportPlan, ReimportPlan
from central.venues.planfile import Format, format_of
from central.venues.planfile_svg import NEEDED
from central.venues.planfile_text import text_of
from central.venues.svg_sources import SvgMapping
from central.web.form import form_of
from central.web.frame import FRAME
from central.web.screens.names import label, labels
from central.web.screens.refusals import said as refusal_text
from central.web.session import SignedIn
from central.web.texts import Texts
from shared.ids import Id, is_id
from shared.outcome import Refused
from shared.runtime.system import SystemClock, fresh_id

MOST_SPACES = 100
MOST_BEFORE = 20  # halls of a space whose mapping is looked for
_CLOCK = SystemClock()
_OURS = [re.compile(rf"\s{name}\s*+=") for name in ("data-seat", *NEEDED)]


def needs_mapping(text: str, *, asked: bool) -> bool:
    """Whether this is a drawing that does not say in our words which seat is which, or not all of it (no zones, no
    rows); or one for which a mapping is `asked` all the same."""
    return format_of(text[:4096].encode()) is Format.SVG and (asked or not all(ours.search(text) for ours in _OURS))


async def sent_by(request: web.Request, me: SignedIn) -> dict[str, str]:
    """Of who may bring a plan in: others' files are not taken apart."""
    if not me.actor.may_somewhere(VenuesPrivilege.VENUE_MODIFY):
        raise web.HTTPForbidden
    found: dict[str, str] = {}
    for name, value in (await form_of(request)).items():
        found[name] = value.strip() if isinstance(value, str) else text_of(value)
    return found


def hall_of(read: Read, t: Texts, onto: str, space: str) -> dict[str, Any] | None:
    """For the page: into which spaces the plan may go, or over which draft. None: this person may not."""
    before, space_id = _before(read, onto), space
    if before:
        space_id = before.space_id
    if (onto and before is None) or (space_id and not _may(read, space_id)):
        return None
    found = read.find(Space, "ORDER BY code, id LIMIT :most", most=MOST_SPACES + 1)
    more, found = len(found) > MOST_SPACES, found[:MOST_SPACES]
    spaces = [row.id for row in found if _may(read, row.id)]
    spaces += [Id(space_id)] if space_id and space_id not in spaces else []
    named = labels(read, t, [("space", each) for each in spaces])
    return {
        "title": t("Corriger le plan {name}", name=label(read, t, "physical_configuration", onto))
        if before
        else t("Nouveau plan de salle"),
        "spaces": [(each, named("space", each)) for each in spaces],
        "unsaid": MOST_SPACES if more else 0,
        "space": space_id,
        "onto": onto,
        "at": context_of(read, "space", space_id) if space_id else None,
    }


def _before(read: Read, onto: str) -> PhysicalConfiguration | None:
    """None, too, of one that this person may not mend."""
    before = read.get(PhysicalConfiguration, onto) if is_id(onto) else None
    return before if before and _may(read, before.space_id) else None


def _may(read: Read, space_id: str) -> bool:
    place = context_of(read, "space", space_id)
    return place is not None and read.actor.may(VenuesPrivilege.VENUE_MODIFY, path_of(read, place))


def mapping_before(read: Read, onto: str, space: str) -> SvgMapping | None:
    """How the hall's last drawing was read; of a new plan, that of the space's newest one."""
    if is_id(onto):
        halls = [each] if (each := _before(read, onto)) else []
    elif is_id(space) and _may(read, space):
        where = "WHERE space_id = :space ORDER BY id DESC LIMIT :most"
        halls = list(read.find(PhysicalConfiguration, where, space=space, most=MOST_BEFORE))
    else:
        halls = []
    return next((hall.drawing.mapping for hall in halls if hall.drawing and hall.drawing.mapping), None)


async def brought(
    door: Door, request: web.Request, me: SignedIn, t: Texts, sent: dict[str, str], text: str,
    mapping: SvgMapping | None = None,
) -> tuple[Refused, Any]:  # fmt: skip
    """Leads to the plan; or why it is refused, and that in words."""
    onto = request.query.get("onto", "")
    plan_id = Id(onto) if is_id(onto) else fresh_id(_CLOCK)
    names = await door.read(me.actor, lambda read: in_house(read, sent.get("name", "")))
    command: Any = (
        ReimportPlan(configuration_id=plan_id, plan=text, mapping=mapping)
        if is_id(onto)
        else ImportPlan(
            id=plan_id, space_id=Id(sent.get("space", "")), code=sent.get("code", ""), names=names, plan=text,
            mapping=mapping,
        )
    )  # fmt: skip
    command_id = fresh_id(_CLOCK)
    outcome = (await door.execute(me.actor, command, command_id)).outcome
    if isinstance(outcome, Refused):
        return outcome, await door.read(me.actor, lambda read: refusal_text(door, read, t, outcome, plan_id))
    to = request.app[FRAME].leads_to["import_plan"].format(id=plan_id)
    to = f"{to}?done={command_id}"
    raise web.HTTPSeeOther(await with_report(door, request, text, to, mapping) if sent.get("file") else to)
