"""The VAT that prices include: by the line, half up, alike for a refund; and worked out nowhere else."""

import ast
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import MOST_MONEY
from shared.rules.vat import Charged, vat_by_rate, vat_in

ROOT = Path(__file__).parents[3]
RULE = "shared/rules/vat.py"
RATES = st.sampled_from([0, 210, 550, 1000, 2000, 10_000]) | st.integers(0, 65535)
AMOUNTS = st.integers(-100_000, 100_000) | st.integers(-MOST_MONEY, MOST_MONEY)


@pytest.mark.parametrize(
    "price, rate_bp, want",
    [
        (1500, 1000, 136),  # 1,500 ¥: 136.36
        (1005, 1000, 91),
        (1, 1000, 0),
        (1001, 550, 52),  # 10.01 €: 52.18
        (4200, 550, 219),
        (2500, 210, 51),
        (999, 2000, 167),  # 166.5
        (3, 2000, 1),  # 0.5
        (9, 2000, 2),  # 1.5
        (15, 2000, 3),  # 2.5
        (2, 2000, 0),
        (12_500, 700, 818),  # 12.500 DT: 817.76
        (10_005, 700, 655),
        (1, 10_000, 1),
        (4200, 0, 0),
        (0, 550, 0),
        (0, 0, 0),
        (MOST_MONEY, 550, 52_132_701_422),
        (MOST_MONEY, 10_000, MOST_MONEY // 2),
    ],
)
def test_what_a_price_includes(price: int, rate_bp: int, want: int) -> None:
    assert vat_in(price, rate_bp) == want
    assert vat_in(-price, rate_bp) == -want


@given(AMOUNTS, RATES)
def test_as_decimals_round_it(price: int, rate_bp: int) -> None:
    exact = Decimal(price) * rate_bp / (10_000 + rate_bp)
    assert vat_in(price, rate_bp) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize(
    "lines, want",
    [
        ([], {}),
        ([Charged(1001, 550)] * 3, {550: 156}),
        ([Charged(3003, 550, 3)], {550: 156}),  # 156.55 at once
        ([Charged(-3003, 550, 3)], {550: -156}),
        ([Charged(3003, 550, -3)], {550: 156}),
        ([Charged(3003, 550, 3), Charged(-1001, 550)], {550: 104}),  # one of three given back
        ([Charged(3015, 1000, 3)], {1000: 273}),  # ¥; 274.09 at once
        ([Charged(30_015, 700, 3)], {700: 1965}),  # DT; 1,963.6 at once
        ([Charged(500, 2000), Charged(8400, 550, 2), Charged(900, 0)], {0: 0, 550: 438, 2000: 83}),
        ([Charged(3004, 550, 3)], {550: 157}),  # not three alike
        ([Charged(1001, 550, 0)], {550: 52}),
        ([Charged(0, 550, 2)], {550: 0}),
    ],
)
def test_a_rate_has_the_sum_of_its_lines(lines: list[Charged], want: dict[int, int]) -> None:
    assert vat_by_rate(lines) == want
    assert list(vat_by_rate(lines)) == sorted(want)


@given(st.lists(st.tuples(AMOUNTS, RATES, st.integers(1, 50))))
def test_pieces_alike_are_as_many_lines(sold: list[tuple[int, int, int]]) -> None:
    together = vat_by_rate(Charged(price * pieces, rate, pieces) for price, rate, pieces in sold)
    apart = vat_by_rate(Charged(price, rate) for price, rate, pieces in sold for _ in range(pieces))
    back = vat_by_rate(Charged(-price * pieces, rate, pieces) for price, rate, pieces in sold)
    assert together == apart
    assert {rate: -vat for rate, vat in back.items()} == together


# --- nowhere else -----------------------------------------------------------------------------------------------------

WORKED_OUT = (ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
NAME = re.compile(r"(^|_)(vat|tva|rate_bp|basis_points)(_|$)", re.IGNORECASE)
SPOKEN_OF = re.compile(r"vat|tva|rate_bp|basis_points", re.IGNORECASE)
STATEMENT = re.compile(r"vat_bp\W{0,3}\s*[*/]|[*/]\s*\(?[\w.]*\bvat_bp", re.IGNORECASE)
SHOWN = {  # a rate in per cent, for readers
    ("edge/printer_agent/words.py", "vat_bp / 100"),
    ("edge/kiosk/ui/words.py", "basis_points / 10000"),
}


def worked_out(text: str) -> Iterator[str]:
    """Where a module multiplies or divides by what is called a rate of VAT, also in a statement, or asks for the VAT of
    one amount instead of that of its lines."""
    for node in ast.walk(ast.parse(text)) if SPOKEN_OF.search(text) else ():
        match node:
            case ast.BinOp() | ast.AugAssign() if isinstance(node.op, WORKED_OUT) and _names_vat(node):
                yield ast.unparse(node)
            case ast.Constant(value=str(said)) if STATEMENT.search(said):
                yield said
            case ast.alias(name="vat_in") | ast.Attribute(attr="vat_in"):
                yield "vat_in"


def _names_vat(node: ast.AST) -> bool:
    for each in ast.walk(node):
        match each:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
                if NAME.search(name):
                    return True
    return False


def test_vat_is_worked_out_in_one_place() -> None:
    modules = [file for package in ("shared", "edge", "central", "parterre") for file in (ROOT / package).rglob("*.py")]
    found = {(str(file.relative_to(ROOT)), how) for file in modules for how in worked_out(file.read_text())}
    assert any(where == RULE for where, _ in found)
    assert {(where, how) for where, how in found if where != RULE} == SHOWN


@pytest.mark.parametrize(
    "text",
    [
        "x = amount * line.vat_bp / (10_000 + line.vat_bp)",
        "x = amount * rate_bp // 10_000",
        "x = row['vat_bp'] * 2",
        "amount *= vat_bp",
        "from shared.rules.vat import vat_in",
        "x = vat.vat_in(total, 550)",
        "x = 'SELECT SUM(price * l.vat_bp / (10000 + l.vat_bp)) FROM order_line AS l'",
    ],
)
def test_it_would_be_seen_elsewhere(text: str) -> None:
    assert list(worked_out(text))
