"""Orders per second through the HTTP API: one seat an order, all seats distinct, durable, 1, 8 and 32 callers.

Beside it, in the same run, its floor: a bare aiohttp answer whose one insert is committed in groups by a writer thread.
The load generator is wrk (Debian) and shares the machine with the server, as in life it would not. On a machine that
does other work too, `cpu us` moves least: processor time of the whole server, all threads, per order.
"""

import argparse
import asyncio
import base64
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson

from parterre.demo.house import PRICES, House, set_up
from parterre.demo.office import Office
from shared.ids import Id, id_at

CALLERS = (1, 8, 32)
HERE = Path(__file__).parent
SCRIPT = """
local next_line = io.lines("{file}")
local headers = {{ ["Content-Type"] = "application/json", ["Authorization"] = "{auth}" }}
local refused = 0
request = function()
  local line = next_line()
  if line == nil then next_line = io.lines("{file}"); line = next_line() end
  headers["Idempotency-Key"] = line:sub(1, 26)
  return wrk.format("POST", "{path}", headers, line:sub(28))
end
response = function(status, headers, body)
  if status ~= 200 and refused == 0 then refused = 1; io.stderr:write("refused: " .. status .. " " .. body .. "\\n") end
end
"""


def wrk(url: str, path: str, file: Path, auth: str, callers: int, seconds: int) -> dict[str, float]:
    """One run: answers per second, p50 and p99 in ms, answers that were not 200."""
    script = file.with_suffix(".lua")
    script.write_text(SCRIPT.format(file=file, auth=auth, path=path))
    command = ["wrk", "-t1", f"-c{callers}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    if said.stderr.strip():
        print(said.stderr.strip(), file=sys.stderr)
    text = said.stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    total = re.search(r"(\d+) requests in", text)
    assert total, text
    return {
        "per_s": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),  # type: ignore[union-attr]
        "p50_ms": _ms(text, "50%"),
        "p99_ms": _ms(text, "99%"),
        "requests": int(total.group(1)),
        "refused": int(bad.group(1)) if bad else 0,
    }


def _ms(text: str, name: str) -> float:
    found = re.search(rf"{re.escape(name)}\s+([\d.]+)(us|ms|s)\b", text)
    assert found, text
    return float(found.group(1)) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found.group(2)]


def write_requests(file: Path, places: list[dict[str, str]], tariff: str, prices: dict[str, int], point: str) -> None:
    with file.open("wb") as out:
        for n, place in enumerate(places):
            order = id_at(time.time_ns() // 1_000_000, os.urandom(10))
            body = {
                "order_id": order, "point_of_sale_id": point, "performance_id": place["performance_id"],
                "places": [{"tariff_id": tariff, "seat_id": place["seat_id"]}], "method": "cash",
                "amount": prices[place["category_id"]],
            }  # fmt: skip
            out.write(id_at(n, os.urandom(10)).encode() + b"\t" + orjson.dumps(body) + b"\n")


async def prepare(
    url: str, institution: str, operator: str, key: str, performances: int
) -> tuple[list[dict[str, str]], House]:
    """A house with so many performances on sale, and all their places."""
    async with Office(url, operator, key) as office:
        house = await set_up(office, Id(institution), datetime.now(UTC))
        first = (await office.rows("performance", id=house.performances[0]))[0]
        schedule = {name: first[name] for name in ("starts", "doors", "closes", "sell_until")}
        for _ in range(performances):
            made = office.new_id()
            await office.command(
                "create_performance", id=made, event_id=first["event_id"], schedule=schedule,
                logical_configuration_id=house.logical, price_grid_id=house.grid,
            )  # fmt: skip
            await office.command("change_sale", performance_id=made, do="open")
        return await office.rows("place"), house


def start(command: list[str], env: dict[str, str], ready: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, env={**os.environ, **env})
    for _ in range(600):
        if ready.exists() and ready.read_text().strip():
            return process
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit(f"{command[0]} did not start")


@contextmanager
def central(folder: Path, **more: str) -> Iterator[tuple[subprocess.Popen[bytes], str, str, str, str]]:
    """A house founded in this folder, and its central while the block runs: the process, its address, the institution,
    an operator and their key. `more`: of its configuration."""
    program = Path(sys.executable).with_name("parterre")
    env = {
        "PARTERRE_CENTRAL__DATA": str(folder / "central"), "PARTERRE_CENTRAL__LISTEN__PORT": "0",
        "PARTERRE_CENTRAL__BROKER__PORT": "0", "PARTERRE_CENTRAL__LOG_LEVEL": "warning", **more,
    }  # fmt: skip
    said = subprocess.run(
        [program, "found", "--name", "Bench"], env={**os.environ, **env}, capture_output=True, text=True, check=True
    ).stdout
    institution, operator, key = (line.split()[1] for line in said.splitlines())
    ready = folder / "ready"
    process = start([str(program), "central", "--ready-file", str(ready)], env, ready)
    try:
        yield process, ready.read_text().split()[0], institution, operator, key
    finally:
        process.terminate()
        process.wait()


def cpu_us(pid: int) -> float:
    """Processor time of a process so far, user and system, all threads."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) * 1e6 / os.sysconf("SC_CLK_TCK")


def cpus_us(pid: int) -> tuple[float, float]:
    """Of a process, and of all that it has begun: of central, and of its writer (what works beside it has no work)."""
    begun = [
        int(each) for task in Path(f"/proc/{pid}/task").iterdir() for each in (task / "children").read_text().split()
    ]
    return cpu_us(pid), sum(map(cpu_us, begun))


def floor(folder: Path, seconds: int, requests: Path) -> dict[int, dict[str, float]]:
    """The bare path in a process of its own."""
    ready = folder / "floor-ready"
    process = start([sys.executable, str(HERE / "_floor_server.py"), str(folder / "floor.db"), str(ready)], {}, ready)
    try:
        return {n: wrk(ready.read_text().strip(), "/", requests, "none", n, seconds) for n in CALLERS}
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--performances", type=int, default=60)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="parterre-bench-") as name:
        run(Path(name), options.seconds, options.performances)


def run(folder: Path, seconds: int, performances: int) -> None:
    with central(folder, PARTERRE_CENTRAL__HTTP__LIMITS__PROGRAMS='{"per_s": 1, "burst": 0}') as (process, url, *who):
        places, house = asyncio.run(prepare(url, *who, performances))
        prices = {house.categories[name]: amount for name, amount in PRICES.items()}
        auth = "Basic " + base64.b64encode(":".join(who[1:]).encode()).decode()
        share = len(places) // len(CALLERS)
        rows = []
        for n, callers in enumerate(CALLERS):
            file = folder / f"orders-{callers}.txt"
            write_requests(file, places[n * share : (n + 1) * share], house.tariffs["FULL"], prices, house.desk_point)
            before = cpus_us(process.pid)
            measured = wrk(url, "/api/v1/commands/place_order", file, auth, callers, seconds)
            own, writer = ((b - a) / measured["requests"] for a, b in zip(before, cpus_us(process.pid), strict=True))
            measured |= {"cpu_us": own + writer, "writer_cpu_us": writer}
            if measured["requests"] >= share:
                print(f"warning: {share} seats were not enough; raise --performances", file=sys.stderr)
            rows.append((callers, measured))
        bare = floor(folder, seconds, folder / f"orders-{CALLERS[-1]}.txt")
    report(rows, bare, folder / "central" / "parterre.db")


def report(rows: list[tuple[int, dict[str, float]]], bare: dict[int, dict[str, float]], database: Path) -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}, ", end="")
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    print("callers   orders/s   p50 ms   p99 ms   refused   cpu us   of it writer   floor/s   floor÷orders")
    for callers, row in rows:
        ratio = bare[callers]["per_s"] / row["per_s"]
        print(
            f"{callers:7} {row['per_s']:10.0f} {row['p50_ms']:8.2f} {row['p99_ms']:8.2f} {row['refused']:9.0f} "
            f"{row['cpu_us']:8.0f} {row['writer_cpu_us']:14.0f} {bare[callers]['per_s']:9.0f} {ratio:14.2f}"
        )
        found = {"bench": "orders", "callers": callers, **row, "floor_per_s": bare[callers]["per_s"]}
        print(orjson.dumps(found).decode())
    with sqlite3.connect(database) as db:
        tables = ("sale_order", "ticket", "move")
        orders, tickets, moves = (db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables)
        top = db.execute("SELECT value FROM counter WHERE name LIKE 'ticket/%'").fetchone()[0]
    print(f"in the database: {orders} orders, {tickets} tickets (last number {top}), {moves} moves")


if __name__ == "__main__":
    main()
