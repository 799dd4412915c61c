"""What prices are asked about, read by name. What it comes to is shared/rules/pricing.py's to say, never a statement's:
no other area names the table of prices."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from central.kernel.columns import apart, columns
from central.kernel.contexts import on_path
from central.kernel.db import in_list
from central.kernel.tx import Read
from central.pricing.model import Price, PriceGrid, Tariff
from shared.ids import Id
from shared.rules.pricing import Prices

CELL = "r.tariff_id, r.category_id, r.amount, t.proof"
"""What a statement that joins `cells` asks of them, behind its own columns."""
_TARIFF = "LEFT JOIN tariff t ON t.id = r.tariff_id"


def cells(tariffs: Collection[Id] | None = None) -> tuple[str, dict[str, Any]]:
    """For a statement that has a price grid `g`: the join that gives a row for each price of these tariffs (None: of
    all), one at least, and its parameters."""
    if tariffs is None:
        return f"LEFT JOIN price r ON r.grid_id = g.id {_TARIFF}", {}
    if not tariffs:
        return f"LEFT JOIN price r ON r.id = '' {_TARIFF}", {}  # no look at the grid
    among, params = in_list("r", sorted(set(tariffs)))
    return f"LEFT JOIN price r ON r.grid_id = g.id AND r.tariff_id IN {among} {_TARIFF}", params


def prices_in(of_cells: Iterable[tuple[Any, ...]]) -> Prices:
    """Out of what `CELL` asks, row by row."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for tariff_id, category_id, amount, _ in of_cells:
        if tariff_id is not None:
            found[tariff_id][category_id] = amount
    return found


def proofs_in(of_cells: Iterable[tuple[Any, ...]]) -> frozenset[Id]:
    """The tariffs among them that ask for a proof."""
    return frozenset(tariff_id for tariff_id, _, _, proof in of_cells if proof)


@dataclass(frozen=True, slots=True)
class PriceList:
    """What a performance is sold for, and by whom: `vat_bp` in basis points."""

    context_id: Id
    site_id: Id
    vat_bp: int
    currency: str
    prices: Prices = field(default_factory=dict, kw_only=True)


_LIST = columns(PriceList, context_id="p.context_id", site_id="p.site_id", vat_bp="e.vat_bp", currency="g.currency")


def grid_prices(read: Read, grid_id: str) -> list[Price]:
    return read.find(Price, "WHERE grid_id = :id", id=grid_id)


def dearest_in(read: Read, grids: Sequence[str]) -> int:
    """The highest amount in any of these grids; 0: there is none."""
    among, params = in_list("g", [*grids, ""])
    ((most,),) = read.run(f"SELECT MAX(amount) FROM price WHERE grid_id IN {among}", **params)  # noqa: S608 - names of ours, values are parameters
    return int(most or 0)


def tariffs_by_rank(read: Read, contexts: Sequence[str] = (), used: Collection[str] = ()) -> list[Tariff]:
    """Those that stand in these contexts (a path: what may be chosen there), and these."""
    where, params = on_path(contexts, used)
    return read.find(Tariff, f"WHERE {where} ORDER BY rank, code, id", **params)


def first_grid(read: Read, context_id: str) -> PriceGrid | None:
    """The oldest that stands in this context itself."""
    found = read.find(PriceGrid, "WHERE context_id = :at ORDER BY id LIMIT 1", at=context_id)
    return found[0] if found else None


def tariff_contexts(read: Read, tariffs: Collection[Id]) -> dict[Id, Id]:
    """Where these tariffs stand; unknown ones are left out."""
    if not tariffs:
        return {}
    among, params = in_list("t", sorted(set(tariffs)))
    return dict(read.run(f"SELECT id, context_id FROM tariff WHERE id IN {among}", **params))  # noqa: S608 - names of ours, values are parameters


def asks_proof(read: Read, tariffs: Collection[Id]) -> frozenset[Id]:
    """Those of these tariffs that ask for a proof."""
    if not tariffs:
        return frozenset()
    among, params = in_list("t", sorted(set(tariffs)))
    return frozenset(row[0] for row in read.run(f"SELECT id FROM tariff WHERE proof = 1 AND id IN {among}", **params))  # noqa: S608 - names of ours, values are parameters


def price_list(read: Read, performance_id: Id, tariffs: Collection[Id] | None = None) -> PriceList | None:
    """With the prices of these tariffs (None: of all). None: there is no such performance."""
    with_prices, params = cells(tariffs)
    rows = read.run(
        f"SELECT {_LIST}, {CELL} FROM performance p JOIN event e ON e.id = p.event_id "  # noqa: S608 - names of ours
        f"JOIN price_grid g ON g.id = p.price_grid_id {with_prices} WHERE p.id = :id",
        id=performance_id,
        **params,
    )
    found = apart(PriceList, rows)
    return PriceList(*found[0][0], prices=prices_in(cell for _, cell in found)) if found else None
