"""The kiosk's disk: leases with their slots, carts that are being paid, sales. Every promise to a visitor stands here
before it is made.

A sale is one transaction: slots HELD → SOLD, receipt number, gap-free ticket numbers, signed tokens, the payment
captured, the fact for central. Doing it again for the same places gives the same sale.

This device sells only from leases that this very journal asked for: after a broken file was set aside, or a card was
cloned from an older backup of another journal, nobody can know here what was sold of the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import auto
from functools import lru_cache
from itertools import groupby

import structlog

from edge.kiosk.model import Cart, HeldLease, ListedPerformance
from edge.kiosk.payment import PAYMENTS_SCHEMA, UNSETTLED_SQL
from shared.clock import Now, Reading, from_ms, to_ms
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Reason, Refused
from shared.rules.numbering import DEVICE_DIGITS, ticket_number
from shared.rules.pricing import price, prices_of
from shared.runtime.journal import Journal, JournalTx
from shared.wire.certificates import Certificate, Right
from shared.wire.codec import build, dump, load
from shared.wire.facts import FactKind, LeaseSealed, Sale, SaleLine, SalePayment, SlotsReturned
from shared.wire.feeds import FeedPage, LeaseRow
from shared.wire.leases import OPEN, Lease, LeasedPlace, LeaseState, SlotState
from shared.wire.seal import Sealed, Signer
from shared.wire.token import Token, asking, leased_ticket_id, sign, write

log = structlog.get_logger()

SCHEMA = (
    f"""
CREATE TABLE IF NOT EXISTS asked (lease_id TEXT PRIMARY KEY, visitor INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lease (
    lease_id TEXT PRIMARY KEY, json TEXT NOT NULL, state TEXT NOT NULL, asked INTEGER NOT NULL,
    visitor INTEGER NOT NULL, issued_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS slot (
    lease_id TEXT NOT NULL, slot INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (lease_id, slot)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS slot_held ON slot (lease_id, slot) WHERE state = '{SlotState.HELD}';
CREATE TABLE IF NOT EXISTS draft (payment_id TEXT PRIMARY KEY, json TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sale (
    order_id TEXT PRIMARY KEY, payment_id TEXT UNIQUE, json TEXT NOT NULL, at_ms INTEGER NOT NULL,
    handed_out INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS sale_waiting ON sale (at_ms) WHERE handed_out = 0;
"""
    + PAYMENTS_SCHEMA
)
Key = tuple[Id, int]
KeyOf = Callable[[str], Certificate | None]  # kid → a certificate that is not revoked

_RECEIPTS, _TICKETS = "receipt", "ticket:"  # counters; of tickets one for each prefix
_HOLE = 1000  # numbers left out when facts were lost: a hole is asked about, a number used twice is a forgery
_HELD = f"SELECT lease_id, slot FROM slot WHERE state = '{SlotState.HELD}'"  # noqa: S608 - the index's words
_OPEN = ", ".join(f"'{state}'" for state in OPEN)


class NotSold(Reason):
    NOT_PRICED = auto()
    SLOT_GONE = auto()  # no longer held by this cart
    AMOUNT_DIFFERS = auto()  # what was paid is not what the places cost


@dataclass(frozen=True, slots=True)
class DraftPlace:
    lease_id: Id
    slot: int
    tariff_id: Id
    price: int
    proof: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A cart as it was when money was asked for, with everything that the sale needs: whatever the feeds say later, the
    visitor gets what was agreed. `amount` in minor units."""

    order_id: Id
    performance_id: Id
    places: tuple[DraftPlace, ...]
    amount: int
    currency: str
    vat_bp: int
    number_prefix: str
    language: str


def drafted(cart: Cart, listed: ListedPerformance, language: str) -> Outcome[Draft]:
    """The order that a cart stands for. Its id follows from its places: a place is sold once, so an order is too."""
    tariffs = {tariff.id: tariff for tariff in listed.catalogue.tariffs}
    prices = prices_of(listed.catalogue)
    places = []
    for place in cart.places:
        if place.lease_id is None or place.slot is None or place.tariff_id is None:
            return Refused(NotSold.SLOT_GONE, fix=place.seat_id)
        cost = price(prices, place.category_id, place.tariff_id)
        if isinstance(cost, Refused):
            return Refused(NotSold.NOT_PRICED, fix=place.seat_id)
        proof = tariffs[place.tariff_id].proof
        places.append(DraftPlace(place.lease_id, place.slot, place.tariff_id, cost.value, proof))
    keys = sorted(f"{place.lease_id}/{place.slot}" for place in places)
    return Ok(
        Draft(
            order_id=derived_id("order", *keys),
            performance_id=listed.performance_id,
            places=tuple(places),
            amount=sum(place.price for place in places),
            currency=listed.catalogue.currency,
            vat_bp=listed.catalogue.vat_bp,
            number_prefix=listed.catalogue.number_prefix,
            language=language,
        )
    )


# leases


def note_ask(journal: Journal, lease_id: Id, visitor: bool) -> None:
    """Before central is asked: only what is noted here is ever sold from."""
    with journal.transaction() as tx:
        tx.run("INSERT OR IGNORE INTO asked VALUES (?, ?)", (lease_id, visitor))


def distrust(journal: Journal, whole: bool) -> None:
    """After a salvage: the slot states may be older than what was sold, so nothing known so far is sold from again.
    Numbers go on above the highest that the facts tell of; if facts were lost (not `whole`), after a visible hole."""
    sales = [build(Sale, fact.body) for fact in journal.facts(FactKind.SALE)]
    used = {_RECEIPTS: max((sale.receipt for sale in sales), default=0)}
    for line in (line for sale in sales for line in sale.lines):
        prefix, _, number = line.number.rpartition("-")
        counter = f"{_TICKETS}{prefix}"
        used[counter] = max(used.get(counter, 0), int(number))
    with journal.transaction() as tx:
        tx.run("DELETE FROM asked")
        tx.run("UPDATE lease SET asked = 0")
        for name, value in used.items():
            tx.run(
                "INSERT INTO counter VALUES (:name, :value) ON CONFLICT (name) DO UPDATE"
                " SET value = max(value, excluded.value)",
                {"name": name, "value": value},
            )
        if not whole:
            skip = "UPDATE counter SET value = value + ? WHERE name = ? OR name LIKE ?"
            tx.run(skip, (_HOLE, _RECEIPTS, f"{_TICKETS}%"))


def take_lease_rows(tx: JournalTx, page: FeedPage, device_id: Id, key_of: KeyOf) -> None:
    """`on_rows` of the feed leases/<device>. A row that is not what it should be is left out and logged: it cannot keep
    its neighbours away. A row that is gone changes nothing: slots are this device's own."""
    for row in page.rows:
        if row.body is None:
            continue
        try:
            body = build(LeaseRow, row.body)
            state = LeaseState(body.state)
        except ValueError as bad:
            log.warning("lease row refused", lease=row.key, why=str(bad))
            continue
        take_lease(tx, Sealed(body.text, body.kid, body.signature), state, device_id, key_of, page.at)


def take_lease(
    tx: JournalTx, sealed: Sealed, state: LeaseState, device_id: Id, key_of: KeyOf, at: datetime
) -> Lease | None:
    """Put a lease on the disk, or its new state. None if it is not genuine, or not for this device. `at`: central's
    time, for the validity of the key."""
    certificate = key_of(sealed.kid)
    if certificate is None or not certificate.may(Right.STATE, at) or not sealed.signed_by(certificate.key):
        log.warning("lease refused", why="not signed by a key that may", kid=sealed.kid)
        return None
    try:
        lease = sealed.body(Lease)
    except ValueError as bad:
        log.warning("lease refused", why=str(bad))
        return None
    if lease.device_id != device_id:
        log.warning("lease refused", lease=lease.id, why="for another device")
        return None
    known = tx.run("SELECT state FROM lease WHERE lease_id = ?", (lease.id,))
    if known:
        # A feed page may be older than what this device sealed itself, and an answer that central gives once more older
        # than the feed: a lease never becomes active again.
        if known[0][0] in OPEN and state is not LeaseState.ACTIVE:
            tx.run("UPDATE lease SET state = ? WHERE lease_id = ?", (state, lease.id))
        return lease
    asked = tx.run("SELECT visitor FROM asked WHERE lease_id = ?", (lease.id,))
    tx.run(
        "INSERT INTO lease VALUES (?, ?, ?, ?, ?, ?)",
        (lease.id, sealed.text, state, bool(asked), bool(asked and asked[0][0]), to_ms(lease.issued)),
    )
    tx.run_many(
        "INSERT INTO slot VALUES (?, ?, ?)", [(lease.id, slot, SlotState.FREE) for slot in range(len(lease.places))]
    )
    if not asked:
        log.warning("lease unknown", lease=lease.id, why="this journal did not ask for it; it is not sold from")
    return lease


def read_leases(journal: Journal) -> tuple[HeldLease, ...]:
    """The leases that are not over, oldest first, with their slots."""
    rows = journal.read(
        "SELECT l.lease_id, l.json, l.state, l.asked, l.visitor, s.state AS slot FROM lease l"  # noqa: S608  # our words
        f" JOIN slot s ON s.lease_id = l.lease_id WHERE l.state IN ({_OPEN})"
        " ORDER BY l.issued_ms, l.lease_id, s.slot"
    )
    return tuple(
        HeldLease(
            _lease(head["json"]),
            tuple(SlotState(row["slot"]) for row in [head, *rest]),
            selling=head["state"] == LeaseState.ACTIVE and bool(head["asked"]),
            visitor=bool(head["visitor"]),
        )
        for _, (head, *rest) in groupby(rows, key=lambda row: str(row["lease_id"]))
    )


@lru_cache(maxsize=500)
def _lease(text: str) -> Lease:
    """A lease never changes, and is read at every change of a slot."""
    return load(Lease, text)


def seal_leases(journal: Journal, now: Now, reading: Reading, over: datetime) -> list[Id]:
    """Tell central the final slot map of every lease that is draining, or stopped selling before `over`, and has no
    place in a cart. Only of leases that this journal asked for: of others it does not know what was sold."""
    sealed = []
    for held in read_leases(journal):
        lease = held.lease
        with journal.transaction() as tx:
            state = tx.run("SELECT state, asked FROM lease WHERE lease_id = ?", (lease.id,))[0]
            slots = tx.run("SELECT slot, state FROM slot WHERE lease_id = ? ORDER BY slot", (lease.id,))
            ends = state["state"] == LeaseState.DRAINING or lease.sell_until <= over
            if not ends or not state["asked"] or any(row["state"] == SlotState.HELD for row in slots):
                continue
            sold = tuple(int(row["slot"]) for row in slots if row["state"] == SlotState.SOLD)
            tx.run("UPDATE lease SET state = ? WHERE lease_id = ?", (LeaseState.SEALED, lease.id))
            tx.record(FactKind.LEASE_SEALED, LeaseSealed(lease.id, sold), now, reading, derived_id("sealed", lease.id))
        sealed.append(lease.id)
    return sealed


# slots


def hold(journal: Journal, keys: tuple[Key, ...]) -> bool:
    """These slots are in the cart, all others that were are free again, but for those that an open payment is about.
    False, and nothing is changed, if one of them is not to be had."""
    try:
        with journal.transaction() as tx:
            _release(tx, frozenset(keys))
            for lease_id, slot in keys:
                held = tx.run(
                    "UPDATE slot SET state = ? WHERE lease_id = ? AND slot = ? AND state IN (?, ?) RETURNING 1",
                    (SlotState.HELD, lease_id, slot, SlotState.FREE, SlotState.HELD),
                )
                if not held:
                    raise _SlotGone(f"{lease_id}/{slot}")
    except _SlotGone as gone:
        log.error("slot cannot be held", slot=str(gone))
        return False
    return True


def _release(tx: JournalTx, but: frozenset[Key]) -> None:
    keep = but | _at_stake(tx)
    for row in tx.run(_HELD):
        if (row["lease_id"], row["slot"]) not in keep:
            tx.run("UPDATE slot SET state = ? WHERE lease_id = ? AND slot = ?", (SlotState.FREE, *row))


def _at_stake(tx: JournalTx) -> frozenset[Key]:
    """Slots of carts whose payment is not settled."""
    rows = tx.run(
        f"SELECT d.json FROM draft d JOIN payment p ON p.payment_id = d.payment_id WHERE p.{UNSETTLED_SQL}"  # noqa: S608
    )
    return frozenset((place.lease_id, place.slot) for row in rows for place in load(Draft, row["json"]).places)


def give_back(journal: Journal, keys: tuple[Key, ...], now: Now, reading: Reading) -> list[Id]:
    """Free slots are returned for good: state and fact in one transaction. Answers the leases it told of."""
    told = []
    with journal.transaction() as tx:
        for lease_id in dict.fromkeys(lease_id for lease_id, _ in keys):
            slots = tuple(
                slot
                for one, slot in keys
                if one == lease_id
                and tx.run(
                    "UPDATE slot SET state = ? WHERE lease_id = ? AND slot = ? AND state = ? RETURNING 1",
                    (SlotState.RETURNED, lease_id, slot, SlotState.FREE),
                )
            )
            if slots:
                fact_id = derived_id("returned", lease_id, *slots)
                tx.record(FactKind.SLOTS_RETURNED, SlotsReturned(lease_id, slots), now, reading, fact_id)
                told.append(lease_id)
    return told


# sales


def keep_draft(journal: Journal, payment_id: Id, draft: Draft, now: Now) -> None:
    """Before the payment begins. Drafts of payments that are settled go."""
    with journal.transaction() as tx:
        tx.run(f"DELETE FROM draft WHERE payment_id NOT IN (SELECT payment_id FROM payment WHERE {UNSETTLED_SQL})")  # noqa: S608
        tx.run("INSERT INTO draft VALUES (?, ?, ?)", (payment_id, dump(draft).decode(), to_ms(now.at)))


def read_draft(journal: Journal, payment_id: Id) -> tuple[Draft, datetime] | None:
    """The cart of a payment, and when it was written."""
    rows = journal.read("SELECT json, at_ms FROM draft WHERE payment_id = ?", (payment_id,))
    return (load(Draft, rows[0]["json"]), from_ms(rows[0]["at_ms"])) if rows else None


def store_sale(
    journal: Journal,
    draft: Draft,
    payment: SalePayment | None,
    signer: Signer,
    now: Now,
    reading: Reading,
    also: Callable[[JournalTx], object] | None = None,
) -> Outcome[Sale]:
    """The sale, on disk. `also` runs inside the transaction, for the payment's capture. Refused, with nothing changed,
    if the places are not held any more or the money does not fit."""
    paid = payment.amount if payment else 0
    if not paid == draft.amount == sum(place.price for place in draft.places):
        return Refused(NotSold.AMOUNT_DIFFERS, detail={"paid": paid, "due": draft.amount})
    try:
        with journal.transaction() as tx:
            known = tx.run("SELECT json FROM sale WHERE order_id = ?", (draft.order_id,))
            if known:
                return Ok(load(Sale, known[0][0]))
            sale = Sale(
                order_id=draft.order_id,
                receipt=tx.counter(_RECEIPTS),
                performance_id=draft.performance_id,
                currency=draft.currency,
                lines=tuple(_sold(tx, draft, place, signer) for place in draft.places),
                payments=(payment,) if payment else (),
                language=draft.language,
            )
            if also:
                also(tx)
            tx.record(FactKind.SALE, sale, now, reading, derived_id("sale", sale.order_id))
            tx.run(
                "INSERT INTO sale (order_id, payment_id, json, at_ms) VALUES (?, ?, ?, ?)",
                (sale.order_id, payment.id if payment else None, dump(sale).decode(), to_ms(now.at)),
            )
            if payment:
                tx.run("DELETE FROM draft WHERE payment_id = ?", (payment.id,))
        return Ok(sale)
    except _SlotGone as gone:
        return Refused(NotSold.SLOT_GONE, fix=str(gone))


class _SlotGone(Exception):
    """Leaves the transaction, which so rolls back."""


def _sold(tx: JournalTx, draft: Draft, place: DraftPlace, signer: Signer) -> SaleLine:
    sold = tx.run(
        "UPDATE slot SET state = ? WHERE lease_id = ? AND slot = ? AND state = ? RETURNING 1",
        (SlotState.SOLD, place.lease_id, place.slot, SlotState.HELD),
    )
    row = tx.run("SELECT json FROM lease WHERE lease_id = ? AND asked", (place.lease_id,))
    if not sold or not row:
        raise _SlotGone(f"{place.lease_id}/{place.slot}")
    leased = _lease(row[0]["json"]).places[place.slot]
    number = tx.counter(f"{_TICKETS}{draft.number_prefix}")
    token = Token(
        kid=signer.kid,
        ticket_id=leased_ticket_id(place.lease_id, place.slot),
        serial=1,
        performance_id=draft.performance_id,
        zones=leased.zones,
        entries=1,
        flags=asking(place.proof),
        lease_id=place.lease_id,
        slot=place.slot,
    )
    return SaleLine(
        lease_id=place.lease_id,
        slot=place.slot,
        tariff_id=place.tariff_id,
        price=place.price,
        vat_bp=draft.vat_bp,
        ticket=write(sign(token, signer)),
        number=ticket_number(draft.number_prefix, number, DEVICE_DIGITS),
    )


def sold_at(journal: Journal, order_id: Id) -> datetime | None:
    rows = journal.read("SELECT at_ms FROM sale WHERE order_id = ?", (order_id,))
    return from_ms(rows[0]["at_ms"]) if rows else None


def place_of(journal: Journal, lease_id: Id, slot: int) -> LeasedPlace:
    """The place of a slot, of a lease that may be over. KeyError if this device never had it."""
    rows = journal.read("SELECT json FROM lease WHERE lease_id = ?", (lease_id,))
    if not rows:
        raise KeyError(lease_id)
    return _lease(rows[0]["json"]).places[slot]


def handed_out(journal: Journal, order_id: Id) -> None:
    """The visitor was told how this sale ended: paper in hand, or codes on the screen."""
    with journal.transaction() as tx:
        tx.run("UPDATE sale SET handed_out = 1 WHERE order_id = ?", (order_id,))


def not_handed_out(journal: Journal) -> list[Sale]:
    """Sales that a crash kept from their visitor, oldest first."""
    rows = journal.read("SELECT json FROM sale WHERE handed_out = 0 ORDER BY at_ms, order_id")
    return [load(Sale, row["json"]) for row in rows]


def release_idle(journal: Journal) -> None:
    """Nobody stands at the screen: held slots are free, but for those that an unsettled payment is about."""
    if not journal.read(f"{_HELD} LIMIT 1"):
        return
    with journal.transaction() as tx:
        _release(tx, frozenset())
