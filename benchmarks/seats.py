"""Best seats in 80,000 places, at every fill level and for every size of party; and what a picture of the hall costs.

Two stadiums: 400 rows of 200 places with an aisle in the middle (long rows: long integers), and 80 blocks of 40 rows
of 25 (many rows: many integers). The hall is kept, as central keeps it: between two searches a party's seats are taken
and others given back, so each search also brings the index up to date.

The floor is one look at the hall that no search can do without: counting the free places of every row. It is measured
between the searches, in the same run. Times are processor time of the thread, so that who else is on the machine counts
less; what stays in memory is kept from the garbage collector, as a server would.
"""

import argparse
import gc
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from shared.rules.seating import Buys, Hall, Vacancy, Want, best

ANY = Buys()


@dataclass(frozen=True, slots=True)
class Seat:
    zone: str
    row: str
    x: float
    y: float
    quality: int
    aisle: bool
    category_id: str = "A"
    wheelchair: bool = False
    companion: bool = False


def long_rows() -> list[Seat]:
    """400 rows of 200 in zones of 40 rows behind each other."""
    return [
        Seat(f"Z{y // 40}", str(y), x * 25.0 + (60 if x >= 100 else 0), y * 26.0, worth(abs(x - 99.5) * 25, y * 26),
             x in (0, 99, 100, 199))
        for y in range(400)
        for x in range(200)
    ]  # fmt: skip


def blocks() -> list[Seat]:
    """80 blocks of 40 rows of 25, ten blocks side by side."""
    return [
        Seat(f"B{block}", str(y), (block % 10) * 700.0 + x * 25, (block // 10) * 1100.0 + y * 26,
             worth(abs((block % 10) * 700 + x * 25 - 3450), (block // 10) * 1100 + y * 26), x in (0, 24))
        for block in range(80)
        for y in range(40)
        for x in range(25)
    ]  # fmt: skip


def worth(aside: float, back: float) -> int:
    return round(((1.6 * aside) ** 2 + back**2) ** 0.5)


HALLS: dict[str, Callable[[], list[Seat]]] = {"long rows": long_rows, "blocks": blocks}


def timed(act: Callable[..., Any], *said: object) -> tuple[float, Any]:
    """Milliseconds of processor time, and what came out."""
    began = time.thread_time()
    value = act(*said)
    return (time.thread_time() - began) * 1000, value


def took(act: Callable[..., Any], *said: object) -> float:
    return timed(act, *said)[0]


def first_pair(hall: Hall, picture: bytes) -> object:
    return best(Vacancy.but(hall, picture), Want(2))


def whole_index(hall: Hall, picture: bytes) -> None:
    Vacancy.but(hall, picture).view(ANY).correct_all()


def there_and_back(free: Vacancy, pair: tuple[int, int]) -> None:
    free.take(pair)
    free.free(pair)


def say(line: str, row: dict[str, object]) -> None:
    print(line)
    print(orjson.dumps({"bench": "seats", **row}).decode())


def of(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def free_places(seats: list[Seat], sold: float, pattern: str, dice: random.Random) -> Iterable[int]:
    order = sorted(range(len(seats)), key=lambda n: seats[n].quality)
    if pattern == "scattered":
        dice.shuffle(order)
    return order[int(len(seats) * sold) :]


def searches(
    hall: Hall, free: list[int], size: int, calls: int, dice: random.Random
) -> tuple[list[float], list[float]]:
    """Milliseconds of each search and each floor. Every search is followed by the sale of what it found and by the
    return of as many places sold before, so that the fill level stays as it is."""
    kept = Vacancy.of(hall, free)
    kept.view(ANY).correct_all()
    sold = [n for n in range(hall.places) if n not in kept]
    times, floors = [], []
    for _ in range(calls):
        spent, found = timed(best, kept, Want(size))
        times.append(spent)
        floors.append(took(len, kept))
        if found:
            kept.take(found)
            back = [sold.pop(dice.randrange(len(sold))) for _ in found] if sold else list(found)
            kept.free(back)
            sold += found if sold else ()
    return times, floors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    options = parser.parse_args()
    dice = random.Random(1)
    for name, make in HALLS.items():
        seats = make()
        hall_ms, hall = timed(Hall.of, seats)
        gc.collect()
        gc.freeze()
        half = Vacancy.of(hall, free_places(seats, 0.5, "scattered", dice))
        picture = half.picture()
        anew = [took(Vacancy.but, hall, picture) for _ in range(20)]
        first = [took(first_pair, hall, picture) for _ in range(20)]
        split = [took(whole_index, hall, picture) for _ in range(20)]
        moved = []
        for _ in range(1000):
            two = dice.randrange(hall.places - 1)
            moved.append(took(there_and_back, half, (two, two + 1)))
        costs = {
            "hall_ms": hall_ms,
            "picture_ms": of(anew, 0.5),
            "first_ms": of(first, 0.5),
            "index_ms": of(split, 0.5),
            "take_free_us": of(moved, 0.5) * 1000,
        }
        print(f"\n{name}: {len(seats)} places in {len(hall.lines)} rows")
        say(
            f"Hall.of (once a plan) {hall_ms:.0f} ms; from a picture {costs['picture_ms']:.2f} ms, with a search "
            f"{costs['first_ms']:.2f} ms; the whole index {costs['index_ms']:.1f} ms; two seats taken and freed "
            f"{costs['take_free_us']:.1f} us",
            {"hall": name, **costs},
        )
        print("sold   pattern       size    p50 ms   p99 ms  worst ms  floor ms   p99 ÷ floor")
        for sold in (0.0, 0.5, 0.9, 0.99):
            for pattern in ("scattered", "best first") if sold else ("empty",):
                free = list(free_places(seats, sold, pattern, dice))
                every: list[float] = []
                floors: list[float] = []
                for size in range(1, 11):
                    times, bare = searches(hall, free, size, options.calls, dice)
                    every += times
                    floors += bare
                    line(name, sold, pattern, str(size), times, bare)
                line(name, sold, pattern, "1-10", every, floors)


def line(name: str, sold: float, pattern: str, size: str, times: list[float], floors: list[float]) -> None:
    p50, p99, worst, floor = of(times, 0.5), of(times, 0.99), max(times), of(floors, 0.5)
    said = f"{sold:5.0%}  {pattern:12} {size:>5}   {p50:7.3f}  {p99:7.3f}   {worst:7.3f}"
    said += f"   {floor:7.4f}   {p99 / floor:7.1f}"
    if size == "1-10":
        say(said, {"hall": name, "sold": sold, "pattern": pattern, "p50_ms": p50, "p99_ms": p99, "worst_ms": worst,
                   "floor_ms": floor, "p99_ratio": p99 / floor})  # fmt: skip
    else:
        print(said)


if __name__ == "__main__":
    main()
