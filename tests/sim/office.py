"""Central in the simulation: the real door on a database in memory, every command that went through it, and the line
to a device with its faults."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from central.devices.facts import UploadFacts
from central.devices.feeds import heads
from central.devices.hall import PublishHall, seen
from central.devices.model import DevicesPrivilege
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.door import Reply
from central.kernel.registry import COMMANDS, QUERIES
from central.kernel.tx import Read
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.runtime.central import Declined, Unreachable
from tests.sim.house import House, Kit, PowerCut, open_central
from tests.sim.world import World


@dataclass(frozen=True, slots=True)
class Entry:
    """A command as it went through the door."""

    at: datetime
    actor: Actor
    command: Any
    command_id: Id
    ok: bool


class Office:
    def __init__(self, world: World, house: House) -> None:
        self.world, self.house = world, house
        self.off = timedelta()  # of central's own clock
        self.door, self.db = open_central(house.image, house.keys, lambda: self.now)
        self.script: list[Entry] = []
        self._made = 0
        self._hall_moved = False
        self.door.on_commit(self._told)
        self.bells: list[str] = []

    def _told(self, feeds: frozenset[str], marks: frozenset[str]) -> None:
        self.bells += sorted(feeds)
        self._hall_moved = self._hall_moved or any(mark.startswith("hall/") for mark in marks)

    @property
    def now(self) -> datetime:
        return self.world.now + self.off

    @property
    def read(self) -> Read:
        return Read(self.db, SYSTEM, self.now, self.house.keys)

    def execute(self, actor: Actor, command: Any, command_id: Id) -> Reply:
        """Through the door. An exception is central's own fault, whatever a device sent (I7)."""
        try:
            reply = self.door.execute_now(self.db, actor, command, command_id)
        except PowerCut:
            self.world.tell("central", f"loses power over {type(command).__name__}")
            raise Unreachable("central is down") from None
        except Exception as broken:
            self.world.fault(f"central broke on {type(command).__name__} of {actor.name}: {broken!r}")
            raise Unreachable("central broke") from broken
        if not reply.repeated:
            self.script.append(Entry(self.now, actor, command, command_id, reply.ok))
        return reply

    def order(self, command: Any) -> Outcome[Any]:
        """A person's or a loop's command."""
        self._made += 1
        return self.execute(SYSTEM, command, derived_id("office", self.world.seed, self._made)).outcome

    def paint_hall(self) -> None:
        """What central's loop does every now and then: tell the kiosks which seats are free."""
        if self._hall_moved:
            self._hall_moved = False
            self.order(
                PublishHall(performance_id=self.house.performance, taken=seen(self.read, self.house.performance).taken)
            )

    def revisions(self) -> dict[str, int]:
        return heads(self.read)

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        return self.db.run(sql, params)

    def close(self) -> None:
        self.db.close()


def device_actor(kit: Kit) -> Actor:
    grants = frozenset({(str(DevicesPrivilege.DEVICE_SYNC), str(kit.context_id))})
    return Actor(ActorKind.DEVICE, kit.identity.device_id, kit.name, grants)


class Wire:
    """`shared.runtime.central.Central` in one process. A request may be lost, kept on the line until later, taken
    twice, or answered to nobody."""

    def __init__(self, office: Office, kit: Kit) -> None:
        self._office, self._world, self._kit = office, office.world, kit
        self._actor = device_actor(kit)
        self.up = True
        self.rough = 0.0  # how likely a request meets with a fault

    async def query(self, name: str, params: Mapping[str, str]) -> bytes:
        if self._lost():
            raise Unreachable("lost")
        handler = QUERIES[name]
        wanted = handler.adapter.validate_strings(dict(params), strict=False)
        answer = _bytes(self._office.door.ask_now(self._office.db, self._actor, wanted))
        if self._lost():
            raise Unreachable("answer lost")
        return answer

    async def command(self, name: str, command_id: Id, body: bytes) -> bytes:
        if not self.up or self._world.chance(self.rough / 3):
            raise Unreachable("lost")
        wanted = COMMANDS[name].adapter.validate_json(body)
        if self._world.chance(self.rough / 3):
            self._keep(wanted, command_id)
            raise Unreachable("no answer in time")
        self._office.db.power_cut = self._world.chance(self.rough / 8)
        reply = self._office.execute(self._actor, wanted, command_id)
        if self._world.chance(self.rough / 3):
            self._keep(wanted, command_id)  # a proxy sends it once more
        if self._world.chance(self.rough / 3):
            raise Unreachable("answer lost")
        return _answer(reply)

    def _lost(self) -> bool:
        return not self.up or self._world.chance(self.rough / 3)

    def _keep(self, wanted: Any, command_id: Id) -> None:
        def arrive() -> None:
            what = f"{type(wanted).__name__}"
            if isinstance(wanted, UploadFacts):
                what += f" {wanted.facts[0].seq}..{wanted.facts[-1].seq}"
            self._world.tell(self._kit.name, f"late on the line: {what}")
            self._office.execute(self._actor, wanted, command_id)

        self._world.late.append(arrive)


def arrived(arrive: Callable[[], None]) -> None:
    """Lets a late request arrive. If central breaks over it, that is noted already; nobody waits for the answer."""
    with suppress(Unreachable):
        arrive()


def _answer(reply: Reply) -> bytes:
    if not reply.ok:
        said = reply.outcome
        assert isinstance(said, Refused)
        raise Declined(said.reason.key, said.fix, said.detail)
    return reply.body


def _bytes(outcome: Outcome[Any]) -> bytes:
    if isinstance(outcome, Ok):
        return orjson.dumps(outcome.value)
    raise Declined(outcome.reason.key, outcome.fix, outcome.detail)
