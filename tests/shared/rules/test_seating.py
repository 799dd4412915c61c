"""Best seats: stories on a small hall, and what must hold for any hall and any wish."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.seating import AS_GOOD, MOST, Hall, Vacancy, Want, best


@dataclass(frozen=True)
class Seat:
    zone: str
    row: str
    x: float
    y: float
    category_id: str = "1"
    quality: int = 0
    wheelchair: bool = False
    companion: bool = False
    aisle: bool = False


def hall_of(*rows: str, zone: str = "Parterre", quality: int = 10) -> tuple[Hall, Vacancy]:
    """Rows drawn as text, the front first: `.` free, `x` sold, `2` free of category 2, `w` free wheelchair place, `c`
    free companion's seat, a space an aisle. Better in front and in the middle."""
    seats, free = [], []
    for y, row in enumerate(rows):
        for x, what in enumerate(row):
            if what == " ":
                continue
            edge = x in (0, len(row) - 1) or " " in row[x - 1 : x + 2]
            if what != "x":
                free.append(len(seats))
            seats.append(
                Seat(
                    zone,
                    str(y),
                    x * 25.0,
                    y * 30.0,
                    "2" if what == "2" else "1",
                    y * 30 + round(abs(x - (len(row) - 1) / 2) * quality),
                    what == "w",
                    what == "c",
                    edge,
                )
            )
    hall = Hall.of(seats)
    return hall, Vacancy.of(hall, free)


def drawn(rows: tuple[str, ...], chosen: tuple[int, ...] | None) -> tuple[str, ...] | None:
    """The hall with the proposed seats as `#`."""
    if chosen is None:
        return None
    at = iter(range(sum(len(row) for row in rows)))
    return tuple("".join(" " if what == " " else "#" if next(at) in chosen else what for what in row) for row in rows)


STORIES = {
    "the middle of the first row": (("......", "......"), Want(2), ("..##..", "......")),
    "together further back rather than apart in front": (("..x..", "....."), Want(3), ("..x..", "###..")),
    "an aisle parts neighbours": ((".. ..", ".....", "....."), Want(3), (".. ..", "###..", ".....")),
    "no seat is left alone when an equally good choice leaves none": ((".....",), Want(2), ("##...",)),
    "three of four: nothing is left alone in the middle": (("....", "xxxx"), Want(2), ("##..", "xxxx")),
    "one of two leaves one alone, there is no other choice": (("..",), Want(1), ("#.",)),
    "a single takes the single seat rather than breaking a pair": (("x.x..",), Want(1), ("x#x..",)),
    "only one's own category": (("..22..", "......"), Want(2, category_id="2"), ("..##..", "......")),
    "an unknown category has no seats": (("....",), Want(1, category_id="9"), None),
    "an aisle seat when wished for": (("......", "......"), Want(2, aisle=True), ("##....", "......")),
    "apart in two neighbouring rows when no row has room": (
        ("..xx", "xxxx", "...x", "..xx"),
        Want(5),
        ("..xx", "xxxx", "###x", "##xx"),
    ),
    "nobody sits alone when a part has one to spare": (("...x", "..xx"), Want(4), (".##x", "##xx")),
    "two parts far from each other only when nothing is nearer": (
        ("..", "xx", "xx", "xx", ".."),
        Want(4),
        ("##", "xx", "xx", "xx", "##"),
    ),
    "not enough": (("..x",), Want(3), None),
    "wheelchair places are kept for who needs them": (("wc..wc", "......"), Want(4), ("wc..wc", "####..")),
    "even when nothing else is free": (("wcxxwc",), Want(1), None),
    "a wheelchair place with a companion beside it": (
        ("xxwcxx", "......"),
        Want(2, wheelchairs=1),
        ("xx##xx", "......"),
    ),
    "two wheelchair places and their companions": (("wcxxwc",), Want(4, wheelchairs=2), ("##xx##",)),
    "no wheelchair place, no proposal": (("......",), Want(2, wheelchairs=1), None),
    "two wheelchair places in two rows, each with company": (
        ("wcxx", "wcxx"),
        Want(4, wheelchairs=2),
        ("##xx", "##xx"),
    ),
    "company that is not beside the wheelchair place is near it": (("wx..",), Want(2, wheelchairs=1), ("#x#.",)),
    "twelve are two rows of six, not a row of twelve": (
        ("............", "............"),
        Want(12),
        ("...######...", "...######..."),
    ),
    "twenty are four rows of five": (("......",) * 5, Want(20), ("#####.",) * 4 + ("......",)),
    "a group is not parted by a sold row that leaves room around it": (
        ("xxxxxx", "......", "xxxxxx", "......"),
        Want(10),
        ("xxxxxx", "#####.", "xxxxxx", "#####."),
    ),
    "the row that is wished for": (("....", "....", "...."), Want(2, row="2"), ("....", "....", "##..")),
    "the row nearest to the one that is wished for": (
        ("....", "....", "x.x."),
        Want(2, row="2"),
        ("....", "##..", "x.x."),
    ),
    "near a point": (("....", "....", "...."), Want(2, front=(40.0, 90.0)), ("....", "....", "##..")),
    "a companion may sit on an ordinary seat": (("xw.x",), Want(2, wheelchairs=1), ("x##x",)),
}


@pytest.mark.parametrize("rows, want, answer", STORIES.values(), ids=STORIES.keys())
def test_story(rows, want, answer):
    _, free = hall_of(*rows, quality=1)
    assert drawn(rows, best(free, want)) == answer


def test_a_much_better_seat_may_leave_one_alone():
    """Leaving nobody alone is worth a seat's width each, no more."""
    seats = [Seat("Parterre", "A", x * 25.0, 0.0, quality=quality) for x, quality in enumerate([500, 0, 0, 500, 500])]
    hall = Hall.of(seats)
    assert best(Vacancy.of(hall, range(5)), Want(2)) == (1, 2)
    near = [Seat("Parterre", "A", seat.x, 0.0, quality=min(seat.quality, AS_GOOD)) for seat in seats]
    assert best(Vacancy.of(Hall.of(near), range(5)), Want(2)) == (0, 1)


def test_a_zone_is_a_wish_and_a_category_is_not():
    seats = [Seat("Balcon", "A", x * 25.0, 500.0, quality=500) for x in range(4)]
    seats += [Seat("Parterre", "A", x * 25.0, 0.0) for x in range(4)]
    hall = Hall.of(seats)
    everything = Vacancy.of(hall, range(8))
    assert best(everything, Want(2, zone="Balcon")) == (0, 1)
    assert best(Vacancy.of(hall, range(3, 8)), Want(2, zone="Balcon")) == (4, 5)
    assert best(everything, Want(2, zone="Loges")) == (4, 5)


def test_odd_and_even_numbers_from_the_middle_are_put_in_order():
    """A row filed 5 3 1 | 2 4 6 by number, 1 2 3 4 5 6: neighbours are those that sit side by side."""
    places = {1: 2, 2: 3, 3: 1, 4: 4, 5: 0, 6: 5}  # number → place from the left
    hall = Hall.of([Seat("Parterre", "A", at * 25.0, 0.0, quality=abs(at * 2 - 5)) for at in places.values()])
    assert best(Vacancy.of(hall, range(6)), Want(2)) == (0, 1) == tuple(n - 1 for n in (1, 2))


def test_taken_bits_are_in_plan_order():
    """As on the wire: the first seat in the most significant bit."""
    hall, _ = hall_of("....", "....")
    free = Vacancy.but(hall, bytes([0b1010_0001]))
    assert [seat for seat in range(8) if seat in free] == [1, 3, 4, 5, 6]
    assert free.picture() == bytes([0b1010_0001])
    assert len(Vacancy.but(hall, b"")) == 8


@pytest.mark.parametrize("want", [Want(0), Want(-1), Want(2, wheelchairs=3), Want(1, wheelchairs=-1)])
def test_nonsense_is_a_mistake_of_the_caller(want):
    _, free = hall_of("....")
    with pytest.raises(ValueError, match="nobody"):
        best(free, want)


def _gaps_are_aisles(row):
    """A gap is an aisle only where most neighbours stand closer: `2 22 2` is drawn as a row of wide seats."""
    apart = [len(gap) for gap in re.findall(r"(?<=[^ ]) +(?=[^ ])", row)]
    return len(row.strip()) - sum(apart) - 1 - len(apart) > len(apart) or not apart


@st.composite
def halls(draw):
    row = st.text(st.sampled_from("...x2wc "), min_size=1, max_size=12).filter(_gaps_are_aisles)
    rows = draw(st.lists(row, min_size=1, max_size=6))
    hall, free = hall_of(*rows, quality=draw(st.sampled_from([0, 1, 10, 60])))
    return rows, hall, free


wants = st.builds(
    Want,
    quantity=st.integers(2, 14),
    category_id=st.sampled_from(["", "1", "2"]),
    zone=st.sampled_from(["", "Parterre", "elsewhere"]),
    aisle=st.booleans(),
    wheelchairs=st.integers(0, 2),
)


@given(halls(), wants)
def test_any_hall_any_wish(case, want):
    rows, _, free = case
    drawing = [what for row in rows for what in row if what != " "]
    chosen = best(free, want)
    kinds = {"": ".2", "1": ".", "2": "2"}[want.category_id] + ("wc" if want.category_id != "2" else "")
    usable = [what for what in drawing if what in kinds and (want.wheelchairs or what not in "wc")]
    if chosen is None:
        chairs = usable.count("w")
        others = len(usable) - chairs
        assert len(usable) < want.quantity or chairs < want.wheelchairs or others < want.quantity - want.wheelchairs
        return
    got = [drawing[seat] for seat in chosen]
    assert len(set(chosen)) == want.quantity
    assert all(what in kinds for what in got)
    assert got.count("w") == want.wheelchairs
    assert want.wheelchairs or "c" not in got
    assert best(free, want) == chosen
    if not want.wheelchairs and want.quantity <= MOST and parts(rows, chosen) > 1:
        assert longest(rows, kinds.replace("w", "").replace("c", "")) < want.quantity


def parts(rows: list[str], chosen: tuple[int, ...]) -> int:
    """Into how many blocks a choice falls, told from the drawing alone."""
    drawing = drawn(tuple(rows), chosen) or ()
    return sum(1 for row in drawing for block in re.findall("#+", row) if block)


def longest(rows: list[str], kinds: str) -> int:
    return max(len(block) for row in rows for block in re.findall(f"[{kinds}]*", row))


def test_who_is_left_with_another_contingents_seat_beside_is_alone():
    """A seat of one's own category and contingent is what a neighbour would buy too."""
    hall = Hall.of([Seat("Parterre", "A", x * 25.0, 0.0) for x in range(3)], ["", "", "K"])
    free = Vacancy.of(hall, range(3))
    assert best(free, Want(1)) == (2,), "not the first, which would leave the second to itself"
    assert best(Vacancy.of(hall.sold_as(["1"] * 3), range(3)), Want(1)) == (0,), "in one contingent it would not"
    assert best(free, Want(1, contingents=frozenset(["K"]))) == (2,)
    assert best(free, Want(2, contingents=frozenset([""]))) == (0, 1)
    assert best(free, Want(3, contingents=frozenset([""]))) is None
