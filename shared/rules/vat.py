"""The VAT that prices include: worked out on each line by itself, and of more lines it is the sum of theirs.

The kiosk's screen and the printer's paper ask this one function, so that a visitor reads one amount in both. A sum is
never taxed: rounded once it differs from the sum of what was rounded (3 × 10.01 at 5.5 %: 1.56 by line, 1.57 at once).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from shared.money import Minor

WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True)
class Charged:
    """So many lines alike: `amount` is what they cost together in minor units, VAT included (a refund is negative),
    `rate_bp` the rate in basis points, not negative, and `pieces` how many they are."""

    amount: int
    rate_bp: int
    pieces: int = 1


def vat_by_rate(lines: Iterable[Charged]) -> dict[int, Minor]:
    """Rate in basis points → minor units of VAT, the lowest rate first; a rate of nothing is one, too."""
    found: dict[int, int] = defaultdict(int)
    for line in lines:
        found[line.rate_bp] += _vat_of(line)
    return {rate: Minor(found[rate]) for rate in sorted(found)}


def vat_in(price: int, rate_bp: int) -> int:
    """Of one line, rounded half up; of a refund as much as of what it gives back."""
    included = (2 * abs(price) * rate_bp + WHOLE + rate_bp) // (2 * (WHOLE + rate_bp))
    return included if price >= 0 else -included


def _vat_of(line: Charged) -> int:
    """Pieces that cannot all have cost the same were not written by a till of ours: nobody knows their prices, and
    their sum is rounded once."""
    if not line.pieces or line.amount % line.pieces:
        return vat_in(line.amount, line.rate_bp)
    return vat_in(line.amount // line.pieces, line.rate_bp) * line.pieces
