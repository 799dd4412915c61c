"""What stands on the paper: the law's mentions, the code that reads back, and names that cannot do any harm."""

from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from edge.device.health import Trouble
from edge.printer_agent import layout
from edge.printer_agent.errors import STATUS_CODE, PrinterCode
from edge.printer_agent.layout import PrinterLook
from edge.printer_agent.sheet import QrMode, Sheet, Type
from edge.printer_agent.text import CODE_PAGES, clean, clip, wrap
from edge.printer_agent.text_table import SAID
from edge.printer_agent.transport import CLEAR, FLUSH
from edge.printer_agent.words import PaperWords
from parterre.simulators.escpos_paper import Paper
from parterre.simulators.printer import VirtualPrinter
from shared.languages import LANGUAGES

LOOK = PrinterLook.usual()


@pytest.fixture
def printed(tmp_path, monkeypatch):
    """Prints bytes on a strict virtual printer: `printed(data)` → the text as it was set, and the picture."""

    def run(data: bytes) -> tuple[str, Path]:
        lines: list[str] = []
        seen = Paper.text
        with monkeypatch.context() as patch:
            patch.setattr(Paper, "text", lambda self, text: (lines.append(text), seen(self, text))[1])
            fed = Paper.feed_line
            patch.setattr(Paper, "feed_line", lambda self: (lines.append("\n"), fed(self))[1])
            printer = VirtualPrinter(tmp_path)
            printer.receive(data, lambda _: None)
        assert printer.errors == []
        assert len(printer.tickets) == 1
        assert printer.parser.waiting == 0
        return "".join(lines), printer.tickets[0]

    return run


def code_in(path: Path) -> list[str]:
    with Image.open(path) as picture:
        return [found.text for found in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize("qr", QrMode)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ticket_shows_what_the_law_asks_and_its_code_reads_back(samples, printed, language, qr):
    text, picture = printed(layout.ticket(samples.ticket, language, False, replace(LOOK, qr=qr)))
    assert code_in(picture) == [samples.ticket.token]
    flat = " ".join(text.split())
    one = samples.ticket
    for mention in (
        one.organiser, one.licence, one.event, "2026", "20:00", one.category, one.tariff, one.zone, one.row, one.seat,
        one.number, one.order, "21/11/2026 18:32", one.point_of_sale, one.venue, *one.mentions,
    ):  # fmt: skip
        assert mention in flat, mention
    assert "42" in flat and "€" in flat
    for word in ("row", "seat", "number", "order", "sold", "licence"):
        assert SAID[language][word] in flat
    assert "DUPLICATA" not in flat and SAID[language]["specimen"] not in flat


@pytest.mark.parametrize(
    "language, day", [
        ("fr", "Samedi 21 novembre 2026"), ("en", "Saturday, 21 November 2026"), ("de", "Samstag, 21. November 2026"),
        ("es", "Sábado, 21 de noviembre de 2026"), ("it", "Sabato 21 novembre 2026"), ("xx", "Samedi 21 novembre 2026"),
    ],
)  # fmt: skip
def test_the_day_is_the_venues(samples, language, day):
    assert PaperWords(language, "Europe/Paris").day(samples.ticket.starts) == day
    assert PaperWords(language, "Asia/Tokyo").day(samples.ticket.starts) != day  # 19:00 UTC is Sunday there


@pytest.mark.parametrize("language", LANGUAGES)
def test_free_duplicate_specimen_unreserved(samples, printed, language):
    special = replace(samples.ticket, price=0, row="", seat="", specimen=True, holder="Zoë Łukasik", entrance="B")
    text, _ = printed(layout.ticket(special, language, True, LOOK))
    for word in ("free", "unreserved", "specimen", "duplicate", "entrance"):
        assert SAID[language][word] in text
    assert text.count("DUPLICATA") >= 2  # at the head and at the foot
    assert "Zoë Łukasik" in text
    assert SAID[language]["row"] + "\n" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_receipt_and_claim(samples, printed, language):
    text, _ = printed(layout.receipt(samples.receipt, language, False, LOOK))
    for mention in ("731", "K1-000117", "2 × Le Misanthrope", "AUTO 123456", SAID[language]["total"]):
        assert mention in text
    figures = text.replace(".", ",")
    for amount in ("89,00", "4,38", "0,83", "83,79"):  # 84.00 at 5.5 %, 5.00 at 20 %: VAT by rate, net
        assert amount in figures
    text, _ = printed(layout.claim(samples.claim, language, False, LOOK))
    for mention in ("K1-000117-R", "T-07", SAID[language]["claim"], "billetterie@parterre.example"):
        assert mention in text


def test_every_word_can_be_printed():
    for texts in SAID.values():
        for text in texts.values():
            assert clean(str(text)) == str(text).replace("\u202f", " ")


HOSTILE = [
    ("ESC @ in the name", "A\x1b@B", "A@B"),
    ("cut", "\x1dV\x00", "V"),
    ("cash drawer", "\x1bp\x00\x19\xfa", "pú"),
    ("real-time request", "\x10\x04\x01Zoé", "Zoé"),
    ("line breaks", "a\r\nb\tc\x0bd\x85e\u2028f", "a b c d e f"),
    ("C1 controls", "a\x9bb", "ab"),
    ("emoji", "Zoé 🎭🎭 Durand", "Zoé ? Durand"),
    ("family emoji", "👨‍👩‍👧", "?"),
    ("Chinese", "李小龙 Lee", "? Lee"),
    ("half-width katakana", "ｱｲ x", "? x"),
    ("Arabic", "محمد Ali", "? Ali"),
    ("Hebrew", "שלום", "?"),
    ("bidi override", "abc\u202edcba\u202c", "abcdcba"),
    ("zero width", "a\u200bb\ufeffc", "abc"),
    ("Zalgo", "Z\u0334\u0301o\u0336e", "Źoe"),
    ("decomposed", "Zoe\u0308", "Zoë"),
    ("Vietnamese", "Nguyễn", "Nguyen"),
    ("Romanian", "Ștefan", "Stefan"),
    ("Polish, Czech", "Łódź, Dvořák", "Łódź, Dvořák"),
    ("Greek", "Ωμέγα", "Ωμέγα"),
    ("Cyrillic", "Привет", "Привет"),
    ("ligature, full width", "ﬁn ＡＢ", "fin AB"),
    ("lone surrogate", "a\ud800b", "ab"),
    ("narrow spaces", "42\u202f000\u00a0€", "42 000 €"),
    ("nothing", "\x00\u200b", ""),
]


@pytest.mark.parametrize("name, want", [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_names(samples, printed, name, want):
    assert clean(name) == want
    assert clean(clean(name)) == want
    hostile = replace(
        samples.ticket, event=name, venue=name, zone=name, row=name, seat=name, category=name, tariff=name, holder=name,
        organiser=name, licence=name, point_of_sale=name, order=name, number=f"N{name}", mentions=(name, name),
    )  # fmt: skip
    text, picture = printed(layout.ticket(hostile, "fr", False, LOOK))
    assert code_in(picture) == [samples.ticket.token]
    assert "\ufffd" not in text
    receipt = replace(samples.receipt, payment=name, slip=(name,), order=name, organiser=name, mentions=(name,))
    printed(layout.receipt(receipt, "de", True, LOOK))


@pytest.mark.parametrize("letter", ["x", "x ", "é", "🎭", "李", "\x1b", "\n"])
def test_ten_thousand_characters_are_a_long_ticket_at_most(samples, printed, letter):
    long = letter * 10_000
    ticket = replace(
        samples.ticket, event=long, venue=long, zone=long, row=long, seat=long, category=long, tariff=long, number=long,
        order=long, organiser=long, licence=long, point_of_sale=long, holder=long, mentions=(long,) * 100,
    )  # fmt: skip
    _, picture = printed(layout.ticket(ticket, "fr", False, LOOK))
    assert code_in(picture) == [samples.ticket.token]
    with Image.open(picture) as shown:
        assert shown.height < 2600  # 32 cm


def test_no_text_can_be_a_command():
    """Every character there is, in lines: what comes out is printable letters of the pages, and nothing else."""
    everything = "".join(map(chr, range(0x11_0000)))
    for start in range(0, len(everything), 4000):
        for char in clean(everything[start : start + 4000]):
            assert char.isprintable() and any(_in(char, page) for page in CODE_PAGES)


def test_right_to_left_letters_do_not_pass_even_where_a_page_has_them():
    """The printer would set them from the left."""
    assert clean("שלום Dana", ("CP1252", "CP1255")) == "? Dana"


def _in(char: str, page: str) -> bool:
    try:
        return len(char.encode(page)) == 1
    except UnicodeEncodeError:
        return False


@pytest.mark.parametrize(
    "text, columns, lines, want",
    [
        ("", 10, 2, []),
        ("Le Misanthrope", 14, 2, ["Le Misanthrope"]),
        ("Le Misanthrope", 13, 2, ["Le", "Misanthrope"]),
        ("Le Misanthrope", 13, 1, ["Le…"]),
        ("Anticonstitutionnellement", 10, 3, ["Anticonsti", "tutionnell", "ement"]),
        ("Anticonstitutionnellement", 10, 2, ["Anticonsti", "tutionnel…"]),
        ("a b c d", 3, 2, ["a b", "c d"]),
        ("a b c d e", 3, 2, ["a b", "c…"]),
    ],
)
def test_wrap(text, columns, lines, want):
    assert wrap(text, columns, lines) == want


def test_clip():
    assert (clip("abcdef", 6), clip("abcdefg", 6)) == ("abcdef", "abcde…")


def test_a_line_never_overflows_the_paper(samples):
    """`pair` gives way on the left, so that a price or an order number stays whole."""
    sheet = Sheet(dict(CODE_PAGES))
    sheet.pair("T" * 100, "1 234,50 €", Type())
    row = sheet.data.split(b"\n")[0].decode("cp1252", "replace")
    assert row.endswith("1 234,50 €") and "TTT… " in row


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_ticket_contains_a_real_time_command(samples, language):
    """A printer acts on DLE EOT and DLE ENQ wherever they stand, even inside a picture."""
    for data in (
        layout.ticket(samples.ticket, language, True, LOOK),
        layout.receipt(samples.receipt, language, True, LOOK),
        layout.claim(samples.claim, language, True, LOOK),
    ):
        assert b"\x10\x04" not in data and b"\x10\x05" not in data


@pytest.mark.parametrize("qr", QrMode)
def test_a_ticket_torn_off_anywhere_does_not_harm_the_next(samples, tmp_path, qr):
    """Cut here and there, then the agent's flush and the whole ticket: its code reads, nothing was swallowed."""
    token = samples.ticket.token
    longest = replace(samples.ticket, token="A" * 512) if qr is QrMode.NATIVE else samples.ticket
    torn = layout.ticket(longest, "fr", False, replace(LOOK, qr=qr))
    good = layout.ticket(samples.ticket, "fr", True, replace(LOOK, qr=qr))
    for end in range(1, len(torn), 131 if qr is QrMode.NATIVE else 2111):
        printer = VirtualPrinter(tmp_path / str(end))
        printer.receive(torn[:end] + bytes(FLUSH) + CLEAR + good, lambda _: None)
        assert [code_in(path) for path in printer.tickets][-1] == [token], end


def test_what_cannot_be_printed_is_said_before(samples):
    assert layout.faults(samples.job("good", 2, receipt=samples.receipt, claim=samples.claim)) == []
    assert layout.faults(samples.job("empty", 0)) == ["the job is empty"]
    assert "51 tickets" in layout.faults(samples.job("many", 51))[0]
    for zone in ("Europe/Atlantis", "../../etc/passwd", "", "Europe"):
        bad = replace(samples.receipt, timezone=zone)
        assert [fault[:9] for fault in layout.faults(samples.job("zone", 0, receipt=bad))] == ["timezone:"], zone
    for token in ("", "A" * 513, "É", "A\nB", "A\x1b@"):
        bad = replace(samples.job("token"), tickets=(replace(samples.ticket, token=token),))
        assert "token" in layout.faults(bad)[0]


def test_the_table_of_troubles_in_the_docs_is_the_one_in_the_code():
    table = (Path(__file__).parents[3] / "docs/devices/printer.md").read_text()
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| P-")]
    assert [[cell.strip("| ") for cell in row] for row in rows] == [
        [code, Trouble(code).what("en"), Trouble(code).step("en")] for code in PrinterCode
    ]
    assert set(STATUS_CODE.values()) - {""} < set(PrinterCode)
