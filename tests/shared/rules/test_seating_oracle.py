"""Each rule of best seats against an oracle that tries everything, on halls small enough for it. The oracle knows
nothing of bits, indexes or ranks: it reads the drawing."""

import random
from dataclasses import dataclass
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.rules.seating import MOST, NEIGHBOURS, Buys, Hall, Vacancy, Want, best
from shared.rules.vacancy import View

STEP = 25


@dataclass(frozen=True)
class Seat:
    zone: str
    row: str
    x: float
    y: float
    category_id: str
    quality: int
    contingent: str = ""
    wheelchair: bool = False
    companion: bool = False
    aisle: bool = False
    free: bool = True


@dataclass(frozen=True)
class House:
    seats: tuple[Seat, ...]

    def vacancy(self) -> Vacancy:
        hall = Hall.of(self.seats, [seat.contingent for seat in self.seats])
        return Vacancy.of(hall, [n for n, seat in enumerate(self.seats) if seat.free])

    def usable(self, want: Want) -> set[int]:
        return {
            n
            for n, seat in enumerate(self.seats)
            if seat.free
            and want.category_id in ("", seat.category_id)
            and (want.contingents is None or seat.contingent in want.contingents)
            and (want.wheelchairs or not (seat.wheelchair or seat.companion))
        }

    def neighbours(self, n: int) -> set[int]:
        here = self.seats[n]
        return {
            m
            for m, seat in enumerate(self.seats)
            if (seat.zone, seat.row) == (here.zone, here.row) and abs(seat.x - here.x) == STEP
        }

    def windows(self, usable: set[int], size: int) -> list[tuple[int, ...]]:
        """Every run of `size` neighbours, from the left."""
        found = []
        for n in usable:
            run = [n]
            while len(run) < size:
                right = [m for m in self.neighbours(run[-1]) & usable if self.seats[m].x > self.seats[run[-1]].x]
                if not right:
                    break
                run += right
            if len(run) == size:
                found.append(tuple(run))
        return found

    def alone(self, usable: set[int], chosen: tuple[int, ...]) -> int:
        """Seats that had a free neighbour of their kind before and have none after."""

        def kin(n: int, among: set[int]) -> set[int]:
            kind = (self.seats[n].category_id, self.seats[n].contingent)
            same = self.neighbours(n) & among
            return {m for m in same if (self.seats[m].category_id, self.seats[m].contingent) == kind}

        after = usable - set(chosen)
        return sum(1 for n in after if kin(n, usable) and not kin(n, after))

    def total(self, chosen: tuple[int, ...]) -> int:
        return sum(self.seats[n].quality for n in chosen)

    def parts(self, chosen: set[int]) -> list[set[int]]:
        rest, found = set(chosen), []
        while rest:
            part = {rest.pop()}
            while more := {m for n in part for m in self.neighbours(n) & rest}:
                part |= more
                rest -= more
            found.append(part)
        return found

    def at(self, n: int) -> tuple[str, int]:
        rows = list(dict.fromkeys(seat.row for seat in self.seats if seat.zone == self.seats[n].zone))
        return self.seats[n].zone, rows.index(self.seats[n].row)


def drawn_house(seed: int, wheels: bool = False) -> House:
    """Zones of rows of a few seats with gaps, two categories, two contingents, any quality; from hardly sold to nearly
    full. By dice and not by hypothesis, which favours small and even halls, in which hardly anything can go wrong."""
    dice = random.Random(seed)
    kinds = dice.choice([[("1", "")], [("1", "")], [("1", ""), ("1", "K")], [("1", ""), ("2", ""), ("1", "K")]])
    steep, share = dice.choice([0, 1, 3, 30, 200]), dice.choice([0.2, 0.4, 0.6, 0.8, 0.95])
    seats = []
    for zone in range(dice.randint(1, 2)):
        for row in range(dice.randint(1, 5)):
            x, better = 0, dice.randint(0, 3)
            for _ in range(dice.randint(1, 10)):
                x += dice.choice([1] * 9 + [3]) * STEP
                category, contingent = dice.choice(kinds)
                special = dice.randint(0, 5) if wheels else 9
                seats.append(
                    Seat(
                        f"Z{zone}", f"R{row}", float(x), zone * 900.0 + row * 30.0, category,
                        (better + dice.randint(0, 4)) * steep, contingent, special == 0, special == 1,
                        aisle=dice.random() < 0.2, free=dice.random() < share,
                    )
                )  # fmt: skip
    # a step that is unusual for a row is an aisle: long enough rows make sure that STEP is the usual one
    for zone in sorted({seat.zone for seat in seats}):
        seats += [Seat(zone, "wall", n * STEP, -500.0, "9", 9999, free=False) for n in range(12)]
    return House(tuple(seats))


def houses(wheels: bool = False) -> st.SearchStrategy[House]:
    return st.integers(0, 2**32).map(lambda seed: drawn_house(seed, wheels))


wants = st.builds(
    Want,
    quantity=st.sampled_from([1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9]),
    category_id=st.sampled_from(["", "1"]),
    contingents=st.sampled_from([None, None, frozenset([""]), frozenset(["K"]), frozenset(["", "K"])]),
    aisle=st.sampled_from([False, False, True]),
    as_good=st.sampled_from([0, 1, 25, 100]),
)


def rows_are_cut_as_drawn(house: House) -> bool:
    """Short rows are measured by themselves: leave out drawings in which that hides a gap."""
    hall = Hall.of(house.seats)
    return all(
        bool(hall.lines[rank].joined >> bit & 1) == bool({m for m in house.neighbours(n) if house.seats[m].x > seat.x})
        for n, seat in enumerate(house.seats)
        for rank, bit in [hall.where[n]]
    )


@settings(max_examples=1500)
@given(houses(), wants)
def test_together_before_all_else_and_then_nobody_alone_and_then_the_best(house: House, want: Want):
    if not rows_are_cut_as_drawn(house):
        return
    usable = house.usable(want)
    windows = house.windows(usable, want.quantity)
    chosen = best(house.vacancy(), want)
    if not windows:
        assert (chosen is None) == (len(usable) < want.quantity)
        return
    assert chosen is not None
    if want.aisle and (beside := [one for one in windows if any(house.seats[n].aisle for n in one)]):
        windows = beside
    ranked = {tuple(sorted(one)): (house.alone(usable, one), house.total(one)) for one in windows}
    lowest = min(total for _, total in ranked.values())
    as_good = {one: key for one, key in ranked.items() if key[1] <= lowest + want.as_good * want.quantity}
    assert as_good[tuple(sorted(chosen))] == min(as_good.values())


@settings(max_examples=800)
@given(houses(), wants)
def test_the_fewest_parts_in_neighbouring_rows_and_then_the_fewest_people_alone(house: House, want: Want):
    if not rows_are_cut_as_drawn(house):
        return
    usable = house.usable(want)
    if len(usable) < want.quantity or house.windows(usable, want.quantity):
        return
    chosen = best(house.vacancy(), want)
    assert chosen is not None
    assert set(chosen) <= usable
    assert len(set(chosen)) == want.quantity
    runs = {frozenset(run) for run in house.parts(usable)}
    least = None
    for zone in {house.seats[n].zone for n in usable}:
        tops = max(house.at(n)[1] for n in usable if house.seats[n].zone == zone)
        for top in range(tops + 1):
            pool = [len(run) for run in runs for where in [house.at(next(iter(run)))]
                    if where[0] == zone and top <= where[1] < top + NEIGHBOURS]  # fmt: skip
            if (key := least_of(pool, want.quantity)) is not None:
                least = min(least or key, key)
    if least is not None:
        found = [len(part) for part in house.parts(set(chosen))]
        assert (len(found), found.count(1)) == least
        assert len({house.seats[n].zone for n in chosen}) == 1
        ats = [house.at(n)[1] for n in chosen]
        assert max(ats) - min(ats) < NEIGHBOURS


def least_of(lengths: list[int], people: int) -> tuple[int, int] | None:
    """(parts, people alone), by trying every set of runs and every number of people in each."""
    for count in range(1, len(lengths) + 1):
        options = {
            sizes.count(1)
            for runs in {tuple(sorted(runs)) for runs in combinations(lengths, count)}
            if sum(runs) >= people
            for sizes in product(*(range(1, min(run, people) + 1) for run in runs))
            if sum(sizes) == people
        }
        if options:
            return count, min(options)
    return None


@settings(max_examples=200)
@given(houses(), st.integers(MOST + 1, 24), st.sampled_from([0, 25]))
def test_a_group_over_nine_is_split_in_two_and_again(house: House, size: int, as_good: int):
    if not rows_are_cut_as_drawn(house):
        return
    want = Want(size, as_good=as_good)
    usable = house.usable(want)
    chosen = best(house.vacancy(), want)
    assert (chosen is None) == (len(usable) < size)
    if chosen is None:
        return
    assert set(chosen) <= usable
    assert len(set(chosen)) == size
    halves = [(size + 1) // 2, size // 2]
    if max(halves) > MOST:
        halves = [(half + part) // 2 for half in halves for part in (1, 0)]
    # if three rows behind each other have room for all the parts, that is where they sit
    for zone in {seat.zone for seat in house.seats}:
        for row in range(4):
            first = [w for w in house.windows(usable, halves[0]) if house.at(w[0]) == (zone, row)]
            if first and all(fits(house, usable - set(w), halves[1:], zone, row) for w in first):
                ats = {house.at(n) for n in chosen}
                assert len({zone for zone, _ in ats}) == 1
                assert max(at for _, at in ats) - min(at for _, at in ats) <= 2 * (NEIGHBOURS - 1)
                assert len(house.parts(set(chosen))) <= len(halves)
                return


def fits(house: House, usable: set[int], sizes: list[int], zone: str, row: int) -> bool:
    """Whether the parts find room in the rows around, wherever the ones before them sit."""
    if not sizes:
        return True
    near = [
        w
        for w in house.windows(usable, sizes[0])
        if house.at(w[0])[0] == zone and abs(house.at(w[0])[1] - row) < NEIGHBOURS
    ]
    return bool(near) and all(fits(house, usable - set(w), sizes[1:], zone, row) for w in near)


@settings(max_examples=300)
@given(houses(wheels=True), st.integers(1, 5), st.integers(1, 2))
def test_a_wheelchair_and_company(house: House, size: int, chairs: int):
    if not rows_are_cut_as_drawn(house) or chairs > size:
        return
    want = Want(size, wheelchairs=chairs, as_good=0)
    usable = house.usable(want)
    places = {n for n in usable if house.seats[n].wheelchair}
    chosen = best(house.vacancy(), want)
    assert (chosen is None) == (len(places) < chairs or len(usable - places) < size - chairs)
    if chosen is None:
        return
    assert set(chosen) <= usable
    assert len(set(chosen) & places) == chairs
    assert len(set(chosen)) == size
    windows = [w for w in house.windows(usable, size) if len(set(w) & places) == chairs]
    if windows:
        assert house.total(chosen) == min(house.total(w) for w in windows)
        assert tuple(sorted(chosen)) in {tuple(sorted(w)) for w in windows}


@settings(max_examples=200)
@given(houses(wheels=True), st.data())
def test_kept_up_to_date_is_the_same_as_made_anew(house: House, data: st.DataObject):
    """Whatever is taken and freed and asked in between, the answer is that of a hall looked at for the first time; and
    a search leaves no trace."""
    hall = Hall.of(house.seats, [seat.contingent for seat in house.seats])
    free = {n for n, seat in enumerate(house.seats) if seat.free}
    kept = Vacancy.of(hall, free)
    for _ in range(data.draw(st.integers(1, 6))):
        some = data.draw(st.sets(st.integers(0, len(house.seats) - 1), max_size=8))
        if data.draw(st.booleans()):
            kept.take(some)
            free -= some
        else:
            kept.free(some)
            free |= some
        want = data.draw(wants)
        want = Want(data.draw(st.integers(1, 14)), want.category_id, contingents=want.contingents, aisle=want.aisle)
        fresh = Vacancy.of(hall, free)
        assert best(kept, want) == best(fresh, want) == best(Vacancy.but(hall, kept.picture()), want)
        assert {n for n in range(hall.places) if n in kept} == free
        assert len(kept) == len(free)
        view = kept.view(Buys(want.category_id, want.contingents))
        view.correct_all()
        anew = View(hall, [fresh.all_kinds(fresh.view(Buys()), rank) for rank in range(len(hall.lines))],
                    Buys(want.category_id, want.contingents))  # fmt: skip
        anew.correct_all()
        some = range(1, 12)
        assert [[view.narrowest(z, n) for n in some] for z in range(len(hall.zones))] == [
            [anew.narrowest(z, n) for n in some] for z in range(len(hall.zones))
        ]
        assert (view.masks, view.rows[1:], view.hoods) == (anew.masks, anew.rows[1:], anew.hoods)


@settings(max_examples=100)
@given(houses(), st.integers(1, 9))
def test_other_categories_and_contingents_are_another_hall(house: House, size: int):
    categories = ["1" if n % 3 else "2" for n in range(len(house.seats))]
    contingents = ["K" if n % 2 else "" for n in range(len(house.seats))]
    changed = [Seat(s.zone, s.row, s.x, s.y, categories[n], s.quality, free=s.free) for n, s in enumerate(house.seats)]
    free = [n for n, seat in enumerate(house.seats) if seat.free]
    for want in (Want(size, "1"), Want(size, "2", contingents=frozenset("K")), Want(size, contingents=frozenset([""]))):
        there = best(Vacancy.of(Hall.of(changed, contingents), free), want)
        assert best(Vacancy.of(Hall.of(house.seats).sold_as(categories, contingents), free), want) == there
