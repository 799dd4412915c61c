"""Who has to wait at the door just now, as an administrator sees it, and lifting that."""

from dataclasses import dataclass
from typing import Annotated, Any

from central.kernel.contexts import the_house
from central.kernel.personal_data import Personal, PersonalKind
from central.kernel.registry import handles
from central.kernel.spans import ahead
from central.kernel.tx import Read, Tx
from central.kernel.vault import Vault
from central.organisation.model import Attempt, Operator, OperatorKind, OrganisationPrivilege
from central.organisation.rules import LONGEST_WAIT, locked
from central.organisation.sign_in_places import attempt_id
from central.web.limit_sources import Limited
from central.web.texts import Texts
from shared.clock import to_ms
from shared.outcome import Ok, Outcome

SIGN_IN = "sign_in"  # the source's name
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftLimit:
    """Whoever is limited by this need not wait any more. `source` says which limit (`sign_in` …),
    `subject` what: an address may be in it, so the log strikes it."""

    source: str
    subject: Annotated[str, Personal(PersonalKind.CONNECTION, "")]


@handles(LiftLimit, needs=OrganisationPrivilege.LIMIT_LIFT, at=the_house)
def lift_limit(tx: Tx, want: LiftLimit) -> Outcome[None]:
    if want.source == SIGN_IN:
        tx.write("DELETE FROM sign_in_attempt WHERE id = :id", id=attempt_id(want.subject))
    return Ok(None)


def of_sign_in(read: Read, t: Texts, _: Any, vault: Vault) -> list[Limited]:
    """Those who have to wait before they may try again, the longest first. Who an operator is, central works out again
    from the addresses it knows: of the others only a digest is kept."""
    # clock: taken with what a wrong clock put beyond its length
    found = read.find(
        Attempt, "WHERE locked_until > :now AND locked_until <= :ahead ORDER BY locked_until DESC, id LIMIT :most",
        now=to_ms(read.now), ahead=ahead(read.now, LONGEST_WAIT), most=MOST,
    )  # fmt: skip
    if not found:
        return []
    people = read.find(Operator, "WHERE kind = :kind", kind=OperatorKind.PERSON)
    known = {vault.digest("account", each.email or ""): each for each in people} | {each.id: each for each in people}
    return [_limited(t, each, known) for each in found if locked(each, read.now)]


def _limited(t: Texts, each: Attempt, known: dict[Any, Operator]) -> Limited:
    kind, _, rest = each.subject.partition(":")
    whose, _, where = rest.partition("@")
    owner = known.get(whose)
    if kind == "address":
        who, where = t("toute personne qui ne s’est jamais connectée de là"), whose
    elif kind == "session":
        who = t("une session ouverte")
    else:
        who = owner.name if owner else t("un opérateur qui n’existe pas")
    what = {
        "password": t("mots de passe essayés"), "code": t("codes essayés"), "letter": t("liens demandés"),
        "address": t("essais sur plusieurs opérateurs"), "session": t("confirmations par mot de passe"),
    }[kind]  # fmt: skip
    href = f"/admin/e/operator/{owner.id}" if owner else ""
    until = each.locked_until
    assert until, "it is locked"
    return Limited(each.subject, who, what, _place(t, where), each.last, until, each.wrong, href)


def _place(t: Texts, where: str) -> str:
    """An address, the mark of a browser, or neither: all strange places together (sign_in_places.py)."""
    if not where:
        return t("là d’où il ne s’est jamais connecté")
    return where if "." in where or ":" in where else t("son navigateur")
