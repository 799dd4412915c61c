"""Selling. One seat's order is the path that an on-sale runs thousands of times a minute: every statement here is
measured (benchmarks/orders.py), and each line says a thing once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from central.inventory.model import AllocationState, Hold, HoldDo, NoPlace, NoSale, PlaceDo
from central.inventory.places import Holder, SeatToTake, end_hold, gone_already, move_on, take_counted, take_seats
from central.inventory.reads import ForSale, SellingTerms, counted_for_sale, seats_for_sale
from central.inventory.selling_terms import for_sale, terms_of_sale
from central.kernel.entity import Between, Look, Loose, Reach, Ref
from central.kernel.registry import answers, handles
from central.kernel.tx import Read, Tx
from central.orders.holds import held_by, hold_to_sell
from central.orders.model import (
    NoOrder,
    Order,
    OrderLine,
    OrdersPrivilege,
    PaymentMethod,
    Ticket,
)
from central.orders.reads import as_sold
from central.orders.sale_rows import OrderHead, Paid, SoldPlace, ticket_id, write_sale
from central.pricing.reads import asks_proof
from shared.ids import Id, near_id
from shared.outcome import Ok, Outcome, Refused
from shared.rules.numbering import CENTRAL_DIGITS, ticket_number
from shared.rules.pricing import price
from shared.wire.feeds import FeedFamily, TicketRow, feed_name
from shared.wire.token import Flag, asking, barcode_text, parse

# --- an order over the counter or the API ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WantedPlace:
    """A seat, or one counted place of a gauge, at a tariff: one of the two is named."""

    tariff_id: Annotated[Id, Ref("tariff"), Reach.WITHIN]
    seat_id: Annotated[Id, Ref("physical_seat"), Reach.WITHIN] | None = None
    gauge_id: Annotated[Id, Ref("gauge"), Reach.WITHIN] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """Sells places of one performance at a point of sale, paid in full; those that `hold_id` keeps are sold out of it.
    `amount` is what was taken, in minor units: a
    client that computed another total than ours is refused before anything is sold."""

    order_id: Annotated[Id, Ref("sale_order"), Reach.OWN]
    point_of_sale_id: Annotated[Id, Ref("point_of_sale")]
    performance_id: Annotated[Id, Ref("performance")]
    places: Annotated[tuple[WantedPlace, ...], Between(most=999)]
    method: PaymentMethod
    amount: Annotated[int, Look.MONEY]
    reference: str = ""
    hold_id: Annotated[Id, Ref("hold"), Reach.WITHIN] | None = None
    contact_id: Annotated[Id, Loose("of a house's own list of contacts; nothing is read by it")] | None = None


@dataclass(frozen=True, slots=True)
class SoldTicket:
    ticket_id: Id
    number: str
    token: str
    seat_id: str
    price: int


@dataclass(frozen=True, slots=True)
class Sold:
    order_id: Id
    total: int
    currency: str
    tickets: tuple[SoldTicket, ...]


@handles(
    PlaceOrder,
    needs=OrdersPrivilege.ORDER_CREATE,
    at="point_of_sale_id",
    refuses=(NoSale, NoPlace, NoOrder),
    gives=Sold,
    gathered=True,
    side_by_side=True,
)
def place_order(tx: Tx, want: PlaceOrder) -> Outcome[Sold]:
    seats = [place.seat_id for place in want.places if place.seat_id]
    tariffs = {place.tariff_id for place in want.places}
    terms = terms_of_sale(tx, want.point_of_sale_id, want.performance_id, len(want.places), seats, tariffs)
    if isinstance(terms, Refused):
        return terms
    hold = hold_to_sell(tx, want.hold_id, want.performance_id, want.point_of_sale_id) if want.hold_id else None
    if isinstance(hold, Refused):
        return hold
    priced = _priced_places(tx, want, terms, seats)
    if isinstance(priced, Refused):
        return priced
    allocations = _taken(tx, want, terms, priced, hold)
    if isinstance(allocations, Refused):
        return allocations
    total = sum(each.price for each in priced)
    if total != want.amount:
        return Refused(NoOrder.WRONG_AMOUNT, fix="amount", detail={"total": total, "currency": terms.currency})
    if total and want.method is PaymentMethod.NONE:
        return Refused(NoOrder.NOT_PAID, fix="method", detail={"total": total, "currency": terms.currency})
    places = [_sold(tx, want, terms, each, allocation) for each, allocation in zip(priced, allocations, strict=True)]
    order = OrderHead(
        id=want.order_id,
        context_id=terms.organiser,
        channel_id=terms.channel,
        point_of_sale_id=want.point_of_sale_id,
        currency=terms.currency,
        total=total,
        placed=tx.now,
        contact_id=want.contact_id or (hold.contact_id if hold else None),
    )
    write_sale(tx, order, places, [Paid(tx.new_id("payment"), want.method, total, want.reference)])
    tickets = tuple(
        SoldTicket(place.entitlement_id, place.number, place.token, place.seat_id or "", place.price)
        for place in places
    )
    return Ok(Sold(order.id, total, terms.currency, tickets))


class _PricedPlace(NamedTuple):
    """What a wanted place is and costs on this channel."""

    wanted: WantedPlace
    place: ForSale
    price: int
    proof: bool

    @property
    def counts_as(self) -> tuple[Id, str]:
        return self.place.category_id, self.place.contingent_id


def _priced_places(tx: Tx, want: PlaceOrder, terms: SellingTerms, seats: Sequence[Id]) -> list[_PricedPlace] | Refused:
    there = seats_for_sale(tx, want.performance_id, seats)
    if gauges := {place.gauge_id for place in want.places if place.gauge_id}:
        there |= counted_for_sale(tx, want.performance_id, sorted(gauges))
    priced: list[_PricedPlace] = []
    for wanted in want.places:
        each = _priced(tx, terms, wanted, there)
        if isinstance(each, Refused):
            return each
        priced.append(each)
    return priced


def _priced(tx: Tx, terms: SellingTerms, wanted: WantedPlace, there: Mapping[Id, ForSale]) -> _PricedPlace | Refused:
    if wanted.seat_id and wanted.gauge_id:
        return Refused(NoSale.NO_SUCH_PLACE, fix="places", detail={"place": wanted.seat_id})
    named = wanted.seat_id or wanted.gauge_id or Id("")
    place = for_sale(tx, terms, named, there.get(named), "places")
    if isinstance(place, Refused):
        return place
    cost = price(terms.prices, place.category_id, wanted.tariff_id)
    if isinstance(cost, Refused):
        detail = {"category": place.category_id, "tariff": wanted.tariff_id}
        return Refused(NoSale.NO_PRICE, fix=terms.grid, detail=detail)
    return _PricedPlace(wanted, place, cost.value, wanted.tariff_id in terms.proofs)


def _taken(
    tx: Tx, want: PlaceOrder, terms: SellingTerms, priced: Sequence[_PricedPlace], hold: Hold | None
) -> list[Id] | Refused:
    """The allocations of these places, in their order, all sold to this order: what its hold keeps, and else what is
    free."""
    contact = want.contact_id or (hold.contact_id if hold else None)
    holder = Holder(want.order_id, terms.channel, contact)
    made: list[Id | None] = [None] * len(priced)
    refused = _out_of_hold(tx, hold, priced, holder, made) if hold else None
    if refused:
        return refused
    seats = [at for at, each in enumerate(priced) if made[at] is None and each.wanted.seat_id]
    if seats:
        numbered = [
            SeatToTake(each.wanted.seat_id or Id(""), *each.counts_as, each.wanted.tariff_id, each.place.taken)
            for each in map(priced.__getitem__, seats)
        ]
        if gone := gone_already(tx, want.performance_id, numbered):
            return gone
        taken = take_seats(tx, want.performance_id, numbered, AllocationState.SOLD, holder)
        if isinstance(taken, Refused):
            return taken
        for at, allocation in zip(seats, taken.value, strict=True):
            made[at] = allocation
    counted: dict[Id, list[int]] = {}
    for at, each in enumerate(priced):
        if made[at] is None and each.wanted.gauge_id:
            counted.setdefault(each.wanted.gauge_id, []).append(at)
    for gauge, places in counted.items():
        tariffs = [priced[at].wanted.tariff_id for at in places]
        held = take_counted(tx, gauge, tariffs, AllocationState.SOLD, holder)
        if isinstance(held, Refused):
            return held
        for at, one in zip(places, held.value, strict=True):
            made[at] = one.id
    return [each for each in made if each]


def _out_of_hold(
    tx: Tx, hold: Hold, priced: Sequence[_PricedPlace], holder: Holder, made: list[Id | None]
) -> Refused | None:
    """Sells those of the wanted places that the hold keeps; with its last place the hold is sold."""
    held = held_by(tx, hold.id)
    left = dict(held)
    for at, each in enumerate(priced):
        named = (each.wanted.seat_id, each.wanted.gauge_id)
        made[at] = next(
            (id for id, each in left.items() if (each.allocation.seat_id, each.allocation.gauge_id) == named), None
        )
        left.pop(made[at] or Id(""), None)
    tariffs = {sold: each.wanted.tariff_id for sold, each in zip(made, priced, strict=True) if sold}
    refused = move_on(tx, [held[sold] for sold in made if sold], PlaceDo.SELL, holder, tariffs)
    if refused is None and tariffs and not left:
        end_hold(tx, hold, HoldDo.SELL)
    return refused


def _sold(tx: Tx, want: PlaceOrder, terms: SellingTerms, each: _PricedPlace, allocation: Id) -> SoldPlace:
    """The place as a line, with its signed ticket."""
    entitlement = near_id(allocation, "entitlement")
    number = next_number(tx, terms.organiser, terms.organiser_code)
    return SoldPlace(
        entitlement_id=entitlement,
        performance_id=want.performance_id,
        site_id=terms.site,
        allocation_id=allocation,
        seat_id=each.wanted.seat_id,
        category_id=each.place.category_id,
        tariff_id=each.wanted.tariff_id,
        price=each.price,
        vat_bp=terms.vat_bp,
        zones=each.place.zones,
        entries=1,
        token=signed_token(tx, entitlement, 1, want.performance_id, each.place.zones, 1, each.proof),
        number=number,
    )


def next_number(tx: Tx, organiser: str, code: str) -> str:
    """The organiser's next ticket number: gap-free, because a refused or broken sale gives it back."""
    return ticket_number(code, tx.counter(f"ticket/{organiser}"), CENTRAL_DIGITS)


def signed_token(tx: Tx, entitlement: Id, serial: int, performance: Id, zones: int, entries: int, proof: bool) -> str:
    """The barcode's text under central's working key. `proof`: the tariff asks for one, so the gate does."""
    return barcode_text(tx.keys.signer, entitlement, serial, performance, zones, entries, asking(proof))


# --- reissue ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ReissueTicket:
    """A duplicate: the old barcode dies at every gate that hears of it, the new one carries the next serial."""

    entitlement_id: Annotated[Id, Ref("entitlement"), Reach.WITHIN]
    context_id: Annotated[Id, Ref("context")]


@handles(ReissueTicket, needs=OrdersPrivilege.TICKET_REISSUE, refuses=(NoOrder,), gives=SoldTicket)
def reissue_ticket(tx: Tx, want: ReissueTicket) -> Outcome[SoldTicket]:
    sold = as_sold(tx, want.entitlement_id)
    if sold is None or sold.organiser != want.context_id:
        return Refused(NoOrder.NO_SUCH_TICKET, fix="entitlement_id")
    newest = "SELECT serial, token FROM ticket WHERE entitlement_id = :id ORDER BY serial DESC LIMIT 1"
    ((last, text),) = tx.run(newest, id=want.entitlement_id)
    before, serial = parse(text), last + 1
    proof = Flag.PROOF in before.flags if before else bool(asks_proof(tx, [sold.tariff]))  # as sold, if anybody knows
    token = signed_token(tx, want.entitlement_id, serial, sold.performance, sold.zones, sold.entries, proof)
    number = next_number(tx, sold.organiser, sold.code)
    tx.insert(
        Ticket(
            id=ticket_id(want.entitlement_id, serial),
            entitlement_id=want.entitlement_id,
            serial=serial,
            number=number,
            token=token,
            issued=tx.now,
        )
    )
    tx.feed(feed_name(FeedFamily.TICKETS, sold.site), want.entitlement_id, TicketRow(sold.performance, serial))
    return Ok(SoldTicket(want.entitlement_id, number, token, sold.seat or "", sold.price))


# --- looking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOf:
    """One order with its tickets. `context_id` is the organiser."""

    context_id: Annotated[Id, Ref("context")]
    order_id: Annotated[Id, Ref("sale_order"), Reach.WITHIN]


@answers(OrderOf, needs=OrdersPrivilege.ORDER_READ, refuses=(NoOrder,), gives=dict[str, Any])
def order_of(read: Read, want: OrderOf) -> Outcome[dict[str, Any]]:
    order = read.get(Order, want.order_id)
    if order is None or order.context_id != want.context_id:
        return Refused(NoOrder.NO_SUCH_TICKET, fix="order_id")
    lines = read.find(OrderLine, "WHERE order_id = :id ORDER BY id", id=order.id)
    tickets = read.find(
        Ticket,
        "WHERE entitlement_id IN (SELECT e.id FROM entitlement e JOIN order_line l ON l.id = e.line_id "
        "WHERE l.order_id = :id) ORDER BY number",
        id=order.id,
    )
    return Ok({"order": order, "lines": lines, "tickets": tickets})
