"""Who is revoked, as a list that OpenSSL reads: for brokers of the house, and nobody else."""

from central.devices.enrolment import RevokeDevice
from central.devices.model import NoDevice
from central.devices.revocations import Revocations
from shared.wire.certificates import DeviceKind, revoked_serials
from tests.central.devices.test_facts import Machine, enrol
from tests.central.small_house import Clerk, House


def serials(broker: Machine) -> int:
    told = broker.clerk.ask(Revocations())
    found = revoked_serials(told.value["pem"], broker.clerk.door.keys.root_pem)
    assert found is not None
    return len(found)


def test_the_list_grows_with_every_revocation(clerk: Clerk, house: House) -> None:
    broker = enrol(clerk, house, DeviceKind.BROKER)
    gates = [enrol(clerk, house, DeviceKind.GATE) for _ in range(3)]
    assert serials(broker) == 0
    for n, gate in enumerate(gates, 1):
        clerk.do(RevokeDevice(device_id=gate.id))
        assert serials(broker) == n
    clerk.do(RevokeDevice(device_id=enrol(clerk, house, DeviceKind.GATE, approve=False).id))
    assert serials(broker) == 3, "who was never let in holds no certificate"


def test_it_is_for_brokers(clerk: Clerk, house: House) -> None:
    for kind in (DeviceKind.GATE, DeviceKind.KIOSK, DeviceKind.PRINTER):
        assert enrol(clerk, house, kind).clerk.ask(Revocations()).reason == NoDevice.NOT_YOUR_FEED
    broker = enrol(clerk, house, DeviceKind.BROKER)
    clerk.do(RevokeDevice(device_id=broker.id))
    assert broker.clerk.ask(Revocations()).reason == NoDevice.REVOKED
