"""What one organiser does costs the writer the same, however much its neighbour in the house has: commands of every
kind, of central's own too, are tried beside a neighbour with a few of everything and beside one with many, and what
SQLite does meanwhile is counted: how often each statement is said, and the steps of its machine. A statement that walks
through a neighbour's rows takes some more for each of them; a loop over them says one more.

What grows all the same is listed, with why: lists that only get shorter."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import central.app  # noqa: F401  # declares everything
from central.devices.model import DevicesPrivilege
from central.inventory.hold_expiry import holds_over
from central.inventory.release_rules import releases_due
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.contexts import path_of
from central.kernel.db import Database, Params, Row, SqliteConnection
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, Declaration, stripped
from central.kernel.erasure import due
from central.kernel.job import job_of
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS, QUERIES
from central.kernel.tx import Read
from central.kernel.work import committed
from central.programme.device_feeds import TellPerformance, TellPlan
from central.programme.device_loop import heard
from shared.ids import Id
from shared.outcome import Ok
from tests.central.growing import Grower, copy_of
from tests.central.lives import said
from tests.central.sampling import party
from tests.central.small_house import NOW, Clerk, House, Watch, new_id
from tests.central.test_reach import good, staged

pytestmark = pytest.mark.behind_the_door  # rows are put in by hand

FEW, MANY = 5, 60
NOISE = (MANY - FEW) // 3  # steps: a row that is walked over takes two at least

# --- what grows -------------------------------------------------------------------------------------------------------

PIECE = "of what is over or due, so many in one command"
HOURLY = "central's own, once an hour and beside nothing: it reads them all, and takes so many away"
BY_HAND = (
    "operators, profiles and kinds of a house, which people make one by one; read once, in a command given by hand"
)
RARE = "a line for each in a table that is small, in a command given by hand"
TOLD = "beside the writer: each webhook that is on; an organiser has twenty"
GROWS = {
    r"FROM hold WHERE state = 'active'": PIECE,
    r"FROM hold WHERE id = :id": PIECE,
    r"UPDATE hold SET state": PIECE,
    r"FROM allocation a LEFT JOIN place p": PIECE,
    r"DELETE FROM webhook_delivery WHERE id IN": PIECE,
    r"DELETE FROM operator_letter WHERE id IN": PIECE,
    r"DELETE FROM operator_session WHERE id IN": HOURLY,
    r"DELETE FROM sign_in_attempt WHERE id IN": HOURLY,
    r"DELETE FROM sign_in_attempt WHERE subject LIKE": "who is forgotten goes from what strangers left within a day",
    r"FROM operator o WHERE o.active = 1": BY_HAND,
    r"FROM operator_profile WHERE id IN": BY_HAND,
    r"FROM operator WHERE key_digest = :key": BY_HAND,
    r"FROM seat_category ORDER BY id": "ranks, by which devices order what is told; a context has 300 at most",
    r"FROM contingent WHERE external_channel_id = :id": RARE,
    r"FROM logical_configuration WHERE physical_configuration_id = :id": RARE,
    r"DISTINCT performance_id FROM gauge WHERE contingent_id": "a contingent that goes; a few rows a performance",
    r"FROM (place p|place|release_firing) WHERE (p\.)?performance_id (= f\.id|IN \(SELECT id FROM performance\))": (
        "a contingent that goes is looked for in the index once for each performance, however many places it has"
    ),
    r"DISTINCT r.id AS rule_id.* AND r.active = 1 AND r.context_id": "beside the writer: what may fire of what comes",
    r"^DELETE FROM \w+ WHERE id = :id$": "SQLite looks at whatever may refer to it: see SCANNED",
    r"FROM performance WHERE state <> :draft AND closes": "beside the writer: what is not over is compared in pieces",
    r"FROM webhook WHERE active = 1": TOLD,
} | said("GROWS")
"""Statement → why; an area that comes says its own in the file `lives.py` of its tests."""
BY_CHANCE = r"FROM context WHERE parent_id = :id ORDER BY id LIMIT 1"
"""The first steps ask for the first that stands below: how far SQLite walks for it goes by where ids fall."""
SMALL = "made one by one, by people, of whom a house has so many: a thousand rows are read in a fifth of a millisecond"
SOLD = (
    "each sale, or entry, writes this table, and would write a page of 37 more for an index, so that a draft, a "
    "channel, a point of sale or a site, which somebody takes away once in a while, is not looked for in all rows: "
    "0.2 s of a processor for a million"
)
SCANNED = dict.fromkeys((
    "admission.site_id", "allocation.channel_id", "allocation.performance_id", "entitlement.performance_id",
    "hold.point_of_sale_id", "sale_order.channel_id", "sale_order.point_of_sale_id", "scan.site_id",
), SOLD) | dict.fromkeys((
    "channel.contingents", "contingent.external_channel_id", "device.site_id", "logical_zone.category_id",
    "operator.context_id", "operator_grant.context_id", "operator_role.context_id", "operator_role.profile_id",
    "point_of_sale.channel_id", "release_rule.contingent_id", "release_rule.event_id", "release_rule.performance_id",
    "release_rule.to_contingent_id", "sale_limit.category_id", "sale_limit.channel_id", "sale_limit.contingent_id",
    "sale_limit.event_id", "sale_limit.performance_id", "sale_limit.tariff_id",
), SMALL)  # fmt: skip
"""References without an index → why: whoever takes away what they may name has the whole table read, once or twice."""
USES = re.compile(r"SELECT (?:COUNT\(\*\)|id) FROM (\w+) WHERE (\w+) (?:=|LIKE) :value")
UNTRIED = {"take_rows_over", "take_people_over", "resend_delivery", "write_off_lease", "carry_over", "undo_plan_action"}
"""Of rows that are made up they can make nothing. Two are of an update, the others of one row and what stands in it."""

# --- counting ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Spent:
    """By statement."""

    times: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    saying: str = ""

    def grew_from(self, few: "Spent") -> set[str]:
        said = (self.times | self.steps).keys()
        return {
            sql for sql in said if self.times[sql] > few.times[sql] or self.steps[sql] > few.steps[sql] + NOISE
        }  # fmt: skip


class Stepped(SqliteConnection):
    """Counts, for `spent`, what is said and the steps that SQLite's machine takes for it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.spent = Spent()
        self._db.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self.spent.steps[self.spent.saying] += 1
        return 0

    def _said(self, sql: str, times: int) -> None:
        self.spent.saying = sql
        self.spent.times[sql] += times

    def run(self, sql: str, params: Params) -> list[Row]:
        self._said(sql, 1)
        return super().run(sql, params)

    def write(self, sql: str, params: Params) -> int:
        self._said(sql, 1)
        return super().write(sql, params)

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        self._said(sql, len(rows))
        super().write_many(sql, rows)


# --- the neighbour, and what is tried beside it -----------------------------------------------------------------------


class Neighbour(Grower):
    """Its things stand in each of their states, and every other one has what it may lack."""

    def _copies_of(self, declaration: Declaration, row: dict[str, Any], alone: set[str]) -> Iterator[dict[str, Any]]:
        for n, copy in enumerate(super()._copies_of(declaration, row, alone)):
            for column in declaration.columns:
                states = list(getattr(stripped(column.hint)[0], "__members__", {}).values())
                if states and column.name not in alone:
                    copy[column.name] = str(states[n % len(states)].value)
                elif column.ref not in (None, declaration.name) and not column.many and copy[column.name] is None:
                    copy[column.name] = self._rows[str(column.ref)] if n % 2 else None
            yield copy


LOOKS: dict[str, Callable[[Read], object]] = {
    "holds over?": holds_over, "releases due?": releases_due, "people to forget?": due, "devices' news?": heard,
}  # fmt: skip
"""What loops ask before they say a command."""
FITTING = {
    "code": "NEUF", "colour": "#0072B2", "timezone": "Europe/Paris", "currency": "EUR", "language": "fr", "seen": "",
    "email": "neuf@example.org", "siret": "73282932000074", "licence": "PLATESV-R-2026-000009",
}  # fmt: skip
"""Where not any text is taken."""


def fitting(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        now = {each.name: getattr(value, each.name) for each in fields(value)}
        return replace(value, **{name: fitting(FITTING.get(name, each) if isinstance(each, str) else each)
                                 for name, each in now.items()})  # fmt: skip
    return tuple(map(fitting, value)) if isinstance(value, tuple) else value


def beside(template: tuple[Path, House], keys: Keys, path: Path, many: int) -> tuple[dict[str, Spent], dict[str, str]]:
    """What each costs beside a neighbour with so many of everything, and what came of it."""
    shutil.copy(template[0], path)
    database, house = Database(f"sqlite:///{path}"), template[1]
    door = Door(database, Watch(), path_of, keys)
    with closing(database.connect()) as db:
        clerk = Clerk(door, db, Watch())
        ours, scene = party(clerk, house, "NOUS"), staged(clerk, house)
        rows = {table: scene.theirs.rows.row(table) for table in BY_NAME}
        Neighbour(db, rows, many, {}).grow()
        sampled = {name: ours.rows.wanted(each, Read(db, SYSTEM, NOW, keys)) for name, each in COMMANDS.items()}
        tried: dict[str, tuple[Actor, Any]] = {
            name: (of_device(ours.rows.row("device"), ours.organiser), want)
            if COMMANDS[name].needs == DevicesPrivilege.DEVICE_SYNC else (SYSTEM, fitting(want))
            for name, want in sampled.items() if want is not None
        }  # fmt: skip
        tried |= {
            f"{name} of nothing in use": (SYSTEM, each.kind(**{of: copy_of(each.on, 0) for of in each.hints}))
            for name, each in COMMANDS.items() if each.deletes and each.on and len(each.hints) == 1
        }  # fmt: skip
        tried |= {
            f"{type(want).__name__} {n}": (actor, want)
            for n, (actor, want) in enumerate(good(scene)) if type(want) not in {each.kind for each in QUERIES.values()}
        }  # fmt: skip
        tried["a plan told"] = SYSTEM, TellPlan(performance_id=house.performance)
        tried["a point of sale told"] = (
            SYSTEM, TellPerformance(performance_id=house.performance, points_of_sale=(house.desk,))
        )  # fmt: skip
    with closing(Stepped(path)) as stepped:
        spent, said, read = dict[str, Spent](), dict[str, str](), Read(stepped, SYSTEM, NOW, keys)
        for _ in range(2):  # the first time for what is worked out but once
            for name, (actor, want) in tried.items():
                stepped.spent = spent[name] = Spent()
                said[name] = outcome_of(door, stepped, actor, want)
            for name, look in LOOKS.items():
                stepped.spent, said[name] = spent.setdefault(name, Spent()), "ok"
                look(read)
    return spent, said


def of_device(device: str, at: Id) -> Actor:
    return Actor(ActorKind.DEVICE, Id(device), "", frozenset({(str(DevicesPrivilege.DEVICE_SYNC), str(at))}))


def outcome_of(door: Door, db: Stepped, actor: Actor, want: Any) -> str:
    """Nothing of it stays."""
    job = job_of(actor, want, new_id(), dry_run=True)
    errand = job.handler.prepare(want, job.command_id) if job.handler.prepare else None
    try:
        ready = replace(job, parts=errand.here()) if errand else door.judge.looked(db, job, NOW)
        reply, _ = committed(db, door.judge.work(ready, NOW))
    except Exception as fault:  # a row that was made up makes no sense to it
        db.rollback()
        return f"fault {fault!r}"
    return "ok" if isinstance(reply.outcome, Ok) else reply.outcome.reason.key


@dataclass(frozen=True, slots=True)
class Beside:
    few: dict[str, Spent]
    many: dict[str, Spent]
    said: dict[str, str]

    def grown(self) -> dict[str, set[str]]:
        """Statement → what it grows with."""
        found = dict[str, set[str]]()
        for name, cost in self.many.items():
            for sql in cost.grew_from(self.few[name]) if name not in UNTRIED else ():
                found.setdefault(" ".join(sql.split()), set()).add(name)
        return found


@pytest.fixture(scope="module")
def measured(sqlite_template: tuple[Path, House], keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Beside:
    folder = tmp_path_factory.mktemp("neighbours")
    few, said = beside(sqlite_template, keys, folder / "few.db", FEW)
    many, also = beside(sqlite_template, keys, folder / "many.db", MANY)
    assert {each: what for each, what in said.items() if each not in UNTRIED and what != also[each]} == {}
    return Beside(few, many, said)


def test_no_command_costs_more_for_what_a_neighbour_has(measured: Beside) -> None:
    grown = measured.grown()
    told = {sql: by for sql, by in grown.items() if not USES.match(sql)}
    assert {sql: by for sql, by in told.items() if not any(re.search(each, sql) for each in (*GROWS, BY_CHANCE))} == {}
    scanned = {f"{found[1]}.{found[2]}" for sql in grown if (found := USES.match(sql))}
    assert scanned == SCANNED.keys()


def test_what_does_not_grow_any_more_is_not_listed(measured: Beside) -> None:
    grown = measured.grown()
    assert {each for each in GROWS if not any(re.search(each, sql) for sql in grown)} == set()


def test_each_command_is_tried(measured: Beside) -> None:
    """As far as made up rows let it: more than half get through."""
    assert measured.said.keys() > COMMANDS.keys()
    assert {each for each, what in measured.said.items() if what.startswith("fault")} == UNTRIED
    assert sum(what == "ok" for what in measured.said.values()) > 90
    assert {what for each, what in measured.said.items() if each not in COMMANDS and each[0].isupper()} == {"ok"}
