"""A device's sale is booked as it was told, for money was taken, but for its VAT, which is the event's; whatever of it
is not as central would have sold it is an anomaly. Every field of a sale is either compared, or there is nothing that
it could be compared with."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from central.catalogue.model import PerformanceDo
from central.devices.leases import WriteOffLease
from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind
from central.kernel.crud import NoChange, command_of
from central.kernel.privileges import Action
from central.kernel.tx import Read
from central.orders.ops import ReissueTicket
from central.organisation.ops import CreateContext
from central.pricing.model import Tariff
from central.pricing.ops import CreatePriceGrid, CreateTariff, PriceCell, SetPrices
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from central.reports.checks import run_checks
from shared.ids import Id
from shared.wire.certificates import DeviceKind
from shared.wire.facts import FactKind, Sale, SaleLine, SalePayment
from shared.wire.leases import Lease
from shared.wire.token import Flag, asking, parse
from tests.central.devices.test_facts import Machine, enrol, kinds
from tests.central.small_house import FULL, STARTS, Clerk, House, new_id

DeleteTariff = command_of(Action.DELETE, Tariff)
Told = Callable[[Sale, Machine, Lease, Id], Sale]
"""Another sale than the true one; the id is of a tariff that has no price, and asks for a proof."""


def in_line(**other: Any) -> Told:
    return lambda sale, *_: replace(sale, lines=(replace(sale.lines[0], **other),))


def unpriced(price: int) -> Told:
    def told(sale: Sale, kiosk: Machine, lease: Lease, tariff: Id) -> Sale:
        proved = kiosk.token(lease, 0, flags=asking(True))
        line = replace(sale.lines[0], tariff_id=tariff, price=price, ticket=proved)
        return replace(sale, lines=(line,), payments=(SalePayment(new_id(), "card", price, ""),))

    return told


CARD, NOTHING = SalePayment(new_id(), "card", 1000, "A1"), SalePayment(new_id(), "none", 0, "")


def paid(*payments: SalePayment) -> Told:
    return lambda sale, *_: replace(sale, payments=payments)


def proof_asked(sale: Sale, kiosk: Machine, lease: Lease, tariff: Id) -> Sale:
    return in_line(ticket=kiosk.token(lease, 0, flags=asking(True)))(sale, kiosk, lease, tariff)


def no_proof_asked(sale: Sale, kiosk: Machine, lease: Lease, tariff: Id) -> Sale:
    return in_line(tariff_id=tariff)(sale, kiosk, lease, tariff)


COMPARED: dict[str, tuple[Told, list[str]]] = {
    "nothing": (lambda sale, *_: sale, []),
    "SaleLine.lease_id": (in_line(lease_id=new_id()), ["sale_without_lease", "token_not_its_own"]),
    "SaleLine.slot": (in_line(slot=7), ["sale_without_lease", "token_not_its_own"]),
    "SaleLine.price": (in_line(price=FULL - 1), ["amount_differs", "price_differs"]),
    "SaleLine.price, dearer": (in_line(price=FULL + 1), ["amount_differs", "price_differs"]),
    "SaleLine.tariff_id, without a price": (unpriced(1), ["price_differs"]),
    "SaleLine.tariff_id, for nothing": (unpriced(0), ["price_differs"]),
    "SaleLine.tariff_id, without its proof": (no_proof_asked, ["price_differs", "proof_differs"]),
    "SaleLine.vat_bp": (in_line(vat_bp=0), ["vat_differs"]),
    "SaleLine.vat_bp, higher": (in_line(vat_bp=2000), ["vat_differs"]),
    "SaleLine.ticket": (in_line(ticket="x"), ["token_not_its_own"]),
    "SaleLine.ticket, with a proof": (proof_asked, ["proof_differs"]),
    "SaleLine.number": (in_line(number="x"), ["number_not_its_own"]),
    "Sale.currency": (lambda sale, *_: replace(sale, currency="JPY"), ["currency_differs"]),
    "SalePayment.id, twice": (paid(CARD, replace(CARD, amount=FULL - 1000)), []),
    "SalePayment.amount": (paid(replace(CARD, amount=FULL - 1)), ["amount_differs"]),
    "SalePayment.method": (
        paid(replace(CARD, amount=FULL), replace(NOTHING, amount=1)),
        ["amount_differs"],
    ),
    "SalePayment.method, that is none for all of it": (paid(replace(NOTHING, amount=FULL)), ["amount_differs"]),
    "SalePayment.method, in cash": (paid(replace(CARD, method="cash", amount=FULL)), ["method_differs"]),
    "SalePayment.method, later": (paid(replace(CARD, method="deferred", amount=FULL)), ["method_differs"]),
    "Sale.lines, of which there are none": (
        lambda sale, *_: replace(sale, lines=(), payments=()),
        ["nothing_sold"],
    ),
    "Sale.payments": (lambda sale, *_: replace(sale, payments=()), ["amount_differs"]),
}
REFUSED_WHOLE = {"Sale.performance_id"}
"""What sells nothing of this house's (devices/sales.py, `DEAD`)."""
ITS_OWN = {
    "Sale.order_id": "made by the device; a twin's gets another",
    "Sale.receipt": "counted by the device alone, and told in any order",
    "Sale.language": "the visitor's choice",
    "Sale.lines": "each is compared",
    "SalePayment.reference": "the terminal's own",
    "SalePayment.terminal": "what the terminal printed",
}


def test_every_field_is_compared_or_nobodys_but_the_devices() -> None:
    told = {f"{kind.__name__}.{field.name}" for kind in (Sale, SaleLine, SalePayment) for field in fields(kind)}
    assert {name.partition(",")[0] for name in COMPARED} - {"nothing"} | REFUSED_WHOLE | {*ITS_OWN} == told


@pytest.fixture
def in_yen(quick: tuple[Clerk, House]) -> tuple[Clerk, House, Id]:
    """A house that keeps accounts in yen as well, and a tariff that is sold in no category."""
    clerk, house = quick
    grid, tariff = new_id(), new_id()
    clerk.do(CreateTariff(id=tariff, context_id=house.season, code="EXO", names={"fr": "Exo"}, rank=9, proof=True))
    prices = (PriceCell(house.seated, house.full, 3000),)
    clerk.do(
        CreatePriceGrid(
            id=grid, context_id=house.season, code="YEN", names={"fr": "Yen"}, currency="JPY", prices=prices
        )
    )
    performance, hours = new_id(), timedelta(hours=3)
    schedule = Schedule(STARTS, STARTS - hours, STARTS + hours, STARTS)
    clerk.do(
        CreatePerformance(
            id=performance, event_id=house.event, logical_configuration_id=house.logical, price_grid_id=grid,
            schedule=schedule,
        )
    )  # fmt: skip
    clerk.do(ChangeSale(performance_id=performance, do=PerformanceDo.OPEN))
    return clerk, house, tariff


@pytest.mark.parametrize("what", COMPARED)
def test_what_was_sold_otherwise_is_booked_and_shown(in_yen: tuple[Clerk, House, Id], what: str) -> None:
    clerk, house, tariff = in_yen
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    lease = kiosk.lease(house, house.seats[0])
    told, wanted = COMPARED[what]
    sale = told(kiosk.sale(house, lease, 0), kiosk, lease, tariff)
    assert kiosk.send(kiosk.saw(FactKind.SALE, sale))["dead"] == {}
    assert kinds(clerk, house) == wanted
    booked = clerk.rows("SELECT total, currency FROM sale_order")
    assert booked == [(sum(line.price for line in sale.lines), sale.currency)]
    assert sorted(clerk.rows("SELECT method, amount FROM payment")) == sorted(
        (p.method, p.amount) for p in sale.payments
    )
    assert clerk.rows("SELECT DISTINCT vat_bp FROM order_line") == [
        (bp,) for bp in sorted({each.vat_bp for each in sale.lines})
    ], "the books say what the paper says"


def test_numbers_that_are_none_are_one_tickets_each(quick: tuple[Clerk, House]) -> None:
    """Two sales, and two lines of one, with the same word for a number."""
    clerk, house = quick
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    lease = kiosk.lease(house, *house.seats[:3])
    for n, slots in enumerate([(0,), (1, 2)]):
        sale = kiosk.sale(house, lease, *slots, receipt=n)
        kiosk.send(
            kiosk.saw(FactKind.SALE, replace(sale, lines=tuple(replace(line, number="x") for line in sale.lines)))
        )
    assert clerk.rows("SELECT COUNT(DISTINCT number) FROM ticket") == [(3,)]
    checks = run_checks(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys))
    assert [check.name for check in checks if not check.ok] == []


def unpaid_for(clerk: Clerk, house: House) -> None:
    """The price of children is taken out of the list: nothing but a lease keeps their tariff."""
    clerk.do(SetPrices(grid_id=house.grid, prices=(PriceCell(house.seated, house.full, FULL),)))


def test_the_tariffs_of_a_lease_stay_when_it_is_written_off(quick: tuple[Clerk, House]) -> None:
    """What was sold out of it may be told at any time, and is booked then. Tariffs that do not serve its performance go
    away as before."""
    clerk, house = quick
    elsewhere, other = new_id(), new_id()
    clerk.do(
        CreateContext(
            id=elsewhere, context_id=house.organiser, kind=ContextKind.SEASON, code="S2", names={"fr": "S"}, settings={}
        )
    )
    clerk.do(CreateTariff(id=other, context_id=elsewhere, code="AUTRE", names={"fr": "A"}, rank=9, proof=False))
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    lease = kiosk.lease(house, house.seats[0])
    sale = in_line(tariff_id=house.child)(kiosk.sale(house, lease, 0), kiosk, lease, new_id())
    unpaid_for(clerk, house)
    clerk.do(WriteOffLease(lease_id=lease.id, reason="It fell into the river."))
    kept = clerk.no(DeleteTariff(id=house.child))
    assert kept.reason is NoChange.IN_USE and kept.detail["by"][0]["ids"] == [lease.id]
    clerk.do(DeleteTariff(id=other))
    assert kiosk.send(kiosk.saw(FactKind.SALE, sale))["dead"] == {}
    assert clerk.rows("SELECT COUNT(*), SUM(total) FROM sale_order") == [(1, FULL)]
    assert "sale_after_write_off" in kinds(clerk, house)


@pytest.mark.parametrize("proof", [True, False])
def test_a_duplicate_of_a_code_that_was_not_kept_asks_for_what_the_tariff_asks(
    in_yen: tuple[Clerk, House, Id], proof: bool
) -> None:
    clerk, house, tariff = in_yen
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    lease = kiosk.lease(house, house.seats[0])
    named = in_line(ticket="x", tariff_id=tariff if proof else house.full)
    kiosk.send(kiosk.saw(FactKind.SALE, named(kiosk.sale(house, lease, 0), kiosk, lease, tariff)))
    ((sold, token),) = clerk.rows("SELECT entitlement_id, token FROM ticket")
    assert token == "", "nobody knows what was printed"
    made = parse(clerk.do(ReissueTicket(entitlement_id=sold, context_id=house.organiser))["token"])
    assert made and (Flag.PROOF in made.flags) is proof
