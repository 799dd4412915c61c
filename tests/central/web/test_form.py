"""Forms that no browser sends: refused in few steps, whatever they say of themselves."""

import ast
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from central.web.form import FEW_FIELDS, MOST_HEADER, MOST_PARTS, SHORT_FIELD, Unreadable, in_parts, kind_of, urlencoded
from central.web.settings import KIB, MIB
from tests.trees import nodes_of

BIG = 4 * MIB
TEXT = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
END = b"--b--\r\n"


def part(head: bytes, body: bytes = b"x") -> bytes:
    return b"--b\r\n%b\r\n\r\n%b\r\n" % (head, body)


def named(more: bytes) -> bytes:
    return b"Content-Disposition: form-data; name=a" + more


BAD_FIELDS = {
    "bytes that are no UTF-8": b"a=\xff",
    "escapes that are no UTF-8": b"a=%ff",
    "half a character": b"a=%ed%a0%80",
    "half a character in a name": b"%ed%a0%80=a",
    "U+0000": b"a=%00",
    "U+0000 as it is": b"a\0=b",
    "more fields than there may be": b"&" * (FEW_FIELDS * 2),
    "very many more": b"a&" * (BIG // 2),
}
BAD_PARTS = {
    "nothing": b"",
    "bare newlines": b"\n" * BIG,
    "newlines": b"\r\n" * (BIG // 2),
    "boundaries that are none": b"\r\n--" * (BIG // 4),
    "no end": TEXT % (b"a", b"x"),
    "a head without an end": b"--b\r\n" + b"x" * BIG,
    "more parts than there may be": TEXT % (b"a", b"") * (MOST_PARTS + 1) + END,
    "very many": TEXT % (b"a", b"") * (BIG // 60) + END,
    "long heads": part(named(b";" * 8 * KIB)) * 500 + END,
    "many headers": part(named(b"") + b"\r\nA: b" * 120) * 60 + END,
    "no name": part(b"Content-Disposition: form-data") + END,
    "no disposition": part(b"Content-Type: text/plain") + END,
    "a part within a part": part(b"Content-Type: multipart/mixed; boundary=c", b"--c\r\n\r\nx\r\n--c--") + END,
    "a length that is none": part(named(b"") + b"\r\nContent-Length: -5") + END,
    "a length of many digits": part(named(b"") + b"\r\nContent-Length: " + b"9" * 900) + END,
    "a head that is no UTF-8": part(named(b"; x=\xff")) + END,
    "a text that is no UTF-8": TEXT % (b"a", b"\xff") + END,
    "half a character": TEXT % (b"a", b"\xed\xa0\x80") + END,
    "U+0000": TEXT % (b"a", b"\0") + END,
}
HEARD_PARTS = {  # what they say of their encoding is not heard
    "another encoding": part(named(b"") + b"\r\nContent-Type: text/plain; charset=punycode"),
    "an encoding that is none": part(named(b"") + b"\r\nContent-Type: text/plain; charset=nonesuch"),
    "sent in another way": part(named(b"") + b"\r\nContent-Transfer-Encoding: base64"),
    "names in an encoding": part(named(b"; name*=punycode''%41%41")),
    "quoted signs": part(named(b'; b="' + b"\\;" * (MOST_HEADER // 4) + b'"')),
}


def steps(act: Callable[[], Any]) -> int:
    """Functions called, C's among them: what it took, on however busy a machine."""
    n = 0

    def counts(_: Any, event: str, __: Any) -> None:
        nonlocal n
        n += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counts)
    try:
        act()
    finally:
        sys.setprofile(before)
    return n


def refused(act: Callable[[], Any]) -> None:
    with pytest.raises(Unreadable):
        act()


@pytest.mark.parametrize("body", BAD_FIELDS.values(), ids=BAD_FIELDS)
def test_fields_that_are_none_are_refused_in_few_steps(body: bytes) -> None:
    assert steps(lambda: refused(lambda: urlencoded(body))) < 5000


@pytest.mark.parametrize("body", BAD_PARTS.values(), ids=BAD_PARTS)
def test_parts_that_are_none_are_refused_in_few_steps(body: bytes) -> None:
    assert steps(lambda: refused(lambda: in_parts(body, "b"))) < 50 * MOST_PARTS


@pytest.mark.parametrize("boundary", ["", "\n", "b" * 2000, "é\ud800"])
def test_a_boundary_that_is_none(boundary: str) -> None:
    refused(lambda: in_parts(TEXT % (b"a", b"x") + END, boundary))


def test_a_form_says_what_it_is() -> None:
    form, boundary = "multipart/form-data", "----WebKitFormBoundaryAbC0"
    assert kind_of(f'Multipart/Form-Data; Boundary="{boundary}"') == kind_of(f"{form};boundary={boundary}")
    assert kind_of(f"{form};boundary={boundary}") == (form, boundary)
    assert kind_of("application/x-www-form-urlencoded; charset=UTF-8")[0] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("body", HEARD_PARTS.values(), ids=HEARD_PARTS)
def test_a_part_says_nothing_of_its_encoding(body: bytes) -> None:
    assert in_parts(body + END, "b").getall("a") == ["x"]


def test_steps_grow_with_the_length_and_no_faster() -> None:
    """The most fields that may be, the most escapes, the most parts."""
    for whole in (b"a" * (SHORT_FIELD - 1) + b"&", b"%41", b"+", b"%c3%a9"):
        one, four = (steps(partial(urlencoded, whole * (n * 64 * KIB // len(whole)))) for n in (1, 4))
        assert four < 5 * one, whole
    assert steps(lambda: in_parts(TEXT % (b"a", b"x") * MOST_PARTS + END, "b")) < 50 * MOST_PARTS


def test_what_is_sent_is_read_as_it_was_written() -> None:
    found = urlencoded("nom=Théâtre+%26+C%C3%A9line&vide=&nom=2&%F0%9F%8E%AD".encode())
    assert list(found.items()) == [("nom", "Théâtre & Céline"), ("vide", ""), ("nom", "2"), ("🎭", "")]
    file = b"\xff\0\r\n--c--\r\n"
    head = b'Content-Disposition: form-data; name="plan"; filename="salle.json"'
    parts = in_parts(TEXT % ("é".encode(), "ç".encode()) + part(head, file) + END, "b")
    assert list(parts.items()) == [("é", "ç"), ("plan", file)]
    assert len(urlencoded(b"row=01M8KMBMBQ9ZNDDTF57Z3CQQ3F&" * 80_000)) == 80_000


def test_no_page_reads_a_form_by_itself() -> None:
    """aiohttp's own reader takes the caller's word for the encoding, and knows no bounds."""
    central = Path(__file__).parents[3] / "central"
    found = [
        f"{file.relative_to(central)}:{node.lineno}"
        for file in sorted(central.rglob("*.py"))
        for node in nodes_of(file)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not (node.args or node.keywords)
        if node.func.attr in ("post", "multipart")
    ]
    assert found == []
