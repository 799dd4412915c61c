"""How a place stands, said once: counts, pictures, the live page and what an allocation may be follow from it."""

from enum import StrEnum


class PlaceState(StrEnum):
    """In the order of legends. `letter`: what stands for it in a plan's picture (none: it is told apart on the evening
    only). `bucket`: as what it counts (none: it is no place any more). `shape`: what is drawn at (0, 0) in the
    colour of its category, as SVG with the classes of `central/venues/hall_svg.py` (nothing where a seat is gone)."""

    letter: str
    bucket: str
    shape: str

    FREE = "free", "f", "free", '<circle r="9" fill="currentColor"/>'
    HELD = "held", "h", "held", '<circle r="8" class="ph-o"/><path d="M0-8A8 8 0 0 0 0 8Z" fill="currentColor"/>'
    LEASED = "leased", "l", "leased", '<circle r="8.5" class="ph-o"/><circle r="4.6" fill="currentColor"/>'
    OPTIONED = (
        "optioned", "o", "optioned",
        '<circle r="8.5" class="ph-o"/><path d="M0-5.6 5.6 0 0 5.6-5.6 0Z" fill="currentColor"/>',
    )  # fmt: skip
    SOLD = "sold", "s", "sold", '<circle r="8" class="ph-o"/>'
    ADMITTED = "admitted", "", "sold", '<circle r="9" class="ph-in"/><path d="M-4.2.3-1.2 3.4 4.4-3" class="ph-t"/>'
    BLOCKED = (
        "blocked", "b", "blocked",
        '<circle r="8" class="ph-o"/><path d="M-5.2-5.2 5.2 5.2M-5.2 5.2 5.2-5.2" class="ph-o"/>',
    )  # fmt: skip
    INVALID = "invalid", "x", "", ""

    def __new__(cls, value: str, letter: str, bucket: str, shape: str) -> "PlaceState":
        state = str.__new__(cls, value)
        state._value_ = value
        state.letter, state.bucket, state.shape = letter, bucket, shape
        return state


_NOBODYS = (PlaceState.FREE.value, PlaceState.BLOCKED.value)
BUCKETS = (*_NOBODYS, *(each.value for each in PlaceState if each.bucket == each and each not in _NOBODYS))
"""As what places count: free and blocked, then by who has them."""
HAD = frozenset(each.letter for each in PlaceState if each.letter and each.bucket and each not in _NOBODYS)
"""The letters of what somebody has."""


def state_of(taken: str | None, blocked: object) -> PlaceState:
    """By the state of who has the place (none: nobody), whether it is blocked or not."""
    return _BY_VALUE[taken] if taken else PlaceState.BLOCKED if blocked else PlaceState.FREE


def bucket_of(taken: str | None, blocked: object) -> str:
    """As what a place counts that stands so: `state_of(…).bucket`, in one step for whoever asks for each of 80,000."""
    return _BUCKET[taken] if taken else _BLOCKED if blocked else _FREE


_FREE, _BLOCKED = _NOBODYS
_BUCKET = {each.value: each.bucket for each in PlaceState}
_BY_VALUE = {each.value: each for each in PlaceState}  # a whole hall asks, and this is quicker than the class
