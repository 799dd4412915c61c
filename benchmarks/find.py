"""Find anything among 100,000 things: how long a look takes, for who may see everything and for who may see one season.

Names are made of syllables, so that some words are in every third line and some in one alone. The floor is the bare
scan of the lines, in turns with the looks.
"""

import argparse
import os
import platform
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

import central.app  # noqa: F401
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.contexts import ContextKind, path_of
from central.kernel.db import Connection, Database
from central.kernel.door import Door
from central.kernel.keys import make_keys
from central.kernel.schema import upgrade
from central.kernel.search_index import remember
from central.kernel.tx import Read
from central.organisation.ops import CreateContext, SetUpHouse
from central.web.search import find
from central.web.texts import texts
from shared.ids import Id, derived_id

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CHUNK = 1000
LOOKS = {
    "one alone (EV099999)": "EV099999",
    "beginning of a word": "ban",
    "part of a word": "ndo",
    "two words": "ban ev0",
    "a letter": "e",
    "nothing fits": "zzyzx",
    "an accent": "bàn",
}


def fill(db: Connection, door: Door, things: int) -> tuple[Id, list[Id]]:
    """A house of ten seasons, with their activities, and events spread over them."""
    house = derived_id("house")

    def do(command: object, name: object) -> None:
        assert door.execute_now(db, SYSTEM, command, derived_id("command", str(name))).ok, name

    do(
        SetUpHouse(
            institution_id=house,
            code="H",
            names={"fr": "Maison"},
            operator_id=derived_id("admin"),
            operator_name="Admin",
            key_digest="x",
        ),
        "house",
    )
    organiser, activities = derived_id("organiser"), []
    do(
        CreateContext(
            id=organiser,
            context_id=house,
            kind=ContextKind.ORGANISER,
            code="O",
            names={"fr": "Organisateur"},
            settings={},
        ),
        "organiser",
    )
    for n in range(10):
        season, activity = derived_id("season", n), derived_id("activity", n)
        do(
            CreateContext(
                id=season,
                context_id=organiser,
                kind=ContextKind.SEASON,
                code=f"S{n}",
                names={"fr": f"Saison {n}"},
                settings={},
            ),
            season,
        )
        do(
            CreateContext(
                id=activity,
                context_id=season,
                kind=ContextKind.ACTIVITY,
                code="A",
                names={"fr": "Théâtre"},
                settings={},
            ),
            activity,
        )
        activities.append(activity)
    chance = random.Random(7)
    syllables = [a + b for a in "bcdfghlmnprstv" for b in ("a", "é", "i", "on", "an", "o", "u")]

    def word() -> str:
        return "".join(chance.choices(syllables, k=chance.randint(2, 4))).capitalize()

    for start in range(0, things, CHUNK):
        rows = [
            (derived_id("event", n), activities[n % 10], f"EV{n:06d}",
             orjson.dumps({"fr": f"{word()} {word()}", "en": f"{word()} of {word()}"}).decode(), 550)
            for n in range(start, min(start + CHUNK, things))
        ]  # fmt: skip
        db.begin(write=True)
        db.write_many("INSERT INTO event (id, context_id, code, names, vat_bp) VALUES (?, ?, ?, ?, ?)", rows)
        remember(db, [("event", row[0]) for row in rows])
        db.commit()
    return house, activities


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--database", default="", help="postgresql://… instead of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parterre-bench-") as folder:
        database = Database(options.database or f"sqlite:///{Path(folder) / 'find.db'}")
        upgrade(database)
        keys = make_keys(NOW)
        door = Door(database, lambda: NOW, path_of, keys)
        db = database.connect()
        house, activities = fill(db, door, options.things)
        load = os.getloadavg()[0]
        print(f"{os.cpu_count()} cores, load {load:.1f}, Linux {platform.release()}, {options.things} things")
        admin = Actor(ActorKind.OPERATOR, "admin", "admin", frozenset({("*", str(house))}))
        narrow = Actor(ActorKind.OPERATOR, "narrow", "narrow", frozenset({("catalogue", str(activities[3]))}))
        measure(db, door, {"everything": admin, "one season": narrow}, options.times)
        db.close()


def measure(db: Connection, door: Door, actors: dict[str, Actor], times: int) -> None:
    t = texts("fr")
    print(f"{'look':24} {'who':12} {'p50 ms':>7} {'p95 ms':>7} {'floor ms':>9} {'÷ floor':>8}  hits")
    for name, asked in LOOKS.items():
        for who, actor in actors.items():
            took, floor, hits = [], [], 0
            for _ in range(times):
                db.begin(write=False)
                began = time.perf_counter()
                groups = find(Read(db, actor, NOW, door.keys), door, t, asked)
                took.append((time.perf_counter() - began) * 1000)
                began = time.perf_counter()
                db.run("SELECT COUNT(*) FROM found WHERE words LIKE '%qqqq%'", {})
                floor.append((time.perf_counter() - began) * 1000)
                db.rollback()
                hits = sum(len(group.hits) for group in groups)
            p50, bare = statistics.median(took), statistics.median(floor)
            p95 = sorted(took)[int(0.95 * times)]
            print(f"{name:24} {who:12} {p50:7.1f} {p95:7.1f} {bare:9.1f} {p50 / bare:8.1f}  {hits}")


if __name__ == "__main__":
    main()
