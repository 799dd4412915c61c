"""Feeds as devices read them: their list, their pages sealed, and central's time signed for an untrusted clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from central.devices.authority import asking
from central.devices.enrolment import settings_of
from central.devices.leases import own_context
from central.devices.model import SELLERS, Device, DevicesPrivilege, NoDevice
from central.kernel.contexts import institution_of
from central.kernel.feeds import FEEDS, Scope
from central.kernel.registry import answers
from central.kernel.tx import Read
from central.venues.reads import all_sites
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.runtime.log import logger
from shared.runtime.throttle import Seldom
from shared.wire.bounds import Count
from shared.wire.certificates import RIGHTS
from shared.wire.codec import dump
from shared.wire.feeds import MOST_ROW, PAGE_ROWS, PAGE_TEXT, FeedList, FeedPage, FeedRow, feed_name
from shared.wire.seal import Sealed, seal

_SELDOM = Seldom(logger(__name__))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFeeds:
    """Which feeds the asking device reads, and what it must know of its house."""


@answers(DeviceFeeds, needs=DevicesPrivilege.DEVICE_SYNC, refuses=(NoDevice,), at=own_context, gives=FeedList)
def device_feeds(read: Read, _: DeviceFeeds) -> Outcome[FeedList]:
    device = asking(read, "device_feeds")
    if isinstance(device, Refused):
        return device
    return Ok(FeedList(tuple(_feeds_of(read, device)), settings_of(read, device)))


def _feeds_of(read: Read, device: Device) -> list[str]:
    """Of each family that its kind may read, those of where it is."""
    return [
        feed_name(feeds.family, scope)
        for feeds in FEEDS.values()
        if feeds.readers & RIGHTS[device.kind]
        for scope in _scopes(read, device, feeds.scope)
    ]


def _scopes(read: Read, device: Device, scope: Scope) -> list[str]:
    match scope:
        case Scope.INSTITUTION:
            return [institution_of(read, device.context_id)]
        case Scope.POINT_OF_SALE:
            return [device.point_of_sale_id] if device.point_of_sale_id else []
        case Scope.SELLER if device.kind in SELLERS:
            return [device.id]
        case Scope.SELLER:  # a gate admits what the sellers of its site sold without a line
            sql = "WHERE site_id = :site AND point_of_sale_id IS NOT NULL ORDER BY id"
            return [seller.id for seller in read.find(Device, sql, site=device.site_id)]
        case Scope.SITE:
            return [device.site_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Rows of a feed that are newer than `after`."""

    feed: str
    after: Count = 0


@answers(Feed, needs=DevicesPrivilege.DEVICE_SYNC, refuses=(NoDevice,), at=own_context, gives=Sealed, alone=True)
def feed(read: Read, want: Feed) -> Outcome[Sealed]:
    device = asking(read, "feed")
    if isinstance(device, Refused):
        return device
    if want.feed not in _feeds_of(read, device):
        return Refused(NoDevice.NOT_YOUR_FEED, fix=want.feed)
    told = page(read, want.feed, want.after, read.now)
    if told.asked:
        _SELDOM.warn("a device is ahead of central", kind="feed", device=device.id, feed=want.feed, asked=told.asked)
    return Ok(seal(dump(told), read.keys.signer))


def page(read: Read, name: str, after: int, at: datetime) -> FeedPage:
    """Whoever asks from above all that was told has it from a life that this database lost, and reads the feed anew,
    page by page as a new device does. Until it did, it would miss what is told under revisions that it has."""
    found = read.one("SELECT revision FROM feed_head WHERE feed = :feed", feed=name)
    head = int(found[0]) if found else 0
    asked, after = (after, 0) if after > head else (0, after)
    upto, more = _end(read, name, after, head)
    rows = read.run(
        "SELECT key, revision, CASE WHEN LENGTH(body) <= :most THEN body END, LENGTH(body) FROM feed_row "
        "WHERE feed = :feed AND revision > :after AND revision <= :upto ORDER BY revision",
        feed=name, after=after, upto=upto, most=MOST_ROW,
    )  # fmt: skip
    told = tuple(FeedRow(key, revision, _body(name, key, body, size)) for key, revision, body, size in rows)
    return FeedPage(name, after, upto, more, at, told, asked)


def _end(read: Read, name: str, after: int, head: int) -> tuple[int, bool]:
    """Where a page ends, and whether there is more. The database goes from row to row, for lengths alone, and no
    further than one row behind the page: `before` is how much there is before `revision`."""
    walked = read.run(
        "WITH RECURSIVE told (n, revision, before) AS ("
        "SELECT 1, MIN(revision), 0 FROM feed_row WHERE feed = :feed AND revision > :after UNION ALL "
        "SELECT n + 1, (SELECT MIN(f.revision) FROM feed_row f WHERE f.feed = :feed AND f.revision > told.revision), "
        "before + (SELECT COALESCE(LENGTH(f.body), 0) FROM feed_row f WHERE f.feed = :feed "
        "AND f.revision >= told.revision ORDER BY f.revision LIMIT 1) FROM told "  # `=` would not go by its index
        "WHERE revision IS NOT NULL AND n <= :rows AND before <= :most) SELECT revision, before FROM told ORDER BY n",
        feed=name, after=after, rows=PAGE_ROWS, most=PAGE_TEXT,
    )  # fmt: skip
    count = max(1, sum(before <= PAGE_TEXT for _, before in walked[1:]))  # one row at least, however large
    more = len(walked) > count and walked[count][0] is not None
    return (int(walked[count - 1][0]), True) if more else (head, False)


def _body(name: str, key: str, body: str | None, size: int | None) -> dict[str, Any] | None:
    """A row that no device would take is told as one that is gone: what is behind it reaches them."""
    if size is not None and (body is None or (size > PAGE_TEXT and len(orjson.dumps(body)) > MOST_ROW)):
        _SELDOM.warn("a row is too large for devices", kind="row", feed=name, key=key, length=size)
        return None
    found: dict[str, Any] | None = orjson.loads(body) if body else None
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTime:
    """Central's time under its signature; the nonce makes an old answer useless."""

    nonce: str


@answers(DeviceTime, needs=None, gives=Sealed)  # open: the time, signed, which is no secret
def device_time(read: Read, want: DeviceTime) -> Outcome[Sealed]:
    said: dict[str, Any] = {"nonce": want.nonce[:64], "at": read.now}
    return Ok(seal(dump(said), read.keys.signer))


def heads(read: Read) -> dict[str, int]:
    """Every feed's revision: what the bells say."""
    return {str(name): int(revision) for name, revision in read.run("SELECT feed, revision FROM feed_head")}


def sites_of_feed(read: Read, name: str) -> list[Id]:
    """On which sites the bell of a feed rings."""
    family, _, whose = name.partition("/")
    match FEEDS[family].scope:
        case Scope.INSTITUTION:
            return [site.id for site in all_sites(read)]
        case Scope.POINT_OF_SALE:
            rows = read.run("SELECT DISTINCT site_id FROM device WHERE point_of_sale_id = :s", s=whose)
            return [Id(row[0]) for row in rows]
        case Scope.SELLER:
            return [Id(row[0]) for row in read.run("SELECT site_id FROM device WHERE id = :s", s=whose)]
        case Scope.SITE:
            return [Id(whose)]
