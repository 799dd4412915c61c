"""The line that a thing is looked for by: without accents and capitals, written with whatever changes the thing."""

import pytest

from central.kernel.crud import command_of
from central.kernel.privileges import Action
from central.kernel.search_index import LONGEST, folded, line, spoken_columns
from central.pricing.model import Tariff
from central.pricing.ops import CreateTariff
from tests.central.small_house import Clerk, House, new_id


@pytest.mark.parametrize(
    "said, looked_for",
    [
        ("Théâtre d’Été", "theatre d ete"),
        ("  GROẞE   Straße ", "grosse strasse"),
        ("ines@lavoir.example", "ines@lavoir.example"),
        ("50 % _of_ \\ it's", "50 of it s"),
        ("Ελλάδα 東京", "ελλαδα 東京"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", ""),
    ],
)
def test_accents_capitals_and_signs_do_not_matter(said: str, looked_for: str) -> None:
    assert folded(said) == looked_for


def test_a_line_holds_each_word_once_and_is_bounded() -> None:
    assert line({"code": "CYR", "names": '{"fr": "Cyrano", "en": "Cyrano de B."}'}) == " cyr cyrano de b. "
    assert line({"name": None}) == "  "
    assert len(line({"name": "ab " * 10_000 + "x" * 10_000})) <= LONGEST + 2


def test_the_line_follows_the_thing(clerk: Clerk, house: House) -> None:
    def lines(made: str) -> list[tuple[object, ...]]:
        return clerk.rows("SELECT words FROM found WHERE entity = 'tariff' AND entity_id = :id", id=made)

    made = new_id()
    clerk.do(
        CreateTariff(id=made, context_id=house.season, code="ETE", names={"fr": "Tarif d’été"}, rank=3, proof=False)
    )
    assert lines(made) == [(" ete tarif d ",)]
    clerk.do(command_of(Action.MODIFY, Tariff)(id=made, set={"names": {"fr": "Tarif d’hiver", "en": "Winter"}}))
    assert lines(made) == [(" ete tarif d hiver winter ",)]
    clerk.no(CreateTariff(id=new_id(), context_id=house.season, code="ETE", names={"fr": "Autre"}, rank=3, proof=False))
    assert clerk.rows("SELECT COUNT(*) FROM found WHERE words LIKE '%autre%'") == [(0,)]
    clerk.do(command_of(Action.DELETE, Tariff)(id=made))
    assert lines(made) == []


def test_a_sale_writes_no_lines(clerk: Clerk, house: House) -> None:
    """It pays nothing for the search: tickets are found by their numbers."""
    before = clerk.rows("SELECT COUNT(*) FROM found")
    clerk.do(house.order(house.seats[0]))
    assert clerk.rows("SELECT COUNT(*) FROM found") == before
    assert not spoken_columns("ticket") and not spoken_columns("sale_order")


def test_no_secret_is_looked_for() -> None:
    assert spoken_columns("operator") == ("name", "email")
