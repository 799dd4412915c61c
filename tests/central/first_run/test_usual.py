"""What most houses have, proposed to a new one: made in one command, taken away again row by row."""

import re
from dataclasses import replace

import pytest

from central.first_run import profiles
from central.kernel.checklist import ITEMS
from central.kernel.crud import command_of
from central.kernel.entity import BY_NAME
from central.kernel.privileges import EVERYTHING, USUAL, Action, UsualProfile, nodes
from central.kernel.registry import privileges
from central.kernel.tx import Read
from central.kernel.values import CODE_PATTERN
from central.web.checklist import _named
from shared.ids import Id
from shared.languages import LANGUAGES
from tests.central.first_run.test_steps import INSTITUTION, ORGANISER, ROWS, SEASON, VENUE, wizard  # noqa: F401
from tests.central.small_house import Clerk

MADE = {
    "seat_categories": ["CAT1"],  # the plan names one
    "channels": ["GUICHET", "BORNE", "GUICHET-1", "BORNE-1"],
    "tariffs": ["PLEIN", "REDUIT", "ENFANT"],
}


def test_these_are_proposed() -> None:
    assert {name for name, item in ITEMS.items() if item.usual} == set(MADE)


@pytest.mark.parametrize("name", MADE)
def test_it_is_made_as_proposed(wizard: Clerk, name: str) -> None:  # noqa: F811
    for step in (INSTITUTION, ORGANISER, SEASON, VENUE, ROWS):
        wizard.do(step)
    item = ITEMS[name]
    ((at,),) = wizard.rows("SELECT id FROM context WHERE kind = :kind", kind=item.at)
    read = Read(wizard.db, wizard.actor, wizard.watch(), wizard.door.keys)
    assert item.usual and not item.look(read, at).done
    wizard.do(item.usual(read, at, Id(""), _named))
    assert item.look(read, at).done
    made = wizard.rows("SELECT entity, entity_id FROM audit WHERE command_id = :id ORDER BY n", id=wizard.said[-1])
    codes = [wizard.rows(f"SELECT code FROM {entity} WHERE id = :id", id=row)[0][0] for entity, row in made]
    assert codes == MADE[name]
    for entity, row in reversed(made):
        wizard.do(command_of(Action.DELETE, BY_NAME[entity].kind)(id=row))
    assert not item.look(read, at).done


@pytest.mark.parametrize("name, codes", [
    ("channels", ["KASSE", "AUTOMAT"]), ("tariffs", ["NORMAL", "ERMAESSIGT", "KIND"]),
])  # fmt: skip
def test_codes_are_in_the_houses_language(wizard: Clerk, name: str, codes: list[str]) -> None:  # noqa: F811
    in_german = {"names": {"de": "Waschhaus"}}
    wizard.do(replace(INSTITUTION, language="de", **in_german))
    wizard.do(replace(ORGANISER, **in_german))
    wizard.do(replace(SEASON, **in_german, activity_names={"de": "Theater"}))
    item = ITEMS[name]
    ((at,),) = wizard.rows("SELECT id FROM context WHERE kind = :kind", kind=item.at)
    read = Read(wizard.db, wizard.actor, wizard.watch(), wizard.door.keys)
    assert item.usual
    proposed = item.usual(read, at, Id(""), _named)
    assert [each.code for each in getattr(proposed, name)] == codes
    wizard.do(proposed)


PEOPLE = (
    "organisation.operator.read",
    "organisation.profile.read",
    "organisation.session.read",
    "organisation.audit.read",
)


def test_usual_profiles_hold_what_there_is() -> None:
    """Each right, or branch, hangs on the tree; who looks but touches nothing looks at all but at people."""
    tree = {node for right in privileges() for node in nodes(right)}
    assert {right for rights in USUAL.values() for right in rights} <= tree - {EVERYTHING}
    assert set(USUAL[UsualProfile.READER]) == {each for each in privileges() if each.endswith(".read")} - {*PEOPLE}
    suggested = profiles.usual("fr")
    assert [each.code for each in suggested.values()] == ["GUICHET", "BACK-OFFICE", "CONTROLE", "CONSULTATION"]
    box_office = suggested[UsualProfile.BOX_OFFICE]
    assert box_office.names["en"] == "Box office" and "orders" in box_office.privileges


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_profile_has_its_code_in_the_houses_language(language: str) -> None:
    codes = [each.code for each in profiles.usual(language).values()]
    assert len(set(codes)) == len(codes) and all(re.fullmatch(CODE_PATTERN, code) for code in codes)
    english = {each.code for each in profiles.usual("en").values()}
    assert language == "en" or len(english & {*codes}) <= 1, "the back office is one in French, too"


def test_the_names_are_there_in_all_languages() -> None:
    named = _named("Catégorie {n}", n=2)
    assert (named["fr"], named["en"], named["de"]) == ("Catégorie 2", "Category 2", "Kategorie 2")
