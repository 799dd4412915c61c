"""What the kiosk promises on its disk: slots sold once, numbers without gaps, nothing lost wherever it stops."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.kiosk import store
from edge.kiosk.model import Cart, CartPlace, PayState
from shared.clock import ClockState, Now, Reading
from shared.ids import derived_id
from shared.outcome import Ok, Refused
from shared.runtime.journal import Journal
from shared.runtime.keyring import Keyring
from shared.wire.certificates import DeviceKind, Right, issue, root_certificate
from shared.wire.codec import dump
from shared.wire.facts import FactKind, SalePayment
from shared.wire.feeds import FeedPage, FeedRow
from shared.wire.leases import LeaseState, SlotState
from shared.wire.seal import Signer, seal
from shared.wire.token import Flag, leased_ticket_id, parse

PAYMENT = derived_id("payment")


class PowerCut(BaseException):
    """Not an Exception: nothing may catch it on the way."""


class Desk:
    """A journal on a real file, central's key, the kiosk's key."""

    def __init__(self, house, path):
        self.house, self.path = house, path
        self.now = Now(house.noon, ClockState.TRUSTED, timedelta(0))
        self.reading = Reading(house.noon, 1000, "boot")
        root, central, kiosk = (Ed25519PrivateKey.generate() for _ in range(3))
        span = {"valid_from": house.noon - timedelta(days=1), "valid_to": house.noon + timedelta(days=365)}
        root_pem = root_certificate(root, "House", **span)
        self.keyring = Keyring(root_pem)
        for kind, key in ((DeviceKind.CENTRAL, central), (DeviceKind.KIOSK, kiosk)):
            self.keyring.add(
                issue(root, root_pem, key.public_key(), holder_id=derived_id(kind), kind=kind, site_id="site",
                      certificate_id=derived_id("certificate", kind), **span)
            )  # fmt: skip
        self.central, self.signer = Signer.of(central), Signer.of(kiosk)
        self.cut_at = None
        self.journal = self.open()

    def open(self):
        def on_commit(phase):
            if self.cut_at is not None:
                self.cut_at -= 1
                if self.cut_at < 0:
                    raise PowerCut(phase)

        return Journal.open(self.path, self.house.kiosk_id, store.SCHEMA, on_commit)

    def reboot(self):
        self.cut_at = None
        self.journal.close()
        self.journal = self.open()
        store.release_idle(self.journal)

    def row(self, lease, state=LeaseState.ACTIVE, signer=None):
        sealed = seal(dump(lease), signer or self.central)
        return {"text": sealed.text, "kid": sealed.kid, "signature": sealed.signature, "state": state}

    def feed(self, *rows):
        feed = f"leases/{self.house.kiosk_id}"
        after = self.journal.revision(feed)
        page = FeedPage(
            feed, after, after + len(rows), False, self.house.noon,
            tuple(FeedRow(f"row {n}", after + n, row) for n, row in enumerate(rows, 1)),
        )  # fmt: skip
        self.journal.apply(
            page,
            lambda tx, page: store.take_lease_rows(
                tx, page, self.house.kiosk_id, lambda kid: self.keyring.trusted(kid, Right.STATE)
            ),
        )

    def grant(self, seats, name="stock", visitor=False):
        lease = self.house.lease(seats, name)
        store.note_ask(self.journal, lease.id, visitor)
        self.feed(self.row(lease))
        return lease

    def slots(self):
        return [held.slots for held in store.read_leases(self.journal)]

    def draft(self, lease, *slots, tariff=None):
        places = tuple(
            CartPlace(lease.places[k].seat_id, lease.places[k].category_id, tariff or self.house.full, lease.id, k)
            for k in slots
        )
        drafted = store.drafted(Cart(self.house.performance_id, places), self.house.listed(), "fr")
        assert isinstance(drafted, Ok)
        return drafted.value

    def payment_row(self, state):
        with self.journal.transaction() as tx:
            tx.run("DELETE FROM payment")
            tx.run("INSERT INTO payment VALUES (?, 'ref', 6000, 'EUR', ?, '', '', '', NULL, 0, 0, 0)", (PAYMENT, state))

    def sell(self, draft, also=None):
        payment = SalePayment(PAYMENT, "card", draft.amount, "42") if draft.amount else None
        return store.store_sale(self.journal, draft, payment, self.signer, self.now, self.reading, also)

    def facts(self, kind):
        return [fact.body for fact in self.journal.facts(kind)]


@pytest.fixture
def desk(house, tmp_path):
    desk = Desk(house, tmp_path / "kiosk.db")
    yield desk
    desk.journal.close()


def test_a_sale_from_lease_to_signed_tickets(desk, house):
    lease = desk.grant("a0 a1 a2")
    assert store.hold(desk.journal, ((lease.id, 0), (lease.id, 2)))
    draft = desk.draft(lease, 0, 2)
    assert draft.amount == 6000
    sale = desk.sell(draft).value
    assert [line.number for line in sale.lines] == ["K1-000001", "K1-000002"]
    assert sale.receipt == 1 and sum(line.price for line in sale.lines) == sale.payments[0].amount
    assert desk.slots() == [(SlotState.SOLD, SlotState.FREE, SlotState.SOLD)]
    token = parse(sale.lines[1].ticket)
    assert token.signed_by(desk.signer.key.public_key()) and token.kid == desk.signer.kid
    assert (token.lease_id, token.slot, token.ticket_id) == (lease.id, 2, leased_ticket_id(lease.id, 2))
    assert (token.performance_id, token.serial, token.entries, token.flags) == (house.performance_id, 1, 1, Flag(0))
    assert len(desk.facts(FactKind.SALE)) == 1
    assert desk.sell(draft) == Ok(sale), "the same places are the same sale"
    assert len(desk.facts(FactKind.SALE)) == 1
    assert not store.hold(desk.journal, ((lease.id, 0),)), "sold is sold"


def test_a_reduced_tariff_wants_a_proof_and_may_be_free(desk, house):
    lease = desk.grant("b0")
    store.hold(desk.journal, ((lease.id, 0),))
    sale = desk.sell(desk.draft(lease, 0, tariff=house.child)).value
    assert sale.payments == () and parse(sale.lines[0].ticket).flags == Flag.PROOF


@pytest.mark.parametrize("why", ["not held", "wrong amount", "wrong sum", "capture fails"])
def test_a_sale_that_does_not_fit_changes_nothing(desk, why):
    lease = desk.grant("a0 a1")
    if why != "not held":
        store.hold(desk.journal, ((lease.id, 0), (lease.id, 1)))
    before, draft = desk.slots(), desk.draft(lease, 0, 1)
    if why == "capture fails":
        with pytest.raises(ValueError, match="captured"):
            desk.sell(draft, also=lambda tx: (_ for _ in ()).throw(ValueError("not captured")))
    else:
        paid = SalePayment(PAYMENT, "card", draft.amount - why.startswith("wrong"), "42")
        draft = replace(draft, amount=paid.amount) if why == "wrong sum" else draft
        answer = store.store_sale(desk.journal, draft, paid, desk.signer, desk.now, desk.reading)
        want = store.NotSold.SLOT_GONE if why == "not held" else store.NotSold.AMOUNT_DIFFERS
        assert isinstance(answer, Refused) and answer.reason == want
    assert desk.slots() == before and desk.facts(FactKind.SALE) == []
    store.hold(desk.journal, ((lease.id, 0), (lease.id, 1)))
    assert desk.sell(desk.draft(lease, 0, 1)).value.lines[0].number == "K1-000001", "no number was used up"


def test_the_power_is_cut_before_and_after_every_commit_of_a_visit(desk):
    """Hold, sell, hand out: three commits, cut at each side of each. Nothing is half done, no number is lost."""
    lease = desk.grant("a0 a1 a2 a3 a4 a5 b0")
    for cut_at in range(7):
        desk.cut_at, cut = cut_at, False
        draft = desk.draft(lease, cut_at)
        payment = SalePayment(derived_id("payment", cut_at), "card", draft.amount)
        try:
            store.hold(desk.journal, ((lease.id, cut_at),))
            store.store_sale(desk.journal, draft, payment, desk.signer, desk.now, desk.reading)
            store.handed_out(desk.journal, draft.order_id)
        except PowerCut:
            cut = True
        desk.reboot()
        assert cut == (cut_at < 6)
        assert desk.slots()[0][cut_at] is (SlotState.SOLD if cut_at >= 3 else SlotState.FREE)
        waiting = store.not_handed_out(desk.journal)
        assert [sale.order_id for sale in waiting] == ([draft.order_id] if cut_at in (3, 4) else [])
        store.handed_out(desk.journal, draft.order_id)
    bodies = desk.facts(FactKind.SALE)
    assert [body["receipt"] for body in bodies] == [1, 2, 3, 4]
    assert [line["number"] for body in bodies for line in body["lines"]] == [f"K1-{n:06d}" for n in range(1, 5)]


@pytest.mark.parametrize(
    "state, kept",
    [(PayState.SENT, True), (PayState.APPROVED, True), (PayState.UNKNOWN, True), (PayState.DECLINED, False),
     (PayState.VOIDED, False), (PayState.REVIEW, False)],
)  # fmt: skip
def test_held_places_after_a_crash(desk, state, kept):
    lease = desk.grant("a0 a1 a2")
    store.hold(desk.journal, ((lease.id, 0), (lease.id, 1)))
    store.keep_draft(desk.journal, PAYMENT, desk.draft(lease, 0, 1), desk.now)
    desk.payment_row(state)
    desk.reboot()
    want = SlotState.HELD if kept else SlotState.FREE
    assert desk.slots() == [(want, want, SlotState.FREE)]
    store.hold(desk.journal, ((lease.id, 2),))
    assert desk.slots() == [(want, want, SlotState.HELD)], "the next visitor does not free them either"
    draft, at = store.read_draft(desk.journal, PAYMENT)
    assert draft == desk.draft(lease, 0, 1) and at == desk.now.at


def test_an_approved_payment_still_becomes_tickets_after_a_crash(desk):
    lease = desk.grant("a0 a1")
    store.hold(desk.journal, ((lease.id, 0), (lease.id, 1)))
    store.keep_draft(desk.journal, PAYMENT, desk.draft(lease, 0, 1), desk.now)
    desk.payment_row(PayState.APPROVED)
    desk.reboot()
    draft, _ = store.read_draft(desk.journal, PAYMENT)
    assert isinstance(desk.sell(draft), Ok)
    (sale,) = desk.journal.read("SELECT order_id FROM sale WHERE payment_id = ?", (PAYMENT,))
    assert sale["order_id"] == draft.order_id
    assert store.read_draft(desk.journal, PAYMENT) is None


def test_giving_back(desk):
    lease = desk.grant("a0 a1 a2", visitor=True)
    store.hold(desk.journal, ((lease.id, 1),))
    keys = tuple((lease.id, slot) for slot in range(3))
    assert store.give_back(desk.journal, keys, desk.now, desk.reading) == [lease.id]
    assert desk.facts(FactKind.SLOTS_RETURNED) == [{"lease_id": lease.id, "slots": [0, 2]}]
    assert desk.slots() == [(SlotState.RETURNED, SlotState.HELD, SlotState.RETURNED)]
    assert store.give_back(desk.journal, keys, desk.now, desk.reading) == [], "once"
    assert not store.hold(desk.journal, ((lease.id, 0),)), "never sold again"


def test_a_draining_lease_is_sealed_once_no_cart_needs_it(desk):
    lease = desk.grant("a0 a1 a2")
    store.hold(desk.journal, ((lease.id, 1),))
    desk.feed(desk.row(lease, LeaseState.DRAINING))
    assert not store.read_leases(desk.journal)[0].selling
    assert store.seal_leases(desk.journal, desk.now, desk.reading, desk.now.at) == []
    desk.sell(desk.draft(lease, 1))
    assert store.seal_leases(desk.journal, desk.now, desk.reading, desk.now.at) == [lease.id]
    assert desk.facts(FactKind.LEASE_SEALED) == [{"lease_id": lease.id, "sold": [1]}]
    assert store.seal_leases(desk.journal, desk.now, desk.reading, desk.now.at) == []
    desk.feed(desk.row(lease, LeaseState.ACTIVE))
    assert store.read_leases(desk.journal) == (), "an older row does not open it again"


def test_an_answer_given_once_more_does_not_wake_a_draining_lease(desk):
    """Central repeats its first answer to a question whose answer was lost; meanwhile it wants the lease back."""
    lease = desk.grant("a0 a1")
    desk.feed(desk.row(lease, LeaseState.DRAINING))
    desk.feed(desk.row(lease, LeaseState.ACTIVE))
    assert [held.selling for held in store.read_leases(desk.journal)] == [False]


def test_a_lease_whose_time_is_over_is_sealed(desk):
    lease = desk.grant("a0")
    assert store.seal_leases(desk.journal, desk.now, desk.reading, lease.sell_until) == [lease.id]


def test_only_genuine_leases_for_this_device_that_it_asked_for(desk, house):
    good = house.lease("a0")
    stranger = replace(house.lease("a1", "theirs"), device_id=derived_id("another kiosk"))
    forged = house.lease("a2", "forged")
    for lease in (good, stranger, forged):
        store.note_ask(desk.journal, lease.id, visitor=False)
    pushed = house.lease("a3", "pushed")
    desk.feed(
        {"text": "{}", "kid": "", "state": "nonsense"},
        desk.row(stranger),
        desk.row(forged, signer=desk.signer),  # a key that may sell, but not speak for central
        {**desk.row(house.lease("a4", "altered")), "text": dump(house.lease("a5", "altered")).decode()},
        None,
        desk.row(good),
        desk.row(pushed),
    )
    assert [(held.lease.id, held.selling) for held in store.read_leases(desk.journal)] in (
        [(good.id, True), (pushed.id, False)],
        [(pushed.id, False), (good.id, True)],
    )


def test_after_a_salvage_nothing_known_is_sold_and_no_number_used_twice(desk):
    lease = desk.grant("a0 a1")
    store.hold(desk.journal, ((lease.id, 0),))
    desk.sell(desk.draft(lease, 0))
    with desk.journal.transaction() as tx:
        tx.run("DELETE FROM counter")
    store.distrust(desk.journal, whole=True)
    assert [held.selling for held in store.read_leases(desk.journal)] == [False]
    with desk.journal.transaction() as tx:
        assert (tx.counter("receipt"), tx.counter("ticket:K1")) == (2, 2)
    store.distrust(desk.journal, whole=False)
    with desk.journal.transaction() as tx:
        assert tx.counter("receipt") == 1003
    assert store.seal_leases(desk.journal, desk.now, desk.reading, lease.sell_until) == [], "it cannot know the rest"


def test_two_drafts_of_one_payment_are_a_bug(desk):
    lease = desk.grant("a0 a1")
    desk.payment_row(PayState.SENT)
    store.keep_draft(desk.journal, PAYMENT, desk.draft(lease, 0), desk.now)
    with pytest.raises(sqlite3.IntegrityError):
        store.keep_draft(desk.journal, PAYMENT, desk.draft(lease, 1), desk.now)
