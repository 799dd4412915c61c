"""Feeds down and facts up, against a central that answers over HTTP: in order, with loss, with lies, with no line."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.clock import ClockState, Now, Reading
from shared.ids import derived_id
from shared.runtime.central import LONGEST_WAIT_S, Declined, HttpCentral, Later, Unreachable
from shared.runtime.journal import Journal, PageRefused
from shared.runtime.keyring import Keyring
from shared.runtime.sync import Reader, SealRefused, Sync, pull, push
from shared.runtime.system import SystemClock
from shared.runtime.tasks import Backoff
from shared.wire import topics
from shared.wire.certificates import DeviceKind
from shared.wire.facts import FactKind, Incident
from shared.wire.feeds import FeedFamily, FeedRow
from tests.waiting import PATIENCE_S, until

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOW = Now(NOON, ClockState.TRUSTED, timedelta(0))
CLOCK = SystemClock()
QUICK = Backoff(first_s=0.02, most_s=0.1)


class Bench:
    """One device with a journal in memory and a line to the fake central."""

    def __init__(self, house, central) -> None:
        self.house, self.fake = house, central
        self.device = house.holder("kiosk", DeviceKind.KIOSK)
        central.devices[self.device.id] = self.device.certificate
        self.journal = Journal(sqlite3.connect(":memory:"), self.device.id)
        self.keyring = Keyring(house.root_pem)
        self.keyring.add(central.certificate.pem)
        self.feed = f"tickets/{house.site}"
        self.line = HttpCentral(central.url, CLOCK, self.device.id, self.device.signer, timeout_s=2.0)

    def see(self, *numbers: int, note: str = "") -> None:
        with self.journal.transaction() as tx:
            for n in numbers:
                tx.record(
                    FactKind.INCIDENT, Incident(f"E{n}", note, ""), NOW, Reading(NOON, n, "boot"), derived_id("fact", n)
                )

    async def pull(self, **more) -> bool:
        return await pull(self.line, self.journal, self.feed, self.keyring, **more)

    async def push(self) -> int:
        return await push(self.line, self.journal, self.device.signer, CLOCK)

    @asynccontextmanager
    async def syncing(self, **more):
        options = {"poll_s": 0.05, "backoff": QUICK, "now": lambda: NOW, **more}
        sync = Sync(self.line, self.journal, self.keyring, self.device.signer, CLOCK, **options)
        task = asyncio.create_task(sync.run())
        try:
            yield sync
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def bench(house, central):
    made = Bench(house, central)
    yield made
    await made.line.close()


async def test_a_feed_comes_page_by_page(bench) -> None:
    for number in range(5):
        bench.fake.publish(bench.feed, f"t{number}", {"serial": number})
    bench.fake.publish(bench.feed, "t0", None)
    assert await bench.pull() is True
    assert bench.journal.revision(bench.feed) == 6
    assert sorted(bench.journal.rows(bench.feed)) == ["t1", "t2", "t3", "t4"]
    assert await bench.pull() is False
    bench.fake.publish(bench.feed, "t9", {"serial": 9})
    assert await bench.pull() is True


async def test_a_central_that_lost_what_it_told_is_read_anew(bench) -> None:
    for number in range(9):
        bench.fake.publish(bench.feed, f"t{number}", {"serial": number})
    await bench.pull()
    told = bench.fake.feeds[bench.feed]
    told[:] = [FeedRow(row.key, row.revision, {"serial": 7}) for row in told[:5]]
    assert await bench.pull() is True
    assert bench.journal.revision(bench.feed) == 5
    told = {key: row["serial"] for key, row in bench.journal.rows(bench.feed).items()}
    assert told == {**{f"t{number}": 7 for number in range(5)}, **{f"t{number}": number for number in range(5, 9)}}
    assert await bench.pull() is False


async def test_lies_change_nothing(bench, house, fakes) -> None:
    bench.fake.publish(bench.feed, "t", {"serial": 1})
    await bench.pull()
    bench.fake.publish(bench.feed, "t", {"serial": 2})
    lies = {
        PageRefused: [
            {"upto": 0},
            {"after": 0},
            {"after": 5, "upto": 6, "rows": ()},
            {"rows": (FeedRow("t", 1, {"serial": 0}),)},
            {"more": True, "upto": 1, "rows": ()},
        ],
        SealRefused: [{"feed": "tickets/other"}],
    }
    for error, changes in lies.items():
        for change in changes:
            bench.fake.bend = fakes.lying(**change)
            with pytest.raises(error):
                await bench.pull()
    bench.fake.bend = None
    good = bench.fake.signer
    for forger in (house.holder("gate", DeviceKind.GATE), type(house)().holder("central", DeviceKind.CENTRAL)):
        bench.keyring.add(forger.certificate.pem)  # a device's key is known, but has not the right STATE
        bench.fake.signer = forger.signer
        with pytest.raises(SealRefused, match="not sealed by a key of central"):
            await bench.pull()
    bench.fake.signer = good
    bench.keyring.revoke(good.kid, NOON)
    with pytest.raises(SealRefused):
        await bench.pull()
    assert (bench.journal.revision(bench.feed), bench.journal.rows(bench.feed)) == (1, {"t": {"serial": 1}})


async def test_a_key_past_its_time_is_refused_by_who_knows_the_time(bench) -> None:
    bench.fake.publish(bench.feed, "t", {})
    late = Now(datetime(2040, 1, 1, tzinfo=UTC), ClockState.TRUSTED, timedelta(0))
    with pytest.raises(SealRefused):
        await bench.pull(now=late)
    assert await bench.pull(now=Now(late.at, ClockState.UNTRUSTED, timedelta.max)) is True


async def test_unsigned_and_unknown_requests_are_declined(bench, house) -> None:
    async with HttpCentral(bench.fake.url, CLOCK) as nobody:
        with pytest.raises(Declined, match="not_signed"):
            await nobody.query("device_feeds", {})
    with pytest.raises(Declined) as caught:
        await bench.line.query("feed", {"feed": "no/such feed&x=ä", "after": "0"})
    assert (caught.value.said, caught.value.fix) == ("no_such_feed", "f")


async def test_facts_are_settled_by_receipt_only(bench) -> None:
    bench.see(*range(250), note="x" * 100)
    bench.fake.mute = True
    with pytest.raises(Unreachable):
        await bench.push()
    assert bench.journal.unsent() == 250, "no receipt: nothing is done"
    bench.fake.mute = False
    first = await bench.push()
    assert 100 < first <= 200
    while bench.journal.unsent():
        await bench.push()
    assert sorted(bench.fake.facts) == list(range(1, 251))
    assert bench.fake.max_upload <= 65536
    assert await bench.push() == 0


async def test_what_was_not_sent_is_not_done_although_central_has_it_of_a_clone(bench) -> None:
    """A copy of this disk told other facts under the same numbers: what this one saw would be lost."""
    bench.see(*range(250), note="x" * 100)
    bench.fake.facts = dict.fromkeys(range(1, 251), bench.journal.pending()[0])
    sent = await bench.push()
    assert 0 < sent < 250
    assert bench.journal.unsent() == 250 - sent


async def test_gaps_are_filled_and_dead_letters_block_nobody(bench) -> None:
    bench.see(*range(6))
    bench.fake.lose = {2, 3}
    bench.fake.dead = {5: "unknown lease"}
    await bench.push()
    assert [fact.seq for fact in bench.journal.pending()] == [2, 3]
    await bench.push()
    assert bench.journal.unsent() == 0
    assert bench.journal.dead() == {5: "unknown lease"}
    assert sorted(bench.fake.facts) == [1, 2, 3, 4, 6]


async def test_the_loops_bring_and_send_by_themselves(bench) -> None:
    links: list[bool] = []
    settings: list[dict] = []
    after: list[int] = []
    bench.fake.settings = {"label": "foyer"}
    bench.fake.publish(bench.feed, "t1", {"serial": 1})
    reader = Reader(after=lambda: after.append(1))
    async with bench.syncing(
        readers={FeedFamily.TICKETS: reader}, on_link=links.append, on_settings=settings.append, poll_s=30.0
    ) as sync:
        await asyncio.wait_for(sync.wait_current(), PATIENCE_S)
        assert bench.journal.row(bench.feed, "t1") == {"serial": 1}
        bench.see(1, 2)
        await until(lambda: bench.journal.unsent() == 0)
        bench.fake.publish(bench.feed, "t2", {"serial": 2})
        sync.rang(topics.bell(bench.house.site, bench.feed), b"2")
        await until(lambda: bench.journal.revision(bench.feed) == 2)
        asked = len(bench.fake.requests)
        sync.rang(topics.bell(bench.house.site, bench.feed), b"2")
        sync.rang(topics.bell(bench.house.site, "tickets/other"), b"9")
        sync.rang("nonsense", b"9")
        bench.fake.publish(bench.feed, "t3", {"serial": 3})
        sync.rang(topics.bell(bench.house.site, bench.feed), b"3")
        await until(lambda: bench.journal.revision(bench.feed) == 3)
        assert [name for name, _ in bench.fake.requests[asked:]] == ["feed"], "an old bell asks nothing"
    assert links == [True]
    assert settings == [{"label": "foyer"}]
    assert len(after) == 3


async def test_a_cut_line_loses_nothing(bench, fakes) -> None:
    links: list[bool] = []
    port = bench.fake.port
    bench.fake.publish(bench.feed, "t1", {"serial": 1})
    async with bench.syncing(on_link=links.append) as sync:
        await asyncio.wait_for(sync.wait_current(), PATIENCE_S)
        await bench.fake.__aexit__()
        await until(lambda: links == [True, False])
        bench.see(1, 2, 3)
        bench.fake.publish(bench.feed, "t2", {"serial": 2})
        assert bench.journal.unsent() == 3
        bench.fake.port = port
        await bench.fake.__aenter__()
        await until(lambda: not bench.journal.unsent() and bench.journal.revision(bench.feed) == 2)
        assert sync.trouble == {}
    assert links == [True, False, True]
    assert sorted(bench.fake.facts) == [1, 2, 3]


async def test_one_bad_feed_holds_up_no_other(bench) -> None:
    bench.fake.publish("hall/x", "h", {})
    bench.fake.publish(bench.feed, "t", {})

    def bend(page):
        return page if page.feed == bench.feed else type(page)("lie", 0, 1, False, page.at, ())

    bench.fake.bend = bend
    async with bench.syncing() as sync:
        await until(lambda: bench.journal.revision(bench.feed) == 1 and sync.trouble)
        assert list(sync.trouble) == ["hall/x"]
        bench.fake.bend = None
        await until(lambda: bench.journal.revision("hall/x") == 1 and not sync.trouble)


async def test_a_feed_that_central_does_not_bring_holds_up_no_other(bench) -> None:
    """Not even that of keys, and not those that come before it by name; it is asked for again, and last."""
    keys, links = f"keys/{derived_id('house')}", []
    for feed in (keys, "hall/x", bench.feed):
        bench.fake.publish(feed, "t", {})
    bench.fake.torn = {keys, "hall/x"}
    sync = Sync(bench.line, bench.journal, bench.keyring, bench.device.signer, CLOCK)
    await sync.refresh()
    assert bench.journal.revision(bench.feed) == 1 and sync.trouble.keys() == {keys, "hall/x"}
    asked = bench.fake.asked = []
    await sync.refresh()
    assert list(dict.fromkeys(asked)) == [bench.feed, keys, "hall/x"], "what is well is first up to date"
    async with bench.syncing(poll_s=3600.0, on_link=links.append) as sync:
        begun = len(bench.fake.asked)
        await until(lambda: bench.fake.asked[begun:].count("hall/x") > 4)  # twice at most by a round, of which are two
        bench.fake.torn = set()
        await until(lambda: not sync.trouble)
        assert bench.journal.revision(keys) == bench.journal.revision("hall/x") == 1
    assert links == [True], "the line is well all the while"


async def test_where_the_line_is_cut_nothing_more_is_asked_and_nothing_forgotten(bench) -> None:
    for feed in ("hall/x", bench.feed):
        bench.fake.publish(feed, "t", {})
    sync = Sync(bench.line, bench.journal, bench.keyring, bench.device.signer, CLOCK)
    await sync.refresh()
    for feed in ("hall/x", bench.feed):
        bench.fake.publish(feed, "u", {})
        sync.rang(topics.bell(bench.house.site, feed), b"2")
    bench.fake.mute, asked, before = True, len(bench.fake.requests), len(bench.fake.asked)
    with pytest.raises(Unreachable):
        await sync._pull_due()
    told = [name for name, _ in bench.fake.requests[asked:]]
    assert list(dict.fromkeys(told)) == ["feed", "device_feeds"] and sync.trouble == {}
    assert set(bench.fake.asked[before:]) == {"hall/x"}, "a client of HTTP asks twice where a line is cut"
    bench.fake.mute = False
    await sync._pull_due()
    assert bench.journal.revision("hall/x") == bench.journal.revision(bench.feed) == 2


async def test_a_new_key_of_central_comes_with_the_feed_of_keys(bench, house) -> None:
    """Rotation with overlap: the new certificate is told under the old key, then the old one is revoked."""
    keys = f"keys/{derived_id('house')}"
    fresh = house.holder("central-2", DeviceKind.CENTRAL)
    bench.fake.publish(keys, fresh.certificate.kid, {"certificate": fresh.certificate.pem})
    bench.fake.publish(bench.feed, "t", {"n": 1})
    bench.fake.page_rows = 10
    async with bench.syncing(feeds=(keys,)) as sync:
        await until(lambda: bench.journal.revision(bench.feed) == 1)
        old, bench.fake.signer = bench.fake.signer, fresh.signer
        revoked = {"certificate": bench.fake.certificate.pem, "revoked_at": NOON.isoformat()}
        bench.fake.publish(keys, old.kid, revoked)
        bench.fake.publish(bench.feed, "t", {"n": 2})
        await until(lambda: bench.journal.revision(bench.feed) == 2)
        assert bench.keyring.revoked(old.kid) == NOON
        bench.fake.signer = old
        bench.fake.publish(bench.feed, "t", {"n": 3})
        await until(lambda: bench.feed in sync.trouble)
        assert bench.journal.row(bench.feed, "t") == {"n": 2}
    again = Keyring(house.root_pem)
    Sync(bench.line, bench.journal, again, bench.device.signer, CLOCK)
    assert again.revoked(old.kid) == NOON, "what is revoked stays so over a restart without a line"


async def test_after_a_long_time_away_the_keys_are_asked_for(bench, house) -> None:
    fresh = house.holder("central-9", DeviceKind.CENTRAL)
    bench.fake.signer = fresh.signer
    bench.fake.publish(bench.feed, "t", {"n": 1})
    asked = []

    async def renew() -> None:
        asked.append(1)
        bench.keyring.add(fresh.certificate.pem)

    async with bench.syncing(renew_keys=renew):
        await until(lambda: bench.journal.revision(bench.feed) == 1)
    assert asked == [1]


async def test_where_many_upload_at_once_a_device_comes_again_and_its_line_is_well(bench) -> None:
    """All its facts, in their order, once each; nothing of it looks like a line that is cut."""
    links = []
    bench.see(*range(1, 6))
    bench.fake.crowded = 3
    async with bench.syncing(on_link=links.append) as sync:
        await until(lambda: not bench.journal.unsent())
        assert sync.trouble == {}
    assert sorted(bench.fake.facts) == [1, 2, 3, 4, 5] and bench.fake.crowded == 0
    assert links == [True]


@pytest.mark.parametrize(("said", "after_s"), [("7", 7.0), ("9999", LONGEST_WAIT_S), ("0", 0.0)])
async def test_when_to_come_back_is_centrals_word_within_bounds(bench, said, after_s) -> None:
    bench.see(1)
    async with saying(503, b'{"reason": "no_database.busy"}', said) as line:
        with pytest.raises(Later) as later:
            await push(line, bench.journal, bench.device.signer, CLOCK)
    assert later.value.after_s == after_s


@pytest.mark.parametrize("said", ["", "soon", "-1", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 5000, "٣"])
async def test_a_word_that_is_no_number_of_seconds_is_none(bench, said) -> None:
    bench.see(1)
    async with saying(503, b"", said) as line:
        with pytest.raises(Unreachable) as away:
            await push(line, bench.journal, bench.device.signer, CLOCK)
    assert not isinstance(away.value, Later)


@asynccontextmanager
async def saying(status: int, body: bytes, again: str = "") -> AsyncIterator[HttpCentral]:
    """The line to a central that says this to everything."""

    async def door(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Retry-After": again} if again else None)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", door)
    async with TestServer(app) as server, HttpCentral(str(server.make_url("/")), CLOCK) as line:
        yield line


@pytest.mark.parametrize("status", [408, 429, 503])
async def test_who_is_asked_to_come_back_later_comes_back_later(bench, status) -> None:
    """It is no refusal of what was sent: nothing is settled by it, nothing given up."""
    bench.see(1, 2)
    async with saying(status, b'{"reason": "too_many_requests"}') as line:
        with pytest.raises(Unreachable):
            await push(line, bench.journal, bench.device.signer, CLOCK)
    assert bench.journal.unsent() == 2


@pytest.mark.parametrize("answer", [b"", b"[]", b"<html>", b'{"value"', b'{"value": {"feeds": 3}}', b'{"value": 7}'])
async def test_rubbish_counts_as_no_answer(bench, answer) -> None:
    async with saying(200, answer) as line:
        with pytest.raises(Unreachable):
            await pull(line, bench.journal, bench.feed, bench.keyring)
        sync = Sync(line, bench.journal, bench.keyring, bench.device.signer, CLOCK)
        with pytest.raises(Unreachable):
            await sync.refresh()
