"""What the house itself needs before it can sell: who organises, when, and who works there."""

from datetime import timedelta

from central.kernel.checklist import ItemStanding, needed, t
from central.kernel.contexts import ContextKind, institution_of, setting_at
from central.kernel.db import in_list
from central.kernel.house_settings import TIMEZONE
from central.kernel.outbox_state import OutboxState
from central.kernel.tx import Read
from central.organisation.grants import narrowing_kinds
from central.organisation.letters import MAIL
from central.organisation.mentions import mentions_at
from central.organisation.model import OperatorKind, OrganisationPrivilege
from shared.clock import to_ms

LATE = timedelta(minutes=10)
# Where the law wants SIRET and licence on a ticket (Code du travail, L.7122): a house elsewhere has neither.
FRENCH = frozenset({
    "Europe/Paris", "America/Cayenne", "America/Guadeloupe", "America/Marigot", "America/Martinique",
    "America/Miquelon", "America/St_Barthelemy", "Indian/Mayotte", "Indian/Reunion", "Pacific/Noumea",
    "Pacific/Tahiti", "Pacific/Wallis",
})  # fmt: skip


def _below(read: Read, context_id: str, kind: ContextKind, next_: str) -> ItemStanding:
    ((count,),) = read.run(
        "SELECT COUNT(*) FROM context WHERE parent_id = :id AND kind = :kind", id=context_id, kind=kind
    )
    link = f"/admin/at/{context_id}" if count else f"/admin/e/context/new?at={context_id}&kind={kind}"
    return ItemStanding(count > 0, next_, link, int(count))


@needed(t("Organisateur"), at=ContextKind.INSTITUTION, order=10)
def organiser(read: Read, institution: str) -> ItemStanding:
    return _below(read, institution, ContextKind.ORGANISER, t("Créez l’organisateur qui porte la licence et encaisse."))


@needed(t("Numéros administratifs"), at=ContextKind.ORGANISER, order=20, needs=OrganisationPrivilege.CONTEXT_READ)
def administrative_numbers(read: Read, organiser_id: str) -> ItemStanding:
    said = mentions_at(read, organiser_id)
    wanted = [("address", t("adresse"))]
    if timezone_of(read, organiser_id) in FRENCH:
        wanted += [("siret", t("SIRET")), ("licence", t("licence"))]
    lacking = tuple(name for key, name in wanted if not said.get(key))
    todo = t("Complétez ce que la loi exige sur chaque billet.")
    link = f"/admin/do/set_mentions?on={organiser_id}"
    return ItemStanding(not lacking, todo, link, len(wanted) - len(lacking), parts=lacking)


def timezone_of(read: Read, context_id: str) -> str:
    """The house's; a house that never said is taken for a French one."""
    return setting_at(read, institution_of(read, context_id), TIMEZONE.key) or TIMEZONE.fallback


@needed(t("Saison"), at=ContextKind.ORGANISER, order=30)
def season(read: Read, organiser_id: str) -> ItemStanding:
    return _below(read, organiser_id, ContextKind.SEASON, t("Créez la saison que vous préparez."))


@needed(t("Activité"), at=ContextKind.SEASON, order=40)
def activity(read: Read, season_id: str) -> ItemStanding:
    return _below(read, season_id, ContextKind.ACTIVITY, t("Créez une activité : théâtre, concerts, visites…"))


@needed(t("Équipe"), at=ContextKind.INSTITUTION, order=900, optional=True, needs=OrganisationPrivilege.OPERATOR_READ)
def team(read: Read, institution: str) -> ItemStanding:
    # house: a figure for whoever may see the whole house; nothing is refused by it
    ((count,),) = read.run(f"SELECT COUNT(*) FROM operator WHERE kind = '{OperatorKind.PERSON}' AND active = 1")  # noqa: S608 - words of ours
    at = f"?at={institution}"
    link = f"/admin/e/operator{at}" if count > 1 else f"/admin/e/operator/new{at}"
    return ItemStanding(
        count > 1, t("Invitez celles et ceux qui vendent, contrôlent et configurent avec vous."), link, int(count)
    )


@needed(
    t("Périmètres"), at=ContextKind.INSTITUTION, order=905, optional=True, needs=OrganisationPrivilege.OPERATOR_READ
)
def perimeters(read: Read, institution: str) -> ItemStanding | None:
    """People who seem to be narrowed and are not: to objects of a kind that nothing in the house has."""
    kinds, params = in_list("kind", narrowing_kinds())
    ((count,),) = read.run(
        f"SELECT COUNT(DISTINCT operator_id) FROM operator_perimeter WHERE kind NOT IN {kinds}",  # noqa: S608 - our names
        **params,
    )
    if not count:
        return None
    todo = t("Levez les restrictions qui ne restreignent rien, ou choisissez un canal ou un point de vente.")
    return ItemStanding(False, todo, f"/admin/e/operator?at={institution}", int(count))


@needed(
    t("Courriel"),
    at=ContextKind.INSTITUTION,
    order=910,
    optional=True,
    needs=OrganisationPrivilege.OPERATOR_READ,
)
def mail(read: Read, _: str) -> ItemStanding | None:
    """Whether letters leave: the server's address is in central's configuration, what waits is in the outbox."""
    # clock: it shows or measures, and decides about nothing that waits
    ((waiting,),) = read.run(
        f"SELECT COUNT(*) FROM outbox WHERE kind = '{MAIL}' AND state <> '{OutboxState.DONE}' AND due < :late",  # noqa: S608 - words of ours
        late=to_ms(read.now - LATE),
    )
    if not waiting:
        return None  # nothing to do, and nothing known: whether there is a server stands in the configuration
    todo = t("Des courriels attendent : indiquez au central un serveur de messagerie (mail, dans central.toml).")
    return ItemStanding(False, todo, "", int(waiting))
