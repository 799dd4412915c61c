"""I3: the same uploads again, in another order, any number of times, leave the same state.

`again` sends everything that was ever uploaded once more into the same central: not a row may change. `afresh` gives
an empty central the same commands, but the facts between two of them in another order and in other batches, and sales
and scans later than they really came, wherever no person's decision (a write-off, a revocation) stands in between.
"""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from central.devices.facts import UploadFacts
from central.kernel.actor import Actor
from shared.ids import derived_id
from shared.wire.facts import Fact, FactKind
from tests.sim.house import open_central
from tests.sim.office import Entry, device_actor
from tests.sim.scene import Scene

# What an order of arrival may not change, by table. Left out: when central heard of it, and ids of what has no own.
STATE = {
    "sale_order": "id, total, currency, placed, device_id, receipt, state",
    "order_line": "id, order_id, seat_id, category_id, tariff_id, price, vat_bp, allocation_id",
    "payment": "id, order_id, method, amount, reference",
    "entitlement": "id, line_id, zones, entries, cancelled",
    "ticket": "id, entitlement_id, serial, number, token",
    "move": "debit_id, credit_id, amount, currency, order_id",
    "allocation": "seat_id, state, holder_id",
    "lease": "id, device_id, state",
    "lease_slot": "id, lease_id, slot, state, order_id",
    "scan": "id, ticket_id, entry, admitted, reason, at, gate",
    "passage": "id, passed",
    "admission": "id, ticket_id, entry, scan_id, at, gate",
    "anomaly": "id, kind, device_id, subject, at, detail, settled",
    "fact": "id, device_id, seq, kind, hash, state",
    "device": "id, contiguous, head, state",
}
# Of a card and its clone the first one heard is believed: which of two sales is the clash depends on that, and so does
# the place that one of them sold and the other gave back. What was sold, paid and scanned does not.
CLONED = {
    "sale_order": "total, device_id, receipt",
    "order_line": "seat_id, tariff_id, price",
    "payment": "id, method, amount",
    "scan": "id, ticket_id, entry, admitted, reason, at, gate",
    "admission": "id, ticket_id, entry, scan_id, at, gate",
    "fact": "id, device_id, seq, kind, hash, state",
}
MOVABLE = frozenset(FactKind) - {FactKind.SLOTS_RETURNED, FactKind.LEASE_SEALED}
_ALL = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('command_log', 'command_prints', 'audit')"


def replay_faults(scene: Scene) -> Iterator[str]:
    yield from again(scene)
    yield from afresh(scene)


def again(scene: Scene) -> Iterator[str]:
    office, world = scene.office, scene.world
    tables = [row[0] for row in office.rows(_ALL)]
    before = {table: sorted(map(repr, office.rows(f"SELECT * FROM {table}"))) for table in tables}
    uploads = [entry for entry in office.script if isinstance(entry.command, UploadFacts)]
    uploads += world.dice.sample(uploads, len(uploads) // 3)
    world.dice.shuffle(uploads)
    for n, entry in enumerate(uploads):
        office.door.execute_now(office.db, entry.actor, entry.command, derived_id("again", world.seed, n))
    for table in tables:
        after = sorted(map(repr, office.rows(f"SELECT * FROM {table}")))
        if after != before[table]:
            yield f"I3: uploading everything again changes {table}: {_difference(before[table], after)}"


def afresh(scene: Scene) -> Iterator[str]:
    world, house = scene.world, scene.house
    at = world.now
    door, db = open_central(house.image, house.keys, lambda: at)
    signers = {kit.identity.device_id: kit.identity.signer for kit in house.kits.values()}
    actors = {kit.identity.device_id: device_actor(kit) for kit in house.kits.values()}
    try:
        for n, entry in enumerate(_reordered(scene, actors)):
            command = entry.command
            at = entry.at
            if isinstance(command, UploadFacts):
                key = signers[command.facts[-1].device_id].key
                signature = b64encode(key.sign(command.facts[-1].hash.encode())).decode()
                command = UploadFacts(facts=command.facts, signature=signature)
                door.execute_now(db, entry.actor, command, derived_id("afresh", world.seed, n))
                continue
            reply = door.execute_now(db, entry.actor, command, entry.command_id)
            if reply.ok != entry.ok:
                yield f"I3: afresh, {type(command).__name__} ends otherwise: {reply.outcome}"
                return
        for table, columns in (CLONED if scene.cloned else STATE).items():
            sql = f"SELECT {columns} FROM {table}"
            here, there = (sorted(map(repr, rows)) for rows in (scene.office.rows(sql), db.run(sql, {})))
            if here != there:
                yield f"I3: told in another order, {table} differs: {_difference(here, there)}"
    finally:
        db.close()


def _reordered(scene: Scene, actors: dict[Any, Actor]) -> Iterator[Entry]:
    """The script with the facts of each window between two commands shuffled into new batches."""
    dice = scene.world.dice
    persons = bool(scene.written_off or scene.revoked or scene.cloned)
    seen: set[str] = set()
    window: list[Fact] = []
    later: list[Fact] = []
    at = scene.world.now
    for entry in scene.office.script:
        if isinstance(entry.command, UploadFacts):
            fresh = [fact for fact in entry.command.facts if fact.hash not in seen]
            seen.update(fact.hash for fact in fresh)
            window += fresh
            if dice.random() < 0.2:
                window += entry.command.facts  # twice
            at = entry.at
            continue
        if not persons:
            later += [fact for fact in window if fact.kind in MOVABLE and dice.random() < 0.5]
            kept = {fact.hash for fact in later}
            window = [fact for fact in window if fact.hash not in kept]
        yield from _batches(dice, window, actors, at)
        window = []
        if dice.random() < 0.1:
            yield from _batches(dice, later, actors, at)
            later = []
        yield entry
    yield from _batches(dice, window + later, actors, at)


def _batches(dice: Any, facts: list[Fact], actors: dict[Any, Actor], at: Any) -> Iterator[Entry]:
    dice.shuffle(facts)
    waiting: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        waiting[fact.device_id].append(fact)
    while waiting:
        device = dice.choice(sorted(waiting))
        size = dice.randint(1, 5)
        batch, waiting[device] = waiting[device][:size], waiting[device][size:]
        if not waiting[device]:
            del waiting[device]
        yield Entry(at, actors[device], UploadFacts(facts=tuple(batch), signature=""), derived_id("made"), True)


def _difference(before: list[str], after: list[str]) -> str:
    gone = [row for row in before if row not in set(after)]
    come = [row for row in after if row not in set(before)]
    return f"-{gone[:2]} +{come[:2]}"
