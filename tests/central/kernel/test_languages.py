"""A house's languages are data: names are needed in its first, and it may have others than Parterre speaks."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from central.kernel.actor import SYSTEM
from central.kernel.contexts import Context
from central.kernel.crud import NoChange, command_of
from central.kernel.languages import house_languages, in_house, spoken_first
from central.kernel.privileges import Action
from central.kernel.tx import Read, Tx
from central.pricing.model import Tariff
from shared.languages import LANGUAGES
from tests.central.small_house import NOW, Clerk, House, new_id

Quick = tuple[Clerk, House]
ChangeContext = command_of(Action.MODIFY, Context)
CreateTariff, ChangeTariff = command_of(Action.CREATE, Tariff), command_of(Action.MODIFY, Tariff)


@pytest.fixture
def read(quick: Quick, keys: Any) -> Iterator[Read]:
    yield Read(quick[0].db, SYSTEM, NOW, keys)


@pytest.mark.parametrize(
    "settings, want, staff",
    [
        ({}, LANGUAGES, "fr"),
        ({"language": "de"}, ("de", "fr", "en", "es", "it"), "de"),
        ({"language": "de", "languages": "ca es"}, ("ca", "es"), "es"),
        ({"languages": "rm, de,rm"}, ("rm", "de"), "de"),
        ({"languages": "ca"}, ("ca",), "fr"),
    ],
)
def test_the_house_says_which_languages_it_has(
    quick: Quick, read: Read, settings: dict[str, str], want: tuple[str, ...], staff: str
) -> None:
    clerk, house = quick
    clerk.do(ChangeContext(id=house.institution, set={"settings": settings}))
    assert house_languages(read) == want
    assert in_house(read, "Carré or") == {want[0]: "Carré or"}
    assert spoken_first(read) == staff, "what its devices speak"


@pytest.mark.behind_the_door
def test_what_is_no_language_is_refused_and_of_an_older_house_passed_over(quick: Quick, read: Read) -> None:
    clerk, house = quick
    odd = ChangeContext(id=house.institution, set={"settings": {"languages": "de ?"}})
    assert clerk.no(odd).detail["faults"] == [{"at": "settings.languages", "what": "no_such_language", "value": "?"}]
    clerk.db.write('UPDATE context SET settings = \'{"languages": "?"}\' WHERE id = :id', {"id": house.institution})
    assert house_languages(read) == LANGUAGES


@pytest.mark.behind_the_door
def test_they_are_asked_for_once_and_anew_after_a_change(quick: Quick, keys: Any) -> None:
    """However many rows a command names; but a command that writes the house sees what it has written."""
    clerk, house = quick
    clerk.do(ChangeContext(id=house.institution, set={"settings": {"languages": "ca"}}))
    tx = Tx(clerk.db, SYSTEM, NOW, new_id(), keys)
    assert house_languages(tx) == ("ca",)
    clerk.db.write("UPDATE context SET settings = '{}' WHERE id = :id", {"id": house.institution})
    assert house_languages(tx) == ("ca",), "as it was looked up"
    before = tx.get(Context, house.institution)
    assert before
    after = tx.update(before, replace(before, settings={"languages": "es"}))
    assert house_languages(tx) == ("es",)
    tx.update(after, replace(after, settings={"languages": "de"}))
    assert house_languages(tx) == ("de",)


def test_a_name_is_needed_in_the_first_language_and_in_no_other(quick: Quick) -> None:
    clerk, house = quick
    clerk.do(ChangeContext(id=house.institution, set={"settings": {"languages": "ca es"}}))
    clerk.do(
        CreateTariff(
            id=new_id(),
            context_id=house.season,
            code="INFANT",
            names={"ca": "Infantil", "gl": "Neno"},
            rank=4,
            proof=False,
        )
    )
    refused = clerk.no(
        CreateTariff(
            id=new_id(), context_id=house.season, code="JOVE", names={"es": "Joven", "fr": "Jeune"}, rank=4, proof=False
        )
    )
    assert refused.reason == NoChange.FAULTY
    assert refused.detail["faults"] == [{"at": "names.ca", "what": "name_missing"}]


def test_what_was_named_before_stays_until_its_name_is_changed(quick: Quick) -> None:
    clerk, house = quick
    clerk.do(ChangeContext(id=house.institution, set={"settings": {"languages": "de"}}))
    clerk.do(ChangeTariff(id=house.full, set={"rank": 7}))
    assert clerk.no(ChangeTariff(id=house.full, set={"names": {"fr": "Plein"}})).detail["faults"][0]["at"] == "names.de"
    clerk.do(ChangeTariff(id=house.full, set={"names": {"de": "Normalpreis", "fr": "Plein"}}))
