"""Feeds down, facts up. Central tells what is (sealed pages, revision by revision); a device tells what happened.

Everything here may fail at any moment and is simply done again: a page is taken whole or not at all, a batch is settled
only on central's own receipt. One feed or fact that is wrong never holds up the others; it stands in `trouble`.
"""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from shared.clock import Now
from shared.runtime.central import Central, Declined, HttpCentral, Later, Unreachable
from shared.runtime.journal import Journal, PageRefused, RowsReader
from shared.runtime.keyring import Keyring
from shared.runtime.log import logger
from shared.runtime.system import Clock, fresh_id
from shared.runtime.tasks import Backoff, wait_any
from shared.wire.certificates import Right
from shared.wire.codec import MOST_MESSAGE, adapter, dump, load
from shared.wire.facts import RECEIPT_BYTES, Fact, Receipt, Upload
from shared.wire.feeds import FeedFamily, FeedList, FeedPage
from shared.wire.seal import Sealed, Signer
from shared.wire.topics import feed_of

__all__ = ["Central", "Declined", "HttpCentral", "Reader", "SealRefused", "Sync", "Unreachable", "pull", "push"]

log = logger(__name__)
MAX_PAGES = 10_000  # in one pull; central that always says "more" is broken
_FEEDS = "feeds"  # note: the feeds of this device, as central last named them


class SealRefused(Exception):
    """What came is not sealed by a key that may speak for central, or is about something else than was asked."""


FirstLoad: TypeAlias = "Callable[[str, Reader], Awaitable[bool]]"
"""Brings a feed as far as it can by another way than pages, says whether rows came, and never raises for the line."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What a role does with the rows of a family. `on_rows` runs in the page's transaction; with `keep=False` rows are
    stored nowhere else; `after` runs once a pull has brought anything."""

    on_rows: RowsReader | None = None
    keep: bool = True
    after: Callable[[], None] | None = None


async def pull(
    central: Central,
    journal: Journal,
    feed: str,
    keyring: Keyring,
    on_rows: RowsReader | None = None,
    keep: bool = True,
    now: Now | None = None,
) -> bool:
    """Bring a feed up to date, page by page; says whether anything was new. Raises Unreachable, Declined, SealRefused
    and PageRefused; the pages before that stay taken."""
    before = journal.revision(feed)
    for _ in range(MAX_PAGES):
        have = journal.revision(feed)
        sealed = parsed(Sealed, await central.query("feed", {"feed": feed, "after": str(have)}))
        page = opened(sealed, FeedPage, keyring, now)
        if page.feed != feed:
            raise SealRefused(f"asked for {feed}, got {page.feed}")
        if page.more and page.upto == have:
            raise PageRefused(f"{feed}: central says there is more after {have} but does not send it")
        if page.upto != have or page.rows:
            journal.apply(page, on_rows, keep)
        if not page.more:
            return journal.revision(feed) != before
    raise PageRefused(f"{feed}: no end after {MAX_PAGES} pages")


async def push(central: Central, journal: Journal, signer: Signer, clock: Clock) -> int:
    """Send one batch and settle on central's receipt; how many facts were sent. The command id is fresh each time:
    facts are taken once by their own ids, and a receipt must tell of now, not of the first time."""
    facts = tuple(journal.pending())
    if not facts:
        return 0
    signature = b64encode(signer.key.sign(facts[-1].hash.encode())).decode()
    answer = await central.command("upload_facts", fresh_id(clock), dump(Upload(facts=facts, signature=signature)))
    journal.settle(parsed(Receipt, answer, RECEIPT_BYTES), facts[-1].seq)
    return len(facts)


def opened(sealed: Sealed, kind: type[Any], keyring: Keyring, now: Now | None = None) -> Any:
    """The statement inside, if a key with the right STATE sealed it; SealRefused otherwise."""
    if keyring.vouches(sealed, Right.STATE, now) is None:
        raise SealRefused(f"not sealed by a key of central that this device trusts (kid {sealed.kid})")
    try:
        return sealed.body(kind)
    except ValueError as bad:
        raise SealRefused(f"sealed, but not a {kind.__name__}: {bad}") from None


def parsed(kind: type[Any], data: bytes, most: int = MOST_MESSAGE) -> Any:
    """Central's answer as a value; rubbish, and too much, counts as no answer."""
    try:
        return load(kind, data, most)
    except ValueError as bad:
        raise Unreachable(f"central's answer is not a {kind.__name__}: {bad}") from None


class Sync:
    """The two loops of a device. `run()` is a task; `rang` takes bells; the journal wakes the upload by itself."""

    def __init__(
        self,
        central: Central,
        journal: Journal,
        keyring: Keyring,
        signer: Signer,
        clock: Clock,
        *,
        readers: Mapping[FeedFamily, Reader] | None = None,
        feeds: Iterable[str] = (),
        now: Callable[[], Now] | None = None,
        poll_s: float = 30.0,
        backoff: Backoff | None = None,
        on_link: Callable[[bool], None] | None = None,
        on_settings: Callable[[dict[str, Any]], None] | None = None,
        renew_keys: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.online = False
        self.on_sent: Callable[[], None] = lambda: None  # central has every fact
        self.first_load: FirstLoad | None = None  # tried before a feed's pages; see `snapshot`
        self.trouble: dict[str, str] = {}  # feed or "facts" → why it does not get on
        self._central, self._journal, self._keyring = central, journal, keyring
        self._signer, self._clock, self._now = signer, clock, now
        self._readers = dict(readers or {})
        self._poll_s = poll_s
        self._backoff = backoff or Backoff(first_s=0.5, most_s=min(poll_s, 30.0))
        self._on_link, self._on_settings, self._renew_keys = on_link, on_settings, renew_keys
        self._bell, self._facts, self._current = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._due: set[str] = set()
        stored = journal.note(_FEEDS)
        self.feeds: tuple[str, ...] = tuple(orjson.loads(stored)) if stored else tuple(feeds)
        journal.on_fact = self._facts.set
        for kind in (Fact, FeedPage, Receipt, Sealed):
            adapter(kind)  # compiled now (some 60 ms) rather than while somebody scans
        for feed in self.feeds:
            self._load_keys(feed)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pull_loop(), name="pull")
            group.create_task(self._push_loop(), name="push")

    def rang(self, topic: str, payload: bytes) -> None:
        """A bell from the bus: the topic's feed is at the revision in the payload. A hint only: it is not signed."""
        feed = feed_of(topic)
        if feed is None or feed not in self.feeds:
            return
        if payload.isdigit() and len(payload) < 20 and int(payload) <= self._journal.revision(feed):
            return
        self._due.add(feed)
        self._bell.set()

    async def wait_current(self) -> None:
        """Until every feed was up to date once since the start."""
        await self._current.wait()

    async def refresh(self) -> None:
        """Ask which feeds there are, then bring all of them up to date. Raises Unreachable."""
        await self._ask_feeds()
        self._due.update(self.feeds)
        await self._pull_due()

    async def _pull_loop(self) -> None:
        loop = asyncio.get_running_loop()
        delays = self._backoff.delays()
        next_round = loop.time()  # a round asks for everything; in between only what rang
        while True:
            try:
                if loop.time() >= next_round:
                    await self.refresh()
                    next_round = loop.time() + self._poll_s
                else:
                    await self._pull_due()
                self._link(True)
                self._current.set()
                wait = max(next_round - loop.time(), 0.0)
                if self.trouble.keys() & self._due:
                    wait = min(wait, next(delays))
                else:
                    delays = self._backoff.delays()
                await wait_any(self._bell, wait)
            except Unreachable as bad:
                self._link(False, str(bad))
                next_round = loop.time()
                await wait_any(self._bell, next(delays))

    async def _push_loop(self) -> None:
        delays = self._backoff.delays()
        while True:
            if not self._journal.unsent():
                await wait_any(self._facts, self._poll_s)
                continue
            self._facts.clear()
            first = self._journal.pending(1)[0].seq
            try:
                await push(self._central, self._journal, self._signer, self._clock)
                self._link(True)
                self.trouble.pop("facts", None)
                waiting = self._journal.pending(1)
                if not waiting:
                    self.on_sent()
                if not waiting or waiting[0].seq != first:
                    delays = self._backoff.delays()
                    continue
                self.trouble["facts"] = f"central asks for fact {first} again and again"
            except Later as bad:  # the line is well: many are sending. All is kept, in its order
                await asyncio.sleep(max(next(delays), bad.after_s))
                continue
            except Unreachable as bad:
                self._link(False, str(bad))
            except Declined as bad:
                self.trouble["facts"] = str(bad)
                log.warning("central declines facts", why=str(bad))
            await asyncio.sleep(next(delays))

    async def _ask_feeds(self) -> None:
        try:
            told: FeedList = parsed(FeedList, await self._central.query("device_feeds", {}))
        except Declined as bad:
            self.trouble["device_feeds"] = str(bad)
            log.warning("central does not name feeds", why=str(bad))
            return
        self.trouble.pop("device_feeds", None)
        if told.feeds != self.feeds:
            self.feeds = told.feeds
            with self._journal.transaction() as tx:
                tx.set_note(_FEEDS, orjson.dumps(told.feeds).decode())
        if self._on_settings:
            self._on_settings(dict(told.settings))

    async def _pull_due(self) -> None:
        """Keys first: the other pages may be sealed by a key that stands among them. What is in trouble comes last. A
        feed that central does not bring stays due; the others go on, where central answers anything else."""
        due = sorted(self._due & set(self.feeds), key=self._turn)
        self._due.clear()
        for n, feed in enumerate(due):
            try:
                await self._pull_one(feed)
                self.trouble.pop(feed, None)
            except (Declined, SealRefused, PageRefused) as bad:
                self._in_trouble(feed, str(bad))
            except Unreachable as bad:
                self._due.add(feed)
                try:
                    await self._ask_feeds()
                except Unreachable:
                    self._due.update(due[n:])
                    raise
                self._in_trouble(feed, str(bad))

    def _turn(self, feed: str) -> tuple[bool, bool, str]:
        return feed in self.trouble, not feed.startswith(f"{FeedFamily.KEYS}/"), feed

    def _in_trouble(self, feed: str, why: str) -> None:
        if self.trouble.get(feed) != why:
            log.warning("feed does not get on", feed=feed, why=why)
        self.trouble[feed] = why

    async def _pull_one(self, feed: str) -> None:
        reader = self._reader(feed)
        loaded = await self.first_load(feed, reader) if self.first_load else False
        for attempt in range(2):
            try:
                new = await pull(
                    self._central,
                    self._journal,
                    feed,
                    self._keyring,
                    reader.on_rows,
                    reader.keep,
                    self._now() if self._now else None,
                )
                break
            except SealRefused:
                if attempt or self._renew_keys is None:
                    raise
                await self._renew_keys()  # central changed its key while we were away
        if new or loaded:
            self._load_keys(feed)
            if reader.after:
                reader.after()

    def _reader(self, feed: str) -> Reader:
        for family, reader in self._readers.items():
            if feed.startswith(f"{family}/"):
                return reader
        return Reader()

    def _load_keys(self, feed: str) -> None:
        if feed.startswith(f"{FeedFamily.KEYS}/"):
            refused = self._keyring.take(self._journal.rows(feed))
            if refused:
                log.warning("certificates not signed by the root", kids=refused)

    def _link(self, online: bool, why: str = "") -> None:
        if online == self.online:
            return
        self.online = online
        log.info("central reached" if online else "central out of reach", why=why)
        if online:
            self._facts.set()
            self._bell.set()
        if self._on_link:
            self._on_link(online)
