"""Visits at the kiosk, told as the visitor and the wires tell them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.kiosk.core import DONE_FOR, IDLE_AFTER, WARN_FOR, step
from edge.kiosk.model import (
    AccessToggled,
    AskLease,
    Back,
    BestAsked,
    Blocked,
    CancelPayment,
    Cart,
    CategoryChosen,
    GiveBack,
    HoldSlots,
    Kiosk,
    LanguageChosen,
    LeaseRefused,
    LeasesChanged,
    Link,
    LinkChanged,
    Next,
    PaymentChanged,
    PayState,
    PerformanceChosen,
    PrintAnswered,
    PrintChanged,
    PrintClaim,
    PrintStage,
    PrintTickets,
    ProgrammeChanged,
    QuantityChosen,
    SaleFailed,
    SaleStored,
    Screen,
    SeatToggled,
    StartOver,
    StartPayment,
    StoreSale,
    TariffChosen,
    TellPrinter,
    Ticked,
    Touched,
    VoidPayment,
)
from edge.kiosk.selection import wanted_leases
from edge.kiosk.troubles import Busy, MoneyText, Notice, TroubleCode, trouble
from shared.ids import derived_id
from shared.languages import LANGUAGES
from shared.wire.facts import Sale, SaleLine, SalePayment
from shared.wire.leases import SlotState
from tests.waiting import CALM

PAYMENT = derived_id("payment")


def played(kiosk, *events):
    """The state after the events, and every effect on the way."""
    effects = []
    for event in events:
        kiosk, more = step(kiosk, event)
        effects += more
    return kiosk, effects


def chosen(kiosk):
    return [place.seat_id for place in kiosk.cart.places]


def sale_of(cart, payment_id=PAYMENT):
    lines = tuple(
        SaleLine(p.lease_id, p.slot, p.tariff_id, 100, 550, "TOKEN", f"K1-{n:06d}") for n, p in enumerate(cart.places)
    )
    payments = (SalePayment(payment_id, "card", 100 * len(lines)),) if payment_id else ()
    return Sale(derived_id("order", *chosen_keys(cart)), 1, cart.performance_id, "EUR", lines, payments)


def chosen_keys(cart):
    return [f"{place.lease_id}/{place.slot}" for place in cart.places]


def at_summary(house, *leases):
    kiosk = house.kiosk(*(leases or (house.held("a0 a1 a2 a3"),)))
    kiosk, effects = played(kiosk, Touched(), PerformanceChosen(house.performance_id), Next(), Next())
    assert kiosk.screen is Screen.SUMMARY
    return kiosk, effects


def paying(house):
    kiosk, _ = at_summary(house)
    kiosk, effects = played(kiosk, Next(), PaymentChanged(PAYMENT, PayState.CREATED))
    return kiosk, effects


def printing(house):
    kiosk, _ = paying(house)
    kiosk, effects = played(kiosk, PaymentChanged(PAYMENT, PayState.APPROVED, "42"))
    return played(kiosk, SaleStored(sale_of(effects[0].cart)))


def test_two_best_seats_out_of_stock_paid_and_printed(house):
    kiosk, effects = at_summary(house)
    assert set(chosen(kiosk)) <= {house.seat(f"a{i}") for i in range(4)} and len(chosen(kiosk)) == 2
    assert not [e for e in effects if isinstance(e, AskLease)], "stock is sold without asking anybody"
    assert effects[-1] == HoldSlots(tuple((p.lease_id, p.slot) for p in kiosk.cart.places))
    assert [place.tariff_id for place in kiosk.cart.places] == [house.full, house.full]

    kiosk, effects = played(kiosk, Next())
    assert (kiosk.screen, effects) == (Screen.PAYING, [StartPayment(6000, "EUR")])
    kiosk, effects = played(
        kiosk,
        PaymentChanged(PAYMENT, PayState.CREATED),
        PaymentChanged(PAYMENT, PayState.SENT),
        PaymentChanged(PAYMENT, PayState.APPROVED, "42"),
    )
    assert (kiosk.screen, effects) == (Screen.PRINTING, [StoreSale(kiosk.cart, PAYMENT)])
    sale = sale_of(kiosk.cart)
    kiosk, effects = played(kiosk, SaleStored(sale))
    assert effects == [PrintTickets(sale)]
    assert kiosk.leases[0].slots.count(SlotState.SOLD) == 2
    kiosk, _ = played(kiosk, PrintChanged(PrintStage.SENT), PrintChanged(PrintStage.CONFIRMED, 2))
    assert (kiosk.screen, kiosk.printed) == (Screen.DONE, 2)
    kiosk, _ = played(kiosk, Ticked(house.noon + DONE_FOR))
    assert (kiosk.screen, kiosk.cart, kiosk.sale, kiosk.pay_state) == (Screen.IDLE, None, None, None)


def test_free_places_need_no_payment(house):
    kiosk = house.kiosk(house.held("b0 b1"), online=False)
    kiosk, effects = played(
        kiosk, Touched(), PerformanceChosen(house.performance_id), Next(), TariffChosen(0, house.child),
        TariffChosen(1, house.child), Next(), Next(),
    )  # fmt: skip
    assert kiosk.screen is Screen.PRINTING and effects[-1] == StoreSale(kiosk.cart, None)
    assert not [e for e in effects if isinstance(e, StartPayment)]


def test_seats_that_are_not_held_are_asked_of_central(house):
    kiosk, effects = played(house.kiosk(), Touched(), PerformanceChosen(house.performance_id), Next())
    assert kiosk.busy == Busy.LEASE and kiosk.screen is Screen.SEATS
    assert effects == [AskLease(house.performance_id, seats=tuple(chosen(kiosk)))]
    assert played(kiosk, Next(), SeatToggled(house.seat("b1"))) == (played(kiosk, Touched())[0], []), "one ask only"
    granted = house.held("a2 a3", "visitor", visitor=True)
    other, _ = played(kiosk, LeasesChanged((house.held("b0 b1"),)))
    assert other.busy == Busy.LEASE, "another lease came: still waiting"
    kiosk, effects = played(kiosk, LeasesChanged((granted,)))
    assert kiosk.screen is Screen.TARIFFS and not kiosk.busy
    assert effects == [HoldSlots(((granted.lease.id, 0), (granted.lease.id, 1)))]
    kiosk, effects = played(kiosk, StartOver())
    assert kiosk.screen is Screen.IDLE
    assert effects == [HoldSlots(()), GiveBack(((granted.lease.id, 0), (granted.lease.id, 1)))]
    assert kiosk.leases[0].slots == (SlotState.RETURNED, SlotState.RETURNED)


def test_a_lease_that_comes_after_its_visitor_left_goes_back(house):
    kiosk, _ = played(house.kiosk(), Touched(), PerformanceChosen(house.performance_id), Next(), StartOver())
    late = house.held("a1 a2", "visitor", visitor=True)
    kiosk, effects = played(kiosk, LeasesChanged((house.held("b0"), late)))
    assert effects == [GiveBack(((late.lease.id, 0), (late.lease.id, 1)))], "standing stock stays"


def test_refused_seats_leave_the_choice(house):
    kiosk, _ = played(house.kiosk(), Touched(), PerformanceChosen(house.performance_id), Next())
    stale, _ = played(kiosk, LeaseRefused(Notice.SEAT_TAKEN, (house.seat("b5"),)))
    assert stale.busy == Busy.LEASE, "an answer to an earlier visitor's question changes nothing"
    kiosk, _ = played(kiosk, LeaseRefused(Notice.SEAT_TAKEN))
    assert (kiosk.screen, kiosk.busy, kiosk.notice, chosen(kiosk)) == (Screen.SEATS, "", Notice.SEAT_TAKEN, [])


def test_offline_only_own_stock_is_offered(house):
    kiosk = house.kiosk(house.held("b0 b1"), online=False)
    kiosk, effects = played(kiosk, Touched(), PerformanceChosen(house.performance_id))
    assert set(chosen(kiosk)) == {house.seat("b0"), house.seat("b1")}
    kiosk, effects = played(kiosk, SeatToggled(house.seat("a1")))
    assert kiosk.notice == Notice.OFFLINE and effects == []
    kiosk, _ = played(kiosk, QuantityChosen(3))
    assert kiosk.notice == Notice.NOT_ENOUGH


def test_the_line_is_cut_before_the_seats_were_asked_for(house):
    kiosk, effects = played(
        house.kiosk(), Touched(), PerformanceChosen(house.performance_id), LinkChanged(Link.OFFLINE), Next()
    )
    assert (kiosk.screen, kiosk.notice, chosen(kiosk)) == (Screen.SEATS, Notice.OFFLINE, [])
    assert not [e for e in effects if isinstance(e, AskLease)]


def test_picking_on_the_plan(house):
    kiosk, _ = played(house.kiosk(house.held("a0 a1 a2 a3")), Touched(), PerformanceChosen(house.performance_id))
    for seat in list(chosen(kiosk)):
        kiosk, _ = played(kiosk, SeatToggled(seat))
    assert chosen(kiosk) == [] and SlotState.HELD not in kiosk.leases[0].slots
    kiosk, _ = played(kiosk, Next())
    assert (kiosk.screen, kiosk.notice) == (Screen.SEATS, Notice.CHOOSE_SEATS)
    kiosk, _ = played(kiosk, *(SeatToggled(house.seat(f"b{i}")) for i in range(5)))
    assert len(chosen(kiosk)) == 4 and kiosk.notice == Notice.TOO_MANY
    kiosk, _ = played(kiosk, CategoryChosen(house.a), QuantityChosen(3), BestAsked())
    assert len(chosen(kiosk)) == 3 and set(chosen(kiosk)) <= {house.seat(f"a{i}") for i in range(4)}
    kiosk, _ = played(kiosk, SeatToggled(derived_id("no such seat")))
    assert len(chosen(kiosk)) == 3
    taken, _ = played(house.kiosk(taken="b3"), Touched(), PerformanceChosen(house.performance_id))
    taken, _ = played(taken, SeatToggled(house.seat("b3")))
    assert taken.notice == Notice.SEAT_TAKEN


@pytest.mark.parametrize(
    "end, screen, notice",
    [
        (PaymentChanged(PAYMENT, PayState.DECLINED, code="T-03"), Screen.SUMMARY, Notice.DECLINED),
        (PaymentChanged(PAYMENT, PayState.DECLINED, code="T-04"), Screen.SUMMARY, Notice.CANCELLED),
        (PaymentChanged(PAYMENT, PayState.DECLINED, code="T-01"), Screen.SUMMARY, Notice.TERMINAL),
        (PaymentChanged(derived_id("another"), PayState.APPROVED), Screen.PAYING, ""),
        (PaymentChanged(PAYMENT, PayState.SENT), Screen.PAYING, ""),
    ],
)
def test_ends_of_a_payment_that_charge_nothing(house, end, screen, notice):
    kiosk, _ = paying(house)
    kiosk, effects = played(kiosk, end)
    assert (kiosk.screen, kiosk.notice, effects) == (screen, notice, [])
    assert len(kiosk.cart.places) == 2


def test_an_unknown_payment_is_asked_about_and_never_started_again(house):
    kiosk, _ = paying(house)
    kiosk, effects = played(
        kiosk, PaymentChanged(PAYMENT, PayState.SENT), PaymentChanged(PAYMENT, PayState.UNKNOWN), Next(), Back(),
        StartOver(), Touched(), Ticked(house.noon + timedelta(hours=1)),
    )  # fmt: skip
    assert (kiosk.screen, kiosk.busy, effects) == (Screen.PAYING, Busy.CHECKING, [])
    review, effects = played(kiosk, PaymentChanged(PAYMENT, PayState.REVIEW))
    assert review.screen is Screen.PROBLEM and review.trouble.code == TroubleCode.PAYMENT_UNKNOWN
    assert review.trouble.money == MoneyText.UNKNOWN
    assert effects == [PrintClaim(PAYMENT, 6000, "EUR", TroubleCode.PAYMENT_UNKNOWN)]
    approved, effects = played(kiosk, PaymentChanged(PAYMENT, PayState.APPROVED))
    assert approved.screen is Screen.PRINTING and effects == [StoreSale(kiosk.cart, PAYMENT)]


def test_cancelling_at_the_screen_is_asked_once(house):
    kiosk, _ = paying(house)
    kiosk, effects = played(kiosk, Back(), Back(), StartOver())
    assert (effects, kiosk.screen, kiosk.busy) == ([CancelPayment()], Screen.PAYING, Busy.CANCELLING)


def test_money_goes_back_when_the_sale_cannot_be_written(house):
    kiosk, _ = paying(house)
    kiosk, effects = played(kiosk, PaymentChanged(PAYMENT, PayState.APPROVED), SaleFailed())
    assert kiosk.trouble.code == TroubleCode.PAYING_BACK and effects[-1] == VoidPayment()
    again, effects = played(kiosk, PaymentChanged(PAYMENT, PayState.APPROVED), SaleFailed())
    assert (again, effects) == (kiosk, [])
    voided, _ = played(kiosk, PaymentChanged(PAYMENT, PayState.VOIDED))
    assert voided.trouble.code == TroubleCode.PAID_BACK and voided.trouble.money == MoneyText.RETURNED
    review, effects = played(kiosk, PaymentChanged(PAYMENT, PayState.REVIEW))
    assert review.trouble.code == TroubleCode.CLAIM and isinstance(effects[0], PrintClaim)
    gone, effects = played(kiosk, StartOver())
    assert gone.screen is Screen.IDLE and HoldSlots(()) not in effects, "held until the money is settled"
    assert SlotState.HELD in gone.leases[0].slots


def test_uncertain_paper_asks_the_visitor_and_reprints_as_a_duplicate_once(house):
    kiosk, _ = printing(house)
    asking, _ = played(kiosk, PrintChanged(PrintStage.UNCERTAIN, 1))
    assert asking.screen is Screen.PRINTING and asking.deadline is not None
    yes, effects = played(asking, PrintAnswered(True))
    assert (yes.screen, yes.printed, effects) == (Screen.DONE, 2, [TellPrinter(True)])
    no, effects = played(asking, PrintAnswered(False))
    assert effects == [TellPrinter(False), PrintTickets(kiosk.sale, duplicate=True)]
    again, effects = played(no, PrintChanged(PrintStage.UNCERTAIN))
    assert again.screen is Screen.PROBLEM and again.sale == kiosk.sale and effects == []
    assert again.trouble.code == TroubleCode.PRINT_FAILED and again.trouble.money == MoneyText.PAID


def test_paper_that_certainly_failed_leaves_the_codes_on_the_screen(house):
    kiosk, _ = printing(house)
    kiosk, _ = played(kiosk, PrintChanged(PrintStage.FAILED, code="P-01"))
    assert kiosk.screen is Screen.PROBLEM and kiosk.trouble.detail == {"printer": "P-01"}
    assert [line.ticket for line in kiosk.sale.lines] == ["TOKEN", "TOKEN"]


def test_nobody_touches_the_screen(house):
    kiosk, _ = played(house.kiosk(house.held("a1 a2")), Touched(), PerformanceChosen(house.performance_id))
    late = house.noon + IDLE_AFTER
    warned, _ = played(kiosk, Ticked(late))
    assert warned.warned and warned.screen is Screen.SEATS
    still_there, _ = played(warned, Touched())
    assert not still_there.warned and still_there.deadline == late + IDLE_AFTER
    gone, effects = played(warned, Ticked(late + WARN_FOR))
    assert gone.screen is Screen.IDLE and effects == [HoldSlots(())]
    assert SlotState.HELD not in gone.leases[0].slots


@pytest.mark.parametrize("stage", [paying, printing])
def test_money_and_paper_take_their_time(house, stage):
    kiosk, _ = stage(house)
    after, effects = played(kiosk, *(Ticked(house.noon + timedelta(minutes=m)) for m in range(60)))
    assert (after.screen, effects, after.warned) == (kiosk.screen, [], False)


def test_out_of_order_and_back(house):
    no_paper, no_terminal = trouble(TroubleCode.PAPER_OUT), trouble(TroubleCode.TERMINAL_GONE)
    kiosk, _ = played(house.kiosk(), Blocked((no_terminal, no_paper)))
    assert kiosk.screen is Screen.OUT_OF_ORDER and kiosk.blockers == (no_paper, no_terminal), "most important first"
    assert played(kiosk, Touched(), Next())[0].screen is Screen.OUT_OF_ORDER
    assert played(kiosk, Blocked(()))[0].screen is Screen.IDLE


@pytest.mark.parametrize("stage", [paying, printing])
def test_a_fault_never_interrupts_money_or_paper(house, stage):
    kiosk, _ = stage(house)
    after, effects = played(kiosk, Blocked((trouble(TroubleCode.PAPER_OUT),)))
    assert (after.screen, effects) == (kiosk.screen, [])


def test_no_money_is_asked_for_when_the_paper_is_out(house):
    kiosk, _ = at_summary(house)
    kiosk, effects = played(kiosk, Blocked((trouble(TroubleCode.PAPER_OUT),)), Next())
    assert kiosk.screen is Screen.PROBLEM and kiosk.trouble.money == MoneyText.NONE
    assert not [e for e in effects if isinstance(e, StartPayment)]
    assert played(kiosk, Next())[0].screen is Screen.OUT_OF_ORDER


def test_a_performance_whose_sale_is_over_is_not_sold(house):
    over = house.noon + timedelta(hours=8)
    kiosk, _ = played(
        house.kiosk(house.held("a1 a2")), Touched(), Ticked(over), PerformanceChosen(house.performance_id)
    )
    assert (kiosk.screen, kiosk.notice) == (Screen.PERFORMANCES, Notice.CLOSED)
    kiosk, _ = at_summary(house)
    kiosk, effects = played(replace(kiosk, now=over), Next())
    assert (kiosk.screen, kiosk.notice, effects) == (Screen.PERFORMANCES, Notice.CLOSED, [HoldSlots(())])


def test_nothing_is_sold_out_of_a_lease_whose_time_is_over(house):
    """Central may give its places to others then, though the performance is still on sale."""
    held = house.held("a0 a1 a2 a3")
    over = replace(held, lease=replace(held.lease, sell_until=house.noon))
    for lease, sells in ((held, True), (over, False)):
        kiosk, _ = played(house.kiosk(lease, online=False), Touched(), PerformanceChosen(house.performance_id))
        assert bool(chosen(kiosk)) == sells


def test_a_cancelled_performance_leaves_the_screen_but_not_a_payment(house):
    listed = house.listed()
    gone = ProgrammeChanged((replace(listed, performance=replace(listed.performance, cancelled=True)),))
    kiosk, _ = at_summary(house)
    assert played(kiosk, gone)[0].screen is Screen.PERFORMANCES
    kiosk, _ = paying(house)
    assert played(kiosk, gone)[0].screen is Screen.PAYING


def test_a_place_lost_on_disk_is_told_before_money_is_asked_for(house):
    kiosk, _ = at_summary(house)
    stock = house.held("a0 a1 a2 a3")
    kiosk, _ = played(kiosk, LeasesChanged((replace(stock, slots=(SlotState.SOLD,) * 4),)))
    assert (kiosk.screen, kiosk.notice) == (Screen.SEATS, Notice.PLACES_LOST)


def test_languages_and_large_type_anywhere(house):
    kiosk, _ = played(house.kiosk(), LanguageChosen("de"))
    assert (kiosk.screen, kiosk.language) == (Screen.PERFORMANCES, "de")
    kiosk, _ = played(kiosk, AccessToggled("large"), AccessToggled("contrast"), LanguageChosen("xx"))
    assert (kiosk.large, kiosk.contrast, kiosk.language) == (True, True, "de")
    kiosk, _ = played(kiosk, StartOver())
    assert (kiosk.large, kiosk.contrast, kiosk.language) == (False, False, "fr")
    middle, _ = paying(house)
    assert played(middle, LanguageChosen("it"))[0].screen is Screen.PAYING


def test_a_sale_that_a_crash_left_unprinted_is_printed_at_start(house):
    kiosk, _ = at_summary(house)
    sale = replace(sale_of(kiosk.cart), language="es")
    starting, _ = played(replace(house.kiosk(), screen=Screen.OUT_OF_ORDER), SaleStored(sale))
    assert (starting.screen, starting.language) == (Screen.PRINTING, "es")


def test_stock_is_topped_up_below_the_low_water_mark(house):
    asks = wanted_leases(house.kiosk(house.held("a0 a1 a2 a3")))
    assert asks == [AskLease(house.performance_id, category_id=house.b, quantity=8)]
    visitor = house.held("b0 b1 b2 b3", "visitor", visitor=True)
    assert wanted_leases(house.kiosk(house.held("a0 a1 a2 a3"), visitor)) == asks, "a visitor's lease is no stock"
    assert wanted_leases(house.kiosk(house.held("a0 a1 a2 a3"), taken="b0 b1 b2 b3 b4 b5")) == [], "none to be had"
    assert wanted_leases(house.kiosk(online=False)) == []
    assert wanted_leases(house.kiosk(taken=" ".join(f"{r}{i}" for r in "ab" for i in range(6)))) == []
    assert wanted_leases(replace(house.kiosk(), now=None)) == []


def test_wheelchair_places_are_proposed_to_who_asks_and_never_kept_as_stock(house):
    listed = house.listed()
    chairs = {house.seat("b0"): {"wheelchair": True}, house.seat("b1"): {"companion": True}}
    seats = tuple(
        replace(seat, **chairs.get(seat.id, {"wheelchair": True} if seat.row == "B" else {}))
        for seat in listed.plan.seats
    )
    kiosk = replace(house.kiosk(), programme=(replace(listed, plan=replace(listed.plan, seats=seats)),))
    assert [ask.category_id for ask in wanted_leases(kiosk)] == [house.a]
    kiosk, _ = played(kiosk, Touched(), PerformanceChosen(house.performance_id))
    assert set(chosen(kiosk)) <= {house.seat(f"a{i}") for i in range(6)}
    kiosk, _ = played(kiosk, CategoryChosen(house.b))
    assert len(chosen(kiosk)) == 2 and house.seat("b1") in chosen(kiosk), "one chair, one beside it"


# any event in any state


class Shell:
    """A disk and a central that do as they should; hypothesis decides when, and what the visitor does."""

    def __init__(self, house):
        self.leases = {"stock": house.held("a0 a1 b0 b1")}
        self.house, self.asked, self.sold, self.payments, self.drafts = house, [], [], 0, []
        self.stored, self.kiosk, self.open = None, house.kiosk(*self.leases.values()), None

    def put(self, keys, state, was):
        for name, held in self.leases.items():
            slots = tuple(
                state if (held.lease.id, k) in keys and now in was else now for k, now in enumerate(held.slots)
            )
            self.leases[name] = replace(held, slots=slots)

    def send(self, event):
        before = self.kiosk
        self.kiosk, effects = step(self.kiosk, event)
        for effect in effects:
            self.carry_out(before, event, effect)

    def carry_out(self, before, event, effect):
        match effect:
            case HoldSlots(keys):
                every = {(h.lease.id, k) for h in self.leases.values() for k in range(len(h.slots))}
                self.put(every - set(keys) - set(self.drafts), SlotState.FREE, {SlotState.HELD})
                self.put(set(keys), SlotState.HELD, {SlotState.FREE})
            case GiveBack(keys):
                assert keys and all(key[0] != self.leases["stock"].lease.id for key in keys)
                self.put(set(keys), SlotState.RETURNED, {SlotState.FREE})
            case AskLease():
                self.asked.append(effect.seats)
            case StartPayment(amount):
                assert isinstance(event, Next) and before.screen is Screen.SUMMARY, "only a touch starts a payment"
                assert self.open is None, "never two payments at a time"
                assert amount > 0 and not before.blockers
                assert all(self.state(key) is SlotState.HELD for key in self.in_cart()), "every place held"
                self.payments += 1
                self.open, self.drafts = derived_id("p", self.payments), list(self.in_cart())
            case StoreSale(cart, payment_id):
                assert payment_id == self.open
                keys = [(place.lease_id, place.slot) for place in cart.places]
                assert keys and not set(keys) & set(self.sold), "never a slot twice"
                assert all(self.state(key) is SlotState.HELD for key in keys)
                self.sold += keys
                self.put(set(keys), SlotState.SOLD, {SlotState.HELD})
                self.stored, self.open, self.drafts = sale_of(cart, payment_id), None, []
            case PrintTickets(sale):
                assert sale == self.stored, "never paper without a stored sale"

    def in_cart(self):
        return [(place.lease_id, place.slot) for place in self.kiosk.cart.places]

    def state(self, key):
        return next((h.slots[key[1]] for h in self.leases.values() if h.lease.id == key[0]), None)

    def lease_arrives(self):
        if self.asked:
            names = {self.house.seat(f"{r}{i}"): f"{r}{i}" for r in "ab" for i in range(6)}
            taken = {place.seat_id for held in self.leases.values() for place in held.lease.places}
            seats, name = self.asked.pop(0), f"visitor {len(self.leases)}"
            if taken & set(seats):
                return self.send(LeaseRefused(Notice.SEAT_TAKEN, seats))
            self.leases[name] = self.house.held(" ".join(names[s] for s in seats), name, visitor=True)
        return self.send(LeasesChanged(tuple(self.leases.values())))

    def payment_ends(self, state):
        if self.open:
            payment_id = self.open
            self.send(PaymentChanged(payment_id, PayState.CREATED))
            if state is not PayState.APPROVED:
                self.open, self.drafts = None, []
            self.send(PaymentChanged(payment_id, state))


def events(house):
    seats = st.sampled_from([house.seat(f"{r}{i}") for r in "ab" for i in range(6)])
    return st.one_of(
        st.sampled_from([Touched(), Next(), Next(), Next(), Back(), StartOver(), BestAsked(), SaleFailed()]),
        st.just(PerformanceChosen(house.performance_id)),
        st.builds(SeatToggled, seats),
        st.builds(QuantityChosen, st.integers(-1, 6)),
        st.builds(CategoryChosen, st.sampled_from([None, house.a, house.b, house.full])),
        st.builds(TariffChosen, st.integers(-1, 4), st.sampled_from([house.full, house.child, house.a])),
        st.builds(LanguageChosen, st.sampled_from([*LANGUAGES, "xx"])),
        st.builds(LinkChanged, st.sampled_from(Link)),
        st.builds(PrintAnswered, st.booleans()),
        st.builds(PrintChanged, st.sampled_from(PrintStage)),
        st.builds(PaymentChanged, st.just(PAYMENT), st.sampled_from(PayState)),
        st.builds(LeaseRefused, st.just(Notice.NO_ANSWER)),
        st.builds(Blocked, st.sampled_from([(), (trouble(TroubleCode.PAPER_OUT),)])),
        st.builds(ProgrammeChanged, st.sampled_from([(), (house.listed(),), (house.listed("a3 a4"),)])),
        st.builds(lambda s: Ticked(house.noon + timedelta(seconds=s)), st.integers(0, 600)),
        st.sampled_from(["lease", "stored", PayState.APPROVED, PayState.APPROVED, PayState.DECLINED, PayState.REVIEW]),
    )


@settings(max_examples=300, suppress_health_check=[*CALM, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_happens_in_any_order(house, data):
    shell = Shell(house)
    for event in data.draw(st.lists(events(house), min_size=5, max_size=60)):
        if event == "lease":
            shell.lease_arrives()
        elif event == "stored" and shell.stored:
            shell.send(SaleStored(shell.stored))
        elif isinstance(event, PayState):
            shell.payment_ends(event)
        elif not isinstance(event, str):
            shell.send(event)
        if shell.kiosk.screen is Screen.PAYING:
            assert all(shell.state(key) is SlotState.HELD for key in shell.in_cart())
        if shell.kiosk.screen in (Screen.IDLE, Screen.OUT_OF_ORDER, Screen.PERFORMANCES):
            assert shell.kiosk.cart is None


@settings(max_examples=200, suppress_health_check=[*CALM, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_event_has_an_answer_in_every_state(house, data):
    """States that no honest shell would make: the answer need not be wise, but there is one."""
    held = house.held("a0 a1 b0")
    kiosk = replace(
        house.kiosk(replace(held, slots=data.draw(st.tuples(*[st.sampled_from(SlotState)] * 3)))),
        screen=data.draw(st.sampled_from(Screen)),
        cart=data.draw(st.sampled_from([None, Cart(house.performance_id), Cart(derived_id("unknown"))])),
        pay_state=data.draw(st.sampled_from([None, *PayState])),
        payment_id=data.draw(st.sampled_from([None, PAYMENT])),
        print_state=data.draw(st.sampled_from([None, *PrintStage])),
        now=data.draw(st.sampled_from([None, house.noon])),
        busy=data.draw(st.sampled_from(["", *Busy])),
    )
    for event in data.draw(st.lists(events(house), max_size=8)):
        if not isinstance(event, str):
            kiosk, effects = step(kiosk, event)
            assert isinstance(kiosk, Kiosk) and isinstance(effects, list)
