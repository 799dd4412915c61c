"""What devices, their leases and their facts live through, for test_life_cycles.py."""

import orjson

from central.devices.enrolment import InviteDevice, RenewCode, RevokeDevice
from central.devices.facts import RetryFact
from central.devices.leases import DrainLease, WriteOffLease
from central.devices.model import FactState
from shared.wire.certificates import DeviceKind
from shared.wire.facts import FactKind, LeaseSealed, SlotsReturned
from tests.central.devices.test_facts import enrol
from tests.central.small_house import Clerk, House, new_id

WORKED_OUT = {
    "fact_gap": "UPDATE device SET contiguous = 12",
    "device": "UPDATE device SET contiguous = 12",
}
"""Makes rows wrong that the area checks itself, for test_row_proof.py."""


def lives(clerk: Clerk, house: House) -> None:
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    leases = [kiosk.lease(house, *house.seats[n : n + 2]) for n in (10, 12, 14, 16)]
    drained, sealed, lost, drained_and_lost = leases
    for lease in (drained, drained_and_lost):
        clerk.do(DrainLease(lease_id=lease.id))
    for lease in (lost, drained_and_lost):
        clerk.do(WriteOffLease(lease_id=lease.id, reason="stolen"))
    sale = kiosk.saw(FactKind.SALE, kiosk.sale(house, drained, 0))
    kiosk.send(kiosk.saw(FactKind.LEASE_SEALED, LeaseSealed(drained.id, (0,))))
    kiosk.send(sale)
    kiosk.send(kiosk.saw(FactKind.LEASE_SEALED, LeaseSealed(sealed.id, ())))
    letter = kiosk.saw(FactKind.SLOTS_RETURNED, {"lease_id": sealed.id, "slots": "both"})
    kiosk.send(letter)
    (((record,),)) = clerk.rows("SELECT id FROM fact WHERE state = 'dead'")
    body = orjson.dumps(SlotsReturned(sealed.id, (0,))).decode()
    clerk.db.write("UPDATE fact SET body = :body WHERE id = :id", {"body": body, "id": record})  # what it is mended by
    assert clerk.do(RetryFact(fact_record_id=record)) == FactState.TAKEN
    for approve in (True, False):
        gate = enrol(clerk, house, DeviceKind.GATE, approve=approve)
        clerk.do(RevokeDevice(device_id=gate.id))
    invited = new_id()
    clerk.do(InviteDevice(
        id=invited, context_id=house.organiser, site_id=house.site, kind=DeviceKind.GATE, code="G9", label="Gate",
        point_of_sale_id=None,
    ))  # fmt: skip
    clerk.do(RenewCode(device_id=invited))
    clerk.do(RevokeDevice(device_id=invited))
