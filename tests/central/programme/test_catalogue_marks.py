"""A change has those rows of points of sale made anew that it reaches, in a house of whatever size; and nothing is told
otherwise than by who makes all of them anew."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from central.catalogue.model import PerformanceDo
from central.kernel.crud import command_of
from central.kernel.entity import BY_NAME
from central.kernel.privileges import Action
from central.organisation.mentions import SetMentions
from central.pricing.ops import PriceCell, SetPrice
from central.programme.device_loop import FeedsKnown
from central.programme.device_rows import DeviceRows
from central.programme.sale_state import ChangeSale
from central.selling.ops import CreatePointOfSale
from shared.ids import Id
from tests.central.programme.test_carryover import another
from tests.central.programme.test_device_feeds import statements
from tests.central.reports.test_whose_day import Other, other_organiser
from tests.central.small_house import Clerk, House, new_id
from tests.telling import not_told

EVENINGS, POINTS = 12, 7


def change(clerk: Clerk, table: str, row: Id, **sets: Any) -> None:
    clerk.do(command_of(Action.MODIFY, BY_NAME[table].kind)(id=row, set=sets))


@dataclass
class Town:
    """A house with two organisers, of whom one has many evenings and points of sale."""

    clerk: Clerk
    house: House
    other: Other
    evenings: list[Id] = field(default_factory=list)
    points: list[Id] = field(default_factory=list)

    def evening(self) -> None:
        made = another(self.clerk, self.house)
        self.clerk.do(ChangeSale(performance_id=made, do=PerformanceDo.OPEN))
        self.evenings.append(made)

    def point(self) -> None:
        made = new_id()
        self.clerk.do(
            CreatePointOfSale(
                id=made, channel_id=self.house.channel, context_id=self.house.organiser, code=f"P{len(self.points)}",
                names={"fr": "Un guichet"}, active=True,
            )
        )  # fmt: skip
        self.points.append(made)

    def all_points(self) -> int:
        return int(self.clerk.rows("SELECT COUNT(*) FROM point_of_sale")[0][0])


@pytest.fixture
def town(quick: tuple[Clerk, House]) -> Town:
    clerk, house = quick
    return Town(clerk, house, other_organiser(clerk, house))


@pytest.fixture
def rows_made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Id, Id]]:
    """Of which performance, for which point of sale."""
    made, text_of = list[tuple[Id, Id]](), DeviceRows.catalogue_text

    def text(rows: DeviceRows, performance: Any, used: Any, point: Any) -> str | None:
        made.append((performance.id, point.id))
        return text_of(rows, performance, used, point)

    monkeypatch.setattr(DeviceRows, "catalogue_text", text)
    return made


def made_by_looks(town: Town, known: FeedsKnown, made: list[tuple[Id, Id]]) -> list[tuple[Id, Id]]:
    """Until nothing is left to tell, without the rows that commands make: each is looked at before and after."""
    clerk, found = town.clerk, list[tuple[Id, Id]]()
    while True:
        made.clear()
        untold = not_told(clerk.door, clerk.db, clerk.watch(), known)
        found += made
        commands = [command for each in untold for command in each.commands()]
        if not commands:
            return found
        for command in commands:
            clerk.do(command)


def test_a_change_has_what_it_reaches_made_anew(town: Town, rows_made: list[tuple[Id, Id]]) -> None:
    """Before: each row of the house, twice."""
    for _ in range(EVENINGS):
        town.evening()
    for _ in range(POINTS):
        town.point()
    known, many = FeedsKnown(), town.all_points()
    made_by_looks(town, known, rows_made)
    assert made_by_looks(town, known, rows_made) == [], "nothing has changed"

    change(town.clerk, "tariff", town.other.full, names={"fr": "Autrement"})
    found = made_by_looks(town, known, rows_made)
    assert {performance for performance, _ in found} == {town.other.performance}, "whose grid names it"
    assert len(found) == many + 1, "and what was told is looked at once more"

    change(town.clerk, "point_of_sale", town.points[0], code="AUTRE")
    found = made_by_looks(town, known, rows_made)
    assert {point for _, point in found} == {town.points[0]}, "no other row says it"
    assert {performance for performance, _ in found} >= {*town.evenings, town.house.performance}

    change(town.clerk, "channel", town.house.channel, hold_minutes=7)
    assert made_by_looks(town, known, rows_made) == [], "no row says it"

    made_by_looks(town, known, rows_made)
    change(town.clerk, "tariff", town.house.full, names={"fr": "Autrement"})
    found = made_by_looks(town, known, rows_made)
    assert {performance for performance, _ in found} == {*town.evenings, town.house.performance}


def test_a_performance_that_nothing_reaches_costs_a_look_few_statements(town: Town) -> None:
    """Before: those that are drawn alike had their plan's mark made for each."""
    clerk, known = town.clerk, FeedsKnown()

    def look() -> int:
        clerk.tell(known)
        return statements(clerk, lambda: not_told(clerk.door, clerk.db, clerk.watch(), known))

    town.evening()
    few = look()
    for _ in range(5):
        town.evening()
    assert look() - few <= 5 * 4, "how its places are drawn (2), its row, its plan"


Act = Callable[[Town, Random], None]


def _sale(town: Town, dice: Random) -> None:
    do = dice.choice((PerformanceDo.SUSPEND, PerformanceDo.OPEN))
    town.clerk.say(ChangeSale(performance_id=dice.choice((town.house.performance, *town.evenings)), do=do))


def _price(town: Town, dice: Random) -> None:
    amount = dice.choice((1000, 2000))
    town.clerk.do(SetPrice(grid_id=town.house.grid, cell=PriceCell(town.house.seated, town.house.child, amount)))


def _mentions(town: Town, dice: Random) -> None:
    at = dice.choice((town.house.season, town.other.organiser))
    town.clerk.do(SetMentions(context_id=at, mention=dice.choice(("Merci", "Bonsoir"))))


def _any(table: str, rows: Callable[[Town], tuple[Id, ...]], **choices: tuple[Any, ...]) -> Act:
    def act(town: Town, dice: Random) -> None:
        name = dice.choice(sorted(choices))
        change(town.clerk, table, dice.choice(rows(town)), **{name: dice.choice(choices[name])})

    return act


NAMES = ({"fr": "Un"}, {"fr": "Deux"})
ACTS: tuple[Act, ...] = (
    _sale, _price, _mentions,
    lambda town, _: town.evening(),
    lambda town, _: town.point(),
    _any("tariff", lambda town: (town.house.full, town.other.full), names=NAMES, rank=(1, 5), proof=(False, True)),
    _any("point_of_sale", lambda town: (town.house.desk, town.other.desk), active=(True, False), code=("Q1", "Q2")),
    _any("channel", lambda town: (town.house.channel,), active=(True, False), max_places=(3, 9), hold_minutes=(5, 6)),
    _any("event", lambda town: (town.house.event,), names=NAMES, vat_bp=(550, 2000)),
    _any("context", lambda town: (town.house.organiser,), names=NAMES),
    _any("seat_category", lambda town: (town.house.seated,), names=NAMES, rank=(1, 8)),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_who_remembers_tells_what_who_makes_all_anew_tells(town: Town, seed: int) -> None:
    """Whatever changes, is changed back, and is told meanwhile by somebody else."""
    clerk, dice, known = town.clerk, Random(seed), FeedsKnown()

    def looked(by: FeedsKnown) -> Any:
        return not_told(clerk.door, clerk.db, clerk.watch(), by)

    for _ in range(40):
        dice.choice(ACTS)(town, dice)
        match dice.randrange(4):
            case 0:
                clerk.tell(known)
                assert clerk.tell() == [], "and all of it"
            case 1:
                clerk.tell()
            case 2:
                assert looked(known) == looked(FeedsKnown())
    assert looked(known) == looked(FeedsKnown())


@pytest.mark.behind_the_door
def test_what_somebody_else_told_is_looked_at(town: Town) -> None:
    """Another process told what was taken back since, and is gone; or it is of an earlier release."""
    clerk, known = town.clerk, FeedsKnown()
    clerk.tell(known)
    change(clerk, "tariff", town.other.full, names={"fr": "Autrement"})
    clerk.tell()
    change(clerk, "tariff", town.other.full, names={"fr": "Brume"})
    assert clerk.tell(known), "it stands as it did when it was last looked at, and its row does not"
    feed = f"catalogue/{town.other.desk}"
    clerk.db.begin(write=True)
    clerk.db.write("UPDATE feed_head SET revision = revision + 1 WHERE feed = :feed", {"feed": feed})
    clerk.db.write(
        "UPDATE feed_row SET body = '{}', revision = (SELECT revision FROM feed_head h WHERE h.feed = feed_row.feed) "
        "WHERE feed = :feed", {"feed": feed},
    )  # fmt: skip
    clerk.db.commit()
    (told,) = clerk.tell(known)
    assert told.points_of_sale == (town.other.desk,)


def test_what_is_over_is_not_remembered(town: Town) -> None:
    clerk, known = town.clerk, FeedsKnown()
    clerk.tell(known)
    assert known.catalogues.seen.keys() == {town.house.performance, town.other.performance}
    clerk.watch.at += timedelta(days=365)
    known.forget_but(())
    assert not known.catalogues.seen
