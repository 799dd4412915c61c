"""How a hall is sold in a season; and what an activity needs once there is an event: a performance with its hall and
prices, and that it goes on sale."""

from central.catalogue.model import CataloguePrivilege, PerformanceDo, PerformanceState
from central.catalogue.reads import first_event, performances_in
from central.kernel.checklist import HOUSE, ItemRest, ItemStanding, needed, t
from central.kernel.contexts import ContextKind, path_of
from central.kernel.tx import Read
from central.pricing.reads import first_grid
from central.venues.model import VenuesPrivilege
from central.venues.reads import first_validated
from central.venues.seating_reads import seatings_of

READ = CataloguePrivilege.CATALOGUE_READ


@needed(t("Configuration de vente"), at=ContextKind.SEASON, order=140, needs=VenuesPrivilege.VENUE_READ)
def logical_configuration(read: Read, season: str) -> ItemStanding:
    there = seatings_of(read, season)
    if there.validated:
        return ItemStanding(True, "", f"{HOUSE}/logical_configuration?at={season}", there.validated)
    if there.draft:
        said = t("Donnez une catégorie à chaque place, puis validez.")
        return ItemStanding(False, said, f"{HOUSE}/logical_configuration/{there.draft}")
    of = f"&physical={there.hall}" if there.hall else ""
    return ItemStanding(
        False, t("Dites à quelle catégorie appartient chaque partie de la salle, pour cette saison."),
        f"/admin/sell-hall?at={season}{of}", waits=not (there.hall and there.categories),
    )  # fmt: skip


@needed(t("Représentation"), at=ContextKind.ACTIVITY, order=410, needs=READ)
def performance(read: Read, activity: str) -> ItemStanding:
    count = len(performances_in(read, activity))
    if count:
        return ItemStanding(True, "", f"{HOUSE}/performance?at={activity}", count)
    season = next(iter(path_of(read, activity)[1:]), activity)
    made_from = {
        "event_id": first_event(read, activity),
        "logical_configuration_id": first_validated(read, season),
        "price_grid_id": first_grid(read, season),
    }
    filled = "".join(f"&{field}={found.id}" for field, found in made_from.items() if found)
    waits = not all(made_from.values())
    return ItemStanding(
        False, t("Dites quand on joue, dans quelle salle et à quels prix."),
        f"{HOUSE}/performance/new?at={activity}{filled}", waits=waits,
    )  # fmt: skip


@needed(t("En vente"), at=ContextKind.ACTIVITY, order=420, needs=READ)
def on_sale(read: Read, activity: str) -> ItemStanding:
    """Set up once something was put on sale. Whether anything can be bought now is said beside it: a sale that somebody
    suspended is nothing that is missing, and never opened from here as if it were."""
    found = performances_in(read, activity)
    listed = f"{HOUSE}/performance?at={activity}"
    # clock: it shows or measures, and decides about nothing that waits
    coming = [each for each in found if each.sell_until > read.now]
    begun = [each for each in found if each.state != PerformanceState.DRAFT]
    if selling := [each for each in coming if each.state == PerformanceState.ON_SALE]:
        return ItemStanding(True, "", listed, len(selling))
    if paused := [each.id for each in coming if each.state == PerformanceState.SUSPENDED]:
        back = _opening(paused[0]) if len(paused) == 1 else f"{listed}&is.state={PerformanceState.SUSPENDED}"
        rest = ItemRest(t("La vente est suspendue : rien ne s’achète."), t("Rouvrir la vente"), back, paused=True)
        return ItemStanding(True, "", listed, rests=rest)
    drafts = [each.id for each in (coming if begun else found) if each.state == PerformanceState.DRAFT]
    if begun and not drafts:
        said = t("Rien n’est en vente : tout est clos, annulé ou passé.")
        return ItemStanding(True, "", listed, rests=ItemRest(said, t("Voir les représentations"), listed, paused=False))
    said = t("Ouvrez la vente : les bornes et les portes l’apprennent.")
    link = _opening(drafts[0]) if drafts else listed
    return ItemStanding(False, said, link, waits=not drafts, acts_on=("performance", drafts[0]) if drafts else None)


def _opening(performance_id: str) -> str:
    return f"/admin/do/change_sale?on={performance_id}&do={PerformanceDo.OPEN}"
