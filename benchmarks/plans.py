"""Plan files of a stadium of 80,000 places: each format written, read and checked; and the hall drawn from nothing.

The floor is what no reader can do without: orjson, expat or the csv module walking the same file and keeping nothing.
"""

import argparse
import csv
import io
import time
from collections.abc import Callable
from xml.parsers.expat import ParserCreate

import orjson

from central.venues.drawing import DrawBlock, DrawPlan, drawn
from central.venues.plan import Category, Plan
from central.venues.planfile import Format, read_plan, written
from shared.outcome import Ok


def took(act: Callable[..., object], *said: object, times: int = 3) -> float:
    """The best of a few: seconds of processor time of this thread."""
    found = []
    for _ in range(times):
        began = time.thread_time()
        act(*said)
        found.append(time.thread_time() - began)
    return min(found)


def stadium(blocks: int, rows: int, seats: int) -> DrawPlan:
    return DrawPlan(
        "Stadium",
        tuple(Category(name, colour) for name, colour in (("1", "#0072B2"), ("2", "#E69F00"), ("3", "#009E73"))),
        blocks=tuple(
            DrawBlock(
                f"Bloc {n + 1}", str(n % 3 + 1), (n % 10) * (seats * 25.0 + 75), (n // 10) * (rows * 30.0 + 90),
                rows, seats, access=f"Porte {n % 16 + 1}",
            )
            for n in range(blocks)
        ),
    )  # fmt: skip


def walk(data: bytes) -> None:
    parser = ParserCreate()
    parser.StartElementHandler = lambda _tag, _said: None
    parser.Parse(data, True)


FLOORS: dict[Format, Callable[[bytes], object]] = {
    Format.JSON: orjson.loads,
    Format.SVG: walk,
    Format.CSV: lambda data: sum(1 for _ in csv.reader(io.StringIO(data.decode(), newline=""))),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=80)
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--seats", type=int, default=25)
    options = parser.parse_args()
    description = stadium(options.blocks, options.rows, options.seats)
    made: list[Plan] = []

    def draw() -> None:
        answer = drawn(description)
        assert isinstance(answer, Ok), answer
        made[:] = [answer.value]

    drawing_s = took(draw)
    plan = made[0]
    places = sum(1 for _ in plan.seats())
    derived_s = took(lambda: Plan(plan.name, plan.width, plan.height, plan.categories, plan.zones).places)
    print(f"{places} places: drawn from nothing {drawing_s:.2f} s; quality and aisles {derived_s:.2f} s")
    print(orjson.dumps({"bench": "plans", "places": places, "drawn_s": drawing_s, "derived_s": derived_s}).decode())
    print("format      MB    write s    read s   floor s   read ÷ floor")
    for each in Format:
        data = written(plan, each)
        write_s, read_s = took(written, plan, each), took(read_plan, data)
        floor_s = took(FLOORS[each], data)
        assert read_plan(data) == Ok(plan), each
        print(
            f"{each:8} {len(data) / 1e6:5.1f}   {write_s:8.2f}  {read_s:8.2f}  {floor_s:8.3f}   {read_s / floor_s:8.1f}"
        )
        row = {"format": each, "mb": len(data) / 1e6, "write_s": write_s, "read_s": read_s, "floor_s": floor_s}
        print(orjson.dumps({"bench": "plans", **row}).decode())


if __name__ == "__main__":
    main()
