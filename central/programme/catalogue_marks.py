"""What the rows in the feeds CATALOGUE followed from when they were last seen to stand, so that a change has those made
anew that it reaches, and not the rows of every performance at every point of sale. A tariff reaches the performances
whose grid names it, a point of sale its own rows.

A mark is of what was found in the feeds, never of what was told: after a command the rows are looked at once more. What
anybody has written in a feed since is looked at again, whoever it was: another process of central may be of an earlier
release, or have told what has been taken back since.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from central.kernel.db import in_list
from central.kernel.tx import AT_ONCE, Read
from central.programme.reads import PointTold, points_told
from shared.ids import Id
from shared.wire.feeds import FeedFamily, feed_name

Points = Mapping[Id, PointTold]


@dataclass(frozen=True, slots=True)
class CatalogueMark:
    """`everywhere`: what a performance's rows have in common, as a digest; `points`: what else they are made of."""

    everywhere: bytes
    points: Points


@dataclass(slots=True)
class CatalogueMarks:
    """By performance. `_doubted`: its rows that stood otherwise then, or were written since."""

    seen: dict[Id, CatalogueMark] = field(default_factory=dict)
    _doubted: dict[Id, set[Id]] = field(default_factory=dict)
    _points: Points = field(default_factory=dict)
    _heads: dict[Id, int] = field(default_factory=dict)

    def begin(self, read: Read) -> None:
        """Before a look at the house: doubts what somebody wrote in the feeds since the look before."""
        heads = _heads(read, list(self.now(points_told(read))))
        for point, revision in self._heads.items():
            if heads.get(point, revision) > revision:
                for key in _written_since(read, point, revision):
                    self._doubted.setdefault(key, set()).add(point)
        self._heads = heads

    def now(self, points: Points) -> Points:
        """The same object as long as they are the same, so that one look at it is enough."""
        if points != self._points:
            self._points = points
        return self._points

    def reached(self, performance_id: Id, now: CatalogueMark) -> list[Id]:
        """The points of sale whose rows may not be what they should be."""
        was, doubted = self.seen.get(performance_id), self._doubted.get(performance_id, set())
        if was is None or was.everywhere != now.everywhere:
            return list(now.points)
        if was.points is now.points:
            return sorted(doubted & now.points.keys())
        return [each for each, point in now.points.items() if each in doubted or was.points.get(each) != point]

    def settle(self, performance_id: Id, now: CatalogueMark, differing: Collection[Id]) -> None:
        """After a look at those that were reached."""
        self.seen[performance_id] = now
        self._doubted.pop(performance_id, None)
        if differing:
            self._doubted[performance_id] = set(differing)

    def forget_but(self, performances: Collection[Id]) -> None:
        self.seen = {each: self.seen[each] for each in performances if each in self.seen}
        self._doubted = {each: self._doubted[each] for each in self.seen if each in self._doubted}


def _heads(read: Read, points: Sequence[Id]) -> dict[Id, int]:
    """The newest revision in the feed of each; 0: nothing was told there."""
    found = dict.fromkeys(points, 0)
    for first in range(0, len(points), AT_ONCE):
        feeds = {feed_name(FeedFamily.CATALOGUE, each): each for each in points[first : first + AT_ONCE]}
        among, params = in_list("f", list(feeds))
        rows = read.run(f"SELECT feed, revision FROM feed_head WHERE feed IN {among}", **params)  # noqa: S608 - names of ours, values are parameters
        found |= {feeds[feed]: revision for feed, revision in rows}
    return found


def _written_since(read: Read, point: Id, revision: int) -> list[Id]:
    feed = feed_name(FeedFamily.CATALOGUE, point)
    rows = read.run("SELECT key FROM feed_row WHERE feed = :feed AND revision > :seen", feed=feed, seen=revision)
    return [Id(row[0]) for row in rows]
