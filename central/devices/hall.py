"""The picture of a hall for screens far away: one bit a seat, 1 = cannot be had. A picture, never a right: a kiosk that
wants a seat asks for its lease, and the unique index decides."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from central.catalogue.model import CataloguePrivilege, NoProduct, Performance
from central.catalogue.ops import on_sale
from central.inventory.reads import seats_gone
from central.kernel.entity import Between, Bulky, Ref
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.feeds import Family, HallRow, feed_name


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishHall:
    """Tells a performance's picture to its site. `taken` is derived, so the log keeps it in brief."""

    performance_id: Annotated[Id, Ref("performance")]
    taken: Annotated[str, Bulky(), Between(most=32_768)]


@handles(
    PublishHall,
    needs=CataloguePrivilege.CATALOGUE_MODIFY,
    refuses=(NoProduct,),
    on="",
)
def publish_hall(tx: Tx, want: PublishHall) -> Outcome[None]:
    performance = tx.get(Performance, want.performance_id)
    if performance is None:
        return Refused(NoProduct.NO_SUCH_PERFORMANCE, fix="performance_id")
    tx.feed(feed_name(Family.HALL, performance.site_id), performance.id, HallRow(want.taken))
    return Ok(None)


def pictures(read: Read, performance_ids: Iterable[Id]) -> dict[Id, str]:
    """The pictures of those of these performances that are sold now."""
    found = [read.get(Performance, each) for each in performance_ids]
    return {each.id: taken_bits(read, each.id) for each in found if each and on_sale(each, read.now)}


def all_on_sale(read: Read) -> list[Id]:
    return [each.id for each in read.find(Performance, "WHERE state = 'on_sale'") if on_sale(each, read.now)]


def taken_bits(read: Read, performance_id: Id) -> str:
    """Base64 of one bit per seat in plan order, most significant first. A seat that has no place here (it is invalid)
    cannot be had."""
    bits = "".join("1" if gone else "0" for gone in seats_gone(read, performance_id))
    padded = bits + "0" * (-len(bits) % 8)
    return b64encode(int(padded or "0", 2).to_bytes(len(padded) // 8, "big")).decode()
