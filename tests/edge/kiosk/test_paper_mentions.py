"""What the house says on every ticket stands on every ticket."""

from dataclasses import replace
from typing import Any

from central.organisation.mentions import MENTIONS
from edge.kiosk.paper import Issuer, ticket_job
from edge.printer_agent import layout
from shared.ids import derived_id
from shared.wire.facts import Sale, SaleLine
from tests.edge.kiosk.test_vat_told import LEASE, Visit


def test_whatever_may_be_said_is_printed_and_so_is_what_a_later_central_says(house: Any) -> None:
    visit = Visit(house, [1000], 550)
    said = {name: f"the {name}" for name in (*MENTIONS, "insurer")}
    listed = replace(visit.listed, catalogue=replace(visit.listed.catalogue, mentions=said))
    line = SaleLine(LEASE, 0, derived_id("test", "tariff", 1000), 1000, 550, "TOKEN", "K1-0")
    sale = Sale(derived_id("test", "order"), 1, house.performance_id, "EUR", (line,), (), "en")
    job = ticket_job(sale, listed, visit.place, Issuer({"en": "Foyer"}, {"en": "House"}, ""), house.noon, 0, (line,))
    (ticket,), receipt = job.tickets, job.receipt
    assert receipt is not None and receipt.mentions == ticket.mentions
    assert {*ticket.mentions, ticket.licence} == set(said.values())
    assert ticket.mentions[:2] == ("the address", "the siret") and ticket.mentions[-1] == "the insurer"
    assert len(ticket.mentions) <= layout.MENTIONS, "and the printer leaves none out"
