"""Who makes room, held against a rule written down plainly: for every order of coming, going, resting and working."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import example, given
from hypothesis import strategies as st

from central.web.budget import Budget

MOST, SHARE = 6, 4


@dataclass(slots=True, eq=False)
class Thing:
    """`rests`: it may go. `looks`: how often that was asked, of all together."""

    who: str
    budget: Budget
    gone: list["Thing"]
    looks: list[int] = field(default_factory=lambda: [0])
    rests: bool = True

    @property
    def coming(self) -> bool:
        self.looks[0] += 1
        return self.rests

    @property
    def cut(self) -> Callable[[], None]:
        return self._cut

    def _cut(self) -> None:
        self.gone.append(self)
        self.budget.give_back(self)


@dataclass(slots=True)
class Plain:
    """The rule: all things there are, the one that was idle for longest first, with how much each holds."""

    there: dict[Thing, int] = field(default_factory=dict)

    def total(self, who: str) -> int:
        return sum(n for thing, n in self.there.items() if thing.who == who)

    def taken(self, thing: Thing, n: int) -> list[Thing]:
        """Who makes room for it."""
        self.there[thing] = n
        gone: list[Thing] = []
        while (first := self._first(thing.who)) and thing not in gone:
            del self.there[first]
            gone.append(first)
        return gone

    def _first(self, who: str) -> Thing | None:
        resting = [thing for thing in self.there if thing.rests]
        alone = sum(thing.who == who for thing in self.there) == 1
        if not alone and self.total(who) > SHARE:
            return next((thing for thing in resting if thing.who == who), None)
        if sum(self.there.values()) > MOST and len(self.there) > 1 and resting:
            return max(resting, key=lambda thing: self.total(thing.who))  # the first of those who hold as much
        return None


DOES = st.tuples(
    st.sampled_from(["comes", "grows", "works", "rests", "leaves"]), st.integers(0, 9), st.integers(0, 3),
    st.integers(1, 3),
)  # fmt: skip


@given(st.lists(DOES, max_size=80))
@example([("comes", 0, 1, 2), ("comes", 0, 2, 2), ("rests", 0, 0, 1), ("comes", 0, 3, 2), ("comes", 0, 0, 1)])
def test_whoever_is_beyond_their_share_or_holds_most_makes_room_the_idle_longest_first(
    does: list[tuple[str, int, int, int]],
) -> None:
    budget, plain, gone = Budget(MOST, SHARE), Plain(), []
    for what, which, who, n in does:
        things = list(plain.there)
        thing = things[which % len(things)] if things else None
        expected: list[Thing] = []
        gone.clear()
        if what == "comes":
            new = Thing(f"10.0.0.{who}", budget, gone)
            expected = plain.taken(new, n)
            assert budget.take(new, n) is (new not in expected)
        elif thing and what == "grows" and thing.rests:
            expected = plain.taken(thing, n)
            assert budget.take(thing, n) is (thing not in expected)
        elif thing and what == "works":
            thing.rests = False
        elif thing and what == "rests":
            thing.rests = True
            budget.renew(thing)
            plain.there[thing] = plain.there.pop(thing)
        elif thing and what == "leaves":
            budget.give_back(thing)
            budget.give_back(thing)
            del plain.there[thing]
        assert gone == expected
        assert budget.held == sum(plain.there.values())
    assert len(budget._heap) <= 2 * len(budget._of) + 64


def test_among_thousands_of_holders_one_more_is_a_few_looks() -> None:
    """Each address has one, all idle: who came first goes, and nobody walks them all to find out."""
    looks, gone = [0], list[Thing]()
    budget = Budget(4000, 500)
    for n in range(4000):
        budget.take(Thing(f"a{n}", budget, gone, looks), 1)
    looks[0] = 0
    for n in range(4000):
        budget.take(Thing(f"b{n}", budget, gone, looks), 1)
    assert [each.who for each in gone] == [f"a{n}" for n in range(4000)]
    assert looks[0] <= 4000 * 10


def test_nor_among_thousands_that_work() -> None:
    looks, gone = [0], list[Thing]()
    budget = Budget(4000, 500)
    for n in range(4000):
        thing = Thing(f"a{n % 8}", budget, gone, looks)
        budget.take(thing, 1)
        thing.rests = False
    looks[0] = 0
    for n in range(1000):
        assert not budget.take(Thing(f"b{n}", budget, gone, looks), 1), "there is nobody else who may go"
    assert looks[0] <= 4000 + 1000 * 10
