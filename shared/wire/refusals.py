"""What central may refuse to a device that the device does something about."""

from enum import Enum


class DeviceRefusal(Enum):
    """Each is the key of a reason of central's (its enum there, its member), as an answer has it; whatever else central
    says is heard as none of these. No text, so that nothing is told apart by how it is spelt. A test holds both sides
    to it: central says each, to what a device asks, and a device does something about each."""

    WRONG_TIME = "wrong_time"  # what a request's signature says of its time: the answer's detail has central's
    BAD_CODE = "no_device.bad_code"
    CODE_EXPIRED = "no_device.code_expired"
    BAD_REQUEST = "no_device.bad_request"
    KEY_TAKEN = "no_device.key_taken"
    NO_SUCH_DEVICE = "no_device.no_such_device"
    NOT_A_SELLER = "no_lease.not_a_seller"
    NO_SUCH_PERFORMANCE = "no_lease.no_such_performance"
    NOT_ON_SALE = "no_lease.not_on_sale"
    TOO_MANY_PLACES = "no_lease.too_many"
    RESERVE_KEPT = "no_lease.reserve_kept"
    LEASE_TAKEN = "no_lease.taken"
    PLACE_TAKEN = "no_place.taken"
    LIMIT = "no_place.limit"


def refusal_named(said: str) -> DeviceRefusal | None:
    return _BY_KEY.get(said)


_BY_KEY = {each.value: each for each in DeviceRefusal}
