"""Contingents are for houses that keep places apart; one can sell without."""

from central.inventory.model import InventoryPrivilege
from central.kernel.checklist import ItemStanding, needed, of_table, t
from central.kernel.contexts import ContextKind
from central.kernel.tx import Read


@needed(
    t("Contingents"), at=ContextKind.INSTITUTION, order=150, optional=True, needs=InventoryPrivilege.CONTINGENT_READ
)
def contingents(read: Read, institution: str) -> ItemStanding:
    said = t("Réservez des places à un canal ou à un partenaire, si vous en mettez de côté.")
    return of_table(read, "contingent", institution, said)
