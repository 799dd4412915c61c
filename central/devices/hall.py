"""The picture of a hall for screens far away: one bit a seat, 1 = cannot be had. A picture, never a right: a kiosk that
wants a seat asks for its lease, and the unique index decides."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from central.catalogue.model import CataloguePrivilege, NoProduct, Performance
from central.catalogue.ops import on_sale
from central.inventory.model import TAKEN
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
    rows = read.run(
        "SELECT CASE WHEN p.id IS NOT NULL AND a.id IS NULL AND p.blocked = '' THEN 0 ELSE 1 END FROM performance f "  # noqa: S608 - names of ours, values are parameters
        "JOIN logical_configuration l ON l.id = f.logical_configuration_id "
        "JOIN physical_seat s ON s.configuration_id = l.physical_configuration_id "
        "LEFT JOIN place p ON p.performance_id = f.id AND p.seat_id = s.id "
        f"LEFT JOIN allocation a ON a.performance_id = f.id AND a.seat_id = s.id AND a.{TAKEN} "
        "WHERE f.id = :id ORDER BY s.position",
        id=performance_id,
    )
    bits = "".join(str(taken) for (taken,) in rows)
    padded = bits + "0" * (-len(bits) % 8)
    return b64encode(int(padded or "0", 2).to_bytes(len(padded) // 8, "big")).decode()
