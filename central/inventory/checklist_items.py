"""Contingents are for houses that keep places apart; one can sell without."""

from central.kernel.checklist import ItemStanding, needed, of_table, t
from central.kernel.contexts import ContextKind
from central.kernel.tx import Read
from central.venues.model import VenuesPrivilege


@needed(t("Contingents"), at=ContextKind.INSTITUTION, order=150, optional=True, needs=VenuesPrivilege.CONTINGENT_READ)
def contingents(read: Read, institution: str) -> ItemStanding:
    said = t("Réservez des places à un canal ou à un partenaire, si vous en mettez de côté.")
    return of_table(read, "contingent", institution, said)
