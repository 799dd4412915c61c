"""What a house needs of its venues before it can sell: categories, a site, a hall as built and as sold."""

import re
from collections.abc import Callable
from itertools import cycle
from typing import Any

from central.kernel.checklist import HOUSE, ItemStanding, needed, of_table, t
from central.kernel.contexts import ContextKind
from central.kernel.languages import in_house
from central.kernel.tx import Read
from central.venues.model import PhysicalConfiguration, VenuesPrivilege
from central.venues.usual_categories import CreateSeatCategories, NewCategory
from shared.ids import Id
from shared.look import look

READ = VenuesPrivilege.VENUE_READ
MOST_PROPOSED = 8


def plan_colours(read: Read, most: int = 50) -> dict[str, str]:
    """How the plans of the house paint their categories, by name; of two plans the older one's."""
    halls = read.find(PhysicalConfiguration, "ORDER BY id DESC LIMIT :most", most=most)
    drawn = [each for hall in halls if hall.drawing for each in hall.drawing.categories]
    return {each.name: each.colour.upper() for each in drawn if re.fullmatch("#[0-9A-Fa-f]{6}", each.colour)}


def usual_categories(read: Read, institution: str, _: Id, names: Callable[..., dict[str, str]]) -> Any:
    """Those that the halls' plans name, in their colours; three, if they name none. One without a colour gets the first
    that is free of those that everybody can tell apart."""
    drawn = read.run("SELECT category FROM physical_seat WHERE category <> '' GROUP BY category ORDER BY MIN(position)")
    counted = read.run("SELECT name FROM physical_zone WHERE numbered = 0 GROUP BY name ORDER BY name")
    named = [in_house(read, str(name)) for (name,) in (*drawn, *counted)][:MOST_PROPOSED]
    if not named:
        named = [names(t("Catégorie {n}"), n=n) for n in (1, 2, 3)]
    painted = plan_colours(read)
    said = [painted.get(next(iter(each.values())), "") for each in named]
    free = cycle([each.upper() for each in look().categories if each.upper() not in said] or look().categories)
    made = tuple(
        NewCategory(f"CAT{n}", each, colour or next(free), n)
        for n, (each, colour) in enumerate(zip(named, said, strict=True), 1)
    )
    return CreateSeatCategories(context_id=Id(institution), categories=made)


@needed(t("Site et salle"), at=ContextKind.INSTITUTION, order=100, needs=READ)
def space(read: Read, institution: str) -> ItemStanding:
    ((sites,),) = read.run("SELECT COUNT(*) FROM site WHERE context_id = :at", at=institution)
    ((count,),) = read.run(
        "SELECT COUNT(*) FROM space s JOIN site i ON i.id = s.site_id WHERE i.context_id = :at", at=institution
    )
    at = f"?at={institution}"
    if not sites:
        return ItemStanding(False, t("Créez le site où l’on joue, avec son adresse."), f"{HOUSE}/site/new{at}")
    link = f"{HOUSE}/space{at}" if count else f"{HOUSE}/space/new{at}"
    return ItemStanding(bool(count), t("Créez une salle sur ce site."), link, int(count))


@needed(t("Configuration de salle"), at=ContextKind.INSTITUTION, order=110, needs=READ)
def physical_configuration(read: Read, institution: str) -> ItemStanding:
    rows = read.run(
        "SELECT c.state, COUNT(*), MIN(c.id) FROM physical_configuration c JOIN space s ON s.id = c.space_id "
        "JOIN site i ON i.id = s.site_id WHERE i.context_id = :at GROUP BY c.state",
        at=institution,
    )
    done = sum(count for state, count, _ in rows if state == "validated")
    draft = min((first for state, _, first in rows if state != "validated"), default="")
    if done:
        return ItemStanding(True, "", f"{HOUSE}/physical_configuration?at={institution}", done)
    if draft:
        said = t("Le plan est un brouillon : vérifiez-le et validez-le.")
        return ItemStanding(False, said, f"{HOUSE}/physical_configuration/{draft}")
    spaces = read.run(
        "SELECT s.id FROM space s JOIN site i ON i.id = s.site_id WHERE i.context_id = :at ORDER BY s.id LIMIT 1",
        at=institution,
    )
    of = f"&space_id={spaces[0][0]}" if spaces else ""
    return ItemStanding(
        False, t("Importez le plan de la salle, ou décrivez ses zones et leurs places."),
        f"{HOUSE}/physical_configuration/new?at={institution}{of}", waits=not spaces,
    )  # fmt: skip


@needed(t("Accès"), at=ContextKind.INSTITUTION, order=120, optional=True, needs=READ)
def entrances(read: Read, institution: str) -> ItemStanding:
    ((count,),) = read.run(
        "SELECT COUNT(*) FROM entrance e JOIN site i ON i.id = e.site_id WHERE i.context_id = :at", at=institution
    )
    at = f"?at={institution}"
    link = f"{HOUSE}/entrance{at}" if count else f"{HOUSE}/entrance/new{at}"
    said = t("Nommez les portes, si tout le monde n’entre pas par la même.")
    return ItemStanding(count > 0, said, link, int(count))


@needed(t("Catégories de places"), at=ContextKind.INSTITUTION, order=130, usual=usual_categories, needs=READ)
def seat_categories(read: Read, institution: str) -> ItemStanding:
    said = t("Dites quelles catégories de places vous vendez : chaque siège en aura une.")
    return of_table(read, "seat_category", institution, said)
