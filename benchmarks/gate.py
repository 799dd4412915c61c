"""How fast a lane decides with a full list, against its floor in the same run.

The floor is what no gate can do without: one Ed25519 check, one indexed look-up, one durable insert, on the same file
system. A scan is the whole decision: parse, load, decide, use the entry, write the fact, commit; only then may a
barrier move. Run: `python benchmarks/gate.py [--tickets 1000000] [--scans 3000]`.
"""

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.gate.core import Check
from edge.gate.mark import Mark
from edge.gate.store import SCHEMA, Around, GateStore, Moment
from shared.clock import ClockState, Now
from shared.ids import Id, derived_id, id_bytes, id_from_bytes
from shared.outcome import Ok
from shared.rules.access import Gate
from shared.runtime.journal import Journal, connect
from shared.runtime.system import SystemClock, fresh_id
from shared.wire.certificates import DeviceKind, issue, root_certificate
from shared.wire.codec import adapter
from shared.wire.feeds import FeedPage, FeedRow, KeyRow, PerformanceRow
from shared.wire.seal import Signer
from shared.wire.token import Token, parse, sign, write

DEVICE, PLAY = derived_id("device", "lane"), derived_id("performance", 1)
ROOT_KEY = Ed25519PrivateKey.from_private_bytes(b"r" * 32)
CENTRAL = Signer.of(Ed25519PrivateKey.from_private_bytes(b"c" * 32))
DAY = timedelta(days=1)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tickets", type=int, default=1_000_000)
    asked.add_argument("--scans", type=int, default=3000)
    asked.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    asked.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.fill:
        fill(options.fill, options.tickets)
        return
    if options.open:
        print(json.dumps(cold_start(options.open)))
        return
    with tempfile.TemporaryDirectory(prefix="parterre-gate-") as folder:
        found = measure(Path(folder), options.tickets, options.scans)
    print(json.dumps(found) if options.json else table(found))


def measure(folder: Path, tickets: int, scans: int) -> dict[str, float]:
    path = folder / "lane.db"
    filled_s = timed(lambda: alone("--fill", str(path), "--tickets", str(tickets)))
    cold = json.loads(alone("--open", str(path)))
    codes = [code(number) for number in random.Random(7).sample(range(tickets), 2 * scans)]
    store = open_lane(path)
    clock, around = SystemClock(), Around(complete=True)

    def scan(text: str) -> None:
        reading = clock.read()
        moment = Moment(Now(reading.wall, ClockState.TRUSTED, timedelta()), reading)
        answer = store.admit(Check(text), fresh_id(clock), moment, around).answer
        assert isinstance(answer.outcome, Ok), answer

    floor = Floor(path)
    for text in codes[:50]:
        scan(text)
        floor.run(text)
    mine: list[float] = []
    least: list[float] = []
    for start in range(50, scans, 50):  # in turns, so that a slow moment of the disk meets both
        mine += timings(scan, codes[start : start + 50])
        least += timings(floor.run, codes[scans + start : scans + start + 50])
    used = timings(lambda text: store.admit(Check(text), fresh_id(clock), _moment(clock), around), codes[:500])
    return {
        "tickets": tickets,
        "fill_s": filled_s,
        "file_mb": path.stat().st_size / 1e6,
        **cold,
        "scan_per_s": len(mine) / sum(mine),
        "scan_p50_us": 1e6 * quantile(mine, 0.5),
        "scan_p99_us": 1e6 * quantile(mine, 0.99),
        "refusals_per_s": len(used) / sum(used),
        "floor_per_s": len(least) / sum(least),
        "floor_p50_us": 1e6 * quantile(least, 0.5),
        "floor_p99_us": 1e6 * quantile(least, 0.99),
        "ratio": quantile(mine, 0.5) / quantile(least, 0.5),
        "rss_mb": peak_mb(),
    }


def alone(*arguments: str) -> str:
    """This program in a process of its own, so that memory and start are a lane's and nobody else's."""
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def peak_mb() -> float:
    """The most memory this process ever held (ru_maxrss would count who started it)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def cold_start(path: Path) -> dict[str, float]:
    """In a process of its own: from opening the file to the first answer, and the memory that takes."""
    text = code(1)
    clock = SystemClock()
    before = time.perf_counter()
    store = open_lane(path)
    store.recover(_moment(clock))
    ready = time.perf_counter() - before
    store.admit(Check(text, forced=""), fresh_id(clock), _moment(clock), Around(complete=True))
    first = time.perf_counter() - before
    return {
        "ready_s": ready,
        "first_answer_s": first,
        "cold_rss_mb": peak_mb(),
    }


def fill(path: Path, tickets: int) -> None:
    """The lists as after a first load, written straight: how feeds arrive is not what is measured here."""
    now = datetime.now(UTC)
    root_pem = root_certificate(ROOT_KEY, "house", now - DAY, now + DAY)
    (path.parent / "root.pem").write_text(root_pem)
    pem = issue(
        ROOT_KEY, root_pem, CENTRAL.key.public_key(), holder_id=derived_id("central"), kind=DeviceKind.CENTRAL,
        site_id="", certificate_id=derived_id("certificate"), valid_from=now - DAY, valid_to=now + DAY,
    )  # fmt: skip
    play = PerformanceRow({"fr": "Hamlet"}, now, now - DAY, now + DAY, "Europe/Paris", "plan", True)
    store = open_lane(path)
    for feed, key, body in (("keys/house", CENTRAL.kid, KeyRow(pem)), ("performances/site", PLAY, play)):
        row = FeedRow(key, 1, adapter(type(body)).dump_python(body, mode="json"))
        store.journal.apply(FeedPage(feed, 0, 1, False, now, (row,)), store.take)
    with store.journal.transaction() as tx:
        tx.run("INSERT INTO gate_performance VALUES (1, ?)", (PLAY,))
        tx.run("INSERT INTO feed (name, revision) VALUES ('tickets/site', ?)", (tickets,))
        tx.run_many("INSERT INTO gate_ticket VALUES (?, 1, 1, 0)", sorted(rows(tickets)))  # type: ignore[arg-type]
    store.journal.close()


def rows(tickets: int) -> Iterator[tuple[bytes]]:
    return ((ticket_bytes(number),) for number in range(tickets))


def ticket_bytes(number: int) -> bytes:
    """Spread over the table like real ids of tickets sold over months."""
    return (number * 0x9E3779B97F4A7C15F39CC0605CEDC835 & (1 << 128) - 1).to_bytes(16, "big")


def code(number: int) -> str:
    return write(sign(Token("", id_from_bytes(ticket_bytes(number)), 1, PLAY, 1, 1), CENTRAL))


def open_lane(path: Path) -> GateStore:
    root_pem = (path.parent / "root.pem").read_text()
    journal, mark = Journal.open(path, Id(DEVICE), SCHEMA), Mark(path.with_suffix(".mark"))
    return GateStore(journal, Gate("A", "site"), root_pem, mark)


class Floor:
    """One signature check, one look-up among as many tickets, one durable insert of the 16 bytes that were used."""

    def __init__(self, path: Path) -> None:
        self.tickets = connect(path)
        self.used = connect(path.with_name("floor.db"))
        self.used.execute("CREATE TABLE used (ticket BLOB PRIMARY KEY, at INTEGER) WITHOUT ROWID")
        self.key = CENTRAL.key.public_key()

    def run(self, text: str) -> None:
        token = parse(text)
        assert token is not None and token.signed_by(self.key)
        raw = id_bytes(token.ticket_id)
        assert self.tickets.execute("SELECT serial FROM gate_ticket WHERE id = ?", (raw,)).fetchone()
        insert(self.used, raw)


def insert(db: sqlite3.Connection, raw: bytes) -> None:
    db.execute("INSERT INTO used VALUES (?, ?)", (raw, time.time_ns()))


def _moment(clock: SystemClock) -> Moment:
    reading = clock.read()
    return Moment(Now(reading.wall, ClockState.TRUSTED, timedelta()), reading)


def timed(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def timings(work: Callable[[str], object], codes: list[str]) -> list[float]:
    return [timed(partial(work, text)) for text in codes]


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def speeds(found: dict[str, float], name: str) -> str:
    rate, half, worst = found[f"{name}_per_s"], found[f"{name}_p50_us"], found[f"{name}_p99_us"]
    return f"{rate:,.0f}/s, p50 {half:.0f} us, p99 {worst:.0f} us"


def table(found: dict[str, float]) -> str:
    lines = [
        ("tickets cached", f"{found['tickets']:,.0f} in {found['file_mb']:.0f} MB on disk"),
        ("ready after", f"{found['ready_s']:.2f} s (first answer {found['first_answer_s']:.2f} s), pages in memory"),
        ("memory", f"{found['cold_rss_mb']:.0f} MB after the first answer, {found['rss_mb']:.0f} MB at the end"),
        ("admissions", speeds(found, "scan")),
        ("refusals (used)", f"{found['refusals_per_s']:,.0f}/s"),
        ("floor", speeds(found, "floor")),
        ("ratio to floor", f"{found['ratio']:.2f} (aim: at most 2)"),
    ]
    return "\n".join(f"{name:<16} {value}" for name, value in lines)


if __name__ == "__main__":
    main()
