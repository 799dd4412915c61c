"""What the wizard's forms say, and what they show: values read, proposed, and faults at their fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from central.first_run.model import Block, Step, season_of
from central.first_run.ops import House
from central.first_run.simple_hall import COLOURS
from central.kernel.house_settings import BEGINS, CURRENCY, ENDS, TIMEZONE
from central.kernel.values import Fault
from central.organisation.checklist_items import FRENCH
from central.venues.model import NoVenue
from central.web.form import line
from central.web.screens.refusals import sentences
from central.web.texts import Texts
from shared.outcome import Refused

Values = dict[str, str]
MOST_BLOCKS = 12
MOST_ZONE = 100_000
# What a command calls a field, where the form says it more shortly.
_FIELDS = {"names": "name", "space_names": "space", "activity_names": "activity"}


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """What a form said: `values` are shown again with the faults at their fields."""

    values: Values
    faults: Mapping[str, list[str]]
    refused: Refused | None = None


def lines(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name, "")
    return "\n".join(each.strip() for each in value.splitlines() if each.strip()) if isinstance(value, str) else ""


def day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def number(form: Mapping[str, Any], name: str) -> int | None:
    text = line(form, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def blocks(form: Mapping[str, Any]) -> tuple[tuple[Block, ...], list[Fault]]:
    """The zones whose places are counted: the lines that say anything."""
    found: list[Block] = []
    wrong: list[Fault] = []
    for n in range(MOST_BLOCKS):
        name, places = line(form, f"zone_{n}"), number(form, f"places_{n}")
        if not name and not line(form, f"places_{n}"):
            continue
        if not name:
            wrong.append({"at": f"zone_{n}", "what": "missing"})
        if places is None or not 1 <= places <= MOST_ZONE:
            wrong.append({"at": f"places_{n}", "what": "not_between", "least": 1, "most": MOST_ZONE})
        found.append(Block(name, places or 0))
    if not found:
        wrong.append({"at": "zone_0", "what": "missing"})
    return tuple(found), wrong


def way(form: Any) -> str:
    """How the hall is told: as chosen, or else as it was filled in."""
    said = {
        "plan": bool(form.get("plan")), "drawn": bool(line(form, "rows") or line(form, "seats")),
        "blocks": any(line(form, f"{name}_{n}") for name in ("zone", "places") for n in range(MOST_BLOCKS)),
    }  # fmt: skip
    chosen = str(form.get("way") or "")
    filled = [each for each, there in said.items() if there]
    return filled[0] if len(filled) == 1 and not said.get(chosen) else chosen


def bands(form: Any, rows: int) -> tuple[tuple[int, ...], list[Fault]]:
    """How many rows each price zone has, from the stage on: `6, 8, 4`; empty: one has all."""
    said = line(form, "bands")
    if not said:
        return (), []
    parts = [each for each in re.split(r"[\s,;+/]+", said) if each]
    found = tuple(int(each) for each in parts if each.isascii() and each.isdigit() and len(each) < 4)
    if len(found) < len(parts) or sum(found) != rows or min(found) < 1:
        return (), [{"at": "bands", "what": "bands_add_up", "rows": rows}]
    if len(found) > len(COLOURS):
        return (), [{"at": "bands", "what": "too_many", "most": len(COLOURS)}]
    return found, []


def by_field(refused: Refused, t: Texts) -> dict[str, list[str]]:
    """What is wrong, in sentences at their fields. Of a plan file it may be much, so that is shown beside it."""
    return {} if refused.reason == NoVenue.PLAN_FAULTY else sentences(refused, t, _FIELDS)


def french(now: House) -> bool:
    """Whether the numbers that French law wants on a ticket are asked for: in France, or where one is said already."""
    said = now.organiser.settings if now.organiser else {}
    zone = now.institution.settings.get(TIMEZONE.key, "") if now.institution else ""
    return zone in FRENCH or any(said.get(name) for name in ("siret", "licence"))


def step_of(now: House) -> Step:
    """The first step that is not done."""
    return next(step for step in Step if not done(now)[step])


def done(now: House) -> dict[Step, bool]:
    return {
        Step.INSTITUTION: now.institution is not None,
        Step.ORGANISER: now.organiser is not None,
        Step.SEASON: now.activity is not None,
        Step.VENUE: now.space is not None,
        Step.HALL: now.hall is not None and now.accepted,
        Step.ADMINISTRATOR: now.over,
    }


def known(now: House, step: Step, t: Texts, today: date) -> Values:
    """What stands there already, or what is proposed."""
    house = now.institution.settings if now.institution else {}
    match step:
        case Step.INSTITUTION:
            return {
                **_named(now.institution, t), "timezone": house.get(TIMEZONE.key, TIMEZONE.fallback),
                "currency": house.get(CURRENCY.key, CURRENCY.fallback),
            }  # fmt: skip
        case Step.ORGANISER:
            said = now.organiser.settings if now.organiser else {}
            return {
                **_named(now.organiser or now.institution, t),
                **{name: said.get(name, "") for name in ("address", "siret", "licence")},
            }
        case Step.SEASON:
            begins, ends = season_of(today)
            said = now.season.settings if now.season else {}
            proposed = {"name": t("Saison {from_year}-{to_year}", from_year=begins.year, to_year=ends.year), "code": ""}
            activity = _named(now.activity, t) if now.activity else {"name": t("Théâtre"), "code": ""}
            return {
                **(_named(now.season, t) if now.season else proposed),
                "begins": said.get(BEGINS.key, begins.isoformat()), "ends": said.get(ENDS.key, ends.isoformat()),
                "activity": activity["name"], "activity_code": activity["code"],
            }  # fmt: skip
        case Step.VENUE:
            address = now.organiser.settings.get("address", "") if now.organiser else ""
            site = now.site
            return {
                **_named(site or now.organiser, t),
                "address": site.address if site else address,
                "timezone": site.timezone if site else house.get(TIMEZONE.key, TIMEZONE.fallback),
                "space": t.of(now.space.names) if now.space else t("Grande salle"),
                "space_code": now.space.code if now.space else "",
            }
        case Step.HALL:
            return {"way": "drawn", "rows": "", "seats": ""}
    return {"fresh": "yes"}


def _named(row: Any, t: Texts) -> Values:
    return {"name": t.of(row.names), "code": row.code} if row else {"name": "", "code": ""}
