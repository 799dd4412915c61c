"""From a stored sale to what stands on paper. Pure: everything comes out of the sale, its leases and the catalogue."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from edge.kiosk.model import ListedPerformance
from edge.kiosk.text_table import SAID
from edge.kiosk.troubles import reference_of
from shared.ids import Id, derived_id
from shared.languages import named
from shared.texts import say
from shared.wire.facts import Sale, SaleLine
from shared.wire.leases import LeasedPlace
from shared.wire.printing import ClaimPrint, PrintJob, ReceiptLine, ReceiptPrint, TicketPrint

_FOOT = ("address", "siret", "vat_number", "mention")  # come first of the catalogue's mentions, in this order
_OF_ITS_OWN = "licence"  # the mention that stands in a line of its own
PlaceOf = Callable[[Id, int], LeasedPlace]


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who sells, by language: for the foot of every paper."""

    point_of_sale: Mapping[str, str]
    organiser: Mapping[str, str]
    contact: str


def job_id(sale: Sale, duplicate: int) -> Id:
    """The same job for the same paper, however often it is asked for."""
    return derived_id("print", sale.order_id, duplicate)


def ticket_job(
    sale: Sale,
    listed: ListedPerformance,
    place_of: PlaceOf,
    issuer: Issuer,
    sold_at: datetime,
    duplicate: int,
    lines: tuple[SaleLine, ...],
) -> PrintJob:
    """`lines`: those that are wanted on paper; a duplicate leaves out what certainly came out, and the receipt."""
    language, catalogue = sale.language, listed.catalogue
    foot = _foot(catalogue.mentions)
    order, timezone = sale.order_id[-8:], listed.performance.timezone
    tickets = tuple(_ticket(line, sale, listed, place_of, issuer, sold_at, foot) for line in lines)
    receipt = None
    if not duplicate:
        counted = Counter((_what(line, listed, place_of, language), line.price, line.vat_bp) for line in sale.lines)
        receipt = ReceiptPrint(
            number=sale.receipt,
            order=order,
            at=sold_at,
            timezone=timezone,
            currency=sale.currency,
            lines=tuple(ReceiptLine(text, n, price * n, vat) for (text, price, vat), n in counted.items()),
            payment=_paid(sale),
            organiser=_organiser(listed, issuer, language),
            point_of_sale=named(issuer.point_of_sale, language),
            mentions=foot,
        )
    return PrintJob(job_id(sale, duplicate), language, tickets, receipt, duplicate=bool(duplicate))


def claim_job(
    payment_id: Id, amount: int, currency: str, code: str, issuer: Issuer, language: str, at: datetime, timezone: str
) -> PrintJob:
    reference = reference_of(payment_id)
    claim = ClaimPrint(
        reference=reference,
        order=reference,
        at=at,
        timezone=timezone,
        amount=amount,
        currency=currency,
        code=code,
        point_of_sale=named(issuer.point_of_sale, language),
        organiser=named(issuer.organiser, language),
        contact=issuer.contact or named(issuer.organiser, language),
    )
    return PrintJob(derived_id("claim", payment_id), language, claim=claim)


def _ticket(
    line: SaleLine,
    sale: Sale,
    listed: ListedPerformance,
    place_of: PlaceOf,
    issuer: Issuer,
    sold_at: datetime,
    foot: tuple[str, ...],
) -> TicketPrint:
    language, performance, mentions = sale.language, listed.performance, listed.catalogue.mentions
    place = place_of(line.lease_id, line.slot)
    seat = next((seat for seat in listed.plan.seats if seat.id == place.seat_id), None)
    return TicketPrint(
        token=line.ticket,
        number=line.number,
        order=sale.order_id[-8:],
        event=named(performance.event_names, language),
        starts=performance.starts,
        timezone=performance.timezone,
        venue=named(performance.venue, language),
        category=_category(place, listed, language),
        tariff=_tariff(line, listed, language),
        zone=seat.zone if seat else "",
        row=seat.row if seat else "",
        seat=seat.number if seat else "",
        price=line.price,
        currency=sale.currency,
        sold_at=sold_at,
        point_of_sale=named(issuer.point_of_sale, language),
        organiser=_organiser(listed, issuer, language),
        licence=mentions.get(_OF_ITS_OWN, ""),
        mentions=foot,
        doors=performance.doors,
    )


def _foot(mentions: Mapping[str, str]) -> tuple[str, ...]:
    """All that the house says, also what this version of the kiosk has never heard of."""
    others = sorted(mentions.keys() - {*_FOOT, _OF_ITS_OWN})
    return tuple(mentions[name] for name in (*_FOOT, *others) if name in mentions)


def _organiser(listed: ListedPerformance, issuer: Issuer, language: str) -> str:
    return named(listed.catalogue.organiser or issuer.organiser, language)


def _what(line: SaleLine, listed: ListedPerformance, place_of: PlaceOf, language: str) -> str:
    place = place_of(line.lease_id, line.slot)
    parts = (
        named(listed.performance.event_names, language),
        _category(place, listed, language),
        _tariff(line, listed, language),
    )
    return " · ".join(part for part in parts if part)


def _category(place: LeasedPlace, listed: ListedPerformance, language: str) -> str:
    found = next((each for each in listed.catalogue.categories if each.id == place.category_id), None)
    return named(found.names, language) if found else ""


def _tariff(line: SaleLine, listed: ListedPerformance, language: str) -> str:
    found = next((each for each in listed.catalogue.tariffs if each.id == line.tariff_id), None)
    return named(found.names, language) if found else ""


def _paid(sale: Sale) -> str:
    if not sale.payments:
        return say(SAID, sale.language, "free")
    references = ", ".join(payment.reference for payment in sale.payments if payment.reference)
    return f"{say(SAID, sale.language, 'card')} {references}".strip()
