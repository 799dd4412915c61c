"""A card terminal that is not there: speaks Caisse-AP over IP to a till, with faults that can be switched on.

Written from the protocol's public descriptions and without the kiosk's codec, so that one misreading cannot hide in
both. It keeps its own ledger of what it charged and took back; that ledger, not any answer, is the truth of a test.
Like a real terminal it does one thing at a time (a second caller is hung up on), goes on with a payment whose caller
has gone, and remembers only its last transaction.

The control port takes one JSON object per line and answers with one:
  {"do": "fault", "name": "declined", "reason": "05", "times": 1}   switch a fault on (`times` left out: until cleared)
  {"do": "clear"}      {"do": "ledger"}      {"do": "state"}      {"do": "delay", "seconds": 0.2}
"""

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum, auto
from typing import Any

from shared.runtime.config import Failure
from shared.runtime.tasks import ended

_FIELD = re.compile(rb"([0-9A-Z]{2})([0-9]{3})")
_DEBIT, _CANCEL, _DUPLICATE = "0", "2", "3"
_KINDS = {_DEBIT: "debit", _CANCEL: "cancel", _DUPLICATE: "duplicate"}


class Fault(StrEnum):
    APPROVE = auto()  # none: the same as clearing
    DECLINED = auto()  # `reason`: the two characters of field AF
    NO_ANSWER = auto()  # takes the request, does nothing, says nothing
    DROP_BEFORE_PROCESSING = auto()  # takes the request, hangs up, does nothing
    ANSWER_AFTER_CUT = auto()  # does it, and the line is cut before the answer
    BUSY = auto()  # in its own menu: hangs up on everybody
    GARBAGE = auto()  # does it, and answers rubbish
    WRONG_AMOUNT = auto()  # charges `amount` (or half of what was asked) and says so
    SLOW = auto()  # takes `seconds`
    LATE = auto()  # hangs: says nothing, forgets its caller, and does it `seconds` later all the same


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_EVERYTHING = ("debit", "cancel", "duplicate")
_APPLIES = {Fault.BUSY: _EVERYTHING, Fault.NO_ANSWER: _EVERYTHING}


@dataclass(frozen=True, slots=True)
class Switched:
    """A fault that is on, for the kinds of request in `on`, for `times` more of them (None: until cleared)."""

    name: Fault
    on: tuple[str, ...]
    times: int | None = None
    reason: str = "04"
    seconds: float = 10.0
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """`delay_s` is what a person needs to present a card, give or take `jitter` of it. A new terminal remembers its
    installer's test payment; a `fresh` one remembers nothing. `cancels` and `duplicates`: what the model can do.
    `echoes` is false for a model that fills the reference with data of its own. A request has no end mark: it is over
    when its last field is whole and nothing follows for `quiet_s`."""

    host: str = "127.0.0.1"
    port: int = 8888
    control_port: int = 8889
    delay_s: float = 3.0
    jitter: float = 0.3
    seed: int = 0
    fresh: bool = False
    cancels: bool = True
    duplicates: bool = True
    echoes: bool = True
    quiet_s: float = 0.03


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the truth: `kind` is `debit` (charged) or `cancel` (taken back)."""

    number: int
    kind: str
    reference: str
    amount: int
    currency: str
    authorisation: str


@dataclass(frozen=True, slots=True)
class Ports:
    terminal: int
    control: int


class CardTerminalSimulator:
    """`async with CardTerminalSimulator(settings) as terminal:` listens until left; port 0 takes any free one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ports = Ports(0, 0)
        self.ledger: list[Entry] = []
        self.refused_calls = 0
        self._chance = random.Random(settings.seed)  # noqa: S311  # only for human-like delays
        self._fault: Switched | None = None
        self._working = False
        self._last: dict[str, str] | None = None if settings.fresh else _installation()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> "CardTerminalSimulator":
        till = await self._listen(self._caller, self.settings.port, "card terminal")
        self._servers.append(till)
        try:
            control = await self._listen(self._controller, self.settings.control_port, "card terminal's control")
        except Failure:
            till.close()
            raise
        self._servers.append(control)
        self.ports = Ports(*(server.sockets[0].getsockname()[1] for server in self._servers))
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        await ended(self._tasks)

    # what a test or a demo does to it

    def switch(self, name: str, times: int | None = None, **more: Any) -> None:
        """Switch a fault on; ValueError for a name or setting that does not exist."""
        fault = Fault(name)
        if fault is Fault.APPROVE:
            self._fault = None
            return
        if unknown := more.keys() - {"on", "reason", "seconds", "amount"}:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        on = tuple(more.pop("on", _APPLIES.get(fault, ("debit",))))
        if not set(on) <= set(_EVERYTHING):
            raise ValueError(f"a fault applies to {', '.join(_EVERYTHING)}")
        self._fault = Switched(fault, on, times, **more)

    def clear(self) -> None:
        self._fault = None

    @property
    def working(self) -> bool:
        """Whether a request is under way."""
        return self._working

    def net(self, reference: str) -> int:
        """Minor units that the card of this payment has paid in the end."""
        return sum(
            entry.amount if entry.kind == "debit" else -entry.amount
            for entry in self.ledger
            if entry.reference == reference
        )

    def charges(self, reference: str) -> int:
        """How often this payment was charged, taken back or not."""
        return sum(entry.kind == "debit" and entry.reference == reference for entry in self.ledger)

    # the till's side

    async def _caller(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        busy = self._fault if self._fault and self._fault.name is Fault.BUSY else None
        if self._working or busy:
            self._used(busy)
            self.refused_calls += 1
            return
        while request := await self._request(reader):
            if self._working:
                self.refused_calls += 1
                return
            self._working = True
            work = asyncio.create_task(self._work(request), name="card payment")
            self._tasks.add(work)
            work.add_done_callback(self._worked)
            answer = await asyncio.shield(work)  # a caller that goes away does not stop a payment
            if answer is None:
                return
            if answer == b"":
                await reader.read()  # silence, until the caller gives up
                return
            writer.write(answer)
            await writer.drain()

    def _worked(self, work: asyncio.Task[Any]) -> None:
        self._working = False
        self._tasks.discard(work)

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        data = b""
        while True:
            whole = _fields(data.rstrip(b"\r\n")) is not None
            try:
                async with asyncio.timeout(self.settings.quiet_s if whole else None):
                    chunk = await reader.read(4096)
            except TimeoutError:
                return data.rstrip(b"\r\n")
            if not chunk or len(data) > 8192:
                return data.rstrip(b"\r\n") if whole else b""
            data += chunk

    async def _work(self, raw: bytes) -> bytes | None:
        """The answer; empty for silence; None to hang up."""
        asked = _fields(raw) or {}
        kind = _KINDS.get(asked.get("CD", ""), "")
        fault = self._fault if self._fault and kind in self._fault.on else None
        self._used(fault)
        match fault.name if fault else Fault.APPROVE:
            case Fault.NO_ANSWER:
                return b""
            case Fault.LATE if fault:
                hanging = asyncio.create_task(self._later(kind, asked, fault), name="late card payment")
                self._tasks.add(hanging)
                hanging.add_done_callback(self._tasks.discard)
                return b""
            case Fault.DROP_BEFORE_PROCESSING | Fault.BUSY:
                return None
            case Fault.ANSWER_AFTER_CUT:
                await self._do(kind, asked, fault)
                return None
            case Fault.GARBAGE:
                await self._do(kind, asked, fault)
                return b"\x02CZ00??\xff\x03"
        return await self._do(kind, asked, fault)

    async def _later(self, kind: str, asked: dict[str, str], fault: Switched) -> None:
        await asyncio.sleep(fault.seconds)
        await self._do(kind, asked, None)

    async def _do(self, kind: str, asked: dict[str, str], fault: Switched | None) -> bytes:
        if missing := [tag for tag in ("CZ", "CJ", "CA", "CB", "CD", "CE") if tag not in asked]:
            return _message(asked, AE="01", AF="09", **dict.fromkeys(missing, ""))
        if (kind == "cancel" and not self.settings.cancels) or (kind == "duplicate" and not self.settings.duplicates):
            return _message(asked, AE="01", AF="12")
        match kind:
            case "duplicate":
                return _message(self._last) if self._last else _message(asked, AE="01", AF="10")
            case "cancel":
                return await self._take_back(asked, fault)
            case "debit":
                return await self._charge(asked, fault)
        return _message(asked, AE="01", AF="12")

    async def _charge(self, asked: dict[str, str], fault: Switched | None) -> bytes:
        await self._somebody_presents_a_card(fault)
        if fault and fault.name is Fault.DECLINED:
            return self._remember(asked, AE="01", AF=fault.reason)
        amount = int(asked["CB"])
        if fault and fault.name is Fault.WRONG_AMOUNT:
            amount = fault.amount if fault.amount is not None else max(amount // 2, 1)
        number = f"{184000 + len(self.ledger) + 1}"
        self._enter("debit", asked, amount, number)
        return self._remember(asked, CB=f"{amount:02d}", CC="00B", CI="2", AC=number, AE="10")

    async def _take_back(self, asked: dict[str, str], fault: Switched | None) -> bytes:
        if fault and fault.name is Fault.SLOW:
            await asyncio.sleep(fault.seconds)
        last = self.ledger[-1] if self.ledger else None
        fits = last and last.kind == "debit" and last.amount == int(asked["CB"])
        if not fits or not last or (fault and fault.name is Fault.DECLINED):
            return self._remember(asked, AE="01", AF=fault.reason if fault else "10")
        self._enter("cancel", {**asked, "CF": last.reference}, last.amount, last.authorisation)
        return self._remember(asked, AC=last.authorisation, AE="10")

    async def _somebody_presents_a_card(self, fault: Switched | None) -> None:
        base = fault.seconds if fault and fault.name is Fault.SLOW else self.settings.delay_s
        await asyncio.sleep(base * (1 + self.settings.jitter * self._chance.uniform(-1, 1)))

    def _enter(self, kind: str, asked: dict[str, str], amount: int, number: str) -> None:
        self.ledger.append(Entry(len(self.ledger) + 1, kind, asked.get("CF", ""), amount, asked["CE"], number))

    def _remember(self, asked: dict[str, str], **more: str) -> bytes:
        said = {**asked, **more}
        if not self.settings.echoes:
            said["CF"] = "1010000000"
        self._last = said
        return _message(said)

    def _used(self, fault: Switched | None) -> None:
        if fault and fault.times is not None:
            self._fault = replace(fault, times=fault.times - 1) if fault.times > 1 else None

    async def _listen(self, handle: Handler, port: int, what: str) -> asyncio.Server:
        try:
            return await asyncio.start_server(self._handled(handle), self.settings.host, port)
        except OSError as bad:
            raise Failure(
                f"The simulated {what} cannot listen on {self.settings.host}:{port} ({bad.strerror}).",
                "Choose another port.",
            ) from bad

    def _handled(self, handle: Handler) -> Handler:
        """A handler whose task ends with the simulator, and for whom a lost line is nothing special."""

        async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if task := asyncio.current_task():
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            try:
                with suppress(ConnectionError, ValueError, asyncio.CancelledError):
                    await handle(reader, writer)
            finally:
                writer.close()

        return handled

    # the control port

    async def _controller(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            try:
                said = {"ok": True, **self._command(json.loads(line))}
            except (ValueError, TypeError, KeyError, AttributeError) as bad:
                said = {"ok": False, "error": str(bad)}
            writer.write(json.dumps(said).encode() + b"\n")
            await writer.drain()

    def _command(self, asked: dict[str, Any]) -> dict[str, Any]:
        match asked.pop("do", None):
            case "fault":
                self.switch(asked.pop("name"), **asked)
            case "clear":
                self.clear()
            case "delay":
                self.settings = replace(self.settings, delay_s=float(asked["seconds"]))
            case "ledger":
                return {"ledger": [asdict(entry) for entry in self.ledger]}
            case "state":
                return {"working": self._working, "fault": asdict(self._fault) if self._fault else None}
            case other:
                raise ValueError(f"no command {other!r}: fault, clear, delay, ledger, state")
        return {}


async def serve(settings: Settings, ready: Callable[[Ports], None] | None = None) -> None:
    """Run until cancelled; `ready` hears the ports once both are open. Failure if one is taken."""
    async with CardTerminalSimulator(settings) as terminal:
        if ready:
            ready(terminal.ports)
        await asyncio.Event().wait()


def _fields(data: bytes) -> dict[str, str] | None:
    """The fields of a whole message, or None."""
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        head = _FIELD.match(data, at)
        if not head:
            return None
        at = head.end() + int(head[2])
        if at > len(data):
            return None
        found[head[1].decode()] = data[head.end() : at].decode("latin-1")
    return found or None


def _message(*parts: dict[str, str], **more: str) -> bytes:
    said = {tag: value for part in (*parts, more) for tag, value in part.items() if value}
    order = sorted(said, key=lambda tag: tag != "CZ")
    return "".join(f"{tag}{len(said[tag]):0>3}{said[tag]}" for tag in order).encode("latin-1")


def _installation() -> dict[str, str]:
    return {"CZ": "0320", "CJ": "000000000000", "CA": "01", "CB": "100", "CD": "0", "CE": "978", "CF": "INSTALLATION",
            "AC": "100001", "AE": "10"}  # fmt: skip
