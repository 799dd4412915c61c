"""What central says no for, and what the kiosk's visitor reads: nobody is told that a seat was taken that was not."""

from central.devices.leases import RequestLease
from central.kernel.registry import handler_of
from edge.kiosk.till import REFUSED_AS
from edge.kiosk.troubles import Notice


def test_the_kiosk_knows_central_s_reasons_by_their_names() -> None:
    given = {reason.key: reason for kind in handler_of(RequestLease).refuses for reason in kind}
    assert REFUSED_AS.keys() <= given.keys(), "a reason was renamed or has gone"
    taken = {key for key, notice in REFUSED_AS.items() if notice is Notice.SEAT_TAKEN}
    assert taken == {key for key, reason in given.items() if reason.name == "TAKEN"}
