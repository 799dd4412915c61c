"""What a point of sale may do with a performance: everything that does not depend on the places, or the first reason
why not; and which contingents its channel reaches.

A channel sells from the contingents that it names, from an external contingent that belongs to it, and hors contingent
if it has that right. An external contingent is its owner's alone: naming it in another channel opens nothing.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache

import orjson

from central.catalogue.model import PerformanceState
from central.inventory.model import NoSale
from central.inventory.reads import ForSale, SellingTerms, terms_at
from central.kernel.db import in_list
from central.kernel.memory import remembered
from central.kernel.tx import Read
from central.kernel.versions import SELLING_TERMS
from central.selling.rules import SoldThere, sold_there
from shared.clock import from_ms
from shared.ids import Id
from shared.outcome import Refused
from shared.rules.selling import Selling, selling

_NO_RIGHT = {"contingent": "", "right": "uncontingented"}
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
    if refused := _not_sold_there(read, terms, point_of_sale_id, performance_id):
        return refused
    if places < 1:
        return Refused(NoSale.EMPTY, fix="places")
    if places > terms.most:
        return Refused(NoSale.TOO_MANY, fix=terms.channel, detail={"most": terms.most})
    if len(set(seats)) < len(seats):
        twice = next(seat for seat in seats if seats.count(seat) > 1)
        return Refused(NoSale.SAME_SEAT_TWICE, fix=twice)
    return terms


def _not_sold_there(read: Read, terms: SellingTerms, point_of_sale_id: Id, performance_id: Id) -> Refused | None:
    match sold_there(terms.point_active, terms.channel_active, _sale(terms, read.now), terms.sold_here):
        case SoldThere.CLOSED:
            return Refused(NoSale.CHANNEL_CLOSED, fix=terms.channel)
        case SoldThere.NO_PERFORMANCE:
            return Refused(NoSale.NO_SUCH_PERFORMANCE, fix="performance_id")
        case SoldThere.ELSEWHERE:
            return Refused(NoSale.NOT_SOLD_HERE, fix=point_of_sale_id)
        case SoldThere.NOT_ON_SALE:
            return Refused(NoSale.NOT_ON_SALE, fix=performance_id, detail={"state": terms.state})
        case SoldThere.OVER:
            return Refused(NoSale.SALE_OVER, fix=performance_id, detail={"since": from_ms(terms.sell_until)})
        case SoldThere.OPEN:
            return None


def _sale(terms: SellingTerms, now: datetime) -> Selling | None:
    if terms.state is None:
        return None
    return selling(terms.state == PerformanceState.ON_SALE, _moment(terms.sell_until), _moment(terms.closes), now)


# --- contingents -----------------------------------------------------------------------------------------------------


def sells_from(channel_id: str, named: Collection[str], contingent_id: str, owner: str) -> bool:
    """Whether a channel that names these contingents sells out of one that belongs to the channel `owner` alone (empty:
    to none). What is in no contingent it sells by a right of its own."""
    return owner == channel_id if owner else contingent_id in named


def reach(read: Read, channel_id: str, named: Sequence[str], uncontingented: bool) -> frozenset[str]:
    """The contingents that a channel may sell from; an empty id among them: hors contingent."""
    key = ("contingents near", channel_id, *named)
    near = remembered(read, SELLING_TERMS, key, lambda: _near(read, channel_id, named))
    within = (each for each, owner in near if sells_from(channel_id, named, each, owner))
    return frozenset({*within, *([""] if uncontingented else [])})


def _near(read: Read, channel_id: str, named: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Of a channel's own contingents, and of those that it names, the ids and whose they are."""
    among, params = in_list("c", named) if named else ("('')", {})
    rows = read.run(
        "SELECT id, COALESCE(external_channel_id, '') FROM contingent "  # noqa: S608 - names of parameters
        f"WHERE external_channel_id = :id OR id IN {among} ORDER BY id",
        id=channel_id, **params,
    )  # fmt: skip
    return tuple((contingent_id, owner) for contingent_id, owner in rows)


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
        fits, detail = bool(terms.uncontingented), _NO_RIGHT
    else:
        code, owner = remembered(read, SELLING_TERMS, ("owner", contingent_id), lambda: _owner(read, contingent_id))
        fits = sells_from(terms.channel, orjson.loads(terms.contingents), contingent_id, owner)
        detail = {"contingent": contingent_id, "code": code, "belongs_to": owner}
    return None if fits else Refused(NoSale.NOT_FOR_THIS_CHANNEL, fix=terms.channel, detail=detail)
