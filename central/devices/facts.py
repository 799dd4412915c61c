"""Facts from devices: taken once each, in any order; a bad one is a dead letter and never blocks its neighbours.

Central answers with the highest sequence up to which it has everything, and asks for gaps. What follows from a fact
(a sale, an entry) follows once, because every id in it was made by the device.
"""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.access.model import Anomaly, AnomalyKind
from central.access.ops import report, take_passage, take_scan
from central.devices.authority import controls
from central.devices.gaps import arrive, missing
from central.devices.leases import own_context, take_returned, take_sealed
from central.devices.model import (
    FACT,
    DeadLetter,
    DeadReason,
    Device,
    DevicesPrivilege,
    DeviceState,
    FactDo,
    FactRecord,
    FactState,
    NoDevice,
)
from central.devices.sales import take_sale
from central.kernel.contexts import whole_house
from central.kernel.db import UNFIT, misfit
from central.kernel.entity import Between, Loose, Ref
from central.kernel.registry import answers, handles
from central.kernel.tx import Read, Tx
from central.orders.model import Entitlement
from shared.clock import ClockState
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.rules.authority import may_tell
from shared.wire.codec import build
from shared.wire.facts import (
    BATCH_FACTS,
    GENESIS,
    Fact,
    FactKind,
    LeaseSealed,
    Passage,
    Receipt,
    Sale,
    Scan,
    SlotsReturned,
    Upload,
    fact_hash,
)
from shared.wire.seal import genuine

MOST_GAPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFacts(Upload):
    """A batch of a device's facts, oldest first, with its signature over the last one's hash."""

    facts: Annotated[
        tuple[Fact, ...], Loose("looked at one by one, when each has its effect"), Between(most=BATCH_FACTS)
    ]


@handles(UploadFacts, needs=DevicesPrivilege.DEVICE_SYNC, refuses=(NoDevice,), at=own_context, gives=Receipt)
def upload_facts(tx: Tx, want: UploadFacts) -> Outcome[Receipt]:
    device = tx.get(Device, tx.actor.id)
    if device is None:
        return Refused(NoDevice.NO_SUCH_DEVICE, fix=tx.actor.id)
    if not want.facts or len(want.facts) > BATCH_FACTS or not _signed(device, want):
        return Refused(NoDevice.BAD_REQUEST, fix="signature", detail={"most": BATCH_FACTS})
    if any(fact.device_id != device.id for fact in want.facts):  # nothing of another's counts as heard from this one
        return Refused(NoDevice.BAD_REQUEST, fix="device_id", detail={"device": device.id})
    mark = arrive(tx, device, (fact.seq for fact in want.facts))
    dead: dict[str, str] = {}
    for fact in want.facts:
        record = _take(tx, device, fact)
        if record.state is FactState.DEAD:
            dead[str(fact.seq)] = record.why
    if mark != device.contiguous:
        tx.write(
            "UPDATE device SET contiguous = :n, head = (SELECT MIN(hash) FROM fact WHERE device_id = :id AND seq = :n) "
            "WHERE id = :id",
            n=mark, id=device.id,
        )  # fmt: skip
    taken = tuple(fact.seq for fact in want.facts if fact.seq > mark)
    return Ok(Receipt(mark, taken, missing(tx, device.id, MOST_GAPS), dead))


def _signed(device: Device, want: Upload) -> bool:
    key = load_pem_public_key(device.public_key.encode())
    try:
        signature = b64decode(want.signature, validate=True)
    except ValueError:
        return False
    return isinstance(key, Ed25519PublicKey) and genuine(key, signature, want.facts[-1].hash.encode())


def _take(tx: Tx, device: Device, fact: Fact) -> FactRecord:
    """Stores a fact and lets it have its effect; both once."""
    record_id = derived_id("fact", device.id, fact.hash)
    known = tx.get(FactRecord, record_id)
    if known:
        return known
    record = FactRecord(
        id=record_id, device_id=device.id, seq=fact.seq, kind=fact.kind, fact_id=fact.id, at=fact.at,
        received=tx.now, clock=fact.clock,
        body=orjson.dumps(fact.body).decode(), prev=fact.prev, hash=fact.hash, state=FactState.TAKEN, why="",
    )  # fmt: skip
    if device.state is not DeviceState.ACTIVE:
        record = replace(record, state=FactState.QUARANTINED, why=f"device is {device.state}")
        _flag(tx, device, fact, AnomalyKind.QUARANTINED, {"kind": fact.kind})
    elif fact_hash(fact) != fact.hash:
        record = _dead(
            tx, device, fact, record, DeadLetter(DeadReason.HASH_DIFFERS, "its hash does not fit its content")
        )
    else:
        record = _effect(tx, device, fact, record)
    tx.insert(record)
    _check_chain(tx, device, fact)
    return record


def _effect(tx: Tx, device: Device, fact: Fact, record: FactRecord) -> FactRecord:
    """Lets a fact have its effect in a part of its own: one that cannot be read, or that is not for this device to
    tell, leaves nothing but its letter."""
    try:
        tx.attempt(lambda: _told(tx, device, fact))
    except DeadLetter as dead:
        return _dead(tx, device, fact, record, dead)
    except UNFIT as fault:  # never in the database's words
        unfit, columns = misfit(fault)
        return _dead(tx, device, fact, record, DeadLetter(DeadReason.NOT_KEPT, " ".join([unfit, *columns])))
    except (ValueError, KeyError, AssertionError) as fault:
        what = str(fault).strip() or type(fault).__name__
        return _dead(tx, device, fact, record, DeadLetter(DeadReason.UNREADABLE, what))
    return record


def _dead(tx: Tx, device: Device, fact: Fact, record: FactRecord, dead: DeadLetter) -> FactRecord:
    why = str(dead)[:500]
    _flag(tx, device, fact, AnomalyKind.DEAD_LETTER, {"reason": dead.reason, "why": why, "kind": fact.kind})
    return replace(record, state=FactState.DEAD, why=why, reason=dead.reason)


def _told(tx: Tx, device: Device, fact: Fact) -> None:
    if not may_tell(device.kind, fact.kind):
        raise DeadLetter(DeadReason.NOT_ITS_TO_TELL, f"a {device.kind} does not tell a {fact.kind}")
    if act := EFFECTS.get(fact.kind):
        act(tx, device, fact)


def _take_scan(tx: Tx, device: Device, fact: Fact, said: Scan) -> None:
    """What used an entry has to be the gate's to control: a ticket of a performance at its site. A scan that was
    refused names whatever was shown, and one that was forced used nothing."""
    if said.admitted and said.entry:
        ticket = tx.get(Entitlement, said.ticket_id)
        performance = ticket.performance_id if ticket else said.performance_id
        if said.performance_id not in ("", performance):
            what = f"ticket {said.ticket_id} is not for performance {said.performance_id}"
            raise DeadLetter(DeadReason.OTHER_PERFORMANCE, what)
        if performance and not controls(tx, device, performance):
            raise DeadLetter(DeadReason.NOT_AT_ITS_SITE, f"performance {performance} is not at this device's site")
    take_scan(tx, fact.id, device.id, device.site_id, fact.at, said)


EFFECTS: dict[FactKind, Callable[[Tx, Device, Fact], None]] = {
    FactKind.SALE: lambda tx, device, fact: take_sale(tx, device, fact.at, build(Sale, fact.body), fact.hash),
    FactKind.SLOTS_RETURNED: lambda tx, device, fact: take_returned(
        tx, device, fact.id, build(SlotsReturned, fact.body)
    ),
    FactKind.LEASE_SEALED: lambda tx, device, fact: take_sealed(tx, device, fact.id, build(LeaseSealed, fact.body)),
    FactKind.SCAN: lambda tx, device, fact: _take_scan(tx, device, fact, build(Scan, fact.body)),
    FactKind.PASSAGE: lambda tx, device, fact: take_passage(tx, device.id, build(Passage, fact.body)),
}


def _flag(tx: Tx, device: Device, fact: Fact, kind: AnomalyKind, detail: dict[str, Any]) -> None:
    report(
        tx,
        derived_id("fact", kind, device.id, fact.hash),
        kind,
        fact.at,
        device.id,
        fact.id,
        {"seq": fact.seq, **detail},
    )


def _check_chain(tx: Tx, device: Device, fact: Fact) -> None:
    """Each link is looked at when both its ends are here, whichever came last."""
    before = tx.run("SELECT hash FROM fact WHERE device_id = :d AND seq = :s", d=device.id, s=fact.seq - 1) or (
        [(GENESIS,)] if fact.seq == 1 else []
    )
    after = tx.run("SELECT prev FROM fact WHERE device_id = :d AND seq = :s", d=device.id, s=fact.seq + 1)
    twins = tx.run("SELECT hash FROM fact WHERE device_id = :d AND seq = :s", d=device.id, s=fact.seq)
    broken = (before and (fact.prev,) not in before) or (after and (fact.hash,) not in after) or len(twins) > 1
    if broken:
        report(
            tx, derived_id("chain", device.id, fact.seq), AnomalyKind.CHAIN_BROKEN, fact.at, device.id, str(fact.seq),
            {"seq": fact.seq},
        )  # fmt: skip


# --- dead letters -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryFact:
    """Lets a dead letter have its effect after all, once what it tripped over is mended."""

    fact_record_id: Annotated[Id, Ref("fact")]


@handles(
    RetryFact,
    does=FactDo.RETRY,
    needs=DevicesPrivilege.DEVICE_MODIFY,
    refuses=(NoDevice,),
    gives=FactState,
)
def retry_fact(tx: Tx, want: RetryFact) -> Outcome[FactState]:
    record = tx.get(FactRecord, want.fact_record_id)
    device = tx.get(Device, record.device_id) if record else None
    if record is None or device is None or FACT.after(record.state, FactDo.RETRY) is None:
        return Refused(NoDevice.NO_DEAD_LETTER, fix=want.fact_record_id)
    fact = Fact(
        device.id, record.seq, record.fact_id, FactKind(record.kind), record.at, 0, "", ClockState(record.clock),
        orjson.loads(record.body), record.prev, record.hash,
    )  # fmt: skip
    again = _effect(tx, device, fact, replace(record, state=FactState.TAKEN, why="", reason=None))
    tx.update(record, again)
    if again.state is FactState.TAKEN:
        shown = tx.get(Anomaly, derived_id("fact", AnomalyKind.DEAD_LETTER, device.id, record.hash))
        if shown:
            tx.update(shown, replace(shown, settled=True))
    return Ok(again.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    context_id: Annotated[Id, Ref("context")]


@answers(DeadLetters, needs=DevicesPrivilege.DEVICE_READ, at=whole_house, gives=list[FactRecord])
def dead_letters(read: Read, _: DeadLetters) -> Outcome[list[FactRecord]]:
    return Ok(read.find(FactRecord, "WHERE state = 'dead' ORDER BY received DESC LIMIT 200"))
