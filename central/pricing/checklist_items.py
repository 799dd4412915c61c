"""What a season needs before a price can be said: tariffs, and a grid that prices every category on sale."""

from collections.abc import Callable, Mapping
from typing import Any

from central.kernel.checklist import HOUSE, ItemStanding, needed, of_table, t
from central.kernel.contexts import ContextKind
from central.kernel.db import in_list
from central.kernel.house_settings import currency_at
from central.kernel.languages import house_languages, spoken_first
from central.kernel.tx import Read
from central.kernel.uses import uses
from central.pricing.model import PriceGrid, PricingPrivilege
from central.pricing.reads import first_grid
from central.pricing.usual_tariffs import CreateTariffs, NewTariff
from central.venues.reads import categories_sold
from central.web.texts import texts
from shared.ids import Id
from shared.languages import LANGUAGES

READ = PricingPrivilege.PRICE_READ
MOST_ASKED = 20  # incomplete grids, whether anything uses them


def usual_tariffs(read: Read, season: str, _: Id, names: Callable[..., dict[str, str]]) -> Any:
    """Full, reduced with a proof, child; codes are in the house's language, too."""
    language = spoken_first(read)
    wanted = (
        (t("PLEIN"), t("Plein tarif"), False),
        (t("REDUIT"), t("Tarif réduit"), True),
        (t("ENFANT"), t("Enfant"), False),
    )
    return CreateTariffs(
        context_id=Id(season),
        tariffs=tuple(
            NewTariff(names(code)[language], names(name), n, proof) for n, (code, name, proof) in enumerate(wanted, 1)
        ),
    )


def first_of_season(read: Read, season: str) -> dict[str, Any]:
    """What the form of a grid opens with: the first one of a season has the name that most houses would give it."""
    if not season or first_grid(read, season):
        return {}
    said = t("Prix de la saison")
    return {"names": {each: texts(each)(said) for each in house_languages(read) if each in LANGUAGES}}


@needed(t("Tarifs"), at=ContextKind.SEASON, order=300, usual=usual_tariffs, needs=READ)
def tariffs(read: Read, season: str) -> ItemStanding:
    return of_table(read, "tariff", season, t("Créez les tarifs que le public choisit : plein, réduit, enfant…"))


@needed(t("Grille de prix"), at=ContextKind.SEASON, order=310, needs=READ)
def price_grid(read: Read, season: str) -> ItemStanding:
    """Complete when each category that the season's halls sell has a price in each of its grids that something uses;
    before any is used, in one of them."""
    ((grids,),) = read.run("SELECT COUNT(*) FROM price_grid WHERE context_id = :at", at=season)
    sold = categories_sold(read, season)
    if not grids:
        waits = not sold or not read.one("SELECT 1 FROM tariff WHERE context_id = :at", at=season)
        return ItemStanding(
            False, t("Créez une grille : un prix par catégorie et par tarif."),
            f"{HOUSE}/price_grid/new?at={season}&code={texts(spoken_first(read))(t('PRIX'))}"
            f"&currency={currency_at(read, season)}",
            waits=waits,
        )  # fmt: skip
    lacks = _grids(read, season, sold, "<", MOST_ASKED)
    named = next((each for each in lacks if uses(read, "price_grid", each, most=1, links=True)), None)
    if named is None and lacks and not _grids(read, season, sold, ">=", 1):
        named = lacks[0]
    grid = read.get(PriceGrid, named) if named else None
    if grid is None:
        return ItemStanding(True, "", f"{HOUSE}/price_grid?at={season}", int(grids))
    priced = {row[0] for row in read.run("SELECT DISTINCT category_id FROM price WHERE grid_id = :id", id=grid.id)}
    lacking = tuple(code for category, code in sold.items() if category not in priced)
    said = t("Donnez un prix à chaque catégorie que la salle vend.")
    return ItemStanding(False, said, f"/admin/pricing/grid/{grid.id}", int(grids), lacking, of=grid.names)


def _grids(read: Read, season: str, sold: Mapping[Id, str], than: str, most: int) -> list[Id]:
    """Those of a season that price fewer categories than are sold (`<`), or all of them (`>=`); before any hall, one
    price is all."""
    among, params = in_list("c", sold or [""])
    rows = read.run(
        "SELECT g.id FROM price_grid g LEFT JOIN price p ON p.grid_id = g.id "  # noqa: S608 - names of parameters
        f"AND (:sold = 0 OR p.category_id IN {among}) WHERE g.context_id = :at "
        f"GROUP BY g.id HAVING COUNT(DISTINCT p.category_id) {than} :least ORDER BY g.id LIMIT :most",
        at=season, sold=len(sold), least=max(1, len(sold)), most=most, **params,
    )  # fmt: skip
    return [Id(row[0]) for row in rows]
