"""What central says no for, and what the kiosk's visitor reads: nobody is told that a seat was taken that was not."""

from central.devices.leases import RequestLease
from central.kernel.registry import handler_of
from edge.kiosk.shell import REFUSED_AS
from edge.kiosk.troubles import Notice


def test_a_seat_was_taken_is_what_central_says_of_taken_ones() -> None:
    """That central says each at all: tests/central/devices/test_device_refusals.py."""
    given = {reason.key: reason for kind in handler_of(RequestLease).refuses for reason in kind}
    taken = {each.value for each, notice in REFUSED_AS.items() if notice is Notice.SEAT_TAKEN}
    assert taken == {key for key, reason in given.items() if reason.name == "TAKEN"}
