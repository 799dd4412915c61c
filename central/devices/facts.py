"""Facts from devices: taken once each, in any order; a bad one is a dead letter and never blocks its neighbours.

Central answers with the highest sequence up to which it has everything, and asks for gaps. What follows from a fact
(a sale, an entry) follows once, because every id in it was made by the device.
"""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.access.ops import report, settle
from central.devices.gaps import arrive, missing
from central.devices.leases import own_context
from central.devices.model import (
    FACT,
    Device,
    DeviceAnomaly,
    DevicesPrivilege,
    DeviceState,
    FactDo,
    FactRecord,
    FactState,
    NoDevice,
)
from central.kernel.contexts import whole_house
from central.kernel.db import UNFIT
from central.kernel.entity import Between, Loose, Ref
from central.kernel.facts import NoEffect, have_effect
from central.kernel.misfits import misfit
from central.kernel.registry import answers, handles
from central.kernel.tx import Read, Tx
from shared.clock import ClockState
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.facts import (
    BATCH_FACTS,
    GENESIS,
    SALE_LINES,
    UPLOAD_BYTES,
    UPLOAD_LINES,
    Fact,
    FactKind,
    Receipt,
    Upload,
    fact_hash,
)
from shared.wire.seal import genuine

MOST_GAPS = 20
QUARANTINE_BYTES = 64 * 1024 * 1024
FACT_BYTES = 8 * 1024
"""What a fact takes on the disk beside its body, which stands in its own row and in the log: its rows
here, in the list of anomalies, in log and audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFacts(Upload):
    """A batch of a device's facts, oldest first, with its signature over the last one's hash."""

    facts: Annotated[
        tuple[Fact, ...], Loose("looked at one by one, when each has its effect"), Between(most=BATCH_FACTS)
    ]


def work_of(want: Upload) -> int:
    """Facts, and lines and payments of sales: what takes time where sales are made."""
    return len(want.facts) + sum(count for count in _parts_of_sales(want) if count <= SALE_LINES)


@handles(
    UploadFacts,
    needs=DevicesPrivilege.DEVICE_SYNC,
    refuses=(NoDevice,),
    at=own_context,
    gives=Receipt,
    weighs=work_of,
)
def upload_facts(tx: Tx, want: UploadFacts) -> Outcome[Receipt]:
    device = tx.get(Device, tx.actor.id)
    if device is None:
        return Refused(NoDevice.NO_SUCH_DEVICE, fix=tx.actor.id)
    if not want.facts or len(want.facts) > BATCH_FACTS or not _signed(device, want):
        return Refused(NoDevice.BAD_REQUEST, fix="signature", detail={"most": BATCH_FACTS})
    if _too_much(want):  # a device sends what BATCH_BYTES holds, or one fact (shared/runtime/journal.py)
        return Refused(NoDevice.BAD_REQUEST, fix="facts", detail={"bytes": UPLOAD_BYTES, "lines": UPLOAD_LINES})
    if any(fact.device_id != device.id for fact in want.facts):  # nothing of another's counts as heard from this one
        return Refused(NoDevice.BAD_REQUEST, fix="device_id", detail={"device": device.id})
    if device.state is not DeviceState.ACTIVE and not _has_room(tx, device, want.facts):
        return Refused(NoDevice.QUARANTINE_FULL, fix="facts", detail={"bytes": QUARANTINE_BYTES})
    mark = arrive(tx, device, (fact.seq for fact in want.facts))
    dead: dict[str, str] = {}
    for fact in want.facts:
        record = _take(tx, device, fact)
        if record.state is FactState.DEAD:
            dead[str(fact.seq)] = record.why
    if mark != device.contiguous:
        # log: only columns that are kept beside it
        tx.write(
            "UPDATE device SET contiguous = :n, head = (SELECT MIN(hash) FROM fact WHERE device_id = :id AND seq = :n) "
            "WHERE id = :id",
            n=mark, id=device.id,
        )  # fmt: skip
    taken = tuple(fact.seq for fact in want.facts if fact.seq > mark)
    return Ok(Receipt(mark, taken, missing(tx, device.id, MOST_GAPS), dead))


def _too_much(want: Upload) -> bool:
    """More than a device has to say at once: what follows from it would hold the writer up."""
    lines = sum(count for count in _parts_of_sales(want) if count <= SALE_LINES)  # nothing follows from a longer one
    if lines > UPLOAD_LINES:
        return True
    return sum(len(orjson.dumps(fact.body)) for fact in want.facts) > UPLOAD_BYTES


def _parts_of_sales(want: Upload) -> list[int]:
    """How many lines, and how many payments, each of its sales says it has."""
    sales = [fact.body for fact in want.facts if fact.kind == FactKind.SALE]
    parts = [sale.get(name) for sale in sales for name in ("lines", "payments")]
    return [len(each) for each in parts if isinstance(each, list | tuple)]


def _has_room(tx: Tx, device: Device, facts: Sequence[Fact]) -> bool:
    """Some 8,000 facts: more than a gate sees in an evening, and no disk is filled by a key that was stolen. To tell
    what is known changes nothing, and leaves no row of who was put out; told beside what is new it stands in the log
    again, so the whole upload weighs."""
    if all(tx.get(FactRecord, derived_id("fact", device.id, fact.hash)) for fact in facts):
        return True
    weight = sum(FACT_BYTES + 2 * len(orjson.dumps(fact.body)) for fact in facts)
    return tx.counter(f"quarantine {device.id}", weight) <= QUARANTINE_BYTES


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
        _flag(tx, device, fact, DeviceAnomaly.QUARANTINED, {"kind": fact.kind})
    elif fact_hash(fact) != fact.hash:
        record = _dead(tx, device, fact, record, Refused(NoEffect.HASH_DIFFERS, fix=fact.id))
    else:
        record = _effect(tx, device, fact, record)
    tx.insert(record)
    _check_chain(tx, device, fact)
    return record


def _effect(tx: Tx, device: Device, fact: Fact, record: FactRecord) -> FactRecord:
    """Lets a fact have its effect in a part of its own: one that cannot be read, or that is not for this device to
    tell, leaves nothing but its letter."""
    outcome: Outcome[None]
    try:
        outcome = tx.attempt(lambda: have_effect(tx, device, fact))
    except UNFIT as fault:  # never in the database's words
        unfit, columns = misfit(fault)
        outcome = Refused(NoEffect.NOT_KEPT, fix=" ".join([unfit, *columns]))
    except (ValueError, KeyError, AssertionError) as fault:
        outcome = Refused(NoEffect.UNREADABLE, fix=str(fault).strip() or type(fault).__name__)
    return _dead(tx, device, fact, record, outcome) if isinstance(outcome, Refused) else record


def _dead(tx: Tx, device: Device, fact: Fact, record: FactRecord, refused: Refused) -> FactRecord:
    """`why` says it to the device, and names what to look at."""
    named = (refused.fix, *(f"{name}={value}" for name, value in refused.detail.items()))
    why = f"{refused.reason.key}: {' '.join(named)}"[:500]
    said = {"reason": refused.reason.key, "why": why, "kind": fact.kind}
    _flag(tx, device, fact, DeviceAnomaly.DEAD_LETTER, said)
    return replace(record, state=FactState.DEAD, why=why, reason=refused.reason.key)


def _flag(tx: Tx, device: Device, fact: Fact, kind: DeviceAnomaly, detail: dict[str, Any]) -> None:
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
    """Each link is looked at when both its ends are here, whichever came last; a number told in two ways is broken
    whatever stands beside it, so that this looks at as much however often one was told."""
    of = {"d": device.id, "s": fact.seq, "hash": fact.hash}
    twin = tx.run("SELECT 1 FROM fact WHERE device_id = :d AND seq = :s AND hash <> :hash LIMIT 1", **of)
    if twin or not _joined(tx, fact, {**of, "before": derived_id("fact", device.id, fact.prev)}):
        report(
            tx, derived_id("chain", device.id, fact.seq), DeviceAnomaly.CHAIN_BROKEN, fact.at, device.id, str(fact.seq),
            {"seq": fact.seq},
        )  # fmt: skip


def _joined(tx: Tx, fact: Fact, of: dict[str, Any]) -> bool:
    ((before, its, after, follows),) = tx.run(
        "SELECT EXISTS (SELECT 1 FROM fact WHERE device_id = :d AND seq = :s - 1), "
        "EXISTS (SELECT 1 FROM fact WHERE id = :before AND seq = :s - 1), "
        "EXISTS (SELECT 1 FROM fact WHERE device_id = :d AND seq = :s + 1), "
        "EXISTS (SELECT 1 FROM fact WHERE device_id = :d AND seq = :s + 1 AND prev = :hash)",
        **of,
    )
    begins = fact.prev == GENESIS if fact.seq == 1 else its or not before
    return bool(begins and (follows or not after))


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
        device.id, record.seq, record.fact_id, record.kind, record.at, 0, "", ClockState(record.clock),
        orjson.loads(record.body), record.prev, record.hash,
    )  # fmt: skip
    again = _effect(tx, device, fact, replace(record, state=FactState.TAKEN, why="", reason=None))
    tx.update(record, again)
    if again.state is FactState.TAKEN:
        settle(tx, derived_id("fact", DeviceAnomaly.DEAD_LETTER, device.id, record.hash))
    return Ok(again.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    """Facts of devices from which nothing follows until somebody mends it: the last 200 of the whole house, newest
    first; the right is asked for there, whichever context is named."""

    context_id: Annotated[Id, Ref("context")]


@answers(DeadLetters, needs=DevicesPrivilege.DEVICE_READ, at=whole_house, gives=list[FactRecord])
def dead_letters(read: Read, _: DeadLetters) -> Outcome[list[FactRecord]]:
    return Ok(read.find(FactRecord, f"WHERE state = '{FactState.DEAD}' ORDER BY received DESC LIMIT 200"))
