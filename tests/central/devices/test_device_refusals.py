"""What a device does something about is a word of `DeviceRefusal`: central says each, where a device asks, and a device
does something about each. Neither side spells one, and the stand-ins of tests raise what central says."""

import ast
import re
from pathlib import Path

import pytest

import central.areas  # noqa: F401  # declares what central refuses
from central.devices.enrolment import EnrolDevice, Enrolment
from central.devices.leases import RequestLease
from central.kernel.registry import handler_of
from edge.device import enrolment
from edge.kiosk import shell
from shared.outcome import Reason
from shared.runtime.central import Declined
from shared.wire.refusals import DeviceRefusal

ROOT = Path(__file__).parents[3]
ASKED = {EnrolDevice: enrolment.REFUSALS, Enrolment: enrolment.REFUSALS, RequestLease: shell.REFUSED_AS}
BY_REQUEST = {DeviceRefusal.WRONG_TIME: "shared/runtime/central.py"}  # whatever is asked: of the signature
REASONS = {each.key: each for kind in (EnrolDevice, Enrolment, RequestLease) for each in handler_of(kind).reasons}
CENTRAL = "\n".join(
    re.sub(r"^class \w+\(Reason\):.*?(?=^\S)", "", file.read_text(), flags=re.DOTALL | re.MULTILINE)
    for file in (ROOT / "central").rglob("*.py")
)


def _texts(file: Path) -> list[str]:
    return [
        node.value for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]  # fmt: skip


@pytest.mark.parametrize("refusal", DeviceRefusal, ids=str)
def test_central_says_it_and_a_device_does_something_about_it(refusal: DeviceRefusal) -> None:
    if where := BY_REQUEST.get(refusal):
        assert (
            f"DeviceRefusal.{refusal.name}" in CENTRAL and f"DeviceRefusal.{refusal.name}" in (ROOT / where).read_text()
        )
        return
    reason = REASONS[refusal.value]
    assert f"{type(reason).__name__}.{reason.name}" in CENTRAL, "declared, and never said"
    assert [kind for kind, handled in ASKED.items() if refusal in handled and reason in handler_of(kind).reasons]


def test_a_device_knows_nothing_else() -> None:
    assert {*enrolment.REFUSALS, *shell.REFUSED_AS, *BY_REQUEST} == {*DeviceRefusal}
    assert Declined(DeviceRefusal.LEASE_TAKEN).reason is Declined("no_lease.taken").reason is DeviceRefusal.LEASE_TAKEN
    assert (Declined("no_entry.busy", "a").reason, str(Declined("no_entry.busy", "a"))) == (None, "no_entry.busy (a)")


def test_no_reason_is_spelt_where_it_has_a_name() -> None:
    """In devices, what both sides share, and the stand-ins for central in their tests."""
    keys = {member.key for kind in Reason.__subclasses__() for member in kind}
    product = [*(ROOT / "edge").rglob("*.py"), *(ROOT / "shared").rglob("*.py"), *(ROOT / "parterre").rglob("*.py")]
    tests = [file for name in ("shared/runtime", "edge", "sim") for file in (ROOT / "tests" / name).rglob("*.py")]
    own = {each.value for each in DeviceRefusal}
    spelt = {
        str(file.relative_to(ROOT)): found
        for file, words in [*((file, keys | own) for file in product), *((file, own) for file in tests)]
        if file.name != "refusals.py" and (found := words & {*_texts(file)})
    }
    assert not spelt
