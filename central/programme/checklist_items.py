"""How a hall is sold in a season; and what an activity needs once there is an event: a performance with its hall and
prices, and that it goes on sale."""

from central.catalogue.model import OVER, CataloguePrivilege, PerformanceState
from central.catalogue.reads import first_event, performances_in
from central.kernel.checklist import HOUSE, ItemStanding, needed, t
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
    found = performances_in(read, activity)
    # Once is enough: that a sale is closed or cancelled later takes nothing back.
    sold = {PerformanceState.ON_SALE, *OVER}
    if begun := [each for each in found if each.state in sold]:
        return ItemStanding(True, "", f"{HOUSE}/performance?at={activity}", len(begun))
    waiting = [each.id for each in found]
    link = f"/admin/do/change_sale?on={waiting[0]}&do=open" if waiting else f"{HOUSE}/performance?at={activity}"
    said = t("Ouvrez la vente : les bornes et les portes l’apprennent.")
    return ItemStanding(False, said, link, waits=not waiting)
