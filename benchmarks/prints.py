"""What it costs an order that today's tables follow from the log (central/kernel/prints.py): the same orders through
the door, one thread, one seat each, in turns with and without prints; processor time, and bytes of the log.

The floor is the order without them. Blocks alternate, so that what else the machine does falls on both alike.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from central.catalogue.model import PerformanceDo
from central.kernel import tx as tx_module
from central.kernel.contexts import path_of
from central.kernel.db import Connection, Database
from central.kernel.door import Door
from central.kernel.keys import make_keys
from central.kernel.schema import upgrade
from central.kernel.traces import Traces
from central.kernel.tx import Tx
from central.orders.model import PaymentMethod
from central.orders.ops import PlaceOrder, WantedPlace
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from tests.central import small_house

BLOCK = 20  # an evening's seats


def a_house(folder: Path) -> tuple[small_house.Clerk, small_house.House]:
    """The tests' small house."""
    database = Database(f"sqlite:///{folder / 'prints.db'}")
    upgrade(database)
    watch = small_house.Watch()
    door = Door(database, watch, path_of, make_keys(small_house.NOW))
    clerk = small_house.Clerk(door, database.connect(), watch)
    return clerk, small_house.set_up(clerk)


def an_evening(clerk: small_house.Clerk, house: small_house.House) -> small_house.Id:
    """One more performance in the same hall."""
    made, starts = small_house.new_id(), small_house.STARTS
    schedule = Schedule(starts=starts, doors=starts, closes=starts + timedelta(hours=2), sell_until=starts)
    clerk.do(
        CreatePerformance(
            id=made,
            event_id=house.event,
            logical_configuration_id=house.logical,
            price_grid_id=house.grid,
            schedule=schedule,
        )
    )
    clerk.do(ChangeSale(performance_id=made, do=PerformanceDo.OPEN))
    return made


def without(act: Callable[[], None]) -> None:
    """As if there were no prints."""
    log = Traces.log

    def no_log(self: Traces, *said: Any) -> None:
        log(self, *said)  # type: ignore[arg-type]
        self._prints.clear()

    nothing: list[tuple[Any, str, Callable[..., Any]]] = [
        (Tx, "_made", lambda *_: None), (Tx, "rewritten", lambda *_: None), (Tx, "left", lambda _: ""),
        (tx_module, "leave", lambda *_: None), (Traces, "log", no_log),
    ]  # fmt: skip
    kept = [(where, name, getattr(where, name)) for where, name, _ in nothing]
    for where, name, empty in nothing:
        setattr(where, name, empty)
    try:
        act()
    finally:
        for where, name, real in kept:
            setattr(where, name, real)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=4000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clerk, house = a_house(Path(folder))

        def sold_out(evening: small_house.Id) -> None:
            for seat in house.seats:
                places = (WantedPlace(house.full, seat),)
                clerk.do(
                    PlaceOrder(
                        order_id=small_house.new_id(),
                        point_of_sale_id=house.desk,
                        performance_id=evening,
                        places=places,
                        method=PaymentMethod.CARD,
                        amount=small_house.FULL,
                    )
                )

        took: dict[str, list[float]] = {"with": [], "without": []}
        for _ in range(wanted.orders // (2 * BLOCK)):
            for name, how in (("with", lambda act: act()), ("without", without)):
                evening = an_evening(clerk, house)
                began = time.process_time()
                how(partial(sold_out, evening))
                took[name].append((time.process_time() - began) / BLOCK * 1e6)
        size(clerk.db)
        # Other work takes the caches away, and only ever adds: the quickest tenth is what the code costs.
        for part, said in ((10, "the quickest tenth"), (50, "median")):
            with_, floor = (statistics.quantiles(took[name], n=100)[part - 1] for name in ("with", "without"))
            print(f"{said}: {with_:.1f} µs with, {floor:.1f} µs without: {with_ - floor:+.1f} µs, "
                  f"{100 * (with_ / floor - 1):+.1f} %")  # fmt: skip


def size(db: Connection) -> None:
    """Bytes of an order's rows in the log, with their prints."""
    ((prints, log),) = db.run(
        "SELECT AVG(LENGTH(p.prints)), AVG(LENGTH(l.body) + LENGTH(l.answer) + LENGTH(l.digest) + 150) "
        "FROM command_log l JOIN command_prints p ON p.command_id = l.id "
        "WHERE l.name = 'place_order' AND p.prints <> ''",
        {},
    )
    print(f"an order's row in the log: {log:.0f} bytes and {prints:.0f} of prints")


if __name__ == "__main__":
    main()
