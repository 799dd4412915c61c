"""What stands on a ticket, a receipt and a claim slip, from large to small: what a visitor needs first, in the dark,
is where to sit; what the law asks for (docs/spec/law-fr.md, R2–R4) stands complete below the code.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from edge.printer_agent.sheet import WIDTH, QrMode, Sheet, Type
from edge.printer_agent.text import CODE_PAGES, clean
from edge.printer_agent.words import PaperWords
from shared.rules.vat import Charged, vat_by_rate
from shared.wire.printing import MAX_TICKETS, ClaimPrint, PrintJob, ReceiptPrint, TicketPrint
from shared.wire.token import MAX_INPUT

HALF = WIDTH // 2
SMALL = Type(small=True)
SMALL_CENTRE = Type(small=True, align="center")
STRONG = Type(bold=True)
TITLE = Type(wide=2, high=2, bold=True)
TALL = Type(high=2, bold=True)
BAND = Type(wide=2, high=2, bold=True, invert=True)
MENTIONS = 8


@dataclass(frozen=True, slots=True)
class PrinterLook:
    """How this printer is spoken to. `code_pages`: codec name → its ESC t number, the first is preferred."""

    code_pages: dict[str, int]
    qr: QrMode = QrMode.NATIVE
    qr_module: int = 7

    @classmethod
    def usual(cls) -> "PrinterLook":
        return cls(dict(CODE_PAGES))


def ticket(what: TicketPrint, language: str, duplicate: bool, look: PrinterLook) -> bytes:
    """One admission."""
    words, sheet = PaperWords(language, what.timezone), Sheet(look.code_pages, look.qr)
    _marks(sheet, words, duplicate, what.specimen)
    sheet.text(what.organiser, SMALL_CENTRE, lines=2)
    sheet.gap(10)
    sheet.rule(4)
    sheet.gap(14)
    _title(sheet, what.event)
    sheet.gap(12)
    sheet.pair(words.day(what.starts), words.time(what.starts), TALL)
    sheet.text(what.venue, lines=2)
    if what.doors is not None:
        sheet.text(words("doors", time=words.time(what.doors)), SMALL)
    sheet.gap(12)
    sheet.rule()
    sheet.gap(12)
    _place(sheet, words, what)
    sheet.rule()
    sheet.qr(what.token, look.qr_module)
    sheet.rule()
    sheet.gap(12)
    sheet.pair(what.category, "", STRONG)
    sheet.pair(what.tariff, _price(words, what), TALL)
    if sheet.clean(what.holder).strip("? "):
        sheet.text(what.holder)
    sheet.gap(10)
    sheet.pair(f"{words('number')} {what.number}", f"{words('order')} {what.order}", SMALL)
    sheet.pair(f"{words('sold')} {words.short(what.sold_at)}", what.point_of_sale, SMALL)
    if what.licence:
        sheet.text(f"{what.organiser} · {words('licence')} {what.licence}", SMALL, lines=3)
    for mention in what.mentions[:MENTIONS]:
        sheet.text(mention, SMALL, lines=3)
    sheet.gap(12)
    _marks(sheet, words, duplicate, what.specimen)
    sheet.cut()
    return sheet.data


def receipt(what: ReceiptPrint, language: str, duplicate: bool, look: PrinterLook) -> bytes:
    """The till's proof of a sale; amounts include VAT, which is shown by rate."""
    words, sheet = PaperWords(language, what.timezone), Sheet(look.code_pages, look.qr)
    _marks(sheet, words, duplicate, what.specimen)
    sheet.text(what.organiser, Type(bold=True, align="center"), lines=2)
    for mention in what.mentions[:MENTIONS]:
        sheet.text(mention, SMALL_CENTRE, lines=3)
    sheet.gap(14)
    sheet.text(f"{words('receipt')} {what.number}", TITLE)
    sheet.pair(words.short(what.at), what.point_of_sale, SMALL)
    sheet.text(f"{words('order')} {what.order}", SMALL)
    sheet.gap(8)
    sheet.rule()
    sheet.gap(8)
    for line in what.lines:
        sheet.pair(f"{line.quantity} × {line.text}", words.money(line.amount, what.currency))
    sheet.gap(8)
    sheet.rule()
    sheet.gap(8)
    total = sum(line.amount for line in what.lines)
    sheet.pair(words("total"), words.money(total, what.currency), TALL)
    vat = vat_by_rate(Charged(line.amount, line.vat_bp, line.quantity) for line in what.lines)
    for rate, amount in vat.items():
        sheet.pair(words("vat", rate=words.rate(rate)), words.money(amount, what.currency), SMALL)
    sheet.pair(words("net"), words.money(total - sum(vat.values()), what.currency), SMALL)
    sheet.gap(8)
    sheet.text(what.payment, STRONG, lines=2)
    for text in what.slip[:40]:
        sheet.text(text, SMALL, lines=2)
    sheet.gap(12)
    sheet.text(words("no_entry"), SMALL_CENTRE, lines=2)
    sheet.cut()
    return sheet.data


def claim(what: ClaimPrint, language: str, duplicate: bool, look: PrinterLook) -> bytes:
    """For a visitor whose purchase ended halfway: the reference that a person at the desk can find."""
    words, sheet = PaperWords(language, what.timezone), Sheet(look.code_pages, look.qr)
    _marks(sheet, words, duplicate, specimen=False)
    sheet.text(what.organiser, SMALL_CENTRE, lines=2)
    sheet.gap(10)
    sheet.rule(4)
    sheet.gap(14)
    sheet.text(words("claim"), TITLE, lines=2)
    sheet.gap(10)
    sheet.text(words("claim_why"), lines=8)
    sheet.gap(14)
    sheet.text(words("reference"), SMALL)
    sheet.text(what.reference, TITLE, lines=2)
    sheet.gap(8)
    sheet.pair(words("amount"), words.money(what.amount, what.currency), TALL)
    sheet.rule()
    sheet.gap(10)
    sheet.text(words("claim_where"), STRONG)
    sheet.text(what.contact, lines=4)
    sheet.gap(12)
    sheet.pair(f"{words('order')} {what.order}", what.code, SMALL)
    sheet.pair(words.short(what.at), what.point_of_sale, SMALL)
    sheet.cut()
    return sheet.data


def faults(job: PrintJob) -> list[str]:
    """Why a job cannot be printed at all; empty when it can."""
    found = []
    if not job.tickets and job.receipt is None and job.claim is None:
        found.append("the job is empty")
    if len(job.tickets) > MAX_TICKETS:
        found.append(f"{len(job.tickets)} tickets in one job, at most {MAX_TICKETS} are taken")
    for at, one in enumerate(job.tickets):
        if not 1 <= len(one.token) <= MAX_INPUT or not (one.token.isascii() and one.token.isprintable()):
            found.append(f"tickets.{at}.token: 1 to {MAX_INPUT} printable ASCII characters are a code")
        if not clean(one.number):
            found.append(f"tickets.{at}.number: a ticket has a number")
    for zone in {part.timezone for part in (*job.tickets, job.receipt, job.claim) if part is not None}:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError, a path outside is a ValueError
            found.append(f"timezone: {zone!r:.40} cannot be read")
        except KeyError:
            found.append(f"timezone: {zone!r:.40} is not known")
    return found


def _marks(sheet: Sheet, words: PaperWords, duplicate: bool, specimen: bool) -> None:
    if duplicate:
        local = words("duplicate")
        sheet.band("DUPLICATA" if local == "DUPLICATA" else f"DUPLICATA · {local}", BAND)
        sheet.gap(10)
    if specimen:
        sheet.band(words("specimen"), BAND)
        sheet.gap(10)


def _title(sheet: Sheet, event: str) -> None:
    """Large as long as it fits in three lines, then narrower: a long title keeps all its words."""
    style = TITLE if len(sheet.clean(event)) <= 3 * TITLE.columns - 12 else TALL
    sheet.text(event, style, lines=3)


def _place(sheet: Sheet, words: PaperWords, what: TicketPrint) -> None:
    sheet.text(what.zone, TITLE, lines=2)
    if what.entrance:
        sheet.text(f"{words('entrance')} {what.entrance}", STRONG)
    sheet.gap(6)
    row, seat = sheet.clean(what.row), sheet.clean(what.seat)
    if not row and not seat:
        sheet.text(words("unreserved"), TITLE)
        sheet.gap(12)
        return
    size = max(1, min(5, 23 // max(len(row), len(seat))))
    big = Type(wide=size, high=size, bold=True)
    cells = [(words("row"), row), (words("seat"), seat)]
    shown = [(index * HALF, label, text) for index, (label, text) in enumerate(cells) if text]
    sheet.columns(*((x, label, SMALL) for x, label, _ in shown))
    sheet.columns(*((x, text[:23], big) for x, _, text in shown))
    sheet.gap(12)


def _price(words: PaperWords, what: TicketPrint) -> str:
    return words.money(what.price, what.currency) if what.price else words("free")
