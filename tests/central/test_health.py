"""Whether central serves, as it says itself: each loop is made to fall once, by a database that has lost its tables,
and comes back; the broker goes and comes; and what is said is for everybody to read."""

import asyncio
import os
import re
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from central.app import Running, running
from central.config import BrokerConfig, CentralConfig
from central.devices.settings import DevicesSettings
from central.founding import found_house
from central.inventory.counts import HALL
from central.inventory.hold_expiry import ExpireHolds
from central.kernel.actor import ANONYMOUS
from central.kernel.batch_writer import Answers, Asked
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.postgres_writers import PostgresWriters
from central.kernel.pulse import BEHIND, CHECKS, EVERY_S, LATE_S, STUCK_S, Pulse, Report
from central.kernel.schema import heads
from central.kernel.settings import Settings
from central.kernel.sqlite_writer import BEGINNING, MOST_AWAY, STILL, SqliteWriter
from central.kernel.trouble import NoDatabase, Unavailable
from central.kernel.work import QUEUE, Chore
from central.organisation.settings import MailConfig, OrganisationSettings
from central.reports.pages import ReportsSettings
from central.web.health import of_health
from central.web.texts import texts
from shared.languages import LANGUAGES
from shared.outcome import Refused
from shared.runtime.broker import EmbeddedBroker
from shared.runtime.mqtt import Endpoint
from shared.runtime.tasks import FAILING, FALLS, Backoff, Standing
from tests.central.kernel import chores
from tests.central.small_house import House, Watch, new_id
from tests.processes import children, command_of
from tests.waiting import until, until_so

ELSEWHERE = {"bus", "pulse", "writer", "checkpoint"}
"""What does not fall by a table that is gone: the bus has a broker to lose, the pulse tells of it, and the threads fall
in tests/central/kernel/test_trouble.py."""


@pytest.fixture
def config(tmp_path: Path, free_port: int) -> CentralConfig:
    """A central in a hurry, with a broker of its own elsewhere."""
    return CentralConfig(
        data=tmp_path / "data", listen=Endpoint("127.0.0.1", 0),
        broker=BrokerConfig(embedded=False, port=free_port),
        outbox_every_s=0.05, pulse_every_s=0.05,
        areas=Settings((
            OrganisationSettings(MailConfig(host="127.0.0.1", port=1, sender="a@b.c"), tidy_every_s=0.05),
            DevicesSettings(hall_every_s=0.05, bell_poll_s=0.05, snapshot_every_s=0.05, presence_every_s=0.05),
            ReportsSettings(live_open=True),
        )),
        tally_every_s=0.05, checkpoint_every_s=0.05,
    )  # fmt: skip


Parts = tuple[Running, EmbeddedBroker, aiohttp.ClientSession]


@asynccontextmanager
async def central_with_broker(config: CentralConfig) -> AsyncIterator[Parts]:
    await found_house(config, "MAISON", "La maison", "Anna")
    async with AsyncExitStack() as stack:
        central = await stack.enter_async_context(running(config))
        broker = EmbeddedBroker("127.0.0.1", config.broker.port, central.door.keys.root_pem)
        browser = aiohttp.ClientSession(central.url)
        await stack.enter_async_context(broker)
        yield central, broker, await stack.enter_async_context(browser)


async def asked(browser: aiohttp.ClientSession, path: str) -> tuple[int, dict[str, Any]]:
    async with browser.get(path) as answer:
        return answer.status, await answer.json()


async def is_ready(browser: aiohttp.ClientSession) -> bool:
    status, said = await asked(browser, "/readyz")
    assert (status == 200) is said["ready"]
    return status == 200 and said["failing"] == []


def rename_tables(database: Path, *, away: bool) -> None:
    """Every table under another name: whoever reads or writes one falls."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as db:
        db.execute("PRAGMA legacy_alter_table=ON")
        db.execute("BEGIN IMMEDIATE")
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        for name in names:
            if away and not name.startswith("sqlite_"):
                db.execute(f'ALTER TABLE "{name}" RENAME TO "gone_{name}"')
            elif name.startswith("gone_"):
                db.execute(f'ALTER TABLE "{name}" RENAME TO "{name.removeprefix("gone_")}"')
        db.execute("COMMIT")


async def test_every_loop_falls_once_comes_back_and_health_tells(config: CentralConfig) -> None:
    """A loop that is added is in the crew, and so in this test. Before: nobody could see one that fell."""
    async with central_with_broker(config) as (central, _, browser):
        await until_so(lambda: is_ready(browser))
        async with browser.get("/live") as page:
            since = re.search(r"since=([0-9a-z-]+)", await page.text())
        assert since
        async with browser.get(f"/live/news?since={since[1]}"):
            loops = [each for each in central.pulse.standings if each.name not in ELSEWHERE]
            known = "bells halls outbox mail tidy tally chain checkpoints webhooks inventory snapshots"
            assert {each.name for each in loops} >= {*known.split(), "live page"}
            rename_tables(config.data / "parterre.db", away=True)
            while not all(each.failing_since for each in loops):
                # A stranger's try is counted in memory, which is what the tally has to write.
                assert not (await central.door.execute(ANONYMOUS, ExpireHolds(context_id=new_id()), new_id())).ok
                for listener in central.door._listeners:
                    listener(frozenset({"x"}), frozenset({HALL + new_id()}))
                await asyncio.sleep(0)
            await central.pulse.beat()  # all of them may have fallen since its last
            status, said = await asked(browser, "/readyz")
            assert (status, said["ready"], said["checks"]["commit"]) == (503, False, "OperationalError")
            failing = {each["task"] for each in said["failing"]}
            assert failing - ELSEWHERE == {each.name for each in loops}, "the copier of the log may ask a table, or not"
            assert all(each["fault"] and "gone" not in each["fault"] for each in said["failing"])
            assert (await asked(browser, "/healthz"))[0] == 200, "no restart brings tables back"
            assert all(FAILING.value(task=each.name) == 1 for each in loops)
            rename_tables(config.data / "parterre.db", away=False)
            while not await is_ready(browser):
                for listener in central.door._listeners:
                    listener(frozenset({"x"}), frozenset({HALL + new_id()}))
            assert all(FAILING.value(task=each.name) == 0 for each in loops)
            assert all(each.calm for each in central.pulse.standings)


async def test_a_broker_that_goes_and_comes_is_told(config: CentralConfig) -> None:
    async with central_with_broker(config) as (_, broker, browser):
        await until_so(lambda: is_ready(browser))
        await broker.__aexit__(None, None, None)
        await until_so(lambda: _broker_is(browser, "away"))
        assert (await asked(browser, "/readyz"))[0] == 503
        await broker.__aenter__()
        await until_so(lambda: is_ready(browser))


async def _broker_is(browser: aiohttp.ClientSession, said: str) -> bool:
    return bool((await asked(browser, "/readyz"))[1]["checks"]["broker"] == said)


async def test_a_writer_that_is_killed_is_told_and_begun_anew(config: CentralConfig) -> None:
    async with central_with_broker(config) as (central, _, browser):
        await until_so(lambda: is_ready(browser))
        before, pid = FALLS.value(task="writer"), await central.door.chore(chores.where)
        await until_so(lambda: _is_missed(browser))
        assert (await asked(browser, "/healthz"))[0] == 200, "another one is begun"
        await until_so(lambda: is_ready(browser))
        assert await central.door.chore(chores.where) != pid and FALLS.value(task="writer") > before


async def _is_missed(browser: aiohttp.ClientSession) -> bool:
    for each in children(os.getpid()):
        if "writer_process" in command_of(each):
            os.kill(each, signal.SIGKILL)
    return "writer" in {each["task"] for each in (await asked(browser, "/readyz"))[1]["failing"]}


async def test_central_ends_in_time_beside_a_writer_that_stands_still(
    config: CentralConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before: it ended after more than two minutes, and the writer stayed."""
    for name in ("kernel.carriers.LONGEST_END_S", "kernel.log_chain.CLOSE_S", "web.line.STOP_S"):
        monkeypatch.setattr(f"central.{name}", 0.1)
    await found_house(config, "MAISON", "La maison", "Anna")
    serving: list[Running] = []

    async def serve() -> None:
        async with running(config) as central:
            serving.append(central)
            await asyncio.Event().wait()

    task = asyncio.create_task(serve())
    await until(lambda: bool(serving))
    pid = await serving[0].door.chore(chores.where)
    os.kill(pid, signal.SIGSTOP)
    async with aiohttp.ClientSession(serving[0].url) as browser:
        waits = asyncio.create_task(browser.get("/live"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled() and "writer_process" not in command_of(pid)
        await asyncio.gather(waits, return_exceptions=True)


# --- the pulse alone ------------------------------------------------------------------------------------------------


class Seconds:
    at = 0.0

    def __call__(self) -> float:
        return self.at


async def test_a_writer_that_gives_no_answer_is_restarted_and_one_that_refuses_is_not(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    database, seconds = sqlite_place[0], Seconds()
    door = Door(database, Watch(), path_of, keys)
    pulse = Pulse(door, [], {}, lambda: (), clock=seconds)
    door.start()
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        seconds.at = STUCK_S - 1
        await pulse.beat()
        other.execute("ROLLBACK")
    report = pulse.report()
    assert (report.alive, report.ready, report.checks["commit"]) == (True, False, "database_held")
    assert report.checks["schema"] == "other_version", "of no version that it knows"
    assert report.status.startswith("commit: database_held; schema: other_version")
    seconds.at += STUCK_S
    assert not pulse.report().alive and pulse.report().checks["pulse"] == "late"
    await asyncio.to_thread(door.stop)


class Deaf:
    """A line to a writer that hangs: it takes everything and says nothing, but for what a test has it say."""

    ended = False
    toil: int | None = None

    def begin(self, heard: Callable[[Answers], None], _: Callable[[str], None]) -> None:
        self.heard, self.asked = heard, list[Asked]()

    def send(self, asked: Sequence[Asked]) -> None:
        self.asked += asked

    def says(self) -> None:
        """What came of the first that it was asked."""
        self.heard(Answers([(self.asked.pop(0)[0], None)]))

    def end_still(self, why: str) -> None:
        """It stays."""

    def close(self) -> None:
        """There is nothing to close."""


async def _crowded(door: Door, crowd: list[asyncio.Future[None]]) -> None:
    while door.waiting[0] < QUEUE:
        crowd.append(asyncio.ensure_future(door.chore(chores.where)))
        await asyncio.sleep(0)


@pytest.mark.parametrize("answers, alive", [(False, False), (True, True)], ids=["hangs", "works"])
async def test_that_too_many_wait_is_no_answer_of_the_writers(
    sqlite_place: tuple[Database, House], keys: Keys, answers: bool, alive: bool
) -> None:
    """A writer that hangs is found with any number of commands before it; one that is only busy goes on."""
    seconds, deaf, door = Seconds(), Deaf(), Door(sqlite_place[0], Watch(), path_of, keys)
    door._writers = writer = SqliteWriter(sqlite_place[0], lambda _: None, deaf)
    pulse = Pulse(door, [], {}, lambda: (), clock=seconds)
    door.start()
    crowd: list[asyncio.Future[None]] = []
    while seconds.at < 2 * STUCK_S:
        await _crowded(door, crowd)
        seconds.at += EVERY_S
        await pulse.beat()
        assert pulse.report().checks["commit"] == "busy"
        if answers:
            deaf.says()
            await asyncio.sleep(0)
    assert pulse.report().alive is alive
    assert (pulse.report().checks["pulse"] == "ok") is alive
    assert writer.waiting >= QUEUE - 1
    for each in crowd:
        each.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    await asyncio.to_thread(door.stop)


async def test_a_writer_that_stands_still_is_told_and_nobody_waits_for_it_without_end(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    """Before: `commit` was `ok` for ever, and a command waited for as long as its caller did."""
    seconds, deaf, door = Seconds(), Deaf(), Door(sqlite_place[0], Watch(), path_of, keys)
    door._writers = writer = SqliteWriter(sqlite_place[0], lambda _: None, deaf)
    pulse = Pulse(door, [], {}, lambda: (), clock=seconds)
    door.start()
    beat = asyncio.ensure_future(pulse.beat())
    await until(lambda: len(deaf.asked) == 1)
    deaf.says()
    await beat
    assert pulse.report().checks["commit"] == "ok"
    beat = asyncio.ensure_future(pulse.beat())
    waits = [asyncio.ensure_future(door.chore(chores.where)) for _ in range(MOST_AWAY + 5)]
    await until(lambda: len(deaf.asked) == MOST_AWAY)
    seconds.at += LATE_S
    assert pulse.report().checks["commit"] == "late" and not pulse.report().ready
    for _ in range(STILL - 1):
        writer._watch()
    assert not any(each.done() for each in waits)
    writer._watch()
    said = await asyncio.gather(*waits, return_exceptions=True)
    assert {getattr(each, "reason", each) for each in said} == {NoDatabase.DATABASE_AWAY}, "sent or not"
    await beat
    assert pulse.report().checks["commit"] == "database_away"
    late = asyncio.ensure_future(door.chore(chores.where))
    await until(lambda: writer.waiting == MOST_AWAY + 1)
    writer._watch()
    with pytest.raises(Unavailable):
        await late
    seconds.at += STUCK_S
    await asyncio.wait({again := asyncio.ensure_future(pulse.beat())}, timeout=0)
    writer._watch()
    await again
    assert not pulse.report().alive, "that nobody answers is no answer: a restart helps"
    for _ in range(MOST_AWAY):
        deaf.says()
    served = asyncio.ensure_future(door.chore(chores.where))
    await until(lambda: len(deaf.asked) == 1)
    deaf.says()
    assert await served is None and door.outages[0].now is None
    await asyncio.to_thread(door.stop)


@pytest.mark.parametrize("works, most", [(True, BEGINNING), (False, STILL + 1)], ids=["works", "does nothing"])
async def test_a_writer_that_begins_is_given_the_time_of_a_busy_machine(
    sqlite_place: tuple[Database, House], keys: Keys, works: bool, most: int
) -> None:
    """Before: central did not start where reading the program took the writer 20 s."""
    deaf = Deaf()
    writer = SqliteWriter(sqlite_place[0], lambda _: None, deaf)
    writer.start()
    deaf.toil = toil = 0
    waits = asyncio.ensure_future(writer.do(Chore(chores.where), Watch().at))
    await until(lambda: len(deaf.asked) == 1)
    for _ in range(most - 1):
        deaf.toil = toil = toil + works
        writer._watch()
    assert not waits.done()
    writer._watch()
    with pytest.raises(Unavailable, match=f"nothing for {most} s"):
        await waits
    await asyncio.to_thread(writer.stop)


async def test_each_answer_counts_and_who_no_longer_waits_had_none(
    place: tuple[Database, House], keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(place[0], Watch(), path_of, keys)
    door.start()
    before = door.answers
    await door.chore(chores.where)
    assert door.answers > before
    if isinstance(door._writers, PostgresWriters):
        before = door.answers
        monkeypatch.setattr(door._writers, "_asked", lambda *_: asyncio.get_running_loop().create_future())
        gone = asyncio.ensure_future(door.chore(chores.where))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        assert door.answers == before
    await asyncio.to_thread(door.stop)


async def test_a_disk_that_takes_now_and_then_is_not_ready_in_between(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    door = Door(sqlite_place[0], Watch(), path_of, keys)
    pulse = Pulse(door, [], {}, lambda: ())
    door.start()
    await pulse.beat()
    assert pulse.report().checks["commit"] == "ok", "at the start it is believed at once"
    said = []
    with closing(sqlite3.connect(sqlite_place[0].path, isolation_level=None)) as other:
        for takes in (False, True, False, True, True, False, True, True, True):
            if not takes:
                other.execute("BEGIN EXCLUSIVE")
            await pulse.beat()
            if not takes:
                other.execute("ROLLBACK")
            said.append(pulse.report().checks["commit"])
    assert said == ["database_held"] * 8 + ["ok"]
    await asyncio.to_thread(door.stop)


async def test_a_log_that_is_not_sealed_in_time_is_told(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    watch = Watch()
    door = Door(sqlite_place[0], watch, path_of, keys)
    pulse = Pulse(door, [], {}, lambda: ())
    door.start()
    await pulse.beat()
    assert pulse.report().checks["log"] == "ok", "the house was made a moment ago"
    watch.at += BEHIND * 2
    await pulse.beat()
    assert pulse.report().checks["log"] == "behind"
    await asyncio.to_thread(door.stop)


@pytest.mark.parametrize("check", sorted(CHECKS | {"broker"}))
@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_runs_the_house_reads_of_every_check_on_the_front_page(check: str, language: str) -> None:
    t, seen = texts(language), Standing("bells", Backoff())
    seen.ended = True
    well: dict[str, str] = dict.fromkeys(CHECKS, "ok")
    of = {**well, check: "database_away" if check in ("commit", "look") else "amiss"}
    first, second = of_health(lambda: Report(True, of, (seen,)))(None, t)  # type: ignore[arg-type]  # it reads nothing
    assert first.text and first.step and "bells" in second.text
    assert of_health(lambda: Report(True, well, ()))(None, t) == []  # type: ignore[arg-type]


def test_a_task_that_ended_is_failing() -> None:
    standing = Standing("over", Backoff())
    standing.ended = True
    assert not standing.calm


async def test_an_order_that_is_refused_makes_it_unready_at_once(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    """Before: until the next beat, five seconds on, it was ready beside orders that were refused."""
    database, house = sqlite_place
    door = Door(database, Watch(), path_of, keys)
    pulse, elsewhere = Pulse(door, heads(database), {}, lambda: ()), database.path.with_name("elsewhere.db")
    door.start()
    await pulse.beat()
    assert pulse.report().ready
    database.path.rename(elsewhere)
    shutil.copy(elsewhere, database.path)
    refused = (await door.execute(house.operator("*"), house.order(house.seats[0]), new_id())).outcome
    assert refused == Refused(NoDatabase.DATABASE_AWAY)
    assert pulse.report().checks["commit"] == "database_away" and not pulse.report().ready
    elsewhere.rename(database.path)
    await until_so(partial(_taken, door, house))
    assert pulse.report().ready, "and ready as soon as one is taken"
    await asyncio.to_thread(door.stop)


async def _taken(door: Door, house: House) -> bool:
    return (await door.execute(house.operator("*"), house.order(house.seats[0]), new_id())).ok
