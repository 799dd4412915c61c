"""What central and the devices at a cloakroom agree on (test_new_area.py copies it into shared/wire)."""

from dataclasses import dataclass
from typing import Final

from shared.wire.bounds import Count, IdText

COATS: Final = "coats"  # a family of feeds. Scope: site. The coats that hang there
COAT_FETCHED: Final = "coat_fetched"  # a kind of fact


@dataclass(frozen=True, slots=True)
class CoatRow:
    """Key: coat id."""

    number: Count


@dataclass(frozen=True, slots=True)
class CoatFetched:
    """Body of COAT_FETCHED: given back at the gate."""

    coat_id: IdText
