"""A grid's history tells its prices: which cell, from what to what. Its own row only counts how often they changed."""

from collections.abc import Mapping, Sequence

from central.kernel.db import in_list
from central.kernel.former_names import names_of
from central.kernel.tx import Read
from central.pricing.model import PriceGrid
from central.web.history.part_words import FieldWords, PartWords, tells_parts
from central.web.history.past_states import State
from central.web.history.records import moments_of
from central.web.history.words import labels_ever
from central.web.screens.cells import Cell
from central.web.texts import Texts
from shared.money import Minor

MOST_TOLD = 200
"""Prices on a page of a history: a season's grid changed as a whole, several times over."""


def _prices(read: Read, t: Texts, grid_id: str, commands: Sequence[str]) -> Mapping[str, tuple[FieldWords, ...]]:
    called, params = in_list("entity", names_of("price"))
    listed, more = in_list("c", commands)
    rows = read.run(
        "SELECT DISTINCT entity_id FROM audit "  # noqa: S608 - our names
        f"WHERE command_id IN {listed} AND entity IN {called} ORDER BY entity_id LIMIT :most",
        most=MOST_TOLD, **params, **more,
    )  # fmt: skip
    found = [
        (moment.entry.command_id, moment.before, moment.after)
        for each in moments_of(read, "price", [row[0] for row in rows]).values()
        for moment in each
        if moment.entry.command_id in commands and (moment.after or moment.before or {}).get("grid_id") == grid_id
    ]
    names = labels_ever(read, t, {
        (table, state[column])
        for _, *states in found for state in states if state
        for column, table in (("category_id", "seat_category"), ("tariff_id", "tariff"))
    })  # fmt: skip
    grid = read.get(PriceGrid, grid_id)
    said: dict[str, list[FieldWords]] = {}
    for command_id, before, after in found:
        state = after or before or {}
        cell = f"{names('seat_category', state['category_id'])}, {names('tariff', state['tariff_id'])}"
        was, is_now = (_amount(t, each, grid.currency if grid else "") for each in (before, after))
        said.setdefault(command_id, []).append(FieldWords(cell, was, is_now))
    return {each: tuple(sorted(lines, key=lambda line: line.field)) for each, lines in said.items()}


def _amount(t: Texts, state: State | None, currency: str) -> Cell | None:
    return Cell(t.money(Minor(int(state["amount"])), currency)) if state else None


tells_parts("price_grid", PartWords("price", _prices))
