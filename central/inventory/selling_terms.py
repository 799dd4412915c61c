"""What a point of sale may do with a performance: everything that does not depend on the places, or the first reason
why not; and which contingents its channel reaches.

A channel sells from the contingents that it names, from an external contingent that belongs to it, and hors contingent
if it has that right. An external contingent is its owner's alone: naming it in another channel opens nothing.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache

import orjson

from central.catalogue.model import PerformanceState
from central.inventory.model import NoSale
from central.inventory.reads import ForSale, SellingTerms, terms_at
from central.kernel.db import in_list
from central.kernel.memory import remembered
from central.kernel.tx import Read
from central.kernel.versions import SELLING_TERMS
from central.selling.rules import is_open
from shared.clock import from_ms
from shared.ids import Id
from shared.outcome import Refused
from shared.rules.selling import Selling, selling

_moment = lru_cache(4096)(from_ms)  # each performance's come again with each of its orders


def terms_of_sale(
    read: Read,
    point_of_sale_id: Id,
    performance_id: Id,
    places: int,
    seats: Sequence[Id],
    tariffs: Collection[Id] = (),
) -> SellingTerms | Refused:
    """For so many places in all, these seats among them, at these tariffs."""
    key = ("terms", point_of_sale_id, performance_id, *sorted(tariffs))
    terms = remembered(read, SELLING_TERMS, key, lambda: terms_at(read, point_of_sale_id, performance_id, tariffs))
    if terms is None:
        return Refused(NoSale.NO_SUCH_POINT_OF_SALE, fix="point_of_sale_id")
    if not read.actor.within("point_of_sale", point_of_sale_id):
        return Refused(NoSale.NOT_YOURS, fix=point_of_sale_id)
    if not is_open(terms.point_active, terms.channel_active):
        return Refused(NoSale.CHANNEL_CLOSED, fix=terms.channel)
    if places < 1:
        return Refused(NoSale.EMPTY, fix="places")
    if places > terms.most:
        return Refused(NoSale.TOO_MANY, fix=terms.channel, detail={"most": terms.most})
    if len(set(seats)) < len(seats):
        twice = next(seat for seat in seats if seats.count(seat) > 1)
        return Refused(NoSale.SAME_SEAT_TWICE, fix=twice)
    if terms.state is None:
        return Refused(NoSale.NO_SUCH_PERFORMANCE, fix="performance_id")
    if not terms.sold_here:
        return Refused(NoSale.NOT_SOLD_HERE, fix=point_of_sale_id)
    match selling(terms.state == PerformanceState.ON_SALE, _moment(terms.sell_until), _moment(terms.closes), read.now):
        case Selling.NOT_ON_SALE:
            return Refused(NoSale.NOT_ON_SALE, fix=performance_id, detail={"state": terms.state})
        case Selling.OVER:
            return Refused(NoSale.SALE_OVER, fix=performance_id, detail={"since": from_ms(terms.sell_until)})
        case Selling.OPEN:
            return terms


# --- contingents -----------------------------------------------------------------------------------------------------


def reach(read: Read, channel_id: str, named: Sequence[str], uncontingented: bool) -> frozenset[str]:
    """The contingents that a channel may sell from; an empty id among them: hors contingent."""
    own = remembered(read, SELLING_TERMS, ("own contingents", channel_id), lambda: _own(read, channel_id))
    return frozenset({*_not_external(read, named), *own, *([""] if uncontingented else [])})


def _own(read: Read, channel_id: str) -> tuple[str, ...]:
    return tuple(row[0] for row in read.run("SELECT id FROM contingent WHERE external_channel_id = :id", id=channel_id))


def _not_external(read: Read, named: Sequence[str]) -> set[str]:
    if not named:
        return set()
    among, params = in_list("c", named)
    external = read.run(f"SELECT id FROM contingent WHERE external_channel_id IS NOT NULL AND id IN {among}", **params)  # noqa: S608 - names of parameters
    return set(named) - {row[0] for row in external}


def reach_of(read: Read, terms: SellingTerms) -> frozenset[str]:
    return reach(read, terms.channel, orjson.loads(terms.contingents), bool(terms.uncontingented))


def _owner(read: Read, contingent_id: str) -> tuple[str, str]:
    """A contingent's code, and the one channel that it belongs to (empty: none)."""
    row = read.one("SELECT code, external_channel_id FROM contingent WHERE id = :id", id=contingent_id)
    return (row[0], row[1] or "") if row else ("", "")


def for_sale(read: Read, terms: SellingTerms, named: Id, place: ForSale | None, fix: str) -> ForSale | Refused:
    """The place that a command named in its field `fix`, or why it is not to be had here, whoever has it."""
    if place is None:
        return Refused(NoSale.NO_SUCH_PLACE, fix=fix, detail={"place": named})
    if place.blocked:
        return Refused(NoSale.BLOCKED, fix=named, detail={"why": place.blocked})
    return _barred(read, terms, place.contingent_id) or place


def _barred(read: Read, terms: SellingTerms, contingent_id: str) -> Refused | None:
    """Why this channel does not sell out of a contingent (empty: hors contingent). The refusal names it."""
    if not contingent_id:
        detail = {"contingent": "", "right": "uncontingented"}
        return None if terms.uncontingented else Refused(NoSale.NOT_FOR_THIS_CHANNEL, fix=terms.channel, detail=detail)
    code, owner = remembered(read, SELLING_TERMS, ("owner", contingent_id), lambda: _owner(read, contingent_id))
    if owner == terms.channel if owner else contingent_id in orjson.loads(terms.contingents):
        return None
    detail = {"contingent": contingent_id, "code": code, "belongs_to": owner}
    return Refused(NoSale.NOT_FOR_THIS_CHANNEL, fix=terms.channel, detail=detail)
