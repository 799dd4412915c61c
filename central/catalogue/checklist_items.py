"""What an activity needs before anything is on."""

from central.catalogue.model import CataloguePrivilege
from central.kernel.checklist import ItemStanding, needed, of_table, t
from central.kernel.contexts import ContextKind
from central.kernel.tx import Read


@needed(t("Spectacle"), at=ContextKind.ACTIVITY, order=400, needs=CataloguePrivilege.CATALOGUE_READ)
def event(read: Read, activity: str) -> ItemStanding:
    return of_table(read, "event", activity, t("Créez le premier spectacle, avec son taux de TVA."))
