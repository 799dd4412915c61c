"""A random evening: visitors, tickets, faults, and people who decide things. Everything is drawn from the seed; the
weather of the evening says which kinds of fault there are at all, so that calm and wild evenings both occur."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from central.devices.enrolment import RevokeDevice
from central.devices.leases import DrainLease, WriteOffLease
from central.orders.model import PaymentMethod
from central.orders.ops import PlaceOrder, ReissueTicket, WantedPlace
from edge.kiosk.model import (
    Back,
    BestAsked,
    Next,
    PerformanceChosen,
    PrintAnswered,
    QuantityChosen,
    Screen,
    SeatToggled,
    StartOver,
    TariffChosen,
    Ticked,
    Touched,
)
from shared.ids import Id, derived_id
from shared.outcome import Ok
from shared.wire.facts import FactKind
from tests.sim.kiosk import SimKiosk
from tests.sim.office import arrived
from tests.sim.scene import Scene
from tests.sim.station import Station

STEPS = (8, 32)


@dataclass(frozen=True)
class Weather:
    """What may go wrong this evening; likelihoods per request, message or step."""

    wire: float = 0.0
    broker: float = 0.0
    card: float = 0.0
    paper: float = 0.0
    lines: bool = False  # lines to central and to the broker go down and come back
    crashes: bool = False
    clocks: bool = False
    rubbish: bool = False  # facts that cannot be read
    write_offs: bool = False
    revocation: bool = False
    clone: bool = False
    central: bool = False  # its clock is wrong for a while


def weather(scene: Scene) -> Weather:
    dice = scene.world.dice
    if scene.world.chance(0.1):
        return Weather()
    rough = lambda: dice.choice((0.0, 0.2, 0.6))  # noqa: E731
    return Weather(
        rough(), rough(), rough(), rough(),
        lines=scene.world.chance(0.6),
        crashes=scene.world.chance(0.5),
        clocks=scene.world.chance(0.3),
        rubbish=scene.world.chance(0.2),
        write_offs=scene.world.chance(0.2),
        revocation=scene.world.chance(0.1),
        clone=scene.world.chance(0.15),
        central=scene.world.chance(0.15),
    )  # fmt: skip


class Walk:
    def __init__(self, scene: Scene, given: Weather | None = None) -> None:
        self.scene, self.world, self.dice = scene, scene.world, scene.world.dice
        self.weather = given or weather(scene)

    async def evening(self) -> None:
        self.world.tell("weather", ", ".join(f"{k}={v}" for k, v in vars(self.weather).items() if v) or "calm")
        for station in self.scene.stations:
            await station.start()
            if station.on and not self.world.chance(0.1):
                await station.ask_time()
        for kiosk in self.scene.kiosks:
            if kiosk.on:
                await kiosk.pull()
            if kiosk.on:
                await kiosk.look_around()
            if kiosk.on:
                await kiosk.keep_stock()
        self._set(self.weather)
        actions = self._actions()
        weights = [weight for weight, _ in actions]
        for _ in range(self.dice.randint(*STEPS)):
            ((_, act),) = self.dice.choices(actions, weights)
            await act()
            if self.world.chance(0.7):
                await self.scene.deliver()
            if self.world.chance(0.4):
                self.scene.office.paint_hall()
            await asyncio.sleep(self.dice.expovariate(1 / 12))

    def _set(self, weather: Weather) -> None:
        self.scene.broker.rough = weather.broker
        for station in self.scene.stations:
            station.wire.rough = weather.wire
            if isinstance(station, SimKiosk):
                station.card.rough, station.printer.rough = weather.card, weather.paper

    def _actions(self) -> list[tuple[float, Callable[[], Awaitable[None]]]]:
        weather = self.weather
        found: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (14, self.visit), (12, self.scan), (4, self.desk), (6, self.push), (4, self.pull), (2, self.restock),
            (2, self.late), (2, self.switch_on),
        ]  # fmt: skip
        for present, weight, act in (
            (weather.lines, 4, self.lines), (weather.crashes, 5, self.crash), (weather.clocks, 3, self.clocks),
            (weather.rubbish, 2, self.rubbish), (weather.write_offs, 2, self.write_off), (True, 1, self.drain),
            (True, 1, self.reissue),
            (weather.revocation, 1.5, self.revoke), (weather.clone, 4, self.clone),
            (weather.central, 2, self.central_clock),
        ):  # fmt: skip
            if present:
                found.append((weight, act))
        return found

    def _one(self, stations: list[Any]) -> Any:
        running = [station for station in stations if station.on]
        return self.dice.choice(running) if running else None

    # visitors

    async def visit(self) -> None:
        """A visitor touches the screen until it is idle again, or walks away."""
        kiosk: SimKiosk | None = self._one(self.scene.kiosks)
        if kiosk is None:
            return
        if kiosk.screen is Screen.OUT_OF_ORDER and self.world.chance(0.8):
            await kiosk.ask_time()
            if kiosk.on:
                await kiosk.look_around()
            if not kiosk.on:
                return
        for _ in range(self.dice.randint(4, 14)):
            await kiosk.touch(self._touch(kiosk))
            if not kiosk.on:
                return
            if kiosk.screen in (Screen.IDLE, Screen.OUT_OF_ORDER):
                break
        left = kiosk.shell.kiosk
        why = left.notice or (left.blockers[0].code if left.blockers else left.trouble.code if left.trouble else "")
        self.world.tell(kiosk.name, f"visitor leaves the screen at {kiosk.screen} {why}")
        if self.world.chance(0.5):
            await asyncio.sleep(self.dice.choice((5, 30, 90)))
        if kiosk.on:
            await kiosk.touch(Ticked(kiosk.device.now().at))
        if kiosk.on:
            await kiosk.look_around()

    def _touch(self, kiosk: SimKiosk) -> Any:
        dice, seat = self.dice, self.dice.choice(list(self.scene.house.seats))
        cart = kiosk.shell.kiosk.cart
        place = dice.randrange(len(cart.places)) if cart and cart.places else 0
        choices: dict[Screen, list[tuple[float, Any]]] = {
            Screen.PERFORMANCES: [(9, PerformanceChosen(self.scene.house.performance)), (1, Back())],
            Screen.SEATS: [
                (6, Next()), (2, SeatToggled(seat)), (1, QuantityChosen(dice.randint(1, 4))), (1, BestAsked()),
                (0.5, Back()),
            ],
            Screen.TARIFFS: [
                (6, Next()), (3, TariffChosen(place, dice.choice(self.scene.house.tariffs))), (0.5, Back()),
            ],
            Screen.SUMMARY: [(8, Next()), (0.5, Back()), (0.7, StartOver())],
            Screen.PAYING: [(4, Touched()), (1, Back())],
            Screen.PRINTING: [(3, PrintAnswered(True)), (1, PrintAnswered(False))],
            Screen.DONE: [(1, Next())],
            Screen.PROBLEM: [(1, Next())],
        }  # fmt: skip
        events = choices.get(kiosk.screen, [(1, Touched())])
        return dice.choices([event for _, event in events], [weight for weight, _ in events])[0]

    async def scan(self) -> None:
        """Somebody holds a ticket, or anything else, under a reader."""
        gate, codes = self._one(self.scene.gates), self.scene.codes
        if gate is None or (not codes and self.world.chance(0.8)):
            return
        code = self.dice.choice(codes) if codes and not self.world.chance(0.03) else "GARBAGE"
        if gate.busy:
            await gate.walk_through()
        if not gate.on or not await gate.show(code) or not gate.on:
            return
        match self.dice.randrange(10):
            case 0 | 1:
                await gate.turn_away()
            case 2:
                pass  # still in the barrier
            case _:
                await gate.walk_through()

    async def desk(self) -> None:
        """The box office sells seats that a kiosk may be asking for at this moment."""
        scene, house = self.scene, self.scene.house
        seats = self.dice.sample(list(house.seats), self.dice.randint(1, 2))
        tariff = self.dice.choice(house.tariffs)
        amount = sum(house.prices[house.seats[seat], tariff] for seat in seats)
        order = derived_id("desk", self.world.seed, len(scene.office.script))
        places = tuple(WantedPlace(tariff, seat) for seat in seats)
        outcome = scene.office.order(
            PlaceOrder(
                order_id=order,
                point_of_sale_id=house.desk,
                performance_id=house.performance,
                places=places,
                method=PaymentMethod.CASH,
                amount=amount,
            )
        )
        if isinstance(outcome, Ok):
            scene.desk_orders[order] = amount
            scene.desk_codes += [ticket["token"] for ticket in outcome.value["tickets"]]
            self.world.tell("desk", f"sells order {order[-6:]}, {len(seats)} places")

    async def reissue(self) -> None:
        """Somebody lost a ticket that the box office sold, and gets another."""
        rows = self.scene.office.rows(
            "SELECT e.id FROM entitlement e JOIN order_line l ON l.id = e.line_id "
            "JOIN sale_order o ON o.id = l.order_id WHERE o.device_id IS NULL ORDER BY e.id"
        )
        if rows:
            ticket = Id(self.dice.choice(rows)[0])
            outcome = self.scene.office.order(
                ReissueTicket(entitlement_id=ticket, context_id=self.scene.house.organiser)
            )
            assert isinstance(outcome, Ok)
            self.scene.desk_codes.append(outcome.value["token"])
            self.world.tell("desk", f"reissues ticket {ticket[-6:]}")

    # devices at work

    async def push(self) -> None:
        if station := self._one(self.scene.stations):
            await station.push()

    async def pull(self) -> None:
        if station := self._one(self.scene.stations):
            if station.device.clock.read().mono_ms and self.world.chance(0.4):
                await station.ask_time()
            if station.on:
                await station.pull()

    async def restock(self) -> None:
        if kiosk := self._one(self.scene.kiosks):
            await kiosk.look_around()
            if kiosk.on:
                await kiosk.keep_stock()

    async def late(self) -> None:
        if self.world.late:
            arrive = self.world.late.pop(self.dice.randrange(len(self.world.late)))
            arrived(arrive)

    async def switch_on(self) -> None:
        off = [station for station in self.scene.stations if not station.on]
        if off:
            await self._started(self.dice.choice(off))

    async def _started(self, station: Station) -> None:
        if self.world.chance(0.4):
            station.clock.reboot()  # it was the power, not the process
            if not isinstance(station, SimKiosk) and self.world.chance(0.5):
                station.lose_mark()  # type: ignore[attr-defined]
        self.world.tell(station.name, "starts")
        await station.start()
        if station.on and self.world.chance(0.5):
            await station.ask_time()

    # faults

    async def lines(self) -> None:
        station: Station = self.dice.choice(self.scene.stations)
        match self.dice.randrange(4):
            case 0 | 1:
                station.wire.up = not station.wire.up
                self.world.tell(station.name, f"line to central {'up' if station.wire.up else 'down'}")
            case 2:
                station.bus_up = not station.bus_up
                self.world.tell(station.name, f"line to the broker {'up' if station.bus_up else 'down'}")
                if station.on and station.bus_up:
                    self.scene.broker.connect(station.device.bus)  # type: ignore[arg-type]
                elif station.on:
                    self.scene.broker.cut(station.device.bus)  # type: ignore[arg-type]
            case 3:
                self.world.tell("broker", "restarts")
                self.scene.broker.restart()
                for each in self.scene.stations:
                    if each.on and each.bus_up and self.world.chance(0.8):
                        self.scene.broker.connect(each.device.bus)  # type: ignore[arg-type]
        if station.on:
            await station.settled()

    async def crash(self) -> None:
        station: Station = self.dice.choice(self.scene.stations)
        if self.world.chance(0.25):
            await station.stop("power cut")
        else:
            station.disk.crash_in = self.dice.randint(1, 9)

    async def clocks(self) -> None:
        station: Station = self.dice.choice(self.scene.stations)
        jump = timedelta(seconds=self.dice.choice((-86_400 * 365, -3600, -60, 60, 3600, 86_400)))
        station.clock.skew += jump
        self.world.tell(station.name, f"its wall clock jumps by {jump}")

    async def central_clock(self) -> None:
        office = self.scene.office
        jump = timedelta(seconds=self.dice.choice((-3600, 300, 3600, 86_400 * 365)))
        office.off = timedelta() if office.off else jump
        self.world.tell("central", f"its clock is off by {office.off}")

    async def rubbish(self) -> None:
        station = self._one(self.scene.stations)
        if station is None:
            return
        nobody = derived_id("nobody")
        sale = {
            "order_id": derived_id("rubbish", self.world.seed, station.disk.points), "receipt": 10_000,
            "performance_id": self.scene.house.performance, "currency": "EUR", "payments": [],
            "lines": [{"lease_id": nobody, "slot": 0, "tariff_id": nobody, "price": 10, "vat_bp": 0, "ticket": "x",
                       "number": "x"}],
        }  # fmt: skip
        theirs = self._some_lease(but=station.id) or nobody
        others: tuple[tuple[FactKind, Any], ...] = (
            (FactKind.SLOTS_RETURNED, {"lease_id": theirs, "slots": [0, 1, 2]}),
            (FactKind.LEASE_SEALED, {"lease_id": theirs, "sold": []}),
        )
        kind, body = self.dice.choice(RUBBISH + others)
        body = {**sale, **body} if kind is FactKind.SALE and body else body
        self.world.tell(station.name, f"writes a fact that cannot be: {kind}")
        await station.record_rubbish(kind, body)

    # people at central

    async def drain(self) -> None:
        if lease := self._some_lease():
            self.world.tell("central", f"drains lease {lease[-6:]}")
            self.scene.office.order(DrainLease(lease_id=lease))

    async def write_off(self) -> None:
        if lease := self._some_lease():
            self.world.tell("central", f"writes off lease {lease[-6:]}")
            self.scene.office.order(WriteOffLease(lease_id=lease, reason="the kiosk is gone"))
            self.scene.written_off.add(lease)

    def _some_lease(self, but: str = "") -> Id | None:
        """One that is out, of any device but this one."""
        rows = self.scene.office.rows(
            "SELECT id FROM lease WHERE state IN ('active', 'draining') AND device_id <> :but ORDER BY id", but=but
        )
        return Id(self.dice.choice(rows)[0]) if rows else None

    async def revoke(self) -> None:
        station: Station = self.dice.choice(self.scene.stations)
        self.world.tell("central", f"revokes {station.name}")
        self.scene.office.order(RevokeDevice(device_id=station.id))
        self.scene.revoked.add(station.id)

    async def clone(self) -> None:
        """Somebody copies a kiosk's card and puts the copy into a second machine."""
        kiosk: SimKiosk = self.dice.choice(self.scene.kiosks)
        if kiosk.id in self.scene.cloned:
            return
        self.world.tell(kiosk.name, "its card is cloned")
        twin = self.scene.add(kiosk.kit.name, kiosk.disk.image(), kiosk.kit.name + "'")
        twin.clock.reboot()
        twin.bad_facts = kiosk.bad_facts
        self.scene.cloned.add(kiosk.id)
        await twin.start()
        await twin.ask_time()
        self._set(self.weather)


RUBBISH: tuple[tuple[FactKind, Any], ...] = (
    (FactKind.SALE, {}),
    (FactKind.SALE, {"performance_id": derived_id("nowhere")}),
    (FactKind.SALE, {"payments": [{"id": derived_id("p"), "method": "shells", "amount": 10}]}),
    (FactKind.SCAN, {"ticket_id": 7}),
    (FactKind.SCAN, {"admitted": True}),
    (FactKind.PASSAGE, {"scan_id": None}),
    (FactKind.LEASE_SEALED, {"lease_id": "x"}),
    (FactKind.SLOTS_RETURNED, {"slots": "all"}),
)
