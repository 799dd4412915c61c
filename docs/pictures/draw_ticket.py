"""Draws ticket.png beside this file: a ticket laid out by the printer agent, printed by the virtual printer.

python docs/pictures/draw_ticket.py [--out DIR]
"""

import argparse
import sys
import tempfile
from base64 import b32encode
from datetime import UTC, datetime
from pathlib import Path

from edge.printer_agent.layout import PrinterLook, ticket
from parterre.simulators.printer import VirtualPrinter
from shared.wire.printing import TicketPrint

SAMPLE = TicketPrint(
    token=b32encode(bytes(range(1, 110))).decode().rstrip("="),  # as long as a real one; no gate knows it
    number="T1-0000042",
    order="K1-000117",
    event="Le Misanthrope",
    starts=datetime(2026, 11, 21, 19, 0, tzinfo=UTC),
    doors=datetime(2026, 11, 21, 18, 15, tzinfo=UTC),
    timezone="Europe/Paris",
    venue="Théâtre du Parterre, grande salle",
    category="1re catégorie",
    tariff="Plein tarif",
    zone="Orchestre",
    row="C",
    seat="12",
    price=4200,
    currency="EUR",
    sold_at=datetime(2026, 11, 21, 17, 32, tzinfo=UTC),
    point_of_sale="Borne du hall",
    organiser="Théâtre du Parterre",
    licence="PLATESV-R-2026-000042",
    mentions=(
        "12, place de la Comédie, 69001 Lyon",
        "Ni repris ni échangé. Placement garanti jusqu’au lever du rideau.",
    ),
)


def draw(out: Path) -> Path:
    """Writes `out`/ticket.png and returns its path."""
    with tempfile.TemporaryDirectory() as folder:
        printer = VirtualPrinter(Path(folder))
        printer.receive(ticket(SAMPLE, "fr", duplicate=False, look=PrinterLook.usual()), lambda _: None)
        if printer.errors or len(printer.tickets) != 1:
            raise SystemExit(f"the virtual printer could not print the sample: {printer.errors}")
        out.mkdir(parents=True, exist_ok=True)
        picture = out / "ticket.png"
        picture.write_bytes(printer.tickets[0].read_bytes())
    return picture


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Draw the picture of a printed ticket.")
    options.add_argument("--out", type=Path, default=Path(__file__).parent)
    sys.stdout.write(f"{draw(options.parse_args().out)}\n")
