"""A stadium of 80,000 places: reading its plan file, preparing it for best seats, the search at every fill level.

The floor of the search is one look at all rows: counting the free places of each, which no search can do without.
"""

import argparse
import random
import time
from collections.abc import Callable

import orjson

from central.venues.planfile import read_plan
from shared.outcome import Ok
from shared.rules.seating import Hall, Want, best
from shared.wire.feeds import PlanSeat


def stadium(rows: int, seats: int) -> bytes:
    """A plan file with `rows` rows of `seats` places in zones of 40 rows, each with an aisle in the middle."""
    zones = []
    for zone in range(rows // 40):
        zones.append(
            {
                "name": f"Z{zone}", "position": {"x": 0, "y": zone * 1100}, "areas": [],
                "rows": [
                    {
                        "row_number": str(row + 1), "row_number_position": "start", "position": {"x": 0, "y": row * 26},
                        "seats": [
                            {
                                "seat_number": str(n + 1), "seat_guid": f"Z{zone}-{row}-{n}", "category": "A",
                                "position": {"x": n * 25 + (60 if n >= seats // 2 else 0), "y": 0}, "radius": 10,
                            }
                            for n in range(seats)
                        ],
                    }
                    for row in range(40)
                ],
            }
        )  # fmt: skip
    plan = {
        "name": "Stadium", "categories": [{"name": "A", "color": "#0072B2"}], "zones": zones,
        "size": {"width": seats * 25 + 100, "height": rows * 28},
    }  # fmt: skip
    return orjson.dumps(plan)


def took(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--seats", type=int, default=200)
    parser.add_argument("--calls", type=int, default=400)
    options = parser.parse_args()
    data = stadium(options.rows, options.seats)
    said: dict[str, object] = {}
    read_s = took(lambda: said.update(plan=read_plan(data)))
    plan = said["plan"]
    assert isinstance(plan, Ok), plan
    places_s = took(lambda: plan.value.places)
    places = plan.value.places
    seats = [
        PlanSeat(p.seat.guid, p.zone, p.row, p.seat.number, p.seat.x, p.seat.y, "A", p.quality, aisle=p.aisle)  # type: ignore[arg-type]
        for p in places
    ]
    hall_s = took(lambda: said.update(hall=Hall.of(seats)))
    hall = said["hall"]
    assert isinstance(hall, Hall)
    print(f"{len(seats)} places, file of {len(data) / 1e6:.1f} MB: read {read_s:.2f} s, places {places_s:.2f} s, "
          f"Hall.of {hall_s:.2f} s")  # fmt: skip
    dice = random.Random(1)
    by_quality = sorted(range(len(seats)), key=lambda n: seats[n].quality)
    print("sold          pattern      p50 ms   p99 ms   worst ms   floor ms")
    for sold in (0.0, 0.5, 0.9, 0.99):
        for pattern in ("scattered", "best first"):
            order = by_quality if pattern == "best first" else dice.sample(range(len(seats)), len(seats))
            free = hall.mask(order[int(len(seats) * sold) :])
            times = sorted(
                took(lambda free=free: best(hall, free, Want(dice.randint(1, 8)))) for _ in range(options.calls)
            )
            floor = sorted(took(free.bit_count) for _ in range(options.calls))[options.calls // 2]
            p50, p99 = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
            print(
                f"{sold:5.0%}         {pattern:11} {p50:7.3f} {p99:8.3f} {times[-1] * 1000:10.3f} {floor * 1000:10.4f}"
            )
            row = {"bench": "seats", "sold": sold, "pattern": pattern, "p50_ms": p50, "p99_ms": p99}
            print(orjson.dumps(row).decode())


if __name__ == "__main__":
    main()
