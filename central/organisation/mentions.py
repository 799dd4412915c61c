"""What the law wants on every ticket (docs/spec/law-fr.md): who organises, where, under which numbers. They stand in
the settings of a context and hold below it, until a context there says something else."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from aiohttp import web

from central.kernel.contexts import Context, said_at, settings_at
from central.kernel.crud import NoChange
from central.kernel.entity import Look, Ref
from central.kernel.house_settings import DECLARED, SettingLook, any_text, setting, unread
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.kernel.values import Fault
from central.organisation.model import OrganisationPrivilege
from central.web.frame import FRAME
from central.web.texts import Texts
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

_LICENCE = re.compile(r"(PLATESV-[DR]-\d{4}-\d{6}([-/]?\d{1,2})?|[123]-\d{6,7})", re.ASCII)
_VAT_NUMBER = re.compile(
    r"[A-Z]{2}[0-9A-Z]{2,13}", re.ASCII
)  # of any member state (directive 2006/112/EC, article 215)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMentions:
    """What tickets of this context say. Empty: what is said above it. A number that cannot be right is refused."""

    context_id: Annotated[Id, Ref("context")]
    address: Annotated[str, Look.LINES] = ""
    siret: str = ""
    vat_number: str = ""
    licence: str = ""
    mention: str = ""


@handles(SetMentions, needs=OrganisationPrivilege.CONTEXT_MODIFY, refuses=(NoChange,))
def set_mentions(tx: Tx, want: SetMentions) -> Outcome[None]:
    before = tx.get(Context, want.context_id)
    if before is None:
        return Refused(NoChange.NO_SUCH, fix="context_id")
    if faults := faults_of_mentions(want.siret, want.licence, want.vat_number):
        return Refused(NoChange.FAULTY, fix=faults[0]["at"], detail={"faults": faults})
    others = {name: text for name, text in before.settings.items() if name not in MENTIONS}
    said = mentions(want.address, want.siret, want.licence)
    said |= {"vat_number": _close(want.vat_number).upper(), "mention": want.mention.strip()}
    tx.update(before, replace(before, settings={**others, **{name: text for name, text in said.items() if text}}))
    return Ok(None)


def mentions(address: str, siret: str, licence: str) -> dict[str, str]:
    """As they are kept and printed."""
    return {"address": address.strip(), "siret": _close(siret), "licence": ", ".join(licences_of(licence))}


def mentions_at(read: Read, context_id: str) -> dict[str, str]:
    """What tickets of a context say: on paper, in the form and in the list of what is missing."""
    return {name: said.text for name, said in settings_at(read, context_id, MENTIONS).items()}


def _close(number: str) -> str:
    return "".join(sign for sign in number if not sign.isspace() and sign != ".")


def faults_of_mentions(siret: str, licence: str, vat_number: str = "") -> list[Fault]:
    faults: list[Fault] = []
    if siret.strip() and not is_siret(siret):
        faults.append({"at": "siret", "what": "not_a_siret"})
    if wrong := list(not_licences(licence)):
        faults.append({"at": "licence", "what": "not_a_licence", "value": wrong[0][:60]})
    if vat_number.strip() and not _VAT_NUMBER.fullmatch(_close(vat_number).upper()):
        faults.append({"at": "vat_number", "what": "not_a_vat_number", "value": vat_number[:60]})
    return faults


def is_siret(text: str) -> bool:
    """Fourteen digits with Luhn's check; La Poste's own establishments add up to a multiple of five instead."""
    digits = [int(sign) for sign in text if sign in "0123456789"]
    if len(digits) != 14 or not re.fullmatch(r"[\d\s.]*", text, re.ASCII):
        return False
    doubled = [digit * 2 - 9 * (digit > 4) if n % 2 == 0 else digit for n, digit in enumerate(digits)]
    return sum(doubled) % 10 == 0 or (text.replace(" ", "").startswith("356000000") and sum(digits) % 5 == 0)


def licences_of(text: str) -> list[str]:
    """The licence numbers in what somebody typed, as tickets show them."""
    return [each for each in re.split(r"[\s,;]+", text.strip().upper()) if each]


def not_licences(text: str) -> Iterator[str]:
    """PLATESV-D-2026-000123 or PLATESV-R-… (docs/spec/law-fr.md, Licence), or the older 1-123456."""
    return (each for each in licences_of(text) if not _LICENCE.fullmatch(each))


def _judged(name: str) -> Callable[[str, str], list[Fault]]:
    def judge(at: str, text: str) -> list[Fault]:
        said = {"siret": "", "licence": "", name: text}
        return [{**fault, "at": at} for fault in faults_of_mentions(**said)]

    return judge


MENTIONS = tuple(
    setting(name, judge, "", SettingLook.LINES if judge is any_text else SettingLook.LINE).key
    for name, judge in (
        ("address", any_text), ("siret", _judged("siret")), ("vat_number", _judged("vat_number")),
        ("licence", _judged("licence")), ("mention", any_text),
    )
)  # fmt: skip


# --- on the screen ---------------------------------------------------------------------------------------------------


def mention_pages(app: web.Application) -> None:
    frame = app[FRAME]
    frame.opening_of("set_mentions", _own)
    frame.remark_on("context", _unread)
    frame.answer_of("set_mentions", shown_on_tickets)


def _own(read: Read, context_id: str) -> Mapping[str, Any]:
    context = read.get(Context, Id(context_id))
    return dict.fromkeys(MENTIONS, "") | said_at(context, MENTIONS) if context else {}


def _unread(_: Read, t: Texts, context: Context) -> list[str]:
    """A word among its settings that nothing reads may be a slip; or a program's own."""
    words = ", ".join(sorted(t.setting(each) for each in DECLARED))
    return [
        t("Le réglage « {word} » n’est lu par rien. Ceux qui le sont : {words}.", word=word, words=words)
        for word in unread(context.settings)
    ]


def shown_on_tickets(read: Read, t: Texts, given: Mapping[str, Any], _: Any) -> list[tuple[str, str]]:
    """What tickets will say, and from where they have it."""
    here = read.get(Context, Id(given["context_id"]))
    above = settings_at(read, here.parent_id if here else None, MENTIONS)
    said = []
    for name in MENTIONS:
        text = str(given.get(name) or "").strip()
        if not text and name in above:
            text = t("{text} (dit par {name})", text=above[name].text, name=t.of(above[name].by.names))
        said.append((t.field("set_mentions", name), text or t("rien")))
    said.append((t("Aux bornes"), t("dès qu’elles ont une liaison")))
    return said
