"""What an activity needs: an event, a performance with its hall and prices, and that it goes on sale."""

from central.catalogue.model import CataloguePrivilege
from central.kernel.checklist import HOUSE, ItemStanding, needed, of_table, t
from central.kernel.contexts import ContextKind, path_of
from central.kernel.tx import Read

READ = CataloguePrivilege.CATALOGUE_READ


@needed(t("Spectacle"), at=ContextKind.ACTIVITY, order=400, needs=READ)
def event(read: Read, activity: str) -> ItemStanding:
    return of_table(read, "event", activity, t("Créez le premier spectacle, avec son taux de TVA."))


@needed(t("Représentation"), at=ContextKind.ACTIVITY, order=410, needs=READ)
def performance(read: Read, activity: str) -> ItemStanding:
    ((count,),) = read.run("SELECT COUNT(*) FROM performance WHERE context_id = :at", at=activity)
    if count:
        return ItemStanding(True, "", f"{HOUSE}/performance?at={activity}", int(count))
    season = next(iter(path_of(read, activity)[1:]), activity)
    filled, waits = "", False
    for field, table, at, where in (
        ("event_id", "event", activity, ""),
        ("logical_configuration_id", "logical_configuration", season, " AND state = 'validated'"),
        ("price_grid_id", "price_grid", season, ""),
    ):
        row = read.one(f"SELECT id FROM {table} WHERE context_id = :at{where} ORDER BY id LIMIT 1", at=at)  # noqa: S608 - names of ours, values are parameters
        filled += f"&{field}={row[0]}" if row else ""
        waits = waits or row is None
    return ItemStanding(
        False, t("Dites quand on joue, dans quelle salle et à quels prix."),
        f"{HOUSE}/performance/new?at={activity}{filled}", waits=waits,
    )  # fmt: skip


@needed(t("En vente"), at=ContextKind.ACTIVITY, order=420, needs=READ)
def on_sale(read: Read, activity: str) -> ItemStanding:
    rows = read.run("SELECT id, state FROM performance WHERE context_id = :at ORDER BY starts, id", at=activity)
    # Once is enough: that a sale is closed or cancelled later takes nothing back.
    selling = [row[0] for row in rows if row[1] in ("on_sale", "closed", "cancelled")]
    if selling:
        return ItemStanding(True, "", f"{HOUSE}/performance?at={activity}", len(selling))
    waiting = [row[0] for row in rows if row[1] in ("draft", "suspended")]
    link = f"/admin/do/change_sale?on={waiting[0]}&do=open" if waiting else f"{HOUSE}/performance?at={activity}"
    said = t("Ouvrez la vente : les bornes, les contrôles et internet l’apprennent.")
    return ItemStanding(False, said, link, waits=not waiting)
