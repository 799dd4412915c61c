"""The log with a million rows: how long its screen takes, how long proving it takes, and what a seal costs.

The rows are written straight into a database, sealed as the loop seals them (kernel/log_chain.py), by 200 people with
40 commands; one person did nothing but the first thing of all, which is what is hardest to find. Every look is taken
twenty times, warm; the first one of all, cold in our own memory though not in the system's, stands beside it.
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

import central.areas  # noqa: F401
from central.kernel.actor import SYSTEM
from central.kernel.db import Connection, Database
from central.kernel.keys import make_keys
from central.kernel.log_chain import seal_now
from central.kernel.log_proof import prove
from central.kernel.schema import upgrade
from central.kernel.tx import Read
from central.web.history.log import LogFilter, found
from shared.clock import to_ms
from shared.ids import id_at

START = datetime(2026, 1, 1, tzinfo=UTC)
CHUNK = 400  # what waits for a seal when orders come at two thousand a second


def fill(db: Connection, rows: int) -> float:
    """An order-like log: a body of some 400 characters, one or two audit rows. Processor time of a seal, in µs."""
    sealing_s = 0.0
    places = [id_at(n, os.urandom(10)) for n in range(20)]
    body = orjson.dumps({"order_id": id_at(0, bytes(10)), "places": ["x" * 26] * 10, "method": "cash"}).decode()
    for start in range(0, rows, CHUNK):
        log, audit = [], []
        for n in range(start, min(start + CHUNK, rows)):
            at = START + timedelta(seconds=20 * n)
            row_id = id_at(to_ms(at), n.to_bytes(10, "big"))
            who = "operator:FIRST" if n == 0 else f"operator:{n % 200}"
            answer = '-{"reason":"no_entry.not_allowed","fix":"","detail":{}}' if n % 50 == 0 else "+null"
            log.append(
                (row_id, to_ms(at), who, f"web 10.0.0.{n % 250}", f"change_thing_{n % 40}", places[n % 20], n, "d" * 64,
                 body, answer)
            )  # fmt: skip
            audit += [(row_id, k, f"thing_{n % 40}", row_id, "changed", '{"code":["A","B"]}') for k in range(1 + n % 2)]
        db.begin(write=True)
        db.write_many(
            "INSERT INTO command_log (id, at, actor, origin, name, place, turn, digest, body, answer) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            log,
        )
        db.write_many(
            "INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES (?, ?, ?, ?, ?, ?)", audit
        )
        db.commit()
        began = time.process_time()
        seal_now(db, Read(db, SYSTEM, START, KEYS))
        sealing_s += time.process_time() - began
    return sealing_s * 1e6 / rows


KEYS = make_keys(START)


def looks(rows: int, some_id: str) -> dict[str, LogFilter]:
    middle = START + timedelta(seconds=10 * rows)
    return {
        "first page": LogFilter(),
        "a page in the middle": LogFilter(before=rows // 2),
        "one person of 200": LogFilter(who="operator:7"),
        "one command of 40": LogFilter(command="change_thing_3"),
        "one entity of 40": LogFilter(entity="thing_3"),
        "one thing": LogFilter(row_id=some_id),
        "refused": LogFilter(ok=False),
        "a day in the middle": LogFilter(since=middle, until=middle + timedelta(days=1)),
        "somebody who is not there": LogFilter(who="operator:NOBODY"),
        "an address that is not there": LogFilter(origin="192.168.7.7"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", default="", help="postgresql://… instead of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parterre-bench-") as folder:
        database = Database(options.database or f"sqlite:///{folder}/log.db")
        upgrade(database)
        db = database.connect()
        began = time.perf_counter()
        seal_us = fill(db, options.rows)
        filled = time.perf_counter() - began
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}, ", end="")
        print(
            f"{options.rows} rows written and sealed in {filled:.0f} s; a seal takes {seal_us:.0f} us of processor time"
        )
        if database.is_sqlite:
            print(f"database: {Path(folder, 'log.db').stat().st_size / 1e6:.0f} MB")
        measure(database, options.rows)


def measure(database: Database, rows: int) -> None:
    db = database.connect(read_only=True)
    db.begin(write=False)
    read = Read(db, SYSTEM, datetime.now(UTC), KEYS)
    some_id = read.run("SELECT id FROM command_log WHERE seq = :s", s=rows // 3)[0][0]
    print(f"{'look':32} {'first ms':>9} {'p50 ms':>8} {'p95 ms':>8}   rows  looks until the end of the log")
    for name, want in looks(rows, some_id).items():
        took, got = [], found(read, want)
        for _ in range(21):
            began = time.perf_counter()
            got = found(read, want)
            took.append((time.perf_counter() - began) * 1000)
        first, warm = took[0], sorted(took[1:])
        more = onwards(read, want) if not got.rows or got.until else 1
        p50, p95 = statistics.median(warm), warm[int(0.95 * len(warm))]
        print(f"{name:32} {first:9.1f} {p50:8.1f} {p95:8.1f} {len(got.rows):6} {more:6}")
        print(orjson.dumps({"bench": "audit", "look": name, "p50_ms": p50, "p95_ms": p95}).decode())
    began = time.perf_counter()
    proof = prove(read, None, KEYS.root_pem)
    took_s = time.perf_counter() - began
    assert not proof.faults and proof.rows == rows, proof
    print(f"proved in {took_s:.1f} s, {rows / took_s:.0f} rows/s")
    db.rollback()


def onwards(read: Read, want: LogFilter) -> int:
    """How often somebody has to ask for more until the end."""
    from dataclasses import replace

    count, before = 1, found(read, want).next
    while before:
        answer: Any = found(read, replace(want, before=before))
        count, before = count + 1, answer.next
        if answer.rows:
            break
    return count


if __name__ == "__main__":
    main()
