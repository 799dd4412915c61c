"""A refusal in words, with the way to what must change first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from central.kernel.door import Door, NoEntry
from central.kernel.misfits import Misfit
from central.kernel.tx import Read
from central.kernel.values import Fault
from central.web.screens.cells import address, table_of
from central.web.screens.names import house_timezone, labels
from central.web.screens.rights import privilege_text
from central.web.screens.sight import named_to
from central.web.texts import Texts
from shared.ids import is_id
from shared.outcome import Reason, Refused


@dataclass(frozen=True, slots=True)
class SaidRefusal:
    """`links` are (text, address): what stands in the way."""

    text: str
    links: tuple[tuple[str, str], ...] = ()
    reason: Reason | None = None


def said(door: Door, read: Read, t: Texts, refused: Refused, on: str | None = None) -> SaidRefusal:
    """`on` is the id of what the act was for. What the asker may not see is not named."""
    links = _links(door, read, t, refused, on)
    return SaidRefusal(words_of(read, t, refused), tuple(dict.fromkeys(links)), refused.reason)


def words_of(read: Read, t: Texts, refused: Refused) -> str:
    if refused.reason is NoEntry.NOT_ALLOWED:
        return t("Il vous manque le droit « {right} ».", right=privilege_text(t, refused.fix))
    if isinstance(again := refused.detail.get("again"), str):
        return f"{t.reason(refused.reason)} {_again(read, t, again)}"
    if refused.reason is NoEntry.DOES_NOT_FIT and (text := _misfit_text(t, refused.detail)):
        return text
    values = {name: value for name, value in refused.detail.items() if isinstance(value, str | int)}
    try:
        return t.reason(refused.reason, **values)
    except (KeyError, IndexError, ValueError):  # a text that wants more than this refusal says
        return t.reason(refused.reason)


def _misfit_text(t: Texts, detail: Mapping[str, Any]) -> str:
    """What does not fit what is stored, in which fields, and the next step; nothing where no more is known."""
    listed = detail.get("fields")
    fields = ", ".join(t.field("", str(each)) for each in listed) if isinstance(listed, list) else ""
    match detail.get("what"):
        case Misfit.THERE_ALREADY if fields:
            return t("Autre chose a déjà cette valeur ({fields}) : choisissez-en une autre.", fields=fields)
        case Misfit.MISSING if fields:
            return t("Il manque une valeur ({fields}) : indiquez-la.", fields=fields)
        case Misfit.NAMES_NOTHING:
            return t("Ce que vous avez choisi n’existe plus : rechargez la page et choisissez de nouveau.")
        case Misfit.OUT_OF_BOUNDS:
            return t("Un nombre ou un texte est trop grand pour être enregistré : réduisez-le.")
    return ""


def _again(read: Read, t: Texts, until: str) -> str:
    """When it is possible again."""
    try:
        when = datetime.fromisoformat(until)
    except ValueError:
        return ""
    return t("De nouveau possible : {when}.", when=t.moment(when, house_timezone(read), "short"))


def _links(door: Door, read: Read, t: Texts, refused: Refused, on: str | None) -> list[tuple[str, str]]:
    links: list[tuple[str, str]] = []
    if page := refused.detail.get("page"):  # where it can be done
        links.append((t("Ma page") if page == "/me" else t("Saisir mon mot de passe"), str(page)))
    by = refused.detail.get("by")
    if isinstance(by, list):
        links += [used_by(t, each, on or refused.fix) for each in by if isinstance(each, Mapping) and "entity" in each]
    things = [(table, row_id) for row_id in _ids(refused, on) if (table := table_of(read, row_id))]
    told = named_to(door, read, things)
    named = labels(read, t, told)
    links += [(f"{t.entity(each[0])} « {named(*each)} »", address(*each)) for each in things if each in told]
    return links[:20]


def used_by(t: Texts, use: Mapping[str, Any], row_id: str) -> tuple[str, str]:
    """`3 Espaces (site)`, and the list of them."""
    entity, column = str(use["entity"]), str(use.get("field", ""))
    said = f" ({t.field(entity, column)})" if column else ""
    count = use.get("count", len(use.get("ids", ())))
    narrowed = f"?is.{column}={row_id}" if column else ""
    return f"{t.number(int(count))} × {t.entities(entity)}{said}", f"/admin/e/{entity}{narrowed}"


def _ids(refused: Refused, on: str | None) -> list[str]:
    """Every id that the refusal names, but the thing's own."""
    found = [refused.fix, refused.detail.get("by"), refused.detail.get("at")]
    for value in refused.detail.values():
        if isinstance(value, list):
            found += [each for each in value if isinstance(each, str)]
    named = [each for each in found if isinstance(each, str) and is_id(each) and each != on]
    return list(dict.fromkeys(named))[:10]


def said_above(
    door: Door, read: Read, t: Texts, refused: Refused, faults: Iterable[Fault], on: str | None
) -> SaidRefusal | None:
    """What is said of a refusal above its form: nothing where all of it stands at the fields, unless it leads on."""
    told = said(door, read, t, refused, on)
    return told if told.links or not any(faults) else None


def faults_in(refused: Refused, fields: set[str]) -> list[Fault]:
    """A refusal's faults at their fields: those it lists, or the field that it names."""
    listed = refused.detail.get("faults")
    if isinstance(listed, list) and listed:
        return [dict(each) for each in listed if isinstance(each, Mapping) and "at" in each and "what" in each]
    if refused.fix.partition(".")[0] in fields:
        return [dict(at=refused.fix, what=refused.reason.value, reason=refused.reason)]  # noqa: C408 - no fault of a value
    return []


def sentences(refused: Refused, t: Texts, called: Mapping[str, str]) -> dict[str, list[str]]:
    """The faults that a refusal lists, in sentences at their fields; `called`: what a form calls a field otherwise."""
    found: dict[str, list[str]] = {}
    for fault in refused.detail.get("faults", ()):
        values = {name: value for name, value in fault.items() if name not in ("at", "what")}
        field = fault["at"].partition(".")[0]  # of a name, in whatever language
        found.setdefault(called.get(field, fault["at"]), []).append(t.fault(fault["what"], **values))
    return found
