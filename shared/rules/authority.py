"""What a device may tell and read, by the rights of its kind: one table for central, which takes its facts and opens
its feeds, and for whoever else hears it. Some things every device may: they all tell how they are, and all have to
know the keys and what is on.
"""

from collections.abc import Mapping
from typing import Final

from shared.wire.certificates import RIGHTS, DeviceKind, Right
from shared.wire.facts import FactKind
from shared.wire.feeds import Family

EVERYBODY: Final = frozenset(Right)

TELLS: Mapping[FactKind, frozenset[Right]] = {
    FactKind.SALE: frozenset({Right.SELL}),
    FactKind.SLOTS_RETURNED: frozenset({Right.SELL}),
    FactKind.LEASE_SEALED: frozenset({Right.SELL}),
    FactKind.PAYMENT: frozenset({Right.SELL}),
    FactKind.SCAN: frozenset({Right.CONTROL}),
    FactKind.PASSAGE: frozenset({Right.CONTROL}),
    FactKind.PRINT: frozenset({Right.PRINT}),
    FactKind.INCIDENT: EVERYBODY,
    FactKind.CLOCK: EVERYBODY,
}
"""A fact's kind → the rights of which its author has to have one."""

READS: Mapping[Family, frozenset[Right]] = {
    Family.KEYS: EVERYBODY,
    Family.PERFORMANCES: EVERYBODY,
    Family.CATALOGUE: frozenset({Right.SELL}),
    Family.PLANS: frozenset({Right.SELL}),
    Family.HALL: frozenset({Right.SELL}),
    Family.LEASES: frozenset({Right.SELL, Right.CONTROL}),  # a seller's own; for a gate, those of its site's sellers
    Family.TICKETS: frozenset({Right.CONTROL}),
    Family.ADMISSIONS: frozenset({Right.CONTROL}),
}
"""A family of feeds → the rights of which its reader has to have one. A snapshot holds TICKETS and ADMISSIONS."""

ASKS: Mapping[str, frozenset[Right]] = {
    "device_feeds": EVERYBODY,
    "feed": EVERYBODY,  # each as its family says
    "upload_facts": EVERYBODY,  # each as its kind says
    "snapshot": READS[Family.TICKETS],
    "revocations": frozenset({Right.RELAY}),
    "request_lease": frozenset({Right.SELL}),
}
"""What only devices ask, by the name of the command or query → the rights of which the asker has to have one."""


def may_tell(kind: DeviceKind, fact: FactKind) -> bool:
    return bool(RIGHTS[kind] & TELLS[fact])


def may_ask(kind: DeviceKind, name: str) -> bool:
    return bool(RIGHTS[kind] & ASKS[name])
