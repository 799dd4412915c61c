"""The shell around one lane's machine: its effects become relay, lamp, disk and messages. The only place that acts.

Everything between the last byte of a code and the relay runs in one go on the event loop, without an await: decide and
commit, leave the mark, move the relay. What the neighbours must hear goes into a queue and is sent afterwards.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from edge.device.health import NO_COMMIT
from edge.device.shell import Device
from edge.gate import errors
from edge.gate.config import LaneConfig
from edge.gate.core import (
    AlarmChanged,
    Barrier,
    Check,
    Close,
    Decided,
    Event,
    Forced,
    HelpdeskChanged,
    HoldOpen,
    Lane,
    LaneFace,
    LaneTicked,
    Matter,
    Open,
    Passed,
    ProofSeen,
    Report,
    Scanned,
    Settle,
    Show,
    Undecided,
    step,
)
from edge.gate.display import Picture, picture
from edge.gate.neighbours import Neighbours
from edge.gate.port import Contact, GatePort, Sound
from edge.gate.reader import ReaderState
from edge.gate.store import Around, GateStore, Moment
from shared.outcome import Ok
from shared.rules.access import reason_told
from shared.runtime.log import logger
from shared.runtime.mqtt import Unbelieved
from shared.runtime.tasks import wait_any
from shared.wire import topics
from shared.wire.codec import dump
from shared.wire.seal import seal
from shared.wire.token import MAX_INPUT
from shared.wire.topics import Claim, Instruction

log = logger(__name__)
TICK_S = 0.1
STUCK_MS = 2000  # a loop that has not ticked for so long does not work
BUSY_S = 1.0  # presence at most this often, and
QUIET_S = 10.0  # at least this often
RETRY_S = 0.2
WATCH_S = 1.0
PATIENCE_S = 3.0  # a broker that comes back at once is no matter for anybody
RETELL = timedelta(hours=12)
MAX_WAITING = 4000


class LaneShell:
    def __init__(self, device: Device, store: GateStore, port: GatePort, config: LaneConfig) -> None:
        self.device, self.store, self.port, self.config = device, store, port, config
        self.neighbours = Neighbours(
            device.id, round(config.stale_s * 1000), lambda each: store.lists.is_gate(each, device.site_id),
            device.bus.connected,
        )  # fmt: skip
        self.lane = Lane(
            sensor=config.sensor,
            helpdesk=config.helpdesk,
            grant_ms=round(config.grant_s * 1000),
            gap_ms=round(config.gap_s * 1000),
            show_ms=round(config.show_s * 1000),
            face=LaneFace.HELPDESK if config.helpdesk else LaneFace.READY,
        )
        self.picture: Picture = self._draw(Show(self.lane.face))
        self.closing = False
        self.reader = ReaderState.ABSENT
        self.last_ms = 0.0  # from the code's last byte to the relay
        self._last: dict[str, Any] = {}
        self._ticked_ms = self._mono()
        self._online_since: int | None = self._mono() if device.online else None
        self._down_since = device.now().at - RETELL
        self._fresh: deque[Claim] = deque(maxlen=MAX_WAITING)
        self._again: deque[Claim] = deque(maxlen=MAX_WAITING)
        self._to_tell, self._changed = asyncio.Event(), asyncio.Event()
        device.describe = self.describe
        device.heartbeats.append(lambda: self._mono() - self._ticked_ms < STUCK_MS)
        device.on_link.append(self._linked)
        device.bus.on_link.append(self._bus_linked)
        device.bus.subscribe(topics.claims(device.site_id), self._claim_heard)
        device.bus.subscribe(topics.states(device.site_id), self._state_heard)

    # --- events in, effects out -------------------------------------------------------------------------------------

    def scanned(self, code: str) -> None:
        """A code from the reader."""
        before = perf_counter()
        self.happened(Scanned(code, self._mono()))
        self.last_ms = (perf_counter() - before) * 1000

    def contact(self, contact: Contact, closed: bool) -> None:
        if contact is Contact.FIRE:
            self.happened(AlarmChanged(closed, self._mono()))
        elif closed:
            self.happened(Passed(self._mono()))

    def happened(self, event: Event) -> None:
        waiting: deque[Event] = deque([event])
        while waiting:
            self.lane, effects = step(self.lane, waiting.popleft())
            for effect in effects:
                match effect:
                    case Check():
                        waiting.append(self._decide(effect))
                    case Open(scan_id):
                        self.store.opening(scan_id)
                        self._drive(self.port.pulse)
                    case HoldOpen():
                        self._drive(self.port.hold_open)
                    case Close():
                        self._drive(self.port.close)
                    case Show():
                        self._show(effect)
                    case Settle():
                        self._settle(effect)
                    case Report():
                        self._report(effect)

    def _decide(self, check: Check) -> Event:
        around = Around(self._heard(), self._complete(), self.neighbours.doors())
        try:
            verdict = self.store.admit(check, self.device.fresh_id(), self._moment(), around)
        except sqlite3.Error as bad:
            log.error("scan not decided", why=str(bad))
            self.device.health.set(NO_COMMIT)
            return Undecided(self._mono())
        self.tell(verdict.claims)
        outcome = verdict.answer.outcome
        self._last = {
            "scan": verdict.answer.scan_id,
            "at": self._moment().now.at,
            "admitted": verdict.answer.admitted is not None,
            "reason": reason_told(outcome),
            "ticket": outcome.value.ticket_id if isinstance(outcome, Ok) else "",
        }
        return Decided(verdict.answer, self._mono())

    def _settle(self, settle: Settle) -> None:
        try:
            self.tell(self.store.settle(settle.answer, settle.passed, self._moment()))
        except sqlite3.Error as bad:
            log.error("passage not written", why=str(bad))
            self.device.health.set(NO_COMMIT)
        self._changed.set()

    def _show(self, show: Show) -> None:
        self.picture = self._draw(show)
        self._drive(self.port.lamp, self.picture.lamp)
        if self.picture.sound is not None:
            self._drive(self.port.sound, self.picture.sound)
        self._changed.set()

    def _draw(self, show: Show) -> Picture:
        now, config = self.device.now().at, self.config
        language = config.language or self.device.language
        return picture(show.face, show.answer, language, now, config.timezone, show.again)

    def _drive(self, act: Any, *what: Any) -> None:
        """The port's own faults never stop a decision."""
        try:
            act(*what)
        except OSError as bad:
            log.error("port does not answer", why=str(bad))
            self.device.health.set(errors.PORT)

    def _report(self, report: Report) -> None:
        if report.matter is Matter.ALARM:
            self.device.health.set(errors.ALARM, not report.over)
            return
        told = errors.INTRUSION.incident(self.device.language, cleared=True)
        self.store.report(told, self.device.fresh_id(), self._moment())
        self._drive(self.port.sound, Sound.NO)
        self._changed.set()

    def set_helpdesk(self, on: bool) -> None:
        self.store.gate = replace(self.store.gate, helpdesk=on)
        self.happened(HelpdeskChanged(on))

    # --- instructions from central (signed, short-lived: edge.device.instructions) ------------------------------------

    def take_instructions(self) -> None:
        handle = self.device.instructions.handle
        handle("force_entry", self._force, physical=True)
        handle("proof_seen", self._proof_seen, physical=True)
        handle("helpdesk", self._helpdesk)

    async def _force(self, told: Instruction) -> str:
        """Let the one at the reader in. `why` is asked for; `code` is what they hold, if anything."""
        why, code = str(told.body.get("why", "")).strip()[:200], str(told.body.get("code", ""))
        if not why:
            return "nobody let in: no reason given"
        self.happened(Forced(why, code[:MAX_INPUT]))
        return f"let in: {why}" if self.lane.barrier is Barrier.GRANTED else "nobody let in"

    async def _proof_seen(self, _: Instruction) -> str:
        self.happened(ProofSeen())
        return "let in" if self.lane.barrier is Barrier.GRANTED else "nobody let in"

    async def _helpdesk(self, told: Instruction) -> str:
        self.set_helpdesk(bool(told.body.get("on")))
        return "helpdesk" if self.lane.helpdesk else "gate"

    # --- the world around -------------------------------------------------------------------------------------------

    def reader_changed(self, state: ReaderState, _why: str = "") -> None:
        self.reader = state
        self.device.health.set(errors.NO_READER, state is ReaderState.ABSENT)
        self.device.health.set(errors.READER, state is ReaderState.ERROR)
        self._changed.set()

    def _linked(self, online: bool) -> None:
        self._online_since = self._mono() if online else None

    def _bus_linked(self, up: bool) -> None:
        self.neighbours.connected = up
        if up:
            self._retell(self._down_since)
        else:
            self._down_since = self.device.now().at - timedelta(minutes=1)

    def _complete(self) -> bool:
        """The ticket list is central's latest: a whole round of pulls fits into the time central has been there."""
        if self._online_since is None or not any(feed.startswith("tickets/") for feed in self.device.sync.feeds):
            return False
        config = self.device.config
        return self._mono() - self._online_since > 1000 * (config.poll_s + config.timeout_s)

    def _heard(self) -> bool:
        return self.neighbours.heard(self._mono())

    def _claim_heard(self, topic: str, payload: bytes) -> None:
        writer = topics.writer_of(topic)
        if writer == self.device.id:
            return
        if self.store.hear(payload, writer, self.device.now()) is None:
            raise Unbelieved("no claim of a gate that this one knows")

    def _state_heard(self, topic: str, payload: bytes) -> None:
        presence = topics.presence_of(topic, payload)
        if presence is None:
            raise Unbelieved("no presence, or another's")
        if self.neighbours.take(presence, self._mono(), self.device.now().at):
            self._retell(self.device.now().at - RETELL)

    # --- telling ----------------------------------------------------------------------------------------------------

    def tell(self, claims: Iterable[Claim]) -> None:
        """Let the neighbours hear of these."""
        self._fresh.extend(claims)
        self._to_tell.set()

    def _retell(self, since: datetime) -> None:
        known = set(self._again)
        self._again.extend(claim for claim in self.store.retell(since) if claim not in known)
        self._to_tell.set()

    async def keep_telling(self) -> None:
        """New claims before old ones. What the broker does not take is told again when it is back."""
        where = topics.claim(self.device.site_id, self.device.id)
        while True:
            await self._to_tell.wait()
            queue = self._fresh or self._again
            if not queue:
                self._to_tell.clear()
                continue
            claim = queue.popleft()
            if not await self.device.tell(where, dump(seal(dump(claim), self.device.signer))):
                self._again.appendleft(claim)
                await self.device.bus.wait_connected()
                await asyncio.sleep(RETRY_S)

    async def keep_ticking(self) -> None:
        heard = True
        while True:
            self._ticked_ms = self._mono()
            self.happened(LaneTicked(self._ticked_ms))
            if self._heard() != heard:
                heard = not heard
                self._changed.set()
            await asyncio.sleep(TICK_S)

    async def keep_watching(self) -> None:
        """Slow matters: what is missing, said once when it comes and once when it goes."""
        health, alone_s = self.device.health, 0.0
        while True:
            alone_s = 0.0 if self._heard() else alone_s + WATCH_S
            health.set(errors.NEIGHBOURS, alone_s > PATIENCE_S)
            health.set(errors.NO_LIST, not self.store.lists.performances())
            health.set(errors.BAD_ROWS, self.store.lists.faults > 0)
            await asyncio.sleep(WATCH_S)

    async def keep_present(self) -> None:
        """The lane's picture for the live page: soon after a change, never more than once a second."""
        while True:
            await wait_any(self._changed, QUIET_S)
            if self.device.bus.connected:
                await self.device.bus.announce()
            await asyncio.sleep(BUSY_S)

    def describe(self) -> dict[str, Any]:
        """What the presence says of this lane."""
        counts = self.lane.counts
        return {
            "lane": self.config.name,
            "direction": self.config.direction,
            "zones": self.config.zones,
            "mode": self.mode,
            "barrier": self.lane.barrier,
            "reader": self.reader,
            "closed": self.closing,
            "show": {
                "word": self.picture.word,
                "line": self.picture.line,
                "shape": self.picture.shape,
                "colour": self.picture.colour,
            },
            "last": self._last,
            "last_ms": round(self.last_ms, 2),
            "counts": {name: getattr(counts, name) for name in counts.__slots__},
            "missing": self.neighbours.missing(self._mono()),
        }

    @property
    def mode(self) -> str:
        """`normal`, or what the lane does while its neighbours cannot be heard."""
        if self.lane.barrier is Barrier.ALARM:
            return "alarm"
        if self.lane.helpdesk:
            return "helpdesk"
        return "normal" if self._heard() else "neighbours_unheard"

    def _mono(self) -> int:
        return self.device.clock.read().mono_ms

    def _moment(self) -> Moment:
        reading = self.device.clock.read()
        return Moment(self.device.clockwork.at(reading), reading)
