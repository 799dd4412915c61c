"""The working day as the page of the house shows it: tonight, what waits, the days to come, takings and devices, in the
reader's words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup

from central.catalogue.model import CataloguePrivilege, PerformanceState
from central.catalogue.ops import sale_over
from central.inventory.model import InventoryPrivilege
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.tx import Read
from central.orders.reads import Takings
from central.reports.curves import row_of_strokes
from central.reports.day import MOST_COUNTED, DayPerformance, Sight, WorkingDay, working_day
from central.reports.site_map import Node, Stand, state_text, trouble_text
from central.web.branches import Branch
from central.web.frame import Part
from central.web.screens.listing import may_see, seen_at
from central.web.screens.names import labels
from central.web.texts import Texts
from shared.runtime.mqtt import Roster

MOST_TODO = 8
SOON = timedelta(days=7)  # what is not on sale by then is a thing to do
_ORGANISES = ("institution", "organiser")  # where orders stand


@dataclass(frozen=True, slots=True)
class DayLine:
    """A performance in a row: `hour` and `day` where it is played, `share` sold in whole per cent, rounded down."""

    id: str
    href: str
    day: str
    hour: str
    doors: str
    title: str
    hall: str
    state: PerformanceState
    state_text: str
    sold: str
    capacity: str
    share: str
    full: bool
    strokes: Markup
    figures: tuple[tuple[str, str, bool], ...]  # label, value, whether it is the one that is asked for most
    plan: str
    note: str


@dataclass(frozen=True, slots=True)
class Todo:
    """`tone`: stop, warn, or due."""

    tone: str
    what: str
    why: str
    href: str
    verb: str


def home_part(door: Door, roster: Roster, live: Callable[[Read], bool]) -> Part:
    """What stands on the page of a context, of what is played there and below. `live`: whether the asker may see the
    live page."""

    def part(read: Read, t: Texts, branch: Branch) -> Mapping[str, Any] | None:
        if not may_see(door, read, BY_NAME["performance"]):
            return None
        day = working_day(read, sight(door, read, branch), roster.all())
        return {**day_shown(read, t, branch, day, _may(door, read)), "live": live(read)}

    return part


def sight(door: Door, read: Read, branch: Branch) -> Sight:
    whole = branch.parent_id is None

    def look(entity: str, here: bool) -> tuple[str, ...] | None:
        declaration = BY_NAME[entity]
        if here and entity == "sale_order" and branch.kind not in _ORGANISES:
            return ()
        return seen_at(door, read, declaration, branch.id if here and not whole else None)

    return look


def _may(door: Door, read: Read) -> Mapping[str, bool]:
    asked = (CataloguePrivilege.CATALOGUE_MODIFY, InventoryPrivilege.CONTINGENT_READ)
    return {privilege: door.permissions.holding(read, privilege) != () for privilege in asked}


def day_shown(read: Read, t: Texts, branch: Branch, day: WorkingDay, may: Mapping[str, bool]) -> Mapping[str, Any]:
    todo = list(_todo(t, day, may))
    channels = labels(read, t, [("channel", each.what) for each in day.takings or ()])
    return {
        "today": t.weekday(day.today),
        "now": t.time(day.now, day.zone),
        "tonight": [day_line(t, each, day.today, day.now) for each in day.tonight],
        "days": [
            (t.weekday(each, short=True), _away(t, day.today, each), [day_line(t, one, each, day.now) for one in found])
            for each, found in day.days
        ],
        "more": f"/admin/e/performance?at={branch.id}&sort=starts",
        "is_more": day.more,
        "todo": todo[:MOST_TODO],
        "left": len(todo) - MOST_TODO,
        "sums": None if day.takings is None else _totals(t, day.takings),
        "takings": [(channels("channel", each.what), _places(t, each.places), t.money(each.amount, each.currency))
                  for each in day.takings or ()],
        "devices": [(each, _label(t, each), state_text(each, t)) for each in day.devices],
        "devices_wrong": sum(1 for _ in _of_devices(t, day)),
        "at": branch.id,
        "sheet": f"/admin/service/{day.today}?at={branch.id}",
    }  # fmt: skip


def day_line(t: Texts, each: DayPerformance, today: date, now: datetime) -> DayLine:
    played, sums = each.played, each.sums
    full = sums.capacity > 0 and sums.left == 0
    says = t("{sold} vendues sur {all}", sold=t.number(sums.sold), all=t.number(sums.capacity))
    figures = [(t("En panier"), t.number(sums.going), False)] if sums.going else []
    if sums.leased:
        figures.append((t("Confiées aux bornes"), t.number(sums.leased), False))
    if sums.blocked:
        figures.append((t("Bloquées"), t.number(sums.blocked), False))
    if not sale_over(played, now):
        figures.append((t("Restent à vendre"), t.number(sums.left), True))
    if each.takings is not None:
        figures.insert(0, (t("Recette"), _amounts(t, each.takings), False))
    return DayLine(
        id=played.id,
        href=f"/admin/e/performance/{played.id}",
        day="" if each.day == today else t.weekday(each.day, short=True),
        hour=t.time(played.starts, each.zone), doors=t.time(played.doors, each.zone),
        title=t.of(played.names), hall=t.of(played.hall), state=played.state,
        state_text=t.value("performance_state", played.state),
        sold=t.number(sums.sold), capacity=t.number(sums.capacity),
        share=share_text(t, sums.sold, sums.capacity), full=full,
        strokes=row_of_strokes(sums.sold, sums.going, sums.capacity, says=says), figures=tuple(figures),
        plan=f"/admin/plan/performance/{played.id}", note=played.note,
    )  # fmt: skip


def share_text(t: Texts, part: int, whole: int) -> str:
    """Whole per cent, rounded down: what is not all is not a hundred."""
    return t("{n} %", n=t.number(100 * part // whole)) if whole else ""


def _amounts(t: Texts, takings: Sequence[Takings]) -> str:
    return " + ".join(t.money(each.amount, each.currency) for each in takings) or "—"


def _totals(t: Texts, takings: Sequence[Takings]) -> list[tuple[str, str]]:
    """(amount, places) per currency."""
    sums: dict[str, tuple[int, int]] = {}
    for each in takings:
        amount, places = sums.get(each.currency, (0, 0))
        sums[each.currency] = (amount + each.amount, places + each.places)
    return [(t.money(amount, currency), _places(t, places)) for currency, (amount, places) in sums.items()]


def _places(t: Texts, n: int) -> str:
    return t.n("{n} place", "{n} places", n)


def _away(t: Texts, today: date, day: date) -> str:
    days = (day - today).days
    return t("demain") if days == 1 else t.n("dans {n} jour", "dans {n} jours", days)


# --- what to do next --------------------------------------------------------------------------------------------------


def _todo(t: Texts, day: WorkingDay, may: Mapping[str, bool]) -> Iterator[Todo]:
    """What stops an evening first, then what somebody should look at, then what is due."""
    found = [*_of_devices(t, day), *_of_performances(t, day, may)]
    if day.anomalies:
        many = t("Plus de {n} anomalies à examiner", n=MOST_COUNTED - 1)
        what = many if day.anomalies >= MOST_COUNTED else t.n(
            "{n} anomalie à examiner", "{n} anomalies à examiner", day.anomalies
        )  # fmt: skip
        why = t("Quelque chose n’allait pas ensemble : une entrée, une vente, un appareil.")
        found.append(Todo("warn", what, why, "/admin/e/anomaly?is.settled=0", t("Voir")))
    tones = ("stop", "warn", "due")
    yield from sorted(found, key=lambda each: tones.index(each.tone))


def _of_devices(t: Texts, day: WorkingDay) -> Iterator[Todo]:
    for node in day.devices:
        href, label = f"/admin/e/device/{node.device.id}", _label(t, node)
        if node.stand is Stand.LAPSED:
            why = t("Personne ne l’a inscrit tant que son code était valable ; sa page en fait un nouveau.")
            yield Todo("due", t("{device} attend un nouveau code", device=label), why, href, t("Voir l’appareil"))
        elif node.stand is Stand.PENDING:
            why = t("Comparez l’empreinte de sa clé avec celle qu’il affiche, puis approuvez-le.")
            yield Todo("due", t("{device} attend votre accord", device=label), why, href, t("Voir l’appareil"))
        elif node.stand is Stand.OFFLINE:
            heard = day.heard.get(node.device.id)
            why = t("Dernières nouvelles : {moment}", moment=t.moment(heard, day.zone, "short")) if heard else ""
            yield Todo("stop", t("{device} ne répond plus", device=label), why, href, t("Voir l’appareil"))
        elif node.stand is Stand.TROUBLE:
            what, step = trouble_text(node, t)
            yield Todo("warn", f"{label}{t.colon}{what or state_text(node, t)}", step, href, t("Voir l’appareil"))
        elif node.stand is Stand.ALONE:
            yield Todo("warn", f"{label}{t.colon}{state_text(node, t)}", "", href, t("Voir l’appareil"))


def _of_performances(t: Texts, day: WorkingDay, may: Mapping[str, bool]) -> Iterator[Todo]:
    coming = [*day.tonight, *(each for _, found in day.days for each in found)]
    for each in coming:
        played = each.played
        # clock: a day that people or the law set; what is final of it waits for a steady clock
        if played.starts - day.now > SOON or played.starts < day.now:
            continue
        hour = t.time(played.starts, each.zone)
        called = f"{t.of(played.names)}, {t.weekday(each.day, short=True)} {hour}"
        if may[CataloguePrivilege.CATALOGUE_MODIFY] and played.state in (
            PerformanceState.DRAFT,
            PerformanceState.SUSPENDED,
        ):
            suspended = played.state is PerformanceState.SUSPENDED
            why = t("La vente est suspendue.") if suspended else t("Pas encore en vente.")
            yield Todo("due", called, why, f"/admin/e/performance/{played.id}", t("Ouvrir"))
        elif each in day.tonight and each.sums.kept and may[InventoryPrivilege.CONTINGENT_READ]:
            what = t.n(
                "{n} place de contingent encore libre", "{n} places de contingents encore libres", each.sums.kept
            )
            yield Todo("due", what, called, f"/admin/plan/performance/{played.id}", t("Voir le plan"))


def _label(t: Texts, node: Node) -> str:
    return node.device.label or t.value("device_kind", node.device.kind)
