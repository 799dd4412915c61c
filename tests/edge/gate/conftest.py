"""A house for gate tests: a root, central's key, kiosks, gates, one play, and a clock that is moved by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.gate import store
from edge.gate.mark import Mark
from edge.gate.store import GateStore, Moment
from shared.clock import ClockState, Now, Reading
from shared.ids import Id, derived_id
from shared.rules.access import Gate
from shared.runtime.journal import Journal, Phase
from shared.wire.certificates import DeviceKind, issue, root_certificate, verified
from shared.wire.codec import dump
from shared.wire.feeds import AdmissionRow, FeedPage, FeedRow, KeyRow, PerformanceRow, TicketRow
from shared.wire.leases import Lease
from shared.wire.seal import Signer, seal
from shared.wire.token import Token, leased_ticket_id, sign, write
from shared.wire.topics import Claim

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HAMLET = derived_id("performance", "hamlet")


@dataclass
class HandClock:
    """Both clocks, and chance that replays."""

    wall: datetime = NOON
    mono_ms: int = 1_000_000
    boot_id: str = "boot"
    drawn: int = 0

    def read(self) -> Reading:
        return Reading(self.wall, self.mono_ms, self.boot_id)

    def chance(self, size: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(size, "big")

    def wait(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.mono_ms += round(seconds * 1000)

    def moment(self, state: ClockState = ClockState.TRUSTED) -> Moment:
        return Moment(Now(self.wall, state, timedelta()), self.read())


def key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"."))


@dataclass
class House:
    """Keys and lists as central would send them."""

    folder: Path
    noon: datetime = NOON
    root_key: Ed25519PrivateKey = field(default_factory=lambda: key("root"))
    root_pem: str = ""
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    signers: dict[str, Signer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        day = timedelta(days=400)
        self.root_pem = root_certificate(self.root_key, "house", self.noon - day, self.noon + day)
        self.member("central", DeviceKind.CENTRAL, site="")
        self.member("kiosk", DeviceKind.KIOSK)
        for name in ("A", "B", "C"):
            self.member(name, DeviceKind.GATE)

    def member(self, name: str, kind: DeviceKind, site: str = "site") -> str:
        """A key with its certificate; PEM."""
        signer = Signer.of(key(name))
        pem = issue(
            self.root_key,
            self.root_pem,
            signer.key.public_key(),
            holder_id=derived_id("device", name),
            kind=kind,
            site_id=site,
            certificate_id=derived_id("certificate", name, site),
            valid_from=self.noon - timedelta(days=30),
            valid_to=self.noon + timedelta(days=30),
        )
        self.signers[name] = signer
        self.rows[signer.kid] = _json(KeyRow(pem))
        return pem

    @property
    def play(self) -> PerformanceRow:
        return PerformanceRow(
            event_names={"fr": "Hamlet", "en": "Hamlet"},
            starts=self.noon + timedelta(hours=1),
            doors=self.noon - timedelta(hours=1),
            closes=self.noon + timedelta(hours=2),
            timezone="Europe/Paris",
            plan_id="plan",
            on_sale=True,
            zones={"0": "Parterre", "1": "Balcon"},
        )

    def certificate(self, name: str) -> Any:
        return verified(self.rows[self.signers[name].kid]["certificate"], self.root_pem)

    def journal(self, name: str, on_commit: Callable[[Phase], None] | None = None) -> Journal:
        return Journal.open(self.folder / f"{name}.db", derived_id("device", name), store.SCHEMA, on_commit)

    def lane(
        self,
        name: str,
        gate: Gate | None = None,
        on_commit: Callable[[Phase], None] | None = None,
        fed: bool = True,
        persons: int = 1,
    ) -> GateStore:
        """A lane's store; opening it again is a restart."""
        mark = Mark(self.folder / f"{name}.mark")
        found = GateStore(self.journal(name, on_commit), gate or self.gate(name), self.root_pem, mark, persons)
        if fed and not found.lists.performances():
            self.fill(found)
        return found

    def fill(self, lane: GateStore) -> None:
        """Keys and the play, as after the first pull."""
        self.feed(lane, "keys/house", list(self.rows.items()))
        self.feed(lane, "performances/site", [(HAMLET, _json(self.play))])

    def gate(self, name: str, **over: Any) -> Gate:
        return replace(Gate(name, "site", zones=1), **over)

    def feed(
        self,
        lane: GateStore,
        feed: str,
        rows: Sequence[tuple[str, dict[str, Any] | None]],
        at: datetime | None = None,
        anew: bool = False,
    ) -> None:
        have = lane.journal.revision(feed)
        after = 0 if anew else have
        found = tuple(FeedRow(key, after + 1 + place, body) for place, (key, body) in enumerate(rows))
        page = FeedPage(feed, after, after + len(rows), False, at or self.noon, found, asked=have if anew else 0)
        lane.journal.apply(page, lane.take, keep=feed.partition("/")[0] in ("keys", "performances", "leases"))

    def admission(self, lane: GateStore, row: AdmissionRow, gone: bool = False) -> None:
        self.feed(lane, "admissions/site", [(f"{row.ticket_id}/{row.entry}", None if gone else _json(row))])

    def tickets(self, lane: GateStore, *rows: tuple[Id, TicketRow | None]) -> None:
        self.feed(lane, "tickets/site", [(key, _json(row) if row else None) for key, row in rows])

    def lease(self, lane: GateStore, lease: Lease) -> None:
        sealed = seal(dump(lease), self.signers["central"])
        self.feed(lane, "leases/site", [(lease.id, {**_json(sealed), "state": "active"})])

    def code(self, number: int = 1, **over: Any) -> str:
        """A ticket from the box office, as printed."""
        token = Token("", derived_id("ticket", number), 1, HAMLET, 1, 1)
        return write(sign(replace(token, **over), self.signers["central"]))

    def sold(self, slot: int = 0, signer: str = "kiosk", **over: Any) -> str:
        """A ticket that a kiosk sold out of a lease, as printed."""
        lease_id = derived_id("lease", 1)
        token = Token("", leased_ticket_id(lease_id, slot), 1, HAMLET, 1, 1, lease_id=lease_id, slot=slot)
        return write(sign(replace(token, **over), self.signers[signer]))

    def said(self, claim: Claim, by: str) -> bytes:
        return dump(seal(dump(claim), self.signers[by]))


def _json(value: Any) -> dict[str, Any]:
    return dict(orjson.loads(dump(value)))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def play(house: House) -> tuple[Id, PerformanceRow]:
    return HAMLET, house.play


@pytest.fixture
def house_today(tmp_path: Path) -> House:
    """The same house with its play tonight, for lanes that run on the machine's own clock."""
    return House(tmp_path, datetime.now(UTC))
