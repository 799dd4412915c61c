"""What an area says of itself: the value `AREA` in its `__init__.py`. central/areas.py puts them into their order; who
starts central, draws its menu or tells a device its feeds reads it there, and no list of another area's has to change
for a new one.

Entities, commands and queries are declared where they stand, by importing `modules`. What is called gets the
application, and finds in it, by key, the door, the configuration, the line to the broker and what the area's own
`means` have put there.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import ModuleType
from typing import Any

from aiohttp import web

from central.config import CentralConfig
from central.kernel.actor import ActorKind
from central.kernel.anomalies import ANOMALIES
from central.kernel.checklist import ITEMS, ChecklistItem
from central.kernel.door import Door
from central.kernel.facts import FACTS, KindOfFact
from central.kernel.feeds import FEEDS, Feeds
from central.kernel.invariants import INVARIANTS, Invariant
from central.kernel.outbox import Act
from central.kernel.privileges import USUAL, UsualProfile
from central.kernel.registry import BESIDE
from central.kernel.turns import NO_SALES, Sales
from central.kernel.versions import SELLING_TERMS, TOLD, counts
from central.web.actor_words import ACTOR_WORDS, ActorWords
from central.web.caller import Callers
from central.web.page_words import PAGE_WORDS
from central.web.rooms import MenuEntry, Room
from central.web.seekers import CALLED, SEEKERS, Called, Seeker
from shared.registries import add_all
from shared.runtime.mqtt import Bus, Roster

DOOR: web.AppKey[Door] = web.AppKey("door", Door)
CONFIG: web.AppKey[CentralConfig] = web.AppKey("config", CentralConfig)
BUS: web.AppKey[Bus] = web.AppKey("bus", Bus)
ROSTER: web.AppKey[Roster] = web.AppKey("roster", Roster)

Work = Callable[[], Awaitable[None]]
Check = Callable[[], str]
"""How something is, out of memory: `ok`, or the word for what is wrong (kernel/pulse.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where it stands among the others, central/areas.py says.

    `settings`: a dataclass of the keys that the area has in central's file. `usual`: what a new house is proposed for
    its people, of the area's rights or of branches on which they hang. `means` puts what the area needs of this process
    into the application (a test puts in its own); `pages` add their addresses; `room` is the
    one of the bar in which its lists stand, and behind them `menu`, those of its pages. `loops` are named works
    that go on while central runs; None: not with this configuration. `outbox`: who does the rows of a kind; None: a
    loop of the area's own does. `health`: what /readyz says beside the kernel's own checks. `facts` are taken from
    devices, `feeds` told to them. `seekers`: how its things without a name are looked for, by table. `anomalies`:
    what may not fit, `checks`: what must hold of the books. `sales`: what a sale does with its
    tables. `told`: those that the rows for devices are made of, beside what sales go by. `callers`: who comes to the
    API as whom; those of a later area are asked first. `actors`: who of its tables the log names as who did something,
    by kind, and in words what they are. `words`: what its pages say and no entity or command has (page_words.py)."""

    name: str
    modules: tuple[ModuleType, ...] = ()
    settings: type[Any] | None = None
    privileges: tuple[StrEnum, ...] = ()
    usual: Mapping[UsualProfile, tuple[str, ...]] = field(default_factory=dict)
    means: Callable[[web.Application], None] = lambda _: None
    pages: tuple[Callable[[web.Application], None], ...] = ()
    menu: tuple[MenuEntry, ...] = ()
    room: Room = Room.HOUSE
    loops: Mapping[str, Callable[[web.Application], Work | None]] = field(default_factory=dict)
    outbox: Mapping[str, Callable[[web.Application], Act] | None] = field(default_factory=dict)
    checklist: tuple[ChecklistItem, ...] = ()
    health: Mapping[str, Callable[[web.Application], Check]] = field(default_factory=dict)
    facts: tuple[KindOfFact[Any], ...] = ()
    feeds: tuple[Feeds, ...] = ()
    seekers: Mapping[str, Seeker] = field(default_factory=dict)
    called: Mapping[str, Called] = field(default_factory=dict)
    anomalies: tuple[StrEnum, ...] = ()
    checks: tuple[Invariant, ...] = ()
    sales: Sales = NO_SALES
    told: tuple[str, ...] = ()
    callers: tuple[Callable[[web.Application], Callers], ...] = ()
    actors: Mapping[ActorKind, ActorWords] = field(default_factory=dict)
    words: Mapping[str, Iterable[str]] = field(default_factory=dict)

    def declare(self) -> None:
        """Makes known what the kernel asks for by name."""
        BESIDE.update(self.privileges)
        for profile, rights in self.usual.items():
            USUAL[profile].update(dict.fromkeys(rights))
        add_all(ITEMS, ((item.name, item) for item in self.checklist))
        add_all(FACTS, ((facts.kind, facts) for facts in self.facts))
        add_all(FEEDS, ((feeds.family, feeds) for feeds in self.feeds))
        add_all(SEEKERS, self.seekers.items())
        add_all(CALLED, self.called.items())
        add_all(ACTOR_WORDS, self.actors.items())
        add_all(PAGE_WORDS, ((kind, tuple(words)) for kind, words in self.words.items()))
        add_all(ANOMALIES, ((str(kind), kind) for kind in self.anomalies))
        self.sales.declare()
        counts(SELLING_TERMS, *self.sales.offered)
        counts(TOLD, *self.told)
        add_all(INVARIANTS, ((each.name, each) for each in self.checks))
