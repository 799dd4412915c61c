"""Orders and holds on PostgreSQL: sixteen callers at the doors of two processes, one named seat each, spread over five
performances and all on one; durable, the server as it is delivered.

The floor, in the same run and in turns with the doors: what a door says to the server for each of these very works
where it comes alone, recorded, and said again by bare psycopg, from two processes on eight connections each, in a copy
of the same database. Nothing is worked out there, and nobody waits for a lock of ours.
"""

import argparse
import asyncio
import gc
import multiprocessing
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any

import orjson
import psycopg

import central.areas  # noqa: F401  # declares everything
from benchmarks.holds import POINT, fresh, house, named
from benchmarks.orders import cpu_us
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.contexts import path_of
from central.kernel.db import Connection, Database, Params, PostgresConnection, Row, pg_text
from central.kernel.door import Door
from central.kernel.keys import Keys, keys_of, make_keys
from central.kernel.postgres_line import beginning
from central.kernel.postgres_writers import REPEATED, WRITERS
from central.kernel.schema import upgrade
from central.kernel.turns import Footing
from central.orders.holds import HoldPlaces
from central.orders.model import OrdersPrivilege, PaymentMethod
from central.orders.ops import PlaceOrder, WantedPlace
from shared.ids import Id
from tests.conftest import PostgresServer

PROCESSES, CALLERS = 2, 8  # of each process
HALLS, PLACES = 5, 2000
WARM = 25  # works of each process before the clock runs: enough for each connection to have prepared its statements
PRICE = 2000
SELLER = Actor(
    ActorKind.OPERATOR, fresh(), "Desk", frozenset({(str(OrdersPrivilege.ORDER_CREATE), str(named("context", 0)))})
)

Given = tuple[Any, Id]  # a command and its id
Said = list[tuple[str, Any]]  # statements with their parameters; of many rows a list of them


# --- what was said ----------------------------------------------------------------------------------------------------


class Recorder(PostgresConnection):
    """Notes what was committed, statement by statement; what stands outside of a transaction is noted too."""

    def __init__(self, url: str, notes: list[Said]) -> None:
        self._said: Said = []
        self._notes = notes
        super().__init__(url)
        self._said.clear()

    def begin(self, *, write: bool, footing: Footing = Footing.ALONE, lock_s: float = 0.0) -> None:
        super().begin(write=write, footing=footing, lock_s=lock_s)
        self._said = [(beginning(write=write, footing=footing).partition(";")[0], None)]  # none of our own locks

    def tell(self, sql: str, params: Params) -> None:
        self._said.append((sql, params))
        if sql == "COMMIT":
            self._notes.append(self._said)
            self._said = []

    def _execute(self, sql: str, params: Params) -> psycopg.Cursor[Row]:
        done = super()._execute(sql, params)
        self.tell(pg_text(sql), params)
        return done

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        super().write_many(sql, rows)
        self.tell(pg_text(sql), list(rows))


class Recorded(Database):
    """Whoever writes in it is recorded, into `notes`."""

    notes: list[Said] = []  # noqa: RUF012 - a process has one

    def connect(self, *, read_only: bool = False) -> Connection:
        return super().connect(read_only=True) if read_only else Recorder(self.url, self.notes)


# --- a process that sells, and one that says again --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Took:
    """What one process has to tell: from when to when (monotonic, of the machine), each one's ms, processor time."""

    began: float
    ended: float
    each_ms: list[float]
    cpu_us: float
    refused: int = 0
    repeats: int = 0
    said: tuple[list[Said], list[Said]] = ([], [])


async def sell(
    url: str, texts: list[bytes], warm: list[Given], works: list[Given], record: bool, meet: Callable[[], None]
) -> Took:  # fmt: skip
    database, keys = Recorded(url) if record else Database(url), keys_of(texts)
    assert keys
    door = Door(database, lambda: datetime.now(UTC), path_of, keys)
    door.start()
    try:
        callers = 1 if record else CALLERS
        await crowd(door, warm, callers)
        warmed = len(Recorded.notes)
        meet()
        repeats, used, began = REPEATED.value(), time.process_time(), time.monotonic()
        took, refused = await crowd(door, works, callers)
        ended = time.monotonic()
        cpu = 1e6 * (time.process_time() - used)
        meet()
        said = Recorded.notes[:warmed], Recorded.notes[warmed:]
        return Took(began, ended, took, cpu, refused, int(REPEATED.value() - repeats), said)
    finally:
        await asyncio.to_thread(door.stop)


async def crowd(door: Door, works: list[Given], callers: int) -> tuple[list[float], int]:
    waiting, took, refused = iter(works), list[float](), 0

    async def caller() -> None:
        nonlocal refused
        for command, command_id in waiting:
            began = time.perf_counter()
            reply = await door.execute(SELLER, command, command_id)
            took.append(1000 * (time.perf_counter() - began))
            refused += not reply.ok

    await asyncio.gather(*(caller() for _ in range(callers)))
    return took, refused


def say_again(url: str, warm: list[Said], works: list[Said], meet: Callable[[], None]) -> Took:
    took, local = list[float](), threading.local()

    def connect() -> None:
        local.db = psycopg.connect(url, autocommit=True)
        barrier.wait()

    barrier = threading.Barrier(WRITERS + 1)

    def say(work: Said) -> None:
        began = time.perf_counter()
        db: psycopg.Connection[Row] = local.db
        for sql, params in work:
            if isinstance(params, list):
                db.cursor().executemany(sql.encode(), params)
            else:
                done = db.execute(sql.encode(), params, prepare=False if params is None else None)
                if done.description:
                    done.fetchall()
        took.append(1000 * (time.perf_counter() - began))

    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(WRITERS, initializer=connect))
        for _ in range(WRITERS):
            pool.submit(lambda: None)
        barrier.wait()
        list(pool.map(say, warm))
        took.clear()
        meet()
        used, began = time.process_time(), time.monotonic()
        list(pool.map(say, works))
        ended = time.monotonic()
        cpu = 1e6 * (time.process_time() - used)
        meet()
        return Took(began, ended, took, cpu)


def child(line: Any) -> None:
    """Works until it is given nothing to do."""

    def meet() -> None:
        gc.collect()
        line.send("here")
        line.recv()

    while work := line.recv():
        Recorded.notes.clear()
        done = work(meet=meet)
        line.send(asyncio.run(done) if asyncio.iscoroutine(done) else done)


@dataclass(frozen=True, slots=True)
class Run:
    """Of both processes together, per work where it says so."""

    works: int
    per_s: float
    p50_ms: float
    p99_ms: float
    client_us: float
    server_us: float
    refused: int
    repeats: float


class Crew:
    """The processes, and the server that they speak with."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        context = multiprocessing.get_context("spawn")
        pairs = [context.Pipe() for _ in range(PROCESSES)]
        self._lines = [near for near, _ in pairs]
        self._processes = [context.Process(target=child, args=(far,), daemon=True) for _, far in pairs]
        for process in self._processes:
            process.start()

    def stop(self) -> None:
        for line in self._lines:
            line.send(None)
        for process in self._processes:
            process.join()

    def run(self, works: Sequence[Callable[..., Any]]) -> tuple[Run, list[Took]]:
        """One for each of them, all at once. They meet before the clock runs and after it has stopped, while their
        connections are open: so the server's processor time is of both."""
        for line, work in zip(self._lines, works, strict=True):
            line.send(work)
        used = -self._meet() + self._meet()
        took: list[Took] = [line.recv() for line in self._lines]
        each = sorted(ms for one in took for ms in one.each_ms)
        done = sum(len(one.each_ms) for one in took)
        found = Run(
            done, done / (max(one.ended for one in took) - min(one.began for one in took)), median(each),
            each[len(each) * 99 // 100], sum(one.cpu_us for one in took) / done, used / done,
            sum(one.refused for one in took), sum(one.repeats for one in took) / done,
        )  # fmt: skip
        return found, took

    def _meet(self) -> float:
        for line in self._lines:
            assert line.recv() == "here"
        used = server_cpu_us(self._server)
        for line in self._lines:
            line.send("go on")
        return used


def server_cpu_us(server: PostgresServer) -> float:
    """Of all its processes that are there; none of those that serve us ends while it is measured."""
    found = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if server.pid in (pid, int(rest[1])):
            found += cpu_us(pid)
    return found


# --- a house, and copies of it ----------------------------------------------------------------------------------------


class Copies:
    """Databases in the state in which the house was opened."""

    def __init__(self, server: PostgresServer) -> None:
        self._server, self._made = server, 0

    def url(self, name: str) -> str:
        return self._server.url.replace("/postgres?", f"/{name}?")

    @contextmanager
    def one(self) -> Iterator[str]:
        self._made += 1
        name = f"copy_{self._made}"
        with psycopg.connect(self._server.url, autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE house STRATEGY file_copy".encode())
            db.execute("CHECKPOINT")
            yield self.url(name)
            db.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


async def furnish(url: str, keys: Keys) -> list[tuple[Id, list[Id]]]:
    """A house; its performances, each with its seats."""
    database = Database(url)
    upgrade(database)
    door = Door(database, lambda: datetime.now(UTC), path_of, keys)
    door.start()
    found = []
    for performance in await house(door, [PLACES] * HALLS):
        look = partial(_seats, performance)
        found.append((performance, await door.read(SYSTEM, look)))
    await asyncio.to_thread(door.stop)
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("VACUUM ANALYZE")
    return found


def _seats(performance: Id, read: Any) -> list[Id]:
    return [row[0] for row in read.run("SELECT seat_id FROM place WHERE performance_id = :p", p=performance)]


def order(performance: Id, seat: Id) -> PlaceOrder:
    return PlaceOrder(
        order_id=fresh(), point_of_sale_id=POINT, performance_id=performance, method=PaymentMethod.CASH, amount=PRICE,
        places=(WantedPlace(named("tariff"), seat),),
    )  # fmt: skip


def hold(performance: Id, seat: Id) -> HoldPlaces:
    return HoldPlaces(hold_id=fresh(), point_of_sale_id=POINT, performance_id=performance, seats=(seat,))


def wanted(make: Callable[[Id, Id], Any], halls: list[tuple[Id, list[Id]]], works: int, hot: bool) -> list[list[Given]]:
    """For each process, so many works on seats that nobody else wants."""
    from_halls = [halls[0]] * HALLS if hot else halls
    taken = [iter(seats) for _, seats in halls]
    found: list[list[Given]] = [[] for _ in range(PROCESSES)]
    for n in range(works * PROCESSES):
        performance, _ = from_halls[n % HALLS]
        seat = next(taken[0 if hot else n % HALLS])
        found[n // HALLS % PROCESSES].append((make(performance, seat), fresh()))
    return found


# --- all of it --------------------------------------------------------------------------------------------------------


def measure(crew: Crew, keys: Keys, copies: Copies, given: list[list[Given]], rounds: int) -> dict[str, Any]:
    parts = [(each[:WARM], each[WARM:]) for each in given]

    def sales(record: bool) -> tuple[Run, list[Took]]:
        with copies.one() as url:
            return crew.run([partial(sell, url, keys.texts, *each, record) for each in parts])

    _, took = sales(record=True)
    said = [each.said for each in took]
    doors, floors = list[Run](), list[Run]()
    for _ in range(rounds):
        doors.append(sales(record=False)[0])
        with copies.one() as url:
            floors.append(crew.run([partial(say_again, url, *each) for each in said])[0])
    statements = [
        len(params) if isinstance(params, list) else 1 for _, works in said for work in works for _, params in work
    ]
    calls = sum(len(work) for _, works in said for work in works)
    works = sum(len(each) for _, each in parts)
    return {
        "per_s": mean(each.per_s for each in doors),
        "floor_per_s": mean(recorded_per_s(each, works) for each in floors),
        "ratio": sum(1 / recorded_per_s(each, works) for each in floors) / sum(1 / each.per_s for each in doors),
        "repeats": mean(each.repeats for each in doors), "refused": sum(each.refused for each in doors),
        "p50_ms": mean(each.p50_ms for each in doors), "p99_ms": max(each.p99_ms for each in doors),
        "client_us": mean(each.client_us for each in doors), "server_us": mean(each.server_us for each in doors),
        "floor_client_us": mean(each.client_us * each.works for each in floors) / works,
        "floor_server_us": mean(each.server_us * each.works for each in floors) / works,
        "calls": calls / works, "statements": sum(statements) / works,
        "each_per_s": [round(each.per_s) for each in doors],
        "each_floor_per_s": [round(recorded_per_s(each, works)) for each in floors],
    }  # fmt: skip


def recorded_per_s(floor: Run, works: int) -> float:
    """Works a second of a floor that said again what may have been several works in a transaction."""
    return floor.per_s * works / floor.works


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=500, help="of each process")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="a word of a line's name")
    options = parser.parse_args()
    keys, server = make_keys(datetime.now(UTC)), PostgresServer(safe=True)
    try:
        server.start()
        copies = Copies(server)
        with psycopg.connect(server.url, autocommit=True) as db:
            db.execute("CREATE DATABASE house")
            (version,) = db.execute("SHOW server_version").fetchone() or ("",)
        print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}, "
            f"Python {platform.python_version()}, PostgreSQL {version}, psycopg {psycopg.__version__} "
            f"({psycopg.pq.__impl__}); {PROCESSES} processes of {CALLERS} callers"
        )
        print(
            "works                 works/s   floor/s  of floor   repeats   refused   p50 ms   p99 ms   "
            "client us (floor)   server us (floor)   calls   statements   load",
            flush=True,
        )
        crew = Crew(server)
        halls = asyncio.run(furnish(copies.url("house"), keys))
        for name, make in (("orders", order), ("holds", hold)):
            for where in ("spread", "hot"):
                if options.only in f"{name}, {where}":
                    given = wanted(make, halls, options.works + WARM, where == "hot")
                    report(f"{name}, {where}", measure(crew, keys, copies, given, options.rounds))
        crew.stop()
    finally:
        server.close()


def report(name: str, found: dict[str, Any]) -> None:
    client = f"{found['client_us']:.0f} ({found['floor_client_us']:.0f})"
    serving = f"{found['server_us']:.0f} ({found['floor_server_us']:.0f})"
    print(
        f"{name:20} {found['per_s']:8.0f} {found['floor_per_s']:9.0f} {found['ratio']:9.0%} {found['repeats']:9.3f} "
        f"{found['refused']:9} {found['p50_ms']:8.1f} {found['p99_ms']:8.1f} {client:>19} {serving:>19} "
        f"{found['calls']:7.1f} {found['statements']:12.1f} {os.getloadavg()[0]:6.1f}"
    )
    print(orjson.dumps({"bench": "postgres", "kind": name, **found}).decode(), flush=True)


if __name__ == "__main__":
    main()
