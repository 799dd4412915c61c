"""The picture of a hall for screens far away: one bit a seat, 1 = cannot be had. A picture, never a right: a kiosk that
wants a seat asks for its lease, and the unique index decides."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from central.catalogue.model import CataloguePrivilege, NoPerformance, Performance
from central.catalogue.ops import on_sale
from central.inventory.counts import Key, changed_since, revisions
from central.inventory.halls import MOST_CHANGES, SeatsInOrder, hall_in_order
from central.inventory.places import AT_ONCE
from central.inventory.reads import seats_gone, seats_now
from central.kernel.entity import Between, Bulky, Ref
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.feeds import FeedFamily, HallRow, feed_name


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishHall:
    """Tells a performance's picture to its site. `taken` is derived, so the log keeps it in brief."""

    performance_id: Annotated[Id, Ref("performance")]
    taken: Annotated[str, Bulky(), Between(most=32_768)]


@handles(
    PublishHall,
    needs=CataloguePrivilege.CATALOGUE_MODIFY,
    refuses=(NoPerformance,),
    on="",
)
def publish_hall(tx: Tx, want: PublishHall) -> Outcome[None]:
    performance = tx.get(Performance, want.performance_id)
    if performance is None:
        return Refused(NoPerformance.NO_SUCH_PERFORMANCE, fix="performance_id")
    tx.feed(feed_name(FeedFamily.HALL, performance.site_id), performance.id, HallRow(want.taken))
    return Ok(None)


@dataclass(slots=True)
class SeenHall:
    """A hall as it was last seen: one bit a seat, in the order of `plan`; `known`: the revisions of its counts then."""

    plan: SeatsInOrder
    gone: bytearray
    known: dict[Key, int]

    @property
    def taken(self) -> str:
        return b64encode(self.gone).decode()


def pictures(read: Read, halls: Mapping[Id, SeenHall | None]) -> dict[Id, SeenHall]:
    """The pictures of those of these performances that are sold now; of one that was seen before, only what has changed
    is looked at."""
    found = [read.get(Performance, each) for each in halls]
    return {each.id: seen(read, each.id, halls[each.id]) for each in found if each and on_sale(each, read.now)}


def seen(read: Read, performance_id: Id, before: SeenHall | None = None) -> SeenHall:
    """The picture as it is now; `before` is brought up to date: where seats are in a hall that is sold stays."""
    if before is not None:
        changed = changed_since(read, performance_id, before.known, MOST_CHANGES)
        if changed is not None and changed <= before.plan.index.keys():
            _redraw(read, performance_id, before, sorted(changed))
            return before
    plan = hall_in_order(read, performance_id)
    known = revisions(read, performance_id)
    bits = "".join("1" if gone else "0" for gone in seats_gone(read, performance_id))
    padded = bits + "0" * (-len(bits) % 8)
    return SeenHall(plan, bytearray(int(padded or "0", 2).to_bytes(len(padded) // 8, "big")), known)


def _redraw(read: Read, performance_id: Id, picture: SeenHall, seats: Sequence[str]) -> None:
    """A seat that has no place here (it is invalid) cannot be had."""
    free: set[str] = set()
    for first in range(0, len(seats), AT_ONCE):
        standing = seats_now(read, performance_id, seats[first : first + AT_ONCE])
        free |= {place.seat_id for place in standing if place.is_free}
    for seat in seats:
        at = picture.plan.index[seat]
        bit = 0x80 >> at % 8
        if seat in free:
            picture.gone[at // 8] &= ~bit
        else:
            picture.gone[at // 8] |= bit
