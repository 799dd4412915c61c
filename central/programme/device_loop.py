"""Tells devices what has changed, whatever changed it. Two numbers count the changes of all tables that their rows are
made of (`Area.told`, and what sales go by); when one has moved, the rows of the performances that are not over and
that it reaches are made anew beside the writer, and what differs from what stands in the feeds is written, the next
performance first, a few points of sale in each command, so that sales go on in between.

It keeps no mark of how far it came: what differs is what is still to be told, after a crash as much as after another
release that makes rows say more, and two processes of central tell nothing twice. It remembers how places are drawn,
for a stadium's plan takes a second, and of which performances all rows stood, and what they followed from
(catalogue_marks.py).
"""

import asyncio
import time
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from aiohttp import web

from central.catalogue.model import Performance
from central.catalogue.reads import ids_not_over, performances_among
from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from central.kernel.own_commands import OwnCommands
from central.kernel.tx import Read
from central.kernel.versions import SELLING_TERMS, TABLES_OF, TOLD
from central.programme.catalogue_marks import CatalogueMark, CatalogueMarks, Points
from central.programme.device_feeds import (
    POINTS_AT_ONCE,
    PlacesDrawn,
    PlanMark,
    TellPerformance,
    TellPlan,
    drawn,
    drawn_mark,
    plan_drawn,
    plan_id_of,
    plan_mark,
    plan_stands,
    source_of,
    standing_catalogues,
    standing_performance,
)
from central.programme.device_rows import DeviceRows
from central.web.area import DOOR, Work
from shared.ids import Id
from shared.runtime.tasks import wait_any

EVERY_S = 2.0  # between two looks at the numbers: another process moves them too
PERFORMANCES_AT_ONCE = 10  # in one look
SHARE = 0.2  # of the time goes into looks at most: callers come first


@dataclass(frozen=True, slots=True)
class Heard:
    """What may be told of changes by one look: the numbers that count them, and which performances are not over, the
    next first. A clock that was wrong makes another list, and what was missed is told with that."""

    numbers: tuple[int, ...]
    performances: tuple[Id, ...]


def heard(read: Read) -> Heard:
    return Heard((read.version(SELLING_TERMS), read.version(TOLD)), ids_not_over(read))


@dataclass(frozen=True, slots=True)
class PlanKnown:
    mark: PlanMark
    plan_id: Id


@dataclass(slots=True)
class FeedsKnown:
    """What is dear to work out, of one look after another: how the places of performances are drawn, which plan came of
    which mark, and which rows of the catalogue stood."""

    catalogues: CatalogueMarks = field(default_factory=CatalogueMarks)
    drawn: dict[Id, PlacesDrawn] = field(default_factory=dict)
    plans: dict[Id, PlanKnown] = field(default_factory=dict)

    def of_now(self, read: Read, performance: Performance) -> PlacesDrawn:
        known = self.drawn.get(performance.id)
        if known is None or known.mark != drawn_mark(read, performance):
            known = self.drawn[performance.id] = drawn(read, performance)
        return known

    def plan_id(self, read: Read, performance: Performance, source: Id) -> Id:
        mark = plan_mark(read, performance, source)
        known = self.plans.get(source)
        if known is None or known.mark != mark:
            known = self.plans[source] = PlanKnown(mark, plan_drawn(read, performance, source)[0])
        return known.plan_id

    def forget_but(self, performances: Collection[Id]) -> None:
        """Of what is over."""
        self.drawn = {each: self.drawn[each] for each in performances if each in self.drawn}
        sources = {*performances, *(each.mark.logical_configuration_id for each in self.drawn.values())}
        self.plans = {each: known for each, known in self.plans.items() if each in sources}
        self.catalogues.forget_but(performances)


@dataclass(frozen=True, slots=True)
class Untold:
    """What devices do not know of a performance: its plan (the id; empty: they do), its own row, what these points of
    sale may sell of it. `digest`: of its row, and by point of sale of what is told there."""

    performance_id: Id
    plan: str
    row: bool
    points: Mapping[Id, int]
    digest: int

    def commands(self) -> Iterator[TellPlan | TellPerformance]:
        """Each a bounded piece of work."""
        if self.plan:
            yield TellPlan(performance_id=self.performance_id)
        if self.row and not self.points:
            yield TellPerformance(performance_id=self.performance_id)
        points = tuple(self.points)
        for first in range(0, len(points), POINTS_AT_ONCE):
            some = points[first : first + POINTS_AT_ONCE]
            yield TellPerformance(performance_id=self.performance_id, points_of_sale=some)

    def mark(self, command: TellPlan | TellPerformance) -> Hashable:
        """What would be told by it: where it was refused, other changes of the house are no reason to ask again."""
        if isinstance(command, TellPlan):
            return self.plan
        return self.digest, *(self.points[each] for each in command.points_of_sale)


def untold(read: Read, performances: Sequence[Id], known: FeedsKnown) -> list[Untold]:
    rows = DeviceRows(read)
    look = _Look(read, rows, known.catalogues.now(rows.points()), known)
    found = (look.untold(each) for each in performances_among(read, performances))
    return [each for each in found if each.plan or each.row or each.points]


@dataclass(frozen=True, slots=True)
class _Look:
    """At several performances: of those that are drawn alike the plan is asked for once."""

    read: Read
    rows: DeviceRows
    points: Points
    known: FeedsKnown
    _plans: dict[Id, Id] = field(default_factory=dict)

    def untold(self, performance: Performance) -> Untold:
        of_now = self.known.of_now(self.read, performance)
        plan_id = self._plan_id(performance, of_now)
        stood = standing_performance(self.read, performance)
        plan = plan_id_of(stood) != plan_id or not plan_stands(self.read, performance.site_id, plan_id)
        text = self.rows.performance_text(performance, plan_id)
        points = self._points_untold(performance, of_now.used)
        return Untold(performance.id, plan_id if plan else "", not plan and stood != text, points, hash(text))

    def _plan_id(self, performance: Performance, of_now: PlacesDrawn) -> Id:
        source = source_of(performance, of_now)
        if source not in self._plans:
            self._plans[source] = self.known.plan_id(self.read, performance, source)
        return self._plans[source]

    def _points_untold(self, performance: Performance, used: frozenset[str]) -> dict[Id, int]:
        marks, now = self.known.catalogues, CatalogueMark(self.rows.digest(performance, used), self.points)
        reached = marks.reached(performance.id, now)
        told = standing_catalogues(self.read, performance.id, reached)
        texts = {each: self.rows.catalogue_text(performance, used, self.points[each]) for each in reached}
        points = {point: hash(text) for point, text in texts.items() if told.get(point) != text}
        marks.settle(performance.id, now, points)
        return points


class DeviceLoop:
    def __init__(self, door: Door, every_s: float = EVERY_S) -> None:
        self._door, self._every_s = door, every_s
        self._news = asyncio.Event()
        self._told: Heard | None = None
        self._known = FeedsKnown()
        self._own = OwnCommands(door)
        door.on_commit(self._committed)

    def _committed(self, _: frozenset[str], marks: frozenset[str]) -> None:
        if not (marks.isdisjoint(TABLES_OF[SELLING_TERMS]) and marks.isdisjoint(TABLES_OF[TOLD])):
            self._news.set()

    async def keep(self) -> None:
        """Until cancelled. What was told is compared once more with the next look."""
        while True:
            await self.tell()
            self._own.say()
            await wait_any(self._news, self._every_s)

    async def tell(self) -> bool:
        """Whether anything was told. What is refused is tried again when what it would tell has changed, or later."""
        now: Heard = await self._door.read(SYSTEM, heard)
        if now == self._told and not self._own.due:
            return False
        found = False
        self._own.begin()
        await self._door.read_long(SYSTEM, self._known.catalogues.begin)
        for first in range(0, len(now.performances), PERFORMANCES_AT_ONCE):
            some = now.performances[first : first + PERFORMANCES_AT_ONCE]
            began = time.perf_counter()
            look = partial(untold, performances=some, known=self._known)
            differing: list[Untold] = await self._door.read_long(SYSTEM, look)
            spent = time.perf_counter() - began
            for each in differing:
                for command in each.commands():
                    found |= await self._tell(each, command)
            await asyncio.sleep(spent / SHARE - spent)
        self._known.forget_but(now.performances)
        self._own.forget_rest()
        self._told = None if found else now
        return found

    async def _tell(self, what: Untold, command: TellPlan | TellPerformance) -> bool:
        """One point of sale that cannot be told keeps none of those from being told that come with it."""
        if await self._own.do(command, command, what.mark(command)) is not None:
            return True
        if isinstance(command, TellPlan) or len(command.points_of_sale) < 2:
            return False
        self._own.forget(command)
        apart = [replace(command, points_of_sale=(each,)) for each in command.points_of_sale]
        return any([await self._own.do(each, each, what.mark(each)) is not None for each in apart])


def telling(app: web.Application) -> Work:
    return DeviceLoop(app[DOOR]).keep
