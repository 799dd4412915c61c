"""The going-live list: what is missing is told, in the order in which it can be done, to who may know."""

from datetime import timedelta

import pytest

from central.catalogue.model import CataloguePrivilege, PerformanceDo
from central.kernel.actor import Actor
from central.kernel.contexts import ContextKind
from central.kernel.tx import Read
from central.organisation.ops import CreateContext
from central.pricing.model import PricingPrivilege
from central.pricing.ops import CreatePriceGrid, PriceCell
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from central.web.checklist import Checklist, ChecklistLine, checklist
from tests.central.small_house import STARTS, Clerk, House, new_id


def listed(clerk: Clerk, actor: Actor, at: str) -> Checklist:
    return checklist(Read(clerk.db, actor, clerk.watch(), clerk.door.keys), clerk.door, at)


def states(found: Checklist) -> dict[str, str]:
    return {line.item.name: line.state for line in found.in_order}


def test_a_house_that_sells_lacks_only_its_numbers(clerk: Clerk, house: House) -> None:
    found = listed(clerk, house.operator("*"), house.institution)
    assert [name for name, state in states(found).items() if state == "open"] == ["administrative_numbers"]
    line = next(line for line in found.in_order if line.item.name == "administrative_numbers")
    assert (
        line.standing.parts == ("adresse", "SIRET")
        and line.standing.link == f"/admin/do/set_mentions?on={house.organiser}"
    )
    assert found.next == line and found.done == len(found.must) - 1


def test_what_comes_first_is_proposed_first(quick: tuple[Clerk, House]) -> None:
    """What waits for another item says so, and is not what comes next."""
    clerk, house = quick
    season = new_id()
    clerk.do(
        CreateContext(
            id=season,
            context_id=house.organiser,
            kind=ContextKind.SEASON,
            code="S27",
            names={"fr": "Saison 27"},
            settings={},
        )
    )
    found = listed(clerk, house.operator("*"), season)
    mine = {line.item.name: line for line in found.parts[-1].lines}
    assert {name: line.state for name, line in mine.items()} == {
        "activity": "open", "logical_configuration": "open", "tariffs": "open", "price_grid": "waits",
    }  # fmt: skip
    assert mine["tariffs"].usual and not mine["activity"].usual
    assert f"physical={house.physical}" in mine["logical_configuration"].standing.link


def test_a_category_without_a_price_is_named(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    made = new_id()
    clerk.do(
        CreatePriceGrid(
            id=made,
            context_id=house.season,
            code="G2",
            names={"fr": "Autre"},
            currency="EUR",
            prices=(PriceCell(house.seated, house.full, 900),),
        )
    )

    def line() -> ChecklistLine:
        found = listed(clerk, house.operator("*"), house.season)
        return next(line for line in found.in_order if line.item.name == "price_grid")

    assert line().state == "done", "no performance is sold by it"
    schedule = Schedule(STARTS, STARTS, STARTS + timedelta(hours=3), STARTS)
    clerk.do(
        CreatePerformance(
            id=new_id(), event_id=house.event, logical_configuration_id=house.logical, price_grid_id=made,
            schedule=schedule,
        )
    )  # fmt: skip
    assert (line().state, line().standing.lacking) == ("open", ("DEBOUT",)) and made in line().standing.link
    assert line().standing.of == {"fr": "Autre"}, "it says which"


def test_before_any_is_used_one_complete_grid_is_enough(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    season, words = new_id(), {"fr": "Saison 27"}
    clerk.do(
        CreateContext(
            id=season, context_id=house.organiser, kind=ContextKind.SEASON, code="S27", names=words, settings={}
        )
    )

    def standing(code: str, *prices: PriceCell) -> tuple[str, dict[str, str]]:
        clerk.do(
            CreatePriceGrid(
                id=new_id(), context_id=season, code=code, names={"fr": code}, currency="EUR", prices=prices
            )
        )
        found = listed(clerk, house.operator("*"), season)
        line = next(line for line in found.parts[-1].lines if line.item.name == "price_grid")
        return line.state, dict(line.standing.of)

    assert standing("EMPTY") == ("open", {"fr": "EMPTY"})
    assert standing("FULL", PriceCell(house.seated, house.full, 900)) == ("done", {})


def on_sale_line(clerk: Clerk, house: House) -> ChecklistLine:
    found = listed(clerk, house.operator("*"), house.activity)
    return next(line for line in found.in_order if line.item.name == "on_sale")


def test_a_sale_that_is_suspended_lacks_nothing_and_says_how_it_is_reopened(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    clerk.do(ChangeSale(performance_id=house.performance, do=PerformanceDo.SUSPEND))
    line = on_sale_line(clerk, house)
    rests = line.standing.rests
    assert line.state == "done" and rests and rests.paused and "suspendue" in rests.said
    assert rests.link == f"/admin/do/change_sale?on={house.performance}&do=open"
    assert listed(clerk, house.operator("*"), house.activity).resting == [rests]


@pytest.mark.parametrize("do", [PerformanceDo.CLOSE, PerformanceDo.CANCEL, None])
def test_nothing_is_said_to_be_on_sale_that_is_not(quick: tuple[Clerk, House], do: PerformanceDo | None) -> None:
    """Closed, cancelled, or played: it was on sale, and is no more."""
    clerk, house = quick
    assert on_sale_line(clerk, house).standing.rests is None, "it is"
    if do:
        clerk.do(ChangeSale(performance_id=house.performance, do=do))
    else:
        clerk.watch.at += timedelta(days=1)
    line = on_sale_line(clerk, house)
    assert line.state == "done" and line.standing.rests and not line.standing.rests.paused
    assert "Rien n’est en vente" in line.standing.rests.said


def test_what_was_never_on_sale_is_opened_and_what_was_stopped_never(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    clerk.do(ChangeSale(performance_id=house.performance, do=PerformanceDo.CLOSE))
    made = new_id()
    schedule = Schedule(STARTS, STARTS, STARTS + timedelta(hours=3), STARTS)
    clerk.do(
        CreatePerformance(
            id=made, event_id=house.event, logical_configuration_id=house.logical, price_grid_id=house.grid,
            schedule=schedule,
        )
    )  # fmt: skip
    line = on_sale_line(clerk, house)
    assert (line.state, line.standing.acts_on) == ("open", ("performance", made)) and made in line.standing.link


def test_where_the_tree_divides_each_goes_on_by_itself(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    other = new_id()
    clerk.do(
        CreateContext(
            id=other,
            context_id=house.institution,
            kind=ContextKind.ORGANISER,
            code="AUTRE",
            names={"fr": "L’autre"},
            settings={},
        )
    )
    found = listed(clerk, house.operator("*"), house.institution)
    assert [part.branch.kind for part in found.parts] == ["institution"]
    assert {branch.id for branch in found.forks} == {house.organiser, other}
    assert [part.branch.id for part in listed(clerk, house.operator("*"), other).parts] == [house.institution, other]


def test_who_may_not_see_prices_hears_nothing_of_them(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    found = listed(clerk, house.operator(CataloguePrivilege.CATALOGUE_READ, at=house.activity), house.activity)
    assert set(states(found)) == {"organiser", "season", "activity", "event", "performance", "on_sale"}
    assert listed(clerk, Actor(house.operator().kind, new_id(), "nobody"), house.institution).parts == ()


def test_who_may_only_look_is_offered_nothing(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    season = new_id()
    clerk.do(
        CreateContext(
            id=season,
            context_id=house.organiser,
            kind=ContextKind.SEASON,
            code="S27",
            names={"fr": "Saison 27"},
            settings={},
        )
    )
    found = listed(clerk, house.operator(PricingPrivilege.PRICE_READ), season)
    assert [line.usual for line in found.in_order if line.item.name == "tariffs"] == [""]


@pytest.mark.behind_the_door
def test_an_english_house_needs_no_siret(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    settings = '{"timezone":"Europe/London"}'
    clerk.db.write("UPDATE context SET settings = ? WHERE id = ?", (settings, house.institution))
    found = listed(clerk, house.operator("*"), house.organiser)
    line = next(line for line in found.in_order if line.item.name == "administrative_numbers")
    assert line.standing.parts == ("adresse",)


@pytest.mark.parametrize("do", [PerformanceDo.CLOSE, PerformanceDo.CANCEL])
def test_a_house_that_sold_once_is_done_with_it(quick: tuple[Clerk, House], do: PerformanceDo) -> None:
    clerk, house = quick
    clerk.do(ChangeSale(performance_id=house.performance, do=do))
    found = listed(clerk, house.operator("*"), house.activity)
    assert states(found)["on_sale"] == "done"
